"""How much memory this process can still take, as the system says."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Where containers and cluster jobs say what they may use, and what they use."""


def free_memory_bytes() -> int | None:
    """Ask for the memory that is free or can be freed at once.

    Returns
    -------
    int or None
        None where the system does not say.
    """
    try:
        return _of_system()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


if sys.platform == "win32":

    class _MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of kernel32."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("available", ctypes.c_uint64),
            *((f"_{number}", ctypes.c_uint64) for number in range(5)),
        )

    def _of_system() -> int | None:
        status = _MemoryStatus()
        status.length = ctypes.sizeof(status)
        known = ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.available) if known else None

elif sys.platform == "darwin":

    def _of_system() -> int | None:
        lines = subprocess.run(
            ["/usr/bin/vm_stat"], capture_output=True, text=True, check=True, timeout=5
        ).stdout.splitlines()
        page = int(lines[0].split("page size of ")[1].split()[0])
        pages = {
            name.strip(): int(count.strip().rstrip("."))
            for name, _, count in (line.partition(":") for line in lines[1:])
            if count.strip().rstrip(".").isdigit()
        }
        return page * sum(pages.get(f"Pages {kind}", 0) for kind in ("free", "inactive", "speculative"))

else:

    def _of_system() -> int | None:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = {name: rest for name, _, rest in (line.partition(":") for line in lines)}
        free = [int(sizes["MemAvailable"].split()[0]) * 1024] if "MemAvailable" in sizes else []
        for limit, used in _LIMITS:
            if Path(limit).is_file() and (most := Path(limit).read_text(encoding="ascii").strip()).isdigit():
                free.append(max(0, int(most) - int(Path(used).read_text(encoding="ascii"))))
        return min(free, default=None)
