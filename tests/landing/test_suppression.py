"""People who asked to be forgotten: their rows are cut out of a file before it is kept, whatever its format and however broken the row."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.landing import forgetting
from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.suppression import identifiers
from cdp_assets.landing.suppression.matches import Suppressed
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import contract_of, deliver, land, landed

KEY = b"test-key-of-at-least-thirty-two-bytes"
HERS = "rosa.canary@example.test"
HEADER = "order_no,email,phone,amount\n"
COLUMNS = (
    {"name": "order_no", "physicalName": "order_no", "primaryKey": True},
    {"name": "email", "classification": "core"},
    {"name": "phone", "classification": "core"},
    {"name": "amount", "logicalType": "number"},
)


def orders(on_erasure: str = "remove", **facts: object) -> dict[str, ChannelContract]:
    return contract_of({"onErasure": on_erasure, **facts}, *COLUMNS)


def american_orders() -> dict[str, ChannelContract]:
    return {
        name: each.model_copy(update={"facts": each.facts.model_copy(update={"phone_region": "US"})})
        for name, each in orders().items()
    }


def suppress(settings: Settings, kind: str, *pseudonyms: str) -> None:
    with connect_state(settings) as con:
        con.executemany(
            "insert or ignore into suppressions values (?, ?, null)", [[kind, each] for each in pseudonyms]
        )


def counts(settings: Settings) -> tuple[int, ...]:
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            "select parsed_rows, landed_rows, quarantined_rows, duplicate_rows, erased_rows, anonymised_rows from loads"
        ).fetchall()
    return tuple(int(value) for value in rows[0])


def kept(settings: Settings) -> Path:
    (path,) = [path for path in settings.originals_dir.glob("*/*") if path.is_file()]
    return path


def test_a_row_is_cut_out_of_the_original_and_the_lines_below_keep_their_numbers(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    before = f"{HEADER}1,a@x.test,,5\n2,{HERS.upper()},,7\n3,c@x.test,,9\n"
    deliver(settings, "shop/a.csv", before)
    land(settings, orders())
    assert counts(settings) == (3, 2, 0, 0, 1, 0)
    assert kept(settings).read_text() == f"{HEADER}1,a@x.test,,5\n\n3,c@x.test,,9\n"
    assert landed(settings, "shop", "sales", "_line, order_no") == [(2, "1"), (4, "3")]
    with connect_state(settings, read_only=True) as con:
        ((delivered, stored),) = con.execute("select delivered_sha256, stored_sha256 from loads").fetchall()
    assert delivered == hash_file(settings.inbox_dir / "shop/a.csv")
    assert stored == hash_file(kept(settings))
    assert kept(settings).name == delivered


def test_a_broken_quote_above_her_row_hides_it_from_nobody(settings: Settings) -> None:
    """The original is cut along the same rows that were read: a row that breaks the quoting ends with its line."""
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    deliver(settings, "shop/a.csv", f'{HEADER}1,"a"b@x.test,"x,5\n2,{HERS},,7\n3,c@x.test,,9\n')
    land(settings, orders())
    assert HERS not in kept(settings).read_text()
    assert landed(settings, "shop", "sales", "order_no") == [("3",)]


def test_a_row_that_bears_money_lands_without_its_person(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    deliver(settings, "shop/a.csv", f'{HEADER}1,a@x.test,,5\n2,{HERS},"415,\n555 0101",7\n3,c@x.test,,9\n')
    land(settings, orders("blank"))
    assert counts(settings) == (3, 2, 0, 0, 0, 1)
    assert landed(settings, "shop", "sales", "_line, order_no, email, phone, amount::double") == [
        (2, "1", "a@x.test", None, 5.0),
        (3, "2", None, None, 7.0),
        (5, "3", "c@x.test", None, 9.0),
    ]
    assert HERS not in kept(settings).read_text()


@pytest.mark.parametrize(
    ("known_as", "delivered"),
    [
        ("rosamay@gmail.com", "Rosa.May@googlemail.com"),  # as identity keeps it, and as she writes it
        ("rosa.may@gmail.com", "r.o.s.a.may+shop@gmail.com"),  # as she asked, and as she writes it elsewhere
        ("rosa@outlook.com", "Rosa+shop@outlook.com"),
    ],
)
def test_she_is_known_by_the_mailbox_however_the_address_is_written(
    settings: Settings, known_as: str, delivered: str
) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, known_as))
    deliver(settings, "shop/a.csv", f"{HEADER}1,rosa.may@x.test,,5\n2,{delivered},,7\n")
    land(settings, orders("blank"))
    assert landed(settings, "shop", "sales", "order_no, email") == [("1", "rosa.may@x.test"), ("2", None)]
    assert delivered not in kept(settings).read_text()


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_what_is_on_hold_stays_in_her_rows_and_in_nobody_elses(settings: Settings, form: str) -> None:
    """Rosa's e-mail is a tax record; Ana, erased too, has no hold; a hold that has ended holds nothing."""
    rosa, ana = identifiers.of_email(KEY, HERS), identifiers.of_email(KEY, "ana@example.test")
    suppress(settings, "email", *rosa, *ana)
    with connect_state(settings) as con:
        con.executemany("insert into rights_suppressed values (?, ?)", [["r1", rosa[0]], ["r2", ana[0]]])
        con.execute(
            "insert into rights_holds values ('r1', 'shop.sales', 'email', 'tax', null), ('r1', 'shop.sales', 'phone', 'over', date '2020-01-01')"
        )
    rows = [("1", "ana@example.test", "415", "5"), ("2", HERS, "416", "7"), ("3", "c@x.test", "417", "9")]
    if form == "csv":
        deliver(settings, "shop/a.csv", HEADER + "".join(",".join(row) + "\n" for row in rows))
        contracts = orders("blank")
    else:
        names = ("order_no", "email", "phone", "amount")
        deliver(
            settings,
            "shop/a.csv",
            "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows),
        )
        contracts = orders("blank", format="ndjson")
    land(settings, contracts)
    assert counts(settings) == (3, 1, 0, 0, 0, 2)
    assert landed(settings, "shop", "sales", "order_no, email, phone") == [
        ("1", None, None), ("2", HERS, None), ("3", "c@x.test", "417"),
    ]  # fmt: skip
    text = kept(settings).read_text()
    assert HERS in text and "ana@example.test" not in text and "416" not in text


def test_a_broken_row_of_hers_is_erased_and_never_reaches_quarantine(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    deliver(
        settings, "shop/a.csv", f"{HEADER}1,a@x.test,,x\n2,{HERS},,7,too,many\n3,,,{HERS}\n4,{HERS},,some\n"
    )
    land(settings, orders("blank"))
    # the first is somebody else's; the second cannot be taken apart, and the third's cells slipped, so they go whole; the fourth waits without her
    assert counts(settings) == (4, 0, 2, 0, 2, 0)
    with duckdb.connect() as con:
        (quarantine,) = settings.quarantine_dir.rglob("*.parquet")
        texts = con.execute(
            "select original_text from read_parquet(?) order by 1", [str(quarantine)]
        ).fetchall()
    assert texts == [("1,a@x.test,,x",), ("4,,,some",)]
    assert HERS not in kept(settings).read_text()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_address_of_hers_goes_out_of_columns_that_are_no_persons_too(
    settings: Settings, form: str
) -> None:
    """The address of a page, a campaign: no contract calls them personal, and they may name her all the same."""
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    contracts = contract_of(
        {"onErasure": "blank", "format": form, "filePattern": ".*"}, *COLUMNS, {"name": "url"}
    )
    rows = [
        ("1", "a@x.test", "", "5", "https://x.test/?a=b@x.test"),
        ("2", "b@x.test", "", "7", f"https://x.test/?a={HERS.replace('@', '%40')}"),
        ("3", HERS, "", "9", "https://x.test/?tel=%2B1%20415%20555%200101"),
        ("14155550101", "c@x.test", "", "9", "an id of this number is no phone"),
    ]
    names = ("order_no", "email", "phone", "amount", "url")
    if form == "csv":
        deliver(settings, "shop/a.csv", "\n".join(map(",".join, [names, *rows])) + "\n")
    else:
        (settings.inbox_dir / "shop").mkdir()
        pq.write_table(
            pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)}),
            settings.inbox_dir / "shop" / "a.parquet",
        )
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "order_no, email, url") == [
        ("1", "a@x.test", "https://x.test/?a=b@x.test"), ("2", "b@x.test", None), ("3", None, None),
        ("14155550101", "c@x.test", "an id of this number is no phone"),
    ]  # fmt: skip
    assert counts(settings) == (4, 3, 0, 0, 0, 1)


@pytest.mark.parametrize("on_erasure", ["remove", "blank"])
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_who_mentions_her_stays_and_the_text_that_does_goes(
    settings: Settings, form: str, on_erasure: str
) -> None:
    """Ana's delivery note names Rosa's number, Ben's her address: neither asked to be forgotten. A row without an address of its own is hers."""
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    contracts = contract_of(
        {"onErasure": on_erasure, "format": form, "filePattern": ".*"},
        *COLUMNS, {"name": "note", "classification": "core"},
    )  # fmt: skip
    names = ("order_no", "email", "phone", "amount", "note")
    rows = [
        ("1", "ana@x.test", "", "5", "leave it with Rosa: 1 415 555 0101"),
        ("2", "ben@x.test", "555", "7", f"write to {HERS} if nobody is there"),
        ("3", "", "", "9", f"no address but {HERS} in a note"),
        ("4", "Rosa@x.test", "+1 415 555 0101", "9", "a number of hers is no mention"),
        ("5", "cleo@x.test", "", "9", "nobody"),
    ]
    lines = [",".join(each) for each in (names, *rows)] if form == "csv" else [
        json.dumps(dict(zip(names, row, strict=True))) for row in rows
    ]  # fmt: skip
    deliver(settings, f"shop/a.{form}", "\n".join(lines) + "\n")
    land(settings, contracts)
    others = [("1", "ana@x.test", None), ("2", "ben@x.test", None), ("5", "cleo@x.test", "nobody")]
    nobodys = [] if on_erasure == "remove" else [("3", None, None), ("4", None, None)]
    assert landed(settings, "shop", "sales", "order_no, email, note") == sorted(others + nobodys)
    assert counts(settings) == (5, 3, 0, 0, *((2, 0) if on_erasure == "remove" else (0, 2)))
    assert HERS not in kept(settings).read_text() and "0101" not in kept(settings).read_text()
    assert "ben@x.test" in kept(settings).read_text()


@pytest.mark.parametrize("form", ["ndjson", "json"])
def test_nothing_of_her_stays_in_a_json_record_that_bears_money(settings: Settings, form: str) -> None:
    """Not under a key that the contract does not know, nor below one that it knows, nor in an array; other records stay as they are."""
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    hers = {
        "order_no": "2",
        "email": HERS,
        "amount": "7",
        "items": {"sku": "A", "note": f"for {HERS}"},
        "meta": {"deep": [{"who": HERS}]},
        "facts": [
            {"key": "colour", "value": {"string_value": "red"}},
            {"key": "who", "value": {"string_value": HERS}},
        ],
    }
    other = {
        **hers,
        "order_no": "1",
        "email": "a@x.test",
        "items": {"sku": "B", "note": "soon"},
        "meta": {"deep": []},
        "facts": [],
    }
    rows = [other, hers, {"order_no": "3", "amount": "9", "meta": f"call {HERS}"}]
    text = "".join(json.dumps(row) + "\n" for row in rows) if form == "ndjson" else json.dumps(rows)
    deliver(settings, "shop/a.csv", text)
    columns = ({"name": "sku", "physicalName": "items.sku", "customProperties": [{"property": "optional", "value": True}]},
               {"name": "colour", "physicalName": "facts.colour", "customProperties": [{"property": "optional", "value": True}]})  # fmt: skip
    contracts = contract_of(
        {"onErasure": "blank", "format": form, "keyedArrays": ["facts"]},
        *(column for column in COLUMNS if column["name"] != "phone"),
        *columns,
    )
    land(settings, contracts)
    assert HERS not in kept(settings).read_text()
    written = kept(settings).read_text()
    read = json.loads(written) if form == "json" else [json.loads(line) for line in written.splitlines()]
    assert read[0] == other
    assert landed(settings, "shop", "sales", "order_no, sku, colour, amount::double") == [
        ("1", "B", None, 5.0 + 2), ("2", "A", "red", 7.0), ("3", None, None, 9.0),
    ]  # fmt: skip
    assert counts(settings) == (3, 1, 0, 0, 0, 2)


@pytest.mark.parametrize(
    "number",
    [
        "(415) 555-0101",
        "+1 415 555 0101",
        "0014155550101",
        "415.555.0101",
        "call 415-555-0101 at noon",
        "415_555_0101",
        "415\t555\t0101",
        "415-555-0199 / 415-555-0101",
        "415 555 0101 415 555 0199",
        "ext 12 415 555 0101",
        "tel%3D%2b1%28415%29%20555%2D0101",
        "%2B1%2520415%2520555%25200101",
        '"415, 555, 0101"',
        "415      555      0101",
        '"call\n415\r\n555\r\n0101"',
        "415&nbsp;555&#8211;0101",
        "&#52;15<br>555<BR/>0101",
    ],
)
def test_a_number_is_hers_however_it_is_written(settings: Settings, number: str) -> None:
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    other = "(415) 555-0102"
    deliver(settings, "shop/a.csv", f'{HEADER}1,,{number},5\n2,,{other},5\n3,,"4,1,5,5,5,5,0,1,0,1",5\n')
    land(settings, american_orders())
    assert counts(settings) == (3, 2, 0, 0, 1, 0)


def test_a_shared_number_counts_only_with_her_name(settings: Settings) -> None:
    (hashed, *_) = identifiers.of_phone(KEY, "+14155550101")
    suppress(settings, "named", *identifiers.of_named(KEY, hashed, "Rosa Canary"))
    names = [{"name": name, "classification": "core"} for name in ("given", "family", "phone")]
    deliver(
        settings,
        "shop/a.csv",
        "id,given,family,phone\n1,Rosa,Canary,+14155550101\n2,Juan,Canary,+14155550101\n3,Rosa,Canary,+14155550102\n",
    )
    land(settings, contract_of({}, {"name": "id"}, *names))
    assert landed(settings, "shop", "sales", "id") == [("2",), ("3",)]


def test_a_list_of_plain_hashes_is_taken_in_as_keyed_ones(settings: Settings) -> None:
    listed = hashlib.sha256(HERS.encode()).hexdigest()
    suppress(settings, "sha256_email_lower", *identifiers.of_sha256(KEY, listed, "email_lower"))
    deliver(settings, "shop/a.csv", f"{HEADER}1,a@x.test,,5\n2,{HERS},,7\n")
    land(settings, orders())
    assert counts(settings) == (2, 1, 0, 0, 1, 0)
    with pytest.raises(ValueError, match="not known"):
        identifiers.of_sha256(KEY, listed, "email_upper")


def test_who_bought_for_her_stays(settings: Settings) -> None:
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    columns = (
        {"name": "id", "primaryKey": True},
        {"name": "buyer", "classification": "core"},
        {"name": "recipient_name", "classification": "core"},
        {"name": "recipient_phone", "classification": "core"},
    )
    facts = {"naturalKeys": [{"name": "customer", "columns": ["buyer"]}], "onErasure": "blank"}
    deliver(
        settings,
        "shop/a.csv",
        "id,buyer,recipient_name,recipient_phone\n1,juan,Rosa,+14155550101\n2,,Rosa,+14155550101\n",
    )
    land(settings, contract_of(facts, *columns))
    assert landed(settings, "shop", "sales", "id, buyer, recipient_name, recipient_phone") == [
        ("1", "juan", None, None), ("2", None, None, None),
    ]  # fmt: skip


RECIPIENTS = (
    {"name": "id", "primaryKey": True},
    {"name": "buyer", "classification": "core"},
    {"name": "buyer_name", "classification": "core"},
    {"name": "recipient_name", "classification": "core"},
    {"name": "recipient_phone", "classification": "core"},
)


def gifts() -> dict[str, ChannelContract]:
    recipient = {"columns": ["recipient_name", "recipient_phone"], "order": "id"}
    return contract_of({"onErasure": "blank", "recipient": recipient}, *RECIPIENTS)


def test_a_recipient_known_only_from_her_order_stays_and_her_own_parcels_do_not(settings: Settings) -> None:
    """Gifts, parcels to herself by each of her names, a parcel that others sent to her: each cell goes or stays by whose it is."""
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    suppress(settings, "name", *identifiers.of_name(KEY, "Rosa Canary"))
    suppress(settings, "id", *identifiers.of_source_id(KEY, "shop", "recipient:6"))
    deliver(
        settings,
        "shop/a.csv",
        "id,buyer,buyer_name,recipient_name,recipient_phone\n"
        f"1,{HERS},Rosa C,Ben Other,+14155550199\n"
        f"2,{HERS},Rosa C,ROSA  CANARY,+14155550188\n"
        f"3,{HERS},Rosa C,rosa c,\n"
        "4,juan@x.test,Juan,Rosa,+14155550101\n"
        "5,juan@x.test,Juan,Rosa Canary,+14155550177\n"
        "6,juan@x.test,Juan,Somebody,\n",
    )
    land(settings, gifts())
    found = landed(settings, "shop", "sales", "id, buyer, recipient_name, recipient_phone")
    assert found == [
        ("1", None, "Ben Other", "+14155550199"), ("2", None, None, None), ("3", None, None, None),
        ("4", "juan@x.test", None, None), ("5", "juan@x.test", "Rosa Canary", "+14155550177"), ("6", "juan@x.test", None, None),
    ]  # fmt: skip
    assert counts(settings) == (6, 1, 0, 0, 0, 5)
    for path in (settings.landing_dir / "shop" / "sales").glob("[0-9a-f]*.parquet"):
        path.write_bytes(b"damaged")
    assert land(settings, gifts()).exports[0].files_mended == 1
    assert landed(settings, "shop", "sales", "id, buyer, recipient_name, recipient_phone") == found
    assert counts(settings) == (6, 1, 0, 0, 0, 5)


def test_a_buyer_who_mentions_her_in_a_gifts_note_stays_with_whom_he_sends_it_to(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    recipient = {"columns": ["recipient_name", "recipient_phone"], "order": "id"}
    contract = contract_of(
        {"onErasure": "blank", "recipient": recipient},
        *RECIPIENTS,
        {"name": "note", "classification": "core"},
    )
    deliver(
        settings,
        "shop/a.csv",
        "id,buyer,buyer_name,recipient_name,recipient_phone,note\n"
        f"1,kim@x.test,Kim,Lou,+14155550111,send {HERS} a copy\n"
        f"2,{HERS},Rosa C,Lou,+14155550111,write to {HERS}\n",
    )
    land(settings, contract)
    found = landed(settings, "shop", "sales", "id, buyer, recipient_name, note")
    assert found == [("1", "kim@x.test", "Lou", None), ("2", None, "Lou", None)]
    assert HERS not in kept(settings).read_text() and "kim@x.test" in kept(settings).read_text()


def test_an_answer_is_told_what_rows_say_of_her_and_of_nobody_else_in_them(settings: Settings) -> None:
    """Of a gift that she sends not to whom, of one that she gets not from whom; nothing of a row that only mentions her, nor of who sold it to her."""
    recipient = {"columns": ["recipient_name", "recipient_phone"], "order": "id"}
    contract = contract_of(
        {"onErasure": "blank", "recipient": recipient},
        *RECIPIENTS,
        {"name": "note", "classification": "core"},
        {"name": "seller", "classification": "sensitive", "facts": {"aboutOther": True}},
    )
    deliver(
        settings,
        "shop/a.csv",
        "id,buyer,buyer_name,recipient_name,recipient_phone,note,seller\n"
        f"1,{HERS},Rosa C,Ben Other,+14155550199,at the back door,Sam Seller\n"
        "4,juan@x.test,Juan,Rosa,+14155550101,for my love,Sam Seller\n"
        f"7,kim@x.test,Kim,Kim,+14155550111,send {HERS} a copy,Sam Seller\n",
    )
    land(settings, contract)
    hashes = [*identifiers.of_email(KEY, HERS), *identifiers.of_phone(KEY, "+14155550101")]
    people = Suppressed(sorted(hashes), frozenset({"email", "phone"}))
    held = forgetting.holding_loads(settings, contract, people)
    told = forgetting.delivered(settings, contract, people, held)
    assert {(each.header, each.value) for each in told} == {
        ("buyer", HERS), ("buyer_name", "Rosa C"), ("note", "at the back door"), ("recipient_name", "Rosa"), ("recipient_phone", "+14155550101"),
    }  # fmt: skip


def test_an_order_that_was_hers_comes_again_without_her(settings: Settings) -> None:
    suppress(settings, "order", *identifiers.of_order(KEY, "shop", "2"))
    deliver(settings, "shop/a.csv", f"{HEADER}1,a@x.test,,5\n2,new@x.test,,7\n")
    land(settings, orders("blank"))
    assert landed(settings, "shop", "sales", "order_no, email") == [("1", "a@x.test"), ("2", None)]


def test_the_whole_file_may_be_hers(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    deliver(settings, "shop/a.csv", f"{HEADER}2,{HERS},,7\n")
    land(settings, orders())
    assert counts(settings) == (1, 0, 0, 0, 1, 0)
    assert landed(settings, "shop", "sales", "order_no") == []
    assert land(settings, orders()).exports[0].files_landed == 0


def test_a_file_that_was_cut_is_parsed_again_with_the_same_counts(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    deliver(settings, "shop/a.csv", f"{HEADER}1,a@x.test,,5\n2,{HERS},,7\n3,{HERS},,8\n")
    land(settings, orders("blank"))
    before = counts(settings)
    for path in (settings.landing_dir / "shop" / "sales").glob("[0-9a-f]*.parquet"):
        path.write_bytes(b"damaged")
    assert land(settings, orders("blank")).exports[0].files_mended == 1
    assert counts(settings) == before == (3, 1, 0, 0, 0, 2)


@pytest.mark.parametrize("packing", ["gzip", "zip", "utf-16", "gb18030"])
def test_a_packed_or_otherwise_encoded_file_is_written_again_as_it_came(
    settings: Settings, packing: str
) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    text = f"{HEADER}1,王小明@x.test,,5\n2,{HERS},,7\n"
    encoding = packing if packing in ("utf-16", "gb18030") else "utf-8"
    content = text.encode(encoding)
    if packing == "gzip":
        content = gzip.compress(content)
    elif packing == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("Rosa Canary.csv", content)
        content = packed.getvalue()
    deliver(settings, "shop/a.csv", content)
    land(settings, orders(encoding=encoding))
    assert counts(settings) == (2, 1, 0, 0, 1, 0)
    found = kept(settings).read_bytes()
    if packing == "gzip":
        found = gzip.decompress(found)
    elif packing == "zip":
        with zipfile.ZipFile(io.BytesIO(found)) as archive:
            (name,) = archive.namelist()
            assert "Rosa" not in name
            found = archive.read(name)
    assert found.decode(encoding) == f"{HEADER}1,王小明@x.test,,5\n\n"


def test_json_lines_and_documents(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    columns = ({"name": "id", "physicalName": "id"}, {"name": "email", "physicalName": "who.email", "classification": "core"})  # fmt: skip
    rows = [{"id": "1", "who": {"email": "a@x.test"}}, {"id": "2", "who": {"email": HERS}, "note": "x"}]
    deliver(settings, "shop/a.json", "".join(json.dumps(row) + "\n" for row in rows))
    deliver(settings, "shop/b.json", json.dumps({"data": rows}))
    land(
        settings, contract_of({"filePattern": ".*a.json", "format": "ndjson", "onErasure": "blank"}, *columns)
    )
    assert landed(settings, "shop", "sales", "id, email") == [("1", "a@x.test"), ("2", None)]
    documents = contract_of(
        {"filePattern": ".*b.json", "format": "json", "recordsPath": "data"}, *columns, channel="shop"
    )
    land(settings, documents)
    assert all(HERS not in path.read_text() for path in settings.originals_dir.glob("*/*"))


def test_a_workbook_and_a_parquet_file(settings: Settings) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    book = openpyxl.Workbook()
    for row in (["order_no", "email", "phone", "amount"], ["1", "a@x.test", "", "5"], ["2", HERS, "", "7"], ["3", "c@x.test", "", "9"]):  # fmt: skip
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    deliver(settings, "shop/a.xlsx", written.getvalue())
    land(settings, orders(format="xlsx", filePattern=".*xlsx"))
    assert landed(settings, "shop", "sales", "_line, order_no") == [(2, "1"), (4, "3")]
    with zipfile.ZipFile(kept(settings)) as archive:
        assert all(HERS.encode() not in archive.read(name) for name in archive.namelist())
    with duckdb.connect() as con:
        con.execute(
            "copy (select '1' as order_no, 'a@x.test' as email, null::varchar as phone, '5' as amount union all "
            f"select '2', '{HERS}', null, '7') to '{settings.inbox_dir}/shop/b.parquet' (format parquet)"
        )
    report = land(settings, orders("blank", format="parquet", filePattern=".*parquet"))
    assert (report.exports[0].landed_rows, report.exports[0].anonymised_rows) == (1, 1)
    assert all(HERS.encode() not in path.read_bytes() for path in settings.originals_dir.glob("*/*"))


def test_every_export_that_bears_money_keeps_its_rows(settings: Settings) -> None:
    """Whatever staging reads orders, lines, refunds or payments from says so in its contract."""
    from cdp_assets.landing import load_contracts

    project = settings.dbt_project_dir / "models" / "staging"
    missing = []
    for contract in load_contracts(*settings.contract_dirs).values():
        for shape in ("orders", "order_lines", "refunds", "payments"):
            model = project / contract.name / f"stg_{contract.name}__{shape}.sql"
            text = model.read_text() if model.exists() else ""
            missing += [
                f"{contract.name}.{export.name} ({shape})"
                for export in contract.exports
                if f"'{export.name}')" in text and export.facts.on_erasure != "blank"
            ]
    assert missing == []


@pytest.mark.parametrize(
    ("email", "phone"),
    [
        ("", "415\u00a0555\u00a00101"),
        ("", "+1\u202f415\u202f555\u20110101"),
        ("", "415–555–0101"),
        ("", "（４１５）５５５－０１０１"),
        ("rosa.canary＠example.test", ""),
        ("ｒｏｓａ.canary@example.test", ""),
        ("rosa.\u200bcanary@example.test", ""),
        ("https://x.test/?a=1&mail=rosa.canary%40example.test", ""),
        ("https://x.test/?next=a%3Fmail%3Drosa.canary%40example.test", ""),
        ("https://x.test/?next=a%253Fmail%253Drosa%252ecanary%2540example.test%26b", ""),
        ("邮箱rosa.canary@example.test", ""),
        ("rosa.canary&#64;example.test", ""),
        ("&lt;&#x72;osa.canary&commat;example&period;test&gt;", ""),
        ("rosa.canary&amp;#64;example.test", ""),
        ("rosa.canary＆#64;example.test", ""),
        ("%26%2364%3B rosa.canary%26%2364%3Bexample.test", ""),
    ],
    ids=range(16),
)
def test_she_is_known_in_wide_forms_and_by_any_space_or_dash(
    settings: Settings, email: str, phone: str
) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    suppress(settings, "phone", *identifiers.of_phone(KEY, "+14155550101"))
    deliver(settings, "shop/a.csv", f"{HEADER}1,a@x.test,,5\n2,{email},{phone},7\n")
    land(settings, american_orders())
    assert landed(settings, "shop", "sales", "order_no") == [("1",)]


def test_an_address_that_ends_like_hers_is_somebody_elses(settings: Settings) -> None:
    suppress(settings, "email", *identifiers.of_email(KEY, "a@example.test"))
    suppress(settings, "email", *identifiers.of_email(KEY, "josé@exämple.test"))
    deliver(
        settings, "shop/a.csv", f"{HEADER}1,éa@example.test,,5\n2,a@example.test,,7\n3,JOSÉ@exämple.test,,7\n"
    )
    land(settings, orders())
    assert landed(settings, "shop", "sales", "order_no") == [("1",)]


@pytest.mark.parametrize("on_erasure", ["blank", "remove"])
def test_where_the_original_is_gone_what_landed_is_cut_itself(settings: Settings, on_erasure: str) -> None:
    """A retention took the original: her rows go, or lose her, in the Parquet, and the ledger's counts balance."""
    contracts = contract_of({"onErasure": on_erasure}, *COLUMNS, {"name": "url"})
    deliver(
        settings,
        "shop/a.csv",
        f"order_no,email,phone,amount,url,note\n1,a@x.test,415,5,https://x.test/?a=1,a\n2,{HERS},416,7,https://x.test/?a=2,b\n"
        f"3,,417,8,https://x.test/?a={HERS},c\n4,d@x.test,418,9,written by d: the friend of {HERS},d\n",
    )
    land(settings, contracts)
    kept(settings).unlink()
    suppress(settings, "email", *identifiers.of_email(KEY, HERS))
    people = Suppressed(identifiers.of_email(KEY, HERS), frozenset({"email"}))
    loads = forgetting.holding_loads(settings, contracts, people)
    assert [sum(each.values()) for each in loads.values()] == [3]
    forgetting.erase(settings, contracts, {name: list(each) for name, each in loads.items()}, "erasure")
    found = landed(settings, "shop", "sales", "order_no, email, phone, url, extra_note, amount::double")
    stays = ("1", "a@x.test", "415", "https://x.test/?a=1", "a", 5.0)
    mentions = (
        "4",
        "d@x.test",
        "418",
        None,
        "d",
        9.0,
    )  # somebody else's: the text goes, as where an original is
    if on_erasure == "remove":
        assert found == [stays, mentions] and counts(settings) == (4, 2, 0, 0, 2, 0)
    else:
        assert found == [
            stays,
            ("2", None, None, "https://x.test/?a=2", None, 7.0),
            ("3", None, None, None, None, 8.0),
            mentions,
        ]
        assert counts(settings) == (4, 2, 0, 0, 0, 2)
    assert forgetting.holding_loads(settings, contracts, people) == {}


def test_two_erasures_cut_one_delivered_file_and_it_stays_the_delivery_that_it_was(
    settings: Settings,
) -> None:
    deliver(settings, "shop/a.csv", f"{HEADER}1,a@x.test,,5\n2,{HERS},,7\n3,c@x.test,,9\n")
    contracts = orders()
    land(settings, contracts)
    for count, mail in enumerate((HERS, "a@x.test"), start=1):
        (hashed,) = identifiers.of_email(KEY, mail)
        suppress(settings, "email", hashed)
        loads = {
            name: list(each)
            for name, each in forgetting.holding_loads(
                settings, contracts, Suppressed([hashed], frozenset({"email"}))
            ).items()
        }
        forgetting.erase(settings, contracts, loads, f"erasure {count}")
        files = forgetting.in_inbox(settings, loads)
        assert [path.name for path, _ in files] == ["a.csv"]
        assert forgetting.rewrite_inbox(settings, files) == 1
        assert mail not in (settings.inbox_dir / "shop" / "a.csv").read_text()
    (report,) = land(settings, contracts).exports
    assert (report.files_landed, report.files_known) == (0, 1)
    assert landed(settings, "shop", "sales", "order_no") == [("3",)]
    assert forgetting.in_inbox(settings, loads) == []
