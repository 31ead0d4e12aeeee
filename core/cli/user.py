"""`vigia user`: the people who may log in."""

from __future__ import annotations

import click

from core import access
from core.cli.actor import actor
from core.cli.home import fill, home_option
from core.container import container
from core.stack.home import Home

role_option = click.option("--role", type=click.Choice(access.ROLES), required=True)
password_option = click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)


@click.group("user")
def command() -> None:
    """Add people, give them passwords and roles."""


@command.command("add")
@click.argument("name")
@role_option
@password_option
@home_option
def add(home: Home, name: str, role: str, password: str) -> None:
    """Add a person; asks for the password when it is not given."""
    fill(home)
    with container().sessions.begin() as session:
        access.create_person(session, name, password, role, actor())
    click.echo(f"{name} may log in as {role}.")


@command.command("passwd")
@click.argument("name")
@password_option
@home_option
def passwd(home: Home, name: str, password: str) -> None:
    """Give a person a new password, which ends the sessions they have."""
    fill(home)
    with container().sessions.begin() as session:
        access.set_password(session, name, password, actor())
    click.echo(f"{name} has a new password.")


@command.command("role")
@click.argument("name")
@role_option
@home_option
def role(home: Home, name: str, role: str) -> None:
    """Give a person another role."""
    fill(home)
    with container().sessions.begin() as session:
        access.set_role(session, name, role, actor())
    click.echo(f"{name} is {role} now.")
