"""Local accounts for small shops: names, hashed passwords (argon2), roles; and how often somebody may try."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from cdp_assets.settings import Settings
from cdp_assets.web.access import pace
from cdp_assets.web.access.people import roles
from cdp_assets.web.access.store import opened

SHORTEST = 12  # characters of a password
TRIES = 8  # failed sign-ins per person or address within a quarter of an hour
_hasher = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)  # each check takes 64 MB on purpose
# A hash that no password has: so that an unknown name takes as long as a wrong password.
_NOBODY = _hasher.hash("no password of anybody")


class AccountProblem(ValueError):
    """An account cannot be made or changed like that; the message says why."""


@dataclass(frozen=True)
class Account:
    """A person of the site. has_password: signs in here, not only elsewhere."""

    name: str
    roles: tuple[str, ...]
    is_disabled: bool
    has_password: bool


def put(settings: Settings, name: str, given: list[str], password: str | None) -> None:
    """Make an account or change its roles; a password is set where one is given, and ends the sessions that an older one began.

    Raises AccountProblem.
    """
    name = name.strip()
    if not name or len(name) > 120:
        raise AccountProblem("an account needs a name of at most 120 characters")
    unknown = sorted(set(given) - set(roles()))
    if unknown:
        raise AccountProblem(f"there is no role {', '.join(unknown)}: roles are {', '.join(roles())}")
    if password is not None and len(password) < SHORTEST:
        raise AccountProblem(f"a password needs at least {SHORTEST} characters")
    hashed = None if password is None else _hasher.hash(password)
    with opened(settings) as con:
        con.execute(
            """
            insert into accounts values (?, ?, ?, 0, ?)
            on conflict (name) do update set
                roles = excluded.roles, password_hash = coalesce(excluded.password_hash, password_hash), is_disabled = 0
            """,
            (name, hashed, json.dumps(sorted(set(given))), datetime.now(UTC).isoformat(timespec="seconds")),
        )
        if hashed is not None:
            con.execute("update sessions set is_revoked = 1 where name = ?", (name,))


def disable(settings: Settings, name: str) -> None:
    """The person no longer gets in, from the next request on."""
    with opened(settings) as con:
        changed = con.execute("update accounts set is_disabled = 1 where name = ?", (name,)).rowcount
        con.execute("update sessions set is_revoked = 1 where name = ?", (name,))
    if not changed:
        raise AccountProblem("there is no account of that name")


def is_known(settings: Settings, name: str) -> bool:
    """Whether there is an account of that name."""
    with opened(settings) as con:
        return con.execute("select 1 from accounts where name = ?", (name,)).fetchone() is not None


def listed(settings: Settings) -> list[Account]:
    with opened(settings) as con:
        rows = con.execute("select * from accounts order by name").fetchall()
    return [
        Account(
            row["name"], tuple(json.loads(row["roles"])), bool(row["is_disabled"]), bool(row["password_hash"])
        )
        for row in rows
    ]


def is_limited(settings: Settings, name: str, address: str) -> bool:
    """Whether a name or an address tried too often lately; if not, this try counts, until `check` finds that it was right."""
    return pace.is_over(settings, *_keys(name, address), most=TRIES)


def check(settings: Settings, name: str, password: str, address: str) -> bool:
    """Whether the password is that of an account that is in force; if so, its tries are forgotten."""
    with opened(settings) as con:
        row = con.execute("select * from accounts where name = ?", (name,)).fetchone()
    hashed = row["password_hash"] if row is not None else None
    with _AT_ONCE:
        is_right = _is_right(hashed or _NOBODY, password)
    if not hashed or not is_right or row["is_disabled"]:
        return False
    by_name, by_address = _keys(name, address)
    pace.forget(settings, by_name)
    pace.forget_last(settings, by_address)
    return True


def _keys(name: str, address: str) -> tuple[str, str]:
    return f"name:{name[:120]}", f"address:{address}"


def _is_right(hashed: str, password: str) -> bool:
    try:
        return bool(_hasher.verify(hashed, password))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
