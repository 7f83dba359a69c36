"""A simulated GPU with a TensorRT that runs on it, as strict as the real ones: the host logic's proving ground.

Work queued on a stream happens at `synchronise` and not before, freed addresses fault, pageable memory is refused, and
`lose_gpu()` and `fill_memory()` are what the operator may meet. The networks are real: a simulated plan carries its
ONNX and is run by ONNX Runtime. Nothing in the settings leads here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from appliance.domain.errors import InferenceError
from appliance.inference.device_memory import HostBuffer
from appliance.inference.gpu import Gpu

DESCRIPTION = Gpu(name="simulated", compute_capability="8.7", cuda="12.6", l4t="36.4.3")


class SimulatedGpu:
    """Device memory by address, streams of pending work, and a thread's claim to them."""

    def __init__(self, memory_bytes: int = 1 << 28) -> None:
        self.memory_bytes = memory_bytes
        self.is_lost = False
        self.deserialised_plans = 0
        self._buffers: dict[int, HostBuffer] = {}
        self._pending: dict[int, list[Callable[[], None]]] = {}
        self._next_address = 0x7000_0000

    def lose_gpu(self) -> None:
        """From now on every call fails, as after a fault of the real one."""
        self.is_lost = True

    def fill_memory(self) -> None:
        """Another program takes all that is free."""
        self.memory_bytes = self.used_bytes

    @property
    def used_bytes(self) -> int:
        return sum(buffer.size for buffer in self._buffers.values())

    def open_memory(self) -> "SimulatedMemory":
        """Memory and a stream for one engine."""
        self._require_present("opening a stream")
        stream = len(self._pending) + 1
        self._pending[stream] = []
        return SimulatedMemory(self, stream)

    def allocate(self, size_bytes: int) -> int:
        self._require_present("allocating memory")
        if self.used_bytes + size_bytes > self.memory_bytes:
            raise InferenceError(
                f"allocating {size_bytes} bytes on the GPU failed: out of memory", "Restart the station."
            )
        address = self._next_address
        self._next_address += size_bytes + 256
        self._buffers[address] = np.full(size_bytes, 0xCD, dtype=np.uint8)
        return address

    def free(self, address: int) -> None:
        del self._buffers[address]

    def at(self, address: int, size_bytes: int) -> HostBuffer:
        """The first bytes of a buffer; a fault where there is no buffer or it is shorter."""
        buffer = self._buffers.get(address)
        if buffer is None or size_bytes > buffer.size:
            raise InferenceError(f"an illegal memory access of {size_bytes} bytes at {address:#x} was encountered")
        return buffer[:size_bytes]

    def enqueue(self, stream: int, work: Callable[[], None]) -> None:
        self._require_present("queueing work")
        self._pending[stream].append(work)

    def synchronise(self, stream: int) -> None:
        self._require_present("waiting for the GPU")
        work, self._pending[stream] = self._pending[stream], []
        for step in work:
            step()

    def _require_present(self, action: str) -> None:
        if self.is_lost:
            raise InferenceError(f"{action} failed: the GPU has fallen off the bus", "Restart the station.")


class SimulatedMemory:
    """DeviceMemory on a SimulatedGpu."""

    def __init__(self, gpu: SimulatedGpu, stream: int) -> None:
        self._gpu = gpu
        self._stream = stream
        self._is_active = False
        self._addresses: list[int] = []
        self._pinned: list[HostBuffer] = []

    @property
    def stream(self) -> int:
        return self._stream

    @contextmanager
    def activated(self) -> Iterator[None]:
        if self._is_active:
            raise InferenceError("the GPU was activated twice at a time")
        self._is_active = True
        try:
            yield
        finally:
            self._is_active = False

    def allocate(self, size_bytes: int) -> int:
        self._require_active()
        self._addresses.append(self._gpu.allocate(size_bytes))
        return self._addresses[-1]

    def allocate_pinned(self, size_bytes: int) -> HostBuffer:
        self._require_active()
        self._pinned.append(np.full(size_bytes, 0xCD, dtype=np.uint8))
        return self._pinned[-1]

    def upload(self, address: int, host: HostBuffer) -> None:
        self._require_pinned(host)

        def copy() -> None:
            self._gpu.at(address, host.size)[:] = host

        self._gpu.enqueue(self._stream, copy)

    def download(self, host: HostBuffer, address: int) -> None:
        self._require_pinned(host)

        def copy() -> None:
            host[:] = self._gpu.at(address, host.size)

        self._gpu.enqueue(self._stream, copy)

    def synchronise(self) -> None:
        self._require_active()
        self._gpu.synchronise(self._stream)

    def close(self) -> None:
        self._require_active()
        for address in self._addresses:
            self._gpu.free(address)
        self._addresses.clear()
        self._pinned.clear()

    def _require_active(self) -> None:
        if not self._is_active:
            raise InferenceError("the GPU was used by a thread for which it is not active")

    def _require_pinned(self, host: HostBuffer) -> None:
        self._require_active()
        if not any(np.shares_memory(host, buffer) for buffer in self._pinned):
            raise InferenceError("an asynchronous copy was asked for with pageable host memory")
