"""The page of `hybridsent serve` in a real browser; left out where no Chromium is installed."""

from __future__ import annotations

import io
import json
import re
import shutil
import threading
import time
import urllib.request
import wave

import pytest
from serve_page_model import fitted, installed_fakes, picture, sound
from test_report_browser import LUMINANCE

playwright = pytest.importorskip("playwright.sync_api")
uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")
pytest.importorskip("mapie", reason="MAPIE is an extra: conformal")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
FAKE_MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT = "rgb(246, 247, 248)"
TOKEN = "a-long-and-secret-token"
IMAGE = {"name": "lobby.png", "mimeType": "image/png", "buffer": picture()}
SOUND = {"name": "voice.wav", "mimeType": "audio/wav", "buffer": sound()}


class Server:
    """A server in a thread, which ends with the test."""

    def __init__(self, model, **options) -> None:
        from hybridsent.scoring import Scorer
        from hybridsent.serve import make_app

        app = make_app(Scorer(model, name="reviews"), log=None, **options)
        self.rows: list[dict] = []
        service, answer = app.state.service, app.state.service.answer

        async def watched(rows, **how):
            self.rows += [row.cells for row in rows]
            return await answer(rows, **how)

        service.answer = watched
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.02)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        for _ in range(600):
            try:
                with urllib.request.urlopen(self.url + "ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def end(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def model():
    with installed_fakes():
        yield fitted()


@pytest.fixture(scope="module")
def server(model):
    started = Server(model)
    yield started
    started.end()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *FAKE_MICROPHONE])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, server):
    """Open the page in a context of its own; whatever goes wrong, or elsewhere, is kept."""
    contexts = []
    found = {"errors": [], "elsewhere": []}

    def at(width=1200, scheme="light", locale="en-US", url=None, wait=True):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda m: m.type in ("error", "warning") and found["errors"].append(m.text)
        )
        page.on("pageerror", lambda error: found["errors"].append(str(error)))
        page.on(
            "request",
            lambda r: (
                r.url.startswith(((url or server.url).partition("?")[0], "blob:", "data:"))
                or found["elsewhere"].append(r.url)
            ),
        )
        page.goto(url or server.url)
        if wait:
            page.wait_for_selector("#fields .field")
        return page

    at.found = found
    yield at
    for context in contexts:
        context.close()
    assert not found["elsewhere"]
    assert not found["errors"]


def ask(page, text=None):
    if text is not None:
        page.fill("textarea", text)
    n = page.locator("#past li").count()
    page.click("#send")
    page.wait_for_function("n => document.querySelectorAll('#past li').length > n", arg=n)


def give(page):
    page.set_input_files("[data-field=image] input[type=file]", IMAGE)
    page.set_input_files("[data-field=audio] input[type=file]", SOUND)


# -- what is asked and told -----------------------------------------------------------------------


def test_a_text_a_picture_and_a_sound_are_sent_as_they_are_and_the_answer_is_told(opened, server):
    page = opened()
    give(page)
    page.fill("textarea", "The room was lovely")
    with page.expect_response("**/predict*") as told:
        page.click("#send")
    answer = told.value.json()
    assert server.rows[-1] == {
        "text": "The room was lovely",
        "image": IMAGE["buffer"],
        "audio": SOUND["buffer"],
    }
    assert not answer["missing"]
    page.wait_for_selector("#result .said")
    assert page.inner_text(".said strong") == str(answer["prediction"])
    shown = page.locator("#result table.bars")
    chances, views = shown.nth(0), shown.nth(1)
    assert chances.locator("tbody tr").count() == len(answer["probabilities"]) == 3
    assert views.locator("tbody th").all_inner_texts() == list(answer["views"])
    widths = page.evaluate(
        "[...document.querySelectorAll('#result table.bars')][1].querySelectorAll('i')"
        ".values().map(i => parseFloat(i.style.width)).toArray()"
    )
    shares = [100 * view["share"] for view in answer["views"].values()]
    assert widths == pytest.approx(shares, abs=0.06)
    assert "90% coverage" in page.inner_text("#result")
    assert page.locator("#fields img").evaluate("img => img.complete && img.naturalWidth") == 24


def test_what_is_missing_is_said_and_only_what_the_model_has_is_asked_for(opened):
    page = opened()
    assert page.locator(".name label").all_inner_texts() == ["text", "image", "audio"]
    ask(page, "The film was okay")
    told = page.inner_text("#result")
    assert "Missing: image, audio. The model answers from the rest." in told
    assert page.locator("#result tr.gone").count() == 2


def test_a_conformal_set_of_several_is_listed_with_what_it_means(opened):
    page = opened()
    answer = {
        "prediction": "neutral",
        "probabilities": {"negative": 0.3, "neutral": 0.4, "positive": 0.3},
        "views": {"text": {"share": 1.0, "change": 0.1, "missing": False}},
        "set": ["neutral", "<b>positive</b>"],
        "interval": None,
        "coverage": 0.9,
        "missing": [],
        "notes": ["The 'text' is in Chinese characters, and text/minilm reads English alone."],
    }
    page.route("**/predict*", lambda route: route.fulfill(json=answer))
    ask(page, "anything")
    assert page.locator(".set li").all_inner_texts() == ["neutral", "<b>positive</b>"]
    assert "none of these can be ruled out" in page.inner_text("#result")
    assert "text is in Chinese characters" in page.inner_text(".notes")
    answer |= {"prediction": 3.2, "probabilities": None, "set": None, "interval": [2.5, 4.0]}
    ask(page)
    assert page.inner_text(".said strong") == "3.2"
    assert "Between 2.5 and 4." in page.inner_text("#result")


def test_an_input_takes_the_files_of_its_modality_and_media_that_hold_such(opened):
    page = opened()
    image, audio = (
        set(page.get_attribute(f"[data-field={name}] input[type=file]", "accept").split(","))
        for name in ("image", "audio")
    )
    assert {".png", ".heic", ".mp4", "image/*", "video/*"} <= image
    assert {".wav", ".mp3", ".mp4", "audio/*", "video/*"} <= audio
    assert not {".wav", "audio/*"} & image
    assert not {".png", "image/*"} & audio
    film = {"name": "talk.mp4", "mimeType": "video/mp4", "buffer": b"no film"}
    page.set_input_files("[data-field=audio] input[type=file]", film)
    assert page.locator("[data-field=audio] .filename").inner_text().startswith("talk.mp4")
    page.wait_for_selector("[data-field=audio] .preview p")  # the browser cannot show it
    page.click("#send")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble").startswith("The server cannot read an input.")
    assert page.evaluate("document.activeElement.closest('.field').dataset.field") == "audio"
    assert page.input_value("textarea") == ""
    opened.found["errors"].clear()  # Chromium tells of the answer 422


def test_files_are_dropped_on_the_page_and_pictures_pasted(opened):
    page = opened()
    made = """([name, type, bytes]) => { const held = new DataTransfer();
        held.items.add(new File([new Uint8Array(bytes)], name, {type})); return held; }"""
    for name, kind, content in (("a.wav", "audio/wav", sound()), ("a.png", "image/png", picture())):
        held = page.evaluate_handle(made, [name, kind, list(content)])
        page.dispatch_event("#h-input", "drop", {"dataTransfer": held})
    assert page.locator("[data-field=audio] .filename").inner_text().startswith("a.wav")
    assert page.locator("[data-field=image] .filename").inner_text().startswith("a.png")
    page.click("[data-field=image] .preview button")
    held = page.evaluate_handle(made, ["image.png", "image/png", list(picture())])
    page.evaluate("held => dispatchEvent(new ClipboardEvent('paste', {clipboardData: held}))", held)
    assert page.locator("[data-field=image] .filename").inner_text().startswith("image.png")
    held = page.evaluate_handle(made, ["a.exe", "application/x-msdownload", [1, 2]])
    page.dispatch_event("#h-input", "drop", {"dataTransfer": held})
    assert page.inner_text("#trouble") == "No input of this model takes a.exe."


def test_sound_of_the_microphone_is_sent_as_wav(opened, server):
    page = opened()
    page.click(".record")
    page.wait_for_selector(".record.on")
    page.wait_for_timeout(700)
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-field=audio] audio")
    with page.expect_response("**/predict*") as told:
        page.click("#send")
    assert told.value.ok
    with wave.open(io.BytesIO(server.rows[-1]["audio"])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert 0.3 < file.getnframes() / 16_000 < 5
    assert "audio" not in told.value.json()["missing"]


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            "throw new DOMException('no', 'NotAllowedError')",
            "was not allowed to use the microphone",
        ),
        ("throw new DOMException('no', 'NotFoundError')", "No microphone was found"),
        ("throw new DOMException('no', 'NotReadableError')", "Recording failed (NotReadableError)"),
    ],
)
def test_a_browser_that_refuses_the_microphone_is_told_of(opened, why, said):
    page = opened()
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = async () => {{ {why} }}; }}")
    page.click(".record")
    page.wait_for_selector("#trouble:not([hidden])")
    assert said in page.inner_text("#trouble")


# -- the list ---------------------------------------------------------------------------------------


def test_what_was_asked_is_listed_asked_again_and_forgotten(opened):
    page = opened()
    give(page)
    ask(page, "The food was awful")
    page.click("#clear")
    ask(page, "The film was okay")
    assert page.locator("#past .what").all_inner_texts() == [
        "The film was okay",
        "The food was awful · lobby.png · voice.wav",
    ]
    first = page.locator("#past .tag").nth(1).inner_text()
    page.locator("#past button").nth(1).click()
    page.wait_for_function("() => document.querySelectorAll('#past li').length === 3")
    assert page.input_value("textarea") == "The food was awful"
    assert page.locator("#past .tag").nth(0).inner_text() == first
    page.click("#forget")
    assert page.locator("#past li").count() == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.reload()
    page.wait_for_selector("#fields .field")
    assert page.input_value("textarea") == ""


# -- keys, language, light and dark --------------------------------------------------------------


def test_all_can_be_done_by_keys_and_the_focus_is_seen(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.keyboard.type("The phone was great")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result .said")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"  # no focus is stolen
    page.wait_for_function(
        "() => document.getElementById('live').textContent.startsWith('Answer:')"
    )
    page.keyboard.press("Alt+a")
    assert page.evaluate("document.activeElement.id") == "answer"
    page.keyboard.press("Alt+2")
    assert page.evaluate("document.activeElement.closest('.field').dataset.field") == "image"
    met = []
    for _ in range(12):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert [name for name in met if name in ("record", "send", "clear", "forget")] == [
        "record",
        "send",
        "clear",
        "forget",
    ]
    page.keyboard.press("Alt+n")
    assert page.input_value("textarea") == ""
    page.keyboard.press("Control+Enter")
    assert "Enter at least one of the inputs." in page.inner_text("#trouble")


def test_chinese_is_that_of_the_browser_can_be_changed_and_is_remembered(opened):
    page = opened(locale="zh-CN")
    assert page.inner_text("#send").startswith("提问")
    ask(page, "The film was okay")
    left = page.evaluate(
        "[...document.querySelectorAll('[data-t]')].filter(e => /^[A-Za-z ,.]{4,}$/.test(e.textContent))"
        ".map(e => e.dataset.t)"
    )
    assert left == []
    assert page.get_attribute("html", "lang") == "zh"
    assert "覆盖率" in page.inner_text("#result")
    page.click("#language")
    assert page.inner_text("h1") == "What is the sentiment?"
    assert page.input_value("textarea") == "The film was okay"
    assert "coverage" in page.inner_text("#result")
    page.reload()
    page.wait_for_selector("#fields .field")
    assert page.inner_text("h1") == "What is the sentiment?"


def test_every_sentence_is_there_in_both_languages(opened):
    page = opened()
    code = page.evaluate("fetch('/words.js').then(r => r.text())")
    keys = set(re.findall(r"^  (\w+): \[", code, re.M))
    used = set(re.findall(r"data-t=\"(\w+)\"", page.content()))
    for name in ("page.js", "fields.js", "answer.js", "recorder.js"):
        text = page.evaluate(f"fetch('/{name}').then(r => r.text())")
        used |= set(re.findall(r"\bt\(\"(\w+)\"[,)]", text))
        used |= set(re.findall(r"Refused\(\"(\w+)\"", text))
    assert used <= keys
    assert code.count('": [') == 0
    pairs = re.findall(r"^  (\w+): \[\s*(\".*?\"),\s*(\".*?\")\s*\]", code, re.M | re.S)
    assert {name for name, *_ in pairs} == keys
    for name, english, chinese in pairs:
        holes = [sorted(re.findall(r"\{(\w+)\}", each)) for each in (english, chinese)]
        assert holes[0] == holes[1], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390, 320])
def test_nothing_stands_over_the_edge_and_axe_finds_nothing_serious(opened, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(width, scheme)
    give(page)
    ask(page, "A" * 300)
    page.click("#keys summary")
    page.fill("textarea", "B" * 19_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LUMINANCE) == []
    assert page.evaluate(BACKGROUND) == ("rgb(18, 21, 25)" if scheme == "dark" else LIGHT)
    found = axe.run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_the_button_changes_light_and_dark_and_it_is_remembered(opened):
    page = opened()
    assert page.evaluate(BACKGROUND) == LIGHT
    page.click("#theme")
    assert page.evaluate(BACKGROUND) != LIGHT
    page.reload()
    page.wait_for_selector("#fields .field")
    assert page.evaluate(BACKGROUND) != LIGHT


# -- errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (413, "This is more than the server takes."),
        (422, "The server cannot read an input."),
        (429, "The server is asked too much just now. Try again in 3 s."),
        (500, "The server failed."),
        (503, "The server is not ready. Try again in 3 s."),
    ],
)
def test_what_the_server_refuses_is_said_in_words_and_the_input_stays(opened, status, said):
    page = opened()
    body = {"code": "x", "error": "So much <i>more</i>.", "request_id": "0123", "field": "text"}
    headers = {"retry-after": "3"} if status in (429, 503) else {}
    page.route("**/predict*", lambda r: r.fulfill(status=status, json=body, headers=headers))
    page.fill("textarea", "The film was okay")
    page.click("#send")
    page.wait_for_selector("#trouble:not([hidden])")
    told = page.inner_text("#trouble")
    assert told.startswith(said)
    assert "So much <i>more</i>." in told
    assert ("0123" in told) == (status >= 500)
    assert page.input_value("textarea") == "The film was okay"
    assert page.get_attribute("#trouble", "role") == "alert"
    assert all(str(status) in error for error in opened.found["errors"])
    opened.found["errors"].clear()  # Chromium tells of every such answer


def test_what_is_too_large_is_not_sent(opened):
    page = opened()
    sent = []
    page.on("request", lambda request: "predict" in request.url and sent.append(request.url))
    page.evaluate(
        """() => { const held = new DataTransfer();
        held.items.add(new File([new Uint8Array(17 * 2 ** 20)], 'big.png', {type: 'image/png'}));
        const box = document.querySelector('[data-field=image] input');
        box.files = held.files; box.dispatchEvent(new Event('change')); }"""
    )
    page.click("#send")
    assert "the server takes at most 17 MB" in page.inner_text("#trouble")
    page.click("#clear")
    page.fill("textarea", "B" * 20_001)
    assert page.inner_text(".left") == "1 characters too many"
    page.click("#send")
    assert "longer than 20000 characters" in page.inner_text("#trouble")
    assert not sent


def test_a_server_that_ends_is_told_of(opened, model):
    other = Server(model)
    page = opened(url=other.url)
    other.end()
    page.fill("textarea", "The film was okay")
    page.click("#send")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "does not answer" in page.inner_text("#trouble")
    opened.found["errors"].clear()


def test_where_the_server_wants_a_token_the_page_asks_for_it(opened, model):
    other = Server(model, tokens=[TOKEN])
    try:
        page = opened(url=other.url, wait=False)
        page.wait_for_selector("#door[open]")
        page.fill("#token", "x" * 20)
        page.keyboard.press("Enter")
        page.wait_for_selector("#door-trouble:not([hidden])")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#fields .field")
        assert not page.evaluate("document.cookie")  # no script can read it
        assert TOKEN not in json.dumps(page.evaluate("[location.href, {...localStorage}]"))
        ask(page, "The film was okay")
        opened.found["errors"].clear()
        page = opened(url=f"{other.url}?token={TOKEN}")
        assert page.url == other.url  # the token left the address
    finally:
        other.end()
