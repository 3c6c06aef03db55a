"""What of a score, or of an answer, is due to each view (layer L5)."""

__all__: list[str] = []
