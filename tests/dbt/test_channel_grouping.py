"""The default channel grouping, as data, gives each source and medium what GA4's published rules give it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest
from engine_macros import rendered

SEEDS = ("marketing_channels", "channel_grouping", "source_categories")
PUBLISHED = [  # source, medium, campaign, marketing channel: one of our own for each of GA4's groups
    ("(direct)", "(none)", None, "direct"),
    ("(direct)", "(not set)", None, "direct"),
    ("google", "cpc", "spring cross-network", "cross_network"),
    ("ebay.co.uk", "cpc", None, "paid_shopping"),
    ("google", "cpc", "Shop the look", "paid_shopping"),
    ("duckduckgo.com", "ppc", None, "paid_search"),
    ("lm.facebook.com", "paidads", None, "paid_social"),
    ("vimeo", "retargeting", None, "paid_video"),
    ("somebody", "interstitial", None, "display"),
    ("somebody", "cpv", None, "paid_other"),
    ("amazon.de", "referral", None, "organic_shopping"),
    ("pinterest.com", "referral", None, "organic_social"),
    ("somebody", "sm", None, "organic_social"),
    ("twitch.tv", "referral", None, "organic_video"),
    ("somebody", "video-blog", None, "organic_video"),
    ("yandex.ru", "referral", None, "organic_search"),
    ("somebody", "organic", None, "organic_search"),
    ("perplexity.ai", "referral", None, "ai_assistants"),
    ("blog.example", "referral", None, "referral"),
    ("android", "app", None, "referral"),
    ("e_mail", "anything", None, "email"),
    ("somebody", "affiliate", None, "affiliate"),
    ("somebody", "audio", None, "audio"),
    ("sms", "anything", None, "sms"),
    ("somebody", "web_push", None, "push"),
    ("firebase", "anything", None, "push"),
    ("somebody", "whatever", None, "other"),
    ("store", "store_visit", None, "store"),
    ("dfa", "cpm", None, "display"),
    # what answers questions, by the sites' own names
    ("bard.google.com", "referral", None, "ai_assistants"),
    ("grok.com", "referral", None, "ai_assistants"),
    ("chat.mistral.ai", "referral", None, "ai_assistants"),
    ("www.kimi.com", "(not set)", None, "ai_assistants"),
    # through whom a customer passes and comes back: to pay, or to say who they are
    ("www.paypal.com", "referral", None, "direct"),
    ("checkout.stripe.com", "referral", None, "direct"),
    ("pay.amazon.com", "referral", None, "direct"),
    ("checkout.shopify.com", "referral", None, "direct"),
    ("accounts.google.com", "referral", None, "direct"),
    ("paypal", "cpc", None, "paid_other"),
    # parts of a listed site that are none of its kind
    ("mail.google.com", "referral", None, "referral"),
    ("com.google.android.gm", "referral", None, "referral"),
    ("docs.google.com", "referral", None, "referral"),
    ("admin.shopify.com", "referral", None, "referral"),
    ("com.google.android.googlequicksearchbox", "referral", None, "organic_search"),
    ("wa.me", "referral", None, "organic_social"),
]


def called(project_dir: Path, macro: str, arguments: str) -> str:
    """The SQL that a macro of the project gives."""
    text = (project_dir / "macros" / f"{macro}.sql").read_text(encoding="utf-8")
    return rendered(f"{text}{{{{ {macro}({arguments}) }}}}")


def grouped(
    project_dir: Path, named: list[tuple[str, str, str | None]]
) -> dict[tuple[str, str, str | None], str]:
    """The model journeys.marketing_sources over the shipped seeds."""
    con = duckdb.connect()
    for seed in SEEDS:
        con.execute(
            f"create table {seed} as select * from read_csv('{project_dir.parent}/data/reference/{seed}.csv', header = true)"
        )
    con.execute("create table touches (source varchar, medium varchar, campaign varchar)")
    con.executemany("insert into touches values (?, ?, ?)", named)
    model = (project_dir / "models" / "journeys" / "marketing_sources.sql").read_text(encoding="utf-8")
    sql = rendered(
        model,
        ref=lambda name: name,
        union_shape=lambda _: "select source, medium, campaign from touches where false",
    )
    return {
        (source, medium, campaign): channel
        for source, medium, campaign, channel in con.execute(
            f"select source, medium, campaign, marketing_channel from ({sql})"
        ).fetchall()
    }


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://shop.example/?GCLID=x", "gclid"),
        ("https://shop.example/?gad_source=1&gad_campaignid=7", "gad_source"),
        ("https://shop.example/?gad_source=1&gclid=x", "gclid"),
        ("https://shop.example/?gad_source=&x=1", None),
        ("https://shop.example/?li_fat_id=x", "li_fat_id"),
        ("https://shop.example/?a=1&ScCid=x", "sccid"),
        ("https://shop.example/?srsltid=x", None),  # free listings and search results bear it
    ],
)
def test_a_click_id_is_told_by_its_name(project_dir: Path, address: str, expected: str | None) -> None:
    sql = called(project_dir, "click_id_type", "'address'")
    with duckdb.connect() as con:
        assert con.execute(f"select {sql} from (select ? as address)", [address]).fetchone() == (expected,)


def test_each_click_id_has_a_meaning(project_dir: Path) -> None:
    path = project_dir.parent / "data" / "reference" / "click_ids.csv"
    with path.open(encoding="utf-8") as lines:
        meanings = {row["click_id_type"] for row in csv.DictReader(lines)}
    macro = (project_dir / "macros" / "click_id_type.sql").read_text(encoding="utf-8")
    assert meanings == set(re.findall(r"'([a-z_]+)',", macro))


@pytest.mark.parametrize(
    ("source", "medium", "address", "expected"),
    [
        ("shop.example", "referral", "https://shop.example/cart", True),
        ("www.shop.example", "referral", "https://shop.example?x=1", True),
        ("shop.example", "referral", "https://www.shop.example/", True),
        (" Shop.Example ", "Referral", "https://shop.example/", True),
        ("checkout.shop.example", "referral", "https://www.shop.example/", True),
        ("brand.example", "referral", "https://shop.brand.example/", True),
        ("shop.example", "cpc", "https://shop.example/", False),
        ("blog.example", "referral", "https://shop.example/to/blog.example/", False),
        ("workshop.example", "referral", "https://shop.example/", False),
        ("google.com", "referral", None, False),
        ("google.com", "referral", "", False),
        (None, None, "https://shop.example/", False),
    ],
)
def test_a_site_that_sends_to_itself_is_no_source(
    project_dir: Path, source: str | None, medium: str | None, address: str | None, expected: bool
) -> None:
    sql = called(project_dir, "is_own_site", "'source', 'medium', 'address'")
    with duckdb.connect() as con:
        row = con.execute(
            f"select {sql} from (select $1::varchar as source, $2::varchar as medium, $3::varchar as address)",
            [source, medium, address],
        ).fetchone()
    assert row == (expected,)


def test_each_group_is_found_by_its_rule(project_dir: Path) -> None:
    found = grouped(project_dir, [(source, medium, campaign) for source, medium, campaign, _ in PUBLISHED])
    assert found == {(source, medium, campaign): channel for source, medium, campaign, channel in PUBLISHED}


def test_the_published_table_is_followed_row_by_row(project_dir: Path, shared_dir: Path) -> None:
    path = shared_dir / "cases" / "sources_against_ga4_default_channel_group" / "sources.csv"
    if not path.exists():
        pytest.skip("the published table is not there")
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    found = grouped(project_dir, [(row["source"], row["medium"], None) for row in rows])
    for row in rows:
        groups = {
            name.strip().lower().replace(" ", "_").replace("-", "_")
            for name in row["ga4_default_channel_group"].split("/")
        }
        assert found[row["source"], row["medium"], None] in groups, row["source"]
