"""What a fold made of some events when it was recorded: snapshots of its schema are right while it still does.

`tests/activities/folds/{category}.{schema}.json` holds stored events and the state after them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from activities.aggregates import FOLDINGS
from domain.catalog.events import CatalogEvent, TaxonomyEvent
from domain.inventory.events import StockEvent
from eventstore.codec import Codec
from eventstore.snapshots import Folding
from tests.support.examples import examples_of

FOLDS = Path(__file__).parents[1] / "activities" / "folds"

EVENTS: Mapping[str, tuple[type, ...]] = {
    "stock/": get_args(StockEvent),
    "product/": get_args(CatalogEvent),
    "taxonomy/": get_args(TaxonomyEvent),
}


def file_name(category: str, folding: Folding[Any, Any]) -> str:
    return f"{category.rstrip('/')}.{folding.schema_version}.json"


def record(codec: Codec, folder: Path = FOLDS, foldings: Mapping[str, Folding[Any, Any]] = FOLDINGS) -> list[str]:
    """Write the files that are missing, drop those of schemas that no release uses any more, and give the new."""
    folder.mkdir(exist_ok=True)
    names = {category: file_name(category, folding) for category, folding in foldings.items()}
    for path in folder.glob("*.json"):
        if path.name not in names.values():
            path.unlink()
    missing = {category: name for category, name in names.items() if not (folder / name).exists()}
    for category, name in missing.items():
        folding = foldings[category]
        events = [event for cls in EVENTS[category] for event in examples_of(cls)]
        state = json.loads(folding.dump(folding.advance(folding.start(category), events).state))
        stored = [list(codec.encode(event)) for event in events]
        text = json.dumps({"events": stored, "state": state}, indent=1, ensure_ascii=False)
        (folder / name).write_text(text + "\n")
    return list(missing.values())


def problems(
    codec: Codec, folder: Path = FOLDS, foldings: Mapping[str, Folding[Any, Any]] = FOLDINGS
) -> Iterator[str]:
    """What is wrong, and what to do."""
    for category, folding in foldings.items():
        path = folder / file_name(category, folding)
        if not path.exists():
            yield f"the fold of {category} is new or its state is: run `make record-golden` and commit {path.name}"
            continue
        file = json.loads(path.read_text())
        events = [codec.decode(*stored) for stored in file["events"]]
        state = json.loads(folding.dump(folding.advance(folding.start(category), events).state))
        if state != file["state"]:
            yield (
                f"the fold of {category} makes another state of the events in {path.name}, so that snapshots would"
                " be wrong:\n  raise the `version` of its Folding (see activities.aggregates.FOLDINGS), run"
                f" `make record-golden` and commit\n    was {file['state']}\n    is  {state}"
            )
