"""Networks in fewer bits for one box: made, judged, and kept with their record only if they passed."""

import hashlib
import importlib.metadata
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path

from appliance.domain.errors import InferenceError
from appliance.durable_files import write_durably
from appliance.inference.manifest import EngineEntry
from appliance.inference.variant_manifest import VariantRecord, read_record, variant_paths
from engines.build.gate import decide, require_accepted
from engines.build.half_precision import halve
from engines.build.half_rounding import rounded_like_half
from engines.build.int8 import quantise
from engines.build.rendered_sets import (
    CALIBRATION_IMAGES,
    CALIBRATION_SEED,
    GATE_IMAGES,
    GATE_SEED,
    calibration_inputs,
    rendered,
)
from engines.synthetic.truth import RenderedImage


class VariantMaker:
    """Makes variants of networks; its pictures are drawn once.

    Args:
        folder: where variants and records lie.
        gate_images, calibration_images: how many of the sets in rendered_sets; fewer than all of them is for tests.
    """

    def __init__(self, folder: Path, gate_images: int | None = None, calibration_images: int | None = None) -> None:
        self._folder = folder
        self._gate_images = gate_images or GATE_IMAGES
        self._calibration_images = calibration_images or CALIBRATION_IMAGES

    def quantise(self, entry: EngineEntry, target: str) -> VariantRecord:
        """The network in int8 for "onnxruntime" or "tensorrt"; see engines.build.int8.

        Raises:
            InferenceError: it cannot be quantised, or the gate refused it; nothing is written then.
        """
        content = quantise(entry.read_verified(), calibration_inputs(entry, self._calibration_pictures), target)
        return self.keep(entry, content, target)

    def keep(self, entry: EngineEntry, content: bytes, target: str) -> VariantRecord:
        """Judge a network in int8, then write it and its record, each whole or not at all."""
        calibration = {"first_seed": CALIBRATION_SEED, "images": self._calibration_images}
        record = self._judged(entry, "int8", target, content, content, calibration)
        path = variant_paths(self._folder, entry.role, "int8", target)[0]
        self._write(path, content, record)
        return record

    def accept_half(self, entry: EngineEntry) -> VariantRecord:
        """The record that float16 in TensorRT keeps this network's accuracy; made once for the same weights.

        Raises:
            InferenceError: the gate refused it.
        """
        try:
            return read_record(entry, self._folder, "fp16", "tensorrt")
        except InferenceError:
            pass  # Not judged yet, or for other weights.
        network = entry.read_verified()
        record = self._judged(entry, "fp16", "tensorrt", network, rounded_like_half(halve(network)), {})
        self._write(None, b"", record)
        return record

    def _judged(
        self, entry: EngineEntry, precision: str, target: str, kept: bytes, computed: bytes, calibration: dict[str, int]
    ) -> VariantRecord:
        verdict = decide(entry, computed, self._gate_pictures)
        gate = require_accepted(verdict, entry.role, precision, self._gate_images)
        return VariantRecord(
            role=entry.role,
            precision=precision,
            target=target,
            source_sha256=entry.sha256,
            sha256=hashlib.sha256(kept).hexdigest(),
            gate={"first_seed": GATE_SEED, "images": self._gate_images, **gate},
            calibration=calibration,
            made_with={name: importlib.metadata.version(name) for name in ("onnx", "onnxruntime")},
            made_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )

    @cached_property
    def _gate_pictures(self) -> Sequence[RenderedImage]:
        return tuple(rendered(GATE_SEED, self._gate_images))

    @cached_property
    def _calibration_pictures(self) -> Sequence[RenderedImage]:
        return tuple(rendered(CALIBRATION_SEED, self._calibration_images))

    def _write(self, path: Path | None, content: bytes, record: VariantRecord) -> None:
        """The network before its record: one beside an older record, as after a power cut, is refused at load."""
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, content)
            record.write(self._folder)
        except OSError as error:
            raise InferenceError(
                f"writing the {record.role} network in {record.precision} failed: {error}",
                "Check the disk and the folder's owner.",
            ) from error
