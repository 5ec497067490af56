"""Which step writes which event, as `ops.docs.writers` says it, against whole lives of orders."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from activities.gateways.credit import METHOD
from domain.catalog.decide import ProductChange
from domain.catalog.events import AttributeKind, ProductImage
from domain.drafts.events import DraftContents, DraftLine, DraftSubmitted
from domain.identifiers import Sku
from domain.money import Money
from domain.orders.events import Decision, HoldScope, OnUnavailable, OrderLine, StepAction
from domain.reconciliation import events as case_events
from ops.docs.writers import WRITTEN_BY, stream_of
from tests.support.samples import ADDRESS, TAX_RATE, TOTALS
from tests.support.shop import POLICIES
from tests.workflows.amending import amended
from tests.workflows.beside import return_exchanged, return_label_cancelled
from tests.workflows.paying import not_renewed, renewed
from tests.workflows.scenarios import lost_and_refunded, lost_found, paid_again, return_refunded, return_rejected
from workflows.drafts import DraftCommands
from workflows.refund_commands import RefundCommands
from workflows.refunds import refund_workflow_id

TEMPLATE = re.compile(r"\\\{\w+\\\}")


def pattern(text: str) -> str:
    """A template such as `order/{order_id}` as a regular expression."""
    return TEMPLATE.sub(".+", re.escape(text))


async def test_every_event_is_written_by_the_step_that_the_document_names(shop: Any) -> None:
    await shop.ended(await shop.place(("MUG", 1)))
    await shop.ended(await shop.place(("MUG", 1_000)))
    shop.payments.faults.plan("authorize", "declined")
    await shop.ended(await shop.place(("MUG", 1)))
    await _cancel(shop)
    await _stall_and_retry(shop)
    await _refuse_a_capture(shop)
    await _refuse_a_booking(shop)
    await _give_up_an_unknown_authorisation(shop)
    await _charge_back(shop)
    await _refund(shop)
    await shop.ended(await paid_again(shop))
    await _renew(shop)
    await _pay_with_credit(shop)
    await return_refunded(shop)
    await return_rejected(shop)
    await return_exchanged(shop)
    await return_label_cancelled(shop)
    shop.auto = True
    await _lose(shop)
    await _amend(shop)
    await _hold(shop)
    await _run_short(shop)
    await _manage_the_shop(shop)
    await _draft(shop)
    await _erase_the_customer(shop)

    seen = set()
    for stream_id, events in shop.store.streams.items():
        for recorded in events:
            kind = type(recorded.event)
            assert re.fullmatch(pattern(stream_of(kind)), stream_id)
            writer = recorded.metadata.get("step") or recorded.metadata.get("command")
            if writer:
                seen.add(kind)
                writers = "|".join(f"{pattern(label)}(#[0-9]+)?" for label in WRITTEN_BY[kind])
                assert re.fullmatch(writers, writer), kind
    unseen = {kind.__name__ for kind in WRITTEN_BY.keys() - seen - set(case_events.EVENTS)}
    assert unseen == {"CreditStepClosed", "StockReceived", "OrderCancellationRejected"}


async def _cancel(shop: Any) -> None:
    shop.auto = False
    order_id = await shop.place(("TEE", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.gateway.cancel(order_id, key="k", reason="changed my mind", actor="customer:ada")
    await shop.ended(order_id)
    shop.auto = True


async def _stall_and_retry(shop: Any) -> None:
    shop.payments.faults.plan("authorize", "down", "down")
    order_id = await shop.place(("TEE", 1))
    await _resolve(shop, order_id, StepAction.RETRY)
    await shop.ended(order_id)


async def _refuse_a_capture(shop: Any) -> None:
    shop.payments.faults.plan("capture", "refused")
    order_id = await shop.place(("TEE", 1))
    await _resolve(shop, order_id, StepAction.RETRY)
    await shop.ended(order_id)


async def _refuse_a_booking(shop: Any) -> None:
    shop.carrier.faults.plan("book", "refused")
    order_id = await shop.place(("TEE", 1))
    await shop.stalled(order_id)
    given = {"key": uuid4().hex, "actor": "operator:o"}
    await shop.gateway.assign(order_id, assignee="eve", reason="knows the carrier", **given)
    await shop.gateway.note(order_id, note="rang them up", **given)
    await _resolve(shop, order_id, StepAction.RETRY)
    await shop.ended(order_id)


async def _give_up_an_unknown_authorisation(shop: Any) -> None:
    shop.payments.faults.plan("authorize", "down", "down")
    order_id = await shop.place(("TEE", 1))
    await _resolve(shop, order_id, StepAction.COMPENSATE)
    await shop.ended(order_id)


async def _charge_back(shop: Any) -> None:
    order_id = await shop.place(("TEE", 1))
    await shop.ended(order_id)
    await shop.charge_back(order_id)


async def _refund(shop: Any) -> None:
    order_id = await shop.place(("TEE", 1))
    await shop.ended(order_id)
    commands = RefundCommands(shop.environment.client, shop.store, shop.vault, 10, POLICIES)
    given = {"amount": Money(100, "EUR"), "lines": {}, "reason": "chipped", "actor": "operator:o"}
    await commands.grant(order_id, key="k", **given)  # type: ignore[arg-type]
    await shop.environment.client.get_workflow_handle(refund_workflow_id(order_id, "k")).result()


async def _pay_with_credit(shop: Any) -> None:
    given = {"amount": Money(100_000, "EUR"), "reason": "r", "fingerprint": "f", "actor": "operator:o"}
    await shop.gateway.grant_credit("ada", key="k", **given)
    order_id = await shop.place(("TEE", 1), method=METHOD)
    await shop.ended(order_id)
    commands = RefundCommands(shop.environment.client, shop.store, shop.vault, 10, POLICIES)
    refund = {"amount": Money(100, "EUR"), "lines": {}, "reason": "chipped", "actor": "operator:o"}
    await commands.grant(order_id, key="k", **refund)  # type: ignore[arg-type]
    await shop.environment.client.get_workflow_handle(refund_workflow_id(order_id, "k")).result()
    shop.auto = False
    order_id = await shop.place(("TEE", 1), method=METHOD)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.cancel(order_id)
    await shop.ended(order_id)
    shop.auto = True


async def _renew(shop: Any) -> None:
    gateway = shop.gateway
    for scenario in (renewed, not_renewed):
        await shop.ended(await scenario(shop))
    shop.auto, shop.gateway = True, gateway


async def _amend(shop: Any) -> None:
    await shop.stock("MUG", 10)
    await shop.stock("TEE", 10)
    await shop.ended(await amended(shop))
    shop.auto = True


async def _lose(shop: Any) -> None:
    gateway = shop.gateway
    await shop.ended(await lost_and_refunded(shop))
    await shop.ended(await lost_found(shop))
    shop.auto, shop.gateway = True, gateway


async def _draft(shop: Any) -> None:
    commands, given = DraftCommands(shop.store, shop.vault), {"actor": "operator:o"}
    contents = DraftContents("ada", "EUR", lines=(DraftLine("MUG", 1),), shipping_address=ADDRESS)
    for placed in (True, False):
        draft_id = uuid4()
        await commands.create(draft_id, contents, fingerprint="f", **given)
        changed = {"payment_method": "sim_ok"}
        known = await commands.change(draft_id, changed, key="k", expected_version=None, **given)
        if placed:
            fixed = DraftSubmitted((), TOTALS, TAX_RATE, (), "f", "operator:o")
            await commands.submit(draft_id, fixed, expected_version=known.version, **given)
            await commands.note_placed(draft_id, "N", **given)
        else:
            await commands.discard(draft_id, key="k", reason="r", expected_version=None, **given)


async def _resolve(shop: Any, order_id: UUID, action: StepAction) -> None:
    step = await shop.stalled(order_id)
    await shop.gateway.resolve_step(
        order_id, key=uuid4().hex, step=step, action=action, reason="it is back", actor="operator:o"
    )


async def _hold(shop: Any) -> None:
    order_id = await shop.place(("TEE", 1), screening=("odd",))
    given = {"reason": "r", "actor": "operator:o"}
    payment = {"scope": HoldScope.PAYMENT, "subject": None, "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    await shop.gateway.hold(order_id, key="h", **payment, **given)
    await shop.gateway.release_hold(order_id, key="r", hold_id="screening", **given)
    await shop.until(order_id, lambda record: record.reserved)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(hours=2))
    await shop.ended(order_id)


async def _run_short(shop: Any) -> None:
    """Two orders wait for pens: one takes caps in their place, the other gets pens when they come."""
    await shop.stock("CAP", 5)
    line = OrderLine("CAP", "Cap", 2, Money(1999, "EUR"))
    both = [await shop.place(("TEE", 1), ("PEN", 2), on_unavailable=OnUnavailable.ASK) for _ in range(2)]
    for order_id in both:
        await shop.until(order_id, lambda record: record.order.decision is not None)
    await shop.gateway.offer_substitute(both[0], key="o", sku="PEN", substitute=line, actor="operator:o")
    await shop.gateway.decide(both[0], key="d", decision=Decision.SUBSTITUTE, actor="customer:ada")
    await shop.gateway.adjust_stock("PEN", None, key="pens", change=2, reason="came in", actor="operator:o")
    third = await shop.place(("TEE", 1), ("PEN", 1), on_unavailable=OnUnavailable.DROP)
    for order_id in (*both, third):
        await shop.ended(order_id)


async def _erase_the_customer(shop: Any) -> None:
    await shop.gateway.erase_customer("ada", reason="r", actor="admin:a")
    await shop.environment.client.get_workflow_handle("erasure/ada").result()


async def _manage_the_shop(shop: Any) -> None:
    sku, given = Sku("CUP"), {"key": "k", "actor": "operator:o"}
    await shop.gateway.create_product(sku, "Cup", [Money(100, "EUR")], **given)
    await shop.gateway.change_price(sku, Money(200, "EUR"), **given)
    await _describe(shop, sku)
    await shop.gateway.publish_product(sku, **given)
    await shop.gateway.unpublish_product(sku, **given)
    await shop.gateway.discontinue_product(sku, reason="none left", **given)
    await shop.gateway.adjust_stock(sku, None, change=1, reason="count", **given)


async def _describe(shop: Any, sku: Sku) -> None:
    gateway, given = shop.gateway, {"key": "k", "actor": "operator:o"}
    for category, parent in (("kitchen", None), ("cups", None)):
        await gateway.create_category(category, "C", parent, key=category, actor="operator:o")
    await gateway.move_category("cups", "kitchen", **given)
    await gateway.rename_category("cups", "Cups", **given)
    await gateway.define_attribute("colour", "Colour", AttributeKind.CHOICE, ("red",), **given)
    images = (ProductImage("https://images.example.org/cup.webp", "A cup"),)
    change = ProductChange("Red cup", "It is red.", ("cups",), {"colour": "red"}, images)
    await gateway.change_product(sku, change, **given)
    now = datetime.now(UTC)
    times = {"at": now, "valid_from": None, "valid_until": None}
    _, price_id = await gateway.schedule_price(sku, Money(150, "EUR"), **times, **given)
    await gateway.end_price(sku, price_id, at=now + timedelta(hours=1), valid_until=None, **given)
