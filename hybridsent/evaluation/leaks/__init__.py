"""What in a table flatters scores, or should be known before it judges anything (layer L5)."""

__all__: list[str] = []
