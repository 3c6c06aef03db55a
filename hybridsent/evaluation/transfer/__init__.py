"""Whether a model that adapts to a target domain is better than one that does not (layer L5)."""

__all__: list[str] = []
