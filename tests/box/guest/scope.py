"""A capillaroscope of software in the machine, plugged in by USB/IP: it plays the pictures of /probe/nailfold.

Takes "plug PORT" and "unplug" line by line on its standard input, and says "plugged", "unplugged".
"""

import sys
from pathlib import Path

from usb_scope import UsbScope


def main() -> None:
    """Plugged in from the beginning; ends with its input."""
    pictures = [path.read_bytes() for path in sorted(Path("/probe/nailfold").glob("*.jpg"))]
    scope = UsbScope(pictures)
    scope.plug(0)
    print("plugged", flush=True)
    for line in sys.stdin:
        word, *port = line.split()
        if word == "plug":
            scope.plug(int(port[0]))
        else:
            scope.unplug()
        print(f"{word}ged", flush=True)


if __name__ == "__main__":
    main()
