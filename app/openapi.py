"""The API's OpenAPI 3.1 document, made from what the routes say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus

import msgspec
from aiohttp import web
from msgspec import Struct

from hub.http import Route, answer

_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_SCHEMAS = "#/components/schemas/{name}"
_ONE_FILE = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}


class Problem(Struct):
    """An error (RFC 9457). Some have further members."""

    type: str
    title: str
    status: int
    detail: str


def document(routes: Sequence[Route], version: str) -> dict[str, object]:
    """The document over `routes`."""
    schemas, components = msgspec.json.schema_components(
        [Problem, *_types(routes)], schema_hook=_anything, ref_template=_SCHEMAS
    )
    by_type = dict(zip([id(Problem), *map(id, _types(routes))], schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "parley_session"},
            },
        },
    }


def _anything(type: object) -> dict[str, object]:
    if type is object:
        return {"description": "anything"}
    raise NotImplementedError


def _types(routes: Iterable[Route]) -> list[object]:
    found: dict[int, object] = {}
    for route in routes:
        for type in (route.query, route.body, *route.answers.values()):
            if type is not None and type is not bytes:
                found[id(type)] = type
    return list(found.values())


def _operation(route: Route, by_type: dict[int, dict[str, object]], components: dict[str, object]) -> dict[str, object]:
    responses: dict[str, object] = {
        str(status): _success(status, type, by_type) for status, type in route.answers.items()
    }
    problems = {*route.errors, *(() if route.open else (401,)), *((403,) if route.roles else ())}
    if route.body is not None or route.query is not None:
        problems.add(400)
    for status in sorted(problems):
        content = {"application/problem+json": {"schema": _PROBLEM_REF}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    operation: dict[str, object] = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path.removeprefix('/api/v1')}").strip("_"),
        "security": [] if route.open else [{"bearer": []}, {"cookie": []}],
        "parameters": [*_in_path(route.path), *_in_query(route, by_type, components)],
        "responses": responses,
    }
    if route.body is not None:
        schema = by_type[id(route.body)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.takes_file:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _ONE_FILE}}}
    return operation


def _success(status: int, type: object, by_type: dict[int, dict[str, object]]) -> dict[str, object]:
    described: dict[str, object] = {"description": HTTPStatus(status).phrase}
    if type is bytes:
        described["content"] = {"application/octet-stream": {}}
    elif type is not None:
        described["content"] = {"application/json": {"schema": by_type[id(type)]}}
    return described


def _in_path(path: str) -> list[dict[str, object]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _in_query(
    route: Route, by_type: dict[int, dict[str, object]], components: dict[str, object]
) -> list[dict[str, object]]:
    if route.query is None:
        return []
    name = str(by_type[id(route.query)]["$ref"]).rpartition("/")[2]
    schema = msgspec.convert(components[name], dict[str, object])
    properties = msgspec.convert(schema.get("properties", {}), dict[str, object])
    required = msgspec.convert(schema.get("required", []), list[str])
    return [
        {"name": field, "in": "query", "required": field in required, "schema": properties[field]}
        for field in properties
    ]


def route(routes: Sequence[Route], version: str) -> Route:
    """The route under which the document over `routes` stands."""
    made = document(routes, version)

    async def show(_: web.Request) -> web.Response:
        return answer(made)

    return Route(
        method="GET",
        path="/api/v1/openapi.json",
        handler=show,
        summary="This document",
        answers={200: None},
        open=True,
    )
