"""The page of a timeline in a browser without a network; left out where no Chromium is installed."""

from __future__ import annotations

import shutil

import pytest
from films import talk

from hybridsent._notes import in_chinese
from hybridsent.scoring import Answers
from hybridsent.timeline import score_timeline
from hybridsent.timeline._sentences import SENTENCES

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
LENGTH = 60


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Score a talk with a model that is quick: it takes level for mood."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from test_timeline import KINDS, RATE, tone

    from hybridsent import make_fusion

    folder = tmp_path_factory.mktemp("talk")
    rng = np.random.default_rng(0)
    cells = [(tone(kind, 1, rng), RATE) for kind in KINDS * 6]
    table = pd.DataFrame({"audio": pd.Series(cells, dtype=object)})
    model = make_fusion(audio="audio/egemaps-v02", store=None, classifier=LogisticRegression())
    model.fit(table, list(KINDS) * 6)
    path = talk(folder / "talk.wav", [("negative", 20), (None, 8), ("positive", 32)])
    (folder / "talk.srt").write_text(
        "1\n00:00:01,000 --> 00:00:09,000\nANNA: </script><b>no</b> & never\n\n"
        "2\n00:00:30,000 --> 00:00:40,000\n小明：太好了！\n",
        encoding="utf-8",
    )
    found = score_timeline(path, model, window=2, hop=1)
    assert isinstance(found.answers, Answers)
    return found


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def shown(browser, line, tmp_path):
    opened = []

    def at(width=1200, scheme="light", embed=8.0, language="en", file="page.html"):
        path = tmp_path / file
        line.to_html(beside=path, embed=embed, language=language).save(path)
        context = browser.new_context(
            viewport={"width": width, "height": 850}, color_scheme=scheme, offline=True
        )
        opened.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url),
        )
        page.goto(path.as_uri())
        until(page, "document.getElementById('player').readyState > 0")
        return page, wrong

    yield at
    for context in opened:
        context.close()


def time_of(page):
    return page.evaluate("document.getElementById('player').currentTime")


def until(page, condition):
    """Wait for something; the page's policy lets nobody evaluate texts again and again in it."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def value_of(page):
    return float(page.get_attribute("#chart", "aria-valuenow"))


@pytest.mark.parametrize(
    ("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light"), (320, "dark")]
)
def test_nothing_fails_and_nothing_is_wider_than_the_screen(shown, width, scheme):
    page, wrong = shown(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []
    assert page.inner_text("#title") == "Timeline of talk.wav"
    assert page.locator("#chart .turn").count() == 2
    assert page.locator("#speakers tbody tr").count() == 2


@pytest.mark.parametrize("embed", [8.0, 0.0])
def test_a_click_on_the_curve_goes_there_and_the_line_follows(shown, embed):
    page, wrong = shown(embed=embed)
    box = page.locator("#chart").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 80)
    page.wait_for_timeout(200)
    there = time_of(page)
    assert 25 < there < 45
    assert value_of(page) == pytest.approx(there, abs=0.2)
    page.evaluate("document.getElementById('player').currentTime = 12")
    until(
        page, "Math.abs(+document.getElementById('chart').getAttribute('aria-valuenow') - 12) < .2"
    )
    x = float(page.get_attribute("#chart .cursor", "x1"))
    page.keyboard.press("ArrowRight")
    assert float(page.get_attribute("#chart .cursor", "x1")) > x
    assert wrong == []


def test_keys_go_through_time_and_moments(shown, line):
    page, wrong = shown()
    page.focus("#chart")
    page.keyboard.press("ArrowRight")
    assert value_of(page) == pytest.approx(1, abs=0.1)
    page.keyboard.press("PageUp")
    assert value_of(page) == pytest.approx(11, abs=0.1)
    page.keyboard.press("End")
    assert value_of(page) == pytest.approx(LENGTH, abs=0.2)
    page.keyboard.press("Home")
    page.keyboard.press("n")
    assert value_of(page) == pytest.approx(line.peaks[0].time, abs=0.2)
    page.keyboard.press("+")
    assert not page.is_disabled("#whole")
    page.keyboard.press("End")  # the part that is shown follows
    cursor = float(page.get_attribute("#chart .cursor", "x1"))
    assert cursor < page.locator("#chart").bounding_box()["width"]
    page.click("#whole")
    page.focus("#chart")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    until(page, "!document.getElementById('player').paused")
    until(page, "+document.getElementById('chart').getAttribute('aria-valuenow') > .2")
    page.keyboard.press(" ")
    until(page, "document.getElementById('player').paused")
    assert wrong == []


def test_both_languages_are_there_and_words_of_others_are_texts(shown, line):
    page, wrong = shown(language="zh")
    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert page.inner_text("#h-who") == "谁在说话"
    noted = page.locator("#notes li")
    assert line.notes
    assert noted.all_inner_texts() == [in_chinese(each) for each in line.notes]
    assert {each.get_attribute("lang") for each in noted.all()} == {"zh-Hans"}
    page.click("#language")
    assert page.inner_text("#h-who") == "Who spoke"
    assert noted.all_inner_texts() == line.notes
    assert {each.get_attribute("lang") for each in noted.all()} == {"en"}
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.evaluate("document.getElementById('player').currentTime = 4")
    until(page, "document.getElementById('now').textContent.includes('never')")
    assert "no & never" in page.inner_text("#now")
    assert page.locator("#now b b").count() == 0
    assert wrong == []


def test_a_recording_that_is_gone_leaves_the_curve(browser, line, tmp_path):
    from dataclasses import replace

    gone = replace(line, file=str(tmp_path / "gone.wav"))
    gone.to_html(beside=tmp_path / "p.html").save(tmp_path / "p.html")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "p.html").as_uri())
    page.wait_for_selector("#unplayable:not([hidden])")
    page.focus("#chart")
    page.keyboard.press("PageUp")
    assert value_of(page) == pytest.approx(10, abs=0.1)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(shown, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page, _ = shown(scheme=scheme)
    found = axe.Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], [
        (each["id"], [n["html"][:90] for n in each["nodes"][:3]]) for each in serious
    ]


def test_sentences_have_the_same_places_in_both_languages():
    import re

    for key, (english, chinese) in SENTENCES.items():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", chinese)), key


def test_wrong_parameters_of_the_page_are_refused(line):
    with pytest.raises(ValueError, match="The language parameter must be one of"):
        line.to_html(language="de")
    with pytest.raises(ValueError, match="The embed parameter must be megabytes"):
        line.to_html(embed=-1)
