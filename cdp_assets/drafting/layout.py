"""Where a sample's table begins and ends: header row, rows under it that are no data, footer rows. For drafts only."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from cdp_assets.landing.held import FileHeld

TAIL = 5  # last rows that are looked at for footers
_TOTAL = re.compile(
    r"^(grand |sub-?)?totals?\b|^sum\b|^(gesamt)?summe\b|^gesamt\b|^totale?\b|^suma\b|^合[计計]|^[总總総][计計]|^小[计計]",
    re.IGNORECASE,
)
_KINDS = {
    "e-mails": re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"),
    "times": re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"),
    "amounts": re.compile(r"^-?\d+[.,]\d+$"),
    "ids": re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE),
}
_VALUE = re.compile(r"^[\W\d_]*\d[\W\d_]*$|@")  # numbers, dates, money, e-mails: what no column is named


@dataclass
class Layout:
    """Positions in the sample's rows, and the footers as patterns over a row's text without quotes."""

    header: int
    sub_headers: int
    body: list[list[str]]
    footers: list[str] = field(default_factory=list)
    has_blank_row: bool = False
    narrow_tail: bool = False  # rows at the end that are no data and could not be declared


def find_layout(rows: list[list[str]], delimiter: str, quote: str = '"') -> Layout:
    """Tell header, rows under it and footers from the data rows. Raises FileHeld where there are no rows or no header."""
    header = header_row(rows)
    width = len(rows[header])
    rest = rows[header + 1 :]
    sub_headers = _sub_headers(rest, width)
    body = rest[sub_headers:]
    footers, narrow = _footers(body, width, delimiter, quote)
    kept = [row for row in body if not _matches(row, footers, delimiter, quote)]
    has_blank = any(len(row) == width and not any(cell.strip() for cell in row) for row in kept)
    kept = [row for row in kept if len(row) == width and any(cell.strip() for cell in row)]
    _refuse_values(rows[header], kept)
    return Layout(header, sub_headers, kept, footers, has_blank, narrow)


def _refuse_values(names: list[str], body: list[list[str]]) -> None:
    """A first row whose cells are of their columns' own kinds is data; its texts must never become names of columns."""
    found: Counter[str] = Counter()
    for position, name in enumerate(names):
        texts = [row[position].strip() for row in body if row[position].strip()]
        for kind, pattern in _KINDS.items():
            if (
                pattern.match(name.strip())
                and texts
                and sum(bool(pattern.match(t)) for t in texts) > len(texts) / 2
            ):
                found[kind] += 1
    if found["e-mails"] or found.total() > 1:
        raise FileHeld(
            "no_header",
            f"the first row holds {' and '.join(found)} like the rows below it, no names of columns",
            "have the export written with a header row, or put one above the rows",
        )


def header_row(rows: list[list[str]]) -> int:
    """The first row of the commonest width whose cells are texts: title lines before it are narrower."""
    if not rows:
        raise FileHeld("no_header", "the sample has no rows", "give a sample with its header and some rows")
    widths = Counter(_filled(row) > 1 and len(row) for row in rows[:200])
    width = max((w for w in widths if w), key=lambda w: widths[w], default=len(rows[0]))
    for position, row in enumerate(rows):
        if len(row) == width and _filled(row) > width / 2:
            return position
    return 0


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _sub_headers(rest: list[list[str]], width: int) -> int:
    """Rows right under the header that are blank, or words where all other rows hold numbers or dates."""
    count = 0
    for position, row in enumerate(rest[:3]):
        others = [each for each in rest[position + 1 : position + 200] if len(each) == width]
        if len(row) != width or len(others) < 2:
            break
        valued = [
            column
            for column in range(width)
            if (texts := [each[column].strip() for each in others if each[column].strip()])
            and sum(bool(_VALUE.search(text)) for text in texts) > 0.8 * len(texts)
        ]
        words = [
            column for column in valued if row[column].strip() and not _VALUE.search(row[column].strip())
        ]
        if _filled(row) and not (len(words) > 1 and len(words) > len(valued) / 2):
            break
        count = position + 1
    return count


def _footers(body: list[list[str]], width: int, delimiter: str, quote: str) -> tuple[list[str], bool]:
    """Patterns of the rows that end the file; True where a last row is no data but no pattern tells it from data."""
    found: list[str] = []
    narrow = False
    for row in reversed(body[-TAIL:]):
        first = row[0].strip() if row else ""
        is_short = len(row) < width or (_filled(row) == 1 and bool(first))
        if not (_TOTAL.match(first) or is_short):
            break
        pattern = _footer_pattern(row, delimiter)
        others = [each for each in body if len(each) == width and each is not row]
        if pattern is None or any(
            not _TOTAL.match(each[0].strip()) and _matches(each, [pattern], delimiter, quote)
            for each in others
        ):
            narrow = True
            continue
        found.insert(0, pattern)
    return list(dict.fromkeys(found)), narrow


def _footer_pattern(row: list[str], delimiter: str) -> str | None:
    """The row up to its first cell with words, its numbers left open: `30,record(s) downloaded` → `\\d+,record…`."""
    texts: list[str] = []
    for cell in row:
        text = cell.split(":")[0] + ":" if ":" in cell else cell
        texts.append(re.sub(r"\d+", r"\\d+", re.escape(text.replace('"', ""))))
        if re.search(r"[^\W\d_]{2}", cell):
            return re.escape(delimiter).join(texts)
    return None


def _matches(row: list[str], patterns: list[str], delimiter: str, quote: str) -> bool:
    text = delimiter.join(row).replace(quote, "")
    return any(re.match(pattern, text) for pattern in patterns)
