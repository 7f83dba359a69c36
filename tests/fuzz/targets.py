"""Every parser of bytes that this product did not write, with what it may raise and something to begin with.

A target takes bytes and returns; whatever else it raises than its own refusals is a fault.
"""

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from appliance.apps.archive.foreign_stills import read_foreign_still
from appliance.apps.config.load_settings import check_site_file
from appliance.apps.fleet_server.reception import Arrival, receive
from appliance.apps.fleet_server.settings import load_fleet_settings
from appliance.capture.ome_scale import ome_description, sizes_of_ome
from appliance.capture.video_frames import VideoFrames
from appliance.domain.bounded_json import bounded_loads, keepable_loads
from appliance.domain.errors import ApplianceError
from appliance.exam.motion_jpeg import read_avi, write_avi
from appliance.exports.archive.read import import_archive
from appliance.exports.archive.write import write_archive
from appliance.exports.report.form import read_form
from appliance.fleet.jobs import JobAnswer
from appliance.fleet.message import read_message
from appliance.foreign_files.text import decode_text
from appliance.storage.memory_store import MemoryExamStore
from appliance.transport.ingest_answers import lacking_in
from engines.datasets.coco import read_coco
from engines.datasets.labelme import image_of
from engines.datasets.yolo import labels_of
from engines.datasets.yolo_names import read_names
from tests.support.exam_parts import NOON
from tests.support.exam_to_export import exam_to_export, finished_exam

DATA = Path(__file__).parents[1] / "data"
FRAMES_OF_A_VIDEO = 3


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        run: raises nothing for any bytes: its parser's own refusals are swallowed here.
        seeds: whole documents to begin with.
        share: of all cases, relative to the others: what decodes pixels is slower.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    share: float = 1.0


def _picture(content: bytes) -> None:
    with _file(content, "picture") as path, suppress(ApplianceError):
        read_foreign_still(path)


def _video(content: bytes) -> None:
    with _file(content, "video.avi") as path, suppress(ApplianceError):
        frames = VideoFrames(path)
        try:
            for _ in range(FRAMES_OF_A_VIDEO):
                if not frames.grab():
                    break
                frames.picture()
        finally:
            frames.close()


def _clip(content: bytes) -> None:
    with suppress(ValueError):
        read_avi(content)


def _site_file(content: bytes) -> None:
    with _file(content, "site.toml") as path:
        check_site_file(path)


def _fleet_file(content: bytes) -> None:
    with _file(content, "fleet.toml") as path, suppress(ApplianceError):
        load_fleet_settings(path)


def _report_form(content: bytes) -> None:
    with suppress(ApplianceError, UnicodeError):
        read_form(decode_text(content), "form.toml")


def _coco(content: bytes) -> None:
    with _file(content, "labels.json") as path, suppress(ApplianceError):
        read_coco(path)


def _labelme(content: bytes) -> None:
    with suppress(ApplianceError, ValueError):
        image_of(bounded_loads(content), PurePosixPath("a"))


def _yolo(content: bytes) -> None:
    with suppress(ApplianceError, UnicodeError):
        labels_of(decode_text(content), {0: "normal", 1: "giant"}, 640, 480)


def _yolo_names(content: bytes) -> None:
    with _file(content, "data.yaml") as path, suppress(ApplianceError):
        read_names(path.parent)


def _archive(content: bytes) -> None:
    with _file(content, "exams.zip") as path, suppress(ApplianceError):
        import_archive(path, MemoryExamStore(), lambda _: None, NOON)


def _ome(content: bytes) -> None:
    with suppress(ApplianceError):
        if ome_description(content):
            sizes_of_ome(content)


def _result(content: bytes) -> None:
    """As the fleet's ingest gets it: properties and payload come from a box that may be anybody's."""
    head, _, payload = content.partition(b"\n")
    words = head.decode("latin-1").split(" ")
    properties = dict(zip(("schema", "seq", "sha256", "msg_id"), words, strict=False))
    receive(Arrival("nf/v1/a/b/result/exam", payload, properties))


def _job(content: bytes) -> None:
    with suppress(ApplianceError):
        read_message(JobAnswer, content)


def _resend(content: bytes) -> None:
    with suppress(ApplianceError):
        lacking_in(content)


def _json(content: bytes) -> None:
    """What a browser says over the WebSocket or in a request, and a box in a message: what is kept can be written."""
    with suppress(ValueError):
        bounded_loads(content)
    with suppress(ValueError):
        json.dumps(keepable_loads(content), ensure_ascii=False, allow_nan=False).encode()


@cache
def _folder() -> Path:
    in_memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="nailfold-fuzz-", dir=in_memory if in_memory.is_dir() else None))


@contextmanager
def _file(content: bytes, name: str) -> Iterator[Path]:
    path = _folder() / name
    path.write_bytes(content)
    yield path


def _skin(height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(1).integers(90, 200, (height, width, 3), dtype=np.uint8)


def _pictures() -> list[bytes]:
    image, seeds = Image.fromarray(_skin()), []
    for form, options in (
        ("PNG", {}),
        ("JPEG", {"dpi": (300, 300)}),
        ("TIFF", {"compression": "tiff_lzw", "resolution": 1000.0, "resolution_unit": "cm"}),
        ("TIFF", {}),
        ("BMP", {}),
        ("WEBP", {}),
    ):
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        seeds.append(buffer.getvalue())
    own = PngInfo()
    own.add_text("nailfold.um_per_px", "1.41")
    for mode in ("P", "L", "RGBA", "I;16", "1"):
        buffer = io.BytesIO()
        image.convert("L" if mode == "I;16" else mode).save(buffer, "PNG", pnginfo=own)
        seeds.append(buffer.getvalue())
    return [*seeds, *finished_exam()[1].values()]


def _dicoms() -> list[bytes]:
    from appliance.exports.dicom.files import dicom_files  # noqa: PLC0415

    return [content for name, content in dicom_files(exam_to_export(*finished_exam())).items() if name != "report.dcm"]


def _avi() -> bytes:
    ok, jpeg = cv2.imencode(".jpg", _skin())
    assert ok
    return write_avi([jpeg.tobytes()] * 3, 12.0, 64, 48)


def _archives() -> list[bytes]:
    buffer = io.BytesIO()
    write_archive(buffer, [exam_to_export(*finished_exam())], NOON)
    bare = io.BytesIO()
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("manifest.json", '{"schema": "nailfold.archive/1", "exams": [], "entries": []}')
    return [buffer.getvalue(), bare.getvalue()]


def _text(*texts: str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode() for text in texts]


def _results() -> list[bytes]:
    document = (DATA / "fleet_messages/nailfold.exam-1.json").read_bytes()
    return [b"nailfold.exam/1 3 0000 id\n" + document, b"nailfold.exam/1 -1 \xff\n{}"]


def _message(name: str) -> Callable[[], list[bytes]]:
    return lambda: [(DATA / "fleet_messages" / name).read_bytes()]


_COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 640, "height": 480}],
    "categories": [{"id": 1, "name": "normal"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "segmentation": []}],
}
_LABELME = {
    "version": "5.0",
    "imagePath": "..\\a.png",
    "imageWidth": 640,
    "imageHeight": 480,
    "shapes": [{"label": "normal", "shape_type": "rectangle", "points": [[1, 2], [30, 40]], "group_id": 1}],
}
_OME = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0"><Pixels PhysicalSizeX="1.41" PhysicalSizeXUnit="&#181;m" PhysicalSizeY="1.41"/></Image></OME>'
)

TARGETS = {
    "picture": Target(_picture, _pictures, 0.25),
    "dicom": Target(_picture, _dicoms, 0.25),
    "video": Target(_video, lambda: [_avi()], 0.05),
    "clip": Target(_clip, lambda: [_avi(), b"RIFF\0\0\0\0AVI LIST" + struct.pack("<I", 4) + b"hdrl"]),
    "site_file": Target(_site_file, _text('[capture]\nsource = "simulated"\n[web]\nport = 8080\nhost = "::"\n'), 0.5),
    "fleet_file": Target(_fleet_file, _text('[database]\nurl = "sqlite:///a.db"\n[mqtt]\nhost = "a"\n'), 0.5),
    "report_form": Target(_report_form, _text('title = "T"\npages = ["trends"]\n[[fields]]\nkey = "a"\nlabel = "b"\n')),
    "coco": Target(_coco, _text(json.dumps(_COCO))),
    "labelme": Target(_labelme, _text(json.dumps(_LABELME))),
    "yolo": Target(_yolo, _text("0 0.5 0.5 0.1 0.2\n1 0.1 0.1 0.2 0.1 0.3 0.4\n")),
    "yolo_names": Target(_yolo_names, _text("names:\n  0: normal\n  1: giant\n", "names: [a, b]\nnc: 2\n")),
    "archive": Target(_archive, _archives, 0.25),
    "ome": Target(_ome, _text(_OME)),
    "result": Target(_result, _results),
    "job": Target(_job, _message("nailfold.job-answer-1.json")),
    "resend": Target(_resend, _message("nailfold.resend-1.json")),
    "json": Target(_json, _text('{"kind": "start", "pseudonym": "NC-0042", "placements": [[1, 2.5e3], null, true]}')),
}
