"""A rehearsal of e-mail: mails as people write them, handed over as Postmark does, or by SMTP to our mailbox."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Final

from aiosmtplib import SMTPException

from lapor import database
from lapor.commands import Failed
from lapor.commands.rehearsal import PATIENCE_SECONDS, Rehearsal, photo
from lapor.intake.channels.mail import connected
from lapor.intake.channels.mail_in import POSTMARK
from lapor.intake.mail_parsing import message_id_of

# A mailbox is looked at every half a minute.
MAILBOX_SECONDS: Final = 90.0


class MailRehearsal(Rehearsal):
    """Somebody who writes mails. No server takes mail for their address (RFC 2606): what is answered goes nowhere."""

    async def tell(self, photos: int) -> None:
        """A mail with photos; the same one twice; a reply in its thread; an automatic answer."""
        first = await self._mail("Jalan berlubang", self.story.words, photos=photos)
        self.show(f"warga  > surel dengan {photos} foto")
        ticket = await self._handed(first)
        await self._hand(first)
        self.show("  (surel yang sama sekali lagi: tidak dibaca dua kali)")
        quoted = (
            f"{self.story.more}\n\nPada hari itu Kanal Pengaduan menulis:\n> Laporan Anda sudah kami terima."
        )
        self.show("warga  > balasan dengan nomor laporan pada perihalnya")
        if await self._handed(await self._mail(f"Re: Laporan {ticket}", quoted)) != ticket:
            raise Failed("the reply did not join the complaint")
        self.show("warga  > balasan otomatis: sedang cuti")
        if await self._handed(await self._mail("Sedang cuti", "Saya sedang cuti.", automatic=True)):
            raise Failed("an automatic answer became a complaint")

    async def _mail(self, subject: str, words: str, *, photos: int = 0, automatic: bool = False) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{self.story.name} <warga-{self.sender}@gladi.invalid>"
        mail["To"] = self.account.name
        mail["Subject"] = subject
        mail["Message-ID"] = make_msgid(domain="gladi.invalid")
        async with database.transaction("worker"):
            mail["Date"] = format_datetime(await database.now())
        if automatic:
            mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(words)
        for number in range(photos):
            mail.add_attachment(photo(), "image", "jpeg", filename=f"foto{number + 1}.jpg")
        return mail.as_bytes()

    async def _handed(self, raw: bytes) -> str:
        """Hand a mail over and return the ticket of what it became, if anything."""
        await self._hand(raw)
        return await self.became(message_id_of(raw), PATIENCE_SECONDS if self._posts else MAILBOX_SECONDS)

    @property
    def _posts(self) -> bool:
        return bool(self.account.secrets.get(POSTMARK))

    async def _hand(self, raw: bytes) -> None:
        if self._posts:
            told = {"RawEmail": raw.decode(), "OriginalRecipient": self.account.name}
            password = base64.b64encode(f"gladi:{self.account.secrets[POSTMARK]}".encode()).decode()
            await self.post(json.dumps(told).encode(), {"Authorization": f"Basic {password}"})
            return
        if not self.settings.smtp_url or not self.account.settings.get("host"):
            raise Failed(
                "neither has the account a password for Postmark, nor is LAPOR_SMTP_URL set for its mailbox"
            )
        try:
            link = await connected(self.settings.smtp_url)
            await link.sendmail(f"warga-{self.sender}@gladi.invalid", [self.account.name], raw)
            await link.quit()
        except (SMTPException, OSError) as error:
            raise Failed(f"the mail server did not take the mail ({type(error).__name__})") from None
