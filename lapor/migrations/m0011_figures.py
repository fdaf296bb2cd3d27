"""Facts and sums for figures, months that are closed, objections; who may see which figure."""

from collections.abc import Mapping

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Column,
    Date,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000011"
VERSION = "1.38.0"
DESCRIPTION = "figures, closed months, objections"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_MEASURES = (
    "reports",
    "answered",
    "unanswered",
    "unanswered_late",
    "known_24",
    "within_24",
    "known_48",
    "within_48",
    "overdue",
    "answered_late",
    "promises",
    "promises_kept",
    "completions",
    "completed_in_class",
    "disputed",
    "reopened",
    "handed_on",
    "turns",
    "held_seconds",
    "paused",
    "replies",
    "same_words",
    "ratings",
    "stars",
    "emergencies",
    "emergencies_in_time",
)


def _id() -> dict[str, Column]:
    return {"id": BigSerial(primary_key=True)}


def _measures() -> dict[str, Column]:
    wide = "held_seconds"
    return {name: BigInt(default=0) if name == wide else Integer(default=0) for name in _MEASURES}


def _counted() -> dict[str, Column]:
    return {
        "complaint": BigInt(),
        "agency": BigInt(),
        "person": BigInt(default=0),
        "region": BigInt(),
        "month": Date(),
        "category": BigInt(default=0),
        "district": BigInt(default=0),
        "channel": Varchar(length=12),
        "hours": Integer(null=True, default=None),
    }


def _sum() -> dict[str, Column]:
    return {
        "frozen": Boolean(default=False),
        "region": BigInt(),
        "month": Date(),
        "agency": BigInt(),
        "dimension": Varchar(length=10),
        "key": Varchar(length=20, default=""),
    }


_TABLES: Mapping[str, Mapping[str, Column]] = {
    "FigureFact": {
        **_id(),
        **_counted(),
        **_measures(),
        "next_change": Timestamptz(null=True, default=None),
        "waiting_since": Timestamptz(null=True, default=None),
    },
    "FigureFrozen": {**_id(), "seal": BigInt(), **_counted(), **_measures()},
    "FigureCell": {**_id(), **_sum(), **_measures()},
    "FigureHours": {**_id(), **_sum(), "hours": Integer(), "reports": Integer(default=0)},
    "FigureSeal": {
        **_id(),
        "region": BigInt(),
        "month": Date(),
        "kind": Varchar(length=8),
        "as_of": Timestamptz(),
        "sealed_at": Timestamptz(),
        "sealed_by": Varchar(length=40),
        "facts": BigInt(),
        "digest": Bytea(),
        "previous": Bytea(),
        "hash": Bytea(),
    },
    "FigureObjection": {
        **_id(),
        "region": BigInt(),
        "month": Date(),
        "agency": BigInt(),
        "reference": Varchar(length=80),
        "text": Text(),
        "made_by": BigInt(),
        "made_at": Timestamptz(),
        "decided_by": BigInt(null=True, default=None),
        "decided_at": Timestamptz(null=True, default=None),
        "outcome": Varchar(length=10, null=True, default=None),
        "answer": Text(default=""),
    },
    "FigureMark": {
        **_id(),
        "event": BigInt(default=0),
        "counted_at": Timestamptz(null=True, default=None),
    },
    "FigureGap": {**_id(), "first": BigInt(), "last": BigInt(), "seen_at": Timestamptz()},
}
_NAMES = (
    "figure_fact",
    "figure_frozen",
    "figure_cell",
    "figure_hours",
    "figure_seal",
    "figure_objection",
    "figure_mark",
    "figure_gap",
)

_ABOVE = "'{coordinator,inspector,sekda,head_of_region,deputy_head,leadership_staff}'"
_INSIDE = "'{coordinator,inspector,sekda,head_of_region,deputy_head,leadership_staff,administrator}'"
_FUNCTIONS = {
    # The region itself, and every region below it: a governor reads the figures of the cities.
    "figure_regions()": f"""
CREATE FUNCTION figure_regions() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  WITH RECURSIVE below AS (
    SELECT id FROM region WHERE id = ANY (my_regions_as({_ABOVE}))
    UNION SELECT r.id FROM region r JOIN below b ON r.parent = b.id WHERE r.kind IN ('regency', 'city'))
  SELECT my_regions_as({_INSIDE}) || coalesce(array_agg(id), '{{}}') FROM below);
END $$""",
    # One's own agency; whoever leads one also reads what stands below it.
    "figure_agencies()": f"""
CREATE FUNCTION figure_agencies() RETURNS bigint[] LANGUAGE plpgsql STABLE {_DEFINER} AS $$
BEGIN
  RETURN (
  WITH RECURSIVE below AS (
    SELECT unnest(my_agencies_as('{{agency_head,liaison}}')) AS id
    UNION SELECT a.id FROM agency a JOIN below b ON a.parent = b.id)
  SELECT my_agencies_as('{{checker,staff}}') || coalesce(array_agg(id), '{{}}') FROM below);
END $$""",
    "figure_is_closed()": """
CREATE FUNCTION figure_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a closed month does not change' USING ERRCODE = 'insufficient_privilege';
END $$""",
}

_IN_REGION = "region = ANY ((SELECT figure_regions())::bigint[])"
_IN_AGENCY = "agency = ANY ((SELECT figure_agencies())::bigint[])"
# A person's figures are for that person, and for those who answer for the agency.
_OF_PERSON = (
    "(key = (SELECT app_user())::text"
    " OR agency = ANY ((SELECT my_agencies_as('{agency_head,liaison}'))::bigint[]))"
)
_SEES_SUM = (
    f"(dimension <> 'person' AND ({_IN_REGION} OR {_IN_AGENCY})) OR (dimension = 'person' AND {_OF_PERSON})"
)
_SEES_OBJECTION = (
    "region = ANY ((SELECT my_regions_as('{coordinator,administrator,inspector,sekda,head_of_region}'))::bigint[])"
    f" OR {_IN_AGENCY}"
)
_OBJECTS = (
    "agency = ANY ((SELECT my_agencies_as('{agency_head,liaison}'))::bigint[]) AND made_by = app_user()"
    " AND decided_at IS NULL"
)
_DECIDES = (
    "region = ANY ((SELECT my_regions_as('{coordinator,administrator}'))::bigint[]) AND made_by <> app_user()"
)
_POLICIES = (
    ("figure_cell", "officer", "SELECT", "lapor_reader", f"USING ({_SEES_SUM})"),
    ("figure_hours", "officer", "SELECT", "lapor_reader", f"USING ({_SEES_SUM})"),
    ("figure_cell", "everybody", "SELECT", "lapor_public", "USING (dimension <> 'person')"),
    ("figure_hours", "everybody", "SELECT", "lapor_public", "USING (dimension <> 'person')"),
    ("figure_fact", "officer", "SELECT", "lapor_reader", f"USING ({_IN_REGION} OR {_IN_AGENCY})"),
    ("figure_seal", "everybody", "SELECT", "lapor_public, lapor_reader, lapor_desk", "USING (true)"),
    ("figure_mark", "everybody", "SELECT", "lapor_public, lapor_reader, lapor_desk", "USING (true)"),
    ("figure_objection", "seen", "SELECT", "lapor_reader, lapor_desk", f"USING ({_SEES_OBJECTION})"),
    ("figure_objection", "made", "INSERT", "lapor_desk", f"WITH CHECK ({_OBJECTS})"),
    (
        "figure_objection",
        "decided",
        "UPDATE",
        "lapor_desk",
        f"USING ({_DECIDES} AND decided_at IS NULL) WITH CHECK ({_DECIDES})",
    ),
    # Whoever counts reads ratings too.
    ("rating", "worker_counts", "SELECT", "lapor_worker", "USING (true)"),
    *((table, "worker", "ALL", "lapor_worker", "USING (true) WITH CHECK (true)") for table in _NAMES),
)

_SUMMED_BY = "frozen, region, month, agency, dimension, key"
_INDEXES = {
    "figure_fact_once": "CREATE UNIQUE INDEX figure_fact_once ON figure_fact (complaint, agency, person)",
    "figure_fact_next": (
        "CREATE INDEX figure_fact_next ON figure_fact (next_change) WHERE next_change IS NOT NULL"
    ),
    "figure_fact_waiting": (
        "CREATE INDEX figure_fact_waiting ON figure_fact (region, month) WHERE unanswered > 0"
    ),
    "figure_frozen_seal": "CREATE INDEX figure_frozen_seal ON figure_frozen (seal)",
    "figure_frozen_complaint": "CREATE INDEX figure_frozen_complaint ON figure_frozen (complaint, seal)",
    "figure_cell_once": (
        "CREATE UNIQUE INDEX figure_cell_once ON figure_cell (dimension, month, region, agency, key, frozen)"
    ),
    "figure_hours_once": (
        "CREATE UNIQUE INDEX figure_hours_once ON figure_hours"
        " (dimension, month, region, agency, key, frozen, hours)"
    ),
    "figure_seal_closed": (
        "CREATE UNIQUE INDEX figure_seal_closed ON figure_seal (region, month) WHERE kind = 'closed'"
    ),
    "figure_seal_region": "CREATE INDEX figure_seal_region ON figure_seal (region, id)",
    "figure_objection_month": (
        "CREATE INDEX figure_objection_month ON figure_objection (region, month, agency)"
    ),
}
_REFERENCES = (
    ("figure_seal", "region", "region"),
    ("figure_objection", "region", "region"),
    ("figure_objection", "agency", "agency"),
    ("figure_objection", "made_by", "person"),
    ("figure_objection", "decided_by", "person"),
)
_CHECKS = {
    "figure_seal_kind_known": "figure_seal ADD CONSTRAINT figure_seal_kind_known CHECK (kind IN ('closed', 'changed'))",
    "figure_objection_outcome_known": (
        "figure_objection ADD CONSTRAINT figure_objection_outcome_known"
        " CHECK (outcome IS NULL OR outcome IN ('accepted', 'refused'))"
    ),
    "figure_objection_second_person": (
        "figure_objection ADD CONSTRAINT figure_objection_second_person"
        " CHECK (decided_by IS NULL OR decided_by <> made_by)"
    ),
}

_GRANTS = (
    "GRANT SELECT ON figure_cell, figure_hours, figure_seal, figure_mark TO lapor_public, lapor_reader",
    # Of single facts officers see what is still waiting, without the complaint and without a person.
    "GRANT SELECT (agency, region, month, unanswered, waiting_since) ON figure_fact TO lapor_reader",
    "GRANT SELECT ON figure_objection TO lapor_reader",
    "GRANT SELECT ON figure_seal, figure_objection TO lapor_desk",
    "GRANT INSERT ON figure_objection TO lapor_desk",
    "GRANT UPDATE (decided_by, decided_at, outcome, answer) ON figure_objection TO lapor_desk",
    "GRANT USAGE ON SEQUENCE figure_objection_id_seq TO lapor_desk",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON figure_fact, figure_cell, figure_hours, figure_gap TO lapor_worker",
    "GRANT SELECT, UPDATE ON figure_mark TO lapor_worker",
    "GRANT SELECT, INSERT ON figure_frozen, figure_seal TO lapor_worker",
    "GRANT SELECT ON figure_objection TO lapor_worker",
    *(f"GRANT USAGE ON SEQUENCE {table}_id_seq TO lapor_worker" for table in _NAMES),
    "GRANT EXECUTE ON FUNCTION figure_regions(), figure_agencies() TO lapor_reader, lapor_desk",
)

_CLOSED = "CREATE TRIGGER {0}_closed BEFORE UPDATE OR DELETE OR TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
_FROZEN = "CREATE TRIGGER {0}_frozen BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW WHEN (OLD.frozen) EXECUTE FUNCTION figure_is_closed()"


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=[
            *(f"ALTER TABLE {statement}" for statement in _CHECKS.values()),
            *_INDEXES.values(),
            *(
                f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {other}"
                for table, column, other in _REFERENCES
            ),
            *_FUNCTIONS.values(),
            *(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC" for signature in _FUNCTIONS),
            *(_CLOSED.format(table) for table in ("figure_frozen", "figure_seal")),
            *(_FROZEN.format(table) for table in ("figure_cell", "figure_hours")),
            *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _NAMES),
            *(
                f"CREATE POLICY {name} ON {table} FOR {command} TO {roles} {condition}"
                for table, name, command, roles, condition in _POLICIES
            ),
            *_GRANTS,
            "INSERT INTO figure_mark (id, event) VALUES (1, 0)",
        ],
        backwards=[
            *(f"DROP POLICY {name} ON {table}" for table, name, *_ in _POLICIES),
            *(f"DROP TRIGGER {table}_closed ON {table}" for table in ("figure_frozen", "figure_seal")),
            *(f"DROP TRIGGER {table}_frozen ON {table}" for table in ("figure_cell", "figure_hours")),
            *(f"DROP FUNCTION {signature}" for signature in _FUNCTIONS),
        ],
    )
