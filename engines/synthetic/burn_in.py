"""Text, dates, scale bars and frames that capture software burns into its stills."""

import cv2
import numpy as np
from numpy.typing import NDArray

ByteImage = NDArray[np.uint8]
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX)
COLOURS = ((255, 255, 255), (0, 0, 0), (255, 255, 0), (0, 255, 0), (255, 0, 0), (0, 0, 255))


def burn_in(rng: np.random.Generator, image_rgb: ByteImage, um_per_px: float) -> None:
    """Draw a caption and a scale bar into a uint8 (height, width, 3) RGB image, in place."""
    height, width = image_rgb.shape[:2]
    scale = width / 640
    colour = COLOURS[int(rng.integers(len(COLOURS)))]
    font = FONTS[int(rng.integers(len(FONTS)))]
    if rng.random() < 0.7:
        text = _caption(rng)
        at = (int(rng.uniform(0.01, 0.55) * width), int(rng.choice([0.05, 0.09, 0.94, 0.98]) * height))
        cv2.putText(image_rgb, text, at, font, scale * rng.uniform(0.4, 0.9), colour, round(scale), cv2.LINE_AA)
    if rng.random() < 0.6:
        _scale_bar(rng, image_rgb, um_per_px, font, colour)


def _caption(rng: np.random.Generator) -> str:
    day = f"20{rng.integers(10, 27):02d}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    clock = f"{rng.integers(8, 18):02d}:{rng.integers(60):02d}"
    finger = f"{rng.choice(['L', 'R', 'Left', 'Right'])} {rng.choice(['D2', 'D3', 'D4', 'D5', 'ring', 'index'])}"
    zoom = f"{rng.integers(195, 262)}x"
    return str(rng.choice([day, f"{day} {clock}", finger, f"{finger} {zoom}", zoom, f"IMG_{rng.integers(9999):04d}"]))


def _scale_bar(
    rng: np.random.Generator, image_rgb: ByteImage, um_per_px: float, font: int, colour: tuple[int, int, int]
) -> None:
    height, width = image_rgb.shape[:2]
    scale = width / 640
    length_um = int(rng.choice([50, 100, 200, 250]))
    length = int(length_um / um_per_px)
    x, y = int(rng.uniform(0.03, 0.6) * width), int(rng.choice([0.06, 0.93]) * height)
    thick = max(1, round(scale * rng.uniform(1, 4)))
    cv2.line(image_rgb, (x, y), (x + length, y), colour, thick)
    if rng.random() < 0.6:
        tick = int(5 * scale)
        for end in (x, x + length):
            cv2.line(image_rgb, (end, y - tick), (end, y + tick), colour, thick)
    cv2.putText(image_rgb, f"{length_um} um", (x, y - int(7 * scale)), font, 0.5 * scale, colour, 1, cv2.LINE_AA)
