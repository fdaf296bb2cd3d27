"""Every change of a register can be read afterwards: who, when, from what to what, as far as one's region reaches."""

from __future__ import annotations

import re
from html import unescape

from tests.ground import World
from tests.visitor import Visitor

PAGE = "/meja/daftar/riwayat"


def _words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_a_change_is_told_with_names_and_both_values(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    agency = (await world.fetch("SELECT id, phone FROM agency WHERE code = 'smg-dpu'"))[0]
    answer = await site.panel("PATCH", f"/tables/instansi/{agency['id']}/", json={"phone": "024-000111"})
    assert answer.status_code == 200, answer.text
    name = await world.fetchval("SELECT full_name FROM person WHERE id = $1", site.person)
    text = _words((await site.get(f"{PAGE}?daftar=instansi&baris={agency['id']}&petugas={site.person}")).text)
    assert f"Telepon {agency['phone']} → menjadi 024-000111" in text
    assert name in text
    assert "phone" not in text


async def test_the_history_is_narrowed_by_register_person_and_day(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    agency = await world.fetchval("SELECT id FROM agency WHERE code = 'smg-dpu'")
    await site.panel("PATCH", f"/tables/instansi/{agency}/", json={"phone": "024-000222"})
    today = (await world.now()).date()
    assert "024-000222" in (await site.get(f"{PAGE}?daftar=instansi&petugas={site.person}")).text
    assert "024-000222" not in (await site.get(f"{PAGE}?daftar=kategori")).text
    assert "024-000222" not in (await site.get(f"{PAGE}?dari={today.replace(year=today.year + 1)}")).text
    assert "024-000222" not in (await site.get(f"{PAGE}?sampai={today.replace(year=today.year - 1)}")).text
    assert (await site.get(f"{PAGE}?daftar=x&baris=y&petugas=z&dari=q&sesudah=w")).status_code == 200


async def test_the_history_goes_on_over_pages(site: Visitor) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    first = (await site.get(PAGE)).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = (await site.get(unescape(following.group(1)))).text
    assert 'rel="prev"' in second


async def test_a_region_reads_its_own_history_and_the_one_of_all(site: Visitor, world: World) -> None:
    rows = await world.fetch(
        "SELECT a.id, a.code, r.code AS region FROM agency a JOIN region r ON r.id = a.region ORDER BY a.id"
    )
    others = [row for row in rows if row["region"] not in ("33.74",)]
    await world.execute("UPDATE agency SET phone = '024-77' WHERE id = $1", others[0]["id"])
    await world.execute("UPDATE agency SET phone = '024-88' WHERE code = 'smg-dpu'")
    await world.execute("UPDATE outside_body SET phone = '024-99' WHERE code = 'pln'")
    await site.as_role("coordinator", "smg-diskominfo")
    text = (await site.get(PAGE)).text
    assert "024-88" in text
    assert "024-99" in text
    assert "024-77" not in text
    assert (await site.panel("GET", "/tables/riwayat_perubahan/?__page_size=100")).status_code == 200


async def test_others_read_no_history(site: Visitor) -> None:
    for role in ("liaison", "head_of_region", "inspector", "agency_head"):
        officer = await site.another().as_role(role)
        assert (await officer.get(PAGE)).status_code == 403
        assert (await officer.panel("GET", "/tables/riwayat_perubahan/")).json()["rows"] == []
