"""From a box's finished exam to the fleet's disk and back, over a real Mosquitto."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import text

from appliance import schemas
from appliance.apps.cli import main
from appliance.apps.config.settings_reader import Layer
from appliance.apps.fleet_server.box_message_service import BoxMessageService
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.gap_finder import GapFinder
from appliance.apps.fleet_server.ingest import IngestWorker
from appliance.apps.fleet_server.model_watch import ModelWatch
from appliance.apps.fleet_server.result_store import ResultStore
from appliance.apps.fleet_server.settings import FleetSettings, fleet_settings
from appliance.apps.fleet_server.worker_share import WorkerShare
from appliance.apps.system_clock import SystemClock
from appliance.domain.box_topics import BoxTopics
from tests.integration.test_mqtt_delivery import wait_for_status, wait_online, wait_until
from tests.support.broker import Broker
from tests.support.ejabberd import EjabberdHost
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.exam_parts import IDENTITY
from tests.support.subscriber import Subscriber, read_retained

AnyBroker = Broker | EjabberdHost


def server_settings(folder: Path, broker: AnyBroker, name: str = "ingest-1", part: str = "1/1") -> FleetSettings:
    """Short waits."""
    mqtt = {
        "host": "127.0.0.1",
        "port": broker.port,
        **{setting: str(value) for setting, value in broker.login.items()},
        "tls": False,
        "box": name,
        "keepalive_s": 5,
        "reconnect_first_s": 0.1,
        "reconnect_longest_s": 0.3,
    }
    ingest = {"gap_grace_s": 0.3, "gap_look_s": 0.1, "told_within_s": 0.1, "part": part}
    url = f"sqlite:///{folder}/fleet.sqlite3"
    return fleet_settings(Layer("test", {"mqtt": mqtt, "ingest": ingest, "database": {"url": url}}))


@contextmanager
def ingest_running(settings: FleetSettings) -> Iterator[ResultStore]:
    stopping = threading.Event()
    with settings.database.open() as database:
        store = ResultStore(database)
        gaps, harness = GapFinder(database, settings.ingest.gap_grace_s), BoxMessageService(database, SystemClock())
        worker = IngestWorker(settings, store, gaps, harness, ModelWatch(database), SystemClock())
        thread = threading.Thread(target=worker.run, args=(stopping,))
        thread.start()
        try:
            yield store
        finally:
            stopping.set()
            thread.join(10)
        assert not thread.is_alive()


def receipted(harness: ExamHarness) -> int:
    rows = harness.storage.database.rows("look", "SELECT count(*) AS n FROM outbox WHERE state = 'receipted'")
    return int(rows[0]["n"])


def test_exam_is_stored_then_receipted_and_found_by_its_engine(each_broker: AnyBroker, tmp_path: Path) -> None:
    receipts = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/+", each_broker.client_options)
    with (
        ingest_running(server_settings(tmp_path, each_broker)) as store,
        ExamHarness(
            tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login), receipt_timeout_s=60.0
        ) as harness,
    ):
        harness.publisher.start()
        exam = harness.examine()
        wait_until(lambda: receipted(harness) == 1, "receipted")
        assert harness.storage.outbox.status().acknowledged == 0
        assert harness.storage.outbox.status().expects_receipts
        digest = next(iter(IDENTITY.engines.values()))
        (kept,) = store.exams_with("engine", digest)
        assert (kept.site, kept.box, kept.exam_id) == (SITE, BOX, exam.exam_id)
        host = read_retained(each_broker.port, "nailfold/v1/host/ingest-1/state", each_broker.client_options)
        schemas.validate("nailfold.host-1", host)
        assert host["is_online"]
    (receipt,) = receipts.collect(at_least=1)
    schemas.validate("nailfold.receipt-1", receipt.document)
    assert receipt.document["outcome"] == "stored"
    assert receipt.topic.rpartition("/")[2] == receipt.document["msg_id"]
    assert not read_retained(each_broker.port, "nailfold/v1/host/ingest-1/state", each_broker.client_options)[
        "is_online"
    ]


def test_duplicate_is_kept_once_and_receipted_again(each_broker: AnyBroker, tmp_path: Path) -> None:
    receipts = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/{BOX}/receipts/+", each_broker.client_options)
    with (
        ingest_running(server_settings(tmp_path, each_broker)) as store,
        ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login)) as harness,
    ):
        harness.publisher.start()
        harness.examine()
        wait_until(lambda: receipted(harness) == 1, "receipted")
        assert harness.storage.outbox.send_again({1}) == 1
        harness.publisher.wake()
        wait_until(lambda: receipted(harness) == 1, "receipted again")
        assert store.count() == 1
    assert len(receipts.collect(at_least=2)) == 2


def test_result_that_another_receiver_swallowed_comes_when_its_receipt_does_not(
    each_broker: AnyBroker, tmp_path: Path
) -> None:
    swallower = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/{BOX}/results/+", each_broker.client_options)
    with ExamHarness(
        tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login), receipt_timeout_s=1.0
    ) as harness:
        harness.publisher.start()
        harness.examine()
        wait_for_status(harness, acknowledged=1)
        assert len({arrival.topic for arrival in swallower.collect(at_least=1)}) == 1, (
            "one result, however often it was sent"
        )
        with ingest_running(server_settings(tmp_path, each_broker)) as store:
            wait_until(lambda: receipted(harness) == 1, "receipted")
            assert store.count() == 1


def test_gap_behind_a_later_result_is_found_and_asked_for(each_broker: AnyBroker, tmp_path: Path) -> None:
    """The box expects no receipts here: only the fleet can notice."""
    other = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/{BOX}/#", each_broker.client_options)
    with ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login)) as harness:
        harness.publisher.start()
        lost = [harness.examine(), harness.examine()]
        wait_for_status(harness, acknowledged=2)
        with ingest_running(server_settings(tmp_path, each_broker)) as store:
            harness.examine()
            wait_until(lambda: receipted(harness) == 3, "receipted")
            assert store.count() == 3
        assert harness.storage.outbox.message_state(lost[0].exam_id) == "receipted"
    (asked, *_) = [arrival.document for arrival in other.collect(at_least=1) if arrival.topic.endswith("/resend")]
    schemas.validate("nailfold.resend-1", asked)
    assert asked["seqs"] == [1, 2]


def test_result_under_another_boxs_name_is_refused_and_a_dead_letter(each_broker: AnyBroker, tmp_path: Path) -> None:
    with (
        ingest_running(server_settings(tmp_path, each_broker)) as store,
        ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login, site="other")) as harness,
    ):
        harness.publisher.start()
        harness.examine()
        status = wait_for_status(harness, dead=1)
        assert "the fleet refused it: the message is of clinic-1/box-7, the topic of other/box-7" in status.last_error
        assert store.count() == 0
        assert len(store.refused()) == 1


def test_nothing_is_receipted_that_is_not_on_the_disk(each_broker: AnyBroker, tmp_path: Path) -> None:
    settings = server_settings(tmp_path, each_broker)
    with (
        ingest_running(settings) as store,
        ExamHarness(
            tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login), receipt_timeout_s=0.5
        ) as harness,
        FleetDatabase(settings.database.url) as database,
    ):
        with database.transaction("break it") as connection:
            connection.execute(text("ALTER TABLE results RENAME TO away"))
        harness.publisher.start()
        harness.examine()
        wait_until(lambda: harness.storage.outbox.due(SystemClock().now_utc()) != (), "handed over in vain")
        assert receipted(harness) == 0
        with database.transaction("mend it") as connection:
            connection.execute(text("ALTER TABLE away RENAME TO results"))
        wait_until(lambda: receipted(harness) == 1, "receipted")
        assert store.count() == 1


def serving(folder: Path, broker: AnyBroker, name: str) -> "subprocess.Popen[bytes]":
    """A worker in a process of its own, which can be killed."""
    login = "".join(f'{setting} = "{value}"\n' for setting, value in broker.login.items())
    file = folder / f"{name}.toml"
    file.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\nbox = "{name}"\nreconnect_first_s = 0.1\n'
        f'reconnect_longest_s = 0.3\nkeepalive_s = 5\n{login}[database]\nurl = "sqlite:///{folder}/fleet.sqlite3"\n'
    )
    command = [sys.executable, "-m", "appliance.apps.cli", "fleet", "ingest", "--config", str(file)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_killed_worker_and_killed_broker_lose_and_double_nothing(each_broker: AnyBroker, tmp_path: Path) -> None:
    with ExitStack() as ends:
        workers = [serving(tmp_path, each_broker, name) for name in ("ingest-1", "ingest-2")]
        for worker in workers:
            ends.callback(worker.wait)
            ends.callback(worker.kill)
        for name in ("ingest-1", "ingest-2"):
            wait_until(lambda name=name: each_broker.connections_of(f"nailfold-host-{name}") > 0, f"{name} there", 60)
        harness = ends.enter_context(
            ExamHarness(tmp_path / "box", mqtt_settings(each_broker.port, **each_broker.login), receipt_timeout_s=0.5)
        )
        harness.publisher.start()
        for turn in range(8):
            harness.examine()
            if turn == 2:
                wait_until(lambda: receipted(harness) > 0, "the first receipts", 30)
                workers[0].kill()
            if turn == 5:
                each_broker.kill()
                each_broker.start()
        wait_until(lambda: receipted(harness) == 8, "every receipt", 30)
        with FleetDatabase(f"sqlite:///{tmp_path}/fleet.sqlite3") as database:
            assert ResultStore(database).count() == 8
            assert GapFinder(database, 60.0).open_gaps() == ()
        asked = ["fleet", "exams", "--config", str(tmp_path / "ingest-2.toml"), "--software", "0.1.0-test"]
        assert CliRunner().invoke(main, asked).exit_code == 0


def test_workers_that_share_the_boxes_answer_each_result_once(each_broker: AnyBroker, tmp_path: Path) -> None:
    """Through the broker's shared subscription, or each for its part of the boxes where there is none."""
    parts = WorkerShare(1, 2), WorkerShare(2, 2)
    names = [next(f"box-{n}" for n in range(99) if one.is_mine(BoxTopics(SITE, f"box-{n}").resend)) for one in parts]
    receipts = Subscriber(each_broker.port, f"nailfold/v1/{SITE}/+/receipts/+", each_broker.client_options)
    with ExitStack() as ends:
        for number in (1, 2):
            settings = server_settings(tmp_path, each_broker, f"ingest-{number}", f"{number}/2")
            store = ends.enter_context(ingest_running(settings))
            wait_until(lambda number=number: each_broker.connections_of(f"nailfold-host-ingest-{number}") > 0, "there")
        for name in names:
            settings = mqtt_settings(each_broker.port, **each_broker.login, box=name)
            harness = ends.enter_context(ExamHarness(tmp_path / name, settings, receipt_timeout_s=60.0, box=name))
            harness.examine()
            harness.publisher.start()
            wait_until(lambda harness=harness: receipted(harness) == 1, f"receipted {name}")
        assert store.count() == 2
        assert len(receipts.collect(at_least=2)) == 2


def test_second_box_of_the_same_name_is_told_on_both(each_broker: AnyBroker, tmp_path: Path) -> None:
    settings = mqtt_settings(each_broker.port, **each_broker.login)
    with ExamHarness(tmp_path / "one", settings) as one, ExamHarness(tmp_path / "two", settings) as two:
        one.publisher.start()
        wait_online(one)
        two.publisher.start()
        for harness in (one, two):
            # By the state of the other, or by the broker's own word for it, where it has one.
            wait_until(lambda harness=harness: "another device" in harness.publisher.status().reason, "told")


def test_killed_worker_leaves_no_member_behind_that_results_are_dealt_to(broker: Broker, tmp_path: Path) -> None:
    """Mosquitto keeps a session until its will is sent: with the will's usual delay a third of the results got lost."""
    worker = serving(tmp_path, broker, "ingest-1")
    try:
        wait_until(lambda: broker.connections_of("nailfold-host-ingest-1") > 0, "the first worker", 60)
    finally:
        worker.kill()
        worker.wait()
    with (
        ingest_running(server_settings(tmp_path, broker, "ingest-2")),
        ExamHarness(tmp_path / "box", mqtt_settings(broker.port, **broker.login), receipt_timeout_s=60.0) as harness,
    ):
        harness.publisher.start()
        for _ in range(6):
            harness.examine()
        wait_until(lambda: receipted(harness) == 6, "every receipt at the first attempt")


def test_box_with_many_results_sends_them_in_few_commits(broker: Broker, tmp_path: Path) -> None:
    with ExamHarness(tmp_path / "box", mqtt_settings(broker.port, **broker.login), receipt_timeout_s=60.0) as harness:
        for _ in range(30):
            harness.examine()
        commits = 0

        def count(statement: str) -> None:
            nonlocal commits
            commits += statement == "COMMIT"

        harness.storage.database._connection.set_trace_callback(count)
        with ingest_running(server_settings(tmp_path, broker)):
            harness.publisher.start()
            wait_until(lambda: receipted(harness) == 30, "every receipt", 30)
        assert commits < 60, "of three marks a result"
