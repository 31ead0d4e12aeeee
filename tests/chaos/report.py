"""What a run came to, in a line; and all there is to know of it where it failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.chaos.invariants import breaches
from tests.chaos.invariants.points import compare
from tests.chaos.run import Run, run


@dataclass(slots=True)
class Report:
    """A seed's breaches of the invariants, none when all is well, and its figures."""

    seed: int
    breaches: list[str]
    figures: str
    story: str

    def __str__(self) -> str:
        line = f"seed {self.seed}: {self.figures}"
        return "\n".join([line, *self.breaches, "", self.story]) if self.breaches else line


def report_on(seed: int, seconds: float, home: Path, *, settled_within: float = 30.0) -> Report:
    """Run a seed and check it."""
    report = Report(seed, [], "", "")

    def check(run: Run) -> None:
        run.story.tell("the invariants are checked")
        points, bill = compare(run), run.bill
        report.figures = (
            f"{len(points.missing)} missing, {len(points.extra)} extra, {len(points.wrong)} wrong; "
            f"{bill.inputs} texts billed, {bill.paid_twice} twice, {bill.paid_for_no_reason} for no reason "
            f"({bill.allowed_twice} allowed after {bill.crashes} crashes); {len(run.portal.launched)} jobs; "
            f"settled after {run.settle_seconds:.1f} s"
        )
        report.breaches += breaches(run, settled_within)

    done = run(seed, seconds, home, check)
    report.breaches += [f"{name} did not stop within its grace" for name in done.late]
    report.story = str(done.story)
    return report
