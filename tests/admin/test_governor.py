"""The region above: the regencies and cities side by side, and what is asked of them, over HTTP."""

from __future__ import annotations

import re

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import file
from tests.ground import World
from tests.visitor import Visitor

BELOW = "/pimpinan/daerah"
EXPLANATIONS = "/pimpinan/penjelasan"
ASKED = "Mengapa laporan jalan rusak menumpuk?"
COUNT = re.compile(r'class="count[^"]*" aria-hidden="true">(\d+)<')


async def city(world: World) -> int:
    found: int = await world.fetchval("SELECT id FROM region WHERE code = '33.74'")
    return found


async def due(world: World, days: int = 4) -> str:
    found: str = await world.fetchval("SELECT ((lapor_now() + make_interval(days => $1))::date)::text", days)
    return found


async def ask(site: Visitor, world: World, **fields: str) -> str:
    path = f"{BELOW}/{await city(world)}/penjelasan"
    sent = await site.send_form(path, {"text": ASKED, "due_at": await due(world), **fields})
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


async def test_a_governor_sees_how_many_and_since_when_and_no_words(site: Visitor, simulated: World) -> None:
    filed = [await file(), await file(confidential=True), await file(category="kekerasan")]
    await simulated.advance(50)
    await desk.sweep()
    await site.as_role("head_of_region", "jtg-gubernur")
    page = (await site.get(BELOW)).text
    assert "Kota Semarang" in page
    assert COUNT.findall(page) == ["3"]
    assert cases.HOLE not in page
    for one in filed:
        assert one.ticket not in page
        assert f"{one.ticket[:5]}-{one.ticket[5:10]}" not in page
    assert f'href="{BELOW}"' in (await site.get("/pimpinan/eskalasi")).text


async def test_what_a_region_has_published_stands_beside_its_numbers(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await desk.publish(await cases.officer(simulated, "liaison"), complaint, text="Lubang di jalan desa.")
    await site.as_role("head_of_region", "jtg-gubernur")
    assert "Lubang di jalan desa." in (await site.get(BELOW)).text


async def test_the_numbers_are_those_of_the_regions_own_list(site: Visitor, simulated: World) -> None:
    answered = await file()
    for _ in range(4):
        await file()
    await desk.answer(await cases.officer(simulated, "liaison"), answered.complaint_id, text="Segera.")
    await simulated.advance(50)
    await desk.sweep()
    await site.as_role("head_of_region", "jtg-gubernur")
    above = COUNT.findall((await site.get(BELOW)).text)
    await site.as_role("head_of_region", "smg-walikota")
    assert COUNT.findall((await site.get("/pimpinan/eskalasi")).text) == above == ["4"]


async def test_the_form_says_whom_it_goes_to_and_in_whose_name(site: Visitor, simulated: World) -> None:
    await file()
    await simulated.advance(49)
    await site.as_role("leadership_staff", "jtg-gubernur")
    form = (await site.get(f"{BELOW}/{await city(simulated)}/penjelasan")).text
    assert "Minta penjelasan dari Kota Semarang" in form
    assert "<dd>Wali Kota Semarang</dd>" in form
    assert "atas nama Gubernur Jawa Tengah" in form
    assert "<dd>1</dd>" in form


async def test_from_the_question_to_the_answer(site: Visitor, simulated: World) -> None:
    await site.as_role("head_of_region", "jtg-gubernur")
    page = (await site.get(await ask(site, simulated))).text
    assert "Permintaan penjelasan sudah dikirim." in page
    assert ASKED in page
    explanation = await simulated.fetchval("SELECT id FROM explanation")
    await site.as_role("leadership_staff", "smg-walikota")
    page = (await site.get(EXPLANATIONS)).text
    assert ASKED in page
    assert "Anda bertindak atas nama Wali Kota Semarang" in page
    answer = {"text": "Anggarannya baru turun."}
    sent = await site.send_form(f"{EXPLANATIONS}/{explanation}/jawaban", answer, page=EXPLANATIONS)
    assert sent.status_code == 303
    for role, agency in (("leadership_staff", "smg-walikota"), ("sekda", "jtg-setda")):
        await site.as_role(role, agency)
        page = (await site.get(EXPLANATIONS)).text
        assert "Anggarannya baru turun." in page
        assert "atas nama Wali Kota Semarang" in page


async def test_a_question_without_words_comes_back_with_what_was_typed(
    site: Visitor, simulated: World
) -> None:
    await site.as_role("deputy_head", "jtg-gubernur")
    path = f"{BELOW}/{await city(simulated)}/penjelasan"
    sent = await site.send_form(path, {"text": " ", "due_at": await due(simulated)})
    assert sent.status_code == 422
    assert "Tulis isinya dahulu." in sent.text
    sent = await site.send_form(path, {"text": ASKED, "due_at": "besok"})
    assert sent.status_code == 422
    assert ASKED in sent.text
    sent = await site.send_form(path, {"text": ASKED, "due_at": await due(simulated, -2)})
    assert "Tanggalnya harus di masa depan." in sent.text
    assert await simulated.fetchval("SELECT count(*) FROM explanation") == 0


async def test_nobody_but_the_leaders_above_and_below_comes_in(site: Visitor, simulated: World) -> None:
    await site.as_role("head_of_region", "jtg-gubernur")
    await ask(site, simulated)
    explanation = await simulated.fetchval("SELECT id FROM explanation")
    form = f"{BELOW}/{await city(simulated)}/penjelasan"
    for role, agency, opens, reads, asks, answers in (
        ("head_of_region", "jtg-gubernur", 200, True, 200, 404),
        ("sekda", "jtg-setda", 200, True, 200, 403),
        ("inspector", "jtg-inspektorat", 200, True, 403, 403),
        ("head_of_region", "smg-walikota", 200, True, 404, None),
        ("sekda", "smg-setda", 200, True, 404, 403),
        ("inspector", "smg-inspektorat", 200, True, 403, 403),
        ("agency_head", "smg-dpu", 403, False, 403, 403),
        ("liaison", "smg-dpu", 403, False, 403, 403),
        ("coordinator", "smg-diskominfo", 403, False, 403, 403),
        ("administrator", "smg-diskominfo", 403, False, 403, 403),
    ):
        await site.as_public()
        await site.as_role(role, agency)
        who = f"{role} {agency}"
        page = await site.get(BELOW)
        assert page.status_code == opens, who
        assert (ASKED in (await site.get(EXPLANATIONS)).text) == reads, who
        assert (await site.get(form)).status_code == asks, who
        if answers:
            sent = await site.send_form(f"{EXPLANATIONS}/{explanation}/jawaban", {"text": "x"}, page="/sandi")
            assert sent.status_code in (answers, 422), who
    assert await simulated.fetchval("SELECT answered_at FROM explanation") is None
    await site.as_public()
    for address in (BELOW, EXPLANATIONS, form):
        assert "/masuk" in (await site.get(address)).headers["location"]


async def test_a_city_has_nothing_below_it(site: Visitor, simulated: World) -> None:
    await site.as_role("head_of_region", "smg-walikota")
    assert "Tidak ada kabupaten atau kota" in (await site.get(BELOW)).text
    assert f'href="{BELOW}"' not in (await site.get("/pimpinan/eskalasi")).text
