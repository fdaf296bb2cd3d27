"""Following: one complaint for everybody, for whoever holds its secret, and what the reporter says afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from lapor import limits, uploads
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from lapor.complaints.rating import STARS
from lapor.crypto import secret_hash
from lapor.filing_form import sent_photos
from lapor.filing_form.checks import tidy
from lapor.intake import chosen_ways, residents
from lapor.intake.addresses import (
    COOKIE,
    PRIVATE,
    UNLISTED,
    address,
    count_look_up,
    given_key,
    key_cookie,
    not_there,
    ticket_of,
)
from lapor.intake.following_view import own_view, public_view
from lapor.locales import say, say_many
from lapor.pages import AnyRequest, page, settle_language
from lapor.site import Site

_STARS = frozenset(str(stars) for stars in STARS)
# Nobody has more to say in an hour; it stops a flood of messages to an agency.
SPEAKING_LIMIT = 30

Typed = dict[str, str]
# A verb of the reporter; it returns the photos that could not be used.
Verb = Callable[[Actor, int, Typed], Awaitable[Sequence[uploads.Refusal]]]


@get("/laporan/{ticket:str}")
async def follow(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """The complaint as whoever asks may see it."""
    secret = given_key(request)
    code = ticket_of(ticket) if secret else ""
    if secret and (own := await residents.own(code, secret)):
        return _own_page(request, own)
    await count_look_up(request)
    code = ticket_of(ticket)
    if address(code) != f"/laporan/{ticket}":
        return Redirect(address(code), status_code=303, headers=dict(UNLISTED))
    found = await residents.public(code)
    if found is None:
        raise not_there()
    settle_language(request)
    return page(request, "residents/follow.html", headers=UNLISTED, **public_view(found))


@get("/laporan/{ticket:str}/buka/{secret:str}")
async def open_own(request: AnyRequest, ticket: FromPath[str], secret: FromPath[str]) -> Response[Any]:
    """Keep the secret in a cookie of this complaint and go on to it without the secret in the address."""
    await count_look_up(request)
    code = ticket_of(ticket)
    if await residents.own_id(code, secret) is None:
        raise not_there()
    cookie = key_cookie(request.app.state.settings, code, secret)
    return Redirect(address(code), status_code=303, cookies=[cookie], headers=dict(PRIVATE))


@post("/laporan/{ticket:str}/balasan", **sent_photos.LARGE)
async def send_reply(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Add something to one's complaint, in words, in photos or in both."""

    async def verb(actor: Actor, complaint: int, typed: Typed) -> Sequence[uploads.Refusal]:
        given = await uploads.photos(request)
        text = typed["text"]
        if not text and given.refused and not given.usable:
            raise desk.Refused(sent_photos.sentences(given.refused)[0], "photos")
        if not text and given.usable:
            text = say("Foto terlampir.")
        await desk.reply(actor, complaint, text=text, photos=given.usable)
        return given.refused

    return await _speak(request, ticket, "reply", verb)


@post("/laporan/{ticket:str}/bantahan")
async def send_dispute(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Say that an answer is none."""

    async def verb(actor: Actor, complaint: int, typed: Typed) -> Sequence[uploads.Refusal]:
        await desk.dispute(actor, complaint, reason=typed["reason"] or typed["text"])
        return ()

    return await _speak(request, ticket, "dispute", verb)


@post("/laporan/{ticket:str}/pembukaan-kembali")
async def send_reopening(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Say that it is not solved after all."""

    async def verb(actor: Actor, complaint: int, typed: Typed) -> Sequence[uploads.Refusal]:
        await desk.reopen(actor, complaint, reason=typed["reason"] or typed["text"])
        return ()

    return await _speak(request, ticket, "reopen", verb)


@post("/laporan/{ticket:str}/persetujuan")
async def send_agreement(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Agree that it is done."""

    async def verb(actor: Actor, complaint: int, _: Typed) -> Sequence[uploads.Refusal]:
        await desk.accept(actor, complaint)
        return ()

    return await _speak(request, ticket, "agree", verb)


@post("/laporan/{ticket:str}/penilaian")
async def send_rating(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Say how content one is."""

    async def verb(actor: Actor, complaint: int, typed: Typed) -> Sequence[uploads.Refusal]:
        stars = int(typed["stars"]) if typed["stars"] in _STARS else 0
        await desk.rate(actor, complaint, stars=stars, text=typed["text"])
        return ()

    return await _speak(request, ticket, "rate", verb)


@post("/laporan/{ticket:str}/jalan-kabar")
async def send_way(request: AnyRequest, ticket: FromPath[str]) -> Response[Any]:
    """Say on which way one wants to hear first."""

    async def verb(_: Actor, complaint: int, typed: Typed) -> Sequence[uploads.Refusal]:
        if not await chosen_ways.choose(complaint, given_key(request), typed["first_way"]):
            raise desk.Refused("Pilih salah satu.", "first_way")
        return ()

    return await _speak(request, ticket, "way", verb)


@post("/laporan/{ticket:str}/tutup")
async def leave(ticket: FromPath[str]) -> Response[Any]:
    """Forget the secret in this browser; the page says the same whether there was one."""
    gone = Redirect("/lacak", status_code=303)
    gone.delete_cookie(COOKIE, path=address(ticket_of(ticket)))
    return gone


async def _speak(request: AnyRequest, ticket: str, form: str, verb: Verb) -> Response[Any]:
    settle_language(request)
    code, secret = ticket_of(ticket), given_key(request)
    complaint = await residents.own_id(code, secret)
    if complaint is None:
        raise not_there()
    data = await uploads.fields(request)
    typed = {name: tidy(data.get(name)) for name in ("text", "reason", "stars", "first_way")}
    wait = await limits.spend(request, "speaking", SPEAKING_LIMIT, limits.HOUR)
    if wait:
        own = await residents.own(code, secret)
        if own is None:
            raise not_there()
        errors = {"": _too_many(wait)}
        return _own_page(request, own, failed=form, errors=errors, typed=typed, wait=wait)
    try:
        refused = await verb(Actor.reporter(secret_hash(secret)), complaint, typed)
    except desk.NotFound:
        raise not_there() from None
    except desk.Refused as refusal:
        own = await residents.own(code, secret)
        if own is None:
            raise not_there() from None
        errors = {refusal.field or "": say(refusal.message)}
        return _own_page(request, own, failed=form, errors=errors, typed=typed)
    news = {"kabar": form, sent_photos.TOLD: sent_photos.told(refused)}
    where = address(code) + "?" + urlencode({name: said for name, said in news.items() if said})
    return Redirect(where, status_code=303)


def _too_many(wait: int) -> str:
    minutes = -(-wait // 60)
    sentence = say_many(
        "Dari sambungan ini sudah banyak pesan masuk dalam satu jam. Tulisan Anda masih ada di sini; kirim lagi"
        " {minutes} menit lagi.",
        "Dari sambungan ini sudah banyak pesan masuk dalam satu jam. Tulisan Anda masih ada di sini; kirim lagi"
        " {minutes} menit lagi.",
        minutes,
    )
    return sentence.format(minutes=minutes)


def _own_page(
    request: AnyRequest,
    own: residents.Own,
    *,
    failed: str = "",
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    wait: int = 0,
) -> Response[Any]:
    """The reporter's page; `wait` says in how many seconds a form that came back may be sent again."""
    settle_language(request)
    site = cast(Site, request.scope.get("lapor.site") or Site())
    return page(
        request,
        "residents/follow.html",
        status_code=429 if wait else 422 if errors else 200,
        headers={**PRIVATE, **limits.retry_after(wait)} if wait else PRIVATE,
        **own_view(own, site.head_title),
        failed=failed,
        errors=errors or {},
        typed=typed or {},
        told="" if errors else _news(request.query_params.get("kabar", "")),
        photo_news=[] if errors else sent_photos.news(request),
    )


def _news(form: str) -> str:
    told = {
        "reply": say("Keterangan Anda sudah kami sampaikan kepada instansi."),
        "dispute": say("Kami minta instansi menjawab lagi. Batas waktunya sudah berjalan."),
        "reopen": say("Laporan dibuka kembali. Batas waktunya dihitung dari sekarang."),
        "agree": say("Terima kasih. Laporan ini ditutup."),
        "way": say("Baik. Kabar berikutnya kami kirim lewat jalan itu lebih dulu."),
        "rate": say("Terima kasih atas penilaian Anda."),
    }
    return told.get(form, "")


ROUTES: list[ControllerRouterHandler] = [
    follow,
    open_own,
    send_reply,
    send_dispute,
    send_reopening,
    send_agreement,
    send_rating,
    send_way,
    leave,
]
