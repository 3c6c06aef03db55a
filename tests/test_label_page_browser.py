"""The page to label on in a real browser; left out where no Chromium is installed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from test_report_browser import LUMINANCE

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("uvicorn")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]

ROWS = 400
CHANGED = "name => document.getElementById('h-row').textContent !== name"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def table_in(folder):
    """Make a table with texts, pictures and sounds, and features of them."""
    random = np.random.default_rng(0)
    for i in range(6):
        shade = tuple(random.integers(0, 255, 3).tolist())
        Image.new("RGB", (200, 120 + i), shade).save(folder / f"{i}.jpg")
        soundfile.write(folder / f"{i}.wav", np.sin(np.arange(16_000) / (9 + i)) / 2, 16_000)
    table = pd.DataFrame(
        {
            "text": [f"<b>Post</b> number {i} is here to be read & judged" for i in range(ROWS)],
            "image": [f"{i % 6}.jpg" for i in range(ROWS)],
            "audio": [f"{i % 6}.wav" for i in range(ROWS)],
        }
    )
    names = [f"text__{i}" for i in range(4)]
    table[names] = random.normal(size=(ROWS, 4))
    table.to_csv(folder / "posts.csv", index=False)
    return folder


@pytest.fixture
def folder(tmp_path):
    return table_in(tmp_path)


class Server:
    """`hybridsent label` in a process of its own."""

    def __init__(self, folder, *options: str) -> None:
        line = [
            sys.executable,
            "-m",
            "hybridsent",
            "label",
            str(folder / "posts.csv"),
            "--features",
        ]
        line += ["--target", "mood", "--classes", "bad,good,so so", "--no-browser", *options]
        self.process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self.urls: list[str] = []
        for text in self.process.stderr:
            self.said.append(text)
            self.urls += re.findall(r"http://\S+", text)
            if "every label is kept" in text:
                break
        assert self.urls, self.said
        self._rest = threading.Thread(target=self._read, daemon=True)
        self._rest.start()

    def _read(self) -> None:
        self.said += list(self.process.stderr)

    def end(self, how=signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        self._rest.join(10)
        self.process.stderr.close()
        return code


@pytest.fixture
def served(folder):
    started = []

    def start(*options: str) -> Server:
        started.append(Server(folder, *options))
        return started[-1]

    yield start
    for each in started:
        each.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """Start one server for tests that leave it as it is, each with an annotator of its own."""
    server = Server(table_in(tmp_path_factory.mktemp("standing")), "--overlap", "0")
    yield server
    server.end(signal.SIGKILL)


@pytest.fixture
def address(standing, request):
    return standing.urls[0].replace(
        "who=me", f"who={request.node.name[5:40].partition('[')[0]}{os.urandom(2).hex()}"
    )


@pytest.fixture
def opened(browser):
    """Open an address in a context of its own; whatever goes wrong is kept."""
    contexts = []

    def at(url: str, width: int = 1200, scheme: str = "light", context=None):
        if context is None:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: r.url.startswith(url.split("?")[0]) or wrong.append(r.url))
        page.goto(url)
        page.wait_for_selector("#pieces > *")
        return page, wrong

    yield at
    for context in contexts:
        context.close()


def press(page, key: str) -> None:
    """Press a key that answers, and wait for the next row."""
    before = page.inner_text("#h-row")
    page.keyboard.press(key)
    page.wait_for_function(CHANGED, arg=before, timeout=20_000)


def done(page) -> int:
    return int(page.get_attribute("#track", "aria-valuenow"))


def mine(page) -> int:
    """Ask the server how many labels the annotator of a page gave."""
    return page.evaluate(
        "async () => (await (await fetch('/api/progress' + location.search)).json()).mine.labels"
    )


@pytest.mark.slow
def test_thirty_labels_by_keyboard_outlive_a_killed_server(served, opened, folder):
    server = served()
    page, wrong = opened(server.urls[0])
    assert "token" not in page.url
    for i in range(15):
        assert page.evaluate("document.querySelectorAll('#pieces img, #pieces audio').length") == 2
        press(page, "123"[i % 3])
    page.wait_for_function("() => document.querySelector('#pieces img').naturalWidth > 0")
    page.wait_for_function("() => document.querySelector('#pieces audio').duration > 0.5")
    assert page.inner_text("#pieces blockquote").startswith("<b>Post</b>")
    assert wrong == []
    server.end(signal.SIGKILL)
    page.keyboard.press("2")  # nobody is there to take it
    page.wait_for_selector("#trouble:not([hidden])")
    assert "kept here" in page.inner_text("#trouble")
    again = served()
    assert "15 of 400 rows have a label\n" in again.said
    page, wrong = opened(again.urls[0], context=page.context)
    # the answer that nobody took was kept in the browser, and is sent once
    page.wait_for_function(
        "() => document.getElementById('track').getAttribute('aria-valuenow') === '16'"
    )
    for i in range(14):
        press(page, "gbs"[i % 3] if i % 2 else "123"[i % 3])
    assert done(page) == 30
    assert wrong == []
    assert again.end() == 0
    written = pd.read_csv(folder / "posts-labelled.csv")
    assert written.mood.notna().sum() == 30
    assert len(written) == ROWS
    lines = (folder / "posts-labelled.csv.labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 31
    assert any("next: hybridsent evaluate" in line for line in again.said)
    assert pd.read_csv(folder / "posts.csv").columns.tolist()[-1] == "text__3"


def test_two_annotators_at_once(served, opened, folder):
    server = served("--annotator", "anna", "--annotator", "ben", "--overlap", "0.3")
    assert len(server.urls) == 2
    anna, wrong = opened(server.urls[0])
    ben, more_wrong = opened(server.urls[1])
    assert (anna.inner_text("#who"), ben.inner_text("#who")) == ("anna", "ben")
    for i in range(12):
        press(anna, "12"[i % 2])
        press(ben, "12"[i % 2])
    assert wrong == more_wrong == []
    assert server.end(signal.SIGTERM) == 0
    written = pd.read_csv(folder / "posts-labelled.csv")
    assert (written.mood_anna.notna().sum(), written.mood_ben.notna().sum()) == (12, 12)
    both = (written.mood_anna.notna() & written.mood_ben.notna()).sum()
    assert both >= 1
    assert written.mood.notna().sum() == 24 - both


def test_undo_skip_flag_note_and_not_knowing_by_keys(served, opened, folder):
    server = served()
    page, wrong = opened(server.urls[0])
    first = page.inner_text("#h-row")
    press(page, "2")
    page.keyboard.press("!")
    page.wait_for_selector("#marks .tag")
    page.keyboard.press(".")
    page.keyboard.type("was it meant? 1")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.querySelectorAll('#marks .tag').length === 2")
    press(page, "?")
    press(page, "ArrowRight")
    for _ in range(3):
        press(page, "Backspace")
    assert page.inner_text("#h-row") == first
    assert done(page) == 0
    assert page.is_disabled("#undo")
    press(page, "1")
    assert done(page) == 1
    assert wrong == []
    page.click("#save")
    page.wait_for_function("() => document.getElementById('saved').textContent.startsWith('Saved')")
    notes = pd.read_csv(folder / "posts-labelled-notes.csv")
    assert notes.note.tolist() == ["was it meant? 1"]
    assert notes.flagged.tolist() == [True]
    server.end()


def test_a_lost_network_keeps_the_answer_and_sends_it_once(address, opened):
    page, _ = opened(address)
    press(page, "1")
    before = page.inner_text("#h-row")
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.wait_for_selector("#trouble:not([hidden])")
    page.keyboard.press("2")  # one answer is on its way: no other one is taken
    assert page.inner_text("#h-row") == before
    page.context.set_offline(False)
    page.wait_for_function(CHANGED, arg=before, timeout=30_000)
    assert mine(page) == 2
    assert page.is_hidden("#trouble")


def test_a_second_tab_and_the_back_button_show_the_row_of_now(address, opened):
    one, _ = opened(address)
    two, _ = opened(address, context=one.context)
    assert one.inner_text("#h-row") == two.inner_text("#h-row")
    press(one, "1")
    two.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    two.wait_for_function(
        f"() => document.getElementById('h-row').textContent === '{one.inner_text('#h-row')}'"
    )
    shown = one.inner_text("#h-row")
    one.goto("about:blank")
    one.go_back()
    one.wait_for_selector("#pieces > *")
    assert one.inner_text("#h-row") == shown
    press(one, "1")
    assert mine(one) == 2


def test_whoever_has_no_token_sees_nothing(standing, browser):
    page = browser.new_page()
    address = standing.urls[0].split("?")[0]
    assert page.goto(address).status == 403
    assert page.goto(address + "?token=wrong").status == 403
    page.close()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 390), ("dark", 320)]
)
def test_it_can_be_read_and_fits_the_screen(address, opened, scheme, width):
    page, wrong = opened(address, width, scheme)
    for i in range(12):
        press(page, "12"[i % 2])
    page.wait_for_selector("#curve svg", timeout=30_000)
    page.click("#flag")
    page.wait_for_selector("#marks .tag")
    page.evaluate("document.querySelectorAll('aside details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    more = "#trouble, kbd, label, legend, select, summary, .void, .broken, .column, #count"
    assert page.evaluate(LUMINANCE.replace(".tag'", f".tag, {more}'")) == []
    small = """[...document.querySelectorAll('#answer button, aside select')].filter(e => e.offsetWidth)
      .filter(e => e.getBoundingClientRect().height < 40 || e.getBoundingClientRect().width < 40).length"""
    assert page.evaluate(small) == 0
    assert wrong == []


def test_a_screen_reader_is_told_what_is_there(address, opened):
    page, _ = opened(address)
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("complementary", name="How far it is").count() == 1
    assert page.get_by_role("group", name="Choose a label").get_by_role("button").count() == 3
    # what is on a button besides its name is for the eyes
    assert page.get_by_role("button", name="so so", exact=True).count() == 1
    assert page.get_by_role("progressbar", name="Rows that have a label").count() == 1
    assert re.match(r"Row \d+\. <b>Post", page.inner_text("#live"))
    assert "A picture." in page.inner_text("#live")
    press(page, "1")
    assert page.inner_text("#live").startswith(page.inner_text("#h-row"))
    bare = """[...document.querySelectorAll('button, input, select, textarea, audio, img')].filter(e =>
      !(e.textContent.trim() || e.alt || e.getAttribute('aria-label') || (e.labels && e.labels.length))).length"""
    assert page.evaluate(bare) == 0
    seen = []
    for _ in range(30):  # a player has several stops of its own
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("(e => e.id || e.dataset.name || e.innerText)(document.activeElement)")
        )
    stops = [name.split("\n")[0] for name in dict.fromkeys(seen) if name]
    expected = [
        "Go to the answers",
        "Annotator: me",
        "Dark",
        "bad",
        "good",
        "so so",
        "undo",
        "skip",
    ]
    shown = [each for each in stops if not each.startswith("Annotator")]
    assert [each.split(" ")[0] for each in shown[:7]] == [
        each.split(" ")[0] for each in expected if not each.startswith("Annotator")
    ]
    with_sound = page.evaluate("document.querySelector('#pieces audio').getAttribute('aria-label')")
    assert with_sound == "Sound in audio"


def test_the_space_bar_plays_and_never_answers(address, opened):
    page, _ = opened(address)
    page.click("#choices button >> nth=1")
    page.wait_for_function("() => !document.getElementById('undo').disabled")
    page.wait_for_function("() => document.querySelector('#pieces audio').readyState > 0")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.querySelector('#pieces audio').currentTime > 0.05")
    assert mine(page) == 1


def test_keys_can_be_switched_off(address, opened):
    page, _ = opened(address)
    before = page.inner_text("#h-row")
    page.uncheck("#keyed")
    page.keyboard.press("1")
    page.wait_for_timeout(300)
    assert page.inner_text("#h-row") == before
    page.reload()
    page.wait_for_selector("#pieces > *")
    assert not page.is_checked("#keyed")


def test_the_guess_is_hidden_until_it_is_asked_for(address, opened):
    page, _ = opened(address)
    for i in range(12):
        press(page, "12"[i % 2])
        assert page.is_hidden("#guess")
    page.select_option("#guessing", "before")
    page.wait_for_selector("#guess:not([hidden])")
    assert "The model thinks" in page.inner_text("#guess")
    page.select_option("#guessing", "after")
    assert page.is_hidden("#guess")
    page.keyboard.press("1")
    page.wait_for_selector("#guess:not([hidden])")
    assert "Of the row before" in page.inner_text("#guess")


def test_what_the_server_refuses_is_told_and_does_not_stay(address, opened):
    page, _ = opened(address)
    before = page.inner_text("#h-row")
    page.route("**/api/do", lambda route: route.fulfill(status=400, json={"error": "No such row."}))
    page.keyboard.press("1")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble") == "Not taken: No such row."
    page.unroute("**/api/do")
    assert page.inner_text("#h-row") == before
    press(page, "1")
    assert page.is_hidden("#trouble")
    assert mine(page) == 1
    assert page.evaluate("Object.keys(localStorage).filter(n => n.includes(':event:')).length") == 0


def test_all_rows_done_is_said_and_undo_still_works(served, opened, folder):
    few = pd.read_csv(folder / "posts.csv")[:4]
    few.to_csv(folder / "posts.csv", index=False)
    server = served()
    page, wrong = opened(server.urls[0])
    for key in "1231":
        press(page, key)
    assert page.inner_text("#h-row") == "Done"
    assert "Every row has a label" in page.inner_text("#live")
    assert page.is_disabled("#choices button >> nth=0")
    press(page, "Backspace")
    press(page, "2")
    assert page.inner_text("#h-row") == "Done"
    assert wrong == []
