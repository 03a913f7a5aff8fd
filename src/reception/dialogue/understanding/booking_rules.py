"""What callers want of a reservation that they have, or of a place in line for one. See `rules`."""

import re

_BOOKING = r"(?:reservations?|bookings?|table|viewings?|appointments?|stay|room)"
_THEIR = rf"(?:my|our|the|a|an existing|this) (?:\w+ )?{_BOOKING}"


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_DAY = r"(?:\w+day|today|tonight|tomorrow)"
CHANGES = (
    rf"\b(?:can not|will not be able to|(?:am|are) not able to|unable to) (?:make|do) (?:the |our |my |this |next )?"
    rf"{_DAY}\b",
    r"\bmake (?:the|our|my) (?:table|booking|reservation) (?:bigger|larger|smaller)\b",
    rf"\b(?:swap|switch|change|move) (?:from |it from )?{_DAY} (?:for|to|with)\b",
    rf"\b{_DAY} (?:rather than|instead of) {_DAY}\b",
    r"\b(?:do|have|come at|say) (?:\w+ ){0,2}[\d:]+ (?:instead of|rather than) [\d:]+",
    r"\bbring (?:along )?(?:one|two|three|four|\d) (?:more|extra|additional) (?:people|person|guests?|friends?)\b",
    rf"\bcame up (?:for|on) {_DAY}\b",
)
"""What is said of a booking that there is, and would not be said where there is none."""
NOT_THERE = (
    rf"\b(?:will not|am not|are not) (?:be )?coming (?:on |this )?{_DAY}\b|"
    rf"\bnot going to (?:make|come)(?: it)? (?:on |this )?{_DAY}|\bdrop out of {_DAY}\b"
)
CONFIRM_AGAIN = _compiled(
    rf"^(?!.*\b(?:can|could|would|will) you\b).*\b(?:re)?confirm(?:ing)? (?:that )?{_THEIR}\b",
    r"\b(?:i|we) (?:am|are|will) (?:still|definitely|all still|both still) "
    r"(?:coming|be coming|be there|on|attending)\b",
    r"\bstill (?:coming|on) for (?:tonight|tomorrow|today|this|our|my|the|\w+day)\b",
    r"\b(?:calling|ringing|phoning) (?:back )?to (?:re)?confirm\b",
    r"\breconfirm\b",
    r"\b(?:got|had|received) (?:a|your) (?:text|message|reminder|email|voicemail)\b.*\bconfirm\b",
)
FEWER_COME = re.compile(
    r"\b(?P<count>one|two|three|four|five|[1-9])(?: (?:person|people|guests?|friends?)| of (?:us|them)) "
    r"(?:can not|could not|will not be able to|(?:is|are) not able to|will not|(?:is|are) not going to|(?:is|are) not) "
    r"(?:come|coming|make it|making it|attend|attending|join|be there|be coming)\b(?! (?:at|until|before|in time))|"
    r"\b(?P<dropped>one|two|three|four|five|[1-9]) of (?:us|them) (?:has|have|had) (?:to (?:cancel|drop out|pull out)|"
    r"cancelled|dropped out|pulled out)\b"
)
"""Some of those who are booked, not all."""
LEAVES_LIST = re.compile(
    r"\b(?:take|remove|get|cross|strike|drop)\b(?: \w+){0,3} (?:off|from)\b(?: \w+){0,3} wait(?:ing)? ?list\b|"
    r"\b(?:cancel|leave)\b(?: \w+){0,4} (?:wait(?:ing)? ?)list\b|\boff (?:the|that|this) (?:wait(?:ing)? ?)?list\b"
)
FIND = _compiled(
    r"\bwhat (?:is|was|are|were) (?:my|our) (?:\w+ )?(?:reservations?|bookings?|appointments?|viewings?)\b"
    r"(?! (?:number|reference|policy|fee|deposit|for\b.*\bcost))",
    rf"\b(?:did|have) you (?:already |actually |really )?(?:book|booked|reserve|reserved|make|made|get|got|put|have) "
    rf"(?:my|our) (?:\w+ )?{_BOOKING}\b",
    rf"\b(?:check|checking|confirm|find|look up|verify|look at|see|double check|ask about|pull up|locate|"
    rf"remind me of) "
    rf"(?:on |about |up )?{_THEIR}\b",
    rf"\b(?:if|whether) (?:i|we) (?:still )?(?:have|had|made|got) (?:a|an|any) (?:\w+ )?{_BOOKING}\b",
    rf"\bdo (?:i|we) (?:already |still )?(?:have|got) (?:a|an|any) (?:\w+ )?{_BOOKING}\b",
    r"\bhave (?:i|we) (?:got )?(?:a|an|any) (?:reservation|booking|viewing|appointment)\b",
    rf"\b(?:when|what time|what day|which day|how many)\b(?: \w+){{0,4}} (?:my|our) (?:\w+ )?{_BOOKING}\b",
    r"\b(?:when|what time|what day|which day) is (?!(?:to|\w+day|tomorrow|tonight)\w*'s)[a-z'-]+(?: [a-z'-]+)?'s "
    rf"(?:\w+ )?{_BOOKING}\b",
    r"\b(?:when|what time|what day|for when|how many) (?:did|have|had) (?:i|we) (?:book|booked|reserve|reserved)\b",
    r"\bhave (?:i|we) (?:got )?a table (?:booked|reserved)\b",
    r"\b(?:what|which) (?:time|day|date|name) (?:i|we)(?: have)? (?:booked|reserved)\b",
    r"^(?:so |and )*did (?:i|we) (?:book|reserve)\b",
    r"\b(?:is|are|was) (?:my|our) (?:booking|reservation|appointment|table) (?:still|there|ok|for|on|at|tomorrow|"
    r"tonight)\b",
    r"\bdid (?:my|our) (?:booking|reservation) go through\b",
    r"\bwhat (?:do|have) (?:i|we) (?:(?:have|got|already|currently) )*(?:booked|reserved)\b",
    r"^(?:so |and |but )*(?:is|was) (?:it|that|everything) (?:\w+ )?(?:booked|confirmed|reserved)$",
    r"\bwhat is (?:booked|reserved) (?:for (?:me|us)|under (?:my|our) (?:name|number))\b",
    r"\b(?:am i|are we) (?:still |already )?(?:booked|down for|booked in)\b(?! (?:out|up|solid))",
)
LATE = _compiled(
    r"\brunning (?:\w+ )*(?:late|behind)\b",
    r"\b(?:be|am|are|will be) (?:\w+ ){0,5}late\b(?! check)",
    r"\bstuck (?:in|on|at) (?:\w+ )*(?:traffic|motorway|freeway|highway|road|work|bridge|train|bus|airport)\b",
    r"\b(?:train|bus|flight|taxi|plane) (?:is|was|has been) (?:\w+ )?(?:late|delayed)\b",
    r"\bdelayed\b(?! check)",
    r"\bgoing to be (?:\w+ ){0,4}late\b",
    r"\bminutes? (?:late|behind)\b",
    r"\bhold (?:our|my|the) table\b",
    r"\bnot going to make it (?:for|by|on time|in time|there by)\b",
    r"\bwill not be (?:there )?on time\b",
)
LATER_STILL = re.compile(
    r"^(?:actually |no |sorry |oh |well |wait )*(?:it (?:will|is going to) be|"
    r"(?:we|i) (?:will|are going to|am going to) be|make (?:it|that)|more like|it is more like)"
    r"(?: \w+){0,5} (?:minutes|mins|hours?)\b"
)
"""Said of the booking that was just spoken of."""
WAITLIST = _compiled(
    r"\bwait(?:ing)? ?list(?:ed)?\b",
    r"\bput (?:me|us) on (?:the|your|a) list\b",
    r"\bon stand ?by\b",
    r"\b(?:am i|are we) (?:still )?(?:on (?:the|your) list|in (?:the )?line|in the queue)\b",
    r"\b(?:has|did) (?:anything|something|a (?:table|room|place|slot|spot)) (?:come|came|become|open|opened|free|freed)"
    r"(?: up)?\b(?: free)?(?: for (?:me|us))?(?: yet)?$",
    r"\b(?:call|ring|text|phone|let|tell|contact|notify) (?:me|us)\b(?: \w+){0,3} if (?:something|anything|somebody|"
    r"someone|anybody|anyone|one|it|that|a (?:\w+ )?(?:table|place|spot|slot|room|seat)) (?:\w+ ){0,2}"
    r"(?:frees|free|opens|open|comes|becomes|cancels|cancel|cancellation|available)",
    r"\bif (?:there is|you get|you have) (?:a |any )?cancellations?\b",
    r"\bin case (?:somebody|someone|anybody) cancels\b",
)


def speaks_of_lateness(words: str, *, booked: bool) -> bool:
    """Whether lengths of time in `words` say by how much somebody will be late, for what is `booked`."""
    return LATE.search(words) is not None or (booked and LATER_STILL.search(words) is not None)
