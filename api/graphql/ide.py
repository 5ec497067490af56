"""GraphiQL at `/graphql`, for browsers: its page is ours, its code comes out of a wheel, and nothing from outside.

The wheel (`graphene-django-graphiql-static`) holds GraphiQL, React and graphql-ws as npm has them; of its Django
parts nothing is imported (docs/adr/0032-graphiql-from-a-wheel.md).
"""

from collections.abc import Mapping
from importlib.metadata import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

WHEEL: Final = "graphene-django-graphiql-static"
OURS: Final = Path(__file__).parent
FROM_WHEEL: Final = (
    *("graphiql.min.css", "graphiql.min.js", "style.css", "graphiql-plugin-explorer.umd.js"),
    *("react.production.min.js", "react-dom.production.min.js", "graphql-ws.min.js"),
)
TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
POLICY: Final = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"),
        *("font-src 'self' data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'"),
        "frame-ancestors 'none'",
    )
)
"""Scripts come from here alone, none of them inline; the editor sets styles of its own as it goes."""


def page() -> HTMLResponse:
    return HTMLResponse((OURS / "graphiql.html").read_text(), headers={"Content-Security-Policy": POLICY})


def assets() -> Mapping[str, Path]:
    """Where each file that the page loads lies. Raises FileNotFoundError: the wheel lacks one."""
    packed = {each.name: Path(str(each.locate())) for each in files(WHEEL) or ()}
    found: dict[str, Path] = {name: packed[name] for name in FROM_WHEEL if name in packed}
    if missing := set(FROM_WHEEL) - set(found):
        raise FileNotFoundError(f"{WHEEL} lacks {', '.join(sorted(missing))}")
    return {**found, "waybill.js": OURS / "graphiql.js", "waybill.css": OURS / "graphiql.css"}


def assets_router() -> APIRouter:
    """`/graphql/assets/…`: those files, and no others."""
    router, known = APIRouter(), assets()

    @router.get("/graphql/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        if name not in known:
            raise HTTPException(404)
        kept = {"Cache-Control": "public, max-age=3600"}
        return FileResponse(known[name], media_type=TYPES[known[name].suffix], headers=kept)

    return router
