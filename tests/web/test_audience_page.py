"""The audience page: lines become a document and back, what is saved waits for the run and is taken once, versions stay."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from cdp_assets import audit
from cdp_assets.activation import saved
from cdp_assets.activation.audience import Rule, read_audience
from cdp_assets.activation.library import SHIPPED, load_library, read_source
from cdp_assets.activation.library import Source as LibrarySource
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from cdp_assets.web import audience_form as form
from cdp_assets.web import audience_state
from cdp_assets.web.audience_form import Line
from cdp_assets.web.published import newest_published
from cdp_assets.web.queries.audiences import look
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
        (Line("attributes.first_order_date", "at_most", "2017-12-31"), {"attributes": {"first_order_date": {"at_most": "2017-12-31"}}}),
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


ATOMS = st.sampled_from(
    [
        {"rfm": {"segment": {"in": ["Lost"]}}},
        {"rfm": {"segment": {"in": ["Lost"]}, "monetary": {"at_least": 5, "less_than": 9}}},
        {"attributes": {"city": {"is_known": True}, "order_count": {"at_least": 2}}},
        {
            "purchases": {
                "category": ["Cheese", "Tea"],
                "store": ["s1"],
                "orders_at_least": 2,
                "within_days": 90,
            }
        },
        {"touches": {"is_paid": True, "campaign": ["may"], "from": "2017-05-01"}},
        {"purchases": {}},
        {"birthday": {"within_days": 7}},
        {"audience": "others"},
    ]
)
RULES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"all": rules}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"any": rules}),
        inner.map(lambda rule: {"not": rule}),
    ),
    max_leaves=6,
)


def _holds(rule: Rule, chosen: frozenset[str]) -> bool:
    """Whether a rule holds where exactly the chosen conditions do (each told apart by its own text)."""
    if rule.all is not None:
        return all(_holds(each, chosen) for each in rule.all)
    if rule.any is not None:
        return any(_holds(each, chosen) for each in rule.any)
    if rule.not_ is not None:
        return not _holds(rule.not_, chosen)
    said = rule.model_dump(mode="json", exclude_unset=True, by_alias=True)
    if not (set(said) & {"rfm", "attributes"}):
        return str(said) in chosen
    ((family, columns),) = said.items()
    return all(
        str((family, column, how, value)) in chosen
        for column, conditions in columns.items()
        for how, value in conditions.items()
    )


def _conditions(rule: Rule) -> set[str]:
    seen: set[str] = set()

    class Seen(frozenset[str]):
        def __contains__(self, each: object) -> bool:
            seen.add(str(each))
            return True

    for value in (rule, Rule.model_validate({"not": rule})):
        for inner in _atoms(value):
            _holds(inner, Seen())
    return seen


def _atoms(rule: Rule) -> list[Rule]:
    inner = [*(rule.all or ()), *(rule.any or ()), *((rule.not_,) if rule.not_ else ())]
    return [atom for each in inner for atom in _atoms(each)] if inner else [rule]


@given(rule=RULES, data=st.data())
@hypothesis.settings(max_examples=120, deadline=None)
def test_rules_however_nested_are_lines_that_mean_the_same(rule: dict[str, Any], data: st.DataObject) -> None:
    audience = read_audience({"title": "x", "purpose": "marketing", "who": rule}, "test")
    lines = form.lines_of(audience)
    if lines is None:
        assert _depth(rule) > form.LEVELS - 3
        return
    again = read_audience({"title": "x", "purpose": "marketing", "who": form.who_of(lines, COLUMNS)}, "test")
    assert audience.who is not None and again.who is not None
    known = sorted(_conditions(audience.who))
    assert sorted(_conditions(again.who)) == known
    for _ in range(8):
        chosen = frozenset(data.draw(st.sets(st.sampled_from(known))))
        assert _holds(audience.who, chosen) == _holds(again.who, chosen)


def _depth(rule: dict[str, Any]) -> int:
    inner = [each for key in ("all", "any") for each in rule.get(key, [])] + (
        [rule["not"]] if "not" in rule else []
    )
    return 1 + max(map(_depth, inner), default=0)


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([Line("group.any", "yes"), Line("rfm.segment", "in", "Lost")], 1),  # a head without lines
        ([Line("rfm.segment", "in", "Lost"), Line("rfm.segment", "in", "Lost", level=1)], 2),  # deeper below no head
        ([Line("group.purchases", "yes"), Line("rfm.segment", "in", "Lost", level=1)], 2),  # not of a purchase
        ([Line("group.any", "yes"), Line("rfm.segment", "in", "Lost", level=2)], 2),  # two levels deeper
        ([Line("purchases.orders_at_least", "yes", "some")], 1),
        ([Line("touches.is_paid", "yes", "perhaps")], 1),
        ([Line("purchases.no_such", "yes", "x")], 1),
    ],
)  # fmt: skip
def test_a_group_that_says_nothing_is_named_by_its_line(lines: list[Line], number: int) -> None:
    with pytest.raises(form.FormProblem) as problem:
        form.who_of(lines, COLUMNS)
    assert problem.value.number == number


def test_a_value_with_a_semicolon_is_left_to_the_file() -> None:
    document = {"title": "x", "purpose": "marketing", "who": {"rfm": {"segment": {"in": ["a;b"]}}}}
    assert form.lines_of(read_audience(document, "test")) is None


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_address_of_an_audience_is_all_of_it(path: Path) -> None:
    audience = read_source(LibrarySource(path.stem, path, "shipped"))
    pairs = audience_state.pairs_of(audience)
    assert pairs is not None
    document = audience_state.document_in(QueryParams(pairs), COLUMNS, "untitled")
    again = read_audience(document, "test")
    assert again.model_copy(update={"who": None}) == audience.model_copy(update={"who": None})
    assert audience_state.pairs_of(again) == pairs


def test_a_new_audience_begins_with_a_template_and_a_version_opens_in_the_form(site: Reader) -> None:
    shown = site.get("/audiences/new")
    links = [html.unescape(link) for link in re.findall(r'href="(/audiences/new\?edit[^"]+)"', shown.text)]
    assert len(links) == 6
    begun = [site.get(link) for link in links]
    assert all(each.status_code == 200 and 'id="t-waterfall"' in each.text for each in begun)
    document = {
        **DOCUMENT,
        "priority": 3,
        "contact_cap": {"at_most": 1, "within_days": 7},
        "valid": {"from": "2017-01-01"},
    }
    site.post("/audiences/new/save", {"name": "lost_ones", "document": json.dumps(document)})
    page = site.get("/audiences/lost_ones").text
    (link,) = {html.unescape(each) for each in re.findall(r'href="(/audiences/lost_ones\?edit[^"]+)"', page)}
    opened = site.get(link).text
    for name, value in (
        ("priority", 3),
        ("cap", 1),
        ("cap_days", 7),
        ("valid_from", "2017-01-01"),
        ("title", "Lost ones"),
    ):
        assert re.search(f'name="{name}" value="{value}"', opened), name


def test_the_page_counts_whom_the_contact_cap_leaves_out(published: Settings) -> None:
    migrate(published)
    with duckdb.connect(str((published.published_dir / "current.duckdb").resolve())) as con:
        con.execute(
            "insert into marts.marts.contacts by name select customer_id, customer_id as contact_id, 'email' as contact_type, "
            "true as is_reachable from marts.marts.customers"
        )
        con.execute(
            "insert into marts.marts.contact_permissions by name select customer_id, customer_id as contact_id, 'marketing' as purpose, "
            "true as is_allowed from marts.marts.customers"
        )
    who = {"attributes": {"customer_id": {"is_known": True}}}
    audience = read_audience(
        {**DOCUMENT, "who": who, "destinations": ["sms"], "contact_cap": {"at_most": 1, "within_days": 7}},
        "test",
    )
    shown = newest_published(published)
    assert shown
    library = load_library(published).with_audience("capped", audience)
    steps = {step.name: step.left_out for step in look(published, shown, library, "capped").steps}
    assert steps["cap"] == 0
    with connect_state(published) as con:
        con.execute("insert into activation_lists values (1, 'sms', 'another')")
        con.execute(
            "insert into activation_batches by name select 1 as batch_no, 'b' as batch_id, 1 as list_id, 'add' as operation, "
            "'g000002' as generation, 1 as sequence, 'f' as file_name, '' as sha256, 1 as size_bytes, 1 as row_count, "
            "$as_of as proposed_on, 'pending' as status",
            {"as_of": shown.as_of_date()},
        )
        con.execute(f"attach '{shown.marts_path}' as made (read_only)")
        con.execute(
            "insert into activation_contacts select customer_id, 1, 1, $as_of from made.marts.customers",
            {"as_of": shown.as_of_date()},
        )
    again = {step.name: step.left_out for step in look(published, shown, library, "capped").steps}
    assert again["cap"] > 0
    assert look(published, shown, library, "capped").members == 0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["unverified", "nobody is added: fewer members than that", "leaves nobody out", "proven by published vectors"]),
        ("zh", ["未经验证", "不添加任何人：成员少于该数", "消息上限不排除任何人", "已由公开的测试向量验证"]),
    ],
)  # fmt: skip
def test_the_page_says_what_each_destination_makes_of_it(
    site: Reader, language: str, words: list[str]
) -> None:
    given = {**STATE, "to": ["snap", "meta"], "cap": "1", "cap_days": "7", "lang": language}
    shown = site.get("/audiences/new", params=given).text
    assert [each for each in words if each not in shown] == []
    assert words[2] not in site.get("/audiences/new", params={**given, "to": "sms"}).text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "nothing in the data has this value"), ("zh", "数据中没有该值")]
)
def test_the_page_says_which_value_occurs_nowhere(site: Reader, language: str, words: str) -> None:
    given = {**STATE, "lang": language}
    assert words in site.get("/audiences/new", params={**given, "v0": "Lsot"}).text
    known = site.get("/audiences/new", params={**given, "v0": "Lost"}).text
    assert words not in known


def test_other_audiences_are_told_of_by_their_titles(site: Reader) -> None:
    given = {**STATE, "w1": "audience", "h1": "no", "v1": "bought_recently", "overlap": "1"}
    shown = site.get("/audiences/new", params=given).text
    assert "2. not: member of an audience Suppression: bought in the last 30 days" in shown
    assert ">lookalike_seed<" not in shown and ">Seed of look-alikes<" in shown


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
    assert "below stands what is in force" not in site.get("/audiences/lost_ones").text
    site.post("/audiences/lookalike_seed/save", {"document": document})
    shown = site.get("/audiences/lookalike_seed")
    assert "waits for the next run; below stands what is in force" in shown.text
    assert "below stands what is in force" not in site.get("/audiences/lookalike_seed", params=STATE).text


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
