"""Every route declares the one permission it needs, or is on the short list of those that need none."""

from fastapi import FastAPI

from reception.api.routers import routers
from reception.runtime.principal import Scope

WITHOUT_PERMISSION = {
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),  # has a token of its own
    ("POST", "/auth/login"),
    ("GET", "/demo/agents"),
    ("POST", "/demo/token"),
}


def test_every_route_declares_one_permission() -> None:
    app = FastAPI()
    for router in routers(demo_mode=True):
        app.include_router(router)
    declared = {
        (method.upper(), path): operation.get("security", [])
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert declared.keys() >= WITHOUT_PERMISSION
    for operation, security in declared.items():
        if operation in WITHOUT_PERMISSION:
            assert security in ([], [{"HTTPBearer": []}])
        else:
            [requirement] = security
            [permission] = requirement["HTTPBearer"]
            assert permission in set(Scope), operation
