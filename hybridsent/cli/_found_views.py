"""What the options leave open about views: found in the table by the library (layer L7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, listed
from hybridsent.cli._modalities import media_parts, modality_names
from hybridsent.cli._views import View, learned_views, views_of_medium
from hybridsent.scoring._context import Context
from hybridsent.scoring._speech import Transcript

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["detected", "found_views", "views_of_contexts", "with_modality", "with_speech"]


def found_views(table: pd.DataFrame, aside: Sequence[str], meta: Sequence[str]) -> list[View]:
    """Give a view for each column that looks like one; with ``--meta`` there may be none."""
    found = detected(table, aside)
    if not found and not meta:
        names = [*modality_names(), *media_parts()]
        options = [f"--{name}" for name in names]
        raise UsageError(
            f"no column of the table looks like {_alternatives(names)}; name one with "
            f"{_alternatives(options)}. Columns: {listed(table.columns)}"
        )
    media = media_parts()
    alone = [View(name, column, name) for name, column in found.items() if name not in media]
    parts = [view for name in media if name in found for view in views_of_medium(name, found[name])]
    return [*alone, *parts]


def _alternatives(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def detected(table: pd.DataFrame, aside: Iterable[str]) -> dict[str, str]:
    """Find the columns that hold cells of a modality; features are of none.

    Parameters
    ----------
    table : DataFrame
        The table.
    aside : iterable of str
        Columns that are not looked at.

    Returns
    -------
    dict of str to str
        Modality to column, as `detect_modalities` gives it.
    """
    from hybridsent.datasets import detect_modalities
    from hybridsent.evaluation import feature_columns

    raw = table.drop(columns=feature_columns(table))
    return detect_modalities(raw, exclude=list(aside))


def with_modality(view: View, table: pd.DataFrame, contexts: Sequence[Context]) -> View:
    """Say how a view is read where only its backbone, or its column, tells that."""
    kinds = modality_names()
    modality = view.modality or _read_by(view)
    if not modality:
        sources = {context.name: context.column for context in contexts}
        looks = detected(table[[sources.get(view.column, view.column)]], [])
        modality = next(iter(looks), "")
        if parts := media_parts().get(modality):
            raise UsageError(
                f"{view.option} must say what of {view.column!r} is read, which holds {modality}: "
                f"write --{modality} {view.column} for {' and '.join(parts)}, or --view "
                f"{view.name}={view.column}:{next(iter(parts.values()))}"
            )
    if not modality:
        raise UsageError(
            f"{view.option} must say how {view.column!r} is read: it does not look like "
            f"{_alternatives(kinds)}. Write --view {view.name}={view.column}:MODALITY"
            + (f":{view.backbone}" if view.backbone else "")
        )
    if view.name in kinds and view.name != modality:
        raise UsageError(
            f"{view.option}: a view named {view.name!r} must read {view.name}, and this one reads "
            f"{modality}; name it otherwise, such as my_{view.name}"
        )
    return replace(view, modality=modality)


def _read_by(view: View) -> str:
    """Tell what a backbone reads, where its name is enough to know."""
    from hybridsent.encoders import get_backbone
    from hybridsent.encoders._registry import FAMILIES
    from hybridsent.exceptions import UnknownBackboneError, WeightsNotFoundError

    learned = learned_views()
    if not view.backbone:
        return ""
    if view.backbone in learned:
        return view.backbone.partition("/")[0]
    try:
        return get_backbone(view.backbone).modality
    except (UnknownBackboneError, WeightsNotFoundError) as error:
        if view.backbone.partition(":")[0] in FAMILIES:
            return ""
        hint = did_you_mean(view.backbone, [*modality_names(), *learned])
        if not hint:
            raise
        raise UsageError(
            f"{view.option} must name a modality, a backbone or one of {sorted(learned)}; got "
            f"{view.backbone!r}.{hint}"
        ) from error


def with_speech(views: Sequence[View], transcripts: Sequence[Transcript]) -> list[View]:
    """Let each column of what is said be read as text, where no option says how."""
    said = {each.name: each for each in transcripts}
    readable = [
        replace(view, modality="text")
        if view.column in said and not (view.modality or view.backbone)
        else view
        for view in views
    ]
    read = {view.column for view in views}
    for name, each in said.items():
        if name not in read:
            alone = len(said) == 1 and not any(view.name == "text" for view in views)
            option = f"--transcribe {each.column}"
            readable.append(View("text" if alone else name, name, "text", option=option))
    return readable


def views_of_contexts(
    views: Sequence[View], contexts: Sequence[Context], features: Sequence[str], rows: pd.DataFrame
) -> list[View]:
    """Let each column of neighbours be read as the column that they are from."""
    made: list[View] = []
    for context in contexts if not features else ():
        if any(view.column == context.name for view in views):
            continue
        option = f"--context {context.column}"
        beside = [view for view in views if view.column == context.column]
        made += [
            replace(view, name=f"{view.name}_context", column=context.name, option=option)
            for view in beside
        ]
        if not beside:
            alone = View(context.name, context.name, "", option=option)
            made.append(with_modality(alone, rows, contexts))
    return made
