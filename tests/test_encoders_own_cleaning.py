"""TextEncoder(clean=): one's own function comes first, is found by name, and known by its version."""

from __future__ import annotations

import functools
import html
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from hybridsent import TextEncoder, load, make_fusion, save
from hybridsent.encoders._own_cleaning import identity_of
from hybridsent.exceptions import (
    BundleError,
    CellError,
    CellWarning,
    PersistError,
    UntrustedTypeError,
)
from hybridsent.lexical import WordFeatures
from hybridsent.media import load_text
from hybridsent.media.text import POLICIES, parse_policies
from hybridsent.persist import check_savable, inspect

RETWEET = re.compile(r"^RT\s+@\w+:\s*")


def without_retweet(text: str) -> str:
    return RETWEET.sub("", text)


def versioned(text: str) -> str:
    return text


versioned.version = "2024-05"

MODULE = """
import re
FIRST = re.compile("a")
WORDS = {"u": "you"}
def helper(text):
    return FIRST.sub("b", text)
def clean(text):
    return " ".join(WORDS.get(word, word) for word in helper(text).split())
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of one's own, and forgets it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str, name: str = "own_words_of_a_test") -> str:
        sys.modules.pop(name, None)
        Path(tmp_path, f"{name}.py").write_text(source)
        for cache in Path(tmp_path).glob("__pycache__/*"):
            cache.unlink()
        import importlib
        import linecache

        importlib.invalidate_caches()
        linecache.clearcache()
        return name

    yield write
    for name in ("own_words_of_a_test", "other_words_of_a_test"):
        sys.modules.pop(name, None)


# -- what it does


def test_it_comes_before_the_policies():
    found = load_text(
        "RT @ann: see www.a.org", clean=without_retweet, mentions="token", urls="drop"
    )
    assert found == "see"
    assert load_text("x", clean=lambda text: "@bob  hi", mentions="token") == "@user hi"


def test_it_sees_decoded_text_and_what_it_leaves_empty_is_missing():
    seen = []
    load_text("naïve".encode("utf-16"), clean=lambda text: seen.append(text) or text)
    assert seen == ["naïve"]
    rows = TextEncoder(clean=without_retweet).fit_transform(["RT @ann: ", "fine"])
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()


def test_rows_are_those_of_the_cleaned_texts_and_stored_apart():
    cleaned = TextEncoder(clean=without_retweet).fit_transform(["RT @ann: hello", "hello"])
    np.testing.assert_allclose(cleaned, TextEncoder().fit_transform(["hello", "hello"]), atol=1e-4)
    assert not np.allclose(
        cleaned[0], TextEncoder().fit_transform(["RT @ann: hello"])[0], atol=1e-3
    )


@pytest.mark.parametrize("on_error", ["raise", "missing"])
def test_what_is_no_text_is_told_whatever_broken_cells_do(on_error):
    encoder = TextEncoder(clean=len, on_error=on_error, store=None)
    with pytest.raises(
        TypeError, match=r"clean function 'len' must give a str.*gave int for 'fine'"
    ):
        encoder.fit_transform(["fine"])


def test_a_text_on_which_it_fails_is_a_broken_cell():
    def first(text: str) -> str:
        return text.split(":")[1]

    with pytest.raises(CellError, match=r"row 1, .*'test_a_text.*first' failed with IndexError"):
        TextEncoder(clean=first).fit_transform(["a: b", "a"])
    with pytest.warns(CellWarning, match="1 of 2 cells"):
        rows = TextEncoder(clean=first, on_error="missing").fit_transform(["a: b", "a"])
    assert np.isnan(rows).all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize(
    ("clean", "told"),
    [
        ("html.unescape", "must be None, a function .*'module:function'"),
        ("html:", "'module:function'"),
        ("no_such_module_at_all:clean", "names the module 'no_such_module_at_all'.*PYTHONPATH"),
        ("html:no_such", "The module 'html' has nothing under 'no_such'"),
        ("re:__name__", "has a str under '__name__'"),
        (3, "must be .*callable"),
    ],
)
def test_what_is_no_function_is_told(clean, told):
    with pytest.raises(ValueError, match=told):
        TextEncoder(clean=clean).fit_transform(["fine"])


# -- what it is known by


def test_no_function_leaves_the_fingerprint_as_it_was():
    assert "clean" not in TextEncoder()._cleaning()
    assert TextEncoder().fingerprint() != TextEncoder(clean=without_retweet).fingerprint()


def test_the_function_and_its_name_are_one(module):
    name = module(MODULE)
    import importlib

    function = importlib.import_module(name).clean
    assert identity_of(f"{name}:clean") == identity_of(function)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("helper(text).split()", "helper(text).split(' ')", False),
        ('FIRST.sub("b"', 'FIRST.sub("c"', False),
        ('re.compile("a")', 're.compile("a", re.I)', False),
        ('"you"', '"thou"', False),
        ("import re", "import re  # of Python\nUNREAD = 3", True),
    ],
)
def test_its_source_and_what_it_reads_in_its_module_count(module, old, new, same):
    first = identity_of(f"{module(MODULE)}:clean")
    assert old in MODULE
    second = identity_of(f"{module(MODULE.replace(old, new))}:clean")
    assert (first == second) is same


DECORATED = """
import functools
import html
def around(function):
    @functools.wraps(function)
    def wrapper(text):
        return function(text).upper()
    return wrapper
@around
def clean(text):
    return text.strip()
@functools.wraps(html.unescape)
def unescape(text):
    return html.unescape(text) + "1"
LAMBDAS = [
    lambda text: text +
    "1",
]
first = LAMBDAS[0]
def late(text):
    import html
    return html.unescape(text)
"""


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("clean", "upper", "lower"),
        ("clean", "strip", "lstrip"),
        ("unescape", 'html.unescape(text) + "1"', 'html.unescape(text) + "2"'),
        ("first", '    "1",', '    "2",'),
        ("late", "    import html", "    import xml.sax.saxutils as html"),
    ],
)
def test_what_a_decorator_adds_and_each_line_of_a_lambda_count(module, name, old, new):
    assert old in DECORATED
    home = module(DECORATED)
    first = identity_of(f"{home}:{name}")
    assert identity_of(f"{module(DECORATED)}:{name}") == first
    assert identity_of(f"{module(DECORATED.replace(old, new))}:{name}") != first


def test_a_module_of_ones_own_that_is_imported_late_needs_a_version(module):
    other = module("def fix(text):\n    return text\n", "other_words_of_a_test")
    source = f"def clean(text):\n    from {other} import fix\n    return fix(text)\n"
    with pytest.raises(ValueError, match=r"other_words_of_a_test.*version = 1"):
        identity_of(f"{module(source)}:clean")
    assert identity_of(f"{module(source + 'clean.version = 1')}:clean").endswith("version 1")


def test_a_file_that_changes_after_its_function_was_loaded_changes_nothing(module, tmp_path):
    name = module(MODULE)
    import importlib
    import linecache

    function = importlib.import_module(name).clean
    first = identity_of(function)
    Path(tmp_path, f"{name}.py").write_text(MODULE.replace("helper(text)", "text"))
    linecache.clearcache()
    assert identity_of(function) == first


def test_a_version_stands_for_the_source():
    before = identity_of(versioned)
    assert before.endswith("versioned, version 2024-05")
    versioned.version = 3
    try:
        assert identity_of(versioned) != before
        versioned.version = 1.5
        with pytest.raises(ValueError, match=r"version of .*versioned must be a str or an int"):
            identity_of(versioned)
    finally:
        versioned.version = "2024-05"


def test_functions_of_python_and_parts_of_them_are_known():
    found = {
        identity_of(each)
        for each in (
            str.lower,
            str.upper,
            html.unescape,
            functools.partial(re.sub, "a", "b"),
            functools.partial(re.sub, "a", "c"),
            functools.lru_cache(without_retweet),
            lambda text: text + "!",
        )
    }
    assert len(found) == 7
    assert identity_of(functools.lru_cache(without_retweet)) == identity_of(without_retweet)


def test_constants_of_a_function_around_it_count():
    def adding(end: str):
        def add(text: str) -> str:
            return "".join([text, *(each for each in end)])

        return add

    assert identity_of(adding("!")) == identity_of(adding("!")) != identity_of(adding("?"))


def test_a_function_may_call_itself():
    def halve(text: str) -> str:
        return halve(text[::2]) if len(text) > 9 else text

    assert identity_of(halve)


def test_what_no_source_tells_needs_a_version():
    model = object()

    def guess(text: str) -> str:
        return text + str(model)

    class Cleaner:
        def __call__(self, text: str) -> str:
            return text

    for clean in (guess, Cleaner()):
        with pytest.raises(ValueError, match=r"by its version.*version = 1"):
            identity_of(clean)
    guess.version = 1
    assert identity_of(guess).endswith("version 1")


def test_lambdas_that_look_alike_are_refused():
    one, two = (lambda text: text.lower(), lambda text: text.upper())
    with pytest.raises(ValueError, match="several lambdas"):
        TextEncoder(clean=two).fingerprint()
    assert one("A") == "a"


# -- where it goes


def test_it_is_cloned_and_pickled():
    encoder = TextEncoder(clean=without_retweet)
    assert clone(encoder).clean is without_retweet
    assert pickle.loads(pickle.dumps(encoder)).fingerprint() == encoder.fingerprint()


TABLE = pd.DataFrame({"text": ["RT @a: I love it", "Wonderful", "I hate it", "Dreadful"] * 2})
LABELS = ["good", "good", "bad", "bad"] * 2


@pytest.mark.slow
def test_workers_have_it(module, monkeypatch, tmp_path):
    name = module(MODULE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}")
    get_reusable_executor().shutdown(wait=True)  # workers of other tests find no such module
    for clean in (f"{name}:clean", lambda text: text.lower()):
        model = make_fusion(text=TextEncoder(clean=clean))
        scores = cross_val_score(model, TABLE, LABELS, cv=2, n_jobs=2, error_score="raise")
        assert len(scores) == 2


@pytest.mark.parametrize("with_parameter", [False, True])
def test_what_travels_as_it_is_is_known_where_its_source_is_not(with_parameter, monkeypatch):
    import linecache

    from joblib.externals.loky.backend import reduction  # how joblib pickles for its workers

    source = "def drop(text, what='x'):\n    return text.replace(what, '')\n"
    name = "<cell 1 of a notebook>"
    monkeypatch.setitem(linecache.cache, name, (len(source), None, source.splitlines(True), name))
    home = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), home)
    clean = functools.partial(home["drop"], what="y") if with_parameter else home["drop"]
    there = reduction.dumps(TextEncoder(clean=clean))
    here = TextEncoder(clean=clean).fingerprint()
    linecache.cache.pop(name)
    assert pickle.loads(there).fingerprint() == here


def test_a_saved_model_runs_it_only_where_it_is_trusted(module, tmp_path):
    name = module(MODULE)
    model = make_fusion(text=TextEncoder(clean=f"{name}:clean")).fit(TABLE, LABELS)
    save(model, tmp_path / "m")
    sys.modules.pop(name)
    with pytest.raises(
        UntrustedTypeError, match=rf"clean.*{name}:clean.*trusted=\['{name}\.clean'\]"
    ):
        load(tmp_path / "m")
    assert name not in sys.modules
    loaded = load(tmp_path / "m", trusted=[f"{name}.clean"])
    assert (loaded.predict(TABLE) == model.predict(TABLE)).all()


def test_words_that_are_cleaned_by_a_name_are_trusted_as_encoders_are(module, tmp_path):
    name = module(MODULE)
    words = WordFeatures(n_components=2, clean=f"{name}:clean")
    model = make_fusion(views={"text": words}).fit(TABLE, LABELS)
    save(model, tmp_path / "m")
    sys.modules.pop(name)
    with pytest.raises(UntrustedTypeError, match=rf"trusted=\['{name}\.clean'\]"):
        load(tmp_path / "m")
    assert name not in sys.modules
    loaded = load(tmp_path / "m", trusted=[f"{name}.clean"])
    assert (loaded.predict(TABLE) == model.predict(TABLE)).all()


def test_a_saved_model_with_a_function_needs_it_trusted_too(module, tmp_path):
    name = module(MODULE)
    import importlib

    function = importlib.import_module(name).clean
    model = make_fusion(text=TextEncoder(clean=function)).fit(TABLE, LABELS)
    save(model, tmp_path / "m")
    with pytest.raises(UntrustedTypeError, match=rf"{name}\.clean"):
        load(tmp_path / "m")
    assert load(tmp_path / "m", trusted=[f"{name}.clean"]).predict(TABLE[:1])


def test_a_name_that_could_harm_is_not_saved():
    model = make_fusion(text=TextEncoder(clean="html:unescape"))
    with pytest.raises(PersistError, match=r"html\.unescape, which is never loaded.*of your own"):
        check_savable(model)


def crafted(model, path, monkeypatch):
    """Save what `save` would refuse."""
    monkeypatch.setattr("hybridsent.persist._api.named_functions", lambda model: frozenset())
    return save(model.fit(TABLE, LABELS), path)


@pytest.mark.parametrize("kind", [TextEncoder, WordFeatures])
def test_a_name_that_could_harm_is_refused_whoever_asks(kind, tmp_path, monkeypatch):
    model = make_fusion(views={"said": kind(clean="html:unescape")}, columns={"said": "text"})
    path = crafted(model, tmp_path / "m", monkeypatch)
    for allowed in ({}, {"plugins": ["html"]}):
        with pytest.raises(UntrustedTypeError, match=r"html:unescape.*never allowed, whoever asks"):
            load(path, **allowed)
    with pytest.raises(UntrustedTypeError, match="never allowed"):
        load(path, trusted=["html.unescape"])


@pytest.mark.parametrize("kind", [TextEncoder, WordFeatures])
def test_what_a_plugin_has_imported_is_not_allowed_with_it(kind, module, tmp_path, monkeypatch):
    name = module(MODULE + "\nfrom html import unescape as imported\n")
    model = make_fusion(views={"said": kind(clean=f"{name}:imported")}, columns={"said": "text"})
    path = crafted(model, tmp_path / "m", monkeypatch)
    with pytest.raises(UntrustedTypeError, match=f"{name}:imported"):
        load(path, plugins=[name])
    assert len(load(path, trusted=[f"{name}.imported"]).predict(TABLE[:1])) == 1


def test_the_manifest_tells_which_function_must_be_trusted(module, tmp_path):
    name = module(MODULE)
    model = make_fusion(text=TextEncoder(clean=f"{name}:clean")).fit(TABLE, LABELS)
    assert f"{name}.clean" in inspect(save(model, tmp_path / "m"))["needs_trust"]


def test_a_model_whose_function_has_changed_is_refused(module, tmp_path):
    name = module(MODULE)
    model = make_fusion(text=TextEncoder(clean=f"{name}:clean")).fit(TABLE, LABELS)
    save(model, tmp_path / "m")
    module(MODULE.replace('"you"', '"thou"'))
    with pytest.raises(BundleError, match=r"computes something else here.*cleaning is"):
        load(tmp_path / "m", trusted=[f"{name}.clean"])


@pytest.mark.slow
def test_a_fresh_process_finds_the_rows(module, tmp_path, monkeypatch):
    name = module(MODULE)
    monkeypatch.setenv("PYTHONPATH", f"{Path.cwd()}{':'}{tmp_path}")
    code = (
        "from hybridsent import TextEncoder\n"
        f"encoder = TextEncoder(clean='{name}:clean')\n"
        "encoder.fit_transform(['u are a star'])\n"
        "print(encoder.n_encoded_, encoder.fingerprint())"
    )
    told = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    (first, identity), (second, same) = (each.stdout.split() for each in told)
    assert (first, second, identity) == ("1", "0", same)


# -- policies as they are written


def test_every_policy_is_parsed_and_taken_by_the_encoder():
    for name, choices in POLICIES.items():
        for choice in choices:
            assert parse_policies([f"{name}={choice}"]) == {name: choice}
            TextEncoder(**parse_policies([f"{name}={choice}"])).fingerprint()
    assert parse_policies(["unicode=none"]) == {"unicode": None}
    assert parse_policies([]) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("url=token", "Did you mean 'urls'"),
        ("urls=tokens", "urls must be one of keep, token, drop; .*Did you mean 'token'"),
        ("urls", "urls needs a value, as in urls="),
        ("clean=a:b", "must be one of unicode"),
        ("", "must be one of unicode"),
        ("urls=drop,urls=token", "urls must be given once"),
        ("a:b,c:d", "clean must be given once"),
    ],
)
def test_policies_that_are_none_are_told(text, told):
    with pytest.raises(ValueError, match=told):
        parse_policies([text])
