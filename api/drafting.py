"""Drafts at the edge: what one costs now, what hinders its placing, and its way through the orders' own door."""

from fastapi import Response

from api.auth import Principal
from api.dependencies import ApiDependencies
from api.errors import PROBLEM_BASE, Problem
from api.placing import PricedOrder, check_method, fingerprint, priced, priced_lines
from api.rest.draft_bodies import HindranceOut, QuoteOut, order_body
from api.rest.place import placed_as_it_is, send
from api.screening import screened
from domain import identifiers
from domain.drafts.decide import check_complete, expect_open
from domain.drafts.events import DraftContents, DraftSubmitted
from domain.drafts.model import Draft, DraftStatus
from domain.errors import DomainError
from domain.orders.decide import price
from workflows.drafts import LoadedDraft


async def check_contents(deps: ApiDependencies, contents: DraftContents) -> None:
    """Refuse at once what no order could have; what is missing may come later. Raises InvalidValue."""
    deps.rules.currency(contents.currency)
    if contents.payment_method is not None:
        check_method(deps.rules, contents.payment_method)
    if contents.shipping_address is not None:
        country = contents.shipping_address.country
        deps.rules.for_order(contents.currency, country, contents.shipping_method)
    if contents.lines and contents.shipping_address is not None:
        await _quote(deps, contents)
    else:
        await priced_lines(deps, [(line.sku, line.quantity) for line in contents.lines], contents.currency)


async def quoted(deps: ApiDependencies, draft: Draft) -> tuple[QuoteOut | None, HindranceOut | None]:
    """What it costs as far as that can be said, and why it could not be placed. Reads nothing personal."""
    if draft.submitted is not None:
        return QuoteOut.of(draft.submitted.lines, draft.submitted.totals), None
    if draft.status is not DraftStatus.OPEN:
        return None, None
    contents, quote = draft.contents, None
    try:
        if contents.lines and contents.shipping_address is not None:
            quote = await _quote(deps, contents)
        check_complete(contents)
        check_method(deps.rules, contents.payment_method or "")
    except DomainError as refused:
        return quote, HindranceOut(type=PROBLEM_BASE + refused.code, detail=refused.message)
    return quote, None


async def _quote(deps: ApiDependencies, contents: DraftContents) -> QuoteOut:
    assert contents.shipping_address is not None
    given = [(line.sku, line.quantity) for line in contents.lines]
    lines = await priced_lines(deps, given, contents.currency)
    rules = deps.rules.for_order(contents.currency, contents.shipping_address.country, contents.shipping_method)
    return QuoteOut.of(*price(lines, contents.currency, rules))


async def place(
    deps: ApiDependencies, caller: Principal, known: LoadedDraft, expected_version: int | None
) -> Response:
    """Place the draft as an order of its id, at the prices of now; or answer with the order that it became.

    Raises:
        DomainError: `draft-discarded`, `draft-incomplete`, or what an order of these contents is refused with.
        Problem: `version-mismatch`.
    """
    draft = known.draft
    if draft.status is DraftStatus.PLACED and (view := await deps.queries.order(draft.draft_id)):
        return placed_as_it_is(view)
    if draft.status not in (DraftStatus.PLACING, DraftStatus.PLACED):
        expect_open(draft)
        if expected_version not in (None, known.version):
            raise Problem(
                "version-mismatch",
                f"the draft is at version {known.version}; read it again",
            )
        draft = (await _submit(deps, caller, known)).draft
    order, submitted = await _submitted(deps, draft)
    command = order.command(draft.draft_id, submitted.fingerprint, submitted.screening)
    answer = await send(deps, caller, f"draft:{draft.draft_id}", order, command)
    await deps.drafts.note_placed(draft.draft_id, command.order_number, actor=caller.actor)
    return answer


async def _submit(deps: ApiDependencies, caller: Principal, known: LoadedDraft) -> LoadedDraft:
    """Everything that can be refused is refused before the contents are fixed."""
    check_complete(known.draft.contents)
    body = order_body(await deps.drafts.opened(known.draft))
    order = await priced(deps, body)
    submitted = DraftSubmitted(
        lines=order.lines,
        totals=order.totals,
        tax_rate=order.tax_rate,
        screening=await screened(deps, order),
        fingerprint=await fingerprint(deps, body),
        submitted_by=caller.actor,
    )
    return await deps.drafts.submit(
        known.draft.draft_id, submitted, actor=caller.actor, expected_version=known.version
    )


async def _submitted(deps: ApiDependencies, draft: Draft) -> tuple[PricedOrder, DraftSubmitted]:
    assert draft.submitted is not None
    body, fixed = order_body(await deps.drafts.opened(draft)), draft.submitted
    email = identifiers.email(body.email) if body.email is not None else None
    address = body.shipping_address.address()
    order = PricedOrder(body, address, email, fixed.lines, fixed.totals, fixed.tax_rate)
    return order, fixed
