"""Colleagues named in notes, agencies that help, and the history that joins only what may be joined."""

from __future__ import annotations

from itertools import product

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Refused
from lapor.complaints.mentioning import names_in
from tests.complaints.conftest import Scene, sees

HIDDEN = ("anonymous", "confidential", "protected", "about_official")


def test_names_are_found_and_addresses_are_not() -> None:
    text = "Tolong @Budi.S, dan @siti-2. Surel: budi@contoh.id, @@x @budi.s"
    assert names_in(text) == ["budi.s", "siti-2"]


async def test_who_is_named_in_a_note_is_told_at_their_office(scene: Scene) -> None:
    filed = await scene.file()
    colleague = await scene.world.officer("liaison", "smg-dpu", username="budi")
    await desk.note(scene.staff, filed.complaint_id, text="Mohon dicek, @budi.", undoable=True)
    letter = (await scene.world.fetch("SELECT * FROM message WHERE kind = 'mentioned'"))[0]
    held = await scene.world.fetchval("SELECT office FROM appointment WHERE person = $1", colleague)
    assert letter["office"] == held
    assert (letter["next_attempt_at"] - letter["created_at"]).total_seconds() == 20
    await desk.undo(scene.staff, filed.complaint_id, letter["statement"])
    assert await scene.world.fetchval("SELECT state FROM message WHERE kind = 'mentioned'") == "cancelled"


@pytest.mark.parametrize("name", ["tidakada", "orangluar", "tanpajabatan"])
async def test_a_name_of_nobody_and_of_somebody_who_may_not_read_it_look_alike(
    scene: Scene, name: str
) -> None:
    filed = await scene.file()
    await scene.world.officer("staff", "smg-dlh", username="orangluar")
    await scene.world.person("tanpajabatan")
    with pytest.raises(Refused) as refusal:
        await desk.note(scene.staff, filed.complaint_id, text=f"Halo @{name}")
    assert refusal.value.message == f"@{name} bukan nama petugas yang boleh membaca laporan ini."
    assert refusal.value.field == "text"
    assert not await scene.world.fetchval("SELECT count(*) FROM statement")


async def test_a_supporting_agency_reads_and_does_no_more_until_its_support_ends(scene: Scene) -> None:
    filed = await scene.file()
    helper = await scene.officer("staff", "smg-dlh")
    agency = await scene.agency("smg-dlh")
    clocks = await scene.world.fetch("SELECT * FROM clock ORDER BY id")
    await desk.add_support(scene.staff, filed.complaint_id, agency=agency, reason="Angkut puingnya.")
    assert len(await sees(helper.person, "SELECT text FROM content")) == 1
    with pytest.raises(Refused):
        await desk.answer(helper, filed.complaint_id, text="Bukan wewenang saya.")
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'support_asked'") == 1
    with pytest.raises(Refused, match="sudah mendukung"):
        await desk.add_support(scene.staff, filed.complaint_id, agency=agency, reason="Lagi.")
    await desk.end_support(scene.staff, filed.complaint_id, agency=agency, reason="Selesai.")
    assert not await sees(helper.person, "SELECT text FROM content")
    assert await scene.world.fetch("SELECT * FROM clock ORDER BY id") == clocks
    assert (await scene.kinds(filed))[-2:] == ["support_asked", "support_ended"]


@pytest.mark.parametrize("flag", ["confidential", "protected", "about_official"])
async def test_what_is_hidden_is_shared_with_no_agency(scene: Scene, flag: str) -> None:
    filed = await scene.file()
    await scene.world.execute(f"UPDATE complaint SET {flag} = true")
    await scene.world.execute("UPDATE office SET named_desk = true")
    with pytest.raises(Refused, match="tidak dibagi"):
        await desk.add_support(
            scene.staff, filed.complaint_id, agency=await scene.agency("smg-dlh"), reason="Bantu."
        )


async def test_only_the_responsible_agency_asks_for_support(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(Refused):
        await desk.add_support(
            scene.coordinator, filed.complaint_id, agency=await scene.agency("smg-dlh"), reason="Bantu."
        )


async def test_complaints_are_joined_by_their_reporter_only_where_neither_hides_who_filed(
    scene: Scene,
) -> None:
    filed = {}
    for name in ("open", "other", *HIDDEN):
        given = {name: True} if name in ("anonymous", "confidential") else {}
        filed[name] = (await scene.file(phone="081200000777", name="Sri", **given)).complaint_id
    for flag in HIDDEN:
        # Even a lookup that should not be there joins nothing.
        await scene.world.execute(f"UPDATE complaint SET {flag} = true WHERE id = $1", filed[flag])
    await scene.world.execute(
        "UPDATE identity SET phone_lookup = (SELECT phone_lookup FROM identity WHERE complaint = $1)",
        filed["open"],
    )
    await scene.world.execute("UPDATE office SET named_desk = true")
    inspector = await scene.officer("inspector", "smg-inspektorat")
    stranger = await scene.officer("staff", "smg-dlh")
    for viewer, (name, complaint) in product((scene.staff, inspector), filed.items()):
        rows = await sees(viewer.person, "SELECT same_reporter($1) AS id", complaint)
        joined = {row["id"] for row in rows}
        expected = {filed["open"], filed["other"]} - {complaint} if name in ("open", "other") else set()
        assert joined == expected, (viewer.name, name)
    for complaint in filed.values():
        assert not await sees(stranger.person, "SELECT same_reporter($1)", complaint)
        assert not await sees(None, "SELECT same_reporter($1)", complaint)
