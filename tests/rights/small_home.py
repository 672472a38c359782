"""A small home that holds two people in every place that a run writes: Rosa, who asks to be forgotten, and Ben, who does not.

Landing is real (shipped contracts); the build is made by hand, with the tables and columns that the room reads.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import date

import duckdb

from cdp_assets import audit
from cdp_assets.decisions import write_decision
from cdp_assets.keys import load_key, record_key
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.publishing import recovery
from cdp_assets.publishing.generations import write_generation
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse

NAME, MAIL, PHONE, STREET = "Rosa Canary", "rosa.canary@example.test", "+14155550101", "12 Nightingale Row"
MEMBER, BUYER, INVOICE, DEVICE = "OF77700177", "555017", "900017", "canary-device-1"
HERS, HIS = "c0ffee" + "1" * 26, "beef" + "2" * 28
EVERYTHING_OF_HERS = [NAME, MAIL, PHONE[1:], "(415) 555-0101", STREET, MEMBER, DEVICE, HERS]
MEMBERS = "member_id,full_name,phone,email,birth_date,gender,address,city,postcode,country,joined_at,marketing_consent,profiling_consent,home_store\n"
TOUCHES = 300_000  # hers in the middle: a small last row group would vanish by luck
LINES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def member(number: int) -> str:
    if number == 17:
        return f"{MEMBER},{NAME},(415) 555-0101,{MAIL.upper()},1980-01-01,female,{STREET},Oakland,94601,US,2024-01-01,yes,yes,\n"
    who = f"OF7770{number:04d},Ben Other {number},(415) 555-{1000 + number},ben{number}@example.test"
    return f"{who},1970-01-01,male,{number} Long Road,Oakland,94601,US,2024-01-01,yes,yes,\n"


def line(number: int, *, quantity: str = "2") -> str:
    buyer = BUYER if number == 17 else f"66{number:04d}"
    return (
        f"9000{number:02d},SKU{number},thing,{quantity},2026-01-02 10:00:00,5.25,{buyer}.0,United Kingdom\n"
    )


def deliver(settings: Settings, name: str, content: str | bytes) -> None:
    """A file that has been standing still for an hour."""
    path = settings.inbox_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    hour_ago = path.stat().st_mtime - 3600
    os.utime(path, (hour_ago, hour_ago))


def land(settings: Settings) -> None:
    land_all(settings, load_contracts(*settings.contract_dirs), "run")


def make_home(settings: Settings, touches: int = TOUCHES) -> None:
    """Fill every store of the home."""
    deliver(settings, "loyalty/members_2026-01-01.csv", MEMBERS + "".join(member(n) for n in range(1, 31)))
    # a broken row of hers: it waits in quarantine
    deliver(
        settings,
        "online_retail/2026-01-02.csv",
        LINES + "".join(line(n) for n in range(1, 31)) + line(17, quantity="two") + line(18, quantity=MAIL),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "day.csv", LINES + line(16).replace("01-02", "01-03") + line(17).replace("01-02", "01-03")
        )
    deliver(settings, "online_retail/2026-01-03.csv", packed.getvalue())
    land(settings)
    # a snapshot that lost half of its rows is held, and its original kept
    deliver(settings, "loyalty/members_2026-01-04.csv", MEMBERS + "".join(member(n) for n in range(10, 20)))
    land(settings)
    make_build(settings, touches)
    _publish(settings)
    _write_state(settings)
    _write_others(settings)


def keys_of(settings: Settings) -> dict[str, str]:
    """Record keys: hers by channel, and his."""
    key = load_key(settings)
    return {
        "loyalty": record_key(key, "loyalty", MEMBER),
        "online_retail": record_key(key, "online_retail", BUYER),
        "his": record_key(key, "loyalty", "OF77700016"),
    }


def make_build(settings: Settings, touches: int = TOUCHES) -> None:
    """The warehouse of a run, by hand: what rights read of it."""
    keys, middle = keys_of(settings), touches // 2
    people = [
        (keys["loyalty"], "loyalty", MEMBER, HERS, NAME, MAIL, PHONE, STREET),
        (keys["online_retail"], "online_retail", BUYER, HERS, NAME, None, None, None),
        (
            keys["his"],
            "loyalty",
            "OF77700016",
            HIS,
            "Ben Other 16",
            "ben16@example.test",
            "+14155551016",
            "16 Long Road",
        ),
    ]
    with open_warehouse(settings) as con:
        for schema in ("identity", "journeys", "history", "contact", "marts", "staging", "attribution"):
            con.execute(f"create schema if not exists {schema}")
        con.execute(
            "create temp table people (record_key varchar, channel varchar, source_customer_id varchar, customer_id varchar, "
            "full_name varchar, email varchar, phone varchar, street varchar)"
        )
        con.executemany("insert into people values (?, ?, ?, ?, ?, ?, ?, ?)", [list(each) for each in people])
        for statement in f"""
            create table identity.customer_ids as select record_key, channel, source_customer_id, 'account' as record_kind, customer_id from people;
            create table identity.customer_records as select channel, source_customer_id, 'account' as record_kind, 'buyer' as contact_role, full_name,
                null::varchar as given_name, null::varchar as family_name, email, phone, street, 'Oakland' as city, null::varchar as region,
                null::varchar as postcode, 'US' as country, null::varchar as birth_date, null::varchar as gender, null::varchar as national_id,
                null::varchar as loyalty_id, null::varchar as platform_id, null::timestamp as created_at, null::timestamp as updated_at from people;
            create table identity.identifiers as
                select record_key, kind as identifier_type, value as identifier_value, 1 as people_count, false as is_blocked
                from (unpivot (select record_key, email, phone, street from people) on email, phone, street into name kind value value);
            create table identity.links as select '{keys["loyalty"]}' as record_key_l, '{keys["online_retail"]}' as record_key_r, 'link' as link_type, false as is_refused;
            create table identity.nodes as select record_key, 'node' || left(record_key, 28) as node_key from people;
            create table identity.pairs as select 'node' || left('{keys["loyalty"]}', 28) as node_key_l,
                'node' || left('{keys["his"]}', 28) as node_key_r, 1.0 as match_weight;
            create table journeys.customer_orders as
                select 'online_retail' as channel, '9000' || n as order_id, case n when 17 then '{BUYER}' else '660016' end as source_customer_id,
                    case n when 17 then '{HERS}' else '{HIS}' end as customer_id, 10.50 as net_amount, false as is_anonymous from (values (16), (17)) as t (n);
            create table journeys.customer_touchpoints as
                select 'ga4:' || n as touch_id, 'ga4' as channel,
                    case n when {middle} then '{DEVICE}.' else 'd' end || n as touchpoint_id, null::varchar as source_customer_id,
                    case n when {middle} then '{DEVICE}' else 'device-' || n end as device_id,
                    case n when {middle} then '{HERS}' end as customer_id from range({touches}) as t (n);
            create table journeys.session_orders as select touchpoint_id as touch_id, 'x' as note from journeys.customer_touchpoints where customer_id = '{HERS}';
            create table history.consent_statements_by_date as select date '2026-01-05' as as_of_date, 's' || left(record_key, 6) as statement_id,
                record_key, 'cp' || left(record_key, 30) as contact_pseudonym, 'loyalty/members.csv:17' as evidence from people
                union all select date '2026-01-05', 'sdev' || n, null, null, 'ga4/' || case n when 1 then '{DEVICE}.{middle}' else 'device-2.2' end
                from (values (1), (2)) as t (n);
            create table history.rfm_scores_by_date as select date '2026-01-05' as as_of_date, customer_id, 5 as frequency from people group by all;
            create table contact.records_contact as select *, null::varchar as given_name, null::varchar as family_name, 'Oakland' as city,
                null::varchar as region, null::varchar as postcode, 'US' as country, null::varchar as loyalty_id, null::varchar as platform_id,
                null::varchar as delivered_birth_date, case customer_id when '{HERS}' then '(415) 555-0101' end as delivered_phone,
                email as delivered_email from people;
            create table contact.contacts_in_clear as select customer_id, 'email' as contact_type, email as contact_value,
                string_agg(record_key, ' ') as record_keys from people group by all;
            create table marts.customers as select customer_id, count(*) as record_count from people group by all;
            create view marts.orders as select * from journeys.customer_orders;
            create table marts.touchpoints as select * from journeys.customer_touchpoints;
            create table marts.customer_crosswalk as select record_key, channel, source_customer_id, customer_id from people;
            create table marts.customer_cohorts as select * from (values ('2026-01', 5, 1.5), ('2026-02', 6, 2.5)) as t (cohort_month, cohort_customers, net_revenue);
            create table marts.revenue_by_channel as select channel, sum(net_amount) as net_amount from journeys.customer_orders group by all;
        """.split(";"):
            if statement.strip():
                con.execute(statement)


def _publish(settings: Settings) -> None:
    for name in ("g000001", "g000002"):
        recovery.publish(
            settings, write_generation(settings, name), run_id="run", as_of_date=date(2026, 1, 5), commits=[]
        )
        replaced = settings.published_dir / name / "replaced"
        replaced.mkdir()
        with duckdb.connect() as con:
            con.execute(
                f"copy (select '{HERS}' as customer_id, 5 as frequency) to '{replaced}/rfm_scores_by_date.parquet'"
            )


def _write_state(settings: Settings) -> None:
    keys = keys_of(settings)
    with connect_state(settings) as con:
        for channel, record, customer in (
            ("loyalty", keys["loyalty"], HERS),
            ("online_retail", keys["online_retail"], HERS),
            ("loyalty", keys["his"], HIS),
        ):
            con.execute(
                "insert into customer_id_history values (?, ?, 'account', ?, 'created', now()::timestamp, null, 1, null)",
                [record, channel, customer],
            )
        for record, customer in ((keys["loyalty"], HERS), (keys["his"], HIS)):
            con.execute("insert into issued_ids values (?, ?, 0, 1, now()::timestamp)", [customer, record])
            con.execute(
                "insert into customer_id_events values (?, 'created', ?, null, 1, null, now()::timestamp, 1)",
                [f"e{record}", customer],
            )
            con.execute(
                "insert into lifecycle_by_date values (date '2026-01-05', ?, 'active', null, 1, 1)",
                [customer],
            )
        con.execute(
            "insert into identity_pairs select node_key_l, node_key_r, 1, 0.7, 'x', 'prior' "
            "from (select 'node' || left(?, 28) as node_key_l, 'node' || left(?, 28) as node_key_r)",
            [keys["loyalty"], keys["his"]],
        )
        con.execute(
            "insert into rulings values ('r1', 'cannot_link', ?, ?, 'no', 'ann', date '2026-01-05', null, false)",
            [keys["loyalty"], keys["his"]],
        )
        con.execute(
            "insert into consent_statements_by_date by name select date '2026-01-05' as as_of_date, 's1' as statement_id, false as is_ended, "
            "'loyalty' as channel, ? as record_key, 'email' as contact_type, 'marketing' as purpose, 'granted' as status",
            [keys["loyalty"]],
        )


def _write_others(settings: Settings) -> None:
    settings.logs_dir.mkdir(exist_ok=True)
    (settings.logs_dir / "run.log").write_text(f"all well\nsomebody printed {MAIL}\nended\n")
    run = settings.runs_dir / "run"
    run.mkdir(parents=True)
    os.link(settings.logs_dir / "run.log", run / "linked.log")
    target = settings.dbt_target_dir / "compiled"
    target.mkdir(parents=True)
    (target / "a.sql").write_text(f"select 1 -- {MEMBER}\n")
    history = settings.dagster_dir / "history"
    history.mkdir(parents=True)
    with closing(sqlite3.connect(history / "runs.db")) as con, con:
        con.execute("create table events (id integer primary key, event text)")
        con.executemany("insert into events (event) values (?)", [[f"step {n}"] for n in range(500)])
        con.execute("insert into events (event) values (?)", [f"error near {NAME}"])
    for name, content in {
        "audiences/best.yaml": f"name: best\nwho: {{customer_id: [{HERS}]}}\n",
        "activation/mailer/2026-01-05/added.csv": f"key\n{MAIL}\nben16@example.test\n",
        "share/partner/2026/cohorts.csv": f"cohort,customers\nwho writes to {MAIL},1\n2026,8\n",
        "psi/partner/matched.csv": f"{MAIL}\nben16@example.test\n",
        "web/pictures/a.json": f'{{"who": "{NAME}"}}',
        "web/answers/a-b.pickle": f"not to be read line by line\n{MAIL}",
        "web/spill/999999999-x/duckdb_temp_storage_0.tmp": f"page {MAIL}",
        "activation/.spill/duckdb_temp_storage_0.tmp": f"page {MAIL}",
        "warehouse.duckdb.tmp/duckdb_temp_storage_0.tmp": f"page {MAIL}",
        "runs/run/report.html": f"<p>this week\n<p>{NAME}\n",
    }.items():
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    _write_databases(settings)
    (settings.home / "activation" / "mailer" / "packed.csv.gz").write_bytes(
        gzip.compress(f"{MAIL}\nx@x.test\n".encode())
    )
    answer = settings.home / "rights" / "access" / "answer.zip"
    answer.parent.mkdir(parents=True)
    with zipfile.ZipFile(answer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("answer.json", f'{{"email": "{MAIL}"}}')
    write_decision(settings.home / "audiences_inbox", {"customers": [HERS]})
    write_decision(settings.home / "rulings_inbox", {"records": [keys_of(settings)["loyalty"]]})
    write_decision(settings.home / "rulings_inbox", {"records": [keys_of(settings)["his"]]})
    audit.append(settings, "ann", "view", subjects=[HERS], page="customer")
    audit.append(settings, "ann", "view", subjects=[HIS], page="customer")
    audit.append(settings, "ann", "query", sql=f"select * from customers where email = '{MAIL}'")


def _write_databases(settings: Settings) -> None:
    """The site's store, whose log of changes is not taken in yet and holds a row of hers that is deleted; its alerts; an import that died."""
    web = settings.home / "web"
    made = web / "made.sqlite"
    with closing(sqlite3.connect(made)) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table sessions (name text)")
        con.executemany("insert into sessions values (?)", [["ann"], [MAIL]])
        con.commit()
        con.execute("delete from sessions where name = ?", [MAIL])
        con.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{made}{end}", web / f"web.sqlite{end}")
    made.unlink()
    with closing(sqlite3.connect(web / "watched.sqlite")) as con, con:
        con.execute("create table day_notes (words text)")
        con.executemany("insert into day_notes values (?)", [["sale"], [f"{NAME} called"]])
    workshop = settings.home / "state.importing"
    workshop.mkdir()
    with duckdb.connect(str(workshop / "state.duckdb")) as con:
        con.execute("create table people as select ? as email", [MAIL])
    given = settings.home / "spark" / "given" / "state"
    given.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("create table people as select ? as email", [MAIL])
        con.execute(f"copy people to '{given / 'people.parquet'}' (format parquet)")


def cells_of(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    """Read the current generation's marts."""
    with duckdb.connect(str(settings.published_dir / "current" / "marts.duckdb"), read_only=True) as con:
        return list(con.execute(sql).fetchall())
