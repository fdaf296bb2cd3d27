"""What becomes of a mail: a complaint, words added to one, or something for a person to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from lapor import crypto
from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing
from lapor.complaints.draft import identity_context
from lapor.database import transaction
from lapor.intake import mail_threads
from lapor.intake.channels import mail as channels
from lapor.intake.channels.interface import Outgoing, Part
from lapor.intake.inbound import read_waiting
from lapor.intake.mail_automatic import BOUNCE
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.mail_reading import MOST_AN_HOUR
from lapor.intake.outbound import drain
from lapor.intake.storing import store
from lapor.settings import Settings
from lapor.words import ticket as shown
from tests.complaints.conftest import Scene, scene
from tests.ground import World
from tests.images import jpeg
from tests.intake.letters_in import LAMP, OURS, SRI, mail, switch_on
from tests.intake.post_office import Mail, PostOffice

__all__ = ["scene"]

BUDI = "budi@warga.example"


@pytest_asyncio.fixture
async def mailing(simulated: World, post: PostOffice) -> Settings:
    """A site that sends mail and reads a mailbox whose server knows reply addresses."""
    await switch_on(simulated, {"subaddressing": "ya"})
    return replace(
        simulated.settings,
        smtp_url=post.url,
        mail_from=f"Lapor Kota <{OURS}>",
        base_url="https://lapor.example",
    )


async def _arrive(*mails: bytes) -> None:
    """Mails reach the mailbox, and are read."""
    async with transaction("worker"):
        await store("email", [Part(OURS, message_id_of(raw), raw) for raw in mails])
    await read_waiting()


async def _row(world: World) -> dict[str, Any]:
    """The newest delivery."""
    return dict((await world.fetch("SELECT * FROM inbound ORDER BY id DESC LIMIT 1"))[0])


async def _count(world: World, table: str = "complaint") -> int:
    return int(await world.fetchval(f"SELECT count(*) FROM {table}"))


async def _replies(world: World) -> list[str]:
    rows = await world.fetch("SELECT text FROM statement WHERE kind = 'reply' ORDER BY id")
    return [row["text"] for row in rows]


async def _filed(email: str = SRI, **given: Any) -> Filed:
    return await desk.file(
        Filing(**{"type": "complaint", "text": LAMP, "category": "lampu-jalan", "email": email, **given})
    )


async def _letter(post: PostOffice, settings: Settings, to: str = SRI) -> Mail:
    """The newest letter to somebody."""
    await drain(settings)
    return post.to(to)[-1]


async def test_a_mail_becomes_a_complaint_from_its_receipt_on(simulated: World) -> None:
    await _arrive(mail(photos=(jpeg(1), jpeg(2))))
    row = await _row(simulated)
    complaint = (await simulated.fetch("SELECT * FROM complaint"))[0]
    assert (row["state"], row["complaint"], row["trouble"]) == ("read", complaint["id"], None)
    assert (complaint["channel"], complaint["filed_at"]) == ("email", row["received_at"])
    assert await simulated.fetchval("SELECT text FROM content") == f"Lampu jalan mati\n\n{LAMP}"
    assert await _count(simulated, "attachment") == 2
    identity = (await simulated.fetch("SELECT * FROM identity"))[0]
    keyring = crypto.keyring()
    for name, expected in (("email", SRI), ("name", "Sri Contoh")):
        opened = keyring.decrypt(identity[name], identity_context(complaint["id"], name))
        assert opened.decode() == expected


async def test_ten_photos_in_one_mail_are_ten_photos_of_one_complaint(simulated: World) -> None:
    await _arrive(mail(photos=tuple(jpeg(seed, (200, 150)) for seed in range(11))))
    assert (await _count(simulated), await _count(simulated, "attachment")) == (1, 10)
    assert (await _row(simulated))["trouble"] == "lampiran: 11-lebih"


async def test_emblems_and_keys_are_neither_kept_nor_told_of(simulated: World) -> None:
    emblem = jpeg(1, (60, 60))
    key = ("tanda.asc", "application/pgp-signature", b"-----BEGIN")
    await _arrive(mail(photos=(emblem,), files=(key,)))
    assert (await _count(simulated), await _count(simulated, "attachment")) == (1, 0)
    assert (await _row(simulated))["trouble"] is None


async def test_files_that_cannot_be_used_are_refused_and_the_resident_is_told(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    broken = ("rusak.jpg", "image/jpeg", b"\xff\xd8\xff bukan foto")
    program = ("hadiah.exe", "application/octet-stream", b"MZ")
    await _arrive(mail(photos=(jpeg(1),), files=(broken, program)))
    assert (await _count(simulated), await _count(simulated, "attachment")) == (1, 1)
    await drain(mailing)
    told = next(one for one in post.to(SRI) if "lampiran" in one.letter["Subject"])
    assert "lampiran ke-2: berkasnya rusak" in told.body
    assert "lampiran ke-3: berkas jenis ini tidak dapat disimpan" in told.body


async def test_documents_and_recordings_are_kept_beside_the_words_that_they_came_with(
    simulated: World,
) -> None:
    letter = ("surat.pdf", "application/pdf", b"%PDF-1.4 surat pengaduan")
    await _arrive(mail(files=(letter,)))
    spoken = ("rekaman.ogg", "audio/ogg", b"OggS suara")
    ticket = await simulated.fetchval("SELECT ticket FROM complaint")
    await _arrive(mail("", subject=f"Re: {shown(ticket)}", photos=(jpeg(3),), files=(spoken,)))
    rows = await simulated.fetch("SELECT purpose, media_type, statement FROM attachment ORDER BY id")
    statement = await simulated.fetchval("SELECT id FROM statement WHERE kind = 'reply'")
    assert [tuple(row) for row in rows] == [
        ("report", "application/pdf", None),
        ("reply", "image/jpeg", statement),
        ("reply", "audio/ogg", statement),
    ]
    assert await _replies(simulated) == ["(lampiran)"]
    assert (await _row(simulated))["trouble"] is None


async def test_a_place_that_the_words_name_without_doubt_is_kept(simulated: World) -> None:
    await _arrive(mail("Lampu jalan mati di Kelurahan Tlogosari Kulon sejak Senin."))
    await _arrive(mail("Lampu jalan mati di dekat rumah saya sejak Senin."))
    rows = await simulated.fetch(
        "SELECT v.name FROM complaint c LEFT JOIN region v ON v.id = c.village ORDER BY c.id"
    )
    assert [row["name"] for row in rows] == ["Tlogosari Kulon", None]


async def test_an_answer_to_our_letter_is_added_and_files_nothing(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _arrive(mail(message_id="asal@warga.example"))
    letter = (await _letter(post, mailing)).letter
    assert letter["In-Reply-To"] == "<asal@warga.example>"
    assert "<asal@warga.example>" in letter["References"]
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["List-Unsubscribe"] is None
    quoted = "\n".join(f"> {line}" for line in str(letter.get_content()).splitlines())
    answer = mail(
        f"Sekarang dua lampu yang mati.\n\nPada Sen, 23 Nov 2026 pukul 10.05 Lapor <{OURS}> menulis:\n\n{quoted}",
        subject=f"Re: {letter['Subject']}",
        photos=(jpeg(5),),
        In_Reply_To=letter["Message-ID"],
    )
    await _arrive(answer)
    assert await _replies(simulated) == ["Sekarang dua lampu yang mati."]
    assert (await _count(simulated), await _count(simulated, "attachment")) == (1, 1)
    assert (await _row(simulated))["complaint"] == await simulated.fetchval("SELECT id FROM complaint")


@pytest.mark.parametrize("anonymous", [False, True])
async def test_a_ticket_in_the_subject_is_enough_for_its_reporter(simulated: World, anonymous: bool) -> None:
    filed = await _filed(anonymous=anonymous)
    await _arrive(mail("Masih gelap.", subject=f"Tanya laporan {shown(filed.ticket)}", sender=SRI.upper()))
    assert await _replies(simulated) == ["Masih gelap."]
    assert await _count(simulated) == 1


async def test_a_ticket_of_somebody_else_changes_nothing_there(simulated: World) -> None:
    filed = await _filed()
    await _arrive(mail(subject=f"Laporan {shown(filed.ticket)}", sender=BUDI))
    assert await _replies(simulated) == []
    # What he has to say is a complaint of his own.
    assert await _count(simulated) == 2
    await _arrive(mail("Benar.", subject=f"Laporan {shown(filed.ticket)}", sender=BUDI))
    assert await _replies(simulated) == []
    assert (await _count(simulated), (await _row(simulated))["complaint"]) == (2, None)


async def test_a_sender_whom_our_mail_server_does_not_believe_speaks_for_nobody(simulated: World) -> None:
    filed = await _filed()
    forged = {
        "Authentication_Results": "mx.contoh.example; spf=fail; dmarc=fail (p=reject) header.from=warga.example"
    }
    await _arrive(mail("Sudah beres, tutup saja.", subject=f"Re: {shown(filed.ticket)}", **forged))
    assert await _replies(simulated) == []
    assert "tidak terbukti" in (await _row(simulated))["trouble"]
    # A complaint of its own is heard all the same: forwarding breaks such proofs too.
    await _arrive(mail(**forged))
    assert await _count(simulated) == 2


async def test_whoever_has_our_letter_may_answer_from_another_address(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _arrive(mail())
    letter = (await _letter(post, mailing)).letter
    reply_to = letter["Reply-To"]
    assert reply_to.startswith("lapor+")
    await _arrive(mail("Saya tambahkan: dekat sekolah.", subject="Re: laporan", sender=BUDI, to=reply_to))
    assert await _replies(simulated) == ["Saya tambahkan: dekat sekolah."]
    forged = reply_to.replace("+", "+", 1)[:-20] + "0" * 3 + reply_to[-17:]
    assert forged != reply_to
    await _arrive(mail("Palsu.", subject="Re: laporan", sender=BUDI, to=forged))
    assert len(await _replies(simulated)) == 1


async def test_a_server_without_subaddressing_gets_a_plain_reply_address(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await switch_on(simulated, {})
    await _arrive(mail())
    letter = await _letter(post, mailing)
    assert letter.letter["Reply-To"] == OURS
    assert "balasan Anda masuk ke laporan ini" in letter.body


async def test_without_a_mailbox_nobody_is_asked_to_answer(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await simulated.execute("UPDATE channel_account SET active = false")
    await _filed()
    letter = await _letter(post, mailing)
    assert letter.letter["Reply-To"] is None
    assert "jangan membalasnya" in letter.body


async def test_the_letters_about_one_complaint_are_one_thread(
    scene: Scene, post: PostOffice, mailing: Settings
) -> None:
    filed = await scene.file(email=SRI)
    await desk.ask(scene.staff, filed.complaint_id, text="Di depan toko mana?")
    await drain(mailing)
    await scene.world.advance(1)
    await drain(mailing)
    first, second = (one.letter for one in post.to(SRI))
    root = mail_threads.root(filed.ticket, "contoh.example")
    assert first["References"] == second["References"] == f"<{root}>"
    assert first["Message-ID"] != second["Message-ID"]
    assert mail_threads.answered([second["Message-ID"].strip("<>")]) == filed.ticket


@pytest.mark.parametrize(
    ("kind", "leaves"), [("day_list", True), ("escalation_digest", True), ("answered", False)]
)
async def test_only_what_comes_by_the_day_can_be_left_out_at_will(
    post: PostOffice, mailing: Settings, kind: str, leaves: bool
) -> None:
    channel = channels.Mail(mailing)
    now = datetime.now(UTC)
    await channel.send(Outgoing(f"{kind}:1", kind, "", "petugas", (SRI,), "Kabar", "Isi\n", now))
    await channel.close()
    (letter,) = post.to(SRI)
    expected = "<https://lapor.example/pemberitahuan>" if leaves else None
    assert letter.letter["List-Unsubscribe"] == expected


async def test_an_answer_to_a_question_lets_the_deadline_run_again(
    scene: Scene, post: PostOffice, mailing: Settings
) -> None:
    filed = await scene.file(email=SRI)
    await desk.answer(scene.staff, filed.complaint_id, text="Kami periksa.")
    await desk.ask(scene.staff, filed.complaint_id, text="Di depan toko mana?")
    await scene.world.advance(1)
    asked = (await _letter(post, mailing)).letter
    await _arrive(
        mail("Di depan toko roti.", subject=f"Re: {asked['Subject']}", In_Reply_To=asked["Message-ID"])
    )
    assert await _replies(scene.world) == ["Di depan toko roti."]
    assert "replied" in await scene.kinds(filed)


async def test_a_closed_complaint_takes_nothing_more_and_says_so_once_a_day(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    filed = await _filed()
    await simulated.execute("UPDATE complaint SET status = 'closed'")
    for _ in range(3):
        await _arrive(mail("Rusak lagi.", subject=f"Re: {shown(filed.ticket)}"))
    assert (await _count(simulated), await _replies(simulated)) == (1, [])
    await drain(mailing)
    told = [one for one in post.to(SRI) if "belum masuk" in one.letter["Subject"]]
    assert len(told) == 1
    assert "Buka kembali" in told[0].body


MACHINES = {
    "balasan otomatis": {"Auto_Submitted": "auto-replied"},
    "surel milis atau selebaran": {"List_Id": "<a.b>"},
    "pemberitahuan dari server surel": {"Return_Path": "<>"},
    "ditandai sebagai spam oleh server surel": {"X_Spam_Flag": "YES"},
}


@pytest.mark.parametrize("why", MACHINES)
async def test_what_no_person_wrote_is_kept_and_files_nothing(simulated: World, why: str) -> None:
    filed = await _filed()
    await _arrive(mail(subject=f"Re: {shown(filed.ticket)}", **MACHINES[why]), mail(**MACHINES[why]))
    rows = await simulated.fetch("SELECT state, trouble FROM inbound")
    # A bounce holds nobody's words; in everything else a person may find some.
    state = "read" if why == BOUNCE else "left"
    assert [(row["state"], row["trouble"]) for row in rows] == [(state, why)] * 2
    assert (await _count(simulated), await _replies(simulated)) == (1, [])


async def test_our_own_letter_that_comes_back_files_nothing(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _arrive(mail())
    letter = (await _letter(post, mailing)).letter
    await _arrive(letter.as_bytes())
    assert (await _count(simulated), await _replies(simulated)) == (1, [])


@pytest.mark.parametrize("body", ["Selamat pagi Bapak", "tes", "", "Terima kasih"])
async def test_whoever_says_too_little_is_asked_for_more_once_a_day(
    simulated: World, post: PostOffice, mailing: Settings, body: str
) -> None:
    await _arrive(
        *(mail(body, subject="Laporan", message_id=f"{number}@warga.example") for number in range(3))
    )
    row = await _row(simulated)
    assert (row["state"], row["complaint"]) == ("left", None)
    assert "terlalu singkat" in row["trouble"]
    await drain(mailing)
    (asked,) = post.to(SRI)
    assert (asked.letter["In-Reply-To"], asked.letter["Reply-To"]) == ("<0@warga.example>", OURS)
    assert "apa yang terjadi" in asked.body
    # The outbox knows nothing of who was asked.
    assert SRI not in str(await simulated.fetch("SELECT * FROM message WHERE kind = 'mail_asked'"))
    await _arrive(mail(subject=f"Re: {asked.letter['Subject']}", In_Reply_To=asked.letter["Message-ID"]))
    assert await simulated.fetchval("SELECT text FROM content") == LAMP


async def test_nobody_is_asked_about_a_mail_that_is_erased(
    simulated: World, post: PostOffice, mailing: Settings
) -> None:
    await _arrive(mail("Tes", subject=""))
    await simulated.execute("UPDATE inbound SET payload = '', external_id = 'erased:' || id")
    await drain(mailing)
    assert post.to(SRI) == []
    assert await simulated.fetchval("SELECT state FROM message WHERE kind = 'mail_asked'") == "cancelled"


async def test_an_officers_answer_to_a_notice_is_no_complaint(simulated: World) -> None:
    filed = await _filed()
    person = await simulated.officer("liaison")
    address = await simulated.fetchval("SELECT email FROM person WHERE id = $1", person)
    await _arrive(
        mail("Sudah kami tangani, terima kasih.", subject=f"Re: {shown(filed.ticket)}", sender=address)
    )
    assert await _count(simulated) == 1
    assert "lewat meja" in (await _row(simulated))["trouble"]


async def test_a_flood_from_one_sender_waits_for_a_person(simulated: World) -> None:
    await _arrive(*(mail(f"Lampu mati di gang {number} kampung kami.") for number in range(MOST_AN_HOUR + 2)))
    assert await _count(simulated) == MOST_AN_HOUR
    assert await simulated.fetchval("SELECT count(*) FROM inbound WHERE state = 'unreadable'") == 2
    await switch_on(simulated, {"most_hour": "32"})
    await _arrive(*(mail(f"Got mampet di gang {number} kampung kami.") for number in range(3)))
    assert await _count(simulated) == 32
    await switch_on(simulated, {"most_hour": "0"})
    await _arrive(*(mail(f"Jalan rusak di gang {number} kampung kami.") for number in range(3)))
    assert await _count(simulated) == 35


async def test_a_very_long_mail_is_cut_and_filed(simulated: World) -> None:
    await _arrive(mail("Lampu mati di gang kami. " * 2_000))
    text = await simulated.fetchval("SELECT text FROM content")
    assert len(text) <= 10_000
    assert text.endswith("surel aslinya disimpan utuh.]")


@pytest.mark.parametrize(
    ("words", "column"),
    [
        ("Mohon identitas saya dirahasiakan.", "anonymous"),
        ("Tolong rahasiakan nama saya.", "anonymous"),
        ("Saya melapor secara anonim.", "anonymous"),
        ("Laporan ini bersifat rahasia.", "confidential"),
        ("Ada pungli oleh oknum di kantor itu.", "about_official"),
    ],
)
async def test_who_asks_to_be_protected_in_words_is_protected(
    simulated: World, words: str, column: str
) -> None:
    await _arrive(mail(f"{LAMP} {words}"))
    assert await simulated.fetchval(f"SELECT {column} FROM complaint")
    await _arrive(mail())
    assert not await simulated.fetchval(f"SELECT {column} FROM complaint ORDER BY id DESC LIMIT 1")


async def test_a_mail_without_a_sender_waits_for_a_person(simulated: World) -> None:
    await _arrive(b"From: bukan alamat\r\nSubject: Lampu mati\r\n\r\nLampu jalan mati sejak Senin.\r\n")
    assert (await _row(simulated))["state"] == "unreadable"
    assert await _count(simulated) == 0
