"""Transfer in the pipelines that `make_fusion` builds (layer L4)."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge

from hybridsent._weighted import weight_name
from hybridsent.fusion._registry import ADAPTATIONS, TAKE_TASK, Adaptation, get_adaptation
from hybridsent.fusion._tasks import TASKS, Task, get_task
from hybridsent.views import GROUP

__all__ = ["adapted_steps"]

_MIN_EFFECTIVE = 0.5
"""Where domains hardly overlap, a handful of source rows gets all the weight without a floor."""


def adapted_steps(
    adapt: Any,
    how: str,
    steps: list[tuple[str, Any]],
    *,
    domain: str | None,
    group: str | None,
    classifier: Any,
    class_weight: str | None,
    random_state: int,
    task: str = "classification",
) -> list[tuple[str, Any]]:
    """Put what adapts into the steps of a pipeline.

    Parameters
    ----------
    adapt : str or estimator
        What adapts: a name, a transformer, or an estimator that weighs rows.
    how : str
        Strategy of fusion.
    steps : list of tuple of str and estimator
        Steps ``scale``, ``impute``, ``fuse`` and ``classify``.
    domain : str or None
        Column of the domains, where one is named.
    group : str or None
        Column of the groups, where one is named.
    classifier : object
        What the user asked for as classifier.
    class_weight : str or None
        What the user asked for as weights of the classes.
    random_state : int
        Seed of what is made here.
    task : str, default="classification"
        What is learned.

    Returns
    -------
    list of tuple of str and estimator
        The steps with what adapts: a transformer as step ``adapt`` behind ``impute`` (in front of
        ``scale`` where it standardises groups) and `LabeledOnly` around the classifier, or another
        ``classify``.

    Raises
    ------
    ValueError
        If the name is not known, or does not go with the strategy or the classifier.
    """
    way = get_adaptation(adapt) if isinstance(adapt, str) else None
    asked = _Asked(adapt, way, how, classifier, class_weight, get_task(task))
    _check_task(asked)
    made = _made(asked, dict(steps)["classify"], random_state)
    if not hasattr(made, "transform"):
        _check_groups(None, adapt, domain, group)
        return _with_head(made, asked, steps)
    if way is not None and way.joins_views and how != "early":
        raise ValueError(
            f"The adapt parameter must keep the views apart with how={how!r}. Got {adapt!r}, which "
            "joins them; choose 'coral', or how='early'."
        )
    _check_groups(made, adapt, domain, group)
    return _with_transformer(made.set_output(transform="pandas"), steps)


class _Asked(NamedTuple):
    """What a user asked for, for messages and for what builds it."""

    adapt: Any
    way: Adaptation | None
    how: str
    classifier: Any
    class_weight: str | None
    task: Task

    @property
    def plain(self) -> bool:
        """Whether the classifier was left alone."""
        return isinstance(self.classifier, str) and self.classifier == "logreg"


def _made(asked: _Asked, classifier: Any, random_state: int) -> Any:
    """Build what adapts, or copy the user's own: a transformer, a weigher or a classifier."""
    from hybridsent.transfer import BaseAdapter, BaseWeigher

    if asked.way is None:
        made = asked.adapt
        if isinstance(made, type) or not (
            isinstance(made, BaseWeigher) or (hasattr(made, "fit") and hasattr(made, "transform"))
        ):
            raise ValueError(
                "The 'adapt' parameter of make_fusion must be a name or a transformer. Got "
                f"{made!r}; give an estimator that weighs rows as classifier instead, or derive it "
                "from hybridsent.transfer.BaseWeigher."
            )
        made = clone(made)  # the user's own stays as it is
    else:
        given = {
            "classifier": None if asked.plain else classifier,
            "class_weight": asked.class_weight,
            "random_state": random_state,
            "task": asked.task.name,
        }
        made = asked.way.make(given)
    if not _adapts(made, asked.task):
        way_out = _way_out(made, asked)
        raise ValueError(
            f"What adapts with adapt={asked.adapt!r} must be an unfitted transformer that names "
            "its columns (hybridsent.transfer.BaseAdapter does), a "
            f"hybridsent.transfer.BaseWeigher, or a {asked.task.noun}. Got {made!r:.300}.{way_out}"
        )
    if isinstance(made, BaseAdapter) and asked.task.name == "regression":
        made._labels_are = "numbers"  # which y of whole numbers do not tell
    return made


def _check_task(asked: _Asked) -> None:
    """Refuse what adapts class by class where there are no classes."""
    if asked.way is None:
        from hybridsent.transfer import JDA

        instead = "tca" if isinstance(asked.adapt, JDA) else ""
    else:
        instead = asked.way.instead
    if instead and asked.task.name == "regression":
        able = [name for name in ADAPTATIONS if not get_adaptation(name).instead]
        raise ValueError(
            f"The adapt parameter must be one of {able} with task='regression'. Got "
            f"{asked.adapt!r}, which needs classes; {instead!r} does without."
        )


def _way_out(made: Any, asked: _Asked) -> str:
    """Say how a build gives what the task needs, where it gave a head of another one."""
    other = any(task.learns(made) for task in TASKS.values())
    if not other or asked.way is None or "task" in asked.way.takes():
        return ""
    return TAKE_TASK.format(task=asked.task.name)


def _check_groups(made: Any, adapt: Any, domain: str | None, group: str | None) -> None:
    """Refuse a column of domains or groups that nothing would read."""
    from hybridsent.transfer import GroupScaler

    by = made.by if isinstance(made, GroupScaler) else None
    if by == GROUP and domain is not None:
        raise ValueError(
            "The domain parameter must be left out where groups are standardised: nothing would "
            f"read it. Got {domain!r}; name the column as group."
        )
    if by != GROUP and group is not None:
        raise ValueError(
            "The group parameter must be left out unless groups are standardised: with "
            f"adapt={adapt!r} it would be a feature. Got {group!r}; use adapt='groups'."
        )


def _with_transformer(made: Any, steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    from hybridsent.few_label import LabeledOnly
    from hybridsent.fusion._strategies import imputer
    from hybridsent.transfer import GroupScaler

    found = dict(steps)
    found["classify"] = LabeledOnly(found["classify"])
    if isinstance(made, GroupScaler):
        return [("adapt", made), *found.items()]
    if found["impute"] == "passthrough":  # what adapts needs whole rows
        found["impute"] = imputer(add_indicator=False)
    order: list[tuple[str, Any]] = []
    for name, step in found.items():
        order += [(name, step), ("adapt", made)] if name == "impute" else [(name, step)]
    return order


def _check_alone(adapt: str, classifier: Any, class_weight: str | None) -> None:
    """Refuse what would set a classifier, where what adapts is one itself."""
    for name, given in {"classifier": classifier, "class_weight": class_weight}.items():
        if given is not None:
            raise ValueError(
                f"The {name} parameter must be left alone with adapt={adapt!r}, which classifies "
                f"itself. Got {given!r}."
            )


def _adapts(made: Any, task: Task) -> bool:
    from hybridsent.transfer import BaseWeigher

    if isinstance(made, type) or not (hasattr(made, "fit") and hasattr(made, "get_params")):
        return False
    if hasattr(made, "transform"):
        return hasattr(made, "set_output")
    return isinstance(made, BaseWeigher) or task.learns(made)


def _with_head(made: Any, asked: _Asked, steps: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    from hybridsent import transfer

    if asked.how != "early":
        raise ValueError(
            f"The 'how' parameter of make_fusion must be 'early' with adapt={asked.adapt!r}, which "
            f"learns from joint features. Got {asked.how!r}."
        )
    found = dict(steps)
    weigher = isinstance(made, transfer.BaseWeigher)
    takes = frozenset() if asked.way is None else asked.way.takes()
    if not weigher and "classifier" not in takes:
        weights = None if "class_weight" in takes else asked.class_weight
        _check_alone(asked.adapt, None if asked.plain else asked.classifier, weights)
    elif (weigher or (asked.way is not None and asked.way.weighs)) and (
        weight_name(found["classify"]) is None
    ):
        raise ValueError(
            "The classifier parameter must take sample_weight in fit with "
            f"adapt={asked.adapt!r}, which weighs rows. Got {asked.classifier!r}; 'logreg', 'svm' "
            "and most of scikit-learn's do."
        )
    if weigher:
        made = transfer.ReweightedEstimator(found["classify"], made, min_effective=_MIN_EFFECTIVE)
    return [*list(found.items())[:-1], ("classify", made)]


# -- what is built by name -------------------------------------------------------------------------


def coral_diagonal() -> Any:
    """Align means and variances alone."""
    from hybridsent.transfer import CORAL

    return CORAL(covariance="diagonal", shrinkage=0.1)


def tradaboost(
    classifier: Any, class_weight: str | None, random_state: int, task: str = "classification"
) -> Any:
    """Boost the classifier; the default one is, in each round, as weak as TrAdaBoost's own."""
    from hybridsent.transfer import TrAdaBoostClassifier, TrAdaBoostRegressor

    if task == "regression":
        boosted = Ridge() if classifier is None else classifier  # so that it is told without it
        return TrAdaBoostRegressor(boosted, random_state=random_state)
    weak = LogisticRegression(class_weight=class_weight, max_iter=1000, random_state=random_state)
    return TrAdaBoostClassifier(weak if classifier is None else classifier)


def prior(random_state: int, task: str = "classification") -> Any:
    """Let a model of the source be the prior."""
    from hybridsent.transfer import PriorClassifier, PriorRegressor

    if task == "regression":
        return PriorRegressor()
    return PriorClassifier(random_state=random_state or None)


def adversarial(random_state: int) -> Any:
    """Learn features that do not tell the domains."""
    from hybridsent.transfer import DomainAdversarialClassifier

    return DomainAdversarialClassifier(random_state=random_state)
