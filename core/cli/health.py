"""`vigia health`: for containers and scripts."""

from __future__ import annotations

import click
import httpx

from core.cli.home import given, home_option
from core.errors import Unavailable
from core.stack.home import Home, read_json
from core.stack.net import OPS_PORT


@click.command("health")
@home_option
def command(home: Home) -> int:
    """Ask the ops server whether the workers can work; ends with 0 or 1."""
    known = given()
    url = read_json(home.stack_file).get("ops_url")
    if url is None or "OPS_PORT" in known:
        url = f"http://{known.get('OPS_HOST', '127.0.0.1')}:{known.get('OPS_PORT', OPS_PORT)}"
    try:
        answer = httpx.get(f"{url}/readyz", timeout=2)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(
            f"the ops server at {url} does not answer ({type(error).__name__}). Start it with `vigia up`."
        ) from None
    for name, check in told.items():
        if isinstance(check, dict):
            click.echo(f"{name}: {'ok' if check.get('ok') else check.get('error')}")
    return 0 if answer.status_code == httpx.codes.OK else 1
