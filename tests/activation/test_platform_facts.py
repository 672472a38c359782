"""What platforms publish about their formats and limits, beside what the shipped destinations write: hashes by hashlib, files by their format alone."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from tests.activation.test_destinations import SHIPPED, content_of
from tests.activation.test_vectors import key_of

GMAIL, OTHER = " Ann.Lee+x@GMail.com ", "Ann.Lee+x@Example.com"
AMERICAN, CHINESE = "+1 (202) 555-0101", "+86 138 0013 8000"
AS_GIVEN, PLAIN = "as given", "plain"
# identifier → (form of an address at Gmail, at another domain), or of an American number, a Chinese number (None: it is not brought there); and the hash
WRITTEN: dict[str, dict[str, tuple[str | None, str | None, str]]] = {
    "google_data_manager": {
        "emailAddress": ("annlee@gmail.com", "ann.lee+x@example.com", "sha256"),
        "phoneNumber": ("+12025550101", "+8613800138000", "sha256"),
    },
    "google_customer_match": {
        "Email": ("annlee@gmail.com", "ann.lee+x@example.com", "sha256"),
        "Phone": ("+12025550101", "+8613800138000", "sha256"),
    },
    "meta": {
        "EMAIL": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256"),
        "PHONE": ("12025550101", "8613800138000", "sha256"),
    },
    "tiktok": {
        "EMAIL_SHA256": ("ann.lee@gmail.com", "ann.lee@example.com", "sha256"),
        "PHONE_SHA256": ("12025550101", "8613800138000", "sha256"),
    },
    "linkedin": {"SHA256_EMAIL": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256")},
    "microsoft": {"Email": ("ann.lee@gmail.com", "ann.lee@example.com", "sha256")},
    "pinterest": {"EMAIL": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256")},
    "snap": {
        "EMAIL_SHA256": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256"),
        "PHONE_SHA256": ("12025550101", "8613800138000", "sha256"),
    },
    "x": {"email": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256")},
    "trade_desk": {"EmailHashedUnifiedId2": ("annlee@gmail.com", "ann.lee+x@example.com", "base64")},
    "liveramp": {
        "email": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "sha256"),
        "phone_number": ("2025550101", None, "sha1"),
    },
    "tencent": {"SHA256_MOBILE_PHONE": (None, "13800138000", "sha256")},
    "ocean_engine": {"14": (None, "13800138000", "sha256")},
    "damopan": {
        "email": ("ann.lee+x@gmail.com", "ann.lee+x@example.com", "md5"),
        "phone": (None, "13800138000", "sha256"),
    },
    "klaviyo": {"Phone Number": ("+12025550101", "+8613800138000", PLAIN)},
    "sms": {"phone": ("+12025550101", "+8613800138000", PLAIN)},
}
# rows of a file at most, smallest list, days that members stay (they come again before)
LIMITS: dict[str, tuple[int | None, int | None, int | None]] = {
    "google_data_manager": (10_000, 100, 540),
    "google_customer_match": (100_000, 100, 540),
    "meta": (10_000, 100, None),
    "tiktok": (None, 1_000, None),
    "linkedin": (5_000, 300, None),
    "microsoft": (None, 300, None),
    "snap": (None, 1_000, None),
    "x": (2_500, 100, None),
    "trade_desk": (None, 1_500, None),
    "liveramp": (None, 25, None),
    "pinterest": (None, 100, None),
    "tencent": (None, 2_000, None),
    "wechat_tags": (50, None, None),
}


def hashed(form: str, how: str) -> str:
    if how == PLAIN:
        return form
    if how == "base64":
        return base64.b64encode(hashlib.sha256(form.encode()).digest()).decode()
    return hashlib.new(how, form.encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_identifiers_are_written_as_the_platform_asks(name: str) -> None:
    for each in SHIPPED[name].identifiers:
        if each.field not in WRITTEN[name]:
            assert each.contact == "platform" or each.hash == "none", each.field
            continue
        first, second, how = WRITTEN[name][each.field]
        values = (GMAIL, OTHER) if each.contact == "email" else (AMERICAN, CHINESE)
        for value, form in zip(values, (first, second), strict=True):
            expected = None if form is None else hashed(form, how)
            assert key_of(each.normaliser, each.hash, value) == expected, each.field
    assert {each.field for each in SHIPPED[name].identifiers} >= WRITTEN[name].keys()


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_limits_are_kept(name: str) -> None:
    rows, floor, days = LIMITS[name]
    its = SHIPPED[name]
    assert rows is None or its.batch_size <= rows
    assert its.smallest_list == floor
    assert (its.refresh_days is not None and its.refresh_days < days) if days else its.refresh_days is None
    assert (its.mode == "replace") == (name in {"trade_desk", "liveramp"})


def sheet(name: str, operation: str, field: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content_of(SHIPPED[name], operation)[field][0].decode())))


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_klaviyo_file_begins_with_the_column_that_klaviyo_knows(operation: str) -> None:
    for field in ("Email", "Phone Number"):
        assert sheet("klaviyo", operation, field)[0][0] == field
    consents = {"Email": "Email Marketing Consent", "Phone Number": "SMS Marketing Consent"}
    for field, column in consents.items():
        head, row = sheet("klaviyo", "add", field)
        assert row[head.index(column)] == "subscribe"


def test_a_liveramp_file_quotes_every_value_and_begins_with_its_key() -> None:
    for content, _ in content_of(SHIPPED["liveramp"], "add").values():
        head, row = content.decode().splitlines()
        assert head.startswith('"audience_key",')
        assert all(each.startswith('"') and each.endswith('"') for each in row.split(","))


def test_a_tencent_file_is_a_zip_of_one_id_a_line_and_one_of_ocean_engine_is_plain() -> None:
    content, key = content_of(SHIPPED["tencent"], "add")["SHA256_MOBILE_PHONE"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (inner,) = archive.namelist()
        assert archive.read(inner).decode() == f"{key}\n"
    content, key = content_of(SHIPPED["ocean_engine"], "add")["14"]
    assert content.decode() == f"{key}\n"
    words = SHIPPED["ocean_engine"].title + SHIPPED["ocean_engine"].notes
    assert "protobuf" in words and "not written" in words and "unverified" in words
    assert "千川" in SHIPPED["ocean_engine"].title and "巨量引擎" not in SHIPPED["ocean_engine"].title


def requests(name: str, operation: str) -> list[Any]:
    return [json.loads(content) for content, _ in content_of(SHIPPED[name], operation).values()]


def test_requests_say_add_or_remove_in_the_platforms_words() -> None:
    said = {
        name: [request[key] for operation in ("add", "remove") for request in requests(name, operation)][:: len(SHIPPED[name].identifiers)]
        for name, key in {"tiktok": "action", "amazon": "action", "pinterest": "operation_type"}.items()
    }  # fmt: skip
    assert said == {
        "tiktok": ["add", "delete"],
        "amazon": ["CREATE", "DELETE"],
        "pinterest": ["ADD", "REMOVE"],
    }
    microsoft = [
        requests("microsoft", each)[0]["CustomerListUserData"]["ActionType"] for each in ("add", "remove")
    ]
    assert microsoft == ["Add", "Remove"]
    for operation, word in (("add", "Update"), ("remove", "Delete")):
        ((one,),) = requests("x", operation)
        assert one["operation_type"] == word
    tag = {"add": "add_tag", "remove": "remove_tag"}
    for operation, word in tag.items():
        (one,) = requests("wecom", operation)
        assert one.keys() == {"userid", "external_userid", word}


def test_a_snap_request_holds_one_schema() -> None:
    for request in requests("snap", "add"):
        (users,) = request["users"]
        assert len(users["schema"]) == 1 and all(len(row) == 1 for row in users["data"])
