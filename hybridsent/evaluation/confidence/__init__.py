"""How far probabilities and conformal sets can be believed (layer L5)."""

__all__: list[str] = []
