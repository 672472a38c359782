-- from which date each sales channel's orders begin, whatever strays before it
with

orders as (
    {{ union_shape('orders') }}
)

{{ first_dates_of('orders', 'order_date') }}
