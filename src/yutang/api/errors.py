"""Errors as {"code", "message", "hint"}, whatever went wrong."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from yutang.errors import YutangError

log = structlog.get_logger(__name__)

CODES = {404: "not_found", 405: "method_not_allowed", 422: "bad_input"}


class Problem(BaseModel):
    """What went wrong, and what to do."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="A sentence, for people.")
    hint: str = Field("", description="What to do; may be empty.")


class NoKeyError(YutangError):
    """HTTP 401: the request carries no key that opens anything."""

    code = "no_key"
    status = 401


PROBLEMS = {
    status: {"model": Problem, "description": text}
    for status, text in (
        (401, "No valid key."),
        (403, "The key's role does not include this."),
        (404, "There is no such thing."),
        (409, "It changed meanwhile, or happened already."),
        (413, "The body is too large."),
        (422, "The request cannot be understood."),
        (503, "Busy; try again."),
    )
}


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(YutangError, _said)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _answer(status: int, code: str, message: str, hint: str = "") -> JSONResponse:
    problem = Problem(code=code, message=message, hint=hint)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "2"
    return JSONResponse(problem.model_dump(), status, headers)


def _said(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, YutangError)
    if error.status >= 500:
        log.error("api_failed", path=request.url.path, code=error.code, error=str(error))
    message = error.message % error.params if error.params else error.message
    hint = error.hint % error.params if error.params and error.hint else error.hint
    return _answer(error.status, error.code, message, hint)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    return _answer(422, "bad_input", f"{place or 'body'}: {first['msg']}.")


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "error")
    return _answer(error.status_code, code, str(error.detail))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("api_crashed", path=request.url.path, exc_info=error)
    return _answer(500, "error", "Something went wrong on our side.", "It was written to the log.")
