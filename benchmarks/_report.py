"""What the rounds of a benchmark say: ratios, tables, goals."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _harness import Benchmark, Way

Figures = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A figure that was wanted, and the one that was seen (None: not measured)."""

    text: str
    wanted: float
    seen: float | None
    at_least: bool = True

    @property
    def met(self) -> bool | None:
        if self.seen is None:
            return None
        return self.seen >= self.wanted if self.at_least else self.seen <= self.wanted

    def line(self) -> str:
        sign = ">=" if self.at_least else "<="
        if self.seen is None:
            return f"goal: {self.text}: wanted {sign} {self.wanted:g}, not measured"
        verdict = "met" if self.met else "NOT met"
        return (
            f"goal: {self.text}: wanted {sign} {self.wanted:g}, seen {_shown(self.seen)}  {verdict}"
        )

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "met": self.met}


def _short(value: Any) -> Any:
    """Keep four digits of a figure, and more of one that is nearly 1."""
    if not isinstance(value, float):
        return value
    return round(value, 7) if 0.99 < value < 1 else float(f"{value:.4g}")


def _shown(value: float) -> str:
    """Write a figure so that one just below 1 does not read as 1."""
    return f"{value:.7f}" if 0.99 < value < 1 else f"{value:.4g}"


@dataclass
class Report:
    """Figures of all rounds."""

    benchmark: Benchmark
    ways: Sequence[Way]
    facts: dict[str, Any] = field(default_factory=dict)
    flops: float | None = None
    rounds: list[dict[str, Figures]] = field(default_factory=list)
    ceilings: list[Figures] = field(default_factory=list)
    agreements: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    versions_of: dict[str, dict[str, str]] = field(default_factory=dict)

    def values(self, way: str, key: str) -> list[float]:
        return [one[way][key] for one in self.rounds if way in one and key in one[way]]

    def median(self, way: str, key: str = "seconds") -> float | None:
        values = self.values(way, key)
        return statistics.median(values) if values else None

    def ratio(self, way: str, reference: str, key: str = "seconds") -> float | None:
        """Give how many times as much the reference took: the median of the ratios in the rounds."""
        ratios = [
            one[reference][key] / one[way][key]
            for one in self.rounds
            if key in one.get(way, {}) and key in one.get(reference, {}) and one[way][key]
        ]
        return statistics.median(ratios) if ratios else None

    def share(self, way: str, reference: str, key: str) -> float | None:
        """Give what part of the reference's figure a way has: the inverse of `ratio`."""
        ratio = self.ratio(way, reference, key)
        return None if not ratio else 1 / ratio

    def of_ceiling(self, way: Way) -> float | None:
        """Give the rate of the arithmetic as a part of the rate of a large product in its round."""
        if not self.flops or way.precision is None:
            return None
        shares = [
            self.flops / one[way.name]["seconds"] / ceiling[way.precision]
            for one, ceiling in zip(self.rounds, self.ceilings, strict=False)
            if way.name in one and ceiling.get(way.precision)
        ]
        return statistics.median(shares) if shares else None

    def compare(self, output: Callable[[str], Any]) -> None:
        """Note how far the outputs of this round agree with those of their references."""
        compare = self.benchmark.agreement
        for way in self.ways:
            both = {way.name, way.reference} <= self.rounds[-1].keys()
            if compare is None or not both or way.reference is None:
                continue
            ours, theirs = output(way.name), output(way.reference)
            if ours is not None and theirs is not None:
                seen = [compare(ours, theirs), self.agreements.get(way.name)]
                self.agreements[way.name] = self.benchmark.worst(x for x in seen if x is not None)

    def rows(self) -> list[dict[str, Any]]:
        """Give a row a way for the ledger: ratios to its reference, and what a reader asks next."""
        kept = ("reference", "ratio", "cpu_ratio", "median", "load_seconds", "peak_mb", "agreement")
        rows = []
        for way in self.ways:
            told = {key: _summary(self, way)[key] for key in kept}
            seconds, rounds = told.pop("median"), len(self.values(way.name, "seconds"))
            cpu = self.median(way.name, "cpu_seconds")
            row = {
                "way": way.name,
                "seconds": seconds,
                "cpu_seconds": cpu,
                **told,
                "rounds": rounds,
            }
            encoded = self.median(way.name, "encoded")
            row |= {} if encoded is None else {"encoded": encoded}
            if rounds:
                rows.append({key: _short(value) for key, value in row.items() if value is not None})
        return rows

    def as_dict(self) -> dict[str, Any]:
        return {
            "facts": self.facts,
            "flops": self.flops,
            "versions": self.versions,
            "other_versions": self.versions_of,
            "rounds": self.rounds,
            "ceilings": self.ceilings,
            "left_out": self.left_out,
            "warnings": {name: lines for name, lines in self.warnings.items() if lines},
            "ways": {way.name: _summary(self, way) for way in self.ways},
        }


def _summary(report: Report, way: Way) -> dict[str, Any]:
    seconds = report.values(way.name, "seconds")
    rows = report.median(way.name, "rows")
    reference = way.reference
    return {
        "median": statistics.median(seconds) if seconds else None,
        "min": min(seconds, default=None),
        "max": max(seconds, default=None),
        "rows_per_second": rows / statistics.median(seconds) if rows and seconds else None,
        "reference": reference,
        "ratio": report.ratio(way.name, reference) if reference else None,
        "cpu_ratio": report.ratio(way.name, reference, "cpu_seconds") if reference else None,
        "load_seconds": report.median(way.name, "load_seconds"),
        "peak_mb": report.median(way.name, "peak_mb"),
        "agreement": report.agreements.get(way.name),
        "of_ceiling": report.of_ceiling(way),
    }


# -- printed


def print_report(
    benchmark: Benchmark, report: Report, goals: Sequence[Goal], *, quick: bool
) -> None:
    print(f"\n## {benchmark.title}\n")
    if quick:
        print("Quick run on small inputs: the figures below say nothing.\n")
    for name, value in report.facts.items():
        print(f"{name}: {value}")
    _print_ceiling(report)
    _print_table(report)
    for name, reason in report.left_out.items():
        print(f"left out: {name}: {reason}")
    for name, lines in report.warnings.items():
        for line in lines:
            print(f"warned: {name}: {line[:300]}")
    for name, others in report.versions_of.items():
        told = ", ".join(f"{library} {version}" for library, version in others.items())
        print(f"{name} ran with {told}")
    print()
    for goal in goals:
        print(goal.line())


def _print_ceiling(report: Report) -> None:
    for precision in ("float32", "bfloat16"):
        rates = [one[precision] for one in report.ceilings if precision in one]
        if rates:
            rate = statistics.median(rates) / 1e9
            print(f"ceiling, {precision}: {rate:.0f} GFLOP/s ({report.ceilings[0].get('by')})")
    if report.flops:
        print(f"work: {report.flops / 1e9:.1f} GFLOP")


_COLUMNS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "median s": lambda s: _number(s["median"]),
    "min s": lambda s: _number(s["min"]),
    "max s": lambda s: _number(s["max"]),
    "rows/s": lambda s: _number(s["rows_per_second"]),
    "against": lambda s: s["reference"],
    "× (wall)": lambda s: _number(s["ratio"]),
    "× (CPU)": lambda s: _number(s["cpu_ratio"]),
    "load s": lambda s: _number(s["load_seconds"]),
    "peak MB": lambda s: _number(s["peak_mb"]),
    "agreement": lambda s: None if s["agreement"] is None else f"{s['agreement']:.8g}",
    "of ceiling": lambda s: None if s["of_ceiling"] is None else f"{s['of_ceiling']:.0%}",
}


def _number(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _print_table(report: Report) -> None:
    """Print a line a way; columns that say nothing of any way are left out."""
    measured = [way for way in report.ways if report.values(way.name, "seconds")]
    cells = {
        column: [show(_summary(report, way)) for way in measured]
        for column, show in _COLUMNS.items()
    }
    cells = {column: values for column, values in cells.items() if any(v for v in values)}
    heads = [
        report.benchmark.agreement_name if column == "agreement" else column for column in cells
    ]
    print("\n| " + " | ".join(["way", *heads]) + " |")
    print("|---" * (len(heads) + 1) + "|")
    for i, way in enumerate(measured):
        print("| " + " | ".join([way.name, *(values[i] or "" for values in cells.values())]) + " |")
    print()
