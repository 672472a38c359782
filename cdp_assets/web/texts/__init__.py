"""Every word that the site shows, one file per language (`<language>.yaml`), and how a page asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale

from cdp_assets import safe_yaml

FALLBACK = "en"
CODE = re.compile(r"[a-z0-9_]+")


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a file, the fallback first."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("*.yaml"))
    return (FALLBACK, *(name for name in found if name != FALLBACK))


@cache
def catalogue(language: str = FALLBACK) -> dict[str, str]:
    """All texts of one language by dotted key."""
    own = Path(__file__).with_name(f"{language}.yaml")
    brought = (
        Path(__file__).parent / "data" / f"{language}.yaml"
    )  # words for what data brings: codes, sentences, definitions
    found = dict(_flattened(safe_yaml.read(own)))
    if brought.exists():
        found |= dict(_flattened(safe_yaml.read(brought)))
    return found


@dataclass(frozen=True)
class Texts:
    """The words of one language."""

    language: str

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return self.known("language.tag", self.language)

    def t(self, key: str, **values: object) -> str:
        """The text of a key, its {places} filled, in the plural form of its first value where the language's file has forms.

        A key that the catalogue lacks is an error, found by the tests.
        """
        words = catalogue(self.language)
        text = words[key] if key in words else words[f"{key}.{self._form(next(iter(values.values())))}"]
        return text.format(**values)

    def _form(self, number: object) -> str:
        """The language's plural form for a number, as CLDR names it (`one`, `few`, `other` …): as it is, or as it was written out."""
        digits = re.sub(r"\D", "", str(number))
        return Locale.parse(self.tag, sep="-").plural_form(int(digits or 0))

    def known(self, key: str, default: str) -> str:
        """The text of a key if the catalogue has it, else a default: for names that data brings, such as columns."""
        return catalogue(self.language).get(key, default)

    def has(self, key: str) -> bool:
        return key in catalogue(self.language)

    def said(self, code: str, family: str) -> str | None:
        """A code or a sentence that data brings, in words; None where nobody translated it and it is no plain code."""
        known = catalogue(self.language).get(f"{family}.{code}")
        if known is not None:
            return known
        for pattern, words in _patterns(self.language, family):
            if found := pattern.fullmatch(code):
                return words.format(**found.groupdict())
        return self.label(code, family) if CODE.fullmatch(code) else None

    def names(self, text: str, family: str) -> str:
        """Names in a text, each by how it is called: `shopify, my_shop` is Shopify, My shop."""
        parts = re.split(r"(, | \+ )", text)
        return "".join(self.label(part, family) if CODE.fullmatch(part) else part for part in parts)

    def label(self, name: str, family: str = "columns") -> str:
        """A column or code in words: from the catalogue, else its own name spelled out."""
        spelled = name.replace("_", " ")
        return self.known(f"{family}.{name}", spelled.capitalize() if spelled.islower() else spelled)


@cache
def _patterns(language: str, family: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Sentences with places, such as counts: what data says, and its words in a language (`<family>_patterns`: number → [said, words])."""
    prefix = f"{family}_patterns."
    words = catalogue(language)
    said = {
        key.removeprefix(prefix): text for key, text in catalogue(FALLBACK).items() if key.startswith(prefix)
    }
    return tuple(
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(text))), words[prefix + name])
        for name, text in said.items()
        if prefix + name in words
    )


def _flattened(node: dict[str, object], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in node.items():
        if isinstance(value, dict):
            flat += _flattened(value, f"{prefix}{name}.")
        else:
            flat.append((f"{prefix}{name}", str(value).strip()))
    return flat
