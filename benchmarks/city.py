"""A city with years of complaints: words, places, clocks, answers, escalations, as a long life would have left them.

Numbered from 1 by age: the oldest are closed, the newest `open` ones are open. Everything random comes from a hash of
the number, so that the same city is built every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from figures import note
from populace import REGION, agencies
from town import _EVENTS, LATENESS, _quickly

CHUNK = 250_000
YEARS = 3

# 2 ^ 30 numbers from the number of a complaint and a salt: as good as random, and the same each time.
_DICE = "('x' || substr(md5(n || '{salt}'), 1, 7))::bit(28)::int"

_WORDS = (
    "jalan lampu selokan sampah banjir trotoar pohon tumbang air keruh pasar macet rambu hilang drainase mampet gang"
    " gelap sekolah puskesmas antre pelayanan loket surat pindah pungutan kendaraan parkir liar bising malam taman"
    " rusak jembatan retak longsor kali meluap tikus nyamuk asap pabrik limbah bau tembok roboh kabel putus tiang"
    " miring pedagang angkutan halte bocor pipa meteran tagihan warga mohon segera diperbaiki sudah seminggu belum"
    " ditangani dekat masjid depan toko tikungan berbahaya anak jatuh motor mobil truk berat debu proyek galian"
)

_COMPLAINTS = f"""
INSERT INTO complaint (id, ticket, type, category, channel, status, region, district, village, owner_agency, supporting,
  filed_at, closed_at, reporter_key, reason, about_official, anonymous, confidential, protected, emergency, published,
  cycle, version)
SELECT n, lpad(n::text, 11, '0'), 'complaint', c.categories[1 + r.c % cardinality(c.categories)],
       (ARRAY['web', 'web', 'web', 'whatsapp', 'whatsapp', 'counter', 'email'])[1 + r.h % 7],
       CASE WHEN n > $3 THEN (ARRAY['received', 'routed', 'routed', 'in_progress', 'in_progress'])[1 + r.s % 5]
            ELSE (ARRAY['closed', 'closed', 'closed', 'closed', 'closed', 'done', 'rejected', 'referred'])[1 + r.s % 8] END,
       p.region, d.id, (SELECT v.id FROM region v WHERE v.parent = d.id ORDER BY v.id OFFSET r.v % greatest(1, d.villages) LIMIT 1),
       ($4::bigint[])[1 + r.a % cardinality($4::bigint[])], '{{}}', f.at,
       CASE WHEN n <= $3 THEN f.at + interval '9 days' END, md5(n::text), '', false, r.p % 10 = 0, r.p % 37 = 1,
       r.p % 101 = 2, false, n <= $3 AND r.p % 3 = 1 AND r.p % 37 <> 1 AND r.p % 101 <> 2, 1, 1
FROM generate_series($1::bigint, $2::bigint) n
CROSS JOIN (SELECT array_agg(id ORDER BY id) AS categories FROM category WHERE type = 'complaint') c
CROSS JOIN (SELECT id AS region FROM region WHERE code = '{REGION}') p
CROSS JOIN LATERAL (SELECT {_DICE.format(salt="c")} AS c, {_DICE.format(salt="h")} AS h, {_DICE.format(salt="s")} AS s,
  {_DICE.format(salt="a")} AS a, {_DICE.format(salt="p")} AS p, {_DICE.format(salt="d")} AS d,
  {_DICE.format(salt="v")} AS v) r
CROSS JOIN LATERAL (
  SELECT CASE WHEN n > $3 THEN $6::timestamptz - make_interval(secs => 5184000.0 * ($5 - n) / greatest(1, $5 - $3))
    ELSE $6 - interval '60 days' - make_interval(secs => {YEARS} * 31536000.0 * ($3 - n) / $3) END AS at) f
JOIN city_district d ON d.nth = r.d % d.districts"""
_DISTRICTS = f"""
CREATE UNLOGGED TABLE city_district AS
SELECT d.id, row_number() OVER (ORDER BY d.id) - 1 AS nth, count(*) OVER () AS districts,
       (SELECT count(*) FROM region v WHERE v.parent = d.id) AS villages
FROM region d JOIN region r ON r.id = d.parent WHERE r.code = '{REGION}'"""
_CONTENT = f"""
INSERT INTO content (complaint, text, address, salt)
SELECT n, (SELECT string_agg(w.words[1 + ('x' || substr(md5(n || 'w' || k), 1, 7))::bit(28)::int % cardinality(w.words)], ' ')
           FROM generate_series(1, 12 + ({_DICE.format(salt="l")}) % 20) k), 'Jalan Contoh ' || n % 200, ''
FROM generate_series($1::bigint, $2::bigint) n, (SELECT string_to_array($3, ' ') AS words) w"""

# An answer within two days mostly, later sometimes; of the open ones two in five have none yet.
_ANSWERED = f"""
CREATE UNLOGGED TABLE city_answer AS
SELECT c.id AS complaint, c.owner_agency AS agency, c.status, c.filed_at, o.person,
       CASE WHEN c.status NOT IN ('received', 'routed') THEN
         least($3::timestamptz - interval '1 minute', c.filed_at + make_interval(mins => CASE
           WHEN r.x % 10 < 8 THEN 30 + r.x % 2700 ELSE 2900 + r.x % 9000 END)) END AS at
FROM complaint c
CROSS JOIN LATERAL (SELECT c.id AS n) numbered
CROSS JOIN LATERAL (SELECT {_DICE.format(salt="x")} AS x) r
CROSS JOIN LATERAL (
  SELECT p.person FROM office q JOIN appointment p ON p.office = q.id WHERE q.agency = c.owner_agency
  ORDER BY p.person LIMIT 1) o
WHERE c.id BETWEEN $1 AND $2"""
_STATEMENTS = """
INSERT INTO statement (complaint, kind, cycle, agency, person, to_reporter, text, salt, made_at)
SELECT complaint, 'final', 1, agency, person, true, 'Terima kasih, petugas kami sudah menangani laporan Anda.', '', at
FROM city_answer WHERE at IS NOT NULL"""
_RESPONSES = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, met_at, rung, rung_times,
  repeat_every, next_at)
SELECT a.complaint, 'complaint', a.complaint, 'response', 1, p.id, a.filed_at, a.filed_at + interval '48 hours', a.at,
       CASE WHEN a.at IS NULL OR a.at > a.filed_at + interval '48 hours' THEN 3 ELSE 2 END,
       ARRAY[a.filed_at, a.filed_at + interval '36 hours', a.filed_at + interval '48 hours', a.filed_at + interval '96 hours'],
       interval '24 hours', NULL
FROM city_answer a, policy p WHERE p.code = 'response'"""
_COMPLETIONS = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, met_at, rung, rung_times,
  repeat_every, next_at)
SELECT a.complaint, 'complaint', a.complaint, 'completion', 1, p.id, a.filed_at, a.filed_at + interval '20 days',
       CASE WHEN a.status IN ('done', 'closed', 'rejected', 'referred') THEN a.filed_at + interval '8 days' END, 0,
       ARRAY[a.filed_at + interval '18 days', a.filed_at + interval '20 days'], interval '168 hours', NULL
FROM city_answer a, policy p WHERE p.code = 'completion-complaint'"""
_ESCALATIONS = """
INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at, skipped, answered_late, trial, seen_at)
SELECT k.id, 2, k.complaint, 'escalate', k.due_at, k.due_at + interval '2 seconds', false, false, false,
       CASE WHEN k.met_at IS NOT NULL AND k.complaint % 50 <> 0 THEN k.met_at + interval '1 day' END
FROM clock k JOIN city_answer a ON a.complaint = k.complaint
WHERE k.kind = 'response' AND k.due_at < $1::timestamptz AND (k.met_at IS NULL OR k.met_at > k.due_at)"""
_PUBLICATIONS = """
INSERT INTO publication (complaint, kind, said_at, ticket, text, category, agency, district, filed_at, published_at)
SELECT c.id, 'complaint', c.filed_at, c.ticket, w.text, c.category, c.owner_agency, c.district, c.filed_at,
       c.filed_at + interval '3 days'
FROM complaint c JOIN content w ON w.complaint = c.id WHERE c.published AND c.id BETWEEN $1 AND $2"""


@dataclass(frozen=True)
class City:
    """How many complaints there are, and how many of them, the newest, are open."""

    complaints: int
    open: int


async def build(superuser: asyncpg.Connection, city: City) -> None:
    """Fill an empty database in which somebody holds every office."""
    dealt = await agencies(superuser)
    now = await superuser.fetchval("SELECT lapor_now()")
    await superuser.execute(_DISTRICTS)
    async with _quickly(superuser):
        for first in range(1, city.complaints + 1, CHUNK):
            last = min(first + CHUNK - 1, city.complaints)
            await _fill(superuser, city, (first, last), dealt, now)
            note(f"{last} of {city.complaints} complaints")
    await superuser.execute("DROP TABLE city_district")
    await superuser.execute(LATENESS)
    await superuser.execute(f"SELECT setval('complaint_id_seq', {city.complaints})")
    await superuser.execute("VACUUM (ANALYZE)")
    await superuser.execute("CHECKPOINT")


async def _fill(
    superuser: asyncpg.Connection, city: City, span: tuple[int, int], dealt: Sequence[int], now: object
) -> None:
    closed = city.complaints - city.open
    await superuser.execute(_COMPLAINTS, *span, closed, list(dealt), city.complaints, now)
    await superuser.execute(_CONTENT, *span, _WORDS)
    await superuser.execute(_EVENTS, *span)
    # A statement that makes a table takes no parameters.
    made = _ANSWERED.replace("$1", str(span[0])).replace("$2", str(span[1])).replace("$3", f"'{now}'")
    await superuser.execute(made)
    await superuser.execute("ANALYZE city_answer")
    for statement in (_STATEMENTS, _RESPONSES, _COMPLETIONS):
        await superuser.execute(statement)
    await superuser.execute(_ESCALATIONS, now)
    await superuser.execute(_PUBLICATIONS, *span)
    await superuser.execute("DROP TABLE city_answer")
