"""The tables that insight reads from dbt and gives back to dbt: the contract between the two.

Only names, columns, types and the checks on them belong here; what the figures mean is in the module that
computes them.

Reads
-----
`journeys.path_touches`: one row per touch of a path. A path is a converting path (of one conversion) or a
null path.
  conversion_id         text       the conversion that the path ends in; null on a null path
  null_path_id          text       the null path; null on a converting path (exactly one of the two is given)
  touch_id              text       unique within its path
  marketing_channel     text       what advertised; never null
  campaign              text       null where the touch has none
  position              integer    1-based order in the path, without gaps or ties
  touched_at            timestamp  UTC
  customer_id           text       whose path it is; the bootstrap draws customers. Null on the path of an anonymous order
  is_anonymous          boolean    the path belongs to an order without a known customer: the session's purchase event named it
  is_direct             boolean    the touch is direct: nobody sent the visitor
  is_conversion         boolean    conversion_id is not null
  path_date             date       business date of the conversion, or of a null path's last touch; gives the period
  is_new_customer       boolean    the conversion won a new customer; null where the data cannot tell, and on null paths
  conversion_value      double     gross amount of the order, reporting currency, > 0; null on a null path
  conversion_net_value  double     net of linked refunds, may be <= 0; null on a null path; for intervals only

`attribution.attribution_<heuristic>`(conversion_id, touch_id, credit), for each that exists (`heuristic_models`):
the bootstrap gives their intervals. They must be built before `compute_attribution` runs.

`journeys.customer_purchase_days`: one row per customer and business day with a purchase, up to as_of_date.
  customer_id           text
  purchase_date         date       business date
  net_amount            decimal    net amount of the day, reporting currency; a day <= 0 is no purchase day
  has_earlier_purchases boolean    the customer bought before the data begin (same on all its rows): not in the fit

Writes (schema `insight`; every table exists and is typed even when there is nothing to say)
------
`attribution_credits_<model>`: one row per conversion and touch, for each of `COMPUTED_MODELS`. Sums to one per
conversion.
  conversion_id text, touch_id text, credit double (share of the conversion, 0 to 1)

`attribution_global`: one row per model, period and marketing channel that has touches in the period.
  model text, period text ('all' or the month 'YYYY-MM'), marketing_channel text,
  status text ('exact': the paths carry the model's global credit; 'projected': they cannot, and the nearest that they can
    carry is given; for all months: 'projected' where any month is),
  removal_effect_conversions, removal_effect_value double (Markov: share of conversions or value lost without the
    channel; null for Shapley models, and for direct where it is left out of the chain),
  raw_conversions double (the model's global credit before the paths had a say; of all: the sum of the months),
  conversions, value double (the sum of the credits per conversion; value in the reporting currency),
  conversions_low, conversions_high, value_low, value_high double (95 % interval; markov_1 only, else null)

`attribution_intervals`: one row per model (heuristics and markov_1), period, customer type and marketing channel.
  model text, period text, customer_type text ('all', 'new', 'returning', 'unknown'), marketing_channel text,
  conversions, conversions_low, conversions_high double (95 % interval of the sum of credits),
  gross_revenue, gross_revenue_low, gross_revenue_high double (reporting currency),
  net_revenue, net_revenue_low, net_revenue_high double (reporting currency)

`attribution_campaign_intervals`: one row per model (heuristics and markov_1), period, customer type, marketing
channel and campaign of it; columns as in `attribution_intervals`, and campaign text after marketing_channel.

`attribution_chain_transitions`: one row per period and observed step of the order-1 chain.
  period text, from_state text, to_state text (channels, and '(start)', '(conversion)', '(null)'),
  transitions bigint, probability double (of the next state given the state)

`attribution_model_status`: one row per computed model.
  model text, is_available boolean, reason text (null when available), marketing_channels bigint,
  conversions bigint, null_paths bigint

`customer_value`: one row per customer with a purchase day.
  customer_id text, repeat_purchase_days bigint (x), recency_days bigint (t_x: first to last purchase day),
  age_days bigint (T: first purchase day to as_of_date), is_in_fit boolean,
  expected_purchase_days_3_months, expected_purchase_days_6_months, expected_purchase_days_12_months double (purchase days),
  probability_alive double (1 without a repeat day: by BG/NBD leaving follows one),
  probability_no_purchase_6_months double (gone, or alive and silent), mean_repeat_value double (null without a repeat day),
  expected_order_value double (reporting currency),
  is_population_order_value boolean (Gamma-Gamma had no repeat day of this customer to go by),
  discounted_value_12_months double (reporting currency), discount_rate double (a year)

`customer_value_fit`: one row per model ('bg_nbd', 'gamma_gamma'); the state table of the same name keeps it by
as_of_date.
  as_of_date date, model text, status text ('fitted', 'previous', 'unavailable'), fitted_as_of_date date,
  r, alpha, a, b double (bg_nbd; time in days), p, q, v double (gamma_gamma; reporting currency),
  log_likelihood double, customers bigint, frequency_value_correlation double (gamma_gamma),
  message text (what to do)

`customer_value_calibration`: one row per week of the data; parameters fitted on the weeks before the holdout.
  week_number bigint, week_start_date date, is_holdout boolean, actual_repeat_orders bigint,
  predicted_repeat_orders double, actual_cumulative bigint, predicted_cumulative double

`customer_value_calibration_by_decile`: one row per measure ('orders': purchase days, 'silence': no purchase) and decile of
the prediction in the holdout, means per customer; the rescaling is that of the stretch before the holdout.
  measure text, decile bigint, customers bigint, unscaled_mean, predicted_mean, actual_mean double,
  actual_low, actual_high double (95 % interval), is_inside boolean

`customer_value_verdict`: one row per measure. Not tested where the data are too few or too short.
  measure text, status text ('holds', 'does_not_hold', 'not_tested'), horizon_days bigint, customers bigint,
  unscaled_mean, predicted_mean, actual_mean, actual_low, actual_high double, deciles_inside bigint, message text

`customer_value_calibration_by_frequency`: one row per number of repeat days before the holdout (7: 7 or more).
  repeat_purchase_days bigint, customers bigint,
  actual_mean_orders, predicted_mean_orders double (in the holdout, per customer)
"""

from __future__ import annotations

import duckdb

TOUCHES = "journeys.path_touches"
PURCHASE_DAYS = "journeys.customer_purchase_days"

MARKOV_MODELS = ("markov_1", "markov_2", "markov_3")
COMPUTED_MODELS = (*MARKOV_MODELS, "shapley", "markov_shapley")

TOUCH_COLUMNS = (
    "conversion_id", "null_path_id", "touch_id", "marketing_channel", "campaign", "position", "touched_at",
    "customer_id", "is_anonymous", "is_direct", "is_conversion", "path_date", "is_new_customer", "conversion_value",
    "conversion_net_value",
)  # fmt: skip
PURCHASE_DAY_COLUMNS = ("customer_id", "purchase_date", "net_amount", "has_earlier_purchases")

OUTPUT_COLUMNS: dict[str, str] = {
    **{
        f"attribution_credits_{model}": "conversion_id text, touch_id text, credit double"
        for model in COMPUTED_MODELS
    },
    "attribution_global": """
        model text, period text, marketing_channel text, status text,
        removal_effect_conversions double, removal_effect_value double, raw_conversions double,
        conversions double, value double,
        conversions_low double, conversions_high double, value_low double, value_high double
    """,
    "attribution_intervals": """
        model text, period text, customer_type text, marketing_channel text,
        conversions double, conversions_low double, conversions_high double,
        gross_revenue double, gross_revenue_low double, gross_revenue_high double,
        net_revenue double, net_revenue_low double, net_revenue_high double
    """,
    "attribution_campaign_intervals": """
        model text, period text, customer_type text, marketing_channel text, campaign text,
        conversions double, conversions_low double, conversions_high double,
        gross_revenue double, gross_revenue_low double, gross_revenue_high double,
        net_revenue double, net_revenue_low double, net_revenue_high double
    """,
    "attribution_chain_transitions": """
        period text, from_state text, to_state text, transitions bigint, probability double
    """,
    "attribution_model_status": """
        model text, is_available boolean, reason text, marketing_channels bigint, conversions bigint,
        null_paths bigint
    """,
    "customer_value": """
        customer_id text, repeat_purchase_days bigint, recency_days bigint, age_days bigint,
        is_in_fit boolean,
        expected_purchase_days_3_months double, expected_purchase_days_6_months double, expected_purchase_days_12_months double,
        probability_alive double, probability_no_purchase_6_months double, mean_repeat_value double, expected_order_value double,
        is_population_order_value boolean, discounted_value_12_months double, discount_rate double
    """,
    "customer_value_fit": """
        as_of_date date, model text, status text, fitted_as_of_date date,
        r double, alpha double, a double, b double, p double, q double, v double,
        log_likelihood double, customers bigint, frequency_value_correlation double, message text
    """,
    "customer_value_calibration": """
        week_number bigint, week_start_date date, is_holdout boolean, actual_repeat_orders bigint,
        predicted_repeat_orders double, actual_cumulative bigint, predicted_cumulative double
    """,
    "customer_value_calibration_by_decile": """
        measure text, decile bigint, customers bigint, unscaled_mean double, predicted_mean double, actual_mean double,
        actual_low double, actual_high double, is_inside boolean
    """,
    "customer_value_verdict": """
        measure text, status text, horizon_days bigint, customers bigint, unscaled_mean double, predicted_mean double,
        actual_mean double, actual_low double, actual_high double, deciles_inside bigint, message text
    """,
    "customer_value_calibration_by_frequency": """
        repeat_purchase_days bigint, customers bigint, actual_mean_orders double, predicted_mean_orders double
    """,
}


class InsightInputProblem(ValueError):
    """An input table is missing, lacks a column, or breaks its contract; the message says what to do."""


def create_output_table(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """(Re)create `insight.<name>`, empty and typed."""
    con.execute("create schema if not exists insight")
    con.execute(f"create or replace table insight.{name} ({OUTPUT_COLUMNS[name]})")


def table_columns(con: duckdb.DuckDBPyConnection, qualified_name: str) -> set[str]:
    """Names of the columns of `schema.table` in the current database; empty when there is no such table."""
    schema, table = qualified_name.split(".")
    rows = con.execute(
        "select column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    return {row[0] for row in rows}


def heuristic_models(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The attribution models that SQL computes and that are built: what schema `attribution` has beside the computed ones, by name."""
    rows = con.execute(
        "select table_name[len('attribution_') + 1:] as model from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'attribution' and starts_with(table_name, 'attribution_') "
        "group by table_name having list_sort(list(column_name)) = ['conversion_id', 'credit', 'touch_id'] order by 1"
    ).fetchall()
    return tuple(model for (model,) in rows if model not in COMPUTED_MODELS)


def require_columns(con: duckdb.DuckDBPyConnection, qualified_name: str, columns: tuple[str, ...]) -> None:
    """Raise `InsightInputProblem` unless the table exists and has the columns of its contract."""
    found = table_columns(con, qualified_name)
    if not found:
        raise InsightInputProblem(
            f"{qualified_name} does not exist: build it first "
            f"(dbt build --select {qualified_name.split('.')[1]})"
        )
    missing = [column for column in columns if column not in found]
    if missing:
        raise InsightInputProblem(
            f"{qualified_name} lacks {', '.join(missing)}: add them to the model "
            "as cdp_assets/insight/tables.py describes"
        )
