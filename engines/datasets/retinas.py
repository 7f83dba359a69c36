"""CHASE_DB1: retinal vessels on real tissue, drawn by two observers, as optical density.

28 pictures of children's retinas (Kingston University, CC BY 4.0; Fraz et al. 2012, doi 10.1109/TBME.2012.2205687). A
folder of `images/Image_01L.jpg` and `manual/Image_01L_1stHO.png`, `..._2ndHO.png`; none of it is in this repository.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import SettingsError

SOURCE = "CHASE_DB1 (Kingston University Research, CC BY 4.0), optical density in skin's colours"
HELD_OUT = ("Image_13L", "Image_13R", "Image_14L", "Image_14R")
"""Never trained on: both eyes of two children, none of whom is in the others."""
SURROUNDINGS_PX, RETINA_LEVEL, RIM_PX = 30.0, 12, 31
DENSITY_RANGE = (-0.08, 0.4)
"""Optical density that counts: brighter spots are the disc and reflexes, darker ones the fovea."""


@dataclass(frozen=True)
class Retina:
    """A retinal picture.

    Attributes:
        density: float32 [H, W], optical density in green against the surroundings; 1 is exceeded by a quarter of the
            vessels' pixels.
        vessel: uint8 [H, W], 1 vessel, 0 none, 2 where observers differ or nothing is shown.
    """

    name: str
    density: NDArray[np.float32]
    vessel: NDArray[np.uint8]


def read_retinas(folder: Path, names: Sequence[str] | None = None) -> list[Retina]:
    """The pictures of the data set: those named, or all but HELD_OUT.

    Raises:
        SettingsError: a picture or one of its drawings is missing.
    """
    found = sorted(path.stem for path in (folder / "images").glob("Image_*.jpg"))
    wanted = [name for name in found if name not in HELD_OUT] if names is None else list(names)
    if not wanted:
        raise SettingsError(f"no pictures in {folder / 'images'}", "Name the folder of CHASE_DB1.")
    return [_read(folder, name) for name in wanted]


def as_skin(
    density: NDArray[np.float32], absorbance: NDArray[np.floating], tone: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Levels, float32 [H, W, 3], of skin of that colour (levels of R, G, B) under that green optical density of blood.

    Args:
        absorbance: of R, G, B against green.
    """
    return np.asarray(tone * np.power(10.0, -density[:, :, None] * absorbance), dtype=np.float32)


def _read(folder: Path, name: str) -> Retina:
    image = cv2.imread(str(folder / "images" / f"{name}.jpg"), cv2.IMREAD_COLOR)
    paths = [folder / "manual" / f"{name}_{observer}.png" for observer in ("1stHO", "2ndHO")]
    drawn = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    if image is None or any(one is None for one in drawn):
        raise SettingsError(f"{name} or one of its drawings is missing in {folder}", "Fetch CHASE_DB1 whole.")
    green = image[:, :, 1].astype(np.float32)
    shown = (image[:, :, 2] > RETINA_LEVEL).astype(np.uint8)
    inside = cv2.erode(shown, np.ones((RIM_PX, RIM_PX), np.uint8), borderValue=0)
    # Around the retina all is black: surroundings are the mean of what is shown.
    weight = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), SURROUNDINGS_PX)
    around = cv2.GaussianBlur(green * shown, (0, 0), SURROUNDINGS_PX) / np.maximum(weight, 1e-3)
    density = np.log10(np.maximum(around, 1) / np.maximum(green, 1)) * inside
    first, second = (one > 127 for one in drawn)  # type: ignore[operator]  # read above
    vessel = np.where(first == second, first, 2).astype(np.uint8)
    vessel[inside == 0] = 2
    typical = float(np.quantile(density[vessel == 1], 0.75))
    held = np.clip(density, DENSITY_RANGE[0], DENSITY_RANGE[1])
    return Retina(name, np.asarray(held / typical, dtype=np.float32), vessel)
