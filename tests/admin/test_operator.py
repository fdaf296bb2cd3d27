"""The counter and the call centre: taken down for somebody else, handed over, put on paper, never joined to what is hidden."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lapor.complaints import desk, tickets
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Filing
from tests.ground import World
from tests.images import from_phone
from tests.visitor import TOKEN, Visitor

LAMP = {
    "manner": "phone",
    "text": "Lampu jalan di depan masjid mati sejak tiga hari lalu.",
    "category": "lampu-jalan",
    "privacy": "open",
    "about_official": "no",
    "phone": "0812 0000 1234",
    "name": "Sri Rahayu",
}
FORM = re.compile(r'name="form" value="([^"]+)"')
HERE = "smg-diskominfo"
PART = {"x-lapor-part": "1"}


def plain(page: str) -> str:
    """The page's words."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def take_down(site: Visitor, fields: dict[str, str]) -> httpx.Response:
    """Fill in a fresh form and send it."""
    opened = await site.get("/loket")
    form = FORM.search(opened.text)
    token = TOKEN.search(opened.text)
    assert form, opened.status_code
    assert token
    return await site.post("/loket", data={**fields, "form": form.group(1), "_csrf_token": token.group(1)})


async def slip_of(site: Visitor, fields: dict[str, str]) -> httpx.Response:
    """File and open the slip."""
    sent = await take_down(site, fields)
    assert sent.status_code == 303, plain(sent.text)
    return await site.get(sent.headers["location"])


async def _newest(world: World) -> dict[str, Any]:
    return dict((await world.fetch("SELECT * FROM complaint ORDER BY id DESC LIMIT 1"))[0])


async def _filed_facts(world: World, complaint: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        await world.fetchval("SELECT facts FROM event WHERE complaint = $1 AND seq = 1", complaint)
    )
    return found


async def test_an_operator_takes_down_a_call_and_has_a_slip_with_ticket_link_and_due_time(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    slip = await slip_of(site, LAMP)
    complaint = await _newest(world)
    assert slip.status_code == 200
    assert complaint["channel"] == "phone"
    assert complaint["type"] == "service"
    assert tickets.show(complaint["ticket"]) in slip.text.replace("</span><span>", "")
    assert f"{world.settings.base_url}/laporan/{tickets.show(complaint['ticket'])}/buka/" in slip.text
    assert "<svg" in slip.text
    assert "Jawaban paling lambat" in slip.text
    assert "style=" not in slip.text
    for hidden in ("Lampu jalan di depan", "Sri Rahayu", "1234"):
        assert hidden not in plain(slip.text)
    assert (await _filed_facts(world, complaint["id"]))["taken_by"] == site.person


async def test_the_counter_is_all_that_an_operator_s_menu_leads_to_besides_what_everybody_has(
    site: Visitor,
) -> None:
    await site.as_role("operator", HERE)
    page = (await site.get("/loket")).text
    assert '<a class="brand" href="/loket">' in page
    assert 'href="/meja"' not in page
    assert 'href="/pimpinan/eskalasi"' not in page
    assert (await site.get("/meja")).status_code == 403


async def test_the_secret_on_the_slip_opens_the_resident_s_page_and_stands_in_no_address_of_the_counter(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    sent = await take_down(site, LAMP)
    slip = await site.get(sent.headers["location"])
    found = re.search(r"/laporan/[^/]+/buka/([\w-]+)", slip.text)
    assert found
    assert found.group(1) not in sent.headers["location"]
    assert found.group(1) not in sent.headers["set-cookie"]
    opened = await site.another().get(found.group(0), follow_redirects=True)
    assert "Lampu jalan di depan masjid" in opened.text


async def test_a_slip_opens_for_the_operator_who_made_it_and_for_nobody_else_at_the_same_browser(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    where = (await take_down(site, LAMP)).headers["location"]
    assert (await site.get(where)).status_code == 200
    await site.as_person(await world.officer("operator", "smg-diskominfo"))
    assert (await site.get(where)).status_code == 404


async def test_what_is_wrong_comes_back_beside_its_field_with_everything_typed(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    sent = await take_down(
        site,
        {
            **LAMP,
            "text": "",
            "manner": "letter",
            "written": "2999-01-01",
            "phone": "12",
            "address": "Dekat pasar",
        },
    )
    assert sent.status_code == 422
    for field in ("text", "written", "phone"):
        assert f'id="f-{field}-wrong"' in sent.text
    assert 'value="Dekat pasar"' in sent.text
    assert await world.fetchval("SELECT count(*) FROM complaint") == 0


async def _filled(site: Visitor) -> dict[str, str]:
    """The counter's form as it was opened, filled in."""
    opened = await site.get("/loket")
    return {
        **LAMP,
        "form": FORM.search(opened.text).group(1),  # type: ignore[union-attr]
        "_csrf_token": TOKEN.search(opened.text).group(1),  # type: ignore[union-attr]
    }


async def test_sending_the_same_form_twice_files_once(site: Visitor, world: World) -> None:
    await site.as_role("operator", HERE)
    fields = await _filled(site)
    first, second = await site.post("/loket", data=fields), await site.post("/loket", data=fields)
    assert first.headers["location"] == second.headers["location"]
    assert await world.fetchval("SELECT count(*) FROM complaint") == 1


async def test_a_letter_with_an_old_date_is_overdue_at_entry_and_escalates_at_the_next_sweep(
    site: Visitor, simulated: World
) -> None:
    await site.as_role("operator", HERE)
    written = (await simulated.now() - timedelta(days=5)).date()
    slip = await slip_of(site, {**LAMP, "manner": "letter", "written": written.isoformat()})
    complaint = await _newest(simulated)
    assert complaint["channel"] == "counter"
    assert complaint["written_at"] < complaint["filed_at"] - timedelta(days=3)
    assert "sudah lewat saat surat diterima. Sistem segera menyampaikannya kepada Wali Kota" in plain(
        slip.text
    )
    assert "Jawaban paling lambat" not in slip.text
    clock = (
        await simulated.fetch(
            "SELECT * FROM clock WHERE complaint = $1 AND kind = 'response'", complaint["id"]
        )
    )[0]
    assert clock["started_at"] == complaint["written_at"]
    assert clock["due_at"] < complaint["filed_at"]
    await desk.sweep()
    fired = await simulated.fetch("SELECT step FROM escalation WHERE clock = $1 AND NOT skipped", clock["id"])
    assert "escalate" in {row["step"] for row in fired}
    facts = await _filed_facts(simulated, complaint["id"])
    assert (facts["manner"], facts["received_late"]) == ("letter", True)


async def test_what_was_received_late_is_counted_beside_the_figures_and_told_in_the_story(
    site: Visitor, simulated: World
) -> None:
    await site.as_role("operator", HERE)
    for days in (5, 3, 1):
        written = (await simulated.now() - timedelta(days=days)).date()
        await slip_of(site, {**LAMP, "manner": "letter", "written": written.isoformat()})
    await slip_of(site, LAMP)
    newest = await _newest(simulated)
    await count_all()
    await site.as_role("coordinator", HERE)
    shown = plain((await site.get("/angka")).text)
    assert "2 laporan sudah lewat tenggat saat diterima" in shown
    assert "lewat tenggat saat diterima" not in (await site.get("/angka?kanal=web")).text
    assert "lewat tenggat saat diterima" not in (await site.another().get("/angka-publik")).text
    story = plain((await site.get(f"/meja/aduan/{newest['id'] - 3}")).text)
    assert "dicatat oleh petugas loket · dari surat · tenggatnya sudah lewat saat diterima" in story


async def test_a_letter_of_today_and_one_without_a_date_start_when_they_are_received(
    site: Visitor, simulated: World
) -> None:
    await site.as_role("operator", HERE)
    for written in ("", (await simulated.now() + timedelta(hours=7)).date().isoformat()):
        await slip_of(site, {**LAMP, "manner": "letter", "written": written})
        complaint = await _newest(simulated)
        started = await simulated.fetchval(
            "SELECT started_at FROM clock WHERE complaint = $1 AND kind = 'response'", complaint["id"]
        )
        assert started == complaint["filed_at"]


async def test_an_incident_from_112_bears_its_mark_and_number_and_a_name_is_no_number(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    refused = await take_down(site, {**LAMP, "manner": "112", "incident": "Pak Joko 0812"})
    assert refused.status_code == 422
    assert 'id="f-incident-wrong"' in refused.text
    await slip_of(site, {**LAMP, "manner": "112", "incident": "112/2026.0045"})
    complaint = await _newest(world)
    facts = await _filed_facts(world, complaint["id"])
    assert complaint["channel"] == "phone"
    assert (facts["manner"], facts["incident"]) == ("112", "112/2026.0045")


async def test_an_emergency_is_handed_over_to_the_roster_before_anything_else_and_in_time(
    site: Visitor, simulated: World
) -> None:
    await site.as_role("operator", HERE)
    first = await slip_of(
        site, {**LAMP, "category": "kebakaran", "text": "Rumah terbakar, ada orang di dalam"}
    )
    assert "Darurat: serahkan kepada piket sekarang" in first.text
    assert first.text.index("Darurat: serahkan") < first.text.index('class="slip"')
    assert ">112<" in first.text
    assert 'data-key="n"' not in first.text
    path = first.url.path.removesuffix("/slip")
    empty = await site.send_form(f"{path}/serah-terima", {"to": "", "text": "x"}, page=f"{path}/slip")
    assert empty.status_code == 422
    assert 'id="f-to-wrong"' in empty.text
    await simulated.advance(0.1)
    done = await site.send_form(
        f"{path}/serah-terima",
        {"to": "Piket Damkar, Pak Contoh", "text": "Dua mobil berangkat", "cara": "112"},
        page=f"{path}/slip",
    )
    assert done.status_code == 303
    after = await site.get(done.headers["location"])
    assert "Sudah diserahkan kepada piket." in after.text
    assert 'data-key="n"' in after.text
    complaint = await _newest(simulated)
    clock = (
        await simulated.fetch(
            "SELECT * FROM clock WHERE complaint = $1 AND kind = 'emergency'", complaint["id"]
        )
    )[0]
    assert clock["met_at"] <= clock["due_at"] == clock["started_at"] + timedelta(minutes=15)
    acts = await simulated.fetch(
        "SELECT kind, actor FROM event WHERE complaint = $1 ORDER BY seq", complaint["id"]
    )
    assert tuple(acts[-1]) == ("handed_over", f"officer:{site.person}")
    again = await site.send_form(f"{path}/serah-terima", {"to": "x", "text": "x"}, page="/loket")
    assert again.status_code == 422


async def test_a_hand_over_after_the_session_leads_back_to_its_slip_and_to_nowhere_else(
    site: Visitor,
) -> None:
    token = TOKEN.search((await site.get("/lapor")).text).group(1)  # type: ignore[union-attr]
    for ticket, back in (("ABCDE-FGHJK-X", "ABCDE-FGHJK-X"), ("a%0d%0aX:%20y&z", "a%0D%0AX%3A%20y%26z")):
        sent = await site.post(f"/loket/{ticket}/serah-terima", data={"to": "x", "_csrf_token": token})
        assert sent.status_code == 303
        assert sent.headers["location"] == f"/masuk?lanjut=/loket/{back}/slip"


async def test_an_operator_hands_over_only_what_they_took_down_themselves(
    site: Visitor, world: World
) -> None:
    filed = await desk.file(Filing(type="complaint", text="Rumah terbakar", category="kebakaran"))
    await site.as_role("operator", HERE)
    path = f"/loket/{tickets.show(filed.ticket)}"
    sent = await site.send_form(f"{path}/serah-terima", {"to": "Piket", "text": "x"}, page="/loket")
    assert sent.status_code == 404
    with pytest.raises(desk.NotFound):
        await desk.hand_over(desk.Actor.officer(site.person or 0), filed.complaint_id, to="Piket", text="x")


PHONE = "+6281200001234"


async def _look(site: Visitor, **fields: str) -> httpx.Response:
    token = TOKEN.search((await site.get("/loket")).text)
    assert token
    return await site.post(
        "/loket/riwayat",
        data={"phone": "0812 0000 1234", "privacy": "open", **fields, "_csrf_token": token.group(1)},
        headers=PART,
    )


async def test_the_history_of_a_caller_shows_ordinary_complaints_and_never_hidden_ones(
    site: Visitor, world: World
) -> None:
    given: dict[str, dict[str, Any]] = {
        "shown": {},
        "anonymous": {"anonymous": True},
        "confidential": {"confidential": True},
        "protected": {"category": "kekerasan"},
        "official": {"about_official": True, "category": None},
        "another": {"phone": "+6281200009999"},
    }
    filed = {}
    for name, fields in given.items():
        filing: dict[str, Any] = {
            "category": "jalan-rusak",
            "phone": PHONE,
            "text": "Lubang zqgembok",
            **fields,
        }
        filed[name] = await desk.file(Filing(type="complaint", **filing))
    await site.as_role("operator", HERE)
    shown = await _look(site)
    assert shown.status_code == 200
    assert {name for name, one in filed.items() if tickets.show(one.ticket) in shown.text} == {"shown"}
    assert "1 laporan dari nomor ini" in shown.text
    assert "zqgembok" not in shown.text


async def test_each_look_at_a_caller_s_history_stands_in_the_chain_of_what_it_showed(
    site: Visitor, world: World
) -> None:
    filed = await desk.file(Filing(type="complaint", text="Lubang", category="jalan-rusak", phone=PHONE))
    await site.as_role("operator", HERE)
    for _ in range(2):
        await _look(site)
    looks = await world.fetch(
        "SELECT actor FROM event WHERE complaint = $1 AND kind = 'history_seen'", filed.complaint_id
    )
    assert [row["actor"] for row in looks] == [f"officer:{site.person}"] * 2


async def test_who_wants_to_stay_hidden_is_looked_up_nowhere(site: Visitor, world: World) -> None:
    filed = await desk.file(Filing(type="complaint", text="Lubang", category="jalan-rusak", phone=PHONE))
    await site.as_role("operator", HERE)
    for privacy in ("anonymous", "confidential"):
        shown = await _look(site, privacy=privacy)
        assert tickets.show(filed.ticket) not in shown.text
    assert not await world.fetchval("SELECT EXISTS (SELECT FROM event WHERE kind = 'history_seen')")


async def test_an_operator_of_another_region_finds_nothing(site: Visitor, world: World) -> None:
    filed = await desk.file(Filing(type="complaint", text="Lubang", category="jalan-rusak", phone=PHONE))
    await site.as_role("operator", "jtg-diskominfo")
    assert tickets.show(filed.ticket) not in (await _look(site)).text


@pytest.mark.parametrize("role", ["staff", "liaison", "head_of_region", "administrator"])
async def test_other_offices_neither_open_the_counter_nor_look_up_a_caller(
    site: Visitor, world: World, role: str
) -> None:
    await desk.file(Filing(type="complaint", text="Lubang", category="jalan-rusak", phone=PHONE))
    person = await world.officer(role)
    with pytest.raises(desk.Refused):
        await desk.look_at_caller(desk.Actor.officer(person), PHONE)
    await site.as_person(person)
    assert (await site.get("/loket")).status_code == 403


async def test_words_propose_topics_and_places_with_a_script_and_without(site: Visitor) -> None:
    await site.as_role("operator", HERE)
    token = TOKEN.search((await site.get("/loket")).text).group(1)  # type: ignore[union-attr]
    fields = {"text": "Lampu jalan mati di kelurahan Kedungmundu", "_csrf_token": token, "name": "Sri"}
    part = await site.post("/loket/saran", data=fields, headers=PART)
    assert 'data-value="lampu-jalan"' in part.text
    assert 'data-then-value="33.74.10.1009"' in part.text
    assert "<html" not in part.text
    whole = await site.post("/loket/saran", data=fields)
    assert 'data-value="lampu-jalan"' in whole.text
    assert 'value="Sri"' in whole.text
    assert "Lampu jalan mati di kelurahan Kedungmundu</textarea>" in whole.text


async def test_what_was_typed_is_not_lost_when_the_session_has_ended(site: Visitor, world: World) -> None:
    await site.as_role("operator", HERE)
    fields = await _filled(site)
    person = site.person
    site.cookies.delete("id")
    for path in ("/loket", "/loket/saran", "/loket/riwayat"):
        over = await site.post(path, data=fields)
        assert over.status_code == 403
        assert "Sesi Anda sudah berakhir" in over.text
        assert LAMP["text"] in over.text
        assert 'value="Sri Rahayu"' in over.text
    assert await world.fetchval("SELECT count(*) FROM complaint") == 0
    await site.as_person(person or 0)
    assert (await site.post("/loket", data=fields)).status_code == 303


async def test_paper_does_not_have_to_answer_the_questions_of_its_topic(site: Visitor, world: World) -> None:
    await site.as_role("operator", HERE)
    await slip_of(site, {**LAMP, "manner": "letter", "category": "air-bersih", "text": "Air mati"})
    assert (await _newest(world))["channel"] == "counter"


async def test_a_slip_of_a_protected_complaint_names_no_agency(site: Visitor, world: World) -> None:
    await site.as_role("operator", HERE)
    slip = await slip_of(site, {**LAMP, "category": "perlindungan-anak", "text": "Anak dipaksa mengemis"})
    agency = await world.fetchval(
        "SELECT a.name FROM agency a WHERE a.id = $1", (await _newest(world))["owner_agency"]
    )
    assert agency not in html.unescape(slip.text)
    assert "Hanya petugas khusus" in slip.text


async def test_a_scan_of_the_letter_is_kept_and_one_that_is_none_costs_only_itself(
    site: Visitor, world: World
) -> None:
    await site.as_role("operator", HERE)
    fields = await _filled(site)
    files = [
        ("photos", ("surat.jpg", from_phone(1), "image/jpeg")),
        ("photos", ("surat.html", b"<html>", "image/jpeg")),
    ]
    back = await site.post("/loket/saran", data=fields, files=files)
    assert "Pilih lagi fotonya" in back.text
    sent = await site.post("/loket", data=fields, files=files)
    assert sent.status_code == 303
    slip = await site.get(sent.headers["location"])
    assert "Foto ke-2 tidak dapat dipakai" in slip.text
    kept = await world.fetch("SELECT purpose FROM attachment")
    assert [row["purpose"] for row in kept] == ["report"]
