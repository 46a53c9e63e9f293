"""What others published: shares within 1, 25, 200, 750 and 2500 km on the usual benchmarks, each row with its source.

Backbones, photo counts and numbers of crops differ between the rows, so they are no comparison on equal terms; rows
that were only recalled from memory when this table was made are marked and not printed beside a result.
"""

from __future__ import annotations

from dataclasses import dataclass

BENCHMARKS = ("im2gps", "im2gps3k", "yfcc4k", "yfcc26k", "gws15k", "osv5m")

_SOURCES = {
    "vo": "Vo, Jacobs, Hays: Revisiting IM2GPS in the Deep Learning Era, ICCV 2017, arXiv 1705.04838",
    "planet": "Weyand, Kostrikov, Philbin: PlaNet, ECCV 2016, arXiv 1602.05314; Im2GPS3k and YFCC by later papers",
    "cplanet": "Seo, Weyand, Sim, Han: CPlaNet, ECCV 2018, arXiv 1808.02130",
    "isn": "Müller-Budack, Pustu-Iren, Ewerth: Geolocation Estimation of Photos, ECCV 2018; YFCC, GWS15k by others",
    "semp": "Theiner, Müller-Budack, Ewerth: Interpretable Semantic Photo Geolocation, WACV 2022",
    "translocator": "Pramanick et al.: Where in the World is this Image?, ECCV 2022, arXiv 2204.13861",
    "geodecoder": "Clark et al.: Where We Are and What We're Looking At, CVPR 2023, arXiv 2303.04249",
    "geoclip": "Vivanco Cepeda, Nayak, Shah: GeoCLIP, NeurIPS 2023, arXiv 2309.16020, ten crops",
    "pigeon": "Haas, Skreta, Alberti, Finn: PIGEON, CVPR 2024",
    "single": "others' runs of the released GeoCLIP weights with one crop; no paper",
    "lightning": "README of a re-implementation of GeoCLIP in PyTorch Lightning; no paper",
    "notebook": "notebook of the same re-implementation in PyTorch Lightning; no paper",
    "geotoken": "GeoToken, results table of its README",
    "pinpoint": "Chuzhoy, Hu, Arora, Ro, Sahu: Pinpoint, arXiv 2606.04133",
}
# Benchmark, system, key of the source, shares; a cross behind those that were recalled and not read.
_TABLE = """
im2gps | [L]kNN, sigma 4 | vo | 12.2/33.3/44.3/57.4/71.3
im2gps | [L]kNN, 28M photos | vo | 14.4/33.3/47.7/61.6/73.4
im2gps | PlaNet | planet | 8.4/24.5/37.6/53.6/71.3
im2gps | CPlaNet | cplanet | 16.5/37.1/46.6/62.0/78.5
im2gps | ISNs (M, f*, S3) | isn | 16.9/43.0/51.9/66.7/80.2
im2gps | s2(M, f*), EfficientNet-B4 | semp | 15.6/41.8/54.9/71.3/81.4
im2gps | SemP{100,125,250}, f | semp | 16.9/45.6/57.4/72.6/85.7
im2gps | TransLocator | translocator | 19.9/48.1/64.6/75.6/86.7
im2gps | GeoDecoder | geodecoder | 22.1/50.2/69.0/80.0/89.1+
im2gps | PIGEOTTO | pigeon | 14.8/40.9/63.3/82.3/91.1+
im2gps3k | [L]kNN, sigma 4 | vo | 7.2/19.4/26.9/38.9/55.9
im2gps3k | PlaNet | planet | 8.5/24.8/34.3/48.4/64.6
im2gps3k | CPlaNet | cplanet | 10.2/26.5/34.6/48.6/64.6
im2gps3k | ISNs (M, f*, S3) | isn | 10.5/28.0/36.6/49.7/66.0
im2gps3k | s2(M, f*), EfficientNet-B4 | semp | 11.7/31.5/41.9/56.1/70.6
im2gps3k | SemP{100,125,250}, f | semp | 12.5/31.4/42.7/57.3/72.0
im2gps3k | TransLocator | translocator | 11.8/31.1/46.7/58.9/80.1
im2gps3k | GeoDecoder | geodecoder | 12.8/33.5/45.9/61.0/76.1
im2gps3k | GeoCLIP | geoclip | 14.11/34.47/50.65/69.67/83.82
im2gps3k | GeoCLIP, released weights | single | 13.1/32.2/48.1/66.6/82.3
im2gps3k | PIGEOTTO | pigeon | 11.3/36.7/53.8/72.4/85.3
im2gps3k | GeoToken | geotoken | 16.8/39.6/53.8/70.8/85.0
im2gps3k | Pinpoint | pinpoint | 20.5/47.4/63.5/79.0/90.2
yfcc4k | [L]kNN, sigma 4 | vo | 2.3/5.7/11.0/23.5/42.0
yfcc4k | PlaNet | planet | 5.6/14.3/22.2/36.4/55.8
yfcc4k | CPlaNet | cplanet | 7.9/14.8/21.9/36.4/55.5
yfcc4k | ISNs (M, f*, S3) | isn | 6.5/16.2/23.8/37.4/55.0
yfcc4k | s2(M, f*), EfficientNet-B4 | semp | 7.5/19.7/28.5/42.5/59.1
yfcc4k | SemP{100,125,250}, f | semp | 9.4/20.3/30.5/44.8/61.3
yfcc4k | TransLocator | translocator | 8.4/18.6/27.0/41.1/60.4
yfcc4k | GeoDecoder | geodecoder | 10.3/24.4/33.9/50.0/68.7
yfcc4k | GeoCLIP | geoclip | 9.59/19.31/32.63/55.0/74.7
yfcc4k | GeoCLIP, Lightning re-implementation | lightning | 1.21/9.08/21.94/44.44/67.77
yfcc4k | GeoCLIP, Lightning re-implementation, its notebook | notebook | 1.87/12.41/27.76/50.82/71.83
yfcc4k | PIGEOTTO | pigeon | 10.4/23.7/40.6/62.2/77.7
yfcc4k | GeoToken | geotoken | 24.3/35.3/46.6/64.2/78.6
yfcc26k | PlaNet | planet | 4.4/11.0/16.9/28.5/47.7
yfcc26k | ISNs (M, f*, S3) | isn | 5.3/12.3/19.0/31.9/50.7+
yfcc26k | TransLocator | translocator | 7.2/17.8/28.0/41.3/60.6
yfcc26k | GeoDecoder | geodecoder | 10.1/23.9/34.1/49.6/69.0+
yfcc26k | GeoCLIP | geoclip | 11.61/22.19/36.69/57.47/76.02+
yfcc26k | PIGEOTTO | pigeon | 10.5/25.8/42.7/63.2/79.0+
gws15k | ISNs (M, f*, S3) | isn | 0.05/0.6/4.2/15.5/38.5
gws15k | TransLocator | translocator | 0.5/1.1/8.0/25.5/48.3
gws15k | GeoDecoder | geodecoder | 0.7/1.5/8.7/26.9/50.5
gws15k | GeoCLIP | geoclip | 0.6/3.1/16.9/45.7/74.1
gws15k | PIGEOTTO | pigeon | 0.7/9.2/31.2/65.7/85.1
"""


@dataclass(frozen=True)
class PublishedRow:
    """One system on one benchmark.

    Attributes:
        system: Its name.
        benchmark: One of ``BENCHMARKS``.
        shares: Percent within 1, 25, 200, 750 and 2500 km.
        source: Where the numbers stand.
        recalled: Whether nobody has checked them against the source; such rows are not printed as published.
    """

    system: str
    benchmark: str
    shares: tuple[float, float, float, float, float]
    source: str
    recalled: bool = False


def _parse(line: str) -> PublishedRow:
    benchmark, system, source, cell = (part.strip() for part in line.split("|"))
    one, city, region, country, continent = (float(number) for number in cell.rstrip("+").split("/"))
    shares = (one, city, region, country, continent)
    return PublishedRow(system, benchmark, shares, _SOURCES[source], cell.endswith("+"))


PUBLISHED = tuple(_parse(line) for line in _TABLE.strip().splitlines())


def published_on(benchmark: str) -> tuple[PublishedRow, ...]:
    """Rows of a benchmark that were read in their sources; none where nothing is known, as on OSV-5M."""
    return tuple(row for row in PUBLISHED if row.benchmark == benchmark and not row.recalled)
