"""Whether a worker could work here, asked once before it starts."""

from __future__ import annotations

from core import doctor
from core.container import Container


def refuse_unfit(house: Container) -> None:
    """Raise Unfit, with the cure, when database, tables or Redis are not there or not as a worker needs them."""
    doctor.database(house.settings)
    doctor.tables(house.settings)
    doctor.queue_store(house.settings)
