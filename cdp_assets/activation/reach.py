"""Who may be reached where: contacts of this generation, what they granted, and the platform keys that they yield.

Everything here is a temporary table of one run: customers are their row numbers, contacts and keys are numbers, so that joins are cheap.
Each contact is normalised and hashed once per form, however many lists take it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from cdp_assets.activation.destination import Destination, Identifier
from cdp_assets.activation.normalise import key_steps
from cdp_assets.activation.published_file import CONTACT_SCHEMA
from cdp_assets.activation.vault import KNOWN
from cdp_assets.identity.evidence.countries import country_sql
from cdp_assets.sql_text import literals

LEDGER = "ledger.main"


@dataclass
class Reach:
    """What was computed so far in this run: forms and sets of purposes, each once."""

    con: duckdb.DuckDBPyConnection
    as_of: date
    forms: dict[tuple[str, ...], int] = field(default_factory=dict)
    granted: dict[tuple[str, ...], str] = field(default_factory=dict)
    agreed: dict[str, str] = field(default_factory=dict)
    shared: dict[tuple[str, ...], str] = field(default_factory=dict)
    tables: int = 0
    passing: list[str] = field(default_factory=list)

    def new_table(self, name: str) -> str:
        """A name for a table that is dropped when its destination is done."""
        self.tables += 1
        self.passing.append(f"{name}_{self.tables}")
        return self.passing[-1]

    def drop_passing(self) -> None:
        """Drop what one destination needed; what others may share, contacts that granted, stays."""
        for table in set(self.passing) - set(self.granted.values()):
            self.con.execute(f"drop table if exists {table}")
        self.passing.clear()


def open_reach(con: duckdb.DuckDBPyConnection, as_of: date) -> Reach:
    """Load contacts and permissions of the open generation into temporary tables.

    contact_values: one row per contact, with its value in clear; holders: one per customer and contact; permissions: one per customer, contact and
    allowed purpose; form_keys: one per form and contact, filled by `prepare_keys`.
    """
    con.execute(
        "create or replace temp table contact_values as select row_number() over ()::integer as contact_no, contact_id, "
        "contact_type, contact_scope, contact_value from (select contact_id, any_value(contact_type) as contact_type, "
        "any_value(contact_scope) as contact_scope, any_value(contact_value) as contact_value "
        f"from {CONTACT_SCHEMA}.contacts_in_clear group by contact_id) as one_each"
    )
    con.execute(
        "create or replace temp table holders as select c.rowid::integer as customer_no, v.contact_no, m.is_reachable "
        "from marts.contacts as m join marts.customers as c using (customer_id) join contact_values as v using (contact_id)"
    )
    con.execute(
        "create or replace temp table permissions as select c.rowid::integer as customer_no, v.contact_no, p.purpose, "
        "min(p.expires_at)::date as ends_on from marts.contact_permissions as p join marts.customers as c using (customer_id) "
        "join contact_values as v using (contact_id) "
        "where p.is_allowed and coalesce(p.expires_at::date > $as_of, true) group by all",
        {"as_of": as_of},
    )
    con.execute("create or replace temp table form_keys (form integer, contact_no integer, key_id bigint)")
    return Reach(con, as_of)


def prepare_keys(reach: Reach, destinations: Sequence[Destination]) -> None:
    """Hash every contact once per form that a destination asks for; new keys get numbers after those of the ledger.

    Fills form_keys and keys_now (key_id, contact_type, platform_key, is_new).
    """
    con = reach.con
    con.execute(
        "create or replace temp table hashed (form integer, contact_no integer, contact_type varchar, platform_key varchar)"
    )
    for destination in destinations:
        for identifier in destination.identifiers:
            form = form_of(identifier)
            if form in reach.forms:
                continue
            number = reach.forms[form] = len(reach.forms) + 1
            con.execute(f"insert into hashed {_hashed_sql(number, identifier)}")
    con.execute(
        "create or replace temp table met as select k.contact_type, k.platform_key, l.key_id "
        f"from (select distinct contact_type, platform_key from hashed) as k left join {KNOWN} as l using (contact_type, platform_key)"
    )
    con.execute(  # only new ones are sorted
        "create or replace temp table keys_now as select key_id, contact_type, platform_key, false as is_new from met where key_id is not null "
        f"union all select (select coalesce(max(key_id), 0) from {LEDGER}.activation_keys) "
        "+ row_number() over (order by contact_type, platform_key), contact_type, platform_key, true from met where key_id is null"
    )
    con.execute("drop table met")
    con.execute(
        "insert into form_keys select h.form, h.contact_no, k.key_id from hashed as h join keys_now as k using (contact_type, platform_key)"
    )
    con.execute("drop table hashed")


def granted_contacts(reach: Reach, purposes: frozenset[str], cross_border_for: Sequence[str]) -> str:
    """Name of a table (customer_no, contact_no, ends_on): contacts that granted every purpose, and cross_border where it is asked."""
    # who may be profiled is a step of its own, with its own default; where it is all that is asked, the contact must have granted it
    named = sorted(purposes - {"profiling"}) or ["profiling"]
    wanted = (*named, "|", *sorted(cross_border_for))
    if wanted in reach.granted:
        return reach.granted[wanted]
    table = reach.granted[wanted] = reach.new_table("granted")
    sql = (
        f"select customer_no, contact_no, min(ends_on) as ends_on from permissions where purpose in ({literals(named)}) "
        f"group by customer_no, contact_no having count(*) = {len(named)}"
    )
    if cross_border_for:
        sql = (
            "select g.customer_no, g.contact_no, case when abroad.customer_no is null then g.ends_on "
            f"else least(g.ends_on, crossing.ends_on) end as ends_on from ({sql}) as g "
            f"left join ({_customers_of(cross_border_for)}) as abroad using (customer_no) "
            "left join (select customer_no, contact_no, ends_on from permissions where purpose = 'cross_border') as crossing using (customer_no, contact_no) "
            "where abroad.customer_no is null or crossing.customer_no is not null"
        )
    reach.con.execute(f"create temp table {table} as {sql}")
    return table


def agreed_customers(reach: Reach, purpose: str) -> str:
    """Name of a table (customer_no, can_be_reached): customers with a contact that granted a purpose, each once; it is kept for the run."""
    if purpose not in reach.agreed:
        granted = granted_contacts(reach, frozenset({purpose}), [])
        table = reach.agreed[purpose] = f"agreed_{len(reach.agreed)}"
        reach.con.execute(
            f"create or replace temp table {table} as select customer_no, bool_or(h.is_reachable) as can_be_reached "
            f"from {granted} as g join holders as h using (customer_no, contact_no) group by customer_no"
        )
    return reach.agreed[purpose]


def _customers_of(countries: Sequence[str]) -> str:
    """SQL of the customers (customer_no) of some countries; where a customer's is not known, her phones' calling codes say it."""
    import phonenumbers

    codes = [phonenumbers.country_code_for_region(each) for each in countries]
    phones = " or ".join(f"starts_with(v.contact_value, '+{code}')" for code in codes)
    country = country_sql("country")
    return (
        f"select rowid::integer as customer_no from marts.customers where {country} in ({literals(countries)}) or {country} is null and rowid in ("
        f"select h.customer_no from holders as h join contact_values as v using (contact_no) where v.contact_type = 'phone' and ({phones}))"
    )


def reachable_keys(reach: Reach, destination: Destination, granted: str) -> str:
    """SQL of (customer_no, key_id, field_no, ends_on): keys of contacts that granted, can be reached, and normalise."""
    parts = [
        f"select customer_no, key_id, {number}::utinyint as field_no, ends_on from {_yielded(reach, granted, identifier)}"
        for number, identifier in enumerate(destination.identifiers)
    ]
    return f"({' union all '.join(parts)})"


def dropped_contacts(reach: Reach, destination: Destination, granted: str) -> str:
    """SQL of (customer_no): one row per contact of the destination's kinds that granted, can be reached, and normalises to nothing."""
    parts = [
        f"select customer_no from {_dropped(reach, granted, identifier)}"
        for identifier in destination.identifiers
    ]
    return f"({' union all '.join(parts)})"


def agreed_with_keys(reach: Reach, granted: str, keys: str) -> str:
    """Name of a table (customer_no, has_key) of customers who granted, each once, and whether a contact of theirs yields a key: one look-up per list."""
    return _once(
        reach,
        "agreed_with",
        (granted, re.sub(r"\d+::utinyint as field_no", "", keys)),  # whatever place an identifier has
        f"select g.customer_no, k.customer_no is not null as has_key from (select distinct customer_no from {granted}) as g "
        f"left join (select distinct customer_no from {keys} as k) as k using (customer_no)",
    )


def shared_keys(reach: Reach, keys: str) -> str:
    """Name of a table (key_id): keys that more than one contact or customer yields."""
    return _once(
        reach, "shared", (keys,), f"select key_id from {keys} as k group by key_id having count(*) > 1"
    )


def _reached(reach: Reach, granted: str) -> str:
    return _once(
        reach,
        "reached",
        (granted,),
        f"select g.customer_no, g.contact_no, g.ends_on from {granted} as g join holders as h using (customer_no, contact_no) where h.is_reachable",
    )


def _yielded(reach: Reach, granted: str, identifier: Identifier) -> str:
    form = reach.forms[form_of(identifier)]
    return _once(
        reach,
        "yielded",
        (granted, str(form)),
        f"select g.customer_no, k.key_id, g.ends_on from {_reached(reach, granted)} as g join form_keys as k using (contact_no) where k.form = {form}",
    )


def _dropped(reach: Reach, granted: str, identifier: Identifier) -> str:
    form = reach.forms[form_of(identifier)]
    return _once(
        reach,
        "dropped",
        (granted, str(form)),
        f"select g.customer_no from {_reached(reach, granted)} as g join contact_values as v using (contact_no) "
        f"anti join (select contact_no from form_keys where form = {form}) as k using (contact_no) where {_is_of(identifier)}",
    )


def _once(reach: Reach, kind: str, of: tuple[str, ...], sql: str) -> str:
    """Name of a table that is made at its first use and shared by every destination of the run."""
    if (kind, *of) not in reach.shared:
        name = reach.shared[(kind, *of)] = f"{kind}_{len(reach.shared)}"
        reach.con.execute(f"create or replace temp table {name} as {sql}")
    return reach.shared[(kind, *of)]


def _hashed_sql(number: int, identifier: Identifier) -> str:
    """(form, contact_no, contact_type, platform_key) of contacts that yield a key. Steps are materialized: the engine would work a key out once for each mention of it."""
    value = _value_of(identifier)
    form, key = key_steps(identifier.normaliser, identifier.hash)
    return (
        f"with givens as materialized (select contact_no, contact_type, {value} as given from contact_values as v where {_is_of(identifier)}), "
        f"forms as materialized (select contact_no, contact_type, given, {form} as form from givens), "
        f"keyed as materialized (select contact_no, contact_type, {key} as platform_key from forms) "
        f"select {number}, contact_no, contact_type, platform_key from keyed where platform_key is not null"
    )


def form_of(identifier: Identifier) -> tuple[str, ...]:
    """What decides a key, so that destinations which agree share it."""
    return (
        identifier.contact,
        identifier.scope or "",
        str(identifier.with_owner),
        identifier.normaliser,
        identifier.hash,
        identifier.default_region or "",
    )


def _is_of(identifier: Identifier) -> str:
    """Whether a contact of contact_values (v) is one that the identifier takes."""
    of_scope = ""
    if identifier.scope:
        of_scope = f" and (v.contact_scope = '{identifier.scope}' or starts_with(v.contact_scope, '{identifier.scope}:'))"
    return f"v.contact_type = '{identifier.contact}'{of_scope}"


def _value_of(identifier: Identifier) -> str:
    if identifier.with_owner:
        return "split_part(v.contact_scope, ':', 2) || '/' || v.contact_value"
    return _with_country("contact_value", identifier)


def _with_country(value: str, identifier: Identifier) -> str:
    """The value, with the default country's calling code where a phone has none."""
    if identifier.contact != "phone" or identifier.default_region is None:
        return value
    import phonenumbers  # takes seconds to load, and is rarely needed

    code = phonenumbers.country_code_for_region(identifier.default_region)
    digits = f"ltrim(regexp_replace({value}, '[^0-9]', '', 'g'), '0')"
    return f"case when starts_with(trim({value}), '+') or starts_with(trim({value}), '00') then {value} else '+{code}' || {digits} end"
