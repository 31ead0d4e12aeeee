"""The tables' version: bring a database to ours, or say whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

from core.db import driver_url

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def upgrade(url: str) -> None:
    """Run the migrations that this database lacks."""
    command.upgrade(_config(url), "head")


def versions(url: str) -> tuple[str | None, str | None]:
    """Say which version the database has (None = no tables) and which one this program needs."""
    engine = create_engine(driver_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, ScriptDirectory.from_config(_config(url)).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config
