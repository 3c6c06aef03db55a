"""Files made to harm: each is refused with a clear message, and nothing in it ever runs.

The attackers here know the format and write the right hashes, so that only the checks behind them
can stop them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import pickle
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

import hybridsent.persist
from hybridsent.exceptions import BundleError, PersistError, UntrustedTypeError, VersionWarning
from hybridsent.persist import inspect, load, save

ROOT = Path(hybridsent.persist.__file__).parents[2]
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)

canary = Path("unset")


def sing(*args, **kwargs):
    """Leave a trace if anything in a file gets this far."""
    canary.write_text("ran")


class Bomb:
    """Unpickling it leaves a trace."""

    def __reduce__(self):
        return (Path.write_text, (canary, "ran"))


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path):
    global canary
    canary = tmp_path / "canary"
    yield
    assert not canary.exists(), "code from the file has run"


# -- tools of an attacker --------------------------------------------------------------------------


def pack(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def unpack(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forge(path, members):
    """Write members with the right hashes in the manifest."""
    manifest = json.loads(members["manifest.json"])
    manifest["members"] = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in members.items()
        if name != "manifest.json"
    }
    path.write_bytes(pack(members | {"manifest.json": json.dumps(manifest)}))
    return path


def forge_model(path, change):
    """Let ``change(schema, inner members)`` edit the model inside a bundle, hashes put right."""
    outer = unpack(path.read_bytes())
    inner = unpack(outer["model.skops"])
    schema = json.loads(inner["schema.json"])
    result = change(schema, inner)
    inner["schema.json"] = json.dumps(schema if result is None else result)
    return forge(path, outer | {"model.skops": pack(inner)})


def nodes(schema, kind=None):
    if isinstance(schema, dict):
        if "__loader__" in schema and kind in (None, schema["__loader__"]):
            yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from nodes(part, kind)


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def node(kind, name, **content):
    module, _, cls = name.rpartition(".")
    return {"__loader__": kind, "__module__": module, "__class__": cls, **content}


def text(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def tuple_of(*items):
    return node("TupleNode", "builtins.tuple", content=list(items))


def list_of(*items):
    return node("ListNode", "builtins.list", content=list(items))


def dict_of(**items):
    keys = list_of(*[node("TypeNode", "builtins.str") for _ in items])
    return node("DictNode", "builtins.dict", content=items, key_types=keys)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other would be most of the time here."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    return save(model, tmp_path_factory.mktemp("saved") / "m").read_bytes()


@pytest.fixture
def bundle(saved, tmp_path):
    path = tmp_path / "m.hybridsent"
    path.write_bytes(saved)
    return path


def refused(path, match, error=BundleError, **options):
    with pytest.raises(error, match=match) as caught:
        load(path, **options)
    return caught.value


# -- damage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "no zip file"),
        (b"hello, world", "no zip file"),
        (b"PK\x03\x04", "no readable zip"),
        (b"PK\x05\x06" + bytes(18), "no zip file"),
    ],
)
def test_what_is_no_bundle_is_refused(content, match, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(content)
    refused(path, match)
    with pytest.raises(BundleError, match=match):
        inspect(path)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused(keep, bundle):
    data = bundle.read_bytes()
    bundle.write_bytes(data[: int(len(data) * keep)])
    refused(bundle, "zip|cut off")


def test_a_prefix_is_refused(bundle):
    bundle.write_bytes(b"#!/bin/sh\n" + bundle.read_bytes())
    refused(bundle, "no zip file")


@pytest.mark.parametrize("how", ["pickle", "joblib", "joblib-zlib", "joblib-gzip", "old-pickle"])
def test_pickles_are_refused_unread(how, tmp_path):
    path = tmp_path / "m.hybridsent"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif how == "old-pickle":
        path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    else:
        compress = {"joblib": 0, "joblib-zlib": 3, "joblib-gzip": ("gzip", 3)}[how]
        joblib.dump(Bomb(), path, compress=compress)
    refused(path, r"joblib or pickle.*runs code.*joblib\.load")


def test_torch_files_are_refused_unread(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(pack({"archive/data.pkl": pickle.dumps(Bomb()), "archive/version": b"3"}))
    refused(path, "PyTorch")


def test_plain_skops_files_are_refused(tmp_path):
    import skops.io

    skops.io.dump(LogisticRegression(), tmp_path / "m")
    refused(tmp_path / "m", r"plain skops file.*skops\.io\.load")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.pop("manifest.json"), r"no manifest\.json"),
        (lambda m: m.pop("model.skops"), r"lacks \['model\.skops'\]"),
        (lambda m: m.update({"extra.txt": b""}), "never writes"),
        (lambda m: m.update({"m.pkl": pickle.dumps(Bomb())}), "never writes"),
        (lambda m: m.update({"../evil": b""}), "outside"),
        (lambda m: m.update({"/etc/evil": b""}), "outside"),
        (lambda m: m.update({"..\\evil": b""}), "outside"),
        (lambda m: m.update({"folder/": b""}), "never writes"),
        (lambda m: m.update({"tensors-0.safetensors": b""}), "manifest does not name"),
        (lambda m: m.update({"model.skops": m["model.skops"] + b"x"}), "SHA-256"),
        (lambda m: m.update({"manifest.json": b"{"}), "JSON"),
        (lambda m: m.update({"manifest.json": b"[" * 100_000}), "JSON"),
        (lambda m: m.update({"manifest.json": b"\xff"}), "JSON"),
        (lambda m: m.update({"manifest.json": b"[]"}), "does not say 'hybridsent-bundle'"),
        (lambda m: m.update({"manifest.json": b"{}"}), "does not say 'hybridsent-bundle'"),
    ],
)
def test_members_are_checked(change, match, bundle):
    members = unpack(bundle.read_bytes())
    change(members)
    bundle.write_bytes(pack(members))
    refused(bundle, match)


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("format", "other", "does not say"),
        ("format_version", 2, r"format version 2.*reads versions up to 1.*pip install"),
        ("format_version", 0, "format_version; got 0"),
        ("format_version", True, "format_version; got True"),
        ("format_version", "1", "format_version; got '1'"),
        ("versions", [], "'versions' as a dict"),
        ("encoders", None, "'encoders' as a dict"),
        ("encoders", {"text": {}}, "names the encoders"),
        ("members", {}, "manifest does not name"),
        ("members", {"model.skops": 3}, "no valid SHA-256"),
        ("members", {"model.skops": "0" * 64}, "SHA-256"),
        ("members", {"model.skops": "0" * 64, "tensors-0.safetensors": "0" * 64}, "lacks"),
    ],
)
def test_the_manifest_is_checked(field, value, match, bundle):
    members = unpack(bundle.read_bytes())
    manifest = json.loads(members["manifest.json"]) | {field: value}
    bundle.write_bytes(pack(members | {"manifest.json": json.dumps(manifest)}))
    refused(bundle, match)


def test_duplicate_members_are_refused(bundle):
    members = unpack(bundle.read_bytes())
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("model.skops", b"second")
    refused(bundle, r"'model\.skops' twice")


def test_encrypted_members_are_refused(bundle):
    data = bytearray(bundle.read_bytes())
    flags = data.index(b"PK\x01\x02") + 8
    data[flags] |= 1
    bundle.write_bytes(bytes(data))
    refused(bundle, "encrypted")


def test_odd_compression_is_refused(bundle):
    bundle.write_bytes(pack(unpack(bundle.read_bytes()), compression=zipfile.ZIP_LZMA))
    refused(bundle, "save\\(\\) never uses")


def test_zip_bombs_are_refused_before_they_are_unpacked(bundle, monkeypatch):
    monkeypatch.setattr("hybridsent.persist._archive.RATIO_MATTERS_ABOVE", 2**20)
    members = unpack(bundle.read_bytes())
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", members["manifest.json"])
        with archive.open("model.skops", "w", force_zip64=True) as file:
            file.write(bytes(2**24))
    refused(bundle, "zip bomb")


def test_declared_sizes_are_limited(bundle):
    data = bytearray(bundle.read_bytes())
    start = data.rindex(b"PK\x01\x02")
    data[start + 24 : start + 28] = struct.pack("<I", 0xFFFFFFF0)
    bundle.write_bytes(bytes(data))
    refused(bundle, "cannot be unpacked|zip bomb|GiB")


def test_another_scikit_learn_gives_a_warning(bundle):
    members = unpack(bundle.read_bytes())
    manifest = json.loads(members["manifest.json"])
    manifest["versions"]["scikit-learn"] = "0.24.2"
    bundle.write_bytes(pack(members | {"manifest.json": json.dumps(manifest)}))
    with pytest.warns(VersionWarning, match=r"scikit-learn 0\.24\.2, this is scikit-learn"):
        load(bundle)
    # What cannot be built then says that this may be why.
    forge_model(bundle, lambda schema, inner: next(nodes(schema, "NdArrayNode")).pop("type"))
    refused(bundle, r"0\.24\.2.*may be the reason")


# -- code ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_as_the_model_is_refused(protocol, bundle):
    members = unpack(bundle.read_bytes())
    forge(bundle, members | {"model.skops": pickle.dumps(Bomb(), protocol=protocol)})
    refused(bundle, "model.skops (looks like a joblib or pickle|is no zip)")


def test_a_pickle_beside_the_schema_is_refused(bundle):
    forge_model(bundle, lambda schema, inner: inner.update({"0.pkl": pickle.dumps(Bomb())}))
    refused(bundle, "never writes")


@pytest.mark.parametrize(
    "make",
    [
        lambda: npy(np.array([Bomb()], dtype=object), allow_pickle=True),
        lambda: pickle.dumps(Bomb()),
        lambda: npy(np.array([(Bomb(), 1)], dtype=[("a", object), ("b", int)]), allow_pickle=True),
        lambda: pack({"a.npy": npy(np.array([Bomb()], dtype=object), allow_pickle=True)}),
        lambda: b"\x93NUMPY\x01\x00\x16\x00__import__('os').abort()",
    ],
    ids=["object", "pickle", "record", "npz", "header"],
)
def test_pickles_inside_arrays_are_refused(make, bundle):
    def change(schema, inner):
        name = next(n["file"] for n in nodes(schema, "NdArrayNode") if "file" in n)
        inner[name] = make()

    forge_model(bundle, change)
    refused(bundle, "pickled objects|no numpy array")


@pytest.mark.parametrize("shape", [(2**40,), (10**9, 10**9), (-1, -3), (0,), (2**62, 2**62, 4)])
@pytest.mark.parametrize("dtype", ["<f8", "<U0", "|V0"])
def test_arrays_that_lie_about_their_size_are_refused(shape, dtype, bundle):
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(24)

    def change(schema, inner):
        name = next(n["file"] for n in nodes(schema, "NdArrayNode") if "file" in n)
        inner[name] = data

    forge_model(bundle, change)
    refused(bundle, "declares shape|no numpy array")


CALLS = [
    ("FunctionNode", "os.system"),
    ("FunctionNode", "builtins.eval"),
    ("TypeNode", "builtins.eval"),
    ("FunctionNode", "subprocess.Popen"),
    ("ObjectNode", "subprocess.Popen"),
    ("ObjectNode", "pathlib.Path"),
    ("ObjectNode", "functools.partial"),
    ("ObjectNode", "_pytest.config.Config"),
    ("FunctionNode", "hybridsent.persist._api.load"),
    ("FunctionNode", "joblib.numpy_pickle.load"),
    ("FunctionNode", "numpy.load"),
    ("FunctionNode", "sklearn.utils._testing.set_random_state"),
    ("TypeNode", "sklearn.linear_model._logistic.LogisticRegression"),
    ("ObjectNode", "sklearn.tree._tree.Tree"),
    ("ObjectNode", "sklearn.neighbors._kd_tree.KDTree"),
    ("ObjectNode", "xgboost.core.Booster"),
    ("ObjectNode", "test_persist_tampered.Bomb"),
    ("FunctionNode", "test_persist_tampered.sing"),
    ("DictNode", "collections.defaultdict"),
    ("ListNode", "test_persist_tampered.sing"),
    ("UnknownNode", "builtins.str"),
]


@pytest.mark.parametrize(("kind", "name"), CALLS)
def test_foreign_types_are_refused_and_listed(kind, name, bundle):
    part = node(kind, name, content=[]) if kind == "ListNode" else node(kind, name)
    if kind == "DictNode":
        part |= {"content": {}, "key_types": list_of()}
    forge_model(bundle, lambda schema, inner: schema["content"]["content"].update(verbose=part))
    error = refused(bundle, "types that are not allowed", UntrustedTypeError)
    assert f"'{name}'" in str(error)


def special(kind):
    """Nodes of skops that call or look up what they name."""
    system = node("FunctionNode", "os.system")
    command = tuple_of(text(f"touch {canary}"))
    return {
        "partial": node(
            "PartialNode",
            "functools.partial",
            content={"func": system, "args": command, "kwds": dict_of(), "namespace": text(None)},
        ),
        "constructor": node("ConstructorFromReduceNode", "subprocess.Popen", content=command),
        "allowed constructor": node(
            "ConstructorFromReduceNode",
            "sklearn.linear_model._logistic.LogisticRegression",
            content=command,
        ),
        "method": node(
            "MethodNode",
            "sklearn.preprocessing._data.StandardScaler",
            content={
                "func": "fit",
                "obj": node("ObjectNode", "sklearn.preprocessing._data.StandardScaler"),
            },
        ),
        "operator": node("OperatorFuncNode", "operator.methodcaller", attrs=command),
        "cached": node("CachedNode", "builtins.str", __id__=1),
        "reduce": node("LossNode", "os.system", __reduce__={"args": command}, content=dict_of()),
        "default": node(
            "DefaultDictNode",
            "collections.defaultdict",
            content={"main": dict_of(), "default_factory": system},
        ),
        "generator": node("QuantileForestNode", "os.system"),
    }[kind]


KINDS = ["partial", "constructor", "allowed constructor", "method", "operator", "cached", "reduce"]


@pytest.mark.parametrize("kind", [*KINDS, "default", "generator"])
def test_nodes_that_call_things_are_refused(kind, bundle):
    part = special(kind)
    forge_model(bundle, lambda schema, inner: schema["content"]["content"].update(verbose=part))
    refused(bundle, "not allowed", UntrustedTypeError)


def test_keys_cannot_be_called(bundle):
    """skops calls the type of each key; a file may name no other callable there."""

    def change(schema, inner):
        keys = next(nodes(schema, "DictNode"))["key_types"]["content"]
        keys[0] = node("FunctionNode", "numpy.exp")

    forge_model(bundle, change)
    refused(bundle, "expected a TypeNode")


def test_keys_cannot_be_swapped_by_number(bundle):
    """skops finds nodes again by number: an earlier node must not stand in for a key's type."""

    def change(schema, inner):
        content = schema["content"]["content"]
        first = {"steps": node("FunctionNode", "numpy.exp", __id__=77)}
        schema["content"]["content"] = {"aa": first["steps"], **content}
        keys = schema["content"]["key_types"]["content"]
        keys.insert(0, node("TypeNode", "builtins.str"))
        for key in keys:
            key["__id__"] = 77

    forge_model(bundle, change)
    assert load(bundle).aa is np.exp  # the keys stayed strings, and nothing was called


def test_the_lines_of_the_message_are_sorted_and_say_how(bundle):
    names = ["zoo.b", "os.system", "zoo.a"]

    def change(schema, inner):
        parts = [node("FunctionNode", name) for name in names]
        schema["content"]["content"]["verbose"] = list_of(*parts)

    forge_model(bundle, change)
    message = str(refused(bundle, "not allowed", UntrustedTypeError))
    assert "['os.system', 'zoo.a', 'zoo.b']" in message
    assert "No model needs ['os.system']" in message
    assert "trusted=['zoo.a', 'zoo.b']" in message


@pytest.mark.parametrize(
    "name",
    [
        "builtins.eval",
        "os.system",
        "posix.system",
        "nt.system",
        "subprocess.Popen",
        "subprocess.call",
        "functools.partial",
        "operator.methodcaller",
        "operator.attrgetter",
        "_operator.methodcaller",
        "importlib.import_module",
        "pickle.loads",
        "_pickle.loads",
        "joblib.load",
        "cloudpickle.loads",
        "numpy.load",
        "pandas.read_pickle",
        "torch.load",
        "skops.io.load",
        "xgboost.core.Booster",
        "sklearn.neighbors._kd_tree.KDTree",
        "shutil.rmtree",
        "webbrowser.open",
        "ctypes.CDLL",
    ],
)
def test_some_names_are_never_trusted(name, bundle):
    refused(bundle, "never allowed", UntrustedTypeError, trusted=[name])


@pytest.mark.parametrize("trusted", ["my.Name", [3], ["noname"], ["a.*"], ["a..b"], [""], 3, None])
def test_trusted_must_be_exact_names(trusted, bundle):
    refused(bundle, "trusted must", UntrustedTypeError, trusted=trusted)


def test_trusting_an_alias_does_not_trust_what_it_means(tmp_path, monkeypatch):
    (tmp_path / "aliases.py").write_text("from os import system\nfrom subprocess import Popen\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = save(FunctionTransformer(), tmp_path / "m")
    for kind, name in [("FunctionNode", "aliases.system"), ("ObjectNode", "aliases.Popen")]:
        part = node(kind, name)
        forge_model(path, lambda s, inner, p=part: s["content"]["content"].update(func=p))
        refused(path, name, UntrustedTypeError, trusted=[name])


def test_trust_is_for_one_kind_of_use(tmp_path, monkeypatch):
    """A trusted class may be an instance; it may not be called with arguments from the file."""
    (tmp_path / "kinds.py").write_text("class Thing:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = save(FunctionTransformer(), tmp_path / "m")
    for kind in ("FunctionNode", "TypeNode", "ListNode", "ConstructorFromReduceNode"):
        part = node(kind, "kinds.Thing", content=[])
        forge_model(path, lambda s, inner, p=part: s["content"]["content"].update(func=p))
        refused(path, "kinds.Thing", UntrustedTypeError, trusted=["kinds.Thing"])
    part = node("ObjectNode", "kinds.Thing")
    forge_model(path, lambda s, inner: s["content"]["content"].update(func=part))
    assert type(load(path, trusted=["kinds.Thing"]).func).__name__ == "Thing"


def test_methods_cannot_be_replaced(bundle):
    def change(schema, inner):
        schema["content"]["content"]["predict"] = node("FunctionNode", "numpy.exp")
        schema["content"]["key_types"]["content"].append(node("TypeNode", "builtins.str"))

    forge_model(bundle, change)
    refused(bundle, "predict replaces a method of Pipeline")


def test_a_cache_folder_cannot_be_smuggled_in(bundle):
    """joblib would unpickle from it."""
    folder = text("/tmp/evil")
    forge_model(bundle, lambda schema, inner: schema["content"]["content"].update(memory=folder))
    refused(bundle, "memory names a cache folder")


@pytest.mark.parametrize("protocol", [0, 1, 99, True, "2", None])
def test_other_protocols_of_skops_are_refused(protocol, bundle):
    forge_model(bundle, lambda schema, inner: schema.update(protocol=protocol))
    refused(bundle, "protocol|cannot be built")


@pytest.mark.parametrize(
    "schema", [{}, [], "x", None, {"protocol": 2}, {"protocol": 2, "__loader__": "ListNode"}]
)
def test_broken_schemas_are_refused(schema, bundle):
    outer = unpack(bundle.read_bytes())
    inner = unpack(outer["model.skops"]) | {"schema.json": json.dumps(schema)}
    forge(bundle, outer | {"model.skops": pack(inner)})
    refused(bundle, "schema")


@pytest.mark.parametrize(
    "schema",
    [
        "[" * 200_000,
        '{"content": ' * 200_000,
        '{"protocol": 2, "content": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"protocol": 2, "x": ' + "9" * 10_000 + "}",
    ],
    ids=["list", "dict", "inside", "number"],
)
def test_deep_schemas_are_refused(schema, bundle):
    outer = unpack(bundle.read_bytes())
    forge(bundle, outer | {"model.skops": pack({"schema.json": schema})})
    refused(bundle, "schema")


def test_deep_models_are_refused(bundle):
    part = text(None)
    for _ in range(250):
        part = list_of(part)
    forge_model(bundle, lambda schema, inner: schema["content"]["content"].update(verbose=part))
    refused(bundle, "schema|cannot be built")


def test_a_node_inside_itself_is_refused(bundle):
    def change(schema, inner):
        part = list_of(text(1))
        part["__id__"] = 4242
        part["content"] = [list_of(text(1)) | {"__id__": 4242}]
        schema["content"]["content"]["verbose"] = part

    forge_model(bundle, change)
    refused(bundle, "cannot be built")


def test_unused_and_lost_members_of_the_model_are_refused(bundle):
    original = bundle.read_bytes()
    forge_model(bundle, lambda schema, inner: inner.update({"123.npy": npy(np.zeros(3))}))
    refused(bundle, r"123\.npy.*nothing in it refers")

    def lose(schema, inner):
        del inner[next(name for name in inner if name.endswith(".npy"))]

    bundle.write_bytes(original)
    forge_model(bundle, lose)
    refused(bundle, "which is not there")


# -- C code that believes what it reads ------------------------------------------------------------


def array_of(schema, inner, field):
    """Name and content of the first array kept under an attribute."""
    for part in nodes(schema, "DictNode"):
        value = part["content"].get(field, {})
        if value.get("type") == "numpy":
            return value["file"], np.load(io.BytesIO(inner[value["file"]]))
    raise LookupError(field)


def set_item(field, key, value):
    def change(schema, inner):
        name, array = array_of(schema, inner, field)
        array = array.copy()
        if isinstance(key, tuple) and isinstance(key[0], str):
            array[key[0]][key[1]] = value
        else:
            array[key] = value
        inner[name] = npy(array)

    return change


def cut(field, rows):
    def change(schema, inner):
        name, array = array_of(schema, inner, field)
        inner[name] = npy(array[rows])

    return change


def set_number(field, value):
    def change(schema, inner):
        for part in nodes(schema, "DictNode"):
            if field in part["content"]:
                part["content"][field] = text(value)

    return change


def set_tree_argument(position, value):
    def change(schema, inner):
        for part in nodes(schema, "TreeNode"):
            part["__reduce__"]["args"]["content"][position] = text(value)

    return change


forest = RandomForestClassifier(2, max_depth=3, random_state=0)
knn = KNeighborsClassifier(algorithm="brute")
TREES = [
    (DecisionTreeClassifier(max_depth=3), set_item("nodes", ("left_child", 0), 10**6), "children"),
    (DecisionTreeClassifier(max_depth=3), set_item("nodes", ("right_child", 0), -7), "children"),
    (DecisionTreeClassifier(max_depth=3), set_item("nodes", ("left_child", 0), 0), "children"),
    (DecisionTreeClassifier(max_depth=3), set_item("nodes", ("feature", 0), 10**6), "columns"),
    (DecisionTreeClassifier(max_depth=3), set_item("nodes", ("feature", 0), -1), "columns"),
    (DecisionTreeClassifier(max_depth=3), set_number("node_count", 10**6), ""),
    (DecisionTreeClassifier(max_depth=3), set_number("node_count", 1), "counts other nodes"),
    (DecisionTreeClassifier(max_depth=3), set_number("max_depth", 0), "deeper|attributes"),
    (DecisionTreeClassifier(max_depth=3), cut("nodes", slice(0, 2)), "cannot be built"),
    (DecisionTreeClassifier(max_depth=3), cut("values", slice(0, 2)), "cannot be built"),
    (DecisionTreeClassifier(max_depth=3), set_tree_argument(2, 10**9), "outputs"),
    (DecisionTreeClassifier(max_depth=3), set_tree_argument(2, -1), "outputs"),
    (DecisionTreeClassifier(max_depth=3), set_tree_argument(0, 10**6), "columns"),
    (DecisionTreeClassifier(max_depth=3), set_number("n_features_in_", 1), "columns"),
    (forest, set_item("nodes", ("left_child", 0), 10**6), "children"),
    (forest, set_number("n_features_in_", 1), "columns"),
    (GradientBoostingClassifier(n_estimators=2), set_number("n_trees_per_iteration_", 1), "round"),
    (HistGradientBoostingClassifier(max_iter=2), set_item("nodes", ("left", 0), 10**6), "children"),
    (
        HistGradientBoostingClassifier(max_iter=2),
        set_item("nodes", ("feature_idx", 0), 99),
        "columns",
    ),
    (
        HistGradientBoostingClassifier(max_iter=2),
        set_item("nodes", ("is_categorical", 0), 1),
        "categorical",
    ),
    (
        HistGradientBoostingClassifier(max_iter=2),
        set_item("is_categorical_", 0, 1),
        "categorical",
    ),
    (SVC(), set_item("_n_support", 0, 10**6), "support vectors"),
    (SVC(), cut("support_vectors_", slice(0, 3)), "another shape"),
    (SVC(), cut("_dual_coef_", slice(0, 1)), "coefficients"),
    (SVC(), cut("_intercept_", slice(0, 1)), "intercepts"),
    (SVC(), set_number("kernel", "precomputed"), ""),
    (SVC(), set_number("_effective_probability", True), "probabilities"),
    (knn, set_item("_y", 0, 10**6), "classes"),
    (knn, cut("_fit_X", (slice(None), slice(0, 2))), "columns"),
    (KNeighborsClassifier(algorithm="kd_tree"), cut("_fit_X", slice(0, 2)), "rows"),
]


@pytest.mark.parametrize(("estimator", "change", "match"), TREES)
def test_numbers_that_c_code_would_follow_are_refused(estimator, change, match, tmp_path):
    path = save(estimator.fit(X, Y), tmp_path / "m")
    forge_model(path, change)
    if match == "":
        # Harmless where the reader corrects it itself; it must just not end the process.
        with contextlib.suppress(BundleError, ValueError):
            load(path).predict(X)
        return
    refused(path, match)


def test_the_number_of_a_tree_argument_cannot_be_swapped(tmp_path):
    """An earlier node with the same number must not stand in for n_outputs."""
    path = save(DecisionTreeClassifier(max_depth=3).fit(X, Y), tmp_path / "m")

    def change(schema, inner):
        args = next(nodes(schema, "TreeNode"))["__reduce__"]["args"]["content"]
        args[2]["__id__"] = 99
        schema["content"]["content"] = {
            "monotonic_cst": text(10**9) | {"__id__": 99},
            **{k: v for k, v in schema["content"]["content"].items() if k != "monotonic_cst"},
        }

    forge_model(path, change)
    np.testing.assert_array_equal(load(path).predict(X).shape, (60,))


def test_bare_trees_are_refused(tmp_path):
    """Outside of its estimator a tree would be given rows of any width."""
    path = save(make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(X, Y), tmp_path / "m")

    def change(schema, inner):
        tree = next(nodes(schema, "TreeNode"))
        schema["content"]["content"]["verbose"] = tree

    forge_model(path, change)
    refused(path, "bare tree")


def test_sparse_vectors_with_wild_indices_are_refused(tmp_path):
    texts = ["good film", "bad film", "so so"] * 5
    model = make_pipeline(TfidfVectorizer(), SVC(kernel="linear")).fit(texts, ["p", "n", "o"] * 5)
    path = save(model, tmp_path / "m")

    def change(schema, inner):
        name = next(nodes(schema, "SparseMatrixNode"))["file"]
        parts = unpack(inner[name])
        indices = np.load(io.BytesIO(parts["indices.npy"])).copy()
        indices[0] = 10**6
        inner[name] = pack(parts | {"indices.npy": npy(indices)})

    forge_model(path, change)
    refused(path, "index|indices")
    forge_model(
        path,
        lambda s, inner: inner.update(
            {next(nodes(s, "SparseMatrixNode"))["file"]: pickle.dumps(Bomb())}
        ),
    )
    refused(path, "pickle")


@pytest.fixture(scope="module")
def saved_booster(tmp_path_factory):
    model = XGBClassifier(n_jobs=1, n_estimators=2, max_depth=3).fit(X, Y)
    return save(model, tmp_path_factory.mktemp("saved") / "m").read_bytes()


@pytest.fixture
def boosted(saved_booster, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(saved_booster)
    return path


def booster_change(change):
    def edit(schema, inner):
        name = next(nodes(schema, "BytesNode"))["file"]
        inner[name] = change(inner[name])

    return edit


def in_json(edit):
    def change(data):
        model = json.loads(data)
        edit(model["learner"])
        return json.dumps(model).encode()

    return change


def first_tree(learner):
    return learner["gradient_booster"]["model"]["trees"][0]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: pickle.dumps(Bomb()),
        lambda data: b"[" * 100_000,
        lambda data: b"{}",
        lambda data: b"binf" + data,
        in_json(lambda m: first_tree(m)["left_children"].__setitem__(0, 10**6)),
        in_json(lambda m: first_tree(m)["right_children"].__setitem__(0, 0)),
        in_json(lambda m: first_tree(m)["split_indices"].__setitem__(0, 10**6)),
        in_json(lambda m: first_tree(m)["parents"].__setitem__(1, 10**6)),
        in_json(lambda m: first_tree(m)["split_conditions"].pop()),
        in_json(lambda m: first_tree(m)["split_type"].__setitem__(0, 1)),
        in_json(lambda m: first_tree(m).update(id=10**6)),
        in_json(lambda m: first_tree(m)["tree_param"].update(num_nodes="10000000")),
        in_json(lambda m: m["gradient_booster"]["model"]["tree_info"].__setitem__(0, 10**6)),
        in_json(lambda m: m["gradient_booster"]["model"]["iteration_indptr"].__setitem__(1, 10**6)),
        in_json(lambda m: m["gradient_booster"]["model"]["trees"].pop()),
        in_json(lambda m: m["gradient_booster"].update(name="evil")),
        in_json(lambda m: m["learner_model_param"].update(num_class="1000000")),
        in_json(lambda m: m["learner_model_param"].update(num_feature="1")),
        in_json(lambda m: m["learner_model_param"].update(base_score="[1, 2]")),
        in_json(lambda m: m["objective"].update(name="evil")),
    ],
)
def test_tampered_boosters_are_refused(change, boosted):
    path = boosted
    forge_model(path, booster_change(change))
    refused(path, "xgboost model")


@pytest.mark.parametrize(
    "part", [text("path"), text(3), node("ObjectNode", "xgboost.core.Booster")]
)
def test_a_booster_must_be_bytes(part, boosted):
    path = boosted

    def change(schema, inner):
        del inner[schema["content"]["content"]["_Booster"]["file"]]
        schema["content"]["content"]["_Booster"] = part

    forge_model(path, change)
    refused(path, "must be bytes|not allowed", PersistError)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff" * 8, pickle.dumps(3), struct.pack("<Q", 2**40) + b"{}", b"\x02" + bytes(7)],
)
def test_broken_tensors_are_refused(data, tmp_path):
    path = save(LogisticRegression(), tmp_path / "m")
    forge(path, unpack(path.read_bytes()) | {"tensors-0.safetensors": data})
    refused(path, "parts with tensors")


# -- chance ----------------------------------------------------------------------------------------


def is_fine(path, expected):
    """A file is refused, or it is the model that was saved."""
    try:
        loaded = load(path)
    except PersistError:
        return
    np.testing.assert_array_equal(loaded.predict(X), expected)


def test_flipped_bytes_are_found(bundle):
    expected = load(bundle).predict(X)
    data, chance = bundle.read_bytes(), random.Random(0)
    for _ in range(150):
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bundle.write_bytes(bytes(flipped))
        is_fine(bundle, expected)


def test_flipped_bytes_under_right_hashes_are_found(bundle):
    expected = load(bundle).predict(X)
    outer, chance = unpack(bundle.read_bytes()), random.Random(1)
    for _ in range(150):
        model = bytearray(outer["model.skops"])
        model[chance.randrange(len(model))] ^= 1 << chance.randrange(8)
        forge(bundle, outer | {"model.skops": bytes(model)})
        is_fine(bundle, expected)


WILD = ["0", "-1", "1000000000", "null", "true", "NaN", '"precomputed"', "[]", "1e308"]


def renumber(schema, inner):
    """Replace skops' numbers, which are addresses, so that every run forges the same files."""
    numbers, files = {}, {}
    for part in nodes(schema):
        if "__id__" in part:
            part["__id__"] = numbers.setdefault(part["__id__"], len(numbers) + 1)
        if "file" in part:
            old = part["file"]
            part["file"] = files.setdefault(old, f"{len(files)}{Path(old).suffix}")
    for old, new in files.items():
        inner[new] = inner.pop(old)


def mutate(schema, inner, chance):
    """Change one thing of a schema as only someone who knows the format could."""
    parts = list(nodes(schema))
    one, other = chance.choice(parts), chance.choice(parts)
    how = chance.randrange(5)
    if how == 0 and isinstance(one.get("content"), str):
        one["content"] = chance.choice(WILD)
    elif how == 1 and "__id__" in one and "__id__" in other:
        one["__id__"] = other["__id__"]
    elif how == 2:
        copied = json.loads(json.dumps(other))
        one.clear()
        one.update(copied)
    elif how == 3:
        one.pop(chance.choice(sorted(one)))
    else:
        names = sorted(name for name in inner if name != "schema.json")
        data = bytearray(inner[chance.choice(names)])
        data[-1 - chance.randrange(min(8, len(data)))] = chance.randrange(256)
        inner[chance.choice(names)] = bytes(data)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(2, max_depth=3, random_state=0),
        HistGradientBoostingClassifier(max_iter=2),
        SVC(),
        KNeighborsClassifier(),
        XGBClassifier(n_jobs=1, n_estimators=2, max_depth=2),
    ],
    ids=lambda e: type(e).__name__,
)
def test_no_forgery_ends_the_process_or_escapes_as_another_error(estimator, tmp_path):
    path = forge_model(save(estimator.fit(X, Y), tmp_path / "m"), renumber)
    original, chance = path.read_bytes(), random.Random(2)
    n_loaded = 0
    for _ in range(60):
        path.write_bytes(original)
        forge_model(path, lambda schema, inner: mutate(schema, inner, chance))
        try:
            model = load(path)
        except PersistError:
            continue
        n_loaded += 1
        if not hasattr(model, "predict"):
            continue
        with contextlib.suppress(Exception):  # it may fail in Python as it likes, but not crash
            model.predict(X)
    assert n_loaded > 0


@pytest.mark.slow
def test_a_forged_tree_would_crash_without_the_checks(tmp_path):
    """The check of trees is needed: the same file through skops alone ends the process."""
    path = save(DecisionTreeClassifier(max_depth=3).fit(X, Y), tmp_path / "m")
    forge_model(path, set_item("nodes", ("left_child", 0), 2**40))
    (tmp_path / "m.skops").write_bytes(unpack(path.read_bytes())["model.skops"])
    code = (
        "import sys, numpy as np, skops.io as s;"
        "m = s.load(sys.argv[1], trusted=['sklearn.tree._tree.Tree']);"
        "m.predict(np.full((1, 4), -1e9, dtype='f4'))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "m.skops")], check=False)
    assert run.returncode != 0
    refused(path, "children")


@pytest.mark.parametrize(
    ("name", "number"),
    [("n_jobs", 10**9), ("n_jobs", "all"), ("_n_threads", 10**9), ("_n_threads", -5)],
)
def test_armies_of_threads_are_refused(name, number, tmp_path):
    path = save(KMeans(2, n_init=1).fit(X), tmp_path / "m")
    keys = node("TypeNode", "builtins.str")

    def change(schema, inner):
        if name not in schema["content"]["content"]:
            schema["content"]["key_types"]["content"].append(keys)
        schema["content"]["content"][name] = text(number)

    forge_model(path, change)
    refused(path, name)
