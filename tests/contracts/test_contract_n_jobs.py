"""A law over every place that takes a number of jobs: 0 has no meaning, and hangs nothing."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from package_tree import MODULES

from hybridsent._params import MAX_THREADS, count_jobs, validate_parameter_constraints
from hybridsent.cli import main
from hybridsent.cli._main import build_parser

WRONG = [0, True, False, 1.5, "2", "all", 10**9, -(10**9), float("nan"), np.float64(2), [1]]
RIGHT = [None, 1, 2, -1, -2, -100, np.int64(2), MAX_THREADS]


def takers() -> dict[str, object]:
    """Public classes and functions anywhere in the package with a parameter n_jobs."""
    found = {}
    for module in MODULES:
        if module.endswith("__main__"):
            continue
        names = vars(__import__(module, fromlist=["_"]))
        found |= {
            name: value
            for name, value in names.items()
            if not name.startswith("_")
            and callable(value)
            and str(getattr(value, "__module__", "")).startswith("hybridsent")
            and "n_jobs" in _parameters(value)
        }
    return found


def _parameters(value: object) -> dict:
    try:
        return dict(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return {}


TAKERS = takers()
ESTIMATORS = {
    name: kind for name, kind in TAKERS.items() if hasattr(kind, "_parameter_constraints")
}
INNER = {"check_n_jobs", "count_jobs", "workers", "judge", "run_all", "run_tasks"}
INNER |= {"json_to_booster", "Trees", "threads_for", "in_threads", "last_steps"}
INNER |= {"transcribe_cells", "Bench", "on_a_bench", "answers_out_of_fold", "Engine"}
"""What is called with a number that was checked, and the checks themselves."""
FUNCTIONS = {name: TAKERS[name] for name in TAKERS if name not in ESTIMATORS.keys() | INNER}


def test_discovery_found_what_takes_jobs():
    assert {"TextEncoder", "BoostedTreesClassifier", "ContinuedBoostingRegressor"} <= set(
        ESTIMATORS
    )
    assert {"evaluate", "search", "transfer_report", "make_fusion"} <= set(FUNCTIONS)
    assert set(FUNCTIONS) | set(ESTIMATORS) | INNER == set(TAKERS)


@pytest.mark.parametrize("kind", ESTIMATORS.values(), ids=ESTIMATORS.keys())
def test_every_estimator_refuses_what_is_no_number_of_jobs(kind):
    constraints = {"n_jobs": kind._parameter_constraints["n_jobs"]}
    for value in WRONG:
        with pytest.raises(ValueError, match=r"'n_jobs' parameter of .* 0 has no meaning"):
            validate_parameter_constraints(constraints, {"n_jobs": value}, kind.__name__)
    for value in RIGHT:
        validate_parameter_constraints(constraints, {"n_jobs": value}, kind.__name__)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_every_function_refuses_it_before_it_looks_at_anything_else(function):
    needed = [
        name
        for name, parameter in _parameters(function).items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    for value in WRONG:
        with pytest.raises(ValueError, match=f"'n_jobs' parameter of {function.__name__} must be"):
            function(**dict.fromkeys(needed), n_jobs=value)


def _commands_with_jobs() -> list[str]:
    actions = build_parser()._subparsers._group_actions[0].choices
    return [name for name, sub in actions.items() if "--n-jobs" in sub.format_help()]


@pytest.mark.parametrize("command", _commands_with_jobs())
@pytest.mark.parametrize("value", ["0", "1.5", "two", "1000000000", "", "True"])
def test_every_command_refuses_it_and_names_the_option(command, value, capsys):
    assert main([command, "table.csv", f"--n-jobs={value}"]) == 2
    said = capsys.readouterr().err
    assert "--n-jobs" in said
    assert "0 has no meaning" in said


def test_jobs_are_counted_as_joblib_counts_them():
    from joblib import effective_n_jobs

    for n_jobs in (1, 7, -1, -2, -100, -MAX_THREADS):
        assert count_jobs(n_jobs) == effective_n_jobs(n_jobs)
