"""Pictures from elsewhere: kept with their prompt, read from the file where nobody gave one, and never billed."""

import io
import time

import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from cloudhub.billing.models import LedgerEntry
from cloudhub.core.errors import Forbidden, Invalid
from cloudhub.generations import storage
from cloudhub.generations.imports import import_images, imported_images, read_origin
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.recipe import with_recipe
from tests.conftest import Cast
from tests.generations.stage import carry_out, png, submit

PARAMETERS = """a red fox, (snow:1.2)
second line
Negative prompt: rain
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 512x512, Model hash: abc, Model: dream_v8, Version: 1.9"""
JOB = "01234567-89ab-cdef-0123-456789abcdef"


def with_texts(**texts: str) -> bytes:
    info, buffer = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        info.add_itxt(name, text)
    PillowImage.new("RGB", (30, 20), "teal").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_an_import_has_its_words_and_neither_call_nor_ledger_line(cast: Cast) -> None:
    (image,) = import_images(cast.bob, [png()], prompt=" a fox --ar 3:2 ", made_with="Midjourney, v7")
    kept = Image.objects.get()
    assert (kept.prompt, kept.made_with) == ("a fox --ar 3:2", "Midjourney, v7")
    assert (kept.user, kept.team, kept.generation, kept.attempt) == (cast.bob.user, cast.team, None, None)
    assert storage.read_bytes(image.sha256) == png() == with_recipe(kept)
    assert not Generation.objects.exists()
    assert not LedgerEntry.objects.exists()


def test_without_words_it_still_is_an_import(cast: Cast) -> None:
    (image,) = import_images(cast.bob, [png()])
    assert (image.prompt, image.made_with) == ("", "elsewhere")


@pytest.mark.parametrize(
    ("texts", "prompt", "made_with"),
    [
        ({"parameters": PARAMETERS}, "a red fox, (snow:1.2)\nsecond line", "dream_v8"),
        ({"parameters": "a fox\nSteps: 20, Model: x"}, "a fox", "x"),
        ({"parameters": "only a fox"}, "only a fox", ""),
        ({"parameters": "Steps: 20"}, "", ""),
        ({"Description": f"a fox --v 7 Job ID: {JOB}"}, "a fox --v 7", "Midjourney"),
        ({"Description": f"a fox\n Job ID: {JOB} in snow"}, "a fox in snow", "Midjourney"),
        ({"Description": "a fox"}, "", ""),
        ({"cloudhub": '{"prompt": "a fox", "model": "practice-1"}'}, "a fox", "CloudHub: practice-1"),
        ({"cloudhub": '{"prompt": 5}'}, "", "CloudHub"),
        ({"cloudhub": "[" * 200_000, "parameters": "a fox"}, "a fox", ""),
        ({"cloudhub": "[]", "parameters": "a fox"}, "a fox", ""),
        ({"parameters": "p" * 40_000}, "p" * 32_000, ""),
        ({"parameters": "a\x00fox"}, "", ""),
        ({"Comment": "a fox"}, "", ""),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_png_tells_of_itself(texts: dict[str, str], prompt: str, made_with: str) -> None:
    origin = read_origin(with_texts(**texts))
    assert (origin.prompt, origin.made_with) == (prompt, made_with)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", ["Description", "parameters"])
@pytest.mark.parametrize("piece", [" ", "Job ID: ", "\nSeed: ", ", Model: "])
def test_a_hostile_text_takes_time_in_proportion_to_its_length(name: str, piece: str) -> None:
    def seconds(count: int) -> float:
        picture = with_texts(**{name: f"a{piece * (count // len(piece))}b"})
        begun = time.perf_counter()
        read_origin(picture)
        return time.perf_counter() - begun

    short = min(seconds(5_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(3)) < 8 * short + 0.05


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", png()[:60]])
def test_a_file_that_tells_nothing_is_no_error(data: bytes) -> None:
    assert read_origin(data).prompt == ""


def test_a_download_of_ours_comes_back_with_its_prompt(cast: Cast) -> None:
    generation = carry_out(cast.bob, prompt="ein Fuchs, 狐", negative_prompt="rain")
    download = with_recipe(Image.objects.get(generation=generation))
    (image,) = import_images(cast.bob, [download])
    assert (image.prompt, image.made_with) == ("ein Fuchs, 狐", "CloudHub: practice-1")


def test_words_that_are_given_win(cast: Cast) -> None:
    (image,) = import_images(cast.bob, [with_texts(parameters=PARAMETERS)], prompt="mine")
    assert (image.prompt, image.made_with) == ("mine", "dream_v8")


def test_of_several_files_all_or_none_are_kept_and_each_at_fault_is_named(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        import_images(cast.bob, [png(), b"nothing", png()[:30]])
    assert set(refused.value.fields) == {"file[1]", "file[2]"}
    assert not Image.objects.exists()
    assert len(import_images(cast.bob, [png(), png("gold")])) == 2


@pytest.mark.parametrize(
    ("words", "field"),
    [({"prompt": "p" * 32_001}, "prompt"), ({"prompt": 5}, "prompt"), ({"made_with": "m" * 201}, "made_with"),
     ({"made_with": "a\x00"}, "made_with")],
)  # fmt: skip
def test_words_that_cannot_be_kept_are_refused(cast: Cast, words: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        import_images(cast.bob, [png()], **words)
    assert set(refused.value.fields) == {field}


def test_no_file_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Choose at least one picture"):
        import_images(cast.bob, [])


def test_a_viewer_may_not_import_and_a_stranger_sees_nothing(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        import_images(cast.victor, [png()])
    import_images(cast.bob, [png()])
    assert imported_images(cast.victor).count() == 1
    assert imported_images(cast.charlie).count() == 0


def test_an_import_serves_as_a_reference_and_a_reference_is_no_import(cast: Cast) -> None:
    (image,) = import_images(cast.bob, [png()])
    submit(cast.bob, input_images=[str(image.id)])
    assert imported_images(cast.bob).count() == 1
