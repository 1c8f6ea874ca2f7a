"""Cells compared with references in the engine: features are made once, scores follow the references."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

from dinocell_app.base.errors import UserFacingError
from dinocell_app.engine.compared_cells import ComparedCells, DescribedCells
from dinocell_app.engine.previews import Previews
from dinocell_app.engine.serving import Service
from dinocell_app.jobs.events import TilesPredicted
from dinocell_app.jobs.preview_messages import (
    CellsAsked,
    CellsDescribed,
    CellsScored,
    PreviewCancelled,
    PreviewRequest,
    ScoresAsked,
    message_from_line,
    message_to_line,
)
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.references.types import N_LOOKS, KeptReferences, ReferenceExample, ReferenceType
from dinocell_app.segmentation.reference.guided_scoring import score_types_guided
from dinocell_app.segmentation.reference.percs_head import PercsConfig, PercsHead
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_types

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
    large = finish(compared.scoring(4, references(cells, ("large", [2], []))))[0][:, 0]
    assert large[1::2].min() > 0.5 > large[::2].max()
    both, rough = finish(compared.scoring(4, references(cells, ("large", [2], []), ("small", [1], []))))
    assert not rough, "a model without a head has no better scores"
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
        finish(compared.scoring(1, kept.model_copy(update={"model_id": "other", "model_sha256": "0" * 64})))
    with pytest.raises(UserFacingError, match="not described"):
        finish(compared.scoring(2, kept))


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


def described(random, n_cells=40):
    """Cells of two types as a head of the tests sees them."""
    vectors = random.normal(size=(n_cells, 8 + N_LOOKS)).astype(np.float32)
    vectors[: n_cells // 2, 0] += 4
    vectors[:, :8] /= np.linalg.norm(vectors[:, :8], axis=1, keepdims=True)
    torch.manual_seed(1)
    head = PercsHead(PercsConfig(feature_width=8, upsampling=8, width=16, n_heads=2)).eval()
    torch.nn.init.normal_(head.judgement.weight)
    return DescribedCells(np.arange(n_cells), vectors, "m", "0", head.requires_grad_(False))


def test_rough_scores_come_first_and_answers_are_kept():
    cells = described(np.random.default_rng(0))
    compared = ComparedCells()
    compared.remember(1, cells)
    first = references(cells, ("a", [1, 2], [30]), ("b", [25], []))
    scores, steps = finish(compared.scoring(1, first))
    assert [step is not None for step in steps].count(True) == 1
    assert steps[0] is None
    types = [
        TypeReferences("a", cells.descriptions[[1, 2]], cells.descriptions[[30]]),
        TypeReferences("b", cells.descriptions[[25]], cells.descriptions[:0]),
    ]
    assert steps[1] == pytest.approx(score_types(cells.descriptions, types))
    assert scores == pytest.approx(score_types_guided(cells.descriptions, types, cells.head))
    assert not np.allclose(scores, steps[1], atol=0.01)

    more = references(cells, ("a", [2, 1], [30, 33]), ("b", [25], []))
    again, steps = finish(compared.scoring(1, more))
    assert len(steps) == 1, "one more negative is one more answer, and the order does not matter"
    types[0] = TypeReferences("a", cells.descriptions[[1, 2]], cells.descriptions[[30, 33]])
    assert again == pytest.approx(score_types_guided(cells.descriptions, types, cells.head), abs=1e-6)
    compared.remember(2, described(np.random.default_rng(5)))
    assert len(finish(compared.scoring(2, more))[1]) > 1, "other cells have other answers"


class Answering:
    """A service whose replies are kept; a newer request comes in after the first rough scores."""

    def __init__(self, folder, newer=None):
        self.replies = []
        self.service = Service(self.reply, folder)
        self.newer = newer

    def reply(self, message):
        self.replies.append(message)
        if self.newer is not None and isinstance(message, CellsScored) and message.provisional:
            self.service._mailbox.put(self.newer)

    def ask(self, request):
        self.service._mailbox.put(request)
        self.service._reply(self.service._answer(self.service._mailbox.take()))


def test_the_service_sends_rough_scores_and_then_better_ones(tmp_path):
    cells = described(np.random.default_rng(0))
    kept = references(cells, ("a", [1, 2], [30, 33])).model_dump_json()
    answering = Answering(tmp_path)
    answering.service._compared.remember(1, cells)
    answering.ask(ScoresAsked(7, 1, kept))
    rough, final = answering.replies
    assert (rough.request, rough.provisional) == (7, True)
    assert (final.request, final.provisional) == (7, False)
    assert not np.allclose(np.load(rough.scores), np.load(final.scores), atol=0.01)


def test_newer_references_end_scoring_by_older_ones(tmp_path):
    cells = described(np.random.default_rng(0))
    kept = references(cells, ("a", [1, 2], [30, 33])).model_dump_json()
    answering = Answering(tmp_path, newer=ScoresAsked(8, 1, kept))
    answering.service._compared.remember(1, cells)
    answering.ask(ScoresAsked(7, 1, kept))
    assert isinstance(answering.replies[-1], PreviewCancelled)
    assert answering.replies[-1].request == 7
