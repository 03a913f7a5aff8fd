"""Hours and rules are changed field by field over the API, and refused with a pointer to each bad one."""

from typing import Any

import pytest

from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

DINNER = {
    "name": "Dinner",
    "opens": "17:30:00",
    "last_seating": "21:30:00",
    "weekdays": ["friday", "saturday"],
    "turn_times": [{"party": 99, "minutes": 150}],
    "covers": 12,
}
RATE = {"place": "Queen", "nightly": "179.50", "weekdays": ["friday"], "first": None, "last": "2027-12-31"}
STAY = {
    "first": "2027-10-01",
    "last": "2027-10-31",
    "places": [],
    "minimum_nights": 2,
    "maximum_nights": None,
    "no_arrival": ["sunday"],
    "no_departure": [],
}
CUT = {"name": "Cut", "minutes": 45, "buffer_minutes": 15, "price": "55.00"}


async def patch(installation: Installation, shop: Shop, body: dict[str, Any]) -> Any:
    return await installation.http.patch(f"/tenants/{shop.tenant_id}", json=body, headers=shop.headers)


async def test_rules_come_back_as_they_were_set_and_others_stay(installation: Installation, shop: Shop) -> None:
    rules = {
        "shifts": [DINNER],
        "covers_per_quarter": 20,
        "rates": [RATE],
        "currency": "EUR",
        "stay_rules": [STAY],
        "services": [CUT],
        "travel_minutes": 20,
        "late_minutes": 10,
        "offer_minutes": 30,
        "shortest_stay_nights": 2,
    }
    before = (await patch(installation, shop, {"rules": {"largest_party": 12}})).json()["rules"]
    answer = await patch(installation, shop, {"rules": rules})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rules"] == {**before, **rules}
    read = await installation.http.get(f"/tenants/{shop.tenant_id}", headers=shop.headers)
    assert read.json()["rules"]["largest_party"] == 12


async def test_hours_are_changed_in_part(installation: Installation, shop: Shop) -> None:
    closures = [{"first": "2027-08-01", "last": "2027-08-14", "reason": "our summer break"}]
    weekly = (await patch(installation, shop, {"hours": {"closures": closures}})).json()["hours"]["weekly"]
    holidays = {"names": ["Thanksgiving Day"]}
    changed = (await patch(installation, shop, {"hours": {"holidays": holidays}})).json()["hours"]
    assert changed["holidays"] == {"country": "US", "subdivision": "", "names": ["Thanksgiving Day"]}
    assert (changed["closures"], changed["weekly"]) == (closures, weekly)
    off = (await patch(installation, shop, {"hours": {"holidays": None}})).json()["hours"]
    assert (off["holidays"], off["closures"]) == (None, closures)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (
            {"rules": {"shifts": [{**DINNER, "weekdays": []}, DINNER], "shortest_stay_nights": 20}},
            ["/rules/shortest_stay_nights", "/rules/shifts/0/weekdays"],
        ),
        ({"rules": {"shifts": [{**DINNER, "opens": "25:00"}]}}, ["/rules/shifts/0/opens"]),
        ({"rules": {"check_in": "15:00Z"}}, ["/rules/check_in"]),
        ({"rules": {"rates": [{**RATE, "nightly": "1.999"}]}}, ["/rules/rates/0/nightly"]),
        ({"rules": {"rates": [{**RATE, "first": "2028-01-01"}]}}, ["/rules/rates/0/last"]),
        ({"rules": {"stay_rules": [{**STAY, "maximum_nights": 1}]}}, ["/rules/stay_rules/0/maximum_nights"]),
        ({"rules": {"services": [CUT, {**CUT, "name": "CUT"}]}}, ["/rules/services/1/name"]),
        ({"rules": {"shortest_stay_nights": 20}}, ["/rules/shortest_stay_nights"]),
        ({"rules": {"currency": "euro"}}, ["/rules/currency"]),
        ({"rules": {"covers": 3}}, ["/rules/covers"]),
        ({"hours": {"holidays": {"country": "XX"}}}, ["/hours/holidays/country"]),
        ({"hours": {"holidays": {"country": "US", "subdivision": "QQ"}}}, ["/hours/holidays/subdivision"]),
        ({"hours": {"holidays": {"names": ["Xmas"]}}}, ["/hours/holidays/names/0"]),
        ({"hours": {"closures": [{"first": "2027-08-02", "last": "2027-08-01"}]}}, ["/hours/closures/0/last"]),
    ],
)
async def test_bad_rules_are_refused_with_a_pointer_each(
    installation: Installation, shop: Shop, body: dict[str, Any], pointers: list[str]
) -> None:
    before = (await installation.http.get(f"/tenants/{shop.tenant_id}", headers=shop.headers)).json()
    answer = await patch(installation, shop, body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert (await installation.http.get(f"/tenants/{shop.tenant_id}", headers=shop.headers)).json() == before
