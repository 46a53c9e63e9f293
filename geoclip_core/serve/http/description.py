"""The OpenAPI document, and a page that shows it without a script from anywhere."""

from __future__ import annotations

import html
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a { color: #8cf } }
h2 { margin-top: 2.5rem; border-top: 1px solid #8888; padding-top: 1rem; font-size: 1.1rem }
code, pre { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
"""


def describe(api: FastAPI, *, with_key: bool) -> None:
    """Say in the OpenAPI document how a key is given, and leave out what FastAPI adds and nothing here sends.

    Args:
        api: The service with all its operations.
        with_key: Whether a key is asked for.
    """
    document = api.openapi()
    parts = document.setdefault("components", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        parts.get("schemas", {}).pop(unused, None)
    if with_key:
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path in ("/health", "/ready") else [{"key": []}]


def docs_page(document: dict[str, Any]) -> HTMLResponse:
    """Every operation with its fields and statuses, as plain HTML."""
    parts = [f"<h1>{_text(document['info']['title'])}</h1><p>{_text(document['info']['summary'])}</p>"]
    parts.append('<p>For programs: <a href="/openapi.json">/openapi.json</a></p>')
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(f"<h2><code>{method.upper()} {_text(path)}</code> {_text(operation.get('summary', ''))}</h2>")
            parts.append(f"<p>{_text(operation.get('description', ''))}</p>")
            parts += [_fields(document, operation), _statuses(operation)]
    page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>geoclip_core</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{"".join(parts)}</html>"""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = []
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        schema = document["components"]["schemas"].get(name, content["schema"])
        for field, about in schema.get("properties", {}).items():
            told = about.get("description", "")
            default = f" (default {about['default']})" if about.get("default") is not None else ""
            rows.append(f"<tr><td><code>{_text(field)}</code></td><td>{_text(told + default)}</td></tr>")
        if "example" in schema:
            rows.append(f"<tr><td>example</td><td><code>{_text(str(schema['example']))}</code></td></tr>")
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _statuses(operation: dict[str, Any]) -> str:
    rows = [f"<tr><td>{code}</td><td>{_text(r['description'])}</td></tr>" for code, r in operation["responses"].items()]
    return f"<details><summary>Statuses</summary><table>{''.join(rows)}</table></details>"


def _text(value: str) -> str:
    return html.escape(value)
