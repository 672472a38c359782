"""What the other rooms may call of insight (`cdp_assets.insight` says what each is for)."""

from cdp_assets.insight.attribution import AttributionSummary, compute_attribution
from cdp_assets.insight.calibration import save_calibration_plot
from cdp_assets.insight.customer_value import CustomerValueSummary, compute_customer_value
from cdp_assets.insight.fits import ModelFit, read_previous_parameters
from cdp_assets.insight.lift import LiftComparison, compare_with_lift
from cdp_assets.insight.tables import InsightInputProblem

__all__ = [
    "AttributionSummary",
    "CustomerValueSummary",
    "InsightInputProblem",
    "LiftComparison",
    "ModelFit",
    "compare_with_lift",
    "compute_attribution",
    "compute_customer_value",
    "read_previous_parameters",
    "save_calibration_plot",
]
