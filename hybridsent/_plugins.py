"""Code from outside that adds to hybridsent: one way to load it (layer L0).

A plugin is a module, or a Python file, that registers something when it is run: a backbone, a
modality, a head, an adapter. Installed packages name theirs under the entry-point group
``hybridsent.plugins``; the environment variable ``HYBRIDSENT_PLUGINS`` names others; `load_plugin`
loads one by hand. The first two are read when a name is asked for that is not known, and by whoever
lists names. pluggy and stevedore would bring hooks and managers; Python's own import is enough.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any

from hybridsent._registries import all_or_nothing
from hybridsent._run_file import run_file, send_by_value
from hybridsent.exceptions import HybridsentWarning, PluginError

__all__ = [
    "GROUP",
    "VARIABLE",
    "Loading",
    "import_outside",
    "load_plugin",
    "plugin_at",
    "read_plugins",
    "told_of_plugins",
    "warn_of_plugins",
]

GROUP = "hybridsent.plugins"
"""Entry points of installed packages: a module, or a function without arguments that registers."""

VARIABLE = "HYBRIDSENT_PLUGINS"
"""Environment variable with names of plugins, separated by commas or as PATH is."""


@dataclass
class _State:
    """What this process has loaded."""

    loaded: dict[str, ModuleType] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # hash of each file that was run
    broken: dict[str, str] = field(default_factory=dict)  # what is wrong, to be told every time
    groups: set[str] = field(default_factory=set)  # entry points that were read
    under_way: list[str] = field(default_factory=list)  # plugins that run now, inner ones last
    variable: str = ""  # what the environment variable was when it was read


_state = _State()
_lock = threading.RLock()  # a plugin may list names, or load another, itself


def load_plugin(name: str | PathLike[str]) -> ModuleType:
    """Load code of your own that registers backbones, modalities, heads or adapters.

    A module is imported. A file is run once, as the module that its name says (``my_parts.py`` is
    ``my_parts``), so that what it defines can be pickled, and loaded by every process that has
    loaded the same file. Code is run: load only what you trust.

    What was loaded is added to the environment variable ``HYBRIDSENT_PLUGINS``, so that processes
    which this one starts load it, too, as soon as they need a name that they do not know. Encoders
    tell workers that run already when they are sent there.

    Parameters
    ----------
    name : str or path-like
        A module, such as ``"mypackage.parts"``, or the path of a ``.py`` file.

    Returns
    -------
    module
        The module.

    Raises
    ------
    PluginError
        If there is no such module or file, if it fails, if another module has its name, or if the
        file was changed after it was loaded. What it had registered is taken back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent import load_plugin
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "my_parts_of_an_example.py"
    ...     _ = path.write_text("answer = 42")
    ...     load_plugin(path).answer
    42
    """
    with _lock:
        plain = _plain_name(name)
        with _running(plain):
            module = _file_plugin(Path(plain)) if _is_file_name(plain) else _module_plugin(plain)
        if plain in _state.under_way:  # it loads itself, and may fail yet
            return module
        _state.loaded[plain] = module
        _state.broken.pop(repr(plain), None)
        _tell_children(plain)
        return module


def read_plugins(group: str = GROUP, take: Callable[[Any], object] | None = None) -> None:
    """Load what installed packages and the environment variable name, once.

    One that fails is remembered, told by `told_of_plugins`, and hides nothing.

    Parameters
    ----------
    group : str, default="hybridsent.plugins"
        Group of entry points.
    take : callable, default=None
        What to do with the object that an entry point names; by default it is called, unless it is
        a module.
    """
    with _lock:
        _read_variable()
        if group in _state.groups:
            return
        _state.groups.add(group)  # before it is read: a plugin may list names itself
        for point in entry_points(group=group):
            with _remembered(f"{point.name!r} ({point.value})"), all_or_nothing():
                (take or _call)(point.load())


def import_outside(module: str) -> ModuleType:
    """Import a module that a user names; where it is not found, plugins are loaded and asked.

    Parameters
    ----------
    module : str
        Its dotted name; of a plugin that is a file, the stem.

    Returns
    -------
    module
        The module.

    Raises
    ------
    ModuleNotFoundError
        If there is none, or it imports one that is not there.

    Examples
    --------
    >>> from hybridsent._plugins import import_outside
    >>> import_outside("math").sqrt(9.0)
    3.0
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        read_plugins()
    return importlib.import_module(module)


def told_of_plugins() -> str:
    """Say which plugins could not be loaded, and why.

    Returns
    -------
    str
        Sentences; empty where all could.
    """
    return " ".join(
        f"The plugin {name} could not be loaded: {why}; mend or remove it."
        for name, why in _state.broken.items()
    )


def warn_of_plugins(stacklevel: int = 3) -> None:
    """Warn of plugins that could not be loaded, at every call.

    Parameters
    ----------
    stacklevel : int, default=3
        As in `warnings.warn`; by default the warning is that of the caller's caller.
    """
    if _state.broken:
        warnings.warn(told_of_plugins(), HybridsentWarning, stacklevel=stacklevel)


class Loading:
    """Stands in a pickle before what needs plugins: when it is read, they are loaded.

    Who pickles an object by whose parameters a plugin is meant (an encoder, by the name of its
    backbone) puts one in front. One that is not there is told of when its name is asked for.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_quietly, tuple(_state.loaded)

    def __deepcopy__(self, memo: Any) -> Loading:
        return self

    @staticmethod
    def needed() -> bool:
        """Tell whether this process has loaded plugins."""
        return bool(_state.loaded)


def plugin_at(path: Path) -> ModuleType | None:
    """Give the module of a file that was loaded as a plugin.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    module or None
        None where it was not.
    """
    return _state.loaded.get(os.path.abspath(path))  # noqa: PTH100 - of "a/../b", too


# -- one plugin ------------------------------------------------------------------------------------


def _plain_name(name: Any) -> str:
    """Give the name of a module as it is, and the path of a file as an absolute one."""
    if not isinstance(name, str | PathLike) or not isinstance(os.fspath(name), str):
        raise PluginError(
            "A plugin must be named by its module, such as 'mypackage.parts', or by the path of a "
            f".py file. Got {name!r:.200}."
        )
    text = os.fspath(name)
    if isinstance(name, str) and all(part.isidentifier() for part in text.split(".")):
        if not text.endswith(".py"):  # a file named so is surely meant
            return text
    elif not text.endswith(".py"):
        raise PluginError(
            "A plugin must be named by its module, such as 'mypackage.parts', or by the path of a "
            f"file that ends in .py. Got {text!r:.200}."
        )
    path = _whole(text)
    if set(path) & {",", os.pathsep}:
        raise PluginError(
            f"The path of a plugin must hold neither ',' nor {os.pathsep!r}, which separate "
            f"plugins in {VARIABLE}, through which other processes find it. Got {path!r:.300}."
        )
    return path


def _is_file_name(plain: str) -> bool:
    return plain.endswith(".py")


def _module_plugin(name: str) -> ModuleType:
    with _as_plugin_error(name), all_or_nothing():
        return importlib.import_module(name)


def _file_plugin(path: Path) -> ModuleType:
    try:
        source = path.read_bytes()
    except (OSError, ValueError) as error:  # the second where a path holds "\0"
        why = getattr(error, "strerror", error)
        raise PluginError(
            f"A plugin must be a file that can be read. Got {str(path)!r}: {why}."
        ) from error
    import hashlib  # starts OpenSSL, for a command that loads no file

    digest = hashlib.blake2b(source).hexdigest()
    known = plugin_at(path)
    if known is not None:
        if _state.sources[str(path)] != digest:
            raise PluginError(
                f"The plugin {str(path)!r} was changed after it was loaded, and is in use as it "
                "was. Start Python anew to use what it holds now."
            )
        return known
    with _as_plugin_error(str(path)), all_or_nothing():
        module = _module_of(path, source)
    _state.sources[str(path)] = digest
    return module


def _module_of(path: Path, source: bytes) -> ModuleType:
    """Run a file, or give the module that it is already; no other module may have its name."""
    name = re.sub(r"\W", "_", path.stem)
    loaded = sys.modules.get(name)
    if loaded is None:
        spec = importlib.util.find_spec(name)
        origin = None if spec is None else str(spec.origin)
    else:
        origin = str(getattr(loaded, "__file__", None))
    if origin is not None and not (Path(origin).exists() and path.samefile(origin)):
        raise PluginError(
            "The file of a plugin must have a name that no other module has: it is run as the "
            f"module {name!r}, which Python has elsewhere ({origin}). Rename {str(path)!r}."
        )
    if loaded is None:
        return run_file(path, name, source)
    send_by_value(loaded)
    return loaded


def _tell_children(plain: str) -> None:
    """Add a plugin to the environment variable; what it named before is read as it would be.

    A file that is named there by a relative path gets its whole one: a process that is started in
    another folder would look for it there.
    """
    before = os.environ.get(VARIABLE, "")
    named = _named_in(before)
    told = list(dict.fromkeys([*(plain if _means(each, plain) else each for each in named), plain]))
    if told == named:
        return
    os.environ[VARIABLE] = os.pathsep.join(told)
    if _state.variable == before:
        _state.variable = os.environ[VARIABLE]


def _means(name: str, plain: str) -> bool:
    return _is_file_name(name) and _whole(name) == plain


def _whole(path: str) -> str:
    # not Path.expanduser, which raises for the home of an unknown user
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111


# -- all of them -----------------------------------------------------------------------------------


def _read_variable() -> None:
    given = os.environ.get(VARIABLE, "")
    if given == _state.variable:
        return
    _state.variable = given
    _load_quietly(*_named_in(given))


def _named_in(text: str) -> list[str]:
    return [name.strip() for name in re.split(f"[,{os.pathsep}]", text) if name.strip()]


def _load_quietly(*names: str) -> None:
    for name in names:
        with _remembered(repr(name)):
            load_plugin(name)


def _call(offered: Any) -> None:
    given = None if isinstance(offered, ModuleType) else offered()
    if given is not None:
        raise TypeError(f"it must register what it brings and return None, and gave {given!r:.100}")


@contextmanager
def _running(plain: str) -> Iterator[None]:
    _state.under_way.append(plain)
    try:
        yield
    finally:
        _state.under_way.pop()


@contextmanager
def _remembered(name: str) -> Iterator[None]:
    try:
        yield
    except PluginError as error:
        cause = error.__cause__
        told = f"{type(cause).__name__}: {cause}" if cause is not None else str(error)
        _state.broken[name] = told.strip().splitlines()[0].rstrip(".")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of others, which may raise anything
        _state.broken[name] = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")


@contextmanager
def _as_plugin_error(name: str) -> Iterator[None]:
    try:
        yield
    except PluginError:
        raise
    except (Exception, SystemExit) as error:  # whatever code from outside raises
        raise PluginError(_what_failed(name, error)) from error


def _what_failed(name: str, error: BaseException) -> str:
    told = f"{type(error).__name__}: {error}".strip().rstrip(".")
    if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
        return (
            f"The plugin {name!r} must be a module that Python finds. Nothing is called "
            f"{error.name!r}: install its package, let Python find its folder "
            "(PYTHONPATH=FOLDER), or give the path of its .py file."
        )
    return (
        f"The plugin {name!r} could not be loaded. It raised {told:.1000}{_line_of(name, error)}."
    )


def _line_of(name: str, error: BaseException) -> str:
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return "" if line is None else f" (line {line})"
