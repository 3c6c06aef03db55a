"""Conformal sets: whether they hold the truth as often as they say, and of whom."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

from hybridsent import load, make_fusion, save
from hybridsent.evaluation import OutOfFold, coverage_report
from hybridsent.evaluation.results._answers import Answers
from hybridsent.exceptions import MissingDependencyError
from hybridsent.heads import ConformalSets
from hybridsent.heads._conformal_sets import Known, intervals_of, needed, sets_of

pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")


def draw(n: int, seed: int, k: int = 3, power: float = 1.0):
    """Give probabilities, and classes drawn by these to a power; the first class is rare."""
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(0, 1.5, (n, k)) + np.linspace(-1.5, 0.5, k), axis=1)
    true = p**power / (p**power).sum(axis=1, keepdims=True)
    return p, (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)


# -- thresholds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("n", [30, 101, 400])
def test_sets_and_intervals_are_those_of_the_definition(n, coverage):
    p, y = draw(n, 0)
    new, _ = draw(50, 1)
    scores = 1 - p[np.arange(n), y]
    q = np.sort(scores)[int(np.ceil((n + 1) * coverage)) - 1]
    found = sets_of(Known(p, y), new, None, coverage)
    assert np.array_equal(found, 1 - new <= q + 1e-12)
    truth = np.random.default_rng(0).normal(size=n)
    away = np.sort(np.abs(truth - p[:, 0]))[int(np.ceil((n + 1) * coverage)) - 1]
    ends = intervals_of(Known(p[:, 0], truth), new[:, 0], None, coverage)
    assert np.allclose(ends, np.column_stack([new[:, 0] - away, new[:, 0] + away]))


def test_of_too_few_rows_everything_is_in_the_set_and_unknown_groups_have_the_threshold_of_all():
    p, y = draw(200, 0)
    few = needed(0.9) - 1
    assert sets_of(Known(p[:few], y[:few]), p, None, 0.9).all()
    assert np.isinf(intervals_of(Known(p[:few, 0], y[:few]), p[:, 0], None, 0.9)).all()
    cells = np.where(np.arange(200) < few, 0, 1)
    of_all = sets_of(Known(p, y), p, None, 0.9)
    found = sets_of(Known(p, y, cells), p, np.where(np.arange(200) < 100, 0, 7), 0.9)
    assert np.array_equal(found, of_all)


@pytest.mark.parametrize("conformity", ["lac", "aps"])
@pytest.mark.parametrize("power", [1.0, 0.3])
def test_coverage_is_within_its_bounds_for_all_rows_classes_and_groups(conformity, power):
    """Over draws, the mean coverage is from c to c + 1 / (n + 1), whatever the model is worth."""
    held = {name: [] for name in ("all", 0, 1, 2, "easy", "hard")}
    for seed in range(60):
        p, y = draw(600, seed, power=power)
        hard = np.arange(600) % 3 == 0  # a third of the rows is a lottery
        rng = np.random.default_rng(seed)
        y = np.where(hard, rng.integers(0, 3, 600), y)
        known, new = np.arange(600) < 400, np.arange(600) >= 400
        cells = hard.astype(int)
        rows = np.arange(200)
        plain = sets_of(Known(p[known], y[known]), p[new], None, 0.9, conformity=conformity)
        held["all"].append(plain[rows, y[new]].mean())
        of_class = sets_of(Known(p[known], y[known]), p[new], None, 0.9, by_class=True)
        for k in range(3):
            held[k].append(of_class[rows, y[new]][y[new] == k].mean())
        of_group = sets_of(
            Known(p[known], y[known], cells[known]), p[new], cells[new], 0.9, conformity=conformity
        )
        held["easy"].append(of_group[rows, y[new]][~hard[new]].mean())
        held["hard"].append(of_group[rows, y[new]][hard[new]].mean())
    for name, shares in held.items():
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        most = 0.9 + 1 / 20 if conformity == "lac" else 1.0
        assert 0.9 - 3 * error <= np.mean(shares) <= most + 3 * error, name


# -- the estimator ---------------------------------------------------------------------------------


def posts(n: int, seed: int):
    """Rows of which 40 % lack the telling view, a rare class, and a group each."""
    rng = np.random.default_rng(seed)
    y = rng.choice(["bad", "good", "odd"], n, p=[0.45, 0.45, 0.1])
    where = {"bad": -1.0, "good": 1.0, "odd": 0.0}
    told = np.array([where[each] for each in y])
    table = pd.DataFrame(
        {
            "text__0": told + rng.normal(0, 0.4, n),
            "image__0": told + rng.normal(0, 2.0, n),
        }
    )
    table.loc[rng.random(n) < 0.4, "text__0"] = np.nan
    return table, y, np.repeat(np.arange(n // 5 + 1), 5)[:n]


@pytest.fixture(scope="module")
def covered():
    """Coverage of each pattern of views, by both kinds of thresholds, over several draws."""
    found = {}
    for by in (None, "views", "class"):
        held, lacks, odd = [], [], []
        for seed in range(6):
            table, y, groups = posts(300, seed)
            model = ConformalSets(make_fusion("late", features="passthrough"), by=by, cv=3)
            model.fit(table, y, groups=groups)
            new, truth, _ = posts(600, 100 + seed)
            sets = model.predict_set(new)
            held.append(sets[np.arange(600), np.searchsorted(model.classes_, truth)])
            lacks.append(new["text__0"].isna().to_numpy())
            odd.append(truth == "odd")
        found[by] = tuple(map(np.concatenate, (held, lacks, odd)))
    return found


def test_each_pattern_of_views_is_covered_where_it_has_a_threshold(covered):
    held, lacks, _ = covered["views"]
    assert held[lacks].mean() == pytest.approx(0.9, abs=0.035)
    assert held[~lacks].mean() == pytest.approx(0.9, abs=0.035)
    plain, lacks, _ = covered[None]
    assert plain.mean() == pytest.approx(0.9, abs=0.03)
    assert plain[~lacks].mean() - plain[lacks].mean() > 0.05  # what thresholds of all rows do


def test_a_rare_class_is_covered_where_classes_have_thresholds(covered):
    plain, _, odd = covered[None]
    held, _, same = covered["class"]
    assert plain[odd].mean() < 0.8
    assert held[same].mean() > 0.85


def test_intervals_of_numbers_hold_them():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 2))
    y = X[:, 0] + rng.normal(0, np.where(np.arange(900) % 2, 2.0, 0.5))
    groups = np.arange(900) % 2
    model = ConformalSets(LinearRegression(), coverage=0.8).fit(X[:400], y[:400])
    ends = model.predict_interval(X[400:])
    held = (ends[:, 0] <= y[400:]) & (y[400:] <= ends[:, 1])
    assert held.mean() == pytest.approx(0.8, abs=0.05)
    of_group = ConformalSets(LinearRegression(), coverage=0.8, by="group", cv=2)
    of_group.fit(X[:400], y[:400], groups=groups[:400])
    ends = of_group.predict_interval(X[400:], groups=groups[400:])
    held = (ends[:, 0] <= y[400:]) & (y[400:] <= ends[:, 1])
    for group in (0, 1):
        assert held[groups[400:] == group].mean() == pytest.approx(0.8, abs=0.07)
    assert not hasattr(model, "predict_set")
    assert model.score(X, y) == LinearRegression().fit(X[:400], y[:400]).score(X, y)


def test_group_and_views_go_together_and_groups_must_be_told():
    table, y, _ = posts(300, 0)
    language = np.where(np.arange(300) % 2, "en", "zh")
    model = ConformalSets(
        make_fusion("late", features="passthrough"), by=("group", "views", "class"), cv=2
    )
    with pytest.raises(ValueError, match="groups parameter of fit"):
        model.fit(table, y)
    model.fit(table, y, groups=language)
    assert set(model.cells_) == {
        f"{each} {views}" for each in ("en", "zh") for views in ("text+image", "image")
    }
    assert model.predict_set(table, groups=language).shape == (300, 3)
    with pytest.raises(ValueError, match="groups parameter must be given"):
        model.predict_set(table)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"by": "speaker"}, "'by' parameter"),
        ({"coverage": 1.0}, "coverage"),
        ({"conformity": "raps"}, "conformity"),
    ],
)
def test_wrong_parameters_are_named(given, words):
    table, y, _ = posts(60, 0)
    with pytest.raises(ValueError, match=words):
        ConformalSets(GaussianNB(), **given).fit(table.fillna(0), y)


def test_aps_is_of_three_classes_and_more():
    p, y = draw(100, 0, k=2)
    with pytest.raises(ValueError, match="must be 'lac' with two classes"):
        sets_of(Known(p, y), p, None, 0.9, conformity="aps")
    p, y = draw(100, 0)
    with pytest.raises(ValueError, match="thresholds for each class"):
        sets_of(Known(p, y), p, None, 0.9, conformity="aps", by_class=True)


def test_without_mapie_the_extra_is_named(monkeypatch):
    table, y, _ = posts(60, 0)
    monkeypatch.setitem(sys.modules, "mapie", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsent\[conformal\]"):
        ConformalSets(GaussianNB()).fit(table.fillna(0), y)


def test_a_model_with_sets_is_saved_and_loaded(tmp_path):
    table, y, _ = posts(120, 0)
    model = ConformalSets(make_fusion("late", features="passthrough"), by="views", cv=2)
    model.fit(table, y)
    save(model, tmp_path / "m.hybridsent")
    again = load(tmp_path / "m.hybridsent")
    assert np.array_equal(again.predict_set(table), model.predict_set(table))


# -- the report ------------------------------------------------------------------------------------


def answers(n: int = 900, target: str = "classes") -> OutOfFold:
    p, y = draw(n, 0)
    said, truth, classes = Answers(p.argmax(axis=1), p), y, np.arange(3)
    if target == "numbers":
        said, truth, classes = Answers(p[:, 0], None), p[:, 0] + p[:, 1] * (y - 1), None
    if target == "sets":
        truth = (np.random.default_rng(0).random((n, 3)) < p).astype(int)
        said = Answers((p > 0.5).astype(int), p)
    groups = np.repeat(np.arange(n // 10), 10)
    return OutOfFold(
        np.arange(n), np.zeros(n, int), groups % 5, truth, {"m": said}, classes, groups, target
    )


@pytest.mark.parametrize("target", ["classes", "numbers", "sets"])
def test_the_report_tells_coverage_with_intervals(target):
    found = coverage_report(answers(target=target), coverage=0.8)
    assert found.overall.share.low <= 0.8 <= found.overall.share.high or target == "sets"
    assert found.overall.share.value > 0.77
    assert found.rows == 900
    assert len(found.by_group) == 20
    assert any("90 groups" in note for note in found.notes)
    assert "held" in str(found) or "hold" in str(found)
    assert found.to_dict()["overall"]["rows"] == 900


def test_thresholds_by_class_cover_the_rare_class():
    plain = coverage_report(answers(), coverage=0.9).by_class["0"]
    own = coverage_report(answers(), coverage=0.9, by="class").by_class["0"]
    assert plain.share.high < 0.9
    assert own.share.low <= 0.9 <= own.share.high


def test_any_value_of_the_rows_may_have_thresholds():
    kept = answers()
    found = coverage_report(kept, by=np.where(np.arange(900) % 2, "en", "zh"))
    assert found.by == "the values given"
    for wrong, words in (("views", "give the column itself"), (np.arange(5), "value for each")):
        with pytest.raises(ValueError, match=words):
            coverage_report(kept, by=wrong)
    with pytest.raises(ValueError, match="coverage parameter"):
        coverage_report(kept, coverage=90)


def test_what_says_nothing_has_whole_sets():
    X, y = np.zeros((100, 1)), np.arange(100) % 2
    model = ConformalSets(DummyClassifier(strategy="prior"), cv=2).fit(X, y)
    assert model.predict_set(X).all()
    assert (
        not ConformalSets(LogisticRegression()).fit(y[:, None] * 9.0, y).predict_set([[9.0]])[0, 0]
    )
