"""One BLAS thread inside, what there was before outside."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from hybridsent._threads import one_blas_thread, threads_for

BLAS = ThreadpoolController().select(user_api="blas")


def counts():
    return [library["num_threads"] for library in BLAS.info()]


@pytest.fixture(autouse=True)
def _two():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_there_is_one_thread_inside_only():
    before = counts()
    assert before
    assert set(before) == {2}
    with one_blas_thread():
        assert set(counts()) == {1}
        with one_blas_thread():
            assert set(counts()) == {1}
        assert set(counts()) == {1}
    assert counts() == before


def test_an_error_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert set(counts()) == {2}


def test_large_matrices_are_left_to_all_threads():
    with one_blas_thread(10**9):
        assert set(counts()) == {2}


def test_limits_of_two_threads_leave_nothing_behind():
    first, second = threading.Event(), threading.Event()

    def begins_first():
        with one_blas_thread():
            first.set()
            assert second.wait(10)

    def ends_last():
        assert first.wait(10)
        with one_blas_thread():
            second.set()
            thread.join(10)

    thread = threading.Thread(target=begins_first)
    other = threading.Thread(target=ends_last)
    thread.start()
    other.start()
    other.join(10)
    assert set(counts()) == {2}
    with one_blas_thread():
        assert set(counts()) == {1}


def test_who_grows_trees_gets_the_threads_that_he_asks_for_or_one_for_few_numbers():
    assert [threads_for(10, n) for n in (None, 1, 4, -1)] == [1, 1, 4, -1]
    assert threads_for(10**9, None) is None
