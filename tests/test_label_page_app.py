"""The server behind the page to label on: who is let in, and what it answers."""

from __future__ import annotations

import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from clips import contained
from PIL import Image
from test_label_page import features_of, table_of

from hybridsent.exceptions import TableError
from hybridsent.label_page import make_app

pytest.importorskip("fastapi")
pytest.importorskip("starlette.testclient")
from starlette.testclient import TestClient

HERE = "http://127.0.0.1:8123"
ORIGIN = {"origin": HERE}


@pytest.fixture
def app_of(tmp_path):
    made = []

    def make(table=None, **options):
        table = table_of() if table is None else table
        options = {"output": tmp_path / "out.csv", "classes": ["bad", "good"], **options}
        made.append(make_app(table, "label", **options))
        return made[-1]

    yield make
    for app in made:
        app.state.desk.close()


def client_of(app, *, known: bool = True) -> TestClient:
    client = TestClient(app, base_url=HERE, follow_redirects=False)
    if known:
        assert client.get("/", params={"token": app.state.token}).status_code == 200
    return client


def event(**said) -> dict:
    return {
        "id": f"event-{os.urandom(6).hex()}",
        "who": "me",
        "do": "label",
        "value": "good",
        **said,
    }


def label(client, row: str, **said):
    return client.post("/api/do", json=event(row=row, **said), headers=ORIGIN)


def state(client, who: str = "me") -> dict:
    answer = client.get("/api/state", params={"who": who})
    assert answer.status_code == 200
    return answer.json()


# -- who is let in ---------------------------------------------------------------------------------

PATHS = (
    "/",
    "/api/state?who=me",
    "/api/progress?who=me",
    "/api/guess?row=x",
    "/media/x/0",
    "/docs",
)


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_told(app_of, path):
    app = app_of()
    client = client_of(app, known=False)
    assert client.get(path).status_code == 403
    assert client.get(path, headers={"cookie": "hybridsent_label_8123=wrong"}).status_code == 403
    wrong = f"{path}{'&' if '?' in path else '?'}token={'x' * len(app.state.token)}"
    assert client.get(wrong).status_code == 403
    assert client.get(path.split("?")[0] + "?token=").status_code == 403
    right = f"{path}{'&' if '?' in path else '?'}token={app.state.token}"
    assert client.get(right).status_code == (200 if path == "/" else 403)


def test_the_token_becomes_a_cookie_that_scripts_and_sites_do_not_get(app_of):
    app = app_of()
    client = client_of(app, known=False)
    answer = client.get("/", params={"token": app.state.token})
    crumb = answer.headers["set-cookie"]
    assert crumb.startswith("hybridsent_label_8123=")
    assert "HttpOnly" in crumb
    assert "SameSite=Strict" in crumb
    assert client.get("/").status_code == 200
    assert app.state.token not in answer.text
    assert len(app.state.token) >= 32


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8123", "", "192.168.0.7", "[::"]
)
def test_another_name_in_the_address_is_refused(app_of, host):
    app = app_of()
    client = client_of(app)
    assert client.get("/", headers={"host": host}).status_code == 421
    assert client.get("/page.css", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9"}, 403),
        ({}, 403),
        ({**ORIGIN, "sec-fetch-site": "cross-site"}, 403),
        ({**ORIGIN, "sec-fetch-site": "same-site"}, 403),
        ({**ORIGIN, "content-type": "text/plain"}, 415),
        ({**ORIGIN, "content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_forged_request_changes_nothing(app_of, headers, status):
    app = app_of()
    client = client_of(app)
    sent = json.dumps(event(row=state(client)["now"]["row"]))
    given = {"content-type": "application/json", **headers}
    assert client.post("/api/do", content=sent, headers=given).status_code == status
    assert state(client)["progress"]["labelled"] == 0


def test_other_methods_and_large_requests_are_refused(app_of):
    client = client_of(app_of())
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert client.request(method, "/api/do", headers=ORIGIN).status_code == 405
    large = client.post("/api/do", json={"value": "x" * 70_000}, headers=ORIGIN)
    assert large.status_code == 413
    assert client.get("/api/do").status_code == 405


@pytest.mark.parametrize("path", ["/", "/page.css", "/page.js", "/api/state?who=me", "/nothing"])
def test_every_answer_has_the_headers_that_keep_others_out(app_of, path):
    headers = client_of(app_of()).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_a_failure_has_these_headers_too_and_tells_no_more(app_of, monkeypatch):
    app = app_of()
    client = client_of(app)

    def broken(who):
        raise RuntimeError("a secret")

    monkeypatch.setattr(app.state.desk, "view", broken)
    with pytest.raises(RuntimeError, match="a secret"):  # the terminal is told
        state(client)
    quiet = TestClient(app, base_url=HERE, raise_server_exceptions=False, cookies=client.cookies)
    answer = quiet.get("/api/state?who=me")
    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "a secret" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/media/../../etc/passwd/0",
        "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd/0",
        "/media/x/0",
        "/media/x/-1",
        "/media/x/" + "9" * 5_000,
        "/page.html",
        "/../pyproject.toml",
        "/page.css/../page.html",
    ],
)
def test_no_path_leads_out_of_the_table(app_of, path):
    assert client_of(app_of()).get(path).status_code in (400, 404)


def test_the_page_holds_nothing_of_others_and_no_script_of_its_own(app_of):
    client = client_of(app_of(classes=["</script><script>alert(1)</script>", "b"]))
    page = client.get("/").text
    assert page.count("<script") == 2
    assert not re.findall(r"(?:src|href)=\"(?!/page\.|data:,|#)", page)
    assert not re.findall(r"\son\w+=|style=", page)
    told = json.loads(re.search(r'id="setup">(.*?)</script>', page)[1])
    assert told["question"]["classes"][0] == "</script><script>alert(1)</script>"
    for part in ("/page.js", "/page.css"):
        text = client.get(part).text
        assert "http://www.w3.org/2000/svg" in text or "http" not in text
        assert "innerHTML" not in text


# -- rows and answers ------------------------------------------------------------------------------


def test_rows_come_one_by_one_and_answers_are_kept(app_of):
    app = app_of(features=features_of())
    client = client_of(app)
    view, seen = state(client), []
    for i in range(40):
        seen.append(view["now"]["row"])
        assert (
            view["now"]["pieces"][0]["text"] == app.state.desk.table.text[view["now"]["number"] - 1]
        )
        if view["then"] is not None:
            coming = view["then"]
        answer = label(client, seen[-1], value=("bad", "good")[i % 2])
        assert answer.status_code == 200
        view = answer.json()
        if i < 39:
            assert view["now"]["row"] == coming
    assert len(set(seen)) == 40
    assert view["now"] is None
    assert view["progress"]["classes"] == [["bad", 20], ["good", 20]]
    assert view["progress"]["labelled"] == 40
    assert client.post("/api/save", json={}, headers=ORIGIN).json() == {"files": ["out.csv"]}
    assert pd.read_csv(app.state.desk.output).label.notna().all()


def test_an_answer_that_is_sent_twice_is_kept_once(app_of):
    client = client_of(app_of())
    sent = event(row=state(client)["now"]["row"])
    one = client.post("/api/do", json=sent, headers=ORIGIN).json()
    two = client.post("/api/do", json=sent, headers=ORIGIN).json()
    assert (one["new"], two["new"]) == (True, False)
    assert one["now"]["row"] == two["now"]["row"]
    assert two["progress"]["labelled"] == 1


def test_two_tabs_of_one_annotator_do_not_double_a_label(app_of):
    client = client_of(app_of())
    row = state(client)["now"]["row"]
    assert state(client)["now"]["row"] == row
    label(client, row, value="good")
    view = label(client, row, value="bad").json()
    assert view["progress"]["classes"] == [["bad", 1], ["good", 0]]
    back = label(client, row, do="undo").json()
    assert back["progress"]["classes"] == [["bad", 0], ["good", 1]]
    assert back["now"]["row"] == row
    assert back["now"]["answer"] == {"do": "label", "value": "good"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 400),
        ({"do": "label", "who": "me", "id": "event-123"}, 400),
        ({"do": "undo", "who": "me", "id": "event-123"}, 400),
        ({"who": ""}, 400),
        ({"who": ["me"]}, 400),
    ],
)
def test_what_makes_no_sense_is_answered_in_a_sentence(app_of, sent, status):
    client = client_of(app_of())
    answer = client.post("/api/do", json=sent, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")
    for text in ("[]", "null", "{", "[" * 50_000, "\xff"):
        headers = {**ORIGIN, "content-type": "application/json"}
        assert (
            client.post("/api/do", content=text.encode("latin-1"), headers=headers).status_code
            == 400
        )
    assert client.get("/api/state").status_code == 400
    assert client.get("/api/guess?row=x").status_code == 400


def test_a_full_disk_is_told_and_the_label_is_not_taken(app_of, monkeypatch):
    app = app_of()
    client = client_of(app)
    row = state(client)["now"]["row"]

    def full(event):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(app.state.desk.labelling.journal, "append", full)
    answer = label(client, row)
    assert answer.status_code == 507
    assert "No space left" in answer.json()["error"]
    assert state(client)["progress"]["labelled"] == 0


def test_half_an_emoji_in_a_note_breaks_neither_the_page_nor_the_table(app_of):
    app = app_of()
    client = client_of(app)
    row = state(client)["now"]["row"]
    sent = json.dumps(event(row=row, do="note", value="cut off \ud83d\0"))
    headers = {**ORIGIN, "content-type": "application/json"}
    assert client.post("/api/do", content=sent, headers=headers).status_code == 200
    assert state(client)["now"]["note"] == "cut off ??"
    assert client.post("/api/save", json={}, headers=ORIGIN).status_code == 200
    notes = pd.read_csv(app.state.desk.output.with_name("out-notes.csv"))
    assert notes.note.tolist() == ["cut off ??"]


def test_fifty_at_once_lose_no_answer(app_of):
    app = app_of(annotators=[f"p{i}" for i in range(25)], overlap=1.0)
    client = client_of(app)

    def one(i: int) -> int:
        who = f"p{i % 25}"
        now = client.get("/api/state", params={"who": who}).json()["now"]
        if now is None:
            return 0
        assert label(client, now["row"], who=who, do="flag", value=True).status_code == 200
        answer = label(client, now["row"], who=who, value=("bad", "good")[i % 2])
        assert client.post("/api/save", json={}, headers=ORIGIN).status_code == 200
        return int(answer.status_code == 200)

    with ThreadPoolExecutor(50) as pool:
        given = sum(pool.map(one, range(50)))
    journal = app.state.desk.labelling.journal
    lines = journal.path.read_text(encoding="utf-8").splitlines()[1:]
    done = [json.loads(line) for line in lines]
    assert sum(each["do"] == "label" for each in done) == given > 0
    votes = app.state.desk.labelling.votes_of()
    told = {(each["who"], each["row"]) for each in done if each["do"] == "label"}
    assert sum(map(len, votes.values())) == len(told)


def test_two_annotators_at_once_see_different_rows(app_of):
    client = client_of(app_of(annotators=["anna", "ben"], overlap=0.0))
    for _ in range(20):
        one, two = state(client, "anna")["now"]["row"], state(client, "ben")["now"]["row"]
        assert one != two
        label(client, one, who="anna", value="good")
        label(client, two, who="ben", value="bad")
    told = state(client, "anna")["progress"]
    assert told["annotators"] == [["anna", 20], ["ben", 20]]
    assert told["mine"]["labels"] == 20


def test_the_guess_comes_when_it_is_asked_for_alone(app_of):
    app = app_of(features=features_of())
    client = client_of(app)
    view = state(client)
    for i in range(12):
        answer = label(client, view["now"]["row"], value=("bad", "good")[i % 2])
        view = answer.json()
        assert view["guess"] is None
    assert app.state.desk.labelling.learner.wait(60)
    assert client.get("/api/guess", params={"row": view["now"]["row"]}).json()["text"] in (
        "bad",
        "good",
    )
    told = label(client, view["now"]["row"], guess=True).json()["guess"]
    assert 0.4 < told["sure"] <= 1
    assert told["text"] in ("bad", "good")


# -- media -----------------------------------------------------------------------------------------


def picture(size=(64, 48)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "teal").save(held, "JPEG")
    return held.getvalue()


def media_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "text": ["<img src=x onerror=alert(1)>"],
            "image": [[picture(), None, picture((9, 9))]],
            "audio": [(np.sin(np.arange(48_000) / 20).astype(np.float32), 16_000)],
            "video": [contained("mp4")],
        }
    )


def test_all_pictures_of_a_cell_sound_and_video_are_shown(app_of):
    table = media_table()
    kinds = {"text": "text", "image": "image", "audio": "audio", "video": "video"}
    client = client_of(app_of(table, columns=kinds))
    pieces = state(client)["now"]["pieces"]
    assert [each["kind"] for each in pieces] == ["words", "picture", "picture", "sound", "clip"]
    assert pieces[0]["text"] == table.text[0]
    for each in pieces[1:]:
        answer = client.get(each["uri"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].split("/")[0] in ("image", "audio", "video")
        assert answer.headers["cache-control"].startswith("private")
    assert client.get("/media/" + pieces[1]["uri"].split("/")[2] + "/0").status_code == 400


def test_players_can_seek(app_of):
    client = client_of(app_of(media_table(), columns={"audio": "audio"}))
    uri = state(client)["now"]["pieces"][0]["uri"]
    whole = client.get(uri)
    assert whole.headers["accept-ranges"] == "bytes"
    n = len(whole.content)
    for asked, part in (
        ("bytes=0-", whole.content),
        ("bytes=10-19", whole.content[10:20]),
        ("bytes=-7", whole.content[-7:]),
        (f"bytes=5-{n * 2}", whole.content[5:]),
        (f"bytes={n - 1}-", whole.content[-1:]),
    ):
        answer = client.get(uri, headers={"range": asked})
        assert answer.status_code == 206
        assert answer.content == part
        start, end, total = map(int, re.findall(r"\d+", answer.headers["content-range"]))
        assert (end - start + 1, total) == (len(part), n)
    assert client.get(uri, headers={"range": f"bytes={n}-"}).status_code == 416
    assert client.get(uri, headers={"range": "bytes=9-3"}).status_code == 416
    for odd in ("bytes=-", "items=0-3", "bytes=0-1,4-5", "bytes=a-b"):
        assert client.get(uri, headers={"range": odd}).status_code == 200


def test_large_pictures_long_texts_and_broken_cells_are_served(app_of):
    table = pd.DataFrame(
        {
            "text": ["word " * 40_000, None],
            "image": [picture((8_200, 6_100)), b"no picture"],
            "audio": [b"RIFF no sound", None],
        }
    )
    kinds = {"text": "text", "image": "image", "audio": "audio"}
    client = client_of(app_of(table, columns=kinds, strategy="table"))
    found = {}
    for _ in range(2):
        view = state(client)
        found[view["now"]["number"]] = view["now"]["pieces"]
        label(client, view["now"]["row"])
    assert [each["kind"] for each in found[1]] == ["words", "picture", "broken"]
    assert [each["kind"] for each in found[2]] == ["empty", "broken", "empty"]
    assert found[1][0]["cut"]
    with Image.open(io.BytesIO(client.get(found[1][1]["uri"]).content)) as small:
        assert max(small.size) == 1024


def test_a_table_without_media_shows_its_facts(app_of):
    table = pd.DataFrame({"likes": [1, 2, 3], "day": ["mon", "tue", None]})
    app = app_of(table, facts=["likes", "day"])
    client = client_of(app)
    view = state(client)
    assert {each["kind"] for each in view["now"]["pieces"]} <= {"fact", "empty"}
    assert view["progress"]["encoding"]["possible"] is False
    assert view["progress"]["strategy"] == "random"


def test_four_thousand_rows_and_all_labelled(app_of):
    table = table_of(4000).assign(label=["bad", "good"] * 2000)
    client = client_of(app_of(table, classes=None, features=features_of(4000)))
    view = state(client)
    assert view["now"] is None
    assert view["progress"]["labelled"] == view["progress"]["before"] == 4000


@pytest.mark.parametrize("strategy", ["nothing", "entropy"])
def test_a_strategy_that_cannot_rank_is_refused_at_once(tmp_path, strategy):
    with pytest.raises(ValueError, match="strategy"):
        make_app(table_of(), "label", output=tmp_path / "o.csv", range=(-1, 1), strategy=strategy)
    make_app(table_of(), "label", output=tmp_path / "o.csv", range=(-1, 1)).state.desk.close()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"facts": ["nope"]}, "must name columns of the table. Got 'nope'"),
        ({"columns": {"nope": "text"}}, "must name columns of the table. Got 'nope'"),
        ({"groups": [1, 2]}, "The groups must be one for each row. Got 2 groups for 3 rows"),
        ({"rows": pd.DataFrame({"text": ["a"]})}, "and rows as many. Got 3 and 1"),
        ({"features": np.zeros((2, 2))}, "a row for each of 3 rows. Got the shape (2, 2)"),
        ({"features": np.zeros(3)}, "a row for each of 3 rows. Got the shape (3,)"),
        ({"features": np.array([["a"]] * 3)}, "The features parameter must hold numbers alone"),
        ({"task": "classes"}, "The task parameter must be one of ['auto', 'classification'"),
    ],
)
def test_what_does_not_fit_the_table_is_refused_and_leaves_a_journal_that_can_be_used(
    tmp_path, given, why
):
    table = pd.DataFrame({"text": ["I love it", "I hate it", "It is fine"]})
    how = {"output": tmp_path / "o.csv", "classes": ["bad", "good"]}
    with pytest.raises(ValueError, match=re.escape(why)):
        make_app(table, "label", **how, **given)
    make_app(table, "label", **how).state.desk.close()


def test_a_table_that_is_none_and_an_output_that_is_a_folder_are_refused(tmp_path):
    table = pd.DataFrame({"text": ["I love it", "I hate it"]})
    folder = tmp_path / "out"
    folder.mkdir()
    for some, output, why in (
        ([1], "o.csv", "must be a pandas DataFrame"),
        (table[:0], "o.csv", "must have rows to be labelled"),
        (pd.concat([table, table], axis=1), "o.csv", "Column names must differ"),
        (table, "out", "is a folder; name a file in it"),
    ):
        with pytest.raises(TableError, match=why):
            make_app(some, "label", output=tmp_path / output, classes=["bad", "good"])
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
