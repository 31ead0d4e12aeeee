"""A stop may be told by a signal at any moment, also while it is told or waited for."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.stop import Stop

TIMES = 2000


@pytest.mark.timeout(60)
def test_a_signal_may_tell_it_while_it_is_told_and_waited_for() -> None:
    """`threading.Event` hangs here."""
    told: list[object] = []
    stop = Stop()

    def tell() -> None:
        told.append(1)
        stop.set()

    with signals_call(tell):
        while len(told) < TIMES:
            stop = Stop()
            stop.set()
            assert stop.wait(0)


def test_all_that_wait_hear_it() -> None:
    stop, heard = Stop(), []
    waiting = [threading.Thread(target=lambda: heard.append(stop.wait())) for _ in range(3)]
    for thread in waiting:
        thread.start()
    stop.set()
    for thread in waiting:
        thread.join(60)

    assert heard == [True, True, True]
    assert stop.is_set()


def test_its_handler_runs_no_line_of_python() -> None:
    """What traces lines takes locks for them: a part that was told while it wrote its coverage hung for ever."""
    stop, traced = Stop(), []
    before, tracing = signal.getsignal(signal.SIGUSR2), sys.gettrace()
    stop.told_by(signal.SIGUSR2)
    try:
        sys.settrace(lambda frame, *_: traced.append(frame.f_code.co_filename))
        signal.raise_signal(signal.SIGUSR2)
    finally:
        sys.settrace(tracing)
        signal.signal(signal.SIGUSR2, before)

    assert stop.is_set()
    assert traced == []


@pytest.mark.parametrize("told_first", [True, False])
def test_what_shall_be_done_then_is_done_in_a_thread(told_first: bool) -> None:
    stop, done = Stop(), threading.Event()
    acts = [stop.set, lambda: stop.then(done.set)]
    for act in acts if told_first else reversed(acts):
        assert not done.is_set()
        act()

    assert done.wait(60)


def test_who_waits_in_vain_is_told_so() -> None:
    assert not Stop().wait(0.001)


@contextmanager
def signals_call(act: Callable[[], None]) -> Iterator[None]:
    """Call it wherever this thread happens to be, again and again."""
    ended, main, often = threading.Event(), threading.main_thread().ident, sys.getswitchinterval()
    assert main is not None

    def send() -> None:
        while not ended.is_set():
            signal.pthread_kill(main, signal.SIGUSR2)

    before = signal.signal(signal.SIGUSR2, lambda *_: act())
    sending = threading.Thread(target=send)
    sys.setswitchinterval(1e-6)
    sending.start()
    try:
        yield
    finally:
        ended.set()
        sending.join()
        sys.setswitchinterval(often)
        signal.signal(signal.SIGUSR2, before)
