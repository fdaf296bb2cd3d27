"""Prepared answers: chosen, filled in, read, and only then sent."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from lapor.complaints import desk
from lapor.complaints.answer_templates import UNNAMED, addressed, fields_of
from lapor.complaints.masking import mask
from tests.admin import cases
from tests.admin.cases import DPU, file, where
from tests.ground import World
from tests.visitor import Visitor


async def template(world: World, code: str) -> str:
    found: int = await world.fetchval("SELECT id FROM answer_template WHERE code = $1", code)
    return str(found)


def box(page: httpx.Response) -> str:
    """What stands in the box that came back filled."""
    found = re.search(r'name="text"[^>]*>\n([^<]*Yth\.[^<]*)</textarea>', page.text)
    assert found, page.status_code
    return html.unescape(found.group(1))


async def pick(
    site: Visitor, complaint: int, chosen: str, act: str = "jawaban", **typed: str
) -> httpx.Response:
    fields = {"version": "1", "template": chosen, "untuk": act, **typed}
    return await site.send_form(where(complaint, "siap-pakai"), fields, page=where(complaint))


async def test_the_fields_that_the_complaint_knows_are_filled_in_and_the_others_stay_open(
    site: Visitor, world: World
) -> None:
    filed = await file(address="Jalan Mawar 7")
    await site.as_role("liaison", DPU)
    page = await pick(site, filed.complaint_id, await template(world, "jalan-selesai"))
    assert page.status_code == 200
    text = box(page)
    assert text.startswith("Yth. Bapak/Ibu Lestari Contoh,")
    assert "Jalan Mawar 7, " in text
    assert f"{filed.ticket[:5]}-{filed.ticket[5:10]}" in text
    assert "Dinas Pekerjaan Umum" in text
    assert fields_of(text) == ["tanggal perbaikan", "cara perbaikan"]
    assert "Formulir Anda belum terkirim" not in page.text


async def test_a_name_that_is_filled_in_was_looked_at(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    await pick(site, complaint, await template(world, "jalan-selesai"))
    assert await world.fetchval("SELECT count(*) FROM event WHERE kind = 'contact_seen'") == 1


async def test_an_anonymous_reporter_is_not_named(site: Visitor, world: World) -> None:
    complaint = (await file(anonymous=True, address="Gang Mawar 7")).complaint_id
    await site.as_role("liaison", DPU)
    text = box(await pick(site, complaint, await template(world, "jalan-selesai")))
    assert text.startswith(f"Yth. {UNNAMED},")
    assert "Lestari" not in text
    assert "Gang Mawar" not in text
    assert not await world.fetchval("SELECT count(*) FROM event WHERE kind = 'contact_seen'")


async def test_what_a_template_leaves_open_is_never_sent(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    text = box(await pick(site, complaint, await template(world, "jalan-selesai")))
    sent = await site.send_form(
        where(complaint, "jawaban"), {"version": "1", "text": text, "read": "ya"}, page=where(complaint)
    )
    assert sent.status_code == 422
    assert "Bagian ini belum diisi: tanggal perbaikan, cara perbaikan." in sent.text
    assert 'id="f-text-wrong"' in sent.text
    assert not await world.fetchval("SELECT count(*) FROM statement")


async def test_an_untouched_text_has_to_be_confirmed_and_an_edited_one_not(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = await pick(site, complaint, await template(world, "minta-lokasi"), "pertanyaan")
    filled = re.search(r'name="filled" value="(\w+)"', page.text)
    assert filled
    typed = {"version": "1", "text": box(page), "filled": filled.group(1)}
    unread = await site.send_form(where(complaint, "pertanyaan"), typed, page=where(complaint))
    assert unread.status_code == 422
    assert 'id="f-read-wrong"' in unread.text
    assert 'name="filled"' in unread.text
    read = await site.send_form(
        where(complaint, "pertanyaan"), {**typed, "read": "ya"}, page=where(complaint)
    )
    assert read.status_code == 303
    edited = {**typed, "version": "2", "text": typed["text"] + "\nTerima kasih."}
    assert (
        await site.send_form(where(complaint, "pertanyaan"), edited, page=where(complaint))
    ).status_code == 303


async def test_what_was_typed_stays_above_the_prepared_answer(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = await pick(
        site, complaint, await template(world, "jalan-selesai"), text="Sudah kami periksa kemarin."
    )
    assert box(page).startswith("Sudah kami periksa kemarin.\n\nYth.")


async def test_a_template_of_another_agency_or_kind_cannot_be_chosen(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    chosen = await template(world, "jalan-selesai")
    await world.execute(
        "UPDATE answer_template SET agency = (SELECT id FROM agency WHERE code = 'smg-dlh') WHERE id = $1",
        int(chosen),
    )
    await site.as_role("liaison", DPU)
    assert "Jalan sudah diperbaiki" not in (await site.get(where(complaint))).text
    assert (await pick(site, complaint, chosen)).status_code == 422
    assert (await pick(site, complaint, await template(world, "minta-lokasi"), "jawaban")).status_code == 422


async def test_a_foreign_officer_cannot_fill_in_anything(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", "smg-dlh")
    fields = {"template": await template(world, "jalan-selesai"), "untuk": "jawaban"}
    sent = await site.send_form(where(complaint, "siap-pakai"), fields, page="/meja")
    assert sent.status_code == 404
    assert "Lestari" not in sent.text


def test_a_name_in_an_answer_is_one_that_publication_masks() -> None:
    for name in ("Lestari Contoh", "i gusti ngurah rai wirawan", "SRI", "M. Yusuf {nama}"):
        spoken = addressed(name)
        published = mask(f"Yth. {spoken}, terima kasih.")
        assert not [word for word in spoken.split()[1:] if word in published], (name, published)
    assert addressed("") == addressed("Guru Besar") == addressed("-") == UNNAMED


async def test_a_verb_refuses_open_fields_from_wherever_it_is_called(world: World) -> None:
    complaint = (await file()).complaint_id
    answering = await cases.officer(world, "staff")
    with pytest.raises(desk.Refused) as refusal:
        await desk.answer(answering, complaint, text="Yth. {nama}, sudah.")
    assert refusal.value.field == "text"
    await desk.note(answering, complaint, text="Catatan dengan {kurung} tetap catatan.")
