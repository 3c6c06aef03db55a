"""`save`, `load` and `inspect` (layer L5)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hybridsent.exceptions import BundleError, PersistError
from hybridsent.persist._archive import Allowance
from hybridsent.persist._bundle import MODEL, read_bundle, read_manifest, sha256, write_bundle
from hybridsent.persist._encoders import compare_encoders, describe_encoders, warn_of_passing
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._graph import first_difference
from hybridsent.persist._manifest import (
    checked_metadata,
    describe,
    version_gap,
    warn_of_versions,
)
from hybridsent.persist._native import check_native
from hybridsent.persist._outside import (
    check_paths,
    keep_inside,
    named_functions,
    refuse_functions,
)
from hybridsent.persist._portable import (
    freeze,
    get_tensors,
    refuse_machine_state,
    set_tensors,
    thaw,
)
from hybridsent.persist._skops_file import audit, decode, encode, needed_trust
from hybridsent.persist._trust import Trusted, check_trusted, load_plugins

__all__ = ["check_savable", "inspect", "load", "save"]


def save(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, object] | None = None,
) -> Path:
    """Save a fitted estimator to one file that can be loaded without running code from it.

    The file is a zip with ``manifest.json`` (versions, hashes, fingerprints of the encoders,
    classes, your metadata), ``model.skops`` and, for network heads, ``tensors-*.safetensors``.
    Weights of encoders are not in it: an encoder is saved as its parameters and its fingerprint.
    A feature store and a cache folder (``memory=``) belong to a machine and are not saved; an
    encoder that used a store uses the default one when loaded. Before anything is written, the
    model is read back and compared; the file appears at `path` in one step or not at all. Your
    estimator is not changed.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn compatible estimator made of types of scikit-learn, hybridsent, xgboost
        and numpy. Types of other installed packages and of plugins can be saved too; whoever loads
        the file must then name them in ``trusted`` (the manifest lists them as ``needs_trust``), or
        the plugin in ``plugins``.
    path : str or path-like
        File to write, by convention with the suffix ``.hybridsent``. Replaced if it exists.
    metadata : mapping of str to JSON values, default=None
        Your notes: task, data, scores. Kept in the manifest, given back by `inspect`.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    PersistError
        If the estimator has parts that could not be loaded again (lambdas, local functions,
        networks as plain attributes); the message names the part. Nothing is written, and a file
        that was at `path` stays as it was.
    FileNotFoundError
        If the folder of `path` does not exist.

    See Also
    --------
    check_savable : Tells before a fit what could not be saved.
    load : Read the file again.
    inspect : Read its manifest alone.

    Notes
    -----
    ``joblib.dump`` works on every hybridsent pipeline too, but ``joblib.load`` runs code from the
    file: use it only for files you made yourself.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.persist import load, save
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["bad", "good"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(model, Path(folder) / "model.hybridsent", metadata={"task": "demo"})
    ...     print(load(path).predict([[2.0]]))
    ['good']
    """
    path = Path(path)
    notes = checked_metadata(metadata)
    _check_is_estimator(estimator)
    warn_of_passing(estimator)
    with _as_persist_error():
        members, facts = _packed(estimator)
    write_bundle(path, facts | {"metadata": notes}, members)
    return path


def check_savable(estimator: Any, grid: Any = ()) -> None:
    """Check before a long fit that `save` will take what comes of it; nothing is written.

    Parameters
    ----------
    estimator : estimator
        Fitted or not.
    grid : mapping or sequence of mappings, default=()
        Values that a search will try, as ``GridSearchCV`` takes them: each is checked, too.

    Raises
    ------
    PersistError
        If the estimator, or a value of the grid, has parts that could not be loaded again (lambdas,
        local functions, classes of a notebook or a recipe); the message names the part.

    See Also
    --------
    save : Does the same, and what only a fitted estimator shows.

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from hybridsent.persist import check_savable
    >>> check_savable(FunctionTransformer())
    >>> check_savable(FunctionTransformer(lambda X: X))
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.PersistError: The estimator cannot be saved: func is ...
    """
    from sklearn.base import clone

    _check_is_estimator(estimator)
    grids = [grid] if isinstance(grid, Mapping) else list(grid)
    with _as_persist_error():
        _encoded(estimator)
        for one in grids:
            for name, values in one.items():
                for value in values:
                    if not isinstance(value, str | int | float | None):
                        _encoded(clone(estimator).set_params(**{name: value}))


def _check_is_estimator(estimator: Any) -> None:
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise PersistError(
            "estimator must be an instance of a scikit-learn estimator (with get_params); got "
            f"{estimator!r:.100}."
        )


@contextmanager
def _as_persist_error() -> Iterator[None]:
    try:
        yield
    except BundleError as error:
        raise PersistError(f"The estimator cannot be saved: {error}") from error


class _Encoded(NamedTuple):
    portable: Any
    back: Any
    model: bytes
    tensors: list[bytes]
    types: set[str]
    needs_trust: frozenset[str]


def _encoded(estimator: Any) -> _Encoded:
    """Write a model in memory, read it back, and compare."""
    check_native(estimator)
    portable = freeze(estimator)
    model, tensors = encode(portable), get_tensors(estimator)
    allowance = Allowance(len(model), "The model")
    audited = audit(model, allowance)
    types = {named.full for named in audited.schema.named.values()}
    needs_trust = needed_trust(audited)
    back = decode(audited, needs_trust)
    needs_trust |= named_functions(estimator)
    difference = first_difference(portable, back)
    if difference is not None:
        raise PersistError(
            f"The estimator cannot be saved: {difference} would come back changed. Use plain "
            "numbers, strings, lists, dicts and arrays there."
        )
    _complete(back, tensors, allowance.packed)
    if get_tensors(back) != tensors:
        raise PersistError("The estimator cannot be saved: its tensors would come back changed.")
    return _Encoded(portable, back, model, tensors, types, needs_trust)


def _packed(estimator: Any) -> tuple[dict[str, bytes], dict[str, object]]:
    """Give the members of the file, and what the manifest tells of them."""
    encoded = _encoded(estimator)
    tensors = {_tensor_name(i): data for i, data in enumerate(encoded.tensors)}
    members = {MODEL: encoded.model} | tensors
    return members, describe(estimator, encoded.portable, encoded.types) | {
        "needs_trust": sorted(encoded.needs_trust),
        "encoders": describe_encoders(encoded.back),
        "members": {name: sha256(data) for name, data in members.items()},
    }


def _complete(estimator: Any, tensors: Sequence[bytes], packed: int) -> None:
    """Check what was decoded, and put back what is not in ``model.skops``."""
    with as_bundle_error("The model cannot be put together"):
        refuse_machine_state(estimator)
        check_native(estimator)
        thaw(estimator, packed)
        set_tensors(estimator, list(tensors))


def _tensor_name(number: int) -> str:
    return f"tensors-{number}.safetensors"


def load(
    path: str | os.PathLike[str],
    *,
    trusted: Sequence[str] = (),
    plugins: Sequence[str | os.PathLike[str]] = (),
    paths: Sequence[str | os.PathLike[str]] = (),
    local_files_only: bool = True,
) -> Any:
    """Load an estimator that `save` wrote; no code from the file is run.

    The file is checked before anything is built: its table of contents, its hashes, every type it
    names against a fixed allow-list, every array's header. Afterwards the parts that C code reads
    unchecked are checked too (trees, support vectors, neighbours, sparse matrices), and every
    encoder must compute here what it computed when the model was saved.

    Parameters
    ----------
    path : str or path-like
        File to read.
    trusted : sequence of str, default=()
        Exact dotted names of classes and functions outside of hybridsent, scikit-learn, xgboost
        and numpy that the file may use, e.g. ``["mypackage.heads.MyHead"]``; so, too, a function
        that an encoder names (``clean="mypackage.tweets:clean"`` is ``"mypackage.tweets.clean"``).
        Loading imports their modules. Names that can run code, read files or unpickle are refused
        whoever asks.
    plugins : sequence of str or path-like, default=()
        Modules and ``.py`` files of your own, which are loaded first (`hybridsent.load_plugin`:
        their code is run). What they define needs no entry in `trusted`.
    paths : sequence of str or path-like, default=()
        Folders and files on this machine from which encoders may read networks that the file names
        by their path (``tuned:FOLDER``, ``hf:FOLDER``, ``torchvision:NAME@FILE``); a folder allows
        what lies in it. Without it such a file is refused, and the message names the path. A
        vectorizer with ``input="filename"`` opens what its column names: it needs ``["/"]``.
    local_files_only : bool, default=True
        True keeps every encoder of the loaded model off the network, whatever it was saved with;
        False leaves that as it was saved, so that a missing network may be fetched with the first
        row. Loading itself never fetches anything.

    Returns
    -------
    estimator
        As it was saved, with equal predictions.

    Raises
    ------
    BundleError
        If the file is damaged, no bundle, too new, or if an encoder computes something else here.
    UntrustedTypeError
        If the file names types or functions that are not allowed; the message lists them.
    PluginError
        If a plugin cannot be loaded.
    UntrustedPathError
        If an encoder reads its network from a path that `paths` does not allow.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    VersionWarning
        If it was saved under another scikit-learn, if the weights of an encoder or its device are
        not here, or if it was fitted in a precision that this machine does not compute.

    See Also
    --------
    save : Write such a file.
    inspect : Read the manifest without loading anything.

    Notes
    -----
    What this promises: nothing in the file is run as code, nothing is fetched, and nothing is read
    but the file, Python's own installation, and what `paths` allows. A network that is kept in a
    cache (``hf:owner/name``, ``torchvision:NAME``) is found and compared with the saved fingerprint
    when the first row is encoded. ``precision="auto"`` stays what it was when the model was fitted,
    where this machine computes that. What it cannot promise: that the model is a good one. The
    hashes find
    damage, not forgery, as a forger writes new ones: for files from strangers, get the SHA-256 of
    the whole file from someone you trust.

    ``joblib.dump`` works on every hybridsent pipeline, but ``joblib.load`` runs code from the
    file: only for files you made yourself. `load` refuses such files.

    Examples
    --------
    See `save`.
    """
    path = Path(path)
    allowed = check_paths(paths)
    names = Trusted(check_trusted(trusted), load_plugins(plugins))
    manifest, members, allowance = read_bundle(path)
    gap = version_gap(manifest)
    tensors = [members[name] for name in sorted(set(members) - {MODEL}, key=_number)]
    try:
        estimator = decode(audit(members.pop(MODEL), allowance), names)
        _complete(estimator, tensors, allowance.packed)
    except PersistError as error:
        hint = f" It was {gap}, which may be the reason." if gap else ""
        raise type(error)(f"{path} cannot be loaded: {error}{hint}") from error
    refuse_functions(estimator, names, str(path))
    keep_inside(estimator, allowed, local_files_only=local_files_only, what=str(path))
    compare_encoders(estimator, manifest["encoders"], str(path))
    warn_of_versions(gap, str(path))
    return estimator


def _number(name: str) -> int:
    return int(name.split("-")[1].split(".")[0])


def inspect(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the manifest of a saved model; nothing is loaded.

    Parameters
    ----------
    path : str or path-like
        File that `save` wrote.

    Returns
    -------
    dict
        ``format_version``, ``versions``, ``created`` (UTC), ``estimator`` (its repr), ``types``,
        ``needs_trust``, ``classes``, ``feature_names_in``, ``encoders``, ``members`` (SHA-256) and
        your ``metadata``. It says what the writer wrote: believe it as far as you trust the writer.

    Raises
    ------
    BundleError
        If the file is no bundle, or one of a newer format.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["bad", "good"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = inspect(save(model, Path(folder) / "m.hybridsent", metadata={"f1": 0.8}))
    >>> manifest["classes"], manifest["metadata"]
    (['bad', 'good'], {'f1': 0.8})
    """
    return read_manifest(Path(path))
