"""Sets of labels are read in every form that tables and lists have, by one function."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from hybridsent._label_sets import (
    as_sets,
    form_of,
    has_labels,
    is_of_sets,
    label_sets,
    looks_like_sets,
    rarest_labels,
    told_separators,
    written_sets,
)
from hybridsent._labels import kind_found, kind_of, labeled_rows

NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1)
SETS = st.lists(st.one_of(st.none(), st.sets(NAMES, max_size=4)), min_size=1, max_size=12)


@given(SETS)
def test_all_forms_say_the_same_and_are_what_scikit_learn_makes_of_sets(rows):
    known = np.array([row is not None for row in rows])
    texts = ["" if row is None else "|".join(sorted(row)) or "|" for row in rows]
    indicator, classes = label_sets(texts)
    theirs = MultiLabelBinarizer()
    expected = theirs.fit_transform([row for row in rows if row is not None] or [()])
    assert classes.tolist() == list(theirs.classes_)
    assert np.array_equal(indicator[known], expected[: known.sum()])
    assert (indicator[~known] == -1).all()
    for form in (set, frozenset, list, tuple, lambda row: np.array(sorted(row), dtype=object)):
        cells = pd.Series([None if row is None else form(row) for row in rows], dtype=object)
        again, names = label_sets(cells)
        assert names.tolist() == classes.tolist()
        assert np.array_equal(again, indicator)
        assert np.array_equal(has_labels(cells), known)
    assert np.array_equal(has_labels(texts), known)
    assert np.array_equal(labeled_rows(texts, "sets"), known)


@given(SETS)
def test_what_is_written_is_read_again(rows):
    indicator, classes = label_sets(["" if r is None else "|".join(r) or "|" for r in rows])
    if not len(classes):
        return
    texts = written_sets(indicator, classes)
    assert np.array_equal(label_sets(texts, classes)[0], indicator)
    known = indicator[(indicator >= 0).all(axis=1)]
    for form in ("text", "list", "tuple", "set"):
        said = as_sets(known, classes, form)
        assert np.array_equal(label_sets(said, classes)[0], known)


@given(st.text(alphabet="ab| \t", max_size=8))
def test_any_text_is_a_set_or_no_label(text):
    indicator, classes = label_sets([text, "a|b"])
    assert set(classes) <= {"a", "b", *(part.strip() for part in text.split("|"))}
    assert has_labels([text])[0] == bool(text.strip())
    if text.strip():
        meant = {part.strip() for part in text.split("|")} - {""}
        assert set(classes[indicator[0] == 1]) == meant


def test_matrices_of_any_kind_are_read():
    Y = np.array([[1, 0, 1], [0, 0, 0], [-1, -1, -1]])
    for y in (Y, Y.astype(float), pd.DataFrame(Y), Y.tolist()[:2], Y[:2].astype(bool)):
        indicator, classes = label_sets(y)
        assert np.array_equal(indicator, Y[: len(indicator)])
        assert classes.tolist() == [0, 1, 2]
        assert form_of(y) == "indicator"
    assert np.array_equal(label_sets(sparse.csr_array(Y[:2]))[0], Y[:2])
    assert label_sets(pd.DataFrame(Y, columns=list("xyz")))[1].tolist() == ["x", "y", "z"]
    missing = Y.astype(float)
    missing[2] = np.nan
    assert np.array_equal(label_sets(missing)[0], Y)
    assert has_labels(missing).tolist() == [True, True, False]
    nullable = pd.DataFrame(Y, dtype="Int64").mask(Y < 0)
    assert np.array_equal(label_sets(nullable)[0], Y)
    cells = pd.Series([[1, 0, 1], [0, 0, 0], None])
    assert np.array_equal(label_sets(cells)[0], Y)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_columns_and_tables_of_other_libraries_are_read(library):
    module = pytest.importorskip(library)
    column = module.Series if library == "polars" else module.array
    table = module.DataFrame if library == "polars" else module.table
    for y in (["joy|anger", "joy", None], [["joy", "anger"], ["joy"], None]):
        indicator, classes = label_sets(column(y))
        assert indicator.tolist() == [[1, 1], [0, 1], [-1, -1]]
        assert classes.tolist() == ["anger", "joy"]
        assert has_labels(column(y)).tolist() == [True, True, False]
        assert looks_like_sets(column(y))
    indicator, classes = label_sets(table({"x": [1, 0], "y": [0, 0]}))
    assert (indicator.tolist(), classes.tolist()) == ([[1, 0], [0, 0]], ["x", "y"])


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["joy", 3], r"Got 3 in row 1"),
        ([["joy"], ["an|ger"]], r"Got 'an|ger', which holds '\|', in row 1"),
        ([["joy"], [None]], r"Got None, in row 1"),
        ([["joy"], [0.5]], r"Got 0.5, in row 1"),
        ([["joy"], [""]], r"Got '', in row 1"),
        ([["joy"], [1]], r"texts or numbers, not both. Got 'joy' and 1"),
        (np.array([[0, 2], [1, 1]]), r"Got 2 in row 0, column 1"),
        (np.array([[0, np.nan], [1, 1]]), r"Got nan in row 0, column 1"),
        (np.array([[0, np.inf], [1, 1]]), r"Got inf in row 0, column 1"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), r"must hold the numbers 0 and 1"),
        ([{"joy": 1}], r"Got \{'joy': 1\} in row 0"),
        (pd.DataFrame([[0, 1]], columns=["joy", "joy"]), r"one column for each label. Got 'joy'"),
    ],
)
def test_what_is_no_set_is_refused_with_its_place(y, said):
    with pytest.raises(ValueError, match=said):
        label_sets(y)


def test_a_label_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match=r"Got 'hate', which is none of these"):
        label_sets(["joy", "hate"], ["anger", "joy"])


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (["joy|anger", "joy"], "sets"),
        (["joy|anger", "joy|fear"], "sets"),
        ([["joy"], []], "sets"),
        (np.eye(2, dtype=int), "sets"),
        (["yes|no", "perhaps"], "classes"),  # one class that holds the separator
        (["|", "joy"], "classes"),
        (["joy", "anger"], "classes"),
        ([0.5, 1.5], "numbers"),
        ([1, 2, 3], "classes"),
        ([-3, 0, 3], "numbers"),
    ],
)
def test_the_kind_of_labels_is_found(y, found):
    assert kind_found(y) == found


def test_texts_are_classes_to_a_classifier_and_lists_are_sets():
    from sklearn.linear_model import LogisticRegression

    from hybridsent.heads import MultiLabelClassifier

    texts = np.array(["joy|anger", "joy"], dtype=object)
    assert kind_of(LogisticRegression(), texts) == "classes"
    assert kind_of(MultiLabelClassifier(), texts) == "sets"
    assert kind_of(LogisticRegression(), [["joy"], []]) == "sets"
    assert is_of_sets(pd.Series([["joy"], None]))
    assert not is_of_sets(texts)


def test_separators_are_told_where_they_are_rare_or_in_a_class():
    rare = ["joy"] * 50 + ["anger"] * 50 + ["joy|anger"]
    assert told_separators(rare, as_sets=True).startswith("1 of 101 rows have a label with '|'")
    assert told_separators(["joy|anger", "joy"], as_sets=True) == ""
    assert "classes of their own" in told_separators(["yes|no", "perhaps"], as_sets=False)
    assert told_separators(["joy", "anger"], as_sets=False) == ""


def test_a_row_is_named_by_its_rarest_label():
    indicator = label_sets(["a|b", "a", "a|c|b", "|", "", "a"])[0]
    assert rarest_labels(indicator).tolist() == [1, 0, 2, 3, -1, 0]
