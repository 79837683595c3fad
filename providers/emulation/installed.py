"""The vendors' parts that are installed, found through Django's app registry."""

from collections import Counter
from collections.abc import Iterable

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from providers.catalogue import ProviderConfig
from providers.emulation.contract import VendorEmulator


def installed_emulators() -> tuple[VendorEmulator, ...]:
    """Every installed vendor's part, in the order of INSTALLED_APPS. Raises ImproperlyConfigured as `check_mounts`."""
    names = (config.emulator for config in apps.get_app_configs() if isinstance(config, ProviderConfig))
    vendors = tuple(import_string(name.replace(":", ".")) for name in names if name)
    check_mounts(vendors)
    return vendors


def check_mounts(vendors: Iterable[VendorEmulator]) -> None:
    """Raises ImproperlyConfigured when two want all of one mount, or mean different addresses by its name."""
    vendors = tuple(vendors)
    whole = Counter(mount.name for vendor in vendors if vendor.takes is None for mount in vendor.mounts)
    meanings = Counter(mount.name for mount in {mount for vendor in vendors for mount in vendor.mounts})
    twice = sorted({name for counts in (whole, meanings) for name, count in counts.items() if count > 1})
    if twice:
        raise ImproperlyConfigured(f"Two vendors' emulators share the mount {', '.join(twice)}.")


def base_addresses(vendors: Iterable[VendorEmulator], url: str) -> dict[str, str]:
    """The environment that sends every vendor's client to the emulator at `url`."""
    return {mount.variable: f"{url}/{mount.name}{mount.suffix}" for vendor in vendors for mount in vendor.mounts}
