"""Plots for papers, and how results look in a notebook."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from test_report import NASTY, Page, judged

from hybridsent.evaluation import (
    Calibration,
    Contributions,
    Curve,
    CurvePoint,
    Decisions,
    Interval,
    SearchResult,
    calibration,
)
from hybridsent.evaluation.results._result import Result
from hybridsent.exceptions import MissingDependencyError

mpl.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


def curve(kind: str = "labels") -> Curve:
    points = [CurvePoint(8, 0.5, 0.4, 0.6), CurvePoint(64, 0.6, 0.55, 0.65, "all")]
    lines = {name: {"accuracy": points, "f1": points} for name in ("fusion", "text")}
    return Curve(kind, "labels per class", lines, 90, 5, 1, 1.0)


def shares() -> Contributions:
    none = Decisions(np.arange(2), np.array(["text", "none"]), {"text": np.zeros(2)})
    share = {name: {"accuracy": Interval(0.2, 0.1, 0.3)} for name in ("text", "image")}
    whole, empty = {"accuracy": Interval(0.7, 0.6, 0.8)}, {"accuracy": Interval(0.3, 0.2, 0.4)}
    return Contributions(
        ["text", "image"], share, share, share, whole, empty, none, True, 9, 5, 1, 1.0
    )


PLOTS = {
    "scores": lambda path: judged("classes").plot_scores(path=path),
    "gains": lambda path: judged("classes").plot_gains(path=path),
    "confusion": lambda path: judged("classes").plot_confusion(path=path),
    "calibration": lambda path: judged("classes").plot_calibration("text", path=path),
    "calibration of numbers": lambda path: judged("numbers").plot_calibration(path=path),
    "errors": lambda path: judged("classes").plot_errors(path=path),
    "errors of numbers": lambda path: judged("numbers").plot_errors(path=path),
    "errors of sets": lambda path: judged("sets").plot_errors(path=path),
    "labels": lambda path: curve().plot(path=path),
    "missing": lambda path: curve("missing").plot("f1", path=path),
    "contributions": lambda path: shares().plot(path=path),
}


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_every_plot_is_a_vector_with_its_fonts_as_wide_as_a_column(name, ending, tmp_path):
    path = tmp_path / f"plot.{ending}"
    axes = PLOTS[name](path)
    content = path.read_bytes()
    assert axes.figure.get_size_inches()[0] == pytest.approx(3.35)
    assert axes.get_xlabel() or name == "confusion"
    if ending == "pdf":
        assert b"/Type3" not in content  # editors refuse these
        assert b"FontFile2" in content
    else:
        assert b"<svg" in content


def test_plots_draw_where_they_are_told_and_leave_settings_alone():
    from matplotlib import pyplot as plt

    before = dict(mpl.rcParams)
    _, axes = plt.subplots()
    assert judged("classes").plot_scores("own<metric>", ax=axes) is axes
    assert dict(mpl.rcParams) == before


def test_an_unknown_metric_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"must be one of \['accuracy', 'own<metric>'\]"):
        judged("classes").plot_scores("f2")
    with pytest.raises(ValueError, match=r"must be one of \['accuracy', 'f1'\]"):
        curve().plot("f2")


def test_without_matplotlib_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"plot_scores needs .*hybridsent\[plot\]"):
        judged("classes").plot_scores()


def test_judging_imports_neither_matplotlib_nor_jinja2():
    code = (
        "import sys, hybridsent.evaluation as e; e.make_report, e.Curve, e.evaluate, e.Calibration;"
        "print({'matplotlib', 'jinja2'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "set()"


# -- in a notebook ---------------------------------------------------------------------------------


def kinds() -> list[type]:
    found, left = [], [Result]
    while left:
        found += (below := left.pop().__subclasses__())
        left += below
    return found


def test_discovery_found_results():
    assert {Calibration, Contributions, Curve, SearchResult} <= set(kinds())


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_result_has_a_short_repr(kind):
    assert kind.__repr__ is Result.__repr__


@pytest.mark.parametrize(
    "result",
    [
        judged("classes"),
        judged("sets"),
        curve(),
        shares(),
        calibration(judged("classes").out_of_fold),
    ],
    ids=lambda result: type(result).__name__,
)
def test_results_are_short_in_a_console_and_a_table_in_a_notebook(result):
    assert len(repr(result)) < 160
    assert repr(result).startswith(f"<{type(result).__name__}: ")
    page = Page(result._repr_html_())
    assert page.all("table")
    assert all(each["scope"] == "col" for each in page.all("th"))


def test_a_notebook_gets_text_as_text():
    page = Page(judged("classes")._repr_html_())
    assert page.all("script") == page.all("img") == []
    assert NASTY in page.text


def test_answers_are_short_in_a_console():
    assert (
        repr(judged("classes").out_of_fold) == "<OutOfFold: 40 answers each of fusion, text, dummy>"
    )
