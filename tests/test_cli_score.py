"""`hybridsent score`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridsent.cli import _score, main
from hybridsent.weak import LABELS_A_CLASS, ZeroLabelClassifier

POSTS = pd.DataFrame(
    {
        "id": ["007", "008", "009", "010"],
        "post": ["I love this, so good :)", "The worst service ever", "It opens at nine", ""],
        "likes": [5, 0, 1, 2],
    }
)


@pytest.fixture
def posts(tmp_path):
    path = tmp_path / "posts.csv"
    POSTS.to_csv(path, index=False)
    return path


def test_it_writes_labels_and_how_sure_they_are(posts, tmp_path, capsys):
    out = tmp_path / "scored.csv"
    assert main(["score", str(posts), "-o", str(out)]) == 0
    said = capsys.readouterr()
    found = pd.read_csv(out, dtype={"id": str})
    assert found.columns.tolist() == [
        *POSTS.columns,
        *("sentiment", "confidence", "p_negative", "p_neutral", "p_positive"),
    ]
    assert found["sentiment"].tolist() == ["positive", "negative", "neutral", "neutral"]
    assert found["id"].tolist() == POSTS["id"].tolist()
    expected = ZeroLabelClassifier(columns="post").fit(POSTS).predict_proba(POSTS)
    p = found[["p_negative", "p_neutral", "p_positive"]].to_numpy()
    np.testing.assert_allclose(p, expected, atol=1e-6)
    np.testing.assert_allclose(found["confidence"], p.max(axis=1))
    assert [line.split()[0] for line in said.out.splitlines()] == [
        *("sentiment", "negative", "neutral", "positive", "all"),
    ]
    assert "texts in column 'post'" in said.err
    assert "nothing is said of 1 of 4 rows" in said.err
    assert f"about {LABELS_A_CLASS} labels a class" in said.err
    assert f"next: hybridsent label {posts} --target label" in said.err


def test_without_an_output_it_says_shares_alone(posts, tmp_path, capsys):
    assert main(["score", str(posts)]) == 0
    assert "all        4     100%" in capsys.readouterr().out
    assert [each.name for each in tmp_path.iterdir()] == ["posts.csv"]


def test_slices_change_nothing(posts, tmp_path, monkeypatch, capsys):
    outs = []
    for size in (10_000, 3, 1):
        monkeypatch.setattr(_score, "_AT_ONCE", size)
        outs.append(tmp_path / f"{size}.csv")
        assert main(["score", str(posts), "-o", str(outs[-1])]) == 0
    first, *others = [out.read_text() for out in outs]
    assert all(each == first for each in others)


def test_functions_classes_language_and_prefix(posts, tmp_path, capsys):
    rules = tmp_path / "my_rules_of_score.py"
    rules.write_text(
        "from hybridsent.weak import labeling_function\n"
        "@labeling_function('post')\n"
        "def opens(text):\n"
        "    return 'negative' if 'opens' in text else None\n"
    )
    out = tmp_path / "scored.jsonl"
    line = ["score", str(posts), "-o", str(out), "--text", "post", "--language", "en"]
    assert main([*line, "--classes", "neg,pos", "--functions", str(rules), "--prefix", "z_"]) == 0
    found = pd.read_json(out, lines=True)
    assert found.columns.tolist()[3:] == ["z_sentiment", "z_confidence", "z_p_neg", "z_p_pos"]
    assert found["z_sentiment"].tolist()[:3] == ["pos", "neg", "neg"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--text", "pst"], "pst"),
        (["--classes", "joy,anger"], "say what the classes are, as in --classes happy=positive"),
        (["--classes", ","], "--classes must name two or three classes; got ','"),
        (["--classes", "²,3"], "none by its name"),
        (["--language", "xx"], "language"),
        (["--functions", "nothing.py"], "--functions nothing.py"),
        (["-o", "posts.txt"], "--output"),
    ],
)
def test_wrong_use_is_told(posts, options, told, capsys):
    assert main(["score", str(posts), *options]) == 2
    assert told in capsys.readouterr().err


def test_classes_whose_names_do_not_tell_are_said(posts, tmp_path, capsys):
    out = tmp_path / "scored.csv"
    named = ["--classes", "joy=positive,anger=negative"]
    assert main(["score", str(posts), *named, "-o", str(out)]) == 0
    assert pd.read_csv(out)["sentiment"].tolist()[:2] == ["joy", "anger"]


def test_a_file_without_a_function_a_table_without_texts_and_taken_names(posts, tmp_path, capsys):
    (tmp_path / "no_rules_of_score.py").write_text("answer = 42\n")
    assert main(["score", str(posts), "--functions", str(tmp_path / "no_rules_of_score.py")]) == 2
    assert "must define a labelling function" in capsys.readouterr().err
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("a,b\n1,2\n")
    assert main(["score", str(numbers)]) == 2
    assert "name it with --text" in capsys.readouterr().err
    POSTS.assign(sentiment="x").to_csv(posts, index=False)
    assert main(["score", str(posts)]) == 2
    assert "--prefix" in capsys.readouterr().err
