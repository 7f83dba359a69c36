"""There and back through the codec: what was written is what is read, sent and stored."""

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from appliance.analysis.recorded_analysis import (
    document_of,
    image_document_of,
    record_analysis,
    recorded_from_text,
    revise,
)
from appliance.analysis.result_document import document, image_document
from appliance.analysis.size import is_size_near_cut
from appliance.domain.analysis_result import EngineIdentity, ImageAnalysis
from appliance.domain.detection import BoundingBox, HaemorrhageDetection, Morphology, Row, SizeBasis, SizeClass
from appliance.domain.errors import StoreError
from appliance.domain.keypoints import WidthSegment
from appliance.domain.measurement import Capillary, MeasuredWidth
from appliance.domain.metrics import ImageMetrics
from appliance.domain.quality import FrameQuality, QualityReason
from appliance.schemas import validate
from tests.support.exam_parts import shown_frame
from tests.support.recorded_results import FIRST_EDITION, FOREIGN

OF_VERDICT = [one for one in QualityReason if one not in (QualityReason.ROW_OUT_OF_VIEW, QualityReason.ROW_TILTED)]
OF_HINT = (QualityReason.ROW_OUT_OF_VIEW, QualityReason.ROW_TILTED)


def numbers(low: float, high: float, digits: int) -> some.SearchStrategy[float]:
    """As a document states them."""
    return some.floats(low, high).map(lambda value: round(value, digits))


def boxes() -> some.SearchStrategy[BoundingBox]:
    place, side = numbers(-50, 2000, 1), numbers(0, 900, 1)
    return some.builds(BoundingBox, place, place, side, side)


def points() -> some.SearchStrategy[tuple[float, float]]:
    return some.tuples(numbers(-50, 2000, 1), numbers(-50, 2000, 1))


def widths(um_per_px: float | None) -> some.SearchStrategy[MeasuredWidth | None]:
    um = some.none() if um_per_px is None else some.none() | numbers(0.01, 150, 2)
    return some.none() | some.builds(
        MeasuredWidth, some.builds(WidthSegment, points(), points()), numbers(0.01, 100, 2), um
    )


def capillaries(um_per_px: float | None) -> some.SearchStrategy[Capillary]:
    return some.builds(
        Capillary,
        bbox=boxes(),
        score=numbers(0, 1, 3),
        track_id=some.none() | some.integers(1, 10**6),
        row=some.sampled_from(Row),
        morphology=some.sampled_from(Morphology),
        size=some.sampled_from(SizeClass),
        size_basis=some.sampled_from(SizeBasis),
        apex_px=some.none() | points(),
        apical=widths(um_per_px),
        arterial=widths(um_per_px),
        venous=widths(um_per_px),
    )


def qualities() -> some.SearchStrategy[FrameQuality]:
    def quality(reasons: list[QualityReason], **known: object) -> FrameQuality:
        return FrameQuality(is_evaluable=not reasons, reasons=tuple(reasons), **known)  # type: ignore[arg-type]

    return some.builds(
        quality,
        some.lists(some.sampled_from(OF_VERDICT), unique=True),
        focus=numbers(0, 1, 3),
        glare=numbers(0, 1, 4),
        motion_px=some.none() | numbers(0, 90, 1),
        exposure=numbers(0, 1, 3),
        hints=some.lists(some.sampled_from(OF_HINT), unique=True).map(tuple),
    )


def metrics() -> some.SearchStrategy[ImageMetrics]:
    count = some.integers(0, 40)
    densities = some.tuples(numbers(0.01, 20, 2), some.none()) | some.tuples(
        some.none(), some.sampled_from(("no_calibration", "not_evaluable", "no_distal_row", "row_hidden"))
    )
    um = some.none() | numbers(0.01, 150, 2)
    row_mm = some.none() | numbers(0, 9, 3)
    counts = some.tuples(*[count] * 8)
    return some.builds(
        lambda total, distal, row, density, mean, largest, rest: ImageMetrics(
            total, distal, row, *density, mean, largest, *rest
        ),
        *(count, count, row_mm, densities, um, um, counts),
    )


@some.composite
def analyses(draw: some.DrawFn) -> ImageAnalysis:
    """Any result, to the digits of a document."""
    um_per_px = draw(some.none() | some.floats(0.05, 50))
    moment = datetime(2026, 11, 22, tzinfo=timezone.utc).timestamp() + draw(some.integers(0, 10**9)) / 1000
    milliseconds = round(moment * 1000)
    captured = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return ImageAnalysis(
        captured_at_utc=captured.replace(microsecond=milliseconds % 1000 * 1000),
        width_px=draw(some.integers(1, 4096)),
        height_px=draw(some.integers(1, 4096)),
        um_per_px=um_per_px,
        um_per_px_uncertainty=None if um_per_px is None else draw(some.none() | numbers(0, 1, 6)),
        calibration_id=None if um_per_px is None else draw(some.text(min_size=1)),
        quality=draw(qualities()),
        capillaries=tuple(draw(some.lists(capillaries(um_per_px), max_size=4))),
        haemorrhages=tuple(draw(some.lists(some.builds(HaemorrhageDetection, boxes(), numbers(0, 1, 3)), max_size=3))),
        metrics=draw(metrics()),
        identity=EngineIdentity("0.1.0", "onnxruntime-cpu", {"detector": f"sha256:{'a' * 64}"}),
        hidden_px=tuple(draw(some.lists(boxes(), max_size=3))),
        counted_row_px=tuple(draw(some.lists(lines(), max_size=2))),
    )


def lines() -> some.SearchStrategy[tuple[tuple[float, float], ...]]:
    place = some.tuples(numbers(0, 4096, 1), numbers(0, 4096, 1))
    return some.lists(place, min_size=2, max_size=5).map(tuple)


@settings(deadline=None, max_examples=60)
@given(analyses())
def test_every_result_comes_back_as_it_was_written(analysis: ImageAnalysis) -> None:
    recorded = record_analysis(analysis, "a.png")
    validate("nailfold.analysis-1", document_of(recorded))
    assert recorded_from_text(recorded.text).analysis == analysis
    assert record_analysis(recorded.analysis, "a.png").text == recorded.text


@settings(deadline=None, max_examples=60)
@given(analyses(), some.floats(-0.004, 0.004))
def test_a_document_never_says_other_than_what_it_is_read_as(analysis: ImageAnalysis, off: float) -> None:
    """A measurement has more digits than its document: writing rounds once, and what is read back is written alike."""
    finer = tuple(
        replace(one, apical=None if one.apical is None or one.apical.um is None else _off(one.apical, off))
        for one in analysis.capillaries
    )
    recorded = record_analysis(replace(analysis, capillaries=finer), None)
    assert record_analysis(recorded.analysis, None).text == recorded.text
    for written, loop in zip(image_document_of(recorded)["capillaries"], recorded.analysis.capillaries, strict=True):
        assert written["size_is_near_cut"] == is_size_near_cut(loop, recorded.analysis.um_per_px)


def _off(width: MeasuredWidth, off: float) -> MeasuredWidth:
    assert width.um is not None
    return replace(width, px=width.px + abs(off), um=width.um + abs(off))


@pytest.mark.parametrize("text", [FIRST_EDITION, FOREIGN])
def test_a_result_of_older_or_foreign_software_is_read_and_stays_as_it_is_to_the_byte(text: str) -> None:
    recorded = recorded_from_text(text)
    expected = shown_frame(3, 1.0).analysis
    assert recorded.text == text
    assert (recorded.analysis.capillaries, recorded.analysis.haemorrhages) == (
        expected.capillaries,
        expected.haemorrhages,
    )
    assert recorded.analysis.quality == replace(expected.quality, hints=())
    assert (recorded.analysis.um_per_px, recorded.analysis.um_per_px_uncertainty) == (1.41, None)
    assert recorded.analysis.identity == expected.identity


def test_a_review_changes_what_it_found_and_keeps_what_it_does_not_know() -> None:
    machine = recorded_from_text(FOREIGN)
    before, loops = document_of(machine), machine.analysis.capillaries
    tortuous = replace(machine.analysis, capillaries=(replace(loops[0], morphology=Morphology.TORTUOUS),))
    quality = replace(machine.analysis.quality, is_evaluable=False, reasons=(QualityReason.GLARE,))
    after = document_of(revise(machine, replace(tortuous, quality=quality)))
    assert (after["site"], after["images"][0]["lens"]) == ("Zürich", {"id": 7})
    assert after["images"][0]["quality"] == {
        **before["images"][0]["quality"],
        "evaluable": False,
        "reasons": ["glare"],
    }
    assert after["images"][0]["capillaries"][0]["morphology"] == "tortuous"
    assert [*after["images"][0]] == [*before["images"][0]]
    assert machine.text == FOREIGN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        FIRST_EDITION.replace('"distal"', '"nowhere"'),
        FIRST_EDITION.replace('"width":64,', ""),
        FIRST_EDITION.replace("2026-11-22T12", "yesterday"),
        json.dumps({**json.loads(FIRST_EDITION), "images": []}),
    ],
)
def test_a_damaged_result_says_so_when_it_is_read_and_not_before(text: str) -> None:
    recorded = recorded_from_text(text)
    with pytest.raises(StoreError, match="recorded result cannot be read") as refusal:
        _ = recorded.analysis
    assert refusal.value.remedy


def test_a_figure_that_is_no_number_is_never_recorded() -> None:
    analysis = shown_frame(1, 1.0).analysis
    broken = replace(analysis, metrics=replace(analysis.metrics, density_per_mm=float("nan")))
    with pytest.raises(ValueError, match="JSON compliant"):
        record_analysis(broken, "a.png")


def test_a_live_frame_and_its_capture_say_the_same() -> None:
    analysis = shown_frame(1, 1.0).analysis
    live = document([image_document(analysis, "a.png")], analysis.identity)
    assert document_of(record_analysis(analysis, "a.png")) == live


def test_a_width_at_the_edge_of_the_grey_zone_is_judged_as_it_is_written() -> None:
    analysis = shown_frame(1, 1.0).analysis
    assert analysis.um_per_px == 1.41
    wide = MeasuredWidth(WidthSegment((20.0, 10.0), (20.0, 26.0)), 16.0, 21.409999)
    recorded = record_analysis(replace(analysis, capillaries=(replace(analysis.capillaries[0], apical=wide),)), "a.png")
    written, loop = image_document_of(recorded)["capillaries"][0], recorded.analysis.capillaries[0]
    assert (written["widths_um"]["apical"], written["size_is_near_cut"]) == (21.41, False)
    assert not is_size_near_cut(loop, recorded.analysis.um_per_px)
