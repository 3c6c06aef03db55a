"""The fastest arithmetic of this machine: a large product of matrices on all cores."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

M, K, N = 4096, 1024, 4096
TRIES = 6


def gemm_rates() -> dict[str, Any]:
    """Give operations a second in float32 and bfloat16, by OpenVINO or else by torch."""
    try:
        return {**_rates(_by_openvino), "by": "OpenVINO"}
    except ImportError:
        return {**_rates(_by_torch), "by": "torch"}


def _rates(make: Callable[[str], Callable[[], object]]) -> dict[str, float]:
    return {precision: _rate(make(precision)) for precision in ("float32", "bfloat16")}


def _rate(product: Callable[[], object]) -> float:
    """Time two products, (M, K) @ (K, N) @ (N, K); the best of several counts."""
    product()
    seconds = []
    for _ in range(TRIES):
        start = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - start)
    return 4 * M * K * N / min(seconds)


def _by_openvino(precision: str) -> Callable[[], object]:
    import numpy as np
    import openvino
    from openvino import opset13 as ops

    rng = np.random.default_rng(0)
    x = ops.parameter([M, K], np.float32)
    up, down = (rng.normal(size=size).astype(np.float32) for size in ((K, N), (N, K)))
    y = ops.matmul(ops.matmul(x, ops.constant(up), False, False), ops.constant(down), False, False)
    hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
    compiled = openvino.Core().compile_model(
        openvino.Model([y], [x], "product"),
        "CPU",
        {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"},
    )
    request = compiled.create_infer_request()
    values = rng.normal(size=(M, K)).astype(np.float32)
    return lambda: request.infer({0: values}, share_inputs=True, share_outputs=True)


def _by_torch(precision: str) -> Callable[[], object]:
    import torch

    dtype = getattr(torch, precision)
    x, up, down = (torch.randn(size, dtype=dtype) for size in ((M, K), (K, N), (N, K)))
    return lambda: x @ up @ down
