"""A torch module, converted to OpenVINO and run by it (layer L2)."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent._warnings import ignored_warnings
from hybridsent.encoders._files import quiet_transformers
from hybridsent.encoders._processor import import_openvino

__all__ = ["Compiled", "converted", "core"]


# Kernels that OpenVINO keeps for each shape of input: without a limit half a megabyte a shape stays
# for ever, and texts have thousands of shapes; the limit costs texts up to 3 % of their speed
_BOUNDED = {"CPU_RUNTIME_CACHE_CAPACITY": "64"}


class Compiled:
    """A pass compiled for this processor; threads take turns on its lanes."""

    def __init__(self, model: Any, precision: str, lanes: int) -> None:
        properties = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            "NUM_STREAMS": str(lanes),
            "INFERENCE_NUM_THREADS": str(lanes),
            "ENABLE_CPU_PINNING": "NO",  # several processes would be pinned to the same cores
        }
        try:
            self._model = core().compile_model(model, "CPU", {**properties, **_BOUNDED})
        except RuntimeError:  # a version that does not know the limit; another error comes again
            self._model = core().compile_model(model, "CPU", properties)
        self._shapes = [given.partial_shape for given in self._model.inputs]
        self._requests: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(lanes):
            self._requests.put(self._model.create_infer_request())

    def takes(self, inputs: Sequence[np.ndarray]) -> bool:
        """Whether it was made for inputs of these shapes."""
        from openvino import PartialShape

        return all(
            shape.compatible(PartialShape(array.shape))
            for shape, array in zip(self._shapes, inputs, strict=True)
        )

    def __call__(self, inputs: Sequence[np.ndarray]) -> np.ndarray:
        request = self._requests.get()
        try:
            arrays = [np.ascontiguousarray(array) for array in inputs]
            # a copy: the next pass on this lane writes over what the request holds
            return np.array(request.infer(arrays, share_inputs=True)[0], dtype=np.float32)
        finally:
            self._requests.put(request)


_cores: dict[int, Any] = {}


_starting = threading.Lock()


def core() -> Any:
    """Give OpenVINO's engine of this process; a forked child starts its own."""
    with _starting:
        pid = os.getpid()
        if pid not in _cores:
            openvino = import_openvino()
            # openvino 2026.4: two threads that make its first tensor at the same moment wait for
            # each other for ever, one with the interpreter's lock, one with that of a C++ static
            openvino.Tensor(np.zeros(1, dtype=np.float32), shared_memory=True)
            _cores[pid] = openvino.Core()
        return _cores[pid]


def converted(module: Any, examples: Sequence[tuple[np.ndarray, ...]]) -> Any:
    """Trace a module and convert the trace; the sizes that differ between examples stay open.

    The frontend is called directly: `openvino.convert_model` would report its use over the network,
    as its import would (`import_openvino`).
    """
    import torch

    import_openvino()
    from openvino import PartialShape, Type
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    tensors = tuple(map(torch.from_numpy, examples[0]))
    with (
        quiet_transformers(),
        ignored_warnings(),  # the tracer's doubts are settled by checking other shapes
        torch.inference_mode(False),
        torch.no_grad(),
    ):
        trace: Any = torch.jit.trace  # untyped
        traced = trace(module, tensors, strict=False, check_trace=False)
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced)  # must outlive the conversion
        model = frontend.convert(frontend.load(decoder))
    for i, given in enumerate(model.inputs):
        given.get_node().set_partial_shape(PartialShape(_open_sizes([one[i] for one in examples])))
        given.get_node().set_element_type(Type(examples[0][i].dtype))
    model.validate_nodes_and_infer_types()
    return model


def _open_sizes(arrays: Sequence[np.ndarray]) -> list[int]:
    """Give the sizes that all arrays share, and -1 for the others."""
    sizes = zip(*(array.shape for array in arrays), strict=True)
    return [size[0] if len(set(size)) == 1 else -1 for size in sizes]
