"""All there is to know of a kind of job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from core.ports import Collection

if TYPE_CHECKING:
    from core.jobs.part_run import PartRun


class Payload(BaseModel):
    """What a job of a kind is asked to do: the HTML form, the API's JSON and the worker's argument in one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A sort of work. Its payload, page, API path, retry and metrics follow from this value."""

    name: str
    queue: str
    payload: type[Payload]
    steps: tuple[str, ...]
    title: Callable[[Any], str]  # payload -> what a person calls this job
    split: Callable[[Any, Collection], Select[tuple[int]]]  # payload -> the ids of the records to work on, in order
    run: Callable[[PartRun], None]  # runs one part; idempotent
    record_kind: str = "candidate"
    indexes: bool = True  # False for what acts on the ledger alone: it needs neither embedder nor index, and no turn
    of_records: Callable[[Sequence[int]], Payload] | None = None  # chosen records -> payload, where it takes such


NO_COLLECTION = Collection("", "", 0)  # what a kind that indexes nothing is given


def rivals_of(kind: JobKind, kinds: Mapping[str, JobKind]) -> list[str]:
    """Name the kinds that work on the same records: two open jobs of theirs do not take the same one."""
    return [name for name, other in kinds.items() if kind.indexes and other.record_kind == kind.record_kind]


def chosen(ids: Iterable[int]) -> Select[Any]:
    """Select exactly these records, each once, in ascending order."""
    wanted = bindparam("chosen_ids", sorted(set(ids)), type_=ARRAY(BigInteger))
    return select(func.unnest(wanted).label("id"))
