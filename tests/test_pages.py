"""The player of pages itself: what counts as the same, and what it must not overlook."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pages import Shell, blocks, check, same, write

FENCE = "```"


def page(folder: Path, *parts: tuple[str, str]) -> Path:
    path = folder / "tutorial_mine.md"
    path.write_text("\n".join(f"{FENCE}{kind}\n{body}\n{FENCE}\n" for kind, body in parts))
    return path


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("accuracy 0.78", "accuracy   0.80\n"),
        ("took 0.9 s", "took 12.4 s"),
        ("12 MB", "1,024 MB"),
        ("right 67%", "right 70%"),
        ("in … lies", "in /tmp/x\nlies"),
        ("a 1234.5", "a 1250.0"),
        ("", "\n"),
    ],
)
def test_what_may_vary_is_the_same(shown, printed):
    assert same(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("accuracy 0.78", "accuracy 0.88"),
        ("60 rows", "61 rows"),
        ("right 67%", "right 80%"),
        ("a sentence", "a sentence, and a warning"),
        ("", "a warning"),
        ("-0.30", "0.30"),
    ],
)
def test_what_may_not_vary_is_another(shown, printed):
    assert not same(shown, printed)


def test_blocks_share_a_program_a_shell_and_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = page(
        tmp_path,
        ("bash", "name=mine; echo words > file.txt"),
        ("py", "raise SystemError('shown, not run')"),
        ("bash", "cat > /dev/null; echo $name"),
        ("text", "mine"),
    )
    assert check(path) == []


def test_a_page_without_blocks_has_none():
    assert blocks("# A heading\n") == []


def test_what_prints_something_else_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = page(tmp_path, ("bash", "echo 60 rows"), ("text", "61 rows"), ("bash", "echo silence"))
    assert [fault.split(" shows")[0] for fault in check(path)] == [
        "tutorial_mine.md:2",
        "tutorial_mine.md:10",
    ]


def test_a_command_that_fails_ends_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = page(tmp_path, ("bash", "false | true; echo never"), ("bash", "echo never"))
    with pytest.raises(AssertionError, match="failed"):
        check(path)


def test_what_was_started_ends_with_the_shell():
    with Shell() as shell:
        shell.run("sleep 600 &")
        [job] = shell.run("jobs -p").split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(job), 0)


def test_a_run_writes_what_is_shown_and_keeps_what_was_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = page(
        tmp_path,
        ("bash", "echo one; echo at $RANDOM"),
        ("text", "two\nat …"),
        ("bash", "echo new"),
        ("bash", "true"),
        ("text", "gone"),
    )
    write(path)
    told = blocks(path.read_text())
    assert [(each.body, each.shown) for each in told if each.language == "bash"] == [
        ("echo one; echo at $RANDOM\n", "one\nat …\n"),
        ("echo new\n", "new\n"),
        ("true\n", None),
    ]
    assert check(path) == []
