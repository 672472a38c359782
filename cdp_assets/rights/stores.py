"""Every store that a home has, once: what its rooms keep, and what no room does; and how many rows of a person each holds.

A test compares the list with what a run writes: a file that no store claims fails it. Such a file is searched and cut all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from cdp_assets import audit
from cdp_assets.forgetting import File, Sought, Store, erase_in_files, find_in_files
from cdp_assets.rights import answers
from cdp_assets.rights.rooms import ROOMS, room
from cdp_assets.settings import Settings

ANSWERS = Store(
    "answers to requests for access", ("rights/*", "answers/*", "rights_inbox/*"), goes_whole=True
)
# What many rooms write to together, and this room's own.
SHARED = (
    Store("the build", ("warehouse.duckdb*", "warehouse.damaged.duckdb*"), "warehouse"),
    Store("an import of state that died", ("state.importing/*",), "warehouse"),
    Store("a build on Spark that died", ("spark/*",), "warehouse"),
    Store("state: ledgers, identity map, rulings, histories", ("state.duckdb*",), "state"),
    Store("audit log", ("audit/*",), "audit"),
    Store(
        "journals, certificates, the manifest",
        (
            "rights/erasing/*",
            "rights/certificates/*",
            "rights/erasures.jsonl",
            "rights/public_key",
            "rights/vault_key",
            "rights/platforms.age*",
            "rights/.*",
        ),
        "-",
    ),
    Store("the key and the lock", ("key", "run.lock"), "-"),
    ANSWERS,
)
STORES: tuple[Store, ...] = (*(store for name in ROOMS for store in room(name).STORES), *SHARED)
UNCLAIMED = Store("what no room claims", ("*",))


def store_of(name: str) -> Store | None:
    """The store that a file (path below the home) belongs to."""
    return next((store for store in STORES if store.has(name)), None)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    """Rows of theirs by store, and in it by table or file; stores without any are left out. Nothing is changed."""
    found: dict[str, int] = {}
    for name in ROOMS:
        found |= room(name).find(settings, sought)
    for path in (settings.warehouse_path, settings.state_path):
        if path.exists():
            found |= {f"{path.name}: {table}": rows for table, rows in sought.rows_by_table(path).items()}
    found |= {"audit": audit.count(settings, [*sought.record_keys, *sought.customer_ids], sought.is_named_in)}
    found |= {
        path.relative_to(settings.home).as_posix(): 1 for path in answers.find(settings, sought.record_keys)
    }
    found |= find_in_files(_rest(settings), sought)
    return {name: rows for name, rows in found.items() if rows}


def erase_rest(settings: Settings, sought: Sought) -> dict[str, int]:
    """Cut what no other step looks after: answers to requests for access, which go whole, and files that no store claims."""
    return erase_in_files(_rest(settings), sought)


def _rest(settings: Settings) -> Iterator[File]:
    for path in sorted(settings.home.rglob("*")):
        name = path.relative_to(settings.home).as_posix()
        store = store_of(name) or UNCLAIMED
        if store in (ANSWERS, UNCLAIMED) and path.is_file() and not path.is_symlink():
            yield name, path, store
