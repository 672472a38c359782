"""The scorecard's limits as Dagster shows them: one check per metric, which warns where the metric is red and stops nothing."""

from collections.abc import Iterator

import dagster as dg

from cdp_assets.defs.resources import OnefoldHome, told
from cdp_assets.insight.scorecard import RED, LimitedMetric, limited_metrics, read_standings
from cdp_assets.settings import Settings
from cdp_assets.warehouse import open_warehouse


def build_scorecard_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """The checks of both scorecards, in one step; the metrics are those of data/reference."""
    metrics = {_key(metric): metric for metric in limited_metrics(settings.reference_dir)}

    @dg.multi_asset_check(
        name="scorecard_limits",
        specs=[
            dg.AssetCheckSpec(
                key.name,
                asset=key.asset_key,
                description=(
                    f"{metric.title}: red {'below' if metric.direction == 'up' else 'above'} {metric.red_limit:g}, "
                    "in its last complete period. A warning; it stops nothing."
                ),
            )
            for key, metric in metrics.items()
        ],
    )
    def scorecard_limits(
        context: dg.AssetCheckExecutionContext, home: OnefoldHome
    ) -> Iterator[dg.AssetCheckResult]:
        record = home.record(context)
        with open_warehouse(home.settings) as con:
            standings = read_standings(con)
        for key, metric in metrics.items():
            standing = standings.get((metric.cadence, metric.metric))
            status = standing.status if standing else "unknown"
            passed = status != RED
            value = None if standing is None else standing.value
            yield told(
                record,
                key,
                passed=passed,
                blocking=False,
                detail=None if passed else f"{RED}; limit {metric.red_limit:g}",
                metadata={
                    "status": status,
                    "red_limit": metric.red_limit,
                    "value": dg.MetadataValue.null() if value is None else value,
                    "period_start": "none" if standing is None else standing.period_start.isoformat(),
                },
            )

    return [scorecard_limits]


def _key(metric: LimitedMetric) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(["marts", f"scorecard_{metric.cadence}"]), metric.metric)
