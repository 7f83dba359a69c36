"""A figure, a reason or a field of an exam that is in its table has its words and leaves by every way out."""

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path

import pydicom
import pytest

from appliance.analysis.exam_figures import exam_figures
from appliance.analysis.figures_document import figures_document
from appliance.analysis.quality import CHECKS
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.exam import EXAM_FIELDS
from appliance.domain.exam_figures import Figure
from appliance.domain.figure_definition import Extent, Kind, Place
from appliance.domain.figure_definitions import DEFINITIONS, MEASURED, METRICS, figures_at, figures_of
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import QUALITY_RULES, Effect, QualityReason, reasons_that
from appliance.exports.archive.exam_json import exam_from_json, exam_to_json
from appliance.exports.csv_tables import csv_tables
from appliance.exports.dicom.files import dicom_files
from appliance.exports.fhir.bundle import fhir_bundle
from appliance.exports.report import terms
from appliance.exports.report.cells import MISSING, cell
from appliance.exports.report.form import read_form
from appliance.exports.report.localisation import Localisation
from appliance.exports.source import ExamToExport
from appliance.schemas import NAMES, load_schema, validate
from appliance.schemas.from_tables import schema_from_tables
from appliance.texts import LANGUAGES, table_texts, texts_in
from tests.support.exam_to_export import exam_to_export, finished_exam
from tests.support.reviewed_exams import Loop, every_finger, exam_of
from webui.documents.organisation import ExamEntryDocument

SYMBOLS = Path(__file__).parents[3] / "webui/templates/symbols.svg"
VALUES = {Kind.COUNT: 3, Kind.CATEGORY: "normal", Kind.SHARE: 12.0}


def figure_of(key: str) -> Figure:
    return Figure(VALUES.get(DEFINITIONS[key].kind, 1.5))


@pytest.fixture(scope="module")
def source() -> ExamToExport:
    exam, files = finished_exam()
    exported = exam_to_export(exam, files)
    every = {key: figure_of(key) for key in DEFINITIONS}
    return replace(exported, figures=replace(exported.figures, exam=every))


def test_every_figure_is_computed_for_all_that_has_it() -> None:
    found = exam_figures(exam_of(*every_finger([Loop(22)] * 8)))
    assert found.exam.keys() == DEFINITIONS.keys()
    assert all(tuple(one) == figures_of(Extent.FINGER) for one in found.fingers.values())
    assert all(tuple(one) == figures_of(Extent.STILL) for one in found.images.values())


def test_the_result_of_an_image_holds_what_the_table_says_it_does() -> None:
    members = {field.name: field.type for field in fields(ImageMetrics)}
    del members["density_unmeasurable_because"]
    assert list(members) == [one.key for one in MEASURED]
    assert set(members) == {key for key, one in METRICS.items() if one.measured is not None}
    for one in MEASURED:
        assert one.measured is not None
        assert (one.measured.digits is None) == (one.kind is Kind.COUNT) == (members[one.key] is int), one.key


@pytest.mark.parametrize("name", NAMES)
def test_schema_files_say_what_the_tables_say(name: str) -> None:
    assert json.dumps(load_schema(name)) == json.dumps(schema_from_tables(name)), "run: make schemas"


def test_the_figures_document_has_every_figure() -> None:
    reviewed = exam_of(*every_finger([Loop(22)] * 8))
    document = figures_document(reviewed, exam_figures(reviewed))
    validate("nailfold.figures-2", document)
    assert document["definitions"].keys() == document["exam"].keys() == DEFINITIONS.keys()


def test_the_tables_of_csv_have_every_figure(source: ExamToExport) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_tables([source])["exams.csv"].decode()))
    assert [key for key in DEFINITIONS if not row[key]] == []


def test_every_field_of_an_exam_is_in_archive_csv_and_api(source: ExamToExport) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_tables([source])["exams.csv"].decode()))
    shared = [field for field in EXAM_FIELDS if not field.is_local]
    assert [field.name for field in shared if field.name not in row] == []
    assert [field.key for field in shared if field.key not in exam_to_json(source.exam)] == []
    assert [field.name for field in EXAM_FIELDS if field.name not in ExamEntryDocument.model_fields] == []


def test_an_archive_from_before_the_rules_reads_as_counting_and_a_new_one_says_its_own() -> None:
    for rules in ({"counts_thumbs": False, "counts_ramified_giants": False}, {"counts_thumbs": True}):
        exam = replace(finished_exam()[0], images=(), **rules)
        record = json.loads(json.dumps(exam_to_json(exam)))
        assert exam_from_json(record, {}).counts_thumbs is exam.counts_thumbs
        assert exam_from_json(record, {}).counts_ramified_giants is exam.counts_ramified_giants
        assert record.pop("counts_thumbs") is exam.counts_thumbs
        del record["counts_ramified_giants"]
        old = exam_from_json(record, {})
        assert (old.counts_thumbs, old.counts_ramified_giants) == (True, True)


def test_a_fhir_bundle_has_every_figure(source: ExamToExport) -> None:
    resources = [entry["resource"] for entry in fhir_bundle(source)["entry"]]
    (exam,) = [one for one in resources if one["resourceType"] == "Observation" and "hasMember" in one]
    codes = {part["code"]["coding"][0]["code"] for part in exam["component"]}
    assert sorted(DEFINITIONS.keys() - codes) == []


def test_a_dicom_report_has_every_figure(source: ExamToExport) -> None:
    datasets = [pydicom.dcmread(io.BytesIO(content)) for content in dicom_files(source).values()]
    report = next(one for one in datasets if one.Modality == "SR")
    codes = {element.value for element in report.iterall() if element.keyword in ("CodeValue", "LongCodeValue")}
    assert sorted(DEFINITIONS.keys() - codes) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_prints_every_figure_in_words(language: str) -> None:
    localisation = Localisation(language)
    for key in DEFINITIONS:
        basis = {"image_width_mm": 1.8} if key == "csuri" else {}
        printed = cell(localisation, key, replace(figure_of(key), basis=basis))
        assert printed.name
        assert printed.value != MISSING
    assert read_form(f"figures = {json.dumps(list(DEFINITIONS))}", "form.toml").figures == tuple(DEFINITIONS)


def test_every_entry_has_its_words_in_every_language() -> None:
    assert table_texts("figures").keys() == METRICS.keys()
    assert table_texts("quality").keys() == {reason.value for reason in QualityReason}
    assert terms.FIGURES.keys() == DEFINITIONS.keys()
    assert terms.QUALITY.keys() == {reason.value for reason in reasons_that(Effect.ABSTAINS)}
    for language in LANGUAGES:
        for key, words in texts_in(language, "figures").items():
            assert all(words[part] for part in ("name", "definition", "source")), (language, key)
            assert "unit" in words, (language, key)
        assert all(words["page"] for words in texts_in(language, "quality").values()), language


def test_words_of_another_language_are_those_of_a_known_one() -> None:
    def leaves(node: object) -> list[dict[str, str]]:
        if not isinstance(node, dict):
            return []
        inner = [leaf for one in node.values() for leaf in leaves(one)]
        return [node] if LANGUAGES[0] in node else inner

    for table in ("figures", "quality"):
        assert len(leaves(table_texts(table))) > 10
        assert all(tuple(leaf) == LANGUAGES for leaf in leaves(table_texts(table)))


def test_what_leads_a_place_is_shown_there_and_every_place_shows_something() -> None:
    for place in Place:
        assert figures_at(place)
        assert all(place in METRICS[key].places for key in figures_at(place)), place


def test_every_reason_has_one_rule_one_check_its_thresholds_and_its_symbol() -> None:
    reasons = [rule.reason for rule in QUALITY_RULES]
    assert sorted(reasons, key=str) == sorted(QualityReason, key=str)
    assert CHECKS.keys() == set(reasons)
    settings = {field.name for field in fields(AnalysisSettings)}
    assert settings.issuperset(name for rule in QUALITY_RULES for name in rule.settings)
    symbols = SYMBOLS.read_text("utf-8")
    assert [reason.value for reason in reasons if f'id="q-{reason.value}"' not in symbols] == []
