"""What the program needs to work, looked at one by one: what is wrong, and the cure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import httpx
import psycopg
import redis
from sqlalchemy.exc import SQLAlchemyError

from core import schema
from core.container import Container
from core.errors import AppError, JobError
from core.prices import price_of
from core.settings import Settings

OLDEST_POSTGRES = 14
OLDEST_REDIS = (6, 2)


class Unfit(AppError):
    """A dependency is not there or not as we need it; the text says what is wrong and the cure."""

    code = "unfit"


class Away(Unfit):
    """A dependency does not answer at all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: `text` is what was found, or what is wrong and the cure."""

    name: str
    ok: bool
    text: str


def examine(house: Container) -> Iterator[Finding]:
    """Look at everything, each as soon as it is known; what stands on a thing that failed is left out."""
    own = house.settings
    if (yield from _look("PostgreSQL", lambda: database(own))):
        yield from _look("tables", lambda: tables(own))
    yield from _look("Redis", lambda: queue_store(own))
    if (yield from _look("Qdrant", lambda: vectors(own))):
        yield from _look("collection", lambda: collection(house))
    yield from _look("embedder", lambda: embedder(house))
    if own.monthly_budget is not None:
        yield from _look("budget", lambda: budget(own))


def require_fit(house: Container) -> None:
    """Raise Unfit when no worker could do its work here. A Qdrant that is away is no reason: jobs wait for it."""
    own = house.settings
    database(own)
    tables(own)
    queue_store(own)
    budget(own)
    try:
        vectors(own)
    except Away:
        return
    collection(house)


def database(own: Settings) -> str:
    """Say which PostgreSQL answers; raise Unfit."""
    try:
        with psycopg.connect(own.database_url.replace("+psycopg", ""), connect_timeout=3) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise Unfit(
            f"PostgreSQL cannot be reached: {_first_line(error)}. Start it, or correct DATABASE_URL; `vigia up` "
            "starts one by itself when DATABASE_URL is not set."
        ) from None
    if version < OLDEST_POSTGRES:
        raise Unfit(f"PostgreSQL {version} is too old: use {OLDEST_POSTGRES} or later.")
    return f"version {version}"


def tables(own: Settings) -> str:
    """Say which version the tables have; raise Unfit when it is not the one that this program needs."""
    try:
        present, needed = schema.versions(own.database_url)
    except SQLAlchemyError as error:
        raise Unfit(f"The tables cannot be read: {type(error).__name__}.") from None
    if present is None:
        raise Unfit("There are no tables. Make them with `vigia migrate`.")
    if present != needed:
        raise Unfit(f"The tables have version {present}, this program needs {needed}. Run `vigia migrate`.")
    return f"version {present}"


def queue_store(own: Settings) -> str:
    """Say which Redis answers; raise Unfit, also when it would drop queues for want of memory."""
    try:
        with redis.Redis.from_url(own.redis_url, socket_connect_timeout=3, socket_timeout=3) as client:
            server, memory = client.info("server"), client.info("memory")
    except redis.AuthenticationError:
        raise Unfit("Redis refuses the password. Correct it in REDIS_URL.") from None
    except (redis.RedisError, ValueError) as error:
        raise Unfit(
            f"Redis cannot be reached: {_first_line(error)}. Start it, or correct REDIS_URL; `vigia up` starts one "
            "by itself when REDIS_URL is not set."
        ) from None
    version = str(server["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        raise Unfit(f"Redis {version} is too old: use {'.'.join(map(str, OLDEST_REDIS))} or later.")
    policy = memory.get("maxmemory_policy")
    if policy != "noeviction":
        raise Unfit(
            f"Redis may throw queues away: its maxmemory-policy is {policy}. "
            "Set it to noeviction (`redis-cli config set maxmemory-policy noeviction`, and in its configuration)."
        )
    return f"version {version}, {policy}"


def vectors(own: Settings) -> str:
    """Say which Qdrant answers; raise Unfit."""
    headers = {"api-key": own.qdrant_api_key} if own.qdrant_api_key else {}
    try:
        with httpx.Client(base_url=own.qdrant_url, headers=headers, timeout=3) as client:
            version = client.get("/").json().get("version", "unknown")
            status = client.get("/collections").status_code
    except (httpx.HTTPError, ValueError) as error:
        raise Away(
            f"Qdrant cannot be reached at {own.qdrant_url}: {_first_line(error)}. Start it, or correct QDRANT_URL; "
            "`vigia up` starts a vector server by itself when QDRANT_URL is not set."
        ) from None
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Unfit("Qdrant refuses the key. Correct QDRANT_API_KEY.")
    return f"version {version}"


def collection(house: Container) -> str:
    """Say what the alias stands for; raise Unfit when it was made for another model than the settings name."""
    own, wanted = house.settings, house.embedder
    try:
        found = house.index.current(own.collection)
    except JobError as error:
        raise Unfit(str(error)) from None
    if found is None:
        return f"{own.collection}: none yet, the first sync makes it"
    if (found.model, found.dimension) != (wanted.model, wanted.dimension):
        raise Unfit(
            f"{own.collection} was made for {found.model} with {found.dimension} dimensions, the settings say "
            f"{wanted.model} with {wanted.dimension}. Set EMBEDDER, EMBED_MODEL and EMBED_DIMENSION back, or give "
            "COLLECTION another name and sync into it."
        )
    return f"{own.collection}: {found.name}, {found.model}, {found.dimension} dimensions"


def embedder(house: Container) -> str:
    """Embed one word as a waiting person would; raise Unfit with the provider's reason."""
    try:
        answer = house.embedder.embed(["vigia"], purpose="query", urgent=True)
    except JobError as error:
        raise Unfit(str(error)) from None
    except ImportError as error:
        raise Unfit(f"{error}. Install the extra `embedded`, or set COHERE_API_KEY.") from None
    return f"{house.embedder.model}, {answer.vectors.shape[1]} dimensions"


def budget(own: Settings) -> str:
    """Say what may be spent in a month; raise Unfit when nobody could count it."""
    if own.monthly_budget is None:
        return "no limit"
    price = price_of(own.embed_model, 1_000_000)
    if own.embedder == "cohere" and price is None:
        raise Unfit(
            f"MONTHLY_BUDGET cannot be kept: the price list does not know EMBED_MODEL={own.embed_model}. Name a list "
            "with its price in PRICES_FILE, or unset MONTHLY_BUDGET."
        )
    return f"{own.monthly_budget:,.2f} {price[1] if price else ''} a month".replace("  ", " ")


def _look(name: str, check: Callable[[], str]) -> Generator[Finding, None, bool]:
    try:
        finding = Finding(name, True, check())
    except Unfit as error:
        finding = Finding(name, False, str(error))
    yield finding
    return finding.ok


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
