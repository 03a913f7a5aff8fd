"""Whether words are in a language other than English, by the small words that every sentence needs."""

from collections.abc import Sequence

from reception.dialogue.understanding.parsers.normalize import word_set

_STOPWORDS: dict[str, frozenset[str]] = {
    "es": word_set(
        "hola buenos buenas días dias tardes noches quiero quisiera una un mesa para dos tres cuatro el la los "
        "las por favor "
        "mañana manana hoy esta noche con que qué es en de del habla hablar español espanol reservar reserva "
        "gracias tengo puedo "
        "hablo inglés ingles "
        "tiene tienen hay donde dónde cuánto cuanto necesito personas me gustaría gustaria hacer señor si sí y "
        "mi nombre"
    ),
    "fr": word_set(
        "bonjour bonsoir je voudrais une un table pour deux trois quatre le la les des du de ce soir demain avec "
        "est et vous "
        "parlez français francais réserver reserver réservation merci s'il plaît plait avez oui non personnes où "
        "ou quelle "
        "ne pas parle anglais chambre nuit j'aimerais est-ce que qu'est-ce suis mon nom"
    ),
    "de": word_set(
        "guten tag morgen abend hallo ich möchte mochte moechte einen eine ein tisch für fur zwei drei vier "
        "personen bitte heute "
        "und mit der die das haben sie sprechen deutsch reservieren danke wie viel ist ist's gibt es zimmer "
        "nacht uhr um mein "
        "hätte gerne ja nein spreche kein nicht englisch"
    ),
    "it": word_set(
        "buongiorno buonasera vorrei un una tavolo per due tre quattro persone stasera domani prenotare grazie "
        "il la che è parla "
        "non parlo inglese italiano prego con camera notte sono mi chiamo"
    ),
    "pt": word_set(
        "olá ola bom dia boa tarde noite eu queria gostaria uma um mesa para duas pessoas amanhã amanha obrigado "
        "obrigada reservar "
        "por favor você fala português não nao falo inglês"
    ),
}
_ENGLISH = word_set(
    "the i you to and is are do does can we my for on at it that what have table please would like yes no book "
    "in of with "
    "tomorrow tonight people room name want need a hi hello how when where there any thanks thank")  # fmt: skip
_WISHES = word_set(
    "quiero quisiera reservar hablar voudrais parlez réserver réservation möchte moechte sprechen reservieren vorrei "
    "prenotare queria gostaria hola bonjour buongiorno hablo parle spreche parlo falo"
)
"""Words that no name holds."""
_SPEAKS = word_set("hablo habla hablan parle parlez spreche sprechen parlo parla falo fala")
_GREETINGS = word_set("hola bonjour bonsoir buongiorno buonasera olá gracias danke merci")
_DECIDING_SHARE = 0.5


def is_other_language(words: Sequence[str]) -> bool:
    """Whether at least half of `words` belong to one other language and clearly fewer to English."""
    if not words:
        return False
    if len(words) <= 2 and words[0] in _GREETINGS:
        return True
    english = sum(word in _ENGLISH for word in words)
    most = max(sum(word in stopwords for word in words) for stopwords in _STOPWORDS.values())
    if not _SPEAKS.isdisjoint(words) and most >= 2 and most > english:
        return True
    return most >= 2 and most / len(words) >= _DECIDING_SHARE and most > 2 * english


def is_wish_in_other_language(words: Sequence[str]) -> bool:
    """Whether `words`, where a name was asked for, are a sentence of another language and none."""
    return is_other_language(words) and not _WISHES.isdisjoint(words)
