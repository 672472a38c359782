"""Audiences: rules against hand-made customers, the waterfall's steps, and every way in which a file may be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdp_assets import safe_yaml
from cdp_assets.activation.audience import read_audience
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.library import SHIPPED, Library, Source, load_library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import PublishedFile, open_published
from cdp_assets.activation.standing import holdout_sql
from cdp_assets.activation.waterfall import (
    compiled,
    explain,
    overlap,
    sample_masked,
    stage_audience,
    waterfall,
)
from cdp_assets.commands.audience import check_audiences, export_audience, new_audience, preview_audience
from cdp_assets.commands.saying import plain_console
from cdp_assets.keys import register_pseudonym
from cdp_assets.settings import Settings
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.test_story import project

KEY = b"k" * 32


def on(days_ago: int) -> date:
    return AS_OF - timedelta(days=days_ago)


PEOPLE = [
    Person("a", [("email", "a@example.com")], segment="At Risk", value=5, born=date(1990, 7, 2),
           orders=[{"on": on(200), "category": "Cheese", "brand": "Alp"}, {"on": on(10), "category": "Bread", "store": "s2"}]),
    Person("b", [("phone", "+12025550101")], segment="At Risk", value=9, born=date(1992, 2, 29),
           orders=[{"on": on(20), "category": "Cheese", "net": 500}]),
    Person("c", [("email", "c@example.com")], allowed=frozenset(), segment="Champions", value=7),
    Person("d", [("email", "d@example.com")], unreachable=frozenset({"d@example.com"}), segment="Champions", value=3,
           touches=[{"on": on(5)}, {"on": on(6)}]),
    Person("e", [("email", "e@example.com")], is_profiled=False, segment="At Risk", country=None, city=None),
]  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishedFile]:
    settings = Settings(home=tmp_path_factory.mktemp("audiences") / "home")
    publish(settings, PEOPLE)
    with open_published(settings, with_contact_file=True) as opened:
        yield opened


def library(**documents: dict[str, Any]) -> Library:
    read = {
        name: read_audience({"title": name, "purpose": "marketing"} | each, name)
        for name, each in documents.items()
    }
    return Library({name: Source(name, Path(f"{name}.yaml"), "project") for name in read}, read)


def chosen(published: PublishedFile, who: dict[str, Any], **others: dict[str, Any]) -> str:
    """Customers whom a rule chooses, before anything else is asked."""
    statement = compiled(published, library(it={"who": who}, **others), "it")
    rules = " and ".join(f"r{number}" for number, _ in enumerate(statement.rules, start=1))
    rows = published.con.execute(
        f"select customer_id from ({statement.sql}) where {rules} order by 1", dict(statement.values)
    ).fetchall()
    return "".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"attributes": {"city": "Albany"}}, "abcd"),
        ({"attributes": {"city": {"is_known": False}}}, "e"),
        ({"attributes": {"city": {"is_not": "Albany"}}}, ""),
        ({"not": {"attributes": {"city": "Albany"}}}, "e"),
        ({"attributes": {"country": {"starts_with": "u"}, "order_count": {"at_least": 2}}}, "a"),
        ({"attributes": {"first_order_date": {"within_days": 21}}}, "b"),
        ({"attributes": {"first_order_date": {"older_than_days": 21}}}, "a"),
        ({"attributes": {"first_order_date": {"less_than": "2026-06-01"}}}, "a"),
        ({"rfm": {"segment": ["At Risk", "Lost"]}}, "abe"),
        ({"rfm": {"segment": {"not_in": ["At Risk"]}}}, "cd"),
        ({"value": {"discounted_value_12_months": {"more_than": 5, "at_most": 9}}}, "bc"),
        ({"lifecycle": {"stage": "active"}}, "abcde"),
        ({"traits": {"price_sensitivity": {"at_least": 0}}}, ""),
        ({"traits": {"preferred_store": {"is_known": False}}}, ""),  # nobody has a row there
        ({"not": {"traits": {"preferred_store": {"is_known": True}}}}, "abcde"),
        ({"purchases": {"category": ["Cheese"]}}, "ab"),
        ({"purchases": {"category": ["Cheese"], "within_days": 90}}, "b"),
        ({"purchases": {"brand": ["Alp"]}}, "ab"),
        ({"purchases": {"store": ["s2"]}}, "a"),
        ({"purchases": {"orders_at_least": 2}}, "a"),
        ({"purchases": {"orders_at_most": 1}}, "b"),
        ({"purchases": {"from": "2026-06-20", "to": "2026-06-20"}}, "a"),
        ({"purchases": {"net_revenue_at_least": 100}}, "b"),
        ({"touches": {"touch_type": ["email_open"], "touches_at_least": 2}}, "d"),
        ({"touches": {"within_days": 5}}, ""),
        ({"birthday": {"within_days": 3}}, "a"),
        ({"any": [{"purchases": {"store": ["s2"]}}, {"not": {"any": [{"rfm": {"segment": "At Risk"}}, {"touches": {}}]}}]}, "ac"),
    ],
)  # fmt: skip
def test_a_rule_chooses(published: PublishedFile, who: dict[str, Any], expected: str) -> None:
    assert chosen(published, who) == expected


def test_a_birthday_on_the_leap_day_is_kept_on_the_first_of_march(published: PublishedFile) -> None:
    published_then = PublishedFile(
        published.con, published.generation, date(2026, 2, 27), published.columns, True
    )
    assert chosen(published_then, {"birthday": {"within_days": 3}}) == "b"


def test_an_audience_is_made_of_others(published: PublishedFile) -> None:
    others = {"cheese": {"who": {"purchases": {"category": ["Cheese"]}}}}
    assert (
        chosen(published, {"all": [{"audience": "cheese"}, {"attributes": {"order_count": 1}}]}, **others)
        == "b"
    )


ALL = {"who": {"lifecycle": {"stage": "active"}}}
BEST = ALL | {"order_by": {"value": "discounted_value_12_months"}, "top": 1}


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (ALL, "ab"),  # c consented to nothing, d cannot be reached, e refused to be profiled
        (BEST, "b"),
        (
            BEST | {"order_by": {"value": "discounted_value_12_months", "direction": "ascending"}},
            "a",
        ),  # e and d come before
        (ALL | {"valid": {"to": "2020-01-01"}}, ""),
        (ALL | {"purpose": "sharing"}, ""),
        (ALL | {"suppress": ["other"]}, "b"),
        (ALL | {"holdout": {"share": 0.999999999}}, ""),
    ],
)
def test_a_member_of_another_audience_is_who_is_in_it(
    published: PublishedFile, inner: dict[str, Any], expected: str
) -> None:
    others = {"inner": inner, "other": {"who": {"attributes": {"order_count": 2}}}}
    register_pseudonym(published.con, KEY)
    assert chosen(published, {"audience": "inner"}, **others) == expected
    assert chosen(published, {"not": {"audience": "inner"}}, **others) == "".join(
        each for each in "abcde" if each not in expected
    )


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (ALL, ""),
        (BEST, "a"),  # leaves out b, who is the first; not a, who is not in it
        (ALL | {"valid": {"to": "2020-01-01"}}, "ab"),
        (ALL | {"purpose": "sharing"}, ""),  # whom its rules choose, also who consented to nothing for it
    ],
)
def test_suppressed_is_who_is_in_another_audience_or_misses_only_a_consent(
    published: PublishedFile, inner: dict[str, Any], expected: str
) -> None:
    waterfall(published, library(it=ALL | {"suppress": ["inner"]}, inner=inner), "it", KEY)
    assert "".join(sorted(each["customer_id"] for each in sample_masked(published.con))) == expected


def test_the_waterfall_counts_everybody_once(published: PublishedFile) -> None:
    documents: dict[str, dict[str, Any]] = {
        "it": {
            "who": {"all": [{"attributes": {"country": {"in": ["US"]}}}, {"rfm": {"segment": ["At Risk", "Champions"]}}]},
            "order_by": {"value": "discounted_value_12_months"}, "top": 1, "suppress": ["big"],
        },
        "big": {"who": {"purchases": {"net_revenue_at_least": 1000}}},
    }  # fmt: skip
    steps = waterfall(published, library(**documents), "it", KEY)
    assert [(step.name, step.left_out, step.left) for step in steps] == [
        ("all", 0, 5),
        ("who.all[1].attributes", 1, 4),
        ("who.all[2].rfm", 0, 4),
        ("profiling", 0, 4),
        ("suppressed", 0, 4),
        ("consent", 1, 3),
        ("reachable", 1, 2),
        ("top", 1, 1),
    ]
    assert [each["customer_id"] for each in sample_masked(published.con)] == ["b"]


def test_a_holdout_is_lasting_and_of_its_experiment(published: PublishedFile) -> None:
    rule = {"who": {"lifecycle": {"stage": "active"}}}
    drawn = {}
    for name, experiment in (("one", "x"), ("two", "x"), ("three", "y")):
        found = library(**{name: rule | {"holdout": {"share": 0.5, "experiment": experiment}}})
        stage_audience(published, found, name, KEY)
        drawn[name] = published.con.execute("select customer_id, step from stages order by 1").fetchall()
    assert drawn["one"] == drawn["two"]

    register_pseudonym(published.con, KEY)
    shares = published.con.execute(
        f"select avg(({holdout_sql('x', 0.1)})::int), avg(({holdout_sql('x', 0.1)} and {holdout_sql('y', 0.1)})::int) "
        "from (select range::varchar as customer_id from range(20000))"
    ).fetchall()[0]
    assert 0.09 < shares[0] < 0.11
    assert 0.005 < shares[1] < 0.015  # two experiments draw independently


def test_a_merge_brings_nobody_out_of_a_holdout(settings: Settings) -> None:
    """Whoever was held out under one of their ids is; who is split off again is drawn by their own id alone."""
    rule = {"it": {"who": {"lifecycle": {"stage": "active"}}, "holdout": {"share": 0.5}}}
    people = [Person(name, [("email", f"{name}@example.com")]) for name in "abcdefghijkl"]

    def held(merged: dict[str, str]) -> set[str]:
        publish(settings, [each for each in people if each.customer_id not in merged], merged=merged)
        with open_published(settings) as published:
            stage_audience(published, library(**rule), "it", KEY)
            rows = published.con.execute("select customer_id from stages where step <> 0").fetchall()
        return {row[0] for row in rows}

    drawn = held({})
    out, others = sorted(drawn), sorted({each.customer_id for each in people} - drawn)
    assert len(out) > 1
    assert len(others) > 3
    # one who is held out became another, who became a third; two who are not became one
    assert held({out[0]: others[0], others[0]: others[1], others[2]: others[3]}) == (drawn - {out[0]}) | {
        others[1]
    }
    people = [each for each in people if each.customer_id != out[0]] + [Person(out[0])]
    publish(
        settings,
        people,
        without=f"insert into marts.customer_id_events values ('merged', '{others[0]}', '{out[0]}')",
    )
    with open_published(settings) as published:
        stage_audience(published, library(**rule), "it", KEY)
        row = published.con.execute("select step from stages where customer_id = ?", [others[0]]).fetchone()
    assert row == (0,)


def test_outside_its_dates_an_audience_has_no_members(published: PublishedFile) -> None:
    rule = {"who": {"lifecycle": {"stage": "active"}}}
    counted = {}
    for name, valid in (
        ("before", {"from": "2026-07-01"}),
        ("in", {"to": "2026-06-30"}),
        ("after", {"to": "2026-06-29"}),
    ):
        counted[name] = waterfall(published, library(**{name: rule | {"valid": valid}}), name, KEY)[-1].left
    assert counted == {"before": 0, "in": 2, "after": 0}


def test_explained_and_compared(published: PublishedFile) -> None:
    both = library(
        one={"who": {"rfm": {"segment": "At Risk"}}},
        two={"who": {"purchases": {}}},
        broken={"who": {"rfm": {"gone": 1}}},
        apart={"who": {"rfm": {"segment": "Nobody"}}},
    )
    assert explain(published, both, "one", "c", KEY) == ("who.rfm", [("who.rfm", False)])
    assert explain(published, both, "one", "e", KEY) == ("profiling", [("who.rfm", True)])
    assert explain(published, both, "one", "a", KEY) == ("member", [("who.rfm", True)])
    assert explain(published, both, "one", "nobody", KEY) is None
    assert overlap(published, both, "one", KEY) == [
        {"audience": "two", "members": 2, "both": 2, "share": 1.0},
        {"audience": "apart", "members": 0, "both": 0, "share": 0.0},
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"who": {"rfm": {"segmnt": "x"}}}, "who.rfm.segmnt"),
        ({"who": {"all": [{"any": [{"traits": {"gone": 1}}]}]}}, "who.all[1].any[1].traits.gone"),
        ({"who": {"rfm": {"segment": 3}}}, "a text"),
        ({"who": {"value": {"discounted_value_12_months": {"at_least": "much"}}}}, "a number"),
        ({"who": {"attributes": {"is_profiled": "yes"}}}, "true or false"),
        ({"who": {"attributes": {"first_order_date": {"at_least": "soon"}}}}, "a date"),
        ({"who": {"attributes": {"city": {"within_days": 3}}}}, "a column of dates"),
        ({"who": {"attributes": {"first_order_date": {"contains": "2026-06"}}}}, "a column of texts"),
        ({"who": {"attributes": {"order_count": {"starts_with": "1"}}}}, "a column of texts"),
        ({"who": {"audience": "nobody"}}, "no audience 'nobody'"),
        ({"who": {"audience": "it"}}, "it → it"),
        ({"who": {"lifecycle": {"stage": "active"}}, "order_by": {"rfm": "gone"}}, "order_by.rfm"),
        ({}, "neither `who` nor a .sql file"),
    ],
)
def test_what_does_not_fit_the_file_is_refused_with_its_place(
    published: PublishedFile, document: dict[str, Any], words: str
) -> None:
    with pytest.raises(ActivationProblem) as raised:
        compiled(published, library(it=document), "it")
    assert words in str(raised.value)
    assert (
        "audience it" in str(raised.value)
        or "it.yaml" in str(raised.value)
        or "audiences/" in str(raised.value)
    )


def test_a_longer_cycle_is_named(published: PublishedFile) -> None:
    found = library(
        one={"who": {"audience": "two"}},
        two={"who": {"purchases": {}}, "suppress": ["three"]},
        three={"who": {"not": {"audience": "one"}}},
    )
    with pytest.raises(ActivationProblem, match="one → two → three → one"):
        compiled(published, found, "one")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: x\npurpose: marketing\nwho: {rfm: {segment: Lost}, traits: {a: 1}}", "a rule has one key"),
        ("title: x\npurpose: marketing\nwho: {}", "a rule has one key"),
        ("title: x\npurpose: selling\nwho: {touches: {}}", "purpose"),
        ("title: x\nwho: {touches: {}}", "purpose"),
        ("title: x\npurpose: marketing\nwho: {touches: {}}\ncolour: red", "colour"),
        (
            "title: x\npurpose: marketing\nwho: {attributes: {city: {is: null}}}",
            "nothing is compared with null",
        ),
        (
            "title: x\npurpose: marketing\nwho: {attributes: {city: {is: null, contains: a}}}",
            "nothing is compared with null",
        ),
        ("title: x\npurpose: marketing\nwho: {touches: {}}\ntop: 5", "top needs order_by"),
        ("title: x\npurpose: marketing\nwho: {touches: {}}\nholdout: {share: 1.5}", "holdout.share"),
        (
            "title: x\npurpose: marketing\nwho: {purchases: {sku: [a], net_revenue_at_least: 5}}",
            "known per order",
        ),
        ("title: x\npurpose: marketing\nwho: {attributes: {city: {}}}", "say what the column must meet"),
        (
            "title: x\npurpose: marketing\nwho: {attributes: {order_count: {at_least: .inf}}}",
            "who.attributes.order_count",
        ),
        (
            "title: x\npurpose: marketing\nwho: {touches: {within_days: 99999999999}}",
            "who.touches.within_days",
        ),
        (
            "title: x\npurpose: marketing\nwho: {touches: {touches_at_least: 1" + "0" * 40 + "}}",
            "who.touches.touches_at_least",
        ),
        (
            "title: x\npurpose: marketing\nwho: {touches: {}}\norder_by: {rfm: monetary}\ntop: 1" + "0" * 20,
            "top",
        ),
        ("title: x\npurpose: marketing\nwho: {touches: {}}\npriority: 10000000000", "priority"),
        (
            "title: x\npurpose: marketing\nwho: {touches: {}}\ncontact_cap: {at_most: 1, within_days: 99999999999}",
            "contact_cap.within_days",
        ),
        (
            "title: x\npurpose: marketing\nwho: {touches: {}}\nvalid: {from: 2026-02-01, to: 2026-01-01}",
            "from is after to",
        ),
        (
            "title: x\npurpose: marketing\nwho: {purchases: {orders_at_least: 3, orders_at_most: 2}}",
            "more than orders_at_most",
        ),
        ("title: x\npurpose: marketing\nsuppress: [a]\nwho: {touches: {}}\nsuppress: [b]", "line 5"),
        ("- a\n- list", "the audience cannot be read"),
        ("title: [", "line"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(
    settings: Settings, tmp_path: Path, text: str, words: str
) -> None:
    settings.project = a_project(tmp_path, wrong=text)
    found = load_library(settings)
    with pytest.raises(ActivationProblem) as raised:
        found.audience("wrong")
    assert words in str(raised.value)
    assert "wrong.yaml" in str(raised.value)


@pytest.mark.parametrize("value", ["2017-13-45", "2017-02-30T00:00:00", "!!int many", "9" * 5000])
def test_a_value_that_is_not_what_it_looks_like_stops_no_other_file(
    settings: Settings, tmp_path: Path, value: str
) -> None:
    """A date that no calendar has ended the reading of every audience, and with it the night."""
    text = "title: A\npurpose: marketing\nwho:\n  attributes: {first_order_date: {at_least: %s}}\n"
    settings.project = a_project(tmp_path, wrong=text % value, right=text % "2017-12-31")
    found = load_library(settings)
    assert "right" in found.audiences and "wrong" not in found.audiences
    said = str(found.problems["wrong"])
    assert "not what it looks like" in said and "line 4" in said and value not in said


def test_a_key_that_stands_twice_is_said(settings: Settings, tmp_path: Path) -> None:
    settings.project = a_project(tmp_path, twice="title: x\ntitle: y")
    (settings.project / "destinations").mkdir()
    (settings.project / "destinations" / "meta.yaml").write_text(
        "title: x\nregions: {only: [DE], only: [FR]}"
    )
    with pytest.raises(ActivationProblem, match="a key stands twice"):
        load_library(settings).audience("twice")
    with pytest.raises(ActivationProblem, match="a key stands twice"):
        load_destinations(settings).destination("meta")


def test_a_file_of_another_ending_is_told_of(settings: Settings, tmp_path: Path) -> None:
    settings.project = a_project(tmp_path)
    (settings.project / "audiences" / "mine.yml").write_text(
        "title: x\npurpose: marketing\nwho: {touches: {}}"
    )
    found = load_library(settings)
    assert found.in_force() == ["mine"]
    with pytest.raises(ActivationProblem, match=r"ends in \.yaml"):
        found.audience("mine")
    (settings.project / "destinations").mkdir()
    (settings.project / "destinations" / "meta.yml").write_text("title: stricter")
    with pytest.raises(ActivationProblem, match=r"ends in \.yaml"):
        load_destinations(settings).destination("meta")


def a_project(folder: Path, **audiences: str) -> Path:
    project = folder / "project"
    (project / "dbt_project").mkdir(parents=True)
    (project / "dbt_project" / "dbt_project.yml").touch()
    (project / "audiences").mkdir()
    for name, text in audiences.items():
        (project / "audiences" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return project


def test_the_project_writes_sql_too(settings: Settings, tmp_path: Path) -> None:
    settings.project = a_project(
        tmp_path, mine="title: Mine\npurpose: marketing", outside="title: Out\npurpose: marketing"
    )
    folder = settings.project / "audiences"
    (folder / "mine.sql").write_text("-- all who bought\nselect distinct customer_id from marts.orders;\n")
    (folder / "outside.sql").write_text("select customer_id from read_csv('/etc/passwd')")
    publish(settings, PEOPLE)
    with open_published(settings) as published:
        found = load_library(settings)
        assert [step.left for step in waterfall(published, found, "mine", KEY)] == [5, 2, 2, 2, 2]
        with pytest.raises(Exception, match="disabled by configuration"):
            stage_audience(published, found, "outside", KEY)


def test_a_rule_and_a_query_of_one_audience_are_refused(settings: Settings, tmp_path: Path) -> None:
    settings.project = a_project(
        tmp_path, mine="title: Mine\npurpose: marketing\nwho: {rfm: {segment: champions}}"
    )
    (settings.project / "audiences" / "mine.sql").write_text("select customer_id from marts.orders")
    with pytest.raises(ActivationProblem, match=r"(?s)both `who` and a \.sql file.*mine\.sql"):
        load_library(settings).audience("mine")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select 1 as x", "customer_id"),
        ("select customer_id from marts.orders where city = 'Albany'", "city"),  # of customers, not of orders
        ("select customer_id from marts.no_such_table", "no_such_table"),
        ("select customer_id from read_csv('/etc/passwd')", "disabled by configuration"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_with_its_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    query: str, words: str,
) -> None:  # fmt: skip
    """A query without customer_id found that of the customers around it: everybody was a member."""
    settings.project = a_project(tmp_path, mine="title: Mine\npurpose: marketing")
    (settings.project / "audiences" / "mine.sql").write_text(query)
    publish(settings, PEOPLE)
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    assert check_audiences(name="mine", home=None, console=plain_console(width=200)) == 1
    said = capsys.readouterr().out
    assert "mine.sql" in said and words in said
    for command in (
        lambda: preview_audience(name="mine", home=None, inbox=None, sample=0, console=plain_console(width=200)),
        lambda: export_audience(name="mine", out=tmp_path / "x.csv", home=None, inbox=None, console=plain_console(width=200)),
    ):  # fmt: skip
        assert command() == 1
        assert "mine.sql" in capsys.readouterr().out
    assert not (tmp_path / "x.csv").exists()


def test_a_row_without_an_id_makes_nobody_a_member(settings: Settings, tmp_path: Path) -> None:
    settings.project = a_project(tmp_path, mine="title: Mine\npurpose: marketing")
    query = "select customer_id from marts.orders where store_id = 's2' union all select null"
    (settings.project / "audiences" / "mine.sql").write_text(query)
    publish(settings, PEOPLE)
    with open_published(settings) as published:
        assert [step.left for step in waterfall(published, load_library(settings), "mine", KEY)][:2] == [5, 1]


def test_a_check_asks_for_the_destinations_and_tells_of_equal_priorities(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = "title: A\npurpose: marketing\nwho: {rfm: {segment: [Loyal]}}\npriority: 1\n"
    documents = {
        "a": base + "destinations: [klaviyo]\n",
        "b": base + "destinations: [klaviyo, sms]\n",
        "c": base + "destinations: [nowhere]\n",
        "d": base + "destinations: [google_events]\n",
    }
    settings.project = project(tmp_path, documents, {})
    publish(settings, PEOPLE)
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    assert check_audiences(name=None, home=None, console=plain_console()) == 1
    said = capsys.readouterr().out
    assert "right: a (project)\n" in said
    assert "right: b (project); of the same priority, a comes first by name" in said
    assert "there is no destination 'nowhere'" in said
    assert "google_events takes conversions, not people" in said


def test_a_cap_that_caps_nothing_is_said(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only messages count as contact: where none of the destinations sends any, a cap is silently without effect."""
    base = "title: A\npurpose: marketing\nwho: {rfm: {segment: [Champions]}}\ncontact_cap: {at_most: 1, within_days: 7}\n"
    documents = {
        "ads": base + "destinations: [meta, wechat_tags]\n",
        "both": base + "destinations: [meta, sms]\n",
        "nowhere": base + "destinations: []\n",
    }
    settings.project = project(tmp_path, documents, {})
    publish(settings, PEOPLE)
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    assert check_audiences(name=None, home=None, console=plain_console(width=200)) == 0
    said = {each.split()[0]: each for each in capsys.readouterr().out.split("right: ")[1:]}
    words = "the contact cap leaves nobody out: none of its destinations sends messages"
    assert [name for name in documents if words in said[name]] == ["ads"]
    for name in documents:
        preview_audience(name=name, home=None, inbox=None, sample=0, console=plain_console(width=200))
        assert (words in capsys.readouterr().out) == (name == "ads")


def test_a_check_says_which_values_occur_nowhere(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt segment means nobody, and under not everybody: it compiles, so it was right without a word."""
    head = "title: A\npurpose: marketing\nwho: "
    documents = {
        "a": head + "{not: {rfm: {segment: [loyal, Loyal]}}}\n",
        "b": head
        + "{all: [{attributes: {country: {is_not: Atlantis}}}, {purchases: {store: [nowhere], brand: [b]}}]}\n",
        "c": head + "{all: [{audience: a}, {rfm: {segment: [Loyal]}}]}\n",
    }
    settings.project = project(tmp_path, documents, {})
    publish(settings, [Person("p", [("email", "p@example.com")], orders=[{"on": AS_OF, "brand": "b"}])])
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    console = plain_console(width=200)
    assert check_audiences(name=None, home=None, console=console) == 0
    said = {each.split()[0]: each for each in capsys.readouterr().out.split("right: ")[1:]}
    assert (
        said["a"]
        == "a (project)\n  who.not.rfm.segment: nothing in marts.customer_rfm has the segment 'loyal'; there is Loyal\n"
    )
    assert (
        "b (project)\n  who.all[1].attributes.country: nothing in marts.customers has the country 'Atlantis'; there is US\n"
        in said["b"]
    )
    assert (
        "who.all[2].purchases: nothing in marts.orders has the store_id 'nowhere'; there is s1\n" in said["b"]
    )
    assert said["b"].count("nothing in") == 2
    assert said["c"] == "c (project)\n"  # what a names wrongly is told of with a
    assert preview_audience(name="a", home=None, inbox=None, sample=3, console=console) == 0
    assert "nothing in marts.customer_rfm has the segment 'loyal'" in capsys.readouterr().out


def test_an_export_holds_no_formula(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "title: A\npurpose: marketing\nwho: {rfm: {segment: [Loyal]}}\norder_by: {attributes: city}\n"
    settings.project = project(tmp_path, {"a": text}, {})
    publish(settings, [Person("p", [("email", "p@example.com")], city="=1+1")])
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    out = tmp_path / "out.csv"
    assert export_audience(name="a", out=out, home=None, inbox=None, console=plain_console()) == 0
    assert out.read_text().splitlines() == ["customer_id,place,sort_value", "p,1,'=1+1"]


def test_an_export_that_cannot_be_written_is_said(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.project = a_project(tmp_path, mine="title: M\npurpose: marketing\nwho: {purchases: {}}")
    publish(settings, PEOPLE)
    monkeypatch.setattr(Settings, "load", lambda **_: settings)
    out = tmp_path / "no such folder" / "x.csv"
    assert export_audience(name="mine", out=out, home=None, inbox=None, console=plain_console(width=200)) == 1
    said = capsys.readouterr().out
    assert "the file cannot be written (No such file or directory)" in said and str(out) in said


def test_before_anything_is_published(settings: Settings) -> None:
    with pytest.raises(ActivationProblem, match="nothing is published yet"), open_published(settings):
        pass


def test_examples_are_in_force_on_a_simulated_inbox_only(settings: Settings) -> None:
    assert load_library(settings).in_force() == []
    (settings.inbox_dir / ".onefold-demo").touch()
    assert load_library(settings).in_force() == sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def test_the_commands_say_what_they_find(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = a_project(tmp_path)
    for name, value in (
        ("PROJECT", project),
        ("HOME", settings.home),
        ("INBOX", settings.inbox_dir),
        ("KEY", "k" * 32),
    ):
        monkeypatch.setenv(f"ONEFOLD_{name}", str(value))
    publish(settings, PEOPLE)
    console = plain_console(width=120)
    assert new_audience(name="mine", template="lookalike_seed", console=console) == 0
    assert new_audience(name="mine", template="lookalike_seed", console=console) == 1
    assert new_audience(name="Mine", template="lookalike_seed", console=console) == 1
    assert new_audience(name="other", template="nothing", console=console) == 1
    assert check_audiences(name="mine", home=None, console=console) == 0
    assert preview_audience(name="mine", home=None, inbox=None, sample=3, console=console) == 0
    out = tmp_path / "mine.csv"
    assert export_audience(name="mine", out=out, home=None, inbox=None, console=console) == 0
    assert export_audience(name="mine", out=out, home=None, inbox=None, console=console) == 1
    assert out.read_text().splitlines() == ["customer_id,place,sort_value"]
    assert out.stat().st_mode & 0o077 == 0
    (project / "audiences" / "gone.yaml").write_text("title: x\npurpose: marketing\nwho: {rfm: {gone: 1}}")
    assert check_audiences(name=None, home=None, console=console) == 1
    said = capsys.readouterr().out
    assert (
        "goes to Meta Custom Audiences (meta): its form is proven by published vectors; at least 100 members"
        in said
    )
    assert "wrong: gone" in said
    assert "who.rfm.gone" in said
    assert "example.com" not in said.replace("a***@example.com", "")


@pytest.mark.slow
def test_a_preview_of_a_million_members_counts_all_and_shows_a_few(settings: Settings) -> None:
    many = (
        "insert into made.marts.customers select md5(range::varchar), 'A*', null, null, 'US', null, 0, null, 0, true from range(1000000); "
        "insert into made.marts.contacts select customer_id, customer_id, 'email', null, true from made.marts.customers; "
        "insert into made.marts.contact_permissions select customer_id, customer_id, 'marketing', true, null from made.marts.customers"
    )
    publish(settings, [], without=many)
    with open_published(settings) as published:
        found = library(it={"who": {"attributes": {"country": "US"}}, "holdout": {"share": 0.5}})
        steps = {step.name: step.left for step in waterfall(published, found, "it", KEY)}
        assert (steps["all"], steps["reachable"]) == (1_000_000, 1_000_000)
        assert 490_000 < steps["holdout"] < 510_000
        assert len(sample_masked(published.con)) == 20


def test_shipped_examples_read_and_refer_to_each_other(published: PublishedFile) -> None:
    found = {path.stem: read_audience(safe_yaml.read(path), path.name) for path in SHIPPED.glob("*.yaml")}
    assert len(found) >= 5
    assert {name for each in found.values() for name in each.references()} <= set(found)
    assert yaml.safe_dump(sorted(found))
