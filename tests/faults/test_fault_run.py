"""The short form of the fault run, as its command runs it: on servers of its own, which it may kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lapor.settings import PREFIX

PROJECT = Path(__file__).parents[2]
SHORT = {"clocks": 600, "seconds": 12, "kills": 2, "wipes": 1, "redis-restarts": 1, "postgres-restarts": 1}


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """What the fault run reports."""
    options = [part for name, value in SHORT.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks" / "faults.py"), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_everything_failed_that_was_to_fail_and_officers_worked_all_the_while(run: dict[str, Any]) -> None:
    done = run["done"]
    assert (done["kill"], done["wipe"], done["redis"], done["postgres"]) == (2, 1, 1, 1)
    assert done["workers that ended cleanly"] == 2
    assert done["minutes that a worker's clock was ahead"] == 60
    for act in ("answered", "answered slowly", "promised", "offered", "disputed"):
        assert done[act] > 0
    assert run["counts"]["answered after its time, fired all the same"] > 0


def test_every_rung_fires_exactly_once_none_early_and_no_message_is_lost(run: dict[str, Any]) -> None:
    assert run["wrong"] == {}, run["examples"]
    counts = run["counts"]
    assert counts["clocks"] >= SHORT["clocks"]
    assert counts["rungs fired"] >= counts["rungs expected"] > 2 * SHORT["clocks"]
    assert counts["events verified"] > counts["rungs fired"]
    assert counts["chains verified"] == SHORT["clocks"]
