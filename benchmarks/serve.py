"""`hybridsent serve` under load: what it answers a second, how late, in how much memory.

    python benchmarks/serve.py [--seconds 60] [--clients 128] [--json FILE]

A model of texts with the default encoder is fitted and saved; it is served in a process of its own, with no store, so
that every text is a new one; a second process asks it over connections that are kept. Measured, one after the other:

- offline: the same texts in one table, `Scorer.score`, in a process of its own;
- saturation: as many connections as are told, each asking as soon as it was answered;
- half load: requests at random times, half as many a second as at saturation;
- one by one: one connection;
- no batches: saturation of a server that asks its model about one row at a time (`--limit batch=1`).

Wall times of a shared machine lie; beside each stand the seconds of the processors that the serving process took for a
request, which do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SENTENCE = (
    "I really think that this film was a wonder and we all laughed about it so much last night"
)
WORDS = SENTENCE.split()


def text(number: int) -> str:
    """Give a new text of 8 to 24 words."""
    n = 8 + number * 7 % 17
    return " ".join(WORDS[(number * 5 + 3 * i) % len(WORDS)] for i in range(n)) + f" {number}"


def make(folder: Path) -> Path:
    from hybridsent import make_demo, make_fusion
    from hybridsent.persist import save

    table = make_demo(120, folder=folder / "media")
    y = table.pop("label")
    path = folder / "text.hybridsent"
    save(make_fusion(text=True).fit(table, y), path)
    return path


def offline(path: str, rows: int) -> dict[str, float]:
    import pandas as pd

    from hybridsent.scoring import Scorer

    scorer = Scorer.open(path).configure(store=None)
    scorer.score(pd.DataFrame({"text": [text(-i) for i in range(1, 65)]}))
    table = pd.DataFrame({"text": [text(10_000_000 + i) for i in range(rows)]})
    cpu, began = time.process_time(), time.perf_counter()
    scorer.score(table)
    seconds = time.perf_counter() - began
    return {"rows/s": rows / seconds, "cpu ms/row": 1e3 * (time.process_time() - cpu) / rows}


# -- the server


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    return (
        int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    )


@contextmanager
def served(path: Path, *options: str) -> Iterator[tuple[int, int]]:
    line = [sys.executable, "-m", "hybridsent", "serve", str(path), "--port", "0", *options]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    port = 0
    for row in process.stderr:
        port = int(found[1]) if (found := re.search(r":(\d+)$", row.strip())) else port
        if '"ready"' in row:
            break
    # what it logs from now on must be read, or it would wait
    drain = subprocess.Popen(
        [sys.executable, "-c", "import sys\nfor _ in sys.stdin: pass"], stdin=process.stderr
    )
    try:
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(60)
        drain.wait(60)


# -- the client


class Connection:
    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> Connection:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def ask(self, number: int, query: str) -> tuple[int, float]:
        body = json.dumps({"text": text(number)}).encode()
        head = f"POST /predict{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        began = time.perf_counter()
        self.writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", answer.lower())[1])
        await self.reader.readexactly(length)
        return int(answer.split()[1]), time.perf_counter() - began


async def closed_loop(
    port: int, clients: int, seconds: float, query: str, first: int
) -> list[tuple[int, float]]:
    until, number, found = time.perf_counter() + seconds, iter(range(first, first + 10**9)), []

    async def client() -> None:
        connection = await Connection(port).open()
        while time.perf_counter() < until:
            found.append(await connection.ask(next(number), query))

    await asyncio.gather(*[client() for _ in range(clients)])
    return found


async def open_loop(
    port: int, rate: float, seconds: float, query: str, first: int
) -> list[tuple[int, float]]:
    """Ask at random times, whether or not the last request was answered; late counts from when it was due."""
    import random

    rng, free, found, tasks = random.Random(0), [], [], []

    async def one(number: int) -> None:
        began = time.perf_counter()
        connection = free.pop() if free else await Connection(port).open()
        try:
            status, _ = await connection.ask(number, query)
        except (
            asyncio.IncompleteReadError,
            ConnectionError,
        ):  # it was idle, and the server closed it
            connection = await Connection(port).open()
            status, _ = await connection.ask(number, query)
        free.append(connection)
        found.append((status, time.perf_counter() - began))

    due, until, number = time.perf_counter(), time.perf_counter() + seconds, first
    while due < until:
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
        number, due = number + 1, due + rng.expovariate(rate)
    await asyncio.gather(*tasks)
    return found


def client(arguments: argparse.Namespace) -> None:
    mode, port, amount, seconds, query, first = json.loads(arguments.client)
    loop = open_loop if mode == "open" else closed_loop
    found = asyncio.run(loop(port, amount, seconds, query, first))
    print(json.dumps(found))


def load(
    pid: int, port: int, mode: str, amount: float, seconds: float, query: str, first: int
) -> dict[str, Any]:
    told = json.dumps([mode, port, amount, seconds, query, first])
    memory, cpu, began = _memory(pid), _cpu(pid), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, __file__, "--client", told], stdout=subprocess.PIPE, text=True
    )
    out = process.communicate()[0]
    wall = min(seconds, time.perf_counter() - began)
    found = json.loads(out)
    times = sorted(took for status, took in found if status == 200)
    statuses = {
        str(s): sum(status == s for status, _ in found) for s in {status for status, _ in found}
    }
    return {
        "requests/s": len(times) / wall,
        "p50 ms": 1e3 * statistics.median(times),
        "p99 ms": 1e3 * times[int(0.99 * (len(times) - 1))],
        "cpu ms/request": 1e3 * (_cpu(pid) - cpu) / len(times),
        "statuses": statuses,
        "MiB before": memory,
        "MiB after": _memory(pid),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=128)
    parser.add_argument("--explain", default="true", choices=("true", "false"))
    parser.add_argument("--json")
    parser.add_argument("--client")
    parser.add_argument("--offline")
    arguments = parser.parse_args()
    if arguments.client:
        client(arguments)
        return
    if arguments.offline:
        print(json.dumps(offline(arguments.offline, 2000)))
        return
    found: dict[str, Any] = {}

    def tell(name: str, told: dict[str, Any]) -> None:
        found[name] = told
        print(
            f"{name:12}",
            {k: round(v, 1) if isinstance(v, float) else v for k, v in told.items()},
            flush=True,
        )

    def plain() -> dict[str, float]:
        line = [sys.executable, __file__, "--offline", str(path)]
        return json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)

    query, seconds = f"?explain={arguments.explain}", arguments.seconds
    with tempfile.TemporaryDirectory() as name:
        path = make(Path(name))
        tell("offline", plain())
        with served(path, "--limit", "concurrency=512") as (pid, port):
            load(pid, port, "closed", 8, 3, query, 1)
            tell("one by one", load(pid, port, "closed", 1, seconds / 4, query, 10**6))
            tell(
                "saturation",
                load(pid, port, "closed", arguments.clients, seconds, query, 2 * 10**6),
            )
            half = found["saturation"]["requests/s"] / 2
            tell("half load", load(pid, port, "open", half, seconds / 2, query, 3 * 10**6))
        with served(path, "--limit", "concurrency=512", "--limit", "batch=1") as (pid, port):
            load(pid, port, "closed", 8, 3, query, 1)
            tell(
                "no batches",
                load(pid, port, "closed", arguments.clients, seconds / 4, query, 4 * 10**6),
            )
        tell("offline again", plain())
    best = max(found["offline"]["rows/s"], found["offline again"]["rows/s"])
    rate = found["saturation"]["requests/s"]
    print(
        f"of the offline rate: {rate / best:.2f}; of single rows: {rate / found['no batches']['requests/s']:.2f}"
    )
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
