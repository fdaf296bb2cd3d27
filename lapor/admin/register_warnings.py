"""What a change of a register touches beyond its own row, in sentences with numbers; nothing to say, nothing to confirm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lapor import database
from lapor.locales import say

Row = Mapping[str, Any]


async def touched(table: str, row_id: int, before: Row, after: Row | None) -> list[str]:
    """What the change of this row touches; `after` is the whole row as it would be, None when it is deleted."""
    if after is None:
        return await _deleting(table, row_id)
    ask = _ASKED.get(table)
    return await ask(row_id, before, after) if ask else []


def _ends(before: Row, after: Row) -> bool:
    return bool(before.get("active")) and not after.get("active")


def _moved(before: Row, after: Row, *columns: str) -> bool:
    return any(before.get(name) != after.get(name) for name in columns)


async def _weight(table: str, row_id: int) -> int:
    return int(await database.fetchval("SELECT kept_weight($1, $2)", table, row_id))


async def _count(sql: str, *arguments: Any) -> int:
    return int(await database.fetchval(sql, *arguments))


async def _deleting(table: str, row_id: int) -> list[str]:
    found = [say("Baris ini dihapus. Isinya tetap terbaca di riwayat perubahan.")]
    if table == "policy":
        rungs = await _count("SELECT count(*) FROM policy_rung WHERE policy = $1", row_id)
        if rungs:
            found.append(say("Jenjangnya ikut terhapus: {count} langkah.").format(count=rungs))
    return found


async def _agency(row_id: int, before: Row, after: Row) -> list[str]:
    found = []
    if _ends(before, after):
        found += await _open(
            "agency", row_id, say("{count} laporan yang belum selesai ada pada instansi ini. Serahkan dulu.")
        )
        holders = await _count(_HOLDERS_OF_AGENCY, row_id)
        if holders:
            found.append(say("{count} orang sedang memegang jabatan di sini.").format(count=holders))
    elif _moved(before, after, "region", "parent", "place", "kind", "coordinating"):
        found += await _open(
            "agency", row_id, say("{count} laporan yang belum selesai ikut berubah pembacanya.")
        )
    if _ends(before, after) or _moved(before, after, "code"):
        rules = await _count(
            "SELECT count(*) FROM routing_rule WHERE active AND agency = $1", before.get("code")
        )
        if rules:
            found.append(
                say("{count} aturan disposisi menunjuk instansi ini dan tidak akan berlaku.").format(
                    count=rules
                )
            )
    return found


async def _office(row_id: int, before: Row, after: Row) -> list[str]:
    found = []
    if _ends(before, after) or _moved(before, after, "role", "agency", "named_desk"):
        holders = await _count(_HOLDERS_OF_OFFICE, row_id)
        if holders:
            found.append(
                say("{count} orang sedang memegang jabatan ini; haknya berubah.").format(count=holders)
            )
    if _ends(before, after) or _moved(before, after, "role", "agency"):
        others = await _count(_SAME_ROLE, row_id)
        if not others:
            found.append(say("Tidak ada jabatan lain dengan peran yang sama di instansinya."))
    return found


async def _appointment(row_id: int, before: Row, after: Row) -> list[str]:
    ending = after.get("ends_at") is not None and _moved(before, after, "ends_at")
    if not (ending or _moved(before, after, "office")):
        return []
    if not await database.fetchval(_LEFT_EMPTY, row_id, before["office"], str(after.get("ends_at") or "")):
        return []
    role = await database.fetchval("SELECT role FROM office WHERE id = $1", before["office"])
    found = [say("Sesudah itu jabatan ini tidak punya pemegang.")]
    if role in ("head_of_region", "sekda", "inspector", "coordinator", "liaison", "agency_head"):
        found.append(say("Eskalasi dan pemberitahuan untuk jabatan ini tidak sampai kepada siapa pun."))
    return found


async def _person(row_id: int, before: Row, after: Row) -> list[str]:
    if not _ends(before, after):
        return []
    held = await _count(_HELD_BY, row_id)
    alone = await _count(_HELD_ALONE, row_id)
    found = []
    if held:
        found.append(say("Orang ini memegang {count} jabatan dan tidak dapat masuk lagi.").format(count=held))
    if alone:
        found.append(say("{count} jabatan tidak punya pemegang lain.").format(count=alone))
    return found


async def _category(row_id: int, before: Row, after: Row) -> list[str]:
    found = []
    if _ends(before, after) or _moved(before, after, "protected", "emergency", "publish", "code"):
        found += await _open(
            "category", row_id, say("{count} laporan yang belum selesai memakai kategori ini.")
        )
    if _ends(before, after) or _moved(before, after, "code"):
        code = before.get("code")
        rules = await _count("SELECT count(*) FROM routing_rule WHERE active AND $1 = ANY (categories)", code)
        named = await _count("SELECT count(*) FROM policy WHERE category = $1", code)
        if rules:
            found.append(say("{count} aturan disposisi menyebut kategori ini.").format(count=rules))
        if named:
            found.append(say("{count} kebijakan batas waktu menyebut kategori ini.").format(count=named))
    return found


async def _rule(row_id: int, before: Row, after: Row) -> list[str]:
    if not _moved(before, after, *_RULE_DECIDES):
        return []
    routed = await _weight("routing_rule", row_id)
    if not routed:
        return []
    return [
        say("Aturan ini menentukan {count} laporan dalam 30 hari terakhir.").format(count=routed),
        say("Laporan baru seperti itu akan sampai ke tempat lain; yang sudah ada tidak berpindah."),
    ]


async def _policy(row_id: int, before: Row, after: Row) -> list[str]:
    if after.get("valid_until") is None or not _moved(before, after, "valid_until"):
        return []
    found = []
    running = await _weight("policy", row_id)
    if running:
        found.append(
            say("{count} batas waktu berjalan memakai kebijakan ini; itu tidak berubah.").format(
                count=running
            )
        )
    if not await database.fetchval(_FOLLOWED, row_id, str(after["valid_until"])):
        found.append(say("Sesudah hari itu belum ada kebijakan umum lain untuk batas waktu yang sama."))
    return found


async def _region(row_id: int, before: Row, after: Row) -> list[str]:
    found = []
    if _moved(before, after, "code", "kind", "parent", "timezone"):
        found += await _open("region", row_id, say("{count} laporan yang belum selesai ada di wilayah ini."))
    if _moved(before, after, "live_from"):
        found.append(say("Sejak saat itu pimpinan daerah diberi tahu tentang eskalasi; sebelumnya tidak."))
    return found


async def _open(table: str, row_id: int, sentence: str) -> list[str]:
    count = await _weight(table, row_id)
    return [sentence.format(count=count)] if count else []


_RULE_DECIDES = (
    "code",
    "position",
    "categories",
    "words",
    "places",
    "types",
    "channels",
    "agency",
    "office_of",
    "active",
)

_ASKED: Mapping[str, Callable[[int, Row, Row], Awaitable[list[str]]]] = {
    "agency": _agency,
    "office": _office,
    "appointment": _appointment,
    "person": _person,
    "category": _category,
    "routing_rule": _rule,
    "policy": _policy,
    "region": _region,
}

_NOW_HELD = "h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())"
_HOLDERS_OF_AGENCY = (
    "SELECT count(DISTINCT h.person) FROM appointment h JOIN office o ON o.id = h.office AND o.active"
    f" WHERE o.agency = $1 AND {_NOW_HELD}"
)
_HOLDERS_OF_OFFICE = f"SELECT count(DISTINCT h.person) FROM appointment h WHERE h.office = $1 AND {_NOW_HELD}"
_SAME_ROLE = (
    "SELECT count(*) FROM office o JOIN office mine ON mine.id = $1"
    " WHERE o.agency = mine.agency AND o.role = mine.role AND o.active AND o.id <> mine.id"
)
_HELD_BY = (
    "SELECT count(*) FROM appointment h JOIN office o ON o.id = h.office AND o.active"
    f" WHERE h.person = $1 AND {_NOW_HELD}"
)
_HELD_ALONE = (
    "SELECT count(DISTINCT h.office) FROM appointment h JOIN office o ON o.id = h.office AND o.active"
    f" WHERE h.person = $1 AND {_NOW_HELD} AND NOT EXISTS (SELECT FROM appointment other"
    " JOIN person p ON p.id = other.person AND p.active WHERE other.office = h.office AND other.person <> h.person"
    " AND other.starts_at <= lapor_now() AND (other.ends_at IS NULL OR other.ends_at > lapor_now()))"
)
# Nobody else holds the office at the moment at which this one ends, or from now on when the end lies behind.
_LEFT_EMPTY = """
SELECT o.active AND NOT EXISTS (
  SELECT FROM appointment h JOIN person p ON p.id = h.person AND p.active
  WHERE h.office = o.id AND h.id <> $1 AND h.starts_at <= e.at AND (h.ends_at IS NULL OR h.ends_at > e.at))
FROM office o, (SELECT greatest(coalesce(nullif($3, '')::timestamptz, lapor_now()), lapor_now()) AS at) e
WHERE o.id = $2"""
_FOLLOWED = """
SELECT EXISTS (
  SELECT FROM policy other JOIN policy p ON p.id = $1
  WHERE other.id <> p.id AND other.clock = p.clock AND other.valid_from <= $2::text::date + 1
    AND (other.valid_until IS NULL OR other.valid_until > $2::text::date)
    AND (other.type, other.category, other.agency_kind, other.region, other.completion_class)
        IS NOT DISTINCT FROM (p.type, p.category, p.agency_kind, p.region, p.completion_class))"""
