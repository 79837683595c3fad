"""List registered models with price and life-cycle."""

from typing import Any

from django.core.management.base import BaseCommand

from cloudhub.catalog.lifecycle import lifecycle_warnings, standing
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.prices import price_in_force


class Command(BaseCommand):
    help = "List registered models: key, vendor, price, life-cycle."

    def handle(self, *_: Any, **options: Any) -> None:
        for model in CloudModel.objects.order_by("provider", "key"):
            price = price_in_force(model)
            words = "price unknown"
            if price is not None:
                lines = (f"{line['amount']} {price.currency} per {line['per']} {line['unit']}" for line in price.lines)
                words = ", ".join(lines)
            switched = "" if model.enabled else ", switched off"
            self.stdout.write(f"{model.key}  ({model.provider}, {standing(model).state}{switched})  {words}")
            for warning in lifecycle_warnings(model):
                self.stdout.write(f"    ! {warning}")
