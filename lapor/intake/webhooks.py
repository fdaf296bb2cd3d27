"""What providers deliver: verified over the raw bytes, stored encrypted, answered; read afterwards by the worker."""

from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from lapor import channel_accounts
from lapor.database import transaction
from lapor.intake.channel_list import ANSWERS, HEARING
from lapor.intake.channels.interface import Hears, Keys, Part, Posted, Unverified
from lapor.intake.storing import READ_INBOUND, store
from lapor.pages import AnyRequest
from lapor.settings import Settings

LONGEST_KEY: Final = 200
# As large as the providers of mail deliver: 25 MB of mail, packed for the way.
MOST_MAIL: Final = 36 * 1024 * 1024


@get("/hooks/{channel:str}")
async def answer_challenge(request: AnyRequest, channel: FromPath[str]) -> Response[bytes]:
    """The word that a provider wants to hear back before it delivers here; 403 to whoever does not know ours."""
    hears = _channel(channel)
    async with transaction("intake"):
        keys = await _keys(request, hears)
    answer = hears.challenge(dict(request.query_params), keys)
    if answer is None:
        raise _refusal(403, "This address has nothing to say to you.")
    return Response(answer.encode(), media_type="text/plain")


@post("/hooks/{channel:str}", status_code=200)
async def receive(request: AnyRequest, channel: FromPath[str]) -> Response[Any]:
    """200 when the delivery is kept, now or already before; 401 and nothing kept when nobody we know signed it."""
    return await _received(request, channel)


@post("/hooks/email", status_code=200, request_max_body_size=MOST_MAIL)
async def receive_mail(request: AnyRequest) -> Response[Any]:
    """The same for a mail, which brings its photos with it."""
    return await _received(request, "email")


async def _received(request: AnyRequest, channel: str) -> Response[Any]:
    hears = _channel(channel)
    body = await request.body()
    address = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    async with transaction("intake"):
        keys = await _keys(request, hears)
        try:
            parts = hears.accept(Posted(request.headers, body, address), keys)
        except Unverified:
            parts = None
            if keys.accounts:
                await channel_accounts.note_refused(hears.name)
            elif not hears.has_accounts and keys.settings.partner_secrets:
                await channel_accounts.note_refused_unnamed(hears.name)
        stored = await store(hears.name, _checked(parts)) if parts else 0
    if parts is None:
        raise _refusal(401, "The signature does not fit, or is too old.")
    if stored:
        await request.app.state.nudger.nudge(READ_INBOUND)
    if answered := ANSWERS[hears.name](parts) if hears.name in ANSWERS else None:
        media_type, content = answered
        return Response(content, media_type=media_type)
    key = parts[0].key if len(parts) == 1 else None
    return Response({"received": True, "id": key, "repeated": bool(parts) and not stored})


def _channel(name: str) -> Hears:
    found = HEARING.get(name)
    if found is None:
        raise _refusal(404, "There is no such channel.")
    return found


async def _keys(request: AnyRequest, hears: Hears) -> Keys:
    settings: Settings = request.app.state.settings
    accounts = await channel_accounts.listening(hears.name) if hears.has_accounts else []
    return Keys(settings, [one for one in accounts if not (settings.production and one.demonstration)])


def _checked(parts: list[Part]) -> list[Part]:
    for part in parts:
        if not part.key.isprintable() or len(part.key) > LONGEST_KEY:
            raise _refusal(400, "The id of the delivery holds unprintable characters, or is too long.")
    return parts


def _refusal(status: int, sentence: str) -> HTTPException:
    return HTTPException(status_code=status, extra=cast(Any, sentence))


ROUTES: list[ControllerRouterHandler] = [answer_challenge, receive, receive_mail]
