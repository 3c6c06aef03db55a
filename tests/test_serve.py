"""`hybridsent.serve`: what is answered, what is refused, and what is never kept or told."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pandas as pd
import pytest
from clips import contained
from hostile import picture, sound
from served import (
    TEXTS,
    client_of,
    context_model,
    features_model,
    media_model,
    running,
    words_model,
)

from hybridsent.media import load_audio, load_frames
from hybridsent.serve import Limits, _serve, make_app
from hybridsent.serve._batcher import Batcher
from hybridsent.serve._limits import RefusedError
from hybridsent.serve._rows import Row

pytest.importorskip("fastapi")
pytest.importorskip("python_multipart")
pytest.importorskip("prometheus_client")
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def words():
    return words_model()


@pytest.fixture(scope="module")
def client(words):
    with client_of(make_app(words, log=None)) as client:
        yield client


@pytest.fixture(scope="module")
def media():
    with media_model() as scorer, client_of(make_app(scorer, log=None)) as client:
        client.scorer = scorer
        yield client


# -- answers


def test_an_answer_is_the_models_own(words, client):
    said = client.post("/predict", json={"text": TEXTS[0]}).json()
    mine = words.score(pd.DataFrame({"text": TEXTS[:1]}))
    assert said["prediction"] == mine.prediction[0]
    assert list(said["probabilities"].values()) == pytest.approx(mine.probabilities[0], abs=1e-6)
    assert said["views"]["text"]["missing"] is False
    assert said["missing"] == []
    plain = client.post("/predict?explain=false", json={"text": TEXTS[0]}).json()
    assert plain["views"] is None
    assert {**said, "views": None} == plain


def test_every_way_of_asking_gives_the_same_answers(client):
    singly = [client.post("/predict", json={"text": text}).json() for text in TEXTS]
    form = [client.post("/predict", files={"text": (None, text)}).json() for text in TEXTS]
    rows = [{"text": text} for text in TEXTS]
    batch = client.post("/predict/batch?explain=true", json=rows).json()["answers"]
    with ThreadPoolExecutor(8) as pool:
        beside = list(
            pool.map(lambda text: client.post("/predict", json={"text": text}).json(), TEXTS)
        )
    assert singly == form == batch == beside


def test_any_subset_of_views_is_answered_as_json_and_as_form(media):
    table = pd.DataFrame({"text": ["x"], "image": [picture("png")], "audio": [sound("wav")]})
    for names in (["text"], ["image"], ["audio"], ["image", "audio"], ["text", "image", "audio"]):
        cells = {name: table[name][0] for name in names}
        mine = media.scorer.score(table[names]).plain()[0]
        plain = {
            name: base64.b64encode(cell).decode() if isinstance(cell, bytes) else cell
            for name, cell in cells.items()
        }
        by_json = media.post("/predict", json=plain)
        form = {
            name: (None if isinstance(cell, str) else "../../etc/passwd", cell)
            for name, cell in cells.items()
        }
        by_form = media.post("/predict", files=form)
        assert by_json.status_code == by_form.status_code == 200, by_json.text + by_form.text
        assert by_json.json() == by_form.json()
        assert by_json.json()["prediction"] == mine[0]
        assert by_json.json()["probabilities"] == pytest.approx(mine[1], abs=1e-6)
        missing = [name for name in ("text", "image", "audio") if name not in names]
        assert by_json.json()["missing"] == missing
        shares = [view["share"] for view in by_json.json()["views"].values()]
        assert sum(shares) == pytest.approx(1, abs=1e-5) or sum(shares) == 0


def test_several_items_of_a_field_are_one_cell(media):
    two = [picture("png"), picture("gif")]
    mine = media.scorer.score(pd.DataFrame({"image": [two]})).plain()[0]
    by_json = media.post("/predict", json={"image": [base64.b64encode(x).decode() for x in two]})
    by_form = media.post("/predict", files=[("image", ("a", two[0])), ("image", ("b", two[1]))])
    assert by_json.json()["probabilities"] == pytest.approx(mine[1], abs=1e-6)
    assert by_form.json() == by_json.json()
    many = media.post("/predict", json={"image": [base64.b64encode(two[0]).decode()] * 99})
    assert (many.status_code, many.json()["field"]) == (413, "image")


def test_a_data_uri_is_its_bytes(media):
    raw = base64.b64encode(picture("png")).decode()
    answers = [
        media.post("/predict", json={"image": each}).json()
        for each in (raw, f"data:image/png;base64,{raw}")
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_model_of_features_takes_a_vector_a_view(task):
    scorer = features_model(task)
    X = pd.DataFrame([[0.1, 0.2, 0.3]], columns=[f"text__{i}" for i in range(3)])
    mine = scorer.score(X).plain()[0]
    with client_of(make_app(scorer, log=None)) as client:
        said = client.post("/predict?explain=false", json={"text": [0.1, 0.2, 0.3]})
        assert said.status_code == 200, said.text
        assert said.json()["prediction"] == pytest.approx(mine[0], abs=1e-6)
        assert said.json()["missing"] == ["image"]
        form = client.post("/predict?explain=false", files={"text": (None, "[0.1, 0.2, 0.3]")})
        assert form.json() == said.json()
        wrong = ([0.1, 0.2], [0.1, 0.2, 1e300], [0.1, 0.2, True], "0.1")
        for each in wrong:
            assert client.post("/predict", json={"text": each}).status_code == 422
        info = client.get("/model").json()
        assert [(each["field"], each["width"]) for each in info["inputs"]] == [
            ("text", 3),
            ("image", 2),
        ]
        assert info["task"] == task


def test_a_broken_cell_spoils_only_its_own_request(media):
    good, bad = base64.b64encode(picture("png")).decode(), base64.b64encode(b"GIF89a").decode()
    barrier = threading.Barrier(8)

    def ask(cell):
        barrier.wait(10)
        return media.post("/predict", json={"image": cell})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [good, bad] * 4))
    assert [each.status_code for each in answers] == [200, 422] * 4
    assert len({each.text for each in answers[::2]}) == 1
    told = answers[1].json()
    assert (told["code"], told["field"]) == ("unreadable", "image")
    assert "row" not in told
    rows = [{"image": good}, {"image": bad}]
    batch = media.post("/predict/batch", json=rows)
    assert (batch.status_code, batch.json()["row"]) == (422, 1)


# -- what is refused


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"json": {"text": 5}}, 422, "wrong_field"),
        ({"json": {"text": {"path": "/etc/passwd"}}}, 422, "wrong_field"),
        ({"json": {"txt": "a"}}, 422, "unknown_field"),
        ({"json": {}}, 422, "nothing_to_read"),
        ({"json": {"text": None}}, 422, "nothing_to_read"),
        ({"json": {"text": "   "}}, 422, "nothing_to_read"),
        ({"json": [{"text": "a"}]}, 422, "no_row"),
        ({"json": {"text": "x" * 20_001}}, 413, "too_large"),
        ({"content": b"{", "headers": JSON}, 400, "no_json"),
        ({"content": b"\xff\xfe", "headers": JSON}, 400, "no_json"),
        ({"content": b'{"text": "\\ud800"}', "headers": JSON}, 422, "wrong_field"),
        ({"content": b'{"text": NaN}', "headers": JSON}, 400, "no_json"),
        ({"content": b'{"text": ' + b"9" * 9999 + b"}", "headers": JSON}, 400, "no_json"),
        ({"content": b"[" * 100_000, "headers": JSON}, 400, "no_json"),
        ({"content": b"text=a", "headers": {"content-type": "text/plain"}}, 415, "wrong_type"),
        ({"content": b"text=a"}, 415, "wrong_type"),
        ({"content": b"x", "headers": {**JSON, "content-encoding": "gzip"}}, 415, "packed"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "no_form"),
    ],
)
def test_what_is_wrong_is_said(client, sent, status, code):
    answer = client.post("/predict", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["error"].endswith(".")
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


@pytest.mark.parametrize("cut", [1, 20, 60, 100, -3])
def test_a_form_that_is_cut_off_is_no_empty_form(client, cut):
    head = b'--b\r\nContent-Disposition: form-data; name="text"; filename="C:\\x"\r\n'
    whole = head + b"Content-Type: text/plain\r\n\r\ngood\r\n--b--\r\n"
    kind = {"content-type": "multipart/form-data; boundary=b"}
    assert client.post("/predict", content=whole, headers=kind).status_code == 200
    answer = client.post("/predict", content=whole[:cut], headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_form")


def test_a_path_is_a_text_and_never_opened(client, media, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture("png"))
    for path in (str(secret), f"file://{secret}", "http://127.0.0.1:9/x.png", "../secret.png"):
        refused = media.post("/predict", json={"image": path})
        assert (refused.status_code, refused.json()["code"]) == (422, "wrong_field")
        read = client.post("/predict", json={"text": path})
        assert read.status_code == 200
    as_file = media.post("/predict", files={"image": ("x.png", str(secret).encode())})
    assert as_file.status_code == 422
    assert as_file.json()["code"] == "unreadable"


def test_too_many_rows_and_too_large_bodies_are_refused(words):
    limits = Limits(rows=3, body=4096)
    with client_of(make_app(words, limits=limits, log=None)) as client:
        rows = [{"text": "a"}] * 4
        many = client.post("/predict/batch", json=rows)
        assert (many.status_code, many.json()["code"]) == (413, "too_many_rows")
        assert len(client.post("/predict/batch", json=rows[:3]).json()["answers"]) == 3
        assert client.post("/predict/batch", json=[]).status_code == 422
        assert client.post("/predict/batch", json=[{"text": 1}]).json()["row"] == 0
        large = client.post("/predict", json={"text": "x" * 5000})
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
        pieces = (b"x" * 1000 for _ in range(50))
        chunked = client.post("/predict", content=pieces, headers=JSON)
        assert (chunked.status_code, chunked.json()["code"]) == (413, "too_large")
        assert chunked.headers["connection"] == "close"


def test_pixels_and_seconds_are_limited():
    limits = Limits(pixels=100, seconds=0.1)
    with (
        media_model("limited") as scorer,
        client_of(make_app(scorer, limits=limits, log=None)) as client,
    ):
        for field, cell in (("image", picture("png")), ("audio", sound("wav"))):
            answer = client.post("/predict", files={field: ("x", cell)})
            assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    ("field", "limit"), [("image", "all_pixels"), ("audio", "all_seconds")], ids=str
)
def test_files_of_a_request_are_limited_together(field, limit):
    cell, one, part = {
        "image": (picture("png"), 40 * 56, "pixels"),
        "audio": (sound("wav"), 0.5, "seconds"),
    }[field]
    limits = Limits(**{limit: 3.5 * one, part: one})
    sent = base64.b64encode(cell).decode()
    with media_model("together") as scorer:
        app = make_app(scorer, limits=limits, log=None)
        read = app.state.service.engine.scorer.read
        with client_of(app) as client:
            asked = []
            scorer.read = lambda *rows, **how: asked.append(rows) or read(*rows, **how)
            few, many = [sent] * 3, [sent] * 4
            assert client.post("/predict", json={field: few}).status_code == 200
            rows = [{field: each} for each in few]
            assert client.post("/predict/batch", json=rows).status_code == 200
            assert client.post("/predict/batch", json=[*rows, {"text": "a"}]).status_code == 200
            del asked[:]
            answers = [
                client.post("/predict", json={field: many}),
                client.post("/predict", files=[(field, ("x", cell))] * 4),
                client.post("/predict/batch", json=[{field: each} for each in many]),
                client.post("/predict/batch", json=[{field: few[:2]}, {field: few[:2]}]),
            ]
            assert not asked  # nothing is decoded, nor asked of the model
            told = client.get("/openapi.json").json()["paths"]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_much")
        assert "in all. Send fewer of them at once" in answer.json()["error"]
    assert f"{3.5 * one:,g} {part}" in answers[0].json()["error"]
    for path in ("/predict", "/predict/batch"):
        assert f"{3.5 * one:,g} {part}" in told[path]["post"]["requestBody"]["description"]


def test_one_video_counts_as_the_frames_that_are_read_of_it():
    from hybridsent.media._measures import pixels_of, seconds_of

    film = contained("mp4")
    one = pixels_of(film, {"max_pixels": 10**7})
    assert pixels_of(film, {"max_pixels": 10**7, "frames": 8}) == 8 * one
    assert pixels_of(film, {"max_pixels": 10**7, "frames": "cuts"}) == 32 * one
    width, height = load_frames(film, frames=1)[0].size
    assert one == width * height
    rate = 16_000
    exact = len(load_audio(film, sampling_rate=rate)) / rate
    assert seconds_of(film, {"max_seconds": 60.0}) == pytest.approx(exact, abs=0.1)
    assert seconds_of(film, {"max_seconds": 0.25}) == 0.25


# -- load


class Slow:
    """A scorer that takes its time."""

    def __init__(self, scorer, seconds):
        self._scorer, self.seconds = scorer, seconds

    def __getattr__(self, name):
        return getattr(self._scorer, name)

    def answer(self, read):
        time.sleep(self.seconds)
        return self._scorer.answer(read)


def slowed(scorer, seconds, **limits):
    app = make_app(scorer, limits=Limits(**limits), log=None)
    app.state.service.engine.warm_up()
    app.state.service.engine.scorer = Slow(scorer, seconds)
    return app


def test_what_takes_too_long_is_given_up(words):
    with client_of(slowed(words, 0.6, timeout=0.2)) as client:
        late = client.post("/predict?explain=false", json={"text": "a"})
        assert (late.status_code, late.json()["code"]) == (504, "too_slow")


def test_more_than_may_wait_is_refused_at_once_and_the_rest_answered(words):
    app = slowed(words, 0.3, rows=2, waiting=4, batch=2, concurrency=64)
    with client_of(app) as client, ThreadPoolExecutor(16) as pool:
        jobs = [
            pool.submit(client.post, "/predict?explain=false", json={"text": f"a {i}"})
            for i in range(16)
        ]
        answers = [job.result() for job in jobs]
        statuses = {each.status_code for each in answers}
        assert statuses == {200, 429}
        busy = next(each for each in answers if each.status_code == 429)
        assert busy.json()["code"] == "busy"
        assert int(busy.headers["retry-after"]) >= 1
        assert client.post("/predict?explain=false", json={"text": "b"}).status_code == 200


def test_a_client_may_ask_so_often_and_so_much_at_a_time(words):
    with client_of(make_app(words, limits=Limits(rate=1.0), log=None)) as client:
        statuses = [client.post("/predict", json={"text": "a"}).status_code for _ in range(5)]
        assert statuses[:2] == [200, 200]
        assert statuses[-1] == 429
        for made_up in ("authorization", "cookie"):
            other = {made_up: "Bearer somebody-else"}
            assert client.post("/predict", json={"text": "a"}, headers=other).status_code == 429
    tokens = ["a-long-and-secret-token", "another-long-secret-token"]
    app = make_app(words, tokens=tokens, limits=Limits(rate=1.0), log=None)
    with client_of(app) as client:
        statuses = {
            token: [
                client.post(
                    "/predict",
                    json={"text": "a"},
                    headers={"authorization": f"Bearer {token}", "cookie": f"a={i}"},
                ).status_code
                for i in range(5)
            ]
            for token in tokens
        }
        for each in statuses.values():
            assert each[:2] == [200, 200]
            assert each[-1] == 429
    with client_of(slowed(words, 0.5, concurrency=1)) as client, ThreadPoolExecutor(4) as pool:
        post = "/predict?explain=false"
        jobs = [pool.submit(client.post, post, json={"text": "a"}) for _ in range(4)]
        codes = sorted(job.result().status_code for job in jobs)
        assert codes[0] == 200
        assert codes[-1] == 429


def test_the_queue_asks_together_what_waits_and_at_once_what_comes_alone():
    asked = []

    def ask(jobs):
        asked.append(sum(len(job.rows) for job in jobs))
        time.sleep(0.05)
        return [[row * 2 for row in job.rows] for job in jobs]

    async def go():
        batcher = Batcher(ask, batch=8, waiting=100)
        await batcher.start()
        assert await batcher.answer([1], explain=False) == [2]  # waits for no other
        assert asked == [1]
        many = [batcher.answer([i], explain=False) for i in range(20)]
        assert await asyncio.gather(*many) == [[2 * i] for i in range(20)]
        assert await batcher.answer(list(range(30)), explain=False) == [2 * i for i in range(30)]
        with pytest.raises(RefusedError, match="rows wait"):
            await batcher.answer(list(range(101)), explain=False)
        left = asyncio.create_task(batcher.answer([5] * 8, explain=False))
        gone = asyncio.create_task(batcher.answer([7], explain=False))
        await asyncio.sleep(0.01)
        gone.cancel()
        await left
        assert batcher.waiting <= 1
        await batcher.answer([1], explain=False)
        assert batcher.waiting == 0
        await batcher.stop()

    asyncio.run(go())
    assert asked[0] == 1
    assert max(asked) <= 8
    assert asked[1:4].count(8) >= 2
    assert 30 // 8 + 1 <= len(asked[5:]) <= 8


def test_heavy_rows_are_asked_piece_by_piece_between_those_of_others():
    asked = []

    def ask(jobs):
        asked.append([row for job in jobs for row in job.rows])
        time.sleep(0.02)
        return [[row * 2 for row in job.rows] for job in jobs]

    async def go(**options):
        asked.clear()
        batcher = Batcher(ask, batch=8, waiting=100, weigh=lambda row: row, **options)
        await batcher.start()
        heavy = asyncio.create_task(batcher.answer([4] * 10, explain=False))
        await asyncio.sleep(0.001)
        assert await batcher.answer([1], explain=False) == [2]
        seen = len(asked)
        assert await heavy == [8] * 10
        late = asyncio.create_task(batcher.answer([5] * 20, explain=False))
        await asyncio.sleep(0.03)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert await batcher.answer([100], explain=False) == [200]  # heavier than all may be
        assert batcher.waiting == 0
        await batcher.stop()
        return seen

    assert asyncio.run(go()) <= 3
    assert max(sum(rows) for rows in asked if rows != [100]) == 8
    assert sum(row == 5 for rows in asked for row in rows) <= 3  # what was given up is not asked
    asyncio.run(go(whole=True))
    assert [4] * 10 in asked


def test_a_file_and_a_long_text_weigh_more_than_a_short_text(media):
    weigh = media.app.state.service.engine.weigh
    rows = [{"text": "a"}, {"text": "a" * 5000}, {"image": [b"x"] * 3, "text": "a"}]
    assert [weigh(Row(each, tuple(each))) for each in rows] == [1, 3, 25]


def test_json_of_more_values_than_rows_hold_is_not_parsed(client, monkeypatch):
    from hybridsent.serve import _json

    bodies = [b"[" + each * 110_000 + b"0]" for each in (b"[],", b"{},", b"1,", b'"[",')]
    text = json.dumps({"text": '[{,"\\' * 3000}).encode()
    assert client.post("/predict", content=text, headers=JSON).status_code == 200
    monkeypatch.setattr(_json, "json", None)
    for each in bodies:
        answer = client.post("/predict", content=each, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_error_of_the_model_is_no_secret_told_and_ends_nothing(words):
    class Failing(Slow):
        def answer(self, read):
            raise RuntimeError("canary-in-an-error")

    lines = []
    app = make_app(words, log=lines.append)
    app.state.service.engine.warm_up()
    with client_of(app) as client:
        app.state.service.engine.scorer = Failing(words, 0)
        failed = client.post("/predict?explain=false", json={"text": "canary-in-a-text"})
        assert (failed.status_code, failed.json()["code"]) == (500, "failed")
        app.state.service.engine.scorer = words
        assert client.post("/predict", json={"text": "a"}).status_code == 200
    said = json.dumps(lines)
    assert "RuntimeError at" in said
    assert "canary" not in said + failed.text


# -- what is not told, not kept, and who is let in


def test_nothing_that_a_client_wrote_is_logged_or_kept(media, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    store = tmp_path / "store"
    monkeypatch.setenv("HYBRIDSENT_STORE", str(store))
    lines = []
    with client_of(make_app(media.scorer, log=lines.append)) as client:
        canary = {"x-canary": "canary-1", "user-agent": "canary-2", "x-request-id": "canary-3"}
        path = "/predict?canary=canary-4"
        client.post(path, json={"text": "canary-5 is good"}, headers=canary)
        client.post(path, files={"image": ("canary-6.png", picture("png"))}, headers=canary)
        client.post(path, files={"image": ("canary-7.png", b"canary-8")})
        client.post(path, json={"canary-9": 1})
        client.post(path, content=b"canary-10", headers=JSON)
        client.post("/canary-11", content=b"x" * 3_000_000)
        client.request("CANARY", "/predict")
        client.post(path, files={"audio": ("canary.wav", b"RIFF" + b"x" * 2_000_000)})
    told = capfd.readouterr()
    assert "canary" not in (json.dumps(lines) + told.out + told.err).lower()
    assert list(tmp_path.rglob("*")) == []
    last = next(each for each in lines if each.get("fields") == ["text"])
    assert {"time", "method", "path", "status", "ms", "bytes", "rows", "request_id"} <= set(last)


def spoken(address, *pieces):
    """What a server says to bytes, until it closes the connection."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as own:
        for piece in pieces:
            own.sendall(piece)
        return b"".join(iter(lambda: own.recv(65536), b"")).decode()


def told_of(answer):
    """The headers and the body of an answer in JSON."""
    head, _, body = answer.partition("\r\n\r\n")
    lines = [line.partition(": ") for line in head.split("\r\n")[1:]]
    return {name.lower(): value for name, _, value in lines}, json.loads(body)


GOOD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
TEXT = b'{"text": "good"}'


@pytest.mark.parametrize(
    "sent",
    [
        b"canary\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"canary" * 5_000,  # and it goes on
        bytes.fromhex("16030100a5010000a10303"),
        GOOD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"tex\r\ncanary\r\n',
    ],
    ids=["first line", "no colon", "long", "TLS", "chunk"],
)
def test_what_is_no_http_is_answered_numbered_counted_and_logged_like_all_others(words, sent):
    lines = []
    app = make_app(words, log=lines.append)
    with running(app) as address:
        del lines[:]
        headers, body = told_of(spoken(address, sent))
        counted = app.state.service.metrics.text()[0].decode()
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert body["code"] == "no_http"
    assert body["error"].endswith(".")
    (line,) = lines
    assert headers["x-request-id"] == body["request_id"] == line["request_id"]
    assert (line["status"], line["code"]) == (400, "no_http")
    assert {"time", "method", "path", "status", "ms", "request_id"} <= set(line)
    assert f'path="{line["path"]}",status="400"}} 1.0' in counted
    assert "canary" not in json.dumps([lines, headers, body])


def test_what_is_no_http_after_a_request_spoils_no_answer(words):
    lines = []
    with running(make_app(words, log=lines.append)) as address:
        del lines[:]
        whole = GOOD + b"Content-Length: %d\r\n\r\n%b" % (len(TEXT), TEXT)
        said = spoken(address, whole, b"canary\r\n\r\n")
    first, _, second = said.partition("HTTP/1.1 400")
    assert told_of(first)[1]["prediction"] == "pos"
    assert told_of(second)[1]["code"] == "no_http"
    assert sorted(line["status"] for line in lines) == [200, 400]
    assert len({line["request_id"] for line in lines}) == 2


def test_more_connections_than_there_may_be_are_refused_like_all_others(words, monkeypatch):
    monkeypatch.setattr(_serve, "_CONNECTIONS", 4)
    lines = []
    with running(make_app(words, log=lines.append)) as address, ExitStack() as held:
        del lines[:]
        host, port = address.removeprefix("http://").split(":")
        for _ in range(4):
            held.enter_context(socket.create_connection((host, int(port)), timeout=20))
        ask = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        headers, body = told_of(spoken(address, ask))
    assert (body["code"], headers["retry-after"]) == ("busy", "1")
    (line,) = lines
    assert (line["status"], line["code"]) == (503, "busy")
    assert headers["x-request-id"] == body["request_id"] == line["request_id"]


def test_tokens_let_in_and_probes_need_none(words):
    token = "a-long-and-secret-token"
    with client_of(make_app(words, tokens=[token], log=None)) as client:
        assert client.get("/health").status_code == 200
        for path in ("/model", "/metrics", "/openapi.json"):
            refused = client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert refused.json()["code"] == "no_token"
            assert refused.json()["request_id"] == refused.headers["x-request-id"]
        bearer = {"authorization": f"Bearer {token}"}
        assert client.post("/predict", json={"text": "a"}).status_code == 401
        assert client.post("/predict", json={"text": "a"}, headers=bearer).status_code == 200
        client.get(f"/?token={token}")
        page = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
        assert client.post("/predict", json={"text": "a"}, headers=page).status_code == 200
        other = {"origin": "https://evil.example"}
        assert client.post("/predict", json={"text": "a"}, headers=other).status_code == 403


def test_a_form_of_another_site_is_refused(client):
    other = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    refused = client.post("/predict", files={"text": (None, "a")}, headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "other_site")
    named = client.get("/model", headers={"host": "evil.example"})
    assert (named.status_code, named.json()["code"]) == (421, "wrong_host")


def test_metrics_count_requests_and_rows(words):
    with client_of(make_app(words, log=None)) as client:
        client.post("/predict/batch", json=[{"text": "a"}] * 5)
        client.post("/predict", json={"text": 3})
        text = client.get("/metrics").text
    assert "hybridsent_rows_total 5.0" in text
    assert 'hybridsent_requests_total{path="/predict",status="422"} 1.0' in text
    assert "hybridsent_ready 1.0" in text


def test_it_is_not_ready_before_it_has_answered_once(words):
    from starlette.testclient import TestClient

    app = make_app(words, log=None)
    engine = app.state.service.engine
    release = threading.Event()
    warm_up = engine.warm_up
    engine.warm_up = lambda: (release.wait(20), warm_up())
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        assert client.get("/ready").status_code == 503
        early = client.post("/predict", json={"text": "a"})
        assert (early.status_code, early.json()["code"]) == (503, "not_ready")
        assert client.get("/health").status_code == 200
        release.set()


def test_the_model_is_told_without_where_it_lies(client):
    told = client.get("/model").json()
    assert told["model"] == "words.hybridsent"
    assert told["classes"] == ["neg", "pos"]
    assert told["keeps_rows"] is False
    assert told["limits"]["rows"] == 64


@pytest.mark.parametrize(
    "wrong",
    [
        *({"rows": 0}, {"rows": 600}, {"timeout": -1}, {"body": 2**30}, {"rate": 0}),
        *({"pixels": 10**9}, {"seconds": 1e4}, {"all_pixels": 100}),
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Limits(**wrong)


def test_an_example_in_the_openapi_is_answered(media):
    spec = media.get("/openapi.json").json()
    content = spec["paths"]["/predict"]["post"]["requestBody"]["content"]
    example = content["application/json"]["example"]
    assert "text" in example
    assert media.post("/predict", json=example).status_code == 200
    rows = spec["paths"]["/predict/batch"]["post"]["requestBody"]["content"]
    assert media.post("/predict/batch", json=rows["application/json"]["example"]).status_code == 200
    for path in spec["paths"].values():
        for operation in path.values():
            assert "200" in operation["responses"]


def test_the_documentation_names_every_path(client):
    page = Path(__file__).parents[1] / "docs" / "serve.md"
    if page.exists():
        text = page.read_text(encoding="utf-8")
        assert all(f"`{path}`" in text for path in client.get("/openapi.json").json()["paths"])


def test_neighbours_of_a_row_are_those_of_its_own_request():
    scorer = context_model()
    rows = [{"text": f"good {i}" if i % 3 else "bad", "thread": i // 3, "at": i} for i in range(6)]
    mine = [p for _, p in scorer.score(pd.DataFrame(rows)).plain()]
    with client_of(make_app(scorer, log=None)) as client, ThreadPoolExecutor(4) as pool:
        fields = {each["field"]: each["required"] for each in client.get("/model").json()["inputs"]}
        assert fields == {"text": False, "thread": True, "at": True}
        asked = [pool.submit(client.post, "/predict/batch", json=rows) for _ in range(4)]
        for answer in [each.result() for each in asked]:
            assert answer.status_code == 200, answer.text
            for said, known in zip(answer.json()["answers"], mine, strict=True):
                assert said["probabilities"] == pytest.approx(known, abs=1e-6)
        lacking = client.post("/predict", json={"text": "a"})
        assert (lacking.status_code, lacking.json()["field"]) == (422, "thread")
