"""Three levels of encoders: what each names, and what becomes of a table with them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hybridsent import list_backbones, make_features, make_fusion
from hybridsent.cli import main
from hybridsent.encoders._quality import _OTHER_THAN_GOOD, LEVELS, backbones_for
from hybridsent.media import list_modalities
from hybridsent.recipes import load_recipe

OURS = [each for each in list_modalities() if str(each.encoder).startswith("hybridsent.")]
every_level = pytest.mark.parametrize("quality", LEVELS)


def models(features) -> dict[str, tuple[str, object]]:
    """Backbone and column of each view."""
    return {name: (part.model, column) for name, part, column in features.transformers}


@every_level
def test_every_level_names_registered_backbones_of_its_modality(quality):
    known = {each.name: each for each in list_backbones()}
    for modality in OURS:
        for name in backbones_for(quality, modality.name):
            assert known[name].modality == modality.name


@every_level
def test_every_level_may_be_used_commercially(quality):
    make_features(text=True, image=True, audio=True, quality=quality, commercial=True)


def test_good_is_the_default_of_each_encoder_and_stands_in_no_table():
    assert set(_OTHER_THAN_GOOD) == set(LEVELS) - {"good"}
    for modality in OURS:
        assert backbones_for("good", modality.name) == (modality.encoder_class()().model,)
    named = models(make_features(text=True, image=True, audio=True, quality="good"))
    assert named == models(make_features(text=True, image=True, audio=True))


def test_what_is_fast_or_good_needs_no_download():
    known = {each.name: each for each in list_backbones()}
    for quality in ("fast", "good"):
        for modality in OURS:
            for name in backbones_for(quality, modality.name):
                assert known[name].ready is not False


def test_a_level_of_several_makes_several_views_of_one_column():
    first, second = backbones_for("best", "text")
    made = models(make_features({"title": "text"}, quality="best", columns={"title": "head"}))
    assert made == {"title": (first, "head"), "title_2": (second, "head")}
    made = models(make_features(text=True, quality="best"))
    assert made == {"text": (first, "text"), "text_2": (second, "text")}


def test_views_that_name_their_backbone_keep_it():
    views = {"text": "text/minilm-l6", "photo": "image"}
    made = models(make_features(views, quality="best"))
    assert made["text"] == ("text/minilm-l6", "text")
    assert made["photo"][0] == backbones_for("best", "image")[0]


def test_what_would_be_dropped_is_refused():
    with pytest.raises(ValueError, match=r"quality parameter must be one of .*Got 'great'"):
        make_fusion(text=True, quality="great")
    with pytest.raises(ValueError, match="every view names what makes it"):
        make_fusion(text="text/minilm-l6", quality="fast")
    with pytest.raises(ValueError, match="every view names what makes it"):
        make_fusion(features=["text"], quality="fast")
    with pytest.raises(ValueError, match="'text_2' with quality='best'"):
        make_fusion(text=True, views={"text_2": "text/minilm-l6"}, quality="best")


def test_recipes_take_a_level():
    built = load_recipe("early").build(text=True, quality="fast")
    assert models(built[0])["text"][0] == "text/minilm-l6"


def test_the_command_line_takes_a_level_and_names_what_is_to_be_fetched(
    tmp_path: Path, capsys, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    rows = {"text": ["I love it", "I hate it"] * 6, "label": ["good", "bad"] * 6}
    pd.DataFrame(rows).to_csv(tmp_path / "posts.csv", index=False)
    fit = ["fit", str(tmp_path / "posts.csv"), "--target", "label", "-o", str(tmp_path / "model")]
    assert main([*fit, "--quality", "fast"]) == 0
    assert "text/minilm-l6" in capsys.readouterr().err
    assert main([*fit, "--quality", "best"]) == 1
    told = capsys.readouterr().err
    assert "hybridsent backbones fetch text/twitter-roberta-sentiment" in told
    assert "--download" in told


def test_the_way_out_of_a_needless_level_is_an_option_that_can_be_typed(tmp_path, capsys):
    """--text alone is none: it takes a column."""
    pd.DataFrame({"text": ["a", "b"], "label": [0, 1]}).to_csv(tmp_path / "t.csv", index=False)
    words = ["fit", str(tmp_path / "t.csv"), "--target", "label", "-o", str(tmp_path / "model")]
    assert main([*words, "--text", "text=text/minilm-l6", "--quality", "fast"]) == 2
    assert "--text COLUMN in place of a backbone" in capsys.readouterr().err
