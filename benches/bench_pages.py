"""The site at 100,000 customers and 1.2 million orders: every page, the first answers after a flip, and fifty readers at once.

`python benches/bench_pages.py [CUSTOMERS] [READERS] [HOME]`. Generations are made up from the marts' contracts, as in the tests of the site
(in HOME, where they stay, else in a temporary folder); the real command serves them with two workers. Aims: 300 ms for the first answer
after a flip, 100 ms warm, 200 kB a page, p95 of fifty readers (five seconds of thought between clicks, each with customers of their own)
under 500 ms on two cores, 500 MB for all workers together. Milliseconds are of the clock; processor time stands beside them, since a
machine that others use answers late without working more.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

NUMBER = 7
OVERVIEW = ["/", "/segments", "/segments/lifecycle", "/segments/worth", "/attribution", "/attribution/models", "/attribution/paths",
            "/changes", "/audiences", "/beginnings", "/offers", "/touchpoints", "/customers",
            "/review", "/identity", "/data", "/data/dictionary", "/sql"]  # fmt: skip
OF_CUSTOMER = ["", "/records", "/timeline"]
WORKERS, CLICKS, THOUGHT = 2, 6, 5.0


def _customer(number: int) -> str:
    return "/customers/" + hashlib.md5(f"customer{number}".encode()).hexdigest()


PAGES = [*OVERVIEW, *(_customer(NUMBER) + tab for tab in OF_CUSTOMER)]


def main() -> None:
    """Make two generations, serve them, and print the table."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    readers = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    with tempfile.TemporaryDirectory() as folder:
        _measure(sys.argv[3] if len(sys.argv) > 3 else folder, customers, readers)


def _measure(home: str, customers: int, readers: int) -> None:
    from cdp_assets.publishing import generations
    from cdp_assets.settings import Settings
    from tests.web.published_file import publish_made_up

    settings = Settings(home=Path(home), key="bench" * 8)
    for generation in ("g000001", "g000002"):
        if not (settings.published_dir / generation).exists():
            publish_made_up(settings, customers=customers, generation=generation)
    for folder in ("answers", "pictures"):
        shutil.rmtree(settings.home / "web" / folder, ignore_errors=True)
    generations.flip(settings, "g000001")
    with closing(_Served(home)) as served:
        print(
            f"{customers:,} customers, {12 * customers:,} orders, {WORKERS} workers; load of the machine {os.getloadavg()[0]:.1f}"
        )
        print(f"  ready {_until(lambda: len(_answers(settings)) == 1):.1f} s after the start")
        generations.flip(settings, "g000002")
        start, meanwhile, most = time.monotonic(), [], 0
        while b"g000002" not in served.client.get("/sql").content and time.monotonic() - start < 60:
            meanwhile.append(_taken(served, "/")[0])
            most = max(most, served.memory())
            time.sleep(0.3)
        print(f"  shown {time.monotonic() - start:.1f} s after the flip; the overview meanwhile at most {max(meanwhile, default=0):.0f} ms, "
              f"all processes at most {most / 1e6:.0f} MB")  # fmt: skip
        first = {page: _taken(served, page) for page in PAGES}
        warm = {page: min(_taken(served, page) for _ in range(6)) for page in PAGES}
        print(
            f"  {'page':<26}{'first after the flip':>21}{'processor':>10}{'warm':>7}{'processor':>10}{'kB':>6}"
        )
        for page in PAGES:
            name = page.replace(_customer(NUMBER), "/customers/…")
            print(
                f"  {name:<26}{first[page][0]:>18.0f} ms{first[page][1]:>10.0f}{warm[page][0]:>7.0f}{warm[page][1]:>10.0f}{warm[page][2] / 1000:>6.0f}"
            )
        before, start = served.processor(), time.monotonic()
        taken = sorted(asyncio.run(_many(served, readers, customers)))
        used, lasted = served.used_since(before), time.monotonic() - start
        print(f"  {readers} readers, {len(taken)} clicks in {lasted:.0f} s: p50 {taken[len(taken) // 2]:.0f} ms, "
              f"p95 {taken[int(len(taken) * 0.95)]:.0f} ms, most {taken[-1]:.0f} ms; {1000 * used / len(taken):.0f} ms of processor a click; "
              f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
        print(
            f"  memory of all processes: {served.memory() / 1e6:.0f} MB (private and shared, as /proc sums it)"
        )


def _answers(settings: Any) -> list[Path]:
    return list((settings.home / "web" / "answers").glob("[0-9a-f]*.pickle"))


def _until(holds: Callable[[], bool]) -> float:
    start = time.monotonic()
    while not holds() and time.monotonic() - start < 600:
        time.sleep(0.2)
    return time.monotonic() - start


class _Served:
    """`onefold web` on a free port."""

    def __init__(self, home: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-c", "from cdp_assets.cli import main; main()", "web", "--home", home, "--port", str(self.port),
                   "--workers", str(WORKERS)]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "ONEFOLD_KEY": "bench" * 8},
        )
        self.client = httpx.Client(base_url=f"http://localhost:{self.port}", timeout=60)
        for _ in range(300):
            try:
                self.client.get("/health")
                return
            except httpx.TransportError:
                time.sleep(0.2)
        raise RuntimeError("the site did not start")

    def _processes(self) -> list[Path]:
        """Of the command, its workers, and what they start."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if os.getpgid(int(stat.parent.name)) == self._process.pid:
                    found.append(stat.parent)
        return found

    def memory(self) -> int:
        """Proportional share of the memory of all processes, in bytes."""
        total = 0
        for process in self._processes():
            with suppress(OSError, StopIteration):
                rollup = (process / "smaps_rollup").read_text(encoding="utf-8")
                total += next(
                    int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")
                )
        return total

    def processor(self) -> dict[str, float]:
        """Seconds of processor that each process has used so far."""
        used = {}
        for process in self._processes():
            with suppress(OSError):
                fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                used[process.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used

    def used_since(self, before: dict[str, float]) -> float:
        """Seconds of processor since then, of the processes that are still there."""
        return sum(used - before.get(name, 0.0) for name, used in self.processor().items())

    def close(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(20)


def _taken(served: _Served, page: str) -> tuple[float, float, int]:
    """Milliseconds of the clock and of the processor (in steps of ten), and bytes."""
    before, start = served.processor(), time.perf_counter()
    answer = served.client.get(page)
    answer.raise_for_status()
    taken = 1000 * (time.perf_counter() - start)
    return taken, 1000 * served.used_since(before), len(answer.content)


async def _many(served: _Served, readers: int, customers: int) -> list[float]:
    limits = httpx.Limits(max_connections=readers, max_keepalive_connections=readers)
    async with httpx.AsyncClient(
        base_url=f"http://localhost:{served.port}", timeout=60, limits=limits
    ) as client:
        found = await asyncio.gather(*(_read(client, number, customers) for number in range(readers)))
    return [each for taken in found for each in taken]


async def _read(client: httpx.AsyncClient, number: int, customers: int) -> list[float]:
    """One reader: pages at random, with about five seconds of thought between; the charts of a page come after it."""
    chance, taken = random.Random(number), []
    await asyncio.sleep(chance.uniform(0, THOUGHT))
    for _ in range(CLICKS):
        page = chance.choice(PAGES)
        if page.startswith(_customer(NUMBER)):
            page = _customer(chance.randrange(customers)) + chance.choice(OF_CUSTOMER)
        start = time.perf_counter()
        answer = await client.get(page)
        answer.raise_for_status()
        taken.append(1000 * (time.perf_counter() - start))
        for address in sorted(set(re.findall(r'src="(/chart/[^"]+)"', answer.text))):
            (await client.get(html.unescape(address))).raise_for_status()
        await asyncio.sleep(chance.expovariate(1 / THOUGHT))
    return taken


if __name__ == "__main__":
    main()
