"""Where the nailfold lies in the picture: scale, roll and the curve of the distal row."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class RowShape:
    """Height of the distal row's apices over the finger, in micrometres of the nailfold's own axes."""

    level_um: float
    slope: float
    curvature_per_um: float
    wave_um: float
    wavelength_um: float
    phase: float

    def height_um(self, along_um: NDArray[np.floating]) -> FloatArray:
        """Depth coordinate of the row at positions `along_um`."""
        along = np.asarray(along_um, dtype=np.float64)
        wave = self.wave_um * np.sin(2 * np.pi * along / self.wavelength_um + self.phase)
        return np.asarray(self.level_um + self.slope * along + self.curvature_per_um * along**2 + wave)


@dataclass(frozen=True)
class View:
    """The camera's view. Nailfold axes: u along the row, v proximal (down in an upright image), micrometres, origin at
    the image centre. Roll is clockwise on the screen."""

    width: int
    height: int
    um_per_px: float
    roll_deg: float
    row: RowShape

    @property
    def centre(self) -> FloatArray:
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    @property
    def rotation(self) -> FloatArray:
        """Matrix from nailfold axes to image axes."""
        roll = np.deg2rad(self.roll_deg)
        return np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])

    def to_px(self, points_um: FloatArray) -> FloatArray:
        """Nailfold micrometres (N, 2) to pixels (N, 2)."""
        return np.asarray(points_um @ self.rotation.T / self.um_per_px + self.centre)

    def to_um(self, points_px: FloatArray) -> FloatArray:
        """Pixels (N, 2) to nailfold micrometres (N, 2)."""
        return np.asarray((points_px - self.centre) * self.um_per_px @ self.rotation)

    @property
    def reach_um(self) -> tuple[float, float]:
        """Half extents along u and v that cover the image."""
        corners = np.array([[0, 0], [self.width, 0], [0, self.height], [self.width, self.height]], dtype=np.float64)
        u, v = np.abs(self.to_um(corners)).max(axis=0)
        return float(u), float(v)

    def depth_map_um(self) -> NDArray[np.float32]:
        """Distance below the distal row, negative beyond it; float32 (height, width), drawn on a quarter grid."""
        u, v = self.grid_um(4)
        depth = (v - self.row.height_um(u)).astype(np.float32)
        return np.asarray(cv2.resize(depth, (self.width, self.height), interpolation=cv2.INTER_LINEAR))

    def grid_um(self, step: int) -> tuple[FloatArray, FloatArray]:
        """Nailfold coordinates of every `step`-th pixel (cell centres)."""
        xs = (np.arange(-(-self.width // step)) + 0.5) * step - 0.5
        ys = (np.arange(-(-self.height // step)) + 0.5) * step - 0.5
        x, y = np.meshgrid(xs, ys)
        points = self.to_um(np.stack([x.ravel(), y.ravel()], axis=1))
        return points[:, 0].reshape(x.shape), points[:, 1].reshape(x.shape)

    def row_length_mm(self) -> float:
        """Length of the distal row's curve inside the image."""
        reach = self.reach_um[0]
        along = np.linspace(-reach, reach, 2001)
        points = self.to_px(np.stack([along, self.row.height_um(along)], axis=1))
        inside = (points[:, 0] >= 0) & (points[:, 0] < self.width) & (points[:, 1] >= 0) & (points[:, 1] < self.height)
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1) * self.um_per_px / 1000
        return float(steps[inside[:-1] & inside[1:]].sum())


def draw_view(rng: np.random.Generator, width: int, height: int, um_per_px: float | None, difficulty: float) -> View:
    """A view at random.

    Scale 1.0 to 2.6 um per pixel at 640 pixels (1280 px over 1.33 to 3.3 mm occur in practice; Dino-Lite at 220x:
    1.41). Roll mostly within 20 degrees, up to 60. The row lies 10 to 62 % down the image (labelled tops in real images
    p5..p95: 12 to 74 %, deeper rows included).
    """
    if um_per_px is None:
        um_per_px = float(2.6 ** (rng.random() ** 1.25)) * 640 / width
    roll = float(rng.normal(0, 7)) if rng.random() > 0.12 * difficulty else float(rng.uniform(-60, 60))
    reach = width * um_per_px / 2
    row = RowShape(
        level_um=(float(rng.uniform(0.10, 0.62)) - 0.5) * height * um_per_px,
        slope=float(rng.normal(0, 0.06)),
        curvature_per_um=float(rng.normal(0.05, 0.06)) / reach,
        wave_um=float(abs(rng.normal(0, 18))),
        wavelength_um=float(rng.uniform(400, 1500)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )
    return View(width, height, um_per_px, roll, row)
