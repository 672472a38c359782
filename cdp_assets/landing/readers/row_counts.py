"""The independent count: how many rows a text file holds, by byte positions and quote parity.

This is other code than any reader on purpose: landing compares its count with what the reader found, and a difference
holds the file. Nothing here parses values; no csv or SQL belongs here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from cdp_assets.landing.held import FileHeld

CHUNK = 16 << 20
NEWLINE, RETURN = 0x0A, 0x0D


@dataclass
class TextCount:
    """Counts over the data lines of a UTF-8 text file."""

    records: int = 0  # rows by RFC 4180 quoting, blank lines left out
    lines: int = 0  # physical lines, those skipped included
    blank_lines: int = 0
    footer_records: int = 0  # records that begin with a declared footer prefix
    is_regular: bool = True  # quotes stand only at field borders, no lone carriage returns or NULs
    ends_with_newline: bool = True


def count_records(
    stream: BinaryIO,
    delimiter: str,
    quote: str | None,
    footers: list[str],
    max_line: int,
    skipped: int,
    footer_patterns: list[str] | None = None,
) -> TextCount:
    """Count the records of a UTF-8 byte stream that stands after `skipped` physical lines.

    Raises FileHeld where one physical line, or one record over several lines, exceeds `max_line` bytes.

    A quote opens a field only at a field's start; a doubled quote is one; what follows a closing quote up to the line's
    end belongs to the same record.
    """
    counter = _Counter(delimiter.encode(), quote.encode() if quote else b"", footers, footer_patterns or [])
    counter.count.lines = skipped
    while chunk := stream.read(CHUNK):
        if not chunk.endswith(b"\n"):
            chunk += stream.readline(max_line + 1)
        if not _lines_are_short(chunk, max_line):
            _refuse_long_lines(chunk, max_line, counter.count.lines)
        counter.feed(chunk)
        if counter.open_bytes > max_line:
            raise FileHeld(
                "line_too_long",
                f"at line {counter.count.lines} a quoted cell has been open for more than {max_line:,} bytes",
                "look for a quote that is never closed; if such cells are right, raise maxLineBytes in the contract",
            )
    return counter.close()


def _lines_are_short(chunk: bytes, max_line: int) -> bool:
    """Whether a newline stands in every stretch of `max_line` + 1 bytes; looks at the stretches' ends only."""
    start = 0
    while len(chunk) - start > max_line:
        found = chunk.rfind(b"\n", start, start + max_line + 1)
        if found < 0:
            return False
        start = found + 1
    return True


def _refuse_long_lines(chunk: bytes, max_line: int, lines_before: int) -> None:
    ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == NEWLINE)
    borders = np.concatenate(([-1], ends, [len(chunk)]))
    lengths = np.diff(borders) - 1
    if lengths.max(initial=0) > max_line:
        line = lines_before + int(lengths.argmax()) + 1
        raise FileHeld(
            "line_too_long",
            f"line {line} is longer than {max_line:,} bytes",
            "check whether the file is damaged; if such lines are right, raise maxLineBytes in the contract",
        )


class _Counter:
    """Feeds chunks that end at a physical line's end; keeps whether a quoted field is open."""

    def __init__(self, delimiter: bytes, quote: bytes, footers: list[str], patterns: list[str]) -> None:
        self.count = TextCount()
        self.open_bytes = 0  # of the record that is open at the end of what was fed
        self._delimiter = delimiter
        self._quote = quote
        self._in_quotes = False
        self._record_has_bytes = False
        quotes = re.escape(quote) + b"?" if quote else b""
        prefixes = b"|".join(re.escape(prefix.encode()) for prefix in footers)
        self._footer = (
            re.compile(b"(?:\xef\xbb\xbf)?" + quotes + b"(?:" + prefixes + b")") if footers else None
        )
        self._footer_texts = [re.compile(pattern) for pattern in patterns]

    def feed(self, chunk: bytes) -> None:
        self.count.lines += newlines_in(chunk) + (not chunk.endswith(b"\n"))
        self.count.ends_with_newline = chunk.endswith(b"\n")
        has_lone_return = b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n")
        if has_lone_return or b"\0" in chunk:
            self.count.is_regular = False
        has_footers = self._footer is not None or bool(self._footer_texts)
        if not has_footers and len(self._delimiter) == 1 and self._feed_by_parity(chunk):
            return
        self._feed_by_line(chunk)

    def _feed_unquoted(self, chunk: bytes) -> None:
        """Whole-chunk count where every newline ends a record: blank is what holds nothing, or a carriage return."""
        data = np.frombuffer(chunk, dtype=np.uint8)
        is_end = data == NEWLINE
        ends = int(np.count_nonzero(is_end))
        blank = int(np.count_nonzero(is_end[1:] & is_end[:-1])) + int(is_end[0])
        if b"\r" in chunk:
            is_return = data == RETURN
            blank += int(np.count_nonzero(is_end[2:] & is_return[1:-1] & is_end[:-2])) + chunk.startswith(
                b"\r\n"
            )
        if not chunk.endswith(b"\n"):  # the file's last line
            ends += 1
            blank += chunk[chunk.rfind(b"\n") + 1 :] == b"\r"
        self.count.records += ends - blank
        self.count.blank_lines += blank

    def _feed_by_parity(self, chunk: bytes) -> bool:
        """Whole-chunk count by quote parity; False where quotes stand elsewhere than at field borders."""
        if not self._in_quotes and not (self._quote and self._quote in chunk):
            self._feed_unquoted(chunk)
            return True
        data = np.frombuffer(chunk, dtype=np.uint8)
        newlines = np.flatnonzero(data == NEWLINE)
        if chunk[-1] != NEWLINE:
            newlines = np.append(newlines, len(chunk))
        quotes = np.flatnonzero(data == self._quote[0]) if self._quote else np.empty(0, dtype=np.int64)
        if len(quotes) and not self._quotes_are_regular(data, quotes):
            return False
        parity = (np.searchsorted(quotes, newlines) + self._in_quotes) % 2
        ends = newlines[parity == 0]
        self._in_quotes = bool((len(quotes) + self._in_quotes) % 2)
        starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
        sizes = ends - starts
        before = np.where(ends > 0, data[np.maximum(ends - 1, 0)], 0) if len(ends) else ends
        blank = (sizes == 0) | ((sizes == 1) & (before == RETURN))
        if len(ends):
            blank[0] = blank[0] and not self._record_has_bytes
            self._record_has_bytes = False
        self.count.records += len(ends) - int(blank.sum())
        self.count.blank_lines += int(blank.sum())
        tail = len(chunk) - (int(ends[-1]) + 1 if len(ends) else 0)
        self.open_bytes = tail + (0 if len(ends) else self.open_bytes)
        self._record_has_bytes = self._record_has_bytes or tail > 0
        return True

    def _quotes_are_regular(self, data: np.ndarray, quotes: np.ndarray) -> bool:
        is_opening = (np.arange(len(quotes)) + self._in_quotes) % 2 == 0
        before = np.where(quotes > 0, data[quotes - 1], NEWLINE)
        after = np.where(quotes + 1 < len(data), data[np.minimum(quotes + 1, len(data) - 1)], NEWLINE)
        is_border = np.zeros(256, dtype=bool)
        is_border[[NEWLINE, self._delimiter[0], self._quote[0]]] = True
        closes_well = is_border[after] | (after == RETURN)
        good = np.where(is_opening, is_border[before], closes_well)
        # an opening quote right after a quote is the second half of a doubled one, never a new field
        return bool(good.all())

    def _feed_by_line(self, chunk: bytes) -> None:
        for line in chunk.splitlines(keepends=True) if b"\r" not in chunk else _split_newlines(chunk):
            content = line.rstrip(b"\r\n")
            if not self._in_quotes and not content:
                self.count.blank_lines += 1
                continue
            if not self._in_quotes and self._is_footer(line):
                self.count.footer_records += 1
            self._in_quotes = self._open_after(line)
            self.open_bytes = self.open_bytes + len(line) if self._in_quotes else 0
            if not self._in_quotes:
                self.count.records += 1
            self._record_has_bytes = self._in_quotes

    def _is_footer(self, line: bytes) -> bool:
        if self._footer and self._footer.match(line):
            return True
        if not self._footer_texts:
            return False
        text = line.rstrip(b"\r\n").replace(self._quote, b"").decode("utf-8", "replace")
        return any(pattern.match(text) for pattern in self._footer_texts)

    def _open_after(self, line: bytes) -> bool:
        """Whether a quoted field is still open at this physical line's end."""
        if not self._quote:
            return False
        position, is_open, at_start = 0, self._in_quotes, not self._in_quotes
        while True:
            if is_open:
                end = self._closing_quote(line, position)
                if end < 0:
                    return True
                is_open, position, at_start = False, end + 1, False
                if line[position : position + 1] not in (self._delimiter, b"\r", b"\n", b""):
                    self.count.is_regular = False
                    return False
            if at_start and line[position : position + 1] == self._quote:
                is_open, position = True, position + 1
                continue
            border = self._next_border(line, position)
            if border < 0:
                return False
            position, at_start = border + 1, True

    def _next_border(self, line: bytes, position: int) -> int:
        """Where the unquoted field ends, -1 at the line's end; a quote inside it is not regular."""
        border = line.find(self._delimiter, position)
        if line.find(self._quote, position, border if border >= 0 else len(line)) >= 0:
            self.count.is_regular = False
        return border

    def _closing_quote(self, line: bytes, position: int) -> int:
        """Where the open field is closed, doubled quotes passed over; -1 where this line does not close it."""
        end = line.find(self._quote, position)
        while end >= 0 and line[end + 1 : end + 2] == self._quote:
            end = line.find(self._quote, end + 2)
        return end

    def close(self) -> TextCount:
        if self._in_quotes:  # an unclosed quote swallows the rest: one last record
            self.count.records += 1
            self.count.is_regular = False
        return self.count


def newlines_in(block: bytes) -> int:
    """How many newlines a block holds (numpy counts many hits far faster than bytes.count)."""
    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == NEWLINE))


def _split_newlines(chunk: bytes) -> list[bytes]:
    parts = chunk.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines
