"""How a page of the docs runs: the one home of it, for all pages and for the tutorials.

A page is Markdown. Its blocks of ```python run in order and share their names, as a reader would have them; ```py is
shown and not run. In a tutorial blocks of ```bash run, too, all in one shell that ends where a command fails, and what a
block prints stands in a ```text block directly below it:

- a ``…`` in what is shown stands for anything;
- numbers with a decimal point and shares (``67%``) may be a little off (`SLACK`), for processors round differently;
  before a unit of time or of size (`UNITS`) they may be anything;
- space between words may be any space; everything else is as shown, and what prints is shown.

``python tests/pages.py docs/tutorial_x.md`` plays a page in an empty folder; ``--write`` puts what was printed into the
page, and keeps lines with ``…`` that still hold. Nobody types it by hand.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import linecache
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = sorted((ROOT / "docs").glob("tutorial_*.md"))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
SLACK = 0.05  # of a number up to 1, and relative to what is larger
UNITS = ("s", "ms", "min", "seconds", "minutes", "kB", "MB", "GB", "KiB", "MiB", "GiB")

_NUMBER = re.compile(
    rf"(?P<free>\d[\d,.]*\s(?:{'|'.join(UNITS)})\b)|(?P<near>-?\d+\.\d+%?|\d+%)|(?P<any>…)|(?P<space>\s+)"
)
_END = "this block is done"
_MERCY = 10  # seconds for a server that a page has started to end by itself


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, and what the page says that it prints."""

    language: str
    body: str
    line: int
    end: int  # where in the page the block ends, with its fence
    shown: str | None
    shown_end: int


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found = list(FENCE.finditer(text))
    told = []
    for match, behind in zip(found, [*found, None][1:], strict=True):
        shows = (
            behind is not None
            and behind[1] == "text"
            and not text[match.end() : behind.start()].strip()
        )
        told.append(
            Block(
                match[1],
                match[2],
                text.count("\n", 0, match.start(2)) + 1,
                match.end(),
                behind[2] if shows else None,
                behind.end() if shows else match.end(),
            )
        )
    return told


def same(shown: str, printed: str) -> bool:
    """Whether what was printed is what is shown, apart from what may vary."""
    shown, printed = shown.strip(), printed.strip()
    pattern, numbers, place = "", [], 0
    for match in _NUMBER.finditer(shown):
        pattern += re.escape(shown[place : match.start()])
        if match["free"]:
            pattern += r"\d[\d,.]*" + r"\s+" + re.escape(match[0].split()[-1])
        elif match["near"]:
            pattern += r"(-?\d+(?:\.\d+)?)" + ("%" if match[0].endswith("%") else "")
            numbers.append(match[0])
        else:
            pattern += r".*?" if match["any"] else r"\s+"
        place = match.end()
    found = re.fullmatch(pattern + re.escape(shown[place:]), printed, re.DOTALL)
    return found is not None and all(
        _near(number, seen) for number, seen in zip(numbers, found.groups(), strict=True)
    )


def _near(shown: str, seen: str) -> bool:
    scale = 100.0 if shown.endswith("%") else 1.0
    value = float(shown.rstrip("%")) / scale
    return abs(value - float(seen) / scale) <= SLACK * max(1.0, abs(value))


class Shell:
    """One shell for all blocks of a page, as a reader has one terminal; what it started ends with it."""

    def __init__(self) -> None:
        self.tools = tempfile.TemporaryDirectory()
        for name, call in {"hybridsent": "-m hybridsent", "python": ""}.items():
            tool = Path(self.tools.name, name)
            tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n', encoding="utf-8")
            tool.chmod(0o755)
        path = os.pathsep.join([self.tools.name, os.environ.get("PATH", "")])
        self.process = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )

    def run(self, body: str) -> str:
        """What a block prints; an error where a command of it fails."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        said: list[str] = []
        # in a shell that ends, writing fails; what it said last tells why
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(f"{{\n{body}\n}} < /dev/null\nprintf '\\n%s\\n' '{_END}'\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if line.strip() == _END:
                return "".join(said)
            said.append(line)
        raise AssertionError(f"a command failed ({self.process.wait()}):\n{''.join(said)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):  # raised when nothing of it is left
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
            until = time.monotonic() + _MERCY
            while time.monotonic() < until:
                os.killpg(self.process.pid, 0)
                time.sleep(0.05)
            os.killpg(self.process.pid, signal.SIGKILL)
        with self.process:  # closes what joins the two
            pass
        self.tools.cleanup()


def play(
    page: Path,
    shell: Shell | None = None,
    *,
    scope: dict[str, Any] | None = None,
    sessions: bool = True,
) -> Iterator[tuple[Block, str]]:
    """Run the blocks of a page in this process and folder, those of bash where there is a shell.

    Yields each block that ran with what it printed. `scope` is where names of Python go; without
    `sessions` blocks with a prompt are left out, where pytest runs them.
    """
    scope = {"__name__": "__main__"} if scope is None else scope
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "bash" and shell is not None:
            yield block, shell.run(block.body)
        elif block.language == "python" and (sessions or ">>> " not in block.body):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                _python(block, page, scope)
            yield block, printed.getvalue()


def _python(block: Block, page: Path, scope: dict[str, Any]) -> None:
    if ">>> " in block.body:
        session = doctest.DocTestParser().get_doctest(block.body, {}, page.name, page.name, 0)
        session.globs = scope
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        doctest.DebugRunner(optionflags=flags).run(session, clear_globs=False)
        return
    name = f"{page.name}:{block.line}"  # a traceback shows the lines of the page
    linecache.cache[name] = (len(block.body), None, block.body.splitlines(keepends=True), name)
    exec(compile(block.body, name, "exec"), scope)


def check(page: Path, scope: dict[str, Any] | None = None) -> list[str]:
    """Play a tutorial here, and tell where it does not print what it shows."""
    faults = []
    with Shell() as shell:
        for block, printed in play(page, shell, scope=scope):
            if not same(block.shown or "", printed):
                faults.append(
                    f"{page.name}:{block.line} shows\n{block.shown or ''}\nand prints\n{printed}"
                )
    return faults


def write(page: Path, scope: dict[str, Any] | None = None) -> None:
    """Play a tutorial here, and put what it prints below its blocks."""
    text = page.read_text(encoding="utf-8")
    done, place = "", 0
    with Shell() as shell:
        for block, printed in play(page, shell, scope=scope):
            done += text[place : block.end]
            place = block.shown_end
            kept = _kept(block.shown or "", printed)
            done += f"\n```text\n{kept}\n```\n" if kept else ""
    page.write_text(done + text[place:], encoding="utf-8")


def _kept(shown: str, printed: str) -> str:
    """What was printed, in the words of what is shown where that still holds."""
    if same(shown, printed) and "…" in shown:
        return shown.strip("\n")
    elided = [line for line in shown.splitlines() if "…" in line]
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    return "\n".join(
        next((old for old in elided if same(old, line)), line) if line else line for line in lines
    )


def main() -> None:
    """Play pages, each in an empty folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path, default=TUTORIALS)
    parser.add_argument("--write", action="store_true", help="put what is printed into the page")
    arguments = parser.parse_args()
    if len(arguments.pages) > 1:  # a process each, as of each reader: one has loaded plugins
        alone = [sys.executable, __file__, *(["--write"] if arguments.write else [])]
        sys.exit(max(subprocess.run([*alone, page]).returncode for page in arguments.pages))
    [page] = [page.resolve() for page in arguments.pages]
    start = time.perf_counter()
    folder, store = tempfile.mkdtemp(), tempfile.mkdtemp()
    os.environ["HYBRIDSENT_STORE"] = store  # nothing of the page has been computed before
    program = sys.modules["__main__"] = types.ModuleType("__main__")
    faults: list[str] = []
    with contextlib.chdir(folder):
        if arguments.write:
            write(page, vars(program))
        else:
            faults = check(page, vars(program))
    for used in (folder, store):
        shutil.rmtree(used, ignore_errors=True)
    took, busy = time.perf_counter() - start, sum(os.times()[:4])
    sys.stderr.write(f"{page.name}: {took:.0f} s, {busy:.0f} s of processors\n")
    sys.exit("\n\n".join(faults) or None)


if __name__ == "__main__":
    main()
