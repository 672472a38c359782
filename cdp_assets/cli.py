"""The command line `onefold …`: names the commands and their options; what they do is in `cdp_assets.commands`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="onefold",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Settings come from the environment: ONEFOLD_HOME, ONEFOLD_INBOX, ONEFOLD_KEY, … (see the README).",
)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Where Onefold keeps everything (default: ONEFOLD_HOME or data/home in the project)."
    ),
]
InboxOption = Annotated[
    Path | None,
    typer.Option(
        "--inbox", help="Where channels deliver, one folder each (default: ONEFOLD_INBOX or HOME/inbox)."
    ),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of-date",
        formats=["%Y-%m-%d"],
        help="The run's date (default: the latest business date landed).",
    ),
]


def _say_version(is_asked: bool) -> None:
    if is_asked:
        from cdp_assets.project.place import installed_version

        typer.echo(f"onefold {installed_version()}")
        raise typer.Exit


@app.callback()
def onefold(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Many channels, one customer: land the channels' exports, find who is who, publish the tables."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
) -> None:
    """Lay a project that is yours to edit: dbt models, reference lists, a folder for your own contracts."""
    from cdp_assets.commands.project import init as lay

    raise typer.Exit(lay(folder=folder))


@app.command()
def upgrade(
    folder: Annotated[
        Path | None, typer.Argument(help="The project (default: the one at or above this folder).")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
) -> None:
    """Bring what changed in this version into a project; what you edited is merged, and conflicts are named.

    Exit codes: 0 done · 1 refused · 2 conflicts wait to be resolved.
    """
    from cdp_assets.commands.project import upgrade as bring_in

    raise typer.Exit(bring_in(folder=folder, check=check))


@app.command()
def parse() -> None:
    """Read the dbt project after an edit: names what is wrong, and writes what Dagster loads. `onefold run` does it by itself."""
    from cdp_assets.commands.project import parse as read_project

    raise typer.Exit(read_project())


@app.command()
def simulate(
    customers: Annotated[
        int, typer.Option(min=1, help="How many persons live in the simulated retailer's town.")
    ] = 3000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for inbox/ and truth/.")] = Path("data/demo"),
    one_basket_in: Annotated[
        int,
        typer.Option(
            min=1, help="Keep one basket in this many: fewer orders per person, for a great many persons."
        ),
    ] = 1,
) -> None:
    """Write the exports of a simulated retailer: real baskets, invented persons, and the true answer beside them.

    About 14 orders and 74 kB per person; memory does not grow with their number.
    """
    from cdp_assets.commands.demo import run_simulate

    raise typer.Exit(run_simulate(customers=customers, seed=seed, out=out, one_basket_in=one_basket_in))


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=50, help="How many persons to simulate.")] = 3000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the demo's inbox, truth and home.")] = Path(
        "data/demo"
    ),
) -> None:
    """Simulate a retailer, run everything on it, and print what came out (what `make demo` calls)."""
    from cdp_assets.commands.demo import run_demo

    raise typer.Exit(run_demo(customers=customers, seed=seed, out=out))


@app.command()
def run(
    home: HomeOption = None,
    inbox: InboxOption = None,
    as_of_date: DateOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if files are held back.")] = False,
    accept_identity_change: Annotated[
        bool,
        typer.Option(
            "--accept-identity-change", help="Publish although more identities change than the limits allow."
        ),
    ] = False,
    start_over: Annotated[
        bool,
        typer.Option("--start-over", help="Make a new state in a home whose state.duckdb is lost; recorded."),
    ] = False,
    accept_expiry: Annotated[
        bool,
        typer.Option(
            "--accept-expiry", help="Remove originals past their retention although they are many; recorded."
        ),
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            "--full-refresh",
            help="Build every table anew and publish, although nothing or little changed since the last generation.",
        ),
    ] = False,
) -> None:
    """Land what arrived, resolve identities, build and test every table, and publish a new generation.

    Where nothing was delivered or decided since the last one, and date, code and settings are the same, that one stays.

    Exit codes: 0 published, or unchanged · 1 not published (the former generation stays) · 3 published, but files are held
    (with --strict) · 75 another run works on this home.
    """
    from cdp_assets.commands.run import run_nightly

    raise typer.Exit(
        run_nightly(
            home=home,
            inbox=inbox,
            as_of_date=as_of_date.date() if as_of_date else None,
            strict=strict or None,
            accept_identity_change=accept_identity_change or None,
            start_over=start_over or None,
            accept_expiry=accept_expiry or None,
            whole=whole,
        )
    )


@app.command()
def train(
    home: HomeOption = None,
    inbox: InboxOption = None,
    accept_identity_change: Annotated[
        bool,
        typer.Option(
            "--accept-identity-change", help="Publish although more identities change than the limits allow."
        ),
    ] = False,
) -> None:
    """Run everything with a newly trained identity model; if training fails its checks, the former model stays in force."""
    from cdp_assets.commands.run import run_nightly

    raise typer.Exit(
        run_nightly(
            home=home, inbox=inbox, accept_identity_change=accept_identity_change or None, retrain=True
        )
    )


@app.command()
def status(home: HomeOption = None, inbox: InboxOption = None) -> None:
    """Say what landed, what is held or quarantined and what to do, and which generation readers see."""
    from cdp_assets.commands.status import show_status

    raise typer.Exit(show_status(home=home, inbox=inbox))


@app.command()
def accept(
    file: Annotated[
        str, typer.Argument(help="The held file as `onefold status` names it: <channel>/<file>.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why it is right; recorded with your user's name.")],
    home: HomeOption = None,
) -> None:
    """Let a delivery in that was held because it shrinks its export or breaks its contract in many rows."""
    from cdp_assets.commands.accept import run_accept

    raise typer.Exit(run_accept(home=home, name=file, reason=reason))


audience_app = typer.Typer(
    help="Audiences: who is meant, and who of them may be reached, chosen from the published tables.",
    no_args_is_help=True,
)
app.add_typer(audience_app, name="audience")
AudienceArgument = Annotated[str, typer.Argument(help="The audience's name: its file's, without .yaml.")]


@audience_app.command("new")
def audience_new(
    name: AudienceArgument,
    template: Annotated[
        str,
        typer.Option("--from", help="A shipped example to begin with (`onefold audience check` lists all)."),
    ] = "at_risk_by_value",
) -> None:
    """Write audiences/NAME.yaml into the project, from a shipped example, to edit there."""
    from cdp_assets.commands.audience import new_audience

    raise typer.Exit(new_audience(name=name, template=template))


@audience_app.command("check")
def audience_check(
    name: Annotated[str | None, typer.Argument(help="One audience (default: all).")] = None,
    home: HomeOption = None,
) -> None:
    """Read every audience and compile it against the published tables; says where one is wrong. Exit 1 if any is."""
    from cdp_assets.commands.audience import check_audiences

    raise typer.Exit(check_audiences(name=name, home=home))


@audience_app.command("preview")
def audience_preview(
    name: AudienceArgument,
    home: HomeOption = None,
    inbox: InboxOption = None,
    sample: Annotated[int, typer.Option(min=0, max=100, help="How many members to show, masked.")] = 5,
) -> None:
    """How many are left after each rule, and after profiling, consent, reach, holdout and top N; a masked sample; the overlap."""
    from cdp_assets.commands.audience import preview_audience

    raise typer.Exit(preview_audience(name=name, home=home, inbox=inbox, sample=sample))


@audience_app.command("explain")
def audience_explain(
    name: AudienceArgument,
    customer_id: Annotated[str, typer.Argument(help="A customer's id.")],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Why a customer is in an audience, or which step leaves them out."""
    from cdp_assets.commands.audience import explain_audience

    raise typer.Exit(explain_audience(name=name, customer_id=customer_id, home=home, inbox=inbox))


@audience_app.command("export")
def audience_export(
    name: AudienceArgument,
    out: Annotated[
        Path, typer.Option("--out", help="A new CSV file, owner-only: customer_id, place, sort_value.")
    ],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Write an audience's members as customer ids, without any contact; `onefold activation` brings contacts to destinations."""
    from cdp_assets.commands.audience import export_audience

    raise typer.Exit(export_audience(name=name, out=out, home=home, inbox=inbox))


activation_app = typer.Typer(
    help="Activation: files for destinations, and what platforms answered. Onefold itself calls nobody.",
    no_args_is_help=True,
)
app.add_typer(activation_app, name="activation")


@activation_app.command("run")
def activation_run(home: HomeOption = None, inbox: InboxOption = None) -> None:
    """Bring every audience to its destinations, as files under HOME/activation (`onefold run` does it after publishing)."""
    from cdp_assets.commands.activation import run

    raise typer.Exit(run(home=home, inbox=inbox))


@activation_app.command("ack")
def activation_ack(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Answers as JSON (docs/destinations.md).")
    ],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Take what platforms answered, batch by batch; partly and twice is fine. Exit 1 if any answer could not be taken."""
    from cdp_assets.commands.activation import ack

    raise typer.Exit(ack(file=file, home=home, inbox=inbox))


@activation_app.command("status")
def activation_status(home: HomeOption = None) -> None:
    """Per list: who is there, what waits, what was refused, and at which step the others stand."""
    from cdp_assets.commands.activation import status

    raise typer.Exit(status(home=home))


@activation_app.command("destinations")
def activation_destinations() -> None:
    """The destinations that there are: files, identifiers, smallest list, and whether published vectors prove their form."""
    from cdp_assets.commands.activation import destinations

    raise typer.Exit(destinations())


channel_app = typer.Typer(
    help="Add a channel from a sample of its export, and check files against a contract.",
    no_args_is_help=True,
)
app.add_typer(channel_app, name="channel")


@channel_app.command("new")
def channel_new(
    name: Annotated[str, typer.Argument(help="The channel's name: lower-case letters, digits, underscores.")],
    samples: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="One sample file per export.")
    ],
    export: Annotated[str | None, typer.Option(help="Name of the export, where there is one sample.")] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of a workbook; default: the largest table.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace drafts of this channel.")] = False,
) -> None:
    """Draft a channel's contract, dbt sources and staging models from samples; say what is left to decide."""
    from cdp_assets.commands.channel import new_channel

    raise typer.Exit(new_channel(name=name, samples=samples, export=export, sheet=sheet, overwrite=overwrite))


@channel_app.command("own")
def channel_own(
    name: Annotated[str, typer.Argument(help="A channel whose contract Onefold ships.")],
) -> None:
    """Copy a shipped contract into the project, to edit it there; it then counts in place of the shipped one."""
    from cdp_assets.commands.channel import own_contract

    raise typer.Exit(own_contract(name=name))


@channel_app.command("sources")
def channel_sources(
    name: Annotated[str, typer.Argument(help="A channel with a contract.")],
) -> None:
    """Write a channel's dbt sources again, after its contract was changed."""
    from cdp_assets.commands.channel import render_channel_sources

    raise typer.Exit(render_channel_sources(name=name))


@channel_app.command("check")
def channel_check(
    name: Annotated[str, typer.Argument(help="A channel with a contract.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Files (default: the channel's inbox folder)."),
    ] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Say what would land, what would be quarantined or held and why, and write nothing."""
    from cdp_assets.commands.channel import check_files

    raise typer.Exit(check_files(name=name, files=files or [], home=home, inbox=inbox))


@app.command()
def replay(
    channel: Annotated[str, typer.Argument(help="The channel whose quarantine is parsed again.")],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """After a contract was mended: parse the quarantined rows again; what passes now lands, once."""
    from cdp_assets.commands.channel import replay as replay_channel

    raise typer.Exit(replay_channel(name=channel, home=home, inbox=inbox))


@app.command()
def evaluate(
    truth: Annotated[
        Path | None, typer.Option(help="Folder with the true answer, such as data/demo/truth.")
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, help="Instead: simulate and run so many retailers, and compare attribution with true lift."
        ),
    ] = None,
    customers: Annotated[int, typer.Option(min=1, help="Persons of each retailer of --seeds.")] = 1000,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Compare the last build with the truth: precision, recall and the naive baselines; attribution with true lift."""
    if seeds is not None:
        from cdp_assets.commands.seeds import show_seeds

        raise typer.Exit(show_seeds(seeds=seeds, customers=customers))
    if truth is None:
        raise typer.BadParameter("give --truth FOLDER (such as data/demo/truth), or --seeds N")
    from cdp_assets.commands.identity import show_evaluation

    raise typer.Exit(show_evaluation(truth=truth, home=home, inbox=inbox))


RecordArgument = Annotated[str, typer.Argument(help="A record_key, or channel:source_customer_id.")]
rule_app = typer.Typer(
    help="Rule that two customer records are, or are not, one person.", no_args_is_help=True
)
app.add_typer(rule_app, name="rule")


@rule_app.command("must-link")
def must_link(
    left: RecordArgument,
    right: RecordArgument,
    why: Annotated[str | None, typer.Option(help="The reason, for whoever asks later.")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Two records are one person; counts from the next run on, whatever the evidence says."""
    from cdp_assets.commands.rulings import rule

    raise typer.Exit(rule("must_link", left, right, why=why, home=home, inbox=inbox))


@rule_app.command("cannot-link")
def cannot_link(
    left: RecordArgument,
    right: RecordArgument,
    why: Annotated[str | None, typer.Option(help="The reason, for whoever asks later.")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Two records are different persons; what had merged over them splits on the next run."""
    from cdp_assets.commands.rulings import rule

    raise typer.Exit(rule("cannot_link", left, right, why=why, home=home, inbox=inbox))


@app.command()
def rulings(
    undo: Annotated[str | None, typer.Option(help="Take back the ruling of this id.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write the rulings to a CSV file.")] = None,
    load: Annotated[
        Path | None,
        typer.Option(
            "--import", exists=True, dir_okay=False, help="Read rulings from a CSV file, all or none."
        ),
    ] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """List the rulings of stewards; undo one, or carry them out to and in from CSV."""
    from cdp_assets.commands.rulings import manage_rulings

    raise typer.Exit(manage_rulings(undo=undo, export=export, load=load, home=home, inbox=inbox))


@app.command()
def explain(
    first: Annotated[
        str, typer.Argument(help="A customer id, or a record (record_key, or channel:source_customer_id).")
    ],
    second: Annotated[str | None, typer.Argument(help="A second record.")] = None,
    page: Annotated[
        Path | None, typer.Option("--html", help="Also write a self-contained page with the chart.")
    ] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Say why records are one customer, or are not: edges, weights per column, and the guards that spoke."""
    from cdp_assets.commands.rulings import show_explanation

    raise typer.Exit(show_explanation(first, second, page=page, home=home, inbox=inbox))


@app.command("resolve-id")
def resolve_id(
    customer_id: Annotated[str, typer.Argument(help="A customer id, however old.")],
    home: HomeOption = None,
) -> None:
    """Say which customer id stands today for an id that was merged, split or retired."""
    from cdp_assets.commands.identity import show_resolution

    raise typer.Exit(show_resolution(customer_id=customer_id, home=home))


@app.command()
def docs(home: HomeOption = None) -> None:
    """Write dbt's documentation of the last build (models, columns, lineage) as one static page."""
    from cdp_assets.commands.docs import write_docs

    raise typer.Exit(write_docs(home=home))


@app.command()
def dagster(
    home: HomeOption = None,
    inbox: InboxOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; Dagster asks nobody to sign in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 3000,
    part: Annotated[
        str, typer.Option(help="all, or one part as a service of its own: web or daemon.", metavar="PART")
    ] = "all",
) -> None:
    """Open Dagster's own page on this home: the graph, runs and checks, with its daemon (schedule, sensors)."""
    from cdp_assets.commands.dagster_page import serve_dagster

    if part not in ("all", "web", "daemon"):
        raise typer.BadParameter("all, web or daemon", param_hint="--part")
    raise typer.Exit(serve_dagster(home=home, inbox=inbox, host=host, port=port, part=part))  # type: ignore[arg-type]


access_app = typer.Typer(help="Who may use the site: accounts, roles, sessions.", no_args_is_help=True)
app.add_typer(access_app, name="access")
audit_app = typer.Typer(help="The log of who saw, searched, exported and ruled what.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@access_app.command("put")
def access_put(
    name: Annotated[str, typer.Argument(help="The person's name, as the sign-in gives it.")],
    role: Annotated[list[str] | None, typer.Option(help="A role; repeat it for several.")] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password, for ONEFOLD_WEB_SIGN_IN=accounts.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Make an account, or change its roles or password."""
    from cdp_assets.commands.access import put_account

    raise typer.Exit(put_account(name, role or [], with_password=password, home=home))


@access_app.command("disable")
def access_disable(name: str, home: HomeOption = None) -> None:
    """Let a person in no more, from her next click on."""
    from cdp_assets.commands.access import disable_account

    raise typer.Exit(disable_account(name, home=home))


@access_app.command("end-sessions")
def access_end_sessions(name: str, home: HomeOption = None) -> None:
    """End a person's sessions; she may sign in anew."""
    from cdp_assets.commands.access import end_sessions

    raise typer.Exit(end_sessions(name, home=home))


@access_app.command("list")
def access_list(home: HomeOption = None) -> None:
    """List accounts, and what each role may."""
    from cdp_assets.commands.access import list_accounts

    raise typer.Exit(list_accounts(home=home))


@audit_app.command("verify")
def audit_verify(home: HomeOption = None) -> None:
    """Check the whole log: 0 where it holds, 1 with what does not."""
    from cdp_assets.commands.audit_log import verify_log

    raise typer.Exit(verify_log(home=home))


@audit_app.command("list")
def audit_list(
    home: HomeOption = None, limit: Annotated[int, typer.Option(min=1, help="How many entries.")] = 50
) -> None:
    """Print the latest entries, newest first."""
    from cdp_assets.commands.audit_log import list_entries

    raise typer.Exit(list_entries(home=home, limit=limit))


@app.command()
def web(
    home: HomeOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than localhost needs a sign-in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8501,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Processes that answer.")] = 1,
    base_path: Annotated[
        str | None, typer.Option(help="Path below which a proxy serves the site, such as /onefold.")
    ] = None,
) -> None:
    """Open the site on the published files (without configuration: one local user, on this machine only)."""
    from cdp_assets.commands.web import serve_site

    raise typer.Exit(serve_site(home=home, host=host, port=port, workers=workers, base_path=base_path))


@app.command()
def report(
    home: HomeOption = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("onefold_report.html"),
    language: Annotated[str, typer.Option(help="Language of the report: en, zh.")] = "en",
) -> None:
    """Write the weekly report of the published files as one HTML file: overview, what paid off, what changed."""
    from cdp_assets.commands.report import write_report

    raise typer.Exit(write_report(home=home, out=out, language=language))


@app.command(hidden=True)
def ui(
    home: HomeOption = None, port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8501
) -> None:
    """The former name of `onefold web`."""
    from cdp_assets.commands.web import serve_site

    raise typer.Exit(serve_site(home=home, host="127.0.0.1", port=port, workers=1, base_path=None))


@app.command()
def generations(
    home: HomeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those whose files are gone.")] = False,
) -> None:
    """List what was published, newest first, with what changed: customers, rows, tables."""
    from cdp_assets.commands.generations import show_generations

    raise typer.Exit(show_generations(home=home, everything=everything))


@app.command()
def rollback(home: HomeOption = None) -> None:
    """Let readers see the generation before the current one again, and withdraw the current one."""
    from cdp_assets.commands.generations import run_rollback

    raise typer.Exit(run_rollback(home=home))


rights_app = typer.Typer(
    help="What people ask by right: requests, erasure with proof, certificates.", no_args_is_help=True
)
app.add_typer(rights_app, name="rights")
RequestArgument = Annotated[str, typer.Argument(help="The request's id, or its beginning.")]


@rights_app.command("request")
def rights_request(
    kind: Annotated[str, typer.Argument(help="erase, access, correct, restrict, object, opt-out or lift.")],
    email: Annotated[list[str] | None, typer.Option(help="An e-mail address of the person.")] = None,
    phone: Annotated[
        list[str] | None, typer.Option(help="A number, with its country code or --region.")
    ] = None,
    customer_id: Annotated[list[str] | None, typer.Option(help="Onefold's customer id.")] = None,
    record: Annotated[list[str] | None, typer.Option(help="channel/id of a customer record.")] = None,
    loyalty_id: Annotated[list[str] | None, typer.Option(help="A card's number.")] = None,
    jurisdiction: Annotated[str, typer.Option(help="gdpr, uk_gdpr, ccpa, pipl or other.")] = "gdpr",
    basis: Annotated[str | None, typer.Option(help="The article or section.")] = None,
    received: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of receipt (default: today).")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Region of numbers without a country code: US.")] = None,
    verified: Annotated[str | None, typer.Option(help="How it was made sure who asks.")] = None,
    hold: Annotated[
        list[str] | None, typer.Option(help="What must stay: 'channel.export[.column] [until DATE]: reason'.")
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            help="Of object, restrict, opt-out or lift: marketing, profiling, … (default: all it may mean)."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the answer to an access request: en or zh.")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option(help="Of a correction: phone, email, city, birth_date, …")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Of a correction: the right value.")] = None,
    wrong: Annotated[
        str | None,
        typer.Option(
            help="Of a correction: the wrong value (default: whatever her records say); kept as a keyed hash."
        ),
    ] = None,
    receipt: Annotated[Path | None, typer.Option(help="Where to write the signed receipt.")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Enter a request. Who asks is kept as keyed hashes only."""
    from cdp_assets.commands.rights import take_request
    from cdp_assets.rights.wishes import Wish

    given = {
        "email": email,
        "phone": phone,
        "customer_id": customer_id,
        "record": record,
        "loyalty_id": loyalty_id,
    }
    identities = [(name, value) for name, values in given.items() for value in values or []]
    raise typer.Exit(
        take_request(
            kind, identities, jurisdiction=jurisdiction, basis=basis, received=received.date() if received else None,
            region=region, verified=verified, holds=hold or [], receipt=receipt, home=home, inbox=inbox,
            wish=Wish(tuple(purpose or ()), language, attribute, to, wrong),
        )
    )  # fmt: skip


@rights_app.command("import")
def rights_import(
    file: Annotated[Path, typer.Argument(help="OpenDSR 2.0 JSON, or CSV with a header.")],
    region: Annotated[str | None, typer.Option(help="Region of numbers without a country code.")] = None,
    receipts: Annotated[Path | None, typer.Option(help="Folder for signed receipts.")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Enter the requests of a file, all or none."""
    from cdp_assets.commands.rights import import_requests

    raise typer.Exit(import_requests(file, region=region, receipts_dir=receipts, home=home, inbox=inbox))


@rights_app.command("list")
def rights_list(
    closed: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Open requests, the most urgent first."""
    from cdp_assets.commands.rights import list_requests

    raise typer.Exit(list_requests(closed=closed, home=home, inbox=inbox))


@rights_app.command("show")
def rights_show(
    request: RequestArgument,
    again: Annotated[
        bool, typer.Option("--again", help="Count now, instead of telling the last count.")
    ] = False,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """One request: its history, whom it covers, and how many rows each store holds, as of its last count. No store is changed."""
    from cdp_assets.commands.rights import show_request

    raise typer.Exit(show_request(request, again=again, home=home, inbox=inbox))


@rights_app.command("run")
def rights_run(
    requests: Annotated[list[str] | None, typer.Argument(help="Which (default: all verified ones).")] = None,
    confirm: Annotated[
        list[str] | None,
        typer.Option(help="A record that only a score joins to hers, and that is hers; or 'all'."),
    ] = None,
    leave: Annotated[
        list[str] | None, typer.Option(help="Such a record that is a stranger's; or 'all'.")
    ] = None,
    rewrite_inbox: Annotated[
        bool, typer.Option("--rewrite-inbox", help="Cut her out of delivered files in the inbox, too.")
    ] = False,
    drop_older: Annotated[
        bool, typer.Option("--drop-older", help="Older generations go instead of being written again.")
    ] = False,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Carry requests out: refusals, corrections, answers to access, then erasures with their certificate.

    Exit codes: 0 done · 3 an erasure is interim (something waits) · 1 something could not be done · 75 a run works on the home.
    """
    from cdp_assets.commands.rights import run_requests

    raise typer.Exit(
        run_requests(
            requests or [], confirm=confirm or [], leave=leave or [], rewrite_inbox=rewrite_inbox,
            drop_older=drop_older, home=home, inbox=inbox,
        )
    )  # fmt: skip


@rights_app.command("verify")
def rights_verify(
    certificate: Annotated[Path | None, typer.Argument(help="A certificate (default: all).")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Check certificates: signature, root, and whether anybody has come back."""
    from cdp_assets.commands.rights import verify_certificate

    raise typer.Exit(verify_certificate(certificate, home=home, inbox=inbox))


@rights_app.command("change")
def rights_change(
    request: RequestArgument,
    to: Annotated[str, typer.Option(help="extend, verified, refuse, cancel, close or readmit.")],
    because: Annotated[str, typer.Option(help="The reason, the way of verifying, or the evidence.")],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Extend, verify, refuse, cancel or close a request, or let its person in again."""
    from cdp_assets.commands.rights import change_request

    raise typer.Exit(change_request(request, to, because, home=home, inbox=inbox))


@rights_app.command("receipt")
def rights_receipt(
    request: RequestArgument,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Print the signed answer for who asked (OpenDSR): how the request stands, and once it is closed what became of it."""
    from cdp_assets.commands.rights import print_receipt

    raise typer.Exit(print_receipt(request, out=out, home=home, inbox=inbox))


@rights_app.command("suppress")
def rights_suppress(
    file: Annotated[Path, typer.Argument(help="SHA-256 hashes, one a line.")],
    normalisation: Annotated[str, typer.Option(help="email_lower or phone_e164.")],
    home: HomeOption = None,
    inbox: InboxOption = None,
) -> None:
    """Take in a list of people to leave out, given as plain hashes."""
    from cdp_assets.commands.rights import suppress_list

    raise typer.Exit(suppress_list(file, normalisation, home=home, inbox=inbox))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, one for each backup.")],
    home: HomeOption = None,
    with_key: Annotated[
        bool, typer.Option("--with-key/--without-key", help="Put the secret key in, too.")
    ] = True,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt",
            help="Encrypt it (age) to the newest key of ONEFOLD_BACKUP_KEYS, a folder on another disk; without the key nobody opens it.",
        ),
    ] = False,
) -> None:
    """Copy what must last (landed files, state, rulings, key) into a folder, with a checksum of each file."""
    from cdp_assets.commands.backup import run_backup

    raise typer.Exit(run_backup(home=home, folder=folder, with_key=with_key, encrypt=encrypt))


@app.command("backup-keys")
def backup_keys(
    home: HomeOption = None,
    destroy: Annotated[
        str | None,
        typer.Option(help="A key's id: destroy it, and with it every backup under it, for good; recorded."),
    ] = None,
) -> None:
    """List the keys of encrypted backups (ONEFOLD_BACKUP_KEYS), or destroy one: old backups under it are erased by that."""
    from cdp_assets.commands.backup import run_backup_keys

    raise typer.Exit(run_backup_keys(home=home, destroy=destroy))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `onefold backup` made.")],
    home: HomeOption = None,
    erasures: Annotated[
        Path | None,
        typer.Option(
            help="The list of erasures (HOME/rights/erasures.jsonl of the former home): all later ones are done again."
        ),
    ] = None,
    no_erasures: Annotated[
        bool, typer.Option("--no-erasures", help="Nobody was ever erased from this home; recorded.")
    ] = False,
) -> None:
    """Put a backup into a new home, and erase again whom it brought back; the next run gives the same customer ids and tables."""
    from cdp_assets.commands.backup import run_restore

    raise typer.Exit(run_restore(home=home, folder=folder, erasures=erasures, no_erasures=no_erasures))


@app.command()
def minimise(
    channel: Annotated[str | None, typer.Option(help="Only this channel's columns.")] = None,
    shows_all: Annotated[
        bool, typer.Option("--all", help="Show columns that are read, too, and by what.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="With --channel: write the channel's contract without what nothing reads."),
    ] = None,
    published: Annotated[
        bool,
        typer.Option("--published", help="Leave out what only marts hold that nobody is known to read, too."),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Which collected columns nothing reads: no page, audience, share, query, model or room; and the contract lines that stop collecting them."""
    from cdp_assets.commands.minimise import run_minimise

    raise typer.Exit(
        run_minimise(
            channel=channel, shows_all=shows_all, leaves_published=published, out_file=out, home=home
        )
    )


share_app = typer.Typer(
    help="Cohort tables for partners, with differential privacy: share/<name>.yaml.", no_args_is_help=True
)
app.add_typer(share_app, name="share")
psi_app = typer.Typer(
    help="Which contacts two houses both have, without either showing the rest: by files.",
    no_args_is_help=True,
)
app.add_typer(psi_app, name="psi")
aggregates_app = typer.Typer(
    help="Marts of several homes side by side, as aggregates that count enough people.", no_args_is_help=True
)
app.add_typer(aggregates_app, name="aggregates")
PartnerOption = Annotated[
    str, typer.Option(help="The partner's short name; its files lie in HOME/psi/<partner>.")
]
LeastOption = Annotated[int, typer.Option(min=5, help="People that a cell must count.")]


@share_app.command("release")
def share_release(
    name: Annotated[str, typer.Argument(help="Of share/<name>.yaml.")], home: HomeOption = None
) -> None:
    """Release a table of the current generation: charge everybody's budget, draw the noise once, write table and card."""
    from cdp_assets.commands.sharing import run_share

    raise typer.Exit(run_share(name, home=home))


@share_app.command("list")
def share_list(home: HomeOption = None) -> None:
    """List the project's shares."""
    from cdp_assets.commands.sharing import list_shares

    raise typer.Exit(list_shares(home=home))


@psi_app.command("setup")
def psi_setup(
    partner: PartnerOption,
    contact: Annotated[str, typer.Option(help="email or phone.")] = "email",
    members: Annotated[
        bool, typer.Option("--members/--count", help="Ask which contacts both have, or only how many.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Write a request of the contacts that granted sharing, for a partner to answer."""
    from cdp_assets.commands.sharing import psi_setup as run

    raise typer.Exit(run(partner, contact, members=members, home=home))


@psi_app.command("respond")
def psi_respond(
    request: Annotated[Path, typer.Argument(help="The partner's request.")],
    partner: PartnerOption,
    members: Annotated[
        bool,
        typer.Option("--members/--count", help="Agree to tell which contacts both have, or only how many."),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Answer a partner's request with the contacts that granted sharing here."""
    from cdp_assets.commands.sharing import psi_respond as run

    raise typer.Exit(run(partner, request, members=members, home=home))


@psi_app.command("intersect")
def psi_intersect(
    answer: Annotated[Path, typer.Argument(help="The partner's answer.")],
    partner: PartnerOption,
    home: HomeOption = None,
) -> None:
    """Read a partner's answer: how many contacts both have, or which."""
    from cdp_assets.commands.sharing import psi_intersect as run

    raise typer.Exit(run(partner, answer, home=home))


@aggregates_app.command("export")
def aggregates_export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    least: LeastOption = 20,
    home: HomeOption = None,
) -> None:
    """Write the published aggregates that count enough people and name nobody, to be joined with other regions'."""
    from cdp_assets.commands.sharing import export_aggregates

    raise typer.Exit(export_aggregates(folder, least=least, home=home))


@aggregates_app.command("join")
def aggregates_join(
    folders: Annotated[
        list[Path], typer.Argument(help="What `onefold aggregates export` wrote, one of each region.")
    ],
    out: Annotated[Path, typer.Option(help="A new DuckDB file.")],
    least: LeastOption = 20,
    home: HomeOption = None,
) -> None:
    """Put the aggregates of several homes into one file; cells of fewer people are refused."""
    from cdp_assets.commands.sharing import join_aggregates

    raise typer.Exit(join_aggregates(folders, out, least=least, home=home))


state_app = typer.Typer(
    help="Carry state.duckdb to other engines as Parquet, and back.", no_args_is_help=True
)
app.add_typer(state_app, name="state")


@state_app.command("export")
def state_export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")], home: HomeOption = None
) -> None:
    """Write every table of state as Parquet, with a list of rows and fingerprints."""
    from cdp_assets.commands.state import run_export

    raise typer.Exit(run_export(home=home, folder=folder))


@state_app.command("import")
def state_import(
    folder: Annotated[Path, typer.Argument(help="A folder that `onefold state export` made.")],
    home: HomeOption = None,
) -> None:
    """Make the state of a new home of an export; what is not equal to what was written is refused."""
    from cdp_assets.commands.state import run_import

    raise typer.Exit(run_import(home=home, folder=folder))


@app.command()
def doctor(
    home: HomeOption = None,
    inbox: InboxOption = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every stored file and compare it with what was written.")
    ] = False,
) -> None:
    """Look at versions, disk, permissions, locks, contracts, key and state, and say what to do."""
    from cdp_assets.commands.doctor import run_doctor

    raise typer.Exit(run_doctor(home=home, inbox=inbox, deep=deep))


@app.command("alert")
def alert_command(
    home: HomeOption = None,
    test: Annotated[bool, typer.Option("--test", help="Send a test message instead.")] = False,
) -> None:
    """Tell of the last run if it did not publish and nobody was told yet (for systemd, or to try the alerts)."""
    from cdp_assets.commands.doctor import run_alert

    raise typer.Exit(run_alert(home=home, test=test))


def main() -> None:
    """Entry point of the `onefold` script."""
    from cdp_assets.errors import Problem

    try:
        app()
    except Problem as problem:  # a setting that is wrong, a project that is not there
        typer.echo(str(problem), err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
