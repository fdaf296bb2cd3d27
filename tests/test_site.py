"""The frame around every page: headers, errors, languages, static files, readiness."""

from __future__ import annotations

import gzip
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest
from litestar import get

from lapor import app, database
from lapor.app import create_app
from lapor.pages import AnyRequest
from tests.ground import World
from tests.visitor import Visitor, running

EVERYWHERE = (
    "/",
    "/masuk",
    "/tidak-ada",
    "/hooks/tidak-ada",
    "/static/tidak-ada",
    "/admin/",
    "/admin/nix",
    "/health",
)


def _protected(answer: httpx.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "permissions-policy" in answer.headers


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_carries_the_security_headers(site: Visitor, path: str) -> None:
    _protected(await site.get(path))


async def test_only_the_panel_may_style_inline(site: Visitor) -> None:
    assert "unsafe-inline" not in (await site.get("/masuk")).headers["content-security-policy"]
    await site.as_role("administrator")
    assert (
        "style-src 'self' 'unsafe-inline'" in (await site.get("/admin/")).headers["content-security-policy"]
    )


async def test_an_unexpected_error_tells_nothing_and_is_protected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    @get("/rusak")
    async def broken() -> None:
        raise RuntimeError("nomor KTP 3374000000000001")

    @get("/api/rusak")
    async def broken_for_programs() -> None:
        raise RuntimeError("nomor KTP 3374000000000001")

    monkeypatch.setattr(app, "ROUTES", [*app.ROUTES, broken, broken_for_programs])
    await database.close_pool()
    async with (
        running(create_app(world.settings)) as application,
        Visitor(world, httpx.ASGITransport(application)) as visitor,  # type: ignore[arg-type]
    ):
        page = await visitor.get("/rusak")
        problem = await visitor.get("/api/rusak")
    for answer in (page, problem):
        assert answer.status_code == 500
        assert "3374" not in answer.text
        assert "Traceback" not in answer.text
        _protected(answer)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 500


@pytest.mark.parametrize(("trusted", "seen"), [((), "203.0.113.9"), (("203.0.113.0/24",), "198.51.100.7")])
async def test_a_forwarded_address_is_believed_from_our_own_proxies_only(
    world: World, monkeypatch: pytest.MonkeyPatch, trusted: tuple[str, ...], seen: str
) -> None:
    @get("/siapa")
    async def who(request: AnyRequest) -> str:
        return request.client.host if request.client else ""

    monkeypatch.setattr(app, "ROUTES", [who])
    networks = tuple(ip_network(network) for network in trusted)
    await database.close_pool()
    async with running(create_app(replace(world.settings, trusted_proxies=networks))) as application:
        transport = httpx.ASGITransport(application, client=("203.0.113.9", 1234))  # type: ignore[arg-type]
        async with Visitor(world, transport) as visitor:
            answer = await visitor.get("/siapa", headers={"X-Forwarded-For": "198.51.100.7"})
    assert answer.text == seen


async def test_a_missing_page_is_a_page_and_a_missing_hook_a_problem_document(site: Visitor) -> None:
    page = await site.get("/tidak-ada")
    assert page.status_code == 404
    assert "<h1>" in page.text
    problem = await site.get("/api/tidak-ada")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {"type": "about:blank", "title": "Not Found", "status": 404}


async def test_the_language_is_asked_for_remembered_or_wished(site: Visitor) -> None:
    assert '<html lang="id">' in (await site.get("/masuk")).text
    assert (
        '<html lang="en">' in (await site.get("/masuk", headers={"Accept-Language": "en-GB,id;q=0.5"})).text
    )
    assert '<html lang="en">' in (await site.get("/masuk?bahasa=en")).text
    assert '<html lang="en">' in (await site.get("/masuk")).text
    assert '<html lang="id">' in (await site.get("/masuk?bahasa=id")).text


async def test_a_static_file_is_kept_for_ever_only_under_its_fingerprint(site: Visitor) -> None:
    from lapor.pages import static

    kept = await site.get(static("lapor.css"))
    assert "immutable" in kept.headers["cache-control"]
    assert kept.headers["content-type"].startswith("text/css")
    assert "immutable" not in (await site.get("/static/lapor.css?v=lama")).headers["cache-control"]
    again = await site.get("/static/lapor.css", headers={"If-None-Match": kept.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["%2e%2e/app.py", "..%2fapp.py", "%2fetc%2fpasswd", "nix.css"])
async def test_no_file_outside_the_static_folder_is_served(site: Visitor, path: str) -> None:
    assert (await site.get(f"/static/{path}")).status_code == 404


async def test_head_answers_like_get_without_a_body(site: Visitor) -> None:
    answer = await site.head("/masuk")
    assert answer.status_code == 200
    assert answer.content == b""


async def test_a_page_travels_compressed(site: Visitor) -> None:
    async with site.stream("GET", "/masuk", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert b"<!doctype html>" in gzip.decompress(raw)


async def test_an_oversized_form_is_refused(site: Visitor) -> None:
    answer = await site.post("/masuk", data={"username": "x" * 4_000_000})
    assert answer.status_code == 413
    _protected(answer)


async def test_ready_names_what_is_missing(site: Visitor, world: World) -> None:
    assert (await site.get("/health")).json() == {"status": "up"}
    answer = await site.get("/ready")
    assert answer.status_code == 503
    assert set(answer.json()["missing"]) == {"worker"}
    await world.execute("INSERT INTO heartbeat (name, beat_at, facts) VALUES ('sweep', lapor_now(), '{}')")
    assert (await site.get("/ready")).json() == {"ready": True, "missing": {}}
    await world.execute("UPDATE heartbeat SET beat_at = lapor_now() - interval '2 minutes'")
    assert (await site.get("/ready")).status_code == 503
