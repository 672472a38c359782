"""Every store that a home has, once: what it is, which files it is made of, and how many rows of a person it holds.

A test compares the list with what a run writes: a file that no store claims fails it. How a store is erased is `erasure`'s part, step by step.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass

from cdp_assets.landing.contract import load_contracts
from cdp_assets.landing.suppressing.matching import Suppressed
from cdp_assets.publishing.copies import STORED_AS
from cdp_assets.rights import erasure, files, generations, landed, tables
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings

Find = Callable[[Settings, Traces, bytes], dict[str, int]]


@dataclass(frozen=True)
class Store:
    """patterns: files below the home; step: which step of an erasure cuts it ("-": it names nobody)."""

    name: str
    patterns: tuple[str, ...]
    step: str


STORES = (
    Store("originals, landed files, quarantine, the parser's work", ("landing/*",), "landing"),
    Store("the inbox itself", ("inbox/*",), "inbox"),
    Store(
        "published generations: marts, contact file, Parquet, replaced histories",
        ("published/*",),
        "generations",
    ),
    Store("the build", ("warehouse.duckdb*", "warehouse.damaged.duckdb*"), "warehouse"),
    Store("state: ledgers, identity map, rulings, histories", ("state.duckdb*",), "state"),
    Store("audit log", ("audit/*",), "audit"),
    Store("Dagster's storage", ("dagster/*",), "others"),
    Store("dbt's target", ("dbt_target/*",), "others"),
    Store("logs and run records", ("logs/*", "runs/*"), "others"),
    Store("inboxes of decisions", ("*_inbox/*",), "others"),
    Store("the site's accounts and sessions", ("web.sqlite*", "web/*", "access*"), "others"),
    Store("activation files", ("activation/*",), "others"),
    Store("requests, journals, certificates", ("rights/*",), "-"),
    Store("the key and the lock", ("key", "run.lock"), "-"),
)


def store_of(name: str) -> Store | None:
    """The store that a file (path below the home) belongs to."""
    return next(
        (store for store in STORES if any(fnmatch.fnmatchcase(name, each) for each in store.patterns)), None
    )


def find(settings: Settings, traces: Traces, key: bytes) -> dict[str, int]:
    """Rows of hers by store, and in it by table or file; stores without any are left out. Nothing is changed."""
    found = _find_landed(settings, traces, key)
    for name in generations.standing(settings):
        for stored in STORED_AS.values():
            rows = tables.count_rows(settings.published_dir / name / stored, traces, key)
            found[f"published/{name}/{stored}"] = sum(rows.values())
    for path in (settings.warehouse_path, settings.state_path):
        if path.exists():
            for table, count in tables.count_rows(path, traces, key).items():
                found[f"{path.name}: {table}"] = count
    finder = files.Finder(traces.literals())
    for path in erasure.other_files(settings):
        found[path.relative_to(settings.home).as_posix()] = files.rows_in(path, finder)
    return {name: rows for name, rows in found.items() if rows}


def _find_landed(settings: Settings, traces: Traces, key: bytes) -> dict[str, int]:
    suppressed = traces.suppressions(key)
    people = Suppressed(sorted({each for _, each in suppressed}), frozenset(kind for kind, _ in suppressed))
    rows = landed.holding_loads(settings, load_contracts(*settings.contract_dirs), people)
    return {f"landing/{channel}/{export}": sum(loads.values()) for (channel, export), loads in rows.items()}
