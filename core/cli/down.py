"""`vigia down`: stops what `vigia up` started."""

from __future__ import annotations

import os
import signal
import time

import click

from core.cli.home import home_option
from core.errors import Unavailable
from core.stack.home import Home

PATIENCE_SECONDS = 30.0


@click.command("down")
@home_option
def command(home: Home) -> None:
    """Stop the stack of this home; nothing running is fine."""
    pid = home.holder()
    if pid is None:
        click.echo(f"Nothing is running in {home.path}.")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while home.holder() is not None:
        if time.monotonic() > deadline:
            raise Unavailable(f"the stack in {home.path} did not stop within {PATIENCE_SECONDS:.0f} s. Kill {pid}.")
        time.sleep(0.05)
    click.echo("Stopped.")
