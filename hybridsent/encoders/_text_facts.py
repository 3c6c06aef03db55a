"""What must be known of a text model beside its forward pass: tokens and pooling (layer L2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hybridsent.encoders._files import files_of
from hybridsent.encoders._hf_folder import read_json
from hybridsent.exceptions import WeightsError

__all__ = ["SENTENCES", "TextFacts", "facts_of"]


_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}


SENTENCES = [
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
class TextFacts:
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
    def read(folder: Path) -> TextFacts | None:
        """Read what `write` kept; None where another process took it away meanwhile."""
        from tokenizers import Tokenizer

        try:
            facts = TextFacts(**json.loads((folder / "facts.json").read_text(encoding="utf-8")))
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
        probes = [*SENTENCES, *_ODD, " ".join(SENTENCES * 9)]
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


def facts_of(source: Any) -> TextFacts:
    """Read the facts off a loaded model."""
    recipe = _Recipe(source.folder, source.name, source.recipe)
    facts = TextFacts(
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
