"""A bit that flips on the disk is seen before anything is built on it, and mended where the original is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.stored import LandingDamaged, verify_landing
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import contract_of, deliver, land, landed, query_state

CONTRACTS = contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer"})


@pytest.fixture
def stored(settings: Settings) -> Path:
    """The landed file of three rows, and its home's `settings`."""
    deliver(settings, "shop/a.csv", "id,n\n1,1\n2,2\n3,3\n")
    land(settings, CONTRACTS)
    (path,) = (settings.landing_dir / "shop" / "sales").glob("[!_]*.parquet")
    return path


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("at", [10, -100, -1])
def test_a_flipped_bit_in_a_landed_file_is_found_and_mended_by_the_next_run(
    settings: Settings, stored: Path, at: int
) -> None:
    flip(stored, at)
    assert verify_landing(settings) == ["shop/a.csv: its landed file is not what was written"]
    assert land(settings, CONTRACTS).exports[0].files_mended == 1
    assert verify_landing(settings) == []
    assert landed(settings, "shop", "sales", "id, n") == [("1", 1), ("2", 2), ("3", 3)]
    assert land(settings, CONTRACTS).exports[0].files_mended == 0


def test_a_landed_file_that_is_gone_lands_again(settings: Settings, stored: Path) -> None:
    stored.unlink()
    assert verify_landing(settings) == ["shop/a.csv: its landed file is missing"]
    assert land(settings, CONTRACTS).exports[0].files_mended == 1
    assert stored.exists()


def test_with_a_damaged_original_the_run_stops_and_names_the_backup(settings: Settings, stored: Path) -> None:
    (original,) = settings.originals_dir.glob("*/*")
    flip(original, 0)
    assert verify_landing(settings) == ["shop/a.csv: its original is not what was delivered"]
    assert in_thirty_runs(settings) == [(0, ["shop/a.csv: its original is not what was delivered"])]
    flip(stored, 10)
    with pytest.raises(LandingDamaged, match="onefold restore"):
        land(settings, CONTRACTS)


def test_a_load_from_before_hashes_were_kept_gets_its_hash(settings: Settings, stored: Path) -> None:
    before = query_state(settings, "select parquet_sha256 from loads")
    with connect_state(settings) as con:
        con.execute("update loads set parquet_sha256 = null")
    land(settings, CONTRACTS)
    assert query_state(settings, "select parquet_sha256 from loads") == before


def test_an_original_lies_where_homes_of_every_version_have_it(settings: Settings, stored: Path) -> None:
    (original,) = (path for path in settings.originals_dir.rglob("*") if path.is_file())
    ((sha256,),) = query_state(settings, "select delivered_sha256 from loads")
    assert original == settings.originals_dir / sha256[:2] / sha256


def in_thirty_runs(
    settings: Settings, contracts: dict[str, ChannelContract] = CONTRACTS
) -> list[tuple[int, list[str]]]:
    """What thirty nights without new files mended and could not mend, where there was anything."""
    reports = [land(settings, contracts).exports[0] for _ in range(30)]
    return [(each.files_mended, each.files_lost) for each in reports if each.files_mended or each.files_lost]


def test_quarantined_rows_are_looked_at_within_thirty_runs_and_mended(settings: Settings) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(20))
    deliver(settings, "shop/a.csv", f"id,n\n{rows}21,x\n")
    land(settings, CONTRACTS)
    (path,) = settings.quarantine_dir.rglob("*.parquet")
    for harm, said in ((lambda: flip(path, 40), "not what was written"), (path.unlink, "missing")):
        harm()
        assert verify_landing(settings) == [f"shop/a.csv: its quarantined rows are {said}"]
        assert in_thirty_runs(settings) == [(1, [])]
        assert verify_landing(settings) == []


def test_a_load_that_was_replaced_is_looked_at_in_turn(settings: Settings) -> None:
    contracts = contract_of(
        {"replaces": "file_name"}, {"name": "id"}, {"name": "n", "logicalType": "integer"}
    )
    deliver(settings, "shop/a.csv", "id,n\n1,1\n2,2\n3,3\n")
    land(settings, contracts)
    (replaced,) = (settings.landing_dir / "shop" / "sales").glob("[!_]*.parquet")
    deliver(settings, "shop/a.csv", "id,n\n1,1\n2,2\n3,4\n")
    land(settings, contracts)
    flip(replaced, 10)
    assert in_thirty_runs(settings, contracts) == [(1, [])]
    assert verify_landing(settings) == []


def test_an_original_that_is_gone_is_told_of_unless_its_retention_ended(
    settings: Settings, stored: Path
) -> None:
    (original,) = settings.originals_dir.glob("*/*")
    original.unlink()
    assert verify_landing(settings) == ["shop/a.csv: its original is missing"]
    assert in_thirty_runs(settings) == [(0, ["shop/a.csv: its original is missing"])]
    with connect_state(settings) as con:
        con.execute("update loads set original_removed_at = now()::timestamp")
    assert verify_landing(settings) == []
