"""Every language has every word, with the same places to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cdp_assets import safe_yaml
from cdp_assets.web import texts
from cdp_assets.web.texts import FALLBACK, Texts, catalogue, languages
from tests.web.published_file import contracted

BROUGHT = {
    key.partition(".")[0]
    for path in (Path(texts.__file__).parent / "data").glob("*.yaml")
    for key in safe_yaml.read(path)
}
OTHERS = [name for name in languages() if name != FALLBACK]
DATA = {"columns", "tables", "definitions", "indicators", "values", "messages", "segments_of_customers", "findings", "reasons", "genders",
        "contact_roles", "sizes", "dimensions", "marketing_channels", "identity_metrics", "attributes", *BROUGHT}  # fmt: skip


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


@pytest.mark.parametrize("language", OTHERS)
def test_nearly_every_column_of_the_marts_has_a_heading_and_a_definition(language: str) -> None:
    """Nearly: a new column shows its English definition until somebody translates it."""
    columns = {column["name"] for model in contracted("marts").values() for column in model["columns"]}
    known = catalogue(language)
    for family in ("columns", "definitions"):
        assert len([name for name in columns if f"{family}.{name}" in known]) > 0.9 * len(columns)


def test_a_sentence_with_places_is_translated_with_what_stands_in_them() -> None:
    said = Texts("zh").said(
        "phone ***000 is a placeholder: it does not count as evidence on 5 records", "messages"
    )
    assert said == "电话 ***000 是占位值：在 5 条记录上不作证据"
    assert Texts("zh").said("something that nobody wrote", "messages") is None
