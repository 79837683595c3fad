"""Deleting a picture by hand: for whoever made it and for owners, restorable, and never a matter of money."""

import pytest

from cloudhub.accounts.models import AuditEntry
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.generations.bin import binned_images, delete_image, restore_image
from cloudhub.generations.images import find_image
from cloudhub.generations.models import Generation, Image
from tests.conftest import Cast
from tests.generations.stage import again, carry_out, ledger_of


def picture_of(generation: Generation) -> Image:
    return Image.objects.get(generation=generation)


def test_a_deleted_picture_is_in_the_bin_and_comes_back(cast: Cast) -> None:
    made = carry_out(cast.bob)
    image, before = picture_of(made), ledger_of(made)
    delete_image(cast.bob, image.id)
    assert list(binned_images(cast.bob)) == [image]
    with pytest.raises(NotFound):
        find_image(cast.bob, image.id)
    assert (again(made).state, ledger_of(made)) == ("succeeded", before)
    restore_image(cast.bob, image.id)
    assert find_image(cast.bob, image.id) == image
    assert list(binned_images(cast.bob)) == []
    actions = AuditEntry.objects.filter(target_id=str(image.id)).order_by("number").values_list("action", flat=True)
    assert list(actions) == ["picture.deleted", "picture.restored"]


def test_a_team_owner_may_and_a_viewer_and_another_maker_may_not(cast: Cast) -> None:
    image = picture_of(carry_out(cast.alice))
    for actor in (cast.bob, cast.victor):
        with pytest.raises(Forbidden):
            delete_image(actor, image.id)
    with pytest.raises(NotFound):
        delete_image(cast.charlie, image.id)
    bobs = picture_of(carry_out(cast.bob))
    delete_image(cast.alice, bobs.id)
    with pytest.raises(Forbidden):
        restore_image(cast.victor, bobs.id)
    with pytest.raises(NotFound):
        restore_image(cast.charlie, bobs.id)
    assert list(binned_images(cast.charlie)) == []


def test_what_is_deleted_or_gone_cannot_be_deleted_or_restored_again(cast: Cast) -> None:
    image = picture_of(carry_out(cast.bob))
    delete_image(cast.bob, image.id)
    with pytest.raises(NotFound):
        delete_image(cast.bob, image.id)
    Image.objects.filter(id=image.id).update(purged_at=image.created_at)
    with pytest.raises(NotFound):
        restore_image(cast.bob, image.id)
    with pytest.raises(NotFound):
        restore_image(cast.bob, "nonsense")
