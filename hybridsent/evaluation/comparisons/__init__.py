"""Which of several models is better (layer L5)."""

__all__: list[str] = []
