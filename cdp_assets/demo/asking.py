"""Persons of the simulated retailer who ask for something by right: OUT/requests.csv, for `onefold rights import`, and the true answer.

They are drawn out of what is simulated, and nothing is simulated otherwise for them: no delivered file changes. A request names its person by a
record of hers; then somebody of before asks again, and two whom no channel knows: one is nobody, the other visited a stand at a trade fair,
whose list lies in the inbox, in the folder of no channel (`leads`). The first who asks stands on that list, too, where one of it can be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.leads import TRUTH as LEADS
from cdp_assets.sql_text import literal

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

FILE, TRUTH = "requests.csv", "requests.parquet"
KINDS = ("erase", "access", "restrict", "object", "opt-out", "erase")
JURISDICTIONS = ("gdpr", "gdpr", "gdpr", "pipl", "ccpa", "ccpa")
AGAIN, UNKNOWN, UNREAD = "again", "unknown", "unread"


def write_requests(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Write OUT/requests.csv and OUT/truth/requests.parquet, from the truth of records; fewer persons than kinds give fewer requests.

    Grain of both: one per request. Asked are persons whom several channels know, the same ones for the same seed.
    """
    con.execute(
        f"""
        create or replace temp table asking as
        with records as (select * from read_parquet({literal(out / "truth" / "records.parquet")})),
        known as (
            select person_id, min_by(channel || '/' || source_customer_id, md5(channel || source_customer_id)) as record,
                min_by(support_id, md5(channel || source_customer_id)) as support_id
            from records where support_id is not null and not contains(source_customer_id, ':') and traps = []
            group by person_id having count(distinct channel) between 2 and 4
        ),
        leads as (select * from read_parquet({literal(out / "truth" / LEADS)})),
        drawn as (
            select *, row_number() over (order by person_id in (select person_id from leads) desc, md5('asks ' || person_id)) as number
            from known
        ),
        asked as (
            select number, kind, jurisdiction, record, person_id, support_id, 'asks' as why
            from drawn inner join (select unnest($kinds) as kind, unnest($laws) as jurisdiction, unnest(range(1, 7)) as number) using (number)
            union all select 7, 'erase', 'gdpr', record, person_id, support_id, {literal(AGAIN)} from drawn where number = 1
            union all select 8, 'access', 'gdpr', 'shopify/nobody', null, null, {literal(UNKNOWN)}
            union all select 9, 'erase', 'gdpr', null, null, null, {literal(UNREAD)}
        )
        select asked.*, md5('request ' || number)::uuid::varchar as request_id,
            (select count(*) from records where records.support_id = asked.support_id) as supported_records,
            (select count(*) from records where records.person_id = asked.person_id) as true_records,
            (select count(*) from leads where leads.person_id = asked.person_id or leads.email = asked.email) as unread_rows
        from (select *, case why when {literal(UNREAD)} then (select min(email) from leads where person_id is null) end as email from asked) as asked
        """,
        {"kinds": list(KINDS), "laws": list(JURISDICTIONS)},
    )
    truth = "request_id, kind, why, record, email, person_id, support_id, supported_records, true_records, unread_rows"
    con.execute(
        f"copy (select {truth} from asking order by number) to {literal(out / 'truth' / TRUTH)} (format parquet)"
    )
    con.execute(
        f"copy (select kind, record, email, jurisdiction, request_id from asking order by number) to {literal(out / FILE)} (format csv, header)"
    )
    (out / FILE).chmod(0o600)
