"""Text models of transformers (layer L2)."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._graphs import Graphs, as_numpy
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_load import load_tokenizer
from hybridsent.encoders._hf_model import HFNetwork, HFSource
from hybridsent.encoders._network import Options
from hybridsent.encoders._pieces import Sums, by_size, chunks, pieces_of
from hybridsent.encoders._pooling import of_length_one, pool
from hybridsent.encoders._text_facts import SENTENCES, TextFacts, facts_of
from hybridsent.exceptions import WeightsError

__all__ = ["HFText"]

_VOCABULARIES = ("tokenizer.json", "tekken.json", "*.model", "*.tiktoken")  # whole, each by itself
_TOKENS_PER_BATCH = 16384
_TOKENS_IN_CACHE = 1024  # what a processor's caches hold beside the weights of a layer
_TEXTS_AT_ONCE = 1024  # that the tokenizer cuts: it takes a hundred bytes a token meanwhile
_CHARACTERS_PER_TOKEN = 64


class HFText(HFNetwork):
    """Any encoder, decoder, encoder-decoder or two-tower text model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the pooling and
    normalisation that a sentence-transformers folder states, else the mean.

    Where the forward pass was converted before, neither torch nor transformers is imported: the
    tokenizer and what is known of the model were kept beside the conversion.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    """

    tower = "text_config"
    files = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "*.model")

    graphs: Graphs
    reads_pieces = True

    def __init__(self, weights: Weights, device: str, precision: str) -> None:
        self.name = weights.name
        self._widths = {}
        self._lock = threading.Lock()
        self.graphs = Graphs(
            weights.name,
            " ".join(["text", weights.digest, *map(str, sorted(weights.recipe.items()))]),
            lambda precision: _Source(weights, device, precision, self),
            device,
            precision,
        )
        kept = self.graphs.facts(lambda draft: facts_of(self.graphs.source).write(draft))
        found = None if kept is None else TextFacts.read(kept)
        self.facts = facts_of(self.graphs.source) if found is None else found

    def sample(self) -> str:
        """Give a word."""
        return "a"

    @property
    def budget(self) -> int:
        """Padded tokens in an automatic batch: small ones stay in the caches of a processor."""
        return _TOKENS_IN_CACHE if self.graphs.converts else _TOKENS_PER_BATCH

    def check(self, options: Options) -> None:
        """Refuse a pooling that the folder states and that is not built here."""
        if options.pooling == "auto" and self.facts.pooling is None:
            raise ValueError(
                f"The pooling parameter must be 'mean', 'cls' or 'max' for {self.name!r}: its "
                f"folder asks for {self.facts.stated}, which is not built here. Got 'auto'."
            )

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Cut all texts of a window into tokens at once.

        Of a very long text only the beginning is tried at first (the end, where the tokenizer cuts
        the beginning off): where that alone gives more tokens than the model reads, the rest cannot
        matter.
        """
        limit = self.facts.limit(options.max_length)
        texts = [text.lower() for text in items] if self.facts.lower else list(items)
        if self.facts.prefix:
            texts = [self.facts.prefix + text for text in texts]
        if options.long == "mean":
            return self._in_pieces(texts, limit)
        most = limit * _CHARACTERS_PER_TOKEN
        starts = [text[-most:] if self.facts.left else text[:most] for text in texts]
        tokens: list[Any] = []
        full: list[bool] = []
        for i in range(0, len(starts), _TEXTS_AT_ONCE):
            some, cut = self._tokenise(starts[i : i + _TEXTS_AT_ONCE], limit)
            tokens += some
            full += cut
        again = [i for i, text in enumerate(texts) if len(text) > len(starts[i]) and not full[i]]
        if again:
            mended, _ = self._tokenise([texts[i] for i in again], limit)
            for i, ids in zip(again, mended, strict=True):
                tokens[i] = ids
        return [self._array(ids) for ids in tokens]

    def _array(self, ids: list[int]) -> np.ndarray:
        # padding alone for a text of which the tokenizer leaves nothing
        return np.asarray(ids or [self.facts.pad], dtype=np.int32)

    def _in_pieces(self, texts: list[str], limit: int) -> list[Any]:
        """Cut texts into tokens: an array each, or a tuple of them where one is not enough."""
        items: list[Any] = []
        for some in by_size(texts):
            with self._lock:
                pieces = self.facts.pieces(some, limit)
            arrays = [tuple(map(self._array, parts)) for parts in pieces]
            items += [parts if len(parts) > 1 else parts[0] for parts in arrays]
        return items

    def _tokenise(self, texts: list[str], limit: int) -> tuple[list[list[int]], list[bool]]:
        """Token numbers of each text, and whether there were more than the limit (if told)."""
        with self._lock:  # the limit is a state of the tokenizer, which threads share
            return self.facts.tokenise(texts, limit)

    def cost(self, item: Any) -> int:
        """Tokens."""
        return sum(map(len, item)) if isinstance(item, tuple) else len(item)

    def group(self, item: Any) -> Hashable:
        """On the CPU only texts of one length share a batch.

        Nothing is padded and nothing is masked: that saves 6 % over batches sorted by length, and
        a processor is as fast with one text of 64 tokens (within 20 %) as with sixteen.
        """
        if isinstance(item, tuple):
            return "pieces"
        return len(item) if self.graphs.converts else None

    def usual_pass(self) -> str:
        """Name the pass of default options."""
        return "features" if self.facts.two_tower else "hidden -1"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode texts that are cut into tokens."""
        if isinstance(batch[0], tuple):
            pooled = self._encode_pieces(batch, options)
        else:
            pooled = self._pooled(batch, options)
        projected = self.facts.two_tower and options.is_default
        if self.facts.normalise and options.pooling == "auto" and not projected:
            pooled = of_length_one(pooled)
        return pooled

    def _pooled(self, batch: Sequence[np.ndarray], options: Options, **place: Any) -> np.ndarray:
        """Pool texts, or pieces of texts whose place in these is told."""
        lengths = np.array([len(ids) for ids in batch])
        inputs = self.inputs(batch)
        if self.facts.two_tower and options.is_default:
            pooled: np.ndarray = as_numpy(self.graphs("features", *inputs))[:, None]
            return as_numpy(pool(pooled, lengths, "cls", None, **place)) if place else pooled
        hidden = self.graphs(f"hidden {options.layer}", *inputs)
        pooling = self._pooling(options)
        return as_numpy(pool(hidden, lengths, pooling, options.steps, **place))

    def _pooling(self, options: Options) -> str:
        pooling = self.facts.pooling if options.pooling == "auto" else options.pooling
        return "mean" if options.steps is not None and pooling == "cls" else str(pooling)

    def _encode_pieces(
        self, batch: Sequence[tuple[np.ndarray, ...]], options: Options
    ) -> np.ndarray:
        """Encode texts of several pieces, then pool each text over all of its own."""
        projected = self.facts.two_tower and options.is_default
        sums = Sums(len(batch), largest=not projected and self._pooling(options) == "max")
        for chunk in chunks(pieces_of(batch), self.budget, self.group):
            place = {"starts": [p.start for p in chunk], "totals": [p.total for p in chunk]}
            sums.add(chunk, self._pooled([p.ids for p in chunk], options, **place))
        return sums.vectors()

    @property
    def masks(self) -> bool:
        """Whether a mask tells tokens from padding."""
        return not (self.facts.pads_fully or self.graphs.converts)

    def inputs(self, batch: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Pad token numbers on the right; a mask tells them from padding where there is any."""
        lengths = np.array([len(ids) for ids in batch])
        width = self.facts.max_length if self.facts.pads_fully else int(lengths.max())
        ids = np.full((len(batch), width), self.facts.pad)
        inside = np.arange(width) < lengths[:, None]
        ids[inside] = np.concatenate(batch)
        return (ids, inside.astype(np.int64)) if self.masks else (ids,)


class _Source(HFSource):
    """The torch model of a folder, with its tokenizer.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    network : HFText
        Makes the inputs of the examples.
    """

    projects = "get_text_features"

    def __init__(self, weights: Weights, device: str, precision: str, network: HFText) -> None:
        self.network = network
        self.tokenizer = load_tokenizer(weights)
        if weights.form != "e5":  # whose one file holds the vocabulary, too
            _check_vocabulary(self.tokenizer, weights.folder, weights.name)
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        super().__init__(weights, device, precision)
        # without a mask such a model looks for several texts in a row, which cannot be converted
        self.is_causal = any(getattr(part, "is_causal", False) for part in self.model.modules())

    def tower(self, model: Any) -> Any:
        """Give the text tower, or the encoder."""
        if hasattr(model, "text_model"):
            return model.text_model
        return model.get_encoder() if getattr(model.config, "is_encoder_decoder", False) else model

    def named(self, ids: Any, mask: Any = None) -> dict[str, Any]:
        """Name token numbers and their mask."""
        if mask is None and self.is_causal:
            import torch

            mask = torch.ones_like(ids)
        return {"input_ids": ids} if mask is None else {"input_ids": ids, "attention_mask": mask}

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Tokenise batches of several shapes; the texts of one are of one length."""
        network = self.network
        longest = max(3, network.facts.max_length // 2)
        texts = network.finish(SENTENCES, Options(max_length=longest))
        shortest = min(map(len, texts))
        alike = [ids[:shortest] for ids in texts]
        return [network.inputs(batch) for batch in (alike[:2], alike, texts[:1])]


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
