"""Pipelines as users build them, saved and loaded in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

from hybridsent import TextEncoder, load, make_fusion, save
from hybridsent.exceptions import BundleError
from hybridsent.fusion import CLASSIFIERS
from hybridsent.persist import inspect

TABLE = pd.DataFrame(
    {
        "text": [
            "I love it",
            "What a lovely day",
            "So happy",
            None,
            "I hate it",
            "What a dreadful day",
            "So sad",
            "Bad",
        ],
        "image": [None if i == 2 else np.full((8, 8, 3), 20 * i, dtype=np.uint8) for i in range(8)],
    }
)
LABELS = np.array(["positive"] * 4 + ["negative"] * 4, dtype=object)

LOADER = """
import json, sys
import pandas as pd
from hybridsent import load
model = load(sys.argv[1])
print(json.dumps(model.predict_proba(pd.DataFrame({"text": ["So happy", None], "image": [None, None]})).tolist()))
"""


@pytest.mark.parametrize("reduce", [None, "pca", "lda"])
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_pipeline_needs_no_trust(classifier, reduce, tmp_path):
    model = make_fusion(text=True, image=True, classifier=classifier, reduce=reduce).fit(
        TABLE, LABELS
    )
    path = save(model, tmp_path / "m.hybridsent")
    assert inspect(path)["needs_trust"] == []
    again = load(path)
    np.testing.assert_array_equal(again.predict(TABLE), model.predict(TABLE))
    method = "decision_function" if classifier == "svm" else "predict_proba"
    np.testing.assert_array_equal(getattr(again, method)(TABLE), getattr(model, method)(TABLE))
    assert path.stat().st_size < 2_000_000  # an encoder's weights would be 90 MB


def test_a_fresh_process_predicts_the_same(tmp_path):
    model = make_fusion(text=True, image=True).fit(TABLE, LABELS)
    path = save(model, tmp_path / "m.hybridsent")
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(path)], capture_output=True, text=True, check=True
    )
    rows = pd.DataFrame({"text": ["So happy", None], "image": [None, None]})
    np.testing.assert_allclose(json.loads(done.stdout), model.predict_proba(rows), rtol=1e-5)


def test_a_search_and_a_forest_round_trip(tmp_path):
    search = GridSearchCV(make_fusion(text=True), {"classify__Cs": [[0.1], [1.0]]}, cv=2).fit(
        TABLE, LABELS
    )
    forest = make_fusion(text=True, classifier=RandomForestClassifier(5, random_state=0)).fit(
        TABLE, LABELS
    )
    for model in (search, forest):
        again = load(save(model, tmp_path / "m.hybridsent"))
        np.testing.assert_array_equal(again.predict_proba(TABLE), model.predict_proba(TABLE))


def test_the_manifest_names_the_encoders(tmp_path):
    model = make_fusion(text=TextEncoder(urls="drop")).fit(TABLE, LABELS)
    manifest = inspect(save(model, tmp_path / "m.hybridsent", metadata={"by": "me"}))
    assert manifest["encoders"]["text"]["fingerprint"] == TextEncoder(urls="drop").fingerprint()
    assert manifest["metadata"] == {"by": "me"}
    assert manifest["classes"] == ["negative", "positive"]


def test_other_weights_under_the_same_name_are_refused(tmp_path, monkeypatch):
    path = save(make_fusion(text=True).fit(TABLE, LABELS), tmp_path / "m.hybridsent")
    monkeypatch.setattr(
        TextEncoder, "fingerprint", lambda self: "text-bge-small-en-0000000000000000"
    )
    with pytest.raises(BundleError, match="text-bge-small-en-0000000000000000"):
        load(path)
