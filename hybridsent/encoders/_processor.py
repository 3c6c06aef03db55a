"""What the processor of this machine can, as Linux and oneDNN's settings tell it (layer L2).

Whether it gains by it is measured (`_precision.py`): an Intel processor with AVX512-BF16 but no AMX
multiplies bfloat16 slower than float32, an AMD one nearly twice as fast. No library serves:
py-cpuinfo knows no setting of oneDNN, and starts processes to ask.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

__all__ = [
    "has_bfloat16",
    "has_openvino",
    "import_openvino",
    "multiplies_bfloat16",
    "processor_name",
]

_REPORTS = "openvino_telemetry"
_importing = threading.Lock()

_NARROW = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2"}  # oneDNN's names
_WITHOUT_BFLOAT16 = {"AVX512_CORE", "AVX512_CORE_VNNI"}
_TOLD = re.compile(r"^(?:vendor_id|cpu family|model|CPU implementer|CPU part)\s*:\s*(.+)$", re.M)


@functools.cache
def has_openvino() -> bool:
    """Whether OpenVINO is installed; it is not imported to find out."""
    return importlib.util.find_spec("openvino") is not None


@functools.cache
def import_openvino() -> Any:
    """Import OpenVINO, which is not to report that.

    OpenVINO 2026.4 sends an event over the network when it is imported, by a forked process. A
    fork waits for the threads of NumPy's BLAS, and holds the interpreter's lock meanwhile: where
    other threads multiply, all wait for ever. Where its package of reports cannot be imported,
    OpenVINO takes a stand-in.

    Returns
    -------
    module
        OpenVINO.
    """
    loaded = sys.modules.get("openvino")
    if hasattr(loaded, "__version__"):
        return loaded
    with _importing:
        modules: dict[str, Any] = sys.modules
        is_absent = _REPORTS not in modules
        if is_absent:
            modules[_REPORTS] = None  # whoever imports it gets an ImportError
        try:
            return importlib.import_module("openvino")
        finally:
            if is_absent:
                modules.pop(_REPORTS, None)


def has_bfloat16() -> bool:
    """Whether this processor has instructions that multiply bfloat16."""
    return has_openvino() and not {"avx512_bf16", "amx_bf16"}.isdisjoint(_features())


def multiplies_bfloat16() -> bool:
    """Whether bfloat16 can be computed at all: torch always can, OpenVINO from AVX-512 on."""
    return not has_openvino() or _features() >= {"avx512bw", "avx512dq", "avx512vl"}


@functools.cache
def processor_name() -> str:
    """Tell processors apart whose speeds may differ: the kind, and what it may use."""
    kind = sorted(set(_TOLD.findall(_cpuinfo())))
    wide = (word for word in _features() if word.startswith(("avx", "amx", "fma", "asimd", "sve")))
    return " ".join([*kind, _limit(), *sorted(wide)])


@functools.cache
def _features() -> frozenset[str]:
    """Give what the processor can, as Linux names it; nothing elsewhere.

    oneDNN, which multiplies for OpenVINO and torch, can be told to use less of it.
    """
    limit = _limit()
    unused: tuple[str, ...] = ("avx512", "amx") if limit in _NARROW else ()
    unused = ("avx512_bf16", "amx") if limit in _WITHOUT_BFLOAT16 else unused
    return frozenset(
        word for word in _cpuinfo().split() if not (unused and word.startswith(unused))
    )


def _limit() -> str:
    limits = (os.environ.get(f"{name}_MAX_CPU_ISA", "") for name in ("ONEDNN", "DNNL"))
    return next(filter(None, limits), "").upper()


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
