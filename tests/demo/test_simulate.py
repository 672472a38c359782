"""What `simulate` promises about its files."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from cdp_assets.commands.demo import run_simulate
from cdp_assets.demo import SimulationProblem, SimulationReport, simulate
from cdp_assets.demo.baskets import CLOSES, OPENS
from cdp_assets.demo.chance import register_chance
from cdp_assets.demo.leads import FILE as UNREAD
from cdp_assets.demo.parameters import load_parameters
from cdp_assets.keys import DEMO_MARKER
from cdp_assets.landing import load_contracts
from cdp_assets.landing.inbox import scan_inbox
from cdp_assets.settings import Settings

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo")


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed_zone_and_locale(
    demo: SimulationReport, tmp_path: Path
) -> None:
    """In a process of its own."""
    again = tmp_path / "again"
    code = (
        "import sys; from pathlib import Path; from cdp_assets.demo import simulate; "
        "simulate(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), thin=3)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(demo.customers), str(demo.seed), str(again)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    )
    assert _hashes(again) == _hashes(demo.out)


def test_another_seed_gives_other_chances() -> None:
    drawn = set()
    for seed in (7, 8):
        with duckdb.connect() as con:
            register_chance(con, seed)
            drawn.add(con.execute("select u('any', 1)").fetchall()[0])
    assert len(drawn) == 2


def test_a_simulation_replaces_an_earlier_one_but_never_files_of_others(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "orders.csv").write_text("somebody's file", encoding="utf-8")
    with pytest.raises(SimulationProblem, match="did not write"):
        simulate(5, 1, tmp_path)
    assert (inbox / "orders.csv").read_text(encoding="utf-8") == "somebody's file"


def test_where_nothing_can_be_written_the_command_says_so_and_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run_simulate(customers=3, seed=1, out=tmp_path / "file") == 1
    assert "choose another --out" in capsys.readouterr().out


def test_more_than_the_disk_holds_is_refused_before_it_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    with pytest.raises(SimulationProblem, match=r"need about 0\.1 GB .*--one-basket-in"):
        simulate(1000, 1, tmp_path)


@pytest.mark.parametrize(("customers", "thin"), [(0, 1), (5, 0)])
def test_a_retailer_without_customers_or_baskets_is_refused(
    tmp_path: Path, customers: int, thin: int
) -> None:
    with pytest.raises(SimulationProblem, match="is 0"):
        simulate(customers, 1, tmp_path, thin=thin)


def test_the_inbox_carries_the_demo_marker(demo: SimulationReport) -> None:
    assert (demo.out / "inbox" / DEMO_MARKER).is_file()


def test_every_file_but_the_one_that_no_channel_reads_belongs_to_an_export_of_a_contract(
    demo: SimulationReport,
) -> None:
    settings = Settings(home=demo.out, inbox=demo.out / "inbox")
    scan = scan_inbox(settings, load_contracts(*settings.contract_dirs))
    assert [(f"{held.channel}/{held.file_name}", held.reason_code) for held in scan.held] == [
        (UNREAD, "unknown_channel")
    ]


def test_headers_are_the_real_ones(shared_dir: Path) -> None:
    real = json.loads((shared_dir / "formats" / "channel_headers.json").read_text(encoding="utf-8"))
    ours = load_parameters().headers
    for ours_name, real_name in {
        "shopify_orders": "shopify_orders_export",
        "shopify_customers": "shopify_customers_export",
        "square_items": "square_items",
        "square_transactions": "square_transactions",
        "youzan_orders": "youzan_orders",
        "youzan_customers": "youzan_customers",
        "mailchimp_subscribed": "mailchimp_members",
        "google_ads_campaigns": "google_ads_campaign",
        "amazon_orders": "amazon_all_orders_by_last_update",
        "taobao_orders": "taobao_tmall_order_list",
    }.items():
        assert ours[ours_name] == real[real_name]["header"], ours_name


def test_a_file_begins_with_its_header_and_every_row_has_as_many_cells(demo: SimulationReport) -> None:
    parameters = load_parameters()
    for name, export in {
        "shopify/orders_export_2017-05-31.csv": "shopify_orders",
        "square/items-2017-07-01-2017-08-01.csv": "square_items",
        "youzan/orders_2017-05-31.csv": "youzan_orders",
        "loyalty/members_2017-06-30.csv": "loyalty_members",
    }.items():
        with (demo.out / "inbox" / name).open(encoding="utf-8", newline="") as file:
            assert file.readline().rstrip("\n") == parameters.headers[export], name
            widths = {len(row) for row in csv.reader(file)}
        assert widths == {len(parameters.columns(export))}, name


def _text(demo: SimulationReport, name: str, encoding: str = "utf-8") -> str:
    return (demo.out / "inbox" / name).read_bytes().decode(encoding)


def test_headers_vary_over_the_year_as_the_real_ones_do(demo: SimulationReport) -> None:
    headers = load_parameters().headers
    items = headers["square_items"].split(",")
    widths = []
    for month in range(1, 13):
        after = f"{2017 + month // 12}-{month % 12 + 1:02d}"
        header = _text(demo, f"square/items-2017-{month:02d}-01-{after}-01.csv").split("\n")[0].split(",")
        assert header == items[: len(header)]
        widths.append(len(header))
    assert set(widths) == {24, 29, 32, 33, 35} and widths == sorted(widths)
    payments = _text(demo, "square/transactions-2017-01-01-2017-04-01.csv").split("\n")[0]
    assert ",Other Tender Note," in payments and ",Tender Note," not in payments
    contacts = _text(demo, "mailchimp/subscribed_members_export_2017-12-31.csv").split("\n")[0]
    assert ',"Last Name","Favorite Store",MEMBER_RATING,' in contacts and contacts.endswith(",TAGS")
    customers = _text(demo, "shopify/customers_export_2017-12-31.csv").split("\n")[0]
    assert customers.startswith("\ufeff" + headers["shopify_customers"] + ",")
    ads = _text(demo, "meta_ads/ads_report_2017-03-31.csv").split("\n")[0]
    assert f"{ads},Day" == headers["meta_ads_ads"]


def test_shopify_has_lines_that_end_and_break_in_every_way_and_names_of_every_kind(
    demo: SimulationReport,
) -> None:
    old, new = (_text(demo, f"shopify/orders_export_2017-{day}.csv") for day in ("01-31", "12-31"))
    assert "\r" not in old and new.count("\r\n") > 0.9 * new.count("\n")
    names = set()
    for path in sorted((demo.out / "inbox" / "shopify").glob("orders_export_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        names |= {row["Name"].rstrip("0123456789") for row in rows}
    assert names == {"", "#", "OM-", "P-"}
    assert "\nApt " in "".join(
        _text(demo, f"shopify/{path.name}")
        for path in (demo.out / "inbox" / "shopify").glob("orders_export_*.csv")
    )


def test_google_ads_comes_as_excel_csv_once(demo: SimulationReport) -> None:
    text = _text(demo, "google_ads/campaign_report_excel_2017-10-31.csv", "utf-16")
    _title, _dates, header, *rows = text.rstrip("\n").split("\n")
    assert header.split("\t") == load_parameters().columns("google_ads_campaigns")
    assert {row.count("\t") for row in rows} == {header.count("\t")}
    assert rows[-1].startswith("Total: Account\t--")


def test_tills_ring_while_the_store_is_open(demo: SimulationReport) -> None:
    hours = duckdb.sql(
        f"""
        select min(hour(time)), max(hour(time)), count(*) filter (where "Event Type" = 'Refund')
        from (select "Time"::time as time, "Event Type"
            from read_csv('{demo.out}/inbox/square/transactions-*.csv', all_varchar = true, union_by_name = true))
        """
    ).fetchall()[0]
    assert hours is not None
    assert hours[0] >= OPENS and hours[1] < CLOSES and hours[2] > 0


def test_shopify_repeats_order_cells_on_the_first_row_of_an_order_only(demo: SimulationReport) -> None:
    seen: set[str] = set()
    for path in sorted((demo.out / "inbox" / "shopify").glob("orders_export_*.csv")):
        in_file: set[str] = set()
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if not row["Name"].startswith("P-"):  # the register that numbers its orders anew
                    assert bool(row["Id"]) == (row["Name"] not in in_file)
                assert bool(row["Total"]) == bool(row["Id"])
                in_file.add(row["Name"])
        seen |= in_file
    assert len(seen) > 100


def test_a_refund_reported_late_brings_its_order_again_in_a_later_file(demo: SimulationReport) -> None:
    status: dict[str, list[str]] = {}
    for path in sorted((demo.out / "inbox" / "shopify").glob("orders_export_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["Id"]:
                    status.setdefault(row["Id"], []).append(row["Financial Status"])
    twice = [seen for seen in status.values() if len(seen) > 1]
    assert twice
    assert all(seen[0] == "paid" and seen[1] in {"refunded", "partially_refunded"} for seen in twice)


def test_events_name_an_account_only_once_somebody_logged_in(demo: SimulationReport) -> None:
    sessions: dict[str, set[str | None]] = {}
    for path in sorted((demo.out / "inbox" / "ga4").glob("*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            keys = {entry["key"]: entry["value"] for entry in event["event_params"]}
            session = f"{event['user_pseudo_id']}.{keys['ga_session_id']['int_value']}"
            sessions.setdefault(session, set()).add(event["user_id"])
            assert event["event_timestamp"].isdigit()
    logged_in = [len(users - {None}) for users in sessions.values() if users - {None}]
    assert max(logged_in) == 2  # somebody else of the home, now and then
    assert logged_in.count(2) < 0.05 * len(logged_in)
    assert 0.05 < len(logged_in) / len(sessions) < 0.9


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_persons(tmp_path: Path) -> None:
    """Two batches and a half, one basket in ten: the second batch fits beside the first, order numbers go on."""
    simulate(5_000, 7, tmp_path / "one", thin=10)
    one = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = simulate(12_000, 7, tmp_path / "more", thin=10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1.25 * one
    numbers = duckdb.sql(
        f"select count(*), count(distinct order_id) from '{report.out}/truth/orders.parquet' where channel = 'shopify'"
    ).fetchall()[0]
    assert numbers is not None
    assert numbers[0] == numbers[1] > 1_000


def test_one_register_has_nine_names_for_all_its_orders(demo: SimulationReport) -> None:
    ((named, ids),) = duckdb.sql(
        f"""
        select count(distinct "Name"), count(distinct "Id")
        from read_csv('{demo.out}/inbox/shopify/orders_export_*.csv', all_varchar = true, union_by_name = true)
        where "Name" like 'P-%'
        """
    ).fetchall()
    assert 0 < named <= min(9, ids)


def test_bad_rows_are_those_declared(demo: SimulationReport) -> None:
    declared = set(load_parameters().traps["bad_rows"])
    assert declared == {"square_items", "loyalty_members", "google_ads_campaigns"}
    text = (demo.out / "inbox" / "loyalty" / "members_2017-12-31.csv").read_text(encoding="utf-8")
    assert text.count("2017-02-31") == 1


def test_no_part_file_is_left(demo: SimulationReport) -> None:
    left = [path.name for path in (demo.out / "inbox").rglob("*") if path.name == ".part"]
    assert left == []
