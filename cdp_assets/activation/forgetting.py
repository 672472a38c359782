"""Activation without a person: which platform keys are hers alone, what platforms have not taken back yet, and the files that name her."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, in_files
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

FILES = Store("files for platforms, and their answers", ("activation/*",))
STORES = (
    FILES,
    Store("audiences that were saved", ("audiences/*",)),
    Store("audiences that wait to be saved", ("audiences_inbox/*",), goes_whole=True),
)
_OF_NOBODY_ELSE = """
    select key_id from state.activation_key_customers
    group by key_id having bool_and(customer_id in (select unnest($customers::varchar[])))
"""
# A key stays in the ledger, without its customer, until the platform has acknowledged its removal: nothing else says what to remove.
STILL_AT_PLATFORMS = "select key_id::varchar from {database}.activation_entries"


def keys_of(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids of the platform keys that stand for these customers and for nobody else, and the keys themselves. con: with `state` attached."""
    rows = con.execute(
        f"select key_id, platform_key from state.activation_keys where key_id in ({_OF_NOBODY_ELSE}) order by 1",
        {"customers": list(customer_ids)},
    ).fetchall()
    return [str(key_id) for key_id, _ in rows], sorted({str(key) for _, key in rows})


def waiting_for(settings: Settings, key_ids: Sequence[str]) -> list[str]:
    """Destinations that may still hold one of these keys, and what to do."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select destination, count(distinct key_id) from activation_entries inner join activation_lists using (list_id) "
            "where key_id::varchar in (select unnest(?::varchar[])) group by all order by all",
            [list(key_ids)],
        ).fetchall()
    return [
        f"{destination}: {count} keys of hers are not acknowledged as removed: upload the next removal file and take its answer in"
        for destination, count in rows
    ]


find, _ = in_files(STORES)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    """A removal that no platform has taken yet must stay to be taken: until then its files stay, and the certificate is interim."""
    waits = bool(waiting_for(settings, sought.platform_key_ids))
    return erase_in_files(files_of(settings, STORES), sought, stays=lambda name: waits and FILES.has(name))
