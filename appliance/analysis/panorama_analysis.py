"""The result of a stitched nailfold, counted as one picture."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.analysis.panorama import Panorama
from appliance.analysis.panorama_detection import PanoramaDetector
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.quality import PictureFigures, measure_picture
from appliance.analysis.settings import AnalysisSettings
from appliance.domain.analysis_result import AnalysedFrame
from appliance.domain.calibration import Calibration
from appliance.domain.frame import Frame
from appliance.ports import EngineSet

AnalysePanorama = Callable[[Panorama, Frame], AnalysedFrame]


class PanoramaAnalyser:
    """Runs the usual stages over a panorama. Used from one thread; the engines may be shared if they can be.

    Args:
        engines: for pictures of the camera's size.
        calibration_for: the scale of the camera's frames; a panorama has the same.
    """

    def __init__(
        self,
        engines: EngineSet,
        calibration_for: Callable[[Frame], Calibration | None],
        settings: AnalysisSettings | None = None,
    ) -> None:
        self._engines = engines
        self._calibration_for = calibration_for
        self._settings = settings or AnalysisSettings()

    def __call__(self, panorama: Panorama, frame: Frame) -> AnalysedFrame:
        """Everything found in the panorama, each loop once.

        Args:
            frame: one of the sweep; its camera, time and number become the panorama's.

        Raises:
            InferenceError: an engine failed.
        """
        size_px = (frame.width_px, frame.height_px)
        height, width = panorama.image_rgb.shape[:2]
        whole = replace(frame, image_rgb=panorama.image_rgb)
        scale = self._calibration_for(frame)
        # The same scale for a larger picture: pixels of the panorama are pixels of its frames.
        wide = None if scale is None else replace(scale, width_px=width, height_px=height)
        tiles = PanoramaDetector(self._engines.detector, size_px)
        engines = replace(self._engines, detector=tiles, stills=None)
        # Loops are to be as large on the camera's frame as ever, however wide the panorama is.
        settings = replace(self._settings, apex_min_of_width=self._settings.apex_min_of_width * frame.width_px / width)
        pipeline = Pipeline(
            engines, wide, settings, figures_of=lambda image: median_figures(image, size_px, panorama.seen)
        )
        return AnalysedFrame(whole, pipeline.analyse(whole, track=False), wide)


def median_figures(image_rgb: NDArray[np.uint8], tile_px: tuple[int, int], seen: NDArray[np.bool_]) -> PictureFigures:
    """Quality figures of a large picture: medians over pieces of a frame's size, of which most was seen."""
    height, width = image_rgb.shape[:2]
    step = max(1, tile_px[0] // 2)
    lefts = sorted({*range(0, max(1, width - tile_px[0] + 1), step), max(0, width - tile_px[0])})
    rows = np.flatnonzero(seen.mean(axis=1) > 0.5)
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, height)
    pieces = [measure_picture(np.ascontiguousarray(image_rgb[top:bottom, left : left + tile_px[0]])) for left in lefts]

    def median(of: Callable[[PictureFigures], float]) -> float:
        return float(np.median([of(piece) for piece in pieces]))

    return replace(
        pieces[0],
        focus=median(lambda piece: piece.focus),
        glare=median(lambda piece: piece.glare),
        exposure=median(lambda piece: piece.exposure),
        redness=median(lambda piece: piece.redness),
        contrast=median(lambda piece: piece.contrast),
        hidden=None,
    )
