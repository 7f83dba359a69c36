"""The bill of materials, CycloneDX 1.6: wheels, the pages' libraries and the networks, with their digests."""

import email
import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

_NAMESPACE = uuid.UUID("6f1c3a5e-4c4e-4f5b-9d6b-0a1d3f2b7c88")


def write_sbom(path: Path, wheels: Sequence[Path], repository: Path, version: str, built_at: int) -> None:
    """The same bytes for the same parts."""
    parts = [*map(_of_wheel, wheels), *_of_pages(repository), *_of_networks(repository)]
    parts.sort(key=lambda part: part["bom-ref"])
    serial = uuid.uuid5(_NAMESPACE, version + "".join(part["bom-ref"] for part in parts))
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(built_at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": "nailfold", "name": "nailfold", "version": version},
        },
        "components": parts,
        "dependencies": [{"ref": "nailfold", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _of_wheel(wheel: Path) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        metadata = email.message_from_bytes(archive.read(name))
    part = _part("library", f"pkg:pypi/{metadata['Name'].lower()}@{metadata['Version']}")
    part |= {"name": metadata["Name"], "version": metadata["Version"]}
    part["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    if licence := metadata["License-Expression"]:
        part["licenses"] = [{"expression": licence}]
    elif licence := _named_licence(metadata.get_all("Classifier", []), metadata["License"]):
        part["licenses"] = [{"license": {"name": licence}}]
    return part


def _named_licence(classifiers: list[str], told: str | None) -> str:
    named = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: OSI Approved :: ")]
    first_line = (told or "").strip().partition("\n")[0]
    return ", ".join(named) or first_line[:100]


def _of_pages(repository: Path) -> Iterator[dict[str, Any]]:
    lock = json.loads((repository / "webui/frontend/package-lock.json").read_text(encoding="utf-8"))
    for place, package in lock["packages"].items():
        if place and not package.get("dev"):
            name = place.removeprefix("node_modules/")
            part = _part("library", f"pkg:npm/{name.replace('@', '%40')}@{package['version']}")
            yield part | {"name": name, "version": package["version"]}


def _of_networks(repository: Path) -> Iterator[dict[str, Any]]:
    for weights in sorted((repository / "engines/weights").glob("*.onnx")):
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        part = _part("machine-learning-model", f"nailfold-network:{weights.stem}@{digest[:12]}")
        yield part | {"name": weights.stem, "hashes": [{"alg": "SHA-256", "content": digest}]}


def _part(kind: str, reference: str) -> dict[str, Any]:
    part = {"type": kind, "bom-ref": reference}
    return part | ({"purl": reference} if reference.startswith("pkg:") else {})
