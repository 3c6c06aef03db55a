"""Rows as clients send them: a body of JSON, or a form with files (layer L7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hybridsent.serve._cells import cell_of_json, cell_of_part
from hybridsent.serve._fields import Field
from hybridsent.serve._forms import parts_of
from hybridsent.serve._json import json_of
from hybridsent.serve._limits import Limits, RefusedError
from hybridsent.serve._rows import Row, row_of

__all__ = ["Sent"]

_NO_LIST = "The body must be a list of one row or more; one row alone is asked about at /predict."
_NO_ROW = (
    "A row must be an object: a value for each field. A list of rows is asked about at "
    "/predict/batch."
)


class Sent:
    """Reads bodies of requests.

    Parameters
    ----------
    fields : sequence of Field
        Those of the model.
    limits : Limits
        What a body may hold.
    """

    def __init__(self, fields: Sequence[Field], limits: Limits) -> None:
        self.fields, self.limits = fields, limits

    def rows_of(self, body: bytes) -> list[Row]:
        """Read a list of rows of JSON."""
        sent = json_of(body, self._values(self.limits.rows))
        if not isinstance(sent, list) or not sent:
            raise RefusedError(422, "no_rows", _NO_LIST)
        if len(sent) > self.limits.rows:
            raise RefusedError(
                413,
                "too_many_rows",
                f"At most {self.limits.rows} rows may be asked about at once, got {len(sent)}; "
                "send them in several requests.",
            )
        rows = []
        for at, each in enumerate(sent):
            try:
                rows.append(self._row(each))
            except RefusedError as error:
                error.row = at
                raise
        return rows

    def row_of(self, body: bytes) -> Row:
        """Read a row of JSON."""
        return self._row(json_of(body, self._values(1)))

    def _values(self, rows: int) -> int:
        """Give how many values a body of rows may have."""
        widths = [
            len(field.columns) or (self.limits.items if field.kind in ("text", "media") else 1)
            for field in self.fields
        ]
        return rows * sum(width + 1 for width in widths)

    def _row(self, sent: Any) -> Row:
        if not isinstance(sent, dict):
            raise RefusedError(422, "no_row", _NO_ROW)
        known = {field.name: field for field in self.fields}
        self._check_known(sent)
        cells = {
            name: cell_of_json(known[name], value, self.limits) for name, value in sent.items()
        }
        return row_of(self.fields, cells)

    def row_of_form(self, body: bytes, kind: str) -> Row:
        """Read a row of a form with files."""
        fields = self.fields
        parts = parts_of(body, kind, most=len(fields) * self.limits.items)
        known = {field.name: field for field in fields}
        self._check_known([name for name, _ in parts])
        found: dict[str, list[Any]] = {}
        for name, content in parts:
            cell = cell_of_part(known[name], content, self.limits)
            if cell is not None:
                found.setdefault(name, []).append(cell)
        cells: dict[str, Any] = {}
        for name, items in found.items():
            several = known[name].kind in ("text", "media")
            if len(items) > (self.limits.items if several else 1):
                most = self.limits.items if several else 1
                raise RefusedError(
                    413 if several else 422,
                    "too_many_items",
                    f"The field {name!r} may be given {most} times at most, got {len(items)}.",
                    field=name,
                )
            cells[name] = items[0] if len(items) == 1 else items
        return row_of(fields, cells)

    def _check_known(self, names: Iterable[str]) -> None:
        known = [field.name for field in self.fields]
        for name in names:
            if name not in known:
                raise RefusedError(
                    422,
                    "unknown_field",
                    f"The model reads the fields {known}, and none of the name {name[:60]!r}.",
                )
