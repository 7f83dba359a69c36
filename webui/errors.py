"""Faults in the one shape that pages and programs read: {"error": {"message", "remedy"}}."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from appliance.accounts.refusals import PasswordRefusedError, UnknownAccountError
from appliance.domain.errors import (
    AccessError,
    AccountError,
    ApplianceError,
    BoardError,
    CaptureError,
    ErasedError,
    ExamError,
    NotKeptError,
    StoreError,
)
from webui.localisation.catalogue import text

_log = logging.getLogger(__name__)
Answer = Response | tuple[Response | str, int]


def install_error_handlers(app: Flask) -> None:
    """Answer every fault with its message and remedy, as JSON below /api and as a page elsewhere."""

    def on_appliance_error(error: ApplianceError) -> Answer:
        _log.warning("%s refused: %s", request.endpoint, error.message)
        return error_answer(*localised(error), _status_of(error))

    def on_csrf_error(_: CSRFError) -> Answer:
        return error_answer(text("errors.csrf.message"), text("errors.csrf.remedy"), 400)

    def on_http_error(error: HTTPException) -> Answer:
        if error.code == 404:
            return error_answer(text("errors.not_found.message"), text("errors.not_found.remedy"), 404)
        return error_answer(error.name, text("errors.http_remedy"), error.code or 500)

    def on_any_error(error: Exception) -> Answer:
        _log.error("%s failed", request.endpoint, exc_info=error)
        return error_answer(text("errors.internal.message"), text("errors.internal.remedy"), 500)

    app.register_error_handler(ApplianceError, on_appliance_error)
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_any_error)


def localised(error: ApplianceError) -> tuple[str, str]:
    """Message and remedy in the reader's language where the reason has words there; else as the appliance says it."""
    if isinstance(error, PasswordRefusedError):
        remedy = "current_remedy" if error.reason == "current_wrong" else "advice"
        return text(f"password.{error.reason}", **error.values), text(f"password.{remedy}", **error.values)
    if isinstance(error, UnknownAccountError):
        return text("errors.not_found.message"), text("errors.not_found.remedy")
    return error.message, error.remedy


def error_answer(message: str, remedy: str, status: int) -> Answer:
    """The fault in the shape that the caller reads."""
    if request.path.startswith("/api/"):
        return jsonify(error={"message": message, "remedy": remedy}), status
    return render_template("error.html", message=message, remedy=remedy), status


def _status_of(error: ApplianceError) -> int:
    for family, status in (
        (AccessError, 403),
        (AccountError, 409),
        (ErasedError, 410),
        (NotKeptError, 404),
        (ExamError, 409),
        (BoardError, 409),
        (CaptureError, 503),
        (StoreError, 507),
    ):
        if isinstance(error, family):
            return status
    return 400
