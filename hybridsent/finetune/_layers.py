"""Which weights are trained: all, the last layers, or small matrices beside them (layer L4).

Architectures name their layers in too many ways, so they are found: what a vector passes through
is what gets a gradient, and its parts, in the order in which the model holds them, are its layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hybridsent._optional import import_optional

__all__ = ["add_lora", "layers_of", "merge_lora"]

_SMALL = 0.05  # of the largest part: a norm or a stem is no layer of its own


def layers_of(model: Any, reached: set[int]) -> list[list[Any]]:
    """Cut the parameters that a vector passes through into layers.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    reached : set of int
        ``id`` of every parameter that got a gradient.

    Returns
    -------
    list of list of Parameter
        From the input to the output.
    """
    parts, left = [], set(reached)
    for found in _parts(model, reached, _size(model, reached)):
        part = [parameter for parameter in found if id(parameter) in left]
        left -= {id(parameter) for parameter in part}  # what layers share belongs to the first
        if part:
            parts.append(part)
    if not parts:
        return []
    floor = _SMALL * max(sum(p.numel() for p in part) for part in parts)
    return _joined(parts, floor)


def _joined(parts: list[list[Any]], floor: float) -> list[list[Any]]:
    """Put small parts before the layer that follows them; at the end, behind the last one."""
    layers: list[list[Any]] = []
    waiting: list[Any] = []
    for part in parts:
        waiting += part
        if sum(parameter.numel() for parameter in part) >= floor:
            layers.append(waiting)
            waiting = []
    layers[-1] += waiting
    return layers


def _parts(module: Any, reached: set[int], total: int) -> Iterator[list[Any]]:
    """Walk into lists of layers, and into what holds more than half of all."""
    import torch

    lists = (torch.nn.ModuleList, torch.nn.Sequential)
    own = list(module.parameters(recurse=False))
    if own:
        yield own
    for child in module.children():
        if isinstance(child, lists) or 2 * _size(child, reached) > total:
            yield from _parts(child, reached, total)
        else:
            yield list(child.parameters())


def _size(module: Any, reached: set[int]) -> int:
    """Count parameters without tables of words, which outweigh the layers of small models."""
    import torch

    tables = {id(m.weight) for m in module.modules() if isinstance(m, torch.nn.Embedding)}
    return sum(p.numel() for p in module.parameters() if id(p) in reached and id(p) not in tables)


def add_lora(model: Any, reached: set[int], rank: int, generator: Any) -> list[Any]:
    """Put matrices of low rank beside the linear layers (LoRA, Hu et al. 2022, equation 3).

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place; at first it computes what it did.
    reached : set of int
        ``id`` of every parameter that got a gradient.
    rank : int
        Rank of the change.
    generator : torch.Generator
        Draws the first of each two matrices; the second is zero.

    Returns
    -------
    list of Parameter
        The new parameters.

    Raises
    ------
    ValueError
        If there are no linear layers.
    MissingDependencyError
        If peft is not installed.
    """
    import torch

    peft = import_optional("peft", caller="finetune(how='lora')", extra="finetune")
    names = [
        name
        for name, module in model.named_modules()
        # not of subclasses: attention of torch reads the weight of one without calling it
        if type(module) is torch.nn.Linear and id(module.weight) in reached
    ]
    if not names:
        raise ValueError(
            "how='lora' must have linear layers to stand beside. The model has none that a vector "
            "passes through; use how='last' or 'full'."
        )
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names, lora_dropout=0.0)
    with torch.random.fork_rng(devices=[]):  # peft draws from the global generator
        peft.inject_adapter_in_model(config, model)
    model.eval()
    model.requires_grad_(False)
    added = []
    for module in _lora_layers(model):
        for kind in ("lora_A", "lora_B"):
            weight = getattr(module, kind)["default"].weight
            if kind == "lora_A":
                bound = weight.shape[1] ** -0.5
                drawn = torch.rand(weight.shape, generator=generator)
                weight.data = ((2 * drawn - 1) * bound).to(weight)
            weight.requires_grad_(True)
            added.append(weight)
    return added


def merge_lora(model: Any) -> None:
    """Add the matrices to the weights beside which they stand, and take them away.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    """
    wrapped = [(name, module) for name, module in model.named_modules() if _is_lora(module)]
    for name, module in wrapped:
        module.merge()
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, module.get_base_layer())
    for leftover in ("peft_config", "_hf_peft_config_loaded"):
        if leftover in vars(model):
            delattr(model, leftover)


def _lora_layers(model: Any) -> list[Any]:
    return [module for module in model.modules() if _is_lora(module)]


def _is_lora(module: Any) -> bool:
    return hasattr(module, "lora_A") and hasattr(module, "get_base_layer")
