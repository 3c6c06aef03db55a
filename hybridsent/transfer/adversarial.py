"""A classifier whose hidden layer does not tell the domains apart (layer L3).

No library serves: skada's DANN is a skorch net that wants domains beside X and draws from torch's
global generator; adapt's needs TensorFlow. torch has no layer that turns a gradient round.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._numerics.networks import dropout, layer, load, mlp, predict, to_arrays, train
from hybridsent._numerics.scale import column_scale
from hybridsent._params import Devices, Interval, StrOptions
from hybridsent.transfer._rows import AdaptingMixin, Rows, read_rows
from hybridsent.transfer._source import as_codes
from hybridsent.transfer._warnings import warn_without_target

if TYPE_CHECKING:
    import torch

__all__ = [
    "DomainAdversarialClassifier",
    "adversarial_network",
    "balanced_weights",
    "ramp",
    "reverse",
    "row_losses",
]


def ramp(progress: float) -> float:
    r"""Share of the largest :math:`\lambda`: 2 / (1 + exp(-10 p)) - 1.

    Parameters
    ----------
    progress : float
        p, from 0 to 1.

    Returns
    -------
    float
        From 0 to almost 1.

    Examples
    --------
    >>> from hybridsent.transfer.adversarial import ramp
    >>> [round(ramp(p), 2) for p in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.46, 0.99, 1.0]
    """
    return float(np.tanh(5 * progress))  # the same, without overflow


def reverse(x: torch.Tensor, factor: float) -> torch.Tensor:
    """Hand a tensor on; its gradient is multiplied by ``-factor``.

    Parameters
    ----------
    x : torch.Tensor
        Any tensor.
    factor : float
        What its gradient is multiplied by, with the sign changed.

    Returns
    -------
    torch.Tensor
        The same values.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.transfer.adversarial import reverse
    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> reverse(3 * x, 0.5).sum().backward()
    >>> x.grad
    tensor([-1.5000])
    """
    # x in value; the part that has a gradient is -factor x
    held = x.detach()
    return held - factor * (x - held)


def balanced_weights(labeled: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    """Weights of a labelled row, of a row of the source and of one of the target.

    With them the mean over all rows is the mean over the labelled ones, and both domains weigh
    the same.

    Parameters
    ----------
    labeled, target : ndarray of shape (n,)
        Which rows have a label, and which are of the target.

    Returns
    -------
    tuple of float
        The three weights.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer.adversarial import balanced_weights
    >>> balanced_weights(np.array([True, True, False, False]), np.array([0, 0, 0, 1]))
    (2.0, 0.6666666666666666, 2.0)
    """
    n, n_target = len(target), int(target.sum())
    of_label = n / max(int(labeled.sum()), 1)
    return of_label, 0.5 * n / max(n - n_target, 1), 0.5 * n / max(n_target, 1)


def row_losses(
    outputs: Any, target: torch.Tensor, weights: tuple[float, float, float]
) -> torch.Tensor:
    """Loss of each row: of its label, where it has one, and of its domain.

    Parameters
    ----------
    outputs : tensor or tuple of tensor
        Logits of the classes, and those of the domain where there is a head for it.
    target : tensor of int of shape (n, 2)
        Code of the class, -1 where there is none, and the domain.
    weights : tuple of float
        From `balanced_weights`.

    Returns
    -------
    tensor of shape (n,)
        Losses.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    logits, domain_logits = outputs if isinstance(outputs, tuple) else (outputs, None)
    codes, domain = target[:, 0], target[:, 1]
    # ignored rows have a loss of 0
    loss = weights[0] * cross_entropy(logits, codes, ignore_index=-1, reduction="none")
    if domain_logits is None:
        return loss
    of_domain = weights[1] + (weights[2] - weights[1]) * domain
    return loss + of_domain * binary_cross_entropy_with_logits(
        domain_logits, domain.to(domain_logits.dtype), reduction="none"
    )


@cache  # the class cannot be made before torch is imported
def adversarial_network() -> Any:
    """Make the class of the network, whose output is logits, and in training those of the domain.

    Returns
    -------
    type
        A ``torch.nn.Module``, of the widths of its layers, the number of classes, the rate of
        dropout, and what dropout draws from.
    """
    from torch import nn

    class Adversarial(nn.Module):
        def __init__(
            self,
            widths: list[int],
            n_classes: int,
            rate: float,
            generator: torch.Generator | None,
        ) -> None:
            super().__init__()
            self.last = widths[-1]
            self.features = nn.Sequential(
                mlp(widths, rate=rate, generator=generator), nn.ReLU(), dropout(rate, generator)
            )
            self.label = layer(nn.Linear, self.last, n_classes)
            self.domain: nn.Module | None = None

        def add_domain_head(self, trade_off: float, ramp_steps: int) -> None:
            self.domain = mlp([self.last, self.last, 1])
            self.trade_off = trade_off
            self.ramp_steps = ramp_steps
            self.step = 0

        def forward(self, x: torch.Tensor) -> Any:
            features = self.features(x)
            logits = self.label(features)
            if self.domain is None or not self.training:
                return logits
            factor = self.trade_off
            if self.ramp_steps:
                factor *= ramp(self.step / self.ramp_steps)
                self.step += 1
            return logits, self.domain(reverse(features, factor))[:, 0]

    return Adversarial


_CLIP = 5.0  # standard deviations; some acoustic functionals are a thousand of them away
_ROWS = 1024  # rows predicted at a time: they are float64 then


class DomainAdversarialClassifier(MostProbableMixin, AdaptingMixin, ClassifierMixin, BaseEstimator):
    r"""Network that learns features which tell the classes, but not the domains, apart (DANN).

    With the network of features G, the head of labels C and the head of domains D it seeks the
    saddle point

    .. math:: \min_{G, C} \max_D \; \frac{1}{n_l} \sum_{i\ \text{labelled}} \ell(y_i, C(G(x_i)))
              - \lambda \sum_{d = 0, 1} \frac{1}{2 n_d} \sum_{i:\, d_i = d} \ell(d_i, D(G(x_i)))

    by one descent: a layer between G and D hands its input on, and multiplies the gradient that
    comes back by :math:`-\lambda`. Rows with a label, of either domain, train C; all rows train D,
    in which both domains weigh the same. AdamW minimises, and the networks are averaged. G is
    linear layers with ReLU and dropout, C is linear, D has a hidden layer as wide as its input.

    Columns are standardised over all rows, and cut off at five standard deviations. Training runs
    for all epochs: a held-out loss of the source is smallest before the domains are mixed, and
    would stop it there.

    Parameters
    ----------
    hidden : sequence of int, default=(64,)
        Widths of the layers of G.
    trade_off : float, default=1.0
        Largest :math:`\lambda`; 0 for a plain network of the labelled rows.
    schedule : {"ramp", "constant"}, default="ramp"
        ``"ramp"`` for :math:`\lambda` times 2 / (1 + exp(-10 p)) - 1, where p goes from 0 to 1
        during training: noisy domains do not disturb the first epochs. ``"constant"`` for
        :math:`\lambda` from the start.
    dropout : float, default=0.2
        Rate of dropout after each layer of G.
    n_members : int, default=3
        Networks, whose probabilities are averaged.
    lr : float, default=1e-3
        Learning rate.
    weight_decay : float, default=0.01
        Decoupled weight decay.
    max_epochs : int, default=50
        Epochs.
    batch_size : int or None, default=64
        Rows of a batch; None takes all at once.
    device : str, default="cpu"
        Where the networks are trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or
        ``"auto"`` for the fastest there is. What is learned are arrays, and predictions are
        computed on the CPU, so that the fitted model needs no GPU.
    verbose : bool, default=False
        Whether to show a progress bar on stderr for each network.
    random_state : int, default=0
        Seed of everything: parameters, order of rows, dropout.

    Attributes
    ----------
    weights_ : list of dict of str to ndarray
        Parameters of each network, without the head of domains.
    train_loss_ : list of list of float
        Loss of each network by epoch, both heads together.
    mean_, scale_ : ndarray of shape (p,)
        Mean and standard deviation of each column over all rows; an infinite scale for a constant
        column, which is ignored.
    classes_ : ndarray
        Class labels, without -1.
    n_features_in_ : int
        Columns seen in `fit`, with the domain.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    Warns
    -----
    TransferWarning
        If one of the domains has no row: then it is a plain network of the labelled rows.

    See Also
    --------
    CORAL : Brings the covariances of the domains together, in closed form.

    References
    ----------
    Ganin, Ustinova, Ajakan, Germain, Larochelle, Laviolette, Marchand, Lempitsky:
    Domain-adversarial training of neural networks, JMLR 2016 (section 4.2; the ramp in 5.2.2).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.transfer import DomainAdversarialClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.normal(size=(40, 2)), columns=["text__0", "text__1"])
    >>> X["domain__0"] = np.arange(40) // 20
    >>> y = np.where(X["domain__0"] == 1, -1, X["text__0"] > 0)
    >>> model = DomainAdversarialClassifier(n_members=1, max_epochs=5).fit(X, y)
    >>> model.predict_proba(X.iloc[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden": ["array-like"],
        "trade_off": [Interval(Real, 0, None, closed="left")],
        "schedule": [StrOptions({"ramp", "constant"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "device": [Devices("auto", "cpu", "cuda", "mps")],
        "verbose": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (64,),
        trade_off: float = 1.0,
        schedule: str = "ramp",
        dropout: float = 0.2,
        n_members: int = 3,
        lr: float = 1e-3,
        weight_decay: float = 0.01,
        max_epochs: int = 50,
        batch_size: int | None = 64,
        device: str = "cpu",
        verbose: bool = False,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.trade_off = trade_off
        self.schedule = schedule
        self.dropout = dropout
        self.n_members = n_members
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, and the column ``domain__0``; without it, the rows without a label are the
            target.
        y : array of shape (n,)
            Labels of at least two classes; -1, or NaN among floats, where a row has none.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        widths: list[Any] = list(self.hidden)
        if not widths or not all(isinstance(w, Integral) and int(w) > 0 for w in widths):
            raise ValueError(
                f"The 'hidden' parameter of {type(self).__name__} must be a sequence of positive "
                f"integers. Got {self.hidden!r} instead."
            )
        rows = read_rows(self, X, y, needs_labels=True)
        known = rows.labels(rows.labeled)
        self.classes_, of_known, _ = as_codes(self, known, known[:0])
        warn_without_target(self, rows)
        adapted = bool(rows.target.any() and not rows.target.all() and self.trade_off > 0)
        self.mean_, self.scale_ = column_scale(rows.X, constant=np.inf)
        codes = np.full(len(rows.X), -1)
        codes[rows.labeled] = of_known
        used = np.ones(len(codes), dtype=bool) if adapted else rows.labeled
        self._train(rows, codes, used, adapted)
        return self

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        scaled = (X - self.mean_) / self.scale_
        return np.asarray(scaled.clip(-_CLIP, _CLIP).astype(np.float32))

    def _train(self, rows: Rows, codes: np.ndarray, used: np.ndarray, adapted: bool) -> None:
        codes, target = codes[used], rows.target[used].astype(np.int64)
        weights = balanced_weights(codes >= 0, target)
        values = self._standardised(rows.X[used])
        batches = -(-len(codes) // min(self.batch_size or len(codes), len(codes)))
        width = values.shape[1]

        def build(generator: torch.Generator | None) -> torch.nn.Module:
            return self._network(width, generator, self.max_epochs * batches if adapted else 0)

        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.n_members)
        self.weights_: list[dict[str, np.ndarray]] = []
        self.train_loss_: list[list[float]] = []
        for seed in seeds.tolist():
            trained = train(
                build,
                partial(row_losses, weights=weights),
                {"x": values},
                np.column_stack([codes, target]),
                lr=self.lr,
                weight_decay=self.weight_decay,
                max_epochs=self.max_epochs,
                batch_size=self.batch_size,
                validation_fraction=0.0,
                device=self.device,
                random_state=seed,
                verbose=self.verbose,
            )
            arrays = to_arrays(trained.module)
            self.weights_.append({k: v for k, v in arrays.items() if not k.startswith("domain")})
            self.train_loss_.append(trained.train_loss)

    def _network(
        self, width: int, generator: torch.Generator | None, steps: int
    ) -> torch.nn.Module:
        widths = [width, *map(int, self.hidden)]
        ramp = steps if self.schedule == "ramp" else 0
        network = adversarial_network()(widths, len(self.classes_), self.dropout, generator)
        if steps:
            network.add_domain_head(self.trade_off, ramp)
        return network  # type: ignore[no-any-return]  # its class is made at run time

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        values = read_rows(self, X, fitting=False).X
        width = values.shape[1]
        # float64: a row's probabilities must not depend on the rows beside it
        members = [
            load(lambda generator: self._network(width, generator, 0), arrays).double()
            for arrays in self.weights_
        ]
        out = np.empty((len(values), len(self.classes_)))
        for start in range(0, len(values), _ROWS):
            part = {"x": self._standardised(values[start : start + _ROWS])}
            out[start : start + _ROWS] = np.mean(
                [softmax(predict(each, part), axis=1) for each in members], axis=0
            )
        return out
