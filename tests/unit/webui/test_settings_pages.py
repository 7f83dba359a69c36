"""What administrators see and try of the box: connections, backups, the journal."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.apps.config.load_settings import check_site_file, load_settings
from appliance.apps.station.administration import StationAdministration
from appliance.apps.station.copies import StationCopies
from appliance.domain.box_settings import BackupRow, DataCheck, ScheduledCopies
from appliance.exports.settings import PacsSettings
from appliance.storage.backup_stick import BackupStick
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from tests.support.accounts import ADMINISTRATOR, FULL_NAMES, OPERATOR, PHYSICIAN
from tests.support.box_administration import MemoryBoxAdministration
from tests.support.broker import Broker
from tests.support.cheap_passphrases import cheap_passphrases
from tests.support.exam_parts import NOON, SystemClock
from tests.support.page_client import log_in
from tests.support.page_station import PageStation
from webui.pages.settings import LINES


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path / "broker")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def station(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageStation]:
    site = tmp_path / "site.toml"
    site.write_text(f'[mqtt]\nenabled = true\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\n')
    loaded = load_settings(site)
    clock = SystemClock()
    storage = open_storage(StorageSettings(folder=tmp_path / "exams"), clock.now_utc)
    storage.journal.append(PHYSICIAN, "review:a", "review.edited", {"number": 1})
    service = StationAdministration(loaded, storage.backups, storage.journal, clock)
    copies = StationCopies(
        StorageSettings(folder=tmp_path / "exams"),
        storage,
        tmp_path,
        clock,
        lambda: False,
        lambda: None,
        BackupStick(tmp_path / "stick"),
    )
    cheap_passphrases(monkeypatch)
    yield PageStation(box=service, copies=copies, pacs=PacsSettings("127.0.0.1", 1, timeout_s=1.0))
    storage.close()


def said(page: str) -> str:
    (found,) = re.findall(r'<p role="status" class="try-outcome"[^>]*>(.*?)</p>', page)
    return found


def test_the_broker_is_tried_with_the_settings_in_force(client: FlaskClient, broker: Broker) -> None:
    page = client.get("/settings/connections").text
    assert f"<code>{broker.port}</code>" in page
    assert said(client.post("/settings/connections/broker").text) == "The broker lets this box in."
    broker.stop()
    assert "no connection to 127.0.0.1" in said(client.post("/settings/connections/broker").text)


def test_an_archive_that_does_not_answer_is_named(client: FlaskClient) -> None:
    assert "127.0.0.1" in said(client.post("/settings/connections/pacs").text)


def test_a_backup_is_made_tried_and_named_in_the_journal(client: FlaskClient) -> None:
    assert "There is none yet" in client.get("/settings/backups/").text
    assert "was made and read through" in said(client.post("/settings/backups/make").text)
    assert "0 exams, 1 entry of the journal. The journal is unbroken" in said(client.post("/settings/backups/try").text)


def test_a_damaged_backup_is_said_to_be_none(client: FlaskClient, tmp_path: Path) -> None:
    client.post("/settings/backups/make")
    (kept,) = (tmp_path / "exams" / "backups").glob("exams-*.sqlite3")
    content = bytearray(kept.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * (4096 * 3)
    kept.write_bytes(content)
    answer = client.post("/settings/backups/try")
    assert answer.status_code >= 400
    assert "damaged" in answer.text
    assert list(kept.parent.glob("trial-*")) == []


def test_exams_that_lie_aside_are_named_and_a_repair_is_told_on_every_page() -> None:
    box = MemoryBoxAdministration()
    station = PageStation(box=box)
    client = log_in(station.app.test_client(), ADMINISTRATOR)
    for found in (None, DataCheck(is_repaired=False, without_name=0, set_aside=())):
        box.checked = found
        page = client.get("/settings").text
        assert "data-check" not in page
        assert "repaired-warning" not in page
    box.checked = DataCheck(is_repaired=True, without_name=3, set_aside=("trial-1",))
    page = client.get("/settings").text
    assert "/data/aside/trial-1" in page
    assert "without a name: 3." in page
    assert "repaired-warning" in client.get("/account/").text
    assert "repaired-warning" not in station.app.test_client().get("/login").text


def file_of(client: FlaskClient, station: PageStation, page: str) -> bytes:
    """What the newest job made."""
    assert "/files" in page
    station.exchange.jobs.start()
    deadline = time.monotonic() + 20
    while (job := client.get("/api/v1/jobs").json["jobs"][0])["state"] not in ("done", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert job["state"] == "done", job
    with client.get(f"/api/v1/jobs/{job['job_id']}/file") as answer:
        return answer.data


def look_into(client: FlaskClient, content: bytes, passphrase: str) -> str:
    sent = client.post("/api/v1/backups/uploads", data=content, content_type="application/octet-stream")
    upload_id = sent.json["upload_id"]
    return client.post("/settings/backups/look", data={"upload_id": upload_id, "passphrase": passphrase}).text


def test_an_encrypted_copy_opens_with_the_recovery_key_that_is_shown_once(
    client: FlaskClient, station: PageStation, tmp_path: Path
) -> None:
    page = client.post("/settings/backups/seal", data={"what": "copy", "passphrase": ""}).text
    (key,) = re.findall(r'class="recovery-key"><code>([A-Z2-9-]+)</code>', page)
    content = file_of(client, station, page)
    assert key not in client.get("/settings/backups/").text
    assert "another passphrase" in look_into(client, content, "some other words")
    plan = look_into(client, content, f" {key} ")
    assert "What it replaces" in plan
    (plan_id,) = re.findall(r'name="plan_id" value="([^"]+)"', plan)
    assert "The box restarts" in client.post("/settings/backups/restore", data={"plan_id": plan_id}).text
    assert ADMINISTRATOR in (tmp_path / "restore.json").read_text()


def test_a_copy_goes_onto_the_stick_and_is_restored_from_there(
    client: FlaskClient, station: PageStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, own = tmp_path / "stick", "four words of mine"
    assert "NF-BACKUP (FAT or exFAT)" not in client.get("/settings/backups/").text, "this computer mounts none"
    stick.mkdir()
    assert "NF-BACKUP (FAT or exFAT)" in client.get("/settings/backups/").text
    monkeypatch.setattr("appliance.storage.backup_stick.os.path.ismount", lambda path: path == stick)
    assert 'name="stick" value="yes" checked' in client.get("/settings/backups/").text
    page = client.post("/settings/backups/seal", data={"what": "copy", "passphrase": own, "stick": "yes"}).text
    content = file_of(client, station, page)
    (kept,) = stick.glob("nailfold-copy-*.sealed")
    assert kept.read_bytes() == content
    assert f"<option>{kept.name}</option>" in client.get("/settings/backups/").text
    look = {"stick_file": kept.name, "passphrase": own}
    assert "What it replaces" in client.post("/settings/backups/look", data=look).text
    assert "the stick has no file" in client.post("/settings/backups/look", data=look | {"stick_file": "../a"}).text
    elsewhere = client.post("/settings/backups/seal", data={"what": "keys", "passphrase": own}).text
    file_of(client, station, elsewhere)
    assert list(stick.iterdir()) == [kept], "asked for without the stick"


def test_the_keys_of_the_patients_are_a_file_of_their_own(client: FlaskClient, station: PageStation) -> None:
    own = "four words of mine"
    page = client.post("/settings/backups/seal", data={"what": "keys", "passphrase": own}).text
    assert "recovery-key" not in page
    assert "The keys of 0 patients are new here" in look_into(client, file_of(client, station, page), own)
    refused = client.post("/settings/backups/seal", data={"what": "keys", "passphrase": "short"}).text
    assert "has 5 characters" in refused


def test_a_backup_in_the_list_is_looked_into_before_it_is_restored(client: FlaskClient, tmp_path: Path) -> None:
    client.post("/settings/backups/make")
    (kept,) = (tmp_path / "exams" / "backups").glob("exams-*.sqlite3")
    page = client.post("/settings/backups/look", data={"backup": kept.name}).text
    assert f'value="{kept.name}"' in page
    assert "there is no backup nowhere" in client.post("/settings/backups/look", data={"backup": "nowhere"}).text
    assert "no encrypted copy" in look_into(client, b"PK" * 100, "some other words")


def test_the_journal_shows_people_by_their_names_and_checks_every_seal(
    client: FlaskClient, station: PageStation
) -> None:
    station.journal.append(PHYSICIAN, "review:a", "review.edited", {"number": 1})
    station.journal.append(PHYSICIAN, "review:b", "review.edited", {"number": 2})
    page = client.get("/settings/journal/?subject=review:a").text
    assert FULL_NAMES[PHYSICIAN] in page
    assert "review:b" not in page
    assert "every seal fits" in said(client.get("/settings/journal/?check=1").text)


@pytest.mark.parametrize("path", ["/settings/connections", "/settings/backups/", "/settings/journal/"])
def test_an_operator_is_kept_out(stranger: FlaskClient, path: str) -> None:
    assert log_in(stranger, OPERATOR).get(path).status_code == 403


@pytest.mark.parametrize("table", LINES)
def test_the_lines_to_copy_are_settings(tmp_path: Path, table: str) -> None:
    site = tmp_path / "lines.toml"
    site.write_text(LINES[table])
    assert check_site_file(site) == ()


def test_the_age_of_the_copy_on_a_stick_is_shown_and_warned_of() -> None:
    box = MemoryBoxAdministration()
    station = PageStation(box=box)
    client = log_in(station.app.test_client(), ADMINISTRATOR)
    assert "Switched off" in client.get("/settings/backups/").text
    made = BackupRow("nailfold-copy-20261120T100000Z.sealed", NOON, 812_000_000)
    box.scheduled = ScheduledCopies(is_there=True, newest=made, is_old=False)
    page = client.get("/settings/backups/").text
    assert "(812 MB); it was read again after it was written. A stick is plugged in." in page
    assert "notice-bad" not in page
    problem = "the stick has no room for a copy"
    box.scheduled = ScheduledCopies(is_there=False, newest=None, is_old=True, problem=problem)
    page = client.get("/settings/backups/").text
    for words in ("No copy was made yet. No stick is plugged in.", "The stick has no room", "old or missing"):
        assert words in page
