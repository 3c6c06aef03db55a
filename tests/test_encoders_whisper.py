"""Whisper's encoder: the values of transformers, on sounds as long as they are."""

from __future__ import annotations

from dataclasses import replace

import hub
import numpy as np
import pytest
import torch
from ct2 import whisper_variables, written

from hybridsent import AudioEncoder
from hybridsent.encoders import Backbone, Options, get_backbone, locate, register_backbone
from hybridsent.encoders._files import sha256_of
from hybridsent.encoders._runtime import release_networks
from hybridsent.encoders._whisper import Whisper
from hybridsent.encoders._whisper_sound import RATE, log_mel, mel_filters
from hybridsent.exceptions import WeightsError, WeightsNotFoundError
from hybridsent.finetune._network import trainable

NEAR = 1e-4  # of the largest value
NAME = "audio/whisper-tiny-en"
WINDOW = 30 * RATE


def sound(n: int, seed: int = 0) -> np.ndarray:
    """Syllables over breath, fading out, so that the loudest frame is not the last."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE
    voice = sum(np.sin(2 * np.pi * 130 * k * t * (1 + 0.02 * np.sin(9 * t))) / k for k in (1, 2, 3))
    fading = np.exp(-2 * np.arange(n) / n)
    wave = 0.3 * voice * (0.5 + 0.5 * np.sin(25 * t)) * fading + 0.003 * rng.standard_normal(n)
    return wave.astype(np.float32)


def apart(values: np.ndarray, wanted: np.ndarray) -> float:
    assert values.shape == wanted.shape
    return float(np.abs(values - wanted).max() / np.abs(wanted).max())


# -- the spectrogram -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def extractor():
    from transformers import WhisperFeatureExtractor

    return WhisperFeatureExtractor()


@pytest.mark.parametrize("n_mels", [80, 128])
def test_filters_are_those_of_transformers(n_mels):
    from transformers import WhisperFeatureExtractor

    wanted = WhisperFeatureExtractor(feature_size=n_mels).mel_filters.T
    assert apart(mel_filters(n_mels), wanted) < 1e-6


@pytest.mark.parametrize("seconds", [0.05, 1, 3.5, 30])
def test_frames_are_those_of_the_feature_extractor(extractor, seconds):
    wave = sound(int(seconds * RATE))
    wanted = extractor(wave, sampling_rate=RATE, padding="do_not_pad")["input_features"][0]
    assert np.abs(log_mel(wave, 80) - wanted).max() < 2e-4
    # its own way of NumPy is in float64, which ours is nearer to than that of torch is
    exact = extractor._np_extract_fbank_features(wave[None].astype(np.float64), "cpu")[0]
    assert np.abs(log_mel(wave, 80) - exact).max() < 5e-5


@pytest.mark.parametrize("rest", [1, 79, 80, 81, 159])
def test_a_sound_that_ends_between_frames_keeps_its_last_frame(extractor, rest):
    """The extractor drops it: there it holds the padding."""
    wave = sound(50 * 160 + rest)
    wanted = extractor(wave, sampling_rate=RATE, padding="do_not_pad")["input_features"][0]
    mels = log_mel(wave, 80)
    assert mels.shape == (80, 51)
    assert np.abs(mels[:, :50] - wanted).max() < 2e-4


@pytest.mark.parametrize("n", [1, 2, 3, 159, 160, 161, 200, 201, 320, 399, 400])
def test_the_shortest_sounds_have_frames(n):
    mels = log_mel(sound(n) + np.float32(0.01), 80)
    assert mels.shape == (80, -(-n // 160))
    assert np.isfinite(mels).all()


def test_long_spectrograms_are_computed_in_blocks_without_seams():
    wave = sound(20 * RATE)
    loud = np.abs(wave).argmax() // 160
    part = log_mel(wave[: 160 * 1000], 80)
    assert loud < 1000
    assert np.abs(log_mel(wave, 80)[:, :995] - part[:, :995]).max() < 1e-5


def test_silence_is_finite_and_constant():
    mels = log_mel(np.zeros(4000, dtype=np.float32), 80)
    assert np.ptp(mels) == 0
    assert np.isclose(mels[0, 0], -1.5)


# -- the blocks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network() -> Whisper:
    return get_backbone(NAME).load("cpu", "float32")


@pytest.fixture(scope="module")
def reference(network):
    """transformers' encoder with the same weights, for sounds of so many hidden vectors."""
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    state = {
        name: torch.from_numpy(values)
        for name, values in network.graphs.source.tensors(network.sizes.layers).items()
    }

    def hidden(mels: np.ndarray) -> list[np.ndarray]:
        """Positions cut to the frames of the sound: transformers takes no other length."""
        length = -(-mels.shape[1] // 2)
        config = WhisperConfig(
            d_model=384,
            encoder_layers=4,
            encoder_attention_heads=6,
            encoder_ffn_dim=1536,
            max_source_positions=length,
        )
        model = WhisperEncoder(config).eval()
        cut = {**state, "embed_positions.weight": state["embed_positions.weight"][:length]}
        model.load_state_dict(cut)
        # it refuses an odd number of frames, of which its convolution makes as many vectors
        vars(model.config)["max_source_positions"] = mels.shape[1] / 2
        with torch.inference_mode():
            found = model(torch.from_numpy(mels[None]), output_hidden_states=True)
        return [layer[0].numpy() for layer in found.hidden_states]

    return hidden


def encoded(network: Whisper, mels: np.ndarray, **options) -> np.ndarray:
    return network.encode([mels], Options(**options))[0]


def test_sizes_are_read_off_the_weights(network):
    assert (network.width, network.sizes.layers, network.sizes.heads) == (384, 4, 6)
    assert (network.sizes.positions, network.sizes.mels, network.sizes.inner) == (1500, 80, 1536)


def test_blocks_are_those_of_transformers_on_30_seconds(network, reference, extractor):
    mels = extractor(sound(WINDOW), sampling_rate=RATE)["input_features"][0]
    assert mels.shape == (80, 3000)
    for layer, wanted in enumerate(reference(mels)):
        hidden = network.graphs(f"hidden {layer}", mels[None])[0]
        assert apart(np.asarray(hidden), wanted) < NEAR
    assert network.graphs.slow is None


@pytest.mark.parametrize("n", [800, 16_000, 16_001, 55_999, 56_160])
def test_shorter_sounds_are_those_of_an_encoder_of_their_length(network, reference, n):
    mels = log_mel(sound(n), 80)
    wanted = reference(mels)[2]
    assert len(wanted) == -(-n // 320)
    assert apart(encoded(network, mels)[0], wanted.mean(0)) < NEAR
    assert apart(encoded(network, mels, pooling="max")[0], wanted.max(0)) < NEAR


def test_the_default_is_block_2_and_the_others_have_numbers(network):
    mels = log_mel(sound(20_000), 80)
    by_default = encoded(network, mels)
    assert np.array_equal(encoded(network, mels, layer=2), by_default)
    assert np.array_equal(encoded(network, mels, pooling="mean"), by_default)
    rows = [encoded(network, mels, layer=layer)[0] for layer in range(5)]
    assert len(np.unique(np.stack(rows), axis=0)) == 5
    for layer in (-2, 5):
        with pytest.raises(ValueError, match=r"-1 \(block 2\), or a hidden layer from 0 to 4"):
            network.check(Options(layer=layer))
    with pytest.raises(ValueError, match="'auto', 'mean' or 'max' for sound"):
        network.check(Options(pooling="cls"))


# -- whole sounds ----------------------------------------------------------------------------------


@pytest.fixture
def encoder() -> AudioEncoder:
    return AudioEncoder(NAME, store=None, device="cpu", precision="float32", min_seconds=1e-4)


def cell(n: int, seed: int = 0) -> tuple[np.ndarray, int]:
    return sound(n, seed), RATE


@pytest.mark.parametrize("n", [2, 159, 160, 161, 320, 321, 480, 639, 640, 641])
def test_very_short_sounds_have_rows(encoder, n):
    rows = encoder.transform([cell(n)])
    assert np.isfinite(rows).all()
    steps = encoder.set_params(steps=4).transform([cell(n)])
    assert np.isfinite(steps).all()


def test_faint_sounds_and_silent_windows_have_rows(encoder):
    faint = sound(24_000) * np.float32(1e-6)
    half = np.concatenate([sound(16_000), np.zeros(16_000, dtype=np.float32)])
    assert np.isfinite(encoder.transform([(faint, RATE), (half, RATE)])).all()
    windows = encoder.set_params(long="mean", window_seconds=1.0)
    assert np.isfinite(windows.transform([(half, RATE)])).all()


def test_rows_do_not_depend_on_their_batch_whatever_the_lengths(encoder):
    cells = [cell(n, seed) for seed, n in enumerate([800, 801, 16_000, 16_000, 16_320, 40_000])]
    together = encoder.transform(cells)
    alone = np.concatenate([encoder.transform([one]) for one in cells])
    assert np.abs(together - alone).max() <= NEAR * np.abs(alone).max()


def test_long_sounds_are_read_whole_in_windows(network):
    """Of 70 s three windows are made, of which all frames are pooled."""
    mels = log_mel(sound(70 * RATE), 80)
    windows = [window.ids for window in network._windows(0, mels)]
    assert [one.shape[1] for one in windows] == [2332, 2334, 2334]
    assert np.array_equal(np.concatenate(windows, axis=1), mels)
    frames = np.concatenate(
        [np.asarray(network.graphs("hidden 2", one[None]))[0] for one in windows]
    )
    assert len(frames) == 3500
    assert apart(encoded(network, mels)[0], frames.mean(0)) < NEAR
    steps = encoded(network, mels, steps=7)
    assert apart(steps, frames.reshape(7, 500, -1).mean(1)) < NEAR
    assert apart(encoded(network, mels, pooling="max")[0], frames.max(0)) < NEAR


@pytest.mark.parametrize("frames", [1, 2, 3, 2999, 3000, 3001, 3002, 5999, 6000, 6001, 60_001])
def test_windows_hold_every_frame_once_and_none_is_too_long(network, frames):
    mels = np.arange(frames, dtype=np.float32)[None]
    pieces = network._windows(0, mels)
    windows = [piece.ids for piece in pieces]
    assert np.array_equal(np.concatenate(windows, axis=1), mels)
    vectors = [-(-one.shape[1] // 2) for one in windows]
    assert max(vectors) <= 1500
    assert sum(vectors) == -(-frames // 2)
    assert max(vectors) - min(vectors) <= 1
    assert [piece.start for piece in pieces] == [sum(vectors[:i]) for i in range(len(vectors))]
    assert {piece.total for piece in pieces} == {sum(vectors)}


def test_a_window_of_30_seconds_is_one(encoder, network):
    for n, count in [(WINDOW, 1), (WINDOW + 1, 2)]:
        assert len(network._windows(0, log_mel(sound(n), 80))) == count


# -- weights of another make -----------------------------------------------------------------------


@pytest.fixture
def tiny_whisper(tmp_path):
    """The same small random model, as transformers and as CTranslate2 write it."""
    import tiny

    folder = tiny.speech_model("whisper", tmp_path / "hf")
    from safetensors.numpy import load_file

    encoder = {
        name.removeprefix("encoder."): values
        for name, values in load_file(folder / "model.safetensors").items()
        if name.startswith("encoder.")
    }
    return folder, encoder


def backbone_of(path) -> Backbone:
    return Backbone(
        "audio/tiny-whisper",
        "audio",
        "hybridsent.encoders._whisper:load",
        identify=lambda backbone: sha256_of(path),
        options={"file": str(path), "layer": 1},
    )


def test_both_forms_of_the_same_weights_give_the_same_vectors(tiny_whisper, tmp_path):
    folder, tensors = tiny_whisper
    path = tmp_path / "model.bin"
    path.write_bytes(written(whisper_variables(tensors, heads=2)))
    mels = log_mel(sound(16_000), 16)
    rows = []
    for file in (path, folder / "model.safetensors"):
        network = backbone_of(file).load("cpu", "float32")
        assert network.width == 16
        rows.append(encoded(network, mels))
    assert np.array_equal(*rows)


# -- from the hub's cache --------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("socket.socket.connect", None)  # any use of the network would fail loudly
    known = get_backbone("audio/whisper-base")
    register_backbone(replace(known, width=None, options={"layer": 1}), replace=True)
    yield tmp_path / "cache"
    register_backbone(known, replace=True)
    release_networks()


def test_whisper_base_is_read_from_the_hub_without_padding(cache, tiny_whisper):
    """As long as the model hears at once, a sound has the row of the family hf:, which pads."""
    folder, _ = tiny_whisper
    hub.put(cache, "openai/whisper-base", hub.read(folder))
    exact = {"store": None, "device": "cpu", "precision": "float32"}
    ours = AudioEncoder("audio/whisper-base", **exact)
    padded = AudioEncoder(f"hf:{folder}", layer=1, **exact)
    assert ours.backbone().ready
    whole, short = cell(2 * RATE), cell(RATE)
    assert apart(ours.transform([whole]), padded.transform([whole])) < NEAR
    assert apart(ours.transform([short]), padded.transform([short])) > 10 * NEAR


def test_whisper_base_names_the_way_to_its_weights(cache):
    with pytest.raises(WeightsNotFoundError, match="hybridsent backbones fetch audio/whisper-base"):
        AudioEncoder("audio/whisper-base", store=None).transform([cell(RATE)])


def test_tiny_en_is_the_same_from_the_hub_where_the_package_is_gone(cache, tmp_path):
    """faster-whisper's own repository has the same file, byte for byte."""
    known = get_backbone(NAME)
    packaged, first, second = known.sources
    alone = replace(known, name="audio/alone", sources=(first, second))
    with pytest.raises(WeightsNotFoundError, match=r"Systran/faster-whisper-tiny\.en"):
        locate(alone)
    content = next(iter(packaged.find().values())).read_bytes()
    hub.put(cache, first.repo, {"model.bin": content})
    assert locate(alone).weights.read_bytes() == content
    assert alone.digest() == known.digest()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t.pop("layers.0.fc1.bias"), "no variable 'encoder/layer_0/ffn/linear_0/bias'"),
        (lambda t: t.update({"conv2.bias": np.zeros(9, "f4")}), r"'conv2.bias' has the shape \(9,"),
        (lambda t: t.update({"conv1.weight": np.zeros((16, 16), "f4")}), "first tensors have"),
        (lambda t: t["conv1.weight"].fill(np.nan), "not finite"),
        (lambda t: t.pop("embed_positions.weight"), "no variable 'encoder/position_encodings"),
        (lambda t: [t.pop(name) for name in list(t) if name.startswith("layers.")], "no variable"),
    ],
)
def test_weights_that_are_not_whole_are_refused(tiny_whisper, tmp_path, change, why):
    _, tensors = tiny_whisper
    tensors = {name: values.copy() for name, values in tensors.items()}
    change(tensors)
    path = tmp_path / "model.bin"
    path.write_bytes(written(whisper_variables(tensors, heads=2)))
    with pytest.raises(WeightsError, match=why):
        backbone_of(path).load("cpu", "float32").encode([log_mel(sound(9000), 16)], Options())


@pytest.mark.parametrize("heads", [0, 3, 32_000])
def test_a_wrong_number_of_heads_is_refused(tiny_whisper, tmp_path, heads):
    _, tensors = tiny_whisper
    path = tmp_path / "model.bin"
    path.write_bytes(written(whisper_variables(tensors, heads=heads)))
    with pytest.raises(WeightsError, match=f"{heads} heads do not divide its width of 16"):
        backbone_of(path).load("cpu", "float32")


def test_a_model_of_another_kind_or_too_few_blocks_is_refused(tiny_whisper, tmp_path):
    _, tensors = tiny_whisper
    path = tmp_path / "model.bin"
    path.write_bytes(written(whisper_variables(tensors, heads=2), spec="TransformerSpec"))
    with pytest.raises(WeightsError, match="it holds a 'TransformerSpec'"):
        backbone_of(path).load("cpu", "float32")
    path.write_bytes(written(whisper_variables(tensors, heads=2)))
    with pytest.raises(WeightsError, match=r"must have a block 3.*Got 2 blocks"):
        replace(backbone_of(path), options={"file": str(path), "layer": 3}).load("cpu", "float32")


def test_it_is_refused_for_tuning_with_the_way_out():
    with pytest.raises(ValueError, match=r"family 'hf:'.*Got 'audio/whisper-tiny-en'"):
        trainable(get_backbone(NAME), "cpu", None)
