"""Who gets into the fleet's broker and what each can read and write there, by what is delivered."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.config.settings_reader import Layer
from appliance.apps.fleet_server.authority import Authority
from appliance.apps.fleet_server.settings import FleetSettings, fleet_settings
from appliance.domain.box_topics import BoxTopics
from tests.integration.test_fleet_ingest import ingest_running, receipted
from tests.integration.test_mqtt_delivery import wait_until
from tests.support.broker import mosquitto_binary
from tests.support.ejabberd import ejabberd_libraries
from tests.support.exam_harness import SITE, ExamHarness, mqtt_settings
from tests.support.fleet_broker import SERVER, FleetBroker, FleetClient, FleetEjabberd, Identity, identify

needs_mosquitto = pytest.mark.skipif(mosquitto_binary() is None, reason="mosquitto is not installed")
A, B = "clinic-1/box-7", "clinic-1/box-8"
LAST = b"the last"
FILES = {"ca_file": "ca", "client_certificate_file": "certificate", "client_key_file": "key"}


def topics_up(name: str) -> list[str]:
    box = BoxTopics(*name.split("/"))
    return [
        box.state,
        box.result("m-1"),
        box.telemetry,
        box.alerts,
        box.shadow_reported,
        box.job_get("j-1"),
        box.job_update("j-1"),
        box.audit(3),
    ]


def topics_down(name: str) -> list[str]:
    box = BoxTopics(*name.split("/"))
    answers = [f"{asked}/{answer}" for asked in (box.job_get("j-1"), box.job_update("j-1")) for answer in ANSWERS]
    return [box.receipt("m-1"), box.resend, box.shadow_desired, box.audit_have, box.jobs_notify, *answers]


ANSWERS = ("accepted", "rejected")


AnyFleet = FleetBroker | FleetEjabberd


@pytest.fixture(scope="module", params=("mosquitto", "ejabberd"))
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyFleet]:
    folder = tmp_path_factory.mktemp("fleet") / "fleet"
    if request.param == "ejabberd":
        if ejabberd_libraries() is None:
            pytest.skip("ejabberd is not installed: the second broker is not tried")
        with FleetEjabberd(folder, (A, B, f"{SITE}/box-9")) as other_make:
            yield other_make
        return
    if mosquitto_binary() is None:
        pytest.skip("mosquitto is not installed")
    with FleetBroker(folder) as running:
        yield running


def client(fleet: AnyFleet, name: str) -> FleetClient:
    made = FleetClient(fleet.port, fleet.identity(name))
    assert made.is_connected, fleet.log()
    return made


def test_box_writes_its_own_topics_and_the_server_hears_it(fleet: AnyFleet) -> None:
    with client(fleet, f"host/{SERVER}") as server, client(fleet, A) as box:
        server.subscribe("nailfold/v1/#")
        codes = [box.publish(topic) for topic in topics_up(A)]
        assert fleet.refusal not in codes
        box.publish(topics_up(A)[1], LAST)
        assert [topic for topic, payload in server.collect(LAST) if payload == b"x"] == topics_up(A)


def test_box_can_write_nothing_on_any_topic_of_another_box_nor_in_the_fleets_name(fleet: AnyFleet) -> None:
    forbidden = [*topics_up(B), *topics_down(B), *topics_down(A), "nailfold/v1/host/ingest-1/state", "else/where"]
    with client(fleet, f"host/{SERVER}") as server, client(fleet, A) as box, client(fleet, B) as other:
        for topic in ("nailfold/v1/#", "#"):
            server.subscribe(topic)
        for topic in topics_down(B):
            other.subscribe(topic)
        assert [box.publish(topic, b"forged") for topic in forbidden] == [fleet.refusal] * len(forbidden)
        box.publish(topics_up(A)[1], LAST)
        assert b"forged" not in [payload for _, payload in server.collect(LAST)]
        server.publish(topics_down(B)[0], LAST)
        assert other.collect(LAST) == []


def test_box_reads_nothing_of_another_box_however_it_asks(fleet: AnyFleet) -> None:
    greedy = ["#", "nailfold/#", "nailfold/v1/+/+/#"]
    if not isinstance(fleet, FleetEjabberd):  # that one throws out who asks for a shared subscription
        greedy.append("$share/x/nailfold/v1/+/+/results/+")
    with client(fleet, f"host/{SERVER}") as server, client(fleet, A) as box, client(fleet, B) as other:
        for topic in [BoxTopics(*A.split("/")).receipts, *greedy, *topics_up(B), *topics_down(B)]:
            box.subscribe(topic)
        for topic in topics_up(B):
            other.publish(topic, b"secret")
        for topic in topics_down(B):
            server.publish(topic, b"secret")
        server.publish(BoxTopics(*A.split("/")).receipt("m-2"), LAST)
        assert [topic for topic, payload in box.collect(LAST) if payload == b"secret"] == []


def ingest_over_tls(fleet: AnyFleet, folder: Path) -> FleetSettings:
    server = fleet.identity(f"host/{SERVER}")
    waits = {"reconnect_first_s": 0.1, "reconnect_longest_s": 0.3}
    mqtt = {"host": "127.0.0.1", "port": fleet.port, "box": SERVER, **waits}
    mqtt |= {setting: str(getattr(server, name)) for setting, name in FILES.items()}
    if server.username is not None:
        mqtt["username"] = server.username
    return fleet_settings(Layer("test", {"mqtt": mqtt, "database": {"url": f"sqlite:///{folder}/fleet.sqlite3"}}))


def test_box_that_joins_the_workers_shared_subscription_takes_no_result_away(fleet: AnyFleet, tmp_path: Path) -> None:
    """Mosquitto would deal it every second result of all boxes, and deliver none to anybody."""
    if isinstance(fleet, FleetEjabberd):
        pytest.skip("it has no shared subscriptions, and throws out who asks for one")
    own = fleet.identity(f"{SITE}/box-9")
    files = {setting: getattr(own, name) for setting, name in FILES.items()}
    settings = mqtt_settings(fleet.port, tls=True, box="box-9", **files)
    with (
        client(fleet, A) as greedy,
        ingest_running(ingest_over_tls(fleet, tmp_path)) as store,
        ExamHarness(tmp_path / "box", settings, receipt_timeout_s=900.0, box="box-9") as harness,
    ):
        for rest in ("results/+", "jobs/+/get", "audit/+", "telemetry"):
            greedy.subscribe(f"$share/ingest/nailfold/v1/+/+/{rest}")
        for _ in range(6):
            harness.examine()
        harness.publisher.start()
        wait_until(lambda: receipted(harness) == 6, f"receipted, {store.count()} are here", 30)
        assert store.count() == 6


def test_box_hears_everything_that_is_sent_to_it(fleet: AnyFleet) -> None:
    with client(fleet, f"host/{SERVER}") as server, client(fleet, A) as box:
        for topic in topics_down(A):
            box.subscribe(topic)
        for topic in topics_down(A):
            server.publish(topic, b"to you")
        server.publish(topics_down(A)[0], LAST)
        assert [topic for topic, payload in box.collect(LAST) if payload == b"to you"] == topics_down(A)


def test_server_can_send_no_result_in_a_boxs_name(fleet: AnyFleet) -> None:
    with client(fleet, f"host/{SERVER}") as server:
        assert {server.publish(topic) for topic in topics_up(A)} == {fleet.refusal}


def test_certificate_of_a_server_that_the_configuration_does_not_name_hears_nothing(fleet: AnyFleet) -> None:
    with client(fleet, "host/other") as server, client(fleet, A) as box:
        server.subscribe("nailfold/v1/#")
        with client(fleet, f"host/{SERVER}") as named:
            named.subscribe("nailfold/v1/#")
            box.publish(topics_up(A)[1], b"secret")
            box.publish(topics_up(A)[1], LAST)
            named.collect(LAST)
        assert server.is_connected
        assert server.received == []


def test_box_cannot_take_anothers_place_by_its_client_id(fleet: AnyFleet) -> None:
    with client(fleet, B) as other:
        with FleetClient(fleet.port, fleet.identity(A), client_id=B) as box:
            assert box.is_connected
            assert box.publish(topics_up(B)[1]) == fleet.refusal
        assert other.is_connected
        assert other.publish(topics_up(B)[1]) != fleet.refusal


def is_let_in(fleet: AnyFleet, identity: Identity) -> bool:
    with FleetClient(fleet.port, identity) as made:
        return made.is_connected


def test_expired_certificate_is_refused(fleet: AnyFleet) -> None:
    assert is_let_in(fleet, fleet.identity(A, days=30, ago_days=29))
    assert not is_let_in(fleet, fleet.identity(A, days=30, ago_days=31))


def test_certificate_of_another_authority_is_refused_though_it_has_the_same_name(
    fleet: AnyFleet, tmp_path: Path
) -> None:
    foreign = Authority.make(tmp_path / "authority", "test fleet", datetime.now(timezone.utc))
    own = fleet.identity(A)
    stranger = identify(foreign, tmp_path, A, is_dotted=own.username is not None)
    assert not is_let_in(fleet, replace(own, certificate=stranger.certificate, key=stranger.key))


def test_certificate_of_the_broker_does_not_serve_as_a_box(fleet: AnyFleet) -> None:
    assert not is_let_in(fleet, fleet.identity(A, hosts=("127.0.0.1",)))


def test_nobody_gets_in_without_tls(fleet: AnyFleet) -> None:
    # CONNECT of MQTT 5 with the client id "a", in the clear.
    with socket.create_connection(("127.0.0.1", fleet.port), timeout=5) as line:
        line.sendall(bytes.fromhex("100e00044d5154540502003c00000161"))
        line.settimeout(5)
        with suppress(ConnectionError):
            assert line.recv(4)[:1] != b"\x20"


def test_certificate_of_one_box_does_not_open_the_door_under_the_name_of_another(fleet: AnyFleet) -> None:
    """Mosquitto takes the name from the certificate; an ejabberd is told a name and must compare."""
    wrong = replace(fleet.identity(A), username="clinic-1.box-8")
    with FleetClient(fleet.port, wrong) as box:
        assert not box.is_connected or box.publish(topics_up(B)[1]) == fleet.refusal


def test_box_that_the_configuration_of_an_ejabberd_does_not_list_can_do_nothing(
    tmp_path: Path, fleet: AnyFleet
) -> None:
    if not isinstance(fleet, FleetEjabberd):
        pytest.skip("a Mosquitto needs no list of boxes")
    with client(fleet, "clinic-1/box-10") as box:
        assert {box.publish(topic) for topic in topics_up("clinic-1/box-10")} == {fleet.refusal}


@needs_mosquitto
def test_revoked_certificate_is_refused_from_the_next_connection_on_and_its_renewal_is_not(tmp_path: Path) -> None:
    with FleetBroker(tmp_path / "fleet") as fleet:
        stolen, kept = fleet.identity(A), fleet.identity(B)
        assert is_let_in(fleet, stolen)
        revoked = CliRunner().invoke(main, ["fleet", "authority", "revoke", str(fleet.folder / "authority"), A])
        assert revoked.exit_code == 0, revoked.output
        fleet.broker.reload()
        wait_until(lambda: not is_let_in(fleet, stolen), "refused")
        assert is_let_in(fleet, kept)
        assert is_let_in(fleet, fleet.identity(A))


def test_exam_goes_from_box_to_fleet_and_back_over_mutual_tls(fleet: AnyFleet, tmp_path: Path) -> None:
    box = fleet.identity(f"{SITE}/box-9")
    own = {setting: getattr(box, name) for setting, name in FILES.items()}
    settings = mqtt_settings(fleet.port, tls=True, box="box-9", username=box.username, **own)
    with (
        ingest_running(ingest_over_tls(fleet, tmp_path)) as store,
        ExamHarness(tmp_path / "box", settings, receipt_timeout_s=60.0, box="box-9") as harness,
    ):
        harness.publisher.start()
        harness.examine()
        wait_until(lambda: receipted(harness) == 1, f"receipted: {harness.publisher.status()}")
        assert store.count() == 1


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, ["fleet", *(str(argument) for argument in arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_identity_is_made_by_commands_and_the_key_stays_for_its_owner(tmp_path: Path) -> None:
    authority, key, asked = tmp_path / "authority", tmp_path / "box.key", tmp_path / "box.csr"
    run("authority", "make", authority)
    run("request", A, "--key", key, "--out", asked)
    run("authority", "sign", authority, "--request", asked, "--out", tmp_path / "box.crt")
    assert (key.stat().st_mode & 0o777, (authority / "ca.key").stat().st_mode & 0o777) == (0o600, 0o600)
    assert b"PRIVATE" not in asked.read_bytes()
    assert len(Authority(authority).serials_of(A)) == 1
    files = ("--ca", authority / "ca.crt", "--certificate", tmp_path / "box.crt", "--key", key)
    rest = ("--revoked", authority / "revoked.crl", "--server", "ingest-1", "--out", tmp_path / "broker")
    written = Path(run("broker-config", *files, *rest).strip())
    assert "require_certificate true" in written.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", ["box-7", "clinic-1/box-7/x", "clinic-1/+", "a b/c", "/"])
def test_name_that_could_reach_another_boxs_topics_is_refused(name: str, tmp_path: Path) -> None:
    arguments = ["fleet", "request", name, "--key", str(tmp_path / "k"), "--out", str(tmp_path / "r")]
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 1
    assert "A name is" in refused.output
    assert list(tmp_path.iterdir()) == []
