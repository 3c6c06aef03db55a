"""The only door to scikit-learn's private validation of parameters and weights (layer L0).

scikit-learn's own estimators declare ``_parameter_constraints`` and call ``_validate_params``; its
message (which parameter of which class, what it must be, what was given) is the best in the field.
The module is private, so it is imported here alone: if it moves, one file changes.
"""

from __future__ import annotations

import re
from typing import Any

from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Devices",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_sample_weight",
    "validate_parameter_constraints",
]


class Devices(StrOptions):
    """Names of devices as a constraint; ``"cuda"`` may have a number, as in ``"cuda:1"``.

    Parameters
    ----------
    *names : str
        The names.

    Examples
    --------
    >>> from hybridsent._params import Devices
    >>> print(Devices("cuda", "cpu"))
    a str among 'cpu', 'cuda' ('cuda:1' is the second one)
    >>> Devices("cuda", "cpu").is_satisfied_by("cuda:1"), Devices("cpu").is_satisfied_by("cuda")
    (True, False)
    """

    def __init__(self, *names: str) -> None:
        super().__init__(set(names))

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is one of the names.

        Parameters
        ----------
        val : object
            Value of a parameter.

        Returns
        -------
        bool
            Whether it may stand there.
        """
        return isinstance(val, str) and re.sub(r"^cuda:\d{1,3}\Z", "cuda", val) in self.options

    def __str__(self) -> str:
        second = " ('cuda:1' is the second one)" if "cuda" in self.options else ""
        return f"a str among {', '.join(repr(name) for name in sorted(self.options))}{second}"
