"""Whatever the description allows, and much that it does not, is answered as the description says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from gigawatt.interfaces.http.verbs import path_of
from gigawatt.study.schema.record import keys
from gigawatt.study.verbs import VERBS

# Of each operation, so many questions that are as described and so many that are not.
EXAMPLES_COUNT = 2
BEYOND = st.integers(min_value=2**63) | st.integers(max_value=-(2**63) - 1)
FIXED = settings(
    max_examples=EXAMPLES_COUNT,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
def test_every_operation_keeps_to_its_description(server: Any, anybody: TestClient) -> None:
    """schemathesis 4.32, all operations, by an owner: no failure of ours, no status, type or body but those described,
    and nothing taken that the description rules out where that can be told from a schema."""
    schemathesis = pytest.importorskip("schemathesis", reason="no schemathesis: pip install 'gigawatt[test]'")
    found = list(_failures(schemathesis, server, anybody))
    assert not found, "\n\n".join(found)


def _failures(schemathesis: Any, server: Any, anybody: TestClient) -> Iterator[str]:
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi import checks as of_openapi

    checks = [
        schemathesis.checks.not_a_server_error,
        of_openapi.status_code_conformance,
        of_openapi.content_type_conformance,
        of_openapi.response_schema_conformance,
        of_openapi.negative_data_rejection,
    ]
    owner = {"Authorization": f"Bearer {server.tokens['owner']}"}
    schema = schemathesis.openapi.from_dict(anybody.get("/openapi.json").json())
    for result in schema.get_all_operations():
        operation = result.ok()

        for mode in schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE:

            @FIXED
            @seed(1)
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                kwargs = case.as_transport_kwargs(base_url=str(anybody.base_url))
                kwargs["headers"] = {**dict(kwargs.get("headers") or {}), **owner}
                for name in ("cookies", "timeout"):
                    kwargs.pop(name, None)
                if isinstance(kwargs.get("data"), bytes | str):
                    kwargs["content"] = kwargs.pop("data")
                answer = anybody.request(**kwargs)
                case.validate_response(schemathesis.Response.from_any(answer), checks=checks)

            try:
                ask()
            except Unsatisfiable:  # nothing about it can be otherwise than described
                continue
            except (Exception, FailureGroup) as error:
                yield f"{operation.label}: {type(error).__name__}: {error}"


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@seed(1)
@given(data=st.data(), number=BEYOND)
def test_an_integer_beyond_64_bits_is_refused_at_every_verb_and_key(
    as_: Callable[..., Any], data: st.DataObject, number: int
) -> None:
    """schemathesis never tries these."""
    verb = data.draw(st.sampled_from([verb for verb in VERBS if keys(verb.question())]))
    key = data.draw(st.sampled_from([key.key for key in keys(verb.question())]))
    path = f"/api{path_of(verb)}" + data.draw(st.sampled_from(["", "/estimate"]))
    for value in (number, [number], {"a": number}):
        found = as_("owner", "POST", path, json={key: value})
        assert found.status_code == 422, (path, key, found.text)
        assert found.json()["error"]["items"][0]["path"].startswith(key)


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@seed(1)
@given(number=BEYOND)
def test_an_integer_beyond_64_bits_is_refused_in_every_address(
    as_: Callable[..., Any], anybody: TestClient, number: int
) -> None:
    tried = 0
    for path, methods in anybody.get("/openapi.json").json()["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if "integer" not in str(parameter["schema"]):
                continue
            name = parameter["name"]
            here = path.replace(f"{{{name}}}", str(number)).replace("{", "").replace("}", "")
            found = as_("owner", "GET", here, params={name: number} if parameter["in"] == "query" else None)
            assert found.status_code == 422, (path, name, found.text)
            tried += 1
    assert tried > 10
