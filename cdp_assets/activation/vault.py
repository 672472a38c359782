"""Keys at platforms of people who are erased, until their removal is acknowledged: one encrypted file, outside state and backups.

State keeps the numbers of such keys alone. The vault has a key of its own, made with its first entry and destroyed with its last; a home that was
restored from a backup has no vault, and cannot tell platforms what to remove.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

import duckdb
import pyrage

from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.landing.files import make_private_dir, replacing
from cdp_assets.private_files import sync
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

FILE, KEY_FILE = "rights/platforms.age", "rights/platforms.agekey"
AWAY = "in the vault"  # what stands in the ledger in a key's place
KNOWN = "known_keys"


def read(settings: Settings) -> dict[int, str]:
    """Number of a key → the key; empty where there is no vault."""
    path = settings.home / FILE
    if not path.exists():
        return {}
    content = json.loads(pyrage.decrypt(path.read_bytes(), [_secret(settings)]))
    return {int(number): str(key) for number, key in content.items()}


def put(settings: Settings, keys: Mapping[int, str]) -> None:
    """Add keys; synced before the ledger forgets them."""
    if keys:
        _write(settings, {**read(settings), **keys})


def drop(settings: Settings, numbers: Collection[int]) -> None:
    """Destroy entries; with the last one the file and its key."""
    held, gone = read(settings), set(numbers)
    kept = {number: key for number, key in held.items() if number not in gone}
    if kept:
        if kept != held:
            _write(settings, kept)
        return
    for name in (
        FILE,
        KEY_FILE,
    ):  # a vault without its key could never be read, a key without its vault is nothing
        if (settings.home / name).exists():
            (settings.home / name).unlink()
            sync((settings.home / name).parent)


def _write(settings: Settings, keys: Mapping[int, str]) -> None:
    recipient = _secret(settings).to_public()
    with replacing(settings.home / FILE) as temporary:
        temporary.write_bytes(pyrage.encrypt(json.dumps(keys).encode(), [recipient]))


def _secret(settings: Settings) -> pyrage.x25519.Identity:
    path = settings.home / KEY_FILE
    if not path.exists():
        if (settings.home / FILE).exists():
            raise ActivationProblem(
                "the key of the vault is gone: platforms cannot be told any more whom to remove",
                str(path),
                f"put it back; or, if it is lost, remove {FILE}: the certificates say how many keys were in it",
            )
        make_private_dir(path.parent)
        with replacing(path) as temporary:
            temporary.write_text(str(pyrage.x25519.Identity.generate()), encoding="ascii")
    return pyrage.x25519.Identity.from_str(path.read_text(encoding="ascii"))


def show_keys(con: duckdb.DuckDBPyConnection, settings: Settings, ledger: str) -> None:
    """A view `known_keys` of the ledger's keys, with what the vault holds in its place; keys that nobody knows any more are left out."""
    held = read(settings)
    con.execute(
        "create or replace temp table vault_keys as select unnest(?::bigint[]) as key_id, unnest(?::varchar[]) as platform_key",
        [list(held), list(held.values())],
    )
    con.execute(
        f"create or replace temp view {KNOWN} as select key_id, contact_type, coalesce(v.platform_key, k.platform_key) as platform_key "
        f"from {ledger}.activation_keys as k left join vault_keys as v using (key_id) where k.platform_key <> '{AWAY}' or v.key_id is not null"
    )


def files_with_keys(settings: Settings) -> set[str]:
    """Files below the home that wait for an answer and name a key of the vault: no backup takes them."""
    held = read(settings)
    if not held:
        return set()
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select distinct batch_id, file_name from activation_entries inner join activation_batches as b on b.batch_no in (add_batch, remove_batch) "
            "where b.status = 'pending' and key_id in (select unnest(?::bigint[]))",
            [list(held)],
        ).fetchall()
    return {f"activation/{PurePosixPath(batch_id).parent}/{name}" for batch_id, name in rows}
