{#- From which date each channel's rows of a relation begin (CTE body: channel, first_date), whatever strays before it: dates that lie before a gap of more than
    `vars.stray_gap_days` and hold less than `vars.stray_share` of the channel's rows, as those of a till whose clock was reset. -#}
{% macro first_dates_of(relation, date) -%}
    select
        channel,
        coalesce(
            max(case when next_date > {{ add_days('on_date', var('stray_gap_days')) }} and so_far < all_rows * {{ var('stray_share') }} then next_date end),
            min(on_date)
        ) as first_date
    from (
        select
            channel,
            on_date,
            lead(on_date) over in_time as next_date,
            sum(row_count) over (partition by channel order by on_date rows between unbounded preceding and current row) as so_far,
            sum(row_count) over (partition by channel) as all_rows
        from (
            select channel, {{ date }} as on_date, count(*) as row_count
            from {{ relation }}
            where {{ date }} <= {{ as_of_date() }}
            group by channel, {{ date }}
        ) as days
        window in_time as (partition by channel order by on_date)
    ) as laid
    group by channel
{%- endmacro %}
