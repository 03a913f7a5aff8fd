"""How texts are said. The left side is what replies, documents and tenants write."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.core.speakable import speakable

PHONES = {
    "Call (415) 555-0142.": "Call four one five, five five five, zero one four two.",
    "Call 415-555-0142 or 555-0199.": (
        "Call four one five, five five five, zero one four two or five five five, zero one nine nine."
    ),
    "+1 415 555 0142": "plus one, four one five, five five five, zero one four two",
    "+14155550142": "plus one, four one five, five five five, zero one four two",
    "+44 20 7946 0018": "plus four four, two zero, seven nine four six, zero zero one eight",
    "4155550142": "four one five, five five five, zero one four two",
    "415.555.0142 ext. 12": "four one five, five five five, zero one four two, extension one two",
}
ADDRESSES = {
    "Write to info@lumen.example.com.": "Write to info at lumen dot example dot com.",
    "nora_q9+w@mail-box.example.org": "nora underscore q nine plus w at mail dash box dot example dot org",
    "See https://www.example.com/menu.": "See w w w dot example dot com slash menu.",
    "Visit example.com/rooms today": "Visit example dot com slash rooms today",
    "12 Main St.": "12 Main Street.",
    "We are at 12 Main St. and open late.": "We are at 12 Main Street and open late.",
    "We are at 12 Main St. Parking is behind.": "We are at 12 Main Street. Parking is behind.",
    "400 N. Elm Dr, Apt. 5": "400 N. Elm Drive, Apartment 5",
    "Dr. Ellis sees you at St. Mary's.": "Doctor Ellis sees you at Saint Mary's.",
    "the corner of 5th Ave. and Oak Blvd.": "the corner of fifth Avenue and Oak Boulevard.",
    "Springfield, CA 94107": "Springfield, CA nine four one zero seven",
}
TIMES = {
    "7:30pm": "7:30 PM",
    "7:30 PM": "7:30 PM",
    "at 7:00 p.m. sharp": "at 7 PM sharp",
    "We close at 10 p.m. We open at 5 p.m.": "We close at 10 PM. We open at 5 PM.",
    "19:30": "7:30 PM",
    "00:15": "12:15 AM",
    "at 9:05": "at 9:05",
    "at 9:00": "at 9 o'clock",
    "6–9 pm": "6 to 9 PM",
    "5:30-10pm": "5:30 to 10 PM",
    "11am–2:30pm": "11 AM to 2:30 PM",
    "11:00 - 14:30": "11 o'clock to 2:30 PM",
    "open 24/7": "open 24 7",
}
DATES = {
    "2026-11-22": "November twenty-second, 2026",
    "11/22/2026": "November twenty-second, 2026",
    "on 11/22": "on November twenty-second",
    "Nov 22": "November twenty-second",
    "Nov. 3rd, 2026": "November third, 2026",
    "Monday, December 14 at 7:30 PM": "Monday, December fourteenth at 7:30 PM",
    "22 November": "the twenty-second of November",
    "Dec 24–26": "December twenty-fourth to twenty-sixth",
    "Mon–Fri": "Monday to Friday",
    "Mon-Thu 5-9pm, Fri-Sat 5-10pm": "Monday to Thursday 5 to 9 PM, Friday to Saturday 5 to 10 PM",
    "June–August": "June to August",
    "Fri, Nov 27": "Friday, November twenty-seventh",
    "Tue. 12 May": "Tuesday the twelfth of May",
    "the 1st and the 21st": "the first and the twenty-first",
    "You may come in March.": "You may come in March.",
    "We sat in the sun.": "We sat in the sun.",
}
AMOUNTS = {
    "$25": "25 dollars",
    "$1": "1 dollar",
    "$25.50": "25 dollars and 50 cents",
    "$0.99": "99 cents",
    "$1,250.00": "1,250 dollars",
    "$20–30": "20 to 30 dollars",
    "$20 - $30": "20 to 30 dollars",
    "$3.5 million": "3.5 million dollars",
    "$450k": "450 thousand dollars",
    "€45": "45 euros",
    "$5M–$6M": "5 million dollars to 6 million dollars",
    "£12.50": "12 pounds and 50 pence",
    "$18/person": "18 dollars per person",
    "20%": "20 percent",
    "10–15%": "10 to 15 percent",
    "10-15 minutes": "10 to 15 minutes",
    "a party of 2–4": "a party of 2 to 4",
    "1/2 bottle": "one half bottle",
    "2 1/2 hours": "2 and a half hours",
    "1½ cups": "1 and a half cups",
    "5 km": "5 kilometers",
    "1 km away": "1 kilometer away",
    "15 min. walk": "15 minutes walk",
    "a 30-min walk": "a 30 minute walk",
    "1,200 sq ft": "1,200 square feet",
    "85 m²": "85 square meters",
    "72°F": "72 degrees Fahrenheit",
    "35 lbs.": "35 pounds.",
    "4.5 stars": "4.5 stars",
}
CODES = {
    "Your reference is K7QF3M.": "Your reference is K seven Q, F three M.",
    "RX-4821": "R X, four eight two one",
    "#4821B": "four eight two, one B",
    "Your confirmation number is 482193.": "Your confirmation number is four eight two, one nine three.",
    "PIN: 4821": "PIN: four eight two one",
    "Room 204": "Room 204",
    "COVID-19": "COVID, one nine",
    "code MENU2026": "code MENU two zero two six",
    "table #12": "table number 12",
    "a 4-star hotel": "a 4-star hotel",
}
MARKUP = {
    "**Yes**, we have *parking*.": "Yes, we have parking.",
    "# Hours\n- Monday: closed\n- Tuesday: open": "Hours. Monday: closed. Tuesday: open",
    "See [our menu](https://example.com/m).": "See our menu.",
    "Great 🎉 see you!": "Great see you!",
    "Use `code`": "Use code",
    "| Dish | Price |\n|---|---|\n| Soup | $9 |": "Dish, Price. Soup, 9 dollars",
    "a_b stays": "a b stays",
}
WORDS = {
    "soup & salad": "soup and salad",
    "e.g. pasta": "for example, pasta",
    "Parking — free — is behind": "Parking, free, is behind",
    "w/ or w/o gluten": "with or without gluten",
    "groups of 8+": "groups of 8 or more",
    "approx. 5 people etc.": "approximately 5 people et cetera.",
    "Mr. and Mrs. Quill": "Mister and Missus Quill",
    "red/white": "red or white",
    "I'd like a table for four, please.": "I'd like a table for four, please.",
    "": "",
}


@pytest.mark.parametrize(
    ("written", "spoken"),
    [pair for table in (PHONES, ADDRESSES, TIMES, DATES, AMOUNTS, CODES, MARKUP, WORDS) for pair in table.items()],
)
def test_says(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


@given(st.lists(st.text(string.ascii_lowercase, min_size=4, max_size=9), min_size=1))
def test_plain_words_pass_through(words: list[str]) -> None:
    text = " ".join(words)
    assert speakable(text) == text


@given(st.text(max_size=200))
def test_any_text_becomes_one_line(text: str) -> None:
    spoken = speakable(text)
    assert "\n" not in spoken
    assert spoken == spoken.strip()


@given(st.integers(2, 9).map(str), st.text("0123456789", min_size=9, max_size=9))
def test_every_digit_of_a_phone_number_is_said(first: str, rest: str) -> None:
    number = first + rest
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = [words.index(word) for word in speakable(f"Call {number}.").rstrip(".").replace(",", "").split()[1:]]
    assert "".join(map(str, said)) == number
