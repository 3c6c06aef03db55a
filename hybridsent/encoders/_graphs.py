"""The forward passes of a network, by the fastest engine that gives the same vectors (layer L2).

On the CPU a torch module is traced, converted to OpenVINO (3 to 15 times the rate of eager torch,
see benchmarks/) and kept on disk, so that later processes need no torch at all. A conversion is
used only if it gives torch's own values on examples of several shapes; else, and on every other
device, torch runs the module. No library serves: optimum-intel converts named architectures, with
its own model classes, and checks nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from hybridsent.encoders import _graph_care, _graph_files
from hybridsent.encoders._files import first_line
from hybridsent.encoders._openvino import Compiled, converted, core
from hybridsent.encoders._processor import (
    has_bfloat16,
    has_openvino,
    import_openvino,
    multiplies_bfloat16,
)
from hybridsent.encoders._timing import speed_ratio
from hybridsent.encoders._workers import workers

__all__ = [
    "Graphs",
    "Source",
    "as_module",
    "as_numpy",
    "has_bfloat16",
    "has_openvino",
    "multiplies_bfloat16",
    "versions",
]

_FORMAT = 3  # of what is kept on disk
_PACKAGES = ("openvino", "torch", "torchvision", "transformers")
_NEAR = 1e-4  # of the largest value: what a vector may differ by between engines in float32
_ALIKE = 0.999  # cosine: what it may turn by in bfloat16


class Source(Protocol):
    """A loaded torch model and the forward passes that it offers."""

    def module(self, output: str) -> Any:
        """Give the torch module of one forward pass: arrays in, one tensor out."""

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Give inputs of at least two shapes, to trace the module and to check the conversion."""


def as_module(model: Any, function: Callable[..., Any]) -> Any:
    """Wrap a function of tensors, and the model that it calls, as a torch module.

    Parameters
    ----------
    model : torch.nn.Module
        Its parameters become those of the module.
    function : callable
        Takes and gives tensors.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    import torch

    class Forward(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return function(*inputs)

    return Forward().eval()


def as_numpy(values: Any) -> np.ndarray:
    """Turn what a forward pass gave into a float32 array on the CPU.

    A tensor that carries a gradient stays what it is: `hybridsent.finetune` trains through the same
    code that encodes.
    """
    if getattr(values, "requires_grad", False):
        return cast("np.ndarray", values)
    if not isinstance(values, np.ndarray):
        values = values.float().cpu().numpy()
    return np.asarray(values, dtype=np.float32)


class Graphs:
    """The forward passes of one network, each under a name.

    Parameters
    ----------
    name : str
        Name of the backbone, for messages.
    key : str
        What the weights and all else that changes the passes is told apart by, on disk.
    load : callable
        ``load(precision) -> Source`` loads the torch model; called when it is needed at all.
    device, precision : str
        As resolved.
    """

    def __init__(
        self, name: str, key: str, load: Callable[[str], Source], device: str, precision: str
    ) -> None:
        self.name = name
        self.device = device
        self.precision = precision
        wide = precision == "float32" or (precision == "bfloat16" and multiplies_bfloat16())
        self.converts = device == "cpu" and wide and has_openvino()
        # a card computes one batch while the next is padded and sent
        self.lanes = workers(None) if self.converts else 2 if device.startswith("cuda") else 1
        self.slow: str | None = None  # why torch runs what OpenVINO could not
        self._told_slow = False
        self._key = key
        self._load = load
        self._source: Source | None = None
        self._modules: dict[str, Any] = {}
        self._compiled: dict[str, Compiled | None] = {}
        self._lock = threading.RLock()
        self._turn = threading.Lock()  # torch takes all cores for one pass

    @property
    def source(self) -> Source:
        """The torch model, loaded at the first use."""
        import torch

        # a caller in inference mode must not leave us with weights that cannot be traced
        with self._lock, torch.inference_mode(False):
            if self._source is None:
                self._source = self._load("float32" if self.converts else self.precision)
            return self._source

    def facts(self, write: Callable[[Path], None]) -> Path | None:
        """Find what was kept beside the passes, or keep it now; None where it cannot be kept."""
        if not self.converts:
            return None
        item = self._item("facts")
        return _graph_files.find(item) or self._keep(item, "facts", write)

    def table(self, read: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Read facts off the torch model, or find what was read of it before.

        Parameters
        ----------
        read : callable
            Takes the source, gives what JSON can hold.

        Returns
        -------
        dict
            The facts.
        """

        def write(draft: Path) -> None:
            (draft / "facts.json").write_text(json.dumps(read(self.source)), encoding="utf-8")

        kept = self.facts(write)
        if kept is not None:
            with suppress(OSError, ValueError):  # another process cleared the folder meanwhile
                found: dict[str, Any] = json.loads(
                    (kept / "facts.json").read_text(encoding="utf-8")
                )
                return found
        return read(self.source)

    def __call__(self, output: str, *inputs: np.ndarray) -> Any:
        """Run a pass.

        Parameters
        ----------
        output : str
            Its name.
        *inputs : ndarray
            What it takes.

        Returns
        -------
        ndarray or Tensor
            float32; a tensor on the device where torch runs.
        """
        if not self.converts:
            return self._run_torch(output, inputs)
        if output not in self._compiled:
            with self._lock:
                if output not in self._compiled:
                    self._compiled[output] = self._compile(output)
        compiled = self._compiled[output]
        if compiled is not None and compiled.takes(inputs):
            return compiled(inputs)
        with self._turn:
            return self._run_torch(output, inputs)

    def gain(self, output: str) -> float | None:
        """Measure how many times faster a pass is in bfloat16 than in float32, on one core.

        Parameters
        ----------
        output : str
            Its name.

        Returns
        -------
        float or None
            None where it is not computed in bfloat16, whatever is asked for.

        Raises
        ------
        MemoryError
            If it cannot be converted now.
        """
        if not self.converts:
            return None
        with self._lock:
            told, model = self._kept(output) or self._made(output)
            if not told.get("bfloat16"):
                return None
            exact, rough = (Compiled(model, name, 1) for name in ("float32", "bfloat16"))
            return speed_ratio(exact, rough, self.source.examples(output))

    def _kept(self, output: str) -> tuple[dict[str, Any], Any] | None:
        """Read a conversion that was kept, whole: it may be cleared away at any time."""
        kept = _graph_files.find(self._item(output))
        if kept is None:
            return None
        try:
            told: dict[str, Any] = json.loads((kept / "told.json").read_text(encoding="utf-8"))
            return told, None if "refused" in told else core().read_model(kept / "graph.xml")
        except (OSError, RuntimeError):  # of openvino, where the file went meanwhile
            if kept.exists():
                raise
            return None

    def _made(self, output: str) -> tuple[dict[str, Any], Any]:
        """Convert a pass, and keep it."""
        model, told = self._convert(output)
        if told.get("for_now"):
            raise MemoryError(told["refused"])
        self._keep(self._item(output), output, lambda draft: _write(draft, model, told))
        return told, model

    # -- torch

    def _run_torch(self, output: str, inputs: Sequence[np.ndarray]) -> Any:
        import torch

        precision = "float32" if self.converts else self.precision
        dtype = getattr(torch, precision)
        module = self._module(output, dtype)
        tensors = []
        for array in inputs:
            tensor = torch.from_numpy(np.ascontiguousarray(array))
            if self.device.startswith("cuda"):
                tensor = tensor.pin_memory()
            tensor = tensor.to(self.device, non_blocking=True)
            tensors.append(tensor.to(dtype) if tensor.is_floating_point() else tensor)
        with torch.inference_mode():
            return module(*tensors).float()

    def _module(self, output: str, dtype: Any) -> Any:
        with self._lock:
            if output not in self._modules:
                self._modules[output] = self.source.module(output).to(self.device, dtype)
            return self._modules[output]

    # -- OpenVINO

    def _compile(self, output: str) -> Compiled | None:
        """Read or make the conversion; None where torch must run this pass."""
        item = self._item(output)
        found = _graph_files.find_unchecked(item)
        if found is not None:
            try:
                told = json.loads((found.folder / "told.json").read_text(encoding="utf-8"))
                compiled = self._compiled_as(told, found.folder / "graph.xml")
            except OSError:  # another process cleared the folder meanwhile
                found.is_sound()
            except RuntimeError:  # of openvino, which cannot read damaged weights
                if found.is_sound():
                    raise
            else:
                if found.is_sound():  # checked beside the compiler
                    return compiled
        model, told = self._convert(output)
        if not told.get("for_now"):  # a full memory says nothing of the network
            self._keep(item, output, lambda draft: _write(draft, model, told))
        return self._compiled_as(told, model)

    def _compiled_as(self, told: dict[str, Any], model: Any) -> Compiled | None:
        if "refused" in told:
            if not self._told_slow:
                self.slow, self._told_slow = told["refused"], True
            return None
        precision = self.precision if told["bfloat16"] else "float32"
        compiled = Compiled(model, precision, self.lanes)
        self._source = None  # the weights are in the conversion now
        self._modules.clear()
        return compiled

    def _convert(self, output: str) -> tuple[Any, dict[str, Any]]:
        module, examples = self.source.module(output), self.source.examples(output)
        wanted = [as_numpy(self._reference(module, example)) for example in examples]
        try:
            model = converted(module, examples)
            exact = Compiled(model, "float32", 1)
            # where there is no AVX-512, OpenVINO refuses to compile it
            rough = Compiled(model, "bfloat16", 1) if multiplies_bfloat16() else None
            values = [exact(one) for one in examples]
            halves = [rough(one) for one in examples] if rough is not None else []
        except Exception as error:  # noqa: BLE001 - a tracer runs the code of any model, which may raise anything; torch serves then
            refused = f"{type(error).__name__}: {first_line(error)}"[:300]
            return None, {"refused": refused, "for_now": isinstance(error, MemoryError)}
        apart = max(_apart(one, aim) for one, aim in zip(values, wanted, strict=True))
        if not apart <= _NEAR:
            return None, {"refused": f"its values differ by {apart:.1e} of the largest"}
        if rough is None:
            return model, {"bfloat16": False}
        alike = min(_alike(one, aim) for one, aim in zip(halves, wanted, strict=True))
        return model, {"bfloat16": bool(alike >= _ALIKE)}

    def _reference(self, module: Any, example: Sequence[np.ndarray]) -> Any:
        import torch

        with torch.inference_mode():
            return module(*map(torch.from_numpy, example))

    def _keep(self, item: str, output: str, write: Callable[[Path], None]) -> Path | None:
        """Keep an item, and see to it that the folder does not grow for ever."""
        about = {"name": self.name, "output": output, "versions": versions()}
        kept = _graph_files.keep(item, write, about)
        if kept is not None:
            _graph_care.tidy(versions(), kept)
        return kept

    def _item(self, output: str) -> str:
        """Name on disk: new weights, packages or formats have another one.

        So has what was made where 16 bits could not be tried: another machine may have them.
        """
        untried = [] if multiplies_bfloat16() else ["float32 alone"]
        told = json.dumps([self._key, output, versions(), *untried])
        digest = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
        slug = re.sub(r"[^A-Za-z0-9]+", "-", self.name).strip("-")[-40:]
        return f"{slug}-{re.sub('[^a-z0-9-]+', '-', output)}-{digest}"


def versions() -> list[str]:
    """Give the versions on which a conversion depends: of our format and of the packages."""
    return [str(_FORMAT), *map(_version, _PACKAGES)]


def _apart(values: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference, as a part of the largest value; NaN where a value is not finite."""
    if values.shape != wanted.shape:
        return float("inf")
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        return float(np.abs(values - wanted).max() / max(np.abs(wanted).max(), 1e-30))


def _alike(values: np.ndarray, wanted: np.ndarray) -> float:
    """Smallest cosine between what two engines give for one sample; 1 where both give zeros."""
    a, b = values.reshape(len(values), -1), wanted.reshape(len(wanted), -1)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    zero = ~(a.any(axis=1) | b.any(axis=1))
    return float(np.min(np.where(zero, 1.0, (a * b).sum(1) / np.maximum(norms, 1e-30))))


def _write(folder: Path, model: Any, told: dict[str, Any]) -> None:
    if model is not None:
        import_openvino().save_model(model, folder / "graph.xml", compress_to_fp16=False)
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


@functools.cache
def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
