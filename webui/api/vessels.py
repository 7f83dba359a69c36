"""What the vessel network takes for blood in a stored still, as lines over its picture: a layer of the review."""

from functools import lru_cache
from typing import Annotated

import cv2
import numpy as np
from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.analysis.vessel_outline import outlines
from appliance.domain.analysis_result import ImageAnalysis
from appliance.domain.errors import NotKeptError
from appliance.exam.stored_picture import read_still_bgr
from appliance.ports import ExamStore, FindVessels
from webui.api.openapi import api_blueprint
from webui.api.paths import ImagePath
from webui.services import Services

KEPT = 32
_TAGS = [Tag(name="vessels", description="What a network takes for blood in a picture; nothing is measured from it")]
Lines = list[list[tuple[float, float]]]


# No tuple: flask-openapi3 writes it as a schema that OpenAPI does not allow.
_Corner = Annotated[list[float], Field(min_length=2, max_length=2)]


class VesselsAnswer(BaseModel):
    """Closed lines around vessels and around holes in them; fill them by the even-odd rule."""

    outlines: list[list[_Corner]] = Field(
        description="Corners x, y in the picture's pixels, origin at the centre of the first one"
    )


class VesselOutlines:
    """Outlines of stored stills, computed when they are first asked for; a still never changes.

    Args:
        find: the station's network; takes a second for an ordinary still.
    """

    def __init__(self, store: ExamStore, find: FindVessels) -> None:
        self._store, self._find = store, find
        self._cached = lru_cache(maxsize=KEPT)(self._compute)

    def of(self, exam_id: str, image_id: str, machine: ImageAnalysis) -> Lines:
        """Closed lines, see `outlines`.

        Args:
            machine: what was found in the still when it was taken: it says how large its loops are.

        Raises:
            ErasedError: it went with its patient.
            StoreError: there is no such still, or its file is not the one that was stored.
        """
        self._store.require_pictures(exam_id)
        widths = tuple(one.bbox.w for one in machine.capillaries)
        return self._cached(exam_id, image_id, machine.um_per_px, widths)

    def _compute(self, exam_id: str, image_id: str, um_per_px: float | None, widths: tuple[float, ...]) -> Lines:
        image_bgr = read_still_bgr(self._store, exam_id, image_id)
        image_rgb = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        return outlines(self._find(image_rgb, um_per_px, widths))


def vessels_blueprint(services: Services) -> APIBlueprint:
    """/api/v1/exams/<exam>/images/<image>/vessels"""
    api = api_blueprint("vessels", __name__, _TAGS)
    found = None if services.find_vessels is None else VesselOutlines(services.store, services.find_vessels)

    @api.get(
        "/exams/<exam_id>/images/<image_id>/vessels",
        summary="What a network takes for blood in an image",
        responses={"200": VesselsAnswer},
    )
    def vessels(path: ImagePath) -> Response:
        if found is None:
            raise NotKeptError("this software has no vessel network", "Install the software again.")
        captured = services.reviews.image(*path.names).reviewed.image
        lines = [[list(corner) for corner in line] for line in found.of(*path.names, captured.analysis)]
        return jsonify(VesselsAnswer.model_validate({"outlines": lines}).model_dump(mode="json"))

    return api
