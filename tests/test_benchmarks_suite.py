"""benchmarks/suite.py: layouts of corpora are read, protocols keep apart what they say, and the table marks what is not comparable."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are not here", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

import _corpora as corpora  # noqa: E402
import _results  # noqa: E402
import _suite_protocols as protocols  # noqa: E402
import _suite_table as table  # noqa: E402
import _suite_ways as suite_ways  # noqa: E402
import other_shows  # noqa: E402
import suite  # noqa: E402
from _suite_published import Published  # noqa: E402
from _suite_registry import BY_NAME, CORPORA, Corpus  # noqa: E402

# -- corpora as their authors hand them out, tiny


def write(path: Path, text: str | bytes = b"", encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))


def write_mvsa(folder: Path) -> None:
    said = ["positive,positive", "neutral,negative", "positive,negative", "neutral,neutral"]
    lines = [f"{i}\t{both}" for i, both in enumerate(said * 10, start=1)]
    write(folder / "labelResultAll.txt", "ID\ttext,image\n" + "\n".join(lines) + "\n")
    for i in range(1, 41):
        write(folder / "data" / f"{i}.txt", f"caf\xe9 number {'x' * i}", "latin-1")
        write(folder / "data" / f"{i}.jpg")


def write_mvsa_folds(folder: Path) -> None:
    write_mvsa(folder)
    kept = [i for i in range(1, 41) if i % 4 != 3]
    write(folder / "valid_pairlist.txt", "\n".join(f"{i},1,1,1" for i in kept))
    for k in range(1, 11):
        write(folder / "splits" / f"test_{k}.txt", "\n".join(map(str, range(k - 1, len(kept), 10))))
    write(folder / "splits" / "test_11.txt", "0")  # an eleventh part that is none of the ten


def write_meld(folder: Path, parts: tuple[str, ...] = ("train", "dev", "test")) -> None:
    head = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode"
    for part in parts:
        rows = [
            f'{i},"Well, {part} {i}",Ross,{"joy" if i % 2 else "anger"},{"positive" if i % 2 else "negative"},{i // 3},{i % 3},1,1'
            for i in range(9)
        ]
        write(folder / f"{part}_sent_emo.csv", "\n".join([head, *rows]))


def write_mosi(folder: Path) -> None:
    rows = [
        f"v{i // 2},{i % 2},IT WAS {i},{i / 4 - 1},{mode}"
        for i, mode in enumerate(["train"] * 4 + ["valid"] * 2 + ["test"] * 2)
    ]
    write(folder / "label.csv", "\n".join(["video_id,clip_id,text,label,mode", *rows]))


def write_mustard(folder: Path) -> None:
    found = {
        f"1_{i}": {
            "utterance": f"I love it {i}",
            "speaker": "PERSON" if i % 2 else "ROSS",
            "context": ["What?", "Why?"],
            "context_speakers": ["A", "B"],
            "show": "FRIENDS" if i < 6 else "BBT",
            "sarcasm": bool(i % 2),
        }
        for i in range(12)
    }
    write(folder / "data" / "sarcasm_data.json", json.dumps(found))


def write_emodb(folder: Path) -> None:
    for speaker in ("03", "08", "09"):
        for letter in "WLEAFTN":
            write(folder / "wav" / f"{speaker}a01{letter}a.wav")


def write_ravdess(folder: Path) -> None:
    for actor in range(1, 13):
        for channel in ("01", "02"):  # speech, song
            for emotion in ("01", "05", "08"):
                name = f"03-{channel}-{emotion}-01-01-01-{actor:02}.wav"
                write(folder / f"Actor_{actor:02}" / name)


def write_ravdess_folds(folder: Path) -> None:
    write_ravdess(folder)
    for k in range(1, 7):
        names = [p for a in (2 * k - 1, 2 * k) for p in (folder / f"Actor_{a:02}").glob("03-01*")]
        lines = [json.dumps({"wav": f"downloads/{p.parent.name}/{p.name}"}) for p in sorted(names)]
        write(folder / f"fold_{k}" / f"ravdess_test_fold_{k}.jsonl", "\n".join(lines))


def write_imdb(folder: Path) -> None:
    for split in ("train", "test"):
        for label in ("pos", "neg", "unsup"):
            write(folder / "aclImdb" / split / label / "0_9.txt", f"{split} {label}")


def write_glue(folder: Path) -> None:
    for split in ("train", "dev"):
        write(folder / f"{split}.tsv", 'sentence\tlabel\na "quoted film \t1\ndull\t0\n')


def write_sentences(folder: Path) -> None:
    for split in ("train", "dev", "test"):
        write(folder / f"stsa.binary.{split}", "1 a caf\xe9\n0 dull\n", "latin-1")


def write_tweeteval(folder: Path) -> None:
    for task in ("emotion", "irony"):
        for split in ("train", "val", "test"):
            write(folder / "datasets" / task / f"{split}_text.txt", f"{split} one\n{split} two\n")
            write(folder / "datasets" / task / f"{split}_labels.txt", "0\n1\n")


def write_amazon(folder: Path) -> None:
    for domain in ("books", "dvd", "kitchen"):
        for label in ("positive", "negative", "unlabeled"):
            review = f"<review>\n<title>\nt\n</title>\n<review_text>\n{domain}\n{label} caf\xe9\n</review_text>\n</review>\n"
            write(folder / "sorted_data_acl" / domain / f"{label}.review", review * 2, "latin-1")


def write_fer2013(folder: Path) -> None:
    pixels = " ".join(["7"] * 48 * 48)
    rows = [
        f"{i % 7},{pixels},{u}"
        for i, u in enumerate(["Training"] * 8 + ["PublicTest", "PrivateTest"])
    ]
    write(folder / "fer2013.csv", "\n".join(["emotion,pixels,Usage", *rows]))


def write_cifar10(folder: Path) -> None:
    picture = np.arange(3072, dtype=np.uint8).tobytes()
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        write(
            folder / "cifar-10-batches-bin" / f"{name}.bin", (b"\x03" + picture + b"\x09" + picture)
        )


def write_office(folder: Path) -> None:
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    for name in ("amazon", "dslr", "webcam"):
        told = {"fts": rng.integers(0, 9, (12, 5)), "labels": np.arange(12)[:, None] % 3}
        savemat(folder / f"{name}_SURF_L10.mat", told)


LAYOUTS: dict[str, tuple[str, Any, int]] = {
    "mvsa": ("mvsa", write_mvsa, 30),  # pairs of positive and negative are left out
    "mvsa, published folds": ("mvsa", write_mvsa_folds, 30),
    "meld-sentiment": ("MELD.Raw", write_meld, 27),
    "meld-emotion": ("meld", write_meld, 27),
    "mosi": ("CMU-MOSI", write_mosi, 8),
    "mustard": ("MUStARD-master", write_mustard, 12),
    "mustard-folds": ("mustard", write_mustard, 12),
    "emodb": ("EmoDB", write_emodb, 21),
    "ravdess": ("RAVDESS", write_ravdess, 36),  # without the songs
    "ravdess, published folds": ("ravdess", write_ravdess_folds, 36),
    "imdb": ("imdb", write_imdb, 4),
    "sst2": ("SST-2", write_glue, 4),
    "sst2, sentences": ("sst2", write_sentences, 6),
    "tweeteval-emotion": ("tweeteval", write_tweeteval, 6),
    "tweeteval-irony": ("tweeteval-main", write_tweeteval, 6),
    "amazon": ("amazon", write_amazon, 12),
    "fer2013": ("FER2013", write_fer2013, 10),
    "cifar10": ("cifar-10", write_cifar10, 6),
    "office-caltech": ("office_caltech", write_office, 36),
}


def written(case: str, folder: Path) -> tuple[Corpus, pd.DataFrame]:
    """Write a corpus, and read it."""
    name, make, _ = LAYOUTS[case]
    (folder / name).mkdir(parents=True)
    make(folder / name)
    corpus = BY_NAME[case.partition(",")[0]]
    found = corpus.read(folder)
    assert found is not None
    assert found[0] == "official"
    return corpus, found[1]


def test_every_corpus_has_a_layout_that_is_tested():
    assert {case.partition(",")[0] for case in LAYOUTS} == set(BY_NAME) - {"mosi-features"}


@pytest.mark.parametrize("case", LAYOUTS)
def test_official_layout_is_read(case, tmp_path):
    corpus, rows = written(case, tmp_path)
    assert len(rows) == LAYOUTS[case][2]
    needed = {corpus.label, *(column for _, column in corpus.views.values())}
    assert needed <= set(rows.columns)
    assert not rows[corpus.label].isna().any()
    for view in corpus.features:
        assert any(str(column).startswith(f"{view}__") for column in rows)


def test_what_is_read_is_what_was_written(tmp_path):
    _, posts = written("mvsa", tmp_path / "a")
    assert posts["label"].value_counts().to_dict() == {
        "positive": 10,
        "negative": 10,
        "neutral": 10,
    }
    assert posts["text"][0].startswith("caf")  # no UTF-8, and read
    _, speech = written("emodb", tmp_path / "b")
    assert speech.loc[0, ["label", "speaker", "sentence"]].tolist() == ["fear", "03", "a01"]
    _, photographs = written("cifar10", tmp_path / "c")
    picture = photographs["image"][0]
    assert picture.shape == (32, 32, 3)
    assert picture[0, 1, 0] == 1  # the second pixel of the first row, red
    assert photographs["label"].tolist()[:2] == ["cat", "truck"]
    _, reviews = written("amazon", tmp_path / "d")
    assert reviews["text"][0] == "books negative café"
    assert set(reviews["label"]) == {"positive", "negative"}
    _, sentences = written("sst2", tmp_path / "e")
    assert sentences["text"][0].strip() == 'a "quoted film'


def test_plain_table_is_read_in_place_of_the_layout(tmp_path):
    (tmp_path / "emodb").mkdir()
    rows = pd.DataFrame({"audio": ["a.wav"] * 4, "label": list("ABAB"), "speaker": list("1122")})
    rows.to_csv(tmp_path / "emodb" / "table.csv", index=False)
    layout, found = BY_NAME["emodb"].read(tmp_path)
    assert layout == "table"
    assert len(found) == 4


def test_table_of_many_tasks_is_no_corpus_of_its_own(tmp_path):
    (tmp_path / "text").mkdir()
    rows = pd.DataFrame(
        {"task": ["sst2"] * 2, "split": ["train", "dev"], "text": list("ab"), "label": [0, 1]}
    )
    rows.to_csv(tmp_path / "text" / "table.csv", index=False)
    assert len(BY_NAME["sst2"].read(tmp_path)[1]) == 2
    assert BY_NAME["imdb"].read(tmp_path) is None


def test_folder_without_a_corpus_is_none(tmp_path):
    assert all(corpus.read(tmp_path) is None for corpus in CORPORA)


def test_folds_that_overlap_are_refused(tmp_path):
    (tmp_path / "mvsa").mkdir()
    write_mvsa_folds(tmp_path / "mvsa")
    write(tmp_path / "mvsa" / "splits" / "test_2.txt", "0")  # which is in the first part, too
    with pytest.raises(ValueError, match="test parts 1 and 2"):
        BY_NAME["mvsa"].read(tmp_path)


# -- protocols


@pytest.mark.parametrize("case", LAYOUTS)
def test_protocol_keeps_groups_apart(case, tmp_path):
    corpus, rows = written(case, tmp_path)
    plan = corpus.protocol(rows, corpus.label)
    protocols.check(plan)  # no row and no group is on both sides, none is scored twice
    for train, test in plan.splits:
        if plan.groups is not None:
            assert not set(plan.groups[train]) & set(plan.groups[test])
    assert bool(plan.key) != bool(plan.why)  # what is no published protocol says why


def groups_of(case: str, folder: Path) -> list[set[Any]]:
    corpus, rows = written(case, folder)
    plan = corpus.protocol(rows, corpus.label)
    return [set(plan.groups[test]) for _, test in plan.splits]


def test_protocols_are_what_they_claim(tmp_path):
    assert groups_of("emodb", tmp_path / "a") == [{"03"}, {"08"}, {"09"}]
    assert all(len(actors) == 2 for actors in groups_of("ravdess", tmp_path / "b"))
    by_emobox = groups_of("ravdess, published folds", tmp_path / "c")
    assert by_emobox[0] == {"01", "02"}
    assert groups_of("mosi", tmp_path / "d") == [{"v3"}]

    corpus, rows = written("mustard", tmp_path / "e")
    (train, test), *others = corpus.protocol(rows, "label").splits
    assert not others
    assert set(rows["show"][test]) == {"FRIENDS"}
    assert "FRIENDS" not in set(rows["show"][train])

    corpus, rows = written("meld-emotion", tmp_path / "f")
    plan = corpus.protocol(rows, "emotion")
    assert plan.key == "train → test"
    assert set(rows["split"][plan.splits[0][0]]) == {"train"}  # dev is not learned from

    corpus, rows = written("mvsa, published folds", tmp_path / "g")
    plan = corpus.protocol(rows, "label")
    assert plan.key == "Cheema et al."
    assert sorted(np.concatenate([test for _, test in plan.splits])) == list(range(len(rows)))


def test_part_that_papers_score_is_scored_where_it_is_there(tmp_path):
    (tmp_path / "meld").mkdir()
    write_meld(tmp_path / "meld", ("train", "dev"))
    corpus = BY_NAME["meld-emotion"]
    plan = corpus.protocol(corpus.read(tmp_path)[1], "emotion")
    assert plan.key == "train → dev"
    kinds = {row["protocol"]: row["same_protocol"] for row in suite.published(corpus, plan)}
    assert kinds == {"train → test": False, "train → dev": True}


def test_every_source_meets_every_target_once(tmp_path):
    corpus, rows = written("office-caltech", tmp_path)
    plan = corpus.protocol(rows, "label")
    domain = rows["domain"].to_numpy()
    met = [(domain[train[0]], domain[test[0]]) for train, test in plan.splits]
    assert sorted(met) == sorted((a, b) for a in set(domain) for b in set(domain) if a != b)
    assert "caltech10 not at hand" in plan.label
    (one,) = [row for row in suite.published(corpus, plan) if row["way"] == "1-NN"]
    pairs = (0.2983, 0.2548, 0.2296, 0.5924, 0.2850, 0.6339)
    assert one["same_protocol"]
    assert one["value"] == pytest.approx(np.mean(pairs), abs=1e-4)


@pytest.mark.parametrize(
    ("splits", "groups", "message"),
    [
        ([([0, 1], [1, 2])], None, "scores rows that it learns from"),
        ([([0, 1], [2, 3])], ["a", "b", "b", "c"], r"has \['b'\] on both sides"),
        ([([0, 1], [2]), ([0], [2])], None, "scores a row twice"),
        ([([0, 1], [])], None, "a split without rows"),
    ],
)
def test_plan_that_leaks_is_refused(splits, groups, message):
    made = [(np.array(train, int), np.array(test, int)) for train, test in splits]
    plan = protocols.Plan("mine", made, groups=None if groups is None else np.array(groups))
    with pytest.raises(ValueError, match=message):
        protocols.check(plan)


def test_quick_look_keeps_groups_apart_and_is_never_comparable(tmp_path):
    corpus, rows = written("emodb", tmp_path)
    plan = corpus.protocol(rows, "label").smaller(4, 2)
    protocols.check(plan)
    assert len(plan.splits) == 2
    assert not plan.key
    assert "say nothing" in plan.why
    numbered = plan.only(plan.used)
    protocols.check(numbered)
    assert numbered.used.tolist() == list(range(len(plan.used)))


def test_part_is_of_every_class_and_domain_alike_and_is_never_comparable(tmp_path):
    corpus, rows = written("office-caltech", tmp_path)
    whole = corpus.protocol(rows, "label")
    domain = rows["domain"].to_numpy(dtype=str)
    least = int(rows.groupby(["domain", "label"]).size().max()) - 1
    smaller, larger = (whole.part(rows["label"], n) for n in (1, least))
    assert set(smaller.used) < set(larger.used) < set(whole.used)  # features are found again
    for plan, most in ((smaller, 1), (larger, least)):
        protocols.check(plan)
        assert rows.iloc[plan.used].groupby(["domain", "label"]).size().max() == most
        assert not plan.key
        assert f"`--part {most}`" in plan.why
        assert [(domain[a[0]], domain[b[0]]) for a, b in plan.splits] == [
            (domain[a[0]], domain[b[0]]) for a, b in whole.splits
        ]
    assert whole.part(rows["label"], len(rows)) is whole  # which has all there is


# -- a run, on a corpus of features: no network is asked

SAME = Published(
    "theirs", {"accuracy": 0.9}, "train → test", "train → test", "A, 2020", "the paper"
)
OTHER = Published("others", {"accuracy": 0.8}, "10 folds", "ten folds", "B, 2021")


def tiny(name: str = "tiny", known: tuple[Published, ...] = (), **options: Any) -> Corpus:
    """A corpus that is easy: two views of features, a word that tells."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 20)
    rows = pd.DataFrame({"label": y, "speaker": np.repeat(list("abcdefghij"), 4)})
    rows["text"] = [f"film {'good lovely' if one else 'bad awful'}" for one in y]
    for view in ("image", "audio"):
        for i in range(3):
            rows[f"{view}__{i}"] = (y * (i == 0) + rng.normal(scale=0.4, size=40)).astype(
                np.float32
            )
    rows["split"] = ["train"] * 24 + ["test"] * 16
    made: dict[str, Any] = {
        "title": name.title(),
        "folders": (name,),
        "readers": (("official", lambda _: rows),),
        "home": "nowhere.example",
        "files": "`a.csv`",
        "terms": "free",
        "label": "label",
        "views": {},
        "features": ("image", "audio"),
        "metrics": ("accuracy", "f1_macro"),
        "protocol": protocols.given_parts(
            [("test", "train → test", "")], protocols.column("speaker")
        ),
        "text": "text",
    }
    return Corpus(name, known=known, **{**made, **options})


@pytest.fixture
def run(tmp_path, monkeypatch) -> Any:
    """Run the suite on corpora of the test's own."""
    for peer in ("tabpfn", "tabicl"):
        monkeypatch.setitem(sys.modules, peer, None)  # not installed
    monkeypatch.setattr(suite.importlib.util, "find_spec", lambda _: None)
    data = tmp_path / "data"

    def call(*wanted: Corpus, **settings: Any) -> _results.Record:
        for corpus in wanted:
            (data / corpus.name).mkdir(parents=True, exist_ok=True)
        kept = suite.Settings(**{"quick": True, **settings})
        return suite.run_all(wanted, data, tmp_path / "work", kept, "python benchmarks/suite.py")

    return call


def by_way(made: _results.Record) -> dict[str, dict[str, Any]]:
    return {row["way"]: row for row in made["rows"]}


def test_ways_stand_beside_each_other_and_the_recipe_that_was_chosen_is_told(run):
    made = run(tiny(known=(SAME, OTHER)), quick=False)
    found = by_way(made)
    assert list(found)[:6] == [
        "majority", "TF-IDF + LR", "image alone", "audio alone", "default", "chosen inside the folds",
    ]  # fmt: skip
    assert found["TF-IDF + LR"]["value"] == 1.0  # a word tells
    assert found["majority"]["value"] == 0.5
    assert found["default"]["gain"]["over"] == "TF-IDF + LR"
    assert set(found["default"]["scores"]) == {"accuracy", "f1_macro"}
    assert found["TabPFN on our features"]["reason"] == "not installed (pip install tabpfn)"
    assert made["corpora"]["Tiny"]["recipes"].endswith("(1 of 1)")
    check_marks(table.markdown(made))


def check_marks(text: str) -> None:
    """What was measured by another protocol than ours has a mark, and nothing else has."""
    (same,) = [line for line in text.splitlines() if "theirs" in line]
    (other,) = [line for line in text.splitlines() if "others" in line]
    assert "0.900" in same
    assert table.OTHER not in same
    assert table.UNCHECKED not in same
    assert "(read in " in same  # also a figure that was checked says where
    assert f"0.800 {table.OTHER}" in other
    assert "ten folds" in other
    assert table.UNCHECKED in other


def test_record_holds_no_path(run, tmp_path):
    text = json.dumps(run(tiny()))
    assert str(tmp_path) not in text
    assert "/home" not in text


def test_what_was_measured_is_found_again(run, monkeypatch):
    first = run(tiny())

    def fitted(*_: Any) -> Any:
        raise AssertionError("it was fitted again")

    monkeypatch.setattr(suite, "fit_model", fitted)
    assert run(tiny())["rows"] == first["rows"]
    again = run(tiny(), again=True)
    assert again["rows"][0]["reason"].startswith("it was fitted again")
    other = run(tiny(), full=True)  # other settings are measured anew
    assert other["rows"][0]["kind"] == "failed"


def test_run_that_was_stopped_goes_on_with_the_way_it_was_at(run, monkeypatch):
    whole = suite.compare
    monkeypatch.setattr(suite, "compare", lambda *_, **__: 1 / 0)
    assert run(tiny())["rows"][0]["kind"] == "failed"
    monkeypatch.setattr(suite, "compare", whole)
    monkeypatch.setattr(suite, "fit_model", lambda *_: 1 / 0)
    assert by_way(run(tiny()))["default"]["kind"] == "measured"


def test_corpus_that_fails_does_not_stop_the_others(run, capsys):
    def broken(_: Path) -> pd.DataFrame:
        raise ValueError("row 3 of /somewhere/on/this/machine.csv has no label")

    made = run(tiny("broken", readers=(("official", broken),)), tiny())
    assert made["rows"][0]["kind"] == "failed"
    assert made["rows"][0]["reason"] == "row 3 of … has no label"
    assert by_way(made)["default"]["kind"] == "measured"
    assert "Traceback" in capsys.readouterr().err


def test_corpus_that_is_not_there_is_told(run):
    made = run(tiny(readers=(("official", lambda _: None),)))
    assert made["rows"][0]["kind"] == "not at hand"
    assert "nowhere.example" in made["rows"][0]["reason"]


class Reached(LogisticRegression):
    """A peer that has its weights."""

    def __init__(self, device: str = "", random_state: int = 0) -> None:
        super().__init__(random_state=random_state)
        self.device = device


class Unreached(Reached):
    """A peer whose weights cannot be had."""

    def fit(self, X: Any, y: Any) -> Unreached:
        raise OSError(f"No weights in /root/.cache/tabicl/{len(X)} and no network.\nTry again.")


def test_peer_runs_where_it_can_and_is_left_out_with_its_reason_where_not(run, monkeypatch):
    tabpfn, tabicl = types.ModuleType("tabpfn"), types.ModuleType("tabicl")
    tabpfn.TabPFNClassifier, tabicl.TabICLClassifier = Reached, Unreached  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tabpfn", tabpfn)
    monkeypatch.setitem(sys.modules, "tabicl", tabicl)
    found = by_way(run(tiny()))
    assert found["TabPFN on our features"]["kind"] == "measured"
    assert found["TabPFN on our features"]["value"] > 0.5
    assert found["TabICL on our features"]["kind"] == "left out"
    assert found["TabICL on our features"]["reason"] == "No weights in … and no network."


def test_peer_is_not_asked_for_more_than_it_was_made_for():
    peer = suite_ways.Peer("P", "sklearn", "nothing", rows=10, classes=2, options={})
    told = {"corpus": tiny(), "views": ["image"], "extra": [], "n_splits": 1}
    told |= {"grouped": False, "pairs": False, "widths": {"image": 3}}
    for more, message in (
        ({"n_train": 11, "classes": 2}, "10 rows"),
        ({"n_train": 5, "classes": 3}, "2 classes"),
    ):
        with pytest.raises(suite_ways.LeftOut, match=message):
            peer.way().make(suite_ways.Setting(**told, **more))


def test_target_is_seen_without_its_labels(run):
    domains = ["a", "b"]

    def read(_: Path) -> pd.DataFrame:
        found = tiny().readers[0][1](Path()).drop(columns="split")
        return found.assign(domain=np.repeat(domains, 20))

    corpus = tiny(
        readers=(("official", read),), protocol=protocols.pairs(domains, "all"), features=("image",)
    )
    found = by_way(run(corpus))
    assert found["1-NN + JDA (sees the target's rows)"]["value"] > 0.6
    assert "chosen inside the folds" not in found


# -- the table


def test_another_mix_of_classes_is_told():
    learned, scored = np.arange(10), np.arange(10, 20)
    plan = protocols.Plan("train → test", [(learned, scored)])
    labels = pd.Series(["yes"] * 8 + ["no"] * 2 + ["yes"] * 4 + ["no"] * 6)
    told = protocols.mix(plan, labels)
    assert told.endswith("yes is 80 % of what is learned from, 40 % of what is scored.")
    assert not protocols.mix(plan, pd.Series(["yes", "no"] * 10))
    only_learned = pd.Series(["rare"] * 5 + ["no"] * 15)
    assert "rare is 50 % of what is learned from, 0 % of what" in protocols.mix(plan, only_learned)
    folds = protocols.Plan("folds", [(learned, scored), (scored, learned)])
    assert not protocols.mix(folds, labels)


def test_views_that_differ_are_measured_anew(tmp_path):
    rows = tiny().readers[0][1](tmp_path)
    keys = {suite.Settings().key(tiny(features=views), rows) for views in (("image",), ("audio",))}
    assert len(keys) == 2


def test_features_that_were_trained_on_the_labels_are_not_judged():
    """Poria's features of texts and faces know the labels of the very rows that are scored."""
    corpus = BY_NAME["mosi-features"]
    assert corpus.features == ("audio",)
    assert "trained on the labels of these rows" in corpus.note


def test_mark_comes_with_a_sentence(run):
    made = run(tiny(known=(SAME,)))  # a quick look, which is comparable with nothing
    text = table.markdown(made)
    assert f"0.900 {table.OTHER}" in text
    assert f"{table.OTHER} A quick look at some rows, whose figures say nothing." in text


def test_terminal_says_what_markdown_says(run):
    made = run(tiny(known=(SAME, OTHER)), tiny("gone", readers=(("official", lambda _: None),)))
    shown = table.plain(made)
    for row in made["rows"]:
        assert row["way"] in shown
    assert "not installed (pip install tabicl)" in shown
    assert "not at hand" in shown
    assert "*" not in shown


def test_record_gains_corpora_and_keeps_the_others(run, monkeypatch):
    first, second = tiny("one"), tiny("two")
    monkeypatch.setattr(suite, "CORPORA", (first, second))
    both = suite.merged(run(second), run(first))
    assert [row["name"] for row in both["rows"]][:1] == ["one"]
    assert list(both["corpora"]) == ["One", "Two"]
    anew = suite.merged(both, run(second))
    assert len(anew["rows"]) == len(both["rows"])


def test_command_writes_record_and_table(run, tmp_path, monkeypatch, capsys):
    run()  # peers are not installed
    monkeypatch.setattr(suite, "CORPORA", (tiny(),))
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    files = {name: tmp_path / f"made.{name}" for name in ("json", "md")}
    arguments = ["--data", str(tmp_path / "data"), "--work", str(tmp_path / "w"), "--quick"]
    arguments += ["--json", str(files["json"]), "--markdown", str(files["md"])]
    assert suite.main(arguments) == 0
    made = _results.read(files["json"])
    assert set(_results.KEYS) <= set(made)
    assert made["command"] == "python benchmarks/suite.py --data FOLDER --quick"
    assert files["md"].read_text(encoding="utf-8") == table.markdown(made) + "\n"
    assert "## Tiny" in capsys.readouterr().out


def test_wrong_use_is_told(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("HYBRIDSENT_DATA", raising=False)
    for arguments, message in (([], "--data"), (["--data", str(tmp_path / "no")], "is there")):
        with pytest.raises(SystemExit):
            suite.parsed(arguments)
        assert message in capsys.readouterr().err


# -- the record in the tree, and its page


def test_page_says_what_the_record_says():
    assert not _results.stale(suite.PAGE, suite.RENDERERS), "python benchmarks/suite.py --render"
    rendered = _results.stale(other_shows.PAGE, other_shows.RENDERERS)
    assert not rendered, "python benchmarks/other_shows.py --render"


def test_committed_record_is_whole_and_of_no_machine():
    made = _results.read("suite")
    assert set(_results.KEYS) <= set(made)
    assert not made["quick"]
    assert not [row for row in made["rows"] if row["kind"] == "failed"]
    assert set(made["machine"]) == {"cores", "processor"}
    assert not any(part in json.dumps(made) for part in ("/tmp", "/home", "/work", "/root"))


def test_text_between_lines_is_replaced_and_nothing_else():
    page = f"before\n{_results.begin('a')}\nold\n{_results.end('a')}\nafter\n"
    made = _results.between(page, "a", "new \\1")
    assert made == f"before\n{_results.begin('a')}\n\nnew \\1\n\n{_results.end('a')}\nafter\n"
    assert _results.between(made, "a", "new \\1") == made
    with pytest.raises(ValueError, match="once each"):
        _results.between(page, "b", "")


def test_record_must_be_whole(tmp_path):
    with pytest.raises(ValueError, match="Got none named"):
        _results.write(tmp_path / "a.json", {"benchmark": "a"})


def test_duplicates_are_texts_that_say_the_same():
    codes = corpora.near_duplicates(
        pd.Series(["RT @a: Good!", "rt @b good http://t.co/x", "bad", None])
    )
    assert codes[0] == codes[1]
    assert len(set(codes)) == 3
