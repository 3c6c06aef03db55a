"""Parts of a form, read in memory (layer L7).

python-multipart finds the parts. Starlette's reader around it writes those above a megabyte to a
disk, and takes a form that was cut off for one without fields.
"""

from __future__ import annotations

from typing import Any

from hybridsent._optional import import_optional
from hybridsent.serve._limits import RefusedError

__all__ = ["parts_of"]

_LONGEST_HEADERS = 8 * 1024


def parts_of(body: bytes, content_type: str, most: int) -> list[tuple[str, bytes]]:
    r"""Read the parts of a form.

    Parameters
    ----------
    body : bytes
        The body of a request.
    content_type : str
        Its type, with the boundary of the parts.
    most : int
        How many parts there may be.

    Returns
    -------
    list of (str, bytes)
        Names and contents, in their order; names of files are not read.

    Raises
    ------
    RefusedError
        If it is no form, is cut off, or has too many parts or too long headers.

    Examples
    --------
    >>> from hybridsent.serve._forms import parts_of
    >>> body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\ngood\r\n--x--\r\n'
    >>> parts_of(body, "multipart/form-data; boundary=x", 9)
    [('text', b'good')]
    """
    multipart = import_optional(
        "python_multipart.multipart", caller="hybridsent serve", extra="serve"
    )
    _, options = multipart.parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary or len(boundary) > 200:
        raise RefusedError(400, "no_form", "The type of a form must name its boundary.")
    read = _Parts(multipart.parse_options_header, most)
    try:
        parser = multipart.MultipartParser(boundary, read.callbacks())
        parser.write(body)
        parser.finalize()
    except RefusedError:
        raise
    except Exception as error:  # python-multipart's own, and those of odd headers
        told = "The form cannot be read: it is damaged, or its boundary is another one."
        raise RefusedError(400, "no_form", told) from error
    if not read.ended:
        raise RefusedError(400, "no_form", "The form is cut off: its last boundary is missing.")
    return read.found


class _Parts:
    """What the parser finds."""

    def __init__(self, options: Any, most: int) -> None:
        self.options, self.most = options, most
        self.found: list[tuple[str, bytes]] = []
        self.ended = False
        self._name, self._value = b"", b""
        self._disposition = b""
        self._content: list[bytes] = []
        self._length = 0

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.found) >= self.most:
            raise RefusedError(413, "too_large", f"A form must have at most {self.most} parts.")
        self._content, self._disposition, self._length = [], b"", 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow(end - start)
        self._value += data[start:end]

    def _grow(self, n: int) -> None:
        self._length += n
        if self._length > _LONGEST_HEADERS:
            raise RefusedError(413, "too_large", "The headers of a part of the form are too long.")

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _part_end(self) -> None:
        kind, options = self.options(self._disposition)
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise RefusedError(400, "no_form", "Each part of the form must name its field.")
        self.found.append((name.decode("utf-8", "replace"), b"".join(self._content)))

    def _end(self) -> None:
        self.ended = True
