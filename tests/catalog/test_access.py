"""Who may use which model: nobody named is everybody; a hub key's own list narrows it further."""

from dataclasses import replace

import pytest

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.accounts.models import AuditEntry
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.catalog.access import may_use, require_use, restrict_model
from cloudhub.catalog.find import default_model, models_for_picking
from cloudhub.core.errors import Forbidden, Invalid
from cloudhub.generations.models import Generation
from cloudhub.generations.quote import quote_wish
from cloudhub.generations.submit import submit_generation
from tests.conftest import Cast, client_of, key_of
from tests.hub_keys import create_hub_key

WISH = {"prompt": "a lighthouse", "num_images": 1}


def key_actor(actor: Actor, *models: str) -> Actor:
    key, _ = create_hub_key(name="script", user=actor.user, team=actor.team)
    key.allowed_models = list(models)
    return actor_of_hub_key(key)


def test_a_model_is_everybodys_until_somebody_is_named(cast: Cast) -> None:
    assert all(may_use(actor, cast.practice) for actor in (cast.alice, cast.bob, cast.victor, cast.charlie))


def test_a_model_is_kept_for_teams_and_people(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.other_team.pk], people=[cast.victor.user.pk])
    assert [may_use(actor, cast.practice) for actor in (cast.alice, cast.bob, cast.victor, cast.charlie)] == [
        True, False, True, True,
    ]  # fmt: skip
    restrict_model(cast.alice, cast.practice, teams=[], people=[])
    assert may_use(cast.bob, cast.practice)


def test_the_team_one_acts_in_counts_not_the_person_behind(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.team.pk], people=[])
    assert may_use(cast.bob, cast.practice)
    assert not may_use(replace(cast.bob, team=cast.other_team), cast.practice)


def test_quoting_and_submitting_ask_the_same_question(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.other_team.pk], people=[])
    with pytest.raises(Forbidden, match="kept for other teams or people"):
        quote_wish(cast.bob, "practice-1", WISH)
    with pytest.raises(Forbidden):
        submit_generation(actor=cast.bob, model="practice-1", fields=WISH, route="studio")
    assert not Generation.objects.exists()


def test_what_one_may_not_use_is_not_offered(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.other_team.pk], people=[])
    assert models_for_picking(cast.bob) == []
    assert default_model(cast.bob) is None
    assert default_model(cast.charlie) == cast.practice


def test_strangers_are_told_nothing_of_a_model_that_is_kept_for_others(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.other_team.pk], people=[])
    key = {"name": "k", "scopes": ["read"], "allowed_models": ["practice-1"]}
    for actor, status in ((cast.bob, 403), (cast.charlie, 200)):
        is_let_in, client = status == 200, client_of(actor)
        assert ("practice-1" in client.get("/costs/").content.decode()) is is_let_in
        assert client.post("/studio/fields", {"model": "practice-1"}).status_code == status
        program = {"Authorization": f"Bearer {key_of(actor)}"}
        listed = client.get("/api/v1/providers/practice", headers=program).json()
        assert listed["models"] == (["practice-1"] if is_let_in else [])
        if is_let_in:
            assert issue_hub_key(actor, key)[0].allowed_models == ["practice-1"]
        else:
            with pytest.raises(Invalid) as refused:
                issue_hub_key(actor, key)
            assert list(refused.value.fields) == ["allowed_models"]


def test_a_hub_key_uses_only_the_models_it_is_made_for_whoever_owns_it(cast: Cast) -> None:
    assert may_use(key_actor(cast.alice, "practice-1"), cast.practice)
    with pytest.raises(Forbidden, match="made for other-1, other-2"):
        require_use(key_actor(cast.alice, "other-1", "other-2"), cast.practice)


def test_a_key_that_lists_a_model_gives_no_right_its_person_lacks(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.other_team.pk], people=[])
    assert not may_use(key_actor(cast.bob, "practice-1"), cast.practice)


def test_only_an_owner_of_the_hub_decides_and_the_trail_tells(cast: Cast) -> None:
    for actor in (cast.bob, cast.charlie):
        with pytest.raises(Forbidden):
            restrict_model(actor, cast.practice, teams=[actor.team.pk], people=[])
    restrict_model(cast.alice, cast.practice, teams=[cast.team.pk], people=[])
    entry = AuditEntry.objects.get(action="model.access_changed")
    assert (entry.target_id, entry.details) == ("practice-1", {"teams": [cast.team.pk], "people": []})


def test_a_team_that_is_not_there_stands_at_its_field_and_nothing_changes(cast: Cast) -> None:
    restrict_model(cast.alice, cast.practice, teams=[cast.team.pk], people=[])
    with pytest.raises(Invalid) as refusal:
        restrict_model(cast.alice, cast.practice, teams=[0], people=[10**9])
    assert set(refusal.value.fields) == {"teams", "people"}
    assert [rule.team for rule in cast.practice.access.all()] == [cast.team]
