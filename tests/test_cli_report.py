"""hybridsent report, and the page and card that evaluate writes."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from test_report import NASTY, Page

from hybridsent.cli import main
from hybridsent.cli._progress import Bar
from hybridsent.evaluation.fits._progress import told_to_watcher


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rng = np.random.default_rng(0)
    labels = np.tile(["bad", "good", "so-so"], 40)
    shift = {"bad": 0.0, "good": 1.5, "so-so": 3.0}
    columns = {
        f"{view}__{i}": [shift[label] + rng.normal() for label in labels]
        for view in ("text", "image")
        for i in range(3)
    }
    words = [f"{NASTY} is what somebody wrote, {i}" for i in range(120)]
    frame = pd.DataFrame({**columns, "post": words, "label": labels})
    path = tmp_path_factory.mktemp("report") / "posts.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def written(table):
    """Page and card of one run of the command, and what it was called with."""
    page, card = table.parent / "page.html", table.parent / "card.md"
    line = ["report", str(table), "--target", "label", "--features", "--cv", "3", "-o", str(page)]
    line += ["--card", str(card), "--title", "Posts & more"]
    assert main(line) == 0
    return page.read_text(encoding="utf-8"), card.read_text(encoding="utf-8"), line


def test_a_report_has_all_its_sections(written):
    html, _, _ = written
    ids = {each.get("id") for each in Page(html).all("section")}
    assert ids >= {"summary", "scores", "gains", "check", "confusion", "calibration"}
    assert ids >= {"curves", "views", "errors", "how"}


def test_page_and_card_tell_the_exact_command(written):
    html, card, line = written
    told = " ".join(["hybridsent", *line[:-1]])
    assert told in Page(html).text
    assert told in card
    assert "'Posts & more'" in card


def test_texts_of_rows_are_shown_and_stay_text(written):
    html, _, _ = written
    page = Page(html)
    assert "is what somebody wrote" in page.text
    assert len(page.all("script")) == 1


def test_evaluate_writes_page_and_card_too(table, tmp_path, capsys):
    page, card, scores = tmp_path / "p.html", tmp_path / "c.md", tmp_path / "s.json"
    line = [
        "evaluate",
        str(table),
        "--target",
        "label",
        "--features",
        "--cv",
        "3",
        "--json",
        str(scores),
    ]
    line += ["--report", str(page), "--card", str(card), "--language", "zh", "--no-content"]
    assert main(line) == 0
    said = capsys.readouterr().err
    assert f"report -> {page}" in said
    assert f"card -> {card}" in said
    text = Page(page.read_text(encoding="utf-8")).text
    assert "评估报告" in text
    assert "somebody wrote" not in text
    assert "somebody wrote" not in card.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--report", "page.txt"], "--report must end in one of"),
        (["--card", "card.html"], "--card must end in one of"),
        (["--language", "zh"], "--language needs --report or --card"),
        (["--no-content"], "--no-content needs --report or --card"),
        (["--report", "no/such/folder/page.html"], "must lie in an existing folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    options, told, table, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(table), "--target", "label", "--features", *options]) == 2
    assert told in capsys.readouterr().err


def test_a_report_of_one_view_leaves_out_what_needs_two_and_says_so(table, tmp_path, capsys):
    frame = pd.read_csv(table)
    one = tmp_path / "one.csv"
    frame[["text__0", "text__1", "label"]].to_csv(one, index=False)
    page = tmp_path / "p.html"
    assert main(["report", str(one), "--target", "label", "--cv", "2", "-o", str(page)]) == 0
    said = capsys.readouterr().err
    assert "what each view adds: that takes two views or more, and this model reads one." in said
    assert "must" not in said  # it is a fact, and no mistake of whoever asked
    assert "this model reads one." in page.read_text(encoding="utf-8")


def test_without_curves_nothing_is_fitted_for_them(table, tmp_path):
    page = tmp_path / "p.html"
    line = [
        "report",
        str(table),
        "--target",
        "label",
        "--features",
        "--cv",
        "2",
        "-o",
        str(page),
        "--no-curves",
    ]
    assert main([*line, "--no-check"]) == 0
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'<section id="views"', text)


# -- the bar ---------------------------------------------------------------------------------------


def test_the_bar_expects_what_is_left_and_nothing_at_the_end():
    bar, left = Bar({"a": 1.0, "b": 3.0}, shown=False), []
    for name in ("a", "b"):
        with bar.stage(name):
            for _ in told_to_watcher(range(4), 4):
                time.sleep(0.005)
                left.append(bar.left(name))
    assert set(bar.seconds) == {"a", "b"}
    bar.fraction = 1.0
    assert bar.left("b") == 0.0
    assert left[-1] < left[0]


def test_the_bar_learns_from_what_was_done_how_long_the_rest_takes():
    bar = Bar({"a": 1.0, "b": 10.0}, shown=False)
    with bar.stage("a"):
        time.sleep(0.05)
    bar.fraction = 0.0
    gone = sum(bar.seconds.values())
    assert bar.left("b") == pytest.approx(10 * gone, rel=0.5)


def test_of_a_fixed_split_the_curves_are_drawn_by_folds_of_the_training_rows(
    table, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "store"))
    frame = pd.read_csv(table).assign(part=["train", "train", "dev"] * 40)
    frame["label"] = np.tile(["bad", "good"], 60)
    frame.to_csv(tmp_path / "split.csv", index=False)
    page = tmp_path / "p.html"
    line = ["report", str(tmp_path / "split.csv"), "--target", "label", "--features"]
    assert main([*line, "--split", "part", "-o", str(page)]) == 0
    assert "'dev' is scored once" in capsys.readouterr().err
    text = Page(page.read_text(encoding="utf-8")).text
    assert "held-out rows “dev”" in text
    assert "decided by" not in text
