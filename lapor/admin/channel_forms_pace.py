"""How much one sender may write on a channel, as its account asks for it."""

from __future__ import annotations

from typing import Final

from lapor.admin.channel_fields import Field, digits
from lapor.locales import say

PACE: Final = (
    Field(
        "most_window",
        lambda: say("Pesan satu pengirim dalam 10 menit"),
        lambda: say("Kosong: 30. Selebihnya disimpan dan dibaca kemudian, berurutan. 0: tanpa batas."),
        optional=True,
        check=digits("most_window", 1, 4),
        inputmode="numeric",
    ),
    Field(
        "most_day",
        lambda: say("Pesan satu pengirim dalam sehari"),
        lambda: say("Kosong: 200. Selebihnya menunggu seseorang di halaman Kiriman. 0: tanpa batas."),
        optional=True,
        check=digits("most_day", 1, 5),
        inputmode="numeric",
    ),
)
