"""What the virtual machine runs: a USB capillaroscope, vivid and the contract suite on its camera, a board's pins."""

import sys
from pathlib import Path

import pytest
from guest_modules import load

_OPTIONS = ("-q", "--durations=5", "--color=no", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
_HERE = Path(__file__).parent


def main() -> int:
    """Exit status: 0 if every part passed."""
    contract = _HERE.parent / "contract" / "test_video_source.py"
    board = _HERE.parent / "contract" / "test_board.py"
    for module in ("uhid", "hid_cp2112"):
        load(module)
    parts = {
        "usb-scope": [str(_HERE / "guest_usb_scope.py")],
        "vivid": [str(_HERE / "guest_vivid.py")],
        # Collected only now, when there is a camera for it to find.
        "contract": [str(contract), "-k", "v4l2"],
        "board": [str(board), "-k", "cp2112"],
        "watchdog": [str(_HERE / "guest_watchdog.py")],
    }
    statuses = {}
    for name, arguments in parts.items():
        statuses[name] = int(pytest.main([*_OPTIONS, *arguments]))
        print(f"PART {name} {statuses[name]}", flush=True)
    return max(statuses.values())


if __name__ == "__main__":
    sys.exit(main())
