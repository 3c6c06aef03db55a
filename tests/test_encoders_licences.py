"""Licences: as registered or as a model card states them, and what --commercial refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny

from hybridsent import (
    AudioEncoder,
    ImageEncoder,
    TextEncoder,
    list_backbones,
    make_features,
    make_fusion,
)
from hybridsent.cli import main
from hybridsent.encoders import check_commercial, get_backbone
from hybridsent.encoders._licences import allows_commercial_use, licence_of
from hybridsent.exceptions import LicenceError
from hybridsent.media import list_modalities


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *[(name, True) for name in ("mit", "MIT", "apache-2.0", "bsd-3-clause", "cc-by-4.0")],
        *[(name, True) for name in ("cc0-1.0", "cc-by-sa-4.0", "gpl-3.0", "agpl-3.0", "unlicense")],
        *[(name, False) for name in ("cc-by-nc-4.0", "CC-BY-NC-SA-4.0", "cc-by-nc-nd-4.0")],
        *[(name, False) for name in ("fair-noncommercial-research-license", "intel-research")],
        *[(name, None) for name in ("other", "unknown", "", "openrail", "creativeml-openrail-m")],
        *[(name, None) for name in ("llama3.1", "gemma", "cc-by-nd-4.0", "cc", "encrypted")],
    ],
)
def test_what_a_licence_allows(name, allowed):
    assert allows_commercial_use(name) is allowed


def test_every_registered_backbone_states_its_licence():
    for backbone in list_backbones():
        assert backbone.licence != "unknown", backbone.name
        stated = allows_commercial_use(backbone.licence)
        assert stated in (None, backbone.commercial_use), backbone.name


def test_every_default_may_be_used_commercially():
    for modality in list_modalities():
        if modality.encoder_class().__module__.startswith("hybridsent."):
            check_commercial(modality.encoder_class()())


# -- the card of a model -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny.text_model("bert", tmp_path_factory.mktemp("models") / "bert")


CARDS: list[tuple[str, str, bool | None]] = [
    ("---\nlanguage: en\nlicense: mit\ntags:\n- x\n---\n# Title", "mit", True),
    ('---\r\nlicense: "apache-2.0"\r\n---\r\n', "apache-2.0", True),
    ("---\nlicense: cc-by-nc-4.0 # for research\n---\n", "cc-by-nc-4.0", False),
    ("---\nlicense:\n- mit\n- cc-by-nc-4.0\ntags: x\n---\n", "mit, cc-by-nc-4.0", False),
    ("---\nlicense: [mit, other]\n---\n", "mit, other", None),
    ("---\nlicense: other\nlicense_name: mit\n---\n", "other", None),
    ("---\nlicense:\n---\n", "unknown", None),
    ("---\nmodel:\n  license: mit\n---\n", "unknown", None),
    ("# A card\nlicense: mit\n", "unknown", None),
    ("---\nlicense: mit\nand no end", "unknown", None),
    ("", "unknown", None),
    ("\ufeff---\nlicense: mit\n---\n", "mit", True),
]


@pytest.mark.parametrize(("card", "name", "use"), CARDS)
def test_the_card_of_a_folder_states_the_licence(card, name, use, bert):
    (bert / "README.md").write_bytes(card.encode())
    backbone = get_backbone(f"hf:{bert}", "text")
    found = licence_of(backbone)
    assert (found.name, found.commercial_use) == (name, use)


def test_a_card_does_not_change_a_fingerprint(bert):
    (bert / "README.md").unlink(missing_ok=True)
    before = TextEncoder(f"hf:{bert}").fingerprint()
    assert licence_of(get_backbone(f"hf:{bert}", "text")).name == "unknown"
    (bert / "README.md").write_text("---\nlicense: mit\n---\n")
    assert TextEncoder(f"hf:{bert}").fingerprint() == before


def test_bytes_that_are_no_text_are_no_licence(bert):
    (bert / "README.md").write_bytes(b"---\nlicense: \xff\xfe\x00\n---\n")
    assert licence_of(get_backbone(f"hf:{bert}", "text")).commercial_use is None


# -- what is refused ---------------------------------------------------------------------------


REFUSED: list[tuple[Any, str]] = [
    (AudioEncoder("audio/compare-2016"), "forbids it"),
    (AudioEncoder("audio/egemaps-v02"), "forbids it"),
    (AudioEncoder("audio/wav2vec2-emotion"), "forbids it"),
    (TextEncoder("text/clip-vit-b32"), "does not say so"),
    (TextEncoder("hf:some/model"), "unknown"),
    (ImageEncoder("torchvision:resnet18"), "does not say so"),
]


@pytest.mark.parametrize(("encoder", "why"), REFUSED, ids=lambda value: str(value))
def test_what_is_not_known_to_be_free_is_refused(encoder, why):
    with pytest.raises(LicenceError, match=why) as caught:
        check_commercial(encoder)
    named = get_backbone(encoder.model, encoder.modality).name
    assert repr(named) in str(caught.value)
    default = type(encoder)().model
    assert repr(default) in str(caught.value)  # the way out
    with pytest.raises(LicenceError):
        make_features({"one": encoder}, commercial=True)


def test_every_refused_one_is_named_and_others_pass():
    views = {"a": "audio/compare-2016", "b": "text/clip-vit-b32", "c": "text"}
    with pytest.raises(LicenceError, match=r"'audio/compare-2016'.*'text/clip-vit-b32'") as caught:
        make_fusion(views=views, commercial=True)
    assert f"{TextEncoder().model!r} (" not in str(caught.value)
    make_fusion(text=True, image=True, commercial=True)


def test_features_that_nobody_knows_the_making_of_are_refused():
    with pytest.raises(LicenceError, match="does not say what made them"):
        make_fusion(features=["text"], commercial=True)
    with pytest.raises(ValueError, match="commercial parameter must be left out"):
        make_fusion(features="passthrough", commercial=True)


def test_a_tuned_network_has_the_licence_of_its_base(bert):
    backbone = replace(get_backbone(f"hf:{bert}", "text"), licence="CC-BY-NC-4.0")
    assert licence_of(replace(backbone, commercial_use=False)).commercial_use is False


# -- the command line --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("posts")
    rows = {"text": ["I love it", "I hate it"] * 6, "label": ["good", "bad"] * 6}
    pd.DataFrame(rows).to_csv(folder / "posts.csv", index=False)
    return folder / "posts.csv"


@pytest.mark.parametrize("command", ["fit", "evaluate", "search", "encode"])
def test_commands_refuse_and_name_the_flag(command, table, tmp_path, capsys):
    arguments = [command, str(table), "--text", "text=text/clip-vit-b32", "--commercial"]
    if command != "encode":
        arguments += ["--target", "label"]
    if command in ("fit", "encode"):
        arguments += ["-o", str(tmp_path / ("out.csv" if command == "encode" else "model"))]
    assert main(arguments) != 0
    told = capsys.readouterr().err
    assert "'text/clip-vit-b32'" in told
    assert "leave --commercial out" in told


def test_a_saved_model_is_looked_at_when_it_predicts(table, tmp_path, capsys):
    fit = ["fit", str(table), "--target", "label", "-o", str(tmp_path / "model")]
    predict = ["predict", str(tmp_path / "model"), str(table), "-o", str(tmp_path / "out.csv")]
    assert main([*fit, "--quality", "fast", "--commercial"]) == 0
    assert main([*predict, "--commercial"]) == 0
    features = pd.DataFrame({"text__0": [0.0, 1.0] * 6, "label": ["good", "bad"] * 6})
    features.to_csv(tmp_path / "features.csv", index=False)
    fit[1] = predict[2] = str(tmp_path / "features.csv")
    assert main(fit) == 0
    capsys.readouterr()
    assert main([*predict, "--commercial"]) == 1
    assert "what made them" in capsys.readouterr().err
