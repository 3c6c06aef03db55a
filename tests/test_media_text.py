"""hybridsent.media.text: decoding, policies, idempotence, linear time, hostile cells."""

from __future__ import annotations

import codecs
import time
import unicodedata

import numpy as np
import pytest
from fakes import FAKES, installed
from hostile import hostile_cells, outcome
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridsent import TextEncoder
from hybridsent.exceptions import EmptyTextError, MediaError
from hybridsent.media import TEXT_VERSION, decode_text, is_missing, load_text, text_version

ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbeng\x7f")
CHOICES = {
    "unicode": ["NFC", "NFKC", None],
    "urls": ["keep", "token", "drop"],
    "mentions": ["keep", "token", "drop"],
    "hashtags": ["keep", "split", "drop"],
    "emoji": ["keep", "name", "drop"],
    "elongation": ["keep", "shorten"],
}
REWRITE = {
    "urls": "token",
    "mentions": "token",
    "hashtags": "split",
    "emoji": "name",
    "elongation": "shorten",
}
# What rewrites look for, whole and in halves, so that one rewrite may uncover work for another.
FRAGMENTS = [
    *"aAbZ019_ \t.,-+!?:/@#&é\u0301\u0308e\u200d\u200c\ufe0f\ufe0e\u20e3\xad\x00\x1c\x85\u3000",
    *"\u0344ﬁ①™©☺❤😀👩💻🇺🇸🏽",
    *"好の＠＃！。～",
    *("#好#", "@好", "好https://x.cn"),
    *("http://", "https://", "HTTP://", "htttp://", "www.", "wwww.", "x.com", "a@b.co", "@user"),
    *(
        "#Love",
        "#a_b",
        "@a@b.c",
        "ooo",
        "!!!",
        "&#x27;",
        "\U0001f3f4\U000e0067\U000e007f",
        "1\ufe0f\u20e3",
    ),
]
wild = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters()), max_size=12).map("".join)
policies = st.fixed_dictionaries({name: st.sampled_from(c) for name, c in CHOICES.items()})


def cleaned(cell, **policy):
    try:
        return load_text(cell, **policy)
    except MediaError:
        return None


@settings(max_examples=600, deadline=None)
@given(text=wild, policy=policies)
@example(text="@http://x", policy={**REWRITE, "unicode": None})
@example(text="@a#b@c#d@e#f@g", policy={"mentions": "drop", "hashtags": "drop"})
@example(text="@a@b@c@d@e@f@g@h", policy={"mentions": "drop"})
@example(text="#aHttp://x.y", policy={**REWRITE, "unicode": "NFC"})
@example(text="htttp://x.y", policy={**REWRITE, "unicode": "NFKC"})
@example(text="e\ufe0f\u0301", policy={"emoji": "drop"})
@example(text="a" + "\u0344" * 40, policy={})
def test_cleaning_a_cleaned_text_changes_nothing(text, policy):
    once = cleaned(text, **policy)
    if once is not None:
        assert load_text(once, **policy) == once


@settings(max_examples=200, deadline=None)
@given(text=wild, policy=policies)
def test_a_cleaned_text_is_a_plain_tidy_str(text, policy):
    once = cleaned(text, **policy)
    if once is not None:
        assert type(once) is str
        assert once == " ".join(once.split())
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in once)
        if policy["unicode"]:
            assert unicodedata.is_normalized(policy["unicode"], once)


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_nothing_but_tidying_happens_by_default(text):
    once = cleaned(text)
    expected = "".join(c for c in unicodedata.normalize("NFC", text) if c.isalnum())
    if once is not None and not any(unicodedata.combining(c) for c in text):
        assert "".join(c for c in once if c.isalnum()) == expected


@pytest.mark.parametrize(
    ("policy", "text", "expected"),
    [
        ({}, "  so\r\n\tgood\u3000 day\u2028", "so good day"),
        ({}, "a\x00b\u200bc\ufeffd\xade\u202e", "abcde"),
        ({}, "cafe\u0301 &amp; ﬁn", "café &amp; ﬁn"),
        ({"unicode": "NFKC"}, "ｇｏｏｄ ﬁn\xa0①", "good fin 1"),
        ({"unicode": None}, "cafe\u0301", "cafe\u0301"),
        ({}, "نمی\u200cخواهم", "نمی\u200cخواهم"),
        ({"urls": "token"}, "see https://a.b/c?d=e#f. Or (www.x.org)!", "see http. Or (http)!"),
        ({"urls": "drop"}, "see http://a.b now", "see now"),
        ({"urls": "token"}, "nothttp://here e.g. this:that", "nothttp://here e.g. this:that"),
        ({"mentions": "token"}, "@bob: hi .@al_1 (@x)", "@user: hi .@user (@user)"),
        ({"mentions": "drop"}, "thanks @bob@host.org !", "thanks !"),
        ({"mentions": "token"}, "a@b.co, x.y+z@q-r.org! me@localhost", None),
        ({"mentions": "token"}, "https://medium.com/@bob/x", None),
        ({"hashtags": "split"}, "#LoveThisDay2day", "Love This Day 2 day"),
        ({"hashtags": "split"}, "(#no_more_BBCNews) ##x", "(no more BBC News) x"),
        ({"hashtags": "split"}, "#love#peace #ÜberAlles #愛", "love peace Über Alles 愛"),
        ({"hashtags": "drop"}, "so #good it's &#x27; #1 a#b", "so it's &#x27; #1 a#b"),
        ({"hashtags": "drop"}, "https://x.org/#part", None),
        ({"emoji": "drop"}, "so😀good 👩🏽‍💻", "so good"),
        ({"emoji": "name"}, "😀!", "grinning face !"),
        ({"emoji": "name"}, "👍🏽", "thumbs up sign medium skin tone"),
        ({"emoji": "name"}, "👨‍👩‍👧", "man woman girl"),
        ({"emoji": "name"}, "🇫🇷🇺🇸", "flag fr flag us"),
        ({"emoji": "name"}, ENGLAND, "waving black flag flag gbeng"),
        ({"emoji": "name"}, "1️⃣ #️⃣", "keycap digit one keycap number sign"),
        ({"emoji": "name"}, "I ❤️ you ☺ ☹", "I heart you smiling face frowning face"),
        ({"emoji": "drop"}, "© 2020 ™ → ✓", "© 2020 ™ → ✓"),
        ({"emoji": "drop"}, "©️ 2020", "2020"),
        ({"elongation": "shorten"}, "sooo goooD!!!! why??? 1000 ...", "soo gooD!! why?? 1000 ..."),
        ({"elongation": "shorten"}, "www.xxx.com @booob a@xxx.de", None),
        ({"elongation": "shorten"}, "#soooo", "#soo"),
        ({"urls": "token"}, "看这里https://t.cn/a1，真好", "看这里 http，真好"),
        ({"urls": "token"}, "看https://t.cn/a1真好www.x.cn。", "看 http 真好 http。"),
        ({"urls": "drop"}, "看https://t.cn/a1真好", "看 真好"),
        ({"mentions": "token"}, "谢谢@小明 ＠小红：好", "谢谢 @user @user：好"),
        ({"mentions": "drop"}, "回复@小明:好的//@小红：不好", "回复 :好的// ：不好"),
        ({"mentions": "token"}, "联系我wo@mail.cn吧", None),
        ({"hashtags": "split"}, "今天#上海车展#真好", "今天 上海车展 真好"),
        ({"hashtags": "drop"}, "今天#上海车展#真好 #LoveIt", "今天 真好"),
        ({"hashtags": "split"}, "＃上海＃##北京## #上海 #好 C#好", "上海 北京# 上海 好 C#好"),
        ({"hashtags": "keep", "mentions": "drop"}, "#上海#@小明 好", "#上海# 好"),
        ({"elongation": "shorten"}, "哈哈哈哈！！！～～～。。。……", "哈哈！！～～。。……"),
        ({"unicode": "NFKC"}, "ＧＯＯＤ，很好！", "GOOD,很好!"),
        (REWRITE, "@小明 太好了！！！#旅行#https://t.cn/x 👍", "@user 太好了！！旅行 http thumbs up sign"),
        (REWRITE, "@bob sooo #LoveIt 😀 http://t.co/x", "@user soo Love It grinning face http"),
    ],
)  # fmt: skip
def test_policies(policy, text, expected):
    assert load_text(text, **policy) == (text if expected is None else expected)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_marks_decide_the_encoding(encoding):
    text = "naïve 😀"
    mark = {
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
        "utf-32-be": codecs.BOM_UTF32_BE,
    }.get(encoding, b"")
    assert decode_text(mark + text.encode(encoding)) == text
    assert load_text(mark + text.encode(encoding)) == text


def test_other_bytes_are_windows_1252():
    assert decode_text("“naïve” €".encode("cp1252")) == "“naïve” €"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gbk", "房间很干净，服务也不错，下次还会来的"),
        ("gb18030", "再也不会来了！隔音太差，我一夜没睡"),
        ("big5", "房間很乾淨，服務也不錯，下次還會來的"),
        ("shift_jis", "部屋がきれいで、サービスもとても良かったです"),
        ("euc_kr", "방이 깨끗하고 서비스도 정말 좋았어요 다음에 또 올게요"),
    ],
)
def test_bytes_in_encodings_of_east_asia_are_named_and_not_read_as_noise(encoding, text):
    name = "gb18030" if encoding == "gbk" else encoding
    with pytest.raises(MediaError, match=f"look like text in {name}; decode them first"):
        decode_text(text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    [
        "Müßiggang ist aller Laster Anfang, äöü ÄÖÜ ß",
        "Été à l’hôtel, très déçue: ça coûte 30 €",
        "ñandú ¿qué? ¡ÁÉÍÓÚ! «año»",
        "Příliš žluťoučký",
        "½ ¼ © ® ±",
    ],
)
def test_western_bytes_are_no_text_of_east_asia(text):
    raw = text.encode("cp1252", "ignore")
    assert decode_text(raw) == raw.decode("cp1252")


def test_numpy_strings_become_plain_ones():
    assert type(load_text(np.str_("good"))) is str


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (3, "got int"),
        (None, "got NoneType"),
        (["a", "b"], "holds 2 items, and one is read"),
        (["a", ["b", "c"]], "got list"),
        ("so \ud83d", "character 3 is U\\+D83D"),
        ("", "nothing is left"),
        (" \n", "nothing is left"),
        ("\u200d\ufe0f", "nothing is left"),
        (b"", "zero bytes"),
        (b"\x81\x8d", "neither UTF-8 nor Windows-1252"),
        (codecs.BOM_UTF8 + b"\xff", "utf-8-sig"),
    ],
)
def test_errors_say_what_was_seen(cell, message):
    with pytest.raises(MediaError, match=message):
        load_text(cell)


def test_nothing_left_by_policy():
    with pytest.raises(MediaError, match="nothing is left"):
        load_text(
            "@bob #x 😀 http://y.z", urls="drop", mentions="drop", hashtags="drop", emoji="drop"
        )


NOTHING = {
    **dict.fromkeys(("urls", "mentions", "hashtags", "emoji"), "drop"),
    "elongation": "shorten",
}
INVISIBLE = {
    "a link": "https://t.co/x",
    "a link in brackets of nothing": "\u200bhttps://t.co/x \u200d",
    "mentions": "@bob @alice@host.org",
    "emoji": "\U0001f600\U0001f44d\U0001f3fd",
    "zero-width spaces": "\u200b\u200b",
    "joiners": "\u200d\u200c\ufe0f",
    "a byte order mark": "\ufeff",
    "marks of direction": "\u202e\u202c\u2066",
    "word joiners": "\u2060\u00ad",
    "hangul fillers": "\u3164\u115f\uffa0",
    "blank braille": "\u2800",
    "controls": "\x00\x07",
    "tags": "\U000e0020\U000e007f",
}


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_text_that_cleaning_empties_is_missing_and_not_broken(name, tmp_path):
    """No error, no warning (warnings are errors here), a row of NaN; the same from the store."""
    cells = ["good", INVISIBLE[name], INVISIBLE[name].encode(), None, "bad"]
    for _ in range(2):
        with installed(*FAKES):
            encoder = TextEncoder("text/fake", store=tmp_path, device="cpu", **NOTHING)
            rows = encoder.fit_transform(cells)
        assert np.isnan(rows).all(axis=1).tolist() == [False, True, True, True, False]
        assert np.isfinite(rows[[0, 4]]).all()
    with pytest.raises(EmptyTextError, match="nothing is left"):
        load_text(INVISIBLE[name], **NOTHING)


@pytest.mark.parametrize("name", [n for n in INVISIBLE if n not in ("emoji", "mentions")][2:])
def test_a_text_that_shows_nothing_is_missing_under_any_policy(name):
    assert is_missing(INVISIBLE[name])
    assert not is_missing(INVISIBLE[name] + "a")


def test_names_of_emoji_belong_to_a_version_of_unicode(monkeypatch):
    """The names are Python's: another version of it must not find the rows of this one."""
    before = {emoji: text_version(emoji) for emoji in CHOICES["emoji"]}
    prints = {emoji: TextEncoder(emoji=emoji).fingerprint() for emoji in CHOICES["emoji"]}
    assert text_version("keep", rewrites=True) != text_version("name", rewrites=True)
    assert before == {"keep": TEXT_VERSION, "drop": TEXT_VERSION, "name": before["name"]}
    assert unicodedata.unidata_version in str(before["name"])
    monkeypatch.setattr(unicodedata, "unidata_version", "99.0.0")
    changed = {emoji for emoji in before if TextEncoder(emoji=emoji).fingerprint() != prints[emoji]}
    assert changed == {"name"}


@pytest.mark.parametrize("name", list(CHOICES))
def test_an_unknown_policy_is_the_callers_error(name):
    with pytest.raises(ValueError, match=name) as caught:
        load_text("good", **{name: "maybe"})
    assert not isinstance(caught.value, MediaError)


def test_the_version_is_a_whole_number():
    assert isinstance(TEXT_VERSION, int)


@pytest.mark.parametrize("policy", [REWRITE, dict.fromkeys(("mentions", "hashtags"), "drop")])
def test_time_is_linear_in_the_length(policy, tmp_path):
    for name, cell in hostile_cells("text", tmp_path):
        if isinstance(cell, str) and len(cell) > 50_000:
            start = time.process_time()
            cleaned(cell, **policy)
            assert time.process_time() - start < 2, name  # measured < 0.8; quadratic is minutes


def test_the_law_over_hostile_cells(tmp_path):
    for name, cell in hostile_cells("text", tmp_path):
        start = time.process_time()
        text = outcome(load_text, cell)
        if text != b"":
            assert type(text) is str, name
            assert text.strip(), name
        assert time.process_time() - start < 5, name
