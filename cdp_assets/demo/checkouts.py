"""Who an order says it is from and for: buyers, guests, gifts, scanned cards.

One table per sales channel, one row per order of the batch. Accounts belong to `identities`, formatting to
`channels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.spelling import placeholder, spelled

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
        f"""
        create or replace temp table web_checkouts as
        with ordered as (
            select persons.*, candidate, order_no, at_utc
            from orders join persons using (person_no)
            where channel = 'shopify'
        ),
        named as ({spelled("ordered", document, "latin", parameters)}),
        used as (
            select
                named.*,
                account.customer_id as known_id,
                account.customer_id is not null
                    and u('guest checkout', candidate) < {rates["guest_checkout"]} as as_guest,
                if(as_guest, null, account.customer_id) as customer_id,
                account.shown_name as account_name,
                account.email as account_email,
                account.is_email_blocked as is_account_email_blocked,
                account.phone as account_phone,
                account.is_phone_blocked as is_account_phone_blocked,
                account.traps as account_traps,
                {placeholder("phone", "'order ' || candidate", parameters)} as no_phone,
                {placeholder("email", "'order ' || candidate", parameters)} as no_email,
                u('order phone', candidate) < 0.6 as leaves_phone,
            from named
            left join web_accounts as account on account.person_no = named.person_no
                and account.slot = if(exists (select 1 from web_accounts as second
                    where second.person_no = named.person_no
                    and second.slot = 1 and second.created_at <= named.at_utc), 1, 0)
        ),
        gifted as (
            select used.*, recipient_no from used left join gifts using (candidate)
        )
        select
            candidate, order_no, person_no, customer_id, recipient_no,
            case when at_utc < timestamp '2017-03-01' then '' when at_utc < timestamp '2017-10-01' then '#' else 'OM-' end
                || (1000 + order_no) as order_name,
            (4400000000000 + order_no * 1237)::varchar as order_id,
            if(customer_id is null, shown_name, account_name) as buyer_name,
            if(customer_id is null,
                coalesce(no_email, if(as_guest and u('other email', candidate) < 0.7, email2, email1)),
                    account_email) as email,
            if(customer_id is null, no_email is not null, is_account_email_blocked) as is_email_blocked,
            case
                when customer_id is not null then account_phone
                when leaves_phone
                    then coalesce(no_phone, dial
                        || if(u('second phone', candidate) < 0.1 and number_to is null, phone2, phone1))
            end as phone,
            if(customer_id is null, leaves_phone and no_phone is not null, is_account_phone_blocked)
                as is_phone_blocked,
            street, city, region, region_name, country, postcode,
            if(customer_id is null, name_traps, account_traps) || list_filter([
                if(customer_id is null, if(as_guest, 'guest_checkout', 'guest'), null),
                if(customer_id is null and no_email is not null, 'placeholder_email', null),
                if(customer_id is null and leaves_phone and no_phone is not null, 'placeholder_phone', null),
                if(recipient_no is not null, 'gift', null)
            ], lambda trap: trap is not null) as traps,
        from gifted
        order by order_no
        """
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
        f"""
        create or replace temp table program_checkouts as
        with ordered as (
            select orders.candidate, orders.order_no, orders.local_at, customer.*,
                coalesce(recipient_no, orders.person_no) as recipient_no
            from orders
            join program_customers as customer using (person_no)
            left join gifts using (candidate)
            where orders.channel = 'youzan'
        ),
        sent as (
            select recipient.*, candidate as sent_candidate, ordered.delivery_phone as buyer_delivery_phone
            from ordered join persons as recipient on recipient.person_no = ordered.recipient_no
        ),
        named as ({spelled("sent", "'parcel ' || sent_candidate", "hanzi", parameters)})
        select
            ordered.candidate,
            ordered.order_no,
            'E' || strftime(local_at, '%Y%m%d%H%M%S')
                || lpad((ordered.order_no * 7919 % 100000000)::varchar, 8, '0') as order_id,
            ordered.person_no,
            ordered.recipient_no,
            ordered.phone as buyer_phone,
            ordered.full_phone as buyer_full_phone,
            ordered.nickname,
            ordered.recipient_no <> ordered.person_no as is_gift,
            named.shown_name as ship_name,
            -- a masked buyer's delivery phone is masked too
            {placeholder("phone", "'parcel ' || ordered.candidate", parameters)} as no_phone,
            coalesce(if(no_phone like '1%' and is_gift, no_phone, null), case
                when is_gift then if(named.number_from is null, named.phone1, named.phone2)
                when list_contains(ordered.traps, 'masked_phone') then ordered.phone
                else ordered.delivery_phone
            end) as ship_phone,
            if(is_gift and no_phone like '1%' or ship_phone like '%*%', null, ship_phone) as ship_phone_key,
            named.country = 'US' as is_picked_up,
            if(is_picked_up, null, named.street) as ship_street,
            if(is_picked_up, null, named.city) as ship_city,
            if(is_picked_up, null, named.region) as ship_region,
            if(is_picked_up, null, named.district) as ship_district,
            ordered.traps || list_filter([if(is_gift, 'gift', null)], lambda trap: trap is not null) as traps,
        from ordered
        join named on named.sent_candidate = ordered.candidate
        order by ordered.order_no
        """
    )


def create_till_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `till_checkouts`: one row per store visit: its store and, where a card or a name was taken, square_id."""
    orders = parameters.traps["orders"]
    con.execute(
        f"""
        create or replace temp table till_checkouts as
        with visits as (
            select
                orders.candidate,
                orders.order_no,
                orders.person_no,
                upper(substr(md5('till sale ' || orders.order_no), 1, 25)) as transaction_id,
                if(u('other store', candidate) < 0.15, pick('store', candidate, (select count(*) from stores)),
                    pick('home store', persons.household_no, (select count(*) from stores))) as slot,
                case
                    when card.square_id is not null and u('scans', candidate) < {orders["card_scanned"]}
                        then card.square_id
                    when u('gives name', candidate) < {orders["named_without_card"]} then bare.square_id
                end as square_id,
            from orders
            join persons using (person_no)
            left join till_customers as card on card.person_no = orders.person_no and card.how = 'card'
            left join till_customers as bare on bare.person_no = orders.person_no and bare.how = 'name'
            where orders.channel = 'square'
        )
        select visits.* exclude (slot), store, directory.member_id, directory.shown_name, directory.traps
        from visits
        join stores using (slot)
        left join till_customers as directory using (square_id)
        order by visits.order_no
        """
    )


def create_checkouts(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create the checkout tables of every sales channel; needs `orders` and the account tables."""
    _gifts(con, parameters)
    create_web_checkouts(con, parameters)
    create_program_checkouts(con, parameters)
    create_till_checkouts(con, parameters)
