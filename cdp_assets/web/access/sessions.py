"""Sessions that can be revoked: the browser holds a random token, web.sqlite its hash; and the token that guards forms."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass

from cdp_assets.keys import hmac_of, is_same
from cdp_assets.settings import Settings
from cdp_assets.web.access.people import Person
from cdp_assets.web.access.store import opened, path_of, secret

COOKIE = "onefold_session"
ORIGINS = {"accounts": "account", "oidc": "oidc"}  # way of signing in → what its sessions say
SEEN_EVERY = 60.0  # seconds between two notes of when a session was seen


@dataclass(frozen=True)
class Session:
    """A session that is in force. roles: those that its origin gave, if it did; else the account's count."""

    name: str
    origin: str
    roles: frozenset[str] | None


def start(settings: Settings, name: str, origin: str, roles: frozenset[str] | None) -> str:
    """A new session; returns its token, which is kept nowhere here."""
    token, now = secrets.token_urlsafe(32), time.time()
    listed = None if roles is None else json.dumps(sorted(roles))
    with opened(settings) as con:
        con.execute("delete from sessions where expires_at < ?", (now,))
        con.execute(
            "insert into sessions values (?, ?, ?, ?, ?, ?, ?, 0)",
            (_hash(token), name, listed, origin, now, now, now + 3600 * settings.web_session_hours),
        )
    return token


def of_token(settings: Settings, token: str | None) -> Session | None:
    """The session of a token; None where it is unknown, over or revoked, or began by a way of signing in that is no longer the site's."""
    if not token or not path_of(settings).exists():
        return None
    now = time.time()
    with opened(settings) as con:
        row = con.execute(
            "select * from sessions where token_hash = ? and not is_revoked and expires_at > ?",
            (_hash(token), now),
        ).fetchone()
        if row is None or row["origin"] != ORIGINS.get(settings.web_sign_in):
            return None
        if row["seen_at"] < now - SEEN_EVERY:
            con.execute("update sessions set seen_at = ? where token_hash = ?", (now, row["token_hash"]))
    return Session(
        row["name"], row["origin"], None if row["roles"] is None else frozenset(json.loads(row["roles"]))
    )


def end(settings: Settings, token: str) -> None:
    """Sign out."""
    with opened(settings) as con:
        con.execute("update sessions set is_revoked = 1 where token_hash = ?", (_hash(token),))


def revoke_all(settings: Settings, name: str) -> int:
    """End every session of a person; returns how many."""
    with opened(settings) as con:
        return con.execute(
            "update sessions set is_revoked = 1 where name = ? and not is_revoked", (name,)
        ).rowcount


def person_of(settings: Settings, session: Session) -> Person | None:
    """Who a session is for, with the roles of this moment; None where the account was disabled or taken away."""
    with opened(settings) as con:
        row = con.execute("select * from accounts where name = ?", (session.name,)).fetchone()
    if row is not None and row["is_disabled"]:
        return None
    if row is not None:
        return Person(session.name, frozenset(json.loads(row["roles"])))
    return None if session.roles is None else Person(session.name, session.roles)


def form_token(settings: Settings, bound_to: str) -> str:
    """The token that a form of this session carries; a foreign page cannot know it."""
    return hmac_of(_form_secret(settings), bound_to.encode()).hex()


def is_form_token(settings: Settings, bound_to: str, given: str) -> bool:
    return bool(bound_to) and is_same(form_token(settings, bound_to), given)


_secrets: dict[str, bytes] = {}


def _form_secret(settings: Settings) -> bytes:
    path = str(path_of(settings))
    if path not in _secrets:
        _secrets[path] = secret(settings, "forms")
    return _secrets[path]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
