"""Annotators: one label a row, how far they agree, which labels are doubtful, scores as classes."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from hybridsent._numerics.votes import dawid_skene, majority_codes, read_votes
from hybridsent.annotation import aggregate, agreement, bin_scores, suspicious_labels
from hybridsent.evaluation.metrics import bin_labels
from hybridsent.exceptions import TableError, TableWarning


def crowd(n=600, accuracies=(0.9, 0.8, 0.7, 0.55), k=3, share=0.8, seed=0):
    """Annotators of known accuracy, who label some of the rows."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    votes = np.empty((n, len(accuracies)), dtype=object)
    names = np.array(["bad", "fine", "good", "odd"])[:k]
    for j, accuracy in enumerate(accuracies):
        wrong = (truth + rng.integers(1, k, n)) % k
        given = names[np.where(rng.random(n) < accuracy, truth, wrong)]
        votes[:, j] = np.where(rng.random(n) < share, given, None)
    frame = pd.DataFrame(votes, columns=list("abcd")[: len(accuracies)])
    return frame.set_index(np.arange(n) + 100), names[truth]


def long_of(votes):
    told = (
        votes.rename_axis("row").reset_index().melt("row", var_name="annotator", value_name="label")
    )
    return told.dropna().sample(frac=1, random_state=0)


# -- aggregation -----------------------------------------------------------------------------------


def test_dawid_skene_weighs_annotators_and_beats_the_majority():
    votes, truth = crowd(3000, (0.95, 0.6, 0.6, 0.6))
    right = {
        method: (aggregate(votes, method).labels.to_numpy() == truth).mean()
        for method in ("majority", "dawid-skene")
    }
    assert right["dawid-skene"] > right["majority"] + 0.05
    found = aggregate(votes).annotators
    np.testing.assert_allclose(found["expected"], [0.95, 0.6, 0.6, 0.6], atol=0.04)
    assert (found["low"] < found["accuracy"]).all()
    assert (found["accuracy"] < found["high"]).all()


def test_labels_stand_at_the_rows_of_the_table_and_no_vote_is_marked():
    votes, _ = crowd(50)
    votes.iloc[3] = None
    found = aggregate(votes)
    assert found.labels.index.equals(votes.index)
    assert found.labels.iloc[3] == -1
    assert np.isnan(found.confidence.iloc[3])
    assert found.probabilities.iloc[3].isna().all()
    assert "1 row has no label" in found.sentence
    whole = aggregate(pd.DataFrame({"a": [0, 1, None], "b": [0, 1, None]}))
    assert whole.labels.tolist() == [0, 1, -1]
    assert whole.labels.dtype == np.int64


@pytest.mark.parametrize("method", ["dawid-skene", "majority", "wawa", "zbs", "one-coin", "glad"])
def test_a_long_table_is_the_wide_one(method):
    votes, _ = crowd(80)
    wide, long = aggregate(votes, method), aggregate(long_of(votes), method)
    rows = long.labels.index
    assert long.labels.tolist() == wide.labels.loc[rows].tolist()
    np.testing.assert_allclose(long.probabilities, wide.probabilities.loc[rows], atol=1e-6)


def test_long_tables_by_name_and_twice_told_labels():
    votes, _ = crowd(60)
    long = long_of(votes).rename(columns={"row": "clip", "annotator": "who", "label": "said"})
    found = aggregate(long, row="clip", annotator="who", label="said")
    again = pd.concat([long.assign(said="bad"), long])
    with pytest.warns(TableWarning, match=f"{len(long)} labels were given"):
        twice = aggregate(again, row="clip", annotator="who", label="said")
    assert twice.labels.loc[found.labels.index].tolist() == found.labels.tolist()
    with pytest.raises(TableError, match="columns row, annotator and label"):
        aggregate(long, row="clip")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_methods_of_crowd_kit_give_what_it_gives():
    from crowdkit.aggregation import MMSR

    votes, _ = crowd(60)
    theirs = MMSR().fit_predict(long_of(votes).set_axis(["task", "worker", "label"], axis=1))
    ours = aggregate(votes, "m-msr").labels
    assert (theirs == ours.loc[theirs.index]).mean() > 0.9  # of equal weight the first


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dawid_skene_is_crowd_kits_where_there_is_no_prior():
    from crowdkit.aggregation import DawidSkene

    votes, _ = crowd(400, (0.8, 0.7, 0.7, 0.6))
    codes, classes, _ = read_votes(votes)
    model = DawidSkene(n_iter=30, tol=0.0)
    theirs = model.fit_predict_proba(long_of(votes).set_axis(["task", "worker", "label"], axis=1))
    ours = dawid_skene(codes, 3, prior=0.0, max_iter=30, tol=-1).probabilities
    frame = pd.DataFrame(ours, index=votes.index, columns=classes)
    np.testing.assert_allclose(frame.loc[theirs.index, list(theirs.columns)], theirs, atol=1e-6)


def test_known_labels_are_kept_and_tell_who_is_right():
    votes, truth = crowd(200, (0.9, 0.2, 0.2), share=1.0)
    known = np.where(np.arange(200) < 60, truth.astype(object), -1)
    found = aggregate(votes, known=known)
    assert (found.labels.to_numpy()[:60] == truth[:60]).all()
    assert (found.labels.to_numpy()[60:] == truth[60:]).mean() > 0.85
    assert (aggregate(votes).labels.to_numpy()[60:] == truth[60:]).mean() < 0.5


def test_weights_count():
    votes = pd.DataFrame({"a": ["x"], "b": ["y"], "c": ["y"]})
    assert aggregate(votes, "majority").labels.tolist() == ["y"]
    assert aggregate(votes, "majority", weights={"a": 3}).labels.tolist() == ["x"]
    assert aggregate(votes, "majority", weights=[0, 0, 0]).labels.tolist() == [-1]
    with pytest.raises(ValueError, match="finds weights itself"):
        aggregate(votes, weights=[1, 1, 1])
    with pytest.raises(ValueError, match="must name annotators"):
        aggregate(votes, "majority", weights={"z": 1})


def test_ties_are_broken_by_the_class_or_by_the_voter_who_comes_first():
    random = np.random.default_rng(0)
    codes = random.integers(-1, 3, (400, 5))
    weights = np.array([0.1, 0.2, 0.3, 0.0, 0.2])
    for given in (None, weights):
        told = [1.0] * 5 if given is None else given.tolist()
        by_class = majority_codes(codes, 3, given).tolist()
        by_voter = majority_codes(codes, 3, given, ties="voter").tolist()
        for row, first, heard_first in zip(codes.tolist(), by_class, by_voter, strict=True):
            most = [sum(w for c, w in zip(row, told, strict=True) if c == k) for k in range(3)]
            best = [k for k in range(3) if most[k] > max(most) - 1e-9]
            heard = [c for c, w in zip(row, told, strict=True) if w > 0 and c in best]
            assert heard_first == (heard[0] if heard else -1)
            assert first == (best[0] if heard else -1)
    pairs = random.integers(0, 2, (4_000, 2))
    assert abs(majority_codes(pairs, 2, ties="voter").mean() - 0.5) < 0.04


def test_numbers_are_joined_by_mean_and_weighted_median():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 5))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[0] = np.nan
    frame = pd.DataFrame(values, columns=list("abcde"))
    np.testing.assert_allclose(aggregate(frame, "mean").labels, frame.mean(axis=1))
    np.testing.assert_allclose(aggregate(frame, "median").labels, frame.median(axis=1))
    weights = [3, 1, 1, 2, 1]
    copied = np.repeat(values, weights, axis=1)
    for method in ("mean", "median"):
        weighed = aggregate(frame, method, weights=weights).labels
        repeated = getattr(pd.DataFrame(copied), method)(axis=1)
        np.testing.assert_allclose(weighed, repeated)
    error = frame.std(axis=1, ddof=1) / np.sqrt(frame.notna().sum(axis=1))
    np.testing.assert_allclose(aggregate(frame, "mean").confidence, error)
    shifted = frame.assign(e=frame["e"] + 5)
    told = aggregate(shifted, "mean")
    assert "'e' is farthest" in told.sentence
    assert told.annotators["bias"]["e"] > 4


@pytest.mark.parametrize(
    ("votes", "error"),
    [
        ([["a", "b"], ["a"]], "one cell for each voter"),
        (pd.DataFrame({"a": ["x", 1]}), "texts or numbers, not both"),
        (pd.DataFrame({"a": ["-1", "x"]}), "the text '-1'"),
        (pd.DataFrame({"a": [0.5, 1]}), "method='mean'"),
        (pd.DataFrame({"a": [["x"], ["y"]]}), "list or another container"),
        (pd.DataFrame({"a": [None, None]}), "at least 1 vote"),
        (pd.DataFrame([[1, 0]], columns=["a", "a"]), "a name of its own"),
        (pd.DataFrame({"a": [-1, 1], "b": [1, -1]}), "class -1"),
        (pd.DataFrame({"a": [-1, 0, None]}), "class -1"),
        (pd.DataFrame({"a": ["joy|anger", "joy"], "b": ["joy", "joy"]}), "sets of labels"),
    ],
)
def test_tables_that_cannot_be_read_are_refused_with_a_way_out(votes, error):
    with pytest.raises(TableError, match=error):
        aggregate(votes)


def test_a_polarity_is_told_and_an_array_is_not():
    with pytest.warns(TableWarning, match="-1 as no label"):
        aggregate(pd.DataFrame({"a": [-1, 0, 1], "b": [0, 0, 1]}))
    assert aggregate(np.array([[-1, 0], [1, 1]])).labels.tolist() == [0, 1]


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="must be one of"):
        aggregate(pd.DataFrame({"a": ["x"]}), "best")


def test_results_print_and_hold_a_confusion_of_each():
    votes, _ = crowd(100)
    found = aggregate(votes)
    assert "accuracy" in str(found)
    assert repr(found) == str(found)
    for name in votes:
        assert found.confusion[name].to_numpy().sum() == found.annotators["votes"][name]


# -- agreement -------------------------------------------------------------------------------------

KRIPPENDORFF = pd.DataFrame(
    {
        "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    }
)
"""The reliability data of Krippendorff, "Computing Krippendorff's alpha-reliability", 2011."""


def written_out(values, apart):
    """Alpha by its definition, of every two votes."""
    rows = [[v for v in row if not pd.isna(v)] for row in values.tolist()]
    rows = [row for row in rows if len(row) > 1]
    every = [v for row in rows for v in row]
    seen = sum(
        sum(apart(a, b, every) for a, b in permutations(row, 2)) / (len(row) - 1) for row in rows
    )
    chance = sum(apart(a, b, every) for a, b in permutations(every, 2)) / (len(every) - 1)
    return 1 - seen / chance


def ordinal(a, b, every):
    low, high = sorted((a, b))
    between = sum(low <= v <= high for v in every)
    return (between - (every.count(low) + every.count(high)) / 2) ** 2 if a != b else 0.0


APART = {
    "nominal": lambda a, b, every: float(a != b),
    "ordinal": ordinal,
    "interval": lambda a, b, every: (a - b) ** 2,
    "ratio": lambda a, b, every: ((a - b) / (a + b)) ** 2 if a + b else 0.0,
}


def test_alpha_is_krippendorffs_published_one():
    found = agreement(KRIPPENDORFF, n_boot=20).measures["value"]
    published = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}
    for level, value in published.items():
        assert found[f"alpha ({level})"] == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize("level", list(APART))
@pytest.mark.parametrize("whole", [True, False])
def test_alpha_is_its_definition(level, whole):
    rng = np.random.default_rng(3)
    base = rng.normal(5, 1, size=(25, 1))
    values = np.abs(base + rng.normal(size=(25, 4)))
    values = np.round(values) if whole else values
    values[rng.random(values.shape) < 0.3] = np.nan
    if level == "nominal" and not whole:
        pytest.skip("numbers of a scale are no names")
    found = agreement(pd.DataFrame(values), n_boot=5).measures["value"][f"alpha ({level})"]
    assert found == pytest.approx(written_out(values, APART[level]), abs=1e-9)


def test_kappa_of_pairs_is_scikit_learns():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 200)
    a = np.where(rng.random(200) < 0.7, truth, rng.integers(0, 4, 200))
    b = np.where(rng.random(200) < 0.6, truth, rng.integers(0, 4, 200))
    pair = agreement(pd.DataFrame({"a": a, "b": b}), n_boot=200).pairs.iloc[0]
    assert pair["kappa"] == pytest.approx(cohen_kappa_score(a, b))
    for name in ("linear", "quadratic"):
        assert pair[name] == pytest.approx(cohen_kappa_score(a, b, weights=name))
    assert pair["low"] < pair["kappa"] < pair["high"]
    assert pair["percent"] == (a == b).mean()


def test_fleiss_kappa_is_the_published_example():
    """Fleiss, 1971; the table as it stands in the field's textbooks: ten rows of 14 votes."""
    table = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    votes = pd.DataFrame([np.repeat(np.arange(5), row) for row in table])
    found = agreement(votes, n_boot=20).measures["value"]
    assert found["Fleiss kappa"] == pytest.approx(0.210, abs=5e-4)
    assert found["percent agreement"] == pytest.approx(0.378, abs=5e-4)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = []
    truth = agreement(crowd(40000, (0.8, 0.8, 0.8), seed=99)[0], n_boot=1).measures["value"]
    for seed in range(60):
        found = agreement(crowd(80, (0.8, 0.8, 0.8), seed=seed)[0], n_boot=200).measures
        held.append((found["low"] <= truth) & (truth <= found["high"]))
    assert (np.mean(held, axis=0) > 0.85).all()


def test_groups_are_drawn_whole():
    votes, _ = crowd(40)
    copies = pd.concat([votes] * 10)
    groups = np.tile(np.arange(40), 10)
    whole = agreement(votes).measures
    kept = agreement(copies, groups=groups).measures
    loose = agreement(copies).measures
    width = {name: each["high"] - each["low"] for name, each in (("kept", kept), ("loose", loose))}
    own = whole["high"] - whole["low"]
    np.testing.assert_allclose(width["kept"], own, rtol=0.25)
    assert (width["loose"] < 0.5 * own).all()
    with pytest.raises(ValueError, match="the group of each of 400 rows"):
        agreement(copies, groups=groups[:5])


def test_what_is_measured_depends_on_what_labels_are():
    votes, _ = crowd(60)
    assert "alpha (ordinal)" not in agreement(votes, n_boot=5).measures.index
    ordered = agreement(votes, classes=["bad", "fine", "good"], level="ordinal", n_boot=5)
    assert ordered.main == "alpha (ordinal)"
    assert "quadratic" in ordered.pairs
    with pytest.raises(ValueError, match="no meaning"):
        agreement(votes, level="ordinal")
    with pytest.raises(TableError, match="at least 2 votes"):
        agreement(pd.DataFrame({"a": ["x", None], "b": [None, "y"]}))
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)))
    found = agreement(numbers, n_boot=5)
    assert found.main == "alpha (interval)"
    assert "Fleiss kappa" not in found.measures.index
    assert "alpha (ratio)" not in found.measures.index
    alike = agreement(pd.DataFrame({"a": ["x"] * 5, "b": ["x"] * 5}), n_boot=5)
    assert np.isnan(alike.measures["value"]["alpha (nominal)"])
    assert "do not vary" in str(alike)


def test_polarities_are_numbers_where_a_scale_is_asked_for():
    votes = pd.DataFrame({"a": [-1, 0, 1, 1], "b": [-1, 0, 1, 0]})
    found = agreement(votes, level="interval", n_boot=5)
    assert found.n_rows == 4
    assert found.measures["value"]["alpha (interval)"] == pytest.approx(
        written_out(votes.to_numpy(float), APART["interval"])
    )


# -- doubtful labels -------------------------------------------------------------------------------


def blobs(n=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    X = rng.normal(size=(n, 5))
    X[np.arange(n), y] += 5
    return X, np.array(["a", "b", "c"])[y]


def test_wrong_labels_are_found_and_first():
    X, y = blobs()
    wrong = np.arange(0, 60, 4)
    told = y.copy()
    told[wrong] = np.where(y[wrong] == "a", "b", "a")
    frame = pd.DataFrame(X, index=[f"clip {i}" for i in range(len(X))])
    found = suspicious_labels(frame, told)
    assert len(set(wrong) & set(found["position"][: len(wrong)])) >= len(wrong) - 1
    assert found.index[0] == f"clip {found['position'].iloc[0]}"
    hit = found[found["position"].isin(wrong)]
    assert (hit["suggested"] == y[hit["position"]]).mean() > 0.9
    assert (np.diff(found["quality"]) >= 0).all()


def test_rows_without_a_label_are_not_judged_and_probabilities_are_taken():
    X, y = blobs()
    told = y.astype(object)
    told[::3] = -1
    found = suspicious_labels(X, told)
    assert not (found["position"] % 3 == 0).any()
    model = LogisticRegression().fit(X, y)
    told[1] = "a" if y[1] != "a" else "b"
    P = pd.DataFrame(model.predict_proba(X), columns=model.classes_)[["c", "a", "b"]]
    assert 1 in suspicious_labels(None, told, probabilities=P)["position"].to_numpy()
    with pytest.raises(TableError, match="a column for each class"):
        suspicious_labels(None, told, probabilities=P[["a", "b"]])


def test_numbers_and_sets_are_judged_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = X @ [1.0, 2, 0, 0] + rng.normal(0, 0.1, 200)
    y[9] += 8
    assert suspicious_labels(X, y)["position"].tolist()[0] == 9
    has = rng.random((300, 3)) < 0.5
    Z = rng.normal(size=(300, 3)) + 6 * has
    has[5] = ~has[5]
    sets = ["|".join(np.array(["joy", "anger", "fear"])[row]) or "|" for row in has]
    found = suspicious_labels(Z, sets)
    assert found["position"].tolist()[0] == 5


def test_too_few_rows_are_told():
    with pytest.raises(TableError, match="at least 10 rows"):
        suspicious_labels(np.zeros((3, 1)), ["a", "b", "a"])


# -- scores as classes -----------------------------------------------------------------------------


def test_scores_are_binned_as_in_papers_by_edges_and_by_quantiles():
    y = pd.Series([-2.6, 0.5, np.nan, 3.0], index=list("wxyz"), name="score")
    found = bin_scores(y, "acc7")
    assert found.tolist() == ["-3", "0", -1, "3"]
    assert found.index.equals(y.index)
    assert bin_labels(y, "acc7").tolist() == found.tolist()
    rng = np.random.default_rng(0)
    parts = bin_scores(rng.normal(size=999), 3, names=["low", "middle", "high"])
    assert np.unique(parts, return_counts=True)[1].tolist() == [333, 333, 333]
    with pytest.raises(ValueError, match="cannot be made"):
        bin_scores([1, 1, 1, 1, 2], 3)
    with pytest.raises(ValueError, match="from 2 on"):
        bin_scores([1.0, 2.0], 1)


# -- hostile tables --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["dawid-skene", "majority", "wawa"])
def test_one_class_is_the_label_of_every_row(method):
    votes = pd.DataFrame({"ann": ["x", "x", None], "bo": ["x", "x", None]})
    if method == "wawa":
        with pytest.raises(ValueError, match="2 classes"):
            aggregate(votes, method)
        return
    assert aggregate(votes, method).labels.tolist() == ["x", "x", -1]


@pytest.mark.parametrize("method", ["kos", "m-msr"])
def test_crowdkits_methods_that_need_several_annotators_say_so(method):
    with pytest.raises(ValueError, match="annotators and 2 classes"):
        aggregate(pd.DataFrame({"ann": ["x", "y", "x"]}), method)


@pytest.mark.parametrize("prior", [-1, np.nan, np.inf, "x", None])
def test_a_prior_is_a_number_from_0_on(prior):
    with pytest.raises(ValueError, match="prior parameter of aggregate"):
        aggregate(pd.DataFrame({"ann": ["x", "y"]}), prior=prior)


@pytest.mark.parametrize("strange", [np.nan, None, 1.5, " "])
def test_what_is_no_class_is_none_of_the_classes(strange):
    with pytest.raises(TableError, match="text or a whole number"):
        aggregate(pd.DataFrame({"ann": ["x", "y"]}), classes=["x", "y", strange])


def test_a_long_table_may_have_other_columns():
    long = pd.DataFrame({"row": [1, 1, 2], "annotator": list("aba"), "label": list("xxy")})
    assert aggregate(long.assign(seconds=[3, 4, 5])).labels.to_dict() == {1: "x", 2: "y"}


def test_dates_are_no_scores():
    days = pd.DataFrame({"ann": pd.to_datetime(["2020-01-01"] * 2)})
    with pytest.raises(TableError, match="dates or times in 'ann'"):
        aggregate(days, "mean")


def test_nobody_is_blamed_where_all_agree():
    votes = pd.DataFrame({"ann": ["x", "y"], "bo": ["x", "y"]})
    assert "least often" not in aggregate(votes).sentence
    assert "farthest" not in aggregate(pd.DataFrame({"ann": [1.0], "bo": [1.0]}), "mean").sentence
    assert "1 row and 1 vote of 1 annotator," in aggregate(votes.iloc[:1, :1]).sentence


def test_an_agreement_of_votes_that_do_not_vary_has_no_value():
    told = agreement(pd.DataFrame({"ann": ["x"], "bo": ["x"]}), n_boot=5).sentence
    assert told == "alpha (nominal) has no value: 2 votes on 1 row with two or more do not vary."


@pytest.mark.parametrize("how", [[np.nan], [0.0, np.inf], {"a": 1}, 2.5])
def test_edges_are_finite_numbers(how):
    with pytest.raises(ValueError, match="finite numbers in increasing order"):
        bin_scores([1.0, 2.0], how)


@pytest.mark.parametrize("names", [["a", "a"], [-1, 1], "ab"])
def test_names_of_classes_differ_and_are_no_mark(names):
    with pytest.raises(ValueError, match="2 different names"):
        bin_scores([1.0, 2.0], [1.5], names=names)


def test_edges_that_lie_close_give_classes_of_their_own():
    found = bin_scores([0.0, 0.123456805, 1.0], [0.1234568, 0.12345681])
    assert len(set(found.tolist())) == 3


def test_suspicious_labels_drops_nothing_in_silence():
    y = np.repeat(["bad", "good"], 20)
    P = np.column_stack([y == "bad", y == "good"]) * 0.8 + 0.1
    with pytest.raises(TableError, match="Got 40 and 30"):
        suspicious_labels(np.zeros((40, 2)), y[:30])
    with pytest.raises(TableError, match="no X, and no probabilities"):
        suspicious_labels(None, y)
    with pytest.raises(TableError, match="a row for each label"):
        suspicious_labels(None, y[:30], probabilities=P)
    with pytest.raises(ValueError, match="leave one out"):
        suspicious_labels(None, y, probabilities=P, estimator=object())
    with pytest.raises(ValueError, match="cv parameter of suspicious_labels"):
        suspicious_labels(np.zeros((40, 2)), y, cv=1)
