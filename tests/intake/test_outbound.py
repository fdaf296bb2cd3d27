"""The outbox: what leaves, to whom, once, and what becomes of what cannot leave."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from lapor import crypto, database
from lapor.complaints.actor import Actor
from lapor.complaints.desk import Filed, Filing, answer, file, sweep
from lapor.intake import letters, outbound
from lapor.intake.outbound import ATTEMPTS, Drained, drain
from lapor.intake.outbox import resend
from lapor.logs import SAFE_KEYS
from lapor.pages import TEMPLATES
from lapor.settings import Settings
from tests.ground import World
from tests.intake.post_office import PostOffice

REPORTER = "sri@warga.example"
LAMP = Filing(
    type="complaint", text="Lampu jalan mati di depan pasar.", category="lampu-jalan", email=REPORTER
)


@pytest.fixture
def mailing(simulated: World, post: PostOffice) -> Settings:
    """Settings with a mail server and no console."""
    return replace(
        simulated.settings,
        smtp_url=post.url,
        mail_from="Lapor <lapor@contoh.example>",
        base_url="https://lapor.example",
    )


async def _message(world: World, kind: str = "acknowledgement") -> dict[str, object]:
    return dict((await world.fetch("SELECT * FROM message WHERE kind = $1 ORDER BY id", kind))[0])


async def _notified(world: World, filing: Filing = LAMP) -> Filed:
    """A complaint whose agency has a notice in the outbox."""
    filed = await file(filing)
    await world.advance(0.01)
    await sweep()
    return filed


async def _owner(world: World, complaint: int) -> str:
    code: str = await world.fetchval(
        "SELECT a.code FROM agency a JOIN complaint c ON c.owner_agency = a.id WHERE c.id = $1", complaint
    )
    return code


async def test_the_acknowledgement_brings_the_reporter_a_secret_link_that_opens_their_complaint(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await file(LAMP)
    assert await drain(mailing) == Drained(sent=1)
    (mail,) = post.to(REPORTER)
    found = re.search(rf"https://lapor\.example/laporan/{filed.ticket}/buka/(\S+)", mail.body)
    assert found
    assert found.group(1) == filed.secret
    key = await simulated.fetchval("SELECT reporter_key FROM complaint")
    assert crypto.secret_hash(found.group(1)) == key
    assert filed.agency_name in mail.body
    assert mail.letter["Auto-Submitted"] == "auto-generated"
    row = await _message(simulated)
    assert (row["state"], row["channel"], row["provider_reference"]) == ("sent", "email", "queued as 1")
    assert row["sent_at"] is not None
    assert row["leased_until"] is None
    assert await drain(mailing) == Drained()


async def test_the_answer_is_in_the_mail_to_the_reporter(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await file(LAMP)
    officer = await simulated.officer("liaison", await _owner(simulated, filed.complaint_id))
    await answer(Actor.officer(officer), filed.complaint_id, text="Lampunya sudah kami ganti.")
    await drain(mailing)
    assert "Lampunya sudah kami ganti." in post.to(REPORTER)[-1].body


async def test_an_office_is_reached_through_whoever_holds_it_when_the_message_leaves(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await _notified(simulated)
    agency = await _owner(simulated, filed.complaint_id)
    former = await simulated.officer("agency_head", agency, username="lama")
    await simulated.execute("UPDATE appointment SET ends_at = lapor_now() WHERE person = $1", former)
    acting = await simulated.officer("agency_head", agency, username="pelaksana")
    await simulated.execute("UPDATE appointment SET kind = 'plt' WHERE person = $1", acting)
    left = await simulated.officer("agency_head", agency, username="pindah")
    await simulated.execute("UPDATE person SET active = false WHERE id = $1", left)
    await drain(mailing)
    (mail,) = post.to("pelaksana@contoh.example")
    assert mail.recipients == ["pelaksana@contoh.example"]
    assert f"https://lapor.example/meja/aduan/{filed.complaint_id}" in mail.body
    assert not post.to("lama@contoh.example")
    assert not post.to("pindah@contoh.example")
    assert await simulated.fetchval("SELECT count(*) FROM message WHERE person = $1", acting) == 1


async def test_an_office_without_a_holder_falls_back_to_its_agency_and_without_that_is_dead_and_seen(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await _notified(simulated)
    agency = await _owner(simulated, filed.complaint_id)
    address = await simulated.fetchval("SELECT email FROM agency WHERE code = $1", agency)
    await drain(mailing)
    assert post.to(address)

    await simulated.execute("UPDATE agency SET email = '' WHERE code = $1", agency)
    second = await _notified(simulated, replace(LAMP, text="Yang kedua."))
    done = await drain(mailing)
    assert done.dead > 0
    dead = await simulated.fetch("SELECT * FROM message WHERE state = 'dead'")
    assert {row["trouble"] for row in dead} == {letters.NO_HOLDER}
    events = await simulated.fetchval(
        "SELECT count(*) FROM event WHERE kind = 'delivery_failed' AND complaint = $1", second.complaint_id
    )
    assert events == len(dead)

    role = await simulated.fetchval("SELECT role FROM office WHERE id = $1", dead[0]["office"])
    officer = await simulated.officer(role, agency, username="baru")
    assert await resend(dead[0]["id"])
    assert not await resend(dead[0]["id"])
    assert (await drain(mailing)).sent == 1
    assert await simulated.fetchval("SELECT person FROM message WHERE id = $1", dead[0]["id"]) == officer
    assert post.to("baru@contoh.example")


async def test_a_server_that_refuses_and_then_accepts_gets_the_same_mail_again_after_a_pause(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(LAMP)
    post.refusals = [f"451 4.7.1 {REPORTER} later"]
    assert await drain(mailing) == Drained(failed=1)
    row = await _message(simulated)
    assert (row["state"], row["attempts"]) == ("waiting", 1)
    # The server's words repeat the address; they are not kept.
    assert row["trouble"] == "server surel menjawab 451"
    assert await drain(mailing) == Drained()
    await simulated.advance(0.05)
    assert await drain(mailing) == Drained(sent=1)
    assert (await _message(simulated))["trouble"] is None


async def test_a_message_that_fails_eight_times_is_dead_noted_in_the_ledger_and_can_be_sent_again(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await file(LAMP)
    post.unknown = {REPORTER}
    waited = []
    for attempt in range(1, ATTEMPTS + 1):
        assert await drain(mailing) == (Drained(failed=1) if attempt < ATTEMPTS else Drained(dead=1))
        row = await _message(simulated)
        assert row["attempts"] == attempt
        pause = row["next_attempt_at"] - await simulated.now()  # type: ignore[operator]
        waited.append(pause)
        await simulated.advance(pause.total_seconds() / 3600 + 0.01)
    assert row["state"] == "dead"
    assert row["trouble"] == "server surel menjawab 550"
    assert timedelta(seconds=45) < waited[0] < timedelta(seconds=75)
    assert timedelta(hours=4) < waited[-2] < timedelta(hours=7.3)
    facts = await simulated.fetchval(
        "SELECT facts FROM event WHERE kind = 'delivery_failed' AND complaint = $1", filed.complaint_id
    )
    assert '"attempts":8' in facts
    assert await drain(mailing) == Drained()
    post.unknown = set()
    assert await resend(row["id"])  # type: ignore[arg-type]
    assert await drain(mailing) == Drained(sent=1)


async def test_no_mail_server_at_all_is_a_failure_like_any_other(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(LAMP)
    nobody = replace(mailing, smtp_url="smtp://127.0.0.1:1")
    assert await drain(nobody) == Drained(failed=1)
    assert "SMTPConnectError" in str((await _message(simulated))["trouble"])


async def test_a_message_claimed_by_a_dead_process_is_taken_again_under_the_same_id(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(LAMP)
    assert await drain(mailing) == Drained(sent=1)
    # As a process leaves it that was killed after the mail had left and before it could write that down.
    await simulated.execute(
        "UPDATE message SET state = 'sending', leased_until = lapor_now() + interval '2 minutes',"
        " next_attempt_at = lapor_now() + interval '2 minutes', sent_at = NULL"
    )
    assert await drain(mailing) == Drained()
    await simulated.advance(0.04)
    assert await drain(mailing) == Drained(sent=1)
    first, second = post.to(REPORTER)
    assert first.letter["Message-ID"] == second.letter["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{24}\.[0-9a-z]{11}@contoh\.example>", first.letter["Message-ID"])


async def test_a_message_that_kills_its_process_every_time_ends_as_dead(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(LAMP)
    await simulated.execute("UPDATE message SET state = 'sending', attempts = $1", ATTEMPTS)
    assert await drain(mailing) == Drained(dead=1)
    assert (await _message(simulated))["trouble"] == outbound.INTERRUPTED


async def test_two_workers_send_each_message_once(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    for number in range(20):
        await file(replace(LAMP, text=f"laporan {number}"))
    done = await asyncio.gather(*(drain(mailing) for _ in range(3)))
    assert sum(one.sent for one in done) == 20
    assert len(post.mails) == 20
    assert len({mail.letter["Message-ID"] for mail in post.mails}) == 20
    assert post.connections <= 3 * outbound.LANES


async def test_a_confidential_complaint_is_announced_without_a_word_about_it(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await _notified(simulated, replace(LAMP, confidential=True))
    officer = await simulated.officer("liaison", await _owner(simulated, filed.complaint_id))
    await answer(Actor.officer(officer), filed.complaint_id, text="Isi jawaban yang rahasia.")
    await drain(mailing)
    assert len(post.to(REPORTER)) == 2
    for mail in post.mails:
        assert mail.letter["Subject"].startswith("Ada kabar tentang laporan")
        said = "".join(line for line in mail.body.splitlines() if not line.startswith("Dikirim kepada"))
        for word in ("lampu", "rahasia", "tenggat", filed.agency_name.lower()):
            assert word not in said.lower()
    assert filed.secret in post.to(REPORTER)[0].body


async def test_somebody_who_also_sits_in_the_reported_agency_is_not_warned(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    reported = await simulated.fetchval(
        "SELECT code FROM agency WHERE kind = 'dinas' AND region = (SELECT id FROM region WHERE code = '33.74')"
        " AND NOT coordinating ORDER BY id LIMIT 1"
    )
    filed = await _notified(simulated, replace(LAMP, category=None, reported_agency=reported))
    agency = await _owner(simulated, filed.complaint_id)
    assert agency != reported
    office = await simulated.fetchval(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.office IS NOT NULL LIMIT 1"
    )
    both = await simulated.officer(office, agency, username="rangkap")
    await simulated.execute(
        "INSERT INTO appointment (office, person, kind, starts_at) SELECT o.id, $1, 'plt', lapor_now()"
        " - interval '1 day' FROM office o JOIN agency a ON a.id = o.agency WHERE a.code = $2 LIMIT 1",
        both,
        reported,
    )
    await drain(mailing)
    assert not post.to("rangkap@contoh.example")
    assert not post.to(await simulated.fetchval("SELECT email FROM agency WHERE code = $1", reported))


async def test_a_reporter_without_an_address_makes_no_dead_letter(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(replace(LAMP, email="", phone="0812-0000-0001"))
    assert await drain(mailing) == Drained(cancelled=1)
    row = await _message(simulated)
    assert (row["state"], row["trouble"]) == ("cancelled", letters.NO_REPORTER_ADDRESS)


async def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(LAMP)
    await simulated.execute("UPDATE identity SET email = 'broken'")
    await file(replace(LAMP, text="Yang kedua."))
    # A message about a complaint that is gone has no ledger to be noted in.
    await simulated.execute(
        "INSERT INTO message (dedupe_key, kind, complaint, state, attempts, next_attempt_at, created_at)"
        " VALUES ('lost', 'answered', 999999, 'waiting', 7, lapor_now(), lapor_now())"
    )
    assert await drain(mailing) == Drained(sent=1, failed=1, dead=1)


async def test_an_address_with_a_line_break_reaches_nobody_else(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await file(replace(LAMP, email="a@warga.example\r\nBcc: semua@warga.example"))
    assert await drain(mailing) == Drained(failed=1)
    assert not post.mails


async def test_the_console_shows_kind_ticket_and_office_and_nothing_else(simulated: World) -> None:
    filed = await _notified(simulated)
    console = replace(simulated.settings, console_channel=True)
    with capture_logs() as lines:
        done = await drain(console)
    assert done.sent == await simulated.fetchval("SELECT count(*) FROM message WHERE channel = 'console'")
    assert done.sent == len(lines) > 1
    assert {"event": "message", "kind": "acknowledgement", "ticket": filed.ticket, "office": "pelapor"} in [
        {name: value for name, value in line.items() if name != "log_level"} for line in lines
    ]
    for line in lines:
        assert set(line) == {"event", "log_level", "kind", "ticket", "office"}
        assert set(line) - {"log_level"} <= SAFE_KEYS


async def test_without_any_channel_messages_wait(simulated: World) -> None:
    await file(LAMP)
    assert await drain(simulated.settings) == Drained()
    assert (await _message(simulated))["state"] == "waiting"


@pytest.mark.parametrize(
    "kind", sorted(path.name.split(".")[0] for path in (TEMPLATES / "messages").glob("*.email.txt"))
)
@pytest.mark.parametrize("to_reporter", [True, False])
def test_every_kind_of_message_has_words(kind: str, to_reporter: bool) -> None:
    known = ("ticket", "link", "office", "office_agency")
    common = {**dict.fromkeys(known, "X"), "to_reporter": to_reporter}
    rest = ("agency", "category", "place", "filed", "said", "promised", "clock", "due", "met", "left")
    rest += ("list_link", "minutes", "ordered", "refused")
    for filled in ("", "isi"):
        said = {**common, **dict.fromkeys(rest, filled), "files": ["foto"] if filled else []}
        subject, body = letters.render(kind, said, sensitive=False)
        assert subject
        assert "\n" not in subject
        assert body.strip()
    subject, body = letters.render(kind, common, sensitive=True)
    assert "Ada kabar" in subject


@pytest.mark.parametrize(
    "kind", sorted(path.name.split(".")[0] for path in (TEMPLATES / "messages").glob("*.chat.txt"))
)
def test_a_letter_in_a_conversation_is_short_and_names_the_ticket_first(kind: str) -> None:
    known = ("link", "office", "office_agency", "agency", "promised", "due")
    said = {**dict.fromkeys(known, "X"), "ticket": "ABCDE-FGHJK-X", "to_reporter": True}
    long = {**said, "said": "kata " * 1000, "files": ["foto"]}
    for sensitive in (False, True):
        subject, body = letters.render(kind, long, sensitive=sensitive, channel="whatsapp")
        assert subject.startswith("ABCDE-FGHJK-X: ")
        assert len(subject) + len(body) < 2200
        assert not sensitive or "kata" not in body


async def test_the_worker_role_sends_with_no_other_right(simulated: World, mailing: Settings) -> None:
    await file(LAMP)
    await database.close_pool()
    database.configure(simulated.url("lapor_work"))
    await database.open_pool()
    assert await drain(mailing) == Drained(sent=1)


async def test_letters_to_one_address_leave_one_after_the_other_and_hold_up_nobody_else(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    post.slow_seconds = 0.3
    for number in range(3):
        await file(replace(LAMP, text=f"Lampu nomor {number} mati."))
    await file(replace(LAMP, email="budi@warga.example"))
    first = await simulated.fetch("SELECT id FROM message WHERE kind = 'acknowledgement' ORDER BY id")
    begun = asyncio.get_running_loop().time()
    assert (await drain(mailing)).sent == 4
    assert asyncio.get_running_loop().time() - begun < 4 * post.slow_seconds
    keys = await simulated.fetch(
        "SELECT dedupe_key FROM message WHERE id = ANY ($1) ORDER BY id", [row["id"] for row in first[:3]]
    )
    tickets = [
        await simulated.fetchval(
            "SELECT ticket FROM complaint WHERE id = $1", int(row["dedupe_key"].split(":")[1])
        )
        for row in keys
    ]
    assert [one for mail in post.to(REPORTER) for one in tickets if one in mail.body] == tickets
    assert post.mails.index(post.to("budi@warga.example")[0]) < 3
