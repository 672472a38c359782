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
WANTED = ["+consent_summary", "+contact_permissions", "+customer_consents", "+customer_contacts"]
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
        if retailer.people:
            con.executemany("insert into people values (?, ?)", list(retailer.people.items()))
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


# --- what the sources deliver, from the file to the permission: who may be written to, by which address


def snapshots(
    retailer: SmallRetailer, channel: str, export: str, *files: tuple[str, list[dict[str, object]]]
) -> None:
    """Snapshots of an export, one per period, the last of them in force."""
    for place, (period, rows) in enumerate(files, start=1):
        retailer.deliver(channel, export, rows)
        with connect_state(retailer.settings) as con:
            con.execute(
                "update loads set period = ?, version_order = ?, is_current = ? where channel = ? and export = ? and period is null",
                [period, f"{place:06d}", place == len(files), channel, export],
            )


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """(customer, purpose) -> (contact type, status, allowed) of every contact that has an answer."""
    retailer = SmallRetailer.open(tmp_path_factory.mktemp("answers") / "home", SECOND)
    retailer.parse()
    people = ["went", "came", "never", "stayed", "pending", "listed"]
    retailer.people = {
        f"{channel}:{who}": who for who in people for channel in ("shopify", "mailchimp", "loyalty")
    }

    def account(who: str, email: bool | None, sms: bool | None = None) -> dict[str, object]:
        return {
            "customer_id": who, "email": f"{who}@x.test", "accepts_email_marketing": email, "accepts_sms_marketing": sms, "phone": "+12125550199",
        }  # fmt: skip

    snapshots(
        retailer, "shopify", "customers",
        ("20170331", [account("went", True, True), account("came", False), account("never", False), account("stayed", True)]),
        ("20170630", [account("went", False, True), account("came", True), account("never", False), account("stayed", True)]),
        ("20170705", [account("went", False, True), account("came", True), account("never", False), account("stayed", True)]),
    )  # fmt: skip

    def letters(who: str, confirmed: str | None, **cells: object) -> dict[str, object]:
        at = None if confirmed is None else datetime.fromisoformat(confirmed)
        return {"euid": who, "email_address": f"{who}@x.test", "opted_in_at": datetime(2017, 2, 1), "confirmed_at": at, "_part": "subscribed", **cells}  # fmt: skip

    retailer.deliver("mailchimp", "members", [
        letters("went", "2017-02-01 10:00:00"),
        letters("came", "2017-02-01 10:00:00", unsubscribed_at=datetime(2017, 3, 1), _part="unsubscribed"),
        letters("never", "2017-02-01 10:00:00"),
        letters("stayed", "2017-02-01 10:00:00", unsubscribed_at=datetime(2017, 3, 1), _part="unsubscribed"),
        letters("pending", None),
    ])  # fmt: skip

    def member(said: bool, profiled: bool = True) -> dict[str, object]:
        return {
            "member_id": "listed", "email": "listed@x.test", "full_name": "listed", "joined_at": datetime(2016, 5, 1),
            "marketing_consent": said, "profiling_consent": profiled,
        }  # fmt: skip

    snapshots(
        retailer, "loyalty", "members", ("20170331", [member(True)]), ("20170630", [member(False, False)])
    )
    retailer.deliver("loyalty", "consents", [
        _answer("listed", "marketing", "opt_in", "2017-04-05 10:00:00", contact="listed@x.test"),
        # a kind that nobody knows: a yes to it is no yes to anything, a no is meant for the person
        _answer("listed", "ads", "opt_in", "2017-07-05 10:00:00", contact_kind="pager"),
        _answer("listed", "partners", "opt_in", "2017-07-05 10:00:00"),
        _answer("listed", "partners", "opt_out", "2017-07-06 10:00:00", contact_kind="pager"),
        _answer("listed", "analytics", "opt_in", "2017-07-05 10:00:00", contact_kind="person"),
    ])  # fmt: skip
    _run(retailer)
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for customer, purpose, *rest in retailer.query(
        """
        select permissions.customer_id, purpose, contact_type, status, is_allowed
        from marts.contact_permissions as permissions
        inner join profile.customer_contacts as contacts using (customer_id, contact_id)
        order by all
        """
    ):
        found.setdefault((customer, purpose), []).append(tuple(rest))
    return found


Answers = dict[tuple[str, str], list[tuple[object, ...]]]


def test_a_shop_that_takes_its_yes_back_takes_back_an_older_grant_of_another_channel(
    answered: Answers,
) -> None:
    assert answered["went", "marketing"] == [("email", "withdrawn", False), ("phone", "granted", True)]


def test_a_yes_after_a_no_is_newer_than_an_older_unsubscribing(answered: Answers) -> None:
    assert answered["came", "marketing"][0] == ("email", "granted", True)


def test_a_no_that_never_was_a_yes_takes_nothing_back(answered: Answers) -> None:
    assert answered["never", "marketing"][0] == ("email", "granted", True)


def test_a_yes_of_unknown_date_is_older_than_an_unsubscribing(answered: Answers) -> None:
    assert answered["stayed", "marketing"][0] == ("email", "withdrawn", False)


def test_who_has_not_confirmed_a_subscription_has_granted_nothing(answered: Answers) -> None:
    assert ("pending", "marketing") not in answered


def test_a_form_that_says_no_in_a_later_file_is_newer_than_what_was_said_between(answered: Answers) -> None:
    assert answered["listed", "marketing"] == [("email", "withdrawn", False)]


def test_a_kind_of_contact_that_nobody_knows_opens_nothing_and_closes_all(answered: Answers) -> None:
    assert ("listed", "ads_matching") not in answered
    assert answered["listed", "sharing"] == [("email", "granted", False)]
    assert answered["listed", "measurement"] == [("email", "granted", True)]
