"""A night after other nights, with all that the ledger knows, against the first night of a home that knows nothing: the same people, the same lists."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation.night import Report, run_activation
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.platforms import Platforms
from tests.activation.test_story import ADS, ALL, MAIL, WHOLE, answer, project

pytestmark = pytest.mark.integration

AUDIENCES = {
    "loyal": "who: {rfm: {segment: [Loyal]}}\nholdout: {share: 0.2, experiment: both}\n",
    "best": "who: {value: {discounted_value_12_months: {at_least: 2}}}\norder_by: {value: discounted_value_12_months}\ntop: 4\n",
    "others": "who: {all: [{lifecycle: {stage: active}}, {not: {audience: best}}]}\nsuppress: [bought]\n",
    "bought": "who: {purchases: {within_days: 30}}\n",
    "first": "who: {any: [{rfm: {segment: Loyal}}, {value: {discounted_value_12_months: {less_than: 3}}}]}\npriority: 1\n",
    "second": "who: {attributes: {country: US}}\npriority: 2\n",
    "over": "who: {attributes: {country: US}}\nvalid: {to: 2026-07-02}\n",
    "queried": "",
}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    head = "title: T\npurpose: ads_matching\ndestinations: [ads, whole, mail]\n"
    made = project(
        tmp_path,
        {name: head + text for name, text in AUDIENCES.items()},
        {"ads": ADS, "whole": WHOLE, "mail": MAIL},
    )
    (made / "audiences" / "queried.sql").write_text(
        "select customer_id from marts.customer_rfm where monetary > 1"
    )
    return made


def a_home(place: Path, documents: Path) -> Settings:
    settings = Settings(home=place, key="a key for tests, of enough bytes", project=documents)
    migrate(settings)
    return settings


def crowd(dice: random.Random) -> list[Person]:
    return [changed(Person(f"c{number:02d}"), number, dice) for number in range(24)]


def changed(person: Person, number: int, dice: random.Random) -> Person:
    """Anything of a person may be otherwise, and some share a phone."""
    person.contacts = [("email", f"{dice.choice('ab')}{number}@example.com")]
    if dice.random() < 0.5:
        person.contacts.append(("phone", f"+1202555{dice.choice([number, 1]):04d}"))
    person.allowed = dice.choice([ALL, ALL, frozenset({"ads_matching"}), frozenset()])
    person.expires = dice.choice([None, None, AS_OF + timedelta(days=dice.randrange(1, 8))])
    person.segment, person.value = dice.choice(["Loyal", "Lost"]), float(dice.randrange(5))
    person.country, person.is_profiled = dice.choice(["US", "US", None]), dice.random() < 0.9
    person.orders = [{"on": AS_OF - timedelta(days=dice.randrange(60))}] if dice.random() < 0.3 else []
    return person


def stands(settings: Settings, report: Report) -> dict[str, Any]:
    """What a run says and keeps of lists and members."""
    with connect_state(settings, read_only=True) as con:
        members = con.execute("select audience, customer_id from audience_members order by all").fetchall()
    counted = {
        f"{each.destination}/{each.chosen.name}": [(step.name, step.left_out) for step in each.steps]
        for each in report.lists
    }
    return {"members": members, "steps": counted}


@pytest.mark.parametrize("seed", range(3))
def test_a_night_ends_as_the_first_night_of_a_home_that_knows_nothing(
    tmp_path: Path, documents: Path, seed: int
) -> None:
    dice = random.Random(seed)
    home = a_home(tmp_path / "home", documents)
    platforms, people = Platforms(home.home), crowd(dice)
    for day in range(4):
        if day:
            people = [
                changed(each, number, dice) if dice.random() < 0.25 else each
                for number, each in enumerate(people)
            ]
            del people[dice.randrange(len(people))]
        publish(home, people, AS_OF + timedelta(days=day))
        report = run_activation(home)
        answer(home, platforms.upload_all())
        fresh = a_home(tmp_path / f"fresh{day}", documents)
        publish(fresh, people, AS_OF + timedelta(days=day))
        first = run_activation(fresh)
        once = Platforms(fresh.home)
        once.upload_all()
        assert stands(home, report) == stands(fresh, first)
        assert {name: keys for name, keys in platforms.lists.items() if keys} == once.lists
    assert all(len(once.lists[f"ads/{name}"]) > 0 for name in ("loyal", "best", "others", "queried"))


def test_a_query_that_fails_holds_whoever_is_made_of_it_and_nobody_else(
    tmp_path: Path, documents: Path
) -> None:
    home = a_home(tmp_path / "home", documents)
    (documents / "audiences" / "queried.sql").write_text("select customer_id from marts.no_such_table")
    (documents / "audiences" / "made_of_it.yaml").write_text(
        "title: T\npurpose: ads_matching\ndestinations: [ads]\nwho: {audience: queried}\n"
    )
    publish(home, crowd(random.Random(1)), AS_OF)
    report = run_activation(home)
    assert report.problems == ["audience made_of_it: its SQL fails", "audience queried: its SQL fails"]
    held = {each.chosen.name for each in report.lists if each.chosen.is_held}
    assert held == {"made_of_it", "queried"}
    assert {each.audience for each in report.folders} >= {"loyal", "best", "first"}
