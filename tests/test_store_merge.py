"""Stores of several nodes become one: every sound row once, whatever happens meanwhile."""

import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from contextlib import closing

import numpy as np
import pytest

from hybridsent.cli import main
from hybridsent.exceptions import StoreError, StoreWarning
from hybridsent.store import FeatureStore, _row_file
from hybridsent.store._idle import close_idle

F = "text-tiny-1"


def key(i):
    return i.to_bytes(16, "big")


def keys(n, start=0):
    return [key(i) for i in range(start, start + n)]


def rows(ks, width=8):
    drawn = [np.random.default_rng(list(k)).random(width, dtype=np.float32) for k in ks]
    return np.array(drawn, np.float32).reshape(len(ks), width)


def same(found, ks, width=8):
    return set(found) == set(ks) and all(np.array_equal(found[k], rows([k], width)[0]) for k in ks)


@pytest.fixture
def make(tmp_path):
    """A store of this name, with rows of these keys."""

    def one(name, ks=(), width=8, fingerprint=F, **options):
        store = FeatureStore(tmp_path / name, **options)
        if len(ks):
            store.put_many(fingerprint, ks, rows(ks, width), spec={"of": name})
        return store

    yield one
    close_idle()


def change(store, statement, *values, fingerprint=F):
    close_idle()
    path = store.path / f"{fingerprint}.0.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount
    return path


def counts(merged):
    return [(one.fingerprint, one.new, one.known, one.damaged) for one in merged]


# -- what is taken over ------------------------------------------------------------------


def test_the_union_of_all_nodes(make, tmp_path):
    here = make("here", keys(10))
    nodes = [make("one", keys(10, 5)), make("two", keys(10, 20))]
    nodes[1].put_many("image-tiny-1", keys(3), rows(keys(3), 5))
    told = here.merge(nodes)
    assert counts(told) == [(F, 5, 5, 0), ("image-tiny-1", 3, 0, 0), (F, 10, 0, 0)]
    assert [one.source.name for one in told] == ["one", "two", "two"]
    assert same(here.get_many(F, keys(30)), keys(15) + keys(10, 20))
    assert same(here.get_many("image-tiny-1", keys(3)), keys(3), 5)
    assert here.verify() == []


def test_merging_again_takes_nothing(make):
    here, there = make("here"), make("there", keys(20))
    assert counts(here.merge(there)) == [(F, 20, 0, 0)]
    before = here.info()
    assert counts(here.merge(there.path)) == [(F, 0, 20, 0)]
    assert here.info() == before


def test_the_order_of_the_nodes_does_not_matter(make):
    nodes = [make(name, keys(20, start)) for name, start in (("a", 0), ("b", 10), ("c", 25))]
    found = []
    for i, order in enumerate(([0, 1, 2], [2, 0, 1], [1, 2, 0])):
        into = make(f"into-{i}")
        into.merge([nodes[k] for k in order])
        found.append(into.get_many(F, keys(60)))
    assert all(same(each, keys(45)) for each in found)


def test_texts_are_taken_over_too(make):
    there, here = make("there"), make("here")
    said = {k: f"Grüße {i}" for i, k in enumerate(keys(100))}
    there.get_or_compute_texts("said-1", list(said), lambda ks: iter([(ks, [said[k] for k in ks])]))
    assert counts(here.merge(there)) == [("said-1", 100, 0, 0)]
    found = here.get_or_compute_texts("said-1", list(said), lambda ks: iter(()))
    assert found.rows == said
    assert found.n_computed == 0


def test_what_a_fingerprint_is_made_of_and_what_was_encoded_is_kept(make):
    here, there = make("here"), make("there", keys(4))
    there.put_many(F, keys(4), rows(keys(4)))  # encoded twice there
    here.merge(there)
    (told,) = here.info()
    assert (told.spec, told.encoded, told.rows, told.width) == ({"of": "there"}, 4, 4, 8)


def test_hours_of_use_are_kept_and_never_in_the_future(make, monkeypatch):
    monkeypatch.setattr(_row_file, "this_hour", lambda: 100)
    old = make("old", keys(2))
    monkeypatch.setattr(_row_file, "this_hour", lambda: 900)
    ahead = make("ahead", keys(2, 5))
    monkeypatch.setattr(_row_file, "this_hour", lambda: 300)
    here = make("here")
    here.merge([old, ahead])
    path = here.path / f"{F}.0.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        used = dict(connection.execute("SELECT used, count(*) FROM keys GROUP BY used"))
    assert used == {100: 2, 300: 2}


def test_a_source_is_not_changed(make):
    there = make("there", keys(50))
    change(there, "UPDATE rows SET value = x'00' WHERE id = 7")
    before = there.info()
    with closing(sqlite3.connect(there.path / f"{F}.0.sqlite")) as connection:
        content = list(connection.iterdump())
    make("here").merge(there)
    assert there.info() == before
    with closing(sqlite3.connect(there.path / f"{F}.0.sqlite")) as connection:
        assert list(connection.iterdump()) == content


def test_many_portions(make, monkeypatch):
    monkeypatch.setattr("hybridsent.store._merge._PORTION_ROWS", 7)
    here, there = make("here", keys(30, 40)), make("there", random.Random(0).sample(keys(100), 100))
    assert counts(here.merge(there)) == [(F, 70, 30, 0)]
    assert same(here.get_many(F, keys(100)), keys(100))


# -- damage ------------------------------------------------------------------------------


def test_damaged_rows_are_left_out_and_counted(make):
    here, there = make("here"), make("there", keys(20))
    path = change(there, "UPDATE rows SET value = zeroblob(36) WHERE id IN (3, 9)")
    change(there, "DELETE FROM rows WHERE id = 12")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO keys VALUES (7, 1, 0), (x'0102', 1, 0)")
    assert counts(here.merge(there)) == [(F, 17, 0, 5)]
    assert same(
        here.get_many(F, keys(20)), [k for i, k in enumerate(keys(20), 1) if i not in (3, 9, 12)]
    )
    assert here.verify() == []


def test_two_rows_that_changed_places_are_both_left_out(make):
    here, there = make("here"), make("there", keys(4))
    change(there, "UPDATE rows SET id = CASE id WHEN 1 THEN -2 WHEN 2 THEN -1 ELSE id END")
    change(there, "UPDATE rows SET id = -id WHERE id < 0")
    assert counts(here.merge(there)) == [(F, 2, 0, 2)]


def test_a_file_that_is_no_database_is_refused_and_the_others_are_taken(make):
    here, there = make("here"), make("there", keys(5))
    (there.path / "broken.0.sqlite").write_bytes(b"no database" * 1000)
    told = here.merge(there)
    assert counts(told) == [("broken", 0, 0, 0), (F, 5, 0, 0)]
    assert "broken.0.sqlite is damaged" in told[0].refused
    assert (there.path / "broken.0.sqlite").exists()
    assert same(here.get_many(F, keys(5)), keys(5))


def test_what_can_be_read_of_a_truncated_file_is_taken_over(make, monkeypatch):
    monkeypatch.setattr("hybridsent.store._merge._PORTION_ROWS", 50)
    here, there = make("here"), make("there", keys(2000), width=200)
    close_idle()
    path = there.path / f"{F}.0.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    (told,) = here.merge(there)
    assert "damaged" in told.refused
    found = here.get_many(F, keys(2000))
    assert len(found) == told.new
    assert same(found, list(found), 200)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"width": 9}, "Rows of 9 floats were given .*whose stored rows have 8"),
        ({"newer": True}, "written by a newer hybridsent .*format 9.*Upgrade"),
        ({"texts": True}, "rows of another kind"),
        ({"renamed": True}, "holds the rows of 'other', not of"),
    ],
)
def test_what_cannot_be_the_same_is_refused(make, other, words):
    here, there = make("here", keys(3)), make("there")
    if "texts" in other:
        there.get_or_compute_texts(F, keys(2), lambda ks: iter([(ks, ["a"] * len(ks))]))
    elif "renamed" in other:
        there.put_many("other", keys(2), rows(keys(2)))
        close_idle()
        (there.path / "other.0.sqlite").rename(there.path / f"{F}.0.sqlite")
    else:
        there.put_many(F, keys(5), rows(keys(5), other.get("width", 8)))
    if "newer" in other:
        close_idle()
        path = there.path / f"{F}.0.sqlite"
        with closing(sqlite3.connect(path)) as connection, connection:
            (header,) = connection.execute("SELECT header FROM meta").fetchone()
            header = header.replace(b'"schema": 1', b'"schema": 9')
            connection.execute("UPDATE meta SET header = ?, crc = ?", (header, zlib.crc32(header)))
    (told,) = here.merge(there)
    assert told.new == 0
    assert re.search(words, told.refused)
    assert same(here.get_many(F, keys(9)), keys(3))


# -- what is no store --------------------------------------------------------------------


def test_nothing_is_merged_where_a_source_is_no_store(make, tmp_path):
    here, there = make("here"), make("there", keys(2))
    (tmp_path / "empty").mkdir()
    for wrong, words in (
        (tmp_path / "nowhere", "must be a folder that is there.*nowhere"),
        (tmp_path / "empty", "holds no store"),
    ):
        with pytest.raises(StoreError, match=words):
            here.merge([there, wrong])
    with pytest.raises(TypeError, match="Got None"):
        here.merge([None])
    assert here.info() == []


def test_a_store_is_not_merged_into_itself(make, tmp_path):
    here = make("here", keys(2))
    (tmp_path / "link").symlink_to(here.path)
    with pytest.raises(StoreError, match="into itself"):
        here.merge(tmp_path / "link")


def test_a_cleared_store_gives_nothing(make):
    here, there = make("here"), make("there", keys(3))
    there.clear()
    assert counts(here.merge(there)) == [(F, 0, 0, 0)]
    assert here.info() == []


def test_a_full_disk_is_an_error_of_the_target(make, tmp_path, monkeypatch):
    here, there = make("here", keys(1)), make("there", keys(3, 5))

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(_row_file.RowFile, "take_over", full)
    with pytest.raises(StoreError, match=r"here.*disk is full"):
        here.merge(there)


def test_a_store_above_its_limit_is_told(make):
    there = make("there", keys(300), width=1000)
    here = make("here", max_bytes=500_000)
    with pytest.warns(StoreWarning, match="more than its `max_bytes`"):
        here.merge(there)
    assert len(here.get_many(F, keys(300))) == 300  # nothing was evicted meanwhile


# -- while others work ---------------------------------------------------------------------

MERGER = """
import sys
from hybridsent.store import FeatureStore, _merge
_merge._PORTION_ROWS = 64
print("ready", flush=True)
sys.stdin.readline()
told = FeatureStore(sys.argv[1]).merge(sys.argv[2:])
assert not any(one.damaged or one.refused for one in told), told
print(sum(one.new for one in told), flush=True)
"""


def start(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", MERGER, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_merge_at_once_while_others_write(make):
    nodes = [make(f"node-{i}", keys(3000, 2000 * i)) for i in range(3)]  # they overlap
    here = make("here")
    close_idle()
    mergers = [start(here.path, *[n.path for n in order]) for order in (nodes, nodes[::-1])]
    stop, mine = threading.Event(), keys(40_000, 10_000)

    def write():
        for at in range(0, len(mine), 50):
            if stop.is_set():
                break
            here.put_many(F, mine[at : at + 50], rows(mine[at : at + 50]))
            written.extend(mine[at : at + 50])

    written = []
    writer = threading.Thread(target=write)
    writer.start()
    for process in mergers:
        go(process)
    new = [int(process.communicate()[0]) for process in mergers]
    stop.set()
    writer.join()
    assert [process.returncode for process in mergers] == [0, 0]
    assert sum(new) == 7000  # each row was new to one of them
    assert same(here.get_many(F, keys(7000) + written), keys(7000) + written)
    assert here.verify() == []
    (told,) = here.info()
    assert told.rows == 7000 + len(written)


def test_a_merge_that_is_killed_goes_on_where_it_was(make):
    there, here = make("there", keys(20_000)), make("here")
    close_idle()
    process = start(here.path, there.path)
    go(process)
    while not here.info() or here.info()[0].rows < 200:
        time.sleep(0.002)
    process.kill()
    process.wait()
    process.stdin.close(), process.stdout.close()
    n = here.info()[0].rows
    (told,) = here.merge(there)
    assert (told.new, told.known) == (20_000 - n, n)
    assert same(here.get_many(F, keys(20_000)), keys(20_000))
    assert here.verify() == []


# -- the command ---------------------------------------------------------------------------


def test_the_command(make, capsys):
    here, one, two = make("here", keys(2)), make("one", keys(4)), make("two", keys(4, 8))
    change(two, "UPDATE rows SET value = x'00' WHERE id = 1")
    call = ["store", "merge", str(one.path), str(two.path), "--store", str(here.path)]
    assert main(call) == 0
    said = capsys.readouterr()
    assert "5 rows taken over" in said.err
    assert "1 damaged rows were left out" in said.err
    assert [line.split()[1:] for line in said.out.splitlines()[1:]] == [
        [F, "2", "2", "0"],
        [F, "3", "0", "1"],
    ]
    two.put_many("wide", keys(1), rows(keys(1)))
    here.put_many("wide", keys(1), rows(keys(1), 3))
    assert main(call) != 0
    assert "1 files were not taken over whole: Rows of 8 floats" in capsys.readouterr().err
