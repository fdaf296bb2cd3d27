"""Who comes in person: two to the operator at the counter, one to the kiosk in the hall, all through the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lapor.demo.browser import Browser
from lapor.demo.cast import Cast, expect

_OPEN: Final = {"privacy": "open", "about_official": "no"}
AT_THE_COUNTER: Final[tuple[Mapping[str, str], ...]] = (
    {
        "manner": "counter",
        "text": "Pelapor datang membawa foto. Talut di belakang rumahnya retak dan condong ke gang, tetangga takut lewat.",
        "village": "33.74.10.1006",
        "district": "33.74.10",
        "name": "Bu Ratih",
        "phone": "0812-0000-0151",
        **_OPEN,
    },
    {
        "manner": "counter",
        "text": "Pelapor tidak bisa menulis. Lampu jalan menuju musala mati sejak dua minggu, tadi malam ada yang jatuh.",
        "category": "lampu-jalan",
        "village": "33.74.06.1004",
        "district": "33.74.06",
        "name": "Pak Darmo",
        "phone": "0812-0000-0152",
        **_OPEN,
    },
)
AT_THE_KIOSK: Final[Mapping[str, str]] = {
    "type": "complaint",
    "text": "Sampah di belakang pasar belum diangkut sejak Sabtu, baunya sampai ke sekolah.",
    "category": "sampah",
    "village": "33.74.06.1004",
    "district": "33.74.06",
    "address": "Belakang pasar",
    "contact_kind": "none",
    **_OPEN,
}
_NEWEST = "SELECT max(id) FROM complaint WHERE channel = $1"


def come(cast: Cast) -> tuple[int, ...]:
    """Take down and file what they tell; return the complaints, the kiosk's last. Raises Unexpected."""
    operator = cast.log_in(cast.inside.holder("operator"))
    return (*(_taken_down(cast, operator, fields) for fields in AT_THE_COUNTER), _at_the_kiosk(cast))


def _taken_down(cast: Cast, operator: Browser, fields: Mapping[str, str]) -> int:
    slip = operator.send_form("/loket", "/loket", fields)
    expect(
        slip.status == 200 and slip.url.partition("?")[0].endswith("/slip"),
        f"the operator's form was answered {slip.status} at {slip.url}",
    )
    return cast.complaint_at(slip)


def _at_the_kiosk(cast: Cast) -> int:
    slip = Browser(cast.running.address).send_form("/kiosk", "/kiosk", AT_THE_KIOSK)
    expect(
        slip.status == 200 and slip.url.endswith("/selesai"),
        f"the kiosk answered {slip.status} at {slip.url}",
    )
    filed: int = cast.inside.value(_NEWEST, "kiosk")
    return filed
