"""A station with all that a box of the image has beside it: a cable and a radio with networks in reach, a time zone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.apps.station.network_client import NetworkClient
from tests.support.page_station import PageStation
from tests.support.radio_box import RadioBox
from tests.support.zones import Zones

# After what makes the programs of the image importable.
from network_socket import NetworkSocket  # isort: skip

NAMES = {"Praxis Süd, Untersuchungsraum 2": "capillaries", "Gäste der Klinik": "x", "Firma": "y"}


@contextmanager
def whole_box() -> Iterator[PageStation]:
    """It serves its pages; the box is on one of the networks and has found the others."""
    box = RadioBox()
    box.radio.reach |= {name.encode(): password for name, password in NAMES.items()}
    with tempfile.TemporaryDirectory() as folder:
        address = Path(folder) / "network.sock"
        served = NetworkSocket(address, box.caretaker)
        served.start()
        try:
            with PageStation(network_socket=address, time_zone=Zones()) as station:
                client = NetworkClient(station.journal, address)
                box.pass_s(1)
                client.search()
                box.pass_s(1)
                name, password = next(iter(NAMES.items()))
                client.join(name.encode().hex(), "wpa-psk", password, "ana", is_hidden=False)
                box.pass_s(1)
                yield station
        finally:
            served.stop()
