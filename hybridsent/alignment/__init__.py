"""One space for all views (layer L3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.alignment._base import canonical_correlations
    from hybridsent.alignment._contrastive import ContrastiveAligner
    from hybridsent.alignment._deep import DeepCCA
    from hybridsent.alignment._gcca import GCCA
    from hybridsent.alignment._mcca import MCCA
    from hybridsent.alignment._procrustes import Procrustes
    from hybridsent.alignment._significance import PermutationTest, permutation_test

_HOMES = {
    "ContrastiveAligner": "hybridsent.alignment._contrastive",
    "DeepCCA": "hybridsent.alignment._deep",
    "GCCA": "hybridsent.alignment._gcca",
    "MCCA": "hybridsent.alignment._mcca",
    "PermutationTest": "hybridsent.alignment._significance",
    "Procrustes": "hybridsent.alignment._procrustes",
    "canonical_correlations": "hybridsent.alignment._base",
    "permutation_test": "hybridsent.alignment._significance",
}

__all__ = [
    "GCCA",
    "MCCA",
    "ContrastiveAligner",
    "DeepCCA",
    "PermutationTest",
    "Procrustes",
    "canonical_correlations",
    "permutation_test",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
