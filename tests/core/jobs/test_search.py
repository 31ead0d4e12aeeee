"""How PostgreSQL is asked for the jobs of a search."""

from __future__ import annotations

import pytest
from sqlalchemy import and_

from core.jobs.search import JobWhere, by_index

WORDS = JobWhere(words=("sync", "not", "indexed"))


@pytest.mark.parametrize("failed", [{"errors": ("cohere_timeout",)}, {"causes": ("text_refused",)}])
def test_the_index_of_words_is_not_asked_where_the_jobs_that_failed_are_looked_up(
    failed: dict[str, tuple[str, ...]],
) -> None:
    """It gives thousands where PostgreSQL expects one, and each would be compared with all that failed."""
    assert "coalesce(jobs.words @@" in str(and_(*by_index(WORDS.model_copy(update=failed))))
    assert "coalesce" not in str(and_(*by_index(WORDS)))
