"""Networks of one's own: ``"mypackage.module:loader"`` as the name of a backbone (layer L2).

What tells one network from another is computed, never typed: the files of its weights where the
loader names them, else the arrays of the loaded network, and in both cases the source of the code.
joblib.hash would pickle the network, whose bytes change with versions of torch and Python.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import isclass, isfunction, signature
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._plugins import import_outside, told_of_plugins
from hybridsent.encoders._files import sha256_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._registry import FAMILIES, Backbone, is_own
from hybridsent.exceptions import (
    PluginError,
    UnknownBackboneError,
    WeightsError,
    WeightsNotFoundError,
)

__all__ = ["forget_loaded", "identify", "load", "resolve"]

_OPTIONAL = ("width", "licence", "commercial_use", "note")
"""Attributes of a loader that say of its backbone what `Backbone` says."""

_INSTALLED = tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})

_Key = tuple[str, str]  # modality and name of a backbone
_digests: dict[_Key, tuple[Any, str]] = {}  # of networks that tell their weights when loaded
_loaded: dict[_Key, tuple[Any, Network]] = {}  # those, until they are asked for
_codes: dict[str, str] = {}  # hash of the source of each module, as it was when first asked for
_lock = threading.RLock()


def resolve(name: str, modality: str | None, revision: str | None = None) -> Backbone:
    """Turn ``"module:loader"`` into a backbone; the module is imported, nothing is loaded.

    Parameters
    ----------
    name : str
        The name.
    modality : str or None
        What it shall read; None takes the loader's attribute ``modality``.
    revision : str, default=None
        Refused: a loader has none.

    Returns
    -------
    Backbone
        The backbone.

    Raises
    ------
    UnknownBackboneError
        If there is no such module or function, or it reads another modality.
    ValueError
        If a revision is given.
    """
    if revision is not None:
        raise ValueError(
            f"The revision parameter must be left alone with {name!r}: a loader of your own gets "
            f"none. Got {revision!r}."
        )
    module, _, attribute = name.partition(":")
    loader = getattr(_module(module, name), attribute, None)
    if not callable(loader):
        raise UnknownBackboneError(
            f"A backbone 'module:loader' must name a function that loads a network. The module "
            f"{module!r} has {'nothing' if loader is None else f'a {type(loader).__name__}'} under "
            f"{attribute!r}."
        )
    _check_call(loader, name)
    reads = getattr(loader, "modality", None)
    if reads is None and modality is None:
        raise UnknownBackboneError(
            f"The modality of {name!r} must be known. Got none; write {attribute}.modality = "
            "'image' (or what it reads) below the function, or give an encoder with this name."
        )
    if None not in (reads, modality) and reads != modality:
        raise UnknownBackboneError(
            f"The backbone of the {modality} view must read {modality}. {name!r} reads {reads}."
        )
    return Backbone(
        name=name,
        modality=str(modality or reads),
        loader="hybridsent.encoders._own:load",
        identify="hybridsent.encoders._own:identify",
        weights=f"loaded by {name}",
        options={"loader": loader},
        half_precision=bool(getattr(loader, "half_precision", False)),
        **{key: getattr(loader, key) for key in _OPTIONAL if hasattr(loader, key)},
    )


def _check_call(loader: Callable[..., Any], name: str) -> None:
    try:
        signature(loader).bind("backbone", "device", "precision")
    except ValueError:  # written in C: its call will tell
        return
    except TypeError as error:
        raise UnknownBackboneError(
            f"A backbone 'module:loader' must be callable as loader(backbone, device, precision). "
            f"{name!r} is not: {error}."
        ) from error


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Call the loader.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        What the loader gives.

    Raises
    ------
    WeightsError
        If that is no `Network`.
    """
    loader = _loader(backbone)
    if (device, precision) == ("cpu", "float32"):
        of, kept = _loaded.pop(_key(backbone), (None, None))
        if kept is not None and of is loader:
            return kept
    network = loader(backbone, device, precision)
    if not isinstance(network, Network):
        raise WeightsError(
            f"The loader of {backbone.name!r} must give a hybridsent.encoders.Network. Got a "
            f"{type(network).__name__}."
        )
    if type(network).check is Network.check:
        network.check = _DefaultsOnly(backbone.name)  # type: ignore[method-assign]
    return network


class _DefaultsOnly:
    """Stands for the method `check` of a network that has none: it serves no options."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, options: Options) -> None:
        plain = Options()
        for name in ("steps", "layer", "pooling"):
            if getattr(options, name) != getattr(plain, name):
                raise ValueError(
                    f"The {name} parameter must be left alone with {self.name!r}, whose network "
                    f"does not say that it reads it. Got {getattr(options, name)!r}; if it does, "
                    "write its method check(self, options), which raises ValueError for what it "
                    "cannot serve."
                )


def identify(backbone: Backbone) -> str:
    """Hash the weights of a network, and the code that loads and runs it.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it, or any other whose weights nobody has hashed.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    WeightsNotFoundError
        If a file that the loader names is not there.
    WeightsError
        If what the network holds does not tell its weights.
    """
    loader = _loader(backbone)
    named = getattr(loader, "weights", None)
    home = _home(backbone, loader)
    weights = _of_arrays(backbone, loader) if named is None else _of_files(backbone, home, named)
    code = _code_of(loader, home, backbone.name)
    return hashlib.sha256(f"{weights} {code}".encode()).hexdigest()


def forget_loaded() -> None:
    """Let go of networks that were loaded for their hash and not asked for since."""
    _loaded.clear()


def _key(backbone: Backbone) -> _Key:
    return backbone.modality, backbone.name


def _home(backbone: Backbone, loader: Any) -> ModuleType:
    """Give the module in which a loader stands."""
    named = backbone.name if is_own(backbone.name) else backbone.loader
    if isinstance(named, str):
        return sys.modules[named.partition(":")[0]]
    kind = loader if isclass(loader) or isfunction(loader) else type(loader)
    return sys.modules[kind.__module__]


def _loader(backbone: Backbone) -> Callable[..., Any]:
    loader: Any = backbone.options.get("loader", backbone.loader)
    if isinstance(loader, str):
        module, _, name = loader.partition(":")
        loader = getattr(importlib.import_module(module), name)
    function: Callable[..., Any] = loader
    return function


def _module(module: str, name: str) -> ModuleType:
    if module == "__main__":
        raise UnknownBackboneError(
            f"A backbone 'module:loader' must be of a module that other processes find, too. Got "
            f"{name!r}; write the loader into a file of its own, and load that with "
            "hybridsent.load_plugin."
        )
    try:
        return import_outside(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise PluginError(
                f"The module of the backbone {name!r} could not be imported: it needs "
                f"{error.name!r}, which is not installed."
            ) from error
    raise UnknownBackboneError(
        f"A backbone 'module:loader' must name a module that Python finds, and the families are "
        f"{', '.join(f'{family}:…' for family in FAMILIES)}. Got {name!r}."
        f"{did_you_mean(module, FAMILIES)} Let Python find its folder (PYTHONPATH=FOLDER), or load "
        f"its file with hybridsent.load_plugin (--plugin FILE). {told_of_plugins()}".rstrip()
    )


# -- weights ---------------------------------------------------------------------------------------


def _of_files(backbone: Backbone, home: ModuleType, named: Any) -> str:
    """Hash files; a relative path is one beside the module of the loader."""
    given = named(backbone) if callable(named) else named
    one = isinstance(given, str | PurePath) or not isinstance(given, Iterable)
    paths = [given] if one else list(given)
    if not paths or not all(isinstance(each, str | PurePath) for each in paths):
        raise WeightsError(
            f"The weights of the loader of {backbone.name!r} must be a path, or a list of paths, "
            f"of files and folders, or a function of the backbone that gives them. Got {given!r}."
        )
    beside = Path(str(getattr(home, "__file__", "."))).parent
    files = [file for path in paths for file in _files_below(beside / path, backbone.name)]
    parts = [f"{place} {sha256_of(path)}" for place, path in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _files_below(path: Path, name: str) -> list[tuple[str, Path]]:
    """Give the file, or the files of a folder, each with its place in it."""
    if path.is_file():
        return [(path.name, path)]
    found = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else []
    if not found:
        raise WeightsNotFoundError(
            f"The weights of {name!r} must be a file, or a folder with files. Nothing is at "
            f"{path.absolute()}."
        )
    return [(each.relative_to(path).as_posix(), each) for each in found]


def _of_arrays(backbone: Backbone, loader: Any) -> str:
    """Load the network, once in this process, and hash what it holds."""
    key = _key(backbone)
    with _lock:
        of, known = _digests.get(key, (None, ""))
        if of is loader:
            return known
        network = load(backbone, "cpu", "float32")
        digest = hashlib.sha256()
        for part in _parts(network.state(), "state", backbone.name):
            digest.update(part)
        _digests[key] = (loader, digest.hexdigest())
        _loaded[key] = (loader, network)
        return digest.hexdigest()


def _parts(value: Any, where: str, name: str) -> Iterator[bytes]:
    """Write down arrays and plain values, each behind its place and kind."""
    if hasattr(value, "state_dict") and hasattr(value, "parameters"):  # a torch module
        value = value.state_dict()
    if hasattr(value, "detach"):  # a tensor
        tensor = value.detach().cpu().contiguous()
        kind = str(tensor.dtype)
        floats = tensor.float() if kind == "torch.bfloat16" else tensor  # numpy has no bfloat16
        yield f"{where} {kind}".encode()
        value = floats.numpy()
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O":
        array = np.ascontiguousarray(value)
        yield f"{where} {array.dtype.str} {array.shape}".encode()
        yield array.tobytes()
    elif isinstance(value, str | bytes | int | float | complex | bool | None):
        yield f"{where} {value!r}".encode()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield from _parts(value[key], f"{where}[{key!r}]", name)
    elif isinstance(value, list | tuple):
        for i, each in enumerate(value):
            yield from _parts(each, f"{where}[{i}]", name)
    elif not isinstance(value, Backbone | _DefaultsOnly):
        raise WeightsError(
            f"The weights of {name!r} must be told by arrays, tensors, torch modules and plain "
            f"values that its network holds. Got a {type(value).__name__} as {where}; let the "
            "method state() of the network give what its vectors depend on, or name the files of "
            "its weights: LOADER.weights = ['weights.bin']."
        )


# -- code ------------------------------------------------------------------------------------------


def _code_of(loader: Any, home: ModuleType, name: str) -> str:
    """Give the version of the loader, else a hash of the source of its code."""
    version = getattr(loader, "version", None)
    if version is not None:
        if isinstance(version, bool) or not isinstance(version, str | int):
            raise WeightsError(
                f"The version of the loader of {name!r} must be a str or an int, and another one "
                f"whenever its code changes what it gives. Got {version!r:.100}."
            )
        return f"version {version}"
    hashes = {_source_hash(module, name) for module in _modules_of(home)}
    return hashlib.sha256(" ".join(sorted(hashes)).encode()).hexdigest()


def _modules_of(home: ModuleType) -> list[ModuleType]:
    """Find the modules of one's own that a module uses: neither Python's nor installed ones."""
    root, found, left = home.__name__.partition(".")[0], {home.__name__: home}, [home]
    while left:
        for value in list(vars(left.pop()).values()):
            named = value.__module__ if isclass(value) or isfunction(value) else None
            module = value if isinstance(value, ModuleType) else sys.modules.get(str(named))
            if module is None or module.__name__ in found:
                continue
            ours = module.__name__.partition(".")[0] == root or _is_ones_own(module)
            if ours:
                found[module.__name__] = module
                left.append(module)
    return list(found.values())


def _is_ones_own(module: ModuleType) -> bool:
    root, file = module.__name__.partition(".")[0], str(getattr(module, "__file__", None))
    known = root in sys.stdlib_module_names or root == "hybridsent"
    return not known and file.endswith(".py") and not file.startswith(_INSTALLED)


def _source_hash(module: ModuleType, name: str) -> str:
    if module.__name__ not in _codes:
        source = _source(module)
        if source is None:
            raise WeightsError(
                f"The code of {name!r} must have a source that can be read. The module "
                f"{module.__name__!r} has none; give the loader a version: LOADER.version = 1, and "
                "another one whenever its code changes what it gives."
            )
        _codes[module.__name__] = hashlib.sha256(source).hexdigest()
    return _codes[module.__name__]


def _source(module: ModuleType) -> bytes | None:
    """Read the text of a module: as it was run, where its loader knows that."""
    spec = module.__spec__
    get_source = getattr(spec.loader if spec else None, "get_source", None)
    try:
        text = None if get_source is None else get_source(module.__name__)
        if text is not None:
            return str(text).encode(errors="surrogatepass")
        return Path(str(module.__file__)).read_bytes().replace(b"\r\n", b"\n")
    except (ImportError, OSError):  # it is gone, or never was
        return None
