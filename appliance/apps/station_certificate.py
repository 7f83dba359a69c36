"""The station's HTTPS certificate: the site's, the box's own, or none on this machine alone."""

from dataclasses import replace
from pathlib import Path

from appliance.apps.host_names import host_names
from appliance.ports import Clock
from webui.certificate import Certificate, load_or_make_certificate
from webui.settings import WebSettings


def with_certificate(settings: WebSettings, folder: Path, clock: Clock) -> tuple[WebSettings, Certificate | None]:
    """The settings with the files to serve with, and the box's own certificate where it needs one.

    Raises:
        SettingsError: the box's own cannot be read or written.
    """
    if not settings.needs_own_certificate:
        return settings, None
    own = load_or_make_certificate(folder, host_names(), clock.now_utc())
    return replace(settings, tls_certificate=own.certificate_file, tls_key=own.key_file), own
