"""A session on this test's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from core.db import engine_for


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    engine = engine_for(database)
    with Session(engine) as session:
        yield session
    engine.dispose()
