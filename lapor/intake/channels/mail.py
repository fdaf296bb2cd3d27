"""Mail, by SMTP (RFC 5321), with an id that is the same however often a message is sent."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from lapor.intake import mail_threads
from lapor.intake.channels import mail_events
from lapor.intake.channels.interface import Outgoing, Undelivered
from lapor.intake.channels.rates import UNLIMITED, Rate, Rates
from lapor.settings import Settings

PATIENCE_SECONDS = 30.0
# How long a server that is away is left alone at first.
REST = timedelta(minutes=1)
# RFC 5321, 4.2.3: the service shuts down, no storage, no such credentials now. RFC 4954: log in first, and wrongly.
_DOWN = (421, 452, 454, 530, 534, 535)
NOTICES = "/pemberitahuan"
# Letters that come by the day or week, and that their readers can do without.
_LEFT_OUT_AT_WILL = ("escalation_digest", "day_list", "weekly_letter")


class Mail:
    """The channel to everybody with an address. Connections are kept between messages until `close`."""

    name = "email"
    reply_window: timedelta | None = None

    def __init__(self, settings: Settings) -> None:
        self._smtp_url = settings.smtp_url
        self._sender = settings.mail_from
        self._base_url = settings.base_url
        per_second = settings.smtp_per_second
        self.rates = Rates(account=Rate(1 / per_second)) if per_second else UNLIMITED
        self._idle: list[SMTP] = []

    async def send(self, message: Outgoing) -> str:
        """Hand the mail to the server and return what the server said about it; raises Undelivered."""
        mail = self._written(message)
        link: SMTP | None = None
        try:
            link = await self._link()
            refused, answer = await link.send_message(
                mail, sender=parseaddr(self._sender)[1], recipients=list(message.addresses)
            )
        except (SMTPException, OSError, ValueError) as error:
            _drop(link)
            raise Undelivered(_reason(error), for_good=_for_good(error), wait=_rest(error)) from None
        except BaseException:
            _drop(link)
            raise
        self._idle.append(link)
        return f"{answer} ({len(refused)} refused)"[:200] if refused else answer[:200]

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            link = self._idle.pop()
            try:
                await link.quit(timeout=2)
            except (SMTPException, OSError):
                link.close()

    async def _link(self) -> SMTP:
        while self._idle:
            link = self._idle.pop()
            if link.is_connected:
                return link
        return await connected(self._smtp_url)

    def _written(self, message: Outgoing) -> EmailMessage:
        mail = EmailMessage(policy=SMTP_POLICY)
        try:
            mail["From"] = self._sender
            mail["To"] = ", ".join(message.addresses)
        except ValueError:
            raise Undelivered("alamat surel tidak sah", for_good=True) from None
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{mail_threads.message_id(message.key, message.ticket, self._domain())}>"
        # RFC 3834: no out-of-office notice comes back.
        mail["Auto-Submitted"] = "auto-replied" if message.answers else "auto-generated"
        if (urlsplit(self._smtp_url).hostname or "").endswith(mail_events.POSTMARK_HOST):
            # Postmark gives the letter an id of its own, and tells of a bounce with this one.
            mail[mail_events.POSTMARK_HEADER] = mail_threads.letter(mail["Message-ID"].strip("<>"))
        self._thread(mail, message)
        if message.kind in _LEFT_OUT_AT_WILL:
            # RFC 2369: the page on which an officer chooses what to hear of; answers are nobody's subscription.
            mail["List-Unsubscribe"] = f"<{self._base_url}{NOTICES}>"
        mail.set_content(message.body)
        return mail

    def _thread(self, mail: EmailMessage, message: Outgoing) -> None:
        """Keep the letters about one complaint together, below the mail that each of them answers."""
        if message.answers:
            mail["In-Reply-To"] = f"<{message.answers}>"
        root = mail_threads.root(message.ticket, self._domain()) if message.ticket else ""
        above = [f"<{one}>" for one in (root, message.answers) if one]
        if above:
            mail["References"] = " ".join(above)
        if message.reply_to:
            mail["Reply-To"] = message.reply_to

    def _domain(self) -> str:
        return parseaddr(self._sender)[1].rpartition("@")[2] or "localhost"


async def connected(smtp_url: str) -> SMTP:
    """Return a connection to the server at an address like LAPOR_SMTP_URL; raises SMTPException and OSError."""
    url = urlsplit(smtp_url)
    link = SMTP(
        hostname=url.hostname,
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        timeout=PATIENCE_SECONDS,
    )
    await link.connect()
    return link


def _drop(link: SMTP | None) -> None:
    if link:
        link.close()


def _first(error: Exception) -> Exception:
    return error.recipients[0] if isinstance(error, SMTPRecipientsRefused) and error.recipients else error


def _for_good(error: Exception) -> bool:
    """Whether the server refuses for ever (RFC 5321, 4.2.1: 5yz)."""
    error = _first(error)
    return isinstance(error, SMTPResponseException) and 500 <= error.code < 600


def _rest(error: Exception) -> timedelta | None:
    """How long nothing is worth trying; None when only this mail, or one of its addressees, is refused."""
    if isinstance(error, SMTPRecipientsRefused):
        return None
    if isinstance(error, SMTPConnectError | SMTPSenderRefused | SMTPAuthenticationError | SMTPHeloError):
        return REST
    if isinstance(error, SMTPResponseException):
        return REST if error.code in _DOWN else None
    return None if isinstance(error, ValueError) else REST


def _reason(error: Exception) -> str:
    """Why a mail did not leave, without the server's words: they often repeat the address."""
    error = _first(error)
    if isinstance(error, SMTPResponseException):
        return f"server surel menjawab {error.code}"
    return f"server surel tidak dapat dipakai ({type(error).__name__})"
