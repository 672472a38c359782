-- the latest answer per contact and purpose. An answer covers the contact that it names; one of a whole record covers the contacts that
-- the record carries, and so does a grant of a person: no address of another record is opened by it. A refusal binds every spelling of the
-- mailbox (dots and tags that its provider ignores), a grant opens its own address alone; one of a record that its channel does not know (any more)
-- opens nothing, for its number may be somebody else's by now. At one instant a refusal wins
with

contacts as (
    select
        contact_values.customer_id, contact_values.record_key, contact_values.contact_type, contact_values.contact_scope,
        contact_values.spelling, {{ contact_spelling('contact_values.contact_type', 'contact_values.contact_value') }} as value_spelling,
        {{ contact_id('contact_values.contact_type', 'contact_values.contact_scope', 'contact_values.contact_value') }} as contact_id
    from {{ ref('contact_values') }} as contact_values
),

spellings as (
    select customer_id, contact_type, contact_scope, contact_id, spelling from contacts
    union
    select customer_id, contact_type, contact_scope, contact_id, value_spelling as spelling from contacts
),

mailboxes as (
    select distinct customer_id, contact_id, {{ mailbox('value_spelling') }} as mailbox
    from contacts
    where contact_type = 'email'
),

statements as (
    select
        channel, record_key, customer_id, contact_type, contact_scope, contact_key, spelling, purpose, status, legal_basis, jurisdiction,
        policy_version, evidence, signal, recorded_at, expires_at
    from {{ ref('consent_statements') }}
    where (contact_type <> 'person' or status = 'granted') and not (status = 'granted' and coalesce(is_of_unknown_record, false))
),

covered as (
    select contacts.customer_id, contacts.contact_id, {{ consent_columns('statements') }}
    from statements
    inner join contacts
        on statements.record_key = contacts.record_key
        and (statements.contact_type in ('record', 'person') or statements.contact_type = contacts.contact_type)
        and (statements.contact_scope is null or statements.contact_scope = contacts.contact_scope)
    where statements.contact_key is null
    union all
    select spellings.customer_id, spellings.contact_id, {{ consent_columns('statements') }}
    from statements
    inner join spellings
        on statements.contact_type = spellings.contact_type
        and statements.spelling = spellings.spelling
        and (statements.contact_scope is null or statements.contact_scope = spellings.contact_scope)
        and (statements.customer_id is null or statements.customer_id = spellings.customer_id)
    where statements.contact_key is not null
    union all
    select mailboxes.customer_id, mailboxes.contact_id, {{ consent_columns('statements') }}
    from statements
    inner join mailboxes
        on {{ mailbox('statements.spelling') }} = mailboxes.mailbox
        and (statements.customer_id is null or statements.customer_id = mailboxes.customer_id)
    where statements.contact_type = 'email' and statements.contact_key is not null and statements.status in ('denied', 'withdrawn')
),

bound as (
    select customer_id, contact_id, {{ consent_columns('covered') }}
    from covered
    union all
    select others.customer_id, others.contact_id, {{ consent_columns('covered') }}
    from covered
    inner join mailboxes
        on covered.customer_id = mailboxes.customer_id and covered.contact_id = mailboxes.contact_id
    inner join mailboxes as others
        on mailboxes.customer_id = others.customer_id and mailboxes.mailbox = others.mailbox and mailboxes.contact_id <> others.contact_id
    where covered.status in ('denied', 'withdrawn')
),

latest as (
    select *
    from bound
    qualify row_number() over (
        partition by customer_id, contact_id, purpose
        order by
            recorded_at desc nulls last,
            case status when 'withdrawn' then 1 when 'denied' then 2 when 'unknown' then 3 when 'expired' then 4 else 5 end,
            expires_at nulls last,
            evidence,
            signal
    ) = 1
)

select
    customer_id,
    contact_id,
    {{ standing_consent() }}
from latest
