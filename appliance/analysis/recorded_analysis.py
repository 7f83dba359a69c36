"""Results as they are recorded: the text of a document, and what it says.

Store, archive, message and pages take a document from here and pass it on; nobody else reads its members.
"""

import json
from typing import Any

from appliance.analysis.result_document import document, findings_document, image_document
from appliance.analysis.result_reading import read_identity, read_image
from appliance.domain.analysis_result import ImageAnalysis, RecordedAnalysis
from appliance.domain.errors import StoreError

Json = dict[str, Any]


def record_analysis(analysis: ImageAnalysis, file_name: str | None) -> RecordedAnalysis:
    """A new result, written down; what it says is rounded as the document is.

    Args:
        file_name: of the picture; None where it has no file.

    Raises:
        ValueError: a figure is NaN or infinite.
    """
    return recorded_from_document(document([image_document(analysis, file_name)], analysis.identity))


def recorded_from_document(described: Json) -> RecordedAnalysis:
    """A document that came as JSON types, every member kept. Raises ValueError for NaN or infinity."""
    return recorded_from_text(json.dumps(described, allow_nan=False, ensure_ascii=False, separators=(",", ":")))


def recorded_from_text(text: str) -> RecordedAnalysis:
    """A document as it was stored, to the byte; not looked into before somebody asks what it says."""
    return RecordedAnalysis(text, _read)


def revise(machine: RecordedAnalysis, analysis: ImageAnalysis) -> RecordedAnalysis:
    """The machine's document with the findings, the metrics and the verdict of a review in place of its own.

    Everything else stays as it was written, what this software does not know included.
    """
    described = document_of(machine)
    (image,) = described["images"]
    verdict = {
        "evaluable": analysis.quality.is_evaluable,
        "reasons": [reason.value for reason in analysis.quality.reasons],
    }
    image.pop("counted_row_px", None)  # left out where there is none
    image |= {"quality": {**image["quality"], **verdict}, **findings_document(analysis)}
    return recorded_from_document(described)


def document_of(recorded: RecordedAnalysis) -> Json:
    """The whole document in JSON types, the caller's to change."""
    described: Json = json.loads(recorded.text)
    return described


def image_document_of(recorded: RecordedAnalysis) -> Json:
    """The image's entry of the document in JSON types."""
    image: Json = document_of(recorded)["images"][0]
    return image


def _read(text: str) -> ImageAnalysis:
    try:
        described = json.loads(text)
        (image,) = described["images"]
        return read_image(image, read_identity(described["software"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(
            f"a recorded result cannot be read: {type(error).__name__}: {error}", "Restore the data from a backup."
        ) from error
