"""How numbers, dates and money look, the same on every page, by language (Babel's patterns) and in business time."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, parse_pattern

NOTHING = "–"
LARGE = 10_000  # from which a column's numbers are written without decimals; files have them whole

MONEY_ENDINGS = (
    "revenue", "revenue_low", "revenue_high", "amount", "price", "spend", "monetary", "cost", "cost_per_conversion",
    "acquisition_cost", "order_value", "repeat_value", "value_12_months", "revenue_affected", "line_amount", "revenue_difference",
    "margin", "contribution", "basket_value",
)  # fmt: skip
SHARE_ENDINGS = ("_share", "_rate", "probability", "probability_alive", "confidence", "share_over_last_touch")
DECIMAL_ENDINGS = (
    "conversions", "credit", "return_on_ad_spend", "orders_12_months", "orders_3_months", "orders_6_months",
)  # fmt: skip
DAY_ENDINGS = ("_date", "_start", "_day", "_end", "_on", "effective_at")  # an identity takes effect on a day


WRITTEN = re.compile(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[-+]?\d+)?)( ?%)?", re.IGNORECASE)


def read_number(text: str) -> float:
    """A number that somebody wrote, with or without commas between thousands, or in percent: 1,234.5 and 25% (0.25).

    Raises ValueError for anything else: 1,5 may mean 1.5 or 15, and is not guessed at.
    """
    found = WRITTEN.fullmatch(unicodedata.normalize("NFKC", text).strip().replace("−", "-"))
    number = float(found[1].replace(",", "")) if found else math.nan
    if found is None or not math.isfinite(number):
        raise ValueError(text)
    return number / 100 if found[2] else number


def nothing(value: Any) -> bool:
    """Whether a cell holds no value."""
    if value is None or value is pd.NaT:
        return True
    return not isinstance(value, list | tuple | dict | str) and bool(pd.isna(value))


@dataclass(frozen=True)
class Formats:
    """The forms of one language; times are shown in the business time zone."""

    language: str
    zone: str
    currency: str

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _patterns(self) -> dict[int, NumberPattern]:
        return {n: parse_pattern("#,##0" + ("." + "0" * n if n else "")) for n in range(7)}

    def number(self, value: Any, decimals: int = 0) -> str:
        """12,345, or −12,345."""
        if nothing(value):
            return NOTHING
        said: str = self._patterns[decimals].apply(float(value), self.locale)
        return said.replace("-", "−")

    def money(self, value: Any, currency: str | None = None) -> str:
        """USD 12,345, with cents below a thousand."""
        if nothing(value):
            return NOTHING
        return f"{currency or self.currency} {self.number(value, 0 if abs(value) >= 1000 else 2)}"

    def share(self, value: Any, decimals: int = 1) -> str:
        """12.3%."""
        return NOTHING if nothing(value) else f"{self.number(100 * float(value), decimals)}%"

    def change(self, value: Any) -> str:
        """+12.3% or −4.0%; from tenfold on the multiple, ×508."""
        if nothing(value):
            return NOTHING
        if value >= 9:
            return f"×{self.number(value + 1, 0)}"
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + self.share(abs(value))

    def signed(self, value: Any, decimals: int = 0) -> str:
        """+12 or −4."""
        if nothing(value):
            return NOTHING
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + self.number(abs(value), decimals)

    def day(self, value: Any) -> str:
        """31 Dec 2017."""
        if nothing(value):
            return NOTHING
        pattern = "d MMM y" if self.language == "en" else "medium"
        return format_date(pd.Timestamp(value).date(), format=pattern, locale=self.locale)

    def month(self, value: Any) -> str:
        """Dec 2017."""
        if nothing(value):
            return NOTHING
        pattern = "MMM y" if self.language == "en" else "y年M月" if self.language == "zh" else "yMMM"
        return format_date(pd.Timestamp(value).date(), format=pattern, locale=self.locale)

    def moment(self, value: Any) -> str:
        """31 Dec 2017, 02:15 in business time."""
        if nothing(value):
            return NOTHING
        stamp = pd.Timestamp(value).to_pydatetime()
        aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
        local = aware.astimezone(self._zone)
        return format_datetime(
            local.replace(tzinfo=None),
            format={"en": "d MMM y HH:mm", "zh": "y年M月d日 HH:mm"}.get(self.language, "medium"),
            locale=self.locale,
        )

    def decimals(self, name: str, values: pd.Series) -> int | None:
        """How many decimals the numbers of a column have, all of them; None where each is written by itself."""
        numbers = pd.to_numeric(values, errors="coerce").dropna().astype(float)
        if numbers.empty or name.endswith(("_year", *SHARE_ENDINGS)):
            return None
        is_whole = bool((numbers % 1 == 0).all())
        if is_whole and not name.endswith(MONEY_ENDINGS):
            return 0
        if is_whole and name.endswith("_count"):
            return 0
        if name.startswith("mean_") and not name.endswith(MONEY_ENDINGS):
            return 1
        return 0 if numbers.abs().max() >= LARGE else 2

    def cell(self, name: str, value: Any, *, is_share: bool = False, decimals: int | None = None) -> str:
        """A value of a table by its column's name and its own type."""
        if nothing(value):
            return NOTHING
        if isinstance(value, (datetime, date)):
            plain_day = not isinstance(value, datetime) or name.endswith(DAY_ENDINGS)
            return self.day(value) if plain_day else self.moment(value)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return ", ".join(map(str, value))
        if decimals is not None and not is_share:
            return self.number(value, decimals)
        return self._figure(name, float(value), is_share=is_share)

    def _figure(self, name: str, value: float, *, is_share: bool) -> str:
        whole = value.is_integer()
        if is_share or name.endswith(SHARE_ENDINGS):
            return self.share(value)
        if name.endswith("_year"):
            return f"{value:.0f}"
        if name.endswith(MONEY_ENDINGS) and not (whole and name.endswith("_count")):
            return self.number(value, 2)
        if name.endswith(DECIMAL_ENDINGS):
            return self.number(value, 2)
        if name.startswith("mean_"):
            return self.number(value, 1)
        return self.number(value, 0 if whole else 2)
