"""HOME/web/web.sqlite: accounts, sessions, attempts to sign in, and secrets of the site; shared by all workers (WAL)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdp_assets.settings import Settings

SCHEMA = """
create table if not exists accounts (
    name text primary key, password_hash text, roles text not null, is_disabled integer not null default 0, created_at text not null
);
create table if not exists sessions (
    token_hash text primary key, name text not null, roles text, origin text not null, created_at real not null,
    seen_at real not null, expires_at real not null, is_revoked integer not null default 0
);
create table if not exists attempts (who text not null, at real not null);
create table if not exists sign_ins (state text primary key, nonce text not null, verifier text not null, target text not null, at real not null);
create table if not exists secrets (name text primary key, value blob not null);
"""


def path_of(settings: Settings) -> Path:
    return settings.home / "web" / "web.sqlite"


@contextmanager
def opened(settings: Settings) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept together, or not at all."""
    path = path_of(settings)
    is_new = not path.exists()
    if is_new:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    con = sqlite3.connect(path, timeout=15)
    con.row_factory = sqlite3.Row
    try:
        if is_new:
            con.execute("pragma journal_mode = wal")
        con.executescript(SCHEMA)
        with con:
            yield con
    finally:
        con.close()


def secret(settings: Settings, name: str) -> bytes:
    """A random secret of this home's site, made once."""
    with opened(settings) as con:
        con.execute("insert or ignore into secrets values (?, ?)", (name, os.urandom(32)))
        return bytes(con.execute("select value from secrets where name = ?", (name,)).fetchone()["value"])
