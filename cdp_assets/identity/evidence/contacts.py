"""Phones and e-mails: one spelling for each, common forms by SQL, the rest once per distinct value by library.

Whether a value is good evidence does not belong here: see guards.
"""

from __future__ import annotations

import re

import duckdb
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from cdp_assets.identity.context import reference
from cdp_assets.mailbox import mailbox_sql
from cdp_assets.sql_text import from_file, literals

_NO_REGION = "ZZ"
_SCIENTIFIC = re.compile(
    r"\s*[0-9]([.,][0-9]+)?[eE][+][0-9]{1,3}\s*"
)  # a spreadsheet's wreck: most of its digits are lost


def e164(text: str, region: str | None) -> str | None:
    """A phone number in E.164, read in the given ISO 3166 region; None if it cannot be one.

    Without region and country code the digits are kept as `0:<digits>` (7 to 15 of them): equal ones are still evidence.
    """
    if _SCIENTIFIC.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, region if region != _NO_REGION else None)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"\D", "", text)
        if region not in (None, _NO_REGION) or not 7 <= len(digits) <= 15:
            return None
        return _with_country_code(digits) or f"0:{digits}"
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _with_country_code(digits: str) -> str | None:
    """Eleven digits or more that are a valid number once a plus is put before them carry their country code."""
    if len(digits) < 11 or digits.startswith("0"):
        return None
    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return None
    return f"+{digits}" if phonenumbers.is_valid_number(number) else None


def clean_email(text: str) -> str | None:
    """A plausible e-mail address in lower case, ASCII domain; None if nothing can be delivered to it by its form.

    Of `Some Name <address>` the address counts.
    """
    named = re.search(r"<([^<>]+)>\s*$", text)
    try:
        checked = validate_email(
            (named.group(1) if named else text).strip().strip("<>'\""),
            check_deliverability=False,
            test_environment=True,
        )
    except (EmailNotValidError, ValueError):
        return None
    return f"{checked.local_part}@{checked.ascii_domain}".lower()


def build_phone_forms(con: duckdb.DuckDBPyConnection) -> None:
    """Make temp table phone_forms from temp table phone_parts (phone, region; distinct).

    Grain: one row per (phone, region). Columns: phone_e164; for masked numbers (138****1234) phone_head and phone_tail only;
    phone_tail is the last four digits of every number.
    """
    con.execute(
        """
        create or replace temp table phone_cleaned as
        select
            phone, region,
            regexp_replace(translate(phone, '＋０１２３４５６７８９＊', '+0123456789*'), '[^0-9+*xX]', '', 'g') as marks,
            regexp_replace(marks, '[^0-9]', '', 'g') as digits,
            contains(marks, '*') or regexp_matches(marks, '[0-9][xX]{3,}[0-9]') as is_masked,
        from phone_parts
        """
    )
    con.execute(
        """
        create or replace temp table phone_common as
        select
            phone, region, marks, digits, is_masked,
            case
                when is_masked then null
                when regexp_full_match(marks, '(\\+|00)?86[1][3-9][0-9]{9}') then '+' || right(digits, 13)
                when region = 'CN' and regexp_full_match(marks, '1[3-9][0-9]{9}') then '+86' || digits
                when regexp_full_match(marks, '\\+1[2-9][0-9]{2}[2-9][0-9]{6}') then marks
                when region in ('US', 'CA') and regexp_full_match(marks, '1?[2-9][0-9]{2}[2-9][0-9]{6}')
                    then '+1' || right(digits, 10)
            end as phone_e164,
        from phone_cleaned
        """
    )
    rare = con.execute(
        "select phone, region from phone_common where phone_e164 is null and not is_masked and length(digits) > 5"
    ).fetchall()
    con.execute(
        """
        create or replace temp table phone_rare as
        select unnest($p::varchar[]) as phone, unnest($r::varchar[]) as region, unnest($e::varchar[]) as phone_e164
        """,
        {
            "p": [phone for phone, _ in rare],
            "r": [region for _, region in rare],
            "e": [e164(phone, region) for phone, region in rare],
        },
    )
    con.execute(
        """
        create or replace temp table phone_forms as
        select
            phone, region,
            coalesce(phone_common.phone_e164, phone_rare.phone_e164) as phone_e164,
            case when is_masked then regexp_extract(marks, '^[+]?(?:86)?([0-9]{3})', 1) end as phone_head,
            case
                when is_masked then nullif(regexp_extract(marks, '([0-9]{4})$', 1), '')
                when coalesce(phone_common.phone_e164, phone_rare.phone_e164) is not null
                    then right(coalesce(phone_common.phone_e164, phone_rare.phone_e164), 4)
            end as phone_tail,
        from phone_common
        left join phone_rare using (phone, region)
        """
    )


def build_email_forms(con: duckdb.DuckDBPyConnection) -> None:
    """Make temp table email_forms from temp table email_parts (email_raw; distinct).

    Grain: one row per email_raw. Columns: email (lower case; without plus tag where the provider ignores it, without dots for
    Gmail), email_user, email_domain, is_relay (a marketplace's or mask provider's alias).
    """
    con.execute(
        """
        create or replace temp table email_checked as
        select
            email_raw,
            lower(trim(email_raw)) as lowered,
            case
                when regexp_full_match(lowered, '[a-z0-9_][a-z0-9._+-]*@[a-z0-9][a-z0-9-]*([.][a-z0-9-]+)*[.][a-z]{2,}')
                    and not contains(lowered, '..') and not contains(lowered, '.@') then lowered
            end as address,
        from email_parts
        """
    )
    rare = [v for (v,) in con.execute("select email_raw from email_checked where address is null").fetchall()]
    con.execute(
        """
        create or replace temp table email_rare as
        select unnest($r::varchar[]) as email_raw, unnest($a::varchar[]) as address
        """,
        {"r": rare, "a": [clean_email(value) for value in rare]},
    )
    con.execute(
        from_file(
            __name__,
            "email_forms",
            mailbox=mailbox_sql("address"),
            relay_domains=literals(reference("words")["relay_domains"]),
        )
    )
