"""Landing as Dagster shows it: the inbox, then one asset per export with a check that its rows balance."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import dagster as dg

from cdp_assets import landing
from cdp_assets.as_of import newest_landed
from cdp_assets.defs.history import prune_history
from cdp_assets.defs.resources import OnefoldHome, reported
from cdp_assets.landing.contract import ChannelContract, Export, load_contracts
from cdp_assets.operations.growth import prune
from cdp_assets.settings import Settings

INBOX = dg.AssetKey(["landing", "inbox"])
BALANCE = "rows_balance"
FRESH = "files_arrive_as_promised"


def build_landing_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The inbox and every export of every contract."""
    contracts = load_contracts(*settings.contract_dirs)
    exports = [
        _landing_asset(contract, export) for contract in contracts.values() for export in contract.exports
    ]
    return [inbox, *exports]


@dg.asset(
    key=INBOX,
    group_name="landing",
    kinds={"python"},
    description="What the channels delivered: files matched to exports by name; those that nothing matches are named.",
)
def inbox(context: dg.AssetExecutionContext, home: OnefoldHome) -> dg.MaterializeResult[None]:
    settings = home.settings
    with reported(context, home, "landing/inbox") as report:
        contracts = load_contracts(*settings.contract_dirs)
        landing.ensure_empty(settings, contracts)
        scan = landing.scan_inbox(settings, contracts)
        landing.record_unmatched(settings, scan, context.run.run_id)
        landing.refresh_current(settings, contracts)
        report.rows = sum(len(files) for files in scan.files.values())
        expired = landing.expire(
            settings, contracts, datetime.now(UTC).date(), partial(newest_landed, settings)
        )
        if expired.waiting:
            home.record(context).tell(
                "landing/retention",
                f"{expired.waiting:,} originals are past their retention, many at once: nothing was removed. Look at the clock and at the "
                "contracts' retention; if it is right, `onefold run --accept-expiry`",
            )
        prune(settings)
        prune_history(context.instance, settings.keep_history, context.run.run_id)
        report.metadata |= {
            "files": report.rows,
            "held": len(scan.held),
            "originals_expired": expired.originals,
            "quarantines_expired": expired.quarantines,
        }
    return dg.MaterializeResult(metadata=report.metadata)


def _landing_asset(contract: ChannelContract, export: Export) -> dg.AssetsDefinition:
    name = f"{contract.name}_{export.name}"
    promised = contract.freshness_days(export.name)
    policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=promised)) if promised else None

    @dg.asset(
        key=["landing", name],
        deps=[INBOX],
        group_name="landing",
        kinds={"python", "parquet"},
        description=f"{export.description} {export.data_granularity_description}".strip(),
        freshness_policy=policy,
        check_specs=[
            dg.AssetCheckSpec(
                BALANCE,
                asset=["landing", name],
                blocking=True,
                description="Per file: parsed = landed + quarantined + duplicates + erased + anonymised; parsed is counted by other code.",
            ),
            dg.AssetCheckSpec(
                FRESH,
                asset=["landing", name],
                description="The newest file is as young as the contract's slaProperties promise; it blocks nothing.",
            ),
        ],
    )
    def land(context: dg.AssetExecutionContext, home: OnefoldHome) -> Iterator[Any]:
        settings = home.settings
        with reported(context, home, f"landing/{name}") as report:
            found = landing.scan_inbox(settings, {contract.name: contract})
            outcome = landing.land_export(
                settings, contract, export, context.run.run_id, found.of(contract.name, export.name)
            )
            report.rows = outcome.landed_rows
            if outcome.files_mended:
                home.record(context).tell(
                    f"landing/{name}",
                    f"{contract.name}: {outcome.files_mended} landed files were damaged on the disk and were landed again from their "
                    "originals; look at the disk, then `onefold doctor --deep`",
                )
            if outcome.files_lost:
                home.record(context).tell(
                    f"landing/{name}",
                    f"{outcome.files_lost[0]}, and it cannot be mended ({len(outcome.files_lost)} such files in this run's turn): nothing "
                    "that is built now reads it; restore it from the last backup, then `onefold doctor --deep`",
                )
            report.metadata |= _counts(outcome)
        today = datetime.now(UTC).date()
        (status,) = [
            each
            for each in landing.landing_status(settings, {contract.name: contract}, today).exports
            if each.export == export.name
        ]
        home.record(context).check(f"landing/{name}:{BALANCE}", passed=outcome.is_balanced)
        yield dg.MaterializeResult(metadata=report.metadata)
        yield dg.AssetCheckResult(check_name=BALANCE, passed=outcome.is_balanced, metadata=_counts(outcome))
        yield dg.AssetCheckResult(
            check_name=FRESH,
            passed=status.is_fresh is not False,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"promised_days": status.freshness_days, "age_days": status.age_days},
        )

    return land


def _counts(outcome: landing.ExportReport) -> dict[str, int]:
    """The report's counts, and how many files wait for which reason, as metadata."""
    waiting = Counter(f"held: {held.reason_code}" for held in outcome.held)
    return {
        **waiting,
        "files_seen": outcome.files_seen,
        "files_landed": outcome.files_landed,
        "files_held": len(outcome.held),
        "parsed_rows": outcome.parsed_rows,
        "landed_rows": outcome.landed_rows,
        "quarantined_rows": outcome.quarantined_rows,
        "duplicate_rows": outcome.duplicate_rows,
        "erased_rows": outcome.erased_rows,
        "anonymised_rows": outcome.anonymised_rows,
    }
