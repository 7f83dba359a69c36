"""What a still will say about itself, gathered from the picture and its result."""

from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.exam import Placement
from appliance.domain.still import StillMetadata


def describe_still(shown: AnalysedFrame, image_id: str, exam_id: str, placement: Placement) -> StillMetadata:
    """The metadata of one capture; scale and engines are those of the result, so both can be repeated from the file."""
    analysis, calibration, camera = shown.analysis, shown.calibration, shown.frame.camera
    return StillMetadata(
        image_id=image_id,
        exam_id=exam_id,
        placement=placement,
        captured_at_utc=shown.frame.captured_at_utc,
        um_per_px=analysis.um_per_px,
        calibration_id=analysis.calibration_id,
        scale_origin=None if calibration is None else calibration.origin,
        magnification=None if calibration is None else calibration.magnification,
        camera_name=camera.name,
        camera_id=camera.camera_id,
        pixel_format=camera.pixel_format,
        software_version=analysis.identity.software_version,
        runtime=analysis.identity.runtime,
        engines=dict(analysis.identity.engines),
    )
