"""Providers as written in one line."""

import pytest

from reception.core.errors import InvalidInput
from reception.providers.spec import ProviderSpec, parse_chain


def test_a_line_names_providers_in_order() -> None:
    assert parse_chain("deepgram:nova-3, groq:openai/gpt-oss-20b ,embedded", addresses=False) == (
        ProviderSpec("deepgram", "nova-3"),
        ProviderSpec("groq", "openai/gpt-oss-20b"),
        ProviderSpec("embedded"),
    )
    assert parse_chain("", addresses=False) == (ProviderSpec("embedded"),)


def test_an_address_may_be_given_where_keys_may_go_there() -> None:
    line = "openai:any@http://10.0.0.5:8000/v1/"
    assert parse_chain(line, addresses=True) == (ProviderSpec("openai", "any", "http://10.0.0.5:8000/v1"),)
    with pytest.raises(InvalidInput, match="installation"):
        parse_chain(line, addresses=False)


@pytest.mark.parametrize("line", ["Deepgram!", "deepgram:", "a:b, a:b", "a,b,c,d,e,f,g", "openai:x@ftp://host"])
def test_what_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_chain(line, addresses=True)
