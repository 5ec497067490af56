"""Which step or command writes each event, and the stream it stands in; a test compares it with whole lives."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final, get_args

from domain.catalog import events as catalog_events
from domain.catalog import taxonomy
from domain.catalog.events import CatalogEvent, TaxonomyEvent
from domain.credit import events as credit_events
from domain.customers import events as customer_events
from domain.customers.events import CustomerEvent
from domain.drafts import events as draft_events
from domain.inventory import events as inventory_events
from domain.inventory.events import StockEvent
from domain.orders import events as order_events
from domain.payments import events as payment_events
from domain.reconciliation import events as case_events
from domain.returns import events as return_events
from domain.shipping import events as shipping_events

CONTEXTS: Final[Sequence[ModuleType]] = (
    order_events,
    inventory_events,
    payment_events,
    shipping_events,
    catalog_events,
    case_events,
    return_events,
    customer_events,
    draft_events,
    credit_events,
)

_AMENDING: Final = ("amend:{key}", "apply-amendment:{amendment}", "reject-amendment:{amendment}")

# What writes each event: the label of a step (`label#n` is its key), or a command (`command:key`).
AUTHORIZING: Final = ("authorize", "authorize-more:{change}", "reauthorize")
VOIDING: Final = ("void", "void:{change}", "void:renewed")
WRITTEN_BY: Final[Mapping[type, Sequence[str]]] = {
    order_events.OrderPlaced: ("place",),
    order_events.OrderConfirmed: ("confirm",),
    order_events.OrderCancellationRequested: (
        "cancel:{key}",
        "cancel-from-temporal:{run}",
        "decide:{key}",
        "take-up",
        "give-up",
        "resolve:{key}",
    ),
    order_events.OrderCancellationRejected: ("reject",),
    order_events.OrderCancelled: ("cancel",),
    order_events.OrderCompleted: ("complete",),
    order_events.OrderStepStalled: ("stall:{run}",),
    order_events.OrderStepResolved: (
        *("resolve:{key}", "resume:{run}", "let-go:{return}", "apply-amendment:{amendment}"),
    ),
    order_events.HoldPlaced: ("hold:{key}", "place"),
    order_events.HoldReleased: ("release-hold:{key}", "expire-hold:{hold}"),
    order_events.OrderAssigned: ("assign:{key}",),
    order_events.OrderNoted: ("note:{key}",),
    order_events.CustomerDecisionRequested: ("reserve",),
    order_events.SubstitutionOffered: ("offer:{key}",),
    order_events.CustomerDecisionMade: ("decide:{key}", "take-up", "amend:{key}"),
    order_events.OrderLinesCancelled: (
        *("decide:{key}", "reserve", "take-up", "amend:{key}", "apply-amendment:{amendment}"),
    ),
    order_events.LineSubstituted: ("decide:{key}",),
    order_events.AmendmentRequested: ("amend:{key}",),
    order_events.OrderAmended: ("apply-amendment:{amendment}",),
    order_events.AmendmentRejected: ("reject-amendment:{amendment}", "amend:{key}"),
    inventory_events.StockReceived: (),
    inventory_events.StockAdjusted: ("adjust:{key}",),
    inventory_events.UnitsReserved: (
        *("reserve", "decide:{key}", "answer-lost:{key}", "answer-loss:{parcel}", "approve-return:{key}"),
        "amend:{key}",
    ),
    inventory_events.UnitsReleased: (
        *("release", "decide:{key}", "take-up", "reject-return:{key}", "inspect-return:{key}", *_AMENDING),
    ),
    inventory_events.UnitsShipped: ("dispatch:{parcel}",),
    inventory_events.UnitsBackordered: ("reserve",),
    inventory_events.BackorderFilled: (
        *("adjust:{key}", "release", "decide:{key}", "take-up", "inspect-return:{key}", *_AMENDING),
    ),
    inventory_events.BackorderWithdrawn: (
        *("adjust:{key}", "release", "decide:{key}", "take-up", "inspect-return:{key}", *_AMENDING),
    ),
    inventory_events.UnitsRestocked: ("inspect-return:{key}",),
    inventory_events.StockReserved: (
        *("reserve", "take-up", "decide:{key}", "release", "answer-lost:{key}", "answer-loss:{parcel}"),
        *("approve-return:{key}", "amend:{key}"),
    ),
    inventory_events.StockUnavailable: ("reserve",),
    inventory_events.StockBackordered: ("reserve", "take-up", "decide:{key}", "amend:{key}", "release"),
    inventory_events.StockReleased: (
        *("release", "decide:{key}", "take-up", "reject-return:{key}", "inspect-return:{key}", *_AMENDING),
    ),
    payment_events.PaymentRequested: AUTHORIZING,
    payment_events.PaymentAuthorized: AUTHORIZING,
    payment_events.PaymentDeclined: AUTHORIZING,
    payment_events.PaymentAbandoned: AUTHORIZING,
    payment_events.CaptureRequested: ("capture:{parcel}", "capture:rest"),
    payment_events.PaymentCaptured: ("capture:{parcel}", "capture:rest"),
    payment_events.VoidRequested: VOIDING,
    payment_events.PaymentVoided: VOIDING,
    payment_events.RefundRequested: ("refund", "refund:{grant}", "give-back:{grant}"),
    payment_events.PaymentRefunded: ("refund", "refund:{grant}", "give-back:{grant}"),
    payment_events.PaymentActionRefused: (
        *("capture:{parcel}", *VOIDING, "refund", "refund:{grant}", "give-back:{grant}"),
    ),
    payment_events.PaymentMethodChosen: ("pay:{key}",),
    payment_events.RefundGranted: (
        *("grant-refund:{key}", "approve-return:{key}", "inspect-return:{key}"),
        *("answer-lost:{key}", "answer-loss:{parcel}"),
    ),
    payment_events.ChargebackOpened: ("chargeback:{key}",),
    draft_events.DraftCreated: ("create",),
    draft_events.DraftChanged: ("change:{key}",),
    draft_events.DraftDiscarded: ("discard:{key}",),
    draft_events.DraftSubmitted: ("submit",),
    draft_events.DraftPlaced: ("placed",),
    return_events.ReturnRequested: ("request-return:{key}",),
    return_events.ReturnApproved: ("approve-return:{key}", "request-return:{key}"),
    return_events.ReturnRejected: ("reject-return:{key}",),
    return_events.ReturnReceived: ("receive-return:{key}",),
    return_events.ReturnInspected: ("inspect-return:{key}",),
    return_events.ReturnLabelBooked: ("book:{parcel}",),
    return_events.ReturnLabelCancelled: ("unbook:{parcel}",),
    return_events.ReturnParcelMoved: ("moved:{parcel}", "arrived:{parcel}", "unbook:{parcel}"),
    return_events.ReplacementPlanned: ("approve-return:{key}", "inspect-return:{key}"),
    return_events.ReturnClosed: ("close-return:{return}",),
    shipping_events.ParcelsPlanned: ("amend:{key}", "apply-amendment:{amendment}"),
    shipping_events.ShipmentBooked: ("book:{parcel}",),
    shipping_events.BookingRefused: ("book:{parcel}",),
    shipping_events.ShipmentBookingCancelled: ("unbook:{parcel}",),
    shipping_events.ShipmentDispatched: ("dispatch:{parcel}",),
    shipping_events.ShipmentDelivered: ("deliver:{parcel}",),
    shipping_events.ShipmentLost: ("lose:{parcel}",),
    shipping_events.LostShipmentAnswered: ("answer-lost:{key}", "answer-loss:{parcel}"),
    shipping_events.ShipmentFound: ("deliver:{parcel}",),
    case_events.CaseOpened: ("open",),
    case_events.CaseActionRequested: ("answer:{key}",),
    case_events.CaseActionRefused: ("settle",),
    case_events.CaseSettled: ("settle",),
    case_events.CaseDismissed: ("answer:{key}",),
    case_events.CaseClosed: ("close",),
    catalog_events.ProductCreated: ("create:{key}",),
    catalog_events.ProductPriceChanged: ("price:{key}",),
    catalog_events.ProductDescribed: ("create:{key}", "change:{key}"),
    catalog_events.ProductCategorized: ("create:{key}", "change:{key}"),
    catalog_events.ProductAttributesChanged: ("create:{key}", "change:{key}"),
    catalog_events.ProductImagesChanged: ("create:{key}", "change:{key}"),
    catalog_events.ProductPriceScheduled: ("schedule-price:{key}",),
    catalog_events.ProductPriceEnded: ("end-price:{key}", "schedule-price:{key}"),
    catalog_events.ProductPublished: ("publish:{key}",),
    catalog_events.ProductUnpublished: ("unpublish:{key}",),
    catalog_events.CategoryCreated: ("create-category:{key}",),
    catalog_events.CategoryRenamed: ("rename-category:{key}",),
    catalog_events.CategoryMoved: ("move-category:{key}",),
    catalog_events.AttributeDefined: ("define-attribute:{key}",),
    catalog_events.ProductDiscontinued: ("discontinue:{key}",),
    credit_events.CreditGranted: ("grant:{key}",),
    credit_events.CreditReserved: tuple(f"{{order}}:{step}" for step in AUTHORIZING),
    credit_events.CreditSpent: ("{order}:capture:{parcel}",),
    credit_events.CreditReleased: tuple(f"{{order}}:{step}" for step in VOIDING),
    credit_events.CreditReturned: tuple(
        f"{{order}}:{step}" for step in ("refund", "refund:{grant}", "give-back:{grant}")
    ),
    credit_events.CreditStepClosed: ("close:{order}:{step}",),
    customer_events.CustomerErased: ("erase",),
    customer_events.CustomerForgotten: ("forget",),
}


def stream_of(event: type) -> str:
    if event in get_args(StockEvent):
        return "stock/{warehouse}/{sku}"
    if event in get_args(CatalogEvent):
        return "product/{sku}"
    if event in credit_events.EVENTS:
        return "credit/{customer_id}"
    if event in draft_events.EVENTS:
        return "draft/{draft_id}"
    if event in get_args(TaxonomyEvent):
        return taxonomy.STREAM
    if event in get_args(CustomerEvent):
        return "customer/{id}"
    return "case/{case_id}" if event in case_events.EVENTS else "order/{order_id}"
