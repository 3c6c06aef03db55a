"""Pooling against torch's adaptive pooling and numpy in float64; padding never counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybridsent.encoders._pooling import pool


def rows(lengths: list[int], width: int = 3, padding: float = 1e6) -> torch.Tensor:
    """Random vectors; what lies beyond a length is `padding`."""
    generator = torch.Generator().manual_seed(sum(lengths))
    hidden = torch.randn(len(lengths), max(lengths), width, generator=generator)
    for row, length in zip(hidden, lengths, strict=True):
        row[length:] = padding
    return hidden


lengths_of = st.lists(st.integers(1, 12), min_size=1, max_size=4)


@given(lengths=lengths_of, steps=st.integers(1, 15), pooling=st.sampled_from(["mean", "max"]))
def test_segments_are_those_of_adaptive_pooling(lengths, steps, pooling):
    hidden = rows(lengths)
    adaptive = {
        "mean": torch.nn.functional.adaptive_avg_pool1d,
        "max": torch.nn.functional.adaptive_max_pool1d,
    }[pooling]
    pooled = pool(hidden, torch.tensor(lengths), pooling, steps)
    assert pooled.shape == (len(lengths), steps, 3)
    for row, length, got in zip(hidden, lengths, pooled, strict=True):
        expected = adaptive(row[:length].T[None], steps)[0].T
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6)


@given(lengths=lengths_of, pooling=st.sampled_from(["mean", "max", "cls"]))
def test_one_vector_is_numpys_in_float64(lengths, pooling):
    hidden = rows(lengths)
    pooled = pool(hidden, torch.tensor(lengths), pooling, None)
    assert pooled.shape == (len(lengths), 1, 3)
    for row, length, got in zip(hidden.numpy().astype(float), lengths, pooled, strict=True):
        true = row[:length]
        expected = {"mean": true.mean(0), "max": true.max(0), "cls": true[0]}[pooling]
        np.testing.assert_allclose(got[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_one_step_is_no_steps(pooling):
    hidden, lengths = rows([5, 2, 7]), torch.tensor([5, 2, 7])
    torch.testing.assert_close(
        pool(hidden, lengths, pooling, 1), pool(hidden, lengths, pooling, None), rtol=0, atol=0
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_sums_are_float32_whatever_the_network_computes_in(dtype):
    hidden = torch.full((1, 3000, 1), 1.001, dtype=dtype)
    pooled = pool(hidden, torch.tensor([3000]), "mean", None)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled[0, 0, 0], hidden[0, 0, 0].float(), rtol=1e-5, atol=0)
