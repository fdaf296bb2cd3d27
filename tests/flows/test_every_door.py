"""Every role at every address inside: who has no business behind a door is refused at it, whatever they ask or send.

What is shown behind a door that is open is compared complaint by complaint in `test_who_reaches_what.py`.
"""

from __future__ import annotations

from collections.abc import Collection

import pytest

from lapor.routing.tables import OFFICE_ROLES
from lapor.settings import Settings
from tests.flows.test_who_reaches_what import ROOMS, _addresses
from tests.visitor import TOKEN, Visitor

EVERYBODY: Collection[str] = OFFICE_ROLES
KEEPERS = ("administrator", "coordinator")
COMMANDERS = ("head_of_region", "deputy_head", "sekda", "leadership_staff")
LEADERS = (*COMMANDERS, "inspector")
AGENCY = ("agency_head", "checker", "liaison", "staff")

# Whose an address is; the longest that an address begins with counts.
DOORS: dict[str, Collection[str]] = {
    "/angka": EVERYBODY,
    "/angka/andai": KEEPERS,
    "/angka/keberatan": ("agency_head", "liaison"),
    "/angka/keberatan/{objection:int}/putusan": KEEPERS,
    "/inspektorat": ("inspector",),
    "/kanal": ("administrator",),
    "/kiriman": KEEPERS,
    "/loket": ("operator", "coordinator"),
    "/meja": (*AGENCY, "coordinator", "inspector", "sekda"),
    # What they show is decided by the complaint that they belong to.
    "/meja/foto": EVERYBODY,
    "/meja/berkas": EVERYBODY,
    "/meja/daftar": KEEPERS,
    "/meja/daftar/usulan": (*KEEPERS, "agency_admin"),
    "/meja/ikhtisar": ("liaison", "agency_head"),
    "/meja/kebijakan": KEEPERS,
    "/pimpinan": LEADERS,
    "/pimpinan/aduan/{complaint:int}/putusan-alih-tangan": ("sekda", "head_of_region"),
    "/pimpinan/aduan/{complaint:int}/putusan-bantahan": ("sekda", "head_of_region"),
    "/pimpinan/arbiter": ("sekda", "head_of_region"),
    "/pimpinan/daerah/{region:int}/penjelasan": COMMANDERS,
    # By the link of a letter, without a log-in.
    "/pimpinan/daftar": EVERYBODY,
    "/pimpinan/instruksi/baru": COMMANDERS,
    "/pimpinan/layar": ("administrator", "leadership_staff"),
    "/pimpinan/penjelasan/{explanation:int}/jawaban": ("head_of_region", "deputy_head", "leadership_staff"),
}
# Lists that more may read than may write into.
SENT: dict[str, Collection[str]] = {"/pimpinan/instruksi": COMMANDERS}
REFUSED = 403


def _whose(path: str, *, sent: bool = False) -> Collection[str]:
    doors = {**DOORS, **SENT} if sent else DOORS
    return doors[max((one for one in doors if f"{path}/".startswith(f"{one}/")), key=len)]


def _inside(settings: Settings, method: str) -> list[str]:
    return [
        path
        for path in _addresses(settings, method)
        if any(f"{path}/".startswith(f"{room}/") for room in ROOMS)
    ]


def _one(path: str) -> str:
    while "{" in path:
        path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
    return path.replace("/kanal/baru/1", "/kanal/baru/whatsapp").replace(
        "/meja/daftar/1/", "/meja/daftar/kategori/"
    )


@pytest.mark.parametrize("role", OFFICE_ROLES)
async def test_a_door_opens_to_its_roles_and_to_no_others(
    site: Visitor, settings: Settings, role: str
) -> None:
    await site.as_role(role)
    wrong = []
    for path in _inside(settings, "GET"):
        answer = await site.get(_one(path))
        if (answer.status_code == REFUSED) == (role in _whose(path)):
            wrong.append(f"{path}: {answer.status_code}")
    token = TOKEN.search((await site.get("/lapor")).text)
    assert token
    for path in _inside(settings, "POST"):
        if role not in _whose(path, sent=True):
            answer = await site.post(_one(path), data={"_csrf_token": token.group(1)})
            if answer.status_code != REFUSED:
                wrong.append(f"sent to {path}: {answer.status_code}")
    assert wrong == []
