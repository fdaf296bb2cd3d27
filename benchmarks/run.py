"""Starting the clients of one round in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from figures import Round
from ground import ROOT, Ground

# Preparing the bare rows takes about as long as writing them.
PATIENCE_SECONDS = 120


def clients(on: Ground, job: Mapping[str, Any]) -> tuple[Round, dict[str, Any]]:
    """Run one round of one side; return what was measured and the facts that its side tells.

    Raises CalledProcessError when the clients fail, TimeoutExpired when they never end.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "clients.py")],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        env=dict(on.environ),
        cwd=ROOT,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS + job["seconds"] + job["warm_up"],
    )
    told = json.loads(done.stdout)
    return Round(told["seconds"], told["times"], told["errors"]), told["facts"]
