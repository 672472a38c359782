"""Activation without a person: which platform keys are hers alone, what platforms have not taken back yet, and the files that name her."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import duckdb

from cdp_assets.activation import vault
from cdp_assets.activation.account import withdraw
from cdp_assets.activation.files import FOLDER
from cdp_assets.activation.ledger import has_lists
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
# A number stays in the ledger, without its customer and without its key, until the platform has acknowledged the removal.
STILL_AT_PLATFORMS = "select key_id::varchar from {database}.activation_entries"
# Of these keys, those that a platform may hold and that nobody else has come to have since.
_HERS_STILL = (
    "key_id::varchar in (select unnest($keys::varchar[])) "
    "and key_id not in (select key_id from activation_key_customers where customer_id not in (select unnest($customers::varchar[])))"
)


def keys_of(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids of the platform keys that stand for these customers and for nobody else, and the keys themselves. con: with `state` attached."""
    rows = con.execute(
        f"select key_id, platform_key from state.activation_keys where key_id in ({_OF_NOBODY_ELSE}) order by 1",
        {"customers": list(customer_ids)},
    ).fetchall()
    return [str(key_id) for key_id, _ in rows], sorted({str(key) for _, key in rows})


def waiting_for(settings: Settings, sought: Sought) -> list[str]:
    """Destinations that may still hold one of their keys, and what to do."""
    held = [str(each) for each in vault.read(settings)]
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select destination, count(distinct key_id), "
            "count(distinct key_id) filter (where platform_key = $away and key_id::varchar not in (select unnest($held::varchar[]))) "
            "from activation_entries inner join activation_lists using (list_id) left join activation_keys using (key_id) "
            f"where {_HERS_STILL} group by all order by all",
            {**_hers(sought), "away": vault.AWAY, "held": held},
        ).fetchall()
    return [
        f"{destination}: {count} keys of hers are not acknowledged as removed: upload the next removal file and take its answer in"
        + (f" ({lost} of them are in no vault any more: ask the platform)" if lost else "")
        for destination, count, lost in rows
    ]


def _hers(sought: Sought) -> dict[str, object]:
    return {"keys": list(sought.platform_key_ids), "customers": list(sought.customer_ids)}


def put_away(settings: Settings, sought: Sought) -> None:
    """Take their keys that platforms may still hold into the vault, before state is written without them; destroy those that none holds any more."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            f"select distinct key_id, platform_key from activation_keys semi join activation_entries using (key_id) where {_HERS_STILL}",
            _hers(sought),
        ).fetchall()
    vault.put(settings, {key_id: key for key_id, key in rows if key != vault.AWAY})
    still = {str(key_id) for key_id, _ in rows}
    vault.drop(settings, [int(each) for each in sought.platform_key_ids if each not in still])


def give_up(settings: Settings, sought: Sought) -> list[str]:
    """Wait no longer for platforms: the removals that wait are taken back, and the keys forgotten; what was never acknowledged, in words."""
    left = waiting_for(settings, sought)
    with connect_state(settings) as con:
        con.begin()
        con.execute(
            "update activation_batches set status = 'superseded', answered_on = current_date, note = 'the time to remove somebody is over' "
            f"where status = 'pending' and batch_no in (select remove_batch from activation_entries where {_HERS_STILL})",
            _hers(sought),
        )
        con.execute(f"delete from activation_entries where {_HERS_STILL}", _hers(sought))
        con.commit()
    return [each.partition(":")[0] for each in left]


find, _ = in_files(STORES)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    """What would bring them to a platform is taken back at once; a removal that none has taken yet stays to be taken, and the certificate is interim."""
    shutil.rmtree(settings.home / FOLDER / ".spill", ignore_errors=True)
    numbers = [int(each) for each in sought.platform_key_ids]
    waiting = withdraw(settings, numbers, sought.customer_ids) if has_lists(settings) else set()
    return erase_in_files(files_of(settings, STORES), sought, stays=waiting.__contains__)
