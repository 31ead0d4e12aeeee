"""`vigia health`: for containers and scripts, one line and an exit code."""

from __future__ import annotations

import click
import httpx

from core.cli.home import given, home_option
from core.errors import Unavailable
from core.stack.home import Home, read_json
from core.stack.net import OPS_PORT, reachable

PATIENCE_SECONDS = 2.0  # the ops server answers within one, whatever hangs


@click.command("health")
@home_option
@click.option("--live", is_flag=True, help="Only whether the ops server lives, not whether what it needs is there.")
def command(home: Home, live: bool) -> int:
    """Ask the ops server whether the workers can work; ends with 0 or 1."""
    url = _ops_url(home)
    try:
        answer = httpx.get(f"{url}/{'healthz' if live else 'readyz'}", timeout=PATIENCE_SECONDS)
        told = dict(answer.json())
    except (httpx.HTTPError, TypeError, ValueError) as error:
        raise Unavailable(
            f"the ops server at {url} does not answer ({type(error).__name__}). Start it with `vigia up` or "
            "`python -m worker.ops_server`; OPS_HOST and OPS_PORT say where it is."
        ) from None
    checks = {name: check for name, check in told.items() if isinstance(check, dict)}
    said = [f"{name} {'ok' if check.get('ok') else check.get('error')}" for name, check in checks.items()]
    click.echo(": ".join(filter(None, (str(told.get("status")), ", ".join(said)))))
    return 0 if answer.status_code == httpx.codes.OK else 1


def _ops_url(home: Home) -> str:
    """Find the ops server of the stack that runs in this home, or else where the settings say."""
    known = given()
    host, port = reachable(known.get("OPS_HOST", "127.0.0.1")), known.get("OPS_PORT", OPS_PORT)
    return str(read_json(home.stack_file).get("ops_url") or f"http://{host}:{port}")
