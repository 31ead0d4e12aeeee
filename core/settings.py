"""All settings, from the environment or `.env`, checked together at start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

Origin = Literal["environment", ".env", "default"]
EmbedderName = Literal["local", "local-fast", "cohere"]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]


class Settings(BaseSettings):
    """One frozen value; `.env.example` explains each field."""

    model_config = SettingsConfigDict(env_file=".env", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str
    redis_url: str
    qdrant_url: str
    qdrant_api_key: str | None = Field(None, repr=False)
    secret_key: str = Field(min_length=16, repr=False)

    embedder: EmbedderName = "local"
    cohere_api_key: str | None = Field(None, repr=False)
    cohere_base_url: str | None = None
    embed_model: str = "embed-v4.0"
    embed_dimension: Annotated[int, Field(ge=64, le=4096)] = 1024
    embed_inputs_per_minute: NotNegative | None = None
    embed_concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    embed_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    collection: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "candidates"

    part_size: Annotated[int, Field(ge=96)] = 9600
    part_seconds: Positive = 60
    lease_seconds: Annotated[int, Field(ge=2)] = 15
    retry_attempts: Positive = 6
    retry_first_seconds: Annotated[float, Field(gt=0)] = 2.0
    retry_most_seconds: Annotated[float, Field(gt=0)] = 300.0
    launches_per_user_per_minute: Positive = 120
    jobs_per_user_at_once: Positive = 20
    monthly_budget: Annotated[float, Field(gt=0)] | None = None
    # Not fewer than the live copies of ended jobs are kept in Redis.
    history_days: Annotated[int, Field(ge=8, le=36_500)] | None = None

    alert_webhook: str | None = Field(None, repr=False)
    alert_queue_depth: Positive = 1000
    alert_stalled_seconds: Positive = 300
    alert_job_hours: Annotated[float, Field(gt=0)] = 6.0
    alert_failures: Positive = 20
    sentry_dsn: str | None = Field(None, repr=False)
    portal_url: str | None = None

    ops_host: str = "127.0.0.1"
    ops_port: Annotated[int, Field(ge=0, le=65535)] = 8001
    metrics_token: str | None = Field(None, repr=False)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"
    trusted_proxies: NotNegative = 0
    secure_cookies: bool = False
    prices_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _choose_the_embedder(cls, values: dict[str, object]) -> dict[str, object]:
        if not values.get("embedder"):
            values["embedder"] = "cohere" if values.get("cohere_api_key") else "local"
        return values

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: str) -> str:
        if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("must start with postgresql://")
        return url

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str) -> str:
        if not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis:// or rediss://")
        return url

    @field_validator("qdrant_url", "cohere_base_url", "alert_webhook", "portal_url")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url

    @field_validator("qdrant_url", "cohere_base_url", "portal_url")
    @classmethod
    def _a_beginning(cls, url: str | None) -> str | None:
        """Take the last slash off what paths are added to."""
        return url.rstrip("/") if url else url

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://\w+(:\w+)?@[^/@]+(/[^@]*)?/\d+", url):
            raise ValueError("must look like https://key@host/number, as Sentry shows it")
        return url

    @model_validator(mode="after")
    def _cohere_needs_a_key(self) -> Self:
        if self.embedder == "cohere" and not self.cohere_api_key:
            raise ValueError("EMBEDDER=cohere needs COHERE_API_KEY")
        return self

    @property
    def inputs_per_minute(self) -> int:
        """The shared limit on embedded texts a minute; 0 = none."""
        if self.embed_inputs_per_minute is not None:
            return self.embed_inputs_per_minute
        return 2000 if self.embedder == "cohere" else 0


@cache
def settings() -> Settings:
    """Read the settings once; raise SettingsError that names every missing or bad variable."""
    try:
        return Settings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        lines = [_sentence(item["loc"], item["type"], item["msg"]) for item in error.errors()]
        raise SettingsError(
            "these settings cannot be used:\n  " + "\n  ".join(lines) + "\nSet them in the environment or in .env "
            "(.env.example explains each), or start everything with `vigia up`."
        ) from None


def origin(name: str) -> Origin:
    """Say where the value of a setting comes from. An empty one counts as not set."""
    sources: dict[Origin, Mapping[str, str | None]] = {"environment": os.environ, ".env": dotenv_values(".env")}
    found = (of for of, given in sources.items() if any(key.lower() == name and given[key] for key in given))
    return next(found, "default")


def _sentence(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(loc[0]).upper() if loc else ""
    return f"{name} is missing" if kind == "missing" else f"{name}: {message}".lstrip(": ")
