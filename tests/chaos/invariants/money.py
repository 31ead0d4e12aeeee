"""2: a text is billed once, but for what was in flight when something crashed; and the books say what was billed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from core.models import Spend
from tests.chaos.bill import BATCH

if TYPE_CHECKING:
    from tests.chaos.run import Run

AGAIN = 300


def texts_are_paid_for_once(run: Run) -> Iterator[str]:
    if run.bill.paid_twice > run.bill.allowed_twice:
        yield f"{run.bill.paid_twice} texts were paid for again, {run.bill.allowed_twice} may be"


def texts_are_paid_for_again_for_a_reason(run: Run) -> Iterator[str]:
    """Look at each text by itself; a batch may be lost to a busy machine, on which a call is given up as too slow."""
    if (count := run.bill.paid_for_no_reason) > BATCH:
        yield f"{count} texts were paid for again though nothing had happened to the call before"


def books_equal_the_bill(run: Run) -> Iterator[str]:
    with run.house.sessions() as session:
        booked = session.execute(select(func.coalesce(func.sum(Spend.inputs), 0))).scalar_one()
    lost = run.bill.inputs - booked
    if not 0 <= lost <= run.bill.allowed_twice:
        yield f"{booked} texts are booked, {run.bill.inputs} were billed; {run.bill.allowed_twice} may be lost"


def unchanged_rows_cost_nothing(run: Run) -> Iterator[str]:
    """Sync once more: behind the other invariants, for it launches a job."""
    calls = len(run.bill.calls)
    job = run.sync_to_its_end()
    if (job["status"], job["progress"]["total"]) != ("completed", 0):
        yield f"another sync found something to do: {job['status']}, {job['progress']}"
    if len(run.bill.calls) != calls:
        yield f"another sync made {len(run.bill.calls) - calls} calls"


def kept_vectors_are_used(run: Run) -> Iterator[str]:
    """Index some again: whoever is in the index was paid for, and that was kept."""
    inputs = run.bill.inputs_of_records
    job = run.sync_to_its_end(force=True, limit=AGAIN)
    if job["progress"]["done"] < AGAIN / 2:
        yield f"to index {AGAIN} again has come to nothing: {job['status']}, {job['progress']}"
    if more := run.bill.inputs_of_records - inputs:
        yield f"to index {AGAIN} again has cost {more} texts"
