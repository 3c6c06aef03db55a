"""Deep canonical correlation analysis (layer L3).

scikit-learn has no CCA by networks. Here the views are columns of one matrix, and rows that lack
some take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from hybridsent._params import Interval
from hybridsent.alignment._correlation_loss import CorrelationLoss
from hybridsent.alignment._neural import NeuralAligner

__all__ = ["DeepCCA"]


class DeepCCA(NeuralAligner):
    r"""Canonical correlation analysis of what a network makes of each view.

    Networks :math:`f_j`, one for each view, are trained to have as much as possible in common,

    .. math:: \max_f \sum_{i < j} \sum_{c = 1}^{k} D^{ij}_c,
              \qquad S_{ii}^{-1/2} S_{ij} S_{jj}^{-1/2} = U D^{ij} V^\top,
              \qquad S_{ij} = \tfrac{1}{m - 1} H_i^\top H_j + [i = j] \, r I,

    with the centred outputs :math:`H_j = f_j(X_j)` of the m rows of a batch that have both views.
    The gradient of the inner sum, the total canonical correlation, is known in closed form. A
    batch has to be much larger than k. Training is by AdamW; where rows are held out, it stops when
    their correlation no longer grows, and goes back to the best epoch. A linear `MCCA` of the
    outputs then puts the components in order.

    Dropout of the inputs and between the layers keeps the networks from learning the rows by
    heart, which they otherwise do: thousands of columns go together perfectly on thousands of rows.

    Parameters
    ----------
    n_components : int or None, default=None
        k, outputs of each network; None is the columns of the smallest view, at most 32 and a
        quarter of the rows that a view has together with another.
    combine : {"mean", "concat"}, default="mean"
        What a row becomes: the mean of the coordinates by the views that it has, or those of all
        views side by side.
    hidden : tuple of int, default=(256,)
        Widths of the hidden layers (ReLU) of each network; ``()`` is a linear projection.
    ridge : float, default=0.001
        r, added to the covariances of the outputs.
    dropout : float, default=0.5
        Rate of dropout of the columns and after each hidden layer.
    lr : float, default=0.003
        Learning rate.
    weight_decay : float, default=0.01
        Decoupled weight decay.
    max_epochs : int, default=100
        Most epochs.
    batch_size : int or None, default=1024
        Most rows of a batch, at least 2 k; None takes all at once.
    patience : int, default=10
        Epochs without a higher held-out correlation after which training stops.
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
        for a single view. The networks know these rows: what holds for others is in `score`.
    linear_ : MCCA
        From the outputs of the networks to the coordinates.
    networks_ : dict of str to dict of str to ndarray
        Weights of each view's network; empty for a single view.
    mean_, scale_ : dict of str to ndarray of shape (p_j,)
        Mean and standard deviation of each view's columns over the rows that have it.
    train_loss_, valid_loss_ : list of float
        Minus the mean correlation, of training batches under dropout and of held-out rows, after
        each epoch.
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
    MCCA : Linear and in closed form; quicker, and enough where the relation is linear.
    ContrastiveAligner : Networks trained to tell which rows belong together.

    Notes
    -----
    Columns are standardised inside, and cut off at five standard deviations. A single view goes
    with nothing: it becomes its whitened principal components, without a network.

    Results are the same for the same seed on the same machine and device; torch's global generator
    is not touched.

    References
    ----------
    Andrew, Arora, Bilmes, Livescu: Deep canonical correlation analysis, ICML 2013, eq. 10 to 13.

    Wang, Arora, Livescu, Bilmes: On deep multi-view representation learning, ICML 2015 (large
    batches instead of all rows).

    Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019.

    Examples
    --------
    Two views that share the length of a vector, not its direction; nothing linear goes together.

    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import MCCA, DeepCCA
    >>> rng = np.random.default_rng(1)
    >>> z = rng.uniform(0.2, 2, size=(600, 1))
    >>> angles = rng.uniform(0, 2 * np.pi, size=(600, 2))
    >>> X = pd.DataFrame(np.hstack([z * np.cos(angles), z * np.sin(angles)]))
    >>> X.columns = ["text__0", "image__0", "text__1", "image__1"]
    >>> bool(MCCA(1).fit(X[:400]).score(X[400:]) < 0.1)
    True
    >>> aligner = DeepCCA(1, hidden=(32,), dropout=0.0, lr=0.01).fit(X[:400])
    >>> bool(aligner.score(X[400:]) > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NeuralAligner._parameter_constraints,
        "ridge": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        combine: str = "mean",
        hidden: Sequence[int] = (256,),
        ridge: float = 1e-3,
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
        self.ridge = ridge

    def _learn(
        self, blocks: list[np.ndarray], present: np.ndarray, y: Any, groups: np.ndarray | None
    ) -> None:
        k = self.n_components_
        if self.batch_size is not None and self.batch_size < 2 * k:
            raise ValueError(
                f"The 'batch_size' parameter of {type(self).__name__} must be at least twice the "
                f"number of components, as few rows go together perfectly. Got {self.batch_size} "
                f"for {k} components; None takes all rows at once."
            )
        self._train(blocks, present, present, CorrelationLoss(k, self.ridge), groups)
        outputs = [
            self._outputs(view, block) for view, block in zip(self.views_, blocks, strict=True)
        ]
        self.linear_ = self._linear(outputs, present, k, ridge=self.ridge)

    def _coordinates(self, view: str, values: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self.linear_._view_scores(view, values)
        return scores
