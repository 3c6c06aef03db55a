"""Tables in pieces: every row exactly once, the answers of the whole table, and what is refused."""

from __future__ import annotations

import _thread
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fakes import FAKES, installed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridsent import make_features, make_fusion, save
from hybridsent.cli import main
from hybridsent.datasets import iter_table, read_table, write_table
from hybridsent.distributed import encode, predict
from hybridsent.distributed._drive import drive
from hybridsent.distributed._executors import WorkerDied
from hybridsent.distributed._parts import Parts
from hybridsent.exceptions import CellError, ResumeError, RunError, ShardError, TableWarning
from hybridsent.scoring import Scorer

WORDS = ["good", "fine", "lovely", "bad", "awful", "dull"]


def posts(rows, seed=0):
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(WORDS, 4)) for _ in range(rows)]
    return pd.DataFrame({"id": np.arange(rows), "text": texts})


def labels(table):
    return np.where(table["text"].str.count("bad|awful|dull") > 1, "negative", "positive")


@pytest.fixture(scope="module")
def model():
    table = posts(120, seed=7)
    return make_fusion(views={"text": "text/words"}).fit(table[["text"]], labels(table))


@pytest.fixture
def folder(tmp_path, model):
    save(model, tmp_path / "model.hybridsent")
    posts(103).to_csv(tmp_path / "posts.csv", index=False)
    return tmp_path


def same(told, wanted):
    """Compare files: every letter but for probabilities, which may differ in the last digit.

    The sums of a matrix product depend in float32 on how many rows are multiplied at once.
    """
    a, b = told.read_bytes().decode(), wanted.read_bytes().decode()
    number = re.compile(r"(?<![\d.])[01]\.\d+(?:e-\d+)?")
    assert number.sub("p", a) == number.sub("p", b)
    x, y = ([float(found) for found in number.findall(text)] for text in (a, b))
    np.testing.assert_allclose(x, y, rtol=0, atol=1.5e-6)


def whole(model, path, output):
    table = read_table(path, media=[])
    write_table(table.assign(**Scorer(model).score(table).to_frame("", table.index)), output)


# -- the same as the whole table


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "csv.gz", "parquet", "xlsx"])
def test_a_file_holds_what_the_whole_run_writes(folder, model, ending):
    table = read_table(folder / "posts.csv").assign(
        note=["x", None, 'say "hi"\nthere'] + ["ü"] * 100
    )
    write_table(table, folder / f"in.{ending}")
    whole(model, folder / f"in.{ending}", folder / f"whole.{ending}")
    done = predict(Scorer(model), folder / f"in.{ending}", folder / f"out.{ending}", rows=10)
    assert (done.n_rows, done.n_shards, done.n_found) == (103, 11, 0)
    pd.testing.assert_frame_equal(
        read_table(folder / f"out.{ending}"),
        read_table(folder / f"whole.{ending}"),
        rtol=0,
        atol=1.5e-6,
    )
    if ending in ("csv", "tsv", "jsonl"):
        same(*(folder / f"{name}.{ending}" for name in ("out", "whole")))
    assert not (folder / f"out.{ending}.parts").exists()


def test_lines_end_as_the_last_row_wants_it(folder, model):
    table = read_table(folder / "posts.csv")
    table.loc[102, "text"] = "good\rbad"
    write_table(table, folder / "in.csv")
    whole(model, folder / "in.csv", folder / "whole.csv")
    predict(Scorer(model), folder / "in.csv", folder / "out.csv", rows=10)
    same(folder / "out.csv", folder / "whole.csv")
    assert b"\r\n" in (folder / "out.csv").read_bytes()[:60]


def test_a_folder_gets_a_file_a_piece_of_one_schema(folder, model):
    table = read_table(folder / "posts.csv").assign(n=[None] * 100 + [1, 2, 3], odd=None)
    write_table(table, folder / "in.csv")
    done = predict(folder / "model.hybridsent", folder / "in.csv", folder / "out", rows=10)
    told = pd.read_parquet(done.path)
    whole(model, folder / "in.csv", folder / "whole.csv")
    wanted = read_table(folder / "whole.csv")
    assert told["id"].tolist() == list(range(103))
    assert told["prediction"].tolist() == wanted["prediction"].tolist()
    assert told["n"].dropna().tolist() == [1, 2, 3]
    assert json.loads((folder / "out" / "_manifest.json").read_text())["finished"]
    assert len(list((folder / "out").glob("part-*.parquet"))) == 11


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=20
    ),
    rows=st.integers(1, 8),
)
def test_wild_texts_are_answered_as_in_the_whole_table(folder, model, texts, rows):
    table = pd.DataFrame({"n": range(len(texts)), "text": texts})
    write_table(table, folder / "in.csv")
    whole(model, folder / "in.csv", folder / "whole.csv")
    predict(Scorer(model), folder / "in.csv", folder / "out.csv", rows=rows)
    same(folder / "out.csv", folder / "whole.csv")


def test_features_are_encoded_once_each_and_equal(tmp_path):
    table = posts(50).assign(text=[f"post {i}" for i in range(50)])
    write_table(table, tmp_path / "in.csv")
    with installed(*FAKES):
        name = "text/fake"
        features = make_features(text=name, store=None)
        done = encode(features, tmp_path / "in.csv", tmp_path / "out.parquet", rows=7, keep=["id"])
        wanted = np.asarray(features.fit_transform(table))
    told = pd.read_parquet(done.path)
    assert told["id"].tolist() == table["id"].tolist()
    np.testing.assert_array_equal(told.iloc[:, 1:].to_numpy(), wanted)


def test_ready_features_are_read_and_left_out_of_the_answers(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(60, 4)).astype("float32"), columns=[f"text__{i}" for i in range(4)]
    )
    fitted = make_fusion(features=["text"]).fit(X, np.where(X["text__0"] > 0, "a", "b"))
    write_table(X.assign(id=range(60)), tmp_path / "in.parquet")
    predict(Scorer(fitted), tmp_path / "in.parquet", tmp_path / "out.csv", rows=13)
    told = read_table(tmp_path / "out.csv")
    assert list(told.columns) == ["id", "prediction", "p_a", "p_b"]
    assert told["prediction"].tolist() == fitted.predict(X).tolist()


# -- stopped, and gone on with


def test_what_is_finished_is_not_done_again(folder, model):
    source, output = folder / "posts.csv", folder / "out"
    done = predict(Scorer(model), source, output, rows=10)
    stamps = {p: p.stat().st_mtime_ns for p in output.glob("part-*.parquet")}
    for name in ("part-000003.parquet", "part-000010.parquet"):
        (output / name).unlink()
    (output / "part-000005.parquet").write_bytes(b"PAR1 half a file")
    (output / ".part-000003.parquet.0a0a").write_bytes(b"left over")
    seen = []
    again = predict(
        Scorer(model),
        source,
        output,
        rows=10,
        resume=True,
        progress=lambda n, of: seen.append((n, of)),
    )
    assert (again.n_shards, again.n_found) == (11, 8)
    assert seen[-1] == (103, 103)
    assert sorted(pd.read_parquet(done.path)["id"]) == list(range(103))
    same = [p for p, stamp in stamps.items() if p.stat().st_mtime_ns == stamp]
    assert len(same) == 8
    assert not list(output.glob(".part-*"))


def test_another_run_is_refused_and_named(folder, model):
    source, output = folder / "posts.csv", folder / "out"
    predict(Scorer(model), source, output, rows=10)
    with pytest.raises(ResumeError, match="resume=True"):
        predict(Scorer(model), source, output, rows=10)
    with pytest.raises(ResumeError, match=r"rows of a piece.* 20 now and was 10"):
        predict(Scorer(model), source, output, rows=20, resume=True)
    with pytest.raises(ResumeError, match=r"prefix.*new_"):
        predict(Scorer(model), source, output, rows=10, prefix="new_", resume=True)
    table = posts(120, seed=8)
    other = make_fusion(views={"text": "text/words"}).fit(table[["text"]], labels(table))
    with pytest.raises(ResumeError, match="the model is"):
        predict(Scorer(other), source, output, rows=10, resume=True)
    posts(103, seed=3).to_csv(source, index=False)
    with pytest.raises(ResumeError, match="the content of the source"):
        predict(Scorer(model), source, output, rows=10, resume=True)
    (folder / "full").mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    with pytest.raises(ResumeError, match=r"mine\.txt"):
        predict(Scorer(model), source, folder / "full", rows=10)
    assert (folder / "full" / "mine.txt").read_text() == "mine"


def test_where_it_runs_and_who_computes_is_no_other_run(folder):
    source, path = folder / "posts.csv", folder / "model.hybridsent"
    predict(path, source, folder / "out", rows=50)
    moved = folder / "elsewhere.csv"
    source.rename(moved)
    assert predict(path, moved, folder / "out", rows=50, resume=True).n_found == 3


def test_a_finished_file_is_known_again(folder, model, monkeypatch):
    source, output = folder / "posts.csv", folder / "out.csv"
    predict(Scorer(model), source, output, rows=10)
    stamp = output.stat().st_mtime_ns
    scorer = Scorer(model)
    asked = []
    answer = scorer.answer
    monkeypatch.setattr(scorer, "answer", lambda table: asked.append(0) or answer(table))
    again = predict(scorer, source, output, rows=10, resume=True)
    assert (again.n_found, again.path) == (11, output)
    assert not asked
    assert output.stat().st_mtime_ns == stamp
    assert not (folder / "out.csv.parts").exists()
    # what another made of the file, another table, another way: begun, as without resume
    whole_file = output.read_bytes()
    output.write_bytes(whole_file[:-9])
    assert predict(scorer, source, output, rows=10, resume=True).n_found == 0
    assert output.read_bytes() == whole_file
    assert predict(scorer, source, output, rows=20, resume=True).n_found == 0
    posts(103, seed=3).to_csv(source, index=False)
    assert predict(scorer, source, output, rows=20, resume=True).n_found == 0
    assert predict(scorer, source, output, rows=20).n_found == 0
    output.unlink()
    assert predict(scorer, source, output, rows=20, resume=True).n_found == 0
    (folder / "out.csv.run.json").write_text("{")
    assert predict(scorer, source, output, rows=20, resume=True).n_found == 0
    # killed while the pieces were tidied up: the file stands
    parts = Parts(folder / "out.csv.parts")
    parts.folder.mkdir()
    parts.finish(moved=True)
    assert predict(scorer, source, output, rows=20, resume=True).n_found == 6
    assert not parts.folder.exists()


def test_two_runs_at_once_are_refused(folder, model):
    pytest.importorskip("fcntl")
    entered, leave = threading.Event(), threading.Event()

    def told(done, rows):
        entered.set()
        leave.wait(20)

    first = threading.Thread(
        target=predict,
        args=(Scorer(model), folder / "posts.csv", folder / "out"),
        kwargs={"rows": 50, "progress": told},
    )
    first.start()
    try:
        assert entered.wait(20)
        with pytest.raises(ResumeError, match="Another run writes"):
            predict(Scorer(model), folder / "posts.csv", folder / "out", rows=50, resume=True)
    finally:
        leave.set()
        first.join()


def test_a_run_that_finished_nothing_leaves_nothing(folder, model, monkeypatch):
    scorer, source = Scorer(model), folder / "posts.csv"
    answer = scorer.answer
    monkeypatch.setattr(scorer, "answer", Breaks(99, row=0)(answer))
    before = sorted(folder.iterdir())
    for output in ("out.csv", "out"):
        with pytest.raises(ShardError):
            predict(scorer, source, folder / output, rows=200, tries=1)
        assert sorted(folder.iterdir()) == before
    monkeypatch.setattr(scorer, "answer", answer)
    assert predict(scorer, source, folder / "out.csv", rows=200).n_shards == 1


def test_a_lock_that_was_removed_holds_nothing(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    parts = Parts(tmp_path / "parts")
    lock = fcntl.flock

    def late(file, how):  # the run before ends between the opening and the locking
        lock(file, how)
        (parts.folder / ".lock").unlink()

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(ResumeError, match="Another run writes"), parts.held():
        pass


def test_a_flipped_bit_in_a_finished_piece_is_seen(tmp_path):
    import pyarrow as pa

    parts = Parts(tmp_path)
    rng = np.random.default_rng(0)
    table = pa.table({"p": rng.random(500), "said": ["good", "bad"] * 250})
    parts.write(0, table)
    whole = parts.path(0).read_bytes()
    assert parts.has(0, 500)
    assert not parts.has(0, 499)
    for at in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        parts.path(0).write_bytes(damaged)
        assert not parts.has(0, 500) or parts.read(0).equals(table.to_pandas())


DRIVER = """
import sys, time
from hybridsent.distributed import predict
from hybridsent.distributed import _parts
write = _parts.Parts.write
def slowly(self, index, table):
    time.sleep(0.05)
    write(self, index, table)
_parts.Parts.write = slowly
print("begin", flush=True)
predict(*sys.argv[1:4], rows=20, resume=True)
"""


@pytest.mark.parametrize("output", ["out.csv", "out"])
def test_a_killed_driver_is_gone_on_with(folder, model, output):
    posts(2_000).to_csv(folder / "posts.csv", index=False)
    arguments = [str(folder / name) for name in ("model.hybridsent", "posts.csv", output)]
    parts = folder / ("out" if output == "out" else "out.csv.parts")
    finished = []
    for stop_at in (5, 30):
        driver = subprocess.Popen([sys.executable, "-c", DRIVER, *arguments])
        deadline = time.monotonic() + 120
        while len(list(parts.glob("part-*.parquet"))) < stop_at and time.monotonic() < deadline:
            time.sleep(0.02)
        driver.kill()
        driver.wait()
        finished.append(len(list(parts.glob("part-*.parquet"))))
    assert 5 <= finished[0] < finished[1] < 100
    done = predict(*arguments, rows=20, resume=True)
    assert done.n_found == finished[1]
    told = read_table(folder / output) if output != "out" else pd.read_parquet(folder / output)
    whole(model, folder / "posts.csv", folder / "whole.csv")
    wanted = read_table(folder / "whole.csv")
    assert told["id"].tolist() == list(range(2_000))
    assert told["text"].tolist() == wanted["text"].tolist()
    assert told["prediction"].tolist() == wanted["prediction"].tolist()
    for name in ("p_negative", "p_positive"):
        np.testing.assert_allclose(told[name], wanted[name], rtol=0, atol=1.5e-6)


# -- what fails


class Breaks:
    """Fails with its rows as often as it is told to, then no more."""

    def __init__(self, times, row=45):
        self.left, self.row = times, row

    def __call__(self, made):
        def transform(table):
            if self.row in table.index and self.left:
                self.left -= 1
                raise RuntimeError("the card fell off the bus")
            return made(table)

        return transform


def test_a_piece_that_fails_is_tried_again_then_named(folder, model, monkeypatch):
    scorer, source = Scorer(model), folder / "posts.csv"
    answer = scorer.answer
    monkeypatch.setattr(scorer, "answer", Breaks(2)(answer))
    predict(scorer, source, folder / "two.csv", rows=10, tries=3)
    assert len(read_table(folder / "two.csv")) == 103
    monkeypatch.setattr(scorer, "answer", Breaks(99)(answer))
    with pytest.raises(ShardError, match=r"rows 40 to 49 could not.*fell off the bus.*resume"):
        predict(scorer, source, folder / "out.csv", rows=10, tries=2)
    with pytest.warns(TableWarning, match=r"10 rows in 1 pieces failed.*rows 40 to 49"):
        done = predict(
            scorer, source, folder / "out.csv", rows=10, resume=True, tries=2, on_error="skip"
        )
    assert list(done.failed) == [(40, 50)]
    told = read_table(folder / "out.csv")
    assert told["id"].tolist() == list(range(103))
    assert told.index[told["prediction"].isna()].tolist() == list(range(40, 50))
    monkeypatch.setattr(scorer, "answer", answer)
    again = predict(scorer, source, folder / "out.csv", rows=10, resume=True)
    assert (again.n_found, again.failed) == (10, {})
    whole(model, source, folder / "whole.csv")
    same(folder / "out.csv", folder / "whole.csv")


def test_a_broken_cell_is_named_with_its_row_in_the_whole_table(tmp_path):
    for i in range(30):
        (tmp_path / f"{i}.png").write_bytes(b"no picture")
    table = pd.DataFrame({"image": [None] * 23 + ["23.png"] + [None] * 6})
    write_table(table, tmp_path / "in.csv")
    with installed(*FAKES):
        name = "image/fake"
        features = make_features(image=name, store=None)
        with pytest.raises(ShardError, match=r"rows 20 to 29.*23") as told:
            encode(features, tmp_path / "in.csv", tmp_path / "out", rows=10)
    assert isinstance(told.value.__cause__, CellError)


def test_what_cannot_work_is_refused_at_once(folder, model, monkeypatch):
    scorer, source = Scorer(model), folder / "posts.csv"
    for wrong in ({"workers": 0}, {"tries": 0}, {"on_error": "ignore"}):
        with pytest.raises(ValueError, match=f"The {next(iter(wrong))} parameter must be"):
            predict(scorer, source, folder / "out", **wrong)
    with pytest.raises(ValueError, match="scheduler and workers"):
        predict(scorer, source, folder / "out", workers=1, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(RunError, match="must be fitted"):
        encode(make_features(views={"text": "text/words"}), source, folder / "out")
    monkeypatch.setattr(Scorer, "needs_other_rows", True)
    with pytest.raises(RunError, match="neighbours"):
        predict(scorer, source, folder / "out")
    assert not (folder / "out").exists()


class Script:
    """Ends pieces as a script says; counts what is under way."""

    def __init__(self, script, window=3):
        self.script, self.size = {k: list(v) for k, v in script.items()}, window
        self.under_way, self.most, self.alone = set(), 0, []

    def window(self):
        return self.size

    def submit(self, index):
        handed = (index, object())
        self.under_way.add(handed)
        self.most = max(self.most, len(self.under_way))
        return handed

    def wait(self, handed):
        return [min(handed, key=lambda each: each[0])]

    def outcome(self, done):
        if len(self.under_way) == 1:
            self.alone.append(done[0])
        self.under_way.discard(done)
        script = self.script.get(done[0])
        return script.pop(0) if script else None


def test_pieces_are_handed_out_a_few_at_once_and_suspects_alone():
    died, refused, odd = WorkerDied("died"), CellError("broken"), RuntimeError("odd")
    told = []
    script = Script(
        {1: [odd, odd], 2: [died] * 3, 3: [died] * 4, 4: [refused], 5: [odd] * 3, 6: [died]}
    )
    failed = drive(script, range(20), tries=3, go_on=True, told=told.append)
    assert failed == {3: died, 4: refused, 5: odd}
    assert sorted(told) == sorted(set(range(20)) - {3, 4, 5})
    assert script.most == 3
    assert script.alone[-2:] == [2, 3]


def test_nothing_more_is_handed_out_after_a_piece_was_given_up():
    told = []
    failed = drive(
        Script({4: [CellError("broken")]}), range(20), tries=3, go_on=False, told=told.append
    )
    assert list(failed) == [4]
    assert sorted(told) == [0, 1, 2, 3, 5, 6]


# -- the command line


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_the_command_goes_in_pieces_and_says_the_same(folder, capsys):
    model, source = folder / "model.hybridsent", folder / "posts.csv"
    assert run("predict", model, source, "-o", folder / "whole.csv") == 0
    assert run("predict", model, source, "-o", folder / "out.csv", "--chunk", 10) == 0
    same(folder / "out.csv", folder / "whole.csv")
    assert run("predict", model, source, "-o", folder / "out", "--chunk", 10) == 0
    assert run("predict", model, source, "-o", folder / "out", "--chunk", 10) == 1
    assert "--resume" in capsys.readouterr().err
    assert run("predict", model, source, "-o", folder / "out", "--chunk", 10, "--resume") == 0
    assert "finished before: 103 rows in 11 pieces, all of them found" in capsys.readouterr().err
    assert run("predict", model, source, "-o", folder / "o.csv", "--chunk", 10, "--frames", 2) == 2


def test_who_interrupts_is_told_how_to_go_on(folder, capsys, monkeypatch):
    model, source = folder / "model.hybridsent", folder / "posts.csv"
    words = ["predict", model, source, "-o", folder / "out.csv", "--chunk", 10]
    write, left = Parts.write, [4]

    def interrupted(parts, index, table):
        write(parts, index, table)
        left[0] -= 1
        if left[0] == 0:
            _thread.interrupt_main()
            time.sleep(0.2)

    # a shell starts what runs in the background deaf to interrupts, and so might these tests be
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Parts, "write", interrupted)
            assert run(*words) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "--resume" in capsys.readouterr().err
    kept = len(list((folder / "out.csv.parts").glob("part-*.parquet")))
    assert 4 <= kept < 11
    assert run(*words, "--resume") == 0
    assert f"11 pieces, {kept} of them found" in capsys.readouterr().err
    assert read_table(folder / "out.csv")["id"].tolist() == list(range(103))


def test_a_large_table_goes_in_pieces_unasked(folder, capsys, monkeypatch):
    monkeypatch.setattr("hybridsent.cli._pieces._memory", lambda: 100)
    assert (
        run("predict", folder / "model.hybridsent", folder / "posts.csv", "-o", folder / "o.csv")
        == 0
    )
    assert "in pieces" in capsys.readouterr().err


def test_encode_goes_in_pieces(folder, capsys):
    source = folder / "posts.csv"
    with installed(*FAKES):
        name = "text/fake"
        how = ["--text", f"text={name}", "--store", "off", "-o"]
        assert run("encode", source, *how, folder / "whole.parquet") == 0
        assert run("encode", source, *how, folder / "out.parquet", "--chunk", 10) == 0
    pd.testing.assert_frame_equal(
        read_table(folder / "out.parquet"), read_table(folder / "whole.parquet")
    )
    assert (
        run("encode", source, "--text", "text=text/words", "-o", folder / "w", "--chunk", 10) == 2
    )
    assert "learn from all rows" in capsys.readouterr().err
    assert run("encode", source, "--chunk", 10) == 2
    assert "--output" in capsys.readouterr().err


# -- memory


FEATURES = """
import re, sys
from pathlib import Path
from hybridsent.distributed import predict
done = predict(*sys.argv[1:4], rows=2000)
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(done.n_rows, int(peak) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the peak")
def test_memory_does_not_grow_with_the_table(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"text__{i}" for i in range(64)]
    X = pd.DataFrame(rng.normal(size=(2_000, 64)).astype("float32"), columns=names)
    fitted = make_fusion(features=["text"], classifier="logreg").fit(
        X[:300], (X["text__0"] > 0)[:300]
    )
    save(fitted, tmp_path / "model.hybridsent")
    peaks = []
    for times in (10, 100):
        path = tmp_path / f"{times}.parquet"
        large = pd.concat([X] * times, ignore_index=True)
        large.to_parquet(path, index=False)
        told = subprocess.run(
            [
                sys.executable,
                "-c",
                FEATURES,
                tmp_path / "model.hybridsent",
                path,
                tmp_path / f"{times}",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert int(told[0]) == len(large)
        peaks.append(int(told[1]))
    assert peaks[1] < peaks[0] + 40, peaks  # the larger table has 51 MB, 46 more than the other


def test_pieces_that_are_found_once_serve_again(folder, model):
    pieces = iter_table(folder / "posts.csv", rows=25)
    first = predict(Scorer(model), pieces, folder / "a.csv")
    assert first.n_shards == 5
    assert encode(model[:-1], pieces, folder / "b.parquet").n_rows == 103
