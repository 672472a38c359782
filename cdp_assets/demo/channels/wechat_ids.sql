{#
holes:
  rates: {wechat_asked: [0.5, 0.1], wechat_taken_back: 0.1}
#}
create or replace temp table wechat_ids as
with known as (
    select
        person_no, full_phone, became_at,
        unnest([
            {'kind': 'openid', 'belongs_to': 'wx_mini_program', 'share': 1.0},
            {'kind': 'openid', 'belongs_to': 'wx_official_account', 'share': 0.4},
            {'kind': 'external_userid', 'belongs_to': 'guide_' || (1 + pick('guide', person_no, 6)), 'share': 0.25}
        ], recursive := true)
    from program_customers
    where is_listed and full_phone is not null
),
added as (
    select
        *,
        if(kind = 'openid', 'o', 'wm') || left(md5('wechat ' || belongs_to || person_no), 26) as wechat_id,
        u('unfollows', belongs_to || person_no) < 0.08 as is_removed,
        u('wechat asked', belongs_to || person_no) as luck,
        became_at + to_seconds(600 + pick('wechat asked at', belongs_to || person_no, 400000)) as asked_at
    from known
    where u('in wechat', belongs_to || person_no) < share
)
select
    person_no, full_phone, became_at, kind, belongs_to, wechat_id, is_removed,
    case when luck < {{ rates.wechat_asked[0] }} then '是' when luck < {{ rates.wechat_asked[0] }} + {{ rates.wechat_asked[1] }} then '否' end as says,
    if(says is null, null, asked_at) as answered_at,
    if(says = '是' and u('wechat taken back', belongs_to || person_no) < {{ rates.wechat_taken_back }},
        asked_at + to_seconds(86400 + pick('wechat taken back at', belongs_to || person_no, 9000000)), null) as taken_back_at
from added
