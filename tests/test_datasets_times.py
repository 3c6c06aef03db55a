"""When something was written: every form in which times come, and those that are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridsent.datasets import read_times
from hybridsent.datasets._times import read_time, read_zone, written_time
from hybridsent.exceptions import TableError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = NOON.timestamp()


def one(cell, **how):
    return read_times(pd.Series([cell], dtype=object, name="when"), **how)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01 12:00",
        "20260301T120000",
        "Sun Mar 01 12:00:00 +0000 2026",
        "Sun, 01 Mar 2026 12:00:00 GMT",
        "March 1, 2026 12:00",
        "2026/3/1 12:00",
        "2026年3月1日 12:00",
        "1.3.2026 12:00",
        SECONDS,
        int(SECONDS * 1e3),
        int(SECONDS * 1e6),
        str(int(SECONDS)),
        NOON,
        pd.Timestamp(NOON).tz_convert("Asia/Tokyo"),
        np.datetime64("2026-03-01T12:00"),
    ],
    ids=str,
)
def test_every_form_says_the_same(cell):
    assert one(cell).moments[0].timestamp() == SECONDS


@pytest.mark.parametrize(
    "cell", [20260301, "20260301", date(2026, 3, 1), "2026-03-01", pd.Period("2026-03-01", "D")]
)
def test_days_are_midnights(cell):
    assert one(cell).moments[0] == pd.Timestamp("2026-03-01", tz="UTC")


def test_dates_of_pandas_go_the_same_way():
    naive = pd.Series(pd.date_range("2026-03-01", periods=3, freq="h"))
    assert read_times(naive).moments.tolist() == naive.dt.tz_localize("UTC").tolist()
    aware = naive.dt.tz_localize("Europe/Berlin")
    read = read_times(aware, timezone="Europe/Berlin")
    assert read.moments.tolist() == aware.tolist()
    assert (read.naive, read_times(naive).naive) == (0, 3)


def test_times_without_a_zone_are_of_the_one_that_is_asked_for():
    berlin = one("2026-07-01 12:00", timezone="Europe/Berlin")
    assert berlin.moments[0].utcoffset() == timedelta(hours=2)
    assert berlin.moments[0].timestamp() == datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()
    assert (berlin.naive, one("2026-07-01T12:00Z", timezone="Europe/Berlin").naive) == (1, 0)


def test_other_rows_tell_day_from_month():
    told = read_times(pd.Series(["03/04/2026", "13/04/2026"]))
    assert (told.day_first, told.moments[0].month) == (True, 4)
    told = read_times(pd.Series(["03/04/2026", "04/13/2026"]))
    assert (told.day_first, told.moments[0].month) == (False, 3)
    assert one("03/04/2026", day_first=False).moments[0].day == 4


@pytest.mark.parametrize("cells", [["03/04/2026"], ["13/04/2026", "04/13/2026"]])
def test_what_may_be_two_days_is_refused(cells):
    with pytest.raises(TableError, match="day_first"):
        read_times(pd.Series(cells, name="when"))


@pytest.mark.parametrize(
    "cell",
    ["soon", "2026-13-01", "25:00", 15, 2026, "2026", -5, True, [1], 1e30, "1" * 90, "31/02/2026"],
)
def test_what_is_no_time_is_refused_or_counted(cell):
    with pytest.raises(TableError, match="Row 0, column 'when'"):
        one(cell, day_first=True)
    read = one(cell, on_error="missing", day_first=True)
    assert (read.unread, read.missing, read.moments.isna().all()) == ([0], 0, True)


@pytest.mark.parametrize("cell", [None, "", float("nan"), pd.NaT, pd.NA])
def test_missing_cells_are_counted(cell):
    read = one(cell)
    assert (read.missing, read.unread) == (1, [])


@pytest.mark.parametrize("name", ["Mars/Base", "", 3, None, "../../etc/passwd"])
def test_zones_that_nobody_knows_are_refused(name):
    with pytest.raises(ValueError, match="timezone"):
        read_zone(name)


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
)
@example(datetime(2107, 1, 1, 0, 0, 0, 7), 0)
def test_what_is_written_as_iso_is_read_as_it_is(moment, minutes):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert one(aware.isoformat()).moments[0] == pd.Timestamp(aware)
    assert read_time(aware.isoformat()) == pytest.approx(aware.timestamp())


@settings(deadline=None)
@given(st.text(max_size=70))
def test_no_text_does_worse_than_being_refused(text):
    read = one(text, on_error="missing", day_first=True)
    assert len(read.moments) == 1


@given(st.integers(0, 10**10))
def test_seconds_come_back(seconds):
    assert read_time(written_time(seconds)) == seconds


@pytest.mark.parametrize("form", [list, np.array, lambda cells: np.array(cells, dtype=object)])
def test_a_column_need_not_be_of_pandas(form):
    assert read_times(form(["2026-03-01", "2026-03-02"])).moments.day.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"column": pd.DataFrame({"at": ["2026-03-01"]})}, "one column of cells. Got DataFrame"),
        ({"column": "2026-03-01"}, "one column of cells. Got str"),
        ({"on_error": "ignore"}, "'raise' or 'missing'. Got 'ignore'"),
        ({"day_first": "no"}, "None, True or False. Got 'no'"),
    ],
)
def test_what_read_times_does_not_know_is_refused(given, said):
    with pytest.raises(ValueError) as error:
        read_times(**{"column": pd.Series(["2026-03-01"]), **given})
    assert said in str(error.value)
