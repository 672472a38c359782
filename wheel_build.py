"""How the wheel is built: a new project's files go into the package, as `cdp_assets/template/` (see cdp_assets/project)."""

from __future__ import annotations

from pathlib import Path

from setuptools.command.build_py import build_py

PARTS = ("dbt_project", "data/reference", "workspace.yaml")  # as in cdp_assets/project/template.py
LEFT_OUT = {"target", "logs", "__pycache__", ".user.yml"}
TEMPLATE = "cdp_assets/template"


class BuildWithTemplate(build_py):
    """build_py that also copies the dbt project and the reference lists; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        for source, target in self._template().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        """So that a source distribution holds them."""
        return [*super().get_source_files(), *_template_files()]

    def get_output_mapping(self) -> dict[str, str]:
        return super().get_output_mapping() | {target: source for source, target in self._template().items()}

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *self._template().values()]

    def _template(self) -> dict[str, str]:
        """Source → place in the build; none for an editable install."""
        if self.editable_mode:
            return {}
        return {name: f"{self.build_lib}/{TEMPLATE}/{name}" for name in _template_files()}


def _template_files() -> list[str]:
    found: list[str] = []
    for part in map(Path, PARTS):
        files = [part] if part.is_file() else sorted(path for path in part.rglob("*") if path.is_file())
        found += [path.as_posix() for path in files if not LEFT_OUT & set(path.parts)]
    return found
