"""Which formats the dates and times of a sample have, in whose time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from zoneinfo import available_timezones

from cdp_assets import safe_yaml
from cdp_assets.drafting.words import Words

DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y年%m月%d日",
    "%b %d, %Y", "%b %d %Y", "%d %b %Y", "%b-%d-%y", "%b-%d-%Y", "%d-%b-%y", "%d-%b-%Y", "%d/%b/%Y", "%B %d, %Y", "%d %B %Y",
    "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d de %m de %Y", "%d %m %Y", "%d. %m. %Y", "%d. %m %Y", "%Y.%m.%d.", "%Y. %m. %d.", "%m %d %Y", "%m %d, %Y",
)  # fmt: skip
CLOCKS = [
    "%H:%M:%S",
    "%H:%M",
    "%H:%M:%S.%f",
    "%H:%M:%S.%n",
    "%I:%M:%S %p",
    "%I:%M %p",
    "%I:%M:%S%p",
    "%I:%M%p",
]
LENGTHS = {
    "%Y%m%d": 8,
    "%Y%m%d%H%M": 12,
    "%Y%m%d%H%M%S": 14,
}  # formats without a mark, which read other lengths, too
TIMES = (
    tuple(
        f"{day}{gap}{clock}{zone}"
        for day in DAYS
        for clock in CLOCKS
        for gap in (" ", "T", ", ", " - ")
        for zone in ("", "%z", " %z", " UTC", " GMT")
    )
    + tuple(LENGTHS)[1:]
)
EPOCHS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}
_EPOCH = re.compile(r"1[0-9]{9}|1[0-9]{12}|1[0-9]{15}")
SERIAL = "excel_serial"
_SLASHED = re.compile(r"^\d{1,2}[-/]\d{1,2}[-/]\d")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,}\.?,? +")
_DATED = re.compile(r"^\d{1,4}[-/.年] ?\d|^\d{8}|^\d{1,2}(\. ?|[ /-])(de )?[^\W\d_]{3}|^[A-Za-z]{3,9}[ -]\d")
COMPACT = re.compile(r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
_SERIAL = re.compile(r"^[34]\d{4}([.,]\d+)?$|^5[0-4]\d{3}([.,]\d+)?$")  # 1982 to 2049
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s?([AaPp][Mm])?$")


@dataclass(frozen=True)
class Reading:
    """How a column's texts are read as times: date or timestamp, by which formats, and what must be known beside them."""

    kind: str
    formats: tuple[str, ...]
    months: tuple[str, ...] = ()
    zone: str | None = None  # that stands in texts or header
    is_naive: bool = False
    has_weekday: bool = False
    doubt: str = ""


all_zones = cache(available_timezones)


@cache
def zones() -> dict[str, str]:
    """What systems call zones, beside IANA's own names → IANA zone."""
    return dict(safe_yaml.read(Path(__file__).parent / "zones.yaml"))


def day_order(columns: Iterable[Sequence[str]], titles: Iterable[str] = ()) -> tuple[str | None, bool]:
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


def _order_of(texts: Sequence[str]) -> str | None:
    firsts, seconds = ([int(re.split("[-/]", text)[place]) for text in texts] for place in (0, 1))
    if (max(firsts) > 12) == (max(seconds) > 12):
        return None
    return "%d" if max(firsts) > 12 else "%m"


def _closer_order(texts: Sequence[str]) -> str | None:
    """The order in which the dates span less than half as many days as in the other one."""
    spans = {}
    for order, other in (("%d", "%m"), ("%m", "%d")):
        parts = [re.split("[-/]", re.split(r"[ ,T]", text)[0]) for text in texts]
        try:
            days = [datetime.strptime(f"{a} {b} {c[-2:]}", f"{order} {other} %y") for a, b, c in parts]
        except ValueError:
            return None
        spans[order] = (max(days) - min(days)).days
    likelier = min(spans, key=spans.__getitem__)
    return likelier if spans[likelier] * 2 < max(spans.values()) else None


def reading_of(
    texts: Sequence[str], header: str, words: Words, order: tuple[str | None, bool], *, is_timely: bool
) -> Reading | None:
    """How the texts are read as times; None where some text is no time. `is_timely`: the header says so, which numbers need."""
    if not texts:
        return None
    if all(_EPOCH.fullmatch(text) for text in texts):
        return Reading("timestamp", (EPOCHS[len(texts[0])],)) if is_timely else None
    if all(_SERIAL.match(text) for text in texts):
        return _serial(texts) if is_timely else None
    texts, has_weekday = _without_weekday(texts)
    is_number = all(map(str.isdigit, texts)) and not is_timely
    if is_number or not all(_DATED.match(text) for text in texts):
        return None
    found = _by_formats(texts, header, words, order)
    return replace(found, has_weekday=has_weekday) if found else None


def _by_formats(
    texts: Sequence[str], header: str, words: Words, order: tuple[str | None, bool]
) -> Reading | None:
    """Texts with digits for days, and no day of the week before them, by the first formats that read them all: days before times."""
    texts, zone, zone_tails = _without_zone(texts)
    texts, months, tail, named_order = _numbered(texts, words)
    for known, kind in ((DAYS, "date"), (TIMES, "timestamp")):
        fitting = _fitting(texts, known, named_order or order[0])
        if chosen := fitting[:1] or _mixed(texts, known):
            formats = tuple(each + tail + end for each in chosen for end in zone_tails)
            found = Reading(
                kind, formats, months, doubt=_doubt(fitting, (named_order, True) if named_order else order)
            )
            return found if kind == "date" else _in_zone(found, chosen, zone, header, words)
    return None


def _in_zone(found: Reading, chosen: Sequence[str], zone: str | None, header: str, words: Words) -> Reading:
    """A reading of times with the zone that stands behind the texts, or that header or formats name where the texts have no offset."""
    has_offset = any("%z" in each for each in chosen)
    zone = zone or (None if has_offset else _zone_in(header, chosen, words))
    return replace(found, zone=zone, is_naive=not (has_offset or zone))


def _serial(texts: Sequence[str]) -> Reading:
    """Days since the end of 1899, as a spreadsheet counts them; with a fraction where a clock time is in it."""
    has_clock = any(re.search(r"[.,]\d*[1-9]", text) for text in texts)
    return Reading("timestamp" if has_clock else "date", (SERIAL,), is_naive=has_clock)


def _zone_in(header: str, formats: Sequence[str], words: Words) -> str | None:
    """The zone that a header names, `Payment Time (CST)`, or the formats themselves."""
    if re.search(r"\b(utc|gmt)\b", " ".join([header.replace("_", " "), *formats]), re.IGNORECASE):
        return offset_zone(header) or "UTC"
    named = re.search(r"[(（\[]\s*([A-Za-z/_ &]{3,})\s*[)）\]]|\b([A-Z]{3,4})$", header)
    name = next((each for each in named.groups() if each), "").strip() if named else ""
    if name == "CST" and re.search("[\u4e00-\u9fff]", header):
        return "Asia/Shanghai"
    return zones().get(name) or (name if name in all_zones() else None)


def offset_zone(text: str) -> str | None:
    """A zone of whole hours that a text gives as an offset: `UTC+8`, `GMT+08:00`."""
    found = re.search(r"(?:utc|gmt)\s*([+-])\s*0?(\d{1,2})(?::?00)?\b", text, re.IGNORECASE)
    if not found or found.group(2) == "0":
        return None
    return f"Etc/GMT{'-' if found.group(1) == '+' else '+'}{int(found.group(2))}"


def _doubt(fitting: list[str], order: tuple[str | None, bool]) -> str:
    """What to look at where every date can be read two ways, and its order (of day and month) is not sure."""
    if all(order):
        return ""
    shapes = [each.replace("%d", "?").replace("%m", "?") for each in fitting[:2]]
    if len(shapes) < 2 or shapes[0] != shapes[1]:
        return ""
    why = ", as its days lie closer together so" if order[0] else ""
    return f"{fitting[0]} or {fitting[1]}? every date of the sample fits both; taken as {fitting[0]}{why}"


def _without_weekday(texts: Sequence[str]) -> tuple[Sequence[str], bool]:
    """Texts without the day of the week that all begin with, and whether they did."""
    if all(_DATED.match(text) for text in texts):
        return texts, False
    rests = [_WEEKDAY.sub("", text) for text in texts]
    named = {text.removesuffix(rest) for text, rest in zip(texts, rests, strict=True)}
    is_dated = "" not in named and len(named) <= 7 and all(_DATED.match(rest) for rest in rests)
    return (rests, True) if is_dated else (texts, False)


def _without_zone(texts: Sequence[str]) -> tuple[Sequence[str], str | None, list[str]]:
    """Texts without the short name of a zone behind them, the zone, and what may stand there in summer and in winter."""
    named = [re.fullmatch(r"(.*\d.*?) (([A-Z]{3,4})( ?\((?:UTC|GMT)[^)]*\))?)", text) for text in texts]
    found = {zones().get(each.group(3)) if each else None for each in named}
    zone = found.pop() if len(found) == 1 else None
    if zone is None or zone == "UTC":
        return texts, None, [""]
    names = dict.fromkeys(name for name, each in zones().items() if each == zone and name.isupper())
    if tails := {each.group(2) for each in named if each and each.group(4)}:
        names = dict.fromkeys(sorted(tails | set(map(_other_season, tails))))
    return [each.group(1) for each in named if each], zone, [f" {name}" for name in names]


def _other_season(tail: str) -> str:
    """The name and offset of a zone in the other half of the year: `EST(UTC-5)` and `EDT(UTC-4)`."""
    step, letter = (1, "D") if tail[1] == "S" else (-1, "S")
    return re.sub(r"[-+]\d+", lambda hour: f"{int(hour.group()) + step:+d}", f"{tail[0]}{letter}{tail[2:]}")


def _numbered(texts: Sequence[str], words: Words) -> tuple[Sequence[str], tuple[str, ...], str, str | None]:
    """Texts with the months that they name as numbers, those names, the words that all end with, and which of day and month is first."""
    names = words.months_of(texts) if any(re.search(r"[^\W\d_]{3}", text) for text in texts) else ()
    if not names or _fitting(texts, DAYS, None) or _fitting(texts, TIMES, None):
        return texts, (), "", None  # no months, or English ones, which formats read
    order = "%d" if texts[0][0].isdigit() else "%m"
    for number, name in enumerate(names, start=1):
        pattern = re.compile(rf"(?<![^\W\d_])({name})[^\W\d_]*\.?", re.IGNORECASE)
        texts = [pattern.sub(str(number), text) for text in texts]
    tails = {re.sub(r"^.*\d", "", text, flags=re.DOTALL) for text in texts}
    tail = tails.pop() if len(tails) == 1 else ""
    return [text.removesuffix(tail) for text in texts], names, tail.replace("%", "%%"), order


@cache
def _by_shape(formats: Sequence[str]) -> dict[tuple[bool, str], list[str]]:
    """The thousands of formats by what stands between their parts: few need be tried."""
    found: dict[tuple[bool, str], list[str]] = {}
    for each in formats:
        found.setdefault(("%z" in each, _marks(each)), []).append(each)
    return found


def _fitting(texts: Sequence[str], formats: Sequence[str], order: str | None) -> list[str]:
    shapes = set(map(_shape, texts))
    likely = _by_shape(formats).get(shapes.pop(), []) if len(shapes) == 1 else []
    fitting = [each for each in likely if all(parses(text, each) for text in texts)]
    return sorted(fitting, key=lambda each: not each.startswith(order)) if order else fitting


def _mixed(texts: Sequence[str], formats: Sequence[str]) -> list[str]:
    """Up to three formats that together read every text."""
    left = set(texts)
    chosen: list[str] = []
    for format_ in chain.from_iterable(_by_shape(formats).get(shape, []) for shape in set(map(_shape, left))):
        read = {text for text in left if parses(text, format_)} if len(chosen) < 3 else set()
        if read:
            chosen.append(format_)
            left -= read
    return chosen if chosen and not left else []


@lru_cache(maxsize=10_000)
def _marks(text: str) -> str:
    """What stands between the digits and words of a text or a format."""
    return re.sub(r"[^\W_]+|%", "", re.sub(r"\s+", " ", text))


@lru_cache(maxsize=10_000)
def _shape(text: str) -> tuple[bool, str]:
    """Whether an offset stands behind a text, and its marks without that: what a format that reads it has, too."""
    zone = re.search(r"([+-]\d\d:?\d\d|Z)$", text[8:])
    return bool(zone), _marks(text.removesuffix(zone.group()) if zone else text)


@lru_cache(maxsize=50_000)
def parses(text: str, format_: str) -> bool:
    """Whether a format reads a text."""
    if format_ in LENGTHS and not (COMPACT.match(text[:8]) and len(text) == LENGTHS[format_]):
        return False
    if _shape(text) != ("%z" in format_, _marks(format_)):
        return False  # strptime compiles a pattern for each format, anew for each text
    try:
        moment = _read(text, format_)
    except ValueError:
        return False
    return 1900 <= moment.year < 2100


def _read(text: str, format_: str) -> datetime:
    """A text by a format; of more than six digits of a second (`%n`), which Python does not read, the first six."""
    text = text.replace("Z", "+0000") if "%z" in format_ else text
    if "%n" not in format_:
        return datetime.strptime(text, format_)
    return datetime.strptime(re.sub(r"(\.\d{6})\d{1,3}", r"\1", text), format_.replace("%n", "%f"))


def is_after(reading: Reading | None, other: Reading | None, text: str, earlier: str) -> bool:
    """Whether a text is a later day or time than another one, each as its column is read."""
    found = [_moment(each, read) for each, read in ((text, reading), (earlier, other))]
    return all(found) and found[0] > found[1]  # type: ignore[operator]


def _moment(text: str, reading: Reading | None) -> datetime | None:
    for format_ in reading.formats if reading else ():
        if parses(text, format_):
            return _read(text, format_).replace(tzinfo=None)
    return None


def clock_of(texts: Sequence[str]) -> str | None:
    """The format of a column of clock times; None where one is none."""
    if not texts or not all(_CLOCK.match(text) for text in texts):
        return None
    return next((each for each in CLOCKS if all(_is_clock(text, each) for text in texts)), None)


def _is_clock(text: str, format_: str) -> bool:
    try:
        datetime.strptime(text, format_)
    except ValueError:
        return False
    return True
