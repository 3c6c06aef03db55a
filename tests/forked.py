"""Python that has imported what many programs begin with, and forks to run each of them.

A new interpreter spends seconds on importing NumPy, pandas, scikit-learn and Matplotlib before the
program of a test begins. A forked one has them, and nothing else: no module of a test, no fixture,
no thread. What is tested is the program, from its first line to the end of its process. Where
importing itself is tested, a new interpreter is the right one.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

__all__ = ["COMMON", "Forked", "forked"]

COMMON = (
    "numpy",
    "pandas",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "hybridsent",
)
"""What nearly every program of ours imports. None of it starts a thread, which a fork would lose."""

_SERVER = """
import importlib, json, os, sys, tempfile
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
for number, path in enumerate([os.devnull, job["out"], job["err"]]):
    file = os.open(path, os.O_RDWR)
    os.dup2(file, number)
    os.close(file)
os.environ.clear()
os.environ.update(job["env"])
os.chdir(job["cwd"])
tempfile.tempdir = None
sys.argv = ["-c", *job["arguments"]]
exec(compile(job["code"], "<string>", "exec"), {"__name__": "__main__"})
"""


class Forked:
    """A process that runs programs in forks of itself, one after another.

    `flags` are those of Python; `environment` is added to that of each, and is there while it imports.
    Where Python cannot fork, or not safely, each program has an interpreter of its own.
    """

    def __init__(self, imports: tuple[str, ...], *flags: str, **environment: str) -> None:
        self.flags = ["-P", *flags]  # the current folder is not among those of modules
        self.environment = {"PYTHONPATH": str(ROOT), **environment}
        self.process: subprocess.Popen[str] | None = None
        if sys.platform == "linux":
            self.process = subprocess.Popen(
                [sys.executable, *self.flags, "-c", _SERVER, json.dumps(imports)],
                env={**os.environ, "OMP_NUM_THREADS": "1", **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            atexit.register(self.close)

    def run(
        self, code: str, *arguments: str, cwd: Path, env: Mapping[str, str] = os.environ
    ) -> subprocess.CompletedProcess[str]:
        """What ``python -c code arguments`` gives, in a folder and an environment."""
        env = {**env, **self.environment}
        if self.process is None:
            run = [sys.executable, *self.flags, "-c", code, *arguments]
            return subprocess.run(
                run, env=env, cwd=cwd, capture_output=True, text=True, check=False
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            job = {"code": code, "arguments": arguments, "cwd": str(cwd), "env": env}
            said = json.dumps(job | {"out": out.name, "err": err.name})
            self.process.stdin.write(said + "\n")
            self.process.stdin.flush()
            status = self.process.stdout.readline()
            assert status, "the process that forks has ended"
            told = [file.read().decode(errors="replace") for file in (out, err)]
        return subprocess.CompletedProcess([code, *arguments], int(status), *told)

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.communicate()


@functools.cache
def forked(imports: tuple[str, ...] = COMMON, *flags: str, **environment: str) -> Forked:
    """Tests of a process that want the same share one."""
    return Forked(imports, *flags, **environment)
