"""The Mosquitto configuration of a fleet: who gets in, and what each may read and write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.domain.box_topics import HOST_SITE, ROOT
from appliance.domain.errors import SettingsError

WRITTEN_BY_BOXES = (
    "state",
    "results/+",
    "telemetry",
    "alerts",
    "shadow/reported",
    "jobs/+/get",
    "jobs/+/update",
    "audit/+",
)
TOLD_TO_BOXES = (
    "receipts/+",
    "resend",
    "shadow/desired",
    "audit-have",
    "jobs/notify",
    "jobs/+/get/+",
    "jobs/+/update/+",
)
# A box reads its own state too: that is how it finds another device under its name.
READ_BY_BOXES = ("state", *TOLD_TO_BOXES)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class BrokerFiles:
    """What the broker presents and trusts.

    Attributes:
        boxes_ca: certificate of the authority that signs boxes and servers of this fleet, and nobody else.
        certificate, key: the broker's own.
        revoked: revocation list of `boxes_ca`; it is read again on SIGHUP, and a new one has to be made before it ends.
        memory: folder for what the broker keeps; its user must be able to write there.
    """

    boxes_ca: Path
    certificate: Path
    key: Path
    revoked: Path
    memory: Path


def write_broker_config(
    folder: Path, files: BrokerFiles, servers: Sequence[str], port: int = 8883, address: str = ""
) -> Path:
    """Write mosquitto.conf and fleet.acl into a folder; the path of the first.

    Nothing connects without TLS and a certificate. The common name of a certificate is "SITE/BOX"; the broker takes it
    as user name and client id, whatever the client says.

    Args:
        servers: names of the fleet's servers, whose certificates are those of "host/NAME".
        address: it listens on that one alone; empty: on every address of its computer.

    Raises:
        SettingsError: a name cannot stand in a topic, or a file is not there.
        ExportError: the folder cannot be written to.
    """
    require_usable(files, servers)
    make_writable_folder(folder)
    rules, configuration = folder.resolve() / "fleet.acl", folder.resolve() / "mosquitto.conf"
    write_atomically(rules, _rules(servers).encode())
    rules.chmod(0o644)
    write_atomically(configuration, _configuration(files, rules, f"{port} {address}".rstrip()).encode())
    configuration.chmod(0o644)
    return configuration


def require_usable(files: BrokerFiles, servers: Sequence[str]) -> None:
    """Raises SettingsError where a server's name cannot stand in a topic, or a file is not there."""
    for name in servers:
        if not _NAME.fullmatch(name):
            raise SettingsError(f"the server's name is {name!r}", "Use 1 to 64 letters, digits, dashes or underscores.")
    for file in (files.boxes_ca, files.certificate, files.key, files.revoked):
        if not file.is_file():
            raise SettingsError(f"there is no file {file}", "Make the authority first: nailfold fleet authority.")


def _configuration(files: BrokerFiles, rules: Path, listens: str) -> str:
    lines = (
        "# Written by `nailfold fleet broker-config`; write it again rather than change it.",
        f"listener {listens}",
        f"cafile {files.boxes_ca.resolve()}",
        f"certfile {files.certificate.resolve()}",
        f"keyfile {files.key.resolve()}",
        f"crlfile {files.revoked.resolve()}",
        "tls_version tlsv1.2",  # the oldest that is let in
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {rules}",
        "persistence true",
        f"persistence_location {files.memory.resolve()}/",
        # The default of half an hour would lose as much when the broker is killed.
        "autosave_interval 60",
        # Results of a full exam with panoramas stay far below; nobody can fill the memory with one message.
        "message_size_limit 8388608",
        # Receipts for a box that was off for weeks; its default of 1000 would drop the rest without a word.
        "max_queued_messages 10000",
        "persistent_client_expiration 60d",
    )
    return "\n".join(lines) + "\n"


def _rules(servers: Sequence[str]) -> str:
    lines = ["# A server of the fleet hears every box and answers it; it can send nothing in a box's name."]
    for name in servers:
        lines += [f"user {HOST_SITE}/{name}", f"topic read {ROOT}/#"]
        lines += [f"topic write {ROOT}/+/+/{rest}" for rest in TOLD_TO_BOXES]
    lines += ["", "# Everybody: under the name of the certificate alone (%u is SITE/BOX)."]
    lines += [f"pattern write {ROOT}/%u/{rest}" for rest in WRITTEN_BY_BOXES]
    lines += [f"pattern read {ROOT}/%u/{rest}" for rest in READ_BY_BOXES]
    return "\n".join(lines) + "\n"
