"""Folders, tables, recipes and packages made to harm: words or an answer, below two gibibytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import hostile_places
import pytest

ENOUGH = {"folders": 70, "tables": 90, "networks": 70, "recipes": 35, "plugins": 35}


def test_there_are_more_than_three_hundred_of_them():
    assert set(ENOUGH) == set(hostile_places.KINDS)
    assert sum(ENOUGH.values()) >= 300


@pytest.mark.slow
@pytest.mark.parametrize("kind", hostile_places.KINDS)
def test_what_is_made_to_harm_is_refused_with_words_within_two_gibibytes(kind, tmp_path):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    env["HYBRIDSENT_NETWORKS"] = str(tmp_path / "networks")
    (tmp_path / "work").mkdir()
    done = subprocess.run(
        [sys.executable, Path(hostile_places.__file__), kind, tmp_path / "work"],
        capture_output=True,
        text=True,
        env=env,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["broken"] == {}
    assert told["count"] >= ENOUGH[kind]
    assert told["peak"] < 2**31
