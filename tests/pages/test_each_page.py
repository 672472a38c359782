"""Every page on a generation that holds every contracted mart: it draws, its controls work, and it shows what it must."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

from cdp_assets.pages.published import Published, current_published
from cdp_assets.pages.queries import customers as customer_queries
from cdp_assets.pages.queries import segments as segment_queries
from cdp_assets.pages.rulings_inbox import waiting_rulings
from cdp_assets.settings import Settings
from tests.pages.conftest import RunPage
from tests.web.published_file import contracted

TABS = {
    "overview": [None],
    "customers": [None],
    "segments": ["rfm", "movements", "lifecycle", "worth", "download"],
    "attribution": ["models", "spend", "paths", "trust"],
    "identity": ["quality", "clusters", "guards", "queue"],
    "data": ["landing", "dictionary", "sql"],
}


def customer_id(number: int) -> str:
    return hashlib.md5(f"customer{number}".encode()).hexdigest()


@pytest.fixture
def revealed(published: Settings) -> Published:
    shown = current_published(published, reveal=True)
    assert shown is not None
    return shown


@pytest.mark.parametrize(("page", "tab"), [(page, tab) for page, tabs in TABS.items() for tab in tabs])
def test_a_page_uses_only_contracted_marts_and_says_which_generation_it_shows(
    published: Settings, run_page: RunPage, page: str, tab: str | None
) -> None:
    app = run_page(published, page, tab=tab)
    assert [info.value for info in app.info] == []
    assert "g000002" in app.caption[0].value
    assert "31 Dec 2017" in app.caption[0].value


def test_a_search_by_id_finds_the_customer_and_a_record_and_an_order(
    published: Settings, run_page: RunPage
) -> None:
    app = run_page(published, "customers")
    for text in (customer_id(7), customer_id(7)[:12], "S7", "O7"):
        app.text_input(key="customer_search").set_value(text).run()
        assert not app.exception
        assert customer_id(7) in list(app.dataframe[0].value["customer_id"])


@pytest.mark.parametrize(("tab", "tables"), [("profile", 1), ("records", 2), ("timeline", 2), ("value", 4)])
def test_one_customer_is_shown_whole_and_masked(
    published: Settings, run_page: RunPage, tab: str, tables: int
) -> None:
    app = run_page(published, "customers", tab=tab, customer=customer_id(7))
    shown = json.dumps(
        [table.value.astype(str).to_dict("list") for table in app.dataframe], ensure_ascii=False
    )
    assert app.code[0].value == customer_id(7)
    assert len(app.metric) == 6
    assert len(app.dataframe) == tables
    assert ("+86138****0007" in shown) is (tab == "profile")
    assert "+8613800000007" not in shown


def test_an_unknown_id_says_how_to_resolve_it(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "customers", customer="nobody")
    assert "onefold resolve-id nobody" in app.warning[0].value


def test_with_reveal_a_search_by_phone_finds_and_is_logged_without_the_phone(
    published: Settings, run_page: RunPage
) -> None:
    app = run_page(published, "customers", reveal=True)
    app.text_input(key="customer_search").set_value("138 0000 0007").run()
    assert not app.exception
    assert list(app.dataframe[0].value["phone"]) == ["+8613800000007"]
    log = (published.logs_dir / "reveal.log").read_text(encoding="utf-8")
    assert json.loads(log)["action"] == "search"
    assert "0007" not in log


def test_with_reveal_a_search_by_name_or_e_mail_finds(revealed: Published) -> None:
    assert list(customer_queries.find_by_contact(revealed, "PERSON7@example")["customer_id"]) == [
        customer_id(7)
    ]
    assert customer_id(7) in set(customer_queries.find_by_contact(revealed, "ann lee")["customer_id"])


def test_two_digits_are_too_few_to_search_phones(revealed: Published) -> None:
    assert customer_queries.find_by_contact(revealed, "07").empty


def test_with_reveal_a_customer_opened_is_logged(published: Settings, run_page: RunPage) -> None:
    run_page(published, "customers", reveal=True, customer=customer_id(7))
    line = json.loads((published.logs_dir / "reveal.log").read_text(encoding="utf-8"))
    assert (line["action"], line["customer_id"]) == ("view", customer_id(7))


@pytest.mark.parametrize("clear", [False, True])
def test_a_download_holds_only_customers_who_allow_marketing(revealed: Published, clear: bool) -> None:
    segments = list(segment_queries.sizes(revealed)["segment"])
    rows = segment_queries.audience(revealed, segments, clear=clear)
    allowed = revealed.ask("select customer_id from customers where is_marketing_allowed")["customer_id"]
    assert set(rows["customer_id"]) == set(allowed) and len(rows) > 0
    assert ("phone" in rows) is clear and ("masked_phone" in rows) is not clear


def test_a_segment_can_be_picked_for_download(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "segments", tab="download")
    app.multiselect(key="download_segments").set_value(["Champions", "Lost"]).run()
    assert not app.exception
    assert len(app.download_button) == 2
    assert not any(button.disabled for button in app.download_button)


def test_movements_between_two_dates_keep_every_customer(revealed: Published) -> None:
    before, after = segment_queries.history_dates(revealed)[:2]
    assert segment_queries.movements(revealed, before, after)["customer_count"].sum() == 60


def test_attribution_filters_work_together(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "attribution")
    app.select_slider(key="attribution_months").set_value(("2017-03", "2017-05")).run()
    assert not app.exception
    assert "several months" in " ".join(caption.value for caption in app.caption)
    app.select_slider(key="attribution_months").set_value(("2017-03", "2017-03")).run()
    assert not app.exception


def test_spend_is_shown_for_the_model_that_is_chosen(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "attribution", tab="spend")
    before = app.metric[1].value
    app.selectbox(key="spend_model").set_value("markov_1").run()
    assert not app.exception
    assert app.metric[1].value != before


def test_paths_can_be_restricted_to_longer_ones(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "attribution", tab="paths")
    app.radio(key="least_touches").set_value(3).run()
    assert app.dataframe[0].value["path_length"].min() == 3


def test_a_ruling_made_on_the_page_reaches_the_inbox(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "identity", tab="queue")
    weights = app.dataframe[-1].value
    assert weights["comparison"].tolist() == ["Start", "Name", "Phone"]
    assert weights["against"].tolist() == [20.0, 0.0, 3.25]
    assert weights["in_favour"].tolist() == [0.0, 14.5, 0.0]
    assert any("-8.8 bits" in caption.value for caption in app.caption)
    app.radio[0].set_value("cannot_link")
    app.text_area[0].set_value("two sisters")
    app.text_input[0].set_value("steward")
    app.button[0].click().run()
    assert not app.exception
    (line,) = waiting_rulings(published)
    assert (line["kind"], line["reason"], line["ruled_by"]) == ("cannot_link", "two sisters", "steward")
    assert line["record_key_l"] != line["record_key_r"]


def test_a_ruling_without_a_reason_is_not_taken(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "identity", tab="queue")
    app.radio[0].set_value("must_link")
    app.button[0].click().run()
    assert "Say why" in app.error[0].value
    assert waiting_rulings(published) == []


def test_the_dictionary_holds_every_contracted_mart_with_its_definitions(revealed: Published) -> None:
    found = revealed.definitions()
    assert set(found["table_name"]) == set(contracted("marts"))
    assert found["comment"].notna().all() and found["table_comment"].notna().all()


def test_the_sql_box_answers_and_refuses(published: Settings, run_page: RunPage) -> None:
    app = run_page(published, "data", tab="sql")
    app.text_area(key="sql_text").set_value("select count(*) as customers from customers")
    app.button[0].click().run()
    assert any(list(table.value.columns) == ["customers"] for table in app.dataframe)
    app.text_area(key="sql_text").set_value("drop table customers")
    app.button[0].click().run()
    assert "read-only" in app.error[0].value


def test_what_a_run_changed_is_counted_against_the_former_generation(
    published: Settings, run_page: RunPage
) -> None:
    app = run_page(published, "overview")
    figures = next(table.value for table in app.dataframe if "value_before" in table.value)
    assert figures.iloc[0][["value_before", "value_now", "change"]].tolist() == ["50", "60", 10]
    assert isinstance(figures, pd.DataFrame)
