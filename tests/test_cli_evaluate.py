"""hybridsent evaluate: several fusions, seeds, predictions and errors as files, and JSON and back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hybridsent.cli import main
from hybridsent.datasets import read_table
from hybridsent.evaluation import Evaluation, evaluate
from hybridsent.fusion import list_fusions, make_fusion

N = 60


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments])


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.choice(["bad", "good"], N)
    X = {
        f"{view}__{i}": share * (y == "good") + rng.normal(size=N)
        for view, share in (("text", 1.0), ("audio", 0.4))
        for i in range(3)
    }
    file = tmp_path / "posts.csv"
    facts = {"label": y, "speaker": np.arange(N) // 4, "note": [f"note, {i}" for i in range(N)]}
    pd.DataFrame(X | facts).to_csv(file, index=False)
    return file


def test_predictions_errors_and_json_are_those_of_python(table, tmp_path, capsys):
    options = ("--target", "label", "--group", "speaker", "--cv", 3, "--seeds", 2, "--seed", 5)
    files = {name: tmp_path / name for name in ("all.json", "said.csv", "wrong.csv")}
    asked = zip(("--json", "--predictions", "--errors"), files.values(), strict=True)
    assert run("evaluate", table, *options, *(each for pair in asked for each in pair)) == 0
    shown = capsys.readouterr()
    posts = read_table(table)
    model = make_fusion(features=["text", "audio"], random_state=5)
    found = evaluate(model, posts, "label", groups="speaker", cv=3, n_seeds=2, random_state=5)
    plain = json.loads(files["all.json"].read_text(encoding="utf-8"))
    back = Evaluation.from_dict(plain)
    assert back.models == found.models
    assert back.gains == found.gains
    pd.testing.assert_frame_equal(back.predictions, found.predictions, atol=1e-6)
    pd.testing.assert_frame_equal(pd.read_csv(files["said.csv"]), found.predictions, atol=1e-6)
    wrong = pd.read_csv(files["wrong.csv"])
    assert wrong["row"].tolist() == found.errors()["row"].tolist()
    assert wrong["note"].tolist() == [f"note, {row}" for row in wrong["row"]]
    assert not [name for name in wrong if "__" in name]
    assert "3 folds × 2 seeds" in shown.out
    assert f"{len(wrong)} errors ->" in shown.err
    lines = files["all.json"].read_text(encoding="utf-8").splitlines()
    assert json.dumps(plain["out_of_fold"], separators=(",", ":")) in lines[-2]


def test_several_fusions_are_judged_side_by_side(table, capsys):
    assert run("evaluate", table, "--target", "label", "--fusion", "late,early", "--cv", 2) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split("  ")[0] for line in lines[3:] if line][:6]
    assert names == ["late", "early", "text", "audio", "group alone", "dummy"]
    assert any(line.startswith("late is") for line in lines)


@pytest.mark.parametrize(
    "given", [("--metric", "UAR,accuracy"), ("--metric", "UAR", "--metric", "accuracy")]
)
def test_several_metrics_judge_at_once(table, tmp_path, capsys, given):
    file = tmp_path / "all.json"
    options = ("--target", "label", "--cv", 2, "--no-check", "--json", file)
    assert run("evaluate", table, *options, *given) == 0
    found = json.loads(file.read_text(encoding="utf-8"))
    assert all(list(scores) == ["UAR", "accuracy"] for scores in found["models"].values())
    assert run("search", table, "--target", "label", *given) == 2
    told = ("--domain", "speaker", "--adapt", "coral")
    assert run("evaluate", table, "--target", "label", *told, *given) == 2
    assert "--metric must name one metric with --domain" in capsys.readouterr().err


def test_several_fusions_of_one_view_are_told_once(table, tmp_path, capsys):
    posts = pd.read_csv(table)
    one = tmp_path / "one.csv"
    posts[[name for name in posts if not name.startswith("audio")]].to_csv(one, index=False)
    for file, times in ((one, 1), (table, 0)):
        asked = ("--target", "label", "--fusion", "early,late", "--cv", 2)
        assert run("evaluate", file, *asked) == 0
        assert capsys.readouterr().err.count("all 2 fusions read one view, 'text'") == times


@pytest.mark.slow
def test_all_fusions_are_judged_side_by_side(table, tmp_path):
    file = tmp_path / "all.json"
    options = ("--target", "label", "--fusion", "all", "--cv", 2, "--json", file)
    assert run("evaluate", table, *options) == 0
    models = json.loads(file.read_text(encoding="utf-8"))["models"]
    assert [*list_fusions(), "text", "audio", "group alone", "dummy"] == list(models)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fusion", "early,soup"], "soup"),
        (["--predictions", "said.txt"], "--predictions must end in one of"),
        (["--errors", "no/such.csv"], "--errors must lie in an existing folder"),
        (["--errors", "TABLE"], "--errors must be another file"),
        (["--seeds", "0"], "--seeds"),
        (["--domain", "speaker", "--adapt", "coral", "--seeds", "2"], "--seeds must be left out"),
        (
            ["--domain", "speaker", "--adapt", "coral", "--no-check"],
            "--no-check must be left out with --domain",
        ),
        (["--domain", "speaker", "--adapt", "coral", "--fusion", "early,late"], "one strategy"),
    ],
)
def test_what_cannot_be_done_is_told_before_it_is_begun(options, said, table, capsys, monkeypatch):
    monkeypatch.chdir(table.parent)
    options = [str(table) if each == "TABLE" else each for each in options]
    assert run("evaluate", table, "--target", "label", *options) == 2
    assert said in capsys.readouterr().err


def test_two_files_are_not_written_to_one_place(table, tmp_path, capsys):
    same = tmp_path / "same.csv"
    options = ("--predictions", same, "--errors", same)
    assert run("evaluate", table, "--target", "label", *options) == 2
    assert "--errors must be another file" in capsys.readouterr().err


def test_baselines_and_checks_may_be_left_out(table, tmp_path):
    file = tmp_path / "few.json"
    options = ("--no-baselines", "--no-check", "--cv", 2, "--json", file)
    assert run("evaluate", table, "--target", "label", *options) == 0
    plain = json.loads(file.read_text(encoding="utf-8"))
    assert list(plain["models"]) == ["fusion", "text", "audio", "dummy"]
    assert plain["findings"] == []
