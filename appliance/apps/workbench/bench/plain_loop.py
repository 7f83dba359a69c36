"""The yardstick: what somebody would write in an hour with the same two networks, and nothing of this product.

OpenCV reads, ONNX Runtime runs the detector and, for up to 32 crops, the keypoint network with its default settings,
boxes and widths are drawn on the picture, Flask serves it as Motion JPEG. It follows no loop, grades no picture, knows
no scale and keeps nothing. For the benchmark alone; no device has it.

    python -m appliance.apps.workbench.bench.plain_loop VIDEO DETECTOR.onnx KEYPOINTS.onnx
"""

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import onnxruntime
from flask import Flask, Response, jsonify
from numpy.typing import NDArray
from werkzeug.serving import make_server

MIN_SCORE, NMS_IOU, MIN_CONFIDENCE, MOST_CROPS, CROP_PX = 0.4, 0.5, 0.5, 32, 96


class PlainLoop:
    """One picture after the other.

    Attributes:
        engines_s: seconds inside the two networks so far.
    """

    def __init__(self, detector: str, keypoints: str) -> None:
        providers = ["CPUExecutionProvider"]
        self._detector = onnxruntime.InferenceSession(detector, providers=providers)
        self._keypoints = onnxruntime.InferenceSession(keypoints, providers=providers)
        self.engines_s = 0.0

    def step(self, image_bgr: NDArray[np.uint8]) -> bytes:
        """The picture (uint8, 480 x 640 x 3, BGR) with its boxes and widths drawn in it, as JPEG."""
        image_rgb = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)
        boxes, scores = self._detect(image_rgb)
        for (x, y, w, h), score in zip(boxes, scores, strict=True):
            cv2.rectangle(image_bgr, (int(x), int(y)), (int(x + w), int(y + h)), (0, 255, 0), 1)
            cv2.putText(image_bgr, f"{score:.2f}", (int(x), int(y) - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 255, 0), 1)
        for start, end in self._widths(image_rgb, boxes[:MOST_CROPS]):
            cv2.line(image_bgr, start, end, (0, 0, 255), 2)
        done, jpeg = cv2.imencode(".jpg", image_bgr)
        assert done
        return bytes(jpeg)

    def _detect(self, image_rgb: NDArray[np.uint8]) -> tuple[list[Any], list[float]]:
        corners, classes, _ = self._run(self._detector, {"image": image_rgb[None]})
        scores = classes[0, :, :4].max(axis=1)
        picked = np.flatnonzero(scores >= MIN_SCORE)
        corners, scores = corners[0][picked], scores[picked]
        xywh = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), MIN_SCORE, NMS_IOU)
        order = [int(at) for at in np.array(kept).ravel()]
        return [xywh[at] for at in order], [float(scores[at]) for at in order]

    def _widths(self, image_rgb: NDArray[np.uint8], boxes: list[Any]) -> Iterator[tuple[Any, Any]]:
        if not boxes:
            return
        squares = [_square(box, image_rgb.shape) for box in boxes]
        crops = [cv2.resize(image_rgb[y : y + side, x : x + side], (CROP_PX, CROP_PX)) for x, y, side in squares]
        points, confidence = self._run(self._keypoints, {"crops": np.stack(crops)})
        for (x, y, side), ends, sure in zip(squares, points, confidence, strict=True):
            placed = ends * (side / CROP_PX) + (x, y)
            for width in range(3):
                if sure[width] >= MIN_CONFIDENCE:
                    (x0, y0), (x1, y1) = placed[2 * width : 2 * width + 2].astype(int).tolist()
                    yield (x0, y0), (x1, y1)

    def _run(self, session: Any, inputs: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        started_s = time.perf_counter()
        outputs: list[NDArray[Any]] = session.run(None, inputs)
        self.engines_s += time.perf_counter() - started_s
        return outputs


def _square(box: NDArray[np.float32], shape: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, w, h = (float(value) for value in box)
    side = int(min(max(16.0, 1.25 * max(w, min(h, 1.6 * w))), *shape[:2]))
    left = int(min(max(0.0, x + (w - side) / 2), shape[1] - side))
    return left, int(min(max(0.0, y - 0.1 * side), shape[0] - side)), side


class Player:
    """Runs the loop over a video again and again, as fast as it goes, on a thread of its own."""

    def __init__(self, loop: PlainLoop, video: str) -> None:
        self._loop = loop
        self._video = video
        self._is_new = threading.Condition()
        self._jpeg = b""
        self._frames, self._busy_s = 0, 0.0
        threading.Thread(target=self._work, daemon=True).start()

    def figures(self) -> dict[str, float]:
        """Frames so far, and seconds spent on them and inside the networks."""
        return {"frames": self._frames, "busy_s": self._busy_s, "engines_s": self._loop.engines_s}

    def pictures(self) -> Iterator[bytes]:
        """The newest picture again and again, as parts of a multipart response."""
        while True:
            with self._is_new:
                self._is_new.wait()
                jpeg = self._jpeg
            yield b"--next\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"

    def _work(self) -> None:
        capture = cv2.VideoCapture(self._video)
        while True:
            started_s = time.perf_counter()
            found, image = capture.read()
            if not found:
                capture = cv2.VideoCapture(self._video)
                continue
            jpeg = self._loop.step(image)
            with self._is_new:
                self._jpeg, self._frames = jpeg, self._frames + 1
                self._busy_s += time.perf_counter() - started_s
                self._is_new.notify_all()


def serve_plain_loop(video: str, detector: str, keypoints: str) -> None:
    """Print the address and serve until the process is ended."""
    player, app = Player(PlainLoop(detector, keypoints), video), Flask(__name__)
    multipart = "multipart/x-mixed-replace; boundary=next"
    app.add_url_rule("/", "page", lambda: '<body style="margin:0"><img src="/stream">')
    app.add_url_rule("/stream", "stream", lambda: Response(player.pictures(), mimetype=multipart))
    app.add_url_rule("/figures", "figures", lambda: jsonify(player.figures()))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"Open http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve_plain_loop(*sys.argv[1:4])
