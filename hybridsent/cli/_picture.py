"""A pipeline drawn in characters (layer L7): scikit-learn draws in HTML, a terminal has none."""

from __future__ import annotations

from typing import Any

from hybridsent._layout import padded, width_of

__all__ = ["picture"]


def picture(model: Any) -> str:
    """Draw a fusion pipeline: a line a modality, then the steps behind them.

    Parameters
    ----------
    model : Pipeline
        As `make_fusion` builds it.

    Returns
    -------
    str
        Lines of text.

    Examples
    --------
    >>> from hybridsent import make_fusion
    >>> from hybridsent.cli._picture import picture
    >>> print(picture(make_fusion(text=True, image=True)))
    text  ─ TextEncoder(text/bge-small-en) ──────────┐
    image ─ ImageEncoder(image/efficientnet-lite0) ──┴─► ViewScaler ─► ViewImputer ─►
    TunedLinearClassifier ─► label
    """
    views = model.steps[0][1].transformers
    left = [f"{column!s}" for _, _, column in views]
    names = [_chain(transformer) for _, transformer, _ in views]
    wide, column = max(map(width_of, names)), max(map(width_of, left))
    lines = [
        padded(f"{padded(one, column)} ─ {name} ", column + wide + 5, "─")
        for one, name in zip(left, names, strict=True)
    ]
    behind = " ─► ".join(
        [type(step).__name__ for _, step in model.steps[1:] if not isinstance(step, str)]
        + ["label"]
    )
    ends = ["─┐", *["─┤"] * (len(lines) - 2)] if len(lines) > 1 else []
    last = f"─┴─► {behind}" if len(lines) > 1 else f"───► {behind}"
    return "\n".join(line + end for line, end in zip(lines, [*ends, last], strict=True))


def _chain(transformer: Any) -> str:
    from sklearn.pipeline import Pipeline

    steps = (
        [step for _, step in transformer.steps]
        if isinstance(transformer, Pipeline)
        else [transformer]
    )
    return " ─► ".join(_name(step) for step in steps)


def _name(step: Any) -> str:
    inner = getattr(step, "model", None) or getattr(step, "transformer", None)
    if inner is None:
        return type(step).__name__
    return f"{type(step).__name__}({inner if isinstance(inner, str) else type(inner).__name__})"
