"""Loading under guard: no hostile bundle crashes, hangs, takes 2 GiB, or reaches out of its file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile_bundles import KINDS
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

import hybridsent
from hybridsent import TextEncoder, make_fusion, save

ROOT = Path(hybridsent.__file__).parents[1]
X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)
MOST = 2 * 2**30

# Runs in a fresh process: imports nothing of ours before the guard stands.
GUARD = """
import json, os, resource, sys, sysconfig, warnings, zoneinfo
folder, root, networks = sys.argv[1:4]
inside = [folder, root, networks, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(),
          *zoneinfo.TZPATH, *filter(None, sys.path)]  # plugins are looked for along sys.path
inside = {os.path.realpath(path) for path in inside} | {"/proc", "/sys", "/dev/null", "/dev/urandom"}
touched = []
PATHS = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir",
         "os.chdir", "os.link", "os.symlink", "os.truncate", "sqlite3.connect", "shutil.copyfile"}
NEVER = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "urllib.",
         "ftplib.", "http.", "smtplib.", "webbrowser.", "pickle.find_class")
def guard(event, args):
    if event.startswith(NEVER) and event not in ("socket.__new__",):
        touched.append(f"{event} {args!r:.200}")
    elif event in PATHS and args and isinstance(args[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if not any(path == one or path.startswith(one + os.sep) for one in inside):
            touched.append(f"{event} {path:.200}")
sys.addaudithook(guard)
warnings.simplefilter("ignore")
from hybridsent import load
from hybridsent.exceptions import PersistError
told = {}
for name in sorted(os.listdir(folder)):
    try:
        load(os.path.join(folder, name))
        told[name] = "loaded"
    except PersistError as error:
        told[name] = "refused" if len(str(error)) < 5000 else f"said {len(str(error))} letters"
    except BaseException as error:
        told[name] = f"{type(error).__name__}: {error!s:.300}"
if os.path.exists("/proc/self/status"):  # ru_maxrss begins with that of the process it was forked from
    with open("/proc/self/status") as status:
        peak = 1024 * int(status.read().partition("VmHWM:")[2].split()[0])
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"told": told, "touched": sorted(set(touched)), "peak": peak}))
"""


def under_guard(folder: Path) -> dict:
    """Load every file of a folder in one guarded process."""
    networks = os.environ.get("HYBRIDSENT_NETWORKS", str(folder))
    run = subprocess.run(
        [sys.executable, "-c", GUARD, str(folder), str(ROOT), networks],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


def check(result: dict) -> None:
    odd = {name: how for name, how in result["told"].items() if how not in ("loaded", "refused")}
    assert odd == {}
    assert result["touched"] == []
    assert result["peak"] < MOST, f"{result['peak'] / 2**20:.0f} MiB"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Bundles as save writes them."""
    folder = tmp_path_factory.mktemp("sound")
    models = {
        "plain": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
        "tree": make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=2)).fit(X, Y),
        "boosted": XGBClassifier(n_jobs=1, n_estimators=2, max_depth=2).fit(X, Y),
        "encoder": make_pipeline(TextEncoder(store=None), LogisticRegression()),
        "fusion": make_fusion(text=True, image=True, audio=True),
    }
    return {name: save(model, folder / name) for name, model in models.items()}


def test_loading_sound_bundles_touches_nothing_outside_of_them(sound):
    result = under_guard(sound["plain"].parent)
    check(result)
    assert set(result["told"].values()) == {"loaded"}


@pytest.mark.slow
def test_hostile_bundles_are_refused_in_bounds(sound, tmp_path):
    """One process loads them all: its peak is that of the worst, and what one leaves meets the next."""
    for kind, (base, make) in KINDS.items():
        for i, (name, data) in enumerate(make(sound[base].read_bytes())):
            plain = "".join(c if c.isalnum() else "_" for c in name)[:60]
            (tmp_path / f"{kind}-{i:04}-{plain}").write_bytes(data)
        assert i >= 4
    check(under_guard(tmp_path))


def test_there_are_hundreds_of_them(sound):
    cheap = set(KINDS) - {"zip_bombs", "lying_sizes", "broken_contents", "manifests", "schemas"}
    counted = {
        kind: sum(1 for _ in KINDS[kind][1](sound[KINDS[kind][0]].read_bytes())) for kind in cheap
    }
    assert min(counted.values()) >= 20, counted
    assert sum(counted.values()) >= 300, counted
