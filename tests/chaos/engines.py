"""PostgreSQL, Valkey and the vector server of one run: our own, for they are going to be hurt."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from core.stack import postgres, valkey, vector_server
from core.stack.children import Child
from core.stack.net import free_port

PASSWORD = "only-for-chaos"
# A crash of a server is tested, a crash of the machine is not: what was written need not be on disk.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


class Engines:
    """Three servers on ports that stay the same whatever becomes of them. For the main thread only."""

    def __init__(self, home: Path) -> None:
        self._home = home
        ports = [free_port() for _ in range(3)]
        place = postgres.choose_place(home)
        postgres.prepare(place, PASSWORD)
        programs = (
            postgres.program(place, ports[0], PASSWORD, home / "logs/postgres.log", OPTIONS),
            valkey.program(home / "valkey", ports[1], PASSWORD, home / "logs/valkey.log"),
            vector_server.program(home / "vectors", ports[2], home / "logs/vectors.log"),
        )
        self._children = {program.name: Child(program) for program in programs}
        self.urls: Mapping[str, str] = {
            "DATABASE_URL": postgres.url(ports[0], PASSWORD),
            "REDIS_URL": valkey.url(ports[1], PASSWORD),
            "QDRANT_URL": vector_server.url(ports[2]),
        }

    def start(self) -> None:
        for child in self._children.values():
            child.start()
        for child in self._children.values():
            child.wait_ready()
        postgres.ensure_database(self.urls["DATABASE_URL"])

    def alive(self, name: str) -> bool:
        return self._children[name].alive

    def take_down(self, name: str, how: signal.Signals) -> None:
        """Signal it and wait for its end."""
        self._children[name].send(how)
        self._children[name].wait_stopped()

    def bring_up(self, name: str) -> None:
        """Start it again, if nobody has; it may take a moment to serve."""
        if not self._children[name].alive:
            self._children[name].start()

    def lose_vectors(self) -> None:
        """Empty the vector server, as a disk that breaks does."""
        self.take_down("vectors", signal.SIGKILL)
        shutil.rmtree(self._home / "vectors")
        self.bring_up("vectors")

    def mend(self) -> None:
        """Bring all of them up and wait until they serve."""
        for name, child in self._children.items():
            self.bring_up(name)
            child.wait_ready()

    def stop(self) -> None:
        for child in reversed(self._children.values()):
            child.ask_to_stop()
        for child in reversed(self._children.values()):
            child.wait_stopped()
