"""The application behind `hybridsent serve`: its paths, and the way in (layer L7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hybridsent._optional import import_optional
from hybridsent._params import check_n_jobs
from hybridsent._version import __version__
from hybridsent._web import LOOPBACK, Guard, Tokens
from hybridsent.serve._body import Body
from hybridsent.serve._clients import Clients
from hybridsent.serve._engine import Engine
from hybridsent.serve._entry import Entry, facts_of, log_line, refuse
from hybridsent.serve._limits import Limits, RefusedError
from hybridsent.serve._page import OPEN, POLICY, add_page
from hybridsent.serve._rows import Row
from hybridsent.serve._schema import (
    about,
    answer_models,
    errors,
    request_of_row,
    request_of_rows,
)

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

from hybridsent.serve._service import Service

__all__ = ["make_app"]

_PATHS = ("/predict", "/predict/batch", "/model", "/health", "/ready", "/metrics", "/openapi.json")
_SENTENCES = {
    404: ("not_found", "There is nothing here; see /openapi.json."),
    405: ("wrong_method", "This path is asked by {allow}; see /openapi.json."),
}
_DENIED = (
    "This server needs a token: send it as `Authorization: Bearer TOKEN`, or open the address with "
    "?token=TOKEN in a browser."
)


def make_app(
    model: Scorer | str | os.PathLike[str],
    *,
    tokens: Tokens | Sequence[str] | None = None,
    limits: Limits | None = None,
    hosts: Iterable[str] | None = tuple(sorted(LOOPBACK)),
    origins: Iterable[str] = (),
    store: Any = None,
    threads: int = 1,
    n_jobs: int | None = None,
    page: bool = True,
    log: Callable[[Mapping[str, Any]], None] | None = log_line,
) -> Any:
    """Make the web application that answers about new rows with a fitted model.

    Requests that come while the model answers wait, and are then answered together. What is sent is
    read in memory, within limits, is neither kept nor logged, and is never opened as a path.

    Parameters
    ----------
    model : Scorer, str or os.PathLike
        The model, or its file, which is loaded as `hybridsent.persist.load` does: no code in it is
        run.
    tokens : Tokens, sequence of str or None, default=None
        Who knows one may ask; None lets in everybody who reaches the server.
    limits : Limits or None, default=None
        What may be asked at once; None is ``Limits()``.
    hosts : iterable of str or None, default=("127.0.0.1", "::1", "localhost")
        Names that the address may have; None takes any, for a server that others reach.
    origins : iterable of str, default=()
        Sites whose pages may ask in the browsers of their visitors, such as
        ``"https://example.org"``.
    store : FeatureStore, str, os.PathLike or None, default=None
        Where features of what is sent are kept; None keeps nothing, so that nothing grows.
    threads : int, default=1
        Threads that ask the model; its networks use all cores in each.
    n_jobs : int or None, default=None
        Threads that read and decode; None leaves it to the encoders.
    page : bool, default=True
        Whether there is a page for people at ``/``.
    log : callable or None, default=log_line
        Gets the facts of each request, which hold nothing that a client wrote; None logs nothing.

    Returns
    -------
    fastapi.FastAPI
        The application; ``app.state.service`` is what is behind it. Its lifespan loads the model's
        networks, and answers once, before ``/ready`` says so.

    Raises
    ------
    PersistError
        If the file cannot be loaded.
    ValueError
        If the model reads cells that no request can hold, or a token is none.

    See Also
    --------
    hybridsent.serve.serve : Runs it.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring import Scorer
    >>> from hybridsent.serve import make_app
    >>> texts = ["good", "fine", "bad", "awful"] * 3
    >>> posts = pd.DataFrame({"text": texts, "label": [1, 1, 0, 0] * 3})
    >>> model = make_fusion(views={"text": "text/words"}).fit(posts[["text"]], posts["label"])
    >>> app = make_app(Scorer(model))
    >>> sorted(app.openapi()["paths"])
    ['/health', '/metrics', '/model', '/predict', '/predict/batch', '/ready']
    """
    from hybridsent.scoring import Scorer

    check_n_jobs(n_jobs, "make_app")
    fastapi = import_optional("fastapi", caller="hybridsent serve", extra="serve")
    limits = Limits() if limits is None else limits
    if tokens is not None and not isinstance(tokens, Tokens):
        tokens = Tokens([tokens] if isinstance(tokens, str) else tokens)
    scorer = model if isinstance(model, Scorer) else Scorer.open(model)
    engine = Engine(scorer, limits, store=store, n_jobs=n_jobs)
    service = Service(engine, threads=threads, log=log)
    app = fastapi.FastAPI(
        title=f"hybridsent serve: {engine.title}",
        version=__version__,
        description="Sentiment of texts, pictures and sounds by a fitted model.",
        docs_url=None,  # their pages load scripts of others
        redoc_url=None,
        lifespan=service.lifespan,
    )
    app.state.service = service
    _add_routes(app, service)
    if page:
        add_page(app, service)
    _add_handlers(app)
    # what is added last is asked first
    app.add_middleware(Body, limits=limits)
    app.add_middleware(Clients, limits=limits)
    app.add_middleware(
        Guard,
        tokens=tokens,
        hosts=hosts,
        open_paths=["/health", "/ready", *OPEN],
        cookie="hybridsent_serve",
        denied=_DENIED,
        programs=True,
        kinds=None,
        largest=None,
        origins=origins,
        **POLICY,
        refuse=_refuse,
    )
    app.add_middleware(Entry, paths=[*_PATHS, *OPEN], metrics=service.metrics, log=log)
    return app


async def _refuse(scope: Any, send: Any, status: int, text: str) -> None:
    codes = {
        400: "no_http",
        401: "no_token",
        403: "other_site",
        405: "wrong_method",
        421: "wrong_host",
    }
    codes[500] = "failed"
    error = RefusedError(status, codes.get(status, "refused"), text)
    facts = facts_of(scope)
    facts["code"] = error.code
    await refuse(send, error, facts["request_id"])


# -- paths


def _add_routes(app: Any, service: Service) -> None:
    responses = import_optional("fastapi.responses", caller="hybridsent serve", extra="serve")
    fastapi = import_optional("fastapi", caller="hybridsent serve", extra="serve")
    models, engine = answer_models(), service.engine
    said = "Whether it is told which view the answer is due to, and how sure it is."
    guarded = errors(401, 421)
    asked = errors(400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503, 504)
    JSON = responses.JSONResponse

    async def predict(request: Any, explain: bool = True) -> Any:
        """Tell the sentiment of one row: any of its fields, as JSON or as a form with files."""
        row = await service.row(request)
        _note(request, [row])
        try:
            return JSON((await service.answer([row], explain=explain))[0])
        except RefusedError as error:
            error.row = None  # there is but one
            raise

    async def batch(request: Any, explain: bool = False) -> Any:
        """Tell the sentiment of several rows."""
        rows = await service.rows(request)
        _note(request, rows)
        return JSON({"answers": await service.answer(rows, explain=explain)})

    async def model() -> Any:
        """Tell what the model reads and tells, and what may be asked of it."""
        return JSON(about(engine))

    async def health() -> Any:
        """Tell that the server lives."""
        return JSON({"status": "alive"})

    async def ready() -> Any:
        """Tell whether rows are answered: not before the networks are loaded, not when it ends."""
        return JSON({"status": service.state}, 200 if service.state == "ready" else 503)

    async def metrics() -> Any:
        """Give counters and times, for Prometheus."""
        text, kind = service.metrics.text()
        return responses.Response(text, media_type=kind)

    # annotations are texts here, which FastAPI would look up among the names of the module
    for function, default in ((predict, True), (batch, False)):
        function.__annotations__ = {"request": fastapi.Request, "explain": bool}
        function.__defaults__ = (fastapi.Query(default, description=said),)
    common: dict[str, Any] = {"response_model": None, "tags": ["predict"]}
    app.post(
        "/predict",
        responses={200: {"model": models.answer}, **asked},
        openapi_extra=request_of_row(engine),
        **common,
    )(predict)
    app.post(
        "/predict/batch",
        responses={200: {"model": models.answers}, **asked},
        openapi_extra=request_of_rows(engine),
        **common,
    )(batch)
    get: dict[str, Any] = {"response_model": None, "tags": ["service"]}
    app.get("/model", responses={200: {"model": models.model}, **guarded}, **get)(model)
    app.get("/health", responses={200: {"model": models.state}, **errors(421)}, **get)(health)
    not_yet: dict[int | str, Any] = {
        503: {"model": models.state, "description": "It is not, or no longer."}
    }
    app.get("/ready", responses={200: {"model": models.state}, **not_yet, **errors(421)}, **get)(
        ready
    )
    text: dict[int | str, Any] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
    app.get(
        "/metrics",
        responses={**text, **guarded},
        response_class=responses.PlainTextResponse,
        **get,
    )(metrics)


def _note(request: Any, rows: Sequence[Row]) -> None:
    """Tell the log how many rows there were, and which of our fields."""
    facts = facts_of(request.scope)
    facts["rows"] = len(rows)
    facts["fields"] = sorted({name for row in rows for name in row.given})


def _add_handlers(app: Any) -> None:
    """Let every error be said in one form."""
    responses = import_optional("fastapi.responses", caller="hybridsent serve", extra="serve")
    exceptions = import_optional("fastapi.exceptions", caller="hybridsent serve", extra="serve")

    def said(request: Any, error: RefusedError, more: Mapping[str, str] | None = None) -> Any:
        facts = facts_of(request.scope)
        facts["code"] = error.code
        headers = dict(more or {})
        if error.retry is not None:
            headers["retry-after"] = str(error.retry)
        body = {**error.body(), "request_id": facts.get("request_id")}
        return responses.JSONResponse(body, error.status, headers)

    async def refused(request: Any, error: Any) -> Any:
        return said(request, error)

    async def by_http(request: Any, error: Any) -> Any:
        code, told = _SENTENCES.get(error.status_code, ("refused", f"{error.detail}."))
        allow = (error.headers or {}).get("Allow", "another method")
        told = told.replace("{allow}", allow)
        return said(request, RefusedError(error.status_code, code, told), error.headers)

    async def invalid(request: Any, error: Any) -> Any:
        told = "explain must be true or false."
        return said(request, RefusedError(422, "wrong_query", told))

    app.exception_handler(RefusedError)(refused)
    app.exception_handler(exceptions.StarletteHTTPException)(by_http)
    app.exception_handler(exceptions.RequestValidationError)(invalid)
