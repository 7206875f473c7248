"""Pages: the contract as JSON, Swagger UI over it, and one page per problem code. Nothing is asked of another host."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from api.errors import PathNotFound
from api.pages import index_page, problem_page

ROOT = Path(__file__).resolve().parent.parent
STATIC = Path(__file__).resolve().parent / "static"
PROBLEMS = ROOT / "openapi" / "problems"
DOCUMENT = ROOT / "openapi" / "openapi.json"
FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)


@get("/openapi.json", include_in_schema=False)
async def openapi_document() -> Response[Any]:
    """Answer the committed contract."""
    return _public(_read(DOCUMENT), "application/json", access="*")


@get("/docs", include_in_schema=False)
async def docs_page() -> Response[Any]:
    """Answer the page of Swagger UI."""
    return _public(_read(STATIC / "docs.html"), "text/html", policy=DOCS_POLICY)


@get("/docs/{name:str}", include_in_schema=False)
async def docs_file(name: FromPath[str]) -> Response[Any]:
    """Answer one of the three vendored files."""
    if name not in FILES:
        raise PathNotFound
    return _public(_read(STATIC / name), FILES[name], policy=DOCS_POLICY)


@get("/problems", include_in_schema=False)
async def problems_index() -> Response[Any]:
    """Answer the list of problem codes."""
    return _public(_index(), "text/html")


@get("/problems/{code:str}", include_in_schema=False)
async def problems_page(code: FromPath[str]) -> Response[Any]:
    """Answer what a problem code means and what to do about it."""
    if len(code) > 100 or not _CODE.fullmatch(code) or not (PROBLEMS / f"{code}.md").is_file():
        raise PathNotFound
    return _public(_problem(code), "text/html")


DOCS_HANDLERS = (openapi_document, docs_page, docs_file, problems_index, problems_page)


def _public(body: bytes, media_type: str, *, policy: str = PAGE_POLICY, access: str = "") -> Response[Any]:
    headers = {"cache-control": "public, max-age=300", "content-security-policy": policy}
    if access:
        headers |= {"access-control-allow-origin": access, "cross-origin-resource-policy": "cross-origin"}
    return Response(body, media_type=media_type, headers=headers)


@lru_cache(maxsize=8)
def _read(path: Path) -> bytes:
    return path.read_bytes()


@lru_cache(maxsize=256)
def _problem(code: str) -> bytes:
    return problem_page((PROBLEMS / f"{code}.md").read_text(encoding="utf-8")).encode()


@lru_cache(maxsize=1)
def _index() -> bytes:
    titles = {
        path.stem: path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        for path in sorted(PROBLEMS.glob("*.md"))
    }
    return index_page(titles).encode()
