"""One share of a part: some candidates whose texts fill a call, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core import candidates, index_state
from core.errors import BadBatch
from core.failures import Aside
from core.index_state import State
from core.pipeline.plan import RECORD_KIND, Delete, Plan, Unfit, Write, plan, point_id
from core.pipeline.stopwatch import Stopwatch
from core.pipeline.vectors import Answer, Vectorizer
from core.ports import Collection, Repayload, Upsert, VectorIndex
from core.tally import StepCount, Tally

# A candidate that is edited while we embed it is read again, so often; after that the next sync takes it.
REREADS = 3


@dataclass(slots=True)
class Outcome:
    """What became of a share's records, each in exactly one of the four places."""

    records: int
    written: dict[int, State] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)
    asides: dict[int, Aside] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)  # written without a vector: the text was unchanged
    gone: set[int] = field(default_factory=set)  # no longer eligible; skipped where no point was known

    def tally(self) -> Tally:
        """Count it: every record in exactly one column, every step's columns adding up to what came in."""
        empty = sum(aside.step == "extract" for aside in self.asides.values())
        refused = len(self.asides) - empty
        skipped, deleted, written = len(self.skipped), len(self.deleted), len(self.written)
        kept = len(self.kept)
        tally = Tally(self.records, written + deleted, skipped, empty + refused)
        tally.count(StepCount("extract", self.records, self.records - skipped - empty, skipped, empty))
        tally.count(StepCount("embed", written + refused, written - kept, kept, refused))
        tally.count(StepCount("index", written + deleted, written + deleted))
        return tally

    def settle(self, record_id: int) -> None:
        """Forget what was said of a record before: it is dealt with again."""
        self.written.pop(record_id, None)
        self.asides.pop(record_id, None)
        self.deleted.discard(record_id)
        self.skipped.discard(record_id)
        self.kept.discard(record_id)
        self.gone.discard(record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """Brings shares into the index. Thread-safe."""

    vectorizer: Vectorizer
    index: VectorIndex
    collection: Collection
    still_held: Callable[[], None]  # raises when the part may be another's by now
    force: bool
    watch: Stopwatch = field(default_factory=Stopwatch)

    def plans(self, ids: Sequence[int]) -> list[Plan]:
        """Read candidates and their states, and decide for each, in the order of the ids."""
        with self.watch.over("extract"), self.vectorizer.sessions() as session:
            rows = candidates.read(session, ids)
            states = index_state.read(session, RECORD_KIND, self.collection.name, ids)
        return [self._plan(record_id, rows, states, self.force) for record_id in ids]

    def work(self, plans: Sequence[Plan]) -> Outcome:
        """Write, replace and delete points as planned, and again for who was edited meanwhile."""
        outcome = Outcome(len(plans))
        for _ in range(REREADS):
            self._apply(plans, outcome)
            again = self._edited({todo.record_id: todo.version for todo in plans if isinstance(todo, Write)})
            if not again:
                break
            plans = self._replan(again, outcome.written)
        return outcome

    def _apply(self, plans: Sequence[Plan], outcome: Outcome) -> None:
        writes = [todo for todo in plans if isinstance(todo, Write)]
        with self.watch.over("embed"):
            answer = self.vectorizer.vectors({todo.content_hash: todo.text for todo in writes if todo.text is not None})
        with self.watch.over("index"):
            self._change_points(plans, writes, answer)
        for todo in plans:
            _note(todo, answer, outcome)

    def _change_points(self, plans: Sequence[Plan], writes: Sequence[Write], answer: Answer) -> None:
        """Write and delete points; raise LeaseLost before either when the part is another's."""
        changes = [change for todo in writes if (change := _change(todo, answer)) is not None]
        gone = [todo.record_id for todo in plans if _leaves(todo, answer)]
        if changes:
            self.still_held()
            self.index.write(self.collection.name, changes)
        if gone:
            self.still_held()
            self.index.delete(self.collection.name, [point_id(record_id) for record_id in gone])

    def _edited(self, versions: Mapping[int, datetime]) -> list[int]:
        if not versions:
            return []
        with self.vectorizer.sessions() as session:
            return candidates.changed(session, versions)

    def _replan(self, ids: Sequence[int], written: Mapping[int, State]) -> list[Plan]:
        """Plan again for edited candidates, whose point is by now what we have just written; if we have."""
        with self.vectorizer.sessions() as session:
            rows = candidates.read(session, ids)
        return [self._plan(record_id, rows, written, False) for record_id in ids]

    def _plan(
        self, record_id: int, rows: Mapping[int, candidates.CandidateRow], states: Mapping[int, State], force: bool
    ) -> Plan:
        return plan(
            record_id,
            rows.get(record_id),
            states.get(record_id),
            model=self.collection.model,
            dimension=self.collection.dimension,
            force=force,
        )


def _leaves(todo: Plan, answer: Answer) -> bool:
    """Say whether no point may be left: of who must go, and of who cannot be indexed as they are now."""
    return isinstance(todo, Delete | Unfit) or (isinstance(todo, Write) and _is_refused(todo, answer))


def _is_refused(todo: Write, answer: Answer) -> bool:
    return todo.text is not None and todo.content_hash in answer.refused


def _change(todo: Write, answer: Answer) -> Upsert | Repayload | None:
    """Make the write of one point; None when its text was refused."""
    version = todo.payload["version"]
    if todo.text is None:
        return Repayload(point_id(todo.record_id), todo.payload, version)
    vector = answer.vectors.get(todo.content_hash)
    return None if vector is None else Upsert(point_id(todo.record_id), vector, todo.payload, version)


def _note(todo: Plan, answer: Answer, outcome: Outcome) -> None:
    """Write down what became of one record."""
    outcome.settle(todo.record_id)
    match todo:
        case Write() if _is_refused(todo, answer):
            outcome.asides[todo.record_id] = _refused(todo, answer.refused[todo.content_hash])
        case Write():
            outcome.written[todo.record_id] = State(todo.record_id, todo.content_hash, todo.payload_hash, todo.version)
            if todo.text is None:
                outcome.kept.add(todo.record_id)
        case Delete(known=known):
            outcome.gone.add(todo.record_id)
            (outcome.deleted if known else outcome.skipped).add(todo.record_id)
        case Unfit(cause=cause, reason=reason, version=version):
            outcome.asides[todo.record_id] = Aside(todo.record_id, "extract", cause, reason, version)
        case _:
            outcome.skipped.add(todo.record_id)


def _refused(todo: Write, refusal: BadBatch) -> Aside:
    return Aside(todo.record_id, "embed", refusal.code, str(refusal), todo.version, refusal.trace_id)
