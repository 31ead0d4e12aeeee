"""How a worker hears what people want of it: a thread looks into the ledger once a second."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import engine_for, sessions_for
from core.jobs import orders
from core.jobs.orders import STOP, Order
from core.settings import settings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
STILL_SECONDS = 1.0  # a query of a thousandth of a second that takes so long waits for its answer
END_SECONDS = 2.0


class Hearing:
    """Looks for the order of one worker; while PostgreSQL is away, the last one that it read stands.

    In a thread, for the signals of the main thread must not end a query halfway; and by a connection of its own, which
    no process of a part ever touches. A PostgreSQL that hangs holds up this thread alone.
    """

    def __init__(self, worker: str) -> None:
        self.order: Order | None = None
        self._still = threading.Lock()
        self._worker = worker
        self._ended = threading.Event()
        self._engine = engine_for(settings().database_url, pool_size=1)
        self._sessions = sessions_for(self._engine)
        self._thread = threading.Thread(target=self._listen, name="hear-orders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Listen no more; waits no longer than a stop may take."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)
        self._engine.dispose()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Keep the thread still, so that a process forked now finds no lock held; one that hangs in a call is so."""
        held = self._still.acquire(timeout=STILL_SECONDS)
        try:
            yield
        finally:
            if held:
                self._still.release()

    def _listen(self) -> None:
        told = False
        while not self._ended.is_set():
            with self._still:
                self._try(self._look)
            if self.order is not None and self.order.what == STOP and not told:
                told = True  # once: a second signal would kill the part
                log.info("told_to_stop", by=self.order.by)
                os.kill(os.getpid(), signal.SIGTERM)
            self._ended.wait(LOOK_SECONDS)
        if self.order is not None:  # leave none behind: nobody will have this name again
            self._try(self._forget)

    def _look(self) -> None:
        with self._sessions() as session:
            self.order = orders.order_for(session, self._worker)

    def _forget(self) -> None:
        with self._sessions() as session:
            orders.forget(session, self._worker)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except SQLAlchemyError as error:
            log.warning("orders_not_read", error=type(error).__name__)
