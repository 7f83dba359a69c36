"""Names and files of other software."""

import unicodedata
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from appliance.apps.archive.foreign_stills import read_foreign_still
from appliance.domain.exam import Finger, Hand, Sector
from appliance.exports.dicom.files import dicom_files
from appliance.exports.imports.picture import ScaleSource
from appliance.exports.imports.placement_guess import Guess, agreed, guess_placement
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import exam_to_export, finished_exam, pixels

L, R = Hand.LEFT, Hand.RIGHT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("left_index_A.jpg", Guess(L, Finger.INDEX, Sector.A)),
        ("patient7/Right/ring/B (2).png", Guess(R, Finger.RING, Sector.B)),
        ("R4C.tif", Guess(R, Finger.RING, Sector.C)),
        ("L2.bmp", Guess(L, Finger.INDEX, None)),
        ("L3_d.png", Guess(L, Finger.MIDDLE, Sector.D)),
        ("mano izquierda/dedo 3/sector d.png", Guess(L, Finger.MIDDLE, Sector.D)),
        ("Meñique derecha.jpg", Guess(R, Finger.LITTLE, None)),
        ("links/Zeigefinger/panorama.png", Guess(L, Finger.INDEX, Sector.PANORAMIC)),
        ("index_gauche_b.jpeg", Guess(L, Finger.INDEX, Sector.B)),
        ("right-middle.PNG", Guess(R, Finger.MIDDLE, None)),
        ("IMG_0042.jpg", Guess()),
        ("2021-03-05 scan 4.jpg", Guess()),
        ("C:\\data\\left\\little\\C.jpg", Guess(L, Finger.LITTLE, Sector.C)),
        ("C:\\data\\left\\little\\0001.jpg", Guess(L, Finger.LITTLE, None)),
        # Numbers that count patients, visits and pictures.
        ("patient_3_left.png", Guess(L, None, None)),
        ("left_2.jpg", Guess(L, None, None)),
        ("3 left.jpg", Guess(L, None, None)),
        ("left hand 4.png", Guess(L, None, None)),
        ("visit_R2_001.png", Guess()),
        ("L/3/0001.png", Guess()),
        ("phase_iii_left.png", Guess(L, None, None)),
        ("visit II right.tif", Guess(R, None, None)),
        ("Pat.5_rechts.bmp", Guess(R, None, None)),
        ("mano_derecha_1.jpg", Guess(R, None, None)),
        ("2024-05-01_left_05.png", Guess(L, None, None)),
        ("scan v 2 left.png", Guess(L, None, None)),
        # Letters that are initials, groups, articles and drives.
        ("group_b_left_index.png", Guess(L, Finger.INDEX, None)),
        ("A. Ruiz left index.png", Guess(L, Finger.INDEX, None)),
        ("vitamin c right ring.png", Guess(R, Finger.RING, None)),
        ("Kapillaren der Hand 3.png", Guess()),
        ("5 g saline.png", Guess()),
        ("R. Schmidt/scan.png", Guess()),
        ("l.png", Guess()),
        ("main_d_index.png", Guess(R, Finger.INDEX, None)),
        ("main_g/annulaire_b.png", Guess(L, Finger.RING, Sector.B)),
        # Everyday words that are also fingers.
        ("index.png", Guess()),
        ("index_0001.png", Guess()),
        ("left/index_0001.png", Guess(L, Finger.INDEX, None)),
        ("ring_light_left.png", Guess(L, None, None)),
        ("left_small_crop.png", Guess()),
        ("tamano medio.png", Guess()),
        ("small finger left.jpg", Guess(L, Finger.LITTLE, None)),
        ("ring finger.jpg", Guess(None, Finger.RING, None)),
        ("kleiner Finger links.jpg", Guess(L, Finger.LITTLE, None)),
        # Sides of something else, and both sides or fingers at once.
        ("top_left.png", Guess()),
        ("left foot.png", Guess()),
        ("tile-bottom-right-A.png", Guess()),
        ("left_to_right_sweep.png", Guess()),
        ("left index and middle.png", Guess(L, None, None)),
        ("index vs ring left.png", Guess()),
        # What annotation tools and people do write.
        ("nfc_0001_L2A.png", Guess(L, Finger.INDEX, Sector.A)),
        ("0001_R5.png", Guess(R, Finger.LITTLE, None)),
        ("left3b.png", Guess(L, Finger.MIDDLE, Sector.B)),
        ("L_3_A.png", Guess(L, Finger.MIDDLE, Sector.A)),
        ("right 4 c.png", Guess(R, Finger.RING, Sector.C)),
        ("left_d3.png", Guess(L, Finger.MIDDLE, None)),
        ("Dig IV rechts.png", Guess(R, Finger.RING, None)),
        ("doigt 2 droite/C.png", Guess(R, Finger.INDEX, Sector.C)),
        ("index_sx_A.png", Guess(L, Finger.INDEX, Sector.A)),
        ("r index B.png", Guess(R, Finger.INDEX, Sector.B)),
        ("left-ring-finger-D.png", Guess(L, Finger.RING, Sector.D)),
        ("left-hand thumb.png", Guess(L, Finger.THUMB, None)),
        ("right index.with.dots.png", Guess(R, Finger.INDEX, None)),
    ],
)
def test_what_a_name_says_is_guessed_and_nothing_more(name: str, expected: Guess) -> None:
    assert guess_placement(name) == expected


@pytest.fixture
def own_dicom(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(next(iter(dicom_files(exam_to_export(*finished_exam())).values())))
    return path


@pytest.mark.parametrize(
    "name", ["mano izquierda/me\u00f1ique A.png", "\u00edndice izq B.jpg", "coraz\u00f3n izquierdo C.png"]
)
def test_accents_of_a_mac_are_those_of_everybody_else(name: str) -> None:
    """A Mac's file system takes accents apart from their letters."""
    apart = unicodedata.normalize("NFD", name)
    assert apart != name
    found = guess_placement(apart)
    assert found == guess_placement(name)
    assert found.finger is not None


def test_a_dicom_picture_brings_its_pixels_scale_time_finger_and_side(own_dicom: Path) -> None:
    read = read_foreign_still(own_dicom)
    assert np.array_equal(read.image_rgb, pixels(0))
    assert (read.um_per_px, read.scale_source) == (pytest.approx(1.41), ScaleSource.DICOM)
    assert read.taken_at_utc == NOON
    assert read.guess == Guess(L, Finger.INDEX, None)
    assert read.camera_name == "Dino-Lite"


def photo(path: Path, **tags: str) -> Path:
    numbers = {"original": 36867, "offset": 36881, "fraction": 37521}
    exif = Image.Exif()
    for name, value in tags.items():
        exif.get_ifd(0x8769)[numbers[name]] = value
    Image.new("RGB", (64, 64)).save(path, exif=exif)
    return path


def test_a_photographs_time_is_taken_with_its_offset(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg", original="2019:03:11 10:15:00", offset="+01:00", fraction="25")
    read = read_foreign_still(path)
    assert read.taken_at_utc == datetime(2019, 3, 11, 9, 15, 0, 250_000, timezone.utc)
    assert read.note == ""


@pytest.mark.parametrize("blank", [{}, {"offset": "   :  "}, {"offset": " "}])
def test_a_time_without_offset_is_the_boxs_and_said_to_be(tmp_path: Path, blank: dict[str, str]) -> None:
    """Blanks stand for an offset that is unknown (Exif 2.32, 4.6.5)."""
    read = read_foreign_still(photo(tmp_path / "a.jpg", original="2019:03:11 10:15:00", **blank))
    assert read.taken_at_utc is not None
    assert abs(read.taken_at_utc - datetime(2019, 3, 11, 10, 15, tzinfo=timezone.utc)) <= timedelta(hours=14)
    assert "without an offset" in read.note


@pytest.mark.parametrize("original", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday"])
def test_a_time_that_is_none_is_unknown(tmp_path: Path, original: str) -> None:
    assert read_foreign_still(photo(tmp_path / "a.jpg", original=original)).taken_at_utc is None


def test_of_words_that_contradict_each_other_the_nearer_to_the_person_is_kept_and_the_others_said() -> None:
    own = Guess(Hand.LEFT, Finger.RING, Sector.B)
    by_name = guess_placement("right-index-C.png")
    kept, said = agreed(Guess(), own, by_name)
    assert kept == own
    assert said == "its name says right, kept as left; its name says index, kept as ring; its name says C, kept as B"
    kept, said = agreed(Guess(Hand.RIGHT), own, guess_placement("right.png"))
    assert kept == Guess(Hand.RIGHT, Finger.RING, Sector.B)
    assert said == "its file says left, kept as right as you stated"
    assert agreed(Guess(), Guess(), by_name) == (by_name, "")
