"""Where a still shows red cells, for the eye alone: a layer over the picture, from a network of its own.

It runs when somebody asks for the layer and is closed again: the live picture pays neither time nor memory for it.
It computes in ONNX Runtime on the processor whatever runs the other networks; nothing is measured from its answer.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.inference.blood_colour import without_shadows
from appliance.inference.detector import input_size_of
from appliance.inference.letterbox import letterbox_view
from appliance.inference.manifest import EngineManifest, read_layers
from appliance.inference.ort_runtime import OnnxRuntime
from appliance.inference.tiled_detection import MIN_ZOOM, Tile, plan_tiles, wanted_zoom
from appliance.ports import FindVessels, LoadedEngine

ROLE, OUTPUT = "vessels", "vessels"
THREADS = 1
"""Somebody waits a second; the live picture must not."""
BLACK = 0.22
"""Share of the skin's brightest channel: blood lets more red pass. What is darker, as around an eyepiece, is none."""
LEAST_BORDER, FADING_BORDER = 0.025, 0.03
"""Of the picture's width: smaller black areas are dirt and the network's own business; borders fade over the second."""
LEAST_WEIGHT = 0.02
"""Of a tile's border against its middle, where neighbouring tiles overlap."""


class VesselLayer:
    """Finds vessels in stills.

    Args:
        manifest: vouches for the network, see `read_layers`.
    """

    def __init__(self, manifest: EngineManifest) -> None:
        self._manifest = manifest
        self._input_height, self._input_width = input_size_of(manifest.engine(ROLE))

    def find(
        self, image_rgb: NDArray[np.uint8], um_per_px: float | None = None, loop_widths_px: Sequence[float] = ()
    ) -> NDArray[np.float32]:
        """The chance of each pixel to show a column of red cells, float32 [height, width], 0 to 1.

        Args:
            image_rgb: uint8 [height, width, 3]; large pictures are looked at in tiles.
            um_per_px: its scale where that is known; else the widths of its loops' boxes say how close to look.

        Raises:
            InferenceError: the network is not the one that the manifest vouches for.
        """
        network = OnnxRuntime(self._manifest, THREADS).load(ROLE)
        try:
            chance = self._find(network, image_rgb, um_per_px, loop_widths_px)
        finally:
            network.close()
        chance[_is_border(image_rgb)] = 0.0
        return without_shadows(image_rgb, chance)

    def _find(
        self,
        network: LoadedEngine,
        image_rgb: NDArray[np.uint8],
        um_per_px: float | None,
        loop_widths_px: Sequence[float],
    ) -> NDArray[np.float32]:
        height, width = image_rgb.shape[:2]
        shrink = max(width / self._input_width, height / self._input_height)
        zoom = min(wanted_zoom(loop_widths_px, shrink, um_per_px), shrink)
        if zoom < MIN_ZOOM:
            return self._look(network, image_rgb)
        tiles = plan_tiles((width, height), (self._input_width, self._input_height), shrink / zoom)
        total, weights = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
        for tile in tiles:
            part = slice(tile.y, tile.y + tile.h), slice(tile.x, tile.x + tile.w)
            weight = _weight(tile)
            total[part] += weight * self._look(network, np.ascontiguousarray(image_rgb[part]))
            weights[part] += weight
        return total / weights

    def _look(self, network: LoadedEngine, image_rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = image_rgb.shape[:2]
        view = letterbox_view(width, height, self._input_width, self._input_height)
        chance = network.run({"image": view.fill(image_rgb)})[OUTPUT][0]
        whole = cv2.resize(chance, (self._input_width, self._input_height), interpolation=cv2.INTER_LINEAR)
        used = whole[: view.used_height_px, : view.used_width_px]
        return np.asarray(cv2.resize(used, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def vessel_finder(weights_dir: Path) -> FindVessels | None:
    """The layer of a weights folder; None where it has none.

    Raises:
        InferenceError: its layers.json cannot be trusted.
    """
    manifest = read_layers(weights_dir)
    return VesselLayer(manifest).find if ROLE in manifest.engines else None


def _is_border(image_rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where nothing is shown: large black areas and what fades into them, bool [height, width]."""
    width = image_rgb.shape[1]
    brightest = image_rgb.max(axis=2)
    is_black = (brightest < BLACK * np.quantile(brightest[::4, ::4], 0.75)).astype(np.uint8)
    opened = cv2.morphologyEx(is_black, cv2.MORPH_OPEN, _square(LEAST_BORDER * width))
    return np.asarray(cv2.dilate(opened, _square(2 * FADING_BORDER * width)) > 0)


def _square(side_px: float) -> NDArray[np.uint8]:
    return np.ones((max(1, round(side_px)),) * 2, np.uint8)


def _weight(tile: Tile) -> NDArray[np.float32]:
    """float32 [h, w]: 1 in the middle, falling to almost nothing at borders behind which the picture goes on."""
    left, top, right, bottom = tile.is_inner

    def along(length: int, is_first_inner: bool, is_last_inner: bool) -> NDArray[np.float32]:
        at = (np.arange(length, dtype=np.float32) + 0.5) / length
        first = np.clip(at * 4, LEAST_WEIGHT, 1) if is_first_inner else np.ones_like(at)
        last = np.clip((1 - at) * 4, LEAST_WEIGHT, 1) if is_last_inner else np.ones_like(at)
        return np.asarray(np.minimum(first, last), dtype=np.float32)

    return np.asarray(along(tile.h, top, bottom)[:, None] * along(tile.w, left, right)[None, :])
