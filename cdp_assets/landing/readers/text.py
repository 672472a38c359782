"""From delivered bytes to strict UTF-8: compression by its magic bytes, encoding as declared, never guessed.

What rows mean is none of this module's business.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cdp_assets.landing.contract import ENCODINGS
from cdp_assets.landing.files import BLOCK
from cdp_assets.landing.held import FileHeld

GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PK\x03\x04"
PARQUET_MAGIC = b"PAR1"
GZIP_LEAST = 18  # bytes of the head and tail of one member
SMALL_EXPANSION = 64 << 20  # bytes that any file may expand to, whatever its ratio


MAX_ENTRIES = 10_000  # of a zip: a workbook has tens, a delivery one
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22 + (1 << 16)


def check_unpacked(original: Path, max_expansion: int) -> None:
    """Refuse a zip, workbook or gzip that says itself that it unpacks beyond measure. Raises FileHeld.

    Of a zip only the directory is read; a gzip that says so is unpacked up to the limit, as a cut one may say anything.
    What lies about its size is stopped while it is read.
    """
    size = original.stat().st_size
    limit = max(SMALL_EXPANSION, size * max_expansion)
    with original.open("rb") as file:
        magic = file.read(4)
        if magic.startswith(GZIP_MAGIC) and size > GZIP_LEAST:
            file.seek(size - 4)  # RFC 1952: the size of the last member, modulo 2^32
            if int.from_bytes(file.read(), "little") > limit:
                _unpack(original, limit)
        if magic != ZIP_MAGIC:
            return
        file.seek(max(0, size - _ZIP_END_BYTES))
        tail = file.read()
    end = tail.rfind(_ZIP_END)
    entries = int.from_bytes(tail[end + 10 : end + 12], "little") if end >= 0 else 0
    if entries > MAX_ENTRIES:
        raise _wrong_members(entries)
    with (
        suppress(zipfile.BadZipFile),
        zipfile.ZipFile(original) as archive,
    ):  # a damaged one: its reader says so
        if sum(info.file_size for info in archive.infolist()) > limit:
            raise expands_too_far()


def _unpack(original: Path, limit: int) -> None:
    """Unpack a gzip to nowhere: it is damaged, or larger than the limit, or all is well."""
    with gzip.open(original) as inner:
        try:
            while block := inner.read(BLOCK):
                limit -= len(block)
                if limit < 0:
                    raise expands_too_far()
        except (EOFError, OSError, zlib.error) as error:
            raise _damaged() from error


def check_parquet_ends(original: Path) -> None:
    """Refuse what is no whole Parquet file: its marks at both ends, its footer's length, and the footer's own last byte."""
    size = original.stat().st_size
    with original.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 9))
        stop, length, tail = file.read(1), int.from_bytes(file.read(4), "little"), file.read(4)
    # a footer is a Thrift structure, which ends with the byte 0
    if head != PARQUET_MAGIC or tail != PARQUET_MAGIC or length + 12 > size or stop != b"\0":
        raise FileHeld("damaged_archive", "its Parquet footer cannot be read", "ask for the file again")


@dataclass(frozen=True)
class TextSource:
    """A file that reads as UTF-8 text: the original itself, or a transcoded copy in the work folder."""

    path: Path
    is_gzip: bool
    max_bytes: int

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """A stream of UTF-8 bytes without byte order mark; what it yields is checked as it is read.

        Raises FileHeld for bytes that are no UTF-8, a damaged gzip file, or one that expands beyond measure.
        """
        with self.path.open("rb") as raw:
            inner = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if self.is_gzip else raw
            yield cast(BinaryIO, io.BufferedReader(_Checked(inner, self.max_bytes), BLOCK))


def prepare_text(original: Path, encoding: str, max_expansion: int, work_dir: Path) -> TextSource:
    """A TextSource for a delivered file, transcoded into the work folder where it is not UTF-8 or lies in a zip.

    Raises FileHeld where the bytes are not what the contract declares.
    """
    size = original.stat().st_size
    max_bytes = max(SMALL_EXPANSION, size * max_expansion)
    with original.open("rb") as file:
        magic = file.read(4)
    is_gzip = magic.startswith(GZIP_MAGIC)
    if ENCODINGS[encoding] == "utf-8" and magic != ZIP_MAGIC:
        return TextSource(original, is_gzip, max_bytes if is_gzip else size)
    target = work_dir / "text"
    with decompressed(original, magic) as inner, target.open("wb") as writer:
        _transcode(inner, writer, encoding, max_bytes)
    return TextSource(target, False, target.stat().st_size)


@contextmanager
def decompressed(original: Path, magic: bytes) -> Iterator[BinaryIO]:
    """The bytes of a plain file, a gzip, or the one file in a zip, by the first four bytes. Raises FileHeld for another zip."""
    if magic == ZIP_MAGIC:
        with _single_member(original) as member:
            yield member
    elif magic.startswith(GZIP_MAGIC):
        with gzip.open(original) as inner:
            yield cast(BinaryIO, inner)
    else:
        with original.open("rb") as raw:
            yield raw


@contextmanager
def _single_member(original: Path) -> Iterator[BinaryIO]:
    """The one file in a zip; its name is never used."""
    try:
        with zipfile.ZipFile(original) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if len(members) != 1:
                raise _wrong_members(len(members))
            with archive.open(members[0]) as member:
                yield cast(BinaryIO, member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FileHeld(
            "damaged_archive", "the zip cannot be read", "ask for the file again, without password"
        ) from error


def _transcode(inner: BinaryIO, writer: BinaryIO, encoding: str, max_bytes: int) -> None:
    decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])("strict")
    lines = written = 0
    while True:
        try:
            block = inner.read(BLOCK)
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(encoding, lines + 1) from error
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise _damaged() from error
        lines += text.count("\n")
        written += writer.write(text.encode("utf-8", "surrogatepass"))
        if written > max_bytes:
            raise expands_too_far()
        if not block:
            return


def is_utf_16(head: bytes) -> bool:
    """Whether bytes that are UTF-8 as well are text of two bytes a character that lost its mark: every second one is null."""
    halves = [head[start:400:2] for start in (0, 1)]
    return any(len(half) >= 8 and half.count(0) * 2 > len(half) for half in halves)


class _Checked(io.RawIOBase):
    """Passes bytes through and refuses what is no UTF-8, what expands too far and what is cut off."""

    def __init__(self, inner: BinaryIO, max_bytes: int) -> None:
        self._inner = inner
        self._left = max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._lines = 0
        self._at_start = True
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._pending:
            self._pending = self._next_block(max(len(buffer), BLOCK))
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def _next_block(self, size: int) -> bytes:
        try:
            block = self._inner.read(size)
            is_open = bool(
                self._decoder.getstate()[0]
            )  # a character of several bytes, cut by the block before
            if is_open or not block.isascii():  # plain ASCII is UTF-8 already
                self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line = self._lines + 1 + error.object[: error.start].count(b"\n")
            raise _wrong_encoding("utf-8", line) from error
        except (EOFError, OSError, zlib.error) as error:
            raise _damaged() from error
        self._lines += block.count(b"\n")
        self._left -= len(block)
        if self._left < 0:
            raise expands_too_far()
        if self._at_start:
            self._at_start = False
            if is_utf_16(block):
                raise _wrong_encoding("utf-8", 1)
            if block.startswith(codecs.BOM_UTF8):
                block = block[len(codecs.BOM_UTF8) :] or self._next_block(size)
        return block


def _wrong_members(count: int) -> FileHeld:
    return FileHeld(
        "zip_members",
        f"the zip holds {count} files",
        "deliver one file per zip, or unpack it and give its files one by one",
    )


def _wrong_encoding(encoding: str, line: int) -> FileHeld:
    return FileHeld(
        "wrong_encoding",
        f"about line {line} the bytes are not {encoding}",
        f"declare the file's encoding in the contract (one of {', '.join(ENCODINGS)}), or have it exported as utf-8",
    )


def _damaged() -> FileHeld:
    return FileHeld(
        "damaged_archive",
        "the compressed data ends early or fails its checksum",
        "ask for the file to be sent again",
    )


def expands_too_far() -> FileHeld:
    return FileHeld(
        "expands_too_far",
        "unpacked it is far larger than its packed size allows",
        "check where the file comes from; if it is right, raise maxExpansion in the contract",
    )
