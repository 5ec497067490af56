"""What the demo's products show, beside their names and prices."""

from collections.abc import Mapping
from typing import Final

from ops.client import ApiClient
from waybill_client.models import AttributeBody, AttributeKind, CategoryBody, ImageBody, ProductChangeBody

CATEGORIES: Final = (
    ("home", "Home", None),
    ("kitchen", "Kitchen", "home"),
    ("mugs", "Mugs", "kitchen"),
    ("walls", "Walls", "home"),
    ("clothing", "Clothing", None),
    ("stationery", "Stationery", None),
    ("bags", "Bags", None),
)
"""Parents first."""

COLOURS: Final = ["black", "blue", "natural", "red"]
ATTRIBUTES: Final[Mapping[str, AttributeBody]] = {
    "colour": AttributeBody(label="Colour", type=AttributeKind.CHOICE, choices=COLOURS),
    "volume": AttributeBody(label="Volume in litres", type=AttributeKind.NUMBER),
    "material": AttributeBody(label="Material", type=AttributeKind.TEXT),
    "dishwasher-safe": AttributeBody(label="Dishwasher safe", type=AttributeKind.BOOLEAN),
}


def _shown(description: str, category: str, alt: str, **attributes: str | float | bool) -> ProductChangeBody:
    return ProductChangeBody(
        description=description,
        categories=[category],
        attributes={name.replace("_", "-"): value for name, value in attributes.items()},
        images=[ImageBody(url=f"https://images.example.org/{alt.lower().replace(' ', '-')}.webp", alt=alt)],
    )


SHOWN: Final[Mapping[str, ProductChangeBody]] = {
    "MUG-BLUE": _shown(
        "A stoneware mug for coffee or tea, glazed in deep blue by hand.",
        "mugs",
        "A blue mug",
        colour="blue",
        volume=0.33,
        material="Stoneware",
        dishwasher_safe=True,
    ),
    "TEE-BLACK-M": _shown(
        "A heavy T-shirt of organic cotton. Washes well, fits loosely.",
        "clothing",
        "A black T-shirt",
        colour="black",
        material="Organic cotton",
    ),
    "POSTER-A2": _shown(
        "A map of the world's sea routes in 1890, printed on matt paper.",
        "walls",
        "A poster with a map",
        material="Paper, 200 g/m²",
    ),
    "NOTEBOOK-DOT": _shown(
        "192 dotted pages, thread-bound, so that it lies flat.",
        "stationery",
        "An open notebook",
        colour="natural",
        material="Paper",
    ),
    "BACKPACK-20L": _shown(
        "Carries a laptop and lunch through the rain: waxed canvas, one big pocket and two small ones.",
        "bags",
        "A canvas backpack",
        colour="natural",
        volume=20,
        material="Waxed canvas",
    ),
}


async def describe(api: ApiClient) -> None:
    """Set up what products share, and show them. Under the same keys again, it leaves later changes alone."""
    for category, name, parent in CATEGORIES:
        body = CategoryBody(category=category, name=name, parent=parent)
        await api.create_category(body, idempotency_key=f"demo-{category}")
    for attribute, defined in ATTRIBUTES.items():
        await api.define_attribute(attribute, defined, idempotency_key=f"demo-{attribute}")
    for sku, shown in SHOWN.items():
        await api.change_product(sku, shown, idempotency_key=f"demo-shown-{sku}")
