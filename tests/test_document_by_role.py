"""The API keeps its OpenAPI document's word, whoever calls and whatever is sent: schemathesis makes the requests.

Nothing reaches a vendor: a wish is queued and undone, and no request of these waits for its pictures.
"""

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cloudhub.wsgi import application
from tests.access_world import NOBODY, STUDIO, Role_, World, built_world, other_values, undone

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
__all__ = ["built_world"]
ROLES = ("viewer", "member", "team owner", "hub owner", "no key", "a broken key")
# These answer with finished pictures, for which a runner would have to be there: only who may not is let ask.
WAITING = ("/v1/images/generations", "/v1/images/edits")
EXAMPLES = 6
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
          response_headers_conformance]  # fmt: skip

CONFIG = SchemathesisConfig.from_dict(
    {"seed": 1, "generation": {"with-security-parameters": False, "database": "none"}}
)
SCHEMA = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True), config=CONFIG)
SCHEMA.app = application
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture(autouse=True)
def _requests_leave_the_connection_open() -> Iterator[None]:
    """As Django's own test client sees to: the world stands in this connection's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_one_of_the_document(operation: schemathesis.APIOperation, world: World) -> None:
    cases = strategies.one_of(
        operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @hypothesis.settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(case=cases, whose=strategies.sampled_from([STUDIO, NOBODY, ""]))
    def ask(case: schemathesis.Case, whose: str) -> None:
        _point_at(case, whose, world)
        for role in world.programs:
            if role.name in ROLES and not (operation.path in WAITING and "generate" in (role.permissions or ())):
                _ask(case, role)

    ask()


def _point_at(case: schemathesis.Case, whose: str, world: World) -> None:
    """Put a thing that is there, or one that is not, into the address; "" leaves what was made up."""
    if whose:
        known = {**other_values(), **{part: values[whose] for part, values in world.values.items()}}
        case.path_parameters = {part: str(known.get(part, value)) for part, value in case.path_parameters.items()}
    if isinstance(case.query, dict):
        case.query.pop("wait", None)


def _ask(case: schemathesis.Case, role: Role_) -> None:
    with undone():
        answer = case.call(headers=role.headers)
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseException as error:
            error.add_note(f"asked by: {role.name}")
            raise
