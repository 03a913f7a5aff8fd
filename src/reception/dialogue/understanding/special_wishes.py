"""Words by which a special wish is known: what people cannot eat, celebrate, need for a child, or to get around."""

import re

_FOOD = (
    r"allerg|vegan\b|vegetarian\b|pescatarian\b|gluten|co?eliac|dietary|intoleran|halal\b|kosher\b|lactose|"
    r"can not (?:have|eat|do) (?:any )?(?:nuts|peanuts|dairy|gluten|fish|eggs?|meat|pork|beef|seafood|wheat|milk|soy|"
    r"sesame|tomato(?:es)?|garlic|onions?|spicy|sugar|cheese|mushrooms?)|"
    r"dairy[ -]free|nut[ -]free|no (?:nuts|dairy|shellfish|pork|gluten)\b|diabetic|shellfish"
)
_OCCASION = (
    r"birthday|anniversar|celebrat|engagement|proposing|graduation|retirement|honeymoon|hen (?:do|party)|baby shower|"
    r"surprise|special occasion|first date|date night"
)
_CHILDREN = (
    r"high ?chairs?|booster(?: seat)?|baby (?:seat|chair|cot)|prams?\b|strollers?\b|pushchairs?\b|bugg(?:y|ies)\b|"
    r"cots?\b|cribs?\b|travel cot|extra bed|rollaway"
)
_ACCESS = (
    r"wheel ?chairs?|step[ -]free|crutches|walker\b|walking stick|mobility|accessib|disab|ground floor|guide dog|"
    r"service dog|assistance dog|no stairs|can not (?:do|manage|climb) stairs|hard of hearing|deaf\b|blind\b|"
    r"near the (?:lift|elevator|door|entrance|toilets?|bathroom)"
)
_PLACE = (
    r"window (?:seat|table)|(?:get|have|take|by|near|at) the window|quiet (?:table|corner|spot|room|area)|"
    r"(?:sit|table|seat|be|eat|seated|sitting) outside|outside (?:table|seat)|outdoor (?:table|seat)|"
    r"(?:on|the|your) (?:terrace|patio)|(?:in|a) (?:booth|the garden)|away from the|corner table|high floor|"
    r"low floor|"
    r"top floor|sea view|twin beds|king bed|non ?smoking|early check ?in|late check ?out|late arrival|arriving late"
)
_CARE = r"sensitive (?:skin|scalp)|pregnant|anxious|nervous"

NOTES = re.compile(rf"\b(?:{_FOOD}|{_OCCASION}|{_CHILDREN}|{_ACCESS}|{_PLACE}|{_CARE})")
WISHED = re.compile(
    r"^(?:and |also |oh |so |yes |please |okay |but )*(?:can|could|may|would|will|is it possible|"
    r"would it be possible)"
    r"(?: (?:i|we|you|to|for us|it be possible))*(?: (?:please|also|maybe|possibly))*"
    r" (?:have|get|add|bring|request|ask|put|note|seat|arrange|reserve|provide|make sure|set up|do)\b"
)
""" "Could we have a high chair?" wishes, where "do you have high chairs?" asks."""
