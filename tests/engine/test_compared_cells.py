"""Cells compared with references in the engine: features are made once, scores follow the references."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from dinocell_app.engine.compared_cells import ComparedCells
from dinocell_app.engine.previews import Previews
from dinocell_app.engine.serving import Service
from dinocell_app.errors import UserFacingError
from dinocell_app.events import TilesPredicted
from dinocell_app.preview_messages import (
    CellsAsked,
    CellsDescribed,
    CellsScored,
    PreviewRequest,
    ScoresAsked,
    message_from_line,
    message_to_line,
)
from dinocell_app.reference_types import KeptReferences, ReferenceExample, ReferenceType
from dinocell_app.segment_settings import SegmentSettings

LABELS = np.zeros((96, 128), np.int32)
for _number in range(8):
    _row, _column = 8 + 44 * (_number // 4), 6 + 30 * (_number % 4)
    _edge = 24 if _number % 2 else 10
    LABELS[_row : _row + _edge, _column : _column + _edge] = _number + 1


@pytest.fixture
def request_of(tmp_path, tiny_model):
    """Large bright and small dim squares."""
    pixels = np.full(LABELS.shape, 500, np.uint16)
    pixels[np.isin(LABELS, (2, 4, 6, 8))] = 4000
    pixels[np.isin(LABELS, (1, 3, 5, 7))] = 1500
    tifffile.imwrite(tmp_path / "squares.tif", pixels)
    settings = SegmentSettings(model=str(tiny_model), device="cpu", diameter="14px")
    return PreviewRequest(tmp_path / "squares.tif", 0, 0, "grey", None, settings)


def finish(steps):
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as finished:
            return finished.value, events


def references(cells, *types):
    """Types as (name, positives, negatives) by label."""

    def examples(labels):
        rows = [int(np.flatnonzero(cells.ids == label)[0]) for label in labels]
        return tuple(
            ReferenceExample(cells.descriptions[row], "a.tif", np.zeros((2, 2), np.uint8)) for row in rows
        )

    made = [ReferenceType(name, examples(some), examples(others)) for name, some, others in types]
    return KeptReferences.of(cells.model_id, cells.model_sha256, made)


def test_the_network_runs_once_for_an_image(request_of):
    compared, previews = ComparedCells(), Previews()
    first, events = finish(compared.describing(previews, request_of, LABELS))
    assert any(isinstance(event, TilesPredicted) for event in events)
    again, events = finish(compared.describing(previews, request_of, LABELS, (3,)))
    assert not events
    assert again.ids.tolist() == [3]
    np.testing.assert_allclose(again.descriptions[0], first.descriptions[2], atol=1e-5)


def test_scores_tell_large_from_small_and_follow_a_second_type(request_of):
    compared = ComparedCells()
    cells, _ = finish(compared.describing(Previews(), request_of, LABELS))
    compared.remember(4, cells)
    large = compared.score(4, references(cells, ("large", [2], [])))[:, 0]
    assert large[1::2].min() > 0.5 > large[::2].max()
    both = compared.score(4, references(cells, ("large", [2], []), ("small", [1], [])))
    assert both.argmax(axis=1).tolist() == [1, 0] * 4


def test_cells_of_a_region_are_described_in_its_frame(request_of):
    region = (0, 0, 48, 64)
    compared = ComparedCells()
    cells, _ = finish(compared.describing(Previews(), replace(request_of, region=region), LABELS[:48, :64]))
    assert cells.ids.tolist() == np.unique(LABELS[:48, :64])[1:].tolist()


def test_cells_of_another_image_are_refused(request_of):
    with pytest.raises(UserFacingError, match="128 x 96"):
        finish(ComparedCells().describing(Previews(), request_of, LABELS[:50]))


def test_references_of_another_model_and_forgotten_cells_are_refused(request_of):
    compared = ComparedCells()
    cells, _ = finish(compared.describing(Previews(), request_of, LABELS))
    compared.remember(1, cells)
    kept = references(cells, ("large", [2], []))
    with pytest.raises(UserFacingError, match="described with the model other"):
        compared.score(1, kept.model_copy(update={"model_id": "other", "model_sha256": "0" * 64}))
    with pytest.raises(UserFacingError, match="not described"):
        compared.score(2, kept)


def test_the_service_describes_and_scores(request_of, tmp_path):
    replies = []
    service = Service(replies.append, tmp_path)
    np.save(tmp_path / "labels.npy", LABELS)
    asked = CellsAsked(1, request_of, str(tmp_path / "labels.npy"))
    assert message_from_line(message_to_line(asked)) == asked
    described = service._answer(asked)
    assert isinstance(described, CellsDescribed)
    assert message_from_line(message_to_line(described)) == described
    assert not (tmp_path / "labels.npy").exists()
    vectors = np.load(described.descriptions)
    assert vectors.shape[0] == len(described.ids) == 8
    example = ReferenceExample(vectors[1], "a.tif:2", np.zeros((2, 2), np.uint8))
    kept = KeptReferences.of(described.model_id, described.model_sha256, [ReferenceType("large", (example,))])
    scored = service._answer(ScoresAsked(2, 1, kept.model_dump_json()))
    assert isinstance(scored, CellsScored)
    assert np.load(scored.scores).shape == (8, 1)
