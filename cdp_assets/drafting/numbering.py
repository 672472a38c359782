"""Which decimal and thousands marks the numbers of a sample wear, and which currency. For drafts only."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from cdp_assets.landing.typed.casts import SPACES

SYMBOLS = ["$", "€", "£", "¥", "￥"]
WORDS = [
    "US$", "C$", "A$", "S$", "NT$", "HK$", "R$", "RM", "Rp", "kr", "zł", "Kč", "CHF",
    "EUR", "USD", "GBP", "SEK", "NOK", "DKK", "PLN", "CNY", "JPY", "元", "円",
]  # fmt: skip
CODES = {"€": "EUR", "£": "GBP", "US$": "USD", "C$": "CAD", "A$": "AUD", "S$": "SGD", "R$": "BRL", "zł": "PLN", "元": "CNY", "円": "JPY", "Rp": "IDR"}  # fmt: skip
_ANY = "|".join(re.escape(each) for each in sorted([*SYMBOLS, *WORDS], key=len, reverse=True))
_STYLES = [(",", "."), (".", ","), (" ", ","), ("'", "."), ("", ","), ("", ".")]


def without_currency(values: list[str]) -> tuple[list[str], list[str]]:
    """Texts without a currency before or after the number, and the symbols taken off; unchanged where one is no number."""
    found: Counter[str] = Counter()

    def bare(value: str) -> str:
        text = re.sub(r"^\((.*)\)$", r"-\1", value)
        before = re.match(rf"^([+-]?)\s*({_ANY})\s*(.*)$", text)
        if before:
            found[before.group(2)] += 1
            return before.group(1) + before.group(3)
        after = re.match(rf"^(.*?)\s*({_ANY})$", text)
        if after:
            found[after.group(2)] += 1
            return after.group(1)
        return text

    texts = [bare(value) for value in values]
    is_number = all(re.match(rf"^[+-]?[\d.,'{SPACES}]*\d[\d.,'{SPACES}]*$", text) for text in texts)
    return (texts, list(found)) if is_number and texts != values else (values, [])


def _fits(texts: list[str], thousands: str, point: str) -> bool:
    mark = f"[{SPACES}]" if thousands == " " else re.escape(thousands)
    grouped = rf"[1-9]\d{{0,2}}({mark}\d{{3}})+|" if thousands else ""
    pattern = re.compile(rf"^[+-]?({grouped}\d+)({re.escape(point)}\d+)?$|^[+-]?{re.escape(point)}\d+$")
    return all(pattern.match(text) for text in texts)


def _holds(text: str, mark: str) -> bool:
    return any(each in text for each in (SPACES if mark == " " else mark))


def choose_marks(columns: list[list[str]], facts: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The export's decimal and thousands mark: what the columns that allow only one reading say, by majority."""
    votes: Counter[str] = Counter()
    marks: Counter[tuple[str, str]] = Counter()
    is_open = False
    for texts in columns:
        fitting = [style for style in _STYLES if texts and _fits(texts, *style)]
        points = {point for _, point in fitting}
        if not any(_holds(text, mark) for text in texts for mark in ".,' ") or not fitting:
            continue
        if len(points) == 1:
            votes[points.pop()] += 1
        else:
            is_open = True
        marks.update((t, p) for t, p in fitting if t and any(_holds(text, t) for text in texts))
    notes = []
    if len(votes) == 2:
        notes.append(
            "decimalMark: some columns have a point and some a comma; the columns of the rarer kind stay text"
        )
    point = votes.most_common(1)[0][0] if votes else "."
    if not votes and is_open:
        point = "," if facts.get("delimiter") == ";" or _are_thousands(columns) else "."
        notes.append(
            f"decimalMark: taken as {point!r}, but the sample's numbers can be read both ways; look at the amounts"
        )
    chosen: dict[str, Any] = {"decimalMark": ","} if point == "," else {}
    thousands = Counter({t: count for (t, p), count in marks.items() if p == point})
    if thousands:
        chosen["thousandsMark"] = thousands.most_common(1)[0][0]
    return chosen, notes


def _are_thousands(columns: list[list[str]]) -> bool:
    """Whether whatever has a point has three digits behind it, often enough: so are thousands written, not decimals."""
    pointed = [text for texts in columns if texts and _fits(texts, ".", ",") for text in texts if "." in text]
    return len(pointed) >= 3


def decimals(texts: list[str], facts: dict[str, Any]) -> int | None:
    """Digits after the decimal mark, at most; 0 only where no text has the mark. None where a text is no number."""
    point = facts.get("decimalMark", ".")
    if not _fits(texts, facts.get("thousandsMark", ""), point):
        return None
    if not any(point in text for text in texts):
        return 0
    return max(1, *(len(text.partition(point)[2].rstrip("0")) for text in texts))


def currency_of(symbols: set[str], headers: list[str]) -> str | None:
    """The currency that the sample itself names, by a symbol or in a header; None where it does not."""
    text = " ".join(headers)
    named = set(
        re.findall(r"\b(USD|EUR|GBP|CHF|SEK|NOK|DKK|PLN|CAD|AUD|SGD|HKD|JPY|CNY|BRL|INR|IDR|THB|MXN)\b", text)
    )
    if len(named) == 1:
        return str(named.pop())
    codes = {CODES.get(each, each if re.fullmatch("[A-Z]{3}", each) else "") for each in symbols} - {""}
    if len(codes) == 1:
        return codes.pop()
    bracketed = Counter(re.findall(r"[(]([A-Z]{3})[)]", text))
    if len(repeated := [code for code, count in bracketed.items() if count > 1]) == 1:
        return str(repeated[0])
    if re.search("[\u3040-\u30ff]", text):
        return "JPY"
    if re.search("[\uac00-\ud7a3]", text):
        return "KRW"
    return "CNY" if re.search("[\u4e00-\u9fff]", text) else None
