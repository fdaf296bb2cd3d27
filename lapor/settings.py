"""The settings of a process, read and checked.

Settings are data, listed in `lapor/setting_list.py`. They are read once, from environment variables
`LAPOR_<NAME>`, into one frozen `Settings` which is passed to whoever needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from lapor.setting_list import SETTINGS, Setting
from lapor.setting_values import Network, PartnerSecret, VersionedKey

__all__ = ["SETTINGS", "Setting", "Settings", "SettingsError", "generate_secrets", "read"]

Environment = Literal["demo", "test", "production"]

PREFIX = "LAPOR_"
TEST_PREFIX = "LAPOR_TEST_"


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
    partner_sensors: tuple[str, ...]
    smtp_url: str
    mail_from: str
    smtp_per_second: int
    console_channel: bool
    trusted_proxies: tuple[Network, ...]
    filing_limit: int
    lookup_limit: int
    two_factor: Literal["required", "optional"]
    session_hours: int
    session_days: int
    shared_session_minutes: int
    login_attempts: int
    login_lock_minutes: int
    sweep_seconds: int
    sweep_batch: int
    sweep_lanes: int
    digest_from: int
    list_link_minutes: int
    same_words_from: int
    closing_days: int
    retain_identity_days: int
    retain_inbound_days: int
    retain_reference_days: int
    reveal_wait_hours: int
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
    if settings.two_factor != "required":
        troubles.append("LAPOR_TWO_FACTOR must be required in production")
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
