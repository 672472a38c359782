"""`onefold rule`, `rulings`, `explain` and `train`: thin commands over this room's functions.

What they do is elsewhere; here only arguments, opening and printing.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cdp_assets import linkage
from cdp_assets.errors import safe_text
from cdp_assets.keys import load_key
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse

Home = Annotated[Path | None, typer.Option(help="ONEFOLD_HOME of this command.")]
Record = Annotated[str, typer.Argument(help="A record_key, or channel:source_customer_id.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands to the command line."""
    app.command("rule")(rule)
    app.command("rulings")(rulings)
    app.command("explain")(explain)
    app.command("train")(train)


def rule(
    kind: Annotated[str, typer.Argument(help="must-link (one person) or cannot-link (two persons).")],
    left: Record,
    right: Record,
    why: Annotated[str | None, typer.Option(help="The reason, for those who come after.")] = None,
    by: Annotated[str | None, typer.Option(help="Who rules.")] = None,
    home: Home = None,
) -> None:
    """Rule that two records are, or are not, one person; the next run obeys."""
    settings = Settings.load(home=home)
    with _reported():
        key = load_key(settings)
        with connect_state(settings) as con:
            found = linkage.add_ruling(
                con, kind.replace("-", "_"), linkage.record_of(key, left), linkage.record_of(key, right),
                ruled_on=date.today(), reason=why, ruled_by=by,
            )  # fmt: skip
        typer.echo(f"ruling {found.ruling_id} is kept: `onefold run` obeys it")


def rulings(
    undo: Annotated[str | None, typer.Option(help="Take the ruling of this id back.")] = None,
    to_csv: Annotated[Path | None, typer.Option(help="Write the rulings to this file.")] = None,
    from_csv: Annotated[Path | None, typer.Option(help="Read rulings from this file, all or none.")] = None,
    home: Home = None,
) -> None:
    """List the rulings, take one back, or carry them out and in as CSV."""
    settings = Settings.load(home=home)
    with _reported(), connect_state(settings) as con:
        if undo:
            typer.echo(f"ruling {linkage.undo_ruling(con, undo).ruling_id} is taken back")
        elif to_csv:
            typer.echo(f"{linkage.export_rulings(con, to_csv)} rulings written")
        elif from_csv:
            count = linkage.import_rulings(con, from_csv, load_key(settings), ruled_on=date.today())
            typer.echo(f"{count} rulings read")
        else:
            for each in linkage.list_rulings(con):
                why = f"  {each.reason}" if each.reason else ""
                typer.echo(
                    f"{each.ruling_id}  {each.status:8} {each.kind:12} {each.record_key_l} {each.record_key_r} {each.ruled_on}{why}"
                )


def explain(
    what: Annotated[str, typer.Argument(help="A customer_id, or a record (record_key or channel:id).")],
    other: Annotated[str | None, typer.Argument(help="A second record: why are they one, or two?")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Also write a self-contained HTML page (with values!).")
    ] = None,
    home: Home = None,
) -> None:
    """Say why records are one customer: the links between them, the weight of each piece of evidence, the guards."""
    settings = Settings.load(home=home)
    with _reported():
        key = load_key(settings)
        context = linkage.LinkageContext(key, date.today())
        with open_warehouse(settings) as con:
            if other:
                pair = (linkage.record_of(key, what), linkage.record_of(key, other))
                found = [linkage.explain_records(con, context, *pair)]
            else:
                found = linkage.explain_customer(con, context, what)
        for each in found:
            typer.echo("\n".join(each.in_words()))
        if page:
            page.touch(mode=0o600)
            page.write_text("\n<hr>\n".join(each.to_html() for each in found), encoding="utf-8")
            typer.echo(f"written to {page}")


def train(home: Home = None) -> None:
    """Train a new version of the linkage model on the last build; it counts from the next published run on."""
    settings = Settings.load(home=home)
    with _reported():
        context = linkage.LinkageContext(load_key(settings), date.today())
        with open_warehouse(settings) as con:
            model = linkage.train_model(con, context)
            rows = con.execute("select * from identity.models").fetchall()
            terms = con.execute("select * from identity.term_frequencies").to_arrow_table()
        with connect_state(settings) as con:
            linkage.adopt_model(con, rows, terms)
        typer.echo(
            f"model {model.version} is in force: the next run scores every record with it; look at what changes before you accept"
        )


class _reported:
    """Print a problem in a sentence and exit with 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: object
    ) -> None:
        if isinstance(problem, Exception) and not isinstance(problem, typer.Exit):
            typer.echo(safe_text(problem), err=True)
            raise typer.Exit(1) from problem
