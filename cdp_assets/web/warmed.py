"""What was made ready of a generation, on the disk: answers of its pages' questions and sizes of its audiences, no single person.

One file per generation, version of Onefold and code of this package, owner-only; written whole or not at all.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
from functools import cache
from pathlib import Path

from starlette.datastructures import QueryParams

from cdp_assets.activation.library import load_library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.private_files import write_private
from cdp_assets.settings import Settings
from cdp_assets.web import people_rows, pictures
from cdp_assets.web.access.people import Person, roles
from cdp_assets.web.blocks import Picture, pictures_with_widths
from cdp_assets.web.pages import audiences as audience_pages
from cdp_assets.web.published import Published, QueryStopped, kept_answers, take_in_answers
from cdp_assets.web.queries import audiences
from cdp_assets.web.texts import Texts, languages
from cdp_assets.web.view import View

PERSON = "customer_id"  # a column of answers about single persons, which are not kept here
log = logging.getLogger(__name__)


def take_in(settings: Settings, shown: Published) -> bool:
    """Cache in this process what was made ready of a generation; False where it is not there yet."""
    path = _path(settings, shown)
    if not path.exists():
        return False
    made = pickle.loads(path.read_bytes())  # noqa: S301  written by ourselves, in a folder of the owner
    take_in_answers(shown.version, made["answers"])
    audiences.take_in_sizes(made["sizes"])
    return True


def make(settings: Settings, shown: Published) -> None:
    """Ask and draw everything, and leave it for the workers."""
    pictured = [each for language in languages() for each in build_pages(settings, shown, language)]
    _count_audiences(settings, shown)
    for picture, width in pictured:
        pictures.draw(settings, picture.address.rpartition("/")[2], width, "svg")
    pictures.script(settings)
    answers = {
        question: found
        for question, found in kept_answers(shown.version).items()
        if PERSON not in found.columns
    }
    _folder(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    made = pickle.dumps({"answers": answers, "sizes": audiences.kept_sizes(shown)})
    write_private(_path(settings, shown), made, is_synced=False)
    people_rows.make(
        shown
    )  # last: readers see the generation meanwhile, and pages of customers scan until then


def build_pages(settings: Settings, shown: Published, language: str) -> list[tuple[Picture, str]]:
    """Build every tab of the pages that show no single person; returns the pictures that stand on them, with their widths."""
    from cdp_assets.web.navigation import PAGES  # the pages import what this module is made of

    made: list[tuple[Picture, str]] = []
    who = Person("warm-up", frozenset(roles()))
    base = settings.web_base_path.rstrip("/")
    for page in PAGES:
        if page.group and not page.is_personal:
            for tab, build in page.tabs.items():
                view = View(settings, shown, who, Texts(language), base, page.tab_path(tab), QueryParams(""))
                try:
                    found = list(pictures_with_widths(build(view)))
                except Exception as error:  # fails for its reader too, and is reported there
                    log.warning("%s was not made ready: %s", page.tab_path(tab), type(error).__name__)
                    continue
                made += found
    return made


def _count_audiences(settings: Settings, shown: Published) -> None:
    if shown.missing(audience_pages.NEEDS):
        return
    library = load_library(settings)
    for name in library.audiences:
        try:
            audiences.size(settings, shown, library, name)
        except (ActivationProblem, QueryStopped):  # the page says what is wrong with it
            continue


def forget_others(settings: Settings, shown: Published) -> None:
    """Remove what was made ready of other generations."""
    for path in _folder(settings).glob("*"):
        if not path.name.startswith(pictures.generation_key(shown)):
            path.unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.home / "web" / "answers"


def _path(settings: Settings, shown: Published) -> Path:
    return _folder(settings) / f"{pictures.generation_key(shown)}-{_code()}.pickle"


@cache
def _code() -> str:
    """Changes with the site's own code: another one asks other questions."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
