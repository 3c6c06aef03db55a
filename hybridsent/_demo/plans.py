"""What each row of the demo data is to show (layer L1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MEDIA", "MODALITIES", "SPEAKERS", "Plan", "plan_rows"]

SPEAKERS = ("ada", "ben", "chidi", "dora", "emre", "fay", "goran", "hana", "ivo", "june")
MEDIA = ("image", "audio")
MODALITIES = ("text", *MEDIA)

_SHARES = {"positive": 0.40, "neutral": 0.25, "negative": 0.35}
# In what share of the rows each modality shows the row's label; in the others it shows another one.
# Set so that the default encoders with a linear classifier reach 55 to 70 % on one modality.
_HONEST = {"text": 0.91, "image": 0.78, "audio": 0.89}
_MISSING = 0.03


@dataclass(frozen=True)
class Plan:
    """What one row is to show; a modality that is absent is missing from the row.

    Parameters
    ----------
    label : {"positive", "neutral", "negative"}
        What was meant.
    speaker : int
        Which of `SPEAKERS`.
    shown : dict of str to tuple
        Mood and strength that each modality shows.
    """

    label: str
    speaker: int
    shown: dict[str, tuple[str, float]]


def plan_rows(n: int, seed: int) -> list[Plan]:
    """Draw what n rows show.

    Parameters
    ----------
    n : int
        Number of rows.
    seed : int
        Seed of the generator.

    Returns
    -------
    list of Plan
        One a row.

    Examples
    --------
    >>> from hybridsent._demo.plans import plan_rows
    >>> sum(plan.label == "positive" for plan in plan_rows(60, 0))
    24
    """
    rng = np.random.default_rng([seed, 0])
    bounds = np.round(np.cumsum(list(_SHARES.values())) * n).astype(int)
    moods = np.array(list(_SHARES))[np.searchsorted(bounds, np.arange(n), side="right")]
    labels = [str(mood) for mood in rng.permutation(moods)]
    speakers = rng.permutation(np.arange(n) % len(SPEAKERS))
    shown = [_shown(rng, labels, modality) for modality in MODALITIES]
    plans = [
        Plan(label, int(speaker), dict(zip(MODALITIES, row, strict=True)))
        for label, speaker, *row in zip(labels, speakers, *shown, strict=True)
    ]
    holes = rng.choice(n, size=max(1, round(_MISSING * n)), replace=False)
    for turn, row in enumerate(holes):
        del plans[row].shown[MODALITIES[turn % len(MODALITIES)]]
    return plans


def _shown(rng: np.random.Generator, labels: list[str], modality: str) -> list[tuple[str, float]]:
    """Mood and strength that one modality shows in each row."""
    n = len(labels)
    honest = rng.permutation(n) < round(_HONEST[modality] * n)
    others = [[mood for mood in _SHARES if mood != label] for label in labels]
    moods = [
        label if true else str(rng.choice(other))
        for label, true, other in zip(labels, honest, others, strict=True)
    ]
    return list(zip(moods, rng.beta(5.0, 1.5, n).tolist(), strict=True))
