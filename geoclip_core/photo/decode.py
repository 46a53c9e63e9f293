"""From any picture a person may have to one upright RGB image, safely, and to what its file says of itself.

Nothing here touches the network, and nothing of a photo's content is logged or kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from geoclip_core.errors import PhotoError
from geoclip_core.files import digest, printable, read_at_most
from geoclip_core.photo.limits import MAX_BYTES
from geoclip_core.photo.metadata.blocks import Blocks, find_blocks
from geoclip_core.photo.metadata.read import states_a_place
from geoclip_core.photo.metadata.sidecars import find_sidecars
from geoclip_core.photo.pixels import SCALE_DOWN, allowed, decode

PhotoSource = str | Path | bytes | bytearray | BinaryIO | Image.Image


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo: its pixels, and what its file says of itself.

    Attributes:
        pixels: RGB, 8 bits, upright (the rotation that the file states has been applied); None where they cannot be
            had and the file's own words have to do.
        format: Pillow's name of the file format, ``"RAW"``, ``"memory"``, or ``"unreadable"`` without pixels.
        notes: Plain sentences on what was done to the pixels that a careful reader should know.
        blocks: The file's EXIF, XMP and IPTC blocks, possibly none; ``photo.exif`` reads them.
        failure: Why there are no pixels.
    """

    pixels: Image.Image | None
    format: str
    notes: tuple[str, ...] = ()
    blocks: Blocks = field(default_factory=Blocks)
    failure: PhotoError | None = None

    @property
    def image(self) -> Image.Image:
        """The pixels.

        Raises:
            PhotoError: There are none; why.
        """
        if self.pixels is None:
            raise self.failure or PhotoError("The photo has no pixels")
        return self.pixels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels as shown upright; 0 and 0 without pixels."""
        return self.pixels.size if self.pixels is not None else (0, 0)

    @property
    def key(self) -> str:
        """Digest of the pixels and of what the file says: the same for the same photo."""
        pixels: Sequence[bytes] = [self.pixels.tobytes()] if self.pixels is not None else []
        return digest(*pixels, *self.blocks.exif, *self.blocks.xmp, *self.blocks.iptc)


def open_photo(source: PhotoSource, *, pixels_needed: bool = True) -> Photo:
    """Decode a photo.

    Args:
        source: A path, the bytes of a file, an open binary file, or a PIL image. Beside a path, files that speak of
            the photo are read, too: ``.xmp`` of photo editors, ``.json`` of Google Takeout.
        pixels_needed: Whether a file whose pixels cannot be had is refused although it says where it was taken.

    Returns:
        The photo, upright and RGB. Of an animation it is the first frame; transparency is laid on white;
        16-bit images are scaled to 8 bits; of a JPEG photo that is cut short it is what there is; of a raw file it is
        the preview.

    Raises:
        PhotoError: The source is missing, empty, too large, a strip thinner than 1 : ``MAX_ASPECT``, not an
            image of a known format, or damaged.
    """
    if isinstance(source, Image.Image):
        found = decode("The picture", source, Blocks())
        return Photo(found.image, found.format, found.notes, _blocks_of(source))
    name, data, path = _read(source)
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes)", allowed=allowed(), hint="choose another file")
    blocks = find_blocks(data)
    if path is not None:
        blocks.sidecars += find_sidecars(path)
    try:
        found = decode(name, data, blocks)
    except PhotoError as error:
        if pixels_needed or not states_a_place(blocks):
            raise
        note = f"{error.problem}: its pixels were not looked at, only what the file says of itself."
        return Photo(None, "unreadable", (note,), blocks, error)
    return Photo(found.image, found.format, found.notes, blocks)


def _blocks_of(image: Image.Image) -> Blocks:
    """What Pillow has kept of the blocks of a picture's file."""
    blocks = Blocks()
    exif = image.info.get("exif")
    try:
        exif = exif if isinstance(exif, bytes) else image.getexif().tobytes()
    except Exception:  # noqa: BLE001 - Pillow's writer raises anything on tags of a kind that it did not expect
        exif = b""
    if exif:
        blocks.exif.append(exif.removeprefix(b"Exif\0\0"))
    packet = image.info.get("xmp")
    if packet:
        blocks.xmp.append(packet.encode() if isinstance(packet, str) else bytes(packet))
    resources = image.info.get("photoshop")
    if isinstance(resources, dict) and isinstance(resources.get(0x0404), bytes):
        blocks.iptc.append(resources[0x0404])
    return blocks


def _read(source: str | Path | bytes | bytearray | BinaryIO) -> tuple[str, bytes, Path | None]:
    """A name for messages, the bytes of the file, at most ``MAX_BYTES`` of them, and its path where it has one."""
    name, path = "The photo", None
    data: object = None
    try:
        if isinstance(source, bytes | bytearray):
            data = bytes(source)
        elif isinstance(source, str | Path):
            name = f"The file {printable(source)}"
            path = _path(Path(source))
            if path.is_dir():
                raise PhotoError(f"{printable(path)} is a folder", allowed="one photo", hint="name a file inside it")
            if path.exists() and not path.is_file():
                raise PhotoError(f"{printable(path)} is a device or a pipe", allowed="a file", hint="copy it to a file")
            with path.open("rb") as stream:
                data = read_at_most(stream, MAX_BYTES + 1)
        elif hasattr(source, "read"):
            data = read_at_most(source, MAX_BYTES + 1)
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError(f"There is no file {printable(str(source))}", hint="check the path") from error
    except (OSError, ValueError) as error:
        why = printable(str(error))
        raise PhotoError(f"{name} cannot be read ({why})", hint="check the path and its permissions") from error
    if not isinstance(data, bytes):
        raise PhotoError(
            f"A photo cannot be read from {type(source).__name__}",
            allowed="a path, bytes, a file opened in binary mode, or a PIL image",
        )
    if len(data) > MAX_BYTES:
        raise PhotoError(f"{name} has more than {MAX_BYTES // 2**20} MiB", allowed=allowed(), hint=SCALE_DOWN)
    return name, data, path


def _path(path: Path) -> Path:
    """The path, from a person's home where it begins with one; a file may itself be called ``~name.jpg``."""
    if len(path.parts) < 2 or not path.parts[0].startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such person
        return path
