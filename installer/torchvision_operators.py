"""Let timm be imported beside a torch without CUDA when torchvision's own operators were left out.

timm imports torchvision, whose import registers rules for operators of its compiled part. Builds for
processors alone leave that part out, as nothing here calls it; the operators are declared in its place, when
torchvision is first imported, so that the window still starts without torch.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_KEPT: list[object] = []
"""A library of operators that nobody holds is taken back."""


class _DeclaringFinder(importlib.abc.MetaPathFinder):
    """Declares the operators and lets others find the module."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find nothing."""
        del path, target
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call] # torch leaves it untyped
            for operator in ("nms", "qnms"):
                arguments = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
                library.define(operator + arguments)  # type: ignore[no-untyped-call] # as above
            _KEPT.append(library)
        return None


_bundle = Path(getattr(sys, "_MEIPASS", ""))
if not any((_bundle / "torchvision").glob("_C.*")):
    sys.meta_path.insert(0, _DeclaringFinder())
