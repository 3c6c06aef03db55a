"""Every command writes to old code pages and closed pipes, and reads and writes files in UTF-8."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from contracts.test_contract_cli import parsers

from hybridsent.cli import main
from hybridsent.cli._main import COMMANDS, build_parser
from hybridsent.cli._store import __name__ as STORE

ENCODINGS = ("cp1252", "ascii", "cp437", "utf-8")
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
WORDS = sorted(name for name, _ in parsers(build_parser()))


@pytest.fixture
def page(monkeypatch):
    """Put streams of an encoding in the place of stdout and stderr; give back what was written."""

    def of(encoding: str):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        return streams

    return of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tëst→")
    table = pd.DataFrame(
        {
            "tweet→": ["I love it 😀", "What a lovely day", "I hate it", "A dreadful day…"] * 4,
            "lābel": ["gut→", "gut→", "schlécht", "schlécht"] * 4,
        }
    )
    table.to_csv(folder / "pösts.csv", index=False)
    names = [f"text__{i}" for i in range(3)]
    pd.DataFrame(np.random.default_rng(0).normal(size=(16, 3)), columns=names).assign(
        lābel=table["lābel"]
    ).to_csv(folder / "features.csv", index=False)
    return folder


def commands(folder) -> dict[str, list[list[str]]]:
    table, model = str(folder / "pösts.csv"), str(folder / "mödel.hybridsent")
    target = ["--target", "lābel"]
    state = str(folder / f"stäte-{uuid4().hex}.sqlite")  # one is of the model that it began with
    return {
        "backbones": [[], ["nothing→/*"]],
        "recipes": [[], ["early"], ["nothing→"]],
        "finetune": [
            [
                *(table, *target, "--text", "tweet→=text/minilm-l6", "--how", "last"),
                *("--n-layers", "1", "--epochs", "1", "-o", str(folder / "tüned→")),
            ],
            [table, "--target", "→", "-o", str(folder / "nöthing")],
        ],
        "fit": [[table, *target, "-o", model], [table, "--target", "→"]],
        "predict": [[model, table, "-o", str(folder / "oüt.csv")]],
        "encode": [[table, "-o", str(folder / "feätures.jsonl")]],
        "evaluate": [
            [
                *(table, *target, "--cv", "2", "--json", str(folder / "scöres.json")),
                *("--predictions", str(folder / "säid.csv"), "--errors", str(folder / "wröng.csv")),
            ]
        ],
        "check": [[table, *target, "--json", str(folder / "föund.json")], [table, "--target", "→"]],
        "label": [
            [table, *target, "--export", "-o", str(folder / "labëlled.csv")],
            [table, "--target", "→", "--classes", "gut→"],
        ],
        "market": [
            [
                *(
                    table,
                    "--score",
                    "zero-label",
                    "--by",
                    "lābel",
                    "-o",
                    str(folder / "märket.html"),
                ),
                *("--csv", str(folder / "nümbers.csv"), "--language", "zh"),
            ],
            [table, "--prediction", "→"],
        ],
        "score": [[table, "-o", str(folder / "scöred.csv")], [table, "--text", "→"]],
        "serve": [[model, "--host", "0.0.0.0"], [model, "--limit", "→=1"]],
        "monitor": [
            [
                *(model, str(folder / "pösts→.jsonl"), "--once", "--by", "lābel→"),
                *("--state", state),
            ],
            [model, "--state", state, "--export", str(folder / "ïndex.csv")],
            [model, "-", "--alert", "→<0"],
        ],
        "compare": [[str(folder / "scöres.json")]],
        "report": [[table, *target, "--cv", "2", "-o", str(folder / "repört.html")]],
        "search": [
            [
                str(folder / "features.csv"),
                *target,
                "--recipe",
                "early",
                "--cv",
                "2",
                "--inner-cv",
                "2",
            ]
        ],
        "timeline": [
            [
                *(str(folder / "talk→.wav"), "--model", model, "-o", str(folder / "lïne.csv")),
                *("--index", "gut→"),
            ],
            [table, "--model", model, "-o", str(folder / "lïne.→")],
        ],
        "transcribe": [[table, "--audio", "→", "-o", str(folder / "hëard.csv")]],
        "store": [["info"], ["verify"], ["clear", "→"], ["merge", "→"]],
        "networks": [["info"]],
        "demo": [["--rows", "40", "--folder", str(folder / "dëmo")]],
    }


def test_every_command_is_tried(folder):
    names = {module.__name__.rsplit("._", 1)[-1] for module in COMMANDS}
    assert names <= commands(folder).keys()
    assert STORE.endswith("store")


@pytest.mark.parametrize("words", WORDS)
@every_encoding
def test_help_is_written(words, encoding, page):
    out, _ = page(encoding)
    assert main([*words.split(), "--help"]) == 0
    assert out.errors == "strict"
    assert out.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_every_command_is_written_in_any_encoding(encoding, folder, page, monkeypatch, tmp_path):
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "störe"))
    known = {module.__name__.rsplit("._", 1)[-1] for module in COMMANDS}
    for name, lines in commands(folder).items():
        if name not in known:
            continue
        for line in lines:
            out, err = page(encoding)
            code = main([name, *line])
            out.flush(), err.flush()
            said = (out.buffer.getvalue() + err.buffer.getvalue()).decode(encoding)
            assert "unforeseen" not in said, said
            assert "codec" not in said, said
            assert code in (0, 2) or name == "store", said
    assert (folder / "scöres.json").read_text(encoding="utf-8")
    assert (
        pd.read_csv(folder / "oüt.csv", encoding="utf-8")["prediction"]
        .isin(["gut→", "schlécht"])
        .all()
    )


def test_signs_that_an_encoding_lacks_are_written_plainly(page):
    out, _ = page("ascii")
    from hybridsent.cli._streams import forgiving

    with forgiving():
        out.write("─► naïve … “4 × 2” → ±1")
        out.flush()
    assert out.buffer.getvalue().decode().strip() == '-> na?ve ... "4 x 2" -> +-1'
    with pytest.raises(UnicodeEncodeError):
        out.write("→")


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_the_picture_of_a_model_is_written_by_a_real_process(variables):
    code = (
        "from hybridsent.cli._streams import forgiving\nfrom hybridsent.cli._picture import picture\n"
        "from hybridsent import make_fusion\nwith forgiving(): print(picture(make_fusion(text=True)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, **variables},
    )
    assert b"TunedLinearClassifier" in done.stdout
    assert done.stderr == b""


@pytest.mark.skipif(os.name != "posix", reason="pipes of a shell")
@pytest.mark.parametrize(
    "line", ["backbones", "recipes", "--help", "evaluate --help", "recipes early"]
)
def test_a_closed_pipe_is_no_traceback(line):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "hybridsent", *line.split()],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
