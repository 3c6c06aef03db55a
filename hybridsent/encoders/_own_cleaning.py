"""A function of one's own that cleans texts: found by name, known by its version (layer L2).

Why by hand: joblib and dill hash a function's bytecode, which another Python writes otherwise; here
it is the source, with the helpers and constants of its module that it reads.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib
import importlib.metadata
import inspect
import os
import re
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodDescriptorType, ModuleType
from typing import Any, TypeAlias, TypeGuard
from weakref import WeakKeyDictionary

from hybridsent._plugins import import_outside, told_of_plugins

__all__ = ["Clean", "function_of", "identity_of", "remember", "travels_by_value"]

Clean: TypeAlias = Callable[[str], str]

_PLAIN = (str, bytes, int, float, complex, bool, type(None), re.Pattern)
_INSTALLED = tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})


def function_of(clean: str | Clean) -> Clean:
    """Find the function that the clean parameter means.

    Parameters
    ----------
    clean : str or callable
        ``"module:function"``, or the function itself.

    Returns
    -------
    callable
        The function.

    Raises
    ------
    ValueError
        If there is no such module or function.

    Examples
    --------
    >>> function_of("html:unescape")("fish &amp; chips")
    'fish & chips'
    """
    if not isinstance(clean, str):
        return clean
    module, separator, name = clean.partition(":")
    if not separator or not all(part.isidentifier() for part in [*module.split("."), name]):
        raise ValueError(
            "The clean parameter of TextEncoder must be None, a function that takes a str and "
            f"gives one, or its name as 'module:function'. Got {clean!r}."
        )
    try:
        home = import_outside(module)
    except ImportError as error:
        raise ValueError(
            f"The clean parameter of TextEncoder names the module {module!r}, which cannot be "
            f"imported ({error}). Install its package, let Python find its folder (PYTHONPATH), "
            "or load its file with hybridsent.load_plugin (--plugin FILE). "
            f"{told_of_plugins()}".rstrip()
        ) from error
    found: Any = getattr(home, name, None)
    if not callable(found):
        raise ValueError(  # noqa: TRY004 - the value that was given is a str
            f"The clean parameter of TextEncoder must name a function. The module {module!r} has "
            f"{'nothing' if found is None else f'a {type(found).__name__}'} under {name!r}."
        )
    return found  # type: ignore[no-any-return]  # whatever the module has there


def identity_of(clean: str | Clean) -> str:
    """Identify what a function does, for the fingerprint of its encoder.

    Parameters
    ----------
    clean : str or callable
        As `function_of` takes it.

    Returns
    -------
    str
        Its name with its attribute ``version`` where it has one, else a hash of its source and of
        the functions and constants of its module that it reads.

    Raises
    ------
    ValueError
        If it has no version, and what it does cannot be told from its source.

    Examples
    --------
    >>> def shout(text):
    ...     return text.upper()
    >>> shout.version = 2
    >>> identity_of(shout).endswith("shout, version 2")
    True
    """
    function = function_of(clean)
    if isinstance(function, FunctionType | functools.partial) and function in _sent:
        return _sent[function]
    version = getattr(function, "version", None)
    if version is not None:
        if isinstance(version, bool) or not isinstance(version, str | int):
            raise ValueError(
                f"The version of {_name(function)} must be a str or an int, and another one "
                f"whenever it changes what it does. Got {version!r:.100}."
            )
        return f"{_name(function)}, version {version}"
    parts = repr(_parts(function, set()))
    return f"source {hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()}"


def travels_by_value(function: Any) -> TypeGuard[Clean]:
    """Tell whether a function is sent to workers as it is, and cannot be imported there.

    Parameters
    ----------
    function : object
        What the clean parameter holds.

    Returns
    -------
    bool
        True for lambdas, functions inside functions, those of a script or a notebook, and
        `functools.partial` of such.

    Examples
    --------
    >>> import html
    >>> travels_by_value(lambda text: text), travels_by_value(html.unescape)
    (True, False)
    """
    if isinstance(function, functools.partial):
        return any(
            map(travels_by_value, (function.func, *function.args, *function.keywords.values()))
        )
    if not isinstance(function, FunctionType):
        return False
    home = sys.modules.get(function.__module__)
    known = getattr(home, function.__qualname__, None)
    return known is not function or function.__module__ == "__main__"


def remember(function: Clean, identity: str) -> None:
    """Keep the identity of a function that was sent by value, whose source is not here.

    Parameters
    ----------
    function : callable
        The function, as it came out of a pickle.
    identity : str
        What `identity_of` said where it was pickled.
    """
    _sent[function] = identity


_sent: WeakKeyDictionary[Clean, str] = WeakKeyDictionary()


def _name(function: Any) -> str:
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def _parts(value: Any, seen: set[int]) -> Any:
    """Write down what a function, or a value that one reads, consists of."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, tuple | list):
        return [type(value).__name__, *(_parts(each, seen) for each in value)]
    if isinstance(value, set | frozenset):
        return [type(value).__name__, *sorted(str(_parts(each, seen)) for each in value)]
    if isinstance(value, dict):
        return [(_parts(key, seen), _parts(each, seen)) for key, each in value.items()]
    if isinstance(value, functools.partial):
        return [_parts(each, seen) for each in (value.func, value.args, value.keywords)]
    if isinstance(value, MethodDescriptorType):  # str.lower
        return f"{value.__objclass__.__name__}.{value.__name__}"
    if (version := _version_of(value)) is not None:
        own: Any = f"{getattr(value, '__qualname__', '')} {version}"
    elif isinstance(value, FunctionType):
        own = _of_function(value, seen)
    elif callable(value) and hasattr(value, "__wrapped__"):  # by functools.lru_cache
        return _parts(value.__wrapped__, seen)
    else:
        raise ValueError(
            "What a clean function does must be told by its source, or by its version. "
            f"{value!r:.80} has no source that tells it. Give the function that you pass a "
            "version: FUNCTION.version = 1, and another number whenever it changes what it does. "
            "A method takes none: write a function around it."
        )
    inner = getattr(value, "__wrapped__", None)  # what a decorator stands around
    return own if inner is None else [own, _parts(inner, seen)]


def _version_of(value: Any) -> str | None:
    """Name the package, and its version, of what Python or an installed package brings."""
    home = value if isinstance(value, ModuleType) else sys.modules.get(_home(value))
    if home is None:
        return None
    name = home.__name__
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names and name != "__main__":
        return name  # as good as fixed
    if not str(getattr(home, "__file__", None)).startswith(_INSTALLED):
        return None  # one's own: its source may change at any time
    try:
        return f"{name} {importlib.metadata.version(root)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def _home(value: Any) -> str:
    if isinstance(value, FunctionType):  # functools.wraps gives it another __module__
        return str(value.__globals__.get("__name__"))
    named = isinstance(value, BuiltinFunctionType | type)
    return str(value.__module__) if named else ""


def _of_function(function: FunctionType, seen: set[int]) -> Any:
    if id(function) in seen:  # it calls itself
        return function.__qualname__
    seen.add(id(function))
    read = {
        name: function.__globals__[name]
        for name in _globals_in(function.__code__)
        if name in function.__globals__
    }
    read |= inspect.getclosurevars(function).nonlocals
    return [
        _source_of(function),
        [_parts(each, seen) for each in (function.__defaults__, function.__kwdefaults__)],
        *((name, _parts(read[name], seen)) for name in sorted(read)),
        *((name, _parts(_imported(name, function), seen)) for name in _imports_in(function)),
    ]


def _imports_in(function: FunctionType) -> list[str]:
    """Names of the modules that a function imports when it runs, with dots where relative."""
    found = set()
    for code in _codes_in(function.__code__):
        steps = [each for each in dis.get_instructions(code) if each.opname != "EXTENDED_ARG"]
        for level, _, step in zip(steps, steps[1:], steps[2:], strict=False):
            if step.opname == "IMPORT_NAME":
                found.add("." * int(level.argval) + str(step.argval))
    return sorted(found)


def _imported(name: str, function: FunctionType) -> Any:
    try:
        return importlib.import_module(name, function.__globals__.get("__package__"))
    except ImportError:  # as the function itself will see, which may know what to do then
        return None


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    """Give the code of a function, and of those inside it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes_in(inner)


def _globals_in(code: CodeType) -> set[str]:
    """Names that a function, or one inside it, looks up in its module."""
    return {
        str(each.argval)
        for inner in _codes_in(code)
        for each in dis.get_instructions(inner)
        if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }


_sources: WeakKeyDictionary[CodeType, str] = WeakKeyDictionary()
"""Source of functions as it was first read: the file may be another one by now."""


def _source_of(function: FunctionType) -> str:
    if function.__code__ in _sources:
        return _sources[function.__code__]
    try:
        text = textwrap.dedent("".join(_lines_of(function.__code__))).strip()
    except (OSError, TypeError) as error:
        raise ValueError(
            f"The source of {_name(function)}, which clean uses, cannot be read ({error}). Give "
            "the function that you pass a version: FUNCTION.version = 1, and another number "
            "whenever it changes what it does."
        ) from error
    if function.__name__ == "<lambda>" and text.count("lambda") > 1:
        raise ValueError(
            "The clean function is one of several lambdas in a line, which cannot be told apart. "
            "Write it with def, and a name."
        )
    return _sources.setdefault(function.__code__, text)


def _lines_of(code: CodeType) -> list[str]:
    """Read the lines of a function; inspect takes the end of one for that of a lambda."""
    lines, first = inspect.getsourcelines(code)
    ends = [end or start for inner in _codes_in(code) for start, end, *_ in inner.co_positions()]
    last = max((line for line in ends if line is not None), default=0)
    missing = last - (first + len(lines) - 1)
    if missing > 0:
        return list(inspect.findsource(code)[0][first - 1 : last])
    return lines
