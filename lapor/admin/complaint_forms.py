"""What an officer does with a complaint, as forms of the panel: every verb of the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel

from lapor import database, words
from lapor.admin import form_models
from lapor.admin.offices import Officer
from lapor.admin.panel_form import ANSWER, FINISH, HAND_ON, LOOK, PUBLIC, TAKE_DOWN, form
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor, Filing, Refused, Taken

Verb = Callable[..., Awaitable[Any]]
Prepare = Callable[[Any, Officer], Awaitable[dict[str, Any]]]


async def _as_typed(data: Any, _: Officer) -> dict[str, Any]:
    return dict(data.model_dump(exclude={"ticket"}))


def _about_complaint(
    name: str,
    group: str,
    model: type[BaseModel],
    verb: Verb,
    done: str,
    description: str,
    prepare: Prepare = _as_typed,
) -> FormConfig:
    """A form whose verb takes the actor and the complaint, then the fields."""

    async def submit(officer: Officer, data: Any) -> str:
        complaint = await _complaint(data.ticket)
        await verb(Actor.officer(officer.id), complaint, **await prepare(data, officer))
        return done

    return form(name, group, model, submit, description)


async def _complaint(typed: str) -> int:
    """The complaint with this ticket, among those that the officer may see; raises NotFound."""
    try:
        ticket = tickets.parse(typed)
    except ValueError:
        raise desk.NotFound("Nomor laporan ini tidak lengkap atau salah ketik.") from None
    found = await database.fetchval("SELECT id FROM complaint WHERE ticket = $1", ticket)
    if found is None:
        raise desk.NotFound
    return int(found)


async def _to_agency(data: Any, _: Officer) -> dict[str, Any]:
    return {"agency": await _named("agency", data.agency), "reason": data.reason}


async def _offered(data: Any, _: Officer) -> dict[str, Any]:
    return {"to_agency": await _named("agency", data.agency), "reason": data.reason}


async def _referred(data: Any, _: Officer) -> dict[str, Any]:
    return {"outside_body": await _named("outside_body", data.outside_body), "text": data.text}


async def _promised(data: Any, officer: Officer) -> dict[str, Any]:
    when: datetime = data.promised_for
    if when.tzinfo is None:
        when = when.replace(tzinfo=ZoneInfo(officer.timezone))
    return {"text": data.text, "promised_for": when}


_BY_NAME = {
    "agency": "SELECT id FROM agency WHERE active AND (code = $1 OR lower(name) = lower($1)) LIMIT 2",
    "outside_body": "SELECT id FROM outside_body WHERE active AND (code = $1 OR lower(name) = lower($1)) LIMIT 2",
}


async def _named(table: str, typed: str) -> int:
    """The row with this code, or with this name when only one bears it; raises Refused."""
    rows: list[asyncpg.Record] = await database.fetch(_BY_NAME[table], typed.strip())
    if len(rows) != 1:
        raise Refused("Instansi ini tidak ditemukan. Pakai kode atau nama lengkapnya.")
    return int(rows[0]["id"])


async def _show_contact(officer: Officer, data: Any) -> str:
    contact = await desk.look_at_contact(Actor.officer(officer.id), await _complaint(data.ticket))
    parts = [part for part in (contact.name, contact.phone, contact.email) if part]
    return " · ".join(parts) or "Pelapor tidak meninggalkan kontak."


async def _write_down(officer: Officer, data: Any) -> str:
    if data.channel not in form_models.CHANNELS.values():
        raise Refused("Kanalnya loket, telepon, atau anjungan.")
    given = data.model_dump()
    for name in ("category", "district", "village", "reported_agency"):
        given[name] = given[name].strip() or None
    filed = await desk.file(
        Filing(**given, about_official=bool(given["reported_agency"]), taken=Taken(officer.id))
    )
    due = words.localtime(filed.response_due_at, filed.timezone)
    return (
        f"Tercatat dengan nomor {tickets.show(filed.ticket)}, pada {filed.agency_name},"
        f" dijawab paling lambat {due}. Kode rahasia pelapor: {filed.secret}"
    )


FORMS = [
    _about_complaint(
        "Jawab pengaduan",
        ANSWER,
        form_models.WithText,
        desk.answer,
        "Jawaban dikirim kepada pelapor.",
        "Jawaban akhir kepada pelapor. Memenuhi batas waktu 2x24 jam.",
    ),
    _about_complaint(
        "Beri jawaban sementara",
        ANSWER,
        form_models.Promise,
        desk.answer_interim,
        "Jawaban sementara dikirim; janjinya dicatat.",
        "Jawaban yang menyebut kapan jawaban akhir datang.",
        _promised,
    ),
    _about_complaint(
        "Tanya pelapor",
        ANSWER,
        form_models.WithText,
        desk.ask,
        "Pertanyaan dikirim kepada pelapor.",
        "Batas waktu jawaban tetap berjalan.",
    ),
    _about_complaint(
        "Tulis catatan internal",
        ANSWER,
        form_models.WithText,
        desk.note,
        "Catatan disimpan.",
        "Hanya dibaca petugas.",
    ),
    _about_complaint(
        "Teruskan ke instansi",
        HAND_ON,
        form_models.ToAgency,
        desk.route,
        "Laporan diteruskan.",
        "Disposisi oleh admin koordinator.",
        _to_agency,
    ),
    _about_complaint(
        "Serahkan ke instansi lain",
        HAND_ON,
        form_models.ToAgency,
        desk.offer_transfer,
        "Laporan ditawarkan ke instansi itu.",
        "Instansi Anda tetap bertanggung jawab sampai instansi lain menerimanya.",
        _offered,
    ),
    _about_complaint(
        "Terima alih tangan",
        HAND_ON,
        form_models.OfComplaint,
        desk.take_transfer,
        "Laporan sekarang menjadi tanggung jawab instansi Anda.",
        "Batas waktunya tidak mulai dari awal.",
    ),
    _about_complaint(
        "Tolak alih tangan",
        HAND_ON,
        form_models.WithReason,
        desk.refuse_transfer,
        "Penyerahan ditolak.",
        "Sebutkan mengapa bukan kewenangan instansi Anda.",
    ),
    _about_complaint(
        "Nyatakan selesai",
        FINISH,
        form_models.WithText,
        desk.claim_completion,
        "Menunggu pemeriksa hasil.",
        "Sebutkan apa yang sudah dikerjakan. Orang kedua memeriksanya.",
    ),
    _about_complaint(
        "Ajukan tidak dapat ditindaklanjuti",
        FINISH,
        form_models.Rejection,
        desk.request_rejection,
        "Menunggu pemeriksa hasil.",
        "Isinya dibaca pelapor setelah disetujui orang kedua.",
    ),
    _about_complaint(
        "Ajukan pelimpahan",
        FINISH,
        form_models.Referral,
        desk.request_referral,
        "Menunggu pemeriksa hasil.",
        "Ke badan di luar pemerintah daerah. Isinya dibaca pelapor setelah disetujui.",
        _referred,
    ),
    _about_complaint(
        "Setujui pengajuan",
        FINISH,
        form_models.OfComplaint,
        desk.confirm,
        "Pengajuan disetujui.",
        "Oleh orang kedua: selesai, tidak dapat ditindaklanjuti, atau pelimpahan.",
    ),
    _about_complaint(
        "Tolak pengajuan",
        FINISH,
        form_models.WithReason,
        desk.refuse,
        "Pengajuan ditolak.",
        "Oleh orang kedua. Laporan kembali dikerjakan.",
    ),
    _about_complaint(
        "Publikasikan laporan",
        PUBLIC,
        form_models.WithText,
        desk.publish,
        "Laporan tampil untuk umum.",
        "Tulis isinya tanpa nama, telepon, nomor, atau pelat kendaraan.",
    ),
    _about_complaint(
        "Tarik publikasi",
        PUBLIC,
        form_models.WithReason,
        desk.withdraw,
        "Laporan tidak lagi tampil untuk umum.",
        "Sebutkan alasannya.",
    ),
    _about_complaint(
        "Tandai eskalasi sudah dilihat",
        LOOK,
        form_models.OfComplaint,
        desk.see_escalation,
        "Ditandai sudah dilihat.",
        "Oleh pimpinan daerah, untuk yang dijawab terlambat.",
    ),
    form(
        "Lihat kontak pelapor",
        LOOK,
        form_models.OfComplaint,
        _show_contact,
        "Hanya untuk menghubungi pelapor. Setiap kali dilihat, tercatat.",
    ),
    form(
        "Catat laporan",
        TAKE_DOWN,
        form_models.Counter,
        _write_down,
        "Untuk warga yang datang ke loket atau menelepon.",
    ),
]
