"""A drafted export's columns by meaning, and what every staging draft is made of. For drafts only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cdp_assets.drafting.guessing import GuessedColumn
from cdp_assets.drafting.meanings import apart, role_of

_LATER = re.compile(
    r"paid|pa(y|id)[a-z]*.?(out|date|time|at)|payout|fulfil|ship|deliver|sent|clos|cancel|complet|settle|receiv|load|ingest|sync|(?<![a-z])(left|end|due)(?![a-z])|expir|bezahl|versand"
    r"|付款|支付|发货|完成|收货|签收|支払|発送|결제|발송",
    re.IGNORECASE,
)


@dataclass
class StagingDraft:
    """One staging model: its source CTE, an expression per shape column, and what is left to decide."""

    shape: str
    source: str
    expressions: dict[str, str]
    comment: str = ""
    group_by: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Hints:
    """What the sample itself says: its currency, and the few different texts of columns whose words are translated."""

    currency: str | None
    words: dict[str, list[str]]
    rates: frozenset[str] = frozenset()  # currencies that data/reference/fx_rates.csv has


class Roles:
    """Columns of an export by meaning: the outermost of a JSON path, then the first, of the types asked for."""

    def __init__(self, columns: list[GuessedColumn]) -> None:
        self._columns = sorted(columns, key=lambda column: (column.is_blank, column.header.count(".")))

    def __call__(self, *roles: str, types: tuple[str, ...] = ()) -> str | None:
        column = self.column(*roles, types=types)
        return column.name if column else None

    def column(self, *roles: str, types: tuple[str, ...] = ()) -> GuessedColumn | None:
        for role in roles:
            for column in self._columns:
                if column.role == role and (not types or column.logical_type in types):
                    return column
        return None

    def filled(self, role: str) -> str | None:
        """The first column of this meaning that says anything in the sample."""
        return next((c.name for c in self.all(role) if not c.is_blank), None)

    def all(self, role: str) -> list[GuessedColumn]:
        return [column for column in self._columns if column.role == role]

    def number(self, *roles: str) -> str | None:
        return self(*roles, types=("number", "integer"))

    def total(self) -> str | None:
        """The order's amount: before discount, tax and shipping, where several amounts stand side by side."""
        found = [c for c in self.all("gross_amount") if c.logical_type in ("number", "integer")]
        most = max((c.coverage for c in found), default=0)
        found = [c for c in found if c.coverage * 2 > most]  # what stands on a few rows only is the file's
        before = [
            c
            for c in found
            if re.search(
                r"gross|sub.?total|goods|items?|produ[ck]t|produit|waren|artikel|商品",
                c.header,
                re.IGNORECASE,
            )
        ] or found
        return _without_tax(before).name if before else None

    def without_tax(self, role: str) -> GuessedColumn | None:
        """The number of this meaning that does not include tax, where the file has it both ways; else the first."""
        found = [c for c in self.all(role) if c.logical_type in ("number", "integer")]
        return _without_tax(found) if found else None

    def sku(self) -> str | None:
        """The article's number: the merchant's own before a platform's."""
        named = [c for c in self.all("sku") if not c.is_blank]
        found = [c for c in named if not re.search(r"parent|induk|父", c.header, re.IGNORECASE)] or named
        own = [c for c in found if re.search(r"sku|商家|货号|merchant|seller", c.header, re.IGNORECASE)]
        return next((c.name for c in [*own, *found]), None)

    def tax(self) -> str | None:
        """The whole tax: what says no more than that, before the tax of shipping, of fees or of an item."""
        found = [c for c in self.all("tax_amount") if c.logical_type in ("number", "integer")]
        plain = min(found, key=lambda c: len(re.findall(r"[^\W_]+", c.header)), default=None)
        return plain.name if plain else None

    def time(self, *roles: str) -> str | None:
        """The first time of these meanings: an order's own before its later steps (paid, sent), one that every row has, one with a clock."""
        for role in roles:
            found = [c for c in self.all(role) if c.logical_type in ("timestamp", "date")]
            if found:
                return min(
                    found,
                    key=lambda c: (
                        bool(_LATER.search(c.header)),
                        -c.coverage,
                        c.logical_type == "date",
                    ),
                ).name
        return None

    def any_time(self) -> str | None:
        times = (
            c.name
            for c in self._columns
            if c.logical_type in ("timestamp", "date") and c.role != "birth_date"
        )
        return next(times, None)

    def _column(self, name: str) -> GuessedColumn:
        return next(column for column in self._columns if column.name == name)

    def logical_type(self, name: str) -> str:
        return self._column(name).logical_type

    def nobody(self, name: str) -> list[str]:
        return self._column(name).nobody

    def is_of_line(self, name: str) -> bool:
        return self._column(name).is_of_line

    def is_filled(self, name: str) -> bool:
        return self._column(name).is_filled

    def stands_on_each_row(self, name: str) -> bool:
        return self._column(name).stands_on_each_row

    def is_unique(self, name: str) -> bool:
        return self._column(name).is_unique

    def is_repeated(self, name: str) -> bool:
        return self._column(name).is_repeated

    def order_id(self) -> str | None:
        """The order's number: a column that every row fills, else a payment's own id, else one that some rows fill."""
        found = order_numbers(self._columns)
        filled = next((c.name for c in found if c.is_filled), None)
        return filled or self._payment_id() or (found[0].name if found else None)

    def _payment_id(self) -> str | None:
        """The row's own id, where a row is money that changed hands: an amount, and a time or state that only orders have."""
        words = r"amount|gross|paid|pay[eé]|charge|sub.?total|grand.?total|montant|betrag|importe"
        paid = [c for c in self.all("gross_amount") if re.search(words, c.header, re.IGNORECASE)]
        bought = [
            c
            for c in self.all("ordered_at")
            if re.search(r"order|purchase|sold|paid", c.header, re.IGNORECASE)
        ]
        is_payment = paid and self.time("ordered_at") and (self("currency", "order_status") or bought)
        return self.plain_id() if is_payment and not self("refund_id", "spend") else None

    def plain_id(self) -> str | None:
        return next((c.name for c in self._columns if c.header.casefold() in ("id", "uuid", "_id")), None)

    def own_id(self) -> str | None:
        """A person's own id in a list of persons: unique, on every row, where a contact is unique too."""
        contacts = [c for role in ("email", "phone") for c in self.all(role) if not c.is_blank]
        if not any(c.is_unique for c in contacts):
            return None
        named = [
            c for c in self._columns if c.is_uuid or re.search(r"(^|[ _.])_?u?u?id$", c.header, re.IGNORECASE)
        ]
        named += self.all("platform_id")
        of_person = (None, "source_customer_id", "platform_id")
        found = [c.name for c in named if c.is_filled and c.is_unique and c.role in of_person]
        return self.plain_id() if self.plain_id() in found else next(iter(found), None)

    def signed(self) -> str | None:
        """What is written with a minus where a row gives back: the quantity, or the amount where each row has its own number."""
        order = self.order_id()
        has_own = order is not None and self.is_unique(order)
        roles = ("quantity", "line_amount", "gross_amount") if has_own else ("quantity",)
        return next((c.name for role in roles for c in self.all(role) if c.is_mixed), None)

    def discounts(self) -> list[GuessedColumn]:
        """Columns that are taken off together (settled by `amounts`)."""
        return [c for c in self.all("discount_amount") if c.logical_type in ("number", "integer")]

    def items(self) -> GuessedColumn | None:
        """A JSON array whose objects are an order's lines."""
        wanted = {"sku", "product_name", "quantity", "unit_price"}
        for column in self._columns:
            if len({role_of(key) for key in column.elements} & wanted) > 1:
                return column
        return None


def _without_tax(columns: list[GuessedColumn]) -> GuessedColumn:
    words = r"\b(ex|excl|excluding|without|ohne|net|ht|bez)\b"
    return next(
        (c for c in columns if re.search(words, apart(c.header).replace("_", " "), re.IGNORECASE)), columns[0]
    )


def order_numbers(columns: list[GuessedColumn]) -> list[GuessedColumn]:
    """Columns that number orders, what calls itself an order before a receipt, and that before a transaction."""

    def rank(column: GuessedColumn) -> int:
        words = [
            "order|bestell|auftrag|commande|pedido|ordine|订单|注文|受注",
            "transaction|invoice|rechnung|facture|factura|bill",
        ]
        is_order, is_paper = (bool(re.search(each, column.header, re.IGNORECASE)) for each in words)
        return 0 if is_order else 2 if is_paper else 1

    return sorted((c for c in columns if c.role == "order_id" and not c.is_blank), key=rank)


def as_time(roles: Roles, name: str) -> str:
    return name if roles.logical_type(name) == "timestamp" else f"cast({name} as timestamp)"


def as_date(roles: Roles, name: str, expression: str | None = None) -> str:
    used = expression or name
    return used if roles.logical_type(name) == "date" else f"{{{{ business_date('{used}') }}}}"


def currency_sql(roles: Roles, hints: Hints) -> tuple[str, list[str]]:
    """SQL of the currency, and a note where the file has no column for it."""
    if name := roles("currency"):
        codes = {word.upper() for word in hints.words.get(name, [])}
        if len(codes) == 1 and not roles.stands_on_each_row(name):
            code = next(iter(codes))
            note = f"currency: {name} stands on some rows only, the others are taken as {code}, too"
            return f"coalesce({name}, '{code}')", [note, *_without_rate(codes, hints)]
        return name, _without_rate(codes, hints)
    code = hints.currency or "USD"
    source = "the sample's headers and signs say so" if hints.currency else "the file names none"
    note = f"currency: '{code}' stands there ({source}); put the channel's own"
    return f"'{code}'", [note, *_without_rate({code}, hints)]


def _without_rate(codes: set[str], hints: Hints) -> list[str]:
    """A note where a run would stop, as money of these currencies cannot be added up."""
    missing = ", ".join(sorted(codes - hints.rates)) if hints.rates else ""
    return (
        [f"currency: {missing} has no rate; add it to data/reference/fx_rates.csv before a run"]
        if missing
        else []
    )


def line_amount_of(roles: Roles) -> str | None:
    """SQL for one line's amount before discount, where the file has lines."""
    quantity, price = roles.number("quantity"), roles.number("unit_price")
    if line := roles.without_tax("line_amount"):
        return line.name
    return f"{quantity} * {price}" if quantity and price else price
