"""The systems that GeoCLIP is compared with, each as its paper describes it, on the same frozen features."""

from geoclip_core.rivals.baselines import Chance, Prior
from geoclip_core.rivals.cells.cplanet import CPlaNet
from geoclip_core.rivals.cells.geodecoder import GeoDecoder
from geoclip_core.rivals.cells.isns import IndividualSceneNetworks
from geoclip_core.rivals.cells.pigeon import Pigeon
from geoclip_core.rivals.cells.planet import PlaNet
from geoclip_core.rivals.cells.translocator import TransLocator
from geoclip_core.rivals.contract import Rival
from geoclip_core.rivals.densities.mvmf import VonMisesFisherMixture
from geoclip_core.rivals.densities.plonk import Plonk
from geoclip_core.rivals.retrieval.geoclip import GeoClipHead
from geoclip_core.rivals.retrieval.knn import NearestNeighbour, NearestNeighbours

RIVALS: dict[str, type[Rival]] = {
    "chance": Chance,
    "prior": Prior,
    "nearest": NearestNeighbour,
    "knn": NearestNeighbours,
    "planet": PlaNet,
    "cplanet": CPlaNet,
    "isns": IndividualSceneNetworks,
    "translocator": TransLocator,
    "geodecoder": GeoDecoder,
    "pigeon": Pigeon,
    "plonk": Plonk,
    "mvmf": VonMisesFisherMixture,
    "geoclip": GeoClipHead,
}
"""Name -> class, in the order of the tables: baselines, the paper's rivals, later ones, GeoCLIP. A new one is a file
and a line here."""

__all__ = ["RIVALS", "Rival"]
