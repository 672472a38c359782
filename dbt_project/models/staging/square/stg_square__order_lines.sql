-- gift cards sold stand among the transactions; the items name them by a type, which older lists lack, or leave them out: then they are one line more
with

source as (
    select
        *,
        row_number() over (partition by transaction_id order by _load_id, _line) as line_number,
        {{ square_line_kind() }} as said_kind
    from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'payment'
),

taken as (
    select transaction_id, sum(gross_sales) as goods_amount, sum(gift_card_sales) as card_amount
    from {{ landed('square', 'transactions') }} as rows
    where lower(event_type) = 'payment'
    group by transaction_id
    having sum(gift_card_sales) > 0
),

listed as (
    select
        transaction_id,
        sum(gross_sales) as listed_amount,
        max(case when said_kind = 'gift_card' then 1 else 0 end) as names_cards,
        max(line_number) as last_line
    from source
    group by transaction_id
),

cards as (
    select
        taken.transaction_id,
        taken.card_amount,
        coalesce(listed.last_line, 0) as last_line,
        coalesce(listed.listed_amount, 0) = taken.goods_amount as is_unlisted,
        listed.listed_amount = taken.goods_amount + taken.card_amount and listed.names_cards = 0 as is_unnamed
    from taken
    left join listed
        on taken.transaction_id = listed.transaction_id
),

-- of items without a type, the card is the first that costs what the cards did; where none does, nobody can say which it is
unnamed as (
    select
        cards.transaction_id,
        min(case when source.gross_sales = cards.card_amount then source.line_number end) as card_line
    from cards
    inner join source
        on cards.transaction_id = source.transaction_id
    where cards.is_unnamed and source.itemization_type is null
    group by cards.transaction_id
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        source.transaction_id as order_id,
        source.line_number,
        source.sku,

        ---------- text
        source.item as product_name,
        case
            when source.said_kind is not null or source.itemization_type is not null or unnamed.transaction_id is null then source.said_kind
            when unnamed.card_line is null then 'undeclared'
            when source.line_number = unnamed.card_line then 'gift_card'
        end as line_kind,

        ---------- money
        source.quantity,
        source.gross_sales / nullif(source.quantity, 0) as unit_price,
        -coalesce(source.discounts, 0) as discount_amount,
        source.gross_sales as line_amount
    from source
    left join unnamed
        on source.transaction_id = unnamed.transaction_id
    union all
    select
        'square' as channel,
        transaction_id as order_id,
        last_line + 1 as line_number,
        cast(null as string) as sku,
        cast(null as string) as product_name,
        'gift_card' as line_kind,
        1 as quantity,
        card_amount as unit_price,
        0 as discount_amount,
        card_amount as line_amount
    from cards
    where is_unlisted
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
