"""Views by name: any number of columns and encoders, of which `text=` and its like are the short form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fakes import FAKES, fake, forget, installed, seen
from hashed import Hashed, posts
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from tiny import clip, image_model, speech_model, text_model

from hybridsent import (
    AudioEncoder,
    ImageEncoder,
    TextEncoder,
    evaluate,
    load,
    make_features,
    make_fusion,
    save,
)
from hybridsent.encoders import get_backbone
from hybridsent.evaluation import encoders_of, search, transfer_report, unadapted
from hybridsent.finetune import finetune
from hybridsent.fusion import FUSIONS
from hybridsent.recipes import list_recipes, load_recipe

OTHER = fake("text", "other")


@pytest.fixture(autouse=True)
def _fakes(tmp_path, monkeypatch):
    """Fakes of the modalities and a store of their own."""
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "store"))
    with installed(*FAKES, OTHER):
        yield


def articles(n: int = 24) -> tuple[pd.DataFrame, np.ndarray]:
    """A title and a body, either of which may be missing."""
    y = np.array(["bad", "good"])[np.arange(n) % 2]
    table = pd.DataFrame(
        {
            "title": [f"{label} title {i % 5}" for i, label in enumerate(y)],
            "body": [f"{label} body {i}" for i, label in enumerate(y)],
        }
    )
    table.loc[3, "title"] = None
    table.loc[[4, 5], "body"] = None
    return table, y


def hashed(**views: str) -> dict[str, Any]:
    """A view a salt."""
    return {name: Hashed(salt, signal=3) for name, salt in views.items()}


# -- the short form is the long form ---------------------------------------------------------------


@pytest.mark.parametrize("how", FUSIONS)
@pytest.mark.parametrize(
    ("short", "views"),
    [
        ({"text": True, "image": True}, {"text": "text", "image": "image"}),
        ({"text": True, "audio": True}, {"text": True, "audio": "audio"}),
        ({"text": "text/other"}, {"text": "text/other"}),
        ({"text": "hf:some/model", "image": None}, {"text": "hf:some/model"}),
    ],
)
def test_the_short_form_builds_what_the_long_one_builds(how, short, views):
    columns = {"text": "tweet"}
    built = [
        make_fusion(how, **each, columns=columns, device="cpu", on_error="missing")
        for each in (short, {"views": views})
    ]
    assert repr(built[0].get_params()) == repr(built[1].get_params())
    assert repr(make_features(**short)) == repr(make_features(views))


def test_both_forms_stand_beside_each_other_in_order():
    made = make_features({"body": "text", "photo": "image"}, audio=True, text="text/other")
    told = [(name, type(part).__name__, where) for name, part, where in made.transformers]
    assert told == [
        ("text", "TextEncoder", "text"),
        ("audio", "AudioEncoder", "audio"),
        ("body", "TextEncoder", "body"),
        ("photo", "ImageEncoder", "photo"),
    ]


def test_the_values_of_both_forms_are_the_same():
    table, _ = articles()
    short = make_features(text="text/fake", columns={"text": "title"}).fit_transform(table)
    long = make_features({"text": "text/fake"}, columns={"text": "title"}).fit_transform(table)
    pd.testing.assert_frame_equal(short, long)


def test_a_mapping_that_is_given_stays_as_it_is():
    mine = Hashed("a")
    views, columns = {"a": mine, "b": "text"}, {"b": "a"}
    make_fusion(views=views, columns=columns, text=True)
    assert views == {"a": mine, "b": "text"}
    assert columns == {"b": "a"}


# -- what a view may be ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "model"),
    [
        ("text", TextEncoder, "text/bge-small-en"),
        ("image", ImageEncoder, "image/efficientnet-lite0"),
        ("audio", AudioEncoder, "audio/whisper-tiny-en"),
        ("audio/egemaps-v02", AudioEncoder, "audio/egemaps-v02"),
        ("text/other", TextEncoder, "text/other"),
        ("torchvision:resnet18", ImageEncoder, "torchvision:resnet18"),
        ("opensmile:eGeMAPSv02", AudioEncoder, "opensmile:eGeMAPSv02"),
    ],
)
def test_a_name_becomes_the_encoder_that_reads_it(value, kind, model):
    ((name, part, where),) = make_features({"mine": value}, device="cpu").transformers
    assert (name, type(part), part.model, part.device, where) == (
        "mine",
        kind,
        model,
        "cpu",
        "mine",
    )


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda folder: text_model("bert", folder), TextEncoder),
        (lambda folder: text_model("gpt2", folder), TextEncoder),
        (lambda folder: image_model("vit", folder), ImageEncoder),
        (lambda folder: speech_model("wav2vec2", folder), AudioEncoder),
        (lambda folder: speech_model("whisper", folder), AudioEncoder),
    ],
)
def test_the_files_of_a_model_tell_what_it_reads(write, kind, tmp_path):
    name = f"hf:{write(tmp_path / 'model')}"
    assert get_backbone(name).modality == kind.modality
    assert type(make_features({"mine": name}).transformers[0][1]) is kind


def test_a_model_that_reads_two_modalities_needs_an_encoder(tmp_path):
    name = f"hf:{clip(tmp_path / 'clip')}"
    with pytest.raises(
        ValueError, match=r"view 'mine' .*must be given, by an encoder such as.*text and image"
    ):
        make_features({"mine": name})
    made = make_features({"image": name, "mine": TextEncoder(name)})
    assert [type(part) for _, part, _ in made.transformers] == [ImageEncoder, TextEncoder]


def test_a_tuned_folder_is_a_view_of_what_it_was_made_for(tmp_path):
    tuned = finetune(
        "text/minilm-l6", ["good", "fine", "bad", "sad"], [1, 1, 0, 0], how="last", epochs=1,
        folder=tmp_path / "tuned", random_state=0,
    )  # fmt: skip
    for name in (tuned.backbone.name, f"tuned:{tmp_path / 'tuned'}"):
        assert type(make_features({"title": name}).transformers[0][1]) is TextEncoder
    # and in the place of the encoder of one view of a model
    table, y = articles()
    model = make_fusion(views={"title": "text/minilm-l6", "body": "text/fake"})
    model.set_params(features__title__model=tuned.backbone.name).fit(table, y)
    fitted = {view: encoder.model for view, encoder, _ in encoders_of(model, fitted=True)}
    assert fitted == {"title": tuned.backbone.name, "body": "text/fake"}


def test_the_encoder_of_one_view_can_be_tuned():
    table, y = articles()
    model = make_fusion(views={"title": TextEncoder(max_length=32), "body": "text/fake"}).fit(
        table, y
    )
    found = {view: (encoder, column) for view, encoder, column in encoders_of(model, fitted=True)}
    encoder, column = found["title"]
    tuned = finetune(encoder, table[column], y, how="last", epochs=1, random_state=0)
    again = clone(model).set_params(features__title=tuned.encoder()).fit(table, y)
    assert again.named_steps["features"].named_transformers_["title"].max_length == 32
    assert again.score(table, y) > 0.5


# -- several encoders on one column, several columns of one modality -------------------------------


def test_two_views_of_one_column_are_their_single_ones_side_by_side():
    table, _ = articles()
    views = {"a": "text/fake", "b": Hashed("b"), "c": "text/other", "d": TfidfVectorizer()}
    where = dict.fromkeys(views, "title")
    both = make_features(views, columns=where).fit_transform(table)
    single = [
        make_features({view: value}, columns={view: "title"}).fit_transform(table)
        for view, value in views.items()
    ]
    pd.testing.assert_frame_equal(both, pd.concat(single, axis=1))
    np.testing.assert_array_equal(both.isna().all(axis=1), table["title"].isna())


def test_views_may_read_columns_that_are_named_like_other_views():
    table, _ = articles()
    swapped = make_features(
        {"title": "text/fake", "body": "text/fake"}, columns={"title": "body", "body": "title"}
    ).fit_transform(table)
    plain = make_features({"title": "text/fake", "body": "text/fake"}).fit_transform(table)
    np.testing.assert_array_equal(swapped.filter(like="title"), plain.filter(like="body"))
    np.testing.assert_array_equal(swapped.filter(like="body"), plain.filter(like="title"))


def test_no_cell_is_encoded_twice_for_two_views_of_one_encoder():
    table, _ = articles()
    where = {"a": "title", "b": "title"}
    made = make_features({"a": "text/fake", "b": "text/fake"}, columns=where)
    X = made.fit_transform(table)
    np.testing.assert_array_equal(X.filter(like="a__"), X.filter(like="b__"))
    assert len(seen()) == len(set(seen())) == table["title"].nunique()


@pytest.mark.parametrize("store", ["default", None])
def test_evaluation_encodes_every_cell_of_every_encoder_once(store):
    table, y = articles()
    views = {"a": "text/fake", "b": "text/other", "c": "text/fake", "d": "text/fake"}
    where = {"a": "title", "b": "title", "c": "title", "d": "body"}
    forget()
    result = evaluate(make_fusion(views=views, columns=where, store=store), table, y, cv=2)
    distinct = 2 * table["title"].nunique() + table["body"].nunique()
    assert len(seen()) == result.encoded_rows == distinct


def test_vectorizers_learn_each_from_its_own_column():
    table, y = articles()
    views = {"t": TfidfVectorizer(), "b": TfidfVectorizer(max_features=3), "deep": "text/fake"}
    where = {"t": "title", "b": "body", "deep": "title"}
    made = make_features(views, columns=where)
    X = made.fit_transform(table)
    fitted = made.named_transformers_
    assert "title" in fitted["t"].transformer_.vocabulary_
    assert "body" in fitted["b"].transformer_.vocabulary_
    np.testing.assert_array_equal(X.filter(regex="^t__").isna().all(axis=1), table["title"].isna())
    np.testing.assert_array_equal(X.filter(regex="^b__").isna().all(axis=1), table["body"].isna())
    assert make_fusion(views=views, columns=where).fit(table, y).score(table, y) == 1.0


# -- every strategy, missing views -----------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("how", FUSIONS)
def test_every_strategy_takes_views_of_any_name_and_rows_that_lack_some(how):
    table, y = articles(40)
    views = hashed(title="t", body="b", body_again="c")
    model = make_fusion(how, views=views, columns={"body_again": "body"})
    if how in ("cnn", "rnn", "tensor", "gated"):
        model.set_params(classify__max_epochs=40)
    model.fit(table, y)
    assert model.predict_proba(table.assign(body=None)).shape == (40, 2)
    assert (model.predict(table) == y).mean() > 0.8


@pytest.mark.parametrize("how", ["cnn", "rnn"])
def test_segments_are_made_of_every_view_that_is_encoded_here(how):
    table, y = articles()
    model = make_fusion(
        how, views={"a": "text/fake", "b": "text/other"}, columns={"a": "title", "b": "body"}
    )
    X = model[0].fit_transform(table)
    assert (
        sum(name.startswith("a__s3_") for name in X)
        == sum(name.startswith("b__s3_") for name in X)
        > 0
    )
    assert set(model.set_params(classify__max_epochs=2).fit(table, y).predict(table)) <= set(y)


def test_a_view_without_segments_stands_beside_those_with_some():
    table, y = articles()
    views = {"deep": "text/fake", "words": "text/words"}
    model = make_fusion("cnn", views=views, columns=dict.fromkeys(views, "title"))
    X = model.set_params(classify__max_epochs=2).fit(table, y)[0].transform(table)
    assert {name.rpartition("_")[0] for name in X} == {
        "words_",
        *(f"deep__s{step}" for step in range(4)),
    }


def test_indicators_are_named_after_views():
    table, y = articles()
    model = make_fusion(views=hashed(title="t", body="b")).fit(table, y)
    told = model[:-2].transform(table)
    assert [name for name in told if name.startswith("missing")] == [
        "missing__title",
        "missing__body",
    ]
    np.testing.assert_array_equal(told["missing__title"] > 0, table["title"].isna())


# -- judged alone, searched, tuned, saved ----------------------------------------------------------


def test_each_view_alone_is_the_model_of_that_view():
    table, y = articles(60)
    views = hashed(title="t", body="b", again="c")
    where = {"again": "title"}
    result = evaluate(make_fusion(views=views, columns=where), table, y, cv=3)
    assert list(result.models) == ["fusion", "title", "body", "again", "dummy"]
    for view, part in views.items():
        column = {view: where.get(view, view)}
        alone = evaluate(make_fusion(views={view: part}, columns=column), table, y, cv=3)
        assert alone.models["fusion"]["accuracy"].folds == result.models[view]["accuracy"].folds
    assert all(view in str(result) for view in views)


@pytest.mark.parametrize("name", ["fusion", "dummy", "other columns"])
def test_a_view_cannot_stand_in_a_result_by_the_name_of_another_line(name):
    table, y = articles()
    model = make_fusion(views=hashed(**{name: "t", "body": "b"}), columns={name: "title"})
    with pytest.raises(ValueError, match=f"must not be named '{name}'"):
        evaluate(model, table, y, cv=2)


def test_every_view_is_a_parameter():
    table, y = articles()
    model = make_fusion(views={"title": "text/fake", "body": "text/fake"})
    grid = {
        "features__title__model": ["text/fake", "text/other"],
        "features__body": ["drop", Hashed("b", signal=3)],
    }
    found = GridSearchCV(model, grid, cv=2).fit(table, y)
    assert len(found.cv_results_["params"]) == 4
    assert isinstance(found.best_params_["features__body"], Hashed)
    forget()
    evaluate(GridSearchCV(model, grid, cv=2), table, y, cv=2)
    assert len(set(seen())) == len(seen())


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_takes_views_and_its_grid_fits_each(name):
    recipe = load_recipe(name)
    views = {"title": "text", "body": "text/fake", "photo": "image"}
    extra = {"group": "author"} if name == "speakers" else {}
    model = recipe.build(views=views, columns={"body": "text"}, **extra)
    pipeline = getattr(model, "estimator", model)  # what augments stands around a pipeline
    read = ["title", "body"] if name == "zero-label" else list(views)  # it reads texts alone
    assert [name for name, _, _ in pipeline[0].transformers][:3] == read
    for grid in recipe.grid_for(model):
        of_views = [each for each in grid if each.startswith("features__")]
        assert len(of_views) % 3 == 0


@pytest.mark.parametrize("name", ["pca", "lda"])
def test_a_grid_of_every_view_sets_nothing_inside_what_makes_the_features(name):
    recipe = load_recipe(name)
    model = recipe.build(text=True, views={"words": "text/words"}, meta=["likes"])
    for grid in recipe.grid_for(model):
        of_views = [each.split("__") for each in grid if each.startswith("features__")]
        assert {view for _, view, *_ in of_views} == {"text", "words", "meta"}
        assert all(step == "reduce" for _, _, step, *_ in of_views)


def test_search_judges_recipes_on_views():
    table, y = articles(40)
    views = hashed(title="t", body="b")
    recipes = {name: load_recipe(name).build(views=views) for name in ("early", "late")}
    result = search({name: (model, {}) for name, model in recipes.items()}, table, y, cv=2)
    assert {"title", "body", "dummy"} <= set(result.alone)


def test_views_of_one_encoder_class_are_saved_and_loaded(tmp_path):
    table, y = articles()
    views = {
        "title": "text/minilm-l6",
        "body": TextEncoder(pooling="max"),
        "raw": TfidfVectorizer(),
    }
    model = make_fusion(views=views, columns={"raw": "body"}, device="cpu").fit(table, y)
    path = tmp_path / "model.hybridsent"
    save(model, path)
    again = load(path)
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))
    from hybridsent.persist import inspect

    told = inspect(path)["encoders"]
    assert sorted(told) == ["body", "title"]
    assert told["body"]["fingerprint"] != told["title"]["fingerprint"]


def test_a_report_of_transfer_reads_views():
    rng = np.random.default_rng(0)
    table, y = articles(60)
    table = table.dropna()
    y = y[table.index]
    domain = rng.integers(0, 2, len(table))
    model = make_fusion(views=hashed(title="t", body="b"), adapt="coral", domain="domain")
    report = transfer_report(model, table.assign(domain=domain), y, domain=domain, cv=2)
    assert "adapted" in str(report)
    plain = unadapted(model)
    assert type(plain.named_steps["adapt"]).__name__ == "DropDomain"
    assert [name for name, _, _ in plain[0].transformers][:2] == ["title", "body"]


# -- what is no view -------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"views": {}}, "At least one of .* views .*must be given"),
    ({"views": ["text"]}, "The views parameter must map names of views.* write for example"),
    ({"views": "text"}, "The views parameter must map"),
    ({"views": {"text"}}, "The views parameter must map"),
    ({"views": pd.Series({"a": "text"})}, "The views parameter must map"),
    ({"views": {1: "text"}}, "must have names as keys. Got 1; write it as a string"),
    ({"views": {None: "text"}}, "must have names as keys. Got None"),
    ({"views": {"": "text"}}, "must have a name without '__'.* Got ''"),
    ({"views": {"a__b": "text"}}, "Got 'a__b'; rename it"),
    ({"views": {"a_": "text"}}, "does not end in '_'.*Got 'a_'; leave the '_' out"),
    ({"views": {" ": "text"}}, "without blanks at its ends.* Got ' '"),
    ({"views": {"a\n": "text"}}, "without line breaks"),
    ({"views": {"a\u200bb": "text"}}, "can be read and typed"),
    ({"views": {"domain": "text"}}, "must not be named 'domain'.* Write domain='COLUMN'"),
    ({"views": {"group": "text"}}, "must not be named 'group'"),
    ({"views": {"remainder": "text"}}, "must not be named 'remainder'.*example 'my_remainder'"),
    ({"views": {"n_jobs": "text"}}, "must not be named 'n_jobs'"),
    ({"views": {"text": None}}, r"The views\['text'\] parameter .*Got None; leave the view out"),
    ({"views": {"title": False}}, "Got False; leave the view out"),
    ({"views": {"title": True}}, "True is short for .*'title' is none of .*{'title': 'text'}"),
    ({"views": {"title": 3}}, r"The views\['title'\] parameter must be the name of a modality.* Got 3"),
    ({"views": {"title": b"text"}}, "Got b'text' instead"),
    ({"views": {"title": ("text", "image")}}, "Got .'text', 'image'. instead"),
    ({"views": {"title": {"modality": "text"}}}, "Got {'modality': 'text'} instead"),
    ({"views": {"title": Ridge()}}, r"Got Ridge\(\) instead"),
    ({"views": {"title": TextEncoder}}, "Got <class"),
    ({"views": {"title": FAKES[0]}}, "Got Backbone"),
    ({"views": {"title": "texts"}}, "The view 'title' must be a modality.*Did you mean 'text'"),
    ({"views": {"title": "Text"}}, "Did you mean 'text'"),
    ({"views": {"title": ""}}, "must be a modality"),
    ({"views": {"title": "minilm-l6"}}, "Did you mean 'text/minilm-l6'"),
    ({"views": {"title": "passthrough"}}, "must be a modality.* Got 'passthrough'"),
    ({"views": {"title": "drop"}}, "must be a modality.* Got 'drop'"),
    ({"views": {"title": "hf:"}}, "The view 'title' .*'hf:owner/name' or 'hf:folder'"),
    ({"views": {"title": "hf:no/where"}}, r"such as TextEncoder\('hf:no/where'\).*not on this machine"),
    ({"views": {"title": "hf:/no/where"}}, "Nothing is at /no/where"),
    ({"views": {"title": "opensmile:nope"}}, "SET in .*Got 'nope'"),
    ({"views": {"title": "zoo:lion"}}, "the families are hf:.*Got 'zoo:lion'"),
    ({"views": {"text": "image"}}, "'text' must read text.*Got 'image'; name the view otherwise"),
    ({"text": "image"}, "'text' must read text"),
    ({"image": "text/words"}, "'image' must read image"),
    ({"views": {"w": "text/words"}, "steps": 3}, "steps .* no view has an encoder. Got 3"),
    ({"views": {"w": "text/words"}, "device": "cuda"}, "device .* no view has an encoder"),
    ({"views": {"w": "text/words"}, "columns": {"w": ["a", "b"]}}, "one column of the table, whose"),
    ({"views": {"text": "text"}, "text": True}, "Got 'text' as parameter and in views"),
    ({"views": {"a": "text"}, "features": ["a"]}, "must be named once.*Got 'a' twice"),
    ({"views": {"a": "text"}, "columns": {"a": ["b"]}}, r"columns\['a'\].*one column.*Got \['b'\]"),
    ({"views": {"a": "text"}, "columns": {"a": 0}}, "name of one column of the table. Got 0"),
    ({"views": {"a": "text"}, "columns": {"a": None}}, "Got None; leave it out"),
    ({"views": {"a": "text"}, "columns": {"b": "a"}}, r"Got 'b' as a view; write {'a': 'b'}"),
    ({"views": {"title": "text"}, "columns": {"titel": "x"}}, "views are .'title'.*Did you mean 'title'"),
    ({"views": {"a": "text"}, "columns": {"text": "b"}}, "for 'text', but the modality is not asked"),
    ({"views": {"a": "text"}, "columns": {1: "b"}}, "Got 1 as a view"),
    ({"views": {"a": "text"}, "random_state": 5, "classifier": LogisticRegression()}, "random_state"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "message"), WRONG)
def test_what_is_no_view_is_told(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_fusion(**parameters)
    with pytest.raises(ValueError, match=message):
        make_features(**{name: value for name, value in parameters.items() if name != "classifier"})


def test_a_folder_that_is_no_tuned_one_is_told():
    with pytest.raises(OSError, match="The folder of 'tuned:/no/where' must exist"):
        make_features({"title": "tuned:/no/where"})


def test_views_and_features_that_are_all_there_is_cannot_stand_together():
    with pytest.raises(
        ValueError, match="views parameter must be left out with features='passthrough'"
    ):
        make_fusion(views={"a": "text"}, features="passthrough")


def test_a_column_that_is_not_there_is_told_with_the_view():
    table, y = articles()
    model = make_fusion(views=hashed(title="t", body="b"), columns={"body": "bodi"})
    with pytest.raises(
        ValueError, match=r"column 'bodi', which the model reads for 'body'.*mean 'body'"
    ):
        evaluate(model, table, y, cv=2)


def test_a_view_may_be_called_missing_and_is_none():
    table, y = articles()
    model = make_fusion(views=hashed(missing="t", body="b"), columns={"missing": "title"}).fit(
        table, y
    )
    assert list(evaluate(model, table, y, cv=2).models) == ["fusion", "missing", "body", "dummy"]


def test_a_pipeline_may_reduce_one_view_alone():
    table = articles()[0].dropna()
    whole = make_pipeline(Hashed("t", signal=3), PCA(2))
    X = make_features(
        {"t": whole, "b": Hashed("b")}, columns={"t": "title", "b": "body"}
    ).fit_transform(table)
    assert [name for name in X if name.startswith("t__")] == ["t__0", "t__1"]


def test_tables_of_posts_are_read_as_before():
    table, y = posts()
    model = make_fusion(text=Hashed("t", signal=3), image=Hashed("i", signal=3)).fit(table, y)
    again = make_fusion(views={"text": Hashed("t", signal=3), "image": Hashed("i", signal=3)})
    np.testing.assert_array_equal(model.predict(table), again.fit(table, y).predict(table))
