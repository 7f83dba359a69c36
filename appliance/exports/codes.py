"""Codes for what is exported: published ones where they exist, this product's own where none does.

SNOMED CT holds fingers and sides. For nailfold capillaroscopy itself neither LOINC nor SNOMED CT has codes that we know
of, so findings and figures carry codes of a local code system of our own, with text, and never an invented one.
"""

import uuid

from appliance.domain.exam import Finger, Hand

ROOT = uuid.UUID("463f4812-891a-48ed-9a1b-52c23f9cd9c6")
"""Names of this product's own objects (UUID version 5) start here; never changed."""

SNOMED_URL = "http://snomed.info/sct"
UCUM_URL = "http://unitsofmeasure.org"
LOCAL_NAME = "NailfoldCapillaroscopy"
LOCAL_VERSION = "2.2.0"
"""Of the local code system: a code that is added raises the second figure, one that changes its meaning the first."""
DICOM_LOCAL_SCHEME = "99NAILFOLD"
"""DICOM PS3.16, 8.2: designators of private schemes start with 99."""

FINGER_SNOMED = {
    Finger.THUMB: ("76505004", "Thumb"),
    Finger.INDEX: ("83738005", "Index finger"),
    Finger.MIDDLE: ("65531009", "Middle finger"),
    Finger.RING: ("82002001", "Ring finger"),
    Finger.LITTLE: ("12406000", "Little finger"),
}
SIDE_SNOMED = {Hand.LEFT: ("7771000", "Left"), Hand.RIGHT: ("24028007", "Right")}


def own_uuid(*names: str) -> uuid.UUID:
    """The same UUID for the same names, on every box."""
    return uuid.uuid5(ROOT, "\x1f".join(names))


def oid(of: uuid.UUID) -> str:
    """A UUID as an object identifier below 2.25 (ITU-T X.667), which needs no registration."""
    return f"2.25.{of.int}"


LOCAL_SYSTEM_OID = oid(own_uuid("code system"))
LOCAL_SYSTEM_URL = f"urn:oid:{LOCAL_SYSTEM_OID}"
PSEUDONYM_SYSTEM_URL = f"urn:oid:{oid(own_uuid('pseudonym of the clinic'))}"

LOCAL_CODES = {
    "capillaroscopy-report": "Nailfold capillaroscopy report",
    "capillaroscopy-exam": "Nailfold capillaroscopy, all fingers",
    "capillaroscopy-finger": "Nailfold capillaroscopy of one finger",
    "capillary-loop": "Nailfold capillary loop",
    "microhaemorrhage": "Nailfold microhaemorrhage",
    "apical-width": "Apical width of the red-cell column",
    "arterial-width": "Width of the arterial limb",
    "venous-width": "Width of the venous limb",
    "capillary-shape": "Shape of a capillary loop",
    "capillary-size": "Calibre class of a capillary loop",
    "capillary-row": "Row of a capillary loop",
    "detection-score": "Confidence of the detector",
    "laterality": "Side of the body",
    "sector": "Sector of the nailfold",
    "shape-normal": "Normal shape",
    "shape-tortuous": "Tortuous",
    "shape-ramified": "Ramified",
    "shape-giant": "Giant",
    "size-normal": "Calibre below 20 um",
    "size-enlarged": "Calibre from 20 to 50 um",
    "size-giant": "Calibre above 50 um",
    "row-distal": "Distal row",
    "row-other": "Other row",
    "um-per-px": "Micrometres per pixel",
    "scale-origin": "How the scale became known",
    "review-state": "Whether a physician validated the result",
}
"""Code to display; figures add their keys ("density_per_mm") and, with the suffix .ci95, their uncertainties."""


def finger_text(hand: Hand, finger: Finger) -> str:
    """As a person reads it: "Left index finger"."""
    return f"{SIDE_SNOMED[hand][1]} {FINGER_SNOMED[finger][1].lower()}"


def figure_display(key: str) -> str:
    """A figure's key in words: "Density per mm"."""
    return key.replace("_", " ").capitalize()
