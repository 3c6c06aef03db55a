"""An order of rows that does not depend on where they stand (layer L0)."""

from __future__ import annotations

import numpy as np

__all__ = ["content_order"]


def content_order(X: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    """Order of rows that depends on what is in them, not on where they stand.

    What is drawn at random from rows in this order, landmarks or folds, is the same for a table
    that is shuffled.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows; they are compared byte by byte, which is quick and means nothing.
    *keys : ndarray of shape (n,)
        What tells rows apart that are alike in X.

    Returns
    -------
    ndarray of int of shape (n,)
        Positions.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.rows import content_order
    >>> X = np.array([[2.0, 1.0], [0.5, 1.0], [2.0, 0.0]])
    >>> turned = [1, 2, 0]
    >>> np.array_equal(X[content_order(X)], X[turned][content_order(X[turned])])
    True
    """
    order = np.arange(len(X))
    for key in keys:
        order = order[np.argsort(key[order], kind="stable")]
    rows = np.ascontiguousarray(X[order])
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    return np.asarray(order[np.argsort(whole, kind="stable")])
