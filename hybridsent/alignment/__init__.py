"""One space for all views (layer L3)."""

from hybridsent.alignment._base import canonical_correlations
from hybridsent.alignment._contrastive import ContrastiveAligner
from hybridsent.alignment._deep import DeepCCA
from hybridsent.alignment._gcca import GCCA
from hybridsent.alignment._mcca import MCCA
from hybridsent.alignment._procrustes import Procrustes
from hybridsent.alignment._significance import PermutationTest, permutation_test

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
