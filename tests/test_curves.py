"""Curves over labels, missing views, noise and cost, and what each view contributes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation import (
    contributions,
    cost_curve,
    label_curve,
    missing_curve,
    noise_curve,
    sharing_fits,
)
from hybridsent.evaluation.comparisons._paired import paired_difference
from hybridsent.evaluation.curves._bench import Rows, on_a_bench
from hybridsent.evaluation.curves._changed_rows import lacking, views_in
from hybridsent.evaluation.curves._curves import _drawn
from hybridsent.few_label import LabeledOnly
from hybridsent.heads import MultiLabelClassifier


def posts(n: int = 120, views: int = 2, target: str = "classes"):
    """Features of views, the first of which says most, the last nothing; labels and groups."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=n)
    columns = {}
    for k in range(views):
        weight = 1.0 if k == 0 else 0.4 if k < views - 1 else 0.0
        for i in range(2):
            columns[f"{'abcdefgh'[k]}__{i}"] = weight * hidden + rng.normal(0, 0.5, n)
    y = {
        "classes": np.where(hidden > 0, "good", "bad"),
        "numbers": hidden + rng.normal(0, 0.1, n),
        "sets": np.array(
            [
                "|".join(w for w, t in (("joy", h > 0), ("calm", h < 0.5)) if t) or "|"
                for h in hidden
            ]
        ),
    }[target]
    return pd.DataFrame(columns).astype("float32"), y, np.repeat(np.arange(n // 4), 4)


def model(how: str = "late", target: str = "classes"):
    if target == "sets":
        return make_pipeline(MultiLabelClassifier(LogisticRegression()))
    task = {"task": "regression"} if target == "numbers" else {}
    return make_fusion(how, features="passthrough", **task)


# -- contributions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["classes", "numbers", "sets"])
@pytest.mark.parametrize("views", [2, 3])
def test_shapley_values_add_up_to_what_all_views_are_better_than_none(target, views):
    table, y, groups = posts(views=views, target=target)
    if target == "sets":
        table = table.fillna(0)
        fitted = make_pipeline(_Fills(), MultiLabelClassifier(LogisticRegression()))
    else:
        fitted = model(target=target)
    found = contributions(fitted, table, y, cv=3, groups=groups)
    assert found.exact
    for metric in found.metrics:
        total = sum(found.shapley[view][metric].value for view in found.views)
        assert total == pytest.approx(found.whole[metric].value - found.empty[metric].value)
    first = found.metrics[0]
    sign = -1 if first == "MAE" else 1
    shares = {view: sign * found.shapley[view][first].value for view in found.views}
    assert max(shares, key=shares.get) == "a"


class _Fills(LogisticRegression):
    """Zeros where a view is missing, for a model that cannot go without."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.nan_to_num(np.asarray(X))

    def fit_transform(self, X, y=None):
        return self.transform(X)


def test_two_views_have_the_values_of_the_formula():
    table, y, _ = posts()
    found = contributions(model(), table, y, cv=3)
    a, b, both, none = (
        found.alone["a"]["accuracy"].value,
        found.alone["b"]["accuracy"].value,
        found.whole["accuracy"].value,
        found.empty["accuracy"].value,
    )
    assert found.shapley["a"]["accuracy"].value == pytest.approx(((a - none) + (both - b)) / 2)
    assert found.without["a"]["accuracy"].value == pytest.approx(both - b)
    assert found.shapley["a"]["accuracy"].low > 0 > found.shapley["b"]["accuracy"].low


def test_the_whole_model_is_the_one_that_evaluate_judges():
    table, y, groups = posts()
    found = contributions(model(), table, y, cv=3, groups=groups, n_seeds=2)
    judged = evaluate(model(), table, y, cv=3, groups=groups, n_seeds=2).models["fusion"]
    for metric, score in judged.items():
        assert found.whole[metric].value == pytest.approx(score.value)
        assert found.whole[metric].low == pytest.approx(score.low)


def test_more_than_six_views_are_sampled_and_that_is_said():
    table, y, _ = posts(n=60, views=7)
    found = contributions(model(), table, y, cv=2, scoring=["accuracy"])
    assert not found.exact
    assert any("orders" in note for note in found.notes)
    total = sum(each["accuracy"].value for each in found.shapley.values())
    assert total == pytest.approx(found.whole["accuracy"].value - found.empty["accuracy"].value)


def test_what_imputes_says_so_and_one_view_is_refused():
    table, y, _ = posts()
    assert any("imputed" in note for note in contributions(model("early"), table, y, cv=3).notes)
    assert not any("imputed" in note for note in contributions(model("late"), table, y, cv=3).notes)
    with pytest.raises(ValueError, match=r"two views or more: .* Got one that reads 'a' alone"):
        contributions(model(), table[["a__0", "a__1"]], y, cv=3)


def test_which_view_decided_is_told_of_each_row_once():
    table, y, _ = posts()
    found = contributions(model(), table, y, cv=3, n_seeds=2)
    told = found.decided.to_frame()
    assert told["row"].tolist() == list(range(len(table)))
    assert sum(found.deciding.values()) == pytest.approx(1)
    assert found.deciding["a"] > found.deciding["b"]


# -- labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["classes", "numbers", "sets"])
def test_all_labels_give_what_evaluate_gives(target):
    table, y, groups = posts(target=target)
    found = label_curve(
        model(target=target), table, y, sizes=(8, "all"), cv=3, groups=groups, n_seeds=2
    )
    judged = evaluate(model(target=target), table, y, cv=3, groups=groups, n_seeds=2)
    line = next(iter(found.lines.values()))
    for metric, score in judged.models["fusion"].items():
        assert line[metric][-1].value == pytest.approx(score.value)
    assert found.x_name == ("labels per class" if target == "classes" else "labelled rows")


@pytest.mark.parametrize("grouped", [False, True])
def test_of_one_split_all_labels_and_some_give_what_evaluate_gives(grouped):
    table, y, groups = posts()
    train, test = np.arange(80), np.arange(80, 120)
    how = {"groups": groups if grouped else None, "scoring": ["accuracy", "f1_macro"]}
    built = make_pipeline(LogisticRegression())
    sizes = (5, 20, "all")
    found = label_curve(built, table, y, sizes=sizes, cv=[(train, test)], n_seeds=1, **how)
    assert (found.rows, found.folds) == (40, 1)
    plain = {"baselines": False, "check": False, **how}
    with on_a_bench(
        built, table, y, caller="test", cv=[(train, test)], n_seeds=1, n_jobs=None, random_state=0,
        **how,
    ) as bench:  # fmt: skip
        parts = [*(_drawn(bench, bench.cuts[0], size, True) for size in sizes[:2]), train]
    for k, part in enumerate(parts):
        judged = evaluate(built, table, y, cv=[(part, test)], **plain).models["fusion"]
        for metric, score in judged.items():
            point = found.lines["fusion"][metric][k]
            assert (point.value, point.low, point.high) == (score.value, score.low, score.high)
    split = np.repeat(["train", "dev"], [80, 40])
    named = evaluate(built, table, y, split=split, **plain).models["fusion"]["accuracy"]
    last = found.lines["fusion"]["accuracy"][-1]
    assert (last.value, last.low, last.high) == (named.value, named.low, named.high)
    assert [note for note in found.notes if "cannot be told from one fold of one seed" in note]


def test_a_smaller_size_is_a_part_of_a_larger_one_and_each_class_gives_as_many():
    table, y, groups = posts()
    given = {"cv": 3, "groups": groups, "n_seeds": 2, "scoring": None, "n_jobs": 1}
    with on_a_bench(model(), table, y, caller="me", random_state=0, **given) as bench:
        for cut in bench.cuts:
            small, large = (_drawn(bench, cut, size, True) for size in (4, 12))
            assert set(small) < set(large) <= set(cut.train)
            assert np.unique(y[small], return_counts=True)[1].tolist() == [4, 4]
        draws = [_drawn(bench, cut, 4, True).tolist() for cut in bench.cuts]
    assert len({tuple(each) for each in draws}) == len(draws)


def test_more_labels_are_said_to_help_only_where_the_last_step_rises():
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], 150)
    clear = pd.DataFrame({"a__0": (y == "good") * 4.0 + rng.normal(0, 0.1, 300)})
    flat = label_curve(model("early"), clear, y, sizes=(32, "all"), cv=3, n_seeds=1)
    assert any("not shown" in note for note in flat.notes)
    wide = rng.normal(0, 1, (300, 60))
    wide[:, :30] += 0.4 * (y == "good")[:, None]
    hard = pd.DataFrame(wide, columns=[f"a__{i}" for i in range(60)])
    steep = label_curve(model("early"), hard, y, sizes=(4, "half"), cv=3, n_seeds=2)
    assert any(note.startswith("More labels would help") for note in steep.notes)


def test_sizes_that_would_be_all_are_left_out_and_that_is_said():
    table, y, _ = posts(n=60)
    found = label_curve(model(), table, y, sizes=(8, 500), cv=3, n_seeds=1)
    assert [each.name for each in found.lines["fusion"]["accuracy"]] == ["8", "all"]
    assert any("500" in note for note in found.notes)


def test_what_learns_without_labels_keeps_the_other_rows():
    table, y, _ = posts()
    seen = []

    class Counts(LabeledOnly):
        def fit(self, X, y, **params):
            seen.append((len(y), int(sum(each == -1 for each in y))))
            return super().fit(X, y, **params)

    label_curve(Counts(LogisticRegression()), table, y, sizes=(4, "all"), cv=3, n_seeds=1, n_jobs=1)
    assert sorted(set(seen)) == [(80, 0), (80, 72)]


def test_rows_without_a_label_are_not_judged_nor_counted():
    table, y, _ = posts()
    marked = np.array(y, dtype=object)
    marked[:20] = -1
    found = label_curve(model(), table, marked, sizes=(8, "all"), cv=3, n_seeds=1)
    assert found.rows == 100
    assert contributions(model(), table, marked, cv=3).rows == 100


@pytest.mark.parametrize("sizes", [(8, 4), (0, 8), ("all", 8), (), (8.5,)])
def test_sizes_must_rise(sizes):
    table, y, _ = posts(n=40)
    with pytest.raises(ValueError, match="sizes"):
        label_curve(model(), table, y, sizes=sizes)


# -- missing views and noise -----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_from_no_missing_view_to_all(target):
    table, y, groups = posts(target=target)
    found = missing_curve(model(target=target), table, y, rates=(0, 0.5, 1), cv=3, groups=groups)
    whole = contributions(model(target=target), table, y, cv=3, groups=groups)
    metric = found.metrics[0]
    for view, line in found.lines.items():
        points = line[metric]
        assert points[0].value == pytest.approx(whole.whole[metric].value)
        rest = whole.whole[metric].value - whole.without[view][metric].value
        assert points[-1].value == pytest.approx(rest)


def test_training_rows_may_lack_the_view_too():
    table, y, _ = posts()
    found = missing_curve(model(), table, y, rates=(0, 0.9), train=True, views=["a"], cv=3)
    assert list(found.lines) == ["a"]
    first, last = found.lines["a"]["accuracy"]
    assert first.value > last.value
    with pytest.raises(ValueError, match="must name views of the model"):
        missing_curve(model(), table, y, views=["smell"])


def test_noise_in_features_and_in_labels():
    table, y, _ = posts()
    features = noise_curve(model(), table, y, levels=(0, 4), cv=3)
    assert features.lines["a"]["accuracy"][0].value > features.lines["a"]["accuracy"][1].value
    labels = noise_curve({"m": model()}, table, y, on="labels", levels=(0, 1), cv=3)
    assert labels.lines["m"]["accuracy"][0].value > labels.lines["m"]["accuracy"][1].value
    with pytest.raises(ValueError, match="left alone with on='labels'"):
        noise_curve(model(), table, y, on="labels", views=["a"])
    with pytest.raises(ValueError, match="levels"):
        noise_curve(model(), table, y, levels=(2, 1))


def test_cells_are_taken_away_from_tables_and_views_of_one_column_go_together():
    table = pd.DataFrame({"text": ["fine", "awful"], "likes": [3, 4], "shares": [1, 2]})
    words = make_fusion(views={"words": "text/words"}, columns={"words": "text"}, meta=["likes"])
    places = views_in(Rows(words, table))
    assert places == {"words": [0], "meta": [1]}
    without = lacking(table, [0, 1], np.array([True, False]))
    assert without["text"].isna().tolist() == [True, False]
    assert without["likes"].isna().tolist() == [True, False]
    assert table["text"].notna().all()


# -- costs -----------------------------------------------------------------------------------------


def test_costs_are_those_of_the_evaluation_and_dear_models_are_named():
    table, y, _ = posts()
    result = evaluate({"late": model(), "early": model("early")}, table, y, cv=3)
    found = cost_curve(result)
    assert {"late", "early", "dummy"} <= set(found.lines)
    for name, line in found.lines.items():
        costs = result.costs[name]
        seconds = (costs["fit_seconds"] + costs["predict_seconds"]) / 3
        assert line["accuracy"][0].x == pytest.approx(seconds)
        assert line["accuracy"][0].value == result.models[name]["accuracy"].value
    with pytest.raises(ValueError, match="metrics"):
        cost_curve(result, metrics=["AUC"])


def test_curves_are_tables_texts_and_plain_numbers():
    table, y, _ = posts(n=60)
    found = label_curve(model(), table, y, sizes=(8, "all"), cv=3, n_seeds=1)
    frame = found.to_frame()
    assert set(frame["metric"]) == set(found.metrics)
    plain = found.to_dict()
    assert (
        plain["lines"]["fusion"]["accuracy"][1]["gain"][1]
        <= plain["lines"]["fusion"]["accuracy"][1]["gain"][2]
    )
    assert "labels per class" in str(found)


# -- one line against another -----------------------------------------------------------------------


@pytest.mark.parametrize("target", ["classes", "numbers", "sets"])
@pytest.mark.parametrize("grouped", [True, False])
def test_a_difference_of_two_lines_is_the_one_of_compare(target, grouped):
    """At all labels answers are those of evaluate, and differences those of compare."""
    table, y, groups = posts(n=60, target=target)
    given = {"cv": 3, "groups": groups if grouped else None, "n_seeds": 2}
    models = {"late": model("late", target), "early": model("early", target)}
    found = label_curve(models, table, y, sizes=(8, "all"), **given)
    judged = {name: evaluate(each, table, y, **given) for name, each in models.items()}
    assert list(found.gains) == ["early"]
    for metric in found.metrics:
        pair = paired_difference(
            metric, judged["early"].out_of_fold, "fusion", judged["late"].out_of_fold, "fusion"
        )
        point = found.gains["early"][metric][-1]
        assert (point.value, point.low, point.high) == pytest.approx(
            (pair.value, pair.low, pair.high)
        )
        for k, each in enumerate(found.gains["early"][metric]):
            one, other = (found.lines[name][metric][k] for name in ("early", "late"))
            assert each.value == pytest.approx(one.value - other.value)
            assert (each.x, each.name) == (one.x, one.name)


def test_where_lines_do_not_differ_the_interval_is_around_nothing():
    table, y, _ = posts(n=60)
    given = {"sizes": (8, "all"), "cv": 3, "n_seeds": 1}
    found = label_curve({"one": model(), "other": model()}, table, y, **given)
    for points in found.gains["other"].values():
        for each in points:
            assert each.value == 0
            assert each.low == pytest.approx(-each.high)
            assert each.high > 0
    assert any("not shown to be better or worse than one" in note for note in found.notes)
    alone = label_curve(model(), table, y, **given)
    assert not alone.gains
    assert "gains" not in alone.to_dict()
    assert "difference" not in alone.to_frame()


@pytest.mark.parametrize("scoring", ["accuracy", "log_loss"])
def test_a_line_that_beats_the_first_is_named_and_told(scoring):
    """Also of an error, of which less is better."""
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], 100)
    table = pd.DataFrame({"a__0": (y == "good") + rng.normal(0, 0.3, 200)})
    models = {"plain": DummyClassifier(strategy="prior"), "learns": LogisticRegression()}
    found = label_curve(models, table, y, sizes=(16, "all"), cv=4, n_seeds=1, scoring=scoring)
    (said,) = (note for note in found.notes if note.startswith("learns is "))
    assert said.startswith(f"learns is better than plain at 16, all labels: {scoring} ")
    turned = dict(reversed(models.items()))
    back = label_curve(turned, table, y, sizes=(16, "all"), cv=4, n_seeds=1, scoring=scoring)
    assert any(note.startswith("plain is worse than learns at 16, all") for note in back.notes)
    gain = found.gains["learns"][scoring][0]
    assert found.to_dict()["gains"]["learns"][scoring][0] == {
        "x": 16.0,
        "label": "16",
        "value": gain.value,
        "interval": [gain.low, gain.high],
    }
    frame = found.to_frame()
    learned = frame[frame["line"] == "learns"]
    assert learned["difference"].tolist() == [each.value for each in found.gains["learns"][scoring]]
    assert frame[frame["line"] == "plain"]["difference"].isna().all()
    assert "minus plain" in str(found)
    assert str(gain) in str(found)


# -- one fit for all -------------------------------------------------------------------------------


class Counting(LogisticRegression):
    """Counts the fits of all its clones, and goes without missing views."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counting.fits += 1
        return super().fit(np.nan_to_num(np.asarray(X)), y, sample_weight)

    def predict(self, X):
        return super().predict(np.nan_to_num(np.asarray(X)))

    def predict_proba(self, X):
        return super().predict_proba(np.nan_to_num(np.asarray(X)))


def test_shared_fits_are_made_once_and_change_nothing():
    table, y, groups = posts(n=60)
    given = {"cv": 3, "groups": groups}

    def all_results():
        Counting.fits = 0
        whole = evaluate(make_pipeline(Counting()), table, y, check=False, **given)
        return [
            whole.to_frame().to_numpy(),
            contributions(make_pipeline(Counting()), table, y, **given)
            .to_frame()["value"]
            .to_numpy(),
            missing_curve(make_pipeline(Counting()), table, y, **given)
            .to_frame()["value"]
            .to_numpy(),
            noise_curve(make_pipeline(Counting()), table, y, **given)
            .to_frame()["value"]
            .to_numpy(),
            label_curve(make_pipeline(Counting()), table, y, sizes=(5, "all"), n_seeds=1, **given)
            .to_frame()["value"]
            .to_numpy(),
        ], Counting.fits

    apart, many = all_results()
    with sharing_fits():
        together, few = all_results()
    for one, other in zip(apart, together, strict=True):
        assert np.array_equal(one, other)
    alone = 2 * 3  # of each of the two views alone, which nothing shares
    assert many == alone + 3 * (1 + 1 + 1 + 1 + 2)
    assert few == alone + 3 * (1 + 1)


def test_what_more_labels_would_bring():
    """Of curves that follow a power law the forecast is right, and its interval is as wide as said."""
    from hybridsent.evaluation.curves._forecast import forecast_gain

    n = np.array([20.0, 40.0, 80.0, 160.0])
    truth = 1.5 * (160**-0.5 - 260**-0.5)
    inside, off = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        noise = rng.normal(0, 0.015, (15, 4)) + rng.normal(0, 0.01, (15, 1))
        scores = 0.9 - 1.5 * n**-0.5 + noise
        found = forecast_gain(n, scores, 100)
        inside.append(found.low <= truth <= found.high)
        off.append(found.value - truth)
    assert np.mean(inside) > 0.85
    assert abs(np.mean(off)) < 0.005
    assert forecast_gain(n, np.full((15, 4), 0.8), 100) is None
    assert forecast_gain(n[:2], np.ones((15, 2)), 100) is None
    assert forecast_gain(n, np.full((15, 4), np.nan), 100) is None


def test_a_label_curve_says_what_more_labels_would_bring():
    rng = np.random.default_rng(0)
    y = np.tile(["bad", "good"], 100)
    X = rng.normal(size=(200, 30)) + 0.35 * (y == "good")[:, None]
    table = pd.DataFrame(X, columns=[f"text__{i}" for i in range(30)])
    found = label_curve(model("early"), table, y, sizes=(4, 8, 16, 32), cv=4, n_seeds=2)
    assert found.forecasts["fusion"].value > 0
    assert found.to_dict()["forecast_of_100_labels"]["fusion"][0] == found.forecasts["fusion"].value
    assert any("100 more labels than the 64 of a fold" in note for note in found.notes)
    few = label_curve(model("early"), table, y, sizes=(4, 8), cv=4, n_seeds=1)
    assert not few.forecasts
    assert any("fewer than 3 sizes" in note for note in few.notes)
    error = label_curve(
        model("early"), table, y, sizes=(4, 8, 16, 32), cv=4, n_seeds=2, scoring="log_loss"
    )
    assert error.forecasts["fusion"].high <= 0
