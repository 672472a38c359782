"""Where audiences come from: examples that Onefold ships, the project's own, and those that people saved on the site.

The project's replace shipped ones of the same name; a name that the project has is refused on the site. Examples are in force only on a
simulated inbox: nobody's customers go anywhere because Onefold was installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

from cdp_assets import safe_yaml
from cdp_assets.activation.audience import NAME, Audience, read_audience
from cdp_assets.activation.destination import CONVERSIONS
from cdp_assets.activation.problems import ActivationProblem, files_in, not_yaml, refuse_other_ending
from cdp_assets.keys import DEMO_MARKER
from cdp_assets.project.place import PACKAGE_DIR
from cdp_assets.settings import Settings

SHIPPED = PACKAGE_DIR / "audiences"
# errors whose texts quote the query and names of tables alone
_OF_QUERIES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
)
SAVED = "audiences"  # folder of the home: what people saved on the site, taken from its inbox


@dataclass(frozen=True)
class Source:
    """Where an audience stands: origin is shipped, project or saved."""

    name: str
    path: Path
    origin: str


@dataclass(frozen=True)
class Library:
    """Audiences by name. Those that cannot be read are in `problems`; asking for one raises its problem."""

    sources: Mapping[str, Source]
    audiences: Mapping[str, Audience]
    problems: Mapping[str, ActivationProblem] = field(default_factory=dict)
    are_examples_in_force: bool = False

    def audience(self, name: str) -> Audience:
        """An audience by name. Raises ActivationProblem where there is none, or it cannot be read."""
        if name in self.problems:
            raise self.problems[name]
        if name not in self.audiences:
            known = ", ".join(sorted(self.audiences)) or "none yet"
            raise ActivationProblem(f"there is no audience {name!r}", "audiences/", f"there are: {known}")
        return self.audiences[name]

    def sql(self, name: str) -> str:
        """The query of an audience that the project wrote in SQL."""
        path = self.sources[name].path.with_suffix(".sql")
        if self.sources[name].origin != "project" or not path.exists():
            raise ActivationProblem(
                "the audience has neither `who` nor a .sql file beside it",
                str(self.sources[name].path),
                f"write `who`, or {path.name} in the project's audiences/",
            )
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")).strip().rstrip(";")
        if not re.match(r"(?i)(select|with)\b", text) or ";" in text or "$" in text:
            raise ActivationProblem(
                "the file is not one select", str(path), "write one query that yields customer_id"
            )
        return text

    def has_own_sql(self, name: str, *, with_others: bool = False) -> bool:
        """Whether counting an audience runs a query that the project wrote: its own, that of one it names, or of any other."""
        named = {name, *(self.audiences if with_others else ())}
        while (
            more := {
                each for one in named if one in self.audiences for each in self.audiences[one].references()
            }
            - named
        ):
            named |= more
        return any(self.audiences[each].who is None for each in named if each in self.audiences)

    def own_queries(self) -> dict[str, str]:
        """The project's queries by audience, those that cannot be read left away."""
        found = {}
        for name, audience in self.audiences.items():
            if audience.who is None:
                with suppress(ActivationProblem):
                    found[name] = self.sql(name)
        return found

    @contextmanager
    def telling_of_queries(self, name: str) -> Iterator[None]:
        """What DuckDB says of the project's own query while an audience is worked out, as ActivationProblem; of another's error only its kind, which may quote data."""
        try:
            yield
        except duckdb.Error as error:
            if not self.has_own_sql(name):
                raise
            says = str(error).splitlines()[0] if isinstance(error, _OF_QUERIES) else type(error).__name__
            is_own = name in self.audiences and self.audiences[name].who is None
            where = self.sources[name].path.with_suffix(".sql") if is_own else self.sources[name].path
            raise ActivationProblem(
                f"DuckDB cannot run the query of the audience{'' if is_own else ', or of one that it names'}: {says}",
                str(where),
                "correct it: one select over marts.… that yields customer_id",
            ) from None

    def with_audience(self, name: str, audience: Audience) -> Library:
        """The library with one more audience, or another version of it: what the page's builder looks at before it is saved."""
        source = Source(name, Path(f"{name}.yaml"), "saved")
        kept = {each: problem for each, problem in self.problems.items() if each != name}
        return Library(
            {**self.sources, name: source},
            {**self.audiences, name: audience},
            kept,
            self.are_examples_in_force,
        )

    def in_force(self) -> list[str]:
        """Names of those that nightly runs bring to destinations."""
        return sorted(
            name
            for name, source in self.sources.items()
            if source.origin != "shipped" or self.are_examples_in_force
        )


def load_library(settings: Settings) -> Library:
    """Every audience that a home knows. Broken files are kept as problems, so that one does not stop the others."""
    sources = {source.name: source for source in _sources(settings)}
    audiences, problems = {}, {}
    for name, source in sources.items():
        try:
            audiences[name] = read_source(source)
        except ActivationProblem as problem:
            problems[name] = problem
    return Library(sources, audiences, problems, (settings.inbox_dir / DEMO_MARKER).exists())


def read_source(source: Source) -> Audience:
    """One file. Raises ActivationProblem with file and place."""
    if not re.fullmatch(NAME, source.name):
        raise ActivationProblem(
            "a file's name is the audience's name, and this is none",
            str(source.path),
            f"it must match {NAME}",
        )
    if source.name == CONVERSIONS:
        raise ActivationProblem(
            "lists of orders that go back to platforms have this name", str(source.path), "choose another"
        )
    refuse_other_ending(source.path)
    try:
        document = safe_yaml.read(source.path)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise not_yaml(source.path, error) from None
    audience = read_audience(document, str(source.path))
    query = source.path.with_suffix(".sql")
    if audience.who is not None and source.origin == "project" and query.exists():
        raise ActivationProblem(
            "the audience has both `who` and a .sql file beside it, and only one can say who is meant",
            str(source.path),
            f"take `who` out, or remove {query.name}",
        )
    return audience


def _sources(settings: Settings) -> list[Source]:
    """Later ones replace earlier ones of the same name."""
    found = []
    for folder, origin in (
        (SHIPPED, "shipped"),
        (settings.home / SAVED, "saved"),
        (settings.project_dir / "audiences", "project"),
    ):
        if folder.is_dir():
            found += [Source(path.stem, path, origin) for path in files_in(folder)]
    return found
