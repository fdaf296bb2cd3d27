"""Letters that come back: by a real mail server to our real mailbox, to the letter that they are about."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing
from lapor.intake import mail_reports
from lapor.intake.channels import mail as channels
from lapor.intake.channels.interface import Outgoing
from lapor.intake.inbound import read_waiting
from lapor.intake.mailbox import collect
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.ground import World
from tests.intake.letters_in import LAMP, OURS, SRI, mail, switch_on
from tests.intake.local_api import opened
from tests.intake.mail_server import PASSWORD, PROGRAM, MailServer, open_mail_server
from tests.intake.post_office import Mail, PostOffice, open_post_office
from tests.intake.sms_api import SEND_TOKEN, SmsServer
from tests.intake.switched_on import switched_on
from tests.visitor import Visitor

PHONE = "+62 812-0000-9999"
WEBHOOK = "kata-sandi-antar-7"
KEY = "kunci-tanda-tangan-9"
GONE = "surel kembali: alamatnya tidak ada (5.1.1)"


def report(
    letter: str,
    address: str = SRI,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    original: str = "message/rfc822",
    **headers: str,
) -> bytes:
    """What a mail server writes about a letter with this id (RFC 3464)."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    sent = f"From: Lapor <{OURS}>\r\nTo: {address}\r\nMessage-ID: {letter}\r\nSubject: Laporan Anda\r\n\r\n"
    returned = f"--b\r\nContent-Type: {original}\r\n\r\n{sent}\r\n" if original else ""
    return (
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\r\n"
        f"To: {OURS}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{status}.{action}@mx.example>\r\n"
        f"{more}MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is the mail system at host mx.example.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Sun, 22 Nov 2026 10:00:00 +0700\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} <{address}>: Recipient address rejected\r\n\r\n"
        f"{returned}--b--\r\n"
    ).encode()


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[MailServer]:
    if PROGRAM is None:
        pytest.skip("dovecot is not installed")
    with open_mail_server() as running:
        yield running


@pytest_asyncio.fixture
async def post() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


@pytest_asyncio.fixture
async def letters(simulated: World, post: PostOffice, server: MailServer) -> Letters:
    """A site that sends by a real server, and reads a real mailbox."""
    await switch_on(simulated, server.settings(simulated.name), password=PASSWORD)
    settings = replace(
        simulated.settings, smtp_url=post.url, mail_from=f"Lapor <{OURS}>", base_url="https://lapor.example"
    )
    await collect()
    return Letters(simulated, post, server, settings)


class Letters:
    """Letters on their way, and back."""

    def __init__(self, world: World, post: PostOffice, server: MailServer, settings: Settings) -> None:
        self.world, self.post, self.server, self.settings = world, post, server, settings

    async def filed(self, **given: Any) -> tuple[Filed, str]:
        """A complaint, and the id of its acknowledgement, which has left."""
        filing = {"type": "complaint", "text": LAMP, "category": "lampu-jalan", "email": SRI, **given}
        filed = await desk.file(Filing(**filing))
        await drain(self.settings)
        return filed, self.newest(filing["email"]).letter["Message-ID"]

    def newest(self, address: str = SRI) -> Mail:
        """The newest letter to somebody."""
        return self.post.to(address)[-1]

    async def returned(self, *mails: bytes) -> None:
        """Mails arrive in our mailbox, and are read."""
        self.server.deliver(self.world.name, *mails)
        assert await collect() == len(mails)
        await read_waiting()

    async def later(self) -> None:
        """Two minutes later."""
        await self.world.advance(1 / 30)
        await drain(self.settings)

    async def message(self, kind: str = "acknowledgement") -> dict[str, Any]:
        """A letter's row."""
        return dict((await self.world.fetch("SELECT * FROM message WHERE kind = $1", kind))[0])


@pytest.mark.parametrize("original", ["message/rfc822", "text/rfc822-headers"])
async def test_a_letter_that_comes_back_is_marked_and_waits_for_a_person(
    letters: Letters, site: Visitor, original: str
) -> None:
    _, unique = await letters.filed()
    await letters.returned(report(unique, original=original))
    row = await letters.message()
    assert (row["state"], row["receipt"], row["trouble"], row["sent_at"]) == ("waiting", "failed", GONE, None)
    inbound = (await letters.world.fetch("SELECT * FROM inbound"))[0]
    assert (inbound["state"], inbound["complaint"], inbound["trouble"]) == ("read", None, GONE)
    await letters.later()
    row = await letters.message()
    assert (row["state"], row["trouble"]) == ("dead", GONE)
    assert len(letters.post.to(SRI)) == 1
    assert await letters.world.fetchval("SELECT count(*) FROM complaint") == 1
    await site.as_role("administrator")
    assert GONE in (await site.get("/kiriman")).text
    english = (await site.get("/kiriman?bahasa=en")).text
    assert "the mail came back: the address does not exist (5.1.1)" in english


async def test_a_letter_that_comes_back_is_seen_beside_the_complaint(letters: Letters, site: Visitor) -> None:
    filed, unique = await letters.filed()
    await letters.returned(report(unique))
    await letters.later()
    owner = await letters.world.fetchval(
        "SELECT a.code FROM agency a JOIN complaint c ON c.owner_agency = a.id"
    )
    await site.as_role("liaison", str(owner))
    assert GONE in (await site.get(f"/meja/aduan/{filed.complaint_id}")).text


async def test_the_next_way_carries_the_letter_once(letters: Letters) -> None:
    async with opened(SmsServer()) as sms:
        await _open_gateway(letters.world, sms)
        filed, unique = await letters.filed(phone=PHONE)
        assert sms.sent == []
        await letters.returned(report(unique), report(unique, status="5.1.2"))
        await letters.later()
        await letters.later()
        assert [one["to"] for one in sms.sent] == ["6281200009999"]
        assert sms.texts()[0].startswith(f"{filed.ticket[:5]}")
        row = await letters.message()
        assert (row["state"], row["channel"]) == ("sent", "sms")
        assert len(letters.post.to(SRI)) == 1
        # What comes late about the first way changes nothing on the second.
        await letters.returned(report(unique, status="5.2.2"))
        assert (await letters.message())["state"] == "sent"


async def test_a_letter_that_is_late_is_only_noted(letters: Letters, site: Visitor) -> None:
    filed, unique = await letters.filed()
    await letters.returned(report(unique, status="4.2.2", action="delayed"))
    row = await letters.message()
    assert (row["state"], row["receipt"]) == ("sent", "delayed")
    assert row["trouble"] == "surel tertunda: kotak suratnya penuh (4.2.2)"
    await letters.later()
    assert len(letters.post.to(SRI)) == 1
    owner = await letters.world.fetchval(
        "SELECT a.code FROM agency a JOIN complaint c ON c.owner_agency = a.id"
    )
    await site.as_role("liaison", str(owner))
    assert "tertunda di server penerima" in (await site.get(f"/meja/aduan/{filed.complaint_id}")).text


async def test_a_server_that_has_given_up_after_days_is_believed(letters: Letters) -> None:
    _, unique = await letters.filed()
    await letters.returned(report(unique, status="4.4.7"))
    assert (await letters.message())["receipt"] == "failed"


async def test_what_names_another_addressee_or_no_letter_of_ours_changes_nothing(letters: Letters) -> None:
    _, unique = await letters.filed()
    await letters.returned(
        report(unique, "orang.lain@warga.example"),
        report(f"<{'0' * 24}@contoh.example>", status="5.1.2"),
        report("<asing@lain.example>", status="5.1.10"),
        report("", original="", status="5.7.1"),
    )
    assert (await letters.message())["state"] == "sent"
    notes = await letters.world.fetch("SELECT trouble FROM inbound ORDER BY id")
    assert [row["trouble"] for row in notes] == [
        "pemberitahuan tentang alamat yang tidak kami surati",
        *["pemberitahuan tentang surat yang tidak kami kenal"] * 3,
    ]
    assert await letters.world.fetchval("SELECT count(*) FROM complaint") == 1


async def test_a_report_without_the_letter_is_known_by_what_it_answers(letters: Letters) -> None:
    _, unique = await letters.filed()
    await letters.returned(report(unique, original="", In_Reply_To=unique))
    assert (await letters.message())["receipt"] == "failed"


async def test_a_letter_to_an_office_goes_to_its_agency_when_the_holder_s_address_is_gone(
    letters: Letters,
) -> None:
    world = letters.world
    filed = await desk.file(Filing(type="complaint", text=LAMP, category="lampu-jalan"))
    agency = await world.fetchval("SELECT owner_agency FROM complaint WHERE id = $1", filed.complaint_id)
    await world.execute("UPDATE agency SET email = 'dinas@contoh.example' WHERE id = $1", agency)
    code = await world.fetchval("SELECT code FROM agency WHERE id = $1", agency)
    holder = await world.officer("agency_head", str(code))
    address = await world.fetchval("SELECT email FROM person WHERE id = $1", holder)
    await world.advance(0.01)
    await desk.sweep()
    await drain(letters.settings)
    sent = [one for one in letters.post.to(address) if one.recipients == [address]][-1]
    await letters.returned(report(sent.letter["Message-ID"], address))
    before = len(letters.post.to("dinas@contoh.example"))
    await letters.later()
    assert len(letters.post.to("dinas@contoh.example")) == before + 1
    # The agency's own address is gone as well: nobody is left, and that is seen.
    await letters.returned(
        report(sent.letter["Message-ID"], "dinas@contoh.example", status="5.1.2", action="failed")
    )
    await letters.later()
    assert (
        await world.fetchval("SELECT count(*) FROM message WHERE state = 'dead' AND office IS NOT NULL") == 1
    )


async def test_a_person_sends_it_again_once_the_address_is_mended(letters: Letters, site: Visitor) -> None:
    _, unique = await letters.filed()
    await letters.returned(report(unique))
    await letters.later()
    await site.as_role("administrator")
    number = (await letters.message())["id"]
    await site.send_form("/kiriman/kirim-lagi", {"letters": str(number)}, page="/kiriman")
    await drain(letters.settings)
    assert letters.newest().letter["In-Reply-To"] is None
    assert (await letters.message())["state"] == "sent"
    assert len(letters.post.to(SRI)) == 2


async def test_a_question_about_a_mail_that_comes_back_troubles_nobody(letters: Letters) -> None:
    await letters.returned(mail("halo", subject="tes"))
    await drain(letters.settings)
    await letters.returned(report(letters.newest().letter["Message-ID"]))
    assert (await letters.message("mail_asked"))["state"] == "cancelled"


def test_whatever_is_no_report_tells_nothing() -> None:
    for raw in (b"", mail(), report("<a@b>")[:420], b"Content-Type: multipart/report; boundary=b\r\n\r\n--b"):
        assert mail_reports.reports(raw) == []


def test_only_what_failed_or_is_late_is_told() -> None:
    assert mail_reports.reports(report("<a@b>", action="relayed", status="2.1.5")) == []
    (told,) = mail_reports.reports(report("<a@b>", action="failed", status="tidak jelas"))
    assert told.reason == "surel kembali: ditolak oleh server tujuan (5.0.0)"


async def _open_gateway(world: World, sms: SmsServer) -> None:
    settings = {
        "api": f"{sms.url}/kirim",
        "send_header": "X-Kunci",
        "send_fields": "to=tujuan text=isi id=nomor",
    }
    tokens = {"webhook_token": "x", "send_token": SEND_TOKEN}
    await switched_on(world, "sms", "62811000111", tokens, settings)


def _mailgun(letter: str, event: str = "failed", severity: str = "permanent", **told: Any) -> dict[str, Any]:
    """What Mailgun tells of a letter."""
    stamp, token = str(int(time.time())), secrets.token_hex(25)
    key = hmac.new(KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    data = {"event": event, "severity": severity, "id": secrets.token_hex(8), "recipient": SRI, **told}
    data["message"] = {"headers": {"message-id": letter.strip("<>"), "to": SRI}}
    return {"signature": {"timestamp": stamp, "token": token, "signature": key}, "event-data": data}


@pytest_asyncio.fixture
async def providers(letters: Letters, server: MailServer) -> Letters:
    """The same, with both providers allowed to tell us something."""
    settings = server.settings(letters.world.name)
    await switch_on(
        letters.world, settings, password=PASSWORD, webhook_password=WEBHOOK, mailgun_signing_key=KEY
    )
    return letters


async def test_mailgun_tells_of_a_letter_that_it_could_not_deliver(providers: Letters, site: Visitor) -> None:
    _, unique = await providers.filed()
    late = {"delivery-status": {"code": 452, "enhanced-code": "4.2.2"}}
    told = [
        _mailgun(unique, "delivered"),
        _mailgun(unique, severity="temporary", **late),
        {**_mailgun(unique), "signature": {"timestamp": "1", "token": "x", "signature": "salah"}},
    ]
    answers = [await site.post("/hooks/email", json=one) for one in told]
    assert [answer.status_code for answer in answers] == [200, 200, 401]
    await read_waiting()
    row = await providers.message()
    assert (row["state"], row["receipt"]) == ("sent", "delayed")
    gone = _mailgun(unique, **{"delivery-status": {"code": 550, "enhanced-code": "5.1.1"}})
    for _ in range(2):
        assert (await site.post("/hooks/email", json=gone)).status_code == 200
    assert await providers.world.fetchval("SELECT count(*) FROM inbound") == 2
    await read_waiting()
    row = await providers.message()
    assert (row["state"], row["trouble"]) == ("waiting", GONE)


async def test_postmark_tells_of_a_letter_by_what_we_gave_it(providers: Letters, site: Visitor) -> None:
    filed, unique = await providers.filed()
    settings = replace(providers.settings, smtp_url="smtp://smtp.postmarkapp.com:587")
    written = channels.Mail(settings)._written(
        Outgoing(
            "acknowledgement:1", "acknowledgement", filed.ticket, "", (SRI,), "x", "y", datetime.now(UTC)
        )
    )
    assert written["X-PM-Metadata-surat"] == written["Message-ID"][1:25]
    bounce = {"RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "Email": SRI, "Details": "550"}
    for kind, known in (("Subscribe", "x"), ("HardBounce", "0" * 24), ("HardBounce", unique[1:25])):
        told = {**bounce, "Type": kind, "Metadata": {"surat": known}}
        answer = await site.post("/hooks/email", json=told, auth=("lapor", WEBHOOK))
        assert answer.status_code == 200
    assert (await site.post("/hooks/email", json=bounce, auth=("lapor", "salah"))).status_code == 401
    await read_waiting()
    assert await providers.world.fetchval("SELECT count(*) FROM inbound") == 2
    row = await providers.message()
    assert (row["state"], row["trouble"]) == ("waiting", GONE)
