"""Where a sample's table begins and ends: header row, rows under it that are no data, footer rows, cells beyond the header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdp_assets.drafting.words import Words
from cdp_assets.landing.held import FileHeld

TAIL = 5  # last rows that are looked at for footers
_KINDS = {
    "e-mails": re.compile(r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"),
    "times": re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"),
    "amounts": re.compile(r"^-?\d+[.,]\d+$"),
    "ids": re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE),
}
_VALUE = re.compile(r"^[\W\d_]*\d[\W\d_]*$|@")  # numbers, dates, money, e-mails: what no column is named
Row = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """Positions in the sample's rows, and the footers as patterns over a row's text without quotes."""

    header: int
    names: tuple[str, ...]
    sub_headers: int
    body: tuple[Row, ...]
    footers: tuple[str, ...] = ()
    narrow_tail: bool = False  # rows at the end that are no data and could not be declared
    unnamed: int = 0  # cells of each row beyond the header's last


def find_layout(rows: Sequence[Row], delimiter: str, words: Words, quote: str = '"') -> Layout:
    """Tell header, rows under it and footers from the data rows. Raises FileHeld where there are no rows or no header."""
    header, width = _header_row(rows)
    rest = rows[header + 1 :]
    sub_headers = _sub_headers(rest, width)
    body = rest[sub_headers:]
    footers, narrow = _footers(body, width, delimiter, quote, words)
    kept = [row for row in body if not _matches(row, footers, delimiter, quote)]
    if any(len(row) == width and not _filled(row) for row in kept):
        footers.append(rf"[{re.escape(delimiter)}\s]*$")  # rows of blank cells
    kept = [row for row in kept if len(row) == width and _filled(row)]
    unnamed = width - len(rows[header])
    names = [*rows[header], *[""] * unnamed]
    _refuse_values(names, kept[:200])
    return Layout(header, tuple(names), sub_headers, tuple(kept), tuple(footers), narrow, unnamed)


def _refuse_values(names: Sequence[str], body: Sequence[Row]) -> None:
    """A first row whose cells are of their columns' own kinds is data; its texts must never become names of columns."""
    found: Counter[str] = Counter()
    for position, name in enumerate(names):
        texts = [row[position].strip() for row in body if row[position].strip()]
        for kind, pattern in _KINDS.items():
            alike = sum(bool(pattern.match(text)) for text in texts)
            found[kind] += bool(pattern.match(name.strip())) and alike > len(texts) / 2
    if found["e-mails"] or found.total() > 1:
        kinds = " and ".join(kind for kind, count in found.items() if count)
        raise FileHeld(
            "no_header",
            f"the first row holds {kinds} like the rows below it, no names of columns",
            "have the export written with a header row, or put one above the rows",
        )


def _header_row(rows: Sequence[Row]) -> tuple[int, int]:
    """The header's position and the data rows' width. Title lines are narrower; a header may be, too, by few blank cells.

    Of the rows before the first that holds values it is the last whose cells are words.
    """
    if not rows:
        raise FileHeld("no_header", "the sample has no rows", "give a sample with its header and some rows")
    widths = Counter(len(row) for row in rows[:200] if _filled(row) > 1)
    width = max(widths, key=lambda w: widths[w], default=len(rows[0]))
    first = next((p for p, row in enumerate(rows) if len(row) == width and _filled(row) > width / 2), 0)
    above = rows[first - 1] if first else []
    extra = width - len(above)
    is_narrow = (
        len(above) > 1 and 0 < extra <= 2 and _are_names(above) and not _are_names(rows[first][: len(above)])
    )
    if is_narrow and all(
        not cell.strip() for row in rows[first:] if len(row) == width for cell in row[-extra:]
    ):
        return first - 1, width
    return first, width


def _are_names(row: Row) -> bool:
    """Whether most cells are words and none is a value such as a date or an amount."""
    return _filled(row) > len(row) / 2 and not any(
        _VALUE.search(cell.strip()) for cell in row if cell.strip()
    )


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _sub_headers(rest: Sequence[Row], width: int) -> int:
    """Rows right under the header that are blank, or words where all other rows hold numbers or dates."""
    count = 0
    for position, row in enumerate(rest[:3]):
        others = [each for each in rest[position + 1 : position + 200] if len(each) == width]
        if (
            len(row) != width
            or len(others) < 2
            or not (_explains(row, others) or _sums_up(row, rest[position + 1 :]))
        ):
            break
        count = position + 1
    return count


def _is_valued(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text]
    return bool(filled) and sum(bool(_VALUE.search(text)) for text in filled) > 0.8 * len(filled)


def _explains(row: Row, others: Sequence[Row]) -> bool:
    """Whether a row is blank or has words where the others have values."""
    valued = [column for column in range(len(row)) if _is_valued([each[column].strip() for each in others])]
    words = [c for c in valued if row[c].strip() and not _VALUE.search(row[c].strip())]
    return not _filled(row) or (len(words) > 1 and len(words) > len(valued) / 2)


def _sums_up(row: Row, others: Sequence[Row]) -> bool:
    """Whether a row names nothing in several columns where all others do, and holds the sums of a column of theirs."""
    beside = [list(cells) for cells in zip(*(each for each in others if len(each) == len(row)), strict=True)]
    unnamed = [
        c for c, cells in enumerate(beside) if not row[c].strip() and all(cell.strip() for cell in cells)
    ]
    number = re.compile(r"\d*(\.\d+)?")
    numeric = [
        c for c, cells in enumerate(beside) if row[c] and all(number.fullmatch(x) for x in (row[c], *cells))
    ]
    sums = [sum(Decimal(cell or 0) for cell in beside[c]) == Decimal(row[c]) for c in numeric]
    return len(unnamed) > 1 and any(sums)


def _footers(
    body: Sequence[Row], width: int, delimiter: str, quote: str, words: Words
) -> tuple[list[str], bool]:
    """Patterns of the rows that end the file; True where a last row is no data but no pattern tells it from data."""
    found: list[str] = []
    narrow = False
    for row in _last_rows(body[-TAIL:], width, words):
        pattern = _footer_pattern(row, delimiter, width)
        others = [each for each in body if len(each) == width and each is not row]
        data = [each for each in others if not words.begins("total", each[0])]
        if pattern is None or any(_matches(each, [pattern], delimiter, quote) for each in data):
            narrow = True
        else:
            found.insert(0, pattern)
    return list(dict.fromkeys(found)), narrow


def _last_rows(tail: Sequence[Row], width: int, words: Words) -> Iterator[Row]:
    """The rows that end the file, the last first: by their looks, or as they stand behind a blank row."""
    blank = [at for at, row in enumerate(tail) if not _filled(row)]
    for at, row in reversed(list(enumerate(tail))):
        if at in blank:
            continue
        if not _ends_the_file(row, width, words) and not (blank and at > blank[-1]):
            return
        yield row


def _ends_the_file(row: Row, width: int, words: Words) -> bool:
    """Whether a row is short, holds its first cell only, or begins like a total."""
    first = row[0].strip() if row else ""
    return words.begins("total", first) or len(row) < width or (_filled(row) == 1 and bool(first))


def _footer_pattern(row: Row, delimiter: str, width: int) -> str | None:
    """The row up to its first cell with words, its numbers left open: `30,record(s) downloaded` → `\\d+,record…`; a short one of numbers whole."""
    texts: list[str] = []
    for cell in row:
        text = cell.split(":")[0] + ":" if ":" in cell else cell
        texts.append(re.sub(r"\d+", r"\\d+", re.escape(text.replace('"', ""))))
        if re.search(r"[^\W\d_]{2}", cell):
            return re.escape(delimiter).join(texts)
    return re.escape(delimiter).join(texts) + "$" if len(row) < width else None


def _matches(row: Row, patterns: Sequence[str], delimiter: str, quote: str) -> bool:
    text = delimiter.join(row).replace(quote, "")
    return any(re.match(pattern, text) for pattern in patterns)
