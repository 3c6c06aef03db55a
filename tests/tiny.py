"""Tiny, seeded models of real architectures, in folders as their makers would publish them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

WORDS = ["a", "bad", "bird", "day", "for", "good", "great", "happy", "i", "is", "it", "like"]
WORDS += ["lovely", "movie", "night", "not", "of", "rain", "sad", "so", "sun", "the", "this", "to"]
WORDS += ["very", "was"]
TEXTS = [
    "a good day",
    "this movie was very sad , not good",
    "rain",
    "i like the sun so very much , it is a lovely day for a happy bird and the night is great",
    "THE bird!",
]
_LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 2}
_BERT = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, **_LAYERS}
_VIT = {"hidden_size": 16, "intermediate_size": 32, "image_size": 32, "patch_size": 8, **_LAYERS}
_SPEECH = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "conv_dim": (8, 8, 8),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 8, 8),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}


def seeded(model_class: Any, config: Any, seed: int = 0) -> Any:
    """A model with random weights; the generator of torch is left as it was."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = model_class(config).eval()
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
    return model


def write(folder: Path, model: Any, *processors: Any) -> Path:
    """Save a model and its processors as save_pretrained does, without its progress bar."""
    from hybridsent.encoders._files import quiet_transformers

    with quiet_transformers():
        model.save_pretrained(folder)
    for processor in processors:
        processor.save_pretrained(folder)
    return folder


def wordpiece() -> Any:
    """A tokenizer of BERT over a small vocabulary."""
    from transformers import BertTokenizerFast

    letters = [f"##{c}" for c in "abcdefghij"]
    vocab = {
        word: i
        for i, word in enumerate(
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, ",", "!", *letters]
        )
    }
    return BertTokenizerFast(vocab=vocab, model_max_length=32)


def words(*, bos: str | None, eos: str, pad: str | None, max_length: int = 32) -> Any:
    """A tokenizer with one token a word and the special tokens that a family wants."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["<a>", *dict.fromkeys(token for token in (pad, "<unk>", bos, eos) if token)]
    vocab = {word: i for i, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if pad is not None:
        around = f"{bos} $A {eos}" if bos else f"$A {eos}"
        named = [(token, vocab[token]) for token in (bos, eos) if token]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=around, special_tokens=named
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        model_max_length=max_length,
    )


def text_model(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a text model of the kind asked for."""
    import transformers as t

    if kind == "bert":
        return write(
            folder,
            seeded(t.BertModel, t.BertConfig(**_BERT, max_position_embeddings=32), seed),
            wordpiece(),
        )
    if kind == "roberta-classifier":  # a fine-tuned one: its head is not used, and it has no pooler
        config = t.RobertaConfig(**_BERT, max_position_embeddings=34, pad_token_id=1, num_labels=3)
        tokenizer = words(bos="<s>", eos="</s>", pad="<pad>", max_length=10**30)
        return write(folder, seeded(t.RobertaForSequenceClassification, config, seed), tokenizer)
    if kind == "distilbert":
        config = t.DistilBertConfig(
            vocab_size=64, dim=16, hidden_dim=32, n_layers=2, n_heads=2, max_position_embeddings=32
        )
        return write(folder, seeded(t.DistilBertModel, config, seed), wordpiece())
    if kind == "gpt2":
        config = t.GPT2Config(
            vocab_size=64,
            n_embd=16,
            n_layer=2,
            n_head=2,
            n_positions=32,
            bos_token_id=2,
            eos_token_id=2,
        )
        return write(
            folder, seeded(t.GPT2Model, config, seed), words(bos=None, eos="</s>", pad=None)
        )
    if kind == "t5":
        config = t.T5Config(
            vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=1
        )
        return write(
            folder, seeded(t.T5Model, config, seed), words(bos=None, eos="</s>", pad="<pad>")
        )
    if kind == "clip":
        return clip(folder, seed)
    if kind == "siglip":
        return siglip(folder, seed)
    raise ValueError(kind)


def siglip(folder: Path, seed: int = 0) -> Path:
    """Write a two-tower model that reads its vector at the last place of a padded text."""
    import transformers as t

    text = {**_BERT, "max_position_embeddings": 24, "projection_size": 16, "pad_token_id": 1}
    config = t.SiglipConfig(text_config=text, vision_config=_VIT)
    tokenizer = words(bos=None, eos="</s>", pad="<pad>", max_length=24)
    processor = t.SiglipImageProcessor(size={"height": 32, "width": 32})
    return write(folder, seeded(t.SiglipModel, config, seed), tokenizer, processor)


def clip(folder: Path, seed: int = 0) -> Path:
    """Write a two-tower model, with tokenizer and image processor."""
    import transformers as t

    text = {
        **_BERT,
        "max_position_embeddings": 24,
        "bos_token_id": 3,
        "eos_token_id": 4,
        "pad_token_id": 1,
    }
    config = t.CLIPConfig(text_config=text, vision_config=_VIT, projection_dim=12)
    processor = t.CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    tokenizer = words(bos="<s>", eos="</s>", pad="<pad>", max_length=24)
    return write(folder, seeded(t.CLIPModel, config, seed), tokenizer, processor)


def sentence_transformer(folder: Path, pooling: str = "cls", *, normalise: bool = True) -> Path:
    """Write BERT as sentence-transformers does."""
    text_model("bert", folder)
    parts = ["Transformer", "Pooling", *(["Normalize"] if normalise else [])]
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": f"{i}_{part}" if i else "",
            "type": f"sentence_transformers.models.{part}",
        }
        for i, part in enumerate(parts)
    ]
    modes = {
        f"pooling_mode_{name}": name == pooling
        for name in ("cls_token", "mean_tokens", "max_tokens", "lasttoken")
    }
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, **modes})
    )
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text(
        json.dumps({"max_seq_length": 12, "do_lower_case": False})
    )
    return folder


def image_model(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write an image model of the kind asked for."""
    import transformers as t

    processor = t.ViTImageProcessor(size={"height": 32, "width": 32})
    if kind == "vit":
        return write(folder, seeded(t.ViTModel, t.ViTConfig(**_VIT), seed), processor)
    if kind == "deit":  # a class token and a distillation token
        return write(folder, seeded(t.DeiTModel, t.DeiTConfig(**_VIT), seed), processor)
    if kind == "dinov2":
        config = t.Dinov2Config(hidden_size=16, image_size=32, patch_size=8, mlp_ratio=2, **_LAYERS)
        return write(folder, seeded(t.Dinov2Model, config, seed), processor)
    if kind == "resnet":
        config = t.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"
        )
        return write(folder, seeded(t.ResNetModel, config, seed), processor)
    if kind == "swin":
        config = t.SwinConfig(
            image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4
        )
        return write(folder, seeded(t.SwinModel, config, seed), processor)
    if kind == "clip":
        return clip(folder, seed)
    if kind == "siglip":
        return siglip(folder, seed)
    raise ValueError(kind)


def speech_model(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a speech model of the kind asked for."""
    import transformers as t

    plain = t.Wav2Vec2FeatureExtractor(return_attention_mask=False)
    if kind == "wav2vec2":  # group norm over time: padding would change every value
        return write(folder, seeded(t.Wav2Vec2Model, t.Wav2Vec2Config(**_SPEECH), seed), plain)
    if kind == "hubert-large":  # layer norm, attention mask
        config = t.HubertConfig(
            **_SPEECH, feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True
        )
        return write(
            folder,
            seeded(t.HubertModel, config, seed),
            t.Wav2Vec2FeatureExtractor(return_attention_mask=True),
        )
    if kind == "wav2vec2-emotion":  # a regression head that nobody reads, and layer norm
        config = t.Wav2Vec2Config(
            **_SPEECH,
            feat_extract_norm="layer",
            do_stable_layer_norm=True,
            num_labels=3,
            classifier_proj_size=8,
        )
        return write(
            folder,
            seeded(t.Wav2Vec2ForSequenceClassification, config, seed),
            t.Wav2Vec2FeatureExtractor(return_attention_mask=True),
        )
    if kind == "wavlm":
        config = t.WavLMConfig(**_SPEECH, num_buckets=16, max_bucket_distance=20)
        return write(folder, seeded(t.WavLMModel, config, seed), plain)
    if kind == "whisper":
        config = t.WhisperConfig(
            vocab_size=64,
            d_model=16,
            encoder_layers=2,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            num_mel_bins=16,
            max_source_positions=100,
            max_target_positions=8,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
            suppress_tokens=None,
            begin_suppress_tokens=None,
        )
        return write(
            folder,
            seeded(t.WhisperModel, config, seed),
            t.WhisperFeatureExtractor(feature_size=16, chunk_length=2),
        )
    if kind == "ast":
        config = t.ASTConfig(
            hidden_size=16, intermediate_size=32, max_length=128, num_mel_bins=32, **_LAYERS
        )
        extractor = t.ASTFeatureExtractor(num_mel_bins=32, max_length=128)
        return write(folder, seeded(t.ASTModel, config, seed), extractor)
    if kind == "wav2vec2-bert":
        config = t.Wav2Vec2BertConfig(
            hidden_size=16,
            intermediate_size=32,
            feature_projection_input_dim=32,
            conv_depthwise_kernel_size=3,
            **_LAYERS,
        )
        return write(
            folder,
            seeded(t.Wav2Vec2BertModel, config, seed),
            t.SeamlessM4TFeatureExtractor(feature_size=16, num_mel_bins=16),
        )
    raise ValueError(kind)


def waves(*seconds: float, rate: int = 16_000) -> list[tuple[np.ndarray, int]]:
    """Voice-like cells: a gliding tone with overtones, breath and syllables."""
    rng = np.random.default_rng(7)
    cells = []
    for duration in seconds:
        t = np.arange(round(duration * rate)) / rate
        pitch = 2 * np.pi * np.cumsum(120 + 60 * np.sin(2 * np.pi * 1.3 * t)) / rate
        voice = sum(np.sin(k * pitch) / k for k in range(1, 6))
        wave = 0.2 * voice * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)) + 0.01 * rng.standard_normal(
            len(t)
        )
        cells.append((wave.astype(np.float32), rate))
    return cells


def pictures(n: int = 4) -> list[np.ndarray]:
    """Coloured noise over a ramp, in several sizes."""
    rng = np.random.default_rng(3)
    sizes = [(40, 40), (32, 60), (64, 33), (50, 50)]
    made = []
    for i in range(n):
        height, width = sizes[i % len(sizes)]
        ramp = np.linspace(0, 120, height)[:, None, None] + np.array([0.0, 30.0, 60.0])
        made.append(
            np.clip(ramp + rng.integers(0, 90, (height, width, 3)), 0, 255).astype(np.uint8)
        )
    return made
