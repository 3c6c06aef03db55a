"""Whether posts are of the kind that the model learned from (layer L7)."""

from __future__ import annotations

import numpy as np

from hybridsent.market._answers import Said
from hybridsent.market._posts import Posts

__all__ = ["strange_views"]

_ASKED = 1000  # posts whose features are looked at
_LEAST = 60
_LEVEL = 0.001
_FAR = 0.2  # Kolmogorov's distance: shares of 0.2 and 0.8 alone make up to 0.17 of a text


def strange_views(said: Said, posts: Posts, random_state: int) -> dict[str, float]:
    """Tell in which views posts lie elsewhere than what the model was taught.

    A correction knows of changed shares alone. These move features a little, too, as these have to
    do with the class; posts of another kind move them more.

    Parameters
    ----------
    said : Said
        What is said.
    posts : Posts
        Those that are counted.
    random_state : int
        Seed of the posts that are looked at.

    Returns
    -------
    dict of str to float
        How far each such view lies off, the farthest first: the largest distance of distribution
        functions along a direction. Empty where nobody knows.
    """
    reference = getattr(said.scorer, "drift_reference", None)
    if reference is None or not reference.views or len(posts) < _LEAST:
        return {}
    rng = np.random.default_rng(random_state)
    some = np.sort(rng.permutation(len(posts))[:_ASKED])
    rows = posts.rows[some]
    if said.scorer.needs_other_rows:  # features of a row are made of its neighbours', too
        answers, features = said.scorer.answer_with_features(said.read)
        features = None if features is None else features.iloc[rows]
    else:
        answers, features = said.scorer.answer_with_features(said.read.iloc[rows])
        rows = np.arange(len(rows))
    if features is None:
        return {}
    from hybridsent.drift import drift

    found = drift(
        reference,
        answers.as_numbers()[rows],
        features,
        groups=posts.clusters(some),
        level=_LEVEL,
        least=_FAR,
        random_state=random_state,
    )
    far: dict[str, float] = {}
    for each in found.alarms:
        if each.test == "ks" and each.view != "answers":
            far[each.view] = max(far.get(each.view, 0.0), abs(each.effect))
    return dict(sorted(far.items(), key=lambda item: -item[1]))
