"""Who every audience in force means tonight, in as few readings of the customers as memory bears, and what of that is news.

How one reading is put together is `lists.choose`; what consent and reach do to it is `lists.lists_of`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from cdp_assets.activation import membership
from cdp_assets.activation.compiler import Together
from cdp_assets.activation.library import Library
from cdp_assets.activation.lists import Chosen, choose, choose_as_before
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import PublishedFile
from cdp_assets.activation.reach import Reach
from cdp_assets.activation.waterfall import compiled_together

AUDIENCES_AT_ONCE, LOOK_UPS_AT_ONCE = 100, 10  # a look-up holds a set of customers in memory


def choose_all(
    published: PublishedFile, reach: Reach, library: Library
) -> tuple[dict[str, Chosen], list[str]]:
    """(audience → its customers, problems in words). An audience that does not fit the published file keeps whom it had, and adds nobody."""
    in_force = [name for name in library.in_force() if name in library.audiences]
    numbers = {name: number for number, name in enumerate(in_force)}
    fitting, problems = _compiled(published, library, in_force)
    chosen: dict[str, Chosen] = {}
    for names in _groups(library, fitting):
        found = _chosen_together(published, library, {name: numbers[name] for name in names})
        chosen |= {each.name: each for each in found}
        if not found:
            problems[names[0]] = f"audience {names[0]}: its SQL fails"
    membership.judge(
        reach, [membership.Judged(numbers[name], each, each.rules) for name, each in chosen.items()]
    )
    for name in problems:
        chosen[name] = choose_as_before(published.con, numbers[name], name, library.audiences[name])
    return chosen, [problems[name] for name in in_force if name in problems]


def _chosen_together(published: PublishedFile, library: Library, numbers: Mapping[str, int]) -> list[Chosen]:
    """Some audiences in one reading; none where a project's SQL fails."""
    together = compiled_together(published, library, list(numbers))
    audiences = [library.audiences[name] for name in numbers]
    try:
        return choose(published.con, list(numbers.values()), together, audiences, published.as_of)
    except duckdb.Error:
        if any(library.has_own_sql(name) for name in numbers):
            return []
        raise


def _compiled(
    published: PublishedFile, library: Library, names: list[str]
) -> tuple[dict[str, Together], dict[str, str]]:
    """Each audience by itself: (those that fit the published file, what is wrong with the others)."""
    fitting, problems = {}, {}
    for name in names:
        try:
            fitting[name] = compiled_together(published, library, [name])
        except ActivationProblem as problem:
            problems[name] = str(problem)
    return fitting, problems


def _groups(library: Library, fitting: Mapping[str, Together]) -> list[list[str]]:
    """Audiences that are worked out in one reading: as many as memory bears; one that runs a project's SQL, which may fail, by itself."""
    alone = [name for name in fitting if library.has_own_sql(name)]
    groups: list[list[str]] = []
    room = 0
    for name in [each for each in fitting if each not in alone]:
        count = sum(part.look_ups for part in fitting[name].parts)
        if room < count or not groups or len(groups[-1]) == AUDIENCES_AT_ONCE:
            groups.append([])
            room = LOOK_UPS_AT_ONCE
        groups[-1].append(name)
        room -= count
    return [[name] for name in alone] + groups
