"""Every language has every word, with the same places to fill."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pandas as pd
import pytest
from babel import Locale

from cdp_assets import safe_yaml
from cdp_assets.web import texts
from cdp_assets.web.formats import Formats, read_number
from cdp_assets.web.pages import audit_log
from cdp_assets.web.texts import FALLBACK, Texts, catalogue, languages
from tests.web.published_file import contracted

ASSETS = Path(texts.__file__).parents[2]
BROUGHT = {
    key.partition(".")[0]
    for path in (Path(texts.__file__).parent / "data").glob("*.yaml")
    for key in safe_yaml.read(path)
}
OTHERS = [name for name in languages() if name != FALLBACK]
DATA = {"columns", "tables", "definitions", "indicators", "values", "messages", "segments_of_customers", "findings", "reasons", "genders",
        "contact_roles", "sizes", "dimensions", "marketing_channels", "identity_metrics", "attributes", *BROUGHT}  # fmt: skip


FORM = re.compile(r"\.(zero|one|two|few|many|other)$")  # of a number, by CLDR


@pytest.mark.parametrize("language", languages())
def test_a_text_with_forms_has_each_that_its_language_takes(language: str) -> None:
    words = catalogue(language)
    forms = {*Locale.parse(Texts(language).tag, sep="-").plural_form.tags, "other"}
    with_forms = {
        FORM.sub("", key)
        for key in words
        if FORM.search(key) and key.partition(".")[0] not in {*DATA, "laws"}
    }
    assert with_forms
    assert {key for key in with_forms if not {f"{key}.{form}" for form in forms} <= words.keys()} == set()


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 row"), (0, "0 rows"), (2, "2 rows"), ("1", "1 row"), ("1,001", "1,001 rows")]
)
def test_a_text_takes_the_form_of_its_number(number: object, said: str) -> None:
    assert Texts("en").t("sql.rows", rows=number) == said
    assert Texts("zh").t("sql.rows", rows=number) == f"{number} 行"


def test_chinese_is_there() -> None:
    assert "zh" in languages() and Texts("zh").tag == "zh-Hans"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_and_no_other(language: str) -> None:
    own = {FORM.sub("", key) for key in catalogue() if key.partition(".")[0] not in DATA}
    other = {FORM.sub("", key) for key in catalogue(language) if key.partition(".")[0] not in DATA}
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


def _reasons_in_code() -> set[str]:
    """Codes of why a file waits, why a row is in quarantine, and why an id changed, as the code writes them."""
    changes = _text("identity/customers/customer_id_events.sql", "identity/customers/lasting_ids.py")
    found = set(re.findall(r"'((?:new cluster|its records|ruling|evidence)[^']*)'", changes))
    for path in (ASSETS / "landing").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                said = [each.value for each in node.keywords if each.arg == "reason_code"]
                said += node.args[:1] if getattr(node.func, "id", "") == "FileHeld" else []
            elif isinstance(node, ast.Tuple) and path.name == "casts.py":
                said = node.elts[1:2]  # (rule, code)
            else:
                continue
            found |= {str(each.value) for each in said if isinstance(each, ast.Constant)}
    found |= set(re.findall(r"then '(\w+)'", _text("landing/readers/json_rows.py")))
    found |= set(re.findall(r'"(malformed_row|too_\w+_cells)"', _text("landing/readers/delimited.py")))
    found |= set(re.findall(r"not_an?_\w+", _text("landing/typed/casts.py")))
    return {each for each in found if re.fullmatch(r"[a-z]+(_[a-z]+)+|[a-z ]+", each)} - {"timestamp"}


def _text(*names: str) -> str:
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


@pytest.mark.parametrize("language", OTHERS)
def test_a_reason_that_code_gives_has_words_in_every_language(language: str) -> None:
    reasons = _reasons_in_code()
    assert {"ruling", "its records are gone", "unknown_channel", "too_few_cells", "impossible_date", "row_count_mismatch"} <= reasons  # fmt: skip
    assert sorted(each for each in reasons if f"reasons.{each}" not in catalogue(language)) == []


def test_every_action_that_has_words_can_be_chosen_in_the_audit_log() -> None:
    named = {key.partition(".")[2] for key in catalogue("en") if key.startswith("audit_actions.")}
    assert set(audit_log.ACTIONS) == named


@pytest.mark.parametrize("language", languages())
def test_negative_numbers_have_one_sign(language: str) -> None:
    formats = Formats(language, "UTC", "USD")
    shown = [formats.number(-1234.5, 2), formats.signed(-1234.5, 2), formats.cell("match_weight", -0.84)]
    assert [each[0] for each in shown] == ["−"] * 3 and "-" not in "".join(shown)


def test_the_day_on_which_an_identity_took_effect_is_no_day_earlier_in_the_west() -> None:
    formats = Formats("en", "America/New_York", "USD")
    assert formats.cell("effective_at", pd.Timestamp("2017-12-31")) == "31 Dec 2017"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.123, "+12.3%"), (-0.04, "−4.0%"), (0.0, "±0.0%"), (8.5, "+850.0%"), (506.5, "×508"), (None, "–")],
)
def test_a_change_is_a_share_and_from_tenfold_on_a_multiple(value: float | None, said: str) -> None:
    assert Formats("en", "UTC", "USD").change(value) == said


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234.5", 1234.5), (" -0.25 ", -0.25), ("−3", -3), ("25%", 0.25), ("２５ ％", 0.25), ("1e3", 1000), ("12,345,678", 12_345_678), ("7.", 7)],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text", ["?", "1,5", "1.234,50", "12,34", "nan", "inf", "1e400", "5 USD", "--1", "1 000"]
)
def test_a_number_that_may_mean_two_things_is_not_guessed_at(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        read_number(text)
