"""Which formats the dates and times of a sample have, in whose time zone. For drafts only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from cdp_assets.drafting.meanings import months_of
from cdp_assets.drafting.sampling import SampleColumn

if TYPE_CHECKING:
    from cdp_assets.drafting.guessing import GuessedColumn

DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y年%m月%d日",
    "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%b-%d-%y", "%b-%d-%Y", "%d-%b-%y", "%d-%b-%Y", "%d/%b/%Y", "%B %d, %Y", "%d %B %Y",
    "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d de %m de %Y", "%d %m %Y", "%d. %m %Y", "%m %d %Y", "%m %d, %Y",
]  # fmt: skip
CLOCKS = ["%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p"]
TIMES = [
    f"{day}{gap}{clock}{zone}"
    for day in DAYS
    for clock in CLOCKS
    for gap in (" ", "T", ", ", " - ")
    for zone in ("", "%z", " %z", " UTC", " GMT")
]
EPOCHS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}
# what shop and till systems call zones, beside IANA's own names
ZONES = {
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Mountain Time (US & Canada)": "America/Denver",
    "Central Time (US & Canada)": "America/Chicago",
    "Eastern Time (US & Canada)": "America/New_York",
    "Atlantic Time (Canada)": "America/Halifax",
    "Hawaii": "Pacific/Honolulu",
    "Alaska": "America/Anchorage",
    "Arizona": "America/Phoenix",
    "London": "Europe/London",
    "Dublin": "Europe/Dublin",
    "Paris": "Europe/Paris",
    "Madrid": "Europe/Madrid",
    "Berlin": "Europe/Berlin",
    "Amsterdam": "Europe/Amsterdam",
    "Rome": "Europe/Rome",
    "Tokyo": "Asia/Tokyo",
    "Beijing": "Asia/Shanghai",
    "Hong Kong": "Asia/Hong_Kong",
    "Singapore": "Asia/Singapore",
    "Sydney": "Australia/Sydney",
    "Melbourne": "Australia/Melbourne",
    "Brisbane": "Australia/Brisbane",
    "Perth": "Australia/Perth",
    "UTC": "UTC", "GMT": "UTC", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MST": "America/Denver",
    "MDT": "America/Denver", "CDT": "America/Chicago", "EST": "America/New_York", "EDT": "America/New_York",
    "BST": "Europe/London", "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "JST": "Asia/Tokyo", "HKT": "Asia/Hong_Kong",
    "SGT": "Asia/Singapore", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
}  # fmt: skip
_SLASHED = re.compile(r"^\d{1,2}[-/]\d{1,2}[-/]\d")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,}\.?,? +")
_DATED = re.compile(r"^\d{1,4}[-/.年]\d|^\d{8}|^\d{1,2}(\. ?|[ /-])(de )?[^\W\d_]{3}|^[A-Za-z]{3,9}[ -]\d")
_COMPACT = re.compile(r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s?([AaPp][Mm])?$")


def day_order(columns: list[list[str]], titles: Iterable[str] = ()) -> tuple[str | None, bool]:
    """`%d` or `%m`: which comes first in the dates of a sample, and whether that is sure.

    Sure is what a column allows one reading of, or a date above the table; else the reading whose days lie closer together
    is likelier, as a file holds some days or weeks. None where nothing tells.
    """
    dated = [texts for texts in columns if texts and all(_SLASHED.match(text) for text in texts)]
    above = re.findall(r"\b\d{1,2}[-/]\d{1,2}[-/]\d{4}\b", " ".join(titles))
    for found, is_sure in (
        ({_order_of(texts) for texts in dated}, True),
        ({_order_of(above)} if above else set(), True),
        ({_closer_order(texts) for texts in dated}, False),
    ):
        if len(orders := found - {None}) == 1:
            return orders.pop(), is_sure
    return None, False


def _order_of(texts: list[str]) -> str | None:
    firsts, seconds = ([int(re.split("[-/]", text)[place]) for text in texts] for place in (0, 1))
    if (max(firsts) > 12) == (max(seconds) > 12):
        return None
    return "%d" if max(firsts) > 12 else "%m"


def _closer_order(texts: list[str]) -> str | None:
    """The order in which the dates span less than half as many days as in the other one."""
    spans = {}
    for order, other in (("%d", "%m"), ("%m", "%d")):
        days = []
        for text in texts:
            parts = re.split("[-/]", re.split(r"[ ,T]", text)[0])
            try:
                days.append(
                    datetime.strptime(f"{parts[0]} {parts[1]} {parts[2][-2:]}", f"{order} {other} %y")
                )
            except ValueError:
                return None
        spans[order] = (max(days) - min(days)).days
    likelier = min(spans, key=spans.__getitem__)
    return likelier if spans[likelier] * 2 < max(spans.values()) else None


def set_time(texts: list[str], guessed: GuessedColumn, order: str | None, *, is_sure: bool = True) -> bool:
    """Declare a date or timestamp column with its formats; False where some text is neither."""
    is_timely = guessed.role in (None, "ordered_at", "birth_date", "updated_at", "consent")
    if all(re.fullmatch(r"1[0-9]{9}|1[0-9]{12}|1[0-9]{15}", text) for text in texts):
        if re.search("time|at$|date|created|updated", guessed.name):
            guessed.logical_type, guessed.facts["formats"] = "timestamp", [EPOCHS[len(texts[0])]]
            return True
        return False
    texts, has_weekday = _without_weekday(texts)
    if not all(_DATED.match(text) for text in texts) or (
        all(_COMPACT.match(text) for text in texts) and not is_timely
    ):
        return False
    texts, zone, zone_tails = _without_zone(texts)
    texts, names, tail, named_order = _numbered(texts)
    for formats, kind in ((DAYS, "date"), (TIMES, "timestamp")):
        fitting = _fitting(texts, formats, named_order or order)
        chosen = fitting[:1] or _mixed(texts, formats)
        if chosen:
            guessed.logical_type = kind
            guessed.facts["formats"] = [each + tail + end for each in chosen for end in zone_tails]
            if names:
                guessed.facts["monthNames"] = names
            if has_weekday:
                guessed.facts["strip"] = [*guessed.facts.get("strip", []), "weekday"]
            if not (is_sure and order) and not named_order and _is_ambiguous(fitting):
                why = ", as its days lie closer together so" if order else ""
                guessed.undecided.append(
                    f"{guessed.name}: {fitting[0]} or {fitting[1]}? every date of the sample fits both; "
                    f"taken as {fitting[0]}{why}"
                )
            has_offset = any("%z" in each for each in chosen)
            says_utc = re.search(r"\b(utc|gmt)\b", " ".join([guessed.header, *chosen]), re.IGNORECASE)
            guessed.is_naive = kind == "timestamp" and not has_offset and not says_utc and not zone
            if kind == "timestamp" and (zone or (says_utc and not has_offset)):
                guessed.facts["timeZone"] = zone or "UTC"
            return True
    return False


def _without_weekday(texts: list[str]) -> tuple[list[str], bool]:
    """Texts without the day of the week that all begin with, and whether they did."""
    if all(_DATED.match(text) for text in texts):
        return texts, False
    rests = [_WEEKDAY.sub("", text) for text in texts]
    words = {text.removesuffix(rest) for text, rest in zip(texts, rests, strict=True)}
    is_dated = "" not in words and len(words) <= 7 and all(_DATED.match(rest) for rest in rests)
    return (rests, True) if is_dated else (texts, False)


def _without_zone(texts: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Texts without the short name of a zone behind them, the zone, and what may stand there in summer and in winter."""
    named = [re.fullmatch(r"(.*\d.*) ([A-Z]{3,4})", text) for text in texts]
    zones = {ZONES.get(each.group(2)) if each else None for each in named}
    zone = zones.pop() if len(zones) == 1 else None
    if zone is None or zone == "UTC":
        return texts, None, [""]
    names = [name for name, each in ZONES.items() if each == zone and name.isupper()]
    return [each.group(1) for each in named if each], zone, [f" {name}" for name in names]


def _numbered(texts: list[str]) -> tuple[list[str], list[str], str, str | None]:
    """Texts with the months that they name as numbers, those names, the words that all end with, and which of day and month is first."""
    names = months_of(texts) if any(re.search(r"[^\W\d_]{3}", text) for text in texts) else []
    if not names or _fitting(texts, DAYS, None) or _fitting(texts, TIMES, None):
        return texts, [], "", None  # no months, or English ones, which formats read
    order = "%d" if texts[0][0].isdigit() else "%m"
    for number, name in enumerate(names, start=1):
        texts = [
            re.sub(rf"(?<![^\W\d_])({name})[^\W\d_]*\.?", str(number), text, flags=re.IGNORECASE)
            for text in texts
        ]
    tails = {re.search(r"\D*$", text).group() for text in texts}  # type: ignore[union-attr]
    tail = tails.pop() if len(tails) == 1 else ""
    return [text.removesuffix(tail) for text in texts], names, tail.replace("%", "%%"), order


def zone_of(headers: list[str]) -> str | None:
    """The zone of a country that has only one, where the headers are in its language."""
    text = " ".join(headers)
    if re.search("[\u3040-\u30ff]", text):
        return "Asia/Tokyo"
    if re.search("[\uac00-\ud7a3]", text):
        return "Asia/Seoul"
    return "Asia/Shanghai" if re.search("[\u4e00-\u9fff]", text) else None


def _fitting(texts: list[str], formats: list[str], order: str | None) -> list[str]:
    fitting = [each for each in formats if all(_parses(text, each) for text in texts)]
    if order:
        fitting.sort(key=lambda each: not each.startswith(order))
    return fitting


def _is_ambiguous(fitting: list[str]) -> bool:
    shapes = [each.replace("%d", "?").replace("%m", "?") for each in fitting[:2]]
    return len(shapes) == 2 and shapes[0] == shapes[1]


def _mixed(texts: list[str], formats: list[str]) -> list[str]:
    """Up to three formats that together read every text."""
    left = set(texts)
    chosen: list[str] = []
    for format_ in formats:
        read = {text for text in left if _parses(text, format_)} if len(chosen) < 3 else set()
        if read:
            chosen.append(format_)
            left -= read
    return chosen if chosen and not left else []


@lru_cache(maxsize=10_000)
def _marks(text: str) -> str:
    """What stands between the digits and words of a text or a format."""
    return re.sub(r"[^\W_]+|%", "", re.sub(r"\s+", " ", text))


def _parses(text: str, format_: str) -> bool:
    if format_ == "%Y%m%d" and not _COMPACT.match(text):
        return False
    zone = re.search(r"([+-]\d\d:?\d\d|Z)$", text[8:])
    if ("%z" in format_) != bool(zone):
        return False
    # strptime compiles a pattern for each of the thousands of formats, anew for each text: most need not be tried
    if _marks(text.removesuffix(zone.group()) if zone else text) != _marks(format_):
        return False
    try:
        moment = datetime.strptime(text.replace("Z", "+0000") if "%z" in format_ else text, format_)
    except ValueError:
        return False
    return 1900 <= moment.year < 2100


def join_times(columns: list[SampleColumn], guessed: list[GuessedColumn]) -> list[str]:
    """A date column with a clock column right after it becomes one timestamp, by sourceColumns."""
    notes = []
    for (day_column, day), (clock_column, clock) in pairwise(list(zip(columns, guessed, strict=True))):
        is_clock = clock_column.filled and all(_CLOCK.match(text) for text in clock_column.filled)
        if day.logical_type != "date" or day.role == "birth_date" or not is_clock:
            continue
        fitting = [f for f in CLOCKS if all(_parses_clock(text, f) for text in clock_column.filled)]
        if not fitting or day_column.occurrence > 1 or clock_column.occurrence > 1:
            continue
        formats = [f"{each} {fitting[0]}" for each in day.facts["formats"]]
        if len(clock_column.filled) < len(clock_column.values):
            formats += day.facts["formats"]
        day.logical_type, day.is_naive = "timestamp", True
        clock.role, clock.undecided = None, []
        day.facts |= {"sourceColumns": [day.header, clock.header], "formats": formats}
        notes.append(f"{day.name}: joined from {day.header!r} and {clock.header!r} by sourceColumns")
    return notes


def _parses_clock(text: str, format_: str) -> bool:
    try:
        datetime.strptime(text, format_)
    except ValueError:
        return False
    return True


def declare_zone_column(
    columns: list[SampleColumn], guessed: list[GuessedColumn], facts: dict[str, Any]
) -> list[str]:
    """Naive times get the zone that a column names on each row, where all its names are known."""
    for column, each in zip(columns, guessed, strict=True):
        names = set(column.filled)
        if each.role != "time_zone" or not names or not any(other.is_naive for other in guessed):
            continue
        if names <= available_timezones() and not names & ZONES.keys():
            facts["timeZoneColumn"] = each.name
        elif names <= ZONES.keys():
            facts["timeZoneColumn"] = each.name
            facts["timeZoneNames"] = dict(ZONES)
        else:
            return [
                f"{each.name}: names a zone on each row; set timeZoneColumn, and timeZoneNames for its words"
            ]
        for other in guessed:
            other.is_naive = False
        blank = "" if len(column.filled) == len(column.values) else "; rows that name none go to quarantine"
        return [f"timeZoneColumn: times are read in the zone that {each.name} names on each row{blank}"]
    return []
