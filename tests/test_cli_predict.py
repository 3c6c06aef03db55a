"""`hybridsent predict`: the model's own answer, and nothing of the user's table lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import FixedThresholdClassifier

from hybridsent import make_fusion, save
from hybridsent.cli import main


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posts")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for i in range(12):
        shade = np.full((8, 8, 3), 40 if i % 2 else 200) + rng.integers(0, 30, (8, 8, 3))
        Image.fromarray(shade.astype(np.uint8)).save(folder / "images" / f"{i}.png")
    table = pd.DataFrame(
        {
            "image": [f"images/{i}.png" for i in range(12)],
            "label": ["bright", "dark"] * 6,
            "text": ["what a bright day", "what a dark night"] * 6,
        }
    )
    table.to_csv(folder / "posts.csv", index=False)
    model = make_fusion(text=True)
    save(model.fit(table, table["label"].to_numpy(dtype=object)), folder / "model.hybridsent")
    return folder


def test_the_prediction_is_the_models_not_the_most_probable_label(posts, tmp_path):
    table = pd.read_csv(posts / "posts.csv")
    truth = table["label"].to_numpy(dtype=object)
    for threshold in (0.999, 0.001):
        inner = make_fusion(text=True)
        inner.steps[-1] = (
            "classify",
            FixedThresholdClassifier(inner[-1], threshold=threshold, pos_label="dark"),
        )
        outer = FixedThresholdClassifier(
            make_fusion(text=True), threshold=threshold, pos_label="dark"
        )
        for name, model in (("inner", inner), ("outer", outer)):
            fitted = model.fit(table, truth)
            path = save(fitted, tmp_path / f"{name}.hybridsent")
            out = tmp_path / "out.csv"
            assert run("predict", path, posts / "posts.csv", "-o", out) == 0
            told = pd.read_csv(out)
            assert told["prediction"].tolist() == fitted.predict(table).tolist()
            assert told["prediction"].nunique() == 1
            assert told[["p_bright", "p_dark"]].idxmax(axis=1).nunique() == 2


@pytest.mark.parametrize("column", ["prediction", "p_dark"])
def test_a_column_of_the_users_is_not_replaced(column, posts, tmp_path, capsys):
    table = pd.read_csv(posts / "posts.csv").assign(**{column: "mine"})
    table.to_csv(tmp_path / "again.csv", index=False)
    command = ("predict", posts / "model.hybridsent", tmp_path / "again.csv", "-o")
    assert run(*command, tmp_path / "out.csv") == 2
    said = capsys.readouterr().err
    assert f"{[column]} already" in said
    assert "--prefix" in said
    assert not (tmp_path / "out.csv").exists()
    assert run(*command, tmp_path / "out.csv", "--prefix", "new_") == 0
    out = pd.read_csv(tmp_path / "out.csv")
    assert (out[column] == "mine").all()
    assert list(out)[-3:] == ["new_prediction", "new_p_bright", "new_p_dark"]


def test_paths_stay_as_they_were(posts, tmp_path):
    table = pd.read_csv(posts / "posts.csv")
    model = make_fusion(image=True)
    path = save(model.fit(_absolute(table, posts), table["label"]), tmp_path / "m.hybridsent")
    assert run("predict", path, posts / "posts.csv", "-o", tmp_path / "out.csv") == 0
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["image"].tolist() == table["image"].tolist()
    assert out["prediction"].nunique() == 2


def test_limits_can_be_raised_and_lowered(posts, tmp_path, capsys):
    command = ("evaluate", posts / "posts.csv", "--target", "label", "--image", "image", "--cv", 2)
    assert run(*command, "--store", "off", "--max-pixels", 10) == 1
    assert "--max-pixels" in capsys.readouterr().err
    assert run(*command, "--store", "off", "--max-pixels", 64) == 0


def _absolute(table, folder):
    return table.assign(image=[str(folder / path) for path in table["image"]])


@pytest.mark.parametrize("name", ["uar", "UAR", "balanced_accuracy", "wf1"])
def test_a_metric_has_the_names_of_papers(name):
    from hybridsent.cli._main import build_parser

    read = build_parser().parse_args(["search", "t.csv", "--target", "label", "--metric", name])
    assert read.metric == name  # under which results have it


def test_classes_are_counted_and_odd_ones_told(posts, tmp_path, capsys):
    table = pd.read_csv(posts / "posts.csv")
    table.loc[[0, 2], "label"] = "bright "
    table.loc[1, "label"] = "NA"
    table.to_csv(tmp_path / "t.csv", index=False)
    command = ("fit", tmp_path / "t.csv", "--target", "label", "--text", "text")
    assert run(*command, "-o", tmp_path / "m.hybridsent") == 0
    said = capsys.readouterr().err
    assert "classes: 'dark' (5), 'bright' (4), 'bright ' (2), 'NA' (1)" in said
    assert "'bright' (4) and 'bright ' (2) differ only in case, spaces or marks" in said
    assert "'NA' (1) looks like a missing label" in said
    assert "fewer than 5 rows" in said
    assert said.count("warning") == 3


def test_a_column_of_broken_cells_is_refused(posts, tmp_path, capsys):
    table = pd.read_csv(posts / "posts.csv").assign(image=[f"gone/{i}.png" for i in range(12)])
    table.to_csv(tmp_path / "t.csv", index=False)
    command = ("fit", tmp_path / "t.csv", "--target", "label", "--on-error", "missing")
    assert run(*command, "-o", tmp_path / "m.hybridsent") == 1
    said = capsys.readouterr().err
    assert "All 12 cells of the column 'image' are broken" in said
    assert "row 0, column 'image'" in said
    assert "leave the image column out" in said
    assert not (tmp_path / "m.hybridsent").exists()


def test_a_folder_of_classes_is_fitted_and_predicted(posts, tmp_path, capsys):
    for i in range(12):
        target = tmp_path / "pictures" / ("dark" if i % 2 else "bright") / f"{i}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((posts / "images" / f"{i}.png").read_bytes())
    model, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    assert run("fit", tmp_path / "pictures", "--target", "label", "-o", model) == 0
    assert run("predict", model, tmp_path / "pictures", "-o", out) == 0
    predicted = pd.read_csv(out)
    assert predicted["image"][0] == "bright/0.png"
    assert (predicted["prediction"] == predicted["label"]).all()


def test_the_file_of_a_table_is_read_as_told(posts, tmp_path):
    path = tmp_path / "excel.csv"
    rows = [f"what a {'bright' if i % 2 else 'dark'} day…;{i % 2};{i},5" for i in range(12)]
    path.write_bytes("\n".join(["text;label;score", *rows]).encode("cp1252"))
    command = ("evaluate", path, "--target", "label", "--cv", 2)
    assert run(*command) == 2
    assert run(*command, "--encoding", "cp1252", "--decimal", ",", "--sep", ";") == 0


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("text,label\n", (), "the table must have rows"),
        ("a,b;c\n1,2;3\n", (), "--sep ';'"),
        ("text,label\n\xe9,a\n", (), "--encoding cp1252"),
        ("text,label\nfine,a\n", ("--sep", "ab"), "--sep"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_in_flags(content, options, words, tmp_path, capsys):
    (tmp_path / "t.csv").write_bytes(content.encode("latin-1"))
    assert run("evaluate", tmp_path / "t.csv", "--target", "label", *options) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "=" not in said.replace("[=BACKBONE]", "")


@pytest.mark.parametrize("command", ["evaluate", "search", "transfer"])
def test_a_doubt_about_classes_is_said_once_and_stands_in_the_file(command, tmp_path, capsys):
    n, rng = 40, np.random.default_rng(0)
    label = np.where(np.arange(n) % 2, "good", np.where(np.arange(n) % 4, "bad", "Bad "))
    told = {"label": label, "site": np.repeat(["a", "b"], n // 2)}
    features = {f"text__{i}": rng.normal(size=n) + (label == "good") for i in range(3)}
    pd.DataFrame(told | features).to_csv(tmp_path / "t.csv", index=False)
    adapt = ("--domain", "site", "--adapt", "coral") if command == "transfer" else ()
    recipe = ("--recipe", "early") if command == "search" else ()
    name = "search" if command == "search" else "evaluate"
    options = ("--target", "label", "--cv", 2, "--json", tmp_path / "s.json", *adapt, *recipe)
    assert run(name, tmp_path / "t.csv", *options) == 0
    said = "".join(capsys.readouterr())
    assert said.count("differ only in case") == 1
    assert "differ only in case" in (tmp_path / "s.json").read_text(encoding="utf-8")


def test_no_command_replaces_what_it_reads(tmp_path, capsys):
    table = tmp_path / "posts.csv"
    table.write_text("text,label\nfine,good\nawful,bad\n")
    before = table.read_bytes()
    again = str(tmp_path / "." / "posts.csv")
    for call in (
        ["encode", str(table), "-o", again],
        ["fit", str(table), "--target", "label", "-o", again],
        ["evaluate", str(table), "--target", "label", "--json", again],
        ["search", str(table), "--target", "label", "-o", again],
        ["search", str(table), "--target", "label", "--json", again],
        ["predict", "model", str(table), "-o", again],
    ):
        assert main(call) == 2
        assert "must be another file than those that are read" in capsys.readouterr().err
        assert table.read_bytes() == before


@pytest.mark.parametrize("pieces", [[], ["--chunk", "5"]], ids=["whole", "in pieces"])
def test_options_of_encoders_are_not_dropped_in_silence_where_there_is_none(
    pieces, tmp_path, capsys
):
    posts = pd.DataFrame({"text": ["good", "fine", "bad", "awful"] * 3})
    posts.to_csv(tmp_path / "posts.csv", index=False)
    model = make_fusion(views={"text": "text/words"}).fit(posts, [1, 1, 0, 0] * 3)
    save(model, tmp_path / "m.hybridsent")
    command = ["predict", tmp_path / "m.hybridsent", tmp_path / "posts.csv", *pieces]
    command += ["--device", "cpu", "--store", "off", "--n-jobs", "2", "--on-error", "missing"]
    assert run(*command, "-o", tmp_path / "out.csv") == 0
    told = capsys.readouterr().err
    assert "note: nothing reads --device, --store, --n-jobs here" in told
