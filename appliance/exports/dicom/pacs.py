"""C-ECHO and C-STORE to a PACS, with errors in the operator's words."""

import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.uid import VLPhotographicImageStorage as VLPhotographic
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification

from appliance.domain.errors import ExportError
from appliance.exports.dicom.header import IMPLEMENTATION_CLASS_UID
from appliance.exports.settings import PacsSettings

_log = logging.getLogger(__name__)
_WARNINGS = range(0xB000, 0xC000)
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
_LARGEST_PDU_BYTES = 0  # no limit of our own


class PacsUnreachableError(ExportError):
    """The archive did not answer, or asked to come later: worth another try."""


class PacsRefusedError(ExportError):
    """The archive answered no; another try would get the same answer."""


def echo(settings: PacsSettings) -> None:
    """Return when the archive answers a C-ECHO. Raises ExportError saying what does not fit."""
    with _association(settings, [Verification]) as association:
        _require_success(settings, "the test", association.send_c_echo())


def store(settings: PacsSettings, objects: Sequence[Dataset], on_stored: Callable[[int], None]) -> None:
    """Send every object over one association.

    Args:
        on_stored: called with the number that the archive has confirmed so far.

    Raises:
        PacsUnreachableError: before all were confirmed; those that were stay there, sending them again is harmless.
        PacsRefusedError: the archive will not take one of them.
    """
    with _association(settings, [VLPhotographic, ComprehensiveSRStorage]) as association:
        for done, dataset in enumerate(objects, 1):
            _require_context(settings, association, dataset)
            try:
                answer = association.send_c_store(dataset)
            except RuntimeError as error:
                raise _lost(settings) from error
            _require_success(settings, "an object", answer)
            on_stored(done)


@contextmanager
def _association(settings: PacsSettings, sop_classes: Sequence[str]) -> Iterator[Any]:
    if not settings.is_on:
        raise PacsRefusedError("no DICOM archive is set", "Set pacs.host, pacs.port and the AE titles in the settings.")
    tls = _tls_context(settings) if settings.use_tls else None
    _require_reachable(settings, tls)
    entity = AE(ae_title=settings.calling_ae_title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.timeout_s
    entity.connection_timeout = settings.timeout_s
    for sop_class in sop_classes:
        entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    reasons: list[str] = []
    sockets: list[socket.socket] = []
    association = entity.associate(
        settings.host,
        settings.port,
        ae_title=settings.called_ae_title,
        max_pdu=_LARGEST_PDU_BYTES,
        tls_args=None if tls is None else (tls, settings.host),
        evt_handlers=[
            (evt.EVT_REJECTED, lambda event: reasons.append(_rejection(event.assoc))),
            (evt.EVT_CONN_OPEN, lambda event: sockets.append(event.assoc.dul.socket.socket)),
        ],
    )
    try:
        if not association.is_established:
            raise _not_established(settings, association, reasons)
        yield association
    finally:
        if association.is_established:
            association.release()
        # pynetdicom leaves it open after an association that was cut off.
        for one in sockets:
            one.close()


def _require_reachable(settings: PacsSettings, tls: ssl.SSLContext | None) -> None:
    """Connect once and leave: pynetdicom says neither why a connection failed nor closes its socket then."""
    try:
        with socket.create_connection((settings.host, settings.port), settings.timeout_s) as plain:
            if tls is not None:
                tls.wrap_socket(plain, server_hostname=settings.host).close()
    except ssl.SSLError as error:
        raise PacsUnreachableError(
            f"{settings.name} and this box found no common TLS ({error.reason or error})",
            "Check pacs.ca_certificate, and whether the archive speaks TLS on this port.",
        ) from error
    except OSError as error:
        raise PacsUnreachableError(
            f"{settings.name} did not answer ({error.strerror or error})", "Check the network, address and port."
        ) from error


def _not_established(settings: PacsSettings, association: Any, reasons: list[str]) -> ExportError:
    if association.is_rejected:
        said = reasons[0] if reasons else "rejected"
        return PacsRefusedError(
            f"{settings.name} refused this box ({settings.calling_ae_title}): {said}",
            "Check both AE titles, and enter this box's title at the archive.",
        )
    if association.is_aborted and association.acceptor.primitive is not None:
        return PacsRefusedError(
            f"{settings.name} takes none of this product's objects", "Ask for VL Photographic Image and SR there."
        )
    return PacsUnreachableError(
        f"{settings.name} did not answer", "Check that it is a DICOM archive, and whether both ends use TLS."
    )


def _require_context(settings: PacsSettings, association: Any, dataset: Dataset) -> None:
    if not association.is_established:
        raise _lost(settings)
    if dataset.SOPClassUID not in {context.abstract_syntax for context in association.accepted_contexts}:
        raise PacsRefusedError(
            f"{settings.name} does not take {dataset.SOPClassUID.name}", "Have that class added at the archive."
        )


def _require_success(settings: PacsSettings, what: str, answer: Dataset) -> None:
    if not answer:
        raise _lost(settings)
    status = int(answer.Status)
    if status == 0 or status in _WARNINGS:
        if status:
            _log.warning("%s took an object with warning 0x%04X", settings.name, status)
        return
    comment = str(answer.get("ErrorComment", "") or "")
    said = f"status 0x{status:04X}{f', {comment}' if comment else ''}"
    if status in _OUT_OF_RESOURCES:
        raise PacsUnreachableError(f"{settings.name} is out of resources ({said})", "Try again later; make room there.")
    raise PacsRefusedError(f"{settings.name} refused {what} ({said})", "Its log says why.")


def _lost(settings: PacsSettings) -> PacsUnreachableError:
    return PacsUnreachableError(f"the connection to {settings.name} was lost", "Send the exam again.")


def _rejection(association: Any) -> str:
    answer = association.acceptor.primitive
    return str(getattr(answer, "reason_str", "rejected")).lower()


def _tls_context(settings: PacsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_certificate)
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as error:
        raise PacsRefusedError(
            f"the certificates for {settings.name} cannot be used: {error}", "Check their files."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
