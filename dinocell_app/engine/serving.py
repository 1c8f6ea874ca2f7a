"""The life of the engine process: requests in, replies out, until the window is gone."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.long_work import LongWork
from dinocell_app.engine.compared_cells import ComparedCells, DescribedCells
from dinocell_app.engine.feature_pictures import FeaturePicture, drawing_features
from dinocell_app.engine.mailbox import Mailbox, Request
from dinocell_app.engine.previews import Previews
from dinocell_app.jobs.events import Event, TilesPredicted
from dinocell_app.jobs.preview_messages import (
    CellsAsked,
    CellsDescribed,
    CellsScored,
    DecodingAsked,
    EngineReady,
    FeaturesAsked,
    FeaturesDrawn,
    Message,
    PreviewCancelled,
    Previewed,
    PreviewFailed,
    PreviewProgressed,
    PreviewResult,
    ScoresAsked,
    message_from_line,
)
from dinocell_app.references.types import KeptReferences

GRACE_SECONDS = 20.0
"""How long a tile that is being predicted may take after the window is gone."""

_logger = logging.getLogger(__name__)

_Result = PreviewResult | FeaturePicture | DescribedCells | NDArray[np.float64]


class Service:
    """Answers the requests of one window.

    Parameters
    ----------
    reply : callable
        Sends a message to the window; called from two threads.
    folder : Path
        For arrays.
    """

    def __init__(self, reply: Callable[[Message], None], folder: Path) -> None:
        self._reply = reply
        self._folder = folder
        self._mailbox = Mailbox()
        self._previews = Previews()
        self._compared = ComparedCells()
        self._ended = threading.Event()

    def serve(self, lines: Iterable[bytes]) -> None:
        """Answer until the lines end.

        Parameters
        ----------
        lines : iterable of bytes
            Read on a thread of their own, so that a request can end the one before it.
        """
        reader = threading.Thread(target=self._read, args=(lines,), name="requests", daemon=True)
        reader.start()
        self._reply(EngineReady())
        try:
            while (request := self._mailbox.take()) is not None:
                self._reply(self._answer(request))
        finally:
            self._ended.set()
            # A thread that frees the network while the interpreter ends aborts the process.
            reader.join(GRACE_SECONDS)

    def _read(self, lines: Iterable[bytes]) -> None:
        try:
            for line in lines:
                try:
                    dropped = self._mailbox.put(message_from_line(line))
                except ValueError:
                    _logger.warning("no message: %r", line[:200])
                    continue
                for number in dropped:
                    self._reply(PreviewCancelled(number))
        finally:
            self._mailbox.close()
            if not self._ended.wait(GRACE_SECONDS):
                # A disk or a driver that does not answer must not keep a process that nobody waits for.
                shutil.rmtree(self._folder, ignore_errors=True)
                os._exit(1)

    def _answer(self, request: Request) -> Message:
        number = request.request
        try:
            result = self._result(request)
        except UserFacingError as error:
            return PreviewFailed(number, str(error))
        except MemoryError:
            return PreviewFailed(
                number, "There is not enough memory for the preview. Preview a smaller region."
            )
        except Exception as error:
            _logger.exception("request %s failed", number)
            what = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            return PreviewFailed(number, f"The preview failed by a fault of the program ({what}).")
        if result is None or self._mailbox.given_up():
            return PreviewCancelled(number)
        path = self._folder / f"{number}.npy"
        if isinstance(result, FeaturePicture):
            np.save(path, result.pixels)
            return FeaturesDrawn(number, str(path), result.region)
        if isinstance(result, DescribedCells):
            np.save(path, result.descriptions)
            ids = tuple(result.ids.tolist())
            return CellsDescribed(number, ids, str(path), result.model_id, result.model_sha256)
        if isinstance(result, np.ndarray):
            np.save(path, result)
            return CellsScored(number, str(path))
        np.save(path, result.labels)
        return Previewed(
            request=number,
            labels=str(path),
            n_cells=result.n_cells,
            diameter_px=result.diameter_px,
            diameter_source=result.diameter_source,
            device=result.device,
            seconds=result.seconds,
            region=result.region,
        )

    def _result(self, request: Request) -> _Result | None:
        """Do a request; None when it was given up on the way."""
        if isinstance(request, DecodingAsked):
            return self._previews.decode(request.choice)
        if isinstance(request, ScoresAsked):
            return self._scored(request)
        steps: Generator[Event, None, PreviewResult | FeaturePicture | DescribedCells]
        if isinstance(request, CellsAsked):
            steps = self._describing(request)
        elif isinstance(request, FeaturesAsked):
            steps = drawing_features(self._previews, request.preview)
        else:
            steps = self._previews.previewing(request.preview)
        work: LongWork[Event, PreviewResult | FeaturePicture | DescribedCells] = LongWork(steps)
        for event in work:
            if self._mailbox.given_up():
                work.close()
                return None
            if isinstance(event, TilesPredicted):
                self._reply(PreviewProgressed(request.request, event.done, event.total))
        return work.result

    def _scored(self, request: ScoresAsked) -> NDArray[np.float64] | None:
        references = KeptReferences.model_validate_json(request.references)
        work = LongWork(self._compared.scoring(request.cells, references))
        for rough in work:
            if self._mailbox.given_up():
                work.close()
                return None
            if rough is not None:
                path = self._folder / f"{request.request}_rough.npy"
                np.save(path, rough)
                self._reply(CellsScored(request.request, str(path), provisional=True))
        return work.result

    def _describing(self, request: CellsAsked) -> Generator[Event, None, DescribedCells]:
        path = Path(request.labels)
        labels = np.load(path, allow_pickle=False)
        path.unlink(missing_ok=True)
        cells = yield from self._compared.describing(self._previews, request.preview, labels, request.only)
        if not request.only:
            self._compared.remember(request.request, cells)
        return cells
