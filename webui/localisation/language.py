"""Which language a browser reads."""

from flask import has_request_context, request

from appliance.exports.report.localisation import LANGUAGES

__all__ = ["COOKIE", "DEFAULT_LANGUAGE", "LANGUAGES", "current_language"]

DEFAULT_LANGUAGE = LANGUAGES[0]
COOKIE = "nailfold_language"
"""Set by the page's language menu."""


def current_language() -> str:
    """What this browser chose, else what it asks for first of ours; English outside of a request."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE
