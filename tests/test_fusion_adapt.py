"""Transfer in the pipelines of make_fusion: the domain comes from the table and goes no further."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hashed import fakes, posts
from sklearn.base import is_classifier
from sklearn.decomposition import PCA

from hybridsent import load, make_features, make_fusion, save
from hybridsent.exceptions import TransferWarning
from hybridsent.few_label import LabeledOnly
from hybridsent.fusion import ADAPTATIONS
from hybridsent.transfer import CORAL, GroupScaler, ReweightedEstimator

LABELS_OF_THE_TARGET = ("balanced", "tradaboost", "prior", "augment")
"""Ways that need some."""


def sites(n=60):
    """A table of two sites with missing cells, its labels, and those labels hidden in one site."""
    table, y = posts(n)
    table["site"] = np.where(np.arange(n) % 4 == 0, "films", "books")
    known = y.to_numpy(dtype=object)
    hidden = known.copy()
    hidden[(table["site"] == "films").to_numpy()] = -1
    return table, known, hidden


def options(adapt):
    if adapt == "groups":
        return {"group": "site"}
    return {"domain": "site", "target_domain": "films"}


@pytest.mark.parametrize("adapt", ADAPTATIONS)
def test_every_name_fits_saves_and_predicts(adapt, tmp_path):
    table, known, hidden = sites()
    if adapt in LABELS_OF_THE_TARGET:
        hidden[:20] = known[:20]
    model = make_fusion(**fakes(), adapt=adapt, **options(adapt))
    assert is_classifier(model)
    model.fit(table, hidden)
    assert set(model.classes_) == {"bad", "good", "so-so"}
    target = (table["site"] == "films").to_numpy()
    assert (model.predict(table)[target] == known[target]).mean() > 0.5
    save(model, tmp_path / "model.zip")
    again = load(tmp_path / "model.zip", trusted=["hashed.Hashed"])
    np.testing.assert_allclose(again.predict_proba(table), model.predict_proba(table))


@pytest.mark.parametrize("how", ["early", "align", "late", "stack", "gated"])
def test_every_strategy_takes_what_keeps_the_views(how):
    table, _, hidden = sites()
    model = make_fusion(how, **fakes(), adapt="coral", domain="site", target_domain="films")
    if how == "gated":
        model.set_params(classify__estimator__max_epochs=3, classify__estimator__n_members=1)
    names = [name for name, _ in model.steps]
    assert names.index("impute") + 1 == names.index("adapt")
    model.fit(table, hidden)
    assert model.predict(table).shape == (60,)


def test_the_domain_is_handed_on_by_scaling_and_imputing_and_dropped_by_what_adapts():
    table, _, hidden = sites()
    model = make_fusion(**fakes(), adapt="coral", domain="site", target_domain="films")
    model.fit(table, hidden)
    told = (table["site"] == "films").to_numpy(dtype=float)
    X = table
    for name in ("features", "scale", "impute"):
        X = model.named_steps[name].transform(X)
        np.testing.assert_array_equal(X["domain__0"], told)
    assert not any(view in ("domain", "group") for view in model["impute"].views_)
    assert "domain__0" not in model["adapt"].transform(X).columns


def test_without_a_column_the_unlabelled_rows_are_the_target():
    table, _, hidden = sites()
    told = make_fusion(**fakes(), adapt="coral", domain="site", target_domain="films")
    untold = make_fusion(**fakes(), adapt="coral")
    target = (table["site"] == "films").to_numpy()
    told.fit(table, hidden)
    untold.fit(table, hidden)
    np.testing.assert_allclose(
        told.predict_proba(table[target]), untold.predict_proba(table[target]), atol=1e-6
    )


def test_groups_are_standardised_in_front_of_the_scaler():
    table, _, hidden = sites()
    model = make_fusion(**fakes(), adapt="groups", group="site").fit(table, hidden)
    assert model.steps[1][0] == "adapt"
    assert isinstance(model["adapt"], GroupScaler)
    assert model["adapt"].groups_.tolist() == [0, 1]


def test_features_name_their_domain_and_group():
    table, *_ = sites()
    table["flag"] = (table["site"] == "films").astype(int)
    X = make_features(**fakes(), domain="flag", group="site").fit_transform(table)
    assert X["domain__0"].tolist() == table["flag"].tolist()
    assert sorted(set(X["group__site"])) == [0, 1]
    assert (X.dtypes == np.float32).all()
    new = pd.DataFrame({"text": ["good"], "image": ["good"], "flag": [True], "site": ["opera"]})
    made = make_features(**fakes(), domain="flag", group="site").fit(table).transform(new)
    assert made[["domain__0", "group__site"]].to_numpy().tolist() == [[1, -1]]


@pytest.mark.parametrize("dtype", ["string", pd.ArrowDtype(pa.string()), object])
def test_a_group_that_is_missing_is_not_known_whatever_the_column_is_of(dtype, tmp_path):
    table, *_ = sites()
    table["who"] = pd.Series(["ann", "bob", None, "ann"] * len(table))[: len(table)].astype(dtype)
    features = make_features(**fakes(), group="who").fit(table)
    codes = features.transform(table)["group__who"].tolist()[:4]
    assert codes[0] == codes[3] != codes[1]
    assert np.isnan(codes[2])
    again = load(save(features, tmp_path / "features.hs"), trusted=["hashed.Hashed"])
    np.testing.assert_array_equal(again.transform(table), features.transform(table))


def test_a_transformer_of_ones_own_is_cloned():
    mine = CORAL(shrinkage=0.2)
    model = make_fusion(**fakes(), adapt=mine)
    assert model["adapt"] is not mine
    assert model["adapt"].shrinkage == 0.2
    assert not hasattr(mine, "_sklearn_output_config")
    assert isinstance(model["classify"], LabeledOnly)
    assert isinstance(make_fusion(**fakes(), adapt="kmm")["classify"], ReweightedEstimator)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"adapt": "corall"}, r"'adapt' .* must be one of \['groups', .*Did you mean 'coral'\?"),
        ({"adapt": 3}, "must be a name or a transformer. Got 3"),
        ({"domain": "site"}, "adapt parameter must name what adapts"),
        ({"group": "site"}, "adapt parameter must name what adapts"),
        ({"adapt": "coral", "target_domain": "films"}, "domain parameter must name a column"),
        ({"adapt": "groups", "domain": "site"}, "nothing would read it. Got 'site'"),
        ({"how": "late", "adapt": "tca"}, "must keep the views apart with how='late'"),
        ({"how": "late", "adapt": "kmm"}, "must be 'early' with adapt='kmm'"),
        ({"adapt": "prior", "classifier": "svm"}, "must be left alone with adapt='prior'"),
        ({"adapt": "coral", "features": ["domain"]}, "must not be named 'domain'"),
    ],
)
def test_what_does_not_go_together_is_told(changed, message):
    with pytest.raises(ValueError, match=message):
        make_fusion(**{**fakes(), **changed})


@pytest.mark.parametrize(
    ("column", "target", "message"),
    [
        ([0, 1, 2], None, "must be 0 .* and 1 .* Got 2; write target_domain=2"),
        (["a", "b", "b"], None, "Got 'a'"),
        (["a", None, "b"], "a", "missing one in row 1"),
    ],
)
def test_domains_that_cannot_be_read_are_told(column, target, message):
    table = pd.DataFrame({"text": ["good", "bad", "so"], "site": column})
    with pytest.raises(ValueError, match=message):
        make_features(text=fakes()["text"], domain="site", target_domain=target).fit(table)


def test_reduction_without_labels_goes_with_adaptation():
    table, _, hidden = sites()
    model = make_fusion(
        **fakes(), reduce="pca", n_components=2, adapt="coral", domain="site", target_domain="films"
    )
    model.fit(table, hidden)
    assert isinstance(model["features"].transformers_[0][1]["reduce"].transformer_, PCA)


# -- what nothing would read, and how domains are compared -----------------------------------------


@pytest.mark.parametrize("adapt", [name for name in ADAPTATIONS if name != "groups"] + [CORAL()])
def test_a_group_that_would_be_a_feature_is_refused(adapt):
    with pytest.raises(ValueError, match="group parameter must be left out unless groups"):
        make_fusion(features=["text"], adapt=adapt, domain="site", target_domain="b", group="who")


@pytest.mark.parametrize(
    ("values", "target", "expected"),
    [
        ([1, 2, 3], 2, [0, 1, 0]),
        ([1.0, 2.0, 3.0], 2, [0, 1, 0]),
        ([1, 2, 3], 2.0, [0, 1, 0]),
        ([1.0, 2.0], "2", [0, 1]),
        (["1", "2"], 2, [0, 1]),
        (["02", "2"], "2", [0, 1]),  # names of speakers
        ([True, False], 1, [1, 0]),
        ([True, False], "True", [1, 0]),
        ([0, 1], True, [0, 1]),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), pd.Timestamp("2021-01-01"), [0, 1]),
        (pd.Categorical(["a", "b"]), "b", [0, 1]),
    ],
)
def test_domains_are_compared_by_value(values, target, expected):
    table = pd.DataFrame({"text__0": 0.0, "site": values})
    told = make_features(features=["text"], domain="site", target_domain=target).fit_transform(
        table
    )
    assert np.asarray(told)[:, -1].tolist() == expected


def test_a_domain_that_is_not_there_is_told():
    table, _, hidden = sites()
    model = make_fusion(**fakes(), adapt="coral", domain="site", target_domain="filmz")
    with pytest.warns(TransferWarning, match="is 0 in each of 60 rows.*see that target_domain"):
        model.fit(table, hidden)
    with pytest.raises(TypeError, match="must be the name of one domain"):
        make_fusion(**fakes(), adapt="coral", domain="site", target_domain=["films"])
