"""The command-centre screen: a device's own token, revocable, and numbers without a person in them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lapor.complaints import desk
from lapor.complaints.counting import count_up
from tests.admin import cases
from tests.admin.cases import HOLE, file
from tests.ground import World
from tests.visitor import Visitor

KEPT = "/pimpinan/layar"
SCREEN = "/layar"
INSIDE = "/layar/isi"
OPENING = "/layar/pasang"
CODE = re.compile(r'<p class="ticket">([A-Z0-9-]{14})</p>')
OVERDUE = re.compile(r"<h2><b>(\d+)</b>")
TODAY = re.compile(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>")
SHAPE = re.compile(r'<path class="(\w+)" d="M')
ON_MAP = re.compile(r'<text class="(?!name)[\w ]+" x="[\d.]+" y="[\d.]+">(\d+)</text>')
TILE = re.compile(r'<li class="\w+"><b>(\d+)</b><span>([^<]+)</span>')


async def made(site: Visitor, name: str = "Ruang kendali") -> str:
    """The code of a new screen of the city."""
    await site.as_role("leadership_staff", "smg-walikota")
    sent = await site.send_form(KEPT, {"name": name})
    assert sent.status_code == 200, sent.text
    found = CODE.search(sent.text)
    assert found
    return found.group(1)


@pytest_asyncio.fixture
async def device(site: Visitor) -> AsyncIterator[Visitor]:
    """A browser in the control room, at which nobody has logged in."""
    async with site.another() as other:
        yield other


async def opened(site: Visitor, device: Visitor) -> None:
    sent = await device.send_form(OPENING, {"code": await made(site)})
    assert (sent.status_code, sent.headers["location"]) == (303, SCREEN)


async def test_a_code_opens_the_screen_once(site: Visitor, simulated: World, device: Visitor) -> None:
    code = await made(site)
    assert (await device.get(SCREEN)).headers["location"] == OPENING
    assert (await device.get(INSIDE)).status_code == 403
    sent = await device.send_form(OPENING, {"code": code.lower().replace("-", " ")})
    assert sent.status_code == 303
    cookie = sent.headers["set-cookie"]
    assert "lapor_layar=" in cookie
    for said in ("HttpOnly", "Path=/layar", "SameSite=strict"):
        assert said.lower() in cookie.lower()
    assert (await device.get(SCREEN)).status_code == 200
    async with site.another() as thief:
        again = await thief.send_form(OPENING, {"code": code})
        assert again.status_code == 422
        assert "tidak berlaku lagi" in again.text
        assert (await thief.get(SCREEN)).status_code == 303


async def test_a_code_ends_after_half_an_hour(site: Visitor, simulated: World, device: Visitor) -> None:
    code = await made(site)
    await simulated.advance(0.6)
    assert (await device.send_form(OPENING, {"code": code})).status_code == 422


async def test_neither_code_nor_token_is_kept(site: Visitor, simulated: World, device: Visitor) -> None:
    code = await made(site)
    assert code.replace("-", "") not in str(await simulated.fetch("SELECT * FROM screen"))
    await device.send_form(OPENING, {"code": code})
    token = device.cookies.get("lapor_layar", path="/layar")
    assert token
    assert token not in str(await simulated.fetch("SELECT * FROM screen"))


async def test_the_token_opens_nothing_but_the_screen(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    await file()
    await opened(site, device)
    for address in ("/meja", "/pimpinan/eskalasi", "/pimpinan/layar", "/admin/"):
        assert "/masuk" in (await device.get(address)).headers["location"], address
    token = device.cookies.get("lapor_layar", path="/layar")
    async with site.another() as forger:
        forger.cookies.set("id", token or "")
        assert "/masuk" in (await forger.get("/meja")).headers["location"]


async def test_a_revoked_screen_shows_nothing_any_more(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    await opened(site, device)
    screen = await simulated.fetchval("SELECT id FROM screen")
    sent = await site.send_form(f"{KEPT}/{screen}/cabut", page=KEPT)
    assert sent.status_code == 303
    assert (await device.get(INSIDE)).status_code == 403
    assert (await device.get(SCREEN)).headers["location"] == OPENING
    page = (await site.get(KEPT)).text
    assert "dicabut oleh" in page
    assert (await site.send_form(f"{KEPT}/{screen}/kode", page=KEPT)).status_code == 404


async def test_a_new_code_takes_the_screen_from_the_old_device(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    await opened(site, device)
    screen = await simulated.fetchval("SELECT id FROM screen")
    sent = await site.send_form(f"{KEPT}/{screen}/kode", page=KEPT)
    found = CODE.search(sent.text)
    assert found
    assert (await device.get(INSIDE)).status_code == 200
    async with site.another() as newer:
        await newer.send_form(OPENING, {"code": found.group(1)})
        assert (await newer.get(INSIDE)).status_code == 200
    assert (await device.get(INSIDE)).status_code == 403


@pytest.mark.parametrize(
    ("role", "agency", "may"),
    [
        ("leadership_staff", "smg-walikota", True),
        ("administrator", "smg-diskominfo", True),
        ("head_of_region", "smg-walikota", False),
        ("sekda", "smg-setda", False),
        ("inspector", "smg-inspektorat", False),
        ("coordinator", "smg-diskominfo", False),
        ("liaison", "smg-dpu", False),
    ],
)
async def test_who_keeps_the_screens(site: Visitor, role: str, agency: str, may: bool) -> None:
    await site.as_role(role, agency)
    page = await site.get(KEPT)
    assert page.status_code == (200 if may else 403)
    assert (f'href="{KEPT}"' in (await site.get("/pemberitahuan")).text) == may
    sent = await site.send_form(KEPT, {"name": "Ruang"}, page="/pemberitahuan")
    assert sent.status_code == (200 if may else 403)
    assert await site.world.fetchval("SELECT count(*) FROM screen") == int(may)


async def test_another_region_s_keepers_neither_see_nor_close_a_screen(site: Visitor) -> None:
    await made(site, "Ruang kendali kota")
    screen = await site.world.fetchval("SELECT id FROM screen")
    await site.as_role("leadership_staff", "jtg-gubernur")
    assert "Ruang kendali kota" not in (await site.get(KEPT)).text
    assert (await site.send_form(f"{KEPT}/{screen}/cabut", page=KEPT)).status_code == 404
    assert await site.world.fetchval("SELECT revoked_at FROM screen") is None


async def test_a_screen_needs_a_name(site: Visitor) -> None:
    await site.as_role("leadership_staff", "smg-walikota")
    assert (await site.send_form(KEPT, {"name": "  "})).status_code == 422
    assert await site.world.fetchval("SELECT count(*) FROM screen") == 0


async def test_the_screen_counts_as_the_head_s_own_list(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    for given in (
        {},
        {"category": "sampah", "text": "Sampah menumpuk.", "district": "33.74.10", "village": None},
        {"anonymous": True},
        {"confidential": True},
        {"category": "kekerasan"},
        {"category": None, "reported_agency": "smg-dpu"},
        {"category": None, "reported_agency": "smg-walikota"},
        {"category": None, "about_official": True},
    ):
        await file(**given)
    answered = await file()
    await desk.answer(await cases.officer(simulated, "liaison"), answered.complaint_id, text="Segera.")
    await simulated.advance(49)
    await desk.sweep()
    await opened(site, device)
    page = (await device.get(INSIDE)).text
    await site.as_role("head_of_region", "smg-walikota")
    front = (await site.get("/pimpinan/eskalasi")).text
    headline = re.search(r'class="count[^"]*" aria-hidden="true">(\d+)<', front)
    assert headline
    assert OVERDUE.findall(page) == [headline.group(1)] == ["6"]
    tiles = {name: int(count) for count, name in TILE.findall(page)}
    assert tiles["Pedurungan"] == 2
    assert tiles["Tembalang"] == 1
    assert tiles["tidak dirinci"] == 3
    assert sum(tiles.values()) == 6


async def test_the_screen_names_nobody_and_quotes_nothing(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    filed = [
        await file(),
        await file(confidential=True, category="sampah", district="33.74.01", village="33.74.01.1001"),
        await file(category="kekerasan", district="33.74.02", village="33.74.02.1001"),
    ]
    await simulated.advance(49)
    await opened(site, device)
    hidden = await simulated.fetchval("SELECT name FROM category WHERE code = 'kekerasan'")
    for address in (SCREEN, INSIDE):
        page = (await device.get(address)).text
        for words in (HOLE, "Lestari", "81200000103", "Tlogosari", "Sampah", hidden):
            assert words not in page, words
        for one in filed:
            assert one.ticket not in page
            assert one.ticket[:5] not in page
        assert "Dinas PU" in page
        assert {name: int(count) for count, name in TILE.findall(page)} == {
            "Genuk": 0,
            "Pedurungan": 1,
            "Semarang Tengah": 0,
            "Semarang Utara": 0,
            "Tembalang": 0,
            "tidak dirinci": 2,
        }


async def test_today_begins_at_midnight_of_the_region(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    noon = await simulated.fetchval(
        "SELECT extract(epoch FROM (date_trunc('day', lapor_now() AT TIME ZONE 'Asia/Jakarta') + interval '36 hours')"
        " AT TIME ZONE 'Asia/Jakarta' - lapor_now())::int"
    )
    await simulated.advance(noon / 3600)
    late, answered_late, answered = await file(), await file(), await file()
    liaison = await cases.officer(simulated, "liaison")
    await simulated.advance(24)
    await desk.answer(liaison, answered.complaint_id, text="Segera.")
    await simulated.advance(23)
    await file()
    await simulated.advance(3)
    await desk.answer(liaison, answered_late.complaint_id, text="Maaf.")
    await opened(site, device)
    today = dict(TODAY.findall((await device.get(INSIDE)).text))
    assert today["Masuk hari ini"] == "1"
    assert today["Dijawab hari ini"] == "1"
    assert today["Lewat 2x24 jam hari ini"] == "2"
    await simulated.advance(24)
    assert dict(TODAY.findall((await device.get(INSIDE)).text))["Masuk hari ini"] == "0"
    assert late.ticket


async def test_the_month_s_share_is_that_of_the_figures(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    liaison = await cases.officer(simulated, "liaison")
    filed = [await file() for _ in range(8)]
    for one in filed[:6]:
        await desk.answer(liaison, one.complaint_id, text="Segera.")
    await simulated.advance(49)
    await count_up()
    await opened(site, device)
    today = dict(TODAY.findall((await device.get(INSIDE)).text))
    month = await simulated.fetchval("SELECT count(DISTINCT date_trunc('month', filed_at)) FROM complaint")
    now = await simulated.fetchval(
        "SELECT date_trunc('month', lapor_now()) = date_trunc('month', min(filed_at)) FROM complaint"
    )
    assert month == 1
    assert today["Bulan ini dijawab dalam 2x24 jam"] == ("75%" if now else "–")


async def test_the_page_renews_itself_without_a_script_too(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    await opened(site, device)
    page = await device.get(SCREEN)
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert 0 < int(re.findall(r'data-reload="(\d+)"', page.text)[0]) <= 24 * 3600
    assert await simulated.fetchval("SELECT last_seen_at IS NOT NULL FROM screen")


async def test_districts_stand_on_a_map_where_the_region_has_given_their_outlines(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    for _ in range(5):
        await file()
    await simulated.advance(49)
    await opened(site, device)
    page = (await device.get(INSIDE)).text
    assert sorted(SHAPE.findall(page)) == ["many", "nothing", "nothing", "nothing", "nothing"]
    assert sorted(ON_MAP.findall(page)) == ["0", "0", "0", "0", "5"]
    assert TILE.findall(page)[0] == ("5", "Pedurungan")
    assert "style=" not in page


async def test_with_an_outline_missing_there_are_tiles_and_no_map_with_a_hole(
    site: Visitor, simulated: World, device: Visitor
) -> None:
    await simulated.execute(
        "DELETE FROM region_outline WHERE region = (SELECT id FROM region WHERE name = 'Genuk')"
    )
    await opened(site, device)
    page = (await device.get(INSIDE)).text
    assert SHAPE.findall(page) == []
    assert len(TILE.findall(page)) == 5
