"""Every projection there is."""

from collections.abc import Sequence

from readmodels.audit import Audit
from readmodels.base import Projection
from readmodels.cases import Cases
from readmodels.drafts import Drafts
from readmodels.ledger import Ledger
from readmodels.order_skus import OrderSkus
from readmodels.orders import Orders
from readmodels.products import Products
from readmodels.reports import Reports
from readmodels.returns import ReturnRows
from readmodels.saga_notes import SagaNotes
from readmodels.saga_steps import SagaSteps
from readmodels.stock import Stock
from readmodels.taxonomy import TaxonomyRows
from readmodels.timeline import Timeline


def projections() -> Sequence[Projection]:
    """New instances: each engine has its own, because they may remember what they wrote last."""
    return (
        Orders(),
        Timeline(),
        Ledger(),
        SagaSteps(),
        SagaNotes(),
        Stock(),
        Products(),
        TaxonomyRows(),
        Cases(),
        ReturnRows(),
        Audit(),
        Reports(),
        OrderSkus(),
        Drafts(),
    )
