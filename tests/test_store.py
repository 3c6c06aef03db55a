"""The feature store: what goes in comes out, and what goes wrong is said."""

import copy
import gc
import os
import pickle
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import warnings
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hybridsent.exceptions import StoreError, StoreWarning
from hybridsent.store import FeatureStore, _claims, _row_file, default_store_path, resolve_store
from hybridsent.store._idle import close_idle

F = "text-tiny-1"
HOUR = 480_000


def key(i):
    return i.to_bytes(16, "big")


def keys(n, start=0):
    return [key(i) for i in range(start, start + n)]


def rows(ks, width=8):
    drawn = [np.random.default_rng(list(k)).random(width, dtype=np.float32) for k in ks]
    return np.array(drawn, np.float32).reshape(len(ks), width)


def put(store, ks, width=8, fingerprint=F):
    return store.put_many(fingerprint, ks, rows(ks, width))


def same(found, ks, width=8):
    """Whether exactly these keys were found, each with its own row."""
    return set(found) == set(ks) and all(np.array_equal(found[k], rows([k], width)[0]) for k in ks)


def computing(width=8, batch=3):
    def compute(missing):
        compute.calls.append(list(missing))
        for start in range(0, len(missing), batch):
            part = missing[start : start + batch]
            yield part, rows(part, width)

    compute.calls = []
    return compute


def database(store, fingerprint=F):
    """The file, with everything in it: connections that wait would keep a log beside it."""
    close_idle()
    return store.path / f"{fingerprint}.0.sqlite"


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 0x10
    path.write_bytes(data)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store")


class Tracked(sqlite3.Connection):
    """A connection that knows whether it was closed by hand; Python 3.13 warns where it was not."""

    is_open = True

    def close(self):
        self.is_open = False
        super().close()


@pytest.fixture(autouse=True)
def tracked(monkeypatch):
    """Check after every test that the process is left as it was."""
    opened = []

    def connect(*arguments, **options):
        opened.append(open_connection(*arguments, factory=Tracked, **options))
        return opened[-1]

    open_connection = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    yield
    close_idle()
    assert not [connection for connection in opened if connection.is_open]
    assert not _claims._living


@pytest.fixture
def hour(monkeypatch):
    """A clock that tests turn: the hour of use."""

    def turn(value):
        monkeypatch.setattr(_row_file, "this_hour", lambda: HOUR + value)

    turn(0)
    return turn


# -- round trip ------------------------------------------------------------------------


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_goes_in_comes_out(data):
    ks = data.draw(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=30))
    given_rows = data.draw(
        hnp.arrays(
            np.float32, (len(ks), data.draw(st.integers(1, 40))), elements=st.floats(width=32)
        )
    )
    first = {k: given_rows[ks.index(k)] for k in ks}
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder)
        assert store.put_many(F, ks, given_rows) == len(first)
        assert store.put_many(F, ks, given_rows + 1) == 0
        found = store.get_many(F, ks[::-1] + [b"?" * 16] * (b"?" * 16 not in first))
        (told,) = store.info()
    assert set(found) == set(first)
    for k, row in first.items():
        np.testing.assert_array_equal(found[k].view(np.uint32), row.view(np.uint32))
    assert (told.rows, told.width, told.encoded) == (len(first), given_rows.shape[1], 2 * len(ks))


@pytest.mark.parametrize(("width", "page"), [(1, 16384), (2000, 16384), (2001, 4096), (6373, 4096)])
def test_narrow_and_wide_rows(store, width, page):
    put(store, keys(30), width)
    assert same(store.get_many(F, keys(40)), keys(30), width)
    with closing(sqlite3.connect(database(store))) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (page,)


def test_few_of_many_rows(store):
    ks = keys(3000)
    put(store, ks)
    some = random.Random(0).sample(ks, 100)
    assert same(store.get_many(F, some + some), some)


def test_rows_are_float32_writable_and_apart(store):
    store.put_many(F, keys(2), np.arange(4, dtype=float).reshape(2, 2))
    found = store.get_many(F, keys(2))
    found[key(0)][:] = 9
    assert found[key(1)].dtype == np.float32
    np.testing.assert_array_equal(found[key(1)], [2, 3])


def test_fingerprints_are_apart(store):
    put(store, keys(3), 8)
    put(store, keys(3), 4, "other:é 1")
    assert same(store.get_many("other:é 1", keys(3)), keys(3), 4)
    assert {told.fingerprint: told.width for told in store.info()} == {F: 8, "other:é 1": 4}


def test_nothing_stored_nothing_made(store):
    assert store.get_many(F, keys(3)) == {}
    assert store.put_many(F, [], np.empty((0, 8))) == 0
    assert (store.info(), store.verify(), store.clear(), store.evict()) == ([], [], 0, 0)
    assert not store.path.exists()


@pytest.mark.parametrize("bad", ["", "a/b", "a\\b", "a\nb", "x" * 121, None])
def test_unfit_fingerprints_are_refused(store, bad):
    with pytest.raises(ValueError, match="fingerprint"):
        store.get_many(bad, keys(1))


@pytest.mark.parametrize("name", ["..", ".hidden", "a:b", "A b", "50%", "a.0.sqlite", "ü"])
def test_odd_fingerprints_stay_inside_the_folder(store, name):
    put(store, keys(2), fingerprint=name)
    assert same(store.get_many(name, keys(2)), keys(2))
    assert [told.fingerprint for told in store.info()] == [name]
    assert [path.name for path in store.path.parent.iterdir()] == ["store"]


@pytest.mark.parametrize("bad", ["a" * 16, b"short", bytearray(16)])
def test_unfit_keys_are_refused(store, bad):
    with pytest.raises(ValueError, match="16 long"):
        store.put_many(F, [key(0), bad], np.zeros((2, 8)))


@pytest.mark.parametrize("shape", [(3, 8), (2,), (2, 0), (2, 2, 2)])
def test_unfit_rows_are_refused(store, shape):
    with pytest.raises(ValueError, match="shape"):
        store.put_many(F, keys(2), np.zeros(shape))


def test_another_width_is_refused(store):
    put(store, keys(2), 8)
    with pytest.raises(StoreError, match=r"Rows of 4 floats.*have 8.*clear"):
        put(store, keys(2), 4)


# -- once ------------------------------------------------------------------------------


def test_get_or_compute_computes_only_what_is_missing(store):
    put(store, keys(5))
    compute = computing()
    told = store.get_or_compute(F, keys(12) + keys(2), compute, spec={"backbone": "tiny"})
    assert compute.calls == [keys(7, 5)]
    assert same(told.rows, keys(12))
    assert (told.n_computed, told.n_found) == (7, 5)
    again = store.get_or_compute(F, keys(12), compute)
    assert (again.n_computed, again.n_found, len(compute.calls)) == (0, 12, 1)
    assert store.info()[0].encoded == 12


def test_large_requests_come_in_portions(store):
    compute = computing(batch=100)
    told = store.get_or_compute(F, keys(3000), compute)
    assert told.n_computed == 3000
    assert [len(call) for call in compute.calls][:2] == [1500, 750]
    assert sorted(k for call in compute.calls for k in call) == keys(3000)


def test_keys_that_compute_leaves_out_are_tried_once_a_call(store):
    def compute(missing):
        calls.append(missing)
        yield [], np.empty((0, 8))
        good = [k for k in missing if k[-1] % 2]
        yield good, rows(good)

    calls = []
    for n_found in (0, 5):
        told = store.get_or_compute(F, keys(10), compute)
        assert same(told.rows, keys(10)[1::2])
        assert told.n_found == n_found
    assert [len(call) for call in calls] == [10, 5]


def test_a_reused_buffer_is_copied(store):
    def compute(missing):
        buffer = np.empty((1, 8), np.float32)
        for k in missing:
            buffer[:] = rows([k])
            yield [k], buffer

    assert same(store.get_or_compute(F, keys(4), compute).rows, keys(4))


def test_an_error_of_compute_passes_and_frees_the_claims(store):
    def broken(missing):
        yield missing[:2], rows(missing[:2])
        raise ZeroDivisionError("cell 2")

    with pytest.raises(ZeroDivisionError, match="cell 2"):
        store.get_or_compute(F, keys(5), broken)
    told = store.get_or_compute(F, keys(5), computing())
    assert (told.n_computed, told.n_found) == (3, 2)
    assert not list((store.path / "owners").glob("*.lock"))


def test_rows_nobody_asked_for_are_refused(store):
    with pytest.raises(ValueError, match="not asked"):
        store.get_or_compute(F, keys(1), lambda _: iter([(keys(2), rows(keys(2)))]))


def test_threads_compute_each_key_once(store):
    barrier = threading.Barrier(4)
    results = []

    def ask(start):
        barrier.wait()
        results.append(store.get_or_compute(F, keys(1500, start), computing(batch=200)))

    threads = [threading.Thread(target=ask, args=(200 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(told.rows) for told in results] == [1500] * 4
    (told,) = store.info()
    assert told.encoded == told.rows == sum(told.n_computed for told in results) == 2100


def test_claims_survive_a_damaged_claims_file(store):
    store.get_or_compute(F, keys(3), computing())
    (claims,) = (store.path / "owners").glob("claims.*.sqlite")
    claims.write_bytes(b"no database" * 1000)
    assert same(store.get_or_compute(F, keys(6), computing()).rows, keys(6))


# -- copies, forks, threads ------------------------------------------------------------


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_a_store_can_be_copied(store, copied):
    put(store, keys(3))
    other = copied(FeatureStore(store.path, max_bytes=10**9))
    assert same(other.get_many(F, keys(3)), keys(3))
    assert (other.path, other.max_bytes) == (store.path, 10**9)
    assert repr(other) == f"FeatureStore({str(store.path)!r}, max_bytes=1000000000)"


def test_a_store_is_a_parameter_of_an_estimator(store):
    from sklearn.base import BaseEstimator, clone

    class Encoder(BaseEstimator):
        def __init__(self, store=None):
            self.store = store

    assert clone(Encoder(store)).store.path == store.path


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_compute(store):
    """The child uses the store, then unwinds its copy of its parent's stack: not its claims."""
    parent = os.getpid()

    class UnwoundError(Exception):
        pass

    def compute(missing):
        yield missing[:1], rows(missing[:1])
        child = os.fork()
        if child == 0:
            store.get_or_compute(F, keys(1, 90), computing())
            raise UnwoundError
        assert os.waitpid(child, 0)[1] == 0
        assert len(list((store.path / "owners").glob("*.lock"))) == 1
        yield missing[1:], rows(missing[1:])

    try:
        told = store.get_or_compute(F, keys(5), compute)
    except BaseException as error:
        if os.getpid() != parent:  # the child must not go on with the test run
            os._exit(0 if isinstance(error, UnwoundError) else 1)
        raise
    assert same(told.rows, keys(5))
    assert same(store.get_many(F, keys(1, 90)), keys(1, 90))
    assert store.info()[0].encoded == 6
    assert store.verify() == []


def _open_in(store):
    opened = [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
    return [path for path in opened if path.is_relative_to(store.path)]


def test_threads_leave_nothing_open(store):
    def work(i):
        put(store, keys(20, 10 * i))
        store.get_many(F, keys(20))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert same(store.get_many(F, keys(100)), keys(70))
    if Path("/proc/self/fd").exists():
        # one connection, and what sqlite keeps of the others for the next: at most one a thread
        assert len(_open_in(store)) <= 2 + len(threads)
        close_idle()
        assert not _open_in(store)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        gc.collect()


def test_threads_that_write_first_make_one_file(store):
    def write(i):
        barrier.wait()
        put(store, keys(1, i))

    for turn in range(5):
        barrier = threading.Barrier(8)
        threads = [threading.Thread(target=write, args=(8 * turn + i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        only = database(store).name
        assert [path.name for path in store.path.iterdir()] == [only]
        assert same(store.get_many(F, keys(8, 8 * turn)), keys(8, 8 * turn))
        database(store).unlink()


# -- damage ----------------------------------------------------------------------------


def test_a_flipped_byte_of_a_row_is_found_and_computed_again(store):
    put(store, keys(40))
    where = database(store).read_bytes().index(rows([key(7)])[0].tobytes())
    flip(database(store), where + 5)
    assert [problem.key for problem in store.verify()] == [key(7)]
    with pytest.warns(StoreWarning, match="1 damaged row"):
        found = store.get_many(F, keys(40))
    assert same(found, [k for k in keys(40) if k != key(7)])
    told = store.get_or_compute(F, keys(40), computing())
    assert (told.n_computed, store.verify()) == (1, [])
    assert same(store.get_many(F, keys(40)), keys(40))


def test_a_sound_vector_under_a_wrong_key_is_found_out(store):
    put(store, keys(3))
    with closing(sqlite3.connect(database(store))) as connection, connection:
        connection.execute("UPDATE keys SET id = 3 - id WHERE id < 3")
    with pytest.warns(StoreWarning, match="2 damaged rows"):
        assert same(store.get_many(F, keys(3)), keys(1, 2))


@pytest.mark.parametrize("width", [8, 3000])
def test_any_flipped_byte_gives_no_wrong_row_and_no_crash(tmp_path, width):
    ks = keys(60)
    sound = FeatureStore(tmp_path / "sound")
    put(sound, ks, width)
    size = database(sound).stat().st_size
    draw = random.Random(width)
    # half of them in the first pages: what is there, sqlite reads without our checksum
    places = [draw.randrange(min(size, 40_000) if i % 2 else size) for i in range(50)]
    places += [draw.randrange(100) for _ in range(5)]
    for turn, place in enumerate(places):
        store = FeatureStore(tmp_path / str(turn))
        shutil.copytree(sound.path, store.path)
        flip(database(store), place)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", StoreWarning)
                found = store.get_many(F, ks)
                told = store.get_or_compute(F, ks, computing(width, 100))
        except StoreError:
            continue  # a flip may read as "newer version" or "read-only": said, not crashed
        assert same(found, list(found), width), place
        assert same(told.rows, ks, width), place
        shutil.rmtree(store.path)


@pytest.mark.parametrize("content", [b"", b"no database" * 1000, None])
def test_a_damaged_file_is_set_aside(store, content):
    put(store, keys(400))
    path = database(store)
    path.write_bytes(path.read_bytes()[:30_000] if content is None else content)
    with pytest.warns(StoreWarning, match=r"renamed to \*\.damaged"):
        assert store.get_many(F, keys(400)) == {}
    assert put(store, keys(400)) == 400
    assert same(store.get_many(F, keys(400)), keys(400))
    assert path.with_name(f"{path.name}.damaged").exists()
    assert not path.exists(), "a name is never used twice"
    store.clear()
    assert not list(store.path.glob("*.damaged*"))


@pytest.mark.filterwarnings("ignore::hybridsent.exceptions.StoreWarning")
def test_many_threads_meet_a_damaged_file(store):
    put(store, keys(5))
    database(store).write_bytes(b"no database" * 1000)
    barrier = threading.Barrier(6)
    results = []

    def ask():
        barrier.wait()
        results.append(store.get_or_compute(F, keys(50), computing(batch=50)))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 6
    assert all(same(told.rows, keys(50)) for told in results)
    assert len(list(store.path.glob("*.damaged"))) == 1
    assert store.info()[0].encoded == 50


def test_verify_repairs(store):
    put(store, keys(10))
    put(store, keys(10), fingerprint="other")
    where = database(store).read_bytes().index(rows([key(3)])[0].tobytes())
    flip(database(store), where)
    database(store, "other").write_bytes(b"no database" * 1000)
    problems = store.verify()
    assert [(p.fingerprint, p.key, p.repaired) for p in problems] == [
        ("other", None, False),
        (F, key(3), False),
    ]
    assert [p.repaired for p in store.verify(repair=True)] == [True, True]
    assert store.verify() == []
    assert [(told.fingerprint, told.rows) for told in store.info()] == [(F, 9)]
    assert not list(store.path.glob("*.damaged*"))


def test_a_newer_store_is_refused(store):
    put(store, keys(2))
    with closing(sqlite3.connect(database(store))) as connection, connection:
        (header,) = connection.execute("SELECT header FROM meta").fetchone()
        header = header.replace(b'"schema": 1', b'"schema": 3')
        connection.execute("UPDATE meta SET header = ?, crc = ?", (header, zlib.crc32(header)))
    for action in (lambda: store.get_many(F, keys(2)), lambda: put(store, keys(3)), store.info):
        with pytest.raises(StoreError, match=r"newer hybridsent.*format 3.*Upgrade"):
            action()
    assert database(store).exists()


def test_a_renamed_file_is_refused(store):
    put(store, keys(2))
    database(store).rename(database(store, "other"))
    with pytest.raises(StoreError, match=f"holds the rows of '{F}', not of 'other'"):
        store.get_many("other", keys(2))


# -- the disk --------------------------------------------------------------------------


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "store").write_bytes(b"")
    store = FeatureStore(tmp_path / "store")
    for action in (
        lambda: store.get_many(F, keys(1)),
        lambda: put(store, keys(1)),
        store.info,
        store.verify,
    ):
        with pytest.raises(
            StoreError, match=r"(?s)store.*a folder is needed.*HYBRIDSENT_STORE.*store=None"
        ):
            action()
    with pytest.warns(StoreWarning, match=r"(?s)store.*a folder is needed.*HYBRIDSENT_STORE"):
        assert same(store.get_or_compute(F, keys(1), computing()).rows, keys(1))


def test_a_full_disk(store, monkeypatch):
    from hybridsent.store import _shelf

    def tight(path):
        connection = connect(path)
        connection.execute("PRAGMA max_page_count=40")
        return connection

    put(store, keys(5), 500)
    connect = _shelf.connect
    close_idle()
    with monkeypatch.context() as patch:
        patch.setattr(_shelf, "connect", tight)
        with pytest.raises(StoreError, match=r"disk is full.*HYBRIDSENT_STORE"):
            put(store, keys(500, 5), 500)
    assert same(store.get_many(F, keys(500)), keys(5), 500)
    assert put(store, keys(500), 500) == 495
    close_idle()
    with monkeypatch.context() as patch:
        patch.setattr(_shelf, "connect", tight)
        with pytest.warns(StoreWarning, match=r"disk is full.*not kept.*store=None"):
            told = store.get_or_compute(F, keys(1500), computing(500))
    assert same(told.rows, keys(1500), 500)
    assert (told.n_found, told.n_computed) == (500, 1000)


READ_ONLY = """
import os, sys, warnings
from hybridsent.exceptions import StoreError
from hybridsent.store import FeatureStore
if os.getuid() == 0:
    os.setuid(65534)
store, ks = FeatureStore(sys.argv[1]), [i.to_bytes(16, "big") for i in range(4)]
assert len(store.get_many("f", ks)) == 3
assert store.get_or_compute("f", ks[:3], None).n_found == 3
assert store.verify() == [] and store.info()[0].rows == 3
writing = [
    lambda: store.put_many("f", ks, [[1.0]] * 4),
    store.clear,
]
for act in writing:
    try:
        act()
    except StoreError as error:
        assert "HYBRIDSENT_STORE" in str(error), error
    else:
        raise SystemExit("not refused")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    told = store.get_or_compute("f", ks, lambda missing: [(missing, [[1.0]] * len(missing))])
assert (told.n_found, told.n_computed, len(told.rows)) == (3, 1, 4)
assert "HYBRIDSENT_STORE" in str(caught[0].message) and len(caught) == 1, caught
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs POSIX permissions")
def test_a_read_only_store_is_read():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "store"
        FeatureStore(path).put_many("f", keys(3), np.ones((3, 1)))
        Path(folder).chmod(0o755)
        for file in path.iterdir():
            file.chmod(0o444)
        path.chmod(0o555)
        command = [sys.executable, "-W", "error", "-c", READ_ONLY, str(path)]
        done = subprocess.run(
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        path.chmod(0o755)
    assert done.returncode == 0, done.stderr


# -- size ------------------------------------------------------------------------------


def test_the_oldest_rows_go_first_within_and_across_files(store, hour):
    for start in range(3):
        hour(start)
        put(store, keys(200, 200 * start), 500)
        put(store, keys(200, 200 * start), 500, "other")
    hour(9)
    store.get_many(F, keys(100))  # used again: saved
    before = sum(told.bytes for told in store.info())
    freed = FeatureStore(store.path, max_bytes=int(before * 0.85)).evict()
    after = sum(told.bytes for told in store.info())
    assert freed >= 0.15 * before
    assert freed == before - after
    assert after <= 0.85 * before
    kept, other = (set(store.get_many(name, keys(600))) for name in (F, "other"))
    assert set(keys(100)) | set(keys(400, 200)) <= kept
    assert set(keys(400, 200)) <= other
    assert not set(keys(200)) <= other | kept
    assert store.verify() == []


def test_the_size_is_kept_while_writing(tmp_path, hour):
    store = FeatureStore(tmp_path, max_bytes=2_000_000)
    for i in range(30):
        hour(i)
        put(store, keys(100, 100 * i), 250)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.sqlite*")) < 2_300_000
    assert same(store.get_many(F, keys(100, 2900)), keys(100, 2900), 250)
    assert store.get_many(F, keys(100)) == {}


def test_evicted_rows_are_computed_again(tmp_path):
    store = FeatureStore(tmp_path, max_bytes=300_000)
    told = store.get_or_compute(F, keys(2000), computing(250, 100))
    assert same(told.rows, keys(2000), 250)
    (file,) = store.info()
    assert file.rows < 400
    assert store.get_or_compute(F, keys(2000), computing(250, 100)).n_computed >= 1600


def test_reading_seldom_writes(store, hour):
    put(store, keys(50))
    stamp = database(store).read_bytes()
    store.get_many(F, keys(50))
    assert database(store).read_bytes() == stamp
    hour(2)
    store.get_many(F, keys(50))
    assert store.info()[0].last_used == 3600.0 * (HOUR + 2)


def test_clear_gives_the_room_back(store):
    put(store, keys(500), 500)
    put(store, keys(50), 500, "other")
    before = database(store).stat().st_size
    freed = store.clear(F)
    assert freed > 0.9 * before
    assert before - database(store).stat().st_size == freed
    assert [(told.rows, told.width, told.encoded) for told in store.info()] == [
        (50, 500, 50),
        (0, None, 0),
    ]
    assert put(store, keys(5), 4) == 5  # another width is a new start
    assert store.clear() > 0
    assert [told.rows for told in store.info()] == [0, 0]


# -- words -----------------------------------------------------------------------------


def test_info_tells_the_spec(store, hour):
    store.put_many(
        F, keys(1), np.zeros((1, 2)), spec={"backbone": "tiny", "steps": 3, "path": Path("x")}
    )
    store.put_many(F, keys(2), np.zeros((2, 2)), spec={"backbone": "ignored"})
    (told,) = store.info()
    assert told.spec == {"backbone": "tiny", "steps": 3, "path": "x"}
    assert (told.fingerprint, told.width, told.rows, told.encoded) == (F, 2, 2, 3)
    assert told.last_used == 3600.0 * HOUR
    assert told.bytes >= database(store).stat().st_size


def test_the_default_store(monkeypatch, tmp_path):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "named"))
    assert default_store_path() == FeatureStore().path == tmp_path / "named"
    monkeypatch.setenv("HYBRIDSENT_STORE", "~/rows")
    assert default_store_path() == Path.home() / "rows"
    monkeypatch.delenv("HYBRIDSENT_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_store_path().parts[-2:] == ("hybridsent", "store")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_bytes": "20GB"}, "max_bytes parameter .* Got '20GB'; 20 gigabytes are"),
        ({"max_bytes": 0}, "max_bytes parameter .* above 0. Got 0"),
        ({"max_bytes": True}, "Got True"),
        ({"path": 3}, "path parameter .* folder or None. Got int"),
    ],
)
def test_what_is_no_folder_or_no_size_is_refused_at_once(given, said):
    with pytest.raises((TypeError, ValueError), match=said):
        FeatureStore(**given)


def test_resolve_store(store, tmp_path):
    assert resolve_store(None) is None
    assert resolve_store(store) is store
    assert resolve_store(tmp_path).path == tmp_path
    assert resolve_store(str(tmp_path)).path == tmp_path
    assert resolve_store("default").path == default_store_path()
    with pytest.raises(TypeError, match=r"FeatureStore.*Got int"):
        resolve_store(3)
