"""How times are written (layer L7)."""

from __future__ import annotations

__all__ = ["clock"]


def clock(seconds: float) -> str:
    """Write a time as players do.

    Parameters
    ----------
    seconds : float
        From the beginning.

    Returns
    -------
    str
        ``m:ss``, from an hour on ``h:mm:ss``.

    Examples
    --------
    >>> from hybridsent.timeline._words import clock
    >>> clock(7.4), clock(65), clock(3725)
    ('0:07', '1:05', '1:02:05')
    """
    whole = int(seconds + 1e-9)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
