"""The audience page: lines become a document and back, what is saved waits for the run and is taken once, versions stay."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cdp_assets import audit
from cdp_assets.activation import saved
from cdp_assets.activation.audience import read_audience
from cdp_assets.activation.library import SHIPPED, load_library, read_source
from cdp_assets.activation.library import Source as LibrarySource
from cdp_assets.settings import Settings
from cdp_assets.web import audience_form as form
from cdp_assets.web.audience_form import Line
from tests.web.conftest import Reader

COLUMNS = {
    "customers": {"customer_id": "VARCHAR", "city": "VARCHAR", "order_count": "BIGINT", "is_profiled": "BOOLEAN", "first_order_date": "DATE", "masked_phone": "VARCHAR"},
    "customer_rfm": {"segment": "VARCHAR", "monetary": "DECIMAL(18,2)"},
    "customer_value": {"discounted_value_12_months": "DOUBLE"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (Line("rfm.segment", "in", "At Risk; Lost"), {"rfm": {"segment": {"in": ["At Risk", "Lost"]}}}),
        (Line("attributes.order_count", "at_least", "1,000"), {"attributes": {"order_count": {"at_least": 1000}}}),
        (Line("attributes.is_profiled", "in", "yes"), {"attributes": {"is_profiled": {"in": [True]}}}),
        (Line("attributes.first_order_date", "at_most", "2017-12-31"), {"attributes": {"first_order_date": {"at_most": date(2017, 12, 31)}}}),
        (Line("attributes.first_order_date", "within_days", "30"), {"attributes": {"first_order_date": {"within_days": 30}}}),
        (Line("attributes.city", "unknown"), {"attributes": {"city": {"is_known": False}}}),
        (Line("purchases.category", "no", "Cheese", "90"), {"not": {"purchases": {"category": ["Cheese"], "within_days": 90}}}),
        (Line("purchases.any", "yes", "", "30"), {"purchases": {"within_days": 30}}),
        (Line("birthday", "yes", "", "7"), {"birthday": {"within_days": 7}}),
        (Line("audience", "no", "bought_recently"), {"not": {"audience": "bought_recently"}}),
    ],
)  # fmt: skip
def test_a_line_is_a_rule(line: Line, rule: dict[str, Any]) -> None:
    assert form.rule_of(line, 1, COLUMNS) == rule
    read_audience({"title": "x", "purpose": "marketing", "who": {"all": [rule]}}, "test")


@pytest.mark.parametrize(
    "line",
    [Line("attributes.order_count", "at_least", "many"), Line("birthday", "yes"), Line("rfm.segment", "in", " ; "), Line("rfm.segment", "near", "x"),
     Line("attributes.first_order_date", "at_most", "yesterday")],
)  # fmt: skip
def test_a_line_that_says_nothing_is_named_by_its_number(line: Line) -> None:
    with pytest.raises(form.FormProblem) as problem:
        form.rule_of(line, 3, COLUMNS)
    assert problem.value.number == 3


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_example_fits_into_lines_and_means_the_same(path: Path) -> None:
    audience = read_source(LibrarySource(path.stem, path, "shipped"))
    lines = form.lines_of(audience)
    assert lines
    again = read_audience({"title": "x", "purpose": "marketing", "who": form.who_of(lines, COLUMNS)}, "test")
    assert form.lines_of(again) == lines


def test_what_lines_cannot_say_is_not_shown_as_if_they_did() -> None:
    document = {
        "title": "x",
        "purpose": "marketing",
        "who": {"any": [{"rfm": {"segment": ["Lost"]}}, {"birthday": {"within_days": 7}}]},
    }
    assert form.lines_of(read_audience(document, "test")) is None


DOCUMENT = {
    "title": "Lost ones",
    "purpose": "marketing",
    "who": {"all": [{"rfm": {"segment": {"in": ["Lost"]}}}]},
}


def test_what_is_saved_waits_and_the_next_run_takes_it_once(published: Settings) -> None:
    saved.save(published, "lost_ones", DOCUMENT, decided_by="kim")
    assert "lost_ones" not in load_library(published).sources
    assert [each.is_waiting for each in saved.versions(published, "lost_ones")] == [True]
    assert saved.take(published) == [] and saved.take(published) == []
    found = load_library(published)
    assert found.audiences["lost_ones"].title == "Lost ones" and "lost_ones" in found.in_force()
    saved.save(published, "lost_ones", {**DOCUMENT, "title": "Gone ones"}, decided_by="lee\n# x: 1")
    saved.take(published)
    assert load_library(published).audiences["lost_ones"].title == "Gone ones"
    assert [(each.document["title"], each.is_waiting) for each in saved.versions(published, "lost_ones")] == [
        ("Gone ones", False),
        ("Lost ones", False),
    ]
    assert (published.home / "audiences" / "lost_ones.yaml").stat().st_mode & 0o077 == 0


def test_what_cannot_be_read_in_the_inbox_stays_and_is_told_of(published: Settings) -> None:
    folder = saved.inbox_of(published)
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({"kind": "audience", "name": "../x", "document": DOCUMENT}))
    (folder / "c.json").write_text(json.dumps({"kind": "audience", "name": "x", "document": {"who": 1}}))
    assert len(saved.take(published)) == 3 and len(list(folder.glob("*.json"))) == 3
    assert not (published.home / "audiences").exists()


STATE = {"edit": "1", "title": "Lost ones", "purpose": "marketing", "w0": "rfm.segment", "h0": "in", "v0": "Lost; At Risk",
         "w1": "attributes.order_count", "h1": "at_least", "v1": "1", "top": "3", "order": "rfm.monetary", "to": "plain_csv"}  # fmt: skip


def test_the_form_is_counted_saved_and_noted(site: Reader) -> None:
    shown = site.get("/audiences/new", params=STATE)
    assert shown.status_code == 200 and "Who is left, step by step" in shown.text
    assert 'value="Lost; At Risk"' in shown.text  # the address fills the form
    document = json.dumps({**DOCUMENT, "destinations": ["plain_csv"]})
    done = site.post("/audiences/new/save", {"name": "lost_ones", "document": document})
    assert done.headers["location"].startswith("/audiences/lost_ones?said=")
    assert "waits for the next run" in site.follow(done).text
    assert audit.read(site.settings)[0].action == "audience"


@pytest.mark.parametrize(
    ("name", "document"),
    [("../../etc", json.dumps(DOCUMENT)), ("Upper", json.dumps(DOCUMENT)), ("ok", "{"), ("ok", json.dumps({"title": "x"})), ("ok", "[]"), ("", json.dumps(DOCUMENT))],
)  # fmt: skip
def test_what_is_no_audience_is_not_saved(site: Reader, name: str, document: str) -> None:
    site.get("/audiences/new")
    assert site.post("/audiences/new/save", {"name": name, "document": document}).status_code == 400
    assert not saved.inbox_of(site.settings).exists()


def test_a_line_of_nonsense_is_a_message(site: Reader) -> None:
    shown = site.get("/audiences/new", params={**STATE, "v1": "many"})
    assert shown.status_code == 200 and "Line 2 cannot be read" in shown.text
    foreign = site.get("/audiences/new", params={**STATE, "w1": "attributes.no_such_column"})
    assert foreign.status_code == 200 and "cannot be counted like that" in foreign.text


def test_an_unknown_audience_is_a_page_that_says_so(site: Reader) -> None:
    assert site.get("/audiences/nobody").status_code == 404
