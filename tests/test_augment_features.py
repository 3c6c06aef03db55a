"""Rows of features that are added: mixtures, noise, and rows that lack views."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import hybridsent
from hybridsent import make_fusion
from hybridsent.augment import FeatureMixup, FeatureNoise, ViewDropout
from hybridsent.evaluation import missing_curve
from hybridsent.few_label import LabeledOnly
from hybridsent.heads import LateFusionClassifier, MultiLabelClassifier, TunedLinearClassifier

N = 40


class Seen(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted on; asks for groups."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.X_, self.y_, self.w_, self.groups_ = X, np.asarray(y), sample_weight, groups
        self.classes_ = np.unique(self.y_)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class SeenNumbers(RegressorMixin, BaseEstimator):
    """The same, of numbers, and without groups."""

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.w_ = X, np.asarray(y), sample_weight
        return self

    def predict(self, X):
        return np.zeros(len(X))


def rows(n: int = N, *, views: bool = True, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.tile(["bad", "good"], n // 2)
    X = rng.normal(size=(n, 4)) + (y == "good")[:, None]
    names = ["text__0", "text__1", "image__0", "image__1"] if views else list("abcd")
    return pd.DataFrame(X, columns=names), y


def test_mixup_is_the_formula_of_its_paper():
    """Each added row lies between two rows, and its labels weigh by where."""
    X, y = rows()
    numbers = X.to_numpy() @ np.array([1.0, 2.0, -1.0, 0.5])
    model = FeatureMixup(SeenNumbers(), n_copies=2, alpha=1.0).fit(X, numbers)
    seen = model.estimator_
    np.testing.assert_allclose(
        seen.X_.to_numpy() @ np.array([1.0, 2.0, -1.0, 0.5]), seen.y_, atol=1e-12
    )  # a linear target stays linear
    assert model.n_added_ == 2 * N
    soft = FeatureMixup(Seen(), alpha=1.0).fit(X, y, groups=np.zeros(N)).estimator_
    added, labels = soft.X_.to_numpy()[N:], soft.y_[N:]
    by_row = pd.DataFrame({"x": added[:, 0], "w": soft.w_[N:], "y": labels}).groupby("x")
    assert by_row.ngroups == N
    np.testing.assert_allclose(by_row["w"].sum(), 0.5)
    assert set(by_row.size()) == {1, 2}
    np.testing.assert_allclose(soft.w_.sum(), N)
    for x, part in by_row:
        if len(part) == 2:  # the share of a class is where the mixture lies
            share = part["w"].max() / part["w"].sum()
            assert 0.5 <= share <= 1, x


def test_no_mixture_knows_a_row_on_the_other_side_of_a_fold():
    """A mixture lies on the line between two rows of its own group."""
    X, y = rows()
    for groups in (None, np.arange(N) // 4, np.r_[np.zeros(10), np.arange(1, N - 9)]):
        seen = FeatureMixup(Seen(), n_copies=2, alpha=0.5).fit(X, y, groups=groups).estimator_
        values, codes = seen.X_.to_numpy(), np.asarray(seen.groups_)
        given, of = values[:N], codes[:N]
        if groups is not None:  # told groups are kept, or joined to others
            for group in np.unique(groups):
                assert len(set(of[np.asarray(groups) == group])) == 1
        for mixture, code in zip(values[N:], codes[N:], strict=True):
            mine = given[of == code]
            assert len(mine) >= 2
            assert _lies_between_two(mixture, mine)


def _lies_between_two(point: np.ndarray, among: np.ndarray) -> bool:
    for i in range(len(among)):
        for j in range(len(among)):
            if i != j:
                line = among[j] - among[i]
                at = float((point - among[i]) @ line / (line @ line))
                near = np.allclose(among[i] + at * line, point, atol=1e-9)
                if near and -1e-9 <= at <= 1 + 1e-9:
                    return True
    return False


def test_mixtures_lack_what_one_of_the_two_lacks_and_marks_are_not_mixed():
    X, y = rows()
    X["group__0"] = np.arange(N) % 2
    X.iloc[:5, :2] = np.nan
    seen = FeatureMixup(Seen()).fit(X, y).estimator_
    assert set(seen.X_["group__0"]) == {0, 1}
    assert list(seen.X_.columns) == list(X.columns)
    assert seen.X_["text__0"].isna().sum() > 5


def test_views_are_left_out_whole_and_one_stays():
    X, y = rows()
    X.iloc[:5, :2] = np.nan
    X["domain__0"] = 1.0
    model = ViewDropout(Seen(), n_copies=3, rate=0.5).fit(X, y)
    added = model.estimator_.X_.iloc[N:]
    lacks = added.isna()
    for one, other in (("text__0", "text__1"), ("image__0", "image__1")):
        np.testing.assert_array_equal(lacks[one], lacks[other])
    assert not (lacks["text__0"] & lacks["image__0"]).any()
    both = np.tile(np.arange(N) >= 5, 3)
    assert (lacks["text__0"] | lacks["image__0"])[both].all()
    assert 0.3 < lacks["text__0"][both].mean() < 0.7
    assert (added["domain__0"] == 1).all()
    kept = added["image__0"].to_numpy()[both]
    there = ~np.isnan(kept)
    np.testing.assert_array_equal(kept[there], np.tile(X["image__0"], 3)[both][there])


def test_noise_is_in_units_of_the_column():
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(0, 1, 4000), rng.normal(5, 30, 4000), np.ones(4000)]
    X[::7, 0] = np.nan
    seen = FeatureNoise(SeenNumbers(), scale=0.5).fit(X, X[:, 1]).estimator_
    added = seen.X_[4000:] - X
    np.testing.assert_allclose(np.nanstd(added, axis=0)[:2], [0.5, 15], rtol=0.05)
    np.testing.assert_array_equal(added[:, 2], 0)
    np.testing.assert_array_equal(np.isnan(added[:, 0]), np.isnan(X[:, 0]))


def test_dropout_teaches_a_joint_model_to_do_without_the_best_view():
    rng = np.random.default_rng(1)
    y = np.tile([0, 1], 200)
    X = pd.DataFrame(
        np.c_[y + rng.normal(0, 0.3, 400), y + rng.normal(0, 0.9, 400)],
        columns=["text__0", "image__0"],
    )
    # a model that takes 0 for what is missing, as it was never told what to do without it
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    plain = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), LogisticRegression())
    lacking = X.assign(text__0=np.nan)
    taught = ViewDropout(plain, n_copies=2).fit(X, y)
    assert taught.score(lacking, y) > plain.fit(X, y).score(lacking, y) + 0.1
    curve = missing_curve(taught, X, y, rates=(0, 0.9), cv=3)
    assert list(curve.lines) == ["text", "image"]


@pytest.mark.parametrize("kind", [FeatureMixup, FeatureNoise, ViewDropout])
def test_they_stand_in_a_fusion_are_deterministic_and_saved(kind, tmp_path):
    X, y = rows()
    inner = LateFusionClassifier() if kind is ViewDropout else TunedLinearClassifier()
    model = make_fusion(features="passthrough", classifier=kind(inner))
    model.fit(X, y)
    again = make_fusion(features="passthrough", classifier=kind(inner)).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    other = make_fusion(features="passthrough", classifier=kind(inner, random_state=1)).fit(X, y)
    assert not np.array_equal(model.predict_proba(X), other.predict_proba(X))
    hybridsent.save(model, tmp_path / "model")
    np.testing.assert_array_equal(
        hybridsent.load(tmp_path / "model").predict_proba(X), model.predict_proba(X)
    )


@pytest.mark.parametrize("kind", [FeatureMixup, FeatureNoise, ViewDropout])
def test_unlabelled_rows_are_handed_on_and_make_nothing(kind):
    X, y = rows()
    marked = y.astype(object)
    marked[::4] = -1
    model = kind(LabeledOnly(Seen())).fit(X, marked)
    assert model.n_added_ >= 30
    assert set(model.estimator_.estimator_.y_) == {"bad", "good"}


def test_sets_of_labels_are_mixed_label_by_label():
    X, _ = rows()
    y = np.c_[np.tile([0, 1], N // 2), np.tile([0, 0, 1, 1], N // 4)]
    model = MultiLabelClassifier(FeatureMixup(LogisticRegression())).fit(X, y)
    assert np.asarray(model.predict(X)).shape == (N, 2)
    with pytest.raises(ValueError, match="MultiLabelClassifier"):
        FeatureMixup(MultiLabelClassifier(LogisticRegression())).fit(X, y)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (FeatureMixup(KNeighborsClassifier()), "sample_weight"),
        (FeatureNoise(KNeighborsClassifier(), weights="shared"), "sample_weight"),
        (FeatureNoise(LogisticRegression(), scale=0), "scale"),
        (ViewDropout(LogisticRegression(), rate=1), "rate"),
        (FeatureMixup(LogisticRegression(), alpha=0), "alpha"),
    ],
)
def test_what_cannot_be_done_is_refused(model, told):
    X, y = rows()
    with pytest.raises(ValueError, match=told):
        model.fit(X, y)


def test_one_view_cannot_be_left_out():
    X, y = rows()
    with pytest.raises(ValueError, match="several views"):
        ViewDropout(LogisticRegression()).fit(X[["text__0", "text__1"]], y)
    with pytest.raises(ValueError, match="several views"):
        ViewDropout(LogisticRegression()).fit(X.to_numpy(), y)


def test_a_row_alone_is_mixed_with_nothing():
    X, y = rows(4)
    assert FeatureMixup(Seen()).fit(X, y, groups=[0, 0, 0, 1]).n_added_ >= 3
    assert FeatureMixup(LinearRegression()).fit(X[:1], [0.5]).n_added_ == 0


def test_a_table_of_cells_is_no_matrix_also_where_numbers_stand_beside_them():
    from hybridsent import make_fusion

    table = pd.DataFrame({"text": ["so good", "so bad"] * 6, "likes": range(12)})
    model = ViewDropout(make_fusion(text="text/fake", store=None))
    with pytest.raises(ValueError, match="so good"):
        model.fit(table, ["good", "bad"] * 6)
