"""What an account of a channel is made of, channel by channel: which secrets and settings its form asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from lapor.complaints.errors import Refused
from lapor.locales import say

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Field:
    """One thing to type in; a secret is never shown again."""

    name: str
    label: Callable[[], str]
    hint: Callable[[], str]
    secret: bool = False
    optional: bool = False
    check: Callable[[str], str] = str.strip


@dataclass(frozen=True)
class ChannelForm:
    """The form of a channel. `account` asks for the provider's own id of our account."""

    channel: str
    title: str
    account: Field
    fields: tuple[Field, ...]
    # How somebody is addressed to whom a trial message goes.
    recipient: Field

    def value(self, field: Field, typed: str) -> str:
        """Return what was typed as it is kept; raises Refused with what is wrong about it."""
        value = typed.strip()
        if not value:
            return ""
        if len(value) > 500 or not value.isprintable():
            raise Refused(say("Periksa lagi isian ini."), field.name)
        return field.check(value)


def _address(typed: str) -> str:
    """An address to which secrets go: HTTPS, or on this very machine."""
    parts = urlsplit(typed)
    inside = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or inside):
        raise Refused(say("Tulis alamat yang dimulai dengan https://."), "api")
    return typed.rstrip("/")


def _digits(name: str) -> Callable[[str], str]:
    def check(typed: str) -> str:
        digits = typed.removeprefix("+").replace(" ", "").replace("-", "")
        if not digits.isdecimal() or not 5 <= len(digits) <= 30:
            raise Refused(say("Tulis dengan angka saja."), name)
        return digits

    return check


FORMS: Final[Mapping[str, ChannelForm]] = {
    "whatsapp": ChannelForm(
        channel="whatsapp",
        title="WhatsApp",
        account=Field(
            "name",
            lambda: say("ID nomor telepon"),
            lambda: say("Phone number ID di WhatsApp Manager; bukan nomornya sendiri."),
            check=_digits("name"),
        ),
        fields=(
            Field(
                "access_token",
                lambda: say("Token akses"),
                lambda: say("Token permanen dari pengguna sistem, dengan izin whatsapp_business_messaging."),
                secret=True,
            ),
            Field(
                "app_secret",
                lambda: say("Rahasia aplikasi"),
                lambda: say("App secret; dengannya setiap kiriman diperiksa."),
                secret=True,
            ),
            Field(
                "verify_token",
                lambda: say("Kata sandi webhook"),
                lambda: say("Kata buatan Anda sendiri; ketik yang sama saat memasang webhook."),
                secret=True,
            ),
            Field(
                "template",
                lambda: say("Nama templat yang disetujui"),
                lambda: say(
                    "Dipakai bila lebih dari 24 jam warga tidak menulis. Kosong: surat lewat jalan lain."
                ),
                optional=True,
            ),
            Field(
                "api",
                lambda: say("Alamat API"),
                lambda: say("Kosong: alamat resmi Meta."),
                optional=True,
                check=_address,
            ),
        ),
        recipient=Field(
            "to",
            lambda: say("Nomor tujuan"),
            lambda: say("Nomor WhatsApp dengan kode negara, misalnya 62812…"),
            check=_digits("to"),
        ),
    ),
}
