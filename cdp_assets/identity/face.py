"""The public face of identity: its steps in order, and what commands, assets and the other rooms call.

Plain Python and SQL over an open DuckDB connection to the warehouse, with state attached read-only as `state`. The steps in
order are STEPS; each makes the tables that it names. Nothing here knows of the scheduler, and nothing calls now().
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from cdp_assets.identity.context import IdentityContext, IdentityKnobs, IdentityProblem, StepSummary
from cdp_assets.identity.customers.blast_radius import BlastRadius, measure_blast_radius
from cdp_assets.identity.customers.clusters import build_clusters
from cdp_assets.identity.customers.commit import (
    CommitSummary,
    adopt_model,
    commit,
    commit_proposal,
    withdraw_generations,
    withdraw_later,
)
from cdp_assets.identity.customers.households import assign_households
from cdp_assets.identity.customers.lasting_ids import assign_customer_ids
from cdp_assets.identity.customers.resolve import ResolvedId, resolve_id
from cdp_assets.identity.evidence.guards import refuse_bad_evidence
from cdp_assets.identity.evidence.links import build_links
from cdp_assets.identity.evidence.nodes import build_nodes
from cdp_assets.identity.evidence.normalise import normalise_records
from cdp_assets.identity.quality.evaluation import Evaluation, Scores, evaluate
from cdp_assets.identity.quality.figures import keep_evaluation, measure_quality, published_generation
from cdp_assets.identity.scoring.pairs import score_pairs
from cdp_assets.identity.scoring.training import train_model
from cdp_assets.identity.signals.decode import decode_signals
from cdp_assets.identity.stewards.explain import (
    Explanation,
    explain_customer,
    explain_records,
    explanations_page,
)
from cdp_assets.identity.stewards.inbox import read_inbox
from cdp_assets.identity.stewards.review import build_review_queue
from cdp_assets.identity.stewards.rulings import (
    Contradiction,
    Ruling,
    add_ruling,
    export_rulings,
    import_rulings,
    list_rulings,
    record_of,
    undo_ruling,
)


@dataclass(frozen=True)
class Step:
    """One step of identity: its name, what it does in a sentence, the tables (schema identity) it makes, its function."""

    name: str
    description: str
    tables: tuple[str, ...]
    run: Callable[[duckdb.DuckDBPyConnection, IdentityContext], StepSummary]


STEPS: tuple[Step, ...] = (
    Step(
        "decode_signals", "What browsers' privacy strings refuse, and which contacts a channel has verified",
        ("decoded_signals", "verified_contacts"), decode_signals,
    ),
    Step("normalise_records", "Customer records of all channels in one comparable form", ("records",), normalise_records),
    Step(
        "refuse_bad_evidence", "Placeholders and values that too many people share are refused as evidence",
        ("identifiers", "blocked_identifiers", "guard_events"), refuse_bad_evidence,
    ),
    Step("build_links", "Log-ins seen, cards scanned, ids in common, must-links", ("links",), build_links),
    Step("build_nodes", "Records with identical evidence share a node", ("nodes", "node_evidence"), build_nodes),
    Step(
        "score_pairs", "Splink weighs the evidence of each pair of nodes",
        ("pairs", "scored_nodes", "overfull_blocks", "models", "term_frequencies"), score_pairs,
    ),
    Step("build_clusters", "Connected evidence, guarded by vetoes", ("clusters", "cluster_conflicts"), build_clusters),
    Step(
        "assign_customer_ids", "Each cluster keeps the id that most of its records had",
        ("customer_ids", "customer_id_changes", "customer_id_events", "issued_ids"), assign_customer_ids,
    ),
    Step("assign_households", "Customers who share an address with surname or phone", ("households",), assign_households),
    Step(
        "build_review_queue", "Pairs that a steward should look at, with the evidence for and against",
        ("review_queue", "review_evidence"), build_review_queue,
    ),
    Step("measure_quality", "Figures of this run's identity", ("quality", "proposal"), measure_quality),
)  # fmt: skip


def run_all(con: duckdb.DuckDBPyConnection, ctx: IdentityContext) -> list[StepSummary]:
    """All steps in order, on one connection."""
    return [step.run(con, ctx) for step in STEPS]


__all__ = [
    "STEPS",
    "BlastRadius",
    "CommitSummary",
    "Contradiction",
    "Evaluation",
    "Explanation",
    "IdentityContext",
    "IdentityKnobs",
    "IdentityProblem",
    "ResolvedId",
    "Ruling",
    "Scores",
    "Step",
    "StepSummary",
    "add_ruling",
    "adopt_model",
    "assign_customer_ids",
    "assign_households",
    "build_clusters",
    "build_links",
    "build_nodes",
    "build_review_queue",
    "commit",
    "commit_proposal",
    "decode_signals",
    "evaluate",
    "explain_customer",
    "explain_records",
    "explanations_page",
    "export_rulings",
    "import_rulings",
    "keep_evaluation",
    "list_rulings",
    "measure_blast_radius",
    "measure_quality",
    "normalise_records",
    "published_generation",
    "read_inbox",
    "record_of",
    "refuse_bad_evidence",
    "resolve_id",
    "run_all",
    "score_pairs",
    "train_model",
    "undo_ruling",
    "withdraw_generations",
    "withdraw_later",
]
