"""A job is cut into at most 64 parts, on the server: its record ids never travel."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Select, Table, func, insert, select, text
from sqlalchemy.orm import Session

from core.jobs import ledger, standstill, turns
from core.jobs.settle import settle
from core.models import Job

MOST_PARTS = 64
LEAST_PARTS = 4  # so that a job of some size keeps several workers busy
LEAST_SIZE = 475  # five calls, whatever the limit makes of them

SPLITTING = 7274002  # advisory lock: one split at a time, so that two overlapping jobs do not choose the same record

CHOSEN = Table(
    "chosen",
    MetaData(),
    Column("id", BigInteger),
    Column("n", BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

DROP_TAKEN = text("""
    DELETE FROM chosen WHERE id IN (
        SELECT unnest(record_ids[cursor + 1:]) FROM parts JOIN jobs ON jobs.id = parts.job_id
        WHERE parts.status IN ('queued', 'running', 'waiting') AND jobs.kind = ANY(:kinds)
          AND jobs.status IN ('queued', 'running', 'waiting') AND jobs.error_code IS NULL)  -- one that stops lets go
""")
CUT = text("""
    INSERT INTO parts (job_id, n, record_ids, total)
    SELECT :job_id, (place - 1) / :size, array_agg(id ORDER BY place), count(*)
    FROM (SELECT id, row_number() OVER (ORDER BY n) AS place FROM chosen) AS placed
    GROUP BY (place - 1) / :size
""")


def split(
    session: Session,
    job_id: uuid.UUID,
    selection: Callable[[Job], Select[Any]],
    *,
    part_size: int,
    call: int,
    rivals: list[str],
) -> bool:
    """Cut the job in the caller's transaction; False when it was cut or cancelled before, or may not begin.

    `call` is how many texts a call takes: a part is a multiple of it, so that no call goes out half empty.
    `rivals` are the kinds that work on the same records: what their open jobs are about to do is left out.
    No lease is needed: the locks end with the transaction, and the server ends a frozen one.
    """
    alone(session)
    job = ledger.find(session, job_id)
    if not turns.is_whole(job):
        return False
    if standstill.put_off(session, job_id):
        return False
    taken = _choose(session, selection(job), rivals)
    total: int = session.execute(select(func.count()).select_from(CHOSEN)).scalar_one()
    job = ledger.lock(session, job_id)  # late, so that a cancellation need not wait for a long selection
    if not turns.is_whole(job):
        return False
    parts = session.execute(CUT, {"job_id": job_id, "size": size_of(total, part_size, call)}).rowcount  # type: ignore[attr-defined]
    job.total = total
    job.split_at = job.started_at = ledger.now(session)
    ledger.tell(session, job_id, _sentence(total, parts, taken))
    settle(session, job)
    return True


def alone(session: Session) -> None:
    """Let nobody else cut a job until this transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(SPLITTING)))


def _choose(session: Session, ids: Select[Any], rivals: list[str]) -> int:
    """Keep the chosen ids in their order; return how many were left out because another open job has them."""
    wanted = ids.subquery("wanted")
    numbered = select(wanted.c[0], func.row_number().over())
    CHOSEN.create(session.connection())
    session.execute(insert(CHOSEN).from_select(["id", "n"], numbered))
    taken: int = session.execute(DROP_TAKEN, {"kinds": rivals}).rowcount  # type: ignore[attr-defined]
    return taken


def size_of(total: int, most: int, call: int) -> int:
    """Say how many records a part has: a quarter of the job, within reason, and a whole number of calls."""
    size = max(LEAST_SIZE, min(most, total // LEAST_PARTS), -(-total // MOST_PARTS))
    return -(-size // call) * call


def _sentence(total: int, parts: int, taken: int) -> str:
    share = "one part" if parts == 1 else f"{parts} parts"
    sentence = f"{total:,} {'record' if total == 1 else 'records'} in {share}." if total else "There is nothing to do."
    return sentence + (f" {taken:,} more are in the hands of other jobs." if taken else "")
