"""The encoders of an estimator, for who judges it (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hybridsent.encoders import BaseEncoder
from hybridsent.encoders import _nesting as nesting

__all__ = ["encoders_of"]


def encoders_of(estimator: Any, *, fitted: bool = False) -> Iterator[tuple[str, BaseEncoder, Any]]:
    """Find the encoders of an estimator and the columns they read.

    Parameters
    ----------
    estimator : estimator
        An encoder or any nesting of estimators around some: Pipeline, ColumnTransformer,
        FeatureUnion, a search, and whatever holds estimators among its parameters. What steps
        before an encoder do to its cells does not matter.
    fitted : bool, default=False
        Whether to look at the fitted parts (``transformers_``, ``best_estimator_``) instead of the
        parameters.

    Yields
    ------
    name : str
        Name of the view, or of the modality where an encoder reads the whole input.
    encoder : BaseEncoder
        The encoder, as it is in the estimator.
    column : object
        Column of the table; None where the encoder reads the whole input.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from hybridsent import TextEncoder
    >>> from hybridsent.evaluation import encoders_of
    >>> cleaned = make_pipeline(FunctionTransformer(), TextEncoder())
    >>> [(name, column) for name, _, column in encoders_of(cleaned)]
    [('text', None)]
    """
    yield from nesting.encoders_of(estimator, fitted=fitted)
