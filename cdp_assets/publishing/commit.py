"""The last step of a run: gates, a written generation, state committed under its stamp, the link flipped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date

from cdp_assets import audit
from cdp_assets.publishing import recovery
from cdp_assets.publishing.conservation import judge_conservation
from cdp_assets.publishing.copies import Reached
from cdp_assets.publishing.gates import NotPublished, Refusal, judge_run
from cdp_assets.publishing.generations import Generation, next_generation_name, write_generation
from cdp_assets.publishing.histories import keep_histories
from cdp_assets.publishing.masking import Classes, find_exposed, masks_for
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.publishing.shrinkage import judge_shrinkage
from cdp_assets.settings import Settings

Gate = Callable[[], list[Refusal]]
"""A gate of another room, such as identity's blast radius: reads, changes nothing, answers with its refusals."""


def publish_run(
    settings: Settings,
    record: RunRecord,
    *,
    as_of_date: date,
    expected_assets: Collection[str],
    expected_checks: Collection[str],
    commits: Sequence[recovery.Commit] = (),
    gates: Sequence[Gate] = (),
    reached: Reached | None = None,
    contact_classes: Classes | None = None,
) -> Generation:
    """Publish the run's build, or raise NotPublished and leave state and the current generation as they were.

    `contact_classes`: the class of each column of the contact schema, see `masking`. `reached` is told each step that is done, by
    default the run's listeners; a process may die after any of them.
    """
    reached = reached or record.progress
    judge(settings, record, expected_assets=expected_assets, expected_checks=expected_checks, gates=gates)
    reached("publish/gates passed")
    name = next_generation_name(settings, recovery.known_generations(settings))
    exposed = find_exposed(settings, contact_classes or {})
    for each in exposed:
        record.tell("publish/masked", str(each))
    generation = write_generation(settings, name, reached, masks_for(exposed, contact_classes or {}))
    record.set_facts(generation=name, audit_head=list(audit.head(settings)))
    recovery.publish(
        settings,
        generation,
        run_id=record.run_id,
        as_of_date=as_of_date,
        commits=[*commits, keep_histories(generation, as_of_date)],
        reached=reached,
    )
    audit.append(settings, "run", "publish", generation=name, run_id=record.run_id)
    return generation


def judge(
    settings: Settings,
    record: RunRecord,
    *,
    expected_assets: Collection[str],
    expected_checks: Collection[str],
    gates: Sequence[Gate] = (),
) -> None:
    """Raise NotPublished with every reason why not; each is written into the run's record as a failed check.

    The build is looked at only when the run was complete: an unfinished build fails every other gate as well.
    """
    refusals = judge_run(record.steps(), expected_assets=expected_assets, expected_checks=expected_checks)
    if not refusals:
        of_the_build: list[Gate] = [
            lambda: judge_shrinkage(settings),
            lambda: judge_conservation(settings),
        ]
        refusals = [refusal for gate in [*of_the_build, *gates] for refusal in gate()]
    for refusal in refusals:
        record.check(
            f"publish/gates:{refusal.gate}", passed=False, detail=f"{refusal.found}. {refusal.remedy}"
        )
    if refusals:
        raise NotPublished(refusals)
