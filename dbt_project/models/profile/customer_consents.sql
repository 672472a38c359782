-- what each customer allows, per purpose: no refusal of the whole person, and a contact that granted it. Profiling alone has a default for
-- those who never answered: data/reference/jurisdictions.csv says so for vars.jurisdiction
with

by_customer as (
    select
        customer_id,
        purpose,
        bool_or(status = 'granted') as is_granted,
        bool_or(status in ('denied', 'withdrawn')) as is_refused
    from {{ ref('contact_consents') }}
    group by customer_id, purpose
),

persons as (
    select customer_id, purpose, status = 'granted' as is_granted, status in ('denied', 'withdrawn') as is_refused
    from {{ ref('person_consents') }}
),

customers as (
    select distinct customer_id
    from {{ source('identity', 'customer_ids') }}
),

answers as (
    select
        customers.customer_id,
        {%- for purpose in var('purposes') %}
        coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = '{{ purpose }}'), false)
            and not coalesce(bool_or(persons.is_refused) filter (where persons.purpose = '{{ purpose }}'), false) as is_{{ purpose }}_allowed,
        {%- endfor %}
        coalesce(bool_or(by_customer.is_refused) filter (where by_customer.purpose = 'profiling'), false)
            or coalesce(bool_or(persons.is_refused) filter (where persons.purpose = 'profiling'), false) as is_profiling_refused,
        coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = 'profiling'), false)
            or coalesce(bool_or(persons.is_granted) filter (where persons.purpose = 'profiling'), false) as is_profiling_granted,
        coalesce(bool_or(by_customer.is_refused) filter (where by_customer.purpose = 'measurement'), false)
            or coalesce(bool_or(persons.is_refused) filter (where persons.purpose = 'measurement'), false) as is_measurement_refused
    from customers
    left join by_customer
        on customers.customer_id = by_customer.customer_id
    left join persons
        on customers.customer_id = persons.customer_id
    group by customers.customer_id
),

jurisdiction as (
    select coalesce(bool_and(is_profiling_allowed_when_unknown), false) as is_profiling_allowed_when_unknown
    from {{ ref('jurisdictions') }}
    where jurisdiction = '{{ var("jurisdiction") }}'
)

select
    answers.customer_id,
    {%- for purpose in var('purposes') %}
    answers.is_{{ purpose }}_allowed,
    {%- endfor %}
    not answers.is_profiling_refused
        and (answers.is_profiling_granted or jurisdiction.is_profiling_allowed_when_unknown) as is_profiled,
    answers.is_measurement_refused
from answers
cross join jurisdiction
