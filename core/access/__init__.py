"""Who may do what: people, passwords, tokens, and the trail of what they did."""

from core.access.audit import SYSTEM, Actor, record
from core.access.passwords import hash_password, verify_password
from core.access.people import (
    ROLES,
    allows,
    create_person,
    deactivate,
    is_last_admin,
    make_password,
    reactivate,
    set_password,
    set_role,
)
from core.access.tokens import SCOPES, create_token, revoke_token, scope_allows, token_of

__all__ = [
    "ROLES",
    "SCOPES",
    "SYSTEM",
    "Actor",
    "allows",
    "create_person",
    "create_token",
    "deactivate",
    "hash_password",
    "is_last_admin",
    "make_password",
    "reactivate",
    "record",
    "revoke_token",
    "scope_allows",
    "set_password",
    "set_role",
    "token_of",
    "verify_password",
]
