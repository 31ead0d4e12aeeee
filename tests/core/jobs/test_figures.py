"""The running totals are what counting the ledger gives, whatever happened."""

from __future__ import annotations

import pytest

from core import totals
from core.tally import Tally
from tests.core.jobs import outcomes
from tests.core.jobs.conftest import House
from tests.ledger_figures import Figures, counted


def running_totals(house: House) -> Figures:
    with house.sessions() as session:
        return totals.read(session)


def ours(figures: Figures) -> Figures:
    """Leave out what others book: money, back-offs, dead letters."""
    names = ("jobs", "parts", "records", "lease_recoveries", "job_seconds", "part_seconds")
    return {key: value for key, value in figures.items() if key[0] in names}


def test_the_totals_equal_the_ledger_after_jobs_of_every_outcome(house: House) -> None:
    outcomes.every_outcome(house)
    told = ours(running_totals(house))
    assert told == pytest.approx(counted(house.settings.database_url))
    ends = {(name, label) for name, _, label in told}
    assert {("jobs", end) for end in ("completed", "completed_with_errors", "failed", "cancelled")} <= ends
    assert {("parts", end) for end in ("done", "failed", "cancelled")} <= ends
    assert {("records", outcome) for outcome in ("done", "failed")} <= ends
    assert told["lease_recoveries", "etl.sync", ""] == 3


def test_records_are_counted_while_their_job_still_runs(house: House) -> None:
    outcomes.completed(house)
    job_id = outcomes.two_parts(house)
    part = outcomes.claimed(house, job_id, 0)
    with house.running(part) as run:
        run.commit(Tally(96, 96), lambda session: None)
    assert running_totals(house)["records", "etl.sync", "done"] == outcomes.PART + 20 + 96
    assert ours(running_totals(house)) == pytest.approx(counted(house.settings.database_url))


def test_ending_again_what_is_over_counts_nothing(house: House) -> None:
    outcomes.every_outcome(house)
    before = running_totals(house)
    outcomes.reconciled(house)
    assert running_totals(house) == before
