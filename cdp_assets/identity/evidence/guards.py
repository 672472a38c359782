"""Step 2: evidence that must not count. By rule (placeholders, own contact data) and by measured fan-out.

Every refusal leaves a row in identity.guard_events that a person can read. Deciding who is one person does not belong here.
"""

from __future__ import annotations

from functools import cache

import duckdb

from cdp_assets.identity import cached_tables, changes
from cdp_assets.identity.context import (
    IDENTITY_DIR,
    REFERENCE_DIR,
    IdentityContext,
    StepSummary,
    reference,
)
from cdp_assets.identity.evidence.contacts import clean_email, e164
from cdp_assets.identity.tables import has_table
from cdp_assets.keys import register_pseudonym
from cdp_assets.sql_text import from_file, literals

IDENTIFIER_TYPES = ("phone", "email", "national_id", "loyalty_id", "platform_id", "street")

# Two-part names only; sorted initials of the canonical given name and the family name survive spelling, order and script.
INITIALS = """
    case when given_key is not null and family_key is not null
        then least(left(given_canon, 1), left(family_key, 1)) || greatest(left(given_canon, 1), left(family_key, 1)) end
"""


def refuse_bad_evidence(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> StepSummary:
    """Make identity.identifiers, identity.blocked_identifiers and identity.guard_events from identity.records.

    identifiers: one row per (record_key, identifier_type): identifier_value, people_count (different people who carry the value),
    is_blocked. blocked_identifiers: one row per (identifier_type, identifier_value) with its rule and counts, also for names and
    birth dates that are placeholders. guard_events: one row per refusal with a message in words, the value masked. identified: one row
    per record_key with the delivered_hash of which identifiers speaks: a night looks only at values of records that came, went or changed.
    """
    register_pseudonym(con, ctx.key)
    maker = _made_by(con, ctx)
    is_held = maker is not None and cached_tables.made_by(con, "identifiers") == maker
    _find_changed(con, is_held=is_held)
    _write_carried(con, is_held=is_held)
    _write_refused(con, ctx, is_held=is_held)
    with cached_tables.at_once(con):
        _take_over(con, is_held=is_held)
        if maker is not None:
            cached_tables.keep_made_by(con, "identifiers", maker)
    for table in ("stale", "fresh", "carried", "touched", "spread", "refused", "weighed"):
        con.execute(f"drop table if exists temp.{table}")
    identifiers, blocked = con.execute(
        "select count(*), count(*) filter (where is_blocked) from identity.identifiers"
    ).fetchall()[0]
    events = con.execute("select count(*) from identity.guard_events").fetchall()[0][0]
    return StepSummary(
        "refuse_bad_evidence", {"identifiers": identifiers, "blocked": blocked, "guard_events": events}
    )


def _made_by(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> str | None:
    """What decides which evidence is refused, beside the rows of records; None where these do not say what they were made by."""
    records_made_by = cached_tables.made_by(con, "records")
    if records_made_by is None:
        return None
    return cached_tables.digest_of_facts(
        records_made_by, _rules(), ctx.own_contacts, sorted(ctx.phone_regions.items())
    )


@cache
def _rules() -> str:
    """Digest of the code and lists of this step."""
    names = ("guards.py", "blocked_identifiers.sql", "contacts.py")
    code = [IDENTITY_DIR / "evidence" / name for name in names]
    return cached_tables.digest_of([*code, REFERENCE_DIR / "guards.yaml"], ["duckdb"])


def _find_changed(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp tables fresh and stale (record_key): records whose identifiers are not known as they are, and those of which what is known does
    not hold any longer; a changed record is in both."""
    if is_held:
        join = "using (record_key, delivered_hash)"
        fresh = f"select record_key from identity.records anti join identity.identified {join}"
        stale = f"select record_key from identity.identified anti join identity.records {join}"
    else:
        fresh = "select record_key from identity.records"
        stale = "select record_key from identity.records limit 0"
    con.execute(f"create or replace temp table fresh as {fresh}")
    con.execute(f"create or replace temp table stale as {stale}")


def _write_carried(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Temp tables touched (type, value: those of fresh and stale records), carried (record, type, value: all that bear a touched value) and
    spread (per touched value: people_count, record_count)."""
    con.execute(f"create or replace temp table carried as {_carried_by('fresh')}")
    values = "select distinct identifier_type, identifier_value from"
    stale = "(from identity.identifiers semi join stale using (record_key))"
    con.execute(
        f"create or replace temp table touched as {values} carried{f' union {values} {stale}' if is_held else ''}"
    )
    if is_held:
        con.execute(
            """
            create or replace temp table bearers as
            select distinct record_key from identity.identifiers
            semi join touched using (identifier_type, identifier_value)
            anti join stale using (record_key)
            """
        )
        con.execute(
            f"insert into carried from ({_carried_by('bearers')}) semi join touched using (identifier_type, identifier_value)"
        )
        con.execute("drop table bearers")
    con.execute(
        """
        create or replace temp table spread as
        select
            identifier_type,
            identifier_value,
            count(*) as record_count,
            count(distinct initials) as people_count,
            count(distinct other_evidence) filter (where initials is null) as nameless_count,
        from carried
        group by identifier_type, identifier_value
        """
    )


def _carried_by(records: str) -> str:
    """SQL: one row (record, type, value, and what tells its bearers apart) per identifier of the records in a table of record_key."""
    street = "case when coalesce(postcode_key, city_key) is not null then street_key || '|' || coalesce(postcode_key, city_key) end"
    values = ", ".join(street if kind == "street" else kind for kind in IDENTIFIER_TYPES)
    # Where no name tells people apart, whatever else is known of them does.
    others = ", ".join(
        f"hash(name_sound, birth_key, street_key{'' if kind == 'email' else ', email'}{'' if kind == 'phone' else ', phone'})"
        for kind in IDENTIFIER_TYPES
    )
    return f"""
        select * from (
            select
                record_key,
                unnest({list(IDENTIFIER_TYPES)}) as identifier_type,
                unnest([{values}]) as identifier_value,
                {INITIALS} as initials,
                unnest([{others}]) as other_evidence,
            from identity.records semi join {records} using (record_key)
        ) where identifier_value is not null
    """


def _rule_sql(ctx: IdentityContext) -> dict[str, str]:
    """Rule name → condition over spread; the first that holds names the refusal."""
    limits = reference("guards")

    own = [
        e164(value, region) for value in ctx.own_contacts for region in {*ctx.phone_regions.values(), None}
    ]
    own += [clean_email(value) for value in ctx.own_contacts]
    phone_patterns = " or ".join(_pattern_sql(pattern) for pattern in limits["placeholder_phone_patterns"])
    rules = {
        "placeholder_phone": f"identifier_type = 'phone' and ({phone_patterns})",
        "placeholder_email": (
            "identifier_type = 'email' and ("
            f"regexp_replace(split_part(identifier_value, '@', 1), '[0-9]+$', '') in "
            f"({literals(limits['placeholder_email_users'])}) "
            f"or split_part(identifier_value, '@', 2) in ({literals(limits['placeholder_email_domains'])}))"
        ),
        "placeholder_national_id": (
            f"identifier_type = 'national_id' and (identifier_value in ({literals(limits['placeholder_national_ids'])}) "
            "or length(identifier_value) < 4 or length(replace(identifier_value, left(identifier_value, 1), '')) = 0)"
        ),
        "own_contact": f"identifier_value in ({literals([value for value in own if value] or [''])})",
    }
    for kind in IDENTIFIER_TYPES:
        rules[f"too_many_people_{kind}"] = (
            f"identifier_type = '{kind}' and people_count > {int(limits['fan_out'][kind])}"
        )
        rules[f"too_many_records_{kind}"] = (
            f"identifier_type = '{kind}' and nameless_count > {int(limits['nameless'][kind])}"
        )
    return rules


def _pattern_sql(pattern: str) -> str:
    """A condition on identifier_value; RE2 has no back references, so a repeated digit is spelt out."""
    if pattern.startswith(r"(\d)\1"):
        return " or ".join(f"regexp_matches(identifier_value, '{digit}{{7,}}$')" for digit in range(10))
    return f"regexp_matches(identifier_value, '{pattern}')"


def _write_refused(con: duckdb.DuckDBPyConnection, ctx: IdentityContext, *, is_held: bool) -> None:
    """Temp tables refused (all rows of blocked_identifiers) and weighed (rows of identifiers with a touched value)."""
    limits = reference("guards")
    cases = "\n".join(f"when {condition} then '{rule}'" for rule, condition in _rule_sql(ctx).items())
    births = ", ".join(f"'{value}'" for value in limits["placeholder_birth_dates"])
    con.execute(from_file(__name__, "blocked_identifiers", cases=cases, births=births, is_held=is_held))
    con.execute(
        """
        create or replace temp table weighed as
        select
            carried.record_key,
            carried.identifier_type,
            carried.identifier_value,
            spread.people_count,
            refused.identifier_value is not null as is_blocked,
        from carried
        join spread using (identifier_type, identifier_value)
        left join refused using (identifier_type, identifier_value)
        """
    )


def _take_over(con: duckdb.DuckDBPyConnection, *, is_held: bool) -> None:
    """Bring the tables up to the records, and note the records of which the guards say something else than before."""
    if is_held:
        changes.note(con, "unjudged", from_file(__name__, "judged_otherwise"))
        con.execute(
            "delete from identity.identifiers where record_key in (from stale) "
            "or (identifier_type, identifier_value) in (select (identifier_type, identifier_value) from touched)"
        )
        con.execute("insert into identity.identifiers from weighed")
        con.execute("delete from identity.identified where record_key in (from stale)")
        con.execute(
            "insert into identity.identified select record_key, delivered_hash from identity.records semi join fresh using (record_key)"
        )
    else:
        changes.note(con, "unjudged", "select record_key from identity.records")
        if has_table(con, "nodes"):
            changes.note(con, "unjudged", "select record_key from identity.nodes")
        con.execute("create or replace table identity.identifiers as from weighed")
        con.execute(
            "create or replace table identity.identified as select record_key, delivered_hash from identity.records"
        )
    con.execute("create or replace table identity.blocked_identifiers as from refused")
    con.execute(from_file(__name__, "guard_events"))
