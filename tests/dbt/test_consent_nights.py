"""Consent over two nights: a withdrawal changes the flag on the next run, and the past stays as it was known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from small_retailer import IDENTITY_INPUTS, IDENTITY_TABLES, SmallRetailer, failures

from cdp_assets.identity import IdentityContext, decode_signals
from cdp_assets.state import connect_state

pytestmark = pytest.mark.integration
WANTED = ["+consent_summary", "+contact_permissions", "+customer_consents"]
FIRST, SECOND = date(2017, 6, 30), date(2017, 7, 31)


def _answer(member: str, purpose: str, choice: str, at: str, **cells: object) -> dict[str, object]:
    return {
        "consent_id": f"{member}{purpose}{at}", "member_id": member, "contact_kind": "email", "purpose": purpose,
        "choice": choice, "recorded_at": datetime.fromisoformat(at), **cells,
    }  # fmt: skip


def _run(retailer: SmallRetailer) -> None:
    inputs = [f"+{name}" for name in IDENTITY_INPUTS]
    assert not failures(retailer.dbt("seed"))
    assert not failures(retailer.dbt("run", "--select", *inputs))
    with retailer.warehouse() as con:
        con.execute("create or replace temp table people (record_name text, person text)")
        con.execute(IDENTITY_TABLES)
        decode_signals(con, IdentityContext(key=b"test-key", as_of_date=retailer.as_of_date))
    assert not failures(retailer.dbt("run", "--select", *WANTED, "--exclude", *inputs))


def _publish(retailer: SmallRetailer) -> None:
    """Keep the history as publication does."""
    with connect_state(retailer.settings) as con:
        con.execute(f"attach '{retailer.settings.warehouse_path}' as warehouse (read_only)")
        con.execute(
            "insert into consent_statements_by_date by name from warehouse.history.consent_statements_by_date"
        )


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallRetailer, list[tuple[object, ...]]]:
    """The retailer after its second night, and what the first night published of who may be reached."""
    home: Path = tmp_path_factory.mktemp("consent") / "home"
    first = SmallRetailer.open(home, FIRST)
    first.parse()
    members = [{"member_id": each, "email": f"{each}@x.test", "full_name": each} for each in ("m1", "m2")]
    first.deliver("loyalty", "members", members)
    first.deliver(
        "loyalty",
        "consents",
        [
            _answer("m1", "ads", "opt_in", "2017-01-05 10:00:00"),
            _answer("m2", "ads", "opt_in", "2017-01-05 10:00:00", contact="M2@x.test"),
            _answer("m2", "raffle", "opt_in", "2017-01-05 10:00:00"),
            _answer("m2", "partners", "perhaps", "2017-01-05 10:00:00"),
            _answer("m2", "analytics", "opt_in", "2017-01-05 10:00:00", contact="gone@x.test"),
        ],
    )
    _run(first)
    allowed = first.query(
        "select customer_id, is_ads_matching_allowed, is_marketing_allowed from profile.customer_consents order by 1"
    )
    _publish(first)
    second = replace(first, as_of_date=SECOND)
    second.deliver("loyalty", "consents", [_answer("m1", "ads", "withdraw", "2017-07-02 10:00:00")])
    _run(second)
    return second, allowed


def test_a_grant_of_ads_matching_is_none_of_marketing(
    nights: tuple[SmallRetailer, list[tuple[object, ...]]],
) -> None:
    assert nights[1] == [("loyalty:m1", True, False), ("loyalty:m2", True, False)]


def test_a_withdrawal_changes_the_flag_on_the_next_run(
    nights: tuple[SmallRetailer, list[tuple[object, ...]]],
) -> None:
    assert nights[0].query(
        "select customer_id, is_ads_matching_allowed from profile.customer_consents order by 1"
    ) == [("loyalty:m1", False), ("loyalty:m2", True)]


def test_consent_as_of_a_past_day_is_what_stood_then(
    nights: tuple[SmallRetailer, list[tuple[object, ...]]],
) -> None:
    as_of = (
        "select customer_id, status from marts.consents where purpose = 'ads_matching' and known_from_date <= "
        f"date '{FIRST}' and coalesce(known_until_date > date '{FIRST}', true) order by all"
    )
    assert nights[0].query(as_of) == [("loyalty:m1", "granted"), ("loyalty:m2", "granted")]


def test_odd_words_purposes_and_addresses_are_counted_and_open_nothing(
    nights: tuple[SmallRetailer, list[tuple[object, ...]]],
) -> None:
    counted = nights[0].query("select purpose, status, statement_count from marts.consent_summary")
    assert {("unrecognised", "granted", 1), ("sharing", "unknown", 1), ("measurement", "granted", 1)} <= {
        tuple(row) for row in counted
    }
    assert nights[0].query(
        "select purpose, unmatched_count from marts.consent_summary where unmatched_count > 0 order by 1"
    ) == [("measurement", 1)]
    (row,) = nights[0].query(
        "select is_sharing_allowed, is_measurement_allowed from profile.customer_consents where customer_id = 'loyalty:m2'"
    )
    assert row == (False, False)


def test_state_keeps_no_address(nights: tuple[SmallRetailer, list[tuple[object, ...]]]) -> None:
    with connect_state(nights[0].settings, read_only=True) as con:
        (kept,) = con.execute(
            "select count(*) filter (where consent_statements_by_date::varchar like '%@%') from consent_statements_by_date"
        ).fetchall()
    assert kept == (0,)
