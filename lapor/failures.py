"""What a request gets when something is wrong: a page for people, a problem document for programs."""

from __future__ import annotations

import json
import secrets
import traceback
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from lapor.pages import AnyRequest, page

log = structlog.get_logger()

_FOR_PROGRAMS = ("/api/", "/hooks/")


def answer_http_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to an error that has a status; the sentence in its `extra` is shown."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status >= 500 and status != HTTPStatus.SERVICE_UNAVAILABLE:
        return answer_crash(request, error)
    extra = getattr(error, "extra", None)
    said = extra.get("sentence") if isinstance(extra, dict) else extra
    sentence = said if isinstance(said, str) else ""
    headers = dict(getattr(error, "headers", None) or {})
    return answer(request, status, sentence, headers)


def answer_crash(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to an error that nobody expected; its message may hold personal data and is not logged."""
    reference = secrets.token_hex(4)
    log.error(
        "request_failed",
        error=type(error).__name__,
        where=place(error),
        method=request.method,
        reference=reference,
    )
    return answer(request, 500, "", {}, reference)


def place(error: BaseException) -> str:
    """Where an error was raised: the last files and lines, without any value."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno}" for frame in reversed(frames))


def answer(
    request: AnyRequest,
    status: int,
    sentence: str = "",
    headers: dict[str, str] | None = None,
    reference: str = "",
) -> Response[Any]:
    """The answer with this status: a page, or a problem document (RFC 9457) where programs ask."""
    if request.url.path.startswith(_FOR_PROGRAMS):
        return _problem(status, sentence, headers or {})
    return page(
        request,
        "errors/error.html",
        status_code=status,
        headers=headers,
        status=status,
        message=sentence,
        reference=reference,
        minutes=None,
        back=None,
    )


def _problem(status: int, sentence: str, headers: dict[str, str]) -> Response[bytes]:
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if sentence:
        document["detail"] = sentence
    return Response(
        json.dumps(document, ensure_ascii=False).encode(),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )
