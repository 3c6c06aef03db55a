"""Frozen vectors of the corpora of `low_label.py`, from the store, and what encoding a row costs."""

from __future__ import annotations

import functools
import time

import numpy as np
import pandas as pd
from _low_label_data import Corpus, corpus

TIMED = 64


def features(given: Corpus, encoder: str) -> pd.DataFrame:
    """Give the vectors of a corpus, columns named ``view__i``."""
    return _features(given.name, encoder)


@functools.cache
def _features(name: str, encoder: str) -> pd.DataFrame:
    parts = []
    for view, column in corpus(name).views.items():
        model = _encoder(view, encoder)
        cells = corpus(name).table[[column]].rename(columns={column: view})
        parts.append(model.set_output(transform="pandas").fit_transform(cells))
    found = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
    return found.astype(np.float32)


def seconds_a_row(given: Corpus, encoder: str) -> float:
    """Measure the processor seconds of encoding a row, without the store."""
    spent = 0.0
    rows = given.table.sample(TIMED, random_state=0)
    for view, column in given.views.items():
        model = _encoder(view, encoder, store=None)
        cells = rows[[column]].rename(columns={column: view})
        model.fit_transform(cells[:2])  # the network is loaded
        started = time.process_time()
        model.transform(cells)
        spent += time.process_time() - started
    return spent / len(rows)


def _encoder(view: str, encoder: str, **options: object) -> object:
    from hybridsent import AudioEncoder, ImageEncoder, TextEncoder

    kinds = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}
    if view == "text" and encoder != "default":
        options["model"] = encoder
    return kinds[view](**options)
