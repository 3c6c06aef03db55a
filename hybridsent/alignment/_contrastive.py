"""Contrastive alignment of frozen features (layer L3).

CLIP trains whole encoders on hundreds of millions of pairs. On features that are computed once,
the same loss trains a small projection in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from hybridsent._params import Interval, StrOptions
from hybridsent.alignment._contrastive_loss import ContrastiveLoss
from hybridsent.alignment._labels import label_view
from hybridsent.alignment._neural import NeuralAligner
from hybridsent.views import as_matrix, presence

if TYPE_CHECKING:
    import torch

__all__ = ["ContrastiveAligner"]

_START = 0.2  # where a learned temperature starts
_LARGEST = 100.0  # scale, as in CLIP: above, training becomes unstable


class ContrastiveAligner(NeuralAligner):
    r"""Project the views so that those of one row find each other among those of all rows.

    Networks :math:`f_j`, one for each view (by default linear), are trained on the symmetric
    InfoNCE of all pairs of views,

    .. math:: \min_f \sum_{i < j} -\frac{1}{2m} \sum_r \left(
              \log \frac{e^{u_{ir}^\top u_{jr} / \tau}}{\sum_s e^{u_{ir}^\top u_{js} / \tau}}
              + \log \frac{e^{u_{ir}^\top u_{jr} / \tau}}{\sum_s e^{u_{is}^\top u_{jr} / \tau}}
              \right), \qquad u_{jr} = \frac{f_j(x_{jr})}{\| f_j(x_{jr}) \|},

    over the m rows of a batch that have both views, by AdamW; where rows are held out, it stops
    when their loss no longer falls, and goes back to the best epoch. Cosines between coordinates of
    different views then say how well two rows go together.

    Parameters
    ----------
    n_components : int or None, default=None
        Outputs of each network; None is the columns of the smallest view, at most 32 and a quarter
        of the rows that a view has together with another.
    combine : {"mean", "concat"}, default="mean"
        What a row becomes: the mean of the coordinates by the views that it has, brought back to
        length one, or those of all views side by side, each of length one.
    temperature : float or "learned", default=0.2
        :math:`\tau`; ``"learned"`` starts at 0.2 and is trained along. CLIP starts at 0.07, which
        suits millions of pairs; few are learned by heart then.
    supervised : bool, default=False
        Whether rows of one label are all partners of each other, which pulls classes together.
        Rows labelled -1 have only themselves.
    hidden : tuple of int, default=()
        Widths of the hidden layers (ReLU) of each network; ``()`` is a linear projection.
    dropout : float, default=0.5
        Rate of dropout of the columns and after each hidden layer.
    lr : float, default=0.003
        Learning rate.
    weight_decay : float, default=0.01
        Decoupled weight decay.
    max_epochs : int, default=100
        Most epochs.
    batch_size : int or None, default=1024
        Most rows of a batch, in which each row is told from all others; None takes all at once.
    patience : int, default=10
        Epochs without a smaller held-out loss after which training stops.
    validation_fraction : float, default=0.1
        Share of the rows with two views or more that are held out, at random, to stop early. 0, or
        a share of less than 50 rows, trains for all epochs on all rows.
    device : str, default="cpu"
        Where networks are trained: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or ``"auto"``
        for the fastest there is. Coordinates are computed on the CPU.
    verbose : bool, default=False
        Whether to show a progress bar on stderr.
    random_state : int, RandomState or None, default=0
        Seed of weights, batches, dropout and held-out rows.

    Attributes
    ----------
    canonical_correlations_ : ndarray of shape (n_components,)
        Mean over pairs of views of the correlation of their coordinates, on the rows of `fit`; NaN
        for a single view. Components have no order.
    temperature_ : float
        As used, or as learned.
    networks_ : dict of str to dict of str to ndarray
        Weights of each view's network; empty for a single view.
    linear_ : MCCA
        Of a single view only: its principal components.
    mean_, scale_ : dict of str to ndarray of shape (p_j,)
        Mean and standard deviation of each view's columns over the rows that have it.
    train_loss_, valid_loss_ : list of float
        Loss of training batches under dropout and of held-out rows, after each epoch.
    best_epoch_ : int
        Epoch, from 1, whose networks are kept; 0 for a single view.
    views_ : dict of str to ndarray of int
        Columns of each view.
    n_components_ : int
        Dimensions of the shared space.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    DeepCCA : Seeks correlated components instead of distinct rows.
    MCCA : Linear and in closed form.

    Notes
    -----
    Coordinates of a row have length one: with ``combine="mean"`` they are the direction of the mean
    over the views that it has; with ``"concat"`` those of each view, where that direction stands
    for a view that the row lacks. Columns are standardised inside, and cut off at five standard
    deviations. A row without any view is at the origin. A single view has nothing to find: it
    becomes its whitened principal components, brought to length one.

    Results are the same for the same seed on the same machine and device; torch's global generator
    is not touched.

    References
    ----------
    van den Oord, Li, Vinyals: Representation learning with contrastive predictive coding, 2018,
    eq. 4.

    Radford et al.: Learning transferable visual models from natural language supervision, ICML
    2021, figure 3 and section 2.5.

    Khosla et al.: Supervised contrastive learning, NeurIPS 2020, eq. 2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import ContrastiveAligner
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(300, 4))
    >>> X = pd.DataFrame(np.hstack([z @ rng.normal(size=(4, 8)), z @ rng.normal(size=(4, 6))]))
    >>> X.columns = [f"text__{i}" for i in range(8)] + [f"image__{i}" for i in range(6)]
    >>> aligner = ContrastiveAligner(4, max_epochs=40, dropout=0.0, lr=0.01).fit(X[:200])
    >>> bool(aligner.score(X[200:]) > 0.8)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NeuralAligner._parameter_constraints,
        "temperature": [StrOptions({"learned"}), Interval(Real, 0, None, closed="neither")],
        "supervised": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        combine: str = "mean",
        temperature: float | str = 0.2,
        supervised: bool = False,
        hidden: Sequence[int] = (),
        dropout: float = 0.5,
        lr: float = 3e-3,
        weight_decay: float = 1e-2,
        max_epochs: int = 100,
        batch_size: int | None = 1024,
        patience: int = 10,
        validation_fraction: float = 0.1,
        device: str = "cpu",
        verbose: bool = False,
        random_state: Any = 0,
    ) -> None:
        super().__init__(
            n_components,
            combine=combine,
            hidden=hidden,
            dropout=dropout,
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
        self.temperature = temperature
        self.supervised = supervised

    def _combined(self, X: np.ndarray, present: np.ndarray) -> np.ndarray:
        found = super()._combined(X, present)
        blocks = found.reshape(len(found), -1, self.n_components_)
        return _unit(blocks).reshape(found.shape)

    def score(self, X: Any, y: Any = None) -> float:
        """How well each row's view finds its partner among all rows: the mean reciprocal rank.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Rows, better those that were not fitted on. The more rows, the harder.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        float
            From 0 to 1, where every partner is the nearest of all by cosine; the mean over pairs of
            views in both directions. NaN for a single view.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        present = presence(X, self.views_)
        scores = self._scores(X, present)
        found = []
        for i, j in combinations(range(len(scores)), 2):
            both = present[:, i] & present[:, j]
            if both.any():
                a, b = scores[i][both], scores[j][both]
                found += [_reciprocal_rank(a, b), _reciprocal_rank(b, a)]
        return float(np.mean(found)) if found else float("nan")

    def _fit(
        self, X: np.ndarray, present: np.ndarray, y: Any, groups: np.ndarray | None = None
    ) -> None:
        learned = isinstance(self.temperature, str)
        self.temperature_ = _START if learned else float(self.temperature)
        codes = np.full(len(X), -1)
        if self.supervised:
            columns, labelled = label_view(y, len(X), type(self).__name__)
            codes[labelled] = np.unique(columns[labelled], axis=0, return_inverse=True)[1].ravel()
        super()._fit(X, present, codes, groups)

    def _learn(
        self, blocks: list[np.ndarray], present: np.ndarray, y: Any, groups: np.ndarray | None
    ) -> None:
        truth = np.column_stack([present, y]).astype(np.int64)
        if isinstance(self.temperature, str):
            module = self._train(
                blocks, truth, present, ContrastiveLoss(None), groups, _scale_layer
            )
            self.temperature_ = 1 / float(module.extra().detach())
        else:
            self._train(blocks, truth, present, ContrastiveLoss(self.temperature_), groups)

    def _coordinates(self, view: str, values: np.ndarray) -> np.ndarray:
        if not self.networks_:
            values = self.linear_._view_scores(view, values)
        return _unit(values.astype(np.float64))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.supervised is True
        return tags


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Bring the last axis to length one; zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1.0))


def _reciprocal_rank(queries: np.ndarray, keys: np.ndarray) -> float:
    """Mean reciprocal rank of each query's own key; alike keys share the middle of their ranks."""
    total = 0.0
    for start in range(0, len(queries), 1024):
        cosine = queries[start : start + 1024] @ keys.T
        own = np.take_along_axis(cosine, np.arange(start, start + len(cosine))[:, None], axis=1)
        before, alike = (cosine > own).sum(axis=1), (cosine == own).sum(axis=1)
        total += float(np.sum(1 / (before + (alike + 1) / 2)))
    return total / len(queries)


def _scale_layer() -> torch.nn.Module:
    """Make a layer whose output is the scale; its parameter is the logarithm."""
    import torch

    class Scale(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.log = torch.nn.Parameter(torch.empty(()))

        def draw(self, generator: Any) -> None:
            self.log.fill_(-float(np.log(_START)))

        def forward(self) -> torch.Tensor:
            return self.log.clamp(max=float(np.log(_LARGEST))).exp()

    return Scale()
