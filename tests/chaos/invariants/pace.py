"""2: no call before a Retry-After ends, and no more texts a minute than the limit, all workers together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.chaos.run import Run


def provider_is_left_alone_when_it_says_so(run: Run) -> Iterator[str]:
    for wish, call in run.bill.too_early():
        assert wish.fault is not None
        asked, at = run.story.second_of(wish.ended), run.story.second_of(call.at)
        yield f"a call came at {at:.2f} s, though Cohere wanted {wish.fault.retry_after} s from {asked:.2f} s on"
    limit = run.house.settings.inputs_per_minute
    if run.bill.most_in_a_minute > limit:
        yield f"{run.bill.most_in_a_minute} texts went out in a minute, the limit is {limit}"
