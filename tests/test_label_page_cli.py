"""`hybridsent label`: what is read of the command line, and what is said."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from test_label_page import N, features_of, table_of

from hybridsent.cli import main
from hybridsent.cli._main import build_parser
from hybridsent.label_page import _serve
from hybridsent.label_page._desk import open_desk


@pytest.fixture
def posts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "store"))
    table = table_of().assign(label=["bad", "good"] * 3 + [None] * (N - 6), likes=range(N))
    table.to_csv("posts.csv", index=False)
    return table


@pytest.fixture
def served(monkeypatch):
    """Label three rows instead of serving the page."""
    apps = []

    def serve(app, *, port, browser, told):
        desk = app.state.desk
        apps.append((app, port, browser))
        for i in range(3):
            row = desk.labelling.ids[desk.labelling.upcoming("me")[0]]
            value = {"classes": desk.labelling.question.names[:1], "numbers": [0.5], "sets": [[]]}
            answer = value[desk.labelling.question.kind][0]
            desk.labelling.do("me", "label", row, answer, f"event-{i}-{os.urandom(4).hex()}")
        desk.save()
        desk.close()

    monkeypatch.setattr(_serve, "serve", serve)
    monkeypatch.setattr("hybridsent.label_page.serve", serve, raising=False)
    return apps


def test_labels_are_written_beside_the_table_and_the_next_command_runs(posts, served, capsys):
    before = Path("posts.csv").read_bytes()
    assert main(["label", "posts.csv", "--target", "label", "--no-browser"]) == 0
    said = capsys.readouterr().err
    written = pd.read_csv("posts-labelled.csv")
    assert written.label.notna().sum() == 9
    assert Path("posts.csv").read_bytes() == before
    assert "6 of 40 rows have a label" in said
    assert "9 labels of 40 rows -> " in said
    line = shlex.split(said.split("next: ")[1].splitlines()[0])
    assert line[:2] == ["hybridsent", "evaluate"]
    assert line[-2:] == ["--text", "text"]
    build_parser().parse_args(line[1:])
    app, port, browser = served[0]
    assert (port, browser) == (0, False)
    assert app.state.desk.labelling.learner.strategy == "auto"


def test_the_table_is_replaced_where_that_is_asked_for_alone(posts, served, capsys):
    line = ["label", "posts.csv", "--target", "mood", "--classes", 'up,"so, so"', "-o", "posts.csv"]
    assert main(line) == 0
    assert "posts.csv is there already" in capsys.readouterr().err
    written = pd.read_csv("posts.csv")
    assert written.mood.tolist().count("up") == 3
    assert written.label.tolist()[:2] == ["bad", "good"]
    assert served[0][0].state.desk.labelling.question.names == ["up", "so, so"]
    assert main(line) == 0  # what was written is labelled already, and goes on
    assert pd.read_csv("posts.csv").mood.notna().sum() == 6
    assert "replaced" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (["--range", "-3,3"], "numbers"),
        (["--range=-1.5,1.5", "--task", "regression"], "numbers"),
        (["--task", "multilabel", "--classes", "joy,anger", "--classes", "fear"], "sets"),
        (["--classes", "a|b,c", "--strategy", "table", "--show", "likes"], "classes"),
    ],
)
def test_every_kind_of_label_is_asked_for(posts, served, options, kind):
    assert main(["label", "posts.csv", "--target", "mood", *options]) == 0
    desk = served[0][0].state.desk
    assert desk.labelling.question.kind == kind
    assert pd.read_csv("posts-labelled.csv").mood.notna().sum() == 3


def test_features_are_ranked_by_as_they_are(posts, served):
    names = [f"text__{i}" for i in range(4)]
    posts.assign(**dict(zip(names, features_of().T, strict=True))).to_parquet("f.parquet")
    assert main(["label", "f.parquet", "--target", "label", "--features"]) == 0
    assert pd.read_parquet("f-labelled.parquet").label.notna().sum() == 9
    features = served[0][0].state.desk.labelling.learner.features
    assert features.done == N
    assert features.names == names


def test_a_table_in_which_nothing_is_encoded_is_shown_all_the_same(
    served, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"likes": range(5), "day": ["mon"] * 5}).to_csv("t.csv", index=False)
    assert main(["label", "t.csv", "--target", "mood", "--classes", "a,b"]) == 0
    assert "nothing in the table can be encoded" in capsys.readouterr().err
    pieces = served[0][0].state.desk.pieces.of(0)
    assert [(each.column, each.kind) for each in pieces] == [("likes", "fact"), ("day", "fact")]


def test_export_writes_what_the_journal_holds(posts, served, capsys):
    assert main(["label", "posts.csv", "--target", "label"]) == 0
    Path("posts-labelled.csv").unlink()
    assert main(["label", "posts.csv", "--target", "label", "--export"]) == 0
    assert pd.read_csv("posts-labelled.csv").label.notna().sum() == 9
    assert len(served) == 1
    held = open_desk(pd.read_csv("posts.csv"), "label", output="posts-labelled.csv")
    assert main(["label", "posts.csv", "--target", "label", "--export"]) == 2
    assert "in use by another" in capsys.readouterr().err
    held.close()


def test_media_keep_their_paths_wherever_the_output_lies(posts, served, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (32, 32), "red").save("a.jpg")
    posts.assign(image=["a.jpg"] * N).to_csv("m.csv", index=False)
    line = ["label", "m.csv", "--target", "label", "--text", "text", "--image", "image"]
    assert main([*line]) == 0
    assert pd.read_csv("m-labelled.csv").image[0] == "a.jpg"
    assert main([*line, "-o", "elsewhere/out.csv"]) == 0
    assert pd.read_csv("elsewhere/out.csv").image[0] == str(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "mood"], "--classes must name what a row may be"),
        (["--target", "mood", "--range", "3"], "--range must be two numbers"),
        (["--target", "mood", "--range=-3,x"], "--range must be two numbers"),
        (["--target", "label", "--classes", "good,fine"], "lacks 'bad'"),
        (["--target", "label", "--port", "65536"], "at most 65535"),
        (["--target", "label", "--overlap", "2"], "must be a share from 0 to 1"),
        (["--target", "label", "--strategy", "magic"], "magic"),
        (["--target", "label", "--annotator", ""], "name of an annotator"),
        (["--target", "label", "-o", "out.txt"], "--output must end in"),
        (["--target", "label", "--text", "label"], "must be left out"),
        (["--target", "label", "--group", "who"], "who"),
        (["--target", "label", "--show", "nothing"], "nothing"),
        (["--target", "text"], "of texts or ids"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_of_the_command(posts, served, options, said, capsys):
    code = main(["label", "posts.csv", *options])
    told = capsys.readouterr().err
    assert code in (1, 2), told
    assert said in told
    assert "unforeseen" not in told
    assert "parameter" not in told
    assert served == []
    assert not Path("posts-labelled.csv").exists()
