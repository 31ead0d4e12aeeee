"""Who writes a part in hand: a trigger of the run's own PostgreSQL looks at every write, for a look now and then would
miss one that the rightful holder sets right a moment later. Processes are told by the name of their connections.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import psycopg

# A claim is noted with its token. After it, only that process may write the row; what it is recovered by adds a death.
# When the doorbell was rung for a part, anybody may note.
WATCH = """
CREATE TABLE holders (token uuid PRIMARY KEY, process text NOT NULL);
CREATE TABLE intrusions (id bigint GENERATED ALWAYS AS IDENTITY, sentence text NOT NULL);
CREATE FUNCTION watch_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    me text := current_setting('application_name');
    holder text;
BEGIN
    IF old.token IS NULL THEN
        IF new.token IS NOT NULL THEN
            INSERT INTO holders VALUES (new.token, me);
        END IF;
        RETURN NULL;
    END IF;
    SELECT process INTO holder FROM holders WHERE token = old.token;
    IF me IS DISTINCT FROM holder AND new.deaths <= old.deaths THEN
        INSERT INTO intrusions (sentence) VALUES (format(
            'part %s of %s was held by %s, and %s wrote it: %s at %s became %s at %s',
            old.n, old.job_id, holder, me, old.status, old.cursor, new.status, new.cursor));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER watch_part AFTER UPDATE ON parts FOR EACH ROW
WHEN ((old.token, old.status, old.cursor, old.done, old.lease_until)
      IS DISTINCT FROM (new.token, new.status, new.cursor, new.done, new.lease_until))
EXECUTE FUNCTION watch_part();
"""


IN_HAND = "SELECT job_id, n, token, holder FROM parts WHERE status = 'running'"
LOOK_SECONDS = 0.01


class Grip(NamedTuple):
    """Who holds a part."""

    job_id: uuid.UUID
    n: int
    token: uuid.UUID
    holder: str


def in_hand(url: str) -> Sequence[Grip]:
    """Read who holds what; nobody while the database is away."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return [Grip(*row) for row in connection.execute(IN_HAND)]
    except psycopg.Error:
        return []


def when_taken(url: str, grip: Grip, ended: threading.Event, act: Callable[[], None]) -> None:
    """Act as soon as another has the part; the end comes first where nobody takes it, or the database goes."""
    taken = "SELECT FROM parts WHERE job_id = %s AND n = %s AND status = 'running' AND token <> %s"
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        while not ended.wait(LOOK_SECONDS):
            if connection.execute(taken, [grip.job_id, grip.n, grip.token]).fetchone() is not None:
                act()


def when_back(url: str, act: Callable[[], None]) -> None:
    """Act as soon as the database serves; never, where it does not within a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(psycopg.Error), psycopg.connect(url, connect_timeout=2):
            act()
            return
        time.sleep(LOOK_SECONDS)


def watch(url: str) -> None:
    """Look at every write from now on."""
    with psycopg.connect(url) as connection:
        connection.execute(WATCH)


def intrusions(url: str) -> list[str]:
    """Tell of the writes of who did not hold the part."""
    with psycopg.connect(url) as connection:
        return [sentence for (sentence,) in connection.execute("SELECT sentence FROM intrusions ORDER BY id")]
