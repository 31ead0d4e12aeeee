"""2: no call before a Retry-After ends, and no more texts a minute than the limit, all workers together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.run import Run


def provider_is_left_alone_when_it_says_so(run: Run) -> Iterator[str]:
    if early := sorted(run.bill.too_early(), reverse=True):
        yield f"{len(early)} calls came too early, by up to {early[0]:.1f} s"
    limit = run.house.settings.inputs_per_minute
    if run.bill.most_in_a_minute > limit:
        yield f"{run.bill.most_in_a_minute} texts went out in a minute, the limit is {limit}"
