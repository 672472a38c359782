"""A workbook written again without some rows of a sheet: the rows' cells, and the shared texts that no other cell uses.

The package is copied member by member; only the sheet and the table of shared texts change.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from cdp_assets.landing.readers.xlsx_rows import sheet_entry

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHARED = "xl/sharedStrings.xml"
PERSONAL_MEMBERS = (
    "docProps/thumbnail",
    "xl/revisions/",
    "xl/persons/",
)  # pictures and histories of the sheet


def rewrite_book(
    source: Path, target: Path, sheet: str | None, cut: Mapping[int, tuple[int, ...] | None]
) -> None:
    """Write the workbook without the cells that `cut` names (row number from 1 → positions from 0; None: all of the row's)."""
    ElementTree.register_namespace("", MAIN[1:-1])
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        entry = sheet_entry(archive, sheet)
        changed = {entry: _without(archive.read(entry), cut)}
        if SHARED in archive.namelist():
            sheets = [
                name
                for name in archive.namelist()
                if name.startswith("xl/worksheets/") and name.endswith(".xml")
            ]
            used: set[int] = set()
            for name in sheets:
                used |= _shared_of(changed.get(name) or archive.read(name))
            changed[SHARED] = _blanked(archive.read(SHARED), used)
        for name in archive.namelist():
            if name.startswith(PERSONAL_MEMBERS):
                continue
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(info, changed.get(name) or archive.read(name))


def _without(content: bytes, cut: Mapping[int, tuple[int, ...] | None]) -> bytes:
    root = ElementTree.fromstring(content)  # noqa: S314  expat refuses entity bombs; the package's sizes were checked
    number = 0
    for row in root.iter(f"{MAIN}row"):
        number = int(row.get("r", number + 1))
        if number not in cut:
            continue
        positions = cut[number]
        at = -1
        for cell in list(row):
            at = _position(cell.get("r"), at + 1)
            if positions is None or at in positions:
                row.remove(cell)
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _position(reference: str | None, default: int) -> int:
    letters = "".join(char for char in reference or "" if char.isalpha())
    if not letters:
        return default
    position = 0
    for char in letters:
        position = position * 26 + ord(char.upper()) - ord("A") + 1
    return position - 1


def _shared_of(content: bytes) -> set[int]:
    root = ElementTree.fromstring(content)  # noqa: S314  as above
    return {
        int(value.text)
        for cell in root.iter(f"{MAIN}c")
        if cell.get("t") == "s" and (value := cell.find(f"{MAIN}v")) is not None and value.text
    }


def _blanked(content: bytes, used: set[int]) -> bytes:
    """The table of shared texts, those that no cell uses emptied: the others keep their numbers."""
    root = ElementTree.fromstring(content)  # noqa: S314  as above
    for index, item in enumerate(root.findall(f"{MAIN}si")):
        if index not in used:
            for part in list(item):
                item.remove(part)
            ElementTree.SubElement(item, f"{MAIN}t")
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))
