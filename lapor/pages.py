"""Making a page: the templates, what each of them may use, and the response around them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, Undefined
from jinja2.utils import missing
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.template.base import csrf_token
from markupsafe import Markup

from lapor import locales, words
from lapor.site import Site

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent.parent / "templates"
LANGUAGE_COOKIE = "lapor_bahasa"
LANGUAGE_QUESTION = "bahasa"

AnyRequest = Request[Any, Any, Any]


class Unknown(Undefined):
    """A name that no handler gave is an error; a missing entry of a mapping is empty."""

    def _is_error(self) -> bool:
        # A macro asks for its caller to learn whether there is one.
        return self._undefined_obj is missing and self._undefined_name != "caller"

    def __str__(self) -> str:
        return str(self._fail_with_undefined_error()) if self._is_error() else ""

    def __bool__(self) -> bool:
        return bool(self._fail_with_undefined_error()) if self._is_error() else False

    def __len__(self) -> int:
        return int(self._fail_with_undefined_error()) if self._is_error() else 0

    def __iter__(self) -> Any:
        return self._fail_with_undefined_error() if self._is_error() else iter(())


def static(path: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep it for ever."""
    return f"/static/{path}?v={_fingerprint(path)}"


@cache
def _fingerprint(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:16]


def environment() -> Environment:
    """The templates' environment: strict about names, escaping everything, in the current language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=Unknown,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_callables(locales.say, locales.say_many, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(
        localtime=words.localtime, remaining=words.remaining, ticket=words.ticket, lasting=words.lasting
    )
    made.filters["retell"] = locales.retell
    made.globals["static"] = static
    return made


TEMPLATE = environment()


def page(
    request: AnyRequest,
    template: str,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[bytes]:
    """The page as a response; templates also know site, viewer, csrf_input, locale and current_path."""
    settle_language(request)
    viewer = request.scope.get("lapor.viewer")
    known = {
        "site": request.scope.get("lapor.site") or Site(),
        "viewer": viewer,
        "csrf_input": csrf_input(request),
        "locale": locales.current(),
        "current_path": current_path(request),
    }
    body = TEMPLATE.get_template(template).render({**known, **context}).encode()
    sent = {
        "Vary": "Accept-Encoding, Accept-Language, Cookie",
        # A page with somebody's data is not kept; a resident's form survives the way back.
        "Cache-Control": "no-store" if viewer else "private, no-cache",
        **(headers or {}),
    }
    if request.method == "GET" and len(body) > 1400 and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 5)
        sent["Content-Encoding"] = "gzip"
    return Response(
        body,
        status_code=status_code,
        media_type="text/html",
        headers=sent,
        cookies=_cookies(request),
    )


def settle_language(request: AnyRequest) -> str:
    """Choose the language for everything this request says, and return it."""
    language = locales.choose(
        request.query_params.get(LANGUAGE_QUESTION),
        request.cookies.get(LANGUAGE_COOKIE),
        request.headers.get("accept-language"),
    )
    locales.use(language)
    return language


def csrf_input(request: AnyRequest) -> Markup:
    """The hidden field that every form carries."""
    return Markup('<input type="hidden" name="_csrf_token" value="{}">').format(
        csrf_token({"request": request})
    )


def current_path(request: AnyRequest) -> str:
    """The address of this page without its language, so that the switch can add another."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != LANGUAGE_QUESTION]
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def _cookies(request: AnyRequest) -> list[Cookie]:
    asked = request.query_params.get(LANGUAGE_QUESTION)
    if asked not in locales.LANGUAGES:
        return []
    secure = request.app.state.settings.secure
    return [
        Cookie(LANGUAGE_COOKIE, value=asked, max_age=31_536_000, secure=secure, httponly=True, samesite="lax")
    ]


def static_response(request: AnyRequest, path: str) -> Response[bytes] | None:
    """A static file, kept for ever when its address carries its fingerprint; None when there is none."""
    file = _static_file(path)
    if file is None:
        return None
    plain, packed, media_type = file
    current = request.query_params.get("v") == _fingerprint(path)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
        "ETag": f'"{_fingerprint(path)}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    if packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(packed, media_type=media_type, headers=headers)
    return Response(plain, media_type=media_type, headers=headers)


@cache
def _static_paths() -> frozenset[str]:
    return frozenset(str(file.relative_to(STATIC)) for file in STATIC.rglob("*") if file.is_file())


def _static_file(path: str) -> tuple[bytes, bytes | None, str] | None:
    # Only what exists is remembered: a cache of every address asked for would grow without end.
    return _read_static(path) if path in _static_paths() else None


@cache
def _read_static(path: str) -> tuple[bytes, bytes | None, str]:
    file = STATIC / path
    content = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    text = media_type.startswith("text/") or media_type in ("image/svg+xml", "application/javascript")
    return content, gzip.compress(content, 9, mtime=0) if text else None, media_type
