"""What clauses ask for, by their wording. Patterns match the normalised words of one clause."""

import re
from enum import StrEnum

from reception.dialogue.commands import Flow
from reception.dialogue.understanding.booking_rules import CHANGES, NOT_THERE


class Intent(StrEnum):
    """What a clause is about; those with a flow start it."""

    HUMAN = "human"
    REPEAT = "repeat"
    GOODBYE = "goodbye"
    CANCEL_FLOW = "cancel_flow"
    MESSAGE = "leave_message"
    CANCEL = "cancel_reservation"
    CHANGE = "change_reservation"
    LEAD = "lead"
    NEW = "new_reservation"
    LATE = "running_late"
    FIND = "find_reservation"
    CONFIRM_AGAIN = "confirm_again"
    WAITLIST = "waitlist"
    LEAVE_LIST = "leave_waitlist"
    WAIT = "wait"
    LISTEN = "listen"
    HOW_ARE_YOU = "how_are_you"
    ARE_YOU_HUMAN = "are_you_human"
    GREETING = "greeting"
    THANKS = "thanks"
    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    DENY = "deny"
    ABUSE = "abuse"
    QUESTION = "question"


FLOWS = {
    Intent.NEW: Flow.NEW_RESERVATION,
    Intent.LATE: Flow.RUNNING_LATE,
    Intent.FIND: Flow.FIND_RESERVATION,
    Intent.CONFIRM_AGAIN: Flow.CONFIRM_AGAIN,
    Intent.WAITLIST: Flow.WAITLIST,
    Intent.LEAVE_LIST: Flow.LEAVE_WAITLIST,
    Intent.CHANGE: Flow.CHANGE_RESERVATION,
    Intent.CANCEL: Flow.CANCEL_RESERVATION,
    Intent.MESSAGE: Flow.LEAVE_MESSAGE,
    Intent.LEAD: Flow.LEAD,
}

_BOOKING = r"(?:reservations?|bookings?|table|room|stay|appointment|viewing|visit|rooms|spot|dinner)"
_PERSON = (
    r"(?:human|person|manager|operator|agent|representative|someone|somebody|receptionist|owner|chef|staff|"
    r"real person|actual person|live person|supervisor|boss|colleague|concierge|front desk|reception|member of "
    r"staff|people)"
)


def compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


ABUSE = compiled(
    r"\b(?:fuck|screw|damn) (?:you|off|this)\b", r"\bfuck\b", r"\bpiss off\b", r"\bgo to hell\b",
    r"\byou(?: are|r)? (?:an? |so |such an? |fucking |bloody |really |completely |totally )*(?:idiot|stupid|"
    r"moron|dumb|useless|"
    r"bitch|asshole|arsehole|bastard|shit|crap|piece of \w+|rubbish|garbage|pathetic)\b",
    r"\b(?:stupid|dumb|useless|fucking|bloody) (?:machine|robot|bot|computer|thing|idiot)\b", r"\bshut up\b",
    r"^(?:asshole|bitch|idiot|bastard|moron|wanker)$",
)  # fmt: skip
HUMAN = compiled(
    r"\b(?:speak|talk|chat|connect me|put me through|transfer me|pass me|hand me|get through)(?: \w+){0,2} (?:to|"
    r"with|over to|on to) "
    rf"(?:a |an |the |your |another |some |any |this )?(?:\w+ )?{_PERSON}\b",
    r"\b(?:get|give|want|need|pass)(?: me| us)? (?:a |an |the |your |another )?(?:real |actual |live |proper )?"
    r"(?:human|person|manager|operator|agent|representative|somebody|someone|receptionist|supervisor)\b(?! "
    r"(?:who|at|from|table|being late))",
    r"^(?:please )?(?:a )?(?:human|operator|representative|agent|manager|real person|receptionist|a person)(?: "
    r"please)?$",
    r"\b(?:put me through|transfer me|transfer my call|transfer the call)\b", r"\breal (?:human|person)\b(?! or)",
    r"\bis there (?:a |an )?(?:human|person|manager|someone|anyone|anybody|somebody) (?:i can|there|available|"
    r"around|to)\b",
    r"\bcan (?:someone|somebody|a person|a human) (?:help|talk|speak)\b",
    r"\b(?:want|like|need) to (?:speak|talk) (?:to|with) (?!you\b|a (?:machine|robot|bot)\b)\w+\b",
    r"^(?:hi |hello |okay |and )*(?:can|could|may) i (?:please )?(?:speak|talk) (?:to|with) (?!you\b)\w+(?: \w+)?"
    r"(?: please)?$",
    r"\bnot (?:want to )?(?:talk|speak|talking|speaking) (?:to|with) (?:a|the|this) (?:machine|robot|bot|"
    r"computer|ai)\b",
)  # fmt: skip
NOT_HUMAN = compiled(
    r"\b(?:need|want) (?:to know|to ask)\b", r"\b(?:want|need) (?:a |one |\d+ )?(?:more )?person\b", r"\bper person\b"
)
REPEAT = compiled(
    r"\bwhat did you (?:just )?say\b", r"\b(?:can|could|would|will) you (?:please )?(?:repeat|say that)\b",
    r"\brepeat(?: (?:that|it|the|what|please|yourself|everything)\b|$)", r"\b(?:slower|slow down)\b", r"^you what$",
    r"^(?:the )?what$", r"^what did (?:you|u) just\b",
    r"\bsay (?:that|it) again\b",
    r"^(?:i am )?(?:sorry|pardon|excuse me|what|huh|come again|beg your pardon|say again|once more|again)(?: me| "
    r"what| please)?$",
    r"\b(?:did not|do not|could not|can not) (?:quite )?(?:catch|hear|get) (?:that|you|it|what|the|all)\b",
    r"^what was that",
    r"\bwhat (?:was|is) (?:the|that) (?:time|day|date|number|name|price) again\b",
    r"\bwhat (?:name|number) (?:do|did|have) you (?:have|got|put|take|write|book)\b",
    r"\bi beg your pardon\b", r"\bone more time\b", r"\bwhat was (?:the (?:last|first)|that last)\b",
    r"\bmissed (?:that|what you)\b", r"\bwhere (?:were|was|are) (?:we|i)$",
    r"\bwhat (?:was|is) (?:the|your) question\b",
    r"\bwhat (?:were|was|are) (?:you|we) (?:saying|asking|talking about)\b",
    r"\bwhat (?:did|do) you (?:want|need|ask)(?: me)?(?: to know)?$", r"\bspeak up\b", r"^come again\b", r"^pardon\b",
)  # fmt: skip
GOODBYE = compiled(
    r"\b(?:good ?bye|bye|bye bye|cheerio|farewell)\b",
    r"^(?:okay |so |no |well )?(?:that is|that was|that will be|that would be) (?:all|everything|it)\b(?! "
    r"(?:right|correct))",
    r"\bnothing else\b",
    r"^see (?:you|ya)\b",
    r"\bhave a (?:good|nice|great|lovely) (?:one|day|evening|night|weekend)\b",
    r"\btalk to you (?:later|soon)\b",
    r"\bi (?:am|have) (?:all )?(?:done|set)\b",
    r"^hang up$",
    r"^good night$",
    r"\ball set\b",
    r"^take care\b",
    r"\bi will hang up\b", r"\bthat is all i (?:need|needed|wanted)\b", r"^all good(?: thanks| thank you)?$",
)  # fmt: skip
STRONG_GOODBYE = compiled(
    r"\b(?:good ?bye|bye|cheerio|hang up|good night|see you|see ya|take care)\b",
    r"\bhave a (?:good|nice|great|lovely)\b",
)
CANCEL_FLOW = compiled(
    r"\bnever ?mind\b",
    r"\bforget (?:it|about it|that|about that|the whole thing)\b",
    r"\bstop (?:the|this|my|our) (?:booking|reservation|viewing)\b",
    r"^(?:(?:just|on second thoughts?|actually|oh|no|well|you know what|okay|then|let us) )*(?:cancel that|"
    r"cancel this|"
    r"scrap that|leave it|drop it|abort|do not bother)(?: (?:then|please|thanks|for now|today))*$",
    r"\bthink (?:about it|it over|on it)\b.*\b(?:call|ring|phone|get)\b",
    r"\b(?:go|try|look) (?:somewhere|elsewhere|some place) ?(?:else)?\b",
    r"\bi (?:have )?changed my mind\b(?! (?:about|to))",
    r"\bstart (?:all )?over\b",
    r"\b(?:do|would) not want (?:to book|a booking|a table|it) (?:any ?more|after all)\b",
    r"\blet us (?:not|leave it|forget)\b",
    r"\bi (?:will|would) (?:call|ring|phone) (?:you )?(?:back )?(?:later|back|again)\b",
    r"\bdo not bother\b",
    r"\bdo not worry about it\b",
    r"\bi will think about it\b",
    r"\bleave it for now\b",
    r"^(?:actually )?cancel (?:that|this|it all|everything)\b(?! (?:booking|reservation))",
)  # fmt: skip
CANCEL = compiled(
    rf"\b(?:cancel|call off|get rid of|drop|delete)\b(?: [\w']+)*? {_BOOKING}\b",
    rf"\b{_BOOKING}\b(?: \w+){{0,8}} (?:cancel|cancelled|canceled|cancelling)\b",
    r"\b(?:can|could|want|need|like|have|going|wish|calling|hoping|trying)(?: (?:i|we|to|you|us))* cancel\b",
    r"\bcancellation\b$",
    r"^(?:please )?(?:just )?cancel(?: it| please| them)*$",
    r"^(?:please |can you |could you |just )*cancel (?:for )?(?:tonight|tomorrow|today|\w+day)\b",
    r"(?:^|\b(?:i|we|that|because|but|sorry|and|unfortunately|hi|hello|so|if|actually|now|just|us) )(?:\w+ )?"
    r"(?:can not|will not be able to|are not able to|am not able to|unable to) (?:make it|come|attend)\b(?! "
    r"(?:at|until|before|on))",
)  # fmt: skip
CHANGE = compiled(
    rf"\b(?:change|move|reschedule|amend|modify|update|postpone|push back|bring forward|switch|alter|shift|edit|"
    rf"push|extend|rearrange|swap)\b(?: [\w']+)*? {_BOOKING}\b",
    rf"\b{_BOOKING}\b(?: \w+){{0,8}} (?:change|changed|move|moved|reschedule|rescheduled|push it|pushed|postpone|"
    rf"bring forward|different (?:day|time))\b",
    r"\breschedul",
    r"\bpostpone\b",
    r"\b(?:add|bring) (?:\w+ ){1,3}(?:to|more to) (?:my|our|the) (?:booking|reservation)\b",
    r"\b(?:change|move) (?:the|our|my) (?:time|date|day|name|number of (?:people|guests)|party size)\b",
    r"\bcome (?:earlier|later|another day|a different day) (?:than|instead)\b",
    r"\b(?:change|move) (?:it|that|them) to\b", r"\b(?:mean|rather|want to|like to|just) (?:move|reschedule) it$",
    r"\b(?:push|move|bring|put|shift) (?:it|that|this|(?:the|my|our) \w+(?: \w+)?) "
    r"(?:back|forward|up|earlier|later|by)\b",
    r"\b(?:one|two|three|another|an extra|an additional)(?: more| extra| additional| further)? nights?\b"
    rf"(?: \w+){{0,4}} (?:my|our) {_BOOKING}\b",
    r"\bstay(?:ing)? (?:on )?(?:for )?(?:another|an extra|an additional|one more|two more|three more) nights?\b",
    r"\bstay(?:ing)? (?:on )?(?:for )?(?:a|one|two|three) nights? (?:longer|more|extra)\b",
    r"\b(?:add|note|put|mention|say)\b(?: \w+){0,3} (?:to|on|in|for|with) (?:my|our) (?:\w+ )?"
    r"(?:booking|reservation|table|stay|appointment)\b",
    r"\bcome (?:\w+ ){0,4}(?:earlier|later)\b(?! (?:on(?! \w+day)|in the) )",
    r"\badd (?:on )?(?:(?:a|one|two|three|\d)(?: more| extra| additional| further)?|another|an extra|an additional) "
    r"nights?\b",
    *CHANGES,
    r"\b(?:leave|leaving|depart|departing|arrive|arriving|check(?:ing)? (?:in|out)|go(?:ing)? home) (?:\w+ ){0,2}"
    r"(?:days?|nights?|weeks?) (?:early|earlier|sooner|late|later)\b",
    r"\b(?:one|two|three|four) (?:more|extra|fewer|less) (?:person|people|guests?|adults?|child|children|kids?)\b"
    r"(?: \w+){0,3} (?:joining|coming|join)\b",
)  # fmt: skip
NOT_COMING = re.compile(
    r"\b(?:can not|will not be able to|are not able to|am not able to|unable to) (?:make it|come) "
    rf"(?:on|this|tonight|tomorrow|today|to)\b|{NOT_THERE}"
)
_POLITE = r"(?:(?:please|hi|hello|hey|yes|just|and|so|then|okay) )*"
MESSAGE = compiled(
    r"\b(?:leave|take|pass on|give|pass along|send) (?:\w+ )?(?:a|an|my|the|this) message\b",
    r"\bcall ?back\b",
    r"\bcall (?:me|us) back\b",
    r"\bring (?:me|us) back\b",
    r"\b(?:can|could) (?:you|someone|somebody|he|she|they) (?:please |just )*(?:tell|let|ask) (?!me\b)(?!us\b)\w+",
    r"\b(?:can|could|would|will) (?!you\b|i\b|we\b)(?:the )?\w+(?: \w+)? (?:ring|call|phone|email|contact) (?:me|us)\b",
    rf"^{_POLITE}(?:tell|inform|remind) (?!me\b)(?!us\b)(?:the |your )?\w+ "
    r"(?:that|to|about|i|we|he|she|they|it|there|the|my|our|his|her|this)\b",
    rf"^{_POLITE}(?:let (?!me\b)(?!us\b)(?:the |your )?\w+ know|"
    r"(?:ask|have|get) (?!me\b)(?!us\b)(?:the |your )?\w+ to (?:call|ring|phone|contact|get back))\b",
    r"\b(?:my|the|here is a|i have a|i have got a|i got a|this is a|an urgent) message\b(?! (?:for me|from you))",
    r"\bhave (?:someone|somebody|him|her|them|the manager) (?:call|ring|phone|contact)\b",
    r"\bmessage for\b",
    r"\bget back to me\b",
    r"\b(?:make|put in|submit|place) (?:an|my|our|a \w+) offer\b",
)  # fmt: skip
LEAD = compiled(
    r"\b(?:sell|selling|let out|rent out|value|valuation|appraisal)\b(?: \w+){0,3} (?:house|flat|home|apartment|"
    r"property|place|cottage|condo)?",
    r"\b(?:buy|buying|purchase|purchasing|rent|renting|lease)\b(?: \w+){0,8} (?:house|flat|home|apartment|"
    r"property|place|cottage|condo|somewhere|bedroom|bedrooms|studio)\b",
    r"\b(?:looking|searching|interested)\b(?: \w+){0,3} (?:for|in|to (?:buy|rent|sell|purchase))\b(?: \w+){0,8} "
    r"?(?:house|flat|home|apartment|property|bedroom|bedrooms|studio|condo|buying|renting|selling|buy|rent)\b",
    r"\bafter (?:a|an|some) (?:\w+ ){0,3}(?:house|flat|home|apartment|condo|property|studio|place)\b",
    r"\bproperty (?:search|hunting)\b", r"\bhouse hunting\b", r"\b(?:want|like|looking|need|hoping) to (?:rent|buy)$",
)  # fmt: skip
EVENT_LEAD = compiled(
    r"\b(?:wedding|private (?:event|party|function|dining|hire)|corporate (?:event|party|dinner)|conference|"
    r"banquet|christmas party|hire the (?:place|restaurant|room)|large (?:group|event)|reception for)\b",
)  # fmt: skip
_HOW_TO = (
    r"(?:how (?:do|can|would|could) (?:i|we|you)|do (?:i|we) (?:need|have) to|should (?:i|we)|is it necessary to|"
    r"must (?:i|we))"
)
NOT_BOOKING = compiled(
    r"\b(?:private|dining|meeting|function|changing|waiting|conference) rooms?\b",
    rf"\b{_HOW_TO}(?: \w+){{0,3}} (?:book|reserve|reservation|booking|make)\b",
    r"\b(?:book|reserve|booking|reservations?) online\b",
    r"\bhow (?:far|long|early)\b.*\bbook\b",
    r"\bdo you (?:take|accept|do|require|need) (?:\w+ )?(?:reservations|bookings)\b",
    r"\bdid you (?:already |just |actually )?(?:book|reserve)\b(?! my| our)",
    r"\breservation (?:policy|fee|required|needed|necessary)\b",
    r"\bhow much\b",
    r"\bwhat (?:does|do|is the price|is the cost)\b",
    r"\b(?:is|are) (?:a )?(?:reservations?|bookings?) (?:required|needed|necessary)\b",
)  # fmt: skip
NEW = compiled(
    r"\b(?:book|reserve|schedule)\b(?! club)",
    r"\b(?:make|place|get|have|take|do|set up|arrange) (?:us |me )?(?:a |an |another |the |my |some )?(?:new |"
    r"quick )?(?:reservation|booking|appointment|viewing|book in)\b",
    r"\b(?:need|want|like|get|find|take|grab|love|looking for|after|wanting|requesting|request)\b(?: \w+){0,4} "
    r"(?:table|room|rooms|viewing|appointment|reservation|booking|slot|suite)\b(?! key| number| service| with "
    r"you)",
    r"\b(?:can|could|may|might) (?:i|we) (?:please |maybe |just )*have (?:\w+ ){0,3}"
    r"(?:table|room|suite|viewing|appointment|reservation|booking|slot)\b(?! key| number| service| with)",
    r"\b(?:fit|squeeze|get|put) (?:us|me|him|her|them|\w+) (?:in|down)\b",
    r"\b(?:come|coming) (?:in |over |by |down )?for (?:dinner|lunch|breakfast|brunch|a meal|drinks)\b",
    r"\b(?:like|want|hoping|need|looking|planning|love) to (?:stay|come in|dine|eat|have dinner|have lunch|come|"
    r"check in|spend)\b",
    r"^(?:(?:a|the) )?(?:reservation|booking|book|reservations|table|room|appointment|viewing)(?: please)?$",
    r"\b(?:can|could|may) (?:i|we) (?:see|be seen by) (?:somebody|someone|anybody|anyone|(?:a|the) (?:doctor|dentist|"
    r"hygienist|vet|physio|stylist|therapist))\b",
    r"^(?:(?:just|hi|hello|so|yes|okay|please|a|an|the|one|another) )*(?:\w+ )?(?:table|reservation|booking|"
    r"viewing)\b(?: (?:for|please|at|on|tomorrow|tonight|today|next|this|of|near|outside|by))",
    r"\b(?:can|could|may) (?:we|i) (?:come|have dinner|have lunch|eat|dine|stay)\b(?: \w+)* "
    r"(?:tonight|tomorrow|at|on|for|this|next)\b",
    r"\bmake (?:a|another) reserv",
    r"\bsame (?:again|(?:\w+ )?as (?:last time|before|always|usual|the last one))\b",
    r"^(?:just |i would like )?(?:the|my|our) usual(?: please)?$",
)  # fmt: skip
VIEWING = compiled(
    r"(?<!no )\b(?:see|view|visit|tour|look at|look around|show me|show us|viewing|walk through|come and see|check out|"
    r"come see)\b(?: \w+)*",
)  # fmt: skip
AVAILABILITY = compiled(
    r"\b(?:do you|have you|you) (?:have|got|still have)\b(?: \w+){0,3} ?\b(?:tables?|rooms?|suites?|availability|"
    r"space|slots?|spots?|anything|appointments?|viewings?|seats?|openings?|room)\b",
    r"\b(?:is|are) there\b(?: \w+){0,3} ?\b(?:tables?|rooms?|availability|space|slots?|spots?|anything|"
    r"appointments?|viewings?|seats?|openings?)\b",
    r"\b(?:any|got any) (?:\w+ )?(?:availability|tables?|rooms?|space|slots?|openings?|chance of a table)\b",
    r"\b(?:what|which|when|anything|something)\b(?: \w+){0,5} (?:available|availability|free|open for)\b",
    r"\b(?:is|are|would) (?:[\w':]+ ){1,6}(?:available|free|possible)\b",
    r"\bcould you (?:do|seat|take|fit)\b",
    r"\bcan you (?:do|seat|take|fit|accommodate)\b",
    r"^(?:\w+ )?availability\b", r"\bnext available\b",
)  # fmt: skip
BARE_AVAILABILITY = compiled(
    r"^(?:\w+ ){0,3}?(?:do you|have you|you|is there|are there|got|any|what|which|when|is|are|would)\b(?: (?:still|"
    r"have|got|a|an|any|some|the|your|other|more|free|available|open|left|anything|something|next|\d+|one|two|three|"
    r"four|is|are|there|times?|days?|dates?|you))* (?:tables?|rooms?|suites?|availability|space|slots?|spots?|"
    r"anything|"
    r"appointments?|viewings?|seats?|openings?|you|times?|days?|dates?)"
    r"(?: (?:still|left|free|available|open|possible))*$"
)
BOOKABLE = compiled(
    r"\b(?:tables?|rooms?|suites?|availability|space|slots?|spots?|anything|something|appointments?|viewings?|seats?|"
    r"openings?|you|times?|days?|dates?|it|that)\b"
)
"""What can be free or available to be booked."""
DINING = compiled(r"\b(?:eat|dine|dinner|lunch|breakfast|brunch|meal|drinks)\b")
ASKS_ABOUT_VISITS = compiled(
    r"^(?:and |so |but )*(?:can|could|may|must|should|do|would) (?:i|we) (?!(?:please |maybe |just |also )*"
    r"(?:see|view|visit|look|tour|come|book|arrange|schedule|have|get|make|set|do|go|check|walk|reserve|request|"
    r"ask)\b)"
)
"""What may be done at a viewing, rather than the wish for one."""
WAIT = compiled(
    r"\b(?:one|just a|a|just one|give me a|wait a|hang on a|hold on a) (?:moment|second|sec|minute|min|mo|"
    r"tick)\b(?! (?:table|room|opinion|hand|floor|time|language|course|helping|home))",
    r"^(?!(?:how|what|when|why|which|do you|does) ).*\b(?:hold|hang) on\b",
    r"^(?:wait|please wait|hold|hold please)$",
    r"\bbear with me\b",
    r"\blet me (?:check|see|think|look|find|get|ask)\b",
    r"\bgive me (?:a|one) (?:second|moment|minute|sec)\b",
)  # fmt: skip
LISTEN = compiled(
    r"^(?:(?:please|just|okay|oh|hey|no|now|wait|right) )*(?:stop|be quiet|quiet|hush|shush|enough|let me (?:speak|"
    r"talk|finish)|stop (?:talking|speaking|it|that|there|right there))(?: (?:it|please|now|stop|"
    r"(?:for )?a (?:second|"
    r"moment|minute)))*$",
)
"""Said to make the agent be quiet: nothing is given up by it."""
HOW_ARE_YOU = compiled(
    r"\bhow (?:are you|is it going|do you do|are things|have you been)\b(?! (?:open|able|located|going to))",
    r"\bhow are you doing\b",
)
ARE_YOU_HUMAN = compiled(
    r"\b(?:are you|is this|am i (?:talking|speaking) (?:to|with))\b(?: \w+){0,4} (?:human|robot|bot|machine|real "
    r"person|computer|ai|recording|person|automated|real|answering machine|chatbot)\b",
    r"\bare you real\b",
    r"\bwho am i (?:speaking|talking) (?:to|with)\b",
    r"\bwhat are you$",
    r"\bwho are you\b",
    r"\bwhat is your name\b",
)  # fmt: skip
GREETING = compiled(
    r"^(?:oh )?(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|howdy|greetings|hallo|yo)(?: there| "
    r"again| everyone| hello| hi| good morning)*$"
)
THANKS = compiled(
    r"^(?:okay |great |perfect |lovely |brilliant |oh |well )*(?:thanks|thank you|cheers|much appreciated|"
    r"appreciate it|ta|many thanks)(?: (?:so|very|a lot|much|a million|again|you|for|your|the|help|that|all|"
    r"everything|indeed|anyway))*$"
)
ACKNOWLEDGE = compiled(
    r"^(?:okay|right|mhm|alright|all right|i see|got it|understood|good|great|perfect|lovely|fine|cool|super|"
    r"excellent|brilliant|awesome|wonderful|fantastic|nice|sounds good|fair enough|okay then|oh okay|good to "
    r"know|no problem|no worries|i have a question|quick question|a question)(?: (?:thanks|thank you|then|okay|"
    r"great|perfect|that is (?:fine|great|good|perfect|lovely)))*$"
)
QUESTION_START = compiled(
    r"^(?:and |but |also |so |oh |well |okay |yes |hi |hello |hey |um |actually |sorry |wait |excuse me |then |"
    r"no |please |just |plus )*(?:what|when|where|which|who|whose|why|how|do(?! not(?: do)?(?: that| it)?$)|does|did|"
    r"is|are|was|were|can|could|may (?:i|we)|will|would|should|have you|has|have|am i|must|any idea|isn|aren|"
    r"(?:until|till|from|at|by|since|for|in|on|to|with) (?:what|when|which|whom|how))\b(?! (?:about \w+ $))",
    r"\b(?:tell me|know|wondering|wonder|ask|check|checking) (?:about|more|if|whether|what|when|where|how|which|who|"
    r"the|your|a bit)\b",
    r"\bi (?:am|was) (?:calling|just calling|phoning) (?:about|to ask|to find out)\b",
    r"\b(?:more )?(?:information|info|details) (?:about|on|regarding)\b",
    r"\b(?:i|we) (?:have|got|have got) (?:a |one |some |another )?(?:quick )?questions? (?:about|on|regarding|"
    r"for)\b",
    r"^what about\b",
    r"^how about\b",
    r"^any \w+",
)  # fmt: skip
ANY_TIME = re.compile(
    r"(?:(?:oh|um|well|just|at|the|maybe|honestly|really|i am|we are|we|i|it|is|yes|okay|so|in) )*"
    r"(?:any ?time|whenever|whatever (?:time|you (?:have|got))|as (?P<early>early|soon)|as (?P<late>late)|"
    r"(?P<earliest>earliest)|(?P<latest>latest)|flexible|(?:do|does) not (?:mind|matter|care)|no preference|"
    r"you (?:choose|pick|decide)|what (?:do you have|have you got|times? do you have|is (?:free|available))|"
    r"(?P<part>morning|lunch(?:time)?|noonish|afternoon|evening|night|dinner(?:time)?|brunch))\b.*"
)
"""A time left to us, and the part of the day if one was named."""
LEFT_OPEN = re.compile(
    r"\b(?:any ?time|whenever|whatever (?:time|you have)|as (?P<early>early|soon) as|"
    r"(?P<earliest>earliest|first thing)|"
    r"as (?P<late>late) as)\b"
)
REFUSES = re.compile(
    r"^(?!why\b).*\b(?:do not|would not|did not|will not|would|am not|rather|prefer)\b.*"
    r"\b(?:give|tell|say|share|provide|want to|going to)\b.*\b(?:number|phone|name|that|it|one|you)\b|"
    r"^(?:i )?(?:would )?(?:rather|prefer) not\b|"
    r"\b(?:have not got|do not have|have no|got no|do not own)(?: \w+){0,2} (?:phone|mobile|cell|number|telephone)\b"
)
WRONG = re.compile(
    r"(?:(?:no|well|actually|just|i meant|i mean|i was talking about|"
    r"it is|that is|change|correct|wrong|not|please|yes|but|okay|oh|the|my|a|about|"
    r"different|another|new|fix|want to|i|would like to|need to) )*"
    r"(?:(?P<name>(?:last |first |sur)?name|spelling)|(?P<phone>(?:phone |telephone |mobile |cell )?number|phone)|"
    r"(?P<party_size>(?:number of )?(?:people|guests|persons)|party(?: size)?)|(?P<time>time|hour)|"
    r"(?P<date>date|day|arrival)|(?P<nights>(?:number of )?nights)|(?P<place>room|property|address|house))"
    r"(?: (?:is|was|please|wrong|not|right|correct|should|be|different|to|change))*"
)
"""What is to be given again, named and not given."""
FORGOT = re.compile(
    r"\b(?:do|can) not (?:\w+ )?(?:remember|recall|know)\b|\bforg[eo]t(?:ten)?\b(?! (?:it|about|that)\b)|"
    r"\bno idea\b|\bnot sure\b"
)
SLOT_QUESTION = compiled(
    r"^(?:and |but |so |or |okay |no |well |actually |oh |then )*(?:how|what) about\b",
    r"^(?:so |or |and |no |okay |then |actually |well )*(?:would|could|can|is|does|may|will|shall|do|are)\b(?: "
    r"\w+(?:[:']\w+)?)* (?:works?|okay|possible|available|free|fine|do|make it|change|be|instead|suit|have|move|"
    r"go|say|try|switch|good|alright|open|get|left|put|add|use|make|keep|take|come|stay|arrive|leave)\b",
    r"\b(?:do you have|have you got|is there|got) (?:anything|something|any|one|a table|a room|a slot)\b",
)  # fmt: skip
