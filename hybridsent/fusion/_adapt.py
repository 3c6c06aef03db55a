"""Transfer in the pipelines that `make_fusion` builds (layer L4)."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from hybridsent._hints import did_you_mean
from hybridsent._views import GROUP

__all__ = ["ADAPTATIONS", "adapted_steps"]

_TRANSFORMERS = ("groups", "coral", "coral-diagonal", "subspace", "tca", "jda", "augment")
_WEIGHERS = ("kmm", "kliep", "ulsif", "classifier", "balanced")
_HEADS = ("prior", "tradaboost", "adversarial")

ADAPTATIONS = (*_TRANSFORMERS, *_WEIGHERS, *_HEADS)
"""Names of ways to adapt to a target domain that `make_fusion` knows."""

_MIN_EFFECTIVE = 0.5
"""Where domains hardly overlap, a handful of source rows gets all the weight without a floor."""

_JOIN_VIEWS = ("subspace", "tca", "jda")


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
    if isinstance(adapt, str) and adapt not in ADAPTATIONS:
        raise ValueError(
            f"The 'adapt' parameter of make_fusion must be one of {list(ADAPTATIONS)} or a "
            f"transformer of hybridsent.transfer. Got {adapt!r}.{did_you_mean(adapt, ADAPTATIONS)}"
        )
    if not isinstance(adapt, str) and not (hasattr(adapt, "fit") and hasattr(adapt, "transform")):
        raise ValueError(
            "The 'adapt' parameter of make_fusion must be a name or a transformer. Got "
            f"{adapt!r}; give an estimator that weighs rows as classifier instead."
        )
    if isinstance(adapt, str) and adapt not in _TRANSFORMERS:
        _check_groups(None, adapt, domain, group)
        return _with_head(adapt, how, steps, classifier, class_weight, random_state)
    if isinstance(adapt, str) and adapt in _JOIN_VIEWS and how != "early":
        raise ValueError(
            f"The adapt parameter must keep the views apart with how={how!r}. Got {adapt!r}, which "
            "joins them; choose 'coral', or how='early'."
        )
    made = _transformer(adapt, random_state).set_output(transform="pandas")
    _check_groups(made, adapt, domain, group)
    return _with_transformer(made, steps)


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


def _transformer(adapt: Any, random_state: int) -> Any:
    from hybridsent import transfer

    if not isinstance(adapt, str):
        return clone(adapt)  # the user's own stays as it is
    made = {
        "groups": transfer.GroupScaler(),
        "coral": transfer.CORAL(),
        "coral-diagonal": transfer.CORAL(covariance="diagonal", shrinkage=0.1),
        "subspace": transfer.SubspaceAlignment(),
        "tca": transfer.TCA(random_state=random_state),
        "jda": transfer.JDA(random_state=random_state),
        "augment": transfer.FeatureAugmentation(),
    }
    return made[adapt]


def _check_alone(adapt: str, classifier: Any, class_weight: str | None) -> None:
    """Refuse what would set a classifier, where what adapts is one itself."""
    for name, given in {"classifier": classifier, "class_weight": class_weight}.items():
        if given is not None:
            raise ValueError(
                f"The {name} parameter must be left alone with adapt={adapt!r}, which classifies "
                f"itself. Got {given!r}."
            )


def _weigher(adapt: str, random_state: int) -> Any:
    from hybridsent.transfer._weighted import WEIGHERS

    weigher = WEIGHERS[adapt]()
    if "random_state" in weigher.get_params():
        weigher.set_params(random_state=random_state)
    return weigher


def _with_head(
    adapt: str,
    how: str,
    steps: list[tuple[str, Any]],
    classifier: Any,
    class_weight: str | None,
    random_state: int,
) -> list[tuple[str, Any]]:
    from hybridsent import transfer
    from hybridsent.transfer._fit_weighted import weight_name

    if how != "early":
        raise ValueError(
            f"The 'how' parameter of make_fusion must be 'early' with adapt={adapt!r}, which "
            f"learns from joint features. Got {how!r}."
        )
    plain = isinstance(classifier, str) and classifier == "logreg"
    found = dict(steps)
    if adapt in ("prior", "adversarial"):
        _check_alone(adapt, None if plain else classifier, class_weight)
    elif weight_name(found["classify"]) is None:
        raise ValueError(
            f"The classifier parameter must take sample_weight in fit with adapt={adapt!r}, which "
            f"weighs rows. Got {classifier!r}; 'logreg', 'svm' and most of scikit-learn's do."
        )
    if adapt in _WEIGHERS:
        head: Any = transfer.ReweightedEstimator(
            found["classify"], _weigher(adapt, random_state), min_effective=_MIN_EFFECTIVE
        )
    elif adapt == "tradaboost":
        # of each round, as weak as TrAdaBoostClassifier's own
        weak = LogisticRegression(
            class_weight=class_weight, max_iter=1000, random_state=random_state
        )
        head = transfer.TrAdaBoostClassifier(weak if plain else found["classify"])
    elif adapt == "prior":
        head = transfer.PriorClassifier(random_state=random_state or None)
    else:
        head = transfer.DomainAdversarialClassifier(random_state=random_state)
    return [*list(found.items())[:-1], ("classify", head)]
