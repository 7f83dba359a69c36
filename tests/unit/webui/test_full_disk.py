"""A full disk: people get in, people get out, and everybody is told before."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.accounts.account_service import AccountService
from appliance.domain.errors import StoreError
from appliance.storage.database import disk_full
from appliance.storage.open_storage import open_storage
from appliance.storage.settings import StorageSettings
from appliance.storage.space_reserve import SpaceReserve
from tests.support.accounts import ADMINISTRATOR, PASSWORD, new_account_service
from tests.support.exam_parts import HeldClock
from tests.support.page_client import log_in, post_login
from tests.support.page_station import PageStation
from webui.app import create_app
from webui.auth.sessions import Sessions

COOKIE = "nailfold_session"
NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


def test_somebody_gets_in_though_the_note_of_it_cannot_be_written(station: PageStation, stranger: FlaskClient) -> None:
    station.journal.fill_disk()

    assert post_login(stranger, ADMINISTRATOR, PASSWORD).status_code == 302
    assert stranger.get("/").status_code == 200


def test_logging_out_is_never_refused(station: PageStation, client: FlaskClient) -> None:
    station.journal.fill_disk()

    assert client.post("/logout").status_code == 302
    assert client.get("/").status_code == 302


def test_notes_that_waited_for_room_are_written_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    station = PageStation()
    service: AccountService = station.accounts
    station.journal.fill_disk()
    service.note_when_possible("ana.ruiz", "logged_in", {"address": "10.0.0.1"})
    assert station.journal.entries() == ()

    monkeypatch.setattr(station.journal, "_is_full", False)
    service.note_when_possible("ana.ruiz", "logged_out")

    assert [entry.action for entry in station.journal.entries()] == ["account.logged_in", "account.logged_out"]


def test_a_copy_of_the_cookie_is_worthless_after_a_logout_that_no_disk_took(monkeypatch: pytest.MonkeyPatch) -> None:
    service = new_account_service(PageStation().journal)
    sessions = Sessions(service.store, HeldClock(), timedelta(hours=1))
    kept = service.store.by_name(ADMINISTRATOR)
    assert kept is not None
    login = sessions.issue(kept)

    def full(*_: object) -> None:
        raise disk_full("end the session", Path("memory"))

    with monkeypatch.context() as disk:
        disk.setattr(service.store, "end_session", full)
        sessions.end(login)
        assert sessions.account_of(login) is None

    sessions.end(sessions.issue(kept))
    assert service.store.is_ended(login["id"]), "written when there was room again"


def test_the_reserve_is_given_up_once_the_disk_is_full(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path / "exams", reserve_mb=0)
    with open_storage(settings, lambda: NOON) as storage:
        assert storage.reserve.is_held
        storage.database.rows("look", "PRAGMA max_page_count = 1")  # SQLite's own full disk
        with pytest.raises(StoreError, match="is full"):
            storage.journal.append("ana", "report", "report.form_changed", {"text": "x" * 4_000_000})
        assert not storage.reserve.is_held


def test_a_reserve_is_really_on_the_disk(tmp_path: Path) -> None:
    reserve = SpaceReserve(tmp_path, 1 << 20)
    reserve.hold()

    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 20


@pytest.mark.parametrize(("free", "told"), [(50.0, None), (9.4, "9 % are free. Export"), (4.9, "4 % are free. Soon")])
def test_every_page_warns_before_the_disk_is_full(station: PageStation, free: float, told: str | None) -> None:
    app = create_app(replace(station.services, disk_free_percent=lambda: free), station.settings)
    page = log_in(app.test_client()).get("/account/").text

    assert ("disk-warning" in page) is (told is not None)
    assert told is None or told in page


def test_a_stranger_is_not_told_about_the_disk(station: PageStation) -> None:
    app = create_app(replace(station.services, disk_free_percent=lambda: 1.0), station.settings)

    assert "disk-warning" not in app.test_client().get("/login").text
