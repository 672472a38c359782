"""Corrections: what a person says is right stands in the place of the wrong value, record by record, before identity reads it.

State keeps the right value and a keyed hash of what the channel delivers. dbt applies it (`applied_corrections`) for as long as the channel
delivers that very value, or the right one; a third value is newer knowledge, and the correction lapses.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from cdp_assets.keys import SEPARATOR_SQL as MARK
from cdp_assets.keys import register_pseudonym
from cdp_assets.rights import requests
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.wishes import ATTRIBUTES, Wish

# A number as two writings of it are compared, equal to the macro plain_value of the dbt project.
PLAIN_NUMBER = "right(regexp_replace(coalesce({0}, ''), '[^0-9]', '', 'g'), 10)"


def correct(
    con: duckdb.DuckDBPyConnection,
    key: bytes,
    request_id: str,
    wish: Wish,
    records: Sequence[str],
    seeds: Sequence[str],
) -> int:
    """Enter the corrections of a request, one for each record that says something else; returns how many. con: state, with `warehouse` attached.

    seeds: the records that carry what the request names: where no record has a value, it is theirs. Raises RequestProblem where no record
    carries the wrong value, or all say the right one already.
    """
    if wish.attribute not in ATTRIBUTES:
        raise RequestProblem(
            "the attribute of the correction is not known", request_id, "take the request anew"
        )
    register_pseudonym(con, key)
    attribute = wish.attribute
    con.execute(
        f"create or replace temp table said as select record_key, {attribute}::varchar as value from warehouse.identity.customer_records "
        "inner join warehouse.identity.customer_ids using (channel, source_customer_id) where record_key in (select unnest(?::varchar[]))",
        [list(records)],
    )
    stated = "regexp_replace(value, '[^0-9]', '', 'g')" if attribute == "phone" else "lower(trim(value))"
    plain = PLAIN_NUMBER if attribute == "phone" else "lower(trim(coalesce({0}, '')))"
    says_right = (
        f"{plain.format('value')} = {plain.format('$right::varchar')}"
        if attribute == "phone"
        else "trim(value) = $right"
    )
    con.execute(
        f"""
        create or replace temp table wrong as
        select said.record_key, coalesce(
            (select min(wrong_pseudonym) from rights_corrections as c
             where c.record_key = said.record_key and c.attribute = $attribute and c.status = 'standing' and {_is_applied(con)}),
            pseudonym('wrong' || {MARK} || $attribute || {MARK} || {plain.format("value")})
        ) as wrong_pseudonym
        from said
        where case
            when $wrong::varchar is not null then value is not null and pseudonym('wrong stated' || {MARK} || $attribute || {MARK} || {stated}) = $wrong
            when (select count(value) from said) = 0 then record_key in (select unnest($seeds::varchar[]))
            else value is not null and {says_right} is not true
        end
        """,
        {
            "attribute": attribute,
            "wrong": wish.wrong_pseudonym,
            "right": wish.right_value,
            "seeds": list(seeds),
        },
    )
    ((count,),) = con.execute("select count(*) from wrong").fetchall()
    if not count:
        raise RequestProblem(
            "no record of hers carries the wrong value"
            if wish.wrong_pseudonym
            else "every record of hers says so already",
            f"{len(records)} records looked at",
            "see what they say (`onefold rights run` on an access request), or close the request with that answer",
        )
    con.execute(
        "update rights_corrections set status = 'superseded', ended_at = now()::timestamp "
        "where status = 'standing' and attribute = ? and record_key in (select record_key from wrong)", [attribute]
    )  # fmt: skip
    con.execute(
        "insert into rights_corrections select ?, record_key, ?, wrong_pseudonym, ?, 'standing', now()::timestamp, null from wrong "
        "on conflict do update set status = 'standing', ended_at = null",
        [request_id, attribute, wish.right_value],
    )
    return int(count)


def _is_applied(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: whether the build already shows the corrected value `c` in the place of the delivered one."""
    if not _is_built(con):
        return "false"
    return (
        "exists (select 1 from warehouse.identity.applied_corrections as a where a.outcome = 'applied' and a.request_id = c.request_id "
        "and a.record_key = c.record_key and a.attribute = c.attribute)"
    )


def _is_built(con: duckdb.DuckDBPyConnection) -> bool:
    return bool(
        con.execute(
            "select 1 from duckdb_tables() where database_name = 'warehouse' and schema_name = 'identity' and table_name = 'applied_corrections'"
        ).fetchall()
    )


def commit_lapses(con: duckdb.DuckDBPyConnection, generation: str) -> None:
    """End the corrections that a third value overtook in this run, and say so in their requests. con: state, in the run's one transaction."""
    if not _is_built(con):
        return
    rows = con.execute(
        "update rights_corrections as c set status = 'lapsed', ended_at = now()::timestamp from warehouse.identity.applied_corrections as a "
        "where a.outcome = 'lapsed' and c.status = 'standing' and c.request_id = a.request_id and c.record_key = a.record_key "
        "and c.attribute = a.attribute returning c.request_id, c.attribute"
    ).fetchall()
    for request_id, attribute in sorted(set(rows)):
        count = rows.count((request_id, attribute))
        found = f"{attribute}: {count} records bring a third value, in {generation}"
        requests.note(con, request_id, "lapsed", "run", found)
        con.execute(
            "update rights_requests set outcome = ? where request_id = ?", [f"lapsed: {found}", request_id]
        )


def standing(con: duckdb.DuckDBPyConnection, request_id: str) -> dict[str, int]:
    """Status → number of records of a request's corrections. con: state."""
    rows = con.execute(
        "select status, count(*) from rights_corrections where request_id = ? group by all order by all",
        [request_id],
    ).fetchall()
    return {str(status): int(count) for status, count in rows}
