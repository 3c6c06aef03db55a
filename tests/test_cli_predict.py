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
