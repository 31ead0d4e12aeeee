"""The portal's door for gunicorn: `gunicorn wsgi:application`."""

from core import logs
from core.settings import settings
from webapp import create_app

logs.configure(settings())
application = create_app()
