"""The loyalty programme's own member file: plain CSV, whole at the end of each quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import QUARTERS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's members to one snapshot per quarter."""
    cells = inbox.cells(
        "loyalty_members",
        {
            "member_id": "member_id",
            "full_name": "shown_name",
            "phone": "phone",
            "email": "email",
            "birth_date": "strftime(birth_date, '%Y-%m-%d')",
            "gender": "if(gender = 'F', 'female', 'male')",
            "address": "street",
            "city": "city",
            "postcode": "postcode",
            "country": "country",
            "joined_at": "strftime(joined_at, '%Y-%m-%d %H:%M:%S')",
            "marketing_consent": "if(u('card marketing', person_no) < 0.55, 'yes', 'no')",
            "profiling_consent": "if(u('card profiling', person_no) < 0.92, 'yes', 'no')",
            "home_store": "store",
        },
    )
    for year, month in QUARTERS:
        day = month_end(year, month)
        inbox.append(
            ("loyalty", "members"),
            f"members_{day}.csv",
            f"select {cells} from loyalty_members where joined_at < date '{day}' + 1 order by joined_at, member_id",
        )


def records() -> str:
    """SELECT of the customer records: the members."""
    return """
        select
            'loyalty' as channel, member_id as source_customer_id, null::varchar as natural_key, person_no,
            shown_name as name, phone_key, if(is_email_blocked, null, email) as email_key, 'loyalty:'
                || member_id as link_key,
            if(is_birth_date_wrong, null, birth_date) as birth_key, street as address_key,
            case when phone is not null and phone_key is null then phone when is_email_blocked then email
                end as refused_value,
            traps
        from loyalty_members
    """


def orders() -> None:
    """None: no orders here."""
    return None


def touches() -> None:
    """None: no touches here."""
    return None
