"""The box's own certificate, alone and on the real server."""

import hashlib
import socket
import ssl
import stat
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509

from appliance.apps.station import certificate
from appliance.apps.station.certificate import StationCertificate
from appliance.apps.station.host_names import host_names
from appliance.domain.errors import SettingsError
from tests.support.exam_parts import SystemClock
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from webui.auth.certificate import LIFETIME, RENEWED_BEFORE, Certificate, fingerprint, load_or_make_certificate
from webui.settings import Tls, WebSettings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
NAMES = ("box7", "box7.local", "localhost", "127.0.0.1", "::1", "192.168.1.20")


def made(folder: Path, now: datetime = NOW, names: tuple[str, ...] = NAMES) -> Certificate:
    return load_or_make_certificate(folder / "tls", names, now)


def test_certificate_is_made_once_and_its_key_is_the_owners_alone(tmp_path: Path) -> None:
    first, second = made(tmp_path), made(tmp_path, NOW + timedelta(days=30))
    assert first == second
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.key_file.parent.stat().st_mode) == 0o700
    assert set(first.names) == set(NAMES)
    assert b"ENCRYPTED" not in first.key_file.read_bytes()


def test_it_is_renewed_in_time_with_the_same_key(tmp_path: Path) -> None:
    first = made(tmp_path)
    key = first.key_file.read_bytes()
    last_day = first.expires_at_utc - RENEWED_BEFORE
    assert made(tmp_path, last_day - timedelta(hours=1)) == first
    renewed = made(tmp_path, last_day + timedelta(hours=1))
    assert renewed.fingerprint != first.fingerprint
    assert renewed.expires_at_utc > first.expires_at_utc
    assert renewed.key_file.read_bytes() == key


def test_one_of_the_future_is_made_anew(tmp_path: Path) -> None:
    """A box whose clock was wrong on its first boot."""
    first = made(tmp_path, NOW + timedelta(days=4000))
    assert made(tmp_path).expires_at_utc < first.expires_at_utc
    assert made(tmp_path).expires_at_utc <= NOW + LIFETIME


def test_a_new_address_is_added_and_the_old_ones_stay_good(tmp_path: Path) -> None:
    first = made(tmp_path)
    moved = made(tmp_path, names=(*NAMES[:5], "10.0.0.7"))
    assert moved.fingerprint != first.fingerprint
    assert set(moved.names) == {*NAMES, "10.0.0.7"}
    assert made(tmp_path) == moved, "and moving back changes nothing"


@pytest.mark.parametrize("name", ["certificate.pem", "key.pem"])
def test_damaged_files_are_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    made(tmp_path)
    (tmp_path / "tls" / name).write_text("-----BEGIN NOTHING-----")
    with pytest.raises(SettingsError, match="Delete the folder"):
        made(tmp_path)


def test_a_certificate_of_another_key_is_made_anew(tmp_path: Path) -> None:
    first = made(tmp_path)
    first.key_file.unlink()
    assert made(tmp_path).fingerprint != first.fingerprint


def test_this_computers_own_names_make_a_certificate(tmp_path: Path) -> None:
    names = host_names()
    assert {"localhost", "127.0.0.1", socket.gethostname().lower()} <= set(names)
    assert len(names) == len(set(names))
    assert set(made(tmp_path, names=names).names) == set(names)


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[PageStation, Certificate]]:
    """A station that serves with the certificate it made."""
    own = StationCertificate(WebSettings(port=0, tls=Tls.ON), tmp_path / "tls", SystemClock())
    assert own.current is not None
    with PageStation(own.web_settings) as station:
        yield station, own.current


def served_fingerprint(station: PageStation) -> str:
    """What a browser that connects now would show."""
    pem = ssl.get_server_certificate(("127.0.0.1", int(station.url.rpartition(":")[2])), timeout=5)
    return fingerprint(x509.load_pem_x509_certificate(pem.encode()))


def test_a_running_station_serves_the_renewed_certificate(tmp_path: Path) -> None:
    names = ["localhost", "127.0.0.1"]
    own = StationCertificate(WebSettings(port=0, tls=Tls.ON), tmp_path / "tls", SystemClock(), lambda: tuple(names))
    first = own.current
    assert first is not None
    with PageStation(own.web_settings) as station:
        assert station.server is not None
        own.check(station.server.use_certificate)
        assert served_fingerprint(station) == first.fingerprint
        names.append("192.168.1.20")
        own.check(station.server.use_certificate)
        assert own.current is not None
        assert served_fingerprint(station) == own.current.fingerprint != first.fingerprint


def test_renewed_certificate_that_cannot_be_used_is_neither_shown_nor_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["localhost"]
    own = StationCertificate(WebSettings(port=0, tls=Tls.ON), tmp_path / "tls", SystemClock(), lambda: tuple(names))
    first, used, faults = own.current, list[Certificate](), [ssl.SSLError("key values mismatch")]

    def use(fresh: Certificate) -> None:
        if faults:
            raise faults.pop()
        used.append(fresh)

    names.append("192.168.1.20")
    with pytest.raises(ssl.SSLError):
        own.check(use)
    assert own.current is first, "the pages name a certificate that nobody is served with"
    faults.append(ssl.SSLError("key values mismatch"))
    monkeypatch.setattr(certificate, "_CHECKED_EVERY_S", 0.01)
    own.start(use)
    deadline = time.monotonic() + 20
    while not used:
        assert time.monotonic() < deadline, "the watching ended with the first fault"
        time.sleep(0.01)
    own.stop()
    assert "it is tried again" in caplog.text
    assert own.current is used[0]


def test_no_certificate_is_made_where_none_is_needed(tmp_path: Path) -> None:
    own = StationCertificate(WebSettings(), tmp_path / "tls", SystemClock())
    assert own.current is None
    assert own.web_settings == WebSettings()
    assert not (tmp_path / "tls").exists()


def test_a_client_that_trusts_the_certificate_is_served_and_no_other(secure: tuple[PageStation, Certificate]) -> None:
    station, certificate = secure
    port = int(station.url.rpartition(":")[2])
    trusting = ssl.create_default_context(cafile=str(certificate.certificate_file))
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        assert encrypted.version() in ("TLSv1.2", "TLSv1.3")
        der = encrypted.getpeercert(binary_form=True)
    assert der is not None
    assert hashlib.sha256(der).hexdigest().upper() == certificate.fingerprint.replace(":", "")
    with urllib.request.urlopen(f"{station.url}/login", context=trusting, timeout=5) as answer:
        assert answer.status == 200
        assert "Secure" in answer.headers["Set-Cookie"]
    with socket.create_connection(("127.0.0.1", port), 5) as plain, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("said", [b"", bytes.fromhex("1603010200010001fc0303"), b"\x16\x03\x01\x00"])
def test_a_handshake_that_does_not_come_to_an_end_holds_a_place_for_no_minute(tmp_path: Path, said: bytes) -> None:
    own = StationCertificate(WebSettings(port=0, tls=Tls.ON, head_timeout_s=0.3), tmp_path / "tls", SystemClock())
    with PageStation(own.web_settings) as station, ExitStack() as connections:
        port = int(station.url.rpartition(":")[2])
        slow = [connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(30)]
        began_s = time.monotonic()
        for one in slow:
            one.sendall(said)
        for one in slow:
            with suppress(ConnectionError):
                while one.recv(4096):
                    pass
        assert time.monotonic() - began_s < 15, "asyncio would wait for a minute"


def test_the_page_about_the_box_shows_the_fingerprint(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    station = PageStation(certificate=certificate)
    browser = log_in(station.app.test_client())
    assert "not encrypted" in browser.get("/about").text
    encrypted = browser.get("/about", environ_overrides={"wsgi.url_scheme": "https"}).text
    assert certificate.fingerprint.replace(":", " ") in encrypted
    assert "box7.local" in encrypted


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.20", "::"])
def test_the_network_is_never_served_in_the_clear_by_mistake(host: str) -> None:
    assert WebSettings(host=host).needs_own_certificate
    with pytest.raises(SettingsError, match="served to the network"):
        WebSettings(host=host, tls=Tls.OFF)
    assert not WebSettings(host=host, tls=Tls.OFF, plain_http_on_network=True).is_tls


def test_this_machine_alone_may_be_served_in_the_clear() -> None:
    assert not WebSettings().is_tls
    assert WebSettings(tls=Tls.ON).needs_own_certificate
    own = WebSettings(host="0.0.0.0", tls_certificate=Path("c.pem"), tls_key=Path("k.pem"))
    assert own.is_tls
    assert not own.needs_own_certificate
