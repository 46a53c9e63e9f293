"""What the OpenAPI document promises, tried with generated requests: no fault, no other status, no other shape."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from geoclip_core.errors import GeoclipError
from geoclip_core.serve.http.app import WARM_UP, make_api
from geoclip_core.serve.http.settings import ServiceSettings
from tests.conftest import FUZZ

pytestmark = pytest.mark.slow

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def api_schema(embedded_locator: Any) -> Any:
    for question in WARM_UP:
        with suppress(GeoclipError):
            embedded_locator.locate(**question)
    return schemathesis.openapi.from_asgi("/openapi.json", make_api(embedded_locator, ServiceSettings(body_mb=2)))


LIMITS = settings(
    max_examples=3 * FUZZ,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_generated_requests_are_answered_as_documented(api_schema: Any, mode: GenerationMode) -> None:
    tried = 0
    for found in api_schema.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.NEGATIVE and not operation.body:
            continue  # nothing can be wrong about it

        @LIMITS
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS, timeout=120)

        ask()
        tried += 1
    assert tried >= 5
