"""The default date of a run: where enough of the channels stand, whatever one odd row or a wrong clock says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cdp_assets.as_of import NoBusinessDate, latest_business_date
from cdp_assets.landing.contract import ChannelContract
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import contract_of, deliver, land

DAY = {"name": "day", "logicalType": "date", "required": True, "facts": {"formats": ["%Y-%m-%d"]}}
COLUMNS = (DAY, {"name": "n"})
START = date(2017, 1, 1)


def _deliver(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, **channels: list[date]
) -> dict[str, ChannelContract]:
    contracts: dict[str, ChannelContract] = {}
    for channel, days in channels.items():
        contracts |= contract_of({}, *COLUMNS, channel=channel)
        rows = "".join(f"{day.isoformat()},{number}\n" for number, day in enumerate(days))
        deliver(settings, f"{channel}/a.csv", "day,n\n" + rows)
    monkeypatch.setattr("cdp_assets.as_of.load_contracts", lambda *_: contracts)
    assert land(settings, contracts).held == []
    return contracts


def _days(count: int, rows: int = 10) -> list[date]:
    return [START + timedelta(days=day) for day in range(count) for _ in range(rows)]


def test_one_row_from_the_future_moves_no_date(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _deliver(settings, monkeypatch, shop=[*_days(10), date(2107, 1, 1)])
    assert latest_business_date(settings) == date(2017, 1, 10)


def test_one_odd_row_of_a_single_channel_moves_no_date(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deliver(settings, monkeypatch, shop=[*_days(10), date(2018, 6, 1)])
    assert latest_business_date(settings) == date(2017, 1, 10)
    assert latest_business_date(settings.model_copy(update={"as_of_day_share": 0.0})) == date(2018, 6, 1)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 8), (0.25, 9), (1.0, 3)])
def test_the_date_is_where_a_share_of_the_channels_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, share: float, expected: int
) -> None:
    _deliver(settings, monkeypatch, a=_days(9), b=_days(8), c=_days(5), d=_days(3))
    settings = settings.model_copy(update={"as_of_channel_share": share})
    assert latest_business_date(settings) == date(2017, 1, expected)


def test_a_channel_that_no_longer_delivers_has_no_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deliver(settings, monkeypatch, a=_days(9), b=_days(2), c=_days(3))
    with connect_state(settings) as con:
        con.execute("update loads set landed_at = landed_at - interval 40 day where channel <> 'a'")
    assert latest_business_date(settings) == date(2017, 1, 9)


def test_without_any_day_up_to_the_delivery_the_clock_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deliver(settings, monkeypatch, shop=[datetime.now(UTC).date() + timedelta(days=30)])
    with pytest.raises(NoBusinessDate, match="clock"):
        latest_business_date(settings)


def test_an_empty_home_has_no_date(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoBusinessDate):
        latest_business_date(settings)
