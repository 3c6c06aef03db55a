"""What a service says of itself: its OpenAPI, and its model (layer L7).

Answers are described once, as models of pydantic; requests are described by the fields of the
model, as JSON Schema.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from hybridsent._optional import import_optional
from hybridsent._version import __version__
from hybridsent.serve._engine import Engine
from hybridsent.serve._fields import Field
from hybridsent.serve._limits import Limits

__all__ = ["about", "answer_models", "errors", "request_of_row", "request_of_rows"]

_ERRORS = {
    400: "The body is no JSON or no form, or cut off.",
    401: "The token is missing or wrong.",
    403: "The request comes from the page of another site.",
    408: "The request came too slowly.",
    413: "Something, or all of it together, is larger than the limits allow.",
    415: "The body is of a type that is not read.",
    421: "The address has a name that this server does not answer to.",
    422: "A field is not what the model reads, or cannot be read.",
    429: "Too many requests of this client, or too many rows wait; see Retry-After.",
    500: "The server failed; its log says where, by the request_id.",
    503: "The server is not ready yet, or ends.",
    504: "The answer took too long, and was given up.",
}


class _Models(NamedTuple):
    answer: Any
    answers: Any
    error: Any
    model: Any
    state: Any


@cache
def answer_models() -> _Models:
    """Make the models of what is answered; pydantic comes with FastAPI, which is optional.

    Returns
    -------
    tuple
        Of one answer, several answers, an error, the model and the state.
    """
    pydantic = import_optional("pydantic", caller="hybridsent serve", extra="serve")
    of, create = pydantic.Field, pydantic.create_model

    view: Any = create(
        "View",
        share=(float | None, of(description="Part of all changes, by size, from 0 to 1.")),
        change=(float | None, of(description="By how much it makes the model surer.")),
        missing=(bool, of(description="Whether the row lacks it.")),
    )
    label = str | bool | int | float
    answer: Any = create(
        "Answer",
        prediction=(label | list[label], of(description="A label, a list of labels, or a number.")),
        probabilities=(dict[str, float] | None, of(description="Of each label.")),
        views=(dict[str, view] | None, of(description="What each has to do with it; explain.")),
        set=(list[label] | None, of(description="Labels that cannot be left out; explain.")),
        interval=(list[float] | None, of(description="In which the number is; explain.")),
        coverage=(float | None, of(description="Share of rows whose truth is in it.")),
        missing=(list[str], of(description="Views that the row lacks.")),
        notes=(list[str], of(description="What the reader has to know.")),
    )
    answers: Any = create(
        "Answers", answers=(list[answer], of(description="In the order of the rows."))
    )
    error = create(
        "Error",
        code=(str, of(description="A word for programs.", examples=["too_large"])),
        error=(str, of(description="A sentence for people.")),
        row=(int | None, of(None, description="Of several rows the one it is about, from 0.")),
        field=(str | None, of(None, description="The field it is about.")),
        request_id=(str | None, of(None, description="Under which the log tells of it.")),
    )
    each: Any = create(
        "Input",
        field=(str, of(description="Its name in a request.")),
        kind=(str, of(description="text, media, value or vector.")),
        modality=(str | None, of(description="What reads it.")),
        views=(list[str], of(description="The views that are made of it.")),
        required=(bool, of(description="Whether it must be there.")),
        width=(int | None, of(description="How many numbers a vector has.")),
        accept=(list[str], of(description="Endings of names of files that it takes.")),
        languages=(list[str] | None, of(description="Which languages it is read in, as codes.")),
    )
    model = create(
        "Model",
        model=(str, of(description="The name of its file.")),
        task=(str, of(description="classification, regression or multilabel.")),
        target=(str | None, of(description="The column it was fitted to.")),
        classes=(list[label] | None, of(description="The labels.")),
        inputs=(list[each], of(description="What it reads.")),
        limits=(dict[str, float | None], of(description="What may be asked at once.")),
        explains=(bool, of(description="What one row is told without explain being said.")),
        keeps_rows=(bool, of(description="Whether features of what is sent are kept.")),
        version=(str, of(description="Of hybridsent.")),
    )
    state = create("State", status=(str, of(examples=["ready"])))
    return _Models(answer, answers, error, model, state)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a path may answer.

    Parameters
    ----------
    *statuses : int
        Of HTTP.

    Returns
    -------
    dict
        For ``responses=``.
    """
    return {
        status: {"description": _ERRORS[status], "model": answer_models().error}
        for status in statuses
    }


# -- requests


def _schema_of(field: Field, limits: Limits) -> dict[str, Any]:
    views = f"Read as {', '.join(field.views)}." if field.views else "Read beside the views."
    nothing = {"type": "null"}
    if field.kind == "vector":
        numbers = {"type": "number", "minimum": -3e38, "maximum": 3e38}
        n = len(field.columns)
        vector = {"type": "array", "items": numbers, "minItems": n, "maxItems": n}
        return {"description": f"{views} {n} numbers.", "anyOf": [vector, nothing]}
    if field.kind == "value":
        whole = {"type": "integer", "minimum": -(2**63) + 1, "maximum": 2**63 - 1}
        kinds = [{"type": "string", "maxLength": limits.text}, {"type": "number"}, whole]
        kinds = [kinds[0], {"type": "number", "minimum": -9e18, "maximum": 9e18}]
        return {"description": views, "anyOf": [*kinds, {"type": "boolean"}, nothing]}
    if field.kind == "text":
        one: dict[str, Any] = {"type": "string", "maxLength": limits.text}
    else:
        one = {"type": "string", "contentEncoding": "base64"}
        views += " The bytes of a file as base64; paths and addresses are not opened."
    several = {"type": "array", "items": {"anyOf": [one, nothing]}, "maxItems": limits.items}
    return {"description": views, "anyOf": [one, several, nothing]}


def _row_schema(fields: Sequence[Field], limits: Limits) -> dict[str, Any]:
    return {
        "type": "object",
        "title": "Row",
        "description": "A field for each input of the model; one at least holds something.",
        "properties": {field.name: _schema_of(field, limits) for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
        "minProperties": 1,
    }


def _example(engine: Engine) -> dict[str, Any]:
    return {
        field.name: base64.b64encode(cell).decode() if isinstance(cell, bytes) else cell
        for field, cell in engine.examples()
        if not (isinstance(cell, bytes) and len(cell) > 8192)  # a page of base64 tells nothing
    }


def request_of_row(engine: Engine) -> dict[str, Any]:
    """Describe what is sent to ``/predict``.

    Parameters
    ----------
    engine : Engine
        The model.

    Returns
    -------
    dict
        For ``openapi_extra=``.
    """
    row = _row_schema(engine.fields, engine.limits)
    parts: dict[str, Any] = {}
    for field in engine.fields:
        one = (
            {"type": "string", "format": "binary"} if field.kind == "media" else {"type": "string"}
        )
        many = {"type": "array", "items": one, "maxItems": engine.limits.items}
        parts[field.name] = many if field.kind in ("media", "text") else one
    form = {**row, "title": "Form", "properties": parts}
    content: dict[str, Any] = {
        "application/json": {"schema": row, "example": _example(engine)},
        "multipart/form-data": {"schema": form},
    }
    return {"requestBody": _body(engine, "One row.", content)}


def _body(engine: Engine, what: str, content: dict[str, Any]) -> dict[str, Any]:
    limits = engine.limits
    together = (
        f"All files of a request together hold at most {limits.all_pixels:,.12g} pixels of "
        f"pictures and frames, and {limits.all_seconds:,.12g} seconds of sound."
    )
    files = any(field.kind == "media" for field in engine.fields)
    told = f"{what} {together}" if files else what
    return {"required": True, "description": told, "content": content}


def request_of_rows(engine: Engine) -> dict[str, Any]:
    """Describe what is sent to ``/predict/batch``.

    Parameters
    ----------
    engine : Engine
        The model.

    Returns
    -------
    dict
        For ``openapi_extra=``.
    """
    rows = {
        "type": "array",
        "title": "Rows",
        "items": _row_schema(engine.fields, engine.limits),
        "minItems": 1,
        "maxItems": engine.limits.rows,
    }
    content = {"application/json": {"schema": rows, "example": [_example(engine)]}}
    return {"requestBody": _body(engine, "Rows, answered in their order.", content)}


# -- the model


def about(engine: Engine) -> dict[str, Any]:
    """Tell what a model reads and tells, and what may be asked of it.

    Parameters
    ----------
    engine : Engine
        The model.

    Returns
    -------
    dict
        Plain JSON.
    """
    from dataclasses import asdict

    import numpy as np

    scorer = engine.scorer
    languages = _languages(engine)
    target = scorer.facts.get("target")
    return {
        "model": engine.title,
        "task": scorer.task,
        "target": None if target is None else str(target),
        "classes": None if scorer.classes is None else np.asarray(scorer.classes).tolist(),
        "inputs": [
            {
                "field": field.name,
                "kind": field.kind,
                "modality": field.modality,
                "views": list(field.views),
                "required": field.required,
                "width": len(field.columns) or None,
                "accept": _accepted(field),
                "languages": languages.get(field.name),
            }
            for field in engine.fields
        ],
        "limits": asdict(engine.limits),
        "explains": True,
        "keeps_rows": engine.store is not None,
        "version": __version__,
    }


def _accepted(field: Field) -> list[str]:
    """Name the endings of files of a modality, and of media in which such are."""
    from hybridsent.media import get_modality, list_media

    if field.kind != "media" or field.modality is None:
        return []
    around = [each for each in list_media() if field.modality in [p.reads for p in each.parts]]
    return [
        *get_modality(field.modality).extensions,
        *(x for each in around for x in each.extensions),
    ]


def _languages(engine: Engine) -> dict[str, list[str]]:
    """Give the languages in which each field is read, where its backbone says so."""
    from hybridsent.encoders._nesting import encoders_of, names_of

    found: dict[str, list[str]] = {}
    for _, encoder, column in encoders_of(engine.scorer.model):
        told = encoder.backbone().languages
        if told is not None:
            for name in names_of(column):
                found.setdefault(name, sorted(told))
    return found
