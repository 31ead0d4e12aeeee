"""What must be done for one candidate: decided by comparing hashes, before anything is paid for."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from core.candidates import CandidateRow
from core.db import UNREADABLE
from core.index_state import State
from core.pipeline.text import text_of, words_of

RECORD_KIND = "candidate"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do: indexed already."""

    record_id: int


@dataclass(frozen=True, slots=True)
class Delete:
    """No longer eligible, or gone: no point may be left, for a holder that died may have left one unknown to us."""

    record_id: int
    known: bool  # whether the index has acknowledged a point of it


@dataclass(frozen=True, slots=True)
class Unfit:
    """Eligible by the table, but it cannot be indexed: a stable cause, and a sentence without any of its text."""

    record_id: int
    version: datetime
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Write:
    """The point must be written; `text` is None when its vector may stay and only the payload changes."""

    record_id: int
    version: datetime
    content_hash: bytes
    payload_hash: bytes
    payload: Mapping[str, Any]
    text: str | None


Plan = Skip | Delete | Unfit | Write


def plan(
    record_id: int, row: CandidateRow | None, state: State | None, *, model: str, dimension: int, force: bool
) -> Plan:
    """Decide for one candidate, as read, against its point as last acknowledged. Raises nothing."""
    if row is None or not row.eligible:
        return Delete(record_id, known=state is not None)
    if state and not force and state.source_version == row.updated_at:
        return Skip(record_id)
    if row.experience is UNREADABLE or row.education is UNREADABLE:
        reason = "The experience or education is nested too deeply to be read."
        return Unfit(record_id, row.updated_at, "record_unreadable", reason)
    try:
        return _to_write(row, None if force else state, model=model, dimension=dimension)
    except Exception as error:  # what nobody foresaw in one row must not fail its neighbours
        reason = f"The record cannot be read ({type(error).__name__})."
        return Unfit(record_id, row.updated_at, "record_unreadable", reason)


def _to_write(row: CandidateRow, state: State | None, *, model: str, dimension: int) -> Write | Unfit:
    """Make the point of an eligible candidate; the vector may stay where `state` has the same text."""
    content = text_of(row).text
    if not content:
        return Unfit(row.id, row.updated_at, "text_empty", "The profile has no text to search by.")
    content_hash = hash_of(content)
    facts = facts_of(row)
    unchanged = state is not None and state.content_hash == content_hash
    return Write(
        record_id=row.id,
        version=row.updated_at,
        content_hash=content_hash,
        payload_hash=hashlib.sha256(orjson.dumps(facts)).digest(),
        payload=facts
        | {
            "record_kind": RECORD_KIND,
            "record_id": row.id,
            "content_hash": content_hash.hex(),
            "model": model,
            "dimension": dimension,
            "version": microseconds(row.updated_at),
        },
        text=None if unchanged else content,
    )


def facts_of(row: CandidateRow) -> dict[str, Any]:
    """Collect what a search may filter by."""
    return {
        "external_id": row.external_id,
        "location": row.location,
        "skills": words_of(row.skills),
        "languages": words_of(row.languages),
        "years_experience": row.years_experience,
        "status": row.status,
    }


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def microseconds(moment: datetime) -> int:
    """Give a version as an integer that the index can compare, exactly."""
    since = moment - EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def point_id(record_id: int) -> uuid.UUID:
    """Name a candidate's point: the same for ever."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"vigia:candidate:{record_id}")
