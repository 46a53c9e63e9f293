"""The whole network against the reference, at full size, with the same random CLIP, on photos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from geoclip_core.evidence.clip import ClipSource
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.candidates import distinct_places
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.model.clip import ClipShape
from geoclip_core.model.device import tiny_numbers_as_zeros
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.weights.load import read_gallery
from geoclip_core.weights.registry import find_record

DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "im2gps3k_cc" / "photos"
TOP = 5


@dataclass(frozen=True)
class Standard:
    """What the reference says of the photos.

    Attributes:
        folder: The random CLIP that it used, as a snapshot folder.
        files: The photos.
        pixels: (n, 3, 224, 224) of its own processor.
        features: (n, 768) of its CLIP.
        vectors: (n, 512) of its image encoder.
        gallery: (100,000, 2) its points.
        logits: (n, 100,000).
    """

    folder: Path
    files: list[Path]
    pixels: torch.Tensor
    features: torch.Tensor
    vectors: torch.Tensor
    gallery: torch.Tensor
    logits: torch.Tensor


def choose(folder: Path | None) -> list[Path]:
    """Photos of different sizes: wide, tall and square, with every parity of the sides.

    Four are made by ``tests/data/make_photos.py``; the others are taken from a folder of real ones, where it is there,
    else they are the page's samples.
    """
    own = [DATA / name for name in ("lake.jpg", "valley.png", "cliff.jpg", "coast.jpg")]
    sizes = set()
    for file in own:
        with Image.open(file) as image:
            sizes.add(image.size)
    assert {(w % 2, h % 2) for w, h in sizes} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    real: dict[tuple[int, int], Path] = {}
    for file in sorted(folder.glob("*.jpg")) if folder else []:
        with Image.open(file) as image:
            real.setdefault(image.size, file)
    if real:
        ordered = sorted(real, key=lambda size: size[0] / size[1])
        chosen = [ordered[0], ordered[-1]]
        for parity in ((0, 1), (1, 0)):
            chosen.append(next(s for s in ordered[1:-1] if (s[0] % 2, s[1] % 2) == parity and s not in chosen))
        assert chosen[0][0] < 0.7 * chosen[0][1]
        assert chosen[1][0] > 1.5 * chosen[1][1]
        own += [real[size] for size in chosen]
    else:
        own += sorted(SAMPLES.glob("*.jpg"))
    widths = [width / height for width, height in sizes]
    assert min(widths) < 0.7 < 1.5 < max(widths)
    return own


def enliven(clip: torch.nn.Module) -> None:
    """Make a fresh CLIP tell photos apart: as transformers draws it, all features are nearly the same."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in clip.named_parameters():
            if name.startswith("vision_model.encoder") and parameter.ndim == 2:
                parameter.mul_(4)
            elif parameter.ndim == 1:
                # Fresh biases are zero and fresh norms are one; mistakes in copying them must show.
                parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)


@pytest.fixture(scope="module")
def standard(reference: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standard]:
    files = choose(REAL if REAL.is_dir() else None)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = reference.GeoCLIP(clip_pretrained=False).eval()
    encoder = theirs.image_encoder
    enliven(encoder.CLIP)
    folder = tmp_path_factory.mktemp("snapshot")
    save_file(encoder.CLIP.state_dict(), folder / "model.safetensors")
    encoder.CLIP.config.to_json_file(folder / "config.json")
    pixels, features, vectors = [], [], []
    with torch.inference_mode():
        for file in files:
            pixels.append(encoder.preprocess_image(Image.open(file).convert("RGB")))
            features.append(encoder.CLIP.get_image_features(pixel_values=pixels[-1]).pooler_output)
            vectors.append(encoder.mlp(features[-1]))
        with tiny_numbers_as_zeros():
            points = [F.normalize(theirs.location_encoder(part), dim=1) for part in theirs.gps_gallery.split(2048)]
        found = torch.cat(vectors)
        logits = theirs.logit_scale.exp() * (F.normalize(found, dim=1) @ torch.cat(points).T)
        # Once through its own forward, to be sure that the parts above are what it does.
        whole = theirs(pixels[0], theirs.gps_gallery[:1000])
        assert torch.allclose(whole, logits[:1, :1000], atol=1e-4)
    gallery = theirs.gps_gallery.clone()
    yield Standard(folder, files, torch.cat(pixels), torch.cat(features), found, gallery, logits)
    (folder / "model.safetensors").unlink()  # 1.7 GB, which pytest would keep for three more runs


@pytest.fixture(scope="module")
def locator(standard: Standard) -> Locator:
    with pytest.warns(UserWarning, match=r"model\.safetensors is not one of the released CLIP files"):
        return load_locator("geoclip", device="cpu", precision="float32", clip=standard.folder)


@pytest.fixture(scope="module")
def model(locator: Locator) -> GeoCLIP:
    source = locator.sources[0]
    assert isinstance(source, ClipSource)
    network = source.network
    assert network.image_encoder is not None
    assert network.text_encoder is not None
    image, text = network.image_encoder, network.text_encoder
    whole = GeoCLIP(image.tower, text.tower, image.mlp, network.location_encoder)
    whole.image_encoder = image  # the very one that the locator looks through
    whole.logit_scale.data.fill_(float(np.log(locator.scale)))
    return whole.eval().requires_grad_(False)


@dataclass(frozen=True)
class Found:
    """What our model says of the same photos, from file to answer, with what passed through the network."""

    pixels: torch.Tensor
    features: torch.Tensor
    vectors: torch.Tensor
    answers: list[Answer]


@pytest.fixture(scope="module")
def ours(standard: Standard, locator: Locator, model: GeoCLIP) -> Found:
    pixels: list[torch.Tensor] = []
    features: list[torch.Tensor] = []
    vectors: list[torch.Tensor] = []

    def note(_: Any, given: tuple[torch.Tensor], made: torch.Tensor) -> None:
        pixels.extend(given)
        features.append(made)

    hooks = [
        model.image_encoder.tower.register_forward_hook(note),
        model.image_encoder.register_forward_hook(lambda _, __, made: vectors.append(made)),
    ]
    answers = [locator.locate(file) for file in standard.files]
    for hook in hooks:
        hook.remove()
    return Found(torch.cat(pixels), torch.cat(features), torch.cat(vectors), answers)


@pytest.fixture(scope="module")
def points(standard: Standard) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The gallery's distinct points, for each of its rows the point, and how many rows each point has."""
    rows = read_gallery(find_record("geoclip"))
    assert np.array_equal(rows.astype(np.float32), standard.gallery.numpy())
    distinct, which, times = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return distinct, which.ravel(), times


def relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float(((found - expected).norm(dim=1) / expected.norm(dim=1)).max())


@pytest.mark.slow
def test_the_random_clip_tells_photos_apart(standard: Standard) -> None:
    """Else the tests below would prove little."""
    vectors = F.normalize(standard.vectors, dim=1)
    cosines = (vectors @ vectors.T)[~torch.eye(len(vectors), dtype=torch.bool)]
    assert float(cosines.mean()) < 0.9
    assert len(set(standard.logits.argmax(dim=1).tolist())) >= len(vectors) / 2


@pytest.mark.slow
def test_pixels_are_those_of_the_references_processor(standard: Standard, ours: Found) -> None:
    # Asked for is one grey level (0.0151) and 1e-4 on average. They are equal up to the last bit of float32,
    # so that what follows is said of the same pixels.
    assert ours.pixels.shape == (len(standard.files), 3, 224, 224)
    assert float((ours.pixels - standard.pixels).abs().max()) < 1e-6


@pytest.mark.slow
def test_features_are_those_of_the_reference(standard: Standard, ours: Found) -> None:
    assert ours.features.dtype == ours.vectors.dtype == torch.float32
    assert relative(ours.features, standard.features) < 1e-4
    assert relative(ours.vectors, standard.vectors) < 1e-4


@pytest.mark.slow
def test_logits_and_the_top_five_are_those_of_the_reference(
    standard: Standard, ours: Found, locator: Locator, points: Any
) -> None:
    _, which, _ = points
    logits = locator.scale * (F.normalize(ours.vectors, dim=1) @ locator.gallery.vectors.T)[:, which]
    assert relative(logits, standard.logits) < 1e-4
    for mine, theirs in zip(logits.topk(TOP).indices, standard.logits.topk(TOP).indices, strict=True):
        assert which[mine].tolist() == which[theirs].tolist()


@pytest.mark.slow
def test_the_forward_pass_is_the_references(standard: Standard, model: GeoCLIP) -> None:
    rows = torch.arange(0, 100_000, 499)
    with torch.inference_mode():
        logits = model(standard.pixels[:2], standard.gallery[rows])
    assert relative(logits, standard.logits[:2, rows]) < 1e-4


@pytest.mark.slow
def test_the_answer_is_the_references_softmax(standard: Standard, ours: Found, points: Any) -> None:
    """The reference's softmax over its 100,000 rows, each point with the probability of all its rows."""
    distinct, which, times = points
    softmax = standard.logits.double().softmax(dim=1).numpy()
    for answer, theirs in zip(ours.answers, softmax, strict=True):
        expected = np.bincount(which, weights=theirs).astype(np.float64)
        found = answer.posterior
        assert np.abs(found.latlon - distinct).max() < 1e-5
        assert np.abs(found.probability - expected).max() < 1e-4 * expected.max()
        # The reference returns the best row, whatever stands in the others.
        assert (found.probability / times).argmax() == which[theirs.argmax()]
        # The best place, by the same rule for what a place is.
        best = distinct_places(replace(found, probability=expected), answer.query, 1)[0]
        assert answer.candidates[0].latlon == best.latlon
        assert answer.candidates[0].probability == pytest.approx(best.probability, rel=1e-3)


@pytest.mark.slow
def test_photo_and_text_go_through_the_same_layers(model: GeoCLIP) -> None:
    texts = ["Paris, France", "the Sahara"]
    found = model.text_encoder(texts)
    assert (found.shape, found.dtype) == ((2, 512), torch.float32)
    assert torch.equal(found, model.image_encoder.mlp(model.text_encoder.features(texts)))
    assert float(F.cosine_similarity(found[:1], found[1:])) < 1 - 1e-6


SMALL = ClipShape(dim=32, image_size=28, patch=14, image_width=64, image_layers=1, text_width=64, text_layers=1)


def test_an_untrained_model_looks_for_nothing(empty_machine: Path) -> None:
    model = GeoCLIP.untrained(SMALL, sigmas=(1.0, 4.0), dim=16)
    assert not list(empty_machine.iterdir())
    assert float(model.logit_scale.detach().exp()) == pytest.approx(1 / 0.07)
    logits = model(torch.randn(3, 3, 28, 28), torch.tensor([[48.8584, 2.2945], [0.0, 0.0]]))
    assert logits.shape == (3, 2)
    assert float(logits.detach().abs().max()) <= 1 / 0.07 + 1e-4
    other = GeoCLIP.untrained(SMALL, sigmas=(1.0, 4.0), dim=16)
    first, second = (m.image_encoder.mlp.state_dict()["0.weight"] for m in (model, other))
    assert not torch.equal(first, second)


def test_clip_is_frozen_and_everything_else_learns() -> None:
    model = GeoCLIP.untrained(SMALL, sigmas=(1.0,), dim=16)
    latlon = torch.tensor([[48.8584, 2.2945], [-33.9, 151.2]])
    logits = model(torch.randn(2, 3, 28, 28), latlon)
    torch.autograd.backward(F.cross_entropy(logits, torch.arange(2)))
    for name, parameter in model.named_parameters():
        if ".tower." in name:
            assert not parameter.requires_grad
            assert parameter.grad is None
        else:
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all()
    assert model.logit_scale.grad is not None
    assert float(model.logit_scale.grad.abs()) > 0
