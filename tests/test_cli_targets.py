"""A continuous and a multi-label table through the command line: evaluate, search, fit, predict."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hybridsent import load
from hybridsent._label_sets import label_sets, written_sets
from hybridsent.cli import main
from hybridsent.datasets import read_table
from hybridsent.persist import inspect

N = 60
NAMES = np.array(["anger", "joy"])


def features() -> pd.DataFrame:
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 6)).round(4))
    X.columns = [f"{view}__{i}" for view in ("text", "audio") for i in range(3)]
    return X


def valences() -> pd.Series:
    X = features()
    return (2 * X["text__0"] + X["audio__0"]).clip(-3, 3).round(3)


def moods() -> list[str]:
    X = features()
    return written_sets(np.column_stack([X["text__0"] > 0.3, X["audio__1"] > 0]), NAMES)


RECIPE = """
from hybridsent import make_fusion

GRID = {}


def build(**options):
    return make_fusion("early", **options)
"""

TARGETS = {"regression": valences, "multilabel": moods}


@pytest.fixture
def run(tmp_path, capsys):
    """Write a table, run a command on it; give what was said."""

    def command(name, label, *arguments, **columns):
        file = tmp_path / "table.csv"
        features().assign(label=label, **columns).to_csv(file, index=False)
        code = main([name, str(file), "--target", "label", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.mark.parametrize("task", TARGETS)
def test_a_table_goes_all_the_way_without_an_option(task, run, tmp_path, capsys):
    label = TARGETS[task]()
    scores = tmp_path / "scores.json"
    code, _, err = run("evaluate", label, "--cv", 3, "--json", scores)
    assert code == 0, err
    assert f"task: {task}" in err
    found = json.loads(scores.read_text(encoding="utf-8"))["models"]
    metric = "r2" if task == "regression" else "f1_macro"
    assert found["fusion"][metric]["value"] > found["dummy"][metric]["value"] + 0.3
    assert {"fusion", "text", "audio", "dummy"} <= set(found)

    model = tmp_path / "model.hybridsent"
    code, _out, err = run("fit", label, "-o", model)
    assert code == 0, err
    assert inspect(model)["metadata"]["task"] == task
    new = tmp_path / "new.csv"
    features().to_csv(new, index=False)
    assert main(["predict", str(model), str(new), "-o", str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().err
    told = read_table(tmp_path / "out.csv")
    fitted = load(model)
    if task == "regression":
        assert "the model tells numbers, as 'label' held (regression)" in said
        assert np.allclose(told["prediction"], fitted.predict(features()))
        assert abs(told["prediction"] - label).mean() < 1
        assert not [name for name in told if name.startswith("p_")]
    else:
        assert "the model tells sets of labels, as 'label' held (multilabel)" in said
        written = told["prediction"].fillna("").tolist()
        assert written == fitted.predict(features()).tolist()
        assert (label_sets(written, NAMES)[0] == label_sets(label, NAMES)[0]).mean() > 0.8
        assert np.allclose(told[["p_anger", "p_joy"]], fitted.predict_proba(features()).round(6))


@pytest.mark.parametrize("task", TARGETS)
def test_search_chooses_by_a_metric_of_the_target_and_saves_the_best(task, run, tmp_path):
    model, scores = tmp_path / "best.hybridsent", tmp_path / "scores.json"
    recipe = tmp_path / "mine.py"
    recipe.write_text(RECIPE, encoding="utf-8")
    code, _, err = run(
        *("search", TARGETS[task](), "--recipe", recipe, "--cv", 2, "--inner-cv", 2),
        *("-o", model, "--json", scores),
    )
    assert code == 0, err
    facts = json.loads(scores.read_text(encoding="utf-8"))
    assert facts["scoring"] == ("r2" if task == "regression" else "f1_micro")
    assert facts["selected"]["value"] > facts["alone"]["dummy"]["value"]
    assert inspect(model)["metadata"]["task"] == task
    assert len(load(model).predict(features())) == N


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (np.resize([1, 2, 3, 4, 5], N), "read as classes, which have no order"),
        (np.resize([-3, -1, 0, 1, 3], N), "read as numbers of a scale"),
        (np.resize([0.0, 0.5, 1.0], N), "read as numbers of a scale"),
        (["joy", *["anger"] * 30, *["joy"] * 28, "joy|anger"], "are read as sets of labels"),
        (np.resize(["yes|no", "perhaps"], N), "are read as classes of their own"),
    ],
)
def test_what_is_doubtful_is_said_with_the_way_out(label, said, run):
    code, out, err = run("evaluate", label, "--cv", 2, "--no-check")
    assert code == 0, err
    (line,) = [line for line in err.splitlines() if said in line]
    assert line.startswith("warning: ")
    other = line.rpartition("--task ")[2].rstrip(".")
    if "write them as texts" in line:
        code, out, err = run("evaluate", [f"level {each}" for each in label], "--cv", 2)
        assert code == 0, err
        return
    assert other in ("classification", "regression", "multilabel")
    assert said not in out
    if other == "multilabel":  # of two sets whose labels never vary there is nothing to learn
        return
    code, out, err = run("evaluate", label, "--cv", 2, "--task", other, "--no-check")
    if code:  # classes that are too rare to be judged
        assert "Every class must have at least" in err
    assert "read as" not in err + out


@pytest.mark.parametrize("label", [np.resize([0.0, 1.0], N), np.resize([-1, 1], N)])
def test_codes_and_polarities_are_classes_without_a_word(label, run):
    code, _, err = run("evaluate", label, "--cv", 2, "--no-check")
    assert code == 0, err
    assert "task" not in err
    assert "classes: " in err


def test_what_regressors_alone_are_called_is_regression(run):
    label = np.resize([1, 2, 3, 4, 5], N) + (features()["text__0"] > 0)
    code, out, err = run("evaluate", label, "--classifier", "ridge", "--cv", 2)
    assert code == 0, err
    assert "r2" in out


def test_several_fusions_are_judged_on_sets_and_the_task_is_said_once(run):
    code, out, err = run("evaluate", moods(), "--fusion", "early,late", "--cv", 2, "--no-check")
    assert code == 0, err
    assert err.count("task: multilabel") == 1
    assert {"early", "late", "dummy"} <= {line.split()[0] for line in out.splitlines() if line}


def test_transfer_is_judged_on_numbers_and_refused_for_sets(run):
    site = np.where(np.arange(N) % 2, "a", "b")
    adapt = ("--domain", "site", "--adapt", "coral", "--cv", 2)
    code, _, err = run("evaluate", valences(), *adapt, site=site)
    assert code == 0, err
    code, _out, err = run("evaluate", moods(), *adapt, site=site)
    assert code != 0
    assert "sets of labels" in err.splitlines()[-1]
