"""Names of columns: what is put together comes apart again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from hybridsent.missing import ViewImputer
from hybridsent.transfer import FeatureAugmentation
from hybridsent.views import (
    as_matrix,
    check_views,
    feature_names,
    is_indicator,
    modalities_of,
    rename_feature,
    spans,
    view_of,
)

views = st.text(st.characters(exclude_characters="_"), min_size=1)


@given(views, st.integers(0, 20), st.none() | st.integers(1, 4))
def test_names_say_their_view(view, width, steps):
    names = feature_names(view, width, steps)
    assert len(names) == width * (steps or 1) == len(set(names))
    assert {view_of(name) for name in names} <= {view}
    assert spans(names) == ({view: list(range(len(names)))} if names else {})


@given(st.lists(views, min_size=1, max_size=4, unique=True), st.randoms())
def test_spans_cut_any_order_into_views(names, random):
    columns = [name for view in names for name in feature_names(view, 3)]
    random.shuffle(columns)
    found = spans(columns)
    assert sorted(i for part in found.values() for i in part) == list(range(len(columns)))
    assert {columns[i].partition("__")[0] for i in found[names[0]]} == {names[0]}


def test_names_without_a_view_stand_together():
    assert spans(["age", "text__0", 3]) == {"": [0, 2], "text": [1]}
    assert view_of("a__b__c") == "a"
    assert view_of(7) is None


def test_marks_and_indicators_are_of_no_modality():
    X = pd.DataFrame(
        {"text__0": [1.0, np.nan, 2.0], "s__s1_0": [1.0, 2.0, 3.0], "domain__0": [0.0, 1.0, 1.0]}
    )
    filled = ViewImputer().set_output(transform="pandas").fit_transform(X)
    copied = FeatureAugmentation().set_output(transform="pandas").fit_transform(filled)
    assert modalities_of(X.columns) == {"text": [0], "s": [1]} == modalities_of(filled.columns)
    assert [name for name in copied if is_indicator(name)] == [
        "missing__text",
        "missing__text_source",
        "missing__text_target",
    ]
    assert is_indicator("missing_source__text")  # of a model that was saved earlier
    assert list(modalities_of(["group__0", "missing__0", "age"])) == ["missing", ""]


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("pca0", "text__0"),
        ("text__12", "text__12"),
        ("text__s2_7", "text__s2_7"),
        ("lineardiscriminantanalysis1", "text__1"),
        ("x3", "text__3"),
        ("age", "text__age"),
        (5, "text__5"),
    ],
)
def test_a_feature_is_named_after_its_view(feature, name):
    assert rename_feature("text", feature) == name
    assert view_of(name) == "text"


@pytest.mark.parametrize("name", ["", "a__b", "__"])
def test_views_that_cannot_be_read_back_are_refused(name):
    check_views(["fine", "also_fine"])
    with pytest.raises(ValueError, match="without '__'"):
        check_views(["text", name])


FRAMES = {
    "float32": pd.DataFrame({"a__0": [1.0, np.nan], "a__1": [2.0, 3.0]}, dtype=np.float32),
    "float64": pd.DataFrame({"a__0": [1.0, np.nan], "b__0": [2.0, 3.0]}),
    "integers": pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
    "mixed": pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}),
    "nullable": pd.DataFrame({"a": [1, 2], "b": [0.5, None]}).convert_dtypes(),
    "numbers as names": pd.DataFrame({0: [1.0], 1: [2.0]}),
    "array": np.eye(2, dtype=np.float32),
    "list": [[1, 2], [3, 4]],
}


@pytest.mark.parametrize("X", FRAMES.values(), ids=FRAMES)
def test_as_matrix_is_validate_data(X):
    ours, theirs = BaseEstimator(), BaseEstimator()
    rules = {"dtype": [np.float32, np.float64], "ensure_all_finite": "allow-nan"}
    for reset in (True, False):
        got = as_matrix(ours, X, reset=reset)
        expected = validate_data(theirs, X, reset=reset, **rules)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype
    assert vars(ours).keys() == vars(theirs).keys()
    assert list(getattr(ours, "feature_names_in_", [])) == list(
        getattr(theirs, "feature_names_in_", [])
    )


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"a__0": [1.0], "b__0": [2.0]}), "feature names should match"),
        (pd.DataFrame({"a__1": [1.0], "a__0": [2.0]}), "feature names"),
        (pd.DataFrame({"a__0": [1.0]}), "feature names should match"),
        (pd.DataFrame({"a__0": [1.0], "a__1": [np.inf]}), "infinity"),
        (pd.DataFrame({"a__0": ["x"], "a__1": [1.0]}), "could not convert"),
        (pd.DataFrame({"a__0": [], "a__1": []}, dtype=float), "0 sample"),
        (np.ones((2, 3)), "expecting 2 features"),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_as_matrix_refuses_what_fit_did_not_see(X, message):
    estimator = BaseEstimator()
    as_matrix(estimator, FRAMES["float32"], reset=True)
    with pytest.raises(ValueError, match=message):
        as_matrix(estimator, X, reset=False)


def test_large_numbers_of_both_signs_are_no_missing_view():
    from hybridsent.views import presence

    large = np.array([[3e38, 3e38, -3e38, -3e38]], dtype=np.float32)
    assert presence(large, {"text": np.arange(4)}).all()
