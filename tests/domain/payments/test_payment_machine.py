"""An order's money beside a gateway that may lose its answers, refuse, and be asked for parcels side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.decider import fold
from domain.errors import DomainError
from domain.money import Money
from domain.payments import decide
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    Purpose,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import INITIAL, Payment, PaymentState, PaymentStatus, evolve

TOTAL = 10
LATE = datetime(2030, 1, 1, tzinfo=UTC)
Request = PaymentRequested | CaptureRequested | VoidRequested | RefundRequested
amounts = st.integers(-1, TOTAL + 1)


def euro(minor: int) -> Money:
    return Money(minor, "EUR")


@dataclass
class Held:
    """One authorisation in the gateway's books, in minor units."""

    open: int
    captured: int = 0
    refunded: int = 0


class Gateway:
    """Keeps its own books by authorisation, and never moves more than that one holds."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}

    def sums(self) -> tuple[Money, Money, Money]:
        books = self.held.values()
        sums = (sum(each.open for each in books), sum(each.captured for each in books))
        return euro(sums[0]), euro(sums[1]), euro(sum(each.refunded for each in books))

    def answer(self, request: Request) -> PaymentEvent:
        step, amount = request.step, request.amount
        if isinstance(request, PaymentRequested):
            self.held[f"auth-{step}"] = Held(amount.minor)
            return PaymentAuthorized(step, f"auth-{step}", amount)
        held = self.held[request.payment or ""]
        match request:
            case CaptureRequested() if amount.minor <= held.open:
                held.open, held.captured = held.open - amount.minor, held.captured + amount.minor
                return PaymentCaptured(step, "cap", amount)
            case VoidRequested() if held.open:
                freed, held.open = held.open, 0
                return PaymentVoided(step, "void", euro(freed))
            case RefundRequested() if amount.minor <= held.captured - held.refunded:
                held.refunded += amount.minor
                return PaymentRefunded(step, "ref", amount)
        return PaymentActionRefused(step, "refused", "More than there is")


class Payments(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state: PaymentState = INITIAL
        self.gateway = Gateway()
        self.log: list[PaymentEvent] = []
        self.waiting: list[Request] = []
        self.steps = 0

    def append(self, events: Sequence[PaymentEvent]) -> None:
        self.state = fold(evolve, self.state, events)
        self.log += events

    def ask(self, decision: Callable[[PaymentState, str], Sequence[PaymentEvent]]) -> None:
        self.steps += 1
        try:
            events = decision(self.state, f"step#{self.steps}")
        except DomainError:
            return
        self.append(events)
        self.waiting += [event for event in events if isinstance(event, Request)]

    def next_request(self, data: st.DataObject) -> Request:
        return self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))

    @rule()
    def authorize(self) -> None:
        self.ask(
            lambda state, step: decide.request_authorization(
                state, step, method="m", amount=euro(TOTAL), expires_at=LATE
            )
        )

    @rule(amount=amounts)
    def authorize_more(self, amount: int) -> None:
        self.ask(lambda state, step: decide.request_more(state, step, method="m", amount=euro(amount), reason="r"))

    @rule()
    def renew(self) -> None:
        self.ask(lambda state, step: decide.request_renewal(state, step, method="m", due_by=LATE, expires_at=LATE))

    @rule()
    def void_what_is_renewed(self) -> None:
        self.ask(decide.request_void_of_replaced)

    @rule(amount=amounts, parcel=st.sampled_from("pqr"))
    def capture(self, amount: int, parcel: str) -> None:
        self.ask(lambda state, step: decide.request_capture(state, step, shipment_id=parcel, amount=euro(amount)))

    @rule()
    def void(self) -> None:
        self.ask(decide.request_void)

    @rule(amount=amounts)
    def refund(self, amount: int) -> None:
        self.ask(lambda state, step: decide.request_refund(state, step, amount=euro(amount)))

    @rule(amount=amounts, reference=st.sampled_from("abc"))
    def the_bank_charges_back(self, amount: int, reference: str) -> None:
        self.ask(
            lambda state, _: decide.open_chargeback(
                state, reference=reference, amount=euro(amount), reason="fraudulent"
            )
        )

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def the_gateway_answers(self, data: st.DataObject) -> None:
        self.append([self.gateway.answer(self.next_request(data))])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def the_gateway_refuses(self, data: st.DataObject) -> None:
        request = self.next_request(data)
        declined = isinstance(request, PaymentRequested)
        kind = PaymentDeclined if declined else PaymentActionRefused
        self.append([kind(request.step, "declined", "No")])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def the_request_never_arrived(self, data: st.DataObject) -> None:
        self.append([PaymentAbandoned(self.next_request(data).step)])

    @invariant()
    def captured_within_authorized_and_refunded_within_captured(self) -> None:
        if isinstance(state := self.state, Payment):
            assert state.authorized >= state.captured >= state.refunded >= euro(0)
            assert state.open >= euro(0)
            assert state.held == state.authorized - state.voided - state.refunded >= euro(0)

    @invariant()
    def charged_back_within_captured_and_once_per_dispute(self) -> None:
        if isinstance(state := self.state, Payment):
            assert state.captured >= state.charged_back >= euro(0)
            opened = [event for event in self.log if isinstance(event, ChargebackOpened)]
            assert len(opened) == len(state.disputes)
            assert sum(event.amount.minor for event in opened) == state.charged_back.minor

    @invariant()
    def an_order_never_ties_up_more_than_was_asked_of_it(self) -> None:
        if isinstance(self.state, Payment):
            more = sum(
                event.amount.minor
                for event in self.log
                if isinstance(event, PaymentRequested) and event.purpose is not Purpose.ORDER
            )
            assert self.state.held <= euro(TOTAL + more)

    @invariant()
    def each_authorisation_agrees_and_they_sum_up(self) -> None:
        if not isinstance(state := self.state, Payment):
            return
        for each in state.authorizations:
            held = self.gateway.held[each.reference]
            assert (each.open, each.captured, each.refunded) == (
                euro(held.open),
                euro(held.captured),
                euro(held.refunded),
            )
            assert state.free(each) >= euro(0)
            assert state.refundable(each) >= euro(0)
        assert sum(each.open.minor for each in state.authorizations) == state.open.minor
        assert sum(share.minor for share in state.shares.values()) == state.captured.minor
        assert sum(amount.minor for amount in state.given_back.values()) == state.refunded.minor

    @invariant()
    def the_gateways_books_agree(self) -> None:
        if isinstance(state := self.state, Payment):
            assert (state.open, state.captured, state.refunded) == self.gateway.sums()

    @invariant()
    def what_waits_for_an_answer_is_pending(self) -> None:
        pending = self.state.pending if isinstance(self.state, Payment) else frozenset()
        assert set(pending) == {request.step for request in self.waiting}
        assert sum(isinstance(request, PaymentRequested) for request in self.waiting) <= 1

    @invariant()
    def the_status_agrees_with_the_money(self) -> None:
        if isinstance(state := self.state, Payment):
            assert (state.status is PaymentStatus.AUTHORIZED) <= bool(state.open)
            assert (state.status is PaymentStatus.CAPTURED) <= bool(state.paid and not state.open)
            assert (state.status in (PaymentStatus.VOIDED, PaymentStatus.FAILED)) <= (not state.held)

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, INITIAL, self.log) == self.state


TestPayments = Payments.TestCase
TestPayments.settings = settings(max_examples=100, stateful_step_count=40)
