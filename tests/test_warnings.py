"""Warnings that one thread ignores: no other thread notices, and nothing stays."""

from __future__ import annotations

import ast
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from laws import over
from package_tree import MODULES

from hybridsent._warnings import ignored_warnings, kept_filters, stand_ready
from hybridsent.encoders._files import quiet_transformers


def warn(message: str = "loud", category: type[Warning] = UserWarning) -> bool:
    """Whether a warning is heard (as an error: so says the configuration of the tests)."""
    try:
        warnings.warn(message, category, stacklevel=1)
    except Warning:
        return True
    return False


@pytest.fixture(autouse=True)
def ready():
    """The filters of a test are put before those that stand."""
    stand_ready(UserWarning)


def test_only_what_is_named_is_ignored():
    with ignored_warnings(UserWarning, "loud", "noisy"):
        assert not warn("Loud noise")
        assert not warn("noisy")
        assert warn("something else")
        assert warn("loud", DeprecationWarning)
        with ignored_warnings():
            assert not warn("something else")
            assert not warn("loud", DeprecationWarning)
        assert warn("something else")
    assert warn("loud")


def test_filters_are_as_before_also_after_an_error():
    before = list(warnings.filters)
    with pytest.raises(KeyError), ignored_warnings():
        raise KeyError
    assert warnings.filters == before


@pytest.mark.parametrize("first_out", [0, 1])
def test_threads_that_overlap_leave_the_filters_alone(first_out):
    """With catch_warnings the one that leaves last restores what the other had set."""
    before = list(warnings.filters)
    inside = [threading.Event(), threading.Event()]
    leave = [threading.Event(), threading.Event()]

    def run(i: int) -> bool:
        if i == 1:
            inside[0].wait(60)
        with ignored_warnings():
            inside[i].set()
            heard = warn()
            leave[i].wait(60)
        return heard

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, i) for i in range(2)]
        for event in inside:
            event.wait(60)
        assert warn("from outside")
        for i in (first_out, 1 - first_out):
            leave[i].set()
            runs[i].result(60)
        assert [run.result() for run in runs] == [False, False]
    assert warnings.filters == before
    assert warn()


def test_other_filters_set_meanwhile_stay():
    with warnings.catch_warnings():
        with ignored_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            mine = warnings.filters[0]
        assert warnings.filters[0] == mine
    with ignored_warnings(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert warn()


def test_copies_of_the_filters_that_are_put_back_later_silence_nothing():
    with warnings.catch_warnings():
        with ignored_warnings():
            copied = list(warnings.filters)
        warnings.filters[:] = copied
        assert warn()


def test_what_a_thread_ignores_stays_when_another_leaves_its_block():
    """The old filters that it puts back are those of before this thread began to ignore."""
    inside, entered = threading.Event(), threading.Event()

    def other() -> None:
        with warnings.catch_warnings():
            inside.set()
            entered.wait(60)

    with ThreadPoolExecutor(1) as pool:
        left = pool.submit(other)
        inside.wait(60)
        with ignored_warnings(UserWarning):
            entered.set()
            left.result(60)
            assert not warn()
    assert warn()


def test_workers_of_scikit_learn_ignore_the_same(tmp_path):
    from sklearn.utils.parallel import Parallel, delayed

    with ignored_warnings(UserWarning, "loud"):
        for backend in ("threading", "loky"):
            found = Parallel(2, backend=backend)(delayed(warn)(one) for one in ("loud", "x"))
            assert found == [False, True]


def test_filters_are_kept_where_scikit_learn_sets_them_in_threads():
    def copied(i: int) -> None:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            inside.wait()
            if i:
                left.wait(60)
        if not i:
            left.set()

    before = list(warnings.filters)
    inside, left = threading.Barrier(2), threading.Event()
    with kept_filters(), ThreadPoolExecutor(2) as pool:
        list(pool.map(copied, range(2)))
    assert warnings.filters == before
    assert warn()


@pytest.mark.parametrize("first_out", [0, 1])
def test_transformers_speaks_again_whichever_thread_leaves_last(first_out):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    blocks = [quiet_transformers(), quiet_transformers()]
    for block in blocks:
        block.__enter__()
    assert not logging.is_progress_bar_enabled()
    for i in (first_out, 1 - first_out):
        assert not logging.is_progress_bar_enabled()
        blocks[i].__exit__(None, None, None)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


PROCESS_WIDE = {"catch_warnings", "filterwarnings", "simplefilter", "resetwarnings"}
ALLOWED = {"hybridsent._warnings", "hybridsent.cli._main"}  # the command owns its process


@over(MODULES.items())
def test_no_module_touches_the_filters_of_the_process(module):
    """All code may run in a thread: what it wants ignored goes through `ignored_warnings`."""
    used = {node.attr for node in module.nodes(ast.Attribute)} & PROCESS_WIDE
    used |= {name.rpartition(".")[2] for name, _ in module.imports} & PROCESS_WIDE
    assert not used or module.name in ALLOWED
