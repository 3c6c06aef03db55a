"""What an estimator is able to do, as tags of scikit-learn's kind (layer L0).

scikit-learn's tags say what data an estimator takes; subclasses of `sklearn.utils.Tags` may say
more. Ours say how it treats domains, groups and rows without a label, and are read by one function
each, which look through pipelines and estimators around others. An estimator from outside says so
in its ``__sklearn_tags__``, by `with_capabilities`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils import Tags

__all__ = [
    "Capabilities",
    "adapting",
    "adapting_parts",
    "adapts",
    "capabilities_of",
    "inner_estimator",
    "needs_unlabelled",
    "reads_domain",
    "reads_group",
    "takes_unlabelled",
    "with_capabilities",
]

_INNER = ("best_estimator_", "estimator_", "estimator")


@dataclass(slots=True)
class Capabilities:
    """What an estimator is able to do beside what scikit-learn's tags say.

    Parameters
    ----------
    adapts : bool, default=False
        Whether it adapts a model to another domain, or to groups.
    reads_domain : bool, default=False
        Whether it reads the column ``domain__0``.
    reads_group : bool, default=False
        Whether it reads the column ``group__0``, and needs it.
    takes_unlabelled : bool, default=False
        Whether it learns from rows whose label is -1, and knows that this is none.
    needs_unlabelled : bool, default=False
        Whether rows without a label are all that it is for: where every row has one, there is
        nothing in it that what is inside of it, or a plainer estimator, has not.
    hands_on : bool, default=False
        Whether its `fit` hands what it is given beside X and y to the estimator it is around, cut
        to the rows that it takes.
    """

    adapts: bool = False
    reads_domain: bool = False
    reads_group: bool = False
    takes_unlabelled: bool = False
    needs_unlabelled: bool = False
    hands_on: bool = False


@dataclass(slots=True)
class _OurTags(Tags):
    capabilities: Capabilities = field(default_factory=Capabilities)


def with_capabilities(tags: Tags, **told: bool) -> Tags:
    """Add capabilities to the tags of an estimator, in its ``__sklearn_tags__``.

    Parameters
    ----------
    tags : Tags
        What ``super().__sklearn_tags__()`` gave.
    **told : bool
        Fields of `Capabilities`.

    Returns
    -------
    Tags
        The same tags, with those.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent._tags import reads_domain, with_capabilities
    >>> class Mine(BaseEstimator):
    ...     def __sklearn_tags__(self):
    ...         return with_capabilities(super().__sklearn_tags__(), reads_domain=True)
    >>> reads_domain(Mine()), reads_domain(BaseEstimator())
    (True, False)
    """
    known = tags.capabilities if isinstance(tags, _OurTags) else Capabilities()
    plain = {each.name: getattr(tags, each.name) for each in fields(Tags)}
    return _OurTags(**plain, capabilities=replace(known, **told))


def adapting(tags: Tags) -> Tags:
    """Add what is true of all that adapts to a domain, in ``__sklearn_tags__``.

    Parameters
    ----------
    tags : Tags
        What ``super().__sklearn_tags__()`` gave.

    Returns
    -------
    Tags
        The same tags: it adapts, reads the column of domains, and takes rows without a label.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent._tags import adapting
    >>> adapting(BaseEstimator().__sklearn_tags__()).capabilities.reads_domain
    True
    """
    return with_capabilities(tags, adapts=True, reads_domain=True, takes_unlabelled=True)


def capabilities_of(estimator: Any) -> Capabilities:
    """Give the capabilities of one estimator, not of what is inside of it.

    Parameters
    ----------
    estimator : estimator
        Any estimator.

    Returns
    -------
    Capabilities
        All False for one that says nothing.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent._tags import capabilities_of
    >>> capabilities_of(LogisticRegression()).adapts
    False
    """
    if _is_semi_supervised(estimator):
        return Capabilities(takes_unlabelled=True)
    told = getattr(estimator, "__sklearn_tags__", None)
    if told is None or isinstance(estimator, type):
        return Capabilities()
    tags = told()
    return tags.capabilities if isinstance(tags, _OurTags) else Capabilities()


def adapts(estimator: Any) -> bool:
    """Tell whether a part of an estimator adapts it to a domain or to groups.

    Parameters
    ----------
    estimator : estimator
        As for `adapting_parts`.

    Returns
    -------
    bool
        True where one does.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent._tags import adapts
    >>> from hybridsent.transfer import CORAL
    >>> adapts(make_pipeline(CORAL(), LogisticRegression())), adapts(LogisticRegression())
    (True, False)
    """
    return next(adapting_parts(estimator), None) is not None


def adapting_parts(estimator: Any) -> Iterator[Any]:
    """Find the parts of an estimator that adapt it.

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
    return _parts_with(estimator, "adapts")


def reads_domain(estimator: Any) -> bool:
    """Tell whether a part of an estimator reads the column ``domain__0``.

    Parameters
    ----------
    estimator : estimator
        As for `adapting_parts`.

    Returns
    -------
    bool
        True where one does.

    Examples
    --------
    >>> from hybridsent._tags import reads_domain
    >>> from hybridsent.transfer import CORAL, GroupScaler
    >>> reads_domain(CORAL()), reads_domain(GroupScaler()), reads_domain(GroupScaler("domain"))
    (True, False, True)
    """
    return next(_parts_with(estimator, "reads_domain"), None) is not None


def reads_group(estimator: Any) -> bool:
    """Tell whether a part of an estimator needs the column ``group__0``.

    Parameters
    ----------
    estimator : estimator
        As for `adapting_parts`.

    Returns
    -------
    bool
        True where one does. What tunes itself reads the column where it is there, and needs none.

    Examples
    --------
    >>> from hybridsent._tags import reads_group
    >>> from hybridsent.transfer import CORAL, GroupScaler
    >>> reads_group(CORAL()), reads_group(GroupScaler())
    (False, True)
    """
    return next(_parts_with(estimator, "reads_group"), None) is not None


def takes_unlabelled(estimator: Any) -> bool:
    """Tell whether an estimator learns from rows without a label, marked by -1, too.

    Parameters
    ----------
    estimator : estimator
        Any estimator.

    Returns
    -------
    bool
        True where what gets the labels last, in a pipeline or a search, knows that -1 is none.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.semi_supervised import SelfTrainingClassifier
    >>> from hybridsent._tags import takes_unlabelled
    >>> from hybridsent.few_label import LabeledOnly
    >>> model = LogisticRegression()
    >>> [takes_unlabelled(each(model)) for each in (LabeledOnly, SelfTrainingClassifier)]
    [True, True]
    >>> takes_unlabelled(model)
    False
    """
    if isinstance(estimator, Pipeline):
        return bool(estimator.steps) and takes_unlabelled(estimator.steps[-1][1])
    if capabilities_of(estimator).takes_unlabelled:
        return True
    inner = inner_estimator(estimator)
    return hasattr(inner, "fit") and takes_unlabelled(inner)


def needs_unlabelled(estimator: Any) -> bool:
    """Tell whether an estimator brings nothing where every row has a label.

    Parameters
    ----------
    estimator : estimator
        As for `adapting_parts`.

    Returns
    -------
    bool
        True where a part of it is for rows without a label alone.

    Examples
    --------
    >>> from hybridsent._tags import needs_unlabelled
    >>> from hybridsent.few_label import ContrastiveFeatures, GraphSpreadingClassifier
    >>> needs_unlabelled(GraphSpreadingClassifier()), needs_unlabelled(ContrastiveFeatures())
    (True, False)
    """
    return next(_parts_with(estimator, "needs_unlabelled"), None) is not None


def inner_estimator(estimator: Any) -> Any:
    """Give what an estimator is around, fitted first.

    Parameters
    ----------
    estimator : estimator
        A search or another estimator around one.

    Returns
    -------
    object
        The inner one; None where there is none.
    """
    return next((getattr(estimator, name) for name in _INNER if hasattr(estimator, name)), None)


def _parts_with(estimator: Any, capability: str) -> Iterator[Any]:
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _parts_with(step, capability)
    elif getattr(capabilities_of(estimator), capability):
        yield estimator
    else:
        inner = inner_estimator(estimator)
        if hasattr(inner, "fit"):
            yield from _parts_with(inner, capability)


def _is_semi_supervised(estimator: Any) -> bool:
    from sklearn.semi_supervised import (
        LabelPropagation,
        LabelSpreading,
        SelfTrainingClassifier,
    )

    return isinstance(estimator, (SelfTrainingClassifier, LabelSpreading, LabelPropagation))
