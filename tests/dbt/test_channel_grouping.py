"""The default channel grouping, as data, gives each source and medium what GA4's published rules give it."""

from __future__ import annotations

import csv
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
]


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
