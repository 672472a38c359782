"""The simulated retailer as identity meets it: files simulated, landed and staged as a run does it, and no further.

Only what customer records, links and activity are made of is landed; orders are thinned, so that the customers are many.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cdp_assets import dbt_manifest, dbt_runner, demo, landing
from cdp_assets.keys import DEMO_KEY
from cdp_assets.settings import Settings
from cdp_assets.state import migrate

ONE_BASKET_IN = 20
MANY = 10_000  # from so many persons on, baskets are thinned
_INPUTS = ("customer_records", "customer_links", "customer_activity")
_AS_OF = date(2017, 12, 31)  # the simulated year's last day


def make(persons: int, out: Path) -> None:
    """Simulate into OUT/inbox and OUT/truth, and build schema identity's inputs in OUT/home/warehouse.duckdb."""
    settings = Settings(home=out / "home", inbox=out / "inbox", key=DEMO_KEY.decode(), memory_limit="3GB")
    dbt_manifest.prepare(settings)
    demo.simulate(persons, 7, out, thin=ONE_BASKET_IN if persons >= MANY else 1)
    migrate(settings)
    contracts = landing.load_contracts(*settings.contract_dirs)
    landing.ensure_empty(settings, contracts)
    wanted = _needed_exports(settings)
    scan = landing.scan_inbox(settings, contracts)
    for channel, contract in contracts.items():
        for export in contract.exports:
            if f"{channel}_{export.name}" in wanted:
                report = landing.land_export(
                    settings, contract, export, "bench", scan.of(channel, export.name)
                )
                if len(report.held) > 1 or not report.is_balanced:
                    raise SystemExit(f"{channel}/{export.name} did not land")
    found = dbt_runner.invoke(
        settings,
        [
            "build",
            "--select",
            *(f"+{name}" for name in _INPUTS),
            "--exclude",
            "resource_type:test",
            "resource_type:unit_test",
        ],
        as_of_date=_AS_OF,
    )
    if failed := [node.unique_id for node in found if not node.passed]:
        raise SystemExit(f"dbt could not build {', '.join(failed)}")


def _needed_exports(settings: Settings) -> set[str]:
    """Names of the landing sources that identity's inputs come from."""
    manifest = dbt_manifest.read(settings)
    parents, found = manifest["parent_map"], set()
    queue = [node for node in parents if node.startswith("model.") and node.rsplit(".", 1)[1] in _INPUTS]
    while queue:
        node = queue.pop()
        if node.startswith("source."):
            source = manifest["sources"][node]
            found |= {source["name"]} if source["source_name"] == "landing" else set()
        queue += parents.get(node, [])
    return found
