"""The folder of converted networks: what is swept, what stays, and what people are told of it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tiny

from hybridsent import TextEncoder
from hybridsent.cli import main
from hybridsent.encoders import _graph_care, _graph_files, _graphs, _runtime
from hybridsent.encoders._graph_care import clear, kept_items, largest_bytes, tidy
from hybridsent.encoders._graphs import versions

DAY = 24 * 3600.0
OTHERS = ["1", "of", "long", "ago"]


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.delenv("HYBRIDSENT_NETWORKS_GB", raising=False)
    return tmp_path / "networks"


def keep(name: str, size: int = 1000, made: list[str] | None = None, days: float = 0.0) -> Path:
    """An item of some size, made under some versions and used some days ago."""
    about = None if made == [] else {"name": name, "output": "p", "versions": made or versions()}
    path = _graph_files.keep(name, lambda draft: _fill(draft, size), about)
    assert path is not None
    aged(path / _graph_files.MANIFEST, days)
    return path


def _fill(draft: Path, size: int) -> None:
    (draft / "a.bin").write_bytes(b"a" * size)


def aged(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def names() -> set[str]:
    return {item.path.name for item in kept_items()}


def test_what_other_versions_made_goes_after_a_month_without_use(root):
    keep("mine", days=300)
    keep("theirs", made=OTHERS, days=20)
    keep("old", made=OTHERS, days=31)
    keep("older", made=[], days=31)  # of a version that did not say
    tidy(versions(), keep("fresh"))
    assert names() == {"mine", "theirs", "fresh"}
    assert {path.name for path in root.iterdir()} == names()


def test_above_the_limit_the_longest_unused_go_first_and_the_fresh_one_stays(monkeypatch):
    for i in range(5):
        keep(f"item{i}", size=100_000, days=i)
    keep("theirs", size=100_000, made=OTHERS, days=0)
    fresh = keep("fresh", size=100_000)
    monkeypatch.setenv("HYBRIDSENT_NETWORKS_GB", str(4.1e5 / 1e9))
    tidy(versions(), fresh)
    assert names() == {"fresh", "item0", "item1", "item2"}
    monkeypatch.setenv("HYBRIDSENT_NETWORKS_GB", "0")
    tidy(versions(), fresh)
    assert names() == {"fresh"}
    monkeypatch.setenv("HYBRIDSENT_NETWORKS_GB", "inf")
    tidy(versions(), keep("more", size=10**6))
    assert names() == {"fresh", "more"}


@pytest.mark.parametrize("wrong", ["many", "-1", "nan", "20GB"])
def test_a_limit_that_is_none_is_named(wrong, monkeypatch, capsys):
    monkeypatch.setenv("HYBRIDSENT_NETWORKS_GB", wrong)
    with pytest.raises(ValueError, match=r"HYBRIDSENT_NETWORKS_GB must be a number .* Got"):
        largest_bytes()
    assert main(["networks", "info"]) == 1
    assert "HYBRIDSENT_NETWORKS_GB" in capsys.readouterr().err


def test_drafts_of_killed_processes_are_swept_and_those_at_work_are_not(root):
    fresh = keep("fresh")
    for name, days in (("draft-killed", 0.1), ("draft-at-work", 0.01)):
        (root / name).mkdir()
        (root / name / "graph.bin").write_bytes(b"part")
        aged(root / name / "graph.bin", days)
        aged(root / name, days)
    tidy(versions(), fresh)
    assert {path.name for path in root.iterdir()} == {"fresh", "draft-at-work"}


def test_use_is_noted_once_an_hour():
    path = keep("one", days=3)
    assert _graph_files.find("one") == path
    noted = (path / _graph_files.MANIFEST).stat().st_mtime
    assert time.time() - noted < DAY
    aged(path / _graph_files.MANIFEST, 0.01)
    before = (path / _graph_files.MANIFEST).stat().st_mtime
    _graph_files.find("one")
    assert (path / _graph_files.MANIFEST).stat().st_mtime == before


def test_clear_takes_all_or_what_others_made(root):
    keep("mine", size=5000)
    keep("theirs", size=7000, made=OTHERS)
    assert clear(versions()) >= 7000
    assert names() == {"mine"}
    (root / "draft-x").mkdir()
    assert clear() >= 5000
    assert list(root.iterdir()) == []
    assert clear() == 0


def test_nothing_is_there_yet(root, capsys):
    assert (kept_items(), clear()) == ([], 0)
    assert main(["networks", "info"]) == 0
    assert "0 conversions" in capsys.readouterr().err


def test_the_command_tells_and_clears(capsys, root):
    keep("mine", size=2_000_000)
    keep("theirs", made=OTHERS, days=2)
    (root / "no-item").mkdir()  # of somebody else
    assert main(["networks", "info"]) == 0
    told = capsys.readouterr()
    assert [line.split()[-1] for line in told.out.splitlines()] == ["versions", "these", "others"]
    assert "2 conversions, 2.0 MB of at most 20 GB" in told.err
    assert main(["networks", "clear", "--others"]) == 0
    assert names() == {"mine"}
    assert main(["networks", "clear"]) == 0
    assert "2.0 MB freed" in capsys.readouterr().out
    assert [path.name for path in root.iterdir()] == ["no-item"]


def test_a_conversion_says_what_it_was_made_from_and_tidies(tmp_path, root):
    keep("old", made=OTHERS, days=40)
    folder = tiny.text_model("bert", tmp_path / "bert")
    encoder = TextEncoder(f"hf:{folder}", device="cpu", store=None, precision="float32")
    encoder.transform(["a day"])
    _runtime.release_networks()
    assert {item.name for item in kept_items()} == {f"hf:{folder}"}
    assert {item.output for item in kept_items()} == {"facts", "hidden -1"}
    assert all(item.versions == versions() for item in kept_items())


@pytest.mark.parametrize("at", ["find", "find_unchecked"])
def test_a_folder_that_is_cleared_at_any_moment_costs_a_conversion_alone(at, tmp_path, monkeypatch):
    folder = tiny.text_model("bert", tmp_path / "bert")
    encoder = TextEncoder(f"hf:{folder}", device="cpu", store=None, precision="float32")
    rows = encoder.transform(["a day"])
    _runtime.release_networks()
    find = getattr(_graph_files, at)

    def gone(item: str):
        """Find an item, of which nothing is left when it is read."""
        found = find(item)
        clear()
        return found

    monkeypatch.setattr(_graph_files, at, gone)
    np.testing.assert_array_equal(encoder.transform(["a day"]), rows)
    _runtime.release_networks()


def test_threads_that_keep_and_clear_at_once_lose_nothing_but_time(root, monkeypatch):
    monkeypatch.setattr(_graph_care, "_DRAFT_SECONDS", 3600.0)
    failed: list[BaseException] = []

    def work(i: int) -> None:
        try:
            for k in range(15):
                path = _graph_files.keep(f"item{k % 4}", lambda draft: _fill(draft, 1000 + i))
                if path is not None:
                    tidy(versions(), path)
                clear()
                kept_items()
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    clear()
    assert not any(root.iterdir())


def test_versions_are_those_of_the_format_and_the_packages():
    assert versions() == [str(_graphs._FORMAT), *map(_graphs._version, _graphs._PACKAGES)]
