"""What a table says of its rows: labels, groups, domains, and which columns are read (layer L5)."""

__all__: list[str] = []
