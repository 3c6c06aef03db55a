"""Fine-tuning on numbers and on sets of labels: what is learned, held out, left out, refused."""

from __future__ import annotations

import functools
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent import TextEncoder
from hybridsent.encoders import _graphs, release_networks
from hybridsent.evaluation import evaluate
from hybridsent.finetune import finetune
from hybridsent.finetune._losses import of_scores
from hybridsent.finetune._objective import start_of
from hybridsent.finetune._targets import LOSSES, held_out_of, known_of, loss_of, targets_of
from hybridsent.heads import MultiLabelClassifier, TunedLinearRegressor

GOOD = ["a good day", "i like the sun", "great movie", "so lovely", "happy bird", "it is good"]
BAD = ["a bad day", "rain", "sad movie", "so sad", "bad night", "it is not good"]
X = [*GOOD, *BAD]
CLASSES = np.repeat([1, 0], 6)
NUMBERS = np.array([1.5, 1.0, 3.0, 2.5, 2.0, 1.0, -1.0, -0.5, -2.0, -3.0, -1.5, -0.5])
SETS = ["joy", "joy", "joy|awe", "joy|awe", "joy", "joy", "fear", "|", "grief", "grief", "fear"]
SETS += ["grief|fear"]
TARGETS = {"classification": CLASSES, "regression": NUMBERS, "multilabel": SETS}
TASKS = ["regression", "multilabel"]


@pytest.fixture(scope="session")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("bert") / "model")


@pytest.fixture
def tune(bert):
    """Tune the tiny text model, in float32."""
    usual = {"modality": "text", "precision": "float32", "random_state": 0, "learning_rate": 5e-3}
    return functools.partial(finetune, f"hf:{bert}", **usual)


@pytest.fixture
def by_torch(monkeypatch):
    """Encoders run by torch, too: a conversion takes seconds, and other tests compare it."""
    monkeypatch.setattr(_graphs, "has_openvino", lambda: False)
    yield
    release_networks()


def scores_of(tuned, cells) -> np.ndarray:
    vectors = tuned.encoder(store=None, precision="float32").fit_transform(cells)
    return vectors @ tuned.coef_.T + tuned.intercept_


# -- what is learned -------------------------------------------------------------------------------


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize("how", ["full", "last", "lora"])
@pytest.mark.parametrize("task", TASKS)
def test_the_loss_falls_below_that_of_the_frozen_network(tune, task, how):
    tuned = tune(X, TARGETS[task], task=task, how=how, epochs=8, batch_size=12, warm_up=0.0)
    losses = [entry["loss"] for entry in tuned.history[1:]]
    assert losses[-1] < losses[0]
    assert losses == [entry["target"] for entry in tuned.history[1:]]
    assert tuned.task == task
    assert tuned.coef_.shape == (1 if task == "regression" else 4, 16)


@pytest.mark.usefixtures("by_torch")
def test_the_head_of_numbers_speaks_in_the_unit_of_y(tune):
    parameters = {"task": "regression", "epochs": 15, "batch_size": 12, "warm_up": 0.0}
    tuned = tune(X, NUMBERS, **parameters)
    assert tuned.classes_ is None
    told = scores_of(tuned, X)[:, 0]
    assert np.mean((told - NUMBERS) ** 2) < 0.8 * NUMBERS.var()
    far = tune(X, 100 + 10 * NUMBERS, **parameters)
    np.testing.assert_allclose(scores_of(far, X)[:, 0], 100 + 10 * told, atol=0.5)


@pytest.mark.usefixtures("by_torch")
def test_the_head_of_sets_tells_each_label(tune):
    tuned = tune(X, SETS, task="multilabel", epochs=20, batch_size=12, warm_up=0.0)
    assert tuned.classes_.tolist() == ["awe", "fear", "grief", "joy"]
    joy = scores_of(tuned, X)[:, 3]
    assert joy[:6].mean() > joy[6:].mean()


@pytest.mark.usefixtures("by_torch")
@pytest.mark.parametrize("task", TASKS)
def test_a_pipeline_on_the_folder_is_judged_like_any_other(tune, task, tmp_path):
    y = TARGETS[task]
    tuned = tune(X, y, task=task, epochs=1)
    tuned.save(tmp_path / "saved")
    told = json.loads((tmp_path / "saved" / "training.json").read_text())["settings"]
    assert (told["task"], told["loss"]) == (task, LOSSES[task][0])
    encoder = TextEncoder(f"tuned:{tmp_path / 'saved'}", store=None)
    assert encoder.fingerprint() == tuned.encoder().fingerprint()
    head = TunedLinearRegressor() if task == "regression" else MultiLabelClassifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of so few rows
        judged = evaluate(make_pipeline(encoder, head), X, y, cv=2, check=False)
    wanted = {"MAE", "CCC"} if task == "regression" else {"f1_micro", "f1_macro"}
    assert wanted <= set(judged.models["fusion"])


# -- losses and starts, against scikit-learn -------------------------------------------------------


def test_losses_are_those_of_scikit_learn(rng):
    from sklearn.metrics import log_loss, mean_squared_error

    scores, numbers = rng.normal(size=(7, 1)), rng.normal(size=7)
    value = float(of_scores("squared", torch.tensor(scores), torch.tensor(numbers)))
    assert value == pytest.approx(mean_squared_error(numbers, scores[:, 0]))
    scores, sets = rng.normal(size=(7, 3)), rng.integers(2, size=(7, 3)).astype(float)
    value = float(of_scores("cross_entropy", torch.tensor(scores), torch.tensor(sets)))
    shares = 1 / (1 + np.exp(-scores))
    wanted = [log_loss(sets[:, j], shares[:, j], labels=[0, 1]) for j in range(3)]
    assert value == pytest.approx(np.mean(wanted))


def test_the_head_of_sets_starts_as_a_logistic_regression_a_label(rng):
    z = rng.normal(size=(30, 4)) * 7
    sets = rng.integers(2, size=(30, 3)).astype(np.float32)
    weights, biases = start_of("multilabel", z, sets, 3)
    scale = np.linalg.norm(z, axis=1).mean()
    for j in range(3):
        model = LogisticRegression(C=10.0, max_iter=2000).fit(z / scale, sets[:, j])
        wanted = model.decision_function(z / scale)
        np.testing.assert_allclose(z @ weights[j] + biases[j], wanted, atol=1e-4)


def test_a_label_that_all_rows_or_none_have_starts_by_its_share(rng):
    sets = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1]], dtype=np.float32)
    weights, biases = start_of("multilabel", rng.normal(size=(3, 4)), sets, 3)
    assert not weights[:2].any()
    assert biases[0] > 0 > biases[1]


def test_the_head_of_numbers_starts_near_a_line_it_can_see(rng):
    z = rng.normal(size=(60, 4)).astype(np.float32)
    y = z @ np.array([1.0, -2.0, 0.0, 0.5]) + 3
    weights, biases = start_of("regression", z, y, 1)
    assert np.abs(z @ weights[0] + biases[0] - y).max() < 0.1


# -- rows without a label, held-out rows -----------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "none"), [("regression", np.nan), ("multilabel", ""), ("multilabel", None)]
)
def test_rows_without_a_label_teach_nothing(tune, task, none):
    y = pd.Series(TARGETS[task], dtype=object)
    y[[3, 9]] = none
    known = [row for row in range(12) if row not in (3, 9)]
    tuned = tune(X, y, task=task, epochs=1)
    alone = tune([X[row] for row in known], y[known].tolist(), task=task, epochs=1)
    assert tuned.n_rows == 10
    assert tuned.backbone.digest() == alone.backbone.digest()


def test_minus_one_is_a_number_and_the_lone_separator_a_set(tune):
    assert tune(X, np.where(CLASSES == 1, 1, -1), task="regression", epochs=1).n_rows == 12
    assert tune(X, ["|", *SETS[1:]], task="multilabel", epochs=1).n_rows == 12


@pytest.mark.parametrize("task", TASKS)
def test_source_and_pairs_are_learned_beside_it(tune, rng, task):
    source = (
        ["a lovely night", "a sad day"],
        {"regression": [2.0, -2.0]}.get(task, ["joy", "new"]),
    )
    paired = rng.normal(size=(12, 5))
    tuned = tune(X, TARGETS[task], task=task, source=source, paired=paired, epochs=1)
    assert tuned.history[1].keys() == {"epoch", "loss", "target", "source", "alignment"}
    if task == "multilabel":
        assert tuned.classes_.tolist() == ["awe", "fear", "grief", "joy", "new"]


@pytest.mark.parametrize("task", TASKS)
def test_the_best_epoch_counts_for_every_task(tune, task):
    y = np.tile(np.array(TARGETS[task], dtype=object), 3)
    some = {"held_out": 0.25, "patience": 2, "groups": np.arange(36) % 12}
    tuned = tune(X * 3, list(y), task=task, epochs=5, **some)
    losses = [entry["held_out"] for entry in tuned.history]
    assert len(losses) - 1 - int(np.argmin(losses)) <= 2
    assert tuned.n_rows == 27


@pytest.mark.parametrize("task", list(LOSSES))
def test_groups_are_held_out_together_and_every_row_is_on_one_side(task):
    y = list(np.tile(np.array(TARGETS[task], dtype=object), 4))
    targets = targets_of(task, [y], ["y"])[1][0]
    for groups in (None, np.arange(48) % 12 // 2 + np.arange(48) // 24 * 6):
        kept, held = held_out_of(targets, groups, 0.25, 0)
        assert sorted([*kept, *held]) == list(range(48))
        assert 6 <= len(held) <= 18
        if groups is not None:
            assert not set(groups[kept]) & set(groups[held])


def test_a_set_that_one_row_has_can_be_learned_beside_held_out_rows():
    targets = targets_of("multilabel", [[*SETS, "unique"]], ["y"])[1][0]
    kept, held = held_out_of(targets, None, 0.25, 0)
    assert len(kept) + len(held) == 13
    assert len(held)


# -- how labels are written ------------------------------------------------------------------------


def test_sets_are_read_in_every_form():
    indicator = np.array([[1, 0], [1, 1], [0, 0], [-1, -1]])
    texts = ["a", "a|b", "|", ""]
    lists = [["a"], ["a", "b"], [], None]
    for y in (texts, lists, pd.Series(texts), pd.DataFrame(indicator, columns=["a", "b"])):
        classes, (found,) = targets_of("multilabel", [y], ["y"])
        assert classes.tolist() == ["a", "b"]
        np.testing.assert_array_equal(found, indicator)
        assert known_of(found).tolist() == [True, True, True, False]


def test_numbers_are_read_in_every_form():
    wanted = [1.0, np.nan, -1.0]
    forms = [wanted, [1, None, -1], pd.Series([1, None, -1], dtype="Int64"), np.array(wanted)]
    for y in forms:
        np.testing.assert_array_equal(targets_of("regression", [y], ["y"])[1][0], wanted)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [
        ("classification", NUMBERS, r"task='classification'.*continuous.*task='regression'"),
        ("classification", [["joy"], []] * 6, r"task='classification'.*sets.*task='multilabel'"),
        ("classification", np.eye(12)[:, :3], r"task='classification'.*task='multilabel'"),
        ("regression", ["good", "bad"] * 6, r"task='regression'.*'good'.*task='classification'"),
        ("regression", [["joy"], []] * 6, r"task='regression'.*sets.*task='multilabel'"),
        ("regression", [1.0, np.inf] * 6, r"task='regression'.*inf in row 1"),
        ("regression", [2.0] * 12, r"two different numbers.*task='regression'.*\[2.0\]"),
        ("regression", [np.nan] * 12, r"two different numbers.*task='regression'.*\[\]"),
        ("multilabel", NUMBERS, r"task='multilabel'.*1\.5.*task='regression'"),
        ("multilabel", CLASSES, r"task='multilabel'.*task='classification'"),
        ("multilabel", ["joy|awe"] * 12, r"two different sets.*task='multilabel'.*12 rows"),
        ("multilabel", [""] * 12, r"row with a label.*task='multilabel'.*12 rows"),
    ],
)
def test_labels_of_another_task_are_refused(tune, task, y, message):
    with pytest.raises(ValueError, match=message):
        tune(X, y, task=task, epochs=1)


@pytest.mark.parametrize("task", list(LOSSES))
def test_a_loss_of_another_task_is_refused(tune, task):
    assert loss_of(task, "auto") in LOSSES[task]
    others = {loss for losses in LOSSES.values() for loss in losses} - set(LOSSES[task])
    for loss in others:
        with pytest.raises(ValueError, match=rf"loss must be 'auto' or .*task='{task}'.*'{loss}'"):
            tune(X, TARGETS[task], task=task, loss=loss)


@pytest.mark.parametrize("task", TASKS)
def test_groups_that_cannot_be_parted_are_refused(tune, task):
    with pytest.raises(ValueError, match=r"held_out=0.25 must leave.*whole groups.*held_out=0"):
        tune(X, TARGETS[task], task=task, held_out=0.25, groups=[0] * 12)


def test_sets_of_texts_beside_sets_of_numbers_are_refused(tune):
    with pytest.raises(ValueError, match=r"y and The labels of source .*one kind.*multilabel"):
        tune(X, SETS, task="multilabel", source=(X[:2], [[1], [2]]), epochs=1)


def test_the_task_is_named_where_there_is_no_such_task(tune):
    with pytest.raises(ValueError, match="'task' parameter of finetune"):
        tune(X, CLASSES, task="ranking")
