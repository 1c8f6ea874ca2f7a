"""Downloads: the hub is a stand-in that hands out files of this machine."""

import hashlib
import sys
from types import SimpleNamespace

import huggingface_hub
import pytest

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.model.download import (
    download_backbone_weights,
    download_published_weights,
)

CONTENT = b"weights"
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Hub:
    """Keeps one file under its checksum with a link to it, as the client of the hub does."""

    def __init__(self, folder, checksum=CHECKSUM, links=True):
        self.kept = folder / checksum
        self.folder = folder
        self.checksum = checksum
        self.links = links
        self.offline = False
        self.asked = []

    def download(self, repository, file):
        self.asked.append((repository, file))
        path = self.folder / file
        if not path.exists():
            if self.offline:
                raise huggingface_hub.errors.LocalEntryNotFoundError("no connection")
            (self.kept if self.links else path).write_bytes(CONTENT)
            if self.links:
                path.symlink_to(self.kept)
        return str(path)

    def model_info(self, repository, files_metadata):
        if self.offline:
            raise ConnectionError("no connection")
        assert files_metadata
        lfs = SimpleNamespace(sha256=self.checksum)
        return SimpleNamespace(
            siblings=[
                SimpleNamespace(rfilename="README.md", lfs=None),
                SimpleNamespace(rfilename="other.bin", lfs=SimpleNamespace(sha256="0" * 64)),
                SimpleNamespace(rfilename=self.asked[-1][1], lfs=lfs),
            ]
        )


@pytest.fixture
def connect(monkeypatch, tmp_path):
    def put_in_place(**properties):
        hub = Hub(tmp_path, **properties)
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub.download)
        monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
        return hub

    return put_in_place


LINKS = [
    pytest.param(True, marks=pytest.mark.skipif(sys.platform == "win32", reason="links need rights")),
    False,
]


@pytest.mark.parametrize("links", LINKS)
def test_a_backbone_comes_from_the_repository_of_its_name(connect, links):
    hub = connect(links=links)
    for name in ("vit_small_patch14_dinov2", "vit_small_patch14_dinov2.lvd142m"):
        assert download_backbone_weights(name).read_bytes() == CONTENT
    assert set(hub.asked) == {("timm/vit_small_patch14_dinov2.lvd142m", "model.safetensors")}
    download_backbone_weights("vit_base_patch14_reg4_dinov2")
    assert hub.asked[-1][0] == "timm/vit_base_patch14_reg4_dinov2.lvd142m"


def test_the_published_weights_come_from_their_authors(connect):
    hub = connect(links=False)
    assert download_published_weights().read_bytes() == CONTENT
    assert hub.asked == [("KadenStillwagon/DINOCell", "DINOCell_demo_model.pt")]


@pytest.mark.parametrize(
    "download", [download_published_weights, lambda: download_backbone_weights("vit_base_patch14_dinov2")]
)
@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError, type("HTTPError", (Exception,), {})])
def test_without_a_network_one_sentence_says_what_to_do(monkeypatch, download, error):
    def fail(*_):
        raise error("Name or service not known")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(ModelError) as caught:
        download()
    assert "could not be downloaded. Connect to the internet, or download it elsewhere" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, error)


@pytest.mark.parametrize("links", LINKS)
def test_what_was_downloaded_before_needs_no_network(connect, links):
    hub = connect(links=links)
    first = download_published_weights()
    hub.offline = True
    assert download_published_weights() == first


def test_a_checksum_that_is_not_the_hubs_is_refused(connect):
    connect(checksum="1" * 64, links=False)
    with pytest.raises(ModelError, match="do not have the checksum that the hub names") as caught:
        download_published_weights()
    assert caught.value.path.name == "DINOCell_demo_model.pt"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
def test_a_kept_file_that_was_damaged_is_refused_without_a_network(connect):
    hub = connect()
    download_published_weights()
    hub.kept.write_bytes(b"weigths")
    hub.offline = True
    with pytest.raises(ModelError, match="checksum"):
        download_published_weights()


@pytest.mark.parametrize(
    "name",
    ["resnet50", "", "vit_small_patch16_224", "../vit_small_patch14_dinov2", "vit_small_patch14_dinov2.x"],
)
def test_other_networks_are_not_offered(connect, name):
    hub = connect()
    with pytest.raises(InvalidParameterError, match="There are no DINOv2 weights named"):
        download_backbone_weights(name)
    assert hub.asked == []
