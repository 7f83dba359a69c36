"""DICOM pictures: pixel by pixel what pydicom's own reference files hold, whatever their transfer syntax."""

import warnings
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, SecondaryCaptureImageStorage

from appliance.capture.dicom_still import DicomStill, read_dicom_still
from appliance.capture.still_reader import read_still
from appliance.domain.errors import CaptureError

# The ten bars of the SC_rgb files, at rows 5, 15, ... of column 50, as pydicom's own tests have them.
BARS = [
    (255, 0, 0), (255, 128, 128), (0, 255, 0), (128, 255, 128), (0, 0, 255),
    (128, 128, 255), (0, 0, 0), (64, 64, 64), (192, 192, 192), (255, 255, 255),
]  # fmt: skip
LOSSLESS = ["SC_rgb_rle.dcm", "SC_rgb_rle_2frame.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm"]
LOSSY = [
    "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm",
    "SC_ybr_full_422_uncompressed.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_jpeg_gdcm.dcm",
]  # fmt: skip
GREY = [
    "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm",
]  # fmt: skip


def file(name: str) -> Path:
    found = get_testdata_file(name, download=False)
    assert found is not None, f"pydicom ships {name}"
    return Path(str(found))


def bars(image_rgb: NDArray[np.uint8]) -> NDArray[np.int_]:
    return image_rgb[5::10, 50].astype(int)


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_colours_are_exact(name: str) -> None:
    assert bars(read_still(file(name)).image_rgb).tolist() == [list(bar) for bar in BARS]


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_colours_are_converted_once_whatever_their_colour_space(name: str) -> None:
    """Converted twice, the bars are off by far more than what the files themselves have lost (pydicom: up to 5)."""
    assert np.abs(bars(read_still(file(name)).image_rgb) - BARS).max() <= 6


@pytest.mark.parametrize("name", GREY)
def test_grey_goes_through_the_window_alike_in_every_transfer_syntax(name: str) -> None:
    dataset = pydicom.dcmread(file("MR_small.dcm"))
    stored = np.frombuffer(dataset.PixelData, "<i2").reshape(64, 64).astype(float)
    centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    share = np.clip((stored - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    expected = np.rint(share * 255).astype(np.uint8)
    np.testing.assert_array_equal(read_still(file(name)).image_rgb[..., 1], expected)


def test_a_palette_is_looked_up() -> None:
    dataset = pydicom.dcmread(file("examples_palette.dcm"))
    names = [f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")]
    tables = [np.frombuffer(dataset[name].value, "<u2") for name in names]
    expected = np.stack([np.rint(table / 257.0).astype(np.uint8)[dataset.pixel_array] for table in tables], axis=2)
    np.testing.assert_array_equal(read_still(file("examples_palette.dcm")).image_rgb, expected)


@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "examples_jpeg2k.dcm", "examples_rgb_color.dcm"])
def test_colour_pictures_are_pixel_by_pixel_what_pydicom_decodes(name: str) -> None:
    np.testing.assert_array_equal(read_still(file(name)).image_rgb, pixel_array(file(name), index=0))


def test_an_object_without_preamble_or_meta_information_is_read(tmp_path: Path) -> None:
    whole = file("MR_small_implicit.dcm").read_bytes()
    meta_bytes = int.from_bytes(whole[140:144], "little")
    (tmp_path / "no_preamble").write_bytes(whole[132:])
    (tmp_path / "no_meta").write_bytes(whole[144 + meta_bytes :])
    for name in ("no_preamble", "no_meta"):
        expected = read_still(file("MR_small.dcm")).image_rgb
        np.testing.assert_array_equal(read_still(tmp_path / name).image_rgb, expected)


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "test-SR.dcm", "JPEG2000-embedded-sequence-delimiter.dcm"])
def test_what_is_cut_off_or_holds_no_picture_is_refused_by_name(name: str) -> None:
    with pytest.raises(CaptureError, match=name):
        read_dicom_still(file(name))


@pytest.fixture
def grey() -> Dataset:
    """MR_small with values 0, 1000, 2000 and 3000 in four quarters, without a window, scale or time."""
    dataset = pydicom.dcmread(file("MR_small.dcm"))
    quarters = np.array([[0, 1000], [2000, 3000]], "<i2").repeat(32, 0).repeat(32, 1)
    dataset.PixelData = quarters.tobytes()
    times = [f"{of}{kind}" for of in ("Acquisition", "Content", "Series", "Study") for kind in ("Date", "Time")]
    for name in ("WindowCenter", "WindowWidth", "PixelSpacing", *times):
        if name in dataset:
            del dataset[name]
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    return dataset


def saved(dataset: Dataset, path: Path) -> DicomStill:
    dataset.save_as(path / "a.dcm")
    return read_dicom_still(path / "a.dcm")


def stating(dataset: Dataset, path: Path, stated: dict[str, str]) -> DicomStill:
    """With those attributes, right or wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own note
        for name, value in stated.items():
            setattr(dataset, name, value)
        return saved(dataset, path)


def levels(still: DicomStill) -> list[int]:
    return [int(still.image_rgb[y, x, 0]) for y, x in ((0, 0), (0, 63), (63, 0), (63, 63))]


def test_without_a_window_the_stored_range_is_shown(grey: Dataset, tmp_path: Path) -> None:
    assert levels(saved(grey, tmp_path)) == [0, 62, 125, 187]


def test_monochrome1_is_turned_round(grey: Dataset, tmp_path: Path) -> None:
    grey.PhotometricInterpretation = "MONOCHROME1"
    assert levels(saved(grey, tmp_path)) == [255, 193, 130, 68]


def test_the_window_is_of_rescaled_values(grey: Dataset, tmp_path: Path) -> None:
    """Of x = 2 v - 1000 = -1000, 1000, 3000, 5000 the share is (x - 1000) / 4000 + 0.5: 0, 0.5, 1 and more."""
    grey.RescaleSlope, grey.RescaleIntercept = "2", "-1000"
    grey.WindowCenter, grey.WindowWidth = "1000.5", "4001"
    assert levels(saved(grey, tmp_path)) == [0, 128, 255, 255]


@pytest.mark.parametrize(("function", "level"), [("LINEAR_EXACT", 64), ("SIGMOID", 69)])
def test_the_other_window_functions(grey: Dataset, tmp_path: Path, function: str, level: int) -> None:
    """Of 1000: LINEAR_EXACT (1000 - 1500) / 2000 + 0.5 = 0.25; SIGMOID 1 / (1 + e) = 0.269."""
    grey.WindowCenter, grey.WindowWidth, grey.VOILUTFunction = "1500", "2000", function
    assert levels(saved(grey, tmp_path))[1] == level


def test_a_voi_table_goes_before_a_window(grey: Dataset, tmp_path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 12])
    table.add_new("LUTData", "OW", np.arange(4095, -1, -1).astype("<u2").tobytes())
    grey.VOILUTSequence = [table]
    grey.WindowCenter, grey.WindowWidth = "10", "10"
    assert levels(saved(grey, tmp_path)) == [255, 193, 130, 68]


def test_a_table_of_bytes_is_a_table_of_words(grey: Dataset, tmp_path: Path) -> None:
    """Entries of 8 bits may be packed one to a byte; both say the same picture."""
    seen = []
    for entries in (np.arange(255, -1, -1).astype("<u2"), np.arange(255, -1, -1).astype(np.uint8)):
        table = Dataset()
        table.add_new("LUTDescriptor", "US", [256, 0, 8])
        table.add_new("LUTData", "OW", entries.tobytes())
        grey.VOILUTSequence = [table]
        grey.RescaleSlope, grey.RescaleIntercept = "0.0625", "0"
        seen.append(levels(saved(grey, tmp_path)))
    assert seen[0] == seen[1] == [255, 193, 130, 68]


def test_pixels_that_are_not_square_are_refused(grey: Dataset, tmp_path: Path) -> None:
    grey.PixelSpacing = [0.001, 0.002]
    with pytest.raises(CaptureError, match="not square"):
        saved(grey, tmp_path)


def test_a_compressed_picture_is_decoded_and_its_scale_read(grey: Dataset, tmp_path: Path) -> None:
    grey.compress(RLELossless, generate_instance_uid=False)
    grey.PixelSpacing = [0.0015, 0.0015]
    still = saved(grey, tmp_path)
    assert (levels(still), still.scale.um_per_px) == ([0, 62, 125, 187], pytest.approx(1.5))


NINE_FIFTEEN = datetime(2019, 3, 11, 9, 15, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "stated",
    [
        {"AcquisitionDateTime": "20190311101500.000000+0100"},
        {"AcquisitionDateTime": "201903111015+0100"},
        {"AcquisitionDateTime": "20190311101500", "TimezoneOffsetFromUTC": "+0100"},
        {"AcquisitionDate": "20190311", "AcquisitionTime": "101500", "TimezoneOffsetFromUTC": "+0100"},
        {"ContentDate": "20190311", "ContentTime": "0415", "TimezoneOffsetFromUTC": "-0500"},
    ],
)
def test_dates_are_read_with_their_offset(grey: Dataset, tmp_path: Path, stated: dict[str, str]) -> None:
    assert saved(grey, tmp_path).taken_at_utc is None
    for name, value in stated.items():
        setattr(grey, name, value)
    still = saved(grey, tmp_path)
    assert (still.taken_at_utc, still.time_note) == (NINE_FIFTEEN, "")


def test_a_date_without_offset_says_what_was_assumed(grey: Dataset, tmp_path: Path) -> None:
    grey.AcquisitionDateTime = "20190311101500"
    if "TimezoneOffsetFromUTC" in grey:
        del grey.TimezoneOffsetFromUTC
    still = saved(grey, tmp_path)
    assert still.taken_at_utc is not None
    assert "without an offset" in still.time_note


@pytest.mark.parametrize("mm", [0.2646, 1.0, 0.0])
def test_a_spacing_that_no_capillaroscope_has_is_not_believed_and_said(
    grey: Dataset, tmp_path: Path, mm: float
) -> None:
    grey.PixelSpacing = [mm, mm]
    scale = saved(grey, tmp_path).scale
    assert scale.um_per_px is None
    assert "PixelSpacing" in scale.note
    assert "not used" in scale.note


def test_of_two_spacings_that_differ_the_patients_is_taken_and_the_other_said(grey: Dataset, tmp_path: Path) -> None:
    grey.PixelSpacing, grey.ImagerPixelSpacing = [0.00141, 0.00141], [0.003, 0.003]
    scale = saved(grey, tmp_path).scale
    assert scale.um_per_px == pytest.approx(1.41)
    assert scale.note == "its PixelSpacing gives 1.41 um per pixel, its ImagerPixelSpacing 3: the first was taken"


def test_a_scanned_films_spacing_is_not_the_patients(grey: Dataset, tmp_path: Path) -> None:
    grey.NominalScannedPixelSpacing = [0.00529, 0.00529]
    assert saved(grey, tmp_path).scale.um_per_px is None


def test_the_spacing_of_an_object_with_several_frames_is_in_its_functional_groups(
    grey: Dataset, tmp_path: Path
) -> None:
    measures, group = Dataset(), Dataset()
    measures.PixelSpacing = [0.00141, 0.00141]
    group.PixelMeasuresSequence = [measures]
    grey.SharedFunctionalGroupsSequence = [group]
    assert saved(grey, tmp_path).scale.um_per_px == pytest.approx(1.41)


def test_bits_that_lie_where_no_current_dicom_has_them_are_refused(grey: Dataset, tmp_path: Path) -> None:
    grey.HighBit = 15
    with pytest.raises(CaptureError, match="12 bits end at bit 15"):
        saved(grey, tmp_path)


def test_what_cannot_be_decoded_is_called_by_its_coding_and_what_is_no_picture_by_its_kind() -> None:
    with pytest.raises(CaptureError, match=r"its coding \(JPEG Extended") as refused:
        read_still(file("JPGExtended.dcm"))
    assert "\n" not in str(refused.value)
    with pytest.raises(CaptureError, match=r"a DICOM object \(Comprehensive SR Storage\) without a picture"):
        read_still(file("test-SR.dcm"))


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ({"AcquisitionDate": "20190311", "AcquisitionTime": "1015-1020"}, "2019-03-11"),
        ({"AcquisitionDate": "2019-03-11"}, "2019-03-11"),
        ({"AcquisitionDateTime": "20390311101500+0100", "StudyDate": "20190312"}, "2019-03-12"),
    ],
)
def test_a_day_is_kept_where_the_clock_cannot_be_read_or_another_date_cannot_be(
    grey: Dataset, tmp_path: Path, stated: dict[str, str], day: str
) -> None:
    for name, value in stated.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's own note that the value is not as it should be
            setattr(grey, name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        still = saved(grey, tmp_path)
    assert still.taken_at_utc is not None
    assert still.taken_at_utc.date().isoformat() == day
    assert "noon of this box's local time" in still.time_note


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"AcquisitionDate": "20230230"}, '"20230230" as its AcquisitionDate'),
        ({"StudyDate": "20191301", "StudyTime": "101500"}, '"20191301" as its StudyDate'),
        ({"AcquisitionDateTime": "20190229101500+0100"}, '"20190229" as its AcquisitionDateTime'),
        ({"ContentDate": "201903"}, '"201903" as its ContentDate'),
        ({"SeriesDate": "11MAR2019"}, '"11MAR2019" as its SeriesDate'),
        ({"StudyDate": "19010101"}, "1901-01-01, which only a clock that is wrong shows"),
    ],
)
def test_an_unknown_date_says_which_one_could_not_be(
    grey: Dataset, tmp_path: Path, stated: dict[str, str], said: str
) -> None:
    still = stating(grey, tmp_path, stated)
    assert still.taken_at_utc is None
    assert said in still.time_note


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"StudyDate": "20161231", "StudyTime": "235960", "TimezoneOffsetFromUTC": "+0000"}, ""),
        ({"StudyDate": "20200229", "StudyTime": "235900", "TimezoneOffsetFromUTC": "+99:99"}, '"+99:99" as the offset'),
    ],
)
def test_a_leap_second_is_read_and_an_offset_that_is_none_said(
    grey: Dataset, tmp_path: Path, stated: dict[str, str], said: str
) -> None:
    still = stating(grey, tmp_path, stated)
    assert still.taken_at_utc is not None
    assert (still.taken_at_utc.minute, bool(still.time_note), said in still.time_note) == (59, bool(said), True)


@pytest.mark.parametrize("group", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_what_an_enhanced_object_says_of_its_first_frame_counts(tmp_path: Path, group: str) -> None:
    """Window, rescale, time and side lie in functional groups there."""
    window, rescale, content, anatomy, groups = (Dataset() for _ in range(5))
    window.WindowCenter, window.WindowWidth = 1024, 2048
    rescale.RescaleSlope, rescale.RescaleIntercept = 0.5, 0
    content.FrameAcquisitionDateTime = "20190311101500+0100"
    anatomy.FrameLaterality = "R"
    groups.FrameVOILUTSequence, groups.PixelValueTransformationSequence = [window], [rescale]
    groups.FrameContentSequence, groups.FrameAnatomySequence = [content], [anatomy]
    grey = np.linspace(0, 4095, 64 * 48).reshape(48, 64).astype("<u2")
    still = read_dicom_still(grey_dicom(tmp_path, grey, 16, **{group: [groups]}))
    assert (still.image_rgb.min(), still.image_rgb.max()) == (0, 255)
    assert still.image_rgb[24, 0, 0] == pytest.approx(128, abs=1)
    assert (still.taken_at_utc, still.time_note, still.facts.side) == (NINE_FIFTEEN, "", "R")


def test_a_date_that_stands_in_for_one_that_cannot_be_says_so(grey: Dataset, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own note
        grey.AcquisitionDateTime, grey.StudyDate, grey.StudyTime = "20230230101500", "20230301", "256100"
        still = saved(grey, tmp_path)
    assert still.taken_at_utc is not None
    assert still.taken_at_utc.date().isoformat() == "2023-03-01"
    assert '"20230230" as its AcquisitionDateTime' in still.time_note
    assert '"256100" as the time of day' in still.time_note


@pytest.mark.parametrize("written", ["0.0015", "0.0015\\", "abc\\abc", "0,0015\\0,0015", "1\\2\\3"])
def test_a_spacing_that_is_no_pair_of_numbers_is_a_problem_and_costs_no_picture(
    grey: Dataset, tmp_path: Path, written: str
) -> None:
    raw = written.encode().ljust(len(written) + len(written) % 2)
    tag = pydicom.tag.Tag("PixelSpacing")
    grey[tag] = pydicom.dataelem.RawDataElement(tag, "DS", len(raw), raw, 0, False, True)
    still = saved(grey, tmp_path)
    assert levels(still) == [0, 62, 125, 187]
    assert (still.scale.um_per_px, f'PixelSpacing is "{written}"' in still.scale.problem) == (None, True)


@pytest.mark.parametrize("aspect", [[1, 2], [3, 1]])
def test_pixels_whose_aspect_is_not_square_are_refused_where_no_spacing_says_so(
    grey: Dataset, tmp_path: Path, aspect: list[int]
) -> None:
    grey.PixelAspectRatio = aspect
    with pytest.raises(CaptureError, match="not square"):
        saved(grey, tmp_path)
    grey.PixelAspectRatio = [1, 1]
    assert levels(saved(grey, tmp_path)) == [0, 62, 125, 187]


@pytest.mark.parametrize("scale", [1, 257])
def test_a_palette_that_calls_its_8_bits_16_is_not_black(grey: Dataset, tmp_path: Path, scale: int) -> None:
    numbers = np.arange(64 * 64).reshape(64, 64) % 256
    grey.PhotometricInterpretation = "PALETTE COLOR"
    grey.BitsAllocated, grey.BitsStored, grey.HighBit = 8, 8, 7
    grey.PixelData = numbers.astype(np.uint8).tobytes()
    tables = {"Red": np.arange(256), "Green": 255 - np.arange(256), "Blue": np.full(256, 90)}
    for colour, table in tables.items():
        grey.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        grey.add_new(f"{colour}PaletteColorLookupTableData", "OW", (table * scale).astype("<u2").tobytes())
    seen = saved(grey, tmp_path).image_rgb
    np.testing.assert_array_equal(seen, np.dstack([table[numbers] for table in tables.values()]))


@pytest.mark.parametrize(
    ("magnification", "um_per_px", "note"), [(None, None, "its detector's, not the patient's"), ("2.3", 1.5, "")]
)
def test_the_pitch_of_a_cameras_dots_is_no_scale_without_the_magnification(
    grey: Dataset, tmp_path: Path, magnification: str | None, um_per_px: float | None, note: str
) -> None:
    """A camera's 3.45 um would pass for a capillaroscope's scale."""
    grey.ImagerPixelSpacing = [0.00345, 0.00345]
    if magnification is not None:
        grey.EstimatedRadiographicMagnificationFactor = magnification
    scale = saved(grey, tmp_path).scale
    assert scale.um_per_px == (None if um_per_px is None else pytest.approx(um_per_px))
    assert (note in scale.note, bool(scale.note)) == (True, bool(note))


@pytest.mark.parametrize("camera", [10, 12, 14])
@pytest.mark.parametrize("kind", ["<u2", "<i2"])
@pytest.mark.parametrize("is_coloured", [False, True])
def test_values_of_a_camera_in_sixteen_bits_are_no_dark_picture(
    tmp_path: Path, camera: int, kind: str, is_coloured: bool
) -> None:
    """BitsStored of 16 says no more than where the values lie; with the camera's own bits they reach white."""
    if is_coloured and kind == "<i2":
        return  # the standard has no signed colours
    shape = (48, 64, 3) if is_coloured else (48, 64)
    values = np.linspace(0, 2**camera - 1, int(np.prod(shape))).reshape(shape).astype(kind)
    colours = (
        {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0} if is_coloured else {}
    )
    path = grey_dicom(tmp_path, values, 16, PixelRepresentation=int(kind == "<i2"), **colours)
    with pytest.raises(CaptureError, match="no window says which white"):
        read_dicom_still(path)
    stated = camera + (kind == "<i2")
    path = grey_dicom(tmp_path, values, stated, PixelRepresentation=int(kind == "<i2"), **colours)
    assert read_dicom_still(path).image_rgb.max() == 255


@pytest.mark.parametrize("bits", [12, 16])
def test_grey_without_a_window_is_shown_by_the_bits_that_it_states_or_refused(tmp_path: Path, bits: int) -> None:
    """4,095 is white of 12 bits; of 16 it would be all but black, and nobody says what is meant."""
    grey = np.linspace(0, 4095, 64 * 48).reshape(48, 64).astype("<u2")
    path = grey_dicom(tmp_path, grey, bits)
    if bits == 12:
        assert (read_dicom_still(path).image_rgb.min(), read_dicom_still(path).image_rgb.max()) == (0, 255)
        return
    with pytest.raises(CaptureError, match="no window says which white") as refused:
        read_dicom_still(path)
    assert "window" in refused.value.remedy
    assert (
        read_dicom_still(grey_dicom(tmp_path, grey, bits, WindowCenter=2048, WindowWidth=4096)).image_rgb.max() == 255
    )


def test_a_rescale_that_makes_every_value_the_same_is_refused(tmp_path: Path) -> None:
    grey = np.linspace(0, 4095, 64 * 48).reshape(48, 64).astype("<u2")
    with pytest.raises(CaptureError, match="RescaleSlope is 0"):
        read_dicom_still(grey_dicom(tmp_path, grey, 12, RescaleSlope=0, RescaleIntercept=0))


def grey_dicom(folder: Path, grey: NDArray[np.uint16], bits: int, **more: object) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = grey.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelData = grey.tobytes()
    for name, value in more.items():
        setattr(dataset, name, value)
    path = folder / "grey.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path
