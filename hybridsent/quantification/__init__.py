"""Shares of classes in a population, corrected for what a classifier mistakes (layer L3).

Counting answers is biased wherever a classifier errs, and the more so the farther the shares are
from those that it was taught. `Reference` keeps what it mistakes, told by answers about rows that
it had not learned from; `prevalence` corrects by it, with intervals that include how little both
the window and the reference know; `compare_prevalences` tells two windows apart.

QuaPy has more methods than are here, and is no dependency: its intervals, where it has any, draw
the window anew and take the reference as known, it knows no groups of posts that belong together,
and it brings nine packages. It is the oracle to which these estimates were compared
(``benchmarks/prevalence.py --oracle``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.quantification._compare import Difference, compare_prevalences
    from hybridsent.quantification._numbers import mean_of_numbers
    from hybridsent.quantification._prevalence import prevalence
    from hybridsent.quantification._reference import Reference
    from hybridsent.quantification._results import Estimate, Prevalence
    from hybridsent.quantification._values import class_values

_HOMES = {
    "Difference": "hybridsent.quantification._compare",
    "Estimate": "hybridsent.quantification._results",
    "Prevalence": "hybridsent.quantification._results",
    "Reference": "hybridsent.quantification._reference",
    "class_values": "hybridsent.quantification._values",
    "compare_prevalences": "hybridsent.quantification._compare",
    "mean_of_numbers": "hybridsent.quantification._numbers",
    "prevalence": "hybridsent.quantification._prevalence",
}

__all__ = [
    "Difference",
    "Estimate",
    "Prevalence",
    "Reference",
    "class_values",
    "compare_prevalences",
    "mean_of_numbers",
    "prevalence",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
