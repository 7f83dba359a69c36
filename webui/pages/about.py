"""About this box: what it is, and by which fingerprint its certificate is recognised."""

import socket
from datetime import datetime, timezone
from importlib.metadata import version

from flask import Blueprint, render_template, request

from webui.localisation.formatting import format_moment
from webui.services import Services


def about_blueprint(services: Services) -> Blueprint:
    """The page at /about."""
    pages = Blueprint("about", __name__)

    @pages.get("/about")
    def page() -> str:
        return render_template(
            "about.html",
            version=version("nailfold-appliance"),
            host_name=socket.gethostname(),
            identity=services.identity(),
            certificate=services.certificate(),
            is_encrypted=request.is_secure,
            format_moment=format_moment,
            clock_before=services.clock.earliest_utc(),
            clock_now=datetime.now(timezone.utc),
            withheld=services.withheld.all(),
        )

    return pages
