"""Destinations: every shipped file's form, read back by other code; one more by one YAML; files that are wrong."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from cdp_assets.activation.destination import Destination, load_destinations, read_destination
from cdp_assets.activation.files import Part, render
from cdp_assets.activation.night import run_activation
from cdp_assets.activation.normalise import key_expression
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.commands import activation as commands
from cdp_assets.commands.saying import plain_console
from cdp_assets.settings import Settings
from tests.activation.homes import AS_OF, Person, publish
from tests.activation.test_story import LOYAL, MAIL, WHOLE, project

SHIPPED = load_destinations(Settings()).known
VALUES = {"email": "Ann.Lee+x@Gmail.com", "phone": "+8613800138000", "platform": "guide/AbC-1"}


def content_of(
    destination: Destination, operation: str, name: str = 'O"Neil, =Ann'
) -> dict[str, tuple[bytes, str]]:
    """Field → (file's content, key) of one made-up contact each."""
    found = {}
    with duckdb.connect() as con:
        con.execute(
            "create table todo (list_id integer, operation varchar, part varchar, chunk integer, field varchar, key_id bigint, "
            "platform_key varchar, customer_id varchar, given_name varchar, family_name varchar)"
        )
        for number, each in enumerate(destination.identifiers):
            value = "+12025550101" if each.normaliser == "phone_us_10" else VALUES[each.contact]
            key = con.execute(
                f"select {key_expression(each.normaliser, each.hash, '$value')}", {"value": value}
            ).fetchall()[0][0]
            con.execute("delete from todo")
            part = None if destination.file.together else each.field
            con.execute(
                "insert into todo values (1, ?, ?, 0, ?, ?, ?, 'c1', ?, 'Lee')",
                [operation, part or "", each.field, number, key, name],
            )
            made = Part(1, operation, part, 0, 1, None)
            found[each.field] = (
                next(iter(render(con, destination, {made.list_id: "the list"}, [made])))[1],
                key,
            )
    return found


@pytest.mark.parametrize("operation", ["add", "remove"])
@pytest.mark.parametrize("name", sorted(name for name, each in SHIPPED.items() if each.kind != "conversion"))
def test_a_shipped_destination_writes_its_key_once_per_row_and_nothing_that_it_does_not_list(
    name: str, operation: str
) -> None:
    destination = SHIPPED[name]
    for field, (content, key) in content_of(destination, operation).items():
        texts = texts_of(destination, content)
        its = key.split("/") if name == "wecom" else [key]
        assert all(part in texts for part in its), field
        said = json.dumps(
            [destination.file.model_dump(), destination.add.model_dump(), destination.remove.model_dump()]
        )
        if "given_name" not in said and not any(each.columns for each in destination.identifiers):
            assert not any("Neil" in text for text in texts)
        assert "c1" not in texts or "$customer_id" in said


def texts_of(destination: Destination, content: bytes) -> list[str]:
    """Every text of a file, by its format."""
    if destination.file.writer == "parquet":
        return [
            str(value) for row in pq.read_table(io.BytesIO(content)).to_pylist() for value in row.values()
        ]
    if destination.file.compress == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    text = content.decode()
    if destination.file.extension == "json":
        return list(_leaves(json.loads(text)))
    if destination.file.extension == "jsonl":
        return [leaf for line in text.splitlines() for leaf in _leaves(json.loads(line))]
    rows = list(csv.reader(io.StringIO(text)))
    return [cell for row in rows[1 if destination.file.header else 0 :] for cell in row]


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return str(value).split(",")


def test_requests_have_the_platforms_form() -> None:
    google = json.loads(content_of(SHIPPED["google_data_manager"], "add")["emailAddress"][0])
    assert google["consent"] == {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
    assert google["encoding"] == "HEX"
    assert list(google["audienceMembers"][0]["userData"]["userIdentifiers"][0]) == ["emailAddress"]
    assert "consent" not in json.loads(
        content_of(SHIPPED["google_data_manager"], "remove")["emailAddress"][0]
    )
    meta = json.loads(content_of(SHIPPED["meta"], "add")["PHONE"][0])
    assert meta["payload"]["schema"] == ["PHONE"]
    tiktok = json.loads(content_of(SHIPPED["tiktok"], "remove")["EMAIL_SHA256"][0])
    assert (tiktok["action"], tiktok["batch_data"][0][0]["audience_ids"]) == ("delete", ["the list"])
    linkedin = json.loads(content_of(SHIPPED["linkedin"], "remove")["SHA256_EMAIL"][0])
    assert linkedin["elements"][0]["action"] == "REMOVE"
    wecom = json.loads(content_of(SHIPPED["wecom"], "add")["external_userid"][0])
    assert wecom == {"userid": "guide", "external_userid": "AbC-1", "add_tag": ["the list"]}
    klaviyo = content_of(SHIPPED["klaviyo"], "add")["Email"][0].decode()
    assert (
        klaviyo
        == 'Email,Email Marketing Consent,First Name,Last Name\nAnn.Lee+x@Gmail.com,subscribe,"O""Neil, =Ann",Lee\n'
    )
    sms = content_of(SHIPPED["sms"], "add", "=cmd()")["phone"][0].decode()
    assert sms == "phone,first_name\n+8613800138000,cmd()\n"
    liveramp = content_of(SHIPPED["liveramp"], "add")["phone_number"]
    assert (
        liveramp[0].decode() == f'"audience_key","email","phone_number"\n"{liveramp[1]}","","{liveramp[1]}"\n'
    )


def test_what_no_published_vector_proves_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.destinations(console=plain_console(width=200)) == 0
    lines = capsys.readouterr().out.splitlines()
    proven = {line.split()[0] for line in lines if "proven by vectors" in line}
    unverified = {line.split()[0] for line in lines if line.rstrip().endswith("unverified")}
    assert {"google_data_manager", "meta", "tiktok", "tencent", "trade_desk"} <= proven
    assert {"microsoft", "snap", "damopan", "amazon"} <= unverified


def test_one_more_destination_is_one_yaml(settings: Settings, tmp_path: Path) -> None:
    mine = MAIL.replace("kind: message\n", "").replace(
        "{Email: $key, Name: $given_name}", "{Adresse: $key, Liste: $list, Fest: ja}"
    )
    mine = mine.replace("remove: {columns: {Email: $key}}", "lists: {loyal: 4711}\nsmallest_list: 1")
    settings.project = project(
        tmp_path, {"loyal": LOYAL.format(purpose="marketing", destinations="[meine]")}, {"meine": mine}
    )
    publish(settings, [Person("a", [("email", "A@b.de")])], AS_OF)
    report = run_activation(settings)
    assert report.file_count == 1
    path = settings.home / "activation" / "meine" / "loyal" / "g000001-1" / "add-001.csv"
    assert path.read_text() == "Adresse,Liste,Fest\nA@b.de,4711,ja\n"
    assert path.stat().st_mode & 0o077 == 0


def test_a_phone_without_country_gets_the_destinations_default(settings: Settings, tmp_path: Path) -> None:
    text = (
        "title: T\nconsents: [{purpose: marketing}]\nfile: {writer: lines, extension: txt, header: false, columns: {k: $key}}\n"
        "identifiers: [{field: p, contact: phone, normaliser: phone_e164, hash: none, default_region: DE}]\n"
    )
    settings.project = project(
        tmp_path, {"loyal": LOYAL.format(purpose="marketing", destinations="[tel]")}, {"tel": text}
    )
    publish(
        settings, [Person("a", [("phone", "030 123456")]), Person("b", [("phone", "+12025550101")])], AS_OF
    )
    run_activation(settings)
    path = settings.home / "activation" / "tel" / "loyal" / "g000001-1" / "add-001.txt"
    assert sorted(path.read_text().split()) == ["+12025550101", "+4930123456"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"identifiers": []}, "destination.identifiers"),
        ({"consents": []}, "destination.consents"),
        ({"colour": "red"}, "destination.colour"),
        ({"mode": "sometimes"}, "destination.mode"),
        ({"kind": "conversion"}, "a conversion has `event`"),
        (
            {"identifiers": [{"field": "e", "contact": "email", "normaliser": "none_such", "hash": "none"}]},
            "choose one of email",
        ),
        ({"regions": {"except": ["UK"]}}, "'UK' is no country of ISO 3166"),
        ({"regions": {"only": ["us"]}}, "'us' is no country"),
        ({"regions": {"cross_border_for": ["China"]}}, "'China' is no country"),
        (
            {
                "identifiers": [
                    {
                        "field": "e",
                        "contact": "phone",
                        "normaliser": "phone_e164",
                        "hash": "none",
                        "default_region": "UK",
                    }
                ]
            },
            "'UK' is no country",
        ),
        (
            {"file": {"writer": "lines", "extension": "csv", "columns": {"a": "$emial"}}},
            "there is no $emial here",
        ),
        (
            {"file": {"writer": "lines", "extension": "csv", "columns": {"a": "$key:f"}}},
            "there is no $key:f here",
        ),
        (
            {"file": {"writer": "lines", "extension": "csv", "columns": {"a": "Dear $given_name"}}},
            "$given_name stands alone",
        ),
        (
            {"file": {"writer": "parquet", "extension": "parquet", "columns": {"a": "$list"}}},
            "there is no $list here",
        ),
        ({"file": {"writer": "json", "extension": "json", "row": ["$key:e"]}}, "there is no $key:e here"),
        (
            {"file": {"writer": "json", "extension": "json", "body": {"data": "rows"}}},
            "$rows or $joined once",
        ),
        (
            {"file": {"writer": "json", "extension": "json", "body": ["$rows", "$rows"]}},
            "$rows or $joined once",
        ),
        ({"remove": {"columns": {"a": "$kye"}}}, "there is no $kye here"),
        ({"remove": {"columns": {"a": "gone"}}}, "a row names nobody"),
        ({"file": {"writer": "lines", "extension": "csv", "columns": {"a": "$list"}}}, "a row names nobody"),
        (
            {"file": {"writer": "json", "extension": "json", "body": {"data": "$rows"}, "row": {"a": 1}}},
            "a row names nobody",
        ),
        (
            {"identifiers": [{"field": "e", "contact": "email", "normaliser": "email", "hash": "sha512"}]},
            "choose one of none",
        ),
    ],
)
def test_a_destination_that_is_wrong_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    right = {
        "title": "T",
        "consents": [{"purpose": "marketing"}],
        "identifiers": [{"field": "e", "contact": "email", "normaliser": "email", "hash": "none"}],
        "file": {"writer": "lines", "extension": "csv"},
    }
    path = tmp_path / "wrong.yaml"
    path.write_text(json.dumps(right))
    assert read_destination(path).smallest_list is None  # without a floor nothing is ever held
    path.write_text(json.dumps(right | change))
    with pytest.raises(ActivationProblem) as raised:
        read_destination(path)
    assert words in str(raised.value)
    assert "wrong.yaml" in str(raised.value)


def test_a_list_that_is_replaced_whole_is_one_file(settings: Settings, tmp_path: Path) -> None:
    whole = WHOLE.replace("batch_size: 1000000", "batch_size: 2")
    settings.project = project(
        tmp_path, {"loyal": LOYAL.format(purpose="ads_matching", destinations="[whole]")}, {"whole": whole}
    )
    publish(settings, [Person(f"p{each}", [("email", f"p{each}@example.com")]) for each in range(5)], AS_OF)
    report = run_activation(settings)
    assert (report.file_count, report.row_count("add")) == (1, 5)


def test_an_unknown_destination_is_named_and_the_others_go_on(settings: Settings, tmp_path: Path) -> None:
    settings.project = project(
        tmp_path, {"loyal": LOYAL.format(purpose="marketing", destinations="[nowhere, sms]")}, {}
    )
    publish(settings, [Person("a", [("phone", "+12025550101")])], AS_OF)
    report = run_activation(settings)
    assert "no destination 'nowhere'" in report.problems[0]
    assert report.file_count == 1


CALC = "=1+1@example.com"


@pytest.mark.parametrize("name", ["klaviyo", "mailchimp", "plain_csv"])
def test_a_file_that_a_person_opens_holds_no_formula(settings: Settings, tmp_path: Path, name: str) -> None:
    """An address that a spreadsheet would run is dropped and counted there; what only a machine reads keeps every address as it is."""
    emails = [CALC, "+1@example.com", "-1@example.com", "\t=1@example.com", "ann+1@example.com"]
    text = LOYAL.format(purpose="marketing", destinations=f"[{name}, machine]")
    machine = (
        "title: M\nconsents: [{purpose: marketing}]\n"
        "identifiers: [{field: e, contact: email, normaliser: email_as_given, hash: none}]\nfile: {writer: lines, extension: csv}\n"
    )
    settings.project = project(tmp_path, {"loyal": text}, {"machine": machine})
    publish(settings, [Person(f"p{n}", [("email", each)]) for n, each in enumerate(emails)])
    report = run_activation(settings)
    found = {each.destination: (each.member_count, each.dropped) for each in report.lists}
    assert found == {name: (1, 4), "machine": (5, 0)}
    assert CALC in next(settings.home.glob("activation/machine/*/*/add-001.csv")).read_text()
