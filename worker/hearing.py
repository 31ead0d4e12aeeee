"""How a worker hears what people want of it: a thread looks into the ledger once a second."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.db import engine_for, sessions_for
from core.jobs import orders
from core.jobs.orders import STOP, Order
from core.settings import settings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0


class Hearing:
    """Looks for the order of one worker; while PostgreSQL is away, the last one that it read stands.

    In a thread, for the signals of the main thread must not end a query halfway; and by a connection of its own, which
    no process of a part ever touches. `still` is held while such a process is forked.
    """

    def __init__(self, worker: str) -> None:
        self.order: Order | None = None
        self.still = threading.Lock()
        self._worker = worker
        self._ended = threading.Event()
        self._engine = engine_for(settings().database_url, pool_size=1)
        self._sessions = sessions_for(self._engine)
        self._thread = threading.Thread(target=self._listen, name="hear-orders", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and leave no order behind: nobody will have this name again."""
        self._ended.set()
        self._thread.join()
        if self.order is not None:
            self._try(self._forget)
        self._engine.dispose()

    def _listen(self) -> None:
        told = False
        while not self._ended.is_set():
            with self.still:
                self._try(self._look)
            if self.order is not None and self.order.what == STOP and not told:
                told = True  # once: a second signal would kill the part
                log.info("told_to_stop", by=self.order.by)
                os.kill(os.getpid(), signal.SIGTERM)
            self._ended.wait(LOOK_SECONDS)

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
