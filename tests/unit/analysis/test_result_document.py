import copy
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import jsonschema_rs
import pytest

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.result_document import document, image_document
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.detection import SizeBasis
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import MeasuredWidth
from appliance.schemas import SchemaError, load_schema, validate
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render
from tests.support.rendered import IDENTITY, TruthEngine, calibration_of, frame_of

SCHEMA = "nailfold.analysis-1"


@pytest.fixture(scope="module")
def analysis() -> FrameAnalysis:
    scene = render(62, um_per_px=1.41, pattern=Pattern.ACTIVE, difficulty=0.3)
    pipeline = Pipeline(TruthEngine(scene).engines, calibration_of(scene))
    pipeline.analyse(frame_of(scene.image_rgb, 0), track=True)
    return pipeline.analyse(frame_of(scene.image_rgb, 1), track=True)


@pytest.fixture
def whole(analysis: FrameAnalysis) -> dict:
    return document([image_document(analysis, "a.png")], IDENTITY)


def test_real_output_fits_the_schema_and_survives_json(whole: dict) -> None:
    validate(SCHEMA, whole)
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def test_rendered_nailfolds_of_every_kind_fit_the_schema(scenes) -> None:
    images = []
    for scene in scenes:
        for calibration in (calibration_of(scene), None):
            pipeline = Pipeline(TruthEngine(scene).engines, calibration)
            images.append(image_document(pipeline.analyse(frame_of(scene.image_rgb), track=False), "a.png"))
    validate(SCHEMA, document(images, IDENTITY))
    reasons = {image["metrics"]["density_unmeasurable_because"] for image in images}
    assert {None, "no_calibration", "not_evaluable"} <= reasons


def test_the_document_says_what_was_measured(analysis: FrameAnalysis, whole: dict) -> None:
    image, first = whole["images"][0], analysis.capillaries[0]
    assert (image["width"], image["height"], image["um_per_px"]) == (640, 480, 1.41)
    assert image["captured_at"] == "2026-11-22T10:00:00.033Z"
    assert len(image["capillaries"]) == len(analysis.capillaries)
    capillary = image["capillaries"][0]
    assert capillary["bbox_px"] == pytest.approx([first.bbox.x, first.bbox.y, first.bbox.w, first.bbox.h], abs=0.051)
    assert capillary["track_id"] == 1
    assert first.apical is not None
    assert capillary["widths_um"]["apical"] == pytest.approx(first.apical.um, abs=0.0051)
    assert capillary["widths_px"]["apical"] == pytest.approx(first.apical.px, abs=0.0051)
    assert capillary["segments_px"]["apical"][0] == capillary["apex_px"]
    assert image["metrics"]["density_per_mm"] == pytest.approx(analysis.metrics.density_per_mm, abs=0.0051)


def test_a_class_that_one_pixel_could_change_is_marked(analysis: FrameAnalysis) -> None:
    first = analysis.capillaries[0]

    def marked(um: float, basis: SizeBasis = SizeBasis.MEASURED, um_per_px: float | None = 1.41) -> bool:
        width = MeasuredWidth(WidthSegment((0, 0), (0, um)), um, um)
        one = replace(first, apical=width, arterial=None, venous=None, size_basis=basis)
        image = image_document(replace(analysis, capillaries=(one,), um_per_px=um_per_px), "a.png")
        return image["capillaries"][0]["size_is_near_cut"]

    assert [marked(um) for um in (15.0, 18.7, 21.0, 30.0, 49.0, 51.0, 60.0)] == [0, 1, 1, 0, 1, 1, 0]
    assert not marked(20.0, SizeBasis.APPEARANCE)
    assert not marked(20.0, um_per_px=None)


def test_a_live_image_has_no_file_and_may_carry_its_number_and_times(analysis: FrameAnalysis) -> None:
    extra = {"seq": analysis.seq, "stage_ms": dict(analysis.stage_ms)}
    for nameless in (None, ""):
        image = image_document(analysis, nameless, extra)
        assert image["file"] is None
        validate(SCHEMA, document([image], IDENTITY))


def test_extra_members_never_replace_measured_ones(analysis: FrameAnalysis) -> None:
    with pytest.raises(ValueError, match="metrics"):
        image_document(analysis, "a.png", {"metrics": {}})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("images", 0, "um_per_px"), None),  # a scale is there with its calibration or not at all
        (("images", 0, "metrics", "density_per_mm"), None),  # no density without a reason
        (("images", 0, "metrics", "density_unmeasurable_because"), "no_calibration"),  # no reason beside a density
        (("images", 0, "metrics", "density_unmeasurable_because"), "unlucky"),
        (("images", 0, "capillaries", 0, "size"), "huge"),
        (("images", 0, "capillaries", 0, "widths_um", "apical"), 0),
        (("images", 0, "capillaries", 0, "bbox_px"), [1, 2, 3]),
        (("images", 0, "capillaries", 0, "bbox_px"), [1, 2, 3, 4, 5]),
        (("images", 0, "captured_at"), "2026-11-22 10:00"),
        (("images", 0, "patient_name"), "Doe"),
        (("software", "engines", "detector"), "latest"),
        (("schema",), "nailfold.analysis/2"),
    ],
)
def test_the_schema_refuses_what_must_not_leave_the_box(whole: dict, path, value) -> None:
    spoilt = copy.deepcopy(whole)
    at = spoilt
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(SchemaError):
        validate(SCHEMA, spoilt)


def test_every_member_is_required_and_described() -> None:
    def check(schema: dict, where: str) -> None:
        if "properties" in schema and schema.get("type") == "object":
            assert schema.get("additionalProperties") is False, where
            optional = set(schema["properties"]) - set(schema["required"])
            may_be_missing = {"seq", "stage_ms", "hints", "um_per_px_uncertainty", "hidden_px", "counted_row_px"}
            assert optional <= may_be_missing, where
            for name, member in schema["properties"].items():
                described = member.get("description") or "$ref" in member or "const" in member
                assert described, f"{where}.{name}"
                check(member, f"{where}.{name}")

    root = load_schema(SCHEMA)
    jsonschema_rs.meta.validate(root)
    check(root, "document")
    for name, schema in root["$defs"].items():
        assert schema["description"], name
        check(schema, name)


def test_times_are_told_in_utc(analysis: FrameAnalysis) -> None:
    cet = datetime(2026, 11, 22, 11, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    image = image_document(replace(analysis, captured_at_utc=cet), "a.png")
    assert image["captured_at"] == "2026-11-22T10:00:00.123Z"


def test_a_measured_scale_says_how_uncertain_it_is(analysis: FrameAnalysis) -> None:
    image = image_document(replace(analysis, um_per_px_uncertainty=0.0031234567), "a.png")
    assert image["um_per_px_uncertainty"] == 0.003123
    validate(SCHEMA, document([image], IDENTITY))
    assert "um_per_px_uncertainty" not in image_document(analysis, "a.png")
