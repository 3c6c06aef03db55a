"""Text models of transformers (layer L2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf import hidden_layer, load_model, load_processor, vectors_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pooling import pool
from hybridsent.exceptions import WeightsError

__all__ = ["HFText"]

_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_max_tokens": "max"}
_POOLING_NAMES = {"mean", "cls", "max"}
_TOKENS_PER_BATCH = 4096


class HFText(Network):
    """Any encoder, decoder, encoder-decoder or two-tower text model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the pooling and normalisation that a
    sentence-transformers folder states, else the mean.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the backbone.
    device, precision : str
        As resolved.
    """

    def __init__(self, folder: Path, name: str, device: str, precision: str) -> None:
        self.name = name
        self.device = device
        self.tokenizer = load_processor("AutoTokenizer", folder, name)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        model = load_model(folder, name, device, precision)
        self.two_tower = hasattr(model, "get_text_features")
        self.whole = model
        self.model = _text_tower(model)
        self.max_length = _max_length(folder, self.tokenizer, self.model.config)
        self.default_pooling, self.normalise = _sentence_transformers_recipe(folder, name)

    @property
    def width(self) -> int:
        """Features per vector."""
        config = self.whole.config
        if self.two_tower:
            return int(config.projection_dim if hasattr(config, "projection_dim") else config.text_config.hidden_size)
        return int(self.model.config.hidden_size)

    @property
    def budget(self) -> int:
        """Padded tokens in an automatic batch."""
        return _TOKENS_PER_BATCH

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Cut all texts of a window into tokens at once."""
        limit = min(options.max_length or self.max_length, self.max_length)
        encoded = self.tokenizer(
            items,
            truncation=True,
            max_length=limit,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        blank = [self.tokenizer.pad_token_id or 0]  # a text of which the tokenizer leaves nothing
        return [ids or blank for ids in encoded["input_ids"]]

    def cost(self, item: Any) -> int:
        """Tokens."""
        return len(item)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode texts that are cut into tokens."""
        import torch

        lengths = torch.tensor([len(ids) for ids in batch])
        ids = torch.full((len(batch), int(lengths.max())), self.tokenizer.pad_token_id or 0)
        for i, tokens in enumerate(batch):
            ids[i, : len(tokens)] = torch.tensor(tokens)
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        with torch.inference_mode():
            out = self._forward(ids.to(self.device), mask.to(self.device), lengths.to(self.device), options)
        return out.float().cpu().numpy()

    def _forward(self, ids: Any, mask: Any, lengths: Any, options: Options) -> Any:
        import torch

        if self.two_tower and options.pooling == "auto" and options.layer == -1 and options.steps is None:
            return vectors_of(self.whole.get_text_features(input_ids=ids, attention_mask=mask))[:, None]
        output = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=options.layer != -1)
        hidden = hidden_layer(output, options.layer, self.name)
        pooling = self.default_pooling if options.pooling == "auto" else options.pooling
        pooled = pool(hidden, lengths, "mean" if pooling == "cls" and options.steps else pooling, options.steps)
        if self.normalise and options.pooling == "auto":
            pooled = torch.nn.functional.normalize(pooled, dim=-1)
        return pooled


def _text_tower(model: Any) -> Any:
    if hasattr(model, "text_model"):
        return model.text_model
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model


def _max_length(folder: Path, tokenizer: Any, config: Any) -> int:
    """Most tokens the model can read: by sentence-transformers' file, tokenizer and positions."""
    limits = [int(tokenizer.model_max_length)]
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        # RoBERTa counts positions from padding_idx + 1
        offset = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
        limits.append(positions - offset)
    stated = folder / "sentence_bert_config.json"
    if stated.is_file():
        limits.append(int(json.loads(stated.read_text(encoding="utf-8")).get("max_seq_length") or 10**9))
    return min(limits) if min(limits) < 10**6 else 512


def _sentence_transformers_recipe(folder: Path, name: str) -> tuple[str, bool]:
    """Pooling and normalisation that a sentence-transformers folder states."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return "mean", False
    types = [module["type"].rsplit(".", 1)[-1] for module in json.loads(modules.read_text(encoding="utf-8"))]
    foreign = sorted(set(types) - {"Transformer", "Pooling", "Normalize"})
    if foreign:
        raise WeightsError(
            f"The sentence-transformers folder of {name!r} must be made of Transformer, Pooling and Normalize. Got also {foreign}, which "
            "are not read here; remove modules.json to pool the transformer's own vectors."
        )
    pooling = folder / "1_Pooling" / "config.json"
    stated = json.loads(pooling.read_text(encoding="utf-8")) if pooling.is_file() else {}
    chosen = [short for key, short in _POOLINGS.items() if stated.get(key)]
    if stated.get("pooling_mode") in _POOLING_NAMES:  # newer files name it
        chosen = [stated["pooling_mode"]]
    return (chosen[0] if chosen else "mean"), "Normalize" in types
