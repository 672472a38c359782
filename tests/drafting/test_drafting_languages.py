"""Drafts read dates, letters and headers as the country of the file writes them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from cdp_assets.drafting.meanings import role_of, status_of
from cdp_assets.drafting.sampling import _likely_encodings
from cdp_assets.landing import load_contracts
from cdp_assets.settings import Settings
from tests.drafting.drafts import Rooms, drafted, model, said
from tests.landing.builders import landed


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Thu, Nov 26 2026", "Mon, Mar 02 2026"], [date(2026, 11, 26), date(2026, 3, 2)]),
        (["Fri, Sept 5 2025", "Mon, Mar 2 2026"], [date(2025, 9, 5), date(2026, 3, 2)]),
        (["do 26 nov 2026", "ma 2 mrt 2026"], [date(2026, 11, 26), date(2026, 3, 2)]),
        (["2. Mrz 2026", "5. Apr 2026"], [date(2026, 3, 2), date(2026, 4, 5)]),
        (["2. März 2026", "5. Mai 2026"], [date(2026, 3, 2), date(2026, 5, 5)]),
        (["mar. 3 févr. 2026", "lun. 5 août 2026"], [date(2026, 2, 3), date(2026, 8, 5)]),
    ],
)
def test_dates_name_weekdays_and_irregular_months(
    settings: Settings, rooms: Rooms, tmp_path: Path, texts: list[str], expected: list[date]
) -> None:
    lines = [f'{number},"{text}"' for number, text in enumerate(texts)]
    drafted(settings, rooms, tmp_path, "a.csv", "\n".join(["id,joined on", *lines]) + "\n")
    assert [day for (day,) in landed(settings, "new", "rows", "joined_on")] == expected


def test_a_zone_s_short_name_behind_a_time_is_read_in_summer_and_in_winter(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = "Payment ID,Order ID,Payment Date,Amount\nP1,O1,02-Mar-2026 09:14 AM EST,25.92\nP2,O2,14-Mar-2026 07:00 PM EST,12.96\n"
    draft = drafted(settings, rooms, tmp_path, "a_2026-03.csv", text)
    assert landed(settings, "new", "rows", "payment_date")[0] == (datetime(2026, 3, 2, 14, 14),)
    column = load_contracts(rooms[0])["new"].export("rows").column("payment_date")
    assert column.facts.formats == ["%d-%b-%Y %I:%M %p EST", "%d-%b-%Y %I:%M %p EDT"]
    assert not said(draft, "timeZone")


@pytest.mark.parametrize(
    ("title", "days", "expected"),
    [
        ("Report Time: 3/1/2026-3/20/2026\n\n", ["3/1/2026", "3/1/2026"], date(2026, 3, 1)),
        ("", ["3/1/2026", "3/2/2026", "3/4/2026"], date(2026, 3, 1)),
        ("", ["1/3/2026", "2/3/2026", "4/3/2026"], date(2026, 3, 1)),
    ],
)
def test_of_two_orders_of_day_and_month_the_titles_or_the_closer_days_tell(
    settings: Settings, rooms: Rooms, tmp_path: Path, title: str, days: list[str], expected: date
) -> None:
    lines = [f"{day},Brand {number},{number}.50" for number, day in enumerate(days)]
    text = title + "\n".join(["Day,Campaign,Spend", *lines]) + "\n"
    draft = drafted(settings, rooms, tmp_path, "a.csv", text)
    assert landed(settings, "new", "rows", "day")[0] == (expected,)
    assert said(draft, "closer together") is (not title)


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
        assert {_likely_encodings(text.encode(encoding))[0] for text in samples} == {encoding}


def test_a_czech_shop_numbers_its_orders_by_a_bare_code(
    settings: Settings, rooms: Rooms, tmp_path: Path
) -> None:
    text = (
        "code;date;statusName;currency;email;billFullName;totalPriceWithVat;itemName;itemCode;itemUnitPriceWithVat\n"
        "26001;2026-03-02 09:14:11;Vyřízena;CZK;a@x.cz;Anna Dvořáková;1 029,00;Hrnek modrý;H-1;499,00\n"
        "26001;2026-03-02 09:14:11;Vyřízena;CZK;a@x.cz;Anna Dvořáková;1 029,00;Konvice;K-1;530,00\n"
        "26002;2026-03-14 19:00:00;Stornována;CZK;b@x.cz;Petr Řezník;499,00;Hrnek modrý;H-1;499,00\n"
    )
    draft = drafted(settings, rooms, tmp_path, "a_2026-03.csv", text.encode("cp1250"))
    assert landed(settings, "new", "rows", "bill_full_name")[0] == ("Anna Dvořáková",)
    assert "code as order_id" in model(rooms, "orders")
    assert "when 'Stornována' then 'cancelled'" in model(rooms, "orders")
    assert said(draft, "code", "order's number")


HEADERS = {
    "Bestelnummer Besteldatum Titel Aantal Verkoopprijs Voornaam Achternaam Woonplaats Kortingscode": (
        "order_id ordered_at product_name quantity unit_price given_name family_name city coupon_code"
    ),
    "N°_commande Code_client Désignation Qté Prix_TTC Code_promo Carte_fidélité": (
        "order_id source_customer_id product_name quantity unit_price coupon_code loyalty_id"
    ),
    "Nº_pedido Código_cliente Artículo Móvil Provincia Divisa": (
        "order_id source_customer_id product_name phone region currency"
    ),
    "N._ordine Codice_cliente Qtà Importo Negozio Rimborso": (
        "order_id source_customer_id quantity gross_amount store_id refund_amount"
    ),
    "Kundnummer Förnamn Efternamn Benämning Antal Styckpris Moms Postnummer Rabattkod": (
        "source_customer_id given_name family_name product_name quantity unit_price tax_amount postcode coupon_code"
    ),
    "Ordrenummer Ordredato Varenummer Beløb Fragt By": "order_id ordered_at sku gross_amount shipping_amount city",
    "Číslo_objednávky Jméno Příjmení Množství Celkem Sleva Měna PSČ": (
        "order_id given_name family_name quantity gross_amount discount_amount currency postcode"
    ),
    "Sipariş_Numarası Sipariş_Tarihi Alıcı Ürün_Adı Adet Birim_Fiyatı İndirim_Tutarı E-Posta": (
        "order_id ordered_at full_name product_name quantity unit_price discount_amount email"
    ),
    "取引ID レシート番号 小票号 顧客名": "order_id order_id order_id full_name",
}


@pytest.mark.parametrize(("headers", "roles"), HEADERS.items())
def test_headers_mean_what_they_say_in_their_language(headers: str, roles: str) -> None:
    assert [role_of(header.replace("_", " ")) for header in headers.split()] == roles.split()


def test_words_of_a_status_in_more_languages() -> None:
    words = ("İptal Edildi", "Teslim Edildi", "Odesláno", "Skickad", "Annuller", "Verzonden")
    assert [status_of(word) for word in words] == [
        "cancelled", "completed", "shipped", "shipped", "cancelled", "shipped",
    ]  # fmt: skip
