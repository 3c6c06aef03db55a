"""add_context: neighbours by a named order, the same for a table in any order, never across groups."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent import evaluate, make_fusion
from hybridsent.datasets import add_context, read_table, write_table
from hybridsent.datasets._context import contexts_of
from hybridsent.evaluation import search
from hybridsent.exceptions import TableError
from hybridsent.media import is_missing


def talk(n: int = 6, dialogues: int = 2) -> pd.DataFrame:
    """Dialogues of n turns each; a cell says where it stands."""
    rows = [
        {"dialogue": f"d{d}", "turn": t, "speaker": "AB"[t % 2], "text": f"d{d} t{t}"}
        for d in range(dialogues)
        for t in range(n)
    ]
    return pd.DataFrame(rows)


def context(table: pd.DataFrame, **options: object) -> list[object]:
    given = {"group": "dialogue", "order": "turn", **options}
    return add_context(table, "text", **given)["text_context"].tolist()


def by_hand(table: pd.DataFrame, before: int, after: int, by: str | None) -> list[object]:
    """What the documentation says, row by row, in the slowest way."""
    found = []
    for _, row in table.iterrows():
        same = table[table["dialogue"] == row["dialogue"]]
        same = same if by is None else same[same[by] == row[by]]
        earlier = same[same["turn"] < row["turn"]].sort_values("turn").tail(before)
        later = same[same["turn"] > row["turn"]].sort_values("turn").head(after)
        near = [*(earlier["text"] if before else []), *(later["text"] if after else [])]
        found.append(near or None)
    return found


# -- what is gathered


@settings(max_examples=60, deadline=None)
@given(
    turns=st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(0, 9), st.sampled_from("AB")),
        min_size=1,
        max_size=20,
        unique_by=lambda each: each[:2],
    ),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    by=st.sampled_from([None, "speaker"]),
)
def test_neighbours_are_those_that_a_search_by_hand_finds(turns, before, after, by):
    table = pd.DataFrame(turns, columns=["dialogue", "turn", "speaker"])
    table["text"] = [f"{d}{t}" for d, t in zip(table["dialogue"], table["turn"], strict=True)]
    if before == after == 0:
        return
    assert context(table, before=before, after=after, by=by) == by_hand(table, before, after, by)


@pytest.mark.parametrize(
    "options", [{}, {"before": 1, "after": 2}, {"by": "speaker"}, {"decay": 0.5}]
)
def test_a_shuffled_table_gets_the_same_context(rng, options):
    table = talk()
    plain = pd.Series(context(table, **options), index=table.index)
    shuffled = table.iloc[rng.permutation(len(table))]
    found = pd.Series(context(shuffled, **options), index=shuffled.index)
    assert found.reindex(table.index).tolist() == plain.tolist()


def test_a_row_is_never_in_its_own_context_and_no_group_reaches_into_another():
    table = talk(n=5, dialogues=4)
    found = context(table, before=99, after=99)
    for own, group, cells in zip(table["text"], table["dialogue"], found, strict=True):
        assert own not in cells
        assert {cell.split()[0] for cell in cells} == {group}
        assert len(cells) == 4


def test_rows_and_index_stay_as_they_were_and_the_input_is_not_touched(rng):
    table = talk().iloc[rng.permutation(12)].set_index(pd.Index(["same"] * 12))
    kept = table.copy()
    found = add_context(table, "text", group="dialogue", order="turn")
    pd.testing.assert_frame_equal(table, kept)
    pd.testing.assert_frame_equal(found[kept.columns], kept)
    assert list(found.columns) == [*kept.columns, "text_context"]


def test_the_same_for_tables_of_other_libraries():
    import polars as pl
    import pyarrow as pa

    table = talk()
    for other in (pl.from_pandas(table), pa.Table.from_pandas(table), table.to_dict("list")):
        assert context(other) == context(table)


def test_a_missing_neighbour_keeps_its_place_and_adds_nothing():
    table = talk(n=4, dialogues=1)
    table.loc[[0, 2], "text"] = [None, " "]
    assert context(table, before=1) == [None, None, ["d0 t1"], None]
    assert context(table, before=2) == [None, None, ["d0 t1"], ["d0 t1"]]


def test_a_row_without_group_or_speaker_has_no_neighbours_and_is_none():
    table = talk(n=3, dialogues=1)
    table.loc[1, "dialogue"] = None
    assert context(table) == [None, None, ["d0 t0"]]
    table = talk(n=5, dialogues=1)
    table.loc[2, "speaker"] = None
    assert context(table, by="speaker") == [None, None, None, ["d0 t1"], ["d0 t0"]]


def test_several_columns_name_a_group_and_an_order():
    table = talk(n=4, dialogues=1).assign(split=["train", "train", "dev", "dev"])
    assert context(table, group=["split", "dialogue"]) == [None, ["d0 t0"], None, ["d0 t2"]]
    assert context(table, group=pd.Index(["split", "dialogue"]), order=np.array(["turn"])) == [
        None,
        ["d0 t0"],
        None,
        ["d0 t2"],
    ]
    table = talk(n=4, dialogues=1).assign(scene=[2, 2, 1, 1])
    found = context(table, order=["scene", "turn"], before=1)
    assert found == [["d0 t3"], ["d0 t0"], None, ["d0 t2"]]


def test_a_neighbour_that_holds_several_items_weighs_as_much_as_one_that_holds_one():
    table = talk(n=3, dialogues=1)
    table["image"] = [["a.png", "b.png"], "c.png", None]
    found = add_context(table, "image", group="dialogue", order="turn")["image_context"]
    assert found[1] == {"items": ["a.png", "b.png"], "weights": [0.5, 0.5]}
    assert found[2] == {"items": ["a.png", "b.png", "c.png"], "weights": [0.5, 0.5, 1.0]}


@pytest.mark.parametrize("holder", [tuple, lambda items: np.array(items, dtype=object), np.array])
def test_lists_of_any_kind_are_opened(holder):
    table = talk(n=3, dialogues=1)
    table["image"] = pd.Series([holder(["a.png", "b.png"]), holder(["c.png", "d.png"]), None])
    found = add_context(table, "image", group="dialogue", order="turn")["image_context"]
    assert found[2] == ["a.png", "b.png", "c.png", "d.png"]


def test_the_context_of_a_context_weighs_its_items_by_both():
    table = add_context(
        talk(n=4, dialogues=1), "text", group="dialogue", order="turn", before=2, decay=0.5
    )
    cell = table["text_context"][2]
    assert cell["weights"] == [0.5, 1.0]
    found = add_context(table, "text_context", group="dialogue", order="turn", before=1, name="x")
    assert found["x"][3]["items"] == cell["items"]
    np.testing.assert_allclose(found["x"][3]["weights"], [1 / 3, 2 / 3])
    table.at[2, "text_context"] = {"items": ["a", "b"], "weights": [1]}
    with pytest.raises(TableError, match=r"Row 2: the list cell must hold as many weights"):
        add_context(table, "text_context", group="dialogue", order="turn", name="x")


def test_neighbours_of_which_decay_leaves_nothing_are_left_out():
    table = pd.DataFrame({"g": 1, "turn": range(5), "text": list("abcde")})
    found = add_context(table, "text", group="g", order="turn", before=9, decay=1e-200)[
        "text_context"
    ]
    assert found[4] == {"items": ["c", "d"], "weights": [1e-200, 1.0]}


def test_sounds_in_memory_are_cells_not_lists():
    sound = (np.zeros(8, dtype=np.float32), 16000)
    table = talk(n=2, dialogues=1)
    table["audio"] = [sound, sound]
    found = add_context(table, "audio", group="dialogue", order="turn")["audio_context"]
    assert found[0] is None
    assert len(found[1]) == 1
    assert found[1][0] is sound


def test_decay_weighs_by_distance_on_both_sides():
    found = context(talk(n=4, dialogues=1), before=2, after=1, decay=0.5)
    assert found[2] == {"items": ["d0 t0", "d0 t1", "d0 t3"], "weights": [0.5, 1.0, 1.0]}
    assert found[0] == {"items": ["d0 t1"], "weights": [1.0]}  # one form in a column


@pytest.mark.parametrize("decay", [None, 0.5])
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_context_goes_through_files(tmp_path, kind, decay):
    table = add_context(talk(), "text", group="dialogue", order="turn", decay=decay)
    for _ in range(2):
        write_table(table, tmp_path / f"t.{kind}")
        found = read_table(tmp_path / f"t.{kind}", lists=["text_context"])["text_context"]
        wanted = context(talk(), decay=decay)
        for cell, expected in zip(found, wanted, strict=True):
            if expected is None:
                assert is_missing(cell)
            elif decay is None:
                assert list(cell) == expected
            else:
                assert {name: list(each) for name, each in cell.items()} == expected
        table["text_context"] = found


def test_a_decay_of_one_is_none():
    assert context(talk(), decay=1) == context(talk())


# -- orders


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 10],
        ["1", "2", "10"],
        ["007", "08", "9"],
        [-1.5, 0, 2**60 + 1],
        ["-1.5", "0", str(2**60)],
        [2**60, 2**60 + 1, 2**60 + 2],
        ["2023-12-31", "2024-01-01T00:00", "2024-01-01T00:00:01"],
        ["2023-12-31T23:00:00Z", "2024-01-01T00:30:00+01:00", "2024-01-01T00:00:00Z"],
        [Decimal("1.5"), 2, Decimal("10")],
        [date(2023, 1, 1), date(2023, 2, 1), date(2024, 1, 1)],
        [datetime(2023, 1, 1), datetime(2023, 1, 1, 1), datetime(2023, 1, 1, 2)],
        [np.datetime64("2023-01-01"), np.datetime64("2023-01-02"), np.datetime64("2023-01-10")],
        ["0:59", "1:05", "10:00"],
        ["0:00:59,5", "0:00:59,51", "0:10:00,000"],
        [time(1), time(1, 30), time(22)],
        [timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1)],
        pd.Categorical(["low", "mid", "high"], ["low", "mid", "high"], ordered=True),
        pd.period_range("2023-01", periods=3, freq="M"),
    ],
    ids=lambda values: str(values[1]),
)
def test_an_order_is_read_as_what_it_holds(values):
    table = talk(n=3, dialogues=1).assign(turn=pd.Series(values))
    for places in ([0, 1, 2], [2, 0, 1]):
        found = add_context(table.iloc[places], "text", group="dialogue", order="turn")
        assert found["text_context"].sort_index().tolist() == [None, ["d0 t0"], ["d0 t0", "d0 t1"]]


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        (["utt_1", "utt_2", "utt_10"], "'utt_1'"),
        (["1", "2", "two"], "'two'"),
        (["03/04/2020", "04/03/2020", "05/03/2020"], "'03/04/2020'"),
        (["0:59", "0:01:02", "1:00"], "not all written alike"),
        (["2024-01-01", "2024-01-01T00:00Z", "2024-01-02"], "cannot be compared"),
        ([[1], [2], [3]], r"'\[1\]'"),
    ],
)
def test_an_order_that_cannot_be_told_is_refused(values, seen):
    with pytest.raises(TableError, match=f"order column 'turn' must hold numbers.*{seen}"):
        context(talk(n=3, dialogues=1).assign(turn=values))


def test_a_row_without_its_place_is_refused_unless_it_is_of_no_group():
    table = talk(n=3, dialogues=1)
    table["turn"] = [0, None, 2]
    with pytest.raises(TableError, match=r"1 have none in 'turn', the first is row 1\. Fill it"):
        context(table)
    table.loc[1, "dialogue"] = None
    assert context(table) == [None, None, ["d0 t0"]]


def test_two_rows_at_one_place_are_refused_by_name():
    table = talk(n=3, dialogues=1).assign(turn=[0, 1, 1])
    with pytest.raises(
        TableError, match=r"rows 1 and 2 of dialogue='d0' .*turn='1'.*order=\['turn'"
    ):
        context(table)
    assert context(table, by="speaker") == [None, None, ["d0 t0"]]  # of different speakers


@pytest.mark.parametrize("order", [None, [], ()])
def test_the_order_of_the_rows_is_refused_and_the_reason_told(order):
    with pytest.raises(ValueError, match="files are often sorted by label"):
        context(talk(), order=order)
    with pytest.raises(TypeError, match="order"):
        add_context(talk(), "text", group="dialogue")


# -- features


def featured(rng: np.random.Generator) -> pd.DataFrame:
    table = talk(n=5, dialogues=3)
    names = ["voice__0", "voice__s1_3"]
    features = pd.DataFrame(rng.normal(size=(len(table), 2)), columns=names)
    features.iloc[3] = np.nan
    return pd.concat([table, features], axis=1)


@pytest.mark.parametrize("decay", [None, 0.5])
@pytest.mark.parametrize("by", [None, "speaker"])
def test_a_view_of_features_gets_the_means_of_its_neighbours(rng, decay, by):
    table = featured(rng)
    options = {"before": 2, "after": 1, "decay": decay, "by": by}
    found = add_context(table, "voice", group="dialogue", order="turn", **options)
    assert list(found.columns[-2:]) == ["voice_context__0", "voice_context__s1_3"]
    cells = table.assign(row=np.arange(len(table)).astype(str))
    near = add_context(cells, "row", group="dialogue", order="turn", **options)["row_context"]
    X = table[["voice__0", "voice__s1_3"]].to_numpy()
    for row, cell in enumerate(near):
        held = cell if isinstance(cell, dict) else {"items": cell or [], "weights": None}
        rows = [int(item) for item in held["items"]]
        weights = np.array(held["weights"] or [1.0] * len(rows))
        there = [i for i, other in enumerate(rows) if not np.isnan(X[other]).any()]
        wanted = np.full(2, np.nan)
        if there:
            wanted = np.average(X[np.array(rows)[there]], axis=0, weights=weights[there])
        np.testing.assert_allclose(found.iloc[row, -2:].to_numpy(dtype=float), wanted, rtol=1e-6)


def test_features_of_a_shuffled_table_are_the_same_bits(rng):
    table = featured(rng)
    plain = add_context(table, "voice", group="dialogue", order="turn", after=2)
    shuffled = table.iloc[rng.permutation(len(table))]
    found = add_context(shuffled, "voice", group="dialogue", order="turn", after=2)
    pd.testing.assert_frame_equal(found.loc[table.index], plain, check_exact=True)


# -- what is refused


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"group": None}, r"group .*table\.assign\(dialogue=0\)"),
        ({"by": []}, "by parameter"),
        ({"before": 0}, "Got 0 for both"),
        ({"before": -1}, "before parameter .* Got -1"),
        ({"after": True}, "after parameter .* Got True"),
        ({"before": 1.5}, r"before parameter .* Got 1\.5"),
        ({"decay": 0}, "decay parameter .* Got 0"),
        ({"decay": 1.5}, r"decay parameter .* Got 1\.5"),
        ({"decay": float("nan")}, "decay parameter .* Got nan"),
        ({"name": ""}, "name parameter"),
    ],
)
def test_wrong_parameters_are_told(options, told):
    with pytest.raises(ValueError, match=told):
        context(talk(), **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"group": "dialog"}, "no column 'dialog', which group names.*Did you mean 'dialogue'"),
        ({"order": ["turn", "scene"]}, "no column 'scene', which order names"),
        ({"by": "speakers"}, "no column 'speakers', which by names.*Did you mean 'speaker'"),
        ({"name": "speaker"}, "has a column 'speaker' already"),
    ],
)
def test_columns_that_are_not_there_or_there_already_are_told(options, told):
    with pytest.raises(TableError, match=told):
        context(talk(), **options)


def test_the_column_must_be_there_once_and_the_new_one_not_yet():
    with pytest.raises(TableError, match=r"no column 'txet'.*Did you mean 'text'"):
        add_context(talk(), "txet", group="dialogue", order="turn")
    twice = add_context(talk(), "text", group="dialogue", order="turn")
    with pytest.raises(TableError, match=r"'text_context' already.*name="):
        add_context(twice, "text", group="dialogue", order="turn")
    double = pd.concat([talk(), talk()[["text"]]], axis=1)
    with pytest.raises(TableError, match="2 columns 'text'"):
        context(double)


def test_an_empty_table_gets_an_empty_column():
    assert context(talk()[:0]) == []


def test_the_table_notes_of_which_groups_its_contexts_are():
    table = add_context(talk(), "text", group="dialogue", order="turn")
    table = add_context(table, "text", group=["dialogue"], order="turn", by="speaker", name="own")
    noted = {"text_context": ["dialogue"], "own": ["dialogue"]}
    assert contexts_of(table) == contexts_of(table.iloc[::2].reset_index(drop=True)) == noted
    assert contexts_of(talk()) == contexts_of([1]) == {}


# -- judged with their conversations in one piece ---------------------------------------------------


def judged() -> pd.DataFrame:
    table = talk(n=4, dialogues=6)
    table["label"] = np.where(np.arange(len(table)) % 3 == 0, "good", "bad")
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(len(table), 2)), columns=["voice__0", "voice__1"])
    table = pd.concat([table, features], axis=1)
    return add_context(table, "voice", group="dialogue", order="turn")


def notes(table: pd.DataFrame, **options: object) -> list[str]:
    views = ["voice", "voice_context"]
    result = evaluate(make_fusion(features=views), table, "label", cv=3, **options)
    return [note for note in result.notes if "conversations" in note]


def test_notes_of_a_file_that_are_none_are_not_read():
    table = talk()
    table.attrs["hybridsent.context"] = {"text": 3, "turn": "dialogue", "x": ["dialogue"]}
    assert contexts_of(table) == {"x": ["dialogue"]}


def test_evaluate_says_where_folds_cut_conversations():
    (note,) = notes(judged())
    assert "of 6 conversations of 'voice_context'" in note
    assert "groups='dialogue'" in note
    assert notes(judged(), groups="dialogue") == []
    assert len(notes(judged(), groups="turn")) == 1


def test_what_is_not_read_or_not_noted_is_not_told():
    table = judged()
    model = make_fusion(features=["voice"])
    assert not any("conversations" in note for note in evaluate(model, table, "label", cv=3).notes)
    table.attrs = {}
    assert notes(table) == []


def test_search_says_so_too():
    model = make_fusion(features=["voice", "voice_context"])
    found = search({"early": (model, {})}, judged(), "label", cv=3, inner_cv=2)
    assert any("conversations of 'voice_context'" in note for note in found.notes)
