"""What officers do together on the page of one complaint."""

from __future__ import annotations

import asyncio
import re

from tests.admin import cases
from tests.admin.cases import DPU, file, where
from tests.admin.test_desk_pages import send
from tests.ground import World
from tests.visitor import Visitor


async def test_a_complaint_is_assigned_to_a_colleague_and_taken_off_again(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    colleague = await cases.officer(world, "staff")
    await site.as_role("liaison", DPU)
    assert await send(site, complaint, "penugasan", person=str(colleague.person)) == 303
    page = (await site.get(where(complaint))).text
    name = await world.fetchval("SELECT full_name FROM person WHERE id = $1", colleague.person)
    assert f"<dt>Dikerjakan oleh</dt><dd>{name}</dd>" in page
    assert f"menugaskan laporan kepada {name}" in page
    assert f'<option value="{colleague.person}" selected>' in page
    assert await send(site, complaint, "penugasan", person="") == 303
    assert "Dikerjakan oleh" not in (await site.get(where(complaint))).text


async def test_somebody_from_elsewhere_cannot_be_assigned(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    stranger = await cases.officer(world, "staff", "smg-dlh")
    await site.as_role("liaison", DPU)
    sent = await site.send_form(
        where(complaint, "penugasan"), {"person": str(stranger.person), "version": "1"}, page=where(complaint)
    )
    assert sent.status_code == 422
    assert 'id="f-person-wrong"' in sent.text


async def test_an_answer_is_taken_back_and_stands_in_its_box_again(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    assert await send(site, complaint, "jawaban", text="Terlalu cepat terkirim.") == 303
    page = await site.get(where(complaint))
    statement = re.search(r'name="statement" value="(\d+)"', page.text)
    assert statement
    assert "detik)" in page.text
    sent = await site.send_form(
        where(complaint, "batal"), {"version": "2", "statement": statement.group(1)}, page=where(complaint)
    )
    assert sent.status_code == 303
    again = (await site.get(sent.headers["location"].partition("#")[0])).text
    assert "Ditarik kembali." in again
    assert "Terlalu cepat terkirim.</textarea>" in again
    assert "<s>Terlalu cepat terkirim.</s>" in again
    assert 'name="statement"' not in again
    assert await world.fetchval("SELECT met_at FROM clock WHERE kind = 'response'") is None


async def test_a_colleague_is_not_offered_to_undo(site: Visitor) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    assert await send(site, complaint, "jawaban", text="Sudah.") == 303
    await site.as_role("checker", DPU)
    assert 'name="statement"' not in (await site.get(where(complaint))).text


async def test_the_history_of_a_place_holds_what_may_be_read_and_hides_nobody(site: Visitor) -> None:
    complaint = (await file()).complaint_id
    near = await file(phone="", text="Lubang lain.")
    hidden = [
        await file(phone="", anonymous=True),
        await file(phone="", confidential=True),
        await file(phone="", village=None, category="saluran-air"),
    ]
    await site.as_role("liaison", DPU)
    page = (await site.get(where(complaint))).text
    assert f'href="{where(near.complaint_id)}"' in page
    assert "Di tempat ini" in page
    assert "Dari pelapor yang sama" not in page
    for other in hidden:
        assert f'href="{where(other.complaint_id)}"' not in page


async def test_a_letter_is_shown_as_the_reporter_will_read_it_and_nothing_is_sent(
    site: Visitor, world: World
) -> None:
    complaint = (await file(email="sri@contoh.example")).complaint_id
    await site.as_role("liaison", DPU)
    typed = {"text": "Kami perbaiki besok.", "version": "1", "untuk": "jawaban"}
    page = await site.send_form(where(complaint, "pratinjau"), typed, page=where(complaint))
    assert page.status_code == 200
    assert "Begini pelapor menerimanya lewat surel" in page.text
    assert "sudah menjawab laporan Anda." in page.text
    assert "[tautan pribadi pelapor]" in page.text
    assert "sri@contoh.example" not in page.text
    assert "Kami perbaiki besok.</textarea>" in page.text
    assert not await world.fetchval("SELECT count(*) FROM statement")
    empty = await site.send_form(where(complaint, "pratinjau"), {"untuk": "jawaban"}, page=where(complaint))
    assert empty.status_code == 422


async def test_the_preview_of_a_confidential_complaint_says_only_that_there_is_news(site: Visitor) -> None:
    complaint = (await file(confidential=True)).complaint_id
    await site.as_role("liaison", DPU)
    typed = {"text": "Isi jawaban rahasia.", "version": "1", "untuk": "jawaban"}
    page = (await site.send_form(where(complaint, "pratinjau"), typed, page=where(complaint))).text
    assert "Pelapor tidak memberi alamat." in page
    letter = page[page.index('class="letter"') : page.index("</section>", page.index('class="letter"'))]
    assert "Isi jawaban rahasia." not in letter


async def test_colleagues_see_who_else_has_the_complaint_open(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    first = await world.officer("liaison", DPU)
    name = await world.fetchval("SELECT full_name FROM person WHERE id = $1", first)
    await site.as_person(first)
    assert "juga sedang membuka" not in (await site.get(where(complaint))).text
    other = site.another()
    await other.as_role("staff", DPU)
    assert f"{name} juga sedang membuka laporan ini." in (await other.get(where(complaint))).text
    await world.flush_redis()
    assert (await other.get(where(complaint))).status_code == 200


async def test_of_two_who_answer_at_the_same_moment_one_is_shown_the_other(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    other = site.another()
    await other.as_role("staff", DPU)
    sent = await asyncio.gather(
        *(
            browser.send_form(
                where(complaint, "jawaban"), {"text": text, "version": "1"}, page=where(complaint)
            )
            for browser, text in ((site, "Jawaban dari penghubung."), (other, "Jawaban dari staf."))
        )
    )
    assert sorted(answer.status_code for answer in sent) == [303, 409]
    late = next(answer for answer in sent if answer.status_code == 409)
    assert "Jawaban dari penghubung." in late.text
    assert "Jawaban dari staf." in late.text
    assert await world.fetchval("SELECT count(*) FROM statement") == 1
