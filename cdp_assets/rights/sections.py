"""What an answer to a request of access holds, section by section: SQL over the build and state, with the person's records in `hers`.

`hers` (record_key), `her_ids` (customer_id: customers all of whose records are hers) and `her_sources` (channel, source_customer_id) are made
by `closure.traces_of`. What a customer's figures say goes in only where all of the customer's records are hers.
"""

from __future__ import annotations

from dataclasses import dataclass

from cdp_assets.sql_text import from_file


@dataclass(frozen=True)
class Section:
    """name: of its texts, its key in the JSON and its CSV. needs: tables (schema.table) without which it is left out, which is said."""

    name: str
    needs: tuple[str, ...]
    sql: str


# Marts whose columns are judgements about a person: each column is a row of the section, with what it means.
JUDGED = ("customer_traits", "customer_rfm", "customer_lifecycle", "customer_value")

SECTIONS = (
    Section(
        "records",
        ("contact.records_contact", "identity.customer_records"),
        """
        select c.channel, c.source_customer_id, r.record_kind, r.contact_role, c.full_name, c.given_name, c.family_name, c.delivered_phone as phone,
            c.delivered_email as email, c.delivered_birth_date as birth_date, r.gender, r.national_id, c.street, c.city, c.region, c.postcode, c.country,
            c.loyalty_id, c.platform_id, r.created_at, r.updated_at
        from contact.records_contact as c
        semi join hers using (record_key)
        left join identity.customer_records as r on c.channel = r.channel and c.source_customer_id = r.source_customer_id
        order by all
        """,
    ),
    Section(
        "profile",
        ("profile.golden_values",),
        "select attribute, attribute_value, channel, rule, record_count, value_count from profile.golden_values semi join her_ids using (customer_id) order by all",
    ),
    Section(
        "contacts",
        ("profile.contact_values",),
        "select contact_type, contact_scope, contact_value, channel, is_verified, first_seen_at, last_seen_at "
        "from profile.contact_values semi join hers using (record_key) order by all",
    ),
    Section(
        "consents",
        ("profile.consent_statements",),
        "select purpose, status, contact_type, channel, legal_basis, policy_version, evidence, signal, recorded_at, expires_at "
        "from profile.consent_statements semi join hers using (record_key) order by all",
    ),
    Section(
        "permissions",
        ("marts.customer_permissions",),
        "select purpose, is_allowed, status, reason, decided_at, decided_by_channel, decided_by_signal "
        "from marts.customer_permissions semi join her_ids using (customer_id) order by all",
    ),
    Section(
        "orders",
        ("journeys.customer_orders",),
        "select channel, order_id, order_number, ordered_at, order_date, store_id, order_status, fulfilment_type, coupon_code, item_quantity, currency, "
        "gross_amount, discount_amount, shipping_amount, tax_amount, net_amount "
        "from journeys.customer_orders semi join her_sources using (channel, source_customer_id) order by ordered_at, channel, order_id",
    ),
    Section(
        "order_lines",
        ("journeys.customer_orders", "journeys.customer_order_lines"),
        "select channel, order_id, line_number, sku, product_name, quantity, unit_price, line_amount from journeys.customer_order_lines "
        "semi join (select channel, order_id from journeys.customer_orders semi join her_sources using (channel, source_customer_id)) as mine "
        "using (channel, order_id) order by all",
    ),
    Section(
        "refunds",
        ("journeys.customer_orders", "journeys.customer_refunds"),
        "select channel, refund_id, order_id, refunded_at, currency, amount from journeys.customer_refunds "
        "semi join (select channel, order_id from journeys.customer_orders semi join her_sources using (channel, source_customer_id)) as mine "
        "using (channel, order_id) order by all",
    ),
    Section(
        "touchpoints",
        ("journeys.customer_touchpoints",),
        "select touched_at, channel, touch_type, source, medium, campaign, device_id, resolved_by from journeys.customer_touchpoints "
        "where customer_id in (select customer_id from her_ids) or (channel, source_customer_id) in (select (channel, source_customer_id) from her_sources) "
        "order by all",
    ),
    Section(
        "recipients",
        (),
        from_file(__name__, "recipients"),
    ),
    Section(
        "audiences",
        (),
        "select audience, event, reason, on_date from state.audience_history where customer_id in (select customer_id from her_ids) order by on_date, audience, event",
    ),
    Section(
        "history",
        ("marts.rfm_history", "marts.lifecycle_history"),
        "select as_of_date, 'rfm' as scheme, segment, is_inferred from marts.rfm_history semi join her_ids using (customer_id) "
        "union all select as_of_date, 'lifecycle', stage, null from marts.lifecycle_history semi join her_ids using (customer_id) order by all",
    ),
    Section(
        "corrections",
        (),
        "select attribute, right_value, status, corrected_at, ended_at from state.rights_corrections "
        "where record_key in (select record_key from hers) order by corrected_at, attribute",
    ),
    Section(
        "refusals",
        (),
        "select distinct purpose, refused_at, lifted_at from state.rights_refusals where record_key in (select record_key from hers) order by all",
    ),
)  # fmt: skip
