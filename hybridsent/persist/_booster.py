"""XGBoost models as JSON that is checked before xgboost reads it (layer L5).

xgboost's reader checks the lengths of a tree's arrays, not whether children exist: a file with one
number changed ends the process. Its pickles carry a snapshot of internals besides. So a booster is
saved in xgboost's own documented JSON, and its trees are checked in Python first.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from hybridsent.exceptions import BundleError, PersistError
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._json import read_json
from hybridsent.persist._trees import check_links

_NODE_FIELDS: tuple[str, ...] = (
    "left_children",
    "right_children",
    "parents",
    "split_indices",
    "default_left",
)
_NODE_FIELDS += ("split_conditions", "base_weights", "loss_changes", "sum_hessian")
_CATEGORY_FIELDS = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_PREPARED = "save the model with its own save_model instead."


def booster_to_json(booster: Any) -> bytes:
    """Give a booster in xgboost's JSON format."""
    data = bytes(booster.save_raw("json"))
    try:
        _check(json.loads(data))
    except BundleError as error:
        raise PersistError(f"The xgboost model cannot be saved: {error} Or {_PREPARED}") from error
    return data


def json_to_booster(data: Any, n_jobs: Any, path: str, packed: int) -> Any:
    """Check the JSON and let xgboost read it.

    Parameters
    ----------
    data : bytes
        What `booster_to_json` gave.
    n_jobs : int or None
        Number of threads of the estimator.
    path : str
        Where the booster sits, for messages.
    packed : int
        Bytes of the file that it comes from.
    """
    if not isinstance(data, bytes):
        raise BundleError(f"{path}._Booster must be bytes; got {type(data).__name__}.")
    with as_bundle_error(f"The xgboost model at {path or 'the top'} cannot be read"):
        from xgboost import Booster

        model = read_json(data, f"The xgboost model at {path or 'the top'}", packed)
        try:
            _check(model)
        except BundleError as error:
            raise BundleError(
                f"The xgboost model at {path or 'the top'} is broken: {error}"
            ) from error
        booster = Booster({"nthread": n_jobs} if isinstance(n_jobs, int) else None)
        # Written again, so that xgboost's parser sees exactly what Python's parser saw.
        booster.load_model(bytearray(json.dumps(model).encode()))
        return booster


def _check(model: dict[str, Any]) -> None:
    learner = model["learner"]
    params = learner["learner_model_param"]
    n_features, groups = int(params["num_feature"]), _groups(params)
    _check_scores(learner, params, groups)
    linear = learner["gradient_booster"]
    if linear["name"] == "gblinear":
        return _same(len(linear["model"]["weights"]), (n_features + 1) * groups, "weights")
    trees = linear["gbtree"] if linear["name"] == "dart" else linear
    if linear["name"] == "dart":
        _same(len(linear["weight_drop"]), len(trees["model"]["trees"]), "weight_drop")
    if trees["name"] != "gbtree":
        raise BundleError(f"boosters of kind {trees['name']!r} are not supported.")
    return _check_trees(trees["model"], n_features, groups)


def _groups(params: dict[str, Any]) -> int:
    groups = max(int(params.get("num_class", 0)), int(params.get("num_target", 1)), 1)
    if groups > 1_000_000 or int(params["num_feature"]) < 0:
        raise BundleError(f"{groups} outputs and {params['num_feature']} features.")
    return groups


def _check_scores(learner: dict[str, Any], params: dict[str, Any], groups: int) -> None:
    scores = read_json(params["base_score"], "base_score")
    if isinstance(scores, list) and len(scores) not in (1, groups):
        raise BundleError(f"base_score has {len(scores)} values for {groups} outputs.")
    multi = learner["objective"].get("softmax_multiclass_param")
    if multi is not None:
        _same(int(multi["num_class"]), int(params["num_class"]), "num_class")


def _check_trees(model: dict[str, Any], n_features: int, groups: int) -> None:
    trees, sizes = model["trees"], model["gbtree_model_param"]
    _same(int(sizes["num_trees"]), len(trees), "num_trees")
    info = _integers(model["tree_info"], len(trees), "tree_info")
    if len(info) and (info.min() < 0 or info.max() >= groups):
        raise BundleError(f"tree_info names outputs outside of {groups}.")
    rounds = _integers(model.get("iteration_indptr", []), None, "iteration_indptr")
    if len(rounds) and (rounds[0] != 0 or rounds[-1] != len(trees) or (np.diff(rounds) < 0).any()):
        raise BundleError("iteration_indptr does not run from 0 to the number of trees.")
    if any(model.get("cats", {}).values()):
        raise BundleError("categorical columns are not supported: encode them as numbers first.")
    for i, tree in enumerate(trees):
        _same(int(tree["id"]), i, "the id of a tree")
        _check_tree(tree, n_features)


def _check_tree(tree: dict[str, Any], n_features: int) -> None:
    n = int(tree["tree_param"]["num_nodes"])
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise BundleError(
            "trees with vectors in their leaves (multi_output_tree) are not supported."
        )
    if any(len(tree.get(field, ())) for field in _CATEGORY_FIELDS) or any(
        tree.get("split_type", ())
    ):
        raise BundleError("categorical splits are not supported: encode them as numbers first.")
    for field in _NODE_FIELDS:
        _same(len(tree[field]), n, field)
    left = _integers(tree["left_children"], n, "left_children")
    right = _integers(tree["right_children"], n, "right_children")
    feature = _integers(tree["split_indices"], n, "split_indices")
    check_links(left, right, feature, n_features)
    _same(int(tree["tree_param"].get("num_deleted", 0)), 0, "num_deleted")
    parents = _integers(tree["parents"], n, "parents")
    inner = np.flatnonzero(left != -1)
    if (parents[left[inner]] != inner).any() or (parents[right[inner]] != inner).any():
        raise BundleError("parents and children of a tree disagree.")


def _integers(values: Any, length: int | None, field: str) -> np.ndarray[Any, Any]:
    array = np.asarray(values if len(values) else np.zeros(0, int))
    if array.ndim != 1 or array.dtype.kind not in "iub" or length not in (None, len(array)):
        raise BundleError(f"{field} must be a list of {length} integers.")
    return array.astype(np.int64)


def _same(found: int, expected: int, field: str) -> None:
    if found != expected:
        raise BundleError(f"{field} is {found} where {expected} is needed.")
