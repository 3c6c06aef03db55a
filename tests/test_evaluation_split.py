"""evaluate() on a fixed split: who is learned from, who is scored, and how often that was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.cli import main
from hybridsent.evaluation import read_labels
from hybridsent.evaluation.rows._held_out import TEST, TRAIN, VALIDATION, held_out, notes_on_scoring
from hybridsent.few_label import LabeledOnly
from hybridsent.store import FeatureStore

N = 120
FEATURES = ["text__0", "text__1", "audio__0"]


def drawn(parts=("train", "train", "dev", "test")) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = rng.choice(["bad", "good"], N)
    X = (y == "good")[:, None] * [1.0, 0.5, 0.3] + rng.normal(size=(N, 3))
    table = pd.DataFrame(X, columns=FEATURES)
    return table.assign(label=y, part=np.resize(parts, N))


def model():
    return make_pipeline(LogisticRegression())


@pytest.fixture(autouse=True)
def ledger(tmp_path, monkeypatch):
    """Count in a folder of this test's own."""
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "kept" / "store"))
    return tmp_path / "kept" / "held-out-scores.json"


# -- what is learned from, and what is scored ----------------------------------------------------


@pytest.mark.parametrize("judged_on", ["dev", "test"])
def test_one_part_is_learned_from_and_one_is_scored(judged_on):
    table = drawn()
    found = evaluate(model(), table, "label", split="part", judged_on=judged_on)
    train, test = (table[table["part"] == name] for name in ("train", judged_on))
    said = model().fit(train[FEATURES], train["label"]).predict(test[FEATURES])
    scores = found.models["fusion"]
    assert scores["accuracy"].value == accuracy_score(test["label"], said)
    assert scores["f1_macro"].value == f1_score(test["label"], said, average="macro")
    assert scores["accuracy"].low < scores["accuracy"].value < scores["accuracy"].high
    assert (found.rows, found.folds, found.split) == (len(test), 1, judged_on)
    assert found.out_of_fold.row.tolist() == test.index.tolist()
    assert list(found.models) == ["fusion", "text", "audio", "dummy"]
    assert f"split '{judged_on}'" in str(found)
    assert "(pooled)" not in str(found)
    other = {"dev": "test", "test": "dev"}[judged_on]
    assert f"Neither learned from nor scored: '{other}' (30 rows)." in found.notes


@pytest.mark.parametrize(
    ("parts", "scored"),
    [
        (("train", "dev", "test"), "dev"),
        (("Training", "test", "Validation"), "Validation"),
        (("train", "holdout"), "holdout"),
        (("train", "test", "other"), "test"),
        (("train", "training", "val"), "val"),
    ],
)
def test_the_part_for_validation_is_scored_where_none_is_named(parts, scored):
    rows = read_labels(drawn(parts), "label")
    assert held_out(rows, "part").name == scored
    assert held_out(rows, np.resize(parts, N)).name == scored


@pytest.mark.parametrize(
    ("parts", "options", "said"),
    [
        (("a", "b"), {}, "'train' or 'training'. Got 'a', 'b'"),
        (("train",), {}, "training alone"),
        (("train", "one", "two"), {}, "must name the part that is scored, one of 'one', 'two'"),
        (("train", "dev"), {"judged_on": "dve"}, "Did you mean 'dev'"),
        (("train", "dev"), {"judged_on": "train"}, "not for training"),
        (("train", "dev"), {"cv": 3}, "cv parameter must be left out"),
        (("train", None), {}, "Every row must have a split"),
    ],
)
def test_splits_that_cannot_be_read_are_refused(parts, options, said):
    with pytest.raises(ValueError, match=said):
        evaluate(model(), drawn(parts), "label", split="part", **options)


def test_a_part_is_named_only_where_there_is_a_split():
    with pytest.raises(ValueError, match="judged_on parameter must be left out"):
        evaluate(model(), drawn(), "label", judged_on="dev")


def test_known_names_are_of_one_part():
    assert not TRAIN & VALIDATION
    assert not TRAIN & TEST
    assert not VALIDATION & TEST


def test_rows_without_a_label_are_learned_from_in_the_training_part_alone():
    table = drawn()
    table.loc[table.index % 3 == 0, "label"] = None
    taking = evaluate(LabeledOnly(LogisticRegression()), table[[*FEATURES, "label", "part"]],
                      "label", split="part", check=False)  # fmt: skip
    known = table["label"].notna() & (table["part"] == "dev")
    assert taking.out_of_fold.row.tolist() == table.index[known].tolist()
    plain = evaluate(model(), table, "label", split=table["part"], check=False)
    assert plain.out_of_fold.row.tolist() == taking.out_of_fold.row.tolist()


def test_groups_are_units_of_the_interval_and_told_where_they_are_on_both_sides():
    table = drawn()
    speaker = pd.Series(np.arange(N) // 10).astype(str)
    apart = table["part"] + speaker
    rows = evaluate(model(), table, "label", split="part", check=False)
    groups = evaluate(model(), table, "label", split="part", groups=apart, check=False)
    one, other = (each.models["fusion"]["accuracy"] for each in (rows, groups))
    assert one.value == other.value
    assert (one.low, one.high) != (other.low, other.high)
    assert not [note for note in groups.notes if "learned from, too" in note]
    both = evaluate(model(), table, "label", split="part", groups=speaker, check=False)
    assert [note for note in both.notes if "groups of 'dev' are learned from, too" in note]


def test_seeds_are_those_of_the_models():
    table = drawn()
    drawing = make_pipeline(SGDClassifier(random_state=3))
    found = evaluate(drawing, table, "label", split="part", n_seeds=3, scoring="accuracy")
    train, test = (table[table["part"] == name] for name in ("train", "dev"))
    each = [
        SGDClassifier(random_state=3 + k)
        .fit(train[FEATURES], train["label"])
        .score(test[FEATURES], test["label"])
        for k in range(3)
    ]
    score = found.models["fusion"]["accuracy"]
    assert score.folds == each
    assert score.value == pytest.approx(np.mean(each))
    assert found.rows == len(test)


def test_numbers_are_scored_on_a_split_too():
    table = drawn().assign(label=lambda t: t["text__0"] * 2 + t["audio__0"])
    found = evaluate(make_pipeline(Ridge()), table, "label", split="part")
    assert found.target == "numbers"
    assert found.models["fusion"]["r2"].value > 0.9


# -- how often it was scored ---------------------------------------------------------------------


def test_each_scoring_is_counted_and_told(ledger):
    table = drawn()
    for told in ("'test' was scored for the first time.", "for the 2nd time", "for the 3rd time"):
        found = evaluate(model(), table, "label", split="part", judged_on="test", check=False)
        assert [note for note in found.notes if told in note]
    other = evaluate(model(), table, "label", split="part", check=False)
    assert "'dev' was scored for the first time." in other.notes
    fewer = table.drop(columns="audio__0")  # the same rows, read in another way
    again = evaluate(model(), fewer, "label", split="part", judged_on="test", check=False)
    assert [note for note in again.notes if "for the 4th time" in note]
    kept = json.loads(ledger.read_text(encoding="utf-8"))
    assert sorted((each["split"], each["times"]) for each in kept.values()) == [
        ("dev", 1),
        ("test", 4),
    ]


@pytest.mark.parametrize("form", ["path", "FeatureStore"])
def test_it_is_counted_beside_the_store_that_the_encoders_use(form, ledger, tmp_path):
    store = tmp_path / "shared" / "rows"
    texts = np.where(np.arange(24) % 2, "I love it", "I hate it")
    table = pd.DataFrame({"text": texts, "part": np.resize(["train", "train", "dev"], 24)})
    for told in ("for the first time", "for the 2nd time"):
        judged = make_fusion(text=True, store=str(store) if form == "path" else FeatureStore(store))
        labels = np.resize(["bad", "good"], 24)
        found = evaluate(judged, table, labels, split="part", check=False, baselines=False)
        assert [note for note in found.notes if told in note]
    assert (store.parent / ledger.name).is_file()
    assert not ledger.exists()


def test_a_cross_validation_is_not_counted(ledger):
    evaluate(model(), drawn().drop(columns="part"), "label", cv=2, check=False)
    assert not ledger.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "{", '{"KEY": {"times": "many"}}'])
def test_a_file_that_is_broken_begins_anew(content, ledger):
    table = drawn()
    rows = read_labels(table, "label")
    held = held_out(rows, "part")
    ledger.parent.mkdir(parents=True)
    ledger.write_text(content, encoding="utf-8")
    assert notes_on_scoring(held, rows) == ["'dev' was scored for the first time."]
    assert "for the 2nd time" in notes_on_scoring(held, rows)[0]


def test_a_disk_that_cannot_be_written_to_costs_a_note_and_no_result(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "file" / "kept" / "store"))
    found = evaluate(model(), drawn(), "label", split="part", check=False)
    assert [note for note in found.notes if "could not be written down" in note]


COUNT = """
import numpy as np, pandas as pd
from hybridsent.evaluation import read_labels
from hybridsent.evaluation.rows._held_out import held_out, notes_on_scoring
table = pd.DataFrame({"y": ["a", "b"] * 4, "part": ["train"] * 4 + ["test"] * 4})
rows = read_labels(table, "y")
for _ in range(20):
    notes_on_scoring(held_out(rows, "part"), rows)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="two in one moment count as one there")
def test_processes_that_count_at_the_same_time_lose_nothing(ledger):
    running = [
        subprocess.Popen([sys.executable, "-c", COUNT], env=dict(os.environ)) for _ in range(3)
    ]
    assert [each.wait() for each in running] == [0] * 3
    (one,) = json.loads(ledger.read_text(encoding="utf-8")).values()
    assert one["times"] == 60
    assert sorted(each.name for each in ledger.parent.iterdir()) == [
        "held-out-scores.json",
        "held-out-scores.lock",
    ]


# -- on the command line -------------------------------------------------------------------------


def test_the_command_scores_a_part(tmp_path, capsys):
    table = drawn()
    file, scores = tmp_path / "posts.csv", tmp_path / "scores.json"
    table.to_csv(file, index=False)
    command = ["evaluate", str(file), "--target", "label", "--split", "part", "--json", str(scores)]
    assert main([*command, "--judged-on", "test"]) == 0
    shown = capsys.readouterr()
    assert "split 'test'" in shown.out
    assert "'part'" not in shown.err  # a column that has a use is not left out
    plain = json.loads(scores.read_text(encoding="utf-8"))
    assert (plain["split"], plain["n_folds"], plain["rows"]) == ("test", 1, 30)
    for more, said in (
        (["--cv", "3"], "--cv must be left out with --split"),
        (["--judged-on", "tets"], "Did you mean 'test'"),
        (["--split", "prat"], "--split"),
    ):
        assert main([*command, *more]) != 0
        assert said in capsys.readouterr().err
    assert main([*command[:4], "--judged-on", "test"]) == 2
    assert "--judged-on needs --split" in capsys.readouterr().err


def test_the_command_searches_in_the_training_part_and_scores_another(tmp_path, capsys):
    table = drawn()
    file, scores, best = (tmp_path / name for name in ("posts.csv", "scores.json", "best"))
    table.to_csv(file, index=False)
    command = ["search", str(file), "--target", "label", "--recipe", "early", "--inner-cv", "2"]
    part = ["--split", "part", "--judged-on", "test", "--seeds", "2"]
    assert main([*command, *part, "--json", str(scores), "-o", str(best)]) == 0
    shown = capsys.readouterr()
    assert "30 rows, split 'test' × 2 seeds" in shown.out
    assert "best over the training part: early" in shown.out
    assert "early, fitted on 60 rows -> " in shown.err
    plain = json.loads(scores.read_text(encoding="utf-8"))
    assert (plain["split"], plain["n_folds"], plain["n_seeds"], plain["rows"]) == ("test", 1, 2, 30)
    assert plain["best"]["rows"] == 60
    assert set(plain["out_of_fold"]["answers"]) == {"selected", "early", "text", "audio", "dummy"}
    for given, said in (
        ([*part, "--cv", "3"], "--cv must be left out with --split"),
        (["--split", "part", "--judged-on", "tets"], "Did you mean 'test'"),
        (["--judged-on", "test"], "--judged-on needs --split"),
    ):
        assert main([*command, *given]) != 0
        assert said in capsys.readouterr().err
