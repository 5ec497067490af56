"""What products share: the tree of categories, and the attributes that there are."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from activities.aggregates import Committed
from api import positions
from api.dependencies import (
    AnyKey,
    Anyone,
    Cataloguing,
    Cursor,
    Deps,
    Limit,
    MinPosition,
    RequiredKey,
    command_key,
)
from api.openapi import problems
from api.reading import catch_up
from api.rest import catalogue_examples, examples
from api.rest.product_bodies import AttributeBody, CategoryBody, MoveCategoryBody, RenameCategoryBody
from api.rest.representations import ListOut, PageOut, answer
from api.strict import StrictRoute
from domain.catalog.events import AttributeDefined, AttributeKind
from readmodels import taxonomy
from readmodels.catalogue_views import CategoryView

router = APIRouter(prefix="/v1", tags=["products"], route_class=StrictRoute)

CategoryPath = Annotated[str, Path(max_length=64, description="The category's code")]
AttributePath = Annotated[str, Path(max_length=64, description="The attribute's name")]


class CategoryOut(BaseModel, from_attributes=True):
    """`path` are the codes from the top of the tree down to this one."""

    category: str
    name: str
    parent: str | None
    path: list[str]

    @classmethod
    def of(cls, view: CategoryView) -> "CategoryOut":
        return cls.model_validate(view)


class AttributeOut(BaseModel):
    """What products may say of themselves; `choices` are what the type choice takes."""

    attribute: str
    label: str
    type: AttributeKind
    choices: list[str]

    @classmethod
    def of(cls, defined: AttributeDefined) -> "AttributeOut":
        return cls(
            attribute=defined.attribute, label=defined.label, type=defined.kind, choices=list(defined.choices)
        )


class TaxonomyChangedOut(BaseModel):
    """The change is committed; read with `min_position` to see it. `code` is the category's or the attribute's."""

    code: str
    version: int
    position: str


_CHANGED: Final = catalogue_examples.CHANGED_TAXONOMY


@router.get(
    "/categories",
    response_model=PageOut[CategoryOut],
    openapi_extra=problems(
        "invalid-cursor",
        "invalid-position",
        "read-not-caught-up",
        example=examples.page(catalogue_examples.CATEGORY),
    ),
)
async def list_categories(
    caller: Anyone, deps: Deps, limit: Limit = 100, cursor: Cursor = None, min_position: MinPosition = None
) -> Response:
    """By code."""
    await catch_up(deps, taxonomy.NAME, min_position)
    page = await deps.queries.categories(limit=limit, cursor=cursor)
    items = [CategoryOut.of(view) for view in page.items]
    return answer(PageOut[CategoryOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "/categories",
    status_code=201,
    response_model=TaxonomyChangedOut,
    openapi_extra=problems(
        *("idempotency-key-required", "category-exists", "category-not-found", "invalid-code", "invalid-name"),
        *("tree-too-deep", "too-many-categories"),
        example=_CHANGED,
    ),
)
async def create_category(caller: Cataloguing, deps: Deps, key: RequiredKey, body: CategoryBody) -> Response:
    """Create a category, at the top of the tree or under another. Its code is what products name, for good."""
    committed = await deps.gateway.create_category(
        body.category, body.name, body.parent, key=command_key(caller, key), actor=caller.actor
    )
    return _changed(body.category, committed, 201)


@router.patch(
    "/categories/{category}",
    response_model=TaxonomyChangedOut,
    openapi_extra=problems("category-not-found", "invalid-name", example=_CHANGED),
)
async def rename_category(
    caller: Cataloguing, deps: Deps, category: CategoryPath, key: AnyKey, body: RenameCategoryBody
) -> Response:
    """Change the name of a category; its id and its products stay."""
    committed = await deps.gateway.rename_category(
        category, body.name, key=command_key(caller, key), actor=caller.actor
    )
    return _changed(category, committed)


@router.post(
    "/categories/{category}/move",
    response_model=TaxonomyChangedOut,
    openapi_extra=problems("category-not-found", "category-ring", "tree-too-deep", example=_CHANGED),
)
async def move_category(
    caller: Cataloguing, deps: Deps, category: CategoryPath, key: AnyKey, body: MoveCategoryBody
) -> Response:
    """Put a category, with all below it, under another or at the top."""
    committed = await deps.gateway.move_category(
        category, body.parent, key=command_key(caller, key), actor=caller.actor
    )
    return _changed(category, committed)


@router.get(
    "/attributes",
    response_model=ListOut[AttributeOut],
    openapi_extra=problems(
        "invalid-position", "read-not-caught-up", example=examples.items(catalogue_examples.ATTRIBUTE)
    ),
)
async def list_attributes(caller: Anyone, deps: Deps, min_position: MinPosition = None) -> Response:
    """By name."""
    await catch_up(deps, taxonomy.NAME, min_position)
    items = [AttributeOut.of(defined) for defined in await deps.queries.attributes()]
    return answer(ListOut[AttributeOut](items=items))


@router.put(
    "/attributes/{attribute}",
    response_model=TaxonomyChangedOut,
    openapi_extra=problems(
        *("attribute-in-use", "too-many-attributes", "invalid-code", "invalid-name", "invalid-choices"),
        example={**_CHANGED, "code": "colour"},
    ),
)
async def define_attribute(
    caller: Cataloguing, deps: Deps, attribute: AttributePath, key: AnyKey, body: AttributeBody
) -> Response:
    """Define an attribute, or give it another label or more choices. What products have stays valid."""
    committed = await deps.gateway.define_attribute(
        attribute, body.label, body.type, body.choices, key=command_key(caller, key), actor=caller.actor
    )
    return _changed(attribute, committed)


def _changed(code: str, committed: Committed, status: int = 200) -> Response:
    position = positions.encode(committed)
    body = TaxonomyChangedOut(code=code, version=committed.version, position=position)
    return answer(body, status, waybill_position=position)
