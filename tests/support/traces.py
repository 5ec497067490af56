"""Everything that a running Waybill keeps, as bytes, to search for what must not be there."""

import io
from base64 import b64encode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from ops.bootstrap import connect_temporal
from ops.config import Settings
from ops.embedded.postgres import sibling_dsn

Places = Callable[[Settings], AsyncIterator[tuple[str, bytes]]]

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
DIRECTORY = "SELECT pg_relation_filepath('pg_class')"
TABLES = """
    SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


def forms(token: str) -> set[bytes]:
    """How a word of letters and digits may be written within something longer.

    Escaped for JSON or a URL it stays as it is. In base64 it looks otherwise at each of three offsets; what its
    first and last characters share with their neighbours is left out. Postgres shows bytea in hexadecimal.
    """
    plain = token.encode()
    found = {plain, plain.hex().encode()}
    for offset in range(3):
        padded = b"\0" * offset + plain
        for encoded in (b64encode(padded), urlsafe_b64encode(padded)):
            found.add(encoded[4 if offset else 0 : len(padded) // 3 * 4])
    return found


async def search(settings: Settings, tokens: Iterable[str], within: Places | None = None) -> dict[str, set[str]]:
    """Where each of the tokens is, in any form: places by token. `within` is everything by default."""
    wanted = {token: forms(token) for token in tokens}
    found: dict[str, set[str]] = defaultdict(set)
    async for place, content in (within or everything)(settings):
        for token, written in wanted.items():
            if any(form in content for form in written):
                found[token].add(place)
    return found


async def everything(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    """Each place and what it holds: tables, histories, Redis, and the files below the data directory."""
    async for each in _postgres(settings):
        yield each
    async for each in _temporal(settings):
        yield each
    async for each in in_redis(settings):
        yield each
    for each in _files(settings.data_dir):
        yield each


async def _postgres(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    main = await asyncpg.connect(settings.dsn)
    try:
        names = [row["datname"] for row in await main.fetch(DATABASES)]
        await main.execute("CHECKPOINT")
        directory = (settings.data_dir / "postgres" / await main.fetchval(DIRECTORY)).parent
    finally:
        await main.close()
    for name in names:
        connection = await asyncpg.connect(sibling_dsn(settings.dsn, name))
        try:
            for row in await connection.fetch(TABLES):
                rows = io.BytesIO()
                await connection.copy_from_query(f"SELECT * FROM {row[0]}", output=rows)
                yield f"table {name}.{row[0]}", rows.getvalue()
        finally:
            await connection.close()
    for path in sorted(directory.iterdir()):  # the main database as it lies on the disk, dead rows and all
        yield "files of the main database", path.read_bytes()


async def _temporal(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    client = await connect_temporal(settings)
    async for found in client.list_workflows():
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        yield "Temporal's histories", f"{found.id} {history.to_json()}".encode()


async def in_redis(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    redis = Redis.from_url(settings.redis_dsn)
    try:
        async for key in redis.scan_iter(count=1000):
            kind: object = await redis.type(key)
            content: object
            if kind == b"stream":
                content = await redis.xrange(key)
            elif kind == b"hash":
                content = await redis.hgetall(key)
            elif kind == b"string":
                content = await redis.get(key)
            else:
                content = await redis.dump(key)
            yield "Redis", b"".join([key, *_bytes(content)])
    finally:
        await redis.aclose()


def _bytes(content: object) -> Iterator[bytes]:
    match content:
        case bytes():
            yield content
        case dict():
            for pair in content.items():
                yield from _bytes(pair)
        case list() | tuple():
            for item in content:
                yield from _bytes(item)
        case _:
            raise AssertionError(f"Redis gave a {type(content).__name__}")


def _files(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    """Logs, Temporal's database with its log, Redis's files, keys: all but the directory of Postgres."""
    for path in sorted(data_dir.rglob("*")):
        inside = path.relative_to(data_dir)
        if path.is_file() and inside.parts[0] != "postgres":
            yield f"file {inside}", path.read_bytes()
