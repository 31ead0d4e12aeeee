"""What holds after any sequence of faults and recovery, a sentence for each breach of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.chaos.invariants.copies import copies_agree
from tests.chaos.invariants.failures import failures_are_told_once
from tests.chaos.invariants.figures import figures_equal_the_ledger
from tests.chaos.invariants.jobs import jobs_end_once_and_add_up
from tests.chaos.invariants.leases import nobody_holds_anything, only_holders_write
from tests.chaos.invariants.money import (
    books_equal_the_bill,
    kept_vectors_are_used,
    texts_are_paid_for_again_for_a_reason,
    texts_are_paid_for_once,
    unchanged_rows_cost_nothing,
)
from tests.chaos.invariants.pace import provider_is_left_alone_when_it_says_so
from tests.chaos.invariants.points import points_equal_the_rows
from tests.chaos.invariants.trails import launches_are_audited_once, nothing_private_is_written_down

if TYPE_CHECKING:
    from tests.chaos.run import Run

Invariant = Callable[["Run"], Iterator[str]]
INVARIANTS: tuple[Invariant, ...] = (
    points_equal_the_rows,
    texts_are_paid_for_once,
    texts_are_paid_for_again_for_a_reason,
    books_equal_the_bill,
    provider_is_left_alone_when_it_says_so,
    jobs_end_once_and_add_up,
    failures_are_told_once,
    only_holders_write,
    nobody_holds_anything,
    copies_agree,
    launches_are_audited_once,
    nothing_private_is_written_down,
    figures_equal_the_ledger,
    unchanged_rows_cost_nothing,
    kept_vectors_are_used,
)


def breaches(run: Run, settled_within: float) -> list[str]:
    """Check all of them, and that everything had settled so soon after the last fault."""
    found = [f"{invariant.__name__}: {breach}" for invariant in INVARIANTS for breach in invariant(run)]
    if run.settle_seconds > settled_within:
        found.append(f"settled only after {run.settle_seconds:.1f} s")
    return found
