"""A report of a market: numbers by hand, tables of every kind, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridsent.exceptions import TableError
from hybridsent.market import market_report
from hybridsent.market._changes import changes_in, odd_periods
from hybridsent.market._posts import name_of, read_posts
from hybridsent.market._topics import cluster_topics, read_terms, space_of_texts
from hybridsent.quantification import Reference

WORDS = {
    "power": ["battery", "charger", "plug", "watt", "cable"],
    "post": ["parcel", "courier", "delivery", "box", "address"],
    "money": ["price", "discount", "refund", "invoice", "fee"],
}


def posts_of(n=600, seed=0, brands=("Acme", "Brio", "Cirrus"), weeks=8):
    """Make posts whose words, brand, time and sentiment are known."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(len(WORDS), size=n)
    named = list(WORDS.values())
    brand = rng.choice(brands, n)
    worth = rng.choice(["negative", "neutral", "positive"], n)
    days = rng.integers(0, 7 * weeks, n)
    return pd.DataFrame(
        {
            "text": [
                " ".join([*rng.choice(named[s], 4), f"post{i}", worth[i]])
                for i, s in enumerate(subject)
            ],
            "brand": brand,
            "created_at": [
                str(pd.Timestamp("2026-01-05") + pd.Timedelta(days=int(d))) for d in days
            ],
            "author": [f"u{i}" for i in rng.integers(0, n // 2, n)],
            "sentiment": worth,
        }
    )


def told_of(posts=None, **how):
    how = {"by": "brand", "time": "created_at", "prediction": "sentiment", "topic": None, **how}
    return market_report(posts_of() if posts is None else posts, **how)


SCORES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}


def test_every_number_is_what_pandas_counts():
    posts = posts_of()
    told = told_of(posts, min_posts=1)
    posts["worth"] = posts["sentiment"].map(SCORES)
    posts["week"] = pd.to_datetime(posts["created_at"]).dt.to_period("W-SUN").dt.start_time
    assert told.overall.index.value == pytest.approx(posts["worth"].mean())
    for cell in told.brands:
        own = posts[posts["brand"] == cell.brand]
        assert (cell.n, cell.index.value) == (len(own), pytest.approx(own["worth"].mean()))
        assert cell.shares["neutral"].value == pytest.approx((own["sentiment"] == "neutral").mean())
        share = told.voices[None][cell.brand].value
        assert share == pytest.approx(len(own) / len(posts))
        for week in told.series[cell.brand]:
            some = own[own["week"] == week.period]
            assert week.n == len(some)
            assert week.index.value == pytest.approx(some["worth"].mean())
    for gap in told.gaps:
        one, other = (
            posts.loc[posts["brand"] == b, "worth"].mean() for b in (gap.brand, gap.versus)
        )
        assert gap.value == pytest.approx(one - other)
        assert gap.low <= gap.value <= gap.high
    assert told.overall.n == sum(cell.n for cell in told.brands)


def test_the_table_is_tidy_and_the_json_is_plain():
    import json

    told = told_of()
    frame = told.to_frame()
    assert not frame.duplicated(["measure", "brand", "versus", "topic", "period", "label"]).any()
    index = frame[(frame.measure == "index") & frame.brand.isna() & frame.period.isna()]
    assert index["value"].tolist() == [told.overall.index.value]
    assert len(json.loads(json.dumps(told.to_dict()))["numbers"]) == len(frame)
    assert "Acme" in str(told)
    assert repr(told).startswith("<MarketReport: 600 posts")


def test_a_correction_undoes_what_the_model_mistakes():
    rng = np.random.default_rng(0)

    def answers(truth):
        wrong = rng.random(len(truth)) < np.where(truth == "positive", 0.4, 0.1)
        return np.where(wrong, np.where(truth == "positive", "negative", "positive"), truth)

    from hybridsent.market._answers import Said
    from hybridsent.market._cells import Estimator

    labelled = rng.choice(["negative", "positive"], 4000)
    reference = Reference.of(labelled, answers(labelled))
    truth = rng.choice(["negative", "positive"], 4000, p=[0.2, 0.8])
    table = pd.DataFrame({"said": answers(truth)})
    posts = read_posts(
        table, by=None, time=None, author=None, texts=[], period="week", timezone="UTC",
        day_first=None, on_error="raise", unique=False, most_brands=3,
    )  # fmt: skip
    said = Said(
        table["said"].to_numpy(), None, ["negative", "positive"], "model", "", reference=reference
    )
    cell = Estimator(said, posts, None, "auto", 1).cell(np.arange(4000))
    assert cell.method == "acc"
    assert cell.index.low < 0.6 < cell.index.high
    assert cell.raw.high < 0.6


@pytest.mark.parametrize(("weak", "wide"), [(15, True), (1500, False)])
def test_a_wide_interval_is_said_to_be_for_want_of_labels_of_a_class(weak, wide):
    """A class with 15 labels that are often mistaken tells next to nothing of its share."""
    from hybridsent.market._answers import Said
    from hybridsent.market._caveats import caveats_of
    from hybridsent.market._cells import Estimator
    from hybridsent.market._told import _caveat, words_of

    def answers(truth, seed):
        rng = np.random.default_rng(seed)
        wrong = rng.random(len(truth)) < np.where(truth == "positive", 0.15, 0.6)
        return np.where(wrong, np.where(truth == "positive", "negative", "positive"), truth)

    labelled = np.array(["positive"] * 900 + ["negative"] * weak)
    truth = np.array(["positive"] * 1500 + ["negative"] * 1500)
    table = pd.DataFrame({"said": answers(truth, 1)})
    posts = read_posts(
        table, by=None, time=None, author=None, texts=[], period="week", timezone="UTC",
        day_first=None, on_error="raise", unique=False, most_brands=3,
    )  # fmt: skip
    reference = Reference.of(labelled, answers(labelled, 0))
    said = Said(
        table["said"].to_numpy(), None, ["negative", "positive"], "model", "", reference=reference
    )
    estimator = Estimator(said, posts, None, "auto", 1)
    cells = [estimator.cell(np.arange(3000))]
    assert (cells[0].index.high - cells[0].index.low > 1) is wide
    found = caveats_of(
        said, posts, estimator, cells, n=3000, timezone="UTC", period="week", strange={}
    )
    told = [each for each in found if each.key == "wide"]
    assert len(told) == wide
    for each in told:
        right = each.values["right"]
        assert each.values == {"n": 1, "of": 1, "label": "negative", "labels": 15, "right": right}
        assert right == int((answers(labelled, 0)[900:] == "negative").sum())
        assert "of the class “negative” the model was tested on 15" in _caveat(each, words_of("en"))
        assert "“negative”" in _caveat(each, words_of("zh"))


def test_posts_of_one_author_are_no_independent_ones():
    posts = posts_of(400)
    posts["author"] = [f"u{i // 20}" for i in range(400)]
    posts["sentiment"] = [("positive", "negative")[(i // 20) % 2] for i in range(400)]
    alone, together = told_of(posts), told_of(posts, author="author")

    def width(told):
        return told.overall.index.high - told.overall.index.low

    assert width(together) > 3 * width(alone)


def test_copies_are_counted_once_where_that_is_asked_for():
    posts = posts_of(60)
    again = pd.concat([posts, posts.iloc[[3] * 40]], ignore_index=True)
    every, once = told_of(again), told_of(again, unique=True)
    assert (every.overall.n, once.overall.n) == (100, 60)
    assert once.overall.index == told_of(posts).overall.index
    assert any("word by word: 40" in note for note in every.notes)
    other = again.assign(brand=["Brio"] * 60 + ["Acme"] * 40)
    assert told_of(other, unique=True).overall.n == 61  # said of another brand, it is said anew


@pytest.mark.parametrize("by", [None, "brand"])
@pytest.mark.parametrize("time", [None, "created_at"])
def test_one_brand_one_period_no_time(by, time):
    posts = posts_of(30, brands=("Acme",), weeks=1)
    told = told_of(posts, by=by, time=time)
    assert told.overall.n == 30
    assert told.gaps == []
    assert "<h1>" in told.report().html


def test_rows_without_brand_answer_or_time_are_told():
    posts = posts_of(100).astype(object)
    posts.loc[0, "brand"] = None
    posts.loc[[1, 2], "sentiment"] = None
    posts.loc[[3, 4, 5], "created_at"] = None
    posts.loc[6, "created_at"] = "soon"
    told = told_of(posts, on_error="missing")
    assert told.overall.n == 97
    notes = " ".join(told.notes)
    for said in ("without a brand, which are not counted: 1", "without an answer, which are not counted: 2",
                 "without a time, which count in all but what is told over time: 3", "cannot be read"):  # fmt: skip
        assert said in notes
    assert sum(cell.n for cell in told.series[None]) == 93
    with pytest.raises(TableError, match="Row 6, column 'created_at'"):
        told_of(posts)


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"by": "brnd"}, "by parameter"),
        ({"time": "when"}, "time parameter"),
        ({"prediction": "said"}, "prediction parameter"),
        ({"author": "who"}, "author parameter"),
        ({"topic": "about"}, "topic parameter"),
        ({"text": "words"}, "text parameter"),
        ({"period": "weeks"}, "did you mean"),
        ({"on_error": "skip"}, "on_error parameter"),
        ({"scorer": "zero"}, "one of the two"),
        ({"prediction": None}, "one of the two"),
        ({"scorer": "zero", "prediction": None}, "zero-label"),
        ({"prediction": "text"}, "names of polarity"),
        ({"values": {"negative": -1}}, "values parameter"),
        ({"method": "emq"}, "reference"),
        ({"timezone": "Mars"}, "timezone parameter"),
        ({"min_posts": 0}, "min_posts"),
        ({"lists": ["text"]}, "lists parameter is about what a model reads"),
        ({"scorer": "zero-label", "prediction": None, "speech": {}}, "speech parameter is about"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(how, match):
    with pytest.raises(ValueError, match=f"(?i){match}"):
        told_of(**how)


def test_probabilities_of_columns_are_checked():
    posts = posts_of(40)
    p = pd.get_dummies(posts["sentiment"]).astype(float).add_prefix("p_")
    told = told_of(posts.join(p))
    assert told.shown.said.probabilities.shape == (40, 3)
    with pytest.raises(TableError, match="Row 0: the probabilities"):
        told_of(posts.join(p * 2))
    with pytest.raises(TableError, match="Give each label a column"):
        told_of(posts.join(p.drop(columns="p_neutral")))
    with pytest.raises(TableError, match="'p_neutral' must hold probabilities of the class"):
        told_of(posts.join(p.assign(p_neutral="low")))


def test_numbers_have_a_mean():
    posts = posts_of(100)
    posts["valence"] = np.linspace(0.15, 0.95, 100)
    told = told_of(posts, prediction="valence")
    assert told.overall.index.value == pytest.approx(0.55)
    assert told.values is None
    assert "mean of the predicted numbers" in str(told)


def test_one_whole_number_among_others_makes_no_classes_of_them():
    posts = posts_of(100)
    posts["valence"] = np.linspace(0.15, 0.95, 100)
    posts.loc[[3, 7], "valence"] = 1.0, np.nan
    told = told_of(posts, prediction="valence")
    assert told.values is None
    assert told.shown.posts.left_out == {"prediction": 1}
    assert "share" not in set(told.to_frame()["measure"])
    posts["stars"] = (np.arange(100) % 5 + 1).astype(float)
    assert told_of(posts, prediction="stars").values == dict(
        zip(range(1, 6), range(1, 6), strict=True)
    )
    posts.loc[5, "valence"] = np.inf
    with pytest.raises(TableError, match=r"must hold finite numbers. Got inf"):
        told_of(posts, prediction="valence")


def test_without_a_model_words_tell():
    posts = pd.DataFrame({"text": ["I love it"] * 30 + ["I hate it"] * 10, "brand": ["A"] * 40})
    told = market_report(posts, "zero-label", by="brand", text="text")
    assert told.overall.index.value == pytest.approx(0.5)
    assert any("No model was trained" in note for note in told.notes)


def test_a_model_tells_its_views_and_its_reference():
    from hybridsent import make_fusion

    posts = posts_of(240)
    views = {"text": "text/words", "title": "text/words"}
    posts["title"] = ["good" if each == "positive" else "so" for each in posts["sentiment"]]
    model = make_fusion(views=views).fit(posts[["text", "title"]], posts["sentiment"])
    told = market_report(posts, model, by="brand", topic=None)
    shares = {each.view: each.share.value for each in told.drivers if each.brand is None}
    assert set(shares) == {"text", "title"}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
    assert 'id="views"' in told.report().html


# -- changes


def cells_of(values, n=200):
    from hybridsent.market._cells import Cell
    from hybridsent.quantification import Estimate

    return [
        Cell(None, None, f"{i:02d}", n, True, Estimate(v, v, v), None, {}, "", 0.002)
        for i, v in enumerate(values)
    ]


def test_a_step_and_a_week_are_found():
    rng = np.random.default_rng(0)
    step = np.r_[np.full(12, 0.4), np.full(12, -0.1)] + rng.normal(0, 0.045, 24)
    spike = rng.normal(0.2, 0.045, 24)
    spike[7] = -0.4
    series = {"step": cells_of(step), "spike": cells_of(spike)}
    [change] = changes_in(series)
    assert (change.brand, change.period) == ("step", "12")
    assert change.low < -0.5 < change.high
    assert ("spike", "07") in {(each.brand, each.period) for each in odd_periods(series)}


@pytest.mark.slow
def test_false_changes_and_odd_weeks_are_as_rare_as_is_said():
    rng = np.random.default_rng(1)
    changed = odd = 0
    for run in range(200):
        series = {b: cells_of(rng.normal(0.2, 0.07, 20)) for b in "abc"}  # 0.045 would be chance
        changed += bool(changes_in(series, run))
        odd += bool(odd_periods(series))
    assert changed <= 20  # 10 are expected; 20 have a chance of 0.2 %
    assert odd <= 22


# -- topics


def test_topics_are_those_that_were_written():
    posts = posts_of(900)
    told = told_of(posts, topic="auto")
    assert len(told.topics.topics) == 3
    assert {
        min(WORDS, key=lambda s: -len({*WORDS[s]} & {*t.words})) for t in told.topics.topics
    } == {*WORDS}
    assert all(t.stability > 0.9 and len(t.typical) == 3 for t in told.topics.topics)
    assert sum(t.n for t in told.topics.topics) == 900
    cells = [c for c in told.topic_cells if c.brand is not None]
    assert sum(c.n for c in cells) == 900


def test_topics_of_a_column_keep_their_names():
    posts = posts_of(200)
    posts["about"] = ["<b>", "=1+1"] * 100
    told = told_of(posts, topic="about")
    assert [t.name for t in told.topics.topics] == ["<b>", "=1+1"]
    assert [t.n for t in told.topics.topics] == [100, 100]


def test_chinese_is_cut_into_pairs_of_signs():
    rng = np.random.default_rng(0)
    kinds = [["电池", "充电", "屏幕"], ["快递", "包裹", "物流"]]
    texts = ["，".join(rng.permutation(kinds[i % 2])) + f"。{i}" for i in range(120)]
    terms = read_terms([texts])
    topics = cluster_topics(space_of_texts(terms), terms, "texts")
    assert {*topics.topics[0].words} & {"电池", "快递"}


def test_a_word_of_a_topic_has_a_letter():
    texts = [f"{10 * (i % 2)} ½½ ²³ 4711 x{i % 2}y" for i in range(120)]
    terms = read_terms([texts])
    assert {word for words in terms for word in words} == {"x0y", "x1y"}
    rng = np.random.default_rng(0)
    places = rng.normal(size=(200, 3)) + 9 * np.eye(3)[np.arange(200) % 2]
    told = cluster_topics(places, [[] for _ in range(200)], "model")
    assert [each.name for each in told.topics[:2]] == ["topic 1", "topic 2"]


def test_noise_is_not_called_stable():
    rng = np.random.default_rng(0)
    topics = cluster_topics(rng.normal(size=(400, 20)), [[] for _ in range(400)], "model")
    assert not topics.stable


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name_of(name) is not None
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_any_name_goes_to_page_and_table_and_comes_back(tmp_path_factory, names):
    from html.parser import HTMLParser

    posts = posts_of(60, brands=names, weeks=2)
    posts["brand"] = [names[i % len(names)] for i in range(60)]
    told = told_of(posts, min_posts=1)
    html = told.report().html
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append(tag)

    Reader().feed(html)
    plain = []
    reader = Reader()
    found, plain = plain, found
    reader.feed(
        told_of(posts.assign(brand=[f"b{i % len(names)}" for i in range(60)]), min_posts=1)
        .report()
        .html
    )
    assert found.count("script") == plain.count("script")
    assert {*found} == {*plain}
    path = tmp_path_factory.mktemp("n") / "numbers.csv"
    told.save_numbers(path)
    read = pd.read_csv(path, keep_default_na=False)
    for name in read["brand"]:
        assert not str(name).startswith(("=", "+", "-", "@", "\t", "\r"))


# -- posts of another kind --------------------------------------------------------------------------


@pytest.mark.parametrize(("moved", "share", "strange"), [(0, 0.8, False), (3, 0.5, True)])
def test_posts_of_another_kind_are_told_and_changed_shares_are_not(moved, share, strange):
    from hybridsent import make_fusion
    from hybridsent.scoring import Scorer
    from hybridsent.scoring._reference_made import facts_of_references

    rng = np.random.default_rng(5)

    def drawn(n, share, moved):
        up = rng.random(n) < share
        x = rng.normal(size=(n, 4)) * [3, 1, 1, 1] + np.outer(up, [0, 1.5, 0, 0]) + [moved, 0, 0, 0]
        table = pd.DataFrame(x, columns=[f"text__{i}" for i in range(4)])
        return table, np.where(up, "positive", "negative")

    learned, y = drawn(400, 0.5, 0)
    model = make_fusion(features="passthrough").fit(learned, y)
    scorer = Scorer(model, facts_of_references(model, learned, y))
    posts, _ = drawn(300, share, moved)
    told = market_report(posts, scorer, topic=None)
    kinds = [each for each in told.caveats if each.key.startswith("kind")]
    assert bool(kinds) == strange
    if strange:
        assert told.caveats[0].key == "kind_corrected"
        assert list(kinds[0].values["views"]) == ["text"]
        assert "of another kind" in told.notes[0]
        plain = market_report(posts, scorer, topic=None, method="count")
        assert plain.caveats[0].key == "kind"


def test_brands_that_are_spoken_of_alike_have_no_first():
    posts = pd.DataFrame(
        {"brand": ["Acme", "Brio"] * 40, "sentiment": ["positive", "negative"] * 40}
    )
    told = str(market_report(posts, by="brand", prediction="sentiment", topic=None))
    assert "spoken of most" not in told
    same = posts.assign(sentiment=["positive", "positive", "negative", "negative"] * 20)
    told = str(market_report(same, by="brand", prediction="sentiment", topic=None))
    assert "The comparison of the two brands shows no difference" in told
