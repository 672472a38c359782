"""What proves less than it seems: borrowed documents, a family's house, an e-mail made of the name, family names that look alike."""

from __future__ import annotations

import pytest

from cdp_assets.settings import Settings
from cdp_assets.state import migrate
from tests.identity.identity_home import IdentityHome, Row, person
from tests.identity.test_lookalikes import NAMES, STRANGERS, account


def _people() -> list[Row]:
    """Eighty strangers of one town, and who is asked about below, by name of the question."""
    quist = {"family_name": "Quist", "street": "12 Main Street", "postcode": "89501", "city": "Reno"}
    hallgrim = {"family_name": "Hallgrim", "street": "9 Hill Road", "postcode": "89502", "city": "Reno"}
    dunne = {"family_name": "Dunne", "postcode": "89503", "city": "Reno"}
    pine = {"street": "44 Pine Road", "postcode": "89506", "city": "Reno", "phone": "+17755550188"}
    lakeside = {"phone": "+17755550173", "street": "3 Lake Road", "postcode": "89505", "city": "Reno"}
    born = {"birth_date": "1971-03-05", "postcode": "89504", "city": "Reno"}
    return [
        *(account(number, *name) for number, name in enumerate(NAMES + STRANGERS)),
        person("lent_1", given_name="Alice", family_name="Kellermann", national_id="Q7781234", city="Reno"),
        person("lent_2", given_name="Walter", family_name="Brightwater", national_id="Q7781234", city="Boise"),
        person("own_1", given_name="Martha", family_name="Osgood", national_id="Q9917432", birth_date="1966-11-02"),
        person("own_2", given_name="Edith", family_name="Grantham", national_id="Q9917432", birth_date="1966-11-02"),
        person("home_a", given_name="Anna", **quist),
        person("home_b", given_name="Otto", **quist),
        person("home_nameless", **quist),
        person("alone_a", given_name="Carl", **hallgrim),
        person("alone_nameless", **hallgrim),
        person("mail_1", given_name="Hilda", family_name="Wainscott", email="hilda.wainscott@post.net", city="Reno"),
        person("mail_2", given_name="Hilda", family_name="Wainscott", email="wainscott_hilda@web.org", city="Boise"),
        person("mail_3", given_name="Hilda", family_name="Wainscott", email="hilda.wainscott@web.org", city="Salem"),
        person("user_1", given_name="Norma", family_name="Underhay", email="nightowl.77@post.net", city="Reno"),
        person("user_2", given_name="Norma", family_name="Underhay", email="nightowl.77@web.org", city="Boise"),
        person("court_a", given_name="Anna", street="Mapleton Court", **dunne),
        person("court_b", given_name="Otto", street="Mapelton Court", **dunne),
        person("rare_whole", given_name="Rita", family_name="Zywiec", **born),
        person("rare_lone", full_name="Zywiec", **born),
        person("common_whole", given_name="Rita", family_name="Voss", **born | {"birth_date": "1982-09-17"}),
        person("common_lone", full_name="Voss", **born | {"birth_date": "1982-09-17"}),
        person("row_1", given_name="Brian", family_name="Ostrander", phone="+17755550160", email="bto44@post.net"),
        person("row_2", given_name="Brian", family_name="Ostrander", phone="+17755550161", email="river.19@web.org"),
        person("lone_1", given_name="Ruth", family_name="Lindermann", birth_date="1951-02-03", **pine),
        person("lone_2", full_name="Lindermann", birth_date="1978-11-19", **pine),
        person("within_whole", full_name="Ana Maria Varga Toth", **lakeside),
        person("within_lone", full_name="Varga", **lakeside),
        person("within_short", full_name="Maria Varga", **lakeside | {"phone": None}),
        person("within_far", full_name="Maria Varga", street="8 Dune Road", city="Fargo"),
        *(person(f"voss_{n}", given_name=f"{NAMES[n][0]}", family_name="Voss", city="Boise") for n in range(12)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> IdentityHome:
    """All of them, matched once."""
    folder = tmp_path_factory.mktemp("town")
    settings = Settings(home=folder / "home", inbox=folder / "inbox", key="a-key-for-tests")
    migrate(settings)
    home = IdentityHome(settings)
    home.write(_people())
    home.run()
    return home


def _are_one(home: IdentityHome, *source_ids: str) -> bool:
    return any(set(source_ids) <= group for group in home.groups())


def test_a_document_under_two_known_given_names_waits_for_a_person(town: IdentityHome) -> None:
    assert not _are_one(town, "lent_1", "lent_2")
    assert town.query(
        """
        select kind from identity.review_queue as q
        join identity.records as l on l.record_key = q.record_key_l join identity.records as r on r.record_key = q.record_key_r
        where l.source_customer_id like 'lent_%' and r.source_customer_id like 'lent_%'
        """
    ) == [("same_document",)]


def test_a_document_with_its_birth_date_is_one_person_whatever_the_name(town: IdentityHome) -> None:
    assert _are_one(town, "own_1", "own_2")


def test_a_record_without_given_name_in_a_familys_house_proves_nothing(town: IdentityHome) -> None:
    assert not _are_one(town, "home_a", "home_b")
    assert not _are_one(town, "home_nameless", "home_a")
    assert not _are_one(town, "home_nameless", "home_b")


def test_in_a_house_where_one_is_known_the_address_counts(town: IdentityHome) -> None:
    assert town.bits("alone_a", "alone_nameless") > town.bits("home_a", "home_nameless") + 5.0


def test_an_e_mail_made_of_the_name_says_the_name_again(town: IdentityHome) -> None:
    assert not _are_one(town, "mail_1", "mail_3")
    assert not _are_one(town, "mail_1", "mail_2")
    assert _are_one(town, "user_1", "user_2")


def test_relatives_of_a_street_written_otherwise_are_two(town: IdentityHome) -> None:
    assert not _are_one(town, "court_a", "court_b")
    assert town.bits("court_a", "court_b") < -4.0


def test_a_lone_name_that_is_the_others_family_name_counts_by_its_frequency(town: IdentityHome) -> None:
    assert town.bits("rare_lone", "rare_whole") > town.bits("common_lone", "common_whole") + 1.0


def test_who_leaves_names_out_at_the_same_address_is_the_same_and_elsewhere_is_not(
    town: IdentityHome,
) -> None:
    assert _are_one(town, "within_whole", "within_lone")
    assert _are_one(town, "within_whole", "within_short")
    assert not _are_one(town, "within_whole", "within_far")


def test_two_of_one_name_with_numbers_given_out_in_a_row_are_two(town: IdentityHome) -> None:
    assert not _are_one(town, "row_1", "row_2")


def test_the_family_name_alone_with_another_birth_date_is_another_of_the_house(town: IdentityHome) -> None:
    assert not _are_one(town, "lone_1", "lone_2")
