"""What each setting is for, in words, in the order of the page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

WORDS = {
    _("Engines"): {
        "database_url": _("PostgreSQL: the ledger, people, candidates"),
        "redis_url": _("Redis or Valkey: queues, live progress, limits"),
        "qdrant_url": _("Qdrant, or our own vector server"),
        "qdrant_api_key": _("Sent with every call to Qdrant"),
    },
    _("Embeddings"): {
        "embedder": _("What makes vectors out of texts"),
        "cohere_api_key": _("The key of Cohere"),
        "cohere_base_url": _("Another address that speaks Cohere's protocol"),
        "embed_model": _("Cohere's model"),
        "embed_dimension": _("How many numbers a vector of Cohere has"),
        "embed_inputs_per_minute": _("Texts a minute, all workers together; 0 is no limit"),
        "embed_concurrency": _("Calls in flight in one worker"),
        "embed_timeout_seconds": _("How long one call may take, in seconds"),
        "collection": _("The alias by which the search finds the collection"),
    },
    _("Jobs"): {
        "part_size": _("Candidates in one part of a job, at most"),
        "part_seconds": _("After so many seconds a part hands itself back"),
        "lease_seconds": _("A worker that is silent for so many seconds has lost its part"),
        "retry_attempts": _("How often in a row a part is tried"),
        "retry_first_seconds": _("The first pause between two tries, in seconds"),
        "retry_most_seconds": _("The longest pause between two tries, in seconds"),
        "launches_per_user_per_minute": _("Launches of one person or token a minute"),
        "jobs_per_user_at_once": _("Jobs of one person or token at work at a time"),
        "monthly_budget": _("What embedding may cost in a month; then jobs wait"),
        "history_days": _("For how many days jobs and alerts that are over and checks of the search are kept"),
    },
    _("Alerts"): {
        "alert_webhook": _("Where alerts are sent"),
        "alert_queue_depth": _("More waiting in a queue than this is an alert"),
        "alert_stalled_seconds": _("No progress for so many seconds is an alert"),
        "alert_job_hours": _("A job that is not over so many hours after its launch is an alert"),
        "alert_failures": _("More failures than this in ten minutes are an alert"),
        "sentry_dsn": _("Where errors of the program are sent"),
        "portal_url": _("How links in alerts begin"),
    },
    _("Portal and operation"): {
        "secret_key": _("Signs the sessions of the portal"),
        "secure_cookies": _("Whether cookies are sent over HTTPS only"),
        "trusted_proxies": _("Proxies in front that are believed about the caller's address"),
        "prices_file": _("A price list instead of ours"),
        "ops_host": _("Where the ops server listens"),
        "ops_port": _("At which port; 0 is any free one"),
        "metrics_token": _("Who reads the figures must show it"),
        "log_level": _("What is written to the log"),
        "log_format": _("How it is written"),
    },
}
OTHER = _("Other")
