"""What a telephone sees on the box's own Wi-Fi: one page that asks for the network; every other address leads there.

Plain HTTP, since the browser that a telephone opens by itself shows no page with a certificate of the box's own. The
Wi-Fi itself is encrypted, with a password that stands on the box's screen.
"""

import html
import json
import socket
import socketserver
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

from caretaker import Caretaker, Status
from wifi import AccessPoint, Network, Security, Wish, WrongWish, name_of

PORT = 80
TEXTS: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "texts.json").read_text())
_HOME = f"http://{AccessPoint.ADDRESS}/"
_LONGEST_BODY = 4096
_TIMEOUT_S = 10.0
_AT_ONCE = 32
_OTHER = "other"
_IP_FREEBIND = 15
_AS_TYPED = 'autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"'
_STYLE = """
:root{color-scheme:dark;font:18px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:34rem;padding:1.5rem;background:#14171b;color:#e8eaed}
h1{font-size:1.4rem}
label{display:block;padding:.7rem;border-bottom:1px solid #333a42;min-height:44px;box-sizing:border-box}
small{color:#a9b1ba}
input[type=text],select,button{font:inherit;width:100%;box-sizing:border-box;min-height:44px;
padding:.5rem;margin-top:.3rem;background:#1f242a;color:inherit;border:1px solid #59636e;border-radius:6px}
button{background:#2b6cb0;border-color:#2b6cb0;margin-top:1rem}button.quiet{background:none}
.fault{border-left:4px solid #e5863a;padding:.6rem 1rem;background:#2a221b}
"""


def language_of(accepted: str) -> str:
    """The first of an Accept-Language header that there are texts in; English otherwise."""
    wanted = [part.split(";")[0].strip().split("-")[0].lower() for part in accepted.split(",")]
    return next((one for one in wanted if one in TEXTS), "en")


def page_of(status: Status, language: str, own: AccessPoint) -> str:
    """The page, for how things stand."""
    texts = TEXTS[language]

    def say(key: str, **names: str) -> str:
        return html.escape(texts[key].format(**names))

    parts = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{say('title')}</title><style>{_STYLE}</style>",
    ]
    if status.trying is not None:
        name = name_of(status.trying)
        parts += [
            f'<meta http-equiv="refresh" content="8;url=/"><h1>{say("trying", name=name)}</h1>',
            f"<p>{say('then', name=name)}</p><p>{say('else', own=own.name)}</p>",
        ]
        return "".join(parts)
    parts.append(f"<h1>{say('title')}</h1>")
    if status.tried is not None and status.tried.word != "joined":
        name = name_of(status.tried.ssid)
        parts.append(f'<p class="fault" role="alert">{say(status.tried.word, name=name)}</p>')
    parts += [f"<p>{say('lead')}</p>", '<form method="post" action="/join">']
    parts += [_choice(network, texts) for network in status.networks]
    if not status.networks:
        parts.append(f"<p>{say('none')}</p>")
    kinds = ((Security.WPA, "wpa"), (Security.WPA3, "wpa3"), (Security.OPEN, "open"))
    options = "".join(f'<option value="{kind.value}">{say(key)}</option>' for kind, key in kinds)
    parts += [
        f'<label><input type="radio" name="network" value="{_OTHER}" required> {say("other")}</label>',
        f'<label>{say("name")}<input type="text" name="name" maxlength="32" {_AS_TYPED}></label>',
        f'<label>{say("kind")}<select name="security">{options}</select></label>',
        f'<label>{say("password")}<input type="text" name="password" {_AS_TYPED}></label>',
        f"<button>{say('join')}</button></form>",
        f'<form method="post" action="/look"><button class="quiet">{say("look")}</button></form>',
        f"<p><small>{say('look_note')}</small></p>",
    ]
    return "".join(parts)


def wish_of(form: dict[str, str], status: Status) -> Wish:
    """What the form asks for. Raises WrongWish."""
    chosen, password = form.get("network", ""), form.get("password", "")
    if chosen == _OTHER:
        known = {security.value: security for security in Security}
        if form.get("security") not in known:
            raise WrongWish("bad_name")
        return Wish(form.get("name", "").encode(), known[form["security"]], password, is_hidden=True)
    for network in status.networks:
        if chosen == _value_of(network):
            return Wish(network.ssid, network.security, password)
    raise WrongWish("bad_name")


class SetupPages:
    """The server, for as long as the service runs; it answers only while the box's own Wi-Fi is open.

    Args:
        address: to listen at; it need not be there yet.
    """

    def __init__(
        self, caretaker: Caretaker, own: AccessPoint, address: tuple[str, int] = (AccessPoint.ADDRESS, PORT)
    ) -> None:
        self._server = _Server(address, partial(_Pages, caretaker, own))
        self.port = self._server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="pages", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: Callable[..., BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(address, pages, bind_and_activate=True)

    def server_bind(self) -> None:
        # The address comes with the access point and goes with it.
        self.socket.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        super().server_bind()

    def process_request(self, request: object, client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)  # type: ignore[arg-type]
            return
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A telephone that leaves in the middle of a page is no news."""


class _Pages(BaseHTTPRequestHandler):
    timeout = _TIMEOUT_S
    server_version, sys_version = "nailfold", ""

    def __init__(self, caretaker: Caretaker, own: AccessPoint, *rest: object) -> None:
        self._caretaker, self._own = caretaker, own
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self._is_ours():
            if self.path == "/":
                self._answer(page_of(self._caretaker.status, self._language(), self._own))
            else:
                self._lead_home()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        if not self._is_ours():
            return
        # Another page in the telephone's browser cannot send the form: its address would stand here.
        if self.headers.get("Origin", _HOME.rstrip("/")) not in (
            _HOME.rstrip("/"),
            f"http://{self.headers.get('Host')}",
        ):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        size = self.headers.get("Content-Length", "")
        if not (size.isascii() and size.isdigit() and int(size) <= _LONGEST_BODY):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        fields = parse_qs(self.rfile.read(int(size)).decode("utf-8", errors="replace"), keep_blank_values=True)
        form = {key: values[0] for key, values in fields.items()}
        if self.path == "/look":
            self._caretaker.look_around()
        elif self.path == "/join":
            try:
                self._caretaker.join(wish_of(form, self._caretaker.status))
            except WrongWish as wrong:
                self._caretaker.refuse(form.get("name", "").encode(), str(wrong))
        self._lead_home()

    def log_message(self, *_: object) -> None:
        """Nothing in the journal: a form holds a password."""

    def _is_ours(self) -> bool:
        """Whether it is a telephone on the box's own Wi-Fi that asks, and for this page; leads it there otherwise."""
        if not self._caretaker.status.is_open:
            self.send_error(HTTPStatus.NOT_FOUND)
            return False
        self._caretaker.note_page()
        host = self.headers.get("Host", "").partition(":")[0]
        if host != AccessPoint.ADDRESS and not host.startswith("127."):
            self._lead_home()
            return False
        return True

    def _language(self) -> str:
        return language_of(self.headers.get("Accept-Language", ""))

    def _lead_home(self) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", "/" if self.command == "POST" else _HOME)
        self.send_header("Content-Length", "0")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def _answer(self, page: str) -> None:
        body = page.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _value_of(network: Network) -> str:
    return f"{network.ssid.hex()} {network.security.value}"


def _choice(network: Network, texts: dict[str, str]) -> str:
    is_offered = network.security not in (Security.ENTERPRISE, Security.WEP)
    note = html.escape(f"{network.signal} %" if is_offered else texts["not_supported_short"])
    mark = "" if is_offered else " disabled"
    lock = "" if network.security in (Security.OPEN, Security.ENHANCED_OPEN) else " \U0001f512"
    chosen = f'<input type="radio" name="network" value="{html.escape(_value_of(network))}"{mark} required>'
    return f"<label>{chosen} <bdi>{html.escape(network.name)}</bdi>{lock} <small>{note}</small></label>"
