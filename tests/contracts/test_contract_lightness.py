"""A budget for importing, and what importing may not do."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest
from forked import forked
from laws import over
from package_tree import MODULES, ROOT, called

from hybridsent._optional import import_optional
from hybridsent.encoders import Options, get_backbone
from hybridsent.exceptions import MissingDependencyError

NETWORKS = {
    "openvino",
    "torch",
    "torchvision",
    "transformers",
    "xgboost",
    "opensmile",
    "skops",
    "skrub",
}
FILES = {"PIL", "soundfile", "soxr", "safetensors", "tokenizers", "huggingface_hub", "tqdm"}
TABLES = {"pandas", "pyarrow", "sklearn", "scipy"}
NEEDS_SKLEARN = {"_params", "devices", "fusion", "heads", "recipes"}
NEEDS_SKLEARN |= {
    "active",
    "alignment",
    "annotation",
    "augment",
    "few_label",
    "lexical",
    "meta",
    "missing",
    "scaling",
    "transfer",
    "weak",
    "finetune",
    "_folds",
    "_groups",
    "_minus_one",
    "_outer_folds",
    "_frames",
    "_tags",
    "_numerics",
    "_labeled_score",
    "_labels",
    "_weighted",
    "_inner",
}
"""Units of estimators, which load SciPy; sklearn itself imports pandas and pyarrow where it finds them."""

UNITS = sorted({module.unit for module in MODULES.values()} - {"__init__", "__main__"})
INSTALLED = packages_distributions()
PROJECT = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]


def fresh(code: str) -> dict:
    """Run code in a new interpreter; what it puts in `told` comes back. It must print nothing."""
    before = "import json, sys\ntold = {}\n"
    after = "\ntold['modules'] = sorted(sys.modules)\nprint('\\n' + json.dumps(told))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + code + after],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    said, _, told = run.stdout.rstrip("\n").rpartition("\n")
    assert said == ""
    return json.loads(told)


@pytest.mark.parametrize(
    ("code", "too_heavy"),
    [
        ("import hybridsent; dir(hybridsent)", NETWORKS | FILES | TABLES | {"numpy"}),
        (
            "from hybridsent import TextEncoder, make_fusion, evaluate, save, load, read_table",
            NETWORKS | FILES,
        ),
        (
            "from hybridsent import TextEncoder\nTextEncoder().get_feature_names_out()",
            NETWORKS | FILES,
        ),
        (
            "from hybridsent import make_fusion\nmake_fusion(text=True, image=True, audio=True)",
            NETWORKS,
        ),
        ("import hybridsent.cli", NETWORKS | FILES | TABLES),
        ("from hybridsent import list_backbones", NETWORKS | FILES | TABLES | {"numpy"}),
        ("from hybridsent.evaluation import encoders_of", NETWORKS | FILES),
        (  # what a saved model of one view is made of
            "from hybridsent.encoders import TextEncoder\nfrom hybridsent.fusion import ViewColumns\n"
            "from hybridsent.heads import TunedLinearClassifier\n"
            "from hybridsent.missing import ViewImputer\nfrom hybridsent.scaling import ViewScaler",
            NETWORKS
            | {"hybridsent.alignment", "hybridsent._numerics.networks", "hybridsent.heads._stacked"}
            | {"sklearn.ensemble", "sklearn.feature_selection", "sklearn.neighbors"},
        ),
    ],
)
def test_imports_are_light(code, too_heavy):
    assert set(fresh(code)["modules"]) & too_heavy == set()


@over((unit, unit) for unit in UNITS)
def test_every_unit_is_light(unit, tmp_path):
    """Forks begin with what a unit may import, and nothing of ours."""
    tables = ("numpy", "pandas", "scipy.stats", "sklearn.linear_model")
    python = forked(tables if unit in NEEDS_SKLEARN else ("numpy",), "-W", "error")
    run = python.run(f"import sys, hybridsent.{unit}; print(*sys.modules)", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    too_heavy = NETWORKS | FILES | (set() if unit in NEEDS_SKLEARN else TABLES)
    assert f"hybridsent.{unit}" in run.stdout.split()
    assert set(run.stdout.split()) & too_heavy == set()


def test_import_is_quick():
    """What takes time is the modules: of the package it is three, beside a few small ones of Python."""
    added = set(fresh("import hybridsent")["modules"]) - set(fresh("")["modules"])
    of_ours = {name for name in added if name.split(".")[0] == "hybridsent"}
    assert of_ours == {"hybridsent", "hybridsent._lazy", "hybridsent._version"}
    assert len(added) < 20, sorted(added)


def test_importing_everything_changes_nothing_and_says_nothing():
    names = sorted(set(MODULES) - {"hybridsent.__main__"})
    told = fresh(
        f"""
import importlib, logging, os, random, warnings, signal, locale
import numpy as np, sklearn, pandas, scipy.stats, sklearn.svm, sklearn.ensemble
def state():
    return [repr(part) for part in (
        warnings.filters, logging.getLogger().level, logging.getLogger().handlers,
        sorted(os.environ.items()), os.getcwd(), sys.path, sys.excepthook, sys.getrecursionlimit(),
        np.random.get_state(), random.getstate(), np.geterr(), sklearn.get_config(),
        signal.getsignal(signal.SIGINT), locale.getlocale(),
    )]
before = state()
for name in {names!r}:
    importlib.import_module(name)
told["changed"] = [pair for pair in zip(before, state()) if pair[0] != pair[1]]
"""
    )
    assert told["changed"] == []
    assert set(told["modules"]) & NETWORKS == set()


# -- what is not installed -------------------------------------------------------------------------


def optional_calls() -> list[tuple[str, ast.Call]]:
    """Calls of import_optional in the package, with where they stand."""
    return [
        (module.at(node), node)
        for module in MODULES.values()
        for node in module.nodes(ast.Call)
        if called(node) == "import_optional"
    ]


def test_discovery_found_optional_imports():
    assert len(optional_calls()) >= 3


@over((case[0], case) for case in optional_calls())
def test_optional_imports_name_what_exists(where, call):
    named = call.args[0]
    if isinstance(named, ast.JoinedStr):  # f"cleanlab{part}": the package is told, a part is not
        named = named.values[0]
    package = ast.literal_eval(named).split(".")[0]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    assert "caller" in keywords
    if "extra" in keywords:
        assert ast.literal_eval(keywords["extra"]) in PROJECT["optional-dependencies"], where
    wanted = {_plain(each) for each in PROJECT["dependencies"]}
    wanted |= {
        _plain(each) for extra in PROJECT["optional-dependencies"].values() for each in extra
    }
    assert {_plain(name) for name in INSTALLED[package]} & wanted, (
        f"{where}: {package} is no dependency"
    )


def _plain(requirement: str) -> str:
    return re.split(r"[<>=\[; ]", requirement)[0].lower().replace("_", "-")


def test_every_extra_named_in_the_package_exists():
    named = {
        (extra, module.name)
        for module in MODULES.values()
        for group in re.findall(r"hybridsent\[([\w,-]+)\]", module.path.read_text())
        for extra in group.split(",")
    }
    assert {extra for extra, _ in named} <= set(PROJECT["optional-dependencies"]), named


def test_every_top_level_import_is_a_dependency():
    declared = {_plain(each) for each in PROJECT["dependencies"]}
    unknown = set()
    for module in MODULES.values():
        for name, node in module.imports:
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top == "hybridsent":
                continue
            homes = {_plain(home) for home in INSTALLED.get(top, [top])}
            if not homes & (declared | COMES_WITH.keys()):
                unknown.add(f"{module.at(node)}: {top}")
    assert not unknown, sorted(unknown)


COMES_WITH = {
    "scipy": "scikit-learn needs it",
    "huggingface-hub": "transformers needs it",
    "markupsafe": "jinja2 needs it",
    "tokenizers": "transformers needs it",
}


@pytest.mark.parametrize("missing", ["opensmile", "efficientnet_lite_pytorch"])
def test_a_missing_package_is_named_with_the_way_out(monkeypatch, tmp_path, missing):
    monkeypatch.setenv("HYBRIDSENT_NETWORKS", str(tmp_path))  # no conversion spares the package
    used_by = {"opensmile": "audio/egemaps-v02"}.get(missing, "image/efficientnet-lite0")
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        MissingDependencyError, match=f"needs the package '{missing}'.* pip install"
    ) as caught:
        get_backbone(used_by).load("cpu", "float32").encode(
            [np.zeros((224, 224, 3), dtype=np.uint8)], Options()
        )
    assert isinstance(caught.value, ImportError)
    assert used_by.split("/")[0] in str(caught.value)


def test_an_error_inside_an_installed_package_is_not_called_missing(tmp_path, monkeypatch):
    Path(tmp_path, "half_there.py").write_text("import surely_not_installed")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed") as caught:
        import_optional("half_there", caller="a test")
    assert not isinstance(caught.value, MissingDependencyError)


def test_the_extra_is_in_the_message():
    with pytest.raises(
        MissingDependencyError, match=r'a test needs .* pip install "hybridsent\[dev\]"'
    ):
        import_optional("surely_not_installed", caller="a test", extra="dev")


SAVED = """
import sys
from hybridsent import make_fusion, save
import pandas as pd
table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 2})
save(make_fusion(text=True).fit(table, ["good", "good", "bad", "bad"] * 2), sys.argv[1])
"""
UNUSED = ("sklearn.ensemble", "sklearn.datasets", "sklearn.neural_network", "sklearn.cluster")


def test_loading_imports_no_more_than_the_model_needs(tmp_path):
    path = tmp_path / "m"
    subprocess.run([sys.executable, "-c", SAVED, str(path)], check=True)
    told = fresh(
        f"""
from hybridsent import load
load({str(path)!r})
told["unused"] = [name for name in {UNUSED!r} if name in sys.modules]
"""
    )
    assert set(told["modules"]) & (NETWORKS | {"safetensors", "huggingface_hub", "pytest"}) == set()
    assert told["unused"] == []


WARM = """
import sys
import pandas as pd
from hybridsent import make_fusion
table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 2})
make_fusion(text=True).fit(table, ["good", "good", "bad", "bad"] * 2).predict(table)
print([name for name in ("torch", "transformers", "xgboost", "opensmile") if name in sys.modules])
"""


# -- what a command loads --------------------------------------------------------------------------

COMMANDS = [
    (["--version"], NETWORKS | FILES | TABLES | {"numpy"}),
    (["backbones"], NETWORKS | FILES | TABLES | {"numpy"}),
    (["store", "info"], NETWORKS | FILES | TABLES),
    (
        ["predict", "{folder}/model", "{folder}/posts.csv", "-o", "{folder}/out.csv"],
        NETWORKS | FILES,
    ),
    (
        ["predict", "{folder}/model", "{folder}/posts.csv", "-o", "{folder}/o.csv", "--store=off"],
        NETWORKS - {"openvino"} | {"PIL", "soundfile", "soxr", "tqdm"},
    ),
]
"""Arguments, and what must not be loaded; rows are in the store, networks on disk."""

PREPARED = """
import sys
import pandas as pd
from hybridsent import make_fusion, save
folder = sys.argv[1]
table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 2})
model = make_fusion(text=True).fit(table, ["good", "good", "bad", "bad"] * 2)
save(model, folder + "/model")
table.to_csv(folder + "/posts.csv", index=False)
make_fusion(text=True, store=None).fit(table, ["good", "good", "bad", "bad"] * 2)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    subprocess.run([sys.executable, "-c", PREPARED, str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells of a GPU by its files"
)
@pytest.mark.parametrize(
    ("arguments", "too_heavy"),
    COMMANDS,
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_a_command_loads_what_it_needs(prepared, arguments, too_heavy):
    if HAS_GPU:
        pytest.skip("this machine has a GPU: torch must be asked which")
    given = [one.format(folder=prepared) for one in arguments]
    code = (
        "import contextlib, io, os\nfrom hybridsent.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
        f"    assert main({given!r}) == 0\n"
    )
    assert set(fresh(code)["modules"]) & too_heavy == set()


HAS_GPU = any(Path(f"/dev/{name}").exists() for name in ("nvidiactl", "nvidia0", "dxg", "kfd"))


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells of a GPU by its files"
)
def test_with_every_row_in_the_store_no_network_is_imported():
    if HAS_GPU:
        pytest.skip("this machine has a GPU: torch must be asked which")
    runs = [
        subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True)
        for _ in range(2)  # the first may have to encode, the second finds every row
    ]
    assert runs[-1].stdout.strip() == "[]"


def test_a_command_looks_for_words_in_a_model_without_importing_them():
    told = fresh(
        "from hybridsent.cli._encoding import learners_in\ntold['found'] = learners_in([1, 'a'])"
    )
    assert told["found"] == []
    assert not {"hybridsent.lexical", "hybridsent.meta"} & set(told["modules"])


def test_listing_backbones_starts_no_cryptography():
    told = fresh("from hybridsent import list_backbones\ntold['n'] = len(list_backbones())")
    assert told["n"] > 3
    assert "_hashlib" not in told["modules"]
