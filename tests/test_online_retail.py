"""The real retailer: UCI Online Retail's control totals come out of the marts exactly."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.test_demo_end_to_end import Ran, onefold, query

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out = tmp_path_factory.mktemp("online_retail")
    shutil.copytree(shared_dir / "data" / "online_retail", out / "inbox" / "online_retail")
    return onefold(
        out,
        "run",
        "--home",
        str(out / "home"),
        "--inbox",
        str(out / "inbox"),
        ONEFOLD_REPORTING_CURRENCY="GBP",
    )


def test_the_control_totals_come_out_of_the_marts(ran: Ran) -> None:
    assert ran.code == 0, ran.text
    ((lines, invoices, revenue),) = query(
        ran.out / "home",
        "select count(*), count(distinct order_id), round(sum(quantity * unit_price), 2) from marts.order_lines",
    )
    assert (lines, invoices, revenue) == (541_909, 25_900, Decimal("9747747.93"))


def test_customers_and_anonymous_invoices_come_out_of_the_marts(ran: Ran) -> None:
    ((invoices, anonymous, customers),) = query(
        ran.out / "home",
        "select count(*), count(*) filter (where customer_id is null), count(distinct customer_id) from marts.orders",
    )
    assert (invoices, anonymous, customers) == (25_900, 3_710, 4_372)
    assert query(ran.out / "home", "select count(*) from marts.customers") == [(4_372,)]
