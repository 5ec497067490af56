"""An order's mail in words: what the event and the order say, filled into the templates of its kind."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any, Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from domain.orders.availability import possible
from domain.orders.events import CustomerDecisionRequested, OrderPlaced
from domain.payments.events import PaymentRefunded
from domain.record import OrderRecord
from domain.returns.events import ReturnApproved
from domain.shipping.events import ShipmentDelivered, ShipmentDispatched
from messaging.mails.kinds import MailKind

SUBJECTS: Final = {
    MailKind.CONFIRMED: "Your order {number} is confirmed",
    MailKind.DISPATCHED: "A parcel of your order {number} is on its way",
    MailKind.DELIVERED: "A parcel of your order {number} was delivered",
    MailKind.CANCELLED: "Your order {number} is cancelled",
    MailKind.REFUNDED: "A refund for your order {number}",
    MailKind.PAYMENT_NEEDED: "Your order {number} waits for a payment",
    MailKind.DECISION_WANTED: "Your order {number}: please decide",
    MailKind.RETURN_APPROVED: "Your return of order {number} is approved",
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """The event that a mail is about, and the order as it was with it. `placed` is readable."""

    event_id: UUID
    kind: MailKind
    event: object
    at: datetime
    record: OrderRecord
    placed: OrderPlaced


class Writer:
    """Writes mails. The same occasion gives the same mail again, with the same Message-ID and date.

    Args:
        sender: The From header, `Name <address>`.
    """

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2]
        self._templates = Environment(
            loader=PackageLoader("messaging.mails"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message_id(self, event_id: UUID) -> str:
        return f"<{event_id}@{self._domain}>"

    def write(self, occasion: Occasion) -> EmailMessage:
        """The mail, to the order's address, which must be there."""
        given = _facts(occasion)
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = occasion.placed.email or ""
        mail["Subject"] = SUBJECTS[occasion.kind].format(number=occasion.placed.order_number)
        mail["Message-ID"] = self.message_id(occasion.event_id)
        mail["Date"] = format_datetime(occasion.at)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
        mail.set_content(self._templates.get_template(f"{occasion.kind}.txt").render(given))
        html = self._templates.get_template(f"{occasion.kind}.html").render(given)
        mail.add_alternative(html, subtype="html")
        return mail


def _facts(occasion: Occasion) -> dict[str, Any]:
    record, event, placed = occasion.record, occasion.event, occasion.placed
    facts: dict[str, Any] = {
        "number": placed.order_number,
        "name": placed.shipping_address.name,
        "lines": record.order.lines,
        "totals": record.order.totals,
    }
    if isinstance(event, ShipmentDispatched | ShipmentDelivered):
        facts["parcel"] = record.shipments.by_id[event.shipment_id]
    elif isinstance(event, PaymentRefunded):
        facts["amount"] = event.amount
    elif isinstance(event, CustomerDecisionRequested):
        facts |= {
            "short": record.short,
            "options": [str(option) for option in possible(record.order, record.short)],
            "default": str(event.default),
            "deadline": event.deadline,
        }
    elif isinstance(event, ReturnApproved):
        known = record.returns.by_id[event.return_id]
        facts |= {"claim": known.is_claim, "items": known.requested.items}
    return facts
