"""A team's archive: all that is the team's, nothing of anybody else's, no secret, and one piece at a time in memory."""

import csv
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from cloudhub.accounts.models import AuditEntry, Membership, Role, User
from cloudhub.billing.models import LedgerEntry
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Generation, Image
from cloudhub.records.export import export_own_data, export_team
from cloudhub.records.zip_stream import zip_stream
from tests.conftest import Cast
from tests.generations.stage import budget, carry_out, png
from tests.hub_keys import create_hub_key
from tests.records.stage import images_of


def read(pieces: object) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))  # type: ignore[arg-type]
    assert archive.testzip() is None
    return archive


def lines(archive: zipfile.ZipFile, name: str) -> list[dict]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_everything_of_the_team_is_inside(cast: Cast) -> None:
    made, upload = carry_out(cast.bob, tags=["spring"]), upload_image(cast.bob, png())
    budget(cast.alice, "5.000000", scope="team", target=str(cast.team.pk))
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    (generation,), (image,) = lines(archive, "generations.jsonl"), images_of(made)
    assert (generation["id"], generation["prompt"], generation["tags"]) == (str(made.id), "a red fox", ["spring"])
    files = {line["id"]: line["file"] for line in lines(archive, "images.jsonl")}
    assert set(files) == {str(image.id), str(upload.id)}
    assert archive.read(files[str(upload.id)]) == png()
    assert [line["state"] for line in lines(archive, "attempts.jsonl")] == ["settled"]
    assert {line["email"] for line in lines(archive, "members.jsonl")} == {
        f"{who}@example.org" for who in ("alice", "bob", "victor")
    }
    assert [line["limit"] for line in lines(archive, "budgets.jsonl")] == ["5.000000"]
    assert "team.exported" in {line["action"] for line in lines(archive, "audit.jsonl")}
    told = archive.read("README.txt").decode()
    for name in archive.namelist():
        assert name.split("/")[0].partition(".")[0] in told or name == "README.txt", name


def test_budgets_of_people_who_are_in_other_teams_too_stay_out(cast: Cast) -> None:
    Membership.objects.create(user=cast.bob.user, team=cast.other_team, role=Role.MEMBER)
    for actor, limit in ((cast.bob, "3.000000"), (cast.victor, "4.000000")):
        budget(cast.alice, limit, scope="user", target=str(actor.user.pk))
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    assert [line["limit"] for line in lines(archive, "budgets.jsonl")] == ["4.000000"]


def test_the_ledger_is_whole_as_lines_and_as_a_table(cast: Cast) -> None:
    carry_out(cast.bob, num_images=2)
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    table = list(csv.DictReader(io.StringIO(archive.read("ledger.csv").decode())))
    stored = LedgerEntry.objects.filter(team=cast.team).order_by("id")
    assert [int(row["id"]) for row in table] == [line["id"] for line in lines(archive, "ledger.jsonl")]
    assert [int(row["id"]) for row in table] == list(stored.values_list("id", flat=True))
    assert sum(round(float(row["posted"]) * 1_000_000) for row in table) == sum(row.posted_delta for row in stored)


def test_a_tag_that_looks_like_a_formula_stays_text(cast: Cast) -> None:
    from cloudhub.records.export import _cell  # noqa: PLC0415 - one rule, asked directly

    risky = ["=1+1", "+1", "@SUM(A1)", "\tx", "-1+2", "-a"]
    assert [_cell(text) for text in risky] == [f"'{text}" for text in risky]
    assert [_cell(value) for value in ("-0.500000", "plain", None, 3)] == ["-0.500000", "plain", "", 3]


def test_nothing_of_another_team_and_no_secret_is_inside(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-vendor-0123456789")
    _, text = create_hub_key(name="laptop", user=cast.bob.user, team=cast.team)
    _, stranger = create_hub_key(name="stranger's", user=cast.charlie.user, team=cast.other_team)
    carry_out(cast.charlie, prompt="a stranger's secret wish")
    foreign = upload_image(cast.charlie, png("purple"))
    carry_out(cast.bob)
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode("latin-1")
    secrets = [text, stranger, "sk-canary-vendor-0123456789", "stranger", "charlie", str(foreign.id)]
    secrets += list(User.objects.values_list("password", flat=True))
    secrets += [key.digest for user in User.objects.all() for key in user.hub_keys.all()]
    for secret in secrets:
        assert secret not in everything, secret


def test_only_owners_export_and_only_their_team(cast: Cast) -> None:
    for actor in (cast.bob, cast.victor):
        with pytest.raises(Forbidden):
            export_team(actor, cast.team.pk)
    for wanted in (cast.team.pk, "Studio", "nonsense", "9" * 30):
        with pytest.raises(NotFound):
            export_team(cast.charlie, wanted)
    assert export_team(cast.charlie, "Elsewhere")[0] == cast.other_team
    assert export_team(cast.alice, "Elsewhere")[0] == cast.other_team
    assert AuditEntry.objects.filter(action="team.exported").count() == 2


def test_gone_and_missing_files_are_said_to_be(cast: Cast) -> None:
    made = carry_out(cast.bob)
    (image,) = images_of(made)
    Image.objects.filter(id=image.id).update(purged_at=image.created_at, deleted_at=image.created_at, sha256="")
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    assert lines(archive, "images.jsonl")[0]["file"] is None
    assert not [name for name in archive.namelist() if name.startswith("pictures/")]


def test_people_export_what_they_made_and_nothing_else(cast: Cast) -> None:
    mine, theirs = carry_out(cast.bob, prompt="mine"), carry_out(cast.alice, prompt="theirs", seed=4)
    archive = read(export_own_data(cast.bob))
    assert [line["id"] for line in lines(archive, "generations.jsonl")] == [str(mine.id)]
    assert str(theirs.id) not in archive.read("images.jsonl").decode()
    assert "audit.jsonl" not in archive.namelist()


def test_more_rows_than_one_step_come_once_each(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudhub.records.export.STEP", 2)
    for _ in range(3):
        upload_image(cast.bob, png())
    carry_out(cast.bob, num_images=4, quality="draft", style="geometry")
    archive = read(export_team(cast.alice, cast.team.pk)[1])
    ids = [line["id"] for line in lines(archive, "images.jsonl")]
    assert len(ids) == len(set(ids)) == Image.objects.count() == 7
    assert len(lines(archive, "generations.jsonl")) == Generation.objects.count()


@pytest.mark.sqlite_only
def test_an_archive_of_hundreds_of_megabytes_takes_no_memory() -> None:
    piece = bytes(256 * 1024)
    tracemalloc.start()
    size = sum(len(part) for part in zip_stream([("big", (piece for _ in range(800)), False), ("end", [b"x"], True)]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 200 * 1024 * 1024
    assert peak < 8 * 1024 * 1024


def test_the_command_writes_the_archive_for_its_owner_alone(cast: Cast, tmp_path: Path) -> None:
    carry_out(cast.bob)
    out = tmp_path / "team.zip"
    call_command("export_team", "Studio", out=out)
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        assert "ledger.csv" in archive.namelist()
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_team", "Studio", out=out)
    with pytest.raises(CommandError, match="There is no team Nowhere"):
        call_command("export_team", "Nowhere", out=tmp_path / "other.zip")
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) == ["team.zip"]
