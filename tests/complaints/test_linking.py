"""Duplicates are tied to one that leads; nothing else of either changes, and nobody learns what is not theirs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lapor import crypto, database
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor, Conflict, Filed, NotFound, Refused
from lapor.complaints.queries.links import Linked, linked
from tests.complaints.conftest import Scene, reporter, sees


async def _link(scene: Scene, filed: Filed, to: Filed, actor: Actor | None = None, **given: Any) -> None:
    await desk.link(
        actor or scene.staff,
        filed.complaint_id,
        **{"to": tickets.show(to.ticket), "reason": "Lubang yang sama.", **given},
    )


async def _linked(scene: Scene, filed: Filed, person: int | None = None) -> list[Linked]:
    async with database.transaction("reader", user_id=person or scene.staff.person):
        return list(await linked(filed.complaint_id))


async def _tickets(scene: Scene, filed: Filed) -> list[tuple[str, bool]]:
    return [(one.ticket, one.leads) for one in await _linked(scene, filed)]


async def _give(scene: Scene, filed: Filed, code: str) -> None:
    await desk.route(scene.coordinator, filed.complaint_id, agency=await scene.agency(code), reason="Salah")


async def test_a_linked_complaint_and_its_leader_know_of_one_another(scene: Scene) -> None:
    leader, second, third = [await scene.file() for _ in range(3)]
    await _link(scene, second, leader)
    await _link(scene, third, leader)
    assert await _tickets(scene, leader) == [(second.ticket, False), (third.ticket, False)]
    assert await _tickets(scene, second) == [(leader.ticket, True), (third.ticket, False)]
    one = (await _linked(scene, second))[0]
    assert (one.status, one.clock, one.due_at) == ("routed", "response", leader.response_due_at)
    for filed in (leader, second, third):
        assert "linked" in await scene.kinds(filed)


async def test_a_link_is_told_without_words_or_tickets_and_not_to_the_reporters(scene: Scene) -> None:
    leader, other = await scene.file("Rahasia si pertama"), await scene.file("Rahasia si kedua")
    await _link(scene, other, leader)
    rows = await scene.world.fetch(
        "SELECT complaint, facts, digest FROM event WHERE kind = 'linked' ORDER BY id"
    )
    assert [(row["complaint"], json.loads(row["facts"])) for row in rows] == [
        (other.complaint_id, {"leader": leader.complaint_id}),
        (leader.complaint_id, {"follower": other.complaint_id}),
    ]
    assert rows[0]["digest"] is not None
    for filed, stranger in ((leader, other), (other, leader)):
        async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
            assert [row["id"] for row in await database.fetch("SELECT id FROM complaint")] == [
                filed.complaint_id
            ]
            said = [row["text"] for row in await database.fetch("SELECT text FROM statement")]
            assert said == []
        assert stranger.ticket not in str(rows)


async def test_linking_to_a_linked_one_leads_to_its_leader(scene: Scene) -> None:
    leader, second, third = [await scene.file() for _ in range(3)]
    await _link(scene, second, leader)
    await _link(scene, third, second)
    assert await _tickets(scene, third) == [(leader.ticket, True), (second.ticket, False)]


async def test_there_are_no_cycles_no_chains_and_no_link_to_oneself(scene: Scene) -> None:
    leader, second, third = [await scene.file() for _ in range(3)]
    await _link(scene, second, leader)
    for filed, to in ((leader, leader), (leader, second), (second, leader), (second, third), (leader, third)):
        with pytest.raises(Refused):
            await _link(scene, filed, to)
    assert await scene.world.fetchval("SELECT count(*) FROM complaint_link") == 1


async def test_two_officers_who_link_to_one_another_at_once_make_one_link(scene: Scene) -> None:
    first, second = await scene.file(), await scene.file()
    answers = await asyncio.gather(
        _link(scene, first, second), _link(scene, second, first), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"category": "sampah", "text": "Sampah menumpuk"},
        {"category": "kekerasan", "text": "Anak dipukul"},
        {"category": None, "reported_agency": "smg-dpu", "text": "Petugas minta uang"},
    ],
)
async def test_what_the_officer_may_not_read_looks_like_what_does_not_exist(
    scene: Scene, given: dict[str, Any]
) -> None:
    mine, other = await scene.file(), await scene.file(**given)
    with pytest.raises(Refused) as hidden:
        await _link(scene, mine, other)
    with pytest.raises(Refused) as unknown:
        await desk.link(scene.staff, mine.complaint_id, to=tickets.show(tickets.new_ticket()), reason="Sama")
    with pytest.raises(Refused) as nonsense:
        await desk.link(scene.staff, mine.complaint_id, to="bukan nomor", reason="Sama")
    assert hidden.value.message == unknown.value.message == nonsense.value.message
    assert {hidden.value.field, unknown.value.field, nonsense.value.field} == {"to"}
    with pytest.raises(NotFound):
        await _link(scene, other, mine)
    assert await scene.world.fetchval("SELECT count(*) FROM complaint_link") == 0


async def test_only_complaints_of_one_agency_are_linked_and_only_by_those_who_work_there(
    scene: Scene,
) -> None:
    road, waste = await scene.file(), await scene.file("Sampah menumpuk", category="sampah")
    with pytest.raises(Refused):
        await _link(scene, road, waste, scene.coordinator)
    inspector = await scene.officer("inspector", "smg-inspektorat")
    other = await scene.file()
    with pytest.raises(Refused):
        await _link(scene, road, other, inspector)
    with pytest.raises(Refused):
        await desk.link(reporter(road), road.complaint_id, to=other.ticket, reason="Sama")


async def test_anonymous_and_confidential_ones_are_linked_by_those_who_read_both(scene: Scene) -> None:
    plain, anonymous, confidential = (
        await scene.file(),
        await scene.file(anonymous=True),
        await scene.file(confidential=True),
    )
    await _link(scene, anonymous, plain)
    await _link(scene, confidential, plain)
    assert len(await _linked(scene, plain)) == 2
    hidden = await scene.file("Anak dipukul", category="kekerasan")
    twin = await scene.file("Anak dipukul lagi", category="kekerasan")
    named = await scene.officer("liaison", "smg-dp3a")
    await _link(scene, twin, hidden, named)
    head = await scene.officer("head_of_region", "smg-walikota")
    # Whoever sees only the clocks sees of the bundle what they see of each complaint: where it is, and since when.
    assert [one.ticket for one in await _linked(scene, twin, head.person)] == [hidden.ticket]
    assert await _linked(scene, twin, scene.staff.person) == []


async def test_a_link_is_taken_off_again_with_a_reason(scene: Scene) -> None:
    leader, other = await scene.file(), await scene.file()
    await _link(scene, other, leader)
    with pytest.raises(Refused):
        await desk.unlink(scene.staff, leader.complaint_id, reason="Bukan")
    with pytest.raises(Refused) as empty:
        await desk.unlink(scene.staff, other.complaint_id, reason=" ")
    assert empty.value.field == "reason"
    await desk.unlink(scene.staff, other.complaint_id, reason="Ternyata lubang lain.")
    assert await _linked(scene, leader) == await _linked(scene, other) == []
    for filed in (leader, other):
        assert (await scene.kinds(filed))[-1] == "unlinked"
    await _link(scene, leader, other)
    assert await _tickets(scene, leader) == [(other.ticket, True)]


async def test_a_link_of_a_complaint_that_has_moved_on_is_a_conflict(scene: Scene) -> None:
    leader, other = await scene.file(), await scene.file()
    await desk.note(scene.staff, other.complaint_id, text="Dilihat")
    with pytest.raises(Conflict):
        await _link(scene, other, leader, version=1)
    await _link(scene, other, leader, version=2)


async def test_a_link_binds_only_while_one_agency_has_both(scene: Scene) -> None:
    leader, other, third = [await scene.file() for _ in range(3)]
    await _link(scene, other, leader)
    await _give(scene, other, "smg-dlh")
    assert await _linked(scene, leader, scene.coordinator.person) == []
    with pytest.raises(Refused):
        await desk.unlink(scene.staff, leader.complaint_id, reason="Sudah pindah")
    # The leader is free again: what had parted from it is ended, in both chains.
    await _link(scene, leader, third)
    assert await _tickets(scene, leader) == [(third.ticket, True)]
    assert (await scene.kinds(other))[-1] == "unlinked"
    await _give(scene, other, "smg-dpu")
    assert await _linked(scene, other) == []
    taken = await scene.file()
    await _link(scene, other, taken)


async def test_a_bundle_that_goes_to_another_agency_together_stays_one(scene: Scene) -> None:
    leader, other = await scene.file(), await scene.file()
    await _link(scene, other, leader)
    for filed in (leader, other):
        await _give(scene, filed, "smg-dlh")
    officer = await scene.officer("staff", "smg-dlh")
    assert [one.ticket for one in await _linked(scene, leader, officer.person)] == [other.ticket]


async def test_a_rejection_as_a_duplicate_names_the_other_one_and_links_to_it(scene: Scene) -> None:
    leader, other = await scene.file(), await scene.file()

    async def reject(**given: Any) -> None:
        await desk.request_rejection(
            scene.staff, other.complaint_id, reason_code="duplicate", text="Sudah ditangani.", **given
        )

    for named in ("", "bukan nomor", tickets.show(other.ticket)):
        with pytest.raises(Refused) as refusal:
            await reject(duplicate_of=named)
        assert refusal.value.field == "duplicate_of"
    assert await scene.world.fetchval("SELECT count(*) FROM complaint_link") == 0
    with pytest.raises(Conflict):
        await reject(duplicate_of=leader.ticket, version=7)
    await reject(duplicate_of=leader.ticket, version=1)
    assert (await scene.kinds(other))[-2:] == ["linked", "rejection_claimed"]
    await desk.refuse(scene.checker, other.complaint_id, reason="Coba jelaskan")
    with pytest.raises(Conflict):
        await reject(version=1)
    # Tied already, it needs no ticket.
    await reject()
    await desk.confirm(scene.checker, other.complaint_id)
    assert (await scene.complaint(other))["status"] == "rejected"
    assert (await scene.clock(leader, "response"))["met_at"] is None
    with pytest.raises(Refused):
        await _link(scene, other, leader)


async def test_nobody_reads_or_writes_links_beyond_what_they_see(scene: Scene) -> None:
    leader, other = await scene.file(), await scene.file()
    await _link(scene, other, leader)
    stranger = await scene.officer("staff", "smg-dlh")
    assert await sees(stranger.person, "SELECT * FROM complaint_link") == []
    assert len(await sees(scene.staff.person, "SELECT * FROM complaint_link")) == 1
    async with database.transaction("desk", user_id=stranger.person):
        await database.execute("UPDATE complaint_link SET unlinked_at = lapor_now(), unlinked_by = 1")
    assert len(await _linked(scene, leader)) == 1
