"""Search words from outside, made safe for PostgreSQL."""

from __future__ import annotations


def clean(words: str) -> str:
    """Drop what PostgreSQL cannot take (NUL, lone surrogates) and the white space around; cap the length."""
    return words.replace("\0", "").encode(errors="ignore").decode().strip()[:200]
