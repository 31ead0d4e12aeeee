"""The settings in the words of Flask and its extensions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.db import OPTIONS, driver_url
from core.settings import Settings

# A session ends this long after the login, whatever happens.
ABSOLUTE = timedelta(hours=12)
LARGEST_FORM = 512 * 1024  # bytes; ten thousand pasted ids are 200 kB


# A page wants a few rows from many places, and finds them in memory or on a disk without a head: PostgreSQL's own
# figure, four times that of reading on, makes it read whole tables for them.
NEAR_PAGES = "-c random_page_cost=1.1"
# A process that is frozen in mid write holds its rows until PostgreSQL sends it away after 30 s: nobody waits so long.
LOCKS = "-c lock_timeout=5000"


def flask_config(settings: Settings) -> dict[str, Any]:
    """Give the app's configuration; nothing else of the app reads the environment."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "__Host-vigia" if settings.secure_cookies else "vigia",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": ABSOLUTE,
        "MAX_CONTENT_LENGTH": LARGEST_FORM,
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM,
        "WTF_CSRF_TIME_LIMIT": None,  # it lives as long as its session
        "SQLALCHEMY_DATABASE_URI": driver_url(settings.database_url),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 20,
            "pool_timeout": 5,
            "hide_parameters": True,  # a traceback in the log must not hold anybody's text
            "connect_args": {"connect_timeout": 5, "options": f"{OPTIONS} {NEAR_PAGES} {LOCKS}"},
        },
        "RATELIMIT_STORAGE_URI": settings.redis_url.replace("unix://", "redis+unix://", 1),
        "RATELIMIT_KEY_PREFIX": "portal",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "BABEL_DEFAULT_LOCALE": "en",
    }
