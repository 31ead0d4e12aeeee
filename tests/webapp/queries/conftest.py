"""A session on this test's database, as most tests have it: no app is made for it."""

from tests.conftest import session as session
