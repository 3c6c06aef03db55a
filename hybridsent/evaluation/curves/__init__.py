"""Scores over what is varied: labels, missing views, noise, costs (layer L5)."""

__all__: list[str] = []
