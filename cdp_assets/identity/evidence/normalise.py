"""Step 1: customer records of all channels, in one comparable form (identity.records).

Set-based; libraries see only distinct uncommon values. A record that is delivered as it was when this warehouse was last built,
under the same rules, is not read again. Refusing evidence does not belong here: see guards.
"""

from __future__ import annotations

from functools import cache

import duckdb

from cdp_assets.identity import cached_tables
from cdp_assets.identity.context import (
    CUSTOMER_COLUMNS,
    IDENTITY_DIR,
    REFERENCE_DIR,
    IdentityContext,
    IdentityProblem,
    StepSummary,
    reference,
)
from cdp_assets.identity.evidence import chinese_places, places
from cdp_assets.identity.evidence.contacts import build_email_forms, build_phone_forms
from cdp_assets.identity.evidence.countries import country_sql
from cdp_assets.identity.evidence.names import build_name_forms
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file, literals

# Of what it depends how a delivered record reads.
_CODE = (
    "evidence/normalise",
    "evidence/names",
    "evidence/contacts",
    "evidence/places",
    "evidence/countries",
    "evidence/chinese_places",
    "context",
)
_LIBRARIES = ("duckdb", "phonenumbers", "email-validator", "pypinyin", "opencc-python-reimplemented")


def normalise_records(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, source: str = "identity.customer_records"
) -> StepSummary:
    """Make identity.records from the union of the channels' customer records.

    In: `source`, one row per (channel, source_customer_id) in the shared customers shape; a missing column counts as empty.
    Out: identity.records, one row per record_key, with comparable keys (name_exact, name_sound, given_key, family_key, phone,
    phone_head, phone_tail, email, email_user, birth_key, gender_key, national_id, street_key, street_number, city_key, region_key,
    postcode_key, country_key, loyalty_id, platform_id) and delivered_hash (of the row of `source`). Raises IdentityProblem if a key
    repeats.
    """
    register_pseudonym(con, ctx.key)
    con.execute("create schema if not exists identity")
    con.execute("drop table if exists identity.proposal")
    try:
        columns = _columns_of(con, source)
        made_by = _made_by(con, ctx, columns)
        _find_delivered(con, source)
        _check_grain(con, source)
        is_held = _find_fresh(con, made_by)
        _read_source(con, ctx, source, columns)
        con.execute(
            "create or replace temp table name_parts as "
            "select distinct name_raw, full_name, given_name, family_name from raw_records where name_raw is not null"
        )
        build_name_forms(con)
        con.execute(
            "create or replace temp table phone_parts as "
            "select distinct phone, phone_region as region from raw_records where phone is not null "
            "union select distinct phone, country_code from raw_records where phone is not null and country_code is not null"
        )
        build_phone_forms(con)
        con.execute(
            "create or replace temp table email_parts as "
            "select distinct email as email_raw from raw_records where email is not null"
        )
        build_email_forms(con)
        chinese_places.register_characters(con, "raw_records", ["street", "city", "region"])
        _write_records(con, made_by, is_held=is_held)
        read = con.execute("select count(*) from fresh").fetchall()[0][0]
    finally:
        _drop_work_tables(con)
    count, named, phoned, mailed = con.execute(
        "select count(*), count(name_sound), count(phone), count(email) from identity.records"
    ).fetchall()[0]
    return StepSummary(
        "normalise_records",
        {"records": count, "read": read, "with_name": named, "with_phone": phoned, "with_email": mailed},
    )


@cache
def _rules() -> str:
    """Digest of all that decides how a delivered record reads: code, lists, and the versions of the libraries asked."""
    code = [IDENTITY_DIR / f"{name}.py" for name in _CODE]
    statements = sorted((IDENTITY_DIR / "evidence").glob("*.sql"))
    return cached_tables.digest_of([*code, *statements, *sorted(REFERENCE_DIR.glob("*.yaml"))], _LIBRARIES)


def _columns_of(con: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Column → type of the source; raises IdentityProblem where its key is missing."""
    columns = {row[0]: row[1] for row in con.execute(f"describe {source}").fetchall()}
    missing = {"channel", "source_customer_id"} - columns.keys()
    if missing:
        raise IdentityProblem(
            f"{source} has no column {', '.join(sorted(missing))}: every customer record needs its channel and id there"
        )
    return columns


def _made_by(con: duckdb.DuckDBPyConnection, ctx: IdentityContext, columns: dict[str, str]) -> str:
    """What identity.records was made by, beside the rows: rules, phone regions, the source's columns, and the key."""
    rules = f"{_rules()} {sorted(ctx.phone_regions.items())} {list(columns.items())}"
    return str(con.execute("select pseudonym($rules)", {"rules": rules}).fetchall()[0][0])


def _find_delivered(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Temp table delivered (channel, source_customer_id, delivered_hash): one row per row of `source` that has a key."""
    con.execute(
        f"""
        create or replace temp table delivered as
        select * from (
            select {_trimmed("channel")} as channel, {_trimmed("source_customer_id")} as source_customer_id,
                hash(delivered_row) as delivered_hash,
            from {source} as delivered_row
        ) where channel is not null and source_customer_id is not null
        """
    )


def _trimmed(column: str) -> str:
    return f"nullif(trim(cast(delivered_row.{column} as varchar)), '')"


def _find_fresh(con: duckdb.DuckDBPyConnection, made_by: str) -> bool:
    """Temp table fresh: rows of delivered that identity.records does not hold. False: it holds none that still count."""
    is_held = cached_tables.made_by(con, "records") == made_by
    held = "anti join identity.records using (channel, source_customer_id, delivered_hash)" if is_held else ""
    con.execute(f"create or replace temp table fresh as from delivered {held}")
    return is_held


def _source_expression(present: dict[str, str]) -> str:
    expressions = []
    for column, kind in CUSTOMER_COLUMNS.items():
        if column not in present:
            expressions.append(f"cast(null as {kind}) as {column}")
        elif kind == "varchar":
            expressions.append(f"nullif(trim(cast({column} as varchar)), '') as {column}")
        else:
            expressions.append(f"cast({column} as {kind}) as {column}")
    return ",\n".join(expressions)


def _read_source(
    con: duckdb.DuckDBPyConnection, ctx: IdentityContext, source: str, columns: dict[str, str]
) -> None:
    """Temp table raw_records: fresh rows in the shape's columns, with record_key, raw name key and the region to read phones in."""
    by_channel = " ".join(
        f"when channel = '{channel}' then '{region}'" for channel, region in ctx.phone_regions.items()
    )
    of_country = "coalesce(country_code, 'ZZ')"
    con.execute(
        f"""
        create or replace temp table raw_records as
        with chosen as (
            from {source} as delivered_row
            semi join fresh on fresh.channel = {_trimmed("channel")} and fresh.source_customer_id = {_trimmed("source_customer_id")}
        ),
        shaped as (select {_source_expression(columns)} from chosen),
        placed as (select *, {country_sql("country")} as country_code from shaped)
        select
            *,
            pseudonym('record' || chr(31) || channel || chr(31) || source_customer_id) as record_key,
            case when coalesce(full_name, given_name, family_name) is not null
                then concat_ws(chr(31), coalesce(full_name, ''), coalesce(given_name, ''), coalesce(family_name, '')) end
                as name_raw,
            {f"case {by_channel} else {of_country} end" if by_channel else of_country} as phone_region,
        from placed
        join fresh using (channel, source_customer_id)
        """
    )


def _check_grain(con: duckdb.DuckDBPyConnection, source: str) -> None:
    repeated = con.execute(
        "select channel, count(*) from (select channel from delivered group by channel, source_customer_id "
        "having count(*) > 1) group by channel order by channel"
    ).fetchall()
    if repeated:
        where = ", ".join(f"{channel}: {count} ids" for channel, count in repeated)
        raise IdentityProblem(
            f"{source} holds ids more than once ({where}): make the channel's staging customers model one row per "
            "source_customer_id"
        )


def _write_records(con: duckdb.DuckDBPyConnection, made_by: str, *, is_held: bool) -> None:
    con.execute(
        from_file(
            __name__,
            "read_records",
            birth_key=places.birth_key("raw.birth_date"),
            gender_key=places.gender_key("raw.gender"),
            national_id=places.document_key("raw.national_id"),
            street_words=places.address_words("raw.street"),
            city_words=places.words_of("raw.city"),
            region_words=places.words_of("raw.region"),
            postcode_key=places.postcode_key("raw.postcode"),
            loyalty_id=places.document_key("raw.loyalty_id"),
            placed_street=chinese_places.street_words("street_words"),
            bare_city=chinese_places.bare_place("city_key"),
            city_of_street=chinese_places.city_of_street("street_words"),
            bare_region=chinese_places.bare_place("region_key"),
            placeholder_names=literals(reference("guards")["placeholder_names"]),
        )
    )
    with cached_tables.at_once(con):
        if is_held:
            con.execute(
                "delete from identity.records where (channel, source_customer_id, delivered_hash) not in (from delivered)"
            )
            con.execute("insert into identity.records from read_records")
        else:
            con.execute("create or replace table identity.records as from read_records")
            cached_tables.keep_made_by(con, "records", made_by)


def _drop_work_tables(con: duckdb.DuckDBPyConnection) -> None:
    for table in (
        "delivered", "fresh", "raw_records", "read_records",
        "name_parts", "name_forms", "folded_parts", "han_characters", "nicknames", "pinyin_surnames",
        "phone_parts", "phone_cleaned", "phone_common", "phone_rare", "phone_forms",
        "email_parts", "email_checked", "email_rare", "email_forms",
    ):  # fmt: skip
        con.execute(f"drop table if exists temp.{table}")
