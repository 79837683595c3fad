"""More pictures than one call gives are several calls, whose parts add up."""

from math import ceil

import pytest
from django.db.models import Sum

from cloudhub.billing.models import LedgerEntry
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.contract.hub import carry, charged, check_books
from tests.contract.subjects import Subject, booked_vendors, subjects, usual_subject
from tests.contract.tap import Tap
from tests.contract.wishes import usual
from tests.generations.stage import attempts_of, fault


def several(vendor: str) -> Subject:
    """The vendor's model with the most pictures a call: there a split has something to get wrong."""
    entries = installed_providers()[vendor].model
    own = [subject for subject in subjects() if subject.provider_id == vendor]

    def count(subject: Subject) -> int:
        entry = entries(subject.model_id)
        return entry.capabilities.images_per_call if entry and "text-to-image" in entry.capabilities.modes else 0

    best = max(own, key=count)
    return best if count(best) > 1 else usual_subject(vendor)


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize("vendor", booked_vendors())
def test_i8_parts_add_up_to_what_was_wished(tap: Tap, emulator: RunningServer, cast: Cast, vendor: str) -> None:
    subject = several(vendor)
    most = subject.entry().capabilities.images_per_call
    wished = min(10, most + 1)
    generation = carry(cast, subject, num_images=wished)
    assert (generation.state, generation.error) == ("succeeded", None)
    attempts = attempts_of(generation)
    assert len(attempts) == ceil(wished / most) == len([one for one in tap.work() if one.vendor == vendor])
    assert [attempt.num_images for attempt in attempts] == [min(most, wished - at) for at in range(0, wished, most)]
    assert generation.images.count() == wished
    assert len(set(generation.images.values_list("sha256", flat=True))) == wished
    posted = LedgerEntry.objects.aggregate(posted=Sum("posted_delta"))["posted"]
    assert generation.cost_micros == posted == charged(emulator, vendor)
    assert generation.estimate_micros is None or generation.cost_micros <= generation.estimate_micros
    check_books(emulator, subject)


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize("vendor", booked_vendors())
def test_i7_fewer_pictures_than_asked_are_billed_as_they_came(emulator: RunningServer, cast: Cast, vendor: str) -> None:
    subject = several(vendor)
    most = min(3, subject.entry().capabilities.images_per_call)
    if most < 2:
        return
    fault(emulator, vendor=vendor, partial=1)
    generation = carry(cast, subject, num_images=most)
    assert (generation.state, generation.images.count()) == ("partial", 1), generation.error
    assert generation.cost_micros == charged(emulator, vendor)
    check_books(emulator, subject)


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize("vendor", booked_vendors())
def test_seeds_of_parts_go_up_where_seeds_are_sent(tap: Tap, cast: Cast, vendor: str) -> None:
    subject = usual_subject(vendor)
    able = subject.entry().capabilities
    if able.seed == "not_sent":
        wish = usual(subject.provider, subject.entry(), seed=7)
        fitted, notes = subject.provider.normalise(wish, subject.entry())
        assert fitted.seed is None
        assert any("7" in note for note in notes)
        return
    wished = min(10, 2 * able.images_per_call)
    generation = carry(cast, subject, num_images=wished, seed=7)
    assert generation.state == "succeeded", generation.error
    seeds = list(generation.images.order_by("attempt__slot", "index").values_list("seed", flat=True))
    if able.seed == "guaranteed":
        assert seeds == list(range(7, 7 + wished))
    else:
        firsts = [seeds[at] for at in range(0, wished, able.images_per_call)]
        assert all(seed is None or seed >= 7 for seed in firsts)
