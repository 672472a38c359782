"""Charts by week hold whole weeks only: a week that is cut would seem a fall."""

from __future__ import annotations

import duckdb
import pytest

from cdp_assets.settings import Settings
from cdp_assets.web.published import newest_published
from cdp_assets.web.queries import attribution
from tests.web.conftest import Reader

DAYS = "from range(date '2026-01-01', date '2026-02-11', interval 1 day) as days(day)"  # from a Thursday to a Tuesday


@pytest.fixture
def daily(published: Settings) -> Settings:
    """A home in which every day cost one."""
    path = (published.published_dir / "current" / "marts.duckdb").resolve()
    path.chmod(0o600)
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"""
            use marts.marts;
            delete from dates;
            insert into dates by name select cast(day as date) as date_day {DAYS};
            delete from attribution_spend_reconciliation;
            insert into attribution_spend_reconciliation by name
            select cast(day as date) as business_date, 'linear' as attribution_model, 'paid_search' as marketing_channel,
                'both' as reconciliation, 1 as spend, 2 as gross_revenue, 0 as conversions {DAYS}
            """
        )
    return published


@pytest.mark.parametrize(
    ("months", "weeks"),
    [
        (None, ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02"]),
        (["2026-01"], ["2026-01-05", "2026-01-12", "2026-01-19"]),
        (["2026-02"], ["2026-02-02"]),
    ],
)
def test_spend_by_week_holds_the_whole_weeks_of_the_period(
    daily: Settings, months: list[str] | None, weeks: list[str]
) -> None:
    shown = newest_published(daily)
    assert shown is not None
    found = attribution.reconciliation(shown, "linear", months)
    assert [f"{week:%Y-%m-%d}" for week in found["week_start"]] == weeks
    assert set(found["spend"]) == {7.0}


def test_the_page_shows_them(daily: Settings) -> None:
    shown = Reader(daily).get("/attribution/spend")
    assert shown.status_code == 200 and "Whole weeks of the period only" in shown.text
