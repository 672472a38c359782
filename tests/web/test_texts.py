"""Every language has every word, with the same places to fill."""

from __future__ import annotations

import re

import pytest

from cdp_assets.web.texts import FALLBACK, Texts, catalogue, languages

OTHERS = [name for name in languages() if name != FALLBACK]
DATA = {"columns", "tables", "definitions", "indicators", "values", "messages", "segments_of_customers", "findings", "reasons", "genders",
        "contact_roles", "sizes", "dimensions", "marketing_channels", "identity_metrics", "attributes"}  # fmt: skip


def test_chinese_is_there() -> None:
    assert "zh" in languages() and Texts("zh").tag == "zh-Hans"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_and_no_other(language: str) -> None:
    own = {key for key in catalogue() if key.partition(".")[0] not in DATA}
    other = {key for key in catalogue(language) if key.partition(".")[0] not in DATA}
    assert (own - other, other - own) == (set(), set())


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_has_the_same_places_in_every_language(language: str) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    shared = catalogue().keys() & catalogue(language).keys()
    assert [key for key in shared if places(catalogue()[key]) != places(catalogue(language)[key])] == []
