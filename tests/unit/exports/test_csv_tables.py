"""CSV tables, read back as a statistician would."""

import csv
import io
from dataclasses import replace

import pytest

from appliance.exports.csv_tables import csv_tables
from tests.support.exam_to_export import exam_to_export, finished_exam


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_there_is_a_row_for_every_capillary_image_finger_and_exam() -> None:
    tables = csv_tables([exam_to_export(*finished_exam())])
    assert {name: len(read(content)) for name, content in tables.items()} == {
        "capillaries.csv": 3,
        "images.csv": 3,
        "fingers.csv": 2,
        "exams.csv": 1,
    }


def test_cells_are_what_was_measured_and_edited() -> None:
    tables = csv_tables([exam_to_export(*finished_exam())])
    loop = read(tables["capillaries.csv"])[1]
    assert (loop["morphology"], loop["x_px"], loop["apical_width_um"], loop["arterial_width_um"]) == (
        "tortuous",
        "10.0",
        "22.56",
        "",
    )
    image = read(tables["images.csv"])[1]
    assert image["comment"] == 'Oil drop, "left" edge; retaken'
    assert (image["is_edited"], image["counts"]) == ("true", "true")
    assert read(tables["images.csv"])[2]["not_evaluable_because"] == "bandage"
    exam = read(tables["exams.csv"])[0]
    assert (exam["density_per_mm"], exam["density_per_mm_ci95"], exam["csuri"], exam["csuri_because"]) == (
        "6.95",
        "0.52",
        "",
        "no_giants",
    )


def test_lines_follow_rfc_4180() -> None:
    text = csv_tables([exam_to_export(*finished_exam())])["images.csv"].decode()
    assert text.count("\r\n") == text.count("\n") == 4
    assert '"Oil drop, ""left"" edge; retaken"' in text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_comment_that_looks_like_a_formula_is_no_formula(sign: str) -> None:
    source = exam_to_export(*finished_exam())
    images = list(source.reviewed.images)
    images[0] = replace(images[0], comment=f'{sign}HYPERLINK("http://x")')
    hostile = replace(source, reviewed=replace(source.reviewed, images=tuple(images)))
    assert read(csv_tables([hostile])["images.csv"])[0]["comment"].startswith(f"'{sign}")


def test_several_exams_share_the_tables_and_none_gives_headers_alone() -> None:
    two = [
        exam_to_export(*finished_exam()),
        exam_to_export(*finished_exam(exam_id="019ab000-0000-7000-8000-000000000002")),
    ]
    assert len({row["exam_id"] for row in read(csv_tables(two)["capillaries.csv"])}) == 2
    empty = csv_tables([])["capillaries.csv"].decode()
    assert empty.startswith("exam_id,patient_pseudonym,image_id")
    assert empty.count("\r\n") == 1
