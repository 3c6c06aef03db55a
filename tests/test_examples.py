"""The examples run alone, from the demo data, in silence, and each draws a picture with something in it."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

RUN = """
import json, runpy, sys
import matplotlib.pyplot as plt
import numpy as np

shown = []

def show():
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba()).reshape(-1, 4)
        shown.append({
            "axes": [
                {"drawn": len(ax.lines) + len(ax.patches) + len(ax.collections) + len(ax.images),
                 "named": bool(ax.get_xlabel() or ax.get_title())}
                for ax in figure.axes
            ],
            "colours": len(np.unique(pixels, axis=0)),
        })
        plt.close(figure)

plt.show = show
runpy.run_path(sys.argv[1], run_name="__main__")
show()
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(shown, file)
"""


def test_discovery_found_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows(example):
    """As sphinx-gallery reads it: a heading in the docstring, cells with headings, a picture at the end."""
    source = example.read_text(encoding="utf-8")
    title, line, *_ = ast.get_docstring(ast.parse(source)).splitlines()
    assert re.fullmatch(r"plot_\w+", example.stem)
    assert re.fullmatch(r"=+", line)
    assert len(line) >= len(title)
    assert len(re.findall(r"^# %%\n# .+\n# -+$", source, re.MULTILINE)) >= 3
    assert "plt.show()" in source
    assert "hybridsent._" not in re.sub(r"(?m)^#.*$", "", source), "an example uses what is public"


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_alone_and_draws(example, tmp_path):
    pytest.importorskip("matplotlib", reason="the examples draw")
    result = tmp_path / "shown.json"
    own = {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(example), str(result)],
        env={**os.environ, **own, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(result.read_text(encoding="utf-8"))
    assert figures
    for figure in figures:
        assert figure["colours"] >= 3
        assert figure["axes"]
        assert all(ax["drawn"] and ax["named"] for ax in figure["axes"]), figure
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith("hybridsent-demo")]
    assert left == [], "an example clears away what it wrote"
