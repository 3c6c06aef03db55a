"""The command line and Python read one table alike: same numbers, same notes, same refusals.

Each table goes both ways, by the same names of columns. What is refused is refused in the same
words, but for flags in place of parameters.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from hybridsent import make_fusion
from hybridsent.cli import main
from hybridsent.cli._main import build_parser
from hybridsent.cli._words import in_flags
from hybridsent.datasets import read_table
from hybridsent.evaluation import evaluate, read_labels, search, transfer_report

N = 48
SCORES = np.array([0, 1] * (N // 2))
SITES = np.array(["books", "films", "music"])[np.arange(N) % 3]


def features(label, **columns):
    """Features that tell the label a little, beside columns of other things."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 3))
    X[:, 0] += 2 * SCORES
    table = pd.DataFrame(X, columns=[f"text__{i}" for i in range(3)])
    return table.assign(label=pd.Series(label, dtype=object), **columns)


def some(values, missing=None, every=5):
    """The values, without every fifth."""
    told = np.array(values, dtype=object)
    told[::every] = missing
    return told


WORDS = np.array(["bad", "good"], dtype=object)[SCORES]
MOODS = np.where(SCORES, "joy", "|").astype(object)
MOODS[::3] = [f"{mood}|fear".strip("|") for mood in MOODS[::3]]
SPEAKERS = np.arange(N) // 2 % 8

TABLES = {
    "words": features(WORDS),
    "empty": features(some(WORDS)),
    "written twice": features(np.where(np.arange(N) % 8 == 0, "Good ", WORDS)),
    "whole numbers beside empty cells": features(some(SCORES)),
    "polarity of two": features(2 * SCORES - 1),
    "polarity of two beside empty cells": features(some(2 * SCORES - 1)),
    "polarity of three": features(np.where(np.arange(N) % 4 == 0, 0, 2 * SCORES - 1)),
    "codes and -1": features(some(SCORES + np.arange(N) % 3 // 2, -1)),
    "the text -1": features(some(WORDS, "-1")),
    "a number in words": features(some(WORDS, "7")),
    "not whole": features(SCORES + 0.5),
    "no label": features([None] * N),
    "one class": features(["good"] * N),
    "a rare class": features(["new", *WORDS[1:]]),
    "groups": features(WORDS, speaker=SPEAKERS),
    "groups with gaps": features(WORDS, speaker=some(SPEAKERS)),
    "groups that only rows without a label lack": features(some(WORDS), speaker=some(SPEAKERS)),
    "scores": features(SCORES + np.linspace(0, 0.3, N).round(3)),
    "scores beside empty cells": features(some(SCORES - np.linspace(0, 3, N).round(3))),
    "scores of groups": features(SCORES + np.linspace(0, 0.3, N), speaker=SPEAKERS),
    "whole scores": features(2 * SCORES + np.arange(N) % 3 - 2),
    "ratings": features(2 * SCORES + np.arange(N) % 3 + 1),
    "infinite": features([np.inf, *SCORES[1:] + 0.5]),
    "sets": features(MOODS),
    "sets beside empty cells": features(some(MOODS)),
    "sets of groups": features(MOODS, speaker=SPEAKERS),
    "a class of two words": features(np.where(SCORES, "yes|no", "perhaps")),
    "one label": features(np.where(SCORES, "|joy|", "|")),
}  # fmt: skip

LEARNED = {"not whole": "regression", "whole scores": "regression", "infinite": "regression"}
LEARNED |= {name: "regression" for name in TABLES if name.startswith("scores")}
LEARNED |= {name: "multilabel" for name in TABLES if name.startswith("sets")}
"""What the command finds out by itself, and Python is told; all else is classes."""


@pytest.fixture
def written(tmp_path):
    """Write a table; give its path, and what the library reads of it."""

    def write(table):
        file = tmp_path / "table.csv"
        table.to_csv(file, index=False)
        return file, read_table(file)

    return write


def by_command(*arguments, capsys, tmp_path):
    """Exit code, scores and what was said, with the last line as the error."""
    scores = tmp_path / "scores.json"
    scores.unlink(missing_ok=True)
    given = [str(each) for each in arguments]
    code = main([*given, "--json", str(scores)])
    said = capsys.readouterr().err
    facts = json.loads(scores.read_text(encoding="utf-8")) if scores.exists() else None
    words = build_parser().parse_args(given)
    return SimpleNamespace(code=code, facts=facts, said=said, words=words)


def compare(command, judge):
    """Both give the same facts, but for what they took; or refuse in the same words."""
    try:
        facts = json.loads(json.dumps(judge().to_dict(predictions=True)))
    except ValueError as error:
        assert command.code != 0
        told = in_flags(" ".join(str(error).split()), command.words)
        assert f"error: {told}" in command.said.splitlines()
        return None
    assert command.code == 0, command.said
    for each in (facts, command.facts):
        for took in ("seconds", "costs", "encoded_rows", "store_hits"):
            each.pop(took, None)
        for name in ("candidates", "models"):
            for found in each.get(name, {}).values():
                found.pop("seconds", None)
    assert command.facts == facts
    return facts


@pytest.mark.parametrize("name", TABLES)
def test_evaluate(name, written, capsys, tmp_path):
    file, table = written(TABLES[name])
    groups = ("--group", "speaker") if "speaker" in table else ()
    command = by_command(
        "evaluate", file, "--target", "label", *groups, "--cv", 3, capsys=capsys, tmp_path=tmp_path
    )
    compare(
        command,
        lambda: evaluate(
            make_fusion(features=["text"], task=LEARNED.get(name, "classification")),
            table,
            "label",
            groups="speaker" if groups else None,
            cv=3,
        ),
    )
    found = [line for line in command.said.splitlines() if line.startswith("task: ")]
    assert [line.split()[1].rstrip(",") for line in found] == [
        task for known, task in LEARNED.items() if known == name and name != "infinite"
    ]


def test_what_the_tables_are_judged_on():
    """Each row that has a label is judged, and no other: what the tables of this file are for."""
    rows = {
        name: read_labels(table, "label").known.sum()
        for name, table in TABLES.items()
        if name not in ("no label", "one class", "groups with gaps", "infinite")
    }
    assert {n for name, n in rows.items() if "empty" not in name and "lack" not in name} == {N}
    assert rows["empty"] == rows["whole numbers beside empty cells"] == N - 10


SEARCHED = ["empty", "groups", "polarity of two", "the text -1", "no label"]


@pytest.mark.parametrize("name", [*SEARCHED, "scores of groups", "sets beside empty cells"])
def test_search(name, written, capsys, tmp_path):
    from hybridsent.recipes import load_recipe

    file, table = written(TABLES[name])
    groups = ("--group", "speaker") if "speaker" in table else ()
    recipe_name = "late" if name in LEARNED else "early"
    options = ("--recipe", recipe_name, "--cv", 3, "--inner-cv", 2)
    command = by_command(
        "search", file, "--target", "label", *groups, *options, capsys=capsys, tmp_path=tmp_path
    )
    recipe = load_recipe(recipe_name)
    task = {} if name not in LEARNED else {"task": LEARNED[name]}
    model = recipe.build(features=["text"], random_state=0, **task)
    compare(
        command,
        lambda: search(
            {recipe_name: (model, recipe.grid_for(model))},
            table,
            "label",
            groups="speaker" if groups else None,
            cv=3,
            inner_cv=2,
        ),
    )


DOMAINS = {
    "words": ("films", SITES),
    "numbers": ("1", np.arange(N) % 3),
    "numbers beside an empty cell": ("1", [None, *(np.arange(1, N) % 3)]),
    "a target that is not there": ("filmz", SITES),
    "a target without labels": ("films", SITES),
    "a class -1": ("films", SITES),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_transfer(name, written, capsys, tmp_path):
    target, sites = DOMAINS[name]
    label = WORDS
    if name == "a class -1":
        label = 2 * SCORES - 1
    elif name == "a target without labels":
        label = np.where(SITES == "films", None, WORDS)
    elif "empty" in name:
        label = [None, *WORDS[1:]]
    file, table = written(features(label, site=sites))
    options = ("--domain", "site", "--target-domain", target, "--adapt", "coral", "--cv", 2)
    command = by_command(
        "evaluate", file, "--target", "label", *options, capsys=capsys, tmp_path=tmp_path
    )
    model = make_fusion(features=["text"], adapt="coral", domain="domain")
    report = compare(
        command,
        lambda: transfer_report(
            {"coral": model},
            table,
            "label",
            domain="site",
            target=target,
            protocol="leave-one-out",
            cv=2,
        ),
    )
    assert (report is None) == (name in list(DOMAINS)[3:])


@pytest.mark.parametrize("name", ["words", "empty"])
def test_what_adapts_must_know_its_target(name, written, capsys, tmp_path):
    file, table = written(TABLES[name])
    command = by_command(
        *("evaluate", file, "--target", "label", "--adapt", "coral"),
        capsys=capsys,
        tmp_path=tmp_path,
    )
    model = make_fusion(features=["text"], adapt="coral")
    with pytest.raises(ValueError, match="needs the domain parameter") as refused:
        evaluate(model, table, "label")
    assert command.code == 2
    told = in_flags(str(refused.value), command.words).replace("CORAL needs", "--adapt coral needs")
    assert f"error: {told}" in command.said.splitlines()


@pytest.mark.parametrize("adapt", [None, "coral"])
@pytest.mark.parametrize("name", ["empty", "whole numbers beside empty cells", "polarity of two"])
def test_fit(name, adapt, written, capsys, tmp_path):
    """A model that was fitted by either answers alike; or both refuse it in the same words."""
    file, table = written(TABLES[name])
    saved, out = tmp_path / "m.hybridsent", tmp_path / "out.csv"
    options = ("--adapt", adapt) if adapt else ()
    given = [str(each) for each in ("fit", file, "--target", "label", *options, "-o", saved)]
    code, said = main(given), capsys.readouterr().err
    model = make_fusion(features=["text"], adapt=adapt)
    try:
        rows = read_labels(table, "label", estimator=model)
        rows.fit(model)
    except ValueError as error:
        assert code == 2
        told = in_flags(str(error), build_parser().parse_args(given))
        assert f"error: {told}" in said.splitlines()
        return
    assert code == 0, said
    assert f"fitted on {rows}" in said
    assert main(["predict", str(saved), str(file), "-o", str(out)]) == 0
    assert pd.read_csv(out)["prediction"].tolist() == model.predict(table).tolist()


def test_two_columns_of_one_name_are_refused(tmp_path, capsys):
    table = TABLES["words"].assign(other=WORDS)
    file = tmp_path / "table.parquet"
    table.to_parquet(file)
    twice = pd.concat([table, table[["label"]]], axis=1)
    with pytest.raises(ValueError, match="2 columns"):
        evaluate(make_fusion(features=["text"]), twice, "label")
    lines = table.rename(columns={"other": "label"}).to_csv(index=False)
    file = tmp_path / "table.csv"
    file.write_text(lines, encoding="utf-8")
    assert main(["evaluate", str(file), "--target", "label"]) == 2
    assert "label" in capsys.readouterr().err
    with pytest.raises(ValueError, match="label"):
        read_table(file)
