"""The rows from which the page of one complaint is made; row-level security says which of them an officer has."""

from typing import Final

from lapor.complaints.assigning import IN_HAND
from lapor.complaints.queries.same_words import OTHERS
from lapor.complaints.queries.tabs import MAY_DECIDE

COMPLAINT: Final = f"""
SELECT c.*, w.complaint IS NOT NULL AS readable, w.text, w.address, w.latitude, w.longitude, r.timezone AS zone,
  g.name AS category_name, d.name AS district_name, v.name AS village_name, a.name AS agency_name,
  a.short_name AS agency_short, a.phone AS agency_phone, n.name AS reported_name, l.reason AS rule_reason,
  c.owner_agency = ANY (me.works) AS works, coalesce(c.offered_agency = ANY (me.works), false) AS works_in_offered,
  c.region = ANY (me.coordinates) AS coordinates, c.region = ANY (me.leads) AS leads,
  c.region = ANY (me.contacts) AS corrects,
  NOT (c.anonymous OR c.confidential OR c.protected OR c.about_official)
    AND (c.owner_agency = ANY (me.reaches) OR c.region = ANY (me.contacts)) AS may_contact,
  coalesce(p.id IS NOT NULL AND {MAY_DECIDE}, false) AS decides, p.kind AS approval_kind, pa.name AS approval_agency,
  ps.text AS approval_text, p.statement AS approval_statement, p.reason_code, o.name AS outside_body, pp.full_name AS requested_by_name,
  p.requested_at, h.person AS in_hand, hp.full_name AS in_hand_name, t.asked_at, ta.name AS to_agency, tf.name AS from_agency, ts.text AS transfer_text,
  th.complaint IS NOT NULL AS of_thread, th.link AS thread_link, th.forwarded, th.comment <> '' AND th.account <> '' AS answerable_there,
  sp.sp4n_id, sp.received_at AS sp4n_received_at
FROM complaint c
CROSS JOIN (SELECT my_agencies_as($2) AS works, my_working_agencies() AS reaches,
  my_regions_as('{{coordinator}}') AS coordinates, my_regions_as($3) AS leads,
  my_regions_as('{{coordinator,inspector}}') AS contacts) me
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
LEFT JOIN agency n ON n.id = c.reported_agency
LEFT JOIN routing_rule l ON l.code = c.rule
LEFT JOIN approval p ON p.complaint = c.id AND p.decided_at IS NULL
LEFT JOIN agency pa ON pa.id = p.agency
LEFT JOIN statement ps ON ps.id = p.statement
LEFT JOIN outside_body o ON o.id = p.outside_body
LEFT JOIN person pp ON pp.id = p.requested_by
LEFT JOIN LATERAL ({IN_HAND}) h ON true
LEFT JOIN person hp ON hp.id = h.person
LEFT JOIN transfer t ON t.complaint = c.id AND t.decided_at IS NULL
LEFT JOIN agency ta ON ta.id = t.to_agency
LEFT JOIN agency tf ON tf.id = t.from_agency
LEFT JOIN statement ts ON ts.id = t.statement
LEFT JOIN social_thread th ON th.complaint = c.id
LEFT JOIN sp4n_report sp ON sp.complaint = c.id
WHERE c.id = $1"""

CLOCKS: Final = """
SELECT id, kind, cycle, started_at, due_at, met_at, paused_at, resumes_at, trouble FROM clock WHERE complaint = $1 ORDER BY due_at, id"""

EVENTS: Final = """
SELECT e.kind, e.actor, e.occurred_at, e.facts, e.digest, p.full_name AS person, h.full_name AS colleague,
  a.short_name AS agency
FROM event e
LEFT JOIN person p ON p.id = CASE WHEN e.actor LIKE 'officer:%' THEN substr(e.actor, 9)::bigint END
LEFT JOIN person h ON h.id = CASE WHEN e.kind = 'assigned' THEN (e.facts::jsonb->>'person')::bigint END
LEFT JOIN agency a ON a.id = e.agency
WHERE e.complaint = $1 ORDER BY e.seq"""

STATEMENTS: Final = f"""
SELECT s.id, s.kind, s.text, s.salt, s.promised_for, {OTHERS} AS same_words, s.undone_at IS NOT NULL AS undone
FROM statement s WHERE s.complaint = $1
UNION ALL
SELECT i.id, 'instruction', i.text, i.salt, NULL, 0, false
FROM instruction i JOIN instruction_item j ON j.instruction = i.id WHERE j.complaint = $1"""

MESSAGES: Final = """
SELECT m.kind, o.title AS office, k.kind AS clock, m.rung, m.state, m.channel, m.created_at, m.sent_at, m.trouble,
  m.receipt
FROM message m
LEFT JOIN office o ON o.id = m.office
LEFT JOIN clock k ON k.id = m.clock
WHERE m.complaint = $1 ORDER BY m.created_at, m.id LIMIT 400"""
