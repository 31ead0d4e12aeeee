"""The portal's door for gunicorn: `gunicorn wsgi:application`."""

import atexit
import threading

from core import logs, search
from core.settings import settings
from webapp import close, create_app, garbage


def _warm() -> None:
    """Load what a search needs; then spare the collector all that stays for good."""
    search.preload()
    garbage.spare_what_stays()


logs.configure(settings())
application = create_app()
atexit.register(close, application)
# Beside the first pages, and in this process alone: an app that a test makes loads no model before it is asked.
threading.Thread(target=_warm, name="preload", daemon=True).start()
