"""`onefold evaluate` and `onefold resolve-id`: how right the ids and the credit are, and what became of an id."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from cdp_assets import identity, insight
from cdp_assets.commands.saying import plain_console
from cdp_assets.errors import safe_text
from cdp_assets.insight.lift import LIFT_FILE
from cdp_assets.keys import load_key
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse


def evaluate_home(settings: Settings, truth: Path) -> identity.Evaluation:
    """Compare the customer ids of the last build with a truth."""
    with open_warehouse(settings) as con:
        return identity.evaluate(con, load_key(settings), truth)


def evaluate_attribution(settings: Settings, truth: Path) -> insight.LiftComparison | None:
    """Compare the credit of the last build with the true lift; None where the truth says nothing of lift."""
    if not (truth / LIFT_FILE).exists():
        return None
    with open_warehouse(settings) as con:
        return insight.compare_with_lift(con, truth)


def show_evaluation(*, truth: Path, home: Path | None, inbox: Path | None) -> int:
    """Print precision, recall and F1 beside the naive baselines, and credit beside true lift; 1 where they cannot be computed."""
    console = plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        with lock.hold(settings.home):
            found = evaluate_home(settings, truth)
            credit = evaluate_attribution(settings, truth)
            with open_warehouse(settings) as con:
                generation = identity.published_generation(con)
            if generation is not None:
                with connect_state(settings) as con:
                    identity.keep_evaluation(con, found, generation)
    except lock.HomeLocked as error:
        console.print(str(error), markup=False)
        return lock.EXIT_LOCKED
    except Exception as error:
        console.print(safe_text(error), markup=False)
        return 1
    console.print(scores_table(found))
    console.print(
        f"B-cubed F1: Onefold {_cell(found.oneid.bcubed_f1)}, phone alone {_cell(found.phone_only.bcubed_f1)}, "
        f"phone, e-mail {_cell(found.phone_or_email.bcubed_f1)}"
    )
    console.print(_rows_table("By trap", found.by_trap))
    if found.by_trap:
        console.print(
            f"all traps: precision {_cell(found.trap_precision)}, recall {_cell(found.trap_recall)}"
        )
    console.print(_rows_table("By channel pair", found.by_channel_pair))
    console.print(_rows_table("Worst clusters: several persons in one id", found.worst_merged))
    console.print(_rows_table("Worst persons: several ids for one person", found.worst_split))
    if found.unknown_truth_ids or found.records_without_truth:
        console.print(
            f"{found.unknown_truth_ids:,} ids of the truth are no record here; "
            f"{found.records_without_truth:,} records have no truth and count nowhere"
        )
    if credit:
        console.print(lift_table(credit))
    console.print(
        "the scores are those of the last run, which is not the published one: they are not kept"
        if generation is None
        else "the scores are kept: ops_identity_quality shows them from the next run on (metrics truth_…)"
    )
    return 0


def _beside_the_table(found: insight.LiftComparison) -> str:
    """What bounds the figures, and what they are without the orders that direct is credited with."""
    of_marketing = ", ".join(f"{one.model} {100 * one.misplaced_of_marketing:.1f}" for one in found.models)
    return (
        f"no model could misplace less than {100 * found.least:.1f}: an order is credited to what stands on its path. "
        f"Misplaced without what is credited to direct: {of_marketing}"
    )


def lift_table(found: insight.LiftComparison) -> Table:
    """The true share of each marketing channel, and what each attribution model says instead, nearest first."""
    table = Table(
        title="Attribution against true lift, % of web shop orders (wrong: misplaced credit)",
        caption=_beside_the_table(found), caption_justify="left", caption_style="",
        title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    channels = list(
        dict.fromkeys([*found.true_shares, *(name for one in found.models for name in one.shares)])
    )
    table.add_column("model", no_wrap=True)
    for heading in ("wrong", *channels):
        table.add_column(heading.replace("_", "\n"), justify="right", no_wrap=True)
    table.add_row("true lift", "", *(f"{100 * found.true_shares.get(name, 0):.1f}" for name in channels))
    for one in found.models:
        shares = (f"{100 * one.shares.get(name, 0):.1f}" for name in channels)
        table.add_row(one.model, f"{100 * one.misplaced:.1f}", *shares)
    return table


SCORES = {
    "precision": "precision",
    "recall": "recall",
    "F1": "f1",
    "recall,\nsupported": "supported_recall",
    "B-cubed\nprecision": "bcubed_precision",
    "B-cubed\nrecall": "bcubed_recall",
    "exact": "exact_clusters",
}


def scores_table(found: identity.Evaluation, title: str = "Against the truth") -> Table:
    """Pairwise and B-cubed scores of Onefold and of what most do today."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("matching by", no_wrap=True)
    for heading in SCORES:
        table.add_column(heading, justify="right", no_wrap=True)
    matchings = {
        "Onefold": found.oneid,
        "phone alone": found.phone_only,
        "phone, e-mail": found.phone_or_email,
    }
    for name, scores in matchings.items():
        table.add_row(name, *(_cell(getattr(scores, measure)) for measure in SCORES.values()))
    return table


def _rows_table(title: str, rows: list[dict[str, object]]) -> Table:
    table = Table(
        *(rows[0] if rows else ["none"]), title=title, title_justify="left", box=None, pad_edge=False
    )
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def show_resolution(*, customer_id: str, home: Path | None) -> int:
    """Print what stands today for an id; 0, or 1 for an id that was never issued."""
    console = plain_console()
    try:
        found = identity.resolve_id(Settings.load(home=home), customer_id)
    except Exception as error:
        console.print(safe_text(error), markup=False)
        return 1
    sentence = {
        "live": "is live",
        "merged": f"was merged into {found.current_id}",
        "split": "was split; its records now belong to",
        "retired": "is retired: none of its records is left",
    }[found.status]
    console.print(f"{found.customer_id} {sentence}", highlight=False)
    if found.status in ("live", "split"):
        for heir, records in found.heirs:
            console.print(f"  {heir}  {records:,} customer records", highlight=False)
    return 0
