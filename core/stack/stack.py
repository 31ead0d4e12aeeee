"""The whole stack: engines, then our own processes, under one supervisor and in one home."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Refused
from core.stack import engines, postgres, processes
from core.stack.environment import environment
from core.stack.home import Home, write_json
from core.stack.net import OPS_PORT, free_port, is_free, reachable
from core.stack.supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for. Port 0 is any free one."""

    host: str
    port: int
    workers: int


class Stack:
    """One running stack. `given` are the settings that somebody has set; they are kept, the others are ours."""

    def __init__(self, home: Home, plan: Plan, given: Mapping[str, str], supervisor: Supervisor) -> None:
        self.home = home
        self.plan = plan
        self.supervisor = supervisor
        self._given = given
        self._host = plan.host
        self._port = _portal_port(plan)
        self._ops_host = given.get("OPS_HOST", "127.0.0.1")
        self._ops_port = _ops_port(given, self._ops_host)
        self._urls: Mapping[str, str] = {}

    @property
    def portal_url(self) -> str:
        return f"http://{reachable(self._host)}:{self._port}"

    def start_engines(self, ready: Callable[[str], None]) -> dict[str, str]:
        """Start the engines that are ours; return the settings that all processes need."""
        planned = engines.plan(self.home, self._given)
        self._urls = planned.urls
        self.supervisor.start(planned.programs)
        self.supervisor.wait_ready(ready)
        if "DATABASE_URL" not in self._given:
            postgres.ensure_database(self._urls["DATABASE_URL"])
        own = {**self._urls, "OPS_HOST": self._ops_host, "OPS_PORT": str(self._ops_port)}
        own["PORTAL_URL"] = self._given.get("PORTAL_URL") or self.portal_url
        own["SECRET_KEY"] = self._given.get("SECRET_KEY") or self.home.secret("secret_key")
        return own

    def start_processes(self) -> None:
        """Start portal, workers, ticker and ops server; `supervisor.wait_ready` waits until they serve."""
        env, log = environment({}), self.home.log
        redis_url = self._urls["REDIS_URL"]
        self.supervisor.start(
            [
                processes.portal(env, self._host, self._port, log("portal")),
                *(
                    processes.worker(env, number, redis_url, (), log(f"worker-{number}"))
                    for number in range(1, self.plan.workers + 1)
                ),
                processes.ticker(env, log("ticker")),
                processes.ops(env, self._ops_host, self._ops_port, log("ops")),
            ]
        )

    def write(self, admin_token: str) -> None:
        """Tell others where everything is: `stack.json`, whole and at once."""
        write_json(self.home.stack_file, self._described(admin_token))

    def _described(self, admin_token: str) -> dict[str, Any]:
        pid = self.supervisor.pid
        singles = ("postgres", "valkey", "vectors", "portal", "ops", "ticker")
        workers = [pid(f"worker-{number}") for number in range(1, self.plan.workers + 1)]
        return {
            "portal_url": self.portal_url,
            "database_url": "postgresql://" + self._urls["DATABASE_URL"].partition("://")[2],
            "redis_url": self._urls["REDIS_URL"],
            "qdrant_url": self._urls["QDRANT_URL"],
            "ops_url": f"http://{reachable(self._ops_host)}:{self._ops_port}",
            "intake_dir": str(self.home.path / "intake"),
            "admin_token": admin_token,
            "embedder": os.environ.get("EMBEDDER"),
            "pids": {
                "supervisor": self.supervisor.own_pid,
                **{name: pid(name) for name in singles},
                "workers": workers,
            },
        }


def _portal_port(plan: Plan) -> int:
    if plan.port == 0:
        return free_port(plan.host)
    if not is_free(plan.port, plan.host):
        raise Refused(
            f"port {plan.port} of {plan.host} is taken by another program. Stop that one, or give another --port."
        )
    return plan.port


def _ops_port(given: Mapping[str, str], host: str) -> int:
    """Choose the port of the ops server: the one that is set, else the usual one, else a free one."""
    wanted = int(given.get("OPS_PORT") or OPS_PORT)
    if wanted and is_free(wanted, host):
        return wanted
    if wanted and given.get("OPS_PORT"):
        raise Refused(
            f"port {wanted} of {host} (OPS_PORT) is taken by another program. Set OPS_PORT to a free one, or 0."
        )
    return free_port(host)
