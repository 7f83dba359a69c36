"""The GPU's memory and one stream, as little as a network needs; pycuda behind it on a Jetson."""

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.domain.errors import InferenceError

HostBuffer = NDArray[np.uint8]


class DeviceMemory(Protocol):
    """Buffers of one engine and the stream that its work is queued on. Every method raises InferenceError.

    All but `activated` and `stream` are called inside `activated()`, from any thread, one at a time.
    """

    @property
    def stream(self) -> int:
        """Handle of a CUDA stream that is not the default one."""

    def activated(self) -> AbstractContextManager[None]:
        """Makes the GPU current for the calling thread."""

    def allocate(self, size_bytes: int) -> int:
        """Address of new device memory."""

    def allocate_pinned(self, size_bytes: int) -> HostBuffer:
        """New page-locked host memory, uint8 [size_bytes]; only such memory is copied without blocking."""

    def upload(self, address: int, host: HostBuffer) -> None:
        """Queue a copy of all of `host` to the device; `host` must not change until `synchronise`."""

    def download(self, host: HostBuffer, address: int) -> None:
        """Queue a copy that fills `host`; valid after `synchronise`."""

    def synchronise(self) -> None:
        """Wait until everything queued has been done."""

    def close(self) -> None:
        """Free everything that was allocated here. Harmless twice."""


class PycudaMemory:
    """DeviceMemory over pycuda, in the GPU's primary context, which TensorRT uses as well.

    Raises:
        InferenceError: pycuda cannot be imported or finds no GPU.
    """

    def __init__(self) -> None:
        try:
            self._cuda: Any = importlib.import_module("pycuda.driver")
        except Exception as error:  # without a driver the import itself fails, with ImportError or others
            raise InferenceError(
                f"importing pycuda failed: {error}", 'Install the "jetson" extra and the NVIDIA driver.'
            ) from error
        self._device_buffers: list[Any] = []
        self._pinned_buffers: list[Any] = []
        with self._reported("opening the GPU"):
            self._cuda.init()
            self._context: Any = self._cuda.Device(0).retain_primary_context()
        with self.activated(), self._reported("opening a stream"):
            self._stream: Any = self._cuda.Stream()

    @property
    def stream(self) -> int:
        return int(self._stream.handle)

    @contextmanager
    def activated(self) -> Iterator[None]:
        with self._reported("switching to the GPU"):
            self._context.push()
        try:
            yield
        finally:
            self._cuda.Context.pop()

    def allocate(self, size_bytes: int) -> int:
        with self._reported(f"allocating {size_bytes} bytes on the GPU"):
            self._device_buffers.append(self._cuda.mem_alloc(size_bytes))
        return int(self._device_buffers[-1])

    def allocate_pinned(self, size_bytes: int) -> HostBuffer:
        with self._reported(f"allocating {size_bytes} bytes of pinned memory"):
            host: HostBuffer = self._cuda.pagelocked_empty(size_bytes, np.uint8)
        self._pinned_buffers.append(host.base)
        return host

    def upload(self, address: int, host: HostBuffer) -> None:
        with self._reported("copying to the GPU"):
            self._cuda.memcpy_htod_async(address, host, self._stream)

    def download(self, host: HostBuffer, address: int) -> None:
        with self._reported("copying from the GPU"):
            self._cuda.memcpy_dtoh_async(host, address, self._stream)

    def synchronise(self) -> None:
        with self._reported("waiting for the GPU"):
            self._stream.synchronize()

    def close(self) -> None:
        buffers = [*self._device_buffers, *self._pinned_buffers]
        self._device_buffers.clear()
        self._pinned_buffers.clear()
        with self._reported("freeing GPU memory"):
            for buffer in buffers:
                buffer.free()

    @contextmanager
    def _reported(self, action: str) -> Iterator[None]:
        try:
            yield
        except self._cuda.Error as error:
            raise InferenceError(f"{action} failed: {error}", "Restart the station.") from error
