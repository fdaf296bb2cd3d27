"""Photos and documents that go with an answer, and answers that wait for a second person."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import httpx
import pytest

from lapor import crypto, database
from lapor.complaints import desk
from lapor.complaints.documents import Attached, read, shown_name
from lapor.complaints.errors import Refused
from lapor.complaints.tickets import show
from lapor.intake.outbound import drain
from tests.admin import cases
from tests.admin.cases import DPU, file, where
from tests.admin.test_desk_pages import listed, send
from tests.ground import World
from tests.images import jpeg
from tests.intake.post_office import open_post_office
from tests.visitor import TOKEN, Visitor

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


async def answer(
    site: Visitor, complaint: int, *, document: bytes = PDF, name: str = "Surat tugas.pdf"
) -> httpx.Response:
    opened = await site.get(where(complaint))
    token = TOKEN.search(opened.text)
    assert token
    return await site.post(
        where(complaint, "jawaban"),
        data={"text": "Lihat lampiran.", "version": "1", "_csrf_token": token.group(1)},
        files=[
            ("documents", (name, document, "application/pdf")),
            ("photos", ("a.jpg", jpeg(7), "image/jpeg")),
        ],
    )


async def test_an_answer_carries_a_photo_and_a_document_with_their_digests_in_the_chain(
    site: Visitor, world: World
) -> None:
    filed = await file()
    await site.as_role("liaison", DPU)
    assert (await answer(site, filed.complaint_id)).status_code == 303
    stored = await world.fetch("SELECT * FROM attachment WHERE purpose = 'answer' ORDER BY id")
    photo, document = stored
    assert document["sha256"] == hashlib.sha256(PDF).digest()
    assert PDF not in document["body"]
    digests = {
        row["digest"] for row in await world.fetch("SELECT digest FROM event WHERE kind = 'document_added'")
    }
    assert digests == {crypto.digest(document["salt"], PDF)}
    page = (await site.get(where(filed.complaint_id))).text
    assert f'href="/meja/berkas/{document["id"]}">Surat tugas.pdf' in page
    saved = await site.get(f"/meja/berkas/{document['id']}")
    assert saved.content == PDF
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in saved.headers["content-security-policy"]
    assert (await site.get(f"/meja/foto/{document['id']}")).status_code == 404
    assert (await site.get(f"/meja/berkas/{photo['id']}")).status_code == 404
    await site.as_role("liaison", "smg-dlh")
    assert (await site.get(f"/meja/berkas/{document['id']}")).status_code == 404


async def test_the_reporter_saves_the_document_and_nobody_else(site: Visitor, world: World) -> None:
    filed = await file()
    await site.as_role("liaison", DPU)
    await answer(site, filed.complaint_id)
    document = await world.fetchval("SELECT id FROM attachment WHERE filename IS NOT NULL")
    await site.as_public()
    at = f"/laporan/{show(filed.ticket)}/berkas/{document}"
    assert (await site.get(at)).status_code == 404
    opened = await site.get(f"/laporan/{filed.ticket}/buka/{filed.secret}", follow_redirects=True)
    assert f'href="{at}">Surat tugas.pdf' in opened.text
    assert (await site.get(at)).content == PDF


async def test_a_file_that_is_no_pdf_is_refused_beside_its_field_and_nothing_is_sent(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await answer(site, complaint, document=b"MZ this is a program")
    assert sent.status_code == 422
    assert 'id="f-documents-wrong"' in sent.text
    assert not await world.fetchval("SELECT count(*) FROM statement")


def test_a_document_is_a_whole_pdf_of_ten_megabytes_at_most_under_a_plain_name() -> None:
    for raw in (b"", b"%PDF-1.7 without an end", b"x" + PDF, PDF + b"x" * 11_000_000):
        with pytest.raises(Refused):
            read("a.pdf", raw)
    assert shown_name('..\\..\\etc/surat "tugas"\r\n.exe') == "surat tugas.pdf"
    assert shown_name("") == "dokumen.pdf"


async def wants_approval(world: World) -> None:
    await world.execute("UPDATE agency SET answers_need_approval = true WHERE code = $1", DPU)


async def test_where_an_agency_wants_it_an_answer_waits_for_a_second_person(
    site: Visitor, world: World
) -> None:
    await wants_approval(world)
    filed = await file()
    complaint = filed.complaint_id
    await site.as_role("agency_head", DPU)
    assert (await answer(site, complaint)).headers["location"].endswith("selesai=konsep")
    assert await world.fetchval("SELECT met_at FROM clock WHERE kind = 'response'") is None
    assert not await world.fetchval("SELECT count(*) FROM message WHERE kind = 'answered'")
    assert await send(site, complaint, "persetujuan") == 422
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        assert not await database.fetch("SELECT id FROM statement")
        assert not await database.fetch("SELECT id FROM attachment")
    await site.as_role("checker", DPU)
    assert listed((await site.get("/meja/pemeriksa")).text) == [complaint]
    page = (await site.get(where(complaint))).text
    assert "Lihat lampiran." in page
    assert "Surat tugas.pdf" in page
    assert await send(site, complaint, "persetujuan") == 303
    assert await world.fetchval("SELECT met_at FROM clock WHERE kind = 'response'") is not None
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'answered'") == 1
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        assert len(await database.fetch("SELECT id FROM attachment")) == 2


async def test_a_draft_stops_no_escalation_and_is_late_when_it_is_sent_late(simulated: World) -> None:
    await wants_approval(simulated)
    complaint = (await file()).complaint_id
    writing = await cases.officer(simulated, "staff")
    day = await simulated.fetchval("SELECT lapor_now() + interval '5 days'")
    assert not await desk.answer_interim(writing, complaint, text="Segera.", promised_for=day)
    await simulated.advance(49)
    await desk.sweep()
    assert await simulated.fetchval("SELECT count(*) FROM escalation WHERE step = 'escalate'") == 1
    await desk.confirm(await cases.officer(simulated, "checker"), complaint)
    late = await simulated.fetchval("SELECT met_at > due_at FROM clock WHERE kind = 'response'")
    assert late
    assert await simulated.fetchval("SELECT due_at FROM clock WHERE kind = 'promise'") == day


async def test_a_refused_draft_is_never_sent(world: World) -> None:
    await wants_approval(world)
    complaint = (await file()).complaint_id
    await desk.answer(await cases.officer(world, "staff"), complaint, text="Kurang.", attached=Attached())
    await desk.refuse(await cases.officer(world, "checker"), complaint, reason="Lengkapi dahulu.")
    assert not await world.fetchval("SELECT count(*) FROM statement WHERE to_reporter")
    assert await world.fetchval("SELECT met_at FROM clock WHERE kind = 'response'") is None


async def test_the_letter_names_what_is_attached_unless_the_complaint_is_confidential(
    simulated: World,
) -> None:
    staff = await cases.officer(simulated, "staff")
    attached = Attached(documents=[read("Surat tugas.pdf", PDF), read("Denah.pdf", PDF)])
    for address, confidential in (("warga@contoh.example", False), ("rahasia@contoh.example", True)):
        filed = await file(email=address, confidential=confidential)
        await desk.answer(staff, filed.complaint_id, text="Lihat lampiran.", attached=attached)
    plain = await file(email="tanpa@contoh.example")
    await desk.answer(staff, plain.complaint_id, text="Sudah kami tambal.")
    async with open_post_office() as post:
        await drain(replace(simulated.settings, smtp_url=post.url, mail_from="lapor@contoh.example"))
        told = {
            address: " ".join(mail.body for mail in post.to(f"{address}@contoh.example"))
            for address in ("warga", "rahasia", "tanpa")
        }
    assert "Dilampirkan 2 berkas: Surat tugas.pdf, Denah.pdf." in told["warga"]
    assert "Surat tugas" not in told["rahasia"]
    assert "Dilampirkan" not in told["tanpa"]
