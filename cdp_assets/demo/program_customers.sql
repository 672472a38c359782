{#
holes:
  visitors_of_youzan: (select person_no from visitors)
  spelled: select * from users
  rates: {wechat_only: 0.5, masked_phone: 0.5}
  traps: '[''masked_phone'']'
#}
create or replace temp table program_customers as
with users as (select * from persons where person_no in {{ visitors_of_youzan }} and lang = 'zh'),
named as ({{ spelled }}),
reached as (
    select
        *,
        -- a number that was somebody else's is still taken in the mini-program
        if(number_from is null, phone1, phone2) as own_phone,
        u('wechat only', person_no) < {{ rates.wechat_only }} as is_wechat_only,
        not is_wechat_only and u('masked', person_no) < {{ rates.masked_phone }} as is_masked
    from named
)
select
    person_no,
    case when is_wechat_only then null
        when is_masked then left(own_phone, 3) || '******' || right(own_phone, 2)
        else own_phone end as phone,
    if(is_wechat_only or is_masked, null, own_phone) as full_phone,
    own_phone as delivery_phone,
    case pick('nickname style', person_no, 5)
        when 0 then given || '🌸'
        when 1 then given_latin || '_' || (10 + pick('nickname digits', person_no, 90))
        when 2 then '小' || right(given, 1)
        when 3 then surname || if(gender = 'F', '女士', '先生')
        else '一只' || right(given, 1) || '猫'
    end as nickname,
    if(u('tells name', person_no) < 0.62, shown_name, null) as shown_name,
    shown_name as delivery_name,
    if(u('tells birthday', person_no) < 0.35, birth_date, null) as birth_date,
    surname, gender, street, city, region, district, country,
    customer_since::timestamp + to_seconds(28800 + pick('became', person_no, 50000)) as became_at,
    u('listed', person_no) < 0.93 as is_listed,
    {{ traps }} as traps
from reached
order by person_no
