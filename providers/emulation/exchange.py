"""One call to an emulated vendor from fault to answer: what is done, what is charged, what leaves the house."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from providers.emulation.contract import Call, Reply, VendorEmulator
from providers.emulation.faults import Fault, FaultMenu
from providers.emulation.invoice import Invoice
from providers.emulation.limits import RateLimits


@dataclass(frozen=True)
class Delivery:
    """What the caller gets: the reply, only the first `cut_after` bytes of its body, or no answer at all."""

    reply: Reply | None
    cut_after: int | None = None


class Exchange:
    """The vendors, their invoice and their faults. Safe for many threads."""

    def __init__(self, vendors: tuple[VendorEmulator, ...]) -> None:
        self.vendors = vendors
        self.invoice = Invoice()
        self.faults = FaultMenu()
        self.limits = RateLimits()
        self._by_mount: dict[str, list[VendorEmulator]] = {}
        for vendor in sorted(vendors, key=lambda vendor: vendor.takes is None):
            for mount in vendor.mounts:
                self._by_mount.setdefault(mount.name, []).append(vendor)
        self._stopped = threading.Event()

    @property
    def mounts(self) -> Mapping[str, list[VendorEmulator]]:
        """The vendors of each mount, those that take only some of its calls first."""
        return self._by_mount

    def stop(self) -> None:
        """End every delay at once, without an answer."""
        self._stopped.set()

    def carry_out(self, call: Call) -> Delivery:
        """Do what the vendor does with a call to one of its mounts. Work that was done is on the invoice first."""
        sharing = self._by_mount[call.mount]
        vendor = next((vendor for vendor in sharing if vendor.takes and vendor.takes(call)), sharing[-1])
        does_work = vendor.does_work(call)
        counts = vendor.counts(call) if vendor.counts else does_work
        if counts and not self.limits.passes(vendor.id):
            return Delivery(vendor.failure(call, 429))
        fault = self.faults.take(vendor.id, does_work=does_work)
        reply = self._reply(vendor, call, fault)
        if reply is not None and reply.charge is not None:
            self.invoice.add(vendor.id, reply.charge)
        if reply is not None and reply.void:
            self.invoice.void(vendor.id, reply.void)
        if fault.delay_ms and self._stopped.wait(fault.delay_ms / 1000):
            return Delivery(None)
        return Delivery(None if fault.drop else reply, fault.cut_after_bytes)

    def _reply(self, vendor: VendorEmulator, call: Call, fault: Fault) -> Reply | None:
        if fault.drop == "before_work":
            return None
        if fault.body is not None:
            return _given_reply(fault.status or 200, fault.body)
        if fault.status is not None:
            return vendor.failure(call, fault.status)
        return vendor.answer(replace(call, fault=fault))


def _given_reply(status: int, body: str | dict[str, Any] | list[Any]) -> Reply:
    if isinstance(body, str):
        return Reply(status=status, body=body.encode(), content_type="text/html; charset=UTF-8")
    return Reply(status=status, body=orjson.dumps(body))
