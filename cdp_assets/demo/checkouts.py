"""Who an order says it is from and for: buyers, guests, gifts, scanned cards.

One table per sales channel, one row per order of the batch. Accounts belong to `identities`, formatting to
`channels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.spelling import placeholder, spelled
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def _gifts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `gifts`: candidate, recipient_no: web and mini-program orders that go to another person of the batch."""
    rate = parameters.rate("identities", "gift")
    con.execute(
        f"""
        create or replace temp table gifts as
        with ranked as (
            select *, row_number() over (order by person_no) - 1 as rank, count(*) over () as persons from persons
        ),
        wanted as (
            select
                candidate,
                channel,
                person_no,
                household_no,
                size,
                (rank + 1 + if(size > 1 and u('gift at home', candidate) < 0.4, 0,
                    pick('gift to', candidate, 60))) % persons
                    as recipient_rank,
            from orders
            join ranked using (person_no)
            where channel in ('shopify', 'youzan') and u('gift', candidate) < {rate} * if(channel = 'youzan', 2.5, 1)
        )
        select candidate, ranked.person_no as recipient_no
        from wanted
        join ranked on rank = recipient_rank
        where ranked.person_no <> wanted.person_no and (channel = 'shopify' or ranked.kind = 'zh_home')
        """
    )


def create_web_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `web_checkouts`: candidate, order_no, order_name, order_id, customer_id (of the account used,
    null for guests), buyer and recipient as the order shows them.

    buyer_name, email, phone, street, …; ship_name, ship_phone, ship_street, …; recipient_no is null unless a gift.
    """
    rates = parameters.traps["identities"]
    # a guest keeps one spelling mostly, and now and then writes another
    spelling = "if(u('spells anew', candidate) < 0.1, pick('spelling', candidate, 3), 9)"
    document = f"'guest ' || person_no || ' ' || {spelling}"
    con.execute(
        from_file(
            __name__,
            "web_checkouts",
            spelled=spelled("ordered", document, "latin", parameters),
            guest_checkout=rates["guest_checkout"],
            no_phone=placeholder("phone", "'order ' || candidate", parameters),
            no_email=placeholder("email", "'order ' || candidate", parameters),
        )
    )
    con.execute(
        f"""
        create or replace temp table web_recipients as
        with sent as (
            select candidate, persons.*, web_checkouts.order_id
            from web_checkouts join persons on persons.person_no = recipient_no
        ),
        named as ({spelled("sent", "'recipient ' || candidate", "latin", parameters)})
        select
            candidate, order_id, person_no, shown_name, street, city, region, region_name, country, postcode,
            if(u('recipient phone', candidate) < 0.7, dial || phone1, null) as phone,
            name_traps || ['gift'] as traps,
        from named
        order by order_id
        """
    )


def create_program_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `program_checkouts`: one row per mini-program order with its buyer and who it is delivered to.

    order_id, person_no, recipient_no (the buyer unless a gift), buyer_phone, nickname, ship_name,
    ship_phone (11 digits), ship_street, ship_city, ship_region, ship_district (null where the order is
    picked up), is_ship_phone_blocked.
    """
    con.execute(
        from_file(
            __name__,
            "program_checkouts",
            spelled=spelled("sent", "'parcel ' || sent_candidate", "hanzi", parameters),
            no_phone=placeholder("phone", "'parcel ' || ordered.candidate", parameters),
        )
    )


def create_till_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_checkouts`: one row per store visit: its store and, where a card or a name was taken, square_id."""
    orders = parameters.traps["orders"]
    con.execute(from_file(__name__, "till_checkouts", orders=orders))


def create_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create the checkout tables of every sales channel; needs `orders` and the account tables."""
    _gifts(con, parameters)
    create_web_checkouts(con, parameters)
    create_program_checkouts(con, parameters)
    create_till_checkouts(con, parameters)
