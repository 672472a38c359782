"""`onefold audience …`: draft, check, preview, explain and export audiences. Prints counts and masked values only."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets.activation.destination import Destinations, load_destinations
from cdp_assets.activation.ledger import attached_to_read
from cdp_assets.activation.library import SHIPPED, Library, Source, load_library, read_source
from cdp_assets.activation.pressure import capped_customers, has_ledger, is_cap_idle
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.published_file import PublishedFile, open_published
from cdp_assets.activation.unknown_values import in_words, unknown_values
from cdp_assets.activation.waterfall import (
    MEMBER,
    compiled,
    count_steps,
    explain,
    overlap,
    sample_masked,
    stage_audience,
)
from cdp_assets.commands.saying import plain_console
from cdp_assets.errors import safe_text
from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.settings import Settings
from cdp_assets.web.exports import guarded_text

EXIT_DONE, EXIT_FAILED = 0, 1
CAP_IDLE = "the contact cap leaves nobody out: none of its destinations sends messages (kind: message)"


def new_audience(*, name: str, template: str, console: Console | None = None) -> int:
    """Copy a shipped example into the project under a new name; 0, or 1 where the name is taken or wrong."""
    console = console or plain_console()
    try:
        settings = Settings.load()
        target = settings.project_dir / "audiences" / f"{name}.yaml"
        source = Source(template, SHIPPED / f"{template}.yaml", "shipped")
        if not source.path.exists():
            known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.yaml")))
            raise ActivationProblem(
                f"no example {template!r} is shipped", str(SHIPPED), f"choose one of {known}"
            )
        if target.exists():
            raise ActivationProblem(
                "the project has this audience", str(target), "edit it, or choose another name"
            )
        read_source(Source(name, source.path, "project"))
        target.parent.mkdir(exist_ok=True)
        target.write_text(source.path.read_text(encoding="utf-8"), encoding="utf-8")
    except Exception as error:
        return _failed(console, error)
    _say(console, f"wrote {target}: edit it, then `onefold audience preview {name}`")
    return EXIT_DONE


def check_audiences(*, name: str | None, home: Path | None, console: Console | None = None) -> int:
    """Compile one audience or all against the published tables; 0, or 1 where any is wrong."""
    console = console or plain_console()
    try:
        settings = Settings.load(home=home)
        library, known = load_library(settings), load_destinations(settings)
        names = [name] if name else sorted(library.sources)
        with open_published(settings, with_contact_file=True) as published:
            register_pseudonym(published.con, load_key(settings))
            wrong = sum(not _is_right(console, published, library, known, each) for each in names)
    except Exception as error:
        return _failed(console, error)
    return EXIT_FAILED if wrong else EXIT_DONE


def preview_audience(
    *, name: str, home: Path | None, inbox: Path | None, sample: int, console: Console | None = None
) -> int:
    """Print the waterfall, a masked sample and the overlap with other audiences."""
    console = console or plain_console()
    try:
        settings = Settings.load(home=home, inbox=inbox)
        library, key, known = load_library(settings), load_key(settings), load_destinations(settings)
        with (
            library.telling_of_queries(name),
            open_published(settings, with_contact_file=True, attach=attached_to_read) as published,
        ):
            audience = library.audience(name)
            statement = compiled(published, library, name)
            rules, unknown = len(statement.rules), unknown_values(published.con, statement)
            capped = capped_customers(published, known, name, audience)
            is_cap_unknown = audience.contact_cap is not None and not has_ledger(published.con)
            stages = stage_audience(published, library, name, key, capped=capped)
            steps = count_steps(published.con, stages, rules, library, name)
            members = sample_masked(published.con, stages, at_most=sample)
            others = overlap(published, library, name, key)
    except Exception as error:
        return _failed(console, error)
    _say(console, f"{audience.title} ({name}), for {audience.purpose}, as of {published.as_of}")
    table = Table("step", box=None, pad_edge=False)
    table.add_column("left out", justify="right")
    table.add_column("left", justify="right")
    for step in steps:
        table.add_row(step.name, f"{step.left_out:,}" if step.left_out else "–", f"{step.left:,}")
    console.print(table)
    for each in unknown:
        _say(console, in_words(each))
    if is_cap_idle(known, audience):
        _say(console, CAP_IDLE)
    elif is_cap_unknown:
        _say(console, "the contact cap is not counted: state is in use, try again when the run has ended")
    if members:
        console.print(_members_table(members))
    for destination in audience.destinations:
        _say(console, _said_of(destination, known))
    for other in [other for other in others if other["both"]][:5]:
        _say(
            console,
            f"shared with {other['audience']}: {other['both']:,} of its {other['members']:,} ({other['share']:.0%} of this one)",
        )
    return EXIT_DONE


def explain_audience(
    *, name: str, customer_id: str, home: Path | None, inbox: Path | None, console: Console | None = None
) -> int:
    """Print which rules a customer meets, and the step that leaves them out."""
    console = console or plain_console()
    try:
        settings = Settings.load(home=home, inbox=inbox)
        library, known = load_library(settings), load_destinations(settings)
        with (
            library.telling_of_queries(name),
            open_published(settings, with_contact_file=True, attach=attached_to_read) as published,
        ):
            capped = capped_customers(published, known, name, library.audience(name))
            found = explain(published, library, name, customer_id, load_key(settings), capped=capped)
            if found is None:
                raise ActivationProblem(
                    "no such customer is published",
                    f"audience {name}",
                    "`onefold resolve-id` knows what became of an id",
                )
    except Exception as error:
        return _failed(console, error)
    step, rules = found
    for place, is_met in rules:
        _say(console, f"{'meets' if is_met else 'does not meet'} {place}")
    _say(console, "is a member" if step == MEMBER else f"is not a member: left out at {step}")
    return EXIT_DONE


def export_audience(
    *, name: str, out: Path, home: Path | None, inbox: Path | None, console: Console | None = None
) -> int:
    """Write members as customer ids, in the audience's order, into a new owner-only CSV file."""
    console = console or plain_console()
    try:
        settings = Settings.load(home=home, inbox=inbox)
        library = load_library(settings)
        with (
            library.telling_of_queries(name),
            open_published(settings, with_contact_file=True) as published,
        ):
            stage_audience(published, library, name, load_key(settings))
            rows = published.con.execute(
                "select customer_id, place, sort_value from stages where step = 0 order by place"
            ).fetchall()
        if out.exists():
            raise ActivationProblem("that file is there already", str(out), "name a new file")
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["customer_id", "place", "sort_value"])
            writer.writerows([*row[:2], guarded_text(row[2])] for row in rows)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problem = ActivationProblem(f"the file cannot be written ({reason})", str(out), "name another")
        return _failed(console, problem)
    except Exception as error:
        return _failed(console, error)
    _say(console, f"wrote {len(rows):,} members of {name} to {out}")
    return EXIT_DONE


def _is_right(
    console: Console, published: PublishedFile, library: Library, known: Destinations, name: str
) -> bool:
    try:
        for each in library.audience(name).destinations:
            known.of_people(each, name)
        statement = compiled(published, library, name)
        with library.telling_of_queries(name):
            published.con.execute(
                f"select count(*) from ({statement.sql}) as chosen", dict(statement.values)
            ).fetchall()
        unknown = unknown_values(published.con, statement)
    except Exception as error:
        _say(console, f"wrong: {name}\n  {safe_text(error)}")
        return False
    origin = library.sources[name].origin
    note = "" if name in library.in_force() else ", an example: `onefold audience new` makes it yours"
    _say(console, f"right: {name} ({origin}{note}){_said_of_equals(library, name)}")
    for line in [
        *map(in_words, unknown),
        *([CAP_IDLE] if is_cap_idle(known, library.audience(name)) else []),
    ]:
        _say(console, f"  {line}")
    return True


def _said_of_equals(library: Library, name: str) -> str:
    """Which audiences of the same priority come before it, at a destination that both go to."""
    own = library.audience(name)
    first = [
        each
        for each in library.in_force()
        if each < name
        and (other := library.audiences.get(each)) is not None
        and own.priority == other.priority is not None
        and set(own.destinations) & set(other.destinations)
    ]
    return f"; of the same priority, {', '.join(first)} comes first by name" if first else ""


def _said_of(name: str, known: Destinations) -> str:
    """A destination, and whether published vectors prove how it writes identifiers."""
    if name not in known.known:
        return f"goes nowhere: there is no destination {name}, or it cannot be read (`onefold activation destinations`)"
    each = known.known[name]
    form = "its form is proven by published vectors" if each.is_verified else "its form is unverified"
    floor = f"; at least {each.smallest_list:,} members" if each.smallest_list else ""
    return f"goes to {each.title} ({name}): {form}{floor}"


def _members_table(members: list[dict[str, object]]) -> Table:
    shown = ("place", "customer_id", "masked_full_name", "masked_email", "masked_phone", "sort_value")
    table = Table(*shown, box=None, pad_edge=False)
    for member in members:
        table.add_row(*("–" if member[name] is None else str(member[name]) for name in shown))
    return table


def _failed(console: Console, error: Exception) -> int:
    _say(console, safe_text(error))
    return EXIT_FAILED


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)
