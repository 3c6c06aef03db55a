"""The first hour of a stranger: every tutorial runs as it stands, from an empty folder, and prints what it shows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pages import ROOT, TUTORIALS


def test_discovery_found_tutorials():
    assert {page.stem for page in TUTORIALS} >= {
        "tutorial_researcher",
        "tutorial_analyst",
        "tutorial_engineer",
    }


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_runs_from_an_empty_folder(page, tmp_path):
    own = {
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "pages.py"), str(page)],
        env={**os.environ, **own},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
