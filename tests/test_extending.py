"""What docs/extending.md promises: each file of it works by name, everywhere; and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from forked import forked
from hashed import Hashed, fakes, posts
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import hybridsent
from hybridsent import _plugins, _registries, load, make_fusion, save
from hybridsent.cli import main
from hybridsent.evaluation import evaluate, list_metrics, register_metric, search, unadapted
from hybridsent.exceptions import HybridsentWarning, UntrustedTypeError
from hybridsent.fusion import (
    ADAPTATIONS,
    FUSION_CANDIDATES,
    FUSION_GRID,
    FUSIONS,
    list_adaptations,
    list_fusions,
    register_adaptation,
    register_fusion,
)
from hybridsent.transfer import BaseAdapter, BaseWeigher, ReweightedEstimator

ROOT = Path(hybridsent.__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```py\n# (use )?(\w+\.py)\n(.*?)```", PAGE, re.DOTALL)
FILES = {name: f"# {name}\n{code}" for use, name, code in BLOCKS if not use}
USES = {name: code for use, name, code in BLOCKS if use}
LINES = re.findall(r"^hybridsent .*--plugin \w+\.py.*$", PAGE, re.MULTILINE)

TABLE = """
import pandas as pd
words = ["lovely good day", "so good and fine", "awful bad thing", "bad and never again"] * 6
table = pd.DataFrame({"text": [f"{word} {i}" for i, word in enumerate(words)]})
table["pulse"] = ["61 64 66", "62 60 65", "88 91 95", "90 97 94"] * 6
table["label"] = ["good", "good", "bad", "bad"] * 6
table["site"] = ["a", "a", "a", "a", "b", "b", "b", "b"] * 3
table.to_csv("posts.csv", index=False)
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Forget what a test has registered."""
    monkeypatch.setenv(_plugins.VARIABLE, "")
    before = _registries.registered()
    yield
    _registries.put_back(before)


@pytest.fixture
def folder(tmp_path):
    for name, code in FILES.items():
        (tmp_path / name).write_text(code)
    return tmp_path


def run(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a new process, in a folder that is not on its path."""
    return forked().run(code, *arguments, cwd=folder)


# -- the page --------------------------------------------------------------------------------------


def test_the_page_has_files_uses_and_commands():
    assert {"my_network.py", "my_cleaning.py", "my_pulse.py", "my_head.py", "my_adapter.py"} <= set(
        FILES
    )
    assert "my_metric.py" in FILES
    assert set(USES) == set(FILES) - {"my_recipe.py"}
    assert len(LINES) >= 4
    assert re.findall(r"^hybridsent .*$", PAGE, re.MULTILINE) == LINES  # all of them are run


@pytest.mark.slow
@pytest.mark.parametrize("name", USES)
def test_each_file_is_used_from_python_and_saved_and_loaded_elsewhere(name, folder):
    if "model" not in USES[name]:
        pytest.skip("says itself how it is used")
    target = "known" if "known" in USES[name] else "table['label']"
    after = f"from hybridsent import save\nsave(model.fit(table, {target}), 'model.hybridsent')\n"
    told = run(folder, TABLE + USES[name] + after)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()
    in_model = "register_metric" not in FILES[name]  # a metric is no part of what it judges
    told = run(folder, TABLE + (LOADED if in_model else FREE).format(name=name))
    assert told.stdout.strip() == "(24,)", told.stderr


FREE = """
from hybridsent import load
print(load('model.hybridsent').predict(table).shape)
"""

LOADED = """
from hybridsent import load
from hybridsent.exceptions import UntrustedTypeError
try:
    load('model.hybridsent')
except UntrustedTypeError as error:
    assert "plugins=[" in str(error)
else:
    raise SystemExit("it loads without being allowed")
print(load('model.hybridsent', plugins=[{name!r}]).predict(table).shape)
"""


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_each_command_of_the_page_runs(line, folder, monkeypatch, capsys):
    run(folder, TABLE)
    folds = ["--cv", "2", *(["--inner-cv", "2"] if " search " in line else [])]
    told = run(folder, "from hybridsent.cli import main; exit(main())", *line.split()[1:], *folds)
    assert told.returncode == 0, told.stderr
    assert ("neg_cost" if "--metric" in line else "accuracy") in told.stdout
    monkeypatch.chdir(folder)
    assert main(re.sub(r"--plugin \w+\.py", "", line).split()[1:]) != 0
    assert re.search(
        r"must|cannot be imported|unrecognized arguments: --pulse", capsys.readouterr().err
    )


# -- what a classifier gets ------------------------------------------------------------------------


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers what each of its fits saw, beside what a linear classifier does."""

    seen: ClassVar[list[tuple[list[str], int, bool]]] = []

    def fit(self, X, y, sample_weight=None):
        names = list(getattr(X, "columns", [None] * np.shape(X)[1]))
        missing = bool(np.isnan(np.asarray(X, dtype=float)).any())
        self.seen.append((names, len(X), missing))
        self.weighted_ = sample_weight is not None
        self.inner_ = LogisticRegression().fit(np.asarray(X), y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X):
        return self.inner_.predict(np.asarray(X))

    def predict_proba(self, X):
        return self.inner_.predict_proba(np.asarray(X))


@pytest.fixture
def seen():
    Spy.seen.clear()
    return Spy.seen


def widths(seen):
    return {len(names) for names, _, _ in seen}


@pytest.mark.parametrize("how", ["early", "align"])
def test_early_and_align_fit_the_classifier_itself_once_on_whole_rows(how, seen):
    table, y = posts(30)
    mine = Spy()
    model = make_fusion(how, **fakes(), classifier=mine).fit(table, y)
    assert model["classify"] is mine
    assert hasattr(mine, "classes_")
    ((names, n, missing),) = seen
    assert (n, missing) == (30, False)
    assert any("missing" in str(name) for name in names) == (how == "early")


@pytest.mark.parametrize("how", ["late", "stack"])
def test_late_and_stack_fit_a_clone_for_each_view_on_rows_that_have_it(how, seen):
    table, y = posts(30)
    mine = Spy()
    make_fusion(how, **fakes(), classifier=mine).fit(table, y)
    assert not hasattr(mine, "classes_")
    present = {int(table[view].notna().sum()) for view in ("text", "image")}
    assert present <= {n for _, n, _ in seen}
    assert not any(missing for _, _, missing in seen)
    assert (len(seen) == 2) == (how == "late")
    assert max(widths(seen)) < make_fusion(**fakes())[:-1].fit_transform(table, y).shape[1]


def test_weighers_give_the_classifier_weights_and_adapters_the_labelled_rows(seen):
    table, y = posts(30)
    hidden = y.to_numpy(dtype=object)
    hidden[::3] = -1
    model = make_fusion(**fakes(), classifier=Spy(), adapt="kmm").fit(table, hidden)
    assert model["classify"].estimator_.weighted_
    seen.clear()
    make_fusion(**fakes(), classifier=Spy(), adapt="coral").fit(table, hidden)
    assert [n for _, n, _ in seen] == [20]


@pytest.mark.parametrize("how", ["tensor", "gated", "cnn", "rnn"])
def test_networks_take_no_classifier(how):
    with pytest.raises(
        ValueError, match=f"classifier parameter must be left alone with how='{how}'"
    ):
        make_fusion(how, **fakes(), classifier=Spy())


# -- strategies of one's own -----------------------------------------------------------------------


def linear(classifier):
    return classifier


class Halved(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X / 2


def test_a_strategy_of_ones_own_is_known_everywhere():
    register_fusion("mine", linear, missing="indicate", summary="my own")
    assert FUSIONS[-1] == "mine"
    assert "mine" in FUSIONS
    assert list_fusions()["mine"] == "my own"
    assert FUSION_GRID["classify"] == list(FUSION_CANDIDATES.values())
    table, y = posts(30)
    model = make_fusion("mine", **fakes())
    same = make_fusion("early", **fakes())
    np.testing.assert_array_equal(
        model.fit(table, y).predict_proba(table), same.fit(table, y).predict_proba(table)
    )
    grid = {**FUSION_GRID, "classify": [FUSION_CANDIDATES["mine"], FUSION_CANDIDATES["early"]]}
    search = GridSearchCV(make_fusion(**fakes()), grid, cv=2, error_score="raise").fit(table, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == scores[1]


def test_a_build_may_be_a_class_a_name_or_give_a_transformer_too():
    register_fusion("class", LogisticRegression)
    made = make_fusion("class", **fakes(), class_weight="balanced", random_state=3)["classify"]
    assert (made.class_weight, made.random_state) == ("balanced", 3)
    register_fusion("name", "sklearn.linear_model:LogisticRegression")
    assert isinstance(make_fusion("name", **fakes())["classify"], LogisticRegression)
    register_fusion("pair", lambda classifier: (Halved(), classifier), missing="keep")
    model = make_fusion("pair", **fakes())
    assert (model["impute"], type(model["fuse"])) == ("passthrough", Halved)
    assert isinstance(FUSION_CANDIDATES["pair"], Pipeline)


def test_a_strategy_may_ask_for_segments():
    register_fusion("pieces", LogisticRegression, steps=3)
    assert make_fusion("pieces", text=True)["features"].transformers[0][1].steps == 3
    assert make_fusion("pieces", text=True, steps=2)["features"].transformers[0][1].steps == 2


@pytest.mark.parametrize(
    ("build", "given", "match"),
    [
        (LogisticRegression, {"classifier": "svm"}, "classifier parameter must be left alone"),
        (lambda: LogisticRegression(), {"class_weight": "balanced"}, "class_weight parameter must"),
        (lambda: LogisticRegression(), {"random_state": 3}, "random_state parameter must"),
        (lambda: LogisticRegression(), {"learn_device": "cuda"}, "learn_device"),
        (lambda: 3, {}, "must give an unfitted classifier.*Got 3"),
        (lambda: LogisticRegression, {}, "must give an unfitted classifier"),
        (lambda: Halved(), {}, "must give an unfitted classifier"),
        (lambda: (3, LogisticRegression()), {}, "must give an unfitted classifier"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*is left out of FUSION_GRID")
def test_what_a_build_does_not_take_is_refused(build, given, match):
    register_fusion("mine", build)
    with pytest.raises(ValueError, match=match):
        make_fusion("mine", **fakes(), **given)


def test_n_jobs_goes_to_who_takes_it():
    def build(n_jobs):
        return LogisticRegression(C=float(n_jobs or 1))

    register_fusion("mine", build)
    assert make_fusion("mine", features="passthrough", n_jobs=2)["classify"].C == 2.0
    with pytest.raises(ValueError, match="n_jobs parameter"):
        make_fusion("early", features="passthrough", n_jobs=2)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("early", linear), "must be new. 'early' is taken"),
        (("two words", linear), "letters, digits.*Got 'two words'"),
        ((3, linear), "Got 3"),
        (("mine", 3), "must be a function.*Got 3"),
        (("mine", "no_colon"), "must be a function.*Got 'no_colon'"),
        (("mine", lambda table: 3), "needs 'table'"),
        (("mine", lambda classifier, /: 3), "needs 'classifier'"),
    ],
)
def test_what_cannot_be_registered_is_told(arguments, match):
    for register in (register_fusion, register_adaptation):
        if arguments[0] == "early" and register is register_adaptation:
            continue
        with pytest.raises(ValueError, match=match):
            register(*arguments)


@pytest.mark.filterwarnings("ignore:.*is left out of FUSION_GRID")
@pytest.mark.parametrize("build", ["nowhere_at_all:build", "math:nothing"])
def test_a_build_that_is_not_there_is_told_when_it_is_used(build):
    register_fusion("mine", build)
    register_adaptation("mine", build)
    for given in ({"how": "mine"}, {"adapt": "mine"}):
        with pytest.raises(
            ValueError, match=f"must name a function that Python finds. Got '{build}'"
        ):
            make_fusion(**fakes(), **given)


@pytest.mark.parametrize("wrong", [{"missing": "drop"}, {"steps": 0}, {"steps": True}])
def test_wrong_options_of_a_strategy_are_told(wrong):
    with pytest.raises(ValueError, match=f"The {next(iter(wrong))} parameter of register_fusion"):
        register_fusion("mine", linear, **wrong)


def test_a_strategy_that_cannot_be_built_hides_no_other():
    known = list(FUSION_CANDIDATES)
    with pytest.warns(
        HybridsentWarning, match=r"'broken' is left out of FUSION_GRID.*ZeroDivision"
    ):
        register_fusion("broken", lambda: 1 / 0)
    register_fusion("mine", linear)
    assert list(FUSION_CANDIDATES) == [*known, "mine"]


def test_one_may_be_replaced_and_is_taken_back_with_its_plugin(tmp_path):
    register_fusion("mine", linear)
    register_fusion("mine", LogisticRegression, replace=True)
    assert isinstance(make_fusion("mine", **fakes())["classify"], LogisticRegression)
    path = tmp_path / "fails_after_registering.py"
    path.write_text(
        "from sklearn.linear_model import LogisticRegression\n"
        "from hybridsent.fusion import register_fusion\n"
        "register_fusion('theirs', LogisticRegression)\nraise ValueError('no')"
    )
    with pytest.raises(ImportError):
        hybridsent.load_plugin(path)
    assert "theirs" not in FUSIONS
    assert "theirs" not in FUSION_CANDIDATES
    assert "mine" in FUSION_CANDIDATES


# -- adapters of one's own -------------------------------------------------------------------------


class SameMean(BaseAdapter):
    def _learn(self, rows, y):
        source, target = self._parts(rows)
        self.shift_ = target.mean(axis=0) - source.mean(axis=0)

    def _map(self, X, target):
        return X if target else X + self.shift_


class Evenly(BaseWeigher):
    def _importance_of_source(self, rows):
        return np.full(int((~rows.target).sum()), 2.0)


def sites():
    table, y = posts(40)
    table["site"] = np.where(np.arange(40) % 4 == 0, "films", "books")
    hidden = y.to_numpy(dtype=object)
    hidden[(table["site"] == "films").to_numpy()] = -1
    return table, hidden


@pytest.mark.parametrize(
    "build",
    [SameMean, Evenly, lambda random_state: LogisticRegression(random_state=random_state)],
    ids=["adapter", "weigher", "classifier"],
)
def test_a_way_to_adapt_of_ones_own_is_known_by_name(build):
    register_adaptation("mine", build, summary="my own")
    assert "mine" in ADAPTATIONS
    assert list_adaptations()["mine"] == "my own"
    table, hidden = sites()
    known = hidden != -1
    model = make_fusion(**fakes(), adapt="mine", domain="site", target_domain="films")
    if isinstance(model["classify"], LogisticRegression):
        model.fit(table[known], hidden[known])
    else:
        model.fit(table, hidden)
        assert "mine" not in str(unadapted(model))
    assert set(model.predict(table)) <= set(hidden[known])


def test_a_weigher_of_ones_own_may_be_given_itself():
    model = make_fusion(**fakes(), adapt=Evenly(), domain="site", target_domain="films")
    assert isinstance(model["classify"], ReweightedEstimator)
    table, hidden = sites()
    weights = model.fit(table, hidden)["classify"].weigher_.sample_weight_
    assert set(weights) == {0.0, 2.0}


@pytest.mark.parametrize(
    ("build", "given", "match"),
    [
        (lambda: 3, {}, "must be an unfitted transformer.*Got 3"),
        (lambda: SameMean, {}, "must be an unfitted transformer"),
        (lambda: Halved(), {}, "names its columns"),
        (Evenly, {"how": "late"}, "must be 'early' with adapt='mine'"),
        (LogisticRegression, {"classifier": "svm"}, "classifier parameter must be left alone"),
        (lambda: LogisticRegression(), {"class_weight": "balanced"}, "class_weight parameter must"),
    ],
)
def test_what_does_not_adapt_is_refused(build, given, match):
    register_adaptation("mine", build)
    with pytest.raises(ValueError, match=match):
        make_fusion(**fakes(), adapt="mine", **given)


class Lost(BaseAdapter):
    def _learn(self, rows, y):
        pass

    def _map(self, X, target):
        return X[:, :1]


class Wrong(BaseWeigher):
    def __init__(self, weights):
        self.weights = weights

    def _importance_of_source(self, rows):
        return np.asarray(self.weights)


def test_what_an_adapter_must_give_is_told():
    X = pd.DataFrame({"text__0": [0.0, 1.0], "text__1": [1.0, 0.0], "domain__0": [0.0, 1.0]})
    with pytest.raises(ValueError, match=r"_map of Lost must give.*\(1, 2\).*Got \(1, 1\)"):
        Lost().fit_transform(X)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, np.nan], [[1.0], [1.0]]])
def test_what_a_weigher_must_give_is_told(weights):
    X = pd.DataFrame({"text__0": [0.0, 1.0, 2.0], "domain__0": [0.0, 0.0, 1.0]})
    with pytest.raises(ValueError, match="_importance_of_source of Wrong must give 2 weights"):
        Wrong(weights).fit(X)


def test_an_adapter_that_joins_views_goes_with_early_fusion_alone():
    register_adaptation("mine", SameMean, joins_views=True)
    make_fusion(**fakes(), adapt="mine")
    with pytest.raises(ValueError, match="must keep the views apart with how='late'"):
        make_fusion("late", **fakes(), adapt="mine")


# -- saved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["head", "adapter", "weigher"])
def test_what_is_saved_of_ones_own_names_the_way_out_when_loaded(part, tmp_path):
    table, hidden = sites()
    given = {"head": {"classifier": Spy()}, "adapter": {"adapt": SameMean()}}.get(
        part, {"adapt": Evenly()}
    )
    told = {} if part == "head" else {"domain": "site", "target_domain": "films"}
    rows = hidden != -1 if part == "head" else slice(None)
    model = make_fusion(**fakes(), **given, **told).fit(table[rows], hidden[rows])
    path = save(model, tmp_path / "m.hybridsent")
    names = ["hashed.Hashed", f"test_extending.{type(next(iter(given.values()))).__name__}"]
    match = rf"trusted=\[.*{names[1]}.*plugins=\['my_parts.py'\].*--plugin"
    with pytest.raises(UntrustedTypeError, match=match):
        load(path)
    again = load(path, trusted=names)
    np.testing.assert_allclose(again.predict_proba(table), model.predict_proba(table))
    assert load(path, plugins=["hashed", "test_extending"]) is not None


def test_a_trusted_name_that_is_not_there_is_told(tmp_path, monkeypatch):
    table, y = posts(20)
    model = make_fusion(text=Hashed(), classifier=Spy()).fit(table, y)
    path = save(model, tmp_path / "m.hybridsent")
    monkeypatch.delattr(sys.modules[__name__], "Spy")
    match = r"You trust \['test_extending.Spy'\], but Python finds no such.*plugins=\['FILE.py'\]"
    with pytest.raises(UntrustedTypeError, match=match):
        load(path, trusted=["hashed.Hashed", "test_extending.Spy"])


def test_what_a_plugin_does_not_define_is_not_allowed_with_it(tmp_path):
    model = Pipeline([("a", FunctionTransformer(linear)), ("b", LogisticRegression())])
    model.fit([[0.0], [1.0]], [0, 1])
    path = save(model, tmp_path / "m.hybridsent")
    with pytest.raises(UntrustedTypeError, match=r"test_extending.linear"):
        load(path, plugins=["hashed"])
    assert load(path, plugins=["test_extending"]).predict([[1.0]]) == [1]


# -- metrics ---------------------------------------------------------------------------------------


def cost(labels, answers):
    return float(np.mean(np.asarray(labels) != np.asarray(answers)))


def test_a_metric_of_ones_own_is_one_by_name():
    X, y = np.arange(16.0)[:, None], np.tile([0, 1], 8)
    scorer = make_scorer(cost, greater_is_better=False)
    register_metric("neg_cost", scorer)
    by_name, itself = (
        evaluate(LogisticRegression(), X, y, cv=2, scoring=each).models["fusion"]
        for each in ("neg_cost", {"neg_cost": scorer})
    )
    assert by_name == itself
    assert by_name["neg_cost"].pooled is not None
    assert "neg_cost" in list_metrics()


def test_a_metric_that_sees_the_model_is_handed_it():
    X, y = np.arange(16.0)[:, None], np.tile([0, 1], 8)
    register_metric("steepness", lambda model, X, y: -abs(getattr(model, "coef_", X)[0, 0]))
    (candidate,) = search({"a": (LogisticRegression(), {})}, X, y, cv=2, inner_cv=2,
                          scoring="steepness").candidates.values()  # fmt: skip
    assert candidate.score.mean < 0


def test_metrics_that_cannot_be_registered_are_refused():
    scorer = make_scorer(cost)
    for name, match in [
        ("Cost!", "small letters"),
        ("accuracy", "known already"),
        ("uar", "known"),
    ]:
        with pytest.raises(ValueError, match=match):
            register_metric(name, scorer)
    register_metric("mine", scorer)
    with pytest.raises(ValueError, match="registered already"):
        register_metric("mine", scorer)
    register_metric("mine", scorer, replace=True)
    with pytest.raises(TypeError, match="make_scorer"):
        register_metric("other", "accuracy")
    with pytest.raises(ValueError, match="scorer"):
        register_metric("other", accuracy_score)


def test_a_metric_that_is_not_known_is_refused_with_what_is_like_it():
    register_metric("neg_cost", make_scorer(cost, greater_is_better=False))
    with pytest.raises(ValueError, match="neg_cost"):
        evaluate(LogisticRegression(), np.eye(4), [0, 1, 0, 1], cv=2, scoring="neg_cots")
