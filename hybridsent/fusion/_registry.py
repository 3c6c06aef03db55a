"""Strategies of fusion and ways to adapt, by name: built in, and of one's own (layer L4).

What stands here is data: a name, what builds it, and what it does where rows lack views. The
modules of estimators are imported when one is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, overload

from hybridsent._buildable import Buildable, add_to
from hybridsent._hints import did_you_mean
from hybridsent._plugins import read_plugins, told_of_plugins, warn_of_plugins
from hybridsent._registries import keep_registry
from hybridsent.fusion._tasks import Task, get_task

__all__ = [
    "ADAPTATIONS",
    "FUSIONS",
    "TAKE_TASK",
    "Adaptation",
    "Fusion",
    "get_adaptation",
    "get_fusion",
    "list_adaptations",
    "list_fusions",
    "register_adaptation",
    "register_fusion",
]

_MISSING = ("impute", "indicate", "keep")
_BUILDING = TypeVar("_BUILDING", bound=Buildable)


@dataclass(frozen=True)
class _OfEstimators(Buildable):
    """What builds estimators."""

    noun: ClassVar[str] = "a function, a class of estimators, or 'module:function'"


@dataclass(frozen=True)
class Fusion(_OfEstimators):
    """A strategy of fusion, as `register_fusion` takes it."""

    missing: str = "impute"
    steps: int | None = None
    weighs_views: bool = False  # whether a classifier given by name weighs views by their worth

    @classmethod
    def given(cls) -> tuple[str, ...]:
        """Names of what a build may take."""
        return ("classifier", "class_weight", "random_state", "device", "n_jobs", "task")

    def built(self, given: Mapping[str, Any], task: Task | None = None) -> tuple[Any, Any]:
        """Build what fuses, or ``"passthrough"``, and the head behind it, a classifier or so."""
        learned = get_task("classification") if task is None else task
        made = self.make(given)
        fuse, head = made if isinstance(made, tuple) and len(made) == 2 else ("passthrough", made)
        is_step = isinstance(fuse, str) or (hasattr(fuse, "fit") and hasattr(fuse, "transform"))
        if not is_step or not learned.learns(head):
            way_out = "" if "task" in self.takes() else TAKE_TASK.format(task=learned.name)
            raise ValueError(
                f"The build of the fusion {self.name!r} must give an unfitted {learned.noun}, or a "
                f"transformer and a {learned.noun}. Got {made!r:.300}.{way_out}"
            )
        return fuse, head


@dataclass(frozen=True)
class Adaptation(_OfEstimators):
    """A way to adapt to a target domain, as `register_adaptation` takes it."""

    joins_views: bool = False
    weighs: bool = False  # whether the classifier that it is given must take weights
    instead: str = ""  # where it needs classes: what to use where there are none

    @classmethod
    def given(cls) -> tuple[str, ...]:
        """Names of what a build may take."""
        return ("classifier", "class_weight", "random_state", "task")


TAKE_TASK = " A build that takes the parameter `task` is told what is to be learned, here {task!r}."
_S, _A = "hybridsent.fusion._strategies", "hybridsent.fusion._adapt"
_TRANSFER = "hybridsent.transfer"

_fusions: dict[str, Fusion] = keep_registry(
    {
        each.name: each
        for each in (
            Fusion(
                "early",
                f"{_S}:early",
                "features side by side, one classifier",
                "indicate",
                weighs_views=True,
            ),
            Fusion("align", f"{_S}:align", "one space for all views, then a classifier"),
            Fusion("late", f"{_S}:late", "the mean of a classifier for each view", "keep"),
            Fusion("stack", f"{_S}:stack", "learns to weigh a classifier for each view", "keep"),
            Fusion("tensor", f"{_S}:tensor", "low-rank product", "keep"),
            Fusion("gated", f"{_S}:gated", "gates weigh the views", "keep"),
            Fusion("cnn", f"{_S}:cnn", "convolves segments", "keep", 4),
            Fusion("rnn", f"{_S}:rnn", "reads segments", "keep", 4),
        )
    },
    lambda: _tell(*_watchers),
)
_adaptations: dict[str, Adaptation] = keep_registry(
    {
        each.name: each
        for each in (
            Adaptation("groups", f"{_TRANSFER}:GroupScaler", "standardises each group"),
            Adaptation("coral", f"{_TRANSFER}:CORAL", "aligns covariances"),
            Adaptation("coral-diagonal", f"{_A}:coral_diagonal", "aligns means and variances"),
            Adaptation("subspace", f"{_TRANSFER}:SubspaceAlignment", "aligns subspaces", True),
            Adaptation("tca", f"{_TRANSFER}:TCA", "components that domains share", True),
            Adaptation("jda", f"{_TRANSFER}:JDA", "the same, class by class", True, instead="tca"),
            Adaptation("augment", f"{_TRANSFER}:FeatureAugmentation", "copies for each domain"),
            Adaptation("kmm", f"{_TRANSFER}:KMM", "weighs rows by kernel means"),
            Adaptation("kliep", f"{_TRANSFER}:KLIEP", "weighs rows by a ratio of densities"),
            Adaptation("ulsif", f"{_TRANSFER}:ULSIF", "the same by least squares"),
            Adaptation("classifier", f"{_TRANSFER}:DomainClassifier", "weighs by a classifier"),
            Adaptation("balanced", f"{_TRANSFER}:BalancedWeights", "weighs domains equally"),
            Adaptation("prior", f"{_A}:prior", "a model of the source is the prior"),
            Adaptation("tradaboost", f"{_A}:tradaboost", "boosts", weighs=True),
            Adaptation(
                "adversarial",
                f"{_A}:adversarial",
                "features that tell no domain",
                instead="coral",
            ),
        )
    }
)


class _Names(Sequence[str]):
    """The names of a registry as they are now, in order of registration."""

    def __init__(self, registry: Mapping[str, Any]) -> None:
        self._registry = registry

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(self._registry)[index]

    def __len__(self) -> int:
        return len(self._registry)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._registry

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._registry))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # what it holds may change

    def __repr__(self) -> str:
        return repr(tuple(self._registry))


_BUILT_IN = dict(_fusions)
_watchers: list[Callable[[Mapping[str, Fusion]], None]] = []


def when_fusions_change(told: Callable[[Mapping[str, Fusion]], None]) -> None:
    """Call a function with the strategies that are not built in, now and when they change.

    Parameters
    ----------
    told : callable
        What to call.
    """
    _watchers.append(told)
    _tell(told)


def _tell(*watchers: Callable[[Mapping[str, Fusion]], None]) -> None:
    own = {name: each for name, each in _fusions.items() if _BUILT_IN.get(name) is not each}
    for told in watchers:
        told(own)


FUSIONS = _Names(_fusions)
"""Names of the strategies that `make_fusion` knows now."""

ADAPTATIONS = _Names(_adaptations)
"""Names of the ways to adapt to a target domain that `make_fusion` knows now."""


def register_fusion(
    name: str,
    build: str | Callable[..., Any],
    *,
    missing: str = "impute",
    steps: int | None = None,
    summary: str = "",
    replace: bool = False,
) -> None:
    """Make a strategy of fusion known under a name, for ``make_fusion(NAME)`` in this process.

    Write it into a plugin (`hybridsent.load_plugin`), so that the command line and other processes
    know it, too. It is a candidate of `FUSION_GRID` as well.

    Parameters
    ----------
    name : str
        Name, such as ``"mine"``: letters, digits, ``_``, ``-`` and ``.``.
    build : callable or str
        A function, a class, or ``"module:function"``, which gives an unfitted classifier of the
        scaled matrix, whose columns are named ``view__i``; or a transformer, as step ``fuse``, and
        a classifier. A new one at each call. With ``task="regression"`` it must give a regressor in
        the classifier's place. It gets, by name, those of these that it takes:

        - ``classifier``: an unfitted classifier, which `make_fusion` makes of its own parameter of
          that name; a strategy that takes none classifies itself, and the parameter is refused;
        - ``class_weight``, ``random_state``, ``n_jobs`` and ``task`` as given to `make_fusion`;
        - ``device``: what is given as ``learn_device``.

        What it does not take, users cannot give.
    missing : {"impute", "indicate", "keep"}, default="impute"
        What becomes of a view that a row lacks: what the others predict of it; the same, with a
        column ``missing__view`` for each view that tells of it; or NaN, which the classifier takes.
    steps : int, default=None
        Segments of a sample that it wants where the user names no number; None for one vector.
    summary : str, default=""
        What it does, in some words, for lists.
    replace : bool, default=False
        Whether a strategy of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is none, or taken, or `build` needs what is never given.

    See Also
    --------
    list_fusions : Names and summaries.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from hybridsent import make_fusion
    >>> from hybridsent.fusion import register_fusion
    >>> def build(random_state, class_weight=None):
    ...     return RandomForestClassifier(random_state=random_state, class_weight=class_weight)
    >>> register_fusion("forest-of-an-example", build, missing="indicate", summary="a forest")
    >>> make_fusion("forest-of-an-example", text=True, random_state=7)[-1]
    RandomForestClassifier(random_state=7)
    """
    if missing not in _MISSING:
        raise ValueError(
            f"The missing parameter of register_fusion must be one of {list(_MISSING)}. Got "
            f"{missing!r}."
        )
    if steps is not None and (type(steps) is not int or steps < 1):
        raise ValueError(
            "The steps parameter of register_fusion must be None or a number of segments, at "
            f"least 1. Got {steps!r}."
        )
    made = Fusion(name, build, summary, missing, steps)
    _register(_fusions, made, "fusion", replace)


def register_adaptation(
    name: str,
    build: str | Callable[..., Any],
    *,
    joins_views: bool = False,
    summary: str = "",
    replace: bool = False,
) -> None:
    """Make a way to adapt known under a name, for ``make_fusion(adapt=NAME)`` in this process.

    Write it into a plugin (`hybridsent.load_plugin`), so that the command line and other processes
    know it, too.

    Parameters
    ----------
    name : str
        Name, such as ``"mine"``: letters, digits, ``_``, ``-`` and ``.``.
    build : callable or str
        A function, a class, or ``"module:function"``, which gives one of these, unfitted, a new one
        at each call:

        - a transformer of features, best a `hybridsent.transfer.BaseAdapter`, as step ``adapt``;
        - a `hybridsent.transfer.BaseWeigher`, whose weights the classifier gets;
        - a classifier, in the place of the other one; with ``task="regression"`` a regressor.

        It gets, by name, those of these that it takes: ``random_state``, ``class_weight`` and
        ``task`` as given to `make_fusion`, and ``classifier``, the unfitted classifier that
        `make_fusion` makes of its own parameter of that name, or None where that was left alone.
    joins_views : bool, default=False
        Whether the columns that a transformer gives are of no view any more, so that only early
        fusion can follow.
    summary : str, default=""
        What it does, in some words, for lists.
    replace : bool, default=False
        Whether one of the same name may be replaced.

    Raises
    ------
    ValueError
        If the name is none, or taken, or `build` needs what is never given.

    See Also
    --------
    list_adaptations : Names and summaries.

    Examples
    --------
    >>> from hybridsent import make_fusion
    >>> from hybridsent.fusion import register_adaptation
    >>> from hybridsent.transfer import CORAL
    >>> register_adaptation("strong-coral-of-an-example", lambda: CORAL(shrinkage=0.9))
    >>> make_fusion(text=True, adapt="strong-coral-of-an-example")["adapt"]
    CORAL(shrinkage=0.9)
    """
    _register(_adaptations, Adaptation(name, build, summary, joins_views), "adaptation", replace)


def _register(registry: dict[str, _BUILDING], made: _BUILDING, what: str, replace: bool) -> None:
    add_to(registry, made, what, replace)
    _tell(*_watchers)


def list_fusions() -> dict[str, str]:
    """Names of the strategies of fusion, plugins' included.

    Returns
    -------
    dict of str to str
        Name and what it does, in order of registration.

    See Also
    --------
    register_fusion : Adds one.

    Examples
    --------
    >>> from hybridsent.fusion import list_fusions
    >>> list_fusions()["early"]
    'features side by side, one classifier'
    """
    read_plugins()
    warn_of_plugins()
    return {name: fusion.summary for name, fusion in _fusions.items()}


def list_adaptations() -> dict[str, str]:
    """Names of the ways to adapt, plugins' included.

    Returns
    -------
    dict of str to str
        Name and what it does, in order of registration.

    See Also
    --------
    register_adaptation : Adds one.

    Examples
    --------
    >>> from hybridsent.fusion import list_adaptations
    >>> list_adaptations()["coral"]
    'aligns covariances'
    """
    read_plugins()
    warn_of_plugins()
    return {name: way.summary for name, way in _adaptations.items()}


def get_fusion(how: Any) -> Fusion:
    """Find a strategy.

    Parameters
    ----------
    how : str
        Its name.

    Returns
    -------
    Fusion
        The strategy.

    Raises
    ------
    ValueError
        If none has this name.
    """
    if how not in FUSIONS:
        read_plugins()
    if how not in FUSIONS:
        raise ValueError(
            f"The 'how' parameter of make_fusion must be one of {list(FUSIONS)}. Got {how!r} "
            f"instead.{did_you_mean(how, FUSIONS)} {told_of_plugins()}".rstrip()
        )
    return _fusions[how]


def get_adaptation(adapt: str) -> Adaptation:
    """Find a way to adapt.

    Parameters
    ----------
    adapt : str
        Its name.

    Returns
    -------
    Adaptation
        The way.

    Raises
    ------
    ValueError
        If none has this name.
    """
    if adapt not in ADAPTATIONS:
        read_plugins()
    if adapt not in ADAPTATIONS:
        raise ValueError(
            f"The 'adapt' parameter of make_fusion must be one of {list(ADAPTATIONS)} or a "
            f"transformer of hybridsent.transfer. Got {adapt!r}."
            f"{did_you_mean(adapt, ADAPTATIONS)} {told_of_plugins()}".rstrip()
        )
    return _adaptations[adapt]
