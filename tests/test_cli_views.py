"""Views, meta columns, context and cleaning from the command line, as a user calls it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from package_tree import ROOT

from hybridsent import load, make_demo, read_table
from hybridsent.cli import main
from hybridsent.cli._main import build_parser
from hybridsent.cli._views import View, given_views, meta_columns
from hybridsent.persist import inspect

ROWS = 24

THERMAL = Path(__file__).with_name("thermal.py")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def evaluated(table, *arguments: object, folder) -> dict:
    """Scores of an evaluation, by model; of the baselines the dummy alone."""
    scores = folder / "scores.json"
    command = ("evaluate", table, "--target", "label", "--cv", 2, "--json", scores)
    command = (*command, "--no-baselines")
    assert run(*command, *arguments) == 0
    return json.loads(scores.read_text(encoding="utf-8"))["models"]


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """Posts with a title, a body, up to four pictures, a sound, likes, a date and a brand."""
    folder = tmp_path_factory.mktemp("posts")
    demo = make_demo(ROWS, 0, folder)
    rng = np.random.default_rng(0)
    inside = {
        name: [None if cell is None else f"{name}s/{cell.rpartition('/')[2]}" for cell in column]
        for name, column in (
            (name, [c if isinstance(c, str) else None for c in demo[name]])
            for name in ("image", "audio")
        )
    }
    for name, cells in inside.items():
        (folder / f"{name}s").mkdir(exist_ok=True)
        for cell, there in zip(cells, demo[name], strict=True):
            if cell and not (folder / cell).exists():
                shutil.copy(there, folder / cell)
    pictures = [cell for cell in inside["image"] if cell]
    table = pd.DataFrame(
        {
            "label": demo["label"],
            "title": [" ".join(str(text).split()[:3]) for text in demo["text"]],
            "body": demo["text"],
            "pictures": [
                cell and "|".join([cell, *rng.choice(pictures, i % 4)])
                for i, cell in enumerate(inside["image"])
            ],
            "file": inside["audio"],
            "likes": rng.poisson(20, ROWS),
            "posted_at": pd.date_range("2024-01-01", periods=ROWS, freq="13h").astype(str),
            "brand": rng.choice(["acme", "zeta", "nova"], ROWS),
            "speaker": demo["speaker"],
            "dialogue": np.arange(ROWS) // 6,
            "turn": np.arange(ROWS) % 6,
        }
    )
    table.to_csv(folder / "posts.csv", index=False)
    return folder / "posts.csv"


# -- which views there are, and how they are named -------------------------------------------------


TABLE = pd.DataFrame(
    columns=["title", "body", "file", "a=b", "c:d", "my__text", "my_", "text", "likes"]
)


def views_of(*options: str, table: pd.DataFrame = TABLE) -> dict[str, tuple[str, str, str]]:
    """Column, modality and backbone of each view that the options name."""
    arguments = build_parser().parse_args(["evaluate", "t.csv", "--target", "y", *options])
    views = given_views(arguments, table)
    return {view.name: (view.column, view.modality, view.backbone) for view in views}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--text title", {"text": ("title", "text", "")}),
        ("--text title=hf:a/b", {"text": ("title", "text", "hf:a/b")}),
        ("--text a=b", {"text": ("a=b", "text", "")}),
        ("--text a=b=hf:a/b", {"text": ("a=b", "text", "hf:a/b")}),
        ("--text title=", {"text": ("title", "text", "")}),
        (
            "--text title --text body",
            {"title": ("title", "text", ""), "body": ("body", "text", "")},
        ),
        (
            "--text my__text --text body",
            {"my_text": ("my__text", "text", ""), "body": ("body", "text", "")},
        ),
        (
            "--text my_ --text body",
            {"my": ("my_", "text", ""), "body": ("body", "text", "")},
        ),
        (
            "--audio file --audio file=audio/egemaps-v02",
            {
                "whisper-tiny-en": ("file", "audio", ""),
                "egemaps-v02": ("file", "audio", "audio/egemaps-v02"),
            },
        ),
        (
            "--text title --text body --text body=hf:me/big_model",
            {
                "title": ("title", "text", ""),
                "body-bge-small-en": ("body", "text", ""),
                "body-big_model": ("body", "text", "hf:me/big_model"),
            },
        ),
        (
            "--image title --image file --audio title --audio file",
            {
                "image-title": ("title", "image", ""),
                "image-file": ("file", "image", ""),
                "audio-title": ("title", "audio", ""),
                "audio-file": ("file", "audio", ""),
            },
        ),
        (
            "--view ege=file:opensmile:eGeMAPSv02/Functionals",
            {"ege": ("file", "", "opensmile:eGeMAPSv02/Functionals")},
        ),
        ("--view x=c:d:text", {"x": ("c:d", "text", "")}),
        ("--view x=title", {"x": ("title", "", "")}),
        ("--view title", {"title": ("title", "", "")}),
        ("--view title=text/minilm-l6", {"title": ("title", "", "text/minilm-l6")}),
        ("--view title=:text", {"title": ("title", "text", "")}),
        ("--view x=title:text:hf:a/b", {"x": ("title", "text", "hf:a/b")}),
        ("--view x=title:my.module:load", {"x": ("title", "", "my.module:load")}),
        ("--view x=text:text", {"x": ("text", "text", "")}),
        ("--view x=text:", {"x": ("text", "", "")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_views_are_named_by_what_tells_them_apart(options, expected):
    assert views_of(*options.split()) == expected


@pytest.mark.parametrize(
    ("backbones", "names"),
    [
        (["torchvision:resnet50/IMAGENET1K_V2", "torchvision:vit_b_16@/data/v__1.pth"], ["resnet50-IMAGENET1K_V2", "vit_b_16"]),
        (["hf:owner/name", "tuned:/data/mine/"], ["name", "mine"]),
        (["opensmile:IS09/Functionals", "opensmile:IS10/Functionals"], ["IS09-Functionals", "IS10-Functionals"]),
    ],
)  # fmt: skip
def test_a_view_has_the_short_name_of_its_backbone(backbones, names):
    options = [part for each in backbones for part in ("--image", f"file={each}")]
    assert list(views_of(*options)) == names


def test_meta_columns_may_be_listed_with_commas_or_one_by_one():
    table = pd.DataFrame(columns=["likes", "brand", "a,b", "date"])
    parse = build_parser().parse_args
    given = parse(["encode", "t.csv", "--meta", "likes,brand", "--meta", "a,b", "--meta", "date"])
    assert meta_columns(given, table) == ["likes", "brand", "a,b", "date"]


def test_a_view_says_what_it_reads():
    assert View("title", "head", "text", "", "--text head").line() == (
        "view title: text in column 'head', text/bge-small-en"
    )
    assert View("text", "head", "text").line().startswith("view text: found text in column 'head'")


# -- several views of a table ----------------------------------------------------------------------


def test_columns_of_one_modality_are_judged_alone_and_together(posts, tmp_path, capsys):
    models = evaluated(posts, "--text", "title", "--text", "body", folder=tmp_path)
    assert list(models) == ["fusion", "title", "body", "dummy"]
    said = capsys.readouterr().err
    assert "view title: text in column 'title', text/bge-small-en" in said
    assert "columns left out: 'pictures', 'file', 'likes', 'posted_at', 'brand'" in said


def test_feature_sets_of_one_sound_are_compared_in_one_command(posts, tmp_path, capsys):
    options = ("--audio", "file=audio/egemaps-v02", "--audio", "file=opensmile:IS09/Functionals")
    options = (*options, "--view", "gemaps=file:opensmile:GeMAPSv01b/Functionals")
    models = evaluated(posts, *options, "--group", "speaker", folder=tmp_path)
    assert list(models) == ["fusion", "egemaps-v02", "IS09-Functionals", "gemaps", "dummy"]
    said = capsys.readouterr().err
    assert "view gemaps: audio in column 'file', opensmile:GeMAPSv01b/Functionals" in said
    assert "'speaker'" not in said


def test_words_stand_beside_a_frozen_encoder_on_one_column(posts, tmp_path):
    options = ("--text", "body", "--text", "body=words")
    models = evaluated(posts, *options, folder=tmp_path)
    assert list(models) == ["fusion", "bge-small-en", "words", "dummy"]
    alone = evaluated(posts, "--view", "w=body:text/words", folder=tmp_path)
    assert list(alone) == ["fusion", "w", "dummy"]
    assert alone["w"] == models["words"]


def test_a_post_with_texts_pictures_numbers_date_and_brand(posts, tmp_path, capsys):
    options = ("--text", "title", "--text", "body", "--image", "pictures")
    options = (*options, "--meta", "likes,posted_at", "--meta", "brand")
    models = evaluated(posts, *options, folder=tmp_path)
    assert list(models) == ["fusion", "title", "body", "image", "meta", "dummy"]
    said = capsys.readouterr().err
    assert "view meta: numbers, dates and categories in 'likes', 'posted_at', 'brand'" in said
    assert "columns left out: 'file', 'speaker', 'dialogue', 'turn'" in said
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    assert run("fit", posts, "--target", "label", *options, "-o", model) == 0
    facts = inspect(model)["metadata"]
    assert facts["columns"] == {"title": "title", "body": "body", "image": "pictures"}
    assert facts["meta"] == ["likes", "posted_at", "brand"]
    assert run("predict", model, posts, "-o", out) == 0
    written = pd.read_csv(out)
    assert written["pictures"].equals(pd.read_csv(posts)["pictures"])
    expected = load(model).predict(read_table(posts))
    assert written["prediction"].tolist() == expected.tolist()


def test_features_of_views_are_written_under_their_names(posts, tmp_path, capsys):
    out = tmp_path / "features.parquet"
    options = ("--text", "title", "--view", "voice=file:audio/egemaps-v02", "--meta", "likes")
    assert run("encode", posts, *options, "-o", out) == 0
    said = capsys.readouterr().err
    assert "cells of column 'file' encoded" in said
    assert "learned from all of these rows: meta" in said
    views = {name.partition("__")[0] for name in pd.read_parquet(out).columns}
    assert views == {"text", "voice", "meta"}


def test_search_takes_views_and_all_of_its_recipes_do(posts, tmp_path, capsys):
    model = tmp_path / "m.hybridsent"
    command = ("search", posts, "--target", "label", "--cv", 2, "--inner-cv", 2, "-o", model)
    options = ("--text", "title", "--text", "body", "--recipe", "early", "late", "pca")
    assert run(*command, *options) == 0
    assert "view body: text in column 'body'" in capsys.readouterr().err
    assert inspect(model)["metadata"]["columns"] == {"title": "title", "body": "body"}
    assert run("predict", model, posts, "-o", tmp_path / "out.csv") == 0


def test_a_plugin_of_one_file_adds_an_option_and_is_trusted_where_it_is_named(tmp_path):
    """In fresh processes: what a plugin registers would stay in this one."""
    labels = ["cold", "hot"] * 6
    for i, label in enumerate(labels):
        np.save(tmp_path / f"{i}.npy", np.full((6, 8), 14.0 if label == "cold" else 30.0) + i / 9)
    table = pd.DataFrame({"heat": [f"{i}.npy" for i in range(12)], "label": labels})
    table.to_csv(tmp_path / "t.csv", index=False)

    def hybridsent(*words: object, plugins: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hybridsent", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT.parent), "HYBRIDSENT_PLUGINS": plugins},
            capture_output=True,
            text=True,
            check=False,
        )

    plugin = ("--plugin", THERMAL)
    options = ("--target", "label", "--thermal", "heat", "-o", "m")
    fitted = hybridsent("fit", "t.csv", *options, *plugin)
    assert fitted.returncode == 0, fitted.stderr
    assert "view thermal: thermal in column 'heat', thermal/blocks" in fitted.stderr
    predicted = hybridsent("predict", "m", "t.csv", "-o", "out.csv", *plugin)
    assert predicted.returncode == 0, predicted.stderr
    assert pd.read_csv(tmp_path / "out.csv")["prediction"].tolist() == labels
    refused = hybridsent("predict", "m", "t.csv", "-o", "out.csv")
    assert refused.returncode == 1
    assert "--plugin" in refused.stderr
    found = hybridsent("encode", "t.csv", plugins=str(THERMAL))
    assert found.returncode == 0, found.stderr
    assert "view thermal: " in found.stderr
    assert hybridsent("backbones", "thermal/*", *plugin).stdout.startswith("thermal/blocks")
    broken = hybridsent("backbones", "text/*", plugins="no_such_module")
    assert broken.returncode == 0
    assert "no_such_module" in broken.stderr


def test_texts_in_lists_are_read_by_fit_and_predict(posts, tmp_path):
    table = pd.read_csv(posts)
    table["body"] = [json.dumps([text, "and more"]) for text in table["body"]]
    table.to_csv(tmp_path / "t.csv", index=False)
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    options = ("--target", "label", "--text", "body", "--lists", "body")
    assert run("fit", tmp_path / "t.csv", *options, "-o", model) == 0
    assert inspect(model)["metadata"]["lists"] == ["body"]
    assert run("predict", model, tmp_path / "t.csv", "-o", out) == 0
    lists = table.assign(body=[json.loads(cell) for cell in table["body"]])
    assert load(model).predict(lists).tolist() == pd.read_csv(out)["prediction"].tolist()
    assert pd.read_csv(out)["body"].tolist() == table["body"].tolist()


def test_columns_of_words_and_numbers_may_be_absent_but_not_all(posts, tmp_path, capsys):
    model, new, out = tmp_path / "m.hybridsent", tmp_path / "new.csv", tmp_path / "out.csv"
    options = ("--view", "w=body:words", "--text", "title", "--meta", "likes,brand")
    assert run("fit", posts, "--target", "label", *options, "-o", model) == 0
    table = pd.read_csv(posts)
    for absent in (["body"], ["likes"], ["likes", "brand", "body"]):
        table.drop(columns=absent).to_csv(new, index=False)
        capsys.readouterr()
        assert run("predict", model, new, "-o", out) == 0
        said = capsys.readouterr().err
        assert all(f"no column {name!r}: it counts as missing" in said for name in absent)
        empty = table.assign(**dict.fromkeys(absent))
        assert load(model).predict(empty).tolist() == pd.read_csv(out)["prediction"].tolist()
    table[["label"]].to_csv(new, index=False)
    assert run("predict", model, new, "-o", out) == 2


@pytest.mark.filterwarnings("default::hybridsent.exceptions.CellWarning")
def test_cells_of_another_kind_may_count_as_missing_in_new_rows(posts, tmp_path, capsys):
    model, new, out = tmp_path / "m.hybridsent", tmp_path / "new.csv", tmp_path / "out.csv"
    options = ("--text", "title", "--meta", "likes,brand")
    assert run("fit", posts, "--target", "label", *options, "-o", model) == 0
    table = pd.read_csv(posts)
    table.assign(likes="many").to_csv(new, index=False)
    assert run("predict", model, new, "-o", out) == 1
    assert "or pass --on-error missing" in capsys.readouterr().err
    assert run("predict", model, new, "-o", out, "--on-error", "missing") == 0
    assert "count as missing" in capsys.readouterr().err
    empty = table.assign(likes=None)
    assert load(model).predict(empty).tolist() == pd.read_csv(out)["prediction"].tolist()


def test_features_that_stand_beside_named_columns_are_not_passed_over_in_silence(
    posts, tmp_path, capsys
):
    table = pd.read_csv(posts).assign(old__0=0.5, old__1=1.5)
    table.to_csv(tmp_path / "t.csv", index=False)
    evaluated(tmp_path / "t.csv", "--view", "w=body:words", folder=tmp_path)
    assert "the table also holds 2 features; --features reads these" in capsys.readouterr().err


# -- context ---------------------------------------------------------------------------------------


CONTEXT = ("--context", "body", "--context-group", "dialogue", "--context-order", "turn")


def test_a_saved_model_writes_the_context_of_new_rows_itself(posts, tmp_path, capsys):
    model, out, again = tmp_path / "m.hybridsent", tmp_path / "a.csv", tmp_path / "b.csv"
    options = ("--text", "body", *CONTEXT, "--context-before", 2, "--context-after", 1)
    assert run("fit", posts, "--target", "label", *options, "-o", model) == 0
    said = capsys.readouterr().err
    assert "view text_context: text in column 'body_context'" in said
    assert "columns left out: 'title'" in said
    assert "'turn'" not in said.partition("columns left out")[2]
    facts = inspect(model)["metadata"]["context"]
    assert facts == [
        {"column": "body", "group": ["dialogue"], "order": ["turn"], "by": [], "before": 2, "after": 1, "decay": None}
    ]  # fmt: skip
    table = pd.read_csv(posts)
    table.sample(frac=1, random_state=0).to_csv(posts.parent / "shuffled.csv", index=False)
    assert run("predict", model, posts, "-o", out) == 0
    assert run("predict", model, posts.parent / "shuffled.csv", "-o", again) == 0
    first, second = pd.read_csv(out), pd.read_csv(again)
    assert "body_context" not in first
    key = ["dialogue", "turn"]
    columns = [name for name in first if name.startswith("p_")]
    both = [each.sort_values(key)[columns].to_numpy() for each in (first, second)]
    np.testing.assert_allclose(*both, atol=1e-4)
    alone = table.assign(dialogue=np.arange(ROWS))  # nobody has a neighbour
    alone.to_csv(posts.parent / "alone.csv", index=False)
    assert run("predict", model, posts.parent / "alone.csv", "-o", out) == 0
    assert not np.allclose(pd.read_csv(out)[columns], both[0])
    table.drop(columns="turn").to_csv(posts.parent / "no_turn.csv", index=False)
    capsys.readouterr()
    assert run("predict", model, posts.parent / "no_turn.csv", "-o", out) == 2
    assert "must hold the column 'turn', by which the model knows" in capsys.readouterr().err


def test_context_is_a_view_beside_each_that_reads_its_column(posts, tmp_path):
    options = ("--text", "body", "--view", "again=body:text", *CONTEXT)
    models = evaluated(posts, *options, "--group", "dialogue", folder=tmp_path)
    assert list(models) == ["fusion", "text", "again", "text_context", "again_context", "dummy"]
    named = ("--view", "near=body_context:text", *CONTEXT)
    assert list(evaluated(posts, *named, folder=tmp_path)) == ["fusion", "near", "dummy"]


def test_context_of_features_that_the_table_holds(posts, tmp_path):
    features, both = tmp_path / "f.parquet", tmp_path / "both.parquet"
    assert run("encode", posts, "--text", "body", "-o", features) == 0
    table = pd.read_csv(posts)[["label", "dialogue", "turn"]]
    pd.concat([pd.read_parquet(features), table], axis=1).to_parquet(both)
    context = ("--context", "text", *CONTEXT[2:])
    assert list(evaluated(both, *context, folder=tmp_path)) == [
        *("fusion", "text", "text_context", "dummy")
    ]
    model = tmp_path / "m.hybridsent"
    assert run("fit", both, "--target", "label", *context, "-o", model) == 0
    assert run("predict", model, both, "-o", tmp_path / "out.csv") == 0


def test_a_model_saved_without_facts_of_a_context_still_predicts(posts, tmp_path):
    from hybridsent import make_fusion, save

    table = pd.read_csv(posts)
    model = make_fusion(text=True, columns={"text": "body"}).fit(table, table["label"])
    for name, metadata in (
        ("plain", None),
        ("old", {"target": "label", "columns": {"text": "body"}}),
    ):
        save(model, tmp_path / name, metadata=metadata)
        assert run("predict", tmp_path / name, posts, "-o", tmp_path / "out.csv") == 0
    save(model, tmp_path / "odd", metadata={"context": [{"column": 3}]})
    assert run("predict", tmp_path / "odd", posts, "-o", tmp_path / "out.csv") == 1


# -- cleaning --------------------------------------------------------------------------------------


def test_policies_of_cleaning_are_those_of_every_text_of_a_model(posts, tmp_path):
    model = tmp_path / "m.hybridsent"
    options = ("--text", "title", "--text", "body", "--text", "body=words")
    clean = ("--clean", "urls=token,mentions=drop", "--clean", "emoji=name")
    assert run("fit", posts, "--target", "label", *options, *clean, "-o", model) == 0
    parameters = load(model).get_params()
    for policy, value in {"urls": "token", "mentions": "drop", "emoji": "name"}.items():
        found = [v for name, v in parameters.items() if name.endswith(f"__{policy}")]
        assert found == [value] * 3


def test_a_saved_model_keeps_its_own_way_of_reading(posts, tmp_path, capsys):
    """What would change its features is no option of predict."""
    assert run("predict", tmp_path / "m", posts, "-o", "x.csv", "--clean", "urls=drop") == 2
    told = capsys.readouterr().err
    assert "unrecognized arguments: --clean" in told
    assert "an option of a plugin needs --plugin" in told


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--text", "titel"], "Did you mean 'title'?"),
        (["--text", "title", "--text", "title"], "--text title is given twice"),
        (["--text", "label"], "'label' is the column of --target"),
        (["--meta", "likes,label"], "--meta label must be left out"),
        (["--meta", "like"], "Did you mean 'likes'?"),
        (["--meta", "likes", "--meta", "likes"], "got 'likes' twice"),
        (["--view", "x"], "got 'x'"),
        (["--view", "x=titel:text"], "Did you mean 'title'?"),
        (["--view", "x=title:txt"], "Did you mean 'text'?"),
        (["--view", "x=title:text/minilm-l5"], "Did you mean 'text/minilm-l6'?"),
        (["--view", "x=opensmil:IS09"], "Did you mean 'opensmile'?"),
        (["--view", "x=likes"], "must say how 'likes' is read"),
        (["--view", "a__b=title:text"], "without '__'"),
        (["--view", "group=title:text"], "--view group=title:text: a view must not be named"),
        (["--view", "text=file:audio"], "must read text"),
        (["--view", "x=title:text", "--view", "x=body:text"], "both named 'x'"),
        (["--view", "meta=title:text", "--meta", "likes"], "both named 'meta'"),
        (["--view", "n_jobs=title:text"], "must not be named 'n_jobs'"),
        (["--context", "body"], "--context needs --context-group"),
        (["--context", "body", "--context-group", "dialogue"], "needs --context-order"),
        (["--context-order", "turn"], "--context-order needs --context"),
        ([*CONTEXT[:2], "--context-group", "dialog", *CONTEXT[4:]], "Did you mean 'dialogue'?"),
        ([*CONTEXT, "--context-before", "0"], "--context needs rows to gather"),
        (["--text", "body", *CONTEXT, "--context-by", "label"], "--context-by label must be left"),
        ([*CONTEXT[:2], "--context-group", "label", *CONTEXT[4:]], "--context-group label must"),
        (["--text", "body", "--context", "label", *CONTEXT[2:]], "--context label must be left"),
        ([*CONTEXT, "--context-decay", "2"], "at most 1"),
        ([*CONTEXT[:4], "--context-order", "brand"], "must hold numbers, dates"),
        (["--text", "body", "--clean", "url=token"], "Did you mean 'urls'?"),
        (["--text", "body", "--clean", "urls=tokn"], "Did you mean 'token'?"),
        (["--text", "body", "--clean", "urls"], "urls needs a value"),
        (["--text", "body", "--clean", "no_such:one"], "names the module 'no_such'"),
        (["--view", "w=body:words", "--device", "cuda"], "--device must be left alone"),
        (["--text", "body=words", "--long", "mean"], "no encoder of text or audio reads"),
        (["--text", "body", "--lists", "bdy"], "Did you mean 'body'?"),
        (["--text", "body", "--clean", "urls=drop,urls=token"], "urls must be given once"),
        (
            ["--audio", "file", "--clean", "urls=token"],
            "no encoder of text reads a column; got urls=token",
        ),
        (["--text", "body", "--max-pixels", "5"], "no encoder of image reads a column; got 5"),
        (["--text", "body", "--plugin", "no_such_module"], "--plugin no_such_module"),
        (["--text", "body", "--plugin"], "expected one argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_told_in_flags_and_one_sentence(options, words, posts, capsys):
    assert run("evaluate", posts, "--target", "label", *options) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert not captured.out


def test_a_view_that_may_be_two_things_is_asked_about(tmp_path, capsys):
    table = tmp_path / "t.csv"
    pd.DataFrame({"title": ["a", "b"], "text": ["c", "d"], "y": [0, 1]}).to_csv(table, index=False)
    assert run("evaluate", table, "--target", "y", "--view", "title=text") == 2
    said = capsys.readouterr().err
    assert "--view title=text:" in said
    assert "--view title=:text" in said
