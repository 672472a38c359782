"""A load that breaks its channel's models waits whole; what was in force before stays so."""

from __future__ import annotations

import pytest

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.delivery_checks import accept, newly_held
from cdp_assets.landing.parked import Delivered, admit, newly_delivered, park, try_without
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import contract_of, deliver, held_reasons, land, landed, query_state

SALES = {("shop", "sales")}


@pytest.fixture
def contracts() -> dict[str, ChannelContract]:
    return contract_of({"replaces": "period", "filePattern": r"(?P<period>\d+)\.csv"}, {"name": "id"})


def publish(settings: Settings) -> None:
    with connect_state(settings) as con:
        con.execute("update generations set status = 'superseded'")
        con.execute(
            "insert into generations by name select 'g' || uuid() as generation, 'run' as run_id, date '2017-01-31' as as_of_date, "
            "'current' as status, now()::timestamp as created_at"
        )


def in_force(settings: Settings) -> list[str]:
    return sorted({row[0] for row in landed(settings, "shop", "sales", "id")})


def second_delivery(settings: Settings, contracts: dict[str, ChannelContract]) -> Delivered:
    """A month's file that was published, and its redelivery that was not."""
    deliver(settings, "shop/201701.csv", "id\na\n")
    land(settings, contracts)
    publish(settings)
    deliver(settings, "shop/201701.csv", "id\nb\n")
    land(settings, contracts, "second")
    (new,) = newly_delivered(settings, SALES)
    return new


def test_new_is_what_came_after_the_generation_that_readers_see(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    new = second_delivery(settings, contracts)
    assert (new.sequence, new.file_name) == (2, "201701.csv")
    publish(settings)
    assert newly_delivered(settings, SALES) == []
    assert newly_delivered(settings, {("other", "sales")}) == []


def test_before_the_first_generation_all_is_new(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    deliver(settings, "shop/201701.csv", "id\na\n")
    land(settings, contracts)
    assert [each.sequence for each in newly_delivered(settings, SALES)] == [1]


def test_a_parked_load_waits_and_the_one_before_stays_in_force(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    new = second_delivery(settings, contracts)
    assert in_force(settings) == ["b"]
    try_without(settings, contracts, [new], SALES)
    assert in_force(settings) == ["a"]
    park(settings, {new: "stg_shop__orders fails on it"}, "second")
    assert newly_held(settings, "second") == ["shop/201701.csv: stg_shop__orders fails on it"]
    assert query_state(settings, "select file_name, reason_code, detail from held_files") == [
        ("201701.csv", "breaks_models", "stg_shop__orders fails on it")
    ]
    report = land(settings, contracts, "third")  # night after night, without a word from anybody
    assert in_force(settings) == ["a"]
    assert held_reasons(report) == {"201701.csv": "breaks_models"}
    assert newly_held(settings, "third") == []
    assert "models/staging/shop" in query_state(settings, "select remedy from held_files")[0][0]
    assert newly_delivered(settings, SALES) == []  # it does not count


def test_an_accepted_one_counts_again_and_can_be_parked_again(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    new = second_delivery(settings, contracts)
    park(settings, {new: "breaks"}, "second")
    publish(settings)
    accept(settings, "shop/201701.csv", "the model is mended")
    land(settings, contracts, "third")
    assert in_force(settings) == ["b"]
    assert query_state(settings, "select * from held_files") == []
    assert newly_delivered(settings, SALES) == [new]  # no generation was built with it
    park(settings, {new: "breaks still"}, "third")
    land(settings, contracts, "fourth")
    assert in_force(settings) == ["a"]


def test_what_was_parked_in_vain_counts_again(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    new = second_delivery(settings, contracts)
    park(settings, {new: "breaks"}, "second")
    with connect_state(settings) as con:
        for changed in ("'till' as channel", "'201702.csv' as file_name"):
            con.execute(
                f"insert into held_files select * replace ({changed}) from held_files where file_name = '201701.csv' and channel = 'shop'"
            )
        others = set(
            con.execute("from held_files where (channel, file_name) <> ('shop', '201701.csv')").fetchall()
        )
    assert len(others) == 2
    admit(settings, [new], reason="without it the build failed as well", run_id="second")
    assert set(query_state(settings, "from held_files")) == others, "only what names this delivery goes"
    land(settings, contracts, "third")
    assert in_force(settings) == ["b"]
    assert newly_held(settings, "second") == []


def test_a_file_that_comes_again_mended_takes_its_place(
    settings: Settings, contracts: dict[str, ChannelContract]
) -> None:
    new = second_delivery(settings, contracts)
    park(settings, {new: "breaks"}, "second")
    deliver(settings, "shop/201701.csv", "id\nc\n")
    report = land(settings, contracts, "third")
    assert in_force(settings) == ["c"]
    assert held_reasons(report) == {}
