"""Hostile tables: a table or a TableError with words, never a crash, a hang or a burst."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hostile_tables import HOSTILE_TABLES, bombs

from hybridsent.datasets import detect_modalities, read_table, write_table
from hybridsent.exceptions import TableError, TableWarning

READ = """
import json, sys
from pathlib import Path
from hybridsent.datasets import read_table
from hybridsent.exceptions import TableError
for path in sys.argv[1:]:
    try:
        said = str(read_table(path).shape)
    except TableError as error:
        said = str(error)
    status = Path("/proc/self/status").read_text()  # getrusage also counts the process before exec
    print(json.dumps([said, int(status.partition("VmHWM:")[2].split()[0])]))
"""


def test_there_are_enough_hostile_tables_of_every_kind():
    assert len(HOSTILE_TABLES) >= 150
    assert len({name for name, _, _ in HOSTILE_TABLES}) == len(HOSTILE_TABLES)
    for kind in ("csv", "jsonl", "parquet", "gz", "xlsx"):
        assert sum(file.endswith(kind) for _, file, _ in HOSTILE_TABLES) >= 10


@pytest.mark.parametrize(
    ("file", "content"),
    [case[1:] for case in HOSTILE_TABLES],
    ids=[case[0] for case in HOSTILE_TABLES],
)
def test_a_hostile_table_is_read_or_refused_with_words(file, content, tmp_path):
    path = tmp_path / file
    path.write_bytes(content)
    table = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        try:
            table = read_table(path)
        except TableError as error:
            said = str(error)
    if table is None:
        assert str(path) in said
        assert len(said) < 2000
        return
    detect_modalities(table)
    for ending in (".csv", ".jsonl", ".parquet", ".xlsx"):
        out = tmp_path / f"out{ending}"
        with contextlib.suppress(TableError):
            write_table(table, out)
        if out.exists() and table.size:
            assert len(read_table(out, media=[])) == len(table)


@pytest.mark.slow
def test_bombs_are_refused_within_two_gibibytes(tmp_path):
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of memory is read from Linux' /proc")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    names, paths = [], []
    for i, (name, file, content) in enumerate(bombs()):
        path = tmp_path / str(i) / file
        path.parent.mkdir()
        path.write_bytes(content)
        names.append(name)
        paths.append(path)
    done = (
        subprocess.run(  # one process: its peak never falls, and the first above the bound is told
            [sys.executable, "-c", READ, *paths],
            capture_output=True,
            text=True,
            check=True,
            env=env,
        )
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for name, (said, peak) in zip(names, told, strict=True):
        assert "raise the limit: max_bytes=" in said or "more than a sheet can" in said, name
        assert peak < 2**21, f"{name}: {peak} KiB"
