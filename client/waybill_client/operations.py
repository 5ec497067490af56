# Made by `make client` from the API's OpenAPI document; what is to be changed is changed there.
"""Every operation of the API, as a method."""

from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from uuid import UUID

from waybill_client import models
from waybill_client.transport import Transport, segment


class Operations(Transport):
    """What the API takes, by operation id. What is None is not sent, and the server's default holds."""

    async def begin_export(
        self,
        body: models.ExportBody,
        *,
        status: models.OrderStatus | None = None,
        customer_id: str | None = None,
        payment_status: models.PaymentStatus | None = None,
        fulfilment_status: models.FulfilmentStatus | None = None,
        placed_after: datetime | None = None,
        placed_before: datetime | None = None,
        attention: bool | None = None,
        sku: str | None = None,
        currency: str | None = None,
        min_total: str | None = None,
        max_total: str | None = None,
        q: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Export:
        """Look for all orders that match, the oldest first. A customer gets its own. The same key, the same export.

        `sku`: Orders that have, or had, this SKU
        `min_total`: At least, in `currency`
        `max_total`: At most, in `currency`
        `q`: Order number or customer id, or its start
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Export = await self._call(
            "POST",
            "/v1/exports",
            {202: models.Export},
            body=body,
            query={
                "status": status,
                "customer_id": customer_id,
                "payment_status": payment_status,
                "fulfilment_status": fulfilment_status,
                "placed_after": placed_after,
                "placed_before": placed_before,
                "attention": attention,
                "sku": sku,
                "currency": currency,
                "min_total": min_total,
                "max_total": max_total,
                "q": q,
            },
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def get_export(self, export_id: UUID | str) -> models.Export:
        """How far the export is; it can be downloaded meanwhile."""
        answer: models.Export = await self._call("GET", f"/v1/exports/{segment(export_id)}", {200: models.Export})
        return answer

    async def cancel_export(self, export_id: UUID | str) -> models.Export:
        """One that is done stays as it is."""
        answer: models.Export = await self._call(
            "POST", f"/v1/exports/{segment(export_id)}/cancel", {200: models.Export}
        )
        return answer

    def download_export(self, export_id: UUID | str, *, after: int | None = None) -> AsyncIterator[models.Order]:
        """What is found, then what is found next, until the job is done. Orders are shown as they are now, and the
        personal data of a customer who was erased since as `erased`. Whoever broke off goes on by `after`.

        `after`: Orders to pass over, which you have
        """
        return self._lines(
            "GET", f"/v1/exports/{segment(export_id)}/content", models.Order, query={"after": after}
        )

    def download_export_bytes(self, export_id: UUID | str, *, after: int | None = None) -> AsyncIterator[bytes]:
        """The same as it comes, whatever its form: text/csv too."""
        return self._bytes("GET", f"/v1/exports/{segment(export_id)}/content", query={"after": after})

    def import_orders(self, body: Iterable[models.ImportedOrderBody]) -> AsyncIterator[models.ImportResult]:
        """Place an order for each line. A line that is refused has its problem in its result, and stops no other."""
        return self._lines("POST", "/v1/orders/import", models.ImportResult, body=body)

    def export_orders(
        self,
        *,
        min_position: str | None = None,
        status: models.OrderStatus | None = None,
        customer_id: str | None = None,
        payment_status: models.PaymentStatus | None = None,
        fulfilment_status: models.FulfilmentStatus | None = None,
        placed_after: datetime | None = None,
        placed_before: datetime | None = None,
        attention: bool | None = None,
        sku: str | None = None,
        currency: str | None = None,
        min_total: str | None = None,
        max_total: str | None = None,
        q: str | None = None,
    ) -> AsyncIterator[models.OrderSummary]:
        """All orders that match, the oldest first, as lists show them. A customer gets its own.

        Each line is an order; one that ends early is gone on with by `placed_after` of the last line's time.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        `sku`: Orders that have, or had, this SKU
        `min_total`: At least, in `currency`
        `max_total`: At most, in `currency`
        `q`: Order number or customer id, or its start
        """
        return self._lines(
            "GET",
            "/v1/orders/export",
            models.OrderSummary,
            query={
                "min_position": min_position,
                "status": status,
                "customer_id": customer_id,
                "payment_status": payment_status,
                "fulfilment_status": fulfilment_status,
                "placed_after": placed_after,
                "placed_before": placed_before,
                "attention": attention,
                "sku": sku,
                "currency": currency,
                "min_total": min_total,
                "max_total": max_total,
                "q": q,
            },
        )

    async def place_order(
        self, body: models.OrderBody, *, dry_run: bool | None = None, idempotency_key: str | None = None
    ) -> models.Placed | models.Priced:
        """Place an order at the catalogue's prices. The same key and body answer with the same order again.

        `dry_run`: Price and validate only; write nothing
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Placed | models.Priced = await self._call(
            "POST",
            "/v1/orders",
            {201: models.Placed, 200: models.Priced},
            body=body,
            query={"dry_run": dry_run},
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_orders(
        self,
        *,
        sort: models.OrderSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
        status: models.OrderStatus | None = None,
        customer_id: str | None = None,
        payment_status: models.PaymentStatus | None = None,
        fulfilment_status: models.FulfilmentStatus | None = None,
        placed_after: datetime | None = None,
        placed_before: datetime | None = None,
        attention: bool | None = None,
        sku: str | None = None,
        currency: str | None = None,
        min_total: str | None = None,
        max_total: str | None = None,
        q: str | None = None,
    ) -> models.OrderSummaryPage:
        """Newest first, if not sorted otherwise. A customer sees its own.

        `sort`: `-` is the greatest first; totals need a currency
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        `sku`: Orders that have, or had, this SKU
        `min_total`: At least, in `currency`
        `max_total`: At most, in `currency`
        `q`: Order number or customer id, or its start
        """
        answer: models.OrderSummaryPage = await self._call(
            "GET",
            "/v1/orders",
            {200: models.OrderSummaryPage},
            query={
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "min_position": min_position,
                "status": status,
                "customer_id": customer_id,
                "payment_status": payment_status,
                "fulfilment_status": fulfilment_status,
                "placed_after": placed_after,
                "placed_before": placed_before,
                "attention": attention,
                "sku": sku,
                "currency": currency,
                "min_total": min_total,
                "max_total": max_total,
                "q": q,
            },
        )
        return answer

    async def get_order(
        self, order_id: UUID | str, *, min_position: str | None = None, as_of: str | None = None
    ) -> models.Order:
        """One order; a customer's own only.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        `as_of`: Show the order as it was: at an RFC 3339 time (write `+` as `%2B`), at a version, or when a
            `Waybill-Position` was written, be it of this order or of anything else
        """
        answer: models.Order = await self._call(
            "GET",
            f"/v1/orders/{segment(order_id)}",
            {200: models.Order},
            query={"min_position": min_position, "as_of": as_of},
        )
        return answer

    async def cancel_order(
        self,
        order_id: UUID | str,
        body: models.CancelBody,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Order | models.Accepted:
        """Begin to undo the order; stock and money are given back step by step. Not after a parcel was dispatched.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/cancel",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def list_drafts(
        self,
        *,
        status: models.DraftStatus | None = None,
        customer_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.DraftSummaryPage:
        """The newest first; open ones, unless another status is asked for.

        `customer_id`: Only this customer's
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.DraftSummaryPage = await self._call(
            "GET",
            "/v1/drafts",
            {200: models.DraftSummaryPage},
            query={
                "status": status,
                "customer_id": customer_id,
                "limit": limit,
                "cursor": cursor,
                "min_position": min_position,
            },
        )
        return answer

    async def create_draft(self, body: models.DraftBody, *, idempotency_key: str | None = None) -> models.Draft:
        """Begin a draft. The same key and body answer with the same draft again.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Draft = await self._call(
            "POST", "/v1/drafts", {201: models.Draft}, body=body, headers={"idempotency-key": idempotency_key}
        )
        return answer

    async def get_draft(self, draft_id: UUID | str) -> models.Draft:
        """As it stands, with what it costs now. Reads the draft itself, so it is never behind a change."""
        answer: models.Draft = await self._call("GET", f"/v1/drafts/{segment(draft_id)}", {200: models.Draft})
        return answer

    async def change_draft(
        self,
        draft_id: UUID | str,
        body: models.DraftChangeBody,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Draft:
        """Change what is given, and leave the rest; with `If-Match` only the version that was read.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Draft = await self._call(
            "PATCH",
            f"/v1/drafts/{segment(draft_id)}",
            {200: models.Draft},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def discard_draft(
        self,
        draft_id: UUID | str,
        body: models.DiscardBody,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Draft:
        """Give a draft up, for good.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Draft = await self._call(
            "POST",
            f"/v1/drafts/{segment(draft_id)}/discard",
            {200: models.Draft},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def place_draft(self, draft_id: UUID | str, *, if_match: str | None = None) -> models.Placed:
        """Place the draft as `POST /v1/orders` would, under the draft's id: however often, it is one order.

        `if_match`: The ETag as it was read
        """
        answer: models.Placed = await self._call(
            "POST", f"/v1/drafts/{segment(draft_id)}/place", {201: models.Placed}, headers={"if-match": if_match}
        )
        return answer

    async def list_order_events(
        self,
        order_id: UUID | str,
        *,
        after: int | None = None,
        limit: int | None = None,
        min_position: str | None = None,
    ) -> models.EventList:
        """What happened to the order, in order.

        `after`: Only events of higher versions
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.EventList = await self._call(
            "GET",
            f"/v1/orders/{segment(order_id)}/events",
            {200: models.EventList},
            query={"after": after, "limit": limit, "min_position": min_position},
        )
        return answer

    async def get_order_saga(self, order_id: UUID | str, *, min_position: str | None = None) -> models.Saga:
        """The steps of the order's process, and where each stands.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.Saga = await self._call(
            "GET", f"/v1/orders/{segment(order_id)}/saga", {200: models.Saga}, query={"min_position": min_position}
        )
        return answer

    async def explain_order(self, order_id: UUID | str) -> models.ExplainedList:
        """What each event of the order changed in what is shown of it."""
        answer: models.ExplainedList = await self._call(
            "GET", f"/v1/orders/{segment(order_id)}/explain", {200: models.ExplainedList}
        )
        return answer

    async def get_order_ledger(self, order_id: UUID | str, *, min_position: str | None = None) -> models.Ledger:
        """What each event of the order posted to which account, and the balances. All balances sum to zero.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.Ledger = await self._call(
            "GET",
            f"/v1/orders/{segment(order_id)}/ledger",
            {200: models.Ledger},
            query={"min_position": min_position},
        )
        return answer

    async def place_hold(
        self,
        order_id: UUID | str,
        body: models.HoldBody,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Order | models.Accepted:
        """Keep an order, its payment, a line or a shipment from going on. What runs already is not stopped.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/holds",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def release_hold(
        self, order_id: UUID | str, hold_id: str, body: models.ReleaseBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Let what the hold covered begin; of an order that screening held, this is the approval.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/holds/{segment(hold_id)}/release",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def amend_order(
        self,
        order_id: UUID | str,
        body: models.AmendmentBody,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Order | models.AmendmentPreview | models.Accepted:
        """Change what has not left: lines, address, shipping. Stock, tax and money follow, or nothing changes.

        `dry_run`: Say what it would do; write nothing
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Order | models.AmendmentPreview | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/amendments",
            {200: models.Order | models.AmendmentPreview, 202: models.Accepted},
            body=body,
            query={"dry_run": dry_run},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def cancel_line(
        self,
        order_id: UUID | str,
        sku: str,
        body: models.LineCancelBody,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Order | models.Accepted:
        """Take a whole line out, as long as none of it was dispatched. With its last line the order is cancelled.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/lines/{segment(sku)}/cancel",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def decide_unavailable(
        self, order_id: UUID | str, body: models.DecisionBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Say what to do about lines that stock does not cover: wait, drop them, cancel, or take the substitutes.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/decisions",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def offer_substitute(
        self, order_id: UUID | str, body: models.OfferBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Offer another product, at its catalogue price, in the place of a line that is short.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/offers",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def answer_lost(
        self, order_id: UUID | str, shipment_id: str, body: models.LossBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Send a lost parcel's goods again, at no charge, or give its share of the price back.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/shipments/{segment(shipment_id)}/loss",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def grant_refund(
        self, order_id: UUID | str, body: models.RefundBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Let the customer off an amount, or what pieces of the order's lines cost with their tax.

        Answered once it is granted: `amounts.due` is negative until the money has gone back. Of an open order or of a
        completed one; no more than is captured and was not refunded or charged back.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/refunds",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_order_returns(
        self, order_id: UUID | str, *, min_position: str | None = None
    ) -> models.ReturnList:
        """The order's returns, in the order in which they were asked for.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.ReturnList = await self._call(
            "GET",
            f"/v1/orders/{segment(order_id)}/returns",
            {200: models.ReturnList},
            query={"min_position": min_position},
        )
        return answer

    async def request_return(
        self, order_id: UUID | str, body: models.ReturnBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Ask for delivered goods to be taken back or exchanged; or for broken ones to be paid, or sent again.

        Answered with the order; its last return is this one. The settings may approve it at once.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/returns",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_all_returns(
        self,
        *,
        status: models.ReturnStatus | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.ListedReturnPage:
        """The returns of all orders, or those of one status: `requested` ones wait for approval. The oldest first.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.ListedReturnPage = await self._call(
            "GET",
            "/v1/ops/returns",
            {200: models.ListedReturnPage},
            query={"status": status, "limit": limit, "cursor": cursor, "min_position": min_position},
        )
        return answer

    async def approve_return(
        self,
        order_id: UUID | str,
        return_id: UUID | str,
        body: models.ReturnDecisionBody,
        *,
        idempotency_key: str | None = None,
    ) -> models.Order | models.Accepted:
        """Let the goods come back; of a claim, grant its refund. What replaces them is reserved at the same time.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/returns/{segment(return_id)}/approve",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def reject_return(
        self,
        order_id: UUID | str,
        return_id: UUID | str,
        body: models.ReturnDecisionBody,
        *,
        idempotency_key: str | None = None,
    ) -> models.Order | models.Accepted:
        """Refuse a return, or give up on goods that never came. Its pieces may be asked for again.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/returns/{segment(return_id)}/reject",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def receive_return(
        self,
        order_id: UUID | str,
        return_id: UUID | str,
        body: models.ReceiptBody,
        *,
        idempotency_key: str | None = None,
    ) -> models.Order | models.Accepted:
        """Note that the goods are in a warehouse.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/returns/{segment(return_id)}/receive",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def inspect_return(
        self,
        order_id: UUID | str,
        return_id: UUID | str,
        body: models.InspectionBody,
        *,
        idempotency_key: str | None = None,
    ) -> models.Order | models.Accepted:
        """Say what was found: what can be sold again is in stock, and the refund granted, once this is answered.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/returns/{segment(return_id)}/inspect",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def get_customer(self, customer_id: str, *, min_position: str | None = None) -> models.Customer:
        """A customer sees itself.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.Customer = await self._call(
            "GET",
            f"/v1/customers/{segment(customer_id)}",
            {200: models.Customer},
            query={"min_position": min_position},
        )
        return answer

    async def erase_customer(self, customer_id: str, body: models.EraseBody) -> models.Erased:
        """Make everything personal of a customer unreadable, for ever. Refused while an order of it is open.

        It is done when this answers; outside services are told in the background until they have confirmed. Repeating
        it changes nothing, under whatever key.
        """
        answer: models.Erased = await self._call(
            "POST", f"/v1/customers/{segment(customer_id)}/erase", {200: models.Erased}, body=body
        )
        return answer

    async def get_store_credit(self, customer_id: str) -> models.StoreCredit:
        """As it stands now. A customer sees its own; one that never had any has no balances."""
        answer: models.StoreCredit = await self._call(
            "GET", f"/v1/customers/{segment(customer_id)}/store-credit", {200: models.StoreCredit}
        )
        return answer

    async def grant_store_credit(
        self, customer_id: str, body: models.GrantCreditBody, *, idempotency_key: str | None = None
    ) -> models.StoreCredit:
        """Give a customer so much more to spend, with a reason. It does not expire.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.StoreCredit = await self._call(
            "POST",
            f"/v1/customers/{segment(customer_id)}/store-credit",
            {200: models.StoreCredit},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def pay_order(
        self, order_id: UUID | str, body: models.PaymentBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Try another method, or the same again, while a declined order waits for it.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/orders/{segment(order_id)}/payment",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_products(
        self,
        *,
        q: str | None = None,
        category: str | None = None,
        attribute: list[str] | None = None,
        price_min: str | None = None,
        price_max: str | None = None,
        in_stock: bool | None = None,
        status: models.ProductStatus | None = None,
        currency: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.ProductPage:
        """By SKU, or a search (`q`) by how well it matches.

        `q`: Words of name, SKU or description, or their beginnings; the best first
        `category`: In this category, or in one below it
        `attribute`: `colour:blue`; several must all hold
        `price_min`: In `currency`, included
        `price_max`: In `currency`, included
        `in_stock`: Whether any piece can be reserved
        `status`: To those who write the catalogue; others see what is published
        `currency`: The currency that `price` is shown in
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.ProductPage = await self._call(
            "GET",
            "/v1/products",
            {200: models.ProductPage},
            query={
                "q": q,
                "category": category,
                "attribute": attribute,
                "price_min": price_min,
                "price_max": price_max,
                "in_stock": in_stock,
                "status": status,
                "currency": currency,
                "limit": limit,
                "cursor": cursor,
                "min_position": min_position,
            },
        )
        return answer

    async def create_product(
        self, body: models.ProductBody, *, dry_run: bool | None = None, idempotency_key: str | None = None
    ) -> models.Changed:
        """Create a draft. It is sold once it is published.

        `dry_run`: Decide only; write nothing, and answer with the version there is
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Changed = await self._call(
            "POST",
            "/v1/products",
            {201: models.Changed},
            body=body,
            query={"dry_run": dry_run},
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def get_product(
        self, sku: str, *, currency: str | None = None, min_position: str | None = None
    ) -> models.Product:
        """Its `ETag` is the version that commands take as `If-Match`.

        `currency`: The currency that `price` is shown in
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.Product = await self._call(
            "GET",
            f"/v1/products/{segment(sku)}",
            {200: models.Product},
            query={"currency": currency, "min_position": min_position},
        )
        return answer

    async def change_product(
        self,
        sku: str,
        body: models.ProductChangeBody,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Changed:
        """Change what customers are shown. Orders placed before keep the name they were placed with.

        `dry_run`: Decide only; write nothing, and answer with the version there is
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "PATCH",
            f"/v1/products/{segment(sku)}",
            {200: models.Changed},
            body=body,
            query={"dry_run": dry_run},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def list_price_changes(
        self, sku: str, *, limit: int | None = None, cursor: str | None = None, min_position: str | None = None
    ) -> models.PriceChangePage:
        """The history of the product's prices, newest first: what was set, scheduled and ended, when and by whom.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.PriceChangePage = await self._call(
            "GET",
            f"/v1/products/{segment(sku)}/prices",
            {200: models.PriceChangePage},
            query={"limit": limit, "cursor": cursor, "min_position": min_position},
        )
        return answer

    async def schedule_price(
        self,
        sku: str,
        body: models.ScheduledPriceBody,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Scheduled:
        """Let a price count instead of the standing one for a while: for orders that are placed then.

        `dry_run`: Decide only; write nothing, and answer with the version there is
        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Scheduled = await self._call(
            "POST",
            f"/v1/products/{segment(sku)}/prices",
            {201: models.Scheduled},
            body=body,
            query={"dry_run": dry_run},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def change_price(
        self, sku: str, body: models.MoneyBody, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Changed:
        """Set the standing price in one currency; those in others stay. Orders placed before keep theirs.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "PUT",
            f"/v1/products/{segment(sku)}/price",
            {200: models.Changed},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def end_price(
        self,
        sku: str,
        price_id: str,
        body: models.EndPriceBody | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Changed:
        """End a scheduled price, now or at a moment to come; one that would not have begun by then never does.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "POST",
            f"/v1/products/{segment(sku)}/prices/{segment(price_id)}/end",
            {200: models.Changed},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def publish_product(
        self, sku: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Changed:
        """Begin to sell the product. Publishing it again changes nothing.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "POST",
            f"/v1/products/{segment(sku)}/publish",
            {200: models.Changed},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def unpublish_product(
        self, sku: str, *, idempotency_key: str | None = None, if_match: str | None = None
    ) -> models.Changed:
        """Make the product a draft again, which nobody can order. Orders placed before keep it.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "POST",
            f"/v1/products/{segment(sku)}/unpublish",
            {200: models.Changed},
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def discontinue_product(
        self,
        sku: str,
        body: models.DiscontinueBody | None = None,
        *,
        idempotency_key: str | None = None,
        if_match: str | None = None,
    ) -> models.Changed:
        """Stop selling the product, for good. Orders placed before keep it.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        `if_match`: The ETag as it was read
        """
        answer: models.Changed = await self._call(
            "POST",
            f"/v1/products/{segment(sku)}/discontinue",
            {200: models.Changed},
            body=body,
            headers={"idempotency-key": idempotency_key, "if-match": if_match},
        )
        return answer

    async def list_categories(
        self, *, limit: int | None = None, cursor: str | None = None, min_position: str | None = None
    ) -> models.CategoryPage:
        """By code.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.CategoryPage = await self._call(
            "GET",
            "/v1/categories",
            {200: models.CategoryPage},
            query={"limit": limit, "cursor": cursor, "min_position": min_position},
        )
        return answer

    async def create_category(
        self, body: models.CategoryBody, *, idempotency_key: str | None = None
    ) -> models.TaxonomyChanged:
        """Create a category, at the top of the tree or under another. Its code is what products name, for good.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.TaxonomyChanged = await self._call(
            "POST",
            "/v1/categories",
            {201: models.TaxonomyChanged},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def rename_category(
        self, category: str, body: models.RenameCategoryBody, *, idempotency_key: str | None = None
    ) -> models.TaxonomyChanged:
        """Change the name of a category; its id and its products stay.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.TaxonomyChanged = await self._call(
            "PATCH",
            f"/v1/categories/{segment(category)}",
            {200: models.TaxonomyChanged},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def move_category(
        self, category: str, body: models.MoveCategoryBody, *, idempotency_key: str | None = None
    ) -> models.TaxonomyChanged:
        """Put a category, with all below it, under another or at the top.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.TaxonomyChanged = await self._call(
            "POST",
            f"/v1/categories/{segment(category)}/move",
            {200: models.TaxonomyChanged},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_attributes(self, *, min_position: str | None = None) -> models.AttributeList:
        """By name.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.AttributeList = await self._call(
            "GET", "/v1/attributes", {200: models.AttributeList}, query={"min_position": min_position}
        )
        return answer

    async def define_attribute(
        self, attribute: str, body: models.AttributeBody, *, idempotency_key: str | None = None
    ) -> models.TaxonomyChanged:
        """Define an attribute, or give it another label or more choices. What products have stays valid.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.TaxonomyChanged = await self._call(
            "PUT",
            f"/v1/attributes/{segment(attribute)}",
            {200: models.TaxonomyChanged},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_stock(
        self, *, limit: int | None = None, cursor: str | None = None, min_position: str | None = None
    ) -> models.StockPage:
        """By SKU.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.StockPage = await self._call(
            "GET",
            "/v1/stock",
            {200: models.StockPage},
            query={"limit": limit, "cursor": cursor, "min_position": min_position},
        )
        return answer

    async def get_stock(self, sku: str, *, min_position: str | None = None) -> models.Stock:
        """The stock of one SKU, over all warehouses and in each.

        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.Stock = await self._call(
            "GET", f"/v1/stock/{segment(sku)}", {200: models.Stock}, query={"min_position": min_position}
        )
        return answer

    async def adjust_stock(
        self, sku: str, body: models.AdjustmentBody, *, idempotency_key: str | None = None
    ) -> models.Changed:
        """Correct the books of one warehouse. What is reserved cannot be adjusted away.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Changed = await self._call(
            "POST",
            f"/v1/stock/{segment(sku)}/adjustments",
            {201: models.Changed},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_operator_actions(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        order_id: UUID | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.ActionPage:
        """Newest first: every event that an operator or an administrator caused.

        `actor`: Role and subject, `operator:eve`
        `action`: An event's type, `HoldPlaced`
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.ActionPage = await self._call(
            "GET",
            "/v1/ops/audit",
            {200: models.ActionPage},
            query={
                "actor": actor,
                "action": action,
                "order_id": order_id,
                "limit": limit,
                "cursor": cursor,
                "min_position": min_position,
            },
        )
        return answer

    async def list_requests(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        outcome: int | None = None,
        personal: bool | None = None,
        request_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.RequestPage:
        """Newest first: commands of staff, their reads of personal data and exports, changes of webhook endpoints, and
        whatever anybody was forbidden. A request is listed within a second of its answer.

        `actor`: Role and subject, `operator:eve`
        `action`: `POST /v1/orders/{order_id}/cancel`, `mutation cancelOrder`
        `outcome`: An HTTP status
        `personal`: Whether personal data were in the answer
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        """
        answer: models.RequestPage = await self._call(
            "GET",
            "/v1/ops/audit/requests",
            {200: models.RequestPage},
            query={
                "actor": actor,
                "action": action,
                "outcome": outcome,
                "personal": personal,
                "request_id": request_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return answer

    async def report_sales(
        self,
        *,
        by: models.SalesBy | None = None,
        from_: date | None = None,
        until: date | None = None,
        limit: int | None = None,
        min_position: str | None = None,
    ) -> models.SalesList:
        """A row for each key and currency: by day in order, else what sold for most first.

        `from_`: First day of placing, UTC; 30 days by default
        `until`: Last day of placing, UTC; today by default
        `limit`: Most rows
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.SalesList = await self._call(
            "GET",
            "/v1/reports/sales",
            {200: models.SalesList},
            query={"by": by, "from": from_, "until": until, "limit": limit, "min_position": min_position},
        )
        return answer

    async def report_funnel(
        self, *, from_: date | None = None, until: date | None = None, min_position: str | None = None
    ) -> models.FunnelList:
        """How many of the orders placed in the period have reached each stage by now.

        `from_`: First day of placing, UTC; 30 days by default
        `until`: Last day of placing, UTC; today by default
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.FunnelList = await self._call(
            "GET",
            "/v1/reports/funnel",
            {200: models.FunnelList},
            query={"from": from_, "until": until, "min_position": min_position},
        )
        return answer

    async def report_step_times(
        self, *, from_: date | None = None, until: date | None = None, min_position: str | None = None
    ) -> models.StepTimeList:
        """How long after their placing the period's orders reached each stage.

        `from_`: First day of placing, UTC; 30 days by default
        `until`: Last day of placing, UTC; today by default
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.StepTimeList = await self._call(
            "GET",
            "/v1/reports/step-times",
            {200: models.StepTimeList},
            query={"from": from_, "until": until, "min_position": min_position},
        )
        return answer

    async def list_dead_letters(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.DeadLetterPage:
        """Messages that could not be handled, the oldest first.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        """
        answer: models.DeadLetterPage = await self._call(
            "GET", "/v1/ops/dead-letters", {200: models.DeadLetterPage}, query={"limit": limit, "cursor": cursor}
        )
        return answer

    async def replay_dead_letter(self, letter_id: str, body: models.LetterBody) -> models.Settled:
        """Publish the message again, behind what its stream holds by now."""
        answer: models.Settled = await self._call(
            "POST", f"/v1/ops/dead-letters/{segment(letter_id)}/replay", {200: models.Settled}, body=body
        )
        return answer

    async def drop_dead_letter(self, letter_id: str, body: models.LetterBody) -> models.Settled:
        """Give the message up. What was dropped, by whom and why stays on record for a while."""
        answer: models.Settled = await self._call(
            "POST", f"/v1/ops/dead-letters/{segment(letter_id)}/drop", {200: models.Settled}, body=body
        )
        return answer

    async def list_subscriptions(self) -> models.SubscriptionList:
        """How far each stream of other services' events is handled."""
        answer: models.SubscriptionList = await self._call(
            "GET", "/v1/ops/subscriptions", {200: models.SubscriptionList}
        )
        return answer

    async def list_mails(
        self,
        *,
        state: models.MailState | None = None,
        order_id: UUID | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.MailPage:
        """Newest first: what was sent, is retried, failed for good, or was skipped as there is nobody to write to.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        """
        answer: models.MailPage = await self._call(
            "GET",
            "/v1/ops/mails",
            {200: models.MailPage},
            query={"state": state, "order_id": order_id, "limit": limit, "cursor": cursor},
        )
        return answer

    async def list_stalled_steps(
        self,
        *,
        state: models.SagaState | None = None,
        assignee: str | None = None,
        error_type: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.StalledStepPage:
        """Steps that wait for an operator, the longest waiting first.

        `assignee`: Only orders in this person's charge
        `error_type`: Only steps with this error
        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.StalledStepPage = await self._call(
            "GET",
            "/v1/ops/sagas",
            {200: models.StalledStepPage},
            query={
                "state": state,
                "assignee": assignee,
                "error_type": error_type,
                "limit": limit,
                "cursor": cursor,
                "min_position": min_position,
            },
        )
        return answer

    async def resolve_step(
        self, order_id: UUID | str, step: str, body: models.ResolveBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Answer a stalled step: try it again, undo the order, or adopt an effect that exists outside as its outcome.

        The adopted effect's `reference` is looked up in the books of the gateway first; its amount, currency and order
        must fit what the step asked for. Where they do not, the step goes on waiting.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/ops/orders/{segment(order_id)}/steps/{segment(step)}",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def retry_stalled_steps(
        self, body: models.BulkRetryBody, *, idempotency_key: str | None = None
    ) -> models.RetriedList:
        """Try again all steps that stalled with one type of error, the longest waiting first.

        Each tells what came of it; one that cannot be retried does not keep the others from it.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.RetriedList = await self._call(
            "POST",
            "/v1/ops/sagas/retry",
            {200: models.RetriedList},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def assign_order(
        self, order_id: UUID | str, body: models.AssignBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Hand an open order to somebody, or to nobody.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/ops/orders/{segment(order_id)}/assignment",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def note_order(
        self, order_id: UUID | str, body: models.NoteBody, *, idempotency_key: str | None = None
    ) -> models.Order | models.Accepted:
        """Leave a note at an open order, for those who look at it next. Customers do not see it.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Order | models.Accepted = await self._call(
            "POST",
            f"/v1/ops/orders/{segment(order_id)}/notes",
            {200: models.Order, 202: models.Accepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_cases(
        self,
        *,
        status: models.CaseStatus | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        min_position: str | None = None,
    ) -> models.CasePage:
        """The oldest first; those that wait for an answer, unless another status is asked for.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        `min_position`: A `Waybill-Position`: wait until the read has seen it
        """
        answer: models.CasePage = await self._call(
            "GET",
            "/v1/ops/cases",
            {200: models.CasePage},
            query={"status": status, "limit": limit, "cursor": cursor, "min_position": min_position},
        )
        return answer

    async def answer_case(
        self, case_id: UUID | str, body: models.CaseBody, *, idempotency_key: str | None = None
    ) -> models.Case | models.CaseAccepted:
        """Say what is to become of a case. Money is moved after this answers; the case then shows as settled.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.Case | models.CaseAccepted = await self._call(
            "POST",
            f"/v1/ops/cases/{segment(case_id)}",
            {200: models.Case, 202: models.CaseAccepted},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    def stream_events(
        self,
        *,
        order_id: UUID | str | None = None,
        customer_id: str | None = None,
        type: list[str] | None = None,
        after: str | None = None,
    ) -> AsyncIterator[models.LiveEvent]:
        """Events as they happen, each with its position as id. A customer gets those of its own orders.

        A reader that comes back with `Last-Event-ID` first gets all that it missed. One that reads too slowly is cut
        off, and comes back in the same way.

        `order_id`: Only this order's events
        `customer_id`: Only this customer's orders
        `type`: Event types; all if none
        `after`: As Last-Event-ID, for the first request
        """
        return self._lines(
            "GET",
            "/v1/stream",
            models.LiveEvent,
            query={"order_id": order_id, "customer_id": customer_id, "type": type, "after": after},
        )

    async def list_projections(self) -> models.ProjectionList:
        """How far each read model is behind the log, and the builds there are of it."""
        answer: models.ProjectionList = await self._call(
            "GET", "/v1/ops/projections", {200: models.ProjectionList}
        )
        return answer

    async def rebuild_projection(self, name: str, body: models.RebuildBody | None = None) -> models.Build:
        """Begin to fill new tables beside the live ones, which are read and fed as before."""
        answer: models.Build = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/rebuild", {202: models.Build}, body=body
        )
        return answer

    async def compare_projection(self, name: str) -> models.Comparison:
        """The candidate's rows beside the live ones. Reads all of both."""
        answer: models.Comparison = await self._call(
            "GET", f"/v1/ops/projections/{segment(name)}/comparison", {200: models.Comparison}
        )
        return answer

    async def switch_projection(self, name: str, body: models.ForceBody | None = None) -> models.BuildList:
        """Make the candidate the live build, at once for every reader; the live one is kept as the previous."""
        answer: models.BuildList = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/switch", {200: models.BuildList}, body=body
        )
        return answer

    async def roll_back_projection(self, name: str, body: models.ForceBody | None = None) -> models.BuildList:
        """Make the previous build live again; the two change places."""
        answer: models.BuildList = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/rollback", {200: models.BuildList}, body=body
        )
        return answer

    async def discard_projection_build(self, name: str) -> models.BuildList:
        """Drop the candidate."""
        answer: models.BuildList = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/discard", {200: models.BuildList}
        )
        return answer

    async def list_parked_keys(
        self, name: str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.ParkedPage:
        """Keys with an event that cannot be applied, by key.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        """
        answer: models.ParkedPage = await self._call(
            "GET",
            f"/v1/ops/projections/{segment(name)}/parked",
            {200: models.ParkedPage},
            query={"limit": limit, "cursor": cursor},
        )
        return answer

    async def retry_parked_key(self, name: str, body: models.RetryBody | None = None) -> models.AskedAgain:
        """Have a projector try what is parked again: one key, or all."""
        answer: models.AskedAgain = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/retry", {202: models.AskedAgain}, body=body
        )
        return answer

    async def skip_parked_event(self, name: str, body: models.SkipBody) -> models.Parked:
        """Give the first event of a parked key up, for good; those behind it are applied."""
        answer: models.Parked = await self._call(
            "POST", f"/v1/ops/projections/{segment(name)}/skip", {202: models.Parked}, body=body
        )
        return answer

    async def create_webhook_endpoint(
        self, body: models.EndpointBody, *, idempotency_key: str | None = None
    ) -> models.CreatedEndpoint:
        """What happens to orders from now on is sent there. The same key gives the same endpoint, while there is one,
        with a secret that signs now.

        `idempotency_key`: 1 to 255 visible ASCII characters; the same key stands for the same command
        """
        answer: models.CreatedEndpoint = await self._call(
            "POST",
            "/v1/webhook-endpoints",
            {201: models.CreatedEndpoint},
            body=body,
            headers={"idempotency-key": idempotency_key},
        )
        return answer

    async def list_webhook_endpoints(self) -> models.EndpointList:
        """The oldest first."""
        answer: models.EndpointList = await self._call("GET", "/v1/webhook-endpoints", {200: models.EndpointList})
        return answer

    async def get_webhook_endpoint(self, endpoint_id: UUID | str) -> models.Endpoint:
        """One endpoint, without its secret."""
        answer: models.Endpoint = await self._call(
            "GET", f"/v1/webhook-endpoints/{segment(endpoint_id)}", {200: models.Endpoint}
        )
        return answer

    async def change_webhook_endpoint(
        self, endpoint_id: UUID | str, body: models.EndpointChangeBody
    ) -> models.Endpoint:
        """Change the members given. What waits goes to the new URL; a filter counts for what is sent from now on."""
        answer: models.Endpoint = await self._call(
            "PATCH", f"/v1/webhook-endpoints/{segment(endpoint_id)}", {200: models.Endpoint}, body=body
        )
        return answer

    async def delete_webhook_endpoint(self, endpoint_id: UUID | str) -> None:
        """With its log and all that waits for it."""
        await self._call("DELETE", f"/v1/webhook-endpoints/{segment(endpoint_id)}", {204: None})

    async def rotate_webhook_secret(self, endpoint_id: UUID | str) -> models.Secret:
        """A new secret; the one before signs beside it for a while."""
        answer: models.Secret = await self._call(
            "POST", f"/v1/webhook-endpoints/{segment(endpoint_id)}/rotate-secret", {200: models.Secret}
        )
        return answer

    async def pause_webhook_endpoint(self, endpoint_id: UUID | str) -> models.Endpoint:
        """Send nothing for now. What happens meanwhile waits."""
        answer: models.Endpoint = await self._call(
            "POST", f"/v1/webhook-endpoints/{segment(endpoint_id)}/pause", {200: models.Endpoint}
        )
        return answer

    async def resume_webhook_endpoint(self, endpoint_id: UUID | str) -> models.Endpoint:
        """Send again, beginning with what waits."""
        answer: models.Endpoint = await self._call(
            "POST", f"/v1/webhook-endpoints/{segment(endpoint_id)}/resume", {200: models.Endpoint}
        )
        return answer

    async def list_webhook_deliveries(
        self, endpoint_id: UUID | str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.DeliveryPage:
        """Every attempt, the newest first.

        `limit`: Items per page
        `cursor`: `next_cursor` of the page before
        """
        answer: models.DeliveryPage = await self._call(
            "GET",
            f"/v1/webhook-endpoints/{segment(endpoint_id)}/deliveries",
            {200: models.DeliveryPage},
            query={"limit": limit, "cursor": cursor},
        )
        return answer

    async def replay_webhooks(self, endpoint_id: UUID | str, body: models.ReplayBody) -> models.Replay:
        """Send every event behind that position of the log again, under the ids they had. A paused endpoint gets
        them once it is resumed.
        """
        answer: models.Replay = await self._call(
            "POST", f"/v1/webhook-endpoints/{segment(endpoint_id)}/replay", {202: models.Replay}, body=body
        )
        return answer

    async def send_test_webhook(self, endpoint_id: UUID | str) -> models.Tried:
        """Send a message of type `webhook.test` once, also to a paused endpoint, and say what came of it."""
        answer: models.Tried = await self._call(
            "POST", f"/v1/webhook-endpoints/{segment(endpoint_id)}/test", {200: models.Tried}
        )
        return answer

    async def check_alive(self) -> models.Alive:
        """The process answers. Says nothing of what it depends on."""
        answer: models.Alive = await self._call("GET", "/livez", {200: models.Alive})
        return answer

    async def check_ready(self) -> models.Ready:
        """Whether everything that requests need can be reached."""
        answer: models.Ready = await self._call("GET", "/readyz", {200: models.Ready})
        return answer
