"""The most memory this process has held, on the accelerator or beside it."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import torch


def peak_memory_bytes(device: torch.device) -> int:
    """Tell the most memory this process has held so far where a network is trained.

    Returns
    -------
    int
        Of the accelerator if there is one, of the process otherwise; 0 where the system does not say.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    return _of_process()


if sys.platform == "win32":

    class _Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of psapi.h."""

        _fields_ = (
            ("cb", ctypes.c_uint32),
            ("page_fault_count", ctypes.c_uint32),
            ("peak_working_set_size", ctypes.c_size_t),
            *((f"_{n}", ctypes.c_size_t) for n in range(7)),
        )

    def _of_process() -> int:
        counters = _Counters()
        counters.cb = ctypes.sizeof(counters)
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel.GetCurrentProcess())
        known = kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
        return int(counters.peak_working_set_size) if known else 0

else:

    def _of_process() -> int:
        import resource

        status = Path("/proc/self/status")
        if status.exists():  # what getrusage says on Linux includes the process that started this one
            lines = (line.split() for line in status.read_text().splitlines())
            return next((int(words[1]) * 1024 for words in lines if words[0] == "VmHWM:"), 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
