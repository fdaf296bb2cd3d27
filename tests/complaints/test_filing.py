from datetime import timedelta

import pytest

from lapor import database
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Filing, Refused
from tests.complaints.conftest import Scene


async def test_a_complaint_gets_an_agency_a_deadline_and_the_first_link_of_its_chain(scene: Scene) -> None:
    filed = await scene.file()
    row = await scene.complaint(filed)
    assert row["status"] == "routed"
    assert filed.agency_name == "Dinas Pekerjaan Umum Kota Semarang"
    assert filed.response_due_at - filed.filed_at == timedelta(hours=48)
    assert await scene.kinds(filed) == ["filed", "routed"]
    first = await scene.world.fetchval(
        "SELECT hash FROM event WHERE complaint = $1 AND seq = 1", filed.complaint_id
    )
    assert first.hex() == filed.receipt_hash
    assert tickets.parse(tickets.show(filed.ticket)) == filed.ticket


async def test_what_no_rule_can_place_goes_to_the_coordinating_agency_with_a_triage_clock(
    scene: Scene,
) -> None:
    filed = await scene.file("Mohon dibantu", category=None)
    row = await scene.complaint(filed)
    assert row["status"] == "received"
    assert filed.needs_triage
    triage = await scene.clock(filed, "triage")
    response = await scene.clock(filed, "response")
    assert triage["due_at"] - triage["started_at"] == timedelta(hours=24)
    assert response["due_at"] - response["started_at"] == timedelta(hours=48)


async def test_a_national_id_number_typed_into_the_text_is_not_kept(scene: Scene) -> None:
    filed = await scene.file("Jalan rusak. NIK saya 3374 0101 0101 0001")
    text = await scene.world.fetchval("SELECT text FROM content WHERE complaint = $1", filed.complaint_id)
    assert "3374" not in text


async def test_personal_data_is_encrypted_and_an_anonymous_sender_cannot_be_looked_up(scene: Scene) -> None:
    given = {"name": "Sri Rahayu", "phone": "+6281200001111", "email": "sri@contoh.example"}
    named = await scene.file(**given)
    hidden = await scene.file(**given, anonymous=True, address="Jalan Mawar 7")
    rows = {row["complaint"]: row for row in await scene.world.fetch("SELECT * FROM identity")}
    for row in rows.values():
        for name in ("name", "phone", "email"):
            assert given[name].encode() not in row[name]
    assert rows[named.complaint_id]["phone_lookup"]
    assert rows[hidden.complaint_id]["phone_lookup"] is None
    assert rows[hidden.complaint_id]["email_lookup"] is None
    assert (
        await scene.world.fetchval("SELECT address FROM content WHERE complaint = $1", hidden.complaint_id)
        == ""
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": "  "}, "text"),
        ({"text": "a" * 10_001}, "text"),
        ({"type": "poem"}, "type"),
        ({"category": "tidak-ada"}, "category"),
        ({"district": "99.99.99"}, "district"),
        ({"reported_agency": "tidak-ada"}, "reported_agency"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    scene: Scene, given: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await scene.file(**given)
    assert refused.value.field == field
    assert await scene.world.fetchval("SELECT count(*) FROM complaint") == 0


async def test_a_letter_keeps_the_earlier_date_that_it_bears(scene: Scene) -> None:
    written = await scene.days_from_now(-3)
    filed = await scene.file(written_at=written, channel="counter")
    clock = await scene.clock(filed, "response")
    assert clock["started_at"] == written
    assert clock["due_at"] < filed.filed_at
    await desk.sweep()
    assert (2, "escalate", False, False) in await scene.fired(filed)


async def test_filing_needs_no_calendar_of_a_year_to_come(scene: Scene) -> None:
    await scene.world.advance(24 * 365 * 4)
    filed = await scene.file()
    assert (await scene.clock(filed, "completion"))["due_at"] > filed.filed_at


async def test_an_automatic_category_is_published_masked_and_a_confidential_one_is_not(scene: Scene) -> None:
    await scene.world.execute("UPDATE category SET publish = 'automatic' WHERE code = 'jalan-rusak'")
    shown = await scene.file("Jalan rusak, hubungi 0812-0000-1111")
    await scene.file("Jalan rusak, rahasia", confidential=True)
    async with database.transaction("public"):
        rows = await database.fetch("SELECT complaint, text FROM publication")
    assert [row["complaint"] for row in rows] == [shown.complaint_id]
    assert "0812" not in rows[0]["text"]


async def test_a_caller_s_transaction_takes_the_filing_with_it(scene: Scene) -> None:
    async def fails() -> None:
        async with database.transaction("worker"):
            await desk.file(Filing(type="complaint", text="Jalan rusak"), role="worker")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await scene.world.fetchval("SELECT count(*) FROM complaint") == 0
