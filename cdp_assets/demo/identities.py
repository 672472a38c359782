"""What each channel gets to know of a person: accounts, cards, subscriptions, with every trap of traps.yaml.

Each function creates one table of the batch. Formatting for an export belongs to `channels`; orders' buyers and
recipients to `checkouts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.spelling import placeholder, spelled

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def _visitors(channel: str) -> str:
    return f"(select distinct person_no from candidates where channel = '{channel}')"


def _with_traps(*traps: str) -> str:
    return "name_traps || list_filter([" + ", ".join(traps) + "], lambda trap: trap is not null)"


def create_web_accounts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `web_accounts`: one row per account of the web shop.

    customer_id, person_no, slot (0, or 1 for a second account), created_at (UTC), shown_*, email, phone (E.164 or a
    placeholder), is_phone_blocked, is_email_blocked, traps.
    """
    rates = parameters.traps["identities"]
    document = "'web account ' || customer_id"
    con.execute(
        f"""
        create or replace temp table web_accounts as
        with opened as (
            select
                persons.*,
                unnest(if(u('second account', person_no) < {rates["second_account"]}, [0, 1], [0])) as slot,
                (5480000000000 + shuffled(person_no * 2 + slot) * 131)::varchar as customer_id,
                if(slot = 0, customer_since::timestamp, greatest(customer_since, date '2017-02-01')::timestamp
                    + to_days(20 + pick('opened again', person_no, 200)::int))
                    + to_seconds(pick('opened', customer_id, 18000)) as created_at,
            from persons
            where person_no in {_visitors("shopify")}
                and u('web account', person_no) < {parameters.rate("orders", "has_account")}
        ),
        named as ({spelled("opened", document, "latin", parameters)}),
        reached as (
            select
                *,
                {placeholder("phone", document, parameters)} as no_phone,
                {placeholder("email", document, parameters)} as no_email,
                has_family_phone and role > 0 and u('web family phone', person_no) < 0.7 as by_home_phone,
                has_family_email and role > 0 and slot = 0 as by_home_email,
                u('leaves phone', customer_id) < 0.72 as leaves_phone,
            from named
        )
        select
            customer_id, person_no, slot, created_at, shown_given, shown_family, shown_name,
            street, city, region, region_name, country, postcode,
            coalesce(no_email, case when by_home_email then home_email when slot = 1 then email2 else email1
                end) as email,
            no_email is not null as is_email_blocked,
            if(leaves_phone, coalesce(no_phone, dial || if(by_home_phone, home_phone, phone1)), null) as phone,
            leaves_phone and no_phone is not null as is_phone_blocked,
            {
            _with_traps(
                "if(slot = 1, 'second_account', null)",
                "if(no_email is not null, 'placeholder_email', null)",
                "if(leaves_phone and no_phone is not null, 'placeholder_phone', null)",
                "if(by_home_email and no_email is null, 'family_email', null)",
                "if(leaves_phone and by_home_phone and no_phone is null, 'family_phone', null)",
            )
        } as traps,
        from reached
        order by customer_id
        """
    )


def create_loyalty_members(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `loyalty_members`: one row per card of the loyalty programme.

    member_id, person_no, joined_at (UTC), store, shown_*, phone (as typed at the till), phone_key (E.164, null when
    blocked or absent), email, birth_date (as typed), is_birth_date_wrong, traps.
    """
    rates = parameters.traps["identities"]
    document = "'card ' || member_id"
    con.execute(
        f"""
        create or replace temp table loyalty_members as
        with joined as (
            select
                persons.*,
                'OF' || (10000000 + shuffled(person_no))::varchar as member_id,
                customer_since::timestamp + to_seconds(50400 + pick('card', person_no, 28800)) as joined_at,
                store, store_phone,
            from persons
            join stores on stores.slot = pick('home store', household_no, (select count(*) from stores))
            where (person_no in {_visitors("square")} and u('loyalty', person_no) < 0.62)
                or (person_no in {_visitors("shopify")} and u('web loyalty', person_no) < 0.15)
        ),
        named as ({spelled("joined", document, "latin", parameters, maiden=True)}),
        reached as (
            select
                *,
                {placeholder("phone", document, parameters)} as no_phone,
                {placeholder("email", document, parameters)} as no_email,
                u('store phone', member_id) < {rates["store_phone"]} as by_store_phone,
                has_family_phone and role > 0 as by_home_phone,
                u('old phone', member_id) < 0.08 and number_to is null as by_second_phone,
                u('leaves phone', member_id) < 0.93 as leaves_phone,
                u('leaves email', member_id) < 0.58 as leaves_email,
                case when by_home_phone then home_phone when by_second_phone then phone2 else phone1 end as own_phone,
                u('day and month', member_id) < {
            rates["birth_date_swapped"]
        } and day(birth_date) between 1 and 12
                    and day(birth_date) <> month(birth_date) as is_swapped,
                u('no birth date', member_id) < {rates["birth_date_placeholder"]} as is_placeholder_date,
                u('leaves birth date', member_id) < 0.85 as leaves_birth_date,
            from named
        )
        select
            member_id, person_no, joined_at, store, shown_given, shown_family, shown_name,
            gender, street, city, postcode, country,
            case
                when not leaves_phone then null
                when no_phone is not null then no_phone
                when by_store_phone then store_phone
                when lang = 'zh' then '+86 ' || left(own_phone, 3) || ' ' || substr(own_phone, 4, 4) || ' '
                    || substr(own_phone, 8)
                else case pick('phone format', member_id, 3)
                    when 0 then '(' || left(own_phone, 3) || ') ' || substr(own_phone, 4, 3) || '-'
                        || substr(own_phone, 7)
                    when 1 then left(own_phone, 3) || '-' || substr(own_phone, 4, 3) || '-' || substr(own_phone, 7)
                    else own_phone
                end
            end as phone,
            if(leaves_phone and no_phone is null and not by_store_phone, dial || own_phone, null) as phone_key,
            if(leaves_email, coalesce(no_email, if(u('second email', member_id) < 0.12, email2, email1)),
                null) as email,
            leaves_email and no_email is not null as is_email_blocked,
            case
                when not leaves_birth_date then null
                when is_placeholder_date then date '1900-01-01'
                when is_swapped then make_date(year(birth_date), day(birth_date), month(birth_date))
                else birth_date
            end as birth_date,
            not leaves_birth_date or is_placeholder_date or is_swapped as is_birth_date_wrong,
            {
            _with_traps(
                "if(is_twin, 'twins', null)",
                "if(leaves_phone and no_phone is not null, 'placeholder_phone', null)",
                "if(leaves_phone and no_phone is null and by_store_phone, 'store_phone', null)",
                "if(leaves_phone and by_home_phone and no_phone is null and not by_store_phone, 'family_phone', null)",
                "if(leaves_email and no_email is not null, 'placeholder_email', null)",
                "if(leaves_birth_date and is_swapped and not is_placeholder_date, 'birth_date_swapped', null)",
                "if(leaves_birth_date and is_placeholder_date, 'birth_date_placeholder', null)",
            )
        } as traps,
        from reached
        order by member_id
        """
    )


def create_till_customers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_customers`: Square's directory, one row per customer id, with or without a loyalty card.

    square_id, person_no, how ('card' or 'name'), member_id (null without a card), shown_name, traps. At some
    customers the cashier scanned a card of his own: theirs is the member_id of one member of staff per store.
    """
    rate = parameters.rate("identities", "staff_card")
    con.execute(
        f"""
        create or replace temp table till_customers as
        with staff as (
            select
                slot,
                arg_min(member_id, u('works here', member_id)) as staff_id,
                arg_min(person_no, u('works here', member_id)) as staff_no,
            from loyalty_members join stores using (store)
            group by slot
        ),
        listed as (
            select persons.*, member_id, 'card' as how
            from persons join loyalty_members using (person_no)
            union all by name
            select
                persons.*,
                if(u('staff card', person_no) < {rate} and staff_no <> person_no, staff_id, null) as member_id,
                'name' as how,
            from persons
            left join staff on slot = pick('home store', household_no, (select count(*) from stores))
            where person_no in {_visitors("square")}
        ),
        keyed as (select *, upper(substr(md5('square ' || how || person_no), 1, 26)) as square_id from listed),
        named as ({spelled("keyed", "'till ' || square_id", "latin", parameters)})
        select
            square_id, person_no, how, member_id,
            if(how = 'name' and lang = 'en' and u('bank card', square_id) < 0.3,
                left(shown_given, 1) || ' ' || shown_family, shown_name) as shown_name,
            name_traps || if(how = 'name' and member_id is not null, ['staff_card'], []) as traps,
        from named
        order by square_id
        """
    )


def create_program_customers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `program_customers`: customers of the mini-program, one row per person who uses it.

    person_no, phone (11 digits, masked, or null), full_phone (null unless `phone` is whole), nickname,
    shown_name (null where only the nickname is known), birth_date, became_at (Shanghai's clock), is_listed
    (in the customers export), traps.
    """
    rates = parameters.traps["identities"]
    con.execute(
        f"""
        create or replace temp table program_customers as
        with users as (select * from persons where person_no in {_visitors("youzan")} and lang = 'zh'),
        named as ({spelled("users", "'program ' || person_no", "hanzi", parameters)}),
        reached as (
            select
                *,
                -- a number that was somebody else's is still taken in the mini-program
                if(number_from is null, phone1, phone2) as own_phone,
                u('wechat only', person_no) < {rates["wechat_only"]} as is_wechat_only,
                not is_wechat_only and u('masked', person_no) < {rates["masked_phone"]} as is_masked,
            from named
        )
        select
            person_no,
            case when is_wechat_only then null
                when is_masked then left(own_phone, 3) || '******' || right(own_phone, 2)
                else own_phone end as phone,
            if(is_wechat_only or is_masked, null, own_phone) as full_phone,
            own_phone as delivery_phone,
            case pick('nickname style', person_no, 5)
                when 0 then given || '🌸'
                when 1 then given_latin || '_' || (10 + pick('nickname digits', person_no, 90))
                when 2 then '小' || right(given, 1)
                when 3 then surname || if(gender = 'F', '女士', '先生')
                else '一只' || right(given, 1) || '猫'
            end as nickname,
            if(u('tells name', person_no) < 0.62, shown_name, null) as shown_name,
            shown_name as delivery_name,
            if(u('tells birthday', person_no) < 0.35, birth_date, null) as birth_date,
            surname, gender, street, city, region, district, country,
            customer_since::timestamp + to_seconds(28800 + pick('became', person_no, 50000)) as became_at,
            u('listed', person_no) < 0.93 as is_listed,
            {
            _with_traps(
                "if(is_wechat_only, 'wechat_only', null)",
                "if(is_masked, 'masked_phone', null)",
            )
        } as traps,
        from reached
        order by person_no
        """
    )


def create_subscribers(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `subscribers`: the newsletter's audience, one row per subscribed address.

    euid, leid, person_no, email, shown_given, shown_family (null where only the first name was asked), opted_in_at,
    unsubscribed_at (null while subscribed), traps.
    """
    con.execute(
        f"""
        create or replace temp table subscribers as
        with asked as (
            select *, left(md5('mailchimp ' || person_no), 10) as euid
            from persons
            where (lang = 'en' or country = 'US' or u('newsletter abroad', person_no) < 0.3)
                and u('newsletter', person_no) < 0.52
                and not (has_family_email and role > 0)
        ),
        named as ({spelled("asked", "'newsletter ' || person_no", "latin", parameters)})
        select
            euid,
            300000000 + shuffled(person_no) as leid,
            person_no,
            if(u('newsletter email', person_no) < 0.2, email2, email1) as email,
            shown_given,
            if(u('first name only', person_no) < 0.3, null, shown_family) as shown_family,
            customer_since::timestamp + to_seconds(36000 + pick('opted in', person_no, 2000000)) as opted_in_at,
            if(u('unsubscribes', person_no) < 0.13,
                greatest(opted_in_at, timestamp '2017-01-05') + to_seconds(86400 + pick('unsubscribed',
                    person_no, 5000000)), null)
                as wished_out_at,
            if(wished_out_at < timestamp '2017-12-31', wished_out_at, null) as unsubscribed_at,
            country, region, city,
            name_traps as traps,
        from named
        where opted_in_at < timestamp '2017-12-30'
        order by euid
        """
    )


def create_identities(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create every account table of the batch; needs `persons` and `candidates`."""
    create_web_accounts(con, parameters)
    create_loyalty_members(con, parameters)
    create_till_customers(con, parameters)
    create_program_customers(con, parameters)
    create_subscribers(con, parameters)
