import itertools
from dataclasses import replace

import numpy as np
import pytest
from dinocell_training.synthetic import (
    ARRANGEMENTS,
    MODALITIES,
    SHAPES,
    SceneParameters,
    random_scene_parameters,
    render_scene,
)
from dinocell_training.synthetic.label_cleaning import (
    equivalent_diameters,
    keep_largest_components,
    narrow_to_median,
)
from dinocell_training.synthetic.shapes import draw_template, draw_templates
from dinocell_training.synthetic.textures import blur, smooth_noise
from scipy import ndimage

SIZE = 128


def parameters(**changes):
    usual = SceneParameters(
        height=SIZE,
        width=SIZE,
        modality="phase_contrast",
        shape="spread",
        diameter_px=24.0,
        density=0.4,
        seed=3,
        rounded_fraction=0.1,
        debris=0.3,
    )
    return replace(usual, **changes)


def random_scenes(count, seed, side=SIZE, diameter_px=None):
    rng = np.random.default_rng(seed)
    return [render_scene(random_scene_parameters(rng, side, side, diameter_px)) for _ in range(count)]


@pytest.fixture(scope="module")
def scenes():
    return random_scenes(60, seed=11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "modality", ["fluorescence_cytoplasm", "fluorescence_membrane", "quantitative_phase"]
)
def test_ideal_picture_is_bright_exactly_on_the_labels(modality, shape):
    scene = render_scene(
        parameters(modality=modality, shape=shape, debris=0.0, degradation=0.0, rounded_fraction=0.0)
    )
    assert scene.labels.max() >= 3
    np.testing.assert_array_equal(scene.pixels > 0, scene.labels > 0)


def test_ideal_histology_is_dark_exactly_on_the_labels():
    scene = render_scene(parameters(modality="histology", shape="round", debris=0.0, degradation=0.0))
    np.testing.assert_array_equal(scene.pixels < 1, scene.labels > 0)


def test_debris_is_drawn_and_not_labelled():
    kind = {"modality": "fluorescence_cytoplasm", "degradation": 0.0}
    scenes = [render_scene(parameters(debris=1.0, seed=seed, **kind)) for seed in range(5)]
    assert any(((scene.pixels > 0) & (scene.labels == 0)).any() for scene in scenes)


def test_labels_are_single_pieces_numbered_from_one_with_a_type_each(scenes):
    for scene in scenes:
        ids = np.unique(scene.labels[scene.labels > 0])
        np.testing.assert_array_equal(ids, np.arange(1, len(scene.types) + 1))
        for label, box in enumerate(ndimage.find_objects(scene.labels), start=1):
            mask = scene.labels[box] == label
            assert mask.sum() >= 12
            assert ndimage.label(mask)[1] == 1


def test_median_diameter_is_the_requested_one(scenes):
    for scene in [*scenes, *random_scenes(8, seed=5, diameter_px=30.0)]:
        if scene.types:
            median = np.median(equivalent_diameters(scene.labels, len(scene.types)))
            assert median == pytest.approx(scene.parameters.diameter_px, rel=0.25)


def test_sparse_scene_of_large_cells_has_at_least_one():
    for seed in range(12):
        scene = render_scene(parameters(density=0.02, diameter_px=45.0, seed=seed))
        assert len(scene.types) >= 1


def test_scene_depends_on_its_parameters_alone():
    np.random.seed(1)  # noqa: NPY002 - the global generator must not matter
    first = render_scene(parameters())
    np.random.seed(2)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    render_scene(parameters(seed=99))
    second = render_scene(parameters())
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert not np.array_equal(first.labels, render_scene(parameters(seed=4)).labels)


@pytest.mark.parametrize(("modality", "shape"), list(itertools.product(MODALITIES, SHAPES)))
def test_every_modality_shows_every_shape(modality, shape):
    scene = render_scene(parameters(modality=modality, shape=shape, arrangement="clumped"))
    assert scene.pixels.shape == scene.labels.shape == (SIZE, SIZE)
    assert scene.pixels.dtype == np.float32
    assert scene.labels.dtype == np.int32
    assert np.isfinite(scene.pixels).all()
    # Cells differ from the background in brightness or in texture.
    cells, background = scene.pixels[scene.labels > 0], scene.pixels[scene.labels == 0]
    if len(background) > 100:
        ratio = cells.std() / max(float(background.std()), 1e-6)
        shift = abs(float(cells.mean() - background.mean())) / max(float(background.std()), 1e-6)
        assert shift > 0.2 or ratio > 1.2 or ratio < 0.8
    assert scene.pixels.std() > 0


@pytest.mark.parametrize("modality", MODALITIES)
def test_scene_without_cells(modality):
    scene = render_scene(parameters(modality=modality, density=0.0))
    assert scene.types == ()
    assert not scene.labels.any()
    assert np.isfinite(scene.pixels).all()


def test_random_scenes_cover_all_kinds_and_some_are_empty():
    rng = np.random.default_rng(0)
    chosen = [random_scene_parameters(rng, 256, 200) for _ in range(1500)]
    assert {p.modality for p in chosen} == set(MODALITIES)
    assert {p.shape for p in chosen} == set(SHAPES)
    assert {p.arrangement for p in chosen} == set(ARRANGEMENTS)
    assert 0.005 < np.mean([p.density == 0 for p in chosen]) < 0.04
    diameters = [p.diameter_px for p in chosen]
    assert min(diameters) < 12
    assert max(diameters) > 70
    assert all((p.height, p.width) == (256, 200) for p in chosen)


def test_layers_have_neighbours_without_a_gap(scenes):
    layer = render_scene(parameters(shape="epithelium", arrangement="layer", density=1.0))
    assert (layer.labels > 0).mean() > 0.97
    touching = sum(_touches(scene.labels) for scene in scenes)
    assert touching > len(scenes) / 3


def _touches(labels):
    left, right = labels[:, :-1], labels[:, 1:]
    return bool(((left != right) & (left > 0) & (right > 0)).any())


def test_cells_reach_over_the_border_of_the_picture(scenes):
    cut = [np.any(scene.labels[0] > 0) or np.any(scene.labels[:, -1] > 0) for scene in scenes]
    assert np.mean(cut) > 0.5


def test_unknown_names_and_sizes_are_refused():
    with pytest.raises(ValueError, match="is not one of"):
        parameters(modality="x-ray")
    with pytest.raises(ValueError, match="must be positive"):
        parameters(diameter_px=0.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_templates_have_the_area_of_a_circle_of_diameter_one(shape):
    rng = np.random.default_rng(8)
    skimage_draw = pytest.importorskip("skimage.draw")
    for _ in range(4):
        parts = [part * 100 + 500 for part in draw_template(shape, rng)]
        mask = np.zeros((1000, 1000), bool)
        for part in parts:
            mask[skimage_draw.polygon(part[:, 0], part[:, 1], mask.shape)] = True
        assert 2 * np.sqrt(mask.sum() / np.pi) == pytest.approx(100, rel=0.1)


def test_rods_of_a_scene_share_their_width():
    rods = draw_templates("rod", 12, np.random.default_rng(2))
    lengths = np.array([np.ptp(rod[0][:, 1]) for rod in rods])
    areas = np.array([_shoelace(rod[0]) for rod in rods])
    widths = areas / lengths
    assert lengths.max() / lengths.min() > 1.5
    assert widths.std() / widths.mean() < 0.12


def _shoelace(polygon):
    following = np.roll(polygon, -1, axis=0)
    return abs(np.sum(polygon[:, 0] * following[:, 1] - polygon[:, 1] * following[:, 0])) / 2


def test_only_the_largest_piece_of_a_label_is_kept():
    labels = np.array([[1, 1, 0, 1], [0, 2, 2, 0], [3, 0, 0, 2]], np.int32)
    keep_largest_components(labels, 2)
    np.testing.assert_array_equal(labels, [[1, 1, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0]])


def test_odd_sizes_go_until_the_median_fits():
    keep = narrow_to_median(np.array([10.0, 40.0, 11.0, 90.0, 80.0]), 10.0, 0.06)
    np.testing.assert_array_equal(keep, [True, False, True, False, False])


@pytest.mark.parametrize("scale", [1.0, 3.0, 20.0, 700.0])
def test_smooth_noise_has_variance_one_and_the_size_asked_for(scale):
    rng = np.random.default_rng(6)
    fields = np.stack([smooth_noise(rng, (40, 60), scale) for _ in range(300)])
    assert fields.shape[1:] == (40, 60)
    np.testing.assert_allclose(fields.var(axis=0).mean(), 1, rtol=0.15)
    neighbours = np.mean(fields[:, :, 1:] * fields[:, :, :-1])
    assert neighbours > 0.8 if scale > 2 else abs(neighbours) < 0.1


@pytest.mark.parametrize("sigma", [1.0, 9.0])
def test_blur_agrees_with_scipy(sigma):
    image = smooth_noise(np.random.default_rng(1), (160, 160), 12.0)
    expected = ndimage.gaussian_filter(image, sigma, mode="mirror")
    inner = slice(40, -40)
    np.testing.assert_allclose(blur(image, sigma)[inner, inner], expected[inner, inner], atol=0.06)
