"""The wheel of the device: without workbench and training, with everything that the device reads from its package."""

import subprocess
import sys
import zipfile
from pathlib import Path

LEFT_OUT = (
    "appliance/apps/workbench/",
    "engines/datasets/",
    "engines/evaluation/",
    "engines/pattern/",
    "engines/training/",
)
CARRIED = (
    "appliance/accounts/common_passwords.txt",
    "appliance/apps/config/boards/generic.toml",
    "appliance/apps/config/device_profiles.toml",
    "appliance/exports/report/locale/de/report.po",
    "appliance/exports/report/standard/form.toml",
    "appliance/schemas/nailfold.analysis-1.schema.json",
    "engines/weights/detector.onnx",
    "engines/weights/detector.int8-onnxruntime.json",
    "engines/weights/detector.int8-onnxruntime.onnx",
    "engines/weights/layers.json",
    "engines/weights/manifest.json",
    "engines/weights/vessels.onnx",
    "webui/static/dist/.vite/manifest.json",
    "webui/templates/live.html",
    "webui/texts/en.json",
)


def main(place: Path) -> None:
    """Build the wheel of this checkout, look into it, and run the command from it. Raises SystemExit where it lacks."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", str(place), "."], check=True)
    [wheel] = place.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    if surplus := [name for name in names if name.startswith(LEFT_OUT)]:
        raise SystemExit(f"the device's wheel carries {surplus[:5]}")
    if missing := [wanted for wanted in CARRIED if not any(name.startswith(wanted) for name in names)]:
        raise SystemExit(f"the device's wheel lacks {missing}")
    root = place / "root"
    subprocess.run([*pip, "install", "-q", "--no-deps", "--target", str(root), str(wheel)], check=True)
    for arguments, said, not_said in (
        (["--help"], "analyze", "rehearse"),
        (["engines", "list"], "verified", "Traceback"),
    ):
        shown = subprocess.run(
            [sys.executable, "-m", "appliance.apps.cli", *arguments],
            cwd=place,
            env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "HOME": str(place)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        if said not in shown or not_said in shown:
            raise SystemExit(f"nailfold {' '.join(arguments)} from the wheel: {shown}")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(names)} files")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    main(target)
