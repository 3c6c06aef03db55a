"""Folders of the family ``hf:``: broken, foreign or hostile ones, and what tells models apart."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import tiny
from safetensors.torch import load_file, save_file

from hybridsent import AudioEncoder, ImageEncoder, TextEncoder
from hybridsent.encoders import get_backbone
from hybridsent.encoders._runtime import release_networks
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture
def folder(bert, tmp_path) -> Path:
    """A copy of the tiny BERT, to be broken."""
    return Path(shutil.copytree(bert, tmp_path / "bert"))


def encode(folder: object, **parameters) -> Any:
    exact = {"store": None, "device": "cpu", "precision": "float32"}
    return TextEncoder(f"hf:{folder}", **exact, **parameters).fit_transform(["a"])


def edit(path: Path, **fields) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def rewrite(folder: Path, change: Any) -> None:
    """Change the dict of tensors of a folder."""
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


# -- not on this machine


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("socket.socket.connect", None)  # any use of the network would fail loudly
    return tmp_path / "cache"


def test_a_repository_that_is_not_cached(empty_cache, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with pytest.raises(WeightsNotFoundError) as caught:
        encode("some/model", revision="v1.0")
    message = str(caught.value)
    for part in ("'hf:some/model' at revision 'v1.0'", "local_files_only=False", "hf download"):
        assert part in message
    assert waited == []


def test_a_repository_that_cannot_be_fetched(empty_cache):
    with pytest.raises(WeightsNotFoundError) as caught:
        encode("some/model", local_files_only=False)
    message = str(caught.value)
    assert "fetching them failed" in message
    assert "hf download some/model" in message
    assert "pass local_files_only=False" not in message


@pytest.mark.parametrize("name", ["a b/c", "--x", "name/..", "x" * 120])
def test_what_is_no_name_of_a_repository(empty_cache, name):
    with pytest.raises(UnknownBackboneError, match="owner/name"):
        encode(name)


@pytest.mark.parametrize("name", ["/no/such/folder", "./gone", "~/gone", "~nobody-here/x", "a/b/c"])
def test_a_folder_that_is_not_there(name):
    with pytest.raises(WeightsNotFoundError, match=r"Nothing is at .*config\.json"):
        encode(name)


def test_a_name_that_is_empty_or_has_no_modality():
    with pytest.raises(UnknownBackboneError, match="'hf:owner/name' or 'hf:folder'"):
        encode("")
    with pytest.raises(UnknownBackboneError, match="modality"):
        get_backbone("hf:some/model")


def test_a_repository_in_the_cache_is_found(bert, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repo = tmp_path / "models--some--model"
    shutil.copytree(bert, repo / "snapshots" / ("0" * 40))
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("0" * 40)
    assert (encode("some/model") == encode(bert)).all()
    by_name, by_folder = TextEncoder("hf:some/model"), TextEncoder(f"hf:{bert}")
    assert by_name.fingerprint() == by_folder.fingerprint()


# -- broken folders


def test_a_folder_without_configuration(folder):
    (folder / "config.json").unlink()
    with pytest.raises(WeightsNotFoundError, match=r"must hold config\.json"):
        encode(folder)


def test_a_folder_without_weights(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsNotFoundError, match=r"hold model\.safetensors.*save_pretrained"):
        encode(folder)


def test_a_pickle_is_never_read(folder, tmp_path):
    class Canary:
        def __reduce__(self):
            return Path.touch, (tmp_path / "canary",)

    import torch

    (folder / "model.safetensors").unlink()
    torch.save({"x": Canary()}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsNotFoundError, match=r"pytorch_model\.bin is a pickle"):
        encode(folder)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("size", [0, 4, 3_000, -1])
def test_weights_that_are_cut_off(folder, size):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(WeightsError, match="files are damaged"):
        encode(folder)


def test_a_missing_tensor_is_named(folder):
    key = "encoder.layer.1.attention.self.query.weight"
    rewrite(folder, lambda tensors: tensors.pop(key))
    with pytest.raises(WeightsError, match=rf"1 tensors are missing, such as '{key}'"):
        encode(folder)


def test_missing_tensors_that_no_vector_passes_through(folder, bert):
    def drop(tensors: dict) -> None:
        for key in [key for key in tensors if key.startswith("pooler")]:
            del tensors[key]

    rewrite(folder, drop)
    assert (encode(folder) == encode(bert)).all()


def test_a_two_tower_model_needs_its_projection(tmp_path):
    folder = tiny.clip(tmp_path / "clip")
    rewrite(folder, lambda tensors: tensors.pop("text_projection.weight"))
    with pytest.raises(WeightsError, match=r"text_projection\.weight"):
        encode(folder)


def test_an_encoder_decoder_needs_only_its_encoder(tmp_path):
    folder = tiny.text_model("t5", tmp_path / "t5")
    X = encode(folder)

    def drop(tensors: dict) -> None:
        for key in [key for key in tensors if key.startswith("decoder")]:
            del tensors[key]

    rewrite(folder, drop)
    assert (encode(folder) == X).all()
    rewrite(folder, lambda tensors: tensors.pop("encoder.block.1.layer.0.SelfAttention.q.weight"))
    with pytest.raises(WeightsError, match=r"encoder\.block\.1"):
        encode(folder)


def test_a_tensor_of_another_shape(folder):
    edit(folder / "config.json", intermediate_size=48)
    with pytest.raises(WeightsError, match="cannot be loaded"):
        encode(folder)


@pytest.mark.parametrize("content", ["{]", "", "[1]", '"x"', "[" * 100_000])
def test_a_configuration_that_is_no_json_object(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(WeightsError, match=r"config\.json of 'hf:.*must (be|hold a) JSON"):
        encode(folder)


@pytest.mark.parametrize("fields", [{"model_type": "unheard-of"}, {"model_type": None}])
def test_an_unknown_architecture(folder, fields):
    edit(folder / "config.json", **fields)
    with pytest.raises(WeightsError, match="not one of transformers"):
        encode(folder)


@pytest.mark.parametrize("model_type", ["unheard-of", "bert"])
def test_code_of_a_repository_is_never_run(folder, tmp_path, model_type):
    canary = tmp_path / "canary"
    (folder / "modeling_evil.py").write_text(f"open({str(canary)!r}, 'w').close()\n")
    names = ("AutoConfig", "AutoModel", "AutoTokenizer")
    auto_map = dict.fromkeys(names, "modeling_evil.Evil")
    edit(folder / "config.json", model_type=model_type, auto_map=auto_map)
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "modeling_evil.Evil"]})
    if model_type == "bert":  # transformers has this architecture: its own class is used
        assert encode(folder).shape == (1, 16)
    else:
        with pytest.raises(WeightsError, match="code is never run"):
            encode(folder)
    assert not canary.exists()


def test_a_folder_without_a_tokenizer(folder):
    """transformers would make one whose every word is unknown, and say nothing."""
    (folder / "tokenizer.json").unlink()
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"files of its tokenizer.*vocab\.txt.*has none"):
            encode(folder)
        (folder / "tokenizer_config.json").unlink(missing_ok=True)


def test_a_tokenizer_in_its_old_files(folder, bert, tmp_path):
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)))
    assert (encode(folder) == encode(bert)).all()
    gpt2 = tiny.text_model("gpt2", tmp_path / "gpt2")
    (gpt2 / "tokenizer.json").unlink()
    edit(gpt2 / "tokenizer_config.json", tokenizer_class="GPT2Tokenizer")
    (gpt2 / "vocab.json").write_text(json.dumps({"a": 0, "</s>": 1}))
    with pytest.raises(WeightsError, match="must hold what AutoTokenizer"):  # merges.txt lacks
        encode(gpt2)


def test_a_folder_without_a_preprocessor(tmp_path):
    image = tiny.image_model("vit", tmp_path / "vit")
    (image / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsError, match=r"AutoImageProcessor.*preprocessor_config\.json"):
        ImageEncoder(f"hf:{image}", store=None).fit([None])
    sound = tiny.speech_model("wav2vec2", tmp_path / "wav2vec2")
    (sound / "preprocessor_config.json").write_text("{]")
    with pytest.raises(WeightsError, match="AutoFeatureExtractor"):
        AudioEncoder(f"hf:{sound}", store=None).fit([None])


def test_a_model_that_reads_something_else(bert):
    with pytest.raises(WeightsError, match="AutoImageProcessor"):
        ImageEncoder(f"hf:{bert}", store=None).fit([None])
    with pytest.raises(UnknownBackboneError, match="'image/efficientnet-lite0' reads image"):
        TextEncoder("image/efficientnet-lite0").fit(["a"])


@pytest.fixture
def sharded(bert, tmp_path) -> Path:
    from transformers import AutoModel

    from hybridsent.encoders._files import quiet_transformers

    folder = Path(shutil.copytree(bert, tmp_path / "sharded"))
    (folder / "model.safetensors").unlink()
    with quiet_transformers():
        AutoModel.from_pretrained(bert).save_pretrained(folder, max_shard_size="6KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    return folder


def test_weights_in_shards(sharded, bert):
    assert (encode(sharded) == encode(bert)).all()


def test_shards_that_are_not_whole(sharded):
    lost = sorted(sharded.glob("model-*.safetensors"))[1]
    lost.unlink()
    with pytest.raises(WeightsError, match=rf"must be whole\. Missing: \['{lost.name}'\]"):
        encode(sharded)


@pytest.mark.parametrize("content", ["{}", '{"weight_map": {}}', '{"weight_map": [1]}', "[]", "{"])
def test_an_index_of_shards_that_says_nothing(sharded, content):
    (sharded / "model.safetensors.index.json").write_text(content)
    with pytest.raises(WeightsError):
        encode(sharded)


# -- options


@pytest.mark.parametrize("layer", [3, -4, 99])
def test_a_layer_that_is_not_there(bert, layer):
    with pytest.raises(ValueError, match=r"layer parameter must be between -3 and 2.*Got"):
        encode(bert, layer=layer)


def test_a_class_token_that_is_not_there(tmp_path):
    image = tiny.image_model("resnet", tmp_path / "resnet")
    with pytest.raises(ValueError, match="has no class token"):
        ImageEncoder(f"hf:{image}", store=None, pooling="cls").fit([None])
    sound = tiny.speech_model("wav2vec2", tmp_path / "wav2vec2")
    with pytest.raises(ValueError, match="pooling parameter must be 'auto', 'mean' or 'max'"):
        AudioEncoder(f"hf:{sound}", store=None, pooling="cls").fit([None])


# -- what tells models apart


def fingerprint(folder: Path, **parameters) -> str:
    return TextEncoder(f"hf:{folder}", **parameters).fingerprint()


def test_a_model_is_the_same_wherever_it_lies(bert, folder):
    assert fingerprint(folder) == fingerprint(bert)
    assert fingerprint(bert).startswith("hf-text-")
    (folder / "README.md").write_text("about")
    os.utime(folder / "model.safetensors")
    assert fingerprint(folder) == fingerprint(bert)
    same = {"batch_size": 2, "n_jobs": 3, "store": None, "device": "cpu", "on_error": "missing"}
    assert fingerprint(bert, **same) == fingerprint(bert)


def test_rows_of_a_copied_model_are_found_in_the_store(bert, folder, tmp_path):
    for place, n_encoded in ((bert, 2), (folder, 0)):
        encoder = TextEncoder(f"hf:{place}", store=tmp_path / "store", device="cpu")
        encoder.fit_transform(["a good day", "rain"])
        assert encoder.n_encoded_ == n_encoded


def test_whatever_changes_a_vector_changes_the_fingerprint(bert, folder):
    made = [fingerprint(bert)]

    def nudge(tensors: dict) -> None:
        tensors["embeddings.word_embeddings.weight"][7, 3] += 1e-6

    rewrite(folder, nudge)
    made.append(fingerprint(folder))
    edit(folder / "tokenizer_config.json", model_max_length=31)
    made.append(fingerprint(folder))
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"rain"', '"reign"'))
    made.append(fingerprint(folder))
    edit(folder / "config.json", layer_norm_eps=1e-6)
    made.append(fingerprint(folder))
    (folder / "modules.json").write_text("[]")
    made.append(fingerprint(folder))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    made.append(fingerprint(folder))
    options = ({"pooling": "max"}, {"layer": 1}, {"steps": 2}, {"max_length": 9}, {"urls": "drop"})
    made += [fingerprint(folder, **parameters) for parameters in options]
    assert len(set(made)) == len(made) == 12


def test_a_preprocessor_is_part_of_a_model(tmp_path):
    folder = tiny.image_model("vit", tmp_path / "vit")
    before = ImageEncoder(f"hf:{folder}").fingerprint()
    edit(folder / "preprocessor_config.json", image_mean=[0.4, 0.4, 0.4])
    assert ImageEncoder(f"hf:{folder}").fingerprint() != before


def test_the_towers_of_one_folder_are_two_models(tmp_path):
    folder = tiny.clip(tmp_path / "clip")
    names = {encoder(f"hf:{folder}").fingerprint() for encoder in (TextEncoder, ImageEncoder)}
    assert len(names) == 2


def test_new_weights_under_an_old_name_are_loaded(folder):
    before = encode(folder)

    def double(tensors: dict) -> None:
        tensors["encoder.layer.1.output.LayerNorm.weight"] *= 2

    rewrite(folder, double)
    assert (encode(folder) != before).any()


# -- manners


def test_loading_says_nothing_and_leaves_the_logging_of_transformers_alone(tmp_path, capfd):
    from transformers.utils import logging as verbosity

    folders = {
        TextEncoder: tiny.text_model("roberta-classifier", tmp_path / "roberta"),
        ImageEncoder: tiny.image_model("vit", tmp_path / "vit"),
        AudioEncoder: tiny.speech_model("whisper", tmp_path / "whisper"),
    }
    cells = {
        TextEncoder: "a " * 99,
        ImageEncoder: tiny.pictures(1)[0],
        AudioEncoder: tiny.waves(3)[0],
    }
    before = verbosity.get_verbosity(), verbosity.is_progress_bar_enabled()
    root = logging.getLogger().level
    capfd.readouterr()
    verbosity.set_verbosity_info()
    try:
        release_networks()
        for encoder, folder in folders.items():
            encoder(f"hf:{folder}", store=None).fit_transform([cells[encoder]])
        assert verbosity.get_verbosity() == logging.INFO
    finally:
        verbosity.set_verbosity(before[0])
    assert capfd.readouterr() == ("", "")
    assert (verbosity.get_verbosity(), verbosity.is_progress_bar_enabled()) == before
    assert logging.getLogger().level == root


def test_a_failed_load_restores_the_logging_too(folder):
    from transformers.utils import logging as verbosity

    before = verbosity.get_verbosity(), verbosity.is_progress_bar_enabled()
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError):
        encode(folder)
    assert (verbosity.get_verbosity(), verbosity.is_progress_bar_enabled()) == before


def test_threads_that_load_at_once_leave_transformers_as_it_was(tmp_path, monkeypatch):
    """It replaces its own functions while it loads: the second thread would find the replaced ones."""
    from contextlib import contextmanager

    from transformers import PreTrainedModel, initialization

    real = initialization.no_tie_weights

    @contextmanager
    def slowly():
        with real():
            time.sleep(0.2 if threading.current_thread().name.endswith("_0") else 0.4)
            yield

    monkeypatch.setattr(initialization, "no_tie_weights", slowly)
    folders = [tiny.text_model("t5", tmp_path / f"t5-{i}", seed=i) for i in range(2)]
    before = PreTrainedModel.tie_weights

    def load(folder: Path) -> Any:  # as what is tuned, and the torch model behind a conversion, are
        return TextEncoder(f"hf:{folder}").backbone().load("cpu", "float32").graphs.source

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(load, folders))
    now = PreTrainedModel.tie_weights
    monkeypatch.setattr(PreTrainedModel, "tie_weights", before)
    assert now is before
