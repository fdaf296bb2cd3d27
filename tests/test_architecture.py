"""The picture of ARCHITECTURE.md: a room imports only from below, and the edges never from one another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "lapor"

GROUND = {
    "settings",
    "setting_list",
    "setting_values",
    "secret_values",
    "database",
    "crypto",
    "channel_accounts",
    "queue",
    "logs",
    "registers",
    "embedded",
    "embedded_home",
    "embedded_postgres",
    "embedded_redis",
    "server_binaries",
    "server_process",
    "processes",
    "words",
    "locales",
}
FRAME = {
    "letter_words",
    "pages",
    "site",
    "failures",
    "front_door",
    "limits",
    "pack",
    "uploads",
    "qr",
    "filing_form",
}
DECIDERS = {"routing", "sla"}
RECORD = {"complaints"}
EDGES = {"intake", "admin", "sla.worker", "sla.audit"}
ASSEMBLY = {
    "app",
    "health",
    "metrics",
    "schema",
    "ticker",
    "worker",
    "cli",
    "commands",
    "runtime",
    "demo",
    "replay",
    "piccolo_app",
    "piccolo_conf",
    "migrations",
}

LEVELS = [GROUND, DECIDERS, RECORD, FRAME, EDGES, ASSEMBLY]


def _room(module: str) -> str:
    """The room of a module `lapor.…`; the two edges in the package sla are rooms of their own."""
    parts = module.split(".")[1:]
    if not parts:
        return ""
    for edge in EDGES:
        if ".".join(parts[:2]) == edge:
            return edge
    return parts[0]


def _level(room: str) -> int:
    for number, rooms in enumerate(LEVELS):
        if room in rooms:
            return number
    raise AssertionError(f"the room {room!r} has no place in the picture")


def _modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(("lapor", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        found.append((name, path))
    return found


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "lapor"}


@pytest.mark.parametrize(
    ("module", "path"), _modules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_room_imports_only_from_below(module: str, path: Path) -> None:
    room = _room(module)
    if not room:
        return
    for name in _imports(path):
        other = _room(name)
        if (
            not other
            or other == room
            or (
                not (ROOT / other.replace(".", "/")).exists()
                and not (ROOT / f"{other.replace('.', '/')}.py").exists()
            )
        ):
            continue
        assert _level(other) <= _level(room), f"{module} imports {name} from above"
        if room in EDGES or room in DECIDERS:
            if module == "lapor.sla.tables" and name.startswith("lapor.routing.tables"):
                # A foreign key of a register names the register that it points to.
                continue
            same = EDGES if room in EDGES else DECIDERS
            assert other not in same, f"{module} imports {name} from beside"


def test_only_the_record_writes_the_record() -> None:
    tables = (
        "complaint",
        "content",
        "identity",
        "event",
        "clock",
        "escalation",
        "statement",
        "approval",
        "transfer",
    )
    writing = [
        f"{verb} {table}{end}"
        for verb in ("INSERT INTO", "UPDATE", "DELETE FROM")
        for table in tables
        for end in ' (\n"'
    ]
    for module, path in _modules():
        if module.startswith(("lapor.complaints", "lapor.migrations")):
            continue
        text = path.read_text()
        assert [words for words in writing if words in text] == [], module


def test_no_file_is_longer_than_a_few_screens() -> None:
    long = {
        module: lines for module, path in _modules() if (lines := len(path.read_text().splitlines())) > 340
    }
    long.pop("lapor.migrations.m0001_schema")
    # One list of tables and one table of policies; to cut them would hide the whole.
    long.pop("lapor.complaints.tables", None)
    long.pop("lapor.migrations.m0004_row_security", None)
    assert long == {}
