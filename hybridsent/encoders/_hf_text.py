"""Text models of transformers (layer L2)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf_model import (
    HFNetwork,
    hidden_layer,
    load_model,
    load_processor,
    read_json,
    vectors_of,
)
from hybridsent.encoders._network import Options
from hybridsent.encoders._pooling import pool
from hybridsent.exceptions import WeightsError

__all__ = ["HFText"]

_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
_VOCABULARIES = ("tokenizer.json", "tekken.json", "*.model", "*.tiktoken")  # whole, each by itself
_TOKENS_PER_BATCH = 4096
_CHARACTERS_PER_TOKEN = 64


class HFText(HFNetwork):
    """Any encoder, decoder, encoder-decoder or two-tower text model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the pooling and
    normalisation that a sentence-transformers folder states, else the mean.

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
        self._widths = {}
        self._lock = threading.Lock()
        self.tokenizer = load_processor("AutoTokenizer", folder, name)
        _check_vocabulary(self.tokenizer, folder, name)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        model = load_model(folder, name, device, precision)
        self.two_tower = hasattr(model, "get_text_features")
        self.whole = model
        self.model = _text_tower(model)
        # SigLIP reads its vector at the last place of a text that is padded to the full length
        self.pads_fully = "siglip" in model.config.model_type
        self.recipe = _Recipe(folder, name)
        self.max_length = _max_length(self.tokenizer, self.model, self.recipe.max_length)

    def sample(self) -> str:
        """Give a word."""
        return "a"

    @property
    def budget(self) -> int:
        """Padded tokens in an automatic batch."""
        return _TOKENS_PER_BATCH

    def check(self, options: Options) -> None:
        """Refuse a pooling that the folder states and that is not built here."""
        if options.pooling == "auto" and self.recipe.pooling is None:
            raise ValueError(
                f"The pooling parameter must be 'mean', 'cls' or 'max' for {self.name!r}: its "
                f"folder asks for {self.recipe.stated}, which is not built here. Got 'auto'."
            )

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Cut all texts of a window into tokens at once.

        Of a very long text only the beginning is tried at first: where that alone gives more tokens
        than the model reads, the rest cannot matter.
        """
        limit = min(options.max_length or self.max_length, self.max_length)
        texts = [text.lower() for text in items] if self.recipe.lower else list(items)
        starts = [text[: limit * _CHARACTERS_PER_TOKEN] for text in texts]
        tokens, full = self._tokenise(starts, limit)
        again = [i for i, text in enumerate(texts) if len(text) > len(starts[i]) and not full[i]]
        if again:
            mended, _ = self._tokenise([texts[i] for i in again], limit)
            for i, ids in zip(again, mended, strict=True):
                tokens[i] = ids
        # a text of which the tokenizer leaves nothing
        return [ids or [self.tokenizer.pad_token_id or 0] for ids in tokens]

    def _tokenise(self, texts: list[str], limit: int) -> tuple[list[list[int]], list[bool]]:
        """Token numbers of each text, and whether there were more than the limit (if told)."""
        with self._lock:  # the limit is a state of the tokenizer, which threads share
            encoded = self.tokenizer(
                texts,
                truncation=True,
                max_length=limit,
                padding=False,
                return_attention_mask=False,
                return_token_type_ids=False,
                verbose=False,
            )
        details = encoded.encodings or [None] * len(texts)  # only fast tokenizers tell
        return list(encoded["input_ids"]), [bool(one and one.overflowing) for one in details]

    def cost(self, item: Any) -> int:
        """Tokens."""
        return len(item)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode texts that are cut into tokens."""
        import torch

        lengths = torch.tensor([len(ids) for ids in batch])
        width = self.max_length if self.pads_fully else int(lengths.max())
        ids = torch.full((len(batch), width), self.tokenizer.pad_token_id or 0)
        for i, tokens in enumerate(batch):
            ids[i, : len(tokens)] = torch.tensor(tokens)
        inputs = {"input_ids": ids.to(self.device)}
        if not self.pads_fully:
            mask = (torch.arange(width) < lengths[:, None]).long()
            inputs["attention_mask"] = mask.to(self.device)
        with torch.inference_mode():
            out = self._forward(inputs, lengths.to(self.device), options)
        return np.asarray(out.float().cpu().numpy())

    def _forward(self, inputs: dict[str, Any], lengths: Any, options: Options) -> Any:
        import torch

        automatic = options.pooling == "auto"
        if self.two_tower and automatic and options.layer == -1 and options.steps is None:
            return vectors_of(self.whole.get_text_features(**inputs))[:, None]
        output = self.model(**inputs, output_hidden_states=options.layer != -1)
        hidden = hidden_layer(output, options.layer, self.name)
        pooling = self.recipe.pooling if automatic else options.pooling
        if options.steps is not None and pooling == "cls":
            pooling = "mean"
        pooled = pool(hidden, lengths, str(pooling), options.steps)
        if self.recipe.normalise and automatic:
            pooled = torch.nn.functional.normalize(pooled, dim=-1)
        return pooled


def _check_vocabulary(tokenizer: Any, folder: Path, name: str) -> None:
    """Refuse a folder without a vocabulary: transformers makes an empty one, of unknown words."""
    names = dict(getattr(tokenizer, "vocab_files_names", None) or {})
    if not names or any(any(folder.glob(pattern)) for pattern in _VOCABULARIES):
        return  # a tokenizer of bytes or characters has no files
    if not any((folder / file).is_file() for file in names.values()):
        raise WeightsError(
            f"The folder of {name!r}, {folder}, must hold the files of its tokenizer: "
            f"tokenizer.json, or {sorted(set(names.values()))}. It has none; fetch them again."
        )


def _text_tower(model: Any) -> Any:
    if hasattr(model, "text_model"):
        return model.text_model
    return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model


def _max_length(tokenizer: Any, model: Any, stated: int | None) -> int:
    """Most tokens the model can read: by the folder, the tokenizer and the positions."""
    limits = [int(tokenizer.model_max_length), *([stated] if stated else [])]
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        limits.append(positions - _first_position(model))
    return min(limits) if min(limits) < 10**6 else 512


def _first_position(model: Any) -> int:
    """RoBERTa and its heirs count positions from the padding's number + 1."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and hasattr(module, "padding_idx"):
            return 0 if module.padding_idx is None else int(module.padding_idx) + 1
    return 0


class _Recipe:
    """What the files of a sentence-transformers folder state; the mean where there are none.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the backbone, for messages.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.pooling: str | None = "mean"
        self.stated: list[str] = []
        self.normalise = self.lower = False
        self.max_length: int | None = None
        if (folder / "sentence_bert_config.json").is_file():
            config = read_json(folder / "sentence_bert_config.json", name)
            self.max_length = int(config.get("max_seq_length") or 0) or None
            self.lower = bool(config.get("do_lower_case"))
        if (folder / "modules.json").is_file():
            self._read_modules(folder, name)

    def _read_modules(self, folder: Path, name: str) -> None:
        modules = read_json(folder / "modules.json", name, list)
        paths = {str(module["type"]).rsplit(".", 1)[-1]: str(module["path"]) for module in modules}
        foreign = sorted(set(paths) - {"Transformer", "Pooling", "Normalize"})
        if foreign:
            raise WeightsError(
                f"The sentence-transformers folder of {name!r} must be made of Transformer, "
                f"Pooling and Normalize. Got also {foreign}, which are not read here; remove "
                "modules.json to pool the transformer's own vectors."
            )
        self.normalise = "Normalize" in paths
        config = folder / paths.get("Pooling", "") / "config.json"
        if "Pooling" in paths and config.is_file():
            self._read_pooling(read_json(config, name))

    def _read_pooling(self, config: dict[str, Any]) -> None:
        self.stated = [key for key, on in config.items() if key.startswith("pooling_mode_") and on]
        poolings = [_POOLINGS.get(key) for key in self.stated]
        if "pooling_mode" in config:  # newer files name it
            self.stated = [str(config["pooling_mode"])]
            poolings = [one if one in _POOLINGS.values() else None for one in self.stated]
        if poolings:
            self.pooling = poolings[0] if len(poolings) == 1 else None
