"""Results over a link that loses, doubles, cuts and delays what a real Mosquitto says."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.integration.test_fleet_ingest import ingest_running, receipted, server_settings
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import Broker, mosquitto_binary
from tests.support.exam_harness import ExamHarness, mqtt_settings
from tests.support.unreliable_link import FAULTS, Fault, UnreliableLink, goes_silent_in_a_packet, whole

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")


def of_the_server(fault: Fault) -> Fault:
    """A silent link ends for the server with its keepalive, later than a test should take."""
    return whole if fault is goes_silent_in_a_packet else fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_result_is_lost_or_doubled_over_a_link_that(broker: Broker, tmp_path: Path, fault: Fault) -> None:
    with (
        UnreliableLink(broker.port, of_the_server(fault), times=1) as servers_link,
        UnreliableLink(broker.port, fault) as link,
        ingest_running(server_settings(tmp_path, SimpleNamespace(port=servers_link.port, login={}))) as store,
        ExamHarness(
            tmp_path / "box",
            mqtt_settings(link.port, answer_timeout_s=0.3),
            resend_after_s=0.2,
            receipt_timeout_s=60.0,
        ) as harness,
    ):
        harness.examine()
        harness.publisher.start()
        for _ in range(2):
            harness.examine()
        wait_until(lambda: receipted(harness) == 3, f"every receipt; {harness.publisher.status()}", 30)
        assert store.count() == 3
        assert harness.storage.outbox.dead_letters() == ()
        wait_until(lambda: harness.publisher.status().is_connected, "connected", 30)
