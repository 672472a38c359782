"""What a node's compiled code depends on is told from texts: too much is a slow night, too little would be a wrong one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cdp_assets.compiled_from import digests

MACROS = {
    "as_of_date": "{% macro as_of_date() %}{{ var('as_of_date') }}{% endmacro %}",
    "default__quantile": "{% macro default__quantile(n) %}quantile({{ n }}){% endmacro %}",
    "duckdb__quantile": "{% macro duckdb__quantile(n) %}{{ until() }}{% endmacro %}",
    "until": "{% macro until() %}before {{ as_of_date() }}{% endmacro %}",
    "plain": "{% macro plain() %}{# as_of_date #} as_of_date, run_query {% endmacro %}",
    "asks": "{% macro asks() %}{% if execute %}{% do run_query('select 1') %}{% endif %}{% endmacro %}",
}


def digest(code: str, date: str = "2017-01-01", zone: str = "UTC", project: str = "p") -> str | None:
    macros = {name: SimpleNamespace(name=name, macro_sql=text) for name, text in MACROS.items()}
    manifest = SimpleNamespace(macros=macros, nodes={"model.a": SimpleNamespace(raw_code=code)})
    return digests(manifest, ["model.a"], project, {"as_of_date": date, "zone": zone}).get("model.a")


@pytest.mark.parametrize(
    "code",
    [
        "select {{ as_of_date() }}",
        "select {{ var('as_of_date') }}",
        "select {{ until() }}",
        "{% if execute %}{{ until() }}{% endif %}",
        "{{ adapter.dispatch('quantile', 'p')(1) }}",
        "{{ {'a': {'b': until()}} }}",
        "{% set later = context['until'] %}",
        "{%- call until() -%}x{%- endcall -%}",
    ],
)
def test_a_node_that_may_speak_of_the_date_changes_with_it(code: str) -> None:
    assert digest(code) not in {None, digest(code, date="2017-01-02")}


@pytest.mark.parametrize(
    "code", ["select as_of_date from until", "select {{ plain() }} {# until #}", "{{ ref('x') }}", ""]
)
def test_one_that_does_not_stays_as_it_is_until_something_else_changes(code: str) -> None:
    known = digest(code)
    assert known == digest(code, date="2017-01-02") is not None
    assert known not in {digest(code, zone="Asia/Shanghai"), digest(code, project="q")}


@pytest.mark.parametrize(
    "code",
    ["{{ asks() }}", "{{ run_started_at }}", "{{ modules.datetime.date.today() }}", "{{ env_var('A') }}"],
)
def test_what_asks_the_database_or_the_clock_cannot_be_told(code: str) -> None:
    assert digest(code) is None
