"""What people do about deliveries that led to nothing: open one, file it, set it aside; and who sees that they did."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Timestamptz, Varchar

from lapor.migrations.m0004_row_security import _DEFINER
from lapor.migrations.m0030_deliveries import _UNREAD
from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000031"
VERSION = "1.38.0"
DESCRIPTION = "acts about deliveries"

_TABLES = {
    "DeliveryAct": {
        "id": BigSerial(primary_key=True),
        "delivery": BigInt(),
        "channel": Varchar(length=12),
        "received_at": Timestamptz(),
        "person": BigInt(),
        "act": Varchar(length=10),
        "acted_at": Timestamptz(),
    },
    "DeliveryFinding": {
        "id": BigSerial(primary_key=True),
        "delivery": BigInt(),
        "person": BigInt(),
        "complaint": BigInt(null=True, default=None),
        "was": Varchar(length=12),
        "found_at": Timestamptz(),
    },
}

_STATES = ("waiting", "read", "unreadable", "dead")
_MORE_STATES = (*_STATES, "left", "aside")
_WAITS = "state IN ('dead', 'unreadable', 'left')"

# Whoever oversees the region that runs the site sees who opened what.
_OVERSEES = f"""
CREATE FUNCTION oversees_deliveries() RETURNS boolean LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT EXISTS (
    SELECT FROM deployment d JOIN region r ON r.code = d.default_region
    WHERE r.id = ANY (my_regions_as('{{inspector}}')))
$$"""

_NOTE = f"""
CREATE FUNCTION note_delivery_act(held inbound, what text) RETURNS void LANGUAGE sql {_DEFINER} AS $$
  INSERT INTO delivery_act (delivery, channel, received_at, person, act, acted_at)
  VALUES (held.id, held.channel, held.received_at, app_user(), what, lapor_now())
$$"""

# The look is written where the words are handed out, so that nobody has them without it. Under the row's lock: of many
# who file one at once, all but the first find nothing.
_OPEN = f"""
CREATE FUNCTION open_delivery(asked bigint, what text)
RETURNS TABLE (id bigint, channel text, account text, external_id text, received_at timestamptz, payload bytea)
LANGUAGE plpgsql {_DEFINER} AS $$
#variable_conflict use_column
DECLARE
  held inbound;
BEGIN
  IF app_user() IS NULL OR NOT tends_deliveries() THEN
    RETURN;
  END IF;
  SELECT * INTO held FROM inbound WHERE id = asked AND {_WAITS} AND payload <> ''::bytea FOR UPDATE;
  IF held.id IS NULL THEN
    RETURN;
  END IF;
  PERFORM note_delivery_act(held, what);
  RETURN QUERY SELECT held.id, held.channel::text, held.account::text, held.external_id::text, held.received_at,
    held.payload;
END $$"""

# A complaint that it became is one from the same channel, received at the same moment.
_SETTLE = f"""
CREATE FUNCTION settle_delivery(asked bigint, as_complaint bigint) RETURNS boolean LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  held inbound;
BEGIN
  IF app_user() IS NULL OR NOT tends_deliveries() THEN
    RETURN false;
  END IF;
  SELECT * INTO held FROM inbound WHERE id = asked AND {_WAITS} FOR UPDATE;
  IF held.id IS NULL OR (as_complaint IS NOT NULL AND NOT EXISTS (SELECT FROM complaint c
      WHERE c.id = as_complaint AND c.channel = held.channel AND c.filed_at = held.received_at)) THEN
    RETURN false;
  END IF;
  INSERT INTO delivery_finding (delivery, person, complaint, was, found_at)
  VALUES (asked, app_user(), as_complaint, held.state, lapor_now());
  UPDATE inbound SET complaint = as_complaint, state = CASE WHEN as_complaint IS NULL THEN 'aside' ELSE 'read' END
  WHERE id = asked;
  IF as_complaint IS NULL THEN
    PERFORM note_delivery_act(held, 'aside');
  END IF;
  RETURN true;
END $$"""

_TAKE_BACK = f"""
CREATE FUNCTION take_delivery_back(asked bigint) RETURNS boolean LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  held inbound;
  before text;
BEGIN
  IF app_user() IS NULL OR NOT tends_deliveries() THEN
    RETURN false;
  END IF;
  SELECT * INTO held FROM inbound WHERE id = asked AND state = 'aside' FOR UPDATE;
  DELETE FROM delivery_finding WHERE delivery = held.id AND complaint IS NULL RETURNING was INTO before;
  IF before IS NULL THEN
    RETURN false;
  END IF;
  UPDATE inbound SET state = before WHERE id = asked;
  PERFORM note_delivery_act(held, 'returned');
  RETURN true;
END $$"""

_FUNCTIONS = {
    "oversees_deliveries()": (_OVERSEES, "lapor_reader"),
    "note_delivery_act(inbound, text)": (_NOTE, ""),
    "open_delivery(bigint, text)": (_OPEN, "lapor_desk"),
    "settle_delivery(bigint, bigint)": (_SETTLE, "lapor_desk"),
    "take_delivery_back(bigint)": (_TAKE_BACK, "lapor_desk"),
}

_TENDED = "tended ON inbound FOR SELECT TO lapor_reader USING ({} AND (SELECT tends_deliveries()))"
_SECURED = ("delivery_act", "delivery_finding")
_POLICIES = (
    _TENDED.format("state IN ('dead', 'unreadable', 'left', 'aside')"),
    "tended ON delivery_finding FOR SELECT TO lapor_reader USING ((SELECT tends_deliveries()))",
    "overseen ON delivery_act FOR SELECT TO lapor_reader USING ((SELECT oversees_deliveries()))",
)


def _known_states(states: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{state}'" for state in states)
    return (
        f"ALTER TABLE inbound ADD CONSTRAINT inbound_state_known CHECK (state IS NULL OR state IN ({listed}))"
    )


_SHAPE = (
    "ALTER TABLE inbound DROP CONSTRAINT inbound_state_known",
    _known_states(_MORE_STATES),
    "CREATE INDEX inbound_left ON inbound (state, received_at DESC, id DESC) WHERE state IN ('left', 'aside')",
    # What was let lie before there was a state for it: mails without words, and those that no person wrote.
    "UPDATE inbound SET state = 'left' WHERE state = 'read' AND channel = 'email' AND complaint IS NULL"
    " AND trouble IS NOT NULL AND payload <> ''::bytea",
    "ALTER TABLE delivery_act ADD FOREIGN KEY (delivery) REFERENCES inbound (id)",
    "ALTER TABLE delivery_act ADD FOREIGN KEY (person) REFERENCES person (id)",
    "ALTER TABLE delivery_act ADD CONSTRAINT delivery_act_act_known"
    " CHECK (act IN ('opened', 'filed', 'aside', 'returned'))",
    "CREATE INDEX delivery_act_newest ON delivery_act (acted_at DESC, id DESC)",
    "CREATE INDEX delivery_act_delivery ON delivery_act (delivery)",
    "ALTER TABLE delivery_finding ADD FOREIGN KEY (delivery) REFERENCES inbound (id)",
    "ALTER TABLE delivery_finding ADD FOREIGN KEY (person) REFERENCES person (id)",
    "ALTER TABLE delivery_finding ADD FOREIGN KEY (complaint) REFERENCES complaint (id)",
    # One delivery becomes one complaint at most, and a complaint comes from one delivery.
    "CREATE UNIQUE INDEX delivery_finding_once ON delivery_finding (delivery)",
    "CREATE UNIQUE INDEX delivery_finding_complaint ON delivery_finding (complaint) WHERE complaint IS NOT NULL",
)


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=[
            *_SHAPE,
            "DROP POLICY tended ON inbound",
            *(function for function, _ in _FUNCTIONS.values()),
            *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _FUNCTIONS),
            *(
                f"GRANT EXECUTE ON FUNCTION {name} TO {role}"
                for name, (_, role) in _FUNCTIONS.items()
                if role
            ),
            *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _SECURED),
            *(f"CREATE POLICY {policy}" for policy in _POLICIES),
            "CREATE TRIGGER delivery_act_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_act"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
            "GRANT SELECT ON delivery_act, delivery_finding TO lapor_reader",
        ],
        backwards=[
            "DROP TRIGGER delivery_act_refuse ON delivery_act",
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in reversed(_POLICIES)),
            *(f"DROP FUNCTION {name}" for name in reversed(_FUNCTIONS)),
            f"CREATE POLICY {_TENDED.format(_UNREAD)}",
            "UPDATE inbound SET state = 'read' WHERE state IN ('left', 'aside')",
            "DROP INDEX inbound_left",
            "ALTER TABLE inbound DROP CONSTRAINT inbound_state_known",
            _known_states(_STATES),
        ],
    )
