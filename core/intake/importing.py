"""The import: read, check, store, in short transactions; then say what became of every line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import orjson
import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.access import Actor, record
from core.candidates import CandidateRow
from core.errors import Invalid, NotFound, Unavailable
from core.intake.formats import records_of
from core.intake.record import Record
from core.intake.report import ImportReport, Progress, Remarks
from core.intake.row import COLUMNS, Row, reason_of
from core.intake.store import remember_lines, store
from core.pipeline.text import MOST_CHARACTERS, text_of

BATCH_ROWS = 500
BATCH_BYTES = 4_000_000
MOST_UNKNOWN = 50


def import_file(
    sessions: sessionmaker[Session],
    path: Path,
    *,
    actor: Actor,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> ImportReport:
    """Import a CSV, JSONL, JSON or JSON Resume file; importing it again changes nothing.

    Memory is bounded, whatever the file's size. `progress` is called after each batch. Leaves one audit row, also
    when it is broken off: what was stored until then stays. Raises NotFound, Unavailable, and Invalid for a file of
    no known sort.
    """
    with _opened(path) as file, _translated(), _own_session(sessions) as session:
        work = _Import(session, file, progress)
        records = records_of(file, path)
        try:
            work.take_all(records)
        except BaseException:
            with suppress(SQLAlchemyError, psycopg.Error):  # when the database is the trouble, it is told above
                session.rollback()
                _audit(session, actor, path, work, finished=False)
            raise
        _audit(session, actor, path, work, finished=True)
        return work.report()


def _audit(session: Session, actor: Actor, path: Path, work: _Import, *, finished: bool) -> None:
    record(session, actor, "candidates.import", path.name, after=work.figures() | {"finished": finished})
    session.commit()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, OperationalError) as error:
        raise Unavailable("PostgreSQL does not answer: what was stored stays; import the file again") from error


@contextmanager
def _own_session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Open a session on one connection for the whole import, closed after it: it has a temporary table."""
    with sessions() as any_session:
        engine = any_session.get_bind().engine
    with engine.connect() as connection:
        try:
            with Session(connection, expire_on_commit=False) as session:
                yield session
        finally:
            connection.invalidate()


class _Import:
    """An import under way: its counts, its remarks, and the batch that fills."""

    def __init__(self, session: Session, file: BinaryIO, progress: Callable[[Progress], None]) -> None:
        self._session = session
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._tell = progress
        self._imported = self._updated = self._unchanged = 0
        self._rejected = Remarks()
        self._notes = Remarks()
        self._unknown: set[str] = set()
        self._batch: dict[str, tuple[int, Row]] = {}
        self._bytes = 0

    def take_all(self, records: Iterator[Record]) -> None:
        for one in records:
            self._take(one)
            if len(self._batch) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
                self._store()
        self._store()
        if self._unknown:
            self._notes.add(0, f"columns that are not ours were left out: {', '.join(sorted(self._unknown))}")

    def _take(self, one: Record) -> None:
        if one.problem:
            self._rejected.add(one.line, one.problem)
            return
        try:
            row = Row.model_validate(one.columns)
        except ValidationError as error:
            self._rejected.add(one.line, reason_of(error))
            return
        if len(self._unknown) < MOST_UNKNOWN:
            self._unknown |= {name[:50] for name in one.columns.keys() - set(COLUMNS)}
        if row.external_id in self._batch:
            self._reject_twice(one.line, self._batch[row.external_id][0])
            return
        self._batch[row.external_id] = (one.line, row)
        size = _size(row)
        self._bytes += size
        if size > MOST_CHARACTERS and text_of(_as_read(row)).truncated:
            self._notes.add(one.line, f"a long text: only the first {MOST_CHARACTERS:,} characters are embedded")

    def _store(self) -> None:
        """Write the batch in one transaction, and report."""
        twice = remember_lines(self._session, {known: line for known, (line, _) in self._batch.items()})
        for external_id, earlier in twice.items():
            self._reject_twice(self._batch.pop(external_id)[0], earlier)
        groups: dict[tuple[str, ...], list[Row]] = {}
        for _, row in self._batch.values():
            groups.setdefault(tuple(name for name in COLUMNS if name in row.model_fields_set), []).append(row)
        for columns, rows in groups.items():
            stored = store(self._session, columns, [row.model_dump(include=set(columns)) for row in rows])
            new = sum(one.is_new for one in stored)
            self._imported += new
            self._updated += len(stored) - new
            self._unchanged += len(rows) - len(stored)
            for one in stored:
                if one.without_text:
                    self._notes.add(self._batch[one.external_id][0], "no text: kept, but nothing to search for")
        self._session.commit()
        self._batch.clear()
        self._bytes = 0
        self._tell(Progress(self._file.tell(), self._size, **self.figures()))

    def _reject_twice(self, line: int, earlier: int) -> None:
        self._rejected.add(line, f"the same external_id as on line {earlier}")

    def figures(self) -> dict[str, int]:
        return {
            "imported": self._imported,
            "updated": self._updated,
            "unchanged": self._unchanged,
            "rejected": self._rejected.total,
        }

    def report(self) -> ImportReport:
        return ImportReport(
            imported=self._imported,
            updated=self._updated,
            unchanged=self._unchanged,
            rejected=sorted(self._rejected.kept),
            rejected_total=self._rejected.total,
            notes=sorted(self._notes.kept),
            notes_total=self._notes.total,
        )


def _size(row: Row) -> int:
    """Count the bytes of a row's text: never less than it has characters."""
    return len(orjson.dumps([row.headline, row.summary, row.skills, row.experience, row.education]))


def _as_read(row: Row) -> CandidateRow:
    """Give the row as a job would read it."""
    known = row.model_dump(exclude={"opted_out"})
    return CandidateRow(id=0, eligible=True, updated_at=datetime.now(UTC), **known)
