"""Pictures as plain files for people at a terminal, with their recipe inside where the format can carry one."""

from pathlib import Path

from cloudhub.generations.models import Generation, Image
from cloudhub.generations.recipe import with_recipe
from cloudhub.generations.storage import write_durably

ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


def save_pictures(generation: Generation, target: Path) -> list[Path]:
    """Write a generation's pictures into the folder `target`, or the only one to the file `target`; returns the paths.

    A target with an ending is a file; several pictures then get numbers before it. Raises OSError.
    """
    images = list(Image.objects.filter(generation=generation, deleted_at=None).order_by("attempt__slot", "index", "id"))
    paths = [_path_of(image, number, target, len(images) == 1) for number, image in enumerate(images, start=1)]
    for image, path in zip(images, paths, strict=True):
        write_durably(path, with_recipe(image))
    return paths


def _path_of(image: Image, number: int, target: Path, is_only_one: bool) -> Path:
    if not target.suffix:
        return target / f"{image.id}{ENDINGS[image.mime_type]}"
    return target if is_only_one else target.with_stem(f"{target.stem}-{number}")
