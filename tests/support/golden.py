"""Golden files: what every released schema version of every event looks like in the store, for ever.

`tests/eventstore/golden/{Type}.v{n}.json` holds the shape of that version and stored examples, byte for byte. The
files named in `released.txt` may be in somebody's log: they are never changed or deleted. The others may be, up
to their release.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from eventstore.codec import Codec, CodecError, EventType, EventTypes
from eventstore.shapes import Shape, shape_of
from tests.support.examples import examples_of

GOLDEN = Path(__file__).parents[1] / "eventstore" / "golden"
RELEASED = "released.txt"
RECORD = "make record-golden"


@dataclass(frozen=True, slots=True)
class Golden:
    """`examples` are the `data` of stored events."""

    type: str
    schema_version: int
    shape: Shape
    examples: list[str]


def file_name(type_name: str, version: int) -> str:
    return f"{type_name}.v{version}.json"


def load(folder: Path) -> Mapping[tuple[str, int], Golden]:
    """Every golden file there is, by type and version."""
    found = (Golden(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json")))
    return {(golden.type, golden.schema_version): golden for golden in found}


def record(types: EventTypes, codec: Codec, folder: Path = GOLDEN) -> list[str]:
    """Write the file of each present version that has none, and give their names. Existing ones stay."""
    folder.mkdir(exist_ok=True)
    missing = [entry for entry in types if not (folder / file_name(entry.name, entry.version)).exists()]
    for entry in missing:
        examples = dict.fromkeys(codec.encode(event).data for event in examples_of(entry.cls))
        golden = Golden(entry.name, entry.version, shape_of(entry.cls), list(examples))
        text = json.dumps(asdict(golden), indent=1, ensure_ascii=False)
        (folder / file_name(entry.name, entry.version)).write_text(text + "\n")
    return [file_name(entry.name, entry.version) for entry in missing]


def release(folder: Path = GOLDEN) -> None:
    """Note every file as released, with its hash."""
    lines = [f"{_hash(path)}  {path.name}\n" for path in sorted(folder.glob("*.json"))]
    (folder / RELEASED).write_text("".join(lines))


def released(folder: Path) -> Mapping[str, str]:
    """Hashes of the released files, by name."""
    path = folder / RELEASED
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: digest for digest, name in (line.split() for line in lines)}


def problems(types: EventTypes, codec: Codec, folder: Path = GOLDEN) -> Iterator[str]:
    """What is wrong with the events or their files; each says what to do."""
    files, frozen = load(folder), released(folder)
    for name, digest in frozen.items():
        if not (folder / name).exists() or _hash(folder / name) != digest:
            yield f"{name} is released, and was changed or deleted: git checkout -- {_shown(name)}"
    present = {entry.name: entry for entry in types}
    for (name, version), golden in files.items():
        known = present.get(name)
        if known is None or version > known.version:
            yield _gone(name, version, known, released=file_name(name, version) in frozen)
        elif told := _reshaped(golden, known, released=file_name(name, version) in frozen):
            yield told
        else:
            yield from _unreadable(golden, known, codec, released=file_name(name, version) in frozen)
    for entry in types:
        for version in range(1, entry.version + 1):
            if (entry.name, version) not in files:
                yield _missing(entry, version)


def _gone(name: str, version: int, known: EventType | None, *, released: bool) -> str:
    is_at = f"is at version {known.version} only" if known else "is not registered any more"
    if released:
        return (
            f"{name} v{version} is released, and {name} {is_at}: stored events of it could not be read. Keep it."
        )
    return (
        f"{name} v{version} has a golden file, and {name} {is_at}. Never released: delete {_shown(name, version)}"
    )


def _missing(entry: EventType, version: int) -> str:
    path = _shown(entry.name, version)
    if version < entry.version:
        return f"{entry.name} v{version} has lost its golden file: git checkout -- {path}"
    return f"{entry.name} v{version} has no golden file: run `{RECORD}` and commit {path}"


def _reshaped(golden: Golden, entry: EventType, *, released: bool) -> str | None:
    """How the present version's shape differs from its file; earlier versions have no class any more."""
    if golden.schema_version < entry.version:
        return None
    is_now = shape_of(entry.cls)
    differing = [path for path in {**golden.shape, **is_now} if golden.shape.get(path) != is_now.get(path)]
    if not differing:
        return None
    nothing = "not there"
    changes = [f"    {p}: was {golden.shape.get(p, nothing)}; is {is_now.get(p, nothing)}" for p in differing]
    head = f"{entry.name} v{entry.version} is not stored as {_shown(entry.name, entry.version)} says:"
    return "\n".join([head, *changes, _advice(entry, released=released)])


def _unreadable(golden: Golden, entry: EventType, codec: Codec, *, released: bool) -> Iterator[str]:
    """Each example must load, and one of the present version be stored again as the same JSON."""
    for nr, data in enumerate(golden.examples):
        which = f"example {nr} of {_shown(golden.type, golden.schema_version)}"
        try:
            event = codec.decode(golden.type, golden.schema_version, data)
            again = codec.encode(event)
        except CodecError as error:
            yield f"{which} cannot be read: {error}\n{_advice(entry, released=released)}"
            return
        if golden.schema_version == entry.version and json.loads(again.data) != json.loads(data):
            yield f"{which} is stored as {again.data} now\n{_advice(entry, released=released)}"
            return


def _advice(entry: EventType, *, released: bool) -> str:
    name, version, module = entry.cls.__name__, entry.version, entry.cls.__module__
    path = _shown(name, version)
    steps = (
        f"  1. In {module}: SCHEMA_VERSIONS = {{{name}: {version + 1}}}.\n"
        f"  2. There too: UPCASTERS = {{({name}, {version}): step}}, where step(data) takes the JSON object of"
        f" v{version}\n     and returns that of v{version + 1}: pure, see eventstore/upcasting.py.\n"
        f"  3. `{RECORD}`, and commit {_shown(name, version + 1)}. {path} stays as it is."
    )
    if released:
        return f"  Stored events are read for ever, so a changed event is a new version:\n{steps}"
    return (
        f"  v{version} is in no release yet. If nobody keeps a log with it: delete {path}, run\n"
        f"  `{RECORD}` and commit the file. Otherwise make it a new version:\n{steps}"
    )


def _shown(name: str, version: int | None = None) -> str:
    return f"tests/eventstore/golden/{name if version is None else file_name(name, version)}"


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
