"""`nailfold export`, `import`, `pacs` and `dataset from-exams` on a real data folder."""

import base64
import csv
import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle

from appliance.apps.archive.data_folder import open_data_folder
from appliance.apps.cli import main
from appliance.apps.config.load_settings import load_settings
from appliance.exports.archive.read import ORIGIN
from appliance.ports import ExamImport
from engines.datasets.coco import read_coco
from engines.synthetic.render import render
from tests.support.archive import Archive
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import EXAM_ID, PSEUDONYM, finished_exam, image_id


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def nailfold(*arguments: object) -> Done:
    """The command in this process: starting Python anew takes longer than most of them."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)
    return Done(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box with one finished exam that was captured there."""
    folder = tmp_path_factory.mktemp("box")
    with open_data_folder(load_settings(None, {"station.data_dir": folder}), make=True) as kept:
        kept.storage.exams.import_exams([ExamImport(*finished_exam(), "pictures")], NOON)
    return folder


def test_each_format_is_written_and_noted(data_dir: Path, tmp_path: Path) -> None:
    for form in ("fhir", "dicom", "csv", "zip", "coco"):
        done = nailfold("export", EXAM_ID, "--format", form, "--out", tmp_path / form, "--data-dir", data_dir)
        assert (done.returncode, done.stderr) == (0, "")
    Bundle.model_validate_json((tmp_path / "fhir").read_bytes())
    assert b"presentedForm" not in (tmp_path / "fhir").read_bytes()
    with zipfile.ZipFile(tmp_path / "csv") as tables:
        assert len(list(csv.DictReader(io.TextIOWrapper(tables.open("images.csv"), "utf-8")))) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"fhir", "dicom", "csv", "zip", "coco"}
    with open_data_folder(load_settings(None, {"station.data_dir": data_dir})) as kept:
        entries = kept.storage.journal.entries(f"exam:{EXAM_ID}")
        assert [entry.detail["format"] for entry in entries] == ["fhir", "dicom", "csv", "zip", "coco"]


def test_the_bundle_holds_the_printed_report_where_it_is_asked_for(tmp_path: Path) -> None:
    data_dir, out = tmp_path / "box", tmp_path / "bundle.json"
    with open_data_folder(load_settings(None, {"station.data_dir": data_dir}), make=True) as kept:
        kept.storage.exams.import_exams([ExamImport(*finished_exam(), "pictures")], NOON)
    asked = ("export", EXAM_ID, "--with-report", "--out", out, "--data-dir", data_dir, "--format")
    assert nailfold(*asked, "fhir").returncode == 0
    Bundle.model_validate_json(out.read_bytes())
    entries = json.loads(out.read_bytes())["entry"]
    report = next(one["resource"] for one in entries if one["resource"]["resourceType"] == "DiagnosticReport")
    assert base64.b64decode(report["presentedForm"][0]["data"]).startswith(b"%PDF-")
    assert nailfold(*asked, "csv").returncode != 0


def test_an_archive_moves_an_exam_to_another_box(data_dir: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "exam.zip", tmp_path / "other"
    assert nailfold("export", EXAM_ID, "--format", "zip", "--out", out, "--data-dir", data_dir).returncode == 0
    done = nailfold("import", out, "--data-dir", other)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{EXAM_ID}: imported\n", "")
    again = nailfold("import", out, "--data-dir", other)
    assert again.stdout == f"{EXAM_ID}: was here already\n"
    with open_data_folder(load_settings(None, {"station.data_dir": other})) as kept:
        entries = kept.storage.journal.entries(f"exam:{EXAM_ID}")
        assert [(entry.actor, entry.action) for entry in entries] == [("command line", "exam.imported")]
        mark = kept.storage.exams.import_mark(EXAM_ID)
        assert mark is not None
        assert mark.origin == ORIGIN
        assert kept.storage.exams.exam(EXAM_ID).images == finished_exam()[0].images


def test_a_pseudonym_in_use_is_asked_about(data_dir: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "exam.zip", tmp_path / "other"
    nailfold("export", EXAM_ID, "--format", "zip", "--out", out, "--data-dir", data_dir)
    with open_data_folder(load_settings(None, {"station.data_dir": other}), make=True) as kept:
        kept.storage.patients.add_patient(PSEUDONYM, NOON)
    refused = nailfold("import", out, "--data-dir", other)
    assert refused.returncode == 1
    assert f"--same-patient {PSEUDONYM}" in refused.stderr
    done = nailfold("import", out, "--data-dir", other, "--rename", f"{PSEUDONYM}=GUEST-9")
    assert done.returncode == 0
    with open_data_folder(load_settings(None, {"station.data_dir": other})) as kept:
        assert kept.storage.exams.exam(EXAM_ID).patient_pseudonym == "GUEST-9"


def test_a_project_a_folder_and_a_collection_are_exported_by_name(tmp_path: Path) -> None:
    data_dir = tmp_path / "box"
    with open_data_folder(load_settings(None, {"station.data_dir": data_dir}), make=True) as kept:
        for number, pseudonym in ((1, PSEUDONYM), (2, "NC-0043")):
            one = finished_exam(exam_id=f"{EXAM_ID[:-1]}{number}", pseudonym=pseudonym)
            kept.storage.exams.import_exams([ExamImport(*one, "archive")], NOON)
        project = kept.storage.folders.add_folder("Lupus study")
        visit = kept.storage.folders.add_folder("Visit 1", project.folder_id)
        kept.storage.exams.file_exams({EXAM_ID: visit.folder_id})
        giants = kept.storage.collections.add_collection("Giants", NOON)
        kept.storage.collections.add_images(giants.collection_id, [image_id(0)])
    choices = (("--project", "lupus study"), ("--folder", "Lupus study/Visit 1"), ("--collection", "Giants"))
    for choice, name in choices:
        out = tmp_path / f"{choice[2:]}.zip"
        done = nailfold("export", choice, name, "--format", "zip", "--out", out, "--data-dir", data_dir)
        assert done.returncode == 0, done.stderr
        assert "1 exam)" in done.stdout
        with zipfile.ZipFile(out) as archive:
            assert json.loads(archive.read("manifest.json"))["exams"] == [EXAM_ID]
    wrong = ("export", "--project", "Lupus", "--format", "csv", "--out", tmp_path / "x.zip", "--data-dir", data_dir)
    refused = nailfold(*wrong)
    assert refused.returncode != 0
    assert "there is no folder 'Lupus'. Write it as Project/Folder; projects: Lupus study." in refused.stderr
    assert nailfold(*wrong, "--collection", "Giants").returncode != 0
    assert not (tmp_path / "x.zip").exists()


def test_pictures_become_an_exam_that_a_data_set_is_made_of_and_evaluated(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    pictures, data_dir = tmp_path / "scans" / "Left", tmp_path / "box"
    pictures.mkdir(parents=True)
    for seed, name in ((40_000, "index_A.png"), (40_001, "ring_B.png")):
        Image.fromarray(render(seed, width=640, height=480, um_per_px=1.5, difficulty=0.2).image_rgb).save(
            pictures / name, dpi=(25_400 / 1.5, 25_400 / 1.5)
        )
    (pictures / "index_C.png").write_bytes(b"no picture")
    done = nailfold("import", tmp_path / "scans", "--patient", "NC-7", "--data-dir", data_dir)
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("1.5 um per pixel as its resolution states") == 2
    assert "index_C.png" in done.stderr
    assert "2 images" in done.stdout
    out = tmp_path / "set"
    made = nailfold("dataset", "from-exams", "--data-dir", data_dir, "--out", out)
    assert made.returncode == 0, made.stderr
    with open_data_folder(load_settings(None, {"station.data_dir": data_dir})) as kept:
        noted = [(entry.actor, entry.action, entry.detail.get("format")) for entry in kept.storage.journal.entries()]
    assert noted == [("command line", "exam.imported", None), ("command line", "exam.exported", "dataset")]
    part = next(name for name in ("train", "val", "test") if list((out / name / "images").iterdir()))
    labelled = read_coco(out / part / "annotations.json")
    assert [image.um_per_px for image in labelled.images] == pytest.approx([1.5] * len(labelled.images), rel=1e-4)
    judged = nailfold(
        "evaluate", "--coco", out / part / "annotations.json", "--images", out / part / "images",
        "--bootstrap", 0, "--json", tmp_path / "figures.json",
    )  # fmt: skip
    assert judged.returncode == 0, judged.stderr
    # The labels are the machine's own answers: it agrees with itself unless half a pixel or a class went wrong.
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["average_precision"]["shapes"]["ap"]["value"] > 0.99
    assert figures["data"]["labels"] > 5
    only = nailfold("dataset", "from-exams", "--data-dir", data_dir, "--out", tmp_path / "none", "--validated-only")
    assert only.returncode == 1
    assert "no evaluable picture" in only.stderr
    assert not (tmp_path / "none").exists()


def test_a_file_without_a_place_says_what_to_do(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    Image.new("RGB", (64, 64)).save(tmp_path / "IMG_1.png")
    done = nailfold("import", tmp_path / "IMG_1.png", "--patient", "NC-7", "--data-dir", tmp_path / "box")
    assert done.returncode == 1
    assert "names no hand or finger" in done.stderr


def test_a_patient_who_looks_like_one_who_is_here_is_asked_about_before_anything_is_measured(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    Image.new("RGB", (64, 64)).save(tmp_path / "left-ring-A.png")
    with open_data_folder(load_settings(None, {"station.data_dir": tmp_path / "box"}), make=True) as kept:
        kept.storage.patients.add_patient("P-0O1", NOON)
    asked = ("import", tmp_path / "left-ring-A.png", "--data-dir", tmp_path / "box", "--patient")
    refused = nailfold(*asked, "P-001")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--patient 'P-0O1'" in refused.stderr
    assert "--another-patient" in refused.stderr
    same, another = nailfold(*asked, "p-0o1"), nailfold(*asked, "P-001", "--another-patient")
    assert (same.returncode, another.returncode) == (0, 0), (same.stderr, another.stderr)
    assert ("new patient" in same.stdout, "new patient" in another.stdout) == (False, True)
    with open_data_folder(load_settings(None, {"station.data_dir": tmp_path / "box"})) as kept:
        assert sorted(one.patient_pseudonym for one in kept.storage.exams.exams()) == ["P-001", "P-0O1"]


def test_what_the_person_states_goes_before_names_and_contradictions_are_said(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    named = tmp_path / "li" / "right-index.png"
    named.parent.mkdir()
    Image.fromarray(render(40_000, width=640, height=480, um_per_px=1.5, difficulty=0.2).image_rgb).save(named)
    (named.parent / "notes.txt").write_text("to be left out by name")
    shutil.copy(named, named.with_name("right-index (copy).png"))
    stated = ("--patient", "NC-7", "--hand", "left", "--finger", "ring", "--data-dir", tmp_path / "box")
    done = nailfold("import", named.parent, tmp_path / "none.png", *stated)
    assert done.returncode == 1
    assert "left ring unknown" in done.stdout
    for words in (
        "its name says right, kept as left as you stated",
        "its name says index, kept as ring as you stated",
        "the time is unknown",
        "the very same picture as",
        "notes.txt: neither a picture nor a video",
        "cannot read",
    ):
        assert words in done.stderr
    with open_data_folder(load_settings(None, {"station.data_dir": tmp_path / "box"})) as kept:
        (imported,) = [one for one in kept.storage.journal.entries() if one.action == "exam.imported"]
    assert len(imported.detail["time_unknown"]) == 2


def test_the_archive_is_asked_and_sent_to(data_dir: Path, tmp_path: Path) -> None:
    with Archive() as archive:
        config = tmp_path / "site.toml"
        config.write_text(f'[pacs]\nhost = "127.0.0.1"\nport = {archive.port}\ncalled_ae_title = "ARCHIVE"\n')
        assert "answers NAILFOLD" in nailfold("pacs", "echo", "--config", config).stdout
        sent = nailfold("pacs", "send", EXAM_ID, "--config", config, "--data-dir", data_dir)
        assert (sent.returncode, sent.stdout) == (0, f"{EXAM_ID}: 4 objects\n")
        assert len(archive.received) == 4
    assert "no DICOM archive is set" in nailfold("pacs", "echo").stderr
