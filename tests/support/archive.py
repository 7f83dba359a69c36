"""A real DICOM archive: pynetdicom's Storage SCP on a free port, with the operator's verbs."""

import ssl
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, VLPhotographicImageStorage
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification


class Archive:
    """Keeps what it is sent; usable with `with`.

    Attributes:
        received: datasets in the order they came.
        status: what it answers to a C-STORE.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, required_caller: str | None = None) -> None:
        self.received: list[Dataset] = []
        self.status = 0x0000
        self.fail_first = 0
        self._tls = tls
        self._entity = AE(ae_title="ARCHIVE")
        self._entity.require_called_aet = True
        if required_caller is not None:
            self._entity.require_calling_aet = [required_caller]
        for sop_class in (Verification, VLPhotographicImageStorage, ComprehensiveSRStorage):
            self._entity.add_supported_context(sop_class)
        self._server: Any = None

    def __enter__(self) -> "Archive":
        handlers = [(evt.EVT_C_STORE, self._keep), (evt.EVT_C_ECHO, lambda _: 0x0000)]
        self._server = self._entity.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=self._tls
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _keep(self, event: Any) -> int:
        if self.fail_first > 0:
            self.fail_first -= 1
            return 0xA700
        if self.status == 0x0000:
            dataset = event.dataset
            dataset.file_meta = event.file_meta
            self.received.append(dataset)
        return self.status
