"""The service against its own OpenAPI: schemathesis asks what it allows, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from served import features_model, running, words_model

from hybridsent.serve import Limits, make_app

schemathesis = pytest.importorskip("schemathesis")
pytest.importorskip("fastapi")
CALM = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
NOTHING = "nothing_to_read"
"""Rows that JSON Schema cannot tell from others: their fields are there, and hold nothing."""


@pytest.mark.parametrize("model", [words_model, features_model])
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_what_the_openapi_says(model, mode):
    from schemathesis.specs.openapi.checks import (
        negative_data_rejection,
        positive_data_acceptance,
    )

    app = make_app(model(), limits=Limits(rows=4, text=200), log=None)
    asked = set()
    with running(app) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        for operation in [found.ok() for found in schema.get_all_operations()]:
            if mode is schemathesis.GenerationMode.NEGATIVE and operation.method == "get":
                continue  # nothing wrong can be sent where nothing is

            @CALM
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case):
                answer = case.call()
                asked.add((case.path, answer.status_code))
                blank = answer.status_code == 422 and answer.json()["code"] == NOTHING
                left = [positive_data_acceptance] if blank else []
                if case.media_type == "multipart/form-data":  # all of a form are texts
                    left += [positive_data_acceptance, negative_data_rejection]
                elif answer.status_code == 413:  # a refusal that it does not count as one
                    left.append(negative_data_rejection)
                case.validate_response(answer, excluded_checks=left)

            ask()
    if mode is schemathesis.GenerationMode.NEGATIVE:
        assert {("/predict", 422), ("/predict/batch", 422)} <= asked
    else:
        assert {("/predict", 200), ("/model", 200), ("/metrics", 200)} <= asked
