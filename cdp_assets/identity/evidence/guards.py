"""Step 2: evidence that must not count. By rule (placeholders, own contact data) and by measured fan-out.

Every refusal leaves a row in identity.guard_events that a person can read. Deciding who is one person does not belong here.
"""

from __future__ import annotations

import duckdb

from cdp_assets.identity.context import IdentityContext, StepSummary, reference
from cdp_assets.identity.evidence.contacts import clean_email, e164
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
    birth dates that are placeholders. guard_events: one row per refusal with a message in words, the value masked.
    """
    register_pseudonym(con, ctx.key)
    _write_carried(con)
    _write_blocked(con, ctx)
    con.execute(
        """
        create or replace table identity.identifiers as
        select
            carried.record_key,
            carried.identifier_type,
            carried.identifier_value,
            spread.people_count,
            blocked.identifier_value is not null as is_blocked,
        from carried
        join spread using (identifier_type, identifier_value)
        left join identity.blocked_identifiers as blocked using (identifier_type, identifier_value)
        """
    )
    _write_events(con)
    con.execute("drop table if exists temp.carried; drop table if exists temp.spread")
    identifiers, blocked = con.execute(
        "select count(*), count(*) filter (where is_blocked) from identity.identifiers"
    ).fetchall()[0]
    events = con.execute("select count(*) from identity.guard_events").fetchall()[0][0]
    return StepSummary(
        "refuse_bad_evidence", {"identifiers": identifiers, "blocked": blocked, "guard_events": events}
    )


def _write_carried(con: duckdb.DuckDBPyConnection) -> None:
    """Temp tables carried (record, type, value) and spread (per value: people_count, record_count)."""
    street = "case when coalesce(postcode_key, city_key) is not null then street_key || '|' || coalesce(postcode_key, city_key) end"
    values = ", ".join(street if kind == "street" else kind for kind in IDENTIFIER_TYPES)
    # Where no name tells people apart, whatever else is known of them does.
    others = ", ".join(
        f"hash(name_sound, birth_key, street_key{'' if kind == 'email' else ', email'}{'' if kind == 'phone' else ', phone'})"
        for kind in IDENTIFIER_TYPES
    )
    con.execute(
        f"""
        create or replace temp table carried as
        select * from (
            select
                record_key,
                unnest({list(IDENTIFIER_TYPES)}) as identifier_type,
                unnest([{values}]) as identifier_value,
                {INITIALS} as initials,
                unnest([{others}]) as other_evidence,
            from identity.records
        ) where identifier_value is not null
        """
    )
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


def _write_blocked(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> None:
    limits = reference("guards")
    cases = "\n".join(f"when {condition} then '{rule}'" for rule, condition in _rule_sql(ctx).items())
    names = literals(limits["placeholder_names"])
    births = ", ".join(f"'{value}'" for value in limits["placeholder_birth_dates"])
    con.execute(from_file(__name__, "blocked_identifiers", cases=cases, names=names, births=births))


def _write_events(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(from_file(__name__, "guard_events"))
