"""What a loaded model may read outside of its file (layer L5).

An encoder is saved as the name of its network, and a name may hold a path or a repository: of a
file from someone else, any path of this machine, a share of another one, or a download. Nothing of
that is touched while a model is loaded, unless the caller allows it. A vectorizer of scikit-learn
may be set to open what stands in its column as a path; that is refused, too. A function that cleans
texts or loads a network, named as ``module:function``, is imported only where the caller trusts it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hybridsent.exceptions import (
    BundleError,
    PersistError,
    UntrustedPathError,
    UntrustedTypeError,
)
from hybridsent.persist._graph import objects
from hybridsent.persist._portable import grid_values, is_encoder
from hybridsent.persist._trust import Trusted, is_denied

_FUNCTIONS = ("clean", "model")
"""Parameters of encoders that may name a function, as ``module:function``."""

_REVISION = re.compile(r"[\w][\w./-]{0,255}")


def check_paths(paths: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Check the paths that a caller allows; return them as absolute ones."""
    if isinstance(paths, str | bytes | os.PathLike) or not isinstance(paths, Iterable):
        raise UntrustedPathError(
            "paths must be a sequence of folders and files, e.g. ['/models/mine']; got "
            f"{paths!r:.200}."
        )
    for path in paths:
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise UntrustedPathError(
                f"paths must hold paths of folders and files as str; got {path!r:.200}."
            )
    return [_absolute(os.fspath(path)) for path in paths]


def keep_inside(model: Any, paths: Sequence[str], *, local_files_only: bool, what: str) -> None:
    """Refuse paths that the caller did not allow, and take the network from every encoder.

    Parameters
    ----------
    model : object
        As it was decoded; nothing of it has run.
    paths : sequence of str
        What `check_paths` gave.
    local_files_only : bool
        Whether encoders stay off the network, whatever they were saved with.
    what : str
        Name of the file, for messages.

    Raises
    ------
    UntrustedPathError
        If an encoder reads from another path, or a vectorizer opens paths of its column; nothing is
        looked up there, not even whether it is.
    """
    _refuse_readers(model, paths, what)
    refused: dict[str, str] = {}
    for where, encoder, place in _places(model, what):
        if local_files_only and hasattr(encoder, "local_files_only"):
            encoder.local_files_only = True
        if place is not None and not is_inside(place, paths):
            refused[place] = where
    if refused:
        names = [f"{name:.200}" for name in sorted(refused)]
        raise UntrustedPathError(
            f"{what} reads the network of an encoder ({refused[min(refused)]}) from a path outside "
            f"of it: {names[:5]}. A file from someone else could name any path of this machine, so "
            "nothing was read. If these are your own, or you know what lies there, load it with "
            f"paths={names[:5]} (on the command line: "
            f"{' '.join(f'--allow-path {name}' for name in names[:5])})."
        )


def refuse_functions(model: Any, trusted: Trusted, what: str) -> None:
    """Refuse functions that encoders name, and would import and run, unless they are trusted.

    Parameters
    ----------
    model : object
        As it was decoded; nothing of it has run.
    trusted : Trusted
        What the caller allows.
    what : str
        Name of the file, for messages.

    Raises
    ------
    UntrustedTypeError
        If an encoder, or a value that a search tried, names another one, to clean texts or to load
        a network; its module is not imported.
    """
    refused = {
        name: where for name, where in _functions(model).items() if not trusted.may_run(name[1])
    }
    if not refused:
        return
    names = sorted(refused)[:5]
    dotted = [name for _, name in names]
    said = (
        f"{what} holds a step ({refused[names[0]]}) with a function that cleans or labels texts, "
        f"or loads a network, and which it names: {', '.join(text for text, _ in names)}. To run "
        "it, its module would be imported, and a file from someone else could name any."
    )
    never = [name for name in dotted if is_denied(name)]
    if never:
        raise UntrustedTypeError(
            f"{said} {never} are never allowed, whoever asks: modules of Python and of some "
            "packages can run commands and read files. Call it in a function of your own module, "
            "and fit the model with that one."
        )
    raise UntrustedTypeError(
        f"{said} If it is your own, or you know what it does, load the file with trusted={dotted} "
        f"(on the command line: {' '.join(f'--trusted {name}' for name in dotted)}), or with the "
        "plugin that defines it: plugins=['FILE.py'] (--plugin FILE.py)."
    )


def named_functions(model: Any) -> frozenset[str]:
    """Dotted names of the functions that encoders name, which whoever loads the model must trust.

    Parameters
    ----------
    model : object
        An estimator.

    Returns
    -------
    frozenset of str
        Names.

    Raises
    ------
    PersistError
        If one may never be trusted, so that nobody could load the model.
    """
    found = {name: where for (_, name), where in _functions(model).items()}
    never = sorted(name for name in found if is_denied(name))
    if never:
        raise PersistError(
            f"The estimator cannot be saved: {found[never[0]]} names the function {never[0]}, "
            "which is never loaded, because its module can run code, read files or load pickles. "
            "Call it in a function of a module of your own, and name that one."
        )
    return frozenset(found)


def _functions(model: Any) -> dict[tuple[str, str], str]:
    """Functions that steps name, as they stand there and dotted, and the step."""
    found: dict[tuple[str, str], str] = {}
    for where, item in objects(model):
        # WordFeatures cleans texts, too, and LabelingFunction votes
        named = _FUNCTIONS if is_encoder(item) else ("clean", "labels_by")
        own = [(name, vars(item).get(name)) for name in named]
        tried = [(name, value) for _, name, value in grid_values(item) if name in _FUNCTIONS]
        for name, value in (*own, *tried):
            if _names_function(name, value):
                key = f"{name}={value!r:.200}", value.replace(":", ".")
                found[key] = where or "the model"
    return found


def _names_function(parameter: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if parameter in ("clean", "labels_by"):
        return True
    from hybridsent.encoders._registry import is_own  # loaded already, as there is an encoder

    return is_own(value)


def _refuse_readers(model: Any, paths: Sequence[str], what: str) -> None:
    """Refuse what opens the files that a column names, unless every path is allowed."""
    root = _absolute(os.sep)
    if root in paths:
        return
    for where, item in objects(model):
        tried = [value for _, name, value in grid_values(item) if name == "input"]
        opens = [each for each in (vars(item).get("input"), *tried) if _opens(each)]
        if opens:
            raise UntrustedPathError(
                f"{what} holds a {type(item).__name__} ({where or 'the model'}) with "
                f"input={opens[0]!r}: it opens the files that its column names, wherever they lie. "
                "A file from someone else could read any path of this machine with it. If you "
                f"trust it, load it with paths=[{root!r}] (on the command line: --allow-path "
                f"{root})."
            )


def _opens(value: Any) -> bool:
    return isinstance(value, str) and value in ("filename", "file")


def _places(model: Any, what: str) -> Iterator[tuple[str, Any, str | None]]:
    """Every encoder, where it sits, and the path that its name holds."""
    for where, item in objects(model):
        for step, parameter, value in grid_values(item):
            if parameter == "model" and isinstance(value, str):
                from hybridsent.encoders._places import path_in

                yield (where + step).lstrip("."), None, path_in(value)
        if not is_encoder(item):
            continue
        from hybridsent.encoders._places import path_in  # loaded already, as there is an encoder

        revision = vars(item).get("revision")
        named = isinstance(revision, str) and _REVISION.fullmatch(revision)
        if revision is not None and (not named or ".." in str(revision)):
            raise BundleError(
                f"{what} cannot be loaded: {where}.revision must name a branch, tag or commit; got "
                f"{revision!r:.100}."
            )
        name = vars(item).get("model")
        yield where or "the model", item, path_in(name) if isinstance(name, str) else None


def is_inside(place: str, paths: Sequence[str]) -> bool:
    """Tell whether a path lies in one that is allowed.

    Parameters
    ----------
    place : str
        The path.
    paths : sequence of str
        What `check_paths` gave.

    Returns
    -------
    bool
        By the paths as they are written: to resolve one would already read from it.
    """
    wanted = _absolute(place)
    return any(wanted == path or wanted.startswith(path.rstrip(os.sep) + os.sep) for path in paths)


def _absolute(path: str) -> str:
    # not Path.expanduser, which raises for the home of an unknown user
    return os.path.normcase(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111


def looks_outside(encoder: Any) -> bool:
    """Tell whether even the fingerprint of an encoder is found outside of Python's installation."""
    from hybridsent.encoders._places import OUTSIDE, path_in

    name = getattr(encoder, "model", None)
    if not isinstance(name, str) or path_in(name) is not None:
        return False
    family, separator, _ = name.partition(":")
    return bool(separator) and family in OUTSIDE
