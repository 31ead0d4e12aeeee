"""The steps on the ledger of the job tests."""

from tests.core.jobs.conftest import house as house
