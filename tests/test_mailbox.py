"""One mailbox, one spelling: by the providers' own rules, the same in Python and in SQL."""

from __future__ import annotations

import duckdb
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.mailbox import GMAIL_DOMAINS, PLUS_DOMAINS, mailbox_of, mailbox_sql
from cdp_assets.settings import PROJECT_DIR


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("jo.smith+news@gmail.com", "josmith@gmail.com"),
        ("jo.smith@googlemail.com", "josmith@gmail.com"),
        ("jo.smith+news@outlook.com", "jo.smith@outlook.com"),
        ("jo.smith+news@shop.example", "jo.smith+news@shop.example"),
        ("+@gmail.com", "+@gmail.com"),
        ("no address", "no address"),
    ],
)
def test_what_a_provider_ignores_does_not_count(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox


USERS = st.text("ab.+-_", min_size=1, max_size=8)
DOMAINS = st.sampled_from([*GMAIL_DOMAINS, *PLUS_DOMAINS, "shop.example"])


MACRO = (PROJECT_DIR / "dbt_project" / "macros" / "mailbox.sql").read_text(encoding="utf-8")
IN_DBT = jinja2.Environment().from_string(MACRO + "{{ mailbox('a') }}").render()  # SQL, not HTML


@given(st.builds("{}@{}".format, USERS, DOMAINS))
def test_sql_dbt_and_python_say_the_same_and_saying_it_again_changes_nothing(address: str) -> None:
    with duckdb.connect() as con:
        (said,) = con.execute(
            f"select {mailbox_sql('a')}, {IN_DBT} from (select ?::varchar as a)", [address]
        ).fetchall()
    assert said == (mailbox_of(address),) * 2
    assert mailbox_of(said[0]) == said[0]
