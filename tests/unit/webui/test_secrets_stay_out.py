"""A day's work with secrets that are known here: none of them is in the log, nor in what the fleet can collect."""

import logging
from collections.abc import Iterator

import pytest

from appliance.apps.station.fleet.log_lines import LogLines
from tests.support.page_client import token_of
from tests.support.page_station import SECRETS, PageStation

NAME, PASSWORD, NEXT = "ana.ruiz", "seven quiet lamps burn", "nine loud bells ring out"
WRONG = "the password of another place"
PATIENT, NOTE, COMMENT = "Zuzana Hledačová", "sister of the head nurse", "hand of Z. Hledacova"


@pytest.fixture
def collected() -> Iterator[LogLines]:
    lines, root = LogLines(most=100_000), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(lines)
    root.setLevel(level)


def test_no_secret_of_a_days_work_is_logged(collected: LogLines) -> None:
    station = PageStation(is_new=True)
    browser = station.app.test_client()
    fields = {"code": SECRETS.printed_code, "name": NAME, "full_name": "Ana Ruiz", "password": PASSWORD}
    form = {**fields, "again": PASSWORD, "csrf_token": token_of(browser, "/setup")}
    assert browser.post("/setup", data=form).status_code == 302
    browser.environ_base["HTTP_X_CSRFTOKEN"] = token_of(browser, "/account/")
    session = browser.get_cookie("nailfold_session")
    assert session is not None
    stranger = station.app.test_client()
    for name, password in ((WRONG, PASSWORD), (NAME, WRONG)):
        stranger.post("/login", data={"name": name, "password": password, "csrf_token": token_of(stranger, "/login")})
    identity = {"name": PATIENT, "note": NOTE, "clinic_number": "H-77120"}
    made = browser.post("/api/v1/patients", json={"pseudonym": "NC-0042", "identity": identity})
    assert made.status_code == 200, made.text
    browser.post("/api/v1/patients/search", json={"text": PATIENT})
    browser.post("/api/v1/exam/start", json={"pseudonym": "NC-0042", "is_new": False})
    browser.post("/api/v1/exam/skip", json={"reason": COMMENT})
    assert browser.post("/api/v1/account/password", json={"current": PASSWORD, "new": NEXT}).status_code == 200
    browser.environ_base["HTTP_X_CSRFTOKEN"] = token_of(browser, "/account/")
    added = browser.post("/api/v1/accounts", json={"name": "new", "full_name": "New One", "role": "operator"})
    assert added.status_code == 200, added.text
    code = added.json["one_time_code"]
    said = "\n".join(collected.lines())
    assert said, "something is logged"
    secrets = (SECRETS.printed_code, SECRETS.session_key, PASSWORD, NEXT, WRONG, PATIENT, NOTE, COMMENT, "H-77120")
    for secret in (*secrets, session.value, code, browser.environ_base["HTTP_X_CSRFTOKEN"]):
        assert secret not in said
