"""Which jobs: one value for the list, its tabs, its export and the acts on all that match, and what it is in SQL."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    any_,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
)

from core.models import Census, Failure, IndexState, Job

Texts = tuple[str, ...]
PIECE = re.compile(r"[^\W_]+")  # what PostgreSQL's parser is sure to take for one word
_SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")  # for a parameter would be a text


class JobWhere(BaseModel):
    """Every field that is given must match, each by any of its values; of `words` all, each the start of a word.

    `ids` are short numbers, or the starts of ids in hexadecimal; `errors` are codes of jobs or causes of failures;
    `causes` are those of failures that are open still; `people` are candidates whom a job has indexed last or set
    aside. `after` is in, `before` is out; `not_…` is out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    statuses: Texts = ()
    kinds: Texts = ()
    users: Texts = ()
    errors: Texts = ()
    causes: Texts = ()
    ids: Texts = ()
    people: tuple[int, ...] = ()
    words: Texts = ()
    after: datetime | None = None
    before: datetime | None = None
    not_statuses: Texts = ()
    not_kinds: Texts = ()
    not_users: Texts = ()
    not_errors: Texts = ()


def conditions(where: JobWhere) -> list[ColumnElement[bool]]:
    """Write all of it as conditions on `jobs`, for a reader who takes every row that matches."""
    return [*plain(where), *by_index(where)]


def plain(where: JobWhere) -> list[ColumnElement[bool]]:
    """Give the conditions that are cheap to check on a row, and whose frequency PostgreSQL knows."""
    found: list[ColumnElement[bool]] = []
    for column, wanted, unwanted in (
        (Job.status, where.statuses, where.not_statuses),
        (Job.kind, where.kinds, where.not_kinds),
        (Job.requested_by, where.users, where.not_users),
    ):
        found += [column == wanted[0] if len(wanted) == 1 else column.in_(wanted)] if wanted else []
        found += [column.not_in(unwanted)] if unwanted else []
    if where.after is not None:
        found.append(Job.created_at >= where.after)
    if where.before is not None:
        found.append(Job.created_at < where.before)
    if where.not_errors:
        found.append(not_(func.coalesce(_erred(where.not_errors), False)))
    return found


def row_by_row(where: JobWhere) -> list[ColumnElement[bool]]:
    """Give the other conditions as they are checked on a row at hand: right for those that nearly all match.

    Of words no index is asked, which would give all jobs that hold them for the sake of the few at hand.
    """
    erred = [_erred(where.errors)] if where.errors else []
    erred += [_failing(where.causes).where(Failure.job_id == Job.id).exists()] if where.causes else []
    return [*_by_key(where), *erred, *_said_row_by_row(where)]


def by_index(where: JobWhere) -> list[ColumnElement[bool]]:
    """Give the same conditions as their indexes answer them: right for those that few match."""
    erred = [_any_of(_with_error(where.errors))] if where.errors else []
    erred += [_any_of(_failing(where.causes))] if where.causes else []
    # Beside these words are checked row by row: each job that their index gave would be compared with all that failed.
    return [*_by_key(where), *erred, *(_said_row_by_row(where) if erred else _said(where))]


def _any_of(ids: Select[UUID] | CompoundSelect[UUID]) -> ColumnElement[bool]:
    """Look all these jobs up in one pass through the index, where `IN` would go down the index for each."""
    return Job.id == any_(func.array(ids.scalar_subquery()))


def _by_key(where: JobWhere) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.ids:
        found.append(or_(*(_has_id(given) for given in where.ids)))
    if where.people:
        found.append(Job.id.in_(_of_people(where.people)))
    return found


def _said(where: JobWhere) -> list[ColumnElement[bool]]:
    """Match words anywhere in what people read of a job."""
    lexemes = " & ".join(f"({lexeme})" for lexeme in map(_lexeme, where.words) if lexeme)
    return [Job.words.bool_op("@@")(func.to_tsquery(_SIMPLE, lexemes))] if lexemes else []


def _said_row_by_row(where: JobWhere) -> list[ColumnElement[bool]]:
    return [func.coalesce(said, False) for said in _said(where)]


def _lexeme(words: str) -> str:
    """Write words that stand together as a phrase of `to_tsquery`, the last one by its start."""
    pieces = [f"'{piece}'" for piece in PIECE.findall(words)]
    return " <-> ".join(pieces) + ":*" if pieces else ""


def _has_id(given: str) -> ColumnElement[bool]:
    digits = given.lower().replace("-", "")
    ways: list[ColumnElement[bool]] = []
    if re.fullmatch(r"[0-9a-f]{4,32}", digits):
        ways.append(Job.id.between(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))))
    if re.fullmatch(r"#?[0-9]{1,18}", given):
        ways.append(Job.number == int(given.lstrip("#")))
    return or_(*ways) if ways else ~true()


def _erred(codes: Texts) -> ColumnElement[bool]:
    """Match a job's own code, or a cause of its failures, open or closed."""
    failed = select(Failure.id).where(Failure.job_id == Job.id, Failure.cause.in_(codes)).exists()
    return or_(Job.error_code.in_(codes), failed)


def _with_error(codes: Texts) -> CompoundSelect[UUID]:
    job = select(Job.id).where(Job.error_code.in_(codes))
    return union_all(job, select(Failure.job_id).where(Failure.cause.in_(codes)))


def _failing(causes: Texts) -> Select[UUID]:
    """Choose the jobs with open failures of these causes."""
    return select(Failure.job_id).where(Failure.status == "open", Failure.cause.in_(causes))


def _of_people(people: tuple[int, ...]) -> Select[Any]:
    """Choose the jobs by which these candidates are in the index as they are, and those that set them aside."""
    indexed = select(IndexState.job_id).where(
        IndexState.record_kind == "candidate",
        IndexState.collection.in_(select(Census.collection)),  # without it no index leads to the record
        IndexState.record_id.in_(people),
    )
    aside = select(Failure.job_id).where(Failure.record_kind == "candidate", Failure.record_id.in_(people))
    both = union(indexed, aside).subquery()
    return select(both.c[0])
