"""The settings are shown as they are in effect, and never a secret."""

from __future__ import annotations

import pytest

from core.settings import Settings
from tests.webapp.conftest import NO_QDRANT, Visitor, plain
from webapp.installation import shown
from webapp.setting_words import WORDS

SECRETS = {
    "COHERE_API_KEY": "co-secret-1234",
    "QDRANT_API_KEY": "qd-secret-1234",
    "METRICS_TOKEN": "me-secret-1234",
    "ALERT_WEBHOOK": "https://hooks.example/T000/hook-secret",
    "SENTRY_DSN": "https://dsnsecret@sentry.example/7",
}


@pytest.mark.parametrize("app", [SECRETS | {"PART_SIZE": 960}], indirect=True)
def test_no_secret_is_shown(admin: Visitor) -> None:
    page = admin.get("/settings")

    text = page.text.replace(" ", "")
    for secret in (*SECRETS.values(), "only-for-tests", "hook-secret", "dsnsecret"):
        assert secret not in text
    assert "COHERE_API_KEY The key of Cohere set, not shown" in plain(page)
    assert "PART_SIZE Candidates in one part of a job, at most 960 environment" in plain(page)
    assert "LEASE_SECONDS A worker that is silent for so many seconds has lost its part 15 default" in plain(page)


@pytest.mark.parametrize(("app", "kept"), [({"HISTORY_DAYS": 30}, "30 days"), ({}, "for good")], indirect=["app"])
def test_all_that_is_forgotten_with_jobs_is_named(admin: Visitor, kept: str) -> None:
    page = plain(admin.get("/settings"))

    assert f"Jobs and their closed failures {kept}" in page
    assert f"Alerts that are over, checks of the search {kept}" in page


@pytest.mark.parametrize(
    ("name", "url", "seen"),
    [
        (
            "database_url",
            "postgresql://vigia:pass%40word@db.example:5433/vigia?password=pw",
            "postgresql://db.example:5433/vigia",
        ),
        ("database_url", "postgresql://u:p@[::1]/v", "postgresql://[::1]/v"),
        ("redis_url", "redis://:pw@127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis_url", "unix:///run/redis.sock?password=pw", "unix:///run/redis.sock"),
        ("qdrant_url", "https://key@qdrant.example:6333", "https://qdrant.example:6333"),
        ("portal_url", "https://portal.example/with/path", "https://portal.example/…"),
        ("database_url", "postgresql://u:p/w@db/v", "set, not shown"),
        ("database_url", "postgresql://u:p#w@db/v", "set, not shown"),
        ("database_url", "postgresql://u:p@[db/v", "set, not shown"),
    ],
)
def test_of_an_address_no_password_is_shown(admin: Visitor, name: str, url: str, seen: str) -> None:
    with admin.client.application.test_request_context():
        assert shown(name, url) == seen


def test_every_setting_is_on_the_page(admin: Visitor) -> None:
    page = plain(admin.get("/settings"))

    assert [name for name in Settings.model_fields if f" {name.upper()} " not in page] == []


def test_no_words_are_left_of_settings_that_are_gone() -> None:
    known = {name for words in WORDS.values() for name in words}

    assert known - set(Settings.model_fields) == set()


def test_versions_limits_and_what_is_kept_are_there(admin: Visitor) -> None:
    page = plain(admin.get("/settings"))

    told = (
        "Vigía 0.",
        "Python 3.",
        "PostgreSQL 18",
        "Redis Valkey 9",
        "Parts of a job 64",
        "A session without a click 30 min",
        "for good",
    )
    for words in told:
        assert words in page.replace(" ", " "), words


@pytest.mark.parametrize("app", [NO_QDRANT], indirect=True)
def test_it_works_while_a_dependency_is_down(admin: Visitor) -> None:
    assert "Qdrant does not answer" in plain(admin.get("/settings"))
