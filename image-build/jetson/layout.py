"""The partitions of a Jetson's disk: NVIDIA's of two roots, and behind them one for the data, to the disk's end.

    python3 layout.py flash_l4t_t234_nvme_rootfs_ab.xml flash_nailfold_nvme_rootfs_ab.xml

The flashing tool writes no file into a partition that names none, and lets the one with 0x800 in its attribute grow to
the disk's end (l4t_flash_from_kernel.sh: create_gpt).
"""

import sys
import xml.etree.ElementTree as Tree
from pathlib import Path

NAME = "nailfold-data"
"""As programs/data_partition.py looks for it."""
_LAST_ROOT = "APP_b"
_TABLES = ("protective_master_boot_record", "primary_gpt", "secondary_gpt")
_SETTINGS = {
    "allocation_policy": "sequential",
    "filesystem_type": "basic",
    "size": "1073741824",  # the least; it grows
    "file_system_attribute": "0",
    "allocation_attribute": "0x808",
    "partition_type_guid": "0FC63DAF-8483-4772-8E79-3D69D8477DE4",  # Linux file system
    "percent_reserved": "0",
    "align_boundary": "16384",
    "description": "Exams, settings and logs, for both roots.",
}


def with_data(layout: str) -> str:
    """The layout with one partition more. Exits where it is not one of two roots, or has that partition already."""
    document = Tree.fromstring(layout)  # noqa: S314 (a file of NVIDIA's that flashes this very box)
    [device] = document.findall("device") or sys.exit("the layout names no device")
    parts = device.findall("partition")
    names = [part.get("name") for part in parts]
    if _LAST_ROOT not in names or "APP" not in names:
        sys.exit(f"the layout has not two roots, APP and {_LAST_ROOT}: use NVIDIA's flash_l4t_t234_nvme_rootfs_ab.xml")
    if NAME in names:
        sys.exit(f"the layout has a partition {NAME} already")
    if [part for part in parts if int((part.findtext("allocation_attribute") or "0").strip(), 0) & 0x800]:
        sys.exit("the layout lets another partition grow to the disk's end")
    # Its number in the table: those without one are counted up, past the roots.
    number = 1 + sum(1 for part in parts if part.get("type") not in _TABLES)
    data = Tree.Element("partition", {"name": NAME, "id": str(number), "type": "data"})
    for key, value in _SETTINGS.items():
        Tree.SubElement(data, key).text = f" {value} "
    device.insert(list(device).index(parts[names.index(_LAST_ROOT)]) + 1, data)
    Tree.indent(document, "    ")
    return Tree.tostring(document, encoding="unicode", xml_declaration=True) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(with_data(Path(sys.argv[1]).read_text("utf-8")), "utf-8")
