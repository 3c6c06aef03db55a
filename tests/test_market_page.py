"""The page of a market: its numbers are those of the table, in both languages, and small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from string import Formatter

import numpy as np
import pandas as pd
import pytest
from package_tree import ROOT
from test_market import posts_of, told_of

from hybridsent.cli import main
from hybridsent.market._sentences import SENTENCES

NASTY = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    '"quoted" & {{ 7*7 }}',
    "小米",
    "-1",
    "é\u202eright",
]


class Page(HTMLParser):
    """Reads the figures of a page, and what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values, self.words, self.tags, self.outside = [], [], [], []
        self._skipped = 0
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self._skipped += tag in ("style", "script")
        if tag == "data":
            self.values.append(float(attrs["value"]))
        for name in ("src", "href"):
            if name in attrs and not attrs[name].startswith(("#", "data:")):
                self.outside.append(attrs[name])

    def handle_endtag(self, tag):
        self._skipped -= tag in ("style", "script")

    def handle_data(self, data):
        if not self._skipped:
            self.words.append(data)


@pytest.fixture(scope="module")
def told():
    posts = posts_of(900, brands=NASTY)
    return told_of(posts, topic="auto", author="author", min_posts=10)


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request, told):
    return Page(told.report(language=request.param, command="run <it>").html)


def test_every_figure_of_the_page_is_one_of_the_table(told, page):
    frame = told.to_frame()
    numbers = {
        x for name in ("value", "low", "high", "p_adjusted", "n") for x in frame[name].dropna()
    }
    usual = {each for odd in told.odd for each in (odd.value, odd.usual)}
    usual |= {each for change in told.changes for each in (change.before, change.after)}
    assert len(page.values) > 300
    assert not [value for value in page.values if value not in numbers | usual]
    index = frame[(frame.measure == "index") & frame.enough & frame.topic.isna()]
    assert {*index["value"]} <= {*page.values}
    assert {*frame.loc[frame.measure == "difference", "value"]} <= {*page.values}


def test_the_file_of_numbers_is_the_table(told, tmp_path):
    path = told.save_numbers(tmp_path / "numbers.csv")
    read, frame = pd.read_csv(path), told.to_frame()
    for name in ("value", "low", "high", "p", "p_adjusted"):
        assert np.array_equal(read[name], frame[name].astype(float), equal_nan=True)
    assert read["n"].tolist() == frame["n"].tolist()
    brands = [str(each).removeprefix("'") for each in read["brand"].dropna()]
    assert brands == frame["brand"].dropna().tolist()
    assert told.save_numbers(tmp_path / "numbers.parquet").stat().st_size > 0


def test_names_and_texts_are_never_code(told, page):
    for name in NASTY:
        assert name in page.text or " ".join(name.split()) in page.text
    assert page.tags.count("script") == 1
    assert page.outside == []


def test_contents_may_be_left_out(told):
    shown, hidden = (told.report(content=content).html for content in (True, False))
    assert "<blockquote>" in shown
    assert "<blockquote>" not in hidden
    assert "post7 " not in hidden


def test_pictures_stand_beside_texts(tmp_path):
    from PIL import Image

    posts = posts_of(60)
    Image.new("RGB", (800, 600), "red").save(tmp_path / "red.png")
    posts["image"] = "red.png"
    told = told_of(posts, min_posts=1)
    assert (
        "<img" not in told.report().html
    )  # nobody told the folder, and a path alone is no picture
    posts["image"] = str(tmp_path / "red.png")
    html = told_of(posts, min_posts=1).report().html
    assert html.count("data:image/jpeg") == len(told.examples)


def test_a_large_report_is_small():
    posts = posts_of(20_000, brands=[f"Brand {i}" for i in range(40)], weeks=60)
    told = told_of(posts, topic="auto", author="author")
    html = told.report().html
    assert len(html.encode()) < 3_000_000
    assert "Brands with fewer posts" in html
    assert len(told.brands) == 12
    assert all(gap.versus is None for gap in told.gaps)


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_the_same(key):
    english, chinese = SENTENCES[key]
    fields = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)
    ]
    assert fields[0] == fields[1]
    assert not re.search("[\u4e00-\u9fff]", english)


def test_every_sentence_is_used():
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "market").iterdir()
        if path.suffix in (".py", ".html") and path.name != "_sentences.py"
    )
    made = ("market.by.", "caveat.", "topics.by.", "found.index_", "posts.", "market.")
    unused = [
        k
        for k in SENTENCES
        if f'"{k}"' not in code and f"'{k}'" not in code and not k.startswith(made)
    ]
    assert unused == []


def test_the_command_writes_page_and_numbers(tmp_path, capsys):
    posts_of(120).to_csv(tmp_path / "posts.csv", index=False)
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.csv"
    given = ["market", str(tmp_path / "posts.csv"), "--by", "brand", "--time", "created_at"]
    given += [
        "--prediction",
        "sentiment",
        "-o",
        str(page),
        "--csv",
        str(numbers),
        "--topic",
        "none",
    ]
    assert main([*given, "--values", "negative=0,neutral=1,positive=2"]) in (0, None)
    said = capsys.readouterr()
    assert "120 posts · 3 brands" in said.out
    html = page.read_text(encoding="utf-8")
    assert "--values negative=0,neutral=1,positive=2" in Page(html).text
    frame = pd.read_csv(numbers)
    assert {*Page(html).values} <= {
        *frame[["value", "low", "high", "p_adjusted", "n"]].to_numpy().ravel()
    }


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([], "--model"),
        (["--score", "zero-label", "--prediction", "sentiment"], "--score and --prediction"),
        (["--prediction", "sentiment", "--values", "negative"], "--values"),
        (["--prediction", "sentiment", "--by", "brnd"], "--by"),
        (["--prediction", "sentiment", "--time", "text"], "--on-error"),
        (["--prediction", "sentiment", "-o", "page.txt"], "--output"),
        (["--prediction", "sentiment", "--period", "day"], "without --time"),
        (["--prediction", "sentiment", "--most-brands", "3"], "without --by"),
        (["--prediction", "sentiment", "--download"], "without --model"),
    ],
    ids=str,
)
def test_the_command_tells_its_options(tmp_path, capsys, given, match):
    posts_of(40).to_csv(tmp_path / "posts.csv", index=False)
    code = 0
    try:
        code = main(["market", str(tmp_path / "posts.csv"), *given])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert match in capsys.readouterr().err
