"""Law of fresh processes: the first call of an encoder, in threads that import at the same time.

Converted networks lie on disk, so nothing slow comes before the readers; each imports its decoder
at the same moment. Every run is a process of its own: a module is imported once.
"""

from __future__ import annotations

import os
import pathlib
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cell_forms import cell_forms, form_names
from encoder_cases import CASES, encoder_classes

N_RUNS = int(os.environ.get("HYBRIDSENT_FRESH_RUNS", "4"))
"""Of each modality, over its backbones in turn; a run is a process of some seconds."""
_CODE = """
import json, pathlib, pickle, sys
sys.setswitchinterval(1e-5)  # threads change places in the middle of an import
kind, folder, forms, n_jobs, model = sys.argv[1:]
cells = pickle.loads((pathlib.Path(folder) / "cells").read_bytes())
cells = [cells[name][i] for i in range(4) for name in forms.split("|")]
opened = [i for i, cell in enumerate(cells) if isinstance(cell, complex)]  # a picture's mark
if opened:
    from PIL import Image
for i in opened:
    cells[i] = Image.open(f"{folder}/{int(cells[i].imag)}.png")
import hybridsent
make = {"text": "TextEncoder", "image": "ImageEncoder", "audio": "AudioEncoder"}[kind]
encoder = getattr(hybridsent, make)(model, store=None, n_jobs=int(n_jobs), device="cpu")
rows = encoder.fit_transform(cells)
import numpy as np
assert np.isfinite(rows).all(), "a row has no values"
apart = np.abs(rows - rows[:1]) / (np.abs(rows).max(axis=0) + 1e-9)
print(json.dumps(apart.max(axis=1).tolist()))
"""

_CONVERT = """
import ast, sys
import hybridsent
from encoder_cases import cells
for kind, model in ast.literal_eval(sys.argv[1]):
    encoder = getattr(hybridsent, kind)(model, store=None, device="cpu")
    encoder.fit_transform(cells(encoder.modality, 1))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Cells of every form on disk, and networks converted once, by a process that is gone."""
    found = {}
    for kind in encoder_classes():
        folder = tmp_path_factory.mktemp(kind)
        by_form = [cell_forms(kind, folder, seed) for seed in range(4)]
        kept = {name: [storable(forms[name]) for forms in by_form] for name in by_form[0]}
        for i in range(4):
            if "picture opened" in kept:
                kept["picture opened"][i] = complex(0, i)
        (folder / "cells").write_bytes(pickle.dumps(kept))
        found[kind] = folder
    models = [(case.kind.__name__, case.backbone.name) for case in CASES if not case.is_fake]
    path = os.pathsep.join(filter(None, sys.path))
    run = [sys.executable, "-c", _CONVERT, repr(models)]
    subprocess.run(run, check=True, timeout=600, env={**os.environ, "PYTHONPATH": path})
    return found


def storable(cell):
    """Views of memory cannot be pickled; their content is what counts in a fresh process."""
    return bytearray(cell) if isinstance(cell, memoryview) else cell


def first_call(backbone, folders: dict[str, pathlib.Path], forms: list[str], n_jobs: int):
    kind = backbone.modality
    run = [kind, str(folders[kind]), "|".join(forms), str(n_jobs), backbone.name]
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", _CODE, *run],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{run}: {done.stderr[-2000:]}"
    return np.array(eval(done.stdout.splitlines()[-1]))


every_backbone = pytest.mark.parametrize(
    "backbone", [case.backbone for case in CASES if not case.is_fake], ids=lambda b: b.name
)


@every_backbone
def test_the_first_call_takes_cells_of_every_form_side_by_side(backbone, folders):
    forms = form_names(backbone.modality)
    apart = first_call(backbone, folders, forms, 4).reshape(4, len(forms))
    assert apart[0].max() < 1e-2 < apart[1:].min()  # one cell in all its forms, and three others


@pytest.mark.slow
@pytest.mark.parametrize(
    "modality", sorted({case.kind.modality for case in CASES if not case.is_fake})
)
def test_no_first_call_fails_however_often(modality, folders):
    forms = form_names(modality)
    mine = [case.backbone for case in CASES if not case.is_fake and case.kind.modality == modality]

    def run(number):
        backbone = mine[number % len(mine)]
        first_call(backbone, folders, [forms[number % len(forms)]], 2 + number % 3)

    with ThreadPoolExecutor(2) as pool:  # processes that run beside each other are interrupted more
        assert len(list(pool.map(run, range(N_RUNS)))) == N_RUNS
