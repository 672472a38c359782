-- law: every staging model has its shape's columns with their types and no other: one that is misspelt would stand as nulls under its right name
{{ config(tags=['law']) }}
{%- for shape, channels in var('channels').items() %}
{%- for channel in channels %}
-- depends_on: {{ ref('stg_' ~ channel ~ '__' ~ shape) }}
{%- endfor %}
{%- endfor %}
{%- set found = [] %}
{%- for shape, channels in var('channels').items() if execute %}
    {%- set types = dict(shape_columns(shape)) %}
    {%- for channel in channels %}
        {%- set model = 'stg_' ~ channel ~ '__' ~ shape %}
        {%- set made = {} %}
        {%- for column in adapter.get_columns_in_relation(ref(model)) %}
            {%- do made.update({column.name: column.dtype | lower}) %}
        {%- endfor %}
        {%- for name, type in types.items() if made.get(name) != type_name(type) %}
            {%- do found.append((model, name, made.get(name, 'absent'), type)) %}
        {%- endfor %}
        {%- for name, type in made.items() if name not in types %}
            {%- do found.append((model, name, type, 'no column of the shape')) %}
        {%- endfor %}
    {%- endfor %}
{%- endfor %}
with

differences as (
    select
        cast(null as string) as model,
        cast(null as string) as column_name,
        cast(null as string) as found_type,
        cast(null as string) as wanted_type
    {%- for model, name, found_type, wanted_type in found %}
    union all
    select '{{ model }}', '{{ name }}', '{{ found_type }}', '{{ wanted_type }}'
    {%- endfor %}
)

select model, column_name, found_type, wanted_type
from differences
where model is not null
