"""Facts of a sample's columns: what their texts are and could be. Nothing is decided here; nothing is changed later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Any

from cdp_assets.drafting import signs
from cdp_assets.drafting.sample import Sample, SampleColumn, flatten
from cdp_assets.drafting.times import Reading, clock_of, day_order, reading_of
from cdp_assets.drafting.words import Words, is_a

NULL_TOKENS = {
    "-", "--", "——", "—", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "(null)", "(No value)", "(not set)", "\\N",
    "無", "无", "/", "`",
}  # fmt: skip
_LOOKS = {
    "email": re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"),
    "masked": re.compile(r"[*＊]{2,}|[xX•]{4,}"),
    "phone": re.compile(r"^'?(\+\d[\d ()./-]{6,}|\(\+?\d+\)[\d ./-]{5,}|1[3-9]\d{9})$"),
    "uuid": re.compile(r"^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$", re.IGNORECASE),
    "iban": re.compile(r"^[A-Z]{2}\d{2}( ?[A-Z0-9]){11,30}$"),
    "handle": re.compile(r"\s\(\S+\)$"),
    "contact": re.compile(r"^([^@\s]+@[^@\s]+\.[A-Za-z]{2,}|\+\d[\d ()./-]{6,})$"),  # one or the other
    "name": re.compile(r"^[A-ZÀ-Þ][a-zß-ÿ'’.-]+(,? [A-ZÀ-Þ][\w'’.-]*){1,3}$"),
}
PLAIN_IDS = ("id", "uuid", "_id")
MANY_HEADERS = 5  # from which on what all of them begin with says nothing of a column
ELEMENTS = 200  # cells of arrays that are looked into
_PACKED = re.compile(r"^[^\W\d][\w .#/-]{0,30}[:=][^|;]*([|;,\n] ?[^\W\d][\w .#/-]{0,30}[:=][^|;]*)+")


@dataclass(frozen=True)
class Column:
    """A column of a sample: its texts on each row ("" where blank or a null token), and what they can be read as.

    `says`: the role that its header names; `bare`: its filled texts without decoration; `numbers`: a number on each row, none at all where
    a text is no number; `looks`: what most of its texts look like; `elements`: keys of the objects in its
    JSON arrays, with their texts, or names in its packed cells.
    """

    position: int
    header: str
    occurrence: int
    says: str | None
    texts: tuple[str, ...]
    bare: tuple[str, ...] = ()
    strips: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    looks: str = ""
    decimals: int | None = None
    numbers: tuple[Decimal | None, ...] = ()
    time: Reading | None = None
    clock: str | None = None
    flags: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    elements: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    is_packed: bool = False
    has_number_cells: bool = False
    is_continued: bool = False

    @cached_property
    def filled(self) -> list[str]:
        return [text for text in self.texts if text]

    @property
    def is_blank(self) -> bool:
        return not self.filled

    @property
    def is_filled(self) -> bool:
        """A text on every row."""
        return bool(self.texts) and len(self.filled) == len(self.texts)

    @property
    def share(self) -> float:
        return len(self.filled) / max(1, len(self.texts))

    @cached_property
    def is_unique(self) -> bool:
        """Never the same twice."""
        return len(set(self.filled)) == len(self.filled)

    @cached_property
    def distinct(self) -> list[str]:
        return sorted(set(self.filled))

    @property
    def last_step(self) -> str:
        return self.header.casefold().split(".")[-1]


@dataclass(frozen=True)
class Profile:
    """A sample's columns and the facts of the whole file: marks, null tokens, currency signs."""

    sample: Sample
    columns: tuple[Column, ...]
    facts: dict[str, Any]
    questions: tuple[str, ...]
    currency: str | None  # that the sample itself names


def profile_of(sample: Sample, words: Words) -> Profile:
    """Look at every column of a sample."""
    said = _all_said(sample, words)
    sample = _continued(sample, said)
    said = [_role_of(column, role) for column, role in zip(sample.columns, said, strict=True)]
    nulls = sorted({text.strip() for column in sample.columns for text in column.texts} & NULL_TOKENS)
    texts = [_without_nulls(column.texts) for column in sample.columns]
    without = [
        _decoration(dict.fromkeys(filter(None, each)), is_text=is_a(role, "text"))
        for each, role in zip(texts, said, strict=True)
    ]
    different = [list(dict.fromkeys(bare_of.values())) for bare_of, _, _ in without]
    numeric = [each for each, role in zip(different, said, strict=True) if not is_a(role, "text")]
    codes = {
        text.upper()
        for each, role in zip(texts, said, strict=True)
        if role == "currency"
        for text in each
        if text
    }
    marks, questions = signs.choose_marks(numeric, str(sample.facts.get("delimiter", ",")), codes)
    order = day_order(different, sample.titles)
    columns = tuple(
        _column(position, column, role, each, bare, marks, order, words)
        for position, (column, role, each, bare) in enumerate(
            zip(sample.columns, said, texts, without, strict=True)
        )
    )
    found = list(dict.fromkeys(sign for column in columns for sign in column.signs))
    facts = sample.facts | ({"nullTokens": nulls} if nulls else {}) | marks | _sign_facts(found)
    headers = [column.header for column in sample.columns]
    currency = signs.currency_of(found, [*headers, *sample.titles], words)
    return Profile(sample, columns, facts, (*sample.questions, *questions), currency)


def _all_said(sample: Sample, words: Words) -> list[str | None]:
    """What each header says, else what is left of it without what all of them begin with; a flag's in any language."""
    start = _common_start([column.header for column in sample.columns])
    return [
        _said(column.header, words, is_path=sample.is_document)
        or _said(column.header[start:], words, is_path=sample.is_document)
        or (words.flag_of(column.header[start:]) if set(column.texts) <= {"", "0", "1"} else None)
        for column in sample.columns
    ]


def _role_of(column: SampleColumn, says: str | None) -> str | None:
    return "order_id" if column.is_continued else says


def _common_start(headers: Sequence[str]) -> int:
    """How many letters all headers of a table begin with: a name of the table, or of its maker."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*headers, strict=False))
    return sum(1 for _ in alike) if len(headers) >= MANY_HEADERS else 0


def _continued(sample: Sample, said: Sequence[str | None]) -> Sample:
    """A sample whose rows without an order's number and time are further lines of the order above, with that number on each of them."""
    filled = [[bool(text.strip()) for text in column.texts] for column in sample.columns]
    plain = [column.header.casefold() in PLAIN_IDS for column in sample.columns]
    numbers = [at for at, role in enumerate(said) if (role == "order_id" or plain[at]) and any(filled[at])]
    at = min(numbers, key=lambda at: said[at] != "order_id", default=None)
    times = [each for each, role in zip(filled, said, strict=True) if role == "ordered_at"]
    articles = [each for each, role in zip(filled, said, strict=True) if role in ("sku", "product_name")]
    if (
        at is None
        or not filled[at][0]
        or all(filled[at])
        or filled[at] not in times
        or not any(map(all, articles))
    ):
        return sample
    column = sample.columns[at]
    texts = tuple(accumulate(column.texts, _this_or_above))
    made = replace(column, texts=texts, is_continued=True)
    return replace(sample, columns=(*sample.columns[:at], made, *sample.columns[at + 1 :]))


def _this_or_above(above: str, text: str) -> str:
    return text if text.strip() else above


def _without_nulls(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple("" if text.strip() in NULL_TOKENS else text.strip() for text in texts)


def _sign_facts(found: Sequence[str]) -> dict[str, Any]:
    """Currency signs that a contract must be told of."""
    unknown = [sign for sign in found if sign not in signs.DEFAULT_SIGNS]
    return {"currencySymbols": [*signs.DEFAULT_SIGNS, *unknown]} if unknown else {}


def _said(header: str, words: Words, *, is_path: bool) -> str | None:
    """What a header says; of a JSON path the last step, then the last two, but a recipient's from the whole. Tables flattened from
    documents have paths, too: there only a currency is told by its last step, as the others' words stand before it."""
    if "." not in header or not (is_path or re.fullmatch(r"[^\W\d]\S*\.[^\W\d]\S*", header)):
        return words.role_of(header)
    steps = header.split(".")
    if words.role_of(steps[-1]) == "currency":
        return "currency"
    if not is_path:
        return words.role_of(header)
    whole = words.role_of(" ".join(steps))
    if whole and whole.startswith("recipient"):
        return whole
    own = words.role_of(steps[-1])
    if own == "gross_amount":  # a value, of whatever its object is
        tails = (words.role_of(" ".join(steps[start:])) for start in range(len(steps) - 2, -1, -1))
        return next((role for role in tails if role != own and is_a(role, "money")), own)
    return own or words.role_of(" ".join(steps[-2:]))


def _decoration(texts: Iterable[str], *, is_text: bool) -> tuple[dict[str, str], list[str], list[str]]:
    """Each text without decoration, what that is, and the currency signs in it. `texts`: each once."""
    quoted = {text for text in texts if re.match(r'^".*"$', text)}
    plain = [text[1:-1].strip() if text in quoted else text for text in texts]
    bare, strips, found = signs.without_decoration(plain, is_text=is_text)
    return dict(zip(texts, bare, strict=True)), (["quotes"] if quoted else []) + strips, found


def _column(
    position: int,
    column: SampleColumn,
    says: str | None,
    texts: tuple[str, ...],
    without: tuple[dict[str, str], list[str], list[str]],
    marks: dict[str, str],
    order: tuple[str | None, bool],
    words: Words,
) -> Column:
    bare_of, strips, found_signs = without
    different = list(dict.fromkeys(bare_of.values()))
    is_array = bool(different) and all(text.startswith("[{") or text == "[]" for text in different)
    digits = signs.decimals(different, marks)
    cells = tuple(bare_of.get(text, "") for text in texts)  # each row's text without decoration
    bare = tuple(filter(None, cells))
    values = {text: signs.value_of(text, marks) for text in ("", *different)} if digits is not None else {}
    return Column(
        position,
        column.header,
        column.occurrence,
        says,
        cells if "quotes" in strips or "apostrophe" in strips or "excel_text" in strips else texts,
        bare,
        tuple(strips),
        tuple(found_signs),
        _looks(bare[:200], words),
        digits,
        tuple(map(values.__getitem__, cells)) if values else (),
        _reading(different, column.header, says, order, words),
        clock_of(different),
        _flags(different, words),
        _elements(different) if is_array else _packed_names(different),
        not is_array and bool(_packed_names(different)),
        column.has_numbers,
        column.is_continued,
    )


def _reading(
    bare: list[str], header: str, says: str | None, order: tuple[str | None, bool], words: Words
) -> Reading | None:
    is_number = bool(bare) and all(re.fullmatch(r"[\d.,]+", text) for text in bare[:20])
    is_timely = is_a(says, "time") or (not is_number and says in (None, "consent"))
    is_compact = bool(bare) and all(re.fullmatch(r"20\d{6}|19\d{6}", text) for text in bare)
    return reading_of(
        bare, header, words, order, is_timely=is_timely or (is_compact and says in (None, "consent"))
    )


def _looks(texts: Sequence[str], words: Words) -> str:
    """What more than four fifths of the texts look like; names of persons only where they differ."""
    tests = {name: [bool(pattern.search(text)) for text in texts] for name, pattern in _LOOKS.items()}
    tests["address"] = [words.says("street_word", text) for text in texts]
    tests["name"] = [a or words.says("surname", text) for a, text in zip(tests["name"], texts, strict=True)]
    found = [
        name for name, hits in tests.items() if sum(hits) > len(texts) * (0.5 if name == "masked" else 0.8)
    ]
    if "name" in found and (len(set(texts)) * 2 < len(texts) or len(texts) < 2):
        found.remove("name")
    return found[0] if found else ""


def _flags(bare: Sequence[str], words: Words) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The words for yes and no of a language, where every text is one; 1 and 0 alone may as well be numbers."""
    seen = {text.lower() for text in bare}
    if not seen or seen <= {"0", "1"}:
        return None
    pairs = ((yes, no) for yes, no in words.pairs_of_flags() if seen <= yes | no)
    return next(((tuple(sorted(yes)), tuple(sorted(no))) for yes, no in pairs), None)


def _elements(bare: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Keys of the objects in a column of JSON arrays, those of objects inside them by their paths, each with its different texts."""
    found: dict[str, dict[str, None]] = {}
    for text in bare[:ELEMENTS]:
        for element in json.loads(text):
            for key, value in flatten(element).items() if isinstance(element, dict) else ():
                found.setdefault(key, {})[value] = None
    return {key: tuple(filter(None, texts)) for key, texts in found.items()}


def _packed_names(bare: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Names of the parts of packed cells, `name:…|sku:…;name:…|sku:…`; none where the cells are not packed so."""
    if not bare or not all(_PACKED.match(text) for text in bare):
        return {}
    names = re.findall(r"(?:^|[|;,\n]) ?([^\W\d][\w .#/-]{0,30}?)[:=]", " ; ".join(bare[:ELEMENTS]))
    return dict.fromkeys(names, ())
