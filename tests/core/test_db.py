"""Connections to PostgreSQL give up a server that is gone without a word."""

from __future__ import annotations

import socket

from sqlalchemy import text

from core.db import engine_for


def test_a_silent_server_is_given_up_in_seconds(database: str) -> None:
    engine = engine_for(database, pool_size=1)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=driver.fileno()) as open_socket:
            set_to = [
                open_socket.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            ]
            open_socket.detach()
    engine.dispose()
    assert set_to == [10, 5, 3, 20_000]
