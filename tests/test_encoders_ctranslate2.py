"""Files of CTranslate2: read as they were written, or refused with a reason, whatever is done to them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from ct2 import written

from hybridsent.encoders._ctranslate2 import Ct2File
from hybridsent.exceptions import WeightsError

VALUES = np.array([[1.5, -2.0, 0.25], [0.0, 3.0, -1.0]], dtype=np.float32)


def content(**more: np.ndarray) -> bytes:
    return written({"a/weight": VALUES, "a/heads": np.int16(6), **more}, aliases={"b": "a/weight"})


@pytest.fixture
def opened(tmp_path):
    """Open bytes as a file, and give what `read` takes of it."""

    def give(raw: bytes, read=lambda file: file.floats("a/weight")):
        path = tmp_path / "model.bin"
        path.write_bytes(raw)
        with Ct2File(path, "mine") as file:
            return read(file)

    return give


def test_variables_are_read_as_they_were_written(opened):
    assert np.array_equal(opened(content()), VALUES)
    assert opened(content(), lambda file: file.number("a/heads")) == 6
    assert opened(content(), lambda file: file.shape("a/weight")) == (2, 3)
    assert opened(content(), lambda file: ("a/weight" in file, "c" in file)) == (True, False)
    assert opened(content(), lambda file: file.spec) == "WhisperSpec"
    assert np.array_equal(opened(content(), lambda file: file.floats("b")), VALUES)


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_every_type_of_float_is_read_as_float32(opened, kind):
    raw = written({"a/weight": VALUES}, kinds={"a/weight": kind})
    assert np.array_equal(opened(raw), VALUES)
    assert opened(raw).dtype == np.float32


@pytest.mark.parametrize(("kind", "scale"), [("int8", [32.0, 40.0]), ("int16", 1024.0)])
def test_whole_numbers_are_divided_by_their_scales(opened, kind, scale):
    scales = np.asarray(scale, dtype=np.float32)
    whole = np.round(VALUES * scales.reshape(-1, 1) if scales.ndim else VALUES * scales)
    raw = written({"a/weight": whole.astype(kind), "a/weight_scale": scales})
    assert np.abs(opened(raw) - VALUES).max() <= 0.5 / scales.min()


def test_a_file_cut_anywhere_is_refused(opened):
    whole = content()
    for n in range(len(whole)):
        with pytest.raises(WeightsError, match=r"mine.*(ends at byte|empty)"):
            opened(whole[:n])


def test_a_file_with_any_byte_changed_is_read_or_refused(opened):
    """Whatever a byte says: never another error, more memory than the file, or numbers not finite."""
    whole = content()
    for i in range(len(whole)):
        for other in (0, 255, whole[i] ^ 1, whole[i] ^ 128):
            changed = whole[:i] + bytes([other]) + whole[i + 1 :]
            try:
                values = opened(changed)
            except WeightsError:
                continue
            assert values.nbytes <= len(whole)
            assert np.isfinite(values).all()


HUGE = struct.pack("<I", 2**32 - 1)
START = written({})[: -struct.calcsize("<II")]  # before the numbers of variables and of aliases


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b"\0" * 64, "version is 0"),
        (HUGE, "version is 4294967295"),
        (written({}, version=2), "version is 2, not 3 to 6"),
        (written({}, version=7), "version is 7, not 3 to 6"),
        (b"PK\x03\x04" + b"\0" * 64, "version is"),
        (START + HUGE, "names 4,294,967,295 variables"),
        (START + struct.pack("<I", 5), "ends at byte"),
        (written({}) + b"x", "more stands behind its end"),
        (written({})[:-4] + HUGE, "names 4,294,967,295 aliases"),
        (written({"a": VALUES}, aliases={"b": "c"}), "alias 'b' of 'c' does not fit"),
        (written({"a": VALUES}, aliases={"a": "a"}), "alias 'a' of 'a' does not fit"),
        (written({"a\nb": VALUES}), "no name stands at"),
        (written({"ä": VALUES}), "no name stands at"),
        (START + struct.pack("<IH2sB", 1, 2, b"a\0", 200), "has 200 dimensions"),
        (START + struct.pack("<IH2sBIIBI", 1, 2, b"a\0", 2, 2**32 - 1, 2**32 - 1, 0, 4), "4 bytes"),
        (START + struct.pack("<IH2sBBI", 1, 2, b"a\0", 0, 9, 4), "unknown type, 9"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_reason(opened, raw, why):
    with pytest.raises(WeightsError, match=why) as caught:
        opened(raw)
    assert "must be a whole model.bin of CTranslate2" in str(caught.value)
    assert "'mine'" in str(caught.value)


def test_a_variable_twice_is_refused(opened):
    once = written({"a": VALUES})
    part = once[len(START) + 4 : -4]
    with pytest.raises(WeightsError, match="'a' stands there twice"):
        opened(START + struct.pack("<I", 2) + part + part + struct.pack("<I", 0))


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "no variable 'a/weight'"),
        ({"a/weight": np.full((2, 3), np.inf, "f4")}, "not finite"),
        ({"a/weight": VALUES.astype(np.int8)}, "no variable 'a/weight_scale'"),
        ({"a/weight": VALUES.astype(np.int8), "a/weight_scale": np.float32(0)}, "do not fit"),
        ({"a/weight": VALUES.astype(np.int8), "a/weight_scale": np.ones(3, "f4")}, "do not fit"),
    ],
)
def test_values_that_are_none_are_refused(opened, variables, why):
    with pytest.raises(WeightsError, match=why):
        opened(written(variables))


def test_what_is_no_file_is_refused(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none.bin"):
        with pytest.raises(WeightsError, match="must be a whole model"):
            Ct2File(path, "mine")
