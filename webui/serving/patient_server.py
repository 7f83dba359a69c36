"""What every server of ours has in common: a listening socket with places, and patience that ends."""

import socket
from asyncio import constants
from typing import Any

import uvicorn

from appliance.domain.errors import SettingsError
from webui.serving.listener import Listener, Places
from webui.serving.patient_http import patient_http
from webui.serving.websocket import quiet_websocket
from webui.settings import EVERY_ADDRESS, WebSettings

_LARGEST_MESSAGE_BYTES = 4096


def listen(settings: WebSettings) -> Listener:
    """The socket, bound; it listens once a server takes it.

    Raises:
        SettingsError: the address is taken or not ours.
    """
    host = settings.host
    if host == EVERY_ADDRESS and not socket.has_dualstack_ipv6():
        host = "0.0.0.0"  # noqa: S104 (every address that this computer can have)
    bound = Listener(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.places = Places(settings.connections_per_address, settings.connections)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if host == EVERY_ADDRESS:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        bound.bind((host, settings.port))
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"web pages cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            "Choose another port in the settings, or stop the program that uses this one.",
        ) from error
    return bound


def patient_server(application: Any, settings: WebSettings) -> uvicorn.Server:
    """A server of an ASGI application that nobody can hold up.

    Raises:
        OSError: the certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        application,
        lifespan="off",
        http=patient_http(settings),
        ws=quiet_websocket(settings),
        ws_max_size=_LARGEST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    # uvicorn 0.54 names none, and asyncio's own minute is long for somebody who connects and says nothing.
    constants.SSL_HANDSHAKE_TIMEOUT = settings.head_timeout_s
    return uvicorn.Server(config)
