"""Pictures that were made elsewhere: kept with their prompt, shown in the Gallery, without a call or a ledger line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.pace import UPLOADS, keep_pace
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Invalid
from cloudhub.core.text import is_storable
from cloudhub.generations.images import new_image
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import read_recipe
from cloudhub.generations.wish import read_upload
from providers.base import InputImage
from providers.pictures import UnreadablePicture, open_picture

LONGEST_PROMPT = 32_000
LONGEST_ORIGIN = 200
UNKNOWN_ORIGIN = "elsewhere"
# The line of settings with which AUTOMATIC1111's web interface and its many kin end a picture's text.
_SETTINGS = re.compile(r"^(?:Steps|Seed|Size): .*$", re.MULTILINE)
_MODEL = re.compile(r"(?:^|, )Model: ([^,\n]+)")
_JOB_ID = re.compile(r"Job ID: [0-9a-fA-F-]{36}")
# Characters of one text that are looked at: the longest prompt and what programs write behind it.
LONGEST_TEXT = 4 * LONGEST_PROMPT


@dataclass(frozen=True)
class Origin:
    """What is known of a picture from elsewhere; empty where nothing is."""

    prompt: str = ""
    made_with: str = ""


def import_images(actor: Actor, files: Sequence[bytes], *, prompt: object = "", made_with: object = "") -> list[Image]:
    """Keep pictures from elsewhere, all or none. Where `prompt` or `made_with` is empty, a PNG's own words count.

    Raises `Invalid` naming `file` (`file[1]` for the second of several), `prompt` or `made_with`.
    """
    actor.require("generate")
    keep_pace(actor, UPLOADS, len(files))
    given = _read_words(prompt, made_with)
    problems: dict[str, str] = {}
    pictures = [_read(data, f"file[{index}]" if index else "file", problems) for index, data in enumerate(files)]
    if not files:
        problems["file"] = "Choose at least one picture."
    if problems:
        raise Invalid.of(problems)
    images = []
    for picture in filter(None, pictures):
        found = read_origin(picture.data)
        image = new_image(actor, picture)
        image.prompt = given.prompt or found.prompt
        image.made_with = given.made_with or found.made_with or UNKNOWN_ORIGIN
        images.append(image)
    run_transaction(lambda: Image.objects.bulk_create(images))
    return images


def imported_images(actor: Actor) -> QuerySet[Image]:
    """The imported pictures of the actor's team, of every team for a hub owner, newest first."""
    actor.require("read")
    images = Image.objects.filter(made_with__isnull=False, deleted_at=None).select_related("user")
    return (images if actor.is_hub_owner else images.filter(team=actor.team)).order_by("-id")


def read_origin(data: bytes) -> Origin:
    """What a PNG tells of itself in text chunks: our own recipe, AUTOMATIC1111's text, or Midjourney's description."""
    recipe = read_recipe(data)
    if recipe is not None:
        return _clean(
            recipe.get("prompt"), ": ".join(["CloudHub", *([str(recipe["model"])] if "model" in recipe else [])])
        )
    texts = _texts(data)
    if "parameters" in texts:
        prompt, model = _split_parameters(texts["parameters"])
        return _clean(prompt, model)
    description = texts.get("Description", "")
    if _JOB_ID.search(description):
        parts = (part.strip() for part in _JOB_ID.split(description))
        return _clean(" ".join(filter(None, parts)), "Midjourney")
    return Origin()


def _texts(data: bytes) -> dict[str, str]:
    try:
        with open_picture(data, formats=("PNG",)) as picture:
            return {str(name): text[:LONGEST_TEXT] for name, text in picture.info.items() if isinstance(text, str)}
    except (OSError, SyntaxError, ValueError):
        return {}


def _split_parameters(text: str) -> tuple[str, str]:
    """The prompt before the negative one and the line of settings, and the model in that line."""
    found = list(_SETTINGS.finditer(text))
    settings = found[-1][0] if found else ""
    prompt = text[: found[-1].start()] if found else text
    model = _MODEL.search(settings)
    return prompt.partition("\nNegative prompt:")[0].strip(), model[1].strip() if model else ""


def _clean(prompt: Any, made_with: str) -> Origin:
    """Words from a file, which may hold anything: what cannot be kept is left out."""
    text = prompt if isinstance(prompt, str) and is_storable(prompt) else ""
    return Origin(text[:LONGEST_PROMPT].strip(), made_with[:LONGEST_ORIGIN].strip() if is_storable(made_with) else "")


def _read_words(prompt: object, made_with: object) -> Origin:
    problems = {}
    for name, value, most in (("prompt", prompt, LONGEST_PROMPT), ("made_with", made_with, LONGEST_ORIGIN)):
        if not isinstance(value, str) or len(value) > most or not is_storable(value):
            problems[name] = f"Must be text of at most {most} characters."
    if problems:
        raise Invalid.of(problems)
    return Origin(str(prompt).strip(), str(made_with).strip())


def _read(data: bytes, field: str, problems: dict[str, str]) -> InputImage | None:
    try:
        return read_upload(data)
    except UnreadablePicture as error:
        problems[field] = str(error)
        return None
