"""A small cell of each kind, with which a service is warmed up and documented (layer L1)."""

from __future__ import annotations

import io

__all__ = ["picture", "sound", "words"]


def words() -> str:
    """Give a text.

    Returns
    -------
    str
        A short one.

    Examples
    --------
    >>> from hybridsent.media._examples import words
    >>> words()
    'I love it, every single minute of it!'
    """
    return "I love it, every single minute of it!"


def picture() -> bytes:
    r"""Give the file of a picture.

    Returns
    -------
    bytes
        A PNG of a few hundred bytes.

    Examples
    --------
    >>> from hybridsent.media._examples import picture
    >>> picture()[:4], len(picture()) < 4000
    (b'\x89PNG', True)
    """
    from PIL import Image

    file = io.BytesIO()
    Image.radial_gradient("L").resize((48, 48)).save(file, "PNG")
    return file.getvalue()


def sound() -> bytes:
    """Give the file of a sound.

    Returns
    -------
    bytes
        A WAV of a second, a tone that swells.

    Examples
    --------
    >>> from hybridsent.media._examples import sound
    >>> sound()[:4]
    b'RIFF'
    """
    import numpy as np
    import soundfile

    times = np.arange(16_000) / 16_000
    file = io.BytesIO()
    soundfile.write(file, 0.5 * times * np.sin(2 * np.pi * 220 * times), 16_000, format="WAV")
    return file.getvalue()
