"""The application behind the page: rows out, answers in (layer L7).

Starlette's plain functions, on FastAPI: nothing here is a model of data that would be checked
twice, as the question checks every answer by itself.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hybridsent._optional import import_optional
from hybridsent._web import Guard, Tokens, page_file
from hybridsent.exceptions import TableError
from hybridsent.label_page._desk import Desk, open_desk
from hybridsent.label_page._labelling import RefusedError, check_name
from hybridsent.label_page._pieces import Piece
from hybridsent.label_page._progress import guess_of, progress_of

if TYPE_CHECKING:
    import os

__all__ = ["make_app"]

_HERE = "hybridsent.label_page"
_PARTS = ("/page.css", "/page.js")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_PLACE = re.compile(r"[0-9]{1,4}")


def make_app(
    table: Any,
    target: str,
    *,
    output: str | os.PathLike[str],
    features: Any = None,
    classes: Sequence[Any] | None = None,
    task: str = "auto",
    range: tuple[float, float] | None = None,  # noqa: A002 - the name of the option
    columns: Mapping[str, str] | None = None,
    facts: Sequence[str] = (),
    rows: Any = None,
    base: str | os.PathLike[str] | None = None,
    media: Sequence[str] = (),
    groups: Any = None,
    strategy: str = "auto",
    annotators: Sequence[str] = ("me",),
    overlap: float = 0.1,
    token: str | None = None,
    learned: bool = False,
    random_state: int = 0,
) -> Any:
    """Make the web application on which people label the rows of a table.

    Every answer is appended to a journal, a file of JSON lines beside the output, and is on the
    disk before the next row is shown. Which row comes next is ranked by `hybridsent.active` in a
    thread, with features that are encoded meanwhile.

    Parameters
    ----------
    table : DataFrame
        The rows. Labels that stand in the column of the target are known; their rows are not asked.
    target : str
        The column of the labels, which need not be there yet.
    output : str or os.PathLike
        The file that the table with its labels is written to; the journal lies beside it.
    features : DataFrame, array, transformer or None, default=None
        Features of the rows, or what makes them, such as `hybridsent.make_features` gives; None
        shows the rows in random order, and learns nothing.
    classes : sequence of object or None, default=None
        The classes; None takes those of the labels that are there.
    task : {"auto", "classification", "regression", "multilabel"}, default="auto"
        One class a row, a number, or a set of labels; found by the labels that are there.
    range : (float, float) or None, default=None
        Ends of the range of numbers; None takes those of the labels that are there.
    columns : mapping of str to str or None, default=None
        Columns that are shown, and the modality or medium of their cells; None takes those that
        `hybridsent.datasets.detect_modalities` finds.
    facts : sequence of str, default=()
        Columns that are shown as they stand.
    rows : DataFrame or None, default=None
        The table as encoders read it, with absolute paths; None is the table.
    base : str, os.PathLike or None, default=None
        Folder from which paths in the table are seen.
    media : sequence of str, default=()
        Columns of paths, which are written as absolute ones where the output lies in another folder
        than `base`.
    groups : array of shape (n,) or None, default=None
        Group of each row, which stays together where the model is judged.
    strategy : str, default="auto"
        How rows are ranked: a strategy of `hybridsent.active.rank_rows`, or ``"table"`` for the
        order of the table.
    annotators : sequence of str, default=("me",)
        Who labels; the page takes further names.
    overlap : float, default=0.1
        Share of the rows that two annotators label, where there are several.
    token : str or None, default=None
        What the address must hold; None draws one.
    learned : bool, default=False
        Whether the transformer learns from its rows, so that they are encoded all at once.
    random_state : int, default=0
        Seed of the order of rows.

    Returns
    -------
    fastapi.FastAPI
        The application; ``app.state.token`` is the token, and ``app.state.desk.save()`` writes the
        labels.

    Raises
    ------
    TableError
        If it cannot be told what is asked, a column is not there, the journal is of something
        else, or another server has it.
    ValueError
        If features, groups or a parameter do not fit the table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from hybridsent.label_page import make_app
    >>> table = pd.DataFrame({"text": ["I love it", "I hate it", "It is fine"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     app = make_app(
    ...         table, "label", output=Path(folder, "labelled.csv"), classes=["bad", "good"]
    ...     )
    ...     app.state.desk.labelling.question.names
    ...     app.state.desk.close()
    ['bad', 'good']
    """
    fastapi = _fastapi()
    desk = open_desk(
        table,
        target,
        output=output,
        features=features,
        classes=classes,
        task=task,
        limits=range,
        columns=columns,
        facts=facts,
        rows=rows,
        base=base,
        media=media,
        groups=groups,
        strategy=strategy,
        annotators=annotators,
        overlap=overlap,
        learned=learned,
        random_state=random_state,
    )
    token = secrets.token_urlsafe(24) if token is None else token
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None, title="hybridsent label")
    app.state.desk, app.state.token = desk, token
    app.state.annotators = [check_name(name) for name in annotators]
    for path, (methods, handler) in _handlers(desk, app.state.annotators).items():
        app.router.add_route(path, handler, methods=methods)
    app.add_middleware(
        Guard,
        tokens=Tokens([token]),
        open_paths=[*_PARTS, "/favicon.ico"],
        cookie="hybridsent_label",
        denied="This page needs the address with the token that `hybridsent label` printed when it "
        "was started. Open that address.",
    )
    desk.start()
    return app


def _fastapi(part: str = "") -> Any:
    return import_optional(f"fastapi{part}", caller="hybridsent label", extra="label")


def _handlers(
    desk: Desk, annotators: Sequence[str]
) -> dict[str, tuple[list[str], Callable[..., Any]]]:
    """Make what answers each path."""
    run_in_threadpool = _fastapi(".concurrency").run_in_threadpool
    responses = _fastapi(".responses")
    JSONResponse, Response = responses.JSONResponse, responses.Response

    labelling = desk.labelling

    def page(request: Any) -> Any:
        told = {
            "target": desk.target,
            "output": desk.output.name,
            "annotators": [*dict.fromkeys([*annotators, *labelling.annotators])],
            "question": labelling.question.told(),
            "lost": labelling.journal.lost,
            "strangers": labelling.strangers,
        }
        text = json.dumps(told).replace("<", "\\u003c")
        whole, mime = page_file(_HERE, "page.html")
        return Response(whole.replace("{{ setup }}", text), media_type=mime)

    def part(request: Any) -> Any:
        text, mime = page_file(_HERE, request.url.path[1:])
        return Response(text, media_type=mime)

    def nothing(request: Any) -> Any:
        return Response(status_code=204)

    def state(request: Any) -> Any:
        who = check_name(request.query_params.get("who"))
        return JSONResponse(desk.view(who))

    def row(request: Any) -> Any:
        who = check_name(request.query_params.get("who"))
        return JSONResponse(desk.shown(labelling.row(request.path_params["row"]), who))

    def progress(request: Any) -> Any:
        who = check_name(request.query_params.get("who"))
        return JSONResponse(progress_of(labelling, who))

    def guess(request: Any) -> Any:
        at = labelling.row(request.query_params.get("row"))
        return JSONResponse(guess_of(labelling, at))

    def media(request: Any) -> Any:
        at = labelling.row(request.path_params["row"])
        pieces = desk.pieces.of(at)
        place = request.path_params["number"]
        number = int(place) if _PLACE.fullmatch(place) else len(pieces)
        if number >= len(pieces) or not pieces[number].content:
            raise RefusedError("There is no such file.")
        return _ranged(Response, pieces[number], request.headers.get("range", ""))

    def act(sent: Mapping[str, Any]) -> Any:
        who, do = check_name(sent.get("who")), sent.get("do")
        row, event = str(sent.get("row")), str(sent.get("id"))
        new = labelling.do(who, str(do), row, sent.get("value"), event)
        asked = labelling.row(sent.get("row")) if sent.get("guess") and do != "undo" else None
        return JSONResponse({"new": new, **desk.view(who, guess_for=asked)})

    def save(sent: Mapping[str, Any]) -> Any:
        written = desk.save()
        return JSONResponse({"files": [each.name for each in written]})

    def caught(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(request: Any) -> Any:
            try:
                return handler(request)
            except RefusedError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            except OSError as error:
                told = f"It could not be written down: {error.strerror or error}."
                return JSONResponse({"error": told}, status_code=507)
            except TableError as error:
                return JSONResponse({"error": str(error)}, status_code=507)

        return answer

    def reading(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        answer = caught(handler)

        async def read(request: Any) -> Any:
            try:
                sent = json.loads(await request.body())
            except (ValueError, RecursionError):
                sent = None
            if not isinstance(sent, dict):
                return JSONResponse({"error": "The request must be JSON."}, status_code=400)
            return await run_in_threadpool(answer, sent)

        return read

    get, post = ["GET"], ["POST"]
    return {
        "/": (get, caught(page)),
        **{path: (get, caught(part)) for path in _PARTS},
        "/favicon.ico": (get, caught(nothing)),
        "/api/state": (get, caught(state)),
        "/api/row/{row}": (get, caught(row)),
        "/api/progress": (get, caught(progress)),
        "/api/guess": (get, caught(guess)),
        "/media/{row}/{number}": (get, caught(media)),
        "/api/do": (post, reading(act)),
        "/api/save": (post, reading(save)),
    }


def _ranged(response: Any, piece: Piece, asked: str) -> Any:
    """Give a file, or the part of it that a player asks for when somebody seeks."""
    content, n = piece.content, len(piece.content)
    headers = {"accept-ranges": "bytes", "cache-control": "private, max-age=3600"}
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or not any(found.groups()):
        return response(content, media_type=piece.mime, headers=headers)
    first, last = found.groups()
    start = int(first) if first else max(0, n - int(last))
    end = min(int(last), n - 1) if first and last else n - 1
    if start > end or start >= n:
        return response(status_code=416, headers={**headers, "content-range": f"bytes */{n}"})
    headers["content-range"] = f"bytes {start}-{end}/{n}"
    return response(
        content[start : end + 1], status_code=206, media_type=piece.mime, headers=headers
    )
