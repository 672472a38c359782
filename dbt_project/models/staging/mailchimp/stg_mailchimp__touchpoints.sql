-- what became of each letter; only a click was somebody who came (data/reference/touch_types.csv says what can be credited)
with

source as (
    select * from {{ landed('mailchimp', 'activity') }} as rows
),

renamed as (
    select
        ---------- ids
        'mailchimp' as channel,
        activity_id as touchpoint_id,
        euid as source_customer_id,

        ---------- times
        activity_at as touched_at,
        {{ business_date('activity_at') }} as touch_date,

        ---------- text
        'mailchimp' as source,
        'email' as medium,
        campaign_title as campaign,
        case lower(action)
            when 'sent' then 'email_send'
            when 'open' then 'email_open'
            when 'click' then 'email_click'
            when 'bounce' then 'email_bounce'
            when 'unsubscribe' then 'email_unsubscribe'
            else 'email_' || lower(action)
        end as touch_type
    from source
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
