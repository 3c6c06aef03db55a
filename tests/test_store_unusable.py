"""A store that cannot be used stops nothing, and one that several users share serves them all."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from fakes import fake, installed

from hybridsent import _folders
from hybridsent.encoders import TextEncoder
from hybridsent.exceptions import StoreError, StoreWarning
from hybridsent.store import FeatureStore, _idle
from hybridsent.store._idle import close_idle

F = "text-tiny-1"
ROOT = Path(__file__).parents[1]
KEYS = [i.to_bytes(16, "big") for i in range(600)]
ROWS = np.arange(1800, dtype=np.float32).reshape(600, 3)
BY_KEY = dict(zip(KEYS, ROWS, strict=True))
WAY_OUT = ("HYBRIDSENT_STORE", "store=None", "store=")


def compute(missing):
    """Rows in batches of a hundred."""
    for start in range(0, len(missing), 100):
        part = missing[start : start + 100]
        yield part, np.array([BY_KEY[key] for key in part])


@contextmanager
def gone_on():
    """Check that one warning of ours was given, and tell it."""
    _folders._told.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
    assert [one.category for one in caught] == [StoreWarning]
    assert all(word in str(caught[0].message) for word in WAY_OUT)


def check(told, n=600):
    assert set(told.rows) == set(KEYS[:n])
    for key in KEYS[:n]:
        np.testing.assert_array_equal(told.rows[key], BY_KEY[key])


@pytest.fixture(autouse=True)
def _nothing_told():
    before = set(_folders._told)
    yield
    close_idle()
    _folders._told.clear()
    _folders._told.update(before)


# -- any call of the system or the database fails ------------------------------------------


class Failing(sqlite3.Connection):
    """Its n-th statement fails, and all that follow."""

    left = 10**9
    code = 0

    def execute(self, *arguments):
        Failing.left -= 1
        if Failing.left < 0:
            raise failure(self.code)
        return super().execute(*arguments)

    def executemany(self, *arguments):
        Failing.left -= 1
        if Failing.left < 0:
            raise failure(self.code)
        return super().executemany(*arguments)


def failure(code):
    error = sqlite3.OperationalError(f"sqlite says {code}")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_TEST"
    return error


CODES = {"PERM": 3, "BUSY": 5, "LOCKED": 6, "READONLY": 8, "IOERR": 10, "FULL": 13}
CODES |= {"CANTOPEN": 14, "PROTOCOL": 15, "NOLFS": 22, "AUTH": 23, "IOERR_SHMOPEN": 4618}


@pytest.fixture
def failing(monkeypatch):
    opened = sqlite3.connect

    def connect(*arguments, **options):
        return opened(*arguments, factory=Failing, **options)

    def begin(code, after):
        Failing.code, Failing.left = code, after

    monkeypatch.setattr(sqlite3, "connect", connect)
    yield begin
    Failing.left = 10**9


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_wherever_the_database_begins_to_fail_every_row_is_computed(tmp_path, failing, code):
    for after in (0, 1, 3, 7, 9, 12, 15, 18, 22, 26, 30, 40, 55, 70):
        store = FeatureStore(tmp_path / str(after))
        store.put_many(F, KEYS[:5], ROWS[:5])
        failing(code, after)
        with gone_on():
            check(store.get_or_compute(F, KEYS, compute))
            check(store.get_or_compute(F, KEYS, compute))
        failing(0, 10**9)
        close_idle()
        check(store.get_or_compute(F, KEYS, compute))  # as if nothing had been
        assert store.verify() == []


OS_CALLS = ("mkdir", "open", "link", "listdir", "stat")


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EACCES", "EROFS", "EIO", "ENOTDIR"])
@pytest.mark.parametrize("call", OS_CALLS)
def test_whichever_call_of_the_system_fails_every_row_is_computed(
    tmp_path, monkeypatch, call, name
):
    real = getattr(os, call)

    def refuse(path, *arguments, **options):
        if str(path).startswith(str(tmp_path)):
            raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)), str(path))
        return real(path, *arguments, **options)

    store = FeatureStore(tmp_path / "store")
    with monkeypatch.context() as patch, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        patch.setattr(os, call, refuse)
        check(store.get_or_compute(F, KEYS, compute))
    assert {one.category for one in caught} <= {StoreWarning}
    assert len(caught) <= 1
    check(store.get_or_compute(F, KEYS, compute))


def test_an_error_of_compute_is_not_taken_for_one_of_the_store(tmp_path):
    def broken(missing):
        yield missing[:1], ROWS[:1]
        FeatureStore(blocked).put_many(F, KEYS[:1], ROWS[:1])

    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(StoreError, match="a folder is"):
        FeatureStore(tmp_path / "store").get_or_compute(F, KEYS[:3], broken)


def test_what_must_not_be_mixed_is_refused_all_the_same(tmp_path):
    store = FeatureStore(tmp_path)
    store.put_many(F, KEYS[:2], np.ones((2, 7)))
    with pytest.raises(StoreError, match="Rows of 3 floats"):
        store.get_or_compute(F, KEYS, compute)


def test_an_encoder_says_whose_line_it_is_and_goes_on(tmp_path):
    (tmp_path / "file").touch()
    with installed(fake("text")):
        encoder = TextEncoder("text/fake", store=tmp_path / "file")
        with gone_on() as caught:
            vectors = [encoder.fit_transform(["one", None, "two"]) for _ in range(3)]
        wanted = TextEncoder("text/fake", store=None).fit_transform(["one", None, "two"])
    for found in vectors:
        np.testing.assert_array_equal(found, wanted)
    assert caught[0].filename == __file__
    assert str(tmp_path / "file") in str(caught[0].message)


# -- other users, real disks ---------------------------------------------------------------


PROGRAM = """
import json, os, resource, signal, sys, tempfile, time, warnings
sys.path.insert(0, {root!r})
import numpy as np, platformdirs.unix
from hybridsent.store import FeatureStore, _idle, resolve_store
user, umask, first, last, how = sys.argv[1:6]
signal.alarm(120)
os.umask(int(umask, 8))
if "disk" in how:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
keys = [i.to_bytes(16, "big") for i in range(int(first), int(last))]
def compute(missing):
    if "hang" in how:
        print("computing", flush=True)
        time.sleep(100)
    for start in range(0, len(missing), 100):
        part = missing[start : start + 100]
        yield part, np.array([[int.from_bytes(key, "big")] * 50 for key in part], np.float32)
with tempfile.TemporaryDirectory() as folder:  # import all that root alone may read
    FeatureStore(folder).get_or_compute("f", keys[:1], lambda some: [(some, np.ones((1, 1)))])
    _idle.close_idle()
if int(user):
    os.setgroups([4321]); os.setgid(int(user)); os.setuid(int(user))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    store = resolve_store(sys.argv[6] if len(sys.argv) > 6 else "default")
    told = store.get_or_compute("text-f", keys, compute)
    again = store.get_or_compute("text-f", keys, compute)
right = all((row == int.from_bytes(key, "big")).all() for key, row in told.rows.items())
print(json.dumps([right and len(told.rows) == len(keys), told.n_found, again.n_found,
                  [type(one.message).__name__ + ": " + str(one.message) for one in caught]]))
"""
ALICE, BOB = 23451, 23452
other_users = pytest.mark.skipif(
    not hasattr(os, "setuid") or os.getuid() != 0, reason="only root becomes other users"
)


def start(user, *options, umask=0o22, how="", env=None):
    command = [sys.executable, "-c", PROGRAM.format(root=str(ROOT)), str(user), oct(umask)]
    command += [str(option) for option in options[:2]] + [how, *map(str, options[2:])]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, **(env or {})},
    )


def ended(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@pytest.fixture
def public():
    """A folder that other users can reach, as pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


_SWITCH = Path("/proc/sys/fs/protected_regular")
PROTECTED = _SWITCH.exists() and _SWITCH.read_text().strip() != "0"
SHARED = {"everybody": (0, 0o777), "like /tmp": (0, 0o1777), "a group": (4321, 0o770)}
SHARED |= {"a group that is handed on": (4321, 0o2775)}


@other_users
@pytest.mark.parametrize("umask", [0o22, 0o77, 0o2])
@pytest.mark.parametrize(("group", "mode"), SHARED.values(), ids=SHARED)
def test_two_users_share_a_folder(public, group, mode, umask):
    store = public / "store"
    store.mkdir()
    os.chown(store, 0, group)
    store.chmod(mode)
    assert ended(start(ALICE, 0, 300, store, umask=umask)) == [True, 0, 300, []]
    if mode & 0o1000 and PROTECTED:  # the kernel lets nobody open another user's log there
        assert ended(start(BOB, 200, 500, store, umask=umask))[:2] == [True, 100]
        return
    assert ended(start(BOB, 200, 500, store, umask=umask)) == [True, 100, 300, []]
    assert ended(start(ALICE, 0, 600, store, umask=umask)) == [True, 500, 600, []]


@other_users
def test_two_users_share_a_folder_at_the_same_time(public):
    public.chmod(0o777)
    crowd = [start(user, 0, 600, public / "made", how="") for user in (ALICE, BOB, ALICE, BOB)]
    for told in map(ended, crowd):
        assert told[0]
        assert told[2:] == [600, []]


@other_users
@pytest.mark.parametrize("umask", [0o22, 0o77])
def test_a_killed_users_claims_pass_to_another_user(public, umask):
    public.chmod(0o777)
    victim = start(ALICE, 0, 300, public, how="hang", umask=umask)
    assert victim.stdout.readline() == "computing\n"
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert ended(start(BOB, 0, 300, public, umask=umask)) == [True, 0, 300, []]


def _whole(path, mode):
    for each in [*path.rglob("*"), path]:
        each.chmod(mode & (0o777 if each.is_dir() else 0o666))


UNUSABLE = {
    "nobody else may look": (lambda store: _whole(store, 0o700), 0),
    "others may look": (lambda store: _whole(store, 0o755), 300),
    "the rows may not be read": (lambda store: _whole(store, 0o711), 0),
    "the files may not be written to": (
        lambda store: [_whole(store, 0o755), store.chmod(0o777)],
        300,
    ),
}


@other_users
@pytest.mark.parametrize(("close", "n_found"), UNUSABLE.values(), ids=UNUSABLE)
def test_another_users_folder_is_read_where_it_can_be_and_warned_of(public, close, n_found):
    store = public / "store"
    assert ended(start(0, 0, 300, store))[0]
    close(store)
    told = ended(start(BOB, 0, 400, store))
    assert told[:3] == [True, n_found, n_found]
    assert len(told[3]) == 1
    assert told[3][0].startswith("StoreWarning")
    assert all(word in told[3][0] for word in (*WAY_OUT, str(store)))


@pytest.mark.skipif(sys.platform == "win32", reason="there, homes are found otherwise")
def test_a_user_without_a_home_encodes(public):
    program = "import os, sys\nsys.modules['pwd'] = None\n" + PROGRAM.format(root=str(ROOT))
    named = ("HOME", "XDG_CACHE_HOME", "HYBRIDSENT_STORE", "PYTHONPATH")
    run = subprocess.run(
        [sys.executable, "-c", program, "0", "0o22", "0", "300", ""],
        cwd=public,
        env={key: value for key, value in os.environ.items() if key not in named},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith('[true, 0, 0, ["StoreWarning')
    assert "no home" in run.stdout
    assert list(public.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of the size of files")
def test_a_full_disk_stops_nothing(public):
    told = ended(start(0, 0, 3000, public / "store", how="disk"))
    assert told[0]
    assert len(told[3]) == 1
    assert all(word in told[3][0] for word in (*WAY_OUT, str(public)))


# -- older sqlite, connections that wait ---------------------------------------------------


def test_no_statement_has_more_variables_than_an_old_sqlite_takes(tmp_path, monkeypatch):
    opened = sqlite3.connect

    def connect(*arguments, **options):
        connection = opened(*arguments, **options)
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    keys = [i.to_bytes(16, "big") for i in range(9000)]
    store = FeatureStore(tmp_path, max_bytes=2**20)
    with monkeypatch.context() as patch:
        patch.setattr("hybridsent.store._row_file.this_hour", lambda: 1)
        store.put_many(F, keys, np.ones((9000, 3)))
    assert len(store.get_many(F, keys[:4000])) == 4000
    assert len(store.get_many(F, keys)) == 9000
    told = store.get_or_compute(F, keys, lambda missing: [(missing, np.ones((len(missing), 3)))])
    assert len(told.rows) == 9000
    store.max_bytes = 2**17
    assert store.evict() > 0
    assert store.verify(repair=True) == []
    store.clear()


def waiting():
    return [path for path in _idle._idle if path.suffix == ".sqlite"]


needs_waiting = pytest.mark.skipif(not _idle._MAY_WAIT, reason="here none waits")


@needs_waiting
def test_a_file_is_opened_once_however_many_calls_and_threads(tmp_path, monkeypatch):
    opened, connect = [], sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *some, **more: opened.append(some) or connect(*some, **more)
    )
    store = FeatureStore(tmp_path)
    store.get_or_compute(F, KEYS, compute)
    opened.clear()
    with ThreadPoolExecutor(1) as another:
        for _ in range(5):
            check(another.submit(store.get_or_compute, F, KEYS, compute).result())
            check(pickle.loads(pickle.dumps(store)).get_or_compute(F, KEYS, compute))
    assert opened == []


@needs_waiting
def test_a_folder_that_is_removed_meanwhile_is_made_anew(tmp_path):
    store = FeatureStore(tmp_path / "store")
    for _ in range(3):
        told = store.get_or_compute(F, KEYS, compute)
        assert told.n_computed == 600
        assert store.get_or_compute(F, KEYS, compute).n_found == 600
        shutil.rmtree(store.path)
    assert store.info() == []


@needs_waiting
def test_few_connections_wait_and_hold_no_log_when_they_are_closed(tmp_path):
    store = FeatureStore(tmp_path)
    for i in range(3 * _idle._MOST):
        store.put_many(f"text-{i}", KEYS, ROWS)
    assert len(waiting()) == _idle._MOST
    close_idle()
    assert not waiting()
    assert not list(tmp_path.glob("*-wal"))


@needs_waiting
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_connection_is_carried_over_a_fork(tmp_path):
    store = FeatureStore(tmp_path)
    store.put_many(F, KEYS[:300], ROWS[:300])
    assert waiting()
    child = os.fork()
    if child == 0:
        right = not waiting()
        right &= store.get_or_compute(F, KEYS, compute).n_found == 300
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not waiting()
    assert store.get_or_compute(F, KEYS, compute).n_found == 600
    assert store.verify() == []


@needs_waiting
def test_what_ended_in_an_error_does_not_wait(tmp_path):
    store = FeatureStore(tmp_path)
    store.put_many(F, KEYS[:2], ROWS[:2])
    with pytest.raises(StoreError):
        store.put_many(F, KEYS[2:4], np.ones((2, 7)))
    assert not waiting()
