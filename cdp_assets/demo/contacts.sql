{#
holes:
  phone: '''+1'' || person_no'
  second_phone: '''+2'' || person_no'
  next_number: '''+3'' || person_no'
  digits: person_no % 97
  latin_given: lower(given)
  latin_surname: lower(surname)
  domain_zh: '''cn.example'''
  domain_en: '''us.example'''
  other_digits: person_no % 89
  second_domain_zh: '''cn.example'''
  second_domain_en: '''us.example'''
#}
select
    * exclude (takes_recycled, takes_namesake, number_area, namesake_area, has_next_number),
    'P' || lpad(person_no::varchar, 8, '0') as person_id,
    has_next_number and number_to is null as is_next_number,
    if(is_next_number, {{ next_number }}, {{ phone }}) as phone1,
    {{ second_phone }} as phone2,
    if(lang = 'zh', '+86', '+1') as dial,
    case
        when lang = 'zh' and u('qq', person_no) < 0.5 then (102400000 + {{ digits }} * 811)::varchar || '@qq.com'
        else case pick('email style', person_no, 4)
            when 0 then {{ latin_given }} || '.' || {{ latin_surname }} || {{ digits }}
            when 1 then left({{ latin_given }}, 1) || {{ latin_surname }} || {{ digits }}
            when 2 then {{ latin_given }} || '_' || {{ digits }}
            else {{ latin_surname }} || {{ latin_given }} || {{ digits }}
        end || '@' || if(lang = 'zh', {{ domain_zh }}, {{ domain_en }})
    end as email1,
    {{ latin_surname }} || left({{ latin_given }}, 1) || {{ other_digits }}
        || '@' || if(lang = 'zh', {{ second_domain_zh }}, {{ second_domain_en }}) as email2,
    case
        when number_from is not null then date '2017-08-01' + pick('entry', person_no, 60)::int
        when number_to is not null or not is_joiner then date '2017-01-01'
        else date '2017-01-15' + pick('entry', person_no, 320)::int
    end as entry_date,
    case
        when number_to is not null then date '2017-04-01' + pick('exit', person_no, 60)::int
        when is_lapser and number_from is null
            then entry_date + greatest(25, floor((date '2017-11-20' - entry_date) * u('exit', person_no)))::int
        else date '2018-01-01'
    end as exit_date,
    if(is_joiner or number_from is not null, entry_date,
        date '2014-06-01' + pick('since', person_no, 940)::int)
        as customer_since
from named_persons
