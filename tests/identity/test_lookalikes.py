"""People who look alike and are two: namesakes of a town, relatives of a street."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.identity.identity_home import IdentityHome, Row, person

NAMES = [
    ("Alba", "Abernathy"), ("Bruno", "Brockhurst"), ("Carla", "Corrigan"), ("Dmitri", "Drummond"), ("Elena", "Eastwick"),
    ("Farouk", "Fitzgerald"), ("Greta", "Gallagher"), ("Hugo", "Hathaway"), ("Irina", "Iverson"), ("Jonas", "Jankowski"),
    ("Karin", "Kessler"), ("Lionel", "Lindqvist"), ("Marta", "Montgomery"), ("Nils", "Novakova"), ("Odile", "Oppenheimer"),
    ("Pavel", "Prendergast"), ("Quentin", "Quillfeather"), ("Rosa", "Rutherford"), ("Stefan", "Sandoval"), ("Tilda", "Thorvaldsen"),
]  # fmt: skip

# Names that nobody else has: as many strangers as make a whole name as rare in this small town as it is in a large base.
STRANGERS = [
    (f"{first}{middle}{last}".capitalize(), f"{last}{middle}{first}{last}ek".capitalize())
    for first, middle, last in product(
        ("bo", "du", "ka", "li", "mo"), ("fa", "ge", "zi", "nu"), ("rem", "sop", "vit")
    )
]


def account(number: int, given: str, family: str, **other: Any) -> Row:
    """A Bostonian with a phone, an e-mail, a house and a postcode of their own."""
    at_home = {
        "given_name": given,
        "family_name": family,
        "email": f"{given}.{family}{number}@mail{number}.example".lower(),
        "phone": f"+1617555{1000 + 37 * number}",
        "street": f"{100 + 13 * number} {family} Street",
        "postcode": f"021{number:02}",
        "city": "Boston",
    }
    return person(f"{given}{number}", **{**at_home, **other})


def test_two_of_one_name_in_one_town_are_two_without_anything_else_in_common(home: IdentityHome) -> None:
    people = [account(number, *name) for number, name in enumerate(NAMES + STRANGERS)]
    namesakes = [account(80 + number, *NAMES[number]) for number in range(7)]
    home.write(people + namesakes)
    home.run()
    assert len(home.groups()) == 87
    assert home.query("select coalesce(max(match_probability), 0) < 0.4 from identity.pairs") == [(True,)]


@pytest.mark.parametrize("other", [{"street": "113 Abernathy St"}, {"phone": None, "email": None}])
def test_one_who_wrote_the_house_otherwise_or_left_things_out_is_one(
    home: IdentityHome, other: dict[str, Any]
) -> None:
    people = [account(number, *name) for number, name in enumerate(NAMES)]
    her = account(1, "Bruno", "Brockhurst", street="113 Brockhurst St")
    home.write([*people, {**her, **other, "street": "113 Brockhurst St", "source_customer_id": "again"}])
    home.run()
    assert len(home.groups()) == 20


def test_relatives_some_houses_apart_are_two(home: IdentityHome) -> None:
    shared = {"family_name": "Quist", "postcode": "89501", "city": "Reno"}
    home.write([
        *(account(number, *name) for number, name in enumerate(NAMES + STRANGERS)),
        person("a", given_name="Anna", street="4235 Main Street", **shared),
        person("b", given_name="Otto", street="1235 Main Street", **shared),
    ])  # fmt: skip
    home.run()
    assert len(home.groups()) == 82
    assert home.bits("a", "b") < -5.0


def test_a_record_without_given_name_bridges_no_relatives(home: IdentityHome) -> None:
    shared = {"family_name": "Quist", "street": "12 Main Street", "postcode": "89501", "city": "Reno"}
    home.write([
        person("a", given_name="Anna", **shared), person("b", given_name="Otto", **shared), person("c", **shared),
    ])  # fmt: skip
    home.run()
    assert home.ids()["a"] != home.ids()["b"]


def test_a_father_and_a_son_of_one_name_at_one_phone_are_two_people(home: IdentityHome) -> None:
    of_both = {"phone": "+14155550137", "street": "12 Elm Street", "city": "Reno", "postcode": "89501"}
    home.write(
        [
            person("father", full_name="John Ashworth Sr.", email="john.senior@example.com", **of_both),
            person("son", full_name="John Ashworth, Jr.", email="jr.ash@example.com", **of_both),
            person("son's card", full_name="John Ashworth II", email="jr.ash@example.com", **of_both),
            person("one of them", full_name="John Ashworth", **of_both),
        ]
    )
    home.run()
    (fathers,) = (group for group in home.groups() if "father" in group)
    assert not fathers & {"son", "son's card"}
    assert frozenset({"son", "son's card"}) <= next(group for group in home.groups() if "son" in group)
