"""The segmentation network: its shape follows from its configuration, its maps are aligned to the tile."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.errors import ModelError
from dinocell_app.model.segmenter import LayerNorm2d, Segmenter
from dinocell_app.model.segmenter_config import (
    CONFIGS,
    DINOCELL_B8,
    DINOCELL_S8,
    FLOW_CHANNELS,
    SegmenterConfig,
    for_objective,
)

TINY = SegmenterConfig("vit_small_patch14_dinov2", 8, 32, 32, 16, 2, (0,), FLOW_CHANNELS, detail_width=8)


def network(config=TINY):
    torch.manual_seed(0)
    return Segmenter(config).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def tiny():
    return network()


@pytest.fixture(scope="module")
def plain():
    return network(replace(TINY, detail_width=0))


def described(config):
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in Segmenter(config).state_dict().items()}


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (64, 24), (40, 96)])
def test_maps_have_the_shape_of_the_tile(tiny, plain, size):
    tiles = torch.randn(2, 3, *size)
    for net in (tiny, plain):
        maps = net(tiles)
        assert maps.shape == (2, 3, *size)
        assert torch.isfinite(maps).all()


@pytest.mark.parametrize("size", [(1, 1), (33, 47), (7, 40)])
def test_other_sizes_are_extended_to_whole_patches(tiny, size):
    assert tiny(torch.randn(1, 3, *size)).shape == (1, 3, *size)


def test_tiles_of_a_batch_do_not_see_each_other(tiny):
    tiles = torch.randn(3, 3, 32, 32)
    each = torch.cat([tiny(tile[None]) for tile in tiles])
    torch.testing.assert_close(tiny(tiles), each, atol=1e-5, rtol=1e-4)


def test_the_same_tile_gives_the_same_maps_outside_training():
    net = network(replace(TINY, dropout=0.3, drop_path=0.3))
    tile = torch.randn(1, 3, 32, 32)
    assert torch.equal(net(tile), net(tile))
    net.train()
    assert not torch.equal(net(tile), net(tile))


def test_maps_come_in_the_order_of_the_channel_names(plain):
    tile = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        before = plain(tile)
        bias = plain.heads["flow_x"][-1].bias
        bias += 1
        after = plain(tile)
        bias -= 1
    moved = (after - before).abs().amax(dim=(0, 2, 3))
    torch.testing.assert_close(moved, torch.tensor([0.0, 1.0, 0.0]), atol=1e-5, rtol=0)


def test_another_objective_changes_the_heads_alone():
    config = for_objective(TINY, ("distance",))
    assert config == replace(TINY, channel_names=("distance",))
    own, other = described(TINY), described(config)
    assert {n: s for n, s in own.items() if not n.startswith("heads")} == {
        n: s for n, s in other.items() if not n.startswith("heads")
    }
    assert {name.split(".")[1] for name in other if name.startswith("heads")} == {"distance"}


def test_features_are_those_of_the_chosen_blocks():
    net = network(replace(TINY, feature_blocks=(0, 2), detail_width=0))
    assert len(net.backbone.blocks) == 3
    tiles = torch.randn(1, 3, 32, 40)
    first, last = net.features(tiles)
    assert first.shape == last.shape == (1, 384, 4, 5)
    # The last block's patch tokens, normalised, written out.
    tokens = net.backbone.forward_features(tiles)[:, 1:]
    torch.testing.assert_close(last, tokens.mT.reshape(1, 384, 4, 5), atol=1e-5, rtol=1e-4)
    del net.backbone.blocks[1:]
    tokens = net.backbone.forward_features(tiles)[:, 1:]
    torch.testing.assert_close(first, tokens.mT.reshape(1, 384, 4, 5), atol=1e-5, rtol=1e-4)


def test_blocks_that_nothing_reads_are_left_out():
    assert max(int(n.split(".")[2]) for n in described(TINY) if n.startswith("backbone.blocks")) == 0
    assert max(int(n.split(".")[2]) for n in described(DINOCELL_S8) if n.startswith("backbone.blocks")) == 9
    assert max(int(n.split(".")[2]) for n in described(DINOCELL_B8) if n.startswith("backbone.blocks")) == 11


def test_a_block_that_the_transformer_lacks_is_refused():
    with pytest.raises(ModelError, match="block 12 of vit_small_patch14_dinov2, which has 12"):
        described(replace(TINY, feature_blocks=(3, 12)))


def test_tiles_are_shown_enlarged_where_the_configuration_says_so():
    net = network(replace(TINY, input_size=56, detail_width=0))
    shown = []
    net.backbone.patch_embed.register_forward_pre_hook(lambda _, inputs: shown.append(inputs[0]))
    ramp = torch.arange(32.0).expand(1, 3, 32, 32)
    assert net(ramp).shape == (1, 3, 32, 32)
    assert shown[0].shape == (1, 3, 56, 56)
    # Pixel centres stay where they are: centre i of 56 lies at (i + 0.5) * 32 / 56 - 0.5 of 32.
    expected = (torch.arange(56) + 0.5) * 32 / 56 - 0.5
    torch.testing.assert_close(shown[0][0, 0, 20, 8:-8], expected[8:-8], atol=1e-3, rtol=0)


def test_maps_are_aligned_to_the_tile(tiny):
    """A change of the tile changes the maps most where it is, through the detail branch."""
    tile = torch.zeros(1, 3, 64, 64)
    changed = tile.clone()
    changed[:, :, 40:44, 16:20] = 3
    difference = (tiny(changed) - tiny(tile)).abs().sum(dim=(0, 1))
    centre = torch.nonzero(difference > difference.max() / 2).float().mean(dim=0)
    torch.testing.assert_close(centre, torch.tensor([41.5, 17.5]), atol=2.5, rtol=0)


def test_the_detail_branch_sees_what_patches_blur(tiny, plain):
    """Neighbouring pixels that the patch projection cannot tell apart."""
    tile = torch.zeros(1, 3, 32, 32)
    swapped = tile.clone()
    tile[:, :, 10, 10] = swapped[:, :, 10, 11] = 1
    for net, sees in ((tiny, True), (plain, False)):
        weight = net.backbone.patch_embed.proj.weight.clone()
        with torch.no_grad():
            net.backbone.patch_embed.proj.weight.copy_(
                weight.mean(dim=(2, 3), keepdim=True).expand_as(weight)
            )
            differs = not torch.allclose(net(tile), net(swapped), atol=1e-6)
            net.backbone.patch_embed.proj.weight.copy_(weight)
        assert differs == sees


def test_layer_normalisation_is_over_channels():
    norm = LayerNorm2d(6, eps=1e-6)
    out = norm(torch.randn(2, 6, 5, 4) * 3 + 2)
    torch.testing.assert_close(out.mean(dim=1), torch.zeros(2, 5, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var(dim=1, unbiased=False), torch.ones(2, 5, 4), atol=1e-3, rtol=0)


def test_parameters_of_the_shipped_network_keep_their_names():
    """Weights in the world are stored under these names and shapes."""
    shapes = described(DINOCELL_S8)
    assert shapes["backbone.pos_embed"] == (1, 1 + 32 * 32, 384)
    assert shapes["neck.0.weight"] == (256, 3 * 384, 1, 1)
    assert shapes["detail.full.0.weight"] == (16, 3, 3, 3)
    assert shapes["heads.cell_probability.5.weight"] == (1, 12, 1, 1)
    listing = json.dumps(sorted(shapes.items())).encode()
    assert (len(shapes), hashlib.sha256(listing).hexdigest()[:16]) == (190, "540a6cd64faede1f")


@pytest.mark.parametrize("config", [*CONFIGS.values(), TINY])
def test_configurations_survive_json(config):
    assert SegmenterConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("backbone", ""),
        ("backbone", 3),
        ("patch_size", 0),
        ("patch_size", 8.0),
        ("tile_size", True),
        ("tile_size", 10**9),
        ("input_size", -896),
        ("decoder_width", 10**9),
        ("decoder_width", 12),
        ("n_upsamplings", 99),
        ("feature_blocks", [-1]),
        ("feature_blocks", ["last"]),
        ("feature_blocks", "0"),
        ("channel_names", []),
        ("channel_names", ["a", "a"]),
        ("channel_names", [""]),
        ("detail_width", "wide"),
        ("dropout", 1.0),
        ("drop_path", float("nan")),
        ("unknown", 1),
    ],
)
def test_a_damaged_configuration_is_refused_in_a_sentence(field, value):
    with pytest.raises(ModelError) as caught:
        SegmenterConfig.from_dict({**TINY.to_dict(), field: value})
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(sorted(TINY.to_dict())),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers() | st.text()),
)
def test_no_value_breaks_reading_a_configuration(field, value):
    try:
        config = SegmenterConfig.from_dict({**TINY.to_dict(), field: value})
    except ModelError:
        return
    assert SegmenterConfig.from_dict(config.to_dict()) == config


def test_a_missing_field_is_refused():
    fields = TINY.to_dict()
    del fields["tile_size"]
    with pytest.raises(ModelError, match="tile_size"):
        SegmenterConfig.from_dict(fields)
