"""An outside oracle for deadlines: Boston's requests of 2011, with the due times and flags that the city gave them.

    python benchmarks/boston311.py [FOLDER]

asks `lapor sla due` with the rules of benchmarks/boston311/policy.toml, and compares. FOLDER holds the CSV file of
the requests; without it, ../shared/data/boston311 beside the project.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lapor.sla.clock import is_late

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "boston311"
RULES = ROOT / "benchmarks" / "boston311" / "policy.toml"
ZONE = ZoneInfo("America/New_York")
CLOSE_ENOUGH = timedelta(seconds=120)
FLAGS = {"ONTIME": False, "OVERDUE": True}


@dataclass
class Figures:
    """What was compared. A flag is the city's own, of a closed request; a request without a due time is on time."""

    rows: int = 0
    due_times: int = 0
    due_times_met: int = 0
    flags: int = 0
    flags_reproduced: int = 0
    flags_by_our_due_times: int = 0
    closed_without_flag: int = 0

    @property
    def share_met(self) -> float:
        """The share of the city's due times that ours meet within 120 seconds."""
        return self.due_times_met / self.due_times if self.due_times else 0.0

    def add(self, row: dict[str, str]) -> None:
        """Compare one row of the answer."""
        self.rows += 1
        ours = datetime.fromisoformat(row["due_at"]) if row["due_at"] else None
        target, closed = _local(row["target_dt"]), _local(row["closed_dt"])
        if target:
            self.due_times += 1
            self.due_times_met += ours is not None and abs(ours - target) <= CLOSE_ENOUGH
        if closed is None:
            return
        if row["ontime"] not in FLAGS:
            self.closed_without_flag += 1
            return
        late = FLAGS[row["ontime"]]
        self.flags += 1
        self.flags_reproduced += late == (target is not None and is_late(closed, target, closed))
        # Where the city has set no time there is nothing to be late for, whatever our rules say.
        self.flags_by_our_due_times += late == (
            None not in (ours, target) and is_late(closed, ours or closed, closed)
        )


def _local(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


def measure(requests: Path) -> Figures:
    """The figures of a file of requests, by the command as anybody runs it."""
    figures = Figures()
    for row in _answered(requests):
        figures.add(row)
    return figures


def _answered(requests: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "lapor.cli", "sla", "due", str(RULES), str(requests)]
    command += ["--start", "open_dt", "--type", "type", "--timezone", ZONE.key]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    yield from csv.DictReader(io.StringIO(done.stdout, newline=""))


def main() -> int:
    """Print the figures of every file; 1 when they are not good enough."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    files = [file for file in sorted(folder.glob("*.csv")) if file.name != "sla_config.csv"]
    if not files:
        print(f"no requests in {folder}: name their folder", file=sys.stderr)
        return 2
    good = True
    for file in files:
        figures = measure(file)
        print(file.name)
        for name, value in asdict(figures).items():
            print(f"  {name:<24}{value:>9}")
        print(f"  {'share_met':<24}{figures.share_met:>9.2%}")
        good &= figures.share_met >= 0.985 and figures.flags_reproduced == figures.flags
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
