"""What a model file keeps of the model's mistakes, and what a scorer gives back of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from hybridsent import make_fusion
from hybridsent.cli._main import main
from hybridsent.drift import drift
from hybridsent.exceptions import BundleError, TableError
from hybridsent.persist import inspect, save
from hybridsent.quantification import prevalence
from hybridsent.scoring import Scorer, reference_of

WORDS = {"neg": "bad awful sad poor dull", "pos": "good fine glad great bright"}


def posts(n=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(["neg", "pos"], n)
    texts = [
        " ".join(rng.choice(WORDS[str(rng.choice(["neg", "pos", label]))].split(), 4))
        for label in y
    ]
    authors = [f"author {i}" for i in rng.integers(0, 30, n)]
    return pd.DataFrame({"text": texts, "label": y, "author": authors, "score": rng.normal(size=n)})


def fitted(folder, *more, table=None):
    path, model = folder / "posts.csv", folder / "model.hybridsent"
    (posts() if table is None else table).to_csv(path, index=False)
    main(["fit", str(path), "--view", "text=text:words", *more, "-o", str(model)])
    return model


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("kept"), "--target", "label", "--group", "author")


def test_a_scorer_gives_back_what_fit_has_kept(kept):
    scorer = Scorer.open(kept)
    assert scorer.reference.classes == ("neg", "pos")
    assert len(scorer.reference) == 120
    assert len(np.unique(scorer.reference.groups)) == 30
    assert scorer.why_no_reference is None
    table = posts(200, seed=1)
    answers, features = scorer.answer_with_features(scorer.read(table))
    told = prevalence(answers.probabilities, answers.prediction, scorer.reference)
    true = (table["label"] == "pos").mean()
    assert told.shares["pos"].low <= true <= told.shares["pos"].high
    assert not drift(scorer.drift_reference, answers.probabilities, features).alarm


def test_answers_are_the_same_with_features_and_without(kept):
    scorer = Scorer.open(kept)
    read = scorer.read(posts(30, seed=2))
    one, (other, features) = scorer.answer(read), scorer.answer_with_features(read)
    assert one.prediction.tolist() == other.prediction.tolist()
    assert np.array_equal(one.probabilities, other.probabilities)
    assert set(scorer.drift_reference.views) == {"text"}
    assert len(features) == 30


def test_no_post_and_no_author_is_in_the_facts(kept):
    text = json.dumps(inspect(kept)["metadata"])
    assert len(text) < 60_000
    assert not any(word in text for words in WORDS.values() for word in words.split())
    assert "author 1" not in text


def test_it_is_left_out_where_that_is_asked_for(tmp_path):
    model = fitted(tmp_path, "--target", "label", "--no-reference")
    scorer = Scorer.open(model)
    assert scorer.reference is None
    assert scorer.drift_reference is None
    assert "reference_of" in scorer.why_no_reference


def test_numbers_have_answers_to_watch_and_no_shares(tmp_path, capsys):
    scorer = Scorer.open(fitted(tmp_path, "--target", "score", "--task", "regression"))
    assert "found by 5 more fits on 120 rows they had not learned from (" in capsys.readouterr().err
    assert scorer.reference is None
    assert "numbers" in scorer.why_no_reference
    assert scorer.drift_reference.names == ("prediction",)


def test_too_few_rows_are_told_and_fit_goes_on(tmp_path, capsys):
    table = pd.DataFrame({"text": ["good", "fine", "bad"], "label": ["pos", "pos", "neg"]})
    scorer = Scorer.open(fitted(tmp_path, "--target", "label", table=table))
    assert "the file does not keep what the model mistakes" in capsys.readouterr().err
    assert scorer.reference is None


def test_models_made_by_hand_have_none(tmp_path):
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    scorer = Scorer.open(save(model, tmp_path / "m.hybridsent"))
    assert scorer.reference is None
    assert scorer.drift_reference is None


@pytest.mark.parametrize("name", ["reference", "drift"])
def test_damaged_facts_are_refused_when_they_are_asked_for(name, kept):
    facts = inspect(kept)["metadata"]
    model = Scorer.open(kept).model
    scorer = Scorer(model, {**facts, name: {"version": 1}})
    with pytest.raises(BundleError, match="cannot be read"):
        _ = scorer.reference if name == "reference" else scorer.drift_reference


def test_a_reference_of_other_classes_is_refused(kept):
    facts = inspect(kept)["metadata"]
    facts = {**facts, "reference": {**facts["reference"], "classes": ["a", "b"]}}
    with pytest.raises(BundleError, match="but the model knows"):
        _ = Scorer(Scorer.open(kept).model, facts).reference


def test_a_reference_is_made_by_hand_as_fit_makes_it(kept):
    table, fitted = posts(), Scorer.open(kept)
    found = reference_of(fitted.model, table[["text", "author", "label"]], "label", groups="author")
    other = fitted.reference
    assert found.truth.tolist() == other.truth.tolist()
    assert np.abs(found.probabilities - other.probabilities).mean() < 0.05


def test_numbers_have_no_reference():
    table = posts()
    with pytest.raises(TableError, match="a model of classes"):
        reference_of(
            make_fusion(views={"text": "text/words"}, task="regression"),
            table[["text"]],
            table["score"],
        )


def test_folds_take_what_the_fitted_model_chose():
    from hybridsent.heads import TunedLinearClassifier

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"text__0": rng.normal(size=120), "text__1": rng.normal(size=120)})
    y = np.where(table["text__0"] + rng.normal(size=120) > 0, "up", "down")
    model = make_fusion(features="passthrough")
    model.set_params(classify=TunedLinearClassifier(Cs=[0.0625])).fit(table, y)
    alone = reference_of(model, table, y)
    model.named_steps["classify"].set_params(Cs=[0.0625, 256.0])
    assert reference_of(model, table, y).to_facts() == alone.to_facts()
    assert model.named_steps["classify"].Cs == [0.0625, 256.0]
