"""The script and the language of columns of texts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsent.media._function_words import FUNCTION_WORDS, LANGUAGES
from hybridsent.media._languages import unread
from hybridsent.media._scripts import SCRIPTS, script_of

IN_SCRIPTS = {
    "latin": "What a lovely day",
    "han": "房间很干净，服务也很好，下次还会再来的",
    "kana": "部屋がきれいで、サービスもとても良かった",
    "hangul": "방이 깨끗하고 서비스도 정말 좋았어요",
    "arabic": "الغرفة نظيفة والخدمة ممتازة جدا",
    "devanagari": "कमरा साफ था और सेवा बहुत अच्छी थी",
    "cyrillic": "Номер чистый, и обслуживание отличное",
    "greek": "Το δωμάτιο ήταν καθαρό και όμορφο",
    "hebrew": "החדר היה נקי והשירות היה מצוין",
    "thai": "ห้องสะอาดและบริการดีมาก",
    "bengali": "ঘরটি পরিষ্কার ছিল এবং সেবা ভালো",
    "tamil": "அறை சுத்தமாக இருந்தது சேவை அருமை",
    "georgian": "ოთახი სუფთა იყო და მომსახურება კარგი",
    "armenian": "Սենյակը մաքուր էր, սպասարկումը լավ",
}

IN_LANGUAGES = {
    "German": "Das Zimmer ist sehr schön und wir kommen wieder",
    "French": "La chambre est très bien et nous avons aimé le petit déjeuner",
    "Spanish": "La habitación es muy bonita y el desayuno está bien",
    "Portuguese": "O quarto é muito bom e não tem nada que falar",
    "Italian": "La camera è molto bella e la colazione non è male",
    "Dutch": "De kamer is heel mooi en het ontbijt was ook goed voor mij",
    "Swedish": "Rummet är mycket bra och frukosten var inte så dålig",
    "Polish": "Pokój jest bardzo ładny i nie ma się do czego przyczepić",
    "Turkish": "Oda çok güzel ve kahvaltı da bir harika, ama pahalı",
    "Indonesian": "Kamar ini sangat bagus dan sarapan juga tidak mahal untuk kami",
    "Hindi": "kamra bahut accha hai aur nashta bhi mast tha",
}

TWEETS = [
    "@bob OMG this is soooo good 😍😍 #LoveIt https://t.co/x9",
    "RT @alice: can't believe it 🇩🇪🇫🇷 !!!",
    "lol",
    "smh... #Café #déjàvu",
    "Breaking: 3 dead in São Paulo, says the mayor",
    "👍👍👍",
    "que sera sera, whatever will be will be",
    "¯\\_(ツ)_/¯ i don't know",
]


@pytest.mark.parametrize("script", IN_SCRIPTS)
def test_a_script_is_told_by_its_letters_and_unread_by_english_encoders(script):
    text = IN_SCRIPTS[script]
    assert script_of(f"{text} 😀 123!")[0] == script
    told = unread([text] * 3, ["en"])
    if script == "latin":
        assert told is None
    else:
        assert str(told) == SCRIPTS[script][0]
        assert unread([text] * 3, [*SCRIPTS[script][1], "en"]) is None


@pytest.mark.parametrize("language", IN_LANGUAGES)
def test_a_language_of_latin_letters_is_told_by_its_function_words(language):
    texts = [IN_LANGUAGES[language]] * 12
    assert str(unread(texts, ["en"])) == language
    code = {name: code for code, name in LANGUAGES.items()}[language]
    assert unread(texts, ["en", code]) is None
    assert unread(texts[:5], ["en"]) is None  # too few to be certain


def test_english_posts_with_emoji_tags_and_addresses_are_no_other_language():
    assert unread(TWEETS * 30, ["en"]) is None
    for tweet in TWEETS:
        assert unread([tweet] * 30, ["en"]) is None, tweet


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [None] * 5,
        ["", "   ", "12:30", "😀"],
        ["好"] * 3,
        ["很好"] * 4,
        [IN_SCRIPTS["han"], "What a lovely day!"] * 50,
        [IN_LANGUAGES["German"], "We were at the sea and it was so good"] * 50,
        ["Müller", "Straße", "Köln"] * 20,
    ],
    ids=["none", "missing", "no letters", "one sign", "few letters", "half", "half", "names"],
)
def test_what_is_short_or_mixed_is_not_told(texts):
    assert unread(texts, ["en"]) is None


def test_cells_are_those_that_encoders_take():
    text = IN_SCRIPTS["han"]
    cells = [None, float("nan"), text.encode(), [text, "fine"], "", [], {"bytes": b"\x89PNG"}, 3]
    assert str(unread(cells, ["en"])) == "Chinese characters"


def test_of_a_large_column_some_texts_are_looked_at_wherever_they_stand():
    texts = ["What a lovely day, and we were there"] * 40_000 + [IN_SCRIPTS["han"]] * 60_000
    assert str(unread(texts, ["en"])) == "Chinese characters"
    assert unread(texts[::-1][:100_000:1][50_000:], ["en"]) is None


def test_whoever_reads_a_language_that_is_not_known_here_is_asked_about_scripts_alone():
    assert unread([IN_LANGUAGES["German"]] * 20, ["sw"]) is None
    assert unread([IN_SCRIPTS["han"]] * 20, ["sw"]) is not None


@given(st.lists(st.text(max_size=60), max_size=30))
def test_any_texts_are_answered(texts):
    unread(texts, ["en"])


@given(st.text())
def test_the_letters_of_a_script_are_no_more_than_letters(text):
    script, n = script_of(text)
    assert 0 <= n <= sum(map(str.isalpha, text))
    assert bool(script) == (n > 0)


def test_function_words_are_words_and_each_language_has_a_name():
    assert FUNCTION_WORDS.keys() <= LANGUAGES.keys()
    for code, words in FUNCTION_WORDS.items():
        assert len(words) >= 30, code
        assert all(word == unicodedata.normalize("NFC", word.lower()) for word in words)
        assert code == "en" or not words & FUNCTION_WORDS["en"]
