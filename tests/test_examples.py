"""The examples run alone, from the demo data, in silence, and each draws a picture with something in it."""

from __future__ import annotations

import ast
import json
import os
import re
from pathlib import Path

import pytest
from forked import COMMON, Forked

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DRAWS = ("matplotlib.pyplot", "PIL.Image", "hybridsent.datasets", "hybridsent.evaluation")

RUN = """
import json, pathlib, runpy, shutil, sys, tempfile
import matplotlib.pyplot as plt
import numpy as np
from hybridsent.datasets import _demo

script, result, made = map(pathlib.Path, sys.argv[1:])
write_rows = _demo.write_rows

def rows_made_once(home, n, seed, **how):  # by the first example that asks for them
    kept = made / f"{n} {seed} {how}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=made) as folder:
            whole = shutil.copytree(home, pathlib.Path(folder, "whole"))
            rows = list(write_rows(whole, n, seed, **how))
            (whole / "rows").write_text(json.dumps(rows))
            try:
                whole.rename(kept)
            except OSError:  # another process was as quick
                assert kept.exists()
    shutil.copytree(kept, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("rows"))
    return json.loads((kept / "rows").read_text())

_demo.write_rows = rows_made_once
shown = []

def show():
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba()).reshape(-1, 4)
        shown.append({
            "axes": [
                {"drawn": len(ax.lines) + len(ax.patches) + len(ax.collections) + len(ax.images),
                 # panels over one axis are named once, below the last one
                 "named": any(each.get_xlabel() or each.get_title("left") or each.get_title()
                              for each in ax.get_shared_x_axes().get_siblings(ax))}
                for ax in figure.axes
                # of pictures side by side, without axes of their own, the row is named
                if ax.axison and not (ax.images and len(ax.get_xticks()) == 0)
            ],
            "colours": len(np.unique(pixels, axis=0)),
        })
        plt.close(figure)

plt.show = show
runpy.run_path(str(script), run_name="__main__")
show()
result.write_text(json.dumps(shown), encoding="utf-8")
"""


def test_the_gallery_is_there():
    assert len(EXAMPLES) >= 22


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows(example):
    """As sphinx-gallery reads it: a heading in the docstring, cells with headings, a picture at the end."""
    source = example.read_text(encoding="utf-8")
    title, line, *_ = ast.get_docstring(ast.parse(source)).splitlines()
    assert re.fullmatch(r"plot_\w+", example.stem)
    assert re.fullmatch(r"=+", line)
    assert len(line) >= len(title)
    assert len(title) <= 50, "a title of the gallery stands below a small picture"
    assert len(re.findall(r"^# %%\n# .+\n# -+$", source, re.MULTILINE)) >= 3
    assert "plt.show()" in source
    assert source.count('plt.style.use("hybridsent.gallery")') == 1, "pictures have one look"
    assert "tab:" not in source, "the colours of the gallery are C0 to C6 and greys"
    assert "hybridsent._" not in re.sub(r"(?m)^#.*$", "", source), "an example uses what is public"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_and_a_page_name_each_other(example):
    said = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8")))
    pages = re.findall(r"``docs/(\w+\.md)``", said)
    assert pages, "the docstring names its page of the documentation, as ``docs/….md``"
    link = f"(../examples/{example.name})"
    texts = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in pages]
    assert any(link in text for text in texts), f"none of {pages} links to it"


def test_colours_of_the_gallery_are_those_of_plots():
    mpl = pytest.importorskip("matplotlib", reason="the examples draw")
    from hybridsent.evaluation.results._plots import COLOURS

    style = mpl.rc_params_from_file(ROOT / "hybridsent" / "gallery.mplstyle", False, False)
    assert style["axes.prop_cycle"].by_key()["color"] == list(COLOURS)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run an example, which shares with the others what is not tested here: imports, demos, a store."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = base / "demos of examples"
    made.mkdir(exist_ok=True)
    drawn = {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path_factory.mktemp("matplotlib"))}
    python = Forked((*COMMON, *DRAWS), "-W", "error", **drawn)
    store = {"HYBRIDSENT_STORE": str(base / "store of examples")}

    def run(example, result):
        folder = result.parent
        env = {**os.environ, **store, "TMPDIR": str(folder)}
        return python.run(RUN, str(example), str(result), str(made), cwd=folder, env=env)

    yield run
    python.close()


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_alone_and_draws(example, run, tmp_path):
    pytest.importorskip("matplotlib", reason="the examples draw")
    result = tmp_path / "shown.json"
    done = run(example, result)
    assert done.returncode == 0, done.stderr
    figures = json.loads(result.read_text(encoding="utf-8"))
    assert figures
    for figure in figures:
        assert figure["colours"] >= 3
        assert figure["axes"]
        assert all(ax["drawn"] and ax["named"] for ax in figure["axes"]), figure
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith("hybridsent-demo")]
    assert left == [], "an example clears away what it wrote"
