"""/metrics says what the ledger says, to whom it may, and goes on when an engine does not."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from rq import Worker
from rq.serializers import JSONSerializer

from core.jobs import ledger, part_end
from core.models import Coverage
from core.settings import Settings
from core.stack.net import free_port
from tests.core.jobs import outcomes
from tests.core.jobs.conftest import House
from tests.ledger_figures import differences, scraped
from tests.worker.conftest import Serve, status
from worker import ledger_figures
from worker.metrics import Metrics

QUEUE = "jobs:etl"


@pytest.fixture
def own(house: House) -> Settings:
    return house.settings


def test_the_figures_equal_the_ledger_after_jobs_of_every_outcome(house: House, serve: Serve) -> None:
    url = serve()
    outcomes.every_outcome(house)
    waiting = outcomes.two_parts(house)
    part = outcomes.claimed(house, waiting, 0)
    assert part.token is not None
    with house.sessions.begin() as session:
        ref = ledger.Ref(waiting, 0, part.token)
        part_end.wait(session, ledger.lock(session, waiting), ref, seconds=60, message="Cohere rests", counts=True)
    house.launch("etl.embed", candidate_ids=[1])
    assert differences(url, house.settings.database_url) == []
    told = scraped(url)
    assert told["vigia_parts_open", (("kind", "etl.sync"), ("status", "waiting"))] == 1
    assert told["vigia_queue_depth", (("queue", QUEUE),)] > 1  # of both jobs
    assert told["vigia_queue_oldest_seconds", (("queue", QUEUE),)] > 0
    assert told["vigia_scrape_seconds", ()] > 0


def test_the_comparison_notices_a_figure_that_is_wrong(house: House, serve: Serve) -> None:
    url = serve()
    outcomes.completed(house)
    with psycopg.connect(house.settings.database_url) as connection:
        connection.execute("UPDATE totals SET value = value + 1 WHERE name = 'jobs'")
    (line,) = differences(url, house.settings.database_url)
    assert "vigia_jobs_total" in line
    assert "told 2.0, counted 1.0" in line


def test_with_a_token_set_only_its_holder_reads(serve: Serve) -> None:
    url = serve(METRICS_TOKEN="let-me-in")
    for header in ({}, {"Authorization": "Bearer no"}, {"Authorization": "let-me-in"}, {"Authorization": "Bearer ñ"}):
        answer = httpx.get(f"{url}/metrics", headers={name: value.encode() for name, value in header.items()})
        assert (answer.status_code, "vigia_" in answer.text) == (403, False)
        assert "METRICS_TOKEN" in answer.text
    assert scraped(url, token="let-me-in")["vigia_redis_up", ()] == 1
    assert status(f"{url}/healthz") == 200


def test_without_a_database_there_are_no_figures_but_life(serve: Serve) -> None:
    url = serve(DATABASE_URL=f"postgresql://vigia:a-secret@127.0.0.1:{free_port()}/vigia")
    answer = httpx.get(f"{url}/metrics")
    assert answer.status_code == 503
    assert "PostgreSQL does not give the figures (OperationalError)" in answer.text
    assert "a-secret" not in answer.text
    assert status(f"{url}/healthz") == 200


def test_without_redis_the_ledger_still_tells_its_figures(house: House, serve: Serve) -> None:
    outcomes.completed(house)
    url = serve(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    told = scraped(url)
    assert told["vigia_redis_up", ()] == 0
    assert differences(url, house.settings.database_url) == []


def test_a_connection_that_was_cut_costs_no_scrape(own: Settings) -> None:
    metrics = Metrics(own)
    metrics.text()
    with psycopg.connect(own.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigia-ops'"
        )
    assert b"vigia_jobs" in metrics.text()
    metrics.close()


def test_a_database_that_hangs_keeps_nobody_waiting(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(own)
    metrics.text()
    with psycopg.connect(own.database_url) as connection, monkeypatch.context() as hurried:
        hurried.setattr(ledger_figures, "PATIENCE_SECONDS", 0.2)
        connection.execute("LOCK TABLE totals")
        with pytest.raises(psycopg.OperationalError):
            metrics.text()
    assert b"vigia_jobs" in metrics.text()
    metrics.close()


@pytest.fixture
def worker(house: House) -> Iterator[Worker]:
    """One whom RQ itself has put into its register."""
    worker = Worker([QUEUE, "jobs:other"], connection=house.redis, serializer=JSONSerializer)
    worker.register_birth()
    worker.set_state("idle")
    yield worker
    worker.register_death()


def test_a_worker_that_was_killed_counts_for_half_a_minute(own: Settings, worker: Worker, house: House) -> None:
    metrics = Metrics(own)
    for left, workers in ((60, 1.0), (50, 0.0)):  # idle, it gives its key 90 s with each beat
        house.redis.expire(worker.key, left)
        lines = metrics.text().decode().splitlines()
        assert f'vigia_workers{{state="idle"}} {workers}' in lines
        assert f'vigia_queue_messages{{queue="{QUEUE}"}} 0.0' in lines
    metrics.close()


def test_a_snapshot_of_before_a_figure_was_counted_costs_no_scrape(own: Settings, house: House) -> None:
    with house.sessions.begin() as session:
        session.add(Coverage(alias="candidates", figures={"eligible": 3}))
    metrics = Metrics(own)
    lines = metrics.text().decode().splitlines()
    metrics.close()
    assert [line for line in lines if line.startswith("vigia_coverage_candidates{")] == [
        'vigia_coverage_candidates{collection="candidates",state="eligible"} 3.0'
    ]


def test_workers_and_their_queues_are_told_from_the_register_of_rq(own: Settings, worker: Worker, house: House) -> None:
    house.launch()
    metrics = Metrics(own)
    lines = metrics.text().decode().splitlines()
    metrics.close()
    assert 'vigia_workers{state="idle"} 1.0' in lines
    assert 'vigia_workers{state="busy"} 0.0' in lines
    assert f'vigia_queue_messages{{queue="{QUEUE}"}} 1.0' in lines
    assert 'vigia_queue_depth{queue="jobs:other"} 0.0' in lines
    assert 'vigia_queue_oldest_seconds{queue="jobs:other"} 0.0' in lines
