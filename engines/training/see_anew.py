"""The shipped keypoint network with stretched crops in front of it: the same weights, flat pictures made legible.

    python -m engines.training.see_anew --weights engines/weights --out build/keypoints
    python -m engines.training.ship --keypoints build/keypoints --figures build/figures.json

For files from before 2026-11-30, which saw plain levels. A crop of ordinary contrast is answered as before; a flat one
is shown to the network as one of the flattest that it learnt from. Its run.json is that of the training, with a note.
"""

import argparse
import json
from pathlib import Path

from engines.training.export import export_keypoints
from engines.training.exported import rebuild_keypoints
from engines.training.keypoint_net import LEAST_SPREAD, KeypointNet, see_stretched
from engines.training.layers import normalise

NOTE = f" Since then the same weights, with crops stretched to a spread of {LEAST_SPREAD} in front (see_anew)."


def see_anew(weights: Path, out: Path) -> Path:
    """The new ONNX file in `out`, beside its run.json.

    Raises:
        InferenceError: the file already stretches, or holds another network.
    """
    net = rebuild_keypoints(weights / "keypoints.onnx", KeypointNet(see=normalise))
    net.see = see_stretched
    out.mkdir(parents=True, exist_ok=True)
    training = json.loads((weights / "manifest.json").read_text())["engines"]["keypoints"]["training"]
    run = {name: value for name, value in training.items() if name != "figures"}
    (out / "run.json").write_text(json.dumps(run | {"notes": run.get("notes", "") + NOTE}, indent=2) + "\n")
    return export_keypoints(net, out / "keypoints.onnx")


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("engines/weights"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(see_anew(args.weights, args.out))


if __name__ == "__main__":
    main()
