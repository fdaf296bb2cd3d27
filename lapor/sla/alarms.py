"""Alarms: what somebody has to see. Each is open once, shown until it is over, and told to the administrators once."""

from collections.abc import Iterable, Mapping

from lapor import database

UNREACHED = "office_unreached"
NOTICE = "alarm"
SHOWN = 6

# What a finding of the audit is called on screen; `{count}` is how many there are.
SENTENCES: Mapping[str, str] = {
    "list_wrong": "{count} baris daftar eskalasi tidak sesuai dengan batas waktunya.",
    "overdue_not_escalated": "{count} batas waktu sudah lewat dan belum dieskalasikan.",
    "fired_twice": "{count} jenjang eskalasi tercatat lebih dari satu kali.",
    "chain_gap": "{count} laporan kehilangan nomor urut dalam jejak auditnya.",
    "chain_broken": "{count} laporan mempunyai jejak audit yang tidak lagi terbukti utuh.",
    "no_heartbeat": "Pemeriksaan tenggat tidak terlihat bekerja lebih dari satu menit. Jalankan proses kerjanya.",
    "clock_set_aside": "{count} batas waktu disisihkan karena gangguan dan menunggu perbaikan.",
    "office_vacant": "{count} jabatan kepala belum ada pemegangnya.",
    "category_unrouted": "{count} kategori belum mempunyai aturan menuju instansi yang aktif.",
    "rule_unreadable": "{count} aturan penyaluran tidak dapat dibaca dan dilewati.",
    "policy_unreadable": "{count} kebijakan tenggat tidak dapat dibaca dan dilewati.",
    "calendar_missing": "{count} daerah belum mempunyai kalender kerja untuk 90 hari mendatang.",
    "message_dead": "{count} pesan tidak dapat dikirim dan menunggu dikirim ulang.",
    "message_stuck": "{count} pesan tertahan lebih dari sepuluh menit.",
    "inbound_dead": "{count} kiriman masuk tidak dapat diolah.",
    "inbound_unreadable": "{count} kiriman masuk yang sah tidak berisi laporan yang dapat dibaca.",
    "inbound_stuck": "{count} kiriman masuk tertahan lebih dari sepuluh menit.",
}

# Found by the audit as well, and told for each channel and account by whoever watches those.
TOLD_BY_CHANNEL = frozenset({"inbound_stuck"})

_RAISE = """
INSERT INTO alarm (code, subject, sentence, times, raised_at) VALUES ($1, $2, $3, 1, lapor_now())
ON CONFLICT (code, subject) WHERE cleared_at IS NULL
DO UPDATE SET sentence = excluded.sentence, times = alarm.times + 1
RETURNING id, times"""

_TELL = """
INSERT INTO message (dedupe_key, kind, office, state, attempts, next_attempt_at, created_at)
SELECT 'alarm:' || $1::bigint || ':' || o.id, 'alarm', o.id, 'waiting', 0, lapor_now(), lapor_now()
FROM office o JOIN agency a ON a.id = o.agency
WHERE o.role = 'administrator' AND o.active AND a.active
ON CONFLICT (dedupe_key) DO NOTHING"""

_CLEAR = """
UPDATE alarm SET cleared_at = lapor_now()
WHERE cleared_at IS NULL AND code = ANY ($1) AND ($2::text IS NULL OR subject = $2)"""

# A worker that is gone cannot raise the alarm about itself.
_OPEN = """
SELECT sentence FROM (
  SELECT sentence, raised_at, id FROM alarm WHERE cleared_at IS NULL
  UNION ALL
  SELECT $2, NULL, 0
  WHERE NOT EXISTS (SELECT FROM heartbeat WHERE name = 'sweep' AND beat_at >= lapor_now() - interval '60 seconds')
    AND NOT EXISTS (SELECT FROM alarm WHERE code = 'no_heartbeat' AND cleared_at IS NULL)
) every ORDER BY raised_at NULLS FIRST, id LIMIT $1"""


async def sound(code: str, subject: str, sentence: str) -> bool:
    """Raise an alarm, or note that it came again; return whether it is new. Inside a transaction of the worker.

    A new one is told to every administrator, once.
    """
    row = await database.fetchrow(_RAISE, code, subject, sentence[:300])
    assert row is not None
    new = bool(row["times"] == 1)
    if new:
        await database.execute(_TELL, row["id"])
    return new


async def clear(codes: Iterable[str], subject: str | None = None) -> None:
    """End the open alarms of these codes, of one subject or of all."""
    await database.execute(_CLEAR, list(codes), subject)


async def shown() -> list[str]:
    """Return the sentences of open alarms, oldest first, and of a worker that is not there; at most six.

    Inside a transaction of `gate` or `reader`.
    """
    rows = await database.fetch(_OPEN, SHOWN, SENTENCES["no_heartbeat"])
    return [row["sentence"] for row in rows]
