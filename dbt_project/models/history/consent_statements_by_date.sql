-- answers that this run knows and state does not, and those that state knows and no delivery holds any longer; kept at publication
{{ config(tags=['history']) }}
with

current_statements as (
    select
        {{ statement_id(['channel', 'record_key', 'contact_type', 'contact_scope', 'spelling', 'purpose', 'status', 'policy_version', 'signal',
            'recorded_at', 'expires_at']) }} as statement_id,
        channel,
        record_key,
        contact_type,
        contact_scope,
        case when contact_key is not null then {{ contact_id('contact_type', 'contact_scope', 'spelling') }} end as contact_pseudonym,
        purpose,
        status,
        legal_basis,
        jurisdiction,
        policy_version,
        evidence,
        signal,
        recorded_at,
        expires_at
    from {{ ref('consent_statements') }}
),

known_now as (
    select *
    from current_statements
    qualify row_number() over (partition by statement_id order by evidence) = 1
),

kept as (
    select *
    from {{ source('state', 'consent_statements_by_date') }}
    where as_of_date < {{ as_of_date() }}
    qualify row_number() over (partition by statement_id order by as_of_date desc) = 1
),

changed as (
    select false as is_ended, {{ statement_columns('known_now') }}
    from known_now
    left join kept
        on known_now.statement_id = kept.statement_id
        and not kept.is_ended
    where kept.statement_id is null
    union all
    select true as is_ended, {{ statement_columns('kept') }}
    from kept
    left join known_now
        on kept.statement_id = known_now.statement_id
    where not kept.is_ended and known_now.statement_id is null
)

select {{ as_of_date() }} as as_of_date, is_ended, {{ statement_columns('changed') }}
from changed
