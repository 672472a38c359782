"""The site at 100,000 customers and 1.2 million orders: every page, the first answer after a flip, and fifty readers at once.

`python benches/bench_pages.py [CUSTOMERS] [READERS]`. Generations are made up from the marts' contracts, as in the tests of the site; the
real command serves them with two workers. Aims: 300 ms for the first answer after a flip, 100 ms warm, 200 kB a page, p95 of fifty
readers (five seconds of thought between clicks) under 500 ms on two cores, 500 MB for all workers together.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CUSTOMER = hashlib.md5(b"customer7").hexdigest()
PAGES = ["/", "/segments", "/segments/lifecycle", "/segments/worth", "/attribution", "/attribution/models", "/attribution/paths",
         "/changes", "/audiences", "/beginnings", "/offers", "/touchpoints", "/customers",
         f"/customers/{CUSTOMER}", f"/customers/{CUSTOMER}/records", f"/customers/{CUSTOMER}/timeline",
         "/review", "/identity", "/data", "/data/dictionary", "/sql"]  # fmt: skip
WORKERS, CLICKS, THOUGHT = 2, 6, 5.0


def main() -> None:
    """Make two generations, serve them, and print the table."""
    from cdp_assets.publishing import generations
    from cdp_assets.settings import Settings
    from tests.web.published_file import publish_made_up

    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    readers = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), key="bench" * 8)
        for generation in ("g000001", "g000002"):
            publish_made_up(settings, customers=customers, generation=generation)
        generations.flip(settings, "g000001")
        with closing(_Served(folder)) as served:
            print(f"{customers:,} customers, {12 * customers:,} orders, {WORKERS} workers; milliseconds")
            first = {page: _taken(served, page) for page in PAGES}
            warm = {page: min(_taken(served, page) for _ in range(4)) for page in PAGES}
            print(f"  {'page':<28}{'first':>8}{'warm':>8}{'kB':>8}")
            for page in PAGES:
                name = page.replace(CUSTOMER, "…")
                print(f"  {name:<28}{first[page][0]:>8.0f}{warm[page][0]:>8.0f}{warm[page][1] / 1000:>8.0f}")
            generations.flip(settings, "g000002")
            slowest = max(
                _taken(served, "/")[0] for _ in range(60) if time.sleep(0.2) is None
            )  # while the workers warm up, and after
            print(f"  slowest answer in the twelve seconds after a flip (overview): {slowest:.0f}")
            taken = sorted(asyncio.run(_many(served, readers)))
            middle, late = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
            print(
                f"  {readers} readers, {len(taken)} clicks: p50 {middle:.0f}, p95 {late:.0f}, most {taken[-1]:.0f}"
            )
            print(
                f"  memory of all processes: {served.memory() / 1e6:.0f} MB (private and shared, as /proc sums it)"
            )


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

    def memory(self) -> int:
        """Proportional share of the memory of the command and its workers, in bytes."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if os.getpgid(int(stat.parent.name)) == self._process.pid:
                    rollup = (stat.parent / "smaps_rollup").read_text(encoding="utf-8")
                    total += next(
                        int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")
                    )
            except (OSError, StopIteration):
                continue
        return total

    def close(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(20)


def _taken(served: _Served, page: str) -> tuple[float, int]:
    start = time.perf_counter()
    answer = served.client.get(page)
    answer.raise_for_status()
    return 1000 * (time.perf_counter() - start), len(answer.content)


async def _many(served: _Served, readers: int) -> list[float]:
    async with httpx.AsyncClient(base_url=f"http://localhost:{served.port}", timeout=60) as client:
        found = await asyncio.gather(*(_read(client, number) for number in range(readers)))
    return [each for taken in found for each in taken]


async def _read(client: httpx.AsyncClient, number: int) -> list[float]:
    """One reader: pages at random, with about five seconds of thought between."""
    chance, taken = random.Random(number), []
    await asyncio.sleep(chance.uniform(0, THOUGHT))
    for _ in range(CLICKS):
        start = time.perf_counter()
        (await client.get(chance.choice(PAGES))).raise_for_status()
        taken.append(1000 * (time.perf_counter() - start))
        await asyncio.sleep(chance.expovariate(1 / THOUGHT))
    return taken


if __name__ == "__main__":
    main()
