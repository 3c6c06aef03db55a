"""Tables of any library are taken wherever a table is, and no integer loses a digit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st

from hybridsent import TextEncoder, evaluate, make_fusion
from hybridsent._tables import as_column, as_pandas, as_table
from hybridsent.datasets import detect_modalities, media_columns, read_table, write_table
from hybridsent.evaluation import (
    importance_weighted_score,
    prediction_entropy_score,
    search,
    soft_neighborhood_density_score,
    transfer_report,
)
from hybridsent.exceptions import TableError
from hybridsent.fusion import FUSIONS

polars = pytest.importorskip("polars")

WIDE = 2**60 + 1
COLUMNS = {
    "text": ["I love it", None, "I hate it", "What a day"] * 3,
    "id": [WIDE, None, WIDE + 1, 3] * 3,
    "likes": [1, None, 3, 4] * 3,
    "label": ["good", "good", "bad", "bad"] * 3,
    "site": ["a", "a", "a", "a", "b", "b"] * 2,
}


class OnlyStream:
    """A table of a library nobody knows, which offers the Arrow stream alone."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class OnlyInterchange:
    def __init__(self, table):
        self._table = table

    def __dataframe__(self, *args, **kwargs):
        return self._table.__dataframe__(*args, **kwargs)


class OnlyToPandas:
    def __init__(self, table):
        self._table = table

    def to_pandas(self):
        return as_table(self._table)


MAKERS = {
    "dict": dict,
    "pandas": as_table,
    "polars": polars.DataFrame,
    "lazy polars": polars.LazyFrame,
    "pyarrow": pa.table,
    "record batch": pa.RecordBatch.from_pydict,
    "Arrow stream": lambda columns: OnlyStream(pa.table(columns)),
    "interchange": lambda columns: OnlyInterchange(pa.table(columns)),
    "to_pandas": lambda columns: OnlyToPandas(columns),
    "dict of polars": lambda columns: polars.DataFrame(columns).to_dict(),
    "dict of arrays": lambda columns: {k: pa.array(v) for k, v in columns.items()},
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@every_maker
def test_every_table_becomes_the_same_one_of_pandas(make):
    table = as_table(make(COLUMNS))
    for name, cells in COLUMNS.items():
        assert [None if pd.isna(cell) else cell for cell in table[name].tolist()] == cells
    assert (table["id"].dtype, table["likes"].dtype) == ("Int64", "float64")


@pytest.mark.parametrize("name", ["lazy polars", "pyarrow", "dict"])
def test_every_table_is_evaluated_and_searched(name):
    make = MAKERS[name]
    expected = evaluate(make_fusion(text=True), as_table(COLUMNS), "label", cv=2)
    table = make(COLUMNS)
    found = evaluate(make_fusion(text=True), table, "label", cv=2)
    assert found.models["fusion"]["accuracy"].folds == expected.models["fusion"]["accuracy"].folds
    model = search({"one": (make_fusion(text=True), {})}, table, "label", cv=2, inner_cv=2)
    assert model.rows == 12
    report = transfer_report(
        make_fusion(text=True, adapt="coral", domain="site", target_domain="b"),
        table,
        "label",
        domain="site",
        target="b",
        cv=2,
    )
    assert [(pair.source, pair.target) for pair in report.pairs] == [("a", "b")]


@every_maker
def test_every_table_is_looked_at_and_written(make, tmp_path):
    table = make({**COLUMNS, "photo": [f"{i}.png" for i in range(12)]})
    assert detect_modalities(table) == {"text": "text", "image": "photo"}
    assert media_columns(table) == ["photo"]
    write_table(table, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", media=[])["id"][0] == WIDE


@pytest.mark.parametrize("X", [3, "text", ["a"], np.zeros((2, 2)), None, pd.Series([1]), {1}])
def test_what_is_no_table_is_named(X):
    assert as_pandas(X) is X
    with pytest.raises(TableError, match=f"must be a pandas DataFrame, got {type(X).__name__}"):
        as_table(X)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": "a"}, "each name to a column of cells. Got str for 'text'"),
        ({"n": 1}, "Got int for 'n'"),
        ({"a": [1], "b": [1, 2]}, "one length. Got {'a': 1, 'b': 2}"),
        ({"a": {"b": 1}}, "Got dict for 'a'"),
        ({"a": pd.DataFrame({"b": [1]})}, "Got DataFrame for 'a'"),  # its names would be cells
        ({"a": {"b", "c"}}, "Got set for 'a'"),
        ({"a": np.array(3)}, "Got ndarray for 'a'"),
    ],
)
def test_a_mapping_that_is_no_table_is_told(columns, message):
    with pytest.raises(TableError) as error:
        as_table(columns)
    assert message in str(error.value)


def test_a_table_of_arrow_has_names_of_its_own_for_its_columns():
    table = pa.table([[1, None], [2, 3]], names=["a", "a"])
    with pytest.raises(TableError, match=r"Twice or more: \['a'\]"):
        as_table(table)


def test_python_objects_of_polars_are_the_objects_not_their_addresses():
    thing = object()
    table = polars.DataFrame(
        {"image": polars.Series([thing, None], dtype=polars.Object), "n": [1, 2]}
    )
    assert as_table(table)["image"].tolist() == [thing, None]
    assert as_pandas(table["image"]).tolist() == [thing, None]


def test_columns_of_polars_and_pyarrow_are_encoded():
    expected = TextEncoder().fit_transform(pd.Series(COLUMNS["text"]))
    for make in (polars.Series, pa.array, lambda v: pa.chunked_array([v])):
        np.testing.assert_array_equal(TextEncoder().fit_transform(make(COLUMNS["text"])), expected)
    for make in (polars.DataFrame, pa.table, polars.LazyFrame):
        table = make({"post": COLUMNS["text"]})
        np.testing.assert_array_equal(TextEncoder().fit_transform(table), expected)


def _features(n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.array(["bad", "good"] * (n // 2), dtype=object)
    values = rng.normal(size=(n, 6)) + np.where(y == "good", 1.0, 0.0)[:, None]
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(3)]
    return pd.DataFrame(values.astype(np.float32), columns=names), y


@pytest.mark.parametrize("fusion", FUSIONS)
def test_fusion_gives_the_same_behind_polars(fusion):
    X, y = _features()
    model = make_fusion(fusion, features=["text", "image"], random_state=0)
    expected = sklearn.clone(model).fit(X, y).predict(X)
    with sklearn.config_context(transform_output="polars"):
        assert sklearn.clone(model).fit(X, y).predict(X).tolist() == expected.tolist()


@pytest.mark.parametrize("adapt", ["coral", "tca", "kmm", "groups", "augment", "balanced"])
def test_what_adapts_gives_the_same_behind_polars(adapt):
    X, y = _features()
    told = {"group" if adapt == "groups" else "domain": "site"}
    X["site"] = np.repeat([0, 1], len(X) // 2)
    y[40:] = -1
    model = make_fusion(features=["text", "image"], adapt=adapt, random_state=0, **told)
    expected = sklearn.clone(model).fit(X, y).predict(X)
    with sklearn.config_context(transform_output="polars"):
        assert sklearn.clone(model).fit(X, y).predict(X).tolist() == expected.tolist()


def test_scores_read_polars():
    X, y = _features()
    X["domain__0"] = np.repeat([0.0, 1.0], len(X) // 2)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(X, y)
    for score in (
        importance_weighted_score,
        prediction_entropy_score,
        soft_neighborhood_density_score,
    ):
        assert score(model, polars.from_pandas(X), y) == score(model, X, y)


@given(
    st.lists(
        st.none()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False)
        | st.booleans()
        | st.text(st.characters(codec=None))
    )
)
def test_no_value_changes_in_a_column(values):
    found = as_column(values).tolist()
    assert [None if v is not None and pd.isna(v) else v for v in found] == values
    for cell, value in zip(found, values, strict=True):
        if isinstance(value, bool | str):
            assert type(cell) is type(value)
