"""What the servers of a demonstration need on disk: authority, certificates, settings, the first account."""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.files.identity import make_request, write_key
from appliance.apps.files.signatures import make_signing_key
from appliance.apps.fleet_server.authority import Authority
from appliance.apps.fleet_server.broker_config import BrokerFiles, write_broker_config
from appliance.apps.fleet_server.console import Console
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.apps.fleet_server.site_store import SiteStore
from appliance.apps.fleet_simulator.characters import Clinic
from appliance.apps.fleet_simulator.processes import HOST
from appliance.apps.system_clock import SystemClock

ACCOUNT = "operator"
_INGEST = "ingest-1"
_MODEL_LOOK_S = 20.0  # who looks at a demonstration does not wait for ten minutes


@dataclass(frozen=True)
class DemoPorts:
    """Of the broker and of the console; 0: a free one."""

    broker: int = 0
    console: int = 0


class DemoFiles:
    """Everything below one folder; what is there from an earlier start is kept. Methods raise StoreError."""

    def __init__(self, folder: Path, ports: DemoPorts) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder, self.authority, self._ports = folder, folder / "authority", ports
        self.job_keys = folder / "jobs.pub"
        now_utc = SystemClock().now_utc()
        if not (self.authority / "ca.key").exists():
            Authority.make(self.authority, "demonstration", now_utc)
        Authority(self.authority).revoke((), now_utc)  # a list that has ended lets nobody in
        if not self.job_keys.exists():
            make_signing_key(folder / "jobs.key", self.job_keys)

    def broker_configuration(self) -> Path:
        """Of a Mosquitto that lets in this authority's certificates alone, from this computer alone."""
        certificate, key = self._identify("host/broker", (HOST, "localhost"))
        memory = self.folder / "broker-memory"
        memory.mkdir(exist_ok=True)
        files = BrokerFiles(self.authority / "ca.crt", certificate, key, self.authority / "revoked.crl", memory)
        written = write_broker_config(self.folder / "broker", files, [_INGEST], self._ports.broker, HOST)
        if os.geteuid() == 0:
            # Started by root it would change to its own user, who may not read in this folder.
            with written.open("a", encoding="utf-8") as more:
                more.write("user root\n")
        return written

    def server_settings(self) -> Path:
        """Of the ingest worker, the console and every `nailfold fleet` command."""
        certificate, key = self._identify(f"host/{_INGEST}", ())
        text = (
            f'[mqtt]\nhost = "{HOST}"\nport = {self._ports.broker}\nbox = "{_INGEST}"\n'
            f'ca_file = "{self.authority}/ca.crt"\nclient_certificate_file = "{certificate}"\n'
            f'client_key_file = "{key}"\n[ingest]\nmodel_look_s = {_MODEL_LOOK_S}\n[database]\nurl = "{self._url}"\n'
            f'[web]\nport = {self._ports.console}\n[console]\nfolder = "{self.folder}/console"\n'
        )
        settings = self.folder / "servers.toml"
        write_atomically(settings, text.encode())
        return settings

    def prepare_console(self, clinics: Iterable[Clinic]) -> str:
        """Name the sites; the password of the console's first account, empty where an earlier start made that."""
        with FleetDatabase(self._url) as database, Console(self.folder / "console", database) as console:
            sites, now_utc = SiteStore(database), SystemClock().now_utc()
            for clinic in clinics:
                sites.keep(clinic.site, clinic.title, (clinic.latitude, clinic.longitude), ACCOUNT, now_utc)
            if console.accounts.is_set_up:
                return ""
            password = "-".join(secrets.token_hex(2) for _ in range(4))
            console.accounts.set_up(ACCOUNT, "Operator of the demonstration", password)
            return password

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.folder}/fleet.sqlite3"

    def _identify(self, name: str, hosts: tuple[str, ...]) -> tuple[Path, Path]:
        """Certificate and key of a server or of the broker."""
        place = self.folder / name.replace("/", "-")
        certificate, key = place.with_suffix(".crt"), place.with_suffix(".key")
        if not certificate.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            write_key(key, made)
            request, now_utc = make_request(made, name), SystemClock().now_utc()
            write_atomically(certificate, Authority(self.authority).sign(request, now_utc, hosts=hosts))
        return certificate, key
