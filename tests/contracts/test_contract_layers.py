"""Laws of the tree: who may import whom, and what no module may do; read from the syntax."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter

import pytest
from laws import over
from package_tree import MODULES, ROOT, Module, called

LAYERS = {
    "L0": (
        "_buildable",
        "_folders",
        "_folds",
        "_frames",
        "_groups",
        "_held",
        "_hints",
        "_inner",
        "_label_doubts",
        "_label_sets",
        "_labeled_score",
        "_labels",
        "_layout",
        "_lazy",
        "_minus_one",
        "_notes",
        "_optional",
        "_outer_folds",
        "_params",
        "_plugins",
        "_polarity",
        "_registries",
        "_run_file",
        "_tables",
        "_tags",
        "_threads",
        "_version",
        "_warnings",
        "_weighted",
        "exceptions",
        "views",
    ),
    "L0 numbers": ("_numerics",),
    "L1": ("_demo", "media", "store"),
    "L2": ("encoders",),
    "L3": (
        "active",
        "alignment",
        "annotation",
        "devices",
        "drift",
        "few_label",
        "heads",
        "lexical",
        "meta",
        "missing",
        "quantification",
        "scaling",
        "transfer",
        "weak",
    ),
    "L4": ("augment", "datasets", "finetune", "fusion", "recipes"),
    "L5": ("evaluation", "persist"),
    "L6": ("_web", "scoring"),
    "L7": (
        "__main__",
        "cli",
        "distributed",
        "label_page",
        "market",
        "monitor",
        "serve",
        "timeline",
    ),
}
"""A layer imports only layers above it, those in L3 only L0; words know each other, and numbers know
words; all know the exceptions and how a table of another library is read; nobody knows the root."""

LAYER_OF = {unit: layer for layer, units in LAYERS.items() for unit in units}
WORDS = "L0"
COMMANDS_OPEN = {("__main__", "cli")} | {
    ("cli", edge) for edge in LAYERS["L7"] if edge not in ("__main__", "cli")
}
"""Edges that one opens: `python -m` the commands, and a command each of the others."""
SIBLINGS_ONLY_L0 = "L3"
READ_CELLS = ("lexical", "meta", "weak")
"""Siblings that learn from cells of a table, where the others take a matrix: they read as encoders do."""

HEAVY = {
    "av",
    "huggingface_hub",
    "opensmile",
    "pandas",
    "PIL",
    "pyarrow",
    "safetensors",
    "skops",
    "soundfile",
    "soxr",
    "torch",
    "torchvision",
    "tokenizers",
    "tqdm",
    "transformers",
    "xgboost",
}
"""Imported in the functions that use them: `import hybridsent` and its small parts stay quick."""

BEHIND_A_LAZY_DOOR = {"_demo": {"PIL"}, "datasets": {"pandas"}}
"""Units whose `__init__` imports its own modules when asked, or never, as test_contract_lightness.py
makes sure: their private modules may import these at the top."""

NO_PUBLIC_NAME = {"persist": {"sklearn.tree._tree.Tree", "sklearn.neighbors._base.NeighborsBase"}}
"""Types inside fitted estimators that persistence must recognise; sklearn exports them nowhere."""

every_module = over(MODULES.items())


def internal(module: Module) -> list[tuple[str, ast.AST]]:
    """Modules of the package that a module imports."""
    found = []
    for name, node in module.imports:
        if name.split(".")[0] != "hybridsent":
            continue
        while name not in MODULES:  # from hybridsent.x import name: x is the module
            name = name.rpartition(".")[0]
        found.append((name, node))
    return found


def complaint(module: Module, target: str) -> str | None:
    """Why a module may not import another of the package; None where it may."""
    mine, theirs = module.unit, MODULES[target].unit
    if theirs == "__init__":
        return "nobody imports from the root: name the module"
    if mine in ("__init__", theirs) or (mine, theirs) in COMMANDS_OPEN:
        return None
    if theirs == "exceptions" or (theirs == "_tables" and mine != "exceptions"):
        return None
    here, there = LAYER_OF[mine], LAYER_OF[theirs]
    if there > here or (there == here and here != WORDS):
        return f"{mine} ({here}) may not import {theirs} ({there})"
    reads = mine in READ_CELLS and there in ("L1", "L2")
    if here == SIBLINGS_ONLY_L0 and not there.startswith(WORDS) and not reads:
        return f"{mine} ({here}) may import L0 only, not {theirs} ({there})"
    return None


# -- discovery -------------------------------------------------------------------------------------


def test_discovery_found_the_package():
    assert len(MODULES) > 40
    assert {"hybridsent", "hybridsent.exceptions", "hybridsent.encoders._base"} <= MODULES.keys()
    assert sum(len(internal(module)) for module in MODULES.values()) > 100


def test_discovery_sees_imports_wherever_they_stand(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        "import a\nif TYPE_CHECKING:\n    from b import c\ndef f():\n    from d import e\n"
    )
    module = Module("m", path)
    assert [name for name, _ in module.imports] == ["a", "b.c", "d.e"]
    assert [name for name, node in module.imports if node in module.at_import] == ["a"]


def test_every_module_has_a_layer():
    units = {module.unit for module in MODULES.values()} - {"__init__"}
    homeless = units - LAYER_OF.keys()
    assert not homeless, (
        f"{sorted(homeless)}: add each to LAYERS in {__file__} and to docs/architecture.md"
    )
    gone = LAYER_OF.keys() - units
    assert not gone, f"{sorted(gone)} are in LAYERS but not in the package"


def test_the_table_in_the_documents_is_this_one():
    text = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (L\d[a-z ]*) \| (.*?) \|", text, re.MULTILINE)
    assert {layer: tuple(sorted(re.findall(r"`(\w+)/?`", units))) for layer, units in rows} == {
        layer: tuple(sorted(units)) for layer, units in LAYERS.items()
    }


# -- who may import whom ---------------------------------------------------------------------------


@every_module
def test_layers(module):
    wrong = [
        f"{module.at(node)}: {why}"
        for name, node in internal(module)
        if (why := complaint(module, name))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("exceptions", "media"),
        ("_labels", "_numerics"),
        ("media", "store"),
        ("store", "encoders"),
        ("heads", "scaling"),
        ("missing", "encoders"),
        ("lexical", "missing"),
        ("encoders", "fusion"),
        ("fusion", "datasets"),
        ("evaluation", "persist"),
        ("persist", "cli"),
    ],
)
def test_the_law_of_layers_can_be_broken(source, target):
    assert complaint(MODULES[f"hybridsent.{source}"], f"hybridsent.{target}")


def test_there_are_no_cycles_not_even_hidden_in_functions():
    graph = {
        module.name: {
            name for name, _ in internal(module) if name not in (module.name, "hybridsent")
        }
        for module in MODULES.values()
        if module.name != "hybridsent"
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"import cycle: {' <- '.join(error.args[1])}")


@every_module
def test_imports_are_absolute(module):
    assert [module.at(node) for name, node in module.imports if name.startswith(".")] == []


@every_module
def test_heavy_libraries_are_imported_where_they_are_used(module):
    wrong = [
        f"{module.at(node)}: {name}"
        for name, node in module.imports
        if node in module.at_import
        and name.split(".")[0] in HEAVY - BEHIND_A_LAZY_DOOR.get(module.unit, set())
    ]
    assert not wrong, "\n".join(wrong)


def test_private_parts_of_scikit_learn_enter_through_one_door():
    wrong = [
        f"{module.at(node)}: {name}"
        for module in MODULES.values()
        for name, node in module.imports
        if re.match(r"sklearn(\.\w+)*\._", name)
        and module.unit != "_params"
        and name not in NO_PUBLIC_NAME.get(module.unit, ())
    ]
    assert not wrong, "\n".join(wrong)


# -- what no module may do -------------------------------------------------------------------------


@every_module
def test_docstring_names_the_layer(module):
    text = ast.get_docstring(module.tree) or ""
    if module.unit in ("__init__", "_version"):
        assert text
        return
    layer = LAYER_OF[module.unit].split()[0]
    assert re.search(rf"\blayer {layer}\b", text), (
        f"{module.at(module.tree)}: the docstring must say 'layer {layer}'"
    )


def forbidden(node: ast.AST) -> str | None:
    """Why a node may not stand in the package."""
    if isinstance(node, ast.Assert):
        return "assert vanishes under -O: raise"
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return "bare except"
    if not isinstance(node, ast.Call):
        return None
    name = called(node)
    if name in ("eval", "exec", "compile", "__import__"):
        return f"{name} runs text as code"
    if re.fullmatch(
        r"(c?[Pp]ickle|joblib|dill|cloudpickle|marshal|shelve)\.(loads?|Unpickler|open)", name
    ):
        return f"{name} runs code from a file"
    if name.endswith(("torch.load", "load_state_dict_from_url")) and not _is_true(
        node, "weights_only"
    ):
        return f"{name} without weights_only=True runs code from a file"
    if name.endswith((".get_state_dict", "torch.hub.load", "hub.load")):
        return f"{name} of torchvision unpickles what it fetched, with whatever code it holds"
    if _keyword(node, "trust_remote_code") not in (None, False) or _keyword(
        node, "allow_pickle"
    ) not in (None, False):
        return f"{name} would run code from a file"
    if name in ("np.random.seed", "numpy.random.seed", "torch.manual_seed", "random.seed"):
        return f"{name} changes the user's random numbers"
    if name in ("logging.basicConfig", "torch.set_num_threads", "os.chdir"):
        return f"{name} changes the user's process"
    return None


def filters_left_behind(tree: ast.AST) -> list[ast.AST]:
    """Calls that change warning filters outside of a `with warnings.catch_warnings()`."""
    changers = ("warnings.filterwarnings", "warnings.simplefilter", "warnings.resetwarnings")
    changing = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in changers
    ]
    if not changing:
        return []
    inside = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.With)
        and "warnings.catch_warnings" in " ".join(ast.unparse(item) for item in block.items)
        for node in ast.walk(block)
    }
    return [node for node in changing if node not in inside]


def _keyword(node: ast.Call, name: str) -> object:
    for keyword in node.keywords:
        if keyword.arg == name:
            return (
                keyword.value.value
                if isinstance(keyword.value, ast.Constant)
                else ast.unparse(keyword.value)
            )
    return None


def _is_true(node: ast.Call, name: str) -> bool:
    return _keyword(node, name) is True


@every_module
def test_nothing_forbidden(module):
    wrong = [
        f"{module.at(node)}: {why}"
        for node in module.nodes(ast.Assert, ast.ExceptHandler, ast.Call)
        if (why := forbidden(node))
    ]
    assert not wrong, "\n".join(wrong)


@every_module
def test_warning_filters_are_put_back(module):
    assert [module.at(node) for node in filters_left_behind(module.tree)] == []


def test_the_law_of_filters_can_be_broken():
    tree = ast.parse(
        "warnings.simplefilter('x')\n"
        "with warnings.catch_warnings():\n    warnings.simplefilter('y')"
    )
    assert len(filters_left_behind(tree)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "assert x",
        "try:\n    f()\nexcept:\n    pass",
        "eval('1')",
        "pickle.load(f)",
        "joblib.load(f)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "np.random.seed(0)",
    ],
)
def test_the_law_of_forbidden_things_can_be_broken(code):
    assert any(forbidden(node) for node in ast.walk(ast.parse(code)))


@every_module
def test_only_the_command_line_prints(module):
    if module.unit not in ("cli", "__main__"):
        calls = [
            node
            for node in module.nodes(ast.Call)
            if called(node) in ("print", "input", "sys.exit")
        ]
        assert [module.at(node) for node in calls] == []


def checks_a_matrix(node: ast.Call) -> bool:
    """Whether scikit-learn is asked to check a whole table, which costs time a column."""
    name = called(node).rpartition(".")[2]
    only_labels = not node.args[1:] and {word.arg for word in node.keywords} == {"y"}
    return name in ("validate_data", "check_X_y") and not only_labels


@every_module
def test_tables_are_checked_by_as_matrix_alone(module):
    if module.unit != "views":
        calls = [node for node in module.nodes(ast.Call) if checks_a_matrix(node)]
        assert [module.at(node) for node in calls] == []


@pytest.mark.parametrize("code", ["validate_data(self, X)", "validation.check_X_y(X, y)"])
def test_the_law_of_checked_tables_can_be_broken(code):
    assert checks_a_matrix(ast.parse(code, mode="eval").body)


def makes_trees(node: ast.Call) -> bool:
    """Whether trees of xgboost are grown, or rows handed to it, in threads nobody counted."""
    name = called(node).rpartition(".")[2]
    return bool(re.fullmatch(r"XGB\w+|DMatrix|QuantileDMatrix", name))


@every_module
def test_who_makes_trees_asks_how_many_threads(module):
    if any(makes_trees(node) for node in module.nodes(ast.Call)):
        asked = {called(node) for node in module.nodes(ast.Call)}
        assert "threads_for" in asked, module.name
