"""What the accounts of Meta are made of: WhatsApp, Messenger and Instagram."""

from __future__ import annotations

from typing import Final

from lapor.admin.channel_fields import ChannelForm, Field, digits, https_address, pattern, several
from lapor.admin.channel_forms_pace import PACE
from lapor.locales import say

# How Meta signs what it delivers, and asks beforehand whether it is wanted.
_SIGNED: Final = (
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
)
_API: Final = Field(
    "api",
    lambda: say("Alamat API"),
    lambda: say("Kosong: alamat resmi Meta."),
    optional=True,
    check=https_address,
)

WHATSAPP: Final = ChannelForm(
    channel="whatsapp",
    title="WhatsApp",
    account=Field(
        "name",
        lambda: say("ID nomor telepon"),
        lambda: say("Phone number ID di WhatsApp Manager; bukan nomornya sendiri."),
        check=digits("name"),
        inputmode="numeric",
    ),
    fields=(
        Field(
            "access_token",
            lambda: say("Token akses"),
            lambda: say("Token permanen dari pengguna sistem, dengan izin whatsapp_business_messaging."),
            secret=True,
        ),
        *_SIGNED,
        Field(
            "template",
            lambda: say("Nama templat yang disetujui"),
            lambda: say(
                "Dipakai bila lebih dari 24 jam warga tidak menulis. Kosong: surat lewat jalan lain."
            ),
            optional=True,
        ),
        Field(
            "forwarders",
            lambda: say("Nomor yang boleh meneruskan tautan"),
            lambda: say("Staf akun kepala daerah, dengan kode negara, dipisah spasi, misalnya 62812… 62813…"),
            sealed=True,
            optional=True,
            check=several(
                pattern(
                    "forwarders",
                    r"[1-9][0-9]{6,14}",
                    lambda: say("Tulis tiap nomor dengan kode negara dan angka saja, misalnya 62812…"),
                )
            ),
        ),
        _API,
        *PACE,
    ),
    recipient=Field(
        "to",
        lambda: say("Nomor tujuan"),
        lambda: say("Nomor WhatsApp dengan kode negara, misalnya 62812…"),
        check=digits("to"),
        inputmode="tel",
    ),
)

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
        *_SIGNED,
        Field(
            "forwarders",
            lambda: say("Akun yang boleh meneruskan tautan"),
            lambda: say(
                "Akun kepala daerah dan stafnya: ID seperti di Meta, atau @nama Instagram, dipisah spasi."
            ),
            sealed=True,
            optional=True,
            check=several(
                pattern(
                    "forwarders",
                    r"[0-9]{3,30}|@[0-9A-Za-z_.]{1,30}",
                    lambda: say("Tulis tiap akun sebagai ID (angka) atau @nama."),
                )
            ),
        ),
        _API,
        *PACE,
    ),
    recipient=Field(
        "to",
        lambda: say("ID penerima"),
        lambda: say("ID milik seseorang yang menulis kepada akun ini dalam 24 jam terakhir."),
        check=digits("to", 3, 30),
        inputmode="numeric",
    ),
)
