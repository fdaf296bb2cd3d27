"""What a mailbox is made of, read by us or delivered by Postmark or Mailgun."""

from __future__ import annotations

from typing import Final

from lapor.admin.channel_fields import ChannelForm, Field, digits, mail_address, server_name
from lapor.locales import say

MAIL: Final = ChannelForm(
    channel="email",
    title="Surel",
    account=Field(
        "name",
        lambda: say("Alamat kotak surel"),
        lambda: say("Alamat yang ditulisi warga, misalnya lapor@kota.go.id"),
        check=mail_address("name", 60),
        inputmode="email",
    ),
    fields=(
        Field(
            "host",
            lambda: say("Server IMAP"),
            lambda: say("Misalnya imap.kota.go.id. Kosong bila surel diantar oleh Postmark atau Mailgun."),
            optional=True,
            check=server_name,
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
            check=digits("port", 1, 5),
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
        Field(
            "most_hour",
            lambda: say("Aduan satu pengirim dalam satu jam"),
            lambda: say("Kosong: 30. Selebihnya menunggu seseorang di halaman Kiriman. 0: tanpa batas."),
            optional=True,
            check=digits("most_hour", 1, 4),
            inputmode="numeric",
        ),
    ),
    recipient=Field(
        "to",
        lambda: say("Alamat surel tujuan"),
        lambda: say("Surat uji dikirim ke alamat ini lewat server surel keluar."),
        check=mail_address("to", 254),
        inputmode="email",
    ),
    one_of=("host", "webhook_password", "mailgun_signing_key"),
)
