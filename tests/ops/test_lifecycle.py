"""`docs/lifecycle.md` says what the code does."""

from pathlib import Path

from domain.catalog import events as catalog
from domain.credit import events as credit
from domain.customers import events as customers
from domain.drafts import events as drafts
from domain.inventory import events as inventory
from domain.orders import events as orders
from domain.orders.model import OrderStatus
from domain.payments import events as payments
from domain.reconciliation import events as cases
from domain.returns import events as returns
from domain.shipping import events as shipping
from ops.docs.life_states import STATES
from ops.docs.lifecycle import document
from ops.docs.writers import WRITTEN_BY

DOCUMENT = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def test_the_document_is_what_the_code_makes() -> None:
    assert DOCUMENT.read_text() == document(), "run: .venv/bin/python -m ops.docs.lifecycle > docs/lifecycle.md"


def test_every_event_has_its_writer() -> None:
    modules = (catalog, credit, customers, drafts, inventory, orders, payments, cases, returns, shipping)
    every = {event for module in modules for event in module.EVENTS}
    assert set(WRITTEN_BY) == every


def test_every_status_has_a_column() -> None:
    assert {record.status for name, record in STATES.items() if name != "none"} == set(OrderStatus)
