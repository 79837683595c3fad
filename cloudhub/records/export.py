"""All that the hub holds of one team, or of one person's work, as a zip archive that is written while it is sent.

Rows are read in short steps, and no database connection is held while a piece of the archive is on its way.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import orjson
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import AuditEntry, HubKey, Membership, Team
from cloudhub.billing.models import Budget, LedgerEntry
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.generations import storage
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.recipe import has_lost_its_words, original_of
from cloudhub.records import rows
from cloudhub.records.zip_stream import zip_stream

STEP = 500
PIECE = 256 * 1024
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
Line = dict[str, Any]
Row = TypeVar("Row", bound=Model)
Entry = tuple[str, Iterable[bytes], bool]

README = """\
What the hub holds of {whose}, exported on {on:%Y-%m-%d %H:%M} UTC.

One line of JSON a row, UTF-8. Times are ISO 8601 in UTC, amounts decimal text with six places, people and hub keys are
numbers that members.jsonl and hub_keys.jsonl explain where they are this team's.

{files}
pictures/           the files, by the id in images.jsonl; bytes as the vendor or the person gave them,
                    without metadata where the prompt was erased
images.jsonl        every picture; "file" is null where it is gone or missing
generations.jsonl   every wish: prompt, settings as asked and as sent, state, cost
attempts.jsonl      every call to a vendor, by the generation it was for

No password, no key and no hash of one is in here.
"""
TEAM_FILES = """\
members.jsonl       who is in the team, in which role
hub_keys.jsonl      keys for programs: their first characters and limits, never the key
ledger.csv, .jsonl  every movement of money; the CSV is the same for spreadsheets
budgets.jsonl       budgets of the team, its members and its keys
audit.jsonl         who changed what; hashes are those of the hub's whole chain, of which these are the team's lines
"""


def export_team(actor: Actor, team: object) -> tuple[Team, Iterator[bytes]]:
    """The team (by number or name) and its archive in pieces. For its owners and the hub's; told in the audit trail.

    Raises `Forbidden`, and `NotFound` also for another team.
    """
    actor.require("manage")
    chosen = _find_team(actor, team)
    run_transaction(
        lambda: record(actor, "team.exported", target_kind="team", target_id=chosen.pk, target_name=chosen.name,
                       team=chosen)
    )  # fmt: skip
    return chosen, zip_stream(_team_entries(chosen))


def export_own_data(actor: Actor) -> Iterator[bytes]:
    """What a person made, in all their teams: wishes, calls and pictures. Raises `Forbidden` for programs."""
    if actor.hub_key is not None:
        raise Forbidden("Only people export their own data, on the page Account.")
    user_id = actor.user.pk
    run_transaction(lambda: record(actor, "person.exported", target_kind="user", target_id=user_id))
    return zip_stream(_work_entries(f"{actor.user.email}", Q(user_id=user_id), ""))


def _find_team(actor: Actor, wanted: object) -> Team:
    teams = Team.objects.all() if actor.is_hub_owner else Team.objects.filter(pk=actor.team.pk)
    text = str(wanted)
    by_number = Q(pk=int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else Q(pk=None)
    team = teams.filter(by_number).first() or teams.filter(name=text).first()
    if team is None:
        raise NotFound(f"There is no team {text} that you own.")
    return team


def _team_entries(team: Team) -> Iterator[Entry]:
    yield from _work_entries(f"the team {team.name}", Q(team=team), TEAM_FILES)
    members = Membership.objects.filter(team=team).select_related("user")
    keys = HubKey.objects.filter(team=team)
    ledger = LedgerEntry.objects.filter(team=team).select_related("model", "price")
    yield "members.jsonl", _lines(members, rows.member_line), True
    yield "hub_keys.jsonl", _lines(keys, rows.hub_key_line), True
    yield "ledger.jsonl", _lines(ledger, rows.ledger_line), True
    yield "ledger.csv", _table(ledger, rows.ledger_line, rows.LEDGER_FIELDS), True
    yield "budgets.jsonl", _lines(_budgets(team), rows.budget_line), True
    yield "audit.jsonl", _lines(AuditEntry.objects.filter(team=team), rows.audit_line), True


def _work_entries(whose: str, mine: Q, files: str) -> Iterator[Entry]:
    """What was made: README, wishes, calls, pictures and their files."""
    text = README.format(whose=whose, on=timezone.now(), files=files.strip()).replace("\n\n\n", "\n\n")
    images = Image.objects.filter(mine)
    generations = Generation.objects.filter(mine)
    attempts = Attempt.objects.filter(generation__in=generations)
    yield "README.txt", [text.encode()], True
    yield "generations.jsonl", _lines(generations.select_related("model"), rows.generation_line), True
    yield "attempts.jsonl", _lines(attempts, rows.attempt_line), True
    yield "images.jsonl", _lines(images, lambda image: rows.image_line(image, _file_name(image))), True
    for image in _steps(images.filter(purged_at=None).select_related("generation")):
        name = _file_name(image)
        if name:
            yield name, _file(image), False


def _budgets(team: Team) -> QuerySet[Budget]:
    """Those of the team, its hub keys, and its people who are in no other: a person's budget follows them there."""
    elsewhere = Membership.objects.filter(user=OuterRef("user")).exclude(team=team)
    of_ours = Membership.objects.filter(~Exists(elsewhere), team=team)
    members = [str(pk) for pk in of_ours.values_list("user_id", flat=True)]
    keys = [str(pk) for pk in HubKey.objects.filter(team=team).values_list("pk", flat=True)]
    ours = Q(scope="team", target=str(team.pk)) | Q(scope="user", target__in=members)
    return Budget.objects.filter(ours | Q(scope="hub_key", target__in=keys))


def _file_name(image: Image) -> str | None:
    if image.purged_at or not image.sha256 or not storage.object_path(image.sha256).exists():
        return None
    return f"pictures/{image.pk}.{ENDINGS.get(image.mime_type, 'bin')}"


def _file(image: Image) -> Iterator[bytes]:
    try:
        if has_lost_its_words(image):
            yield original_of(image)
            return
        with storage.object_path(image.sha256).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except FileNotFoundError:
        # Removed since it was listed; the archive goes on.
        return


def _steps(found: QuerySet[Row]) -> Iterator[Row]:
    """All rows in the order of their ids, in short reads between which the connection is given back."""
    last: Any = None
    while True:
        rest = found.filter(pk__gt=last) if last is not None else found
        step = list(rest.order_by("pk")[:STEP])
        release_connection()
        yield from step
        if len(step) < STEP:
            return
        last = step[-1].pk


def _lines(found: QuerySet[Row], line: Callable[[Row], Line]) -> Iterator[bytes]:
    for row in _steps(found):
        yield orjson.dumps(line(row), option=orjson.OPT_APPEND_NEWLINE)


def _table(found: QuerySet[Row], line: Callable[[Row], Line], fields: tuple[str, ...]) -> Iterator[bytes]:
    """The same rows as CSV for spreadsheets."""
    yield _csv(fields)
    for row in _steps(found):
        values = line(row)
        yield _csv([_cell(values[name]) for name in fields])


def _csv(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    """A value for a spreadsheet, which takes text that begins like a formula for one: such text gets an apostrophe."""
    if isinstance(value, dict | list):
        value = orjson.dumps(value).decode()
    if isinstance(value, str) and value[:1] in ("=", "+", "@", "\t", "\r"):
        return f"'{value}"
    if isinstance(value, str) and value.startswith("-") and not value[1:].replace(".", "", 1).isdigit():
        return f"'{value}"
    return "" if value is None else value
