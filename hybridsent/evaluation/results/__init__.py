"""What was found, and how it is printed, drawn and written down (layer L5)."""

__all__: list[str] = []
