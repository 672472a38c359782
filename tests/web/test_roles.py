"""What each role sees and may do, by proxy and by account; a role that is taken away counts from the next click."""

from __future__ import annotations

import csv
import hashlib
import io
import re

import duckdb
import pytest

from cdp_assets import dbt_manifest
from cdp_assets.decisions import read_decisions
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.web.access import accounts, pace
from cdp_assets.web.access.people import roles
from cdp_assets.web.navigation import ACTIONS, PAGES
from tests.web.conftest import Reader
from tests.web.test_each_page import ADDRESSES, IN_PATHS
from tests.web.test_sign_in import PASSWORD, sign_in

CUSTOMER = hashlib.md5(b"customer7").hexdigest()
PHONE = "+8613800000007"


@pytest.fixture(scope="module", autouse=True)
def _classes() -> None:
    dbt_manifest.prepare(Settings(project=PROJECT_DIR))


def reader(settings: Settings, *given: str) -> Reader:
    """Somebody whom a trusted proxy names, with some roles."""
    groups = ",".join(f"{role}={role}" for role in roles())
    behind = settings.model_copy(
        update={"web_sign_in": "header", "web_trusted_proxies": "127.0.0.1", "web_group_roles": groups}
    )
    site = Reader(behind)
    site.headers = {"X-Forwarded-User": "kim", "X-Forwarded-Groups": ",".join(given)}
    return site


PATHS = {page.tab_path(tab): page.may for page in PAGES for tab in page.tabs}


@pytest.mark.parametrize("role", list(roles()))
def test_a_role_opens_the_pages_that_it_may_and_no_other(published: Settings, role: str) -> None:
    site = reader(published, role)
    for path, may in PATHS.items():
        for name, value in IN_PATHS.items():
            path = path.replace(name, value)
        wanted = 200 if may in roles()[role]["may"] else 403
        assert site.get(path).status_code == wanted, (role, path)


@pytest.mark.parametrize("role", ["marketer", "admin"])  # who sees no sensitive column
def test_a_table_all_of_whose_columns_are_hidden_says_so(
    published: Settings, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr("cdp_assets.web.visible._known", lambda _: {})  # as before the project was parsed
    site = reader(published, role)
    opened = [path for path, may in PATHS.items() if may in roles()[role]["may"] and "{" not in path]
    shown = {path: site.get(path) for path in opened}
    assert {path: each.status_code for path, each in shown.items()} == dict.fromkeys(opened, 200)
    assert "Your roles see no column of this table." in shown["/"].text


def test_who_may_not_open_a_page_is_told_which_roles_would_do(published: Settings) -> None:
    shown = reader(published, "analyst").get("/audit_log")
    assert "Your roles: analyst. This takes one of: privacy officer, administrator." in shown.text
    assert 'href="/segments"' in shown.text and 'href="/audit_log"' not in shown.text
    assert 'href="/segments"' not in reader(published, "nobody").get("/").text


@pytest.mark.parametrize("role", [*roles(), "none"])
def test_a_form_that_a_role_may_not_send_changes_nothing(published: Settings, role: str) -> None:
    site = reader(published, role)
    site.get("/" if role != "none" else "/health")
    allowed = roles().get(role, {"may": []})["may"]
    for action in ACTIONS:
        if action.may in allowed:
            continue
        path = action.path
        for name, value in IN_PATHS.items():
            path = path.replace(name, value)
        form = {"reason": "x", "kind": "must_link", "record": "a", "other": "b", "sql": "select 1", "q": "x"}
        assert site.post(path, form).status_code == 403, (role, path)
    assert list(read_decisions(published.home / "rulings_inbox")) == []


def test_no_page_shows_a_phone_in_clear_whatever_the_roles(published: Settings) -> None:
    site = reader(published, *roles())
    assert [address for address in ADDRESSES if PHONE in site.get(address).text] == []


def test_an_analyst_cannot_see_anybody_in_clear_nor_search_by_phone(published: Settings) -> None:
    site = reader(published, "analyst")
    site.get("/customers")
    assert site.post(f"/customers/{CUSTOMER}/reveal", {"reason": "curious"}).status_code == 403
    answer = site.post("/customers/find", {"q": PHONE})
    assert answer.status_code == 200 and CUSTOMER not in answer.text  # 303 to the customer, were it found


def test_a_marketer_sees_no_column_about_single_persons_in_pages_files_or_queries(
    published: Settings,
) -> None:
    site, analyst = reader(published, "marketer"), reader(published, "analyst")
    address = "/export/segments/download?segment=Champions&block=audience&form=csv"
    columns = next(csv.reader(io.StringIO(site.get(address).text)))
    whole = next(csv.reader(io.StringIO(analyst.get(address).text)))
    hidden = {"customer_id", "masked_full_name", "masked_phone", "masked_email", "city", "country"}
    assert hidden <= set(whole) and not hidden & set(columns) and "monetary" in columns
    assert "a***@example.com" not in site.get("/segments/download?segment=Champions").text
    assert site.post("/sql/run", {"sql": "select 1"}).status_code == 403


@pytest.mark.parametrize("column", ["birth_year", "masked_full_name", "customer_id"])
def test_an_audience_ordered_by_a_column_that_a_role_does_not_see_shows_none_of_its_values(
    published: Settings, column: str
) -> None:
    state = "edit=1&w0=attributes.order_count&h0=at_least&v0=0&purpose=marketing"
    address = f"/audiences/new?{state}&order=attributes.{column}"
    file = str((published.published_dir / "current" / "marts.duckdb").resolve())
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as found")
        con.execute("update found.marts.customers set birth_year = 1901, masked_full_name = 'Quux*'")
        con.execute(
            "insert into found.marts.contacts by name select customer_id, customer_id as contact_id, 'email' as contact_type, "
            "true as is_reachable from found.marts.customers"
        )
        con.execute(
            "insert into found.marts.contact_permissions by name select customer_id, customer_id as contact_id, "
            "'marketing' as purpose, true as is_allowed from found.marts.customers"
        )
    told = {"birth_year": "1,901", "masked_full_name": r"Quux\*", "customer_id": "[0-9a-f]{8}…"}[column]
    assert re.search(told, reader(published, "marketer", "analyst").get(address).text)
    assert not re.search(told, reader(published, "marketer").get(address).text)


@pytest.mark.parametrize("column", ["customer_id", "masked_email"])
def test_an_audience_asks_nothing_by_the_count_about_a_column_that_names_one_person(
    published: Settings, column: str
) -> None:
    address = f"/audiences/new?edit=1&w0=attributes.{column}&h0=starts_with&v0=a&purpose=marketing"
    assert "Line 1 cannot be read" in reader(published, "marketer").get(address).text


def test_the_sql_page_shows_only_columns_that_the_roles_see(published: Settings) -> None:
    from cdp_assets.publishing.limited_query import QueryRefused
    from cdp_assets.web.published import current_published
    from cdp_assets.web.sql_box import run_query

    shown = current_published(published)
    assert shown is not None
    narrow = frozenset({"public", "internal"})
    assert "net_revenue" in run_query(published, shown, "select * from customers", narrow).rows
    for sql in ("select masked_phone from customers", "select customer_id from orders"):
        with pytest.raises(QueryRefused):
            run_query(published, shown, sql, narrow)


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        (
            "203.0.113.9",
            [("X-Forwarded-User", "root"), ("X-Forwarded-Groups", "admin")],
        ),  # not through the proxy
        ("127.0.0.1", [("X-Forwarded-Groups", "admin")]),  # nobody named
        (
            "127.0.0.1",
            [("X-Forwarded-User", "root"), ("X-Forwarded-User", "kim"), ("X-Forwarded-Groups", "analyst")],
        ),
        (
            "127.0.0.1",
            [("X-Forwarded-User", "kim"), ("X-Forwarded-Groups", "admin"), ("X-Forwarded-Groups", "analyst")],
        ),
    ],
)
def test_a_persons_name_counts_only_from_a_listed_proxy_and_only_once(
    published: Settings, peer: str, headers: list[tuple[str, str]]
) -> None:
    site = reader(published, "analyst")
    site.peer, site.headers = (peer, 1), headers
    shown = site.get("/")
    assert shown.status_code == 401 and "g000002" not in shown.text


def test_a_role_that_is_taken_away_counts_from_the_next_click(published: Settings) -> None:
    settings = published.model_copy(update={"web_sign_in": "accounts"})
    accounts.put(settings, "kim", ["steward"], PASSWORD)
    site = Reader(settings)
    sign_in(site)
    shown = site.get(f"/customers/{CUSTOMER}")
    assert "Show in clear" in shown.text
    accounts.put(settings, "kim", ["analyst"], None)
    assert site.post(f"/customers/{CUSTOMER}/reveal", {"reason": "she called"}).status_code == 403
    again = site.get(f"/customers/{CUSTOMER}")
    assert again.status_code == 200 and "Show in clear" not in again.text
    accounts.put(settings, "kim", [], None)
    assert site.get("/").status_code == 403


def test_what_is_done_very_often_is_stopped_for_this_person_alone(published: Settings) -> None:
    site = reader(published, "service_desk")
    site.get("/customers")
    reveal = next(action for action in ACTIONS if action.path == "/customers/{customer_id}/reveal")
    for _ in range(reveal.most - 1):
        assert not pace.is_over(published, f"{reveal.path}:kim", most=reveal.most)
    form = {"reason": "all of them"}
    codes = [site.post(f"/customers/{CUSTOMER}/reveal", form).status_code for _ in range(2)]
    assert codes == [200, 429]
    other = reader(published, "service_desk")
    other.headers = {"X-Forwarded-User": "lee", "X-Forwarded-Groups": "service_desk"}
    other.get("/customers")
    assert other.post(f"/customers/{CUSTOMER}/reveal", {"reason": "she called"}).status_code == 200
