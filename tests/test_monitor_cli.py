"""``hybridsent monitor`` in scripts: a table at the end, exports, and refusals in words of flags."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from monitored import post, saved_model

from hybridsent.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(saved_model(tmp_path_factory.mktemp("model")))


@pytest.fixture
def told(model, tmp_path, monkeypatch, capsys):
    """Run the command in a folder of its own; give the exit code and both streams."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["monitor", model, *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_once_prints_the_newest_window_of_each_group_and_exports_are_read_back(told, tmp_path):
    lines = [post(i) for i in range(60)]
    (tmp_path / "posts.jsonl").write_text("".join([*lines, "no post\n"]))
    code, out, err = told("posts.jsonl", "--once", "--by", "brand", "--time", "created_at")
    assert code == 0, err
    assert "60 counted, 0 repeated, 1 broken, 0 late" in err
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["all", "Acme", "Bolt", "Cord"]
    code, _, err = told("--export", "index.csv", "--broken", "aside.jsonl")
    assert code == 0, err
    assert pd.read_csv("index.csv")["n"].tolist() == [60, 20, 20, 20]
    (aside,) = map(json.loads, (tmp_path / "aside.jsonl").read_text("utf-8").splitlines())
    assert aside["content"] == "no post"
    assert "no JSON" in aside["reason"]


def test_windows_that_the_table_leaves_out_are_told(told, tmp_path):
    lines = [
        json.dumps({"text": "a good day", "at": 1_772_323_200 + 86_400 * day}) for day in range(3)
    ]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines) + "\n")
    words = ["posts.jsonl", "--time", "at", "--window", "1d", "--once"]
    code, out, err = told(*words)
    assert code == 0, err
    assert len(out.splitlines()) == 2
    assert "--export FILE writes all 3 windows" in err


def test_fields_and_values_are_named(told, tmp_path):
    line = json.dumps({"user": {"said": "a good day"}, "at": 1_772_323_200})
    (tmp_path / "posts.jsonl").write_text(line + "\n")
    words = ["--columns", "text=user.said", "--time", "at", "--window", "1d"]
    words += ["--values", "negative=1", "--values", "positive=5", "--once"]
    code, out, err = told("posts.jsonl", *words)
    assert code == 0, err
    assert "+5.000" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-", "--alert", "indx<0"], "--alert must hold rules"),
        (["no/folder/posts.jsonl"], "in a folder that is not there"),
        (["-", "--window", "1h", "--slide", "7m"], "--window must be whole seconds"),
        (["-", "--columns", "text"], "--columns must be NAME=VALUE"),
        (["-", "--columns", "text=a", "--columns", "text=b"], "name each column once; got 'text'"),
        (["-", "--port", "65536"], "at most 65535"),
        (["-", "--method", "emq"], "no reference"),
        ([], "SOURCE must be given"),
        (["--export", "index.txt"], "--export must end in"),
        (["--export", "index.csv"], "is not there"),
    ],
)
def test_refusals_are_sentences_in_words_of_flags(told, words, why):
    code, _, err = told(*words)
    assert code in (1, 2)
    assert why in err
    assert "Traceback" not in err


def test_an_export_never_replaces_the_state_and_writes_all_or_nothing(told, tmp_path):
    (tmp_path / "posts.jsonl").write_text(post(0))
    assert told("posts.jsonl", "--once", "--state", "state.csv")[0] == 0
    before = (tmp_path / "state.csv").read_bytes()
    code, _, err = told("--state", "state.csv", "--export", "state.csv")
    assert code == 2
    assert "'state.csv' would be replaced" in err
    assert (tmp_path / "state.csv").read_bytes() == before
    code, _, err = told("--state", "state.csv", "--export", "out.csv", "--broken", "no/b.jsonl")
    assert code == 2
    assert "--broken must lie in an existing folder" in err
    assert not (tmp_path / "out.csv").exists()


def test_a_state_that_was_begun_otherwise_is_told_in_flags(told, tmp_path):
    (tmp_path / "posts.jsonl").write_text(post(0))
    assert told("posts.jsonl", "--once", "--columns", "text=said")[0] == 0
    code, _, err = told("posts.jsonl", "--once", "--columns", "text=user.said")
    assert code == 2
    assert "begun with --columns text=said, and this is --columns text=user.said" in err
