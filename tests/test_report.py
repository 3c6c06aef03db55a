"""The page of a report: what it shows, that it loads nothing, and that nothing in it runs."""

from __future__ import annotations

import io
import platform
import re
import string
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from clips import contained
from PIL import Image

from hybridsent import make_fusion
from hybridsent.evaluation import (
    Evaluation,
    Finding,
    Gain,
    OutOfFold,
    Score,
    calibration,
    make_report,
    model_card,
)
from hybridsent.evaluation.report._sentences import METRICS, MODELS, SENTENCES
from hybridsent.evaluation.report._sureness import sureness_in_words
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._answers import Answers
from hybridsent.media import _shown

VOID = {"meta", "link", "img", "br", "input", "hr"}
NASTY = '<script>alert(1)</script><img src="http://evil.example/x.png" onerror="alert(2)">&amp;"\''


class Page(HTMLParser):
    """Elements of a page; every one is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.own = ""  # all but what stands there in English, whatever the language of the page
        self._english = 0
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
            inside = self._english or (dict(attrs).get("lang") == "en" and tag != "html")
            self._english += bool(inside)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        self._english -= bool(self._english)

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("script", "style"):
            self.text += data + " "
            self.own += "" if self._english else data + " "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def score(value: float) -> Score:
    return Score(value, 0.1, value - 0.1, value + 0.1, [value - 0.05, value + 0.05], value)


def judged(target: str, n: int = 40, groups: bool = True, seed: int = 0) -> Evaluation:
    """Make a result with answers of two models and a dummy, some of them wrong."""
    rng = np.random.default_rng(seed)
    classes = None if target == "numbers" else np.array(["bad", NASTY, "good"])
    shape = (n, 3) if target == "sets" else n
    truth = {
        "classes": lambda: rng.choice(np.array(["bad", NASTY, "good"]), n),
        "numbers": lambda: rng.normal(size=n),
        "sets": lambda: rng.integers(0, 2, shape),
    }[target]()
    answers = {}
    for name in ("fusion", "text", "dummy"):
        chances = rng.dirichlet(np.ones(3), n) if target != "numbers" else None
        if target == "classes":
            labels = classes[chances.argmax(axis=1)]
        elif target == "sets":
            labels = (chances > 0.4).astype(int)
        else:
            labels = truth + rng.normal(size=n)
        answers[name] = Answers(labels, chances)
    kept = OutOfFold(
        np.arange(n),
        np.zeros(n, int),
        np.arange(n) % 2,
        truth,
        answers,
        classes,
        np.array([f"<b>{i % 4}" for i in range(n)]) if groups else None,
        target,
    )
    models = {name: {"accuracy": score(0.5), "own<metric>": score(0.4)} for name in answers}
    gains = {
        "text": {"accuracy": Gain(0.02, 0.01, 0.03, 0.001)},
        "dummy": {"accuracy": Gain(-0.02, -0.3, 0.03, 0.4)},
    }
    found = [Finding("group column", "leak", f"Rows of one '{NASTY}' …", {"as given": 0.9}, [1, 2])]
    return Evaluation(
        n,
        models,
        n,
        0,
        1.0,
        2,
        [f"A note of {NASTY}."],
        out_of_fold=kept,
        target=target,
        gains=gains,
        findings=found,
    )


def table_of(n: int = 40) -> pd.DataFrame:
    pixels = np.random.default_rng(0).integers(0, 255, (n, 90, 60, 3), dtype=np.uint8)
    tone = (np.sin(np.arange(8000) / 9).astype("float32"), 8000)
    return pd.DataFrame(
        {
            "text": [f"{NASTY} {i}" for i in range(n - 1)] + [None],
            "image": [Image.fromarray(each) for each in pixels],
            "audio": [tone] * n,
        }
    )


@pytest.fixture(scope="module", params=["classes", "numbers", "sets"])
def target(request):
    return request.param


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def html(target, language):
    return make_report(
        judged(target), table=table_of(), language=language, title=NASTY, command=NASTY, n_errors=6
    ).html


def test_the_page_is_well_formed_and_made_for_phones(html, language):
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[language]}]
    (viewport,) = [each["content"] for each in page.all("meta") if each.get("name") == "viewport"]
    assert "width=device-width" in viewport


def test_nothing_is_loaded_from_anywhere(html):
    page = Page(html)
    for tag, attrs in page.elements:
        for name in ("src", "href", "srcset", "poster", "data", "action"):
            value = attrs.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value[:60])
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_texts_of_rows_classes_groups_and_titles_are_text(html):
    page = Page(html)
    assert len(page.all("script")) == 1
    assert [
        attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)
    ] == []
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "evil.example" in page.text


def test_only_the_script_of_the_page_may_run(html):
    import base64
    import hashlib

    page = Page(html)
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv")]
    script = re.search(r"<script>(.*?)</script>\n</body>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_pictures_sounds_and_tables_can_be_read_by_all(html):
    page = Page(html)
    assert page.all("img")
    assert page.all("audio")
    assert all(each.get("alt") for each in page.all("img"))
    assert all(each.get("aria-label") for each in page.all("audio"))
    assert all(each.get("scope") for each in page.all("th"))
    assert all(each.get("aria-label") for each in page.all("svg"))
    headings = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert headings[0] == 1
    assert max(np.diff(headings)) == 1
    named = [each["aria-labelledby"] for each in page.all("section")]
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert set(named) <= set(ids)
    assert len(ids) == len(set(ids))


def test_links_lead_to_sections(html):
    page = Page(html)
    ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    assert {each["href"].removeprefix("#") for each in page.all("a")} <= ids


def test_the_page_stays_small():
    table = table_of(40)
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), dtype=np.uint8)
    table["image"] = [Image.fromarray(noise)] * 40
    report = make_report(judged("classes"), table=table, n_errors=40)
    assert len(report.html.encode()) < 5_000_000


def test_contents_are_left_out_where_asked():
    kept = make_report(judged("classes"), table=table_of(), content=False).html
    page = Page(kept)
    assert page.all("img") == page.all("audio") == []
    assert "left out" in page.text
    without = Page(make_report(judged("classes")).html)
    assert without.all("img") == []
    assert "without the table" in without.text


def test_a_table_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="one that was evaluated"):
        make_report(judged("classes"), table=table_of().head(10))


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match=r"one of \['en', 'zh'\]. Got 'de'"):
        make_report(judged("classes"), language="de")


def test_broken_cells_do_not_end_a_report():
    table = table_of()
    table["image"] = [b"no picture"] * len(table)
    table["text"] = "fine words of a row"
    text = Page(make_report(judged("classes"), table=table, estimator=_reads()).html).text
    assert "image: cannot be shown" in text


def _reads():
    return make_fusion(text=True, image=True, audio=True)


def test_a_report_is_saved_and_shown_in_a_notebook(tmp_path):
    report = make_report(judged("classes"))
    assert report.save(tmp_path / "r.html").read_text(encoding="utf-8") == report.html
    (frame,) = Page(report._repr_html_()).all("iframe")
    assert frame["srcdoc"] == report.html
    assert len(repr(report)) < 80


@pytest.mark.parametrize(
    ("ece", "chance", "excess", "said"),
    [
        (0.03, 0.02, 0.0, "can be taken as they are: on average they are off by 3\xa0%"),
        (0.11, 0.10, 0.0, "cannot be told from so few rows: on average they are off by 11\xa0%"),
        (0.11, 0.02, 0.01, "should not be taken as they are: on average they are off by 11\xa0%"),
        (0.11, 0.02, 0.10, "too high by 10\xa0%"),
    ],
)
def test_probabilities_are_trusted_by_their_error_beside_that_of_chance(ece, chance, excess, said):
    told = calibration(judged("classes").out_of_fold, "fusion")
    error = replace(told.ece, value=ece, low=ece - 0.01, high=ece + 0.01)
    found = replace(told, ece=error, by_chance=chance, excess=excess)
    assert said in sureness_in_words(found, Words("en"))


def test_groups_that_are_all_alike_are_not_said_to_differ():
    told = judged("classes")
    kept = told.out_of_fold
    right = {name: replace(each, labels=kept.truth) for name, each in kept.answers.items()}
    said = Page(make_report(replace(told, out_of_fold=replace(kept, answers=right))).html).text
    assert "In each of 4 groups the share of right answers is 100\xa0%." in said
    assert "100\xa0% (" not in said


def test_results_without_predictions_have_a_report():
    plain = Evaluation(9, {"fusion": {"accuracy": score(0.5)}}, 9, 0, 1.0, 2)
    assert "accuracy" in Page(make_report(plain).html).text


# -- words -----------------------------------------------------------------------------------------


def fields(sentence: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


NAMES = {
    "hybridsent",
    "Python",
    "UAR",
    "CCC",
    "ROC",
    "AUC",
    "Brier",
    "Shapley",
    "Acc",
    "SIMS",
    "TweetEval",
}
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_the_same(key):
    english, chinese = SENTENCES[key]
    assert set(fields(english)) == set(fields(chinese))
    assert not CHINESE.search(english)


@pytest.mark.parametrize(
    "words", [SENTENCES, METRICS, MODELS], ids=["sentences", "metrics", "models"]
)
def test_chinese_is_chinese_with_its_own_signs(words):
    for key, (_, chinese) in words.items():
        plain = re.sub(r"\{\w+\}|\[[^\]]*\]", "", chinese)
        if CHINESE.search(plain):
            assert not re.search(r"[,;:?!()]", plain), key
        english = re.findall(r"[A-Za-z]{3,}", plain)
        assert set(english) <= NAMES, key


def test_every_sentence_is_used():
    from package_tree import ROOT

    folder = ROOT / "evaluation" / "report"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file())
    made = (
        "facts.",
        "gains.",
        "how.",
        "check.",
        "curves.",
        "calibration.",
        "classes.",
    )  # by f"gains.{verdict}" and the like
    unused = [
        key
        for key in SENTENCES
        if len(re.findall(f"['\"]{re.escape(key)}['\"]", code)) < 2 and not key.startswith(made)
    ]
    assert unused == []


def test_a_page_in_chinese_has_no_english_but_names():
    page = Page(make_report(judged("classes"), language="zh", command="run").html)
    assert "A note of" in page.text
    left = set(re.findall(r"[A-Za-z]{2,}", page.own))
    names = {"fusion", "text", "dummy", "bad", "good", "accuracy", "own", "metric", "svg"}
    nasty = set(re.findall(r"[A-Za-z]{2,}", NASTY))
    packages = {"python", "numpy", "scikit", "learn", "pandas", "torch", "openvino", "transformers"}
    system = {platform.system().lower(), *re.findall(r"[a-z]+", platform.machine().lower())}
    left = {each.lower() for each in left} - {each.lower() for each in names | nasty | NAMES}
    assert left - packages - system <= {"run", "rc", "dev", "post", "cpu", "cu"}


# -- what is shown of a cell -----------------------------------------------------------------------


def test_small_copies_are_small_and_can_be_read():
    picture = _shown.picture(np.zeros((2000, 1000, 3), dtype=np.uint8))
    assert Image.open(io.BytesIO(picture.content)).size == (160, 320)
    sound = _shown.sound(
        (np.ones(44_100 * 30, dtype="float32") * np.sin(np.arange(44_100 * 30)), 44_100)
    )
    assert sound.cut
    assert len(sound.content) < 60_000
    from hybridsent.media import load_audio

    assert len(load_audio(sound.content)) / 16_000 == pytest.approx(10, abs=0.2)


def test_a_clip_is_played_with_its_sound():
    from hybridsent.media import load_audio, load_frames

    shown = _shown.clip(contained("mp4"))
    assert (shown.kind, shown.mime) == ("clip", "video/webm")
    assert len(load_frames(shown.content)) > 2
    assert len(load_audio(shown.content)) > 4_000
    assert max(load_frames(shown.content)[0].size) <= 240


def test_a_photograph_loses_what_its_camera_wrote():
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "my home"
    Image.new("RGB", (30, 20)).save(held, "JPEG", exif=exif)
    assert b"my home" in held.getvalue()
    assert b"my home" not in _shown.picture(held.getvalue()).content


# -- the card --------------------------------------------------------------------------------------


def test_a_card_has_its_sections_and_no_rows(target, language):
    card = model_card(judged(target), command="hybridsent evaluate t.csv", language=language)
    headings = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert len(headings) >= 6
    assert headings == [each for each in headings if CHINESE.search(each)] or language == "en"
    assert "hybridsent evaluate t.csv" in card
    assert card.startswith("---\nlibrary_name: hybridsent\n")


def test_a_card_quotes_what_could_be_markup(target):
    card = model_card(judged(target), title="<script>|`x`", intended_use="[a](http://b)")
    body = card.split("---\n", 2)[2]
    assert "<script" not in body
    assert not re.search(r"(?<!\\)\]\(", body)
    widths = [line.count(" | ") for line in body.splitlines() if line.startswith("| ")]
    assert widths


def test_every_row_of_a_table_of_a_card_has_the_cells_of_its_heading(target):
    lines = model_card(judged(target)).splitlines()
    for i, line in enumerate(lines):
        if line.startswith("| ---"):
            width = len(re.findall(r"(?<!\\)\|", line))
            rows = lines[i - 1 :]
            for row in rows[: next(k for k, each in enumerate(rows) if not each)]:
                assert len(re.findall(r"(?<!\\)\|", row)) == width


def test_the_files_of_the_page_are_package_data():
    from importlib.resources import files

    from package_tree import ROOT

    here = files("hybridsent.evaluation.report")
    for name in ("page.html", "page.css", "page.js"):
        assert here.joinpath(name).read_text(encoding="utf-8")
        assert (ROOT / "evaluation" / "report" / name).is_file()
    ignored = (ROOT.parent / ".gitignore").read_text(encoding="utf-8").split()
    assert not {"*.html", "*.css", "*.js"} & set(ignored)  # what git ignores, no wheel has
