"""The README in two languages: one set of blocks, one picture, and tables that are the ledger's."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh.md"
FENCE = re.compile(r"^```\w*\n.*?^```", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"(<(?:text|title)\b[^>]*>)[^<]*(</)|xml:lang=\S+ ?")


@pytest.fixture(scope="module")
def readme() -> ModuleType:
    """Read the script that writes the tables."""
    folder = ROOT / "benchmarks"
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("readme", folder / "readme.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:  # scripts of a folder: their names are no package's
            if getattr(sys.modules[name], "__file__", None) in map(str, folder.glob("*.py")):
                del sys.modules[name]


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_tables_of_pages_are_those_of_their_records(readme):
    """No figure is typed: whoever measures anew runs benchmarks/readme.py."""
    differ = [
        page.name
        for page, renderers in readme.PAGES.items()
        if readme._results.stale(page, renderers)
    ]
    assert differ == []


def test_every_corpus_that_was_measured_stands_beside_what_was_published(readme):
    """A figure of the same protocol goes before a higher one of another, which has its mark; nothing is left out for its score."""

    def ours(corpus: str, way: str, value: float, **more: object) -> dict[str, object]:
        told = {"corpus": corpus, "way": way, "kind": "measured", "metric": "accuracy"}
        return told | {"value": value, "low": value - 0.1, "high": value + 0.1} | more

    def theirs(
        corpus: str, value: float, same: bool, metric: str = "accuracy"
    ) -> dict[str, object]:
        told = {"corpus": corpus, "way": "x", "kind": "published", "metric": metric}
        return told | {"value": value, "same_protocol": same, "checked": "there" if same else ""}

    record = readme._results.record(
        "t",
        "python benchmarks/suite.py",
        [
            ours("A", "TF-IDF + LR", 0.7),
            ours("A", "default", 0.6, gain={}),
            theirs("A", 0.65, True),
            theirs("A", 0.95, False),
            {"corpus": "B", "kind": "not at hand"},
            ours("C", "ridge", 0.5, metric="MAE"),
            theirs("C", 0.9, False, "MAE"),
            theirs("C", 0.8, False, "MAE"),
            ours("D", "ridge", 0.5),
        ],
    )
    lines = readme.papers(record, "en").splitlines()[2:5]
    assert lines == [
        "| A, accuracy | 0.700 [0.600, 0.800] | 0.600 [0.500, 0.700] | – | 0.650 |",
        f"| C, mean absolute error | 0.500 [0.400, 0.600] | – | – | 0.800 {readme.OTHER} {readme.UNCHECKED} |",
        "| D, accuracy | 0.500 [0.400, 0.600] | – | – | – |",
    ]
    assert "准确率" in readme.papers(record, "zh")
    part = readme.papers({**record, "corpora": {"D": {"part": 50}}}, "en").splitlines()[2:5]
    assert part == [*lines[:2], lines[2].replace("D,", "D, a part of it,")]


def test_both_languages_have_the_same_words_to_fill(readme):
    english, chinese = readme.WORDS["en"], readme.WORDS["zh"]
    assert english.keys() == chinese.keys()


def test_every_record_says_what_was_run_and_names_no_place(readme):
    for path in sorted(readme._results.RESULTS.glob("*.json")):
        record = readme._results.read(path)
        assert set(readme._results.KEYS) <= record.keys(), path.name
        assert "python benchmarks/" in record["command"], path.name
        assert not re.search(r"/(tmp|home|root|work|opt)/", text(path)), path.name


def test_both_languages_have_the_same_blocks():
    assert FENCE.findall(text(ENGLISH)) == FENCE.findall(text(CHINESE))


def test_both_languages_have_the_same_headings_lists_and_rows():
    def outline(page: Path) -> list[str]:
        lines = FENCE.sub("", text(page)).splitlines()
        return [found[0] for line in lines if (found := re.match(r"#+ |\||- ", line))]

    assert outline(ENGLISH) == outline(CHINESE)


def test_both_languages_lead_to_each_other_and_to_the_same_pages():
    def targets(page: Path) -> set[str]:
        return set(re.findall(r"\]\(([^)#\s]+)", FENCE.sub("", text(page))))

    english, chinese = targets(ENGLISH), targets(CHINESE)
    assert "README.zh.md" in english
    assert "README.md" in chinese
    assert english - {"README.zh.md"} == chinese - {"README.md"}


def test_the_picture_is_drawn_alike_in_both_languages():
    english, chinese = (
        WORDS.sub(r"\1\2", text(ROOT / "docs" / name)) for name in ("flow.svg", "flow.zh.svg")
    )
    assert english == chinese


def test_chinese_has_chinese_marks():
    """Between Chinese characters a mark has full width; code and numbers keep theirs."""
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", FENCE.sub("", text(CHINESE)))
    assert re.findall(r"[\u4e00-\u9fff][,;:!?.()][\u4e00-\u9fff]?", prose) == []
    assert re.findall(r"[，。：；！？]\*\*(?=\S)", prose) == [], "Markdown ends no bold there"


def test_the_readme_can_be_read_in_two_minutes():
    assert len(text(ENGLISH).splitlines()) <= 200
    assert '\n```bash\npip install ".[test]" && pytest\n```' in text(ENGLISH)
    assert "\n```bash\npip install . && hybridsent demo\n```" in text(ENGLISH)


def test_the_first_hour_is_one_line_and_one_row():
    """Whoever comes for the first time finds the tutorial of their trade before any code."""
    names = [path.name for path in sorted((ROOT / "docs").glob("tutorial_*.md"))]
    for page in (ENGLISH, CHINESE):
        holding = [line for line in text(page).splitlines() if "docs/tutorial_" in line]
        assert len(holding) == 2, page.name
        for line in holding:
            assert sorted(re.findall(r"\(docs/(tutorial_\w+\.md)\)", line)) == names
