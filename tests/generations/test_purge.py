"""Pictures and recipes that go for good: shared files stay with the last who names them, open work is left alone."""

import os
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from cloudhub.core.errors import Conflict
from cloudhub.generations import storage
from cloudhub.generations.answers import kept_answer
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.purge import erase_recipes, purge_images, remove_purged_files
from cloudhub.records.rows import attempt_line
from tests.conftest import Cast
from tests.generations.stage import again, all_at_once, attempts_of, carry_out, png, submit
from tests.records.stage import has_file, images_of, make_file_older, now_image

EVERY = Image.objects.all
ASIDE = ".{}.going"


def purge_all() -> None:
    while purge_images(EVERY()):
        pass


def test_a_purged_picture_loses_its_file_and_keeps_its_row(cast: Cast) -> None:
    made = carry_out(cast.bob)
    (image,) = images_of(made)
    storage.thumbnail(image.sha256)
    make_file_older(image.sha256)
    purge_all()
    assert remove_purged_files() == 1
    assert not has_file(image.sha256)
    assert not storage.thumbnail_path(image.sha256).exists()
    gone = now_image(image.id)
    assert gone.purged_at is not None
    assert gone.deleted_at is not None
    assert gone.sha256 == ""
    assert (again(made).state, again(made).cost_micros) == ("succeeded", made.cost_micros)
    assert remove_purged_files() == 0


def test_a_file_stays_as_long_as_another_picture_has_the_same_bytes(cast: Cast) -> None:
    first, second = upload_image(cast.bob, png()), upload_image(cast.charlie, png())
    assert first.sha256 == second.sha256
    make_file_older(first.sha256)
    assert purge_images(EVERY().filter(team=cast.team)) == 1
    assert remove_purged_files() == 1
    assert has_file(second.sha256)
    purge_all()
    remove_purged_files()
    assert not has_file(second.sha256)


def test_bytes_written_within_the_hour_wait_for_their_row(cast: Cast) -> None:
    image = upload_image(cast.bob, png())
    purge_all()
    assert remove_purged_files() == 0
    assert has_file(image.sha256)
    make_file_older(image.sha256)
    assert remove_purged_files() == 1


def test_a_rival_who_writes_the_same_bytes_at_the_last_moment_keeps_them(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = upload_image(cast.bob, png())
    make_file_older(image.sha256)
    purge_all()
    looks: list[bool] = []

    def look() -> bool:
        looks.append(has_file(image.sha256))
        if len(looks) == 2:
            upload_image(cast.alice, png())
            return Image.objects.filter(sha256=image.sha256, purged_at=None).exists()
        return False

    assert storage.remove_object(image.sha256, look) is False
    assert looks == [True, False], "the file is moved aside before the last look"
    assert has_file(image.sha256)
    assert remove_purged_files() == 1
    assert storage.read_bytes(image.sha256) == png()


def test_a_process_that_died_in_between_loses_nothing(cast: Cast) -> None:
    first, second = upload_image(cast.bob, png()), upload_image(cast.alice, png())
    make_file_older(first.sha256)
    purge_images(EVERY().filter(id=first.id))
    path = storage.object_path(first.sha256)
    path.rename(path.with_name(ASIDE.format(first.sha256)))
    assert remove_purged_files() == 1
    assert storage.read_bytes(second.sha256) == png()


def test_a_picture_of_an_answer_that_is_not_settled_yet_keeps_its_file(cast: Cast) -> None:
    made = carry_out(cast.bob, seed=7)
    (image,), (attempt,) = images_of(made), attempts_of(made)
    make_file_older(image.sha256)
    # As after a crash between keeping the answer and settling it: the attempt is open, the record names the picture.
    Attempt.objects.filter(hold_id=attempt.pk).update(state="unknown")
    purge_all()
    remove_purged_files()
    assert has_file(image.sha256)
    Attempt.objects.filter(hold_id=attempt.pk).update(state="settled")


def test_references_of_open_work_stay(cast: Cast) -> None:
    used, unused = upload_image(cast.bob, png("teal")), upload_image(cast.bob, png("red"))
    queued = submit(cast.bob, input_images=[str(used.id)]).generation
    purge_all()
    assert now_image(used.id).purged_at is None
    assert now_image(unused.id).purged_at is not None
    Generation.objects.filter(id=queued.id).update(state="cancelled")
    purge_all()
    assert now_image(used.id).purged_at is not None
    Generation.objects.filter(id=queued.id).update(state="queued")


@pytest.mark.parametrize("state", ["queued", "running", "unknown"])
def test_pictures_and_recipes_of_an_open_generation_stay(cast: Cast, state: str) -> None:
    made = carry_out(cast.bob)
    Generation.objects.filter(id=made.id).update(state=state)
    purge_all()
    assert erase_recipes(Generation.objects.all()) == 0
    assert images_of(made)[0].purged_at is None
    assert again(made).prompt == "a red fox"
    Generation.objects.filter(id=made.id).update(state="succeeded")


def test_an_erased_recipe_leaves_states_money_and_pictures(cast: Cast) -> None:
    made = carry_out(cast.bob, prompt="a secret wish", negative_prompt="a secret too")
    (image,), (attempt,) = images_of(made), attempts_of(made)
    Image.objects.filter(id=image.id).update(revised_prompt="a secret in other words")
    assert erase_recipes(Generation.objects.all()) == 1
    bare = again(made)
    assert (bare.prompt, bare.request, bare.sent, bare.notes) == ("", {}, {}, [])
    assert (bare.state, bare.cost_micros, bare.user_id) == ("succeeded", made.cost_micros, cast.bob.user.pk)
    assert now_image(image.id).revised_prompt == ""
    answer = kept_answer(attempt.pk)
    assert answer is not None
    assert (answer.provider_response, answer.billed["image"]) == ({}, 1)
    record = storage.record_path(attempt.pk).read_text()
    assert "secret" not in record
    assert erase_recipes(Generation.objects.all()) == 0


def test_the_vendors_job_goes_with_the_recipe_unless_its_outcome_is_unknown(cast: Cast) -> None:
    made = carry_out(cast.bob)
    # As `remember_addresses` keeps it: the vendor's wording and a signed address.
    remembered = '{"pictures": [["https://cdn.example/1?signature=a", "a secret wish"]]}'
    Attempt.objects.update(remote_id=remembered, state="unknown")
    erase_recipes(Generation.objects.all())
    assert attempts_of(made)[0].remote_id == remembered, "the vendor is still asked about it"
    Attempt.objects.update(state="settled")
    Generation.objects.filter(id=made.id).update(finished_at=timezone.now() + timedelta(seconds=1))
    erase_recipes(Generation.objects.all())
    (attempt,) = attempts_of(made)
    assert (attempt.remote_id, attempt_line(attempt)["vendor_job"]) == ("", None)


def test_a_late_answer_after_the_erasure_is_erased_too(cast: Cast) -> None:
    made = carry_out(cast.bob)
    erase_recipes(Generation.objects.all())
    Generation.objects.filter(id=made.id).update(finished_at=timezone.now() + timedelta(seconds=1))
    Image.objects.filter(generation=made).update(revised_prompt="late words")
    assert erase_recipes(Generation.objects.all()) == 1
    assert images_of(made)[0].revised_prompt == ""


def test_a_picture_that_was_restored_meanwhile_is_not_purged(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    image = upload_image(cast.bob, png())
    Image.objects.filter(id=image.id).update(deleted_at=timezone.now())
    binned = Image.objects.filter(deleted_at__lte=timezone.now() + timedelta(days=1))
    from cloudhub.generations import purge  # noqa: PLC0415 - to step in between looking and marking

    look = purge.purgeable

    def look_and_restore(images: object) -> object:
        ids = list(look(images).values_list("id", flat=True))  # type: ignore[arg-type]
        Image.objects.filter(id=image.id).update(deleted_at=None)
        return Image.objects.filter(id__in=ids)

    monkeypatch.setattr(purge, "purgeable", look_and_restore)
    assert purge_images(binned) == 0
    assert now_image(image.id).purged_at is None


def test_reuse_and_removal_at_once_never_leave_a_picture_without_its_file(committed_cast: Cast) -> None:
    draft = {"quality": "draft", "style": "geometry", "cache": "use"}
    for seed in range(3):
        made = carry_out(committed_cast.bob, seed=seed, **draft)
        (image,) = images_of(made)
        make_file_older(image.sha256)

        def reuse(seed: int = seed) -> None:
            # The pictures to reuse were deleted meanwhile: refused, with nothing held.
            with suppress(Conflict):
                submit(committed_cast.bob, seed=seed, **draft)

        def remove(image: Image = image) -> None:
            purge_images(EVERY().filter(id=image.id))
            remove_purged_files()

        jobs = [reuse, remove]
        all_at_once(2, lambda jobs=jobs: jobs.pop()())  # type: ignore[misc]
        remove_purged_files()
        living = Image.objects.filter(purged_at=None)
        assert all(has_file(other.sha256) for other in living)


def test_files_of_old_pictures_are_found_by_their_age_not_by_the_clock_of_the_row(cast: Cast) -> None:
    image = upload_image(cast.bob, png())
    purge_all()
    moment = timezone.now().timestamp() - storage.YOUNG_SECONDS - 5
    os.utime(storage.object_path(image.sha256), (moment, moment))
    assert remove_purged_files() == 1
