"""Scenario files: liberal in what they take, and exact about what is wrong, where, and what would be right."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reception.ports.business import Bookable, BusinessKind, ResourceKind
from reception.runtime.evaluation.document import LARGEST_FILE_BYTES, ScenarioError
from reception.runtime.evaluation.scenario import Scenario
from reception.runtime.evaluation.scenario_file import load, load_all, scenario_files
from tests.support.scenarios import written


def one(text: str) -> Scenario:
    (scenario,) = written(text)
    return scenario


def problems(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        written(text)
    return caught.value.detail


def test_what_a_scenario_leaves_out_has_its_default() -> None:
    scenario = one("business: harbor-table\nturns: [Hello.]")
    assert scenario.clock.isoformat() == "2027-03-10T10:00:00-08:00"
    assert (scenario.caller, scenario.channel, scenario.speech.spoken) == ("", "voice", False)
    assert scenario.turns[0].act.text == "Hello."
    assert scenario.modes == ("local", "llm")


def test_what_yaml_would_make_a_number_stays_what_was_written() -> None:
    scenario = one(
        "business: harbor-table\ncaller: +14155550142\nclock: 2027-03-10 19:30\n"
        "answers: {phone: 0142, confirm: yes, time: 19:30}\nturns: [Hello.]"
    )
    assert scenario.caller == "+14155550142"
    assert scenario.clock.hour == 19
    said = {name: acts[0].text for name, acts in scenario.answers.items()}
    assert said == {"phone": "0142", "confirm": "yes", "time": "19:30"}


def test_several_scenarios_share_what_stands_beside_them() -> None:
    first, second = written(
        """
        business: alder-house
        tags: [hotel]
        answers: {name: Joe Miller, confirm: Yes.}
        scenarios:
          - {name: First, turns: [Hello.], tags: [quick]}
          - {turns: [Hello.], answers: {name: Ann Lee}}
        """
    )
    assert (first.name, first.tags) == ("First", ("hotel", "quick"))
    assert second.name == "test 2"
    assert {name: acts[0].text for name, acts in second.answers.items()} == {"name": "Ann Lee", "confirm": "Yes."}


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("business: harbor-table\nturns: [Hi]\ntruns: [Hi]", "test.yaml:3: truns", 'Did you mean "turns"?'),
        ("turns: [Hi]", "test.yaml:1: ", '"business" is missing'),
        ("business: harbour\nturns: [Hi]", "test.yaml:1: business", "harbor-table, alder-house, northgate-homes"),
        ("business: harbor-table", "test.yaml:1: ", '"turns" is missing'),
        ("business: harbor-table\nturns:\n  - when: phon\n    say: Hi", "test.yaml:3: turns[0].when", '"phone"'),
        ("business: harbor-table\nturns:\n  - {say: Hi, dtmf: 1}", "test.yaml:3: turns[0]", "does one thing"),
        ("business: harbor-table\nturns: [{dtmf: 12a}]", "test.yaml:2: turns[0].dtmf", "0 to 9"),
        ("business: harbor-table\nturns: [Hi]\nclock: soon", "test.yaml:3: clock", "2027-03-10 18:30"),
        ("business: harbor-table\nturns: [Hi]\nchannel: fax", "test.yaml:3: channel", "voice, chat"),
        ("business: harbor-table\nturns: [Hi]\nspeech: {noise: loud}", "test.yaml:3: speech.noise", "number"),
        (
            "business: harbor-table\nturns: [Hi]\nexpect: {reservations: [{date: someday}]}",
            "test.yaml:3: expect.reservations[0].date",
            "next saturday",
        ),
        (
            "business: harbor-table\nturns: [Hi]\nexpect:\n  reservations:\n    - {persons: 3}",
            "test.yaml:5: expect.reservations[0].persons",
            "party",
        ),
        ("business: harbor-table\nturns: [Hi]\nexpect: {said: [/(/]}", "test.yaml:3: expect.said[0]", "expression"),
        ("business: harbor-table\nturns: [Hi]\nexpect: {ended: never}", "test.yaml:3: expect.ended", "goodbye"),
        ("business: harbor-table\nturns: [Hi]\nturns: [Ho]", "test.yaml:3: turns", "twice"),
        ("business: harbor-table\nturns: [What?]", "test.yaml:2: ", "needs quotes"),
        (
            "business: {name: X, kind: hotels, rooms: {A: 1}}\nturns: [Hi]",
            "test.yaml:1: business.kind",
            'Did you mean "hotel"?',
        ),
        ("business: {name: X, tables: {2: 1}, hours: maybe}\nturns: [Hi]", "business.hours", "mon-fri 9:00-17:00"),
        ("business: {name: X, rules: {lead_time: 30}}\nturns: [Hi]", "business.rules.lead_time", "45 minutes"),
        ("business: {name: X, timezone: Mars}\nturns: [Hi]", "business.timezone", "Europe/London"),
        ("business: {kind: salon}\nturns: [Hi]", "business", '"name" is missing'),
        ("business: {name: X, agent: {patience: much}}\nturns: [Hi]", "business.agent.patience", "number"),
        (
            "business: {name: X, agent: {kind: custom, definition: {flows: [{name: a}]}}}\nturns: [Hi]",
            "business.agent.definition.flows[0]",
            "slots",
        ),
        (
            "business: harbor-table\nexisting: {reservations: [{party: 2}]}\nturns: [Hi]",
            "existing.reservations[0]",
            '"date" and "time"',
        ),
        ("- just a text", "test.yaml:1", "must be a mapping"),
        ("", "test.yaml: ", "holds no scenario"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_with_what_is_right(text: str, where: str, told: str) -> None:
    detail = problems(text)
    assert where in detail
    assert told in detail


def test_all_that_is_wrong_is_told_at_once() -> None:
    detail = problems("business: harbor-table\nturns: [{say: Hi, wen: name}]\nclock: soon\nexpect: {asks: fone}")
    assert [line.split(": ")[0] for line in detail.splitlines()] == ["test.yaml:2", "test.yaml:3", "test.yaml:4"]


def test_a_file_of_a_business_is_named_in_its_own_problems(tmp_path: Path) -> None:
    (tmp_path / "inn.yaml").write_text("name: Inn\nrooms: {Double: {sleeps: many}}\n")
    (tmp_path / "stay.yaml").write_text("business: inn.yaml\nturns: [Hi]\n")
    with pytest.raises(ScenarioError, match=r"inn\.yaml:2: rooms\.Double\.sleeps"):
        load(tmp_path / "stay.yaml")


def test_files_are_bounded_and_found(tmp_path: Path) -> None:
    (tmp_path / "businesses").mkdir()
    (tmp_path / "businesses" / "inn.yaml").write_text("name: Inn\nrooms: {Double: 2}\n")
    (tmp_path / "a.yaml").write_text("business: businesses/inn.yaml\nturns: [Hi]\n")
    (scenario,) = load_all(scenario_files([tmp_path]))
    assert scenario.business.spec.name == "Inn"
    (tmp_path / "large.yaml").write_text("#" * (LARGEST_FILE_BYTES + 1))
    with pytest.raises(ScenarioError, match="larger than"):
        load(tmp_path / "large.yaml")
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcde", "bcdef", strict=True)
    )
    assert "more than" in problems(bomb)
    with pytest.raises(ScenarioError, match="does not exist"):
        scenario_files([tmp_path / "nowhere"])


def test_a_restaurant_in_short() -> None:
    business = one(
        """
        business:
          name: Bistro
          hours: tue-sat 17:00-22:00
          closures: [{from: 2027-08-01, until: 2027-08-14, reason: our summer break}]
          public_holidays: yes
          tables:
            - {name: Window, seats: 2}
            - {name: Corner, seats: 2}
          joinings: [[Window, Corner]]
          rules:
            turn_times: {2: 90m, 4: 2h}
            shifts: [{name: Dinner, opens: 5pm, last_seating: 20:30, weekdays: tue-sat, covers: 12}]
        turns: [Hi]
        """
    ).business
    assert business.spec.kind is BusinessKind.RESTAURANT
    assert business.spec.region == "US"
    assert business.spec.rules.turn_times == ((2, timedelta(minutes=90)), (4, timedelta(hours=2)))
    (shift,) = business.spec.rules.shifts
    assert (shift.opens, shift.last_seating, shift.weekdays) == (time(17), time(20, 30), (1, 2, 3, 4, 5))
    assert [(each.name, each.capacity, each.joins) for each in business.resources] == [
        ("Window", 2, ()),
        ("Corner", 2, ()),
        ("Window + Corner", 4, ("Window", "Corner")),
    ]
    assert business.spec.hours.closures[0].reason == "our summer break"
    assert business.spec.hours.holidays is not None


def test_a_hotel_in_short() -> None:
    business = one(
        """
        business:
          name: Inn
          timezone: Europe/London
          rooms:
            Double: {sleeps: 2, count: 2, rate: 120, weekend_rate: "£150"}
            Family Room: {sleeps: 4, rates: {sun-thu: 180, fri-sat: 220}}
          rules: {stay_rules: [{from: 2027-12-24, until: 2027-12-26, minimum_nights: 3}]}
        turns: [Hi]
        """
    ).business
    rules = business.spec.rules
    assert (business.spec.kind, business.spec.region, rules.bookable) == (BusinessKind.HOTEL, "GB", Bookable.ROOM)
    assert [(each.name, each.place, each.capacity) for each in business.resources] == [
        ("Double 1", "Double", 2),
        ("Double 2", "Double", 2),
        ("Family Room", "Family Room", 4),
    ]
    assert rules.currency == "GBP"
    assert [(rate.place, rate.nightly, rate.weekdays) for rate in rules.rates] == [
        ("Double", Decimal(150), (4, 5)),
        ("Double", Decimal(120), (0, 1, 2, 3, 4, 5, 6)),
        ("Family Room", Decimal(180), (0, 1, 2, 3, 6)),
        ("Family Room", Decimal(220), (4, 5)),
    ]
    assert rules.stay_rules[0].minimum_nights == 3


def test_a_salon_in_short() -> None:
    business = one(
        """
        business:
          name: Cuts
          kind: salon
          hours: tue-sat 9-18
          services: {Haircut: 45m, Colour: {length: 2h, price: $90, buffer: 15m}}
          staff:
            - {name: Ana, services: [Haircut], hours: tue-thu 9-17, away: [2027-03-16]}
            - Ben
        turns: [Hi]
        """
    ).business
    rules = business.spec.rules
    assert rules.bookable is Bookable.APPOINTMENT
    assert [(each.name, each.length, each.price) for each in rules.services] == [
        ("Haircut", timedelta(minutes=45), None),
        ("Colour", timedelta(hours=2), Decimal(90)),
    ]
    ana, ben = business.resources
    assert (ana.kind, ana.attributes, len(ana.hours.weekly)) == (ResourceKind.STAFF, {"services": ["Haircut"]}, 7)
    assert ana.hours.absences[0].first.isoformat() == "2027-03-16"
    assert (ben.name, ben.hours.weekly) == ("Ben", ())


def test_what_an_anchor_holds_is_merged_below_a_scenario_s_own() -> None:
    first, second = written(
        "- &first\n  business: harbor-table\n  caller: +14155550142\n  turns: [Hello.]\n"
        "- <<: *first\n  name: Another\n  turns: [Hi.]\n"
    )
    assert (first.caller, second.caller) == ("+14155550142", "+14155550142")
    assert (second.name, second.turns[0].act.text) == ("Another", "Hi.")
    assert "takes a mapping" in problems("- <<: nothing\n  business: harbor-table\n")


SALON = """
business: {name: Snip, kind: salon, services: {Haircut: {minutes: 30}, Colour: {minutes: 90}}, staff: {Ana: daily 9-17}}
turns: [Hi]
existing:
  reservations:
    - {date: friday, time: "10:00", %s}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SALON % "service: Massage", '"Massage" is no service of the business. Allowed: Haircut, Colour'),
        (SALON % "service: haircut, staff: Anna", '"Anna" is no person of the business. Did you mean "Ana"?'),
        (SALON % "name: Joe", 'needs "service", what the appointment is for: Haircut, Colour'),
        (
            "business: {name: Inn, kind: hotel, rooms: {Twin: 2}}\nturns: [Hi]\nexisting:\n  reservations:\n"
            "\n    - {date: friday, room: Penthouse}",
            '"Penthouse" is no room type of the business. Allowed: Twin',
        ),
        (
            "business: {name: Homes, kind: real_estate, listings: {1 Elm Street: Ana}}\nturns: [Hi]\nexisting:\n"
            "  reservations:\n    - {date: friday, time: '10:00', property: 2 Elm Street}",
            '"2 Elm Street" is no listing of the business. Did you mean "1 Elm Street"? Allowed: 1 Elm Street',
        ),
        (
            "business: {name: Homes, kind: real_estate, listings: {1 Elm Street: Ana}}\n"
            "turns: [{meanwhile: {reservations:\n\n\n    [{date: friday, time: '10:00', property: 2 Elm Street}]}}]",
            '"2 Elm Street" is no listing',
        ),
    ],
)
def test_what_exists_is_for_what_the_business_has(text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        written(text)
    (problem,) = raised.value.found
    assert told in problem.message
    assert problem.line == len(text.strip("\n").splitlines()) + text.startswith("\n")


def test_names_of_what_exists_may_be_in_any_case() -> None:
    (scenario,) = written(SALON % "service: haircut, with: ana")
    assert scenario.existing.reservations[0].staff == "ana"
