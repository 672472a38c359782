"""A home with a handful of hand-made rows, for tests of the dbt project that need neither files nor Splink.

Rows go straight into landing's typed Parquet; identity is told, not found: who is whom is a plain mapping.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets import dbt_manifest, dbt_runner
from cdp_assets.dbt_runner import NodeResult
from cdp_assets.identity import IdentityContext, decode_signals
from cdp_assets.insight.attribution import compute_attribution
from cdp_assets.insight.customer_value import compute_customer_value
from cdp_assets.landing import ensure_empty, land_all, load_contracts
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate

IDENTITY_INPUTS = ["customer_records", "customer_links", "customer_activity", "privacy_signals"]
NEEDS_INSIGHT = "source:insight.*+"
# laws and unit tests run on their own; the grain of each table is tested where much is built, on the demo
LATER = ["tag:law", "test_type:unit", "test_type:generic"]

IDENTITY_TABLES = """
create schema if not exists identity;
create or replace table identity.customer_ids as
select
    md5('record' || records.channel || records.source_customer_id) as record_key,
    records.channel, records.source_customer_id, records.record_kind, records.contact_role,
    coalesce(people.person, records.channel || ':' || records.source_customer_id) as customer_id,
    1::double as confidence
from identity.customer_records as records
left join people on people.record_name = records.channel || ':' || records.source_customer_id;
create or replace table identity.records as
select ids.record_key, records.*, lower(records.full_name) as name_exact, cast(records.birth_date as text) as birth_key,
    phone as phone_tail, upper(country) as country_key, cast(null as text) as name_sound, false as is_email_relay, false as is_email_unreadable
from identity.customer_records as records
join identity.customer_ids as ids using (channel, source_customer_id);
create or replace table identity.identifiers as
select record_key, 'phone' as identifier_type, phone as identifier_value, phone = '13800000000' as is_blocked
from identity.records where phone is not null;
create or replace table identity.blocked_identifiers as
select 'name' as identifier_type, 'test test' as identifier_value;
create or replace table identity.nodes as select record_key, record_key as node_key from identity.customer_ids;
create or replace table identity.pairs (node_key_l text, node_key_r text, match_weight double);
create or replace table identity.links (record_key_l text, record_key_r text, link_type text, is_refused boolean);
create or replace table identity.cluster_conflicts (record_key_l text, record_key_r text, kind text, match_weight double);
create or replace table identity.households (customer_id text, household_id text);
create or replace table identity.quality (
    generation_number bigint, as_of_date date, metric text, dimension text, value double);
create or replace table identity.guard_events (
    guard text, identifier_type text, identifier_key text, record_count bigint, people_count bigint, message text);
create or replace table identity.customer_id_events (
    event_id text, event text, customer_id text, other_customer_id text, record_count bigint, reason text,
    effective_at timestamp, generation_number bigint);
create or replace table identity.guard_events (
    guard text, identifier_type text, identifier_key text, record_count bigint, people_count bigint, message text);
create or replace table identity.review_queue (
    rank bigint, kind text, record_key_l text, record_key_r text, customer_id_l text, customer_id_r text,
    match_probability double, match_weight double, match_key text, records_affected bigint, revenue_affected double,
    evidence_hash text);
create or replace table identity.review_evidence (
    record_key_l text, record_key_r text, comparison text, finding text, bits double, term_bits double);
"""


@dataclass
class SmallRetailer:
    """A home, the people of its records (`channel:source_customer_id` → customer_id), and dbt to build it with."""

    settings: Settings
    as_of_date: date
    people: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, home: Path, as_of_date: date, **knobs: Any) -> SmallRetailer:
        settings = Settings(
            home=home, inbox=home / "inbox", key="test-key-of-at-least-thirty-two-bytes", **knobs
        )
        migrate(settings)
        ensure_empty(settings, load_contracts(*settings.contract_dirs))
        return cls(settings, as_of_date)

    def deliver(self, channel: str, export: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Land rows as one load; columns that a row lacks are null."""
        folder = self.settings.landing_dir / channel / export
        load_id = f"{len(list(folder.glob('*.parquet'))):016x}"
        with duckdb.connect() as con:
            con.execute(f"create table landed as select * from read_parquet('{folder}/_empty.parquet')")
            for number, row in enumerate(rows, start=1):
                values = {**row, "_load_id": load_id, "_line": number, "_file_name": f"{load_id}.csv"}
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join("?" * len(values))
                con.execute(f"insert into landed ({names}) values ({marks})", list(values.values()))
            con.execute(f"copy landed to '{folder}/{load_id}.parquet' (format parquet)")
        self.enter_load(channel, export, load_id, len(rows))

    def enter_load(self, channel: str, export: str, load_id: str, rows: int) -> None:
        """A line in the ledger for a Parquet file that lies in landing already."""
        with connect_state(self.settings) as con:
            con.execute(
                """
                insert into loads by name
                select ? as load_id, ? as channel, ? as export, ? as file_name, ? as delivered_sha256,
                    ? as stored_sha256, 1 as size_bytes, 'landed' as status, ? as parsed_rows, ? as landed_rows,
                    0 as quarantined_rows, 0 as duplicate_rows, 0 as erased_rows, ? as version_order,
                    true as is_current, '1.0.0' as contract_version, 'test' as run_id,
                    timestamp '2020-01-01' as landed_at
                """,
                [load_id, channel, export, f"{load_id}.csv", load_id * 4, load_id * 4, rows, rows, load_id],
            )

    def dbt(self, *arguments: str) -> list[NodeResult]:
        """One dbt command in this process."""
        return dbt_runner.invoke(self.settings, arguments, as_of_date=self.as_of_date)

    def parse(self) -> Any:
        """dbt's manifest of the project."""
        return dbt_manifest.for_home(self.settings)

    def land(self, inbox: Path) -> None:
        """Land files as their channels deliver them, from a folder of channels."""
        contracts = {
            name: contract.model_copy(
                update={
                    "exports": [
                        export.model_copy(
                            update={"facts": export.facts.model_copy(update={"settle_seconds": 0})}
                        )
                        for export in contract.exports
                    ]
                }
            )
            for name, contract in load_contracts(self.settings.channels_dir).items()
        }
        shutil.copytree(inbox, self.settings.inbox_dir, dirs_exist_ok=True)
        report = land_all(self.settings, contracts, "test")
        assert not report.held, report.held

    def build_paths(self) -> list[NodeResult]:
        """What a path is made of, without what is computed from it: half a minute less than `build`."""
        results = self._build_identity()
        return results + self.dbt("build", "--select", "+path_touches", "+paths", "--exclude", *LATER)

    def build(self) -> list[NodeResult]:
        """Everything in the order of a run: identity's inputs, identity, dbt, insight, the rest."""
        results = self._build_identity()
        results += self.dbt("build", "--exclude", NEEDS_INSIGHT, *LATER)
        with self.warehouse() as con:
            compute_attribution(con, self.as_of_date)
            compute_customer_value(con, self.as_of_date)
        results += self.dbt("build", "--select", NEEDS_INSIGHT, "--exclude", *LATER)
        return results

    def _build_identity(self) -> list[NodeResult]:
        inputs = [f"+{name}" for name in IDENTITY_INPUTS]
        results = self.dbt("build", "--select", *inputs, "--exclude", "resource_type:test", "test_type:unit")
        with self.warehouse() as con:
            con.execute("create or replace temp table people (record_name text, person text)")
            if self.people:
                con.executemany("insert into people values (?, ?)", list(self.people.items()))
            con.execute(IDENTITY_TABLES)
            decode_signals(con, IdentityContext(key=b"test-key", as_of_date=self.as_of_date))
        return results

    def warehouse(self, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.settings.warehouse_path), read_only=read_only)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of one query over the built warehouse."""
        with self.warehouse(read_only=True) as con:
            return con.execute(sql).fetchall()


def failures(results: Sequence[NodeResult]) -> list[str]:
    """The nodes that did not pass, with what dbt said of them."""
    return [
        f"{result.unique_id}: {result.status} {result.reason or ''}"
        for result in results
        if not result.passed
    ]
