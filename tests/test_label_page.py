"""What stands behind the page to label on: question, journal, rows, turns, learning, output."""

from __future__ import annotations

import json
import multiprocessing
import os

import numpy as np
import pandas as pd
import pytest

from hybridsent._numerics.votes import majority_codes, read_votes
from hybridsent.annotation import aggregate
from hybridsent.exceptions import TableError
from hybridsent.label_page import _learner, _space
from hybridsent.label_page._desk import open_desk
from hybridsent.label_page._features import Features
from hybridsent.label_page._journal import Journal
from hybridsent.label_page._labelling import RefusedError, check_name
from hybridsent.label_page._learner import Learner
from hybridsent.label_page._pieces import Pieces
from hybridsent.label_page._question import Question
from hybridsent.label_page._question_found import question_of
from hybridsent.label_page._quick_model import steps_of_curve as _steps
from hybridsent.label_page._rows import row_ids

N = 40


def table_of(n: int = N) -> pd.DataFrame:
    return pd.DataFrame({"text": [f"This is the post number {i}" for i in range(n)]})


def features_of(n: int = N) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)


@pytest.fixture
def desk_of(tmp_path):
    opened = []

    def make(table=None, target="label", **options):
        table = table_of() if table is None else table
        options = {"output": tmp_path / "out.csv", "classes": ["bad", "good"], **options}
        if options["classes"] is None:
            del options["classes"]
        desk = open_desk(table, target, **options)
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.close()


def answer(desk, who, do="label", value="good", row=None):
    """Do something with the row that comes next, as the page does."""
    if row is None:
        row = desk.labelling.upcoming(who)[0]
    desk.labelling.do(who, do, desk.labelling.ids[row], value, f"event-{os.urandom(8).hex()}")
    return row


# -- what is asked ---------------------------------------------------------------------------------


def test_classes_are_those_that_are_there_and_numbers_stay_numbers():
    asked = question_of([1.0, None, 0.0, float("nan"), ""], target="y")
    assert asked.kind == "classes"
    assert asked.values == (0, 1)
    assert asked.cell("1") == 1
    assert asked.answer_of(1.0) == "1"


def test_kinds_are_found_as_elsewhere():
    assert question_of(["joy|anger", "joy"], target="y").values == ("anger", "joy")
    assert question_of([0.5, -2.0], target="y").kind == "numbers"
    assert question_of(["yes|no", "perhaps"], target="y").values == ("perhaps", "yes|no")
    assert question_of([], target="y", limits=(-3, 3)).kind == "numbers"
    assert question_of([], target="y", task="multilabel", classes=["joy"]).kind == "sets"
    assert question_of([0.5, 1.0], target="y", classes=["0.5", "1"]).values == (0.5, 1)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"cells": []}, "must name what a row may be"),
        ({"cells": ["good"]}, "only 'good'"),
        ({"cells": ["good", "bad"], "classes": ["good", "fine"]}, "lacks 'bad'"),
        ({"cells": [], "classes": ["a", "b"], "limits": (0, 1)}, "must be left out"),
        ({"cells": ["x"], "task": "regression"}, "must hold numbers"),
        ({"cells": [1.5], "task": "regression"}, "range parameter"),
        ({"cells": [], "limits": (3, -3)}, "smaller one first"),
        ({"cells": [], "limits": (float("nan"), 1)}, "finite"),
        ({"cells": [], "classes": ["a", "b|c"], "task": "multilabel"}, "must not hold"),
        ({"cells": [f"text {i}" for i in range(300)]}, "texts or ids"),
        ({"cells": [f"text {i // 2}" for i in range(600)]}, "at most 200"),
        ({"cells": [], "classes": ["a", "b" * 200]}, "letters that can be shown"),
        ({"cells": [], "classes": ["a", "b\n"], "task": "classification"}, None),
        ({"cells": [], "classes": ["a", "b\u0007c"]}, "can be shown"),
    ],
)
def test_what_cannot_be_asked_is_refused(given, match):
    cells = given.pop("cells")
    if match is None:
        assert question_of(cells, target="y", **given).names == ["a", "b"]
        return
    with pytest.raises(TableError, match=match):
        question_of(cells, target="y", **given)


@pytest.mark.parametrize(
    ("asked", "good", "wrong"),
    [
        (Question("classes", ("a|b", '"<b>'), 0, 0), ["a|b", '"<b>'], ["a", None, 0, ["a|b"]]),
        (
            Question("numbers", (), -3, 3),
            [-3, 3.0, 0.25],
            [4, "1", None, True, float("nan"), float("inf")],
        ),
        (
            Question("sets", ("joy", "anger")),
            [[], ["joy"], ["anger", "joy", "joy"]],
            ["joy", ["x"], None, [["joy"]], [1]],
        ),
    ],
)
def test_answers_are_checked_and_come_back_from_a_cell(asked, good, wrong):
    for each in good:
        said = asked.read(each)
        assert asked.answer_of(asked.cell(said)) == said
    for each in wrong:
        with pytest.raises(ValueError, match="answer must be"):
            asked.read(each)


def test_keys_are_digits_and_first_letters_that_are_alone():
    asked = Question("classes", ("negative", "neutral", "Positive", "Überraschung", "1st", "好"))
    assert asked.keys == [["1"], ["2"], ["3", "p"], ["4", "ü"], ["5"], ["6", "好"]]
    many = Question("classes", tuple(f"c{i}" for i in range(12)))
    assert [keys[0] if keys else "" for keys in many.keys][8:] == ["9", "0", "", ""]
    assert Question("numbers", (), -3, 3).marks == [-3, -2, -1, 0, 1, 2, 3]
    assert len(Question("numbers", (), 0, 1).marks) == 2
    assert len(Question("numbers", (), 0.5, 1).marks) == 9


# -- the journal -----------------------------------------------------------------------------------


def test_a_torn_last_line_is_cut_off_and_the_rest_is_there(tmp_path):
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {"target": "y"})
    for i in range(5):
        journal.append({"i": i})
    journal.close()
    whole = path.read_bytes()
    for cut in range(1, 9):
        path.write_bytes(whole[:-cut])
        again = Journal(path, {})
        assert [each["i"] for each in again.events][:4] == [0, 1, 2, 3]
        again.append({"i": "new"})
        again.close()
        last = Journal(path, {})
        assert last.events[-1] == {"i": "new"}
        assert last.lost == 0
        last.close()


def test_wherever_a_write_was_torn_all_earlier_labels_survive(tmp_path):
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {"target": "y"})
    for i in range(4):
        journal.append({"i": i, "value": "gut \U0001f642"})
    journal.close()
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for cut in range(ends[-3], len(whole)):  # each byte of the last two lines
        path.write_bytes(whole[:cut])
        again = Journal(path, {})
        # a line that lacks its end alone is whole
        there = sum(end - 1 <= cut for end in ends[1:])
        assert [each["i"] for each in again.events] == list(range(there))
        again.append({"i": "new"})
        again.close()
        assert path.read_bytes().count(b"\n") == there + 2


def test_a_first_line_that_was_torn_is_written_anew(tmp_path):
    path = tmp_path / "j.jsonl"
    Journal(path, {"target": "y"}).close()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        again = Journal(path, {"target": "y"})
        assert again.head["target"] == "y"
        again.close()
        assert path.read_bytes() == whole


def test_a_damaged_line_is_counted_and_an_empty_file_is_begun_anew(tmp_path):
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {"target": "y"})
    journal.append({"i": 0})
    journal.close()
    head, line = path.read_bytes().splitlines()
    deep = b"[" * 100_000
    path.write_bytes(head + b"\n\x00\xff{\n" + deep + b"\n" + line + b"\n")
    again = Journal(path, {})
    assert (again.lost, again.events) == (2, [{"i": 0}])
    again.close()
    path.write_bytes(b"")
    begun = Journal(path, {"target": "z"})
    assert begun.head["target"] == "z"
    begun.close()


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "notes of my own, whose last line has no end",
        '{"journal":"another"}\n{"torn',
        '{"journal":"hybridsent labels","version":9}\n',
        '{"journal":"hybridsent labels","version":9}\n{"torn',
    ],
)
def test_other_files_are_refused_and_stay_as_they_are(tmp_path, text):
    path = tmp_path / "j.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r"no journal|another version"):
        Journal(path, {})
    assert path.read_text(encoding="utf-8") == text


def test_two_servers_do_not_share_a_journal(tmp_path):
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {})
    with pytest.raises(TableError, match="in use by another"):
        Journal(path, {})
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool, pytest.raises(TableError, match="in use by another"):
        pool.apply(Journal, (path, {}))
    journal.close()
    Journal(path, {}).close()


def test_what_cannot_be_written_is_not_half_there(tmp_path, monkeypatch):
    path = tmp_path / "j.jsonl"
    journal = Journal(path, {})
    journal.append({"i": 0})
    real = os.write

    def full(descriptor, data):
        real(descriptor, bytes(data)[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        journal.append({"i": 1})
    monkeypatch.setattr(os, "write", real)
    journal.append({"i": 2})
    journal.close()
    again = Journal(path, {})
    assert (again.lost, again.events) == (0, [{"i": 0}, {"i": 2}])
    again.close()


# -- rows ------------------------------------------------------------------------------------------


def test_rows_are_known_by_content_whatever_their_order():
    cells = [
        "a",
        b"a",
        1,
        1.5,
        None,
        ["a", "b"],
        ["ab"],
        {"path": "a"},
        np.zeros(3),
        "",
        (np.ones(2), 8),
    ]
    table = pd.DataFrame({"cell": cells, "label": range(len(cells))})
    ids = row_ids(table, ["cell"])
    assert len(set(ids)) == len(cells)
    turned = row_ids(table.iloc[::-1].assign(label="x"), ["cell"])
    told_apart = slice(None, 4), slice(5, 9)  # the two missing ones change places
    for part in told_apart:
        assert turned[::-1][part] == ids[part]
    whole, holed = pd.DataFrame({"n": [1]}), pd.DataFrame({"n": [1.0, np.nan]})
    assert row_ids(holed, ["n"])[0] == row_ids(whole, ["n"])[0]


def test_cells_are_framed_so_that_neighbours_do_not_run_together():
    one = row_ids(pd.DataFrame({"a": ["x"], "b": ["yz"]}), ["a", "b"])
    two = row_ids(pd.DataFrame({"a": ["xy"], "b": ["z"]}), ["a", "b"])
    assert one != two


def test_pieces_say_what_is_missing_broken_or_long():
    rows = pd.DataFrame(
        {"text": ["x" * 200_000, None, "fine"], "audio": ["gone.wav", None, b"RIFFxxxx"]}
    )
    pieces = Pieces(rows, {"text": "text", "audio": "audio"}, ["text"])
    long, gone, fact = pieces.of(0)
    assert (long.kind, long.cut, len(long.text)) == ("words", True, 20_001)
    assert (gone.kind, fact.kind, fact.cut) == ("broken", "fact", True)
    assert "gone.wav" in gone.text
    assert [each.kind for each in pieces.of(1)] == ["empty", "empty", "empty"]
    assert pieces.of(2)[1].kind == "broken"
    assert pieces.of(0) is pieces.of(0)


# -- turns -----------------------------------------------------------------------------------------


def test_each_row_is_asked_once_and_skipped_ones_come_at_the_end(desk_of):
    desk = desk_of()
    first = answer(desk, "me", "skip")
    unknown = answer(desk, "me", "unknown")
    seen = [answer(desk, "me") for _ in range(N - 2)]
    assert len(set(seen)) == N - 2
    assert first not in seen
    assert unknown not in seen
    assert desk.labelling.upcoming("me") == [first]
    answer(desk, "me")
    assert desk.labelling.upcoming("me") == []
    assert len(desk.labelling.labels_of()) == N - 1


def test_undo_goes_back_any_number_of_steps_and_shows_the_row_again(desk_of):
    desk = desk_of()
    rows = [answer(desk, "me") for _ in range(3)]
    rows += [answer(desk, "me", "skip"), answer(desk, "me", "unknown")]
    for row in reversed(rows):
        answer(desk, "me", "undo", row=0)
        assert desk.labelling.upcoming("me")[0] == row
    assert desk.labelling.labels_of() == {}
    with pytest.raises(RefusedError, match="nothing to take back"):
        answer(desk, "me", "undo", row=0)


def test_undo_of_a_second_answer_gives_the_first_one_back(desk_of):
    desk = desk_of()
    row = answer(desk, "me", value="good")
    answer(desk, "me", value="bad", row=row)
    assert desk.labelling.labels_of() == {row: "bad"}
    answer(desk, "me", "undo", row=0)
    assert desk.labelling.labels_of() == {row: "good"}
    answer(desk, "me", "undo", row=0)
    assert desk.labelling.labels_of() == {}


def test_an_event_that_arrives_twice_is_done_once(desk_of):
    desk = desk_of()
    row = desk.labelling.ids[desk.labelling.upcoming("me")[0]]
    assert desk.labelling.do("me", "label", row, "good", "event-one")
    assert not desk.labelling.do("me", "label", row, "good", "event-one")
    assert not desk.labelling.do("me", "label", row, "bad", "event-one")
    assert desk.labelling.counts() == {"bad": 0, "good": 1}
    assert len(desk.labelling.journal.path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_killed_server_knows_what_it_knew(desk_of):
    desk = desk_of()
    for i in range(10):
        answer(desk, "me", value=("good", "bad")[i % 2])
    answer(desk, "ben", "unknown")
    row = answer(desk, "me", "flag", True, row=3)
    answer(desk, "me", "note", "why <b>?", row=3)
    answer(desk, "me", "undo", row=0)
    before = (desk.labelling.labels_of(), desk.labelling.annotators["me"].notes)
    done = desk.labelling.annotators["me"].done
    os.close(desk.labelling.journal._file)  # as the system does for who is killed
    again = desk_of()
    assert (again.labelling.labels_of(), again.labelling.annotators["me"].notes) == before
    assert again.labelling.annotators["me"].done == done
    assert again.labelling.annotators["me"].flagged == {row}
    assert again.labelling.annotators["ben"].count("unknown") == 1
    answer(again, "me", "undo", row=0)
    assert len(again.labelling.labels_of()) == len(before[0]) - 1


def test_a_table_that_changed_keeps_what_matches_and_tells_the_rest(desk_of):
    desk = desk_of()
    labels = {desk.table.text[answer(desk, "me")]: "good" for _ in range(N)}
    desk.close()
    changed = table_of()[::-1].reset_index(drop=True)
    changed.loc[0, "text"] = "Another text stands here now"
    again = desk_of(changed)
    assert again.labelling.strangers == 1
    found = {changed.text[row]: value for row, value in again.labelling.labels_of().items()}
    assert found == {text: v for text, v in labels.items() if text in set(changed.text)}
    assert len(found) == N - 1


def test_a_journal_of_something_else_is_refused(desk_of):
    desk_of().close()
    with pytest.raises(TableError, match="holds labels of 'label'"):
        desk_of(target="mood")
    with pytest.raises(TableError, match=r"not of 'label' \(numbers\)"):
        desk_of(classes=None, limits=(0, 1))
    with pytest.raises(TableError, match="no column"):
        desk_of(table_of().rename(columns={"text": "tweet"}))
    desk_of().close()


def test_a_class_that_was_taken_away_is_told(desk_of):
    desk = desk_of(classes=["bad", "good", "odd"])
    answer(desk, "me", value="odd")
    answer(desk, "me", value="bad")
    desk.close()
    again = desk_of(classes=["bad", "good"])
    assert again.labelling.strangers == 1
    assert list(again.labelling.labels_of().values()) == ["bad"]


def test_two_annotators_share_the_rows_and_an_overlap(desk_of):
    desk = desk_of(table_of(400), overlap=0.25)
    for _ in range(500):
        busy = False
        for who in ("anna", "ben"):
            if desk.labelling.upcoming(who):
                answer(desk, who)
                busy = True
        if not busy:
            break
    anna, ben = (set(desk.labelling.annotators[who].labels) for who in ("anna", "ben"))
    assert anna | ben == set(range(400))
    assert 70 < len(anna & ben) < 130
    assert not any(desk.labelling._is_shared(row) for row in anna ^ ben)


def test_two_do_not_get_the_same_row_at_once_without_overlap(desk_of):
    desk = desk_of(overlap=0.0)
    shown = [row for who in "abcd" for row in desk.labelling.upcoming(who)]
    assert len(set(shown)) == 8
    for _ in range(N):
        for who in "abcd":
            if desk.labelling.upcoming(who):
                answer(desk, who)
    assert sum(len(each.labels) for each in desk.labelling.annotators.values()) == N


@pytest.mark.parametrize("name", ["", "  ", None, 3, "a" * 41, "a\u0000b"])
def test_names_are_checked(name):
    with pytest.raises(RefusedError, match="name of an annotator"):
        check_name(name)


@pytest.mark.parametrize(
    ("do", "row", "value", "event", "match"),
    [
        ("label", None, "fine", "event-12", "must be among"),
        ("label", "../../etc/passwd", "good", "event-12", "no such row"),
        ("note", None, "x" * 3000, "event-12", "at most"),
        ("note", None, None, "event-12", "must be a text"),
        ("drop", None, None, "event-12", "no such thing"),
        ("label", None, "good", "e", "must have a name"),
        ("label", None, "good", None, "must have a name"),
    ],
)
def test_what_the_page_cannot_send_is_refused(desk_of, do, row, value, event, match):
    desk = desk_of()
    with pytest.raises(RefusedError, match=match):
        desk.labelling.do("me", do, row or desk.labelling.ids[0], value, event)
    assert desk.labelling.journal.path.read_text(encoding="utf-8").count("\n") == 1


# -- learning --------------------------------------------------------------------------------------


def wait_for(learner: Learner) -> None:
    assert learner.wait(60)
    assert not learner.error


@pytest.mark.parametrize("kind", ["classes", "numbers", "sets"])
@pytest.mark.parametrize("with_groups", [False, True])
def test_a_learner_ranks_rows_without_a_label_and_judges_itself(kind, with_groups):
    asked = Question("numbers", (), -3, 3) if kind == "numbers" else Question(kind, ("a", "b"))
    X, n = features_of(300), 300
    truth = {
        "classes": (X[:, 0] > 0).astype(int),
        "numbers": np.clip(X[:, 0].astype(float), -3, 3),
        "sets": (X[:, :2] > 0).astype(np.int8),
    }[kind]
    groups = np.arange(n) % 30 if with_groups else None
    learner = Learner(asked, Features(n, X), groups=groups)
    learner.start()
    y, order = asked.empty(n), []
    for size in (0, 1, 8, 120):
        while len(order) < size:
            order.append(len(order))
            y[order[-1]] = truth[order[-1]]
        learner.learn(y.copy(), order)
        wait_for(learner)
        assert learner.learned.n == size
        assert not set(learner.learned.ranking.tolist()) & set(order)
    assert [point.n for point in learner.curve] == _steps(120)
    last = learner.curve[-1]
    assert last.low <= last.score <= last.high
    assert last.score > 0.8
    assert learner.learned.said.shape[0] == n
    learner.stop()


def test_with_one_class_or_all_labels_nothing_breaks():
    asked = Question("classes", ("a", "b"))
    learner = Learner(asked, Features(N, features_of()))
    learner.start()
    learner.learn(np.zeros(N, dtype=int), list(range(N)))
    wait_for(learner)
    assert learner.learned.ranking.tolist() == []
    assert learner.curve == []
    learner.stop()


def test_rows_without_features_come_by_chance_until_they_have_some():
    class Encoder:
        def fit_transform(self, rows):
            return self.transform(rows)

        def transform(self, rows):
            if "stop" in set(rows.text):
                raise ValueError("the cell stop cannot be read")
            return np.ones((len(rows), 2), dtype=np.float32)

    rows = pd.DataFrame({"text": ["a"] * 100 + ["stop"]})
    features = Features(101, Encoder(), rows)
    features.start()
    features._thread.join()
    assert features.done == 64
    assert "cannot be read" in features.error
    assert features.complete
    assert features.ready.sum() == 64


# -- what is written -------------------------------------------------------------------------------


def test_labels_of_before_are_kept_and_others_are_written_beside_them(desk_of):
    table = table_of().assign(label=[1.0, 0.0] + [np.nan] * (N - 2), likes=range(N))
    desk = desk_of(table, classes=None)
    assert desk.labelling.question.values == (0, 1)
    row = answer(desk, "me", value="1")
    assert row > 1
    assert desk.save() == [desk.output]
    written = pd.read_csv(desk.output, dtype={"label": "Int64"})
    assert written.label[[0, 1, row]].tolist() == [1, 0, 1]
    assert written.label.notna().sum() == 3
    assert written.drop(columns="label").equals(table.drop(columns="label"))


def test_several_annotators_have_columns_and_remarks_a_file(desk_of):
    desk = desk_of(overlap=1.0)
    first = desk.labelling.upcoming("anna")[0]
    for who, value in (("anna", "bad"), ("ben", "good"), ("carl", "good")):
        answer(desk, who, value=value, row=first)
    answer(desk, "ben", "note", "=1+1, really", row=first)
    answer(desk, "anna", "unknown", row=5)
    table, notes = desk.save()
    written = pd.read_csv(table)
    assert written.loc[first, ["label", "label_anna", "label_ben", "label_carl"]].tolist() == [
        *("good", "bad", "good", "good")
    ]
    told = pd.read_csv(notes)
    assert told.annotator.tolist() == ["anna", "ben"]
    assert told.unknown.tolist() == [True, False]
    again = desk_of(written.drop(columns="label"), output=desk.output.with_name("two.csv"))
    assert again.labelling.votes_of()["anna"] == {first: "bad"}
    assert again.labelling.labels_of() == {first: "good"}


@pytest.mark.parametrize(
    ("options", "value", "cell"),
    [
        ({"classes": ["a|b", '"x, <y>"', "=1"]}, '"x, <y>"', '"x, <y>"'),
        ({"classes": ["joy", "anger"], "task": "multilabel"}, ["joy", "anger"], "joy|anger"),
        ({"classes": ["joy", "anger"], "task": "multilabel"}, [], "|"),
        ({"classes": None, "limits": (-3, 3)}, 0.25, 0.25),
    ],
)
def test_every_kind_of_answer_is_written_and_read_again(desk_of, options, value, cell):
    desk = desk_of(**options)
    row = answer(desk, "me", value=value)
    desk.save()
    assert pd.read_csv(desk.output).label[row] == cell


def test_the_journal_is_plain_lines_that_anybody_reads(desk_of):
    desk = desk_of()
    row = answer(desk, "Zoë", value="good")
    head, line = desk.labelling.journal.path.read_text(encoding="utf-8").splitlines()
    assert json.loads(head)["columns"] == ["text"]
    said = json.loads(line)
    assert (said["who"], said["value"], said["row"]) == ("Zoë", "good", desk.labelling.ids[row])


def test_advice_is_that_of_the_history_of_scores_and_predictions():
    from hybridsent.active import stop_advice

    X = features_of(200)
    learner = Learner(Question("classes", ("a", "b")), Features(200, X))
    learner.start()
    y, order = np.full(200, -1), []
    assert learner.advice == ""
    for row in range(60):
        y[row] = int(X[row, 0] > 0)
        order.append(row)
    learner.learn(y, order)
    wait_for(learner)
    history = learner.history()
    assert [each["n_labels"] for each in history] == _steps(60)
    assert history[0]["agreement"] is None
    assert all(-1 <= each["agreement"] <= 1 for each in history[1:])
    assert learner.advice == str(stop_advice(history))
    learner.stop()


def test_ties_go_to_the_first_annotator_and_all_else_is_as_aggregate_says(desk_of):
    desk = desk_of(annotators=["zoe", "anna", "ben"], overlap=1.0)
    random = np.random.default_rng(0)
    for who in ("ben", "zoe", "anna"):  # whoever answers first in time
        for row in random.permutation(40)[:30]:
            desk.labelling.do(
                who,
                "label",
                desk.labelling.ids[row],
                ("bad", "good")[random.integers(2)],
                f"event-{who}-{row}",
            )
    desk.save()
    table = pd.read_csv(desk.output)
    votes = table[["label_zoe", "label_anna", "label_ben"]]
    found = aggregate(votes, "majority").labels
    told = votes.notna().any(axis=1)
    codes, classes, _ = read_votes(votes)
    best = majority_codes(codes, len(classes), ties="voter")
    assert table.label[told].tolist() == classes[best[told]].tolist()
    equal = (votes.notna().sum(axis=1) == 2) & (votes.nunique(axis=1) == 2)
    assert equal.sum() > 5
    assert table.label[equal].nunique() == 2
    assert table.label[told & ~equal].tolist() == found[told & ~equal].tolist()


@pytest.mark.parametrize("kind", ["classes", "numbers", "sets"])
def test_agreement_of_annotators_is_told_as_annotation_measures_it(desk_of, kind):
    options = {
        "classes": {},
        "numbers": {"classes": None, "limits": (-3, 3)},
        "sets": {"task": "multilabel"},
    }[kind]
    desk = desk_of(overlap=1.0, **options)
    said = {"classes": ["bad", "good"], "numbers": [-1.0, 2.5], "sets": [["bad"], []]}[kind]
    for row in range(12):
        answer(desk, "anna", value=said[row % 2], row=row)
        answer(desk, "ben", value=said[row % 2 if row else 1], row=row)
    desk.labelling._compare()
    told = desk.labelling.agreement
    assert told.startswith("Of 12 rows that several labelled, 11 have the same label from all.")
    assert ("alpha" in told) == (kind != "sets")


def test_of_many_rows_some_are_drawn_those_with_labels_among_them(monkeypatch):
    for module in (_learner, _space):
        monkeypatch.setattr(module, "MOST", 100)
    X = features_of(400)
    learner = Learner(Question("classes", ("a", "b")), Features(400, X))
    learner.start()
    y, order = np.full(400, -1), []
    for row in [*range(0, 400, 20), 7]:
        y[row] = int(X[row, 0] > 0)
        order.append(row)
        learner.learn(y.copy(), order)
        wait_for(learner)
        assert len(learner._space.rows) == 100
        assert len(set(learner.learned.ranking.tolist()) - set(order)) == 64
    assert sum(learner._space.at[row] < 0 for row in order) <= 1
    assert learner.curve[-1].n >= 20
    learner.stop()


def test_the_order_of_the_table_is_kept_where_it_is_asked_for(desk_of):
    desk = desk_of(strategy="table")
    assert [answer(desk, "me") for _ in range(5)] == [0, 1, 2, 3, 4]
