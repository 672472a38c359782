"""A damaged generation gives way to the one before, by itself, and people are told; ids and memory stay where they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.operations.attention import attention
from cdp_assets.publishing.damage import damaged_files, is_shown_earlier, verify_files
from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.listing import list_generations
from cdp_assets.publishing.recovery import repair
from cdp_assets.publishing.rollback import roll_back
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import publish_amounts, read_current


def flip(path: Path, at: int = 100) -> None:
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.fixture
def two(settings: Settings) -> Settings:
    """A home with two generations, one and two."""
    publish_amounts(settings, "one", 1)
    publish_amounts(settings, "two", 2)
    return settings


@pytest.mark.parametrize(
    "name",
    ["masked.duckdb", "in_clear.duckdb", "parquet/order_amounts.parquet"],
    ids=["masked", "clear", "parquet"],
)
def test_readers_get_the_generation_before_a_damaged_one(two: Settings, name: str) -> None:
    flip(two.published_dir / "g000002" / name)
    (said,) = repair(two)
    assert said.startswith(f"generation g000002 is damaged on the disk ({name}): readers see g000001")
    assert (current_generation(two), read_current(two), is_shown_earlier(two)) == ("g000001", 1, "g000002")
    assert repair(two) == [], "once is enough"
    assert publish_amounts(two, "three", 3) == "g000003"
    assert (read_current(two), is_shown_earlier(two)) == (3, None)
    assert {each.generation: each.status for each in list_generations(two)} == {
        "g000001": "superseded",
        "g000002": "removed",
        "g000003": "current",
    }


def test_a_file_that_is_gone_is_damage(two: Settings) -> None:
    (two.published_dir / "g000002" / "in_clear.duckdb").unlink()
    assert "readers see g000001" in repair(two)[0]


def test_the_next_run_that_publishes_tells_of_it_once(two: Settings) -> None:
    flip(two.published_dir / "g000002" / "masked.duckdb")
    (said,) = repair(two)
    assert attention(two, "three") == (said,)
    assert attention(two, "three") == (said,), "the alert may be sent again for the same run"
    assert attention(two, "four") == ()


def test_a_generation_that_is_damaged_itself_is_not_what_readers_get(two: Settings) -> None:
    publish_amounts(two, "three", 3)
    for name in ("g000002", "g000003"):
        flip(two.published_dir / name / "masked.duckdb")
    assert "readers see g000001" in repair(two)[-1]
    assert read_current(two) == 1


def test_with_no_whole_generation_before_it_the_damaged_one_stays(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)
    flip(settings.published_dir / "g000001" / "parquet" / "order_amounts.parquet")
    (said,) = repair(settings)
    assert "there is no whole one before it" in said
    assert repair(settings) == [], "said once"
    assert read_current(settings) == 1


def test_a_rollback_after_a_fall_back_takes_back_both(two: Settings) -> None:
    publish_amounts(two, "three", 3)
    flip(two.published_dir / "g000003" / "masked.duckdb")
    repair(two)
    taken_back: list[str] = []
    assert roll_back(two, withdrawals=[lambda _, to: taken_back.append(to)]) == ("g000002", "g000001")
    assert taken_back == ["g000001"]
    assert {each.generation: each.status for each in list_generations(two)} == {
        "g000001": "current",
        "g000002": "withdrawn",
        "g000003": "withdrawn",
    }


def _begin_turn(settings: Settings, turn: int) -> None:
    with connect_state(settings) as con:
        con.execute("update verification_turns set turn = ?", [turn])


def test_earlier_generations_are_looked_at_within_thirty_turns(two: Settings) -> None:
    flip(two.published_dir / "g000001" / "masked.duckdb")
    assert verify_files(two) == ["g000001/masked.duckdb is not what was published"]
    found = [turn for turn in range(30) if damaged_files(two, "g000001", turn)]
    assert len(found) == 1
    _begin_turn(two, found[0] + 1)
    assert repair(two) == []
    _begin_turn(two, found[0] + 60)
    assert repair(two) == ["generation g000001 is damaged (masked.duckdb): nobody goes back to it"]
    assert read_current(two) == 2


@pytest.mark.parametrize("name", ["current", "current.duckdb", "current.contact.duckdb"])
def test_a_link_that_is_missing_comes_back(two: Settings, name: str) -> None:
    (two.published_dir / name).unlink()
    assert repair(two) == ["readers did not see generation g000002, which state calls current: now they do"]
    assert read_current(two) == 2
