{#
holes:
  mark: chr(31)
  suppress: suppress
unportable: [type varchar, unnest()]
#}
with words as (
    select record_key, identifier_type as kind, identifier_value as value from identity.identifiers
    union all
    select record_key, 'record', channel || {{ mark }} || source_customer_id from identity.customer_ids
    union all
    select record_key, 'customer_id', customer_id from identity.customer_ids
    union all  -- an id that was merged away, or split: whoever carries its records now
    select record_key, 'customer_id', customer_id from state.customer_id_history
    where customer_id not in (select customer_id from identity.customer_ids)
),
hashed as (
    select record_key, pseudonym('{{ suppress }}' || {{ mark }} || case
        when kind = 'email' then 'email' || {{ mark }} || lower(value)
        when kind = 'phone' then 'phone' || {{ mark }} || regexp_replace(value, '[^0-9]', '', 'g')
        when kind = 'record' then 'id' || {{ mark }} || value
        else 'cell' || {{ mark }} || lower(trim(value))
    end) as hash
    from words where value is not null
)
select distinct record_key, customer_id, wanted.kind, hash
from hashed
inner join (select unnest($kinds::varchar[]) as kind, unnest($hashes::varchar[]) as hash) as wanted using (hash)
inner join identity.customer_ids using (record_key)
order by all
