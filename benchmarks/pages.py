"""Lists, searches and desk pages of a city with a million complaints: how long the server takes, page by page.

    python benchmarks/pages.py [--complaints 1000000] [--open 50000] [--times 200] [--only WORD] [--json]

The real web server with two processes; one officer asks, one page after the other, over a kept connection. Every page
is asked for a few times before it counts. Milliseconds from sending to the last byte.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

import asyncpg
import city
import populace
from connection import Connection
from figures import Round, machine, note, show
from ground import DATABASE, Ground, ground, web

from lapor import database
from lapor.admin import passwords
from lapor.complaints.counting import count_all
from lapor.demo.browser import Browser

WARM_UP = 5
LAYOUTS = ("instansi", "unit", "kategori", "kecamatan", "kanal", "bulan")
# Who asks for which pages. {complaint} is one of theirs that is open, {word} stands in many texts, {ticket} is one.
PAGES: Mapping[str, tuple[str, ...]] = {
    "": (
        "/",
        "/laporan",
        "/laporan?cari={word}",
        "/lacak",
        "/angka-publik",
        "/angka-publik?menurut=kategori&dari={long_ago}",
    ),
    "liaison": (
        "/meja",
        "/meja?urut=&halaman=",
        "/meja?cari={word}",
        "/meja?cari={ticket}",
        "/meja/selesai",
        "/meja/selesai?cari={word}",
        "/meja/ditawarkan",
        "/meja/dijanjikan",
        "/meja/pemeriksa",
        "/meja/pelapor",
        "/meja/dibantah",
        "/meja/instruksi",
        "/meja/aduan/{complaint}",
        "/meja/ikhtisar",
        "/angka",
        "/angka?menurut=kategori&dari={long_ago}",
        "/angka?menurut=petugas&dari={long_ago}",
    ),
    "coordinator": (
        "/meja/penelaahan",
        "/meja/penelaahan?cari={word}",
        "/angka/andai?jam=24&dari={long_ago}",
        "/angka/penutupan",
    ),
    "head_of_region": (
        "/pimpinan/eskalasi",
        "/pimpinan/eskalasi?cari={word}",
        "/pimpinan/eskalasi?kategori=jalan-rusak",
        "/pimpinan/instruksi",
        "/pimpinan/arbiter",
        "/pimpinan/surat",
        "/angka",
        *(f"/angka?menurut={layout}&dari={{long_ago}}" for layout in LAYOUTS),
        "/angka?menurut=unit&dari={long_ago}&kategori=jalan-rusak",
        "/angka/unduh.xlsx?dari={long_ago}",
    ),
    "inspector": ("/inspektorat",),
    "administrator": ("/kanal", "/kiriman"),
    "governor": ("/pimpinan/daerah", "/angka?menurut=daerah&dari={long_ago}", "/angka?dari={long_ago}"),
}
# Who has a role under a name of its own here: the head of another region.
OFFICES: Mapping[str, tuple[str, str]] = {"governor": ("head_of_region", "33")}


def main() -> int:
    """Measure and print; 0 when every page was there every time."""
    options = _options()
    about = machine()
    with ground(log_level="WARNING") as on:
        asyncio.run(_build(on, options))
        accounts = asyncio.run(_accounts(on))
        asked = asyncio.run(_asked(on))
        with web(on):
            sides: dict[str, dict[str, float]] = {}
            for role, pages in PAGES.items():
                cookie = _log_in(on, *accounts[role]) if role else ""
                for page in pages:
                    if options.only in page:
                        path = page.format(**asked[role or "liaison"])
                        sides[f"{role or 'public'} {page}"] = asyncio.run(
                            _measure(on, path, cookie, options.times)
                        )
    _show(sides, options, about)
    return 1 if any(side["errors"] for side in sides.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--complaints", type=int, default=1_000_000, help="complaints (default 1000000)")
    parser.add_argument("--open", type=int, default=50_000, help="how many are open (default 50000)")
    parser.add_argument("--times", type=int, default=200, help="requests for each page (default 200)")
    parser.add_argument("--only", default="", help="only pages whose address holds this")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


async def _build(on: Ground, options: argparse.Namespace) -> None:
    superuser = await asyncpg.connect(on.servers.admin_url(DATABASE))
    try:
        await populace.people(superuser)
        started = time.perf_counter()
        await city.build(superuser, city.City(options.complaints, options.open))
        note(f"built in {time.perf_counter() - started:.0f} s")
        started = time.perf_counter()
        database.configure(on.settings.worker_database_url)
        counted = await count_all()
        note(f"{counted} counted in {time.perf_counter() - started:.0f} s")
        # As autovacuum does sooner or later.
        await superuser.execute("VACUUM (ANALYZE) figure_fact, figure_cell")
    finally:
        await superuser.close()


async def _accounts(on: Ground) -> dict[str, tuple[str, str]]:
    """One person of each role, with a password."""
    superuser = await asyncpg.connect(on.servers.admin_url(DATABASE))
    password = secrets.token_urlsafe(16)
    stored = await passwords.hashed(password)
    try:
        found = {}
        for role in filter(None, PAGES):
            office, region = OFFICES.get(role, (role, populace.REGION))
            found[role] = await superuser.fetchval(
                "SELECT p.username FROM person p JOIN appointment h ON h.person = p.id JOIN office o ON o.id = h.office"
                " JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region"
                " WHERE o.role = $1 AND r.code = $2 ORDER BY a.id = ANY ($3) DESC, a.id, p.id LIMIT 1",
                office,
                region,
                await populace.agencies(superuser),
            )
            await superuser.execute(
                "UPDATE person SET password = $2 WHERE username = $1", found[role], stored
            )
        return {role: (username, password) for role, username in found.items()}
    finally:
        await superuser.close()


async def _asked(on: Ground) -> dict[str, dict[str, Any]]:
    """What the addresses name, for each role."""
    superuser = await asyncpg.connect(on.servers.admin_url(DATABASE))
    try:
        agency = (await populace.agencies(superuser))[0]
        row = await superuser.fetchrow(
            "SELECT id, ticket FROM complaint WHERE owner_agency = $1 AND status = 'in_progress' AND NOT protected"
            " ORDER BY id LIMIT 1",
            agency,
        )
        names = {"complaint": row["id"], "ticket": row["ticket"], "word": "banjir"}
        names["long_ago"] = await superuser.fetchval(
            "SELECT to_char(lapor_now() - interval '23 months', 'YYYY-MM')"
        )
        return dict.fromkeys(PAGES, names)
    finally:
        await superuser.close()


def _log_in(on: Ground, username: str, password: str) -> str:
    browser = Browser(on.settings.base_url)
    browser.send_form("/masuk", "/masuk", {"username": username, "password": password})
    if browser.get("/pemberitahuan").status != 200:
        raise RuntimeError(f"{username} cannot log in")
    return "; ".join(f"{one.name}={one.value}" for one in browser.cookies)


async def _measure(on: Ground, path: str, cookie: str, times: int) -> dict[str, float]:
    connection = await Connection.to(on.settings.base_url)
    host = on.settings.base_url.removeprefix("http://")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
    took: list[float] = []
    errors = size = 0
    for number in range(WARM_UP + times):
        started = time.perf_counter()
        answer = await connection.send(request)
        passed = time.perf_counter() - started
        size = len(answer.body)
        if number >= WARM_UP:
            took.append(passed)
            errors += answer.status != 200
    connection.close()
    measured = Round(sum(took), took, errors)
    note(f"{path}: median {measured.percentile(0.5):.1f} ms, p99 {measured.percentile(0.99):.1f} ms")
    return {
        "median_ms": round(measured.percentile(0.5), 1),
        "p99_ms": round(measured.percentile(0.99), 1),
        "kilobytes": round(size / 1000, 1),
        "errors": errors,
    }


def _show(sides: Mapping[str, Mapping[str, float]], options: argparse.Namespace, about: Any) -> None:
    others = {
        "complaints": options.complaints,
        "open": options.open,
        "times": options.times,
        "machine": about,
    }
    if not options.json:
        widest = max(map(len, sides), default=0)
        sides = {name.ljust(widest): side for name, side in sides.items()}
    show("pages", sides, others, options.json)


if __name__ == "__main__":
    sys.exit(main())
