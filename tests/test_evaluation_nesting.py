"""What judges finds encoders, columns and modalities however an estimator is built."""

from __future__ import annotations

import threading
import warnings

import fakes as networks
import numpy as np
import pandas as pd
import pytest
from hashed import fakes, posts
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent import TextEncoder, evaluate, make_fusion
from hybridsent.encoders._nesting import every_encoder
from hybridsent.evaluation import encoders_of, search, transfer_report
from hybridsent.evaluation.fits._encoding import with_store
from hybridsent.evaluation.fits._fold_warnings import told_once
from hybridsent.evaluation.fits._models import single_modalities
from hybridsent.evaluation.results._notes import licence_notes
from hybridsent.evaluation.rows._columns import notes_on_columns, readable
from hybridsent.few_label import LabeledOnly
from hybridsent.persist._encoders import find_encoders


@pytest.fixture
def installed():
    with networks.installed(*networks.FAKES):
        yield


def clean(column):
    return column.str.lower()


def encoder(**parameters):
    return TextEncoder("text/fake", **{"store": None, **parameters})


def cleaned():
    return Pipeline([("clean", FunctionTransformer(clean)), ("encode", encoder())])


def columns(part, **parameters):
    return ColumnTransformer([("post", part, "text")], **parameters)


def behind(first):
    return make_pipeline(first, LogisticRegression())


NESTS = {
    "plain": lambda: behind(columns(encoder())),
    "cleaned": lambda: behind(columns(cleaned())),
    "cleaned before": lambda: behind(
        Pipeline(
            [("same", FunctionTransformer()), ("none", None), ("features", columns(encoder()))]
        )
    ),
    "union": lambda: behind(
        columns(FeatureUnion([("a", cleaned()), ("b", "drop"), ("c", "passthrough")][:2]))
    ),
    "columns in a pipeline in columns": lambda: behind(
        ColumnTransformer([("all", make_pipeline(columns(cleaned())), ["text", "other"])])
    ),
    "passthrough behind": lambda: behind(
        columns(Pipeline([("e", encoder()), ("p", "passthrough")]))
    ),
    "remainder": lambda: behind(
        ColumnTransformer(
            [("no", "drop", ["other"])],
            remainder=Pipeline([("one", FunctionTransformer(np.ravel)), ("encode", encoder())]),
        )
    ),
    "labelled": lambda: LabeledOnly(behind(columns(cleaned()))),
    "calibrated": lambda: CalibratedClassifierCV(behind(columns(cleaned())), cv=2),
    "bagging": lambda: BaggingClassifier(
        behind(ColumnTransformer([("post", cleaned_array(), 0)])), n_estimators=2
    ),
    "voting": lambda: VotingClassifier([("a", behind(columns(cleaned()))), ("b", "drop")]),
    "stacking": lambda: StackingClassifier([("a", behind(columns(cleaned())))], cv=2),
    "grid": lambda: GridSearchCV(
        behind(columns(cleaned())), {"logisticregression__C": [0.5, 1.0]}, cv=2
    ),
    "encoder in a grid": lambda: GridSearchCV(
        behind(columns("drop")), {"columntransformer__post": [cleaned(), encoder()]}, cv=2
    ),
    "random": lambda: RandomizedSearchCV(
        behind(columns(cleaned())), {"logisticregression__C": [0.5, 1.0]}, cv=2, n_iter=1
    ),
}


def cleaned_array():
    lower = FunctionTransformer(lambda cells: [str(cell).lower() for cell in cells])
    return Pipeline([("clean", lower), ("encode", encoder())])


def sentences(n=24):
    texts = [f"Words {i % 10}" for i in range(n)]
    return pd.DataFrame({"text": texts, "other": texts}), np.arange(n) % 2


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", NESTS)
def test_every_cell_is_encoded_once_whatever_stands_around_the_encoder(name):
    table, y = sentences()
    model = NESTS[name]()
    result = evaluate(model, table, y, cv=2, scoring="accuracy", n_jobs=2)
    ways = 2 if name == "encoder in a grid" else 1  # with and without small letters
    assert result.encoded_rows + result.store_hits == 10 * ways
    assert len(networks.seen()) == 10 * ways
    assert {each.store for each in every_encoder(model)} == {None}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", NESTS)
def test_saving_and_judging_see_the_same_encoders(name):
    model = NESTS[name]()
    assert {id(each) for each in every_encoder(model)} >= {
        id(each) for _, each, _ in encoders_of(model)
    }
    assert len(find_encoders(model)) >= 1
    if name != "encoder in a grid":
        assert [each.model for _, each, _ in encoders_of(model)] == ["text/fake"]
    table, y = sentences()
    copied = with_store(model, "/nowhere")
    assert {each.store for each in every_encoder(copied)} == {"/nowhere"}
    assert {each.store for each in every_encoder(model)} == {None}
    fitted = model.fit(table, y)
    assert len(every_encoder(fitted)) >= len(list(encoders_of(fitted, fitted=True))) >= 1


@pytest.mark.usefixtures("installed")
def test_the_columns_of_nested_encoders_are_those_of_the_table():
    found = {name: [where for *_, where in encoders_of(make())] for name, make in NESTS.items()}
    assert found.pop("encoder in a grid") == []
    assert callable(found.pop("remainder")[0])
    assert found.pop("bagging") == [0]
    assert set(map(tuple, found.values())) == {("text",)}


@pytest.mark.usefixtures("installed")
def test_a_frozen_encoder_gets_a_store_in_a_copy():
    table, y = sentences()
    fitted = columns(cleaned()).fit(table)
    model = behind(FrozenEstimator(fitted))
    result = evaluate(model, table, y, cv=3, scoring="accuracy")
    assert result.encoded_rows == 10
    assert {each.store for each in every_encoder(model)} == {None}
    found = search({"a": (model, {})}, table, y, cv=2, inner_cv=2)
    assert {each.store for each in every_encoder(found.best)} == {None}
    assert len(networks.seen()) == 30  # 10 to fit, and 10 for each of two temporary stores


@pytest.mark.usefixtures("installed")
def test_search_and_transfer_report_encode_cleaned_cells_once():
    table, y = sentences()
    result = search({"a": (NESTS["cleaned"](), {})}, table, y, cv=2, inner_cv=2)
    assert result.encoded_rows == 10 == len(networks.seen())
    assert {each.store for each in every_encoder(result.best)} == {None}
    transfer_report(
        NESTS["labelled"](), table, y, domain=np.repeat([0, 1], 12), cv=2,
        baseline=NESTS["cleaned"](), shift=False,
    )  # fmt: skip
    assert len(networks.seen()) == 20


def test_licences_are_noted_of_nested_encoders():
    audio = Pipeline([("same", FunctionTransformer()), ("encode", "passthrough")])
    audio.set_params(encode=make_fusion(audio="audio/egemaps-v02")[0].transformers[0][1])
    model = TransformedTargetRegressor(make_pipeline(audio, Ridge()))
    assert "may not be used commercially" in licence_notes([model])[0]
    assert "may not be used commercially" in licence_notes([FrozenEstimator(model)])[0]


# -- columns ---------------------------------------------------------------------------------------


def features(n=60):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    table = pd.DataFrame(rng.normal(size=(n, 3)), columns=["text__0", "text__1", "image__0"])
    return table.assign(age=y * 10.0 + rng.normal(size=n), label=y, speaker=np.arange(n) // 6)


def own():
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.mark.parametrize("judge", ["evaluate", "search"])
@pytest.mark.parametrize("as_series", [True, False])
def test_columns_of_any_name_reach_a_pipeline_of_ones_own(judge, as_series):
    table = features()
    y, groups = (table[name] if as_series else name for name in ("label", "speaker"))
    if judge == "evaluate":
        options = {"cv": 5, "scoring": "accuracy", "check": False}  # 'age' tells the label
        result = evaluate(own(), table, y, groups=groups, **options)
        score = result.models["fusion"]["accuracy"].mean
        assert list(result.models) == ["fusion", "text", "image", "other columns", "dummy"]
    else:
        result = search({"a": (own(), {})}, table, y, groups=groups, cv=5)
        score = result.selected.mean
        assert list(result.best.feature_names_in_) == ["text__0", "text__1", "image__0", "age"]
    assert score == 1.0
    assert result.notes == []


def test_transfer_report_reads_columns_of_any_name():
    table = features().assign(site=np.repeat(["a", "b"], 30))
    report = transfer_report(
        LabeledOnly(own()), table, "label", domain="site", groups="speaker", source="a",
        target="b", baseline=own(), cv=2, shift=False, n_target_labels=4,
    )  # fmt: skip
    assert report.pairs[0].scores["source only"].value == 1.0


def test_what_holds_no_numbers_is_left_out_of_features_and_told():
    table = features().assign(note="n", author=[f"a{i}" for i in range(60)])
    passed = make_fusion(features="passthrough").set_params(classify__Cs=(4.0,))
    options = {"cv": 2, "scoring": "accuracy", "check": False}  # 'age' tells the label
    result = evaluate(passed, table, "label", groups="speaker", **options)
    assert result.notes == ["Not read, because they hold no numbers: 'note', 'author'."]
    assert result.models["fusion"]["accuracy"].mean == 1.0  # age is read
    with pytest.raises(ValueError, match=r"columns without numbers: 'note', 'author'.*drop"):
        evaluate(own(), table, "label", cv=2)


def test_a_feature_that_is_the_label_is_told():
    table = features()
    result = evaluate(own(), table, table["label"].to_numpy(), cv=2, scoring="accuracy")
    assert (
        "The column 'label' is read as a feature and holds the labels themselves." in result.notes
    )


@pytest.mark.parametrize("given", ["label", list])
def test_a_view_that_reads_the_labels_is_told(given):
    table = features()
    model = make_fusion(views={"seen": "text/words"}, columns={"seen": "label"})
    y = given if isinstance(given, str) else table["label"].astype(str).tolist()
    table["label"] = table["label"].astype(str)
    assert (
        "The column 'label' is read as a feature and holds the labels themselves."
        in evaluate(model, table, y, cv=2, scoring="accuracy").notes
    )


def test_a_column_of_pictures_in_memory_is_compared_with_no_label():
    table = pd.DataFrame({"text": ["good", "bad"] * 6, "y": [1, 0] * 6})
    table["image"] = [np.full((8, 8, 3), i, np.uint8) for i in range(12)]
    model = make_fusion(**fakes())
    assert notes_on_columns(model, table, table, [table["y"]]) == []


def test_columns_beside_those_that_views_pick_are_no_features():
    table = features().assign(site=np.repeat(["a", "b"], 30))
    views, classifier = {"age": FunctionTransformer()}, LabeledOnly(LogisticRegression())
    alone = make_fusion(views=views, columns={"age": ["age"]}, classifier=classifier)
    y = table["label"].to_numpy()
    results = [
        evaluate(alone, table, y, cv=2),
        search({"a": (alone, {})}, table, y, cv=2),
        transfer_report(alone, table, y, domain="site", baseline=alone, cv=2, shift=False),
    ]
    notes = [note for result in results for note in result.notes]
    assert not any("labels themselves" in note for note in notes)


def test_a_remainder_never_holds_the_labels():
    table = features()
    picks = ColumnTransformer([("text", "passthrough", ["text__0"])], remainder="passthrough")
    options = {"cv": 2, "scoring": "accuracy", "baselines": False}
    result = evaluate(behind(picks), table.drop(columns="age"), "label", **options)
    assert result.models["fusion"]["accuracy"].mean < 0.8
    assert list(result.models) == ["fusion", "text", "other columns", "dummy"]
    assert "label" in readable(behind(columns("drop")), table, ["label"])
    blind = ColumnTransformer([("text", "passthrough", [0])], remainder="passthrough")
    with pytest.raises(ValueError, match="picked by name where 'label' is no feature"):
        evaluate(behind(blind), table, "label", cv=2)


@pytest.mark.parametrize("judge", ["evaluate", "search", "transfer_report"])
def test_a_column_that_is_not_there_is_named_with_the_way_out(judge):
    table, y = posts()
    table = table.rename(columns={"image": "imgae"})
    model = make_fusion(**fakes())
    message = r"must have the column 'image', which the model reads for 'image'.*'text', 'imgae'"
    message += r".*Did you mean 'imgae'.*columns=\{'image': 'COLUMN'\}"
    judges = {
        "evaluate": lambda: evaluate(model, table, y, cv=2),
        "search": lambda: search({"a": (model, {})}, table, y, cv=2, inner_cv=2),
        "transfer_report": lambda: transfer_report(
            model, table, y, domain=np.arange(24) % 2, baseline=model, cv=2
        ),
    }
    with pytest.raises(ValueError, match=message):
        judges[judge]()


# -- modalities ------------------------------------------------------------------------------------


def domains(n=48):
    table, y = posts(n)
    table = table.assign(site=np.repeat(["a", "b"], n // 2), speaker=np.arange(n) // 12)
    return table, y


ADAPTING = {
    "groups": {"adapt": "groups", "group": "speaker"},
    "coral": {"adapt": "coral", "domain": "site", "target_domain": "b"},
    "augment": {"adapt": "augment", "domain": "site", "target_domain": "b"},
}


@pytest.mark.parametrize("adapt", ADAPTING)
def test_a_model_that_adapts_is_judged_beside_its_modalities(adapt):
    table, y = domains()
    model = make_fusion(**fakes(), **ADAPTING[adapt])
    result = evaluate(model, table, y, cv=2, scoring="accuracy", baselines=False)
    assert list(result.models) == ["fusion", "text", "image", "dummy"]
    alone = make_fusion(text=fakes()["text"], **ADAPTING[adapt])
    assert (
        result.models["text"] == evaluate(alone, table, y, cv=2, scoring="accuracy").models["text"]
    )
    found = search({"a": (model, {})}, table, y, cv=2, inner_cv=2)
    assert list(found.alone) == ["text", "image", "dummy"]
    without = search({"a": (make_fusion(**fakes()), {})}, table, y, cv=2, inner_cv=2)
    assert found.alone == without.alone


@pytest.mark.parametrize("adapt", ADAPTING)
def test_marks_in_a_table_of_features_are_no_modalities(adapt):
    table, y = domains()
    X = make_fusion(**fakes(), **ADAPTING[adapt])[0].fit_transform(table)
    model = make_fusion(features="passthrough", adapt=adapt)
    result = evaluate(model, X, y, cv=2, scoring="accuracy")
    assert list(result.models) == ["fusion", "text", "image", "dummy"]
    singles = single_modalities(model, X)
    assert set(single_modalities(model, X, with_marks=False)) == set(singles) == {"text", "image"}
    mark = "group__speaker" if adapt == "groups" else "domain__0"
    assert list(singles["text"].fit(X, y)[1].feature_names_in_)[-1] == mark
    found = search({"a": (model, {})}, X, y, cv=2, inner_cv=2)
    assert list(found.alone) == ["text", "image", "dummy"]


# -- warnings --------------------------------------------------------------------------------------


class Warns(LogisticRegression):
    """Warns in each fit, of its number of rows."""

    def fit(self, X, y):
        warnings.warn(f"{len(y)} rows are few", UserWarning, stacklevel=2)
        return super().fit(X, y)


@pytest.mark.parametrize("judge", ["evaluate", "search"])
def test_a_warning_of_every_fold_is_told_once(judge):
    table = features()
    model = make_pipeline(StandardScaler(), Warns())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        if judge == "evaluate":
            evaluate(model, table, "label", cv=3, n_jobs=2)
        else:
            search({"a": (model, {})}, table, "label", cv=3, inner_cv=2, n_jobs=2)
    assert len(told) == 1
    assert str(told[0].message).endswith("rows are few")


def test_the_race_of_filters_in_threads_is_no_error():
    """scikit-learn complains where another thread has just emptied the filters."""
    text = "`sklearn.utils.parallel.delayed` should be used with `sklearn.utils.parallel.Parallel`"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        with told_once():
            inside = list(warnings.filters)
            for filters in (inside, inside[:], []):
                warnings.filters[:] = filters
                thread = threading.Thread(target=warnings.warn, args=(text, UserWarning))
                failed: list[object] = []
                threading.excepthook, hook = failed.append, threading.excepthook
                thread.start()
                thread.join()
                threading.excepthook = hook
                assert failed == []
        assert warnings.filters == before


def test_filters_of_the_user_hold_whatever_threads_do_to_them():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        warnings.filterwarnings("ignore", message="silent", category=UserWarning)
        warnings.filterwarnings("error", message="loud", category=UserWarning)
        before = list(warnings.filters)
        with told_once():
            warnings.filters[:] = []  # as another thread leaves them
            warnings.warn("silent", UserWarning, stacklevel=1)
            warnings.warn("shown 1", UserWarning, stacklevel=1)
            warnings.warn("shown 2", UserWarning, stacklevel=1)
            with pytest.raises(UserWarning, match="loud"):
                warnings.warn("loud", UserWarning, stacklevel=1)
        assert warnings.filters == before
    assert [str(each.message) for each in told] == ["shown 1"]
