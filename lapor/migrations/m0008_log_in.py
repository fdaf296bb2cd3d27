"""Log-in in two steps: stages and devices of sessions, authenticators, recovery codes, resets, and what happened."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, Integer, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "log-in in two steps"

_NEW = ("second_factor", "recovery_code", "password_reset", "login_event")
_ADMINISTRATOR = "(SELECT my_agencies_as('{administrator}')) <> '{}'"

# (table, policy, command, role, condition); the gate checks log-ins, the worker writes letters.
_POLICIES = (
    *((table, "gate", "ALL", "lapor_gate", "true") for table in _NEW),
    ("password_reset", "worker_reads", "SELECT", "lapor_worker", "true"),
    ("password_reset", "worker_writes", "UPDATE", "lapor_worker", "true"),
    ("login_event", "own", "SELECT", "lapor_reader", f"person = app_user() OR {_ADMINISTRATOR}"),
)

_FORWARDS = (
    "ALTER TABLE session ADD CONSTRAINT session_stage_known CHECK (stage IN ('full', 'code'))",
    "UPDATE session SET opened_at = lapor_now(), used_at = lapor_now() WHERE opened_at IS NULL",
    "CREATE INDEX session_of ON session (user_id)",
    *(
        f"ALTER TABLE {table} ADD FOREIGN KEY (person) REFERENCES person (id) ON DELETE CASCADE"
        for table in _NEW
    ),
    "CREATE INDEX recovery_code_of ON recovery_code (person)",
    "CREATE INDEX password_reset_of ON password_reset (person, made_at)",
    "CREATE UNIQUE INDEX password_reset_token ON password_reset (token_hash)",
    "CREATE INDEX login_event_of ON login_event (person, at DESC)",
    "CREATE INDEX login_event_at ON login_event (at)",
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _NEW),
    *(
        f"CREATE POLICY {name} ON {table} FOR {command} TO {role} USING ({condition})"
        for table, name, command, role, condition in _POLICIES
    ),
    "GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor, recovery_code, password_reset TO lapor_gate",
    # What happened is added to; only what is old goes.
    "GRANT SELECT, INSERT, DELETE ON login_event TO lapor_gate",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lapor_gate",
    "GRANT SELECT, UPDATE (token_hash) ON password_reset TO lapor_worker",
    "GRANT SELECT ON login_event TO lapor_reader",
    # The gate asks the outbox for one kind of letter.
    "CREATE POLICY gate_resets ON message FOR INSERT TO lapor_gate"
    " WITH CHECK (kind = 'password_reset' AND complaint IS NULL AND person IS NOT NULL)",
    "GRANT INSERT ON message TO lapor_gate",
)

_BACKWARDS = (
    "REVOKE INSERT ON message FROM lapor_gate",
    "DROP POLICY gate_resets ON message",
    "DROP INDEX session_of",
    "ALTER TABLE session DROP CONSTRAINT session_stage_known",
    *(f"DROP POLICY {name} ON {table}" for table, name, *_ in _POLICIES),
)


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables={
            "SecondFactor": {
                "id": BigSerial(primary_key=True),
                "person": BigInt(unique=True),
                "secret": Bytea(),
                "made_at": Timestamptz(),
                "session": BigInt(null=True, default=None),
                "confirmed_at": Timestamptz(null=True, default=None),
                "last_step": BigInt(default=0),
            },
            "RecoveryCode": {
                "id": BigSerial(primary_key=True),
                "person": BigInt(),
                "lookup": Varchar(length=80),
                "used_at": Timestamptz(null=True, default=None),
            },
            "PasswordReset": {
                "id": BigSerial(primary_key=True),
                "person": BigInt(),
                "made_at": Timestamptz(),
                "token_hash": Varchar(length=64, null=True, default=None),
                "expires_at": Timestamptz(null=True, default=None),
            },
            "LoginEvent": {
                "id": BigSerial(primary_key=True),
                "person": BigInt(),
                "kind": Varchar(length=24),
                "at": Timestamptz(),
                "by_person": BigInt(null=True, default=None),
                "device": Varchar(length=40, default=""),
                "network": Varchar(length=45, default=""),
            },
        },
        columns={
            "Session": {
                "stage": Varchar(length=8, default="full"),
                "opened_at": Timestamptz(null=True, default=None),
                "used_at": Timestamptz(null=True, default=None),
                "idle_minutes": Integer(default=480),
                "shared": Boolean(default=False),
                "device": Varchar(length=40, default=""),
                "network": Varchar(length=45, default=""),
            },
        },
        forwards=_FORWARDS,
        backwards=_BACKWARDS,
    )
