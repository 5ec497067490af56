"""The API's measure: a FastAPI handler that does nothing but answer the bytes it is given.

`python -m benchmarks.bare_api PORT` reads the bytes from standard input, serves them at the path of an order, and
ends when it is killed. The server is the API's own, uvicorn with the same choices.
"""

import sys

import uvicorn
from fastapi import FastAPI, Response


def bare(content: bytes) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/v1/orders/{order_id}")
    async def order(order_id: str) -> Response:
        return Response(content, media_type="application/json")

    return app


if __name__ == "__main__":
    served = bare(sys.stdin.buffer.read())
    uvicorn.run(served, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)
