"""What an account of a channel is made of, channel by channel: which secrets and settings its form asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from lapor.complaints.errors import Refused
from lapor.locales import say

_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.-]{0,250}[0-9A-Za-z])?|[0-9a-fA-F:]{2,39}")
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
    # What there is to choose from, value and words; without it something is typed in.
    choices: tuple[tuple[str, Callable[[], str]], ...] = ()
    inputmode: str = ""

    def offered(self) -> list[dict[str, str]]:
        """Return the choices in words."""
        return [{"value": value, "text": words()} for value, words in self.choices]


@dataclass(frozen=True)
class ChannelForm:
    """The form of a channel. `account` asks for the provider's own id of our account."""

    channel: str
    title: str
    account: Field
    fields: tuple[Field, ...]
    # How somebody is addressed to whom a trial message goes.
    recipient: Field
    # Of these fields one at least is needed before the account can be switched on.
    one_of: tuple[str, ...] = ()

    def value(self, field: Field, typed: str) -> str:
        """Return what was typed as it is kept; raises Refused with what is wrong about it."""
        value = typed.strip()
        if not value:
            return ""
        if len(value) > 500 or not value.isprintable():
            raise Refused(say("Periksa lagi isian ini."), field.name)
        if field.choices and value not in {choice for choice, _ in field.choices}:
            raise Refused(say("Periksa lagi isian ini."), field.name)
        return field.check(value)


def _address(typed: str) -> str:
    """An address to which secrets go: HTTPS, or on this very machine."""
    parts = urlsplit(typed)
    inside = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or inside):
        raise Refused(say("Tulis alamat yang dimulai dengan https://."), "api")
    return typed.rstrip("/")


def _host(typed: str) -> str:
    """The name or address of a server, and nothing else."""
    if not _HOST.fullmatch(typed):
        raise Refused(say("Tulis nama server saja, misalnya imap.kota.go.id."), "host")
    return typed.lower()


def _mail_address(name: str, longest: int) -> Callable[[str], str]:
    def check(typed: str) -> str:
        try:
            address = validate_email(typed, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            address = ""
        if not address or len(address) > longest:
            raise Refused(say("Tulis satu alamat surel, misalnya nama@kota.go.id."), name)
        return address

    return check


def _digits(name: str, least: int = 5, most: int = 30) -> Callable[[str], str]:
    def check(typed: str) -> str:
        digits = typed.removeprefix("+").replace(" ", "").replace("-", "")
        if not digits.isdecimal() or not least <= len(digits) <= most:
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
            inputmode="numeric",
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
            inputmode="tel",
        ),
    ),
    "email": ChannelForm(
        channel="email",
        title="Surel",
        account=Field(
            "name",
            lambda: say("Alamat kotak surel"),
            lambda: say("Alamat yang ditulisi warga, misalnya lapor@kota.go.id"),
            check=_mail_address("name", 60),
            inputmode="email",
        ),
        fields=(
            Field(
                "host",
                lambda: say("Server IMAP"),
                lambda: say(
                    "Misalnya imap.kota.go.id. Kosong bila surel diantar oleh Postmark atau Mailgun."
                ),
                optional=True,
                check=_host,
            ),
            Field(
                "security",
                lambda: say("Sambungan ke server IMAP"),
                lambda: say("Tanpa pengaman hanya untuk server di mesin ini juga."),
                choices=(
                    ("tls", lambda: say("TLS sejak awal (port 993)")),
                    ("starttls", lambda: say("STARTTLS (port 143)")),
                    ("none", lambda: say("Tanpa pengaman (port 143)")),
                ),
            ),
            Field(
                "port",
                lambda: say("Port"),
                lambda: say("Kosong: port yang biasa."),
                optional=True,
                check=_digits("port", 1, 5),
                inputmode="numeric",
            ),
            Field(
                "user",
                lambda: say("Nama pengguna"),
                lambda: say("Kosong: alamat kotak surel."),
                optional=True,
            ),
            Field(
                "password",
                lambda: say("Kata sandi kotak surel"),
                lambda: say("Sebaiknya kata sandi khusus aplikasi."),
                secret=True,
                optional=True,
            ),
            Field(
                "folder",
                lambda: say("Folder"),
                lambda: say("Kosong: INBOX."),
                optional=True,
            ),
            Field(
                "subaddressing",
                lambda: say("Apakah server menerima alamat dengan tanda tambah?"),
                lambda: say(
                    "Surel ke lapor+apa-saja@kota.go.id masuk ke kotak lapor@kota.go.id. Dengan itu balasan dari alamat lain pun"
                    " sampai ke laporannya."
                ),
                choices=(("", lambda: say("Tidak")), ("ya", lambda: say("Ya"))),
            ),
            Field(
                "webhook_password",
                lambda: say("Kata sandi untuk Postmark"),
                lambda: say("Hanya bila surel diantar oleh Postmark, di luar negeri."),
                secret=True,
                optional=True,
            ),
            Field(
                "mailgun_signing_key",
                lambda: say("Kunci tanda tangan Mailgun"),
                lambda: say("Hanya bila surel diantar oleh Mailgun, di luar negeri."),
                secret=True,
                optional=True,
            ),
        ),
        recipient=Field(
            "to",
            lambda: say("Alamat surel tujuan"),
            lambda: say("Surat uji dikirim ke alamat ini lewat server surel keluar."),
            check=_mail_address("to", 254),
            inputmode="email",
        ),
        one_of=("host", "webhook_password", "mailgun_signing_key"),
    ),
}
