"""When something was written: times as people and machines write them (layer L4).

Why by hand: `pandas.to_datetime` reads a column of one form, and posts of several sources have
several; it takes an integer for nanoseconds, where services write seconds or milliseconds, and
"03/04/2026" for the fourth of March without a word. It reads here what nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hybridsent._tables import as_pandas
from hybridsent.exceptions import TableError
from hybridsent.media import is_missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Times", "read_time", "read_times", "read_zone", "written_time"]

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[ T,]+(.+))?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)", re.ASCII)
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(.*)", re.ASCII)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?", re.ASCII | re.IGNORECASE
)
_IN_WORDS = re.compile(r"(?=.*[A-Za-z]{3})(?=.*\d{4}).{8,64}")
_FIRST, _LAST = 0.0, 253_402_300_799.0  # the years 1970 and 9999
_LONGEST = 64
_TWITTER = "%a %b %d %H:%M:%S %z %Y"
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH = 1e8  # below, a number is no time of a post (1973), but a day such as 20260301, or a year


@dataclass(frozen=True, eq=False)
class Times:
    """When each row was written.

    Parameters
    ----------
    moments : DatetimeIndex of length n
        In the time zone that was asked for; NaT where a cell is missing or cannot be read.
    missing : int
        How many cells are missing.
    unread : list of int, default=[]
        Rows, by position, whose cell cannot be read.
    naive : int, default=0
        How many told no time zone, and were taken for times of the one that was asked for.
    day_first : bool or None, default=None
        How dates such as 03/04/2026 were read; None where there were none.
    """

    moments: pd.DatetimeIndex
    missing: int
    unread: list[int] = field(default_factory=list)
    naive: int = 0
    day_first: bool | None = None


def read_zone(name: str | tzinfo, parameter: str = "timezone") -> tzinfo:
    """Find a time zone.

    Parameters
    ----------
    name : str or tzinfo
        ``"UTC"``, a name such as ``"Europe/Berlin"``, or ``"+08:00"``.
    parameter : str, default="timezone"
        Who named it, for messages.

    Returns
    -------
    tzinfo
        The zone.

    Raises
    ------
    ValueError
        If nobody knows it.

    Examples
    --------
    >>> from hybridsent.datasets._times import read_zone
    >>> str(read_zone("+08:00"))
    'UTC+08:00'
    """
    if isinstance(name, tzinfo):
        return name
    try:
        if name.upper() in ("UTC", "Z"):
            return UTC
        if re.fullmatch(r"[+-]\d\d:?\d\d", name, re.ASCII):
            zone = datetime.strptime(name, "%z").tzinfo
            if zone is not None:
                return zone
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError, AttributeError, TypeError) as error:
        raise ValueError(
            f"The {parameter} parameter must be the name of a time zone, such as 'UTC', "
            f"'Europe/Berlin' or '+08:00'. Got {name!r:.80}."
        ) from error


def read_time(value: Any, zone: tzinfo = UTC) -> float:
    """Read when a post was written.

    Parameters
    ----------
    value : object
        A text of ISO 8601 or RFC 2822, as Twitter writes it, or seconds, milliseconds, microseconds
        or nanoseconds since 1970, also as text; or a `datetime`.
    zone : tzinfo, default=UTC
        Of a time that tells none.

    Returns
    -------
    float
        Seconds since 1970 in UTC.

    Raises
    ------
    ValueError
        If it is no time, or one before 1970.

    Examples
    --------
    >>> from hybridsent.datasets._times import read_time
    >>> read_time("2026-03-01T12:00:00+02:00") == read_time(1772359200000)
    True
    """
    return _seconds(_moment(value), zone, value)


def read_times(
    column: pd.Series,
    *,
    timezone: str | tzinfo = "UTC",
    on_error: str = "raise",
    day_first: bool | None = None,
) -> Times:
    """Read a column of times, each cell in whichever form it is written.

    Parameters
    ----------
    column : Series, array or list of n cells
        Also a column of polars or pyarrow. A cell is what `read_time` reads; also a date such as
        ``2026/3/1``, ``2026年3月1日``, ``1.3.2026``, ``13/02/2026 9:05 pm`` and ``March 1, 2026
        10:00``, or a whole number such as 20260301.
        Where it comes from tells which number of a date with slashes is the day: one above 12.
    timezone : str or tzinfo, default="UTC"
        Of times that tell none, and of what is given back.
    on_error : {"raise", "missing"}, default="raise"
        Whether a cell that cannot be read is refused, or told as a row of `Times.unread`.
    day_first : bool or None, default=None
        How dates such as 03/04/2026 are read; None reads them where other rows decide it, and
        refuses them else.

    Returns
    -------
    Times
        When each row was written.

    Raises
    ------
    TableError
        If a cell cannot be read and `on_error` is ``"raise"``, or nothing tells day from month.
    ValueError
        If `column` is no column, or another parameter none of its values.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets import read_times
    >>> cells = ["2026-03-01T12:00:00+02:00", 1772359200, "13/02/2026 9:05 pm", None]
    >>> read = read_times(pd.Series(cells, dtype=object))
    >>> read.moments.strftime("%d %H:%M").tolist(), read.missing, read.naive
    (['01 10:00', '01 10:00', '13 21:05', nan], 1, 1)
    """
    import pandas as pd

    zone = read_zone(timezone)
    column = _as_column(column)
    _check_how(on_error, day_first)
    cells = column.astype(object).tolist()
    found: list[datetime | float | None] = [None] * len(cells)
    slashed: dict[int, tuple[int, int, int, tuple[int, int, int]]] = {}
    unread, missing, naive = [], 0, 0
    for i, cell in enumerate(cells):
        if is_missing(cell) or cell is pd.NaT:
            missing += 1
        elif (dated := _slashed(cell)) is not None:
            slashed[i] = dated
        else:
            try:
                found[i] = _moment_of_column(cell)
            except ValueError:
                unread.append(i)
    first = _which_first(slashed, cells, column.name, day_first)
    for i, (a, b, year, clock) in slashed.items():
        try:
            found[i] = datetime(year, b if first else a, a if first else b, *clock)
        except ValueError:
            unread.append(i)
    micro: list[int | None] = [None] * len(cells)
    for i, moment in enumerate(found):
        if moment is None:
            continue
        naive += isinstance(moment, datetime) and moment.tzinfo is None
        try:
            micro[i] = _microseconds(moment, zone, cells[i])
        except ValueError:
            unread.append(i)
    unread.sort()
    if unread and on_error == "raise":
        raise _refused(cells, unread, column)
    return Times(_index(micro, zone), missing, unread, naive, first if slashed else None)


def _as_column(column: Any) -> pd.Series:
    import pandas as pd

    column = as_pandas(column)
    if isinstance(column, list | tuple) or getattr(column, "shape", None) == (len(column),):
        return column if isinstance(column, pd.Series) else pd.Series(column, dtype=object)
    raise ValueError(
        "read_times must be given one column of cells. Got "
        f"{type(column).__name__}; choose one, for example table['posted_at']."
    )


def _check_how(on_error: object, day_first: object) -> None:
    if on_error not in ("raise", "missing"):
        raise ValueError(
            "The on_error parameter of read_times must be 'raise' or 'missing'. Got "
            f"{on_error!r:.80}."
        )
    if day_first is not None and not isinstance(day_first, bool):
        raise ValueError(
            "The day_first parameter of read_times must be None, True or False. Got "
            f"{day_first!r:.80}."
        )


def _index(micro: list[int | None], zone: tzinfo) -> pd.DatetimeIndex:
    import numpy as np
    import pandas as pd

    nat = np.iinfo(np.int64).min
    whole = np.array([nat if each is None else each for each in micro], dtype=np.int64)
    return pd.DatetimeIndex(whole.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)


def _refused(cells: list[Any], unread: list[int], column: pd.Series) -> TableError:
    at = unread[0]
    more = f" ({len(unread)} such cells)" if len(unread) > 1 else ""
    return TableError(
        f"Row {at}, column {column.name!r}: a time must be ISO 8601 (2026-03-01T10:30+01:00), "
        f"RFC 2822, a date or a number since 1970; got {str(cells[at])[:60]!r}{more}. Mend it, or "
        "count such rows as without a time by on_error='missing'."
    )


def _which_first(
    slashed: dict[int, Any], cells: list[Any], name: object, told: bool | None
) -> bool:
    """Tell whether the day stands first in dates with slashes; points mean that it does."""
    if told is not None or not slashed:
        return bool(told)
    day = any(a > 12 for a, _, _, _ in slashed.values())
    month = any(b > 12 for _, b, _, _ in slashed.values())
    dotted = all("." in str(cells[i]).split()[0] for i in slashed)
    if day != month or dotted:
        return day or dotted
    at = next(iter(slashed))
    why = (
        "both readings occur in the column" if day else "no row of the column tells day from month"
    )
    raise TableError(
        f"Row {at}, column {name!r}: {str(cells[at])[:40]!r} may begin with the day or the month; "
        f"{why}. Say which with day_first=True or day_first=False, or write 2026-03-01."
    )


def _slashed(cell: Any) -> tuple[int, int, int, tuple[int, int, int]] | None:
    if not isinstance(cell, str):
        return None
    seen = _SLASHED.fullmatch(cell.strip())
    if seen is None:
        return None
    clock = _clock(seen[4])
    return None if clock is None else (int(seen[1]), int(seen[2]), int(seen[3]), clock)


def _clock(text: str | None) -> tuple[int, int, int] | None:
    if not text:
        return (0, 0, 0)
    seen = _CLOCK.fullmatch(text.strip())
    if seen is None:
        return None
    hour, half = int(seen[1]), (seen[4] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return (hour, int(seen[2]), int(seen[3] or 0))


def _moment_of_column(cell: Any) -> datetime | float:
    """Read what a post of a stream would not be, too: days as numbers, and dates in words."""
    import pandas as pd

    if isinstance(cell, pd.Period):
        return cell.start_time.to_pydatetime()
    number = _number(cell)
    if number is not None and 0 <= number < _EPOCH:
        if number != int(number) or not 19_000_101 <= number <= 22_001_231:
            raise ValueError(f"a time must be a number of seconds since 1970; got {cell!r:.40}")
        return datetime.strptime(str(int(number)), "%Y%m%d")
    if number is None and isinstance(cell, str):
        text = cell.strip()
        seen = _YEAR_FIRST.fullmatch(text) or _CHINESE.fullmatch(text)
        if seen is not None:
            rest = seen[4].strip().lstrip("T")
            return _moment(
                "{}-{:0>2}-{:0>2}{}".format(*seen.groups()[:3], f" {rest}" if rest else "")
            )
    try:
        return _moment(cell)
    except ValueError:
        if not isinstance(cell, str) or not _IN_WORDS.fullmatch(cell.strip()):
            raise
    try:
        read = pd.Timestamp(cell.strip())
    except (ValueError, OverflowError) as error:
        raise ValueError(f"a time must be a date; got {cell!r:.80}") from error
    return read.to_pydatetime(warn=False)


def _number(value: Any) -> float | None:
    from decimal import Decimal
    from numbers import Real

    if isinstance(value, str):
        text = value.strip()
        return float(text) if len(text) <= _LONGEST and _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        return None
    return float(value)


def _moment(value: Any) -> datetime | float:
    """Read a moment, or seconds since 1970."""
    import numpy as np

    if isinstance(value, datetime):
        return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, np.datetime64):
        plain = value.astype("datetime64[us]").item()
        if isinstance(plain, datetime):
            return plain
    number = _number(value)
    if number is not None:
        for _ in range(3):
            if abs(number) > 1e11:  # the year 5138 in seconds, 1973 in milliseconds
                number /= 1000
        return number
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004  # one error for all that is no time
            f"a time must be a text or a number; got {value!r:.80}"
        )
    return _of_text(value.strip())


def _of_text(text: str) -> datetime:
    if len(text) <= _LONGEST:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
        readers: tuple[Callable[[str], datetime], ...] = (_of_twitter, parsedate_to_datetime)
        for read in readers:
            try:
                return read(text)
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
    raise ValueError(f"a time must be ISO 8601, RFC 2822 or a number since 1970; got {text!r:.80}")


def _of_twitter(text: str) -> datetime:
    return datetime.strptime(text, _TWITTER)


def _seconds(found: datetime | float, zone: tzinfo, value: Any) -> float:
    if isinstance(found, datetime):
        moment = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        try:
            seconds = moment.timestamp()
        except (OverflowError, ValueError) as error:
            raise ValueError(f"a time must be after 1970; got {value!r:.80}") from error
    else:
        seconds = found
    if not _FIRST <= seconds <= _LAST:
        raise ValueError(f"a time must be after 1970; got {value!r:.80}")
    return seconds


def _microseconds(found: datetime | float, zone: tzinfo, value: Any) -> int:
    """Count microseconds since 1970; of a datetime exactly, which no float does after 2106."""
    seconds = _seconds(found, zone, value)
    if not isinstance(found, datetime):
        return round(seconds * 1e6)
    moment = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return (moment - _ZERO) // timedelta(microseconds=1)


def written_time(seconds: float) -> str:
    """Write a time as ISO 8601 in UTC.

    Parameters
    ----------
    seconds : float
        Since 1970.

    Returns
    -------
    str
        Such as ``"2026-03-01T10:00:00Z"``.

    Examples
    --------
    >>> from hybridsent.datasets._times import written_time
    >>> written_time(0)
    '1970-01-01T00:00:00Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    form = "milliseconds" if seconds % 1 else "seconds"
    return moment.isoformat(timespec=form).replace("+00:00", "Z")
