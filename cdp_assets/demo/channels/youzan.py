"""Youzan: orders and customers of the WeChat mini-program shop, Chinese headers.

Quirks kept: no customer id, a column name twice, an unnamed last column, '——' and a lone blank for nothing,
masked phones, one phone twice under two names, prices in CNY, times on Shanghai's clock, all goods of an order in one cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.chance import text
from cdp_assets.demo.inbox import MONTHS, Inbox, month_end
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

SNAPSHOT_MONTHS = (6, 12)
_DELIVERY = 12  # CNY
_NOTHING = "'——'"


def create_program_orders(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `program_orders`: the mini-program's orders with their checkout and money in CNY."""
    factor = parameters.retailer["youzan_price_factor"]
    borne = parameters.rate("money", "paid_by_platform")
    con.execute(from_file(__name__, "program_orders", factor=factor, delivery=_DELIVERY, borne=borne))


def write_orders(inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's mini-program orders to one file per month."""
    clock = "'%Y-%m-%d %H:%M:%S'"
    pick_up_point = str(parameters.retailer["stores"][2]["store"])
    cells = inbox.cells(
        "youzan_orders",
        {
            "订单号": "order_id",
            "销售渠道": "'网店'",
            "归属店铺": text(parameters.retailer["mini_program_shop"]),
            "订单类型": "'普通订单'",
            "订单状态": "'交易完成'",
            "推广方式": _NOTHING,
            "订单来源": "'商家小程序'",
            "订单创建时间": f"strftime(local_at, {clock})",
            "买家付款时间": f"strftime(local_at + to_seconds(35), {clock})",
            "交易成功时间": f"strftime(local_at + to_hours(70), {clock})",
            "付款方式": "'微信支付'",
            "支付流水号": "'42000' || substr(order_id, 2, 20)",
            "商品金额合计": "gross",
            "运费": "shipping",
            "店铺优惠合计": "discount",
            "应收订单金额": "gross - discount + shipping",
            "订单实付金额": "gross - discount + shipping - borne",
            "支付优惠合计": "borne",
            "订单实收金额": "gross - discount + shipping",
            "订单抵用积分数": "0",
            "店铺优惠方式": f"if(discount > 0, '会员价', {_NOTHING})",
            "支付优惠方式": f"if(borne > 0, '微信立减', {_NOTHING})",
            "全部商品名称": "goods",
            "商品种类数": "kinds",
            "订单配送方式": "if(is_picked_up, '到店自提', '快递配送')",
            "收货人省份": "ship_region",
            "收货人城市": "ship_city",
            "收货人地区": "ship_district",
            "详细收货地址/提货地址": f"coalesce(ship_street, {text(pick_up_point)})",
            "收货人/提货人": "ship_name",
            "收货人手机号/提货人手机号": "ship_phone",
            "订单星级": _NOTHING,
            "买家昵称": "nickname",
            "买家是否会员": "if(buyer_phone is null, '否', '是')",
            "买家手机号": "buyer_phone",
            "分销员": _NOTHING,
            "订单退款状态": f"case refund_share when 0 then {_NOTHING} "
            "when 1 then '全额退款成功' else '部分退款成功' end",
            "订单已退款金额": "refunded_money",
        },
    )
    for year, month in MONTHS:
        inbox.append(
            ("youzan", "orders"),
            f"orders_{month_end(year, month)}.csv",
            f"select {cells} from program_orders where month(local_at) = {month} order by local_at, order_id",
        )


def write_customers(inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's listed customers to the half-yearly snapshots; some stand there twice with one phone."""
    twice = parameters.rate("identities", "listed_twice")
    blank = "' '"
    clock = "'%Y-%m-%d %H:%M:%S'"
    for year, month in MONTHS:
        if month not in SNAPSHOT_MONTHS:
            continue
        day = month_end(year, month)
        cells = inbox.cells(
            "youzan_customers",
            {
                "客户姓名": f"coalesce(shown_name, {blank})",
                "客户昵称": "nickname",
                "客户手机号": f"coalesce(phone, {blank})",
                "客户生日": f"coalesce(strftime(birth_date, '%Y-%m-%d'), {blank})",
                "客户性别": f"case when u('tells gender', person_no) < 0.3 then {blank} "
                "when gender = 'F' then '女' else '男' end",
                "是否会员": "if(phone is null, '否', '是')",
                "免费等级": "if(phone is null, ' ', 'VIP1')",
                "客户积分": "coalesce(floor(spent)::int, 0)",
                "客户储值余额": "'0.00'",
                "消费次数": "coalesce(orders, 0)",
                "消费金额": "coalesce(spent, 0)::decimal(18, 2)",
                "累计退款金额": "coalesce(refunded, 0)::decimal(18, 2)",
                "累计退款订单数": "coalesce(refunds, 0)",
                "笔单价": f"coalesce((spent / orders)::decimal(18, 2)::varchar, {blank})",
                "上次消费时间": f"coalesce(strftime(last_at, {clock}), {blank})",
                "来源渠道": "'微信小程序'",
                "来源方式": "'自然进店'",
                "成为客户时间": f"strftime(became_at, {clock})",
                "成为会员时间": f"if(phone is null, {blank}, strftime(became_at, {clock}))",
                "微信地域": f"if(country = 'CN', city, {blank})",
            },
        )
        inbox.append(
            ("youzan", "customers"),
            f"customers_{day}.csv",
            from_file(__name__, "youzan_customers", day=day, twice=twice, cells=cells),
        )


def create_wechat_ids(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `wechat_ids`: one row per app or guide and listed customer, with what they answered to its question whether it may send news; tell the truth of it.

    person_no, full_phone, became_at, kind, belongs_to, wechat_id, is_removed, says (是, 否, null: not asked), answered_at, taken_back_at (Shanghai's clock).
    """
    con.execute(from_file(__name__, "wechat_ids", rates=parameters.traps["consents"]))
    for choice, at in (
        ("if(says = '是', 'opt_in', 'opt_out')", "answered_at"),
        ("'withdraw'", "taken_back_at"),
    ):
        con.execute(
            f"insert into changed_words select person_no, 'wechat', wechat_id, 'marketing', {choice}, eastern({at} - to_hours(8)) "
            f"from wechat_ids where {at} < date '{month_end(*MONTHS[-1])}' + 1 and became_at < date '{month_end(*MONTHS[-1])}' + 1"
        )


def write_wechat_ids(inbox: Inbox) -> None:
    """Append WeChat's ids of the batch's listed customers to the half-yearly snapshots: another openid in each app, another id with each guide, and each its own yes or no."""
    clock = "'%Y-%m-%d %H:%M:%S'"
    for year, month in MONTHS:
        if month not in SNAPSHOT_MONTHS:
            continue
        day = month_end(year, month)
        cells = inbox.cells(
            "youzan_wechat_ids",
            {
                "客户手机号": "full_phone",
                "标识类型": "kind",
                "应用或导购": "belongs_to",
                "标识": "wechat_id",
                "添加时间": f"strftime(became_at, {clock})",
                "是否已取关": "if(is_removed, '是', '否')",
                "营销消息授权": f"if(answered_at < date '{day}' + 1, says, {_NOTHING})",
                "授权时间": f"if(answered_at < date '{day}' + 1, strftime(answered_at, {clock}), {_NOTHING})",
                "撤回时间": f"if(taken_back_at < date '{day}' + 1, strftime(taken_back_at, {clock}), {_NOTHING})",
            },
        )
        inbox.append(
            ("youzan", "wechat_ids"),
            f"wechat_ids_{day}.csv",
            f"select {cells} from wechat_ids where became_at < date '{day}' + 1 order by full_phone, belongs_to, person_no",
        )


def records() -> str:
    """SELECT of the customer records: customers by phone, else nickname and time; guests; other recipients.

    natural_key is the value that the contract's key is made of; it is null where the source id is spelled out.
    """
    return from_file(__name__, "youzan_records")


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch to the channel's files."""
    create_program_orders(con, parameters)
    write_orders(inbox, parameters)
    write_customers(inbox, parameters)
    create_wechat_ids(con, parameters)
    write_wechat_ids(inbox)


def orders() -> str:
    """SELECT of the orders for the truth."""
    return """
        select 'youzan' as channel, order_id, person_id, 'CNY' as currency, gross as gross_amount,
            discount as discount_amount, refunded as refunded_amount, local_at::date as order_date
        from program_orders join persons using (person_no)
    """


def touches() -> None:
    """None: no touches here."""
    return None
