"""The inspectorate's pages: two people open an identity once; whoever reads guarded words leaves a trace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lapor.admin.panel_tables import NAMES
from lapor.app import _litestar
from lapor.complaints import desk, pictures
from lapor.complaints.desk import Actor, Filed, Filing
from lapor.settings import Settings
from tests.complaints.conftest import reporter
from tests.complaints.test_row_security import FILINGS, SEEN, VIEWERS, WORDS
from tests.flows.test_who_reaches_what import ADDRESSES, OFFICERS, WORD, _addresses, _filled
from tests.ground import World
from tests.images import jpeg
from tests.visitor import Visitor

ROOT = Path(__file__).parent.parent.parent / "lapor"

INSPECTORATE = "smg-inspektorat"
NAME = "Sri Rahayu Rahasia"
REASON = "Pelapor menyebut ancaman dari petugas."
GUARDED = [kind for kind in FILINGS if kind not in ("ordinary", "anonymous")]


async def _file(kind: str, **more: Any) -> Filed:
    given: dict[str, Any] = {
        "type": "complaint",
        "category": "jalan-rusak",
        "text": f"Lubang {WORD[kind]} di jalan",
        "name": NAME,
        "phone": "+6281200009999",
        **FILINGS[kind],
        **more,
    }
    return await desk.file(Filing(**given))


async def _inspectors(world: World) -> tuple[int, int]:
    return await world.officer("inspector", INSPECTORATE), await world.officer("inspector", INSPECTORATE)


async def _newest(world: World) -> int:
    number: int = await world.fetchval("SELECT max(id) FROM reveal")
    return number


async def test_two_inspectors_open_an_identity_and_it_is_shown_once(site: Visitor) -> None:
    filed = await _file("anonymous")
    first, second = await _inspectors(site.world)
    await site.as_person(first)
    asked = await site.send_form(
        "/inspektorat/permintaan", {"ticket": filed.ticket.lower(), "reason": REASON}, page="/inspektorat"
    )
    assert asked.headers["location"] == "/inspektorat?selesai=diminta"
    number = await _newest(site.world)
    early = await site.send_form(f"/inspektorat/permintaan/{number}/identitas", page="/inspektorat")
    assert early.status_code == 409
    own = await site.send_form(
        f"/inspektorat/permintaan/{number}/putusan", {"decision": "ya"}, page="/inspektorat"
    )
    assert own.status_code == 422
    assert "orang kedua" in own.text
    await site.as_person(second)
    opened = await site.get("/inspektorat")
    assert REASON in opened.text
    assert NAME not in opened.text
    decided = await site.send_form(
        f"/inspektorat/permintaan/{number}/putusan", {"decision": "ya"}, page="/inspektorat"
    )
    assert decided.headers["location"] == "/inspektorat?selesai=diizinkan"
    other = await site.send_form(f"/inspektorat/permintaan/{number}/identitas", page="/inspektorat")
    assert other.status_code == 409
    assert NAME not in other.text
    await site.as_person(first)
    shown = await site.send_form(f"/inspektorat/permintaan/{number}/identitas", page="/inspektorat")
    assert shown.status_code == 200
    assert NAME in shown.text
    assert shown.headers["cache-control"] == "no-store"
    again = await site.send_form(f"/inspektorat/permintaan/{number}/identitas", page="/inspektorat")
    assert again.status_code == 409
    assert NAME not in again.text
    assert "satu kali" in again.text


async def test_a_report_leads_an_inspector_and_nobody_else_to_the_request(site: Visitor) -> None:
    filed = {kind: await _file(kind) for kind in ("ordinary", "anonymous", "confidential", "protected")}
    for role, agency in (("inspector", INSPECTORATE), ("head_of_region", "smg-walikota")):
        await site.as_role(role, agency)
        for kind, one in filed.items():
            page = await site.get(f"/pimpinan/aduan/{one.complaint_id}")
            offered = role == "inspector" and kind in ("anonymous", "confidential")
            assert ("/inspektorat?nomor=" in page.text) == offered, f"{role} · {kind}"
            if offered:
                link = re.search(r'href="(/inspektorat\?nomor=[^"#]+)', page.text)
                assert link
                assert f'value="{one.ticket[:5]}-' in (await site.get(link.group(1))).text


async def test_the_reporter_reads_that_their_identity_was_seen(site: Visitor) -> None:
    filed = await _file("confidential")
    first, second = await _inspectors(site.world)
    number = await desk.ask_reveal(Actor.officer(first), filed.complaint_id, reason=REASON)
    await desk.decide_reveal(Actor.officer(second), number, granted=True)
    await desk.open_reveal(Actor.officer(first), number)
    page = await site.get(f"/laporan/{filed.ticket}/buka/{filed.secret}", follow_redirects=True)
    assert "Inspektorat melihat identitas Anda" in page.text
    assert REASON not in page.text


async def test_a_form_of_the_inspectorate_comes_back_with_what_was_typed(site: Visitor) -> None:
    filed = await _file("anonymous")
    ordinary = await _file("ordinary")
    await site.as_person((await _inspectors(site.world))[0])
    for ticket, reason, said in (
        ("bukan nomor", REASON, "ABCDE-FGHJK-X"),
        (filed.ticket, "", "Tulis alasannya"),
        (ordinary.ticket, REASON, "tidak anonim"),
        ((await _file("about the inspectorate")).ticket, REASON, "tidak dikenal"),
        ((await _file("protected")).ticket, REASON, "tidak dibuka bagi siapa pun"),
    ):
        answer = await site.send_form(
            "/inspektorat/permintaan", {"ticket": ticket, "reason": reason}, page="/inspektorat"
        )
        assert answer.status_code == 422, said
        assert said in answer.text
        assert ticket in answer.text
        assert reason in answer.text
    assert await site.world.fetchval("SELECT count(*) FROM reveal") == 0


async def test_the_inspectorate_s_pages_are_open_to_inspectors_alone(site: Visitor) -> None:
    for viewer, office in VIEWERS.items():
        await site.as_public()
        await site.as_person(await site.world.officer(*office))
        for address in ("/inspektorat", "/inspektorat/jejak"):
            answer = await site.get(address)
            assert (answer.status_code == 200) == (office[0] == "inspector"), viewer
    await site.as_public()
    assert "/masuk" in (await site.get("/inspektorat")).headers["location"]


async def test_whoever_opens_a_guarded_complaint_stands_in_the_traces_once_an_hour(site: Visitor) -> None:
    await site.world.simulate()
    filed = await _file("confidential")
    person = await site.world.officer("staff", "smg-dpu", username="pembaca-contoh")
    await site.as_person(person)
    for _ in range(3):
        await site.get(f"/meja/aduan/{filed.complaint_id}")
    count = "SELECT count(*) FROM reading_trace WHERE complaint = $1 AND person = $2 AND manner = 'opened'"
    assert await site.world.fetchval(count, filed.complaint_id, person) == 1
    await site.world.advance(1)
    await site.as_public()
    await site.as_person(person)
    await site.get(f"/meja/aduan/{filed.complaint_id}")
    assert await site.world.fetchval(count, filed.complaint_id, person) == 2
    await site.as_public()
    await site.as_person((await _inspectors(site.world))[0])
    traces = await site.get("/inspektorat/jejak")
    assert traces.text.count("Petugas pembaca-contoh") == 2
    ticket = f"{filed.ticket[:5]}-{filed.ticket[5:10]}-{filed.ticket[10:]}"
    assert ticket in traces.text
    for question, found in (
        (f"nomor={ticket}", True),
        ("petugas=PEMBACA", True),
        ("petugas=orang+lain", False),
        ("cara=opened", True),
        ("cara=photo", False),
        ("sampai=2020-01-01", False),
        ("dari=2020-01-01", True),
        ("dari=bukan&sampai=hari", True),
    ):
        answer = await site.get(f"/inspektorat/jejak?{question}")
        assert answer.status_code == 200
        assert ("Petugas pembaca-contoh</" in re.sub(r"\s*<span", "</", answer.text)) == found, question


async def test_an_ordinary_complaint_leaves_no_trace(site: Visitor) -> None:
    for kind in ("ordinary", "anonymous"):
        filed = await _file(kind)
        await site.as_role("staff", "smg-dpu")
        await site.get(f"/meja/aduan/{filed.complaint_id}")
    assert await site.world.fetchval("SELECT count(*) FROM reading_trace") == 0


async def test_no_address_shows_guarded_words_without_a_trace(site: Visitor, settings: Settings) -> None:
    await site.world.simulate()
    filed = {kind: await _file(kind) for kind in GUARDED}
    await site.world.advance(49)
    await desk.sweep()
    seen = 0
    missing: list[str] = []
    pages = [path for path in _addresses(settings, "GET") if _is_for_officers(path)]
    for viewer, office in VIEWERS.items():
        mine = [kind for kind in GUARDED if SEEN[kind].get(viewer) == WORDS]
        if not mine:
            continue
        person = await site.world.officer(*office)
        await site.as_public()
        await site.as_person(person)
        asked = {_filled(path, filed[kind]) for path in pages for kind in mine}
        # In capitals, so that the page's own search field is not taken for a find.
        asked |= {f"/meja?cari={WORD[kind].upper()}" for kind in mine}
        for address in sorted(asked):
            answer = await site.get(address)
            shown = [kind for kind in mine if WORD[kind] in answer.text]
            seen += len(shown)
            missing += [
                f"{viewer} · {address} · {kind}"
                for kind in shown
                if not await _noted(site.world, filed[kind], person)
            ]
            if shown:
                await _forget(site.world)
    assert missing == []
    assert seen > 20


# Modules that read words or pictures without a note of their own, and why nobody is shown any by them unseen.
UNNOTED = {
    "queries/filters.py": "conditions only; what a list then shows is noted by the list, and counts find nothing guarded",
    "queries/claims.py": "asked for lines of the queue, which are noted there",
    "queries/beside.py": "gives no words, and leaves guarded complaints out",
    "queries/same_words.py": "the agency's own letter, without saying to whom",
    "queries/complaint_rows.py": "statements that queries/complaint.py runs, which notes them",
    "queries/figures/measures.py": "counts",
    "queries/explanations.py": "the public copies, of which guarded complaints have none",
    "queries/overdue.py": "noted by the page of the list; the counter and the short-lived link show no guarded words",
}


def test_every_module_that_reads_words_for_officers_leaves_traces() -> None:
    reading = re.compile(r"\b(w|s|n|ps|ts)\.text\b|FROM (attachment|content|statement)\b")
    places = (*(ROOT / "complaints" / "queries").rglob("*.py"), *(ROOT / "admin").rglob("*.py"))
    silent = {
        path.relative_to(ROOT).as_posix().removeprefix("complaints/")
        for path in places
        if reading.search(path.read_text()) and not re.search(r"await note_\w+\(", path.read_text())
    }
    assert silent <= set(UNNOTED)


async def test_a_photo_asked_for_by_itself_leaves_a_trace(site: Visitor) -> None:
    filed = await _file("confidential")
    await desk.add_photos(reporter(filed), filed.complaint_id, [pictures.read(jpeg(1))])
    photo = await site.world.fetchval("SELECT id FROM attachment")
    person = await site.world.officer("staff", "smg-dpu")
    await site.as_person(person)
    assert (await site.get(f"/meja/foto/{photo}")).status_code == 200
    assert await _noted(site.world, filed, person)


async def test_the_panel_s_api_leaves_the_same_traces(site: Visitor) -> None:
    filed = await _file("confidential")
    person = await site.world.officer("staff", "smg-dpu")
    await site.world.execute(
        "INSERT INTO statement (complaint, kind, cycle, agency, to_reporter, text, salt, made_at)"
        " SELECT id, 'note', 1, owner_agency, false, 'catatan gembok', '', filed_at FROM complaint"
    )
    await site.as_person(person)
    content = await site.world.fetchval("SELECT id FROM content")
    statement = await site.world.fetchval("SELECT id FROM statement")
    for table, row in (("content", content), ("statement", statement)):
        for question in ("", f"{row}/", "ids/", "?text=gembok", f"?text={WORD['confidential']}"):
            await _forget(site.world)
            answer = await site.panel("GET", f"/tables/{NAMES[table]}/{question}")
            assert answer.status_code == 200, f"{table} {question}"
            shows = WORD["confidential"] in answer.text or "gembok" in answer.text or question == "ids/"
            assert await _noted(site.world, filed, person) == shows, f"{table} {question}"


async def test_no_running_role_changes_a_trace(site: Visitor) -> None:
    rows = await site.world.fetch(
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_name IN ('reading_trace', 'letter_archive') AND grantee LIKE 'lapor\\_%' AND grantee <> 'lapor_owner'"
    )
    assert {row["privilege_type"] for row in rows} <= {"SELECT", "INSERT"}
    assert ("lapor_reader", "INSERT") not in {tuple(row) for row in rows}


def _is_for_officers(path: str) -> bool:
    return ADDRESSES.get(path, OFFICERS) == OFFICERS


async def _forget(world: World) -> None:
    await world.execute("ALTER TABLE reading_trace DISABLE TRIGGER reading_trace_refuse")
    await world.execute("DELETE FROM reading_trace")
    await world.execute("ALTER TABLE reading_trace ENABLE TRIGGER reading_trace_refuse")


async def _noted(world: World, filed: Filed, person: int) -> bool:
    found: bool = await world.fetchval(
        "SELECT EXISTS (SELECT FROM reading_trace WHERE complaint = $1 AND person = $2)",
        filed.complaint_id,
        person,
    )
    return found


def test_the_inspectorate_has_its_addresses(settings: Settings) -> None:
    paths = {route.path for route in _litestar(settings).routes}
    assert {"/inspektorat", "/inspektorat/jejak", "/inspektorat/permintaan"} <= paths
