"""Sources give every post once: files that grow, are rotated and emptied, pipes, folders."""

from __future__ import annotations

import io
import json
import os
import sys
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitored import post, word_scorer
from PIL import Image

from hybridsent.monitor import Dropped, Followed, Lines, Monitor, open_source
from hybridsent.monitor._source import LONGEST
from hybridsent.monitor._splitter import Splitter as _Splitter

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file is renamed")


def silent(line):
    pass


def begun(source, where=None, *, once=False, told=silent):
    source.begin(where, told, once=once)
    return source


def texts(pieces):
    return [piece.content.decode() for piece in pieces]


def numbers(*spans):
    return [f"{i}" for span in spans for i in range(*span)]


# -- a file that grows


def test_half_a_line_waits_for_its_other_half(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"one\ntw")
    source = begun(Followed(path))
    assert texts(source.poll(10)) == ["one"]
    with path.open("ab") as file:
        file.write(b"o\nthr")
    assert texts(source.poll(10)) == ["two"]
    where = source.where()
    source.close()
    with path.open("ab") as file:
        file.write(b"ee\n")
    again = begun(Followed(path), where)
    assert texts(again.poll(10)) == ["three"]
    assert again.poll(10) == []
    again.close()


@posix
def test_a_rotated_file_is_read_to_its_end_first(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("1\n2\n")
    source = begun(Followed(path))
    assert texts(source.poll(1)) == ["1"]
    path.rename(tmp_path / "posts.jsonl.1")
    with (tmp_path / "posts.jsonl.1").open("a") as file:
        file.write("3\n4 without an end")
    path.write_text("5\n")
    assert texts(source.poll(10)) == ["2", "3", "4 without an end", "5"]
    with path.open("a") as file:
        file.write("6\n")
    assert texts(source.poll(10)) == ["6"]
    source.close()


@posix
def test_a_file_that_was_rotated_while_nobody_looked_is_found_by_its_number(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("1\n2\n3\n")
    source = begun(Followed(path))
    source.poll(1)
    where = json.loads(json.dumps(source.where()))
    source.close()
    path.rename(tmp_path / "posts.jsonl-20260301")
    path.write_text("4\n")
    told = []
    again = begun(Followed(path), where, told=told.append)
    assert texts(again.poll(10)) == ["2", "3", "4"]
    assert "was rotated" in told[0]
    again.close()


@posix
def test_of_several_rotations_while_nobody_looked_none_is_left_out(tmp_path):
    path = tmp_path / "posts.jsonl"
    (tmp_path / "posts.jsonl.9").write_text("old\n")
    path.write_text("1\n2\n")
    os.utime(tmp_path / "posts.jsonl.9", (time.time() - 90,) * 2)
    source = begun(Followed(path))
    source.poll(1)
    where = source.where()
    source.close()
    for i in range(3):
        time.sleep(0.02)
        if i:
            path.write_text(f"{i + 2}\n")
        for k in range(i, 0, -1):
            (tmp_path / f"posts.jsonl.{k}").rename(tmp_path / f"posts.jsonl.{k + 1}")
        path.rename(tmp_path / "posts.jsonl.1")
    path.write_text("5\n")
    again = begun(Followed(path), where)
    assert texts(again.poll(10)) == ["2", "3", "4", "5"]
    again.close()


@posix
def test_a_file_that_is_gone_is_told(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("1\n2\n")
    source = begun(Followed(path))
    source.poll(1)
    where = source.where()
    source.close()
    (tmp_path / "new").write_text("3\n")
    (tmp_path / "new").replace(path)
    told = []
    again = begun(Followed(path), where, told=told.append)
    assert texts(again.poll(10)) == ["3"]
    assert "is lost" in told[0]
    again.close()


def test_an_emptied_file_is_read_anew_also_where_it_has_grown_past_the_place(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("1\n2\n")
    told = []
    source = begun(Followed(path), told=told.append)
    assert texts(source.poll(10)) == ["1", "2"]
    with path.open("r+") as file:
        file.truncate()
    with path.open("a") as file:
        file.write("3\n4\n5\n6\n")
    assert texts(source.poll(10)) == ["3", "4", "5", "6"]
    assert "was emptied" in told[0]
    source.close()


def test_an_emptied_file_is_noticed_by_a_next_run(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("1\n2\n")
    source = begun(Followed(path))
    source.poll(10)
    where = source.where()
    source.close()
    with path.open("r+") as file:
        file.truncate()
        file.write("a longer line than before\n")
    again = begun(Followed(path), where)
    assert texts(again.poll(10)) == ["a longer line than before"]
    again.close()


def test_a_file_need_not_be_there_yet(tmp_path):
    source = begun(Followed(tmp_path / "posts.jsonl"))
    assert source.poll(5) == []
    (tmp_path / "posts.jsonl").write_text("1\n")
    assert texts(source.poll(5)) == ["1"]
    source.close()


def test_once_takes_a_last_line_that_is_whole_and_leaves_one_that_is_not(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}')
    source = begun(Followed(path), once=True)
    assert texts(source.poll(9)) == ['{"a": 1}', '{"a": 2}']
    assert source.ended
    where = source.where()
    source.close()
    with path.open("a") as file:
        file.write('\n{"a": ')
    told = []
    again = begun(Followed(path), where, once=True, told=told.append)
    assert again.poll(9) == []
    assert "half a line" in told[0]
    where = again.where()
    again.close()
    with path.open("a") as file:
        file.write("3}\n")
    last = begun(Followed(path), where, once=True)
    assert texts(last.poll(9)) == ['{"a": 3}']
    last.close()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), max_size=12),
    st.lists(st.integers(1, 9), min_size=1, max_size=40),
    st.integers(1, 4),
)
def test_lines_are_those_that_were_written_however_the_bytes_come(lines, cuts, most):
    written = b"".join(line + b"\n" for line in lines)
    splitter, read, given_out, at = _Splitter(), 0, [], 0
    while read < len(written):
        n = cuts[at % len(cuts)]
        splitter.feed(written[read : read + n])
        read, at = read + n, at + 1
        given_out += splitter.lines(most)
    while more := splitter.lines(most):
        given_out += more
    assert [line for _, line, _ in given_out] == lines
    for offset, line, _ in given_out:
        assert written[offset : offset + len(line)] == line
    assert splitter.offset == len(written)


def test_a_line_that_is_too_long_takes_no_memory_and_the_next_one_is_read(tmp_path):
    path = tmp_path / "posts.jsonl"
    with path.open("wb") as file:
        file.write(b"first\n")
        for _ in range(12):
            file.write(b"x" * (LONGEST // 2))
        file.write(b"\nlast\n")
    source = begun(Followed(path))
    pieces = source.poll(10)
    assert [piece.problem is None for piece in pieces] == [True, False, True]
    assert len(pieces[1].content) <= LONGEST
    assert pieces[2].content == b"last"
    where = source.where()
    source.close()
    again = begun(Followed(path), where)
    assert again.poll(9) == []
    again.close()


# -- pipes


def test_a_pipe_gives_what_is_there_and_ends(tmp_path):
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream:
        source = begun(Lines(stream))
        assert source.poll(5) == []
        assert source.drained
        assert not source.ended
        os.write(write, b"1\n2\nhalf")
        assert texts(source.poll(1)) == ["1"]
        assert texts(source.poll(9)) == ["2"]
        os.close(write)
        assert texts(source.poll(9)) == ["half"]
        source.poll(9)
        assert source.ended


def test_a_stream_without_a_descriptor_is_read_too():
    source = begun(Lines(io.BytesIO(b"1\n\n2")), once=True)
    assert texts(source.poll(9)) == ["1", "2"]
    assert source.ended


# -- a folder


def dropped(folder, **how):
    return begun(Dropped(folder, settle=0.0, **how))


def test_tables_of_all_kinds_are_read_row_by_row(tmp_path):
    table = pd.DataFrame({"text": ["a", "b"], "n": [1, 2]})
    table.to_csv(tmp_path / "1.csv", index=False)
    table.to_parquet(tmp_path / "2.parquet")
    (tmp_path / "3.jsonl").write_text('{"text": "a"}\n\n{"text": "b"}\n')
    (tmp_path / "4.tmp").write_text("not yet")
    (tmp_path / ".5.csv").write_text("hidden")
    told = []
    (tmp_path / "6.docx").write_text("what is this")
    source = Dropped(tmp_path, settle=0.0)
    source.begin(None, told.append, once=True)
    pieces = source.poll(3) + source.poll(9)
    assert len(pieces) == 6
    assert source.ended
    assert [piece.content["text"] for piece in pieces[:4]] == ["a", "b"] * 2
    assert len({piece.place for piece in pieces}) == 6
    assert "6.docx" in " ".join(told)


def test_a_file_is_taken_when_nobody_writes_to_it_any_more(tmp_path):
    source = begun(Dropped(tmp_path, settle=60))
    (tmp_path / "a.csv").write_text("text\na\n")
    assert source.poll(9) == []
    os.utime(tmp_path / "a.csv", (time.time() - 90,) * 2)
    assert len(source.poll(9)) == 1


def test_a_file_that_grew_counts_its_new_rows_alone_and_what_is_done_is_not_opened_again(tmp_path):
    def write(n):
        lines = ["text,created_at"] + [f"good {i},{1_772_323_200 + i}" for i in range(n)]
        (tmp_path / "in" / "a.csv").write_text("\n".join(lines) + "\n")

    (tmp_path / "in").mkdir()
    write(5)
    scorer = word_scorer()
    for n, counted in ((5, 5), (5, 5), (8, 8)):
        write(n)
        source = Dropped(tmp_path / "in", settle=0.0)
        with Monitor(scorer, source, state=tmp_path / "s", time="created_at") as monitor:
            monitor.run(once=True)
            assert monitor.counts["counted"] == counted


def test_a_broken_file_is_kept_aside_and_the_next_is_read(tmp_path):
    (tmp_path / "1.parquet").write_bytes(b"PAR1 and nothing of it")
    (tmp_path / "2.csv").write_text("text\ngood\n")
    pieces = dropped(tmp_path).poll(9)
    assert pieces[0].problem.startswith("from row 0 on it cannot be read")
    assert pieces[1].content == {"text": "good"}


def test_a_file_that_is_being_read_is_closed_with_its_source(tmp_path):
    (tmp_path / "1.jsonl").write_text('{"text": "good"}\n' * 3)
    source = dropped(tmp_path)
    assert len(source.poll(1)) == 1
    rows = source._open[2]
    source.close()
    assert rows.gi_frame is None
    assert source.poll(9)[0].place.startswith("1.jsonl:0:")  # it was not read to its end


def test_once_says_of_a_file_that_is_not_there_that_nothing_is_read(tmp_path):
    told = []
    source = begun(Followed(tmp_path / "posts.jsonl"), once=True, told=told.append)
    assert source.poll(9) == []
    assert source.ended
    assert told == [f"{tmp_path / 'posts.jsonl'} is not there: nothing is read of it"]


def test_media_files_are_posts_of_their_own(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (piece,) = dropped(tmp_path, media={"photo": [".png"]}).poll(9)
    assert piece.content == {"photo": "a.png"}
    assert piece.base == tmp_path


# -- names of sources


def test_names_of_sources(tmp_path):
    assert isinstance(open_source("-"), Lines)
    assert isinstance(open_source(tmp_path), Dropped)
    assert isinstance(open_source(str(tmp_path / "new.jsonl")), Followed)
    redis = open_source("redis://me:secret@127.0.0.1:1/0?stream=posts&claim=5")
    assert redis.name == "redis://127.0.0.1:1/0?stream=posts"
    assert (redis.stream, redis.group, redis.claim) == ("posts", "hybridsent", 5.0)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("redis://127.0.0.1:1/0", "must name it"),
        ("redis://me:secret@h/0?strem=posts", "must name it"),
        ("redis://h/0?stream=a&claim=soon", "must be seconds"),
        ("redis://h/0?stream=a&claim=nan", "must be seconds"),
        ("redis://h/0?stream=a&claim=-1", "must be seconds"),
        ("kafka://h/topic", "must be '-', a file"),
        ("no/such/folder/posts.jsonl", "folder that is not there"),
        (17, "must be '-', a path"),
    ],
)
def test_what_is_no_source_is_refused_without_its_password(name, why):
    with pytest.raises(ValueError, match=why) as caught:
        open_source(name)
    assert "secret" not in str(caught.value)


def test_several_sources_are_read_in_turn_and_one_twice_is_refused(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text("".join(post(i) for i in range(50)))
    scorer = word_scorer()
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    with Monitor(scorer, paths, state=tmp_path / "s", batch_size=16) as monitor:
        monitor.run(once=True)
        assert monitor.counts["counted"] == 100
    with (
        Monitor(scorer, [paths[0]] * 2, state=tmp_path / "s2") as monitor,
        pytest.raises(ValueError, match="more than once"),
    ):
        monitor.run(once=True)
