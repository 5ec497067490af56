"""The one catalogue of problem types (RFC 9457), and the exception that carries one to the answer.

A type's code is stable: clients match on it. `title` is the same for every occurrence; `detail` says what was
wrong with this request and what is accepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import HTTPException

from domain.errors import DomainError, InvalidValue, NotAllowed, NotFound

PROBLEM_BASE: Final = "https://waybill.dev/problems/"
MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "1"  # seconds


@dataclass(frozen=True, slots=True)
class ProblemType:
    """`status` is the HTTP status, `retry` whether the same request may succeed a moment later."""

    status: int
    title: str
    retry: bool = False


def _all(status: int, **titles: str) -> dict[str, ProblemType]:
    return {code.replace("_", "-"): ProblemType(status, title) for code, title in titles.items()}


CATALOGUE: Final[Mapping[str, ProblemType]] = {
    **_all(
        400,
        malformed_json="The body is not JSON",
        malformed_request="The request cannot be read",
        token_in_query="A token stands in the query string",  # noqa: S106 - a title
        malformed_webhook="The webhook does not read as what its sender sends",
        idempotency_key_required="An Idempotency-Key is required",
        invalid_idempotency_key="The Idempotency-Key is malformed",
        invalid_if_match="If-Match names more than one version",
    ),
    **_all(
        401,
        unauthenticated="A bearer token is required",
        invalid_token="The bearer token is not accepted",  # noqa: S106 - a title
        bad_signature="The webhook's signature is not accepted",
    ),
    **_all(
        403,
        forbidden="The caller's role does not allow this",
        customer_mismatch="Customers order for themselves only",
    ),
    **_all(
        404,
        not_found="There is no such thing",
        route_not_found="There is no such path",
        order_not_found="There is no such order",
        order_not_placed_then="The order was not placed then",
        dead_letter_not_found="There is no such dead letter",
        customer_not_found="There is no such customer",
        product_not_found="There is no such product",
        category_not_found="There is no such category",
        price_not_found="The product has no such price",
        stock_not_found="There is no stock of this SKU",
        shipment_not_found="There is no such parcel",
        return_not_found="The order has no such return",
        hold_not_found="There is no such hold",
        projection_not_found="There is no such projection",
        gateway_not_used="This payment gateway is not used",
        draft_not_found="There is no such draft",
        case_not_found="There is no such case",
        key_not_parked="The key is not parked",
        webhook_endpoint_not_found="There is no such webhook endpoint",
        unknown_carrier="There is no such carrier",
        export_not_found="There is no such export",
    ),
    **_all(405, method_not_allowed="The path does not take this method"),
    **_all(
        409,
        not_allowed="The present state does not allow this",
        too_late_to_cancel="A parcel was dispatched",
        too_late_to_amend="What would change was dispatched",
        payment_declined="The payment is declined",
        no_amendment="No amendment of the order is under way",
        amendment_given_up="An operator gave the amendment up",
        invalid_transition="The order's status does not allow this",
        order_closed="The order has ended",
        customer_erased="The customer was erased",
        customer_has_open_orders="The customer has open orders",
        step_not_stalled="The step does not wait for an answer",
        cannot_compensate="The step cannot be compensated",
        adoption_refused="The effect cannot be adopted",
        adoption_unverified="The effect cannot be verified just now",
        order_busy="Another change of the order is under way",
        not_yet_confirmed="The order is not confirmed yet",
        too_many_holds="The order has as many holds as it may",
        no_decision_awaited="No decision is awaited",
        decision_too_late="The decision came after its deadline",
        decision_not_possible="The decision is not possible now",
        line_not_short="Stock covers the line",
        out_of_stock="Stock does not cover this",
        not_reserved="The order does not hold this stock",
        insufficient_stock="The adjustment would oversell",
        already_dispatched="The parcel was dispatched",
        already_authorized="The payment is authorised already",
        authorization_pending="Another authorisation is asked for and not answered yet",
        insufficient_store_credit="More than the customer has in store credit",
        exceeds_store_credit="More store credit than the order holds",
        unknown_payment="The order has no such payment",
        abandoned="The step was given up",
        not_authorized="The payment is not authorised",
        amount_above_authorized="More than was authorised",
        amount_above_captured="More than was captured",
        not_lost="The parcel is not lost, or was answered",
        payment_not_awaited="The order does not wait for a payment method",
        not_granted="The refund was not granted",
        more_than_delivered="More than was delivered and not returned",
        return_window_over="The return window is over",
        prices_differ="What is exchanged has another price",
        draft_incomplete="The draft lacks what an order needs",
        draft_being_placed="The draft is being placed",
        draft_placed="The draft is an order now",
        draft_discarded="The draft was discarded",
        draft_too_long="The draft was changed too often",
        case_not_open="The case does not wait for an answer",
        action_not_possible="The case does not take this answer",
        does_not_fit="The order has no room for this amount",
        effect_gone="The gateway does not have this effect any more",
        product_exists="The product exists",
        category_exists="The category exists",
        category_ring="A category would be below itself",
        tree_too_deep="The tree of categories would be too deep",
        too_many_categories="There are as many categories as there may be",
        too_many_attributes="There are as many attributes as there may be",
        attribute_in_use="The attribute stays what it is",
        price_overlap="Another price counts at the same time",
        too_many_prices="The product has as many prices scheduled as it may",
        rebuild_in_progress="The projection is being rebuilt",
        projection_not_fed="Nothing feeds the projection",
        no_candidate="There is no build to switch to",
        no_previous="There is no build to go back to",
        build_behind="The build is behind the log",
        build_incomplete="The build has more keys parked",
        switch_blocked="Something reads the tables all the time",
        product_discontinued="The product is discontinued",
        export_cancelled="The export was cancelled",
        too_many_exports="There are as many exports under way as there may be",
        too_many_webhook_endpoints="There are as many webhook endpoints as there may be",
        no_price="The product has no price",
    ),
    **_all(412, version_mismatch="It is at another version"),
    **_all(413, body_too_large="The body is too large"),
    **_all(414, target_too_long="The path and query are too long"),
    **_all(415, unsupported_media_type="The body must be JSON"),
    **_all(
        422,
        rejected="The rules do not allow this",
        invalid_value="A value is not accepted",
        invalid_request="The request does not have the expected form",
        idempotency_key_reuse="The Idempotency-Key was used for another request",
        unknown_sku="A SKU is not in the catalogue",
        nothing_changed="The order is like that already",
        product_not_available="A product is no longer sold",
        price_not_available="A product has no price in this currency",
        unknown_currency="The currency is not accepted",
        mixed_currencies="Currencies do not mix",
        unknown_payment_method="The payment method is not accepted",
        unknown_shipping_method="There is no such shipping method",
        shipping_method_not_available="The shipping method does not go there",
        unknown_warehouse="There is no such warehouse",
        invalid_quantity="A quantity is out of bounds",
        invalid_lines="The number of lines is out of bounds",
        duplicate_sku="A SKU stands in more than one line",
        order_value_out_of_bounds="The order's total is out of bounds",
        invalid_sku="A SKU is malformed",
        invalid_customer_id="The customer id is not a pseudonym",
        invalid_email="The e-mail address is malformed",
        invalid_address="The address is not accepted",
        invalid_amount="An amount is malformed",
        invalid_price="A price is not accepted",
        invalid_name="A name is not accepted",
        invalid_code="A code is malformed",
        invalid_description="A description is not accepted",
        invalid_validity="A price's times are not accepted",
        invalid_image="An image is not accepted",
        invalid_attribute="An attribute does not take this value",
        invalid_choices="An attribute's choices are not accepted",
        unknown_attribute="There is no such attribute",
        unknown_category="A category is not in the tree",
        invalid_expiry="An expiry is not in the future",
        invalid_subject="A hold's subject is not accepted",
        invalid_order_number="The order number is malformed",
        invalid_cursor="The cursor is not of this list",
        invalid_refund="What is to be refunded is not clear",
        invalid_return="What is to be returned is not clear",
        invalid_inspection="The inspection does not account for every piece",
        unknown_line="The order has no such line",
        invalid_limit="The page size is out of bounds",
        invalid_filter="A filter is malformed",
        invalid_fields="A member that was asked for is none",
        invalid_period="The period is malformed",
        invalid_position="The position is malformed",
        invalid_webhook_url="Webhooks are not sent to this URL",
        unknown_event_type="Orders have no event of this type",
        invalid_as_of="The moment is malformed, or not reached yet",
    ),
    **_all(429, too_many_requests="The caller asks too often"),
    **_all(500, internal_error="Something went wrong here", command_failed="The command failed"),
    "outcome-unknown": ProblemType(503, "The outcome is not known yet", retry=True),
    "request-timeout": ProblemType(503, "The request took too long", retry=True),
    "unavailable": ProblemType(503, "Waybill cannot be reached just now", retry=True),
    "read-not-caught-up": ProblemType(503, "The read has not caught up yet", retry=True),
    "identity-unavailable": ProblemType(503, "Tokens cannot be verified just now", retry=True),
}

_KINDS: Final[Mapping[type[DomainError], ProblemType]] = {
    NotFound: CATALOGUE["not-found"],
    NotAllowed: CATALOGUE["not-allowed"],
    InvalidValue: CATALOGUE["invalid-value"],
    DomainError: CATALOGUE["rejected"],
}
"""For a refusal whose own code has no entry: its kind still gives the right status."""


class Problem(HTTPException):
    """Ends the request with one problem of the catalogue. `members` are added to the document."""

    def __init__(
        self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(CATALOGUE[code].status, detail, headers=headers)
        self.code = code
        self.kind = CATALOGUE[code]
        self.members = members


def problem_type(refused: DomainError) -> ProblemType:
    found = CATALOGUE.get(refused.code)
    return found or next(given for kind, given in _KINDS.items() if isinstance(refused, kind))


def refusal_members(refused: DomainError) -> dict[str, Any]:
    """The refusal's details as members; the state's name must not hide the HTTP status."""
    renamed = {"status": "current_status"}
    return {renamed.get(name, name): value for name, value in refused.details.items()}


def document(
    code: str, kind: ProblemType, detail: str, instance: str, members: Mapping[str, Any]
) -> dict[str, Any]:
    """The problem document. What is at fault here (5xx) says no more of itself than its title."""
    said = kind.title + "." if kind.status == 500 else detail
    standard = {
        "type": PROBLEM_BASE + code,
        "title": kind.title,
        "status": kind.status,
        "detail": said,
        "instance": instance,
    }
    return {**({} if kind.status == 500 else members), **standard}
