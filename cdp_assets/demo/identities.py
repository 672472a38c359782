"""What each channel gets to know of a person: accounts, cards, subscriptions, with every trap of traps.yaml.

Each function creates one table of the batch. Formatting for an export belongs to `channels`; orders' buyers and
recipients to `checkouts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.spelling import placeholder, spelled
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def _visitors(channel: str) -> str:
    return f"(select distinct person_no from candidates where channel = '{channel}')"


def _with_traps(*traps: str) -> str:
    return "name_traps || list_filter([" + ", ".join(traps) + "], lambda trap: trap is not null)"


def _document(person: str) -> str:
    """SQL: the number of a person's passport; no two have one."""
    return f"'P' || lpad((({person}) * 72345677 % 100000000)::varchar, 8, '0')"


def create_web_accounts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `web_accounts`: one row per account of the web shop.

    customer_id, person_no, slot (0, or 1 for a second account), created_at (UTC), shown_*, email, phone (E.164 or a
    placeholder), is_phone_blocked, is_email_blocked, traps.
    """
    rates = parameters.traps["identities"]
    document = "'web account ' || customer_id"
    con.execute(
        from_file(
            __name__,
            "web_accounts",
            second_account=rates["second_account"],
            visitors_of_shopify=_visitors("shopify"),
            has_account=parameters.rate("orders", "has_account"),
            spelled=spelled("opened", document, "latin", parameters),
            no_phone=placeholder("phone", document, parameters),
            no_email=placeholder("email", document, parameters),
            traps=_with_traps(
                "if(slot = 1, 'second_account', null)",
                "if(no_email is not null, 'placeholder_email', null)",
                "if(leaves_phone and no_phone is not null, 'placeholder_phone', null)",
                "if(by_home_email and no_email is null, 'family_email', null)",
                "if(leaves_phone and by_home_phone and no_phone is null, 'family_phone', null)",
            ),
        )
    )


def create_loyalty_members(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `loyalty_members`: one row per card of the loyalty programme.

    member_id, person_no, joined_at (UTC), store, shown_*, phone (as typed at the till), phone_key (E.164, null when
    blocked or absent), email, birth_date (as typed), is_birth_date_wrong, document (as typed), traps.
    """
    rates = parameters.traps["identities"]
    document = "'card ' || member_id"
    con.execute(
        from_file(
            __name__,
            "loyalty_members",
            visitors_of_square=_visitors("square"),
            visitors_of_shopify=_visitors("shopify"),
            spelled=spelled("joined", document, "latin", parameters, maiden=True),
            no_phone=placeholder("phone", document, parameters),
            no_email=placeholder("email", document, parameters),
            rates=rates,
            # the last two letters of the street's first word
            slipped_street=r"regexp_replace(street, '([a-z])([a-z]) ', '\2\1 ')",
            document=_document("person_no"),
            # another's of the home: the next one's, the first's for the last
            document_of_home=_document("first_person + (role + 1) % size"),
            traps=_with_traps(
                "if(is_twin, 'twins', null)",
                "if(leaves_phone and no_phone is not null, 'placeholder_phone', null)",
                "if(leaves_phone and no_phone is null and by_store_phone, 'store_phone', null)",
                "if(leaves_phone and by_home_phone and no_phone is null and not by_store_phone and not is_abroad, 'family_phone', null)",
                "if(is_abroad, 'moved_abroad', null)",
                "if(leaves_email and no_email is not null, 'placeholder_email', null)",
                "if(is_family_only, 'family_name_only', null)",
                "if(is_given_only, 'given_name_only', null)",
                "if(has_street_slip, 'street_slip', null)",
                "if(has_house_slip, 'house_slip', null)",
                "if(shows_document and is_document_borrowed, 'document_borrowed', null)",
                "if(shows_document and has_document_slip, 'document_slip', null)",
                "if(leaves_birth_date and is_swapped and not is_placeholder_date, 'birth_date_swapped', null)",
                "if(leaves_birth_date and is_placeholder_date, 'birth_date_placeholder', null)",
            ),
        )
    )


def create_till_customers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_customers`: Square's directory, one row per customer id, with or without a loyalty card.

    square_id, person_no, how ('card' or 'name'), member_id (null without a card), shown_name, traps. At some
    customers the cashier scanned a card of his own: theirs is the member_id of one member of staff per store.
    """
    rate = parameters.rate("identities", "staff_card")
    con.execute(
        from_file(
            __name__,
            "till_customers",
            rate=rate,
            visitors_of_square=_visitors("square"),
            spelled=spelled("keyed", "'till ' || square_id", "latin", parameters),
        )
    )


def create_program_customers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `program_customers`: customers of the mini-program, one row per person who uses it.

    person_no, phone (11 digits, masked, or null), full_phone (null unless `phone` is whole), nickname,
    shown_name (null where only the nickname is known), birth_date, became_at (Shanghai's clock), is_listed
    (in the customers export), traps.
    """
    rates = parameters.traps["identities"]
    con.execute(
        from_file(
            __name__,
            "program_customers",
            visitors_of_youzan=_visitors("youzan"),
            spelled=spelled("users", "'program ' || person_no", "hanzi", parameters),
            rates=rates,
            traps=_with_traps(
                "if(is_wechat_only, 'wechat_only', null)", "if(is_masked, 'masked_phone', null)"
            ),
        )
    )


def create_subscribers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `subscribers`: the newsletter's audience, one row per subscribed address.

    euid, leid, person_no, email, shown_given, shown_family (null where only the first name was asked), opted_in_at,
    unsubscribed_at (null while subscribed), is_unconfirmed, traps.
    """
    con.execute(
        from_file(
            __name__,
            "subscribers",
            spelled=spelled("asked", "'newsletter ' || person_no", "latin", parameters),
            unconfirmed=parameters.traps["consents"]["unconfirmed"],
            tagged_address=parameters.traps["consents"]["tagged_address"],
        )
    )


def create_identities(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create every account table of the batch; needs `persons` and `candidates`."""
    create_web_accounts(con, parameters)
    create_loyalty_members(con, parameters)
    create_till_customers(con, parameters)
    create_program_customers(con, parameters)
    create_subscribers(con, parameters)
