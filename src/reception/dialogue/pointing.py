"""Words by which a question points back to something, and by which a question is known at all."""

import re

ONLY_POINTS_BACK = re.compile(
    r"(and )?(how much|what) (is|does|do|are|would) (it|that|they|this)( be| cost)?\W*$", re.I
)
ASKS = re.compile(r"\?|\b(what|when|where|which|who|why|how|do|does|is|are|can|could|will|would|have|any|tell)\b", re.I)
