"""The European Central Bank's reference rates land from either of its files: all days, or the newest one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cdp_assets.settings import Settings
from tests.landing.builders import deliver, held_reasons, land, landed, quarantined

# the headers are the bank's own, the rates are invented; each line ends in a comma, as in its files
ALL_DAYS = (
    "Date,USD,JPY,BGN,CYP,CZK,DKK,EEK,GBP,HUF,LTL,LVL,MTL,PLN,ROL,RON,SEK,SIT,SKK,CHF,ISK,NOK,HRK,RUB,TRL,TRY,AUD,BRL,CAD,CNY,"
    "HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR,\n"
    "2017-01-03,1.05,122.9,1.9558,N/A,27.021,7.4345,N/A,0.847,309.65,N/A,N/A,N/A,4.3755,N/A,4.4935,9.5375,N/A,N/A,1.0684,N/A,"
    "8.991,7.566,64.12,N/A,3.7215,1.4386,3.41,1.3993,7.23,8.06,13930.5,4.01,71.1,1250.1,21.6,4.68,1.5,51.6,1.51,37.2,14.2,\n"
    "2017-01-02,1.04,122.8,1.9558,N/A,27.021,7.4345,N/A,0.846,309.64,N/A,N/A,N/A,4.3754,N/A,4.4934,9.5374,N/A,N/A,1.0683,N/A,"
    "8.990,7.565,64.11,N/A,3.7214,1.4385,3.42,1.3992,7.22,8.05,13930.4,4.02,71.2,1250.2,21.7,4.69,1.6,51.7,1.52,37.3,14.3,\n"
)
NEWEST_DAY = "Date, USD, JPY, GBP, CNY, \n04 January 2017, 1.06, 123.0, 0.848, 7.24, \n"


def test_all_days_and_the_newest_day_land_by_one_contract(settings: Settings) -> None:
    deliver(settings, "ecb/eurofxref-hist.csv", ALL_DAYS)
    deliver(settings, "ecb/eurofxref.csv", NEWEST_DAY)
    assert held_reasons(land(settings)) == {}
    assert quarantined(settings, "ecb", "reference_rates") == []
    assert sorted(
        landed(
            settings,
            "ecb",
            "reference_rates",
            "rate_date, per_euro_usd, per_euro_cny, per_euro_cyp, per_euro_idr",
        )
    ) == [
        (date(2017, 1, 2), Decimal("1.04"), Decimal("7.22"), None, Decimal("13930.4")),
        (date(2017, 1, 3), Decimal("1.05"), Decimal("7.23"), None, Decimal("13930.5")),
        (date(2017, 1, 4), Decimal("1.06"), Decimal("7.24"), None, None),
    ]
