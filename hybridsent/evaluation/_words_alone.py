"""Counts of words and characters, against which claims about texts are made (layer L5).

scikit-learn's TfidfVectorizer learns vocabulary and weights and cuts each text into terms, which is
most of the time, anew in every fold. Here all texts are cut once, by its CountVectorizer, and each
fit takes the terms and weights of its own rows alone: the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from hybridsent._held import everything
from hybridsent.encoders import TextEncoder
from hybridsent.encoders._nesting import inner_parts, names_of
from hybridsent.exceptions import MediaError
from hybridsent.lexical import WORD, WordFeatures
from hybridsent.media import load_text
from hybridsent.media._forms import items_in

__all__ = ["Terms", "count_terms", "text_columns"]

_MOST = 20_000_000  # characters of all texts, from which on runs of characters take too much memory
_TEXTS = (TextEncoder, WordFeatures)


class Terms(NamedTuple):
    """How often each term is in each text.

    Parameters
    ----------
    counts : sparse matrix of shape (n, n_terms)
        Words, then characters, of each column.
    blocks : tuple of int
        Where each kind of terms ends.
    """

    counts: csr_matrix
    blocks: tuple[int, ...]


class _TermWeights(TransformerMixin, BaseEstimator):
    """Choose terms and weigh them (TF-IDF) by the rows of a fit, each kind by itself.

    Parameters
    ----------
    blocks : tuple of int
        Where each kind of terms ends among the columns.
    min_df : int, default=2
        In how many texts of the fit a term must be; one is enough where none is in so many.
    max_features : int, default=20000
        Most terms of a kind; the most frequent are kept.
    """

    def __init__(self, blocks: tuple[int, ...], min_df: int = 2, max_features: int = 20000) -> None:
        self.blocks = blocks
        self.min_df = min_df
        self.max_features = max_features

    def fit(self, X: csr_matrix, y: Any = None) -> _TermWeights:
        """Learn which terms count, and how much.

        Parameters
        ----------
        X : sparse matrix of shape (n, n_terms)
            Counts.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted transformer.
        """
        starts = (0, *self.blocks[:-1])
        texts = np.bincount(X.indices, minlength=X.shape[1])  # each term once a row
        often = np.asarray(X.sum(axis=0)).ravel()
        self.columns_ = [
            start + self._chosen(texts[start:end], often[start:end])
            for start, end in zip(starts, self.blocks, strict=True)
        ]
        self.weights_ = [
            TfidfTransformer(sublinear_tf=True).fit(X[:, each]) for each in self.columns_
        ]
        return self

    def _chosen(self, texts: np.ndarray, often: np.ndarray) -> np.ndarray:
        least = self.min_df if (texts >= self.min_df).any() else 1
        kept = np.flatnonzero(texts >= least)
        if len(kept) > self.max_features:
            kept = np.sort(kept[np.argsort(-often[kept], kind="stable")[: self.max_features]])
        return kept

    def transform(self, X: csr_matrix) -> csr_matrix:
        """Weigh the terms of texts.

        Parameters
        ----------
        X : sparse matrix of shape (n, n_terms)
            Counts.

        Returns
        -------
        sparse matrix
            Weights of the chosen terms.
        """
        parts = zip(self.weights_, self.columns_, strict=True)
        return hstack([each.transform(X[:, columns]) for each, columns in parts], format="csr")


def text_columns(estimators: Iterable[Any], table: Any) -> list[str]:
    """Find the columns of a table that estimators read as texts.

    Parameters
    ----------
    estimators : iterable of estimator
        Any estimators.
    table : DataFrame or array
        The rows.

    Returns
    -------
    list of str
        Their names; empty for an array, and where columns are picked by position.
    """
    known = list(getattr(table, "columns", ()))
    found = [name for each in estimators for name in _read_as_text(each, None)]
    return [name for name in dict.fromkeys(found) if name in known]


def _read_as_text(part: Any, column: Any) -> list[str]:
    """Lead columns through an estimator to what reads texts."""
    if isinstance(part, _TEXTS):
        return names_of(column) if column is not None else []
    if not any(isinstance(each, _TEXTS) for each in everything(part)):
        return []
    return [
        name
        for each in inner_parts(part)
        for name in _read_as_text(each.inner, column if each.column is None else each.column)
    ]


def count_terms(columns: Sequence[Any]) -> Terms | None:
    """Count words, pairs of words, and runs of two to five characters.

    Parameters
    ----------
    columns : sequence of Series
        Cells of texts; several texts of a cell are one after the other, what is missing or broken
        is an empty one.

    Returns
    -------
    Terms or None
        None where no text has a term.
    """
    kinds: list[dict[str, Any]] = [{"ngram_range": (1, 2), "token_pattern": WORD}]
    texts = [[_as_text(cell) for cell in column.tolist()] for column in columns]
    if sum(len(text) for each in texts for text in each) <= _MOST:
        kinds.append({"ngram_range": (2, 5), "analyzer": "char_wb"})
    counted = []
    for each in texts:
        for kind in kinds:
            try:
                counted.append(CountVectorizer(**kind).fit_transform(each))
            except ValueError:  # no term: the parameters are ours
                continue
    if not counted:
        return None
    ends = np.cumsum([each.shape[1] for each in counted])
    return Terms(hstack(counted, format="csr"), tuple(int(end) for end in ends))


def _as_text(cell: object) -> str:
    items = items_in(cell, "text")
    read = [cell] if items is None else list(items)
    return " ".join(_read(item) for item in read).strip()


def _read(item: Any) -> str:
    try:
        return load_text(item)
    except (MediaError, TypeError, ValueError):  # missing, or broken: told by who reads it first
        return ""
