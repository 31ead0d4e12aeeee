"""The migrations make the tables that the models describe, take them away, and make them again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from core import models  # noqa: F401  (fills the metadata)
from core.db import Base, driver_url
from tests.ledger_figures import counted

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrating")
        yield postgres_url.rpartition("/")[0] + "/migrating"
        connection.execute("DROP DATABASE migrating WITH (FORCE)")


def alembic(url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {row[0] for row in rows}


def test_up_down_and_up_again(empty_database: str) -> None:
    config = alembic(empty_database)
    command.upgrade(config, "head")
    assert tables(empty_database) == set(Base.metadata.tables) | {"alembic_version"}
    command.downgrade(config, "base")
    assert tables(empty_database) == {"alembic_version"}
    with psycopg.connect(empty_database) as connection:
        left = connection.execute(
            "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
        ).fetchall()
    assert left == []
    command.upgrade(config, "head")
    assert tables(empty_database) == set(Base.metadata.tables) | {"alembic_version"}


def test_the_models_and_the_migrated_tables_do_not_differ(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), "head")
    engine = create_engine(driver_url(empty_database))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_two_that_migrate_at_once_do_not_wait_for_each_other(empty_database: str) -> None:
    upgrade = "import sys; from core import schema; schema.upgrade(sys.argv[1])"
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'migrating' AND pid <> pg_backend_pid()"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7274001)")
        both = [subprocess.Popen([sys.executable, "-c", upgrade, empty_database]) for _ in range(2)]
        while connection.execute(others).fetchone() != (2,):
            time.sleep(0.05)
    assert [process.wait(120) for process in both] == [0, 0]
    assert tables(empty_database) == set(Base.metadata.tables) | {"alembic_version"}


def test_who_was_stopped_while_the_jobs_were_vacuumed_goes_on(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), "0009")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0008'")  # all is there, and not yet said
    command.upgrade(alembic(empty_database), "0009")


OLD_JOBS = """
    INSERT INTO jobs (id, kind, queue, title, payload, scope, requested_by, status, done, failed,
                      started_at, finished_at)
    SELECT gen_random_uuid(), 'etl.sync', 'q', 't', '{}', n::text, 'ana',
           (ARRAY['completed', 'cancelled', 'running', 'queued'])[n % 4 + 1], 10 * n, n % 2,
           CASE WHEN n % 4 < 3 THEN now() END, CASE WHEN n % 4 < 2 THEN now() + n * interval '3 seconds' END
    FROM generate_series(1, 40) n;
    INSERT INTO parts (job_id, n, record_ids, total, status, started_at, finished_at)
    SELECT id, n, '{}', 9, (ARRAY['done', 'failed', 'cancelled', 'queued'])[n],
           CASE WHEN n < 3 THEN started_at END, CASE WHEN n < 4 THEN started_at + n * interval '40 minutes' END
    FROM jobs, generate_series(1, 4) n WHERE started_at IS NOT NULL
"""


def test_the_totals_begin_with_the_jobs_that_there_are(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), "0002")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(OLD_JOBS)
    command.upgrade(alembic(empty_database), "head")
    with psycopg.connect(empty_database) as connection:
        rows = connection.execute("SELECT name, kind, label, value FROM totals")
        known = {(name, kind, label): value for name, kind, label, value in rows}
    assert known == pytest.approx(counted(empty_database))
    assert {name for name, _, _ in known} == {"jobs", "parts", "records", "job_seconds", "part_seconds"}


def test_what_jobs_paid_for_before_is_kept(empty_database: str) -> None:
    command.upgrade(alembic(empty_database), "0002")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(OLD_JOBS)
        connection.execute("UPDATE jobs SET model = 'embed-v4.0', calls = 2, tokens = 300 WHERE done % 20 = 0")
    command.upgrade(alembic(empty_database), "head")
    with psycopg.connect(empty_database) as connection:
        (row,) = connection.execute("SELECT count(*), sum(calls), sum(tokens), min(model) FROM spend").fetchall()
        whose = connection.execute("SELECT DISTINCT kind, person FROM spend").fetchall()
    assert row == (20, 40, 6000, "embed-v4.0")
    assert whose == [("etl.sync", "ana")]


def test_each_version_of_a_candidate_has_a_time_of_its_own(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO candidates (external_id, full_name, headline) VALUES ('a', 'Ana', 'Nurse')")
        seen = [
            connection.execute("UPDATE candidates SET location = 'Bilbao' RETURNING updated_at").fetchone()
            for _ in range(5)
        ]
        future = connection.execute(
            "ALTER TABLE candidates DISABLE TRIGGER candidates_touch; "
            "UPDATE candidates SET updated_at = now() + interval '1 day'; "
            "ALTER TABLE candidates ENABLE TRIGGER candidates_touch"
        )
        future.close()
        ahead = connection.execute("SELECT updated_at FROM candidates").fetchone()
        later = connection.execute("UPDATE candidates SET location = 'Vigo' RETURNING updated_at").fetchone()
    assert len(set(seen)) == 5 and seen == sorted(seen)  # type: ignore[type-var]
    assert ahead is not None and later is not None and later[0] > ahead[0]
