"""What is measured, and how sure a number is (layer L5)."""

__all__: list[str] = []
