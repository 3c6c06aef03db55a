"""Numbers, dates and categories as a view: their kinds, new rows of other types, what is refused."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.preprocessing import OneHotEncoder

from hybridsent import evaluate, load, make_features, make_fusion, save
from hybridsent.evaluation import unread_columns
from hybridsent.exceptions import CellError, CellWarning, MissingDependencyError
from hybridsent.meta import MetaFeatures

N = 60
RNG = np.random.default_rng(0)
DAYS = pd.date_range("2024-01-01", periods=N, freq="7h")
TABLE = pd.DataFrame(
    {
        "likes": RNG.integers(0, 1000, N),
        "price": [None if i % 7 == 0 else f"{i}.5" for i in range(N)],
        "posted": DAYS.astype(str),
        "seen": DAYS,
        "brand": RNG.choice(["acme", "zeta", "omega"], N),
        "paid": RNG.choice([True, False], N),
        "kept": RNG.choice(np.array([True, None], dtype=object), N),
        "shop": [f"shop {i % 45}" for i in range(N)],
        "mixed": [1 if i % 2 else "x" for i in range(N)],
        "constant": 1.0,
        "empty": [None] * N,
    }
)
KINDS = {
    "likes": "number",
    "price": "number",
    "posted": "date",
    "seen": "date",
    "brand": "category",
    "paid": "boolean",
    "kept": "boolean",
    "shop": "category",
    "mixed": "category",
    "constant": "number",
    "empty": "empty",
}
META = MetaFeatures().fit(TABLE)
LABELS = np.where(TABLE["likes"] > 500, "good", "bad")


def same(a, b):
    np.testing.assert_array_equal(a, b)


# -- kinds and features


def test_the_kind_of_each_column_is_found():
    assert META.kinds_ == KINDS


def test_names_tell_what_the_features_are():
    names = META.names_.tolist()
    assert {"likes", "posted_year", "brand_acme", "price missing", "kept missing"} <= set(names)
    assert {"posted_weekday_circular_0", "posted_hour_circular_1", "seen_total_seconds"} <= set(
        names
    )
    assert sum(name.startswith("shop_") for name in names) == 30
    assert not any("empty" in name for name in names)
    assert list(META.get_feature_names_out()) == [f"meta__{i}" for i in range(len(names))]


def test_it_is_skrubs_vectorizer_on_the_same_columns():
    """Its numbers are its own; what is added is what stands where it has none, and the gaps."""
    import skrub

    typed = TABLE.drop(columns="empty").assign(
        price=pd.to_numeric(TABLE["price"]),
        paid=TABLE["paid"].astype(float),
        kept=TABLE["kept"].map({True: 1.0, None: np.nan}).astype(float),
        mixed=TABLE["mixed"].astype(str),
        posted=pd.to_datetime(TABLE["posted"]),
    )
    theirs = skrub.TableVectorizer(
        numeric=skrub.SquashingScaler(),
        datetime=skrub.DatetimeEncoder(periodic_encoding="circular", add_weekday=True),
        low_cardinality=OneHotEncoder(sparse_output=False, dtype="float32"),
        high_cardinality=skrub.StringEncoder(random_state=0),
        specific_transformers=[(OneHotEncoder(sparse_output=False, dtype="float32"), ["mixed"])],
    ).fit_transform(typed)
    ours = pd.DataFrame(META.transform(TABLE), columns=META.names_)
    for name in theirs:
        values, there = theirs[name].to_numpy(), theirs[name].notna().to_numpy()
        same(ours[name][there], values[there])
        if not there.all():
            same(ours[name][~there], np.nanmedian(values))
    same(ours["price missing"], typed["price"].isna())


def test_the_vectorizer_may_be_ones_own():
    from skrub import TableVectorizer

    plain = MetaFeatures(vectorizer=TableVectorizer(numeric="passthrough")).fit(TABLE)
    same(plain.transform(TABLE)[:, plain.names_ == "likes"].ravel(), TABLE["likes"])
    made = make_features(views={"m": plain}, columns={"m": list(TABLE)})
    assert "m__vectorizer__cardinality_threshold" in made.get_params()


def test_a_kind_can_be_said():
    table = pd.DataFrame({"zip": [10115, 20095] * 30, "n": range(60)})
    meta = MetaFeatures(kinds={"zip": "category", "n": "number"}).fit(table)
    assert meta.names_.tolist() == ["zip_10115", "zip_20095", "n"]
    for wrong in ({"zip": "text"}, {"plz": "category"}):
        with pytest.raises(ValueError, match="kinds parameter of MetaFeatures must map columns"):
            MetaFeatures(kinds=wrong).fit(table)


def test_outliers_and_infinite_numbers_do_no_harm():
    table = pd.DataFrame({"likes": [1.0, 2.0, 3.0, 1e300, np.inf, -np.inf, None]})
    out = MetaFeatures().fit_transform(table)
    assert np.isfinite(out[:-1]).all()
    assert np.abs(out[:-1, 0]).max() <= 3


# -- gaps


def test_gaps_are_filled_and_marked_and_an_empty_row_is_missing():
    table = pd.DataFrame({"likes": [1, 2, None, None], "brand": ["a", None, "b", None]})
    meta = MetaFeatures().fit(table)
    out = pd.DataFrame(meta.transform(table), columns=meta.names_)
    assert out.isna().all(axis=1).tolist() == [False, False, False, True]
    assert out.isna().any(axis=1).tolist() == [False, False, False, True]
    assert out["likes missing"].tolist()[:3] == [0, 0, 1]
    assert out["brand_nan"].tolist()[:3] == [0, 1, 0]


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT, "", " ", "N/A", "nan", "?"])
def test_every_word_for_nothing_is_a_gap(gap):
    table = pd.DataFrame({"likes": pd.Series(["3", gap, "5"], dtype=object), "n": [1, 2, 4]})
    meta = MetaFeatures().fit(table)
    assert meta.kinds_["likes"] == "number"
    assert meta.transform(table)[1, meta.names_ == "likes missing"] == 1


def test_an_unseen_category_is_none_of_those_known_and_nobody_is_warned():
    new = TABLE.assign(brand="unknown")
    brands = np.char.startswith(META.names_.astype(str), "brand_")
    assert (META.transform(new)[:, brands] == 0).all()


def test_a_column_that_was_empty_says_nothing_later_either():
    same(META.transform(TABLE.assign(empty="x")), META.transform(TABLE))


def test_nothing_at_all_is_told():
    with pytest.raises(ValueError, match="At least one cell must be there"):
        MetaFeatures().fit(pd.DataFrame({"a": [None, None], "b": [np.nan, np.nan]}))
    assert META.transform(TABLE[:0]).shape == (0, META.n_features_out_)
    assert np.isnan(META.transform(TABLE[:2].assign(**dict.fromkeys(TABLE)))).all()


# -- new rows of other types

FORMS = {
    "text": TABLE.astype(object).map(lambda cell: None if cell is None else str(cell)),
    "numbers": TABLE.assign(price=pd.to_numeric(TABLE["price"]), mixed=TABLE["mixed"].astype(str)),
    "dates as dates": TABLE.assign(posted=pd.to_datetime(TABLE["posted"])),
    "dates as text": TABLE.assign(seen=TABLE["seen"].dt.strftime("%Y-%m-%dT%H:%M:%S")),
    "dates with a zone": TABLE.assign(seen=TABLE["seen"].dt.tz_localize("UTC")),
    "decimals": TABLE.assign(likes=[Decimal(int(each)) for each in TABLE["likes"]]),
    "floats": TABLE.assign(likes=TABLE["likes"].astype("float64"), mixed=[1.0 if i % 2 else "x" for i in range(N)]),
    "nullable": TABLE.convert_dtypes().assign(mixed=TABLE["mixed"]),
    "categorical": TABLE.assign(brand=TABLE["brand"].astype("category"), likes=TABLE["likes"].astype("category")),
    "numbers for booleans": TABLE.assign(paid=TABLE["paid"].astype(int)),
    "other order": TABLE[list(TABLE)[::-1]],
    "polars": pl.from_pandas(TABLE.assign(mixed=TABLE["mixed"].astype(str))),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_same_values_of_another_type_are_the_same_row(form):
    same(META.transform(FORMS[form]), META.transform(TABLE))


@pytest.mark.parametrize("form", [form for form in FORMS if form != "numbers for booleans"])
def test_and_it_learns_the_same_from_them(form):
    ours = MetaFeatures().fit(FORMS[form])
    order = [META.names_.tolist().index(name) for name in ours.names_]
    np.testing.assert_allclose(ours.transform(TABLE), META.transform(TABLE)[:, order], atol=1e-5)


@pytest.mark.parametrize("form", ["text", "numbers", "dates as dates"])
def test_a_row_does_not_depend_on_the_rows_beside_it(form):
    table = FORMS[form]
    whole = META.transform(table)
    for size in (1, 7):
        parts = [META.transform(table[i : i + size]) for i in range(0, N, size)]
        same(np.concatenate(parts), whole)


def test_dates_keep_the_format_of_fit_whatever_stands_first():
    """01/02 is the first of February where another row of `fit` shows that days come first."""
    table = pd.DataFrame({"day": ["01/02/2024", "23/02/2024", "12/03/2024"]})
    meta = MetaFeatures().fit(table)
    days = meta.transform(pd.DataFrame({"day": ["01/02/2024", "2024-02-01", dt.date(2024, 2, 1)]}))
    same(days[0], days[1])
    same(days[0], days[2])


# -- what is refused


@pytest.mark.parametrize(
    ("column", "cell"), [("likes", "many"), ("posted", "yesterday"), ("paid", "perhaps")]
)
def test_a_cell_of_another_kind_is_refused_by_name_or_missing(column, cell):
    new = TABLE.astype({column: object})
    new.loc[3, column] = cell
    with pytest.raises(CellError, match=rf"row 3, column '{column}'.*{cell}.*on_error='missing'"):
        META.transform(new)
    lenient = clone(META).set_params(on_error="missing").fit(TABLE)
    with pytest.warns(CellWarning, match="1 cells are of another kind"):
        out = lenient.transform(new)
    new.loc[3, column] = None
    same(out, lenient.transform(new))


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, b"abc", np.zeros(3), object()])
def test_what_is_no_number_date_or_category_is_a_view_of_its_own(cell):
    with pytest.raises(ValueError, match=r"'x' holds a .*views=\{'x': …\}"):
        MetaFeatures().fit(pd.DataFrame({"x": pd.Series([cell, cell], dtype=object)}))


IDS = {
    "words": [f"post-{i * 7919 % 1000}" for i in range(N)],
    "hashes": [f"{i * 2654435761 & 0xFFFFFFFF:08x}" for i in range(N)],
    "sentences": [f"this is what I think of number {i}" for i in range(N)],
    "row numbers": range(100, 100 + N),
    "ids of posts": [1_800_000_000_000_000_000 + i * 9_999_991 for i in range(N)],
}


@pytest.mark.parametrize("name", IDS)
def test_what_only_names_the_rows_is_refused_with_the_ways_out(name):
    table = pd.DataFrame({"likes": TABLE["likes"], "post": IDS[name]})
    with pytest.raises(ValueError, match=r"The column 'post' .*Leave it out.*on_ids='encode'"):
        MetaFeatures().fit(table)
    assert np.isfinite(MetaFeatures(on_ids="encode").fit_transform(table)).all()
    assert np.isfinite(MetaFeatures(kinds={"post": "category"}).fit_transform(table)).all()
    assert MetaFeatures().fit(table[:20]).kinds_["post"] in ("number", "category"), (
        "too few to tell"
    )


def test_numbers_and_dates_that_all_differ_are_no_ids():
    table = pd.DataFrame(
        {"price": RNG.normal(size=N), "likes": RNG.permutation(10**6)[:N], "day": DAYS}
    )
    assert list(MetaFeatures().fit(table).kinds_.values()) == ["number", "number", "date"]


def test_columns_are_compared_with_those_of_fit():
    with pytest.raises(ValueError, match="The column 'brand' is not there"):
        META.transform(TABLE.drop(columns="brand"))
    with pytest.raises(ValueError, match="Got 'more', too"):
        META.transform(TABLE.assign(more=1))
    with pytest.raises(ValueError, match="name of its own"):
        MetaFeatures().fit(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="X must be a pandas DataFrame"):
        MetaFeatures().fit([[1, 2]])


def test_without_skrub_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "skrub"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(MissingDependencyError, match=r"MetaFeatures needs .*hybridsent\[meta\]"):
        MetaFeatures().fit(TABLE)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    st.timedeltas(),
    st.decimals(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(["12", "1e3", "N/A", "true", "2024-05-01", "01/02/2024"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
@example([(None, 1e300)])  # infinite in float32
def test_any_table_at_all(rows):
    table = pd.DataFrame(
        {
            "a": pd.Series([a for a, _ in rows], dtype=object),
            "b": pd.Series([b for _, b in rows], dtype=object),
        }
    )
    meta = MetaFeatures()
    try:
        out = meta.fit_transform(table)
    except ValueError as error:
        told = str(error)
        assert "At least one cell" in told, told
        return
    missing = np.isnan(out)
    assert out.dtype == np.float32
    assert (missing.all(axis=1) == missing.any(axis=1)).all()
    assert not np.isinf(out).any()
    same(np.concatenate([meta.transform(table[i : i + 1]) for i in range(len(table))]), out)


# -- as a view


def test_it_is_a_view_of_make_features_judged_alone():
    table = TABLE.drop(columns=["empty", "constant", "mixed"]).assign(text="so good")
    columns = [name for name in table if name != "text"]
    model = make_fusion(text=True, meta=columns)
    result = evaluate(model, table, LABELS, cv=3)
    assert {"text", "meta", "fusion"} <= set(result.models)
    accuracy = result.models["meta"]["accuracy"].mean
    assert accuracy > result.models["dummy"]["accuracy"].mean
    wanted = {"features__meta__max_categories": 5, "features__meta__on_error": "missing"}
    assert model.set_params(**wanted).get_params().items() >= wanted.items()


def test_several_of_them_by_name_and_by_estimator():
    views = {"author": MetaFeatures(), "post": "meta"}
    columns = {"author": ["brand", "paid"], "post": ["likes"]}
    out = make_features(views=views, columns=columns, meta=["price"]).fit_transform(TABLE)
    assert [name.partition("__")[0] for name in out] == ["author"] * 4 + ["post", "meta"]
    assert set(out.dtypes) == {np.dtype(np.float32)}


@pytest.mark.parametrize("how", ["early", "align", "late", "stack"])
def test_a_row_without_any_of_it_is_missing_in_each_strategy(how):
    table = TABLE[["likes", "brand", "price"]].astype(object).assign(text="fine")
    table.loc[::5, ["likes", "brand", "price"]] = None
    model = make_fusion(how, text=True, meta=["likes", "brand", "price"]).fit(table, LABELS)
    assert set(model.predict(table[:7])) <= set(LABELS)


@pytest.mark.parametrize("meta", ["likes", [], [1], ["likes", "likes"], {"likes": 1}])
def test_meta_must_be_names_of_columns(meta):
    with pytest.raises(ValueError, match=r"meta parameter"):
        make_features(meta=meta)


def test_meta_is_named_once():
    with pytest.raises(ValueError, match="named once"):
        make_features(meta=["likes"], views={"meta": MetaFeatures()})
    with pytest.raises(ValueError, match="named once"):
        make_features(meta=["likes"], columns={"meta": "likes"})


def test_a_saved_one_gives_the_same_in_a_fresh_process(tmp_path):
    columns = list(TABLE)
    model = make_fusion(meta=columns).fit(TABLE, LABELS)
    path = save(model, tmp_path / "m.hybridsent")
    same(load(path).predict_proba(TABLE), model.predict_proba(TABLE))
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    code = (
        "import sys, pandas as pd\nfrom hybridsent import load\n"
        "print(load(sys.argv[1]).predict(pd.read_csv(sys.argv[2], dtype=str)).tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "t.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == str(model.predict(TABLE).tolist())
    same(pickle.loads(pickle.dumps(META)).transform(TABLE), META.transform(TABLE))


def test_what_a_model_leaves_out_of_a_table_is_named():
    table = TABLE.assign(text="fine", label=LABELS, text__0=0.5)
    model = make_fusion(text=True, meta=["likes", "brand"], domain="paid", adapt="coral")
    left = [name for name in table if name not in ("likes", "brand", "paid", "text", "label")]
    assert unread_columns(model, table, ["label"]) == left
    assert unread_columns(model, table, [table["label"]]) == left
    assert unread_columns(make_fusion(features=["text"]), table, ["label"]) == [*TABLE, "text"]
    assert (
        unread_columns(make_fusion(features="passthrough"), table[["text__0", "label"]], ["label"])
        == []
    )
    assert unread_columns(model, np.zeros((2, 2))) == []


def test_a_column_of_meta_that_is_not_there_is_told_with_its_parameter():
    with pytest.raises(ValueError, match=r"'nope', which .* 'meta'.* meta=\['COLUMN'\]"):
        evaluate(make_fusion(meta=["nope"]), TABLE, LABELS, cv=2)


ALONE = """
import threading
import numpy as np, pandas as pd, sys
from sklearn.preprocessing import FunctionTransformer
from hybridsent import evaluate, make_fusion

def spy(column):
    if threading.current_thread() is not threading.main_thread():
        assert "skrub" in sys.modules, "a thread would see it half imported"
    return np.asarray(column, dtype=np.float32)

table = pd.DataFrame({"a": np.arange(20.0)[:, None].ravel(), "likes": np.arange(20) % 5})
views = {"a": FunctionTransformer(spy)}
model = make_fusion(views=views, columns={"a": ["a"]}, meta=["likes"])
assert "skrub" not in sys.modules
evaluate(model, table, np.arange(20) % 2, cv=2, n_jobs=2)
print("done")
"""


def test_what_meta_needs_is_imported_before_folds_run_in_threads():
    run = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert run.stdout.strip().endswith("done"), run.stderr
