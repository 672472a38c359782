"""What headers, statuses and events mean, in every language that has a file of words (words.yaml)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cdp_assets.drafting.file_names import file_pattern
from cdp_assets.drafting.sample import likely_encodings
from cdp_assets.drafting.table import column_name
from cdp_assets.drafting.words import load_words

WORDS = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))


def _wrong(kind: str, meaning_of: object) -> dict[str, str | None]:
    found = {word: meaning for meaning, words in WORDS[kind].items() for word in words}
    said = {word: meaning_of(word) or "nothing" for word in found}  # type: ignore[operator]
    return {word: said[word] for word, meaning in found.items() if said[word] != meaning}


def test_headers_have_their_meaning() -> None:
    assert _wrong("headers", load_words().role_of) == {}


def test_the_language_of_a_file_goes_first() -> None:
    english = load_words().spoken_in(
        ["Order ID", "Order Date", "Reference", "Amount", "Currency", "Quantity"]
    )
    french = load_words().spoken_in(["Date", "Référence", "Quantité", "Prix unitaire", "Statut", "Reference"])
    weak = load_words().spoken_in(["Reference", "x1", "x2"])
    assert [words.role_of("Reference") for words in (english, french, weak)] == [None, "sku", "sku"]


def test_cells_may_be_of_another_language_than_headers() -> None:
    words = load_words().spoken_in(["Order ID", "Order Date", "Status", "Total", "Email"])
    assert (words.status_of("已取消"), words.status_of("Storniert")) == ("cancelled", "cancelled")


def test_statuses_have_their_meaning() -> None:
    assert _wrong("statuses", load_words().status_of) == {}


def test_events_have_their_meaning() -> None:
    assert _wrong("touches", load_words().touch_of) == {}


def test_a_column_s_name_is_spelled_or_is_its_meaning() -> None:
    assert (column_name("Währung"), column_name("注文者メールアドレス", "email")) == ("wahrung", "email")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (
            "orders-2024-03-15-10-22-33.csv",
            r"(?i)orders\-(?P<period>\d{4}\-\d{2}\-\d{2}\-\d{2}\-\d{2}\-\d{2})\.csv",
        ),
        ("a_202403.csv.gz", r"(?i)a_(?P<period>\d{6})\.csv(\.gz)?"),
        (
            "eBay-Mar-31-2024-08_00_00-13123456789.csv",
            r"(?i)eBay\-[A-Za-z]+\-\d+\-\d+\-\d+_\d+_\d+\-\d+\.csv",
        ),
        ("pos_03312024.txt", r"(?i)pos_\d+\.txt"),
    ],
)
def test_only_sortable_dates_of_a_name_are_its_period(name: str, pattern: str) -> None:
    assert file_pattern(name)[0] == pattern


def test_a_clock_glued_to_its_day_belongs_to_the_period() -> None:
    assert file_pattern("20240531093000_orders.csv")[0] == r"(?i)(?P<period>\d{14})_orders\.csv"


def test_the_letters_of_a_language_tell_the_encoding() -> None:
    texts = {
        "cp1250": ["Dvořáková;Řezník;modrý", "Długa;Łoś", "Žižkov;Šípková;číslo", "Őri;tűz;füzet"],
        "cp1252": [
            "Müller;Straße",
            "Æble;Østergård;blå",
            "Hélène;payé;à",
            "Núñez;Málaga",
            "Perù;è",
            "São;Ação;ção",
        ],
    }
    for encoding, samples in texts.items():
        assert {likely_encodings(text.encode(encoding), load_words())[0] for text in samples} == {encoding}
