"""The words of all languages: what a header, a status or another word of a sample means. They stand in languages/*.yaml, one file each.

meanings.yaml lists what a column can mean ("roles") in the order in which they are tried. A further folder of languages may be given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from babel import Locale
from babel.core import UnknownLocaleError, get_global
from babel.dates import get_month_names
from opencc import OpenCC

from cdp_assets import safe_yaml

HERE = Path(__file__).parent
LOCALES_OF_SIGNS = (
    "en", "en_US", "en_CA", "pl", "cs", "hu", "id", "ms", "sv", "da", "tr", "de_CH", "pt_BR", "th", "ko", "vi", "uk", "ru",
)  # fmt: skip
MANY_VOTES, SURE = (
    2,
    0.4,
)  # headers of a language, and their share of all that are read, from which on it is sure
RANKS = ("public", "internal", "sensitive", "core")


@dataclass(frozen=True)
class Meaning:
    """A role's class, and what its values are: text, money, number, time, flag, or nothing in particular."""

    classification: str = "internal"
    is_a: str = ""


@cache
def meanings() -> dict[str, Meaning]:
    """Every role in the order in which headers are tried for it."""
    return {
        role: Meaning(facts.get("class", "internal"), facts.get("is", ""))
        for role, facts in safe_yaml.read(HERE / "meanings.yaml").items()
    }


def class_of(role: str | None) -> str:
    """How personal a column of this role is."""
    return meanings()[role].classification if role else "internal"


def is_a(role: str | None, *kinds: str) -> bool:
    """Whether values of this role are of one of the kinds."""
    return role is not None and meanings()[role].is_a in kinds


def apart(header: str, mark: str = " ") -> str:
    """A header with the words that it runs together (camelCase) apart."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", mark, header)


@lru_cache(maxsize=10_000)
def plain(header: str) -> str:
    """A header with spaces between its words; `id_customer` and `customer_uuid` as `customer id`."""
    text = re.sub(r"[_.\-/\s]+", " ", apart(header)).strip(" *")
    text = re.sub(r"(?<=[^\W_] )[ug]uid$", "id", text, flags=re.IGNORECASE)
    return re.sub(r"^id (?!d[aeou]s?\b|del\b|der\b)(\w.*)$", r"\1 id", text, flags=re.IGNORECASE)


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")


def _written(text: str) -> tuple[str, ...]:
    """A text, and the simplified signs for traditional ones in it."""
    return (
        tuple(dict.fromkeys((text, _simplified().convert(text))))
        if re.search("[\u4e00-\u9fff]", text)
        else (text,)
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiling takes most of a draft's time, and each channel speaks some of the same languages."""
    return re.compile(pattern, re.IGNORECASE)


Languages = tuple[Mapping[str, Any], ...]


class Words:
    """The words of languages, compiled. `spoken`: those of a channel's headers (`spoken_in`), tried one after the other before all
    together; only where they read few of the headers (`is_sure` is false) do the words of another language count for a header."""

    def __init__(self, languages: Languages, spoken: Languages = (), *, is_sure: bool = False) -> None:
        self._languages, self._spoken, self._is_sure = languages, spoken, is_sure
        self._compiled: dict[tuple[str, str, int | None], re.Pattern[str]] = {}
        self._roles: dict[str, str | None] = {}

    def spoken_in(self, headers: Iterable[str]) -> Words:
        """These words for a channel of these headers: each header is a vote, shared by the languages that can read it."""
        votes = [0.0] * len(self._alone)
        count = 0
        for header in dict.fromkeys(filter(None, headers)):
            readers = [place for place, each in enumerate(self._alone) if each.role_of(header)]
            count += bool(readers)
            for place in readers:
                votes[place] += 1 / len(readers)
        most = max(votes, default=0.0)
        ranked = sorted(range(len(votes)), key=lambda place: -votes[place])
        spoken = [place for place in ranked if votes[place] and votes[place] * 2 >= most]
        spoken += [
            place for place in range(min(1, len(votes))) if place not in spoken
        ]  # systems speak English
        is_sure = most >= MANY_VOTES and most >= count * SURE
        return Words(self._languages, tuple(self._languages[place] for place in spoken), is_sure=is_sure)

    @cached_property
    def _alone(self) -> list[Words]:
        """The words of each language."""
        return [Words((each,)) for each in self._languages]

    def _pattern(self, section: str, name: str, place: int | None = None) -> re.Pattern[str]:
        """The alternatives of all languages, or of the spoken one at a place."""
        if (section, name, place) not in self._compiled:
            languages = self._languages if place is None else (self._spoken[place],)
            found = [str(each[section][name]) for each in languages if name in each.get(section, {})]
            self._compiled[section, name, place] = _compiled("|".join(found) or "(?!)")
        return self._compiled[section, name, place]

    def _names(self, section: str) -> list[str]:
        return list(dict.fromkeys(name for each in self._languages for name in each.get(section, {})))

    def says(self, topic: str, text: str) -> bool:
        """Whether a header or cell holds a word of the topic (`words` in the languages' files)."""
        return any(map(self._pattern("words", topic).search, _written(plain(text))))

    def is_whole(self, topic: str, text: str) -> bool:
        """Whether a cell is a word of the topic and nothing else."""
        return bool(self._pattern("words", topic).fullmatch(text.strip().lower()))

    def pattern(self, section: str, name: str) -> str:
        """The alternatives of all languages, for a header whose words run together."""
        return self._pattern(section, name).pattern

    def begins(self, topic: str, text: str) -> bool:
        return bool(self._pattern("words", topic).match(text.strip().lower()))

    def role_of(self, header: str) -> str | None:
        """The role that a header names; None where it is not known. Traditional Chinese is read as simplified."""
        if header not in self._roles:
            text = self._bare(plain(header))
            whom = self.pattern("words", "of_whom")
            whom = rf"^({whom})\s*|\s*[（(]({whom})[)）]$|\s*\b({whom})$"
            written = _written(text)
            named = (re.sub(whom, "", each, flags=re.IGNORECASE) for each in written)
            texts = dict.fromkeys((*written, *named))
            places = [*range(len(self._spoken)), *([] if self._is_sure else [None])]
            tried = (self._first(each, place) for place in places for each in texts)
            self._roles[header] = next(filter(None, tried), None)
        return self._roles[header]

    def flag_of(self, header: str) -> str | None:
        """The role of a flag that a header names in any language, whatever the channel speaks: it says nothing else."""
        text = plain(header)
        flags = (role for role in meanings() if is_a(role, "flag"))
        return next((role for role in flags if self._pattern("headers", role).search(text)), None)

    def _bare(self, text: str) -> str:
        """What an amount includes, or is counted in, is not what it is."""
        unit = self._pattern("words", "unit").pattern
        counted = rf"\s*[（(]({unit}|€|\$|£|¥|#|(?-i:(?!SKU|EAN|UPC)[A-Z]{{3,4}}))[)）]\s*$"
        for note in (
            counted,
            self._pattern("words", "before_note").pattern,
            self._pattern("words", "tax_note").pattern,
            self._pattern("words", "cents_note").pattern,
        ):
            text = re.sub(note, "", text, flags=re.IGNORECASE).strip() or text
        return text

    def _first(self, text: str, place: int | None) -> str | None:
        return next((role for role in meanings() if self._pattern("headers", role, place).search(text)), None)

    def status_of(self, word: str) -> str | None:
        """The shared word for a channel's word of an order's status; None where it is not known."""
        of_order = rf"^(wc-|order_?|[\[(]\d+[\])] *|({self.pattern('words', 'of_whom')})\s+)"
        text = re.sub(of_order, "", apart(word.strip()).replace("İ", "i").lower()).replace("_", " ")
        if self.begins("partly", text):
            return "paid"  # some of it was sent, or given back: a sale still
        found = self._word("statuses", text, re.Pattern.match)
        if found or self.says("negation", text):
            return found
        tails = (self._word("statuses", tail, re.Pattern.match) for tail in re.split(r"[\s_-]+", text)[1:])
        return next(
            (status for status in tails if status in ("cancelled", "refunded")), None
        )  # payment failed

    def _word(self, section: str, text: str, how: Any) -> str | None:
        """The name of the first pattern that reads a cell: cells may be of another language than headers, which goes first."""
        texts = _written(text)
        places = [*range(len(self._spoken)), None]
        tried = ((name, place, each) for place in places for each in texts for name in self._names(section))
        return next(
            (name for name, place, each in tried if how(self._pattern(section, name, place), each)), None
        )

    def consent_of(self, word: str) -> str | None:
        """What a word says of a consent: granted, denied or withdrawn; None where it is not known."""
        text = word.strip().lower().replace("_", " ")
        said = self._word("consents", text, re.Pattern.match)
        plainly = (
            "granted" if text in yes else "denied" for yes, no in self.pairs_of_flags() if text in yes | no
        )
        return said or next(plainly, None)

    def touch_of(self, word: str) -> str | None:
        """The type of touch that a word of an event means (none: no touch); None where it is not known."""
        return self._word("touches", word.lower(), re.Pattern.search)

    def tender_of(self, word: str) -> str | None:
        """What was paid with; None where the word is not known."""
        return self._word("tenders", word.lower(), re.Pattern.search)

    def direction_of(self, word: str) -> str | None:
        """Whether money came in, went out or neither, by a word that says no more than that."""
        return self._word("directions", word.strip().lower(), re.Pattern.search)

    def is_kind(self, kind: str, word: str, *, whole: bool = False) -> bool:
        """Whether a word of a column of kinds means this one (`kinds` in the languages' files)."""
        pattern = self._pattern("kinds", kind)
        return bool(pattern.fullmatch(word) if whole else pattern.search(word))

    def pairs_of_flags(self) -> list[tuple[set[str], set[str]]]:
        """(yes, no) words, one pair per language."""
        pairs = []
        for each in self._languages:
            found = each.get("words", {})
            if "affirmed" in found and "negated" in found:
                yes, no = (set(_spelled(str(found[name]))) for name in ("affirmed", "negated"))
                pairs.append((yes, no))
        return pairs

    def months_of(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The beginnings of months' names in the language whose names all texts hold; none where there is none."""
        for names in self._months:
            pattern = re.compile(rf"(?<![^\W\d_])({'|'.join(names)})[^\W\d_]*", re.IGNORECASE)
            if texts and all(pattern.search(text) for text in texts):
                return names
        return ()

    @cached_property
    def _months(self) -> list[tuple[str, ...]]:
        found = [
            _month_names(str(each.get("locale", "")), each.get("more_months", {})) for each in self._languages
        ]
        return [names for names in found if names]

    def known_letters(self, text: str) -> int:
        """How many letters beyond ASCII belong to that language which has the most of them."""
        found = Counter(re.findall(r"[^\x00-\x7f]", text.lower()))
        alphabets = (each["letters"] for each in self._languages if "letters" in each)
        return max((sum(found[letter] for letter in letters) for letters in alphabets), default=0)

    def country_fact(self, name: str, headers: Iterable[str], currency: str | None = None) -> str | None:
        """The `currency` or `time_zone` of the country that writes the headers so, of several the one of the currency; None for others.

        A script tells (Japanese is written with Chinese characters, too: of several the last counts), else the language that is sure.
        """
        text = " ".join(headers)
        written = [e for e in self._languages if "script" in e and re.search(e["script"], text)]
        found = written[-1:] or (self._spoken[:1] if self._is_sure else ())
        if _simplified().convert(text) != text:
            found = [each.get("traditional", each) for each in found]
        fact = next((each[name] for each in found if name in each), None)
        return fact.get(currency) if isinstance(fact, dict) else fact


def _spelled(pattern: str) -> list[str]:
    """The words that a pattern of alternatives and simple letter choices stands for."""
    words = []
    for word in pattern.split("|"):
        choice = re.search(r"\[(.+?)\]", word)
        words += [word.replace(choice.group(), letter, 1) for letter in choice.group(1)] if choice else [word]
    return words if not any("[" in word for word in words) else _spelled("|".join(words))


def _month_names(locale: str, more: Mapping[int, str]) -> tuple[str, ...]:
    """Twelve alternatives of beginnings, from CLDR; none where CLDR does not know the locale, or its months are numbers."""
    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return ()
    # by `format` only: asked for `stand-alone`, Babel 2.18 answers with names of another language that was asked for before
    widths: tuple[Literal["abbreviated", "wide"], ...] = ("abbreviated", "wide")
    found = [
        {get_month_names(width, "format", locale)[number].lower().rstrip(".") for width in widths}
        | {more.get(number, "")} - {""}
        for number in range(1, 13)
    ]
    if any(re.search(r"\d", name) for names in found for name in names):
        return ()
    months = []
    for names in found:
        others = [other for each in found if each is not names for other in each]
        months.append("|".join(sorted({_beginning(name, others) for name in names})))
    return tuple(months)


def _beginning(name: str, others: list[str]) -> str:
    """The shortest beginning, of three letters or more, with which no other month's name begins."""
    lengths = range(min(3, len(name)), len(name))
    return next((name[:n] for n in lengths if not any(o.startswith(name[:n]) for o in others)), name)


@cache
def load_words(*folders: Path) -> Words:
    """The words of the shipped languages and of those in further folders."""
    paths = [path for folder in (HERE / "languages", *folders) for path in sorted(folder.glob("*.yaml"))]
    paths.sort(key=lambda path: path.stem != "english")
    return Words(tuple(safe_yaml.read(path) for path in paths))


def currency_of_country(name: str) -> str | None:
    """The currency of a country that is named by its code or in English (CLDR)."""
    codes = {text.casefold(): code for code, text in Locale("en").territories.items()}
    code = codes.get(name.casefold(), name.upper())
    found = [
        entry[0]
        for entry in get_global("territory_currencies").get(code, [])
        if entry[2] is None and entry[3]
    ]
    return found[0] if len(found) == 1 else None


@cache
def currency_names() -> dict[str, str]:
    """The currencies' English names (CLDR) → code."""
    return {name: code for code, name in Locale("en").currencies.items() if name != code}


@cache
def currency_signs() -> dict[str, str | None]:
    """Signs and codes of the world's currencies (CLDR) → code; None where a sign means several."""
    codes = {
        entry[0]
        for entries in get_global("territory_currencies").values()
        for entry in entries
        if entry[2] is None and entry[3]
    }
    found = {
        "￥": {"CNY", "JPY"},
        "¥": {"CNY", "JPY"},
        "元": {"CNY"},
        "円": {"JPY"},
        "kr": {"SEK", "NOK", "DKK"},
    }
    for tag in LOCALES_OF_SIGNS:
        for code, sign in Locale.parse(tag).currency_symbols.items():
            if code in codes and not re.search(r"\d", sign):
                found.setdefault(sign, set()).add(code)
    found["$"] = found.get("$", set()) | {"USD", "CAD", "AUD"}
    for code, sign in {"C$": "CAD", "S$": "SGD", "RM": "MYR", "US$": "USD"}.items():
        found.setdefault(code, set()).add(sign)
    return {sign: next(iter(each)) if len(each) == 1 else None for sign, each in found.items()} | {
        code: code for code in codes
    }
