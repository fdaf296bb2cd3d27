"""Identity revealed by two people, traces of reading, letters kept as they left, erasure after its time."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import BigInt, BigSerial, Bytea, Text, Time, Timestamptz, Varchar

from lapor.schema import table_migration

ID = "2026-11-22T12:00:00:000014"
VERSION = "1.38.0"
DESCRIPTION = "reveals, reading traces, letters, retention"

_DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
_INSPECTED = "region = ANY ((SELECT my_regions_as('{inspector}'))::bigint[])"
# Of what is about an official or protected nobody is shown the reporter (DESIGN, who sees what).
_REVEALABLE = "(c.anonymous OR c.confidential) AND NOT c.protected AND NOT c.about_official"
_LEADERS = "'{sekda,head_of_region,deputy_head,leadership_staff,inspector}'"


def _seen_by_inspector(table: str) -> str:
    return f"EXISTS (SELECT FROM complaint c WHERE c.id = {table}.complaint AND c.{_INSPECTED})"


_TABLES = {
    "Reveal": {
        "id": BigSerial(primary_key=True),
        "complaint": BigInt(),
        "reason": Text(),
        "salt": Bytea(default=b""),
        "asked_by": BigInt(),
        "asked_at": Timestamptz(),
        "decided_by": BigInt(null=True, default=None),
        "decided_at": Timestamptz(null=True, default=None),
        "outcome": Varchar(length=10, null=True, default=None),
        "refusal": Text(default=""),
        "used_at": Timestamptz(null=True, default=None),
    },
    "ReadingTrace": {
        "id": BigSerial(primary_key=True),
        "complaint": BigInt(),
        "person": BigInt(),
        "manner": Varchar(length=8),
        "hour": Timestamptz(),
        "read_at": Timestamptz(),
    },
    "LetterArchive": {
        "id": BigSerial(primary_key=True),
        "region": BigInt(),
        "kind": Varchar(length=10),
        "period": Varchar(length=10),
        "sha256": Bytea(),
        "body": Bytea(),
        "made_at": Timestamptz(),
    },
    "DigestHour": {
        "id": BigSerial(primary_key=True),
        "office": BigInt(unique=True),
        "at": Time(),
        "chosen_by": BigInt(),
        "chosen_at": Timestamptz(),
    },
}

# Shown once, to the inspector who asked, within a day of a colleague's yes. The look and the letter to the reporter
# are written here, so that no page can show an identity without them.
_REVEAL = f"""
CREATE FUNCTION reveal_identity(asked bigint) RETURNS SETOF identity LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  granted reveal;
  found complaint;
BEGIN
  PERFORM 1 FROM ledger_head WHERE subject = (SELECT complaint FROM reveal WHERE id = asked) FOR NO KEY UPDATE;
  SELECT * INTO granted FROM reveal WHERE id = asked FOR UPDATE;
  SELECT * INTO found FROM complaint c WHERE c.id = granted.complaint AND {_REVEALABLE} AND c.{_INSPECTED}
    AND (c.reported_agency IS NULL OR c.reported_agency <> ALL (my_lines()));
  IF found.id IS NULL OR granted.asked_by IS DISTINCT FROM app_user() OR granted.decided_by IS NULL
     OR granted.decided_by = granted.asked_by OR granted.outcome IS DISTINCT FROM 'confirmed'
     OR granted.used_at IS NOT NULL OR granted.decided_at <= lapor_now() - interval '24 hours' THEN
    RAISE EXCEPTION 'this identity is not shown' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE reveal SET used_at = lapor_now() WHERE id = asked;
  INSERT INTO event (complaint, kind, actor, agency, facts)
  VALUES (found.id, 'identity_revealed', 'officer:' || app_user(),
          (SELECT o.agency FROM my_offices() o JOIN agency a ON a.id = o.agency
           WHERE o.role = 'inspector' AND a.region = found.region ORDER BY o.id LIMIT 1),
          '{{"reveal":' || asked || '}}');
  INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)
  VALUES ('identity_revealed:' || found.id || ':' || asked || ':reporter', 'identity_revealed', found.id, 'waiting', 0,
          lapor_now(), lapor_now());
  RETURN QUERY SELECT * FROM identity i WHERE i.complaint = found.id;
END $$"""

_NOTE = f"""
CREATE FUNCTION note_reading(asked bigint[], how text) RETURNS void LANGUAGE sql {_DEFINER} AS $$
  INSERT INTO reading_trace (complaint, person, manner, hour, read_at)
  SELECT c.id, app_user(), how, date_trunc('hour', lapor_now(), 'UTC'), lapor_now() FROM complaint c
  WHERE c.id = ANY (asked) AND (c.confidential OR c.protected OR c.about_official) AND app_user() IS NOT NULL
  ORDER BY c.id ON CONFLICT DO NOTHING
$$"""

# When a complaint came to its end; of what is still open, or waits for an outside body, nothing.
_ENDED = f"""
CREATE FUNCTION complaint_ended(asked bigint) RETURNS timestamptz LANGUAGE sql STABLE {_DEFINER} AS $$
  SELECT CASE c.status
    WHEN 'closed' THEN c.closed_at
    WHEN 'rejected' THEN (SELECT max(a.decided_at) FROM approval a
      WHERE a.complaint = c.id AND a.kind = 'rejection' AND a.outcome = 'confirmed')
    WHEN 'referred' THEN (SELECT CASE WHEN bool_and(k.met_at IS NOT NULL) THEN max(k.met_at) END FROM clock k
      WHERE k.complaint = c.id AND k.kind = 'referral')
  END FROM complaint c WHERE c.id = asked
$$"""

# What was erased is counted and named in the chain; the digest over what stood there (ciphertext) proves which it was.
_ERASE = f"""
CREATE FUNCTION erase_after_time(asked bigint, identity_until timestamptz, inbound_until timestamptz,
                                 message_until timestamptz) RETURNS text LANGUAGE plpgsql {_DEFINER} AS $$
DECLARE
  ended timestamptz := complaint_ended(asked);
  held identity;
  named text[] := '{{}}';
  gone bytea;
  payloads bigint := 0;
  references_gone bigint := 0;
  said text;
BEGIN
  IF ended IS NULL THEN
    RETURN NULL;
  END IF;
  IF ended < identity_until THEN
    SELECT * INTO held FROM identity WHERE complaint = asked FOR UPDATE;
    named := array_remove(ARRAY[
      CASE WHEN held.name IS NOT NULL THEN 'name' END, CASE WHEN held.phone IS NOT NULL THEN 'phone' END,
      CASE WHEN held.email IS NOT NULL THEN 'email' END, CASE WHEN held.address IS NOT NULL THEN 'address' END,
      CASE WHEN held.external IS NOT NULL THEN 'external' END, CASE WHEN held.secret IS NOT NULL THEN 'secret' END],
      NULL);
    IF named <> '{{}}' THEN
      gone := sha256(ledger_field(held.name) || ledger_field(held.phone) || ledger_field(held.email)
        || ledger_field(held.address) || ledger_field(held.external) || ledger_field(held.secret));
      UPDATE identity SET name = NULL, phone = NULL, email = NULL, address = NULL, external = NULL,
        phone_lookup = NULL, email_lookup = NULL, external_lookup = NULL, secret = NULL WHERE complaint = asked;
    END IF;
  END IF;
  UPDATE inbound SET payload = '', external_id = 'erased:' || id
  WHERE complaint = asked AND received_at < inbound_until AND state <> 'waiting' AND payload <> '';
  GET DIAGNOSTICS payloads = ROW_COUNT;
  UPDATE message SET provider_reference = NULL
  WHERE complaint = asked AND created_at < message_until AND provider_reference IS NOT NULL
    AND state NOT IN ('waiting', 'sending');
  GET DIAGNOSTICS references_gone = ROW_COUNT;
  IF named = '{{}}' AND payloads = 0 AND references_gone = 0 THEN
    RETURN NULL;
  END IF;
  -- Sorted keys and no spaces, as every fact of the chain is written.
  said := '{{"identity":' || to_json(named)::text || ',"inbound":' || payloads || ',"messages":' || references_gone || '}}';
  INSERT INTO event (complaint, kind, actor, facts, digest) VALUES (asked, 'erased', 'system', said, gone);
  RETURN said;
END $$"""

_FUNCTIONS = {
    "reveal_identity(bigint)": (_REVEAL, "lapor_desk"),
    "note_reading(bigint[], text)": (_NOTE, "lapor_reader, lapor_desk"),
    "complaint_ended(bigint)": (_ENDED, "lapor_worker"),
    "erase_after_time(bigint, timestamptz, timestamptz, timestamptz)": (_ERASE, "lapor_worker"),
}

_OWN_OFFICE = "office IN (SELECT o.id FROM my_offices() o)"
_MAY_ASK = (
    "asked_by = app_user() AND decided_at IS NULL AND used_at IS NULL"
    f" AND EXISTS (SELECT FROM complaint c WHERE c.id = reveal.complaint AND {_REVEALABLE} AND c.{_INSPECTED})"
)
_POLICIES = (
    f"seen ON reveal FOR SELECT TO lapor_reader, lapor_desk USING ({_seen_by_inspector('reveal')})",
    f"asks ON reveal FOR INSERT TO lapor_desk WITH CHECK ({_MAY_ASK})",
    "decides ON reveal FOR UPDATE TO lapor_desk"
    f" USING (decided_at IS NULL AND asked_by <> app_user() AND {_seen_by_inspector('reveal')})"
    f" WITH CHECK (decided_by = app_user() AND {_seen_by_inspector('reveal')})",
    f"seen ON reading_trace FOR SELECT TO lapor_reader USING ({_seen_by_inspector('reading_trace')})",
    "seen ON letter_archive FOR SELECT TO lapor_reader"
    f" USING (region = ANY ((SELECT my_regions_as({_LEADERS}))::bigint[]))",
    "worker_select ON letter_archive FOR SELECT TO lapor_worker USING (true)",
    "worker_insert ON letter_archive FOR INSERT TO lapor_worker WITH CHECK (true)",
    "worker_select ON digest_hour FOR SELECT TO lapor_worker USING (true)",
    f"own ON digest_hour FOR SELECT TO lapor_reader, lapor_desk USING ({_OWN_OFFICE})",
    f"chooses ON digest_hour FOR INSERT TO lapor_desk WITH CHECK ({_OWN_OFFICE} AND chosen_by = app_user())",
    f"changes ON digest_hour FOR UPDATE TO lapor_desk USING ({_OWN_OFFICE})"
    f" WITH CHECK ({_OWN_OFFICE} AND chosen_by = app_user())",
)
_SECURED = ("reveal", "reading_trace", "letter_archive", "digest_hour")
_APPEND_ONLY = ("reading_trace", "letter_archive")
_SEQUENCES = "reveal_id_seq, letter_archive_id_seq, digest_hour_id_seq"

_SHAPE = (
    "ALTER TABLE reveal ADD FOREIGN KEY (complaint) REFERENCES complaint (id) ON DELETE RESTRICT",
    "ALTER TABLE reveal ADD CONSTRAINT reveal_second_person CHECK (decided_by IS NULL OR decided_by <> asked_by)",
    "ALTER TABLE reveal ADD CONSTRAINT reveal_decided_whole CHECK ((decided_by IS NULL) = (decided_at IS NULL)"
    " AND (decided_by IS NULL) = (outcome IS NULL))",
    "ALTER TABLE reveal ADD CONSTRAINT reveal_outcome_known CHECK (outcome IS NULL OR outcome IN ('confirmed', 'refused'))",
    "ALTER TABLE reveal ADD CONSTRAINT reveal_reasoned CHECK (btrim(reason) <> '')",
    "CREATE UNIQUE INDEX reveal_open ON reveal (complaint) WHERE decided_at IS NULL",
    "CREATE INDEX reveal_newest ON reveal (asked_at DESC, id DESC)",
    "CREATE UNIQUE INDEX reading_trace_once ON reading_trace (complaint, person, hour, manner)",
    "CREATE INDEX reading_trace_newest ON reading_trace (read_at DESC, id DESC)",
    "CREATE INDEX reading_trace_person ON reading_trace (person, read_at DESC)",
    "ALTER TABLE reading_trace ADD CONSTRAINT reading_trace_manner_known"
    " CHECK (manner IN ('opened', 'listed', 'photo', 'panel'))",
    "ALTER TABLE letter_archive ADD FOREIGN KEY (region) REFERENCES region (id) ON DELETE RESTRICT",
    "ALTER TABLE letter_archive ADD CONSTRAINT letter_archive_hash_fits CHECK (sha256 = sha256(body))",
    "CREATE UNIQUE INDEX letter_archive_once ON letter_archive (region, kind, period)",
    "ALTER TABLE digest_hour ADD FOREIGN KEY (office) REFERENCES office (id) ON DELETE RESTRICT",
    # What is still kept, so that what is erased already is not read again every time.
    "CREATE INDEX identity_kept ON identity (complaint) WHERE secret IS NOT NULL",
    "CREATE INDEX inbound_kept ON inbound (received_at) WHERE payload <> ''::bytea",
    "CREATE INDEX message_reference_kept ON message (created_at) WHERE provider_reference IS NOT NULL",
)
_GRANTS = (
    "GRANT SELECT ON reveal TO lapor_reader, lapor_desk",
    "GRANT INSERT (complaint, reason, salt, asked_by, asked_at) ON reveal TO lapor_desk",
    "GRANT UPDATE (decided_by, decided_at, outcome, refusal) ON reveal TO lapor_desk",
    "GRANT SELECT ON reading_trace TO lapor_reader",
    "GRANT SELECT ON letter_archive TO lapor_reader, lapor_worker",
    "GRANT INSERT ON letter_archive TO lapor_worker",
    "GRANT SELECT ON digest_hour TO lapor_reader, lapor_desk, lapor_worker",
    "GRANT INSERT, UPDATE ON digest_hour TO lapor_desk",
    f"GRANT USAGE ON SEQUENCE {_SEQUENCES} TO lapor_desk, lapor_worker",
)


async def forwards() -> MigrationManager:
    return table_migration(
        ID,
        DESCRIPTION,
        tables=_TABLES,
        forwards=[
            *_SHAPE,
            *(function for function, _ in _FUNCTIONS.values()),
            *(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC" for name in _FUNCTIONS),
            *(f"GRANT EXECUTE ON FUNCTION {name} TO {roles}" for name, (_, roles) in _FUNCTIONS.items()),
            *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _SECURED),
            *(f"CREATE POLICY {policy}" for policy in _POLICIES),
            *(
                f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
                for table in _APPEND_ONLY
            ),
            *_GRANTS,
        ],
        backwards=[
            *(f"DROP TRIGGER {table}_refuse ON {table}" for table in _APPEND_ONLY),
            *(f"DROP POLICY {policy.split(' FOR ')[0]}" for policy in _POLICIES),
            *(f"DROP FUNCTION {name}" for name in reversed(_FUNCTIONS)),
            "DROP INDEX message_reference_kept",
            "DROP INDEX inbound_kept",
            "DROP INDEX identity_kept",
        ],
    )
