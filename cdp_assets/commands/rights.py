"""`onefold rights …`: take requests, show what they cover, carry erasures out, and check certificates."""

from __future__ import annotations

import base64
import getpass
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cdp_assets.commands.outcome import EXIT_DONE, EXIT_FAILED, outcome
from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.home import prepare_home
from cdp_assets.keys import load_key
from cdp_assets.publishing import lock
from cdp_assets.rights import (
    carrying,
    certificate,
    corrections,
    counting,
    importing,
    outside,
    people,
    receipts,
    requests,
    showing,
    verifying,
)
from cdp_assets.rights.closure import Compared, JoinedByScore
from cdp_assets.rights.holds import check as check_holds
from cdp_assets.rights.requests import Identity, NewRequest, Request
from cdp_assets.rights.wishes import Wish
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.wording import counted

EXIT_WAITS = 3
CHANGES = ("extend", "verified", "refuse", "cancel", "close", "readmit")


def take_request(
    kind: str,
    identities: list[tuple[str, str]],
    *,
    jurisdiction: str,
    basis: str | None,
    received: date | None,
    region: str | None,
    verified: str | None,
    holds: list[str],
    wish: Wish,
    receipt: Path | None,
    home: Path | None,
    inbox: Path | None,
) -> int:
    """Enter one request; 0, or 1 with the reason."""

    def take(settings: Settings, out: Console) -> int:
        new = NewRequest(
            kind=kind,
            identities=[Identity(name, value) for name, value in identities],
            jurisdiction=jurisdiction,
            legal_basis=basis,
            received_at=settings.business_noon(received) if received else _now(),
            received_on=received or settings.business_day(),
            is_verified=verified is not None,
            region=region,
            holds=[requests.read_hold(each) for each in holds],
            wish=wish,
        )
        key = load_key(settings)
        check_holds(settings, new.holds)
        with connect_state(settings) as con:
            taken = requests.take(con, key, new, actor=getpass.getuser())
            if verified:
                requests.verify_person(con, taken.request_id, actor=getpass.getuser(), how=verified)
            unread = requests.unread(con, [taken.request_id])
        if receipt:
            _write_receipt(receipt, key, taken)
        out.print(f"request {taken.request_id} to {taken.kind}, due {taken.due_date}", highlight=False)
        _say_unread(unread, out)
        if not taken.is_verified:
            out.print(
                f"not verified yet: `onefold rights change {taken.request_id[:8]} --to verified --because …` once it is sure who asks"
            )
        return EXIT_DONE

    return _locked(home, inbox, take)


def import_requests(
    file: Path, *, region: str | None, receipts_dir: Path | None, home: Path | None, inbox: Path | None
) -> int:
    """Enter the requests of a file, all or none; 0, or 1 with the reason."""

    def read(settings: Settings, out: Console) -> int:
        content = _read_text(file)
        new = importing.read_requests(
            content,
            file.name,
            region=region,
            received_on=settings.business_day,
            noon_of=settings.business_noon,
        )
        key = load_key(settings)
        with connect_state(settings) as con:
            taken = requests.take_all(con, key, new, actor=getpass.getuser())
            unread = requests.unread(con, [each.request_id for each in taken])
        for each in taken if receipts_dir else []:
            receipts_dir.mkdir(parents=True, exist_ok=True, mode=0o700)  # type: ignore[union-attr]
            encoded = (
                base64.b64encode(content.encode()).decode() if content.lstrip().startswith("{") else None
            )
            _write_receipt(receipts_dir / f"{each.request_id}.json", key, each, encoded)  # type: ignore[operator]
        out.print(f"{len(taken):,} requests taken from {file.name}", highlight=False)
        _say_unread(unread, out)
        return EXIT_DONE

    return _locked(home, inbox, read)


def _say_unread(unread: dict[str, str], out: Console) -> None:
    """What of some requests nobody can be found by: it was left out, and the rest of the request counts."""
    for request_id, types in unread.items():
        out.print(
            f"request {request_id[:8]}: left out, since nobody is known here by it or it cannot be read: {types}",
            highlight=False,
            markup=False,
        )


def list_requests(*, closed: bool, home: Path | None, inbox: Path | None) -> int:
    """Print the ledger, the most urgent first."""

    def show(settings: Settings, out: Console) -> int:
        with connect_state(settings, read_only=True) as con:
            found = [each for each in requests.listed(con) if closed or each.status in requests.OPEN]
        kept = {each["request_id"]: each["found"] for each in showing.read(settings)["requests"]}
        nothing = "no request was ever made" if closed else "no request is open"
        out.print(_table_of(found, kept, settings) if found else nothing)
        return EXIT_DONE

    return _do(home, inbox, show)


def _table_of(found: list[Request], kept: dict[str, dict[str, Any] | None], settings: Settings) -> Table:
    names = ("request", "kind", "law", "received", "due", "verified", "status", "rows", "counted", "outcome")
    table = Table(*names, box=None, pad_edge=False)
    for each in found:
        due = f"{each.due_date}{' OVERDUE' if each.is_overdue(settings.business_day()) else ''}"
        table.add_row(
            each.request_id[:8], each.kind, each.jurisdiction, str(settings.business_day(each.received_at)), due,
            "yes" if each.is_verified else "no", each.status, *_counted(kept.get(each.request_id)), each.outcome or "",
        )  # fmt: skip
    return table


def _counted(found: dict[str, Any] | None) -> tuple[str, str]:
    """Rows of the last count of a request, and its day."""
    if not found or "problem" in found:
        return "", ""
    return f"{counting.rows_of(found):,}", found["at"][:10]


def show_request(request_id: str, *, again: bool, home: Path | None, inbox: Path | None) -> int:
    """Print one request, whom it covers, and how many rows each store holds, as it was counted last; nothing else is changed."""

    def show(settings: Settings, out: Console) -> int:
        with connect_state(settings, read_only=True) as con:
            request = requests.find(con, request_id)
            events = requests.history(con, request.request_id)
            corrected = corrections.standing(con, request.request_id)
        out.print(
            f"request {request.request_id} to {request.kind} ({request.jurisdiction}), {request.status}, due {request.due_date}",
            highlight=False,
        )
        for at, event, actor, detail in events:
            out.print(
                f"  {at:%Y-%m-%d %H:%M} {event} by {actor}{f': {detail}' if detail else ''}",
                highlight=False,
                markup=False,
            )
        for hold in request.holds:
            out.print(
                f"  held: {hold.table_name}{f'.{hold.column_name}' if hold.column_name else ''} ({hold.reason})",
                highlight=False,
                markup=False,
            )
        if request.status not in requests.OPEN:
            for status, count in corrected.items():
                out.print(f"  corrections {status}: {count} records", highlight=False)
            return EXIT_DONE
        _print_count(_count_of(settings, request, again=again), out)
        return EXIT_DONE

    return _do(home, inbox, show)


def _count_of(settings: Settings, request: Request, *, again: bool) -> dict[str, Any]:
    """What was counted of an open request: the kept count where there is one, unless it is asked for again or covers others by now."""
    try:
        with lock.hold(settings.home):
            is_new = again or showing.kept_count(settings, request.request_id) is None
            showing.show(settings, (request.request_id,) if is_new else ())
    except lock.HomeLocked:
        if again or showing.kept_count(settings, request.request_id) is None:
            raise
    found = showing.kept_count(settings, request.request_id)
    assert found is not None
    return found


def _print_count(found: dict[str, Any], out: Console) -> None:
    if "problem" in found:
        out.print(f"whom it covers cannot be said: {found['problem']}", highlight=False, markup=False)
        return
    if not found["records"]:
        out.print(
            "no build knows her, but landing holds rows that name her"
            if found["stores"]
            else "nobody is found by what the request says"
        )
    else:
        out.print(f"covers {found['records']} records of {found['customers']} customer(s)", highlight=False)
    for each in found["by_score"]:
        compared = tuple(Compared(**line) for line in each["compared"])
        _print_beside(JoinedByScore(**{**each, "compared": compared}), out)
    out.print(
        f"counted {found['at'][:16]} UTC in {found['generation']} (--again counts now):", highlight=False
    )
    for store, rows in found["stores"].items():
        out.print(f"  {store}: {counted(rows, 'rows')}", highlight=False, markup=False)


def run_requests(
    request_ids: list[str],
    *,
    confirm: list[str],
    leave: list[str],
    rewrite_inbox: bool,
    drop_older: bool,
    home: Path | None,
    inbox: Path | None,
) -> int:
    """Carry the verified requests out, erasures last and in one go; 0 done, 3 an erasure is interim, 1 with what could not be done."""

    def run(settings: Settings, out: Console) -> int:
        chosen = people.due_requests(settings, request_ids, may_go_on=rewrite_inbox)
        if not chosen:
            out.print("no verified request is open")
            return EXIT_DONE
        how = carrying.How(
            getpass.getuser(),
            confirm,
            leave,
            rewrites_inbox=rewrite_inbox,
            keeps_older=not drop_older,
            is_named=bool(request_ids),
        )
        carried = carrying.carry_out(
            settings, chosen, how, lambda step: out.print(f"  {step}", highlight=False)
        )
        for line in carried.done:
            out.print(line, highlight=False, markup=False, soft_wrap=True)
        codes = [_say(document, out, settings) for document in carried.certificates]
        for line in carried.problems:
            out.print(line, highlight=False, markup=False, soft_wrap=True)
        return EXIT_FAILED if carried.problems else max(codes, default=EXIT_DONE)

    return _locked(home, inbox, run)


def _print_beside(each: JoinedByScore, out: Console) -> None:
    """A record that only a score joins to hers, side by side with the one of hers that agrees with it in most."""
    out.print(
        f"  by score only: record {each.record_key} ({each.channel}), beside {each.beside_key[:12]} ({each.beside_channel}), which is hers",
        highlight=False,
    )
    table = Table("", "hers", "by score", "", box=None, pad_edge=False)
    for line in each.compared:
        table.add_row(f"    {line.attribute}", line.hers, line.other, line.agreement)
    out.print(table, markup=False)
    out.print(
        f"    hers: --confirm {each.record_key[:12]}; a stranger's: --leave {each.record_key[:12]}",
        highlight=False,
    )


def _say(document: dict[str, object], out: Console, settings: Settings) -> int:
    scan = document["scan"]
    assert isinstance(scan, dict)
    colour = "green" if document["status"] == "final" else "yellow"
    path = certificate.certificate_path(settings, str(document["erasure_id"]))
    out.print(
        styled(
            document["status"],
            colour,
            f": {scan['cells']:,} cells of {scan['files']:,} files looked at, {len(scan['found'])} places found; {path}",
        ),
        highlight=False,
        soft_wrap=True,
    )
    for line in [*scan["found"], *scan["unreadable"], *document["waiting"]]:  # type: ignore[misc]
        out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    return EXIT_DONE if document["status"] == "final" else EXIT_WAITS


def verify_certificate(file: Path | None, *, home: Path | None, inbox: Path | None) -> int:
    """Check one certificate, or all: signature, root, and whether somebody has come back; 0 all well, 1 not."""

    def verify(settings: Settings, out: Console) -> int:
        files = [file] if file else sorted((settings.home / "rights" / "certificates").glob("*.json"))
        code = EXIT_DONE
        for each in files:
            verdict = verifying.verify(settings, certificate.read_certificate(each))
            state = styled("holds", "green") if verdict.holds else styled("does not hold", "red")
            out.print(
                state
                + f" {each.stem}: {verdict.words_compared:,} words compared, {len(verdict.returned)} places hold a known hash",
                highlight=False,
                soft_wrap=True,
            )
            for line in [*verdict.problems, *verdict.returned]:
                out.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
            code = max(code, EXIT_DONE if verdict.holds else EXIT_FAILED)
        if not files:
            out.print("there is no certificate yet")
        return code

    return _do(home, inbox, verify)


def change_request(
    request_id: str, change: str, detail: str, *, home: Path | None, inbox: Path | None
) -> int:
    """Extend, verify, refuse, cancel, close, or let somebody in again; 0, or 1 with the reason."""

    def apply(settings: Settings, out: Console) -> int:
        actor = getpass.getuser()
        if change not in CHANGES:
            raise requests.RequestProblem(
                f"the change {change!r} is not known", "--to", f"one of {', '.join(CHANGES)}"
            )
        with connect_state(settings) as con:
            request = requests.find(con, request_id)
            if change == "extend":
                request = requests.extend(
                    con, request.request_id, actor=actor, reason=detail, on=settings.business_day(), received_on=settings.business_day
                )  # fmt: skip
                out.print(f"request {request.request_id[:8]} is due {request.due_date} now", highlight=False)
            elif change == "verified":
                requests.verify_person(con, request.request_id, actor=actor, how=detail)
                out.print(f"request {request.request_id[:8]} is verified", highlight=False)
            elif change == "readmit":
                count = requests.readmit(con, request.request_id, actor=actor, evidence=detail)
                out.print(
                    f"{count:,} suppressions are lifted: what is delivered from now on lands; what was erased stays erased",
                    highlight=False,
                )
            else:
                status = {"refuse": "refused", "cancel": "cancelled", "close": "completed"}[change]
                requests.decide(con, request.request_id, status, actor=actor, reason=detail)
                out.print(f"request {request.request_id[:8]} is {status}", highlight=False)
        return EXIT_DONE

    return _locked(home, inbox, apply)


def print_receipt(request_id: str, *, out: Path | None, home: Path | None, inbox: Path | None) -> int:
    """Print, or write, the signed answer to a request as it stands; 0, or 1 with the reason."""

    def tell(settings: Settings, console: Console) -> int:
        with connect_state(settings, read_only=True) as con:
            request = requests.find(con, request_id)
        if out:
            _write_receipt(out, load_key(settings), request)
            return EXIT_DONE
        document = receipts.receipt(load_key(settings), request, controller_id=receipts.CONTROLLER)
        console.print(json.dumps(document, indent=1, ensure_ascii=False), highlight=False, markup=False, soft_wrap=True)  # fmt: skip
        return EXIT_DONE

    return _do(home, inbox, tell)


def suppress_list(file: Path, normalisation: str, *, home: Path | None, inbox: Path | None) -> int:
    """Take in somebody's list of plain SHA-256 hashes, as keyed hashes of them; 0, or 1 with the reason."""

    def take(settings: Settings, out: Console) -> int:
        key = load_key(settings)
        with connect_state(settings) as con:
            taken = requests.suppress_hashes(con, key, _read_text(file).split(), normalisation)
        outside.enter_left_out(settings, taken)
        out.print(
            f"{len(taken):,} hashes are suppressed: whoever they are is left out of every file from now on",
            highlight=False,
        )
        return EXIT_DONE

    return _locked(home, inbox, take)


def _write_receipt(path: Path, key: bytes, request: Request, encoded: str | None = None) -> None:
    document = receipts.receipt(key, request, controller_id=receipts.CONTROLLER, encoded_request=encoded)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o600)


def _do(home: Path | None, inbox: Path | None, work: Callable[[Settings, Console], int]) -> int:
    settings, console = Settings.load(home=home, inbox=inbox), plain_console()
    return outcome(console, lambda: work(settings, console))


def _locked(home: Path | None, inbox: Path | None, work: Callable[[Settings, Console], int]) -> int:
    """The same under the home's lock, after what a killed run or erasure left was ended."""

    def prepared(settings: Settings, out: Console) -> int:
        with lock.hold(settings.home):
            for line in prepare_home(settings):
                out.print(styled("repaired:", "yellow", f" {line}"))
            code = work(settings, out)
            outside.enter(settings)
            receipts.issue(settings)
            showing.show(settings)
            return code

    return _do(home, inbox, prepared)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _read_text(file: Path) -> str:
    """A file that somebody sent. Raises RequestProblem where it is not there, or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise requests.RequestProblem(
            "it is not UTF-8" if isinstance(error, ValueError) else "it cannot be read",
            str(file),
            "give the path of a text file in UTF-8",
        ) from None
