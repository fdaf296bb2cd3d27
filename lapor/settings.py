"""Every setting of Lapor: its name, how it is read, its default and what it means.

Settings are data. They are read once, from environment variables `LAPOR_<NAME>`, into one frozen
`Settings` which is passed to whoever needs it. `docs/settings.md` explains each of them for operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from lapor.secret_values import (
    DEMO_PARTNER,
    SettingsError,
    generate_secrets,
    weak_key,
    weak_partner,
    weak_password,
    weak_text,
)
from lapor.setting_values import (
    Network,
    PartnerSecret,
    VersionedKey,
    address,
    base_url,
    folder,
    hosts,
    keys,
    log_level,
    networks,
    number,
    one_of,
    partner_secrets,
    text,
    truth,
)

__all__ = ["SETTINGS", "Setting", "Settings", "SettingsError", "generate_secrets", "read"]

Environment = Literal["demo", "test", "production"]

PREFIX = "LAPOR_"
TEST_PREFIX = "LAPOR_TEST_"


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
        "SMTP_URL",
        address("smtp", "smtps"),
        "",
        "Mail server, `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…`. "
        "Empty: no mail is sent.",
        secret=True,
    ),
    Setting("MAIL_FROM", text, "", "Sender of outgoing mail; required with SMTP_URL."),
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
    Setting("SESSION_HOURS", number(1, 168), "8", "Hours until an officer has to log in again."),
    Setting("LOGIN_ATTEMPTS", number(1, 100), "5", "Failed log-ins after which an account is locked."),
    Setting("LOGIN_LOCK_MINUTES", number(1, 1440), "15", "Minutes after which that lock ends."),
    Setting("SWEEP_SECONDS", number(1, 300), "2", "Seconds between two sweeps for passed deadlines."),
    Setting("SWEEP_BATCH", number(1, 50_000), "5000", "Clocks that one transaction of a sweep takes."),
    Setting("DIGEST_FROM", number(1, 1000), "5", "More rungs than this for one office leave as one letter."),
    Setting("LIST_LINK_MINUTES", number(5, 10_080), "720", "Minutes that a leader's letter opens the list."),
    Setting(
        "SAME_WORDS_FROM", number(1, 1000), "5", "The same words to more complaints than this are flagged."
    ),
    Setting("LOG_LEVEL", log_level, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting(
        "ADMIN_ALLOWED_HOSTS",
        hosts,
        "",
        "Host names under which the admin panel accepts forms, comma list. Empty: the host of BASE_URL.",
    ),
)


@dataclass(frozen=True, repr=False)
class Settings:
    """The settings of one process. Its representation hides every secret."""

    environment: Environment
    database_url: str
    worker_database_url: str
    owner_database_url: str
    redis_url: str
    home: Path
    base_url: str
    host: str
    port: int
    web_workers: int
    secret_key: str
    encryption_keys: tuple[VersionedKey, ...]
    lookup_keys: tuple[VersionedKey, ...]
    partner_secrets: tuple[PartnerSecret, ...]
    smtp_url: str
    mail_from: str
    console_channel: bool
    trusted_proxies: tuple[Network, ...]
    filing_limit: int
    lookup_limit: int
    session_hours: int
    login_attempts: int
    login_lock_minutes: int
    sweep_seconds: int
    sweep_batch: int
    digest_from: int
    list_link_minutes: int
    same_words_from: int
    log_level: str
    admin_allowed_hosts: tuple[str, ...]

    @property
    def production(self) -> bool:
        """True where real residents file."""
        return self.environment == "production"

    @property
    def secure(self) -> bool:
        """True when residents come over TLS, so cookies may demand it."""
        return self.base_url.startswith("https://")

    @property
    def admin_hosts(self) -> tuple[str, ...]:
        """The host names (with their port) under which the admin panel accepts forms."""
        return self.admin_allowed_hosts or (urlsplit(self.base_url).netloc,)

    def secrets_of(self, partner: str) -> tuple[str, ...]:
        """The webhook secrets of this partner, in the order given; empty when it is not known."""
        return tuple(pair.secret for pair in self.partner_secrets if pair.partner == partner)

    def require(self, *names: str) -> None:
        """Raises SettingsError, naming them, when settings that a command needs are empty."""
        missing = [name for name in names if not getattr(self, name.lower())]
        if missing:
            raise SettingsError(
                "; ".join(f"{PREFIX}{name.upper()} is needed by this command" for name in missing)
            )

    def __repr__(self) -> str:
        hidden = {setting.name.lower() for setting in SETTINGS if setting.secret}
        shown = (
            f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.name not in hidden
        )
        return f"Settings({', '.join(shown)})"


def read(environ: Mapping[str, str]) -> Settings:
    """The settings that these environment variables give.

    Raises SettingsError, in one line naming each of them, when a variable is malformed or unknown, or when
    production is to run with a secret that is missing, weak or a demonstration's.
    """
    environment = environ.get(PREFIX + "ENVIRONMENT", "").strip() or "demo"
    values: dict[str, Any] = {}
    troubles: list[str] = _unknown(environ)
    for setting in SETTINGS:
        raw = environ.get(PREFIX + setting.name, "").strip() or setting.default_in(environment)
        try:
            values[setting.name.lower()] = setting.parse(raw)
        except ValueError as reason:
            troubles.append(f"{PREFIX}{setting.name} {reason}")
    if not troubles:
        troubles = _contradictions(settings := Settings(**values))
    if troubles:
        raise SettingsError("; ".join(troubles))
    return settings


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = {PREFIX + setting.name for setting in SETTINGS}
    strange = (
        name
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX)
    )
    return [f"{name} is not a setting" for name in strange]


def _contradictions(settings: Settings) -> list[str]:
    troubles = []
    if settings.smtp_url and not settings.mail_from:
        troubles.append("LAPOR_MAIL_FROM is needed with LAPOR_SMTP_URL")
    if settings.production:
        troubles += _production_troubles(settings)
    return troubles


def _production_troubles(settings: Settings) -> list[str]:
    troubles = [
        f"{PREFIX}{name} is needed in production"
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS", "LOOKUP_KEYS")
        if not getattr(settings, name.lower())
    ]
    if not settings.secure:
        troubles.append("LAPOR_BASE_URL must begin with https:// in production")
    if settings.secret_key and weak_text(settings.secret_key, 32):
        troubles.append("LAPOR_SECRET_KEY is weak or a demonstration's: at least 32 random characters")
    for name in ("ENCRYPTION_KEYS", "LOOKUP_KEYS"):
        if any(weak_key(key) for key in getattr(settings, name.lower())):
            troubles.append(f"{PREFIX}{name} holds a weak or a demonstration's key")
    if {key.key for key in settings.encryption_keys} & {key.key for key in settings.lookup_keys}:
        troubles.append("LAPOR_LOOKUP_KEYS must not repeat a key of LAPOR_ENCRYPTION_KEYS")
    if any(pair.partner == DEMO_PARTNER or weak_partner(pair) for pair in settings.partner_secrets):
        troubles.append("LAPOR_PARTNER_SECRETS holds a weak or a demonstration's secret")
    for name in ("DATABASE_URL", "WORKER_DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        if weak_password(getattr(settings, name.lower())):
            troubles.append(f"{PREFIX}{name} has a weak or a demonstration's password")
    return troubles
