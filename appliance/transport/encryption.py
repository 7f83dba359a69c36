"""TLS to the broker."""

import ssl

from appliance.transport.settings import MqttSettings


class _ClosingSocket(ssl.SSLSocket):
    """paho forgets the socket of a failed handshake; this one closes itself."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.2 or later; the broker's certificate and name are always checked.

    Raises:
        OSError: a certificate or key cannot be read or does not fit (ssl.SSLError is one).
    """
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _ClosingSocket
    if settings.client_certificate_file is not None and settings.client_key_file is not None:
        context.load_cert_chain(settings.client_certificate_file, settings.client_key_file)
    return context
