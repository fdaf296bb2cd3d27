"""What the accounts of Telegram are made of."""

from __future__ import annotations

from typing import Final

from lapor.admin.channel_fields import ChannelForm, Field, digits, https_address, pattern
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
            "api",
            lambda: say("Alamat API"),
            lambda: say("Kosong: alamat resmi Telegram."),
            optional=True,
            check=https_address,
        ),
    ),
    recipient=Field(
        "to",
        lambda: say("ID Telegram tujuan"),
        lambda: say("Angka milik seseorang yang sudah menulis kepada bot ini."),
        check=digits("to", 3, 20),
        inputmode="numeric",
    ),
)
