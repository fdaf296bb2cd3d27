"""The secrets of a demonstration, and how weak ones are told from those that production may use."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from lapor.setting_values import PartnerSecret, VersionedKey

DEMO_MARK = "demo"
# How the secrets of a demonstration's accounts begin.
DEMO_SECRET = f"{DEMO_MARK}-"
DEMO_PARTNER = "mitra-demo"
GENERATED = "secrets.env"


class SettingsError(Exception):
    """Settings that cannot be used; the message is one line and names every wrong one, never a secret."""


def weak_text(secret: str, length: int) -> bool:
    """Whether a password is too short, too monotonous, or a demonstration's."""
    return len(secret) < length or len(set(secret)) < 10 or secret.startswith(DEMO_MARK)


def weak_key(key: VersionedKey) -> bool:
    """Random 32 bytes have fewer than 16 different values about never; typed or repeated ones usually do."""
    return len(set(key.key)) < 16 or key.version.startswith(DEMO_MARK)


def weak_partner(pair: PartnerSecret) -> bool:
    """Whether a partner's secret has fewer different bytes than random ones ever have."""
    return len(set(base64.b64decode(pair.secret.removeprefix("whsec_")))) < 12


def weak_password(url: str) -> bool:
    """An address without a password is left to the server's own rules (peer or certificate)."""
    password = urlsplit(url).password
    return password is not None and weak_text(password, 12)


def generate_secrets(home: Path) -> dict[str, str]:
    """The secrets of a demonstration: made once in `home/secrets.env` (mode 0600), read back afterwards.

    The names are those of the environment variables, and `OWNER_PASSWORD`, `WEB_PASSWORD` and
    `WORKER_PASSWORD` for the database's log-ins. Each of them is marked so that production refuses it.
    """
    path = home / GENERATED
    try:
        return _read_secrets(path)
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
    temporary = home / f"{GENERATED}.{secrets.token_hex(8)}"
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"{name}={value}\n" for name, value in _new_secrets().items()))
    try:
        # A link, not a rename: of two processes that start together the second uses what the first made.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return _read_secrets(path)


def _new_secrets() -> dict[str, str]:
    def encoded() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "LAPOR_SECRET_KEY": f"{DEMO_MARK}-{secrets.token_urlsafe(48)}",
        "LAPOR_ENCRYPTION_KEYS": f"{DEMO_MARK}1:{encoded()}",
        "LAPOR_LOOKUP_KEYS": f"{DEMO_MARK}1:{encoded()}",
        "LAPOR_PARTNER_SECRETS": f"{DEMO_PARTNER}=whsec_{encoded()}",
        "OWNER_PASSWORD": f"{DEMO_MARK}-{secrets.token_urlsafe(24)}",
        "WEB_PASSWORD": f"{DEMO_MARK}-{secrets.token_urlsafe(24)}",
        "WORKER_PASSWORD": f"{DEMO_MARK}-{secrets.token_urlsafe(24)}",
    }


def _read_secrets(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    found = dict(cast("tuple[str, str]", tuple(line.split("=", 1))) for line in lines if "=" in line)
    missing = sorted(_new_secrets().keys() - found.keys())
    if missing:
        raise SettingsError(f"{path} lacks {', '.join(missing)}: remove the file together with its data")
    return found
