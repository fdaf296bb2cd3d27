"""What the accounts of Messenger and Instagram are made of."""

from __future__ import annotations

from typing import Final

from lapor.admin.channel_fields import ChannelForm, Field, digits, https_address
from lapor.locales import say

SOCIAL: Final = ChannelForm(
    channel="social",
    title="Messenger / Instagram",
    account=Field(
        "name",
        lambda: say("ID halaman atau akun"),
        lambda: say("ID halaman Facebook, atau ID akun profesional Instagram; bukan namanya."),
        check=digits("name"),
        inputmode="numeric",
    ),
    fields=(
        Field(
            "access_token",
            lambda: say("Token akses"),
            lambda: say("Token halaman dengan izin pages_messaging, atau token akun Instagram."),
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
            "api",
            lambda: say("Alamat API"),
            lambda: say("Kosong: alamat resmi Meta."),
            optional=True,
            check=https_address,
        ),
    ),
    recipient=Field(
        "to",
        lambda: say("ID penerima"),
        lambda: say("ID milik seseorang yang menulis kepada akun ini dalam 24 jam terakhir."),
        check=digits("to", 3, 30),
        inputmode="numeric",
    ),
)
