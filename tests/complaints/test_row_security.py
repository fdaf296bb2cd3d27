"""Who sees what, row by row, with nothing but PostgreSQL between: the table of DESIGN, enumerated.

Every viewer asks every table directly in the role of the panel. Nothing of the Python above takes part.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
import pytest

from lapor import crypto, database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed
from tests.complaints.conftest import Scene, sees

NOTHING, CLOCKS, WORDS = "nothing", "clocks", "words"

VIEWERS = {
    "staff of the responsible agency": ("staff", "smg-dpu"),
    "agency admin of the responsible agency": ("agency_admin", "smg-dpu"),
    "staff of another agency": ("staff", "smg-dlh"),
    "named desk": ("liaison", "smg-dp3a"),
    "coordinating admin": ("coordinator", "smg-diskominfo"),
    "inspectorate": ("inspector", "smg-inspektorat"),
    "sekda": ("sekda", "smg-setda"),
    "head of region": ("head_of_region", "smg-walikota"),
    "deputy head of region": ("deputy_head", "smg-walikota"),
    "staff of the leadership": ("leadership_staff", "smg-walikota"),
    "head of the responsible agency": ("agency_head", "smg-dpu"),
    "liaison of the responsible agency": ("liaison", "smg-dpu"),
    "checker of the responsible agency": ("checker", "smg-dpu"),
    "head of the region above": ("head_of_region", "jtg-gubernur"),
    "inspectorate of the region above": ("inspector", "jtg-inspektorat"),
    "district head": ("agency_head", "smg-kec-tembalang"),
    "urban village": ("agency_head", "smg-kel-tembalang"),
    "administrator": ("administrator", "smg-diskominfo"),
    "operator": ("operator", "smg-diskominfo"),
}

# kind of complaint → viewer → what is seen; a viewer that is not named sees nothing.
SEEN: dict[str, dict[str, str]] = {
    "ordinary": {
        "staff of the responsible agency": WORDS,
        "coordinating admin": WORDS,
        "inspectorate": WORDS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "anonymous": {
        "staff of the responsible agency": WORDS,
        "coordinating admin": WORDS,
        "inspectorate": WORDS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "confidential": {
        "staff of the responsible agency": WORDS,
        "coordinating admin": WORDS,
        "inspectorate": WORDS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "about the road agency": {
        "coordinating admin": CLOCKS,
        "inspectorate": WORDS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "about an official whom nobody has named": {"inspectorate": WORDS},
    "about the regional secretariat": {
        "inspectorate of the region above": WORDS,
        "head of the region above": WORDS,
    },
    "about the inspectorate": {
        "coordinating admin": CLOCKS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "about the head of region": {
        "inspectorate of the region above": WORDS,
        "head of the region above": WORDS,
    },
    "about an urban village": {
        "district head": WORDS,
        "coordinating admin": CLOCKS,
        "inspectorate": WORDS,
        "sekda": WORDS,
        "head of region": WORDS,
    },
    "protected": {
        "named desk": WORDS,
        "coordinating admin": CLOCKS,
        "inspectorate": WORDS,
        "sekda": CLOCKS,
        "head of region": CLOCKS,
    },
}

# Who sees the same as another.
ALIKE = {
    "deputy head of region": "head of region",
    "staff of the leadership": "head of region",
    "head of the responsible agency": "staff of the responsible agency",
    "liaison of the responsible agency": "staff of the responsible agency",
    "checker of the responsible agency": "staff of the responsible agency",
}
for _seen in SEEN.values():
    _seen.update({viewer: _seen[other] for viewer, other in ALIKE.items() if other in _seen})

FILINGS: dict[str, dict[str, object]] = {
    "ordinary": {},
    "anonymous": {"anonymous": True},
    "confidential": {"confidential": True},
    "about the road agency": {"category": None, "reported_agency": "smg-dpu"},
    "about an official whom nobody has named": {"category": None, "about_official": True},
    "about the regional secretariat": {"category": None, "reported_agency": "smg-setda"},
    "about the inspectorate": {"category": None, "reported_agency": "smg-inspektorat"},
    "about the head of region": {"category": None, "reported_agency": "smg-walikota"},
    "about an urban village": {"category": None, "reported_agency": "smg-kel-tembalang"},
    "protected": {"category": "kekerasan"},
}

ROW_TABLES = ("complaint", "event", "clock", "escalation", "message")
WORD_TABLES = ("content", "statement")


@dataclass
class _Cast:
    filed: dict[str, Filed]
    viewers: dict[str, int]


async def _cast(scene: Scene) -> _Cast:
    filed = {kind: await scene.file(f"Kata kunci gembok {kind}", **given) for kind, given in FILINGS.items()}
    await scene.world.advance(49)
    await desk.sweep()
    await scene.world.execute(
        "INSERT INTO statement (complaint, kind, cycle, agency, to_reporter, text, salt, made_at)"
        " SELECT id, 'note', 1, owner_agency, false, 'gembok', '', filed_at FROM complaint"
    )
    viewers = {name: await scene.world.officer(*office) for name, office in VIEWERS.items()}
    return _Cast(filed, viewers)


async def test_every_viewer_sees_of_every_complaint_what_the_design_says_and_nothing_else(
    scene: Scene,
) -> None:
    cast = await _cast(scene)
    wrong = []
    for viewer, person in cast.viewers.items():
        for kind, filed in cast.filed.items():
            expected = SEEN[kind].get(viewer, NOTHING)
            for table in (*ROW_TABLES, *WORD_TABLES):
                column = "id" if table == "complaint" else "complaint"
                rows = await sees(
                    person, f"SELECT {column} FROM {table} WHERE {column} = $1", filed.complaint_id
                )
                allowed = expected == WORDS or (expected == CLOCKS and table in ROW_TABLES)
                if bool(rows) != allowed:
                    wrong.append(f"{viewer} · {kind} · {table}: {'seen' if rows else 'not seen'}")
    assert wrong == []


async def test_search_counts_and_lists_leak_nothing_either(scene: Scene) -> None:
    cast = await _cast(scene)
    for viewer, person in cast.viewers.items():
        words = sum(1 for kind in SEEN if SEEN[kind].get(viewer) == WORDS)
        rows = sum(1 for kind in SEEN if viewer in SEEN[kind])
        search = "SELECT complaint FROM content WHERE words @@ to_tsquery('indonesian', 'gembok')"
        assert len(await sees(person, search)) == words, viewer
        assert (await sees(person, "SELECT count(*) FROM complaint"))[0][0] == rows, viewer


async def test_somebody_who_is_not_logged_in_or_holds_no_office_sees_no_row(scene: Scene) -> None:
    await _cast(scene)
    nobody = await scene.world.person()
    former = await scene.world.officer("staff", "smg-dpu")
    await scene.world.execute("UPDATE appointment SET ends_at = now() WHERE person = $1", former)
    dismissed = await scene.world.officer("staff", "smg-dpu")
    await scene.world.execute("UPDATE person SET active = false WHERE id = $1", dismissed)
    for person in (None, nobody, former, dismissed):
        for table in (*ROW_TABLES, *WORD_TABLES):
            assert await sees(person, f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("role", ["reader", "desk", "public", "reporter", "intake", "gate"])
async def test_identities_are_granted_to_nobody_who_serves_pages(scene: Scene, role: database.Role) -> None:
    await scene.file(name="Sri")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(role, user_id=scene.staff.person):
            await database.fetch("SELECT * FROM identity")


async def test_a_contact_is_shown_only_to_reach_an_ordinary_reporter_and_each_look_is_recorded(
    scene: Scene,
) -> None:
    given = {"name": "Sri Rahayu", "phone": "+6281200001111"}
    filed = await scene.file(**given)
    contact = await desk.look_at_contact(scene.staff, filed.complaint_id)
    assert (contact.name, contact.phone) == ("Sri Rahayu", "+6281200001111")
    assert (await scene.kinds(filed))[-1] == "contact_seen"
    for hidden in ({"anonymous": True}, {"confidential": True}):
        other = await scene.file(**given, **hidden)
        with pytest.raises(desk.Refused):
            await desk.look_at_contact(scene.staff, other.complaint_id)
    head = await scene.officer("head_of_region", "smg-walikota")
    with pytest.raises(desk.Refused):
        await desk.look_at_contact(head, filed.complaint_id)


async def test_the_secret_opens_one_complaint_and_no_internal_note(scene: Scene) -> None:
    filed, other = await scene.file(), await scene.file()
    await desk.note(scene.staff, filed.complaint_id, text="Hanya untuk kami")
    await desk.answer(scene.staff, filed.complaint_id, text="Untuk Anda")
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        assert [row["id"] for row in await database.fetch("SELECT id FROM complaint")] == [filed.complaint_id]
        assert [row["text"] for row in await database.fetch("SELECT text FROM statement")] == ["Untuk Anda"]
        assert {row["complaint"] for row in await database.fetch("SELECT complaint FROM event")} == {
            filed.complaint_id
        }
    assert other.complaint_id != filed.complaint_id


async def test_a_bare_ticket_of_a_confidential_complaint_names_no_agency(scene: Scene) -> None:
    shown, hidden = await scene.file(), await scene.file(confidential=True)
    async with database.transaction("public"):
        assert (await database.fetchrow("SELECT * FROM ticket_status($1)", shown.ticket))["agency"]  # type: ignore[index]
        row = await database.fetchrow("SELECT * FROM ticket_status($1)", hidden.ticket)
        assert row is not None
        assert (row["agency"], row["hidden"], row["status"]) == (None, True, "routed")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.fetch("SELECT * FROM complaint")


async def test_the_web_log_in_holds_no_right_of_its_own_and_cannot_become_the_worker(scene: Scene) -> None:
    connection = await asyncpg.connect(scene.world.url("lapor_web"))
    try:
        for table in ("complaint", "identity", "person", "category", "message"):
            # Without a right on the schema the tables do not even seem to be there.
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError)):
                await connection.fetch(f"SELECT * FROM {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SET ROLE lapor_worker")
    finally:
        await connection.close()


async def test_a_hidden_complaint_cannot_be_published_even_by_the_desk_s_own_role(scene: Scene) -> None:
    filed = await scene.file(confidential=True)
    with pytest.raises(desk.Refused):
        await desk.publish(scene.staff, filed.complaint_id, text="Semua orang boleh tahu")
    row = await scene.complaint(filed)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction("desk", user_id=scene.staff.person):
            await database.execute(
                "INSERT INTO publication (complaint, ticket, text, agency, filed_at, published_at)"
                " VALUES ($1, $2, 'x', $3, $4, $4)",
                filed.complaint_id,
                row["ticket"],
                row["owner_agency"],
                row["filed_at"],
            )


async def test_registers_are_edited_only_by_those_who_keep_them(scene: Scene) -> None:
    rename = "UPDATE category SET name = name || '!' WHERE code = 'jalan-rusak' RETURNING id"
    end_policy = "UPDATE policy SET valid_until = valid_from RETURNING id"
    administrator = Actor.officer(await scene.world.officer("administrator", "smg-diskominfo"))
    assert await sees(scene.staff.person, rename) == []
    assert await sees(scene.coordinator.person, rename)
    assert await sees(scene.coordinator.person, end_policy) == []
    assert await sees(administrator.person, end_policy)
    history = await scene.world.fetch(
        "SELECT person, before, after FROM register_change WHERE register = 'category' AND person IS NOT NULL"
    )
    assert history[0]["person"] == scene.coordinator.person
    assert history[0]["before"] != history[0]["after"]
