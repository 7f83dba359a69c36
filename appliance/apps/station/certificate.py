"""The station's HTTPS certificate: the site's, the box's own, or none on this machine alone."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.apps.station.host_names import host_names
from appliance.domain.errors import SettingsError
from appliance.ports import Clock
from webui.auth.certificate import Certificate, load_or_make_certificate
from webui.settings import WebSettings

_log = logging.getLogger(__name__)
# An address often comes some seconds after the boot; a look at two small files costs nothing.
_CHECKED_EVERY_S = 60.0


class StationCertificate:
    """Keeps the box's own certificate good while the station runs: renewed in time, and when the box gets an address.

    Raises:
        SettingsError: it cannot be read or written.
    """

    def __init__(
        self, settings: WebSettings, folder: Path, clock: Clock, names: Callable[[], tuple[str, ...]] = host_names
    ) -> None:
        self._folder, self._clock, self._names = folder, clock, names
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.current = self._load() if settings.needs_own_certificate else None
        self.web_settings = settings
        if self.current is not None:
            files = (self.current.certificate_file, self.current.key_file)
            self.web_settings = replace(settings, tls_certificate=files[0], tls_key=files[1])

    def start(self, use: Callable[[Certificate], None]) -> None:
        """Watch over it, if there is one; `use` gets each new one."""
        if self.current is not None:
            self._thread = threading.Thread(target=self._watch, args=(use,), name="certificate", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No more watching; calling it twice, or before start, is harmless."""
        self._is_stopping.set()
        if self._thread is not None:
            self._thread.join()

    def check(self, use: Callable[[Certificate], None]) -> None:
        """Renew it where that is due."""
        fresh = self._load()
        if fresh != self.current:
            # First used, then shown: where it cannot be used, the pages name the one that is, and it is tried again.
            use(fresh)
            self.current = fresh
            _log.warning("the certificate was renewed; SHA-256 %s", fresh.fingerprint)

    def _load(self) -> Certificate:
        return load_or_make_certificate(self._folder, self._names(), self._clock.now_utc())

    def _watch(self, use: Callable[[Certificate], None]) -> None:
        while not self._is_stopping.wait(_CHECKED_EVERY_S):
            try:
                self.check(use)
            except SettingsError as error:
                _log.error("%s", error)
            except Exception:  # without this thread the certificate would run out
                _log.exception("the certificate could not be renewed; it is tried again")
