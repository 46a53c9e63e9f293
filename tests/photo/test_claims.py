"""What files say besides a position given in EXIF: times, direction, words, doubts, and what contradicts itself."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from PIL import ExifTags, Image

from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif
from geoclip_core.photo.metadata.exif_block import caption
from tests.photo.containers import encoded, exif_block, gps_entries, iptc, packet, with_xmp

PARIS, SYDNEY = (48.8584, 2.2945), (-33.8568, 151.2153)
Entry = tuple[int, int, int, bytes]


def read(data: bytes) -> ExifRecord:
    return read_exif(open_photo(data))


def text(tag: int, value: str) -> Entry:
    held = value.encode() + b"\0"
    return (tag, 2, len(held), held)


def rational(tag: int, *values: float) -> Entry:
    return (tag, 5, len(values), b"".join(struct.pack("<II", round(value * 1000), 1000) for value in values))


def at_paris(*gps: Entry, main: list[Entry] | None = None, **settings: bytes) -> ExifRecord:
    """What a photo taken at the Eiffel Tower says, with further tags of position."""
    entries = sorted([*gps_entries(*PARIS), *gps])
    return read(encoded(exif=b"Exif\0\0" + exif_block(entries, main), **settings))


def timed(original: str = "", digitized: str = "", changed: str = "", offset: str = "") -> bytes:
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    for tag, value in ((36867, original), (36868, digitized), (36881, offset)):
        if value:
            details[tag] = value
    if changed:
        exif[306] = changed
    return encoded(exif=exif)


@pytest.mark.parametrize(
    ("data", "taken", "by"),
    [
        (timed("2019:07:14 10:30:00", "2003:01:01 00:00:00"), datetime(2019, 7, 14, 10, 30), "taken"),
        (timed("    :  :     :  :  ", "2003:09:10 20:59:18"), datetime(2003, 9, 10, 20, 59, 18), "digitized"),
        (timed("", "2003:09:10 20:59:18", "2020:05:15 10:00:00"), datetime(2003, 9, 10, 20, 59, 18), "digitized"),
        (timed(changed="2020:05:15 10:00:00"), None, ""),
        (
            timed("2019:07:14 10:30:00", offset="+09:00"),
            datetime(2019, 7, 14, 10, 30, tzinfo=timezone(timedelta(hours=9))),
            "taken",
        ),
        (
            with_xmp("JPEG", packet('exif:DateTimeOriginal="2019-07-14T10:30:00.25-03:30"')),
            datetime(2019, 7, 14, 10, 30, 0, 250000, timezone(-timedelta(hours=3, minutes=30))),
            "taken",
        ),
        (with_xmp("JPEG", packet('photoshop:DateCreated="2019-07-14"')), datetime(2019, 7, 14), "taken"),
        (
            iptc({(2, 55): b"20190714", (2, 60): b"103000+0200"}),
            datetime(2019, 7, 14, 10, 30, tzinfo=timezone(timedelta(hours=2))),
            "taken",
        ),
    ],
)
def test_the_time_of_taking_is_found_in_the_right_order(data: bytes, taken: datetime | None, by: str) -> None:
    record = read(data)
    assert (record.taken_at, record.taken_by) == (taken, by)
    assert taken is None or (record.taken_at is not None and record.taken_at.tzinfo == taken.tzinfo)


def test_a_date_of_change_is_called_that_and_a_day_alone_is_said() -> None:
    assert read(timed(changed="2020:05:15 10:00:00")).changed_at == datetime(2020, 5, 15, 10)
    assert "original time" in read(timed("", "2003:09:10 20:59:18")).problems[0]
    record = read(with_xmp("JPEG", packet('photoshop:DateCreated="2019-07-14"')))
    assert record.problems == ("The file gives the day only, not the time of day.",)


def test_the_time_of_the_satellites_is_utc_and_one_week_off_is_a_contradiction() -> None:
    gps = [rational(7, 10, 36, 13), text(29, "2020:02:13")]
    record = at_paris(*gps)
    assert (record.taken_at, record.taken_by) == (datetime(2020, 2, 13, 10, 36, 13, tzinfo=UTC), "gps time")
    for days, told in ((0, 0), (1, 0), (7, 1)):
        taken = packet(f'exif:DateTimeOriginal="2020-02-{13 + days}T12:00:00"')
        assert len(at_paris(*gps, xmp=taken).warnings) == told
    assert "7 days apart" in at_paris(*gps, xmp=packet('exif:DateTimeOriginal="2020-02-20T12:00:00"')).warnings[0]


@pytest.mark.parametrize(
    ("reference", "altitude"),
    [
        ((5, 1, 1, b"\x00"), 10.1),
        ((5, 1, 1, b"\x01"), -10.1),
        (text(5, "1"), -10.1),
        (text(5, "0"), 10.1),
        ((5, 3, 1, b"\x01\0"), -10.1),
        ((5, 1, 1, b"\x02"), 10.1),
        ((5, 1, 1, b"\x03"), -10.1),
    ],
)
def test_the_side_of_the_sea_comes_in_many_types(reference: Entry, altitude: float) -> None:
    record = at_paris(reference, rational(6, 10.1))
    assert record.altitude_m == pytest.approx(altitude)
    assert any("ellipsoid" in problem for problem in record.problems) == (reference[3] in (b"\x02", b"\x03"))


def test_headings_say_which_north_they_mean() -> None:
    assert (at_paris(text(16, "T"), rational(17, 90)).heading_from, at_paris(rational(17, 90)).heading_deg) == (
        "true",
        90,
    )
    record = at_paris(text(16, "M"), rational(17, 90))
    assert record.heading_from == "magnetic"
    assert "magnetic north" in record.problems[0]
    assert record.warnings == ()


def test_panoramas_and_drones() -> None:
    pano = read(with_xmp("JPEG", packet('GPano:PoseHeadingDegrees="225" GPano:ProjectionType="equirectangular"')))
    assert (pano.heading_deg, pano.projection) == (225.0, "equirectangular")
    drone = read(with_xmp("JPEG", packet('drone-dji:GimbalYawDegree="-90.5" drone-dji:AbsoluteAltitude="+220.78"')))
    assert (drone.heading_deg, drone.altitude_m) == (269.5, 220.78)


def test_doubtful_measurements_are_told_and_their_error_is_larger() -> None:
    void = at_paris(text(9, "V"))
    assert void.error_m == 10_000
    assert "void (status V)" in void.warnings[0]
    assert at_paris(text(9, "A")).warnings == ()
    poor = at_paris(rational(11, 25))
    assert poor.error_m == pytest.approx(125)
    assert "dilution of precision of 25" in poor.warnings[0]
    assert at_paris(rational(11, 1.2)).error_m is None
    old = at_paris(text(18, "TOKYO"))
    assert old.error_m == 1000
    assert "datum 'TOKYO'" in old.warnings[0]
    for same in ("WGS-84", "WGS84", "WGS 84", "World Geodetic System 1984"):
        assert at_paris(text(18, same)).warnings == ()


def test_the_place_that_a_device_was_pointed_at_is_used_only_where_nothing_else_is_stated() -> None:
    shown = [(tag + 18, kind, count, value) for tag, kind, count, value in gps_entries(*SYDNEY)]
    record = read(encoded(exif=b"Exif\0\0" + exif_block(shown)))
    assert record.latlon == pytest.approx(SYDNEY)
    assert record.positions[0].what == "shown position"
    assert at_paris(*shown).latlon == pytest.approx(PARIS)


def test_places_in_words() -> None:
    fields = {
        (1, 90): b"\x1b%G",
        (2, 90): "Łódź".encode(),
        (2, 95): b"Lodzkie",
        (2, 101): b"Poland",
        (2, 120): b"A mill",
    }
    record = read(iptc(fields))
    assert (record.place, record.caption) == ("Łódź, Lodzkie, Poland", "A mill")
    assert read(iptc({(2, 90): "München".encode("latin-1")})).place == "München"
    xmp = packet(
        'photoshop:City="Lyon" photoshop:Country="France"',
        '<dc:description><rdf:Alt><rdf:li xml:lang="fr">Un pont</rdf:li><rdf:li xml:lang="x-default">A bridge</rdf:li>'
        "</rdf:Alt></dc:description>",
    )
    record = read(with_xmp("JPEG", xmp))
    assert (record.place, record.caption) == ("Lyon, France", "A bridge")


@pytest.mark.parametrize(
    "structure",
    [
        '<rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:City>Nara</Iptc4xmpExt:City>'
        "<Iptc4xmpExt:CountryName>Japan</Iptc4xmpExt:CountryName><exif:GPSLatitude>34,41.1N</exif:GPSLatitude>"
        "<exif:GPSLongitude>135,50.4E</exif:GPSLongitude></rdf:li></rdf:Bag>",
        '<rdf:Bag><rdf:li><rdf:Description Iptc4xmpExt:City="Nara" Iptc4xmpExt:CountryName="Japan" '
        'exif:GPSLatitude="34,41.1N" exif:GPSLongitude="135,50.4E"/></rdf:li></rdf:Bag>',
    ],
)
def test_places_created_and_shown(structure: str) -> None:
    for name, what in (("LocationCreated", "position"), ("LocationShown", "shown position")):
        record = read(with_xmp("JPEG", packet(elements=f"<Iptc4xmpExt:{name}>{structure}</Iptc4xmpExt:{name}>")))
        assert (record.place, record.positions[0].what) == ("Nara, Japan", what)
        assert record.latlon == pytest.approx((34.685, 135.84))


def test_a_country_in_words_that_the_position_does_not_lie_in_is_told() -> None:
    record = at_paris(xmp=packet('photoshop:Country="Italy"'))
    assert record.warnings == ("The file (XMP) names Italy, but its position lies in France.",)
    assert at_paris(xmp=packet('photoshop:Country="France"')).warnings == ()
    assert at_paris(xmp=packet('photoshop:Country="Freedonia"')).warnings == ()


@pytest.mark.parametrize(
    "words",
    ["OLYMPUS DIGITAL CAMERA", "DCIM\\100MEDIA\\DJI_0001.JPG", "cof", "sdr", "IMG_2041.JPG", "Exif_JPEG_PICTURE", "-"],
)
def test_what_cameras_write_by_themselves_is_no_caption(words: str) -> None:
    assert caption(words, "EXIF") is None


@pytest.mark.parametrize(
    "words", ["Coffee shop in Paris", "Picture of Rome", "Samsung tower, Seoul", "Sdrucciolo, Roma"]
)
def test_what_people_write_is_a_caption(words: str) -> None:
    found = caption(words, "EXIF")
    assert found is not None
    assert found.value == words


def test_names_are_read_in_utf8_and_in_latin1() -> None:
    assert at_paris(main=[text(0x010F, "Kamera Müller")]).camera == "Kamera Müller"
    latin = "Kamera Müller".encode("latin-1") + b"\0"
    assert at_paris(main=[(0x010F, 2, len(latin), latin)]).camera == "Kamera Müller"


def test_every_claim_says_where_it_stands() -> None:
    record = at_paris(text(9, "V"), xmp=packet('photoshop:City="Paris" photoshop:Country="France"'))
    position, place = (claim.to_dict() for claim in record.claims)
    assert (position["what"], position["source"], position["error_km"]) == ("position", "EXIF", 10.0)
    assert position["value"] == pytest.approx(list(PARIS))
    assert len(position["doubts"]) == 1
    assert (place["what"], place["value"], place["source"]) == ("place", "Paris, France", "XMP")


def test_times_of_taking_that_contradict_each_other_are_told() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[36867] = "2019:07:14 10:30:00"
    told = read(encoded(exif=exif, xmp=packet('exif:DateTimeOriginal="2021-07-14T10:30:00"'))).warnings
    assert told == ("The file states two times of taking: EXIF says 2019-07-14 10:30, XMP says 2021-07-14 10:30.",)
    assert read(encoded(exif=exif, xmp=packet('exif:DateTimeOriginal="2019-07-14T10:30:00+09:00"'))).warnings == ()


def test_captions_in_the_ways_of_different_programs() -> None:
    title = "Évora".encode("utf-16-le") + b"\0\0"
    assert at_paris(main=[(0x9C9B, 1, len(title), title)]).caption == "Évora"
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[37510] = b"ASCII\0\0\0A bridge in Lyon\0"
    assert read(encoded(exif=exif)).caption == "A bridge in Lyon"


@pytest.mark.parametrize("latitude", ["48.8584", "48,8584", "48,51,30.24", "48 51.504", "48° 51' 30.24\""])
def test_an_angle_may_be_a_text(latitude: str) -> None:
    gps = [entry for entry in gps_entries(*PARIS) if entry[0] != 2]
    record = read(encoded(exif=b"Exif\0\0" + exif_block(sorted([*gps, text(2, latitude)]))))
    assert record.latlon == pytest.approx(PARIS)
