"""How a sample writes its numbers: decimal and thousands marks, currency signs, what else stands around a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from cdp_assets.drafting.words import Words, currency_signs
from cdp_assets.landing.typed.casts import SPACES

DEFAULT_SIGNS = ["$", "€", "£", "¥", "￥"]  # what a contract strips without being told
OF_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}  # ISO 4217: three digits behind the mark
_STYLES = [(",", "."), (".", ","), (" ", ","), ("'", "."), ("", ","), ("", ".")]
_RULES = {
    "apostrophe": (re.compile(r"^['`](?=.)"), ""),
    "excel_text": (re.compile(r'^="(.*)"$'), r"\1"),
    "percent": (re.compile(r"\s*%$"), ""),
}


_NUMBER = re.compile(rf"^[+-]?[\d.,'{SPACES}]*\d[\d.,'{SPACES}]*$")


@cache
def _sign_pattern() -> str:
    return "|".join(re.escape(sign) for sign in sorted(currency_signs(), key=len, reverse=True))


def without_decoration(texts: Sequence[str], *, is_text: bool) -> tuple[list[str], list[str], list[str]]:
    """Texts without what a contract can strip, the names of those strips, and the currency signs that were taken off."""
    values = [value.strip("\t") for value in texts]
    strips = []
    for name, (pattern, rest) in _RULES.items():
        bare = [pattern.sub(rest, value) for value in values]
        strips += [name] if bare != values else []
        values = bare
    if any(re.fullmatch(r"\d[\d.,]*-", v) for v in values) and all(
        re.fullmatch(r"\d[\d.,]*-?", v) for v in values
    ):
        strips.append("trailing_minus")
        values = [re.sub(r"^(.*)-$", r"-\1", value) for value in values]
    bare, signs = _without_signs(values)
    has_zeros = is_text and bool(bare) and all(re.match(r"^\d+\.0+$", value) for value in bare)
    strips += (["currency"] if signs else []) + (["decimal_zero"] if has_zeros else [])
    return bare, strips, signs


def _without_signs(values: list[str]) -> tuple[list[str], list[str]]:
    """Texts without a currency before or after the number, and the signs; unchanged where one is then no number."""
    if not all(re.search(r"\d", value) for value in values):
        return values, []  # not all are numbers with something around them
    texts: list[str] = []
    found: dict[str, None] = {}
    for text, sign in map(_parts, values):
        if not _NUMBER.match(text):
            return values, []
        texts.append(text)
        found |= {sign: None} if sign else {}
    return (texts, list(found)) if texts != values else (values, [])


def _parts(value: str) -> tuple[str, str]:
    """A text without the currency around it, and that."""
    if re.fullmatch(r"[+-]?[\d.,]+", value):
        return value, ""
    text = re.sub(r"^\((.*)\)$", r"-\1", value)
    if before := re.match(rf"^([+-]?)\s*({_sign_pattern()})\s*(.*)$", text):
        return before.group(1) + before.group(3), before.group(2)
    after = re.match(rf"^(.*?)\s*({_sign_pattern()})$", text)
    return (after.group(1), after.group(2)) if after else (text, "")


def _fits(texts: Sequence[str], thousands: str, point: str) -> bool:
    mark = f"[{SPACES}]" if thousands == " " else re.escape(thousands)
    grouped = rf"[1-9]\d{{0,2}}({mark}\d{{3}})+|" if thousands else ""
    pattern = re.compile(rf"^[+-]?({grouped}\d+)({re.escape(point)}\d+)?$|^[+-]?{re.escape(point)}\d+$")
    return all(pattern.match(text) for text in texts)


def _holds(text: str, mark: str) -> bool:
    return any(each in text for each in (SPACES if mark == " " else mark))


def choose_marks(
    columns: Sequence[Sequence[str]], delimiter: str, currencies: Collection[str] = ()
) -> tuple[dict[str, str], list[str]]:
    """The export's decimal and thousands mark (facts of the contract): what the columns that allow only one reading say.

    Where none does, three digits behind each point are thousands, or the smallest coins of `currencies` that have a thousand of them.
    """
    read = [(texts, fitting) for texts in columns if (fitting := _styles_of(texts))]
    points = [{point for _, point in fitting} for _, fitting in read]
    votes = Counter(next(iter(each)) for each in points if len(each) == 1)
    is_open = not votes and bool(points)
    is_of_thousandths = bool(currencies) and OF_THOUSANDTHS.issuperset(currencies) and delimiter != ";"
    likely = "." if is_of_thousandths or not is_open else _likely_point(columns, delimiter)
    point = votes.most_common(1)[0][0] if votes else likely
    notes = []
    if len(votes) == 2:
        notes.append(
            "decimalMark: some columns have a point and some a comma; the columns of the rarer kind stay text"
        )
    if is_open:
        notes.append(
            f"decimalMark: taken as {point!r}, but the sample's numbers can be read both ways; look at the amounts"
        )
    return _marks(read, point), notes


def _marks(read: Sequence[tuple[Sequence[str], Sequence[tuple[str, str]]]], point: str) -> dict[str, str]:
    """The facts of the contract, where they differ from its defaults."""
    thousands = Counter(mark for texts, fitting in read for mark in _thousands_of(texts, fitting, point))
    chosen = {"decimalMark": ","} if point == "," else {}
    chosen |= {"thousandsMark": thousands.most_common(1)[0][0]} if thousands else {}
    return chosen


def _thousands_of(texts: Sequence[str], fitting: Sequence[tuple[str, str]], point: str) -> list[str]:
    return [mark for mark, other in fitting if mark and other == point and _any_holds(texts, mark)]


def decimals(texts: Sequence[str], facts: Mapping[str, Any]) -> int | None:
    """Digits after the decimal mark, at most; 0 only where no text has the mark. None where a text is no number."""
    point = facts.get("decimalMark", ".")
    if not texts or not _fits(texts, facts.get("thousandsMark", ""), point):
        return None
    if not any(point in text for text in texts):
        return 0
    return max(1, *(len(text.partition(point)[2].rstrip("0")) for text in texts))


def value_of(text: str, facts: Mapping[str, Any]) -> Decimal | None:
    """A cell's number; None for a blank one."""
    bare = re.sub(r"[^\d.,'()+-]", "", text)
    sign = -1 if bare.startswith("(") or bare.endswith("-") else 1
    bare = bare.strip("()").rstrip("-").replace(facts.get("thousandsMark") or "\0", "")
    try:
        return Decimal(bare.replace(facts.get("decimalMark", "."), ".")) * sign if bare else None
    except InvalidOperation:
        return None


def _styles_of(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The (thousands, decimal) marks by which all texts of a column can be read; none where no text has a mark."""
    if not texts or not any(_any_holds(texts, mark) for mark in ".,' "):
        return []
    return [style for style in _STYLES if _fits(texts, *style)]


def _any_holds(texts: Sequence[str], mark: str) -> bool:
    return any(_holds(text, mark) for text in texts)


def _likely_point(columns: Sequence[Sequence[str]], delimiter: str) -> str:
    """Where all columns can be read both ways: a comma beside semicolons, or where three digits stand behind each point."""
    pointed = [t for texts in columns if texts and _fits(texts, ".", ",") for t in texts if "." in t]
    return "," if delimiter == ";" or len(pointed) >= 3 else "."


def currency_of(signs: Sequence[str], headers: Sequence[str], words: Words) -> str | None:
    """The currency that the sample itself names, in a header, by a sign or by its language; None where it does not."""
    codes = {code for code in currency_signs().values() if code}
    text = " ".join(headers)
    named = set(re.findall(r"\b[A-Z]{3}\b", text)) & codes
    bracketed = Counter(each for each in re.findall(r"[(]([A-Z]{3})[)]", text) if each in codes)
    is_said = bracketed or any(
        re.search(rf"\b(in|currency:?) {code}\b", text, re.IGNORECASE) for code in named
    )
    if len(named) == 1 and is_said:
        return str(next(iter(named)))
    meant = {currency_signs()[sign] or sign for sign in [*signs, *re.findall("[€£₩₽₺₴]", text)]}
    if len(meant) == 1 and meant <= codes:
        return str(next(iter(meant)))
    often = [code for code, count in bracketed.items() if count > 1]
    return often[0] if len(often) == 1 else words.country_fact("currency", headers)
