"""Who filed an anonymous or confidential complaint: asked by one inspector, granted by another, shown once."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, NotFound, Refused
from tests.complaints.conftest import Scene, sees
from tests.complaints.test_row_security import FILINGS, VIEWERS

INSPECTORATE = "smg-inspektorat"
REASON = "Pelapor menyebut ancaman; kami harus memastikan keselamatannya."
GIVEN: dict[str, Any] = {
    "name": "Sri Rahayu Contoh",
    "phone": "081200000311",
    "email": "sri.contoh@contoh.example",
}
# Only these kinds of complaints may ever show who filed them, and only to the inspectorate of their region.
REVEALABLE = {"anonymous", "confidential"}


async def _pair(scene: Scene) -> tuple[Actor, Actor]:
    return await scene.officer("inspector", INSPECTORATE), await scene.officer("inspector", INSPECTORATE)


async def _granted(scene: Scene, filed: Filed) -> tuple[Actor, int]:
    first, second = await _pair(scene)
    number = await desk.ask_reveal(first, filed.complaint_id, reason=REASON)
    await desk.decide_reveal(second, number, granted=True)
    return first, number


async def _secret(scene: Scene, **more: Any) -> Filed:
    return await scene.file("Kata gembok", anonymous=True, **GIVEN, **more)


async def test_two_inspectors_see_who_filed_once_and_the_reporter_is_told(scene: Scene) -> None:
    filed = await _secret(scene)
    first, number = await _granted(scene, filed)
    found = await desk.open_reveal(first, number)
    assert (found.name, found.email) == (GIVEN["name"], GIVEN["email"])
    assert "Sri" not in repr(found)
    with pytest.raises(Refused, match="satu kali"):
        await desk.open_reveal(first, number)
    assert (await scene.kinds(filed))[-3:] == ["reveal_asked", "reveal_granted", "identity_revealed"]
    letters = await scene.world.fetch(
        "SELECT dedupe_key FROM message WHERE complaint = $1 AND kind = 'identity_revealed'",
        filed.complaint_id,
    )
    assert len(letters) == 1
    everything = await scene.world.fetch("SELECT facts, actor FROM event")
    assert all(GIVEN["name"] not in str(tuple(row)) and REASON not in str(tuple(row)) for row in everything)


async def test_nobody_grants_their_own_request(scene: Scene) -> None:
    filed = await _secret(scene)
    first, _ = await _pair(scene)
    number = await desk.ask_reveal(first, filed.complaint_id, reason=REASON)
    with pytest.raises(Refused, match="orang kedua"):
        await desk.decide_reveal(first, number, granted=True)
    with pytest.raises(Refused):
        await desk.open_reveal(first, number)
    async with database.transaction("desk", user_id=first.person):
        changed = await database.fetch(
            "UPDATE reveal SET decided_by = $2, decided_at = lapor_now(), outcome = 'confirmed' WHERE id = $1"
            " RETURNING id",
            number,
            first.person,
        )
    assert changed == []


async def test_only_the_one_who_asked_is_shown_it(scene: Scene) -> None:
    filed = await _secret(scene)
    first, second = await _pair(scene)
    number = await desk.ask_reveal(first, filed.complaint_id, reason=REASON)
    await desk.decide_reveal(second, number, granted=True)
    with pytest.raises(Refused, match="yang memintanya"):
        await desk.open_reveal(second, number)
    assert (await desk.open_reveal(first, number)).name == GIVEN["name"]


async def test_a_grant_ends_after_a_day(scene: Scene) -> None:
    filed = await _secret(scene)
    first, number = await _granted(scene, filed)
    await scene.world.advance(24)
    with pytest.raises(Refused, match="24 jam"):
        await desk.open_reveal(first, number)


async def test_a_refused_request_shows_nothing_and_has_its_reason(scene: Scene) -> None:
    filed = await _secret(scene)
    first, second = await _pair(scene)
    number = await desk.ask_reveal(first, filed.complaint_id, reason=REASON)
    with pytest.raises(Refused) as refusal:
        await desk.decide_reveal(second, number, granted=False)
    assert refusal.value.field == "reason"
    await desk.decide_reveal(second, number, granted=False, reason="Belum perlu.")
    with pytest.raises(Refused):
        await desk.open_reveal(first, number)
    with pytest.raises(Refused, match="sudah diputuskan"):
        await desk.decide_reveal(second, number, granted=True)
    assert (await scene.kinds(filed))[-1] == "reveal_refused"


async def test_a_request_needs_a_reason_and_stands_alone(scene: Scene) -> None:
    filed = await _secret(scene)
    first, second = await _pair(scene)
    with pytest.raises(Refused) as refusal:
        await desk.ask_reveal(first, filed.complaint_id, reason="  ")
    assert refusal.value.field == "reason"
    await desk.ask_reveal(first, filed.complaint_id, reason=REASON)
    with pytest.raises(Refused, match="menunggu orang kedua"):
        await desk.ask_reveal(second, filed.complaint_id, reason=REASON)


async def test_an_inspector_who_left_is_shown_nothing(scene: Scene) -> None:
    filed = await _secret(scene)
    first, number = await _granted(scene, filed)
    await scene.world.execute(
        "UPDATE appointment SET ends_at = lapor_now() WHERE person = $1 AND ends_at IS NULL", first.person
    )
    with pytest.raises(NotFound):
        await desk.open_reveal(first, number)


async def test_every_viewer_and_kind_of_complaint(scene: Scene) -> None:
    filed = {kind: await scene.file("Kata gembok", **given, **GIVEN) for kind, given in FILINGS.items()}
    people = {name: Actor.officer(await scene.world.officer(*office)) for name, office in VIEWERS.items()}
    may = set()
    for viewer, actor in people.items():
        for kind, one in filed.items():
            try:
                await desk.ask_reveal(actor, one.complaint_id, reason=REASON)
            except Refused:
                continue
            may.add((viewer, kind))
    assert may == {("inspectorate", kind) for kind in REVEALABLE}


async def test_the_database_shows_no_identity_without_a_grant_whatever_the_page_asks(scene: Scene) -> None:
    filed = {kind: await scene.file("Kata gembok", **given, **GIVEN) for kind, given in FILINGS.items()}
    first, second = await _pair(scene)
    for one in filed.values():
        # As if a row had been smuggled in: the function looks at the complaint itself.
        await scene.world.execute(
            "INSERT INTO reveal (complaint, reason, salt, asked_by, asked_at, decided_by, decided_at, outcome, refusal)"
            " VALUES ($1, 'x', '', $2, lapor_now(), $3, lapor_now(), 'confirmed', '')",
            one.complaint_id,
            first.person,
            second.person,
        )
    shown = set()
    for kind, one in filed.items():
        number = await scene.world.fetchval("SELECT id FROM reveal WHERE complaint = $1", one.complaint_id)
        try:
            async with database.transaction("desk", user_id=first.person):
                if await database.fetch("SELECT * FROM reveal_identity($1, interval '3 days')", number):
                    shown.add(kind)
        except asyncpg.InsufficientPrivilegeError:
            continue
    assert shown == REVEALABLE


async def test_only_the_inspectorate_sees_that_there_are_requests(scene: Scene) -> None:
    filed = await _secret(scene)
    await _granted(scene, filed)
    for viewer, office in VIEWERS.items():
        person = await scene.world.officer(*office)
        rows = await sees(person, "SELECT id FROM reveal")
        assert bool(rows) == (viewer == "inspectorate"), viewer


async def test_no_running_role_undoes_a_reveal(scene: Scene) -> None:
    filed = await _secret(scene)
    first, number = await _granted(scene, filed)
    await desk.open_reveal(first, number)
    for role in ("reader", "desk", "worker", "gate", "intake"):
        for change in ("UPDATE reveal SET used_at = NULL", "DELETE FROM reveal"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(role, user_id=first.person):  # type: ignore[arg-type]
                    await database.execute(change)
