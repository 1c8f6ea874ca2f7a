import threading

import pytest
from PySide6.QtCore import QObject

from dinocell_app.ui.workers import run_synchronously, start, start_generator, wait_for_all


@pytest.fixture
def owner(qapp):
    return QObject()


def never(value):
    raise AssertionError(f"called with {value}")


def test_work_is_done_elsewhere_and_its_result_comes_back_here(owner, qtbot):
    heard = []
    start(threading.get_ident, lambda where: heard.append((where, threading.get_ident())), never, owner=owner)
    qtbot.waitUntil(lambda: bool(heard))
    where, here = heard[0]
    assert here == threading.get_ident()
    assert where != here


def test_an_exception_comes_back_as_it_is(owner, qtbot):
    heard = []
    error = ValueError("no")

    def fail():
        raise error

    start(fail, never, heard.append, owner=owner)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [error]


def test_nothing_is_called_after_cancelling(owner, qapp):
    gate = threading.Event()
    task = start(gate.wait, never, never, owner=owner)
    task.cancel()
    gate.set()
    assert wait_for_all()
    qapp.processEvents()
    assert task.cancelled


def test_nothing_is_called_when_the_owner_is_gone(qapp):
    gate, owner = threading.Event(), QObject()
    start(gate.wait, never, never, owner=owner)
    owner.deleteLater()
    qapp.sendPostedEvents(owner, 52)
    gate.set()
    assert wait_for_all()
    qapp.processEvents()


def test_a_generator_hands_over_everything_in_order(owner, qtbot):
    heard, ended = [], []
    start_generator(lambda: iter(range(1000)), heard.extend, ended.append, never, owner=owner)
    qtbot.waitUntil(lambda: bool(ended))
    assert heard == list(range(1000))


def test_what_came_before_a_failure_is_kept(owner):
    heard, failed = [], []

    def some():
        yield 1
        yield 2
        raise OSError("disk")

    with run_synchronously():
        start_generator(some, heard.extend, never, failed.append, owner=owner)
    assert heard == [1, 2]
    assert [str(error) for error in failed] == ["disk"]


def test_a_cancelled_generator_is_closed_before_its_next_item(owner, qtbot):
    begun, gate, closed = threading.Event(), threading.Event(), threading.Event()
    made = []

    def endless():
        try:
            while True:
                made.append(1)
                yield 1
                begun.set()
                gate.wait()
        finally:
            closed.set()

    task = start_generator(endless, lambda _batch: None, never, never, owner=owner)
    qtbot.waitUntil(begun.is_set)
    task.cancel()
    gate.set()
    qtbot.waitUntil(closed.is_set)
    assert len(made) == 2
