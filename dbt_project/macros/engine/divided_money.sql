{#- An amount of money divided by a number, as a decimal of so many places, half a unit of the last one rounded away from zero: exact in both engines
    (DuckDB divides decimals in binary, where 155.67 / 2 is a hair below 77.835). Null where the divisor is null or nothing. Amounts below ten
    billion with up to six places; divisors likewise. -#}
{% macro divided_money(amount, divisor, places=2) -%}
    {{ return(adapter.dispatch('divided_money', 'onefold')(amount, divisor, places)) }}
{%- endmacro %}

{#- Whole numbers of millionths: twice the dividend plus the divisor over twice the divisor, cut off, is the quotient rounded. -#}
{% macro duckdb__divided_money(amount, divisor, places) -%}
    {%- set dividend = 'cast(cast(' ~ amount ~ ' as decimal(28, 6)) * 1000000 as hugeint)' -%}
    {%- set by = 'nullif(cast(cast(' ~ divisor ~ ' as decimal(28, 6)) * 1000000 as hugeint), 0)' -%}
    cast(
        cast(
            sign({{ dividend }}) * sign({{ by }})
            * ((2 * abs({{ dividend }}) * {{ 10 ** places }} + abs({{ by }})) // (2 * abs({{ by }})))
            as decimal(26, 0)
        ) * cast({{ '0.' ~ '0' * (places - 1) ~ '1' }} as decimal({{ places }}, {{ places }})) as decimal(18, {{ places }})
    )
{%- endmacro %}

{% macro spark__divided_money(amount, divisor, places) -%}
    cast(cast({{ amount }} as decimal(28, 6)) / nullif(cast({{ divisor }} as decimal(28, 6)), 0) as decimal(18, {{ places }}))
{%- endmacro %}
