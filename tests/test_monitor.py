"""A monitor counts every post once, in the right windows and groups, and says so."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from monitored import DAY, post, word_scorer

from hybridsent.monitor import Monitor, Piece, Source, broken_of, read_points
from hybridsent.monitor._points import change_of
from hybridsent.monitor._post import Broken, PostReader, digest
from hybridsent.monitor._rules import read_rule
from hybridsent.monitor._tally import Tally, rank_of
from hybridsent.scoring import Answers


@pytest.fixture(scope="module")
def scorer():
    return word_scorer()


@pytest.fixture
def monitor_of(scorer, tmp_path):
    """Make monitors over lines, which are closed at the end."""
    opened = []

    def make(lines, **given):
        source = io.BytesIO("".join(lines).encode()) if isinstance(lines, list) else lines
        given = {"state": tmp_path / "state.sqlite", "window": "10m", "time": "created_at", **given}
        monitor = Monitor(scorer, source, **given)
        opened.append(monitor)
        return monitor

    yield make
    for monitor in opened:
        monitor.close()


def ran(monitor):
    monitor.run(once=True)
    return monitor


class Fake:
    """A model of numbers or sets that needs no features."""

    inputs, features, needs_other_rows, name = [], ["x"], False, "fake"

    def __init__(self, task, classes, answer):
        self.task, self.classes, self._answer = task, classes, answer

    def score(self, table, base=None):
        return self._answer(table)


# -- counting


def test_windows_and_groups_are_those_of_pandas(monitor_of):
    rng = np.random.default_rng(0)
    rows = [
        {
            "text": f"{'good' if rng.random() < 0.6 else 'bad'} {i}",
            "brand": ["Acme", "Bolt", None][rng.integers(3)],
            "place": ["Bonn", "Köln"][rng.integers(2)],
            "created_at": float(DAY + rng.integers(0, 7200)),
        }
        for i in range(1500)
    ]
    lines = [json.dumps(row) + "\n" for row in rows]
    told = ran(monitor_of(lines, by=["brand", "brand,place"], batch_size=97)).to_frame()
    table = pd.DataFrame(rows)
    table["start"] = table["created_at"] // 600 * 600
    table["value"] = np.where(table["text"].str.startswith("good"), 1.0, -1.0)
    starts = pd.to_datetime(told["start"], format="ISO8601").astype("int64")
    told["at"] = starts // (
        10**9 if starts.max() > 10**17 else 10**6 if starts.max() > 10**14 else 1
    )
    everything = told[told["brand"].isna() & told["place"].isna()].groupby("at")["n"].max()
    assert everything.to_dict() == table.groupby("start").size().to_dict()
    both = told[told["place"].notna() & told["brand"].notna()].set_index(["at", "brand", "place"])
    expected = table.groupby(["start", "brand", "place"])
    assert both["n"].to_dict() == expected.size().to_dict()
    assert both["plain"].round(9).to_dict() == expected["value"].mean().round(9).to_dict()


def test_a_post_in_a_list_of_topics_counts_in_each(monitor_of):
    lines = [post(i, topic=["price", "taste"]) for i in range(40)] + [post(99, topic="price")]
    told = ran(monitor_of(lines, by="topic", window="1d")).to_frame()
    named = told.dropna(subset="topic").set_index("topic")["n"].to_dict()
    assert named == {"price": 41, "taste": 40}
    assert told.loc[told["topic"].isna(), "n"].tolist() == [41]


def test_sliding_windows_add_up_panes(monitor_of):
    lines = [post(i) for i in range(1000)]
    told = ran(monitor_of(lines, window="30m", slide="5m")).to_frame()
    at = np.array([DAY + 7 * i for i in range(1000)])
    for row in told.itertuples():
        start, end = (pd.Timestamp(each).timestamp() for each in (row.start, row.end))
        assert end - start == 1800
        assert row.n == ((at >= start) & (at < end)).sum()


def test_times_of_all_forms_and_zones_fall_into_the_same_window(monitor_of):
    forms = [
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01 20:00:00+0800",
        "Sun Mar 01 12:00:00 +0000 2026",
        "Sun, 01 Mar 2026 13:00:00 +0100",
        "2026-03-01T13:00:00",  # in the zone that is told
        1_772_366_400,
        1_772_366_400_000,
        "1772366400",
    ]
    lines = [post(i, created_at=each) for i, each in enumerate(forms)]
    told = ran(monitor_of(lines, zone="Europe/Berlin", window="1m")).to_frame()
    assert told["n"].tolist() == [len(forms)]
    assert told["start"].tolist() == ["2026-03-01T12:00:00Z"]


def test_a_late_post_counts_in_its_window_and_one_older_than_what_is_kept_is_set_aside(monitor_of):
    lines = [
        post(0, created_at=DAY),
        post(1, created_at=DAY + 7200),
        post(2, created_at=DAY + 10),  # late, and counted where it belongs
        post(3, created_at=DAY - 90_000),
    ]
    monitor = ran(monitor_of(lines, keep="1d", batch_size=1))
    assert monitor.counts == {"counted": 3, "repeated": 0, "broken": 1, "late": 1}
    assert monitor.to_frame()["n"].tolist() == [2, 1]


def test_old_windows_are_dropped_and_the_file_stays_small(monitor_of):
    monitor = monitor_of([post(i, created_at=DAY + 600 * i) for i in range(400)], keep="1d")
    ran(monitor)
    with monitor.state.transaction():
        assert monitor.state.drop(monitor.state.newest - monitor.settings.keep)
    assert monitor.state.connection.execute("SELECT count(*) FROM samples").fetchone()[0] == 145


def test_ids_decide_what_is_the_same_post(monitor_of):
    same = [post(1, id=7), post(2, id=7), post(3, id="7"), post(4, id=8), post(5)]
    assert ran(monitor_of(same, id="id")).counts["counted"] == 3  # 7, 8, and one without an id


def test_without_id_and_place_what_is_said_tells_posts_apart(monitor_of):
    lines = [post(1), post(1), post(2)]
    assert ran(monitor_of(lines)).counts == {"counted": 2, "repeated": 1, "broken": 0, "late": 0}


def test_ids_hold_over_batches_runs_and_until_they_are_forgotten(monitor_of, monkeypatch):
    lines = [post(i, id=i) for i in range(20)]
    ran(monitor_of(lines, id="id", batch_size=3)).close()
    again = ran(monitor_of(lines, id="id", batch_size=3))
    assert again.counts["counted"] == 20
    assert again.counts["repeated"] == 20
    with again.state.transaction():
        assert again.state.forget(time.time() + 10) == 20
    again.close()
    assert ran(monitor_of(lines, id="id")).counts["counted"] == 40


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no json\n", "no JSON"),
        ("[1, 2]\n", "JSON object"),
        ('{"text": "good"}\n', "no time"),
        ('{"text": "good", "created_at": "soon"}\n', "a time must be"),
        ('{"text": "good", "created_at": 99999999999}\n', "ahead of the clock"),
        ('{"text": "  ", "created_at": 1772323200}\n', "nothing in 'text'"),
        ('{"other": 1, "created_at": 1772323200}\n', "nothing in 'text'"),
        ('{"text": {"a": 1}, "created_at": 1772323200}\n', "the model cannot read it"),
        ("[" * 100_000 + "\n", "no JSON"),
        ('{"text": "good", "created_at": 1e999}\n', "a time must be"),
        ("9" * 5000 + "\n", "no JSON"),
        ('{"text": "' + "x" * 1_100_000 + '"}\n', "longer than"),
    ],
)
def test_what_is_no_post_is_kept_aside_and_the_rest_is_counted(monitor_of, line, why):
    told = []
    monitor = ran(monitor_of([post(1), line, post(2)], told=told.append))
    assert monitor.counts == {"counted": 2, "repeated": 0, "broken": 1, "late": 0}
    (kept,) = broken_of(monitor.state.path)
    assert why in kept["reason"]
    assert len(kept["content"]) < 4100
    assert any("kept aside" in text for text in told)


def test_one_post_that_breaks_the_model_breaks_no_other(tmp_path):
    def answer(table):
        if any(x == 13 for x in table["x"]):
            raise ValueError("thirteen is bad luck")
        return Answers(table["x"].to_numpy(dtype=float), None, None)

    lines = "".join(f'{{"x": {x}}}\n' for x in range(64)).encode()
    scorer = Fake("regression", None, answer)
    with Monitor(scorer, io.BytesIO(lines), state=tmp_path / "s.sqlite", window="1d") as monitor:
        ran(monitor)
        assert monitor.counts["counted"] == 63
        assert "bad luck" in broken_of(tmp_path / "s.sqlite")[0]["reason"]


# -- what is kept


def test_numbers_have_a_mean_with_an_interval(tmp_path):
    def answer(table):
        return Answers(table["x"].to_numpy(dtype=float), None, None)

    values = np.random.default_rng(0).normal(3, 2, 400)
    lines = "".join(f'{{"x": {x}}}\n' for x in values).encode()
    with Monitor(
        Fake("regression", None, answer), io.BytesIO(lines), state=tmp_path / "s", window="1d"
    ) as monitor:
        row = ran(monitor).to_frame().iloc[-1]
        half = 1.959964 * values.std(ddof=1) / 20
        assert row["index"] == pytest.approx(values.mean(), rel=1e-9)
        assert row["high"] - row["index"] == pytest.approx(half, rel=1e-5)


def test_sets_have_shares_and_no_index(tmp_path):
    def answer(table):
        marks = np.column_stack([table["x"] > 1, table["x"] > 2]).astype(int)
        return Answers(marks, np.full((len(marks), 2), 0.5), np.array(["joy", "anger"]))

    lines = "".join(f'{{"x": {i % 4}, "n": {i}}}\n' for i in range(80)).encode()
    scorer = Fake("multilabel", np.array(["joy", "anger"]), answer)
    with Monitor(scorer, io.BytesIO(lines), state=tmp_path / "s", window="1d") as monitor:
        row = ran(monitor).to_frame().iloc[-1]
        assert row["share_joy"] == 0.5
        assert row["share_anger"] == 0.25
        assert pd.isna(row["index"])


def test_a_sample_does_not_depend_on_batches_and_is_fair(monitor_of, tmp_path):
    lines = [post(i) for i in range(900)]
    kept = []
    for size in (50, 333):
        monitor = ran(
            monitor_of(lines, batch_size=size, sample=100, window="1d", state=tmp_path / f"{size}")
        )
        _, _, rows = monitor.state.window(DAY, DAY + 86_400, 0)
        kept.append(rows)
        assert len(rows) == 100
    np.testing.assert_array_equal(*kept)
    ranks = sorted(rank_of(digest("said", line.strip())) for line in lines)
    stored = monitor.state.connection.execute(
        "SELECT rank FROM samples WHERE grp=0 ORDER BY rank"
    ).fetchall()
    assert [row[0] for row in stored] == ranks[:100]


def test_the_interval_corrects_what_the_model_mistakes(tmp_path):
    """A model that errs in a tenth of both classes: counts are biased, the corrected index is not."""
    from hybridsent.quantification import Reference

    rng = np.random.default_rng(0)
    classes = ["negative", "positive"]

    def said(truth):
        wrong = rng.random(len(truth)) < 0.2
        return np.where(wrong, 1 - truth, truth)

    truth = rng.integers(0, 2, 2000)
    codes = said(truth)
    reference = Reference.of(np.array(classes)[truth], np.array(classes)[codes], classes=classes)
    stream = (rng.random(3000) < 0.1).astype(int)  # the true index is -0.8
    answers = dict(enumerate(said(stream)))

    def answer(table):
        return Answers(np.array(classes)[[answers[int(i)] for i in table["x"]]], None, classes)

    scorer = Fake("classification", np.array(classes), answer)
    scorer.reference = reference
    lines = "".join(f'{{"x": {i}}}\n' for i in range(3000)).encode()
    with Monitor(scorer, io.BytesIO(lines), state=tmp_path / "s", window="1d") as monitor:
        row = ran(monitor).to_frame().iloc[-1]
        assert row["plain"] > -0.6
        assert row["low"] < 2 * stream.mean() - 1 < row["high"]


def test_more_groups_than_are_told_apart_are_counted_together(monitor_of):
    lines = [post(i, brand=f"b{i}") for i in range(50)]
    monitor = ran(monitor_of(lines, by="brand", max_groups=10, window="1d"))
    told = monitor.to_frame()
    assert told.loc[told["brand"] == "…", "n"].tolist() == [41]
    assert told["n"].sum() == 100


# -- the state


def test_a_state_goes_on_only_with_what_it_was_begun_with(monitor_of):
    ran(monitor_of([post(1)])).close()
    for other in ({"window": "20m"}, {"by": "brand"}, {"zone": "Asia/Tokyo"}, {"id": "number"}):
        with pytest.raises(ValueError, match="was begun with"):
            monitor_of([post(1)], **other)


def test_a_state_of_another_model_or_version_or_no_state_is_refused(monitor_of, tmp_path):
    ran(monitor_of([post(1)])).close()
    with pytest.raises(ValueError, match="was begun with model="):
        Monitor(
            word_scorer(("bad", "good")),
            io.BytesIO(),
            state=tmp_path / "state.sqlite",
            window="10m",
            time="created_at",
        )
    with sqlite3.connect(tmp_path / "state.sqlite") as file:
        file.execute("PRAGMA user_version=99")
    file.close()
    with pytest.raises(ValueError, match="of version 99"):
        monitor_of([post(1)])
    (tmp_path / "text").write_text("no database, but long enough to be looked at" * 50)
    with pytest.raises(ValueError, match="cannot be read"):
        monitor_of([post(1)], state=tmp_path / "text")


def test_two_monitors_on_one_state_are_refused_and_readers_are_not(monitor_of):
    first = ran(monitor_of([post(1)]))
    with pytest.raises(OSError, match="in use by another monitor"):
        monitor_of([post(1)])
    assert len(read_points(first.state.path)) == 1
    first.close()
    assert ran(monitor_of([post(2)])).counts["counted"] == 2


def test_a_batch_that_fails_at_the_end_of_its_transaction_counts_nothing(monitor_of, monkeypatch):
    monitor = monitor_of([post(i) for i in range(10)], by="brand")

    def fails(self, *given):
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr("hybridsent.monitor._state.State.set_aside", fails)
    with pytest.raises(sqlite3.OperationalError):
        ran(monitor)
    monkeypatch.undo()
    assert monitor.counts["counted"] == 0
    assert monitor.state.newest is None
    assert monitor.state.known([digest("said", post(1).strip())]) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_state_is_for_its_owner_alone(monitor_of):
    monitor = monitor_of([post(1)])
    assert monitor.state.path.stat().st_mode & 0o077 == 0


# -- alerts


def falling(n=300):
    """Good posts for two hours, then bad ones."""
    return [post(i, good=i < n, brand="Acme", created_at=DAY + 24 * i) for i in range(2 * n)]


def alerts_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_alert_is_given_once_and_names_what_happened(monitor_of, tmp_path):
    given = {"alerts": ["high<-0.2"], "by": "brand", "alerts_file": tmp_path / "alerts.jsonl"}
    given |= {"batch_size": 20, "refresh": 0.0, "window": "20m", "cool_down": "1d"}
    ran(monitor_of(falling(), **given)).close()
    told = alerts_in(tmp_path / "alerts.jsonl")
    assert Counter(json.dumps(each["group"]) for each in told) == {"{}": 1, '{"brand": "Acme"}': 1}
    assert all(each["high"] < -0.2 and each["volume"] >= 30 for each in told)
    assert pd.Timestamp(told[0]["window"][1]).timestamp() >= DAY + 24 * 300
    # the same posts again, by a new process: nothing is counted, and nothing is said again
    ran(monitor_of(falling(), **given)).close()
    assert alerts_in(tmp_path / "alerts.jsonl") == told


def test_cool_down_is_time_of_the_stream(monitor_of, tmp_path):
    given = {"alerts": ["index<0"], "alerts_file": tmp_path / "a", "window": "20m"}
    ran(monitor_of(falling(), cool_down="40m", **given)).close()
    ends = [pd.Timestamp(each["window"][1]).timestamp() for each in alerts_in(tmp_path / "a")]
    assert len(ends) == 3
    assert set(np.diff(ends)) == {2400.0}


def test_change_spike_volume_and_shares(monitor_of, tmp_path):
    quiet = [post(i, created_at=DAY + 20 * i) for i in range(240)]  # 30 a window, 8 windows
    loud = [post(1000 + i, good=False, created_at=DAY + 4800 + i) for i in range(600)]
    rules = ["spike>3", "change_high<-0.5", "volume>=500", "share.negative>0.9", "volume<20"]
    ran(monitor_of(quiet + loud, alerts=rules, alerts_file=tmp_path / "a", cool_down="1d")).close()
    told = {each["rule"]: each for each in alerts_in(tmp_path / "a")}
    assert set(told) == set(rules) - {"volume<20"}
    assert told["spike>3"]["spike"] > 3
    assert told["change_high<-0.5"]["change"] < -0.5


def test_a_quiet_window_is_told_when_it_has_closed(monitor_of, tmp_path):
    lines = [post(i, created_at=DAY + 20 * i) for i in range(90)]
    lines += [post(500 + i, created_at=DAY + 6000 + 20 * i) for i in range(60)]
    given = {
        "alerts": ["volume<5"],
        "alerts_file": tmp_path / "a",
        "cool_down": "0",
        "refresh": 0.0,
    }
    ran(monitor_of(lines, batch_size=10, **given)).close()
    starts = {each["window"][0] for each in alerts_in(tmp_path / "a")}
    assert len(starts) == (6000 - 1800) // 600


def test_a_half_line_of_a_killed_writer_is_ended_and_nothing_is_written_twice(monitor_of, tmp_path):
    given = {"alerts": ["index<0"], "alerts_file": tmp_path / "a", "cool_down": "1d"}
    given["window"] = "20m"
    ran(monitor_of(falling(), **given)).close()
    (line,) = (tmp_path / "a").read_text().splitlines()
    (tmp_path / "a").write_text(line + "\n" + '{"id": "half')
    with sqlite3.connect(tmp_path / "state.sqlite") as file:
        file.execute("UPDATE alerts SET written=0")  # killed between the line and its note
    file.close()
    ran(monitor_of([], **given)).close()
    assert [each for each in (tmp_path / "a").read_text().splitlines() if each == line] == [line]


def test_a_command_gets_the_alert_once_without_a_shell(monitor_of, tmp_path):
    script = tmp_path / "on alert.py"
    script.write_text(
        "import sys; open(sys.argv[1], 'a', encoding='utf-8').write(sys.stdin.read())"
    )
    out = tmp_path / "said; rm -rf $(pwd)"
    given = {"alerts": ["index<0"], "cool_down": "1d", "by": "brand"}
    given["window"] = "20m"
    given["on_alert"] = [sys.executable, str(script), str(out)]
    ran(monitor_of(falling(), **given)).close()
    ran(monitor_of(falling(), **given)).close()
    told = alerts_in(out)
    assert [each["group"] for each in told] == [{}, {"brand": "Acme"}]


def test_a_command_that_was_running_at_a_kill_is_told_and_not_run_again(monitor_of, tmp_path):
    given = {"alerts": ["index<0"], "cool_down": "1d", "on_alert": [sys.executable, "-c", ""]}
    given["window"] = "20m"
    ran(monitor_of(falling(), **given)).close()
    with sqlite3.connect(tmp_path / "state.sqlite") as file:
        file.execute("UPDATE alerts SET sent=1")
    file.close()
    told = []
    ran(monitor_of([], told=told.append, **given))
    assert any("it is not run again" in line for line in told)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"alerts": ["indx<0"]}, "Did you mean 'index'"),
        ({"alerts": ["index<0 @shop=A"]}, "not grouped by"),
        ({"alerts": ["index=0"]}, "must hold rules"),
        ({"on_alert": "surely-no-program"}, "must be a program"),
        ({"window": "1h", "slide": "25m"}, "multiple of slide"),
        ({"window": "soon"}, "length of time"),
        ({"keep": "1m"}, "at least a window"),
        ({"by": ","}, "must name fields"),
        ({"columns": {"txt": "body"}}, "columns that the model reads"),
        ({"zone": "Mars/Olympus"}, "time zone"),
        ({"confidence": 95.0}, "confidence"),
        ({"batch_size": 0}, "batch_size"),
        ({"values": {"negative": 1}}, "values"),
        ({"method": "emq"}, "no reference"),
        ({"alerts": ["drift"]}, "nothing of what it was"),
        ({"method": "magic"}, "must be one of"),
    ],
)
def test_what_cannot_be_is_refused_before_a_state_is_begun(monitor_of, tmp_path, given, why):
    with pytest.raises(ValueError, match=why):
        monitor_of([post(1)], **given)
    assert not (tmp_path / "state.sqlite").exists()


def test_no_rule_holds_of_what_is_unknown():
    assert not read_rule("index<0").holds({"index": None})
    told = change_of({"index": None, "low": None, "high": None, "n": 3}, [])
    assert set(told.values()) == {None}


def test_drift_of_answers_and_views_is_told_and_calm_posts_are_not(tmp_path):
    from hybridsent.drift import DriftReference

    rng = np.random.default_rng(0)

    class Model(Fake):
        def __init__(self):
            super().__init__("classification", np.array(["negative", "positive"]), None)

        def read(self, table, base=None):
            return table

        def answer_with_features(self, read):
            p = 1 / (1 + np.exp(-read["x"].to_numpy(dtype=float)))
            said = self.classes[(p > 0.5).astype(int)]
            features = pd.DataFrame({"text__0": read["x"].astype(float)})
            return Answers(said, np.column_stack([1 - p, p]), self.classes), features

    model = Model()
    answers, features = model.answer_with_features(pd.DataFrame({"x": rng.normal(size=500)}))
    names = ["negative", "positive"]
    model.drift_reference = DriftReference.of(answers.probabilities, features, names=names)
    values = np.r_[rng.normal(size=900), rng.normal(loc=1.5, size=600)]
    lines = [f'{{"x": {x}, "at": {DAY + 4 * i}}}\n' for i, x in enumerate(values)]
    path = tmp_path / "alerts.jsonl"
    with Monitor(
        model,
        io.BytesIO("".join(lines).encode()),
        state=tmp_path / "s",
        window="20m",
        time="at",
        alerts=["drift"],
        alerts_file=path,
        cool_down="1d",
    ) as monitor:
        ran(monitor)
        told = [monitor.watch.drift.told(DAY + 1200 * i) for i in range(5)]
        assert [each["alarm"] for each in told] == [False, False, False, True, True]
        rows = monitor.state.connection.execute("SELECT start, count(*) FROM features GROUP BY 1")
        assert all(n <= 400 for _, n in rows)
    (alert,) = alerts_in(path)
    assert "have drifted" in alert["text"]
    assert "text" in alert["text"]


# -- posts that name files


def test_a_post_names_files_only_where_the_user_said_that_they_lie(tmp_path):
    piece = Piece("s", "1", b'{"photo": "../secret.png"}')
    reader = PostReader({"photo": "photo"}, media=["photo"])
    assert "parameter media" in reader.read(piece, 0.0).reason
    reader = PostReader({"photo": "photo"}, media=["photo"], base=tmp_path)
    assert "outside of the folder" in reader.read(piece, 0.0).reason
    told = reader.read(Piece("s", "1", b'{"photo": ["a.png", "b/c.png"]}'), 0.0)
    assert told.cells["photo"] == [str(tmp_path / "a.png"), str(tmp_path / "b" / "c.png")]
    assert isinstance(reader.read(Piece("s", "1", b'{"photo": "/etc/passwd"}'), 0.0), Broken)


# -- bounds


def test_nothing_is_taken_from_a_source_before_there_is_room(scorer, tmp_path):
    asked = []

    class Endless(Source):
        name = "endless"

        def poll(self, most):
            asked.append(most)
            n = len(asked)
            return [
                Piece(self.name, f"{n}:{i}", {"text": "good"}, remembered=False)
                for i in range(most)
            ]

    with Monitor(scorer, Endless(), state=tmp_path / "s", batch_size=64) as monitor:
        for _ in range(5):
            monitor.step()
        assert monitor.counts["counted"] == 320
        assert asked == [64] * 5


def test_answers_of_unknown_kind_are_added_up():
    tally = Tally("classification", [0, 1])
    sums, kept = tally.of(Answers(np.array([1, 0, 1]), None, np.array([0, 1])))
    assert sums.sum(axis=0).tolist() == [1, 2, 0, 0]
    assert tally.probabilities(kept) is None
    assert tally.predictions(kept).tolist() == [1, 0, 1]


def test_a_model_without_probabilities_is_watched_with_its_reference_of_drift(tmp_path):
    from sklearn.svm import LinearSVC

    from hybridsent import make_fusion
    from hybridsent.scoring import Scorer
    from hybridsent.scoring._reference_made import facts_of_references

    table = pd.DataFrame({"text": ["good", "a good one", "bad", "a bad one"] * 6})
    table["label"] = ["positive", "positive", "negative", "negative"] * 6
    model = make_fusion(views={"text": "text/words"}, classifier=LinearSVC())
    model.fit(table, table["label"])
    scorer = Scorer(model, facts_of_references(model, table, "label"))
    assert scorer.drift_reference is not None
    posts = io.BytesIO("".join(post(i) for i in range(9)).encode())
    with Monitor(scorer, posts, state=tmp_path / "s", time="created_at") as monitor:
        monitor.run(once=True)
        assert monitor.counts == {"counted": 9, "repeated": 0, "broken": 0, "late": 0}


def test_a_file_of_alerts_that_cannot_be_written_is_refused_before_a_post_is_read(tmp_path):
    for where in (tmp_path, tmp_path / "no" / "alerts.jsonl"):
        with pytest.raises(ValueError, match="alerts_file parameter must be a file in a folder"):
            Monitor(word_scorer(), "-", state=tmp_path / "s", alerts_file=where)
    assert not (tmp_path / "s").exists()


def test_a_state_of_another_version_is_closed_again(tmp_path):
    with sqlite3.connect(tmp_path / "s") as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(ValueError, match="is of version 99"):
        read_points(tmp_path / "s")
