"""PostgreSQL dies behind an answer: after the view has read, before the request has let go of its connection."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask, Response

from tests.webapp.conftest import Visitor

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


@pytest.fixture
def dying(app: Flask) -> None:
    """End every connection of the portal's when a page is ready."""

    def kill(response: Response) -> Response:
        with psycopg.connect(app.extensions["settings"].database_url, autocommit=True) as connection:
            connection.execute(KILL, [connection.info.backend_pid])
        return response

    app.after_request(kill)


def test_a_page_that_is_ready_is_sent_though_postgresql_dies_behind_it(
    app: Flask, visitor: Callable[..., Visitor], request: pytest.FixtureRequest
) -> None:
    viewer = visitor("viewer")
    request.getfixturevalue("dying")
    statuses = {viewer.get("/jobs").status_code for _ in range(30)}  # more than the pool has connections
    assert statuses == {200}
