"""Whom a request covers: the records that are surely hers, those that only a score joined to them, and what is hers alone.

Records joined by a ruling, a link or an identifier that one person carries are hers. Records joined by score need the officer's word: a false
merge would erase, or show, a stranger. Read from the warehouse of the last run; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import duckdb

from cdp_assets.activation.forgetting import keys_of
from cdp_assets.keys import SEPARATOR_SQL as MARK
from cdp_assets.keys import register_pseudonym
from cdp_assets.landing.suppression.identifiers import SUPPRESS
from cdp_assets.rights.requests import Request, RequestProblem
from cdp_assets.rights.traces import Traces
from cdp_assets.sql_text import from_file

EMPTY = "''"
LEAST_PREFIX = 8  # characters that name a record


# What the officer compares, masked: attribute → SQL over a customer record. A birth date shows its year, a place is shown whole.
COMPARED = {
    "full_name": "full_name", "phone": "regexp_replace(phone, '[^0-9]', '', 'g')", "email": "lower(trim(email))", "birth_date": "birth_date::varchar",
    "street": "street", "postcode": "postcode", "city": "city", "country": "country", "loyalty_id": "loyalty_id",
}  # fmt: skip
SHOWN_WHOLE = ("city", "country")


@dataclass(frozen=True)
class Compared:
    """One attribute of two records, masked; agreement: equal, different, missing."""

    attribute: str
    hers: str
    other: str
    agreement: str


@dataclass(frozen=True)
class JoinedByScore:
    """A record that only a score holds to the person: shown masked, beside one of hers, before anything is done to it."""

    record_key: str
    channel: str
    name: str
    beside: str  # masked name of the record of hers that it is compared with: the one that agrees in most
    beside_key: str = ""
    beside_channel: str = ""
    compared: tuple[Compared, ...] = ()


@dataclass
class Closure:
    """What a request covers. `customer_ids` that the seeds belong to; more than one: ambiguous."""

    seeds: list[str]
    customer_ids: list[str]
    covered: list[str]
    by_score: list[JoinedByScore] = field(default_factory=list)


def closure(con: duckdb.DuckDBPyConnection, key: bytes, request: Request) -> Closure:
    """Whom the request means. con: the warehouse, open with the names of `identity` in it."""
    register_pseudonym(con, key)
    matched = _matched(con, request)
    customers = _meant(matched, {kind for kind, _ in request.identities})
    seeds = sorted({record for record, customer, _, _ in matched if customer in customers})
    if not seeds:
        return Closure([], [], [])
    records = [row[0] for row in con.execute(
        "select record_key from identity.customer_ids where customer_id in (select unnest(?::varchar[])) order by 1", [customers]
    ).fetchall()]  # fmt: skip
    covered = _joined_surely(con, seeds, records)
    return Closure(seeds, customers, covered, _by_score(con, sorted(set(records) - set(covered)), covered))


def _meant(matched: Sequence[tuple[str, str, str, str]], named: set[str]) -> list[str]:
    """Customers that a request fits: the only one who carries all that it names, else whoever carries any of it.

    Two people who share a number are told apart by the address that only one of them has; two addresses of two people are ambiguous.
    """
    carried: dict[str, set[tuple[str, str]]] = {}
    for _, customer, kind, hashed in matched:
        carried.setdefault(customer, set()).add((kind, hashed))
    everything = {each for some in carried.values() for each in some}
    is_complete = {kind for kind, _ in everything} == named
    whole = [customer for customer, some in carried.items() if is_complete and some == everything]
    return whole if len(whole) == 1 else sorted(carried)


def _matched(con: duckdb.DuckDBPyConnection, request: Request) -> list[tuple[str, str, str, str]]:
    """(record, its customer, the type and the hash of the identity by which it is found) of the records that carry an identity, read as landing reads it."""
    rows = con.execute(
        from_file(__name__, "matched", mark=MARK, suppress=SUPPRESS),
        {
            "kinds": [kind for kind, _ in request.identities],
            "hashes": [hashed for _, hashed in request.identities],
        },
    ).fetchall()
    return [(record, customer, kind, hashed) for record, customer, kind, hashed in rows]


def _joined_surely(con: duckdb.DuckDBPyConnection, seeds: Sequence[str], records: Sequence[str]) -> list[str]:
    """The records of the customer that a ruling, a link or an identifier of one person joins to the seeds, over any number of steps."""
    edges = con.execute(
        """
        with mine as (select unnest($records::varchar[]) as record_key),
        carried as (
            select identifier_type, identifier_value, record_key from identity.identifiers
            where not is_blocked and people_count <= 1 and record_key in (select record_key from mine)
        )
        select record_key_l, record_key_r from identity.links
        where not is_refused and record_key_l in (select record_key from mine) and record_key_r in (select record_key from mine)
        union
        select record_key_l, record_key_r from state.rulings
        where kind = 'must_link' and not is_undone
            and record_key_l in (select record_key from mine) and record_key_r in (select record_key from mine)
        union
        select min(record_key) over (partition by identifier_type, identifier_value), record_key from carried
        """,
        {"records": list(records)},
    ).fetchall()
    neighbours: dict[str, set[str]] = {}
    for left, right in edges:
        neighbours.setdefault(left, set()).add(right)
        neighbours.setdefault(right, set()).add(left)
    found, waiting = set(seeds), list(seeds)
    while waiting:
        for each in neighbours.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return sorted(found)


def _by_score(
    con: duckdb.DuckDBPyConnection, records: Sequence[str], covered: Sequence[str]
) -> list[JoinedByScore]:
    if not records:
        return []
    sides = con.execute(
        f"select record_key, channel, [{', '.join(f'nullif(trim({sql}), {EMPTY})' for sql in COMPARED.values())}] "
        "from identity.customer_records inner join identity.customer_ids using (channel, source_customer_id) "
        "where record_key in (select unnest(?::varchar[])) order by 1",
        [[*records, *covered]],
    ).fetchall()
    known = {key: (channel, values) for key, channel, values in sides}
    return [
        _beside(key, known, [each for each in covered if each in known]) for key in records if key in known
    ]


def _beside(
    key: str, known: dict[str, tuple[str, list[str | None]]], covered: Sequence[str]
) -> JoinedByScore:
    """A record beside the one of hers that agrees with it in most."""
    channel, values = known[key]

    def agreeing(other: str) -> int:
        return sum(_agreement(*both) == "equal" for both in zip(known[other][1], values, strict=True))

    best = max(covered, key=agreeing, default=key)
    compared = tuple(
        Compared(name, _masked(name, left), _masked(name, right), _agreement(left, right))
        for name, left, right in zip(COMPARED, known[best][1], values, strict=True)
        if left is not None or right is not None
    )
    masked = [_masked("full_name", known[each][1][0]) for each in (key, best)]
    return JoinedByScore(key, channel, masked[0], masked[1], best, known[best][0], compared)


def _agreement(left: str | None, right: str | None) -> str:
    if left is None or right is None:
        return "missing"
    return "equal" if left.casefold() == right.casefold() else "different"


def _masked(attribute: str, value: str | None) -> str:
    if value is None:
        return "-"
    if attribute == "birth_date":
        return value[:4]
    if attribute in SHOWN_WHOLE:
        return value
    return f"{value[0]}…{value[-1]}"


def _texts(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [str(row[0]) for row in con.execute(sql).fetchall()]


def _pairs(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in con.execute(sql).fetchall()]


def settle(found: Closure, *, confirmed: Collection[str], left: Collection[str]) -> list[str]:
    """The records to act on, once the officer has said what of the rest is hers. Raises RequestProblem while that is open."""
    if len(found.customer_ids) > 1:
        raise RequestProblem(
            f"the request fits {len(found.customer_ids)} customers",
            "identity.customer_ids",
            "cancel it and take it anew with --customer-id, or link them first (`onefold rule must-link`)",
        )
    asked = {each.record_key for each in found.by_score}
    hers = {each for each in asked if _is_named(each, confirmed)}
    still_open = sorted(each for each in asked - hers if not _is_named(each, left))
    if still_open:
        raise RequestProblem(
            f"{len(still_open)} records of the customer are joined to hers by score only",
            ", ".join(each[:12] for each in still_open[:5]),
            "look at them (`onefold rights show`), then --confirm RECORD (hers) or --leave RECORD (a stranger's), or `all` for either",
        )
    return sorted({*found.covered, *hers})


def _is_named(record_key: str, given: Collection[str]) -> bool:
    """Whether a record is among those that are given: whole, by its first characters, or all."""
    return any(each == "all" or (len(each) >= LEAST_PREFIX and record_key.startswith(each)) for each in given)


def traces_of(con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> Traces:
    """Everything that is hers alone and would show her: keys, ids, identifiers, names, orders, devices. con: as for `closure`."""
    con.execute(
        "create or replace temp table hers as select unnest(?::varchar[]) as record_key", [list(records)]
    )
    one, pairs = partial(_texts, con), partial(_pairs, con)
    customers = one(
        """
        select customer_id from (
            select customer_id, record_key from identity.customer_ids
            union all select customer_id, record_key from state.customer_id_history where to_generation is null
        )
        group by customer_id having bool_and(record_key in (select record_key from hers)) order by 1
        """
    )
    retired = one(
        """
        select distinct customer_id from state.customer_id_history
        where record_key in (select record_key from hers)
            and customer_id not in (select customer_id from identity.customer_ids where record_key not in (select record_key from hers))
            and customer_id not in (
                select customer_id from state.customer_id_history
                where record_key not in (select record_key from hers) and record_key in (select record_key from identity.customer_ids)
            )
        order by 1
        """
    )
    customers = sorted({*customers, *retired})
    con.execute(
        "create or replace temp table her_ids as select unnest(?::varchar[]) as customer_id", [customers]
    )
    con.execute(_FORMER)
    sources = pairs(
        "select channel, source_customer_id from identity.customer_ids semi join hers using (record_key) order by all"
    )
    con.execute(
        "create or replace temp table her_sources as select channel, source_customer_id from identity.customer_ids semi join hers using (record_key)"
    )
    devices = pairs(
        """
        select channel, device_id from journeys.customer_touchpoints
        where device_id is not null
            and (customer_id in (select customer_id from her_ids) or (channel, source_customer_id) in (select (channel, source_customer_id) from her_sources))
        group by all
        having (channel, device_id) not in (
            select (channel, device_id) from journeys.customer_touchpoints
            where device_id is not null and customer_id is not null and customer_id not in (select customer_id from her_ids)
        )
        order by all
        """
    )
    exclusive = """not exists (
        select 1 from identity.identifiers as other
        where other.identifier_type = mine.identifier_type and other.identifier_value = mine.identifier_value
            and other.record_key not in (select record_key from hers)
    )"""
    carried = f"""select distinct identifier_type, identifier_value from identity.identifiers as mine
        where record_key in (select record_key from hers) and {{}}{exclusive} order by all"""
    key_ids, platform_keys = keys_of(con, customers)
    return Traces(
        record_keys=one("select record_key from hers order by 1"),
        customer_ids=customers,
        node_keys=one("select node_key from identity.nodes group by node_key having bool_and(record_key in (select record_key from hers)) order by 1"),
        sources=[*sources, *devices],
        identifiers=pairs(carried.format("")),
        shared_identifiers=pairs(carried.format("not ")),
        names=one("select distinct full_name from identity.customer_records semi join her_sources using (channel, source_customer_id) where full_name is not null order by 1"),
        own_names=one(
            """
            select distinct full_name from identity.customer_records semi join her_sources using (channel, source_customer_id)
            where full_name is not null and lower(full_name) not in (
                select lower(full_name) from identity.customer_records anti join her_sources using (channel, source_customer_id)
                where full_name is not null
            ) order by 1
            """
        ),
        orders=pairs(
            """
            select channel, order_id from journeys.customer_orders
            where customer_id in (select customer_id from her_ids) or (channel, source_customer_id) in (select (channel, source_customer_id) from her_sources)
            order by all
            """
        ),
        contact_keys=one(
            """
            select distinct contact_pseudonym from history.consent_statements_by_date as mine
            where record_key in (select record_key from hers) and contact_pseudonym is not null and not exists (
                select 1 from history.consent_statements_by_date as other
                where other.contact_pseudonym = mine.contact_pseudonym and other.record_key not in (select record_key from hers)
            ) order by 1
            """
        ),
        written=one(_WRITTEN),
        platform_key_ids=key_ids,
        platform_keys=platform_keys,
    )  # fmt: skip


# Records that no channel delivers any more, and that were only ever hers, are hers; ids that stood for her and for somebody else, and when.
_FORMER = """
    insert into hers
    select record_key from state.customer_id_history where record_key not in (select record_key from identity.customer_ids)
    group by record_key having bool_and(customer_id in (select customer_id from her_ids)) and record_key not in (select record_key from hers);
    create or replace temp table her_former_ids as
    select customer_id, effective_at::date as since, coalesce(superseded_at, timestamp '9999-12-31')::date as until
    from state.customer_id_history
    where record_key in (select record_key from hers) and customer_id not in (select customer_id from her_ids)
"""

# What her records say in clear beside identifiers, as the channels wrote it, where nobody else's record says the same.
_WRITTEN = """
    with cells as (
        unpivot (select record_key, phone::varchar as phone, email::varchar as email, street::varchar as street, delivered_phone::varchar as delivered_phone,
            delivered_email::varchar as delivered_email from contact.records_contact)
        on phone, email, street, delivered_phone, delivered_email into name cell value value
    )
    select value from cells where length(value) >= 6
    group by value having bool_and(record_key in (select record_key from hers)) order by 1
"""
