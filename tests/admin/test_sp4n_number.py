"""The number that a complaint has in SP4N-LAPOR!: on its page and in the search, for whoever sees the complaint."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lapor import database
from lapor.intake import sp4n
from lapor.intake.sp4n_files import FileExchange
from tests.ground import World
from tests.visitor import Visitor

NUMBER = "SP4N-20261122-77"
ZONE = "Asia/Jakarta"


async def _taken_over(world: World, folder: Path, *, confidential: str = "") -> tuple[int, str]:
    """A complaint of theirs, received there a day ago; returns it and the hour of that, as pages say it."""
    at = (await world.now() - timedelta(hours=25)).astimezone(ZoneInfo(ZONE))
    file = folder / "masuk.csv"
    head = "nomor;tanggal;isi;kategori;anonim;rahasia"
    line = f"{NUMBER};{at:%Y-%m-%d %H:%M};Jalan berlubang di depan pasar.;jalan-rusak;;{confidential}"
    file.write_text(f"{head}\n{line}\n", encoding="utf-8")
    done = await sp4n.take_over(FileExchange(file, ZONE))
    assert done.filed == 1, done
    found: int = await world.fetchval("SELECT complaint FROM sp4n_report")
    return found, f"{at:%H.%M}"


async def test_the_officer_sees_the_number_and_finds_the_complaint_by_it(
    simulated: World, site: Visitor, tmp_path: Path
) -> None:
    complaint, hour = await _taken_over(simulated, tmp_path)
    ticket = await simulated.fetchval("SELECT ticket FROM complaint")
    await site.as_role("liaison", "smg-dpu")
    page = (await site.get(f"/meja/aduan/{complaint}")).text
    assert NUMBER in page
    assert f"{NUMBER}, diterima di sana" in " ".join(page.split())
    assert hour in page
    assert f"/meja/aduan/{complaint}" in (await site.get("/meja", params={"cari": NUMBER})).text
    assert ticket[:5] in (await site.get("/meja", params={"cari": f" {NUMBER} "})).text
    assert f"/meja/aduan/{complaint}" not in (await site.get("/meja", params={"cari": NUMBER[:-1]})).text


@pytest.mark.parametrize("confidential", ["", "ya"])
async def test_the_number_goes_only_where_the_complaint_goes(
    simulated: World, site: Visitor, tmp_path: Path, confidential: str
) -> None:
    complaint, _ = await _taken_over(simulated, tmp_path, confidential=confidential)
    for role, agency in (("liaison", "smg-dlh"), ("staff", "smg-dlh")):
        await site.as_role(role, agency)
        found = await site.get("/meja", params={"cari": NUMBER})
        assert found.status_code == 200
        assert f"/meja/aduan/{complaint}" not in found.text
        async with database.transaction("reader", user_id=site.person):
            assert await database.fetchval("SELECT count(*) FROM sp4n_report") == 0
