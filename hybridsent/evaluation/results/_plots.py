"""Plots of results for papers (layer L5; matplotlib is imported when something is drawn).

scikit-learn's Display classes draw one estimator each, without intervals; seaborn would be one more
dependency for bars and lines. Widths, colours and fonts are chosen here, once for all plots: the
width of a column, colours that people who do not see all of them can tell apart (Okabe and Ito),
and fonts that are embedded as outlines which editors of journals accept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._optional import import_optional

__all__ = [
    "COLOURS",
    "plot_calibration",
    "plot_confusion",
    "plot_contributions",
    "plot_curve",
    "plot_errors",
    "plot_gains",
    "plot_scores",
]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Of Okabe and Ito, for lines and dots, in this order."""

_COLUMN = 3.35
"""Inches: one of two columns."""
_STYLE: dict[str, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "savefig.dpi": 300,
}
_DUMMY = "dummy"
_LONGEST = 18  # letters of a name on an axis


@contextmanager
def _axes(ax: Any, path: Any, caller: str, height: float) -> Iterator[Any]:
    """Give axes to draw on, in the style of papers; save them where a file is named."""
    import_optional("matplotlib", caller=caller, extra="plot")
    plt = import_optional("matplotlib.pyplot", caller=caller, extra="plot")
    with plt.rc_context(_STYLE):
        made: Any = plt.subplots(figsize=(_COLUMN, height))[1] if ax is None else ax
        yield made
        if path is not None:
            made.figure.savefig(Path(path))
            if ax is None:
                plt.close(made.figure)


def _one_metric(metric: str | None, known: Sequence[str]) -> str:
    if metric is None:
        return known[0]
    if metric not in known:
        raise ValueError(
            f"The metric parameter must be one of {list(known)}, which were measured. Got "
            f"{metric!r}."
        )
    return metric


def _whiskers(ax: Any, rows: Sequence[tuple[str, Any]], first: str, *, zero: bool) -> None:
    """Draw values with their intervals, one below the other."""
    for place, (name, each) in enumerate(rows):
        colour = COLOURS[0] if name == first else "#555555"
        if math.isfinite(each.low) and math.isfinite(each.high):
            ax.plot([each.low, each.high], [place, place], color=colour, linewidth=1.6)
        ax.plot([each.value], [place], "o", color=colour)
    if zero:
        ax.axvline(0.0, color="#888888", linestyle="--", linewidth=0.8)
    ax.set_yticks(range(len(rows)), _short(name for name, _ in rows))
    ax.set_ylim(len(rows) - 0.5, -0.5)


def _short(names: Iterable[Any]) -> list[str]:
    """Cut long names, and show signs of mathtext as they are."""
    cut = (f"{name[:_LONGEST]}…" if len(name) > _LONGEST else name for name in map(str, names))
    return [name.replace("$", r"\$") for name in cut]


def _height(n: int) -> float:
    return 0.55 + 0.24 * n


def plot_scores(result: Any, metric: str | None, ax: Any, path: Any) -> Any:
    """Draw the scores of all models; see `hybridsent.evaluation.Evaluation.plot_scores`."""
    models = {n: each for n, each in result.models.items() if not result._is_its_modality(n)}
    first = next(iter(models))
    name = _one_metric(metric, list(models[first]))
    rows = [(model, scores[name]) for model, scores in models.items()]
    with _axes(ax, path, "plot_scores", _height(len(rows))) as axes:
        _whiskers(axes, rows, first, zero=False)
        if _DUMMY in models:
            line = models[_DUMMY][name].value
            axes.axvline(line, color="#888888", linestyle="--", linewidth=0.8, zorder=0)
        axes.set_xlabel(name)
    return axes


def plot_gains(result: Any, metric: str | None, ax: Any, path: Any) -> Any:
    """Draw how much better the first model is; see `Evaluation.plot_gains`."""
    if not result.gains:
        raise ValueError("This result has no gains: there is nothing beside the first model.")
    first = next(iter(n for n in result.models if not result._is_its_modality(n)))
    name = _one_metric(metric, list(next(iter(result.gains.values()))))
    rows = [(other, each[name]) for other, each in result.gains.items()]
    with _axes(ax, path, "plot_gains", _height(len(rows))) as axes:
        _whiskers(axes, rows, "", zero=True)
        axes.set_xlabel(f"{name}: {first} minus …")
    return axes


def plot_confusion(counts: Any, ax: Any, path: Any) -> Any:
    """Draw a confusion; see `hybridsent.evaluation.Evaluation.plot_confusion`."""
    numbers = counts.to_numpy(dtype=float)
    shares = numbers / np.maximum(numbers.sum(axis=1, keepdims=True), 1e-12)
    n = len(counts)
    with _axes(ax, path, "plot_confusion", 0.9 + 0.34 * n) as axes:
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
        for i, row in enumerate(shares):
            for j, share in enumerate(row):
                ink = "white" if share > 0.55 else "black"
                axes.text(j, i, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=7)
        axes.set_xticks(range(len(counts.columns)), _short(counts.columns), rotation=45, ha="right")
        axes.set_yticks(range(n), _short(counts.index))
        axes.tick_params(length=0)
        axes.set(xlabel=str(counts.columns.name or ""), ylabel=str(counts.index.name or ""))
    return axes


def plot_calibration(found: Any, ax: Any, path: Any) -> Any:
    """Draw how often a model is right against how sure it is; see `Calibration.plot`."""
    said = np.array([each.said for each in found.bins])
    seen = np.array([each.seen for each in found.bins])
    low = np.array([each.low for each in found.bins])
    high = np.array([each.high for each in found.bins])
    numbers = found.target == "numbers"
    with _axes(ax, path, "plot_calibration", 2.6) as axes:
        ends = (min(said.min(), np.nanmin(low)), max(said.max(), np.nanmax(high)))
        span = ends if numbers else (max(0.0, ends[0] - 0.03), 1.0)
        axes.plot(span, span, color="#888888", linestyle="--", linewidth=0.8)
        axes.vlines(said, low, high, color=COLOURS[0], linewidth=1.0)
        axes.plot(said, seen, "o-", color=COLOURS[0])
        axes.set_xlabel("mean prediction" if numbers else "confidence")
        axes.set_ylabel("mean truth" if numbers else "accuracy")
    return axes


def plot_errors(result: Any, model: str, ax: Any, path: Any) -> Any:
    """Draw what a model gets wrong; see `hybridsent.evaluation.Evaluation.plot_errors`."""
    kept = result._answers()
    draw: Callable[..., None] = _scatter if kept.target == "numbers" else _errors_by_sureness
    with _axes(ax, path, "plot_errors", 2.6) as axes:
        draw(axes, kept, kept.of(model))
    return axes


def _scatter(ax: Any, kept: Any, said: Any) -> None:
    truth, given = kept.truth.astype(float), said.labels.astype(float)
    ends = (min(truth.min(), given.min()), max(truth.max(), given.max()))
    ax.plot(ends, ends, color="#888888", linestyle="--", linewidth=0.8)
    ax.plot(truth, given, ".", color=COLOURS[0], alpha=0.4, markeredgewidth=0, rasterized=True)
    ax.set(xlabel="truth", ylabel="prediction")


def _errors_by_sureness(ax: Any, kept: Any, said: Any) -> None:
    if said.probabilities is None:
        raise ValueError(
            "plot_errors draws wrong answers by how sure the model was of them. This model has no "
            "probabilities; errors() lists what it gets wrong."
        )
    right = said.labels == kept.truth
    right = right.all(axis=1) if right.ndim == 2 else right
    sure = said.probabilities.max(axis=1)
    edges = np.linspace(0.0, 1.0, 21)
    parts = [sure[right], sure[~right]]
    ax.hist(parts, edges, stacked=True, color=["#BBBBBB", COLOURS[1]], label=["right", "wrong"])
    ax.set(xlabel="confidence", ylabel="answers", xlim=(max(0.0, sure.min() - 0.05), 1.0))
    ax.legend()


def plot_curve(curve: Any, metric: str | None, ax: Any, path: Any) -> Any:
    """Draw a curve with its bands; see `hybridsent.evaluation.Curve.plot`."""
    name = _one_metric(metric, curve.metrics)
    with _axes(ax, path, "Curve.plot", 2.2) as axes:
        for k, (line, told) in enumerate(curve.lines.items()):
            _line(axes, line, told[name], COLOURS[k % len(COLOURS)])
        points = [point for told in curve.lines.values() for point in told[name]]
        places = {point.x: point.name for point in points}
        if curve.kind in ("labels", "cost") and min(places) > 0:
            axes.set_xscale("log")
        if curve.kind == "labels":
            axes.set_xticks(list(places), list(places.values()))
            axes.minorticks_off()
        axes.set(xlabel=curve.x_name, ylabel=name)
        if len(curve.lines) > 1:
            axes.legend()
    return axes


def _line(ax: Any, name: str, points: Sequence[Any], colour: str) -> None:
    x, y = [p.x for p in points], [p.value for p in points]
    low, high = [p.low for p in points], [p.high for p in points]
    if len(points) == 1:
        ax.vlines(x, low, high, color=colour)
        ax.plot(x, y, "o", color=colour, label=name)
        return
    ax.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    ax.plot(x, y, "o-", color=colour, label=name)


def plot_contributions(found: Any, metric: str | None, ax: Any, path: Any) -> Any:
    """Draw the share of each view; see `hybridsent.evaluation.Contributions.plot`."""
    name = _one_metric(metric, found.metrics)
    shares: Mapping[str, Any] = {view: found.shapley[view][name] for view in found.views}
    best = max(shares, key=lambda view: shares[view].value)
    with _axes(ax, path, "Contributions.plot", _height(len(shares))) as axes:
        _whiskers(axes, list(shares.items()), best, zero=True)
        axes.set_xlabel(f"share in {name} (Shapley value)")
    return axes
