"""How all benchmarks here are run: every way in a fresh process, rounds interleaved.

A benchmark declares *ways* to do the same work. In each round every way runs once, in a process of its own, so that
imports, loading and peak memory are its own; the order turns from round to round, so that a machine that slows down
slows all of them. A ratio is the median over rounds of the ratio within a round. Before the first round each way may
prepare what a user keeps on disk (a converted network); that is not measured. No library serves: asv and pyperf
measure functions of one environment, not programs against each other.

    --rounds N      rounds (5 for most; 1 with --quick)
    --quick         small inputs: does it run at all? Its figures say nothing
    --size N        so many inputs, where a benchmark lets one choose: fewer for a busy machine
    --full          the ways, too, that take very long
    --ways A B      only ways of these names, or whose names hold one of these words
    --json FILE     write everything
    --record FILE   write what the ledger keeps (`_results.py`): a row a way

``HYBRIDSENT_PEER_PYTHON`` names the interpreter of an environment for peers whose requirements clash with the newest
releases measured here; without it they run in this one, and are left out, with the reason, where they cannot.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _report import Goal, Report, print_report

CEILING, FLOPS = "(ceiling)", "(flops)"
PATIENCE = 2 * 3600  # seconds: a way that hangs must not stop the plan
STARTED = "HYBRIDSENT_BENCH_STARTED"
WARNING = re.compile(r"\w+Warning: ")
LIBRARIES = (
    "hybridsent",
    "efficientnet-lite-pytorch",
    "joblib",
    "nncf",
    "numpy",
    "openvino",
    "opensmile",
    "optimum",
    "optimum-intel",
    "pandas",
    "pillow",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "soundfile",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
    "xgboost",
)


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    ``measure`` gets the folder of the inputs and gives figures, "seconds" among them, and perhaps "output", a matrix
    that is compared with that of the way named by ``reference``.
    """

    name: str
    measure: Callable[[Path], dict[str, Any]]
    reference: str | None = None
    prepare: Callable[[Path], object] | None = None  # once, in a process of its own, not measured
    precision: str | None = None  # of its arithmetic: which ceiling it is held against
    peer_python: bool = False  # runs where HYBRIDSENT_PEER_PYTHON says
    forks: bool = False  # its work is done by child processes: the largest counts as memory, too
    long: bool = False  # runs only with --full


@dataclass(frozen=True)
class Benchmark:
    """Ways, what they work on, and what they should reach."""

    title: str
    ways: tuple[Way, ...]
    make: Callable[..., dict[str, Any]]  # (folder, quick) or, where `sized`, (folder, quick, size)
    goals: Callable[[Report], list[Goal]]
    agreement: Callable[[Any, Any], float] | None = None  # of two outputs
    agreement_name: str = "agreement"
    worst: Callable[..., float] = min  # of several agreements
    flops: Callable[[Path], float] | None = None  # of the work, without padding and duplicates
    rounds: int = 5
    sized: bool = False  # the number of inputs may be chosen

    def way(self, name: str) -> Way:
        return next(way for way in self.ways if way.name == name)


class LeftOutError(Exception):
    """A way that cannot run here; the text says why."""


def main(benchmark: Benchmark) -> None:
    arguments = _parser(benchmark).parse_args()
    if arguments.child:
        print(json.dumps(_child(benchmark, arguments)))
        return
    with tempfile.TemporaryDirectory(prefix="hybridsent-bench-") as name:
        report = _run(benchmark, arguments, Path(name))
    goals = benchmark.goals(report)
    print_report(benchmark, report, goals, quick=arguments.quick)
    if arguments.json:
        told = {"benchmark": benchmark.title, "quick": arguments.quick, "machine": machine()}
        told |= report.as_dict() | {"goals": [goal.as_dict() for goal in goals]}
        arguments.json.write_text(json.dumps(told, indent=2), encoding="utf-8")
    if arguments.record:
        import _results

        rows, facts = report.rows(), {"facts": report.facts}
        made = _results.record(benchmark.title, _results.this_command(), rows, **facts)
        _results.write(arguments.record, made)


def _parser(benchmark: Benchmark) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=benchmark.title)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true", help="small inputs, to see that it runs")
    if benchmark.sized:
        parser.add_argument("--size", type=int, help="so many inputs")
    parser.add_argument("--full", action="store_true", help="the ways, too, that take very long")
    parser.add_argument("--ways", nargs="+", help="only ways whose names hold one of these words")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument("--record", type=Path, help="write a record of the ledger to this file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


# -- the plan


def _run(benchmark: Benchmark, arguments: argparse.Namespace, folder: Path) -> Report:
    report = Report(benchmark, _chosen(benchmark, arguments))
    _say("making the inputs")
    size = (arguments.size,) if benchmark.sized else ()
    report.facts = benchmark.make(folder, arguments.quick, *size)
    report.versions = versions()
    if benchmark.flops:
        report.flops = _ask(report, FLOPS, folder).get("flops")
    for way in report.ways:
        if way.prepare:
            _say(f"preparing {way.name}")
            _ask(report, way.name, folder, "--prepare")
    rounds = arguments.rounds or (1 if arguments.quick else benchmark.rounds)
    for number in range(rounds):
        report.rounds.append({})
        if benchmark.flops:
            report.ceilings.append(_ask(report, CEILING, folder))
        for way in _turned(report.ways, number):
            if way.name not in report.left_out:
                _measure(report, way, folder, f"round {number + 1} of {rounds}")
        report.compare(lambda way: _output(folder, way))
    return report


def _chosen(benchmark: Benchmark, arguments: argparse.Namespace) -> list[Way]:
    words = arguments.ways
    names = {way.name for way in benchmark.ways}
    if words:
        chosen = {n for n in names for word in words if (n == word if word in names else word in n)}
        return [way for way in benchmark.ways if way.name in chosen]
    return [way for way in benchmark.ways if arguments.full or not way.long]


def _turned(ways: Sequence[Way], number: int) -> list[Way]:
    start = number % max(1, len(ways))
    return [*ways[start:], *ways[:start]]


def _measure(report: Report, way: Way, folder: Path, when: str) -> None:
    figures = _ask(report, way.name, folder)
    if not figures:
        return
    report.warnings[way.name] = figures.pop("warnings", [])
    report.rounds[-1][way.name] = figures
    _say(f"{when}: {way.name}: {figures['seconds']:.3g} s")
    _note_versions(report, way, figures)


def _note_versions(report: Report, way: Way, figures: dict[str, Any]) -> None:
    """Keep those versions of a way's process that are not the common ones."""
    own = figures.pop("versions", {})
    different = {name: value for name, value in own.items() if report.versions.get(name) != value}
    if different:
        report.versions_of[way.name] = different


def _ask(report: Report, name: str, folder: Path, *flags: str) -> dict[str, Any]:
    try:
        return run_child(name, folder, *flags, python=_python(report.benchmark, name))
    except LeftOutError as error:
        report.left_out[name] = str(error)
        _say(f"{name}: left out: {error}")
        return {}


def _python(benchmark: Benchmark, name: str) -> str:
    ours = name in (CEILING, FLOPS) or not benchmark.way(name).peer_python
    return sys.executable if ours else os.environ.get("HYBRIDSENT_PEER_PYTHON") or sys.executable


def run_child(name: str, folder: Path, *flags: str, python: str) -> dict[str, Any]:
    """Run a way of the script that was started, in a fresh process; give its figures."""
    command = [python, sys.argv[0], "--child", name, "--folder", str(folder), *flags]
    try:
        ended = subprocess.run(
            command,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise LeftOutError(f"it had not ended after {PATIENCE} s") from error
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode or not lines:
        raise LeftOutError(_reason(ended.stderr) or f"it ended with status {ended.returncode}")
    figures: dict[str, Any] = json.loads(lines[-1])
    warned = dict.fromkeys(line for line in ended.stderr.splitlines() if WARNING.search(line))
    return {**figures, "warnings": list(warned)[:3]} if warned else figures


def environment(folder: Path) -> dict[str, str]:
    """Give the environment of a child: threads are left to each library's own defaults."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    return {
        **kept,
        "HYBRIDSENT_STORE": str(folder / "store"),
        "HYBRIDSENT_NETWORKS": str(folder / "networks"),
        "HF_HUB_OFFLINE": "1",
        STARTED: repr(time.time()),
    }


def _reason(stderr: str) -> str:
    """Give the last line of a traceback that names an exception."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    named = [line for line in lines if line[:1].isalpha() and ("Error" in line or ": " in line)]
    return (named or lines or [""])[-1].strip()[:300]


def _output(folder: Path, way: str) -> Any:
    import numpy as np

    path = _output_path(folder, way)
    return np.load(path) if path.exists() else None


def _output_path(folder: Path, way: str) -> Path:
    return folder / f"output-{''.join(c if c.isalnum() else '_' for c in way)}.npy"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# -- in the child


def _child(benchmark: Benchmark, arguments: argparse.Namespace) -> dict[str, Any]:
    name, folder = arguments.child, arguments.folder
    if name == CEILING:
        from _ceiling import gemm_rates

        return gemm_rates()
    if name == FLOPS:
        assert benchmark.flops is not None
        return {"flops": benchmark.flops(folder)}
    way = benchmark.way(name)
    if arguments.prepare:
        assert way.prepare is not None
        way.prepare(folder)
        return {"prepared": True}
    return _figures(way, folder)


def _figures(way: Way, folder: Path) -> dict[str, Any]:
    import numpy as np

    figures = way.measure(folder)
    figures.setdefault("peak_mb", peak_mb(children=way.forks))
    output = figures.pop("output", None)
    if output is not None:
        np.save(_output_path(folder, way.name), output)
    return {**figures, "versions": versions()}


def extraction(
    load: Callable[[Path], Callable[[Any], Any]],
    first: Callable[[Path], Any],
    inputs: Callable[[Path], Any],
) -> Callable[[Path], dict[str, Any]]:
    """Make the measure of a way that turns inputs into vectors.

    Loading is everything from the start of the process to the vector of one small input.
    """

    def measure(folder: Path) -> dict[str, Any]:
        transform = load(folder)
        transform(first(folder))
        loaded = {"load_seconds": since_start()}
        cells = inputs(folder)
        figures, output = timed(lambda: transform(cells))
        return {**loaded, **figures, "rows": len(output), "output": output}

    return measure


def first_vector(
    load: Callable[[Path], Callable[[Any], Any]], first: Callable[[Path], Any]
) -> Callable[[Path], object]:
    """Make the preparation of a way that keeps its converted network on disk."""
    return lambda folder: load(folder)(first(folder))


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Give the seconds of the wall clock and of all processors, and the result."""
    processors, start = _processor_seconds(), time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "cpu_seconds": _processor_seconds() - processors}, result


def _processor_seconds() -> float:
    return sum(os.times()[:4])  # user and system, own and of the children that were waited for


def since_start() -> float:
    """Seconds since this process was asked for."""
    return time.time() - float(os.environ[STARTED])


def peak_mb(*, children: bool = False) -> float:
    """Give the largest memory this process held at once, and that of its largest child.

    The kernel's own counter of a program begins with the program; that of `getrusage` inherits
    what the process was before it.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        peak = next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    if children:
        peak += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return peak


# -- the machine


def versions() -> dict[str, str]:
    """Give the versions of the libraries that matter."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def machine() -> dict[str, Any]:
    """Give what the figures depend on, beside the software."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "cpu": _cpu_info("model name") or platform.processor(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "flags": [flag for flag in _cpu_info("flags").split() if flag in _FLAGS],
    }


_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


def auto_precision() -> str:
    """Tell the arithmetic that OpenVINO, and hybridsent with "auto", choose on this processor."""
    fast = {"avx512_bf16", "amx_bf16"} & set(_cpu_info("flags").split())
    return "bfloat16" if fast else "float32"


def _cpu_info(key: str) -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.partition("\t")[0].strip() == key:
                return line.partition(":")[2].strip()
    return ""
