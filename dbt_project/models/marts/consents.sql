-- every answer ever known, with the dates between which the runs knew it: as of a day it is what stood then, however often it is asked.
-- The customer is who the record is of today
with

kept as (
    select as_of_date, is_ended, {{ statement_columns('history') }}
    from {{ source('state', 'consent_statements_by_date') }} as history
    where history.as_of_date < {{ as_of_date() }}
    union all
    select as_of_date, is_ended, {{ statement_columns('history') }}
    from {{ ref('consent_statements_by_date') }} as history
),

spans as (
    select
        *,
        lead(as_of_date) over (partition by statement_id order by as_of_date) as next_date
    from kept
),

named as (
    select distinct contact_pseudonym, customer_id
    from (
        {%- for scope in ['cast(null as string)', 'contact_scope'] %}
        {%- for value in ['spelling', contact_spelling('contact_type', 'contact_value')] %}
        select {{ contact_id('contact_type', scope, value) }} as contact_pseudonym, customer_id
        from {{ ref('contact_values') }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as spelled
),

known as (
    select distinct contact_pseudonym
    from named
),

sole as (
    select contact_pseudonym, min(customer_id) as customer_id
    from named
    group by contact_pseudonym
    having count(*) = 1
)

select
    spans.statement_id,
    coalesce(crosswalk.customer_id, sole.customer_id) as customer_id,
    spans.channel,
    spans.record_key,
    spans.contact_type,
    spans.contact_scope,
    spans.contact_pseudonym,
    spans.purpose,
    spans.status,
    spans.legal_basis,
    spans.jurisdiction,
    spans.policy_version,
    spans.evidence,
    spans.signal,
    spans.recorded_at,
    spans.expires_at,
    spans.as_of_date as known_from_date,
    spans.next_date as known_until_date,
    spans.next_date is null as is_current,
    -- the contact is nobody's, or not of the customer who answered; or nobody is known to have answered
    case
        when spans.contact_pseudonym is null then crosswalk.customer_id is null
        when spans.record_key is null then known.contact_pseudonym is null
        else own.contact_pseudonym is null
    end as is_unmatched
from spans
left join {{ ref('customer_crosswalk') }} as crosswalk
    on spans.record_key = crosswalk.record_key
left join sole
    on spans.contact_pseudonym = sole.contact_pseudonym
    and spans.record_key is null
left join known
    on spans.contact_pseudonym = known.contact_pseudonym
left join named as own
    on spans.contact_pseudonym = own.contact_pseudonym
    and crosswalk.customer_id = own.customer_id
where not spans.is_ended
