# Made by `make client` from the API's OpenAPI document; what is to be changed is changed there.
"""The documents of the API."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AnyUrl, AwareDatetime, Field

from waybill_client.base import Model, OpenEnum


class Accepted(Model):
    """
    The command is committed; read the order with `min_position` to see what it did.
    """

    order_id: UUID
    version: int
    position: str


class Account(OpenEnum):
    """
    `receivable` is what the customer has still to pay; a credit balance of it is owed to the customer.

    `authorized` is what can still be captured, and `commitments` its contra account: a promise moves no money.
    `refunds` is what the customer was let off afterwards. `gateway` is what the gateway holds or paid out for the
    shop; what the customer's bank took back lies in `chargebacks` until the dispute is over, because the
    customer's debt is paid all the same.
    """

    RECEIVABLE = "receivable"
    AUTHORIZED = "authorized"
    COMMITMENTS = "commitments"
    GATEWAY = "gateway"
    CHARGEBACKS = "chargebacks"
    REFUNDS = "refunds"
    GOODS = "goods"
    SHIPPING = "shipping"
    TAX = "tax"


class Action(Model):
    """
    An event that an operator caused; `action` is its type, and the stream has it in full.
    """

    log_position: int
    actor: str
    action: str
    stream: str
    version: int
    order_id: UUID | None
    reason: str | None
    recorded_at: AwareDatetime


class ActionPage(Model):
    items: list[Action]
    next_cursor: str | None


class Address(Model):
    name: str
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str


class AddressBody(Model):
    name: str
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str
    country: str


class AdjustmentBody(Model):
    """
    `quantity` is the change, negative to take stock away. Without a warehouse the preferred one is meant.
    """

    quantity: int
    reason: str
    warehouse: str | None = None


class Alive(Model):
    ok: bool


class AmendmentBody(Model):
    """
    `lines`: how many pieces each of these is to have. 0 takes a line out, a SKU that is not there is added.
    """

    lines: list[LineBody] | None = None
    shipping_address: AddressBody | None = None
    shipping_method: str | None = None
    reason: str


class AmendmentPreview(Model):
    """
    What the amendment would do now. Nothing is written.

    `to_authorise` is what the payment does not cover yet. `shipments_stopped` are called off and sent otherwise.
    """

    lines: list[Line]
    totals: Totals
    totals_before: Totals
    more_to_pay: Money
    less_to_pay: Money
    to_authorise: Money
    stock_taken: list[StockChange]
    stock_released: list[StockChange]
    shipments_stopped: list[str]


class Amounts(Model):
    authorized: Money
    voided: Money
    captured: Money
    refunded: Money
    charged_back: Money
    due: Money


class Asked(Model):
    """
    What the customer is asked: `wait`, `drop`, `cancel`, or `substitute` if every short line has an offer.
    """

    options: list[Decision]
    default: Decision
    deadline: AwareDatetime
    offers: list[Offer]


class AskedAgain(Model):
    """
    How many keys a projector was asked to try again.
    """

    asked: int


class AssignBody(Model):
    """
    `assignee` null takes the order from whoever has it.
    """

    assignee: str | None
    reason: str


class Attribute(Model):
    """
    What products may say of themselves; `choices` are what the type choice takes.
    """

    attribute: str
    label: str
    type: AttributeKind
    choices: list[str]


class AttributeBody(Model):
    """
    `type` stays what it is, and `choices`, which only the type choice has, are only ever added to.
    """

    label: str
    type: AttributeKind
    choices: list[str] | None = None


class AttributeKind(OpenEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class AttributeList(Model):
    items: list[Attribute]


class Balance(Model):
    """
    A debit balance is positive, a credit balance negative.
    """

    account: Account
    balance: Money


class Build(Model):
    """
    A filling of the projection's tables: live, a candidate beside it, or the previous one.

    `rate` is in events per second, `remaining` in seconds; null before it has moved. `switches`: a candidate goes
    live by itself once it has caught up.
    """

    build: int
    version: int
    state: str
    position: int
    events: int
    parked: int
    rate: float | None
    remaining: float | None
    switches: bool
    begun_by: str
    begun_at: AwareDatetime
    caught_up_at: AwareDatetime | None


class BuildList(Model):
    items: list[Build]


class BulkRetryBody(Model):
    """
    `limit`: how many steps at most.
    """

    error_type: str
    reason: str
    limit: int | None = None


class CancelBody(Model):
    reason: str


class Case(Model):
    """
    `expected` is what the order says of the effect, `found` what the gateway says; null where it has none.
    """

    case_id: UUID
    kind: CaseKind
    status: CaseStatus
    order_id: UUID
    effect: str
    step: str
    reference: str
    expected: Money | None
    found: Money | None
    possible: list[CaseAction]
    refused: str | None
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class CaseAccepted(Model):
    """
    The answer is committed; list the cases with `min_position` to see what it did.
    """

    case_id: UUID
    version: int
    position: str


class CaseAction(OpenEnum):
    """
    An operator's answer: the order takes the effect, the customer's money goes back, or nothing is done.
    """

    ADOPT = "adopt"
    REFUND = "refund"
    DISMISS = "dismiss"


class CaseBody(Model):
    action: CaseAction
    reason: str


class CaseKind(OpenEnum):
    """
    What differs.

    `not_recorded` and `not_booked` are an effect that only the gateway has, and one that only the order has.
    """

    CHARGED_NO_ORDER = "charged_no_order"
    CAPTURED_TWICE = "captured_twice"
    NOT_RECORDED = "not_recorded"
    REFUND_MISSING = "refund_missing"
    NOT_BOOKED = "not_booked"
    AMOUNT_DIFFERS = "amount_differs"


class CasePage(Model):
    items: list[Case]
    next_cursor: str | None


class CaseStatus(OpenEnum):
    OPEN = "open"
    SETTLING = "settling"
    SETTLED = "settled"
    DISMISSED = "dismissed"
    CLOSED = "closed"


class Category(Model):
    """
    `path` are the codes from the top of the tree down to this one.
    """

    category: str
    name: str
    parent: str | None
    path: list[str]


class CategoryBody(Model):
    """
    `category` is its code, for good; without a `parent` it stands at the top of the tree.
    """

    category: str
    name: str
    parent: str | None = None


class CategoryPage(Model):
    items: list[Category]
    next_cursor: str | None


class Change(Model):
    """
    `path` as in `shipments[0].status`; null where the member was not there before, or is not there after.
    """

    path: str
    before: Any
    after: Any


class Changed(Model):
    """
    The change is committed; read with `min_position` to see it.
    """

    sku: str
    version: int
    position: str


class Comparison(Model):
    same: bool
    live: Build
    candidate: Build
    tables: list[TableDifference]


class CreatedEndpoint(Model):
    """
    `secret` is not told again.
    """

    endpoint_id: UUID
    url: str
    description: str
    event_types: list[str]
    state: str
    failures: int
    from_position: int
    created_by: str
    created_at: AwareDatetime
    secret: str


class Customer(Model):
    """
    `forgotten_at`: when every outside service had confirmed that it forgot the erased customer.
    """

    customer_id: str
    erased: bool
    erased_at: AwareDatetime | None
    forgotten_at: AwareDatetime | None
    orders: OrderCounts


class DeadLetter(Model):
    """
    `fields` are the message as it was published, `code` and `detail` why it was not handled.
    """

    id: str
    stream: str
    consumer: str
    code: str
    detail: str
    failed_at: AwareDatetime
    attempts: int
    fields: dict[str, str]


class DeadLetterPage(Model):
    items: list[DeadLetter]
    next_cursor: str | None


class Decision(OpenEnum):
    """
    The customer's answer when stock does not cover the order.
    """

    WAIT = "wait"
    DROP = "drop"
    CANCEL = "cancel"
    SUBSTITUTE = "substitute"


class DecisionBody(Model):
    decision: Decision


class Delivery(Model):
    """
    An attempt. `order_id`, `position` and `sequence` are null of a test; `status` is null without an answer.
    """

    delivery_id: int
    order_id: UUID | None
    message_id: str
    position: int | None
    sequence: int | None
    type: str
    attempt: int
    succeeded: bool
    status: int | None
    error: str | None
    milliseconds: int
    body_sha256: str
    attempted_at: AwareDatetime


class DeliveryPage(Model):
    items: list[Delivery]
    next_cursor: str | None


class Dependency(Model):
    ok: bool
    detail: str


class DiscardBody(Model):
    reason: str


class DiscontinueBody(Model):
    reason: str | None = None


class Draft(Model):
    """
    A draft as of `version`. The order that it becomes has its id.
    """

    draft_id: UUID
    status: DraftStatus
    customer_id: str
    email: str | None
    currency: str
    lines: list[Item]
    shipping_address: Address | None
    shipping_method: str
    payment_method: str | None
    on_unavailable: OnUnavailable
    note: str | None
    quote: Quote | None
    hindrance: Hindrance | None
    order_number: str | None
    discard_reason: str | None
    created_by: str
    version: int
    position: str


class DraftBody(Model):
    """
    As an order's, but that all except customer and currency can come later.
    """

    customer_id: str
    currency: str
    email: str | None = None
    lines: list[LineBody] | None = None
    shipping_address: AddressBody | None = None
    shipping_method: str | None = None
    payment: PaymentBody | None = None
    on_unavailable: OnUnavailable | None = None
    note: str | None = None


class DraftChangeBody(Model):
    """
    As `DraftChanges`; null takes e-mail, address, payment or note away.
    """

    customer_id: str | None = None
    currency: str | None = None
    email: str | None = None
    lines: list[LineBody] | None = None
    shipping_address: AddressBody | None = None
    shipping_method: str | None = None
    payment: PaymentBody | None = None
    on_unavailable: OnUnavailable | None = None
    note: str | None = None


class DraftStatus(OpenEnum):
    """
    `placing` is between the prices being fixed and the order being there.
    """

    OPEN = "open"
    PLACING = "placing"
    PLACED = "placed"
    DISCARDED = "discarded"


class DraftSummary(Model):
    """
    `lines`: how many there are.
    """

    draft_id: UUID
    status: DraftStatus
    customer_id: str
    currency: str
    lines: int
    order_number: str | None
    created_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class DraftSummaryPage(Model):
    items: list[DraftSummary]
    next_cursor: str | None


class EndPriceBody(Model):
    """
    Without `valid_until` the price ends now.
    """

    valid_until: AwareDatetime | None = None


class Endpoint(Model):
    endpoint_id: UUID
    url: str
    description: str
    event_types: list[str]
    state: str
    failures: int
    from_position: int
    created_by: str
    created_at: AwareDatetime
    paused_reason: str | None
    paused_at: AwareDatetime | None


class EndpointBody(Model):
    url: str
    description: str | None = None
    event_types: Annotated[list[str] | None, Field(description="Event types; all if there are none")] = None


class EndpointChangeBody(Model):
    """
    What is left out stays as it is.
    """

    url: str | None = None
    description: str | None = None
    event_types: Annotated[list[str] | None, Field(description="Event types; all if there are none")] = None


class EndpointList(Model):
    items: list[Endpoint]


class Entry(Model):
    """
    One of `debit` and `credit` is given.
    """

    account: Account
    debit: Money | None
    credit: Money | None


class EraseBody(Model):
    """
    `reason` is kept readable, so it must name nobody.
    """

    reason: str


class Erased(Model):
    customer_id: str
    erased: bool
    erased_at: AwareDatetime
    forgotten_at: AwareDatetime | None
    position: str


class Event(Model):
    """
    `position` is the place in the log of everything, `version` in the order's own stream.
    """

    position: int
    version: int
    type: str
    recorded_at: AwareDatetime
    step: str | None
    actor: str | None
    data: dict[str, Any]


class EventList(Model):
    items: list[Event]


class Explained(Model):
    version: int
    type: str
    recorded_at: AwareDatetime
    step: str | None
    actor: str | None
    changes: list[Change]


class ExplainedList(Model):
    items: list[Explained]


class Export(Model):
    """
    `orders`: found so far. `estimated`: how many there were when it began; null until they are counted.
    """

    export_id: UUID
    format: ExportFormat
    state: ExportState
    orders: int
    estimated: int | None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    expires_at: Annotated[AwareDatetime, Field(description="Then it is forgotten")]


class ExportBody(Model):
    """
    Conditions go into the query, as those of `GET /v1/orders`.
    """

    format: ExportFormat | None = None


class ExportFormat(OpenEnum):
    JSONL = "jsonl"
    CSV = "csv"


class ExportState(OpenEnum):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class ForceBody(Model):
    """
    `force`: although the build is behind, or has more keys parked than the live one.
    """

    force: bool | None = None


class FulfilmentStatus(OpenEnum):
    """
    What came back is counted in `domain.record`; no parcel tells it.
    """

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"
    LOST = "lost"


class Funnel(Model):
    """
    `share` is of the orders placed. With several parcels, the first of them counts.
    """

    stage: str
    orders: int
    share: float


class FunnelList(Model):
    items: list[Funnel]


class GrantCreditBody(Model):
    """
    `reason` is kept readable, so it must name nobody.
    """

    amount: MoneyBody
    reason: str


class Hindrance(Model):
    """
    Why the draft could not be placed as it is: `type` is the problem that placing it would answer.
    """

    type: str
    detail: str


class Hold(Model):
    """
    A hold in force. Why, and who placed it, is for operators only.
    """

    hold_id: str
    scope: HoldScope
    subject: str | None
    expires_at: AwareDatetime | None
    reason: str | None
    placed_by: str | None


class HoldBody(Model):
    """
    `subject` is the line's SKU or the parcel's id. Without `expires_at` somebody has to release it.
    """

    scope: HoldScope
    subject: str | None = None
    reason: str
    expires_at: AwareDatetime | None = None


class HoldScope(OpenEnum):
    """
    What a hold covers: all that has not begun, money, the parcels with a line's goods, or one parcel.
    """

    ORDER = "order"
    PAYMENT = "payment"
    LINE = "line"
    SHIPMENT = "shipment"


class Image(Model):
    url: str
    alt: str


class ImageBody(Model):
    """
    `url` is https; `alt` says what is to be seen, for those who do not see it.
    """

    url: str
    alt: str | None = None


class ImportResult(Model):
    """
    What became of a line: with 201 the order, otherwise the problem that kept it from being placed.
    """

    line: int
    key: str | None
    status: int
    order_id: UUID | None = None
    order_number: str | None = None
    version: int | None = None
    position: str | None = None
    problem: dict[str, Any] | None = None


class ImportedOrderBody(Model):
    """
    A line of an import: an order, and the Idempotency-Key that it is placed under.
    """

    customer_id: str
    email: str | None = None
    currency: str
    lines: list[LineBody]
    shipping_address: AddressBody
    payment: PaymentBody
    on_unavailable: OnUnavailable | None = None
    shipping_method: str | None = None
    key: str


class InspectedLine(Model):
    sku: str
    restocked: int | None = None
    damaged: int | None = None
    dismissed: int | None = None


class InspectionBody(Model):
    """
    Every piece that came back: sold again, written off, or sent back to the customer without a refund.
    """

    lines: list[InspectedLine]


class InvalidInput(Model):
    """
    One thing that is wrong with a request: `pointer` or `parameter` says where.
    """

    pointer: Annotated[str | None, Field(description="JSON pointer into the body")] = None
    parameter: Annotated[str | None, Field(description="Name of a parameter or header")] = None
    detail: str


class Item(Model):
    sku: str
    quantity: int


class Label(Model):
    """
    What the carrier brings the goods back with. `status`: booked, cancelled, sent or arrived.
    """

    booking: str
    tracking_number: str
    status: str


class Ledger(Model):
    balances: list[Balance]
    items: list[Posting]


class LetterBody(Model):
    reason: str


class Line(Model):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money


class LineBody(Model):
    sku: str
    quantity: int


class LineCancelBody(Model):
    reason: str


class ListedReturn(Model):
    return_id: UUID
    kind: ReturnKind
    status: ReturnStatus
    reason: str
    answer: str | None
    warehouse: str | None
    restocking_fee: str
    refund_shipping: bool
    label: Label | None
    replacement: Replacement | None
    lines: list[ReturnedLine]
    order_id: UUID
    requested_at: AwareDatetime
    updated_at: AwareDatetime


class ListedReturnPage(Model):
    items: list[ListedReturn]
    next_cursor: str | None


class LiveEvent(Model):
    """
    An event of any stream; `order_id` is there if it is an order's. `position` is what to go on after.
    """

    position: int
    version: int
    type: str
    recorded_at: AwareDatetime
    step: str | None
    actor: str | None
    data: dict[str, Any]
    stream: str
    order_id: UUID | None


class LossBody(Model):
    answer: LostAnswer
    reason: str


class LostAnswer(OpenEnum):
    """
    What is done about a lost parcel.
    """

    REPLACE = "replace"
    REFUND = "refund"


class Mail(Model):
    """
    The mail about one event.

    `attempts`: how often an SMTP server was asked to take it. `reason`: why it was not sent, or not yet.
    """

    event_id: UUID
    order_id: UUID
    kind: str
    state: MailState
    attempts: int
    reason: str | None
    first_at: AwareDatetime
    updated_at: AwareDatetime


class MailPage(Model):
    items: list[Mail]
    next_cursor: str | None


class MailState(OpenEnum):
    """
    `retrying` is a workflow's to look after; the others are ends.
    """

    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class Money(Model):
    amount: str
    currency: str


class MoneyBody(Model):
    """
    `amount` is text, because a JSON number may lose a cent on its way.
    """

    amount: str
    currency: str


class MoveCategoryBody(Model):
    """
    `parent` null is the top of the tree.
    """

    parent: str | None


class Note(Model):
    """
    `kind`: note, or assigned, and then `assignee` is who has the order from there on (nobody: null).
    """

    kind: str
    author: str
    text: str
    assignee: str | None
    recorded_at: AwareDatetime


class NoteBody(Model):
    """
    No personal data belongs in a note: it stays for ever.
    """

    note: str


class Offer(Model):
    """
    Another product in the place of a line that is short.
    """

    sku: str
    substitute: Line


class OfferBody(Model):
    """
    `sku` is the line that is short, `substitute` the product that is offered in its place, piece by piece.
    """

    sku: str
    substitute: str


class OnUnavailable(OpenEnum):
    """
    What the customer wants when stock does not cover the order.
    """

    ASK = "ask"
    WAIT = "wait"
    DROP = "drop"
    CANCEL = "cancel"


class Order(Model):
    """
    An order as of `version`; `position` is that version as a token. `stalled` is for operators only.
    """

    order_id: UUID
    order_number: str
    customer_id: str
    email: str | None
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    currency: str
    lines: list[OrderLine]
    totals: Totals
    amounts: Amounts
    shipments: list[Shipment]
    shipping_address: Address
    shipping_method: str
    payment_method: str
    cancel_reason: str | None
    decision: Asked | None
    holds: list[Hold]
    returns: list[Return]
    stalled: list[Stalled] | None
    placed_at: AwareDatetime
    updated_at: AwareDatetime
    version: int
    position: str


class OrderBody(Model):
    """
    Prices are not in it: they come from the catalogue.
    """

    customer_id: str
    email: str | None = None
    currency: str
    lines: list[LineBody]
    shipping_address: AddressBody
    payment: PaymentBody
    on_unavailable: OnUnavailable | None = None
    shipping_method: str | None = None


class OrderCounts(Model):
    total: int
    open: int


class OrderLine(Model):
    """
    A line as it is now; one that was taken out of the order altogether has the quantity 0.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money
    quantities: Quantities


class OrderSort(OpenEnum):
    """
    What a list of orders goes by; `-` is the greatest first.
    """

    FIELD_PLACED_AT = "-placed_at"
    PLACED_AT = "placed_at"
    FIELD_UPDATED_AT = "-updated_at"
    UPDATED_AT = "updated_at"
    FIELD_TOTAL = "-total"
    TOTAL = "total"


class OrderStatus(OpenEnum):
    """
    What a reader sees.

    `fulfilling` is a confirmed order with a booked parcel, `on_hold` an open one that a hold covers whole, and
    `awaiting_customer` one whose customer is asked what to do: read off in `domain.record`; no `Order` has them.
    """

    PLACED = "placed"
    AWAITING_CUSTOMER = "awaiting_customer"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    FULFILLING = "fulfilling"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class OrderSummary(Model):
    order_id: UUID
    order_number: str
    customer_id: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    total: Money
    placed_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class OrderSummaryPage(Model):
    items: list[OrderSummary]
    next_cursor: str | None


class Parked(Model):
    """
    `position` and `type` are of the event that cannot be applied; `waiting` counts it and those behind it.

    `wanted`: a try was asked for and not made yet.
    """

    build: int
    state: str
    key: str
    position: int
    type: str
    error: str
    attempts: int
    waiting: int
    parked_at: AwareDatetime
    tried_at: AwareDatetime
    wanted: bool


class ParkedPage(Model):
    items: list[Parked]
    next_cursor: str | None


class PaymentBody(Model):
    method: str


class PaymentStatus(OpenEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"


class Placed(Model):
    """
    The order as it stands by this answer; what happens next is read at its Location.
    """

    customer_id: str
    currency: str
    lines: list[Line]
    totals: Totals
    payment_method: str
    shipping_method: str
    order_id: UUID
    order_number: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    version: int
    position: str


class Posting(Model):
    """
    What one event of the order posted; debits and credits are equal.
    """

    version: int
    type: str
    recorded_at: AwareDatetime
    entries: list[Entry]


class PriceChange(Model):
    """
    `price_id` is null of a standing price, `price` of what ends a scheduled one.
    """

    version: int
    kind: PriceChangeKind
    price_id: str | None
    price: Money | None
    valid_from: AwareDatetime | None
    valid_until: AwareDatetime | None
    recorded_at: AwareDatetime
    actor: str


class PriceChangeKind(OpenEnum):
    SET = "set"
    SCHEDULED = "scheduled"
    ENDED = "ended"


class PriceChangePage(Model):
    items: list[PriceChange]
    next_cursor: str | None


class Priced(Model):
    """
    What the order would cost now. Nothing is placed or held.
    """

    customer_id: str
    currency: str
    lines: list[Line]
    totals: Totals
    payment_method: str
    shipping_method: str


class Problem(Model):
    """
    RFC 9457 problem details. `type` is stable; some types add members.
    """

    type: AnyUrl
    title: str
    status: int
    detail: str
    instance: str
    errors: list[InvalidInput] | None = None


class ProblemCode(OpenEnum):
    """
    What stands behind the last slash of a problem's `type`. There will be more.
    """

    ABANDONED = "abandoned"
    ACTION_NOT_POSSIBLE = "action-not-possible"
    ADOPTION_REFUSED = "adoption-refused"
    ADOPTION_UNVERIFIED = "adoption-unverified"
    ALREADY_AUTHORIZED = "already-authorized"
    ALREADY_DISPATCHED = "already-dispatched"
    AMENDMENT_GIVEN_UP = "amendment-given-up"
    AMOUNT_ABOVE_AUTHORIZED = "amount-above-authorized"
    AMOUNT_ABOVE_CAPTURED = "amount-above-captured"
    ATTRIBUTE_IN_USE = "attribute-in-use"
    AUTHORIZATION_PENDING = "authorization-pending"
    BAD_SIGNATURE = "bad-signature"
    BODY_TOO_LARGE = "body-too-large"
    BUILD_BEHIND = "build-behind"
    BUILD_INCOMPLETE = "build-incomplete"
    CANNOT_COMPENSATE = "cannot-compensate"
    CASE_NOT_FOUND = "case-not-found"
    CASE_NOT_OPEN = "case-not-open"
    CATEGORY_EXISTS = "category-exists"
    CATEGORY_NOT_FOUND = "category-not-found"
    CATEGORY_RING = "category-ring"
    COMMAND_FAILED = "command-failed"
    CUSTOMER_ERASED = "customer-erased"
    CUSTOMER_HAS_OPEN_ORDERS = "customer-has-open-orders"
    CUSTOMER_MISMATCH = "customer-mismatch"
    CUSTOMER_NOT_FOUND = "customer-not-found"
    DEAD_LETTER_NOT_FOUND = "dead-letter-not-found"
    DECISION_NOT_POSSIBLE = "decision-not-possible"
    DECISION_TOO_LATE = "decision-too-late"
    DOES_NOT_FIT = "does-not-fit"
    DRAFT_BEING_PLACED = "draft-being-placed"
    DRAFT_DISCARDED = "draft-discarded"
    DRAFT_INCOMPLETE = "draft-incomplete"
    DRAFT_NOT_FOUND = "draft-not-found"
    DRAFT_PLACED = "draft-placed"
    DRAFT_TOO_LONG = "draft-too-long"
    DUPLICATE_SKU = "duplicate-sku"
    EFFECT_GONE = "effect-gone"
    EXCEEDS_STORE_CREDIT = "exceeds-store-credit"
    EXPORT_CANCELLED = "export-cancelled"
    EXPORT_NOT_FOUND = "export-not-found"
    FORBIDDEN = "forbidden"
    GATEWAY_NOT_USED = "gateway-not-used"
    HOLD_NOT_FOUND = "hold-not-found"
    IDEMPOTENCY_KEY_REQUIRED = "idempotency-key-required"
    IDEMPOTENCY_KEY_REUSE = "idempotency-key-reuse"
    IDENTITY_UNAVAILABLE = "identity-unavailable"
    INSUFFICIENT_STOCK = "insufficient-stock"
    INSUFFICIENT_STORE_CREDIT = "insufficient-store-credit"
    INTERNAL_ERROR = "internal-error"
    INVALID_ADDRESS = "invalid-address"
    INVALID_AMOUNT = "invalid-amount"
    INVALID_AS_OF = "invalid-as-of"
    INVALID_ATTRIBUTE = "invalid-attribute"
    INVALID_CHOICES = "invalid-choices"
    INVALID_CODE = "invalid-code"
    INVALID_CURSOR = "invalid-cursor"
    INVALID_CUSTOMER_ID = "invalid-customer-id"
    INVALID_DESCRIPTION = "invalid-description"
    INVALID_EMAIL = "invalid-email"
    INVALID_EXPIRY = "invalid-expiry"
    INVALID_FIELDS = "invalid-fields"
    INVALID_FILTER = "invalid-filter"
    INVALID_IDEMPOTENCY_KEY = "invalid-idempotency-key"
    INVALID_IF_MATCH = "invalid-if-match"
    INVALID_IMAGE = "invalid-image"
    INVALID_INSPECTION = "invalid-inspection"
    INVALID_LIMIT = "invalid-limit"
    INVALID_LINES = "invalid-lines"
    INVALID_NAME = "invalid-name"
    INVALID_ORDER_NUMBER = "invalid-order-number"
    INVALID_PERIOD = "invalid-period"
    INVALID_POSITION = "invalid-position"
    INVALID_PRICE = "invalid-price"
    INVALID_QUANTITY = "invalid-quantity"
    INVALID_REFUND = "invalid-refund"
    INVALID_REQUEST = "invalid-request"
    INVALID_RETURN = "invalid-return"
    INVALID_SKU = "invalid-sku"
    INVALID_SUBJECT = "invalid-subject"
    INVALID_TOKEN = "invalid-token"
    INVALID_TRANSITION = "invalid-transition"
    INVALID_VALIDITY = "invalid-validity"
    INVALID_VALUE = "invalid-value"
    INVALID_WEBHOOK_URL = "invalid-webhook-url"
    KEY_NOT_PARKED = "key-not-parked"
    LINE_NOT_SHORT = "line-not-short"
    MALFORMED_JSON = "malformed-json"
    MALFORMED_REQUEST = "malformed-request"
    MALFORMED_WEBHOOK = "malformed-webhook"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    MIXED_CURRENCIES = "mixed-currencies"
    MORE_THAN_DELIVERED = "more-than-delivered"
    NO_AMENDMENT = "no-amendment"
    NO_CANDIDATE = "no-candidate"
    NO_DECISION_AWAITED = "no-decision-awaited"
    NO_PREVIOUS = "no-previous"
    NO_PRICE = "no-price"
    NOT_ALLOWED = "not-allowed"
    NOT_AUTHORIZED = "not-authorized"
    NOT_FOUND = "not-found"
    NOT_GRANTED = "not-granted"
    NOT_LOST = "not-lost"
    NOT_RESERVED = "not-reserved"
    NOT_YET_CONFIRMED = "not-yet-confirmed"
    NOTHING_CHANGED = "nothing-changed"
    ORDER_BUSY = "order-busy"
    ORDER_CLOSED = "order-closed"
    ORDER_NOT_FOUND = "order-not-found"
    ORDER_NOT_PLACED_THEN = "order-not-placed-then"
    ORDER_VALUE_OUT_OF_BOUNDS = "order-value-out-of-bounds"
    OUT_OF_STOCK = "out-of-stock"
    OUTCOME_UNKNOWN = "outcome-unknown"
    PAYMENT_DECLINED = "payment-declined"
    PAYMENT_NOT_AWAITED = "payment-not-awaited"
    PRICE_NOT_AVAILABLE = "price-not-available"
    PRICE_NOT_FOUND = "price-not-found"
    PRICE_OVERLAP = "price-overlap"
    PRICES_DIFFER = "prices-differ"
    PRODUCT_DISCONTINUED = "product-discontinued"
    PRODUCT_EXISTS = "product-exists"
    PRODUCT_NOT_AVAILABLE = "product-not-available"
    PRODUCT_NOT_FOUND = "product-not-found"
    PROJECTION_NOT_FED = "projection-not-fed"
    PROJECTION_NOT_FOUND = "projection-not-found"
    READ_NOT_CAUGHT_UP = "read-not-caught-up"
    REBUILD_IN_PROGRESS = "rebuild-in-progress"
    REJECTED = "rejected"
    REQUEST_TIMEOUT = "request-timeout"
    RETURN_NOT_FOUND = "return-not-found"
    RETURN_WINDOW_OVER = "return-window-over"
    ROUTE_NOT_FOUND = "route-not-found"
    SHIPMENT_NOT_FOUND = "shipment-not-found"
    SHIPPING_METHOD_NOT_AVAILABLE = "shipping-method-not-available"
    STEP_NOT_STALLED = "step-not-stalled"
    STOCK_NOT_FOUND = "stock-not-found"
    SWITCH_BLOCKED = "switch-blocked"
    TARGET_TOO_LONG = "target-too-long"
    TOKEN_IN_QUERY = "token-in-query"
    TOO_LATE_TO_AMEND = "too-late-to-amend"
    TOO_LATE_TO_CANCEL = "too-late-to-cancel"
    TOO_MANY_ATTRIBUTES = "too-many-attributes"
    TOO_MANY_CATEGORIES = "too-many-categories"
    TOO_MANY_EXPORTS = "too-many-exports"
    TOO_MANY_HOLDS = "too-many-holds"
    TOO_MANY_PRICES = "too-many-prices"
    TOO_MANY_REQUESTS = "too-many-requests"
    TOO_MANY_WEBHOOK_ENDPOINTS = "too-many-webhook-endpoints"
    TREE_TOO_DEEP = "tree-too-deep"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"
    UNKNOWN_ATTRIBUTE = "unknown-attribute"
    UNKNOWN_CARRIER = "unknown-carrier"
    UNKNOWN_CATEGORY = "unknown-category"
    UNKNOWN_CURRENCY = "unknown-currency"
    UNKNOWN_EVENT_TYPE = "unknown-event-type"
    UNKNOWN_LINE = "unknown-line"
    UNKNOWN_PAYMENT = "unknown-payment"
    UNKNOWN_PAYMENT_METHOD = "unknown-payment-method"
    UNKNOWN_SHIPPING_METHOD = "unknown-shipping-method"
    UNKNOWN_SKU = "unknown-sku"
    UNKNOWN_WAREHOUSE = "unknown-warehouse"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    VERSION_MISMATCH = "version-mismatch"
    WEBHOOK_ENDPOINT_NOT_FOUND = "webhook-endpoint-not-found"


class Product(Model):
    """
    `price` is that in the currency asked for, or the first there is; None when there is none. `prices` are
    those that count now; `scheduled_prices`, for a while each, are shown to those who write the catalogue.
    """

    sku: str
    name: str
    status: ProductStatus
    description: str
    price: Money | None
    prices: list[Money]
    scheduled_prices: list[ScheduledPrice] | None
    categories: list[str]
    attributes: dict[str, str | bool | int | float]
    images: list[Image]
    version: int
    updated_at: AwareDatetime | None


class ProductBody(Model):
    """
    A draft. `price` is short for one entry of `prices`; at most one per currency. The rest may follow later.
    """

    sku: str
    name: str
    price: MoneyBody | None = None
    prices: list[MoneyBody] | None = None
    description: str | None = None
    categories: list[str] | None = None
    attributes: dict[str, str | bool | int | float | None] | None = None
    images: list[ImageBody] | None = None


class ProductChangeBody(Model):
    """
    What is left out, or null, stays as it is. `categories` and `images` are replaced as a whole, the first
    image being the main one; of `attributes` those that are named are set, or taken away by null.
    """

    name: str | None = None
    description: str | None = None
    categories: list[str] | None = None
    attributes: dict[str, str | bool | int | float | None] | None = None
    images: list[ImageBody] | None = None


class ProductPage(Model):
    items: list[Product]
    next_cursor: str | None


class ProductStatus(OpenEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    DISCONTINUED = "discontinued"


class Projection(Model):
    projection: str
    version: int
    position: int
    head: int
    events: int
    seconds: float
    parked: int
    builds: list[Build]


class ProjectionList(Model):
    items: list[Projection]


class Quantities(Model):
    """
    Pieces of a line: `ordered` in all, and how many of them stand where.
    """

    ordered: int
    reserved: int
    backordered: int
    allocated: int
    shipped: int
    delivered: int
    cancelled: int
    return_requested: int
    received: int
    written_off: int


class Quote(Model):
    """
    What the draft costs: now, or as it was placed.
    """

    lines: list[Line]
    totals: Totals


class Ready(Model):
    """
    Each dependency by name.
    """

    ok: bool
    dependencies: dict[str, Dependency]


class RebuildBody(Model):
    """
    `switch`: go live without another word, once it has caught up.
    """

    switch: bool | None = None


class ReceiptBody(Model):
    """
    `warehouse` is by default the preferred one.
    """

    warehouse: str | None = None


class RefundBody(Model):
    """
    Either `amount` or `lines`.
    """

    amount: MoneyBody | None = None
    lines: list[RefundLine] | None = None
    reason: str


class RefundLine(Model):
    sku: str
    quantity: int


class ReleaseBody(Model):
    reason: str


class RenameCategoryBody(Model):
    name: str


class Replacement(Model):
    """
    What is sent in place of money; the order's shipments tell how far it came.
    """

    shipment_id: str
    warehouse: str
    items: list[SentLine]


class Replay(Model):
    """
    `orders`: how many have events that are sent again.
    """

    orders: int


class ReplayBody(Model):
    after: Annotated[int, Field(description="A position in the log")]


class Request(Model):
    """
    `outcome`: an HTTP status, also of GraphQL. `personal`: whether the answer held personal data.
    """

    number: int
    actor: str
    action: str
    target: str
    outcome: int
    personal: bool
    request_id: str
    noted_at: AwareDatetime


class RequestPage(Model):
    items: list[Request]
    next_cursor: str | None


class ResolveBody(Model):
    action: StepAction
    reason: str
    reference: str | None = None


class Retried(Model):
    """
    `outcome` is `retried`, or the code of the problem that kept the step from it; `detail` is for people.
    """

    order_id: UUID
    step: str
    outcome: str
    detail: str | None = None


class RetriedList(Model):
    items: list[Retried]


class RetryBody(Model):
    """
    Without a key, every parked key of the projection.
    """

    key: str | None = None


class Return(Model):
    """
    `answer` is the reason of its approval or rejection, `restocking_fee` in percent of what the goods cost.
    """

    return_id: UUID
    kind: ReturnKind
    status: ReturnStatus
    reason: str
    answer: str | None
    warehouse: str | None
    restocking_fee: str
    refund_shipping: bool
    label: Label | None
    replacement: Replacement | None
    lines: list[ReturnedLine]


class ReturnBody(Model):
    """
    `return` brings goods back for their price, `exchange` for others; `claim` pays what arrived broken, and
    `replacement` sends it again: their goods stay where they are.
    """

    kind: ReturnKind | None = None
    lines: list[ReturnLine]
    reason: str


class ReturnDecisionBody(Model):
    reason: str


class ReturnKind(OpenEnum):
    """
    What becomes of goods that the customer does not want as they are.

    `return` brings them back for their price, `exchange` for others like them. A `claim` refunds what arrived
    broken, and a `replacement` sends it again: of both nothing comes back.
    """

    RETURN = "return"
    CLAIM = "claim"
    EXCHANGE = "exchange"
    REPLACEMENT = "replacement"


class ReturnLine(Model):
    """
    `instead` is what an exchange sends for it: something of the same price, by default the same again.
    """

    sku: str
    quantity: int
    instead: str | None = None


class ReturnList(Model):
    items: list[Return]


class ReturnStatus(OpenEnum):
    """
    `refunding` is over once the money is back, `replacing` once what is sent has arrived.

    `closed` and `rejected` are the ends.
    """

    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    REFUNDING = "refunding"
    REPLACING = "replacing"
    CLOSED = "closed"
    REJECTED = "rejected"


class ReturnedLine(Model):
    """
    `inspected`: whether it was looked at; before that nothing is restocked, damaged or dismissed.
    """

    sku: str
    quantity: int
    instead: str | None
    inspected: bool
    restocked: int
    damaged: int
    dismissed: int


class RowDifference(Model):
    """
    `only_in` is live or candidate; null where both have the row and `columns` differ. Values are not shown.
    """

    key: dict[str, str]
    only_in: str | None
    columns: list[str]


class Saga(Model):
    """
    `assignee` and `notes` are for operators only.
    """

    items: list[SagaStep]
    assignee: str | None
    notes: list[Note]


class SagaState(OpenEnum):
    STALLED = "stalled"


class SagaStep(Model):
    """
    `state`: requested, done, refused, stalled, retrying, adopted or compensated. Only operators see errors.
    """

    step: str
    state: str
    error_type: str | None
    error: str | None
    started_at: AwareDatetime
    updated_at: AwareDatetime


class Sales(Model):
    """
    Of the orders placed in the period. By product there are only `units` and `ordered`, before tax.
    """

    key: str
    units: int
    ordered: Money
    orders: int | None
    cancelled: int | None
    captured: Money | None
    refunded: Money | None


class SalesBy(OpenEnum):
    DAY = "day"
    PRODUCT = "product"
    COUNTRY = "country"


class SalesList(Model):
    items: list[Sales]


class Scheduled(Model):
    """
    `price_id` is what ends the price.
    """

    sku: str
    version: int
    position: str
    price_id: str


class ScheduledPrice(Model):
    price_id: str
    price: Money
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class ScheduledPriceBody(Model):
    """
    A price that counts instead of the standing one. Without `valid_from` it counts from now on, without
    `valid_until` until it is ended. Another of its currency must not count at the same time, unless
    `end_overlapping` ends that one.
    """

    price: MoneyBody
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    end_overlapping: bool | None = None


class Secret(Model):
    """
    `secret` is not told again.
    """

    endpoint_id: UUID
    secret: str


class SentLine(Model):
    sku: str
    quantity: int


class Settled(Model):
    id: str
    action: str


class Shipment(Model):
    shipment_id: str
    warehouse: str
    status: TrackingStatus
    tracking_number: str
    items: list[Item]


class SkipBody(Model):
    key: str
    reason: str


class Stalled(Model):
    step: str
    error_type: str
    error: str


class StalledStep(Model):
    """
    `assignee`: who is in charge of the order, if anybody is.
    """

    order_id: UUID
    order_number: str
    step: str
    error_type: str
    error: str
    since: AwareDatetime
    assignee: str | None


class StalledStepPage(Model):
    items: list[StalledStep]
    next_cursor: str | None


class StepAction(OpenEnum):
    """
    An operator's answer to a stalled step.
    """

    RETRY = "retry"
    COMPENSATE = "compensate"
    ADOPT = "adopt"


class StepTime(Model):
    """
    Seconds from the placing to the stage. `p50` and `p95` are upper bounds, to a factor of two.
    """

    stage: str
    orders: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float


class StepTimeList(Model):
    items: list[StepTime]


class Stock(Model):
    """
    Pieces over all warehouses; `available` = `on_hand` − `reserved`.
    """

    sku: str
    on_hand: int
    reserved: int
    available: int
    warehouses: list[WarehouseStock]


class StockChange(Model):
    warehouse: str
    sku: str
    quantity: int


class StockPage(Model):
    items: list[Stock]
    next_cursor: str | None


class StoreCredit(Model):
    """
    `balances` can be spent; `reserved` is taken for orders that have not captured it yet. A currency each.
    """

    customer_id: str
    balances: list[Money]
    reserved: list[Money]
    version: int


class Subscription(Model):
    """
    `lag`: not read yet; `pending`: being handled. The other counts are since Redis began.
    """

    stream: str
    length: int
    lag: int
    pending: int
    handled: int
    retried: int
    dead: int
    consumed: bool


class SubscriptionList(Model):
    items: list[Subscription]


class TableDifference(Model):
    table: str
    rows: int
    only_live: int
    only_candidate: int
    different: int
    samples: list[RowDifference]


class TaxonomyChanged(Model):
    """
    The change is committed; read with `min_position` to see it. `code` is the category's or the attribute's.
    """

    code: str
    version: int
    position: str


class Totals(Model):
    subtotal: Money
    shipping: Money
    tax: Money
    total: Money


class TrackingStatus(OpenEnum):
    """
    Where a parcel is, as a carrier tells it. News never goes backwards: see `rank`.
    """

    BOOKED = "booked"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"
    IN_TRANSIT = "in_transit"
    LOST = "lost"
    DELIVERED = "delivered"


class Tried(Model):
    succeeded: bool
    status: int | None
    error: str | None
    milliseconds: int


class WarehouseStock(Model):
    warehouse: str
    on_hand: int
    reserved: int
    available: int
