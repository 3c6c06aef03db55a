"""`hybridsent finetune`: a folder, what it says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tiny

from hybridsent import TextEncoder
from hybridsent.cli import _finetune as command
from hybridsent.cli import main

GOOD = ["a good day", "i like the sun", "great movie", "so lovely", "happy bird", "it is good"]
BAD = ["a bad day", "rain", "sad movie", "so sad", "bad night", "it is not good"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posts")
    tiny.text_model("bert", folder / "bert")
    table = pd.DataFrame(
        {
            "post": [*GOOD, *BAD, "the bird"],
            "title": [*BAD[::-1], *GOOD, None],
            "tone": [*["good"] * 6, *["bad"] * 6, None],
            "moods": [*["joy|awe", "joy"] * 3, *["grief", "|"] * 3, None],
            "who": [i // 2 for i in range(13)],
            "score": np.linspace(-1, 1, 13),
        }
    )
    table.to_csv(folder / "posts.csv", index=False)
    source = pd.DataFrame({"post": GOOD + BAD, "stars": [1, 2, 3] * 4})
    source.to_csv(folder / "stars.csv", index=False)
    return folder


@pytest.fixture
def tune(folder, tmp_path):
    """Run the command with one epoch, in float32."""

    def of(*options, target="tone", views=(), output=None):
        named = views or ("--text", f"post=hf:{folder / 'bert'}")
        line = [str(folder / "posts.csv"), "--target", target, *named]
        line += ["-o", str(output or tmp_path / "mine"), "--epochs", "1", "--precision", "float32"]
        return main(["finetune", *line, *options])

    return of


def labels_of(folder):
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))["labels"]


def test_it_writes_a_folder_and_says_how_it_is_used(tune, tmp_path, capsys):
    assert tune("--epochs", "2") == 2  # given twice
    capsys.readouterr()
    assert tune() == 0
    told = capsys.readouterr()
    assert "epoch 1: loss" in told.err
    assert "tuned on 12 rows" in told.err
    assert f"-> {tmp_path / 'mine'}" in told.err
    assert f"--text post=tuned:{tmp_path / 'mine'}" in told.out
    assert "--text post=tune:hf:" in told.out
    encoder = TextEncoder(f"tuned:{tmp_path / 'mine'}", store=None)
    assert encoder.fit_transform(GOOD).shape == (6, 16)


def test_a_source_is_learned_first(tune, folder, tmp_path, capsys):
    source = ("--source", str(folder / "stars.csv"), "--source-target", "stars")
    assert tune(*source, "--source-epochs", "1", "--seed", "1") == 0
    assert capsys.readouterr().err.count("epoch 1: loss") == 2
    assert "source_history" in (tmp_path / "mine" / "training.json").read_text(encoding="utf-8")


def test_several_views_are_tuned_together(tune, folder, tmp_path, capsys):
    views = ("--text", f"post=hf:{folder / 'bert'}", "--text", f"title=hf:{folder / 'bert'}")
    assert tune(views=views) == 0
    told = capsys.readouterr()
    made = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert len(made) == 2
    assert all(f"tuned:{tmp_path / 'mine' / name}" in told.out for name in made)


def test_numbers_groups_and_a_held_out_part(tune, capsys):
    assert tune("--group", "who", "--held-out", "0.3", "--patience", "1", target="score") == 0
    told = capsys.readouterr().err
    assert "task: regression" in told
    assert "held-out loss" in told
    assert "the best one, epoch" in told


def test_sets_keep_the_names_of_their_labels(tune, folder, tmp_path, capsys):
    assert tune(target="moods") == 0
    assert "task: multilabel" in capsys.readouterr().err
    assert labels_of(tmp_path / "mine") == ["awe", "grief", "joy"]
    views = ("--text", f"post=hf:{folder / 'bert'}", "--text", f"title=hf:{folder / 'bert'}")
    both = tmp_path / "both"
    assert tune("--task", "multilabel", target="moods", views=views, output=both) == 0
    assert [labels_of(each) for each in both.iterdir()] == [["awe", "grief", "joy"]] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--source-target", "x"), "--source-target must be left out without --source"),
        (("--source", "stars.csv"), "--source needs --source-target"),
        (("--rank", "2"), "--rank must be left out without --how lora"),
        (("--n-layers", "2"), "--n-layers must be left out without --how last"),
        (("--store", "x"), "--store must be left out"),
        (("--loss", "squared"), "--loss must be"),
        (("--held-out", "2"), "--held-out must be"),
        (("--target", "who", "--group", "nobody"), "--group"),
    ],
)
def test_what_is_wrong_is_said_in_flags(tune, tmp_path, capsys, options, message):
    target = {"target": "tone"} if "--target" not in options else {"target": "who"}
    options = [each for each in options if each not in ("--target", "who")]
    assert tune(*options, **target) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_holds_something_and_a_view_without_network_are_refused(tune, folder, capsys):
    assert tune(output=folder) == 2
    assert "--output must be an empty or new folder" in capsys.readouterr().err
    assert tune(views=("--text", "post=words")) == 2
    assert "learns from its rows by itself" in capsys.readouterr().err
    assert tune(views=("--audio", "post=audio/egemaps-v02")) in (1, 2)
    assert "weights" in capsys.readouterr().err


def test_too_few_classes_are_those_of_the_target(tune, folder, tmp_path, capsys):
    pd.DataFrame({"post": GOOD, "tone": ["good"] * 6}).to_csv(tmp_path / "one.csv", index=False)
    line = [str(tmp_path / "one.csv"), "--target", "tone", "--text", f"post=hf:{folder / 'bert'}"]
    assert main(["finetune", *line, "-o", str(tmp_path / "mine")]) in (1, 2)
    told = capsys.readouterr().err
    assert "tone" in told or "--target" in told
    assert not (tmp_path / "mine").exists()


def test_a_ctrl_c_keeps_the_epochs_that_are_over_or_writes_nothing(
    tune, tmp_path, capsys, monkeypatch
):
    real = command._Epochs._told

    def stopping(at):
        def told(self, entry):
            real(self, entry)
            if entry["epoch"] == at:
                self.interrupted = True
                raise KeyboardInterrupt

        return told

    monkeypatch.setattr(command._Epochs, "_told", stopping(0))
    assert tune() == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
    monkeypatch.setattr(command._Epochs, "_told", stopping(1))
    assert tune() == 130
    assert "interrupted; view" in capsys.readouterr().err
    assert (tmp_path / "mine" / "model.safetensors").exists()


def test_a_view_is_tuned_in_the_folds_of_a_command(folder, capsys):
    line = [str(folder / "posts.csv"), "--target", "tone", "--cv", "2"]
    assert main(["evaluate", *line, "--text", f"post=tune:hf:{folder / 'bert'}"]) in (0, 2)
    assert "unforeseen" not in capsys.readouterr().err


def test_help_is_there():
    done = subprocess.run(
        [sys.executable, "-m", "hybridsent", "finetune", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--source-target" in done.stdout
