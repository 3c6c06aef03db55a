"""Cells are encoded once and models fitted, for all that judges them (layer L5)."""

__all__: list[str] = []
