"""A tiny home for identity's tests: records written by hand, runs, commits. Imported by the tests of this room only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets import identity
from cdp_assets.identity.cached_tables import forget
from cdp_assets.identity.context import CUSTOMER_COLUMNS
from cdp_assets.keys import record_key, register_pseudonym
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

KEY = b"a-key-for-tests"
Row = dict[str, Any]


def key_of(source_id: str, channel: str = "shop") -> str:
    """The record_key of a record that the tests wrote."""
    return record_key(KEY, channel, source_id)


def person(source_id: str, **values: Any) -> Row:
    """One customer record; channel `shop` and kind account unless given."""
    return {"channel": "shop", "source_customer_id": source_id, "record_kind": "account", **values}


@dataclass
class IdentityHome:
    """Warehouse and state of a migrated home, with a context; every helper opens and closes its own connection."""

    settings: Settings
    as_of_date: date = date(2024, 1, 1)
    knobs: identity.IdentityKnobs = field(default_factory=identity.IdentityKnobs)
    verified: dict[str, tuple[str, ...]] = field(default_factory=dict)
    own_contacts: tuple[str, ...] = ()

    @property
    def context(self) -> identity.IdentityContext:
        return identity.IdentityContext(
            KEY,
            self.as_of_date,
            "test",
            {"shop": "US", "mini": "CN"},
            self.verified,
            self.own_contacts,
            self.knobs,
        )

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        con = duckdb.connect(str(self.settings.warehouse_path), config={"threads": 2})
        try:
            con.execute(f"attach '{self.settings.state_path}' as state (read_only)")
            con.execute("create schema if not exists identity")
            yield con
        finally:
            con.close()

    def write(self, rows: Sequence[Row], links: Sequence[tuple[str, str, str, str]] = ()) -> None:
        """Replace the customer records and links that dbt would have built."""
        with self.warehouse() as con:
            columns = ", ".join(f"{name} {kind}" for name, kind in CUSTOMER_COLUMNS.items())
            con.execute(f"create or replace table identity.customer_records ({columns})")
            names = list(CUSTOMER_COLUMNS)
            if rows:
                con.executemany(
                    f"insert into identity.customer_records values ({', '.join('?' * len(names))})",
                    [[row.get(name) for name in names] for row in rows],
                )
            con.execute(
                "create or replace table identity.customer_links "
                "(channel varchar, source_customer_id varchar, linked_channel varchar, linked_customer_id varchar)"
            )
            if links:
                con.executemany("insert into identity.customer_links values (?, ?, ?, ?)", list(links))

    def run(self) -> dict[str, identity.StepSummary]:
        """Every step, each on a connection of its own as the scheduler does it."""
        found = {}
        for step in identity.STEPS:
            with self.warehouse() as con:
                found[step.name] = step.run(con, self.context)
        return found

    def commit(self, generation: str) -> identity.CommitSummary:
        with connect_state(self.settings) as con:
            return identity.commit(con, Path(self.settings.warehouse_path), generation)

    def ids(self) -> dict[str, str]:
        """source_customer_id → customer_id of the last build."""
        return dict(self.query("select source_customer_id, customer_id from identity.customer_ids"))

    def groups(self) -> set[frozenset[str]]:
        """Who is together with whom, by source_customer_id."""
        grouped: dict[str, set[str]] = {}
        for source_id, customer_id in self.ids().items():
            grouped.setdefault(customer_id, set()).add(source_id)
        return {frozenset(group) for group in grouped.values()}

    def bits(self, left: str, right: str) -> float:
        """Match weight of the pair of two records, by source_customer_id; -100 where it is too light to be kept."""
        found = self.query(
            """
            select max(match_weight) from identity.pairs as p
            join identity.nodes as l on l.node_key = p.node_key_l
            join identity.nodes as r on r.node_key = p.node_key_r
            where list_sort([l.record_key, r.record_key]) = list_sort([?, ?])
            """,
            [key_of(left), key_of(right)],
        )
        return -100.0 if found[0][0] is None else float(found[0][0])

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.warehouse() as con:
            return con.execute(sql, list(values)).fetchall()

    def assign(
        self, clusters: dict[str, str], generation: str | None = None, kinds: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Skip matching: the given clusters (source id → name of its cluster) get ids; committed if a generation is given.

        kinds: source id → record_kind, where it is no account.
        """
        with self.warehouse() as con:
            register_pseudonym(con, KEY)
            con.execute("create or replace temp table wanted (source_customer_id varchar, cluster varchar)")
            con.executemany("insert into wanted values (?, ?)", list(clusters.items()))
            con.execute(
                "create or replace temp table kinds (source_customer_id varchar, record_kind varchar)"
            )
            con.executemany("insert into kinds values (?, ?)", [*(kinds or {}).items(), ("", "")])
            con.execute(
                "create or replace table identity.records as select pseudonym('record' || chr(31) || 'shop' || chr(31) || "
                "source_customer_id) as record_key, 'shop' as channel, source_customer_id, "
                "coalesce(kinds.record_kind, 'account') as record_kind, 'buyer' as contact_role "
                "from wanted left join kinds using (source_customer_id)"
            )
            con.execute(
                "create or replace table identity.clusters as select record_key, "
                "min(record_key) over (partition by cluster) as cluster_key, 1.0 as confidence "
                "from wanted join identity.records using (source_customer_id)"
            )
            forget(con, "customer_ids")  # nobody noted which clusters these are
            identity.assign_customer_ids(con, self.context)
            for table in ("models", "term_frequencies", "pairs", "scored_nodes", "overfull_blocks"):
                con.execute(
                    f"create or replace table identity.{table} as from state.identity_{table} limit 0"
                )
            con.execute("create or replace table identity.quality as from state.identity_quality limit 0")
            con.execute(
                "create or replace table identity.proposal as select coalesce(max(generation_number), 0) + 1 as generation_number, "
                f"date '{self.as_of_date}' as as_of_date, 'test' as run_id, 'none' as model_version from state.identity_generations"
            )
            found = con.execute(
                "select source_customer_id, customer_id from identity.customer_ids"
            ).fetchall()
        if generation:
            self.commit(generation)
        return dict(found)
