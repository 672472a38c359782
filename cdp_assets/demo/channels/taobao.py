"""Taobao: order lists and their item lists.

Quirks kept: GBK and every cell quoted until August, a workbook with name, phone and address in one cell from
September on (and no member name any more), prices in CNY, times on Shanghai's clock, items in a file of their own, of which one may be closed within an order that goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import LAST_DAYS, MONTHS, Inbox, month_end
from cdp_assets.demo.spelling import spelled
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

FIRST_WORKBOOK_MONTH = 9
_CLOCK = "'%Y-%m-%d %H:%M:%S'"
_DONE = "'交易成功'"


def create_parcels(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `parcels`: the batch's orders with member name, account, receiver and money in CNY, one row per order."""
    factor = parameters.retailer["youzan_price_factor"]
    later, cut = parameters.rate("money", "items_come_later"), parameters.rate("money", "items_cut")
    missing = parameters.rate("money", "order_comes_later")
    closed = parameters.rate("money", "item_closed")
    con.execute(
        from_file(
            __name__,
            "parcels",
            spelled=spelled("bought", "'taobao ' || person_no", "hanzi", parameters),
            factor=factor,
            first_workbook_month=FIRST_WORKBOOK_MONTH,
            last_days=LAST_DAYS,
            later=later,
            cut=cut,
            missing=missing,
            closed=closed,
        )
    )


def _write_lists(inbox: Inbox, name: str, month: int) -> None:
    cells = inbox.cells(
        "taobao_orders",
        {
            "订单编号": "order_id",
            "买家会员名": "member_name",
            "买家支付宝账号": "alipay",
            "买家应付货款": "gross",
            "买家应付邮费": "'0.00'",
            "买家支付积分": "'0'",
            "总金额": "gross - discount",
            "返点积分": "'0'",
            "买家实际支付金额": "gross - discount",
            "买家实际支付积分": "'0'",
            "订单状态": _DONE,
            "收货人姓名": "receiver",
            "收货地址": "address",
            "运送方式": "'快递'",
            "联系手机": "phone",
            "订单创建时间": f"strftime(local_at, {_CLOCK})",
            "订单付款时间": f"strftime(local_at + to_seconds(40), {_CLOCK})",
            "宝贝标题": "titles",
            "宝贝种类": "kinds",
            "宝贝总数量": "pieces",
            "卡券抵扣": "discount",
        },
        blank="''",
    )
    inbox.append(
        ("taobao", "orders"),
        f"ExportOrderList_{name}.csv",
        f"select {cells} from parcels where month = {month} and not order_comes_later",
        encoding="gb18030",
        quote_all=True,
    )


def _write_workbook(inbox: Inbox, name: str, month: int) -> None:
    inbox.append_workbook(
        ("taobao", "orders"),
        f"ExportOrderList_{name}",
        [
            "订单编号",
            "支付单号",
            "买家应付货款",
            "总金额",
            "订单状态",
            "收货地址",
            "订单创建时间",
            "商品标题",
        ],
        f"""
        select
            order_id, '2017' || order_id, gross::varchar, (gross - discount)::varchar, {_DONE},
            receiver || '，86-' || phone || '，' || address || ' ，', strftime(local_at, {_CLOCK}), titles
        from parcels where month = {month} and not order_comes_later
        """,
    )


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's orders and items to one pair of files per month; workbooks are one per batch and month."""
    create_parcels(con, parameters)
    factor = parameters.retailer["youzan_price_factor"]
    items = inbox.cells(
        "taobao_items",
        {
            "订单编号": "order_id",
            "标题": "product_name",
            "价格": f"round(unit_price * {factor}, 2)::decimal(18, 2)",
            "购买数量": "quantity",
            "外部系统编号": "sku",
            "订单状态": f"if(line_number = closed_line, '交易关闭', {_DONE})",
            "商家编码": "sku",
        },
        blank="''",
    )
    for year, month in MONTHS:
        name = month_end(year, month)
        if month < FIRST_WORKBOOK_MONTH:
            _write_lists(inbox, name, month)
        else:
            _write_workbook(inbox, name, month)
        inbox.append(
            ("taobao", "items"),
            f"ExportOrderDetailList_{name}.csv",
            f"""
            select {items} from parcels join lines using (candidate)
            where month = {month} and not items_come_later and (line_number = 1 or not is_cut) order by parcels.order_id, line_number
            """,
            encoding="gb18030",
            quote_all=True,
        )


def records() -> str:
    """SELECT of the customer records: members, known by their name alone until August, and who each parcel went to.

    natural_key is the member name, of which the contract's key is made.
    """
    return f"""
        select
            'taobao' as channel, null::varchar as source_customer_id, member_name as natural_key, person_no,
            member_name as name, null::varchar as phone_key, null::varchar as email_key,
            null::varchar as link_key, null::date as birth_key, null::varchar as address_key,
            null::varchar as refused_value, any_value(traps) as traps
        from parcels
        where month < {FIRST_WORKBOOK_MONTH} and not order_comes_later
        group by member_name, person_no
        union all by name
        select
            'taobao' as channel, 'recipient:' || order_id as source_customer_id, null::varchar as natural_key,
            person_no, receiver as name, '+86' || phone as phone_key, null::varchar as email_key,
            null::varchar as link_key, null::date as birth_key, street as address_key,
            null::varchar as refused_value, traps
        from parcels
        where not order_comes_later
    """


def orders() -> str:
    """SELECT of the orders for the truth."""
    return """
        select 'taobao' as channel, order_id, person_id, 'CNY' as currency, gross as gross_amount,
            discount as discount_amount, refunded as refunded_amount, local_at::date as order_date
        from parcels join persons using (person_no)
    """


def touches() -> None:
    """None: no touches here."""
    return None
