"""Damage at rest: stored files are compared with the hashes that the ledger has of them, and landed ones mended from their originals.

A flipped bit in a Parquet file is often read without a word, and differently. So landed files are hashed before a build reads them, and
everything by `onefold doctor --deep` and before a backup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.files import hash_file, original_path
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


class LandingDamaged(RuntimeError):
    """A landed file is not what it was, and its original is not there to land it again."""


def remember_stored(
    con: duckdb.DuckDBPyConnection, settings: Settings, channel: str, export: str, load_ids: Sequence[str]
) -> None:
    """Enter the hashes of landed files that were just written; whoever rewrites one (an erasure) calls this, too."""
    for load_id in load_ids:
        path = landed_path(settings, channel, export, load_id)
        con.execute(
            "update loads set parquet_sha256 = ? where channel = ? and export = ? and load_id = ? and status = 'landed'",
            [hash_file(path), channel, export, load_id],
        )


def landed_path(settings: Settings, channel: str, export: str, load_id: str) -> Path:
    return settings.landing_dir / channel / export / f"{load_id}.parquet"


def damaged_loads(settings: Settings, contract: ChannelContract, export: Export) -> list[Load]:
    """Current loads of an export whose landed file is missing or not what it was, with their intact originals.

    A load from before hashes were kept gets its hash now. Raises LandingDamaged where an original is gone or damaged, too.
    """
    name = (contract.name, export.name)
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            """
            select file_name, size_bytes, period, part, delivered_sha256, stored_sha256, load_id, parquet_sha256
            from loads
            where channel = ? and export = ? and status = 'landed' and is_current
            order by file_name, load_id
            """,
            list(name),
        ).fetchall()
    found, unknown = [], []
    for *about, delivered, stored, load_id, parquet in rows:
        path = landed_path(settings, *name, load_id)
        if path.exists() and parquet is None:
            unknown.append(load_id)
        elif not path.exists() or hash_file(path) != parquet:
            file_name, size, period, part = about
            original = original_path(settings.originals_dir, delivered)
            if not original.exists() or hash_file(original) != stored:
                raise LandingDamaged(
                    f"what landed of {contract.name}/{file_name} is damaged on the disk, and so is its original, or it is past its "
                    "retention: restore the last backup (`onefold restore`), and look at the disk"
                )
            found.append(Load(InboxFile(original, *name, file_name, size, 0, period, part), delivered))
    if unknown:
        with connect_state(settings) as con:
            remember_stored(con, settings, *name, unknown)
    return found


def verify_landing(settings: Settings) -> list[str]:
    """Every stored file that is not what the ledger says, in words: landed files of all loads, and the originals that are kept."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select channel, export, file_name, load_id, delivered_sha256, stored_sha256, parquet_sha256 "
            "from loads where status = 'landed' order by all"
        ).fetchall()
    wrong = []
    for channel, export, file_name, load_id, delivered, stored, parquet in rows:
        path = landed_path(settings, channel, export, load_id)
        if not path.exists():
            wrong.append(f"{channel}/{file_name}: its landed file is missing")
        elif parquet is not None and hash_file(path) != parquet:
            wrong.append(f"{channel}/{file_name}: its landed file is not what was written")
        original = original_path(settings.originals_dir, delivered)
        if original.exists() and hash_file(original) != stored:
            wrong.append(f"{channel}/{file_name}: its original is not what was delivered")
    return wrong
