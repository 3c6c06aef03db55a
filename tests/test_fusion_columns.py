"""ViewColumns is scikit-learn's ColumnTransformer, at no cost a column and call."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fakes import fake, installed
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent import make_features
from hybridsent.encoders import TextEncoder
from hybridsent.exceptions import TableError
from hybridsent.fusion import ViewColumns
from hybridsent.views import rename_feature

TABLE = pd.DataFrame(
    {
        "text": ["one", None, "three", "four"],
        "more": ["1", "2", "3", None],
        "a": np.arange(4.0, dtype=np.float32),
        "b": np.arange(4),
    },
    index=["w", "x", "y", "z"],
)


def encoder(**options):
    return TextEncoder("text/fake", store=None, **options)


def frame(column):
    return pd.DataFrame({"a1": np.arange(len(column)), "b7": ["u"] * len(column)})


PARTS = {
    "one encoder": [("text", encoder(), "text")],
    "two": [("text", encoder(), "text"), ("more", encoder(steps=2), "more")],
    "numbers": [("text", encoder(), "text"), ("a", "passthrough", ["a"])],
    "other types": [("text", encoder(), "text"), ("n", "passthrough", ["a", "b"])],
    "dropped": [("text", encoder(), "text"), ("a", "drop", ["a"])],
    "float64": [("n", StandardScaler(), ["b"]), ("m", StandardScaler(), ["b"])],
    "a pipeline": [
        (
            "more",
            make_pipeline(
                encoder(),
                FunctionTransformer(np.nan_to_num, feature_names_out="one-to-one"),
                PCA(2),
            ),
            "more",
        )
    ],
    "a frame without names": [("f", FunctionTransformer(lambda X: X * 2), ["a"])],
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("output", ["pandas", "default"])
def test_it_gives_what_scikit_learn_gives(parts, output):
    with installed(fake("text")):
        models = [
            kind(
                [
                    (name, part if isinstance(part, str) else clone(part), at)
                    for name, part, at in parts
                ],
                sparse_threshold=0,
                verbose_feature_names_out=rename_feature,
            ).set_output(transform=output)
            for kind in (ViewColumns, ColumnTransformer)
        ]
        for _ in range(2):
            ours, theirs = (pd.DataFrame(one.fit_transform(TABLE)) for one in models)
            pd.testing.assert_frame_equal(ours, theirs)
            ours, theirs = (pd.DataFrame(one.transform(TABLE[1:3])) for one in models)
            pd.testing.assert_frame_equal(ours, theirs)


def test_columns_are_named_once(monkeypatch):
    asked = []

    def counted(view, feature):
        asked.append(feature)
        return rename_feature(view, feature)

    with installed(fake("text")):
        features = make_features(text="text/fake", store=None)
        features.set_params(verbose_feature_names_out=counted)
        names = list(features.fit_transform(TABLE))
        asked.clear()
        for _ in range(3):
            assert list(features.transform(TABLE[:1])) == names
        assert asked == []
        assert list(clone(features).fit_transform(TABLE)) == names
        assert asked


def test_names_follow_what_is_fitted_and_how_it_is_asked_for():
    with installed(fake("text")):
        features = make_features(text="text/fake", store=None)
        few = list(features.fit_transform(TABLE))
        features.set_params(text__steps=2)
        many = list(features.fit_transform(TABLE))
        assert len(many) == 2 * len(few)
        features.set_params(verbose_feature_names_out=True)
        assert list(features.transform(TABLE)) == [f"text__{name}" for name in many]


def test_where_only_the_parts_write_frames_it_gives_what_scikit_learn_gives():
    parts = [("n", StandardScaler(), ["b"]), ("m", StandardScaler(), ["b"])]
    for _, part, _ in parts:
        part.set_output(transform="pandas")
    ours, theirs = (
        kind(parts, sparse_threshold=0).fit_transform(TABLE)
        for kind in (ViewColumns, ColumnTransformer)
    )
    assert type(ours) is type(theirs) is np.ndarray
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("order", [["z", "y", "x", "w"], ["p", "q", "r", "s"]])
def test_rows_of_other_names_or_in_another_order_are_left_to_scikit_learn(order):
    def outcome(kind):
        told = {"feature_names_out": "one-to-one"}
        parts = [
            ("n", FunctionTransformer(lambda X: X[["a"]].astype("f8"), **told), ["a"]),
            ("m", FunctionTransformer(lambda X: X.astype("f8").set_axis(order), **told), ["b"]),
        ]
        try:
            return kind(parts).set_output(transform="pandas").fit_transform(TABLE)
        except ValueError as error:
            return str(error)

    ours, theirs = outcome(ViewColumns), outcome(ColumnTransformer)
    if isinstance(theirs, str):
        assert ours == theirs
    else:
        pd.testing.assert_frame_equal(ours, theirs)


def test_a_frame_of_several_types_keeps_them():
    def two(column):
        return pd.DataFrame({"a": column["b"].astype("f8"), "b": column["b"].astype("f4")})

    names = {"feature_names_out": lambda *_: ["a", "b"]}
    parts = [("n", FunctionTransformer(two, **names), ["b"]), ("m", StandardScaler(), ["b"])]
    ours, theirs = (
        kind(parts).set_output(transform="pandas").fit_transform(TABLE)
        for kind in (ViewColumns, ColumnTransformer)
    )
    pd.testing.assert_frame_equal(ours, theirs)


def test_the_quick_way_is_taken_where_a_column_is_left_over(monkeypatch):
    def slow(*_args, **_options):
        raise AssertionError("scikit-learn stacks")

    with installed(fake("text")):
        features = make_features(text="text/fake", store=None).fit(TABLE)  # "more", "a", "b" are
        monkeypatch.setattr(ColumnTransformer, "_hstack", slow)
        assert len(features.transform(TABLE[:1])) == 1


def test_a_call_that_this_version_does_not_know_goes_to_scikit_learn(monkeypatch):
    seen = []
    stack, name = ColumnTransformer._hstack, ColumnTransformer._add_prefix_for_feature_names_out

    def stacked(self, Xs, n_samples, told=None):
        seen.append(told)
        return stack(self, Xs, n_samples=n_samples)

    def named(self, parts, told=None):
        seen.append(told)
        return name(self, parts)

    with installed(fake("text")):
        features = make_features(text="text/fake", store=None)
        table = features.fit_transform(TABLE)
        monkeypatch.setattr(ColumnTransformer, "_hstack", stacked)
        monkeypatch.setattr(ColumnTransformer, "_add_prefix_for_feature_names_out", named)
        assert len(features._hstack([table], len(table))) == len(table)
        assert len(features._hstack([table], n_samples=len(table), told="more")) == len(table)
        assert len(features._add_prefix_for_feature_names_out([("a", ["b"])], told="and")) == 1
    assert seen == [None, "more", "and"]


def test_what_a_user_does_to_names_changes_no_later_frame():
    with installed(fake("text")):
        features = make_features(text="text/fake", store=None)
        first = features.fit(TABLE).transform(TABLE)
        names = list(first.columns)
        first.columns.name = "feature"
        features.get_feature_names_out()[:] = "mine"
        features.named_transformers_["text"].get_feature_names_out()[:] = "mine"
        later = features.transform(TABLE)
        assert list(later.columns) == names == list(features.get_feature_names_out())
        assert later.columns.name is None


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    features = make_features(text="text")
    table = pd.DataFrame({"txet": ["fine"], "label": ["good"]})
    with pytest.raises(TableError, match=r"'text', which .*\['txet', 'label'\].* mean 'txet'\?"):
        features.fit_transform(table)
    with pytest.raises(TableError, match=r"columns \['text'\].* Got Series"):
        features.fit_transform(table["txet"])
