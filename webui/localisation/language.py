"""Which language a browser reads."""

from flask import g, has_request_context, request

from appliance.exports.report.localisation import LANGUAGES

__all__ = ["COOKIE", "DEFAULT_LANGUAGE", "LANGUAGES", "current_language"]

DEFAULT_LANGUAGE = LANGUAGES[0]
COOKIE = "nailfold_language"
"""Set by the page's language menu."""


def current_language() -> str:
    """What this browser chose, else what it asks for first of ours; English outside of a request."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    # Once a request: a page asks for each of its words, and a browser may name thousands of languages.
    if "language" not in g:
        g.language = _asked_for()
    found: str = g.language
    return found


def _asked_for() -> str:
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE
