"""Keyed pseudonyms: the only way an identifier value becomes a key, and the only module that computes an HMAC.

A plain hash of a phone number is guessed in seconds, so every key that is derived from a value is an HMAC under the
home's secret. What does not belong here: reading or comparing identifiers themselves.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from cdp_assets.private_files import sync

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.settings import Settings

DEMO_KEY = b"onefold-demo-key-not-for-real-customers"
DEMO_MARKER = ".onefold-demo"
SEPARATOR = "\x1f"
SEPARATOR_SQL = (
    "chr(31)"  # the same between the parts of a message that SQL puts together for the macro `pseudonym`
)
LENGTH = 32
LEAST_BYTES = 32  # of a secret: 256 bits if they are random, as HMAC-SHA256 wants (RFC 2104, section 3)
_BLOCK = 64  # SHA-256's block size in bytes, RFC 2104


class KeyProblem(RuntimeError):
    """The secret is missing, is the demo's where it must not be, or is not the one that this home was made with."""


def pseudonym(key: bytes, *parts: str) -> str:
    """First 32 hex characters of HMAC-SHA256 (RFC 2104) of the parts joined with U+001F."""
    return hmac_of(key, SEPARATOR.join(parts).encode()).hex()[:LENGTH]


def hmac_of(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), whole: the seal of a line or a form, or a key derived from the home's for one purpose."""
    return hmac.new(key, message, hashlib.sha256).digest()


def is_same(expected: str, given: str) -> bool:
    """Whether a seal is the one expected, in the same time wherever they differ."""
    return hmac.compare_digest(expected.encode(), given.encode())


def record_key(key: bytes, channel: str, source_customer_id: str) -> str:
    """Key of one customer record, stable for as long as the channel keeps its id."""
    return pseudonym(key, "record", channel, source_customer_id)


def register_pseudonym(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Create the temporary macro `pseudonym(text)` in this connection, equal to `pseudonym` over the joined parts.

    DuckDB has no HMAC; RFC 2104 is two nested SHA-256 over padded keys. The macro lives as long as the connection.
    """
    block = hashlib.sha256(key).digest() if len(key) > _BLOCK else key
    padded = block.ljust(_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in padded).hex()
    outer = bytes(byte ^ 0x5C for byte in padded).hex()
    con.execute(
        f"create or replace temp macro pseudonym(message) as left(sha256(unhex('{outer}') || "
        f"unhex(sha256(unhex('{inner}') || encode(message)))), {LENGTH})"
    )


def load_key(settings: Settings) -> bytes:
    """The home's secret: `ONEFOLD_KEY`, else HOME/key, else (first run) a new one written to HOME/key, owner-only.

    An inbox that `onefold simulate` wrote gets the demo's fixed key; that key is refused for any other inbox.
    """
    is_demo = (settings.inbox_dir / DEMO_MARKER).exists()
    path = settings.home / "key"
    if settings.key is not None:
        key = _long_enough(settings.key.encode(), "ONEFOLD_KEY")
    elif path.exists():
        key = _long_enough(path.read_bytes(), str(path))
    elif is_demo:
        key = DEMO_KEY
    else:
        key = _write_new_key(settings)
    if key == DEMO_KEY and not is_demo:
        raise KeyProblem(
            f"the demo's key is set, but {settings.inbox_dir} is not a simulated inbox: "
            f"unset ONEFOLD_KEY (a key of your own is then made in {path}) or set a secret of your own"
        )
    return key


def _write_new_key(settings: Settings) -> bytes:
    if settings.state_path.exists():
        raise KeyProblem(
            f"{settings.home} has a state.duckdb but no key: restore {settings.home / 'key'} from the backup or set "
            "ONEFOLD_KEY (a demo's home needs its inbox named, too: ONEFOLD_INBOX or --inbox); a new key would give every customer a "
            "new identity"
        )
    path = settings.home / "key"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_hex(32).encode()
    _write_whole(path, key)
    return key


def _long_enough(key: bytes, where: str) -> bytes:
    """The key without white space around it. Raises KeyProblem for one that is blank or short: it would be guessed, or is cut off."""
    key = key.strip()
    if len(key) < LEAST_BYTES:
        raise KeyProblem(
            f"{where} holds {len(key)} bytes, and a key has at least {LEAST_BYTES}: restore it from the backup. "
            "Where nothing was landed under it yet, remove it, and `onefold run` makes one"
        )
    return key


def _write_whole(path: Path, key: bytes) -> None:
    """Write the key under another name, synced, and give it its name: a full disk or a kill leaves no half of it."""
    temporary = path.with_name("key.new")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)
