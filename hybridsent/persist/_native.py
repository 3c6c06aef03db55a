"""Checks of fitted estimators whose C code believes their attributes (layer L5).

skops checks types, not values. A file can hold a forest whose trees are wider than the forest, or
support vectors that are fewer than their counts, and predicting would read or write memory that is
not theirs. Estimators that compute in numpy alone need none of this: they raise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from hybridsent.exceptions import BundleError
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._graph import Edge, edges, objects
from hybridsent.persist._trees import check_links

Check = Callable[[Any], None]


def check_native(model: Any) -> None:
    """Check every part of a model that C code will read.

    Raises
    ------
    BundleError
        Naming the part whose attributes contradict each other.
    """
    with as_bundle_error("The model's attributes contradict each other"):
        for edge in edges(model):
            _check_edge(edge)
        checks = [(kinds, check) for kinds, check in _checks() if kinds]
        for path, item in objects(model):
            for kinds, check in checks:
                if isinstance(item, kinds):
                    _named(path, item, check)
            _named(path, item, _thread_counts)


def _named(path: str, item: Any, check: Check) -> None:
    try:
        check(item)
    # Attributes of a hostile file may be missing or of any type, so a check may raise anything.
    except Exception as error:
        where = f"{path or 'The model'} ({type(item).__name__})"
        raise BundleError(f"{where} cannot be used: {error}") from error


def _need(condition: object, message: str) -> None:
    if not condition:
        raise BundleError(message)


def _check_edge(edge: Edge) -> None:
    child: Any = edge.child
    if isinstance(child, _loaded("sklearn.tree._tree", "Tree")):
        owned = isinstance(edge.parent, _tree_kinds()) and edge.step == ".tree_"
        _need(owned, f"{edge.path} is a bare tree, outside of an estimator.")
    elif isinstance(child, _loaded("scipy.sparse", "spmatrix", "sparray")):
        matrix: Any = child
        _need(matrix.format in ("csr", "csc"), f"{edge.path} is no CSR or CSC matrix.")
        matrix.check_format(full_check=True)
    elif isinstance(child, np.random.RandomState):
        position = child.get_state(legacy=False)["state"]["pos"]
        _need(0 <= position <= 624, f"{edge.path} has an impossible position.")


def _tree(item: Any) -> None:
    if not hasattr(item, "tree_"):
        return
    tree = item.tree_
    # node_count first: the arrays are views whose length C code takes from it.
    _need(1 <= tree.node_count == tree.capacity, "its tree counts other nodes than it has.")
    _need(tree.n_features == item.n_features_in_, "its tree has another number of columns.")
    depth = check_links(tree.children_left, tree.children_right, tree.feature, tree.n_features)
    _need(depth <= tree.max_depth, "its tree is deeper than it says.")


def _forest(item: Any) -> None:
    for tree in np.ravel(getattr(item, "estimators_", [])):
        _need(isinstance(tree, _tree_kinds()), "it holds something else than trees.")
        _need(tree.tree_.n_features == item.n_features_in_, "its trees have other columns.")


def _boosting(item: Any) -> None:
    _forest(item)
    if not hasattr(item, "estimators_"):
        return
    per_round = item.estimators_.shape[1]
    _need(per_round == item.n_trees_per_iteration_, "it has another number of trees a round.")
    if per_round > 1 and not (isinstance(item.init_, str) and item.init_ == "zero"):
        prior = getattr(item.init_, "class_prior_", np.zeros(0))
        _need(
            getattr(item.init_, "strategy", None) == "prior" and np.shape(prior) == (per_round,),
            "with several classes, init must be None or 'zero'.",
        )
        _need(item._loss.is_multiclass, "its loss is not one for several classes.")


def _isolation(item: Any) -> None:
    subsets = getattr(item, "estimators_features_", [])
    for tree, columns in zip(getattr(item, "estimators_", []), subsets, strict=True):
        _need(isinstance(tree, _tree_kinds()), "it holds something else than trees.")
        whole = item._max_features == item.n_features_in_
        width = item.n_features_in_ if whole else len(columns)
        _need(tree.tree_.n_features == width, "its trees have other columns.")


def _hist_boosting(item: Any) -> None:
    if not hasattr(item, "_predictors"):
        return
    flags = np.asarray(item._bin_mapper.is_categorical_)
    _need(
        item._preprocessor is None and flags.shape == (item.n_features_in_,) and not flags.any(),
        "categorical columns are not supported in a bundle: encode them as numbers first.",
    )
    for predictor in (p for group in item._predictors for p in group):
        nodes = predictor.nodes
        _need(not nodes["is_categorical"].any(), "it has categorical splits without columns.")
        leaf = nodes["is_leaf"].astype(bool)
        left, right = (
            np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right")
        )
        check_links(left, right, nodes["feature_idx"], item.n_features_in_)


def _svm(item: Any) -> None:
    if not hasattr(item, "support_vectors_"):
        return
    counts, classifies = item._n_support, item._impl in ("c_svc", "nu_svc")
    n, groups = len(item.support_), len(counts)
    pairs = groups * (groups - 1) // 2
    _need(counts.ndim == 1 and groups >= 2 and (counts >= 0).all(), "it miscounts its vectors.")
    # Regression and one-class models keep two counts, of which libsvm reads none.
    _need(counts.sum() == n or not classifies, "it counts more support vectors than it has.")
    _need(
        item._dual_coef_.shape == ((groups - 1 if classifies else 1), n),
        "its coefficients do not fit its vectors.",
    )
    _need(classifies or groups == 2, "it has counts of several classes but no classes.")
    _need(item._intercept_.shape == (pairs,), "its intercepts do not fit its classes.")
    # scikit-learn 1.9 keeps the parameter apart from what it means.
    likely = getattr(item, "_effective_probability", item.probability)
    for numbers in (item._probA, item._probB):
        fits = numbers.size == pairs or (numbers.size == 0 and not likely)
        _need(fits, "its probabilities do not fit its classes.")
    _svm_vectors(item, n)


def _svm_vectors(item: Any, n: int) -> None:
    if item._sparse:
        whole = item._dual_coef_.nnz == np.prod(item._dual_coef_.shape)
        _need(whole, "its coefficients have holes.")
    if item.kernel == "precomputed" or callable(item.kernel):
        inside = (item.support_ >= 0).all() and (item.support_ < item.shape_fit_[0]).all()
        _need(inside, "its support vectors are none of its samples.")
    else:
        fits = item.support_vectors_.shape == (n, item.n_features_in_)
        _need(fits, "its support vectors have another shape than it says.")


def _neighbors(item: Any) -> None:
    if not hasattr(item, "_fit_X"):
        return
    _need(item._fit_X.ndim == 2, "its data are no matrix.")
    _need(item._fit_X.shape[1] == item.n_features_in_, "its data have other columns than it says.")
    _need(item.n_samples_fit_ == item._fit_X.shape[0], "its data have other rows than it says.")
    if hasattr(item, "classes_"):
        _neighbor_classes(item)


def _neighbor_classes(item: Any) -> None:
    several = isinstance(item.classes_, list)
    columns = np.reshape(item._y, (item.n_samples_fit_, -1)).T
    classes = item.classes_ if several else [item.classes_]
    for codes, labels in zip(columns, classes, strict=True):
        inside = codes.dtype.kind == "i" and (codes >= 0).all() and (codes < len(labels)).all()
        _need(inside, "its labels are none of its classes.")


def _clusters(item: Any) -> None:
    if hasattr(item, "cluster_centers_"):
        centers = item.cluster_centers_
        _need(
            centers.ndim == 2 and centers.shape[1] == item.n_features_in_ and len(centers) > 0,
            "its centres have another shape than it says.",
        )


def _thread_counts(item: Any) -> None:
    """OpenMP ends the process, and joblib hangs, when told to start a billion threads."""
    from hybridsent._params import MAX_THREADS  # it loads SciPy, and whoever asks has a model

    for name, least in (("n_jobs", -MAX_THREADS), ("_n_threads", 1)):
        number = vars(item).get(name)
        fits = number is None or (isinstance(number, int) and least <= number <= MAX_THREADS)
        _need(fits, f"{name} is {number!r}; it must be {least} to {MAX_THREADS}, or None.")


def _loaded(module: str, *names: str) -> tuple[type, ...]:
    """Give classes of a module, if it is imported: else nothing can be an instance of them."""
    home = sys.modules.get(module)
    return () if home is None else tuple(getattr(home, name) for name in names)


def _tree_kinds() -> tuple[type, ...]:
    return _loaded("sklearn.tree", "BaseDecisionTree")


def _checks() -> list[tuple[tuple[type, ...], Check]]:
    ensemble, both = "sklearn.ensemble", ("Classifier", "Regressor")
    forests = [f"{kind}{task}" for kind in ("RandomForest", "ExtraTrees") for task in both]
    boosting = [f"GradientBoosting{task}" for task in both]
    hist = [f"HistGradientBoosting{task}" for task in both]
    return [
        (_tree_kinds(), _tree),
        (_loaded(ensemble, *forests, "RandomTreesEmbedding"), _forest),
        (_loaded(ensemble, *boosting), _boosting),
        (_loaded(ensemble, "IsolationForest"), _isolation),
        (_loaded(ensemble, *hist), _hist_boosting),
        (_loaded("sklearn.svm", "SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"), _svm),
        (_loaded("sklearn.neighbors._base", "NeighborsBase"), _neighbors),
        (_loaded("sklearn.cluster", "KMeans", "MiniBatchKMeans"), _clusters),
    ]
