"""What goes wrong, each by one function: it hurts something, plans the end of it, and says what it did."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from redis import Redis, RedisError

from tests.chaos import writes
from tests.chaos.crew import WORKERS, signal_all
from tests.standins.cohere_script import Fault

if TYPE_CHECKING:
    from tests.chaos.run import Run

RESTART_SECONDS = 3.0  # a server takes, at most
LATENCY_SECONDS = 0.15  # of Cohere
SLOW_SECONDS = 1.0  # while there is a zombie, so that it meets who has taken its part
HASTE_SECONDS = 0.8  # a second signal after a second would kill the part, too
ZOMBIE_SECONDS = 6.0  # after its lease has run out, a part is taken by another, or nobody is there to take it

Harm = Callable[["Run", random.Random], str]


def kill_horse(run: Run, dice: random.Random) -> str:
    worker = dice.choice(run.crew.workers)
    horses = run.crew.horses(worker)
    signal_all(horses, signal.SIGKILL)
    run.bill.died(bool(horses))
    return f"the horse of {worker} is killed" if horses else f"{worker} has no horse to be killed"


def kill_worker(run: Run, dice: random.Random) -> str:
    worker = dice.choice(run.crew.workers)
    run.crew.send(worker, signal.SIGKILL)
    run.bill.allow_crash(1)
    return f"{worker} is killed, its horse is not"


def kill_both(run: Run, dice: random.Random) -> str:
    worker = dice.choice(run.crew.workers)
    signal_all(run.crew.horses(worker), signal.SIGKILL)
    run.crew.send(worker, signal.SIGKILL)
    run.bill.died(1)
    return f"{worker} and its horse are killed"


def stop_worker(run: Run, dice: random.Random) -> str:
    worker, began = dice.choice(run.crew.workers), time.monotonic()
    run.crew.send(worker, signal.SIGTERM)

    def again() -> None:
        if time.monotonic() - began < HASTE_SECONDS:
            run.crew.send(worker, signal.SIGTERM)

    run.after(0.3, again)
    return f"{worker} is asked to stop, twice if nothing comes between"


def freeze(run: Run, dice: random.Random) -> str:
    """Make zombies: their leases run out, and then they go on as if nothing had happened."""
    worker = dice.choice(run.crew.workers)
    horses, seconds = run.crew.horses(worker), run.lease_seconds + dice.uniform(0.5, 3)
    signal_all(horses, signal.SIGSTOP)
    run.crew.send(worker, signal.SIGSTOP)

    def thaw() -> None:
        run.story.tell(f"{worker} thaws")
        run.bill.thawed()
        signal_all(horses, signal.SIGCONT)
        run.crew.send(worker, signal.SIGCONT)

    run.after(seconds, thaw)
    run.bill.died(bool(horses))
    return f"{worker} and its horse are frozen for {seconds:.1f} s"


def freeze_horse(run: Run, dice: random.Random) -> str:
    worker = dice.choice(run.crew.workers)
    horses, seconds = run.crew.horses(worker), run.lease_seconds + dice.uniform(0.5, 2)
    signal_all(horses, signal.SIGSTOP)

    def thaw() -> None:
        run.story.tell(f"the horse of {worker} thaws")
        run.bill.thawed()
        signal_all(horses, signal.SIGCONT)

    run.after(seconds, thaw)
    run.bill.died(bool(horses))
    return f"the horse of {worker} is frozen for {seconds:.1f} s"


def wake_zombie(run: Run, dice: random.Random) -> str:
    """Freeze who has a part in hand, and let it go on in the very moment that another has taken it."""
    held = writes.in_hand(run.engines.urls["DATABASE_URL"])
    mine = [(worker, part) for worker in run.crew.workers for part in held if run.crew.is_of(worker, part.holder)]
    if not mine:
        return "nobody has a part in hand to be frozen with"
    worker, part = dice.choice(mine)
    horses = run.crew.horses(worker)
    signal_all(horses, signal.SIGSTOP)
    run.bill.died(1)
    run.cohere.script.latency = SLOW_SECONDS
    thawed = threading.Event()

    def thaw() -> None:
        if not thawed.is_set():
            thawed.set()
            run.cohere.script.latency = LATENCY_SECONDS
            run.bill.thawed()
            signal_all(horses, signal.SIGCONT)
            run.story.tell(f"the horse of {worker} thaws")

    run.after(run.lease_seconds + ZOMBIE_SECONDS, thaw)
    until_taken = (run.engines.urls["DATABASE_URL"], part, thawed, thaw)
    threading.Thread(target=writes.when_taken, args=until_taken, name="zombie", daemon=True).start()
    return f"the horse of {worker} is frozen until another has taken part {part.n} of {part.job_id}"


def kill_ticker(run: Run, dice: random.Random) -> str:
    run.crew.send("ticker", signal.SIGKILL)
    return "the ticker is killed"


def restart_postgres(run: Run, dice: random.Random) -> str:
    how = dice.choice([signal.SIGINT, signal.SIGQUIT])
    seconds = dice.choice([0.0, 0.5, 2.0])
    # What was paid for could not be kept, or was not on disk yet.
    run.bill.allow_crash(WORKERS, before=1.0, lasts=seconds + RESTART_SECONDS)
    is_back = run.bill.database_went()
    _outage(run, "postgres", how, seconds)
    watched = (run.engines.urls["DATABASE_URL"], is_back)
    run.after(seconds, threading.Thread(target=writes.when_back, args=watched, name="back", daemon=True).start)
    return f"PostgreSQL is restarted {'fast' if how == signal.SIGINT else 'at once'}"


def restart_valkey(run: Run, dice: random.Random) -> str:
    how, seconds = dice.choice([signal.SIGKILL, signal.SIGTERM]), dice.choice([0.0, 1.0, 3.0, 10.0])
    run.bill.allow_wipe(lasts=seconds + RESTART_SECONDS)
    _outage(run, "valkey", how, seconds)
    return f"Valkey gets {how.name} and is away for {seconds:g} s"


def restart_vectors(run: Run, dice: random.Random) -> str:
    how, seconds = dice.choice([signal.SIGKILL, signal.SIGTERM]), dice.choice([0.0, 1.0, 3.0])
    _outage(run, "vectors", how, seconds)
    return f"the vector server gets {how.name} and is away for {seconds:g} s"


def lose_vectors(run: Run, dice: random.Random) -> str:
    run.engines.lose_vectors()
    return "the vector server loses all that it has"


def flush(run: Run, dice: random.Random) -> str:
    client = Redis.from_url(run.engines.urls["REDIS_URL"], socket_timeout=2)
    run.bill.allow_wipe()
    try:
        client.flushall()
    except RedisError:
        return "FLUSHALL is not answered"
    finally:
        client.close()
    return "FLUSHALL"


def too_many_calls(run: Run, dice: random.Random) -> str:
    seconds = dice.randint(1, 3)
    run.cohere.script.fail(Fault(status=429, retry_after=str(seconds)), times=dice.randint(1, 3))
    return f"Cohere wants to be left alone for {seconds} s"


def forget_hold(run: Run, dice: random.Random) -> str:
    """Wipe Redis while Cohere wants to be left alone: who knows of it now?"""
    run.cohere.script.fail(Fault(status=429, retry_after="4"), times=2)
    run.after(1.0, lambda: run.story.tell(flush(run, dice)))
    return "Cohere wants to be left alone for 4 s, and Redis will be wiped meanwhile"


def unwell(run: Run, dice: random.Random) -> str:
    times = dice.randint(1, 5)
    run.cohere.script.fail(Fault(status=dice.choice([500, 502, 503])), times=times)
    return f"Cohere is unwell for {times} calls"


def bad_answers(run: Run, dice: random.Random) -> str:
    kind = dice.choice(
        ["cut_body", "drop", "wrong_dimension", "missing_vector", "nan", "zeros", "empty_object", "html"]
    )
    times = dice.randint(1, 2)
    run.cohere.script.fail(Fault(kind), times=times)
    return f"Cohere answers {times} calls with {kind}"


def slow(run: Run, dice: random.Random) -> str:
    run.cohere.script.fail(Fault("slow", seconds=run.timeout_seconds + 1), times=1)
    return "Cohere answers a call too late"


def _outage(run: Run, engine: str, how: signal.Signals, seconds: float) -> None:
    run.engines.take_down(engine, how)
    run.after(seconds, lambda: run.engines.bring_up(engine))


# How often each happens, beside the others.
HARMS: Mapping[Harm, int] = {
    kill_horse: 2,
    kill_worker: 1,
    kill_both: 2,
    stop_worker: 1,
    freeze: 2,
    freeze_horse: 1,
    wake_zombie: 4,
    kill_ticker: 1,
    restart_postgres: 2,
    restart_valkey: 2,
    restart_vectors: 2,
    lose_vectors: 1,
    flush: 2,
    too_many_calls: 2,
    forget_hold: 2,
    unwell: 1,
    bad_answers: 2,
    slow: 1,
}


def harm(run: Run, dice: random.Random) -> str:
    """Do any of them."""
    (chosen,) = dice.choices(list(HARMS), list(HARMS.values()))
    return chosen(run, dice)
