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
from hybridsent._views import rename_feature
from hybridsent.encoders import TextEncoder
from hybridsent.fusion import ViewColumns

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
