-- law: per file, parsed = landed + quarantined + duplicates by declared key + erased + anonymised
{{ config(tags=['law']) }}
select channel, export, load_id, parsed_rows, landed_rows, quarantined_rows, duplicate_rows, erased_rows, anonymised_rows
from {{ source('state', 'loads') }}
where status = 'landed'
    and parsed_rows is distinct from landed_rows + quarantined_rows + duplicate_rows + erased_rows + coalesce(anonymised_rows, 0)
