"""How large a cell is, told without decoding it (layer L1).

Limits of encoders refuse a cell when it is read. Who answers for many cells at once wants to know
before: here are what their headers and packets tell. A cell that does not tell counts as the
largest that is read, as none beyond that is decoded.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from hybridsent.exceptions import MediaError
from hybridsent.media._container import HEAD, container_of, opened_container

__all__ = ["pixels_of", "seconds_of"]


def pixels_of(content: bytes, reader: Mapping[str, Any]) -> float:
    """Tell how many pixels are decoded of a picture, or of the frames of a video.

    Parameters
    ----------
    content : bytes
        Of a file.
    reader : mapping
        Parameters of the encoder that reads it: ``max_pixels``, and ``frames`` of a video.

    Returns
    -------
    float
        Width times height; of a video times the frames that are read at most.

    Raises
    ------
    MediaError
        If it is neither.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from hybridsent.media._measures import pixels_of
    >>> Image.new("RGB", (30, 20)).save(file := io.BytesIO(), "PNG")
    >>> pixels_of(file.getvalue(), {"max_pixels": 10**6, "frames": 8})
    600.0
    """
    from hybridsent.media._container_cuts import _MOST_SCENES
    from hybridsent.media._container_frames import stream_of
    from hybridsent.media.image import _opened

    name = container_of(content[:HEAD])
    if name is None:
        width, height = _opened(content).size
        return float(width * height)
    with opened_container(content, name) as opened:
        context = stream_of(opened, reader["max_pixels"]).codec_context
        wanted = reader.get("frames", 1)
        frames = _MOST_SCENES if isinstance(wanted, str) else wanted
        return float(context.width * context.height * frames)


def seconds_of(content: bytes, reader: Mapping[str, Any]) -> float:
    """Tell how long a sound is, or that of a video.

    Parameters
    ----------
    content : bytes
        Of a file.
    reader : mapping
        Parameters of the encoder that reads it: ``max_seconds``.

    Returns
    -------
    float
        Its length; ``max_seconds`` where the file does not tell.

    Raises
    ------
    MediaError
        If it is none.

    Examples
    --------
    >>> from hybridsent.media import get_modality
    >>> from hybridsent.media._examples import sound
    >>> from hybridsent.media._measures import seconds_of
    >>> seconds_of(sound(), {"max_seconds": 600.0}) > 0
    True
    """
    from hybridsent.media._container_sound import _declared, chosen
    from hybridsent.media._cut import after_id3
    from hybridsent.media.audio import _check_mark, _in_pieces

    most = float(reader["max_seconds"])
    head = content[after_id3(content) :][:HEAD]
    if _in_pieces(head):
        with opened_container(content, str(container_of(head))) as opened:
            return min(_declared(opened, chosen(opened)) or most, most)
    _check_mark(content)
    try:
        return min(_opened_seconds(content), most)
    except MediaError:
        if container_of(head) is None:
            raise
        return most  # FFmpeg may read it


def _opened_seconds(content: bytes) -> float:
    import soundfile

    from hybridsent.media._mend import with_length
    from hybridsent.media.audio import _said

    try:
        with soundfile.SoundFile(io.BytesIO(with_length(content))) as file:
            return float(file.frames / max(1, file.samplerate))
    # libsndfile's errors come as RuntimeError subclasses, its odd headers as TypeError, ValueError
    except Exception as error:
        raise MediaError(f"the sound cannot be opened: {_said(error)}") from error
