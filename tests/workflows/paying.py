"""Orders whose authorisation comes near its end before all of it is captured."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from domain.shipping.events import TrackingStatus
from tests.support.shop import POLICIES, Shop

DAY = 86_400.0
WEEK = replace(POLICIES, authorization_lifetime=7 * DAY, renew_before=DAY, tracking_poll=30 * DAY)
DUE = timedelta(days=6, minutes=1)
GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


async def one_parcel(shop: Shop, *, unpaid_expiry: float = 0.0) -> UUID:
    """An order whose one parcel is booked."""
    shop.gateway = replace(shop.gateway, policies=replace(WEEK, unpaid_expiry=unpaid_expiry))
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    return order_id


async def pass_by(shop: Shop, order_id: UUID, time: timedelta = DUE) -> None:
    """Let so much time pass for the order's workflow."""
    await shop.environment.fast_forward(shop.handle(order_id), time)


async def renewed(shop: Shop) -> UUID:
    order_id = await one_parcel(shop)
    await pass_by(shop, order_id)
    await shop.until(order_id, lambda record: bool(record.payment.replaced) and bool(record.payment.voided))
    await shop.news(shop.booking(order_id), *GONE)
    return order_id


async def not_renewed(shop: Shop) -> UUID:
    order_id = await one_parcel(shop)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    return order_id
