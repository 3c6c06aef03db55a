"""What the torch heads share: views, missing views, training, averaging (layer L3)."""

from __future__ import annotations

import inspect
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cache, partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from hybridsent._groups import groups_of
from hybridsent._labels import label_numbers
from hybridsent._numerics.classes import MostProbableMixin, learn_classes
from hybridsent._numerics.networks import load, predict, to_arrays, train
from hybridsent._numerics.scale import column_scale
from hybridsent._params import Devices, Interval, StrOptions
from hybridsent.heads._common import standard
from hybridsent.views import as_labelled, as_matrix, presence, step_of, views_of

if TYPE_CHECKING:
    import torch

__all__ = [
    "Shapes",
    "_FusionClassifier",
    "_FusionNetwork",
    "_FusionRegressor",
    "documented",
    "segments",
    "view_network",
]

Head = TypeVar("Head", bound=type)

_CLIP = 5.0  # standard deviations; some acoustic functionals are a thousand of them away
_ROWS = 1024  # rows predicted at a time: they are float64 then


_DOCS = {
    "members": """n_members : int, default=3
        Networks that are trained from different seeds, each with other rows held out; their
        probabilities are averaged.
    class_weight : {"balanced"}, dict or None, default=None
        As in scikit-learn.""",
    "members_of_numbers": """n_members : int, default=3
        Networks that are trained from different seeds, each with other rows held out; their
        numbers are averaged.""",
    "training": """modality_dropout : float, default=0.3
        Rate at which each view of a row is dropped in training, never all of a row. It teaches the
        network to do without a view.
    {members}
    lr : float, default=1e-3
        Learning rate of AdamW.
    weight_decay : float, default=0.01
        Decoupled weight decay.
    max_epochs : int, default=100
        Most epochs.
    batch_size : int or None, default=64
        Rows of a batch; None takes all at once.
    patience : int, default=5
        Epochs without a smaller loss of the held-out rows after which training stops; the weights
        of the best epoch are kept.
    validation_fraction : float, default=0.1
        Share of rows held out to stop early. 0, or a share of less than 10 rows, trains for
        `max_epochs` on all rows.
    device : str, default="cpu"
        Where the networks are trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or
        ``"auto"`` for the fastest there is. What is learned are arrays, and predictions are
        computed on the CPU, so that the fitted model needs no GPU.
    verbose : bool, default=False
        Whether to show a progress bar on stderr for each network.
    random_state : int, default=0
        Seed of everything: parameters, order of rows, dropout, held-out rows.""",
    "trained": """weights_ : list of dict of str to ndarray
        Parameters of each network.
    history_ : list of dict of str to list of float
        ``"train_loss"`` and ``"valid_loss"`` of each network by epoch.""",
    "learned": """mean_, scale_ : ndarray of shape (p,)
        Mean of each column, and its standard deviation times the root of its view's width, over
        the training rows that have the view; an infinite scale for a constant column, which is
        ignored. Scaled values are cut off at five standard deviations.
    seen_ : ndarray of bool of shape (n_views,)
        Views that some training row had; the others count as missing.
    {target}
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.""",
    "target": """class_prior_ : ndarray of shape (n_classes,)
        Shares of the classes in training, weighted; the probabilities of rows without any view.
    classes_ : ndarray
        Class labels.""",
    "target_of_numbers": """target_mean_, target_scale_ : float
        Mean and standard deviation of y in training, in whose units the networks learn; the mean
        is the answer to rows without any view.""",
}
"""What the docstrings of all torch heads say alike; `documented` writes it into each."""


def documented(head: Head) -> Head:
    """Write what all torch heads have in common into the docstring of one.

    Parameters
    ----------
    head : class
        Its docstring names the blocks, each in a line of its own, such as ``{training}``.

    Returns
    -------
    class
        The same one, whose docstring is whole.
    """
    if head.__doc__ is not None:  # Python may have been told to keep none
        of_numbers = issubclass(head, _FusionRegressor)
        doc = inspect.cleandoc(head.__doc__)  # Python 3.13 and newer take the margin off themselves
        for name in ("training", "trained", "learned", "members", "target"):
            block = _DOCS.get(f"{name}_of_numbers" if of_numbers else name, _DOCS[name])
            doc = doc.replace(f"{{{name}}}\n", f"{textwrap.dedent(f'    {block}')}\n")
        head.__doc__ = doc
    return head


class _FusionNetwork(BaseEstimator, ABC):
    """Template of the torch heads: `_Gated` and its like write the network of its views."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "modality_dropout": [Interval(Real, 0, 1, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "device": [Devices("auto", "cpu", "cuda", "mps")],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        *,
        hidden: int = 32,
        dropout: float = 0.5,
        modality_dropout: float = 0.3,
        n_members: int = 3,
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        max_epochs: int = 100,
        batch_size: int | None = 64,
        patience: int = 5,
        validation_fraction: float = 0.1,
        device: str = "cpu",
        verbose: bool = False,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.n_members = n_members
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @abstractmethod
    def _network(
        self, shapes: Shapes, n_outputs: int, generator: torch.Generator | None
    ) -> torch.nn.Module:
        """Build the network for views of these (segments, width), from `view_network`."""

    @abstractmethod
    def _learn_target(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Learn what y holds; gives it as the loss takes it, and weights of the rows."""

    @abstractmethod
    def _loss(self, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss of each row."""

    @abstractmethod
    def _n_outputs(self) -> int:
        """Count the outputs of a network."""

    def _segments(self, positions: np.ndarray) -> np.ndarray:
        """Arrange the columns of a view, a row a segment; here each view is one."""
        return positions[None]

    def _learn(self, X: Any, y: Any, groups: Any) -> None:
        """Check the rows, learn the scale of their columns, and train the networks."""
        self._validate_params()
        X, y = as_labelled(self, X, y)
        target, weight = self._learn_target(y)
        groups = groups_of(self, X, groups)
        self.views_ = {view: self._segments(at) for view, at in views_of(self).items()}
        self._learn_scale(X)
        present = self._present(X)
        some = present.any(axis=1)
        if not some.any():
            raise ValueError(
                f"At least one row must have a view to fit {type(self).__name__}. "
                f"All {len(X)} rows have NaN in every view."
            )
        inputs = self._inputs(X[some], present[some])
        weight = None if weight is None else weight[some]
        self._train(inputs, target[some], weight, None if groups is None else groups[some])

    def _train(
        self, inputs: dict[str, np.ndarray], target: np.ndarray, weight: Any, groups: Any
    ) -> None:
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.n_members)
        self.weights_: list[dict[str, np.ndarray]] = []
        self.history_: list[dict[str, list[float]]] = []
        for seed in seeds.tolist():
            trained = train(
                self._build(),
                self._loss,
                inputs,
                target,
                sample_weight=weight,
                groups=groups,
                lr=self.lr,
                weight_decay=self.weight_decay,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size,
                patience=self.patience,
                validation_fraction=self.validation_fraction,
                device=self.device,
                random_state=seed,
                verbose=self.verbose,
            )
            self.weights_.append(to_arrays(trained.module))
            self.history_.append(
                {"train_loss": trained.train_loss, "valid_loss": trained.valid_loss}
            )

    def _build(self) -> Any:
        shapes = [columns.shape for columns in self.views_.values()]
        return partial(self._network, shapes, self._n_outputs())

    def _learn_scale(self, X: np.ndarray) -> None:
        """Mean and scale of each column over the rows that have its view."""
        self.mean_ = np.zeros(X.shape[1])
        self.scale_ = np.full(X.shape[1], np.inf)
        present = presence(X, self._flat())
        self.seen_ = present.any(axis=0)
        for rows, columns in zip(present.T, self._flat().values(), strict=True):
            if not rows.any():
                continue
            part = X[np.ix_(rows, columns)]
            # an infinite scale: a constant column becomes 0, in new rows, too
            self.mean_[columns], scale = column_scale(part, constant=np.inf)
            self.scale_[columns] = scale * np.sqrt(len(columns))  # all views weigh the same

    def _flat(self) -> dict[str, np.ndarray]:
        return {view: columns.ravel() for view, columns in self.views_.items()}

    def _present(self, X: np.ndarray) -> np.ndarray:
        """Tell which rows have which view; one that no training row had counts as missing."""
        return presence(X, self._flat()) & self.seen_

    def _inputs(self, X: np.ndarray, present: np.ndarray) -> dict[str, np.ndarray]:
        """Scaled columns, view by view, zero where a view is missing; and which are there."""
        parts = []
        for there, columns in zip(present.T, self._flat().values(), strict=True):
            limit = _CLIP / np.sqrt(len(columns))
            part = X[:, columns] - self.mean_[columns].astype(X.dtype)
            part /= self.scale_[columns].astype(X.dtype)
            np.clip(part, -limit, limit, out=part)
            part[~there] = 0
            parts.append(part.astype(np.float32, copy=False))
        return {"x": np.concatenate(parts, axis=1), "present": present}

    def _averaged(self, X: Any, out: np.ndarray, last: Callable[[np.ndarray], np.ndarray]) -> Any:
        """Write the mean of what the networks say into the rows that have a view."""
        X = as_matrix(self, X, reset=False)
        build = self._build()
        # float64: what is said of a row must not depend on the rows beside it
        members = [load(build, arrays).double() for arrays in self.weights_]
        out = np.tile(out, (len(X), *[1] * out.ndim))
        some = np.flatnonzero(self._present(X).any(axis=1))
        for start in range(0, len(some), _ROWS):
            rows = some[start : start + _ROWS]
            part = X[rows]
            inputs = self._inputs(part, self._present(part))
            out[rows] = np.mean([last(predict(each, inputs)) for each in members], axis=0)
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class _FusionClassifier(MostProbableMixin, ClassifierMixin, _FusionNetwork):
    """Template of the torch heads for classes."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_FusionNetwork._parameter_constraints,
        "class_weight": [None, StrOptions({"balanced"}), dict],
    }

    def __init__(
        self,
        *,
        hidden: int = 32,
        dropout: float = 0.5,
        modality_dropout: float = 0.3,
        n_members: int = 3,
        class_weight: str | dict[Any, float] | None = None,
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        max_epochs: int = 100,
        batch_size: int | None = 64,
        patience: int = 5,
        validation_fraction: float = 0.1,
        device: str = "cpu",
        verbose: bool = False,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            hidden=hidden,
            dropout=dropout,
            modality_dropout=modality_dropout,
            n_members=n_members,
            lr=lr,
            weight_decay=weight_decay,
            max_epochs=max_epochs,
            batch_size=batch_size,
            patience=patience,
            validation_fraction=validation_fraction,
            device=device,
            verbose=verbose,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks that view. Columns of no modality (``domain__0``,
            ``group__0``, ``missing__text``) are not looked at.
        y : array of shape (n,)
            Labels of at least two classes.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); the rows that tell when to stop are of groups that
            are not learned from. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._learn(X, y, groups)
        return self

    def _learn_target(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        codes = learn_classes(self, y)
        weight = compute_sample_weight(self.class_weight, y)
        prior = np.bincount(codes, weights=weight)
        self.class_prior_ = prior / prior.sum()
        return codes, None if self.class_weight is None else weight

    def _loss(self, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, target, reduction="none")

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row with NaN in a view lacks that view.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`; for a row without any view, `class_prior_`.
        """
        check_is_fitted(self)
        return np.asarray(self._averaged(X, self.class_prior_, partial(softmax, axis=1)))


class _FusionRegressor(RegressorMixin, _FusionNetwork):
    """Template of the torch heads for numbers, which they learn by their squared error."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks that view. Columns of no modality (``domain__0``,
            ``group__0``, ``missing__text``) are not looked at.
        y : array of shape (n,)
            Numbers.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); the rows that tell when to stop are of groups that
            are not learned from. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._learn(X, y, groups)
        return self

    def _learn_target(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        values = label_numbers(self, y)
        self.target_mean_, self.target_scale_ = standard(values)
        return (values - self.target_mean_) / self.target_scale_, None

    def _loss(self, outputs: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (outputs[:, 0] - target) ** 2

    def _n_outputs(self) -> int:
        return 1

    def predict(self, X: Any) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row with NaN in a view lacks that view.

        Returns
        -------
        ndarray of shape (n,), float64
            Numbers; for a row without any view, `target_mean_`.
        """
        check_is_fitted(self)
        found = self._averaged(X, np.zeros(()), lambda outputs: outputs[:, 0])
        return np.asarray(found * self.target_scale_ + self.target_mean_)


Shapes = Sequence[tuple[int, int]]


@cache  # classes cannot be made before torch is imported
def view_network() -> Any:
    """Give the base class of the networks; a subclass writes ``fuse(views, present)``.

    ``views`` are tensors of shape (rows, segments, width); ``present``, of shape (rows, views),
    tells which of them count. In training each view of a row is dropped at a rate, but never all.
    """
    import torch

    class ViewNetwork(torch.nn.Module):
        def __init__(self, shapes: Shapes, rate: float, generator: torch.Generator | None) -> None:
            super().__init__()
            self.shapes = shapes
            self.rate = rate
            self.generator = generator

        def forward(self, x: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
            if self.training and self.rate > 0:
                present = self._drop(present)
            parts = torch.split(x, [steps * width for steps, width in self.shapes], dim=1)
            views = [
                torch.reshape(part, (-1, *shape))
                for part, shape in zip(parts, self.shapes, strict=True)
            ]
            logits: torch.Tensor = self.fuse(views, present)
            return logits

        def _drop(self, present: torch.Tensor) -> torch.Tensor:
            draws = torch.rand(present.shape, generator=self.generator, device=present.device)
            draws = draws.masked_fill(~present, -1)
            luckiest = draws == draws.amax(dim=1, keepdim=True)
            return present & ((draws >= self.rate) | luckiest)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            raise NotImplementedError

    return ViewNetwork


def segments(estimator: Any, positions: np.ndarray) -> np.ndarray:
    """Arrange the columns of a view by segment.

    Parameters
    ----------
    estimator : estimator
        With the names of the columns, where they had names.
    positions : ndarray of int
        Columns of the view.

    Returns
    -------
    ndarray of int of shape (n_segments, width)
        The columns, segments in order; one row where the names tell of no segments.

    Raises
    ------
    ValueError
        If segments have different numbers of columns.
    """
    names: Any = getattr(estimator, "feature_names_in_", None)
    found: dict[int | None, list[int]] = {}
    for position in positions.tolist():
        found.setdefault(None if names is None else step_of(names[position]), []).append(position)
    widths = {step: len(columns) for step, columns in found.items()}
    if len(set(widths.values())) > 1 or (None in found and len(found) > 1):
        raise ValueError(
            "All segments of a view must have the same number of columns. Got, for the view of "
            f"{names[positions[0]]!r}, columns by segment {widths} (None: names without a segment)."
        )
    return np.array([found[step] for step in sorted(found, key=lambda step: step or 0)])
