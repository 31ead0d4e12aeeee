"""`vigia web`: the portal alone."""

from __future__ import annotations

import os
import sys

import click

from core import doctor
from core.cli.home import fill, home_option
from core.errors import Refused
from core.settings import settings
from core.stack.environment import environment
from core.stack.home import Home
from core.stack.net import is_free
from core.stack.processes import gunicorn


@click.command("web")
@home_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def command(home: Home, host: str, port: int) -> None:
    """Serve the portal in the foreground; the engines are to be reached by their URLs."""
    fill(home)
    own = settings()
    doctor.database(own)
    doctor.tables(own)
    if not is_free(port, host):
        raise Refused(f"port {port} of {host} is taken by another program. Stop that one, or give another --port.")
    os.execve(sys.executable, gunicorn(host, port), environment({}))  # noqa: S606  (our own command)
