"""The first picture of a DICOM object as a viewer shows it: decoded, rescaled, windowed, RGB of 8 bits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi, get_decoder
from pydicom.uid import UID, ImplicitVRLittleEndian, JPEGBaseline8Bit

from appliance.capture.still import DARKEST_WHITE
from appliance.capture.whole_jpeg import require_whole_jpeg
from appliance.domain.errors import CaptureError


def dicom_rgb(dataset: Dataset) -> NDArray[np.uint8]:
    """uint8 (height, width, 3) of the first frame.

    The decoder converts YBR once, as the transfer syntax says. Grey goes through the modality's rescale or table and
    the first VOI table or window (PS3.3, C.11.1 and C.11.2); without one its whole stored range becomes 0 to 255.

    Raises:
        CaptureError: a colour space that no display has, or a JPEG that ends too early.
        Exception: whatever pydicom and its decoders raise on damaged data.
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID") or ImplicitVRLittleEndian
    if syntax == JPEGBaseline8Bit:
        frames = int(dataset.get("NumberOfFrames", 1) or 1)
        require_whole_jpeg(get_frame(dataset.PixelData, 0, number_of_frames=frames))
    if not UID(syntax).is_compressed and dataset.HighBit != dataset.BitsStored - 1:
        # Retired from the standard; the decoder would take the upper bits for values of their own.
        raise CaptureError(f"its {dataset.BitsStored} bits end at bit {dataset.HighBit}, which no current DICOM has")
    pixels, facts = _decoded(dataset, UID(syntax))
    kind = str(facts["photometric_interpretation"])
    if kind == "PALETTE COLOR":
        coloured = apply_color_lut(pixels, dataset)
        # Tables that call themselves 16 bits wide and hold 8 are common: all colours would be black.
        return _eight_bits(coloured, 0.0, 65_535.0 if coloured.max() > 255 else 255.0)
    bits, is_signed = int(facts["bits_stored"]), bool(facts["pixel_representation"])
    low, high = (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1) if is_signed else (0.0, 2.0**bits - 1)
    if pixels.ndim == 2:
        return np.repeat(_grey(pixels, dataset, kind, (low, high))[:, :, None], 3, axis=2)
    if kind != "RGB" or pixels.shape[2] != 3:
        raise CaptureError(f"its colours are {kind}, which is not read here", "Export it as RGB.")
    eight = _eight_bits(pixels, low, high)
    _require_known_white(eight, pixels)
    return eight


def _decoded(dataset: Dataset, syntax: UID) -> tuple[NDArray[np.generic], Mapping[str, Any]]:
    # Pillow refuses what is cut off, where GDCM fills up with grey.
    plugin = "pillow" if syntax == JPEGBaseline8Bit else ""
    try:
        pixels, facts = get_decoder(syntax).as_array(dataset, index=0, decoding_plugin=plugin)
    except Exception as error:  # pydicom and its decoders raise almost anything
        if not syntax.is_compressed:
            raise
        said = f"its coding ({syntax.name}) is not read here, or its data are damaged"
        raise CaptureError(said, "Export it uncompressed, or as JPEG 2000 or JPEG of 8 bits.") from error
    return pixels, facts


def _grey(pixels: NDArray[np.generic], dataset: Dataset, kind: str, stored: tuple[float, float]) -> NDArray[np.uint8]:
    if _first(dataset.get("RescaleSlope", 1)) == 0:
        raise CaptureError("its RescaleSlope is 0, which makes every value the same", "Export it again, or as RGB.")
    for name in ("ModalityLUTSequence", "VOILUTSequence"):
        _widen_tables(dataset, name)
    rescaled = apply_modality_lut(pixels, dataset)
    ends = np.asarray(stored) * float(dataset.get("RescaleSlope", 1) or 1) + float(
        dataset.get("RescaleIntercept", 0) or 0
    )
    if dataset.get("ModalityLUTSequence"):
        ends = np.array([0.0, 2.0 ** int(dataset.ModalityLUTSequence[0].LUTDescriptor[2]) - 1])
    if dataset.get("VOILUTSequence"):
        depth = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
        eight = _eight_bits(apply_voi(rescaled.astype(np.int64), dataset, index=0), 0.0, 2.0**depth - 1)
    elif (window := _window(dataset)) is not None:
        eight = _windowed(rescaled.astype(np.float64), *window)
    else:
        eight = _eight_bits(rescaled, float(ends.min()), float(ends.max()))
        _require_known_white(eight, pixels)
    is_inverse = kind == "MONOCHROME1" or str(dataset.get("PresentationLUTShape", "")) == "INVERSE"
    return 255 - eight if is_inverse else eight


def _widen_tables(dataset: Dataset, name: str) -> None:
    """Tables whose entries of 8 bits are packed one to a byte (PS3.3, C.11.1.1.1), as pydicom wants them: two bytes."""
    for table in dataset.get(name) or ():
        data, entries = table.get("LUTData"), int(table.LUTDescriptor[0]) or 65_536
        if (
            isinstance(data, bytes)
            and len(data) in (entries, entries + entries % 2)
            and int(table.LUTDescriptor[2]) <= 8
        ):
            table["LUTData"].value = np.frombuffer(data[:entries], np.uint8).astype("<u2").tobytes()


def _require_known_white(eight: NDArray[np.uint8], stored: NDArray[np.generic]) -> None:
    """Refuse values of 10, 12 or 14 bits that are said to be of 16, without a window: they would be all but black.

    LargestImagePixelValue says no more than the values themselves do.
    """
    # Signed values have no black of their own: what they span counts.
    reach = int(eight.max()) - (int(eight.min()) if stored.dtype.kind == "i" else 0)
    if stored.dtype.itemsize > 1 and 0 < reach <= DARKEST_WHITE:
        raise CaptureError(
            "its values take up a quarter of what its BitsStored allow, or less, and no window says which white is "
            "meant",
            "Export it with a window (WindowCenter, WindowWidth), or with the bits that its camera has.",
        )


def _window(dataset: Dataset) -> tuple[float, float, str] | None:
    """Centre, width and function of the first window; None without one that can be used."""
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    function = str(dataset.get("VOILUTFunction", "") or "LINEAR").upper()
    least = 1.0 if function == "LINEAR" else 0.0
    if centre is None or width is None or width < least or (width == 0):
        return None
    return centre, width, function


def _windowed(values: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.uint8]:
    """The formulas of PS3.3, C.11.2.1.2 and C.11.2.1.3, onto 0 to 255."""
    if function == "SIGMOID":
        share = 1 / (1 + np.exp(-4 * (values - centre) / width))
    elif function == "LINEAR_EXACT":
        share = (values - centre) / width + 0.5
    elif width == 1:
        share = (values > centre - 0.5).astype(np.float64)
    else:
        share = (values - (centre - 0.5)) / (width - 1) + 0.5
    return _eight_bits(np.clip(share, 0, 1), 0.0, 1.0)


def _eight_bits(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    share = (np.asarray(values, np.float64) - low) / (high - low)
    return np.ascontiguousarray(np.clip(np.rint(share * 255), 0, 255), dtype=np.uint8)


def _first(value: Any) -> float | None:
    """Of one value or several; None where there is none or no number."""
    try:
        return float(value) if isinstance(value, str | float | int) else float(value[0])
    except (IndexError, TypeError, ValueError):
        return None
