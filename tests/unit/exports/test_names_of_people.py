"""A person is named in full wherever a person reads who did it; a login alone is for machines."""

import csv
import io
import json
from typing import Any

import pydicom
import pytest

from appliance.accounts.full_names import full_names
from appliance.exports.csv_tables import csv_tables
from appliance.exports.dicom.files import dicom_files
from appliance.exports.fhir.bundle import fhir_bundle
from appliance.storage.memory_accounts import MemoryAccountStore
from appliance.storage.memory_journal import MemoryJournal
from tests.support.accounts import FULL_NAMES, PHYSICIAN, new_account_service
from tests.support.exam_parts import SystemClock
from tests.support.exam_to_export import exam_to_export, finished_exam


@pytest.fixture(scope="module")
def source() -> Any:
    return exam_to_export(*finished_exam())


def test_fhir_names_who_examined_and_who_answers_for_it_and_no_login(source: Any) -> None:
    bundle = fhir_bundle(source)
    (report,) = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport"]
    assert report["performer"][0]["display"] == "Jo Field"
    assert report["resultsInterpreter"][0]["display"] == "Dr. Elena Ruiz"
    assert "dr.ruiz" not in json.dumps(bundle)


def test_every_dicom_object_names_the_operator_in_full(source: Any) -> None:
    for content in dicom_files(source).values():
        dataset = pydicom.dcmread(io.BytesIO(content))
        assert str(dataset.OperatorsName) == "Jo Field^"
        assert b"dr.ruiz" not in content


def test_the_table_has_login_and_name(source: Any) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_tables([source])["exams.csv"].decode("utf-8-sig")))
    assert (row["validated_by"], row["validated_by_name"]) == ("dr.ruiz", "Dr. Elena Ruiz")
    assert row["operator_name"] == "Jo Field"


def test_whoever_never_had_an_account_keeps_the_name_that_was_noted() -> None:
    store = MemoryAccountStore()
    new_account_service(MemoryJournal(SystemClock().now_utc), store)
    full_name = full_names(store)
    assert (full_name(PHYSICIAN), full_name("gone")) == (FULL_NAMES[PHYSICIAN], "gone")
