"""What flatters is told on the command line by its own options, and in Python by parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybridsent.cli import main
from hybridsent.evaluation import evaluate
from hybridsent.fusion import make_fusion


@pytest.fixture
def table():
    """Texts of people of whom each has one mood most of the time."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(12), 10)
    mood = np.where(rng.random(120) < 0.9, who % 2, 1 - who % 2)
    said = [
        f"{'good' if m else 'bad'} number {i} of {p}"
        for i, (m, p) in enumerate(zip(mood, who, strict=True))
    ]
    return pd.DataFrame({"text": said, "label": mood, "speaker": [f"s{p}" for p in who]})


@pytest.mark.parametrize("command", ["evaluate", "check"])
def test_the_way_out_is_an_option(command, table, tmp_path, capsys):
    table.to_csv(tmp_path / "posts.csv", index=False)
    more = ["--no-baselines", "--cv", "3"] if command == "evaluate" else []
    assert (
        main([command, str(tmp_path / "posts.csv"), "--text", "text", "--target", "label", *more])
        == 0
    )
    told = capsys.readouterr().out
    assert "Judge with --group speaker." in told
    assert "groups=" not in told


def test_a_fusion_of_one_view_is_told_by_the_name_that_the_table_has(table):
    told = str(
        evaluate(make_fusion(text=True), table, "label", groups="speaker", cv=3, check=False)
    )
    assert "\ntext " in told
    assert "text is better than the dummy" in told
    assert "fusion" not in told
