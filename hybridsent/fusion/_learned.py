"""What is learned in each view on its own: selection and reduction of features (layer L4).

The parts of scikit-learn are imported where they are made: few models have any, and all would load
trees, neighbours and support vector machines.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from hybridsent.scaling import DropConstant

__all__ = ["SELECTIONS", "reducer", "selector"]

SELECTIONS = ("univariate", "l1", "trees")
"""Ways to select features that `make_features` and `make_fusion` know."""


def selector(select: str, random_state: int = 0, task: str = "classification") -> Pipeline:
    """Make a selection of features.

    Parameters
    ----------
    select : {"univariate", "l1", "trees"}
        Which.
    random_state : int, default=0
        Seed of ``"l1"`` and ``"trees"``.
    task : str, default="classification"
        What the features are selected for, as `make_fusion` takes it.

    Returns
    -------
    Pipeline
        Drops constant columns, then selects.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if select not in SELECTIONS:
        raise ValueError(
            f"The select parameter must be one of {list(SELECTIONS)} or None. Got {select!r} "
            "instead."
        )
    best = (_for_numbers if task == "regression" else _for_classes)(select, random_state)
    # a constant column has no F, and says nothing
    return Pipeline([("varying", DropConstant()), ("best", best)])


def _for_classes(select: str, random_state: int) -> Any:
    from sklearn.feature_selection import SelectFromModel, SelectPercentile

    if select == "univariate":
        return SelectPercentile(percentile=50)
    if select == "l1":
        from sklearn.svm import LinearSVC

        # rows have a mean squared length of one, so that one C suits any number of columns
        svm = LinearSVC(penalty="l1", dual=False, C=1.0, tol=1e-2, random_state=random_state)
        return SelectFromModel(svm)
    from sklearn.ensemble import ExtraTreesClassifier

    trees = ExtraTreesClassifier(100, min_samples_leaf=3, random_state=random_state)
    return SelectFromModel(trees, threshold="median")


def _for_numbers(select: str, random_state: int) -> Any:
    from sklearn.feature_selection import SelectFromModel, SelectPercentile, f_regression

    if select == "univariate":
        return SelectPercentile(f_regression, percentile=50)
    if select == "l1":
        from sklearn.linear_model import LassoCV

        lasso = LassoCV(
            alphas=30, cv=3, tol=1e-3, max_iter=5000, selection="random", random_state=random_state
        )
        # where no column says anything, all weights are zero, and all columns are kept
        return SelectFromModel(lasso, threshold="1e-5*mean")
    from sklearn.ensemble import ExtraTreesRegressor

    trees = ExtraTreesRegressor(100, min_samples_leaf=3, random_state=random_state)
    return SelectFromModel(trees, threshold="median")


def reducer(
    reduce: str, n_components: int | float | None, learn_device: str, random_state: int = 0
) -> Any:
    """Make a reduction of features.

    Parameters
    ----------
    reduce : {"pca", "lda"}
        Which.
    n_components : int, float or None
        Components to keep.
    learn_device : str
        Where principal components are computed.
    random_state : int, default=0
        Seed of principal components.

    Returns
    -------
    estimator
        A transformer.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if reduce == "pca":
        share = 0.95 if n_components is None else n_components
        return _components(share, learn_device, random_state)
    if reduce == "lda":
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        # Fisherfaces: 6,373 columns and few rows have no covariance to invert, nor time to try
        discriminants = LinearDiscriminantAnalysis(
            solver="eigen", shrinkage="auto", n_components=n_components
        )
        return Pipeline(
            [("pca", _components(0.99, learn_device, random_state)), ("lda", discriminants)]
        )
    raise ValueError(f"The reduce parameter must be 'pca', 'lda' or None. Got {reduce!r} instead.")


def _components(n_components: int | float, learn_device: str, random_state: int) -> BaseEstimator:
    from sklearn.decomposition import PCA

    if learn_device == "cpu":
        return PCA(n_components, random_state=random_state)
    from hybridsent.devices import OnDevice

    # tensors have no LU: scikit-learn would take QR by itself, but with a warning
    pca = PCA(n_components, power_iteration_normalizer="QR", random_state=random_state)
    return OnDevice(pca, device=learn_device)
