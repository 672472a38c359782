"""A further channel comes from its file alone: a draft that runs, and a list of what is left to decide."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from time import process_time

import pytest

from cdp_assets.drafting.draft import draft_channel
from cdp_assets.landing import ContractProblem, load_contracts
from cdp_assets.landing.check import check_channel
from cdp_assets.landing.downstream import wiring_problems, write_sources
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.replay import replay_quarantine
from cdp_assets.landing.sources import render_sources, sources_path
from cdp_assets.settings import PROJECT_DIR, Settings
from tests.landing.builders import deliver, land, landed, quarantined, unhurried, with_facts

TILL = (
    "Receipt #;Date;Customer ID;E-Mail;SKU;Product;Qty;Unit Price;Discount\n"
    "R-1;01.03.2024 09:12;C001;anna@example.de;00123;Tee grün;2;1.204,50 €;0,00 €\n"
    "R-1;01.03.2024 09:12;C001;anna@example.de;00124;Kaffee;1;4,50 €;0,50 €\n"
    "R-2;15.03.2024 10:00;;;00123;Tee grün;1;12,00 €;0,00 €\n"
)
ADS = (
    "Some Ads Report\nAccount 1\n\nDate,Campaign name,Cost,Impressions,Currency\n"
    '2024-03-01,Spring,12.50,"1,200",USD\n2024-03-02,Spring,--,900,USD\nTotal,,12.50,"2,100",\n'
)
MEMBERS = (
    "会员号,姓名,手机,生日,积分\n0001,李雷,13912345678,1990-01-02,100\n0002,韩梅梅,13812345678,1991-03-04,\n"
)
EVENTS = '{"id":"e1","ts":"2024-03-01T10:00:00Z","visitorId":"v","utm":{"source":"google"}}\n'


@pytest.mark.parametrize(
    ("name", "file_name", "content", "shapes", "rows"),
    [
        (
            "till",
            "sales_2024-03-31.csv",
            TILL.encode("cp1252"),
            {"orders", "order_lines", "customers", "products"},
            3,
        ),
        ("some_ads", "report_2024-03-02.csv", ADS.encode(), {"spend"}, 2),
        ("members_cn", "会员_20240301.csv", MEMBERS.encode("gb18030"), {"customers"}, 2),
        ("web", "calls.ndjson", EVENTS.encode(), {"touchpoints"}, 1),
    ],
)
def test_a_draft_lands_its_own_sample_whole(
    settings: Settings,
    rooms: tuple[Path, Path],
    tmp_path: Path,
    name: str,
    file_name: str,
    content: bytes,
    shapes: set[str],
    rows: int,
) -> None:
    sample = tmp_path / file_name
    sample.write_bytes(content)
    draft = draft_channel(settings, name, [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    assert set(draft.shapes) == shapes
    assert draft.open_questions
    check = check_channel(settings, name, [sample], channels_dir=rooms[0])
    assert check.is_clean
    assert [file.result.landed for file in check.files] == [rows]
    deliver(settings, f"{name}/{file_name}", content)
    report = land(settings, unhurried(load_contracts(rooms[0])))
    assert (report.held, report.exports[0].landed_rows) == ([], rows)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_sample_of_two_bytes_a_character_without_its_mark_is_not_drafted(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path, encoding: str
) -> None:
    sample = tmp_path / "sales_2024-03-31.csv"
    sample.write_bytes(TILL.encode(encoding))
    with pytest.raises(FileHeld, match="UTF-16"):
        draft_channel(settings, "till", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])


def test_a_draft_declares_marks_types_and_ids(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    sample = tmp_path / "sales_2024-03-31.csv"
    sample.write_bytes(TILL.encode("cp1252"))
    draft_channel(settings, "till", [sample], export="sales", channels_dir=rooms[0], dbt_project_dir=rooms[1])
    export = load_contracts(rooms[0])["till"].export("sales")
    assert (export.facts.encoding, export.facts.delimiter, export.facts.decimal_mark) == ("cp1252", ";", ",")
    assert export.primary_key == ["receipt_number"]
    assert export.column("sku").logical_type == "string"
    assert export.column("unit_price").sql_type == "decimal(18, 6)"
    assert export.column("e_mail").classification == "core"
    deliver(settings, "till/sales_2024-03-31.csv", sample.read_bytes())
    land(settings, unhurried(load_contracts(rooms[0])))
    assert landed(settings, "till", "sales", "unit_price")[0] == (Decimal("1204.5"),)


def test_a_draft_never_overwrites_a_contract(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    sample = tmp_path / "a.csv"
    sample.write_text("id,name\n1,x\n2,y\n")
    draft_channel(settings, "mine", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    with pytest.raises(ContractProblem, match="exists already"):
        draft_channel(settings, "mine", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    with pytest.raises(ContractProblem, match="no channel name"):
        draft_channel(settings, "../evil", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])


def test_check_writes_nothing_and_says_why_a_row_would_not_land(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    sample = tmp_path / "sales_2024-03-31.csv"
    sample.write_bytes(TILL.encode("cp1252"))
    draft_channel(settings, "till", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    before = sorted(settings.home.rglob("*"))
    sample.write_bytes(TILL.replace("15.03.2024", "35.03.2024").encode("cp1252"))
    check = check_channel(settings, "till", [sample], channels_dir=rooms[0])
    assert not check.is_clean
    reason = check.files[0].result.reasons[0]
    assert (reason.reason_code, reason.column_name, reason.rows, reason.first_line) == (
        "not_a_time",
        "date",
        1,
        4,
    )
    assert sorted(settings.home.rglob("*")) == before


def test_replay_lands_quarantined_rows_once_after_the_contract_is_mended(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    sample = tmp_path / "a.csv"
    sample.write_text("number,day\n1,2024-03-01\n2,2024-03-02\n")
    draft_channel(settings, "mine", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    deliver(settings, "mine/a.csv", "number,day\n1,2024-03-01\n2,3 March 2024\n")
    contracts = unhurried(load_contracts(rooms[0]))
    land(settings, contracts)
    assert [row[:2] for row in quarantined(settings, "mine", "a")] == [(3, "not_a_date")]
    contracts["mine"].exports[0].column("day").facts.formats.append("%d %B %Y")
    for _ in range(2):
        report = replay_quarantine(settings, "mine", "replay", contract=contracts["mine"])
        assert len(landed(settings, "mine", "a")) == 2
        assert quarantined(settings, "mine", "a") == []
    assert (report.loads, report.lost_originals) == (0, [])
    assert land(settings, contracts).exports[0].files_known == 1


def test_the_committed_dbt_sources_are_what_the_contracts_render() -> None:
    contracts = load_contracts(PROJECT_DIR / "cdp_assets" / "channels")
    stale = [
        name
        for name, contract in contracts.items()
        if (PROJECT_DIR / "dbt_project" / sources_path(name)).read_text() != render_sources(contract)
    ]
    assert stale == []


def test_the_wiring_of_a_channel_is_checked(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    sample = tmp_path / "a_2024-03-02.csv"
    sample.write_text("Order No,Date,Price\n1,2024-03-01,1.50\n2,2024-03-02,2.50\n")
    draft_channel(settings, "new", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    project = rooms[1] / "dbt_project.yml"
    contract = load_contracts(rooms[0])["new"]
    problems = wiring_problems(rooms[1], contract)
    assert [each.split(" ")[0] for each in problems] == ["stg_new__order_lines", "stg_new__orders"]
    wired = project.read_text()
    for shape in ("orders", "order_lines", "links"):
        wired = wired.replace(f"    {shape}: [", f"    {shape}: [new, ")
    project.write_text(wired)
    assert ["there is no stg_new__links.sql" in each for each in wiring_problems(rooms[1], contract)] == [
        True
    ]
    project.write_text(project.read_text().replace("links: [new, ", "ordres: [new]\n    links: ["))
    assert ["ordres, which is no shared shape" in each for each in wiring_problems(rooms[1], contract)] == [
        False,
        True,
    ]
    project.write_text(project.read_text().replace("ordres: [new]\n    ", ""))
    assert wiring_problems(rooms[1], contract) == []
    contract = with_facts(contract, delivery="snapshot")
    assert ["onefold channel sources new" in each for each in wiring_problems(rooms[1], contract)] == [True]
    write_sources(rooms[1], contract)
    assert wiring_problems(rooms[1], contract) == []


def test_one_more_language_is_one_file(settings: Settings, rooms: tuple[Path, Path], tmp_path: Path) -> None:
    words = tmp_path / "languages"
    words.mkdir()
    (words / "estonian.yaml").write_text(
        "locale: et\nletters: äöüõ\nheaders:\n  order_id: tellimusenumber\n  ordered_at: tellimuskuupäev\n  order_status: olek\n"
        "  product_name: toode\n  quantity: kogus\n  unit_price: hind\n  email: e-post\n"
        "statuses:\n  completed: täidetud\n  cancelled: tühistatud\nwords:\n  affirmed: jah\n  negated: ei\n"
    )
    sample = tmp_path / "tellimused_2026-05-31.csv"
    sample.write_text(
        "Tellimusenumber;Tellimuskuupäev;Olek;Toode;Kogus;Hind;E-post\n"
        "1;2. juuni 2026;Täidetud;Kruus;2;5,50;a@x.ee\n2;30. juuni 2026;Tühistatud;Särk;1;1 009,00;b@x.ee\n"
    )
    known = draft_channel(
        settings, "eesti", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1], languages=[words]
    )
    assert set(known.shapes) == {"orders", "order_lines", "customers"}
    orders = (rooms[1] / "models/staging/eesti/stg_eesti__orders.sql").read_text()
    assert "when 'Tühistatud' then 'cancelled'" in orders and "sum(kogus * hind)" in orders
    assert check_channel(settings, "eesti", [sample], channels_dir=rooms[0]).is_clean
    unknown = draft_channel(settings, "muu", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    assert unknown.shapes == ["customers"]  # by the values of their e-mail, nothing else


def test_a_draft_takes_under_two_processor_seconds(
    settings: Settings, rooms: tuple[Path, Path], tmp_path: Path
) -> None:
    rows = (
        f"{n};2026-05-{n % 28 + 1:02} 10:00:00;p{n}@x.de;SKU{n % 50};{n % 3 + 1};{n % 40},50;paid\n"
        for n in range(5000)
    )
    sample = tmp_path / "orders_2026-05-31.csv"
    sample.write_text("Order ID;Order Date;Email;SKU;Qty;Unit Price;Status\n" + "".join(rows))
    before = process_time()
    draft_channel(settings, "large", [sample], channels_dir=rooms[0], dbt_project_dir=rooms[1])
    assert process_time() - before < 2
