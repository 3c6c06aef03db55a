"""The ledger of measurements, and the tables of pages that are written from it.

A benchmark writes what it measured to ``benchmarks/results/NAME.json``: plain figures with the command, the day, the
versions and the machine, and nothing that is of one computer alone, such as paths. Pages show tables of these records between
two lines::

    <!-- benchmark: NAME -->
    …
    <!-- end of benchmark: NAME -->

`refresh` writes them anew, so that no figure of a page is typed. A renderer is a function from a record to Markdown; one script
keeps the renderers of a page (``readme.py`` those of the README, ``suite.py`` those of docs/benchmarks.md), and a test holds that the
page says what the record says (`stale`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import _harness

RESULTS = Path(__file__).parent / "results"
Record = dict[str, Any]
Renderer = Callable[[Record], str]

KEYS = ("benchmark", "command", "date", "versions", "machine", "rows")
"""What every record has; a benchmark may add keys of its own."""


# -- records


def record(title: str, command: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> Record:
    """Make a record of what was measured now, on this machine."""
    here = _harness.machine()
    return {
        "benchmark": title,
        "command": command,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "versions": {"hybridsent": version(), **_harness.versions()},
        "machine": {"cores": here["cores"], "processor": here["cpu"]},
        **more,
        "rows": [dict(row) for row in rows],
    }


def this_command(*, data: bool = False) -> str:
    """Give what somebody else would type to do what this process does.

    Files that are written are left out; `data` tells that corpora of ``HYBRIDSENT_DATA`` are read.
    """
    kept: list[str] = []
    arguments = iter(sys.argv[1:])
    for argument in arguments:
        if argument in ("--record", "--json", "--results"):
            next(arguments, None)
        else:
            kept.append(shlex.quote(argument))
    before = ["HYBRIDSENT_DATA=FOLDER"] if data else []
    threads = os.environ.get("OMP_NUM_THREADS")
    before += [f"OMP_NUM_THREADS={threads}"] if threads else []
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    if cores != os.cpu_count():
        before.append(f"taskset -c {','.join(map(str, range(cores or 1)))}")
    return " ".join([*before, f"python benchmarks/{Path(sys.argv[0]).name}", *kept])


def version() -> str:
    """Give the version of the package that is imported, also of a checkout that is not installed."""
    from hybridsent import __version__

    return __version__


def write(path: Path, made: Record) -> None:
    """Write a record, whole or not at all."""
    missing = [key for key in KEYS if key not in made]
    if missing:
        raise ValueError(f"A record must have the keys {KEYS}. Got none named {missing}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    text = json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False)
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def read(name: str | Path) -> Record:
    """Read a record, by its name in the ledger or by its path."""
    path = name if isinstance(name, Path) else RESULTS / f"{name}.json"
    found: Record = json.loads(path.read_text(encoding="utf-8"))
    return found


# -- written for readers


def table(
    heads: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()
) -> str:
    """Write a table in Markdown; columns of numbers, told by position, stand to the right."""
    rules = ["--:" if i in numbers else "---" for i in range(len(heads))]
    lines = [list(heads), rules, *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def number(value: float | None, digits: int = 3) -> str:
    """Write a figure; what was not measured is empty, and zero has no sign."""
    return "" if value is None else f"{value:z.{digits}f}"


def interval(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """Write a figure with the ends of its interval, where there are any."""
    if value is None or low is None or high is None:
        return number(value, digits)
    return f"{value:z.{digits}f} [{low:z.{digits}f}, {high:z.{digits}f}]"


def source(made: Record) -> str:
    """Tell in a sentence how a table came about: the command, the day, the versions, the machine."""
    of, here = made["versions"], made["machine"]
    used = ", ".join(
        f"{name} {of[name]}"
        for name in ("hybridsent", "scikit-learn", "torch", "python")
        if name in of
    )
    cores = f"{here['cores']} {'core' if here['cores'] == 1 else 'cores'}"
    return f"`{made['command']}`, {made['date']}; {used}; {cores}, {here['processor']}."


# -- pages


def begin(name: str) -> str:
    return f"<!-- benchmark: {name} -->"


def end(name: str) -> str:
    return f"<!-- end of benchmark: {name} -->"


def between(text: str, name: str, body: str) -> str:
    """Give a page with another text between the two lines of a name."""
    lines = re.compile(f"{re.escape(begin(name))}\n.*?{re.escape(end(name))}", re.DOTALL)
    if len(lines.findall(text)) != 1:
        raise ValueError(
            f"The page must have the lines {begin(name)!r} and {end(name)!r} once each, in this "
            f"order. Got {len(lines.findall(text))} such pairs."
        )
    return lines.sub(lambda _: f"{begin(name)}\n\n{body.strip()}\n\n{end(name)}", text)


def rendered(text: str, renderers: Mapping[str, Renderer], folder: Path = RESULTS) -> str:
    """Give a page with the table of each record that has a renderer.

    A renderer's name is the record's, or ``"record: what of it"`` where a page shows several tables of one record.
    """
    for name, render in renderers.items():
        text = between(text, name, render(read(folder / f"{name.partition(':')[0]}.json")))
    return text


def refresh(page: Path, renderers: Mapping[str, Renderer], folder: Path = RESULTS) -> bool:
    """Write the tables of a page anew; tell whether it changed."""
    before = page.read_text(encoding="utf-8")
    after = rendered(before, renderers, folder)
    if after != before:
        page.write_text(after, encoding="utf-8")
    return after != before


def stale(page: Path, renderers: Mapping[str, Renderer], folder: Path = RESULTS) -> bool:
    """Whether a page says anything else than its records."""
    text = page.read_text(encoding="utf-8")
    return rendered(text, renderers, folder) != text
