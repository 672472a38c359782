"""Exchange rates: a row per day and currency, or a row per day with a column per currency."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdp_assets.drafting.shapes.model import Model, as_date, number
from cdp_assets.drafting.table import Field, Table
from cdp_assets.drafting.words import currency_signs
from cdp_assets.landing.typed.casts import sql_text

LEAST = 3  # columns of currencies that make a table of rates


def draft(table: Table) -> Iterator[Model]:
    if not table.moment or table.keys.order:
        return
    rate, coded = number(table, "exchange_rate"), table.first("currency", types=("string",))
    codes = {code: each for each in table.fields if each.is_number and (code := _code_of(each))}
    if rate and coded:
        yield _of_rows(table, table.moment, rate, coded)
    elif len(codes) >= LEAST:
        yield _of_columns(table, table.moment, codes)


def _code_of(each: Field) -> str | None:
    """The currency that a header is the code of."""
    found = re.fullmatch(r"\W*([A-Z]{3})\W*", each.column.header.strip())
    return found.group(1) if found and currency_signs().get(found.group(1)) == found.group(1) else None


def _of_rows(table: Table, moment: Field, rate: Field, coded: Field) -> Model:
    """One rate a row: of a unit of the currency, or of a unit of the base where a base is named."""
    base, target = (
        table.first("base_currency", types=("string",)),
        table.first("target_currency", types=("string",)),
    )
    base_sql = f"upper({(target or base).name})" if target or base else _base(table)  # type: ignore[union-attr]
    is_of_base = target is None
    expressions = {
        "rate_date": as_date(moment),
        "currency": f"upper({coded.name})",
        "base_currency": base_sql,
        "rate": f"1 / cast({rate.name} as double)" if is_of_base else f"cast({rate.name} as double)",
    }
    one = "the base currency" if is_of_base else coded.name
    said = f"rate: {rate.name} is taken as what one unit of {one} is worth; is it the other way round?"
    return Model(
        "rates", table, expressions, (f"{rate.name} > 0",), questions=(said, *_asked(table, base or target))
    )


def _of_columns(table: Table, moment: Field, codes: dict[str, Field]) -> Model:
    """A column per currency: units of it for one unit of the base."""
    values = ", ".join(f"({sql_text(code)})" for code in codes)
    branches = " ".join(f"when {sql_text(code)} then {each.name}" for code, each in codes.items())
    units = f"case for_currency {branches} end"
    expressions = {
        "rate_date": as_date(moment),
        "currency": "for_currency",
        "base_currency": _base(table),
        "rate": f"1 / cast({units} as double)",
    }
    said = "rate: each column is taken as the units of its currency for one of the base; is it the other way round?"
    return Model(
        "rates",
        table,
        expressions,
        after=f"{units} > 0",
        joins=f"cross join (values {values}) as each_currency(for_currency)",
        questions=(said, *_asked(table, None)),
    )


def _base(table: Table) -> str:
    return f"'{table.profile.currency or 'EUR'}'"


def _asked(table: Table, named: Field | None) -> list[str]:
    return [] if named else [f"base_currency: the file names none, {_base(table)} stands there"]
