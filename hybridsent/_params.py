"""What parameters may be, and the only door to scikit-learn's private validation (layer L0).

scikit-learn's own estimators declare ``_parameter_constraints`` and call ``_validate_params``; its
message (which parameter of which class, what it must be, what was given) is the best in the field.
The module is private, so it is imported here alone: if it moves, one file changes.

What ``n_jobs`` may be is decided here alone, too: scikit-learn takes any integer, joblib refuses 0
when it starts, and xgboost reads every negative number as all cores.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Integral
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
    "JOBS",
    "MAX_THREADS",
    "Devices",
    "HasMethods",
    "Interval",
    "Jobs",
    "Options",
    "StrOptions",
    "by_view",
    "check_count",
    "check_n_jobs",
    "check_sample_weight",
    "count_jobs",
    "is_n_jobs",
    "validate_parameter_constraints",
]

MAX_THREADS = 1024
"""Most threads that a parameter may ask for: OpenMP ends a process that is told to start a billion,
and joblib hangs."""

JOBS = (
    f"an int from 1 to {MAX_THREADS}, the number of threads, or below 0 to count from all cores "
    "(-1 takes all, -2 all but one); 0 has no meaning"
)
"""What ``n_jobs`` must be, in words."""


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


def is_n_jobs(value: object) -> bool:
    """Tell whether a value other than None may stand for a number of jobs.

    Parameters
    ----------
    value : object
        What a user gave.

    Returns
    -------
    bool
        True for an integer other than 0 between plus and minus `MAX_THREADS`; a bool is none.

    Examples
    --------
    >>> from hybridsent._params import is_n_jobs
    >>> [is_n_jobs(value) for value in (2, -1, 0, True, 1.5, "2")]
    [True, True, False, False, False, False]
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return value != 0 and abs(int(value)) <= MAX_THREADS


def check_count(value: object, name: str, caller: str, least: int = 1) -> None:
    """Refuse what is no number of things.

    Parameters
    ----------
    value : object
        What a user gave.
    name : str
        The parameter.
    caller : str
        Name of the function whose parameter it is.
    least : int, default=1
        The smallest that means something.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from hybridsent._params import check_count
    >>> check_count(0, "n_seeds", "label_curve")
    Traceback (most recent call last):
        ...
    ValueError: The n_seeds parameter of label_curve must be an int of at least 1. Got 0.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"The {name} parameter of {caller} must be an int of at least {least}. Got {value!r}."
        )


def check_n_jobs(n_jobs: object, caller: str) -> None:
    """Refuse what is no number of jobs.

    Parameters
    ----------
    n_jobs : object
        What a user gave; None is fine.
    caller : str
        Name of the function or class whose parameter it is.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from hybridsent._params import check_n_jobs
    >>> check_n_jobs(0, "evaluate")
    Traceback (most recent call last):
        ...
    ValueError: The 'n_jobs' parameter of evaluate must be None or an int from 1 to 1024, ...
    """
    if n_jobs is not None and not is_n_jobs(n_jobs):
        raise ValueError(
            f"The 'n_jobs' parameter of {caller} must be None or {JOBS}. Got {n_jobs!r}."
        )


def count_jobs(n_jobs: int) -> int:
    """Count the threads that a number of jobs means, by joblib's rule.

    Parameters
    ----------
    n_jobs : int
        1 or more is the number itself; -1 is every core, -2 all but one, and so on.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If it is no number of jobs.

    Examples
    --------
    >>> from hybridsent._params import count_jobs
    >>> count_jobs(3), count_jobs(-100)
    (3, 1)
    """
    check_n_jobs(n_jobs, "an estimator")
    if n_jobs > 0:
        return int(n_jobs)
    from joblib import cpu_count

    return max(1, int(cpu_count()) + 1 + int(n_jobs))


class Jobs(Interval):
    """A number of jobs as a constraint; what it may be is decided by `is_n_jobs`.

    Examples
    --------
    >>> from hybridsent._params import Jobs
    >>> Jobs().is_satisfied_by(2), Jobs().is_satisfied_by(0)
    (True, False)
    """

    def __init__(self) -> None:
        super().__init__(Integral, -MAX_THREADS, MAX_THREADS, closed="both")

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is a number of jobs.

        Parameters
        ----------
        val : object
            Value of a parameter.

        Returns
        -------
        bool
            Whether it may stand there.
        """
        return is_n_jobs(val)

    def __str__(self) -> str:
        return JOBS


def by_view(
    value: Mapping[str, Any] | None, views: Mapping[str, Any], name: str, caller: str
) -> dict[str, float]:
    """Read weights of views; 1 for those that are not named.

    Parameters
    ----------
    value : mapping of str to float, or None
        As the user gave it.
    views : mapping of str
        Names of views.
    name, caller : str
        The parameter and the estimator, for messages.

    Returns
    -------
    dict of str to float
        One weight for each view.

    Raises
    ------
    ValueError
        If a weight is not positive, or a name is no view.

    Examples
    --------
    >>> from hybridsent._params import by_view
    >>> by_view({"text": 2.0}, {"text": [0], "image": [1]}, "view_weights", "GCCA")
    {'text': 2.0, 'image': 1.0}
    """
    given = dict(value or {})
    unknown = [view for view in given if view not in views]
    if unknown:
        raise ValueError(
            f"The {name!r} parameter of {caller} must name views of the columns, {list(views)}. "
            f"Got {unknown[0]!r}."
        )
    for view, weight in given.items():
        if not (isinstance(weight, (int, float)) and 0 < weight < math.inf):
            raise ValueError(
                f"The {name!r} parameter of {caller} must hold positive numbers. Got {weight!r} "
                f"for the view {view!r}."
            )
    return {view: float(given.get(view, 1.0)) for view in views}
