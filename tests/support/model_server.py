"""A language model on this machine, and a command run with it as `RECEPTION_LLM`.

`python -m tests.support.model_server [--mistakes 0.5] COMMAND...`: it speaks OpenAI's wire format, and answers by rules
from what it is asked (`rule_model`).
"""

import argparse
import asyncio
import os
import sys
from collections import Counter

from tests.support.rule_model import MisbehavingModel, RuleModel
from tests.support.vendors.chat_models import CompatibleChatServer

MODEL = "rules"


async def _serve(mistakes: float, wanted: list[str]) -> int:
    brain = MisbehavingModel(rate=mistakes) if mistakes else RuleModel()
    async with CompatibleChatServer(brain, MODEL) as server:
        environment = {**os.environ, "RECEPTION_LLM": f"{server.base_url}#{MODEL}"}
        process = await asyncio.create_subprocess_exec(*wanted, env=environment)
        code = await process.wait()
    kinds = Counter(one.split(":")[0] for one in brain.asked)
    print(f"{len(brain.asked)} requests: {dict(kinds)}", file=sys.stderr)
    if isinstance(brain, MisbehavingModel):
        print(f"mistakes: {dict(Counter(brain.made))}", file=sys.stderr)
    return code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mistakes", type=float, default=0.0, help="Share of answers that are wrong, 0 to 1.")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    sys.exit(asyncio.run(_serve(given.mistakes, given.command)))
