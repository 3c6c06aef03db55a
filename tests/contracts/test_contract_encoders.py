"""Laws of vectors: what every encoder over every registered backbone owes its user."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from encoder_cases import CASES, Case, encoder_classes, encoders_of_the_package
from fakes import FAKES, installed, seen
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from hybridsent.encoders import list_backbones
from hybridsent.store import FeatureStore

TOLERANCE = 1e-4  # of the largest value of a row: padding changes the order of sums

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_fake = pytest.mark.parametrize("case", [case for case in CASES if case.is_fake], ids=str)
every_class = pytest.mark.parametrize(
    "kind", encoder_classes().values(), ids=lambda kind: kind.__name__
)


@pytest.fixture(autouse=True)
def _fakes():
    with installed(*FAKES):
        yield


@pytest.fixture(scope="module")
def known():
    """Rows of five cells of each case, encoded once without a store: what the laws compare with."""
    rows: dict[str, np.ndarray] = {}

    def give(case: Case) -> np.ndarray:
        if case.backbone.name not in rows:
            rows[case.backbone.name] = case.make(store=None).transform(case.cells(5))
        return rows[case.backbone.name]

    return give


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal within the stated tolerance, row by row; NaN equals NaN."""
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return False
    scale = np.nan_to_num(np.abs(b)).max(axis=1, initial=1e-30, keepdims=True)
    return bool((np.nan_to_num(np.abs(a - b)) <= TOLERANCE * scale).all())


# -- discovery -------------------------------------------------------------------------------------


def test_discovery_found_every_modality_and_the_defaults():
    defaults = {kind().model for kind in encoder_classes().values()}
    assert {case.backbone.name for case in CASES} >= defaults
    assert set(encoder_classes()) >= {"text", "image", "audio"}
    assert encoders_of_the_package() <= set(encoder_classes().values())
    assert all(kind.modality == name for name, kind in encoder_classes().items())
    assert {case.kind.modality for case in CASES if case.is_fake} == set(encoder_classes()), (
        "a new modality needs a fake in tests/fakes.py and cells in tests/encoder_cases.py"
    )


def test_fakes_leave_the_registry_as_it_was():
    assert any(backbone in FAKES for backbone in list_backbones())
    assert len({case.backbone.name for case in CASES}) == len(CASES)


# -- an estimator like any other -------------------------------------------------------------------


@every_class
def test_constructor_only_stores(kind):
    given = {name: object() for name in inspect.signature(kind).parameters}
    encoder = kind(**given)
    assert vars(encoder).keys() == given.keys()
    assert all(getattr(encoder, name) is value for name, value in given.items())


@every_class
def test_constructor_parameters_are_all_constrained(kind):
    assert set(inspect.signature(kind).parameters) == set(kind._parameter_constraints)


@every_class
def test_only_the_model_is_positional_and_encoders_agree_on_the_rest(kind):
    first, *rest = inspect.signature(kind).parameters.values()
    assert first.name == "model"
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in rest)
    shared = set.intersection(
        *(set(inspect.signature(other).parameters) for other in encoder_classes().values())
    )
    for name in shared - {"model"}:
        defaults = {
            inspect.signature(other).parameters[name].default
            for other in encoder_classes().values()
        }
        assert len(defaults) == 1, f"{name} has the defaults {defaults}"


@every_case
def test_clone_keeps_parameters_and_identity(case):
    encoder = case.make(batch_size=3, on_error="missing", store=None)
    copy = clone(encoder)
    assert copy.get_params() == encoder.get_params()
    assert copy.fingerprint() == encoder.fingerprint()
    changed = copy.set_params(steps=2, pooling="mean")
    assert changed is copy
    assert changed.get_params()["steps"] == 2
    assert encoder.steps is None


@every_case
def test_pickle_carries_no_weights_and_transforms_equally(case, known):
    encoder = case.make(store=None)
    encoder.fit(case.cells(1)).transform(case.cells(2))
    raw = pickle.dumps(encoder)
    assert len(raw) < 10_000
    assert same(pickle.loads(raw).transform(case.cells(5)), known(case))


@every_case
def test_fit_learns_nothing(case, known):
    fitted = case.make(store=None).fit(case.cells(1)[::-1], ["a label"])
    assert set(vars(fitted)) - set(fitted.get_params()) == {"n_features_out_"}
    assert same(fitted.transform(case.cells(5)), known(case))
    assert case.make().__sklearn_tags__().requires_fit is False


@every_class
def test_bad_parameter_is_named(kind):
    encoder = kind(store=None)
    bad = {"verbose": object(), "store": 3.5}
    for name in kind._parameter_constraints:
        wrong = clone(encoder).set_params(**{name: bad.get(name, 3.5j)})
        for method in (wrong.fit, wrong.transform):
            with pytest.raises(
                InvalidParameterError, match=f"The '{name}' parameter of {kind.__name__} must be"
            ):
                method([None])


@every_class
def test_unknown_model_says_what_there_is(kind):
    nearly = kind().model[:-1]
    with pytest.raises(ValueError, match=f"Did you mean '{kind().model}'"):
        kind(nearly).fit([None])
    other = next(
        backbone.name for backbone in list_backbones() if backbone.modality != kind.modality
    )
    with pytest.raises(ValueError, match=f"must read {kind.modality}"):
        kind(other).fit([None])


# -- a row depends on its cell alone ---------------------------------------------------------------


@every_case
def test_rows_are_float32_finite_and_told_apart(case, known):
    rows = known(case)
    assert rows.dtype == np.float32
    assert rows.shape == (5, case.backbone.width)
    assert np.isfinite(rows).all()
    assert len(np.unique(rows, axis=0)) == 5


@every_case
@pytest.mark.parametrize("batch_size", [1, 2])
def test_rows_do_not_depend_on_the_batch(case, known, batch_size):
    assert same(case.make(store=None, batch_size=batch_size).transform(case.cells(5)), known(case))


@every_case
def test_rows_follow_the_order_of_cells_and_ignore_companions(case, known):
    encoder, good = case.make(store=None), case.cells(5)
    order = [3, 0, 4]
    assert same(encoder.transform([good[i] for i in order]), known(case)[order])
    assert same(encoder.transform([good[2]]), known(case)[[2]])


@every_case
def test_threads_change_nothing(case, known):
    assert same(case.make(store=None, n_jobs=3).transform(case.cells(5)), known(case))


@every_case
def test_cells_are_not_changed(case):
    good = case.cells(2)
    before = pickle.dumps(good)
    case.make(store=None).transform(good)
    assert pickle.dumps(good) == before


@every_case
def test_equal_cells_have_one_row_and_are_encoded_once(case, tmp_path):
    a, b = case.cells(2)
    for store in (None, tmp_path):
        encoder = case.make(store=store)
        rows = encoder.transform([a, b, a, None, a])
        assert encoder.n_encoded_ == 2
        assert np.array_equal(rows[[0, 0]], rows[[2, 4]])
    if case.is_fake:
        assert len(seen()) == 4


# -- what is missing -------------------------------------------------------------------------------


@every_case
def test_missing_cells_are_rows_of_nan_and_touch_no_other(case, known):
    good = case.cells(5)
    mixed = [None, good[0], float("nan"), good[1], pd.NA, "", " ", np.nan, good[2], pd.NaT]
    rows = case.make(store=None).transform(mixed)
    here = [1, 3, 8]
    assert same(rows[here], known(case)[:3])
    assert np.isnan(np.delete(rows, here, axis=0)).all()


@every_case
@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize("steps", [None, 2])
def test_nothing_to_encode_still_has_the_right_width(case, n, steps):
    encoder = case.make(store=None, steps=steps)
    rows = encoder.fit_transform([None] * n)
    assert rows.shape == (n, case.backbone.width * (steps or 1))
    assert rows.dtype == np.float32
    assert np.isnan(rows).all()
    assert len(encoder.get_feature_names_out()) == rows.shape[1]
    assert encoder.n_encoded_ == encoder.n_from_store_ == 0


# -- names and containers --------------------------------------------------------------------------


@every_case
def test_names_say_the_view(case, known):
    encoder = case.make(store=None)
    expected = [f"{case.kind.modality}__{i}" for i in range(case.backbone.width)]
    assert encoder.get_feature_names_out().tolist() == expected
    encoder.fit_transform(case.cells(1))
    assert encoder.get_feature_names_out().tolist() == expected


@every_case
def test_pandas_output_keeps_index_and_names(case, known):
    table = pd.DataFrame(
        {"post": pd.Series([*case.cells(2), None], index=["x", "y", "z"], dtype=object)}
    )
    encoder = case.make(store=None).set_output(transform="pandas")
    frame = encoder.fit_transform(table)
    assert frame.index.tolist() == ["x", "y", "z"]
    assert frame.columns.tolist() == encoder.get_feature_names_out().tolist()
    assert set(frame.dtypes) == {np.dtype(np.float32)}
    assert same(frame.to_numpy()[:2], known(case)[:2])
    assert frame.loc["z"].isna().all()


def _column(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


_CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "list of rows": lambda cells: [[cell] for cell in cells],
    "array": _column,
    "array (n, 1)": lambda cells: _column(cells)[:, None],
    "Series": lambda cells: pd.Series(cells, dtype=object),
    "Series with odd index": lambda cells: pd.Series(
        cells, dtype=object, index=[7] * len(cells), name="w"
    ),
    "DataFrame": lambda cells: pd.DataFrame({"any name": pd.Series(cells, dtype=object)}),
}
_STRING_CONTAINERS = {
    "str array": np.array,
    "str array (n, 1)": lambda cells: np.array(cells)[:, None],
    "str series": lambda cells: pd.Series(cells, dtype="str"),
    "python strings": lambda cells: pd.Series(cells, dtype="string[python]"),
    "arrow strings": lambda cells: pd.Series(cells, dtype="string[pyarrow]"),
    "arrow type": lambda cells: pd.Series(cells, dtype=pd.ArrowDtype(pa.string())),
    "categories": lambda cells: pd.Series(cells, dtype="category"),
    "extension array": lambda cells: pd.array(cells, dtype="string"),
    "Index": pd.Index,
    "pyarrow array": pa.array,
    "pyarrow chunks": lambda cells: pa.chunked_array([cells[:1], cells[1:]]),
    "pyarrow table": lambda cells: pa.table({"w": cells}),
}


@every_fake
@pytest.mark.parametrize("container", _CONTAINERS)
def test_container_does_not_matter(case, known, container):
    X = _CONTAINERS[container](case.cells(5))
    encoder = case.make(store=None)
    assert np.array_equal(encoder.fit_transform(X), known(case))
    assert np.array_equal(encoder.transform(X), known(case))


@every_fake
@pytest.mark.parametrize("container", _STRING_CONTAINERS)
def test_container_of_strings_does_not_matter(case, known, container, tmp_path):
    texts = _as_strings(case, tmp_path)
    rows = case.make(store=None).fit_transform(_STRING_CONTAINERS[container](texts))
    assert np.array_equal(rows, case.make(store=None).transform(texts))


@every_fake
@pytest.mark.parametrize("dtype", ["str", "string[python]", "string[pyarrow]", "category", object])
def test_missing_in_any_dtype(case, dtype, tmp_path):
    texts = _as_strings(case, tmp_path)
    series = pd.Series([texts[0], None, texts[1]], dtype=dtype)
    rows = case.make(store=None).fit_transform(series)
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, False]


def _as_strings(case: Case, folder) -> list[str]:
    """Texts, or paths of files that hold the cells."""
    if case.kind.modality == "text":
        return case.cells(5)
    names = []
    for i, cell in enumerate(case.cells(3)):
        path = folder / f"{i}.bin"
        if isinstance(cell, bytes):
            path.write_bytes(cell)
        else:
            import soundfile

            soundfile.write(path, *cell, format="WAV")
        names.append(str(path))
    return names


@every_fake
@pytest.mark.parametrize(
    "wrong",
    [
        "one text",
        b"bytes",
        42,
        None,
        object(),
        {"a": "dict"},
        {"a", "set"},
        (cell for cell in ["a", "generator"]),
        csr_array(np.zeros((2, 1))),
        np.zeros((2, 3)),
        np.array("zero dimensions"),
        pd.DataFrame({"a": ["x"], "b": ["y"]}),
        pd.DataFrame(),
    ],
    ids=lambda wrong: f"{type(wrong).__name__}{getattr(wrong, 'shape', '')}",
)
def test_what_is_no_column_is_refused_with_the_way_out(case, wrong):
    for method in (case.make(store=None).fit, case.make(store=None).transform):
        with pytest.raises(
            ValueError, match=rf"The {case.kind.modality} encoder must be given .* Got "
        ) as caught:
            method(wrong)
        assert "column" in str(caught.value) or "[cell]" in str(caught.value)


# -- steps -----------------------------------------------------------------------------------------


@every_case
def test_steps_give_segments(case, known):
    encoder = case.make(store=None, steps=3)
    rows = encoder.fit_transform([*case.cells(2), None])
    width = case.backbone.width
    assert rows.shape == (3, 3 * width)
    assert rows.dtype == np.float32
    assert np.isfinite(rows[:2]).all()
    assert np.isnan(rows[2]).all()
    names = encoder.get_feature_names_out()
    assert names[[0, width, -1]].tolist() == [
        f"{case.kind.modality}__s0_0",
        f"{case.kind.modality}__s1_0",
        f"{case.kind.modality}__s2_{width - 1}",
    ]


@every_case
def test_stored_rows_are_bitwise_those_that_were_encoded(case, known, tmp_path):
    encoder = case.make(store=FeatureStore(tmp_path))
    first = encoder.transform(case.cells(5))
    assert (encoder.n_encoded_, encoder.n_from_store_) == (5, 0)
    assert same(first, known(case))
    again = clone(encoder)
    assert np.array_equal(again.transform(case.cells(5)[::-1]), first[::-1])
    assert (again.n_encoded_, again.n_from_store_) == (0, 5)
