"""The box that a package is for."""

from collections.abc import Mapping
from dataclasses import dataclass

ARCHITECTURES: Mapping[str, str] = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's name of a processor to the kernel's, which wheels carry."""

# glibc 2.35 is Ubuntu 22.04's, the older of the two systems; a wheel for an older one runs there too.
_GLIBC = ("2_35", "2_34", "2_31", "2_28", "2_27", "2_26", "2_24", "2_17")


@dataclass(frozen=True)
class Target:
    """Processor ("amd64", "arm64") and Python ("3.11")."""

    arch: str
    python: str

    @property
    def name(self) -> str:
        return f"{self.arch}-{self.python}"

    @property
    def machine(self) -> str:
        return ARCHITECTURES[self.arch]

    @property
    def pip_options(self) -> list[str]:
        """What makes pip choose and unpack wheels for this target instead of for this computer."""
        abi = f"cp{self.python.replace('.', '')}"
        platforms = [f"manylinux_{glibc}_{self.machine}" for glibc in _GLIBC]
        platforms += [f"manylinux2014_{self.machine}", f"linux_{self.machine}"]
        return [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={self.python}",
            *(f"--abi={one}" for one in (abi, "abi3", "none")),
            *(f"--platform={one}" for one in platforms),
        ]

    @property
    def marker_environment(self) -> dict[str, str]:
        """What requirement markers ask about, as it is on the target (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }
