"""The list of settings: the name of each, how it is read, its default and what it means.

`docs/settings.md` explains each of them for operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lapor.setting_values import (
    address,
    base_url,
    folder,
    hosts,
    keys,
    log_level,
    networks,
    never_or,
    number,
    one_of,
    partner_names,
    partner_secrets,
    text,
    truth,
)


@dataclass(frozen=True)
class Setting:
    """One setting: `parse` turns its text into a value or raises ValueError with the reason."""

    name: str
    parse: Callable[[str], Any]
    default: str
    help: str
    secret: bool = False
    demo_default: str | None = None

    def default_in(self, environment: str) -> str:
        """The text used when the variable is not set in this environment."""
        return self.demo_default if self.demo_default is not None and environment == "demo" else self.default


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "ENVIRONMENT",
        one_of("demo", "test", "production"),
        "demo",
        "What this installation is for. Production refuses weak, missing and demonstration secrets.",
    ),
    Setting(
        "DATABASE_URL",
        address("postgresql", "postgres"),
        "",
        "PostgreSQL address of the web role. Empty: the embedded servers are started.",
        secret=True,
    ),
    Setting(
        "WORKER_DATABASE_URL",
        address("postgresql", "postgres"),
        "",
        "PostgreSQL address of the worker role; only worker processes need it.",
        secret=True,
    ),
    Setting(
        "OWNER_DATABASE_URL",
        address("postgresql", "postgres"),
        "",
        "PostgreSQL address of the owner role; only commands that migrate or load packs need it.",
        secret=True,
    ),
    Setting(
        "REDIS_URL",
        address("redis", "rediss", "unix"),
        "",
        "Redis address for nudges to the worker. Empty: the embedded servers are started.",
        secret=True,
    ),
    Setting(
        "HOME",
        folder,
        "",
        "Folder of the embedded data and the generated secrets. Empty: `.lapor` in the project, "
        "for root a folder in `/var/lib/lapor`.",
    ),
    Setting(
        "BASE_URL",
        base_url,
        "http://127.0.0.1:8000",
        "Address under which residents reach this installation.",
    ),
    Setting("HOST", text, "127.0.0.1", "Address on which the web processes listen."),
    Setting("PORT", number(1, 65535), "8000", "Port on which the web processes listen."),
    Setting("WEB_WORKERS", number(1, 64), "2", "Number of web processes."),
    Setting(
        "SECRET_KEY",
        text,
        "",
        "Signs form tokens and links. At least 32 random characters.",
        secret=True,
    ),
    Setting(
        "ENCRYPTION_KEYS",
        keys,
        "",
        "Keys that encrypt identities and addresses, `version:base64 of 32 bytes`, comma list, newest first.",
        secret=True,
    ),
    Setting(
        "LOOKUP_KEYS",
        keys,
        "",
        "Keys by which telephone numbers and e-mail addresses are found again, in the same form.",
        secret=True,
    ),
    Setting(
        "PARTNER_SECRETS",
        partner_secrets,
        "",
        "Webhook secrets, `name=whsec_…`, comma list; a name may stand twice while its secret changes. "
        "A partner without a secret is refused.",
        secret=True,
    ),
    Setting(
        "PARTNER_SENSORS",
        partner_names,
        "",
        "Partners that are machines, by name, comma list: what they file cannot be rated, disputed or reopened, "
        "and no letters go to a reporter.",
    ),
    Setting(
        "SMTP_URL",
        address("smtp", "smtps"),
        "",
        "Mail server, `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…`. "
        "Empty: no mail is sent.",
        secret=True,
    ),
    Setting("MAIL_FROM", text, "", "Sender of outgoing mail; required with SMTP_URL."),
    Setting(
        "SMTP_PER_SECOND",
        number(0, 1000),
        "0",
        "Mails that the server takes in a second; 0 is without limit.",
    ),
    Setting(
        "CONSOLE_CHANNEL",
        truth,
        "false",
        "Shows messages that have no other channel in the log, without address and content.",
        demo_default="true",
    ),
    Setting(
        "TRUSTED_PROXIES",
        networks,
        "",
        "Networks whose forwarding headers are believed, comma list such as `10.0.0.0/8`.",
    ),
    Setting(
        "FILING_LIMIT",
        number(0, 1_000_000),
        "30",
        "Complaints that one address may file in an hour; 0 is without limit.",
    ),
    Setting(
        "LOOKUP_LIMIT",
        number(0, 1_000_000),
        "30",
        "Tickets that one address may look up in a minute; 0 is without limit.",
    ),
    Setting(
        "TWO_FACTOR",
        one_of("required", "optional"),
        "required",
        "Whether officers who see identities or change rules must log in with a code of an authenticator. "
        "Production refuses `optional`.",
        demo_default="optional",
    ),
    Setting(
        "SESSION_HOURS", number(1, 168), "8", "Hours without use after which an officer has to log in again."
    ),
    Setting(
        "SESSION_DAYS", number(1, 90), "7", "Days after which an officer has to log in again in any case."
    ),
    Setting(
        "SHARED_SESSION_MINUTES",
        number(5, 240),
        "15",
        "Minutes without use after which a log-in on a shared computer ends.",
    ),
    Setting("LOGIN_ATTEMPTS", number(1, 100), "5", "Failed log-ins after which an account is locked."),
    Setting("LOGIN_LOCK_MINUTES", number(1, 1440), "15", "Minutes after which that lock ends."),
    Setting("SWEEP_SECONDS", number(1, 300), "2", "Seconds between two sweeps for passed deadlines."),
    Setting("SWEEP_BATCH", number(1, 50_000), "5000", "Clocks that one transaction of a sweep takes."),
    Setting(
        "SWEEP_LANES",
        number(1, 8),
        "2",
        "Transactions that a sweep has under way at a time, when much is due.",
    ),
    Setting("DIGEST_FROM", number(1, 1000), "5", "More rungs than this for one office leave as one letter."),
    Setting("LIST_LINK_MINUTES", number(5, 10_080), "720", "Minutes that a leader's letter opens the list."),
    Setting(
        "SAME_WORDS_FROM", number(1, 1000), "5", "The same words to more complaints than this are flagged."
    ),
    Setting(
        "CLOSING_DAYS",
        number(1, 60),
        "7",
        "Days after the end of a month in which agencies may object before its figures close.",
    ),
    Setting(
        "RETAIN_IDENTITY_DAYS",
        never_or(365, 36_500),
        "730",
        "Days after a complaint has ended until it is forgotten who filed it, at least 365; 0 keeps it for ever.",
    ),
    Setting(
        "RETAIN_INBOUND_DAYS",
        number(0, 36_500),
        "90",
        "Days until the raw text of a delivery through a channel is erased; 0 keeps it for ever.",
    ),
    Setting(
        "RETAIN_REFERENCE_DAYS",
        number(0, 36_500),
        "180",
        "Days until what a provider said about a sent message is erased; 0 keeps it for ever.",
    ),
    Setting(
        "REVEAL_WAIT_HOURS",
        number(1, 720),
        "72",
        "Hours after an appointment or a reset by somebody else until an inspector may ask for, allow or open an identity.",
    ),
    Setting("LOG_LEVEL", log_level, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting(
        "ADMIN_ALLOWED_HOSTS",
        hosts,
        "",
        "Host names under which the admin panel accepts forms, comma list. Empty: the host of BASE_URL.",
    ),
)
