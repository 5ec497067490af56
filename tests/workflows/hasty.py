"""The order's workflow, but for a look at the clock: the same on every replay, and no business of a workflow."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.contracts import ORDER_WORKFLOW, OrderInput, OrderOutcome

from workflows.order import OrderWorkflow


@workflow.defn(name=ORDER_WORKFLOW)
class HastyWorkflow(OrderWorkflow):
    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        super().__init__(given)

    @workflow.run
    async def run(self, given: OrderInput) -> OrderOutcome:
        datetime.now()  # noqa: DTZ005 - what the guard is there to find
        return await super().run(given)
