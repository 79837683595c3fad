"""Bring an installation up to date before it answers; a moment's work when it is already."""

import hashlib
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cloudhub.accounts.first_owner import ensure_first_owner
from cloudhub.catalog.register import synchronise_catalog
from providers.catalogue import installed_providers

STAMP = ".collected"


def prepare() -> str:
    """Database, static files, catalogue, first owner; returns a new owner's password, else ""."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    collect_static_files()
    password = ensure_first_owner()
    synchronise_catalog()
    return password


def collect_static_files() -> None:
    """Hash and compress the static files, which takes seconds, only when one of them has changed."""
    stamp = Path(settings.STATIC_ROOT) / STAMP
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(django.get_version().encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def refuse_own_address(port: int) -> None:
    """A vendor's address that is the hub's own would make the hub call itself, and pay, in a circle."""
    here = {settings.HUB_HOST, "localhost", "127.0.0.1", "::1", "0.0.0.0", socket.gethostname()}  # noqa: S104 - compared
    # Behind a proxy the hub has names of its own at the usual ports; a vendor on the same machine has another port.
    named = {name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"} - here
    for vendor in installed_providers().values():
        for name in vendor.address_variables:
            address = urlsplit(os.environ.get(name, ""))
            there = address.port or {"https": 443}.get(address.scheme, 80)
            if (address.hostname in here and there == port) or (address.hostname in named and there in (port, 80, 443)):
                raise CommandError(f"{name} is the hub's own address. Point it at {vendor.label} or leave it out.")
