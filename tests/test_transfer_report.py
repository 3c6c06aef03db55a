"""transfer_report() against the protocol written out by hand, its verdicts and its errors."""

from __future__ import annotations

import inspect
import json
import warnings
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from drawn import draw_rows
from hashed import Hashed
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from hybridsent import make_features, make_fusion, transfer
from hybridsent._labels import labeled_rows
from hybridsent._tags import adapting
from hybridsent.evaluation import (
    Interval,
    TransferReport,
    maximum_mean_discrepancy,
    proxy_a_distance,
    transfer_report,
    unadapted,
)
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.measures._draws import score_draws
from hybridsent.evaluation.measures._intervals import (
    interval_within,
    jackknife,
    units_of,
    without_each,
)
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.transfer._pairs import draw_labels, make_pairs, target_folds
from hybridsent.evaluation.transfer._result import Shift, TransferPair, verdict
from hybridsent.few_label import LabeledOnly
from hybridsent.transfer import CORAL, DropDomain, GroupScaler, PriorClassifier
from hybridsent.views import rename_feature

QUICK = {"shift": False, "n_jobs": 1}


def logistic():
    return LogisticRegression(C=0.5)


def adapter(**options):
    return make_pipeline(CORAL(**options), LabeledOnly(logistic()))


def corpus(n=60, domains=("books", "films", "songs"), seed=0, names=True):
    """Domains that are moved apart, and labels that a line tells within each."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n * len(domains)) % 2
    where = np.repeat(np.arange(len(domains)), n)
    X = rng.normal(size=(len(truth), 2)) + 2.5 * truth[:, None]
    X += np.array([[0, 0], [4, -3], [-3, 5]])[where]
    order = rng.permutation(len(truth))
    y = np.array(["bad", "good"], dtype=object)[truth] if names else truth
    return (
        pd.DataFrame(X[order], columns=["text__0", "text__1"]),
        y[order],
        np.array(domains, dtype=object)[where][order],
    )


class Asked(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on and asked about, in a list that clones share."""

    log: ClassVar[list] = []

    def __init__(self, name="asked"):
        self.name = name

    def fit(self, X, y):
        self.classes_ = np.unique(np.asarray(y)[labeled_rows(y)].tolist())
        self.log.append((self.name, "fit", X, y))
        return self

    def predict(self, X):
        self.log.append((self.name, "predict", X, None))
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def log():
    Asked.log.clear()
    return Asked.log


# -- the protocol ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_target_labels", [0, 8])
@pytest.mark.parametrize("transductive", [True, False])
def test_scores_are_those_of_the_protocol_written_out(n_target_labels, transductive):
    X, y, domain = corpus()
    s, t = np.flatnonzero(domain == "books"), np.flatnonzero(domain == "films")
    report = transfer_report(
        adapter(),
        X,
        y,
        domain=domain,
        source="books",
        target="films",
        n_target_labels=n_target_labels,
        transductive=transductive,
        cv=3,
        random_state=4,
        n_repeats=2,
        **QUICK,
    )
    told = X.assign(domain__0=(domain == "films").astype(float))
    expected = {"source only": [], "target only": [], "pooled": [], "adapted": []}
    for repeat in range(2):
        answers = {name: np.empty(len(t), dtype=object) for name in expected}
        folds = StratifiedKFold(3, shuffle=True, random_state=4 + repeat).split(t, y[t])
        for k, (train, test) in enumerate(folds):
            drawn = draw_labels(y[t][train], n_target_labels, [4, repeat, k], regression=False)
            known = train[drawn] if n_target_labels else train
            both = np.r_[s, t[known]]
            for name, rows in (("source only", s), ("target only", t[known]), ("pooled", both)):
                answers[name][test] = logistic().fit(X.iloc[rows], y[rows]).predict(X.iloc[t[test]])
            seen = np.sort(np.r_[train, test]) if transductive else train
            hidden = np.where(np.isin(seen, known) & (n_target_labels > 0), y[t][seen], -1)
            rows, labels = np.r_[s, t[seen]], np.r_[y[s], hidden]
            model = adapter().fit(told.iloc[rows], labels)
            answers["adapted"][test] = model.predict(told.iloc[t[test]])
        for name, found in answers.items():
            expected[name].append(accuracy_score(y[t].tolist(), found.tolist()))
    (pair,) = report.pairs
    assert list(pair.scores) == list(expected)
    for name, scores in expected.items():
        assert pair.scores[name].value == pytest.approx(np.mean(scores)), name
        if name != "source only":
            gain = np.mean(scores) - np.mean(expected["source only"])
            assert pair.gains[name].value == pytest.approx(gain)
    assert (pair.n_source, pair.n_target) == (60, 60)
    assert (report.folds, report.repeats, report.n_target_labels) == (3, 2, n_target_labels)


def test_models_see_the_rows_and_labels_that_the_protocol_gives_them(log):
    X, y, domain = corpus(20)
    X["row__0"] = np.arange(len(X), dtype=float)
    transfer_report(
        Asked("new"),
        X,
        y,
        domain=domain,
        source="books",
        target="films",
        baseline=Asked("old"),
        n_target_labels=4,
        cv=2,
        **QUICK,
    )
    of_books = set(np.flatnonzero(domain == "books"))
    of_films = set(np.flatnonzero(domain == "films"))
    tested = []
    for name, what, X_seen, y_seen in log:
        rows = X_seen["row__0"].astype(int).to_numpy()
        assert len(set(rows)) == len(rows)
        if name == "old":
            assert "domain__0" not in X_seen
            if what == "fit":
                assert (y_seen == y[rows]).all()
            continue
        films = np.isin(rows, list(of_films))
        assert (X_seen["domain__0"] == films).all()
        if what == "fit":
            fitted_rows, known = rows, labeled_rows(y_seen)
            assert set(rows) == of_books | of_films
            assert known[~films].all()
            assert known[films].sum() == 4
            assert (y_seen[known] == y[rows][known]).all()
        else:
            tested.append(rows)
            assert films.all()
            assert not set(rows) & set(fitted_rows[known])
    assert sorted(np.concatenate(tested)) == sorted(of_films)


def test_the_same_labels_are_given_to_target_only_pooled_and_adapted(log):
    X, y, domain = corpus(20)
    X["row__0"] = np.arange(len(X), dtype=float)
    films = np.flatnonzero(domain == "films")
    transfer_report(
        Asked("new"),
        X,
        y,
        domain=domain,
        source="books",
        target="films",
        baseline=Asked("old"),
        n_target_labels=4,
        cv=2,
        **QUICK,
    )
    fits = [
        set(X_seen["row__0"].astype(int)[labeled_rows(y_seen)]) & set(films)
        for _, what, X_seen, y_seen in log
        if what == "fit"
    ]
    assert fits == [set(), *3 * [fits[1]], *3 * [fits[4]]]
    assert len(fits[1]) == len(fits[4]) == 4


def test_models_that_see_all_rows_and_no_label_are_fitted_once(log):
    X, y, domain = corpus(20)
    options = {"domain": domain, "source": "books", "target": "films", "baseline": logistic()}
    transfer_report(Asked(), X, y, cv=4, n_repeats=3, **options, **QUICK)
    assert sum(what == "fit" for _, what, *_ in log) == 1
    log.clear()
    transfer_report(Asked(), X, y, cv=4, n_repeats=3, transductive=False, **options, **QUICK)
    assert sum(what == "fit" for _, what, *_ in log) == 12


def test_without_folds_there_are_source_only_and_adapted():
    X, y, domain = corpus(30)
    report = transfer_report(adapter(), X, y, domain=domain, cv=None, **QUICK)
    assert report.methods == ["source only", "adapted"]
    by_folds = transfer_report(adapter(), X, y, domain=domain, cv=3, **QUICK)
    for ours, theirs in zip(report.pairs, by_folds.pairs, strict=True):
        assert ours.scores["adapted"] == theirs.scores["adapted"]
        assert ours.scores["source only"] == theirs.scores["source only"]
    assert "no folds" in str(report)


def test_pairs_are_all_ordered_pairs_and_the_mean_is_over_them():
    X, y, domain = corpus(30)
    report = transfer_report(adapter(), X, y, domain=domain, cv=3, **QUICK)
    assert [(p.source, p.target) for p in report.pairs] == [
        ("books", "films"),
        ("books", "songs"),
        ("films", "books"),
        ("films", "songs"),
        ("songs", "books"),
        ("songs", "films"),
    ]
    for name in report.methods:
        mean = np.mean([pair.scores[name].value for pair in report.pairs])
        assert report.mean.scores[name].value == pytest.approx(mean)
        assert report.mean.scores[name].low <= mean <= report.mean.scores[name].high


def test_a_pair_does_not_depend_on_the_others():
    X, y, domain = corpus(30)
    every = transfer_report(adapter(), X, y, domain=domain, cv=3, **QUICK)
    one = transfer_report(
        adapter(), X, y, domain=domain, source="songs", target=["films"], cv=3, **QUICK
    )
    assert one.pairs[0].scores == every.pairs[-1].scores
    assert one.mean.scores == one.pairs[0].scores


def test_leave_one_out_takes_all_other_domains_as_the_source():
    X, y, domain = corpus(30)
    report = transfer_report(
        adapter(), X, y, domain=domain, protocol="leave-one-out", target="films", cv=3, **QUICK
    )
    (pair,) = report.pairs
    assert (pair.source, pair.target, pair.n_source) == ("others", "films", 60)
    films = domain == "films"
    expected = logistic().fit(X[~films], y[~films]).score(X[films], y[films])
    assert pair.scores["source only"].value == pytest.approx(expected)
    report = transfer_report(
        adapter(), X, y, domain=domain, protocol="leave-one-out", cv=3, **QUICK
    )
    assert [pair.target for pair in report.pairs] == ["books", "films", "songs"]


def test_domains_0_and_1_are_source_and_target():
    domain = np.array([0, 1, 1, 0])
    assert [(p.source, p.target) for p in make_pairs(domain, None, None, "pairs")] == [("0", "1")]
    named = np.array(["a", "b"], dtype=object)[domain]
    pairs = [(p.source, p.target) for p in make_pairs(named, None, None, "pairs")]
    assert pairs == [("a", "b"), ("b", "a")]
    (one,) = make_pairs(domain, 1, 0, "pairs")
    assert (one.source, one.of_source.tolist(), one.of_target.tolist()) == ("1", [1, 2], [0, 3])


def test_domains_are_named_as_text_as_well_as_by_number():
    domain = np.array([1, 2, 3, 2])
    (pair,) = make_pairs(domain, ["1"], "2", "pairs")
    assert (pair.source, pair.target, pair.of_target.tolist()) == ("1", "2", [1, 3])
    (pair,) = make_pairs(domain.astype(str).astype(object), 1, 2, "pairs")
    assert (pair.source, pair.target, pair.of_target.tolist()) == ("1", "2", [1, 3])
    with pytest.raises(ValueError, match=r"Got '4'; the domains are \[1, 2, 3\]"):
        make_pairs(domain, None, "4", "pairs")


def test_several_estimators_are_judged_in_the_same_folds():
    X, y, domain = corpus(30)
    options = {"domain": domain, "target": "films", "cv": 3, "n_target_labels": 6, **QUICK}
    both = transfer_report({"full": adapter(), "thin": adapter(shrinkage=1.0)}, X, y, **options)
    assert both.methods == ["source only", "target only", "pooled", "full", "thin"]
    alone = transfer_report(adapter(shrinkage=1.0), X, y, **options)
    for ours, theirs in zip(both.pairs, alone.pairs, strict=True):
        assert ours.scores["thin"] == theirs.scores["adapted"]
        assert ours.scores["pooled"] == theirs.scores["pooled"]
    assert any("'full' without what adapts" in note for note in both.notes)


def test_the_baseline_is_that_of_the_first_estimator_that_has_one():
    X, y, domain = corpus(20)
    options = {"domain": domain, "target": "films", "cv": 2, "n_target_labels": 6, **QUICK}
    models = {"free": PriorClassifier(alpha=1.0), "coral": adapter()}
    report = transfer_report(models, X, y, **options)
    assert "The baseline is 'coral' without what adapts." in report.notes


def test_it_is_the_same_for_the_same_seed_in_any_number_of_threads():
    X, y, domain = corpus(30)
    options = {"domain": domain, "target": "films", "cv": 3, "n_target_labels": 6}
    frames = [
        transfer_report(adapter(), X, y, n_jobs=jobs, random_state=seed, **options).to_frame()
        for jobs, seed in ((1, 1), (3, 1), (1, 2))
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])


# -- inputs ----------------------------------------------------------------------------------------


def test_an_array_becomes_named_columns_and_the_domain_comes_last(log):
    X, y, domain = corpus(10)
    options = {"domain": domain, "target": "films", "baseline": Asked("old"), "cv": 2, **QUICK}
    transfer_report(Asked("new"), X.to_numpy(np.float32), y, **options)
    new = next(X for name, _, X, _ in log if name == "new")
    old = next(X for name, _, X, _ in log if name == "old")
    assert list(new.columns) == ["x__0", "x__1", "domain__0"]
    assert list(old.columns) == ["x__0", "x__1"]
    assert set(new.dtypes) == {np.dtype(np.float32)}


def test_columns_of_labels_domains_and_groups_are_no_features(log):
    X, y, domain = corpus(10)
    table = X.assign(label=y, shop=domain, author=np.arange(len(X)) // 2)
    options = {"target": "films", "baseline": Asked("old"), "cv": 2, **QUICK}
    transfer_report(Asked("new"), table, "label", domain="shop", groups="author", **options)
    assert {tuple(X.columns) for _, _, X, _ in log} == {
        ("text__0", "text__1"),
        ("text__0", "text__1", "domain__0"),
    }


def test_a_column_domain__0_of_the_features_can_be_named():
    X, y, domain = corpus(20, domains=("books", "films"))
    told = X.assign(domain__0=(domain == "films").astype(float))
    named = transfer_report(adapter(), told, y, domain="domain__0", cv=2, **QUICK)
    given = transfer_report(adapter(), X, y, domain=told["domain__0"], cv=2, **QUICK)
    assert [p.scores for p in named.pairs] == [p.scores for p in given.pairs]
    with pytest.raises(ValueError, match="write domain='domain__0'"):
        transfer_report(adapter(), told, y, domain=domain, **QUICK)


def reader(hand_on=True):
    """What make_features does, with a cheap encoder."""
    parts = [("text", Hashed("t", signal=3), ["text"])]
    if hand_on:
        parts.append(("domain", FunctionTransformer(feature_names_out="one-to-one"), ["domain"]))
    return ColumnTransformer(parts, verbose_feature_names_out=rename_feature).set_output(
        transform="pandas"
    )


def texts(n=20):
    labels = np.array(["bad", "good"], dtype=object)[np.arange(2 * n) % 2]
    where = np.repeat(["books", "films"], n)
    cells = [
        f"{label} {shop} {i}" for i, (label, shop) in enumerate(zip(labels, where, strict=True))
    ]
    return pd.DataFrame({"text": cells, "domain": where}), labels


def test_a_table_gets_a_column_domain_that_its_first_step_hands_on():
    table, y = texts()
    model = make_pipeline(reader(), CORAL(), LabeledOnly(logistic()))
    report = transfer_report(model, table, y, domain="domain", n_target_labels=4, cv=2, n_jobs=1)
    assert [(p.source, p.target) for p in report.pairs] == [("books", "films"), ("films", "books")]
    assert report.mean.scores["source only"].value > 0.8
    assert all(np.isfinite(s.mmd) for s in report.mean.shifts.values())
    assert table["domain"].tolist() == ["books"] * 20 + ["films"] * 20


@pytest.mark.parametrize(
    "read", [{"domain": "domain"}, {"domain": "shop"}, {"domain": "shop", "target_domain": "films"}]
)
def test_make_features_reads_the_domain_of_each_pair_from_any_column(read):
    table, y = texts()
    table = table.rename(columns={"domain": "shop"})

    def model(**told):
        return make_pipeline(
            make_features(text=Hashed("t", signal=3), **told), CORAL(), LabeledOnly(logistic())
        )

    report = transfer_report(
        model(**read), table, y, domain="shop", n_target_labels=4, cv=2, **QUICK
    )
    X = make_features(text=Hashed("t", signal=3)).fit_transform(table)
    by_features = transfer_report(
        adapter(), X, y, domain=table["shop"], n_target_labels=4, cv=2, **QUICK
    )
    assert [p.scores for p in report.pairs] == [p.scores for p in by_features.pairs]


def test_a_table_whose_domain_is_lost_is_told_how_to_hand_it_on():
    table, y = texts()
    model = make_pipeline(reader(hand_on=False), CORAL(), LabeledOnly(logistic()))
    options = {"domain": "domain", "cv": 2, "n_jobs": 1}
    with pytest.raises(ValueError, match=r"CORAL got none: make_features\(domain='domain'\)"):
        transfer_report(model, table, y, n_target_labels=4, **options)
    # the label -1 says the same where no row of the target has another one
    blind = transfer_report(model, table, y, **options)
    handed = transfer_report(
        make_pipeline(reader(), CORAL(), LabeledOnly(logistic())), table, y, **options
    )
    assert [p.scores for p in blind.pairs] == [p.scores for p in handed.pairs]


def test_features_whose_names_are_lost_on_the_way_are_told_how_to_keep_them():
    X, y, domain = corpus(20, domains=("books", "films"))
    model = make_pipeline(PCA(2), CORAL(), LabeledOnly(logistic()))
    with pytest.raises(ValueError, match=r"CORAL got none: a step before it loses the names"):
        transfer_report(model, X, y, domain=domain, cv=2, **QUICK)


def test_a_model_that_scales_by_group_alone_gets_no_domain():
    X, y, domain = corpus(20)
    X["group__0"] = np.unique(domain, return_inverse=True)[1].astype(float)
    model = make_pipeline(GroupScaler(), LabeledOnly(logistic()))
    report = transfer_report(
        model, X, y, domain=domain, protocol="leave-one-out", cv=None, n_jobs=1
    )
    scaled = (
        X[["text__0", "text__1"]]
        .groupby(X["group__0"])
        .transform(lambda column: (column - column.mean()) / column.std(ddof=0))
    )
    films = domain == "films"
    expected = logistic().fit(scaled[~films], y[~films]).score(scaled[films], y[films])
    (pair,) = [p for p in report.pairs if p.target == "films"]
    assert pair.scores["adapted"].value == pytest.approx(expected)
    plain = X[["text__0", "text__1"]]
    expected = logistic().fit(plain[~films], y[~films]).score(plain[films], y[films])
    assert pair.scores["source only"].value == pytest.approx(expected)


@pytest.mark.parametrize("labels", ["int", "bool", "uint", "str", "arrow", "category"])
def test_labels_of_any_kind_give_the_same_scores(labels):
    X, truth, domain = corpus(20, domains=("books", "films"), names=False)
    names = np.array(["bad", "good"], dtype=object)[truth]
    y = {
        "int": truth,
        "bool": truth.astype(bool),
        "uint": truth.astype(np.uint8),
        "str": names,
        "arrow": pd.Series(names, dtype="str"),
        "category": pd.Series(names, dtype="category"),
    }[labels]
    options = {"domain": domain, "n_target_labels": 4, "cv": 2, **QUICK}
    ours = transfer_report(adapter(), X, y, **options)
    theirs = transfer_report(adapter(), X, names.tolist(), **options)
    assert [p.scores for p in ours.pairs] == [p.scores for p in theirs.pairs]


class Level(BaseEstimator, TransformerMixin):
    """Takes each domain's mean away; an adapter that is not of hybridsent."""

    def fit(self, X, y=None):
        self.means_ = X.groupby("domain__0").mean()
        return self

    def transform(self, X):
        moved = X.drop(columns="domain__0")
        return moved - self.means_.loc[X["domain__0"]].to_numpy()


class Numbers(LinearRegression):
    """Leaves rows without a value out."""

    def fit(self, X, y):
        known = ~np.isnan(y)
        return super().fit(X[known], y[known])


def test_a_regressor_gets_nan_for_unlabelled_rows_and_is_scored_by_its_metric():
    X, _, domain = corpus(40, domains=("books", "films"))
    y = X.sum(axis=1).to_numpy(copy=True)
    for name in ("books", "films"):
        y[domain == name] -= y[domain == name].mean()
    report = transfer_report(
        make_pipeline(Level(), Numbers()),
        X,
        y,
        domain=domain,
        baseline=LinearRegression(),
        scoring="r2",
        cv=3,
        n_jobs=1,
    )
    for pair in report.pairs:
        assert pair.scores["adapted"].value == pytest.approx(1)
        assert pair.scores["source only"].value < 0.97
        assert pair.verdicts["adapted"] == "helps"


# -- folds and labels ------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_drawn_labels_are_of_all_classes_in_proportion_and_nested(counts, seed, data):
    y = np.repeat(np.arange(len(counts)), counts)
    n = data.draw(st.integers(1, len(y)))
    drawn = draw_labels(y, n, [seed], regression=False)
    assert len(np.unique(drawn)) == n
    found = np.bincount(y[drawn], minlength=len(counts))
    assert (found > 0).sum() == min(n, len(counts))
    share = n * np.array(counts) / len(y)
    assert (np.abs(found - share) <= len(counts)).all()
    more = draw_labels(y, min(n + 1, len(y)), [seed], regression=False)
    assert set(drawn) <= set(more)


def test_folds_are_those_of_scikit_learn_and_lenient_to_rare_classes():
    y = np.array([0] * 20 + [1] * 10)
    ours = target_folds(y, 5, None, 3, regression=False)
    theirs = StratifiedKFold(5, shuffle=True, random_state=3).split(y, y)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a[1], b[1])
    rare = target_folds(np.array([0] * 20 + [1]), 5, None, 3, regression=False)
    assert sum(len(test) for _, test in rare) == 21
    singles = target_folds(np.arange(6), 3, None, 3, regression=False)
    assert [len(test) for _, test in singles] == [2, 2, 2]
    groups = np.arange(30) // 3
    for kind in (False, True):
        for train, test in target_folds(y, 5, groups, 0, regression=kind):
            assert not set(groups[train]) & set(groups[test])
    mine = target_folds(y, GroupKFold(2), groups, 0, regression=False)
    assert len(mine) == 2
    assert len(target_folds(y, LeaveOneGroupOut(), groups, 0, regression=False)) == 10


# -- scores of resampled rows ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric",
    ["accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "f1_weighted", "neg_log_loss"],
)
def test_scores_of_draws_are_those_of_scikit_learn_on_the_drawn_rows(metric):
    rng = np.random.default_rng(0)
    classes = np.array(["a", "b", "c"], dtype=object)
    n = 15
    truth = classes[rng.integers(0, 3, n)]
    p = rng.dirichlet(np.ones(3), n)
    answers = Answers(classes[p.argmax(axis=1)], p)
    counts = draw_rows(n, 40, 1)
    ours = score_draws(metric, truth, answers, counts, classes)

    class Said(ClassifierMixin, BaseEstimator):
        classes_ = classes

        def __init__(self, rows):
            self.rows = rows

        def predict(self, X):
            return answers.labels[self.rows]

        def predict_proba(self, X):
            return p[self.rows]

        def __sklearn_is_fitted__(self):
            return True

    def theirs(rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return get_scorer(metric)(Said(rows), np.zeros((len(rows), 1)), truth[rows])

    assert ours.value == pytest.approx(theirs(np.arange(n)))
    for drawn, taken in zip(ours.drawn, counts, strict=True):
        rows = np.repeat(np.arange(n), taken)
        if len(np.unique(truth[rows])) == 3 or metric != "neg_log_loss":
            assert drawn == pytest.approx(theirs(rows))


def test_draws_leave_whole_groups_out():
    counts = without_each(units_of(6, np.array(["a", "a", "b", "c", "c", "c"])))
    assert counts.tolist() == [[0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]


def test_draws_without_a_class_are_left_out_of_the_interval():
    truth = np.array([0, 1, 1, 1])
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    answers = Answers(np.array([0, 1, 0, 1]), p)
    with fold_warnings_ignored():
        counts = without_each(np.arange(4))
        draws = score_draws("roc_auc", truth, answers, counts, np.array([0, 1]))
    assert draws.value == 1
    assert np.isnan(draws.drawn).tolist() == [True, False, False, False]
    assert jackknife(draws.drawn, 4).freedom == 2


def test_the_interval_of_an_accuracy_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    classes, covered = np.array([0, 1]), 0
    for _ in range(200):
        truth = np.zeros(80, dtype=int)
        said = (rng.random(80) > 0.7).astype(int)
        left = without_each(np.arange(80))
        draws = score_draws("accuracy", truth, Answers(said, None), left, classes)
        low, high = interval_within(draws.value, jackknife(draws.drawn, 80), (0, 1), 0.9)
        covered += low <= 0.7 <= high
    assert 0.83 <= covered / 200 <= 0.96


def test_groups_make_the_interval_wider():
    X, y, domain = corpus(60, domains=("books", "films"), seed=2)
    good = logistic().fit(X[domain == "books"], y[domain == "books"]).predict(X) == y
    groups = np.where(good, 0, 4) + np.arange(len(X)) % 4  # who is wrong is wrong always
    options = {"domain": domain, "target": "films", "cv": None, "n_jobs": 1}
    alone, together = (
        transfer_report(adapter(), X, y, groups=g, shift=False, **options)
        .pairs[0]
        .scores["source only"]
        for g in (None, groups)
    )
    assert together.high - together.low > 1.3 * (alone.high - alone.low)
    assert together.value == alone.value


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "f1_macro"])
def test_metrics_of_probabilities_and_labels_are_reported(scoring):
    X, y, domain = corpus(30, domains=("books", "films"))
    report = transfer_report(adapter(), X, y, domain=domain, cv=2, scoring=scoring, **QUICK)
    assert report.scoring == scoring
    books, films = domain == "books", domain == "films"
    expected = get_scorer(scoring)(logistic().fit(X[books], y[books]), X[films], y[films])
    assert report.pairs[0].scores["source only"].value == pytest.approx(expected)


def test_few_labels_that_lack_a_class_have_probability_zero_for_it():
    X, y, domain = corpus(30, domains=("books", "films"), names=False)
    y[(domain == "films") & (X.index % 10 == 0)] = 2
    probable = transfer_report(
        adapter(),
        X,
        y,
        domain=domain,
        target="films",
        n_target_labels=2,
        cv=2,
        scoring="neg_brier_score",
        **QUICK,
    )
    assert np.isfinite(probable.pairs[0].scores["target only"].value)


# -- verdicts and shifts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((0.1, 0.05, 0.2), "helps"),
        ((0.1, -0.05, 0.2), "may help"),
        ((0.0, -0.05, 0.2), "same"),
        ((-0.1, -0.2, 0.1), "may hurt"),
        ((-0.1, -0.2, 0.0), "may hurt"),
        ((-0.1, -0.2, -0.01), "hurts"),
    ],
)
def test_verdicts_are_two_levels_on_either_side(gain, said):
    assert verdict(Interval(*gain)) == said


class Liar(LogisticRegression):
    """Turns the labels of the source around where there is a domain."""

    def fit(self, X, y):
        known = labeled_rows(y)
        X, y = np.asarray(X)[known], np.asarray(y)[known].astype(int)
        return super().fit(X, 1 - y)

    def predict(self, X):
        return super().predict(np.asarray(X))

    def predict_proba(self, X):
        return super().predict_proba(np.asarray(X))


def test_a_method_that_hurts_is_flagged_and_one_that_helps_is_not():
    X, y, domain = corpus(60, names=False)
    near = X.copy()
    near[:] = np.random.default_rng(0).normal(size=X.shape) + 2.5 * y[:, None]
    report = transfer_report(
        {"coral": adapter(), "liar": Liar()},
        near,
        y,
        domain=domain,
        target="films",
        cv=3,
        n_jobs=1,
    )
    assert report.negative_transfer == [("books", "films", "liar"), ("songs", "films", "liar")] or (
        report.negative_transfer == [("songs", "films", "liar"), ("books", "films", "liar")]
    )
    assert "Transfer hurts: books -> films, liar." in str(report)
    moved = transfer_report(adapter(), X, y, domain=domain, cv=3, n_jobs=1)
    assert moved.negative_transfer == []
    assert moved.mean.verdicts["adapted"] == "helps"


def test_shifts_are_those_of_the_features_that_the_last_step_gets():
    X, y, domain = corpus(40, domains=("books", "films"))
    report = transfer_report(
        make_pipeline(Level(), LabeledOnly(logistic())),
        X,
        y,
        domain=domain,
        target="films",
        baseline=make_pipeline(StandardScaler(), logistic()),
        cv=2,
        n_jobs=1,
    )
    books, films = X[domain == "books"], X[domain == "films"]
    scaler = StandardScaler().fit(books)
    before, after = report.pairs[0].shifts["source only"], report.pairs[0].shifts["adapted"]
    parts = scaler.transform(books), scaler.transform(films)
    assert before.mmd == pytest.approx(maximum_mean_discrepancy(*parts))
    assert before.a_distance == pytest.approx(proxy_a_distance(*parts))
    parts = books - books.mean(), films - films.mean()
    assert after.mmd == pytest.approx(maximum_mean_discrepancy(*parts))
    assert after.a_distance < 0.5 < 1.5 < before.a_distance
    assert set(report.pairs[0].shifts) == {"source only", "adapted"}


def test_a_model_that_adapts_inside_has_no_shift():
    X, y, domain = corpus(20, domains=("books", "films"))
    report = transfer_report(
        PriorClassifier(logistic(), alpha=1.0),
        X,
        y,
        domain=domain,
        target="films",
        n_target_labels=6,
        cv=2,
        n_jobs=1,
    )
    assert np.isnan(report.pairs[0].shifts["adapted"].mmd)
    assert np.isfinite(report.pairs[0].shifts["source only"].mmd)
    assert report.to_dict()["pairs"][-1]["mmd"] is None


def posts(n=40):
    """Features in a table, whose domain stands in a column that no view reads."""
    X, y, shop = corpus(n)
    return X.assign(shop=shop, label=y)


@pytest.mark.parametrize("transductive", [True, False])
@pytest.mark.parametrize("adapt", ["coral", "subspace", "augment"])
def test_the_shift_of_a_model_that_is_told_by_minus_1_is_that_of_one_told_by_a_column(
    adapt, transductive
):
    table = posts()
    reports = [
        transfer_report(
            make_fusion(features=["text"], adapt=adapt, **told),
            table,
            "label",
            domain="shop",
            source="books",
            target="films",
            transductive=transductive,
            cv=2,
            n_jobs=1,
        )
        for told in ({}, {"domain": "domain"})
    ]
    by_label, by_column = (report.pairs[0].shifts["adapted"] for report in reports)
    assert by_label == by_column
    assert reports[0].pairs[0].scores == reports[1].pairs[0].scores
    assert by_label.mmd < reports[0].pairs[0].shifts["source only"].mmd


def test_the_shift_is_that_of_what_the_last_step_got_in_fit(log):
    table = posts()
    pair = table[table["shop"] != "songs"].reset_index(drop=True)
    features = make_features(features=["text"])
    report = transfer_report(
        Pipeline([("features", features), ("adapt", CORAL()), ("ask", Asked())]),
        pair,
        "label",
        domain="shop",
        source="books",
        target="films",
        baseline=make_pipeline(make_features(features=["text"]), logistic()),
        n_jobs=1,
    )
    (got,) = [np.asarray(X) for _, what, X, _ in log if what == "fit"]
    n = int((pair["shop"] == "books").sum())
    expected = maximum_mean_discrepancy(got[:n], got[n:]), proxy_a_distance(got[:n], got[n:])
    after = report.pairs[0].shifts["adapted"]
    assert_allclose([after.mmd, after.a_distance], expected)


def test_a_second_step_that_adapts_is_told_by_minus_1_as_the_first_dropped_the_column():
    X, y, domain = corpus(40, domains=("books", "films"))
    report = transfer_report(
        make_pipeline(CORAL(), CORAL(), LabeledOnly(logistic())),
        X,
        y,
        domain=domain,
        target="films",
        cv=2,
        n_jobs=1,
    )
    books = domain == "books"
    told = np.where(books, y, -1)
    got = np.asarray(X)
    for step in (CORAL(), CORAL()):
        got = step.fit_transform(got, told)
    after = report.pairs[0].shifts["adapted"].mmd
    assert after == pytest.approx(maximum_mean_discrepancy(got[books], got[~books]))


def test_the_shift_of_sparse_features_is_not_measured():
    table = posts(20).assign(text=["a b", "b c"] * 30)
    words = ColumnTransformer(
        [("text", TfidfVectorizer(token_pattern=r"\w"), "text")], sparse_threshold=1
    )
    report = transfer_report(
        make_fusion(features=["text"], adapt="coral"),
        table,
        "label",
        domain="shop",
        target="films",
        baseline=make_pipeline(words, logistic()),
        cv=2,
        n_jobs=1,
    )
    assert np.isnan(report.pairs[0].shifts["source only"].mmd)
    assert np.isfinite(report.pairs[0].shifts["adapted"].mmd)


class Weighing(ClassifierMixin, BaseEstimator):
    """As a reweighted estimator of hybridsent.transfer: weights of the source, or of more rows."""

    def __init__(self, estimator, of="source"):
        self.estimator = estimator
        self.of = of

    def __sklearn_tags__(self):
        return adapting(super().__sklearn_tags__())

    def fit(self, X, y):
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        target, known = X["domain__0"] == 1, labeled_rows(y)
        rows = {"source": ~target, "labelled": known, "all": known | ~known}[self.of]
        self.sample_weight_ = np.exp(-0.3 * X.loc[rows, "text__0"].to_numpy())
        plain = X.drop(columns="domain__0")
        self.estimator_ = clone(self.estimator).fit(plain[known], y[known].tolist())
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X):
        return self.estimator_.predict(X.drop(columns="domain__0"))


@pytest.mark.parametrize("of", ["source", "labelled", "all"])
def test_the_shift_of_a_reweighted_model_is_weighted(of):
    X, y, domain = corpus(40, domains=("books", "films"))
    report = transfer_report(
        Weighing(logistic(), of),
        X,
        y,
        domain=domain,
        target="films",
        n_target_labels=6,
        cv=2,
        n_jobs=1,
    )
    parts = X[domain == "books"], X[domain == "films"]
    w = np.exp(-0.3 * parts[0]["text__0"])
    after = report.pairs[0].shifts["adapted"]
    assert after.mmd == pytest.approx(maximum_mean_discrepancy(*parts, source_weight=w))
    assert after.a_distance == pytest.approx(proxy_a_distance(*parts, source_weight=w))
    before = report.pairs[0].shifts["source only"]
    assert before.mmd == pytest.approx(maximum_mean_discrepancy(*parts))


ADAPTERS = [
    name
    for name in transfer.__all__
    if hasattr(getattr(transfer, name), "transform")
    and not inspect.isabstract(getattr(transfer, name))
    and name != "DropDomain"
]


def test_discovery_found_adapters():
    assert len(ADAPTERS) >= 4


@pytest.mark.parametrize("n_target_labels", [0, 8])
@pytest.mark.parametrize("name", ADAPTERS)
def test_every_transformer_that_adapts_can_be_judged(name, n_target_labels):
    X, y, domain = corpus(30, domains=("books", "films"))
    kind = getattr(transfer, name)
    options = {"by": "domain"} if name == "GroupScaler" else {}
    report = transfer_report(
        make_pipeline(kind(**options), LabeledOnly(logistic())),
        X,
        y,
        domain=domain,
        target="films",
        n_target_labels=n_target_labels,
        cv=2,
        n_jobs=1,
    )
    (pair,) = report.pairs
    assert pair.scores["adapted"].value > 0.7
    assert np.isfinite(pair.shifts["adapted"].mmd)
    assert 0 <= pair.shifts["adapted"].a_distance <= 2


@pytest.mark.parametrize("weigher", ["kmm", "kliep", "ulsif", "classifier"])
def test_every_way_to_weigh_can_be_judged_beside_its_inner_estimator(weigher):
    X, y, domain = corpus(30, domains=("books", "films"))
    X[domain == "films"] -= 0.7 * np.array([4, -3])
    model = transfer.ReweightedEstimator(logistic(), weigher)
    report = transfer_report(
        {"alone": model, "last": make_pipeline(FunctionTransformer(), model)},
        X,
        y,
        domain=domain,
        target="films",
        cv=2,
        n_jobs=1,
    )
    (pair,) = report.pairs
    books = domain == "books"
    expected = logistic().fit(X[books], y[books]).score(X[~books], y[~books])
    assert pair.scores["source only"].value == pytest.approx(expected)
    assert pair.scores["alone"].value == pair.scores["last"].value
    assert pair.shifts["alone"].mmd == pytest.approx(pair.shifts["last"].mmd)
    assert pair.shifts["alone"].mmd < pair.shifts["source only"].mmd


def test_tradaboost_is_judged_beside_what_it_boosts():
    X, y, domain = corpus(30, domains=("books", "films"))
    report = transfer_report(
        transfer.TrAdaBoostClassifier(logistic(), n_estimators=5),
        X,
        y,
        domain=domain,
        target="films",
        n_target_labels=10,
        cv=2,
        n_jobs=1,
    )
    books = domain == "books"
    expected = logistic().fit(X[books], y[books]).score(X[~books], y[~books])
    assert report.pairs[0].scores["source only"].value == pytest.approx(expected)
    assert report.pairs[0].scores["adapted"].value > 0.7


# -- the report ------------------------------------------------------------------------------------


def made():
    def interval(value):
        return Interval(value, value - 0.02, value + 0.02)

    pair = TransferPair(
        "books",
        "films",
        100,
        50,
        {"source only": interval(0.8), "target only": interval(0.9), "adapted": interval(0.7)},
        {"target only": interval(0.1), "adapted": interval(-0.1)},
        {"source only": Shift(0.5, 1.5), "adapted": Shift(float("nan"), float("nan"))},
    )
    return TransferReport("accuracy", [pair], pair, 0, 5, 1, 0.95, 1.25, ["A note."])


def test_print_shows_a_table_flags_and_notes():
    assert str(made()).splitlines() == [
        "1 pair of domains, no labels of the target, 5 folds, 1 repeat, 95% intervals, 1.2 s",
        "",
        "source  target  method       accuracy              gain    verdict  MMD    A-distance",
        "books   films   source only  0.800 [0.780, 0.820]                   0.500  1.500",
        "books   films   target only  0.900 [0.880, 0.920]  +0.100  helps",
        "books   films   adapted      0.700 [0.680, 0.720]  -0.100  hurts",
        "Transfer hurts: books -> films, adapted.",
        "A note.",
    ]


def test_frames_and_dicts_hold_the_numbers():
    report = made()
    frame = report.to_frame()
    assert frame["target"].tolist() == 2 * ["films"] * 3
    assert frame["score"].tolist()[:3] == [0.8, 0.9, 0.7]
    assert frame["verdict"].tolist()[:3] == ["", "helps", "hurts"]
    assert np.isnan(frame["gain"][0])
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["negative_transfer"] == [["books", "films", "adapted"]]
    assert plain["pairs"][0]["gain"] is None
    assert plain["mean"][2]["score"] == 0.7
    assert set(plain["pairs"][0]) == set(frame.columns)


def test_the_note_says_what_the_references_had():
    X, y, domain = corpus(20, domains=("books", "films"))
    blind = transfer_report(adapter(), X, y, domain=domain, cv=2, **QUICK)
    some = transfer_report(adapter(), X, y, domain=domain, cv=2, n_target_labels=4, **QUICK)
    said = "Target only and pooled had all labels of the training folds, adapted models none."
    assert said in blind.notes
    assert said not in some.notes


# -- unadapted -------------------------------------------------------------------------------------


def test_a_transformer_that_adapts_becomes_one_that_drops_the_domain():
    model = Pipeline(
        [
            ("scale", StandardScaler()),
            ("adapt", CORAL().set_output(transform="pandas")),
            ("classify", LabeledOnly(logistic())),
        ]
    )
    plain = unadapted(model)
    assert [type(step) for _, step in plain.steps] == [StandardScaler, DropDomain, LabeledOnly]
    X, y, domain = corpus(20)
    told = X.assign(domain__0=(domain == "films").astype(float))
    assert list(plain[1].fit_transform(told).columns) == list(X.columns)
    assert isinstance(model.named_steps["adapt"], CORAL)
    ours = make_pipeline(DropDomain(), logistic()).fit(told, y).predict(told)
    assert (ours == logistic().fit(X, y).predict(X)).all()


def test_an_estimator_that_adapts_becomes_the_one_inside():
    inner = KNeighborsClassifier(3)
    for source in (inner, FrozenEstimator(inner)):
        plain = unadapted(PriorClassifier(source))
        assert [type(step) for _, step in plain.steps] == [DropDomain, KNeighborsClassifier]
        assert plain[-1].n_neighbors == 3
    chain = unadapted(make_pipeline(StandardScaler(), PriorClassifier(inner)))
    assert [type(step) for _, step in chain.steps] == [
        StandardScaler,
        DropDomain,
        KNeighborsClassifier,
    ]
    around = unadapted(LabeledOnly(make_pipeline(CORAL(), logistic())))
    assert isinstance(around.estimator[0], DropDomain)
    by_group = unadapted(make_pipeline(GroupScaler(), logistic()))
    assert by_group[0].view == "group"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (logistic(), "must have a part of hybridsent.transfer.*as baseline="),
        (make_pipeline(StandardScaler(), logistic()), "as baseline="),
        (PriorClassifier(), "must be built around an estimator.*as baseline="),
        (GridSearchCV(adapter(), {"coral__shrinkage": [0.1]}), "param_grid=.*as baseline="),
    ],
)
def test_what_has_no_unadapted_form_is_refused(model, said):
    with pytest.raises(ValueError, match=said):
        unadapted(model)
    X, y, domain = corpus(10)
    with pytest.raises(ValueError, match=said):
        transfer_report(model, X, y, domain=domain, **QUICK)


def test_a_search_can_be_judged_with_a_baseline():
    X, y, domain = corpus(30, domains=("books", "films"))
    search = GridSearchCV(
        adapter(), {"coral__shrinkage": [0.1, 0.9]}, cv=KFold(2, shuffle=True, random_state=0)
    )
    report = transfer_report(search, X, y, domain=domain, baseline=logistic(), cv=2, **QUICK)
    assert report.mean.scores["adapted"].value > report.mean.scores["source only"].value


def test_drop_domain_drops_that_column_and_nothing_else():
    X = pd.DataFrame({"text__0": [1.0, np.nan], "domain__0": [0.0, 1.0], "group__0": [2.0, 3.0]})
    drop = DropDomain().set_output(transform="pandas").fit(X)
    assert list(drop.transform(X).columns) == ["text__0", "group__0"]
    assert list(DropDomain("group").fit(X).get_feature_names_out()) == ["text__0", "domain__0"]
    assert DropDomain().fit_transform(X.to_numpy()).shape == (2, 3)
    assert DropDomain().fit_transform(X.astype(np.float32)).dtype == np.float32


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"target": "film"}, "Did you mean 'films'"),
        ({"source": "films", "target": "films"}, "source and a target that differ"),
        ({"protocol": "leave one out"}, "Did you mean 'leave-one-out'"),
        ({"scoring": "accurcy"}, "Did you mean 'accuracy'"),
        ({"scoring": ["accuracy", "f1_macro"]}, "must be one name of a metric"),
        ({"n_target_labels": 31}, r"Got 31 for 20 rows of 'films'"),
        ({"n_target_labels": -1}, "whole number of at least 0. Got -1"),
        ({"n_target_labels": 1}, "at least two classes.*cv=None"),
        ({"n_repeats": 0}, "n_repeats parameter must be a whole number of at least 1. Got 0"),
        ({"smallest_effect": -0.1}, "smallest_effect parameter"),
        ({"confidence": 95}, "between 0 and 1. Got 95"),
        ({"cv": 1}, "from 2 to the rows of the smallest target, or None. Got 1 for 30 rows"),
        ({"cv": 31}, "Got 31 for 30 rows"),
        ({"cv": None, "n_target_labels": 3}, "Got cv=None with n_target_labels=3"),
        ({"cv": None, "transductive": False}, "transductive=False; write cv=5"),
        ({"cv": ShuffleSplit(3, random_state=0)}, "each row of the target into one test fold"),
        ({"domain": ["a"]}, "one domain a row. Got 1 domains for 60 rows"),
        ({"domain": "shop"}, "domains or a column of the table. Got 'shop'"),
        ({"domain": ["a"] * 60, "target": None}, "source and a target that differ"),
    ],
)
def test_errors_of_the_report_say_what_to_do(changed, said):
    X, y, domain = corpus(30, domains=("books", "films"))
    options = {"domain": domain, "target": "films", "cv": 3, **QUICK, **changed}
    with pytest.raises(ValueError, match=said):
        transfer_report(adapter(), X, y, **options)


@pytest.mark.parametrize("name", ["domain", "groups", "y"])
def test_texts_and_numbers_together_are_refused_with_a_row_of_each(name):
    X, y, domain = corpus(10)
    mixed = y.copy()
    mixed[7] = 3
    given = {"y": y, "domain": domain, name: mixed}
    said = rf"The {name} parameter must be texts or numbers, not both. Got 3 in row 7 and '\w+' in"
    with pytest.raises(ValueError, match=said):
        transfer_report(adapter(), X, **given, **QUICK)


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss"])
def test_a_metric_of_probabilities_says_which_estimator_has_none(scoring):
    X, y, domain = corpus(20, domains=("books", "films"))
    without = make_pipeline(CORAL(), LabeledOnly(LinearSVC()))
    options = {"domain": domain, "target": "films", "cv": 2, "scoring": scoring, **QUICK}
    said = rf"'{scoring}' needs probabilities. Got LabeledOnly\(estimator=LinearSVC\(\)\) of 'svm'"
    with pytest.raises(ValueError, match=said) as error:
        transfer_report({"coral": adapter(), "svm": without}, X, y, **options)
    assert "Replayed" not in str(error.value)
    with pytest.raises(ValueError, match=r"LinearSVC\(\)\) of 'source only'"):
        transfer_report(without, X, y, **options)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ({}, "at least one estimator"),
        ({"pooled": adapter()}, "none of .*Got 'pooled'"),
        ({"x": CORAL()}, "'x' must have fit and predict"),
    ],
)
def test_errors_of_estimators_say_what_to_do(estimator, said):
    X, y, domain = corpus(10)
    with pytest.raises(ValueError, match=said):
        transfer_report(estimator, X, y, domain=domain, **QUICK)


@pytest.mark.parametrize("names", [True, False])
def test_labels_must_be_there_for_all_rows(names):
    X, y, domain = corpus(10, names=names)
    with pytest.raises(ValueError, match="Got -1, which means unlabelled"):
        transfer_report(adapter(), X, np.where(domain == "films", -1, y), domain=domain, **QUICK)


def test_a_table_must_be_a_dataframe():
    _, y = texts()
    model = make_pipeline(reader(), CORAL(), LabeledOnly(logistic()))
    with pytest.raises(ValueError, match="DataFrame for an estimator that picks columns"):
        transfer_report(model, np.zeros((40, 2)), y, domain=[0, 1] * 20, **QUICK)


def test_nothing_that_was_given_is_changed():
    X, y, domain = corpus(20)
    model, kept = adapter(), (X.copy(), y.copy(), domain.copy())
    before = str(clone(model).get_params())
    transfer_report(model, X, y, domain=domain, cv=2, **QUICK)
    assert str(model.get_params()) == before
    assert not hasattr(model[0], "n_features_in_")
    pd.testing.assert_frame_equal(X, kept[0])
    assert (y == kept[1]).all()
    assert (domain == kept[2]).all()
