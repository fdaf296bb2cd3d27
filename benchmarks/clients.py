"""The clients of a measurement, in a process of their own: `python benchmarks/clients.py` with a job on stdin.

A job is one JSON object: `side` (form, bare, hook), `clients`, `seconds` to warm up and to measure. The result is one
JSON object on standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import sides
import uvloop
from figures import Round

from lapor import runtime, settings
from lapor.settings import Settings

# One client: does one thing and returns whether it went well.
Client = Callable[[], Awaitable[bool]]


async def _measure(clients: list[Client], warm_up: float, seconds: float) -> Round:
    """Let all clients work at once; count what both began and ended after the warm-up."""
    times: list[float] = []
    begins = time.perf_counter() + warm_up
    ends = begins + seconds
    errors = 0

    async def work(client: Client) -> None:
        nonlocal errors
        while (before := time.perf_counter()) < ends:
            try:
                good = await client()
            except sides.Exhausted:
                return
            except ConnectionError:
                errors += 1
                return
            after = time.perf_counter()
            if begins <= before and after <= ends:
                if good:
                    times.append(after - before)
                else:
                    errors += 1

    await asyncio.gather(*(work(client) for client in clients))
    return Round(min(seconds, time.perf_counter() - begins), times, errors)


async def _run(job: Mapping[str, Any], given: Settings) -> dict[str, Any]:
    async with sides.SIDES[job["side"]](job, given) as side:
        measured = await _measure(side.clients, job["warm_up"], job["seconds"])
    return {**vars(measured), "facts": side.facts}


def main() -> None:
    """Do the job that stands on standard input."""
    job = json.load(sys.stdin)
    given = settings.read(os.environ)
    runtime.configure(given)
    print(json.dumps(uvloop.run(_run(job, given))))


if __name__ == "__main__":
    main()
