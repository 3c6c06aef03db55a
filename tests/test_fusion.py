"""The builders: what they build, what they refuse, and that scikit-learn's tools work on it."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from hashed import WIDTH, Hashed, fakes, posts
from sklearn.base import clone
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from hybridsent import ImageEncoder, TextEncoder, evaluate, make_features, make_fusion
from hybridsent.fusion import (
    ADAPTATIONS,
    CLASSIFIERS,
    FUSION_CANDIDATES,
    FUSION_GRID,
    FUSIONS,
    SELECTIONS,
)
from hybridsent.heads import BoostedTreesClassifier, LateFusionClassifier, TunedLinearClassifier
from hybridsent.missing import PresentRows
from hybridsent.persist import load, save
from hybridsent.scaling import ViewScaler

# -- make_features -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reduce", "n_components", "width"),
    [
        (None, None, 4),
        ("pca", 2, 2),
        ("pca", None, None),
        ("pca", 0.5, None),
        ("lda", None, 2),
        ("lda", 1, 1),
    ],
)
def test_features_are_float32_columns_named_by_view(reduce, n_components, width):
    table, y = posts()
    X = make_features(**fakes(), reduce=reduce, n_components=n_components).fit_transform(table, y)
    names = list(X.columns)
    found = {
        view: [name for name in names if name.startswith(f"{view}__")] for view in ("text", "image")
    }
    assert names == [f"{view}__{i}" for view in found for i in range(len(found[view]))]
    if width is not None:
        assert [len(columns) for columns in found.values()] == [width, width]
    assert (X.dtypes == np.float32).all()
    missing = X.isna()
    np.testing.assert_array_equal(missing.loc[2], [name.startswith("text") for name in names])
    np.testing.assert_array_equal(missing.loc[5], [name.startswith("image") for name in names])
    assert missing.to_numpy().sum() == len(found["text"]) + 2 * len(found["image"])


def test_reduced_features_are_those_of_each_view_alone():
    table, y = posts()
    X = make_features(**fakes(), reduce="pca", n_components=2).fit_transform(table, y)
    raw = Hashed("t", signal=3).transform(table["text"])
    present = ~np.isnan(raw).any(axis=1)
    Z = ViewScaler().fit_transform(raw)[present]
    np.testing.assert_allclose(X.filter(like="text")[present], PCA(2).fit_transform(Z), atol=1e-5)
    X = make_features(**fakes(), reduce="lda").fit_transform(table, y)
    lda = make_pipeline(
        PCA(0.99, random_state=0), LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    ).fit(Z, y[present])
    np.testing.assert_allclose(X.filter(like="text")[present], lda.transform(Z), atol=1e-4)


def test_columns_are_mapped_and_the_rest_is_left_out():
    table, _ = posts()
    other = table.rename(columns={"text": "tweet", "image": "file"}).assign(author="x", age=3)
    columns = {"text": "tweet", "image": "file"}
    X = make_features(**fakes(), columns=columns).fit_transform(other)
    pd.testing.assert_frame_equal(X, make_features(**fakes()).fit_transform(table))
    only = make_features(image=Hashed("i", signal=3), columns={"image": "file"}).fit_transform(
        other
    )
    pd.testing.assert_frame_equal(only, X.filter(like="image"))


def test_a_pipeline_may_stand_for_a_view():
    table, _ = posts()
    table = table.dropna()
    X = make_features(text=make_pipeline(Hashed("t"), PCA(2)), image=Hashed()).fit_transform(table)
    assert list(X.columns) == ["text__0", "text__1", *(f"image__{i}" for i in range(WIDTH))]


def test_what_stands_for_an_encoder_becomes_one():
    features = make_features(
        text=True,
        image="image/efficientnet-lite0",
        audio=True,
        device="cpu",
        store=None,
        on_error="missing",
        n_jobs=1,
    )
    steps = {name: (step, column) for name, step, column in features.transformers}
    assert {name: type(step).__name__ for name, (step, _) in steps.items()} == {
        "text": "TextEncoder",
        "image": "ImageEncoder",
        "audio": "AudioEncoder",
    }
    for step, _ in steps.values():
        assert (step.device, step.store, step.on_error, step.n_jobs) == ("cpu", None, "missing", 1)
    assert steps["image"][0].model == "image/efficientnet-lite0"
    mine = TextEncoder(pooling="max")
    assert make_features(text=mine, store=None).transformers[0][1] is mine
    assert mine.store == "default"  # parameters are for encoders built here
    assert [name for name, _, _ in make_features(text=True, image=False).transformers] == ["text"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "At least one of the text, image, audio, video and features parameters"),
        ({"text": None, "image": False}, "At least one"),
        (
            {"text": 3},
            "The text parameter must be True, the name of a backbone, or a transformer. Got 3",
        ),
        ({"image": Ridge()}, "The image parameter must be True.*Got Ridge"),
        ({"audio": ImageEncoder}, "The audio parameter.*Got <class"),
        (
            {"text": True, "columns": {"tweet": "text"}},
            "must map .*Got 'tweet' as a view; write {'text'",
        ),
        (
            {"text": True, "columns": {"image": "file"}},
            "names a column for 'image'.*Add image=True",
        ),
        (
            {"text": True, "columns": "tweet"},
            "The columns parameter must map views.*Got 'tweet'",
        ),
        ({"text": True, "columns": {3: "a", "b": "c"}}, "Got 3 as a view"),
        (
            {"text": True, "reduce": "umap"},
            "The reduce parameter must be 'pca', 'lda' or None. Got 'umap'",
        ),
        ({"text": True, "n_components": 3}, "must be None without reduce. Got 3; add reduce='pca'"),
    ],
)
def test_features_refuse_what_they_cannot_build(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_features(**parameters)
    with pytest.raises(ValueError, match=message):
        make_fusion(**parameters)


# -- make_fusion ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"how": "later"},
            r"The 'how' parameter of make_fusion must be one of \['early', .* Did you mean 'late'",
        ),
        ({"classifier": "logrek"}, "Got 'logrek' instead. Did you mean 'logreg'"),
        (
            {"classifier": "quantum"},
            r"must be one of \['logreg', 'svm', 'xgboost'\].*Got 'quantum' instead.$",
        ),
        ({"classifier": Ridge()}, "or a scikit-learn classifier. Got Ridge"),
        ({"classifier": LogisticRegression}, "or a scikit-learn classifier. Got <class"),
        ({"classifier": None}, "Got None"),
        (
            {"classifier": "xgboost", "class_weight": "balanced"},
            "class_weight parameter must be None unless",
        ),
        (
            {"classifier": LogisticRegression(), "class_weight": "balanced"},
            "Got 'balanced' with LogisticReg",
        ),
    ],
)
def test_fusion_refuses_what_it_cannot_build(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_fusion(**{"text": Hashed(), **parameters})


def test_named_classifiers_are_what_they_say():
    built = {
        name: make_fusion(text=Hashed(), classifier=name, random_state=7)[-1]
        for name in CLASSIFIERS
    }
    assert isinstance(built["xgboost"], BoostedTreesClassifier)
    assert (built["logreg"].loss, built["svm"].loss) == ("log_loss", "hinge")
    assert {step.random_state for step in built.values()} == {7}
    mine = LogisticRegression()
    assert make_fusion(text=Hashed(), classifier=mine)[-1] is mine
    weighted = make_fusion(text=Hashed(), classifier="svm", class_weight="balanced")[-1]
    assert weighted.class_weight == "balanced"
    assert FUSIONS == ("early", "align", "late", "stack", "tensor", "gated", "cnn", "rnn")
    assert list(make_fusion(text=Hashed()).named_steps) == [
        "features",
        "scale",
        "impute",
        "fuse",
        "classify",
    ]


QUICK = {
    "logreg": {"classify__Cs": (1.0, 4.0)},
    "svm": {"classify__Cs": (1.0, 4.0)},
    "xgboost": {"classify__n_estimators": 20, "classify__n_jobs": 1},
}


@pytest.mark.parametrize("classifier", [*CLASSIFIERS, LogisticRegression()])
@pytest.mark.parametrize("reduce", [None, "pca", "lda"])
def test_missing_rows_at_fit_and_at_predict(classifier, reduce):
    table, y = posts(30)
    table.loc[9, ["text", "image"]] = None  # nothing at all is there
    model = make_fusion(**fakes(), classifier=classifier, reduce=reduce)
    model.set_params(**QUICK.get(classifier, {}) if isinstance(classifier, str) else {}).fit(
        table, y
    )
    assert model.score(table, y) > 0.6
    assert set(model.predict(table)) <= set(y)
    names = list(model[:-1].get_feature_names_out())
    assert names[-2:] == ["missing__text", "missing__image"]
    nothing = pd.DataFrame({"text": [None, None], "image": [None, np.nan]})
    assert len(set(model.predict(nothing))) == 1


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_a_view_missing_only_at_predict(classifier):
    table, y = posts()
    present = table.dropna()
    model = make_fusion(**fakes(), classifier=classifier).set_params(**QUICK[classifier])
    model.fit(present, y[present.index])
    assert set(model.predict(table)) <= set(y)
    assert not any(name.startswith("missing") for name in model[:-1].get_feature_names_out())


def test_labels_may_be_arrow_strings_objects_or_lists():
    table, y = posts()
    model = make_fusion(**fakes()).set_params(classify__Cs=(1.0,))
    predicted = [
        clone(model).fit(table, kind).predict(table) for kind in (y, y.to_numpy(object), y.tolist())
    ]
    for other in predicted[1:]:
        np.testing.assert_array_equal(other, predicted[0])
    np.testing.assert_allclose(
        clone(model).fit(table, y).predict_proba(table),
        clone(model).fit(table, y.tolist()).predict_proba(table),
    )


def test_grid_search_over_the_classifier_and_the_encoder():
    table, y = posts(36)
    model = make_fusion(**fakes())
    grid = {"classify__Cs": [(0.5,), (4.0,)], "features__text__signal": [0.0, 3.0]}
    search = GridSearchCV(model, grid, cv=2).fit(table, y)
    assert search.best_params_["features__text__signal"] == 3.0
    assert model.get_params()["features__text__signal"] == 3  # the search cloned it
    assert len(cross_val_predict(model, table, y, cv=2)) == len(table)


def test_clone_and_set_params_reach_every_part():
    model = make_fusion(text=True, image=True, reduce="pca", store=None)
    copied = clone(model).set_params(
        features__text__encode__pooling="max",
        features__image__reduce__transformer__n_components=3,
        scale__clip=None,
        impute__add_indicator=False,
        classify__cv=2,
    )
    assert copied.get_params()["features__text__encode__pooling"] == "max"
    assert model.get_params()["features__text__encode__pooling"] == "auto"
    assert isinstance(model.get_params()["features__image__reduce"], PresentRows)
    assert isinstance(copied[-1], TunedLinearClassifier)


def test_rows_do_not_depend_on_their_neighbours_or_order():
    table, y = posts()
    model = make_fusion(**fakes()).fit(table, y)
    whole = model.predict_proba(table)
    np.testing.assert_allclose(model.predict_proba(table.iloc[::-1])[::-1], whole, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(table.iloc[[5]])[0], whole[5], atol=1e-6)


def test_the_real_text_encoder_runs_through(tmp_path):
    table = pd.DataFrame(
        {"text": ["I love it", "Wonderful", "I hate it", "Dreadful", None, "Lovely"]}
    )
    y = ["pos", "pos", "neg", "neg", "neg", "pos"]
    grid = {"features__text__pooling": ["mean", "max"], "classify__Cs": [(1.0,), (16.0,)]}
    search = GridSearchCV(make_fusion(text=True, store=tmp_path), grid, cv=2).fit(table, y)
    without = make_fusion(text=True, store=None).set_params(**search.best_params_).fit(table, y)
    np.testing.assert_allclose(without.predict_proba(table), search.predict_proba(table), atol=1e-3)
    reduced = make_features(text=make_pipeline(TextEncoder(store=tmp_path), PCA(2)))
    assert list(reduced.fit_transform(table.dropna()).columns) == ["text__0", "text__1"]


# -- strategies ------------------------------------------------------------------------------------

SMALL = {
    "tensor": {"classify__max_epochs": 20},
    "gated": {"classify__max_epochs": 20},
    "cnn": {"classify__max_epochs": 20},
    "rnn": {"classify__max_epochs": 20},
}
"""Parameters with which networks are quick."""

every_strategy = pytest.mark.parametrize("how", FUSIONS)


def small(how, **options):
    return make_fusion(how, **fakes(), **options).set_params(**SMALL.get(how, {}))


@every_strategy
def test_every_strategy_takes_rows_that_lack_modalities(how):
    table, y = posts(45)
    table.loc[9, ["text", "image"]] = None  # nothing at all is there
    model = small(how).fit(table, y)
    assert model.score(table, y) > 0.6
    probabilities = model.predict_proba(table)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    nothing = pd.DataFrame({"text": [None, None], "image": [None, np.nan]})
    assert len(set(model.predict(nothing))) == 1
    for lost in ("text", "image"):  # and judges what is left
        assert model.score(table.assign(**{lost: None}), y) > 0.5, lost


@every_strategy
def test_every_strategy_takes_a_modality_that_is_missing_only_at_predict(how):
    table, y = posts(45)
    present = table.dropna()
    model = small(how).fit(present, y[present.index])
    for lost in ("text", "image"):
        assert model.score(table.assign(**{lost: None}), y) > 0.5, lost


@every_strategy
def test_every_strategy_takes_one_modality(how):
    table, y = posts(30)
    model = make_fusion(how, text=Hashed("t", signal=3)).set_params(**SMALL.get(how, {}))
    assert model.fit(table, y).score(table, y) > 0.5


@every_strategy
def test_every_strategy_is_cloned_seeded_and_saved(how, tmp_path):
    table, y = posts(30)
    model = small(how, random_state=3)
    first = model.fit(table, y).predict_proba(table)
    np.testing.assert_array_equal(clone(model).fit(table, y).predict_proba(table), first)
    ready = make_fusion(how, features="passthrough", random_state=3).set_params(
        **SMALL.get(how, {})
    )
    X = make_features(**fakes()).fit_transform(table)
    np.testing.assert_allclose(ready.fit(X, y).predict_proba(X), first, atol=1e-5)
    again = load(save(ready, tmp_path / "model.hybridsent"))
    np.testing.assert_array_equal(again.predict_proba(X), ready.predict_proba(X))


@pytest.mark.parametrize("how", ["early", "align", "late", "stack"])
def test_strategies_take_a_classifier_of_ones_own(how):
    table, y = posts(36)
    mine = LogisticRegression()
    model = make_fusion(how, **fakes(), classifier=mine)
    assert model.fit(table, y).score(table, y) > 0.6


@pytest.mark.parametrize("task", ["classification", "multilabel"])
@pytest.mark.parametrize("classifier", ["svm", LinearSVC()])
def test_a_classifier_that_a_strategy_cannot_ask_is_refused_by_the_name_that_was_typed(
    classifier, task
):
    with pytest.raises(ValueError, match="The classifier parameter must be .*'predict_proba' with "
                       r"how='late'\. Got .*; take one of \['logreg', 'xgboost'\]"):  # fmt: skip
        make_fusion("late", text=True, classifier=classifier, task=task)
    for how in ("early", "align", "stack"):
        assert make_fusion(how, text=True, classifier=classifier, task=task)
    assert make_fusion("late", text=True, classifier="svm", task="regression")


def test_a_selection_that_keeps_nothing_is_told_by_what_was_typed():
    noise = np.random.default_rng(0).normal(size=(24, 30)).astype(np.float32)
    model = make_fusion(text=Hashed(), select="l1")
    model["features"].transformers[0][1].set_params(select__transformer__best__estimator__C=1e-9)
    table = pd.DataFrame({"text": [f"{a:.3f} {b:.3f}" for a, b in noise[:, :2]]})
    with (
        pytest.warns(UserWarning, match="No features were selected"),
        pytest.raises(ValueError, match=r"At least one feature .*select parameter of make_fusion"),
    ):
        model.fit(table, np.arange(24) % 2)


@pytest.mark.parametrize("how", ["tensor", "gated", "cnn", "rnn"])
def test_networks_take_no_classifier(how):
    with pytest.raises(
        ValueError, match=f"classifier parameter must be left alone with how='{how}'"
    ):
        make_fusion(how, text=True, classifier="svm")


def test_sequences_get_segments():
    for how, steps in (("cnn", 4), ("rnn", 4), ("early", None)):
        encoder = make_fusion(how, text=True)["features"].transformers[0][1]
        assert encoder.steps == steps
    assert make_fusion("rnn", text=True, steps=2)["features"].transformers[0][1].steps == 2


@pytest.mark.parametrize("select", SELECTIONS)
@pytest.mark.parametrize("reduce", [None, "pca"])
def test_features_are_selected_in_each_view(select, reduce):
    table, y = posts(60)
    noise = {"text": Hashed("t", width=12, signal=0), "image": Hashed("i", signal=3)}
    model = make_features(**noise, select=select, reduce=reduce)
    X = model.fit_transform(table, y)
    assert 1 <= sum(X.columns.str.startswith("text__")) <= 12
    if reduce is None:
        assert X.shape[1] < 16
        every = make_features(**noise).fit_transform(table)
        scaled = ViewScaler().set_output(transform="pandas").fit_transform(every[X.columns])
        assert set(X.columns) <= set(every.columns)  # names are those of the features
        assert scaled.shape == X.shape
    assert X.loc[2].filter(like="text").isna().all()
    assert make_fusion(**fakes(), select=select).fit(table, y).score(table, y) > 0.6


def test_features_that_are_ready_are_taken_by_view():
    table, y = posts(30)
    X = make_features(**fakes()).fit_transform(table).assign(note="x", label=y, text__label=y)
    features = make_features(features=["image", "text"])
    taken = features.fit_transform(X)
    assert list(taken.columns) == [f"{v}__{i}" for v in ("image", "text") for i in range(4)]
    pd.testing.assert_frame_equal(taken, X[taken.columns])
    reduced = make_features(features=["text"], reduce="pca", n_components=2).fit_transform(X)
    assert list(reduced.columns) == ["text__0", "text__1"]
    beside = make_features(text=Hashed("t"), features=["image"]).fit_transform(
        X.assign(text=table["text"])
    )
    assert list(beside.columns)[:5:4] == ["text__0", "image__0"]


class Named(Hashed):
    """Gives columns of given names."""

    def __init__(self, names=("a1", "b1", "a2", "b2")):
        self.names = names
        super().__init__()

    def get_feature_names_out(self, input_features=None):
        return np.array(self.names, dtype=object)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("a1", "b1", "a2", "b2"), ["a1", "b1", "a2", "b2"]),
        (
            ("pca__pca0", "pca__pca1", "svd__svd0", "x"),
            ["pca__pca0", "pca__pca1", "svd__svd0", "x"],
        ),
        (("c1", "c2", "c10", "d3"), ["1", "2", "10", "3"]),
    ],
)
def test_features_of_distinct_names_stay_distinct(names, wanted, tmp_path):
    table, y = posts()
    features = make_features(text=Named(names), image=Hashed())
    X = features.fit_transform(table)
    assert list(X.columns)[:4] == [f"text__{name}" for name in wanted]
    assert list(X.columns)[4:] == [f"image__{i}" for i in range(WIDTH)]
    assert list(features.get_feature_names_out()) == list(X.columns)
    assert list(clone(features).fit_transform(table).columns) == list(X.columns)
    make_fusion(text=Named(names), image=Hashed()).fit(table, y).predict(table)


VECTORIZERS = {
    "tf-idf": TfidfVectorizer(),
    "counts": CountVectorizer(),
    "hashes": HashingVectorizer(n_features=32),
    "svd": make_pipeline(TfidfVectorizer(), TruncatedSVD(2)),
    "characters": make_pipeline(CountVectorizer(analyzer="char"), TfidfTransformer()),
    "two": make_union(TfidfVectorizer(), CountVectorizer(ngram_range=(2, 2))),
}


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
@pytest.mark.parametrize("learned", [{}, {"reduce": "pca"}])
@pytest.mark.parametrize("how", ["early", "late"])
def test_the_baseline_of_the_field_fits_and_lacks_texts(vectorizer, learned, how, tmp_path):
    words = {"p": "I love this", "n": "I hate that", "o": "it is a day"}
    y = list("pno" * 10)
    texts = [f"{words[label]} {i % 4}" for i, label in enumerate(y)]
    texts[3:6] = [None, "", float("nan")]
    table = pd.DataFrame({"text": texts, "image": [f"{label}.png" for label in y]})
    model = make_fusion(how, text=vectorizer, image=Hashed(), **learned).fit(table, y)
    assert model.score(table, y) > 0.9
    assert model.predict(table.assign(text=None)).shape == (30,)
    X = model[0].transform(table)
    assert len(set(X.columns)) == X.shape[1]
    assert {name.partition("__")[0] for name in X} == {"text", "image"}
    assert X["text__0"].isna().to_numpy().nonzero()[0].tolist() == [3, 4, 5]
    grid = GridSearchCV(model, {"classify": [LateFusionClassifier()]}, cv=2, error_score="raise")
    grid.fit(table, y)


def test_a_model_with_a_vectorizer_is_saved_and_judged(tmp_path):
    table = pd.DataFrame(
        {"text": ["so good", "so bad", None, "good"] * 5, "label": list("pnpp") * 5}
    )
    model = make_fusion(text=VECTORIZERS["svd"]).fit(table, table["label"])
    again = load(save(model, tmp_path / "model"))
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))
    assert list(evaluate(model, table, "label", cv=2).models) == ["fusion", "text", "dummy"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["likes"], r"'likes', but the table has no column 'likes__0'.*rename the column 'likes'"),
        (["txt"], r"has no column 'txt__0'.*the table has \['likes', 'text'\].*mean 'text"),
    ],
)
@pytest.mark.parametrize("beside", [{}, {"text": Hashed("t")}])
def test_a_view_that_the_table_lacks_is_told_at_fit(features, message, beside):
    table = pd.DataFrame({"likes": range(6), "text__0": [0.5] * 6})
    if beside:
        table = table.assign(text=["a"] * 6).drop(columns="text__0")
    with pytest.raises(ValueError, match=message):
        make_fusion(features=features, **beside).fit(table, [0, 1] * 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ["a", "a"]}, r"A view must be named once.* Got 'a' twice"),
        ({"features": True}, r"features parameter must be a sequence.* Got True"),
        ({"text": True, "columns": {"text": 0}}, r"columns\['text'\].* one column.* Got 0"),
        ({"text": True, "columns": {"text": ["a", "b"]}}, r"columns\['text'\].*Got \['a', 'b'\]"),
        ({"text": True, "adapt": "groups", "group": 3}, r"group parameter .* Got 3"),
        ({"text": True, "adapt": "coral", "domain": ["d"]}, r"domain parameter .* Got \['d'\]"),
        ({"features": "text"}, r"must be a sequence of names of views. Got 'text'"),
        ({"features": ["te__xt"]}, r"view must have a name without '__'"),
        ({"features": ["text"], "text": True}, r"Got 'text' twice"),
        ({"features": "passthrough", "text": True}, r"text parameter must be left out"),
        ({"features": "passthrough", "reduce": "pca"}, r"reduce parameter must be left out"),
        ({"text": True, "select": "best"}, r"select parameter must be one of .*Got 'best'"),
        ({"how": "align", "text": True, "learn_device": "tpu"}, r"learn_device.*Got 'tpu'"),
        ({"how": "gated", "text": True, "learn_device": "torch:cpu"}, r"learn_device.*torch:cpu"),
    ],
)
def test_wrong_features_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        make_fusion(**options)


# -- the grid --------------------------------------------------------------------------------------


def quick_grid():
    """All of the grid, with networks of few epochs and few trees."""
    quick = [clone(candidate) for candidate in FUSION_GRID["classify"]]
    for candidate in quick:
        names = candidate.get_params()
        settings = {"max_epochs": 3, "n_members": 1, "n_estimators": 10, "n_jobs": 1}
        candidate.set_params(**{k: v for k, v in settings.items() if k in names})
    return {**FUSION_GRID, "classify": quick}


def test_the_grid_holds_every_strategy_and_selection():
    names = list(FUSION_CANDIDATES)
    for how in FUSIONS:
        assert any(name.split(",")[0] == how for name in names), how
    for select in SELECTIONS:
        assert f"early, select={select}" in names
    assert FUSION_GRID["classify"] == list(FUSION_CANDIDATES.values())
    assert set(FUSION_GRID) <= set(make_fusion(text=True).get_params())


def test_grid_search_runs_all_of_it():
    table, y = posts(36)
    search = GridSearchCV(make_fusion(**fakes()), quick_grid(), cv=2, error_score="raise")
    search.fit(table, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == len(FUSION_CANDIDATES)
    assert np.isfinite(scores).all()
    assert set(search.predict(table)) <= set(y)
    assert not any(hasattr(candidate, "classes_") for candidate in FUSION_GRID["classify"])


def test_halving_runs_all_of_it():
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV

    table, y = posts(60)
    search = HalvingGridSearchCV(
        make_fusion(**fakes()), quick_grid(), cv=2, min_resources=24, random_state=0
    )
    assert search.fit(table, y).score(table, y) > 0.6


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution:UserWarning")
@pytest.mark.filterwarnings("ignore:.*optuna.terminator:FutureWarning")  # its own, since 4.9
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_runs_it():
    optuna = pytest.importorskip("optuna")
    integration = pytest.importorskip("optuna_integration.sklearn")
    table, y = posts(36)
    space = {
        name: optuna.distributions.CategoricalDistribution(choices)
        for name, choices in quick_grid().items()
    }
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = integration.OptunaSearchCV(
        make_fusion(**fakes()), space, cv=2, n_trials=4, random_state=0
    )
    assert search.fit(table, y).best_score_ > 0.4


# -- nothing that is given is dropped ----------------------------------------------------------------

GIVEN = {
    "n_components": 3,
    "steps": 3,
    "class_weight": "balanced",
    "random_state": 7,
    "learn_device": "cuda",
    "device": "cuda",
    "precision": "float32",
    "store": None,
    "on_error": "missing",
    "n_jobs": 2,
    "verbose": True,
    "task": "regression",
    "classifier": "svm",
    "select": "trees",
    "quality": "fast",
    "reduce": "pca",
    "adapt": "coral",
    "views": {"photo": "image"},
    "columns": {"text": "tweet"},
    "meta": ["likes"],
    "domain": "site",
    "target_domain": "films",
    "group": "speaker",
}
"""A value, unlike its default, of each argument that says something about the pipeline."""

TABLES = {
    "encoded": {"text": True},
    "ready": {"features": ["text"]},
    "both": {"text": True, "features": ["audio"], "reduce": "pca"},
    "views": {"views": {"text": "text", "body": "text/minilm-l6"}},
    "learned": {"views": {"text": "text/words"}, "meta": ["likes", "brand"]},
    "passthrough": {"features": "passthrough"},
    "trees": {"features": ["text"], "classifier": "xgboost"},
    "own": {"features": ["text"], "classifier": LogisticRegression()},
}


def settings(model):
    """Values of all parameters; of those that hold a whole estimator, its class."""
    found = []
    for name, value in model.get_params().items():
        if name.endswith("transformers"):
            found += [(name, view, str(columns)) for view, _, columns in value]
        elif hasattr(value, "get_params"):
            found.append((name, type(value).__name__))
        elif not isinstance(value, list):
            found.append((name, repr(value)))
    return found


def buildable():
    """Arguments that are not refused as a whole."""
    for how in FUSIONS:
        for adapt in (None, *ADAPTATIONS):
            for name, options in TABLES.items():
                if adapt is not None and name not in ("encoded", "ready"):
                    continue
                given = {"how": how, **options, **({} if adapt is None else {"adapt": adapt})}
                try:
                    make_fusion(**given)
                except ValueError:
                    continue
                yield pytest.param(given, id=f"{how}-{adapt}-{name}")


def test_the_law_knows_every_argument():
    # commercial is a check alone: it refuses or changes nothing, as test_encoders_licences.py shows
    told = {"how", "text", "image", "audio", "video", "features", "commercial", *GIVEN}
    assert set(inspect.signature(make_fusion).parameters) == told


@pytest.mark.parametrize("options", list(buildable()))
def test_every_argument_changes_the_pipeline_or_is_refused_by_name(options):
    plain = settings(make_fusion(**options))
    for name, value in GIVEN.items():
        if options.get(name) == value:
            continue
        try:
            made = make_fusion(**{**options, name: value})
        except ValueError as error:
            said = str(error)
            assert name in said or name.rpartition("_")[2] in said, f"{name}: {said}"
            continue
        assert settings(made) != plain, f"{name}={value!r} changes nothing"
