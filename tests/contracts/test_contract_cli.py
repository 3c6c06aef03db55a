"""Laws of the command line, over every command and option there is."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Iterator

import pytest
from laws import over
from package_tree import MODULES, called

from hybridsent.cli import main
from hybridsent.cli._given import Namespace, changed, unread
from hybridsent.cli._main import build_parser
from hybridsent.media import list_modalities


def parsers(
    parser: argparse.ArgumentParser, name: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every parser, by the words that lead to it."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from parsers(inner, f"{name} {word}".strip())


def options() -> list[tuple[str, argparse.ArgumentParser, argparse.Action]]:
    return [
        (f"{name} {action.option_strings[-1]}", parser, action)
        for name, parser in parsers(build_parser())
        for action in parser._actions
        if action.option_strings
    ]


OPTIONS = options()
VALUED = [case for case in OPTIONS if case[2].nargs != 0]


def test_discovery_finds_options():
    assert len(OPTIONS) > 100
    assert {name for name, _, _ in OPTIONS} >= {"evaluate --audio", "store info --store"}


def two_values(action: argparse.Action) -> tuple[str, str]:
    """Two texts that an option takes, which differ where they can."""
    if action.choices:
        return min(action.choices), max(action.choices)
    if action.type is None:
        return "one", "two"
    for texts in (("2", "3"), ("20", "30"), ("0.5", "0.25"), ("accuracy", "f1_macro")):
        try:
            [action.type(text) for text in texts]
        except (ValueError, argparse.ArgumentTypeError):
            continue
        return texts
    raise AssertionError(f"give two values of {action.option_strings}")


@over((case[0], case) for case in VALUED)
def test_an_option_given_twice_is_a_list_or_refused(name, parser, action, capsys):
    option, (first, second) = action.option_strings[-1], two_values(action)
    for other in parser._actions:
        other.required = False
    line = [option, first, option, second]
    positional = [a for a in parser._actions if not a.option_strings and a.nargs is None]
    line = [*("x" for _ in positional), *line]
    if action.nargs is None and not isinstance(action, argparse._AppendAction):
        with pytest.raises(SystemExit, match="2"):
            parser.parse_args(line)
        assert "may be given once, got" in capsys.readouterr().err
    else:
        assert {first, second} <= set(getattr(parser.parse_args(line), action.dest)), "dropped"


@over((case[0], case) for case in OPTIONS)
def test_every_option_explains_itself_and_tells_its_default(name, parser, action):
    assert action.help or action.choices, name


LIMITED = [(modality, limit) for modality in list_modalities() for limit in modality.limits]


@pytest.mark.parametrize(("name", "parser", "action"), OPTIONS, ids=[c[0] for c in OPTIONS])
def test_an_option_that_nothing_reads_is_told(name, parser, action):
    if action.dest in ("help", "version", "debug", "plugin"):  # obeyed before a command begins
        return
    for other in parser._actions:
        other.required = False
    positional = [a for a in parser._actions if not a.option_strings and a.nargs in (None, "+")]
    values = [] if action.nargs == 0 else [two_values(action)[0]]
    option = action.option_strings[-1]
    arguments = parser.parse_args([*("x" for _ in positional), option, *values], Namespace())
    vars(arguments)["_read"] = set()
    assert unread(arguments) == [option]
    getattr(changed(arguments, more=1), action.dest)  # what reads a copy has read it, too
    assert unread(arguments) == []


def test_a_command_says_which_options_it_had_no_use_for(tmp_path, capsys):
    table = tmp_path / "posts.csv"
    table.write_text("text,label\n" + "good day,1\nbad day,0\n" * 6, encoding="utf-8")
    assert main(["score", str(table), "--prefix", "a_", "--language", "en"]) == 0
    assert "nothing reads" not in capsys.readouterr().err
    assert main(["backbones", "audio/egemaps*"]) == 0
    assert "nothing reads" not in capsys.readouterr().err
    line = ["market", str(table), "--score", "zero-label", "-o", str(tmp_path / "r.html")]
    assert main([*line, "--device", "cpu"]) == 2
    assert "--device says nothing without --model" in capsys.readouterr().err
    state = str(tmp_path / "s.sqlite")
    assert main(["monitor", "m", "--state", state, "--broken", "b.jsonl", "--by", "brand"]) == 2
    assert "--by says nothing with --export or --broken" in capsys.readouterr().err
    assert main(["check", str(table), "--target", "label", "--quality", "fast"]) == 2
    assert "--quality needs --encode" in capsys.readouterr().err


def test_discovery_finds_limits():
    assert {limit.parameter for _, limit in LIMITED} >= {"max_seconds", "max_pixels"}


@pytest.mark.parametrize(("modality", "limit"), LIMITED, ids=[c[1].parameter for c in LIMITED])
def test_the_default_of_a_limit_is_the_encoders(modality, limit):
    name = limit.parameter
    default = inspect.signature(modality.encoder_class()).parameters[name].default
    flag = "--" + name.replace("_", "-")
    helps = [a.help for _, _, a in OPTIONS if a.option_strings == [flag]]
    assert helps
    assert all(re.search(rf"default: {default:g}\)|default: {default}\)", text) for text in helps)


OPENERS = ("open", "fdopen", "TextIOWrapper", "NamedTemporaryFile")


@over(MODULES.items())
def test_text_files_are_utf8_wherever_they_are(module):
    """Without `encoding` a file of a European Windows is written in cp1252."""
    wrong = []
    for node in module.nodes(ast.Call):
        name = called(node).rpartition(".")[2]
        told = "encoding" in {keyword.arg for keyword in node.keywords}
        # the first argument of read_text and the second of write_text are the encoding
        told |= (name, len(node.args)) in {("read_text", 1), ("write_text", 2)}
        modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
        binary = any(isinstance(mode, str) and "b" in mode for mode in modes)
        path = re.match(r"(io|tempfile|\w*(path|file|draft)\w*)\.", called(node))
        opens = called(node) == "open" or (name in OPENERS and path is not None)
        texts = isinstance(node.func, ast.Attribute) and name in ("read_text", "write_text")
        if not told and (texts or (opens and not binary)):
            wrong.append(f"{module.at(node)}: {ast.unparse(node)[:60]}")
    assert wrong == []
