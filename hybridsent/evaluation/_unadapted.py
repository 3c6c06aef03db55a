"""The same estimator without what adapts (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from hybridsent.evaluation._parts import inner_estimator
from hybridsent.views import DOMAIN, GROUP

__all__ = ["adapting_parts", "reads_domain", "unadapted"]

_INNER = ("estimator", "base_estimator", "source")
"""Parameters of estimators of `hybridsent.transfer` that hold an estimator which does not adapt."""


def unadapted(estimator: Any) -> Any:
    """Make an unfitted copy of an estimator without what adapts it to a target domain.

    A transformer of `hybridsent.transfer` in a pipeline becomes a `DropDomain`; an estimator of
    that package that is built around another one becomes that one, behind a `DropDomain`.
    Pipelines and estimators around these are looked through. What is not of that package stays.

    Parameters
    ----------
    estimator : estimator
        Any estimator with a part of `hybridsent.transfer`.

    Returns
    -------
    estimator
        The copy. It reads what the estimator reads, and works without a column of domains.

    Raises
    ------
    ValueError
        If nothing in it adapts, or an estimator that adapts is not built around another one.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.evaluation import unadapted
    >>> from hybridsent.few_label import LabeledOnly
    >>> from hybridsent.transfer import CORAL
    >>> unadapted(make_pipeline(CORAL(), LabeledOnly(LogisticRegression())))
    Pipeline(steps=[('coral', DropDomain()),
                    ('labeledonly', LabeledOnly(estimator=LogisticRegression()))])
    """
    if not any(True for _ in adapting_parts(estimator)):
        raise ValueError(
            "The estimator must have a part of hybridsent.transfer for its unadapted form to be "
            f"derived. Got {estimator!r}; give that form yourself, as baseline=."
        )
    return _without(estimator)


def adapting_parts(estimator: Any) -> Iterator[Any]:
    """Find the parts of an estimator that are of `hybridsent.transfer`.

    Parameters
    ----------
    estimator : estimator
        Any estimator, fitted or not; of a pipeline the steps as they are, of an estimator around
        another one the parameter or, where it is fitted, ``estimator_``.

    Yields
    ------
    estimator
        The parts; what is inside of one of them is not looked at.
    """
    if _is_ours(estimator):
        yield estimator
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from adapting_parts(step)
    else:
        inner = inner_estimator(estimator)
        if isinstance(inner, BaseEstimator):
            yield from adapting_parts(inner)


def adapts(estimator: Any) -> bool:
    """Tell whether an estimator has a part of `hybridsent.transfer`.

    Parameters
    ----------
    estimator : estimator
        As for `adapting_parts`.

    Returns
    -------
    bool
        True where it has one.
    """
    return next(adapting_parts(estimator), None) is not None


def reads_domain(estimator: Any) -> bool:
    """Tell whether an estimator wants a column of domains.

    Parameters
    ----------
    estimator : estimator
        Any estimator.

    Returns
    -------
    bool
        False where all that adapts standardises by another column than the domain; an estimator
        without parts of `hybridsent.transfer` is taken to know what it does.
    """
    parts = list(adapting_parts(estimator))
    return not parts or any(getattr(part, "by", DOMAIN) == DOMAIN for part in parts)


def _is_ours(estimator: Any) -> bool:
    """Tell whether an estimator is of hybridsent.transfer, or derived from what is."""
    homes = [kind.__module__ for kind in type(estimator).__mro__]
    ours = any(home.startswith("hybridsent.transfer.") for home in homes)
    return ours and not any(home.endswith("transfer._drop") for home in homes)


def _without(estimator: Any) -> Any:
    if _is_ours(estimator):
        return _replaced(estimator)
    if isinstance(estimator, Pipeline):
        steps: list[tuple[str, Any]] = []
        for name, step in estimator.steps:
            plain = _without(step)
            flat = _is_ours(step) and isinstance(plain, Pipeline)
            steps += [(f"{name}_drop", plain[0]), (name, plain[1])] if flat else [(name, plain)]
        return clone(estimator).set_params(steps=steps)
    inner = getattr(estimator, "estimator", None)
    if isinstance(inner, BaseEstimator) and adapts(inner):
        return _around(estimator, inner)
    return clone(estimator, safe=False)


def _replaced(part: Any) -> Any:
    """Put what does not adapt in the place of a part that does."""
    from hybridsent.transfer import DropDomain  # the estimator has loaded it

    if not hasattr(part, "predict") and hasattr(part, "transform"):
        drop = DropDomain(GROUP if getattr(part, "by", DOMAIN) == GROUP else DOMAIN)
        told = getattr(part, "_sklearn_output_config", {}).get("transform")
        return drop if told is None else drop.set_output(transform=told)
    inner = next(
        (getattr(part, name) for name in _INNER if hasattr(getattr(part, name, None), "fit")), None
    )
    if inner is None:
        raise ValueError(
            f"{type(part).__name__} must be built around an estimator for its unadapted form to be "
            f"derived. Got {part!r}; give that form yourself, as baseline=."
        )
    if isinstance(inner, FrozenEstimator):  # the baseline learns from other rows, too
        inner = inner.estimator
    return Pipeline([("drop", DropDomain()), ("estimate", clone(inner))])


def _around(estimator: Any, inner: Any) -> Any:
    grids = [name for name in ("param_grid", "param_distributions") if hasattr(estimator, name)]
    if grids:
        raise ValueError(
            f"The settings of {type(estimator).__name__} may be those of what adapts, so its "
            f"unadapted form cannot be derived. Got {grids[0]}={getattr(estimator, grids[0])!r}; "
            "give that form yourself, as baseline=."
        )
    return clone(estimator).set_params(estimator=_without(inner))
