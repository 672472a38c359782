"""From one file's name to a pattern for all files of its kind: dates become the period, other digits may vary. For drafts."""

from __future__ import annotations

import re

_DAY = r"20\d{2}([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d)"
_INSTANT = r"20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?!\d)"
_CLOCK = r"(?:[-_T. ]\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?(?!\d))?"
_MONTH = r"(?<!\d[-_.])20\d{2}[-_]?(?:0[1-9]|1[0-2])(?![-_.]?\d)"
PERIOD_GROUP = "(?P<period>"
_MONTH_NAME = re.compile(
    r"(?<![A-Za-z])(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec"
    r"|January|February|March|April|June|July|August|September|October|November|December)(?![A-Za-z])",
    re.IGNORECASE,
)


def file_pattern(file_name: str) -> tuple[str, list[str]]:
    """A regular expression for names like this one, and what a person must know of it.

    The first sortable date (year first, with its clock time if it has one, or year and month) is the group `period`.
    """
    found = re.search(rf"(?<!\d)(?:{_INSTANT}|{_DAY}{_CLOCK})", file_name) or re.search(
        rf"(?<!\d){_MONTH}", file_name
    )
    head, tail = (file_name[: found.start()], file_name[found.end() :]) if found else ("", file_name)
    period = PERIOD_GROUP + re.sub(r"\d+", _digits, re.escape(found.group())) + ")" if found else ""
    pattern = (_loose(head) + period if found else "") + _loose(tail)
    pattern = "(?i)" + re.sub(r"(\\\.gz)$", r"(\\.gz)?", pattern)
    if found:
        return pattern, []
    has_date = _MONTH_NAME.search(file_name) or re.search(r"(?<!\d)\d{8}(?!\d)", file_name)
    why = "the date in the name does not sort" if has_date else "the name has no date"
    return pattern, [
        f"filePattern: {why}, so of two files with the same key no one is known to be newer; {_ADVICE}"
    ]


def export_name(file_name: str) -> str:
    """The file's name without dates, numbers and endings; a draft is nobody's last word on it."""
    endings = r"(\.(csv|tsv|txt|json|ndjson|jsonl|xlsx|parquet|gz|zip))+$"
    stem = re.sub(endings, "", file_name, flags=re.IGNORECASE)
    stem = re.sub(
        r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b", " ", stem, flags=re.IGNORECASE
    )
    return re.sub(r"[\d\W_]+", " ", stem).strip() or "rows"


_ADVICE = "name a versionColumn, or have files named with year, month, day"


def _digits(match: re.Match[str]) -> str:
    return rf"\d{{{len(match.group())}}}"


def _loose(text: str) -> str:
    """The text with its digits and names of months left open."""
    parts = re.split(r"([A-Za-z]+|\d+)", text)
    return "".join(
        r"\d+" if part.isdigit() else "[A-Za-z]+" if _MONTH_NAME.fullmatch(part) else re.escape(part)
        for part in parts
    )
