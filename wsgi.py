"""The portal's door for gunicorn: `gunicorn wsgi:application`."""

import atexit

from core import logs
from core.settings import settings
from webapp import close, create_app

logs.configure(settings())
application = create_app()
atexit.register(close, application)
