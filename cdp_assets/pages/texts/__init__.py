"""Every word that the pages show, by language (`<language>.yaml`), and how a page asks for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cdp_assets import safe_yaml

LANGUAGE = "en"


@cache
def catalogue(language: str = LANGUAGE) -> dict[str, str]:
    """All texts of one language by dotted key."""
    path = Path(__file__).with_name(f"{language}.yaml")
    return dict(_flattened(safe_yaml.read(path)))


def t(key: str, **values: object) -> str:
    """The text of a key, its {places} filled. A key that the catalogue lacks is an error, found by the tests."""
    return catalogue()[key].format(**values)


def known(key: str, default: str) -> str:
    """The text of a key if the catalogue has it, else a default: for names that data brings, such as columns."""
    return catalogue().get(key, default)


def label(name: str, family: str = "columns") -> str:
    """A column or code in words: from the catalogue, else its own name spelled out."""
    return known(f"{family}.{name}", name.replace("_", " ").capitalize())


def _flattened(node: dict[str, object], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in node.items():
        if isinstance(value, dict):
            flat += _flattened(value, f"{prefix}{name}.")
        else:
            flat.append((f"{prefix}{name}", str(value).strip()))
    return flat
