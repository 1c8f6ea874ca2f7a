"""`dinocell-app features` from an image to a picture."""

import imageio.v3 as imageio
import numpy as np
import tifffile

from dinocell_app.cli import main


def _words(image, out, model):
    return ["features", str(image), "--pca", str(out), "--model", str(model), "--device", "cpu"]


def test_the_picture_has_the_size_of_the_image(tiny_model, tmp_path, capsys):
    image, out = tmp_path / "a.tif", tmp_path / "new" / "a.png"
    tifffile.imwrite(image, np.random.default_rng(0).integers(0, 255, (50, 70)).astype(np.uint8))
    assert main(_words(image, out, tiny_model)) == 0
    picture = imageio.imread(out)
    assert picture.shape == (50, 70, 3)
    assert (picture.std(axis=(0, 1)) > 10).all()
    assert str(out) in capsys.readouterr().out


def test_a_picture_is_not_replaced_unasked(tiny_model, tmp_path, capsys):
    image, out = tmp_path / "a.tif", tmp_path / "a.png"
    tifffile.imwrite(image, np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8))
    out.write_text("mine")
    assert main(_words(image, out, tiny_model)) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main([*_words(image, out, tiny_model), "--overwrite"]) == 0
    assert imageio.imread(out).shape == (40, 40, 3)


def test_a_stack_needs_a_choice(tiny_model, tmp_path, capsys):
    image = tmp_path / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (3, 40, 40)).astype(np.uint8)
    tifffile.imwrite(image, pixels, imagej=True, metadata={"axes": "ZYX"})
    assert main(_words(image, tmp_path / "a.png", tiny_model)) == 2
    assert "--plane" in capsys.readouterr().err
    assert main([*_words(image, tmp_path / "a.png", tiny_model), "--plane", "max"]) == 0


def test_the_picture_must_be_a_png(tiny_model, tmp_path, capsys):
    assert main(_words(tmp_path / "a.tif", tmp_path / "a.jpg", tiny_model)) == 2
    assert ".png" in capsys.readouterr().err
