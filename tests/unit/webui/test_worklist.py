"""The list of exams that wait for a physician, and what an empty list says."""

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient


def fixed(page: str) -> dict[str, Any]:
    """What the page's script sends with every search, whatever is typed."""
    found = re.search(r"data-fixed='([^']*)'", page)
    assert found is not None
    conditions: dict[str, Any] = json.loads(html.unescape(found[1]))
    return conditions


def test_a_search_within_the_worklist_stays_within_it(client: FlaskClient, finished_exam: str) -> None:
    """An exam that is under way is not validated either, and not to be validated."""
    client.post("/api/v1/exam/start", json={"pseudonym": "NC-0099", "is_new": True})
    page = client.get("/exams/?to-validate").text
    rows = client.post("/exams/rows", json=fixed(page)).text
    for shown in (page, rows):
        assert ("NC-0042" in shown, "NC-0099" in shown) == (True, False)
    assert 'name="state"' not in page  # it could only contradict the list


def test_an_empty_list_says_what_that_means(client: FlaskClient, finished_exam: str) -> None:
    revision = client.get(f"/api/v1/exams/{finished_exam}/review").json["revision"]
    asked = {"revision": revision, "accepts_unseen": True}
    assert client.post(f"/api/v1/exams/{finished_exam}/validate", json=asked).status_code == 200
    folder = client.post("/api/v1/folders", json={"name": "Study"}).json["folder"]["folder_id"]
    said = {
        "to-validate": "Nothing to validate: every finished exam is validated.",
        "archived": "Nothing is archived.",
        f"folder={folder}": "No exam is in this folder.",
    }
    for where, words in said.items():
        assert words in client.get(f"/exams/?{where}").text
    client.post("/api/v1/exams/file", json={"folder_ids": {finished_exam: folder}})
    assert "Every exam is in a folder." in client.get("/exams/?unfiled").text


@pytest.mark.parametrize("typed", [{"text": "nobody"}, {"from_date": "2199-01-01"}, {"state": "open"}])
def test_conditions_that_nothing_meets_are_named_as_such(
    client: FlaskClient, finished_exam: str, typed: dict[str, str]
) -> None:
    where = fixed(client.get("/exams/?unfiled").text)
    assert "Nothing meets these conditions." in client.post("/exams/rows", json={**where, **typed}).text


def test_a_box_without_exams_says_how_to_begin(client: FlaskClient) -> None:
    assert "No exam yet. Begin one" in client.get("/exams/?to-validate").text
