"""Every block of a file read: what each of them says."""

from __future__ import annotations

from geoclip_core.photo.claims import Said
from geoclip_core.photo.metadata.blocks import Blocks
from geoclip_core.photo.metadata.exif_block import read_block
from geoclip_core.photo.metadata.iptc import read_record
from geoclip_core.photo.metadata.sidecars import read_sidecar
from geoclip_core.photo.metadata.tiff import read_directories
from geoclip_core.photo.metadata.xmp import read_packet

_PLACES = ("position", "shown position", "place", "shown place", "caption")


def read_blocks(blocks: Blocks) -> list[Said]:
    """What each block says, in the order of trust: EXIF, XMP, IPTC, then files beside the photo."""
    said = [
        read_block(read_directories(block), "EXIF" if number == 1 else f"EXIF block {number}")
        for number, block in enumerate(blocks.exif, start=1)
    ]
    said += [read_packet(packet) for packet in blocks.xmp]
    said += [read_record(record) for record in blocks.iptc]
    return said + [read_sidecar(name, content) for name, content in blocks.sidecars]


def states_a_place(blocks: Blocks) -> bool:
    """Whether any block says where the photo was taken, as a position or in words."""
    return any(claim.what in _PLACES for said in read_blocks(blocks) for claim in said.claims)
