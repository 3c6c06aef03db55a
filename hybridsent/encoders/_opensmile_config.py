"""Configurations of openSMILE, read where they are installed and cut to one level (layer L2).

openSMILE's own configurations compute every level (descriptors, their deltas, functionals) whatever
level is asked for. Nothing of them is kept here: they are read, and the parts that do not lead to
the level are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["SINK", "lean_config"]

SINK = "hybridsent_sink"

# One field, not thousands: the sink of openSMILE looks up the name of each element when an engine
# is built, which takes time in the square of the number of fields (8 of 12 ms for ComParE_2016).
_OUTPUT = f"""
[componentInstances:cComponentManager]
instance[hybridsent_join].type = cVectorConcat
instance[{SINK}].type = cExternalSink

[hybridsent_join:cVectorConcat]
reader.dmLevel = %s
writer.dmLevel = hybridsent_join
processArrayFields = 0
preserveFieldNames = 0
includeSingleElementFields = 1

[{SINK}:cExternalSink]
reader.dmLevel = hybridsent_join
"""

_ENCODING = "latin-1"
_BLOCK_COMMENT = re.compile(r"^\s*/\*.*?\*/", re.DOTALL | re.MULTILINE)
_COMMENTS = (";", "#", "%", "//")
_INCLUDE = re.compile(r"\\\{(.+)\}")
_OPTION = re.compile(r"\\cm\[(\w+)[^\]{]*(?:\{([^}]*)\})?")  # \cm[name{default}:description]
_SECTION = re.compile(r"\[(\w+):\w+\]")
_INSTANCE = re.compile(r"instance\s*\[(\w+)\]")
_LEVELS = re.compile(r"(\w*)\.dmLevel\s*=(.*)")


def lean_config(path: Path, level: str, files: Mapping[str, Path]) -> str:
    """Read a configuration and keep what leads to a level; one sink gives the level as one field.

    Parameters
    ----------
    path : Path
        The installed configuration.
    level : str
        Name of the level in the configuration, such as ``"func"``.
    files : mapping of str to Path
        Files to include for the options that ask for one.

    Returns
    -------
    str
        A configuration without includes, whose sink is called `SINK`.
    """
    lines = list(_lines(path, dict(files)))
    dropped = _unneeded(lines, level)
    return "\n".join(_without(lines, dropped)) + _OUTPUT % level


def _lines(path: Path, files: dict[str, Path]) -> Iterator[str]:
    """Lines of a file and, in their places, of those that it includes; no comments."""
    text = _BLOCK_COMMENT.sub("", path.read_text(_ENCODING))
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith(_COMMENTS):
            continue
        include = _INCLUDE.fullmatch(line)
        if include is None:
            yield line
            continue
        target = _target(include[1], path.parent, files)
        if target is not None:
            yield from _lines(target, files)


def _target(name: str, folder: Path, files: dict[str, Path]) -> Path | None:
    """Tell which file is included: named as such, or by an option; None where there is none."""
    option = _OPTION.match(name)
    if option is None:
        return folder / name
    if option[1] not in files and option[2] not in (None, "?"):
        files[option[1]] = folder / option[2]  # later lines may name the option only
    return files.get(option[1])


def _unneeded(lines: list[str], level: str) -> set[str]:
    """Components that read or write levels and from which no way leads to this level."""
    reads: dict[str, list[str]] = {}
    writer_of: dict[str, str] = {}
    for component, line in _by_section(lines):
        found = _LEVELS.match(line)
        if found is None:
            continue
        levels = [name.strip() for name in found[2].split(";")]
        before = reads.setdefault(component, [])
        if "writer" in found[1].lower():
            writer_of.update(dict.fromkeys(levels, component))
        else:
            before += levels
    needed: set[str] = set()
    waiting = [level]
    while waiting:
        component = writer_of.get(waiting.pop(), "")
        if component not in needed:
            needed.add(component)
            waiting += reads.get(component, [])
    return set(reads) - needed


def _without(lines: list[str], dropped: set[str]) -> Iterator[str]:
    """Lines without those that create or configure some components."""
    for component, line in _by_section(lines):
        instance = _INSTANCE.match(line)
        if component not in dropped and (instance is None or instance[1] not in dropped):
            yield line


def _by_section(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Pair each line with the component whose section it stands in."""
    component = ""
    for line in lines:
        section = _SECTION.match(line)
        if section is not None:
            component = section[1]
        yield component, line
