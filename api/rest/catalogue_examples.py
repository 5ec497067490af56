"""Examples of the catalogue."""

from typing import Any, Final

from api.rest.examples import POSITION, TIME, eur

PRODUCT: Final[dict[str, Any]] = {
    "sku": "MUG-BLUE",
    "name": "Blue mug",
    "status": "published",
    "description": "Stoneware, 0.33 litres.",
    "price": eur("12.50"),
    "prices": [eur("12.50")],
    "scheduled_prices": None,
    "categories": ["mugs"],
    "attributes": {"colour": "blue", "volume": 0.33, "dishwasher-safe": True},
    "images": [{"url": "https://images.example.org/mug-blue.webp", "alt": "A blue mug"}],
    "version": 7,
    "updated_at": TIME,
}
PRICE_ID: Final = "4be0643f1d98"
PRICE_CHANGE: Final[dict[str, Any]] = {
    "version": 8,
    "kind": "scheduled",
    "price_id": PRICE_ID,
    "price": eur("9.90"),
    "valid_from": TIME,
    "valid_until": None,
    "recorded_at": TIME,
    "actor": "operator:eve",
}
CATEGORY: Final[dict[str, Any]] = {
    "category": "mugs",
    "name": "Mugs",
    "parent": "kitchen",
    "path": ["kitchen", "mugs"],
}
ATTRIBUTE: Final[dict[str, Any]] = {
    "attribute": "colour",
    "label": "Colour",
    "type": "choice",
    "choices": ["blue", "green"],
}
CHANGED_TAXONOMY: Final[dict[str, Any]] = {"code": "mugs", "version": 2, "position": POSITION}
