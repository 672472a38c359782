"""How long an erasure takes beside DuckDB copying the same files, for one person and for a thousand, on the same machine in one run.

    python benches/bench_rights.py [CUSTOMERS] [--people 1000] [--work DIR]

A generated home: per customer three records, four orders and eight touches; a build, state with histories, three published generations with their
Parquet, and a delivered file of members that really landed. The rewriting (build, state, generations) is judged beside a plain copy of the same
bytes: DuckDB's COPY FROM DATABASE of every file, and a copy of the Parquet. Landing, the scan and the hashes of all files are told apart. Seconds are the
clock's with the processor's in brackets; targets are judged by the processor's, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.keys import load_key
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.publishing import recovery
from cdp_assets.publishing.generations import write_generation
from cdp_assets.rights import erasure
from cdp_assets.rights.requests import Identity, NewRequest, take
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from cdp_assets.warehouse import open_warehouse

PROJECT = Path(__file__).resolve().parent.parent
KEY = "bench-key-of-at-least-thirty-two-bytes"
REWRITING = ("generations", "warehouse", "state")
MOST_OVER_COPY, MOST_OVER_ONE = 1.5, 2.0
MEMBERS = "member_id,full_name,phone,email,birth_date,gender,address,city,postcode,country,joined_at,marketing_consent,profiling_consent,home_store"
BUILD = """
create table people as select n, md5('c' || n) as customer_id, 'Person Number' || n as full_name, 'person' || n || '@example.test' as email,
    '+1' || (2000000000 + n) as phone, n || ' Long Road' as street from range({customers}) as t (n);
create table identity.customer_ids as select md5('r' || n || k) as record_key, case k when 0 then 'loyalty' when 1 then 'shopify' else 'square' end as channel,
    'S' || n || '-' || k as source_customer_id, 'account' as record_kind, customer_id from people, range(3) as k (k);
create table identity.customer_records as select channel, source_customer_id, full_name, email, phone, street
    from identity.customer_ids inner join people using (customer_id);
create table identity.identifiers as select record_key, 'email' as identifier_type, email as identifier_value, 1 as people_count, false as is_blocked
    from identity.customer_ids inner join people using (customer_id);
create table identity.nodes as select record_key, md5('n' || record_key) as node_key from identity.customer_ids;
create table contact.records_contact as select record_key, channel, source_customer_id, customer_id, full_name, phone, email, street,
    phone as delivered_phone, email as delivered_email from identity.customer_ids inner join people using (customer_id);
create table contact.contacts_in_clear as select customer_id, 'email' as contact_type, email as contact_value from people;
create table journeys.customer_orders as select 'shopify' as channel, 'O' || n || '-' || k as order_id, 'S' || n || '-1' as source_customer_id, customer_id,
    date '2025-01-01' + (n % 365)::integer as order_date, (10 + hash(n) % 9000 / 100)::decimal(18, 2) as net_amount, false as is_anonymous
    from people, range(4) as k (k);
create table journeys.customer_touchpoints as select 'ga4:' || n || k as touch_id, 'ga4' as channel, 'd' || n || '.' || k as touchpoint_id,
    null::varchar as source_customer_id, 'device-' || n as device_id, customer_id, timestamp '2025-01-01' + interval (n % 8760) hour as touched_at
    from people, range(8) as k (k);
create table marts.customers as select customer_id, 3 as record_count, 4 as order_count from people;
create table marts.orders as select * from journeys.customer_orders;
create table marts.touchpoints as select * from journeys.customer_touchpoints;
create table marts.customer_crosswalk as select record_key, channel, source_customer_id, customer_id from identity.customer_ids;
create table marts.rfm_history as select d as as_of_date, customer_id, hash(n, d) % 5 as score from people, (values (1), (2), (3), (4)) as t (d);
create table marts.revenue_by_channel as select channel, order_date, sum(net_amount) as net_amount from journeys.customer_orders group by all;
drop table people;
"""


@dataclass(frozen=True)
class Took:
    """Seconds of the clock and of the processor."""

    clock: float = 0.0
    processor: float = 0.0

    def __add__(self, other: Took) -> Took:
        return Took(self.clock + other.clock, self.processor + other.processor)

    def __str__(self) -> str:
        return f"{self.clock:.1f} s ({self.processor:.1f})"

    def over(self, other: Took) -> str:
        return f"{self.clock / other.clock:.2f} ({self.processor / other.processor:.2f})"


class Clock:
    """Tells what passed since it was last asked."""

    def __init__(self) -> None:
        self._last = self._now()

    @staticmethod
    def _now() -> Took:
        return Took(time.perf_counter(), time.process_time())

    def lap(self) -> Took:
        last, self._last = self._last, self._now()
        return Took(self._last.clock - last.clock, self._last.processor - last.processor)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("customers", nargs="?", type=int, default=20_000)
    options.add_argument("--people", type=int, default=1000)
    options.add_argument("--work", type=Path, default=PROJECT / "benches" / "out" / "rights")
    chosen = options.parse_args()
    shutil.rmtree(chosen.work, ignore_errors=True)
    settings = Settings(home=chosen.work / "home", inbox=chosen.work / "inbox", key=KEY)
    with _told(f"made a home of {chosen.customers:,} customers and three generations"):
        make_home(settings, chosen.customers)
    clock = Clock()
    plain_copy(settings, chosen.work / "copied")
    copied = clock.lap()
    print(f"plain copy of the rewritten files: {copied}", flush=True)
    took = {}
    for people in (1, min(chosen.people, chosen.customers // 2)):
        spent = erase(settings, chosen.work, people)
        took[people] = sum((spent[step] for step in REWRITING), Took())
        parts = ", ".join(f"{step} {spent[step]}" for step in REWRITING)
        rest = ", ".join(f"{step} {each}" for step, each in spent.items() if step not in REWRITING)
        print(
            f"{people:,} people: rewriting {took[people]} ({took[people].over(copied)} × the copy): {parts}; apart: {rest}",
            flush=True,
        )
    one, many = took.values()
    held = (
        one.processor <= MOST_OVER_COPY * copied.processor and many.processor <= MOST_OVER_ONE * one.processor
    )
    print(
        f"a batch of {max(took):,}: {many.over(one)} × one; targets ({MOST_OVER_COPY} × the copy, {MOST_OVER_ONE} × one) {'held' if held else 'MISSED'}"
    )


def make_home(settings: Settings, customers: int) -> None:
    """Fill a home: landing by its own code, the build by SQL, three generations published."""
    settings.inbox_dir.mkdir(parents=True)
    migrate(settings)
    path = settings.inbox_dir / "loyalty" / "members_2026-01-01.csv"
    path.parent.mkdir()
    with path.open("w") as file:
        file.write(MEMBERS + "\n")
        file.writelines(
            f"S{n}-0,Person Number{n},+1{2000000000 + n},person{n}@example.test,1980-01-01,female,{n} Long Road,Oakland,94601,US,2024-01-01,yes,yes,\n"
            for n in range(customers)
        )
    os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    land_all(settings, load_contracts(*settings.contract_dirs), "bench")
    with open_warehouse(settings) as con:
        for schema in ("identity", "journeys", "contact", "marts"):
            con.execute(f"create schema if not exists {schema}")
        con.execute(BUILD.format(customers=customers))
    for name in ("g000001", "g000002", "g000003"):
        recovery.publish(
            settings,
            write_generation(settings, name),
            run_id="bench",
            as_of_date=date(2026, 1, 5),
            commits=[],
        )
    with duckdb.connect(str(settings.state_path)) as con:
        con.execute(f"attach '{settings.warehouse_path}' as built (read_only)")
        con.execute(
            "insert into issued_ids select customer_id, 'r', 0, 1, now()::timestamp from built.marts.customers"
        )
        con.execute(
            "insert into lifecycle_by_date select date '2026-01-01' + d::integer, customer_id, 'active', null, 1, 1 from built.marts.customers, range(4) as t (d)"
        )


def plain_copy(settings: Settings, target: Path) -> None:
    """Have DuckDB copy every file that an erasure writes again, and copy the Parquet."""
    target.mkdir()
    stored = [path for path in settings.published_dir.glob("g*/*.duckdb") if not path.is_symlink()]
    for number, path in enumerate([*stored, settings.warehouse_path, settings.state_path]):
        with duckdb.connect(config=settings.duckdb_limits) as con:
            con.execute(f"attach '{path}' as held (read_only)")
            con.execute(f"attach '{target / str(number)}.duckdb' as fresh (storage_version 'v1.4.0')")
            con.execute("copy from database held to fresh")
            con.execute("checkpoint fresh")
    for number, path in enumerate(sorted(settings.published_dir.glob("g*/parquet"))):
        shutil.copytree(path, target / f"parquet{number}")
    os.sync()


def erase(settings: Settings, work: Path, people: int) -> dict[str, Took]:
    """Erase so many people from a copy of the home; step → what it took."""
    home = work / f"erasing{people}"
    shutil.copytree(settings.home, home / "home", symlinks=True)
    mine = settings.model_copy(update={"home": home / "home"})
    with connect_state(mine) as con:
        request = take(
            con,
            load_key(mine),
            NewRequest("erase", [Identity("customer_id", "x" * 8)], is_verified=True),
            actor="bench",
        )
    os.sync()
    spent: dict[str, Took] = {}
    clock = Clock()

    def reached(step: str) -> None:
        step = step.partition("/")[0]
        spent[step] = spent.get(step, Took()) + clock.lap()

    begun = erasure.begin(mine, [request.request_id], _traces(mine, people), actor="bench")
    reached("find and hashes")
    document = erasure.carry_out(mine, begun, reached)
    assert document["scan"]["found"] == [] and document["scan"]["unreadable"] == [], document["scan"]
    spent["scan, hashes, certificate"] = spent.pop("proof")
    shutil.rmtree(home)
    return spent


def _traces(settings: Settings, people: int) -> Traces:
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        con.execute(
            f"create temp table hers as select customer_id from marts.customers order by customer_id limit {people}"
        )

        def one(sql: str) -> list[str]:
            return [str(row[0]) for row in con.execute(sql).fetchall()]

        def pairs(sql: str) -> list[tuple[str, str]]:
            return [(str(row[0]), str(row[1])) for row in con.execute(sql).fetchall()]

        mine = "semi join hers using (customer_id)"
        return Traces(
            record_keys=one(f"select record_key from identity.customer_ids {mine}"),
            customer_ids=one("from hers"),
            node_keys=one(
                f"select node_key from identity.nodes semi join (from identity.customer_ids {mine}) using (record_key)"
            ),
            sources=[
                *pairs(f"select channel, source_customer_id from identity.customer_ids {mine}"),
                *pairs(f"select distinct channel, device_id from journeys.customer_touchpoints {mine}"),
            ],
            identifiers=[
                *(
                    ("email", each)
                    for each in one(f"select distinct email from contact.records_contact {mine}")
                ),
                *(
                    ("phone", each)
                    for each in one(f"select distinct phone from contact.records_contact {mine}")
                ),
            ],
            names=one(f"select distinct full_name from contact.records_contact {mine}"),
            own_names=one(f"select distinct full_name from contact.records_contact {mine}"),
            orders=pairs(f"select channel, order_id from journeys.customer_orders {mine}"),
            written=one(f"select distinct street from contact.records_contact {mine}"),
        )


@contextmanager
def _told(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{what} in {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
