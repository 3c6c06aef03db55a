"""Text models of transformers (layer L2)."""

from __future__ import annotations

import json
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._files import files_of
from hybridsent.encoders._graphs import Graphs, as_numpy
from hybridsent.encoders._hf_model import (
    HFNetwork,
    HFSource,
    Weights,
    load_tokenizer,
    read_json,
)
from hybridsent.encoders._network import Options
from hybridsent.encoders._pieces import Sums, by_size, chunks, pieces_of
from hybridsent.encoders._pooling import of_length_one, pool
from hybridsent.exceptions import WeightsError

__all__ = ["HFText"]

_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
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
        kept = self.graphs.facts(lambda draft: _facts(self.graphs.source).write(draft))
        found = None if kept is None else _Facts.read(kept)
        self.facts = _facts(self.graphs.source) if found is None else found

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
        texts = network.finish(_SENTENCES, Options(max_length=longest))
        shortest = min(map(len, texts))
        alike = [ids[:shortest] for ids in texts]
        return [network.inputs(batch) for batch in (alike[:2], alike, texts[:1])]


_SENTENCES = [
    "the sun was so lovely that we stayed at the sea until it was night",
    "not good",
    "they want their money back, and I would not pay for it, either!",
]
_ODD = [
    "",
    " ",
    "  Two  blanks,\ttabs\n\nLINES ",
    "na\u00efve \U0001f600\u200d\U0001f525 \u4f60\u597d",
    "a" * 300,
]


@dataclass
class _Facts:
    """What must be known of a text model beside its forward pass.

    Parameters
    ----------
    pad : int
        Token number of padding.
    max_length : int
        Most tokens that it reads.
    two_tower : bool
        Whether it projects a vector into a space that pictures or sounds share.
    pads_fully : bool
        Whether texts are padded to `max_length`, without a mask.
    pooling : str or None
        What ``pooling="auto"`` means; None where the folder states what is not built here.
    stated : list of str
        What the folder states.
    normalise, lower : bool
        Whether vectors are brought to length 1, and texts to lower case.
    left : bool
        Whether of a text that is too long the beginning is cut off, not the end.
    splits_special : bool
        Whether a special token that a text holds is read as the characters it is made of.
    usual_length : int, default=None
        Tokens that are read unless more are asked for; None for `max_length`.
    prefix : str, default=""
        What stands before each text, as in training.
    """

    pad: int
    max_length: int
    two_tower: bool
    pads_fully: bool
    pooling: str | None
    stated: list[str]
    normalise: bool
    lower: bool
    left: bool
    splits_special: bool
    usual_length: int | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        self.tokenizer: Any = None  # of transformers, or of tokenizers

    def limit(self, asked: int | None) -> int:
        """How many tokens of a text are read, where so many are asked for, or nothing."""
        return min(asked or self.usual_length or self.max_length, self.max_length)

    def tokenise(self, texts: list[str], limit: int) -> tuple[list[list[int]], list[bool]]:
        """Token numbers of each text, and whether there were more than the limit (if told)."""
        if not callable(self.tokenizer):
            self.tokenizer.enable_truncation(limit, direction="left" if self.left else "right")
            encodings = self.tokenizer.encode_batch_fast(texts)  # without offsets
            return [one.ids for one in encodings], [bool(one.overflowing) for one in encodings]
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

    def pieces(self, texts: list[str], limit: int) -> list[list[list[int]]]:
        """Token numbers of each piece of each text, from its beginning on, with special tokens."""
        if not callable(self.tokenizer):
            self.tokenizer.enable_truncation(limit, direction="right")
            encodings = self.tokenizer.encode_batch_fast(texts)
            parts = [[one.ids, *(more.ids for more in one.overflowing)] for one in encodings]
        else:
            parts = [self._pieces_of(text, limit) for text in texts]
        # of a limit that special tokens fill, what overflows is longer than it
        return [[ids for ids in some if len(ids) <= limit] or some[:1] for some in parts]

    def _pieces_of(self, text: str, limit: int) -> list[list[int]]:
        """Cut a text with a tokenizer of transformers."""
        if getattr(self.tokenizer, "is_fast", False):
            side, self.tokenizer.truncation_side = self.tokenizer.truncation_side, "right"
            try:
                encoded = self.tokenizer([text], truncation=True, max_length=limit, verbose=False)
            finally:
                self.tokenizer.truncation_side = side
            one = encoded.encodings[0]
            return [one.ids, *(more.ids for more in one.overflowing)]
        whole = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        room = max(1, limit - self.tokenizer.num_special_tokens_to_add())
        parts = [whole[i : i + room] for i in range(0, len(whole), room)] or [[]]
        if len(parts) == 1:  # as a text that is not too long is always cut
            return self.tokenise([text], limit)[0]
        return [self.tokenizer.build_inputs_with_special_tokens(part) for part in parts]

    def write(self, folder: Path) -> None:
        """Keep the facts and the tokenizer, as transformers set it up."""
        if callable(self.tokenizer):
            raise OSError("only a fast tokenizer can be kept")
        (folder / "facts.json").write_text(json.dumps(asdict(self)), encoding="utf-8")
        (folder / "tokenizer.json").write_text(self.tokenizer.to_str(), encoding="utf-8")

    @staticmethod
    def read(folder: Path) -> _Facts | None:
        """Read what `write` kept; None where another process took it away meanwhile."""
        from tokenizers import Tokenizer

        try:
            facts = _Facts(**json.loads((folder / "facts.json").read_text(encoding="utf-8")))
            text = (folder / "tokenizer.json").read_text(encoding="utf-8")
        except OSError:
            return None
        facts.tokenizer = facts.set_up(Tokenizer.from_str(text))
        return facts

    def set_up(self, tokenizer: Any) -> Any:
        """Set what its file does not tell of a tokenizer."""
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = self.splits_special
        return tokenizer

    def take(self, tokenizer: Any) -> None:
        """Take the tokenizer out of transformers, where by itself it gives the same tokens.

        Every engine and every process then cuts texts by one and the same code.
        """
        self.tokenizer = tokenizer
        probes = [*_SENTENCES, *_ODD, " ".join(_SENTENCES * 9)]
        probes.append(" ".join(tokenizer.all_special_tokens))
        limits = sorted({min(8, self.max_length), self.max_length})
        wanted = [self.tokenise(probes, limit)[0] for limit in limits]
        alone = self._taken_out(tokenizer)
        if alone is not None:
            self.tokenizer = alone
            if [self.tokenise(probes, limit)[0] for limit in limits] != wanted:
                self.tokenizer = tokenizer

    def _taken_out(self, tokenizer: Any) -> Any:
        """Copy the fast tokenizer; None where there is none that can be copied."""
        from tokenizers import Tokenizer

        try:
            return self.set_up(Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()))
        except Exception:  # noqa: BLE001 - tokenizers raises a plain Exception for parts in Python
            return None


def _facts(source: Any) -> _Facts:
    """Read the facts off a loaded model."""
    recipe = _Recipe(source.folder, source.name, source.recipe)
    facts = _Facts(
        pad=int(source.tokenizer.pad_token_id or 0),
        max_length=_max_length(source.tokenizer, source.model, recipe.max_length),
        two_tower=hasattr(source.whole, source.projects),
        # SigLIP reads its vector at the last place of a text that is padded to the full length
        pads_fully="siglip" in source.whole.config.model_type,
        pooling=recipe.pooling,
        stated=recipe.stated,
        normalise=recipe.normalise,
        lower=recipe.lower,
        left=getattr(source.tokenizer, "truncation_side", "right") == "left",
        splits_special=bool(getattr(source.tokenizer, "split_special_tokens", False)),
        usual_length=recipe.usual_length,
        prefix=recipe.prefix,
    )
    facts.take(source.tokenizer)
    return facts


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


def _max_length(tokenizer: Any, model: Any, stated: int | None) -> int:
    """Most tokens the model can read: by the folder, the tokenizer and the positions."""
    limits = [_count(tokenizer.model_max_length), *([stated] if stated else [])]
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        limits.append(positions - _first_position(model))
    limits = [limit for limit in limits if 0 < limit < 10**6]
    return min(limits) if limits else 512


def _count(value: Any) -> int:
    """Read a number of tokens; 0 where a file says nothing, or something else."""
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):  # no number, or one without end
        return 0


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
    known : mapping
        What is known beside the folder, and comes before what it states.
    """

    def __init__(self, folder: Path, name: str, known: Mapping[str, Any]) -> None:
        self.pooling: str | None = "mean"
        self.stated: list[str] = []
        self.normalise = self.lower = False
        self.max_length: int | None = None
        self.usual_length: int | None = known.get("max_length")
        self.prefix: str = known.get("prefix", "")
        if (folder / "sentence_bert_config.json").is_file():
            config = read_json(folder / "sentence_bert_config.json", name)
            self.max_length = _count(config.get("max_seq_length")) or None
            self.lower = bool(config.get("do_lower_case"))
        if (folder / "modules.json").is_file():
            self._read_modules(folder, name)
        self.pooling = known.get("pooling", self.pooling)
        self.normalise = known.get("normalise", self.normalise)

    def _read_modules(self, folder: Path, name: str) -> None:
        modules = read_json(folder / "modules.json", name, list)
        if not all(isinstance(module, dict) for module in modules):
            raise WeightsError(f"The modules.json of {name!r} must be a list of objects.")
        paths = {
            str(module.get("type")).rsplit(".", 1)[-1]: str(module.get("path", ""))
            for module in modules
        }
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
            if config not in files_of(folder):  # elsewhere it would be read, but not hashed
                raise WeightsError(
                    f"The modules.json of {name!r} must name a folder such as '1_Pooling' beside "
                    f"it. Got {paths['Pooling']!r}; rename it."
                )
            self._read_pooling(read_json(config, name))

    def _read_pooling(self, config: dict[str, Any]) -> None:
        self.stated = [key for key, on in config.items() if key.startswith("pooling_mode_") and on]
        poolings = [_POOLINGS.get(key) for key in self.stated]
        if "pooling_mode" in config:  # newer files name it
            self.stated = [str(config["pooling_mode"])]
            poolings = [one if one in _POOLINGS.values() else None for one in self.stated]
        if poolings:
            self.pooling = poolings[0] if len(poolings) == 1 else None
