"""The paths of an order's life whose histories are kept for every released version: see `record`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from activities.cases import open_case
from activities.contracts import TaskQueue
from activities.gateways.protocol import Booking
from activities.reconciling import OrderMoney, differences
from domain.orders.events import Decision, HoldScope, OnUnavailable, StepAction
from domain.reconciliation.events import CaseAction, CaseOpened
from domain.returns.events import InspectedItem
from domain.shipping.events import LostAnswer, TrackingStatus
from tests.support.shop import Shop
from tests.workflows import paying, returning
from tests.workflows.amending import AMENDED
from tests.workflows.beside import BESIDE
from workflows.case_commands import CaseCommands
from workflows.cases import CaseInput, CaseWorkflow, case_workflow_id

Scenario = Callable[[Shop], Awaitable[UUID]]
GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


async def completed(shop: Shop) -> UUID:
    return await shop.place(("MUG", 2), ("TEE", 1))


async def two_parcels(shop: Shop) -> UUID:
    await shop.stock("JAR", 5, "LYS")
    return await shop.place(("MUG", 2), ("JAR", 1))


async def declined(shop: Shop) -> UUID:
    shop.payments.faults.plan("authorize", "declined")
    return await shop.place(("MUG", 1))


async def out_of_stock(shop: Shop) -> UUID:
    return await shop.place(("MUG", 11))


async def cancelled_before_dispatch(shop: Shop) -> UUID:
    order_id = await _booked(shop)
    await shop.cancel(order_id)
    return order_id


async def cancellation_rejected(shop: Shop) -> UUID:
    order_id = await _booked(shop)
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)
    await shop.cancel(order_id)
    await shop.until(order_id, lambda _: "OrderCancellationRejected" in shop.types(order_id))
    await shop.news(shop.booking(order_id), *GONE)
    return order_id


async def cancelled_in_temporal(shop: Shop) -> UUID:
    order_id = await _booked(shop)
    await shop.handle(order_id).cancel()
    return order_id


async def parked_and_retried(shop: Shop) -> UUID:
    return await _parked(shop, StepAction.RETRY)


async def parked_and_compensated(shop: Shop) -> UUID:
    return await _parked(shop, StepAction.COMPENSATE)


async def parked_and_adopted(shop: Shop) -> UUID:
    shop.payments.faults.plan("capture", "lost", "down")
    shop.payments.faults.plan("find", "down")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    reference = shop.payments.books[order_id, step].reference
    await shop.resolve(order_id, step, StepAction.ADOPT, reference=reference)
    return order_id


async def handed_over(shop: Shop) -> UUID:
    shop.carrier.faults.plan("book", "refused")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    given = {"key": "k", "actor": "operator:adam"}
    await shop.gateway.assign(order_id, assignee="eve", reason="knows the carrier", **given)
    await shop.gateway.note(order_id, note="rang them up", **given)
    await shop.resolve(order_id, step)
    return order_id


async def started_again(shop: Shop) -> UUID:
    order_id = await _booked(shop)
    await shop.start_again(order_id)
    await shop.news(shop.booking(order_id), *GONE)
    return order_id


async def database_away(shop: Shop) -> UUID:
    shop.store.lose_before("OrderConfirmed", times=3)
    return await shop.place(("MUG", 1))


async def charged_back(shop: Shop) -> UUID:
    order_id = await _booked(shop)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    await shop.charge_back(order_id)
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    return order_id


async def aftercare_chargeback(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    await shop.charge_back(order_id)
    return order_id


async def paid_again(shop: Shop) -> UUID:
    shop.gateway = replace(shop.gateway, policies=replace(shop.gateway.policies, unpaid_expiry=3600.0))
    shop.payments.faults.plan("authorize", "declined")
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: bool(record.payment.declines))
    await shop.gateway.pay(order_id, key="p", method="sim_slow", actor="customer:ada")
    return order_id


async def return_refunded(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 2))
    await shop.ended(order_id)
    return_id = await returning.request(shop, order_id, ("MUG", 2))
    await returning.approve(shop, order_id, return_id)
    await returning.receive(shop, order_id, return_id)
    await returning.inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1, damaged=1))
    await returning.closed(shop, order_id, return_id)
    return order_id


async def return_rejected(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return_id = await returning.request(shop, order_id, ("MUG", 1))
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="worn", actor="operator:eve")
    await returning.closed(shop, order_id, return_id)
    return order_id


async def case_refunded(shop: Shop) -> UUID:
    case = await captured_twice(shop)
    commands = CaseCommands(shop.environment.client, 10)
    given = {"action": CaseAction.REFUND, "reason": "by hand", "actor": "operator:o"}
    await commands.answer(case.case_id, key="k", **given)  # type: ignore[arg-type]
    await shop.environment.client.get_workflow_handle(case_workflow_id(case.case_id)).result()
    forget_the_case(shop, case)
    return case.order_id


async def case_resumed(shop: Shop) -> UUID:
    case = await captured_twice(shop)
    held = shop.payments.faults.hold("refund")
    commands = CaseCommands(shop.environment.client, 10)
    given = {"action": CaseAction.REFUND, "reason": "by hand", "actor": "operator:o"}
    await commands.answer(case.case_id, key="k", **given)  # type: ignore[arg-type]
    await held.entered.wait()
    lost, resumed = case_workflow_id(case.case_id), CaseInput(case.case_id, resumed=True)
    await shop.environment.client.get_workflow_handle(lost).terminate()
    held.open()
    client = shop.environment.client
    await client.execute_workflow(CaseWorkflow.run, resumed, id=lost, task_queue=TaskQueue.ORDERS)
    forget_the_case(shop, case)
    return case.order_id


async def captured_twice(shop: Shop) -> CaseOpened:
    """A completed order whose capture somebody made again by hand, and the case of that."""
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    books = shop.payments.books
    first = next(each for each in books.values() if each.order_id == order_id and each.kind == "capture")
    books[order_id, "by-hand"] = replace(first, reference="cap-by-hand", idempotency_key="by-hand")
    known = OrderMoney.of(await shop.store.read_stream(f"order/{order_id}"))
    effects = await shop.payments.list_effects(order_id)
    (case,) = differences(order_id, known, effects, now=datetime.now(UTC), grace=timedelta(0))
    assert await open_case(shop.store, case)
    return case


def forget_the_case(shop: Shop, case: CaseOpened) -> None:
    """Both sides of it leave the books, which the shop's invariants compare with the orders alone."""
    del shop.payments.books[case.order_id, "by-hand"]
    del shop.payments.books[case.order_id, f"case:{case.case_id}#1"]


async def held_and_released(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1), screening=("the total is high",))
    given = {"reason": "r", "actor": "operator:eve"}
    until = datetime.now(UTC) + timedelta(hours=1)
    payment = {"scope": HoldScope.PAYMENT, "subject": None, "expires_at": until}
    await shop.gateway.hold(order_id, key="h", **payment, **given)  # type: ignore[arg-type]
    await shop.gateway.release_hold(order_id, key="r", hold_id="screening", **given)
    await shop.until(order_id, lambda record: record.reserved)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(hours=2))
    return order_id


async def asked_and_dropped(shop: Shop) -> UUID:
    order_id = await _short(shop, OnUnavailable.ASK)
    await shop.gateway.decide(order_id, key="d", decision=Decision.DROP, actor="customer:ada")
    return order_id


async def waited_and_served(shop: Shop) -> UUID:
    order_id = await _short(shop, OnUnavailable.WAIT)
    given = {"change": 1, "reason": "delivery", "actor": "operator:eve"}
    await shop.gateway.adjust_stock("MUG", None, key="r", **given)  # type: ignore[arg-type]
    return order_id


async def decided_by_default(shop: Shop) -> UUID:
    order_id = await _short(shop, OnUnavailable.ASK)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(days=3))
    return order_id


async def lost_and_replaced(shop: Shop) -> UUID:
    order_id, parcel = await lost(shop)
    await answer_loss(shop, order_id, parcel, LostAnswer.REPLACE)
    await shop.news(await replacement(shop, order_id, parcel), *GONE)
    return order_id


async def lost_and_refunded(shop: Shop) -> UUID:
    order_id, parcel = await lost(shop)
    await answer_loss(shop, order_id, parcel, LostAnswer.REFUND)
    return order_id


async def lost_found(shop: Shop) -> UUID:
    order_id, _ = await lost(shop)
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    return order_id


async def lost(shop: Shop, policy: LostAnswer | None = None) -> tuple[UUID, str]:
    """An order whose parcel's time to arrive is over, and the parcel."""
    changed = replace(shop.gateway.policies, deliver_within=86_400.0, on_lost=policy)
    shop.gateway = replace(shop.gateway, policies=changed)
    order_id = await _booked(shop)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(hours=26))
    await shop.until(order_id, lambda _: "ShipmentLost" in shop.types(order_id))
    return order_id, shop.booking(order_id).shipment_id


async def answer_loss(shop: Shop, order_id: UUID, parcel: str, answer: LostAnswer, key: str = "l") -> None:
    given = {"reason": "the carrier lost it", "actor": "operator:eve"}
    await shop.gateway.answer_lost(order_id, key=key, shipment_id=parcel, answer=answer, **given)


async def replacement(shop: Shop, order_id: UUID, parcel: str) -> Booking:
    """The booking of what is sent in a lost parcel's place, once it is booked."""
    await shop.until(order_id, lambda record: f"{parcel}-R" in record.shipments.by_id)
    mine = [each for each in shop.carrier.books.values() if each.order_id == order_id]
    return next(each for each in mine if each.shipment_id == f"{parcel}-R")


async def _short(shop: Shop, wish: OnUnavailable) -> UUID:
    order_id = await shop.place(("MUG", 11), ("TEE", 1), on_unavailable=wish)
    await shop.until(order_id, lambda record: bool(record.short))
    return order_id


async def _booked(shop: Shop) -> UUID:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    return order_id


async def _parked(shop: Shop, action: StepAction) -> UUID:
    shop.carrier.faults.plan("book", "down", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.resolve(order_id, await shop.stalled(order_id), action)
    return order_id


SCENARIOS: dict[str, Scenario] = {
    each.__name__.replace("_", "-"): each
    for each in (
        completed,
        two_parcels,
        declined,
        out_of_stock,
        cancelled_before_dispatch,
        cancellation_rejected,
        cancelled_in_temporal,
        parked_and_retried,
        parked_and_compensated,
        parked_and_adopted,
        handed_over,
        started_again,
        database_away,
        held_and_released,
        asked_and_dropped,
        waited_and_served,
        decided_by_default,
        charged_back,
        aftercare_chargeback,
        case_refunded,
        case_resumed,
        *BESIDE,
        *AMENDED,
        paid_again,
        paying.renewed,
        paying.not_renewed,
        return_refunded,
        return_rejected,
        lost_and_replaced,
        lost_and_refunded,
    )
}
