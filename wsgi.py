"""The portal's door for gunicorn: `gunicorn wsgi:app`."""

from core import logs
from core.settings import settings
from webapp import create_app

logs.configure(settings())
app = create_app()
