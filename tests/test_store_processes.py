"""Many processes on one store: nothing corrupt, lost or computed twice, whoever is killed."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hybridsent.store import FeatureStore

WIDTH = 16
FINGERPRINT = "law-1"
ROOT = Path(__file__).parents[1]

# A row is a known function of its key, so that any row can be checked by anybody.
COMMON = f"""
import hashlib, os, random, signal, sys, time
import numpy as np
from hybridsent.store import FeatureStore

folder, seed = sys.argv[1], int(sys.argv[2])
store = FeatureStore(folder)
draw = random.Random(seed)

def key(i):
    return hashlib.blake2b(str(i).encode(), digest_size=16).digest()

def row(k):
    return np.frombuffer(hashlib.shake_128(k).digest({WIDTH}), np.uint8).astype(np.float32)

def rows(ks):
    return np.stack([row(k) for k in ks])
"""

WRITER = f"""{COMMON}
committed = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
print("ready", flush=True)
for _ in range(int(sys.argv[4])):
    ks = [key(draw.randrange(3000)) for _ in range(40)]
    store.put_many("{FINGERPRINT}", ks, rows(ks))
    os.write(committed, b"".join(ks))
    asked = [key(draw.randrange(3000)) for _ in range(40)]
    for k, found in store.get_many("{FINGERPRINT}", asked).items():
        if not np.array_equal(found, row(k)):
            sys.exit("wrong row")
"""

ASKER = f"""{COMMON}
first, last, pause = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
ks = [key(i) for i in range(first, last)]
draw.shuffle(ks)

def compute(missing):
    print("computing", len(missing), flush=True)
    for start in range(0, len(missing), 50):
        time.sleep(pause)
        part = missing[start : start + 50]
        yield part, rows(part)

told = store.get_or_compute("{FINGERPRINT}", ks, compute)
assert set(told.rows) == set(ks)
assert all(np.array_equal(found, row(k)) for k, found in told.rows.items())
assert told.n_computed + told.n_found == len(ks)
print("computed", told.n_computed, flush=True)
"""


def key(i):
    return hashlib.blake2b(str(i).encode(), digest_size=16).digest()


def row(k):
    return np.frombuffer(hashlib.shake_128(k).digest(WIDTH), np.uint8).astype(np.float32)


@pytest.fixture
def start():
    """Start a worker; none outlives the test."""
    started = []

    def start(script, folder, seed, *arguments):
        command = [sys.executable, "-W", "error", "-c", script, str(folder), str(seed)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([*command, *map(str, arguments)], cwd=ROOT, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def finish(process, code=0):
    output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert code or not errors
    return output


def all_keys(path):
    data = path.read_bytes()
    whole = len(data) // 16 * 16
    return [data[i : i + 16] for i in range(0, whole, 16)]


@pytest.mark.slow
def test_eight_processes_two_of_them_killed_ten_times_over(tmp_path, start):
    store = FeatureStore(tmp_path / "store")
    draw = random.Random(0)
    logs = []
    for turn in range(10):
        mine = [tmp_path / f"{turn}-{i}.log" for i in range(8)]
        logs += mine
        crowd = [
            start(WRITER, store.path, 8 * turn + i, log, 10_000 if i < 2 else 25)
            for i, log in enumerate(mine)
        ]
        for process in crowd:
            assert process.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0.02, 0.3))
        for process in crowd[:2]:
            process.kill()
        for i, process in enumerate(crowd):
            finish(process, -signal.SIGKILL if i < 2 else 0)
        committed = list({k for log in logs for k in all_keys(log)})
        found = store.get_many(FINGERPRINT, committed)
        assert len(found) == len(committed)
        assert all(np.array_equal(found[k], row(k)) for k in committed)
    assert store.verify() == []
    (told,) = store.info()
    assert told.rows >= len(committed) > 2500
    assert told.encoded >= sum(len(all_keys(log)) for log in logs)


def computed_by(crowd):
    return [int(finish(process).split()[-1]) for process in crowd]


def test_four_processes_compute_each_key_once(tmp_path, start):
    crowd = [start(ASKER, tmp_path, i, 500 * i, 500 * i + 2000, 0.01) for i in range(4)]
    n_computed = computed_by(crowd)
    (told,) = FeatureStore(tmp_path).info()
    assert told.encoded == told.rows == sum(n_computed) == 3500
    assert all(n_computed), "the work was not shared"


def test_a_killed_process_leaves_its_claims_to_the_others(tmp_path, start):
    victim = start(ASKER, tmp_path, 0, 0, 2000, 0.2)
    assert victim.stdout.readline().startswith("computing")
    while not any(told.rows for told in FeatureStore(tmp_path).info()):
        time.sleep(0.05)
    crowd = [start(ASKER, tmp_path, i, 0, 2000, 0.005) for i in range(1, 4)]
    time.sleep(0.7)
    victim.kill()
    finish(victim, -signal.SIGKILL)
    n_computed = computed_by(crowd)
    (told,) = FeatureStore(tmp_path).info()
    assert told.encoded == told.rows == 2000
    assert sum(n_computed) < 2000, "the victim computed nothing: the test shows nothing"
    assert not list((tmp_path / "owners").glob("*.lock"))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs POSIX signals")
def test_a_slow_process_is_not_taken_for_a_dead_one(tmp_path, start):
    slow = start(ASKER, tmp_path, 0, 0, 400, 0.05)
    assert slow.stdout.readline().startswith("computing")
    slow.send_signal(signal.SIGSTOP)
    other = start(ASKER, tmp_path, 1, 0, 400, 0.0)
    time.sleep(0.8)
    assert other.poll() is None
    slow.send_signal(signal.SIGCONT)
    assert computed_by([slow, other]) == [400, 0]
    (told,) = FeatureStore(tmp_path).info()
    assert told.encoded == 400
