"""How fast activation is, beside bare DuckDB hashing and writing the same rows, on the same machine in one run.

    python benches/bench_activation.py [CUSTOMERS] [--audiences 50] [--destinations 10] [--work DIR]

A generated retailer: every customer has an e-mail, every second a phone, and is in two audiences; all audiences go to all destinations, so
CUSTOMERS x 2 x destinations memberships (20 million for a million customers and ten). First everything, then a night in which 1 % of the consents and 1 % of the
memberships changed, after all was acknowledged. Each part runs in a process of its own; seconds by step and peak memory are printed.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
DESTINATIONS = (
    "google_data_manager", "meta", "tiktok", "linkedin", "pinterest", "snap", "x", "amazon", "google_customer_match", "microsoft",
)  # fmt: skip
TARGETS = {"first": (180, 4096), "night": (45, 4096)}  # seconds, MB; of a million customers on two idle cores

GENERATE = """
create schema made.marts;
create table made.marts.dates as select date '2026-01-01' + range::integer as date_day from range({days});
create table made.marts.customers as select md5(range::varchar) as customer_id, 'A*' as masked_full_name, null::varchar as masked_email,
    null::varchar as masked_phone, 'US' as country, null::varchar as city, true as is_profiled from range({customers}) order by 1;
create table made.marts.customer_traits as select customer_id,
    ((hash(customer_id) % 1000003) / 1000003.0 + case when hash('t' || customer_id) % 100 < {changed} then 0.5 else 0 end) % 1 as price_sensitivity
    from made.marts.customers;
create table people as select customer_id, row_number() over (order by customer_id) as n from made.marts.customers;
create table reach as
    select customer_id, md5('e' || n) as contact_id, 'email' as contact_type, 'person' || n || '@example.com' as contact_value from people
    union all select customer_id, md5('p' || n), 'phone', '+1' || (2000000000 + n) from people where n % 2 = 0;
create table made.marts.contacts as select customer_id, contact_id, contact_type, null::varchar as contact_scope, true as is_reachable from reach;
create table made.marts.contact_permissions as select customer_id, contact_id, 'ads_matching' as purpose,
    hash('c' || contact_id) % 100 >= {changed} as is_allowed, null::timestamp as expires_at from reach;
create table made.marts.customer_id_events (event varchar, customer_id varchar, other_customer_id varchar);
create schema kept.contact;
create table kept.contact.contacts_in_clear as select customer_id, contact_id, contact_type, null::varchar as contact_scope, contact_value,
    true as is_reachable from reach;
create table kept.contact.customers_contact as select customer_id, 'Ann' as given_name, 'Lee' as family_name, null::date as birth_date from people;
"""


def main() -> None:
    options = _options()
    if options.part:
        _run_part(options)
        return
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    print(
        f"{options.customers:,} customers, {options.audiences} audiences, {options.destinations} destinations, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    for part in ("first", "bare", "night"):
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", part], check=True)
    shutil.rmtree(options.work)


def _run_part(options: argparse.Namespace) -> None:
    settings = _settings(options)
    if part_makes_data(options.part):
        _generate(settings, options.customers, changed=1 if options.part == "night" else 0)
    if options.part == "bare":
        _bare(options)
        return
    if options.part == "night":
        _acknowledge(settings)
    subprocess.run(
        [sys.executable, __file__, *sys.argv[1:-1], "measured"],
        check=True,
        env=os.environ | {"BENCH_PART": options.part},
    )


def part_makes_data(part: str) -> bool:
    return part in ("first", "night")


def _measured(options: argparse.Namespace) -> None:
    from cdp_assets.activation.library import load_library
    from cdp_assets.activation.night import run_activation
    from cdp_assets.activation.published_file import open_published
    from cdp_assets.activation.waterfall import sample_masked, waterfall

    started = time.monotonic()
    with open_published(_settings(options)) as published:
        waterfall(published, load_library(_settings(options)), "a00", b"a key for benches, of enough bytes")
        sample_masked(published.con)
    print(f"preview of one audience: {time.monotonic() - started:.1f} s")
    started, steps = time.monotonic(), []
    report = run_activation(
        _settings(options), reached=lambda step: steps.append((step, time.monotonic() - started))
    )
    seconds = time.monotonic() - started
    part = os.environ["BENCH_PART"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = sum(os.times()[:2])
    members = sum(each.member_count for each in report.lists)
    print(
        f"{part}: {members:,} memberships, {report.row_count('add'):,} keys to add, {report.row_count('remove'):,} to remove, "
        f"{report.file_count:,} files: {seconds:.1f} s ({cpu:.1f} s of processor), peak {peak:,.0f} MB "
        f"(a million: {TARGETS[part][0]} s, {TARGETS[part][1]:,} MB)"
    )
    before = 0.0
    for step, at in steps:
        print(f"    {step.removeprefix('activation/'):24} {at - before:7.1f} s")
        before = at


def _settings(options: argparse.Namespace):  # type: ignore[no-untyped-def]
    from cdp_assets.settings import Settings
    from cdp_assets.state import migrate

    home, project = options.work / "home", options.work / "project"
    settings = Settings(
        home=home,
        inbox=options.work / "inbox",
        project=project,
        key="a key for benches, of enough bytes",
        memory_limit="2500MB",
    )
    if not home.exists():
        (project / "dbt_project").mkdir(parents=True)
        (project / "dbt_project" / "dbt_project.yml").touch()
        (project / "audiences").mkdir()
        width = 2 / options.audiences
        for number in range(options.audiences):
            low = number / options.audiences
            ranges = [(low, min(low + width, 1.0))] + ([(0.0, low + width - 1)] if low + width > 1 else [])
            rules = ", ".join(
                f"{{traits: {{price_sensitivity: {{at_least: {a:.6f}, less_than: {b:.6f}}}}}}}"
                for a, b in ranges
            )
            (project / "audiences" / f"a{number:02d}.yaml").write_text(
                f"title: A\npurpose: ads_matching\ndestinations: [{', '.join(DESTINATIONS[: options.destinations])}]\nwho: {{any: [{rules}]}}\n"
            )
        migrate(settings)
    return settings


def _generate(settings, customers: int, changed: int) -> None:  # type: ignore[no-untyped-def]
    from cdp_assets.publishing.generations import flip, next_generation_name

    name = next_generation_name(settings, [])
    folder = settings.published_dir / name
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{folder}/marts.duckdb' as made (storage_version 'v1.4.0')")
        con.execute(f"attach '{folder}/contact.duckdb' as kept (storage_version 'v1.4.0')")
        con.execute(GENERATE.format(customers=customers, days=100 + changed, changed=changed))
    flip(settings, name)


def _acknowledge(settings) -> None:  # type: ignore[no-untyped-def]
    from cdp_assets.activation.answers import Answer, home_fingerprint, take_answers
    from cdp_assets.state import connect_state

    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select batch_id, sha256 from activation_batches where status = 'pending'"
        ).fetchall()
    home, started = home_fingerprint(settings), time.monotonic()
    take_answers(settings, [Answer(home=home, batch=row[0], sha256=row[1]) for row in rows])
    print(f"acknowledged {len(rows):,} batches: {time.monotonic() - started:.1f} s")


def _bare(options: argparse.Namespace) -> None:
    """The engine alone: hash each contact once per form, and write every key of every list as one column of text."""
    settings = _settings(options)
    published = settings.published_dir / "current" / "contact.duckdb"
    out = options.work / "bare"
    out.mkdir()
    with duckdb.connect(config={"threads": 2, "memory_limit": "2500MB"}) as con:
        con.execute(f"attach '{published}' as kept (read_only)")
        con.execute(f"attach '{settings.state_path}' as state (read_only)")
        started = time.monotonic()
        for form in range(4):
            con.execute(
                f"create table hashed_{form} as select contact_id, sha256(lower(contact_value) || '{form}') as k from kept.contact.contacts_in_clear"
            )
        hashed = time.monotonic()
        con.execute(
            "create table lines as select e.list_id, k.platform_key from state.activation_entries as e join state.activation_keys as k using (key_id)"
        )
        joined = time.monotonic()
        rows = con.execute("select count(*) from lines").fetchall()[0][0]
        con.execute(f"copy lines to '{out}' (format csv, partition_by (list_id), overwrite_or_ignore)")
        written = time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"bare DuckDB: {rows:,} keys: hashing four forms {hashed - started:.1f} s, joining {joined - hashed:.1f} s, writing {written - joined:.1f} s, "
        f"together {written - started:.1f} s, peak {peak:,.0f} MB"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--audiences", type=int, default=50)
    parser.add_argument("--destinations", type=int, default=10)
    parser.add_argument("--work", type=Path, default=PROJECT / "data" / "bench-activation")
    parser.add_argument("--part", default="")
    options = parser.parse_args()
    options.work = options.work.absolute()
    return options


if __name__ == "__main__":
    chosen = _options()
    if chosen.part == "measured":
        _measured(chosen)
    else:
        main()
