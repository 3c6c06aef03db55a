"""An estimator to the bytes of ``model.skops`` and back (layer L5)."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Container, Iterable
from typing import Any, NamedTuple

from hybridsent._warnings import ignored_warnings
from hybridsent.exceptions import BundleError, PersistError, UntrustedTypeError
from hybridsent.persist._archive import MAX_RATIO, RATIO_MATTERS_ABOVE, Allowance, unpack
from hybridsent.persist._build import Builder
from hybridsent.persist._errors import as_bundle_error
from hybridsent.persist._graph import children
from hybridsent.persist._json import read_json
from hybridsent.persist._node import Node
from hybridsent.persist._schema import Named, Schema
from hybridsent.persist._trust import is_defined_there, is_denied, is_extensible

_SCHEMA = "schema.json"
_MEMBERS = re.compile(r"schema\.json|[0-9a-f-]{1,40}\.(npy|npz|bin)")


def encode(model: Any) -> bytes:
    """Write a model with skops, packed; nothing is checked yet.

    Raises
    ------
    PersistError
        When skops has no way to write some part; the message names that part.
    """
    try:
        return _dumps(model)
    # skops raises TypeError, RuntimeError, PicklingError and more for what it cannot write.
    except Exception as error:
        path, culprit = _culprit(model)
        kind = type(culprit)
        raise PersistError(
            f"The estimator cannot be saved: {path or 'it'} is a {kind.__module__}."
            f"{kind.__qualname__}, which the file format cannot hold ({error}). {way_out(kind)}"
        ) from error


def _dumps(model: Any) -> bytes:
    import skops.io

    data: bytes = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked <= max(RATIO_MATTERS_ABOVE // 2, MAX_RATIO // 2 * len(data)):
        return data
    # mostly zeros would look like a zip bomb; a large file on disk is no harm
    plain: bytes = skops.io.dumps(model, compression=zipfile.ZIP_STORED)
    return plain


def _culprit(model: Any) -> tuple[str, Any]:
    """Go down to the innermost part that skops cannot write."""
    path, seen = "", {id(model)}
    while True:
        for step, child in children(model):
            if id(child) not in seen and not _can_be_written(child):
                seen.add(id(child))
                path, model = path + step, child
                break
        else:
            return path.lstrip("."), model


def _can_be_written(part: Any) -> bool:
    try:
        _dumps(part)
    # Any error is the answer "no", see `encode`.
    except Exception:  # noqa: BLE001
        return False
    return True


def way_out(kind: type) -> str:
    """Say what to do about a part that cannot be saved."""
    if kind.__module__.partition(".")[0] in ("torch", "torchvision", "transformers"):
        return (
            "Networks are saved as tensors only: use an estimator of hybridsent.heads, or give "
            "yours the methods described in hybridsent.persist."
        )
    return "Leave it out of the estimator, or use joblib for files that only you will read."


class Audited(NamedTuple):
    """A ``model.skops`` of which every byte that is read was checked.

    Attributes
    ----------
    schema : Schema
        What it names, `foreign` being what the allow-list lacks.
    clean : dict
        The same schema, written again from what was checked; only this is built.
    """

    schema: Schema
    clean: Node


def audit(data: bytes, allowance: Allowance) -> Audited:
    """Check a ``model.skops``; raise BundleError if save() cannot have written it."""
    members = unpack(io.BytesIO(data), "model.skops", _MEMBERS, allowance)
    if _SCHEMA not in members:
        raise BundleError("model.skops has no schema.json: it is damaged.")
    with as_bundle_error("The schema of model.skops cannot be read"):
        schema = Schema(members, allowance)
        text, what = members.pop(_SCHEMA), "The schema of model.skops"
        clean = schema.check(read_json(text, what, allowance.packed))
        unused = sorted(set(members) - set(schema.uses))
        if unused:
            raise BundleError(f"model.skops holds {unused[:5]}, which nothing in it refers to.")
        return Audited(schema, clean)


def decode(audited: Audited, trusted: Container[str]) -> Any:
    """Build a model; raise UntrustedTypeError for what neither we nor the caller allow."""
    schema = audited.schema
    _refuse(schema.foreign, trusted)
    from sklearn.exceptions import InconsistentVersionWarning

    # Ours names the whole bundle once; scikit-learn's would come for each estimator in it.
    with (
        as_bundle_error("The model cannot be built"),
        ignored_warnings(InconsistentVersionWarning),
    ):
        return Builder(schema.members, schema.uses).build(audited.clean)


def _refuse(foreign: Iterable[Named], trusted: Container[str]) -> None:
    refused = [named for named in foreign if not _is_trusted(named, trusted)]
    if not refused:
        return
    never = sorted({n.full for n in refused if not is_extensible(n.kind, n.full)})
    absent = sorted({n.full for n in refused if n.full in trusted} - set(never))
    unknown = sorted({n.full for n in refused} - set(never) - set(absent))
    parts = [f"The model names types that are not allowed: {sorted({n.full for n in refused})}."]
    if never:
        parts.append(
            f"No model needs {never}, and they can run code: do not load this file, and ask where "
            "it comes from."
        )
    if unknown:
        parts.append(
            f"If you know where the file comes from and have read the code of {unknown}, pass "
            f"trusted={unknown}. Never pass names only because this message lists them. What is "
            "of a plugin of your own is allowed by naming the plugin: plugins=['my_parts.py'] (on "
            "the command line: --plugin my_parts.py)."
        )
    if absent:
        parts.append(
            f"You trust {absent}, but Python finds no such class or function here: load the plugin "
            "that defines it, plugins=['FILE.py'] (on the command line: --plugin FILE.py), or let "
            "Python find its module (PYTHONPATH=FOLDER)."
        )
    raise UntrustedTypeError(" ".join(parts))


def _is_trusted(named: Named, trusted: Container[str]) -> bool:
    wanted = named.full in trusted and is_extensible(named.kind, named.full)
    return wanted and is_defined_there(named.kind, named.module, named.name)


def needed_trust(audited: Audited) -> frozenset[str]:
    """Names that the reader of this model will have to trust.

    Raises
    ------
    PersistError
        For what could not be read again, whatever the reader trusts.
    """
    for named in audited.schema.foreign:
        _refuse_unreadable(named)
    return frozenset(named.full for named in audited.schema.foreign)


def _refuse_unreadable(named: Named) -> None:
    from hybridsent.recipes import RECIPE_MODULES

    where = named.path.lstrip(".") or "It"
    if named.module.startswith(RECIPE_MODULES):
        file = getattr(sys.modules.get(named.module), "__file__", named.module)
        raise PersistError(
            f"The estimator cannot be saved: {where} is {named.name} of the recipe {file}. A "
            "recipe is read and never imported, and a saved model holds no code, so that nothing "
            "could find it again. Write it into a module, such as my_parts.py, import it in the "
            "recipe, and let Python find that module (PYTHONPATH=FOLDER); whoever loads the model "
            f"names it: trusted=['my_parts.{named.name}'], or --trusted on the command line. Or "
            "load the file as a plugin (hybridsent.load_plugin, --plugin), where it is run and "
            "where the model is loaded."
        )
    if named.name == "<lambda>" or named.module == "__main__" or not named.name.isidentifier():
        raise PersistError(
            f"The estimator cannot be saved: {where} is {named.full}, which cannot be found again "
            "by name when the file is loaded. Define it at the top level of an importable module."
        )
    if not is_extensible(named.kind, named.full):
        hint = way_out(type(named.name, (), {"__module__": named.module}))
        cause = (
            "it can run code or cannot be checked"
            if is_denied(named.full)
            else "nothing of its kind is"
        )
        raise PersistError(
            f"The estimator cannot be saved: {where} is {named.full}, which is never loaded, "
            f"because {cause} ({named.kind}). {hint}"
        )
    if not is_defined_there(named.kind, named.module, named.name):
        raise PersistError(
            f"The estimator cannot be saved: {where} is {named.full}, which cannot be found again "
            "by that name (a local class or function, or an alias). Define it at the top level of "
            "an importable module."
        )
