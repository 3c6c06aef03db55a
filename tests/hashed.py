"""A cheap frozen encoder and a small table: fusion and evaluation without a network."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

WIDTH = 4


class Hashed(TransformerMixin, BaseEstimator):
    """A frozen encoder for tests: a string becomes numbers, a missing cell a row of NaN."""

    def __init__(self, salt="", width=WIDTH, signal=0.0):
        self.salt = salt
        self.width = width
        self.signal = signal

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        cells = X.iloc[:, 0] if hasattr(X, "columns") else X
        return np.array([self._row(cell) for cell in cells], dtype=np.float32).reshape(
            -1, self.width
        )

    def _row(self, cell):
        if cell is None or cell != cell:
            return np.full(self.width, np.nan)
        digest = hashlib.blake2b((self.salt + cell).encode(), digest_size=self.width).digest()
        row = np.frombuffer(digest, dtype=np.uint8) / 64 - 2
        return row + self.signal * (("good" in cell) - ("bad" in cell))

    def get_feature_names_out(self, input_features=None):
        return np.array([f"h{i}" for i in range(self.width)], dtype=object)

    def __sklearn_is_fitted__(self):
        return True


def posts(n=24):
    """A table with missing cells in each modality, and its labels."""
    labels = np.array(["bad", "good", "so-so"])[np.arange(n) % 3]
    table = pd.DataFrame(
        {
            "text": [f"{label} words {i}" for i, label in enumerate(labels)],
            "image": [f"{label} picture {i}" for i, label in enumerate(labels)],
        }
    )
    table.loc[2, "text"] = None
    table.loc[[5, 6], "image"] = None
    return table, pd.Series(labels, dtype="str")


def fakes(**changed):
    return {"text": Hashed("t", signal=3), "image": Hashed("i", signal=3), **changed}
