"""The live page: who may see it, what it is told, and how it looks in a real browser."""

from __future__ import annotations

import io
import json
import shutil
import threading
from contextlib import contextmanager

import pytest
from monitored import post, word_scorer

from hybridsent._notes import in_chinese
from hybridsent.monitor import Monitor, Piece, Source, make_app, serve_page
from hybridsent.monitor._board import Board

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
GIVEN = {"by": "brand", "time": "created_at", "window": "20m", "slide": "10m"}


def watched(path, n=900, **more):
    lines = "".join(post(i, good=(i % 3 != 0) == (i < 600)) for i in range(n)).encode()
    source = more.pop("source", io.BytesIO(lines + b"<b>broken</b>\n"))
    return Monitor(word_scorer(), source, state=path / "state.sqlite", **GIVEN, **more)


# -- who may see it


def test_the_page_is_for_who_knows_the_token(tmp_path):
    from starlette.testclient import TestClient

    with watched(tmp_path) as monitor:
        app = make_app(monitor)
        client = TestClient(app, base_url="http://127.0.0.1")
        assert client.get("/").status_code == 403
        assert client.get("/now.json").status_code == 403
        assert client.get("/events").status_code == 403
        assert client.get("/", params={"token": app.state.token}).status_code == 200
        assert client.get("/now.json").status_code == 200
        assert client.get("/page.js").headers["content-security-policy"]
        assert client.post("/", json={}).status_code in (403, 405)
        other = TestClient(app, base_url="http://evil.example")
        assert other.get("/", params={"token": app.state.token}).status_code == 421
        assert make_app(monitor).state.token == app.state.token  # the same after a restart


def test_what_is_told_holds_no_post_unless_that_was_asked_for(tmp_path):
    with watched(tmp_path) as monitor:
        monitor.run(once=True)
        whole = monitor.board.since(0)[1][0][1]
        assert "number 17" not in json.dumps(whole)
        assert whole["facts"]["posts"] == []
        assert whole["facts"]["counts"]["counted"] == 900
    (tmp_path / "b").mkdir()
    with watched(tmp_path / "b", show_posts=5) as monitor:
        monitor.run(once=True)
        posts = monitor.board.since(0)[1][0][1]["facts"]["posts"]
        assert len(posts) == 5
        assert "number 899" in posts[-1]["text"]
        names = monitor.state.connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert not any("post" in name for (name,) in names)


def test_changes_joined_to_the_whole_are_the_whole(tmp_path):
    """A page that was told the whole once and all changes since knows what a new one is told."""

    class Drip(Source):
        name = "drip"
        sent = 0

        def poll(self, most):
            lines = [post(i) for i in range(self.sent, min(self.sent + 60, 600))]
            self.sent += len(lines)
            self.drained = self.ended = not lines
            return [
                Piece(self.name, str(i), line.encode(), remembered=False)
                for i, line in enumerate(lines, self.sent)
            ]

    with watched(tmp_path, source=Drip(), refresh=0.0, batch_size=60) as monitor:
        monitor.begin()
        version, told = monitor.board.since(0)
        known = dict(told[0][1]["points"])
        while not monitor.sources[0].ended:
            monitor.step()
            version, told = monitor.board.since(version)
            for kind, change in told:
                assert kind == "change"
                for group, points in change["points"].items():
                    merged = {point[0]: point for point in known.get(group, [])}
                    merged |= {point[0]: point for point in points}
                    known[group] = [merged[start] for start in sorted(merged)]
        whole = monitor.board.since(0)[1][0][1]
        assert json.loads(json.dumps(known)) == json.loads(json.dumps(whole["points"]))


def test_a_reader_that_missed_too_much_is_told_the_whole():
    board = Board()
    for i in range(200):
        board.write({"n": i}, {"n": i})
    assert board.since(100) == (200, [("whole", {"n": 199})])
    assert [kind for kind, _ in board.since(190)[1]] == ["change"] * 10


# -- a real server and a real browser


@contextmanager
def browsed(**how):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = browser.new_context(**{"locale": "en-US", **how})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        yield page
        browser.close()


def test_the_page_shows_index_groups_alerts_and_a_table(tmp_path):
    with watched(tmp_path, alerts=["high<0"], show_posts=3, cool_down="1d") as monitor:
        monitor.run(once=True)
        with (
            serve_page(monitor) as served,
            browsed(viewport={"width": 1280, "height": 900}) as page,
        ):
            page.goto(served.url)
            page.wait_for_selector("#index svg polyline")
            assert "token" not in page.content()
            assert page.locator(".groups button").count() == 4
            assert page.locator("#alerts .alert").count() >= 1
            assert page.locator("#posts li").count() == 3
            assert page.text_content("#state-text") == "live"
            assert page.locator("#index .band").count() == 1
            page.click('.groups [data-group="1"]')
            page.wait_for_function("() => document.querySelectorAll('#index .band').length === 2")
            page.click("#as-table summary")
            n = page.locator("#as-table tbody tr").count()
            assert n == 2 * len(monitor.to_frame().query("brand.isna()"))
            page.focus("#index svg")
            page.keyboard.press("ArrowLeft")
            assert "posts" in page.text_content("#read").lower()
            noted = page.evaluate("seen.points[chosen[0]].at(-1)[8]")
            assert noted
            assert page.text_content("#said") == " ".join(noted)
            page.click("#language")
            assert page.text_content("#h-alerts") == "警报"
            assert page.get_attribute("html", "lang") == "zh-CN"
            told = page.text_content("#said")
            assert told == "".join(map(in_chinese, noted))
            assert page.get_attribute("#said", "lang") == "zh-CN"
            assert not set("dhms") & set(page.text_content("#about").split("；")[0])
            page.click("#theme")
            assert page.get_attribute("html", "data-theme") == "dark"
            assert page.said == []
            axe = pytest.importorskip("axe_playwright_python.sync_playwright")
            found = axe.Axe().run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_every_note_that_is_shown_has_its_chinese_beside_it(tmp_path):
    with watched(tmp_path) as monitor:
        monitor.run(once=True)
        whole = monitor.board.since(0)[1][0][1]
    notes = whole["setup"]["notes"] + [
        note for points in whole["points"].values() for note in points[-1][-1]
    ]
    assert notes
    chinese = whole["facts"]["chinese"]
    assert set(chinese) == set(notes)
    assert all(told != note and told == in_chinese(note) for note, told in chinese.items())


def test_a_phone_needs_no_sideways_scrolling(tmp_path):
    with watched(tmp_path) as monitor:
        monitor.run(once=True)
        with serve_page(monitor) as served, browsed(viewport={"width": 360, "height": 740}) as page:
            page.goto(served.url)
            page.wait_for_selector("#index svg polyline")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert page.said == []


def test_the_page_finds_the_monitor_again_after_a_restart(tmp_path):
    with browsed() as page:
        with watched(tmp_path, n=300) as monitor:
            monitor.run(once=True)
            with serve_page(monitor) as served:
                port = served.url.split(":")[2].split("/")[0]
                page.goto(served.url)
                page.wait_for_function(
                    "() => document.querySelector('#tiles').textContent.includes('300')"
                )
        page.wait_for_function(
            "() => document.querySelector('#state').className.match(/lost|over/)"
        )
        with watched(tmp_path, n=500) as monitor:
            monitor.run(once=True)
            with serve_page(monitor, port=int(port)):
                page.wait_for_function(
                    "() => document.querySelector('#state').className.includes('live') && "
                    "document.querySelector('#tiles').textContent.includes('500')"
                )


def test_a_page_that_is_open_is_told_what_comes(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(post(i) for i in range(100)))
    with watched(tmp_path, source=path, refresh=0.1) as monitor:
        thread = threading.Thread(target=monitor.run)
        with serve_page(monitor) as served, browsed() as page:
            thread.start()
            try:
                page.goto(served.url)
                page.wait_for_function(
                    "() => document.querySelector('#tiles').textContent.includes('100')"
                )
                with path.open("a") as file:
                    file.write("".join(post(i) for i in range(100, 160)))
                page.wait_for_function(
                    "() => document.querySelector('#tiles').textContent.includes('160')"
                )
            finally:
                monitor.stop()
                thread.join(60)


def test_closing_ends_streams_that_are_open(tmp_path):
    import http.client

    with watched(tmp_path, n=10) as monitor:
        monitor.run(once=True)
        served = serve_page(monitor)
        host = served.url.split("/")[2]
        token = served.app.state.token
        connection = http.client.HTTPConnection(host, timeout=60)
        cookie = f"hybridsent_monitor_{host.split(':')[1]}={token}"
        connection.request("GET", "/events", headers={"Cookie": cookie})
        answer = connection.getresponse()
        assert answer.readline().startswith(b"retry")
        served.close()
        assert b"event: over" in answer.read()  # to its end: a stream left open would time out
        connection.close()
