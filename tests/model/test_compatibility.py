"""Whether a model fits is said in a sentence."""

import pytest

from dinocell_app import __version__
from dinocell_app.model.compatibility import compatibility_sentence
from dinocell_app.model.manifest import Manifest, read_manifest


@pytest.fixture
def made_with(tiny_model):
    def make(version: str, **fields: object) -> Manifest:
        versions = {"dinocell-app": version} if version else {}
        return read_manifest(tiny_model).model_copy(update={"library_versions": versions, **fields})

    return make


@pytest.mark.parametrize("version", ["0.0.1", __version__, "0.0.1.dev3+local.9"])
def test_an_earlier_version_is_named(made_with, version):
    sentence = compatibility_sentence(made_with(version))
    assert sentence.startswith("It segments with")
    assert f"({__version__}); it was made with {version}." in sentence


@pytest.mark.parametrize("version", ["99.0.0", "99.1rc2"])
def test_of_a_newer_version_one_is_warned(made_with, version):
    sentence = compatibility_sentence(made_with(version))
    assert f"newer one ({version})" in sentence
    assert "update" in sentence


def test_what_is_not_known_is_said(made_with):
    assert "not recorded" in compatibility_sentence(made_with(""))
    assert compatibility_sentence(made_with(__version__, needs_teaching=True)).startswith("It can be taught")
