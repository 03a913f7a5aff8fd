"""Many instants as one parameter of a statement."""

from datetime import datetime

import psycopg
from psycopg.types.array import ListBinaryDumper


class Instants(list[datetime]):
    """Aware ones, sent as the database keeps them: as text, each would be written and read by itself."""


psycopg.adapters.register_dumper(Instants, ListBinaryDumper)
