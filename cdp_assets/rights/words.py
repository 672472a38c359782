"""The words of an answer in the person's language: its own texts, and the site's headings, definitions and words of codes.

A language is `texts/<tag>.yaml` beside this file; whatever the site's words lack stands in English.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cdp_assets import safe_yaml

TEXTS = Path(__file__).parent / "texts"
SITE = Path(__file__).parent.parent / "web" / "texts"
FALLBACK = "en"
# Columns whose cells are codes → the family of words that says them.
CODES = {
    "purpose": "purposes", "status": "consent_states", "signal": "signals", "decided_by_signal": "signals", "record_kind": "record_kinds",
    "contact_role": "contact_roles", "gender": "genders", "table_name": "tables", "fact": "columns", "attribute": "attributes", "rule": "rules",
    "segment": "segments_of_customers", "contact_type": "contact_types", "resolved_by": "resolved_by", "note": "notes", "what": "held", "operation": "operations",
}  # fmt: skip


def languages() -> list[str]:
    return sorted(path.stem for path in TEXTS.glob("*.yaml"))


def language_of(asked: str | None, default: str) -> str:
    """The language to answer in: the one asked for, or its first part, where there are words for it; else the house's."""
    for each in (asked, (asked or "").partition("-")[0], default):
        if each in languages():
            return str(each)
    return FALLBACK


@cache
def texts(language: str) -> dict[str, Any]:
    """An answer's own texts."""
    found: dict[str, Any] = safe_yaml.read(TEXTS / f"{language}.yaml")
    return found


@cache
def _site(language: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in (SITE / f"{language}.yaml", SITE / "data" / f"{language}.yaml"):
        if path.exists():
            for family, words in safe_yaml.read(path).items():
                if isinstance(words, dict):
                    found.setdefault(family, {}).update(words)
    return found


def label(language: str, name: str, family: str = "columns") -> str:
    """The word for a code or a column; the code itself where no language has one."""
    for each in (language, FALLBACK):
        own = texts(each).get(family)
        for words in (own if isinstance(own, dict) else {}, _site(each).get(family, {})):
            if isinstance(words.get(name), str):
                return str(words[name])
    return name.replace("_", " ")


def definition(language: str, name: str, english: str) -> str:
    """What a column means, as the site says it."""
    found = _site(language).get("definitions", {}).get(name)
    return found if isinstance(found, str) else english
