"""The scores against the implementations that others publish.

Needs `py-ctcmetrics`, `cellpose` and `stardist`; each part is skipped when its package is missing.
"""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest
import tifffile
from dinocell_training.evaluation import evaluate_labels, summarise
from dinocell_training.label_overlaps import count_overlaps
from dinocell_training.matching import match_by_iou
from skimage.segmentation import relabel_sequential, watershed

pytestmark = pytest.mark.peer


def peer(name):
    """Import a package we did not write, whatever it warns about on import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.skip(f"{name} is not installed here: {error}")


def field(seed, n_cells):
    """A field of touching cells and a prediction with shifts, merges, splits, misses and debris."""
    rng = np.random.default_rng(seed)
    seeds = np.zeros((220, 240), dtype=np.int32)
    rows, columns = rng.integers(0, 220, n_cells), rng.integers(0, 240, n_cells)
    seeds[rows, columns] = np.arange(1, n_cells + 1)
    relief = rng.random(seeds.shape)
    reference = watershed(relief, seeds, mask=rng.random(seeds.shape) < 0.97).astype(np.uint16)
    reference[np.isin(reference, rng.choice(n_cells + 1, n_cells // 4))] = 0

    shift = rng.integers(-2, 3, (2, *seeds.shape))
    grid = np.indices(seeds.shape)
    at = np.clip(grid + shift, 0, np.array(seeds.shape)[:, None, None] - 1)
    predicted = reference[at[0], at[1]].astype(np.int32)
    ids = np.arange(n_cells + 1)
    merged = rng.random(n_cells + 1) < 0.15
    ids[merged] = np.roll(ids, 1)[merged]
    ids[rng.random(n_cells + 1) < 0.1] = 0
    predicted = ids[predicted]
    halved = np.isin(predicted, rng.choice(n_cells + 1, n_cells // 6)) & (grid[1] % 9 < 4) & (predicted > 0)
    predicted[halved] += n_cells + 1
    predicted[100:112, 50:66] = 3 * n_cells
    return predicted.astype(np.uint16), reference


FIELDS = [field(seed, n_cells) for seed, n_cells in ((0, 25), (1, 120), (2, 400), (3, 900))]


def test_seg_and_det_equal_py_ctcmetrics(tmp_path):
    representations = peer("ctc_metrics.utils.representations")
    technical = peer("ctc_metrics.metrics")
    frames, ours = [], []
    for number, (predicted, reference) in enumerate(FIELDS):
        paths = [tmp_path / f"{kind}{number}.tif" for kind in ("reference", "predicted")]
        for path, labels in zip(paths, (reference, predicted), strict=True):
            tifffile.imwrite(path, labels)
        frames.append(representations.match(str(paths[0]), str(paths[1])))
        ours.append(evaluate_labels(predicted, reference))
        seg, det = theirs(representations, technical, frames[-1:])
        assert ours[-1].seg == pytest.approx(seg, abs=1e-12)
        assert ours[-1].det == pytest.approx(det, abs=1e-12)
        assert 0.05 < seg < 0.95
        assert 0.05 < det < 0.95
    seg, det = theirs(representations, technical, frames)
    assert summarise(ours).pooled.seg == pytest.approx(seg, abs=1e-12)
    assert summarise(ours).pooled.det == pytest.approx(det, abs=1e-12)


def theirs(representations, technical, frames):
    labels_ref, labels_comp, mapped_ref, mapped_comp, ious = zip(*frames, strict=True)
    operations = representations.count_acyclic_graph_correction_operations(
        None, None, labels_ref, labels_comp, mapped_ref, mapped_comp
    )
    return technical.seg(labels_ref, ious), technical.det(**operations)


def test_ap_equals_cellpose():
    metrics = peer("cellpose.metrics")
    thresholds = [0.3, 0.5, 0.75, 0.9]
    for predicted, reference in FIELDS:
        # Cellpose counts ids that do not occur as cells, so it is given ids without gaps.
        gapless = [relabel_sequential(labels.astype(np.int32))[0] for labels in (reference, predicted)]
        ap, tp, fp, fn = metrics.average_precision(gapless[:1], gapless[1:], threshold=thresholds)
        ours = evaluate_labels(predicted, reference, iou_thresholds=thresholds).matching
        assert [(s.tp, s.fp, s.fn) for s in ours] == list(zip(tp[0], fp[0], fn[0], strict=True))
        assert [s.ap for s in ours] == pytest.approx(ap[0].tolist(), abs=1e-6)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.75, 0.9])
def test_counts_and_mean_iou_equal_stardist(threshold):
    matching = peer("stardist.matching").matching
    for predicted, reference in FIELDS:
        expected = matching(reference, predicted, thresh=threshold)
        (scores,) = evaluate_labels(predicted, reference, iou_thresholds=(threshold,)).matching
        assert (scores.tp, scores.fp, scores.fn) == (expected.tp, expected.fp, expected.fn)
        assert scores.precision == pytest.approx(expected.precision)
        assert scores.recall == pytest.approx(expected.recall)
        assert scores.f1 == pytest.approx(expected.f1)
        assert scores.ap == pytest.approx(expected.accuracy)
        matched = match_by_iou(count_overlaps(predicted, reference), threshold).ious.sum()
        stardist_matched = expected.mean_matched_score * expected.tp
        if threshold >= 0.5:
            assert matched == pytest.approx(stardist_matched, rel=1e-5)
        else:  # stardist's second term counts pairs below the threshold too, so it may settle for less
            assert matched >= stardist_matched * (1 - 1e-6)
