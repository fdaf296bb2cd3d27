"""Checks, uniqueness over several columns, and the indexes that the lists and the sweep stand on."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from lapor.complaints.tables import (
    APPROVAL_KINDS,
    ATTACHMENT_PURPOSES,
    CHANNELS,
    MESSAGE_STATES,
    STATEMENT_KINDS,
    STATUSES,
)
from lapor.intake.tables import INBOUND_STATES
from lapor.routing.tables import (
    AGENCY_KINDS,
    APPOINTMENT_KINDS,
    COMPLAINT_TYPES,
    COMPLETION_CLASSES,
    OFFICE_ROLES,
    PUBLISH_RULES,
    REGION_KINDS,
)
from lapor.schema import sql_migration
from lapor.sla.tables import CLOCK_KINDS, STEPS, UNITS

ID = "2026-11-22T06:40:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "checks, uniqueness and indexes"

_CHOICES = (
    ("region", "kind", REGION_KINDS),
    ("agency", "kind", AGENCY_KINDS),
    ("office", "role", OFFICE_ROLES),
    ("appointment", "kind", APPOINTMENT_KINDS),
    ("category", "type", COMPLAINT_TYPES),
    ("category", "completion_class", COMPLETION_CLASSES),
    ("category", "publish", PUBLISH_RULES),
    ("policy", "clock", CLOCK_KINDS),
    ("policy", "unit", UNITS),
    ("policy", "start", ("immediately", "next_working_day")),
    ("policy", "ends", ("same_time", "end_of_day")),
    ("policy_rung", "step", STEPS),
    ("policy_rung", "base", ("start", "due")),
    ("complaint", "type", COMPLAINT_TYPES),
    ("complaint", "channel", CHANNELS),
    ("complaint", "status", STATUSES),
    ("clock", "kind", CLOCK_KINDS),
    ("statement", "kind", STATEMENT_KINDS),
    ("approval", "kind", APPROVAL_KINDS),
    ("approval", "outcome", ("confirmed", "refused")),
    ("attachment", "purpose", ATTACHMENT_PURPOSES),
    ("transfer", "outcome", ("taken", "refused", "withdrawn")),
    ("message", "state", MESSAGE_STATES),
    ("inbound", "state", INBOUND_STATES),
    ("inbound", "channel", CHANNELS),
)


def _choice(table: str, column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_known CHECK ({column} IS NULL OR {column} IN ({listed}))"


_OTHER_CHECKS = {
    "deployment_only_one": "ALTER TABLE deployment ADD CONSTRAINT deployment_only_one CHECK (id = 1)",
    "appointment_in_order": (
        "ALTER TABLE appointment ADD CONSTRAINT appointment_in_order CHECK (ends_at IS NULL OR ends_at > starts_at)"
    ),
    "policy_positive": "ALTER TABLE policy ADD CONSTRAINT policy_positive CHECK (amount > 0)",
    "routing_rule_one_target": (
        "ALTER TABLE routing_rule ADD CONSTRAINT routing_rule_one_target"
        " CHECK ((agency IS NULL) <> (office_of IS NULL))"
    ),
    "statement_promise_is_dated": (
        "ALTER TABLE statement ADD CONSTRAINT statement_promise_is_dated"
        " CHECK ((kind = 'interim') = (promised_for IS NOT NULL))"
    ),
    "rating_one_to_five": "ALTER TABLE rating ADD CONSTRAINT rating_one_to_five CHECK (stars BETWEEN 1 AND 5)",
    "approval_second_person": (
        "ALTER TABLE approval ADD CONSTRAINT approval_second_person"
        " CHECK (decided_by IS NULL OR decided_by <> requested_by)"
    ),
}

_INDEXES = {
    "escalation_once": "CREATE UNIQUE INDEX escalation_once ON escalation (clock, rung)",
    "clock_once": "CREATE UNIQUE INDEX clock_once ON clock (subject_kind, subject, kind, cycle)",
    "clock_next": "CREATE INDEX clock_next ON clock (next_at) WHERE next_at IS NOT NULL",
    "clock_complaint": "CREATE INDEX clock_complaint ON clock (complaint)",
    "clock_running": "CREATE INDEX clock_running ON clock (kind, due_at) WHERE met_at IS NULL",
    "clock_trouble": "CREATE INDEX clock_trouble ON clock (id) WHERE trouble IS NOT NULL",
    "escalation_complaint": "CREATE INDEX escalation_complaint ON escalation (complaint)",
    "escalation_unseen": (
        "CREATE INDEX escalation_unseen ON escalation (due_at) WHERE step = 'escalate' AND seen_at IS NULL"
    ),
    "event_chain": "CREATE UNIQUE INDEX event_chain ON event (complaint, seq)",
    "complaint_queue": "CREATE INDEX complaint_queue ON complaint (owner_agency, status, filed_at)",
    "complaint_region": "CREATE INDEX complaint_region ON complaint (region, status, filed_at)",
    "complaint_offered": "CREATE INDEX complaint_offered ON complaint (offered_agency) WHERE offered_agency IS NOT NULL",
    "complaint_reported": (
        "CREATE INDEX complaint_reported ON complaint (reported_agency) WHERE reported_agency IS NOT NULL"
    ),
    "complaint_supporting": "CREATE INDEX complaint_supporting ON complaint USING gin (supporting)",
    "complaint_category": "CREATE INDEX complaint_category ON complaint (category)",
    "content_words": "CREATE INDEX content_words ON content USING gin (words)",
    "identity_phone": "CREATE INDEX identity_phone ON identity (phone_lookup) WHERE phone_lookup IS NOT NULL",
    "identity_email": "CREATE INDEX identity_email ON identity (email_lookup) WHERE email_lookup IS NOT NULL",
    "statement_complaint": "CREATE INDEX statement_complaint ON statement (complaint, made_at)",
    "approval_open": "CREATE UNIQUE INDEX approval_open ON approval (complaint) WHERE decided_at IS NULL",
    "approval_complaint": "CREATE INDEX approval_complaint ON approval (complaint)",
    "transfer_open": "CREATE UNIQUE INDEX transfer_open ON transfer (complaint) WHERE decided_at IS NULL",
    "transfer_complaint": "CREATE INDEX transfer_complaint ON transfer (complaint)",
    "statement_fingerprint": (
        "CREATE INDEX statement_fingerprint ON statement (agency, fingerprint) WHERE fingerprint IS NOT NULL"
    ),
    "attachment_complaint": "CREATE INDEX attachment_complaint ON attachment (complaint)",
    "attachment_sha256": "CREATE INDEX attachment_sha256 ON attachment (sha256)",
    "attachment_proofs": "CREATE INDEX attachment_proofs ON attachment (likeness) WHERE purpose = 'proof'",
    "rating_once": "CREATE UNIQUE INDEX rating_once ON rating (complaint, cycle)",
    "instruction_region": "CREATE INDEX instruction_region ON instruction (region, given_at)",
    "instruction_agency": "CREATE INDEX instruction_agency ON instruction (agency, given_at)",
    "instruction_item_once": (
        "CREATE UNIQUE INDEX instruction_item_once ON instruction_item (instruction, complaint)"
    ),
    "instruction_item_complaint": "CREATE INDEX instruction_item_complaint ON instruction_item (complaint)",
    "complaint_arbiter": (
        "CREATE INDEX complaint_arbiter ON complaint (region, arbiter_since) WHERE arbiter_since IS NOT NULL"
    ),
    "alarm_open": "CREATE UNIQUE INDEX alarm_open ON alarm (code, subject) WHERE cleared_at IS NULL",
    "message_bundle": "CREATE INDEX message_bundle ON message (bundle) WHERE bundle IS NOT NULL",
    "publication_once": (
        "CREATE UNIQUE INDEX publication_once ON publication (complaint, coalesce(statement, 0))"
    ),
    "publication_newest": (
        "CREATE INDEX publication_newest ON publication (published_at DESC, id DESC) WHERE statement IS NULL"
    ),
    "publication_category": (
        "CREATE INDEX publication_category ON publication (category, published_at DESC, id DESC)"
        " WHERE statement IS NULL"
    ),
    "publication_district": (
        "CREATE INDEX publication_district ON publication (district, published_at DESC, id DESC)"
        " WHERE statement IS NULL"
    ),
    "inbound_trouble": "CREATE INDEX inbound_trouble ON inbound (state) WHERE state IN ('dead', 'unreadable')",
    "publication_ticket": "CREATE INDEX publication_ticket ON publication (ticket)",
    "message_waiting": (
        "CREATE INDEX message_waiting ON message (next_attempt_at) WHERE state IN ('waiting', 'sending')"
    ),
    "message_dead": "CREATE INDEX message_dead ON message (id) WHERE state = 'dead'",
    "message_complaint": "CREATE INDEX message_complaint ON message (complaint)",
    "inbound_once": "CREATE UNIQUE INDEX inbound_once ON inbound (channel, account, external_id)",
    "inbound_waiting": "CREATE INDEX inbound_waiting ON inbound (next_attempt_at) WHERE state = 'waiting'",
    "office_agency": "CREATE INDEX office_agency ON office (agency)",
    "appointment_person": "CREATE INDEX appointment_person ON appointment (person)",
    "appointment_office": "CREATE INDEX appointment_office ON appointment (office)",
    "agency_region": "CREATE INDEX agency_region ON agency (region)",
    "agency_parent": "CREATE INDEX agency_parent ON agency (parent)",
    "region_parent": "CREATE INDEX region_parent ON region (parent)",
    "policy_rung_number": "CREATE UNIQUE INDEX policy_rung_number ON policy_rung (policy, number)",
    "calendar_year_once": "CREATE UNIQUE INDEX calendar_year_once ON calendar_year (region, year)",
    "calendar_day_once": "CREATE UNIQUE INDEX calendar_day_once ON calendar_day (region, day)",
    "session_token": "CREATE UNIQUE INDEX session_token ON session (token)",
    "login_attempt_recent": "CREATE INDEX login_attempt_recent ON login_attempt (username_lookup, failed_at)",
    "register_change_row": "CREATE INDEX register_change_row ON register_change (register, row_id)",
}


async def forwards() -> MigrationManager:
    return sql_migration(
        ID,
        DESCRIPTION,
        [
            # PostgreSQL may not look into an index for a row that a policy could hide, so the words are kept ready.
            "ALTER TABLE content ADD COLUMN words tsvector"
            " GENERATED ALWAYS AS (to_tsvector('indonesian', text)) STORED",
            *(_choice(*choice) for choice in _CHOICES),
            *_OTHER_CHECKS.values(),
            *_INDEXES.values(),
            "INSERT INTO deployment (id, simulation, clock_offset_seconds, default_region, register_version)"
            " VALUES (1, false, 0, '', 1)",
        ],
        [
            "DELETE FROM deployment",
            *(f"DROP INDEX {name}" for name in _INDEXES),
            "ALTER TABLE content DROP COLUMN words",
            *(
                f"ALTER TABLE {statement.split()[2]} DROP CONSTRAINT {name}"
                for name, statement in _OTHER_CHECKS.items()
            ),
            *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_known" for table, column, _ in _CHOICES),
        ],
    )
