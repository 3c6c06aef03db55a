"""The blocks of Whisper's encoder in torch (layer L2).

transformers' ``WhisperEncoder`` takes nothing but 30 s at once and always runs all blocks; the
values are the same (tests/test_encoders_whisper.py).
"""

from __future__ import annotations

from typing import Any

from hybridsent.encoders._whisper_weights import Sizes

__all__ = ["empty_model", "hidden_vectors"]


def empty_model(sizes: Sizes, blocks: int) -> Any:
    """Make the modules of the first blocks, without any numbers.

    Parameters
    ----------
    sizes : Sizes
        Of the whole encoder.
    blocks : int
        How many of its blocks; behind the last of all stands a norm.

    Returns
    -------
    torch.nn.ModuleDict
        Its parameters have transformers' names, and are on the device "meta".
    """
    import torch
    from torch import nn

    width = sizes.width
    with torch.device("meta"):  # no random numbers are drawn for weights that are replaced
        parts: dict[str, Any] = {
            "conv1": nn.Conv1d(sizes.mels, width, kernel_size=3, padding=1),
            "conv2": nn.Conv1d(width, width, kernel_size=3, stride=2, padding=1),
            "embed_positions": nn.Embedding(sizes.positions, width),
            "layers": nn.ModuleList([_empty_block(sizes) for _ in range(blocks)]),
        }
        if blocks == sizes.layers:
            parts["layer_norm"] = nn.LayerNorm(width)
        return nn.ModuleDict(parts)


def _empty_block(sizes: Sizes) -> Any:
    from torch import nn

    width = sizes.width
    projections = {f"{one}_proj": nn.Linear(width, width, bias=one != "k") for one in "qkv"}
    return nn.ModuleDict(
        {
            "self_attn_layer_norm": nn.LayerNorm(width),
            "self_attn": nn.ModuleDict({**projections, "out_proj": nn.Linear(width, width)}),
            "final_layer_norm": nn.LayerNorm(width),
            "fc1": nn.Linear(width, sizes.inner),
            "fc2": nn.Linear(sizes.inner, width),
        }
    )


def hidden_vectors(model: Any, heads: int, mels: Any) -> Any:
    """Run the blocks.

    Parameters
    ----------
    model : torch.nn.ModuleDict
        As `empty_model` made it, with its weights.
    heads : int
        Heads of attention.
    mels : Tensor of shape (n, mels, time)
        Spectrograms.

    Returns
    -------
    Tensor of shape (n, ceil(time / 2), width)
        What comes out of the last of the blocks.
    """
    from torch.nn.functional import gelu

    hidden = gelu(model["conv1"](mels))
    hidden = gelu(model["conv2"](hidden)).transpose(1, 2)
    hidden = hidden + model["embed_positions"].weight[: hidden.shape[1]]
    for block in model["layers"]:
        hidden = hidden + _attention(
            block["self_attn"], heads, block["self_attn_layer_norm"](hidden)
        )
        hidden = hidden + block["fc2"](gelu(block["fc1"](block["final_layer_norm"](hidden))))
    return model["layer_norm"](hidden) if "layer_norm" in model else hidden


def _attention(parts: Any, heads: int, hidden: Any) -> Any:
    """Every frame looks at every other."""
    from torch.nn.functional import scaled_dot_product_attention

    n, length, width = hidden.shape

    def of_heads(values: Any) -> Any:  # (n, heads, length, of one head)
        return values.view(n, length, heads, width // heads).transpose(1, 2)

    query, key, value = (of_heads(parts[f"{one}_proj"](hidden)) for one in "qkv")
    mixed = scaled_dot_product_attention(query, key, value)
    return parts["out_proj"](mixed.transpose(1, 2).reshape(n, length, width))
