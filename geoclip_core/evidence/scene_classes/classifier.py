"""What kind of thing a photo shows: EfficientNet-Lite2 (Tan and Le 2019), one of ImageNet's 1,000 classes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from geoclip_core.errors import WeightsError
from geoclip_core.weights.registry import SCENE_CLASSIFIER
from geoclip_core.weights.resolve import packaged_file

CLASSES = 1000
SIDE_PX = 260
"""Side of the picture that the network looks at, as it was trained (TensorFlow TPU, efficientnet/lite)."""

_CROP = 0.875
_BN_EPS = 1e-3  # of TensorFlow's batch normalisation, with which the weights were trained
_ARCHITECTURE = "tf_efficientnet_lite2"  # pads as TensorFlow does


def class_probabilities(image: Image.Image) -> npt.NDArray[np.float64]:
    """Probability of every class, (1000,), the mean over the middle of the photo and the whole of it.

    Args:
        image: An upright RGB picture of any size.

    Raises:
        WeightsError: The network's weights are missing or damaged.
    """
    views = torch.from_numpy(np.stack([_middle(image), _whole(image)])).permute(0, 3, 1, 2)
    with torch.inference_mode():
        logits = _network()(views)
    found: npt.NDArray[np.float64] = logits.double().softmax(1).mean(0).numpy()
    return found


@functools.cache
def class_names() -> tuple[str, ...]:
    """The names of the classes in plain words, the first of each class's synonyms."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return tuple(str(info.index_to_description(i)).partition(",")[0] for i in range(CLASSES))


@functools.cache
def _network() -> Callable[[Tensor], Tensor]:
    """The network with its weights; nothing but tensors is read from their file."""
    import timm

    path = packaged_file(SCENE_CLASSIFIER, "classifier")
    stored: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    network = timm.create_model(_ARCHITECTURE, bn_eps=_BN_EPS)
    # The file has names of its own, in the same order of layers.
    own = network.state_dict()
    shapes = [tuple(value.shape) for value in own.values()]
    if [tuple(value.shape) for value in stored.values()] != shapes:
        raise WeightsError(f"{path} holds other layers than {_ARCHITECTURE}", hint="install timm as declared")
    network.load_state_dict(dict(zip(own, stored.values(), strict=True)))
    made: Callable[[Tensor], Tensor] = fused(network.eval()).to(memory_format=torch.channels_last)
    return made


def fused(network: nn.Module) -> nn.Module:
    """Make every batch normalisation part of the convolution before it, in place; its activation stays where it was.

    With pixels and weights in the order of :func:`class_probabilities`, channels last, a photo takes 0.6 of the time.

    Args:
        network: One of timm's EfficientNets, in evaluation mode, where a normalisation follows each convolution.

    Returns:
        The network.
    """
    for block in list(network.modules()):
        for (name, layer), (after, norm) in itertools.pairwise(list(block.named_children())):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(block, name, fuse_conv_bn_eval(layer, norm))
                setattr(block, after, norm.act)
    return network


def _middle(image: Image.Image) -> npt.NDArray[np.float32]:
    width, height = image.size
    side = min(width, height) * _CROP
    left, top = (width - side) / 2, (height - side) / 2
    return _pixels(image, (left, top, left + side, top + side))


def _whole(image: Image.Image) -> npt.NDArray[np.float32]:
    return _pixels(image, (0.0, 0.0, float(image.width), float(image.height)))


def _pixels(image: Image.Image, box: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
    """Part of a picture as (260, 260, 3) numbers in [-1, 1]."""
    small = image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    return np.asarray(small, np.float32) / 127.5 - 1.0
