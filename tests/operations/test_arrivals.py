"""Arrivals: a drop is complete when nothing changed between two looks and every done-marker is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cdp_assets.landing.contract import ChannelContract, load_contract
from cdp_assets.operations.arrivals import Sighting, judge, look
from cdp_assets.settings import Settings
from tests.landing.builders import with_facts


@pytest.fixture
def contracts(settings: Settings) -> dict[str, ChannelContract]:
    return {"shopify": load_contract(settings.channels_dir / "shopify.yaml")}


def deliver(settings: Settings, name: str, content: str = "x") -> Path:
    path = settings.inbox_dir / "shopify" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def ticks(
    settings: Settings, contracts: dict[str, ChannelContract], sighting: Sighting
) -> tuple[bool, str, Sighting]:
    return judge(look(settings.inbox_dir, contracts), sighting)


def test_a_drop_runs_once_when_it_has_stood_still_between_two_looks(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    assert ticks(settings, contracts, Sighting())[:2] == (False, "nothing new in the inbox")
    path = deliver(settings, "orders_export_2017-01-01.csv")
    ready, why, seen = ticks(settings, contracts, Sighting())
    assert (ready, why) == (False, "1 files, still arriving")
    path.write_text("xx")
    ready, why, seen = ticks(settings, contracts, seen)
    assert (ready, why) == (False, "1 files, still arriving")
    ready, why, seen = ticks(settings, contracts, seen)
    assert (ready, why) == (True, "1 files, complete")
    assert ticks(settings, contracts, seen)[:2] == (False, "nothing new in the inbox")


def test_a_file_of_equal_size_that_is_still_written_is_seen_by_its_time(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    path = deliver(settings, "orders_export_2017-01-01.csv")
    *_, seen = ticks(settings, contracts, Sighting())
    os.utime(path, ns=(1, 1))
    assert ticks(settings, contracts, seen)[0] is False


def test_hidden_files_and_unknown_folders_start_no_run(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    deliver(settings, ".part")
    (settings.inbox_dir / "unknown").mkdir()
    (settings.inbox_dir / "unknown" / "a.csv").write_text("x")
    assert look(settings.inbox_dir, contracts).file_count == 0


def test_a_file_that_needs_a_done_marker_waits_for_it(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    contracts = {"shopify": with_facts(contracts["shopify"], done_marker=".done")}
    path = deliver(settings, "orders_export_2017-01-01.csv")
    *_, seen = ticks(settings, contracts, Sighting())
    ready, why, seen = ticks(settings, contracts, seen)
    assert (ready, why) == (False, "1 files wait for their done-marker: shopify/orders_export_2017-01-01.csv")
    path.with_name(path.name + ".done").touch()
    *_, seen = ticks(settings, contracts, seen)
    assert ticks(settings, contracts, seen)[0] is True
