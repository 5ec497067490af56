"""`/v1/ops/cases`."""

from dataclasses import replace

from domain.errors import NotAllowed
from domain.reconciliation.events import CaseActionRefused, CaseKind, CaseOpened
from domain.reconciliation.model import Case, CaseStatus
from readmodels.views import CaseView
from tests.api.world import World, problem
from tests.support.samples import NOON, ORDER, OTHER_ORDER, eur

OPENED = CaseOpened(
    OTHER_ORDER, CaseKind.CAPTURED_TWICE, ORDER, "capture", "capture:p#0", "cap-2", "auth-1", None, eur("9.00")
)
PATH = f"/v1/ops/cases/{OPENED.case_id}"
BODY = {"action": "refund", "reason": "captured twice by hand"}


def knows(world: World, case: Case) -> None:
    world.queries.known_cases.append(CaseView(case, NOON, NOON, 3))


async def test_what_waits_is_listed_with_what_it_takes(world: World) -> None:
    refused = CaseActionRefused("answer:k", "does-not-fit", "no room")
    knows(world, Case(OPENED, refused=refused))
    knows(world, Case(replace(OPENED, case_id=ORDER), CaseStatus.DISMISSED))
    (item,) = (await world.call("GET", "/v1/ops/cases", role="operator")).json()["items"]
    assert (item["kind"], item["status"], item["expected"]) == ("captured_twice", "open", None)
    assert item["found"] == {"amount": "9.00", "currency": "EUR"}
    assert item["possible"] == ["adopt", "dismiss", "refund"]
    assert item["refused"] == "does-not-fit: no room"
    (other,) = (await world.call("GET", "/v1/ops/cases?status=dismissed", role="operator")).json()["items"]
    assert other["possible"] == []


async def test_an_answer_is_a_command_of_the_caller(world: World) -> None:
    knows(world, Case(OPENED, CaseStatus.SETTLING))
    response = await world.call("POST", PATH, role="operator", subject="eve", json=BODY)
    assert (response.status_code, response.json()["status"]) == (200, "settling")
    ((name, given),) = world.gateway.calls
    assert (name, given["case_id"], given["action"], given["actor"]) == (
        "answer",
        OPENED.case_id,
        "refund",
        "operator:eve",
    )


async def test_what_cannot_be_read_yet_is_accepted(world: World) -> None:
    world.queries.behind = True
    response = await world.call("POST", PATH, role="operator", json=BODY)
    assert response.status_code == 202
    assert response.json()["position"] == response.headers["Waybill-Position"]


async def test_refusals_and_unknown_cases(world: World) -> None:
    world.gateway.fails = NotAllowed("the case is settled", code="case-not-open", details={"status": "settled"})
    problem(await world.call("POST", PATH, role="operator", json=BODY), 409, "case-not-open")
    problem(await world.call("POST", "/v1/ops/cases/x", role="operator", json=BODY), 404, "case-not-found")
    wrong = {**BODY, "action": "forget"}
    problem(await world.call("POST", PATH, role="operator", json=wrong), 422, "invalid-request")
