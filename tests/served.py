"""Models for tests of the service, which cost nothing, and a client of its application."""

from __future__ import annotations

import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
from fakes import fake, installed
from hostile import picture, sound

from hybridsent import make_fusion
from hybridsent.scoring import Scorer

HERE = "http://127.0.0.1:8000"
TEXTS = [f"post {i} is {'good' if i % 2 else 'bad'}" for i in range(12)]


def words_model() -> Scorer:
    """A model of one text, which learns from words."""
    table = pd.DataFrame({"text": TEXTS})
    model = make_fusion(views={"text": "text/words"}).fit(table, ["neg", "pos"] * 6)
    return Scorer(model, {"target": "label"}, name="/somewhere/words.hybridsent")


@contextmanager
def media_model(name: str = "served"):
    """A model of texts, pictures and sounds, read by encoders that cost nothing."""
    kinds = ("text", "image", "audio")
    with installed(*[fake(kind, name) for kind in kinds]):
        table = pd.DataFrame(
            {"text": TEXTS, "image": [picture("png")] * 12, "audio": [sound("wav")] * 12}
        )
        views = {kind: f"{kind}/{name}" for kind in kinds}
        yield Scorer(make_fusion(views=views).fit(table, ["neg", "pos"] * 6))


def features_model(task: str = "classification") -> Scorer:
    """A model of ready features of two views."""
    names = [*(f"text__{i}" for i in range(3)), *(f"image__{i}" for i in range(2))]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 5)), columns=names)
    y = X["text__0"] if task == "regression" else (X["text__0"] > 0).astype(int)
    options = {} if task == "classification" else {"task": task}
    return Scorer(make_fusion(features=["text", "image"], **options).fit(X, y))


@contextmanager
def client_of(app, **options):
    """A client of an application that is ready."""
    from starlette.testclient import TestClient

    with TestClient(app, base_url=HERE, **options) as client:
        until = time.monotonic() + 60
        while client.get("/ready").status_code != 200:
            assert app.state.service.failure is None, app.state.service.failure
            assert time.monotonic() < until
            time.sleep(0.02)
        yield client


@contextmanager
def running(app):
    """The address of an application that is served in a thread, once it is ready."""
    import threading

    from hybridsent.serve import serve

    servers, lines = [], []
    options = {"held": servers.append, "told": lines.append}
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", 0), kwargs=options)
    thread.start()
    try:
        until = time.monotonic() + 60
        while app.state.service.state != "ready":
            assert thread.is_alive()
            assert time.monotonic() < until
            time.sleep(0.02)
        yield lines[0].rpartition(" ")[2]
    finally:
        servers[0].should_exit = True
        thread.join(60)
    assert not thread.is_alive()


def context_model() -> Scorer:
    """A model that reads the text of a post, and of the one before it in its thread."""
    from hybridsent.scoring._context import Context, facts_of, with_contexts

    context = Context("text", ("thread",), ("at",), (), 1, 0, None)
    table = pd.DataFrame({"text": TEXTS, "thread": [i // 4 for i in range(12)], "at": range(12)})
    views = {"text": "text/words", "text_context": "text/words"}
    model = make_fusion(views=views).fit(with_contexts(table, [context]), ["neg", "pos"] * 6)
    return Scorer(model, facts_of([context]))
