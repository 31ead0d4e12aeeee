"""The portal: pages for operators, `/v1/admin` for scripts."""

from __future__ import annotations

from flask import Flask, Response, redirect, request, url_for
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from core.settings import Settings
from core.settings import settings as read_settings
from webapp import (
    assets,
    dependencies,
    errors,
    formatting,
    headers,
    i18n,
    ids_file,
    request_log,
    rq_board,
    security,
    shared,
    views,
)
from webapp.api import v1
from webapp.config import flask_config
from webapp.door import Door
from webapp.drawings import Drawings
from webapp.extensions import babel, compress, csrf, db, limiter, login_manager, redis_for
from webapp.kept import Kept
from webapp.readers import Readers


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app. Connects to nothing yet: pages say what does not answer."""
    settings = settings or read_settings()
    app = Flask(__name__)
    client = redis_for(settings.redis_url)
    app.config.from_mapping(flask_config(settings))
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"connection_pool": client.connection_pool}
    app.extensions |= {"settings": settings, "redis": client}
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _surround(app)
    _extend(app, settings)
    _dress(app)
    views.register(app)
    v1.register(app)
    rq_board.mount(app, app.extensions["redis"])
    errors.register(app)
    door = Door(app.wsgi_app, app.extensions["redis"], app.extensions["readers"])
    app.extensions["door"] = app.wsgi_app = door  # type: ignore[method-assign]
    return app


def close(app: Flask) -> None:
    """Let go of every connection: a process that ends in order leaves none behind."""
    with app.app_context():
        db.engine.dispose()
    app.extensions["dependencies"].close()
    app.extensions["redis"].connection_pool.disconnect()


def _extend(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    compress.init_app(app)
    app.after_request(assets.pack)  # before it, for what comes last here sees the answer first
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app, add_context_processor=False)  # it would ask PostgreSQL on error pages too
    login_manager.session_protection = None  # sessions.py has its own rules
    login_manager.unauthorized_handler(_sign_in_first)
    babel.init_app(app, locale_selector=i18n.language)
    i18n.match_templates(app.jinja_env)
    with app.app_context():
        known = dependencies.dependencies_of(settings, db.engine, app.extensions["redis"])
    app.extensions["dependencies"] = known
    app.extensions |= {"readers": Readers(), "drawings": Drawings()}
    app.extensions["board"] = Kept(seconds=1)  # a hundred polls a second read it once
    app.extensions["queues"] = Kept(seconds=1)


def _surround(app: Flask) -> None:
    """Order matters: what is first here sees the answer last."""
    app.before_request(request_log.begin)
    app.before_request(ids_file.let_in)
    app.before_request(security.same_origin)
    app.after_request(request_log.end)
    app.after_request(headers.protect)
    app.after_request(assets.keep)


def _dress(app: Flask) -> None:
    """Give the templates what they share."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    formatting.register(app)
    shared.register(app)


def _sign_in_first() -> Response | BaseResponse:
    """Send an anonymous reader to the login; a script of a page is told, and the page says so."""
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return Response(status=401)
    return redirect(url_for("sessions.new", next=here), 302)
