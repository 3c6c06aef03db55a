"""What a request holds: a field for each input of the model (layer L7).

Why by hand: the fields are those of the model, which no class that was written before it was fitted
can declare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer


__all__ = ["Field", "fields_of"]


@dataclass(frozen=True)
class Field:
    """A field of a request.

    Parameters
    ----------
    name : str
        Its name: the column that the model reads; of ready features the view.
    kind : {"text", "media", "value", "vector"}
        What it holds: a text, the bytes of a file, a text or number as it stands, or as many
        numbers as the view has columns.
    modality : str or None
        What reads it.
    views : tuple of str
        The views that are made of it.
    required : bool
        Whether it must be there.
    columns : tuple of str, default=()
        Columns of a vector.
    """

    name: str
    kind: str
    modality: str | None
    views: tuple[str, ...]
    required: bool
    columns: tuple[str, ...] = ()


def fields_of(scorer: Scorer) -> list[Field]:
    """Name the fields that a model reads.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    list of Field
        In the order in which the model reads them.

    Raises
    ------
    ValueError
        If it reads cells that no request can hold.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring import Scorer
    >>> from hybridsent.serve._fields import fields_of
    >>> texts = ["good", "fine", "bad", "awful"] * 3
    >>> posts = pd.DataFrame({"text": texts, "label": [1, 1, 0, 0] * 3})
    >>> model = make_fusion(views={"text": "text/words"}).fit(posts[["text"]], posts["label"])
    >>> [(each.name, each.kind) for each in fields_of(Scorer(model))]
    [('text', 'text')]
    """
    found = {each.name: each for each in _of_inputs(scorer)}
    for column, needed in scorer.beside.items():
        found.setdefault(column, Field(column, *_kind(scorer, column), (), needed))
    for name in scorer.made:
        found.pop(name, None)
    return [*found.values(), *_of_features(scorer)]


def _of_inputs(scorer: Scorer) -> Iterable[Field]:
    words = _words(scorer)
    for each in scorer.inputs:
        learned = "text" if each.column in words else "value"
        kind = learned if each.modality is None else _kind_of(each.modality, each.column)
        yield Field(each.column, kind, each.modality, each.views, not each.optional)


def _words(scorer: Scorer) -> set[str]:
    """Name the columns whose words are counted."""
    from hybridsent.encoders._nesting import names_of
    from hybridsent.lexical import WordFeatures

    return {
        name
        for _, part, column in getattr(scorer.first, "transformers_", ())
        if isinstance(part, WordFeatures)
        for name in names_of(column)
    }


def _kind(scorer: Scorer, column: str) -> tuple[str, str | None]:
    return ("media", None) if column in scorer.media else ("value", None)


def _kind_of(modality: str, column: str) -> str:
    from hybridsent.media import get_modality

    forms = get_modality(modality).forms
    if "words" in forms:
        return "text"
    if "content" in forms:
        return "media"
    raise ValueError(
        f"The model reads {modality} in the column {column!r}, whose cells are no files and no "
        f"texts, but {list(forms) or 'objects of their own'}; no request can hold them."
    )


def _of_features(scorer: Scorer) -> Iterable[Field]:
    from hybridsent.views import spans

    for view, at in spans(scorer.features).items():
        columns = tuple(scorer.features[i] for i in at)
        yield Field(view or "features", "vector", None, (view,), False, columns)
