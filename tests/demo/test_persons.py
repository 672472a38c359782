"""People as they are in truth, and how their names come out of a keyboard."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.demo.parameters import load_parameters
from cdp_assets.demo.persons import create_households, create_persons
from cdp_assets.demo.pools import create_pools
from cdp_assets.demo.spelling import spelled

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo_persons")

PERSONS = 20_000


@pytest.fixture(scope="module")
def town() -> duckdb.DuckDBPyConnection:
    """20,000 persons without purchases."""
    from cdp_assets.demo.chance import register_chance

    con = duckdb.connect()
    register_chance(con, 3)
    parameters = load_parameters()
    create_pools(con, parameters)
    create_households(con, PERSONS, parameters)
    create_persons(con, 0, PERSONS, PERSONS, parameters)
    return con


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> float:
    found = con.execute(sql).fetchall()[0]
    assert found is not None
    return float(found[0])


def test_there_are_exactly_as_many_persons_as_asked_for_in_households_of_one_to_four(
    town: duckdb.DuckDBPyConnection,
) -> None:
    assert _one(town, "select count(distinct person_no) from persons") == PERSONS
    assert town.execute("select min(size), max(size) from homes").fetchall()[0] == (1, 4)


@pytest.mark.parametrize(
    ("condition", "expected", "tolerance"),
    [
        ("entry_date > date '2017-01-01'", 0.30, 0.02),
        ("exit_date < date '2018-01-01'", 0.25, 0.03),
        ("lang = 'zh'", 0.40, 0.02),
        ("number_from is not null", 0.02, 0.01),
        ("namesake_of is not null", 0.02, 0.01),
        ("is_married_name", 0.06 * 0.6 * 0.5, 0.006),
    ],
)
def test_rates_of_persons_are_those_of_the_parameters(
    town: duckdb.DuckDBPyConnection, condition: str, expected: float, tolerance: float
) -> None:
    rate = _one(town, f"select avg(({condition})::int) from persons")
    assert rate == pytest.approx(expected, abs=tolerance)


def test_phones_and_emails_are_unique_but_for_recycled_numbers(town: duckdb.DuckDBPyConnection) -> None:
    recycled = _one(town, "select count(number_from) from persons")
    assert _one(town, "select count(*) - count(distinct dial || phone1) from persons") == recycled
    assert _one(town, "select count(*) - count(distinct email1) from persons") == 0
    assert _one(town, "select count(*) from persons as a join persons as b on a.email1 = b.email2") == 0


def test_the_owners_of_a_recycled_number_do_not_overlap_in_time(town: duckdb.DuckDBPyConnection) -> None:
    overlaps = _one(
        town,
        "select count(*) from persons as later join persons as former on former.person_no = later.number_from "
        "where former.exit_date > later.entry_date",
    )
    assert overlaps == 0


def test_twins_share_birth_date_surname_and_address_but_no_phone(town: duckdb.DuckDBPyConnection) -> None:
    different = _one(
        town,
        """
        select count(*)
        from persons as one
        join persons as other using (household_no)
        where one.is_twin and other.is_twin and one.person_no < other.person_no
            and (one.birth_date, one.surname, one.street) <> (other.birth_date, other.surname, other.street)
        """,
    )
    assert different == 0
    assert _one(town, "select count(*) from persons where is_twin") > 100


def test_a_father_and_a_son_of_one_name_live_together_and_are_a_generation_apart(
    town: duckdb.DuckDBPyConnection,
) -> None:
    pairs = town.execute(
        """
        select
            (one.given, one.surname, one.street) = (other.given, other.surname, other.street),
            date_diff('year', one.birth_date, other.birth_date)
        from persons as one
        join persons as other using (household_no)
        where one.generation = 'Sr.' and other.generation = 'Jr.'
        """
    ).fetchall()
    assert len(pairs) > 5
    assert all(is_same and apart >= 15 for is_same, apart in pairs)


def test_some_namesakes_live_in_one_street_in_two_houses(town: duckdb.DuckDBPyConnection) -> None:
    pairs = town.execute(
        """
        select one.street, other.street, one.city = other.city and one.postcode = other.postcode, one.given = other.given
        from persons as one join persons as other on other.person_no = one.namesake_of where one.is_namesake_of_street
        """
    ).fetchall()
    assert len(pairs) > 5
    for here, there, same_town, same_name in pairs:
        assert same_town and same_name and here.split()[0] != there.split()[0]
        assert here.split()[1:] == there.split(" Apt ")[0].split()[1:]


def test_surnames_are_read_as_surnames(town: duckdb.DuckDBPyConnection) -> None:
    readings = dict(
        town.execute("select distinct surname, surname_latin from surname_pool where lang = 'zh'").fetchall()
    )
    expected = {"单": "Shan", "曾": "Zeng", "翟": "Zhai", "解": "Xie"}
    assert {name: readings[name] for name in expected if name in readings} == {
        name: latin for name, latin in expected.items() if name in readings
    }


def test_hanzi_stay_hanzi_in_the_mini_program_and_mostly_become_pinyin_elsewhere(
    town: duckdb.DuckDBPyConnection,
) -> None:
    parameters = load_parameters()
    chinese = "(select * from persons where lang = 'zh')"
    for script, low, high in (("hanzi", 0.0, 0.0), ("latin", 0.55, 0.65)):
        query = spelled(chinese, "person_no", script, parameters)  # type: ignore[arg-type]
        share = _one(town, f"select avg(list_contains(name_traps, 'pinyin')::int) from ({query})")
        assert low <= share <= high
        ascii_share = _one(town, f"select avg(regexp_full_match(shown_name, '[ -~]+')::int) from ({query})")
        assert ascii_share == pytest.approx(share)


def test_a_document_keeps_its_spelling(town: duckdb.DuckDBPyConnection) -> None:
    query = spelled("persons", "'card ' || person_no", "latin", load_parameters())
    differing = _one(
        town,
        f"select count(*) from ({query}) as one join ({query}) as other using (person_no) "
        "where one.shown_name <> other.shown_name",
    )
    assert differing == 0


def test_some_namesakes_have_the_number_after_the_others(town: duckdb.DuckDBPyConnection) -> None:
    rows = town.execute(
        "select one.phone1::bigint - other.phone1::bigint, one.surname = other.surname and one.given = other.given, one.lang "
        "from persons as one join persons as other on other.person_no = one.namesake_of "
        "where one.is_next_number and other.number_from is null and not other.is_next_number"
    ).fetchall()
    assert len(rows) > 30
    assert set(rows) == {(1, True, "en")}


def test_half_of_the_homes_with_twins_give_one_phone(town: duckdb.DuckDBPyConnection) -> None:
    shared = _one(town, "select avg(has_family_phone::int) from persons where is_twin and role = 0")
    assert shared == pytest.approx(0.5 + 0.5 * 0.25, abs=0.12)
