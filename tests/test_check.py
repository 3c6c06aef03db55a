"""What flatters scores is found, with both numbers; in a clean table nothing is."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from looked_at import WORDS, clean, texts, with_speakers
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold

from hybridsent import make_fusion
from hybridsent.cli import main
from hybridsent.datasets import read_table
from hybridsent.evaluation import Check, Evaluation, Finding, check, evaluate, near_duplicates
from hybridsent.evaluation.leaks._duplicates import exact_codes, text_pairs, vector_pairs
from hybridsent.evaluation.leaks._group_columns import group_columns
from hybridsent.evaluation.leaks._probe import as_components, counted, ridge, truth_of
from hybridsent.evaluation.results._findings import KINDS

MODEL = make_fusion(features=["audio"])


def loud(found: Check) -> list[Finding]:
    return found.of("leak") + found.of("doubt")


def of_kind(found: Check, kind: str) -> Finding:
    (one,) = [each for each in found.findings if each.kind == kind]
    return one


# -- a clean table ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "numbers"])
@pytest.mark.parametrize("groups", [None, "speaker"])
def test_of_clean_tables_nothing_is_said_aloud(kind, groups):
    told = [loud(check(*clean(200, kind, seed), groups=groups)) for seed in range(12)]
    assert sum(map(bool, told)) <= 1, told


def test_of_clean_sets_of_labels_nothing_is_said_aloud():
    table, _ = clean(200, seed=1)
    y = [
        "|".join(np.random.default_rng(i).permutation(["joy", "fear", "hope"])[: i % 3 + 1])
        for i in range(200)
    ]
    rng = np.random.default_rng(0)
    y = [y[i] for i in rng.permutation(200)]
    assert loud(check(table, y)) == []


def test_small_tables_are_not_judged():
    assert (
        loud(
            check(
                pd.DataFrame({"text__0": [0.0, 1.0] * 6, "speaker": ["a", "b"] * 6}), ["x", "y"] * 6
            )
        )
        == []
    )


@pytest.mark.parametrize(("fewest", "folds"), [(1, 2), (3, 3)])
def test_a_class_of_few_rows_lessens_the_folds_and_is_told(fewest, folds):
    table, y = clean(120, seed=1)
    y = np.asarray(y, dtype=object)
    y[:fewest] = "rare"
    told = [each for each in check(table, y).findings if "this look took" in each.sentence]
    assert [each.severity for each in told] == ["doubt"]
    assert f"Of the class 'rare' there {'is 1 row' if fewest == 1 else 'are 3 rows'}, fewer" in str(
        told[0]
    )
    assert str(told[0]).count(f"took {folds}.") == 1
    assert not any("this look took" in str(each) for each in check(table, y, cv=2).of("fact"))


@pytest.mark.parametrize("y", [["a", "b", "a"], ["a", "b"], [0.5, 1.5, 0.25], ["a|b", "a", "b"]])
def test_tables_of_a_few_rows_are_looked_at(y):
    found = check(pd.DataFrame({"text": ["so", "much", "joy"][: len(y)]}), y)
    assert found.rows == len(y)
    assert any("fewer than the 5 folds" in str(each) for each in found.of("doubt"))


def test_a_table_of_few_groups_is_looked_at():
    table, y = clean(60, seed=1)
    found = check(table, y, groups=np.arange(60) % 3)
    assert any("There are 3 groups, fewer than the 5 folds" in str(each) for each in found.findings)


def test_labels_that_are_no_classes_are_refused_as_before():
    table, _ = clean(120, seed=1)
    with pytest.raises(ValueError, match="Every class must have at least"):
        check(table, [f"id {i}" for i in range(120)])


# -- one thing that flatters -----------------------------------------------------------------------


def test_speakers_on_both_sides_are_told_with_both_numbers():
    table, y = with_speakers()
    found = of_kind(check(table, y), "group column")
    numbers = found.numbers
    assert found.severity == "leak"
    assert numbers["as given"] > numbers["kept together"] + 0.1
    assert numbers["this column alone"] > numbers["chance"] + 0.1
    assert "groups='speaker'" in found.sentence
    for number in ("as given", "kept together", "this column alone"):
        assert f"{numbers[number]:.2f}" in found.sentence


def test_speakers_that_are_kept_together_are_not_told():
    table, y = with_speakers()
    assert [each.kind for each in loud(check(table, y, groups="speaker", cv=4))] == []


def test_speakers_are_told_of_numbers_and_sets_too():
    table, y = with_speakers()
    rng = np.random.default_rng(0)
    number = np.unique(y, return_inverse=True)[1] + rng.normal(scale=0.1, size=len(y))
    assert of_kind(check(table, number), "group column").numbers["this column alone"] > 0.1
    sets = [f"{each}|z" if rng.random() < 0.5 else each for each in y]
    assert of_kind(check(table, sets), "group column").severity == "leak"


@pytest.mark.parametrize("read", [True, False])
def test_a_column_that_is_the_label_is_told_and_leaks_where_it_is_read(read):
    table, y = clean(120, seed=3)
    table = table.assign(verdict=pd.Series(y).map({each: each.upper() for each in set(y)}))
    model = MODEL if not read else None
    found = check(table, y, estimator=model, views={"text": "verdict"} if read else None)
    assert of_kind(found, "label column").severity == ("leak" if read else "fact")
    assert "'verdict'" in of_kind(found, "label column").sentence


def test_a_feature_that_is_the_label_leaks():
    table, y = clean(120, seed=3)
    table = table.assign(audio__12=(y == y[0]) * 2.0 - 1)
    assert "'audio__12'" in of_kind(check(table, y), "label column").sentence


def test_a_number_that_tells_the_label_by_a_limit_is_told_and_any_other_is_not():
    table, y = clean(200, seed=5)
    codes = np.unique(y, return_inverse=True)[1]
    rng = np.random.default_rng(0)
    found = check(
        table.assign(
            strength=codes + rng.uniform(0, 0.9, size=200), turn=rng.integers(0, 9, size=200)
        ),
        y,
    )
    assert "'strength'" in of_kind(found, "label column").sentence


def test_rows_sorted_by_label_are_a_doubt_and_shuffled_ones_are_none():
    table, y = clean(160, seed=2)
    order = np.argsort(y, kind="stable")
    found = of_kind(check(table.iloc[order].reset_index(drop=True), y[order]), "row order")
    assert found.severity == "doubt"
    assert found.numbers["correlation of neighbours"] > 0.9


def folder_of(path, table, y):
    """Texts in a folder for each class, as read_table reads them."""
    for i, (text, label) in enumerate(zip(table["text"], y, strict=True)):
        (path / str(label)).mkdir(exist_ok=True)
        (path / str(label) / f"{i:03d}.txt").write_text(str(text), encoding="utf-8")
    return read_table(path)


def test_a_folder_is_sorted_by_class_and_that_is_no_doubt(tmp_path):
    texts, y = clean(120, seed=2)
    table = folder_of(tmp_path, texts.assign(text=[f"post {i}" for i in range(120)]), y)

    def told(table, labels="label", **how):
        return [each.kind for each in check(table, labels, **how).findings]

    assert "row order" not in told(table)
    assert "row order" not in told(table, table["label"].to_numpy())
    assert "row order" in told(table, cv=KFold(5))  # folds that are cut as the rows stand
    assert "row order" in told(table, cv=StratifiedKFold(5))
    assert "row order" not in told(table, cv=StratifiedKFold(5, shuffle=True, random_state=0))
    assert "row order" in told(table.copy().set_axis(range(120)).pipe(without_notes))
    other = (np.arange(120) // 10) % 2  # another label, for whose order the folder is no reason
    assert "row order" in told(table.drop(columns="label"), other)


def without_notes(table):
    table.attrs.clear()
    return table


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_sorted_numbers_are_told_as_sorted_classes_are(kind):
    table, y = clean(160, kind, seed=2)
    assert "row order" in [
        each.kind for each in check(table.drop(columns="id"), np.sort(y)).findings
    ]


def test_what_stands_beside_the_views_and_tells_the_label_is_told():
    table, y = clean(240, seed=7)
    codes = np.unique(y, return_inverse=True)[1]
    table["likes"] = np.random.default_rng(0).poisson(3 + 12 * codes)
    found = of_kind(check(table, y), "metadata")
    assert "'likes'" in found.sentence
    assert found.numbers["these alone"] > found.numbers["chance"] + 0.2


def test_the_length_of_texts_is_told_where_it_tells_the_label():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(["long", "short"], 100))
    said = [" ".join(rng.choice(WORDS, size=30 if each == "long" else 8)) for each in y]
    assert (
        "length of 'text'" in of_kind(check(pd.DataFrame({"text": said}), y), "metadata").sentence
    )


def retweeted(n: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    """Every fifth text is said again, with other marks and another link, and mostly the same label."""
    rng = np.random.default_rng(4)
    said, y = texts(n, rng), rng.choice(["bad", "good"], size=n)
    for i in range(0, n // 2, 5):
        said[n - 1 - i] = f"RT @someone: {said[i].upper()}! https://t.co/{i}"
        y[n - 1 - i] = y[i] if i % 25 else {"bad": "good", "good": "bad"}[y[i]]
    return pd.DataFrame({"text": said}), y


def test_near_duplicates_across_folds_are_told_with_both_numbers_and_their_rows():
    table, y = retweeted()
    found = of_kind(check(table, y), "near-duplicates")
    assert found.severity == "leak"
    assert {
        "right with a twin",
        "right without",
        "as given",
        "without twins in training",
    } <= found.numbers.keys()
    assert found.numbers["right with a twin"] > found.numbers["right without"]
    assert set(found.rows) <= {*range(0, 100, 5), *range(99, 200)}
    conflicts = of_kind(check(table, y), "conflicts")
    assert len(conflicts.rows) == 2 * 4


def test_near_duplicates_that_add_nothing_are_no_leak(monkeypatch):
    """Rows with a twin are answered right more often, but learning from their twins adds nothing."""
    from hybridsent.evaluation.leaks import _twins

    table, y = retweeted()
    monkeypatch.setattr(_twins, "_without_twins", lambda look, codes: (0.394, 0.393))
    found = of_kind(check(table, y), "near-duplicates")
    assert found.numbers["right with a twin"] - found.numbers["right without"] > 0.1
    assert found.severity == "doubt"


def test_features_that_miss_in_part_are_not_said_to_hold_nothing():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({f"{v}__{i}": rng.normal(size=40) for v in ("a", "b") for i in (0, 1)})
    y = np.tile(["x", "y"], 20)
    table.loc[:9, ["b__0", "b__1"]] = np.nan
    assert "(25.0%) lack some of 'features'" in of_kind(check(table, y), "missing views").sentence
    table.loc[:9] = np.nan
    assert "have nothing in 'features'" in of_kind(check(table, y), "missing views").sentence


def test_near_duplicates_kept_together_are_no_more_told():
    table, y = retweeted()
    groups = near_duplicates(table)
    assert "near-duplicates" not in [each.kind for each in check(table, y, groups=groups).findings]


def test_near_duplicates_across_given_groups_are_to_be_left_out():
    """Other groups would give up those that are asked for."""
    table, y = retweeted()
    table["author"] = np.arange(len(table)) % 20
    told = of_kind(check(table, y, groups="author"), "near-duplicates").sentence
    assert "Leave all but one of them out: hybridsent.evaluation.near_duplicates" in told
    once = ~pd.Series(near_duplicates(table[["text"]])).duplicated()
    again = check(table[once], np.asarray(y)[once], groups="author")
    assert "near-duplicates" not in [each.kind for each in again.findings]


def test_rows_of_one_part_that_stand_in_the_other_are_told():
    table, y = retweeted()
    table["part"] = np.where(np.arange(200) < 100, "train", "test")
    found = of_kind(check(table, y, split="part"), "split overlap")
    assert found.severity == "leak"
    assert min(found.rows) >= 100


# -- what should be known --------------------------------------------------------------------------


def test_classes_languages_and_missing_views_are_told():
    table, y = clean(120, seed=1)
    table["text"] = [
        "Das ist nicht so gut, wie wir es uns gedacht haben." if i % 3 else "" for i in range(120)
    ]
    found = check(table, y, views={"text": "text"})
    assert "German" in of_kind(found, "languages").sentence
    assert of_kind(found, "missing views").rows == list(range(0, 120, 3))
    assert f"{str(y[0])!r}" in of_kind(found, "classes").sentence


def test_a_view_that_is_missing_by_class_is_a_doubt():
    table, y = clean(120, seed=1)
    table["text"] = table["text"].where(y != y[0], None)
    assert of_kind(check(table, y, views={"text": "text"}), "missing views").severity == "doubt"


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_wrong_labels_are_suspected(kind):
    pytest.importorskip("cleanlab")
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], 100))
    X = rng.normal(size=(200, 10)) + 3 * np.outer(y, np.ones(10))
    wrong = np.where(np.arange(200) < 6, 1 - y, y)
    told = (
        wrong + rng.normal(scale=0.1, size=200)
        if kind == "numbers"
        else np.array(["no", "yes"])[wrong]
    )
    found = of_kind(check(pd.DataFrame(X).add_prefix("text__"), told), "suspicious labels")
    assert len(set(range(6)) & set(found.rows)) >= 4
    assert len(found.rows) < 20


@pytest.mark.parametrize(("tells", "note"), [(0.2, "too little"), (0.95, "likely wrong")])
def test_labels_are_not_doubted_by_a_model_that_is_itself_in_doubt(tells, note):
    pytest.importorskip("cleanlab")
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], 150))
    X = rng.normal(size=(300, 6)) + tells * np.outer(y, np.ones(6))
    y = np.where(rng.random(300) < (0.15 if tells > 0.5 else 0), 1 - y, y)
    found = check(pd.DataFrame(X).add_prefix("text__"), np.array(["no", "yes"])[y])
    assert not [each for each in found.findings if each.kind == "suspicious labels"]
    (said,) = [each for each in found.notes if each.startswith("Suspicious labels")]
    assert note in said


def test_without_cleanlab_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    table, y = clean(120, seed=1)
    assert any("hybridsent[check]" in note for note in check(table, y).notes)


# -- in an evaluation ------------------------------------------------------------------------------


def test_evaluate_finds_what_check_finds_and_notes_it():
    table, y = with_speakers()
    told = evaluate(MODEL, table, y, cv=4)
    assert [each.kind for each in told.findings] == ["group column"]
    assert any(each.startswith("Leak: ") and "'speaker'" in each for each in told.notes)
    silent = evaluate(MODEL, table, y, cv=4, check=False)
    assert silent.findings == []
    assert silent.models["fusion"]["accuracy"].mean == told.models["fusion"]["accuracy"].mean


def test_findings_are_read_back_from_json():
    table, y = with_speakers()
    result = evaluate(MODEL, table, y, cv=4)
    plain = json.loads(json.dumps(result.to_dict(predictions=True), allow_nan=False))
    assert Evaluation.from_dict(plain).findings == result.findings


def test_evaluate_of_numbers_is_guarded_too():
    table, y = with_speakers()
    number = np.unique(y, return_inverse=True)[1] + np.random.default_rng(0).normal(
        scale=0.1, size=len(y)
    )
    model = make_fusion(features=["audio"], task="regression")
    assert "group column" in [each.kind for each in evaluate(model, table, number, cv=4).findings]


def test_large_tables_are_looked_at_in_a_sample_and_that_is_said():
    rng = np.random.default_rng(0)
    y = np.sort(rng.choice(["a", "b"], size=7000))
    table = pd.DataFrame(rng.normal(size=(7000, 2)), columns=["text__0", "text__1"])
    (found,) = evaluate(LogisticRegression(), table, y, cv=2).findings
    assert "(Of 7,000 rows a sample of 6,000 was looked at.)" in found.sentence


# -- the parts -------------------------------------------------------------------------------------


def test_ridge_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    X = as_components(rng.normal(size=(60, 5)), 5)
    truth = truth_of(rng.normal(size=60), "numbers")
    folds = [(np.arange(20, 60), np.arange(20)), (np.arange(40), np.arange(40, 60))]
    said = ridge(X, truth, folds, penalty=0.1)
    for train, test in folds:
        model = Ridge(alpha=0.1 * len(train) / 5).fit(X[train], truth.columns[train, 0])
        assert np.allclose(said[test, 0], model.predict(X[test]))
    assert np.isnan(said[20:40]).all()


def test_scores_of_the_probe_are_those_of_scikit_learn():
    from sklearn.metrics import balanced_accuracy_score, r2_score

    rng = np.random.default_rng(0)
    truth = truth_of(rng.choice(["a", "b", "c"], size=50, p=[0.6, 0.3, 0.1]), "classes")
    guesses = rng.normal(size=truth.columns.shape)
    assert np.isclose(
        truth.score(guesses), balanced_accuracy_score(truth.columns.argmax(1), guesses.argmax(1))
    )
    number = truth_of(rng.normal(size=50), "numbers")
    assert np.isclose(number.score(guesses[:, :1]), r2_score(number.columns, guesses[:, :1]))


def test_counts_of_other_folds_alone_answer():
    truth = truth_of(np.array(["a", "b"] * 10), "classes")
    codes = np.arange(20)
    folds = [(np.arange(10), np.arange(10, 20))]
    assert np.allclose(counted(codes, truth, folds)[10:], 1)


def test_texts_are_compared_as_by_sets_of_their_runs():
    rng = np.random.default_rng(0)
    said = texts(40, rng)
    said += [" ".join([*each.split()[: len(each.split()) - 2], "x"]) for each in said[:20]]
    runs = [{tuple(t.split()[i : i + 3]) for i in range(len(t.split()) - 2)} for t in said]
    alike = {
        (i, j)
        for j in range(60)
        for i in range(j)
        if len(runs[i] & runs[j]) >= 0.5 * len(runs[i] | runs[j]) and len(said[j].split()) >= 5
    }
    assert set(zip(*map(np.ndarray.tolist, text_pairs(said)), strict=True)) == alike
    assert len(alike) > 10


def test_chinese_texts_are_compared_by_their_signs():
    one, other = text_pairs(
        ["房间很干净，服务也好！", "今天天气真的很好啊", "房间很干净。服务也好"]
    )
    assert (one.tolist(), other.tolist()) == ([0], [2])


def test_missing_and_broken_cells_are_alike_to_none():
    assert [len(each) for each in text_pairs([None, "", float("nan"), None])] == [0, 0]
    vectors = np.zeros((40, 20))
    assert [len(each) for each in vector_pairs(vectors)] == [0, 0]
    assert exact_codes(
        [([None, None, "no such file.png", "no such file.png"], "image")]
    ).tolist() == [0, 1, 2, 3]


def test_pictures_that_were_scaled_are_near_duplicates():
    from PIL import Image

    rng = np.random.default_rng(0)
    small = [
        Image.fromarray(rng.integers(0, 255, size=(8, 8, 3), dtype=np.uint8)).resize((96, 96))
        for _ in range(20)
    ]
    cells = [*small, small[3].resize((150, 140)), b"broken", None]
    codes = near_duplicates(pd.DataFrame({"image": cells}), {"image": "image"})
    assert codes[20] == codes[3]
    assert len(np.unique(codes)) == 22


def test_sounds_that_were_made_louder_are_near_duplicates():
    rng = np.random.default_rng(0)
    sounds = [
        np.convolve(rng.normal(size=8000), rng.normal(size=int(rng.integers(2, 60))))[:8000].astype(
            "f4"
        )
        * 0.1
        for _ in range(40)
    ]
    cells = [(each, 16000) for each in [*sounds, sounds[5] * 1.05]]
    codes = near_duplicates(pd.DataFrame({"audio": cells}), {"audio": "audio"})
    assert codes[40] == codes[5]
    assert len(np.unique(codes)) >= 39


def test_columns_of_names_are_told_from_labels_splits_texts_numbers_and_ids():
    n = 40
    table = pd.DataFrame(
        {
            "speaker": ["a", "b"] * 20, "video_id": np.arange(n) // 4, "turn": np.arange(n) % 4,
            "label": ["x", "y"] * 20, "text_label": ["x", "y"] * 20, "split": ["train", "dev"] * 20,
            "id": [f"row {i}" for i in range(n)], "text": ["What is said again and again in these rows"] * n,
            "text__0": np.zeros(n), "score": np.ones(n),
        }
    )  # fmt: skip
    assert group_columns(table) == ["speaker", "video_id"]
    assert group_columns(table, ["speaker"]) == ["video_id"]
    assert group_columns(np.zeros((3, 2))) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"views": {"text": "txt"}}, "views parameter must map modalities to columns.*'txt'"),
        ({"views": {"smell": "text"}}, "views"),
        ({"split": "nothing"}, "split parameter"),
        ({"groups": "nothing"}, "groups parameter"),
    ],
)
def test_what_does_not_fit_is_named(changed, message):
    table, y = clean(60)
    with pytest.raises(ValueError, match=message):
        check(table, y, **changed)


def test_kinds_of_findings_are_listed():
    assert len(set(KINDS)) == 12


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def posts(tmp_path):
    table, y = retweeted()
    table.assign(label=y).to_csv(tmp_path / "posts.csv", index=False)
    return tmp_path / "posts.csv"


def test_the_command_prints_what_was_found_and_writes_it(posts, tmp_path, capsys):
    line = ["check", str(posts), "--target", "label", "--json", str(tmp_path / "found.json")]
    assert main(line) == 0
    assert "leak   near-duplicates" in capsys.readouterr().out
    plain = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert {"rows", "findings", "seconds", "notes"} == plain.keys()
    assert Finding.from_dict(plain["findings"][0]).kind == "near-duplicates"


def test_the_command_fails_on_a_leak_only_where_that_is_asked_for(posts, tmp_path):
    table, y = clean(120, seed=1)
    table.assign(label=y).to_csv(tmp_path / "clean.csv", index=False)
    line = ["--target", "label", "--strict"]
    assert main(["check", str(posts), *line]) == 1
    assert main(["check", str(tmp_path / "clean.csv"), *line]) == 0
    assert main(["check", str(posts), *line, "--split", "nothing"]) == 2


@pytest.mark.parametrize("given", [("--task", "regression"), ("--classifier", "svm")])
def test_a_model_that_reads_nothing_is_refused_on_the_command_line(tmp_path, capsys, given):
    file = tmp_path / "posts.csv"
    pd.DataFrame({"text": ["fine", "bad"] * 6, "label": ["a", "b"] * 6}).to_csv(file, index=False)
    assert main(["check", str(file), "--target", "label", *given]) == 2
    assert f"{given[0]} needs --encode" in capsys.readouterr().err
