"""Which columns a fitted model reads (layer L6)."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from hybridsent.scoring._opened import plain_model

__all__ = ["Input", "features_of_tables", "first_step", "inputs_of", "learns_from_cells"]


class Input(NamedTuple):
    """A column of cells that a model reads.

    Parameters
    ----------
    column : str
        Its name in the table.
    views : tuple of str
        The views that are made of it.
    modality : str or None
        What its cells are; None for what learns from cells itself, such as words and numbers.
    optional : bool
        Whether a table may lack it, every row then missing it.
    """

    column: str
    views: tuple[str, ...]
    modality: str | None
    optional: bool


def learns_from_cells(part: Any) -> bool:
    """Tell whether something learns from cells, with no encoder: words, and columns of meta.

    Parameters
    ----------
    part : object
        Any part of a model.

    Returns
    -------
    bool
        Whether it is one of the two.

    Examples
    --------
    >>> from hybridsent.scoring._inputs import learns_from_cells
    >>> learns_from_cells(None)
    False
    """
    # whoever holds one has imported its module, which is not imported for those that hold none
    homes = {"hybridsent.lexical": "WordFeatures", "hybridsent.meta": "MetaFeatures"}
    kinds = tuple(getattr(sys.modules[each], homes[each]) for each in homes if each in sys.modules)
    return isinstance(part, kinds)


def first_step(model: Any) -> Any:
    """Give the step that reads the table.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    transformer or None
        None where the model is no pipeline.

    Examples
    --------
    >>> from hybridsent.scoring._inputs import first_step
    >>> first_step(None) is None
    True
    """
    model = plain_model(model)
    return model[0] if hasattr(model, "steps") else None


def inputs_of(model: Any) -> list[Input]:
    """Name the columns of cells that a model reads.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    list of Input
        Those that may be missing first; empty for a model of ready features.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring._inputs import inputs_of
    >>> posts = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 3})
    >>> model = make_fusion(views={"text": "text/words"}).fit(posts, [1, 1, 0, 0] * 3)
    >>> inputs_of(model)
    [Input(column='text', views=('text',), modality=None, optional=True)]
    """
    from hybridsent.encoders._nesting import encoders_of, names_of

    views: dict[str, list[str]] = {}
    modality: dict[str, str | None] = {}
    for view, encoder, column in encoders_of(model):
        for name in names_of(column):
            views.setdefault(name, []).append(view)
            modality[name] = encoder.modality
    for view, part, column in getattr(first_step(model), "transformers_", ()):
        if learns_from_cells(part):
            for name in names_of(column):
                views.setdefault(name, []).append(view)
                modality.setdefault(name, None)
    needed = [name for name in _selected(model) if name not in views] if views else []
    found = [Input(name, tuple(views[name]), modality[name], True) for name in views]
    return found + [Input(name, (), None, False) for name in needed]


def _selected(model: Any) -> list[str]:
    """Name every column that a step picks, but for marks."""
    from hybridsent.encoders._nesting import names_of
    from hybridsent.evaluation.rows._columns import selectors_of
    from hybridsent.views import PASSTHROUGH

    return [
        name
        for view, column in selectors_of(model)
        for name in names_of(column)
        if view not in PASSTHROUGH
    ]


def features_of_tables(model: Any) -> list[str]:
    """Name the columns of ready features that a model reads.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    list of str
        But for marks, such as the domain.

    Examples
    --------
    >>> from hybridsent.scoring._inputs import features_of_tables
    >>> features_of_tables(None)
    []
    """
    from hybridsent.evaluation import feature_columns
    from hybridsent.views import is_passthrough

    reads = list(getattr(model, "feature_names_in_", []))
    return [name for name in feature_columns(reads) if not is_passthrough(name)]
