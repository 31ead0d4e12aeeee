"""A kind is one module and its name in KINDS; everything that RQ is given exists, and every queue is worked."""

from __future__ import annotations

import importlib
import pkgutil

from pydantic import TypeAdapter

import core.kinds
from core.jobs import queues
from core.kinds import KINDS, QUEUES


def test_every_kind_is_a_module_of_its_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(core.kinds.__path__)}
    assert modules == {name.replace(".", "_") for name in KINDS}


def test_the_functions_that_rq_is_given_exist() -> None:
    for path in queues.ALLOWED:
        module, name = path.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), name))


def test_every_queue_has_a_kind_and_a_name_of_ours() -> None:
    assert {kind.queue for kind in KINDS.values()} == set(QUEUES)
    assert all(name.startswith("jobs:") for name in QUEUES)


def test_every_payload_is_frozen_refuses_unknown_fields_and_has_a_schema() -> None:
    for kind in KINDS.values():
        assert kind.payload.model_config["frozen"] and kind.payload.model_config["extra"] == "forbid"
        assert TypeAdapter(kind.payload).json_schema()["additionalProperties"] is False
