"""The attribution models written in SQL, against right answers for 20,000 journeys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import jinja2
import pytest

from cdp_assets.dbt_vars import project_vars

MODELS = {
    "first_touch": "first",
    "last_touch": "last",
    "last_non_direct": "last_non_direct",
    "linear": "linear",
    "position_based": "position_based",
    "time_decay": "time_decay_touch_hl1",
}


@pytest.fixture(scope="module")
def paths(shared_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """path_touches with one path per distinct journey, and how many conversions of what value each stands for."""
    with duckdb.connect() as con:
        con.execute(
            f"""
            create table grouped as
            select row_number() over () as number, string_split(path, ' > ') as channels, total_conversions, total_conversion_value
            from read_csv('{shared_dir / "reference" / "attribution_paths.csv"}');
            create table path_touches as
            select
                'c' || number as conversion_id, 'c' || number || ':' || position as touch_id, position,
                len(channels) as path_length, channels[position] as marketing_channel,
                channels[position] = 'direct' as is_direct, true as is_conversion, 0.0 as hours_before
            from (select *, unnest(range(1, len(channels) + 1)) as position from grouped)
            """
        )
        yield con


def compiled(project_dir: Path, model: str, **knobs: object) -> str:
    """The model's SQL over a table `path_touches`, with the project's vars."""
    values = {**project_vars(project_dir), **knobs}
    sql = (project_dir / "models" / "attribution" / f"attribution_{model}.sql").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=False).from_string(sql)  # SQL, not HTML
    return template.render(ref=lambda name: name, var=lambda name: values[name], config=lambda **_: "")


@pytest.mark.parametrize(("model", "column"), MODELS.items())
def test_credit_per_channel_agrees_to_nine_digits(
    paths: duckdb.DuckDBPyConnection, project_dir: Path, shared_dir: Path, model: str, column: str
) -> None:
    sql = compiled(project_dir, model, attribution_half_life=1, attribution_half_life_unit="touches")
    worst, channels = paths.execute(
        f"""
        with credited as (
            select
                touches.marketing_channel as channel,
                sum(credits.credit * grouped.total_conversions) as conversions,
                sum(credits.credit * grouped.total_conversion_value) as revenue
            from ({sql}) as credits
            join path_touches as touches using (touch_id)
            join grouped on 'c' || grouped.number = credits.conversion_id
            group by channel
        )
        select
            max(greatest(
                abs(credited.conversions / expected.{column}_conv - 1), abs(credited.revenue / expected.{column}_value - 1)
            )),
            count(*)
        from credited
        join read_csv('{shared_dir / "reference" / "attribution_expected.csv"}') as expected using (channel)
        """
    ).fetchall()[0]
    assert channels == 8
    assert worst < 1e-9
