"""Results as JSON, JUnit XML and HTML."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

from reception.runtime.evaluation.results import Exchange, Result


def write_json(results: Sequence[Result], took_s: float) -> str:
    """One document: a summary, and each scenario with its conversation and what failed of it."""
    passed = sum(result.passed for result in results)
    document = {
        "passed": passed,
        "failed": len(results) - passed,
        "took_s": round(took_s, 2),
        "scenarios": [_document(result) for result in results],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def _document(result: Result) -> dict[str, Any]:
    talk = [{**asdict(replace(one, acts=())), "actions": one.actions} for one in result.exchanges]
    for one in talk:
        del one["acts"]
    rest = asdict(replace(result, exchanges=()))
    return {**rest, "exchanges": talk, "passed": result.passed, "took_s": round(result.took_s, 3)}


def write_junit(results: Sequence[Result], took_s: float) -> str:
    """One test suite with a case for each scenario, as continuous integration reads it."""
    failed = sum(bool(result.failures) and not result.error for result in results)
    errors = sum(bool(result.error) for result in results)
    suite = ET.Element(
        "testsuite",
        name="reception eval",
        tests=str(len(results)),
        failures=str(failed),
        errors=str(errors),
        time=f"{took_s:.3f}",
    )
    for result in results:
        case = ET.SubElement(
            suite,
            "testcase",
            name=_xml(result.name),
            classname=_xml(f"{result.file}.{result.manner}.{result.mode}"),
            file=_xml(result.file),
            line=str(result.line),
            time=f"{result.took_s:.3f}",
        )
        if result.error:
            ET.SubElement(case, "error", message=_xml(result.error)).text = _xml(_transcript(result))
        elif result.failures:
            message = "; ".join(f"{one.what}: {one.detail}" for one in result.failures)
            ET.SubElement(case, "failure", message=_xml(message)).text = _xml(_transcript(result))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    """`text` without the control characters that XML cannot hold."""
    return "".join(character for character in text if character in "\t\n\r" or ord(character) >= 32)


def _transcript(result: Result) -> str:
    return "\n".join(line for one in result.exchanges for line in _lines(one))


def _lines(one: Exchange) -> list[str]:
    lines = [f"Caller: {one.did}"] if one.did else []
    if one.heard and one.heard != one.did:
        lines.append(f"(heard: {one.heard})")
    return [*lines, f"Agent: {one.reply}"] if one.reply else lines


_STYLE = """
:root { color-scheme: light dark; --pass: #137333; --fail: #b3261e; --dim: #777; --rule: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
details { border-top: 1px solid var(--rule); padding: .35rem 0; }
summary { cursor: pointer; display: flex; gap: .8rem; align-items: baseline; }
summary .name { flex: 1; } .dim { color: var(--dim); font-size: .86em; }
.pass { color: var(--pass); font-weight: 600; } .fail { color: var(--fail); font-weight: 600; }
dl { display: grid; grid-template-columns: 5rem 1fr; gap: .15rem .8rem; margin: .6rem 0; }
dt { color: var(--dim); text-align: right; } dd { margin: 0; } dd.caller { font-weight: 600; }
ul.wrong { color: var(--fail); }
"""


def write_html(results: Sequence[Result], took_s: float) -> str:
    """A page that needs nothing else: each scenario with its conversation, those that failed opened and first."""
    passed = sum(result.passed for result in results)
    ordered = sorted(results, key=lambda result: result.passed)
    kind = "pass" if passed == len(results) else "fail"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Scenarios: {passed} of {len(results)} passed'
        f'</title><meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>\n'
        f'<h1>Scenarios</h1><p><span class="{kind}">{passed} of {len(results)} passed</span> '
        f'<span class="dim">in {took_s:.1f} s</span></p>\n' + "\n".join(map(_section, ordered)) + "\n</html>\n"
    )


def _section(result: Result) -> str:
    mark = "pass" if result.passed else "fail"
    tags = " ".join(result.tags)
    wrong = [f"{one.what}: {one.detail}" for one in result.failures] + ([result.error] if result.error else [])
    told = "".join(f"<li>{escape(text)}</li>" for text in wrong)
    lines = "".join(_talk(one) for one in result.exchanges)
    rows = "".join(
        f"<dt>{escape(table)}</dt><dd>{escape(_row(row))}</dd>" for table, each in result.rows.items() for row in each
    )
    return (
        f"<details{'' if result.passed else ' open'}><summary><span class={mark}>{mark}</span>"
        f'<span class="name">{escape(result.name)}</span><span class="dim">{escape(tags)}</span>'
        f'<span class="dim">{result.took_s:.1f} s, {result.manner}, {escape(result.mode)}</span></summary>'
        f'<p class="dim">{escape(result.file)}:{result.line}; ended: {escape(result.ended)}</p>'
        + (f'<ul class="wrong">{told}</ul>' if told else "")
        + f"<dl>{lines}{rows}</dl></details>"
    )


def _talk(one: Exchange) -> str:
    parts = [f'<dt>Caller</dt><dd class="caller">{escape(one.did)}</dd>'] if one.did else []
    if one.heard and one.heard != one.did:
        parts.append(f'<dt>heard</dt><dd class="dim">{escape(one.heard)}</dd>')
    if one.reply:
        parts.append(f"<dt>Agent</dt><dd>{escape(one.reply)}</dd>")
    if one.actions:
        parts.append(f"<dt>Done</dt><dd>{escape(', '.join(one.actions))}</dd>")
    return "".join(parts)


def _row(row: Any) -> str:
    return ", ".join(
        f"{name} {value}" for name, value in row.items() if value not in (None, "", []) and not name.endswith("id")
    )
