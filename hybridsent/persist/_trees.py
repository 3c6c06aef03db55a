"""Checks of decision trees kept as arrays of node numbers (layer L5).

C code follows these numbers without looking: one that points outside ends the process.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent.exceptions import BundleError

Integers = np.ndarray[Any, Any]


def check_links(left: Integers, right: Integers, feature: Integers, n_features: int) -> int:
    """Check that the nodes form one tree over the given features.

    Parameters
    ----------
    left, right : ndarray of int of shape (n_nodes,)
        Numbers of the children; -1 in both for a leaf.
    feature : ndarray of int of shape (n_nodes,)
        Column a node looks at; ignored for leaves.
    n_features : int
        Number of columns.

    Returns
    -------
    int
        Depth of the tree.

    Raises
    ------
    BundleError
        If a child or a feature is out of range, or a node has two parents.

    Examples
    --------
    >>> import numpy as np
    >>> check_links(np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([0, -2, -2]), 1)
    1
    """
    n = len(left)
    inner = np.flatnonzero(left != -1)
    kids = np.concatenate([left[inner], right[inner]])
    if n == 0 or (right[left == -1] != -1).any():
        raise BundleError("a tree has no nodes, or nodes with one child.")
    if len(kids) and (kids.min() < 1 or kids.max() >= n or len(np.unique(kids)) < len(kids)):
        raise BundleError(f"a tree of {n} nodes has children out of range or with two parents.")
    if len(inner) and (feature[inner].min() < 0 or feature[inner].max() >= n_features):
        raise BundleError(f"a tree looks at columns outside of 0 to {n_features - 1}.")
    return _depth(left, right)


def _depth(left: Integers, right: Integers) -> int:
    """Depth from the root; ends, as no node has two parents and the root has none."""
    depth, level = -1, np.zeros(1, dtype=np.int64)
    while len(level):
        depth += 1
        level = level[left[level] != -1]
        level = np.concatenate([left[level], right[level]])
    return depth
