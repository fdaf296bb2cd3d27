"""A sweep of many: what is the same for all of its events is written once, and a clock is checked when it could be wrong."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.migrations.m0007_many_events import (
    _APPEND,
    _APPEND_EVENTS,
    _CANONICAL,
    _CANONICAL_SIGNATURE,
)
from lapor.schema import sql_migration

ID = "2026-11-22T12:00:00:000025"
VERSION = "1.38.0"
DESCRIPTION = "swift ladder"

# Inlined into a query, each mention of an argument would be computed anew: moments are given as the bytes they become.
_MOMENTS_AS_BYTES = (
    _CANONICAL.replace(
        "occurred_at timestamptz, recorded_at timestamptz", "occurred_at bytea, recorded_at bytea"
    )
    .replace("ledger_time(occurred_at)", "occurred_at")
    .replace("ledger_time(recorded_at)", "recorded_at")
)
_SIGNATURE = _CANONICAL_SIGNATURE.replace("timestamptz, timestamptz", "bytea, bytea")

_APPEND_ONE = _APPEND.replace("NEW.occurred_at,\n", "ledger_time(NEW.occurred_at),\n").replace(
    "NEW.recorded_at, NEW.facts", "ledger_time(NEW.recorded_at), NEW.facts"
)

_REPLACING = _APPEND_EVENTS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_APPEND_MANY = _REPLACING.replace(
    "  recorded timestamptz;\n",
    "  recorded timestamptz;\n  occurred_bytes bytea := ledger_time(occurred);\n  recorded_bytes bytea;\n",
)
_APPEND_MANY = _APPEND_MANY.replace(
    "    recorded := clock_timestamp();\n",
    "    recorded := clock_timestamp();\n    recorded_bytes := ledger_time(recorded);\n",
).replace("occurred, recorded, g.facts, NULL)", "occurred_bytes, recorded_bytes, g.facts, NULL)")
# The usual round is the last: nothing is looked for again when everything has been appended.
_APPEND_MANY = _APPEND_MANY.replace(
    "    EXIT WHEN these = 0;\n    appended := appended + these;\n",
    "    appended := appended + these;\n    EXIT WHEN these = 0 OR appended = cardinality(complaints);\n",
)

# Only what the function refuses or has to look at; the next rung of a clock is none of it.
_CHECKED = """
CREATE TRIGGER clock_frozen BEFORE UPDATE ON clock FOR EACH ROW
WHEN (OLD.due_at <> NEW.due_at OR OLD.met_at IS DISTINCT FROM NEW.met_at
      OR (OLD.complaint, OLD.subject_kind, OLD.subject, OLD.kind, OLD.cycle, OLD.policy, OLD.started_at)
         IS DISTINCT FROM
         (NEW.complaint, NEW.subject_kind, NEW.subject, NEW.kind, NEW.cycle, NEW.policy, NEW.started_at))
EXECUTE FUNCTION clock_is_frozen()"""


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            f"DROP FUNCTION {_CANONICAL_SIGNATURE}",
            _MOMENTS_AS_BYTES,
            _APPEND_ONE,
            _APPEND_MANY,
            "DROP TRIGGER clock_frozen ON clock",
            _CHECKED,
        ],
        [
            "DROP TRIGGER clock_frozen ON clock",
            "CREATE TRIGGER clock_frozen BEFORE UPDATE ON clock FOR EACH ROW EXECUTE FUNCTION clock_is_frozen()",
            f"DROP FUNCTION {_SIGNATURE}",
            _CANONICAL,
            _APPEND,
            _REPLACING,
        ],
    )
