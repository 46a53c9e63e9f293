"""The HTTP service, under the name that programs know; see ``serve/http/``."""

from geoclip_core.serve.http.app import make_api
from geoclip_core.serve.http.settings import ServiceSettings

__all__ = ["ServiceSettings", "make_api"]
