"""What the accounts of Telegram and SMS are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lapor.admin.channel_fields import ChannelForm, Field, digits, https_address, pattern, several
from lapor.admin.channel_forms_pace import PACE
from lapor.locales import say

TELEGRAM: Final = ChannelForm(
    channel="telegram",
    title="Telegram",
    account=Field(
        "name",
        lambda: say("ID bot"),
        lambda: say("Angka sebelum titik dua pada token bot."),
        check=digits("name"),
        inputmode="numeric",
    ),
    fields=(
        Field(
            "token",
            lambda: say("Token bot"),
            lambda: say("Dari BotFather, misalnya 123456789:AAE…"),
            secret=True,
            check=pattern(
                "token",
                r"[0-9]{5,20}:[0-9A-Za-z_-]{20,100}",
                lambda: say("Tulis token seperti yang diberikan BotFather."),
            ),
        ),
        Field(
            "secret_token",
            lambda: say("Kata sandi webhook"),
            lambda: say("Buatan Anda sendiri: huruf, angka, garis bawah, dan tanda hubung."),
            secret=True,
            check=pattern(
                "secret_token",
                r"[0-9A-Za-z_-]{16,256}",
                lambda: say("Pakai 16 sampai 256 huruf, angka, garis bawah, atau tanda hubung."),
            ),
        ),
        Field(
            "forwarders",
            lambda: say("ID Telegram yang boleh meneruskan tautan"),
            lambda: say("Staf akun kepala daerah: angka ID mereka, dipisah spasi."),
            sealed=True,
            optional=True,
            check=several(digits("forwarders", 3, 20)),
        ),
        Field(
            "api",
            lambda: say("Alamat API"),
            lambda: say("Kosong: alamat resmi Telegram."),
            optional=True,
            check=https_address,
        ),
        *PACE,
    ),
    recipient=Field(
        "to",
        lambda: say("ID Telegram tujuan"),
        lambda: say("Angka milik seseorang yang sudah menulis kepada bot ini."),
        check=digits("to", 3, 20),
        inputmode="numeric",
    ),
)


def _names(name: str) -> Callable[[str], str]:
    return pattern(
        name,
        r"[a-z]+=[0-9A-Za-z_.-]{1,40}( [a-z]+=[0-9A-Za-z_.-]{1,40}){0,9}",
        lambda: say("Tulis pasangan seperti from=pengirim text=isi, dipisah spasi."),
    )


_HEADER: Final = r"[0-9A-Za-z-]{1,60}"

SMS: Final = ChannelForm(
    channel="sms",
    title="SMS",
    account=Field(
        "name",
        lambda: say("Nomor SMS"),
        lambda: say("Nomor yang dikirimi warga, dengan kode negara, misalnya 62811…"),
        check=digits("name", 3, 20),
        inputmode="tel",
    ),
    fields=(
        Field(
            "provider",
            lambda: say("Penyedia SMS"),
            lambda: say("Twilio mengirim data ke luar negeri."),
            choices=(
                ("", lambda: say("Gateway lokal")),
                ("twilio", lambda: "Twilio"),
            ),
        ),
        Field(
            "webhook_token",
            lambda: say("Token kiriman masuk"),
            lambda: say("Gateway lokal: kata sandi buatan Anda yang dikirim gateway pada tiap SMS."),
            secret=True,
            optional=True,
        ),
        Field(
            "token_header",
            lambda: say("Header token masuk"),
            lambda: say("Kosong: X-Token."),
            optional=True,
            check=pattern("token_header", _HEADER, lambda: say("Tulis nama header saja, misalnya X-Token.")),
        ),
        Field(
            "fields",
            lambda: say("Nama isian SMS masuk"),
            lambda: say("Bila berbeda: from=… to=… text=… id=… ref=… part=… parts=… status=…"),
            optional=True,
            check=_names("fields"),
        ),
        Field(
            "api",
            lambda: say("Alamat pengiriman"),
            lambda: say("Gateway lokal: alamat yang menerima SMS kami. Twilio: kosong."),
            optional=True,
            check=https_address,
        ),
        Field(
            "send_token",
            lambda: say("Token pengiriman"),
            lambda: say("Gateway lokal: isi header di bawah ini, persis seperti diminta gateway."),
            secret=True,
            optional=True,
        ),
        Field(
            "send_header",
            lambda: say("Header pengiriman"),
            lambda: say("Kosong: X-Token."),
            optional=True,
            check=pattern("send_header", _HEADER, lambda: say("Tulis nama header saja, misalnya X-Token.")),
        ),
        Field(
            "send_fields",
            lambda: say("Nama isian SMS keluar"),
            lambda: say("Bila berbeda: to=… text=… from=… key=… id=…"),
            optional=True,
            check=_names("send_fields"),
        ),
        Field(
            "send_as",
            lambda: say("Bentuk kiriman keluar"),
            lambda: say("Gateway lokal: seperti dalam petunjuknya."),
            choices=(("", lambda: "JSON"), ("form", lambda: say("Formulir"))),
        ),
        Field(
            "long",
            lambda: say("SMS panjang"),
            lambda: say("Apakah gateway sendiri memecah SMS yang lebih dari 160 huruf?"),
            choices=(("", lambda: say("Ya")), ("split", lambda: say("Tidak"))),
        ),
        Field(
            "account_sid",
            lambda: say("Account SID Twilio"),
            lambda: say("Hanya untuk Twilio."),
            optional=True,
            check=pattern(
                "account_sid",
                r"AC[0-9a-f]{32}",
                lambda: say("Tulis AC diikuti 32 huruf dan angka, seperti di Twilio."),
            ),
        ),
        Field(
            "auth_token",
            lambda: say("Auth token Twilio"),
            lambda: say("Hanya untuk Twilio; dengannya setiap kiriman diperiksa."),
            secret=True,
            optional=True,
        ),
        Field(
            "messaging_service",
            lambda: say("Messaging Service SID Twilio"),
            lambda: say("Kosong: dikirim langsung dari nomor ini."),
            optional=True,
            check=pattern(
                "messaging_service",
                r"MG[0-9a-f]{32}",
                lambda: say("Tulis MG diikuti 32 huruf dan angka, seperti di Twilio."),
            ),
        ),
        Field(
            "per_second",
            lambda: say("SMS yang boleh dikirim per detik"),
            lambda: say("Kosong: 1. Selebihnya menunggu gilirannya. 0: tanpa batas."),
            optional=True,
            check=digits("per_second", 1, 3),
            inputmode="numeric",
        ),
        *PACE,
    ),
    recipient=Field(
        "to",
        lambda: say("Nomor tujuan"),
        lambda: say("Nomor telepon dengan kode negara, misalnya 62812…"),
        check=digits("to"),
        inputmode="tel",
    ),
    one_of=("webhook_token", "auth_token"),
)
