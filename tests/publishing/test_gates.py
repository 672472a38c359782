"""Gates: what a run must be before readers see it; a refusal says what was found and leaves everything as it was."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from cdp_assets.publishing import recovery
from cdp_assets.publishing.commit import judge
from cdp_assets.publishing.conservation import judge_conservation
from cdp_assets.publishing.gates import NotPublished, Refusal, judge_run, some
from cdp_assets.publishing.masking import find_exposed
from cdp_assets.publishing.run_record import RunRecord, Step
from cdp_assets.publishing.shrinkage import Limits, judge_shrinkage, load_limits
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import (
    build,
    build_amounts,
    open_current,
    publish_amounts,
    publish_build,
    read_current,
)


def words(refusals: list[Refusal]) -> str:
    return "\n".join(str(refusal) for refusal in refusals)


# ---------- the run's own record


def test_every_expected_asset_and_check_must_have_happened() -> None:
    steps = [
        Step("asset", "marts/orders", passed=False),
        Step("asset", "marts/dates"),
        Step("check", "marts/orders:unique", passed=False),
        Step("check", "marts/dates:complete", passed=False, blocking=False),
    ]
    found = words(
        judge_run(
            steps,
            expected_assets={"marts/orders", "marts/dates"},
            expected_checks={"marts/orders:unique", "marts/orders:not_null"},
        )
    )
    assert "1 not made: marts/orders" in found
    assert "1 did not run: marts/orders:not_null" in found
    assert "1 failed: marts/orders:unique" in found
    assert "complete" not in found


def failed_gates(record: RunRecord) -> list[str]:
    return [step.name for step in record.steps() if not step.passed]


def test_a_complete_run_is_judged_by_its_build_too_and_the_record_says_by_what(settings: Settings) -> None:
    publish_amounts(settings, "one", *range(100))
    build_amounts(settings, 1)
    own = Refusal("own", "nobody asked for it", "Ask")
    with pytest.raises(NotPublished) as refused:
        publish_build(settings, "two", gates=[lambda: [own]])
    assert [each.gate for each in refused.value.refusals] == ["shrinkage", "own"]
    record = RunRecord(settings, "two")
    assert failed_gates(record) == ["publish/gates:shrinkage", "publish/gates:own"]
    assert record.steps()[-1].detail == "nobody asked for it. Ask"
    assert read_current(settings) == sum(range(100))


def test_the_build_of_a_run_that_is_not_complete_is_not_looked_at(settings: Settings) -> None:
    record = RunRecord(settings, "one")
    with pytest.raises(NotPublished):
        judge(
            settings, record, expected_assets={"marts/orders"}, expected_checks=set(),
            gates=[lambda: pytest.fail("a gate was asked")],
        )  # fmt: skip
    assert failed_gates(record) == ["publish/gates:assets"]


def test_a_run_that_did_all_it_should_is_not_refused() -> None:
    steps = [
        Step("asset", "marts/orders"),
        Step("check", "marts/orders:unique"),
        Step("check", "marts/orders:fresh", passed=False, blocking=False),
        Step("progress", "marts/stores"),
        Step("tell", "staging"),
    ]
    assert judge_run(steps, expected_assets={"marts/orders"}, expected_checks={"marts/orders:unique"}) == []
    (refusal,) = judge_run(steps, expected_assets={"marts/stores", "staging"}, expected_checks=set())
    assert refusal.found == "2 not made: marts/stores, staging"
    (refusal,) = judge_run(steps, expected_assets=set(), expected_checks={"marts/orders", "marts/stores"})
    assert refusal.found == "2 did not run: marts/orders, marts/stores"


def test_a_check_that_ran_again_counts_as_it_ended() -> None:
    steps = [Step("check", "unique", passed=False), Step("check", "unique")]
    assert judge_run(steps, expected_assets=set(), expected_checks=set()) == []
    assert len(judge_run(steps[::-1], expected_assets=set(), expected_checks=set())) == 1


def test_five_names_are_told_and_the_others_counted() -> None:
    assert some([]) == ""
    assert some(list("abcde")) == "a, b, c, d, e"
    assert some(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert some(list("abc"), at_most=1) == "a and 2 more"


def test_a_refused_run_leaves_state_and_readers_as_they_were_and_says_so_in_its_record(
    settings: Settings,
) -> None:
    publish_amounts(settings, "one", 1)
    build_amounts(settings, 9)
    refusal = Refusal("blast radius", "9 of 10 customers would change", "Look at `onefold status`")
    with pytest.raises(NotPublished, match=r"9 of 10 customers would change\. Look at `onefold status`"):
        publish_build(settings, "two", gates=[lambda: [refusal]])
    assert read_current(settings) == 1
    assert recovery.known_generations(settings) == ["g000001"]
    assert sorted(path.name for path in settings.published_dir.glob("[!c]*")) == ["g000001"]
    failed = [step.name for step in RunRecord(settings, "two").steps() if not step.passed]
    assert failed == ["publish/gates:blast radius"]


# ---------- shrinkage

LIMITS = Limits(max_shrink=0.1, min_rows=50, tables={"held": 1, "visits": 0.5})


@pytest.mark.parametrize(
    ("table", "before", "now", "is_refused"),
    [
        ("orders", 100, 100, False),
        ("orders", 100, 200, False),
        ("orders", 100, 90, False),
        ("orders", 100, 89, True),
        ("orders", 49, 1, False),
        ("orders", 50, 45, False),
        ("orders", 50, 44, True),
        ("orders", 1, 0, True),
        ("orders", 0, 0, False),
        ("visits", 100, 50, False),
        ("visits", 100, 49, True),
        ("held", 100, 0, False),
    ],
)
def test_a_mart_may_shrink_as_far_as_its_limit(table: str, before: int, now: int, is_refused: bool) -> None:
    assert LIMITS.refuses(table, before, now) is is_refused


@pytest.mark.parametrize("share", [0, 1])
def test_a_limit_is_a_share_and_a_number_of_rows(share: int) -> None:
    assert Limits(max_shrink=share, min_rows=0).max_shrink == share
    for wrong in ({"max_shrink": -0.1}, {"max_shrink": 1.1}, {"min_rows": -1}):
        with pytest.raises(ValidationError):
            Limits.model_validate({"max_shrink": share, "min_rows": 0, **wrong})


def test_a_mart_that_shrank_or_vanished_is_named_with_its_rows_and_the_way_out(settings: Settings) -> None:
    build(
        settings,
        "create table marts.orders as from range(100)",
        "create table marts.stores as from range(3)",
    )
    publish_build(settings, "one")
    build(settings, "create table marts.orders as from range(50)")
    with pytest.raises(NotPublished) as caught:
        publish_build(settings, "two")
    assert "marts.orders has 50 rows after 100; marts.stores is gone" in str(caught.value)
    assert "ONEFOLD_ACCEPT_SHRINK=orders,stores" in str(caught.value)
    accepting = settings.model_copy(update={"accept_shrink": "orders, stores"})
    assert publish_build(accepting, "three") == "g000002"


def test_after_a_rollback_sizes_are_compared_with_what_readers_see(settings: Settings) -> None:
    build(settings, "create table marts.orders as from range(100)")
    publish_build(settings, "one")
    with connect_state(settings) as con:
        con.execute(
            "insert into generations select * replace ('g000002' as generation, 'withdrawn' as status) from generations"
        )
        con.execute(
            "insert into generation_tables "
            "select * replace ('g000002' as generation, 900 as row_count) from generation_tables"
        )
    assert judge_shrinkage(settings, LIMITS) == []


def test_the_shipped_limits_can_be_read() -> None:
    assert 0 < load_limits().max_shrink < 1


# ---------- masking


@pytest.mark.parametrize(
    "value",
    ["ann@example.com", "https://shop.example/?email=ann@example.co.uk", "+8613812345678", "13912345678"],
)
def test_an_identifier_in_clear_is_masked_in_its_cell_and_told_of(settings: Settings, value: str) -> None:
    build(
        settings,
        f"create table marts.touchpoints as select 'direct' as source union all select '{value}'",
        "create table contact.customers_contact as select '13912345678' as phone",
    )
    publish_build(settings, "run")
    with open_current(settings) as con:
        shown = con.execute("select source from marts.touchpoints order by source desc").fetchall()
    assert ("direct",) in shown
    assert len(shown) == 2
    assert value not in str(shown)
    told = [step.detail or "" for step in RunRecord(settings, "run").steps() if step.kind == "tell"]
    assert told[0].startswith("marts.touchpoints.source: 1 cells showed an identifier and were masked")
    assert value not in str(told)


def test_only_the_identifier_of_a_text_is_replaced_and_a_nested_cell_is_emptied(settings: Settings) -> None:
    build(
        settings,
        "create table marts.touchpoints as select 'spring to ann@example.com, 20 %' as campaign, ['ann@example.com', 'y'] as list, "
        "json_object('at', 'ann@example.com') as about union all select 'spring', ['y'], null",
    )
    publish_build(settings, "run")
    with open_current(settings) as con:
        assert con.execute("from marts.touchpoints order by campaign desc").fetchall() == [
            ("spring to [e-mail], 20 %", None, '{"at":"[e-mail]"}'),
            ("spring", ["y"], None),
        ]


@pytest.mark.parametrize(
    "value", ["a***@example.com", "***78", "+1 point", "13812345678", "@brand", "20171231"]
)
def test_masked_values_and_numbers_that_are_none_pass(settings: Settings, value: str) -> None:
    build(
        settings,
        f"create table marts.customers as select '{value}' as shown, ['{value}'] as list_shown, 5 as number",
        "create table contact.customers_contact as select null::varchar as phone, 'ann@example.com' as email",
    )
    assert find_exposed(settings, {}) == []


def test_each_mart_is_masked_in_its_own_columns_and_a_document_that_is_an_identifier_is_emptied(
    settings: Settings,
) -> None:
    build(
        settings,
        "create table marts.touchpoints as select 'ann@example.com' as campaign, '5550101' as shown",
        "create table marts.orders as select 'spring' as campaign, '13912345678'::json as note",
        "create table marts.stores as select 'ann' as campaign",
        "create table contact.customers_contact as select unnest(['13912345678', '555010']) as phone",
    )
    publish_build(settings, "run")
    assert (
        read_current(settings, "select (campaign, shown)::varchar from marts.touchpoints")
        == "('[e-mail]', 5550101)"
    )
    assert read_current(settings, "select campaign from marts.orders where note is null") == "spring"
    assert read_current(settings, "select campaign from marts.stores") == "ann"
    assert len([step for step in RunRecord(settings, "run").steps() if step.kind == "tell"]) == 2


@pytest.mark.parametrize(
    ("value", "reaches"),
    [
        ("5550101", True),
        ("555010", False),
        ("a" * 20, True),
        ("a" * 19, False),
        ("2017-04-05 10:00:00", False),
        ("a@b", True),
    ],
)
def test_what_reaches_a_person_is_long_enough_to_be_no_other_word(
    settings: Settings, value: str, reaches: bool
) -> None:
    build(
        settings,
        f"create table marts.touchpoints as select '{value}' as source",
        f"create table contact.customers_contact as select '{value}' as written",
    )
    assert bool(find_exposed(settings, {})) is reaches


def test_what_is_looked_for_is_found_by_its_class_and_not_by_its_name(settings: Settings) -> None:
    build(
        settings,
        "create table marts.touchpoints as select unnest(['+1 212 555 0101', 'April', 'OF25050459', 'oPenIdOfOneApp0123456789', "
        "'2017-04-05', '0044 20 7946 0999']) as source",
        "create table contact.customers_contact as select unnest(['+1 212 555 0101', 'April', 'OF25050459', 'oPenIdOfOneApp0123456789', "
        "'2017-04-05', null]) as written_as, '0044 20 7946 0999' as kept",
        "create schema if not exists identity",
        "create table identity.customer_ids as select 'loyalty' as channel, 'OF25050459' as source_customer_id, 'c' as customer_id",
    )
    ((cells,),) = [
        (each.cells,) for each in find_exposed(settings, {("customers_contact", "kept"): "internal"})
    ]
    assert cells == 2
    assert [each.cells for each in find_exposed(settings, {})] == [3]
    every = {("customers_contact", "kept"): "internal", ("customers_contact", "written_as"): "sensitive"}
    assert find_exposed(settings, every) == []


# ---------- conservation


def add_load(settings: Settings, rows: int, **changes: Any) -> None:
    """One landed file of `rows` rows in the ledger and on disk."""
    load = {
        "load_id": "0000000000000001", "channel": "shopify", "export": "orders", "file_name": "orders.csv",
        "delivered_sha256": "0", "stored_sha256": "0", "size_bytes": 1, "status": "landed", "parsed_rows": rows,
        "landed_rows": rows, "quarantined_rows": 0, "duplicate_rows": 0, "erased_rows": 0, "is_current": True,
        "contract_version": "1", "run_id": "one", "landed_at": "2017-12-31", **changes,
    }  # fmt: skip
    with connect_state(settings) as con:
        names, marks = ", ".join(load), ", ".join("?" for _ in load)
        con.execute(f"insert into loads ({names}) values ({marks})", list(load.values()))
    folder = settings.landing_dir / "shopify" / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"from range({rows})").write_parquet(str(folder / f"{load['load_id']}.parquet"))


def test_a_balanced_ledger_passes(settings: Settings) -> None:
    build_amounts(settings, 1)
    add_load(settings, 3, parsed_rows=10, quarantined_rows=4, duplicate_rows=2, erased_rows=1)
    assert judge_conservation(settings) == []


def test_what_did_not_land_was_replaced_or_has_no_rows_needs_no_file(settings: Settings) -> None:
    build_amounts(settings, 1)
    several: list[dict[str, Any]] = [
        {"status": "held", "parsed_rows": 9},
        {"is_current": False},
        {"landed_rows": 0, "erased_rows": 3},
    ]
    for number, changes in enumerate(several):
        add_load(settings, 3, **{"load_id": f"load{number}", "file_name": f"{number}.csv", **changes})
        (settings.landing_dir / "shopify" / "orders" / f"load{number}.parquet").unlink()
    add_load(settings, 3, load_id="load9")
    assert judge_conservation(settings) == []


def test_rows_that_stay_without_their_person_are_in_the_file(settings: Settings) -> None:
    build_amounts(settings, 1)
    add_load(settings, 3, landed_rows=1, anonymised_rows=2)
    assert judge_conservation(settings) == []
    with connect_state(settings) as con:
        con.execute("update loads set anonymised_rows = 1, quarantined_rows = 1")
    assert "landing/ holds other rows than the ledger" in words(judge_conservation(settings))


def test_a_file_whose_rows_do_not_add_up_is_refused(settings: Settings) -> None:
    build_amounts(settings, 1)
    add_load(settings, 3, parsed_rows=4)
    assert "1 files whose rows do not add up: shopify/orders.csv" in words(judge_conservation(settings))


def test_a_landed_file_that_lost_rows_is_refused(settings: Settings) -> None:
    build_amounts(settings, 1)
    add_load(settings, 3)
    folder = settings.landing_dir / "shopify" / "orders"
    duckdb.sql("from range(2)").write_parquet(str(folder / "0000000000000001.parquet"))
    assert "landing/ holds other rows than the ledger" in words(judge_conservation(settings))
    (folder / "0000000000000001.parquet").rename(folder / "0000000000000002.parquet")
    assert "shopify/orders.csv" in words(judge_conservation(settings))
    (folder / "0000000000000002.parquet").write_text("torn")
    assert "is damaged" in words(judge_conservation(settings))


def test_marts_that_show_another_ledger_are_refused(settings: Settings) -> None:
    add_load(settings, 3)
    build(settings, "create table marts.ops_loads as select 2 as landed_rows, 0 as quarantined_rows")
    assert "marts.ops_loads has (files, landed, quarantined) = (1, 2, 0), the ledger (1, 3, 0)" in words(
        judge_conservation(settings)
    )


def test_orders_or_revenue_lost_on_the_way_are_refused_by_channel(settings: Settings) -> None:
    staged = "create view staging.stg_{}__orders as select '{}' as channel, 'USD' as currency, 9.99 as gross_amount"
    both = "from staging.stg_shop__orders union all from staging.stg_till__orders"
    marts = f"create table marts.orders as {both}"
    views = [staged.format(name, name) for name in ("shop", "till")]
    build(settings, *views, marts)
    assert judge_conservation(settings) == []
    build(settings, *views, marts, "update marts.orders set gross_amount = 9.98 where channel = 'till'")
    (refusal,) = judge_conservation(settings)
    assert refusal.found == "till: 1 order over 9.99 USD were staged, 1 over 9.98 are in marts.orders"
    build(settings, *views, marts, "delete from marts.orders where channel = 'shop'")
    assert "shop: 1 order over 9.99 USD were staged, 0 over 0" in words(judge_conservation(settings))


def test_half_a_cent_an_order_may_be_lost_to_rounding_and_lines_that_are_no_goods_belong_to_their_order(
    settings: Settings,
) -> None:
    """What a till books as one amount is an order over its goods, and lines for what is none."""
    staged = "create view staging.stg_till__orders as select 'till' as channel, unnest(['USD', 'USD', null]) as currency, 10.00 as gross_amount"
    orders = "create table marts.orders as select 'till' as channel, unnest(['USD', 'USD', null]) as currency, unnest([8.00, 9.99, 10.00]) as gross_amount"
    lines = "create table marts.order_lines as select 'till' as channel, 'USD' as currency, unnest([2.00, 7.00]) as line_amount, unnest([false, true]) as is_goods"
    build(settings, staged, orders, lines, "create view staging.stg_till__visits as select 1 as x")
    assert judge_conservation(settings) == []
    build(
        settings, staged, orders, lines, "update marts.order_lines set line_amount = 1.99 where not is_goods"
    )
    (refusal,) = judge_conservation(settings)
    assert refusal.found == "till: 2 orders over 20.00 USD were staged, 2 over 19.98 are in marts.orders"
    build(settings, staged, orders, lines, "insert into marts.orders values ('web', 'USD', 5.00)")
    (refusal,) = judge_conservation(settings)
    assert refusal.found == "web: 0 orders over 0.00 USD were staged, 1 over 5.00 are in marts.orders"
