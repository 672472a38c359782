-- the latest answer per customer and purpose that speaks for the whole person: a refusal at the till, Global Privacy Control. What the person
-- refused by a request stands above every answer, later ones too: only a request lifts it
with

latest as (
    select customer_id, {{ consent_columns('statements') }}
    from {{ ref('consent_statements') }} as statements
    where contact_type = 'person' and customer_id is not null and status <> 'unknown'
    qualify row_number() over (
        partition by customer_id, purpose
        order by
            coalesce(signal, '') = 'request' desc,
            recorded_at desc nulls last,
            case status when 'withdrawn' then 1 when 'denied' then 2 when 'expired' then 3 else 4 end,
            expires_at nulls last,
            evidence,
            signal
    ) = 1
)

select
    customer_id,
    {{ standing_consent() }}
from latest
